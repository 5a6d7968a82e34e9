//! What an answer says, by where it says it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::corpus::Request;
use super::places::has_canary;
use crate::evaluator::validate;

/// Where the policy says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// The message of a rejection.
    Message,
    /// A warning to the client.
    Warning,
    /// An audit annotation.
    Audit,
    /// An annotation that it writes on the object.
    Annotation,
}

/// The answer to `validate`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    accepted: bool,
    #[serde(rename = "code")]
    _code: Option<u16>,
    message: Option<String>,
    mutated_object: Option<Value>,
    audit_annotations: Option<BTreeMap<String, String>>,
    warnings: Option<Vec<String>>,
}

/// What came of a request.
pub struct Said {
    /// What is said.
    pub texts: Vec<(Channel, String)>,
    /// The object as it is stored; `None` where the request was denied.
    pub stored: Option<Value>,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Message, Self::Warning, Self::Audit, Self::Annotation];
}

/// The policy's own annotations, behind their domain.
const OWN: [&str; 4] = ["injected", "status", "update-pending", "apply"];

impl Said {
    /// Asks the policy. With `is_escaped` the canaries are spelt with escapes.
    pub fn of(request: &Request, settings: &Value, is_escaped: bool) -> Self {
        let Request { kind, operation, object, old_object, .. } = request;
        // Written as text: to make a value of it would copy the objects.
        let mut payload = format!(
            r#"{{"request":{{"uid":"1","kind":{kind},"operation":"{operation}","namespace":"team-a","object":{object},"oldObject":{old_object}}},"settings":{settings}}}"#
        );
        if is_escaped {
            payload = payload.replace("zq", "\\u007a\\u0071");
        }
        let answer = validate(payload.as_bytes());
        let answer: Answer = serde_json::from_slice(&answer).expect("an answer");
        let domain = settings["annotationDomain"].as_str().unwrap_or("mutatingflow.nais.io");
        let own = |object: &Value| {
            let key =
                |name: &str| object["metadata"]["annotations"][format!("{domain}/{name}")].as_str().map(str::to_owned);
            OWN.map(key)
        };
        let mut texts = Vec::new();
        texts.extend(answer.message.map(|text| (Channel::Message, text)));
        texts.extend(answer.warnings.into_iter().flatten().map(|text| (Channel::Warning, text)));
        for (key, text) in answer.audit_annotations.into_iter().flatten() {
            texts.extend([key, text].map(|text| (Channel::Audit, text)));
        }
        if let Some(object) = &answer.mutated_object {
            // What the client or the stored object has there was not written by the policy.
            let there = [own(&request.object), own(&request.old_object)].concat();
            let written = own(object).into_iter().filter(|text| !there.contains(text)).flatten();
            texts.extend(written.map(|text| (Channel::Annotation, text)));
        }
        let stored = answer.accepted.then(|| answer.mutated_object.unwrap_or_else(|| request.object.clone()));
        Self { texts, stored }
    }

    /// Asserts that no canary is in it.
    pub fn assert_hidden(&self, name: &str) {
        for (channel, text) in &self.texts {
            assert!(!has_canary(text), "{name}: {channel:?}: {text}");
        }
    }
}
