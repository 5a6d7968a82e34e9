//! Notebooks, as the web app, kubectl and Open Data Hub write them and as Kubeflow's controller leaves them.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{
    Team,
    dice::Dice,
    history::{Era, Eras},
    managed::{self, Manager},
    time::{DAY, HOUR, MINUTE, NOW, Time},
};
use crate::event::STOPPED;

const CULLER: [&str; 2] =
    ["notebooks.kubeflow.org/last-activity", "notebooks.kubeflow.org/last_activity_check_timestamp"];

/// Who wrote a notebook, and so how it looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    WebApp,
    Kubectl,
    OpenDataHub,
}

/// A notebook that is to be made.
#[derive(Clone)]
pub(super) struct Notebook<'c> {
    team: &'c Team,
    /// Its name.
    pub(super) name: String,
    /// Whether it is stopped.
    pub(super) is_stopped: bool,
    style: Style,
    dice: Dice,
}

impl<'c> Notebook<'c> {
    pub(super) fn new(seed: u64, team: &'c Team, name: String) -> Self {
        let mut dice = Dice::of(seed, &format!("notebook {}/{name}", team.namespace));
        let is_stopped = dice.chance(25);
        let style = match dice.below(100) {
            0..80 => Style::WebApp,
            80..92 => Style::Kubectl,
            _ => Style::OpenDataHub,
        };
        Self { team, name, is_stopped, style, dice }
    }

    /// The notebook as it is stored.
    pub(super) fn stored(&self, eras: &Eras<'_>) -> Result<Value> {
        let dice = &mut self.dice.clone();
        let manifest = self.manifest(dice);
        let (created, notebook) = eras.created(self.team.created_in(dice), &manifest)?;
        let is_idle = self.is_stopped && dice.chance(50);
        let mut notebook = if is_idle { notebook } else { eras.lived(created, self.team.last, notebook, dice)? };
        if self.is_stopped {
            notebook = eras.stopped(if is_idle { created } else { self.team.last }, notebook)?;
        }
        self.note(&mut notebook, &manifest, dice);
        Ok(notebook)
    }

    /// What its author writes.
    fn manifest(&self, dice: &mut Dice) -> Value {
        let mut notebook = match self.style {
            Style::OpenDataHub => self.workbench(dice),
            Style::WebApp | Style::Kubectl => self.of_the_form(dice),
        };
        self.vary(&mut notebook, dice);
        if self.style == Style::Kubectl {
            let applied = format!("{notebook}\n");
            notebook["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = json!(applied);
        }
        notebook
    }

    /// What the web app's form gives.
    fn of_the_form(&self, dice: &mut Dice) -> Value {
        let (name, namespace) = (&self.name, &self.team.namespace);
        let (server, images) = match dice.below(100) {
            0..75 => ("jupyter", JUPYTER),
            75..90 => ("group-one", CODE_SERVER),
            _ => ("group-two", R_STUDIO),
        };
        let image = if dice.chance(15) {
            let tag =
                if dice.chance(30) { format!("@sha256:{}", dice.hex(64)) } else { format!(":1.{}", dice.below(9)) };
            format!("registry.example.org/{namespace}/notebook{tag}")
        } else {
            format!("registry.example.org/notebooks/{}", dice.one_of(images))
        };
        let (cpu, cpu_limit) = dice.one_of(&[("0.5", "0.6"), ("1", "1.2"), ("2", "2.4"), ("4", "4.8"), ("8", "9.6")]);
        let (memory, memory_limit) =
            dice.one_of(&[("1.0Gi", "1.2Gi"), ("4Gi", "4.8Gi"), ("8Gi", "9.6Gi"), ("16Gi", "19.2Gi")]);

        let mut annotations = json!({
            "notebooks.kubeflow.org/creator": self.creator(dice), "notebooks.kubeflow.org/server-type": server,
        });
        if server != "jupyter" {
            annotations["notebooks.kubeflow.org/http-rewrite-uri"] = json!("/");
        }
        if server == "group-two" {
            let header = format!(r#"{{"X-RStudio-Root-Path":"/notebook/{namespace}/{name}/"}}"#);
            annotations["notebooks.kubeflow.org/http-headers-request-set"] = json!(header);
        }
        let mut notebook = json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Notebook",
            "metadata": {
                "annotations": annotations, "labels": {"app": name}, "name": name, "namespace": namespace,
            },
            "spec": {"template": {"spec": {
                "containers": [{
                    "env": [], "image": image, "imagePullPolicy": "IfNotPresent", "name": name,
                    "resources": {
                        "limits": {"cpu": cpu_limit, "memory": memory_limit},
                        "requests": {"cpu": cpu, "memory": memory},
                    },
                    "volumeMounts": [],
                }],
                "serviceAccountName": "default-editor",
                "tolerations": [],
                "volumes": [],
            }}},
        });
        if dice.chance(90) {
            mount(&mut notebook, json!({"emptyDir": {"medium": "Memory"}, "name": "dshm"}), "/dev/shm");
        }
        if dice.chance(95) {
            let home = if server == "jupyter" { "/home/jovyan" } else { "/home/user" };
            mount(&mut notebook, claim(&format!("{name}-workspace")), home);
        }
        for number in 1..=(if dice.chance(30) { dice.below(3) } else { 0 }) {
            mount(&mut notebook, claim(&format!("{name}-datavol-{number}")), &format!("/home/jovyan/vol-{number}"));
        }
        for label in ["access-ml-pipeline", "access-feature-store"] {
            if dice.chance(40) {
                notebook["metadata"]["labels"][label] = json!("true");
            }
        }
        notebook
    }

    /// A workbench of Open Data Hub: a proxy beside it, and certificates of its own.
    fn workbench(&self, dice: &mut Dice) -> Value {
        let (name, namespace) = (&self.name, &self.team.namespace);
        let image = dice.one_of(&["s2i-generic-data-science-notebook:2024.2", "s2i-pytorch-notebook:2025.1"]);
        let bundle = "/etc/pki/tls/custom-certs/ca-bundle.crt";
        let arguments = format!(
            "--ServerApp.port=8888\n                  --ServerApp.token=''\n                  \
             --ServerApp.password=''\n                  --ServerApp.base_url=/notebook/{namespace}/{name}\n"
        );
        let mut env = vec![
            json!({"name": "NOTEBOOK_ARGS", "value": arguments}),
            json!({"name": "JUPYTER_IMAGE", "value": format!("registry.example.org/redhat-ods/{image}")}),
        ];
        for variable in ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "PIPELINES_SSL_SA_CERTS", "GIT_SSL_CAINFO"]
        {
            env.push(json!({"name": variable, "value": bundle}));
        }
        let probe = |path: &str, port: &str, scheme: &str| {
            json!({
                "failureThreshold": 3, "httpGet": {"path": path, "port": port, "scheme": scheme},
                "initialDelaySeconds": 10, "periodSeconds": 5, "successThreshold": 1, "timeoutSeconds": 1,
            })
        };
        let api = format!("/notebook/{namespace}/{name}/api");
        let resources = json!({"limits": {"cpu": "2", "memory": "8Gi"}, "requests": {"cpu": "1", "memory": "8Gi"}});
        json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Notebook",
            "metadata": {
                "annotations": {
                    "notebooks.opendatahub.io/inject-oauth": "true",
                    "notebooks.opendatahub.io/last-image-selection": image,
                    "notebooks.opendatahub.io/last-size-selection": "Small",
                    "opendatahub.io/accelerator-name": "",
                    "opendatahub.io/username": self.creator(dice),
                    "openshift.io/description": "",
                    "openshift.io/display-name": name,
                },
                "labels": {"app": name, "opendatahub.io/dashboard": "true", "opendatahub.io/odh-managed": "true"},
                "name": name, "namespace": namespace,
            },
            "spec": {"template": {"spec": {
                "affinity": {},
                "containers": [
                    {
                        "env": env, "image": format!("registry.example.org/redhat-ods/{image}"),
                        "imagePullPolicy": "Always", "livenessProbe": probe(&api, "notebook-port", "HTTP"),
                        "name": name,
                        "ports": [{"containerPort": 8888, "name": "notebook-port", "protocol": "TCP"}],
                        "readinessProbe": probe(&api, "notebook-port", "HTTP"), "resources": resources,
                        "volumeMounts": [
                            {"mountPath": "/opt/app-root/src", "name": format!("{name}-storage")},
                            {"mountPath": "/dev/shm", "name": "shm"},
                            {
                                "mountPath": bundle, "name": "trusted-ca", "readOnly": true,
                                "subPath": "ca-bundle.crt",
                            },
                        ],
                        "workingDir": "/opt/app-root/src",
                    },
                    {
                        "args": [
                            "--provider=openshift", "--https-address=:8443", "--http-address=",
                            format!("--openshift-service-account={name}"), "--upstream=http://localhost:8888",
                            "--skip-auth-regex=^(?:/notebook/[^/]+/[^/]+)?/api$",
                        ],
                        "env": [{
                            "name": "NAMESPACE",
                            "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
                        }],
                        "image": format!("registry.example.org/openshift4/ose-oauth-proxy@sha256:{}", dice.hex(64)),
                        "imagePullPolicy": "Always", "livenessProbe": probe("/oauth/healthz", "oauth-proxy", "HTTPS"),
                        "name": "oauth-proxy",
                        "ports": [{"containerPort": 8443, "name": "oauth-proxy", "protocol": "TCP"}],
                        "resources": {
                            "limits": {"cpu": "100m", "memory": "64Mi"},
                            "requests": {"cpu": "100m", "memory": "64Mi"},
                        },
                        "volumeMounts": [
                            {"mountPath": "/etc/oauth/config", "name": "oauth-config"},
                            {"mountPath": "/etc/tls/private", "name": "tls-certificates"},
                        ],
                    },
                ],
                "enableServiceLinks": false,
                "serviceAccountName": name,
                "volumes": [
                    claim(&format!("{name}-storage")),
                    {"emptyDir": {"medium": "Memory"}, "name": "shm"},
                    {
                        "configMap": {
                            "items": [{"key": "ca-bundle.crt", "path": "ca-bundle.crt"}],
                            "name": "workbench-trusted-ca-bundle", "optional": true,
                        },
                        "name": "trusted-ca",
                    },
                    {
                        "name": "oauth-config",
                        "secret": {"defaultMode": 420, "secretName": format!("{name}-oauth-config")},
                    },
                    {"name": "tls-certificates", "secret": {"defaultMode": 420, "secretName": format!("{name}-tls")}},
                ],
            }}},
        })
    }

    /// What users write by hand beside it, some of which meets what the policy adds.
    fn vary(&self, notebook: &mut Value, dice: &mut Dice) {
        for (name, value) in VARIABLES {
            if dice.chance(20) {
                variable(notebook, name, value);
            }
        }
        if dice.chance(20) {
            let secret = json!({"name": "OBJECT_STORE_KEY", "valueFrom": {"secretKeyRef": {
                "key": "access-key", "name": format!("{}-object-store", self.team.namespace),
            }}});
            push(&mut notebook["spec"]["template"]["spec"]["containers"][0]["env"], secret);
        }
        if dice.chance(12) {
            gpu(notebook, dice);
        }
        match dice.below(100) {
            0..7 => {
                variable(notebook, "HTTP_PROXY", "http://proxy.example.org:3128");
                variable(notebook, "HTTPS_PROXY", "http://proxy.example.org:3128");
                variable(notebook, "NO_PROXY", "localhost,.svc");
            }
            7..10 => variable(notebook, "https_proxy", "http://proxy.example.org:3128"),
            _ => {}
        }
        let spec = &mut notebook["spec"]["template"]["spec"];
        match dice.below(100) {
            0..7 => spec["imagePullSecrets"] = json!([{"name": format!("{}-registry", self.team.namespace)}]),
            7..10 => spec["imagePullSecrets"] = json!([{"name": "gpr-credentials"}]),
            _ => {}
        }
        match dice.below(100) {
            // The certificates that everybody was once told to mount.
            0..3 => {
                mount(notebook, json!({"configMap": {"name": "corporate-ca"}, "name": "ca-bundle-pem"}), "/etc/ca");
            }
            3..6 if self.style != Style::OpenDataHub => {
                variable(notebook, "REQUESTS_CA_BUNDLE", "/home/jovyan/certs/corporate.pem");
            }
            6..9 => mount(notebook, claim("shared-certs"), "/etc/ssl/certs"),
            _ => {}
        }
        let spec = &mut notebook["spec"]["template"]["spec"];
        if dice.chance(5) {
            push(
                &mut spec["containers"],
                json!({
                    "args": ["--port=5432"], "image": "registry.example.org/tools/sql-proxy:2.14.1",
                    "name": "sql-proxy", "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}},
                }),
            );
        }
        if dice.chance(10) {
            spec["securityContext"] = json!({"fsGroup": 100});
        }
        match dice.below(100) {
            0..6 => notebook["metadata"]["annotations"]["sidecar.istio.io/inject"] = json!("false"),
            6..10 => {
                notebook["metadata"]["annotations"]["sidecar.istio.io/proxyCPULimit"] = json!("500m");
                notebook["metadata"]["annotations"]["traffic.sidecar.istio.io/excludeOutboundPorts"] = json!("5432");
            }
            _ => {}
        }
    }

    /// What the server and the controllers note on it.
    fn note(&self, notebook: &mut Value, manifest: &Value, dice: &mut Dice) {
        let created = NOW.before(HOUR + dice.below(400 * DAY));
        let age = NOW.since(created);
        let started = created.after(dice.below(age));
        let (author, version) = match self.style {
            Style::WebApp => ("OpenAPI-Generator", "kubeflow.org/v1beta1"),
            Style::Kubectl => ("kubectl-client-side-apply", "kubeflow.org/v1"),
            Style::OpenDataHub => ("unknown", "kubeflow.org/v1"),
        };
        let mut managers = vec![Manager::updating(author, version).entry(managed::of_custom(manifest), created)];

        let annotations = &mut notebook["metadata"]["annotations"];
        if let Some(annotations) = annotations.as_object_mut() {
            CULLER.iter().for_each(|name| drop(annotations.remove(*name)));
        }
        let (changed, fields) = if self.is_stopped {
            annotations[STOPPED] = json!(started.to_string());
            (started, managed::of_members(&["metadata", "annotations"], &[STOPPED]))
        } else {
            let checked = NOW.before(dice.below(2 * MINUTE));
            annotations[CULLER[0]] = json!(checked.before(dice.below(20 * HOUR)).max(started).to_string());
            annotations[CULLER[1]] = json!(checked.to_string());
            (checked, managed::of_members(&["metadata", "annotations"], &CULLER))
        };
        let stopped_by = if self.is_stopped && dice.chance(40) { "OpenAPI-Generator" } else { "manager" };
        managers.push(Manager::updating(stopped_by, "kubeflow.org/v1").entry(fields, changed));
        if dice.chance(8) {
            annotations["example.org/cost-centre"] = json!(dice.decimal(5));
            let fields = managed::of_members(&["metadata", "annotations"], &["example.org/cost-centre"]);
            managers.push(Manager::updating("kubectl-annotate", "kubeflow.org/v1").entry(fields, started));
        }

        let status = self.status(started, dice);
        let fields = managed::of_custom(&json!({ "status": status }));
        let controller = Manager { subresource: Some("status"), ..Manager::updating("manager", "kubeflow.org/v1") };
        managers.push(controller.entry(fields, started));

        let metadata = &mut notebook["metadata"];
        metadata["creationTimestamp"] = json!(created.to_string());
        metadata["generation"] = json!(1 + dice.below(12));
        metadata["managedFields"] = Value::Array(managers);
        metadata["resourceVersion"] = json!(dice.decimal(9));
        metadata["uid"] = json!(dice.uid());
        if dice.chance(1) {
            metadata["deletionGracePeriodSeconds"] = json!(0);
            metadata["deletionTimestamp"] = json!(NOW.before(dice.below(30 * MINUTE)).to_string());
            metadata["finalizers"] = json!(["foregroundDeletion"]);
        }
        notebook["status"] = status;
    }

    fn status(&self, started: Time, dice: &mut Dice) -> Value {
        if self.is_stopped {
            return json!({"conditions": [], "containerState": {}, "readyReplicas": 0});
        }
        let at = started.to_string();
        let conditions = |is_ready: bool| {
            let of = |name: &str, is_true: bool| {
                let status = if is_true { "True" } else { "False" };
                let mut condition =
                    json!({"lastProbeTime": at, "lastTransitionTime": at, "status": status, "type": name});
                if !is_true {
                    condition["message"] = json!(format!("containers with unready status: [{}]", self.name));
                    condition["reason"] = json!("ContainersNotReady");
                }
                condition
            };
            json!([
                of("Initialized", true),
                of("Ready", is_ready),
                of("ContainersReady", is_ready),
                of("PodScheduled", true)
            ])
        };
        if dice.chance(4) {
            let waiting = json!({
                "message": "Back-off pulling image", "reason": dice.one_of(&["ImagePullBackOff", "CrashLoopBackOff"]),
            });
            return json!({
                "conditions": conditions(false), "containerState": {"waiting": waiting}, "readyReplicas": 0,
            });
        }
        json!({"conditions": conditions(true), "containerState": {"running": {"startedAt": at}}, "readyReplicas": 1})
    }

    fn creator(&self, dice: &mut Dice) -> String {
        format!("{}@example.org", dice.one_of(&["kari", "ola", "ingrid", "lars", "nora", "emil", "sara", "jonas"]))
    }
}

const JUPYTER: &[&str] = &[
    "jupyter-scipy:v1.10.0",
    "jupyter-scipy:v1.9.2",
    "jupyter-pytorch-full:v1.10.0",
    "jupyter-pytorch-cuda-full:v1.10.0",
    "jupyter-tensorflow-full:v1.9.2",
];
const CODE_SERVER: &[&str] = &["codeserver-python:v1.10.0", "codeserver-python:v1.9.2"];
const R_STUDIO: &[&str] = &["rstudio-tidyverse:v1.10.0"];

/// What users set; the last ones are what a careless reader of YAML takes for something else.
const VARIABLES: [(&str, &str); 7] = [
    ("MODEL", "churn"),
    ("MLFLOW_TRACKING_URI", "http://mlflow.mlflow.svc:5000"),
    ("PYTHONPATH", "/home/jovyan/src"),
    ("OMP_NUM_THREADS", "4"),
    ("DEBUG", "yes"),
    ("SINCE", "2025-01-01"),
    ("SCHEDULE", "12:30"),
];

fn push(list: &mut Value, item: Value) {
    if list.is_null() {
        *list = json!([]);
    }
    if let Some(items) = list.as_array_mut() {
        items.push(item);
    }
}

fn variable(notebook: &mut Value, name: &str, value: &str) {
    let env = &mut notebook["spec"]["template"]["spec"]["containers"][0]["env"];
    push(env, json!({"name": name, "value": value}));
}

/// Gives a volume to the main container.
fn mount(notebook: &mut Value, volume: Value, path: &str) {
    let spec = &mut notebook["spec"]["template"]["spec"];
    push(&mut spec["containers"][0]["volumeMounts"], json!({"mountPath": path, "name": volume["name"]}));
    push(&mut spec["volumes"], volume);
}

fn claim(name: &str) -> Value {
    json!({"name": name, "persistentVolumeClaim": {"claimName": name}})
}

fn gpu(notebook: &mut Value, dice: &mut Dice) {
    notebook["metadata"]["labels"]["use-gpu"] = json!("true");
    let spec = &mut notebook["spec"]["template"]["spec"];
    spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = json!(1 + dice.below(2));
    if dice.chance(70) {
        let toleration = if dice.chance(50) {
            json!({"effect": "NoSchedule", "key": "nvidia.com/gpu", "operator": "Exists"})
        } else {
            json!({"effect": "NoSchedule", "key": "nvidia.com/gpu", "operator": "Equal", "value": "present"})
        };
        push(&mut spec["tolerations"], toleration);
    }
    if dice.chance(50) {
        let product = dice.one_of(&["NVIDIA-A100-SXM4-40GB", "NVIDIA-L4", "Tesla-T4"]);
        spec["nodeSelector"] = Value::Object(Map::from_iter([("nvidia.com/gpu.product".to_owned(), json!(product))]));
    }
}

impl Team {
    /// When a notebook of this team was created: in any era that the team has had.
    fn created_in(&self, dice: &mut Dice) -> Era {
        let era = match dice.below(100) {
            0..20 => Era::Nothing,
            20..45 => Era::Webhook,
            45..70 => Era::Older,
            _ => Era::Present,
        };
        era.min(self.last)
    }
}
