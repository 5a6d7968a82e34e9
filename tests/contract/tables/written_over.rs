//! What the user writes over ours, and what is taken away and cannot come back (contract, "Record").

use serde_json::{Value, json};

use super::again::{
    NO_PATCH, NO_WARNING, TEMPLATE, added, assert_warns, audit, created_again, env, names, notebook, notebook_with_env,
    only_warning, pending, retiring, spec, stopped, updated_again, variables, variables_of, wanting,
};
use super::objects::{created, notebook_settings, with};

const CONTAINER: &str = "/spec/template/spec/containers/0";
const VARIABLE: &str = "/spec/template/spec/containers/0/env/1/value";

/// Everything that a user can write over, and how: the dependency's fields, where the entry is in the object, what the user
/// makes of it, and what the record calls it.
fn written_over() -> Vec<(Value, &'static str, Value, &'static str, &'static str)> {
    vec![
        (json!({"env": [{"name": "A", "value": "ours"}]}), VARIABLE, json!("theirs"), "env", "A"),
        (
            json!({"volumes": [{"name": "v", "emptyDir": {}}], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}),
            "/spec/template/spec/containers/0/volumeMounts/0/subPath",
            json!("theirs"),
            "volumeMounts",
            "/v",
        ),
        (
            json!({"nodeSelector": {"pool": "ours"}}),
            "/spec/template/spec/nodeSelector/pool",
            json!("theirs"),
            "nodeSelector",
            "pool",
        ),
        (
            json!({"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["ours"]}]}),
            "/spec/template/spec/hostAliases/0/hostnames",
            json!(["theirs"]),
            "hostAliases",
            "10.0.0.1",
        ),
        (
            json!({"serviceAccountName": "ours"}),
            "/spec/template/spec/serviceAccountName",
            json!("theirs"),
            "spec",
            "serviceAccountName",
        ),
        (json!({"labels": {"team": "ours"}}), "/metadata/labels/team", json!("theirs"), "labels", "team"),
        (
            json!({"annotations": {"team": "ours"}}),
            "/metadata/annotations/team",
            json!("theirs"),
            "annotations",
            "team",
        ),
    ]
}

/// Volumes and containers, in the same form.
fn volumes_and_containers() -> Vec<(Value, &'static str, Value, &'static str, &'static str)> {
    vec![
        (
            json!({"volumes": [{"name": "v", "emptyDir": {}}]}),
            "/spec/template/spec/volumes/0",
            json!({"name": "v", "hostPath": {"path": "/"}}),
            "volumes",
            "v",
        ),
        (
            json!({"initContainers": [{"name": "agent", "image": "ours"}]}),
            "/spec/template/spec/initContainers/0/image",
            json!("theirs"),
            "initContainers",
            "agent",
        ),
        (
            json!({"sidecars": [{"name": "agent", "image": "ours"}]}),
            "/spec/template/spec/containers/1/image",
            json!("theirs"),
            "sidecars",
            "agent",
        ),
    ]
}

fn settings(dependency: &Value, on_conflict: &str) -> Value {
    notebook_settings(json!({"dep": with(dependency, "/onConflict", json!(on_conflict))}))
}

/// Under `Keep` a user who gives a variable of ours another value gets what he wants, with a warning, and once: it is his
/// from then on.
#[test]
fn under_keep_what_the_user_writes_over_ours_becomes_his() {
    for (dependency, pointer, theirs, place, key) in written_over() {
        let settings = settings(&dependency, "Keep");
        let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
        assert!(added(&stored)["dep"][place].as_array().is_some_and(|keys| keys.contains(&json!(key))), "{place}");
        for (before, after) in
            [(stored.clone(), stored.clone()), (stopped(&stored), stopped(&stored)), (stored.clone(), stopped(&stored))]
        {
            let sent = with(&after, pointer, theirs.clone());
            let outcome = updated_again(&before, &sent, &settings);
            assert_eq!(outcome.object.pointer(pointer), Some(&theirs), "{place}");
            assert_eq!(added(&outcome.object)["dep"].get(place), None, "{place}");
            only_warning(&outcome, &[key, "changed", "\"dep\""]);
            // It is his: the next update says nothing, and his is not taken away with the dependency.
            let outcome = updated_again(&outcome.object, &outcome.object, &settings);
            assert_eq!((outcome.patch, outcome.warnings), (NO_PATCH.to_vec(), Vec::<String>::new()), "{place}");
            let removed =
                updated_again(&outcome.object, &stopped(&outcome.object), &wanting(&[], json!({"dep": dependency})));
            assert_eq!(removed.object.pointer(pointer), Some(&theirs), "{place}");
        }
    }
}

/// What becomes his so is his change of the template: the restart is his, and what waited comes with it.
#[test]
fn what_becomes_his_is_his_change_of_the_template() {
    let proxy = with(&variables(json!({"A": "ours"})), "/onConflict", json!("Keep"));
    let dependencies = |secret: &str| json!({"proxy": proxy, "registry": {"imagePullSecrets": [{"name": secret}]}});
    let (before, after) = (notebook_settings(dependencies("old")), notebook_settings(dependencies("new")));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &before).object;
    let waits = updated_again(&stored, &stored, &after).object;
    assert_eq!(pending(&waits), "registry");
    let outcome = updated_again(&waits, &with(&waits, VARIABLE, json!("theirs")), &after);
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "A=theirs"]);
    assert_eq!(names(&spec(&outcome.object)["imagePullSecrets"]), ["new"]);
    assert_eq!((pending(&outcome.object), audit(&outcome, "dependencies")), (&Value::Null, "registry"));
    assert_eq!(audit(&outcome, "restored"), "");
}

/// Under `Reject` and `Override` ours is put back, with a warning that names it. The notebook is not restarted for it: its
/// template stays as it is stored.
#[test]
fn under_reject_and_override_ours_is_put_back() {
    for on_conflict in ["Reject", "Override"] {
        for (dependency, pointer, theirs, place, key) in [written_over(), volumes_and_containers()].concat() {
            let settings = settings(&dependency, on_conflict);
            let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
            for (before, after) in [
                (stored.clone(), stored.clone()),
                (stopped(&stored), stopped(&stored)),
                (stored.clone(), stopped(&stored)),
            ] {
                let outcome = updated_again(&before, &with(&after, pointer, theirs.clone()), &settings);
                assert_eq!(outcome.object, after, "{on_conflict} {place}");
                only_warning(&outcome, &[key, "put back", "\"dep\""]);
                let is_restored = pointer.starts_with(TEMPLATE) && before == stored && after == stored;
                assert_eq!(
                    audit(&outcome, "restored"),
                    if is_restored { "template" } else { "" },
                    "{on_conflict} {place}"
                );
            }
        }
    }
}

/// With a change of his own in the same request ours is put back, too, and his is kept.
#[test]
fn ours_is_put_back_beside_the_users_own_change() {
    let settings = settings(&variables(json!({"A": "ours"})), "Reject");
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
    let image = with(&stored, &format!("{CONTAINER}/image"), json!("new"));
    let outcome = updated_again(&stored, &with(&image, VARIABLE, json!("theirs")), &settings);
    assert_eq!(outcome.object, image);
    only_warning(&outcome, &["env A of container \"main\"", "put back", "\"dep\""]);
    assert_eq!(audit(&outcome, "restored"), "");
}

/// A volume or container is put back under `Keep` too: our mounts must never bind to a volume of the user's.
#[test]
fn a_volume_or_container_is_put_back_under_keep_too() {
    for (dependency, pointer, theirs, place, key) in volumes_and_containers() {
        let settings = settings(&dependency, "Keep");
        let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
        for after in [stored.clone(), stopped(&stored)] {
            let outcome = updated_again(&stored, &with(&after, pointer, theirs.clone()), &settings);
            assert_eq!(outcome.object, after, "{place}");
            only_warning(&outcome, &[key, "put back", "\"dep\""]);
            assert_eq!(added(&outcome.object), json!({"dep": {place: [key]}}));
        }
    }
}

/// A user who takes out what is ours gets it back without a word: so does everybody who applies his manifest again.
#[test]
fn what_is_missing_is_put_back_without_a_warning() {
    for on_conflict in ["Reject", "Keep", "Override"] {
        let settings = settings(&variables(json!({"A": "ours"})), on_conflict);
        let users = notebook_with_env(json!({"MINE": "1"}));
        let stored = created(&users, &settings).object;
        let outcome = updated_again(&stored, &users, &settings);
        assert_eq!((outcome.object, outcome.warnings), (stored, vec![]), "{on_conflict}");
    }
}

/// What the user writes over an entry that the settings changed meanwhile is his change all the same: under `Keep` it stays
/// his, under `Reject` the new one of ours comes.
#[test]
fn what_the_user_writes_over_counts_under_changed_settings_too() {
    let dependency = |value: &str| variables(json!({"A": value}));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings(&dependency("ours"), "Keep")).object;
    let sent = with(&stored, VARIABLE, json!("theirs"));
    let outcome = updated_again(&stored, &sent, &settings(&dependency("changed"), "Keep"));
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "A=theirs"]);
    only_warning(&outcome, &["env A of container \"main\""]);
    let outcome = updated_again(&stored, &stopped(&sent), &settings(&dependency("changed"), "Reject"));
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "A=changed"]);
    only_warning(&outcome, &["env A of container \"main\"", "put back"]);
}

/// What the user adds to an entry of ours is no word against it. Where the notebook does not run it stays; on one that runs
/// the template stays as it is stored, and he is told.
#[test]
fn what_the_user_adds_to_ours_stays_or_is_said_to_go() {
    for (dependency, pointer, theirs) in [
        (
            json!({"securityContext": {"seLinuxOptions": {"level": "s0"}}}),
            "/spec/template/spec/securityContext/seLinuxOptions/type",
            json!("theirs"),
        ),
        (
            json!({"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["ours"]}]}),
            "/spec/template/spec/hostAliases/0/hostnames",
            json!(["ours", "theirs"]),
        ),
        (
            json!({"sidecars": [{"name": "agent", "image": "ours"}]}),
            "/spec/template/spec/containers/1/env",
            json!([{"name": "B", "value": "theirs"}]),
        ),
        (
            json!({"volumes": [{"name": "v", "configMap": {"name": "c"}}]}),
            "/spec/template/spec/volumes/0/configMap/defaultMode",
            json!(256),
        ),
    ] {
        for on_conflict in ["Reject", "Override", "Keep"] {
            let settings = settings(&dependency, on_conflict);
            let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
            let sent = with(&stored, pointer, theirs.clone());
            let is_kept = on_conflict == "Keep" && !pointer.contains("containers/1") && !pointer.contains("volumes");
            let outcome = updated_again(&stored, &sent, &settings);
            if is_kept {
                assert_eq!((spec(&outcome.object), added(&outcome.object)), (spec(&sent), json!({})), "{pointer}");
                only_warning(&outcome, &["changed", "yours now"]);
            } else {
                assert_eq!((&outcome.object, audit(&outcome, "restored")), (&stored, "template"), "{pointer}");
                only_warning(&outcome, &["changed", "put back"]);
            }
            let outcome = updated_again(&stopped(&stored), &stopped(&sent), &settings);
            assert_eq!(
                (spec(&outcome.object), outcome.warnings.len()),
                (spec(&sent), usize::from(is_kept)),
                "{pointer}"
            );
        }
    }
}

/// `Override` replaced a variable of the user's, and his manifest still has it. When the dependency goes or becomes `Keep`,
/// the manifest applied again is no change of his: the notebook goes on running, and he has his own back once he applies it
/// to one that is stopped.
#[test]
fn what_was_overridden_comes_again_without_a_restart() {
    let dependency = variables(json!({"A": "ours"}));
    let other = json!({"imagePullSecrets": [{"name": "gpr"}]});
    let with_other = |on_conflict: &str, wanted: &[&str]| {
        let dep = with(&dependency, "/onConflict", json!(on_conflict));
        wanting(wanted, json!({"dep": dep, "other": other}))
    };
    let users = notebook_with_env(json!({"A": "mine"}));
    let stored = created(&users, &with_other("Override", &["dep"])).object;
    let gone = with_other("Override", &["other"]);
    for (after, waits) in [
        (with_other("Override", &["dep", "other"]), "other"),
        (with_other("Keep", &["dep", "other"]), "other"),
        (retiring(&["dep"], &gone), "other,dep"),
        (gone, "other,dep"),
    ] {
        let outcome = updated_again(&stored, &users, &after);
        assert_eq!(spec(&outcome.object), spec(&stored));
        assert_eq!(pending(&outcome.object), waits);
        assert_eq!(audit(&outcome, "restored"), "template");
        let outcome = updated_again(&stored, &stopped(&users), &after);
        let is_overridden = after["dependencies"]["dep"]["onConflict"] == "Override" && waits == "other";
        assert_eq!(variables_of(&outcome.object), [if is_overridden { "A=ours" } else { "A=mine" }]);
        assert_warns(&outcome, &["env A"]);
    }
}

/// What he makes of a volume or container of ours that is removed in the same request goes with it, and is said; so it is by
/// name with one field of the pod among others.
#[test]
fn what_is_written_over_and_removed_is_said() {
    let priority = json!({"priorityClassName": "ours", "serviceAccountName": "ours"});
    let more = (priority, "/spec/template/spec/priorityClassName", json!("theirs"), "spec", "priorityClassName");
    for (dependency, pointer, theirs, _, key) in [volumes_and_containers(), vec![more]].concat() {
        let stored = stopped(&created(&notebook_with_env(json!({})), &settings(&dependency, "Reject")).object);
        let sent = with(&stored, pointer, theirs);
        let outcome = updated_again(&stored, &sent, &retiring(&["dep"], &settings(&dependency, "Reject")));
        let words = if key == "priorityClassName" { "yours now" } else { "is removed with dependency" };
        only_warning(&outcome, &[key, "was changed", words]);
    }
}

/// A user writes a variable that `Override` replaces in the very request: the restart is his, in a second call too.
#[test]
fn what_is_overridden_as_the_user_writes_it_is_his_change() {
    let settings = settings(&variables(json!({"A": "ours"})), "Override");
    let users = notebook_with_env(json!({"MINE": "1"}));
    let outcome = updated_again(&users, &notebook_with_env(json!({"MINE": "1", "A": "mine"})), &settings);
    assert_eq!(variables_of(&outcome.object), ["A=ours", "MINE=1"]);
    assert_eq!((pending(&outcome.object), audit(&outcome, "restored")), (&Value::Null, ""));
}

/// What had stood there is no change of his: what is in conflict beside it waits, in a second call too.
#[test]
fn what_is_overridden_where_it_stood_is_no_change() {
    let with_on_conflict =
        |name: &str, on_conflict: &str| with(&variables(json!({name: "ours"})), "/onConflict", json!(on_conflict));
    let dependencies = json!({"o": with_on_conflict("A", "Override"), "r": with_on_conflict("B", "Reject")});
    let settings = with(&notebook_settings(dependencies), "/runningNotebooks", json!("Restart"));
    let users = notebook_with_env(json!({"A": "mine", "B": "mine"}));
    let outcome = updated_again(&users, &users, &settings);
    assert_eq!(
        (variables_of(&outcome.object), pending(&outcome.object)),
        (vec!["A=ours".into(), "B=mine".into()], &json!("r"))
    );
}

/// A dependency replaced variables of the user's, lets him keep his now, and waits for a conflict: his come again, in each
/// container, and are not recorded any more.
#[test]
fn what_was_overridden_comes_again_while_its_dependency_waits() {
    let dependency = with(&variables(json!({"A": "ours"})), "/containers", json!("All"));
    let volume = |source: &str| json!([{"name": "v", source: {}}]);
    let users = notebook(json!({
        "containers": [
            {"name": "main", "env": env(json!({"A": "mine"}))},
            {"name": "second", "env": env(json!({"A": "mine"}))},
        ],
        "volumes": volume("emptyDir"),
    }));
    let stored = created(&users, &settings(&dependency, "Override")).object;
    assert_eq!(added(&stored), json!({"dep": {"env": ["A"], "env/second": ["A"]}}));
    let after = settings(&with(&dependency, "/volumes", json!([{"name": "v", "configMap": {"name": "ours"}}])), "Keep");
    let outcome = updated_again(&stopped(&stored), &stopped(&users), &after);
    assert_eq!((spec(&outcome.object), pending(&outcome.object)), (spec(&users), &json!("dep")));
    assert_eq!(added(&outcome.object), json!({"dep": {}}));
}

/// A user mounts a volume of ours in a container of his own. The dependency goes: its volume stays until he does not mount
/// it any more, or the pod would never start.
#[test]
fn a_volume_that_the_user_still_mounts_stays_until_nothing_does() {
    let dependencies = json!({
        "data": {"volumes": [{"name": "data", "emptyDir": {}}], "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        "other": {"labels": {"other": "yes"}},
    });
    let (before, after) = (wanting(&["data"], dependencies.clone()), wanting(&["other"], dependencies));
    let users = notebook(json!({
        "containers": [{"name": "main", "image": "jupyter"}],
        "initContainers": [{"name": "prepare", "image": "tool"}],
    }));
    let mount = json!([{"name": "data", "mountPath": "/prepared"}]);
    let device = json!([{"name": "data", "devicePath": "/dev/x"}]);
    for (list, member, mount) in [
        ("initContainers", "volumeMounts", &mount),
        ("initContainers", "volumeDevices", &device),
        ("containers", "volumeDevices", &device),
    ] {
        let stored = created(&users, &before).object;
        let pointer = format!("{TEMPLATE}/{list}/0/{member}");
        let mounting = updated_again(&stored, &with(&stored, &pointer, mount.clone()), &before).object;
        let outcome = updated_again(&mounting, &stopped(&mounting), &after);
        assert_eq!(names(&spec(&outcome.object)["volumes"]), ["data"], "{list} {member}");
        assert_eq!(spec(&outcome.object)["containers"][0].get("volumeMounts"), None, "{list} {member}");
        assert_eq!(added(&outcome.object)["data"], json!({"volumes": ["data"]}), "{list} {member}");
        only_warning(&outcome, &["volume data", "\"data\"", "mount"]);

        let stored = outcome.object;
        let outcome = updated_again(&stored, &with(&stored, &pointer, None), &after);
        assert_eq!(spec(&outcome.object).get("volumes"), None, "{list} {member}");
        assert_eq!(added(&outcome.object), json!({"other": {"labels": ["other"]}}), "{list} {member}");
        assert_eq!(outcome.warnings, NO_WARNING, "{list} {member}");
    }
}

/// In the main container, too, and where the notebook runs: what waits is the mount, not the volume.
#[test]
fn a_volume_stays_for_a_mount_of_the_users_in_the_main_container() {
    let dependencies =
        json!({"data": {"volumes": [{"name": "data", "emptyDir": {}}]}, "other": {"labels": {"other": "yes"}}});
    let (before, after) = (wanting(&["data"], dependencies.clone()), wanting(&["other"], dependencies));
    let stored = created(&notebook_with_env(json!({})), &before).object;
    let mount = json!([{"name": "data", "mountPath": "/mine"}]);
    let mounting = updated_again(&stored, &with(&stored, &format!("{CONTAINER}/volumeMounts"), mount), &before).object;
    for sent in [mounting.clone(), stopped(&mounting), with(&mounting, &format!("{CONTAINER}/image"), json!("new"))] {
        let outcome = updated_again(&mounting, &sent, &after);
        assert_eq!(spec(&outcome.object), spec(&sent));
        assert_eq!(added(&outcome.object)["data"], json!({"volumes": ["data"]}));
        // Not at every tick of the culler.
        if sent == mounting {
            assert_eq!(outcome.warnings, NO_WARNING);
        } else {
            assert_warns(&outcome, &["volume data", "mount"]);
        }
        assert_eq!(audit(&outcome, "removed"), "");
    }
    // A mount of another dependency of ours is not the user's: both go together.
    let mounted_by_ours = json!({
        "data": {"volumes": [{"name": "data", "emptyDir": {}}]},
        "mount": {"volumes": [{"name": "data", "emptyDir": {}}], "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        "other": {"labels": {"other": "yes"}},
    });
    let stored = created(&notebook_with_env(json!({})), &wanting(&["data", "mount"], mounted_by_ours.clone())).object;
    let outcome = updated_again(&stored, &stopped(&stored), &wanting(&["other"], mounted_by_ours));
    assert_eq!(spec(&outcome.object).get("volumes"), None);
    assert_eq!(outcome.warnings, NO_WARNING);
}

/// What the dependency of such a volume brings now has its own hash in the record: what the user adds to it stays.
#[test]
fn a_volume_that_stays_leaves_the_hash_to_what_is_brought() {
    let volumes = |names: &[&str]| -> Value {
        names.iter().map(|name| json!({"name": name, "configMap": {"name": "c"}})).collect()
    };
    let settings = |names: &[&str]| notebook_settings(json!({"dep": {"volumes": volumes(names)}}));
    let mounts = json!([{"name": "old", "mountPath": "/old"}]);
    let users = notebook(json!({"containers": [{"name": "main", "volumeMounts": mounts}]}));
    let stored = stopped(&created(&users, &settings(&["old"])).object);
    let upgraded = updated_again(&stored, &stored, &settings(&["new"])).object;
    assert_eq!(added(&upgraded), json!({"dep": {"volumes": ["old", "new"]}}));
    let mode = with(&upgraded, &format!("{TEMPLATE}/volumes/1/configMap/defaultMode"), json!(256));
    assert_eq!(names(&spec(&mode)["volumes"]), ["old", "new"]);
    assert_eq!(updated_again(&upgraded, &mode, &settings(&["new"])).object, mode);
}

/// `Override` replaced a variable of the user's. When it is taken away, a warning says that his own does not come back.
#[test]
fn when_what_replaced_the_users_is_taken_away_a_warning_says_that_his_is_not_restored() {
    let dependency = json!({
        "onConflict": "Override",
        "env": [{"name": "A", "value": "ours"}, {"name": "B", "value": "ours"}],
        "serviceAccountName": "ours",
    });
    let dependencies = json!({"dep": dependency, "other": {"labels": {"other": "yes"}}});
    let users =
        with(&notebook_with_env(json!({"A": "mine"})), &format!("{TEMPLATE}/serviceAccountName"), json!("mine"));
    let stored = created_again(&users, &wanting(&["dep"], dependencies.clone())).object;
    let settings = wanting(&["other"], dependencies);
    let outcome = updated_again(&stored, &stopped(&stored), &settings);
    assert_eq!(spec(&outcome.object), &json!({"containers": [{"name": "main", "image": "jupyter"}]}));
    assert_eq!(outcome.warnings.len(), 2, "not for B, which was never the user's: {:?}", outcome.warnings);
    assert_warns(&outcome, &["env A of container \"main\"", "\"dep\"", "not restored"]);
    assert_warns(&outcome, &["serviceAccountName", "\"dep\"", "not restored"]);
    // Not while it only waits.
    let waits = updated_again(&stored, &stored, &settings);
    assert!(!waits.warnings.iter().any(|warning| warning.contains("not restored")), "{:?}", waits.warnings);
}

/// An upgrade that no longer brings a variable which replaced the user's says so as well; one that changes its value does
/// not.
#[test]
fn an_upgrade_says_it_too_where_it_drops_what_replaced_the_users() {
    let dependency =
        |variables: Value| notebook_settings(json!({"dep": {"onConflict": "Override", "env": env(variables)}}));
    let stored = created(&notebook_with_env(json!({"A": "mine"})), &dependency(json!({"A": "ours", "B": "1"}))).object;
    let dropped = updated_again(&stored, &stopped(&stored), &dependency(json!({"B": "1"})));
    only_warning(&dropped, &["env A", "not restored"]);
    let changed = updated_again(&stored, &stopped(&stored), &dependency(json!({"A": "changed", "B": "1"})));
    assert_eq!(variables_of(&changed.object), ["A=changed", "B=1"]);
    assert_eq!(changed.warnings, NO_WARNING);
}
