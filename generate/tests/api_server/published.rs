//! The published schemas of Kubernetes, from the crate k8s-openapi.

use jsonschema::Validator;
use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The schemas of what a pod is made of.
pub struct Published {
    metadata: Validator,
    spec: Validator,
}

impl Published {
    /// Compiled, which takes a while.
    pub fn new() -> Self {
        Published { metadata: validator::<ObjectMeta>(), spec: validator::<PodSpec>() }
    }

    /// What of a pod is not as its schemas have it.
    pub fn problems(&self, pod: &Value) -> Vec<String> {
        let parts = [(&self.metadata, "metadata"), (&self.spec, "spec")];
        let of = |(validator, name): (&Validator, &str)| {
            let part = without_nulls(&pod[name]);
            let errors = if validator.is_valid(&part) { Vec::new() } else { validator.iter_errors(&part).collect() };
            errors.iter().map(|error| format!("{name}{}: {error}", error.instance_path())).collect::<Vec<_>>()
        };
        parts.into_iter().flat_map(of).collect()
    }
}

/// The server takes `null` for nothing.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            members.map(|(key, value)| (key.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn validator<T: JsonSchema>() -> Validator {
    let mut generator = SchemaGenerator::default();
    let mut schema = generator.subschema_for::<T>().to_value();
    let mut definitions: Map<_, _> = generator.take_definitions(true);
    definitions.values_mut().for_each(make_strict);
    schema["$defs"] = Value::Object(definitions);
    jsonschema::draft202012::new(&schema).expect("a published schema is a schema")
}

/// Puts into a schema what it leaves to formats and to words, and that nothing else is known.
fn make_strict(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            if members.get("format") == Some(&json!("int32")) {
                members.insert("minimum".to_owned(), json!(i32::MIN));
                members.insert("maximum".to_owned(), json!(i32::MAX));
            }
            if members.get("x-kubernetes-int-or-string") == Some(&json!(true)) {
                members.insert("type".to_owned(), json!(["number", "string"]));
            }
            members.values_mut().for_each(make_strict);
        }
        Value::Array(items) => items.iter_mut().for_each(make_strict),
        _ => {}
    }
}
