//! A compiled policy and its three operations.
//!
//! The module is compiled once; every call gets an instance of its own, as on the policy server, so nothing that one
//! evaluation leaves in memory can reach the next.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    guest::{self, CallError, Guest, Outside},
    request::AdmissionRequest,
    response::{AdmissionResponse, GuestAnswer},
};

/// A policy, ready to be evaluated any number of times.
pub struct Policy {
    guest: Guest,
}

/// The protocol between host and guest that a policy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProtocolVersion {
    /// None that Kubewarden would load.
    Unknown,
    /// The only one there is.
    #[serde(rename = "v1")]
    V1,
}

/// What a guest answers to `validate_settings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsValidationResponse {
    /// Whether the policy can work with the settings.
    pub valid: bool,
    /// Why not.
    pub message: Option<String>,
}

impl Policy {
    /// Reads and compiles a module.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let module = fs::read(path).with_context(|| format!("cannot read the policy {}", path.display()))?;
        Self::from_bytes(&module).with_context(|| format!("cannot load the policy {}", path.display()))
    }

    /// Compiles a module, or takes it from the cache if it was compiled before.
    pub fn from_bytes(module: &[u8]) -> Result<Self> {
        Ok(Self { guest: Guest::new(&guest::cached(guest::pooled()), module, Outside::Real)? })
    }

    /// Compiles a module, whatever is in the cache.
    pub(crate) fn compiled_anew(module: &[u8]) -> Result<Self> {
        Ok(Self { guest: Guest::new(&guest::pooled(), module, Outside::Real)? })
    }

    /// Any operation with any payload, in a fresh instance.
    pub fn call(&self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, CallError> {
        self.guest.start(None)?.call(operation, payload)
    }

    /// Asks the guest which protocol it speaks.
    pub fn protocol_version(&self) -> Result<ProtocolVersion> {
        let answer = self.call("protocol_version", b"").context("the policy does not answer `protocol_version`")?;
        serde_json::from_slice(&answer).context("the policy speaks a protocol that is not known here")
    }

    /// Asks the guest whether it can work with these settings. A guest that fails to answer does not accept them.
    #[must_use]
    pub fn validate_settings(&self, settings: &Value) -> SettingsValidationResponse {
        SettingsValidationResponse::from_answer(self.call("validate_settings", settings.to_string().as_bytes()))
    }

    /// Sees to it that the guest can work with these settings.
    ///
    /// # Errors
    /// It cannot, and says why.
    pub fn accept_settings(&self, settings: &Value) -> Result<()> {
        let SettingsValidationResponse { valid, message } = self.validate_settings(settings);
        if !valid {
            bail!("the settings are not valid: {}", message.unwrap_or_default());
        }
        Ok(())
    }

    /// Evaluates a request, and gives the object as it would be stored instead of a patch: `None` where the request is
    /// refused, or has none. Making the patch takes longer than all the rest.
    #[must_use]
    pub fn evaluate(&self, request: &AdmissionRequest, settings: &Value) -> (AdmissionResponse, Option<Value>) {
        let mut answer = match GuestAnswer::of(self.call("validate", &request.payload(settings))) {
            Ok(answer) => answer,
            Err(message) => return (AdmissionResponse::internal_error(&request.uid, &message), None),
        };
        let object = answer.mutated_object.take();
        let response = AdmissionResponse::from_guest(&request.uid, request.object.as_ref(), answer);
        let object = if response.allowed { object.or_else(|| request.object.clone()) } else { None };
        (response, object)
    }

    /// Evaluates a request. A guest that fails to answer refuses it, with code 500.
    #[must_use]
    pub fn validate(&self, request: &AdmissionRequest, settings: &Value) -> AdmissionResponse {
        AdmissionResponse::from_answer(request, self.call("validate", &request.payload(settings)))
    }
}

impl SettingsValidationResponse {
    /// Decodes what a guest answered to `validate_settings`.
    pub(crate) fn from_answer(answer: Result<Vec<u8>, CallError>) -> Self {
        let invalid = |message| Self { valid: false, message: Some(message) };
        match answer {
            Ok(answer) => serde_json::from_slice(&answer)
                .unwrap_or_else(|error| invalid(format!("the policy's answer cannot be read: {error}"))),
            Err(error) => invalid(format!("the policy did not answer: {error:?}")),
        }
    }
}

impl GuestAnswer {
    /// The answer, or why there is none.
    fn of(answer: Result<Vec<u8>, CallError>) -> Result<Self, String> {
        let answer = answer.map_err(|error| error.to_string())?;
        serde_json::from_slice(&answer).map_err(|error| format!("invalid response from policy: {error}"))
    }
}

impl AdmissionResponse {
    /// Decodes what a guest answered to `validate`.
    pub(crate) fn from_answer(request: &AdmissionRequest, answer: Result<Vec<u8>, CallError>) -> Self {
        match GuestAnswer::of(answer) {
            Ok(answer) => Self::from_guest(&request.uid, request.object.as_ref(), answer),
            Err(message) => Self::internal_error(&request.uid, &message),
        }
    }
}
