//! `policy-host annotate`: what goes into a module, and what does not.

mod common;

use std::fs;

use common::{Printed, Workdir, answering, answering_all, fixture, module};
use policy_host::Metadata;
use policy_host::annotate::{SECTION, metadata_of};
use policy_host::testing::{self, project};
use serde_json::{Value, json};
use wasm_encoder::{CustomSection, Section as _};
use wasmparser::{Parser, Payload};

const METADATA: &str = "\
rules:
- apiGroups: [kubeflow.org]
  apiVersions: [v1]
  resources: [notebooks]
  operations: [CREATE, UPDATE]
mutating: true
executionMode: kubewarden-wapc
contextAwareResources: []
minimumKubewardenVersion: 1.20.0
annotations:
  io.kubewarden.policy.title: a title
";

fn workdir(name: &str) -> Workdir {
    Workdir::new(name).with("policy.wasm", answering(r#"{"accepted":true}"#)).with("metadata.yml", METADATA)
}

fn section(module: &[u8]) -> Value {
    let mut sections = Parser::new(0).parse_all(module).filter_map(|payload| match payload.expect("a module") {
        Payload::CustomSection(section) if section.name() == SECTION => Some(section.data()),
        _ => None,
    });
    let section = sections.next().expect("there is a section");
    assert!(sections.next().is_none(), "there is one section only");
    serde_json::from_slice(section).expect("the section is JSON")
}

#[test]
fn metadata_goes_in_and_the_rest_stays() {
    let workdir = workdir("annotate").with("README.md", "# How to use it\n");
    let outcome = workdir.policy_host(&[
        "annotate",
        "-m",
        "metadata.yml",
        "-u",
        "README.md",
        "-o",
        "annotated.wasm",
        "policy.wasm",
    ]);
    assert_eq!(outcome, Printed { code: Some(0), stdout: String::new(), stderr: String::new() });

    let read = |name| fs::read(workdir.path(name)).expect("the file is there");
    let (module, annotated) = (read("policy.wasm"), read("annotated.wasm"));
    assert!(annotated.starts_with(&module), "what was there stays as it was");
    let expected = json!({
        "protocolVersion": "v1",
        "rules": [{"apiGroups": ["kubeflow.org"], "apiVersions": ["v1"], "resources": ["notebooks"],
            "operations": ["CREATE", "UPDATE"]}],
        "annotations": {"io.kubewarden.policy.title": "a title", "io.kubewarden.policy.usage": "# How to use it\n"},
        "mutating": true,
        "backgroundAudit": true,
        "executionMode": "kubewarden-wapc",
        "policyType": "kubernetes",
        "contextAwareResources": [],
        "minimumKubewardenVersion": "1.20.0",
    });
    assert_eq!(section(&annotated), expected);
    assert_eq!(json!(metadata_of(&annotated).expect("readable")), expected);
    assert_eq!(metadata_of(&module).expect("readable"), None);

    let request = common::request("CREATE", "");
    let outcome = workdir.policy_host_reading(&request, &["run", "-r", "-", "annotated.wasm"]);
    assert_eq!(outcome.code, Some(0), "an annotated module still runs: {outcome:?}");
}

/// As with kwctl there is no need to start from the bare module; and the new metadata is what Kubewarden reads.
/// What `make annotated-policy.wasm` publishes keeps the rules of Kubewarden, and says the same as the files.
#[test]
fn what_is_published_is_described() {
    let published = section(testing::module());
    let found = Metadata::from_yaml(&published.to_string()).expect("Kubewarden accepts it");
    let file = |path: &str| fs::read_to_string(project().join(path)).expect("the file is there");
    let mut expected = Metadata::from_yaml(&file("metadata.yml")).expect("it is metadata");
    expected.protocol_version = found.protocol_version;
    let annotations = expected.annotations.get_or_insert_default();
    annotations.insert("io.kubewarden.policy.usage".to_owned(), file("docs/usage.md"));
    let found_annotations = found.annotations.clone().unwrap_or_default();
    // Whoever annotates a module adds who did it.
    annotations.extend(found_annotations.get_key_value("io.kubewarden.kwctl").map(|(k, v)| (k.clone(), v.clone())));
    assert_eq!(found, expected);
    assert_eq!((&published["protocolVersion"], &published["hostCapabilities"]), (&json!("v1"), &json!([])));
}

#[test]
fn an_annotated_module_is_annotated_anew() {
    let changed = METADATA.replace("a title", "another title");
    let workdir = workdir("annotate-twice").with("changed.yml", changed);
    let annotate = |metadata, from, to| workdir.policy_host(&["annotate", "-m", metadata, "-o", to, from]);
    let silent = Printed { code: Some(0), stdout: String::new(), stderr: String::new() };
    for (metadata, from, to) in [
        ("metadata.yml", "policy.wasm", "annotated.wasm"),
        ("changed.yml", "annotated.wasm", "again.wasm"),
        ("metadata.yml", "again.wasm", "back.wasm"),
        ("changed.yml", "policy.wasm", "changed.wasm"),
    ] {
        assert_eq!(annotate(metadata, from, to), silent, "{to}");
    }
    let read = |name| fs::read(workdir.path(name)).expect("the file is there");
    assert_eq!(section(&read("again.wasm"))["annotations"]["io.kubewarden.policy.title"], "another title");
    assert_eq!(read("again.wasm"), read("changed.wasm"), "nothing of the old metadata is left");
    assert_eq!(read("back.wasm"), read("annotated.wasm"), "nor of the new");

    // A module may have what kwctl leaves in it: two sections, and others behind them.
    let mut twice = read("annotated.wasm");
    for (name, data) in [(SECTION, &b"{}"[..]), ("other", b"stays")] {
        CustomSection { name: name.into(), data: data.into() }.append_to(&mut twice);
    }
    let workdir = workdir.with("twice.wasm", &twice);
    assert_eq!(workdir.policy_host(&["annotate", "-m", "changed.yml", "-o", "once.wasm", "twice.wasm"]), silent);
    let once = fs::read(workdir.path("once.wasm")).expect("the file is there");
    assert_eq!(section(&once)["annotations"]["io.kubewarden.policy.title"], "another title");
    let mut expected = fs::read(workdir.path("policy.wasm")).expect("the file is there");
    CustomSection { name: "other".into(), data: (&b"stays"[..]).into() }.append_to(&mut expected);
    assert!(once.starts_with(&expected), "what is not metadata stays");
}

#[test]
fn metadata_that_is_refused() {
    let operations = "operations: [CREATE, UPDATE]";
    let several = METADATA
        .replace("[kubeflow.org]", "[]")
        .replace("[v1]", "['*', v1]")
        .replace(operations, "operations: ['*', CREATE]");
    let cases = [
        (
            "a misspelt member",
            METADATA.replace("mutating", "mutatin"),
            "mutatin: unknown field `mutatin`, expected one of ",
        ),
        ("a member that is missing", METADATA.replace("mutating: true\n", ""), "missing field `mutating`"),
        (
            "a wrong type",
            METADATA.replace("mutating: true", "mutating: perhaps"),
            "mutating: invalid type: string, expected a boolean\n",
        ),
        (
            "an unknown operation",
            METADATA.replace("UPDATE]", "PATCH]"),
            "rules[0].operations[1]: unknown variant `PATCH`, expected one of ",
        ),
        (
            "an unknown mode",
            METADATA.replace("kubewarden-wapc", "docker"),
            "executionMode: unknown variant `docker`, expected one of ",
        ),
        (
            "a mode for others",
            METADATA.replace("kubewarden-wapc", "opa"),
            "executionMode: only kubewarden-wapc can be run here; annotate others with kwctl\n",
        ),
        ("half a version", METADATA.replace("1.20.0", "'1.20'"), "minimumKubewardenVersion: unexpected end of input"),
        (
            "no rules",
            "rules: []\nmutating: true\n".to_owned(),
            "rules: found none; name the requests that the policy is for\n",
        ),
        (
            "several problems",
            several,
            "rules[0].apiGroups: found an empty list; name at least one\n\
             rules[0].apiVersions: found \"*\" beside others; it stands for all of them, so leave the others out\n\
             rules[0].operations: found \"*\" beside others; it stands for all of them, so leave the others out\n",
        ),
        (
            "a resource without a kind",
            METADATA.replace("contextAwareResources: []", "contextAwareResources: [{apiVersion: v1, kind: ''}]"),
            "contextAwareResources[0].kind: must not be empty\n",
        ),
    ];
    for (name, metadata, expected) in cases {
        let workdir = workdir("annotate-metadata").with("metadata.yml", metadata);
        let outcome = workdir.policy_host(&["annotate", "-m", "metadata.yml", "-o", "annotated.wasm", "policy.wasm"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{name}");
        let told = outcome.stderr.strip_prefix("Error: metadata.yml is not valid: ").unwrap_or(&outcome.stderr);
        assert!(told.starts_with(expected), "{name}: {}", outcome.stderr);
        assert!(!workdir.path("annotated.wasm").exists(), "{name}: nothing is written");
    }
}

#[test]
fn modules_that_are_refused() {
    let cases = [
        ("text", b"(module)".to_vec(), "it is not a WebAssembly module: "),
        (
            "no guest",
            module("(module (memory (export \"memory\") 1))"),
            "the policy does not answer `protocol_version`: ",
        ),
        ("a trap", fixture("traps"), "the policy does not answer `protocol_version`: "),
        ("another protocol", answering_all("", "", r#""v9""#), "the policy speaks a protocol that is not known here: "),
        ("no protocol", answering_all("", "", r#""Unknown""#), "it says that its protocol version is unknown"),
    ];
    for (name, module, expected) in cases {
        let workdir = workdir("annotate-module").with("policy.wasm", module);
        let outcome = workdir.policy_host(&["annotate", "-m", "metadata.yml", "-o", "annotated.wasm", "policy.wasm"]);
        let told = format!("Error: cannot annotate policy.wasm: {expected}");
        assert_eq!(outcome.code, Some(1), "{name}");
        assert!(outcome.stderr.starts_with(&told), "{name}: {}", outcome.stderr);
    }
}

#[test]
fn files_that_are_not_there() {
    let workdir = workdir("annotate-files");
    let cases: [(&str, &[&str], &str); 4] = [
        ("metadata", &["-m", "none", "-o", "o", "policy.wasm"], "Error: cannot read none: "),
        ("usage", &["-m", "metadata.yml", "-u", "none", "-o", "o", "policy.wasm"], "Error: cannot read none: "),
        ("module", &["-m", "metadata.yml", "-o", "o", "none"], "Error: cannot read none: "),
        ("output", &["-m", "metadata.yml", "-o", "none/o", "policy.wasm"], "Error: cannot write none/o: "),
    ];
    for (name, arguments, expected) in cases {
        let outcome = workdir.policy_host(&[&["annotate"], arguments].concat());
        assert_eq!(outcome.code, Some(1), "{name}");
        assert!(outcome.stderr.starts_with(expected), "{name}: {}", outcome.stderr);
    }
    assert_eq!(workdir.policy_host(&["annotate", "policy.wasm"]).code, Some(2), "flags that are missing");
}
