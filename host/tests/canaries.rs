//! Names, never values: neither the command nor the module shows what may be a secret, whatever is wrong with a file.
//!
//! `tests/properties/canaries.rs` holds the policy's messages to that. Here it is what the host adds to them: what is
//! wrong with YAML and JSON, with a manifest and with a request. `policy-host run` shows the patch, and with it what the
//! policy adds: that is what it is asked for.

mod common;

use common::Workdir;
use policy_host::{
    AdmissionRequest,
    check::check,
    testing::{module_path, policy, test_data},
};
use serde_json::{Value, json};

/// A secret, and one that is a number. No part of either that has six characters is without its first five.
const SECRET: &str = "zq001zq001zq";
const NUMBER: &str = "717171717171";

fn has_secret(text: &str) -> bool {
    text.contains("zq") || text.contains("71717")
}

/// Values as they may be written in YAML, right and wrong, with a secret in each.
fn spellings() -> Vec<String> {
    let around = [
        "S",
        "\"S",
        "'S",
        "S: S",
        "@S",
        "`S",
        "%S",
        "*S",
        "&S *S",
        "&S S",
        "&S",
        "!S S",
        "!<S> x",
        "!!int S",
        "!!binary S",
        "|S",
        ">S",
        "- S",
        "{S",
        "[S",
        "}S",
        "S]",
        "? S",
        "\"\\S\"",
        "\"\\xS\"",
        "\"\\u12S\"",
        "\tS",
        "S\n",
        "S\nS",
        "S\n  S: S",
        "\"S\" S",
        "'a'S",
        "---\nS",
        "...\nS",
        "%YAML 1.9 S",
        "S\0",
        "S\u{1}",
        "S\u{7f}",
        "{{namespace}}S",
        "${name}S",
        "S{nmae}",
        "*.S",
        "<<: S",
        "{<<: S}",
        "{<<: [S]}",
        "{a: S, a: S}",
        "[S, S",
        "{a: [S}",
        "yesS",
        "N",
        "0N",
        "0xN",
        "N_N",
        "1:N",
        "-.N",
        "N.N",
        "NeN",
        "{N: S}",
        "[N]",
        "{a: N}",
        "!!str N",
        "!!float S",
        "!!bool S",
        "!!null S",
    ];
    around.iter().map(|text| text.replace('S', SECRET).replace('N', NUMBER)).collect()
}

/// The manifest of a policy with `value` in one of the places of [`PLACES`].
fn manifest(place: &str, value: &str) -> String {
    let text = "\
apiVersion: policies.kubewarden.io/v1
kind: ClusterAdmissionPolicy
metadata: {name: ours, annotations: {note: @note@}}
spec:
  module: registry://example.com/mutatingflow:v1
  mutating: true
  rules: [{apiGroups: [kubeflow.org], apiVersions: [v1], resources: [notebooks], operations: [CREATE, UPDATE]}]
  settings:
    dependencies:
      a:
        env:
          - name: TOKEN
            value: @value@
          - {name: B, value: @inner@}
        annotations:
          a.b/c: @annotation@
        proxy: {httpProxy: @proxy@}
    notebooks: [a]
";
    PLACES.iter().fold(text.to_owned(), |text, name| {
        text.replace(&format!("@{name}@"), if *name == place { value } else { "plain" })
    })
}

const PLACES: [&str; 5] = ["note", "value", "inner", "annotation", "proxy"];

#[test]
fn what_check_says_of_a_file() {
    let policy = policy();
    let mut findings = 0;
    for place in PLACES {
        for value in spellings() {
            let text = manifest(place, &value);
            let settings = text.split_once("  settings:\n").map_or("", |(_, settings)| settings);
            for text in [text.as_str(), settings] {
                let checked = check(text, policy);
                findings += checked.findings.len();
                for said in checked.findings.iter().map(ToString::to_string).chain(checked.holds) {
                    // The name of a member is a name.
                    let is_name = said.contains("stands here twice");
                    assert!(!has_secret(&said) || is_name, "{said}\n{text}");
                }
            }
        }
    }
    assert!(findings >= 300, "{findings}");
}

/// Each file at once: a malformed one does not keep the command from the others.
#[test]
fn what_the_commands_print() {
    let notebook = |value: &str| {
        format!(
            "apiVersion: kubeflow.org/v1\nkind: Notebook\nmetadata: {{name: nb, namespace: team-a}}\nspec:\n  template:\n    \
             spec:\n      containers:\n        - name: nb\n          env:\n            - name: TOKEN\n              value: {value}\n"
        )
    };
    let mut workdir = Workdir::new("canaries").with("ours.yaml", manifest("", "")).with("nb.yaml", notebook("plain"));
    let (mut settings, mut objects) = (Vec::new(), Vec::new());
    for (at, value) in spellings().iter().enumerate().filter(|(_, value)| !value.starts_with('{')) {
        settings.push(format!("settings-{at}.yaml"));
        objects.push(format!("objects/nb-{at}.yaml"));
        workdir = workdir.with(&format!("settings-{at}.yaml"), manifest("value", value));
        workdir = workdir.with(&format!("objects/nb-{at}.yaml"), notebook(value));
    }
    let module = module_path();
    let module = module.to_str().expect("a path is text");
    let arguments = |words: &[&'static str], files: &[String]| {
        let words = words.iter().map(|word| (*word).to_owned());
        words.chain(["--policy".to_owned(), module.to_owned()]).chain(files.iter().cloned()).collect::<Vec<_>>()
    };
    let run = |arguments: &[String]| workdir.policy_host(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    for (words, files) in [
        (&["check"][..], &settings),
        (&["report", "--settings-path", "ours.yaml"], &objects),
        (&["report", "--settings-path", "ours.yaml", "--output", "json"], &objects),
    ] {
        let printed = run(&arguments(words, files));
        assert!(printed.stdout.len() + printed.stderr.len() >= 500, "{words:?}: {printed:?}");
        assert!(!has_secret(&printed.stdout) && !has_secret(&printed.stderr), "{words:?}: {printed:?}");
    }
    for broken in [&settings[1], &settings[4]] {
        let printed = workdir.policy_host(&["report", "--policy", module, "--settings-path", broken, "nb.yaml"]);
        assert!(!has_secret(&printed.stdout) && printed.stderr.starts_with("Error: "), "{printed:?}");
        assert!(!has_secret(&printed.stderr), "{printed:?}");
    }
}

/// A review in which something is of the wrong type.
#[test]
fn what_is_wrong_with_a_request() {
    let review = test_data("requests/notebook-create.json");
    let mut wrong = 0;
    for member in review["request"].as_object().expect("a request").keys() {
        for secret in
            [json!(SECRET), json!(717_171_717_171_u64), json!([SECRET]), json!({"a": SECRET, "groups": SECRET})]
        {
            let mut review = review.clone();
            review["request"][member] = secret;
            if let Err(error) = AdmissionRequest::from_json(review) {
                assert!(!has_secret(&format!("{error:#}")), "{error:#}");
                wrong += 1;
            }
        }
    }
    assert!(wrong >= 20, "{wrong}");
}

/// The module logs nothing and prints nothing, and its answer shows no secret but in the object.
#[test]
fn what_the_module_prints() {
    let object = |value: &Value| {
        json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "nb", "annotations": {"note": SECRET}},
            "spec": {"template": {"spec": {"containers": [{"name": "nb", "env": [{"name": "A", "value": value}]}]}}},
        })
    };
    let settings = |way: &str| json!({"dependencies": {"a": {"onConflict": way, "env": [{"name": "A", "value": SECRET}]}}, "notebooks": ["a"]});
    let mut broken_record = object(&json!("theirs"));
    broken_record["metadata"]["annotations"]["mutatingflow.nais.io/injected"] = json!(SECRET);
    let mut malformed = object(&json!("theirs"));
    malformed["spec"]["template"]["spec"]["containers"][0]["env"] = json!(SECRET);
    let cases = [
        ("refused", object(&json!(format!("{SECRET}2"))), settings("Reject")),
        ("kept", object(&json!(format!("{SECRET}2"))), settings("Keep")),
        ("overridden", object(&json!(format!("{SECRET}2"))), settings("Override")),
        ("a record that is none", broken_record, settings("Override")),
        ("malformed", malformed, settings("Reject")),
    ];
    for (name, object, settings) in cases {
        let workdir = Workdir::new("canaries-module").with("object.json", object.to_string());
        let module = module_path();
        let arguments = ["run", "--verbose", "--object", "object.json", "--settings-json", &settings.to_string()];
        let printed = workdir.policy_host(&[&arguments[..], &[module.to_str().expect("a path is text")]].concat());
        assert_eq!(printed.stderr, "", "{name}: {printed:?}");
        let mut response: Value = serde_json::from_str(&printed.stdout).expect(name);
        // The patch is in Base64, and may add the object's own.
        response["patch"] = Value::Null;
        assert!(!has_secret(&response.to_string()), "{name}: {printed:?}");
    }
}
