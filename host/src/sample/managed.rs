//! `managedFields`: who wrote which field.

use serde_json::{Map, Value, json};

use super::time::Time;

/// Who wrote something.
pub(super) struct Manager<'a> {
    /// What the client calls itself.
    pub(super) name: &'a str,
    /// The version of the API that it spoke.
    pub(super) api_version: &'a str,
    /// `Update` or `Apply`.
    pub(super) operation: &'a str,
    /// `status`, where it wrote that alone.
    pub(super) subresource: Option<&'a str>,
}

impl Manager<'_> {
    /// One who writes the object by `Update`.
    pub(super) fn updating<'a>(name: &'a str, api_version: &'a str) -> Manager<'a> {
        Manager { name, api_version, operation: "Update", subresource: None }
    }

    /// The entry of this one.
    pub(super) fn entry(&self, fields: Value, time: Time) -> Value {
        let mut entry = json!({
            "apiVersion": self.api_version, "fieldsType": "FieldsV1", "fieldsV1": fields, "manager": self.name,
            "operation": self.operation, "time": time.to_string(),
        });
        if let Some(subresource) = self.subresource {
            entry["subresource"] = json!(subresource);
        }
        entry
    }
}

/// By what the server tells the entries of a list apart, in the types that are built into it.
const LIST_MAPS: [(&str, &[&str]); 12] = [
    ("conditions", &["type"]),
    ("containers", &["name"]),
    ("env", &["name"]),
    ("hostIPs", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("ownerReferences", &["uid"]),
    ("podIPs", &["ip"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeDevices", &["devicePath"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];

/// What is in `metadata` and nobody manages.
const NOBODYS: [&str; 8] =
    ["creationTimestamp", "generation", "managedFields", "name", "namespace", "resourceVersion", "selfLink", "uid"];

/// The fields of a custom resource, in whose lists the server does not look.
pub(super) fn of_custom(object: &Value) -> Value {
    of_object(object, &|_, _| json!({}))
}

/// The fields of an object of a type that is built into the server.
pub(super) fn of_builtin(object: &Value) -> Value {
    of_object(object, &list)
}

/// These members of a map, `["metadata", "annotations"]`.
pub(super) fn of_members(path: &[&str], members: &[&str]) -> Value {
    let fields = members.iter().map(|name| (format!("f:{name}"), json!({}))).collect::<Map<_, _>>();
    path.iter().rev().fold(Value::Object(fields), |below, name| json!({ format!("f:{name}"): below }))
}

type List = dyn Fn(&str, &[Value]) -> Value;

fn of_object(object: &Value, list: &List) -> Value {
    let mut fields = Map::new();
    for (part, value) in object.as_object().into_iter().flatten() {
        let members = value.as_object().into_iter().flatten();
        let members = members.filter(|(name, _)| part != "metadata" || !NOBODYS.contains(&name.as_str()));
        let below: Map<_, _> =
            members.map(|(name, value)| (format!("f:{name}"), of_value(name, value, list))).collect();
        if !below.is_empty() {
            fields.insert(format!("f:{part}"), Value::Object(below));
        }
    }
    Value::Object(fields)
}

fn of_value(name: &str, value: &Value, list: &List) -> Value {
    match value {
        Value::Array(items) => list(name, items),
        Value::Object(members) if !members.is_empty() => {
            let members = members.iter().map(|(name, value)| (format!("f:{name}"), of_value(name, value, list)));
            Value::Object(members.chain([(".".to_owned(), json!({}))]).collect())
        }
        _ => json!({}),
    }
}

fn list(name: &str, items: &[Value]) -> Value {
    let Some((_, keys)) = LIST_MAPS.iter().find(|(list, _)| *list == name) else { return json!({}) };
    let entries = items.iter().map(|item| {
        let key: Map<_, _> = keys.iter().map(|key| ((*key).to_owned(), item[*key].clone())).collect();
        (format!("k:{}", Value::Object(key)), of_value("", item, &list))
    });
    Value::Object(entries.chain([(".".to_owned(), json!({}))]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_an_object() {
        let object = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "uid": "1", "labels": {"a": "b"}},
            "spec": {
                "containers": [{"name": "c", "command": ["x"], "ports": [{"containerPort": 1, "protocol": "TCP"}]}],
                "affinity": {},
            },
        });
        let labels = json!({".": {}, "f:a": {}});
        assert_eq!(
            of_custom(&object),
            json!({"f:metadata": {"f:labels": labels}, "f:spec": {"f:affinity": {}, "f:containers": {}}})
        );
        let port = json!({".": {}, "f:containerPort": {}, "f:protocol": {}});
        let ports = json!({".": {}, r#"k:{"containerPort":1,"protocol":"TCP"}"#: port});
        let container = json!({".": {}, "f:name": {}, "f:command": {}, "f:ports": ports});
        let containers = json!({".": {}, r#"k:{"name":"c"}"#: container});
        assert_eq!(
            of_builtin(&object),
            json!({"f:metadata": {"f:labels": labels}, "f:spec": {"f:affinity": {}, "f:containers": containers}})
        );
        assert_eq!(
            of_members(&["metadata", "annotations"], &["a/b"]),
            json!({"f:metadata": {"f:annotations": {"f:a/b": {}}}})
        );
    }
}
