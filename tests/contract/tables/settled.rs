//! Where nothing can be due, a request is settled: it is accepted without a merge (contract, "Cost"). Whatever may be due goes
//! the one way. A template or a record that is spelt in another way than the stored one is never settled; so beside each
//! request here there are some that mean the same and go the one way, and the answers must be the same.

use serde_json::{Value, json};

use super::again::{
    ANNOTATIONS, INJECTED, NO_PATCH, NO_WARNING, PENDING, STATUS, TEMPLATE, added, assert_warns, audit, names,
    notebook, notebook_with_env, only_warning, pending, record_text, retiring, spec, stopped, variables, variables_of,
    wanting, whole_record,
};
use super::objects::{created, notebook_settings, update, with};
use crate::evaluator::{Outcome, run, validate};

const APPLY: &str = "/metadata/annotations/mutatingflow.nais.io~1apply";
const CONTAINER: &str = "/spec/template/spec/containers/0";
const LAST_ACTIVITY: &str = "/metadata/annotations/notebooks.kubeflow.org~1last-activity";

/// What the culler makes of `object`.
fn culled(object: &Value) -> Value {
    with(object, LAST_ACTIVITY, json!("2026-11-23T11:00:00Z"))
}

/// `object` as text, with a space in the template that has none elsewhere.
fn spaced(object: &Value) -> String {
    let template = spec(object).to_string().replacen('{', "{ ", 1);
    with(object, TEMPLATE, json!("the template")).to_string().replacen("\"the template\"", &template, 1)
}

/// The answer to the update of `old` to `new`, with the object that comes of it. Its record is what it says, the keys at each
/// place in the order of the alphabet.
fn answer(old: &str, new: &str, request: &Value, settings: &Value) -> Value {
    let request = with(&with(request, "/object", json!("the new one")), "/oldObject", json!("the old one"));
    let payload = json!({"request": request, "settings": settings}).to_string();
    let payload = payload.replacen("\"the new one\"", new, 1).replacen("\"the old one\"", old, 1);
    let mut answer: Value = serde_json::from_slice(&validate(payload.as_bytes())).expect("an answer");
    if answer["accepted"] == true && answer["mutated_object"].is_null() {
        answer["mutated_object"] = serde_json::from_str(new).expect("an object");
    }
    if let Some(record) = answer["mutated_object"].pointer_mut(INJECTED) {
        let says = record.as_str().and_then(|text| serde_json::from_str(text).ok());
        *record = says.map_or(record.take(), in_order);
    }
    answer
}

/// `value` with its lists in order.
fn in_order(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => members.values_mut().for_each(|value| *value = in_order(value.take())),
        Value::Array(items) => items.sort_by_key(Value::to_string),
        _ => {}
    }
    value
}

/// What differs between the answers to an update, and to one that means the same and goes the one way.
fn difference(old: &Value, new: &Value, settings: &Value) -> Option<String> {
    let request = update(old.clone(), new.clone());
    let [old_text, new_text] = [old.to_string(), new.to_string()];
    let answer = |old: &str, new: &str| answer(old, new, &request, settings);
    let as_it_is = answer(&old_text, &new_text);
    let mut others = vec![answer(&old_text, &spaced(new))];
    // A hash of the stored template, as it is spelt, tells that the user asked.
    if new.pointer(APPLY).is_none() && !record_text(new).is_some_and(|record| record.contains("\"applied\"")) {
        others.push(answer(&spaced(old), &new_text));
    }
    if let Some(record) = record_text(new).filter(|record| record.starts_with('{')) {
        let respelt = with(new, INJECTED, json!(record.replacen('{', "{ ", 1)));
        others.push(answer(&old_text, &respelt.to_string()));
    }
    let other = others.into_iter().find(|other| *other != as_it_is)?;
    Some(format!("as it is {as_it_is:#}\nthe one way {other:#}\nold {old:#}\nnew {new:#}\n{settings:#}"))
}

/// Changes `old` to `new`, which must be allowed, and must be answered as the one way does. The same holds for a second call in
/// the same request, and for the next update; they change nothing.
fn updated(old: &Value, new: &Value, settings: &Value) -> Outcome {
    let ask = |old: &Value, new: &Value| {
        assert_eq!(difference(old, new, settings), None);
        run(update(old.clone(), new.clone()), settings.clone())
    };
    let outcome = ask(old, new);
    assert!(outcome.allowed, "{:?}\n{old:#}\n{new:#}\n{settings:#}", outcome.message);
    let reply = &outcome.object;
    assert_eq!(ask(old, reply).patch, NO_PATCH, "a second call\n{old:#}\n{reply:#}\n{settings:#}");
    assert_eq!(ask(reply, reply).patch, NO_PATCH, "the next update\n{reply:#}\n{settings:#}");
    outcome
}

/// Asserts that a request was accepted without a word.
fn assert_quiet(outcome: &Outcome) {
    assert_eq!((&outcome.patch[..], &outcome.warnings[..]), (&NO_PATCH[..], &[][..]));
    assert_eq!(outcome.audit, [].into());
}

/// Each update under which a notebook that has `stored` stays as it is: it runs, it is stopped, it stands still, it is
/// started.
fn updates_of(stored: &Value) -> [[Value; 2]; 4] {
    let still = stopped(stored);
    [
        [stored.clone(), culled(stored)],
        [stored.clone(), still.clone()],
        [still.clone(), culled(&still)],
        [still, stored.clone()],
    ]
}

/// Asserts that of a notebook that runs `dependency` waits, and the template is the stored one.
fn assert_waits(stored: &Value, settings: &Value, dependency: &str) {
    let outcome = updated(stored, &culled(stored), settings);
    assert_eq!((pending(&outcome.object), audit(&outcome, "deferred")), (&json!(dependency), dependency));
    assert_eq!(spec(&outcome.object), spec(stored));
    only_warning(&outcome, &[dependency, "stop and start"]);
}

/// Dependencies of every sort.
fn dependencies() -> Value {
    json!({
        "disk": {
            "volumes": [{"name": "disk", "configMap": {"name": "c"}}],
            "volumeMounts": [{"name": "disk", "mountPath": "/a/b"}],
            "sidecars": [{"name": "agent", "image": "agent:1"}],
        },
        "place": {
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
            "nodeSelector": {"pool": "gpu"},
            "serviceAccountName": "runner",
            "resources": {"limits": {"memory": "2Gi"}},
        },
        "proxy": {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "labels": {"team": "a"}, "annotations": {"note": "b"}},
        "registry": {"imagePullSecrets": [{"name": "gpr"}]},
    })
}

fn settings() -> Value {
    notebook_settings(dependencies())
}

/// A notebook that runs, with all of them.
fn injected() -> Value {
    created(&notebook_with_env(json!({"MINE": "1"})), &settings()).object
}

/// Where an entry of each of them is, and whose it is.
const ENTRIES: [(&str, &str); 9] = [
    ("/spec/template/spec/containers/0/env/1", "proxy"),
    ("/spec/template/spec/containers/0/env/2", "proxy"),
    ("/spec/template/spec/containers/0/volumeMounts/0", "disk"),
    ("/spec/template/spec/containers/0/resources/limits/memory", "place"),
    ("/spec/template/spec/containers/1", "disk"),
    ("/spec/template/spec/imagePullSecrets/0", "registry"),
    ("/spec/template/spec/tolerations/0", "place"),
    ("/spec/template/spec/nodeSelector/pool", "place"),
    ("/spec/template/spec/serviceAccountName", "place"),
];

/// The request of every minute. Nor is there anything to say when the notebook is stopped and started.
#[test]
fn an_injected_notebook_is_accepted_as_it_is() {
    let stored = injected();
    for running in ["Defer", "Restart"] {
        let settings = with(&settings(), "/runningNotebooks", json!(running));
        for [old, new] in updates_of(&stored) {
            assert_quiet(&updated(&old, &new, &settings));
        }
    }
    let asked = with(&stored, "/metadata/annotations/notebooks.opendatahub.io~1notebook-restart", json!("true"));
    assert_quiet(&updated(&stored, &asked, &settings()));
}

/// What `Keep` left to the user is said to who writes the template, and not to every later update.
#[test]
fn what_keep_left_is_said_once() {
    let dependency =
        json!({"onConflict": "Keep", "env": [{"name": "A", "value": "ours"}, {"name": "B", "value": "ours"}]});
    let settings = notebook_settings(json!({"proxy": dependency}));
    let outcome = created(&notebook_with_env(json!({"A": "mine"})), &settings);
    only_warning(&outcome, &["env A", "stays"]);
    assert_eq!(added(&outcome.object), json!({"proxy": {"env": ["B"]}}));
    for [old, new] in updates_of(&outcome.object) {
        assert_quiet(&updated(&old, &new, &settings));
    }
}

/// What `Override` replaced is said once, too.
#[test]
fn what_override_replaced_is_said_once() {
    let settings =
        notebook_settings(json!({"proxy": with(&variables(json!({"A": "ours"})), "/onConflict", json!("Override"))}));
    let outcome = created(&notebook_with_env(json!({"A": "mine"})), &settings);
    only_warning(&outcome, &["env A", "replaced"]);
    for [old, new] in updates_of(&outcome.object) {
        assert_quiet(&updated(&old, &new, &settings));
    }
}

/// Two policies that are called in turn find everything in its place, and name each other's dependencies where they share
/// their record.
#[test]
fn two_policies_find_everything_in_its_place() {
    for domain in ["mutatingflow.nais.io", "lab.example.org"] {
        let trust = json!({
            "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
            "volumeMounts": [{"name": "ca", "mountPath": "/ca"}],
            "sidecars": [{"name": "watch", "image": "watch:1"}],
            "labels": {"trust": "yes"},
        });
        let theirs = with(&notebook_settings(json!({"trust": trust})), "/annotationDomain", json!(domain));
        let policies = [settings(), theirs];
        let users = notebook_with_env(json!({"MINE": "1"}));
        for order in [[0, 1], [1, 0]] {
            let stored = order.iter().fold(users.clone(), |object, at| created(&object, &policies[*at]).object);
            for [old, new] in updates_of(&stored) {
                for at in order {
                    let outcome = updated(&old, &new, &policies[at]);
                    assert_eq!((&outcome.patch[..], &outcome.warnings[..]), (&NO_PATCH[..], &[][..]));
                    let unknown = if at == 0 { "trust" } else { "disk,place,proxy,registry" };
                    let is_shared = domain == "mutatingflow.nais.io";
                    assert_eq!(audit(&outcome, "unknown"), if is_shared { unknown } else { "" });
                    assert_eq!(outcome.audit.len(), usize::from(is_shared));
                }
            }
        }
    }
}

/// Something of ours got lost while nobody asked the policy: it waits and is said, and comes back with the next stop.
#[test]
fn an_entry_of_ours_that_is_gone_waits_and_comes_back_with_a_stop() {
    let stored = injected();
    for (place, dependency) in ENTRIES {
        let without = with(&stored, place, None);
        assert_waits(&without, &settings(), dependency);
        for [old, new] in &updates_of(&without)[1..] {
            let outcome = updated(old, new, &settings());
            assert_eq!(spec(&outcome.object), spec(&stored), "{place}");
            assert_eq!(audit(&outcome, "dependencies"), dependency, "{place}");
        }
        let restart = with(&settings(), "/runningNotebooks", json!("Restart"));
        assert_eq!(spec(&updated(&without, &culled(&without), &restart).object), spec(&stored), "{place}");
    }
}

/// The volume that a mount of ours needs is an entry like others.
#[test]
fn a_volume_of_ours_that_is_gone_waits_and_comes_back_with_a_stop() {
    let stored = injected();
    let without = with(&stored, &format!("{TEMPLATE}/volumes"), json!([]));
    assert_waits(&without, &settings(), "disk");
    assert_eq!(spec(&updated(&without, &stopped(&without), &settings()).object), spec(&stored));
}

/// An account that is the server's own default is none.
#[test]
fn the_default_account_in_the_place_of_ours_waits() {
    let account = format!("{TEMPLATE}/serviceAccountName");
    let stored = with(&injected(), &account, json!("default"));
    assert_waits(&stored, &settings(), "place");
    let outcome = updated(&stored, &stopped(&stored), &settings());
    assert_eq!(spec(&outcome.object)["serviceAccountName"], "runner");
}

/// Labels and annotations do not restart the notebook: one of ours that is gone or has another value is put back at once.
#[test]
fn a_label_or_an_annotation_of_ours_is_put_back() {
    let stored = injected();
    for place in ["/metadata/labels/team", "/metadata/annotations/note"] {
        for value in [None, Some(json!("other")), Some(json!(null))] {
            let changed = with(&stored, place, value.clone());
            for [old, new] in [[stored.clone(), culled(&changed)], [changed.clone(), culled(&changed)]] {
                let outcome = updated(&old, &new, &settings());
                assert_eq!(outcome.object, culled(&stored), "{place} {value:?}");
                assert_eq!(audit(&outcome, "deferred"), "", "{place} {value:?}");
            }
        }
    }
}

/// Nothing of a dependency that changed, is new or not wanted any more is lost to the notebook's being settled otherwise.
#[test]
fn changed_settings_wait() {
    let stored = injected();
    let changed = with(&settings(), "/dependencies/registry/imagePullSecrets/0/name", json!("new"));
    let new = with(
        &with(&settings(), "/dependencies/new", json!({"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}]})),
        "/notebooks/-",
        json!("new"),
    );
    let unwanted = wanting(&["disk", "place", "proxy"], dependencies());
    let retired = retiring(&["registry"], &settings());
    for (settings, waits) in [(changed, "registry"), (new, "new"), (unwanted, "registry"), (retired, "registry")] {
        assert_waits(&stored, &settings, waits);
        let outcome = updated(&stored, &stopped(&stored), &settings);
        assert_ne!(spec(&outcome.object), spec(&stored));
        assert_eq!(pending(&outcome.object), &Value::Null);
    }
}

/// What a selector says may change with the labels.
#[test]
fn what_a_selector_no_longer_wants_waits() {
    let selector = json!({"matchLabels": {"use-gpu": "true"}});
    let settings = with(&settings(), "/dependencies/place/selector", selector);
    let users = with(&notebook_with_env(json!({"MINE": "1"})), "/metadata/labels", json!({"use-gpu": "true"}));
    let stored = created(&users, &settings).object;
    assert_quiet(&updated(&stored, &culled(&stored), &settings));
    let unlabelled = with(&culled(&stored), "/metadata/labels/use-gpu", None);
    let outcome = updated(&stored, &unlabelled, &settings);
    assert_eq!(pending(&outcome.object), "place");
}

/// The list of what waits goes when nothing does, whoever has it.
#[test]
fn what_waits_no_longer_is_not_said_to() {
    let stored = injected();
    let waits = with(&stored, PENDING, json!("registry"));
    for [old, new] in [[&stored, &waits], [&waits, &waits], [&waits, &stored]] {
        let outcome = updated(old, &culled(new), &settings());
        assert_eq!(outcome.object, culled(&stored));
        assert_eq!((outcome.warnings, outcome.audit), (vec![], [].into()));
    }
}

/// What the user asks for is done, and taken off, where nothing waits too.
#[test]
fn what_is_asked_for_is_taken_off() {
    let stored = injected();
    let asks = with(&stored, APPLY, json!("now"));
    for old in [&stored, &asks] {
        let outcome = updated(old, &asks, &settings());
        assert_eq!((&outcome.object, outcome.warnings.len()), (&stored, 0));
    }
    assert_eq!(updated(&asks, &stored, &settings()).object, stored);
    // Any other word stays.
    let later = with(&stored, APPLY, json!("later"));
    assert_quiet(&updated(&later, &culled(&later), &settings()));
}

/// That the user asked is noted in the record until it is no longer needed.
#[test]
fn a_record_of_what_was_asked_for_goes_the_one_way() {
    let stored = injected();
    let registry = with(&settings(), "/dependencies/registry/imagePullSecrets/0/name", json!("new"));
    let applied = updated(&stored, &with(&stored, APPLY, json!("now")), &registry).object;
    assert!(whole_record(&applied)["applied"].is_string());
    for [old, new] in updates_of(&applied) {
        assert_quiet(&updated(&old, &new, &registry));
    }
    // Asked for, and gone from both since.
    let without = with(&applied, ENTRIES[0].0, None);
    assert_waits(&without, &registry, "proxy");
}

/// `status` stands beside the record: where it is missing or says something else, it is written back.
#[test]
fn the_status_is_written_back() {
    let stored = injected();
    for status in [None, Some(json!("pending")), Some(json!(null)), Some(json!(1))] {
        let other = with(&stored, STATUS, status.clone());
        for [old, new] in [[&stored, &other], [&other, &other], [&other, &stored]] {
            let outcome = updated(old, &culled(new), &settings());
            assert_eq!((outcome.object, outcome.warnings.len()), (culled(&stored), 0), "{status:?}");
        }
    }
}

/// The stored record counts, whatever the client sends.
#[test]
fn the_clients_record_is_written_back() {
    let stored = injected();
    let mut fewer = whole_record(&stored);
    fewer["Notebook"].as_object_mut().expect("dependencies").remove("registry");
    let more = json!({"Notebook": {"proxy": {"hash": "0123456789abcdef", "added": {"env": ["MINE"]}}}});
    for record in [None, Some(json!(null)), Some(json!("")), Some(json!("{")), Some(json!("{}")), Some(json!(7))]
        .into_iter()
        .chain([fewer, more].map(|record| Some(json!(record.to_string()))))
    {
        let sent = with(&culled(&stored), INJECTED, record.clone());
        let outcome = updated(&stored, &sent, &settings());
        assert_eq!(outcome.object, culled(&stored), "{record:?}");
        let is_damaged = matches!(&record, Some(Value::String(text)) if text.len() < 2);
        assert_eq!(outcome.warnings.len(), usize::from(is_damaged), "{record:?}: {:?}", outcome.warnings);
    }
    let bare = with(&culled(&stored), ANNOTATIONS, json!({"note": "b"}));
    assert_eq!(added(&updated(&stored, &bare, &settings()).object), added(&stored));
}

/// Where nobody knows any more what is ours, everything that is there is the user's, and nothing is to be done.
#[test]
fn a_record_that_is_damaged_on_both_objects_is_said_and_written_anew() {
    let stored = injected();
    for record in ["", "{", "[]", r#"{"Notebook":1}"#] {
        let damaged = with(&stored, INJECTED, json!(record));
        let outcome = updated(&damaged, &culled(&damaged), &settings());
        assert_warns(&outcome, &["cannot be read"]);
        assert_eq!((record_text(&outcome.object), spec(&outcome.object)), (None, spec(&stored)), "{record}");
    }
}

/// The record of version 0.1.0 names no kind, and main containers by their names. It is read for ever, and written as today.
#[test]
fn a_record_of_0_1_0_is_written_as_today() {
    let stored = injected();
    let mut record = whole_record(&stored)["Notebook"].take();
    for part in record.as_object_mut().expect("dependencies").values_mut() {
        let places = part["added"].as_object_mut().expect("places");
        for place in ["env", "volumeMounts", "limits"] {
            if let Some(keys) = places.remove(place) {
                places.insert(format!("{place}/main"), keys);
            }
        }
    }
    let old = with(&stored, INJECTED, json!(record.to_string()));
    for [before, after] in updates_of(&old) {
        let outcome = updated(&before, &after, &settings());
        assert_eq!(added(&outcome.object), added(&stored));
        assert_eq!(spec(&outcome.object), spec(&stored));
    }
}

/// A record that only lacks the kind is one of 0.1.0, too.
#[test]
fn a_record_without_its_kind_is_written_as_today() {
    let settings = notebook_settings(json!({"registry": dependencies()["registry"]}));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
    let old = with(&stored, INJECTED, json!(whole_record(&stored)["Notebook"].to_string()));
    for [before, after] in updates_of(&old) {
        let outcome = updated(&before, &after, &settings);
        assert_eq!(record_text(&outcome.object), record_text(&stored));
    }
}

/// Entries of ours may stand in another order than in the settings, among the user's or before them: none is lost, and while
/// the notebook runs they stay where they are.
#[test]
fn entries_of_ours_in_another_order_are_not_lost() {
    let stored = injected();
    let env = format!("{CONTAINER}/env");
    let list = stored.pointer(&env).and_then(Value::as_array).expect("variables");
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let moved = with(&stored, &env, order.map(|at| list[at].clone()).into_iter().collect::<Value>());
        if variables_of(&moved).iter().filter(|it| *it != "MINE=1").eq(["A=1", "B=2"]) {
            assert_quiet(&updated(&moved, &culled(&moved), &settings()));
        } else {
            assert_waits(&moved, &settings(), "proxy");
        }
        for [old, new] in &updates_of(&moved)[1..] {
            let outcome = updated(old, new, &settings());
            let mut there = variables_of(&outcome.object);
            let ours: Vec<_> = there.iter().filter(|it| *it != "MINE=1").cloned().collect();
            assert_eq!(ours, ["A=1", "B=2"], "in the order of the settings");
            there.sort();
            assert_eq!(there, ["A=1", "B=2", "MINE=1"]);
            assert_eq!(added(&outcome.object), added(&stored));
        }
    }
}

/// A container came while nobody asked the policy. `All` means it, too, and so may a list of names: it is reached with the
/// next stop.
#[test]
fn a_container_that_is_chosen_is_reached_with_a_stop() {
    for choice in [json!("All"), json!(["main", "second"])] {
        let mark = with(&variables(json!({"A": "1"})), "/containers", choice);
        let settings = notebook_settings(json!({"mark": mark}));
        let stored = created(&notebook(json!({"containers": [{"name": "main"}]})), &settings).object;
        let two = with(&stored, &format!("{TEMPLATE}/containers/-"), json!({"name": "second"}));
        let outcome = run(update(two.clone(), culled(&two)), settings.clone());
        assert_eq!(spec(&outcome.object), spec(&two));
        for [old, new] in &updates_of(&two)[1..] {
            let outcome = updated(old, new, &settings);
            assert_eq!(spec(&outcome.object)["containers"][1]["env"], json!([{"name": "A", "value": "1"}]));
            assert_eq!(added(&outcome.object), json!({"mark": {"env": ["A"], "env/second": ["A"]}}));
        }
        // What its user adds he is given at once.
        let outcome = updated(&stored, &two, &settings);
        assert_eq!(spec(&outcome.object)["containers"][1]["env"], json!([{"name": "A", "value": "1"}]));
    }
}

/// What the user had himself is not recorded as ours. Once it is gone, ours is due.
#[test]
fn what_the_user_had_himself_and_has_no_more_waits() {
    let dependency = with(&variables(json!({"A": "1"})), "/imagePullSecrets", json!([{"name": "gpr"}]));
    let settings = notebook_settings(json!({"dep": dependency}));
    let stored = created(&notebook_with_env(json!({"A": "1"})), &settings).object;
    assert_eq!(added(&stored), json!({"dep": {"imagePullSecrets": ["gpr"]}}));
    assert_waits(&with(&stored, &format!("{CONTAINER}/env/0"), None), &settings, "dep");
}

/// What is recorded under the name of a container is looked for there.
#[test]
fn what_is_recorded_in_a_sidecar_is_looked_for_there() {
    let containers = json!([{"name": "main"}, {"name": "sidecar", "env": [{"name": "MINE", "value": "1"}]}]);
    for containers_of in [json!("All"), json!(["main", "sidecar"]), json!(["sidecar"])] {
        let settings =
            notebook_settings(json!({"mark": with(&variables(json!({"A": "1"})), "/containers", containers_of)}));
        let stored = created(&notebook(json!({"containers": containers})), &settings).object;
        assert_eq!(added(&stored)["mark"]["env/sidecar"], json!(["A"]));
        for [old, new] in updates_of(&stored) {
            assert_quiet(&updated(&old, &new, &settings));
        }
        let without = with(&stored, &format!("{TEMPLATE}/containers/1/env/1"), None);
        assert_waits(&without, &settings, "mark");
        assert_eq!(spec(&updated(&without, &stopped(&without), &settings).object), spec(&stored));
        // It is not the main container's that counts.
        let moved = with(&without, &format!("{CONTAINER}/env"), json!([{"name": "A", "value": "1"}]));
        assert_waits(&moved, &settings, "mark");
    }
}

/// The path of a mount is the same however it is spelt.
#[test]
fn a_mount_is_found_however_its_path_is_spelt() {
    for path in ["/a//b/", "/a/./b", "/a/b/"] {
        let stored = with(&injected(), &format!("{CONTAINER}/volumeMounts/0/mountPath"), json!(path));
        assert_quiet(&updated(&stored, &culled(&stored), &settings()));
        for [old, new] in &updates_of(&stored)[1..] {
            let outcome = updated(old, new, &settings());
            assert_eq!(outcome.warnings, NO_WARNING);
            assert_eq!(spec(&outcome.object)["containers"][0]["volumeMounts"].as_array().map(Vec::len), Some(1));
        }
    }
}

/// What somebody made of an entry of ours while nobody asked the policy: another value, a member less, as a CRD prunes it, a
/// second entry of the same name behind it, another volume under its name.
fn edited() -> Vec<(&'static str, Value)> {
    let stored = injected();
    let env = format!("{CONTAINER}/env");
    vec![
        ("another value", with(&stored, &format!("{env}/1/value"), json!("other"))),
        ("a member less", with(&stored, &format!("{env}/1/value"), None)),
        ("a second one", with(&stored, &format!("{env}/-"), json!({"name": "A", "value": "other"}))),
        ("another volume", with(&stored, &format!("{TEMPLATE}/volumes/0/configMap/name"), json!("other"))),
        (
            "another sort of volume",
            with(&stored, &format!("{TEMPLATE}/volumes/0"), json!({"name": "disk", "emptyDir": {}})),
        ),
        ("another mount", with(&stored, &format!("{CONTAINER}/volumeMounts/0/name"), json!("other"))),
        ("a part of it", with(&stored, &format!("{CONTAINER}/volumeMounts/0/subPath"), json!("part"))),
        ("another image", with(&stored, &format!("{TEMPLATE}/containers/1/image"), json!("other"))),
        ("another node", with(&stored, &format!("{TEMPLATE}/nodeSelector/pool"), json!("other"))),
        ("another account", with(&stored, &format!("{TEMPLATE}/serviceAccountName"), json!("other"))),
        ("another limit", with(&stored, &format!("{CONTAINER}/resources/limits/memory"), json!("1Gi"))),
    ]
}

/// A notebook that runs is left as it is, under an unchanged hash without a word. With the next stop, and with the next start,
/// it has what the settings say.
#[test]
fn an_entry_that_was_edited_is_put_right_with_a_stop_and_with_a_start() {
    let right = injected();
    for (what, stored) in edited() {
        assert_quiet(&updated(&stored, &culled(&stored), &settings()));
        for [old, new] in &updates_of(&stored)[1..] {
            let outcome = updated(old, new, &settings());
            assert_eq!(spec(&outcome.object), spec(&right), "{what}");
            assert_eq!(added(&outcome.object), added(&right), "{what}");
        }
        let restart = with(&settings(), "/runningNotebooks", json!("Restart"));
        assert_eq!(spec(&updated(&stored, &culled(&stored), &restart).object), spec(&right), "{what}");
    }
}

/// So it is where the dependency brings nothing else by which it could be told.
#[test]
fn the_only_entry_of_a_dependency_that_was_edited_is_put_right() {
    for (dependency, pointer, theirs) in [
        (variables(json!({"A": "1"})), format!("{CONTAINER}/env/0/value"), "other"),
        (json!({"serviceAccountName": "ours"}), format!("{TEMPLATE}/serviceAccountName"), "default"),
    ] {
        let settings = notebook_settings(json!({"dep": dependency}));
        let right = created(&notebook_with_env(json!({})), &settings).object;
        let stored = with(&right, &pointer, json!(theirs));
        for [old, new] in &updates_of(&stored)[1..] {
            assert_eq!(spec(&updated(old, new, &settings).object), spec(&right), "{pointer}");
        }
    }
}

/// What the API server would refuse beside ours is a conflict though ours is in its place: it waits and is said, and under
/// `Keep` ours goes with the next stop, or the notebook would never start.
#[test]
fn what_excludes_ours_is_a_conflict_though_ours_is_in_its_place() {
    for (ours, theirs, both, kept) in [
        (
            json!({"containerSecurityContext": {"allowPrivilegeEscalation": false}}),
            "securityContext",
            json!({"allowPrivilegeEscalation": false, "privileged": true}),
            json!({"privileged": true}),
        ),
        (
            json!({"resources": {"limits": {"memory": "2Gi"}}}),
            "resources",
            json!({"limits": {"memory": "2Gi"}, "requests": {"memory": "3Gi"}}),
            json!({"requests": {"memory": "3Gi"}}),
        ),
    ] {
        for on_conflict in ["Reject", "Keep", "Override"] {
            let settings = notebook_settings(json!({"dep": with(&ours, "/onConflict", json!(on_conflict))}));
            let stored = created(&notebook(json!({"containers": [{"name": "main"}]})), &settings).object;
            let stored = with(&stored, &format!("{CONTAINER}/{theirs}"), both.clone());
            for (at, [old, new]) in updates_of(&stored).iter().enumerate() {
                let outcome = updated(old, new, &settings);
                let is_kept = on_conflict == "Keep" && at > 0;
                assert_eq!(pending(&outcome.object), &if is_kept { Value::Null } else { json!("dep") });
                assert_eq!(spec(&outcome.object)["containers"][0][theirs], if is_kept { &kept } else { &both }.clone());
            }
        }
    }
}

/// The same of a field of the pod.
#[test]
fn what_excludes_a_field_of_the_pod_is_a_conflict_though_ours_is_in_its_place() {
    let settings = notebook_settings(json!({"dep": {"shareProcessNamespace": true}}));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
    let stored = with(&stored, &format!("{TEMPLATE}/hostPID"), json!(true));
    for [old, new] in updates_of(&stored) {
        let outcome = updated(&old, &new, &settings);
        assert_eq!((pending(&outcome.object), spec(&outcome.object)), (&json!("dep"), spec(&stored)));
    }
}

/// A volume that the dependency no longer brings stays as long as something of the user's mounts it, and goes once nothing
/// does. What else the dependency brings makes no difference.
#[test]
fn a_volume_that_stayed_for_a_mount_goes_with_the_next_stop() {
    for brought in [
        json!({"labels": {"a": "b"}}),
        json!({"env": [{"name": "A", "value": "1"}]}),
        json!({"serviceAccountName": "runner"}),
        json!({"env": [{"name": "A", "value": "1"}], "serviceAccountName": "runner"}),
    ] {
        let with_disk = with(&brought, "/volumes", json!([{"name": "disk", "emptyDir": {}}]));
        let [before, after] = [with_disk, brought].map(|dependency| notebook_settings(json!({"dep": dependency})));
        let stored = created(&notebook_with_env(json!({})), &before).object;
        let mounts = format!("{CONTAINER}/volumeMounts");
        let mount = json!([{"name": "disk", "mountPath": "/mine"}]);
        let mounting = updated(&stored, &with(&stored, &mounts, mount), &before).object;
        let still = updated(&mounting, &stopped(&mounting), &after);
        only_warning(&still, &["volume disk", "mounts it"]);
        assert_eq!(names(&spec(&still.object)["volumes"]), ["disk"]);
        // The mount went while nobody asked the policy.
        let without = with(&still.object, &mounts, None);
        let outcome = updated(&without, &culled(&without), &after);
        assert_eq!(spec(&outcome.object).get("volumes"), None);
    }
}

/// Settings that want nothing for this notebook leave nothing of a damaged record.
#[test]
fn a_damaged_record_is_said_where_nothing_is_wanted_too() {
    let settings = with(&settings(), "/notebooks", json!([]));
    let settings = with(&settings, "/pipelinePods", json!(["disk", "place", "proxy", "registry"]));
    let damaged = with(&injected(), INJECTED, json!("{"));
    let outcome = updated(&damaged, &culled(&damaged), &settings);
    assert_warns(&outcome, &["cannot be read"]);
}

/// Something in every sort of field.
fn all_fields() -> Value {
    json!({
        "lists": {
            "imagePullSecrets": [{"name": "s1"}, {"name": "s2"}],
            "tolerations": [{"key": "gpu", "operator": "Exists"}, {"key": "big", "value": "yes"}],
            "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
            "topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 1}],
            "sidecars": [{"name": "agent", "image": "agent:1", "env": [{"name": "IN", "value": "1"}]}],
            "initContainers": [{"name": "prepare", "image": "tool", "command": ["a", "b"]}],
        },
        "maps": {
            "labels": {"team": "a", "cost": "b"},
            "annotations": {"team": "a"},
            "nodeSelector": {"pool": "gpu", "zone": "a"},
            "securityContext": {"fsGroup": 100, "runAsNonRoot": true},
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]},
            ]}}},
            "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]},
        },
        "single": {
            "serviceAccountName": "runner",
            "runtimeClassName": "gvisor",
            "schedulerName": "mine",
            "priorityClassName": "high",
            "enableServiceLinks": false,
        },
        "inside": {
            "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "envFrom": [{"configMapRef": {"name": "c"}}],
            "volumes": [{"name": "v", "configMap": {"name": "c"}}, {"name": "w", "emptyDir": {"sizeLimit": "1Gi"}}],
            "volumeMounts": [{"name": "v", "mountPath": "/a/b"}, {"name": "w", "mountPath": "/w"}],
            "resources": {"limits": {"memory": "2Gi"}, "requests": {"cpu": "500m"}},
            "containerSecurityContext": {"allowPrivilegeEscalation": false},
            "imagePullPolicy": "Always",
            "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
        },
    })
}

/// The pointers to everything in `value`.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let below: Vec<_> = match value {
        Value::Object(members) => {
            members.iter().map(|(key, it)| (key.replace('~', "~0").replace('/', "~1"), it)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(at, it)| (at.to_string(), it)).collect(),
        _ => vec![],
    };
    for (key, value) in below {
        let at = format!("{at}/{key}");
        pointers(value, &at, found);
        found.push(at);
    }
}

/// What may have become of `value`, which is at `place` in `stored`, while nobody asked the policy.
fn mutants(stored: &Value, place: &str, value: &Value) -> Vec<Value> {
    let (holder, _) = place.rsplit_once('/').expect("a pointer");
    let set = |place: &str, value: Value| with(stored, place, value);
    let mut mutants = vec![with(stored, place, None), set(place, Value::Null)];
    match value {
        Value::String(_) => mutants.extend(["other", "default", ""].map(|text| set(place, json!(text)))),
        Value::Number(_) => mutants.push(set(place, json!(7))),
        Value::Bool(it) => mutants.push(set(place, json!(!it))),
        Value::Object(_) => mutants.extend([set(&format!("{place}/more"), json!("other")), set(place, json!({}))]),
        Value::Array(_) => mutants.push(set(place, json!([]))),
        Value::Null => {}
    }
    if let Some(list) = stored.pointer(holder).and_then(Value::as_array) {
        let mut rotated = list.clone();
        rotated.rotate_left(1);
        mutants.push(set(holder, rotated.into()));
        let last = format!("{holder}/-");
        mutants.push(set(&last, value.clone()));
        for member in ["value", "image", "subPath", "name"].into_iter().filter(|_| value.is_object()) {
            mutants.push(set(&last, with(value, &format!("/{member}"), json!("other"))));
        }
    }
    mutants
}

/// Whether containers share a name or have none, or the main one has lost its own: no API server stores the first two, and
/// in the last the record says the same of a container by another word.
fn has_odd_containers(object: &Value) -> bool {
    let mut containers = names(&spec(object)["containers"]);
    containers.sort_unstable();
    let count = containers.len();
    containers.dedup();
    containers.len() < count || containers.contains(&"") || !containers.contains(&"main")
}

/// Whatever became of any part of an injected notebook, in the template or in its labels: the answer is that of the one way.
#[test]
fn every_stored_state_is_answered_as_the_one_way_does() {
    let users = notebook(json!({
        "containers": [{"name": "main", "image": "jupyter", "env": [{"name": "MINE", "value": "1"}]}, {"name": "other"}],
        "volumes": [{"name": "mine", "emptyDir": {}}],
    }));
    let all = all_fields();
    let mut count = 0;
    for (name, dependency) in all.as_object().into_iter().flatten() {
        for (containers, on_conflict) in [("Main", "Reject"), ("All", "Keep"), ("Main", "Override")] {
            let dependency =
                with(&with(dependency, "/containers", json!(containers)), "/onConflict", json!(on_conflict));
            let settings = notebook_settings(json!({name.as_str(): dependency}));
            let stored = created(&users, &settings).object;
            let mut places = Vec::new();
            pointers(spec(&stored), TEMPLATE, &mut places);
            pointers(&stored["metadata"]["labels"], "/metadata/labels", &mut places);
            for place in places {
                let value = stored.pointer(&place).expect("it is there");
                let mutants = mutants(&stored, &place, value);
                for mutant in mutants.iter().filter(|mutant| !has_odd_containers(mutant)) {
                    for new in [culled(mutant), stopped(mutant)] {
                        assert_eq!(difference(mutant, &new, &settings), None, "{place}");
                        count += 1;
                    }
                }
            }
        }
    }
    assert!(count > 1000, "{count}");
}
