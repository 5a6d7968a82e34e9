//! Which entries are managed and which are the user's: the record, upgrades, removals, conflicts in all three modes of
//! `onConflict`, and the messages and warnings.

use serde_json::{Value, json};

use super::objects::{Kind, create, created, refused, split_annotations, update, updated, with};
use crate::evaluator::{Outcome, run};

const INJECTED: &str = "/metadata/annotations/mutatingflow.nais.io~1injected";

fn notebook(pod_spec: Value) -> Value {
    Kind::Notebook.object(pod_spec)
}

/// The pod spec of a Notebook.
fn spec(notebook: &Value) -> &Value {
    &notebook["spec"]["template"]["spec"]
}

/// A pod spec with the user's entries in many fields.
fn users_spec() -> Value {
    json!({
        "containers": [{"name": "main", "env": [{"name": "MINE", "value": "1"}], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "imagePullSecrets": [{"name": "mine"}],
    })
}

fn platform() -> Value {
    json!({
        "registry": {"imagePullSecrets": [{"name": "registry"}]},
        "agent": {
            "initContainers": [{"name": "agent", "image": "agent:1"}],
            "env": [{"name": "AGENT", "value": "a"}, {"name": "MODE", "value": "b"}],
            "volumes": [{"name": "s", "emptyDir": {}}],
            "volumeMounts": [{"name": "s", "mountPath": "/s"}],
        },
    })
}

fn settings(dependencies: Value) -> Value {
    Kind::Notebook.settings(dependencies)
}

/// The user's Notebook with `dependencies` added, and then with another of the user's entries at the end of each list.
fn injected(dependencies: Value) -> Value {
    let after = created(&notebook(users_spec()), &settings(dependencies)).object;
    [
        ("containers/0/env/-", json!({"name": "LATER", "value": "2"})),
        ("containers/0/volumeMounts/-", json!({"name": "w", "mountPath": "/w"})),
        ("volumes/-", json!({"name": "w", "emptyDir": {}})),
        ("imagePullSecrets/-", json!({"name": "later"})),
    ]
    .into_iter()
    .fold(after, |after, (at, value)| with(&after, &format!("/spec/template/spec/{at}"), value))
}

/// `stored`, changed by nobody, under these settings: what the stored record names may be taken away.
fn upgraded(stored: &Value, settings: &Value) -> Outcome {
    updated(stored, stored, settings)
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|entry| entry["name"].as_str().unwrap_or("?")).collect()
}

#[test]
fn the_record_names_what_was_added_and_where() {
    let after = created(&notebook(users_spec()), &settings(platform())).object;
    let record = json!({
        "agent": {
            "initContainers": ["agent"],
            "env": ["AGENT", "MODE"],
            "volumes": ["s"],
            "volumeMounts": ["/s"],
        },
        "registry": {"imagePullSecrets": ["registry"]},
    });
    assert_eq!(split_annotations(&after).record, record);
    let text = after.pointer(INJECTED).and_then(Value::as_str).expect("a record");
    assert!(!text.contains(char::is_whitespace), "it is compact: {text}");
    assert!(!text.contains("agent:1"), "keys, never values: {text}");

    // What was there before is not managed.
    let both = with(&notebook(users_spec()), "/spec/template/spec/imagePullSecrets/-", json!({"name": "registry"}));
    let after = created(&both, &settings(platform())).object;
    assert_eq!(split_annotations(&after).record.get("registry"), None);
    let removed = upgraded(&after, &Kind::Notebook.settings_for(platform(), &[])).object;
    assert_eq!(removed, both);
}

/// A changed version, value or name: the user's entries keep their places. On a CREATE what is renamed stays beside the
/// new one, since only the stored record takes away.
#[test]
fn changed_settings_replace_managed_entries() {
    let changed = |pointer: &str, value: Option<Value>| with(&platform(), pointer, value);
    let env = ["MINE", "AGENT", "MODE", "LATER"].as_slice();
    let secrets = ["mine", "registry", "later"].as_slice();
    let cases = [
        (
            "an image",
            changed("/agent/initContainers/0/image", Some(json!("agent:2"))),
            [(env, secrets), (env, secrets)],
        ),
        ("a value", changed("/agent/env/0/value", Some(json!("changed"))), [(env, secrets), (env, secrets)]),
        (
            "a secret",
            changed("/registry/imagePullSecrets/0/name", Some(json!("renamed"))),
            [(env, &["mine", "renamed", "later"]), (env, &["mine", "registry", "later", "renamed"])],
        ),
        (
            "a variable",
            changed("/agent/env/0/name", Some(json!("RENAMED"))),
            [
                (&["MINE", "RENAMED", "MODE", "LATER"], secrets),
                (&["MINE", "AGENT", "RENAMED", "MODE", "LATER"], secrets),
            ],
        ),
    ];
    for (name, dependencies, [on_update, on_create]) in cases {
        let before = injected(platform());
        let settings = settings(dependencies.clone());
        let none = Kind::Notebook.settings_for(dependencies, &[]);
        for (outcome, (env, secrets)) in
            [(upgraded(&before, &settings), on_update), (created(&before, &settings), on_create)]
        {
            assert_eq!(names(&spec(&outcome.object)["containers"][0]["env"]), env, "{name}");
            assert_eq!(names(&spec(&outcome.object)["imagePullSecrets"]), secrets, "{name}");
            assert_eq!(names(&spec(&outcome.object)["volumes"]), ["v", "s", "w"], "{name}");
            assert_eq!(outcome.warnings, [] as [&str; 0], "{name}");
            assert_eq!(outcome.audit.len(), 1, "only that dependency: {name}");
            assert_eq!(created(&outcome.object, &settings).patch, [] as [Value; 0], "{name}");
            assert_eq!(upgraded(&outcome.object, &settings).patch, [] as [Value; 0], "{name}");
        }

        // Without the managed entries it is the user's object.
        let users = upgraded(&upgraded(&before, &settings).object, &none).object;
        assert_eq!(users, without_platform(&before), "{name}");
    }
}

/// `injected` without the managed entries, written by hand.
fn without_platform(injected: &Value) -> Value {
    let mut users = split_annotations(injected).object;
    let pod_spec = &mut users["spec"]["template"]["spec"];
    pod_spec["containers"][0]["env"] = json!([{"name": "MINE", "value": "1"}, {"name": "LATER", "value": "2"}]);
    pod_spec["containers"][0]["volumeMounts"] =
        json!([{"name": "v", "mountPath": "/v"}, {"name": "w", "mountPath": "/w"}]);
    pod_spec["volumes"] = json!([{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}]);
    pod_spec["imagePullSecrets"] = json!([{"name": "mine"}, {"name": "later"}]);
    pod_spec.as_object_mut().expect("an object").remove("initContainers");
    users
}

/// A volume source of `{}` is a source of its kind, so that another one is a change (contract, "Equality").
#[test]
fn a_managed_volume_changes_its_source() {
    let volume = |source: &str| settings(json!({"scratch": {"volumes": [{"name": "s", source: {}}]}}));
    let before = created(&notebook(users_spec()), &volume("emptyDir")).object;
    let after = created(&before, &volume("downwardAPI")).object;
    assert_eq!(spec(&after)["volumes"][1], json!({"name": "s", "downwardAPI": {}}));
    assert_eq!(created(&after, &volume("downwardAPI")).patch, [] as [Value; 0]);
}

#[test]
fn a_dependency_that_is_no_longer_listed_is_removed() {
    let before = injected(platform());
    for (wanted, removed) in [(&["registry"][..], "agent"), (&["agent"], "registry"), (&[], "agent,registry")] {
        let settings = Kind::Notebook.settings_for(platform(), wanted);
        let outcome = upgraded(&before, &settings);
        let stays: Vec<_> = split_annotations(&outcome.object)
            .record
            .as_object()
            .into_iter()
            .flat_map(|it| it.keys().cloned())
            .collect();
        assert_eq!(stays, wanted);
        assert_eq!(outcome.audit, [("removed".to_owned(), removed.to_owned())].into());
        assert_eq!(created(&outcome.object, &settings).patch, [] as [Value; 0]);
    }
    let none = Kind::Notebook.settings_for(platform(), &[]);
    assert_eq!(upgraded(&before, &none).object, without_platform(&before));

    // The client's record takes nothing away: on a copy what is not wanted stays, and nobody manages it.
    let copied = created(&before, &none);
    assert_eq!(copied.object, split_annotations(&before).object);
    assert_eq!((copied.warnings, copied.audit), (vec![], [].into()));
}

/// An entry that another dependency brings now is managed by that one, and keeps its place. Where the settings do not know
/// the one before, it belongs to another policy, and stays that one's.
#[test]
fn an_entry_moves_to_another_dependency() {
    let registry = || json!({"imagePullSecrets": [{"name": "registry"}]});
    let before = injected(json!({"old": registry()}));
    let new = settings(json!({"new": registry()}));
    let defined = Kind::Notebook.settings_for(json!({"old": registry(), "new": registry()}), &["new"]);
    let retired = with(&new, "/retired", json!(["old"]));
    for (settings, owner) in [(&defined, "new"), (&retired, "new"), (&new, "old")] {
        for outcome in [upgraded(&before, settings), created(&before, settings)] {
            assert_eq!(names(&spec(&outcome.object)["imagePullSecrets"]), ["mine", "registry", "later"]);
            let record = json!({owner: {"imagePullSecrets": ["registry"]}});
            assert_eq!(split_annotations(&outcome.object).record, record);
            let unknown = (owner == "old").then(|| ("unknown".to_owned(), "old".to_owned()));
            assert_eq!(outcome.audit, unknown.into_iter().collect());
        }
    }
}

/// The same entry twice is no conflict: the first listed dependency manages it, and the second once the first is gone.
#[test]
fn two_dependencies_may_bring_the_same_entry() {
    let dependencies = json!({
        "a": {"env": [{"name": "A", "value": "1"}], "imagePullSecrets": [{"name": "registry"}]},
        "b": {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
    });
    let list = |wanted: &[&str]| Kind::Notebook.settings_for(dependencies.clone(), wanted);
    let both = created(&notebook(users_spec()), &list(&["a", "b"])).object;
    assert_eq!(names(&spec(&both)["containers"][0]["env"]), ["MINE", "A", "B"]);
    let record = json!({"a": {"env": ["A"], "imagePullSecrets": ["registry"]}, "b": {"env": ["B"]}});
    assert_eq!(split_annotations(&both).record, record);
    for (one, secrets) in
        [(upgraded(&both, &list(&["b"])), &["mine"][..]), (created(&both, &list(&["b"])), &["mine", "registry"])]
    {
        assert_eq!(names(&spec(&one.object)["containers"][0]["env"]), ["MINE", "A", "B"]);
        assert_eq!(names(&spec(&one.object)["imagePullSecrets"]), secrets);
        assert_eq!(split_annotations(&one.object).record, json!({"b": {"env": ["A", "B"]}}));
    }
}

/// A Notebook is created from the stored manifest of another one.
#[test]
fn the_record_counts_on_a_copied_object() {
    let copy = with(&injected(platform()), "/metadata/name", json!("copy"));
    let changed = with(&platform(), "/agent/env/0/value", json!("changed"));
    let after = created(&copy, &settings(changed)).object;
    assert_eq!(spec(&after)["containers"][0]["env"][1], json!({"name": "AGENT", "value": "changed"}));
}

/// An update without the annotations loses neither the user's entries nor the managed ones.
#[test]
fn a_put_without_annotations_loses_nothing() {
    let stored = injected(platform());
    let without = with(&stored, "/metadata/annotations", None);
    let outcome = run(update(stored.clone(), without.clone()), settings(platform()));
    assert_eq!(outcome.object, stored);

    // Nor does an update without the managed entries.
    let manifest = without_platform(&stored);
    let outcome = run(update(stored.clone(), manifest.clone()), settings(platform()));
    assert_eq!(split_annotations(&outcome.object).record, split_annotations(&stored).record);
    assert_eq!(upgraded(&outcome.object, &Kind::Notebook.settings_for(platform(), &[])).object, manifest);

    // What is no longer wanted is removed nevertheless.
    let outcome = run(update(stored, without), Kind::Notebook.settings_for(platform(), &[]));
    assert_eq!(outcome.object, manifest);
}

/// It takes nothing away, whatever it says.
#[test]
fn a_forged_record_can_only_let_entries_be_replaced_that_are_wanted() {
    let record =
        |added: Value| json!(json!({"Notebook": {"agent": {"hash": "0000000000000000", "added": added}}}).to_string());
    let object = with(&notebook(users_spec()), "/metadata/annotations", json!({}));
    let forged = |added| with(&object, INJECTED, record(added));
    let none = Kind::Notebook.settings_for(platform(), &[]);

    // On a CREATE, and on an UPDATE beside the stored one.
    let greedy = forged(json!({"env": ["MINE"], "env/main": ["MINE"], "volumes": ["v"], "imagePullSecrets": ["mine"]}));
    for settings in [&none, &settings(json!({"agent": {"labels": {"a": "b"}}}))] {
        for outcome in [created(&greedy, settings), updated(&object, &greedy, settings)] {
            assert_eq!(spec(&outcome.object), &users_spec());
            assert_eq!(outcome.warnings, [] as [&str; 0]);
            assert_eq!(outcome.audit.get("removed"), None);
        }
    }

    // The record that is kept of a dependency which is left out has only what that wants.
    let dependency =
        json!({"env": [{"name": "A"}], "volumes": [{"name": "v", "emptyDir": {}}], "containers": ["away"]});
    let left_out = settings(json!({"agent": dependency}));
    for (added, kept) in [
        (json!({"env": ["MINE"], "imagePullSecrets": ["mine"]}), json!({})),
        (json!({"env": ["MINE"], "env/away": ["A"], "volumes": ["v"]}), json!({"env/away": ["A"], "volumes": ["v"]})),
    ] {
        let outcome = created(&forged(added), &left_out);
        assert_eq!(spec(&outcome.object), &users_spec());
        let record = split_annotations(&outcome.object).record;
        assert_eq!(record.get("agent").unwrap_or(&json!({})), &kept);
    }

    // On the stored object, only these entries are removed, and no volume that is still mounted.
    let outcome = upgraded(&greedy, &none);
    let mut rest = users_spec();
    rest["containers"][0].as_object_mut().expect("an object").remove("env");
    rest.as_object_mut().expect("an object").remove("imagePullSecrets");
    let injected = split_annotations(&outcome.object);
    assert_eq!((injected.object, injected.record), (notebook(rest), json!({"agent": {"volumes": ["v"]}})));

    // They are replaced, where the request would be refused otherwise.
    let dependencies = json!({"agent": {"env": [{"name": "MINE", "value": "ours"}]}});
    assert!(
        refused(&object, &settings(dependencies.clone())).starts_with("env MINE of container \"main\" is set already")
    );
    for place in ["env", "env/main"] {
        let after = created(&forged(json!({place: ["MINE"]})), &settings(dependencies.clone())).object;
        assert_eq!(spec(&after)["containers"][0]["env"], json!([{"name": "MINE", "value": "ours"}]));
    }

    // Unknown places, keys and containers are ignored, and so is everything outside of the fields.
    for added in [
        json!({}),
        json!({"env": []}),
        json!({"env": ["MISSING"], "env/missing": ["MINE"], "env/": ["MINE"], "envs": ["MINE"], "env/main/": ["MINE"]}),
        json!({"containers": ["main"], "containers/main": ["env"], "metadata": ["name"], "": [""], "spec": ["containers", "volumes"]}),
    ] {
        let forged = forged(added);
        for outcome in [created(&forged, &none), upgraded(&forged, &none)] {
            assert_eq!(outcome.object, notebook(users_spec()), "{forged:#}");
        }
    }

    // A record of entries that are missing does not keep them from being added.
    let claiming = created(&notebook(users_spec()), &settings(platform())).object;
    let claiming = with(&notebook(users_spec()), "/metadata/annotations", claiming["metadata"]["annotations"].clone());
    let honest = created(&notebook(users_spec()), &settings(platform())).object;
    assert_eq!(created(&claiming, &settings(platform())).object, honest);
}

#[test]
fn a_damaged_record_owns_nothing_with_a_warning() {
    let warning = "annotation mutatingflow.nais.io/injected cannot be read and is ignored";
    for damaged in [
        "",
        "null",
        "[]",
        "{",
        "{}x",
        "{\"Notebook\":1}",
        "{\"Notebook\":{\"agent\":1}}",
        "{\"Notebook\":{\"agent\":{\"hash\":1,\"added\":{}}}}",
        "{\"Notebook\":{\"agent\":{\"hash\":\"0\"}}}",
        "{\"Notebook\":{\"agent\":{\"hash\":\"0\",\"added\":{\"env\":\"AGENT\"}}}}",
        "{\"Notebook\":{\"agent\":{\"hash\":\"0\",\"added\":{},\"overridden\":[]}}}",
        "{\"Pod\":7}",
        // As version 0.1.0 wrote it.
        "{\"agent\":1}",
        "{\"agent\":{\"hash\":1,\"added\":{}}}",
        "\u{1F680}",
    ] {
        let object = with(&injected(platform()), INJECTED, json!(damaged));
        let outcome = created(&object, &settings(platform()));
        // All entries are there, and none is managed: both annotations are removed.
        assert_eq!(split_annotations(&outcome.object).record, Value::Null, "{damaged}");
        assert_eq!(
            split_annotations(&outcome.object).object,
            split_annotations(&injected(platform())).object,
            "{damaged}"
        );
        assert_eq!(outcome.warnings, [warning], "{damaged}");
    }
    // The stored record counts, where it can be read.
    let stored = injected(platform());
    let damaged = with(&stored, INJECTED, json!("damaged"));
    let outcome = run(update(stored.clone(), damaged), settings(platform()));
    assert_eq!((outcome.object, outcome.warnings), (stored, vec![warning.to_owned()]));
}

/// Containers and init containers share their names. A Notebook with a name twice would be stored, and never start.
#[test]
fn a_pod_has_each_container_name_once() {
    let init = |image: &str| json!({"initContainers": [{"name": "agent", "image": image}]});
    let sidecar = |image: &str| json!({"sidecars": [{"name": "agent", "image": image}]});
    let with_users = |list: &str| {
        let mut spec = users_spec();
        let entries = spec[list].as_array().cloned().unwrap_or_default();
        spec[list] = entries.into_iter().chain([json!({"name": "agent", "image": "theirs"})]).collect();
        notebook(spec)
    };
    for on_conflict in ["Reject", "Keep", "Override"] {
        for (list, brings, what) in [
            ("containers", init("ours"), ("container", "init container")),
            ("initContainers", sidecar("ours"), ("init container", "container")),
        ] {
            let (present, added) = what;
            let brings = with(&brings, "/onConflict", json!(on_conflict));
            assert_eq!(
                refused(&with_users(list), &settings(json!({"agent": brings}))),
                format!(
                    "{present} agent is set already and dependency \"agent\" uses this name for its {added}; remove it or \
                     give it another name, or ask your platform team about dependency \"agent\""
                )
            );
        }
    }
    // A managed container may become an init container, and the other way round.
    for (before, after) in [(init("1"), sidecar("2")), (sidecar("1"), init("2"))] {
        let [before, after] = [before, after].map(|brings| settings(json!({"agent": brings})));
        let stored = created(&notebook(users_spec()), &before).object;
        let outcome = run(update(stored, created(&notebook(users_spec()), &before).object), after.clone());
        assert_eq!(
            split_annotations(&outcome.object),
            split_annotations(&created(&notebook(users_spec()), &after).object)
        );
    }
}

/// In the order in which entries are added, and without values.
#[test]
fn every_conflict_is_in_one_message() {
    let object = notebook(json!({
        "containers": [{
            "name": "main",
            "env": [{"name": "HTTP_PROXY", "value": "hidden"}],
            "volumeMounts": [{"name": "v", "mountPath": "/s"}],
        }],
        "volumes": [{"name": "s", "hostPath": {"path": "/hidden"}}],
        "nodeSelector": {"pool": "hidden"},
        "serviceAccountName": "hidden",
    }));
    let dependencies = json!({
        "place": {"nodeSelector": {"pool": "gpu"}, "serviceAccountName": "runner"},
        "proxy": {"proxy": {"httpProxy": "http://proxy"}},
        "secrets": {"volumes": [{"name": "s", "emptyDir": {}}], "volumeMounts": [{"name": "s", "mountPath": "/s"}]},
    });
    let message = [
        "nodeSelector pool is set already and differs from what dependency \"place\" brings; remove it, or ask your platform team to let dependency \"place\" keep it",
        "env HTTP_PROXY of container \"main\" is set already and differs from what dependency \"proxy\" brings; remove it, or ask your platform team to let dependency \"proxy\" keep it",
        "volumeMount /s of container \"main\" is set already and differs from what dependency \"secrets\" brings; remove it, or ask your platform team to let dependency \"secrets\" keep it",
        "volume s is set already and differs from what dependency \"secrets\" brings; remove it or give it another name, or ask your platform team about dependency \"secrets\"",
        "serviceAccountName is set already and differs from what dependency \"place\" brings; remove it, or ask your platform team to let dependency \"place\" keep it",
    ];
    assert_eq!(refused(&object, &settings(dependencies)), message.join("\n"));
}

/// Each dependency has its own `onConflict`. Ours stand together and in the order of the settings, from the place of the
/// one that was replaced.
#[test]
fn keep_and_override_side_by_side() {
    let object = notebook(json!({"containers": [{
        "name": "main",
        "env": [{"name": "A", "value": "mine"}, {"name": "B", "value": "mine"}, {"name": "C", "value": "mine"}],
    }]}));
    let env = |name: &str, on_conflict: &str| json!({"env": [{"name": name, "value": "ours"}, {"name": format!("{name}2"), "value": "ours"}], "onConflict": on_conflict});
    let outcome = created(&object, &settings(json!({"keeps": env("A", "Keep"), "overrides": env("B", "Override")})));
    assert_eq!(
        spec(&outcome.object)["containers"][0]["env"],
        json!([
            {"name": "A", "value": "mine"},
            {"name": "A2", "value": "ours"},
            {"name": "B", "value": "ours"},
            {"name": "B2", "value": "ours"},
            {"name": "C", "value": "mine"},
        ])
    );
    assert_eq!(
        split_annotations(&outcome.object).record,
        json!({"keeps": {"env": ["A2"]}, "overrides": {"env": ["B", "B2"], "overridden": {"env": ["B"]}}})
    );
    assert_eq!(
        outcome.warnings,
        [
            "env A of container \"main\" is set already and stays; what dependency \"keeps\" brings for it is left out",
            "env B of container \"main\" was set already and is replaced by what dependency \"overrides\" brings",
        ]
    );
    for key in ["mine", "ours"] {
        assert!(!outcome.warnings.iter().any(|warning| warning.contains(key)), "names, never values");
    }
}

/// The same variable may be the user's in one container and managed in another.
#[test]
fn a_conflict_is_per_container() {
    let object = notebook(json!({"containers": [
        {"name": "main", "env": [{"name": "A", "value": "mine"}]},
        {"name": "second"},
    ]}));
    let dependencies = |on_conflict: &str| json!({"dep": {"env": [{"name": "A", "value": "ours"}], "containers": "All", "onConflict": on_conflict}});
    let outcome = created(&object, &settings(dependencies("Keep")));
    assert_eq!(split_annotations(&outcome.object).record, json!({"dep": {"env/second": ["A"]}}));
    assert_eq!(outcome.warnings.len(), 1);
    let outcome = created(&object, &settings(dependencies("Override")));
    assert_eq!(
        split_annotations(&outcome.object).record,
        json!({"dep": {"env": ["A"], "env/second": ["A"], "overridden": {"env": ["A"]}}})
    );
}

#[test]
fn a_variable_has_a_value_or_a_source_never_both() {
    let value = json!({"name": "A", "value": "1"});
    let source = json!({"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}});
    for (present, desired) in [(&value, &source), (&source, &value)] {
        let object = notebook(json!({"containers": [{"name": "main", "env": [present]}]}));
        let dependencies = |on_conflict: &str| json!({"dep": {"env": [desired], "onConflict": on_conflict}});
        assert!(refused(&object, &settings(dependencies("Reject"))).starts_with("env A of container \"main\""));
        for (on_conflict, env) in [("Keep", present), ("Override", desired)] {
            let after = created(&object, &settings(dependencies(on_conflict))).object;
            assert_eq!(spec(&after)["containers"][0]["env"], json!([env]));
        }
        // The same when the settings turn one into the other.
        let before = notebook(json!({"containers": [{"name": "main"}]}));
        let before = created(&before, &settings(json!({"dep": {"env": [present]}}))).object;
        let after = created(&before, &settings(json!({"dep": {"env": [desired]}}))).object;
        assert_eq!(spec(&after)["containers"][0]["env"], json!([desired]));
    }
}

/// The API server refuses a pod in which `serviceAccountName` and `serviceAccount` differ.
#[test]
fn the_deprecated_service_account_follows() {
    let kind = Kind::PipelinePod;
    let pod = |account: Value| kind.object(account);
    let dependencies = |account: &str, on_conflict: &str| json!({"account": {"serviceAccountName": account, "onConflict": on_conflict}});
    let runner = kind.settings(dependencies("runner", "Reject"));
    let both = |account: &str| json!({"serviceAccountName": account, "serviceAccount": account});
    let cases = [
        (both("default"), both("runner")),
        (json!({"serviceAccount": "default"}), both("runner")),
        (json!({"serviceAccountName": "", "serviceAccount": ""}), both("runner")),
        (json!({"serviceAccountName": "default"}), json!({"serviceAccountName": "runner"})),
        (json!({}), json!({"serviceAccountName": "runner"})),
    ];
    for (before, expected) in cases {
        let after = created(&pod(before), &runner).object;
        assert_eq!(split_annotations(&after).object, pod(expected));
        assert_eq!(created(&after, &runner).patch, [] as [Value; 0]);
    }

    // The deprecated field alone counts as the user's value.
    let empty = pod(json!({"serviceAccountName": "", "serviceAccount": "theirs"}));
    assert!(refused(&empty, &runner).starts_with("serviceAccountName is set already"));
    let deprecated = pod(json!({"serviceAccount": "theirs"}));
    assert!(refused(&deprecated, &runner).starts_with("serviceAccountName is set already"));
    let kept = created(&deprecated, &kind.settings(dependencies("runner", "Keep")));
    assert_eq!((kept.object, kept.warnings.len()), (deprecated.clone(), 1));
    let overridden = created(&deprecated, &kind.settings(dependencies("runner", "Override"))).object;
    assert_eq!(split_annotations(&overridden).object, pod(both("runner")));
    let present = created(&pod(json!({"serviceAccount": "runner"})), &runner);
    assert_eq!(present.patch, [] as [Value; 0]);
    // So does the server's default in it.
    let default = kind.settings(dependencies("default", "Reject"));
    for (name, deprecated) in [("", "default"), ("default", ""), ("default", "default")] {
        let present = pod(json!({"serviceAccountName": name, "serviceAccount": deprecated}));
        assert_eq!(created(&present, &default).patch, [] as [Value; 0], "{name:?} {deprecated:?}");
    }

    // Both are upgraded together.
    let before = created(&pod(both("default")), &runner).object;
    let upgraded = created(&before, &kind.settings(dependencies("runner-2", "Reject"))).object;
    assert_eq!(split_annotations(&upgraded).object, pod(both("runner-2")));
}

/// A pod loses nothing, since it is only ever created; a Notebook does.
#[test]
fn the_deprecated_service_account_goes_too() {
    let dependencies = json!({"account": {"serviceAccountName": "runner"}});
    let before = notebook(json!({"serviceAccountName": "default", "serviceAccount": "default"}));
    let before = created(&before, &settings(dependencies.clone())).object;
    assert_eq!(spec(&before), &json!({"serviceAccountName": "runner", "serviceAccount": "runner"}));
    let removed = upgraded(&before, &Kind::Notebook.settings_for(dependencies, &[]));
    assert_eq!(removed.object, notebook(json!({})));
}

/// The API server computes `priority` and `preemptionPolicy` from the class, and refuses a pod with those of another.
#[test]
fn fields_computed_from_a_priority_class_are_removed_with_it() {
    let kind = Kind::PipelinePod;
    let computed = |class: &str| json!({"priorityClassName": class, "priority": 7, "preemptionPolicy": "Never", "restartPolicy": "Never"});
    let class = |name: &str| kind.object(json!({"priorityClassName": name, "restartPolicy": "Never"}));
    let settings = |name: &str| kind.settings(json!({"class": {"priorityClassName": name, "onConflict": "Override"}}));
    for before in [
        json!({"priority": 0, "preemptionPolicy": "PreemptLowerPriority", "restartPolicy": "Never"}),
        computed(""),
        computed("theirs"),
    ] {
        let after = created(&kind.object(before), &settings("batch")).object;
        assert_eq!(split_annotations(&after).object, class("batch"));
        assert_eq!(split_annotations(&created(&after, &settings("batch-2")).object).object, class("batch-2"));
    }
    // Where the class is set already, they stay.
    assert_eq!(created(&kind.object(computed("batch")), &settings("batch")).patch, [] as [Value; 0]);
}

#[test]
fn warnings_are_few_and_short() {
    let variables = |count: usize, name: &str| -> Value {
        (0..count).map(|at| json!({"name": format!("{name}{at}"), "value": "hidden"})).collect()
    };
    let warnings_of = |dependency: &str, count: usize, name: &str, container: &str| {
        let object = notebook(json!({"containers": [{"name": container, "env": variables(count, name)}]}));
        let desired: Value = (0..count).map(|at| json!({"name": format!("{name}{at}"), "value": "ours"})).collect();
        created(&object, &settings(json!({dependency: {"env": desired, "onConflict": "Keep"}}))).warnings
    };
    let warnings = |count, name: &str, container: &str| warnings_of("dep", count, name, container);
    assert!(warnings(1, "A", "main")[0].chars().count() <= 120);
    assert_eq!(warnings(12, "A", "main").len(), 12);
    assert!(warnings(12, "A", "main").iter().all(|warning| warning.starts_with("env A")));
    let many = warnings(50, "A", "main");
    assert_eq!((many.len(), many.last().map(String::as_str)), (12, Some("and 39 more warnings")));

    // A name may be of any length and of any characters. One is shown to 80 of them, and several may be too many still.
    for name in ["x".repeat(1000), "\u{1F680}".repeat(300), "é".repeat(255)] {
        let shown: String = name.chars().take(80).collect();
        let container =
            format!("env A0 of container \"{shown}…\" is set already and stays; what dependency \"dep\" brings");
        let [warning] = &warnings(1, "A", &name)[..] else { panic!("one warning") };
        assert_eq!(warning, &format!("{container} for it is left out"));

        let [long] = &warnings_of(&"d".repeat(63), 1, &"X".repeat(100), &name)[..] else { panic!("one warning") };
        assert_eq!(long.chars().count(), 256);
        let start = format!("env \"{}…\" of container \"{shown}…\" is set already and stays; what", "X".repeat(80));
        assert!(long.starts_with(&start) && long.ends_with("d…"), "{long}");
    }
    let control = &warnings(1, "A", "a\nb\u{7}\u{1b}[31mc\u{85}")[0];
    assert!(!control.contains(char::is_control), "{control:?}");
    let start = r#"env A0 of container "a\nb\u0007\u001b[31mc " is set already and stays"#;
    assert!(control.starts_with(start), "{control}");
}

/// Messages, warnings, annotations and the audit log hold names, whatever the outcome.
#[test]
fn no_value_is_shown() {
    let secret = "hunter2";
    let dependencies = |on_conflict: &str| {
        json!({"dep": {
            "env": [{"name": "A", "value": secret}],
            "labels": {"l": secret},
            "annotations": {"a": secret},
            "tolerations": [{"key": secret, "operator": "Exists"}],
            "serviceAccountName": secret,
            "onConflict": on_conflict,
        }})
    };
    let object = |value: &str| {
        let mut object = notebook(
            json!({"containers": [{"name": "main", "env": [{"name": "A", "value": value}]}], "serviceAccountName": value}),
        );
        object["metadata"]["labels"] = json!({"l": value});
        object["metadata"]["annotations"] = json!({"a": value});
        object
    };
    for on_conflict in ["Reject", "Keep", "Override"] {
        for value in ["hunter2's", ""] {
            let outcome = run(create(object(value)), settings(dependencies(on_conflict)));
            let injected = outcome.object.pointer(INJECTED).cloned().unwrap_or_default();
            let text = format!("{:?} {:?} {:?} {injected}", outcome.message, outcome.warnings, outcome.audit);
            assert!(!text.contains(secret), "{on_conflict}: {text}");
        }
    }
}
