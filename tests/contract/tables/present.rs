//! Already there means: contains it (contract, "Already present"). What is present beyond ours may add to it; where it
//! undoes ours, it is a conflict.

use serde_json::{Value, json};

use super::again::{NO_PATCH, added, created_again, only_warning, refusal, spec, updated_again};
use super::objects::{Kind, created, notebook_settings, with};

/// An object of this kind in which the user has `theirs` in a list of the pod spec.
fn object(kind: Kind, list: &str, theirs: &Value) -> Value {
    let mut pod_spec = json!({"containers": [{"name": "main", "image": "jupyter"}]});
    let mut entries = pod_spec[list].as_array().cloned().unwrap_or_default();
    entries.push(theirs.clone());
    pod_spec[list] = entries.into();
    kind.object(pod_spec)
}

/// What is present in a list of the pod spec, which the settings call `field`: whether it counts as what a dependency
/// brings. It is left as it is then, and is no conflict.
fn is_present(kind: Kind, list: &str, field: &str, theirs: &Value, ours: &Value) -> bool {
    let mut dependency = json!({field: [ours]});
    let mut object = object(kind, list, theirs);
    // The mounts of what is compared have their volumes.
    if field == "initContainers" || field == "sidecars" {
        dependency["volumes"] = json!([{"name": "v", "emptyDir": {}}]);
        let path = format!("{}/volumes", kind.pod_spec());
        object = with(&object, &path, json!([{"name": "v", "emptyDir": {}}]));
    }
    is_left_as_it_is(&object, &kind.settings(json!({"dep": dependency})))
}

/// Whether what settings bring is there already; else it must be a conflict.
fn is_left_as_it_is(object: &Value, settings: &Value) -> bool {
    match refusal(object, settings) {
        Some(message) => {
            assert!(message.contains("is set already and differs from what dependency \"dep\" brings"), "{message}");
            false
        }
        None => {
            let outcome = created_again(object, settings);
            assert_eq!(outcome.patch, NO_PATCH, "{object:#}\n{settings:#}");
            true
        }
    }
}

/// Asserts of a container or init container of the user's that it counts as ours, or does not.
fn assert_container(theirs: &Value, ours: &Value, is_contained: bool) {
    let named = |container: &Value| with(&with(container, "/name", json!("agent")), "/image", json!("agent:1"));
    let (theirs, ours) = (named(theirs), named(ours));
    for kind in Kind::ALL {
        for (list, field) in [("initContainers", "initContainers"), ("containers", "sidecars")] {
            let found = is_present(kind, list, field, &theirs, &ours);
            assert_eq!(found, is_contained, "{kind:?} {field}: {theirs} contains {ours}");
        }
    }
}

/// A user wrote the platform's toleration himself, and the API server completed it: he is not refused, and does not get
/// it twice.
#[test]
fn a_toleration_that_the_server_completed_is_present() {
    let ours = json!({"key": "gpu", "value": "yes", "effect": "NoSchedule"});
    let completed = with(&ours, "/operator", json!("Equal"));
    for kind in Kind::ALL {
        for (theirs, ours) in [(&completed, &ours), (&ours, &completed)] {
            assert!(is_present(kind, "tolerations", "tolerations", theirs, ours), "{kind:?}: {theirs} contains {ours}");
        }
        // Another operator is another toleration, and comes beside the user's.
        let exists = json!({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"});
        let settings = kind.settings(json!({"dep": {"tolerations": [ours]}}));
        let outcome = created_again(&object(kind, "tolerations", &exists), &settings);
        let tolerations = outcome.object.pointer(&format!("{}/tolerations", kind.pod_spec()));
        assert_eq!(tolerations, Some(&json!([exists, ours])));
    }
}

/// A user gave the platform's container more of what does not change what it does: it stays as he has it.
#[test]
fn beyond_ours_an_entry_may_have_what_adds_to_it() {
    let ours = json!({
        "env": [{"name": "A", "value": "1"}],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
        "resources": {"limits": {"cpu": "1"}},
    });
    for (pointer, more) in [
        ("/env/-", json!({"name": "B", "value": "2"})),
        ("/volumeMounts/-", json!({"name": "v", "mountPath": "/w"})),
        ("/resources/requests", json!({"cpu": "500m"})),
        ("/resources/limits/memory", json!("1Gi")),
        ("/ports", json!([{"containerPort": 8080}])),
        ("/imagePullPolicy", json!("Always")),
        ("/terminationMessagePath", json!("/dev/termination-log")),
    ] {
        assert_container(&with(&ours, pointer, more), &ours, true);
    }
}

/// `command: [sleep, infinity]` on the platform's mandatory container is refused.
#[test]
fn a_command_counts_only_as_ours_has_it() {
    assert_container(&json!({"command": ["sleep", "infinity"]}), &json!({}), false);
    assert_container(&json!({"command": ["run", "more"]}), &json!({"command": ["run"]}), false);
    assert_container(&json!({}), &json!({"command": ["run"]}), false);
    assert_container(&json!({"command": ["run"]}), &json!({"command": ["run"]}), true);
    assert_container(&json!({"command": []}), &json!({}), true);
}

/// `args: [--help]` on the platform's mandatory container is refused.
#[test]
fn args_count_only_as_ours_has_them() {
    assert_container(&json!({"args": ["--help"]}), &json!({}), false);
    assert_container(&json!({"args": ["a", "--help"]}), &json!({"args": ["a"]}), false);
    assert_container(&json!({"args": ["a"]}), &json!({"args": ["a"]}), true);
}

/// A hook that kills the platform's container is refused. What the server adds to a hook of ours is not.
#[test]
fn a_lifecycle_counts_only_as_ours_has_it() {
    let kill = json!({"exec": {"command": ["kill", "1"]}});
    let get = json!({"httpGet": {"port": 8080}});
    let completed = json!({"httpGet": {"port": 8080, "path": "/", "scheme": "HTTP"}});
    let lifecycle = |hooks: Value| json!({"lifecycle": hooks});
    for kind in Kind::ALL {
        let is_present = |theirs: &Value, ours: &Value| {
            let [theirs, ours] = [theirs, ours]
                .map(|container| with(&with(container, "/name", json!("agent")), "/image", json!("agent:1")));
            is_present(kind, "containers", "sidecars", &theirs, &ours)
        };
        assert!(!is_present(&lifecycle(json!({"postStart": kill})), &json!({})));
        let both = lifecycle(json!({"postStart": kill, "preStop": get}));
        assert!(!is_present(&both, &lifecycle(json!({"preStop": get}))));
        assert!(is_present(&lifecycle(json!({"preStop": completed})), &lifecycle(json!({"preStop": get}))));
    }
}

/// More rights for the platform's container than it was given are refused.
#[test]
fn a_container_security_context_counts_only_as_ours_has_it() {
    let ours = json!({"securityContext": {"allowPrivilegeEscalation": false}});
    assert_container(&json!({"securityContext": {"runAsUser": 0}}), &json!({}), false);
    assert_container(&with(&ours, "/securityContext/runAsUser", json!(0)), &ours, false);
    assert_container(&json!({"securityContext": {}}), &json!({}), true);
    assert_container(&ours, &ours, true);
}

/// Another working directory is another `./run.sh`.
#[test]
fn a_working_directory_counts_only_as_ours_has_it() {
    assert_container(&json!({"workingDir": "/tmp"}), &json!({}), false);
    assert_container(&json!({"workingDir": "/tmp"}), &json!({"workingDir": "/app"}), false);
    assert_container(&json!({"workingDir": ""}), &json!({}), true);
    assert_container(&json!({"workingDir": "/app"}), &json!({"workingDir": "/app"}), true);
}

/// Variables from a ConfigMap of the user's could be any: they are refused in the platform's container.
#[test]
fn env_from_counts_only_as_ours_has_it() {
    let from = |name: &str| json!({"configMapRef": {"name": name}});
    assert_container(&json!({"envFrom": [from("theirs")]}), &json!({}), false);
    assert_container(&json!({"envFrom": [from("ours"), from("theirs")]}), &json!({"envFrom": [from("ours")]}), false);
    assert_container(&json!({"envFrom": [from("ours")]}), &json!({"envFrom": [from("ours")]}), true);
    assert_container(
        &json!({"envFrom": [{"prefix": "", "configMapRef": {"name": "ours"}}]}),
        &json!({"envFrom": [from("ours")]}),
        true,
    );
}

/// An init container with `restartPolicy: Always` is not waited for: what it should prepare is not there.
#[test]
fn a_restart_policy_counts_only_as_ours_has_it() {
    assert_container(&json!({"restartPolicy": "Always"}), &json!({}), false);
    for kind in Kind::ALL {
        let plain = json!({"name": "agent", "image": "agent:1"});
        let always = with(&plain, "/restartPolicy", json!("Always"));
        assert!(!is_present(kind, "initContainers", "initContainers", &always, &plain));
    }
}

/// Of two variables of one name the last counts: a second one behind ours would take its place.
#[test]
fn a_later_variable_of_the_same_name_is_not_beside_ours() {
    let variable = |value: &str| json!({"name": "A", "value": value});
    let other = json!({"name": "B", "value": "2"});
    let ours = json!({"env": [variable("1"), other]});
    assert_container(&json!({"env": [variable("1"), other, variable("theirs")]}), &ours, false);
    assert_container(&json!({"env": [variable("1"), other, variable("1")]}), &ours, true);
    assert_container(&json!({"env": [variable("theirs"), variable("1"), other]}), &ours, true);
    // In the user's own containers it is the same.
    for kind in Kind::ALL {
        let settings = kind.settings(json!({"dep": {"env": [variable("1")]}}));
        let object = |env: Value| kind.object(json!({"containers": [{"name": "main", "env": env}]}));
        assert!(!is_left_as_it_is(&object(json!([variable("1"), variable("theirs")])), &settings), "{kind:?}");
        assert!(is_left_as_it_is(&object(json!([variable("1"), variable("1")])), &settings), "{kind:?}");
    }
}

/// The terms of a node selector are alternatives: a further one lets the pod run where ours does not.
#[test]
fn a_further_node_selector_term_is_not_beside_ours() {
    let term = |zone: &str| json!({"matchExpressions": [{"key": "zone", "operator": "In", "values": [zone]}]});
    let affinity = |terms: Value| json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}});
    let ours = affinity(json!([term("a")]));
    let preferred = json!([{"weight": 1, "preference": term("b")}]);
    let also_preferred = with(&ours, "/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution", preferred);
    let narrower = affinity(json!([{"matchExpressions": [
        {"key": "zone", "operator": "In", "values": ["a"]},
        {"key": "gpu", "operator": "Exists"},
    ]}]));
    for kind in Kind::ALL {
        let settings = kind.settings(json!({"dep": {"affinity": ours}}));
        for (theirs, is_contained) in [
            (affinity(json!([term("a"), term("b")])), false),
            (affinity(json!([term("b"), term("a")])), false),
            (ours.clone(), true),
            // What asks for more adds to it.
            (also_preferred.clone(), true),
            (narrower.clone(), true),
        ] {
            let object = kind.object(json!({"containers": [{"name": "main"}], "affinity": theirs}));
            assert_eq!(is_left_as_it_is(&object, &settings), is_contained, "{kind:?}: {object:#}");
        }
    }
}

/// The mounts of a user who has the platform's volume at the platform's path, in his container and in the platform's.
fn assert_mount(theirs: Value, ours: Value, is_contained: bool) {
    let place = |mount: &Value| with(&with(mount, "/name", json!("v")), "/mountPath", json!("/v"));
    let (theirs, ours) = (place(&theirs), place(&ours));
    for kind in Kind::ALL {
        let volumes = json!([{"name": "v", "emptyDir": {}}]);
        let settings = kind.settings(json!({"dep": {"volumes": volumes, "volumeMounts": [ours]}}));
        let object =
            kind.object(json!({"containers": [{"name": "main", "volumeMounts": [theirs]}], "volumes": volumes}));
        assert_eq!(is_left_as_it_is(&object, &settings), is_contained, "{kind:?}: {theirs} contains {ours}");
    }
    assert_container(&json!({"volumeMounts": [theirs]}), &json!({"volumeMounts": [ours]}), is_contained);
}

/// Another part of the volume is not what the platform mounts.
#[test]
fn a_sub_path_counts_only_as_ours_has_it() {
    assert_mount(json!({"subPath": "other"}), json!({}), false);
    assert_mount(json!({}), json!({"subPath": "ours"}), false);
    assert_mount(json!({"subPath": "other"}), json!({"subPath": "ours"}), false);
    assert_mount(json!({"subPath": ""}), json!({}), true);
    assert_mount(json!({"subPath": "ours"}), json!({"subPath": "ours"}), true);
    assert_mount(json!({"mountPropagation": "None"}), json!({}), true);
}

/// Secrets cannot be written to what is mounted read-only.
#[test]
fn read_only_counts_only_as_ours_has_it() {
    assert_mount(json!({"readOnly": true}), json!({}), false);
    assert_mount(json!({}), json!({"readOnly": true}), false);
    assert_mount(json!({"readOnly": false}), json!({}), true);
    assert_mount(json!({"readOnly": true}), json!({"readOnly": true}), true);
}

/// With `items` a volume has only these files: not those that the platform's mounts need.
#[test]
fn other_items_of_a_volume_are_not_beside_ours() {
    let item = |key: &str| json!({"key": key, "path": key});
    let cases = [
        (json!([item("theirs")]), Value::Null, false),
        (json!([item("ours"), item("theirs")]), json!([item("ours")]), false),
        (Value::Null, json!([item("ours")]), false),
        (json!([item("ours")]), json!([item("ours")]), true),
        (json!([]), Value::Null, true),
    ];
    for kind in Kind::ALL {
        for (theirs, ours, is_contained) in &cases {
            for (source, name) in [("configMap", "name"), ("secret", "secretName")] {
                let volume = |items: &Value| json!({"name": "v", source: {name: "ca", "items": items}});
                let completed = with(&volume(theirs), &format!("/{source}/defaultMode"), json!(420));
                let mut ours = volume(ours);
                if ours[source]["items"].is_null() {
                    ours = with(&ours, &format!("/{source}/items"), None);
                }
                let found = is_present(kind, "volumes", "volumes", &completed, &ours);
                assert_eq!(found, *is_contained, "{kind:?}: {completed} contains {ours}");
            }
        }
    }
}

/// Under unchanged settings, too, an entry of ours stays only while it contains ours: what undoes it is put back.
#[test]
fn what_undoes_an_entry_of_ours_is_put_back() {
    let agent = json!({"name": "agent", "image": "agent:1"});
    let settings = notebook_settings(json!({"dep": {"sidecars": [agent]}}));
    let users = Kind::Notebook.object(json!({"containers": [{"name": "main", "image": "jupyter"}]}));
    let stored = created(&users, &settings).object;
    let path = "/spec/template/spec/containers/1";
    assert_eq!(stored.pointer(path), Some(&agent));
    let undone = with(&stored, &format!("{path}/command"), json!(["sleep", "infinity"]));
    // A copy of the stored object, and an update.
    assert_eq!(created_again(&undone, &settings).object, stored);
    let outcome = updated_again(&stored, &undone, &settings);
    assert_eq!(outcome.object, stored);
    only_warning(&outcome, &["container agent", "put back", "\"dep\""]);
    // What adds to it stays.
    let more = with(&stored, &format!("{path}/ports"), json!([{"containerPort": 8080}]));
    let outcome = created_again(&more, &settings);
    assert_eq!(spec(&outcome.object), spec(&more));
    assert_eq!(added(&outcome.object), json!({"dep": {"sidecars": ["agent"]}}));
}

/// A mount that is there with the server's defaults, a volume with its mode: nothing is written, whatever `onConflict`.
#[test]
fn what_is_present_stays_under_each_on_conflict() {
    let ours = json!({"name": "v", "configMap": {"name": "ca"}});
    let theirs = json!({"name": "v", "configMap": {"name": "ca", "defaultMode": 420}});
    for kind in Kind::ALL {
        for on_conflict in ["Reject", "Keep", "Override"] {
            let settings = kind.settings(json!({"dep": {"volumes": [ours], "onConflict": on_conflict}}));
            let outcome = created_again(&object(kind, "volumes", &theirs), &settings);
            assert_eq!((outcome.patch, outcome.warnings), (NO_PATCH.to_vec(), vec![]), "{kind:?} {on_conflict}");
        }
    }
}
