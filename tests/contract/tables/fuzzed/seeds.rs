//! What the fuzzer begins with: the real requests and settings of `test_data/`, where they are.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::evaluator::{project, test_data};

/// Payloads of `validate`, by the name of the file that each is from: the requests, and the reports from the field.
pub fn payloads() -> Vec<(String, Value)> {
    let everywhere = test_data("settings.yaml");
    let mut payloads = Vec::new();
    for folder in ["requests", "requests/later"] {
        for name in json_files(&format!("test_data/{folder}")) {
            let mut review = test_data(&format!("{folder}/{name}"));
            // Some of the files are a stored object.
            if review["request"].is_object() {
                payloads.push((name, json!({"request": review["request"].take(), "settings": everywhere})));
            }
        }
    }
    for name in json_files("test_data/cases") {
        let case = test_data(&format!("cases/{name}"));
        let steps = if case["steps"].is_array() { &case["steps"] } else { &case["requests"] };
        for (at, step) in steps.as_array().into_iter().flatten().enumerate() {
            let settings = if step["settings"].is_object() { &step["settings"] } else { &case["settings"] };
            payloads.push((format!("{at}-{name}"), json!({"request": request_of(step), "settings": settings})));
        }
    }
    payloads
}

/// Settings, by a name for each: those of `payloads`, those close to a refusal, and those that are refused.
pub fn settings() -> Vec<(String, Value)> {
    let mut settings: Vec<_> =
        payloads().into_iter().map(|(name, mut payload)| (name, payload["settings"].take())).collect();
    for table in ["right", "wrong"] {
        let rows = test_data(&format!("settings/{table}.yaml"));
        let rows = rows.as_array().into_iter().flatten().map(|row| row["settings"].clone());
        settings.extend(rows.enumerate().map(|(at, row)| (format!("{table}-{at}.json"), row)));
    }
    let mut known = std::collections::BTreeSet::new();
    settings.retain(|(_, settings)| known.insert(settings.to_string()));
    settings
}

/// What the fuzzer found worth keeping for a target: the files of `fuzz/seeds/`.
pub fn found(target: &str) -> Vec<PathBuf> {
    let folder = fs::read_dir(project().join("fuzz/seeds").join(target)).expect("the folder is there");
    let mut files: Vec<_> = folder.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

/// The request of a step. Some are as an API server sent them, of the others only the object is there.
fn request_of(step: &Value) -> Value {
    if step["uid"].is_string() {
        return step.clone();
    }
    let group = if step["object"]["kind"] == "Notebook" { "kubeflow.org" } else { "" };
    let mut request = json!({
        "kind": {"group": group, "kind": step["object"]["kind"]},
        "namespace": "team-a",
        "operation": if step["oldObject"].is_object() { "UPDATE" } else { "CREATE" },
    });
    for member in ["operation", "object", "oldObject"] {
        if let Some(value) = step.get(member) {
            request[member] = value.clone();
        }
    }
    request
}

fn json_files(folder: &str) -> Vec<String> {
    let files = fs::read_dir(project().join(folder)).expect("the folder is there");
    let names = files.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".json")).collect();
    names.sort();
    names
}
