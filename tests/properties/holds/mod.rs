//! What always holds. `crate::evaluator` is what is under test: the pure core in `tests/properties/`, the module in
//! `host/tests/properties.rs`.

mod again;
mod answers;
mod asked_for;
mod chosen;
mod raw;
mod removed;
mod running;
mod text;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::evaluator::validate;
use crate::generate::Case;
use crate::objects::Kind;
pub use again::is_settled;
pub use answers::plain;
pub use chosen::has_unique_containers;
pub use removed::drop_nothing;

/// How the names of the policy's own annotations end.
const OWN: [&str; 4] = ["/injected", "/status", "/update-pending", "/apply"];

/// An answer to `validate`.
#[derive(Debug, PartialEq, Deserialize)]
pub struct Answer {
    pub accepted: bool,
    #[serde(default)]
    code: Option<u16>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    mutated_object: Option<Value>,
    #[serde(default)]
    audit_annotations: BTreeMap<String, String>,
    #[serde(default)]
    warnings: Vec<String>,
}

/// The text of the answer to a payload, and what it says.
fn answer_to(payload: &str) -> Result<(String, Answer), TestCaseError> {
    let fail = |error: &dyn std::fmt::Display| TestCaseError::fail(format!("{error}\n{payload}"));
    let text = String::from_utf8(validate(payload.as_bytes())).map_err(|error| fail(&error))?;
    let answer = serde_json::from_str(&text).map_err(|error| fail(&error))?;
    Ok((text, answer))
}

/// What the policy says to a request under settings.
fn ask(request: &Value, settings: &Value) -> Result<Answer, TestCaseError> {
    answer_to(&json!({"request": request, "settings": settings}).to_string()).map(|(_, answer)| answer)
}

impl Case {
    pub fn ask(&self) -> Result<Answer, TestCaseError> {
        ask(&self.request, &self.settings)
    }

    /// Whether the policy acts on the request (contract, "Scope").
    pub fn is_in_scope(&self) -> bool {
        let request = &self.request;
        let is_operation = match request["operation"].as_str() {
            Some("CREATE") => true,
            Some("UPDATE") => self.kind() == Kind::Notebook,
            _ => false,
        };
        let kind = (request["kind"]["group"].as_str(), request["kind"]["kind"].as_str());
        is_operation
            && [(Some("kubeflow.org"), Some("Notebook")), (Some(""), Some("Pod"))].contains(&kind)
            && request["subResource"].as_str().is_none_or(str::is_empty)
            && request["object"]["metadata"]["deletionTimestamp"].is_null()
    }

    /// The kind of the object.
    pub fn kind(&self) -> Kind {
        match self.request["kind"]["kind"].as_str() {
            Some("Notebook") => Kind::Notebook,
            _ => kind_of_pod(&self.request["object"]),
        }
    }

    /// The case after its answer: what the policy makes of the object is sent once more.
    pub fn after(&self, answer: Answer) -> Case {
        let mut again = self.clone();
        if let Some(object) = answer.mutated_object {
            again.request["object"] = object;
        }
        again
    }

    /// Whether one of the objects has annotations of a policy like this, under any domain.
    fn has_own_annotations(&self) -> bool {
        ["object", "oldObject"].iter().any(|object| {
            let annotations = self.request[*object]["metadata"]["annotations"].as_object();
            annotations.into_iter().flatten().any(|(name, _)| OWN.iter().any(|own| name.ends_with(own)))
        })
    }

    /// The case with settings in which `Override` is `Keep`: nothing of the user's is replaced.
    fn without_override(mut self) -> Case {
        for dependency in self.settings["dependencies"].as_object_mut().into_iter().flat_map(|it| it.values_mut()) {
            if dependency["onConflict"] == "Override" {
                dependency["onConflict"] = json!("Keep");
            }
        }
        self
    }
}

/// An object without the annotations of policies, and without what is empty then.
fn without_own(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|name, _| !OWN.iter().any(|own| name.ends_with(own)));
        if annotations.is_empty() {
            object["metadata"]["annotations"] = Value::Null;
        }
    }
    object
}

/// Which kind a pod is: one of a pipeline has Argo's annotation, and no owner but a workflow.
fn kind_of_pod(pod: &Value) -> Kind {
    let metadata = &pod["metadata"];
    let is_argos = metadata["annotations"].get("workflows.argoproj.io/node-name").is_some_and(|name| !name.is_null());
    let is_workflow = |owner: &Value| {
        owner["kind"] == "Workflow"
            && owner["apiVersion"].as_str().is_some_and(|version| version.starts_with("argoproj.io/"))
    };
    let is_owned_by_others =
        metadata["ownerReferences"].as_array().is_some_and(|owners| !owners.iter().all(is_workflow));
    if is_argos && !is_owned_by_others { Kind::PipelinePod } else { Kind::Pod }
}
