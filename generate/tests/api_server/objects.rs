//! Objects that the API server takes, as the requests in which they come.

use std::path::{Path, PathBuf};
use std::{fs, iter};

use serde_json::{Value, json};

/// An object, in the request of it.
pub struct Request {
    /// Where it is from.
    pub name: String,
    /// The list of the settings that it is about.
    pub list: &'static str,
    /// The request.
    pub request: Value,
}

impl Request {
    fn new(name: String, request: Value) -> Self {
        let object = &request["object"];
        let is_pipelines = object["metadata"]["annotations"]["workflows.argoproj.io/node-name"].is_string();
        let list = match object["kind"].as_str() {
            Some("Notebook") => "notebooks",
            _ if is_pipelines => "pipelinePods",
            _ => "pods",
        };
        Request { name, list, request }
    }

    /// A request that makes the object.
    fn creating(name: String, object: Value) -> Self {
        let (group, version) = match object["kind"].as_str() {
            Some("Notebook") => ("kubeflow.org", "v1"),
            _ => ("", "v1"),
        };
        let request = json!({
            "uid": "1",
            "kind": {"group": group, "version": version, "kind": object["kind"]},
            "operation": "CREATE",
            "namespace": "team-a",
            "name": object["metadata"]["name"],
            "object": object,
        });
        Self::new(name, request)
    }

    /// A request that stops the Notebook, once it is stored like this.
    pub fn stopping(&self, object: &Value) -> Value {
        let mut request = self.request.clone();
        request["operation"] = json!("UPDATE");
        request["oldObject"] = object.clone();
        request["object"] = object.clone();
        request["object"]["metadata"]["annotations"]["kubeflow-resource-stopped"] = json!("2026-11-26T12:00:00Z");
        request
    }

    /// The object before the policy.
    pub fn object(&self) -> &Value {
        &self.request["object"]
    }
}

/// An object as a pod: its metadata, and the pod spec that is in it.
pub fn pod_of(object: &Value) -> Value {
    let spec = if object["kind"] == "Notebook" { &object["spec"]["template"]["spec"] } else { &object["spec"] };
    json!({"metadata": object["metadata"], "spec": spec})
}

/// The top of the project.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project is around this workspace")
}

fn files_in(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(project().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    files
}

/// All of them: the requests and the pods of `test_data/`, and those of `objects.yaml`.
pub fn all() -> Vec<Request> {
    let name = |path: &Path| path.strip_prefix(project()).unwrap().display().to_string();
    let caught = ["test_data/requests", "test_data/requests/later"].into_iter().flat_map(files_in).filter_map(|path| {
        let mut review: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut request = review["request"].take();
        let is_about =
            request["object"]["spec"].is_object() && request["subResource"].as_str().unwrap_or("").is_empty();
        request.as_object_mut()?.retain(|_, value| !value.is_null());
        is_about.then(|| Request::new(name(&path), request))
    });
    let pods = files_in("test_data/pods")
        .into_iter()
        .map(|path| Request::creating(name(&path), yaml_serde::from_str(&fs::read_to_string(&path).unwrap()).unwrap()));
    caught.chain(pods).chain(own()).collect()
}

/// Those of `objects.yaml`, each with its name there.
pub fn own() -> impl Iterator<Item = Request> {
    let rows: Vec<Value> = yaml_serde::from_str(include_str!("objects.yaml")).unwrap();
    let mut rows = rows.into_iter();
    iter::from_fn(move || {
        let mut row = rows.next()?;
        Some(Request::creating(row["name"].as_str().unwrap().to_owned(), row["object"].take()))
    })
}
