//! A file of cases as it is written, read into [`Case`]s. What is wrong with it is said with its place.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum as _;
use serde_json::{Map, Value};

use crate::{
    check::Finding,
    closest::hint,
    document,
    event::Event,
    settings::settings_of,
    yaml::{self, Document, Position, member},
};

/// What a file of cases is called, so that it is found.
pub const FILE_NAME: &str = "policy-test.yaml";

const FILE: [&str; 2] = ["settings", "cases"];
const CASE: [&str; 7] = ["name", "object", "event", "oldObject", "upgradeFrom", "settings", "expect"];

/// What is expected of an object that is accepted.
const OF_AN_OBJECT: [&str; 4] = ["object", "contains", "patch", "unchanged"];

/// What the policy says of its dependencies: the name here, and that of the audit annotation.
pub(super) const FACTS: [(&str, &str); 4] =
    [("added", "dependencies"), ("removed", "removed"), ("waiting", "deferred"), ("leftOut", "left-out")];

/// What stands beside it.
const OF_AN_ANSWER: [&str; 2] = ["refused", "warnings"];

/// A value that stands in the file, or in another that it names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    Here(Value),
    InFile(PathBuf),
}

impl Given {
    pub(super) fn read(&self) -> Result<Value> {
        match self {
            Self::Here(value) => Ok(value.clone()),
            Self::InFile(path) => document::read(path),
        }
    }

    /// The settings in it, of which there may be a whole policy around.
    pub(super) fn settings(&self) -> Result<Value> {
        match self {
            Self::Here(value) => settings_of(vec![value.clone()]),
            Self::InFile(path) => settings_of(document::read_all(path)?).with_context(|| document::name_of(path)),
        }
    }
}

/// What happens to the object of a case.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Happening {
    Event(Event),
    /// It takes the place of this one.
    Update(Given),
}

/// One case of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) settings: Given,
    pub(super) upgrade_from: Option<Given>,
    pub(super) object: Given,
    pub(super) happening: Happening,
    pub(super) expected: Expected,
}

/// What must come. What is not given may be anything, but for this: an object is not refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Expected {
    pub(super) object: Option<Given>,
    pub(super) contains: Option<Given>,
    pub(super) patch: Option<Given>,
    pub(super) unchanged: Option<bool>,
    pub(super) refused: Option<Vec<String>>,
    pub(super) warnings: Option<Vec<String>>,
    /// By the name that the file has for it.
    pub(super) facts: Vec<(&'static str, Vec<String>)>,
}

/// Reads a file of cases.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read(path: &Path) -> Result<Vec<Case>, Vec<String>> {
    let text = match document::read_text(path) {
        Ok(text) => text,
        Err(error) => return Err(vec![format!("{error:#}")]),
    };
    let located = |finding: &Finding| format!("{}:{finding}", document::name_of(path));
    let misplaced = |at, what: &str| Err(vec![located(&Finding::problem(at, "", what))]);
    let mut documents = yaml::documents(&text);
    let document = match &documents[..] {
        [Ok(_)] => documents.swap_remove(0).unwrap_or_default(),
        [.., Err(malformed)] | [Err(malformed), ..] => return misplaced(malformed.at, &malformed.what),
        [.., Ok(second)] => {
            let at = Position { line: second.line, column: 1 };
            return misplaced(at, "a second document, where one is expected");
        }
        [] => return misplaced(Position { line: 1, column: 1 }, "no document, where one is expected"),
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut reader = Reader { document: &document, folder, problems: Vec::new(), here: Vec::new() };
    let cases = reader.file();
    reader.oddities();
    if reader.problems.is_empty() {
        return Ok(cases);
    }
    // By place; those of one place as they were found.
    reader.problems.sort_by_key(|problem| problem.at);
    Err(reader.problems.iter().map(located).collect())
}

/// The files of cases among `paths`: those that are given themselves, and those below the folders. In order, each once.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            find_below(path, &mut found)?;
        } else if path.exists() {
            found.push(path.clone());
        } else {
            bail!("there is no {}", path.display());
        }
    }
    let mut found: Vec<_> = found.iter().map(|path| path.strip_prefix(".").unwrap_or(path).to_owned()).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

fn find_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        let (path, name) = (entry.path(), entry.file_name());
        // A link to a folder is not followed: it may lead back.
        if entry.file_type().is_ok_and(|it| it.is_dir()) {
            if !name.to_string_lossy().starts_with('.') {
                find_below(&path, found)?;
            }
        } else if name == FILE_NAME {
            found.push(path);
        }
    }
    Ok(())
}

struct Reader<'d> {
    document: &'d Document,
    /// What the names of files start from.
    folder: &'d Path,
    problems: Vec<Finding>,
    /// The paths of the values that could stand in another file.
    here: Vec<String>,
}

impl<'d> Reader<'d> {
    fn file(&mut self) -> Vec<Case> {
        let document = self.document;
        let Some(members) = self.members(&document.value, "", &FILE) else { return Vec::new() };
        let settings = self.given(members, "", "settings", is_object);
        let cases = match members.get("cases") {
            Some(Value::Array(cases)) if !cases.is_empty() => cases,
            _ => {
                self.problem("cases", "must be a list of cases");
                return Vec::new();
            }
        };
        let mut read: Vec<Case> = Vec::new();
        for (number, case) in cases.iter().enumerate() {
            let path = format!("cases[{number}]");
            let Some(case) = self.case(case, &path, settings.as_ref()) else { continue };
            if let Some(first) = read.iter().find(|other| other.name == case.name) {
                self.problem(&member(&path, "name"), &format!("the case in line {} has it too", first.line));
            }
            read.push(case);
        }
        read
    }

    /// Where kubectl reads something else than it seems, that is wrong in what is no manifest. What stands twice is wrong
    /// everywhere: half of it would be passed over.
    fn oddities(&mut self) {
        for odd in &self.document.oddities {
            let below = |path: &String| odd.path.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']));
            if odd.is_duplicate() || !self.here.iter().any(below) {
                self.problems.push(Finding::problem(odd.at, &odd.path, &odd.what));
            }
        }
    }

    fn case(&mut self, case: &'d Value, path: &str, settings: Option<&Given>) -> Option<Case> {
        let members = self.members(case, path, &CASE)?;
        let name = match members.get("name") {
            Some(Value::String(name)) if !name.is_empty() => Some(name.clone()),
            _ => {
                self.problem(&member(path, "name"), "must be a string that says what the case is about");
                None
            }
        };
        let upgrade_from = self.given(members, path, "upgradeFrom", is_object);
        let object = self.given(members, path, "object", is_object);
        if !members.contains_key("object") {
            self.problem(path, "object: is missing");
        }
        let own_settings = self.given(members, path, "settings", is_object);
        if !members.contains_key("settings") && settings.is_none() {
            self.problem(path, "settings: is missing, here and in the whole file");
        }
        let happening = self.happening(members, path, upgrade_from.is_some());
        if !members.contains_key("expect") {
            self.problem(path, "expect: is missing");
        }
        let expected = members.get("expect").and_then(|expected| self.expected(expected, &member(path, "expect")));
        Some(Case {
            name: name?,
            line: self.document.position(path).line,
            settings: own_settings.or_else(|| settings.cloned())?,
            upgrade_from,
            object: object?,
            happening: happening?,
            expected: expected?,
        })
    }

    fn happening(&mut self, members: &'d Map<String, Value>, path: &str, is_upgrade: bool) -> Option<Happening> {
        let old = self.given(members, path, "oldObject", is_object);
        let event = members.get("event");
        if members.contains_key("oldObject") {
            for other in ["event", "upgradeFrom"].into_iter().filter(|other| members.contains_key(*other)) {
                self.problem(&member(path, other), "cannot be combined with oldObject, which makes the case an UPDATE");
            }
            return old.map(Happening::Update);
        }
        let Some(event) = event else {
            // What earlier settings made is there already.
            return Some(Happening::Event(if is_upgrade { Event::Touch } else { Event::Create }));
        };
        let known = event.as_str().and_then(|name| Event::from_str(name, false).ok());
        if known.is_none() {
            self.problem(&member(path, "event"), &format!("must be create, touch, stop or start, found {event}"));
        }
        known.map(Happening::Event)
    }

    fn expected(&mut self, expected: &'d Value, path: &str) -> Option<Expected> {
        let facts = FACTS.map(|(name, _)| name);
        let known = [&OF_AN_OBJECT[..], &facts, &OF_AN_ANSWER].concat();
        let members = self.members(expected, path, &known)?;
        if members.is_empty() {
            self.problem(path, "must say what is expected");
        }
        if members.contains_key("refused") {
            for name in OF_AN_OBJECT.into_iter().chain(facts).filter(|name| members.contains_key(*name)) {
                self.problem(
                    &member(path, name),
                    "cannot be combined with refused: nothing is done to the object then",
                );
            }
        }
        let unchanged = members.get("unchanged");
        if unchanged.is_some_and(|unchanged| !unchanged.is_boolean()) {
            self.problem(&member(path, "unchanged"), "must be true or false");
        }
        Some(Expected {
            object: self.given(members, path, "object", is_object),
            contains: self.given(members, path, "contains", is_object),
            patch: self.given(members, path, "patch", Value::is_array),
            unchanged: unchanged.and_then(Value::as_bool),
            refused: self.words(members, path, "refused"),
            warnings: self.words(members, path, "warnings"),
            facts: facts.into_iter().filter_map(|name| Some((name, self.words(members, path, name)?))).collect(),
        })
    }

    /// A file's name, or the value itself.
    fn given(
        &mut self,
        members: &Map<String, Value>,
        path: &str,
        name: &str,
        is_right: fn(&Value) -> bool,
    ) -> Option<Given> {
        match members.get(name)? {
            Value::String(file) if !file.is_empty() => Some(Given::InFile(self.folder.join(file))),
            value if is_right(value) => {
                self.here.push(member(path, name));
                Some(Given::Here(value.clone()))
            }
            _ => {
                let kind = if name == "patch" { "a list of operations" } else { "an object" };
                self.problem(&member(path, name), &format!("must be the name of a file, or {kind}"));
                None
            }
        }
    }

    fn words(&mut self, members: &Map<String, Value>, path: &str, name: &str) -> Option<Vec<String>> {
        let words: Option<Vec<_>> = match members.get(name)? {
            Value::Array(words) => {
                let texts = words.iter().map(|word| word.as_str().filter(|word| !word.is_empty()));
                texts.map(|word| word.map(str::to_owned)).collect()
            }
            _ => None,
        };
        if words.is_none() {
            self.problem(&member(path, name), "must be a list of non-empty strings");
        }
        words
    }

    fn members<'v>(&mut self, value: &'v Value, path: &str, known: &[&str]) -> Option<&'v Map<String, Value>> {
        let Value::Object(members) = value else {
            self.problem(path, &format!("must be an object with some of {}", known.join(", ")));
            return None;
        };
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            let what = format!("unknown field{}", hint(name, known));
            self.problem(&member(path, name), &what);
        }
        Some(members)
    }

    fn problem(&mut self, path: &str, what: &str) {
        self.problems.push(Finding::problem(self.document.position(path), path, what));
    }
}

fn is_object(value: &Value) -> bool {
    value.is_object()
}
