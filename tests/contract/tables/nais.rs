//! What NAV's webhook gave, given by `test_data/nais/settings.yaml` on real requests; and what it got wrong, now right.

use serde_json::{Value, json};

use super::objects::{Kind, assert_patch, create, secrets_mount, secrets_volume, split_annotations, vks, with};
use crate::evaluator::{Outcome, run, test_data};

fn settings() -> Value {
    test_data("nais/settings.yaml")
}

/// A request of `test_data/requests`.
fn request(name: &str) -> Value {
    test_data(&format!("requests/{name}.json"))["request"].take()
}

/// The outcome of a request. It must be allowed without a warning, and the same again must change nothing.
fn settled(request: Value) -> Outcome {
    let outcome = run(request.clone(), settings());
    assert!(outcome.allowed, "{:?}", outcome.message);
    assert_eq!(outcome.warnings, [] as [&str; 0]);
    assert_eq!(run(with(&request, "/object", outcome.object.clone()), settings()).patch, [] as [Value; 0]);
    outcome
}

fn annotation(name: &str) -> String {
    format!("/metadata/annotations/mutatingflow.nais.io~1{name}")
}

fn pipeline_record() -> Value {
    json!({
        "registry": {"imagePullSecrets": ["gpr-credentials"]},
        "vault": {
            "initContainers": ["vks"],
            "volumeMounts": ["/var/run/secrets/nais.io/vault"],
            "volumes": ["vault-secrets"],
        },
    })
}

#[test]
fn notebooks_get_the_pull_secret() {
    assert_patch(
        &settled(request("notebook-create")),
        json!([
            ["add", "/spec/template/spec/imagePullSecrets", [{"name": "gpr-credentials"}]],
            ["add", annotation("injected"), {"registry": {"imagePullSecrets": ["gpr-credentials"]}}],
            ["add", annotation("status"), "injected"],
        ]),
    );
}

#[test]
fn pipeline_pods_get_the_pull_secret_and_the_secrets_of_their_team() {
    for team in ["team-a", "dataplattform"] {
        assert_patch(
            &settled(with(&request("pod-create-pipeline"), "/namespace", json!(team))),
            json!([
                ["add", "/spec/imagePullSecrets", [{"name": "gpr-credentials"}]],
                ["add", "/spec/volumes/4", secrets_volume()],
                ["add", "/spec/initContainers/2", vks("46", team)],
                ["add", "/spec/containers/1/volumeMounts/3", secrets_mount()],
                ["add", annotation("injected"), pipeline_record()],
                ["add", annotation("status"), "injected"],
            ]),
        );
    }
}

/// The original replaced the list.
#[test]
fn the_users_pull_secrets_stay() {
    let secrets = json!([{"name": "mine"}, {"name": "my-other"}]);
    let notebook = with(&request("notebook-create"), "/object/spec/template/spec/imagePullSecrets", secrets.clone());
    let added = settled(notebook).object["spec"]["template"]["spec"]["imagePullSecrets"].take();
    assert_eq!(added, json!([{"name": "mine"}, {"name": "my-other"}, {"name": "gpr-credentials"}]));

    let pod = with(&request("pod-create-pipeline"), "/object/spec/imagePullSecrets", secrets);
    let added = settled(pod).object["spec"]["imagePullSecrets"].take();
    assert_eq!(added, json!([{"name": "mine"}, {"name": "my-other"}, {"name": "gpr-credentials"}]));
}

/// The original overwrote the list, and Argo's pods never started.
#[test]
fn argos_init_containers_stay() {
    let pod = request("pod-create-pipeline");
    let before = pod["object"]["spec"]["initContainers"].as_array().cloned().expect("Argo's");
    assert_eq!(before.len(), 2);
    let after = settled(pod).object["spec"]["initContainers"].take();
    assert_eq!(after, Value::from([before, vec![vks("46", "team-a")]].concat()));
}

/// The original added to `/spec/volumes/-`, which is an error where there is no list.
#[test]
fn a_pod_without_volumes_gets_them() {
    for volumes in [None, Some(Value::Null), Some(json!([]))] {
        let mut pod = with(&request("pod-create-pipeline"), "/object/spec/volumes", volumes);
        for list in ["/object/spec/containers/1/volumeMounts", "/object/spec/initContainers"] {
            pod = with(&pod, list, None);
        }
        let spec = settled(pod).object["spec"].take();
        assert_eq!(spec["volumes"], json!([secrets_volume()]));
        assert_eq!(spec["initContainers"], json!([vks("46", "team-a")]));
        assert_eq!(spec["containers"][1]["volumeMounts"], json!([secrets_mount()]));
    }
}

/// The original wrote the `/` of an annotation's name into the path as it is, which makes it two members.
#[test]
fn names_of_annotations_are_escaped_in_the_patch() {
    let outcome = settled(request("pod-create-pipeline"));
    let paths: Vec<_> = outcome.patch.iter().filter_map(|operation| operation["path"].as_str()).collect();
    assert!(paths.contains(&"/metadata/annotations/mutatingflow.nais.io~1status"), "{paths:?}");
    assert_eq!(outcome.object["metadata"]["annotations"]["mutatingflow.nais.io/status"], "injected");

    // Where there are no annotations, both are added with the object that holds them.
    let notebook = settled(request("notebook-create-v1alpha1-without-annotations"));
    assert_eq!(notebook.object["metadata"]["annotations"]["mutatingflow.nais.io/status"], "injected");
}

/// The original took them for pipeline pods, and then refused them for want of a main container.
#[test]
fn pods_without_annotations_are_no_pipeline_pods() {
    let plain = request("pod-create-plain");
    for annotations in [None, Some(Value::Null), Some(json!({})), Some(json!({"a": "b"}))] {
        let outcome = run(with(&plain, "/object/metadata/annotations", annotations), settings());
        assert!(outcome.allowed);
        assert_eq!((outcome.patch, outcome.warnings), (vec![], vec![]));
    }
    // Nor is a pipeline pod without a container refused: it gets what needs none.
    let pod = create(Kind::PipelinePod.object(json!({"containers": []})));
    let outcome = run(pod, settings());
    assert_eq!(
        split_annotations(&outcome.object).record,
        json!({"registry": {"imagePullSecrets": ["gpr-credentials"]}})
    );
    assert_eq!(outcome.warnings, ["dependency \"vault\" is left out: it matches none of spec.containers"]);
}

/// The original skipped Notebooks that had annotations but not `notebook-name`: all that the web app makes today.
#[test]
fn notebooks_of_the_web_app_are_not_skipped() {
    let notebook = request("notebook-create");
    let annotations = notebook["object"]["metadata"]["annotations"].as_object().expect("the web app's");
    assert!(!annotations.is_empty() && !annotations.contains_key("notebook-name"));
    for annotations in [json!(annotations), json!({"notebook-name": "churn-model"}), json!({}), Value::Null] {
        let notebook = with(&notebook, "/object/metadata/annotations", annotations);
        let secrets = settled(notebook).object["spec"]["template"]["spec"]["imagePullSecrets"].take();
        assert_eq!(secrets, json!([{"name": "gpr-credentials"}]));
    }
}

/// The original left the same annotation. What it added counts as the user's; where nothing is missing, nothing is
/// written, and so no annotation either.
#[test]
fn entries_of_the_original_are_left_as_they_are() {
    let create = request("notebook-create");
    let mut object = create["object"].clone();
    object["metadata"]["annotations"]["mutatingflow.nais.io/status"] = json!("injected");
    object["spec"]["template"]["spec"]["imagePullSecrets"] = json!([{"name": "gpr-credentials"}]);
    assert_eq!(settled(with(&create, "/object", object.clone())).patch, [] as [Value; 0]);
    // A notebook that runs is left in peace as well.
    let culled = with(&object, "/metadata/annotations/notebooks.kubeflow.org~1last-activity", json!("now"));
    let update = with(&with(&create, "/operation", json!("UPDATE")), "/oldObject", object);
    assert_eq!(settled(with(&update, "/object", culled)).patch, [] as [Value; 0]);
}
