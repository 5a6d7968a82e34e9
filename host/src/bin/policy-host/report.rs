//! `policy-host report`: the objects of a cluster in, what settings would do to each out.

use std::{
    fs,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use policy_host::{
    Policy,
    deployment::Deployment,
    document, objects,
    report::{Only, Report, Trial},
    settings_of,
};
use serde_json::{Value, json};

use crate::{
    Outcome,
    module::ModuleArguments,
    terminal::{Color, tell, write},
};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  kubectl get namespaces,notebooks,pods -A -o yaml | policy-host report --settings-path new.yaml -
  policy-host report --settings-path new.yaml --from old.yaml --only refused export.yaml
  policy-host report --settings-path new.yaml --output json exports/ | jq '.objects[] | select(.anew.refused)'")]
pub(crate) struct Arguments {
    /// The settings to try, as YAML or JSON; or a whole ClusterAdmissionPolicy or AdmissionPolicy, whose rules and
    /// selectors count too
    #[arg(short, long, value_name = "NEW")]
    settings_path: PathBuf,

    /// The settings that the policy has now: the objects go through these first
    #[arg(long, value_name = "OLD")]
    from: Option<PathBuf>,

    /// Which objects to show; all are counted
    #[arg(long, value_name = "WHICH")]
    only: Option<Only>,

    /// Exit with 1 if there are such objects
    #[arg(long, value_name = "WHICH")]
    fail_on: Vec<Only>,

    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,

    /// Whether the table has colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,

    #[command(flatten)]
    module: ModuleArguments,

    /// Manifests, lists of them, folders, patterns; `-` reads standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Table,
    Json,
    Markdown,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome> {
    let policy = arguments.module.load()?;
    let (settings, deployment) = accepted(&policy, &arguments.settings_path)?;
    let from = arguments.from.as_deref().map(|path| accepted(&policy, path)).transpose()?;
    let from = from.as_ref().map(|(settings, deployment)| (settings, deployment.as_ref()));
    let files = objects::files(&arguments.paths)?;

    let bytes = AtomicU64::new(0);
    let mut progress = Progress::new(&files, &bytes);
    let trial = Trial::new(&policy, settings, deployment.as_ref(), from);
    let report = trial.of(&files, &bytes, &mut |count| progress.show(count))?;
    progress.clear();

    if !report.not_evaluated.is_empty() {
        tell(&format!("note: not evaluated: {}", report.not_evaluated.join("; ")));
    }
    for broken in &report.broken {
        tell(&format!("Error: {broken}"));
    }
    print(arguments, &report)?;
    let fails = arguments.fail_on.iter().any(|which| report.objects.iter().any(|row| row.is(*which)));
    Ok(if fails || !report.broken.is_empty() { Outcome::Failure } else { Outcome::Success })
}

/// The settings of a file, and how they are deployed where it says so.
fn accepted(policy: &Policy, path: &Path) -> Result<(Value, Option<Deployment>)> {
    let read = |documents: Vec<Value>| {
        let deployment = Deployment::all_in(&documents).context("no cluster would accept this policy")?.pop();
        let settings = settings_of(documents)?;
        policy.accept_settings(&settings).map(|()| (settings, deployment))
    };
    read(document::read_all(path)?).with_context(|| document::name_of(path))
}

fn print(arguments: &Arguments, report: &Report) -> Result<()> {
    write(&match arguments.output {
        Format::Table => report.table(arguments.only, arguments.color.is_on()),
        Format::Markdown => report.markdown(arguments.only),
        Format::Json => {
            let objects: Vec<_> = report.rows(arguments.only).collect();
            let whole = json!({
                "objects": objects,
                "notCovered": report.not_covered,
                "passedOver": report.passed_over,
                "broken": report.broken,
            });
            format!("{}\n", serde_json::to_string_pretty(&whole)?)
        }
    })
}

/// A bar on standard error, where a terminal looks on and it takes long.
struct Progress<'a> {
    bytes: &'a AtomicU64,
    /// How many bytes there are; 0 where that is not known.
    total: u64,
    is_wanted: bool,
    is_shown: bool,
    next: Instant,
}

impl<'a> Progress<'a> {
    fn new(files: &[PathBuf], bytes: &'a AtomicU64) -> Self {
        let sizes: io::Result<Vec<_>> = files.iter().map(|file| Ok(fs::metadata(file)?.len())).collect();
        let total = sizes.map(|sizes| sizes.iter().sum()).unwrap_or_default();
        let next = Instant::now() + Duration::from_secs(1);
        Self { bytes, total, is_wanted: io::stderr().is_terminal(), is_shown: false, next }
    }

    fn show(&mut self, count: usize) {
        if !self.is_wanted || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + Duration::from_millis(100);
        self.is_shown = true;
        let read = self.bytes.load(Ordering::Relaxed);
        let bar = match (read * 30).checked_div(self.total) {
            Some(filled) => {
                let filled = usize::try_from(filled).unwrap_or(30).min(30);
                format!("[{}{}] ", "#".repeat(filled), " ".repeat(30 - filled))
            }
            None => String::new(),
        };
        let _ = write!(io::stderr(), "\r{bar}{count} objects");
    }

    fn clear(&self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r{:60}\r", "");
        }
    }
}
