//! The library: what a guest is given, and what becomes of its answer.

mod common;

use common::{answering, answering_all, fixture, fixture_text, module, request};
use policy_host::{AdmissionRequest, AdmissionResponse, Policy, ProtocolVersion};
use serde_json::{Value, json};

fn policy(guest: &[u8]) -> Policy {
    Policy::from_bytes(guest).expect("the fixture compiles")
}

fn evaluate(guest: &[u8], request: &str) -> AdmissionResponse {
    let request: Value = serde_json::from_str(request).expect("the request is JSON");
    let request = AdmissionRequest::from_json(request).expect("the request is one");
    policy(guest).validate(&request, &json!({"a": 1}))
}

const POD: &str = r#","object":{"spec":{"containers":[{"name":"main"}]}}"#;

#[test]
fn how_an_answer_becomes_a_response() {
    let create = request("CREATE", POD);
    let delete = request("DELETE", r#","oldObject":{"spec":{}}"#);
    let cases = [
        (
            "accepted",
            answering(r#"{"accepted":true}"#),
            &create,
            json!({"uid": "42", "allowed": true, "auditAnnotations": null, "warnings": null}),
        ),
        (
            "accepted with remarks",
            answering(r#"{"accepted":true,"warnings":["w"],"audit_annotations":{"b":"2","a":"1"}}"#),
            &create,
            json!({"uid": "42", "allowed": true, "auditAnnotations": {"a": "1", "b": "2"}, "warnings": ["w"]}),
        ),
        (
            "mutated into the same",
            answering(r#"{"accepted":true,"mutated_object":{"spec":{"containers":[{"name":"main"}]}}}"#),
            &create,
            json!({"uid": "42", "allowed": true, "auditAnnotations": null, "warnings": null}),
        ),
        (
            "rejected",
            answering(r#"{"accepted":false,"message":"no","code":422}"#),
            &create,
            json!({"uid": "42", "allowed": false, "status": {"message": "no", "code": 422},
                "auditAnnotations": null, "warnings": null}),
        ),
        (
            "rejected without a word",
            answering(r#"{"accepted":false}"#),
            &create,
            json!({"uid": "42", "allowed": false, "auditAnnotations": null, "warnings": null}),
        ),
        (
            "a DELETE accepted",
            answering(r#"{"accepted":true}"#),
            &delete,
            json!({"uid": "42", "allowed": true, "auditAnnotations": null, "warnings": null}),
        ),
        (
            "a DELETE mutated",
            answering(r#"{"accepted":true,"mutated_object":{}}"#),
            &delete,
            json!({"uid": "42", "allowed": false, "auditAnnotations": null, "warnings": null, "status": {"message":
                "the policy returned a mutated object for a request that has none (a DELETE)"}}),
        ),
        (
            "an answer that is none",
            answering("{}"),
            &create,
            json!({"uid": "42", "allowed": false, "auditAnnotations": null, "warnings": null, "status": {"code": 500,
                "message": "internal server error: invalid response from policy: \
                    missing field `accepted` at line 1 column 2"}}),
        ),
        (
            "an error",
            fixture("asks"),
            &create,
            json!({"uid": "42", "allowed": false, "auditAnnotations": null, "warnings": null, "status": {"code": 500,
                "message": "internal server error: Guest call failure: \
                    this policy was granted no host capability, it asked for kubernetes/get_resource"}}),
        ),
    ];
    for (name, guest, request, expected) in cases {
        assert_eq!(json!(evaluate(&guest, request)), expected, "{name}");
    }
}

#[test]
fn a_mutated_object_becomes_a_patch() {
    let after = r#"{"spec":{"containers":[{"name":"main"}],"imagePullSecrets":[{"name":"s"}]}}"#;
    let guest = answering(&format!(r#"{{"accepted":true,"mutated_object":{after}}}"#));
    let response = evaluate(&guest, &request("CREATE", POD));

    let patch = json!([{"op": "add", "path": "/spec/imagePullSecrets", "value": [{"name": "s"}]}]);
    assert_eq!(json!(response.operations().expect("a patch")), patch);
    let before = json!({"spec": {"containers": [{"name": "main"}]}});
    assert_eq!(response.apply_to(&before).expect("it fits").to_string(), after);
    assert_eq!(json!(response)["patchType"], "JSONPatch");
}

#[test]
fn a_trap_is_a_500() {
    let response = evaluate(&fixture("traps"), &request("CREATE", POD));
    let status = response.status.expect("a status");
    assert_eq!((response.allowed, status.code), (false, Some(500)));
    assert!(status.message.expect("a message").starts_with("internal server error: Guest call failure: "));
}

/// The guest sees the typed fields, keys sorted, and nothing where there was nothing.
#[test]
fn what_a_guest_is_given() {
    let bare = r#""kind":{"group":"","kind":"Pod","version":"v1"},"operation":"CREATE","resource":{"group":"","resource":"pods","version":"v1"},"uid":"42","userInfo":{}"#;
    let cases = [
        ("the least", "", bare.to_owned()),
        ("nulls", r#","object":null,"oldObject":null,"dryRun":null,"subResource":null"#, bare.to_owned()),
        ("a field without a type", r#","future":true"#, bare.to_owned()),
        ("an empty subresource", r#","subResource":"""#, bare.replace(r#","uid""#, r#","subResource":"","uid""#)),
        (
            "null inside of an object",
            r#","object":{"z":null,"a":9007199254740993,"e":1e3}"#,
            bare.replace(r#","operation""#, r#","object":{"a":9007199254740993,"e":1000.0,"z":null},"operation""#),
        ),
    ];
    for (name, members, expected) in cases {
        let status = evaluate(&fixture("tells"), &request("CREATE", members)).status.expect("a status");
        let given = format!(r#"{{"request":{{{expected}}},"settings":{{"a":1}}}}"#);
        let message = format!("internal server error: Guest call failure: {given}");
        assert_eq!(status.message, Some(message), "{name}");
    }
}

#[test]
fn what_is_no_request() {
    let cases = [
        ("a list", json!([]), "not an admission request: expected a JSON object"),
        (
            "a review without a request",
            json!({"kind": "AdmissionReview"}),
            "not an admission review: `request` is missing",
        ),
        ("an empty object", json!({}), "not an admission request: missing field `uid`"),
        (
            "a name that is no text",
            json!({"uid": "1", "name": 1}),
            "not an admission request: name: invalid type: integer, expected a string",
        ),
    ];
    for (name, document, expected) in cases {
        let error = AdmissionRequest::from_json(document).expect_err(name);
        assert_eq!(format!("{error:#}"), expected, "{name}");
    }
}

#[test]
fn answers_about_settings() {
    let settings = |answer| policy(&answering_all("", answer, "")).validate_settings(&json!({}));
    assert!(settings(r#"{"valid":true}"#).valid);

    // `tells`, its exception for settings taken out: it fails with what it was given.
    let given = policy(&module(&fixture_text("tells").replace("(i32.const 17)", "(i32.const 0)")))
        .validate_settings(&json!({"b": 1, "a": []}));
    assert!(given.message.expect("a message").contains(r#"{\"a\":[],\"b\":1}"#));

    let refused = settings(r#"{"valid":false,"message":"no"}"#);
    assert_eq!((refused.valid, refused.message.as_deref()), (false, Some("no")));

    let unreadable = settings("?");
    assert!(!unreadable.valid && unreadable.message.expect("a message").contains("cannot be read"));

    let trapped = policy(&fixture("traps")).validate_settings(&json!({}));
    assert!(!trapped.valid && trapped.message.expect("a message").contains("did not answer"));
}

#[test]
fn protocol_versions() {
    let version = |answer| policy(&answering_all("", "", answer)).protocol_version();
    assert_eq!(version(r#""v1""#).expect("known"), ProtocolVersion::V1);
    assert_eq!(version(r#""Unknown""#).expect("known"), ProtocolVersion::Unknown);
    assert!(version(r#""v9""#).is_err());
    assert!(policy(&fixture("traps")).protocol_version().is_err());
}

#[test]
fn every_call_has_an_instance_of_its_own() {
    let policy = policy(&fixture("counts"));
    for _ in 0..3 {
        assert_eq!(policy.call("anything", b"").expect("an answer"), b"|");
    }
}

#[test]
fn what_is_no_policy() {
    for (name, module) in [("empty", ""), ("text", "hello"), ("a module's text", "(module)")] {
        assert!(Policy::from_bytes(module.as_bytes()).is_err(), "{name}");
    }
}
