//! A running notebook is not restarted behind its user's back: every case by name, with the object that is stored, the
//! one that is sent, settings, and the expected patch.
//!
//! The pairs of objects are those of real requests. Where the stored one was dressed by the policy before, both were
//! sent through it in a CREATE: so stored and sent look as they would after a client has read and written them back.

use crate::evaluator::{Outcome, run, test_data};
use serde_json::{Value, json};

const INJECTED: &str = "/metadata/annotations/mutatingflow.nais.io~1injected";
const STATUS: &str = "/metadata/annotations/mutatingflow.nais.io~1status";
const PENDING: &str = "/metadata/annotations/mutatingflow.nais.io~1update-pending";
const STOPPED: &str = "/metadata/annotations/kubeflow-resource-stopped";
const LAST_ACTIVITY: &str = "/metadata/annotations/notebooks.kubeflow.org~1last-activity";
const TEMPLATE: &str = "/spec/template/spec";
const CONTAINER: &str = "/spec/template/spec/containers/0";
const ENV: &str = "/spec/template/spec/containers/0/env";

/// Settings with these dependencies, all of them for notebooks.
fn settings(dependencies: Value) -> Value {
    let names: Vec<_> = dependencies.as_object().expect("dependencies are an object").keys().cloned().collect();
    json!({"dependencies": dependencies, "notebooks": names})
}

fn registry() -> Value {
    json!({"imagePullSecrets": [{"name": "gpr-credentials"}]})
}

fn proxy(url: &str) -> Value {
    json!({"env": [{"name": "HTTP_PROXY", "value": url}]})
}

/// The stored and the sent object of a real request.
fn objects(request: &str) -> [Value; 2] {
    let request = &test_data(&format!("requests/{request}.json"))["request"];
    [request["oldObject"].clone(), request["object"].clone()]
}

/// `object` as it is stored after a CREATE with these settings.
fn dressed(object: Value, settings: &Value) -> Value {
    create(object, settings).object
}

fn create(object: Value, settings: &Value) -> Outcome {
    let mut review = test_data("requests/notebook-create.json");
    review["request"]["object"] = object;
    run(review, settings.clone())
}

/// What comes of an UPDATE of `old` to `new`, which is accepted.
fn update(old: &Value, new: &Value, settings: &Value) -> Outcome {
    let outcome = try_update(old, new, settings);
    assert!(outcome.allowed, "{outcome:#?}");
    outcome
}

fn try_update(old: &Value, new: &Value, settings: &Value) -> Outcome {
    let mut review = test_data("requests/notebook-update-culler.json");
    review["request"]["object"] = new.clone();
    review["request"]["oldObject"] = old.clone();
    run(review, settings.clone())
}

/// `object` with `value` at `path`, a JSON pointer; with `null` the member is taken away.
fn with(mut object: Value, path: &str, value: Value) -> Value {
    let (parent, member) = path.rsplit_once('/').expect("the path is a pointer");
    let parent = object.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent is an object");
    let member = member.replace("~1", "/");
    match value {
        Value::Null => parent.remove(&member),
        value => parent.insert(member, value),
    };
    object
}

fn at<'v>(object: &'v Value, path: &str) -> &'v Value {
    object.pointer(path).unwrap_or(&Value::Null)
}

/// What the culler makes of `object`.
fn culled(object: &Value) -> Value {
    with(object.clone(), LAST_ACTIVITY, json!("2026-11-23T11:00:00Z"))
}

/// The record that these settings leave on the notebook.
fn record(settings: &Value) -> Value {
    let [notebook, _] = objects("notebook-update-culler");
    at(&dressed(notebook, settings), INJECTED).clone()
}

fn add(path: &str, value: impl Into<Value>) -> Value {
    json!({"op": "add", "path": path, "value": value.into()})
}

fn replace(path: &str, value: impl Into<Value>) -> Value {
    json!({"op": "replace", "path": path, "value": value.into()})
}

fn remove(path: &str) -> Value {
    json!({"op": "remove", "path": path})
}

fn add_registry() -> Value {
    add("/spec/template/spec/imagePullSecrets", json!([{"name": "gpr-credentials"}]))
}

fn waits(names: &str) -> [String; 1] {
    [format!("the notebook runs, so this waits until you stop and start it: dependencies {names}")]
}

const NO_PATCH: [Value; 0] = [];
const NO_WARNING: [String; 0] = [];

#[test]
fn case_1_the_culler_updates_a_notebook_that_lacks_a_dependency() {
    let [old, new] = objects("notebook-update-culler");
    let outcome = update(&old, &new, &settings(json!({"registry": registry()})));
    assert_eq!(outcome.patch, [add(PENDING, "registry")]);
    assert_eq!(outcome.warnings, waits("registry"));
    assert_eq!(outcome.audit, [("deferred".to_owned(), "registry".to_owned())].into());
}

#[test]
fn case_2_the_culler_does_it_again() {
    let settings = settings(json!({"registry": registry()}));
    let [old, new] = objects("notebook-update-culler");
    let stored = update(&old, &new, &settings).object;
    let outcome = update(&stored, &culled(&stored), &settings);
    assert_eq!(outcome.patch, NO_PATCH);
    assert_eq!(outcome.warnings, waits("registry"));
    assert_eq!(outcome.audit, [("deferred".to_owned(), "registry".to_owned())].into());
}

#[test]
fn case_3_another_spelling_is_not_the_users_change() {
    let [old, _] = objects("notebook-update-culler");
    let settings = settings(json!({"registry": registry()}));
    let requests = format!("{CONTAINER}/resources/requests/cpu");
    for (what, stored, sent) in [
        ("cpu", with(old.clone(), &requests, json!("500m")), with(old.clone(), &requests, json!("0.5"))),
        ("cpu as a number", with(old.clone(), &requests, json!("500m")), with(old.clone(), &requests, json!(0.5))),
        (
            "resources",
            with(old.clone(), &format!("{CONTAINER}/resources"), Value::Null),
            with(old.clone(), &format!("{CONTAINER}/resources"), json!({})),
        ),
        ("tolerations", old.clone(), with(old.clone(), &format!("{TEMPLATE}/tolerations"), Value::Null)),
    ] {
        for (old, new) in [(&stored, &sent), (&sent, &stored)] {
            let outcome = update(old, new, &settings);
            assert_eq!(outcome.patch, [add(PENDING, "registry")], "{what}");
        }
    }
}

#[test]
fn case_4_the_user_changes_the_image() {
    let settings = settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let [old, new] = objects("notebook-update-image").map(|it| with(it, PENDING, json!("proxy,registry")));
    let outcome = update(&old, &new, &settings);
    assert_eq!(
        outcome.patch,
        [
            add(INJECTED, record(&settings)),
            add(STATUS, "injected"),
            remove(PENDING),
            add(&format!("{ENV}/1"), json!({"name": "HTTP_PROXY", "value": "http://proxy"})),
            add_registry(),
        ]
    );
    assert_eq!(outcome.warnings, NO_WARNING);
    assert_eq!(outcome.audit, [("dependencies".to_owned(), "proxy,registry".to_owned())].into());
}

#[test]
fn case_5_the_notebook_is_stopped() {
    let settings = settings(json!({"registry": registry()}));
    let [old, new] = objects("notebook-update-stop").map(|it| with(it, PENDING, json!("registry")));
    for new in [with(new.clone(), STOPPED, json!("")), new] {
        let outcome = update(&old, &new, &settings);
        assert_eq!(
            outcome.patch,
            [add(INJECTED, record(&settings)), add(STATUS, "injected"), remove(PENDING), add_registry()]
        );
        assert_eq!(outcome.warnings, NO_WARNING);
    }
}

#[test]
fn case_6_the_notebook_is_started() {
    let settings = settings(json!({"registry": registry()}));
    let [old, new] = objects("notebook-update-start");
    for old in [with(old.clone(), STOPPED, json!("")), old] {
        let outcome = update(&old, &new, &settings);
        assert_eq!(outcome.patch, [add(INJECTED, record(&settings)), add(STATUS, "injected"), add_registry()]);
        assert_eq!(outcome.warnings, NO_WARNING);
    }
}

/// The stored object, dressed, and the user's manifest that replaces it: the same template without what is ours.
fn replaced(settings: &Value) -> [Value; 2] {
    let [old, new] = objects("notebook-update-replace");
    let old = with(old, TEMPLATE, at(&new, TEMPLATE).clone());
    [dressed(old, settings), new]
}

#[test]
fn case_7_a_manifest_without_our_entries_replaces_it() {
    let settings = settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let [old, new] = replaced(&settings);
    let outcome = update(&old, &new, &settings);
    assert_eq!(
        outcome.patch,
        [
            add(INJECTED, record(&settings)),
            add(STATUS, "injected"),
            add(&format!("{ENV}/1"), json!({"name": "HTTP_PROXY", "value": "http://proxy"})),
            add_registry(),
        ]
    );
    assert_eq!(at(&outcome.object, TEMPLATE), at(&old, TEMPLATE));
    assert_eq!(outcome.warnings, NO_WARNING);
}

#[test]
fn case_8_the_same_with_settings_changed_in_between() {
    let before = settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let after = settings(json!({"proxy": proxy("http://other"), "registry": registry()}));
    let [old, new] = replaced(&before);
    let outcome = update(&old, &new, &after);
    assert_eq!(
        outcome.patch,
        [
            add(INJECTED, record(&before)),
            add(STATUS, "injected"),
            add(PENDING, "proxy"),
            add(&format!("{ENV}/1"), json!({"name": "HTTP_PROXY", "value": "http://proxy"})),
            add_registry(),
        ]
    );
    assert_eq!(at(&outcome.object, TEMPLATE), at(&old, TEMPLATE));
    assert_eq!(outcome.warnings, waits("proxy"));
}

#[test]
fn case_9_settings_are_upgraded_while_it_runs() {
    let before = settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let after = settings(json!({"proxy": proxy("http://other"), "registry": registry()}));
    let [old, new] = objects("notebook-update-annotate").map(|it| dressed(it, &before));
    let outcome = update(&old, &new, &after);
    assert_eq!(outcome.patch, [add(PENDING, "proxy")]);
    assert_eq!(outcome.warnings, waits("proxy"));

    let stored = outcome.object;
    let stopped = update(&stored, &with(stored.clone(), STOPPED, json!("now")), &after);
    assert_eq!(
        stopped.patch,
        [replace(INJECTED, record(&after)), remove(PENDING), replace(&format!("{ENV}/1/value"), "http://other"),]
    );
    assert_eq!(stopped.warnings, NO_WARNING);
}

#[test]
fn case_9_a_dependency_is_removed_while_it_runs() {
    let before = settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let after = settings(json!({"registry": registry()}));
    let [old, new] = objects("notebook-update-annotate").map(|it| dressed(it, &before));
    let outcome = update(&old, &new, &after);
    assert_eq!(outcome.patch, [add(PENDING, "proxy")]);
    assert_eq!(outcome.warnings, waits("proxy"));

    let stored = outcome.object;
    let stopped = update(&stored, &with(stored.clone(), STOPPED, json!("now")), &after);
    assert_eq!(stopped.patch, [replace(INJECTED, record(&after)), remove(PENDING), remove(&format!("{ENV}/1"))]);
    assert_eq!(stopped.audit, [("removed".to_owned(), "proxy".to_owned())].into());
}

#[test]
fn case_9_all_dependencies_are_removed_while_it_runs() {
    let before = settings(json!({"registry": registry()}));
    let [old, new] = objects("notebook-update-annotate").map(|it| dressed(it, &before));
    let after = json!({"dependencies": {"elsewhere": registry()}, "notebooks": [], "pipelinePods": ["elsewhere"]});
    let outcome = update(&old, &new, &after);
    assert_eq!(outcome.patch, [add(PENDING, "registry")]);

    let stored = outcome.object;
    let stopped = update(&stored, &with(stored.clone(), STOPPED, json!("now")), &after);
    assert_eq!(
        stopped.patch,
        [remove(INJECTED), remove(STATUS), remove(PENDING), remove("/spec/template/spec/imagePullSecrets")]
    );
}

#[test]
fn case_9_an_upgrade_that_leaves_the_template_as_it_is_does_not_wait() {
    let probe = |version: &str| {
        settings(json!({
            "probe": {"sidecars": [{"name": "probe", "image": "probe"}], "labels": {"probe": version}},
            "probed": {"env": [{"name": "PROBED", "value": "yes"}], "containers": ["probe"]},
        }))
    };
    let (before, after) = (probe("1"), probe("2"));
    let [old, new] = objects("notebook-update-annotate").map(|it| dressed(it, &before));
    assert_eq!(at(&old, &format!("{TEMPLATE}/containers/1/env/0/name")), "PROBED");
    let outcome = update(&old, &new, &after);
    assert_eq!(outcome.patch, [replace(INJECTED, record(&after)), replace("/metadata/labels/probe", "2")]);
    assert_eq!(outcome.warnings, NO_WARNING);
}

#[test]
fn case_10_the_crd_pruned_a_part_of_an_entry() {
    let resize = json!([{"resourceName": "cpu", "restartPolicy": "NotRequired"}]);
    let settings =
        settings(json!({"probe": {"sidecars": [{"name": "probe", "image": "probe:1", "resizePolicy": resize}]}}));
    let [old, new] = objects("notebook-update-annotate").map(|it| dressed(it, &settings));
    let pruned = |object| with(object, "/spec/template/spec/containers/1/resizePolicy", Value::Null);
    let outcome = update(&pruned(old), &pruned(new), &settings);
    assert_eq!(outcome.patch, NO_PATCH);
    assert_eq!(outcome.warnings, NO_WARNING);
}

#[test]
fn case_10_the_crd_pruned_a_whole_entry() {
    let settings = settings(
        json!({"runtime": {"runtimeClassName": "gvisor", "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}]}}),
    );
    let [old, new] = objects("notebook-update-annotate").map(|it| dressed(it, &settings));
    let pruned = |object| with(object, &format!("{TEMPLATE}/runtimeClassName"), Value::Null);
    let outcome = update(&pruned(old), &pruned(new), &settings);
    assert_eq!(outcome.patch, NO_PATCH);
    assert_eq!(outcome.warnings, NO_WARNING);
}

#[test]
fn case_10_what_was_pruned_does_not_keep_others_from_waiting() {
    let runtime = json!({"runtimeClassName": "gvisor", "env": [{"name": "RUNTIME", "value": "gvisor"}]});
    let before = settings(json!({"runtime": runtime}));
    let after = settings(json!({"runtime": runtime, "registry": registry()}));
    let [old, new] = objects("notebook-update-annotate").map(|it| dressed(it, &before));
    let pruned = |object| with(object, &format!("{TEMPLATE}/runtimeClassName"), Value::Null);
    let outcome = update(&pruned(old), &pruned(new), &after);
    assert_eq!(outcome.patch, [add(PENDING, "registry")]);
    assert_eq!(outcome.warnings, waits("registry"));
}

#[test]
fn case_11_an_update_without_the_old_object() {
    let settings = settings(json!({"registry": registry()}));
    let [_, running] = objects("notebook-update-culler");
    let [_, stopped] = objects("notebook-update-stop");
    for new in [running, stopped] {
        let outcome = update(&Value::Null, &new, &settings);
        assert_eq!(outcome.patch, [add(PENDING, "registry")]);
        assert_eq!(outcome.warnings, waits("registry"));
    }
}

#[test]
fn case_12_the_terminating_and_the_status_are_untouched() {
    let settings = settings(json!({"registry": registry()}));
    for request in [
        "notebook-update-terminating",
        "notebook-update-terminating-finalizer-removed",
        "notebook-update-status-subresource",
    ] {
        let outcome = run(test_data(&format!("requests/{request}.json")), settings.clone());
        assert!(outcome.allowed, "{request}");
        assert_eq!(outcome.patch, NO_PATCH, "{request}");
        assert_eq!(outcome.warnings, NO_WARNING, "{request}");
        assert_eq!(outcome.audit, [].into(), "{request}");
    }
}

#[test]
fn case_13_a_create_gets_everything() {
    let settings = settings(json!({"registry": registry()}));
    for request in ["notebook-update-culler", "notebook-update-stop"] {
        let [_, object] = objects(request);
        let outcome = create(object, &settings);
        assert_eq!(
            outcome.patch,
            [add(INJECTED, record(&settings)), add(STATUS, "injected"), add_registry()],
            "{request}"
        );
    }
}

#[test]
fn case_13_a_create_of_a_copy_gets_the_upgrade() {
    let before = settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let after = settings(json!({"proxy": proxy("http://other")}));
    let [copy, _] = objects("notebook-update-annotate").map(|it| dressed(it, &before));
    let outcome = create(with(copy, PENDING, json!("proxy,registry")), &after);
    assert_eq!(
        outcome.patch,
        [
            replace(INJECTED, record(&after)),
            remove(PENDING),
            replace(&format!("{ENV}/1/value"), "http://other"),
            remove("/spec/template/spec/imagePullSecrets"),
        ]
    );
}

#[test]
fn case_14_restart_gets_everything() {
    let restart = |dependencies| with(settings(dependencies), "/runningNotebooks", json!("Restart"));
    let before = restart(json!({"proxy": proxy("http://proxy")}));
    let after = restart(json!({"proxy": proxy("http://other"), "registry": registry()}));
    let [old, new] = objects("notebook-update-annotate").map(|it| dressed(it, &before));
    let outcome = update(&old, &new, &after);
    assert_eq!(
        outcome.patch,
        [replace(INJECTED, record(&after)), replace(&format!("{ENV}/1/value"), "http://other"), add_registry(),]
    );
    assert_eq!(outcome.warnings, NO_WARNING);
}

#[test]
fn case_15_an_edit_of_the_users_and_a_deferred_upgrade_in_one_request() {
    let before = settings(json!({"proxy": proxy("http://proxy")}));
    let after = settings(json!({"proxy": proxy("http://other"), "registry": registry()}));
    let [old, new] = objects("notebook-update-image").map(|it| dressed(it, &before));
    let stored = update(&old, &culled(&old), &after).object;
    assert_eq!(at(&stored, PENDING), "proxy,registry");

    let edited = with(stored.clone(), &format!("{CONTAINER}/image"), at(&new, &format!("{CONTAINER}/image")).clone());
    let outcome = update(&stored, &edited, &after);
    assert_eq!(
        outcome.patch,
        [
            replace(INJECTED, record(&after)),
            remove(PENDING),
            replace(&format!("{ENV}/1/value"), "http://other"),
            add_registry(),
        ]
    );
    assert_eq!(outcome.warnings, NO_WARNING);
}

#[test]
fn case_16_no_value_is_told() {
    const SECRETS: [&str; 4] = ["hunter2", "correct-horse", "s3cr3t", "battery-staple"];
    let login = |password: &str| {
        json!({
            "env": [{"name": "PASSWORD", "value": password}],
            "annotations": {"example.org/token": "correct-horse"},
            "volumes": [{"name": "login", "csi": {"driver": "example.org", "volumeAttributes": {"token": "s3cr3t"}}}],
        })
    };
    let before = settings(json!({"login": login("hunter2")}));
    let after = settings(json!({"login": login("battery-staple")}));
    let [plain, _] = objects("notebook-update-annotate");
    let old = dressed(plain.clone(), &before);
    let stopped = with(old.clone(), STOPPED, json!("now"));
    let own = json!([{"name": "PASSWORD", "value": "theirs"}]);
    let conflict = with(plain.clone(), ENV, own);
    let image = |object: &Value| with(object.clone(), &format!("{CONTAINER}/image"), json!("other"));

    let created = create(plain.clone(), &before);
    let deferred = update(&old, &culled(&old), &after);
    assert_eq!(deferred.patch, [add(PENDING, "login")]);
    assert_eq!(deferred.warnings, waits("login"));
    let applied = update(&old, &stopped, &after);
    let waiting = update(&conflict, &culled(&conflict), &after);
    let refused = try_update(&conflict, &image(&conflict), &after);
    for outcome in [created, deferred, applied, waiting, refused] {
        let annotations = [INJECTED, STATUS, PENDING].map(|path| at(&outcome.object, path).clone());
        let told = format!("{:?} {:?} {:?} {annotations:?}", outcome.warnings, outcome.audit, outcome.message);
        assert!(told.contains("login"), "{told}");
        for secret in SECRETS.iter().chain(&["theirs"]) {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

#[test]
fn case_17_a_conflict_with_the_users_own_entry() {
    let settings = settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let own = json!([{"name": "HTTP_PROXY", "value": "http://own"}]);
    let warning = "dependency \"proxy\" waits: env HTTP_PROXY of container \"churn-model\" is set already and differs \
        from what dependency \"proxy\" brings; remove it, or ask for onConflict: Keep";

    // The culler's update goes on, and both wait.
    let [old, new] = objects("notebook-update-culler").map(|it| with(it, ENV, own.clone()));
    let culled = update(&old, &new, &settings);
    assert_eq!(culled.patch, [add(PENDING, "proxy,registry")]);
    let [stop] = waits("registry");
    assert_eq!(culled.warnings, [stop.as_str(), warning]);

    // So does the stop. What is not in conflict is applied.
    let [old, new] = objects("notebook-update-stop").map(|it| with(it, ENV, own.clone()));
    let stopped = update(&old, &new, &settings);
    let registry_alone = record(&self::settings(json!({"registry": registry()})));
    assert_eq!(
        stopped.patch,
        [add(INJECTED, registry_alone), add(STATUS, "injected"), add(PENDING, "proxy"), add_registry()]
    );
    assert_eq!(stopped.warnings, [warning]);

    // Who writes the template is refused.
    let [old, new] = objects("notebook-update-image").map(|it| with(it, ENV, own.clone()));
    let refused = try_update(&old, &new, &settings);
    assert_eq!(refused.code, Some(422));
    assert_eq!(refused.message.as_deref(), warning.strip_prefix("dependency \"proxy\" waits: "));
}

/// What a client claims beside the stored record is not ours while the stored template stays: at the next stop the
/// user's own entry would go.
#[test]
fn a_stale_record_from_the_client_claims_nothing_of_a_running_notebook() {
    let [notebook, _] = objects("notebook-update-culler");
    let one = |name: &str, value: &str| json!({"name": name, "value": value});
    let before = settings(json!({"agent": {"env": [one("KEPT", "1"), one("GIVEN_BACK", "1")]}}));
    let after = settings(json!({"agent": {"env": [one("KEPT", "1")]}}));
    let stale = at(&dressed(notebook.clone(), &before), INJECTED).clone();
    let env = "/spec/template/spec/containers/0/env";
    let own = [at(&notebook, env).as_array().cloned().unwrap_or_default(), vec![one("GIVEN_BACK", "mine")]].concat();
    let stored = dressed(with(notebook, env, json!(own)), &after);

    let outcome = update(&stored, &with(culled(&stored), INJECTED, stale), &after);
    assert_eq!(outcome.object, culled(&stored));
    let stopped = with(outcome.object.clone(), STOPPED, json!("now"));
    assert_eq!(update(&outcome.object, &stopped, &after).object, stopped);
}

/// A client in Go leaves out what is empty, in the entries too that have no name to be known by.
#[test]
fn a_toleration_that_lost_its_empty_value_is_the_same() {
    let [notebook, _] = objects("notebook-update-culler");
    let settings = settings(json!({"gpu": {"tolerations": [{"key": "gpu", "operator": "Exists", "value": ""}]}}));
    let stored = dressed(notebook, &settings);
    let tolerations = "/spec/template/spec/tolerations";
    assert_eq!(at(&stored, tolerations), &json!([{"key": "gpu", "operator": "Exists", "value": ""}]));
    let spelt = with(culled(&stored), tolerations, json!([{"key": "gpu", "operator": "Exists"}]));
    let outcome = update(&stored, &spelt, &settings);
    assert_eq!((outcome.patch, outcome.warnings), (NO_PATCH.to_vec(), NO_WARNING.to_vec()));
}
