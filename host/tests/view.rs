//! `policy-host run` for a person at a workdir: manifests in, diffs, objects and patches out.

mod common;

use common::{Printed, Workdir, answering, fixture, request};

/// What a guest makes of [`MANIFEST`]: one secret more, and a word to the user.
const MUTATED: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"team-a"},
"spec":{"containers":[{"name":"main"}],"imagePullSecrets":[{"name":"s"}]}}"#;

const MANIFEST: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: team-a}\nspec: {containers: [{name: main}]}\n";

const DIFF: &str = "\
--- before
+++ after
@@ -6,3 +6,5 @@
 spec:
   containers:
   - name: main
+  imagePullSecrets:
+  - name: s
";

fn workdir(name: &str) -> Workdir {
    let answer = |rest| answering(&format!(r#"{{"accepted":true{rest}}}"#));
    let mutated = MUTATED.replace('\n', "");
    Workdir::new(name)
        .with("pod.yaml", MANIFEST)
        .with("old.json", r#"{"metadata":{"name":"old"}}"#)
        .with("mutates.wasm", answer(format!(r#","mutated_object":{mutated}"#)))
        .with("warns.wasm", answer(format!(r#","mutated_object":{mutated},"warnings":["one","two"]"#)))
        .with("accepts.wasm", answer(String::new()))
        .with("rejects.wasm", answering(r#"{"accepted":false,"message":"no","code":422,"warnings":["w"]}"#))
        .with("rejects-plainly.wasm", answering(r#"{"accepted":false,"message":"no"}"#))
        .with("delete.json", request("DELETE", r#","oldObject":{}"#))
}

#[test]
fn diffs() {
    let colored = "\
\x1b[1m--- before\x1b[0m
\x1b[1m+++ after\x1b[0m
\x1b[36m@@ -6,3 +6,5 @@\x1b[0m
 spec:
   containers:
   - name: main
\x1b[32m+  imagePullSecrets:\x1b[0m
\x1b[32m+  - name: s\x1b[0m
";
    let warned = format!("{DIFF}Warning: one\nWarning: two\n");
    let cases: [(&str, &[&str], &str, i32); 7] = [
        ("a mutation", &["mutates.wasm"], DIFF, 0),
        ("a mutation, with colours", &["--color", "always", "mutates.wasm"], colored, 0),
        ("a mutation, without", &["--color", "never", "mutates.wasm"], DIFF, 0),
        ("a mutation with warnings", &["warns.wasm"], &warned, 0),
        ("no mutation", &["accepts.wasm"], "Accepted; nothing changes.\n", 0),
        ("a rejection", &["rejects.wasm"], "Warning: w\nRejected (422): no\n", 1),
        ("a rejection without a code", &["rejects-plainly.wasm"], "Rejected: no\n", 1),
    ];
    let workdir = workdir("view-diff");
    for (name, arguments, expected, exit_code) in cases {
        let Printed { code, stdout, stderr } =
            workdir.policy_host(&[&["run", "--object", "pod.yaml", "--diff"], arguments].concat());
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(exit_code), expected, ""), "{name}");
    }
}

#[test]
fn a_diff_of_a_request_without_object() {
    let outcome = workdir("view-delete").policy_host(&["run", "-r", "delete.json", "--diff", "accepts.wasm"]);
    assert_eq!(outcome.stdout, "Accepted; nothing changes.\n");
}

/// Standard output may lead into another tool, so what is said to a person goes elsewhere.
#[test]
fn outputs() {
    let object = "\
apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace: team-a
spec:
  containers:
  - name: main
  imagePullSecrets:
  - name: s
";
    let patch = "\
[
  {
    \"op\": \"add\",
    \"path\": \"/spec/imagePullSecrets\",
    \"value\": [
      {
        \"name\": \"s\"
      }
    ]
  }
]
";
    let response = "{\"uid\":\"00000000-0000-0000-0000-000000000000\",\"allowed\":true,\
        \"auditAnnotations\":null,\"warnings\":null}\n";
    let json = "\
{
  \"apiVersion\": \"v1\",
  \"kind\": \"Pod\",
  \"metadata\": {
    \"name\": \"p\",
    \"namespace\": \"team-a\"
  },
  \"spec\": {
    \"containers\": [
      {
        \"name\": \"main\"
      }
    ]
  }
}
";
    let untouched = object.split("  imagePullSecrets").next().unwrap_or_default();
    let rejected = "Warning: w\nRejected (422): no\n";
    let cases = [
        ("the object", "yaml", "mutates.wasm", object, ""),
        ("the object, by its other name", "object", "mutates.wasm", object, ""),
        ("the object as JSON", "json", "accepts.wasm", json, ""),
        ("the object, untouched", "object", "accepts.wasm", untouched, ""),
        ("the object, with warnings", "object", "warns.wasm", object, "Warning: one\nWarning: two\n"),
        ("no object", "object", "rejects.wasm", "", rejected),
        ("the patch", "patch", "mutates.wasm", patch, ""),
        ("an empty patch", "patch", "accepts.wasm", "[]\n", ""),
        ("no patch", "patch", "rejects.wasm", "", rejected),
        ("the response", "response", "accepts.wasm", response, ""),
    ];
    let workdir = workdir("view-output");
    for (name, what, guest, expected, told) in cases {
        let exit_code = i32::from(guest == "rejects.wasm");
        for [object_flag, output_flag] in [["--object", "--output"], ["-f", "-o"]] {
            let Printed { code, stdout, stderr } =
                workdir.policy_host(&["run", object_flag, "pod.yaml", output_flag, what, guest]);
            assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(exit_code), expected, told), "{name}");
        }
    }
}

/// Only who asks the way kwctl is asked gets 0 for a refusal.
#[test]
fn a_refusal_exits_with_1_where_a_person_asks() {
    let workdir = workdir("view-refusal").with("create.json", request("CREATE", r#","object":{}"#));
    for (flags, expected) in [
        (&["-r", "create.json"][..], 0),
        (&["-r", "create.json", "-o", "response"], 0),
        (&["-r", "create.json", "-o", "patch"], 1),
        (&["-r", "create.json", "--output", "object"], 1),
        (&["-r", "create.json", "--diff"], 1),
        (&["--object", "pod.yaml"], 1),
        (&["--object", "pod.yaml", "--diff"], 1),
    ] {
        let outcome = workdir.policy_host(&[&["run"], flags, &["rejects.wasm"]].concat());
        assert_eq!(outcome.code, Some(expected), "{flags:?}: {outcome:?}");
    }
}

/// Texts that a reader of YAML takes for something else where they stand bare.
#[test]
fn yaml_reads_as_what_was_written() {
    let texts = ["yes", "on", "1_000", "010", "1:30", "0x1f", "~", "", "null", "1e3", "2026-01-01", "- a", "a: b", "#"];
    let labels: Vec<String> = texts.iter().enumerate().map(|(n, text)| format!("l{n}: {text:?}")).collect();
    let manifest = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p, labels: {{{}}}}}\n", labels.join(", "));
    let workdir = workdir("view-quotes").with("texts.yaml", manifest);
    let Printed { stdout, .. } = workdir.policy_host(&["run", "-f", "texts.yaml", "-o", "yaml", "accepts.wasm"]);
    let object = policy_host::yaml::value(&stdout).expect("it is YAML");
    for (n, text) in texts.iter().enumerate() {
        assert_eq!(object["metadata"]["labels"][format!("l{n}")], *text, "{stdout}");
        let is_quoted = ['"', '\''].iter().any(|quote| stdout.contains(&format!("    l{n}: {quote}{text}{quote}\n")));
        assert!(is_quoted, "{text} has quotes: {stdout}");
    }
}

#[test]
fn the_request_that_is_made_of_a_manifest() {
    let workdir = workdir("view-request").with("tells.wasm", fixture("tells"));
    let cases: [(&str, &[&str], &[&str]); 6] = [
        (
            "by default it is created",
            &[],
            &[r#""operation":"CREATE""#, r#""name":"p""#, r#""namespace":"team-a""#, r#""resource":"pods""#],
        ),
        (
            "an update",
            &["--operation", "UPDATE", "--old-object", "old.json"],
            &[r#""operation":"UPDATE""#, r#""oldObject":{"metadata":{"name":"old"}}"#],
        ),
        (
            "an update of the object itself",
            &["--operation", "update"],
            &[r#""operation":"UPDATE""#, r#""oldObject":{"apiVersion":"v1""#],
        ),
        ("a deletion", &["--operation", "DELETE"], &[r#""operation":"DELETE""#, r#""oldObject":{"apiVersion""#]),
        ("the same namespace", &["--namespace", "team-a"], &[r#""namespace":"team-a""#]),
        ("options", &[], &[r#""options":{"apiVersion":"meta.k8s.io/v1","kind":"CreateOptions"}"#, r#""dryRun":false"#]),
    ];
    for (name, flags, expected) in cases {
        let outcome =
            workdir.policy_host(&[&["run", "--object", "pod.yaml"], flags, &["--diff", "tells.wasm"]].concat());
        for part in expected {
            assert!(outcome.stdout.contains(part), "{name}: {part} is not in\n{}{}", outcome.stdout, outcome.stderr);
        }
    }
}

#[test]
fn a_manifest_from_standard_input_gets_a_namespace() {
    let manifest = MANIFEST.replace(", namespace: team-a", "");
    let arguments =
        |flags: &[&'static str]| [&["run", "--object", "-", "--output", "object"], flags, &["accepts.wasm"]].concat();
    let workdir = workdir("view-stdin");
    for (flags, expected) in [(&[][..], "namespace: default\n"), (&["--namespace", "n"], "namespace: \"n\"\n")] {
        let outcome = workdir.policy_host_reading(&manifest, &arguments(flags));
        assert!(outcome.stdout.contains(expected), "{outcome:?}");
    }
}

#[test]
fn manifests_that_make_no_request() {
    let workdir = workdir("view-invalid").with("text.yaml", "text").with("two.yaml", "a: 1\n---\nb: 2\n");
    let cases: [(&str, &[&str], &str); 4] = [
        ("not an object", &["--object", "text.yaml"], "Error: cannot make a request of text.yaml: apiVersion: must be"),
        ("two objects", &["--object", "two.yaml"], "Error: two.yaml: one document is expected, found 2"),
        (
            "an old object of a new one",
            &["--object", "pod.yaml", "--old-object", "old.json"],
            "Error: --old-object is only for --operation UPDATE",
        ),
        (
            "another namespace",
            &["--object", "pod.yaml", "--namespace", "team-b"],
            "Error: cannot make a request of pod.yaml: metadata.namespace: found \"team-a\"",
        ),
    ];
    for (name, flags, expected) in cases {
        let Printed { code, stdout, stderr } = workdir.policy_host(&[&["run"], flags, &["accepts.wasm"]].concat());
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{name}");
        assert!(stderr.starts_with(expected), "{name}: {stderr}");
    }
}
