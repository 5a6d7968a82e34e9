//! `policy-host test`: a platform's own cases, tried.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use policy_host::cases::{self, Count, Options};

use crate::{
    Outcome,
    module::ModuleArguments,
    terminal::{Color, write},
};

#[derive(clap::Args)]
#[command(after_help = "\
A policy-test.yaml; the files that it names are looked for beside it:
  settings: settings.yaml            # or a policy's manifest, or the settings themselves
  cases:
    - name: a notebook gets the pull secret
      object: notebook.yaml          # or the manifest itself
      expect:
        contains: {spec: {template: {spec: {imagePullSecrets: [{name: gpr-credentials}]}}}}
        warnings: []
    - name: one that runs is not restarted for new settings
      object: notebook.yaml
      upgradeFrom: old.yaml
      event: touch                   # create, touch, stop, start
      expect: {waiting: [proxy, trust], warnings: [stop and start the notebook]}

Of an object that is accepted, expect says: object, contains, patch, unchanged, added, removed, waiting, leftOut;
of one that is not: refused; of both: warnings.

Examples:
  policy-host test
  policy-host test deploy --name Notebook --fail-only
  policy-host test --output junit > report.xml")]
pub(crate) struct Arguments {
    /// Folders, below which each policy-test.yaml is tried; or such files themselves, by whatever name
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    module: ModuleArguments,

    /// Run only the cases with this in their name
    #[arg(short, long, value_name = "TEXT")]
    name: Option<String>,

    /// Show only the cases that fail
    #[arg(long)]
    fail_only: bool,

    /// Write the result to the files that `expect.object` names, where it differs
    #[arg(long)]
    update: bool,

    /// What to print
    #[arg(short, long, value_name = "WHAT", default_value = "text")]
    output: Output,

    /// Whether the text has colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
    Junit,
}

pub(crate) fn test(arguments: Arguments) -> Result<Outcome> {
    let Arguments { paths, module, name, fail_only, update, output, color } = arguments;
    let policy = module.load()?;
    let tried = cases::tried(&policy, &paths, &Options { name, is_updating: update })?;
    write(&match output {
        Output::Text => cases::as_text(&tried, fail_only, color.is_on()),
        Output::Json => cases::as_json(&tried),
        Output::Junit => cases::as_junit(&tried),
    })?;
    Ok(if Count::of(&tried).is_fine() { Outcome::Success } else { Outcome::Failure })
}
