//! When the template of a running notebook may change, and when not (contract, "Running notebooks" and "Equality"): what the
//! user asks for, what is no change of his, what a client that goes through Go's types makes of an object.

use serde_json::{Value, json};

use super::again::{
    ANNOTATIONS, INJECTED, NO_PATCH, NO_WARNING, PENDING, STATUS, TEMPLATE, added, assert_warns, audit, created_again,
    env, names, notebook, notebook_with_env, only_warning, pending, server_defaults, spec, stopped, update_refused,
    updated_again, variables, variables_of, wanting, whole_record,
};
use super::objects::{Kind, created, notebook_settings, updated, with};

const APPLY: &str = "/metadata/annotations/mutatingflow.nais.io~1apply";
const RESTART: &str = "/metadata/annotations/notebooks.opendatahub.io~1notebook-restart";
const CONTAINER: &str = "/spec/template/spec/containers/0";
const LAST_ACTIVITY: &str = "/metadata/annotations/notebooks.kubeflow.org~1last-activity";

fn registry(secret: &str) -> Value {
    json!({"imagePullSecrets": [{"name": secret}]})
}

fn culled(object: &Value) -> Value {
    with(object, LAST_ACTIVITY, json!("2026-11-23T11:00:00Z"))
}

/// Settings before and after an upgrade which changes one dependency, adds another one and takes a third away.
fn upgrade() -> [Value; 2] {
    let proxy = |url: &str| variables(json!({"HTTP_PROXY": url}));
    let gone = json!({"nodeSelector": {"gone": "yes"}});
    let before = json!({"proxy": proxy("http://a"), "gone": gone, "registry": registry("gpr")});
    let after = json!({"proxy": proxy("http://b"), "gone": gone, "registry": registry("gpr")});
    [wanting(&["proxy", "gone"], before), wanting(&["proxy", "registry"], after)]
}

/// A notebook that runs, after the upgrade.
fn waiting() -> Value {
    let [before, after] = upgrade();
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &before).object;
    let outcome = updated_again(&stored, &culled(&stored), &after);
    assert_eq!(pending(&outcome.object), "proxy,registry,gone");
    assert_eq!(spec(&outcome.object), spec(&stored));
    outcome.object
}

/// The upgrade is there, and nothing waits.
fn assert_applied(object: &Value) {
    assert_eq!(variables_of(object), ["MINE=1", "HTTP_PROXY=http://b"]);
    assert_eq!(names(&spec(object)["imagePullSecrets"]), ["gpr"]);
    assert_eq!(spec(object).get("nodeSelector"), None);
    assert_eq!(pending(object), &Value::Null);
    assert_eq!(added(object), json!({"proxy": {"env": ["HTTP_PROXY"]}, "registry": {"imagePullSecrets": ["gpr"]}}));
}

/// `kubectl annotate notebook nb mutatingflow.nais.io/apply=now`: everything that waits is added or taken away at once, and
/// the annotation is taken off.
#[test]
fn apply_now_adds_everything_and_is_taken_off() {
    let [_, after] = upgrade();
    let stored = waiting();
    let outcome = updated(&stored, &with(&stored, APPLY, json!("now")), &after);
    assert_applied(&outcome.object);
    assert_eq!(outcome.object.pointer(APPLY), None);
    assert_eq!(outcome.warnings, NO_WARNING);
    assert_eq!((audit(&outcome, "dependencies"), audit(&outcome, "removed")), ("proxy,registry", "gone"));
    assert_eq!(audit(&outcome, "deferred"), "");
}

/// The API server may call the policy a second time in the same request: what was asked for stays applied, though the
/// annotation may be gone. Once it is stored, nothing waits, and the culler changes nothing.
#[test]
fn what_was_asked_for_stays_applied_in_a_second_call() {
    let [_, after] = upgrade();
    let stored = waiting();
    let reply = updated(&stored, &with(&stored, APPLY, json!("now")), &after).object;
    let again = updated(&stored, &reply, &after);
    assert_applied(&again.object);
    assert_eq!((again.patch, again.warnings), (NO_PATCH.to_vec(), vec![]));
    let next = updated(&reply, &culled(&reply), &after);
    assert_eq!((next.object, next.warnings), (culled(&reply), vec![]));
}

/// Where nothing waits, where the notebook is stopped anyway, and where it is only created, it is taken off as well: it asks
/// for what is to be done now, not some day.
#[test]
fn apply_now_is_taken_off_where_nothing_waits_too() {
    let [before, _] = upgrade();
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &before).object;
    for old in [stored.clone(), stopped(&stored)] {
        assert_eq!(updated_again(&old, &with(&old, APPLY, json!("now")), &before).object, old);
    }
    assert_eq!(created_again(&with(&stored, APPLY, json!("now")), &before).object, stored);
}

/// Any other value asks for nothing, and is left alone; so is the annotation under a domain that is not the policy's.
#[test]
fn only_now_asks_for_it() {
    let [_, after] = upgrade();
    let stored = waiting();
    for (pointer, value) in [
        (APPLY, "later"),
        (APPLY, ""),
        (APPLY, "true"),
        ("/metadata/annotations/other.example.org~1apply", "now"),
        ("/metadata/annotations/apply", "now"),
    ] {
        let sent = with(&stored, pointer, json!(value));
        let outcome = updated_again(&stored, &sent, &after);
        assert_eq!((&outcome.object, outcome.patch.is_empty()), (&sent, true), "{pointer} {value}");
        assert_warns(&outcome, &["proxy", "registry", "gone", "stop"]);
    }
}

/// Under another domain, it is that domain's annotation.
#[test]
fn apply_is_under_the_domain_of_the_policy() {
    let [before, after] = upgrade().map(|settings| with(&settings, "/annotationDomain", json!("other.example.org")));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &before).object;
    let apply = "/metadata/annotations/other.example.org~1apply";
    let outcome = updated(&stored, &with(&stored, apply, json!("now")), &after);
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "HTTP_PROXY=http://b"]);
    assert_eq!(outcome.object.pointer(apply), None);
}

/// Who asks for it did not write the template: a dependency in conflict waits on, and nobody is refused for it.
#[test]
fn what_is_asked_for_is_not_refused_for_a_conflict() {
    let stored = notebook_with_env(json!({"A": "theirs"}));
    let settings = notebook_settings(json!({"dep": variables(json!({"A": "ours"})), "registry": registry("gpr")}));
    for (pointer, value) in [(APPLY, "now"), (RESTART, "true")] {
        let outcome = updated(&stored, &with(&stored, pointer, json!(value)), &settings);
        assert_eq!(variables_of(&outcome.object), ["A=theirs"]);
        assert_eq!(names(&spec(&outcome.object)["imagePullSecrets"]), ["gpr"]);
        assert_eq!(pending(&outcome.object), "dep");
        only_warning(&outcome, &["\"dep\"", "env A"]);
        assert_eq!(outcome.object.pointer(APPLY), None);
    }
}

/// The dashboard of Open Data Hub asks for a restart with its own annotation: everything that waits comes with it. It is left
/// to its controller.
#[test]
fn the_restart_annotation_of_open_data_hub_adds_everything() {
    let [_, after] = upgrade();
    let stored = waiting();
    let outcome = updated_again(&stored, &with(&stored, RESTART, json!("true")), &after);
    assert_applied(&outcome.object);
    assert_eq!(outcome.object.pointer(RESTART), Some(&json!("true")));
    assert_eq!(outcome.warnings, NO_WARNING);
    for value in [json!("false"), json!("")] {
        let sent = with(&stored, RESTART, value);
        assert_eq!(updated_again(&stored, &sent, &after).object, sent);
    }
}

/// Two policies wait, and the user asks once: both see it, and it is taken off behind the second one.
#[test]
fn two_policies_both_see_what_is_asked_for() {
    let one = |secret: &str| notebook_settings(json!({"registry": registry(secret)}));
    let two = |url: &str| notebook_settings(json!({"proxy": variables(json!({"HTTP_PROXY": url}))}));
    let in_turn = |old: &Value, new: &Value, policies: &[Value; 2]| {
        policies.iter().fold(new.clone(), |sent, settings| updated(old, &sent, settings).object)
    };
    let (before, after) = ([one("a"), two("http://a")], [one("b"), two("http://b")]);
    let stored = before.iter().fold(notebook_with_env(json!({"MINE": "1"})), |object, it| created(&object, it).object);
    for at in [[0, 1], [1, 0]] {
        let after = at.map(|at| after[at].clone());
        let waits = in_turn(&stored, &culled(&stored), &after);
        let applied = in_turn(&waits, &with(&waits, APPLY, json!("now")), &after);
        assert_eq!(variables_of(&applied), ["MINE=1", "HTTP_PROXY=http://b"]);
        assert_eq!(names(&spec(&applied)["imagePullSecrets"]), ["b"]);
        assert_eq!((pending(&applied), applied.pointer(APPLY)), (&Value::Null, None));
        assert_eq!(in_turn(&applied, &culled(&applied), &after), culled(&applied));
    }
}

/// A manifest without ours is applied again while something waits: by the stored record it is no change of the user's, and
/// the notebook does not restart.
#[test]
fn what_the_stored_record_names_is_no_change_of_the_users() {
    let [_, after] = upgrade();
    let stored = waiting();
    for manifest in
        [notebook_with_env(json!({"MINE": "1"})), with(&notebook_with_env(json!({"MINE": "1"})), ANNOTATIONS, None)]
    {
        let outcome = updated_again(&stored, &manifest, &after);
        assert_eq!(spec(&outcome.object), spec(&stored));
        assert_eq!(whole_record(&outcome.object), whole_record(&stored));
        assert_eq!(pending(&outcome.object), "proxy,registry,gone");
        assert_eq!(audit(&outcome, "restored"), "template");
    }
}

/// Another policy of this module restarts notebooks, and has just changed the template in this request: its part of the
/// client's record says so. To a policy that defers, that is no change of the user's.
#[test]
fn what_the_clients_record_names_is_no_change_of_the_users() {
    let restarts = |url: &str| {
        with(
            &notebook_settings(json!({"proxy": variables(json!({"HTTP_PROXY": url, "NEW": url}))})),
            "/runningNotebooks",
            json!("Restart"),
        )
    };
    let defers = |secret: &str| notebook_settings(json!({"registry": registry(secret)}));
    let users = notebook_with_env(json!({"MINE": "1"}));
    // It has never been injected, or was.
    for stored in [users.clone(), created(&created(&users, &restarts("http://a")).object, &defers("a")).object] {
        let sent = updated(&stored, &culled(&stored), &restarts("http://b")).object;
        assert_eq!(variables_of(&sent), ["MINE=1", "HTTP_PROXY=http://b", "NEW=http://b"]);
        let outcome = updated_again(&stored, &sent, &defers("b"));
        assert_eq!(outcome.object, with(&sent, PENDING, json!("registry")));
        assert_warns(&outcome, &["registry", "stop"]);
        assert_eq!((audit(&outcome, "deferred"), audit(&outcome, "unknown")), ("registry", "proxy"));
    }
}

/// The same of records under other domains: a bare manifest is applied again, and what it lacks is another policy's.
#[test]
fn what_a_record_under_another_domain_names_is_no_change_of_the_users() {
    let others = |url: &str| {
        let settings = notebook_settings(json!({"proxy": variables(json!({"HTTP_PROXY": url}))}));
        with(&settings, "/annotationDomain", json!("other.example.org"))
    };
    let ours = |secret: &str| notebook_settings(json!({"registry": registry(secret)}));
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&created(&users, &others("http://a")).object, &ours("a")).object;
    // In either order the manifest gets back what it lacks, and ours waits.
    for policies in [[others("http://a"), ours("b")], [ours("b"), others("http://a")]] {
        let after = policies.iter().fold(users.clone(), |sent, settings| updated(&stored, &sent, settings).object);
        assert_eq!(spec(&after), spec(&stored));
        assert_eq!(after, with(&stored, PENDING, json!("registry")));
    }
    // The other one changed its entry in this request: ours waits on, and the other's stays.
    let sent = updated(&stopped(&stored), &stored, &others("http://b")).object;
    let outcome = updated_again(&stored, &sent, &ours("b"));
    assert_eq!(outcome.object, with(&sent, PENDING, json!("registry")));
}

/// A change of the user's own beside it counts all the same: the restart is his.
#[test]
fn a_change_of_the_users_beside_all_records_is_his() {
    let [_, after] = upgrade();
    let stored = waiting();
    let bare = notebook_with_env(json!({"MINE": "1"}));
    for sent in [
        with(&stored, &format!("{CONTAINER}/image"), json!("new")),
        with(&bare, &format!("{CONTAINER}/image"), json!("new")),
    ] {
        let outcome = updated_again(&stored, &sent, &after);
        assert_applied(&outcome.object);
        assert_eq!(outcome.warnings, NO_WARNING);
    }
}

/// A user takes out what was in conflict, or what `Keep` had left: ours comes with his change, and stays in a second call in
/// the same request, in which the record has it.
#[test]
fn a_change_of_the_users_is_his_in_a_second_call_too() {
    let stored = notebook_with_env(json!({"A": "theirs"}));
    let sent = notebook_with_env(json!({}));
    for on_conflict in ["Reject", "Keep", "Override"] {
        let dependency = with(&variables(json!({"A": "ours", "B": "ours"})), "/onConflict", json!(on_conflict));
        let settings = notebook_settings(json!({"dep": dependency}));
        let outcome = updated_again(&stored, &sent, &settings);
        assert_eq!(variables_of(&outcome.object), ["A=ours", "B=ours"], "{on_conflict}");
        assert_eq!(pending(&outcome.object), &Value::Null, "{on_conflict}");
    }
    // Another value of his is a change, too.
    let settings =
        notebook_settings(json!({"dep": with(&variables(json!({"A": "ours"})), "/onConflict", json!("Override"))}));
    let outcome = updated_again(&stored, &notebook_with_env(json!({"A": "other"})), &settings);
    assert_eq!(variables_of(&outcome.object), ["A=ours"]);
}

/// An update that comes without the stored object changes no template. The client's record says what is ours in it: what has
/// to be upgraded waits, and is no conflict.
#[test]
fn without_the_stored_object_the_clients_record_counts() {
    let settings = |url: &str| notebook_settings(json!({"proxy": variables(json!({"HTTP_PROXY": url}))}));
    let injected = created(&notebook_with_env(json!({"MINE": "1"})), &settings("http://a")).object;
    assert_eq!(updated(&Value::Null, &injected, &settings("http://a")).patch, NO_PATCH);
    let outcome = updated(&Value::Null, &injected, &settings("http://b"));
    assert_eq!(outcome.object, with(&injected, PENDING, json!("proxy")));
    only_warning(&outcome, &["stop", "proxy"]);
}

/// A pod spec in which many members are at their zero value, as a manifest may spell it.
fn with_zero_values() -> Value {
    let probe = json!({"exec": {"command": ["true"]}, "initialDelaySeconds": 0, "periodSeconds": 10});
    notebook(json!({
        "schedulerName": "",
        "hostNetwork": false,
        "nodeName": "",
        "containers": [{
            "name": "main",
            "image": "jupyter",
            "stdin": false,
            "tty": false,
            "workingDir": "",
            "env": [
                {"name": "EMPTY", "value": ""},
                {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "containerName": "", "divisor": "0"}}},
            ],
            "envFrom": [{"prefix": "", "configMapRef": {"name": "settings"}}],
            "ports": [{"containerPort": 8888, "hostPort": 0, "hostIP": "", "name": ""}],
            "readinessProbe": probe,
            "volumeMounts": [{"name": "v", "mountPath": "/v", "subPath": "", "readOnly": false}],
        }],
        "volumes": [
            {"name": "v", "emptyDir": {"medium": ""}},
            {"name": "n", "nfs": {"server": "s", "path": "/", "readOnly": false}},
        ],
        "tolerations": [{"key": "gpu", "operator": "Exists", "value": "", "effect": ""}],
        "securityContext": {"supplementalGroups": []},
        "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "zone", "labelSelector": {}, "namespaces": []},
        ]}},
    }))
}

/// A controller reads the object and writes it back through Go's types, which drop zero values and write others: the notebook
/// goes on running, and what waits goes on waiting.
#[test]
fn a_write_through_gos_types_is_no_change_of_the_users() {
    let settings = notebook_settings(json!({"registry": registry("gpr")}));
    for member in [
        "/schedulerName",
        "/hostNetwork",
        "/nodeName",
        "/containers/0/stdin",
        "/containers/0/tty",
        "/containers/0/workingDir",
        "/containers/0/env/0/value",
        "/containers/0/env/1/valueFrom/resourceFieldRef/divisor",
        "/containers/0/env/1/valueFrom/resourceFieldRef/containerName",
        "/containers/0/envFrom/0/prefix",
        "/containers/0/ports/0/hostPort",
        "/containers/0/ports/0/hostIP",
        "/containers/0/ports/0/name",
        "/containers/0/readinessProbe/initialDelaySeconds",
        "/containers/0/volumeMounts/0/subPath",
        "/containers/0/volumeMounts/0/readOnly",
        "/volumes/0/emptyDir/medium",
        "/volumes/1/nfs/readOnly",
        "/tolerations/0/value",
        "/tolerations/0/effect",
        "/securityContext/supplementalGroups",
        "/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/0/namespaces",
    ] {
        let spelt = with_zero_values();
        let dropped = with(&spelt, &format!("{TEMPLATE}{member}"), None);
        for (old, new) in [(&spelt, &dropped), (&dropped, &spelt)] {
            let outcome = updated_again(old, new, &settings);
            assert_eq!(outcome.object, with(new, PENDING, json!("registry")), "{member}");
            assert_eq!(audit(&outcome, "restored"), "", "it is stored as the client spells it: {member}");
        }
    }
}

/// Where the field of Go's type is a pointer, zero is a value; and so are the values of maps and the items of lists. To change
/// these is to change the template.
#[test]
fn a_zero_behind_a_pointer_in_a_map_or_in_a_list_is_a_value() {
    let settings = notebook_settings(json!({"registry": registry("gpr")}));
    let users = notebook(json!({
        "nodeSelector": {"k": ""},
        "automountServiceAccountToken": false,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsUser": 0, "fsGroup": 0, "runAsNonRoot": false},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}],
        "containers": [{
            "name": "main",
            "args": ["", "a"],
            "resources": {"limits": {"gpu": "0"}},
            "securityContext": {"allowPrivilegeEscalation": false, "privileged": false, "runAsUser": 0},
            "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": false}}}],
        }],
        "volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {"storageClassName": "", "accessModes": ["ReadWriteOnce"]}}}}],
    }));
    for member in [
        "/nodeSelector/k",
        "/automountServiceAccountToken",
        "/terminationGracePeriodSeconds",
        "/securityContext/runAsUser",
        "/securityContext/fsGroup",
        "/securityContext/runAsNonRoot",
        "/tolerations/0/tolerationSeconds",
        "/containers/0/args/0",
        "/containers/0/resources/limits/gpu",
        "/containers/0/securityContext/allowPrivilegeEscalation",
        "/containers/0/securityContext/privileged",
        "/containers/0/securityContext/runAsUser",
        "/containers/0/env/0/valueFrom/secretKeyRef/optional",
        "/volumes/0/ephemeral/volumeClaimTemplate/spec/storageClassName",
    ] {
        let dropped = with(&users, &format!("{TEMPLATE}{member}"), None);
        for (old, new) in [(&users, &dropped), (&dropped, &users)] {
            let outcome = updated_again(old, new, &settings);
            assert_eq!(names(&spec(&outcome.object)["imagePullSecrets"]), ["gpr"], "{member}");
            assert_eq!(pending(&outcome.object), &Value::Null, "{member}");
        }
    }
}

/// A nodeSelector of nothing but an empty value is not empty, and an empty list of arguments is.
#[test]
fn values_of_maps_count_and_empty_lists_and_maps_do_not() {
    let settings = notebook_settings(json!({"registry": registry("gpr")}));
    let users = notebook(json!({"containers": [{"name": "main", "image": "jupyter"}]}));
    for (member, value, is_a_change) in [
        ("/nodeSelector", json!({"k": ""}), true),
        ("/nodeSelector", json!({}), false),
        ("/nodeSelector", Value::Null, false),
        ("/containers/0/args", json!([""]), true),
        ("/containers/0/args", json!([]), false),
        ("/containers/0/resources", json!({"limits": {"cpu": "0"}}), true),
        ("/containers/0/resources", json!({"limits": {}, "requests": null}), false),
        ("/tolerations", json!([{}]), true),
        ("/tolerations", json!([]), false),
    ] {
        let outcome = updated_again(&users, &with(&users, &format!("{TEMPLATE}{member}"), value.clone()), &settings);
        assert_eq!(pending(&outcome.object).is_null(), is_a_change, "{member}: {value}");
    }
}

/// What the API server fills in by itself is nobody's change, and nobody takes it away.
#[test]
fn what_the_server_fills_in_is_stored_as_the_client_has_it() {
    let adding = |url: &str| notebook_settings(json!({"proxy": variables(json!({"HTTP_PROXY": url}))}));
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&users, &adding("http://a")).object;
    for (field, value) in server_defaults() {
        for old in [&users, &stored] {
            let with_it = with(old, &format!("{TEMPLATE}/{field}"), value.clone());
            for (old, new) in [(old, &with_it), (&with_it, old)] {
                let outcome = updated(old, new, &adding("http://b"));
                assert_eq!((audit(&outcome, "restored"), audit(&outcome, "deferred")), ("", "proxy"), "{field}");
                assert_eq!(outcome.object.pointer(TEMPLATE), new.pointer(TEMPLATE), "{field}");
            }
        }
    }
}

/// The zero values of the settings are absent in the same way: what the platform spells so is present in an object that lacks
/// them, and an entry is not added again at every tick of the culler.
#[test]
fn zero_values_in_the_settings_are_absent_too() {
    let spelt = json!({"dep": {
        "env": [
            {"name": "EMPTY", "value": ""},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "containerName": "main", "divisor": "0"}}},
        ],
        "envFrom": [{"prefix": "", "configMapRef": {"name": "settings"}}],
        "volumes": [{"name": "v", "emptyDir": {"medium": ""}}],
        "volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": false, "subPath": ""}],
        "tolerations": [{"key": "gpu", "operator": "Exists", "value": ""}],
        "sidecars": [{
            "name": "agent",
            "image": "agent",
            "tty": false,
            "ports": [{"containerPort": 1, "hostPort": 0}],
            "readinessProbe": {"exec": {"command": ["true"]}, "initialDelaySeconds": 0},
        }],
    }});
    let dropped = json!({"dep": {
        "env": [
            {"name": "EMPTY"},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "containerName": "main"}}},
        ],
        "envFrom": [{"configMapRef": {"name": "settings"}}],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "sidecars": [{
            "name": "agent",
            "image": "agent",
            "ports": [{"containerPort": 1}],
            "readinessProbe": {"exec": {"command": ["true"]}},
        }],
    }});
    for kind in Kind::ALL {
        let users = kind.object(json!({"containers": [{"name": "main", "image": "jupyter"}]}));
        let [spelt, dropped] = [&spelt, &dropped].map(|dependencies| kind.settings(dependencies.clone()));
        let [one, other] = [&spelt, &dropped].map(|settings| created_again(&users, settings).object);
        assert_eq!(whole_record(&one), whole_record(&other), "{kind:?}: the hash, and the keys of lists");
        for (object, settings) in [(&one, &dropped), (&other, &spelt)] {
            assert_eq!(created_again(object, settings).patch, NO_PATCH, "{kind:?}");
            let without_record = with(object, INJECTED, None);
            let without_record = with(&without_record, STATUS, None);
            assert_eq!(created_again(&without_record, settings).patch, NO_PATCH, "{kind:?}: it is the user's");
        }
    }
    // The culler writes it back without them.
    let [spelt, dropped] = [spelt, dropped].map(notebook_settings);
    let users = notebook(json!({"containers": [{"name": "main", "image": "jupyter"}]}));
    let stored = created(&users, &spelt).object;
    let typed = culled(&created(&users, &dropped).object);
    let outcome = updated_again(&stored, &typed, &spelt);
    assert_eq!((outcome.patch, outcome.warnings), (NO_PATCH.to_vec(), vec![]));
}

/// The policy was away, and a manifest was applied again meanwhile: the record claims entries that are gone. That waits, and
/// is said; a stop brings them back.
#[test]
fn what_is_gone_altogether_waits_and_is_said() {
    let dependencies = json!({
        "ca": {
            "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
            "volumeMounts": [{"name": "ca", "mountPath": "/ca"}],
        },
        "place": {"nodeSelector": {"pool": "a"}, "serviceAccountName": "runner"},
        "proxy": {"env": env(json!({"HTTP_PROXY": "http://a", "NO_PROXY": "b"}))},
        "registry": registry("gpr"),
    });
    let settings = notebook_settings(dependencies);
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&users, &settings).object;
    for (gone, waits) in [
        (&["/imagePullSecrets"][..], "registry"),
        (&["/containers/0/env/1"], "proxy"),
        (&["/serviceAccountName"], "place"),
        (&["/nodeSelector"], "place"),
        (&["/containers/0/volumeMounts", "/volumes"], "ca"),
        (&["/containers/0/env/2", "/imagePullSecrets"], "proxy,registry"),
    ] {
        let lost = gone.iter().fold(stored.clone(), |object, it| with(&object, &format!("{TEMPLATE}{it}"), None));
        let outcome = updated_again(&lost, &culled(&lost), &settings);
        assert_eq!(outcome.object, with(&culled(&lost), PENDING, json!(waits)), "{gone:?}");
        only_warning(&outcome, &["stop", &waits.replace(',', ", ")]);
        assert_eq!(audit(&outcome, "deferred"), waits);
        let back = updated_again(&outcome.object, &stopped(&outcome.object), &settings);
        assert_eq!(unordered_spec(&back.object), unordered_spec(&stored), "{gone:?}");
        assert_eq!(pending(&back.object), &Value::Null, "{gone:?}");
    }
    // A manifest without anything of ours was applied meanwhile, which keeps the annotations.
    let lost = with(&stored, TEMPLATE, spec(&users).clone());
    let outcome = updated_again(&lost, &culled(&lost), &settings);
    assert_eq!(pending(&outcome.object), "ca,place,proxy,registry");
    assert_eq!(spec(&outcome.object), spec(&users));
}

/// The pod spec, its variables sorted.
fn unordered_spec(notebook: &Value) -> Value {
    let mut spec = spec(notebook).clone();
    if let Some(variables) = spec["containers"][0]["env"].as_array_mut() {
        variables.sort_by_key(Value::to_string);
    }
    spec
}

/// Only the template stands still: labels and annotations of a dependency that waits for nothing come while it runs, and are
/// recorded; a second call in the same request keeps both.
#[test]
fn labels_and_annotations_of_what_waits_for_nothing_come_while_it_runs() {
    let before = notebook_settings(json!({"marks": {"labels": {"l": "1"}}, "registry": registry("a")}));
    let after = notebook_settings(json!({
        "marks": {"labels": {"l": "2", "new": "1"}, "annotations": {"a": "1"}},
        "more": {"annotations": {"more": "1"}},
        "registry": with(&registry("b"), "/labels", json!({"waits": "1"})),
    }));
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&users, &before).object;
    let bare = with(&with(&stored, TEMPLATE, spec(&users).clone()), ANNOTATIONS, None);
    for (what, sent) in
        [("culled", culled(&stored)), ("a bare manifest", bare), ("no labels", with(&stored, "/metadata/labels", None))]
    {
        let outcome = updated_again(&stored, &sent, &after);
        let metadata = &outcome.object["metadata"];
        assert_eq!(metadata["labels"], json!({"l": "2", "new": "1"}), "{what}: the label of what waits is not there");
        assert_eq!(
            (&metadata["annotations"]["a"], &metadata["annotations"]["more"]),
            (&json!("1"), &json!("1")),
            "{what}"
        );
        assert_eq!(spec(&outcome.object), spec(&stored), "{what}");
        let record = json!({
            "marks": {"labels": ["l", "new"], "annotations": ["a"]},
            "more": {"annotations": ["more"]},
            "registry": {"imagePullSecrets": ["a"]},
        });
        assert_eq!(added(&outcome.object), record, "{what}");
        assert_eq!(pending(&outcome.object), "registry", "{what}");
        // They go with their dependency while it runs, too.
        let gone = retiring_marks(&after);
        let outcome = updated_again(&outcome.object, &outcome.object, &gone);
        assert_eq!(outcome.object["metadata"].get("labels"), None, "{what}");
        assert_eq!(added(&outcome.object), json!({"registry": {"imagePullSecrets": ["a"]}}), "{what}");
        assert_eq!(audit(&outcome, "removed"), "marks,more", "{what}");
    }
}

fn retiring_marks(settings: &Value) -> Value {
    super::again::retiring(&["marks", "more"], settings)
}

/// The user puts back a template that means something else where ours is concerned, and gives the notebook a label of his: the
/// label is stored, and the stored template stays.
#[test]
fn what_is_not_in_the_template_is_stored_beside_a_restored_one() {
    let settings = notebook_settings(json!({"proxy": variables(json!({"HTTP_PROXY": "http://a"}))}));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
    let sent = with(&stored, &format!("{CONTAINER}/env/1"), None);
    let labelled = |object: &Value| with(object, "/metadata/labels", json!({"mine": "1"}));
    let outcome = updated_again(&stored, &labelled(&sent), &settings);
    assert_eq!(outcome.object, labelled(&stored));
    assert_eq!(outcome.audit, [("restored".to_owned(), "template".to_owned())].into());
}

/// A user who changes his own part of the template while a dependency is in conflict is refused; one who asks for what waits
/// and changes it at once is, too.
#[test]
fn who_changes_the_template_and_asks_for_it_is_refused_for_a_conflict() {
    let stored = notebook_with_env(json!({"A": "theirs"}));
    let settings = notebook_settings(json!({"dep": variables(json!({"A": "ours"}))}));
    let image = with(&stored, &format!("{CONTAINER}/image"), json!("new"));
    for sent in [image.clone(), with(&image, APPLY, json!("now"))] {
        assert!(update_refused(&stored, &sent, &settings).starts_with("env A of container \"main\""));
    }
}

/// What a policy has added may be the server's own value: a manifest that lacks it gets it back, and nothing waits.
#[test]
fn a_value_of_the_servers_that_a_policy_added_is_put_back() {
    for (field, value) in [
        ("serviceAccountName", json!("default")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("enableServiceLinks", json!(true)),
    ] {
        let settings = notebook_settings(json!({"dep": {field: value}}));
        let users = notebook_with_env(json!({"MINE": "1"}));
        let stored = created(&users, &settings).object;
        assert_eq!(spec(&stored)[field], value);
        let outcome = updated_again(&stored, &users, &settings);
        assert_eq!((outcome.object, outcome.warnings), (stored, vec![]), "{field}");
    }
}
