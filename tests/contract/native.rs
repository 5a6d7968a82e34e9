//! Evaluates requests by the pure core. It has the interface of `policy_host::testing`, which evaluates them on the
//! module; nothing else in `tests/contract/` knows what is under test.

use std::{collections::BTreeMap, fs, path::Path};

use mutatingflow::{admit, settings};
use serde::Deserialize;
use serde_json::{Value, json};

/// What came of a request, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether the request is allowed.
    pub allowed: bool,
    /// The status code of a rejection.
    pub code: Option<u16>,
    /// The message of a rejection.
    pub message: Option<String>,
    /// The operations of the JSON patch; empty where there is no patch.
    pub patch: Vec<Value>,
    /// The request's object with the patch applied; `null` where the request has none.
    pub object: Value,
    /// What the client is shown.
    pub warnings: Vec<String>,
    /// The audit annotations.
    pub audit: BTreeMap<String, String>,
}

/// An answer to `validate`.
#[derive(Deserialize)]
struct Answer {
    accepted: bool,
    code: Option<u16>,
    message: Option<String>,
    mutated_object: Option<Value>,
    audit_annotations: Option<BTreeMap<String, String>>,
    warnings: Option<Vec<String>>,
}

/// Evaluates a request, an `AdmissionReview` or the request alone, with settings that the policy must accept.
pub fn run(request: Value, settings: Value) -> Outcome {
    if let Some(problem) = settings_problem(&settings) {
        panic!("the policy does not accept these settings: {problem}\n{settings:#}");
    }
    evaluate(request, &settings)
}

/// Evaluates a request with settings that need not be valid.
pub fn evaluate(mut request: Value, settings: &Value) -> Outcome {
    if request["kind"] == "AdmissionReview" {
        request = request["request"].take();
    }
    // The policy server leaves out what is null.
    request.as_object_mut().expect("a request is an object").retain(|_, value| !value.is_null());
    let mut object = request["object"].clone();
    let payload = json!({"request": request, "settings": settings});
    let answer: Answer = serde_json::from_slice(&validate(payload.to_string().as_bytes())).expect("an answer");
    let patch = answer.mutated_object.map(|after| json_patch::diff(&object, &after)).unwrap_or_default();
    json_patch::patch(&mut object, &patch).expect("a patch fits the object that it was made of");
    let patch = serde_json::to_value(patch).and_then(serde_json::from_value).expect("a patch is a list of objects");
    Outcome {
        allowed: answer.accepted,
        code: answer.code,
        message: answer.message,
        patch,
        object,
        warnings: answer.warnings.unwrap_or_default(),
        audit: answer.audit_annotations.unwrap_or_default(),
    }
}

/// Why the policy does not accept `settings`, if it does not.
pub fn settings_problem(settings: &Value) -> Option<String> {
    settings::problems(settings.to_string().as_bytes())
}

/// The answer to the payload of `validate`, whatever bytes it is.
pub fn validate(payload: &[u8]) -> Vec<u8> {
    admit::validate(payload).into_json().into_bytes()
}

/// The answer to the payload of `validate_settings`, whatever bytes it is.
pub fn validate_settings(payload: &[u8]) -> Vec<u8> {
    let message = settings::problems(payload);
    json!({"valid": message.is_none(), "message": message}).to_string().into_bytes()
}

/// A YAML or JSON file below `test_data/`.
pub fn test_data(path: &str) -> Value {
    let path = project().join("test_data").join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // Not everything that is JSON is YAML: tabs and escaped surrogate pairs are not.
    serde_json::from_str(&text)
        .or_else(|_| yaml_serde::from_str(&text))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The root of the project: of `fuzz/`, which has this file too, what is above it.
pub fn project() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("test_data").is_dir()).unwrap_or(package)
}
