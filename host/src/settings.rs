//! Which part of a document are a policy's settings.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

/// Settings as the policy server hands them on: an object, and nothing at all is an empty one.
///
/// A whole `ClusterAdmissionPolicy` or `AdmissionPolicy` may stand there too, then its `spec.settings` count, so that
/// the file that goes to the cluster is the file that was tried.
///
/// ```
/// # use {policy_host::settings_of, serde_json::json};
/// let policy = json!({
///     "apiVersion": "policies.kubewarden.io/v1", "kind": "ClusterAdmissionPolicy", "spec": {"settings": {"a": 1}},
/// });
/// assert_eq!(settings_of(policy).unwrap(), json!({"a": 1}));
/// assert_eq!(settings_of(json!({"a": 1})).unwrap(), json!({"a": 1}));
/// assert_eq!(settings_of(json!(null)).unwrap(), json!({}));
/// assert_eq!(settings_of(json!([1])).unwrap_err().to_string(), "the settings are no object but a list");
/// ```
pub fn settings_of(document: Value) -> Result<Value> {
    let settings = if is_policy(&document) { document["spec"]["settings"].clone() } else { document };
    match settings {
        Value::Object(_) => Ok(settings),
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Array(_) => bail!("the settings are no object but a list"),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => bail!("the settings are no object but a single value"),
    }
}

fn is_policy(document: &Value) -> bool {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    text("apiVersion").starts_with("policies.kubewarden.io/")
        && matches!(text("kind"), "ClusterAdmissionPolicy" | "AdmissionPolicy")
}
