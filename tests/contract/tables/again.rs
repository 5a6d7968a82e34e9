//! Answers, and the same request once more: what comes of a reply that is called a second time in the same request, and
//! of one that is the stored object of the next. The record as it stands in the annotation.

use serde_json::{Map, Value, json};

use super::objects::{Kind, create, created, split_annotations, update, updated, with};
use crate::evaluator::{Outcome, run};

pub const ANNOTATIONS: &str = "/metadata/annotations";
pub const INJECTED: &str = "/metadata/annotations/mutatingflow.nais.io~1injected";
pub const STATUS: &str = "/metadata/annotations/mutatingflow.nais.io~1status";
pub const PENDING: &str = "/metadata/annotations/mutatingflow.nais.io~1update-pending";
pub const TEMPLATE: &str = "/spec/template/spec";
pub const NO_PATCH: [Value; 0] = [];
pub const NO_WARNING: [&str; 0] = [];

/// A Notebook called `main` with this pod spec. It runs.
pub fn notebook(pod_spec: Value) -> Value {
    with(&Kind::Notebook.object(pod_spec), ANNOTATIONS, json!({"mine": "1"}))
}

/// A Notebook with a container of these variables, `{"NAME": "value"}`.
pub fn notebook_with_env(variables: Value) -> Value {
    notebook(json!({"containers": [{"name": "main", "image": "jupyter", "env": env(variables)}]}))
}

/// A list of variables.
pub fn env(variables: Value) -> Value {
    let variables = variables.as_object().into_iter().flatten();
    variables.map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// A dependency that adds these variables.
pub fn variables(variables: Value) -> Value {
    json!({"env": env(variables)})
}

/// `object`, stopped.
pub fn stopped(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"]["annotations"]["kubeflow-resource-stopped"] = json!("2026-11-23T10:10:00Z");
    object
}

/// The pod spec of a Notebook.
pub fn spec(notebook: &Value) -> &Value {
    &notebook["spec"]["template"]["spec"]
}

/// The variables of the first container of a Notebook, as `NAME=value`.
pub fn variables_of(notebook: &Value) -> Vec<String> {
    let variables = spec(notebook)["containers"][0]["env"].as_array().into_iter().flatten();
    variables.map(|it| format!("{}={}", text(&it["name"]), text(&it["value"]))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The names of the entries of a list.
pub fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|entry| text(&entry["name"])).collect()
}

/// Settings with these dependencies, of which notebooks get those called `wanted`, in this order. The others are defined
/// all the same: pipeline pods get them.
pub fn wanting(wanted: &[&str], dependencies: Value) -> Value {
    let defined = dependencies.as_object().into_iter().flat_map(Map::keys);
    let unwanted: Vec<_> = defined.filter(|name| !wanted.contains(&name.as_str())).collect();
    json!({"notebooks": wanted, "pipelinePods": unwanted, "dependencies": dependencies})
}

/// `settings` in which these names are retired, and neither defined nor listed.
pub fn retiring(retired: &[&str], settings: &Value) -> Value {
    let mut settings = settings.clone();
    for name in retired {
        if let Some(dependencies) = settings["dependencies"].as_object_mut() {
            dependencies.remove(*name);
        }
        for list in ["notebooks", "pipelinePods"] {
            if let Some(list) = settings[list].as_array_mut() {
                list.retain(|wanted| wanted != name);
            }
        }
    }
    settings["retired"] = json!(retired);
    settings
}

/// Creates `object`, which must be allowed; to do it again changes nothing.
pub fn created_again(object: &Value, settings: &Value) -> Outcome {
    let outcome = created(object, settings);
    let again = created(&outcome.object, settings);
    assert_eq!(again.patch, NO_PATCH, "a second call\n{:#}\n{settings:#}", outcome.object);
    let stored = &outcome.object;
    assert_eq!(updated(stored, stored, settings).patch, NO_PATCH, "the next update\n{stored:#}\n{settings:#}");
    outcome
}

/// Changes `old` to `new`, which must be allowed; to do it again in the same request changes nothing, and neither does an
/// update once the reply is stored.
pub fn updated_again(old: &Value, new: &Value, settings: &Value) -> Outcome {
    let outcome = updated(old, new, settings);
    let stored = &outcome.object;
    let again = updated(old, stored, settings);
    assert_eq!(again.patch, NO_PATCH, "a second call\nold {old:#}\nreply {stored:#}\n{settings:#}");
    assert_eq!(updated(stored, stored, settings).patch, NO_PATCH, "the next update\n{stored:#}\n{settings:#}");
    outcome
}

/// The message with which the change of `old` to `new` is refused with 422.
pub fn update_refused(old: &Value, new: &Value, settings: &Value) -> String {
    let outcome = run(update(old.clone(), new.clone()), settings.clone());
    assert!(!outcome.allowed, "it is allowed: {:#}\n{settings:#}", outcome.object);
    assert_eq!((outcome.code, &outcome.patch), (Some(422), &Vec::new()));
    outcome.message.unwrap_or_default()
}

/// The message with which the creation of `object` is refused with 422; `None` where it is allowed.
pub fn refusal(object: &Value, settings: &Value) -> Option<String> {
    let outcome = run(create(object.clone()), settings.clone());
    assert!(outcome.allowed || outcome.code == Some(422), "{outcome:?}");
    outcome.message
}

/// The annotation with the record; `None` where it is not there.
pub fn record_text(object: &Value) -> Option<&str> {
    object.pointer(INJECTED).and_then(Value::as_str)
}

/// The whole record: `null` where there is none.
pub fn whole_record(object: &Value) -> Value {
    record_text(object).map_or(Value::Null, |text| serde_json::from_str(text).expect("the record is JSON"))
}

/// What the record says that was added to an object of its own kind: by dependency, the keys by place.
pub fn added(object: &Value) -> Value {
    let without_overridden = |(name, mut part): (String, Value)| {
        part.as_object_mut()?.remove("overridden");
        Some((name, part))
    };
    parts(object).filter_map(without_overridden).collect::<Map<_, _>>().into()
}

/// What of it replaced something of the user's. Only the dependencies that did.
pub fn overridden(object: &Value) -> Value {
    let overridden = |(name, mut part): (String, Value)| Some((name, part.get_mut("overridden")?.take()));
    parts(object).filter_map(overridden).collect::<Map<_, _>>().into()
}

/// The record of an object of its own kind, by dependency.
fn parts(object: &Value) -> impl Iterator<Item = (String, Value)> {
    let record = split_annotations(object).record;
    let is_dependency = |(name, _): &(String, Value)| name.starts_with(|first: char| first.is_ascii_lowercase());
    record.as_object().cloned().unwrap_or_default().into_iter().filter(is_dependency)
}

/// A record that says of an object of `kind` that `dependency` added this.
pub fn record_of(kind: &str, dependency: &str, added: Value) -> Value {
    json!(json!({kind: {dependency: {"hash": "0123456789abcdef", "added": added}}}).to_string())
}

/// The names of the dependencies that wait; `null` where none does.
pub fn pending(object: &Value) -> &Value {
    object.pointer(PENDING).unwrap_or(&Value::Null)
}

/// The one warning of an outcome; it must have all of these words.
pub fn only_warning<'o>(outcome: &'o Outcome, words: &[&str]) -> &'o str {
    let [warning] = &outcome.warnings[..] else { panic!("one warning with {words:?}, not {:?}", outcome.warnings) };
    for word in words {
        assert!(warning.contains(word), "{word} in {warning}");
    }
    warning
}

/// Asserts that some warning of an outcome has all of these words.
pub fn assert_warns(outcome: &Outcome, words: &[&str]) {
    let has = |warning: &&String| words.iter().all(|word| warning.contains(word));
    assert!(outcome.warnings.iter().any(|warning| has(&warning)), "{words:?} in {:?}", outcome.warnings);
}

/// The value of an audit annotation; empty where it is not there.
pub fn audit<'o>(outcome: &'o Outcome, name: &str) -> &'o str {
    outcome.audit.get(name).map_or("", String::as_str)
}

/// Fields of a pod spec, each with what the API server fills in by itself.
pub fn server_defaults() -> [(&'static str, Value); 5] {
    [
        ("serviceAccountName", json!("default")),
        ("schedulerName", json!("default-scheduler")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("enableServiceLinks", json!(true)),
        ("terminationGracePeriodSeconds", json!(30)),
    ]
}
