//! An answer, written for a person.

use anyhow::Result;
use similar::TextDiff;

use crate::{request::AdmissionRequest, response::AdmissionResponse, yaml};

/// The object before and after as a unified diff of YAML, then what the client would be told.
pub fn diff(request: &AdmissionRequest, response: &AdmissionResponse, color: bool) -> Result<String> {
    let mut text = String::new();
    if response.allowed {
        let before = request.object.clone().unwrap_or_default();
        let after = response.apply_to(&before)?;
        if before == after {
            text.push_str("Accepted; nothing changes.\n");
        } else {
            text.push_str(&unified(&yaml::written(&before), &yaml::written(&after), color));
        }
    }
    text.push_str(&remarks(response));
    Ok(text)
}

/// What the client would be told: the warnings, and for a rejection its code and message.
#[must_use]
pub fn remarks(response: &AdmissionResponse) -> String {
    let mut text = String::new();
    for warning in response.warnings.iter().flatten() {
        text.push_str(&format!("Warning: {warning}\n"));
    }
    if !response.allowed {
        let status = response.status.clone().unwrap_or_default();
        let code = status.code.map(|code| format!(" ({code})")).unwrap_or_default();
        text.push_str(&format!("Rejected{code}: {}\n", status.message.unwrap_or_default()));
    }
    text
}

/// `1 file`, `2 files`.
#[must_use]
pub fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// A text as XML has it.
pub(crate) fn xml_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(crate) const RED: &str = "\x1b[31m";
pub(crate) const GREEN: &str = "\x1b[32m";
pub(crate) const YELLOW: &str = "\x1b[33m";
const CYAN: &str = "\x1b[36m";
pub(crate) const BOLD: &str = "\x1b[1m";
pub(crate) const DIM: &str = "\x1b[2m";
pub(crate) const PLAIN: &str = "\x1b[0m";

/// The unified diff of two texts.
pub(crate) fn unified(before: &str, after: &str, color: bool) -> String {
    unified_under(("before", "after"), before, after, color)
}

/// The unified diff of two texts that are called `names`.
pub(crate) fn unified_under(names: (&str, &str), before: &str, after: &str, color: bool) -> String {
    let diff = TextDiff::from_lines(before, after).unified_diff().header(names.0, names.1).to_string();
    if !color {
        return diff;
    }
    let mut colored = String::new();
    for (number, line) in diff.lines().enumerate() {
        let style = match line.as_bytes().first() {
            // The header: only there can a line's sign be mistaken for a change's.
            _ if number < 2 => BOLD,
            Some(b'-') => RED,
            Some(b'+') => GREEN,
            Some(b'@') => CYAN,
            _ => {
                colored.push_str(&format!("{line}\n"));
                continue;
            }
        };
        colored.push_str(&format!("{style}{line}{PLAIN}\n"));
    }
    colored
}
