//! What holds of any bytes that a host gives the policy. The fuzz targets look for bytes of which it does not hold.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::evaluator;

/// The most lines of an answer to settings: problems, and one that counts the rest.
const MOST_LINES: usize = 101;
/// The most warnings of an answer, and the most characters of one.
const MOST_WARNINGS: usize = 12;
const LONGEST_WARNING: usize = 256;
const AUDIT_ANNOTATIONS: [&str; 6] = ["dependencies", "removed", "deferred", "left-out", "unknown", "restored"];

/// An answer to `validate`. Its object may be nested deeper than a [`Value`] can be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    accepted: bool,
    code: Option<u16>,
    message: Option<String>,
    mutated_object: Option<IgnoredAny>,
    #[serde(default)]
    audit_annotations: BTreeMap<String, String>,
    #[serde(default)]
    warnings: Vec<String>,
}

/// Asserts all that holds of a payload of `validate`: it is answered, and what was answered is answered with nothing to do.
pub fn validate(payload: &[u8]) {
    answer(payload);
    // A host writes no key twice, and no white space; what is asked again is so too.
    let Ok(payload) = serde_json::from_slice::<Value>(payload) else { return };
    let is_checked = payload.get("settings").is_some_and(|settings| settings_problem(settings).is_none());
    let (answer, object) = evaluated(&payload);
    if payload.get("request").is_some_and(Value::is_object) {
        assert!(answer.code != Some(400), "it is a request: {payload}");
    }
    assert!(answer.code != Some(500) || !is_checked, "the settings were accepted: {payload}");
    let Some(object) = object else { return };
    assert_is_patched(&payload["request"]["object"], &object);

    if is_checked && is_from_a_server(&payload) && !has_container_of_ours(&payload) {
        assert_done(&payload, &answer, object);
    }
}

/// Whether an UPDATE, and nothing else, has a stored object, whose record the client sends if he sends one, and whether a
/// pod could be made of the objects: each container has a name of its own.
fn is_from_a_server(payload: &Value) -> bool {
    let request = &payload["request"];
    let are_named = |object: &Value| {
        let names = container_names(object);
        spec(object).is_some() && !names.contains(&"") && names.iter().collect::<BTreeSet<_>>().len() == names.len()
    };
    let (object, old) = (&request["object"], &request["oldObject"]);
    let is_record_of_stored = || {
        let annotations = object["metadata"]["annotations"].as_object().into_iter().flatten();
        let mut records = annotations.filter(|(name, _)| name.ends_with("/injected"));
        records.all(|(name, record)| old["metadata"]["annotations"].get(name) == Some(record))
    };
    let is_update = request["operation"] == "UPDATE";
    are_named(object) && if is_update { are_named(old) && is_record_of_stored() } else { old.is_null() }
}

/// Whether the user has a container with a name that the settings bring. One that contains ours stays his, and no longer
/// does once something was added to it.
fn has_container_of_ours(payload: &Value) -> bool {
    let dependencies = payload["settings"]["dependencies"].as_object().into_iter().flatten();
    let lists = dependencies.flat_map(|(_, dependency)| [&dependency["sidecars"], &dependency["initContainers"]]);
    let brought: BTreeSet<_> =
        lists.filter_map(Value::as_array).flatten().filter_map(|it| it["name"].as_str()).collect();
    let request = &payload["request"];
    let is_recorded = |name: &str| {
        let texts = [&request["object"], &request["oldObject"]].map(|object| object["metadata"].to_string());
        let is_place = |text: &String| text.contains(r#"\"sidecars\":["#) || text.contains(r#"\"initContainers\":["#);
        texts.iter().any(|text| is_place(text) && text.contains(&format!(r#"\"{name}\""#)))
    };
    let names = container_names(&request["object"]);
    names.iter().any(|name| brought.contains(name) && !is_recorded(name))
}

/// Adding twice is adding once: in a second call of the same request, and in the update that comes next.
fn assert_done(payload: &Value, answer: &Answer, mut object: Value) {
    let (before, old) = (&payload["request"]["object"], &payload["request"]["oldObject"]);
    let mut again = with(payload.clone(), "object", object.clone());
    // A second call sees another request where the client lost the record of another policy, which is put back first;
    // where the answer has the stored template, which counts as the client's own, whatever he had before; and where he
    // took a container out, and ours has its name.
    let is_stored = |object: &Value| spec(object) == spec(old);
    let comes_back = |name: &&str| !container_names(before).contains(name) && container_names(&object).contains(name);
    let is_another = answer.audit_annotations.contains_key("unknown")
        || is_stored(&object) && !is_stored(before)
        || container_names(old).iter().any(comes_back);
    if is_another && let (_, Some(later)) = evaluated(&again) {
        object = later;
        again = with(again, "object", object.clone());
    }
    assert_settled(&again, "a second call");
    // That somebody asked for what waits is noted for the policies that are called later, and goes with the next update.
    if !object["metadata"].to_string().contains(r#"\"applied\":"#) {
        let stored = with(with(again, "oldObject", object), "operation", json!("UPDATE"));
        assert_settled(&stored, "the next update");
    }
}

/// The pod spec of a Notebook or a pod.
fn spec(object: &Value) -> Option<&Value> {
    object.pointer("/spec/template/spec").or_else(|| object.get("spec"))
}

/// The names of its containers and init containers.
fn container_names(object: &Value) -> Vec<&str> {
    let lists = ["containers", "initContainers"].into_iter().filter_map(|list| spec(object)?.get(list)?.as_array());
    lists.flatten().map(|container| container["name"].as_str().unwrap_or_default()).collect()
}

/// The patch that a host makes of an answer makes its object of the client's.
fn assert_is_patched(before: &Value, object: &Value) {
    let patch = json_patch::diff(before, object);
    let mut patched = before.clone();
    json_patch::patch(&mut patched, &patch).expect("a patch fits the object that it was made of");
    assert_eq!(&patched, object, "{patch}");
}

/// Asserts all that holds of settings: they are answered, and with settings that are accepted, requests are.
pub fn settings(settings: &[u8]) {
    let problem = problem(settings);
    problem.as_deref().map(assert_are_lines);
    let lines = problem.as_ref().map_or(0, |problem| problem.split('\n').count());
    assert!(lines <= MOST_LINES, "{lines} lines");
    let Ok(settings) = serde_json::from_slice::<Value>(settings) else { return };
    if settings_problem(&settings).is_none() {
        let kinds = [json!({"group": "kubeflow.org", "kind": "Notebook"}), json!({"group": "", "kind": "Pod"})];
        let [notebook, pod] = kinds.map(|kind| json!({"kind": kind, "operation": "CREATE", "namespace": "team-a"}));
        let containers = json!({"containers": [{"name": "nb"}, {"name": "istio-proxy"}]});
        let notebook_object = json!({"metadata": {"name": "nb"}, "spec": {"template": {"spec": containers}}});
        let of_pipeline = json!({"name": "nb", "annotations": {"workflows.argoproj.io/node-name": "a"}});
        for request in [
            with_member(notebook, "object", notebook_object),
            with_member(pod.clone(), "object", json!({"metadata": {"name": "nb"}, "spec": containers})),
            with_member(pod, "object", json!({"metadata": of_pipeline, "spec": containers})),
        ] {
            validate(json!({"request": request, "settings": settings}).to_string().as_bytes());
        }
    }
}

fn assert_settled(payload: &Value, what: &str) {
    let (answer, object) = evaluated(payload);
    assert!(answer.accepted, "{what} is refused: {:?} {payload}", answer.message);
    let is_the_same = object.is_none_or(|object| object == payload["request"]["object"]);
    assert!(is_the_same, "{what} changes the object: {payload}");
}

/// The answer to a payload, and the object in it.
fn evaluated(payload: &Value) -> (Answer, Option<Value>) {
    let payload = payload.to_string();
    let text = evaluator::validate(payload.as_bytes());
    let mut object: Value = serde_json::from_slice(&text).expect("hardly deeper than its payload");
    (answer(payload.as_bytes()), object.get_mut("mutated_object").map(Value::take))
}

/// What is answered to any payload of `validate`, which has the form that answers have (contract, "Answers").
fn answer(payload: &[u8]) -> Answer {
    let text = evaluator::validate(payload);
    let answer: Answer = serde_json::from_slice(&text)
        .unwrap_or_else(|error| panic!("no answer: {error}: {}", String::from_utf8_lossy(&text)));
    if answer.accepted {
        assert!(answer.code.is_none() && answer.message.is_none(), "{answer:?}");
    } else {
        assert!(matches!(answer.code, Some(400 | 422 | 500)), "{answer:?}");
        assert_are_lines(answer.message.as_deref().unwrap_or_default());
        assert!(answer.mutated_object.is_none() && answer.audit_annotations.is_empty(), "{answer:?}");
    }
    for (name, value) in &answer.audit_annotations {
        assert!(AUDIT_ANNOTATIONS.contains(&&**name) && !value.is_empty(), "{answer:?}");
    }
    assert!(answer.warnings.len() <= MOST_WARNINGS, "{answer:?}");
    for warning in &answer.warnings {
        let is_clean = !warning.is_empty() && !warning.contains(char::is_control);
        assert!(is_clean && warning.chars().count() <= LONGEST_WARNING, "{warning:?}");
    }
    answer
}

/// Whatever was found, a line that shows it stays one.
fn assert_are_lines(message: &str) {
    for line in message.split('\n') {
        assert!(!line.is_empty() && !line.contains(|c| c < ' '), "a line of {message:?}");
    }
}

fn settings_problem(settings: &Value) -> Option<String> {
    problem(settings.to_string().as_bytes())
}

/// What is answered to any payload of `validate_settings`.
fn problem(payload: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Answer {
        valid: bool,
        message: Option<String>,
    }
    let text = evaluator::validate_settings(payload);
    let Answer { valid, message } = serde_json::from_slice(&text).expect("an answer");
    assert_eq!(valid, message.is_none(), "{message:?}");
    message
}

/// A payload whose request has another value of one member.
fn with(mut payload: Value, member: &str, value: Value) -> Value {
    payload["request"] = with_member(payload["request"].take(), member, value);
    payload
}

fn with_member(mut request: Value, member: &str, value: Value) -> Value {
    request[member] = value;
    request
}
