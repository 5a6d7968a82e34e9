//! What there is to put canaries into: the settings and the objects that the project has.

use std::{ffi::OsStr, fs, path::Path, sync::LazyLock};

use serde_json::{Value, json};

use crate::evaluator::{project, test_data};
use crate::pages::yaml_blocks;

/// Settings, right and wrong, each with where they are from: those of `test_data/`, of the manifests and of the pages.
///
/// The smallest are first.
pub fn settings() -> &'static [(String, Value)] {
    static SETTINGS: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
        let mut all = read_settings();
        all.sort_by_cached_key(|(_, settings)| settings.to_string().len());
        all
    });
    &SETTINGS
}

fn read_settings() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for table in ["settings/right.yaml", "settings/wrong.yaml"] {
        for row in test_data(table).as_array().expect("a table has rows") {
            all.push((format!("{table}, {}", row["name"]), row["settings"].clone()));
        }
    }
    for path in [
        "settings.yaml",
        "settings-registry.yaml",
        "nais/settings.yaml",
        "poddefaults/export.settings.yaml",
        "poddefaults/manifests.settings.yaml",
    ] {
        all.push((path.to_owned(), settings_in(test_data(path)).expect("settings")));
    }
    for path in files("deploy", "yaml") {
        let text = fs::read_to_string(project().join(&path)).expect("a text");
        for document in text.split("\n---\n").filter_map(|document| yaml_serde::from_str(document).ok()) {
            all.extend(settings_in(document).map(|settings| (path.clone(), settings)));
        }
    }
    for path in files("docs", "md").into_iter().chain(["README.md".to_owned()]) {
        let text = fs::read_to_string(project().join(&path)).expect("a text");
        for document in yaml_blocks(&text).filter_map(|block| yaml_serde::from_str(block).ok()) {
            all.extend(settings_in(document).map(|settings| (path.clone(), settings)));
        }
    }
    all
}

/// A request as a policy server passes it on, without what the policy does not look at.
#[derive(Clone, Debug)]
pub struct Request {
    /// The file that it is from.
    pub name: String,
    /// The kind, with its group.
    pub kind: Value,
    /// The operation.
    pub operation: String,
    /// The object.
    pub object: Value,
    /// The stored object; `null` where there is none.
    pub old_object: Value,
}

/// Requests on Notebooks and pods that the policy acts on: those of `test_data/requests/` and of the reports from the
/// field; and the creation of every other Notebook and pod of `test_data/`.
pub fn requests() -> &'static [Request] {
    static REQUESTS: LazyLock<Vec<Request>> = LazyLock::new(read_requests);
    &REQUESTS
}

fn read_requests() -> Vec<Request> {
    let mut all = Vec::new();
    let mut add = |name: &str, request: &Value| {
        let object = request["object"].clone();
        let kind = match (object["apiVersion"].as_str(), object["kind"].as_str()) {
            (Some(version), Some("Notebook")) if version.starts_with("kubeflow.org/") => {
                json!({"group": "kubeflow.org", "version": "v1", "kind": "Notebook"})
            }
            (Some("v1"), Some("Pod")) => json!({"group": "", "version": "v1", "kind": "Pod"}),
            _ => return,
        };
        let operation = request["operation"].as_str().unwrap_or("CREATE").to_owned();
        all.push(Request { name: name.to_owned(), kind, operation, object, old_object: request["oldObject"].clone() });
    };
    for path in
        ["requests", "requests/later", "cases"].iter().flat_map(|folder| files(&format!("test_data/{folder}"), "json"))
    {
        let file = test_data(&format!("../{path}"));
        let steps = ["steps", "requests"].iter().flat_map(|list| file[list].as_array().into_iter().flatten());
        steps.for_each(|step| add(&path, step));
        add(&path, &file["request"]);
        add(&path, &json!({"object": file}));
    }
    let others = files("test_data/pods", "yaml").into_iter();
    for path in
        others.chain(["notebook.yaml", "pipeline-pod.yaml", "nais/notebook.yaml"].map(|it| format!("test_data/{it}")))
    {
        add(&path, &json!({"object": test_data(&format!("../{path}"))}));
    }
    all
}

/// A way in a document, whatever users call a dependency, a label or an annotation.
pub fn kind_of_way(way: &str) -> String {
    let mut kind = Vec::new();
    for part in way.split('/') {
        let chosen = ["dependencies", "annotations", "labels", "matchLabels", "nodeSelector"];
        kind.push(if kind.last().is_some_and(|before| chosen.contains(before)) { "*" } else { part });
    }
    kind.join("/")
}

/// The settings in a document: those of a policy, or all of it.
fn settings_in(document: Value) -> Option<Value> {
    let settings = document.pointer("/spec/settings").unwrap_or(&document);
    settings.get("dependencies").is_some().then(|| settings.clone())
}

/// The files of a folder whose names end so, in their order.
fn files(folder: &str, extension: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(project().join(folder)).expect(folder) {
        let path = entry.expect("a file").path();
        if path.extension() == Some(OsStr::new(extension)) {
            let name = path.file_name().map(Path::new).expect("a file has a name");
            files.push(Path::new(folder).join(name).display().to_string());
        }
    }
    files.sort();
    files
}
