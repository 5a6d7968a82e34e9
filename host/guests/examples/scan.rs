//! The floor: reads the payload once with serde_json, the object as it came, and returns the object. A policy that
//! must know where its object ends can hardly do less.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wapc_guest::{CallResult, register_function};

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    request: Request<'a>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Answer<'a> {
    accepted: bool,
    mutated_object: Option<&'a RawValue>,
}

/// Registers `validate`, which echoes the object.
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
}

fn validate(payload: &[u8]) -> CallResult {
    let payload: Payload<'_> = serde_json::from_slice(payload)?;
    Ok(serde_json::to_vec(&Answer { accepted: true, mutated_object: payload.request.object })?)
}
