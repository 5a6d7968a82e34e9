//! Reports from this field, tried on the policy: each file of `test_data/cases/` has where somebody reported it, what
//! happened, what is expected, and the settings and requests to try it with. A test here has the name of its file.
//!
//! The requests of one file belong together: what an earlier one answered is the stored object of a later one. The
//! records in them have the format of version 0.1.0, which is read for ever. Where a file says what should come of a
//! whole history, the test goes on with its own answers too.

use std::{collections::BTreeSet, fs};

use serde_json::{Map, Value, json};

use super::objects::{Kind, create, secrets_mount, update, with};
use crate::evaluator::{Outcome, project, run, settings_problem, test_data};

/// A file of `test_data/cases/`.
struct Case(Value);

impl Case {
    fn read(name: &str) -> Self {
        Self(test_data(&format!("cases/{}.json", name.replace('_', "-"))))
    }

    fn step(&self, at: usize) -> &Value {
        let steps = if self.0["steps"].is_null() { &self.0["requests"] } else { &self.0["steps"] };
        steps.get(at).unwrap_or_else(|| panic!("there is no step {at}"))
    }

    /// The request of a step. Some files have requests as an API server sends them, the others only what makes one.
    fn request(&self, at: usize) -> Value {
        let step = self.step(at);
        match &step["oldObject"] {
            _ if !step["uid"].is_null() => step.clone(),
            Value::Null => create(step["object"].clone()),
            old => update(old.clone(), step["object"].clone()),
        }
    }

    /// The settings of a step, which are those of the file where it has none.
    fn settings(&self, at: usize) -> Value {
        [&self.step(at)["settings"], &self.0["settings"]]
            .into_iter()
            .find(|it| !it.is_null())
            .expect("settings")
            .clone()
    }

    fn answer(&self, at: usize) -> Outcome {
        answer(self.request(at), &self.settings(at))
    }

    fn refusal(&self, at: usize) -> String {
        refusal(self.request(at), &self.settings(at))
    }
}

/// Makes a request that must be allowed. Its answer is settled: sent again in the same request, or stored and written
/// back as it is, it is not changed.
pub fn answer(request: Value, settings: &Value) -> Outcome {
    let request = if request["kind"] == "AdmissionReview" { request["request"].clone() } else { request };
    let outcome = run(request.clone(), settings.clone());
    assert!(outcome.allowed, "{:?}\n{request:#}\n{settings:#}", outcome.message);
    let again = with(&request, "/object", outcome.object.clone());
    assert_settled(run(again.clone(), settings.clone()), "a second call", settings);
    let stored = with(&with(&again, "/operation", json!("UPDATE")), "/oldObject", outcome.object.clone());
    assert_settled(run(stored, settings.clone()), "a later update", settings);
    outcome
}

fn assert_settled(outcome: Outcome, what: &str, settings: &Value) {
    assert!(outcome.allowed, "{what}: {:?}", outcome.message);
    assert_eq!(outcome.patch, NOTHING, "{what} changes {:#}\n{settings:#}", outcome.object);
}

/// Makes a request that must be refused with 422, and returns the message.
pub fn refusal(request: Value, settings: &Value) -> String {
    let outcome = run(request, settings.clone());
    assert!(!outcome.allowed, "it is allowed: {:#}\n{settings:#}", outcome.object);
    assert_eq!((outcome.code, &outcome.patch[..]), (Some(422), &NOTHING[..]));
    outcome.message.unwrap_or_default()
}

/// The patch of an answer that changes nothing.
pub const NOTHING: [Value; 0] = [];
/// No warnings.
pub const QUIET: [&str; 0] = [];

/// The pod spec of a Notebook or of a pod.
pub fn spec(object: &Value) -> &Value {
    if object["kind"] == "Notebook" { &object["spec"]["template"]["spec"] } else { &object["spec"] }
}

/// The container with this name.
pub fn container<'o>(object: &'o Value, name: &str) -> &'o Value {
    named(&spec(object)["containers"], name)
}

/// The init container with this name.
fn init_container<'o>(object: &'o Value, name: &str) -> &'o Value {
    named(&spec(object)["initContainers"], name)
}

/// The entry of a list with this name.
pub fn named<'l>(list: &'l Value, name: &str) -> &'l Value {
    let mut found = list.as_array().into_iter().flatten().filter(|entry| entry["name"] == name);
    let (first, second) = (found.next(), found.next());
    assert!(second.is_none(), "{name} is there twice: {list:#}");
    first.unwrap_or_else(|| panic!("there is no {name} in {list:#}"))
}

/// The member `key` of the entries of a list, in their order.
pub fn all<'l>(list: &'l Value, key: &str) -> Vec<&'l str> {
    list.as_array().into_iter().flatten().map(|entry| entry[key].as_str().unwrap_or("?")).collect()
}

/// The variables of a container: name and value, or where it is from.
pub fn env<'o>(object: &'o Value, container_name: &str) -> Vec<(&'o str, &'o Value)> {
    let entries = container(object, container_name)["env"].as_array().into_iter().flatten();
    entries.map(|it| (it["name"].as_str().expect("a name"), it.get("value").unwrap_or(&it["valueFrom"]))).collect()
}

/// An annotation of an object.
pub fn annotation<'o>(object: &'o Value, name: &str) -> Option<&'o str> {
    object["metadata"]["annotations"].get(name)?.as_str()
}

/// The dependencies that wait.
pub fn pending(object: &Value) -> Option<&str> {
    annotation(object, "mutatingflow.nais.io/update-pending")
}

/// The names of the dependencies in the record under `domain`.
pub fn recorded_under(domain: &str, object: &Value) -> BTreeSet<String> {
    let Some(record) = annotation(object, &format!("{domain}/injected")) else { return BTreeSet::new() };
    let record: Map<String, Value> = serde_json::from_str(record).expect("a record is a JSON object");
    // By dependency, or by kind of object and then by dependency.
    let names = record.into_iter().flat_map(|(name, part)| match part {
        Value::Object(parts) if !parts.contains_key("hash") => parts.into_iter().map(|(name, _)| name).collect(),
        _ => vec![name],
    });
    names.collect()
}

/// The names of the dependencies in the record.
pub fn recorded(object: &Value) -> BTreeSet<String> {
    recorded_under("mutatingflow.nais.io", object)
}

pub fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// Whether a text has this name, and not only as a part of another.
fn has(text: &str, name: &str) -> bool {
    let is_of_a_name = |it: char| it.is_alphanumeric() || it == '-' || it == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_of_a_name) && !after.starts_with(is_of_a_name)
    })
}

/// Asserts that one of the warnings has all these names.
pub fn assert_warns(outcome: &Outcome, names: &[&str]) {
    let found = outcome.warnings.iter().any(|warning| names.iter().all(|name| has(warning, name)));
    assert!(found, "no warning has {names:?}: {:#?}", outcome.warnings);
}

/// Asserts that a text has all these names.
pub fn assert_names(text: &str, names: &[&str]) {
    assert!(names.iter().all(|name| has(text, name)), "{names:?} are not all in: {text}");
}

/// Asserts that `dependencies` wait: the object, the audit annotations and a warning say so.
pub fn assert_waits(outcome: &Outcome, dependencies: &str) {
    assert_eq!(pending(&outcome.object), Some(dependencies), "{:#?}", outcome.warnings);
    assert_eq!(outcome.audit.get("deferred").map(String::as_str), Some(dependencies));
    let names: Vec<_> = dependencies.split(',').collect();
    assert_warns(outcome, &names);
}

/// Asserts that nothing waits.
pub fn assert_nothing_waits(outcome: &Outcome) {
    assert_eq!(pending(&outcome.object), None);
    assert_eq!(outcome.audit.get("deferred"), None);
}

/// Asserts that the answer has the pod template of the stored object, as that or as the client spells it.
pub fn assert_same_template(outcome: &Outcome, request: &Value) {
    let (found, stored, sent) = (spec(&outcome.object), spec(&request["oldObject"]), spec(&request["object"]));
    assert!(found == stored || found == sent, "stored: {stored:#}\nfound: {found:#}");
}

/// Asserts that the answer has the pod template of the stored object.
pub fn assert_stored_template(outcome: &Outcome, request: &Value) {
    let (found, stored) = (spec(&outcome.object), spec(&request["oldObject"]));
    assert!(found == stored, "stored: {stored:#}\nfound: {found:#}");
}

/// The request in which the culler writes back what is stored.
pub fn culled(stored: &Value) -> Value {
    annotated(stored, "notebooks.kubeflow.org/last-activity", "2026-11-23T11:00:00Z")
}

/// The request that puts an annotation on what is stored.
pub fn annotated(stored: &Value, name: &str, value: &str) -> Value {
    let mut object = stored.clone();
    let annotations = &mut object["metadata"]["annotations"];
    if annotations.is_null() {
        *annotations = json!({});
    }
    annotations[name] = json!(value);
    update(stored.clone(), object)
}

/// The request that stops the notebook.
pub fn stopped(stored: &Value) -> Value {
    annotated(stored, "kubeflow-resource-stopped", "2026-11-23T12:00:00Z")
}

macro_rules! cases {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        mod reports {
            use super::Case;

            $(
                #[test]
                fn $name() {
                    super::$name(&Case::read(stringify!($name)));
                }
            )*
        }
    };
}

cases! {
    notebook_affinity_group
    notebook_ca_beside_odh
    notebook_ca_for_argo_executor
    notebook_copied_and_renamed
    notebook_culler_typed_update
    notebook_dependent_env_override
    notebook_dependent_env_upgrade
    notebook_dshm_default
    notebook_envfrom_keep
    notebook_fsgroup_lost
    notebook_identity_label
    notebook_init_containers_as_object
    notebook_odh_lock
    notebook_odh_sidecar_reset
    notebook_override_then_removed_env
    notebook_proxy_keep_halves
    notebook_sa_pull_secrets
    notebook_sa_tug_of_war
    notebook_same_claim_twice
    notebook_toleration_default_operator
    notebook_two_policies
    notebook_vks_quota_pss_istio
    pod_account_changed
    pod_all_reaches_foreign_sidecars
    pod_ca_from_secret_or_optional
    pod_container_set
    pod_culler_adds_divisor
    pod_envfrom_last_wins
    pod_envfrom_prefix_grows
    pod_fields_not_known
    pod_init_container_needs_secrets
    pod_kfp_own_ca
    pod_kill_cmd
    pod_memory_volume_without_limit
    pod_nested_mount
    pod_no_proxy_for_the_cluster
    pod_pod_security_context_whole
    pod_quota
    pod_record_stripped
    pod_service_account_pull_secrets_lost
    pod_two_policies_same_domain
    pod_vks_private_ca
}

#[test]
fn every_case_has_a_test() {
    let files = fs::read_dir(project().join("test_data/cases")).expect("the folder is there");
    let files: BTreeSet<_> =
        files.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect();
    let tested: BTreeSet<_> = NAMES.iter().map(|name| format!("{}.json", name.replace('_', "-"))).collect();
    assert_eq!(files, tested);
}

/// The parts of an affinity do not touch one another: the user's stays, ours comes beside it, under each `onConflict`.
fn notebook_affinity_group(case: &Case) {
    let [ours, users] = [
        &case.settings(0)["dependencies"]["spread"]["affinity"],
        &spec(&case.request(0)["object"])["affinity"].clone(),
    ];
    for at in 0..3 {
        let outcome = case.answer(at);
        let both = json!({"nodeAffinity": users["nodeAffinity"], "podAntiAffinity": ours["podAntiAffinity"]});
        assert_eq!(spec(&outcome.object)["affinity"], both);
        assert_eq!(outcome.warnings, QUIET);
        assert_eq!(recorded(&outcome.object), set(["spread"]));
    }
}

fn notebook_ca_beside_odh(case: &Case) {
    let outcome = case.answer(0);
    let theirs = &json!("/etc/pki/tls/custom-certs/ca-bundle.crt");
    let ours = &json!("/etc/pki/tls/certs/ca-bundle.crt");
    let kept = ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "GIT_SSL_CAINFO"];
    let added = ["CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];
    let expected: Vec<_> =
        kept.iter().map(|name| (*name, theirs)).chain(added.iter().map(|name| (*name, ours))).collect();
    assert_eq!(env(&outcome.object, "wb"), expected);
    for name in kept {
        assert_warns(&outcome, &[name, "trust"]);
    }
    let warned = outcome.warnings.concat();
    assert!(added.iter().all(|name| !warned.contains(name)), "{warned}");
    let spec = spec(&outcome.object);
    assert_eq!(all(&spec["volumes"], "name"), ["dshm", "wb-workspace", "ca-bundle-pem"]);
    assert_eq!(
        all(&spec["containers"][0]["volumeMounts"], "mountPath"),
        [
            "/dev/shm",
            "/home/jovyan",
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/ca-bundle.pem",
            "/etc/pki/tls/cacert.pem",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        ]
    );
}

/// A list of names reaches containers and init containers of Argo's too, and no others.
fn notebook_ca_for_argo_executor(case: &Case) {
    assert_eq!(settings_problem(&case.settings(0)), None);
    let outcome = case.answer(1);
    for name in ["main", "wait"] {
        assert_eq!(env(&outcome.object, name).len(), 7, "{name}");
        assert_eq!(all(&container(&outcome.object, name)["volumeMounts"], "name"), ["ca-bundle-pem"; 5], "{name}");
    }
    let init = init_container(&outcome.object, "init");
    assert_eq!((all(&init["env"], "name").len(), all(&init["volumeMounts"], "name")), (7, vec!["ca-bundle-pem"; 5]));
    let launcher = |object| init_container(object, "kfp-launcher").clone();
    assert_eq!(launcher(&outcome.object), launcher(&case.request(1)["object"]));

    assert_eq!(case.step(2)["settings"]["dependencies"]["trust"]["caBundle"]["pem"]["optional"], true);
    assert_eq!(settings_problem(&case.settings(2)), None);
}

fn notebook_copied_and_renamed(case: &Case) {
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];
    let proxies = |object: &Value, container: &str, url: &str| {
        let url = &json!(url);
        assert_eq!(env(object, container), names.map(|name| (name, url)));
    };
    let [old, new] = [0, 1].map(|at| case.settings(at));
    let original = case.answer(0).object;
    proxies(&original, "wb", "http://old:1");

    // What a copy has of the record of 0.1.0, and what it has of today's.
    let copy = |stored: &Value| {
        let copy = with(stored, "/metadata/name", json!("wb2"));
        create(with(&copy, "/spec/template/spec/containers/0/name", json!("wb2")))
    };
    for newer in [case.request(1), copy(&original)] {
        let outcome = answer(newer, &new);
        proxies(&outcome.object, "wb2", "http://new:1");
        assert_eq!(outcome.warnings, QUIET);
        assert_eq!(recorded(&outcome.object), set(["proxy"]));
    }
    let copies = [case.request(2), copy(&original)].map(|same| {
        let outcome = answer(same.clone(), &old);
        assert_eq!(spec(&outcome.object), spec(&same["object"]));
        assert_eq!(outcome.warnings, QUIET);
        outcome.object
    });

    // The copy is ours for the rest of its life.
    for copy in &copies {
        let stopped = answer(stopped(copy), &new);
        proxies(&stopped.object, "wb2", "http://new:1");
        let gone = answer(culled(&stopped.object), &with(&case.settings(5), "/retired", json!(["proxy"])));
        assert_eq!(env(&gone.object, "wb2"), []);
        assert_eq!(recorded(&gone.object), set(["x"]));
        let unknown = answer(culled(&stopped.object), &case.settings(5));
        proxies(&unknown.object, "wb2", "http://new:1");
        assert_eq!(recorded(&unknown.object), set(["proxy", "x"]));
        assert_eq!(unknown.audit.get("unknown").map(String::as_str), Some("proxy"));
    }

    // A copy without a record is its user's: it stays as it is, and is started with what it has.
    let outcome = case.answer(3);
    assert_eq!((outcome.patch, outcome.warnings), (vec![], vec![]));
    let outcome = case.answer(4);
    proxies(&outcome.object, "wb2", "http://old:1");
    assert_eq!(pending(&outcome.object), Some("proxy"));
    assert_warns(&outcome, &["proxy", "HTTP_PROXY"]);
    let outcome = case.answer(5);
    proxies(&outcome.object, "wb2", "http://old:1");
    assert_eq!(spec(&outcome.object)["tolerations"], json!([{"operator": "Exists"}]));
}

fn notebook_culler_typed_update(case: &Case) {
    let created = case.answer(0);
    assert_eq!(all(&spec(&created.object)["imagePullSecrets"], "name"), ["gpr"]);
    for at in [1, 2] {
        let outcome = case.answer(at);
        assert_same_template(&outcome, &case.request(at));
        assert_waits(&outcome, "registry");

        let request = with(&case.request(at), "/oldObject", created.object.clone());
        let outcome = answer(request.clone(), &case.settings(at));
        assert_same_template(&outcome, &request);
        assert_waits(&outcome, "registry");
    }
}

fn notebook_dependent_env_override(case: &Case) {
    let outcome = case.answer(0);
    let password = &json!({"secretKeyRef": {"name": "db", "key": "password"}});
    let url = &json!("pg://team:$(DB_PASSWORD)@db.example.org/team");
    assert_eq!(env(&outcome.object, "wb"), [("DB_PASSWORD", password), ("DB_URL", url)]);
    assert_warns(&outcome, &["DB_URL", "db"]);

    let created = case.answer(1);
    for request in [case.request(2), culled(&created.object)] {
        let outcome = answer(request, &case.settings(2));
        let [token, url] = [&json!("x"), &json!("pg://$(DB_TOKEN)@db")];
        assert_eq!(env(&outcome.object, "wb"), [("DB_TOKEN", token), ("DB_URL", url)]);
        assert_nothing_waits(&outcome);
    }
}

fn notebook_dependent_env_upgrade(case: &Case) {
    let created = case.answer(0);
    let new = case.answer(2);
    assert_eq!(all(&container(&new.object, "wb")["env"], "name"), ["DB_PASSWORD", "DB_URL"]);
    for request in [case.request(1), culled(&created.object)] {
        let outcome = answer(request, &case.settings(1));
        assert_eq!(spec(&outcome.object), spec(&new.object));
        assert_nothing_waits(&outcome);
        assert_eq!(outcome.warnings, QUIET);
    }
}

/// A volume of the same name is refused under `Keep` too: mounts of ours must not bind to a volume of the user's.
fn notebook_dshm_default(case: &Case) {
    for at in [0, 1] {
        assert_names(&case.refusal(at), &["dshm", "shm"]);
    }
    let outcome = case.answer(2);
    let spec = spec(&outcome.object);
    let shared_memory = json!({"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}});
    assert_eq!(spec["volumes"][0], shared_memory);
    assert_eq!(all(&spec["volumes"], "name"), ["dshm", "wb-workspace"]);
    assert_eq!(all(&spec["containers"][0]["volumeMounts"], "mountPath"), ["/dev/shm", "/home/jovyan"]);
    assert_warns(&outcome, &["dshm"]);
}

/// What is in an `envFrom` cannot be seen, so that `Keep` does not keep it.
fn notebook_envfrom_keep(case: &Case) {
    let outcome = case.answer(0);
    let proxy = &json!("http://proxy.example.org:8088");
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];
    assert_eq!(env(&outcome.object, "wb"), names.map(|name| (name, proxy)));
    assert_eq!(container(&outcome.object, "wb")["envFrom"], json!([{"configMapRef": {"name": "my-proxy"}}]));
}

fn notebook_fsgroup_lost(case: &Case) {
    let outcome = case.answer(0);
    assert_eq!(spec(&outcome.object)["securityContext"], json!({"seccompProfile": {"type": "RuntimeDefault"}}));
    assert_warns(&outcome, &["fsGroup", "pss"]);

    let settings = with(&case.settings(0), "/dependencies/pss/securityContext/fsGroup", json!(100));
    assert_eq!(answer(case.request(0), &settings).warnings, QUIET);
}

fn notebook_identity_label(case: &Case) {
    let outcome = case.answer(0);
    assert_eq!(outcome.object["metadata"]["labels"], json!({"azure.workload.identity/use": "true"}));
    assert_stored_template(&outcome, &case.request(0));
    assert_nothing_waits(&outcome);
    assert_eq!(recorded(&outcome.object), set(["azure"]));
    assert_eq!(outcome.warnings, QUIET);

    assert_names(&case.refusal(1), &["sidecar.istio.io/inject", "mesh"]);
}

fn notebook_init_containers_as_object(case: &Case) {
    let outcome = case.answer(0);
    assert_eq!(all(&spec(&outcome.object)["imagePullSecrets"], "name"), ["gpr"]);
    assert_eq!(spec(&outcome.object)["initContainers"], json!({"name": "init-x", "image": "i"}));

    assert_names(&case.refusal(1), &["spec.template.spec.initContainers"]);
}

fn notebook_odh_lock(case: &Case) {
    let created = case.answer(0);
    assert_eq!(all(&spec(&created.object)["imagePullSecrets"], "name"), ["gpr"]);
    let unlocked =
        update(created.object.clone(), with(&created.object, "/metadata/annotations/kubeflow-resource-stopped", None));
    for (at, secret) in [(1, "gpr"), (2, "gpr2")] {
        for request in [case.request(at), unlocked.clone()] {
            let outcome = answer(request, &case.settings(at));
            assert_eq!(all(&spec(&outcome.object)["imagePullSecrets"], "name"), [secret]);
            assert_nothing_waits(&outcome);
            assert_eq!(outcome.warnings, QUIET);
        }
    }
}

fn notebook_odh_sidecar_reset(case: &Case) {
    let created = case.answer(0);
    assert_eq!(env(&created.object, "wb"), [("HTTPS_PROXY", &json!("http://p:1"))]);
    assert!(env(&created.object, "oauth-proxy").is_empty());
    // An earlier version put it there under `All`: it stays until the notebook is stopped.
    let outcome = case.answer(1);
    assert_stored_template(&outcome, &case.request(1));
    assert_waits(&outcome, "proxy");
    let outcome = answer(stopped(&outcome.object), &case.settings(1));
    assert!(env(&outcome.object, "oauth-proxy").is_empty());
    assert_eq!((env(&outcome.object, "wb").len(), outcome.warnings.len()), (1, 0));
    assert_nothing_waits(&outcome);

    // Where the settings name it, it has it.
    let settings = with(&case.settings(0), "/dependencies/proxy/containers", json!(["wb", "oauth-proxy"]));
    let created = answer(case.request(0), &settings);
    assert_eq!(env(&created.object, "oauth-proxy"), [("HTTPS_PROXY", &json!("http://p:1"))]);
    let reset = with(&culled(&created.object), "/object/spec/template/spec/containers/1/env", None);
    let outcome = answer(reset.clone(), &settings);
    assert_stored_template(&outcome, &reset);
    assert_nothing_waits(&outcome);
}

fn notebook_override_then_removed_env(case: &Case) {
    let [users, ours] = [&json!("https://users"), &json!("https://ours")];
    let created = case.answer(0);
    assert_eq!(env(&case.request(0)["object"], "wb"), [("PIP_INDEX_URL", users)]);
    assert_eq!(env(&created.object, "wb"), [("PIP_INDEX_URL", ours)]);
    assert_warns(&created, &["PIP_INDEX_URL", "p"]);

    // Settings that do not know the dependency leave it alone.
    for request in [case.request(1), culled(&created.object)] {
        let outcome = answer(request, &case.settings(1));
        assert_eq!(env(&outcome.object, "wb"), [("PIP_INDEX_URL", ours)]);
        assert_eq!(recorded(&outcome.object), set(["p", "x"]));
        assert_eq!(outcome.audit.get("unknown").map(String::as_str), Some("p"));
        assert_eq!(spec(&outcome.object)["tolerations"], json!([{"operator": "Exists"}]));
    }

    // Those that retire it take it away, and say what does not come back.
    let retired = with(&case.settings(1), "/retired", json!(["p"]));
    for request in [case.request(1), culled(&created.object)] {
        let outcome = answer(request, &retired);
        assert_eq!(env(&outcome.object, "wb"), []);
        assert_eq!(recorded(&outcome.object), set(["x"]));
        assert_eq!(outcome.audit.get("removed").map(String::as_str), Some("p"));
    }
    assert_warns(&answer(culled(&created.object), &retired), &["PIP_INDEX_URL"]);

    for request in [case.request(2), culled(&created.object)] {
        let outcome = answer(request, &case.settings(2));
        assert_eq!(env(&outcome.object, "wb"), [("PIP_INDEX_URL", ours)]);
        assert_eq!(recorded(&outcome.object), set(["p"]));
    }
}

fn notebook_proxy_keep_halves(case: &Case) {
    let [mine, ours] = [&json!("http://mine:3128"), &json!("http://proxy.example.org:8088")];
    let [my_hosts, our_hosts] = [&json!("nexus.corp"), &json!("localhost,.svc")];

    let outcome = case.answer(0);
    let mut variables = env(&outcome.object, "wb");
    assert_eq!(variables.drain(..2).collect::<Vec<_>>(), [("HTTP_PROXY", mine), ("HTTPS_PROXY", mine)]);
    assert_eq!(variables, [("NO_PROXY", our_hosts), ("no_proxy", our_hosts)]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY"] {
        assert_warns(&outcome, &[name, "proxy"]);
    }

    let outcome = case.answer(1);
    let mut variables = env(&outcome.object, "wb");
    assert_eq!(variables.remove(0), ("NO_PROXY", my_hosts));
    assert_eq!(variables, ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map(|name| (name, ours)));
    assert_warns(&outcome, &["NO_PROXY", "proxy"]);
}

fn notebook_sa_pull_secrets(case: &Case) {
    let outcome = case.answer(0);
    assert_eq!(spec(&outcome.object)["imagePullSecrets"], json!([{"name": "gpr"}]));
    assert_eq!(spec(&outcome.object)["serviceAccountName"], "default-editor");
}

fn notebook_sa_tug_of_war(case: &Case) {
    let created = case.answer(0);
    assert_eq!(spec(&created.object)["serviceAccountName"], "platform-sa");
    assert_warns(&created, &["serviceAccountName", "sa"]);
    let set_back = with(&culled(&created.object), "/object/spec/template/spec/serviceAccountName", json!("wb"));
    for request in [case.request(1), set_back] {
        let outcome = answer(request.clone(), &case.settings(1));
        assert_stored_template(&outcome, &request);
        assert_nothing_waits(&outcome);
        assert_warns(&outcome, &["serviceAccountName", "sa"]);
    }
}

fn notebook_same_claim_twice(case: &Case) {
    let outcome = case.answer(0);
    let spec_of = |outcome: &Outcome| spec(&outcome.object).clone();
    assert_eq!(spec_of(&outcome)["volumes"], spec(&case.request(0)["object"])["volumes"]);
    let mounts = ["/dev/shm", "/home/jovyan", "/data", "/backup", "/lake"];
    assert_eq!(all(&spec_of(&outcome)["containers"][0]["volumeMounts"], "mountPath"), mounts);
    assert_eq!(outcome.warnings, QUIET);

    let outcome = case.answer(1);
    assert_eq!(all(&spec_of(&outcome)["volumes"], "name"), ["dshm", "wb-workspace", "lake"]);
    assert_eq!(spec_of(&outcome)["volumes"][2]["persistentVolumeClaim"], json!({"claimName": "other"}));
    assert_eq!(all(&spec_of(&outcome)["containers"][0]["volumeMounts"], "mountPath"), mounts);
    assert_warns(&outcome, &["lake"]);
}

fn notebook_toleration_default_operator(case: &Case) {
    let outcome = case.answer(0);
    assert_eq!((outcome.patch, outcome.warnings), (vec![], vec![]));
}

/// Two policies whose dependencies have different names, on one object.
fn notebook_two_policies(case: &Case) {
    two_policies_on_a_notebook(case, &[case.settings(0), case.settings(1)], "gpr");
    two_policies_on_a_pod(case, &[case.settings(4), case.settings(5)], "gpr");
    for at in [4, 5] {
        let outcome = case.answer(at);
        assert_eq!(all(&spec(&outcome.object)["imagePullSecrets"], "name"), ["gpr"]);
    }
}

/// The first six steps of the two files about two policies.
fn two_policies_on_a_notebook(case: &Case, [a, b]: &[Value; 2], secret: &str) {
    let tolerations = &b["dependencies"]["gpu"]["tolerations"];
    let assert_both = |object: &Value| {
        assert_eq!(spec(object)["imagePullSecrets"], json!([{"name": secret}]));
        assert_eq!(&spec(object)["tolerations"], tolerations);
        assert_eq!(recorded(object), set(["gpu", "registry"]));
        assert_eq!(pending(object), None);
    };

    // One after the other on a new notebook, in either order; then nothing is left to do.
    let user = case.request(0);
    let both = [[a, b], [b, a]].map(|[first, second]| {
        let outcome = answer(with(&user, "/object", answer(user.clone(), first).object), second);
        assert_both(&outcome.object);
        assert!(outcome.audit.contains_key("unknown"), "{:?}", outcome.audit);
        for settings in [first, second] {
            let again = run(with(&user, "/object", outcome.object.clone()), settings.clone());
            assert_eq!(again.patch, NOTHING);
            let culled = run(culled(&outcome.object), settings.clone());
            assert_eq!((culled.patch, culled.warnings), (vec![], vec![]));
        }
        outcome.object
    });
    assert_eq!(spec(&both[0]), spec(&both[1]));

    // The second, on what 0.1.0 answered for the first.
    let outcome = answer(case.request(1), b);
    assert_both(&outcome.object);
    assert_eq!(outcome.audit.get("unknown").map(String::as_str), Some("registry"));

    // A notebook that runs without what the first brings: that waits, and what the second brought stays.
    for (at, settings) in [(2, a), (3, b)] {
        let request = case.request(at);
        let outcome = answer(request.clone(), settings);
        assert_stored_template(&outcome, &request);
        assert_eq!(pending(&outcome.object), Some("registry"));
        assert_eq!(recorded(&outcome.object), set(["gpu"]));
    }
    let waits = answer(case.request(2), a);
    assert_waits(&waits, "registry");
    assert_eq!(waits.audit.get("unknown").map(String::as_str), Some("gpu"));

    // Stopped, both policies in one request: everything is there, and nothing waits.
    for order in [[a, b], [b, a]] {
        let request = stopped(&answer(case.request(2), a).object);
        let reply = order
            .into_iter()
            .fold(request, |request, settings| with(&request, "/object", answer(request.clone(), settings).object));
        assert_both(&reply["object"]);
    }
}

fn two_policies_on_a_pod(case: &Case, [a, b]: &[Value; 2], secret: &str) {
    let pod = case.request(4);
    for [first, second] in [[a, b], [b, a]] {
        let reply = answer(with(&pod, "/object", answer(pod.clone(), first).object), second);
        assert_eq!(spec(&reply.object)["imagePullSecrets"], json!([{"name": secret}]));
        assert_eq!(recorded(&reply.object), set(["gpu", "registry"]));
        for settings in [first, second] {
            assert_eq!(run(with(&pod, "/object", reply.object.clone()), settings.clone()).patch, NOTHING);
        }
    }
    let reply = answer(case.request(5), b);
    assert_eq!(spec(&reply.object)["imagePullSecrets"], json!([{"name": secret}]));
    assert_eq!(recorded(&reply.object), set(["gpu", "registry"]));
    assert_eq!(reply.audit.get("unknown").map(String::as_str), Some("registry"));
}

fn notebook_vks_quota_pss_istio(case: &Case) {
    assert_eq!(settings_problem(&case.settings(0)), None);
    let outcome = case.answer(1);
    assert_eq!(all(&spec(&outcome.object)["initContainers"], "name"), ["init", "kfp-launcher", "vks"]);
    let vks = init_container(&outcome.object, "vks");
    assert_eq!(vks["resources"], json!({"limits": {"cpu": "100m", "memory": "64Mi"}}));
    assert_eq!(
        vks["securityContext"],
        json!({
            "allowPrivilegeEscalation": false,
            "runAsNonRoot": true,
            "runAsUser": 1337,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        })
    );
    assert_eq!(annotation(&outcome.object, "traffic.sidecar.istio.io/excludeOutboundPorts"), Some("8200"));
    assert_eq!(outcome.warnings, QUIET);
}

/// The pull secrets of the account that the server put on the pod are the pod's own by then.
fn pod_account_changed(case: &Case) {
    let outcome = case.answer(0);
    let spec = spec(&outcome.object);
    assert_eq!((&spec["serviceAccountName"], &spec["serviceAccount"]), (&json!("steps"), &json!("steps")));
    assert_eq!(spec["imagePullSecrets"], json!([{"name": "pipeline-runner-dockercfg"}]));
    assert_warns(&outcome, &["serviceAccountName", "sa"]);
}

/// `All` passes over Argo's and Istio's containers.
fn pod_all_reaches_foreign_sidecars(case: &Case) {
    let outcome = case.answer(0);
    assert_eq!(env(&outcome.object, "main").len(), 6);
    assert!(all(&container(&outcome.object, "main")["volumeMounts"], "name").contains(&"vault-secrets"));
    for name in ["wait", "istio-proxy"] {
        assert_eq!(container(&outcome.object, name), container(&case.request(0)["object"], name));
    }
}

/// Settings with one dependency of pipeline pods.
fn of_pods(dependency: Value) -> Value {
    json!({"dependencies": {"d": dependency}, "pipelinePods": ["d"]})
}

fn pod_ca_from_secret_or_optional(_: &Case) {
    let request = Case::read("pod_quota").request(0);
    let pem = json!({"secret": "ca", "key": "ca.pem", "optional": true});
    let outcome = answer(request, &of_pods(json!({"caBundle": {"pem": pem}})));
    let volume = json!({"name": "ca-bundle-pem", "secret": {"secretName": "ca", "optional": true}});
    assert_eq!(named(&spec(&outcome.object)["volumes"], "ca-bundle-pem"), &volume);
}

fn pod_container_set(case: &Case) {
    let proxied = |settings: &Value| -> Vec<String> {
        let outcome = answer(case.request(0), settings);
        let containers = spec(&outcome.object)["containers"].as_array().cloned().expect("containers");
        let proxied = containers.into_iter().filter(|it| !it["env"].is_null());
        proxied.map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(proxied(&case.settings(0)), ["prepare", "train", "report"]);
    // Argo names the last one as the default container.
    assert_eq!(proxied(&with(&case.settings(0), "/dependencies/proxy/containers", json!("Main"))), ["report"]);
}

fn pod_culler_adds_divisor(case: &Case) {
    let request = case.request(0);
    let outcome = case.answer(0);
    assert_same_template(&outcome, &request);
    assert_waits(&outcome, "registry");

    // The manifest applied again takes it off.
    let divisor = "/spec/template/spec/containers/0/env/0/valueFrom/resourceFieldRef/divisor";
    let stored = with(&request["object"], divisor, json!("0"));
    let request = update(stored.clone(), with(&culled(&stored)["object"], divisor, None));
    let outcome = answer(request.clone(), &case.settings(0));
    assert_same_template(&outcome, &request);
    assert_waits(&outcome, "registry");
}

/// Ours go behind the user's, or before them where the settings say so.
fn pod_envfrom_last_wins(case: &Case) {
    for (at, users) in [(0, "mine"), (1, "team-proxy")] {
        let outcome = case.answer(at);
        let expected = json!([{"configMapRef": {"name": users}}, {"configMapRef": {"name": "global"}}]);
        assert_eq!(container(&outcome.object, "main")["envFrom"], expected);
        let first = answer(case.request(at), &with(&case.settings(at), "/dependencies/g/envFirst", json!(true)));
        let expected = json!([{"configMapRef": {"name": "global"}}, {"configMapRef": {"name": users}}]);
        assert_eq!(container(&first.object, "main")["envFrom"], expected);
    }
}

fn pod_envfrom_prefix_grows(case: &Case) {
    for at in 0..3 {
        let request = case.request(at);
        let outcome = case.answer(at);
        assert_same_template(&outcome, &request);
        assert_nothing_waits(&outcome);
        assert_eq!(outcome.warnings, QUIET);
        assert_eq!(container(&outcome.object, "nb")["envFrom"].as_array().map(Vec::len), Some(at + 1));
    }

    // As the settings spell it, and as each tick of the culler does.
    let notebook = with(&case.request(0)["object"], "/metadata/annotations", None);
    let notebook = with(&notebook, "/spec/template/spec/containers/0/envFrom", None);
    let mut stored = answer(create(notebook), &case.settings(0)).object;
    for prefix in [None, Some(json!("")), None] {
        let mut request = culled(&stored);
        request["object"]["metadata"]["annotations"]["prefix"] = json!(prefix.is_some().to_string());
        request = with(&request, "/object/spec/template/spec/containers/0/envFrom/0/prefix", prefix);
        let outcome = answer(request, &case.settings(0));
        assert_eq!((&outcome.patch[..], &outcome.warnings[..]), (&NOTHING[..], &[][..]));
        stored = outcome.object;
    }
    assert_eq!(container(&stored, "nb")["envFrom"], json!([{"configMapRef": {"name": "platform"}}]));
}

/// Each is a field that a dependency can add.
fn pod_fields_not_known(_: &Case) {
    for (field, value) in [
        ("enableServiceLinks", json!(false)),
        ("dnsConfig", json!({"options": [{"name": "ndots", "value": "2"}]})),
        (
            "topologySpreadConstraints",
            json!([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]),
        ),
    ] {
        let pod = Kind::PipelinePod.object(json!({"containers": [{"name": "main"}]}));
        let outcome = answer(create(pod), &of_pods(json!({field: value})));
        assert_eq!(spec(&outcome.object)[field], value);
    }
}

/// `vks` runs before the user's init containers, of which the one that the settings name is chosen.
fn pod_init_container_needs_secrets(case: &Case) {
    let outcome = case.answer(0);
    let spec = spec(&outcome.object);
    assert_eq!(all(&spec["initContainers"], "name"), ["vks", "init", "kfp-launcher", "migrate"]);
    for (name, expected) in [("migrate", &["vault-secrets"][..]), ("init", &[]), ("kfp-launcher", &[])] {
        assert_eq!(all(&init_container(&outcome.object, name)["volumeMounts"], "name"), expected, "{name}");
    }
    let mounts = &container(&outcome.object, "main")["volumeMounts"];
    assert_eq!(all(mounts, "name"), ["kfp-launcher", "var-run-argo", "vault-secrets"]);
}

fn pod_kfp_own_ca(case: &Case) {
    let outcome = case.answer(0);
    let main = container(&outcome.object, "main");
    assert_eq!(main["volumeMounts"][1], json!({"name": "custom-ca", "mountPath": "/kfp/certs"}));
    assert_eq!(env(&outcome.object, "main")[0].0, "SSL_CERT_DIR");
    assert_eq!((env(&outcome.object, "main").len(), all(&main["volumeMounts"], "name").len()), (1 + 7, 2 + 6));
    let volumes = ["kfp-launcher", "var-run-argo", "custom-ca", "ca-bundle-pem", "ca-bundle-jks"];
    assert_eq!(all(&spec(&outcome.object)["volumes"], "name"), volumes);
    assert_eq!(outcome.warnings, QUIET);
}

fn pod_kill_cmd(case: &Case) {
    let outcome = case.answer(0);
    assert_eq!(all(&spec(&outcome.object)["containers"], "name"), ["wait", "main", "agent"]);
    let kill = annotation(&outcome.object, "workflows.argoproj.io/kill-cmd-agent");
    assert_eq!(kill, Some("[\"/bin/sh\",\"-c\",\"kill 1\"]"));
}

fn pod_memory_volume_without_limit(_: &Case) {
    let mut vault = test_data("settings.yaml")["dependencies"]["vault"].take();
    vault["vault"]["sizeLimit"] = json!("16Mi");
    let outcome = answer(Case::read("pod_quota").request(0), &of_pods(vault));
    let volume = json!({"name": "vault-secrets", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}});
    assert_eq!(named(&spec(&outcome.object)["volumes"], "vault-secrets"), &volume);
}

fn pod_nested_mount(case: &Case) {
    for on_conflict in ["Reject", "Keep"] {
        let settings = with(&case.settings(0), "/dependencies/trust/onConflict", json!(on_conflict));
        let outcome = answer(case.request(0), &settings);
        let mounts = &container(&outcome.object, "main")["volumeMounts"];
        assert_eq!(mounts[1], json!({"name": "corp", "mountPath": "/etc/ssl/certs", "readOnly": true}));
        for file in ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/java/cacerts"] {
            assert!(all(mounts, "mountPath").contains(&file), "{mounts:#}");
        }
        // Both paths: what the user mounts, and a file of ours below it.
        let [warning] = &outcome.warnings[..] else { panic!("not one warning: {:?}", outcome.warnings) };
        let file = "/etc/ssl/certs/ca-certificates.crt";
        assert_names(warning, &[file, "trust"]);
        assert_names(&warning.replace(file, ""), &["/etc/ssl/certs"]);
    }
}

fn pod_no_proxy_for_the_cluster(case: &Case) {
    let outcome = case.answer(0);
    let hosts = &json!("$(KUBERNETES_SERVICE_HOST),*.kubeflow,10.0.0.0/8,metadata-grpc-service");
    for name in ["NO_PROXY", "no_proxy"] {
        assert!(env(&outcome.object, "main").contains(&(name, hosts)), "{:#}", outcome.object);
    }
}

/// Other members of a `securityContext` than ours are no conflict; the same one with another value is.
fn pod_pod_security_context_whole(case: &Case) {
    let outcome = case.answer(0);
    let expected = json!({"fsGroup": 100, "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
    assert_eq!(spec(&outcome.object)["securityContext"], expected);
    let other = with(&case.request(0), "/object/spec/securityContext/fsGroup", json!(0));
    assert_names(&refusal(other, &case.settings(0)), &["securityContext fsGroup", "fs"]);
}

fn pod_quota(case: &Case) {
    let limits = json!({"limits": {"cpu": "0.5", "memory": "1024Mi"}});
    let first = case.answer(0);
    assert_eq!(init_container(&first.object, "vks")["resources"], limits);

    // The server has spelt them in another way, and made requests of the limits.
    let second = case.answer(1);
    assert_eq!(spec(&second.object), spec(&case.request(1)["object"]));
    assert_eq!(second.warnings, QUIET);
    let stored = ["injected", "status"].map(|name| format!("mutatingflow.nais.io/{name}"));
    let mut stored_again = case.request(1);
    for name in stored {
        stored_again["object"]["metadata"]["annotations"][&name] =
            first.object["metadata"]["annotations"][&name].clone();
    }
    assert_eq!(answer(stored_again, &case.settings(1)).patch, NOTHING);
}

fn pod_record_stripped(case: &Case) {
    // The record comes back from the stored object.
    let request = case.request(0);
    let outcome = case.answer(0);
    assert_stored_template(&outcome, &request);
    assert_nothing_waits(&outcome);
    assert_eq!(recorded(&outcome.object), set(["vault"]));
    assert_eq!(outcome.warnings, QUIET);

    // Made again from a manifest without it, all is there already; under newer settings it is the user's.
    assert_eq!(case.answer(1).patch, NOTHING);
    let newer = with(&case.settings(1), "/dependencies/vault/vault/image", json!("vks:47"));
    assert_names(&refusal(case.request(1), &newer), &["vks", "vault"]);

    // Nobody is kept from stopping a notebook.
    assert_eq!(case.answer(2).patch, NOTHING);
    let request = case.request(2);
    let outcome = answer(request.clone(), &newer);
    assert_stored_template(&outcome, &request);
    assert_eq!(pending(&outcome.object), Some("vault"));
    assert_warns(&outcome, &["vks", "vault"]);
}

fn pod_service_account_pull_secrets_lost(case: &Case) {
    let notebook = case.answer(0);
    assert_eq!(all(&spec(&notebook.object)["imagePullSecrets"], "name"), ["gpr-credentials"]);
    assert_eq!(spec(&notebook.object)["serviceAccountName"], "default-editor");

    // The settings have nothing for pods. If they have, the account's are there before.
    assert_eq!(case.answer(1).patch, NOTHING);
    let pods = with(&case.settings(1), "/pipelinePods", json!(["registry"]));
    let pod = answer(case.request(1), &pods);
    assert_eq!(all(&spec(&pod.object)["imagePullSecrets"], "name"), ["default-dockercfg-x1", "gpr-credentials"]);
}

fn pod_two_policies_same_domain(case: &Case) {
    let policies = [0, 1].map(|at| case.0["settings"][at].clone());
    two_policies_on_a_notebook(case, &policies, "gpr-credentials");

    // Neither has something for pods; and if both had.
    assert_eq!(answer(case.request(4), &policies[0]).patch, NOTHING);
    let outcome = answer(case.request(5), &policies[1]);
    assert_eq!(spec(&outcome.object), spec(&case.request(5)["object"]));
    assert_eq!(recorded(&outcome.object), set(["registry"]));
    let pods = policies.map(|policy| with(&policy, "/pipelinePods", policy["notebooks"].clone()));
    two_policies_on_a_pod(case, &pods, "gpr-credentials");
}

/// `vks` mounts the platform's certificates, from a volume that its own dependency brings, and is told of them.
fn pod_vks_private_ca(case: &Case) {
    let settings = case.0["settings"].clone();
    assert_eq!(
        settings_problem(&settings).as_deref(),
        Some(
            "dependencies.vault.vault.volumeMounts[0].name: must be one of the volumes of the dependency, found \"ca\""
        )
    );
    let volume = json!({"name": "ca", "configMap": {"name": "ca"}});
    let settings = with(&settings, "/dependencies/vault/volumes", json!([volume]));
    let outcome = answer(Case::read("pod_quota").request(0), &settings);
    assert_eq!(named(&spec(&outcome.object)["volumes"], "ca"), &volume);
    let vks = init_container(&outcome.object, "vks");
    assert_eq!(all(&vks["env"], "name").len(), 6);
    assert_eq!(vks["env"][5], json!({"name": "VAULT_CACERT", "value": "/ca/ca.pem"}));
    assert_eq!(vks["volumeMounts"], json!([secrets_mount(), {"name": "ca", "mountPath": "/ca"}]));
}
