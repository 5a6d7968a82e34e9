//! A policy's metadata, written for a person.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::Value;

use crate::{annotate::USAGE, metadata::Metadata, yaml};

/// What comes first, in this order.
const FIRST: [&str; 6] = ["title", "description", "author", "url", "source", "license"];

/// Kubewarden's own annotations begin with it.
const PREFIX: &str = "io.kubewarden.policy.";

/// A table of what the metadata says, the rules as YAML, then the policy's documentation.
#[must_use]
pub fn described(metadata: &Metadata) -> String {
    let value = serde_json::to_value(metadata).unwrap_or_default();
    let mut annotations: BTreeMap<&str, &str> =
        metadata.annotations.iter().flatten().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let usage = annotations.remove(USAGE);

    let first = FIRST.map(|name| annotations.remove(format!("{PREFIX}{name}").as_str()).map(|text| (name, text)));
    let mut details: Vec<(&str, String)> =
        first.into_iter().flatten().map(|(name, text)| (name, text.to_owned())).collect();
    for (name, member) in [
        ("mutating", "mutating"),
        ("background audit", "backgroundAudit"),
        ("policy type", "policyType"),
        ("execution mode", "executionMode"),
        ("protocol version", "protocolVersion"),
        ("minimum Kubewarden version", "minimumKubewardenVersion"),
    ] {
        match &value[member] {
            Value::Null => {}
            Value::String(text) => details.push((name, text.clone())),
            other => details.push((name, other.to_string())),
        }
    }
    details.push(("signatures", "in the registry, not in the file; kwctl verify reads them there".to_owned()));

    let mut text = format!("Details\n{}", table(&details));
    if !annotations.is_empty() {
        let rows: Vec<_> = annotations.into_iter().map(|(name, text)| (name, text.to_owned())).collect();
        let _ = write!(text, "\nAnnotations\n{}", table(&rows));
    }
    let _ = write!(text, "\nRules\n{}", yaml::written(&value["rules"]));
    if !metadata.context_aware_resources.is_empty() {
        let _ = write!(text, "\nReads from the cluster\n{}", yaml::written(&value["contextAwareResources"]));
    }
    if let Some(usage) = usage {
        let _ = write!(text, "\nUsage\n\n{}\n", usage.trim_end());
    }
    text
}

/// Names and texts in two columns. The lines of a text stand below one another.
fn table(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default() + 1;
    let mut text = String::new();
    for (name, value) in rows {
        let indented = value.trim_end().replace('\n', &format!("\n{:width$} ", ""));
        let _ = writeln!(text, "{:width$} {indented}", format!("{name}:"));
    }
    text
}
