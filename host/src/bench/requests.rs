//! Requests and settings of every size, grown from those in `test_data/`.

use serde_json::{Value, json};

use crate::{AdmissionRequest, testing::test_data};

/// The dependencies of `test_data/settings.yaml`.
pub const ALL_FOUR: [&str; 4] = ["registry", "proxy", "trust", "vault"];

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
    settings(&ALL_FOUR)
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

/// The Notebook that `create` asks for, as it is stored: with what the server adds, and the `status` of one that runs.
#[must_use]
pub fn stored(create: &AdmissionRequest) -> Value {
    let mut stored = recorded("notebook-update-culler").old_object.unwrap_or_default();
    if let Some(created) = &create.object {
        stored["metadata"]["annotations"] = created["metadata"]["annotations"].clone();
        stored["spec"] = created["spec"].clone();
    }
    stored
}

/// An `UPDATE` of a stored Notebook, with what `change` makes of it.
#[must_use]
pub fn update(stored: &Value, change: impl FnOnce(&mut Value)) -> AdmissionRequest {
    let mut update = recorded("notebook-update-culler");
    let mut changed = stored.clone();
    // The server puts them on the new object alone.
    changed["metadata"]["managedFields"] = object(&mut update)["metadata"]["managedFields"].take();
    change(&mut changed);
    AdmissionRequest { object: Some(changed), old_object: Some(stored.clone()), ..update }
}

/// Spells what a typical Notebook's template has in the way of Go's types, which the culler reads and writes it through.
pub fn spell_as_go(notebook: &mut Value) {
    let spec = &mut notebook["spec"]["template"]["spec"];
    if let Some(members) = spec.as_object_mut() {
        members.remove("tolerations");
    }
    spec["containers"][0]["resources"] = json!({
        "limits": {"cpu": "600m", "memory": "1288490188800m"},
        "requests": {"cpu": "500m", "memory": "1Gi"},
    });
    for container in spec["initContainers"].as_array_mut().into_iter().flatten() {
        container["resources"] = json!({});
    }
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
    use crate::event::{annotate, cull};

    #[test]
    fn objects_are_as_long_as_asked_for() {
        for bytes in [10_000, 100_000, 1_000_000] {
            let entries = object_bytes(&notebook_of(bytes));
            assert!((bytes..bytes + 120).contains(&entries), "{bytes}: {entries}");
            let annotation = object_bytes(&annotated_notebook_of(bytes));
            assert!((bytes..bytes + 30).contains(&annotation), "{bytes}: {annotation}");
        }
    }

    /// What is put together has the form of what was recorded.
    #[test]
    fn an_update_is_as_the_server_sends_it() {
        let recorded = recorded("notebook-update-culler");
        let mut create = recorded.clone();
        create.object.clone_from(&recorded.old_object);
        let update = update(&stored(&create), |notebook| {
            cull(notebook, "2026-11-23T10:05:00Z");
            annotate(notebook, "notebooks.kubeflow.org/last_activity_check_timestamp", "2026-11-23T10:06:00Z");
            notebook["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("500m");
        });
        assert_eq!(update, recorded);
    }
}
