//! `policy-host run`: flags, exit codes, and every byte on standard output.

mod common;

use common::{Printed, Workdir, answering, answering_all, fixture, request};
use serde_json::Value;

const ACCEPTED: &str = "{\"uid\":\"42\",\"allowed\":true,\"auditAnnotations\":null,\"warnings\":null}\n";

fn printed(code: i32, stdout: &str, stderr: &str) -> Printed {
    Printed { code: Some(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() }
}

fn accepting(name: &str) -> Workdir {
    Workdir::new(name)
        .with("policy.wasm", answering(r#"{"accepted":true}"#))
        .with("request.json", request("CREATE", ""))
}

#[test]
fn a_request_as_a_review_alone_and_from_standard_input() {
    let bare = request("CREATE", "");
    let review = format!(r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{bare}}}"#);
    let workdir = accepting("run-input").with("review.json", &review);
    let cases = [
        ("bare", "", "request.json"),
        ("a review", "", "review.json"),
        ("bare, from standard input", bare.as_str(), "-"),
        ("a review, from standard input", review.as_str(), "-"),
    ];
    for (name, input, path) in cases {
        for flag in ["--request-path", "-r"] {
            let outcome = workdir.policy_host_reading(input, &["run", flag, path, "policy.wasm"]);
            assert_eq!(outcome, printed(0, ACCEPTED, ""), "{name}, {flag}");
        }
    }
}

#[test]
fn a_rejection_is_an_answer_too() {
    let guest = answering(r#"{"accepted":false,"message":"no\nnever","code":422,"warnings":["w"]}"#);
    let workdir = accepting("run-rejection").with("policy.wasm", guest);
    let line = "{\"uid\":\"42\",\"allowed\":false,\"status\":{\"message\":\"no\\nnever\",\"code\":422},\
        \"auditAnnotations\":null,\"warnings\":[\"w\"]}\n";
    assert_eq!(workdir.policy_host(&["run", "-r", "request.json", "policy.wasm"]), printed(0, line, ""));
}

#[test]
fn a_mutation_is_a_patch_in_base64() {
    let guest = answering(r#"{"accepted":true,"mutated_object":{"a":2},"audit_annotations":{"k":"v"}}"#);
    let workdir = accepting("run-mutation")
        .with("policy.wasm", guest)
        .with("request.json", request("CREATE", r#","object":{"a":1}"#));
    // [{"op":"replace","path":"/a","value":2}]
    let line = "{\"uid\":\"42\",\"allowed\":true,\"patchType\":\"JSONPatch\",\
        \"patch\":\"W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9hIiwidmFsdWUiOjJ9XQ==\",\
        \"auditAnnotations\":{\"k\":\"v\"},\"warnings\":null}\n";
    assert_eq!(workdir.policy_host(&["run", "-r", "request.json", "policy.wasm"]), printed(0, line, ""));
}

/// The guest repeats what it was given, so its answer shows which settings arrived.
#[test]
fn where_settings_come_from() {
    let crd = |kind: &str, settings: &str| {
        format!("apiVersion: policies.kubewarden.io/v1\nkind: {kind}\nspec:\n  mutating: true\n{settings}")
    };
    let workdir = Workdir::new("run-settings")
        .with("policy.wasm", fixture("tells"))
        .with("a.yaml", "list:\n  - 1\n")
        .with("a.json", "{\"list\":\t[1]}")
        .with("empty.yaml", "")
        .with("cluster.yaml", crd("ClusterAdmissionPolicy", "  settings:\n    list: [1]\n"))
        .with("namespaced.yaml", crd("AdmissionPolicy", "  settings:\n    list: [1]\n"))
        .with("bare.yaml", crd("AdmissionPolicy", ""))
        .with("two.yaml", format!("kind: ClusterRole\n---\n{}", crd("AdmissionPolicy", "  settings:\n    list: [1]\n")))
        .with("request.json", request("CREATE", ""));
    let cases: [(&str, &[&str], &str); 10] = [
        ("none", &[], "{}"),
        ("YAML", &["--settings-path", "a.yaml"], r#"{"list":[1]}"#),
        ("the short flag", &["-s", "a.yaml"], r#"{"list":[1]}"#),
        ("JSON", &["-s", "a.json"], r#"{"list":[1]}"#),
        ("an empty file", &["-s", "empty.yaml"], "{}"),
        ("on the command line", &["--settings-json", r#"{"list":[1]}"#], r#"{"list":[1]}"#),
        ("a ClusterAdmissionPolicy", &["-s", "cluster.yaml"], r#"{"list":[1]}"#),
        ("an AdmissionPolicy", &["-s", "namespaced.yaml"], r#"{"list":[1]}"#),
        ("a policy without settings", &["-s", "bare.yaml"], "{}"),
        ("a policy beside something else", &["-s", "two.yaml"], r#"{"list":[1]}"#),
    ];
    for (name, flags, given) in cases {
        let outcome = workdir.policy_host(&[&["run", "-r", "request.json"], flags, &["policy.wasm"]].concat());
        let response: Value = serde_json::from_str(&outcome.stdout).expect(name);
        let message = response["status"]["message"].as_str().expect(name);
        assert!(message.ends_with(&format!(r#","settings":{given}}}"#)), "{name}: {message}");
    }
}

#[test]
fn what_is_invalid_exits_with_1() {
    let refusing = answering_all(r#"{"accepted":true}"#, r#"{"valid":false,"message":"names: found none"}"#, "");
    let workdir = accepting("run-invalid")
        .with("refusing.wasm", refusing)
        .with("list.json", "[]")
        .with("half.json", "{")
        .with("empty.json", "{}")
        .with("review.json", r#"{"kind":"AdmissionReview"}"#)
        .with("half.yaml", "a: [");
    let cases: [(&str, &[&str], &str); 10] = [
        (
            "settings",
            &["-r", "request.json", "refusing.wasm"],
            "Error: the settings are not valid: names: found none\n",
        ),
        (
            "settings that are a list",
            &["-r", "request.json", "--settings-json", "[]", "policy.wasm"],
            "Error: the settings are a list, not an object\n",
        ),
        (
            "settings that are no JSON",
            &["-r", "request.json", "--settings-json", "{", "policy.wasm"],
            "Error: cannot read --settings-json: EOF while parsing an object at line 1 column 1\n",
        ),
        (
            "settings that are no YAML",
            &["-r", "request.json", "-s", "half.yaml", "policy.wasm"],
            "Error: half.yaml:1:4: unclosed bracket",
        ),
        (
            "a request that is a list",
            &["-r", "list.json", "policy.wasm"],
            "Error: cannot use the request list.json: not an admission request: expected a JSON object\n",
        ),
        (
            "a request that is cut short",
            &["-r", "half.json", "policy.wasm"],
            "Error: cannot use the request half.json: not JSON: EOF while parsing an object at line 1 column 1\n",
        ),
        (
            "a request without members",
            &["-r", "empty.json", "policy.wasm"],
            "Error: cannot use the request empty.json: not an admission request: missing field `uid`\n",
        ),
        (
            "a review without a request",
            &["-r", "review.json", "policy.wasm"],
            "Error: cannot use the request review.json: not an admission review: `request` is missing\n",
        ),
        ("a request that is not there", &["-r", "none.json", "policy.wasm"], "Error: cannot read none.json: "),
        (
            "a policy that is not there",
            &["-r", "request.json", "none.wasm"],
            "Error: cannot read the policy none.wasm: ",
        ),
    ];
    for (name, arguments, expected) in cases {
        let Printed { code, stdout, stderr } = workdir.policy_host(&[&["run"], arguments].concat());
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{name}: {stderr}");
        // Where the rest is another crate's or the system's wording, its beginning is enough.
        let as_expected = if expected.ends_with('\n') { stderr == expected } else { stderr.starts_with(expected) };
        assert!(as_expected, "{name}: {stderr}");
    }
}

#[test]
fn a_command_line_without_sense_exits_with_2() {
    let workdir = accepting("run-usage").with("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {}\n");
    let cases: [(&str, &[&str]); 8] = [
        ("nothing", &[]),
        ("another command", &["fly"]),
        ("no policy", &["run", "-r", "request.json"]),
        ("no request", &["run", "policy.wasm"]),
        ("an unknown flag", &["run", "--raw", "-r", "request.json", "policy.wasm"]),
        ("a request and an object", &["run", "-r", "request.json", "--object", "pod.yaml", "policy.wasm"]),
        ("an operation for a request", &["run", "-r", "request.json", "--operation", "UPDATE", "policy.wasm"]),
        ("two views", &["run", "-r", "request.json", "--diff", "--output", "patch", "policy.wasm"]),
    ];
    for (name, arguments) in cases {
        let Printed { code, stdout, stderr } = workdir.policy_host(arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{name}: {stderr}");
        assert!(stderr.contains("Usage: policy-host"), "{name}: {stderr}");
    }
}

#[test]
fn what_a_guest_logs_goes_to_standard_error() {
    let workdir = accepting("run-logs").with("policy.wasm", fixture("logs"));
    let outcome = workdir.policy_host(&["run", "-r", "request.json", "policy.wasm"]);
    assert_eq!(outcome, printed(0, ACCEPTED, "INFO policy: looked at it {\"kind\":\"Pod\"}\n"));
}
