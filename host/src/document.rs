//! YAML and JSON files that a person wrote: manifests, settings, metadata.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize as _;
use serde_json::Value;

/// A file's text; `-` is standard input.
pub fn read_text(path: &Path) -> Result<String> {
    let text = if path == Path::new("-") { read_stdin() } else { fs::read_to_string(path) };
    text.with_context(|| format!("cannot read {}", path.display()))
}

/// Reads one document, YAML or JSON; `-` is standard input. An empty file is `null`.
pub fn read(path: &Path) -> Result<Value> {
    let mut documents = read_all(path)?;
    match (documents.pop(), documents.len()) {
        (document, 0) => Ok(document.unwrap_or_default()),
        (_, more) => bail!("{}: one document is expected, found {}", path.display(), more + 1),
    }
}

/// Reads the documents of a file, YAML or JSON; `-` is standard input.
pub fn read_all(path: &Path) -> Result<Vec<Value>> {
    let text = read_text(path)?;
    // Not everything that is JSON is YAML: tabs and escaped surrogate pairs are not.
    if let Ok(value) = serde_json::from_str(&text) {
        return Ok(vec![value]);
    }
    let documents = yaml_serde::Deserializer::from_str(&text).map(Value::deserialize);
    documents.collect::<Result<_, _>>().with_context(|| format!("{}: neither JSON nor YAML", path.display()))
}

fn read_stdin() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
