//! YAML and JSON files that a person wrote: manifests, settings, metadata.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::yaml::{self, Malformed};

/// A file's text; `-` is standard input.
pub fn read_text(path: &Path) -> Result<String> {
    let text = if path == Path::new("-") { read_stdin() } else { fs::read_to_string(path) };
    text.with_context(|| format!("cannot read {}", name_of(path)))
}

/// What a message calls a file.
#[must_use]
pub fn name_of(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

/// Reads one document, YAML or JSON; `-` is standard input. An empty file is `null`.
pub fn read(path: &Path) -> Result<Value> {
    let mut documents = read_all(path)?;
    match (documents.pop(), documents.len()) {
        (document, 0) => Ok(document.unwrap_or_default()),
        (_, more) => bail!("{}: one document is expected, found {}", name_of(path), more + 1),
    }
}

/// Reads the documents of a file, YAML or JSON; `-` is standard input.
pub fn read_all(path: &Path) -> Result<Vec<Value>> {
    let text = read_text(path)?;
    if let Some(values) = json_values(&text) {
        return Ok(values);
    }
    let values = yaml::documents(&text).into_iter().map(|document| document.map(|document| document.value));
    values.collect::<Result<_, _>>().map_err(|malformed| located(path, &malformed))
}

/// The values of a text that is JSON, one behind the other; `None` where it is not.
///
/// Not everything that is JSON is YAML: tabs are not.
#[must_use]
pub fn json_values(text: &str) -> Option<Vec<Value>> {
    let is_likely = text.trim_start().starts_with(['{', '[']);
    is_likely.then(|| serde_json::Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().ok())?
}

/// A value as a type has it. An error begins with the path of what does not fit. What is of the wrong type may be a
/// secret, and is not repeated.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error: serde_path_to_error::Error<serde_json::Error>| {
        let path = error.path().to_string();
        let what = without_value(&error.into_inner().to_string());
        if path == "." { anyhow::anyhow!(what) } else { anyhow::anyhow!("{path}: {what}") }
    })
}

/// What serde says of a value of the wrong type, `invalid type: string "value", expected a boolean`, without the value.
fn without_value(what: &str) -> String {
    let parts = what.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "));
    let Some((found, expected)) = parts else { return what.to_owned() };
    let kind = found.split(['"', '`']).next().unwrap_or_default().trim_end();
    format!("invalid type: {kind}, expected {expected}")
}

/// `file.yaml:3:5: what is wrong there`.
pub fn located(path: &Path, malformed: &Malformed) -> anyhow::Error {
    let Malformed { at, what } = malformed;
    anyhow::anyhow!("{}:{}:{}: {what}", name_of(path), at.line, at.column)
}

fn read_stdin() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
