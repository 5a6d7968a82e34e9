//! The style of the field, with one pull secret added.

mod style;

use wapc_guest::{CallResult, register_function};

/// Registers `validate`, which adds a pull secret to a Notebook or a pod.
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
}

fn validate(payload: &[u8]) -> CallResult {
    style::validate(payload, |spec, _, _| style::add_pull_secret(spec))
}
