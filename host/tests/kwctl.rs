//! Where `policy-host` takes what `kwctl` takes, it answers what `kwctl` answers.

mod common;

use std::fs;

use common::{Printed, Workdir, answering, fixture, request};
use policy_host::{Metadata, annotate::annotate};

const ACCEPTED: &str = "{\"uid\":\"42\",\"allowed\":true,\"auditAnnotations\":null,\"warnings\":null}\n";

fn workdir(name: &str) -> Workdir {
    Workdir::new(name)
        .with("policy.wasm", answering(r#"{"accepted":true}"#))
        .with("tells.wasm", fixture("tells"))
        .with("mutates.wasm", answering(r#"{"accepted":true,"mutated_object":{"a":2},"warnings":["w"]}"#))
        .with("rejects.wasm", answering(r#"{"accepted":false,"message":"no","code":422}"#))
        .with("request.json", request("CREATE", r#","object":{"a":1}"#))
        .with("settings.yaml", "from: file\n")
}

/// A policy named `ours`, whose module is a file of the folder.
fn manifest(workdir: &Workdir, module: &str, spec: &str) -> String {
    let module = workdir.path(module);
    format!(
        "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {{name: ours}}\nspec:\n  \
         module: file://{}\n{spec}",
        module.display()
    )
}

#[test]
fn the_settings_file_goes_first() {
    let outcome = workdir("kwctl-settings").policy_host(&[
        "run",
        "-r",
        "request.json",
        "--settings-json",
        r#"{"from":"line"}"#,
        "-s",
        "settings.yaml",
        "tells.wasm",
    ]);
    assert!(outcome.stdout.contains(r#"\"settings\":{\"from\":\"file\"}"#), "{outcome:?}");
    assert_eq!(outcome.stderr, "note: --settings-json is ignored: the settings are those of --settings-path\n");
}

#[test]
fn a_policy_by_its_url() {
    let workdir = workdir("kwctl-url").with("a policy.wasm", answering(r#"{"accepted":true}"#));
    let absolute = format!("file://{}", workdir.path("policy.wasm").display());
    for policy in [absolute.as_str(), "file://policy.wasm", "./policy.wasm", "file://a%20policy.wasm"] {
        let outcome = workdir.policy_host(&["run", "-r", "request.json", policy]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ACCEPTED), "{policy}: {outcome:?}");
    }
    let outcome = workdir.policy_host(&["run", "-r", "request.json", "registry://example.com/policy:v1"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("`kwctl pull --output-path policy.wasm registry://example.com/policy:v1`"));
}

/// Mode, `mutating` and message of the manifest count, as in a cluster.
#[test]
fn a_policy_by_its_manifest() {
    let workdir = workdir("kwctl-manifest");
    let rules = "  rules: [{apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*']}]\n";
    let not_allowed = "Request rejected by policy ours. The policy attempted to mutate the request, but it is currently \
                       configured to not allow mutations.";
    for (name, module, spec, answer) in [
        ("accepts", "policy.wasm", "  mutating: true\n", ACCEPTED.to_owned()),
        (
            "mutates",
            "mutates.wasm",
            "  mutating: true\n",
            ACCEPTED
                .replace("\"auditA", "\"patchType\":\"JSONPatch\",\"patch\":\"W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9hIiwidmFsdWUiOjJ9XQ==\",\"auditA")
                .replace("\"warnings\":null", "\"warnings\":[\"w\"]"),
        ),
        (
            "must not mutate",
            "mutates.wasm",
            "  mutating: false\n",
            format!(
                "{{\"uid\":\"42\",\"allowed\":false,\"status\":{{\"message\":\"{not_allowed}\"}},\
                 \"auditAnnotations\":null,\"warnings\":[\"w\"]}}\n"
            ),
        ),
        ("monitors", "rejects.wasm", "  mode: monitor\n", ACCEPTED.to_owned()),
        (
            "has a message",
            "rejects.wasm",
            "  message: ask us\n",
            "{\"uid\":\"42\",\"allowed\":false,\"status\":{\"message\":\"ask us\",\"details\":{\"causes\":[\
             {\"reason\":null,\"message\":\"no\",\"field\":null}]},\"code\":422},\
             \"auditAnnotations\":null,\"warnings\":null}\n"
                .to_owned(),
        ),
    ] {
        for file in ["policy.yaml", "policy.yml"] {
            fs::write(workdir.path(file), manifest(&workdir, module, &format!("{spec}{rules}"))).expect("writable");
            let outcome = workdir.policy_host(&["run", "-r", "request.json", file]);
            assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), answer.as_str()), "{name}: {outcome:?}");
        }
    }
}

#[test]
fn the_settings_of_a_manifest() {
    let workdir = workdir("kwctl-manifest-settings");
    let one = manifest(&workdir, "tells.wasm", "  settings: {from: manifest}\n");
    let two = format!("{one}---\nkind: ClusterRole\n---\n{}", one.replace("from: manifest", "from: another"));
    let workdir = workdir.with("one.yaml", one).with("two.yaml", two);

    let outcome = workdir.policy_host(&["run", "-r", "request.json", "-s", "settings.yaml", "one.yaml"]);
    assert!(outcome.stdout.contains(r#"\"settings\":{\"from\":\"manifest\"}"#), "{outcome:?}");
    assert!(outcome.stderr.starts_with("note: --settings-path is ignored: the settings are those of one.yaml\n"));

    let outcome = workdir.policy_host(&["run", "-r", "request.json", "two.yaml"]);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "a line for each policy: {outcome:?}");
    for (line, from) in lines.into_iter().zip(["manifest", "another"]) {
        assert!(line.contains(&format!(r#"\"settings\":{{\"from\":\"{from}\"}}"#)), "{line}");
    }
    let outcome = workdir.policy_host(&["run", "-r", "request.json", "--diff", "two.yaml"]);
    assert_eq!(outcome.stderr, "Error: two.yaml: found 2 policies, but --diff and --output show the answer of one\n");
}

#[test]
fn manifests_that_cannot_be_run() {
    let workdir = workdir("kwctl-manifest-invalid");
    let with_module = |module: &str| {
        let module = if module.is_empty() { String::new() } else { format!("  module: {module}\n") };
        format!(
            "apiVersion: policies.kubewarden.io/v1\nkind: AdmissionPolicy\nmetadata: {{name: ours}}\nspec:\n  mutating: true\n{module}"
        )
    };
    let told = "is not on this machine, and nothing is fetched from here: `kwctl pull --output-path policy.wasm";
    for (name, manifest, expected) in [
        (
            "a registry",
            with_module("registry://example.com/p:v1"),
            format!(
                "spec.module: registry://example.com/p:v1 {told} registry://example.com/p:v1` makes a file of it; then `policy-host run --settings-path policy.yaml policy.wasm`, with the flags that you have\n"
            ),
        ),
        (
            "a registry without a scheme",
            with_module("example.com/p:v1"),
            format!("spec.module: registry://example.com/p:v1 {told} registry://example.com/p:v1`"),
        ),
        ("no module", with_module(""), "ours: spec.module: must name the policy's module\n".to_owned()),
        ("a module that is not there", with_module("file:///none.wasm"), String::new()),
        ("settings alone", "a: 1\n".to_owned(), "found no ClusterAdmissionPolicy or AdmissionPolicy\n".to_owned()),
        (
            "a group",
            "kind: ClusterAdmissionPolicyGroup\n".to_owned(),
            "found a policy of kind ClusterAdmissionPolicyGroup; it is evaluated in a cluster, or by kwctl\n"
                .to_owned(),
        ),
    ] {
        fs::write(workdir.path("policy.yaml"), manifest).expect("writable");
        let Printed { code, stdout, stderr } = workdir.policy_host(&["run", "-r", "request.json", "policy.yaml"]);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{name}: {stderr}");
        let is_told = if expected.is_empty() {
            stderr.starts_with("Error: cannot read the policy /none.wasm: ")
        } else {
            stderr.starts_with(&format!("Error: policy.yaml: {expected}"))
        };
        assert!(is_told, "{name}: {stderr}");
    }
}

#[test]
fn flags_that_change_nothing() {
    let workdir = workdir("kwctl-flags");
    for flags in [
        &["-v", "run"][..],
        &["--no-color", "run"],
        &["run", "--no-color", "--verbose"],
        &["run", "--disable-wasmtime-cache"],
        &["run", "-e", "kubewarden-wapc"],
        &["run", "--execution-mode", "kubewarden"],
        &["run", "--allow-context-aware"],
        &["run", "--sources-path", "sources.yaml"],
        &["run", "--docker-config-json-path", "docker"],
        &["run", "--sigstore-trust-config", "trust.json"],
        &["run", "--allowed-host-capabilities", "oci/*"],
    ] {
        let outcome = workdir.policy_host(&[flags, &["-r", "request.json", "policy.wasm"]].concat());
        assert_eq!(outcome, Printed { code: Some(0), stdout: ACCEPTED.to_owned(), stderr: String::new() }, "{flags:?}");
    }
}

#[test]
fn flags_that_would_change_the_answer() {
    let workdir = workdir("kwctl-refused-flags");
    let registry = "signatures are in a registry";
    for (flags, expected) in [
        (&["--raw"][..], "--raw: "),
        (&["-e", "opa"], "--execution-mode opa: only kubewarden-wapc is run here"),
        (&["--record-host-capabilities-interactions", "f"], "nothing to record"),
        (&["--replay-host-capabilities-interactions", "f"], "nothing to record"),
        (&["-k", "key.pub"], registry),
        (&["--verification-key", "key.pub"], registry),
        (&["-a", "k=v"], registry),
        (&["--verification-config-path", "v.yaml"], registry),
        (&["--cert-email", "e"], registry),
        (&["--cert-oidc-issuer", "i"], registry),
        (&["--github-owner", "o"], registry),
        (&["--github-repo", "r"], registry),
    ] {
        let outcome = workdir.policy_host(&[&["run"], flags, &["-r", "request.json", "policy.wasm"]].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{flags:?}");
        assert!(outcome.stderr.contains(expected), "{flags:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("Usage: policy-host run"), "{flags:?}: {}", outcome.stderr);
    }
}

#[test]
fn what_a_guest_logs_for_its_developers() {
    let fixture = fs::read_to_string("tests/fixtures/logs.wat").expect("the fixture is there");
    for (level, flags, is_shown) in [
        ("error", &["run"][..], true),
        ("info", &["run"], true),
        ("debug", &["run"], false),
        ("DEBUG", &["run"], false),
        ("debug", &["run", "-v"], true),
        ("trace", &["run", "-v"], false),
    ] {
        // The length of what is logged stands in the guest.
        let length = "i32.const 54";
        assert!(fixture.contains(length));
        let guest = fixture.replace("info", level).replace(length, &format!("i32.const {}", 50 + level.len()));
        let module = wat::parse_str(guest).expect("it is WebAssembly");
        let outcome = workdir("kwctl-logs")
            .with("logs.wasm", module)
            .policy_host(&[flags, &["-r", "request.json", "logs.wasm"]].concat());
        let told = format!("{} policy: looked at it {{\"kind\":\"Pod\"}}\n", level.to_uppercase());
        assert_eq!(outcome.stderr, if is_shown { told.as_str() } else { "" }, "{level} {flags:?}");
    }
}

#[test]
fn what_is_in_a_module() {
    let metadata = "\
rules:
- apiGroups: ['']
  apiVersions: [v1]
  resources: [pods]
  operations: [CREATE]
mutating: false
contextAwareResources: [{apiVersion: v1, kind: Namespace}]
annotations:
  io.kubewarden.policy.title: a title
  io.kubewarden.policy.description: |
    two
    lines
  io.kubewarden.policy.version: '1.0'
  io.kubewarden.policy.usage: '# How to use it'
";
    let expected = "\
Details
title:            a title
description:      two
                  lines
mutating:         false
background audit: true
policy type:      kubernetes
execution mode:   kubewarden-wapc
protocol version: v1
signatures:       in the registry, not in the file; kwctl verify reads them there

Annotations
io.kubewarden.policy.version: 1.0

Rules
- apiGroups:
  - \"\"
  apiVersions:
  - v1
  operations:
  - CREATE
  resources:
  - pods

Reads from the cluster
- apiVersion: v1
  kind: Namespace

Usage

# How to use it
";
    let module = wat::parse_bytes(answering(r#"{"accepted":true}"#).as_ref()).expect("it is WebAssembly").into_owned();
    let metadata = Metadata::from_yaml(metadata).expect("it is valid");
    let annotated = annotate(&module, metadata.clone()).expect("it can be annotated");
    let workdir = Workdir::new("kwctl-inspect").with("bare.wasm", &module).with("policy.wasm", &annotated);
    let url = format!("file://{}", workdir.path("policy.wasm").display());
    for arguments in
        [&["inspect", "policy.wasm"][..], &["inspect", &url], &["inspect", "--show-signatures", "policy.wasm"]]
    {
        assert_eq!(
            workdir.policy_host(arguments),
            Printed { code: Some(0), stdout: expected.to_owned(), stderr: String::new() }
        );
    }
    let outcome = workdir.policy_host(&["inspect", "-o", "yaml", "policy.wasm"]);
    let read = Metadata::from_yaml(&outcome.stdout).expect("it is metadata");
    assert_eq!(read.annotations, metadata.annotations);
    assert!(outcome.stdout.starts_with("protocolVersion: v1\nrules:\n"), "{}", outcome.stdout);

    for (module, expected) in [
        ("bare.wasm", "Error: bare.wasm has no metadata; `policy-host annotate` writes it into a module\n"),
        ("none.wasm", "Error: cannot read none.wasm: "),
        ("registry://example.com/p", "Error: registry://example.com/p is not on this machine"),
    ] {
        let outcome = workdir.policy_host(&["inspect", module]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{module}");
        assert!(outcome.stderr.starts_with(expected), "{module}: {}", outcome.stderr);
    }
}
