//! mutatingflow: a Kubewarden policy that adds a platform's dependencies to Kubeflow Notebooks and to the pods of
//! Kubeflow Pipelines.
//!
//! A request goes through [`admit::validate`], the pure core, which knows no waPC; this file is the door to it. Each room
//! imports only from those before it: `json`, `kubernetes`, `workload`, `settings`, `admission`, `merge`, `rollout`,
//! `admit`.

mod admission;
pub mod admit;
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "an allocator is unsafe")]
mod arena;
pub mod json;
pub mod kubernetes;
mod merge;
mod rollout;
pub mod settings;
mod workload;

use admission::settings_validation;
use wapc_guest::{CallResult, register_function};

/// Registers the three operations of the policy protocol.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "a waPC host calls this by its name")]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version);
    #[cfg(target_arch = "wasm32")]
    ARENA.keep();
}

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ARENA: arena::Arena = arena::Arena::new();

/// What an operation answers. It is the last thing that a call needs memory for.
#[cfg_attr(target_arch = "wasm32", expect(unsafe_code, reason = "the arena is told so"))]
#[expect(clippy::unnecessary_wraps, reason = "the result of an operation")]
fn answer(text: String) -> CallResult {
    // SAFETY: waPC's guest gives the answer to the host, which copies it, and allocates nothing before the next call.
    #[cfg(target_arch = "wasm32")]
    unsafe {
        ARENA.start_over();
    }
    Ok(text.into_bytes())
}

fn validate(payload: &[u8]) -> CallResult {
    answer(admit::validate(payload).into_json())
}

fn validate_settings(payload: &[u8]) -> CallResult {
    answer(settings_validation(settings::problems(payload).as_deref()))
}

/// The version of the protocol that the host speaks with the policy.
fn protocol_version(_payload: &[u8]) -> CallResult {
    answer(r#""v1""#.to_owned())
}

#[cfg(test)]
mod tests {
    use kubewarden_policy_sdk::protocol_version_guest;
    use kubewarden_policy_sdk::settings::SettingsValidationResponse;

    use super::*;

    /// The SDK's own functions would bring serde_json into the module, a fortieth of it, for two short answers.
    #[test]
    fn answers_are_those_of_the_sdk() {
        assert_eq!(protocol_version(b"").unwrap(), protocol_version_guest(b"").unwrap());
        for (settings, valid) in [(&b"{}"[..], false), (br#"{"retired":["a"]}"#, true), (b"[", false)] {
            let answer = validate_settings(settings).unwrap();
            let message = settings::problems(settings);
            assert_eq!(message.is_none(), valid);
            let expected = SettingsValidationResponse { valid, message };
            assert_eq!(answer, serde_json::to_vec(&expected).unwrap());
        }
    }
}
