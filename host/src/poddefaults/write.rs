//! Settings as YAML, with what a person should know of each dependency as comments.

use serde_json::json;

use super::{Dependency, settle};
use crate::yaml;

/// What is said of all of them.
const HEAD: &[&str] = &[
    "Made from PodDefaults. A dependency reaches the Notebooks that its selector matches, in every namespace that the policy \
     covers. For other pods that got the PodDefault, list the dependency under pipelinePods or pods as well.",
    "containers: All reaches every container, as a PodDefault does. Without it, only the notebook's own container is \
     reached, which is usually what was meant.",
];

/// What is said of those that are comments alone.
const LEFT_OUT: &str =
    "Not together with the others: for an AdmissionPolicy in these namespaces, or with its own label.";

/// The members that come first; the others follow by name.
const FIRST: [&str; 3] = ["selector", "containers", "onConflict"];

/// How long a line of a comment may be.
const WIDTH: usize = 118;

/// The settings, and what was left out of them as comments; nothing where there are none.
pub(super) fn settings(dependencies: &[Dependency], left_out: &[Dependency]) -> String {
    if dependencies.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    for text in HEAD {
        comment(&mut out, "", text);
    }
    out.push_str("dependencies:\n");
    for it in dependencies {
        dependency(&mut out, it);
    }
    out.push_str(&yaml::written(&json!({"notebooks": settle::names(dependencies)})));
    if !left_out.is_empty() {
        comment(&mut out, "", LEFT_OUT);
        let mut text = String::from("dependencies:\n");
        left_out.iter().for_each(|it| dependency(&mut text, it));
        for line in text.lines() {
            out.push_str("# ");
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn dependency(out: &mut String, it: &Dependency) {
    for text in &it.comments {
        comment(out, "  ", text);
    }
    out.push_str(&format!("  {}:\n", yaml::written(&it.name).trim_end()));
    let value = it.value();
    let rest = value.keys().map(|key| &**key).filter(|key| !FIRST.contains(key));
    for key in FIRST.into_iter().filter(|key| value.contains_key(*key)).chain(rest) {
        for line in yaml::written(&json!({key: value[key]})).lines() {
            out.push_str(if line.is_empty() { "" } else { "    " });
            out.push_str(line);
            out.push('\n');
        }
    }
}

/// A comment, in as many lines as it needs.
fn comment(out: &mut String, indent: &str, text: &str) {
    let mut line = format!("{indent}#");
    // White space and controls, a line break among them, would end the comment.
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if line.chars().count() + word.chars().count() >= WIDTH && line.len() > indent.len() + 1 {
            out.push_str(&line);
            out.push('\n');
            line = format!("{indent}#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}
