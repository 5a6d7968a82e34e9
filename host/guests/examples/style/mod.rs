//! The style of the field: the SDK's request, the object read into types, changed and written from them.

use k8s_openapi::api::core::v1::{LocalObjectReference, Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubewarden_policy_sdk::request::ValidationRequest;
use kubewarden_policy_sdk::{accept_request, mutate_request};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wapc_guest::CallResult;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notebook {
    api_version: String,
    kind: String,
    metadata: ObjectMeta,
    spec: NotebookSpec,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    status: Value,
}

#[derive(Serialize, Deserialize)]
struct NotebookSpec {
    template: Template,
}

#[derive(Serialize, Deserialize)]
struct Template {
    spec: PodSpec,
}

/// Has `add` change the pod spec of a Notebook or of a pod. It is told the namespace, and the main container's name.
pub fn validate(payload: &[u8], add: impl Fn(&mut PodSpec, &str, &str)) -> CallResult {
    let request = ValidationRequest::<Value>::new(payload)?.request;
    match (request.operation.as_str(), request.kind.kind.as_str()) {
        ("CREATE" | "UPDATE", "Notebook") if request.kind.group == "kubeflow.org" => {
            let mut notebook: Notebook = serde_json::from_value(request.object)?;
            add(&mut notebook.spec.template.spec, &request.namespace, &request.name);
            mutate_request(serde_json::to_value(notebook)?)
        }
        ("CREATE", "Pod") => {
            let mut pod: Pod = serde_json::from_value(request.object)?;
            add(pod.spec.get_or_insert_default(), &request.namespace, "main");
            mutate_request(serde_json::to_value(pod)?)
        }
        _ => accept_request(),
    }
}

/// Adds the pull secret, unless it is there.
pub fn add_pull_secret(spec: &mut PodSpec) {
    let secret = LocalObjectReference { name: "gpr-credentials".to_owned() };
    push_new(&mut spec.image_pull_secrets, secret, |secret| &secret.name);
}

/// Appends `entry`, unless one of the same key is there.
pub fn push_new<T>(list: &mut Option<Vec<T>>, entry: T, key: impl Fn(&T) -> &String) {
    let list = list.get_or_insert_default();
    if !list.iter().any(|present| key(present) == key(&entry)) {
        list.push(entry);
    }
}
