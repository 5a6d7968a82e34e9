//! `policy-host inspect`: the metadata of a module.

use std::fs;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use policy_host::{annotate::metadata_of, inspect::described, location::file_of, yaml};

use crate::terminal;

const EXAMPLES: &str = "\
Examples:
  # What it is, which requests it is for, and how it is used
  policy-host inspect annotated-policy.wasm

  # Its metadata alone
  policy-host inspect -o yaml annotated-policy.wasm";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The metadata as YAML, instead of a table and the documentation
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,

    /// Accepted for kwctl compatibility: signatures are in a registry, not in the file
    #[arg(long, hide = true)]
    show_signatures: bool,

    /// Accepted for kwctl compatibility: nothing is fetched
    #[arg(long, value_name = "PATH", hide = true)]
    sources_path: Option<String>,

    /// Accepted for kwctl compatibility: nothing is fetched
    #[arg(long, value_name = "PATH", hide = true)]
    docker_config_json_path: Option<String>,

    /// The module: a path, or file://...
    #[arg(value_name = "MODULE")]
    module: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Yaml,
}

pub(crate) fn inspect(arguments: Arguments) -> Result<()> {
    let path = file_of(&arguments.module)?;
    let module = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let metadata = metadata_of(&module).with_context(|| format!("cannot inspect {}", path.display()))?;
    let Some(metadata) = metadata else {
        bail!("{} has no metadata; `policy-host annotate` writes it into a module", path.display())
    };
    terminal::write(&match arguments.output {
        Some(Format::Yaml) => yaml::written(&metadata),
        None => described(&metadata),
    })
}
