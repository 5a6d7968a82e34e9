//! Objects as users, controllers and web apps write them.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::draw::{Draw, pointers, remove};
use super::pool::{expansion, filled_in, pool, put_into_object};
use super::server::fill_in_defaults;
use crate::evaluator::test_data;
use crate::objects::Kind;

/// The objects in `test_data/`: what the controllers of Kubeflow's workloads make.
fn shapes(kind: Kind) -> &'static [Value] {
    const NOTEBOOKS: [&str; 4] = [
        "notebook.yaml",
        "requests/notebook-create.json",
        "requests/notebook-create-kubectl-apply.json",
        "requests/notebook-create-v1alpha1-without-annotations.json",
    ];
    const PIPELINE_PODS: [&str; 2] = ["pipeline-pod.yaml", "requests/pod-create-pipeline.json"];
    const PODS: [&str; 20] = [
        "pods/argo-agent.yaml",
        "pods/argo-artifact-gc.yaml",
        "pods/katib-trial.yaml",
        "pods/kserve-knative.yaml",
        "pods/kserve-standard.yaml",
        "pods/mpi-job-launcher.yaml",
        "pods/mpi-job-worker.yaml",
        "pods/notebook.yaml",
        "pods/pytorch-job-worker.yaml",
        "pods/ray-head.yaml",
        "pods/ray-worker.yaml",
        "pods/spark-driver.yaml",
        "pods/spark-executor.yaml",
        "pods/tf-job-worker.yaml",
        "pods/trainer-initializer.yaml",
        "pods/trainer-node.yaml",
        "pods/workspace.yaml",
        "pods/xgboost-job-master.yaml",
        "requests/pod-create-argo-agent.json",
        "requests/pod-create-plain.json",
    ];
    static SHAPES: [OnceLock<Vec<Value>>; 3] = [const { OnceLock::new() }; 3];
    let (at, names) = match kind {
        Kind::Notebook => (0, &NOTEBOOKS[..]),
        Kind::PipelinePod => (1, &PIPELINE_PODS[..]),
        Kind::Pod => (2, &PODS[..]),
    };
    let read = |name: &&str| {
        let mut read = test_data(name);
        if read["kind"] == "AdmissionReview" { read["request"]["object"].take() } else { read }
    };
    SHAPES[at].get_or_init(|| names.iter().map(read).collect())
}

/// An object of this kind, with entries mostly in `fields`.
pub fn object(draw: &mut Draw, kind: Kind, fields: &[String]) -> Value {
    let mut object = if draw.chance(40) { draw.one(shapes(kind)).clone() } else { bare(draw, kind) };
    for _ in 0..draw.up_to(7) {
        add_entry(draw, &mut object, kind, fields);
    }
    for _ in 0..draw.up_to(3) {
        mangle(draw, &mut object, kind);
    }
    if draw.chance(if kind == Kind::Notebook { 10 } else { 60 }) {
        fill_in_defaults(&mut object, kind);
    }
    object
}

/// An object with some containers and nothing else.
fn bare(draw: &mut Draw, kind: Kind) -> Value {
    const IMAGES: [&str; 4] = ["jupyter", "registry.example.org:5000/a:latest", "a@sha256:00", "sync:1"];
    let names = ["main", "helper", "nb", "sync", "node", "istio-proxy", "wait", "artifact-plugin-x", "prepare", "æ"];
    let mut containers = |most: usize| {
        let count = draw.up_to(most);
        let names = draw.some(&names, count);
        names.into_iter().map(|name| json!({"name": name, "image": draw.one(&IMAGES)})).collect::<Vec<_>>()
    };
    let (mut first, init) = (containers(2), containers(2));
    if draw.chance(90) && first.iter().all(|container| container["name"] != "main") {
        first.insert(draw.below(first.len() + 1), json!({"name": "main", "image": draw.one(&IMAGES)}));
    }
    let mut spec = json!({"containers": first});
    if !init.is_empty() {
        spec["initContainers"] = json!(init);
    }
    let mut object = kind.object(spec);
    match draw.below(20) {
        0 => _ = remove(&mut object, "/metadata/name"),
        1 => object["metadata"]["name"] = json!("nb"),
        2 => _ = remove(&mut object, "/metadata/namespace"),
        3 => {
            _ = remove(&mut object, "/metadata/name");
            object["metadata"]["generateName"] = json!("main-");
        }
        _ => {}
    }
    object
}

/// Adds what settings may bring as well, or something like it: mostly in one of `fields`.
pub fn add_entry(draw: &mut Draw, object: &mut Value, kind: Kind, fields: &[String]) {
    let from = if draw.chance(50) { &pool().settings } else { &pool().objects };
    let all: Vec<_> = from.keys().filter(|field| expansion(field).is_empty()).collect();
    let meeting: Vec<_> = all.iter().copied().filter(|field| fields.contains(field)).collect();
    let is_any = meeting.is_empty() || draw.chance(30);
    let field = *draw.one(if is_any { &all } else { &meeting });
    let keys: Vec<_> = from[field].values().collect();
    let values = *draw.one(&keys);
    let value = filled_in(draw.one(values), object["metadata"]["name"].as_str().unwrap_or_default());
    put_into_object(draw, object, kind, field, &value);
}

/// Does something to an object that no controller would.
pub fn mangle(draw: &mut Draw, object: &mut Value, kind: Kind) {
    let odd = [
        json!(null),
        json!({}),
        json!([]),
        json!(-0.0),
        json!(1e300),
        json!(18_446_744_073_709_551_615_u64),
        json!(0.1),
        json!("æ\u{0}\u{1f600}\u{7f}\"\\/\u{2028}"),
        json!({"": {"a": [null, [], {}]}}),
    ];
    let at = draw.one(&places(object, kind)).clone();
    let is_malformed = draw.chance(6);
    match draw.below(5) {
        // A field that nobody knows.
        0 | 1 => {
            if let Some(members) = object.pointer_mut(&at).and_then(Value::as_object_mut) {
                let name = draw.one(&["unknown", "x/y~z", "", "æ\"", "Name"]);
                members.insert((*name).to_owned(), draw.one(&odd).clone());
            }
        }
        // Nothing, written out.
        2 => {
            let fields: Vec<_> = pool().settings.keys().collect();
            let field = *draw.one(&fields);
            if let Some(spec) = object.pointer_mut(kind.pod_spec()).and_then(Value::as_object_mut) {
                spec.entry(field.clone()).or_insert_with(|| if draw.chance(70) { Value::Null } else { json!([]) });
            }
        }
        // An entry twice.
        3 => {
            if let Some(items) = object.pointer_mut(&at).and_then(Value::as_array_mut)
                && !items.is_empty()
            {
                let item = draw.one(items).clone();
                let to = draw.below(items.len() + 1);
                items.insert(to, item);
            }
        }
        _ if is_malformed => {
            if let Some(value) = object.pointer_mut(&at) {
                *value = draw.one(&odd).clone();
            }
        }
        _ => _ = remove(object, &at),
    }
}

/// The places in an object, but for its kind and the way to its pod spec.
fn places(object: &Value, kind: Kind) -> Vec<String> {
    let is_needed = |at: &String| {
        kind.pod_spec().starts_with(at.as_str())
            || ["/kind", "/apiVersion", "/metadata", "/metadata/annotations"].contains(&at.as_str())
            || at.ends_with("node-name")
            || at.starts_with("/metadata/ownerReferences")
    };
    let places: Vec<_> = pointers(object).into_iter().filter(|at| !is_needed(at)).collect();
    if places.is_empty() { vec![String::new()] } else { places }
}
