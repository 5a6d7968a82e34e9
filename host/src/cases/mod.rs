//! A platform's own cases: files that say which settings, what happens to which object, and what must come of it.

mod expectation;
mod file;
mod report;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

pub use self::{
    expectation::Failure,
    file::FILE_NAME,
    report::{as_json, as_junit, as_text},
};
use self::{
    expectation::failures,
    file::{Case, Given, Happening},
};
use crate::{
    manifest::{Operation, request_for},
    policy::Policy,
    upgrade::stored_under,
    yaml,
};

/// Which cases are tried, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Those alone that have this in their name.
    pub name: Option<String>,
    /// Whether files with the whole object that is expected are written anew.
    pub is_updating: bool,
}

/// A file of cases, tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with the file itself, each with its place; no case of it is tried then.
    pub problems: Vec<String>,
    /// What came of its cases, in their order.
    pub cases: Vec<Outcome>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The case's name.
    pub name: String,
    /// The line that it begins at.
    pub line: usize,
    /// What is not as expected; nothing where the case passed.
    pub failures: Vec<Failure>,
    /// The file that was written, since it was not what came.
    pub written: Option<PathBuf>,
}

/// How many of all cases did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Cases in which everything was as expected.
    pub passed: usize,
    /// Cases in which something was not.
    pub failed: usize,
    /// Files that are malformed.
    pub malformed: usize,
    /// Files that were written.
    pub written: usize,
}

impl Count {
    /// Counts what was tried.
    #[must_use]
    pub fn of(tried: &[Tried]) -> Self {
        let cases = || tried.iter().flat_map(|file| &file.cases);
        let failed = cases().filter(|case| !case.failures.is_empty()).count();
        Self {
            passed: cases().count() - failed,
            failed,
            malformed: tried.iter().filter(|file| !file.problems.is_empty()).count(),
            written: cases().filter(|case| case.written.is_some()).count(),
        }
    }

    /// Whether there is nothing to mend.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.failed == 0 && self.malformed == 0
    }
}

/// Tries the cases of the files in `paths`: files that are given themselves, and all of the name [`FILE_NAME`] below
/// folders.
///
/// # Errors
/// There is nothing to try, or a path that cannot be read.
pub fn tried(policy: &Policy, paths: &[PathBuf], options: &Options) -> Result<Vec<Tried>> {
    let files = file::find(paths)?;
    if files.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        bail!("there is no {FILE_NAME} below {}", paths.join(", "));
    }
    let mut written = BTreeMap::new();
    let mut tried = Vec::new();
    for path in files {
        let (cases, problems) = match file::read(&path) {
            Ok(cases) => (cases, Vec::new()),
            Err(problems) => (Vec::new(), problems),
        };
        let cases = cases.iter().filter(|case| options.name.as_ref().is_none_or(|name| case.name.contains(name)));
        let cases = cases.map(|case| outcome(policy, case, options, &mut written)).collect();
        tried.push(Tried { path, problems, cases });
    }
    match &options.name {
        Some(name) if Count::of(&tried) == Count::default() => bail!("no case has {name:?} in its name"),
        _ => Ok(tried),
    }
}

fn outcome(policy: &Policy, case: &Case, options: &Options, written: &mut BTreeMap<PathBuf, String>) -> Outcome {
    let (failures, written) = match outcome_of(policy, case, options.is_updating, written) {
        Ok(outcome) => outcome,
        Err(error) => (vec![Failure::of(format!("{error:#}"))], None),
    };
    Outcome { name: case.name.clone(), line: case.line, failures, written }
}

fn outcome_of(
    policy: &Policy,
    case: &Case,
    is_updating: bool,
    written: &mut BTreeMap<PathBuf, String>,
) -> Result<(Vec<Failure>, Option<PathBuf>)> {
    let settings = |given: &Given| {
        let settings = given.settings()?;
        policy.accept_settings(&settings).map(|()| settings)
    };
    let mut object = case.object.read()?;
    if let Some(earlier) = &case.upgrade_from {
        let made = || stored_under(policy, &settings(earlier)?, object);
        object = made().context("upgradeFrom")?;
    }
    let request = match &case.happening {
        Happening::Event(event) => event.request(&object),
        Happening::Update(old) => request_for(object, Operation::Update { old: Some(old.read()?) }, None),
    };
    let request = request.context("object")?;
    let settings = settings(&case.settings)?;
    let response = policy.validate(&request, &settings);
    let (mut failures, rewrite) = failures(&case.expected, &request, &response, is_updating)?;
    let mut rewritten = None;
    if let Some((path, object)) = rewrite {
        match written.get(path) {
            Some(other) => failures.push(Failure::of(format!(
                "object: {} was written for {other:?} already, which expects another",
                path.display()
            ))),
            None => {
                write(path, &object)?;
                written.insert(path.to_owned(), case.name.clone());
                rewritten = Some(path.to_owned());
            }
        }
    }
    Ok((failures, rewritten))
}

/// Writes an object. The comment that a file begins with stays.
fn write(path: &Path, object: &Value) -> Result<()> {
    let before = fs::read_to_string(path).unwrap_or_default();
    let comment: String = before.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect();
    let written = format!("{comment}{}", yaml::written(object));
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, written))
        .with_context(|| format!("cannot write {}", path.display()))
}
