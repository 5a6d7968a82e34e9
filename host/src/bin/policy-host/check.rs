//! `policy-host check`: settings in, what is wrong with them out.

use std::path::PathBuf;

use anyhow::Result;
use policy_host::{check::check, document, show::counted};

use crate::{Outcome, module::ModuleArguments, write};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  policy-host check settings.yaml
  policy-host check deploy/*.yaml
  kubectl get clusteradmissionpolicy mutatingflow -o yaml | policy-host check -")]
pub(crate) struct Arguments {
    #[command(flatten)]
    module: ModuleArguments,

    /// Settings as YAML or JSON, policy manifests, or files with several documents; `-` reads standard input
    #[arg(value_name = "SETTINGS", required = true)]
    paths: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome> {
    let policy = arguments.module.load()?;
    let (mut problems, mut wrong) = (0, 0);
    for path in &arguments.paths {
        let name = document::name_of(path);
        let checked = check(&document::read_text(path)?, &policy);
        for finding in &checked.findings {
            write(&format!("{name}:{finding}\n"))?;
        }
        if checked.more > 0 {
            write(&format!("{name}: and {} more problems\n", checked.more))?;
        }
        if checked.problems() == 0 {
            for holds in &checked.holds {
                write(&format!("{name}: valid: {holds}\n"))?;
            }
            if checked.holds.is_empty() {
                write(&format!("{name}: skipped, there is no policy in it\n"))?;
            }
        } else {
            (problems, wrong) = (problems + checked.problems(), wrong + 1);
        }
    }
    if problems == 0 {
        return Ok(Outcome::Success);
    }
    let (problems, files) = (counted(problems, "problem", "problems"), counted(wrong, "file", "files"));
    write(&format!("{problems} in {files}\n"))?;
    Ok(Outcome::Failure)
}
