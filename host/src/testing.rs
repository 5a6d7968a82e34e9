//! For tests of the real module: it is loaded once, and a test is a request, settings, and what came of them.
//!
//! Which module: the one that environment variable `POLICY_WASM` names, else `annotated-policy.wasm` beside `host/`.
//! Everything here panics instead of returning an error, since a test has nobody to return it to.
//!
//! Where environment variable `COMPARE_WITH` names another module, it is asked whatever the module under test is asked,
//! and both must give the same answer, byte by byte. So all tests compare two builds: `make compare`.
//!
//! ```no_run
//! use policy_host::testing::{run, test_data};
//! use serde_json::json;
//!
//! let outcome = run(test_data("notebook-create.json"), json!({"notebooks": []}));
//! assert!(outcome.allowed);
//! assert_eq!(outcome.patch, [] as [serde_json::Value; 0]);
//! ```

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::Value;

use crate::{
    document,
    guest::CallError,
    measure::Meter,
    policy::{Policy, SettingsValidationResponse},
    request::AdmissionRequest,
    response::AdmissionResponse,
    show::unified,
};

/// What came of a request, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether the request goes on.
    pub allowed: bool,
    /// The code that came with a refusal.
    pub code: Option<u16>,
    /// The message that came with a refusal.
    pub message: Option<String>,
    /// The JSON patch's operations; empty where there is no patch.
    pub patch: Vec<Value>,
    /// The request's object with the patch applied; `null` where the request has none.
    pub object: Value,
    /// What the client is shown.
    pub warnings: Vec<String>,
    /// What goes to the audit log.
    pub audit: BTreeMap<String, String>,
}

/// Evaluates a request, an `AdmissionReview` or the request alone, with settings that the policy must accept.
#[must_use]
pub fn run(request: Value, settings: Value) -> Outcome {
    if let Some(problem) = settings_problem(&settings) {
        panic!("the policy does not accept these settings: {problem}\n{settings:#}");
    }
    evaluate(request, &settings)
}

/// Evaluates a request, an `AdmissionReview` or the request alone, with settings that need not be valid.
#[must_use]
pub fn evaluate(request: Value, settings: &Value) -> Outcome {
    let request = AdmissionRequest::from_json(request).unwrap_or_else(|error| panic!("{error:#}"));
    let answer = call("validate", &request.payload(settings));
    Outcome::of(&request, AdmissionResponse::from_answer(&request, answer))
}

/// The answer to the payload of `validate`, whatever bytes it is.
#[must_use]
pub fn validate(payload: &[u8]) -> Vec<u8> {
    answer("validate", payload)
}

/// The answer to the payload of `validate_settings`, whatever bytes it is.
#[must_use]
pub fn validate_settings(payload: &[u8]) -> Vec<u8> {
    answer("validate_settings", payload)
}

fn answer(operation: &str, payload: &[u8]) -> Vec<u8> {
    call(operation, payload)
        .unwrap_or_else(|error| panic!("{operation}: {error}: {}", String::from_utf8_lossy(payload)))
}

/// Calls the module under test, and the one to compare it with.
fn call(operation: &str, payload: &[u8]) -> Result<Vec<u8>, CallError> {
    let answer = policy().call(operation, payload);
    if let Some(other) = other_policy() {
        let other = other.call(operation, payload);
        let [other, same] = [&other, &answer].map(|answer| answer.as_ref().map_err(ToString::to_string));
        if other != same {
            let payload = String::from_utf8_lossy(payload);
            panic!("{operation} is answered differently:\n{}\n{payload}", difference(other, same));
        }
    }
    answer
}

/// What differs between two answers: in a line for each member where these differ, else in their bytes.
fn difference(before: Result<&Vec<u8>, String>, after: Result<&Vec<u8>, String>) -> String {
    let texts = [before, after].map(|answer| match answer {
        Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(error) => format!("error: {error}"),
    });
    let [before, after] = texts.each_ref().map(|text| {
        serde_json::from_str::<Value>(text).map_or_else(|_| format!("{text}\n"), |value| format!("{value:#}\n"))
    });
    if before == after { texts.join("\n") } else { unified(&before, &after, false) }
}

/// The module to compare with.
fn other_policy() -> Option<&'static Policy> {
    static OTHER: OnceLock<Option<Policy>> = OnceLock::new();
    let load = |path| Policy::from_file(Path::new(&path)).unwrap_or_else(|error| panic!("{error:#}"));
    OTHER.get_or_init(|| env::var_os("COMPARE_WITH").map(load)).as_ref()
}

/// Why the policy does not accept `settings`, if it does not.
#[must_use]
pub fn settings_problem(settings: &Value) -> Option<String> {
    let answer = call("validate_settings", settings.to_string().as_bytes());
    let answer = SettingsValidationResponse::from_answer(answer);
    (!answer.valid).then(|| answer.message.unwrap_or_default())
}

/// The module under test.
#[must_use]
pub fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| Policy::from_bytes(module()).unwrap_or_else(|error| panic!("{error:#}")))
}

/// The module under test, its instructions counted.
#[must_use]
pub fn meter() -> &'static Meter {
    static METER: OnceLock<Meter> = OnceLock::new();
    METER.get_or_init(|| Meter::from_bytes(module()).unwrap_or_else(|error| panic!("{error:#}")))
}

/// The bytes of the module under test.
#[must_use]
pub fn module() -> &'static [u8] {
    static MODULE: OnceLock<Vec<u8>> = OnceLock::new();
    MODULE.get_or_init(|| {
        let path = module_path();
        fs::read(&path).unwrap_or_else(|error| {
            panic!("cannot read {}: {error}; run `make annotated-policy.wasm` first", path.display())
        })
    })
}

/// Where the module under test lies, for tests of the command itself.
#[must_use]
pub fn module_path() -> PathBuf {
    env::var_os("POLICY_WASM").map_or_else(|| project().join("annotated-policy.wasm"), PathBuf::from)
}

/// A YAML or JSON file below `test_data/`.
#[must_use]
pub fn test_data(path: &str) -> Value {
    document::read(&project().join("test_data").join(path)).unwrap_or_else(|error| panic!("{error:#}"))
}

/// The root of the project, in which `host/` is.
#[must_use]
pub fn project() -> &'static Path {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    host.parent().unwrap_or(host)
}

impl Outcome {
    /// Decodes a response, and applies its patch.
    #[must_use]
    pub fn of(request: &AdmissionRequest, response: AdmissionResponse) -> Self {
        let readable = "a response made here can be decoded";
        let patch = serde_json::to_value(response.operations().expect(readable)).expect(readable);
        let object = request.object.as_ref().map(|object| response.apply_to(object).expect(readable));
        let status = response.status.unwrap_or_default();
        Self {
            allowed: response.allowed,
            code: status.code,
            message: status.message,
            patch: serde_json::from_value(patch).expect(readable),
            object: object.unwrap_or_default(),
            warnings: response.warnings.unwrap_or_default(),
            audit: response.audit_annotations.unwrap_or_default(),
        }
    }
}
