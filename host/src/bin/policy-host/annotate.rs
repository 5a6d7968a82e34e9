//! `policy-host annotate`: a module and its metadata in, the annotated module out.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use policy_host::{
    Metadata,
    annotate::{USAGE, annotate as annotated},
    document,
};

const EXAMPLES: &str = "\
Metadata that the module has already is replaced.

Examples:
  policy-host annotate -m metadata.yml -u docs/usage.md -o annotated-policy.wasm policy.wasm";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The policy's metadata.
    #[arg(short, long, value_name = "PATH")]
    metadata_path: PathBuf,

    /// The policy's documentation; it goes into the metadata.
    #[arg(short, long, value_name = "PATH")]
    usage_path: Option<PathBuf>,

    /// Where to write the annotated module.
    #[arg(short, long, value_name = "PATH")]
    output_path: PathBuf,

    /// The module.
    #[arg(value_name = "MODULE")]
    wasm_path: PathBuf,
}

pub(crate) fn annotate(arguments: Arguments) -> Result<()> {
    let Arguments { metadata_path, usage_path, output_path, wasm_path } = arguments;

    let mut metadata = Metadata::from_yaml(&document::read_text(&metadata_path)?)
        .with_context(|| format!("{} is not valid", metadata_path.display()))?;
    if let Some(path) = usage_path {
        metadata.annotations.get_or_insert_default().insert(USAGE.to_owned(), document::read_text(&path)?);
    }
    let module = fs::read(&wasm_path).with_context(|| format!("cannot read {}", wasm_path.display()))?;
    let module = annotated(&module, metadata).with_context(|| format!("cannot annotate {}", wasm_path.display()))?;
    fs::write(&output_path, module).with_context(|| format!("cannot write {}", output_path.display()))
}
