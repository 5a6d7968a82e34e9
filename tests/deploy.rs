//! The manifests of `deploy/`: what Kubernetes and Kubewarden make of them, what they share, and which pods of
//! `test_data/pods/` each selects. That their settings are accepted is seen by `tests/contract/tables/settings.rs`, on
//! the module too. And the manifests of the pages.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail a test by panicking"
)]

mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::{Affinity, ConfigMap, EnvVar, PodSecurityContext, SecurityContext, Toleration};
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubewarden_policy_sdk::crd::policies::common::{FailurePolicy, PolicyMode};
use kubewarden_policy_sdk::crd::policies::{AdmissionPolicy, ClusterAdmissionPolicy};
use mutatingflow::kubernetes::names::Format;
use mutatingflow::kubernetes::schema::Object;
use mutatingflow::settings::types::{BUNDLE_KEY, CA_BUNDLE, DEPENDENCY, PROXY, SETTINGS, VAULT};
use pages::yaml_blocks;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The policies for notebooks and pipelines, of which a platform has one.
const PLATFORM: [&str; 4] = [MAIN, EVERYTHING, "minimal", NAIS];

/// The one that explains what all of them share.
const MAIN: &str = "cluster-admission-policy";

/// The one with every setting.
const EVERYTHING: &str = "everything";

/// What NAV had.
const NAIS: &str = "nais";

/// What the one of `MAIN` would change in the notebooks that are stored.
const REPORT: &str = "report";

/// What one team adds.
const TEAM: &str = "team";

/// What the policies run in, which is no policy.
const SERVER: &str = "policy-server";

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

/// The policies of `deploy/`, by the names of their files without the extension.
fn policies() -> BTreeMap<String, Value> {
    let mut files = files("deploy");
    files.remove(SERVER).expect("a policy server");
    files
}

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

/// The path of a file in `deploy/`.
fn manifest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(format!("{name}.yaml"))
}

/// A file of the project.
fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
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

/// The names of the manifests for one workload whose `objectSelector` matches `pod`.
fn selecting(pod: &Value) -> Vec<&'static str> {
    let manifests = policies();
    let selects = |recipe: &str| matches(&manifests[recipe]["spec"]["objectSelector"], &pod["metadata"]["labels"]);
    RECIPES.iter().map(|(recipe, _)| *recipe).filter(|recipe| selects(recipe)).collect()
}

/// What was a manifest's, and is not there when it was read as its type and written again. Kubernetes' types pass over
/// members that they do not know, and the API server drops them.
fn lost(manifest: &Value, written: &Value, path: &str, found: &mut Vec<String>) {
    match (manifest, written) {
        (Value::Object(members), Value::Object(written)) => {
            for (name, value) in members {
                lost(value, written.get(name).unwrap_or(&Value::Null), &format!("{path}.{name}"), found);
            }
        }
        (Value::Array(items), Value::Array(written)) if items.len() == written.len() => {
            for (at, (item, written)) in items.iter().zip(written).enumerate() {
                lost(item, written, &format!("{path}[{at}]"), found);
            }
        }
        _ if manifest == written => {}
        _ => found.push(format!("{path}: {manifest} is read as {written}")),
    }
}

/// What is wrong with a manifest that is to be a `T`.
fn strictly<T: DeserializeOwned + Serialize>(manifest: &Value) -> Vec<String> {
    match serde_json::from_value::<T>(manifest.clone()) {
        Err(error) => vec![error.to_string()],
        Ok(read) => {
            let mut found = Vec::new();
            lost(manifest, &serde_json::to_value(read).unwrap(), "", &mut found);
            found
        }
    }
}

/// What is wrong with a manifest, by the type of its kind, and by what these types leave to the API server and to
/// Kubewarden's controller.
fn wrong(manifest: &Value) -> Vec<String> {
    let mut found = match manifest["kind"].as_str() {
        Some("AdmissionPolicy") => strictly::<AdmissionPolicy>(manifest),
        Some("ClusterAdmissionPolicy") => strictly::<ClusterAdmissionPolicy>(manifest),
        Some("ClusterRole") => strictly::<ClusterRole>(manifest),
        Some("ConfigMap") => strictly::<ConfigMap>(manifest),
        Some("PolicyServer") => strictly::<PolicyServer>(manifest),
        kind => vec![format!("{kind:?} is no kind that is known here")],
    };
    let metadata = &manifest["metadata"];
    for (member, format) in [("name", Format::Subdomain), ("namespace", Format::DnsLabel)] {
        let problem = metadata.get(member).and_then(Value::as_str).and_then(|name| format.problem(name));
        found.extend(problem.map(|problem| format!("{member}: {problem}")));
    }
    let is_namespaced = ["AdmissionPolicy", "ConfigMap"].map(Value::from).contains(&manifest["kind"]);
    if metadata.get("name").is_none() || metadata.get("namespace").is_some() != is_namespaced {
        found.push(format!("it has a name, and a namespace: {is_namespaced}"));
    }
    if manifest["kind"].as_str().is_some_and(|kind| kind.ends_with("AdmissionPolicy")) {
        found.extend(wrong_in_spec(&manifest["spec"]));
    }
    found
}

/// What is wrong in the spec of a policy, as the CustomResourceDefinitions and the webhooks of Kubewarden 1.36.0-beta.1
/// see it. The types of the SDK, in its version 0.17, are behind them in this:
///
/// - `mutating` and `rules` must be there;
/// - a timeout is from 2 to 30 seconds, and that of the evaluation no longer than the other;
/// - a ClusterAdmissionPolicy may have `allowInsideAdmissionControllerNamespace`, which the SDK does not know.
fn wrong_in_spec(spec: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if !spec["mutating"].is_boolean() {
        found.push("mutating must be there".to_owned());
    }
    for timeout in ["timeoutSeconds", "timeoutEvalSeconds"] {
        if spec.get(timeout).is_some_and(|timeout| !timeout.as_i64().is_some_and(|it| (2..=30).contains(&it))) {
            found.push(format!("{timeout} must be from 2 to 30"));
        }
    }
    let seconds = |timeout| spec.get(timeout).and_then(Value::as_i64);
    if seconds("timeoutEvalSeconds")
        .is_some_and(|evaluation| seconds("timeoutSeconds").is_some_and(|it| it < evaluation))
    {
        found.push("timeoutEvalSeconds must not be longer than timeoutSeconds".to_owned());
    }
    let rules = spec["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    if rules.is_empty() {
        found.push("rules must be there".to_owned());
    }
    for rule in rules {
        let list = |member: &str| rule[member].as_array().cloned().unwrap_or_default();
        if ["apiGroups", "apiVersions", "resources", "operations"].iter().any(|member| list(member).is_empty()) {
            found.push(format!("a rule lacks something: {rule}"));
        }
        let known = ["CREATE", "UPDATE", "DELETE", "CONNECT", "*"].map(Value::from);
        found.extend(
            list("operations").iter().filter(|it| !known.contains(it)).map(|it| format!("there is no operation {it}")),
        );
    }
    let conditions = spec["matchConditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: BTreeSet<_> = conditions.iter().map(|condition| condition["name"].as_str()).collect();
    if names.len() < conditions.len() {
        found.push("a name of matchConditions stands twice".to_owned());
    }
    found
}

/// A PolicyServer, for which the SDK has no type: after `api/policies/v1/policyserver_types.go` of Kubewarden
/// 1.36.0-beta.1.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PolicyServer {
    api_version: ApiVersion,
    kind: String,
    metadata: ObjectMeta,
    spec: PolicyServerSpec,
}

#[derive(Deserialize, Serialize)]
enum ApiVersion {
    #[serde(rename = "policies.kubewarden.io/v1")]
    V1,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PolicyServerSpec {
    image: String,
    replicas: i32,
    min_available: Option<IntOrString>,
    max_unavailable: Option<IntOrString>,
    annotations: Option<BTreeMap<String, String>>,
    labels: Option<BTreeMap<String, String>>,
    env: Option<Vec<EnvVar>>,
    service_account_name: Option<String>,
    image_pull_secret: Option<String>,
    insecure_sources: Option<Vec<String>>,
    source_authorities: Option<BTreeMap<String, Vec<String>>>,
    verification_config: Option<String>,
    sigstore_trust_config: Option<String>,
    security_contexts: Option<SecurityContexts>,
    affinity: Option<Affinity>,
    limits: Option<BTreeMap<String, Quantity>>,
    requests: Option<BTreeMap<String, Quantity>>,
    tolerations: Option<Vec<Toleration>>,
    priority_class_name: Option<String>,
    namespaced_policies_capabilities: Option<Vec<String>>,
    webhook_port: Option<u16>,
    readiness_probe_port: Option<u16>,
    metrics_port: Option<u16>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SecurityContexts {
    container: Option<SecurityContext>,
    pod: Option<PodSecurityContext>,
}

/// What a policy server asks of signatures: after `crates/policy-fetcher/src/verify/config.rs` of the same version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Verification {
    api_version: String,
    all_of: Vec<Signature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", tag = "kind")]
enum Signature {
    GithubAction { owner: String, repo: Option<String> },
}

#[test]
fn every_manifest_is_what_the_type_of_its_kind_says() {
    let mut kinds = BTreeSet::new();
    for name in files("deploy").keys() {
        for document in documents(&manifest(name)) {
            assert_eq!(wrong(&document), [] as [&str; 0], "{name}");
            kinds.insert(document["kind"].to_string());
        }
    }
    assert_eq!(kinds.len(), 5, "{kinds:?}");
}

#[test]
fn every_policy_of_a_page_is_what_its_type_says() {
    let docs = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap();
    let docs = docs.map(|page| format!("docs/{}", page.unwrap().file_name().into_string().unwrap()));
    let mut count = 0;
    for page in docs.filter(|page| page.ends_with(".md")).chain(["README.md".to_owned()]) {
        let text = text(&page);
        for block in yaml_blocks(&text) {
            for document in block.split("\n---\n") {
                let document: Value = yaml_serde::from_str(document).unwrap_or_else(|error| panic!("{page}: {error}"));
                if document["apiVersion"] == "policies.kubewarden.io/v1" {
                    assert_eq!(wrong(&document), [] as [&str; 0], "{page}");
                    count += 1;
                }
            }
        }
    }
    assert!(count >= 1, "README.md shows a policy");
}

/// Each of these is one step from a manifest that is right.
#[test]
fn what_is_wrong_in_a_manifest_is_found() {
    let [main, katib, server] = [MAIN, "katib", SERVER].map(|name| read(&manifest(name)));
    let [_, map] = &documents(&manifest(SERVER))[..] else { panic!("a config map") };
    for (right, parent, member, value) in [
        (&main, "", "apiVersion", json!("policies.kubewarden.io/v2")),
        (&main, "", "kind", json!("ClusterAdmissionPolice")),
        (&main, "", "settings", json!({})),
        (&main, "/metadata", "name", json!("Mutating_flow")),
        (&main, "/metadata", "namespace", json!("team-a")),
        (&main, "/metadata", "anotations", json!({})),
        (&main, "/metadata/annotations", "io.kubewarden.policy.severity", json!(3)),
        (&main, "/spec", "polcyServer", json!("default")),
        (&main, "/spec", "module", Value::Null),
        (&main, "/spec", "mode", json!("Protect")),
        (&main, "/spec", "mutating", Value::Null),
        (&main, "/spec", "backgroundAudit", json!("false")),
        (&main, "/spec", "failurePolicy", json!("fail")),
        (&main, "/spec", "matchPolicy", json!("exact")),
        (&main, "/spec", "sideEffects", json!("Some")),
        (&main, "/spec", "timeoutSeconds", json!(1)),
        (&main, "/spec", "timeoutSeconds", json!(31)),
        (&main, "/spec", "timeoutSeconds", json!("5s")),
        (&main, "/spec", "timeoutEvalSeconds", json!(6)),
        (&main, "/spec", "rules", json!([])),
        (&main, "/spec/rules/0", "operations", json!(["create"])),
        (&main, "/spec/rules/0", "operations", json!([])),
        (&main, "/spec/rules/0", "resource", json!(["notebooks"])),
        (&main, "/spec/matchConditions/0", "expresion", json!("true")),
        (&main, "/spec/namespaceSelector", "matchExpression", json!([])),
        (&main, "/spec/namespaceSelector/matchExpressions/0", "value", json!("a")),
        (&katib, "/metadata", "namespace", Value::Null),
        (&katib, "/spec", "namespaceSelector", json!({"matchExpressions": []})),
        (&katib, "/spec", "contextAwareResources", json!([])),
        (&server, "", "apiVersion", json!("policies.kubewarden.io/v1alpha2")),
        (&server, "/spec", "replicas", json!("2")),
        (&server, "/spec", "minReplicas", json!(2)),
        (&server, "/spec/requests", "cpu", json!(1)),
        (&server, "/spec/env/0", "val", json!("2")),
        (&server, "/spec/affinity", "antiAffinity", json!({})),
        (map, "/metadata", "namespace", Value::Null),
        (map, "", "date", json!({})),
        (map, "/data", "verification-config", json!({})),
    ] {
        assert_eq!(wrong(right), [] as [&str; 0]);
        let mut broken = right.clone();
        let parent = broken.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => drop(parent.remove(member).expect(member)),
            value => drop(parent.insert(member.to_owned(), value)),
        }
        assert_ne!(wrong(&broken), [] as [&str; 0], "{member}: {broken:#}");
    }
}

#[test]
fn every_policy_adds_or_reports_and_stays_in_the_namespaces_of_profiles() {
    for (file, policy) in policies() {
        let spec = &policy["spec"];
        if policy["kind"] == "ClusterAdmissionPolicy" {
            let profiles =
                json!({"key": "app.kubernetes.io/part-of", "operator": "In", "values": ["kubeflow-profile"]});
            // Everything is to look at: no namespace has that label.
            let none = json!({"key": "mutatingflow.nais.io/do-not-apply", "operator": "Exists"});
            let expressions = if file == *EVERYTHING { vec![profiles, none] } else { vec![profiles] };
            assert_eq!(spec["namespaceSelector"], json!({"matchExpressions": expressions}), "{file}");
        }
        let or = |member: &str, default: Value| spec.get(member).cloned().unwrap_or(default);
        let members = [
            or("mode", json!(PolicyMode::default())),
            or("mutating", Value::Null),
            or("backgroundAudit", Value::Null),
            or("failurePolicy", json!(FailurePolicy::default())),
            or("policyServer", json!("default")),
        ];
        let expected = match &*file {
            REPORT => [json!("monitor"), json!(false), json!(true), json!("Ignore"), json!("default")],
            // The audit would have nothing to report.
            _ => [json!("protect"), json!(true), json!(false), json!("Fail"), json!("default")],
        };
        assert_eq!(members, expected, "{file}");
        // Of those for a platform one takes the place of another. Nobody should apply everything.
        let is_a_choice = PLATFORM.contains(&&*file) && *file != *EVERYTHING;
        let expected = if is_a_choice { "mutatingflow".to_owned() } else { format!("mutatingflow-{file}") };
        assert_eq!(policy["metadata"]["name"], expected);
    }
}

#[test]
fn the_policies_for_a_platform_and_for_a_team_are_about_the_same_requests() {
    let manifests = policies();
    let main = &manifests[MAIN]["spec"];
    for file in PLATFORM.into_iter().chain([TEAM]) {
        let spec = &manifests[file]["spec"];
        assert_eq!(spec["rules"], main["rules"], "{file}");
        // Where other pods get something too, they are named behind those.
        let [of, of_main] = [spec, main].map(|spec| spec["matchConditions"][0]["expression"].as_str().unwrap());
        let more = of.strip_prefix(of_main).unwrap_or_else(|| panic!("{file}: {of}"));
        assert_eq!(more.starts_with(" || ("), spec["settings"].get("pods").is_some(), "{file}: {of}");
        assert_eq!(spec["matchConditions"].as_array().unwrap().len(), 2, "{file}");
        // Whoever takes a finalizer off must not wait for the policy server.
        assert_eq!(spec["matchConditions"][1]["expression"], "!has(object.metadata.deletionTimestamp)", "{file}");
    }
}

#[test]
fn the_least_is_a_pull_secret_and_navs_is_what_its_tests_have() {
    let manifests = policies();
    let registry = test_data("settings-registry.yaml");
    let mut least = registry.clone();
    least["pipelinePods"] = registry["notebooks"].clone();
    assert_eq!(manifests["minimal"]["spec"]["settings"], least);
    assert_eq!(manifests[NAIS]["spec"]["settings"], test_data("nais/settings.yaml"));
}

/// What somebody changes for his cluster is the same wherever it stands.
#[test]
fn the_manifests_share_what_is_a_platforms_own() {
    let mut values: BTreeMap<&str, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (file, policy) in policies() {
        let dependencies = policy["spec"]["settings"]["dependencies"].as_object().unwrap().clone();
        for (name, dependency) in dependencies.iter().filter(|(name, _)| !name.starts_with(TEAM)) {
            for pointer in [
                "/imagePullSecrets",
                "/proxy/httpProxy",
                "/proxy/noProxy",
                "/caBundle/pem",
                "/caBundle/jks/key",
                "/vault/image",
                "/vault/address",
                "/vault/authPath",
                "/vault/kvPath",
                "/vault/role",
            ] {
                if let Some(value) = dependency.pointer(pointer) {
                    let of = values.entry(pointer).or_default().entry(value.to_string()).or_default();
                    of.push(format!("{file}: {name}"));
                }
            }
        }
    }
    assert_eq!(values.len(), 10);
    for (pointer, values) in values {
        assert_eq!(values.len(), 1, "{pointer}: {values:#?}");
        assert!(values.values().all(|of| of.len() >= 2), "{pointer} is shared: {values:#?}");
    }
}

/// Which members of `object` are at none of `places`, or have no comment in the lines of this indentation.
fn missing(object: &Object, places: &[&Value], indentation: usize, lines: &[&str]) -> Vec<String> {
    let is_said = |name: &str| {
        let member = format!("{}{name}:", " ".repeat(indentation));
        lines.windows(2).any(|pair| {
            pair[1].starts_with(&member) && (pair[1].contains(" # ") || pair[0].trim_start().starts_with("# "))
        })
    };
    let names = object.members.iter().map(|member| member.name);
    let missing = names.filter(|name| !is_said(name) || !places.iter().any(|place| place.get(name).is_some()));
    missing.map(str::to_owned).collect()
}

#[test]
fn everything_has_every_setting_with_a_comment() {
    let settings = policies()[EVERYTHING]["spec"]["settings"].clone();
    let text = text("deploy/everything.yaml");
    let lines: Vec<_> = text.lines().skip_while(|line| *line != "  settings:").collect();
    let dependencies: Vec<_> = settings["dependencies"].as_object().unwrap().values().collect();
    let within = |pointer| dependencies.iter().filter_map(|dependency| dependency.pointer(pointer)).collect::<Vec<_>>();
    let bundles = [within("/caBundle/pem"), within("/caBundle/jks")].concat();
    for (object, places, indentation) in [
        (&SETTINGS, vec![&settings], 4),
        (&DEPENDENCY, dependencies.clone(), 8),
        (&VAULT, within("/vault"), 10),
        (&CA_BUNDLE, within("/caBundle"), 10),
        (&PROXY, within("/proxy"), 10),
        (&BUNDLE_KEY, bundles, 12),
    ] {
        assert_eq!(missing(object, &places, indentation, &lines), [] as [&str; 0]);
        // Without the comments none is said, and nowhere none is there.
        let bare: Vec<_> = lines.iter().map(|line| line.split('#').next().unwrap()).collect();
        assert_eq!(missing(object, &places, indentation, &bare).len(), object.members.len());
        assert_eq!(missing(object, &[], indentation, &lines).len(), object.members.len());
    }
}

/// A platform's dependencies and a team's are different ones in one record.
#[test]
fn a_team_has_names_of_its_own_and_a_label_to_opt_out() {
    let manifests = policies();
    let names = |file: &str| -> BTreeSet<String> {
        manifests[file]["spec"]["settings"]["dependencies"].as_object().unwrap().keys().cloned().collect()
    };
    let own = names(TEAM);
    for file in manifests.keys().filter(|file| *file != TEAM) {
        assert_eq!(own.intersection(&names(file)).next(), None, "{file}");
    }
    assert!(own.iter().all(|name| name.starts_with("team-")), "{own:?}");

    let selector = &manifests[TEAM]["spec"]["objectSelector"];
    let label = label(&manifests[TEAM]);
    assert!(matches(selector, &json!({"app": "churn-model"})));
    assert!(!matches(selector, &json!({label: "true"})));
    // The comments show it twice more.
    assert_eq!(text("deploy/team.yaml").matches(label).count(), 4);
}

#[test]
fn a_policy_server_can_lose_a_node() {
    let [server, map] = &documents(&manifest(SERVER))[..] else { panic!("a policy server and a config map") };
    let (name, spec) = (&server["metadata"]["name"], &server["spec"]);
    let [replicas, available] = ["replicas", "minAvailable"].map(|member| spec[member].as_i64().unwrap());
    assert!(available >= 1 && replicas > available, "{available} of {replicas}");
    for term in
        spec["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"].as_array().unwrap()
    {
        let replicas = json!({"matchLabels": {"kubewarden/policy-server": name}});
        assert_eq!(term["podAffinityTerm"]["labelSelector"], replicas);
    }
    assert_eq!(spec["verificationConfig"], map["metadata"]["name"]);
    assert!(text("deploy/policy-server.yaml").contains(&format!("`policyServer: {}`", name.as_str().unwrap())));
}

#[test]
fn a_policy_server_takes_what_this_repository_signed_and_nothing_else() {
    let [_, map] = &documents(&manifest(SERVER))[..] else { panic!("a policy server and a config map") };
    assert_eq!(members(&map["data"]), ["verification-config"].into());
    let verification = map["data"]["verification-config"].as_str().unwrap();
    let Verification { api_version, all_of } = yaml_serde::from_str(verification).unwrap();
    assert_eq!(api_version, "v1");
    let [Signature::GithubAction { owner, repo }] = &all_of[..] else { panic!("one signature") };
    let metadata = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("metadata.yml"));
    let repository =
        format!("https://github.com/{owner}/{}", repo.as_deref().expect("the repository, not all of the owner's"));
    assert_eq!(metadata["annotations"]["io.kubewarden.policy.source"], repository);
}

/// The numbers are those of the bench, and the calculation is right.
#[test]
fn a_policy_server_is_sized_from_the_bench() {
    let cost: Value = serde_json::from_str(&text("docs/cost.json")).unwrap();
    let spec = &read(&manifest(SERVER))["spec"];
    let comments = text("deploy/policy-server.yaml").replace("\n  # ", " ").replace("  ", " ");
    let says = |what: String| assert!(comments.contains(&what), "{what}");
    let mebibytes = |bytes: u64| (bytes as f64) / f64::from(1 << 20);

    // What the policy server takes at most: the default of axum.
    let limit = 2 << 20;
    let rows: Vec<_> =
        cost["rows"].as_array().unwrap().iter().filter(|row| row["payload_bytes"].as_u64() < Some(limit)).collect();
    let memory = |row: &Value| row["cost"]["mutatingflow"]["memory"].as_u64().unwrap();
    let usual = rows.iter().find(|row| row["name"] == "culler, injected").unwrap();
    let largest = rows.iter().copied().max_by_key(|row| memory(row)).unwrap();
    let module = cost["modules"]["mutatingflow"]["bytes"].as_u64().unwrap();
    says(format!("The module is {:.1} MB", module as f64 / 1e6));
    says(format!(
        "{:.1} MiB for a Notebook of the usual size, {:.1} MiB for the largest",
        mebibytes(memory(usual)),
        mebibytes(memory(largest))
    ));

    // A review as a tree is up to 12 times its text, and is there up to five times; its text twice.
    let around = |review: u64, memory: u64| mebibytes(review * (12 * 5 + 2) + memory);
    let one = around(usual["payload_bytes"].as_u64().unwrap(), memory(usual)).round();
    let most = (around(limit, memory(largest)) / 10.0).ceil() * 10.0;
    says(format!(
        "{one} MiB for the usual {:.0} kB, and {most} MiB for the largest review",
        usual["payload_bytes"].as_f64().unwrap() / 1e3
    ));
    let [workers] =
        &spec["env"].as_array().unwrap().iter().filter(|it| it["name"] == "KUBEWARDEN_WORKERS").collect::<Vec<_>>()[..]
    else {
        panic!("the number of workers")
    };
    let workers: f64 = workers["value"].as_str().unwrap().parse().unwrap();
    let memory =
        |of: &str| -> f64 { spec[of]["memory"].as_str().unwrap().strip_suffix("Mi").unwrap().parse().unwrap() };
    let [server, compiler] = [100.0, 27.0];
    says(format!("{server} + {compiler} + {one} MiB"));
    assert_eq!(memory("requests"), server + compiler + one);
    says(format!("{} MiB; the rest", workers * most));
    assert!(memory("limits") >= server + compiler + workers * most);
}

/// The audit scanner asks about what a rule with `CREATE` lists, in each version that the rule names.
#[test]
fn the_report_is_about_notebooks_by_the_same_settings() {
    let manifests = policies();
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
    for (file, policy) in policies() {
        let documents = documents(&manifest(&file));
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
    let mut manifests = policies();
    for other in PLATFORM.into_iter().chain([REPORT, TEAM]) {
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
    for (file, policy) in policies() {
        let is_late = policy["kind"] == "AdmissionPolicy";
        assert_eq!(is_late, [TEAM, "katib"].contains(&&*file), "{file}");
    }
}

/// CEL is not evaluated here. What the condition of the main manifest asks for is an annotation, which its pods have and
/// the others have not.
#[test]
fn the_condition_for_pipelines_is_an_annotation_that_only_their_pods_have() {
    let main = &policies()[MAIN];
    let condition = &main["spec"]["matchConditions"][0];
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
    let page = text("docs/workloads.md");
    let manifests = policies();
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
    let page = text("docs/poddefaults.md");
    let blocks = yaml_blocks(&page);
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
