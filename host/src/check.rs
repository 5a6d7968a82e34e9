//! Settings checked before they are deployed: what the policy says of them, and what YAML makes of them unasked, each with
//! its place in the file.

use std::fmt;

use serde_json::Value;

use crate::{
    closest::{closest, hint},
    deployment::{Remark, remarks},
    document::json_values,
    policy::Policy,
    settings::{POLICY_SETTINGS, is_policy},
    show::counted,
    yaml::{self, Document, Oddity, Position},
};

/// What Kubewarden has.
const KINDS: [&str; 5] = [
    "ClusterAdmissionPolicy",
    "AdmissionPolicy",
    "ClusterAdmissionPolicyGroup",
    "AdmissionPolicyGroup",
    "PolicyServer",
];

/// What the policy replaces in string values.
const PLACEHOLDERS: [&str; 2] = ["namespace", "name"];

/// Something to say about a place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where it is.
    pub at: Position,
    /// Whether this can be deployed all the same.
    pub is_note: bool,
    /// The path in the settings, or in the manifest around them; empty where it is about the whole.
    pub path: String,
    /// What was found, and what to do.
    pub what: String,
}

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What there is to say, by place.
    pub findings: Vec<Finding>,
    /// How many problems the policy counted without naming them.
    pub more: usize,
    /// What the settings hold, one line each.
    pub holds: Vec<String>,
}

/// Checks the settings in a text: settings alone, a policy manifest, or documents among which there are such.
#[must_use]
pub fn check(text: &str, policy: &Policy) -> Checked {
    let mut checked = Checked::default();
    let mut documents = Vec::new();
    for read in yaml::documents(text) {
        match read {
            Ok(document) => documents.push(document),
            Err(malformed) => checked.problem(malformed.at, "", malformed.what),
        }
    }
    // Not everything that is JSON is YAML.
    if let (false, Some(values)) = (checked.findings.is_empty(), json_values(text)) {
        checked.findings.clear();
        documents = values.into_iter().map(Document::from).collect();
    }

    let are_several = documents.len() + checked.findings.len() > 1;
    let is_of_policies = documents.iter().any(|document| is_policy(&document.value) || is_server(&document.value));
    if documents.is_empty() && checked.findings.is_empty() {
        documents.push(Document::from(Value::Null));
    }
    for document in &documents {
        match (is_policy(&document.value), kind(&document.value)) {
            (true, _) => {
                checked.manifest(document);
                checked.settings(document, POLICY_SETTINGS, policy);
            }
            (false, Some(kind)) if is_of_kubewarden(&document.value) && !KINDS.contains(&kind) => {
                let what = format!("Kubewarden has no {kind}{}", hint(kind, &KINDS));
                checked.problem(document.position("kind"), "kind", what);
            }
            (false, _) if is_of_policies => {}
            (false, Some(kind)) => {
                let what = format!("found a {kind}, where settings or a policy with settings are expected");
                checked.problem(document.position(""), "", what);
            }
            (false, None) if are_several => {
                let what = "of several documents one must be a policy, found none".to_owned();
                checked.problem(document.position(""), "", what);
                break;
            }
            (false, None) => checked.settings(document, "", policy),
        }
    }
    checked.findings.sort();
    checked
}

/// Whether this is what policies run in. It has no settings, and often stands among them.
fn is_server(value: &Value) -> bool {
    kind(value) == Some("PolicyServer")
}

fn is_of_kubewarden(value: &Value) -> bool {
    value["apiVersion"].as_str().is_some_and(|version| version.starts_with("policies.kubewarden.io/"))
}

/// The kind of a manifest.
fn kind(value: &Value) -> Option<&str> {
    value.get("apiVersion")?;
    value.get("kind")?.as_str()
}

impl Checked {
    /// How many problems there are, those included that are not named.
    #[must_use]
    pub fn problems(&self) -> usize {
        self.findings.iter().filter(|finding| !finding.is_note).count() + self.more
    }

    fn problem(&mut self, at: Position, path: &str, what: String) {
        self.findings.push(Finding::problem(at, path, &what));
    }

    /// Checks the manifest of a policy, apart from its settings.
    fn manifest(&mut self, document: &Document) {
        for Remark { path, what, is_note } in remarks(&document.value) {
            // What YAML made of it explains this.
            if !document.oddities.iter().any(|oddity| oddity.path == path) {
                self.findings.push(Finding { at: document.position(&path), is_note, path, what });
            }
        }
    }

    /// Checks the settings at `prefix` of a document.
    fn settings(&mut self, document: &Document, prefix: &str, policy: &Policy) {
        let mut odd = Vec::new();
        for Oddity { at, path, what } in &document.oddities {
            let path = within(path, prefix);
            odd.push(path);
            self.problem(*at, path, what.clone());
        }
        let settings =
            prefix.split('.').filter(|name| !name.is_empty()).fold(&document.value, |value, name| &value[name]);
        let settings = if settings.is_null() { &Value::Object(serde_json::Map::new()) } else { settings };
        let answer = policy.validate_settings(settings);
        let message = answer.message.unwrap_or_default();
        for line in message.lines() {
            if let Some(more) = line.strip_prefix("and ").and_then(|rest| rest.strip_suffix(" more problems")) {
                self.more += more.parse().unwrap_or(1);
                continue;
            }
            let (path, what) = line.split_at(path_end(line));
            let what = what.trim_start_matches(": ");
            // What YAML made of it explains what the policy found.
            if odd.contains(&path) {
                continue;
            }
            let at = document.position(&below(prefix, path));
            let is_list_of_texts = what == "must be a list of strings, found a string";
            let hint = if is_list_of_texts { ": write [one, another]" } else { "" };
            self.problem(at, path, format!("{what}{hint}"));
        }
        if !answer.valid && message.is_empty() {
            self.problem(
                document.position(prefix),
                "",
                "the policy refuses these settings without saying why".to_owned(),
            );
        }
        self.placeholders(document, settings, prefix, "");
        self.proxies(document, settings, prefix);
        if answer.valid {
            self.holds.push(held(settings));
        }
    }

    /// Notes what of a proxy not every client understands.
    fn proxies(&mut self, document: &Document, settings: &Value, prefix: &str) {
        let note = |path: String, what| {
            let at = document.position(&below(prefix, &path));
            Finding { at, is_note: true, path, what }
        };
        for (name, dependency) in settings["dependencies"].as_object().into_iter().flatten() {
            let path = format!("{}.proxy", yaml::member("dependencies", name));
            for member in ["httpProxy", "httpsProxy"] {
                if let Some(proxy) = dependency["proxy"][member].as_str()
                    && !proxy.is_empty()
                    && !proxy.contains("://")
                {
                    let what = "some clients refuse a proxy without a scheme: write http:// before it".to_owned();
                    self.findings.push(note(format!("{path}.{member}"), what));
                }
            }
            for (index, host) in dependency["proxy"]["noProxy"].as_array().into_iter().flatten().enumerate() {
                if let Some(domain) = host.as_str().and_then(|host| host.strip_prefix("*.")) {
                    let what = format!("some clients do not know *. and use the proxy: write .{domain}");
                    self.findings.push(note(format!("{path}.noProxy[{index}]"), what));
                }
            }
        }
    }

    /// Notes what looks like a placeholder in a dependency and is none, or has more around it than it should.
    fn placeholders(&mut self, document: &Document, value: &Value, prefix: &str, path: &str) {
        match value {
            Value::String(text) => {
                if let Some(what) = odd_placeholder(text) {
                    let at = document.position(&below(prefix, path));
                    self.findings.push(Finding { at, is_note: true, path: path.to_owned(), what });
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.placeholders(document, item, prefix, &format!("{path}[{index}]"));
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.placeholders(document, member, prefix, &yaml::member(path, name));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Where the path ends that a line of the policy's message begins with.
fn path_end(line: &str) -> usize {
    let mut is_quoted = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '"' if before != '\\' => is_quoted = !is_quoted,
            ':' if !is_quoted => return at,
            _ => {}
        }
        before = c;
    }
    0
}

/// A path of the settings in the document that they are at `prefix` of. The settings themselves are called `settings`.
fn below(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        (_, "settings" | "") => prefix.to_owned(),
        ("", path) => path.to_owned(),
        _ => format!("{prefix}.{path}"),
    }
}

/// The part of a document's path that is in the settings.
fn within<'p>(path: &'p str, prefix: &str) -> &'p str {
    path.strip_prefix(prefix).map_or(path, |path| path.strip_prefix('.').unwrap_or(path))
}

/// What is odd about a text with braces.
fn odd_placeholder(text: &str) -> Option<String> {
    for placeholder in PLACEHOLDERS {
        let doubled = [format!("{{{{{placeholder}}}}}"), format!("{{{{ {placeholder} }}}}")];
        if let Some(doubled) = doubled.iter().find(|doubled| text.contains(doubled.as_str())) {
            let one = format!("{{{placeholder}}}");
            return Some(format!("{doubled} has one pair of braces too many: write {one}"));
        }
        let shell = format!("${{{placeholder}}}");
        if text.contains(&shell) {
            return Some(format!("the $ of {shell} stays: write {{{placeholder}}} where the {placeholder} is meant"));
        }
    }
    let words = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(word, _)| word);
    for word in words.filter(|word| !PLACEHOLDERS.contains(word)) {
        if let Some(placeholder) = closest(word, &PLACEHOLDERS) {
            return Some(format!(
                "{{{word}}} is not a placeholder and stays as it is; did you mean {{{placeholder}}}?"
            ));
        }
    }
    None
}

/// What settings hold, in a line.
fn held(settings: &Value) -> String {
    let dependencies = settings["dependencies"].as_object().map(|them| them.len()).unwrap_or_default();
    let mut parts = vec![counted(dependencies, "dependency", "dependencies")];
    for list in ["notebooks", "pipelinePods", "pods", "retired"] {
        let names: Vec<_> = settings[list].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !names.is_empty() {
            parts.push(format!("{list}: {}", names.join(", ")));
        }
    }
    if settings["report"] == true {
        parts.push("a report, which changes nothing".to_owned());
    }
    parts.join("; ")
}

impl Finding {
    /// What must be mended.
    #[must_use]
    pub fn problem(at: Position, path: &str, what: &str) -> Self {
        Self { at, is_note: false, path: path.to_owned(), what: what.to_owned() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, is_note, path, what } = self;
        write!(f, "{}:{} ", at.line, at.column)?;
        if *is_note {
            f.write_str("note: ")?;
        }
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(what)
    }
}
