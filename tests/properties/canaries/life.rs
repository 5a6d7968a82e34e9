//! What happens to an object, so that everything is said that may be said of it.

use serde_json::{Map, Value, json};

use super::corpus::Request;
use super::said::Said;

/// The fields of a dependency that are called as in the pod spec, and those that are called as in a container.
const OF_POD_SPEC: [&str; 21] = [
    "volumes",
    "initContainers",
    "imagePullSecrets",
    "resourceClaims",
    "tolerations",
    "topologySpreadConstraints",
    "hostAliases",
    "nodeSelector",
    "securityContext",
    "affinity",
    "dnsConfig",
    "serviceAccountName",
    "automountServiceAccountToken",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "dnsPolicy",
    "enableServiceLinks",
    "shareProcessNamespace",
    "hostUsers",
    "terminationGracePeriodSeconds",
];
const OF_CONTAINER: [&str; 8] =
    ["env", "envFrom", "volumeMounts", "resources", "command", "args", "imagePullPolicy", "lifecycle"];

/// The annotation that stops a notebook, and the one that asks for what waits.
const STOPPED: &str = "kubeflow-resource-stopped";
/// What the keys of the policy's own annotations begin with.
const DOMAIN: &str = "mutatingflow.nais.io/";
const APPLY: &str = "mutatingflow.nais.io/apply";

/// Where the pod spec of an object is.
fn template(object: &Value) -> &'static str {
    if object["kind"] == "Notebook" { "/spec/template/spec" } else { "/spec" }
}

/// Settings that bring whatever `object` has: the same keys, so that once a value is another there is a conflict.
pub fn contrary(object: &Value) -> Value {
    let empty = json!({});
    let spec = object.pointer(template(object)).unwrap_or(&empty);
    let mut dependency = Map::new();
    let mut bring = |field: &str, value: &Value| {
        if !value.is_null() {
            dependency.insert(field.to_owned(), value.clone());
        }
    };
    let few = rarely_there();
    for field in OF_POD_SPEC {
        bring(field, if spec[field].is_null() { &few[field] } else { &spec[field] });
    }
    for field in ["vault", "caBundle", "proxy"] {
        bring(field, &few[field]);
    }
    for field in OF_CONTAINER {
        bring(field, &spec["containers"][0][field]);
    }
    bring("containerSecurityContext", &spec["containers"][0]["securityContext"]);
    let others = spec["containers"].as_array().map(|all| all.iter().skip(1).cloned().collect::<Vec<_>>());
    bring("sidecars", &json!(others.unwrap_or_default()));
    bring("labels", &object["metadata"]["labels"]);
    let mut annotations = object["metadata"]["annotations"].clone();
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.retain(|key, _| !key.starts_with(DOMAIN));
    }
    bring("annotations", &annotations);
    dependency.insert("containers".to_owned(), json!("All"));
    let list = json!(["contrary"]);
    json!({"dependencies": {"contrary": dependency}, "notebooks": list, "pipelinePods": list, "pods": list})
}

/// What few objects have, by the field of a dependency.
fn rarely_there() -> Value {
    json!({
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["db.example.org"]}],
        "topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 1}],
        "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpu"}],
        "tolerations": [{"key": "gpu", "operator": "Equal", "value": "a"}],
        "vault": {
            "image": "vks", "address": "https://vault", "authPath": "/a", "kvPath": "/k", "role": "r",
            "secretsPath": "/secrets", "volumeName": "secrets", "env": [{"name": "LOG", "value": "debug"}],
        },
        "caBundle": {"mount": "Directory", "pem": {"configMap": "ca", "key": "ca.pem"}},
        "proxy": {"httpProxy": "http://user:password@proxy", "noProxy": ["localhost"]},
    })
}

/// The way to settle conflicts in which none is left.
pub const OVERRIDE: usize = 2;

/// Has every dependency of `settings` settle conflicts in one of the three ways.
pub fn settle(settings: &mut Value, way: usize) {
    let word = ["Reject", "Keep", "Override"][way % 3];
    for dependency in settings["dependencies"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(dependency) = dependency.as_object_mut() {
            dependency.insert("onConflict".to_owned(), json!(word));
        }
    }
}

/// An object under settings, and under later ones.
pub struct Life<'l> {
    /// How it begins.
    pub request: &'l Request,
    /// The settings.
    pub settings: &'l Value,
    /// Those of later.
    pub later: &'l Value,
    /// Whether canaries are spelt with escapes.
    pub is_escaped: bool,
    /// Hears what is said.
    pub hear: &'l mut dyn FnMut(&Said),
}

impl Life<'_> {
    /// One of what may happen to it at once: it is created, annotated or stopped.
    pub fn once(&mut self, what: usize) {
        let (object, settings) = (&self.request.object, self.settings);
        match what % 3 {
            1 if object["kind"] == "Notebook" => self.ask(object, &annotated(object, "note", "1"), settings),
            2 if object["kind"] == "Notebook" => self.ask(object, &annotated(object, STOPPED, "1"), settings),
            _ => self.ask(&Value::Null, object, settings),
        };
    }

    /// All that may happen to it.
    pub fn whole(&mut self) {
        let (object, settings, later) = (&self.request.object, self.settings, self.later);
        let report = changed(settings, "report", json!(true));
        let retired = json!({"retired": settings["notebooks"], "notebooks": [], "dependencies": {}});
        if let Some(stored) = self.ask(&Value::Null, object, settings) {
            self.ask(&Value::Null, &stored, settings);
            self.ask(&Value::Null, &stored, later);
            self.ask(&Value::Null, &stored, &report);
            self.ask(&Value::Null, &stored, &retired);
        }
        self.ask(&Value::Null, object, &report);
        for record in records(object) {
            let mut object = object.clone();
            set_annotation(&mut object, "mutatingflow.nais.io/injected", json!(record));
            set_annotation(&mut object, "mutatingflow.nais.io/update-pending", json!("contrary,other"));
            self.ask(&Value::Null, &object, settings);
        }
        let Some(stored) = self.ask(&Value::Null, &bare(object), settings) else { return };
        let written_over = with_own_annotations(object, &stored);
        self.ask(&Value::Null, &written_over, settings);
        self.ask(&Value::Null, &written_over, later);
        if object["kind"] != "Notebook" {
            return;
        }
        let stop = |object: &Value| annotated(object, STOPPED, "2026-11-26");
        for settings in [settings, later, &retired, &report] {
            self.ask(&stored, &annotated(&stored, "note", "1"), settings);
            self.ask(&stored, &stop(&stored), settings);
            self.ask(&stored, &annotated(&stored, APPLY, "now"), settings);
            self.ask(&stored, &written_over, settings);
            self.ask(&stop(&stored), &stop(&written_over), settings);
            self.ask(&stored, object, settings);
            self.ask(&Value::Null, &annotated(&stored, "note", "1"), settings);
        }
        for settings in [settings, later] {
            self.ask(object, &annotated(object, "note", "1"), settings);
            self.ask(&stop(object), &annotated(&stop(object), "note", "1"), settings);
            self.ask(&written_over, &annotated(&written_over, "note", "1"), settings);
        }
        let mut without_old = self.request.clone();
        without_old.operation = "UPDATE".to_owned();
        without_old.object = written_over;
        without_old.old_object = Value::Null;
        (self.hear)(&Said::of(&without_old, later, self.is_escaped));
        (self.hear)(&Said::of(self.request, settings, self.is_escaped));
    }

    /// Creates an object, or changes `old` to it.
    fn ask(&mut self, old: &Value, object: &Value, settings: &Value) -> Option<Value> {
        let operation = if old.is_null() { "CREATE" } else { "UPDATE" }.to_owned();
        let request = Request { operation, object: object.clone(), old_object: old.clone(), ..self.request.clone() };
        let said = Said::of(&request, settings, self.is_escaped);
        (self.hear)(&said);
        said.stored
    }
}

/// Records that a client may have written, on what `object` has and on nothing.
fn records(object: &Value) -> [String; 5] {
    let env = &object[&template(object)[1..]]["containers"][0]["env"];
    let names: Vec<_> = env.as_array().into_iter().flatten().map(|entry| entry["name"].clone()).collect();
    let part = json!({"hash": "0123456789abcdef", "added": {"env": names, "volumes": ["a"]}});
    let kind = if object["kind"] == "Notebook" { "Notebook" } else { "Pod" };
    [
        json!({kind: {"contrary": part}}).to_string(),
        json!({kind: {"others": part}, "Other": {"contrary": part}, "applied": "1"}).to_string(),
        json!({"contrary": part}).to_string(),
        json!({kind: {"contrary": {"hash": 1}}}).to_string(),
        "{".to_owned(),
    ]
}

/// `object` with the annotation `key`.
fn annotated(object: &Value, key: &str, value: &str) -> Value {
    let mut object = object.clone();
    set_annotation(&mut object, key, json!(value));
    object
}

fn set_annotation(object: &mut Value, key: &str, value: Value) {
    if object["metadata"]["annotations"].is_null() && object["metadata"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.insert(key.to_owned(), value);
    }
}

fn changed(document: &Value, name: &str, value: Value) -> Value {
    let mut document = document.clone();
    if let Some(members) = document.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    document
}

/// `object` with nothing but what makes it one of its kind: its name, and its containers with their images.
fn bare(object: &Value) -> Value {
    let mut bare = object.clone();
    let Some(metadata) = bare["metadata"].as_object_mut() else { return bare };
    metadata.remove("labels");
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|key, _| key == "workflows.argoproj.io/node-name");
    }
    if let Some(spec) = bare.pointer_mut(template(object)).and_then(Value::as_object_mut) {
        spec.retain(|field, _| field == "containers");
        let containers = spec.get_mut("containers").and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
            container.retain(|field, _| matches!(&**field, "name" | "image"));
        }
    }
    bare
}

/// `object` with the annotations of the policy that `stored` has.
fn with_own_annotations(object: &Value, stored: &Value) -> Value {
    let mut object = object.clone();
    for (key, value) in stored["metadata"]["annotations"].as_object().into_iter().flatten() {
        if key.starts_with(DOMAIN) {
            set_annotation(&mut object, key, value.clone());
        }
    }
    object
}
