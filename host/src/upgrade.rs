//! What is stored since earlier settings.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::{
    manifest::{Operation, request_for},
    policy::Policy,
};

/// `object` as it is stored once it was created under `settings`. One that is stopped stays so.
///
/// # Errors
/// It is no manifest of an object, or the settings refuse it.
pub fn stored_under(policy: &Policy, settings: &Value, object: Value) -> Result<Value> {
    let request = request_for(object, Operation::Create, None)?;
    let (response, stored) = policy.evaluate(&request, settings);
    let Some(stored) = stored else {
        let status = response.status.unwrap_or_default();
        let code = status.code.map(|code| format!(" ({code})")).unwrap_or_default();
        bail!("these settings refuse the object{code}: {}", status.message.unwrap_or_default());
    };
    Ok(stored)
}
