//! A running notebook is not restarted unless its user does it: every case by name, with the object that is stored, the
//! one that is sent, settings, and the expected patch.
//!
//! The pairs of objects are those of real requests. Where the stored one was injected by the policy before, both were
//! sent through it in a CREATE: so stored and sent look as they would after a client has read and written them back.

use serde_json::{Value, json};

use super::objects::{created, notebook_settings, update, updated, with};
use crate::evaluator::{run, test_data};

const INJECTED: &str = "/metadata/annotations/mutatingflow.nais.io~1injected";
const STATUS: &str = "/metadata/annotations/mutatingflow.nais.io~1status";
const PENDING: &str = "/metadata/annotations/mutatingflow.nais.io~1update-pending";
const STOPPED: &str = "/metadata/annotations/kubeflow-resource-stopped";
const LAST_ACTIVITY: &str = "/metadata/annotations/notebooks.kubeflow.org~1last-activity";
const TEMPLATE: &str = "/spec/template/spec";
const CONTAINER: &str = "/spec/template/spec/containers/0";
const ENV: &str = "/spec/template/spec/containers/0/env";

/// `settings` in which notebooks do not want the dependency `name` any more: pipeline pods do.
fn unwanted(settings: &Value, name: &str) -> Value {
    let mut settings = settings.clone();
    settings["notebooks"].as_array_mut().expect("a list").retain(|wanted| wanted != name);
    with(&settings, "/pipelinePods", json!([name]))
}

/// `settings` without the dependency `name`, which is retired.
fn retired(settings: &Value, name: &str) -> Value {
    let settings = with(&unwanted(settings, name), &format!("/dependencies/{name}"), None);
    with(&with(&settings, "/pipelinePods", None), "/retired", json!([name]))
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
fn injected(object: Value, settings: &Value) -> Value {
    created(&object, settings).object
}

fn at<'v>(object: &'v Value, path: &str) -> &'v Value {
    object.pointer(path).unwrap_or(&Value::Null)
}

/// What the culler makes of `object`.
fn culled(object: &Value) -> Value {
    with(object, LAST_ACTIVITY, json!("2026-11-23T11:00:00Z"))
}

/// The record that these settings leave on the notebook.
fn record(settings: &Value) -> Value {
    let [notebook, _] = objects("notebook-update-culler");
    at(&injected(notebook, settings), INJECTED).clone()
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
    [format!(
        "waiting for a restart: {names}; stop and start the notebook, or annotate it with mutatingflow.nais.io/apply=now"
    )]
}

const NO_PATCH: [Value; 0] = [];
const NO_WARNING: [String; 0] = [];

#[test]
fn the_culler_updates_a_notebook_that_lacks_a_dependency() {
    let [old, new] = objects("notebook-update-culler");
    let outcome = updated(&old, &new, &notebook_settings(json!({"registry": registry()})));
    assert_eq!(outcome.patch, [add(PENDING, "registry")]);
    assert_eq!(outcome.warnings, waits("registry"));
    assert_eq!(outcome.audit, [("deferred".to_owned(), "registry".to_owned())].into());
}

#[test]
fn a_second_update_by_the_culler_changes_nothing() {
    let settings = notebook_settings(json!({"registry": registry()}));
    let [old, new] = objects("notebook-update-culler");
    let stored = updated(&old, &new, &settings).object;
    let outcome = updated(&stored, &culled(&stored), &settings);
    assert_eq!(outcome.patch, NO_PATCH);
    assert_eq!(outcome.warnings, waits("registry"));
    assert_eq!(outcome.audit, [("deferred".to_owned(), "registry".to_owned())].into());
}

#[test]
fn another_spelling_is_not_the_users_change() {
    let [old, _] = objects("notebook-update-culler");
    let settings = notebook_settings(json!({"registry": registry()}));
    let requests = format!("{CONTAINER}/resources/requests/cpu");
    for (what, stored, sent) in [
        ("cpu", with(&old, &requests, json!("500m")), with(&old, &requests, json!("0.5"))),
        ("cpu as a number", with(&old, &requests, json!("500m")), with(&old, &requests, json!(0.5))),
        (
            "resources",
            with(&old, &format!("{CONTAINER}/resources"), None),
            with(&old, &format!("{CONTAINER}/resources"), json!({})),
        ),
        ("tolerations", old.clone(), with(&old, &format!("{TEMPLATE}/tolerations"), None)),
    ] {
        for (old, new) in [(&stored, &sent), (&sent, &stored)] {
            let outcome = updated(old, new, &settings);
            assert_eq!(outcome.patch, [add(PENDING, "registry")], "{what}");
        }
    }
}

#[test]
fn the_user_changes_the_image() {
    let settings = notebook_settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let [old, new] = objects("notebook-update-image").map(|it| with(&it, PENDING, json!("proxy,registry")));
    let outcome = updated(&old, &new, &settings);
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
fn the_notebook_is_stopped() {
    let settings = notebook_settings(json!({"registry": registry()}));
    let [old, new] = objects("notebook-update-stop").map(|it| with(&it, PENDING, json!("registry")));
    for new in [with(&new, STOPPED, json!("")), new] {
        let outcome = updated(&old, &new, &settings);
        assert_eq!(
            outcome.patch,
            [add(INJECTED, record(&settings)), add(STATUS, "injected"), remove(PENDING), add_registry()]
        );
        assert_eq!(outcome.warnings, NO_WARNING);
    }
}

#[test]
fn the_notebook_is_started() {
    let settings = notebook_settings(json!({"registry": registry()}));
    let [old, new] = objects("notebook-update-start");
    for old in [with(&old, STOPPED, json!("")), old] {
        let outcome = updated(&old, &new, &settings);
        assert_eq!(outcome.patch, [add(INJECTED, record(&settings)), add(STATUS, "injected"), add_registry()]);
        assert_eq!(outcome.warnings, NO_WARNING);
    }
}

/// The stored object with the dependencies, and the user's manifest that replaces it: the same template without them.
fn replaced(settings: &Value) -> [Value; 2] {
    let [old, new] = objects("notebook-update-replace");
    let old = with(&old, TEMPLATE, at(&new, TEMPLATE).clone());
    [injected(old, settings), new]
}

#[test]
fn a_manifest_without_the_managed_entries_replaces_it() {
    let settings = notebook_settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let [old, new] = replaced(&settings);
    let outcome = updated(&old, &new, &settings);
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
fn a_replaced_manifest_and_changed_settings() {
    let before = notebook_settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let after = notebook_settings(json!({"proxy": proxy("http://other"), "registry": registry()}));
    let [old, new] = replaced(&before);
    let outcome = updated(&old, &new, &after);
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
fn settings_are_upgraded_while_it_runs() {
    let before = notebook_settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let after = notebook_settings(json!({"proxy": proxy("http://other"), "registry": registry()}));
    let [old, new] = objects("notebook-update-annotate").map(|it| injected(it, &before));
    let outcome = updated(&old, &new, &after);
    assert_eq!(outcome.patch, [add(PENDING, "proxy")]);
    assert_eq!(outcome.warnings, waits("proxy"));

    let stored = outcome.object;
    let stopped = updated(&stored, &with(&stored, STOPPED, json!("now")), &after);
    assert_eq!(
        stopped.patch,
        [replace(INJECTED, record(&after)), remove(PENDING), replace(&format!("{ENV}/1/value"), "http://other"),]
    );
    assert_eq!(stopped.warnings, NO_WARNING);
}

#[test]
fn a_dependency_is_removed_while_it_runs() {
    let before = notebook_settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    for after in [unwanted(&before, "proxy"), retired(&before, "proxy")] {
        let [old, new] = objects("notebook-update-annotate").map(|it| injected(it, &before));
        let outcome = updated(&old, &new, &after);
        assert_eq!(outcome.patch, [add(PENDING, "proxy")]);
        assert_eq!(outcome.warnings, waits("proxy"));

        let stored = outcome.object;
        let stopped = updated(&stored, &with(&stored, STOPPED, json!("now")), &after);
        assert_eq!(stopped.patch, [replace(INJECTED, record(&after)), remove(PENDING), remove(&format!("{ENV}/1"))]);
        assert_eq!(stopped.warnings, NO_WARNING);
        assert_eq!(stopped.audit, [("removed".to_owned(), "proxy".to_owned())].into());
    }
}

#[test]
fn all_dependencies_are_removed_while_it_runs() {
    let before = notebook_settings(json!({"registry": registry()}));
    for after in [unwanted(&before, "registry"), retired(&before, "registry")] {
        let [old, new] = objects("notebook-update-annotate").map(|it| injected(it, &before));
        let outcome = updated(&old, &new, &after);
        assert_eq!(outcome.patch, [add(PENDING, "registry")]);

        let stored = outcome.object;
        let stopped = updated(&stored, &with(&stored, STOPPED, json!("now")), &after);
        assert_eq!(
            stopped.patch,
            [remove(INJECTED), remove(STATUS), remove(PENDING), remove("/spec/template/spec/imagePullSecrets")]
        );
    }
}

/// It may be another policy's.
#[test]
fn a_dependency_that_the_settings_do_not_know_stays() {
    let before = notebook_settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let after = notebook_settings(json!({"registry": registry()}));
    let [old, new] = objects("notebook-update-annotate").map(|it| injected(it, &before));
    for new in [&new, &with(&new, STOPPED, json!("now")), &with(&new, &format!("{CONTAINER}/image"), json!("other"))] {
        let outcome = updated(&old, new, &after);
        assert_eq!((outcome.patch, outcome.warnings), (NO_PATCH.to_vec(), NO_WARNING.to_vec()));
        assert_eq!(outcome.audit, [("unknown".to_owned(), "proxy".to_owned())].into());
    }
}

#[test]
fn an_upgrade_that_leaves_the_template_as_it_is_does_not_wait() {
    let probe = |version: &str| {
        notebook_settings(json!({
            "probe": {"sidecars": [{"name": "probe", "image": "probe"}], "labels": {"probe": version}},
            "probed": {"env": [{"name": "PROBED", "value": "yes"}], "containers": ["probe"]},
        }))
    };
    let (before, after) = (probe("1"), probe("2"));
    let [old, new] = objects("notebook-update-annotate").map(|it| injected(it, &before));
    assert_eq!(at(&old, &format!("{TEMPLATE}/containers/1/env/0/name")), "PROBED");
    let outcome = updated(&old, &new, &after);
    assert_eq!(outcome.patch, [replace(INJECTED, record(&after)), replace("/metadata/labels/probe", "2")]);
    assert_eq!(outcome.warnings, NO_WARNING);
}

/// A CRD from before there were startup probes.
#[test]
fn the_crd_pruned_a_part_of_an_entry() {
    let startup = json!({"exec": {"command": ["true"]}});
    let settings = notebook_settings(
        json!({"probe": {"sidecars": [{"name": "probe", "image": "probe:1", "startupProbe": startup}]}}),
    );
    let [old, new] = objects("notebook-update-annotate").map(|it| injected(it, &settings));
    let pruned = |object| with(&object, "/spec/template/spec/containers/1/startupProbe", None);
    let outcome = updated(&pruned(old), &pruned(new), &settings);
    assert_eq!(outcome.patch, NO_PATCH);
    assert_eq!(outcome.warnings, NO_WARNING);
}

/// The same as one that was lost in a time without the policy: nobody can tell.
#[test]
fn an_entry_that_is_gone_altogether_waits() {
    let settings = notebook_settings(
        json!({"runtime": {"runtimeClassName": "gvisor", "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}]}}),
    );
    let [old, new] = objects("notebook-update-annotate").map(|it| injected(it, &settings));
    for entry in ["runtimeClassName", "hostAliases"] {
        let without = |object| with(object, &format!("{TEMPLATE}/{entry}"), None);
        let outcome = updated(&without(&old), &without(&new), &settings);
        assert_eq!(outcome.patch, [add(PENDING, "runtime")], "{entry}");
        assert_eq!(outcome.warnings, waits("runtime"), "{entry}");
        assert_eq!(outcome.audit, [("deferred".to_owned(), "runtime".to_owned())].into(), "{entry}");

        let stored = outcome.object;
        let stopped = updated(&stored, &with(&stored, STOPPED, json!("now")), &settings);
        let expected = at(&injected(with(&old, INJECTED, None), &settings), TEMPLATE).clone();
        assert_eq!(at(&stopped.object, TEMPLATE), &expected, "{entry}");
        assert_eq!(at(&stopped.object, PENDING), &Value::Null, "{entry}");
    }
}

#[test]
fn what_was_pruned_does_not_keep_others_from_waiting() {
    let startup = json!({"exec": {"command": ["true"]}});
    let probe = json!({"sidecars": [{"name": "probe", "image": "probe:1", "startupProbe": startup}]});
    let before = notebook_settings(json!({"probe": probe}));
    let after = notebook_settings(json!({"probe": probe, "registry": registry()}));
    let [old, new] = objects("notebook-update-annotate").map(|it| injected(it, &before));
    let pruned = |object| with(&object, "/spec/template/spec/containers/1/startupProbe", None);
    let outcome = updated(&pruned(old), &pruned(new), &after);
    assert_eq!(outcome.patch, [add(PENDING, "registry")]);
    assert_eq!(outcome.warnings, waits("registry"));
}

#[test]
fn an_update_without_the_old_object() {
    let settings = notebook_settings(json!({"registry": registry()}));
    let [_, running] = objects("notebook-update-culler");
    let [_, stopped] = objects("notebook-update-stop");
    for new in [running, stopped] {
        let outcome = updated(&Value::Null, &new, &settings);
        assert_eq!(outcome.patch, [add(PENDING, "registry")]);
        assert_eq!(outcome.warnings, waits("registry"));
    }
}

/// Nobody knows what was stored, so that nothing is taken away, and nothing waits for what stays.
#[test]
fn without_the_old_object_what_is_not_wanted_stays_as_it_is() {
    let variable = |value: &str| json!({"env": [{"name": "T", "value": value}]});
    let [users, _] = objects("notebook-update-culler");
    let stored = injected(users, &notebook_settings(json!({"a": variable("1")})));
    let settings = unwanted(&notebook_settings(json!({"a": variable("1"), "b": variable("2")})), "a");
    let outcome = updated(&Value::Null, &stored, &settings);
    assert_eq!((at(&outcome.object, ENV), at(&outcome.object, PENDING)), (at(&stored, ENV), &Value::Null));
}

/// What the pod has is not what its container has, though both are called the same: it is the user's change.
#[test]
fn the_security_context_of_the_pod_is_not_that_of_its_container() {
    let settings = notebook_settings(json!({"dep": {"containerSecurityContext": {"runAsUser": 1000}}}));
    let [users, _] = objects("notebook-update-culler");
    let stored = injected(users, &settings);
    let sent = with(&stored, &format!("{TEMPLATE}/securityContext"), json!({"runAsUser": 2000}));
    assert_eq!(updated(&stored, &sent, &settings).object, sent);
}

#[test]
fn terminating_notebooks_and_status_updates_are_untouched() {
    let settings = notebook_settings(json!({"registry": registry()}));
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
fn a_create_gets_everything() {
    let settings = notebook_settings(json!({"registry": registry()}));
    for request in ["notebook-update-culler", "notebook-update-stop"] {
        let [_, object] = objects(request);
        let outcome = created(&object, &settings);
        assert_eq!(
            outcome.patch,
            [add(INJECTED, record(&settings)), add(STATUS, "injected"), add_registry()],
            "{request}"
        );
    }
}

/// What is wanted no more stays on a copy: only what is stored loses anything.
#[test]
fn a_create_of_a_copy_gets_the_upgrade() {
    let before = notebook_settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let after = notebook_settings(json!({"proxy": proxy("http://other"), "registry": registry()}));
    let [copy, _] = objects("notebook-update-annotate").map(|it| injected(it, &before));
    let copy = with(&copy, PENDING, json!("proxy,registry"));
    for after in [unwanted(&after, "registry"), retired(&after, "registry")] {
        let outcome = created(&copy, &after);
        assert_eq!(
            outcome.patch,
            [replace(INJECTED, record(&after)), remove(PENDING), replace(&format!("{ENV}/1/value"), "http://other"),]
        );
        assert_eq!(outcome.audit, [("dependencies".to_owned(), "proxy".to_owned())].into());
    }

    // What the settings do not know is left as the copy has it, and so is whether it waits.
    let unknown = with(&retired(&after, "registry"), "/retired", None);
    let outcome = created(&copy, &unknown);
    let registry_stays = record(&after);
    assert_eq!(
        outcome.patch,
        [
            replace(INJECTED, registry_stays),
            replace(PENDING, "registry"),
            replace(&format!("{ENV}/1/value"), "http://other"),
        ]
    );
    let audit =
        [("dependencies", "proxy"), ("unknown", "registry")].map(|(key, names)| (key.to_owned(), names.to_owned()));
    assert_eq!(outcome.audit, audit.into());
}

#[test]
fn restart_gets_everything() {
    let restart = |dependencies| with(&notebook_settings(dependencies), "/runningNotebooks", json!("Restart"));
    let before = restart(json!({"proxy": proxy("http://proxy")}));
    let after = restart(json!({"proxy": proxy("http://other"), "registry": registry()}));
    let [old, new] = objects("notebook-update-annotate").map(|it| injected(it, &before));
    let outcome = updated(&old, &new, &after);
    assert_eq!(
        outcome.patch,
        [replace(INJECTED, record(&after)), replace(&format!("{ENV}/1/value"), "http://other"), add_registry(),]
    );
    assert_eq!(outcome.warnings, NO_WARNING);
}

#[test]
fn an_edit_of_the_users_and_a_deferred_upgrade_in_one_request() {
    let before = notebook_settings(json!({"proxy": proxy("http://proxy")}));
    let after = notebook_settings(json!({"proxy": proxy("http://other"), "registry": registry()}));
    let [old, new] = objects("notebook-update-image").map(|it| injected(it, &before));
    let stored = updated(&old, &culled(&old), &after).object;
    assert_eq!(at(&stored, PENDING), "proxy,registry");

    let edited = with(&stored, &format!("{CONTAINER}/image"), at(&new, &format!("{CONTAINER}/image")).clone());
    let outcome = updated(&stored, &edited, &after);
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
fn no_value_is_shown() {
    const SECRETS: [&str; 4] = ["hunter2", "correct-horse", "s3cr3t", "battery-staple"];
    let login = |password: &str| {
        json!({
            "env": [{"name": "PASSWORD", "value": password}],
            "annotations": {"example.org/token": "correct-horse"},
            "volumes": [{"name": "login", "csi": {"driver": "example.org", "volumeAttributes": {"token": "s3cr3t"}}}],
        })
    };
    let before = notebook_settings(json!({"login": login("hunter2")}));
    let after = notebook_settings(json!({"login": login("battery-staple")}));
    let [plain, _] = objects("notebook-update-annotate");
    let old = injected(plain.clone(), &before);
    let stopped = with(&old, STOPPED, json!("now"));
    let own = json!([{"name": "PASSWORD", "value": "theirs"}]);
    let conflict = with(&plain, ENV, own);
    let image = |object: &Value| with(object, &format!("{CONTAINER}/image"), json!("other"));

    let created = created(&plain, &before);
    let deferred = updated(&old, &culled(&old), &after);
    assert_eq!(deferred.patch, [add(PENDING, "login")]);
    assert_eq!(deferred.warnings, waits("login"));
    let applied = updated(&old, &stopped, &after);
    let waiting = updated(&conflict, &culled(&conflict), &after);
    let refused = run(update(conflict.clone(), image(&conflict)), after);
    for outcome in [created, deferred, applied, waiting, refused] {
        let annotations = [INJECTED, STATUS, PENDING].map(|path| at(&outcome.object, path).clone());
        let text = format!("{:?} {:?} {:?} {annotations:?}", outcome.warnings, outcome.audit, outcome.message);
        assert!(text.contains("login"), "{text}");
        for secret in SECRETS.iter().chain(&["theirs"]) {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_conflict_with_a_users_entry() {
    let settings = notebook_settings(json!({"proxy": proxy("http://proxy"), "registry": registry()}));
    let own = json!([{"name": "HTTP_PROXY", "value": "http://own"}]);
    let warning = "dependency \"proxy\" waits: env HTTP_PROXY of container \"churn-model\" is set already; ask its \
        author or your platform team";

    // The culler's update goes on, and both wait, each for its own reason.
    let [old, new] = objects("notebook-update-culler").map(|it| with(&it, ENV, own.clone()));
    let culled = updated(&old, &new, &settings);
    assert_eq!(culled.patch, [add(PENDING, "proxy,registry")]);
    let [stop] = waits("registry");
    assert_eq!(culled.warnings, [stop.as_str(), warning]);

    // So does the stop. What is not in conflict is applied.
    let [old, new] = objects("notebook-update-stop").map(|it| with(&it, ENV, own.clone()));
    let stopped = updated(&old, &new, &settings);
    let registry_alone = record(&notebook_settings(json!({"registry": registry()})));
    assert_eq!(
        stopped.patch,
        [add(INJECTED, registry_alone), add(STATUS, "injected"), add(PENDING, "proxy"), add_registry()]
    );
    assert_eq!(stopped.warnings, [warning]);

    // Who writes the template is refused.
    let [old, new] = objects("notebook-update-image").map(|it| with(&it, ENV, own.clone()));
    let refused = run(update(old, new), settings);
    assert_eq!(refused.code, Some(422));
    let message = "env HTTP_PROXY of container \"churn-model\" is set already and differs from what dependency \"proxy\" \
        brings; remove it, or ask your platform team to let dependency \"proxy\" keep it";
    assert_eq!(refused.message.as_deref(), Some(message));
}

/// While the stored template stays, only the stored record says what is managed: otherwise the next stop would remove a
/// user's entry.
#[test]
fn a_stale_record_from_the_client_claims_nothing_of_a_running_notebook() {
    let [notebook, _] = objects("notebook-update-culler");
    let one = |name: &str, value: &str| json!({"name": name, "value": value});
    let before = notebook_settings(json!({"agent": {"env": [one("KEPT", "1"), one("GIVEN_BACK", "1")]}}));
    let after = notebook_settings(json!({"agent": {"env": [one("KEPT", "1")]}}));
    let stale = at(&injected(notebook.clone(), &before), INJECTED).clone();
    let env = "/spec/template/spec/containers/0/env";
    let own = [at(&notebook, env).as_array().cloned().unwrap_or_default(), vec![one("GIVEN_BACK", "mine")]].concat();
    let stored = injected(with(&notebook, env, json!(own)), &after);

    let outcome = updated(&stored, &with(&culled(&stored), INJECTED, stale), &after);
    assert_eq!(outcome.object, culled(&stored));
    let stopped = with(&outcome.object, STOPPED, json!("now"));
    assert_eq!(updated(&outcome.object, &stopped, &after).object, stopped);
}

/// A client in Go leaves out empty values, also in the entries of list sets.
#[test]
fn a_toleration_that_lost_its_empty_value_is_the_same() {
    let [notebook, _] = objects("notebook-update-culler");
    let settings =
        notebook_settings(json!({"gpu": {"tolerations": [{"key": "gpu", "operator": "Exists", "value": ""}]}}));
    let stored = injected(notebook, &settings);
    let tolerations = "/spec/template/spec/tolerations";
    assert_eq!(at(&stored, tolerations), &json!([{"key": "gpu", "operator": "Exists", "value": ""}]));
    let spelt = with(&culled(&stored), tolerations, json!([{"key": "gpu", "operator": "Exists"}]));
    let outcome = updated(&stored, &spelt, &settings);
    assert_eq!((outcome.patch, outcome.warnings), (NO_PATCH.to_vec(), NO_WARNING.to_vec()));
}
