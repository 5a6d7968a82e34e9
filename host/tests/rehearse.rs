//! `policy-host run` on what is stored: events, and settings that take the place of others.

mod common;

use common::{Printed, Workdir, answering, fixture};
use policy_host::{testing::module_path, yaml};
use serde_json::Value;

const NOTEBOOK: &str = "\
apiVersion: kubeflow.org/v1
kind: Notebook
metadata: {name: churn}
spec: {template: {spec: {containers: [{name: churn, image: i}]}}}
";

const OLD: &str = "{dependencies: {registry: {imagePullSecrets: [{name: old}]}}, notebooks: [registry]}\n";
const NEW: &str = "{dependencies: {registry: {imagePullSecrets: [{name: new}]}}, notebooks: [registry]}\n";

fn workdir(name: &str) -> Workdir {
    Workdir::new(name)
        .with("notebook.yaml", NOTEBOOK)
        .with(
            "stopped.yaml",
            NOTEBOOK.replace("name: churn}\ns", "name: churn, annotations: {kubeflow-resource-stopped: t}}\ns"),
        )
        .with("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {}\n")
        .with("old.yaml", OLD)
        .with("new.yaml", NEW)
        .with("tells.wasm", fixture("tells"))
        .with("rejects.wasm", answering(r#"{"accepted":false,"message":"no","code":422}"#))
}

/// What the guest was asked: it repeats it.
fn asked(outcome: &Printed) -> Value {
    let told = outcome.stdout.split_once('{').map(|(_, rest)| format!("{{{rest}")).unwrap_or_default();
    serde_json::from_str::<Value>(told.trim_end()).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))["request"]
        .take()
}

#[test]
fn an_event_is_a_request_about_the_stored_object() {
    let workdir = workdir("rehearse-event");
    let is_stopped = |object: &Value| object["metadata"]["annotations"].get("kubeflow-resource-stopped").is_some();
    for (file, event, operation, old, new) in [
        ("notebook.yaml", "touch", "UPDATE", Some(false), false),
        ("stopped.yaml", "touch", "UPDATE", Some(true), true),
        ("notebook.yaml", "stop", "UPDATE", Some(false), true),
        ("notebook.yaml", "start", "UPDATE", Some(true), false),
        ("stopped.yaml", "start", "UPDATE", Some(true), false),
        ("stopped.yaml", "create", "CREATE", None, false),
    ] {
        let flags = ["run", "-f", file, "--namespace", "team-a", "--event", event, "--diff", "tells.wasm"];
        let request = asked(&workdir.policy_host(&flags));
        assert_eq!(request["operation"], operation, "{file} {event}");
        assert_eq!(request.get("oldObject").map(is_stopped), old, "{file} {event}");
        assert_eq!(is_stopped(&request["object"]), new, "{file} {event}");
        for object in [Some(&request["object"]), request.get("oldObject")].into_iter().flatten() {
            assert_eq!(object["metadata"]["namespace"], "team-a", "{file} {event}");
        }
    }
}

#[test]
fn an_update_without_an_old_object_is_one_of_the_object_itself() {
    let workdir = workdir("rehearse-update");
    let request =
        asked(&workdir.policy_host(&["run", "-f", "pod.yaml", "--operation", "UPDATE", "--diff", "tells.wasm"]));
    assert_eq!(request["oldObject"], request["object"]);
    assert_eq!(request["oldObject"]["metadata"]["namespace"], "default");
}

/// What runs keeps the old settings' secret; what is stopped, or starts, gets the new one's in its place.
#[test]
fn an_upgrade_is_rehearsed() {
    let workdir = workdir("rehearse-upgrade");
    let module = module_path();
    let module = module.to_str().expect("the path is a text");
    for (file, event, secret, is_pending) in [
        ("notebook.yaml", None, "old", true),
        ("notebook.yaml", Some("stop"), "new", false),
        ("stopped.yaml", None, "new", false),
    ] {
        let mut arguments = vec!["run", "-f", file, "--upgrade-from", "old.yaml", "-s", "new.yaml", "-o", "yaml"];
        arguments.extend(event.iter().flat_map(|event| ["--event", *event]));
        arguments.push(module);
        let outcome = workdir.policy_host(&arguments);
        assert_eq!(outcome.code, Some(0), "{file} {event:?}: {outcome:?}");
        let object = yaml::value(&outcome.stdout).expect("it is YAML");
        let secrets = &object["spec"]["template"]["spec"]["imagePullSecrets"];
        assert_eq!(secrets, &serde_json::json!([{"name": secret}]), "{file} {event:?}");
        assert_eq!(outcome.stderr.contains("wait"), is_pending, "{file} {event:?}: {}", outcome.stderr);
    }
}

#[test]
fn what_cannot_be_rehearsed() {
    let workdir = workdir("rehearse-invalid").with("list.yaml", "- a\n");
    let cases: [(&str, &[&str], &str); 5] = [
        (
            "settings that refuse the object",
            &["-f", "notebook.yaml", "--upgrade-from", "old.yaml", "rejects.wasm"],
            "Error: cannot make a request of notebook.yaml: --upgrade-from old.yaml: these settings refuse the object (422): no\n",
        ),
        (
            "settings that are none",
            &["-f", "notebook.yaml", "--upgrade-from", "list.yaml", "rejects.wasm"],
            "Error: cannot make a request of notebook.yaml: --upgrade-from list.yaml: the settings are a list, not an object\n",
        ),
        (
            "settings that are not there",
            &["-f", "notebook.yaml", "--upgrade-from", "none.yaml", "rejects.wasm"],
            "Error: cannot make a request of notebook.yaml: --upgrade-from none.yaml: cannot read none.yaml: ",
        ),
        (
            "a pod that is stopped",
            &["-f", "pod.yaml", "--event", "stop", "rejects.wasm"],
            "Error: cannot make a request of pod.yaml: kind: only a Notebook is stopped and started, found \"Pod\"\n",
        ),
        (
            "a manifest as a request",
            &["-r", "pod.yaml", "rejects.wasm"],
            "Error: cannot use the request pod.yaml: a manifest goes with --object: not JSON: ",
        ),
    ];
    for (name, flags, expected) in cases {
        let Printed { code, stdout, stderr } = workdir.policy_host(&[&["run"], flags].concat());
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{name}: {stderr}");
        assert!(stderr.starts_with(expected), "{name}: {stderr}");
    }
    for flags in [
        &["-f", "pod.yaml", "--event", "touch", "--operation", "UPDATE"][..],
        &["-f", "pod.yaml", "--event", "touch", "--old-object", "pod.yaml"],
        &["-r", "pod.yaml", "--event", "touch"],
        &["-f", "pod.yaml", "--upgrade-from", "old.yaml", "--operation", "UPDATE"],
        &["-r", "pod.yaml", "--upgrade-from", "old.yaml"],
        &["-f", "pod.yaml", "--event", "restart"],
    ] {
        assert_eq!(workdir.policy_host(&[&["run"], flags, &["tells.wasm"]].concat()).code, Some(2), "{flags:?}");
    }
}

#[test]
fn notes_are_told_beside_the_answer() {
    let policy = |spec: &str| {
        format!(
            "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {{name: ours}}\nspec:\n  \
             settings: {}\n{spec}",
            OLD.trim_end()
        )
    };
    let rules =
        "  rules: [{apiGroups: [kubeflow.org], apiVersions: [v1], resources: [notebooks], operations: [CREATE]}]\n";
    let workdir = workdir("rehearse-notes")
        .with("mutates.wasm", answering(r#"{"accepted":true,"mutated_object":{"a":1}}"#))
        .with("monitor.yaml", policy(&format!("  mutating: true\n  mode: monitor\n{rules}")))
        .with("broken.yaml", policy(&format!("  mode: watch\n{rules}")))
        .with("fine.yaml", policy(&format!("  mutating: true\n{rules}")))
        .with("misspelt.yaml", NOTEBOOK.replace("Notebook", "NoteBook"));
    let misspelt =
        "note: kubeflow.org/v1 NoteBook is not a kind that the policy covers; did you mean kubeflow.org/v1 Notebook?\n";
    for (object, settings, expected) in [
        ("notebook.yaml", "fine.yaml", ""),
        (
            "notebook.yaml",
            "monitor.yaml",
            "note: mode: monitor: in a cluster the policy's answer is logged, and the object stays as it is\n",
        ),
        (
            "notebook.yaml",
            "broken.yaml",
            "note: no cluster would accept this policy: spec.mode: must be protect or monitor, found \"watch\"\n",
        ),
        ("pod.yaml", "fine.yaml", "note: rules: none covers CREATE of pods in v1, so it does not reach the policy\n"),
        ("misspelt.yaml", "fine.yaml", misspelt),
        ("misspelt.yaml", "old.yaml", misspelt),
    ] {
        let outcome = workdir.policy_host(&["run", "-f", object, "-s", settings, "-o", "yaml", "mutates.wasm"]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), expected), "{object} {settings}");
        assert_eq!(outcome.stdout, "a: 1\n", "{object} {settings}: a note changes nothing");
    }
}
