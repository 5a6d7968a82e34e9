//! Helpers of the tables: minimal Notebooks, pipeline pods and other pods, requests for them, settings, and what to compare in an
//! outcome.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::evaluator::{Outcome, run};

/// The kinds of objects that the policy acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Notebook,
    PipelinePod,
    Pod,
}

impl Kind {
    /// Those of which each has a pod spec in another place.
    pub const BOTH: [Kind; 2] = [Kind::Notebook, Kind::PipelinePod];

    pub const ALL: [Kind; 3] = [Kind::Notebook, Kind::PipelinePod, Kind::Pod];

    /// An object of this kind, called `main`, with this pod spec and nothing that is not needed.
    pub fn object(self, pod_spec: Value) -> Value {
        match self {
            Kind::Notebook => json!({
                "apiVersion": "kubeflow.org/v1",
                "kind": "Notebook",
                "metadata": {"name": "main", "namespace": "team-a"},
                "spec": {"template": {"spec": pod_spec}},
            }),
            Kind::PipelinePod => json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": "main",
                    "namespace": "team-a",
                    "annotations": {"workflows.argoproj.io/node-name": "train.root.step"},
                },
                "spec": pod_spec,
            }),
            Kind::Pod => json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "main", "namespace": "team-a"},
                "spec": pod_spec,
            }),
        }
    }

    /// Where its pod spec is.
    pub fn pod_spec(self) -> &'static str {
        match self {
            Kind::Notebook => "/spec/template/spec",
            Kind::PipelinePod | Kind::Pod => "/spec",
        }
    }

    /// The pod spec's path, as messages write it.
    pub fn pod_spec_name(self) -> &'static str {
        match self {
            Kind::Notebook => "spec.template.spec",
            Kind::PipelinePod | Kind::Pod => "spec",
        }
    }

    /// What the settings call the list of its dependencies.
    pub fn list(self) -> &'static str {
        match self {
            Kind::Notebook => "notebooks",
            Kind::PipelinePod => "pipelinePods",
            Kind::Pod => "pods",
        }
    }

    /// Settings with these dependencies, all of them for this kind, in the order of their names.
    pub fn settings(self, dependencies: Value) -> Value {
        let names = names(&dependencies);
        self.settings_for(dependencies, &names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Settings with these dependencies, those called `wanted` for this kind, in this order. The others are for
    /// another kind, since every dependency must be used.
    pub fn settings_for(self, dependencies: Value, wanted: &[&str]) -> Value {
        let other = if self == Kind::Notebook { Kind::PipelinePod } else { Kind::Notebook };
        let all = names(&dependencies);
        let unwanted: Vec<_> = all.iter().filter(|name| !wanted.contains(&name.as_str())).collect();
        json!({"dependencies": dependencies, self.list(): wanted, other.list(): unwanted, "runningNotebooks": "Restart"})
    }
}

fn names(dependencies: &Value) -> Vec<String> {
    dependencies.as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

/// Settings with these dependencies, all of them for notebooks, and the defaults of everything else.
pub fn notebook_settings(dependencies: Value) -> Value {
    json!({"notebooks": names(&dependencies), "dependencies": dependencies})
}

/// The request that creates `object`, in namespace `team-a`.
pub fn create(object: Value) -> Value {
    request("CREATE", object, Value::Null)
}

/// The request that changes `old` to `new`.
pub fn update(old: Value, new: Value) -> Value {
    request("UPDATE", new, old)
}

fn request(operation: &str, object: Value, old: Value) -> Value {
    let (group, resource) = match object["kind"].as_str() {
        Some("Notebook") => ("kubeflow.org", "notebooks"),
        _ => ("", "pods"),
    };
    json!({
        "uid": "42",
        "kind": {"group": group, "version": "v1", "kind": object["kind"]},
        "resource": {"group": group, "version": "v1", "resource": resource},
        "name": object["metadata"]["name"],
        "namespace": "team-a",
        "operation": operation,
        "userInfo": {},
        "object": object,
        "oldObject": old,
    })
}

/// Creates `object`, which must be allowed.
pub fn created(object: &Value, settings: &Value) -> Outcome {
    let outcome = run(create(object.clone()), settings.clone());
    assert!(outcome.allowed, "{:?}\n{object:#}\n{settings:#}", outcome.message);
    outcome
}

/// Changes `old` to `new`, which must be allowed.
pub fn updated(old: &Value, new: &Value, settings: &Value) -> Outcome {
    let outcome = run(update(old.clone(), new.clone()), settings.clone());
    assert!(outcome.allowed, "{:?}\n{old:#}\n{new:#}\n{settings:#}", outcome.message);
    outcome
}

/// Creates `object`, which must be refused with 422, and returns the message.
pub fn refused(object: &Value, settings: &Value) -> String {
    let outcome = run(create(object.clone()), settings.clone());
    assert!(!outcome.allowed, "it is allowed: {:#}\n{settings:#}", outcome.object);
    assert_eq!((outcome.code, &outcome.patch), (Some(422), &Vec::new()));
    outcome.message.unwrap_or_default()
}

/// `object` with the value at `pointer` set, or removed. What holds it must be there; `-` is the end of a list.
pub fn with(object: &Value, pointer: &str, value: impl Into<Option<Value>>) -> Value {
    let mut object = object.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer with a slash");
    let key = key.replace("~1", "/").replace("~0", "~");
    match (object.pointer_mut(parent), value.into()) {
        (Some(Value::Object(members)), Some(value)) => _ = members.insert(key, value),
        (Some(Value::Object(members)), None) => _ = members.remove(&key),
        (Some(Value::Array(items)), Some(value)) if key == "-" => items.push(value),
        (Some(Value::Array(items)), value) => {
            let at: usize = key.parse().expect("an index");
            match value {
                Some(value) => items[at] = value,
                None => _ = items.remove(at),
            }
        }
        _ => panic!("{pointer}: there is nothing that could hold it in {object:#}"),
    }
    object
}

/// The names of the main containers of pods that name none, in this order (contract, "Chosen containers").
pub const MAIN_CONTAINERS: [&str; 9] = [
    "main",
    "node",
    "pytorch",
    "tensorflow",
    "kserve-container",
    "spark-kubernetes-driver",
    "spark-kubernetes-executor",
    "ray-head",
    "ray-worker",
];

/// Where the certificates of `caBundle` are mounted (contract, "Ready-made parts").
pub const CA_FILES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// The variables that say where they are.
pub const CA_VARIABLES: [&str; 7] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];

/// The names of containers that are another's in every object (contract, "Chosen containers").
pub const ANOTHERS: [&str; 8] = [
    "istio-proxy",
    "linkerd-proxy",
    "kuma-sidecar",
    "vault-agent",
    "kube-rbac-proxy",
    "oauth-proxy",
    "queue-proxy",
    "metrics-logger-and-collector",
];

/// The init container of NAV's settings, `test_data/settings.yaml` and `test_data/nais/settings.yaml`, for a team.
pub fn vks(version: &str, team: &str) -> Value {
    json!({
        "name": "vks",
        "image": format!("navikt/vks:{version}"),
        "env": [
            {"name": "VKS_VAULT_ADDR", "value": "https://vault.adeo.no"},
            {"name": "VKS_AUTH_PATH", "value": "/kubernetes/prod/kubeflow"},
            {"name": "VKS_KV_PATH", "value": format!("/kv/prod/kubeflow/{team}/{team}")},
            {"name": "VKS_VAULT_ROLE", "value": team},
            {"name": "VKS_SECRET_DEST_PATH", "value": "/var/run/secrets/nais.io/vault"},
        ],
        "volumeMounts": [secrets_mount()],
        "securityContext": {"allowPrivilegeEscalation": false},
    })
}

/// The mount of [`secrets_volume`].
pub fn secrets_mount() -> Value {
    json!({"name": "vault-secrets", "mountPath": "/var/run/secrets/nais.io/vault"})
}

/// The volume in which [`vks`] puts secrets.
pub fn secrets_volume() -> Value {
    json!({"name": "vault-secrets", "emptyDir": {"medium": "Memory"}})
}

/// The policy's annotations.
const ANNOTATIONS: [&str; 3] =
    ["mutatingflow.nais.io/injected", "mutatingflow.nais.io/status", "mutatingflow.nais.io/update-pending"];

/// An object without the policy's annotations, and their values.
#[derive(Clone, Debug, PartialEq)]
pub struct Injected {
    /// The object. It has no `annotations` where only the policy's were there.
    pub object: Value,
    /// What the record says of objects of this kind, by dependency: the keys of what was added, by place; those of them
    /// that `Override` put in the place of the user's also stand by place under `overridden`. What it says of another kind
    /// stands under that kind's name. `null` where there is no record. The key of an entry that merges by its whole value
    /// is a hash, which is replaced by `#`.
    pub record: Value,
    /// The names of the dependencies that wait; `null` where none does.
    pub pending: Value,
}

/// Splits `object` into the policy's annotations and the rest.
pub fn split_annotations(object: &Value) -> Injected {
    let mut object = object.clone();
    let mut values = BTreeMap::new();
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        values = ANNOTATIONS.iter().filter_map(|name| Some((*name, annotations.remove(*name)?))).collect();
        if annotations.is_empty() {
            object["metadata"].as_object_mut().expect("an object").remove("annotations");
        }
    }
    let [injected, status, pending] = ANNOTATIONS.map(|name| values.remove(name).unwrap_or_default());
    let record = injected.as_str().map(|injected| readable(injected, &object["kind"])).unwrap_or_default();
    // Beside a record of another kind alone there may be the status that was copied with it.
    if record.is_null() || record.as_object().is_some_and(|record| record.keys().any(|name| !is_kind(name))) {
        let marked = if record.is_null() { Value::Null } else { json!("injected") };
        assert_eq!(status, marked, "there is a status where there is a record");
    }
    Injected { object, record, pending }
}

/// The record of an object of this kind, as in [`Injected`].
fn readable(record: &str, kind: &Value) -> Value {
    let mut record: BTreeMap<String, Value> = serde_json::from_str(record).expect("a record");
    // Beside the kinds there may be the hash of the template at which the user asked for what waited.
    let applied = record.remove("applied");
    assert!(applied.is_none_or(|hash| hash.as_str().is_some_and(is_hash)), "a hash");
    let kinds = record.into_iter().map(|(kind, of)| {
        (kind, serde_json::from_value::<BTreeMap<String, Value>>(of).expect("what was added, by dependency"))
    });
    let kinds: BTreeMap<_, _> = kinds.collect();
    assert!(!kinds.is_empty(), "an annotation says something");
    let mut readable = Map::new();
    for (of, dependencies) in kinds {
        assert!(is_kind(&of), "by kind: {of}");
        assert!(!dependencies.is_empty(), "a kind of which there is nothing to say is left out: {of}");
        let dependencies = dependencies.into_iter().map(|(name, part)| (name, keys(part)));
        if kind == &of {
            readable.extend(dependencies);
        } else {
            readable.insert(of, dependencies.collect::<Map<_, _>>().into());
        }
    }
    readable.into()
}

/// No dependency is called like a kind.
fn is_kind(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// What a record says of one dependency, as in [`Injected`].
fn keys(mut part: Value) -> Value {
    let part = part.as_object_mut().expect("an object");
    let hash = part.remove("hash").expect("a hash");
    assert!(hash.as_str().is_some_and(is_hash), "{hash}");
    let added = part.remove("added").expect("what was added");
    let overridden = part.remove("overridden");
    assert!(part.is_empty(), "a hash, what was added, and what of it is in the place of the user's: {part:?}");
    let mut readable = without_hashes(&added);
    if let Some(overridden) = overridden {
        for (place, keys) in overridden.as_object().expect("an object") {
            let is_added = |key| added[place].as_array().is_some_and(|added| added.contains(key));
            assert!(keys.as_array().expect("keys").iter().all(is_added), "{overridden} is part of {added}");
        }
        readable.insert("overridden".to_owned(), without_hashes(&overridden).into());
    }
    readable.into()
}

/// Keys by place, in which those that are hashes are replaced.
fn without_hashes(places: &Value) -> Map<String, Value> {
    let key = |key: &Value| if is_hash(key.as_str().expect("a key")) { json!("#") } else { key.clone() };
    let keys = |keys: &Value| keys.as_array().expect("keys").iter().map(key).collect::<Value>();
    places.as_object().expect("keys by place").iter().map(|(place, at)| (place.clone(), keys(at))).collect()
}

fn is_hash(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Asserts that the patch of `outcome` has exactly these operations, in any order, each as `[op, path, value]`. The
/// value of the record annotation is written as in [`Injected`].
pub fn assert_patch(outcome: &Outcome, expected: Value) {
    let operation = |operation: &Value| {
        let mut value = operation["value"].clone();
        let is_record =
            operation["path"].as_str().is_some_and(|path| path.ends_with("/mutatingflow.nais.io~1injected"));
        if let Some(record) = if is_record { Some(&mut value) } else { value.get_mut(ANNOTATIONS[0]) } {
            *record = record.as_str().map(|record| readable(record, &outcome.object["kind"])).unwrap_or_default();
        }
        match value {
            Value::Null => json!([operation["op"], operation["path"]]),
            value => json!([operation["op"], operation["path"], value]),
        }
    };
    let sorted = |mut operations: Vec<Value>| {
        operations.sort_by_key(Value::to_string);
        format!("{:#}", Value::from(operations))
    };
    let found = sorted(outcome.patch.iter().map(operation).collect());
    let expected = sorted(expected.as_array().expect("a list of operations").clone());
    assert!(found == expected, "expected {expected}\nfound {found}");
}
