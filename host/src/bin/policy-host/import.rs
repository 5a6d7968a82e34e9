//! `policy-host import`: settings made of what does the same now.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Subcommand;
use policy_host::poddefaults;

use crate::{
    Outcome,
    module::ModuleArguments,
    terminal::{tell, write},
};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  policy-host import poddefaults exports/ > settings.yaml")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    from: From,
}

#[derive(Subcommand)]
enum From {
    Poddefaults(PodDefaultsArguments),
}

/// Turn Kubeflow's PodDefaults into settings
///
/// The settings go to standard output as YAML. What differs from before, and what to do about it, goes to standard
/// error.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  kubectl get poddefaults --all-namespaces --output yaml | policy-host import poddefaults - > settings.yaml")]
struct PodDefaultsArguments {
    /// Manifests, lists of them, folders, patterns; `-` reads standard input
    #[arg(value_name = "EXPORT", required = true)]
    exports: Vec<PathBuf>,

    #[command(flatten)]
    module: ModuleArguments,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome> {
    let From::Poddefaults(PodDefaultsArguments { exports, module }) = &arguments.from;
    let made = poddefaults::import(exports, &module.load()?)?;
    for broken in &made.broken {
        tell(&format!("Error: {broken}"));
    }
    tell(made.report.trim_end());
    if made.settings.is_empty() {
        bail!("there is nothing to turn into settings");
    }
    write(&made.settings)?;
    Ok(if made.broken.is_empty() { Outcome::Success } else { Outcome::Failure })
}
