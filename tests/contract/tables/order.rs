//! Where entries stand (contract, "Order"): ours among themselves in the order of the settings, the user's where they are.

use serde_json::{Value, json};

use super::again::{created_again, names, notebook, spec, stopped, updated_again, variables_of, wanting};
use super::objects::{Kind, created, with};

/// The lists in which order can mean something: the field, where its list is in the pod spec, and an entry that is called
/// `name` by its member.
type List = (&'static str, &'static str, fn(&str) -> Value);

const LISTS: [List; 9] = [
    ("imagePullSecrets", "/imagePullSecrets", |name| json!({"name": name})),
    ("volumes", "/volumes", |name| json!({"name": name, "emptyDir": {}})),
    ("initContainers", "/initContainers", |name| json!({"name": name, "image": "tool"})),
    ("sidecars", "/containers", |name| json!({"name": name, "image": "tool"})),
    ("tolerations", "/tolerations", |name| json!({"key": name, "operator": "Exists"})),
    ("hostAliases", "/hostAliases", |name| json!({"ip": format!("10.0.0.{}", number(name)), "hostnames": [name]})),
    ("env", "/containers/0/env", |name| json!({"name": name, "value": name})),
    ("envFrom", "/containers/0/envFrom", |name| json!({"configMapRef": {"name": name}})),
    ("volumeMounts", "/containers/0/volumeMounts", |name| json!({"name": "v", "mountPath": format!("/{name}")})),
];

fn number(name: &str) -> usize {
    name.bytes().map(usize::from).sum::<usize>() % 256
}

/// A dependency for each name, which brings an entry of this name.
fn dependencies((field, _, entry): List) -> Value {
    let mut dependencies = json!({});
    for name in ["a", "b", "c"] {
        dependencies[name] = json!({field: [entry(name)]});
        if field == "volumeMounts" {
            dependencies[name]["volumes"] = json!([{"name": "v", "emptyDir": {}}]);
        }
    }
    dependencies
}

/// An object with these entries in the list, and nothing else but what it needs.
fn object(kind: Kind, (field, pointer, entry): List, entries: &[&str]) -> Value {
    let entries: Vec<_> = entries.iter().copied().map(entry).collect();
    let mut pod_spec = json!({"containers": [{"name": "main", "image": "jupyter"}]});
    if field == "sidecars" {
        pod_spec["containers"].as_array_mut().expect("a list").extend(entries);
        return kind.object(pod_spec);
    }
    kind.object(with(&pod_spec, pointer, json!(entries)))
}

/// The entries of the list, by name.
fn entries(object: &Value, kind: Kind, (field, pointer, entry): List, all: &[&'static str]) -> Vec<&'static str> {
    let list = object.pointer(&format!("{}{pointer}", kind.pod_spec())).and_then(Value::as_array);
    let list = list.into_iter().flatten().skip(usize::from(field == "sidecars"));
    list.map(|it| *all.iter().find(|name| entry(name) == *it).unwrap_or_else(|| panic!("unknown: {it}"))).collect()
}

/// What is new goes behind the user's, in the order of the settings.
#[test]
fn ours_go_behind_the_users_in_the_order_of_the_settings() {
    for kind in Kind::ALL {
        for list in LISTS {
            let users = object(kind, list, &["x", "y"]);
            for wanted in [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]] {
                let settings = kind.settings_for(dependencies(list), &wanted);
                let after = created_again(&users, &settings).object;
                let found = entries(&after, kind, list, &["x", "y", "a", "b", "c"]);
                assert_eq!(found, [&["x", "y"], &wanted[..]].concat(), "{kind:?} {}", list.0);
            }
        }
    }
}

/// After an upgrade ours fill the places that ours had, so that they stand in the order of the settings still: here the
/// list is turned around. The user's entries between them stay where they are.
#[test]
fn after_an_upgrade_ours_fill_the_places_that_ours_had() {
    for kind in Kind::ALL {
        for list in LISTS {
            let before =
                created(&object(kind, list, &["x"]), &kind.settings_for(dependencies(list), &["a", "b"])).object;
            let before = insert(&before, kind, list, 2, "y");
            let before = insert(&before, kind, list, 4, "z");
            let all = ["x", "y", "z", "a", "b", "c"];
            assert_eq!(entries(&before, kind, list, &all), ["x", "a", "y", "b", "z"]);
            let settings = kind.settings_for(dependencies(list), &["b", "a"]);
            let after = created_again(&before, &settings).object;
            assert_eq!(entries(&after, kind, list, &all), ["x", "b", "y", "a", "z"], "{kind:?} {}", list.0);
        }
    }
}

/// `object` with an entry of the user's put at a place of the list.
fn insert(object: &Value, kind: Kind, (field, pointer, entry): List, at: usize, name: &str) -> Value {
    let mut object = object.clone();
    let list = object.pointer_mut(&format!("{}{pointer}", kind.pod_spec())).and_then(Value::as_array_mut);
    list.expect("a list").insert(at + usize::from(field == "sidecars"), entry(name));
    object
}

/// A further one stands right behind the one before it, and so before what the user wrote behind ours.
#[test]
fn a_further_one_stands_right_behind_the_one_before_it() {
    for kind in Kind::ALL {
        for list in LISTS {
            let before =
                created(&object(kind, list, &["x"]), &kind.settings_for(dependencies(list), &["a", "b"])).object;
            let before = insert(&before, kind, list, 3, "z");
            let all = ["x", "z", "a", "b", "c"];
            assert_eq!(entries(&before, kind, list, &all), ["x", "a", "b", "z"]);
            for wanted in [["a", "b", "c"], ["a", "c", "b"], ["c", "a", "b"]] {
                let settings = kind.settings_for(dependencies(list), &wanted);
                let after = created_again(&before, &settings).object;
                let expected = [&["x"], &wanted[..], &["z"]].concat();
                assert_eq!(entries(&after, kind, list, &all), expected, "{kind:?} {}", list.0);
            }
        }
    }
}

/// The user's entries never move, whatever ours do: nothing is between them that was not, and they are in their order.
#[test]
fn the_users_entries_never_move() {
    let lists: [&[&str]; 8] =
        [&["a", "b", "c"], &["c", "b", "a"], &["b", "a"], &["c", "a"], &["b"], &["a", "c"], &["c"], &["b", "c", "a"]];
    for list in LISTS {
        let kind = Kind::Notebook;
        let all = ["x", "y", "z", "a", "b", "c"];
        let mut stored = created(&object(kind, list, &["x"]), &kind.settings_for(dependencies(list), &["a"])).object;
        stored = insert(&stored, kind, list, 2, "y");
        stored = insert(&stored, kind, list, 3, "z");
        for wanted in lists {
            let settings = kind.settings_for(dependencies(list), wanted);
            stored = updated_again(&stored, &stored, &settings).object;
            let found = entries(&stored, kind, list, &all);
            let (users, ours): (Vec<_>, Vec<_>) = found.iter().copied().partition(|name| "xyz".contains(name));
            assert_eq!(users, ["x", "y", "z"], "{}: {found:?}", list.0);
            assert_eq!(ours, wanted, "{}: {found:?}", list.0);
            assert_eq!(found.first(), Some(&"x"), "{}: {found:?}", list.0);
        }
    }
}

/// A variable that a later one refers to with `$(BASE)` comes with an upgrade: it must stand before it, or the reference
/// stays text.
#[test]
fn a_variable_that_another_refers_to_stands_before_it_after_an_upgrade() {
    let url = json!({"env": [{"name": "URL", "value": "$(BASE)/path"}]});
    let base = json!({"env": [{"name": "BASE", "value": "http://base"}]});
    let before = wanting(&["url"], json!({"url": url}));
    let after = wanting(&["base", "url"], json!({"url": url, "base": base}));
    let one = json!({"env": [{"name": "BASE", "value": "http://base"}, {"name": "URL", "value": "$(BASE)/path"}]});
    let users = notebook(json!({"containers": [{"name": "main", "env": [{"name": "MINE", "value": "1"}]}]}));
    let expected = ["MINE=1", "BASE=http://base", "URL=$(BASE)/path", "LATER=2"];

    let stored = created(&users, &before).object;
    let stored = with(&stored, "/spec/template/spec/containers/0/env/-", json!({"name": "LATER", "value": "2"}));
    assert_eq!(variables_of(&updated_again(&stored, &stopped(&stored), &after).object), expected);
    // The same within one dependency.
    assert_eq!(
        variables_of(&updated_again(&stored, &stopped(&stored), &wanting(&["url"], json!({"url": one}))).object),
        expected
    );
    // A copy of it.
    assert_eq!(variables_of(&created_again(&stored, &after).object), expected);
}

/// Init containers run one after another: what fetches comes before what uses, after an upgrade too.
#[test]
fn init_containers_run_in_the_order_of_the_settings_after_an_upgrade() {
    let init = |name: &str, is_first: bool| json!({"initContainers": [{"name": name, "image": "tool"}], "initContainersFirst": is_first});
    let users = json!({"containers": [{"name": "main"}], "initContainers": [{"name": "mine", "image": "tool"}]});
    for (is_first, expected) in [(false, ["mine", "fetch", "check", "use"]), (true, ["fetch", "check", "use", "mine"])]
    {
        for kind in Kind::ALL {
            let all = json!({"fetch": init("fetch", is_first), "check": init("check", is_first), "use": init("use", is_first)});
            let users = kind.object(users.clone());
            for earlier in [&["use"][..], &["fetch"], &["check"], &["fetch", "use"], &["use", "fetch"]] {
                let stored = created(&users, &kind.settings_for(all.clone(), earlier)).object;
                let settings = kind.settings_for(all.clone(), &["fetch", "check", "use"]);
                let after = created_again(&stored, &settings).object;
                let list = after.pointer(&format!("{}/initContainers", kind.pod_spec())).expect("init containers");
                assert_eq!(names(list), expected, "{kind:?}, after {earlier:?}");
            }
        }
    }
}

/// What `Override` puts in the user's place is in this order too: it is ours then, and so is its place.
#[test]
fn what_override_puts_in_the_users_place_is_in_order_too() {
    for kind in Kind::ALL {
        for list in LISTS.into_iter().filter(|(field, ..)| *field != "tolerations" && *field != "envFrom") {
            let (field, _, _) = list;
            let mut all = dependencies(list);
            for dependency in all.as_object_mut().expect("dependencies").values_mut() {
                dependency["onConflict"] = json!("Override");
                // Another value under the key that the user has.
                match field {
                    "volumes" => {
                        dependency[field][0] = with(&dependency[field][0], "/emptyDir/medium", json!("Memory"))
                    }
                    "initContainers" | "sidecars" => dependency[field][0]["image"] = json!("other"),
                    "env" => dependency[field][0]["value"] = json!("other"),
                    "hostAliases" => dependency[field][0]["hostnames"] = json!(["other"]),
                    "volumeMounts" => dependency[field][0]["readOnly"] = json!(true),
                    _ => {}
                }
            }
            if field == "imagePullSecrets" {
                continue;
            }
            // The user has what stands second in the settings before his own, and what stands third behind it.
            let users = object(kind, list, &["b", "x", "c"]);
            let settings = kind.settings_for(all, &["a", "b", "c"]);
            let after = created_again(&users, &settings).object;
            let list = after.pointer(&format!("{}{}", kind.pod_spec(), list.1)).and_then(Value::as_array);
            let list: Vec<_> = list.into_iter().flatten().skip(usize::from(field == "sidecars")).collect();
            let is_ours = |at: usize, name: &str| {
                let pointer = match field {
                    "hostAliases" => "/ip",
                    "volumeMounts" => "/mountPath",
                    _ => "/name",
                };
                let key = list.get(at).and_then(|it| it.pointer(pointer)).and_then(Value::as_str).unwrap_or_default();
                key.trim_start_matches('/') == name || key == format!("10.0.0.{}", number(name))
            };
            let is_in_order = is_ours(0, "a") && is_ours(1, "b") && is_ours(2, "x") && is_ours(3, "c");
            assert!(is_in_order && list.len() == 4, "{kind:?} {field}: {list:?}");
        }
    }
}

/// The order of a dependency's own entries is that of the settings too, and an entry whose value is changed keeps its
/// place among them.
#[test]
fn the_entries_of_one_dependency_stay_in_order() {
    let secrets = |names: &[&str]| {
        let secrets: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
        wanting(&["dep"], json!({"dep": {"imagePullSecrets": secrets}}))
    };
    let users = notebook(json!({"containers": [{"name": "main"}], "imagePullSecrets": [{"name": "mine"}]}));
    let mut stored = created(&users, &secrets(&["b"])).object;
    stored = with(&stored, "/spec/template/spec/imagePullSecrets/-", json!({"name": "later"}));
    for (wanted, expected) in [
        (&["a", "b"][..], &["mine", "a", "b", "later"][..]),
        (&["a", "b", "c"], &["mine", "a", "b", "c", "later"]),
        (&["c", "a"], &["mine", "c", "a", "later"]),
        (&["d"], &["mine", "d", "later"]),
    ] {
        stored = updated_again(&stored, &stopped(&stored), &secrets(wanted)).object;
        assert_eq!(names(&spec(&stored)["imagePullSecrets"]), expected);
    }
}

/// `envFirst` puts `env` and `envFrom` before the user's: of two `envFrom` with one variable the later one counts, so that
/// the user's does. It is so after an upgrade too, and a further entry goes among ours.
#[test]
fn with_env_first_ours_go_before_the_users() {
    for kind in Kind::ALL {
        for list in LISTS.into_iter().filter(|(field, ..)| field.starts_with("env")) {
            let all = ["x", "y", "a", "b", "c"];
            let first = |names: &[&str]| {
                let mut dependencies = dependencies(list);
                names.iter().for_each(|name| dependencies[name]["envFirst"] = json!(true));
                dependencies
            };
            let users = object(kind, list, &["x", "y"]);
            let settings = kind.settings_for(first(&["a", "b", "c"]), &["b", "a"]);
            let before = created_again(&users, &settings).object;
            assert_eq!(entries(&before, kind, list, &all), ["b", "a", "x", "y"], "{kind:?} {}", list.0);
            for wanted in [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]] {
                let settings = kind.settings_for(first(&["a", "b", "c"]), &wanted);
                let after = created_again(&before, &settings).object;
                assert_eq!(
                    entries(&after, kind, list, &all),
                    [&wanted[..], &["x", "y"]].concat(),
                    "{kind:?} {}",
                    list.0
                );
            }
            // Each dependency for itself.
            let settings = kind.settings_for(first(&["b"]), &["a", "b", "c"]);
            let after = created_again(&users, &settings).object;
            assert_eq!(entries(&after, kind, list, &all), ["b", "x", "y", "a", "c"], "{kind:?} {}", list.0);
        }
    }
}

/// Once it stands somewhere, ours stays there: to set `envFirst`, or to take it off, moves nothing.
#[test]
fn to_toggle_env_first_moves_nothing() {
    for kind in Kind::ALL {
        for list in LISTS.into_iter().filter(|(field, ..)| field.starts_with("env")) {
            for (is_first, expected) in [(false, ["x", "a"]), (true, ["a", "x"])] {
                let settings = |is_first: bool| {
                    kind.settings_for(with(&dependencies(list), "/a/envFirst", json!(is_first)), &["a"])
                };
                let before = created_again(&object(kind, list, &["x"]), &settings(is_first)).object;
                let after = created_again(&before, &settings(!is_first)).object;
                for object in [before, after] {
                    assert_eq!(entries(&object, kind, list, &["x", "a"]), expected, "{kind:?} {} {is_first}", list.0);
                }
            }
        }
    }
}

/// It is about variables alone.
#[test]
fn env_first_moves_no_mounts() {
    for kind in Kind::ALL {
        for list in LISTS.into_iter().filter(|(field, ..)| !field.starts_with("env")) {
            let settings = kind.settings_for(with(&dependencies(list), "/a/envFirst", json!(true)), &["a"]);
            let after = created(&object(kind, list, &["x"]), &settings).object;
            assert_eq!(entries(&after, kind, list, &["x", "a"]), ["x", "a"], "{kind:?} {}", list.0);
        }
    }
}
