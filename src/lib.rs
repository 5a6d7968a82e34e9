//! mutatingflow: a Kubewarden policy that adds a platform's dependencies to Kubeflow Notebooks and to the pods of
//! Kubeflow Pipelines.
//!
//! A request goes through [`admit::validate`], the pure core, which knows no waPC; this file is the door to it. Each room
//! imports only from those before it: `json`, `kubernetes`, `workload`, `settings`, `admission`, `merge`, `rollout`,
//! `admit`.

mod admission;
pub mod admit;
mod json;
pub mod kubernetes;
mod merge;
mod rollout;
pub mod settings;
mod workload;

use admission::settings_validation;
use kubewarden_policy_sdk::protocol_version_guest;
use wapc_guest::{CallResult, register_function};

/// Registers the three operations of the policy protocol.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "a waPC host calls this by its name")]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    Ok(admit::validate(payload).into_json().into_bytes())
}

fn validate_settings(payload: &[u8]) -> CallResult {
    Ok(settings_validation(settings::problems(payload).as_deref()).into_bytes())
}
