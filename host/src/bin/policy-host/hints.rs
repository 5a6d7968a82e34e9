//! Help beyond what clap writes itself.

use clap::error::{ContextKind, ContextValue};

/// What stands below the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  # What the policy makes of a Notebook, as a diff
  policy-host run --object notebook.yaml --settings-path settings.yaml --diff annotated-policy.wasm

  # What a request of the API server is answered, as `kwctl run` prints it
  policy-host run --request-path request.json --settings-path settings.yaml annotated-policy.wasm

  # The flags of a command, with examples
  policy-host run --help";

const RUN: &str = "policy-host run --object OBJECT --settings-path SETTINGS --diff POLICY";

/// What people type who know other commands, and what does that here.
const OTHERS: [(&[&str], &str); 7] = [
    (&["validate", "lint", "vet"], "`policy-host check SETTINGS` checks settings"),
    (
        &["apply", "eval", "evaluate"],
        "`policy-host run` shows what becomes of one object, `policy-host report` of many",
    ),
    (&["diff"], RUN),
    (&["convert", "migrate"], "`policy-host import` turns what does the same today into settings"),
    (
        &["push", "pull", "verify", "digest", "policies", "rm", "save", "load"],
        "policy-host uses no registry: that is for `kwctl`",
    ),
    (&["scaffold"], "deploy/ has manifests; `kwctl scaffold` makes others"),
    (&["bench"], "`policy-bench` measures"),
];

/// The error, with what was meant where that is known.
pub(crate) fn with_hint(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    let Some((_, hint)) = OTHERS.iter().find(|(names, _)| names.contains(&typed.as_str())) else { return error };
    error.remove(ContextKind::SuggestedSubcommand);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![(*hint).into()]));
    error
}
