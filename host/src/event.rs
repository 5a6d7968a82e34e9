//! What happens to an object that is stored, as the request that the API server makes of it.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use crate::{
    manifest::{Operation, request_for},
    request::AdmissionRequest,
};

/// Kubeflow's annotation of a Notebook that is stopped.
pub const STOPPED: &str = "kubeflow-resource-stopped";

/// What the culler notes on a Notebook.
const CULLER: [&str; 2] =
    ["notebooks.kubeflow.org/last-activity", "notebooks.kubeflow.org/last_activity_check_timestamp"];

/// When it is: a constant, so that the output is the same from run to run.
const NOW: &str = "2026-01-01T00:00:00Z";

/// What the API server sets in `metadata`, and nobody who creates an object does.
const SET_BY_THE_SERVER: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Event {
    /// Somebody creates it anew, by the same manifest
    Create,
    /// The culler notes when it was last used; nobody changes anything
    Touch,
    /// A Notebook that runs is stopped
    Stop,
    /// A Notebook that is stopped is started
    Start,
}

impl Event {
    /// The request that comes of this, with `object` as the stored one: for a start it is stopped before, for a stop it
    /// runs.
    ///
    /// # Errors
    /// `object` is no manifest of an object, or of one to which this does not happen.
    pub fn request(self, object: &Value) -> Result<AdmissionRequest> {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        if matches!(self, Event::Stop | Event::Start) && kind != "Notebook" {
            bail!("kind: only a Notebook is stopped and started, found {kind:?}");
        }
        let (mut old, mut new) = (object.clone(), object.clone());
        match self {
            Event::Create => {
                remove(&mut new, "status");
                if let Some(metadata) = new.get_mut("metadata") {
                    SET_BY_THE_SERVER.iter().for_each(|name| remove(metadata, name));
                }
                start(&mut new);
                return request_for(new, Operation::Create, None);
            }
            Event::Touch => cull(&mut new, NOW),
            Event::Stop => {
                start(&mut old);
                stop(&mut new, NOW);
            }
            Event::Start => {
                stop(&mut old, NOW);
                start(&mut new);
            }
        }
        request_for(new, Operation::Update { old: Some(old) }, None)
    }
}

/// Whether a Notebook is stopped.
#[must_use]
pub fn is_stopped(notebook: &Value) -> bool {
    notebook["metadata"]["annotations"].get(STOPPED).is_some()
}

/// Puts an annotation on an object.
pub fn annotate(object: &mut Value, annotation: &str, value: &str) {
    // What is no object of Kubernetes is left as it is: whoever makes a request of it says so.
    let Some(Value::Object(metadata)) = object.get_mut("metadata") else { return };
    let annotations = metadata.entry("annotations").or_insert(Value::Null);
    if annotations.is_null() {
        *annotations = Value::Object(Map::new());
    }
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(annotation.to_owned(), Value::from(value));
    }
}

/// What the culler does once it has read a Notebook.
pub fn cull(notebook: &mut Value, time: &str) {
    CULLER.iter().for_each(|annotation| annotate(notebook, annotation, time));
}

/// Stops a Notebook; one that is stopped stays so, since when it was.
pub fn stop(notebook: &mut Value, time: &str) {
    if !is_stopped(notebook) {
        annotate(notebook, STOPPED, time);
    }
}

/// Starts a Notebook that is stopped.
pub fn start(notebook: &mut Value) {
    if let Some(annotations) = notebook.pointer_mut("/metadata/annotations") {
        remove(annotations, STOPPED);
    }
}

fn remove(object: &mut Value, name: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stored(annotations: Value) -> Value {
        json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Notebook",
            "metadata": {
                "name": "churn", "namespace": "team-a", "uid": "1", "resourceVersion": "7", "annotations": annotations,
            },
            "spec": {}, "status": {"readyReplicas": 1},
        })
    }

    #[test]
    fn what_comes_of_an_event() {
        let stopped = json!({STOPPED: "2025-12-24T00:00:00Z"});
        for (event, before, old, new) in [
            (Event::Stop, json!({}), Some(false), true),
            (Event::Stop, stopped.clone(), Some(false), true),
            (Event::Start, json!({}), Some(true), false),
            (Event::Start, stopped.clone(), Some(true), false),
            (Event::Touch, json!(null), Some(false), false),
            (Event::Touch, stopped.clone(), Some(true), true),
            (Event::Create, json!({}), None, false),
            (Event::Create, stopped, None, false),
        ] {
            let request = event.request(&stored(before.clone())).expect("it is a manifest");
            assert_eq!(request.old_object.as_ref().map(is_stopped), old, "{event:?} {before}");
            assert_eq!(request.object.as_ref().map(is_stopped), Some(new), "{event:?} {before}");
        }
    }

    #[test]
    fn what_is_created_anew_has_nothing_of_the_server() {
        let request = Event::Create.request(&stored(json!({"a": "b"}))).expect("it is a manifest");
        let expected = json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Notebook",
            "metadata": {"name": "churn", "namespace": "team-a", "annotations": {"a": "b"}},
            "spec": {},
        });
        assert_eq!((request.operation.as_str(), request.object), ("CREATE", Some(expected)));
        let bare = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "team-a"}, "spec": {}});
        assert_eq!(Event::Create.request(&bare).expect("it is a manifest").object, Some(bare));
    }

    #[test]
    fn only_a_notebook_is_stopped_and_started() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {}});
        for event in [Event::Stop, Event::Start] {
            let error = event.request(&pod).expect_err("a pod runs once").to_string();
            assert_eq!(error, r#"kind: only a Notebook is stopped and started, found "Pod""#);
        }
        assert!(Event::Touch.request(&pod).is_ok());
    }

    #[test]
    fn what_is_no_manifest_is_an_error_whatever_happens_to_it() {
        for object in [json!(null), json!([]), json!("a"), json!({"kind": "Pod", "apiVersion": "v1", "metadata": "a"})]
        {
            for event in <Event as clap::ValueEnum>::value_variants() {
                assert!(event.request(&object).is_err(), "{event:?} {object}");
            }
        }
    }
}
