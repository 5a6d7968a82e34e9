//! Pods: of pipelines, of notebooks, and what else runs in the namespace of a team.

use anyhow::Result;
use serde_json::{Value, json};

use super::{
    Team,
    dice::Dice,
    history::Eras,
    managed::{self, Manager},
    notebooks::Notebook,
    time::{DAY, HOUR, MINUTE, NOW, Time},
};

/// A pod that is to be made.
pub(super) struct Pod<'c> {
    team: &'c Team,
    /// Its name.
    pub(super) name: String,
    of: Of<'c>,
    dice: Dice,
}

/// What a pod is part of.
enum Of<'c> {
    /// A notebook that runs.
    Notebook(Notebook<'c>),
    /// A run of a pipeline.
    Pipeline { workflow: String, node: String, step: Step },
    /// A Deployment.
    Deployment { name: &'static str, replica_set: String },
    /// A Job of a CronJob.
    Job { name: String },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Kubeflow Pipelines' own, before each component.
    Driver,
    /// A component of Kubeflow Pipelines.
    Component,
    /// A template of a plain workflow of Argo.
    Template,
}

/// How far a pod is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Succeeded,
    Failed,
}

impl<'c> Pod<'c> {
    /// The pod of a notebook.
    pub(super) fn of_notebook(seed: u64, team: &'c Team, notebook: Notebook<'c>) -> Self {
        let name = format!("{}-0", notebook.name);
        Self { team, dice: Dice::of(seed, &format!("pod {}/{name}", team.namespace)), name, of: Of::Notebook(notebook) }
    }

    /// A pod of something else.
    pub(super) fn of_another(team: &'c Team, dice: &mut Dice) -> Self {
        let (name, of) = match dice.below(100) {
            0..75 => {
                let of = dice.one_of(&["train-churn", "nightly-features", "score-claims", "evaluate", "ingest-events"]);
                let workflow = format!("{of}-{}", dice.suffix(5));
                let (step, template) = match dice.below(100) {
                    0..25 => (Step::Driver, "system-container-driver"),
                    25..75 => (Step::Component, "system-container-impl"),
                    _ => (Step::Template, dice.one_of(&["extract", "transform", "train", "report"])),
                };
                let node = dice.decimal(10);
                (format!("{workflow}-{template}-{node}"), Of::Pipeline { workflow, node, step })
            }
            75..90 => {
                let name = dice.one_of(&["ml-pipeline-ui-artifact", "ml-pipeline-visualizationserver", "model-card"]);
                let replica_set = format!("{name}-{}", dice.suffix(10));
                (format!("{replica_set}-{}", dice.suffix(5)), Of::Deployment { name, replica_set })
            }
            _ => {
                let name =
                    format!("{}-{}", dice.one_of(&["export-tables", "clean-up"]), 29_400_000 + dice.below(70_000));
                (format!("{name}-{}", dice.suffix(5)), Of::Job { name })
            }
        };
        let seed = dice.below(u64::MAX);
        Self { team, dice: Dice::of(seed, &name), name, of }
    }

    /// The pod as it is stored.
    pub(super) fn stored(&self, eras: &Eras<'_>) -> Result<Value> {
        let dice = &mut self.dice.clone();
        let mut pod = match &self.of {
            Of::Notebook(notebook) => of_stateful_set(&notebook.stored(eras)?, dice),
            Of::Pipeline { workflow, node, step } => self.of_workflow(workflow, node, *step, dice),
            Of::Deployment { name, replica_set } => of_deployment(name, replica_set, dice),
            Of::Job { name } => of_job(name, dice),
        };
        let managed = pod.clone();
        pod["metadata"]["name"] = json!(self.name);
        pod["metadata"]["namespace"] = json!(self.team.namespace);
        set_defaults(&mut pod);
        mount_token(&mut pod, dice);
        pod = eras.created(self.team.last, &pod)?.1;
        if pod["metadata"]["annotations"]["sidecar.istio.io/inject"] != "false" && !matches!(self.of, Of::Job { .. }) {
            join_mesh(&mut pod);
        }
        set_defaults(&mut pod);
        self.note(&mut pod, managed, dice);
        Ok(pod)
    }

    fn of_workflow(&self, workflow: &str, node: &str, step: Step, dice: &mut Dice) -> Value {
        let run = dice.uid();
        let mut labels = json!({
            "workflows.argoproj.io/completed": "false", "workflows.argoproj.io/workflow": workflow,
        });
        let mut annotations = json!({
            "kubectl.kubernetes.io/default-container": "main",
            "workflows.argoproj.io/node-id": format!("{workflow}-{node}"),
            "workflows.argoproj.io/node-name": format!("{workflow}.root.{}.executor", dice.one_of(&["train", "load"])),
        });
        let (image, command): (String, Value) = match step {
            Step::Driver => ("registry.example.org/kfp-driver:2.14.0".to_owned(), json!(["driver"])),
            Step::Component => (
                format!("registry.example.org/{}/train:1.{}", self.team.namespace, dice.below(9)),
                json!(["/kfp-launcher/launch", "--pipeline_name", workflow, "--run_id", run]),
            ),
            Step::Template => ("python:3.12".to_owned(), json!(["python", "-m", "steps"])),
        };
        if step != Step::Template {
            labels["pipelines.kubeflow.org/v2_component"] = json!("true");
            annotations["pipelines.kubeflow.org/v2_component"] = json!("true");
            labels["pipeline/runid"] = json!(run);
            annotations["sidecar.istio.io/inject"] = json!("false");
        }
        let own = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}});
        let template = json!({"name": "step", "container": {"image": image, "command": command}, "metadata": {}});
        let env = |container: &str| {
            json!([
                own("ARGO_POD_NAME", "metadata.name"), own("ARGO_POD_UID", "metadata.uid"),
                {"name": "GODEBUG", "value": "x509ignoreCN=0"},
                {"name": "ARGO_WORKFLOW_NAME", "value": workflow},
                {"name": "ARGO_CONTAINER_NAME", "value": container},
                {"name": "ARGO_TEMPLATE", "value": template.to_string()},
                {"name": "ARGO_NODE_ID", "value": format!("{workflow}-{node}")},
                {"name": "ARGO_DEADLINE", "value": "0001-01-01T00:00:00Z"},
            ])
        };
        let restricted = json!({
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true,
            "runAsNonRoot": true, "runAsUser": 8737, "seccompProfile": {"type": "RuntimeDefault"},
        });
        let small = json!({"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "10m", "memory": "64Mi"}});
        let argo = json!({"mountPath": "/var/run/argo", "name": "var-run-argo"});
        let argoexec = |name: &str, command: Value, mounts: Value| {
            json!({
                "command": command, "env": env(name), "image": "registry.example.org/argoexec:v3.7.3",
                "name": name, "resources": small, "securityContext": restricted, "volumeMounts": mounts,
            })
        };
        let mut init_containers =
            vec![argoexec("init", json!(["argoexec", "init", "--loglevel", "info"]), json!([argo]))];
        let mut volumes =
            vec![json!({"emptyDir": {}, "name": "var-run-argo"}), json!({"emptyDir": {}, "name": "tmp-dir-argo"})];
        let (cpu, memory) = dice.one_of(&[("500m", "1Gi"), ("2", "4Gi"), ("4", "16Gi")]);
        let mut main = json!({
            "command": ["/var/run/argo/argoexec", "emissary", "--loglevel", "info", "--"], "args": command,
            "env": env("main"), "image": image, "name": "main",
            "resources": {"limits": {"cpu": cpu, "memory": memory}, "requests": {"cpu": cpu, "memory": memory}},
            "volumeMounts": [argo],
        });
        if step == Step::Component {
            init_containers.push(json!({
                "command": ["launcher-v2", "--copy", "/kfp-launcher/launch"], "env": env("kfp-launcher"),
                "image": "registry.example.org/kfp-launcher:2.14.0", "name": "kfp-launcher", "resources": small,
                "volumeMounts": [
                    {"mountPath": "/kfp-launcher", "name": "kfp-launcher"},
                    {"mountPath": "/mainctrfs/kfp-launcher", "name": "var-run-argo", "subPath": "1"},
                ],
            }));
            volumes.push(json!({"emptyDir": {}, "name": "kfp-launcher"}));
            push(&mut main["volumeMounts"], json!({"mountPath": "/kfp-launcher", "name": "kfp-launcher"}));
            push(&mut main["env"], json!({"name": "KFP_RUN_ID", "value": run}));
        }
        if step != Step::Driver && dice.chance(10) {
            push(&mut main["env"], json!({"name": "HTTPS_PROXY", "value": "http://proxy.example.org:3128"}));
        }
        // Who has fetched his secrets by himself before there was anything that did.
        if step != Step::Driver && dice.chance(8) {
            init_containers.push(json!({
                "image": "registry.example.org/tools/vks:12", "name": "vks", "resources": {},
                "volumeMounts": [{"mountPath": "/secrets", "name": "vault-secrets"}],
            }));
            volumes.push(json!({"emptyDir": {}, "name": "vault-secrets"}));
            push(&mut main["volumeMounts"], json!({"mountPath": "/secrets", "name": "vault-secrets"}));
        }
        let wait = argoexec(
            "wait",
            json!(["argoexec", "wait", "--loglevel", "info"]),
            json!([argo, {"mountPath": "/tmp", "name": "tmp-dir-argo", "subPath": "0"}]),
        );
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "annotations": annotations, "labels": labels,
                "ownerReferences": [owner("argoproj.io/v1alpha1", "Workflow", workflow, &dice.uid())],
            },
            "spec": {
                "containers": [wait, main], "initContainers": init_containers, "restartPolicy": "Never",
                "serviceAccountName": "default-editor", "volumes": volumes,
            },
        })
    }

    /// What the server, the scheduler and the kubelet note on it.
    fn note(&self, pod: &mut Value, managed: Value, dice: &mut Dice) {
        let phase = match &self.of {
            Of::Notebook(_) | Of::Deployment { .. } => Phase::Running,
            Of::Pipeline { .. } | Of::Job { .. } => match dice.below(100) {
                0..25 => Phase::Running,
                25..90 => Phase::Succeeded,
                _ => Phase::Failed,
            },
        };
        let age = if phase == Phase::Running { 20 * HOUR } else { 5 * DAY };
        let created = NOW.before(10 * MINUTE + dice.below(age));
        let ended = created.after(MINUTE + dice.below(8 * MINUTE));
        if phase != Phase::Running && pod["metadata"]["labels"].get(COMPLETED).is_some() {
            pod["metadata"]["labels"][COMPLETED] = json!("true");
        }
        pod["spec"]["nodeName"] = json!(format!("worker-{:02}", dice.below(24)));
        pod["status"] = status(pod, phase, created, ended, dice);

        let author = match &self.of {
            Of::Pipeline { .. } => "workflow-controller",
            _ => "kube-controller-manager",
        };
        let mut defaulted = managed;
        set_defaults(&mut defaulted);
        let kubelet = Manager { subresource: Some("status"), ..Manager::updating("kubelet", "v1") };
        let last = if phase == Phase::Running { created.after(MINUTE) } else { ended };
        let status = managed::of_builtin(&json!({ "status": pod["status"] }));
        let metadata = &mut pod["metadata"];
        metadata["managedFields"] = json!([
            Manager::updating(author, "v1").entry(managed::of_builtin(&defaulted), created),
            kubelet.entry(status, last),
        ]);
        metadata["creationTimestamp"] = json!(created.to_string());
        metadata["resourceVersion"] = json!(dice.decimal(9));
        metadata["uid"] = json!(dice.uid());
    }
}

const COMPLETED: &str = "workflows.argoproj.io/completed";

fn of_stateful_set(notebook: &Value, dice: &mut Dice) -> Value {
    let name = notebook["metadata"]["name"].as_str().unwrap_or_default();
    let namespace = notebook["metadata"]["namespace"].as_str().unwrap_or_default();
    let mut labels = notebook["metadata"]["labels"].clone();
    labels["apps.kubernetes.io/pod-index"] = json!("0");
    labels["controller-revision-hash"] = json!(format!("{name}-{}", dice.suffix(10)));
    labels["notebook-name"] = json!(name);
    labels["statefulset"] = json!(name);
    labels["statefulset.kubernetes.io/pod-name"] = json!(format!("{name}-0"));
    // The controller copies these alone.
    let annotations = notebook["metadata"]["annotations"].as_object().into_iter().flatten();
    let annotations: Value = annotations
        .filter(|(name, _)| !name.contains("kubectl") && !name.contains("notebook"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let annotations = if annotations == json!({}) { Value::Null } else { annotations };

    let mut spec = notebook["spec"]["template"]["spec"].clone();
    let main = &mut spec["containers"][0];
    if main.get("workingDir").is_none() {
        main["workingDir"] = json!("/home/jovyan");
    }
    if main.get("ports").is_none() {
        main["ports"] = json!([{"containerPort": 8888, "name": "notebook-port", "protocol": "TCP"}]);
    }
    push(&mut main["env"], json!({"name": "NB_PREFIX", "value": format!("/notebook/{namespace}/{name}")}));
    if spec.get("securityContext").is_none() {
        spec["securityContext"] = json!({"fsGroup": 100});
    }
    spec["hostname"] = json!(format!("{name}-0"));
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "annotations": annotations, "generateName": format!("{name}-"), "labels": labels,
            "ownerReferences": [owner("apps/v1", "StatefulSet", name, &dice.uid())],
        },
        "spec": spec,
    })
}

fn of_deployment(name: &str, replica_set: &str, dice: &mut Dice) -> Value {
    let hash = replica_set.rsplit('-').next().unwrap_or_default();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName": format!("{replica_set}-"), "labels": {"app": name, "pod-template-hash": hash},
            "ownerReferences": [owner("apps/v1", "ReplicaSet", replica_set, &dice.uid())],
        },
        "spec": {
            "containers": [{
                "image": format!("registry.example.org/kubeflow/{name}:2.14.0"), "name": name,
                "ports": [{"containerPort": 3000, "protocol": "TCP"}],
                "resources": {"limits": {"memory": "500Mi"}, "requests": {"cpu": "10m", "memory": "70Mi"}},
            }],
            "serviceAccountName": "default-editor",
        },
    })
}

fn of_job(name: &str, dice: &mut Dice) -> Value {
    let uid = dice.uid();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName": format!("{name}-"),
            "labels": {
                "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name,
                "controller-uid": uid, "job-name": name,
            },
            "ownerReferences": [owner("batch/v1", "Job", name, &uid)],
        },
        "spec": {
            "containers": [{"image": "registry.example.org/tools/export:4.2", "name": "job", "resources": {}}],
            "restartPolicy": "OnFailure",
        },
    })
}

fn owner(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!({
        "apiVersion": api_version, "blockOwnerDeletion": true, "controller": true, "kind": kind, "name": name,
        "uid": uid,
    })
}

/// The containers of a pod, those that start it first.
fn containers(pod: &mut Value) -> impl Iterator<Item = &mut Value> {
    let spec = pod["spec"].as_object_mut();
    let lists = spec.into_iter().flatten().filter(|(name, _)| matches!(name.as_str(), "containers" | "initContainers"));
    lists.filter_map(|(_, list)| list.as_array_mut()).flatten()
}

/// Writes what the server writes where nobody has said anything.
fn set_defaults(pod: &mut Value) {
    for container in containers(pod) {
        let is_latest = container["image"].as_str().is_some_and(|image| image.ends_with(":latest"));
        set(container, "imagePullPolicy", json!(if is_latest { "Always" } else { "IfNotPresent" }));
        set(container, "resources", json!({}));
        set(container, "terminationMessagePath", json!("/dev/termination-log"));
        set(container, "terminationMessagePolicy", json!("File"));
        for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
                set(field, "apiVersion", json!("v1"));
            }
        }
    }
    let spec = &mut pod["spec"];
    for volume in spec.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        for source in ["configMap", "secret", "projected", "downwardAPI"] {
            if let Some(source) = volume.get_mut(source) {
                set(source, "defaultMode", json!(420));
            }
        }
    }
    set(spec, "dnsPolicy", json!("ClusterFirst"));
    set(spec, "enableServiceLinks", json!(true));
    set(spec, "restartPolicy", json!("Always"));
    set(spec, "schedulerName", json!("default-scheduler"));
    set(spec, "securityContext", json!({}));
    set(spec, "serviceAccountName", json!("default"));
    spec["serviceAccount"] = spec["serviceAccountName"].clone();
    set(spec, "terminationGracePeriodSeconds", json!(30));
}

/// What the server's own admission plugins add before any webhook is asked.
fn mount_token(pod: &mut Value, dice: &mut Dice) {
    let name = format!("kube-api-access-{}", dice.suffix(5));
    for container in containers(pod) {
        let path = "/var/run/secrets/kubernetes.io/serviceaccount";
        push(&mut container["volumeMounts"], json!({"mountPath": path, "name": name, "readOnly": true}));
    }
    let spec = &mut pod["spec"];
    push(
        &mut spec["volumes"],
        json!({"name": name, "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
            {"downwardAPI": {"items": [{
                "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace",
            }]}},
        ]}}),
    );
    for reason in ["not-ready", "unreachable"] {
        let key = format!("node.kubernetes.io/{reason}");
        push(
            &mut spec["tolerations"],
            json!({"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300}),
        );
    }
    spec["priority"] = json!(0);
    spec["preemptionPolicy"] = json!("PreemptLowerPriority");
}

/// What Istio's webhook adds, which is asked after the policy.
fn join_mesh(pod: &mut Value) {
    let image = "registry.example.org/istio/proxyv2:1.26.1";
    let annotations = &mut pod["metadata"]["annotations"];
    annotations["istio.io/rev"] = json!("default");
    annotations["sidecar.istio.io/status"] = json!(
        r#"{"initContainers":["istio-init"],"containers":["istio-proxy"],"volumes":["istio-envoy","istio-data"],"imagePullSecrets":null,"revision":"default"}"#
    );
    pod["metadata"]["labels"]["security.istio.io/tlsMode"] = json!("istio");
    let spec = &mut pod["spec"];
    let token = spec["volumes"].as_array().into_iter().flatten().find_map(|volume| {
        volume["name"].as_str().filter(|name| name.starts_with("kube-api-access-")).map(str::to_owned)
    });
    let path = "/var/run/secrets/kubernetes.io/serviceaccount";
    let token = json!({"mountPath": path, "name": token, "readOnly": true});
    push(
        &mut spec["initContainers"],
        json!({
            "args": ["istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*"],
            "image": image, "name": "istio-init",
            "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "10m", "memory": "40Mi"}},
            "securityContext": {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}, "runAsUser": 0},
            "volumeMounts": [token],
        }),
    );
    push(
        &mut spec["containers"],
        json!({
            "args": ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"],
            "env": [
                {"name": "CA_ADDR", "value": "istiod.istio-system.svc:15012"},
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            ],
            "image": image, "name": "istio-proxy",
            "ports": [{"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"}],
            "readinessProbe": {
                "failureThreshold": 4, "httpGet": {"path": "/healthz/ready", "port": 15021, "scheme": "HTTP"},
                "periodSeconds": 15, "successThreshold": 1, "timeoutSeconds": 3,
            },
            "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "10m", "memory": "40Mi"}},
            "securityContext": {
                "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "privileged": false,
                "readOnlyRootFilesystem": true, "runAsGroup": 1337, "runAsNonRoot": true, "runAsUser": 1337,
            },
            "volumeMounts": [{"mountPath": "/etc/istio/proxy", "name": "istio-envoy"}, token],
        }),
    );
    for name in ["istio-envoy", "istio-data"] {
        push(&mut spec["volumes"], json!({"emptyDir": {}, "name": name}));
    }
}

fn status(pod: &Value, phase: Phase, created: Time, ended: Time, dice: &mut Dice) -> Value {
    let is_running = phase == Phase::Running;
    let at = created.after(5).to_string();
    let end = ended.to_string();
    let condition = |name: &str, is_true: bool| {
        let since = if is_true { &at } else { &end };
        let status = if is_true { "True" } else { "False" };
        let mut condition = json!({"lastProbeTime": null, "lastTransitionTime": since, "status": status, "type": name});
        if !is_running && matches!(name, "Ready" | "ContainersReady" | "Initialized") {
            condition["reason"] = json!(if phase == Phase::Failed { "PodFailed" } else { "PodCompleted" });
        }
        condition
    };
    let exit = |code: u8| {
        let reason = if code == 0 { "Completed" } else { "Error" };
        json!({"terminated": {
            "exitCode": code, "finishedAt": end, "reason": reason, "startedAt": at,
        }})
    };
    let mut container = |container: &Value, state: Value, is_ready: bool| {
        json!({
            "containerID": format!("containerd://{}", dice.hex(64)), "image": container["image"],
            "imageID": format!("registry.example.org/images@sha256:{}", dice.hex(64)), "lastState": {},
            "name": container["name"], "ready": is_ready, "restartCount": 0, "started": is_ready, "state": state,
        })
    };
    let spec = &pod["spec"];
    let initial: Vec<_> =
        spec["initContainers"].as_array().into_iter().flatten().map(|init| container(init, exit(0), true)).collect();
    let main: Vec<_> = spec["containers"].as_array().into_iter().flatten().collect();
    let main: Vec<_> = main
        .into_iter()
        .map(|of| {
            let state = match phase {
                Phase::Running => json!({"running": {"startedAt": at}}),
                Phase::Failed if of["name"] == "main" || of["name"] == "job" => exit(1),
                Phase::Succeeded | Phase::Failed => exit(0),
            };
            container(of, state, is_running)
        })
        .collect();
    let (host, ip) =
        (format!("10.0.4.{}", 10 + dice.below(24)), format!("10.244.{}.{}", dice.below(24), dice.below(250)));
    let mut status = json!({
        "conditions": [
            condition("PodReadyToStartContainers", is_running), condition("Initialized", true),
            condition("Ready", is_running), condition("ContainersReady", is_running), condition("PodScheduled", true),
        ],
        "containerStatuses": main,
        "hostIP": host, "hostIPs": [{"ip": host}],
        "phase": match phase {
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
        },
        "podIP": ip, "podIPs": [{"ip": ip}], "qosClass": "Burstable", "startTime": created.to_string(),
    });
    if !initial.is_empty() {
        status["initContainerStatuses"] = Value::Array(initial);
    }
    status
}

/// Sets a member that is not there.
fn set(object: &mut Value, name: &str, value: Value) {
    if object.get(name).is_none() {
        object[name] = value;
    }
}

fn push(list: &mut Value, item: Value) {
    if list.is_null() {
        *list = json!([]);
    }
    if let Some(items) = list.as_array_mut() {
        items.push(item);
    }
}
