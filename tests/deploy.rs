//! The manifests of `deploy/`: what Kubewarden makes of them, and which pods of `test_data/pods/` each selects. That their
//! settings are accepted is seen by `tests/contract/tables/settings.rs`, on the module too. And the manifests of two pages.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail a test by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// The policy for notebooks and pipelines.
const MAIN: &str = "cluster-admission-policy";

/// What it would change in the notebooks that are stored.
const REPORT: &str = "report";

/// The others are for one workload each: which pods each selects.
const RECIPES: [(&str, &[&str]); 9] = [
    ("argo-agent", &["argo-agent", "argo-artifact-gc"]),
    ("katib", &["katib-trial"]),
    ("kserve", &["kserve-knative", "kserve-standard"]),
    ("notebook-pods", &["notebook"]),
    ("ray", &["ray-head", "ray-worker"]),
    ("spark", &["spark-driver", "spark-executor"]),
    ("trainer", &["trainer-initializer", "trainer-node"]),
    (
        "training-operator",
        &["mpi-job-launcher", "mpi-job-worker", "pytorch-job-worker", "tf-job-worker", "xgboost-job-master"],
    ),
    ("workspaces", &["workspace"]),
];

const PIPELINE_ANNOTATION: &str = "workflows.argoproj.io/node-name";

/// What the spec of every policy may have, as Kubewarden's types say.
const SPEC: [&str; 15] = [
    "backgroundAudit",
    "failurePolicy",
    "matchConditions",
    "matchPolicy",
    "message",
    "mode",
    "module",
    "mutating",
    "objectSelector",
    "policyServer",
    "rules",
    "settings",
    "sideEffects",
    "timeoutEvalSeconds",
    "timeoutSeconds",
];

/// The first document of each YAML file of a folder, by the file's name without the extension. In `deploy/` that is the
/// policy.
fn files(folder: &str) -> BTreeMap<String, Value> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    paths.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), read(&path))).collect()
}

/// The first document of a YAML file.
fn read(path: &Path) -> Value {
    documents(path).swap_remove(0)
}

/// The documents of a YAML file.
fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let document = |text| yaml_serde::from_str(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.split("\n---\n").map(document).collect()
}

fn test_data(path: &str) -> Value {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("test_data").join(path))
}

/// The names of an object's members.
fn members(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Whether a LabelSelector matches these labels.
fn matches(selector: &Value, labels: &Value) -> bool {
    assert_eq!(
        members(selector),
        ["matchExpressions"].into(),
        "Kubewarden does not pass everything else on everywhere"
    );
    selector["matchExpressions"].as_array().unwrap().iter().all(|requirement| {
        let label = labels.get(requirement["key"].as_str().unwrap());
        let is_listed = |label: &Value| requirement["values"].as_array().expect("values").contains(label);
        match requirement["operator"].as_str().unwrap() {
            "In" => label.is_some_and(is_listed),
            "NotIn" => !label.is_some_and(is_listed),
            operator => {
                assert_eq!(members(requirement), ["key", "operator"].into(), "{operator} takes no values");
                match operator {
                    "Exists" => label.is_some(),
                    "DoesNotExist" => label.is_none(),
                    _ => panic!("there is no operator {operator}"),
                }
            }
        }
    })
}

/// The names of the manifests whose `objectSelector` matches `pod`.
fn selecting(pod: &Value) -> Vec<String> {
    let selects = |policy: &Value| {
        policy["spec"].get("objectSelector").is_some_and(|selector| matches(selector, &pod["metadata"]["labels"]))
    };
    files("deploy").into_iter().filter(|(_, policy)| selects(policy)).map(|(name, _)| name).collect()
}

#[test]
fn every_manifest_is_a_policy_that_adds_or_one_that_reports() {
    for (file, policy) in files("deploy") {
        assert_eq!(members(&policy), ["apiVersion", "kind", "metadata", "spec"].into(), "{file}");
        assert_eq!(policy["apiVersion"], "policies.kubewarden.io/v1", "{file}");
        let metadata = &policy["metadata"];
        let spec = &policy["spec"];
        let mut known: BTreeSet<_> = SPEC.into();
        match policy["kind"].as_str().unwrap() {
            "ClusterAdmissionPolicy" => {
                assert_eq!(metadata.get("namespace"), None, "{file}");
                known.extend(["allowInsideAdmissionControllerNamespace", "contextAwareResources", "namespaceSelector"]);
                let profiles =
                    json!({"key": "app.kubernetes.io/part-of", "operator": "In", "values": ["kubeflow-profile"]});
                assert_eq!(spec["namespaceSelector"], json!({"matchExpressions": [profiles]}), "{file}");
            }
            "AdmissionPolicy" => assert!(metadata["namespace"].is_string(), "{file}"),
            kind => panic!("{file}: {kind}"),
        }
        assert_eq!(members(spec).difference(&known).next(), None, "{file}: nothing knows it");
        let members = ["mode", "mutating", "backgroundAudit", "failurePolicy"].map(|member| &spec[member]);
        let expected = match &*file {
            REPORT => [json!("monitor"), json!(false), json!(true), json!("Ignore")],
            // The audit would have nothing to report.
            _ => [json!("protect"), json!(true), json!(false), json!("Fail")],
        };
        assert_eq!(members, expected.each_ref(), "{file}");
        let expected = if file == MAIN { "mutatingflow".to_owned() } else { format!("mutatingflow-{file}") };
        assert_eq!(metadata["name"], expected);
    }
}

/// The audit scanner asks about what a rule with `CREATE` lists, in each version that the rule names.
#[test]
fn the_report_is_about_notebooks_by_the_same_settings() {
    let manifests = files("deploy");
    let [main, report] = [MAIN, REPORT].map(|name| &manifests[name]["spec"]);
    let mut expected = main["settings"].clone();
    expected["report"] = json!(true);
    assert_eq!(report["settings"], expected);
    let notebooks = json!({"apiGroups": ["kubeflow.org"], "apiVersions": ["v1"], "resources": ["notebooks"], "operations": ["CREATE"]});
    assert_eq!(report["rules"], json!([notebooks]));
}

/// The audit scanner has Kubernetes' role `view`, to which Kubeflow does not add notebooks.
#[test]
fn the_report_brings_the_right_to_list_notebooks_and_no_other_manifest_brings_any() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    for (file, policy) in files("deploy") {
        let documents = documents(&folder.join(format!("{file}.yaml")));
        let [_, others @ ..] = &documents[..] else { panic!("{file}: a policy") };
        if file != REPORT {
            assert!(others.is_empty(), "{file}: {others:#?}");
            continue;
        }
        let [role] = others else { panic!("one role, not {others:#?}") };
        let listed = &policy["spec"]["rules"][0];
        let expected = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {
                "name": policy["metadata"]["name"],
                "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"},
            },
            "rules": [{
                "apiGroups": listed["apiGroups"],
                "resources": listed["resources"],
                "verbs": ["get", "list", "watch"],
            }],
        });
        assert_eq!(*role, expected);
    }
}

/// A pod's spec hardly changes later, and `pods` is the list for it.
#[test]
fn a_manifest_for_one_workload_is_about_its_pods_alone() {
    let mut manifests = files("deploy");
    for other in [MAIN, REPORT] {
        manifests.remove(other).expect("a manifest that is not for one workload");
    }
    let expected: BTreeSet<_> = RECIPES.iter().map(|(name, _)| *name).collect();
    assert_eq!(manifests.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    for (file, policy) in manifests {
        let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]});
        assert_eq!(policy["spec"]["rules"], json!([rule]), "{file}");
        let settings = &policy["spec"]["settings"];
        assert_eq!(members(settings), ["dependencies", "pods"].into(), "{file}");
        let listed: BTreeSet<_> =
            settings["pods"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(members(&settings["dependencies"]), listed, "{file}");
        // Who creates these pods is a controller, which nobody asks why it waits.
        for (name, dependency) in settings["dependencies"].as_object().unwrap() {
            let may_conflict = members(dependency) != ["imagePullSecrets"].into();
            assert_eq!(dependency["onConflict"] == "Keep", may_conflict, "{file}: {name}");
        }
    }
}

#[test]
fn each_manifest_selects_the_pods_of_its_workload_and_no_other() {
    let pods = files("test_data/pods");
    let mut selected: BTreeMap<&str, Vec<&str>> = RECIPES.iter().map(|(recipe, _)| (*recipe, Vec::new())).collect();
    for (name, pod) in &pods {
        let [recipe] = &selecting(pod)[..] else { panic!("{name}: one manifest is for it, not {:?}", selecting(pod)) };
        selected.get_mut(&**recipe).expect("a manifest for one workload").push(name);
    }
    for (recipe, expected) in RECIPES {
        assert_eq!(selected[recipe], expected, "{recipe}");
    }
}

#[test]
fn what_the_api_server_sent_is_selected_as_well() {
    for (request, recipes) in [
        ("requests/pod-create-argo-agent.json", &["argo-agent"][..]),
        ("requests/pod-create-pipeline.json", &[]),
        ("requests/pod-create-plain.json", &[]),
    ] {
        assert_eq!(selecting(&test_data(request)["request"]["object"]), recipes, "{request}");
    }
    assert_eq!(selecting(&test_data("pipeline-pod.yaml")), [] as [&str; 0]);
}

/// Before Katib's webhook the pod of a trial is the pod of a Job, so that a policy that is called earlier misses it.
#[test]
fn a_trial_is_selected_by_what_katib_adds() {
    let mut pod = test_data("pods/katib-trial.yaml");
    pod["metadata"]["labels"].as_object_mut().unwrap().retain(|key, _| !key.starts_with("katib.kubeflow.org/"));
    assert_eq!(selecting(&pod), [] as [&str; 0]);
    for (file, policy) in files("deploy") {
        let is_late = policy["kind"] == "AdmissionPolicy";
        assert_eq!(is_late, file == "katib", "{file}");
    }
}

/// CEL is not evaluated here. What the condition of the main manifest asks for is an annotation, which its pods have and
/// the others have not.
#[test]
fn the_condition_for_pipelines_is_an_annotation_that_only_their_pods_have() {
    let main = &files("deploy")[MAIN];
    let [condition] = &main["spec"]["matchConditions"].as_array().unwrap()[..] else { panic!("one condition") };
    let expression = condition["expression"].as_str().unwrap();
    let quoted: Vec<_> = expression.split('"').skip(1).step_by(2).collect();
    assert_eq!(quoted, ["pods", PIPELINE_ANNOTATION]);
    let has = |pod: &Value| pod["metadata"]["annotations"].get(PIPELINE_ANNOTATION).is_some();
    assert!(has(&test_data("pipeline-pod.yaml")));
    for (name, pod) in files("test_data/pods") {
        assert!(!has(&pod), "{name}");
    }
}

/// The label that a manifest selects by.
fn label(policy: &Value) -> &str {
    let [requirement] = &policy["spec"]["objectSelector"]["matchExpressions"].as_array().unwrap()[..] else {
        panic!("one label")
    };
    requirement["key"].as_str().unwrap()
}

#[test]
fn the_page_about_workloads_has_every_manifest_with_its_label() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/workloads.md")).unwrap();
    let manifests = files("deploy");
    for (recipe, _) in RECIPES {
        let link = format!("[{recipe}.yaml](../deploy/{recipe}.yaml) | `{}` |", label(&manifests[recipe]));
        assert!(page.contains(&link), "{link}");
    }
    // The condition for several of them names an annotation and labels.
    let (_, example) = page.split_once("matchConditions:").unwrap();
    let quoted: Vec<_> = example.split('"').skip(1).step_by(2).collect();
    let labels: Vec<_> = RECIPES.iter().map(|(recipe, _)| label(&manifests[*recipe])).collect();
    let [pods, annotation, shown @ ..] = &quoted[..] else { panic!("{quoted:?}") };
    assert_eq!((*pods, *annotation), ("pods", PIPELINE_ANNOTATION));
    assert!(shown.len() > 1 && shown.iter().all(|label| labels.contains(label)), "{shown:?}");
}

/// A PodDefault, the dependency that does the same, and the PodDefault that is left as a tick box.
#[test]
fn the_page_about_poddefaults_shows_the_same_three_times() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/poddefaults.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    let shown: Vec<Value> = blocks.map(|block| yaml_serde::from_str(block).expect(block)).collect();
    let [before, settings, after] = &shown[..] else { panic!("{shown:#?}") };
    let mut expected = before.clone();
    let moved = expected["spec"].as_object_mut().unwrap();
    moved.retain(|member, _| ["desc", "selector"].contains(&&**member));
    assert_eq!(*after, expected, "what is left has nothing to add");
    let [(name, dependency)] = &settings["dependencies"].as_object().unwrap().iter().collect::<Vec<_>>()[..] else {
        panic!("one dependency")
    };
    assert_eq!(settings["notebooks"], json!([name]));
    let mut spec = before["spec"].clone();
    spec.as_object_mut().unwrap().remove("desc");
    assert_eq!(**dependency, spec);
}

#[test]
fn selectors_are_evaluated_as_kubernetes_does() {
    let labels = json!({"a": "1", "empty": ""});
    for (requirement, expected) in [
        (json!({"key": "a", "operator": "Exists"}), true),
        (json!({"key": "empty", "operator": "Exists"}), true),
        (json!({"key": "b", "operator": "Exists"}), false),
        (json!({"key": "b", "operator": "DoesNotExist"}), true),
        (json!({"key": "a", "operator": "DoesNotExist"}), false),
        (json!({"key": "a", "operator": "In", "values": ["0", "1"]}), true),
        (json!({"key": "a", "operator": "In", "values": ["0"]}), false),
        (json!({"key": "b", "operator": "In", "values": ["0"]}), false),
        (json!({"key": "a", "operator": "NotIn", "values": ["0"]}), true),
        (json!({"key": "a", "operator": "NotIn", "values": ["1"]}), false),
        (json!({"key": "b", "operator": "NotIn", "values": ["1"]}), true),
    ] {
        assert_eq!(matches(&json!({"matchExpressions": [requirement]}), &labels), expected, "{requirement}");
        let with_another = json!({"matchExpressions": [requirement, {"key": "b", "operator": "Exists"}]});
        assert!(!matches(&with_another, &labels), "all of them count");
    }
}
