//! Generated settings and requests.
//!
//! Settings and objects are drawn from one small pool (`pool.yaml`), so that they meet: an entry of the user's equals, or
//! contains, or contradicts what the settings bring. Objects come in the shapes of Kubeflow's workloads, with the server's
//! defaults or without, and with whatever else a client may write. Records on objects are mostly the policy's own, which
//! wrote them under these settings or earlier ones; some are forged.
//!
//! What is drawn depends on a seed alone, and is shrunk as a JSON document: members and items are left out one by one, as
//! long as the test still fails.

mod draw;
mod life;
mod lives;
mod object;
mod pool;
pub mod server;
mod settings;
mod spelt;

use std::fmt;

use proptest::prelude::Strategy;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::evaluator::settings_problem;
use crate::objects::Kind;
use draw::Drawn;
pub use lives::{Life, sent};
pub use pool::{filled_in, is_in_containers};
pub use spelt::{Oddity, spelt, spelt_as};

/// Settings, and a request under them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Settings that the policy accepts.
    pub settings: Value,
    /// An `AdmissionRequest`, with `object` and, on UPDATE, `oldObject`.
    pub request: Value,
}

/// A failure shows a case as it can be copied: as JSON.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings: {:#}\nrequest: {:#}", self.settings, self.request)
    }
}

/// Cases of every kind.
pub fn case() -> impl Strategy<Value = Case> {
    Drawn::new(life::case, |case: &Case| is_accepted(&case.settings) && case.request["object"].is_object())
}

/// Lives of a notebook.
pub fn life() -> impl Strategy<Value = Life> {
    Drawn::new(lives::life, |life: &Life| {
        let mut settings = life.settings.iter().chain(&life.others);
        !life.settings.is_empty() && life.manifest.is_object() && settings.all(is_accepted)
    })
}

/// Settings that the policy accepts.
pub fn settings() -> impl Strategy<Value = Value> {
    Drawn::new(settings::accepted, is_accepted)
}

/// Settings of which most are accepted.
pub fn unchecked_settings() -> impl Strategy<Value = Value> {
    Drawn::new(settings::unchecked, |_| true)
}

/// Objects of a kind, without a record of the policy's own.
pub fn object(kind: Kind) -> impl Strategy<Value = Value> {
    Drawn::new(move |draw| object::object(draw, kind, &[]), Value::is_object)
}

/// Whether settings may have been drawn: the policy accepts them, and a field is not there to say nothing.
fn is_accepted(settings: &Value) -> bool {
    let dependencies = settings["dependencies"].as_object().into_iter().flatten();
    let mut fields = dependencies.flat_map(|(_, dependency)| dependency.as_object()).flatten();
    let says_nothing = |value: &Value| *value == Value::Array(Vec::new()) || *value == Value::Object(Map::new());
    !fields.any(|(name, value)| name != "selector" && says_nothing(value)) && settings_problem(settings).is_none()
}
