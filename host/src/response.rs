//! The answer to the API server, and how the guest's answer becomes one.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use json_patch::Patch;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `AdmissionResponse` of `admission.k8s.io/v1`, with the members and the order in which Kubewarden prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionResponse {
    /// The request's own.
    pub uid: String,
    /// Whether the request goes on.
    pub allowed: bool,
    /// There is one kind only, and none without a patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_type: Option<PatchType>,
    /// A JSON patch (RFC 6902) in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// Why a request was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// What goes to the audit log.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// What the client is shown.
    pub warnings: Option<Vec<String>>,
}

/// How a patch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PatchType {
    /// RFC 6902.
    #[serde(rename = "JSONPatch")]
    JsonPatch,
}

/// The part of a Kubernetes `Status` that a policy can set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What the user reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What a deployed policy's own message took the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<StatusDetails>,
    /// The HTTP status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

/// What else a `Status` tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusDetails {
    /// Why.
    pub causes: Vec<StatusCause>,
}

/// A reason for a refusal, with the members and the order in which Kubewarden prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCause {
    /// The reason as a word.
    pub reason: Option<String>,
    /// The reason for people.
    pub message: Option<String>,
    /// The field that it is about.
    pub field: Option<String>,
}

/// What a guest answers to `validate`.
#[derive(Debug, Deserialize)]
pub(crate) struct GuestAnswer {
    accepted: bool,
    message: Option<String>,
    code: Option<u16>,
    pub(crate) mutated_object: Option<Value>,
    audit_annotations: Option<BTreeMap<String, String>>,
    warnings: Option<Vec<String>>,
}

impl AdmissionResponse {
    /// The guest broke: nothing that a user did, so a 500.
    pub(crate) fn internal_error(uid: &str, message: &str) -> Self {
        Self::refused(uid, format!("internal server error: {message}"), Some(500))
    }

    /// `object` is the request's, and absent on `DELETE`.
    pub(crate) fn from_guest(uid: &str, object: Option<&Value>, answer: GuestAnswer) -> Self {
        let patch = match (object, &answer.mutated_object) {
            (_, None) => None,
            (Some(before), Some(after)) => Some(json_patch::diff(before, after)).filter(|patch| !patch.is_empty()),
            (None, Some(_)) => {
                let message = "the policy returned a mutated object for a request that has none (a DELETE)";
                return Self::refused(uid, message.to_owned(), None);
            }
        };
        let GuestAnswer { accepted, message, code, audit_annotations, warnings, .. } = answer;
        Self {
            uid: uid.to_owned(),
            allowed: accepted,
            patch_type: patch.as_ref().map(|_| PatchType::JsonPatch),
            // A patch's `Display` is its JSON.
            patch: patch.map(|patch| STANDARD.encode(patch.to_string())),
            status: (message.is_some() || code.is_some()).then_some(Status { message, code, details: None }),
            audit_annotations,
            warnings,
        }
    }

    /// The decoded patch; empty where there is none.
    pub fn operations(&self) -> Result<Patch> {
        let Some(patch) = &self.patch else { return Ok(Patch::default()) };
        let json = STANDARD.decode(patch).context("the response's patch is not base64")?;
        serde_json::from_slice(&json).context("the response's patch is not a JSON patch")
    }

    /// The object as it would be stored: `object` with the patch applied.
    pub fn apply_to(&self, object: &Value) -> Result<Value> {
        let mut patched = object.clone();
        json_patch::patch(&mut patched, &self.operations()?).context("the response's patch does not fit the object")?;
        Ok(patched)
    }

    fn refused(uid: &str, message: String, code: Option<u16>) -> Self {
        let status = Some(Status { message: Some(message), code, details: None });
        Self { uid: uid.to_owned(), status, ..Self::default() }
    }
}
