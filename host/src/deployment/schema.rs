//! The members of a policy's manifest, as the CustomResourceDefinitions and webhooks of Kubewarden 1.36.0-beta.1 have
//! them, and what in a manifest is none of that.

use serde_json::{Map, Value};

use crate::{
    closest::{closest, hint},
    yaml,
};

/// Something that keeps a cluster from taking a manifest, or that it drops.
pub(super) struct Problem {
    pub path: String,
    pub what: String,
    /// Whether something is not there, rather than wrong.
    pub is_missing: bool,
    /// The path of what was meant, where a name is close to one that is known.
    pub meant: Option<String>,
}

#[derive(Clone, Copy)]
struct Member {
    name: &'static str,
    shape: Shape,
    is_required: bool,
}

#[derive(Clone, Copy)]
enum Shape {
    Anything,
    Text,
    /// One of these.
    Word(&'static [&'static str]),
    Flag,
    /// The range that a timeout may have.
    Seconds(i64, i64),
    Texts,
    Words(&'static [&'static str]),
    /// Any members, all of them texts.
    Labels,
    Object(&'static [Member]),
    Objects(&'static [Member]),
    /// It is only in policies of the other kind.
    OfTheOtherKind,
}

use Shape::{Anything, Flag, Labels, Object, Objects, OfTheOtherKind, Seconds, Text, Texts, Word, Words};

const CLUSTER_POLICY: &str = "ClusterAdmissionPolicy";

const POLICY: [Member; 5] = [
    required("apiVersion", Word(&["policies.kubewarden.io/v1"])),
    required("kind", Text),
    required("metadata", Object(&METADATA)),
    required("spec", Anything),
    optional("status", Anything),
];

/// What a person writes, and what the API server adds.
const METADATA: [Member; 14] = [
    optional("name", Text),
    optional("namespace", Text),
    optional("labels", Labels),
    optional("annotations", Labels),
    optional("generateName", Text),
    optional("finalizers", Texts),
    optional("ownerReferences", Anything),
    optional("creationTimestamp", Anything),
    optional("deletionGracePeriodSeconds", Anything),
    optional("deletionTimestamp", Anything),
    optional("generation", Anything),
    optional("managedFields", Anything),
    optional("resourceVersion", Anything),
    optional("uid", Anything),
];

const SPEC: [Member; 15] = [
    optional("policyServer", Text),
    optional("mode", Word(&["protect", "monitor"])),
    required("module", Text),
    // The policy says what is wrong in them.
    optional("settings", Anything),
    required("rules", Objects(&RULE)),
    optional("failurePolicy", Word(&["Fail", "Ignore"])),
    required("mutating", Flag),
    optional("backgroundAudit", Flag),
    optional("matchPolicy", Word(&["Exact", "Equivalent"])),
    optional("matchConditions", Objects(&CONDITION)),
    optional("objectSelector", Object(&SELECTOR)),
    optional("sideEffects", Word(&["None", "NoneOnDryRun"])),
    optional("timeoutSeconds", Seconds(2, 30)),
    optional("timeoutEvalSeconds", Seconds(2, 30)),
    optional("message", Text),
];

const OF_A_CLUSTER_POLICY: [Member; 3] = [
    optional("namespaceSelector", Object(&SELECTOR)),
    optional("contextAwareResources", Objects(&RESOURCE)),
    optional("allowInsideAdmissionControllerNamespace", Flag),
];

const RULE: [Member; 5] = [
    required("apiGroups", Texts),
    required("apiVersions", Texts),
    required("resources", Texts),
    required("operations", Words(&["CREATE", "UPDATE", "DELETE", "CONNECT", "*"])),
    optional("scope", Word(&["Namespaced", "Cluster", "*"])),
];

const CONDITION: [Member; 2] = [required("name", Text), required("expression", Text)];

const SELECTOR: [Member; 2] = [optional("matchLabels", Labels), optional("matchExpressions", Objects(&REQUIREMENT))];

const REQUIREMENT: [Member; 3] = [
    required("key", Text),
    required("operator", Word(&["In", "NotIn", "Exists", "DoesNotExist"])),
    optional("values", Texts),
];

const RESOURCE: [Member; 2] = [required("apiVersion", Text), required("kind", Text)];

const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, is_required: true }
}

const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, is_required: false }
}

/// What is wrong in the manifest of a `ClusterAdmissionPolicy` or `AdmissionPolicy`. The settings are not looked at.
pub(super) fn problems(policy: &Value) -> Vec<Problem> {
    let mut problems = Problems::default();
    problems.of(policy, "", Object(&POLICY));
    let is_of_cluster = policy["kind"] == CLUSTER_POLICY;
    if let Value::Object(spec) = &policy["spec"] {
        let shape = |member: Member| if is_of_cluster { member.shape } else { OfTheOtherKind };
        let others = OF_A_CLUSTER_POLICY.map(|member| Member { shape: shape(member), ..member });
        problems.of_object(spec, "spec", &[&SPEC[..], &others].concat());
    } else if !policy["spec"].is_null() {
        problems.of(&policy["spec"], "spec", Object(&[]));
    }
    if let Value::Object(metadata) = &policy["metadata"] {
        if !metadata.contains_key("name") && !metadata.contains_key("generateName") {
            problems.missing("metadata.name", "must be set");
        }
        if is_of_cluster && metadata.contains_key("namespace") {
            let what = "has no effect: a ClusterAdmissionPolicy acts in all namespaces, an AdmissionPolicy in its own";
            problems.wrong("metadata.namespace", what);
        }
    }
    problems.found
}

#[derive(Default)]
struct Problems {
    found: Vec<Problem>,
}

impl Problems {
    fn wrong(&mut self, path: &str, what: impl Into<String>) {
        self.found.push(Problem { path: path.to_owned(), what: what.into(), is_missing: false, meant: None });
    }

    fn missing(&mut self, path: &str, what: &str) {
        // It is there under another name.
        if !self.found.iter().any(|problem| problem.meant.as_deref() == Some(path)) {
            self.found.push(Problem { path: path.to_owned(), what: what.to_owned(), is_missing: true, meant: None });
        }
    }

    /// Looks at a value that is there.
    fn of(&mut self, value: &Value, path: &str, shape: Shape) {
        let expected = match (shape, value) {
            (Anything, _) | (Text, Value::String(_)) | (Flag, Value::Bool(_)) => return,
            (OfTheOtherKind, _) => return self.wrong(path, "only a ClusterAdmissionPolicy has it"),
            (Word(words), Value::String(word)) => return self.word(word, path, words),
            (Seconds(least, most), Value::Number(seconds)) => {
                if seconds.as_i64().is_none_or(|seconds| !(least..=most).contains(&seconds)) {
                    self.wrong(path, format!("must be a whole number from {least} to {most}, found {seconds}"));
                }
                return;
            }
            (Texts, Value::Array(items)) => return self.items(items, path, Text),
            (Words(words), Value::Array(items)) => return self.items(items, path, Word(words)),
            (Objects(members), Value::Array(items)) => return self.items(items, path, Object(members)),
            (Labels, Value::Object(labels)) => {
                for (name, value) in labels {
                    self.of(value, &yaml::member(path, name), Text);
                }
                return;
            }
            (Object(members), Value::Object(object)) => return self.of_object(object, path, members),
            (Text | Word(_), _) => "a string",
            (Flag, _) => "a boolean",
            (Seconds(..), _) => "a whole number",
            (Texts | Words(_), Value::String(_)) => {
                return self.wrong(path, "must be a list of strings, found a string: write [one, another]");
            }
            (Texts | Words(_) | Objects(_), _) => "a list",
            (Labels | Object(_), _) => "an object",
        };
        self.wrong(path, format!("must be {expected}, found {}", named(value)));
    }

    fn of_object(&mut self, object: &Map<String, Value>, path: &str, members: &[Member]) {
        let names: Vec<_> = members.iter().map(|member| member.name).collect();
        for name in object.keys().filter(|name| !names.contains(&name.as_str())) {
            let what = format!("unknown field{}", hint(name, &names));
            let meant = closest(name, &names).map(|meant| yaml::member(path, meant));
            self.found.push(Problem { path: yaml::member(path, name), what, is_missing: false, meant });
        }
        for Member { name, shape, is_required } in members {
            let path = yaml::member(path, name);
            match object.get(*name) {
                None | Some(Value::Null) if *is_required => self.missing(&path, "must be set"),
                // The API server takes it for one that is not there.
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.is_empty() && *is_required => {
                    self.missing(&path, "must not be empty");
                }
                Some(Value::Array(items)) if items.is_empty() && *is_required => {
                    self.missing(&path, "must not be empty");
                }
                Some(value) => self.of(value, &path, *shape),
            }
        }
    }

    fn items(&mut self, items: &[Value], path: &str, shape: Shape) {
        for (index, item) in items.iter().enumerate() {
            self.of(item, &format!("{path}[{index}]"), shape);
        }
    }

    fn word(&mut self, word: &str, path: &str, words: &[&str]) {
        if words.contains(&word) {
            return;
        }
        let listed = match words {
            [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
            _ => words.concat(),
        };
        self.wrong(path, format!("must be {listed}, found {word:?}{}", hint(word, words)));
    }
}

/// What a value is, in the policy's words.
fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
