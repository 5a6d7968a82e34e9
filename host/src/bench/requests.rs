//! Requests and settings of every size, grown from those in `test_data/`.

use serde_json::{Value, json};

use crate::{AdmissionRequest, testing::test_data};

/// The settings of `test_data/settings.yaml`, with these dependencies for Notebooks.
#[must_use]
pub fn settings(notebooks: &[&str]) -> Value {
    let mut settings = test_data("settings.yaml");
    settings["notebooks"] = json!(notebooks);
    settings
}

/// One pull secret, and three more dependencies that no Notebook asks for.
#[must_use]
pub fn registry() -> Value {
    settings(&["registry"])
}

/// Everything there is, for every Notebook.
#[must_use]
pub fn all_four() -> Value {
    settings(&["registry", "proxy", "trust", "vault"])
}

/// [`all_four`], for all containers instead of the main one.
#[must_use]
pub fn all_four_everywhere() -> Value {
    let mut settings = all_four();
    for dependency in settings["dependencies"].as_object_mut().into_iter().flat_map(|names| names.values_mut()) {
        dependency["containers"] = json!("All");
    }
    settings
}

/// One dependency that adds this many variables.
#[must_use]
pub fn adding_env(count: usize) -> Value {
    let env = (0..count).map(|i| variable(&format!("OURS_{i}"), &format!("value {i}"))).collect::<Vec<_>>();
    json!({"dependencies": {"variables": {"env": env}}, "notebooks": ["variables"]})
}

/// A request as it is in `test_data/requests/`.
#[must_use]
pub fn recorded(name: &str) -> AdmissionRequest {
    let request = AdmissionRequest::from_json(test_data(&format!("requests/{name}.json")));
    request.unwrap_or_else(|error| panic!("{name}: {error:#}"))
}

/// The Notebook that most people create: 20 variables, 2 volumes.
#[must_use]
pub fn typical_notebook() -> AdmissionRequest {
    with_env((0..20).map(|i| variable(&format!("VARIABLE_{i}"), &format!("some value number {i}"))).collect())
}

/// A Notebook whose object is as long as this, or an entry longer: variables fill it.
#[must_use]
pub fn notebook_of(bytes: usize) -> AdmissionRequest {
    let mut length = object_bytes(&with_env(Vec::new()));
    let mut env = Vec::new();
    while length < bytes {
        let entry = variable(&format!("VARIABLE_{}", env.len()), &format!("{:x<60} number {}", "", env.len()));
        length += entry.to_string().len() + 1;
        env.push(entry);
    }
    with_env(env)
}

/// A Notebook whose object is about as long as this: one annotation fills it.
#[must_use]
pub fn annotated_notebook_of(bytes: usize) -> AdmissionRequest {
    let mut request = typical_notebook();
    let rest = bytes.saturating_sub(object_bytes(&request));
    object(&mut request)["metadata"]["annotations"]["example.org/notes"] = json!("y".repeat(rest));
    request
}

/// A Notebook with this many variables of its own.
#[must_use]
pub fn notebook_with_env(count: usize) -> AdmissionRequest {
    with_env((0..count).map(|i| variable(&format!("USER_{i}"), &format!("value {i}"))).collect())
}

/// A Notebook with this many containers, each as in [`typical_notebook`].
#[must_use]
pub fn notebook_with_containers(count: usize) -> AdmissionRequest {
    let mut request = typical_notebook();
    let containers = &mut object(&mut request)["spec"]["template"]["spec"]["containers"];
    let named = |i| {
        let mut container = containers[0].clone();
        container["name"] = json!(format!("container-{i}"));
        container
    };
    *containers = (0..count).map(named).collect();
    request
}

/// An `UPDATE` that puts an annotation on what `request` creates.
#[must_use]
pub fn annotating(request: AdmissionRequest, annotation: &str) -> AdmissionRequest {
    let mut update = AdmissionRequest { operation: "UPDATE".to_owned(), old_object: request.object.clone(), ..request };
    object(&mut update)["metadata"]["annotations"][annotation] = json!("2026-11-23T10:10:00Z");
    update
}

/// The same request about an object of another kind.
#[must_use]
pub fn about_a_deployment(mut request: AdmissionRequest) -> AdmissionRequest {
    request.kind.group = "apps".to_owned();
    request.kind.kind = "Deployment".to_owned();
    request
}

/// How long a request's object is, as JSON without spaces.
#[must_use]
pub fn object_bytes(request: &AdmissionRequest) -> usize {
    request.object.as_ref().map_or(0, |object| object.to_string().len())
}

fn variable(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn with_env(env: Vec<Value>) -> AdmissionRequest {
    let mut request = recorded("notebook-create");
    object(&mut request)["spec"]["template"]["spec"]["containers"][0]["env"] = Value::Array(env);
    request
}

fn object(request: &mut AdmissionRequest) -> &mut Value {
    request.object.get_or_insert_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_as_long_as_asked_for() {
        for bytes in [10_000, 100_000, 1_000_000] {
            let entries = object_bytes(&notebook_of(bytes));
            assert!((bytes..bytes + 120).contains(&entries), "{bytes}: {entries}");
            let annotation = object_bytes(&annotated_notebook_of(bytes));
            assert!((bytes..bytes + 30).contains(&annotation), "{bytes}: {annotation}");
        }
    }
}
