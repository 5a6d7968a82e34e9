//! The pods of `test_data/pods/`, one of each workload on Kubeflow that is neither a Notebook nor a step of a pipeline: in
//! which of their containers the dependencies of `pods` come.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use super::objects::{ANOTHERS, created, with};
use crate::evaluator::{Outcome, project, test_data};

/// What is expected of a pod.
struct Row {
    /// The file, without its extension.
    file: &'static str,
    /// The main container.
    main: &'static str,
    /// What `All` means, in the pod's order.
    all: &'static [&'static str],
    /// A list of names, in the pod's order, init containers before the others. It reaches all of them.
    names: &'static [&'static str],
}

const ROWS: [Row; 18] = [
    Row {
        file: "argo-agent",
        main: "main",
        all: &["slack-executor-plugin", "main"],
        names: &["init", "slack-executor-plugin"],
    },
    // What a plugin brings is another's in a pipeline pod only. Here it deletes the artifacts.
    Row {
        file: "argo-artifact-gc",
        main: "main",
        all: &["artifact-plugin-hub", "main"],
        names: &["init", "artifact-plugin-hub"],
    },
    Row {
        file: "katib-trial",
        main: "training-container",
        all: &["training-container"],
        names: &["training-container", "metrics-logger-and-collector"],
    },
    Row {
        file: "kserve-knative",
        main: "kserve-container",
        all: &["kserve-container"],
        names: &["kserve-container", "queue-proxy"],
    },
    Row {
        file: "kserve-standard",
        main: "kserve-container",
        all: &["kserve-container", "transformer-container"],
        names: &["storage-initializer", "transformer-container"],
    },
    Row { file: "mpi-job-launcher", main: "mpi-launcher", all: &["mpi-launcher"], names: &["mpi-launcher"] },
    Row { file: "mpi-job-worker", main: "mpi-worker", all: &["mpi-worker"], names: &["mpi-worker"] },
    Row { file: "notebook", main: "churn", all: &["churn"], names: &["churn"] },
    Row {
        file: "pytorch-job-worker",
        main: "pytorch",
        all: &["tensorboard", "pytorch"],
        names: &["init-pytorch", "pytorch"],
    },
    Row { file: "ray-head", main: "ray-head", all: &["ray-head", "autoscaler"], names: &["autoscaler"] },
    Row { file: "ray-worker", main: "ray-worker", all: &["ray-worker"], names: &["wait-gcs-ready", "ray-worker"] },
    Row {
        file: "spark-driver",
        main: "spark-kubernetes-driver",
        all: &["spark-kubernetes-driver"],
        names: &["spark-kubernetes-driver"],
    },
    Row {
        file: "spark-executor",
        main: "spark-kubernetes-executor",
        all: &["spark-kubernetes-executor"],
        names: &["spark-kubernetes-executor"],
    },
    Row { file: "tf-job-worker", main: "tensorflow", all: &["tensorflow"], names: &["tensorflow"] },
    Row {
        file: "trainer-initializer",
        main: "dataset-initializer",
        all: &["dataset-initializer"],
        names: &["dataset-initializer"],
    },
    Row { file: "trainer-node", main: "node", all: &["node"], names: &["node"] },
    Row { file: "workspace", main: "main", all: &["main"], names: &["main"] },
    Row { file: "xgboost-job-master", main: "xgboost", all: &["xgboost"], names: &["xgboost"] },
];

const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

fn pod(file: &str) -> Value {
    test_data(&format!("pods/{file}.yaml"))
}

/// Settings that mark each container that `containers` means, in the pods of a list.
fn marking(list: &str, containers: &Value) -> Value {
    let mark = json!({"env": [{"name": "MARK", "value": "x"}], "containers": containers});
    json!({"dependencies": {"mark": mark}, list: ["mark"]})
}

/// The names of the containers that are marked, init containers before the others.
fn marked(pod: &Value) -> Vec<&str> {
    let lists = ["initContainers", "containers"].iter().filter_map(|list| pod["spec"][list].as_array());
    let is_marked = |container: &&Value| {
        container["env"].as_array().is_some_and(|env| env.contains(&json!({"name": "MARK", "value": "x"})))
    };
    lists.flatten().filter(is_marked).filter_map(|container| container["name"].as_str()).collect()
}

/// Creates `pod`; exactly the containers of `expected` are marked, once and for all.
fn assert_marked(pod: &Value, containers: &Value, expected: &[&str], what: &str) -> Outcome {
    let settings = marking("pods", containers);
    let outcome = created(pod, &settings);
    assert_eq!(marked(&outcome.object), expected, "{what}, {containers}");
    assert_eq!(outcome.warnings, [] as [&str; 0], "{what}, {containers}");
    assert_eq!(created(&outcome.object, &settings).patch, [] as [Value; 0], "{what}, {containers}");
    outcome
}

#[test]
fn every_pod_has_a_row() {
    let files = fs::read_dir(project().join("test_data/pods")).expect("the folder is there");
    let files: BTreeSet<_> =
        files.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect();
    let rows: BTreeSet<_> = ROWS.iter().map(|row| format!("{}.yaml", row.file)).collect();
    assert_eq!((rows.len(), rows), (ROWS.len(), files));
}

#[test]
fn which_containers_of_a_pod_are_reached() {
    for Row { file, main, all, names } in ROWS {
        let pod = pod(file);
        assert_marked(&pod, &json!("Main"), &[main], file);
        assert_marked(&pod, &Value::Null, &[main], file);
        assert_marked(&pod, &json!("All"), all, file);
        assert_marked(&pod, &json!([names, &["missing"]].concat()), names, file);
    }
}

/// What is added to a pod is added for its controller too, which the policy does not know: nothing else changes.
#[test]
fn nothing_else_of_a_pod_changes() {
    for Row { file, main, .. } in ROWS {
        let pod = pod(file);
        let mut object = assert_marked(&pod, &json!("Main"), &[main], file).object;
        let containers = object.pointer_mut("/spec/containers").and_then(Value::as_array_mut).expect("containers");
        let container = containers.iter_mut().find(|container| container["name"] == main).expect("the main container");
        let env = container["env"].as_array_mut().expect("variables");
        assert_eq!(env.pop(), Some(json!({"name": "MARK", "value": "x"})), "{file}: behind the user's");
        if env.is_empty() {
            container.as_object_mut().expect("an object").remove("env");
        }
        assert_eq!(object["spec"], pod["spec"], "{file}");
        assert_eq!(object["metadata"]["labels"], pod["metadata"]["labels"], "{file}");
    }
}

/// None has the annotation of a pipeline's pod, so that what pipelines get does not come in.
#[test]
fn none_of_them_is_a_pipeline_pod() {
    for Row { file, .. } in ROWS {
        let pod = pod(file);
        let outcome = created(&pod, &marking("pipelinePods", &json!("Main")));
        assert_eq!((outcome.object, outcome.warnings), (pod, vec![]), "{file}");
    }
}

/// The annotation of a pod decides before all names, unless it names what is another's. Of the names the first in the
/// policy's list counts, not the first in the pod.
#[test]
fn which_container_is_the_main_one() {
    let named = |file: &str, name: &str| with(&pod(file), "/metadata/annotations", json!({DEFAULT_CONTAINER: name}));
    let called = |names: &[&str]| {
        let containers: Value = names.iter().map(|name| json!({"name": name})).collect();
        with(&pod("xgboost-job-master"), "/spec/containers", containers)
    };
    for (pod, main) in [
        (named("pytorch-job-worker", "tensorboard"), "tensorboard"),
        (named("pytorch-job-worker", "missing"), "pytorch"),
        (named("kserve-standard", "transformer-container"), "transformer-container"),
        (named("kserve-knative", "queue-proxy"), "kserve-container"),
        (named("katib-trial", "metrics-logger-and-collector"), "training-container"),
        (called(&["ray-worker", "ray-head"]), "ray-head"),
        (called(&["ray-head", "spark-kubernetes-executor", "spark-kubernetes-driver"]), "spark-kubernetes-driver"),
        (called(&["spark-kubernetes-driver", "kserve-container"]), "kserve-container"),
        (called(&["kserve-container", "tensorflow"]), "tensorflow"),
        (called(&["tensorflow", "pytorch"]), "pytorch"),
        (called(&["pytorch", "node"]), "node"),
        (called(&["node", "main"]), "main"),
        (called(&["istio-proxy", "first", "second"]), "first"),
        (called(&["oauth-proxy", "first"]), "first"),
        (called(&["wait", "first"]), "wait"),
        (called(&["artifact-plugin-hub", "first"]), "artifact-plugin-hub"),
        (called(&["queue-proxy", "istio-proxy"]), "queue-proxy"),
    ] {
        assert_marked(&pod, &json!("Main"), &[main], &format!("{:#}", pod["spec"]["containers"]));
    }
}

#[test]
fn what_is_anothers_by_its_name() {
    for name in ANOTHERS {
        let pod = with(&pod("workspace"), "/spec/containers/-", json!({"name": name}));
        assert_marked(&pod, &json!("All"), &["main"], name);
        assert_marked(&pod, &json!([name]), &[name], name);
    }
    for name in ["wait", "supervisor", "artifact-plugin-hub", "autoscaler"] {
        let pod = with(&pod("workspace"), "/spec/containers/-", json!({"name": name}));
        assert_marked(&pod, &json!("All"), &["main", name], name);
    }
}

/// A pull secret in the Notebook would keep those of its service account from its pod. On the pod it comes beside them,
/// and what the record says of the Notebook stays.
#[test]
fn a_pull_secret_on_the_pod_of_a_notebook_comes_beside_those_of_its_service_account() {
    let registry = json!({"imagePullSecrets": [{"name": "gpr-credentials"}]});
    let settings = json!({"dependencies": {"registry": registry}, "pods": ["registry"]});
    let pod = pod("notebook");
    let outcome = created(&pod, &settings);
    let secrets = json!([{"name": "team-a-registry"}, {"name": "gpr-credentials"}]);
    assert_eq!(outcome.object["spec"], with(&pod["spec"], "/imagePullSecrets", secrets));
    let record = |object: &Value| -> Value {
        let record = object["metadata"]["annotations"]["mutatingflow.nais.io/injected"].as_str().expect("a record");
        serde_json::from_str(record).expect("JSON")
    };
    assert_eq!(record(&outcome.object)["Notebook"], record(&pod)["Notebook"]);
    assert_eq!(record(&outcome.object)["Pod"]["registry"]["added"], json!({"imagePullSecrets": ["gpr-credentials"]}));
    assert_eq!(outcome.warnings, [] as [&str; 0]);
}
