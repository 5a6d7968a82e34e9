//! Which part of a file are a policy's settings.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

/// Settings as the policy server hands them on: an object, and nothing at all is an empty one.
///
/// A whole `ClusterAdmissionPolicy` or `AdmissionPolicy` may stand there too, then its `spec.settings` count, so that
/// the file that goes to the cluster is the file that was tried. Of several documents one must be such a policy.
///
/// ```
/// # use {policy_host::settings_of, serde_json::json};
/// let policy = json!({
///     "apiVersion": "policies.kubewarden.io/v1", "kind": "ClusterAdmissionPolicy", "spec": {"settings": {"a": 1}},
/// });
/// let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"});
/// assert_eq!(settings_of(vec![policy.clone()]).unwrap(), json!({"a": 1}));
/// assert_eq!(settings_of(vec![policy.clone(), role.clone()]).unwrap(), json!({"a": 1}));
/// assert_eq!(settings_of(vec![json!({"a": 1})]).unwrap(), json!({"a": 1}));
/// assert_eq!(settings_of(vec![json!(null)]).unwrap(), json!({}));
/// assert_eq!(settings_of(vec![]).unwrap(), json!({}));
/// for (documents, error) in [
///     (vec![json!([1])], "the settings are a list, not an object"),
///     (vec![role.clone(), role], "of several documents one must be a policy, found 0"),
///     (vec![policy.clone(), policy], "of several documents one must be a policy, found 2"),
/// ] {
///     assert_eq!(settings_of(documents).unwrap_err().to_string(), error);
/// }
/// ```
pub fn settings_of(mut documents: Vec<Value>) -> Result<Value> {
    if documents.len() > 1 {
        documents.retain(is_policy);
        if documents.len() != 1 {
            bail!("of several documents one must be a policy, found {}", documents.len());
        }
    }
    let document = documents.pop().unwrap_or_default();
    let settings = if is_policy(&document) { document["spec"]["settings"].clone() } else { document };
    match settings {
        Value::Object(_) => Ok(settings),
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Array(_) => bail!("the settings are a list, not an object"),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => bail!("the settings are a single value, not an object"),
    }
}

/// Where the settings of a policy manifest are.
pub(crate) const POLICY_SETTINGS: &str = "spec.settings";

/// Whether this is the manifest of a policy.
pub(crate) fn is_policy(document: &Value) -> bool {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    text("apiVersion").starts_with("policies.kubewarden.io/")
        && matches!(text("kind"), "ClusterAdmissionPolicy" | "AdmissionPolicy")
}
