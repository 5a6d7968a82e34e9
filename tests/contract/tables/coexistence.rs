//! It knows its own, and leaves what is another's (contract, "Record"): records by kind and by dependency, records that
//! clients send, two policies on one object, what is retired, copies and renames, the pod of a notebook.

use serde_json::{Map, Value, json};

use super::again::{
    ANNOTATIONS, INJECTED, NO_PATCH, NO_WARNING, PENDING, STATUS, TEMPLATE, added, audit, created_again, env, names,
    notebook, notebook_with_env, only_warning, overridden, pending, record_of, record_text, refusal, retiring, spec,
    stopped, update_refused, updated_again, variables, variables_of, wanting, whole_record,
};
use super::objects::{Kind, created, notebook_settings, refused, updated, with};

const ENV: &str = "/spec/template/spec/containers/0/env";

fn registry() -> Value {
    json!({"imagePullSecrets": [{"name": "gpr-credentials"}]})
}

fn proxy(url: &str) -> Value {
    variables(json!({"HTTP_PROXY": url}))
}

/// A pod with the record of a notebook on it, which its controller copied there.
fn notebooks_pod(pod_spec: Value, record: &Value) -> Value {
    let pod = with(&Kind::Pod.object(pod_spec), ANNOTATIONS, json!({"mutatingflow.nais.io/injected": record}));
    let owner = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "nb", "uid": "1", "controller": true});
    with(&pod, "/metadata/ownerReferences", json!([owner]))
}

/// A user who reads the annotation finds under `Notebook` what was added to the notebook, on a pod under `Pod`.
#[test]
fn the_record_is_by_the_kind_of_object() {
    for (kind, name) in [(Kind::Notebook, "Notebook"), (Kind::PipelinePod, "Pod"), (Kind::Pod, "Pod")] {
        let users = kind.object(json!({"containers": [{"name": "main"}]}));
        let outcome =
            created_again(&users, &kind.settings(json!({"registry": registry(), "proxy": proxy("http://a")})));
        let record = whole_record(&outcome.object);
        assert_eq!(record.as_object().map(|it| it.keys().map(String::as_str).collect()), Some(vec![name]));
        let expected = json!({
            "registry": {"imagePullSecrets": ["gpr-credentials"]},
            "proxy": {"env": ["HTTP_PROXY"]},
        });
        assert_eq!(added(&outcome.object), expected);
        assert_eq!(record[name]["registry"]["hash"].as_str().map(str::len), Some(16));
        let text = record_text(&outcome.object).expect("a record");
        assert!(!text.contains(char::is_whitespace) && !text.contains("http://a"), "compact, no values: {text}");
    }
}

/// What `Override` put in the place of the user's is marked, so that a later removal can say that his own does not come
/// back. The mark stays through upgrades.
#[test]
fn what_override_replaced_is_marked_in_the_record() {
    let dependency = |value: &str| {
        json!({"dep": {
            "onConflict": "Override",
            "env": [{"name": "A", "value": value}, {"name": "B", "value": "ours"}, {"name": "C", "value": "ours"}],
            "nodeSelector": {"pool": "ours"},
            "serviceAccountName": "ours",
        }})
    };
    for kind in Kind::ALL {
        let users = kind.object(json!({
            "containers": [{"name": "main", "env": [{"name": "A", "value": "mine"}, {"name": "B", "value": "ours"}]}],
            "nodeSelector": {"pool": "mine"},
            "serviceAccountName": "mine",
        }));
        let outcome = created_again(&users, &kind.settings(dependency("ours")));
        // B was there as it is: it is the user's.
        let all = json!({"dep": {"env": ["A", "C"], "nodeSelector": ["pool"], "spec": ["serviceAccountName"]}});
        let replaced = json!({"dep": {"env": ["A"], "nodeSelector": ["pool"], "spec": ["serviceAccountName"]}});
        assert_eq!((added(&outcome.object), overridden(&outcome.object)), (all.clone(), replaced.clone()), "{kind:?}");
        let upgraded = created_again(&outcome.object, &kind.settings(dependency("upgraded")));
        assert_eq!((added(&upgraded.object), overridden(&upgraded.object)), (all, replaced), "{kind:?}");
    }
}

/// What other webhooks and admission plugins put on an object in the same request, under names that a forged record has.
fn with_entries_of_others(kind: Kind) -> Value {
    kind.object(json!({
        "containers": [
            {"name": "main", "env": [{"name": "MINE", "value": "1"}], "volumeMounts": [{"name": "v", "mountPath": "/v"}]},
            {"name": "istio-proxy", "image": "istio/proxyv2"},
        ],
        "initContainers": [{"name": "istio-init", "image": "istio/proxyv2"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "imagePullSecrets": [{"name": "of-the-account"}],
        "nodeSelector": {"zone": "a"},
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
        "runtimeClassName": "gvisor",
        "priorityClassName": "high",
        "serviceAccountName": "restricted",
    }))
}

/// All of that, as a record says it.
fn forged() -> Value {
    json!({
        "env": ["MINE"],
        "env/main": ["MINE"],
        "volumeMounts": ["/v"],
        "sidecars": ["istio-proxy"],
        "initContainers": ["istio-init"],
        "volumes": ["v"],
        "imagePullSecrets": ["of-the-account"],
        "nodeSelector": ["zone"],
        "hostAliases": ["10.0.0.1"],
        "labels": ["l"],
        "spec": ["runtimeClassName", "priorityClassName", "serviceAccountName"],
    })
}

/// Whoever may create an object cannot strip it of what others put on it, by a record that says it was ours: whether its
/// dependency is wanted, defined and not wanted, retired or unknown.
#[test]
fn a_record_that_a_client_sends_takes_nothing_away() {
    for kind in Kind::ALL {
        let api_kind = if kind == Kind::Notebook { "Notebook" } else { "Pod" };
        let dependencies = json!({"dep": registry(), "other": proxy("http://a")});
        let cases = [
            ("wanted", kind.settings_for(dependencies.clone(), &["dep"])),
            ("defined", kind.settings_for(dependencies.clone(), &["other"])),
            ("retired", retiring(&["dep"], &kind.settings_for(dependencies, &["other"]))),
            ("unknown", kind.settings_for(json!({"other": proxy("http://a")}), &["other"])),
        ];
        for (what, settings) in cases {
            let users = with_entries_of_others(kind);
            let honest = created(&users, &settings).object;
            let forged = with(
                &with(
                    &users,
                    ANNOTATIONS,
                    users["metadata"]["annotations"].as_object().map_or(json!({}), |it| json!(it)),
                ),
                INJECTED,
                record_of(api_kind, "dep", forged()),
            );
            let outcome = created_again(&forged, &settings);
            assert_eq!(outcome.object.pointer(kind.pod_spec()), honest.pointer(kind.pod_spec()), "{kind:?} {what}");
            assert_eq!(audit(&outcome, "removed"), "", "{kind:?} {what}");
        }
    }
}

/// The same on an update: beside the stored record, the client's takes nothing away, stopped or not.
#[test]
fn a_record_that_a_client_sends_beside_the_stored_one_takes_nothing_away() {
    let dependencies = json!({"dep": registry(), "other": proxy("http://a")});
    for runs in ["Defer", "Restart"] {
        for (what, settings) in [
            ("wanted", wanting(&["dep", "other"], dependencies.clone())),
            ("defined", wanting(&["other"], dependencies.clone())),
            ("retired", retiring(&["dep"], &wanting(&["other"], dependencies.clone()))),
        ] {
            let settings = with(&settings, "/runningNotebooks", json!(runs));
            let stored = created(&with_entries_of_others(Kind::Notebook), &settings).object;
            let mut record = whole_record(&stored);
            record["Notebook"]["dep"] = json!({"hash": "0123456789abcdef", "added": forged()});
            let forged = with(&stored, INJECTED, json!(record.to_string()));
            for forged in [
                forged.clone(),
                stopped(&forged),
                with(&forged, &format!("{TEMPLATE}/containers/0/image"), json!("new")),
            ] {
                let outcome = updated_again(&stored, &forged, &settings);
                assert_eq!(spec(&outcome.object), spec(&forged), "{what}");
                assert_eq!(added(&outcome.object), added(&stored), "{what}");
                assert_eq!(audit(&outcome, "removed"), "", "{what}");
            }
        }
    }
}

/// A notebook is exported and created again under changed settings: what its record says of what these settings want is
/// theirs to replace; what they do not want any more stays, and is the user's.
#[test]
fn a_clients_record_tells_which_wanted_entries_are_ours() {
    let before = notebook_settings(json!({"proxy": proxy("http://a"), "registry": registry()}));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &before).object;

    // Replaced, where it would be a conflict else.
    let after = notebook_settings(json!({"proxy": proxy("http://b"), "registry": registry()}));
    let outcome = created_again(&stored, &after);
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "HTTP_PROXY=http://b"]);
    assert_eq!(added(&outcome.object), added(&stored));
    assert_eq!(outcome.warnings, NO_WARNING);
    assert!(refused(&with(&stored, ANNOTATIONS, json!({})), &after).contains("env HTTP_PROXY"));

    // Counted as present.
    let outcome = created_again(&stored, &before);
    assert_eq!((outcome.object, outcome.patch), (stored.clone(), NO_PATCH.to_vec()));

    // Not wanted any more.
    let outcome =
        created_again(&stored, &wanting(&["registry"], json!({"proxy": proxy("http://a"), "registry": registry()})));
    assert_eq!(spec(&outcome.object), spec(&stored));
    assert_eq!(added(&outcome.object), json!({"registry": {"imagePullSecrets": ["gpr-credentials"]}}));
    assert_eq!(audit(&outcome, "removed"), "");
}

/// A sidecar that only a client's record calls ours stays, and so its name is taken.
#[test]
fn the_name_of_a_sidecar_in_a_copy_is_taken() {
    let agent = |list: &str| notebook_settings(json!({"agent": {list: [{"name": "agent", "image": "agent:1"}]}}));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &agent("sidecars")).object;
    let message = refused(&stored, &agent("initContainers"));
    assert!(message.starts_with("container agent is set already"), "{message}");
    // By the stored record it goes.
    let outcome = updated_again(&stopped(&stored), &stopped(&stored), &agent("initContainers"));
    assert_eq!(names(&spec(&outcome.object)["containers"]), ["main"]);
    assert_eq!(names(&spec(&outcome.object)["initContainers"]), ["agent"]);
}

/// A user copies his notebook, under another name and with its main container renamed: the platform's variables and mounts
/// stay the platform's, and are brought up to date.
#[test]
fn a_copied_notebook_keeps_ours_in_its_renamed_main_container() {
    let dependency = |value: &str| {
        json!({"ca": {
            "env": [{"name": "SSL_CERT_FILE", "value": value}],
            "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
            "volumeMounts": [{"name": "ca", "mountPath": "/ca"}],
        }})
    };
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &notebook_settings(dependency("/ca/one"))).object;
    let expected = json!({"ca": {"env": ["SSL_CERT_FILE"], "volumes": ["ca"], "volumeMounts": ["/ca"]}});
    assert_eq!(added(&stored), expected, "the main container has no name in the record");
    let copy =
        with(&with(&stored, "/metadata/name", json!("copy")), "/spec/template/spec/containers/0/name", json!("copy"));
    let outcome = created_again(&copy, &notebook_settings(dependency("/ca/two")));
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "SSL_CERT_FILE=/ca/two"]);
    assert_eq!(added(&outcome.object), expected);
    // Under the same settings nothing is written.
    assert_eq!(created_again(&copy, &notebook_settings(dependency("/ca/one"))).patch, NO_PATCH);
    // Only the copy's name changes: the first container is main.
    let copy = with(&stored, "/metadata/name", json!("copy"));
    let outcome = created_again(&copy, &notebook_settings(dependency("/ca/two")));
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "SSL_CERT_FILE=/ca/two"]);
}

/// A user renames the main container of his notebook, or puts another one before it: what the platform added there stays
/// the platform's, is upgraded and goes with its dependency.
#[test]
fn a_renamed_or_moved_main_container_keeps_ours() {
    let all = |url: &str| json!({"proxy": proxy(url), "registry": registry()});
    let users = with(&notebook_with_env(json!({"MINE": "1"})), "/metadata/name", json!("nb"));
    let stored = created(&users, &wanting(&["proxy"], all("http://a"))).object;
    let renamed = with(&stored, "/spec/template/spec/containers/0/name", json!("renamed"));
    let named = with(&stored, "/metadata/name", json!("main"));
    let mut moved = named.clone();
    let containers = moved.pointer_mut("/spec/template/spec/containers").and_then(Value::as_array_mut).expect("a list");
    containers.insert(0, json!({"name": "before", "image": "tool"}));
    for (what, stored, sent, at) in [("renamed", &stored, &renamed, 0), ("moved", &named, &moved, 1)] {
        let env = |object: &Value| spec(object)["containers"][at]["env"].clone();
        let upgraded = updated_again(stored, sent, &wanting(&["proxy"], all("http://b")));
        let expected = json!([{"name": "MINE", "value": "1"}, {"name": "HTTP_PROXY", "value": "http://b"}]);
        assert_eq!(env(&upgraded.object), expected, "{what}");
        assert_eq!(added(&upgraded.object), json!({"proxy": {"env": ["HTTP_PROXY"]}}), "{what}");
        let removed = updated_again(stored, sent, &wanting(&["registry"], all("http://a")));
        assert_eq!(env(&removed.object), json!([{"name": "MINE", "value": "1"}]), "{what}");
        assert_eq!(audit(&removed, "removed"), "proxy", "{what}");
    }
}

/// A user renames a container that is not the main one: what was recorded under its old name counts as the platform's in
/// the containers that the dependency chooses now.
#[test]
fn what_was_recorded_under_a_container_that_is_gone_counts_where_the_dependency_goes_now() {
    let users =
        notebook(json!({"containers": [{"name": "main"}, {"name": "side", "env": [{"name": "MINE", "value": "1"}]}]}));
    let all = |url: &str, containers: Value| {
        let dependency = with(&proxy(url), "/containers", containers);
        notebook_settings(json!({"proxy": dependency}))
    };
    for (before, after, place) in [
        (json!("All"), json!("All"), json!({"env": ["HTTP_PROXY"], "env/other": ["HTTP_PROXY"]})),
        (json!(["side"]), json!(["other"]), json!({"env/other": ["HTTP_PROXY"]})),
    ] {
        let stored = created(&users, &all("http://a", before)).object;
        let renamed = with(&stored, "/spec/template/spec/containers/1/name", json!("other"));
        let settings = all("http://b", after);
        for outcome in [created_again(&renamed, &settings), updated_again(&stored, &renamed, &settings)] {
            let expected = json!([{"name": "MINE", "value": "1"}, {"name": "HTTP_PROXY", "value": "http://b"}]);
            assert_eq!(spec(&outcome.object)["containers"][1]["env"], expected);
            assert_eq!(added(&outcome.object), json!({"proxy": place}));
            assert_eq!(outcome.warnings, NO_WARNING);
        }
    }
}

/// Not so in a container that was there before, nor in one of which the record says what is ours: what it has there is the
/// user's.
#[test]
fn what_was_recorded_under_a_container_that_is_gone_does_not_count_where_the_user_had_his() {
    let marked = |name: &str, mine: Value| json!({"name": name, "env": env(mine)});
    let both = |first: Value| notebook(json!({"containers": [first, {"name": "side"}]}));
    let without_side = |object: &Value| with(object, &format!("{TEMPLATE}/containers/1"), None);
    let into = |containers: Value| with(&proxy("http://a"), "/containers", containers);

    let users = both(marked("main", json!({"HTTP_PROXY": "mine"})));
    let stored = created(&users, &notebook_settings(json!({"proxy": into(json!(["side"]))}))).object;
    let after = notebook_settings(json!({"proxy": into(json!(["main"]))}));
    let message = update_refused(&stored, &without_side(&stored), &after);
    assert!(message.starts_with("env HTTP_PROXY of container \"main\""), "{message}");

    let other = variables(json!({"OTHER": "1"}));
    let before = notebook_settings(json!({"other": other, "proxy": into(json!(["side"]))}));
    let after = notebook_settings(json!({"other": other, "proxy": into(json!("Main"))}));
    let copy = without_side(&created(&users, &before).object);
    let message = refused(&copy, &after);
    assert!(message.starts_with("env HTTP_PROXY of container \"main\""), "{message}");
}

/// A record of another kind is no claim on this object: what it names is an entry of the user's, and meets `onConflict`. It
/// stays beside ours as it came.
#[test]
fn a_part_about_another_kind_owns_nothing_and_stays_beside_ours() {
    let kind = Kind::PipelinePod;
    let theirs = r#"{"proxy":{"hash":"0123456789abcdef","added":{"env":["HTTP_PROXY"]}}}"#;
    let annotation = |kind: &str| json!(format!("{{\"{kind}\":{theirs}}}"));
    let pod =
        |variables: Value| kind.object(json!({"containers": [{"name": "main", "env": super::again::env(variables)}]}));
    for other in ["Notebook", "InferenceService"] {
        let with_record = |object: Value| with(&object, INJECTED, annotation(other));
        let settings = |on_conflict: &str| {
            kind.settings(json!({"proxy": with(&proxy("http://b"), "/onConflict", json!(on_conflict))}))
        };

        let message = refused(&with_record(pod(json!({"HTTP_PROXY": "http://a"}))), &settings("Reject"));
        assert!(message.starts_with("env HTTP_PROXY of container \"main\" is set already"), "{message}");

        let outcome = created_again(&with_record(pod(json!({"HTTP_PROXY": "http://a"}))), &settings("Override"));
        assert_eq!(added(&outcome.object), json!({"proxy": {"env": ["HTTP_PROXY"]}}));
        let text = record_text(&outcome.object).expect("a record");
        assert!(text.contains(&format!("\"{other}\":{theirs}")), "{text}");

        // Where nothing is ours, it stands alone, untouched; and nothing of it is taken away.
        let present = with_record(pod(json!({"HTTP_PROXY": "http://b"})));
        assert_eq!(created_again(&present, &settings("Reject")).patch, NO_PATCH);
        let unwanted = kind.settings_for(json!({"proxy": proxy("http://b"), "registry": registry()}), &["registry"]);
        let outcome = created_again(&present, &unwanted);
        assert_eq!(outcome.object["spec"]["containers"], present["spec"]["containers"]);
        assert!(record_text(&outcome.object).is_some_and(|text| text.contains(&format!("\"{other}\":{theirs}"))));
    }
    // A notebook, too, keeps what is said of its pod.
    let users = with(&notebook_with_env(json!({"HTTP_PROXY": "http://b"})), INJECTED, annotation("Pod"));
    let settings = notebook_settings(json!({"proxy": proxy("http://b"), "registry": registry()}));
    let outcome = created_again(&users, &settings);
    let record = whole_record(&outcome.object);
    assert_eq!(record["Pod"]["proxy"]["added"], json!({"env": ["HTTP_PROXY"]}));
    assert_eq!(added(&outcome.object), json!({"registry": {"imagePullSecrets": ["gpr-credentials"]}}));
    // It stays on updates, and where a client drops all annotations.
    let stored = outcome.object;
    let bare = with(&stored, ANNOTATIONS, None);
    assert_eq!(whole_record(&updated_again(&stored, &bare, &settings).object), record);
}

/// The pod of a notebook that waits for new settings has what the notebook has: it is not refused for it. The dependency is
/// left out whole, with a warning, and what else the pod should get comes.
#[test]
fn on_the_pod_of_a_notebook_what_its_record_names_is_no_conflict() {
    let kind = Kind::Pod;
    let record = record_of("Notebook", "ca", json!({"env": ["CA"], "volumes": ["ca"], "volumeMounts": ["/ca"]}));
    let volume = |name: &str| json!({"name": "ca", "configMap": {"name": name}});
    let mount = json!({"name": "ca", "mountPath": "/ca"});
    let pod = |volume: Value, env: Value| {
        let container = json!({"name": "main", "env": super::again::env(env), "volumeMounts": [mount]});
        notebooks_pod(json!({"containers": [container], "volumes": [volume]}), &record)
    };
    for on_conflict in ["Reject", "Keep", "Override"] {
        let settings = kind.settings(json!({
            "ca": {
                "onConflict": on_conflict,
                "env": [{"name": "CA", "value": "new"}, {"name": "MORE", "value": "1"}],
                "volumes": [volume("new")],
                "volumeMounts": [mount],
                "labels": {"ca": "yes"},
            },
            "registry": registry(),
        }));
        for (what, pod) in [
            ("a variable", pod(volume("new"), json!({"CA": "old"}))),
            ("a volume", pod(volume("old"), json!({"CA": "new"}))),
            ("both", pod(volume("old"), json!({"CA": "old"}))),
        ] {
            let outcome = created_again(&pod, &settings);
            let expected = with(&pod["spec"], "/imagePullSecrets", json!([{"name": "gpr-credentials"}]));
            assert_eq!(outcome.object["spec"], expected, "{on_conflict} {what}");
            assert_eq!(outcome.object["metadata"].get("labels"), None, "{on_conflict} {what}");
            assert_eq!(added(&outcome.object), json!({"registry": {"imagePullSecrets": ["gpr-credentials"]}}));
            only_warning(&outcome, &["dependency \"ca\" is left out", "comes from the notebook's"]);
            assert_eq!((audit(&outcome, "left-out"), audit(&outcome, "dependencies")), ("ca", "registry"));
        }
        // What is as ours is present, and the rest is added.
        let outcome = created_again(&pod(volume("new"), json!({"CA": "new"})), &settings);
        let variables = outcome.object["spec"]["containers"][0]["env"].clone();
        assert_eq!(variables, json!([{"name": "CA", "value": "new"}, {"name": "MORE", "value": "1"}]));
        assert_eq!((outcome.warnings.len(), audit(&outcome, "left-out")), (0, ""));
    }
}

/// Only of such a pod: on any other the record of a notebook says nothing, and what it does not name is a conflict there too.
#[test]
fn what_the_record_of_a_notebook_does_not_name_is_a_conflict_on_its_pod() {
    let kind = Kind::Pod;
    let settings = kind.settings(json!({"proxy": proxy("http://b")}));
    let pod_spec = json!({"containers": [{"name": "main", "env": [{"name": "HTTP_PROXY", "value": "http://a"}]}]});
    let ours = record_of("Notebook", "proxy", json!({"env": ["HTTP_PROXY"]}));
    let others = record_of("Notebook", "proxy", json!({"env": ["HTTPS_PROXY"]}));
    assert_eq!(audit(&created_again(&notebooks_pod(pod_spec.clone(), &ours), &settings), "left-out"), "proxy");
    refused(&notebooks_pod(pod_spec.clone(), &others), &settings);
    let of_a_set = notebooks_pod(pod_spec, &ours);
    refused(&with(&of_a_set, "/metadata/ownerReferences", None), &settings);
    refused(&with(&of_a_set, "/metadata/ownerReferences/0/controller", json!(false)), &settings);
    refused(&with(&of_a_set, "/metadata/ownerReferences/0/kind", json!("ReplicaSet")), &settings);
}

/// A dependency that is left out of a notebook's pod is in conflict with nothing else there, in a report neither.
#[test]
fn what_is_left_out_of_a_notebooks_pod_is_in_no_conflict() {
    let dependency = with(&proxy("http://b"), "/volumes", json!([{"name": "ca", "configMap": {"name": "ca"}}]));
    let settings = Kind::Pod.settings(json!({"proxy": dependency}));
    let container = json!({"name": "main", "env": [{"name": "HTTP_PROXY", "value": "http://a"}]});
    let pod_spec = json!({"containers": [container], "volumes": [{"name": "ca", "emptyDir": {}}]});
    let pod = notebooks_pod(pod_spec, &record_of("Notebook", "proxy", json!({"env": ["HTTP_PROXY"]})));
    assert_eq!(audit(&created_again(&pod, &settings), "left-out"), "proxy");
    assert_eq!(refusal(&pod, &with(&settings, "/report", json!(true))), None);
}

/// A dependency that is defined and no longer in the list is taken away.
#[test]
fn what_is_defined_and_not_wanted_is_taken_away() {
    let all = json!({"proxy": proxy("http://a"), "registry": registry()});
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&users, &wanting(&["proxy", "registry"], all.clone())).object;
    let outcome = updated_again(&stored, &stopped(&stored), &wanting(&["registry"], all));
    assert_eq!(variables_of(&outcome.object), ["MINE=1"]);
    assert_eq!(added(&outcome.object), json!({"registry": {"imagePullSecrets": ["gpr-credentials"]}}));
    assert_eq!((audit(&outcome, "removed"), audit(&outcome, "unknown")), ("proxy", ""));
}

/// A dependency that is retired is taken away; where it was the last one, record and status go too.
#[test]
fn what_is_retired_is_taken_away() {
    let settings = notebook_settings(json!({"proxy": proxy("http://a"), "registry": registry()}));
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&users, &settings).object;
    let outcome = updated_again(&stored, &stopped(&stored), &retiring(&["proxy"], &settings));
    assert_eq!(variables_of(&outcome.object), ["MINE=1"]);
    assert_eq!((audit(&outcome, "removed"), audit(&outcome, "unknown")), ("proxy", ""));
    let outcome = updated_again(&stored, &stopped(&stored), &json!({"retired": ["proxy", "registry"]}));
    assert_eq!(outcome.object, stopped(&users));
    assert_eq!(audit(&outcome, "removed"), "proxy,registry");
    // While it runs, it waits like any other change.
    let waits = updated_again(&stored, &stored, &json!({"retired": ["proxy", "registry"]}));
    assert_eq!(spec(&waits.object), spec(&stored));
    assert_eq!((pending(&waits.object), audit(&waits, "deferred")), (&json!("proxy,registry"), "proxy,registry"));
}

/// What was retired comes under another name: the entry that both bring stays where it is, and is the new one's.
#[test]
fn a_renamed_dependency_takes_over_what_the_retired_one_brought() {
    let before = notebook_settings(json!({"old": proxy("http://a")}));
    let after = with(&notebook_settings(json!({"new": proxy("http://a")})), "/retired", json!(["old"]));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &before).object;
    let outcome = updated_again(&stored, &stopped(&stored), &after);
    assert_eq!(spec(&outcome.object), spec(&stored));
    assert_eq!(added(&outcome.object), json!({"new": {"env": ["HTTP_PROXY"]}}));
    assert_eq!(outcome.warnings, NO_WARNING);
}

/// The same under a new name that was not retired: what is missing and comes again is the new one's, in a second call too.
#[test]
fn what_the_new_name_adds_is_its_own_though_the_old_one_is_not_retired() {
    let [before, after] =
        ["old", "new"].map(|name| notebook_settings(json!({name: {"imagePullSecrets": [{"name": "gpr"}]}})));
    let users = stopped(&notebook_with_env(json!({"MINE": "1"})));
    let stored = created(&users, &before).object;
    let outcome = updated_again(&stored, &users, &after);
    assert_eq!(added(&outcome.object), json!({"new": {"imagePullSecrets": ["gpr"]}}));
}

/// A dependency that the settings do not know stays, whatever happens to the notebook: its entries and its part of the
/// record. The audit log names it.
#[test]
fn a_dependency_that_the_settings_do_not_know_stays() {
    let theirs = notebook_settings(json!({"theirs": proxy("http://a"), "more": variables(json!({"MORE": "1"}))}));
    let ours = notebook_settings(json!({"registry": registry()}));
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&users, &theirs).object;
    let restart = with(&ours, "/runningNotebooks", json!("Restart"));
    let image = with(&stored, "/spec/template/spec/containers/0/image", json!("new"));
    for (what, outcome) in [
        ("create", created_again(&stored, &ours)),
        ("stop", updated_again(&stored, &stopped(&stored), &ours)),
        ("start", updated_again(&stopped(&stored), &stored, &ours)),
        ("image", updated_again(&stored, &image, &ours)),
        ("restart", updated_again(&stored, &stored, &restart)),
    ] {
        assert_eq!(spec(&outcome.object)["containers"][0]["env"], spec(&stored)["containers"][0]["env"], "{what}");
        assert_eq!(names(&spec(&outcome.object)["imagePullSecrets"]), ["gpr-credentials"], "{what}");
        let (before, after) = (whole_record(&stored), whole_record(&outcome.object));
        for name in ["theirs", "more"] {
            assert_eq!(after["Notebook"][name], before["Notebook"][name], "{what}");
        }
        assert_eq!((audit(&outcome, "unknown"), audit(&outcome, "removed")), ("more,theirs", ""), "{what}");
        assert_eq!(outcome.warnings, NO_WARNING, "{what}");
    }
    // A policy that has nothing for notebooks leaves all of it, too.
    let elsewhere = wanting(&[], json!({"registry": registry()}));
    let outcome = updated_again(&stored, &stopped(&stored), &elsewhere);
    assert_eq!(outcome.patch, NO_PATCH);
}

/// The policy before us in this request may just have written its part: the client's counts for it. Where he has none, the
/// stored one.
#[test]
fn the_part_of_an_unknown_dependency_is_as_the_client_has_it_else_as_stored() {
    let theirs = |url: &str| notebook_settings(json!({"theirs": proxy(url)}));
    let ours = notebook_settings(json!({"registry": registry()}));
    let users = notebook_with_env(json!({"MINE": "1"}));
    let one = created(&users, &theirs("http://a")).object;
    let two = created(&users, &theirs("http://b")).object;
    let part = |object: &Value| whole_record(object)["Notebook"]["theirs"].clone();
    assert_ne!(part(&one)["hash"], part(&two)["hash"]);

    let stored = created(&one, &ours).object;
    // As the client has it: the policy before us has upgraded its own.
    let upgraded = updated(&stopped(&stored), &stopped(&stored), &theirs("http://b")).object;
    let outcome = updated_again(&stopped(&stored), &upgraded, &ours);
    assert_eq!(
        (part(&outcome.object), variables_of(&outcome.object)),
        (part(&two), vec!["MINE=1".into(), "HTTP_PROXY=http://b".into()])
    );
    // As stored: the client dropped all annotations.
    for sent in [stored.clone(), stopped(&stored)] {
        let bare = with(&sent, INJECTED, None);
        let bare = with(&bare, STATUS, None);
        let outcome = updated_again(&stored, &bare, &ours);
        assert_eq!(whole_record(&outcome.object), whole_record(&stored));
        assert_eq!(spec(&outcome.object), spec(&stored));
    }
}

/// The same of `update-pending`: another policy's dependencies wait on, until it says otherwise.
#[test]
fn the_part_of_update_pending_of_an_unknown_dependency_stays() {
    let ours = |secret: &str| notebook_settings(json!({"registry": {"imagePullSecrets": [{"name": secret}]}}));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &ours("a")).object;
    let waits = with(&stored, PENDING, json!("theirs"));
    // Nothing of ours waits.
    let outcome = updated_again(&waits, &waits, &ours("a"));
    assert_eq!((outcome.patch, outcome.warnings), (NO_PATCH.to_vec(), vec![]));
    // Ours waits too, and no longer.
    let outcome = updated_again(&waits, &waits, &ours("b"));
    let mut both: Vec<_> = pending(&outcome.object).as_str().unwrap_or_default().split(',').collect();
    both.sort_unstable();
    assert_eq!((both, audit(&outcome, "deferred")), (vec!["registry", "theirs"], "registry"));
    let applied = updated_again(&outcome.object, &stopped(&outcome.object), &ours("b"));
    assert_eq!((pending(&applied.object), audit(&applied, "deferred")), (&json!("theirs"), ""));
    // As the client has it: it was taken off in this request.
    let outcome = updated_again(&waits, &stored, &ours("a"));
    assert_eq!(pending(&outcome.object), &Value::Null);
    // As stored, where he dropped all annotations of ours.
    let bare = notebook_with_env(json!({"MINE": "1"}));
    let outcome = updated_again(&waits, &bare, &ours("a"));
    assert_eq!(pending(&outcome.object), &json!("theirs"));
}

/// The record lists names in order, whoever wrote first: two policies never write it back and forth.
#[test]
fn the_record_lists_names_in_order() {
    let policies = two_policies("mutatingflow.nais.io");
    let users = notebook_with_env(json!({"MINE": "1"}));
    let [one, two] = [[0, 1], [1, 0]].map(|order| in_turn(&users, &order.map(|at| policies[at].clone())));
    assert_eq!(record_text(&one), record_text(&two));
    let text = record_text(&one).expect("a record");
    let at = |name: &str| text.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} in {text}"));
    assert!(at("agent") < at("mirror") && at("mirror") < at("proxy") && at("proxy") < at("trust"), "{text}");
}

/// Two policies: what one has is unknown to the other. The second one has this domain.
fn two_policies(domain: &str) -> [Value; 2] {
    let one = notebook_settings(json!({
        "proxy": proxy("http://a"),
        "agent": {"sidecars": [{"name": "agent", "image": "agent"}], "labels": {"agent": "yes"}},
    }));
    let trust = json!({
        "containers": "All",
        "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "volumeMounts": [{"name": "ca", "mountPath": "/ca"}],
        "env": [{"name": "CA", "value": "/ca"}],
        "annotations": {"trust": "yes"},
    });
    let two = notebook_settings(json!({"trust": trust, "mirror": registry()}));
    [one, with(&two, "/annotationDomain", json!(domain))]
}

/// `object` after these policies, one behind the other in one CREATE.
fn in_turn(object: &Value, policies: &[Value]) -> Value {
    policies.iter().fold(object.clone(), |object, settings| created(&object, settings).object)
}

/// `sent` after these policies in one UPDATE of `stored`.
fn updated_in_turn(stored: &Value, sent: &Value, policies: &[Value]) -> Value {
    policies.iter().fold(sent.clone(), |sent, settings| updated(stored, &sent, settings).object)
}

/// The object in which the order of what the two policies brought says nothing.
fn unordered(object: &Value) -> Value {
    match object {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), unordered(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(unordered).collect();
            items.sort_by_key(Value::to_string);
            items.into()
        }
        value => value.clone(),
    }
}

/// Two policies on one object never undo one another: in either order they end with the same entries, and a second round,
/// the culler, a stop and a start, a manifest applied again, a copy change nothing. With one domain, and with two.
#[test]
fn two_policies_on_one_object_never_undo_one_another() {
    for domain in ["mutatingflow.nais.io", "other.example.org"] {
        let [one, two] = two_policies(domain);
        let users = notebook_with_env(json!({"MINE": "1"}));
        let orders = [[one.clone(), two.clone()], [two, one]];
        let [first, second] = [0, 1].map(|at| in_turn(&users, &orders[at]));
        assert_eq!(unordered(&first), unordered(&second), "{domain}");
        assert_eq!(names(&spec(&first)["volumes"]), ["ca"]);
        for policies in &orders {
            let stored = in_turn(&users, policies);
            assert_eq!(in_turn(&stored, policies), stored, "{domain}: a second round, and a copy");
            let culled = with(&stored, "/metadata/annotations/notebooks.kubeflow.org~1last-activity", json!("now"));
            assert_eq!(updated_in_turn(&stored, &culled, policies), culled, "{domain}: the culler");
            assert_eq!(updated_in_turn(&stored, &stopped(&stored), policies), stopped(&stored), "{domain}: a stop");
            assert_eq!(updated_in_turn(&stopped(&stored), &stored, policies), stored, "{domain}: a start");
            let again = updated_in_turn(&stored, &users, policies);
            assert_eq!(again, stored, "{domain}: the manifest applied again");
            // What one of them takes away is not the other's.
            let retiring: Vec<_> = policies
                .iter()
                .map(|it| if it["dependencies"]["agent"].is_null() { it.clone() } else { retiring(&["agent"], it) })
                .collect();
            let after = updated_in_turn(&stored, &stopped(&stored), &retiring);
            assert_eq!(names(&spec(&after)["containers"]), ["main"], "{domain}");
            assert_eq!(names(&spec(&after)["volumes"]), ["ca"], "{domain}");
            assert!(variables_of(&after).contains(&"HTTP_PROXY=http://a".into()), "{domain}");
        }
    }
}

/// What the user writes over an entry of one policy is for that one to decide about, whichever is called first; and what one
/// of them adds or brings into another order in this request is not undone by the other.
#[test]
fn what_changed_of_another_policys_is_left_to_it() {
    for domain in ["mutatingflow.nais.io", "lab.example.org"] {
        let theirs = |order: [&str; 2], restart: bool| {
            let dependency = json!({"initContainers": order.map(|name| json!({"name": name, "image": "i"})), "env": env(json!({"E": "1"}))});
            let settings = notebook_settings(json!({"theirs": with(&dependency, "/onConflict", json!("Keep"))}));
            let settings = with(&settings, "/annotationDomain", json!(domain));
            with(&settings, "/runningNotebooks", json!(if restart { "Restart" } else { "Defer" }))
        };
        let ours = notebook_settings(json!({"ours": registry()}));
        let before = theirs(["b", "c"], false);
        let users = notebook_with_env(json!({"MINE": "1"}));
        let stored = in_turn(&users, &[ours.clone(), before.clone()]);
        assert_eq!(variables_of(&stored), ["MINE=1", "E=1"]);
        let sent = with(&stored, &format!("{ENV}/1/value"), json!("mine"));
        for policies in [[ours.clone(), before.clone()], [before.clone(), ours.clone()]] {
            assert_eq!(variables_of(&updated_in_turn(&stored, &sent, &policies)), ["MINE=1", "E=mine"]);
        }
        // A bare manifest, and a policy that restarts and has something new before what it had.
        let after = theirs(["a", "c"], true);
        for policies in [[ours.clone(), after.clone()], [after.clone(), ours.clone()]] {
            let object = updated_in_turn(&stored, &users, &policies);
            assert_eq!(names(&spec(&object)["initContainers"]), ["a", "c"], "{domain}");
            assert_eq!(spec(&object)["imagePullSecrets"], spec(&stored)["imagePullSecrets"]);
            assert_eq!(updated_in_turn(&object, &object, &policies), object);
        }
    }
}

/// Where the stored template takes the place of a bare manifest, what another policy changed in this request comes into it:
/// in containers and init containers, fields of the pod and lists in their order.
#[test]
fn what_another_policy_changed_comes_into_the_restored_template() {
    let theirs = |names: &[&str], value: &str| {
        let variables: Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!(value))).collect();
        let settings = notebook_settings(json!({
            "pod": {
                "priorityClassName": value,
                "nodeSelector": {"pool": value},
                "sidecars": [{"name": "agent", "image": value}],
            },
            "over": {"onConflict": "Override", "nodeSelector": {"zone": value}},
            "main": super::again::variables(json!(variables)),
            "init": {"containers": ["setup"], "env": env(json!({"E": value}))},
        }));
        with(&settings, "/runningNotebooks", json!("Restart"))
    };
    let ours = notebook_settings(json!({"ours": variables(json!({"OURS": "1"}))}));
    let users = notebook(json!({
        "containers": [{"name": "main", "env": env(json!({"MINE": "1"}))}],
        "initContainers": [{"name": "setup", "env": env(json!({"D": "mine"}))}],
        "serviceAccountName": "robot",
        "nodeSelector": {"zone": "mine"},
    }));
    let stored = in_turn(&users, &[ours.clone(), theirs(&["B", "D"], "1")]);
    let sent = updated(&stored, &users, &theirs(&["A", "B", "C", "D"], "2")).object;
    let outcome = updated_again(&stored, &sent, &ours);
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "A=2", "OURS=1", "B=2", "C=2", "D=2"]);
    assert_eq!(
        spec(&outcome.object)["initContainers"][0]["env"],
        json!([{"name": "D", "value": "mine"}, {"name": "E", "value": "2"}])
    );
    assert_eq!(spec(&outcome.object)["priorityClassName"], "2");
    assert_eq!(spec(&outcome.object)["nodeSelector"], json!({"pool": "2", "zone": "2"}));
    assert_eq!(spec(&outcome.object)["serviceAccountName"], "robot");
    assert_eq!(spec(&outcome.object)["containers"][1], json!({"name": "agent", "image": "2"}));
    assert_eq!(audit(&outcome, "restored"), "template");
    // Where only that differs, there is nothing to restore.
    let sent = updated(&stored, &stored, &theirs(&["B", "D"], "2")).object;
    let outcome = updated_again(&stored, &sent, &ours);
    assert_eq!((outcome.patch.len(), audit(&outcome, "restored")), (0, ""));
}

/// A record that its policy took off in this request stays off, with and without one of another policy that is still there.
#[test]
fn what_its_policy_took_off_is_not_put_back() {
    let theirs = |name: &str| {
        let settings = notebook_settings(json!({name: {"labels": {name: "1"}}}));
        with(&settings, "/annotationDomain", json!(format!("{name}.example.org")))
    };
    let ours = |secret: &str| notebook_settings(json!({"ours": {"imagePullSecrets": [{"name": secret}]}}));
    for stays in [&["a"] as &[_], &[]] {
        let mut policies: Vec<_> = stays.iter().copied().map(theirs).collect();
        policies.extend([theirs("b"), ours("old")]);
        let stored = in_turn(&notebook_with_env(json!({"MINE": "1"})), &policies);
        let retired = with(&json!({"retired": ["b"]}), "/annotationDomain", json!("b.example.org"));
        let sent = updated(&stored, &stored, &retired);
        assert_eq!(audit(&sent, "removed"), "b");
        let outcome = updated_again(&stored, &sent.object, &ours("new"));
        assert_eq!(pending(&outcome.object), "ours");
        let annotations = &outcome.object["metadata"]["annotations"];
        let is_there = |name: &str| annotations.get(format!("{name}.example.org/injected")).is_some();
        assert_eq!((is_there("a"), is_there("b")), (!stays.is_empty(), false));
    }
}

/// A manifest may have the deprecated `serviceAccount` alone, at the server's default: that is no word against ours.
#[test]
fn a_default_under_the_deprecated_name_is_no_change() {
    let account = json!({"serviceAccountName": "ours"});
    let before = notebook_settings(json!({"account": account, "registry": registry()}));
    let users = notebook_with_env(json!({"MINE": "1"}));
    let users = with(&users, &format!("{TEMPLATE}/serviceAccount"), json!("default"));
    let stored = created_again(&users, &before).object;
    let other = json!({"registry": registry()});
    for after in [notebook_settings(other.clone()), retiring(&["account"], &notebook_settings(other))] {
        let outcome = updated_again(&stored, &users, &after);
        assert_eq!(spec(&outcome.object), spec(&stored));
    }
    // Under `Keep`, of a dependency that is left out.
    let keep = with(&account, "/onConflict", json!("Keep"));
    let stored = created_again(&users, &notebook_settings(json!({"account": keep}))).object;
    let left_out = with(&with(&keep, "/env", env(json!({"A": "1"}))), "/containers", json!(["away"]));
    let outcome = updated_again(&stored, &users, &notebook_settings(json!({"account": left_out})));
    assert_eq!(spec(&outcome.object), spec(&stored));
}

/// What a dependency or another policy puts into a container of ours is no part of that container: it is there as it should
/// be, whatever comes into it, and stays when the container is upgraded or put back.
#[test]
fn what_others_put_into_a_container_of_ours_is_theirs() {
    let agent = |image: &str| json!({"sidecars": [{"name": "agent", "image": image}]});
    let secret =
        json!({"containers": ["agent"], "envFrom": [{"secretRef": {"name": "s"}}], "env": env(json!({"E": "1"}))});
    let users = notebook_with_env(json!({"MINE": "1"}));

    // Of one policy.
    let both = |image: &str| notebook_settings(json!({"side": agent(image), "sec": secret}));
    let stored = created_again(&users, &both("1")).object;
    let copy = with(
        &users,
        &format!("{TEMPLATE}/containers"),
        json!([spec(&users)["containers"][0], {"name": "agent", "image": "1"}]),
    );
    assert_eq!(spec(&created_again(&copy, &both("1")).object)["containers"], spec(&stored)["containers"]);
    let upgraded = updated_again(&stopped(&stored), &stopped(&stored), &both("2")).object;
    let expected = with(spec(&stored), "/containers/1/image", json!("2"));
    assert_eq!(spec(&upgraded), &expected);

    // A variable moves into the definition of the container.
    let moved = |value: &str| {
        let side = with(&agent("1"), "/sidecars/0/env", env(json!({"E": value})));
        retiring(&["sec"], &notebook_settings(json!({"side": side, "sec": secret})))
    };
    let outcome = updated_again(&stopped(&stored), &stopped(&stored), &moved("1"));
    assert_eq!(spec(&outcome.object)["containers"][1]["env"], env(json!({"E": "1"})));
    let outcome = updated_again(&stopped(&stored), &stopped(&stored), &moved("2"));
    assert_eq!(spec(&outcome.object)["containers"][1]["env"], env(json!({"E": "2"})));
    assert_eq!(outcome.warnings, NO_WARNING);

    // Of another one, with its own record or with none of the settings any more.
    let theirs = notebook_settings(json!({"sec": secret}));
    let ours = |side: Value| notebook_settings(json!({"side": side}));
    let upgraded = updated_again(&stopped(&stored), &stopped(&stored), &ours(agent("2"))).object;
    assert_eq!(spec(&upgraded), &expected);
    // The container waits, and the other one changes what is in it.
    let waits = with(&agent("1"), "/env", env(json!({"MINE": "ours"})));
    let other_value = with(&theirs, "/dependencies/sec/env/0/value", json!("2"));
    let changed = updated(&stopped(&stored), &stopped(&stored), &other_value).object;
    let outcome = updated_again(&stopped(&stored), &changed, &ours(waits));
    assert_eq!(spec(&outcome.object), &with(spec(&stored), "/containers/1/env/0/value", json!("2")));
    only_warning(&outcome, &["\"side\" waits", "MINE"]);
}

/// On a pod, too, which is only created: in either order the same entries, and a second round changes nothing.
#[test]
fn two_policies_on_one_pod_never_undo_one_another() {
    let kind = Kind::PipelinePod;
    for domain in ["mutatingflow.nais.io", "other.example.org"] {
        let policies = two_policies(domain).map(|settings| {
            let dependencies = settings["dependencies"].clone();
            with(&kind.settings(dependencies), "/annotationDomain", settings["annotationDomain"].clone())
        });
        let [one, two] = policies;
        let pod = kind.object(json!({"containers": [{"name": "main"}], "imagePullSecrets": [{"name": "mine"}]}));
        let orders = [[one.clone(), two.clone()], [two, one]];
        let [first, second] = [0, 1].map(|at| in_turn(&pod, &orders[at]));
        assert_eq!(unordered(&first), unordered(&second), "{domain}");
        assert_eq!(names(&first["spec"]["imagePullSecrets"]), ["mine", "gpr-credentials"]);
        for (policies, pod) in orders.iter().zip([first, second]) {
            assert_eq!(in_turn(&pod, policies), pod, "{domain}: a second round");
        }
    }
}

/// Both bring the same key with different values, and both override: the one that is called second wins, in every request, and
/// the notebook does not restart for it.
#[test]
fn of_two_policies_that_override_the_second_wins_and_nothing_moves() {
    let policy = |name: &str| {
        let dependency = with(&variables(json!({"A": name})), "/onConflict", json!("Override"));
        notebook_settings(json!({name: dependency}))
    };
    let policies = [policy("one"), policy("two")];
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = in_turn(&users, &policies);
    assert_eq!(variables_of(&stored), ["MINE=1", "A=two"]);
    let culled = with(&stored, "/metadata/annotations/notebooks.kubeflow.org~1last-activity", json!("now"));
    assert_eq!(updated_in_turn(&stored, &culled, &policies), culled);
    assert_eq!(variables_of(&updated_in_turn(&stored, &users, &policies)), ["MINE=1", "A=two"]);
    let after = updated_in_turn(&stored, &stopped(&stored), &policies);
    assert_eq!(variables_of(&after), ["MINE=1", "A=two"]);
    assert_eq!(updated_in_turn(&after, &after, &policies), after);
}

/// Both bring the very same entry: it is there once, and where the one that added it retires it, the other has it again by the
/// time the notebook starts.
#[test]
fn an_entry_that_both_bring_is_there_as_long_as_one_wants_it() {
    let policy = |name: &str| notebook_settings(json!({name: registry()}));
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = in_turn(&users, &[policy("one"), policy("two")]);
    assert_eq!(names(&spec(&stored)["imagePullSecrets"]), ["gpr-credentials"]);
    let retired = json!({"retired": ["one"]});
    for policies in [[retired.clone(), policy("two")], [policy("two"), retired]] {
        let halted = updated_in_turn(&stored, &stopped(&stored), &policies);
        let started = updated_in_turn(
            &halted,
            &with(&halted, "/metadata/annotations/kubeflow-resource-stopped", None),
            &policies,
        );
        assert_eq!(names(&spec(&started)["imagePullSecrets"]), ["gpr-credentials"]);
        assert_eq!(added(&started), json!({"two": {"imagePullSecrets": ["gpr-credentials"]}}));
        assert_eq!(pending(&started), &Value::Null);
    }
}

/// The platform changes the settings of one of two policies while the notebook runs: only that one's waits, and comes with
/// a stop.
#[test]
fn what_waits_of_one_policy_does_not_concern_the_other() {
    let [one, two] = two_policies("mutatingflow.nais.io");
    let users = notebook_with_env(json!({"MINE": "1"}));
    let upgraded = with(&one, "/dependencies/proxy/env/0/value", json!("http://b"));
    for policies in [[upgraded.clone(), two.clone()], [two.clone(), upgraded]] {
        let stored = in_turn(&users, &[one.clone(), two.clone()]);
        let waits = updated_in_turn(&stored, &stored, &policies);
        assert_eq!(waits, with(&stored, PENDING, json!("proxy")));
        assert_eq!(updated_in_turn(&waits, &waits, &policies), waits);
        let after = updated_in_turn(&waits, &stopped(&waits), &policies);
        assert_eq!(pending(&after), &Value::Null);
        assert!(variables_of(&after).contains(&"HTTP_PROXY=http://b".into()));
        assert_eq!(names(&spec(&after)["volumes"]), ["ca"]);
    }
}

/// The audit log names what belongs to others, in the order of names; where all is known, it has no such annotation.
#[test]
fn the_audit_annotation_unknown_names_what_belongs_to_others() {
    for kind in Kind::ALL {
        let theirs = kind.settings(json!({"b": proxy("http://a"), "a": {"labels": {"l": "1"}}}));
        let ours = kind.settings(json!({"registry": registry()}));
        let users = kind.object(json!({"containers": [{"name": "main"}]}));
        let outcome = created_again(&created(&users, &theirs).object, &ours);
        assert_eq!(audit(&outcome, "unknown"), "a,b", "{kind:?}");
        assert_eq!(created_again(&users, &ours).audit.get("unknown"), None, "{kind:?}");
    }
}

/// The record does not change for another spelling of the settings, and no running notebook waits: members in another
/// order, escapes, absent values, another `onConflict`.
#[test]
fn the_hash_is_of_what_the_additions_mean() {
    let before = json!({"dep": {
        "containers": "Main",
        "env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "containerName": "main"}}}],
        "tolerations": [{"key": "gpu", "value": "yes"}],
        "volumes": [{"name": "v", "configMap": {"name": "ca"}}],
        "nodeSelector": {"a": "1", "b": "2"},
        "sidecars": [{"name": "agent", "image": "agent", "resources": {"limits": {"cpu": "500m"}}}],
    }});
    let settings = notebook_settings(before.clone());
    let stored = created(&notebook(json!({"containers": [{"name": "main"}]})), &settings).object;
    for (what, pointer, value) in [
        ("onConflict", "/dep/onConflict", json!("Override")),
        ("the default of a divisor", "/dep/env/0/valueFrom/resourceFieldRef/divisor", json!("0")),
        ("the default of an operator", "/dep/tolerations/0/operator", json!("Equal")),
        ("no items", "/dep/volumes/0/configMap/items", json!([])),
        ("members in another order", "/dep/nodeSelector", json!({"b": "2", "a": "1"})),
        ("a quantity", "/dep/sidecars/0/resources/limits/cpu", json!("0.5")),
        ("a default of the containers", "/dep/containers", Value::Null),
    ] {
        let respelt = with(&before, pointer, if value.is_null() { None } else { Some(value) });
        let outcome = updated_again(&stored, &stored, &notebook_settings(respelt));
        assert_eq!((outcome.patch, outcome.warnings), (NO_PATCH.to_vec(), vec![]), "{what}");
    }
    for (what, pointer, value) in [
        ("containers", "/dep/containers", json!("All")),
        ("a value", "/dep/nodeSelector/a", json!("2")),
        ("an operator", "/dep/tolerations/0", json!({"key": "gpu", "operator": "Exists"})),
    ] {
        let changed = notebook_settings(with(&before, pointer, value));
        assert_ne!(
            whole_record(&updated(&stopped(&stored), &stored, &changed).object),
            whole_record(&stored),
            "{what}"
        );
    }
}

/// Settings as text: pretty-printed and with escapes, they mean the same.
#[test]
fn settings_that_are_spelt_in_another_way_have_the_same_hash() {
    use crate::evaluator::validate;

    let request = super::objects::create(notebook_with_env(json!({})));
    let spellings = [
        r#"{"notebooks":["dep"],"dependencies":{"dep":{"env":[{"name":"A","value":"aæ"}],"nodeSelector":{"a":"1","b":"2"}}}}"#,
        "{\"notebooks\": [\"dep\"],\n \"dependencies\": {\n  \"dep\": {\n   \"nodeSelector\": {\"b\": \"2\", \"a\": \"1\"},\n   \"env\": [ { \"value\": \"\\u0061\\u00e6\", \"n\\u0061me\": \"A\" } ]\n  }\n }\n}",
    ];
    let [one, other] = spellings.map(|settings| {
        let answer = validate(format!("{{\"request\":{request},\"settings\":{settings}}}").as_bytes());
        let answer: Value = serde_json::from_slice(&answer).expect("an answer");
        whole_record(&answer["mutated_object"])
    });
    assert_eq!(one["Notebook"]["dep"]["added"], json!({"env": ["A"], "nodeSelector": ["a", "b"]}));
    assert_eq!(one["Notebook"]["dep"]["hash"], other["Notebook"]["dep"]["hash"]);
}

/// What was there before us never becomes ours, and what nobody recorded is never taken away.
#[test]
fn what_was_there_before_is_not_recorded_and_stays() {
    let all = json!({"proxy": proxy("http://a"), "registry": registry()});
    let users = notebook_with_env(json!({"HTTP_PROXY": "http://a"}));
    let stored = created_again(&users, &wanting(&["proxy", "registry"], all.clone())).object;
    assert_eq!(added(&stored), json!({"registry": {"imagePullSecrets": ["gpr-credentials"]}}));
    let after = updated_again(&stored, &stopped(&stored), &wanting(&["registry"], all)).object;
    assert_eq!(variables_of(&after), ["HTTP_PROXY=http://a"]);
    assert_eq!(refusal(&users, &notebook_settings(json!({"proxy": proxy("http://a")}))), None);
    assert_eq!(stored.pointer(ENV), users.pointer(ENV));
}

/// The client changes an entry of another policy, and something else in the template is malformed: where neither policy has
/// anything there, that is left to the API server.
#[test]
fn what_no_policy_has_anything_in_is_not_read_for_another_policys_entries() {
    let theirs = notebook_settings(json!({"agent": {"sidecars": [{"name": "agent", "image": "agent"}]}}));
    let ours = notebook_settings(json!({"registry": registry()}));
    let users = with(&notebook_with_env(json!({"MINE": "1"})), &format!("{TEMPLATE}/affinity"), json!([]));
    let stored = in_turn(&users, &[theirs, ours.clone()]);
    let sent = with(&stored, &format!("{TEMPLATE}/containers/1/command"), json!(["mine"]));
    assert_eq!(updated(&stored, &sent, &ours).object, sent);
}

/// An entry that was gone comes back with the dependency that brings it now: the record names it there alone, though the
/// one that had brought it is left out, and keeps the rest of its part.
#[test]
fn an_entry_that_comes_back_with_another_dependency_is_recorded_there_alone() {
    let volume = json!([{"name": "v", "emptyDir": {}}]);
    let env = json!({"env": [{"name": "A", "value": "1"}], "containers": ["other"]});
    let one = json!({"env": env["env"], "containers": ["other"], "volumes": volume});
    let before = wanting(&["one"], json!({"one": one}));
    let after = wanting(&["one", "two"], json!({"one": env, "two": {"volumes": volume}}));
    let manifest = notebook(json!({"containers": [{"name": "nb"}, {"name": "other"}]}));
    let created = stopped(&created(&manifest, &before).object);
    let stored = with(&created, "/spec/template/spec/volumes", None);
    let without_container = with(&stored, "/spec/template/spec/containers/1", None);
    let outcome = updated(&stored, &without_container, &after);
    assert_eq!(added(&outcome.object), json!({"one": {"env/other": ["A"]}, "two": {"volumes": ["v"]}}));
}
