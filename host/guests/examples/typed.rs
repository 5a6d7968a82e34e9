//! The style of the field: the SDK's request, the object read into types and written from them, with one pull secret
//! added.

use k8s_openapi::api::core::v1::{LocalObjectReference, Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubewarden_policy_sdk::request::ValidationRequest;
use kubewarden_policy_sdk::{accept_request, mutate_request};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wapc_guest::{CallResult, register_function};

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

/// Registers `validate`, which adds a pull secret to a Notebook or a pod.
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
}

fn validate(payload: &[u8]) -> CallResult {
    let request = ValidationRequest::<Value>::new(payload)?.request;
    match (request.operation.as_str(), request.kind.kind.as_str()) {
        ("CREATE" | "UPDATE", "Notebook") if request.kind.group == "kubeflow.org" => {
            let mut notebook: Notebook = serde_json::from_value(request.object)?;
            add(&mut notebook.spec.template.spec);
            mutate_request(serde_json::to_value(notebook)?)
        }
        ("CREATE", "Pod") => {
            let mut pod: Pod = serde_json::from_value(request.object)?;
            add(pod.spec.get_or_insert_default());
            mutate_request(serde_json::to_value(pod)?)
        }
        _ => accept_request(),
    }
}

fn add(spec: &mut PodSpec) {
    let secrets = spec.image_pull_secrets.get_or_insert_default();
    if !secrets.iter().any(|secret| secret.name == "gpr-credentials") {
        secrets.push(LocalObjectReference { name: "gpr-credentials".to_owned() });
    }
}
