//! From a plain manifest to the request that the API server would make of it.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::request::{AdmissionRequest, GroupVersionKind, GroupVersionResource, UserInfo};

/// What is done to the object.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// It is new.
    Create,
    /// It takes the place of an older one.
    Update {
        /// The stored object. The API server always sends it.
        old: Option<Value>,
    },
    /// It goes. The API server sends it as the old object then, and no new one.
    Delete,
}

/// Makes a request of an object.
///
/// What the manifest does not say is filled in as the server does: its namespace is `namespace`, else `default`; the
/// resource is the kind in lower case and in the plural. An object whose name the server still has to generate gives
/// a request without a name.
///
/// ```
/// # use {policy_host::{Operation, request_for}, serde_json::json};
/// let notebook = json!({"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "churn"}});
/// let request = request_for(notebook, Operation::Create, Some("team-a")).unwrap();
/// assert_eq!(request.resource.resource, "notebooks");
/// assert_eq!(request.object.unwrap()["metadata"]["namespace"], "team-a");
/// ```
pub fn request_for(mut object: Value, operation: Operation, namespace: Option<&str>) -> Result<AdmissionRequest> {
    let (group, version, kind) = group_version_kind(&object)?;
    let namespace = settle_namespace(&mut object, namespace)?;
    let name = object["metadata"]["name"].as_str().map(str::to_owned);

    let kind = GroupVersionKind { group: group.clone(), version: version.clone(), kind };
    let resource = GroupVersionResource { group, version, resource: plural(&kind.kind) };
    let (operation, options, object, old_object) = match operation {
        Operation::Create => ("CREATE", "CreateOptions", Some(object), None),
        Operation::Update { old } => ("UPDATE", "UpdateOptions", Some(object), old),
        Operation::Delete => ("DELETE", "DeleteOptions", None, Some(object)),
    };
    Ok(AdmissionRequest {
        // The server draws one; a constant keeps the output the same from run to run.
        uid: "00000000-0000-0000-0000-000000000000".to_owned(),
        request_kind: Some(kind.clone()),
        kind,
        request_resource: Some(resource.clone()),
        resource,
        name,
        namespace: Some(namespace),
        operation: operation.to_owned(),
        user_info: UserInfo { username: Some("policy-host".to_owned()), ..UserInfo::default() },
        object,
        old_object,
        dry_run: Some(false),
        options: Some(json!({"apiVersion": "meta.k8s.io/v1", "kind": options})),
        ..AdmissionRequest::default()
    })
}

/// The object in its namespace: its own, else `namespace`, else `default`.
///
/// # Errors
/// It has another one than `namespace`, or is no manifest of an object.
pub fn in_namespace(mut object: Value, namespace: Option<&str>) -> Result<Value> {
    group_version_kind(&object)?;
    settle_namespace(&mut object, namespace)?;
    Ok(object)
}

fn group_version_kind(object: &Value) -> Result<(String, String, String)> {
    let text = |key: &str| {
        object.get(key).and_then(Value::as_str).with_context(|| format!("{key}: must be a string, as in any manifest"))
    };
    let (api_version, kind) = (text("apiVersion")?, text("kind")?);
    if kind == "List" {
        bail!("kind: found a List, but one request has one object; policy-host report reads lists");
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Ok((group.to_owned(), version.to_owned(), kind.to_owned()))
}

/// The namespace of request and object, which the server keeps the same.
fn settle_namespace(object: &mut Value, wanted: Option<&str>) -> Result<String> {
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut).context("metadata: must be an object")?;
    let own = metadata.get("namespace").and_then(Value::as_str).filter(|namespace| !namespace.is_empty());
    if let (Some(own), Some(wanted)) = (own, wanted)
        && own != wanted
    {
        bail!("metadata.namespace: found {own:?}, but the namespace asked for is {wanted:?}");
    }
    let namespace = own.or(wanted).unwrap_or("default").to_owned();
    metadata.insert("namespace".to_owned(), Value::String(namespace.clone()));
    Ok(namespace)
}

/// The guess that Kubernetes' own tools make where they cannot ask the server.
fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    match singular.as_bytes() {
        b"endpoints" => singular,
        [.., b's'] => format!("{singular}es"),
        [stem @ .., b'y'] => format!("{}ies", String::from_utf8_lossy(stem)),
        _ => format!("{singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals() {
        let cases =
            [("Notebook", "notebooks"), ("Ingress", "ingresses"), ("Policy", "policies"), ("Endpoints", "endpoints")];
        for (kind, expected) in cases {
            assert_eq!(plural(kind), expected, "{kind}");
        }
    }

    #[test]
    fn manifests_that_are_refused() {
        let cases = [
            ("no apiVersion", json!({"kind": "Pod", "metadata": {}}), "apiVersion: must be a string"),
            ("a kind that is no string", json!({"apiVersion": "v1", "kind": 1}), "kind: must be a string"),
            ("no metadata", json!({"apiVersion": "v1", "kind": "Pod"}), "metadata: must be an object"),
            ("a list", json!({"apiVersion": "v1", "kind": "List", "items": []}), "one request has one object"),
            (
                "another namespace",
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "mine"}}),
                r#"metadata.namespace: found "mine", but the namespace asked for is "team-a""#,
            ),
            ("not an object", json!("Pod"), "apiVersion: must be a string"),
        ];
        for (name, manifest, expected) in cases {
            let error = request_for(manifest, Operation::Create, Some("team-a")).expect_err(name).to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
    }

    #[test]
    fn which_object_goes_where() {
        let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}});
        let old = json!({"old": true});
        let cases = [
            ("a new one", Operation::Create, "CREATE", Some(&object), None),
            ("a change", Operation::Update { old: Some(old.clone()) }, "UPDATE", Some(&object), Some(&old)),
            ("a change of something unknown", Operation::Update { old: None }, "UPDATE", Some(&object), None),
            ("a deletion", Operation::Delete, "DELETE", None, Some(&object)),
        ];
        for (name, operation, word, new, old) in cases {
            let request = request_for(object.clone(), operation, None).expect(name);
            assert_eq!(request.operation, word, "{name}");
            assert_eq!((request.object.as_ref(), request.old_object.as_ref()), (new, old), "{name}");
            assert_eq!((request.name.as_deref(), request.namespace.as_deref()), (Some("p"), Some("n")), "{name}");
        }
    }
}
