//! What settings and objects are drawn from.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::draw::Draw;
use crate::objects::Kind;

/// By field, by a name for the key of an entry, the values that it may have.
pub type Fields = BTreeMap<String, BTreeMap<String, Vec<Value>>>;

#[derive(Deserialize)]
pub struct Pool {
    /// What settings may bring.
    pub settings: Fields,
    /// What only objects have.
    pub objects: Fields,
    /// Label selectors.
    pub selectors: Vec<Value>,
}

pub fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| yaml_serde::from_str(include_str!("pool.yaml")).expect("the pool can be read"))
}

/// The names that dependencies have.
pub const NAMES: [&str; 5] = ["a", "b", "c", "d", "proxy"];

/// The domains of the policy's annotations.
pub const DOMAINS: [&str; 2] = ["mutatingflow.nais.io", "lab.example.org"];

pub const NAMESPACE: &str = "team-a";

/// The fields that are lists of entries.
const LISTS: [&str; 11] = [
    "imagePullSecrets",
    "volumes",
    "initContainers",
    "sidecars",
    "tolerations",
    "hostAliases",
    "resourceClaims",
    "topologySpreadConstraints",
    "env",
    "envFrom",
    "volumeMounts",
];

/// The fields that are maps; an entry in the pool has a `key` and a `value`.
const MAPS: [&str; 9] = [
    "labels",
    "annotations",
    "nodeSelector",
    "affinity",
    "securityContext",
    "dnsConfig",
    "containerSecurityContext",
    "limits",
    "requests",
];

/// The fields that a field of a dependency expands to; none for one that stands for itself.
pub fn expansion(field: &str) -> &'static [&'static str] {
    match field {
        "vault" => &["volumes", "volumeMounts", "initContainers"],
        "caBundle" => &["volumes", "volumeMounts", "env"],
        "proxy" => &["env"],
        "resources" => &["limits", "requests"],
        _ => &[],
    }
}

/// The fields in which settings bring something.
pub fn fields_of(settings: &Value) -> Vec<String> {
    let dependencies = settings["dependencies"].as_object().into_iter().flatten();
    let fields = dependencies.flat_map(|(_, dependency)| dependency.as_object().into_iter().flat_map(Map::keys));
    let expanded = |field: &String| match expansion(field) {
        [] => vec![field.clone()],
        fields => fields.iter().copied().map(str::to_owned).collect(),
    };
    fields.flat_map(expanded).collect()
}

/// Whether the field goes into containers.
pub fn is_in_containers(field: &str) -> bool {
    const FIELDS: [&str; 12] = [
        "env",
        "envFrom",
        "volumeMounts",
        "limits",
        "requests",
        "containerSecurityContext",
        "command",
        "args",
        "imagePullPolicy",
        "lifecycle",
        "tty",
        "workingDir",
    ];
    FIELDS.contains(&field)
}

/// Adds `entry` of the pool to `parent`, under the name that `field` has there.
fn put_into(parent: &mut Value, field: &str, member: &str, entry: &Value) {
    if LISTS.contains(&field) {
        if !parent[member].is_array() {
            parent[member] = json!([]);
        }
        parent[member].as_array_mut().expect("a list").push(entry.clone());
    } else if MAPS.contains(&field) {
        if !parent[member].is_object() {
            parent[member] = json!({});
        }
        parent[member][entry["key"].as_str().expect("a key")] = entry["value"].clone();
    } else {
        parent[member] = entry.clone();
    }
}

/// Whether the field is within another one, `resources`.
fn is_of_resources(field: &str) -> bool {
    ["limits", "requests"].contains(&field)
}

/// Adds `entry` to a dependency.
pub fn put_into_dependency(dependency: &mut Value, field: &str, entry: &Value) {
    let parent = if is_of_resources(field) { &mut dependency["resources"] } else { dependency };
    put_into(parent, field, field, entry);
}

/// Adds `entry` to an object: what goes into containers, to one of its containers.
pub fn put_into_object(draw: &mut Draw, object: &mut Value, kind: Kind, field: &str, entry: &Value) {
    if ["labels", "annotations"].contains(&field) {
        return put_into(&mut object["metadata"], field, field, entry);
    }
    let Some(spec) = object.pointer_mut(kind.pod_spec()).filter(|spec| spec.is_object()) else { return };
    if !is_in_containers(field) {
        return put_into(spec, field, if field == "sidecars" { "containers" } else { field }, entry);
    }
    let list = if draw.chance(85) { "containers" } else { "initContainers" };
    let Some(containers) = spec.get_mut(list).and_then(Value::as_array_mut).filter(|list| !list.is_empty()) else {
        return;
    };
    let at = if draw.chance(60) { 0 } else { draw.below(containers.len()) };
    let container = &mut containers[at];
    if !container.is_object() {
        return;
    }
    if is_of_resources(field) {
        if !container["resources"].is_object() {
            container["resources"] = json!({});
        }
        return put_into(&mut container["resources"], field, field, entry);
    }
    let member = if field == "containerSecurityContext" { "securityContext" } else { field };
    put_into(container, field, member, entry);
}

/// What `value` says for an object of this name, once placeholders are filled in.
pub fn filled_in(value: &Value, name: &str) -> Value {
    match value {
        Value::String(text) => json!(text.replace("{namespace}", NAMESPACE).replace("{name}", name)),
        Value::Array(items) => items.iter().map(|item| filled_in(item, name)).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (key.clone(), filled_in(value, name)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}
