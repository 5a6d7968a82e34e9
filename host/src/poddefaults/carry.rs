//! What of a PodDefault a dependency can say, field by field.

use serde_json::{Map, Value, json};

use super::{
    Dependency, Variant, fold,
    notes::{self, Notes},
};

/// What a PodDefault adds to the object or its pod spec.
const OF_POD: [&str; 7] =
    ["labels", "annotations", "imagePullSecrets", "volumes", "initContainers", "sidecars", "tolerations"];

/// What it adds to every container.
const INTO_CONTAINERS: [&str; 3] = ["env", "envFrom", "volumeMounts"];

/// What it sets, whatever the pod has: of several PodDefaults the last one wins.
pub(super) const LAST_WINS: [&str; 2] = ["serviceAccountName", "automountServiceAccountToken"];

/// What it gives every container that has none.
const WHERE_THERE_IS_NONE: [&str; 2] = ["command", "args"];

/// What it says beside that.
const BESIDE: [&str; 2] = ["selector", "desc"];

/// Labels that a controller puts on the pods of notebooks, or of something else, and nobody on a Notebook.
const OF_PODS: [&str; 15] = [
    "notebook-name",
    "statefulset",
    "controller-revision-hash",
    "apps.kubernetes.io/",
    "batch.kubernetes.io/",
    "pipeline/",
    "pipelines.kubeflow.org/",
    "workflows.argoproj.io/",
    "training.kubeflow.org/",
    "katib.kubeflow.org/",
    "serving.kserve.io/",
    "serving.knative.dev/",
    "sparkoperator.k8s.io/",
    "jobset.sigs.k8s.io/",
    "ray.io/",
];

/// Takes out of a PodDefault's `spec` what says nothing, what its definition does not know, and what a dependency cannot
/// say; gives what is not carried therefore, and why.
pub(super) fn reduce(spec: &mut Map<String, Value>) -> Vec<String> {
    let is_known = |key: &&str| {
        [&OF_POD[..], &INTO_CONTAINERS, &LAST_WINS, &WHERE_THERE_IS_NONE, &BESIDE].iter().any(|it| it.contains(key))
    };
    let mut left_out = Vec::new();
    spec.retain(|key, value| {
        if key != "selector" && says_nothing(value) {
            return false;
        }
        if !is_known(&&**key) {
            left_out.push(format!("{key} is not a field of a PodDefault"));
            return false;
        }
        true
    });
    for (field, value) in spec.iter_mut().filter(|(field, _)| !BESIDE.contains(&&***field)) {
        let mut leave_out = |entry: &Value, shown: String| {
            let word = placeholder_in(entry);
            left_out.extend(word.map(|word| {
                format!("{shown} contains {word}, which the policy would replace with a name; write something else")
            }));
            word.is_none()
        };
        match value {
            Value::Array(entries) if !WHERE_THERE_IS_NONE.contains(&&**field) => {
                entries.retain(|entry| leave_out(entry, described(field, entry)));
            }
            Value::Object(members) => members.retain(|key, value| leave_out(value, format!("{field} {key}"))),
            atomic => {
                if !leave_out(atomic, field.clone()) {
                    *atomic = Value::Null;
                }
            }
        }
    }
    spec.retain(|key, value| key == "selector" || !says_nothing(value));
    left_out
}

/// Whether a member is as if it were not there: so it is for Go's types, with `omitempty`.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The first placeholder in a string of `value`.
fn placeholder_in(value: &Value) -> Option<&'static str> {
    match value {
        Value::String(text) => ["{namespace}", "{name}"].into_iter().find(|word| text.contains(word)),
        Value::Array(items) => items.iter().find_map(placeholder_in),
        Value::Object(members) => members.values().find_map(placeholder_in),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// What an entry of a list is, by its key: names, never values.
pub(super) fn described(field: &str, entry: &Value) -> String {
    let keys = ["mountPath", "name", "key"].iter().find_map(|key| entry[key].as_str());
    let sources = ["secretRef", "configMapRef"].iter().find_map(|source| entry[source]["name"].as_str());
    keys.or(sources).map_or_else(|| format!("an entry of {field}"), |key| format!("{field} {}", key.escape_debug()))
}

/// Names of namespaces in one line.
pub(super) fn shown(namespaces: &[String]) -> String {
    notes::shown(namespaces, 5)
}

/// A DNS label for `wanted` that is not yet taken.
pub(super) fn free_name(wanted: &str, taken: &[String]) -> String {
    const LONGEST: usize = 63;
    let as_label = |text: &str, suffix: &str| {
        let text: String =
            text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        let kept: String = text.trim_start_matches('-').chars().take(LONGEST - suffix.len()).collect();
        format!("{}{suffix}", kept.trim_end_matches('-'))
    };
    let numbered = (2..).map(|number: u32| as_label(wanted, &format!("-{number}")));
    let names = [as_label(wanted, "")].into_iter().chain(numbered);
    names.into_iter().find(|name| !name.is_empty() && !taken.contains(name)).unwrap_or_default()
}

/// What a selector asks for, as `matchExpressions`; `None` for what is no selector.
pub(super) fn requirements(selector: &Value) -> Vec<Value> {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let labels = labels.map(|(key, value)| json!({"key": key, "operator": "In", "values": [value]}));
    labels.chain(selector["matchExpressions"].as_array().into_iter().flatten().cloned()).collect()
}

/// The dependencies that do what these PodDefaults do, in their order.
pub(super) fn carry(variants: &[Variant], notes: &mut Notes) -> Vec<Dependency> {
    let mut taken: Vec<String> = variants.iter().map(|it| it.name.clone()).collect();
    let mut dependencies = Vec::new();
    for (variant, it) in variants.iter().enumerate() {
        note(it, notes);
        // What meets what the user has in another way is a dependency of its own.
        let parts = [
            ("", None, [&OF_POD[..], &INTO_CONTAINERS].concat()),
            ("account", Some("Override"), vec![LAST_WINS[0]]),
            ("token", Some("Override"), vec![LAST_WINS[1]]),
            ("command", Some("Keep"), WHERE_THERE_IS_NONE.to_vec()),
        ];
        let selector = it.spec.get("selector").cloned().unwrap_or_default();
        let mut is_first = true;
        for (word, on_conflict, fields) in parts {
            let fields = it.spec.iter().filter(|(key, _)| fields.contains(&&***key));
            let fields: Map<_, _> = fields.map(|(key, value)| (key.clone(), value.clone())).collect();
            if fields.is_empty() {
                continue;
            }
            let name = if is_first { it.name.clone() } else { free_name(&format!("{}-{word}", it.name), &taken) };
            taken.push(name.clone());
            is_first = false;
            dependencies.push(Dependency {
                name,
                title: it.name.clone(),
                of: it.of.clone(),
                variant,
                spread: it.namespaces.len(),
                comments: comments(it),
                selector: selector.clone(),
                selector_there: selector.clone(),
                on_conflict,
                fields,
            });
        }
    }
    dependencies
}

/// Where a dependency comes from, and what of that it does not say.
fn comments(it: &Variant) -> Vec<String> {
    let mut comments: Vec<_> = it.spec.get("desc").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    comments.push(match &it.namespaces[..] {
        [] => format!("PodDefault {}", it.of),
        namespaces => format!("PodDefault {} of {}", it.of, shown(namespaces)),
    });
    if it.is_one_of_several {
        comments.push("Differs from that of other namespaces, and reaches all of them".to_owned());
    }
    comments.extend(it.left_out.iter().map(|reason| format!("Left out: {reason}")));
    comments
}

/// Notes what a dependency does in another way than its PodDefault, or should be looked at.
fn note(it: &Variant, notes: &mut Notes) {
    let fields = &it.spec;
    let mut add = |text: &str| notes.add(&it.name, text);
    let keys = |field: &str, key: &str| -> Vec<String> {
        let entries = fields.get(field).and_then(Value::as_array).into_iter().flatten();
        entries.map(|entry| entry[key].as_str().unwrap_or_default().to_owned()).collect()
    };
    let has = |fields: &[&str]| it.spec.keys().any(|key| fields.contains(&&**key));
    for reason in &it.left_out {
        add(&format!("left out: {reason}"));
    }
    if has(&["desc"]) {
        add("the form shows desc: in each namespace, keep a PodDefault with only desc and selector as the tick box");
    }
    if it.spec.keys().all(|key| BESIDE.contains(&&**key)) && it.left_out.is_empty() {
        add("adds nothing and becomes no dependency: if it is the tick box of one, keep it");
    }
    if has(&LAST_WINS) {
        add("serviceAccountName and automountServiceAccountToken replace what the pod has: they are a dependency \
             with onConflict: Override. What the user had does not come back when the label is removed");
    }
    if has(&WHERE_THERE_IS_NONE) {
        add("command and args are for containers that have none: they are a dependency with onConflict: Keep");
    }
    if has(&["labels", "annotations"]) {
        add(
            "labels and annotations go to the pod there, and to the Notebook here, whose controller hands them on when the \
             StatefulSet is made: notebooks that exist keep what their pods have until it is deleted",
        );
    }
    if has(&["imagePullSecrets"]) {
        add(
            "imagePullSecrets in a Notebook keep those of its service account out of the pod: list these too, or list the \
             dependency under pods",
        );
    }
    if let Some(volume) = twice(&keys("volumeMounts", "name")) {
        add(&format!(
            "volume {volume} is mounted more than once, so the webhook refuses every pod: here all mounts are made"
        ));
    }
    if let Some(key) = twice(&keys("tolerations", "key")) {
        add(&format!(
            "tolerations have the key {key:?} more than once, so the webhook refuses every pod: here all are added"
        ));
    }
    note_selector(&it.spec["selector"], &mut add);
    if let [namespace] = &it.namespaces[..]
        && it.spec.iter().any(|(key, value)| !BESIDE.contains(&&**key) && names_namespace(value, namespace))
    {
        add(&format!(
            "says {namespace}, the namespace it is in: write {{namespace}} where each namespace should have its own"
        ));
    }
}

fn note_selector(selector: &Value, add: &mut dyn FnMut(&str)) {
    let requirements = requirements(selector);
    if requirements.is_empty() {
        return add("selects every pod: the dependency reaches every Notebook of every namespace");
    }
    if selector["matchLabels"].as_object().is_none_or(Map::is_empty) {
        add("has no matchLabels: the form cannot list it, and breaks when it tries");
    }
    let holds_without_label = |it: &Value| matches!(it["operator"].as_str(), Some("NotIn" | "DoesNotExist"));
    if requirements.iter().all(holds_without_label) {
        add("selects what lacks a label: the dependency reaches every Notebook of every namespace that lacks it");
    }
    let keys = requirements.iter().filter(|it| !holds_without_label(it)).filter_map(|it| it["key"].as_str());
    let of_pods = keys.filter(|key| OF_PODS.iter().any(|it| key == it || it.ends_with('/') && key.starts_with(it)));
    for key in of_pods {
        add(&format!(
            "selects by {key}, which pods have but Notebooks do not: list the dependency under pipelinePods or pods instead"
        ));
    }
}

/// The first text that is there more than once.
fn twice(texts: &[String]) -> Option<&String> {
    texts.iter().enumerate().find(|(at, text)| texts[..*at].contains(text)).map(|(_, text)| text)
}

fn names_namespace(value: &Value, namespace: &str) -> bool {
    match value {
        Value::String(text) => fold::with_placeholder(text, namespace) != *text,
        Value::Array(items) => items.iter().any(|item| names_namespace(item, namespace)),
        Value::Object(members) => members.values().any(|value| names_namespace(value, namespace)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

impl Dependency {
    /// As the settings have it.
    pub(super) fn value(&self) -> Map<String, Value> {
        let mut value = self.fields.clone();
        value.insert("selector".to_owned(), self.selector.clone());
        if value.keys().any(|key| INTO_CONTAINERS.contains(&&**key) || WHERE_THERE_IS_NONE.contains(&&**key)) {
            value.insert("containers".to_owned(), "All".into());
        }
        if let Some(word) = self.on_conflict {
            value.insert("onConflict".to_owned(), word.into());
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels_of_their_own() {
        let taken = ["a".to_owned(), "a-2".to_owned()];
        let long = "x".repeat(70);
        for (wanted, expected) in [
            ("b", "b"),
            ("a", "a-3"),
            ("a.b_C", "a-b-c"),
            (&*long, &long[..63]),
            (&format!("{}.x", "y".repeat(62)), &"y".repeat(62)),
        ] {
            assert_eq!(free_name(wanted, &taken), expected, "{wanted}");
        }
    }

    #[test]
    fn what_is_left_out_of_a_spec() {
        let spec = json!({
            "selector": {},
            "desc": "says {name}",
            "nodeSelector": {"a": "b"},
            "resources": {},
            "env": [{"name": "A", "value": "{name}"}, {"name": "B", "value": "{names} {{}}"}],
            "labels": {"a": "{namespace}"},
            "args": ["--in", "{namespace}"],
            "volumes": null,
            "serviceAccountName": "",
        });
        let mut spec = spec.as_object().cloned().unwrap_or_default();
        let left_out = reduce(&mut spec);
        let expected = json!({"selector": {}, "desc": "says {name}", "env": [{"name": "B", "value": "{names} {{}}"}]});
        assert_eq!(Value::Object(spec), expected);
        let begins: Vec<_> = left_out.iter().map(|reason| reason.split(", which").next().unwrap_or_default()).collect();
        let expected = [
            "nodeSelector is not a field of a PodDefault",
            "args contains {namespace}",
            "env A contains {name}",
            "labels a contains {namespace}",
        ];
        assert_eq!(begins, expected);
    }
}
