//! The requests of `test_data/requests/later/`, caught from an API server in whose chain this policy had been before, in
//! version 0.1.0. Their records have the format of that version, which is read for ever. The settings that were in force
//! stand here: version 0.1.0 gives them the hashes that the records have.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use super::cases::{
    NOTHING, QUIET, all, annotation, answer, assert_names, assert_nothing_waits, assert_same_template,
    assert_stored_template, assert_waits, assert_warns, container, culled, env, named, pending, recorded,
    recorded_under, refusal, set, spec, stopped,
};
use super::objects::{CA_FILES, CA_VARIABLES, create, secrets_mount, secrets_volume, update, vks, with};
use crate::evaluator::{Outcome, project, run, test_data};

/// The groups of requests. Those of one are alike to the policy.
const GROUPS: [&[&str]; 17] = [
    &CREATED,
    &["create-generate-name", "create-conflict-reject"],
    &UNCHANGED,
    &MANIFEST_AGAIN,
    &KEPT_AGAIN,
    &OVERRIDDEN_AGAIN,
    &EXPORTED_WITH_RECORD,
    &EXPORTED_WITHOUT_RECORD,
    &["user-sets-own-proxy-later"],
    &["culler-after-upgrade", "stop-while-pending", "culler-never-injected"],
    &AFTER_A_GAP,
    &BESIDE_ANOTHER,
    &FIRST_SYNC,
    &SECOND_POLICY,
    &["two-policies-second-samedep"],
    &PODS,
    &["stored-pipeline-pod"],
];

/// A notebook is created.
const CREATED: [&str; 5] = ["client-apply-1", "create-dry-run", "create-kubectl", "create-web-app", "ssa-1"];

/// The template stays: an annotation is set, the notebook is stopped or started, a client writes the object as Go's
/// types make it.
const UNCHANGED: [&str; 10] = [
    "annotate",
    "start",
    "stop",
    "go-put-delay",
    "go-put-divisor",
    "go-put-empty",
    "go-put-host",
    "go-put-optional",
    "go-put-term",
    "go-put-tty",
];

/// The manifest of the beginning, applied again.
const MANIFEST_AGAIN: [&str; 6] = ["client-apply-2", "client-apply-3", "ssa-2", "ssa-3", "ssa-4", "replace-bare"];
const KEPT_AGAIN: [&str; 2] = ["apply-again-keep", "ssa-again-keep"];
const OVERRIDDEN_AGAIN: [&str; 2] = ["apply-again-override", "ssa-again-override"];

/// What was exported before the settings were upgraded, applied again: with the record of then, and without.
const EXPORTED_WITH_RECORD: [&str; 3] =
    ["exported-again-ex-ca-true", "exported-again-ex-rep-true", "exported-again-ex-ssa-true"];
const EXPORTED_WITHOUT_RECORD: [&str; 3] =
    ["exported-again-ex-ca-false", "exported-again-ex-rep-false", "exported-again-ex-ssa-false"];

/// The manifest was applied again while the policy was away. By two of the clients the record stayed, and says that
/// everything is there.
const AFTER_A_GAP: [&str; 3] = ["after-a-gap-gap-ca", "after-a-gap-gap-ssa", "after-a-gap-gap-rep"];

/// The manifest applied again, on a notebook to which a policy with another annotation domain has added too.
const BESIDE_ANOTHER: [&str; 6] = [
    "two-webhooks-upgrade-ob-first-ca",
    "two-webhooks-upgrade-ob-first-rep",
    "two-webhooks-upgrade-ob-first-ssa",
    "two-webhooks-upgrade-ob-last-ca",
    "two-webhooks-upgrade-ob-last-rep",
    "two-webhooks-upgrade-ob-last-ssa",
];
/// The same, where this policy has added nothing yet.
const FIRST_SYNC: [&str; 2] = ["first-sync-fi-ca", "first-sync-fi-ssa"];

/// A notebook is created, and another policy of this module has just added a pull secret.
const SECOND_POLICY: [&str; 2] = ["two-policies-second-same", "two-policies-second-diff"];

/// A step of a pipeline, as the server's own admission plugins hand it on.
const PODS: [&str; 7] = [
    "pod-create-pipeline",
    "pod-pods-auto",
    "pod-pods-prio",
    "pod-pods-rt",
    "pod-pods-sa",
    "pod-pods-samiss",
    "pod-pods-sec",
];

const PROXIES: [&str; 6] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];
const DOMAIN: &str = "mutatingflow.nais.io";
const SECOND_DOMAIN: &str = "second.nais.io";

fn request(name: &str) -> Value {
    test_data(&format!("requests/later/{name}.json"))["request"].take()
}

/// The settings under which the requests were made.
fn platform() -> Value {
    with(&test_data("settings.yaml"), "/dependencies/proxy/proxy/noProxy", json!(["localhost", "127.0.0.1", ".local"]))
}

/// The same after an upgrade: another pull secret, another proxy.
fn upgraded() -> Value {
    let settings = with(&platform(), "/dependencies/registry/imagePullSecrets/0/name", json!("gpr-credentials-2"));
    with(&settings, "/dependencies/proxy/proxy/httpProxy", json!("http://webproxy2.nais:8088"))
}

/// Settings in which a proxy does not give way to the user's.
fn strict(settings: &Value, on_conflict: &str) -> Value {
    with(settings, "/dependencies/proxy/onConflict", json!(on_conflict))
}

/// One dependency with something of everything.
fn plat(on_conflict: &str) -> Value {
    json!({
        "dependencies": {"plat": {
            "onConflict": on_conflict,
            "env": [{"name": "HTTP_PROXY", "value": "http://plat:1"}, {"name": "NEW", "value": "1"}],
            "imagePullSecrets": [{"name": "gpr-credentials"}],
            "nodeSelector": {"pool": "notebooks"},
            "serviceAccountName": "plat-sa",
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
            "volumes": [{"name": "plat", "configMap": {"name": "plat"}}],
            "volumeMounts": [{"name": "plat", "mountPath": "/plat"}],
        }},
        "notebooks": ["plat"],
    })
}

/// A policy with one pull secret, and what the second one has.
fn registry(secret: &str) -> Value {
    json!({"dependencies": {"registry": {"imagePullSecrets": [{"name": secret}]}}, "notebooks": ["registry"]})
}

fn second(domain: &str) -> Value {
    json!({
        "dependencies": {
            "gpu": {
                "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
                "env": [{"name": "GPU", "value": "1"}],
            },
            "shm": {
                "volumes": [{"name": "scratch", "emptyDir": {}}],
                "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
            },
        },
        "notebooks": ["gpu", "shm"],
        "annotationDomain": domain,
    })
}

fn push(spec: &mut Value, list: &str, items: impl IntoIterator<Item = Value>) {
    let list = spec.pointer_mut(list).and_then(Value::as_array_mut).expect("a list");
    list.extend(items);
}

/// What [`platform`] adds to a pod spec, whose main container has this index.
fn with_platform(spec: &Value, main: usize, secret: &str, proxy: &str) -> Value {
    let mut spec = spec.clone();
    if spec["imagePullSecrets"].is_null() {
        spec["imagePullSecrets"] = json!([]);
    }
    push(&mut spec, "/imagePullSecrets", [json!({"name": secret})]);
    let value = |name: &str| if name.eq_ignore_ascii_case("NO_PROXY") { "localhost,127.0.0.1,.local" } else { proxy };
    let proxies = PROXIES.map(|name| json!({"name": name, "value": value(name)}));
    push(&mut spec, &format!("/containers/{main}/env"), proxies);
    let certificates = CA_VARIABLES.map(|name| json!({"name": name, "value": "/etc/pki/tls/certs/ca-bundle.crt"}));
    push(&mut spec, &format!("/containers/{main}/env"), certificates);
    let files = CA_FILES.map(|path| ("pem", path)).into_iter().chain([("jks", "/etc/ssl/certs/java/cacerts")]);
    let mounts = files.map(|(kind, path)| {
        json!({"name": format!("ca-bundle-{kind}"), "mountPath": path, "subPath": format!("ca-bundle.{kind}")})
    });
    push(&mut spec, &format!("/containers/{main}/volumeMounts"), mounts);
    let volumes = ["ca-bundle-pem", "ca-bundle-jks"].map(|name| json!({"name": name, "configMap": {"name": name}}));
    push(&mut spec, "/volumes", volumes);
    spec
}

/// What [`platform`] makes of the notebook that a request writes without any of it.
fn platform_notebook(object: &Value) -> Value {
    with_platform(spec(object), 0, "gpr-credentials", "http://webproxy.nais:8088")
}

fn is_platforms(object: &Value) {
    assert_eq!(recorded(object), set(["proxy", "registry", "trust"]));
    assert_eq!(annotation(object, "mutatingflow.nais.io/status"), Some("injected"));
    assert_eq!(pending(object), None);
}

/// Asserts that nothing is left to do, and nothing was to be said.
fn assert_settled(outcome: &Outcome) {
    assert_nothing_waits(outcome);
    assert_eq!(outcome.warnings, QUIET);
}

#[test]
fn every_request_has_a_test() {
    let files = fs::read_dir(project().join("test_data/requests/later")).expect("the folder is there");
    let files: BTreeSet<_> =
        files.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect();
    let tested: Vec<_> = GROUPS.concat().iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(tested.len(), files.len(), "each is in one group");
    assert_eq!(tested.into_iter().collect::<BTreeSet<_>>(), files);
}

#[test]
fn a_notebook_is_created() {
    for name in CREATED {
        let request = request(name);
        let outcome = answer(request.clone(), &platform());
        assert_eq!(spec(&outcome.object), &platform_notebook(&request["object"]), "{name}");
        is_platforms(&outcome.object);
        assert_settled(&outcome);
        assert_eq!(outcome.audit.get("dependencies").map(String::as_str), Some("registry,proxy,trust"));
    }
}

/// The server has not given it a name yet.
#[test]
fn a_notebook_is_created_without_a_name() {
    let request = request("create-generate-name");
    let outcome = answer(request.clone(), &platform());
    assert_eq!(spec(&outcome.object), &platform_notebook(&request["object"]));
    is_platforms(&outcome.object);

    let name = json!({"env": [{"name": "NOTEBOOK", "value": "{name}"}]});
    let settings = json!({"dependencies": {"name": name}, "notebooks": ["name"]});
    assert_names(&refusal(request, &settings), &["{name}"]);
}

#[test]
fn a_notebook_in_conflict_is_refused() {
    let request = request("create-conflict-reject");
    let message = refusal(request.clone(), &plat("Reject"));
    assert_names(&message, &["HTTP_PROXY", "pool", "serviceAccountName", "plat"]);
    let users = ["http://mine:1", "http://plat:1"];
    assert!(users.iter().all(|value| !message.contains(value)), "{message}");

    let kept = answer(request.clone(), &plat("Keep"));
    let overridden = answer(request, &plat("Override"));
    for (outcome, proxy, pool, account) in
        [(&kept, "http://mine:1", "mine", "mine"), (&overridden, "http://plat:1", "notebooks", "plat-sa")]
    {
        let spec = spec(&outcome.object);
        assert_eq!(named(&spec["containers"][0]["env"], "HTTP_PROXY")["value"], proxy);
        assert_eq!(all(&spec["containers"][0]["env"], "name"), ["MODEL", "HTTP_PROXY", "NEW"]);
        assert_eq!((&spec["nodeSelector"], &spec["serviceAccountName"]), (&json!({"pool": pool}), &json!(account)));
        for name in ["HTTP_PROXY", "pool", "serviceAccountName"] {
            assert_warns(outcome, &[name, "plat"]);
        }
    }
}

#[test]
fn an_unchanged_template_stays() {
    for name in UNCHANGED {
        let request = request(name);
        let outcome = answer(request.clone(), &platform());
        assert_same_template(&outcome, &request);
        is_platforms(&outcome.object);
        assert_settled(&outcome);
    }
}

/// What Go's types leave out: their zero.
#[test]
fn a_typed_write_is_not_the_users_change() {
    let container = "/object/spec/template/spec/containers/0";
    let dropped = [
        ("go-put-delay", "/livenessProbe/initialDelaySeconds"),
        ("go-put-empty", "/env/1/value"),
        ("go-put-optional", "/terminationMessagePath"),
        ("go-put-term", "/livenessProbe/timeoutSeconds"),
        ("go-put-term", "/livenessProbe/httpGet/scheme"),
        ("go-put-tty", "/stdin"),
        ("go-put-tty", "/tty"),
    ];
    let dropped = dropped.map(|(name, member)| (name, format!("{container}{member}"), None));
    let others = [
        ("go-put-host", "/object/spec/template/spec/hostNetwork".to_owned(), None),
        ("go-put-divisor", format!("{container}/env/1/valueFrom/resourceFieldRef/divisor"), Some(json!("0"))),
    ];
    for (name, pointer, value) in dropped.into_iter().chain(others) {
        let request = with(&request(name), &pointer, value);
        let (old, new) = (spec(&request["oldObject"]), spec(&request["object"]));
        assert_ne!(old, new, "{name}");

        let outcome = answer(request.clone(), &platform());
        assert_same_template(&outcome, &request);
        is_platforms(&outcome.object);
        assert_settled(&outcome);

        // After an upgrade it is no way to a restart.
        let outcome = answer(request.clone(), &upgraded());
        assert_same_template(&outcome, &request);
        assert_waits(&outcome, "registry,proxy");
    }
}

#[test]
fn the_manifest_applied_again_restarts_nothing() {
    for name in MANIFEST_AGAIN {
        let request = request(name);
        assert_ne!(spec(&request["object"]), spec(&request["oldObject"]), "{name}");
        let outcome = answer(request.clone(), &platform());
        assert_stored_template(&outcome, &request);
        is_platforms(&outcome.object);
        assert_settled(&outcome);

        // After an upgrade it waits, as after any other update.
        let outcome = answer(request.clone(), &upgraded());
        assert_stored_template(&outcome, &request);
        assert_waits(&outcome, "registry,proxy");
        assert_eq!(recorded(&outcome.object), set(["proxy", "registry", "trust"]));
    }
}

#[test]
fn a_manifest_applied_again_keeps_what_was_kept() {
    for name in KEPT_AGAIN {
        let request = request(name);
        let outcome = answer(request.clone(), &plat("Keep"));
        assert_stored_template(&outcome, &request);
        assert_eq!(recorded(&outcome.object), set(["plat"]));
        // It was said when the notebook was created.
        assert_settled(&outcome);
    }
}

#[test]
fn a_manifest_applied_again_is_overridden_again() {
    for name in OVERRIDDEN_AGAIN {
        let request = request(name);
        let outcome = answer(request.clone(), &plat("Override"));
        assert_stored_template(&outcome, &request);
        assert_nothing_waits(&outcome);
        for name in ["HTTP_PROXY", "pool", "serviceAccountName"] {
            assert_warns(&outcome, &[name, "plat"]);
        }
    }
}

/// Its entries are ours by the record that it has along: the pull secret of then is not the user's. The proxies are put
/// back.
#[test]
fn what_was_exported_with_its_record_restarts_nothing() {
    for name in EXPORTED_WITH_RECORD {
        for on_conflict in ["Reject", "Override"] {
            let request = request(name);
            let outcome = answer(request.clone(), &strict(&upgraded(), on_conflict));
            assert_stored_template(&outcome, &request);
            assert_eq!(outcome.audit.get("restored").map(String::as_str), Some("template"));
            is_platforms(&outcome.object);
            assert_nothing_waits(&outcome);
            assert_warns(&outcome, &["HTTP_PROXY", "proxy"]);
        }
    }
}

/// Without it, the pull secret of then is one that the user writes. The proxies are put back.
#[test]
fn what_was_exported_without_its_record_is_the_users() {
    for name in EXPORTED_WITHOUT_RECORD {
        for on_conflict in ["Reject", "Override"] {
            let request = request(name);
            let outcome = answer(request.clone(), &strict(&upgraded(), on_conflict));
            let secrets = json!([{"name": "gpr-credentials"}, {"name": "gpr-credentials-2"}]);
            let expected = with(spec(&request["oldObject"]), "/imagePullSecrets", secrets);
            assert_eq!(spec(&outcome.object), &expected, "{name}");
            is_platforms(&outcome.object);
            assert_nothing_waits(&outcome);
            assert_warns(&outcome, &["HTTP_PROXY", "proxy"]);
        }
    }
}

/// Under `Keep` another value than the stored one is the user's, and his change.
#[test]
fn an_exported_value_is_kept_as_the_users() {
    for name in [EXPORTED_WITH_RECORD, EXPORTED_WITHOUT_RECORD].concat() {
        let request = request(name);
        let outcome = answer(request.clone(), &upgraded());
        let secrets = json!([{"name": "gpr-credentials"}, {"name": "gpr-credentials-2"}]);
        let expected = with(spec(&request["object"]), "/imagePullSecrets", secrets);
        assert_eq!(spec(&outcome.object), &expected, "{name}");
        is_platforms(&outcome.object);
        assert_warns(&outcome, &["HTTP_PROXY", "proxy"]);

        // It stays his.
        let later = answer(culled(&outcome.object), &upgraded());
        assert_eq!((later.patch, later.warnings), (vec![], vec![]));
        let stopped = answer(stopped(&outcome.object), &platform());
        let proxy = &json!("http://webproxy.nais:8088");
        assert!(env(&stopped.object, main_of(&request)).contains(&("HTTP_PROXY", proxy)));
    }
}

/// The name of the notebook's main container.
fn main_of(request: &Value) -> &str {
    request["name"].as_str().expect("a name")
}

#[test]
fn a_proxy_that_the_user_sets_later() {
    let request = request("user-sets-own-proxy-later");
    let mine = &json!("http://mine:1");

    // His own is kept, and its twin is not left beside it; the rest comes back.
    let outcome = answer(request.clone(), &platform());
    let variables = env(&outcome.object, "later");
    assert_eq!(variables[..2], [("MODEL", &json!("churn")), ("HTTP_PROXY", mine)]);
    let names: Vec<_> = variables.iter().map(|(name, _)| *name).collect();
    assert_eq!(names[2..6], ["HTTPS_PROXY", "NO_PROXY", "https_proxy", "no_proxy"]);
    assert_eq!(names.len(), 6 + 7);
    assert_eq!(spec(&outcome.object)["volumes"], spec(&request["oldObject"])["volumes"]);
    is_platforms(&outcome.object);
    assert_warns(&outcome, &["HTTP_PROXY", "proxy"]);

    // Or ours is put back, and nothing is restarted.
    for on_conflict in ["Reject", "Override"] {
        let outcome = answer(request.clone(), &strict(&platform(), on_conflict));
        assert_stored_template(&outcome, &request);
        is_platforms(&outcome.object);
        assert_nothing_waits(&outcome);
        assert_warns(&outcome, &["HTTP_PROXY", "proxy"]);
    }
}

#[test]
fn the_culler_after_an_upgrade() {
    let request = request("culler-after-upgrade");
    let outcome = answer(request.clone(), &upgraded());
    assert_stored_template(&outcome, &request);
    assert_waits(&outcome, "registry,proxy");
    assert_eq!(recorded(&outcome.object), set(["proxy", "registry", "trust"]));

    // Nothing is due without one.
    let outcome = answer(request.clone(), &platform());
    assert_stored_template(&outcome, &request);
    is_platforms(&outcome.object);
    assert_settled(&outcome);
}

#[test]
fn a_stop_brings_what_waits() {
    let waiting = answer(request("culler-after-upgrade"), &upgraded()).object;
    for request in [request("stop-while-pending"), stopped(&waiting)] {
        let outcome = answer(request.clone(), &upgraded());
        let expected = with(spec(&request["oldObject"]), "/imagePullSecrets/0/name", json!("gpr-credentials-2"));
        let expected = (1..=6).fold(expected, |spec, at| {
            let proxy = "http://webproxy2.nais:8088";
            if at == 3 || at == 6 { spec } else { with(&spec, &format!("/containers/0/env/{at}/value"), json!(proxy)) }
        });
        assert_eq!(spec(&outcome.object), &expected);
        is_platforms(&outcome.object);
        assert_settled(&outcome);
    }
    // So does a start, of a notebook that was stopped before the upgrade.
    let outcome = answer(request("start"), &upgraded());
    assert_eq!(all(&spec(&outcome.object)["imagePullSecrets"], "name"), ["gpr-credentials-2"]);
    assert_settled(&outcome);
    // Under the settings of before, nothing waits any longer.
    let outcome = answer(culled(&waiting), &platform());
    assert_eq!(spec(&outcome.object), spec(&waiting));
    assert_settled(&outcome);
}

#[test]
fn the_culler_writes_a_notebook_that_has_nothing() {
    let request = request("culler-never-injected");
    let outcome = answer(request.clone(), &platform());
    assert_stored_template(&outcome, &request);
    assert_waits(&outcome, "registry,proxy,trust");
    assert_eq!(recorded(&outcome.object), set([]));

    let outcome = answer(stopped(&outcome.object), &platform());
    assert_eq!(spec(&outcome.object), &platform_notebook(&request["object"]));
    is_platforms(&outcome.object);
    assert_settled(&outcome);
}

#[test]
fn what_was_lost_in_a_gap_waits_and_is_said() {
    for (name, waiting) in AFTER_A_GAP.into_iter().zip(["proxy,trust", "proxy,trust", "registry,proxy,trust"]) {
        let request = request(name);
        let outcome = answer(request.clone(), &platform());
        assert_stored_template(&outcome, &request);
        assert_waits(&outcome, waiting);

        let bare = with(&request["object"], "/spec/template/spec/imagePullSecrets", None);
        let outcome = answer(stopped(&outcome.object), &platform());
        assert_eq!(spec(&outcome.object), &platform_notebook(&bare), "{name}");
        is_platforms(&outcome.object);
        assert_settled(&outcome);
    }
}

/// Sends a request through several policies, one after the other, and returns the object.
fn through(request: &Value, policies: &[&Value]) -> Value {
    let reply = policies
        .iter()
        .fold(request.clone(), |request, settings| with(&request, "/object", answer(request.clone(), settings).object));
    reply["object"].clone()
}

/// What the other policy added is set aside too: that it is not in the manifest is not the user's change. The other
/// policy puts it back, before or after this one.
#[test]
fn a_manifest_beside_another_policys_entries_restarts_nothing() {
    let second = second(SECOND_DOMAIN);
    for name in BESIDE_ANOTHER {
        let request = request(name);
        let stored = spec(&request["oldObject"]);
        assert_eq!(all(&stored["volumes"], "name").last(), Some(&"scratch"), "{name}");

        for (secret, waiting) in [("gpr-credentials", None), ("gpr-credentials-2", Some("registry"))] {
            let outcome = answer(request.clone(), &registry(secret));
            assert_eq!(spec(&outcome.object)["imagePullSecrets"], stored["imagePullSecrets"], "{name}");
            assert_eq!(recorded(&outcome.object), set(["registry"]));
            assert_eq!(pending(&outcome.object), waiting);

            for order in [[&registry(secret), &second], [&second, &registry(secret)]] {
                let object = &through(&request, &order);
                assert_eq!(spec(object), stored, "{name}");
                assert_eq!(recorded(object), set(["registry"]));
                assert_eq!(recorded_under(SECOND_DOMAIN, object), set(["gpu", "shm"]));
                assert_eq!(pending(object), waiting);
                assert_eq!(annotation(object, &format!("{SECOND_DOMAIN}/update-pending")), None);
            }
        }
    }
}

#[test]
fn the_first_manifest_applied_again_beside_another_policys_entries() {
    let (platform, second) = (platform(), second(SECOND_DOMAIN));
    for name in FIRST_SYNC {
        let request = request(name);
        assert_waits(&answer(request.clone(), &platform), "registry,proxy,trust");
        for order in [[&platform, &second], [&second, &platform]] {
            let object = through(&request, &order);
            assert_eq!(spec(&object), spec(&request["oldObject"]), "{name}");
            assert_eq!(recorded(&object), set([]));
            assert_eq!(pending(&object), Some("registry,proxy,trust"));
            assert_eq!(recorded_under(SECOND_DOMAIN, &object), set(["gpu", "shm"]));
        }
    }
}

#[test]
fn two_policies_on_one_notebook() {
    for (name, domain) in SECOND_POLICY.into_iter().zip([DOMAIN, SECOND_DOMAIN]) {
        let request = request(name);
        let main = main_of(&request);
        let outcome = answer(request.clone(), &second(domain));
        let object = &outcome.object;
        let spec = spec(object);
        assert_eq!(spec["imagePullSecrets"], json!([{"name": "gpr-credentials"}]));
        assert_eq!(all(&container(object, main)["env"], "name"), ["MODEL", "GPU"]);
        assert_eq!(
            all(&container(object, main)["volumeMounts"], "mountPath"),
            ["/dev/shm", "/home/jovyan", "/scratch"]
        );
        assert_eq!(spec["tolerations"], json!([{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]));
        assert_eq!(outcome.warnings, QUIET);

        // The record of the first stays: in the same annotation, or in its own.
        if domain == DOMAIN {
            assert_eq!(recorded(object), set(["gpu", "registry", "shm"]));
            assert_eq!(outcome.audit.get("unknown").map(String::as_str), Some("registry"));
        } else {
            let sent = &request["object"]["metadata"]["annotations"];
            assert_eq!(
                annotation(object, "mutatingflow.nais.io/injected"),
                sent["mutatingflow.nais.io/injected"].as_str()
            );
            assert_eq!(recorded_under(domain, object), set(["gpu", "shm"]));
        }

        // Neither finds anything to do later, nor takes the other's for the user's change.
        for settings in [registry("gpr-credentials"), second(domain)] {
            let later = answer(culled(object), &settings);
            assert_eq!(self::spec(&later.object), spec);
            assert_settled(&later);
        }
        let mut manifest = request["object"].clone();
        manifest["metadata"]["annotations"] = json!({});
        manifest = with(&manifest, "/spec/template/spec/imagePullSecrets", None);
        let again = update(object.clone(), manifest);
        let [first, second] = [registry("gpr-credentials"), second(domain)];
        for order in [[&first, &second], [&second, &first]] {
            assert_eq!(self::spec(&through(&again, &order)), spec);
        }
    }
}

/// Two policies should not have dependencies of one name. What the other brought under it is not taken away.
#[test]
fn two_policies_with_a_dependency_of_one_name() {
    let request = request("two-policies-second-samedep");
    let same = answer(request.clone(), &registry("gpr-credentials"));
    assert_eq!(spec(&same.object), spec(&request["object"]));
    let other = answer(request, &registry("gpr-credentials-2"));
    assert_eq!(all(&spec(&other.object)["imagePullSecrets"], "name"), ["gpr-credentials", "gpr-credentials-2"]);
    assert_eq!(recorded(&other.object), set(["registry"]));
}

/// What [`platform`] makes of a pipeline pod.
fn platform_pod(object: &Value) -> Value {
    let mut spec = with_platform(spec(object), 1, "gpr-credentials", "http://webproxy.nais:8088");
    push(&mut spec, "/initContainers", [vks("46", "team-a")]);
    push(&mut spec, "/containers/1/volumeMounts", [secrets_mount()]);
    push(&mut spec, "/volumes", [secrets_volume()]);
    spec
}

#[test]
fn what_admission_plugins_put_on_a_pod_stays() {
    for name in PODS {
        let request = request(name);
        assert_eq!(all(&spec(&request["object"])["imagePullSecrets"], "name"), ["account-secret"], "{name}");
        let outcome = answer(request.clone(), &platform());
        assert_eq!(spec(&outcome.object), &platform_pod(&request["object"]), "{name}");
        assert_eq!(recorded(&outcome.object), set(["proxy", "registry", "trust", "vault"]));
        assert_eq!(outcome.warnings, QUIET);
    }
}

/// Settings with one dependency of pipeline pods.
fn of_pods(dependency: Value) -> Value {
    json!({"dependencies": {"d": dependency}, "pipelinePods": ["d"]})
}

/// What belongs to the class or account that was computed before goes with it; all else stays.
#[test]
fn what_belongs_to_a_field_goes_with_it() {
    let changed = |object: &Value, members: &[(&str, Value)]| {
        members.iter().fold(spec(object).clone(), |spec, (name, value)| {
            with(&spec, &format!("/{name}"), Some(value.clone()).filter(|value| !value.is_null()))
        })
    };

    let pod = request("pod-pods-prio");
    let outcome = answer(pod.clone(), &of_pods(json!({"priorityClassName": "steps"})));
    let members = [("priorityClassName", json!("steps")), ("priority", json!(null)), ("preemptionPolicy", json!(null))];
    assert_eq!(spec(&outcome.object), &changed(&pod["object"], &members));

    let pod = request("pod-pods-rt");
    let outcome = answer(pod.clone(), &of_pods(json!({"runtimeClassName": "gvisor"})));
    assert_eq!(spec(&outcome.object), &changed(&pod["object"], &[("runtimeClassName", json!("gvisor"))]));
    // The server has put the overhead of another class on it.
    let pod = with(&pod, "/object/spec/runtimeClassName", json!("kata"));
    let pod = with(&pod, "/object/spec/overhead", json!({"cpu": "250m", "memory": "160Mi"}));
    let outcome = answer(pod.clone(), &of_pods(json!({"runtimeClassName": "gvisor", "onConflict": "Override"})));
    let members = [("runtimeClassName", json!("gvisor")), ("overhead", json!(null))];
    assert_eq!(spec(&outcome.object), &changed(&pod["object"], &members));
    assert_warns(&outcome, &["runtimeClassName", "d"]);

    for name in ["pod-pods-sa", "pod-pods-samiss"] {
        let pod = request(name);
        assert_names(&refusal(pod.clone(), &of_pods(json!({"serviceAccountName": "steps"}))), &["serviceAccountName"]);
        let outcome = answer(pod.clone(), &of_pods(json!({"serviceAccountName": "steps", "onConflict": "Override"})));
        let members = [("serviceAccountName", json!("steps")), ("serviceAccount", json!("steps"))];
        assert_eq!(spec(&outcome.object), &changed(&pod["object"], &members), "{name}");
        assert_warns(&outcome, &["serviceAccountName", "d"]);
    }
}

/// A pod as it was stored, with the server's defaults in what was added, made again as a copy.
#[test]
fn a_stored_pod_has_everything() {
    let pod = test_data("requests/later/stored-pipeline-pod.json");
    let request = create(pod.clone());
    let outcome = answer(request.clone(), &platform());
    assert_eq!(spec(&outcome.object), spec(&pod));
    assert_eq!(recorded(&outcome.object), set(["proxy", "registry", "trust", "vault"]));
    assert_eq!(outcome.warnings, QUIET);

    // What newer settings bring takes its place.
    let settings = with(&platform(), "/dependencies/vault/vault/image", json!("navikt/vks:47"));
    let outcome = answer(request.clone(), &settings);
    assert_eq!(spec(&outcome.object), &with(spec(&pod), "/initContainers/2", vks("47", "team-a")));

    // Without the record it is the user's, who is told.
    let bare = with(&request, "/object/metadata/annotations/mutatingflow.nais.io~1injected", None);
    assert_eq!(run(bare.clone(), platform()).patch, NOTHING);
    assert_names(&refusal(bare, &settings), &["vks", "vault"]);
}

/// What version 0.1.0 added to a list set is ours, though it knew it by another hash: it goes with its dependency, and another
/// policy, which writes the record anew, does not make it the user's.
#[test]
fn an_entry_of_a_list_set_is_known_by_its_former_key() {
    let toleration = json!({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"});
    let record = json!({"gpu": {"hash": "8f5baead951cf1e7", "added": {"tolerations": ["510879cbf311a79c"]}}});
    let stored = json!({
        "apiVersion": "kubeflow.org/v1",
        "kind": "Notebook",
        "metadata": {"name": "nb", "namespace": "team-a", "annotations": {
            "kubeflow-resource-stopped": "2026-01-01T00:00:00Z",
            "mutatingflow.nais.io/injected": record.to_string(),
            "mutatingflow.nais.io/status": "injected",
        }},
        "spec": {"template": {"spec": {"containers": [{"name": "nb"}], "tolerations": [toleration]}}},
    });
    let other = answer(culled(&stored), &registry("gpr-credentials")).object;
    for stored in [stored, other] {
        let outcome = answer(culled(&stored), &json!({"retired": ["gpu"]}));
        assert_eq!(spec(&outcome.object)["tolerations"], Value::Null);
        assert_eq!(outcome.audit.get("removed").map(String::as_str), Some("gpu"));
    }
}
