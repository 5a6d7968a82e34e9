//! What an answer has in it (contract, "Answers").

use serde_json::{Value, json};

use super::again::{
    ANNOTATIONS, INJECTED, NO_PATCH, TEMPLATE, audit, created_again, notebook, notebook_with_env, record_of, refusal,
    retiring, server_defaults, spec, stopped, update_refused, updated_again, variables, wanting,
};
use super::objects::{Kind, create, created, notebook_settings, refused, update, updated, with};
use crate::evaluator::{run, validate};

const CONTAINER: &str = "/spec/template/spec/containers/0";
const APPLY: &str = "/metadata/annotations/mutatingflow.nais.io~1apply";

/// Requests of all sorts on one notebook, by name: stored, sent, and the settings.
fn requests() -> Vec<(&'static str, Value, Value, Value)> {
    let dependencies = |url: &str| {
        json!({
            "proxy": with(&variables(json!({"HTTP_PROXY": url})), "/onConflict", json!("Override")),
            "agent": {"sidecars": [{"name": "agent", "image": "agent"}], "labels": {"agent": "yes"}},
            "data": {
                "volumes": [{"name": "v", "emptyDir": {}}],
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            },
            "place": {"serviceAccountName": "runner", "nodeSelector": {"pool": "a"}},
        })
    };
    let settings = notebook_settings(dependencies("http://a"));
    let upgraded = notebook_settings(dependencies("http://b"));
    let reversed = wanting(&["proxy", "place", "data", "agent"], dependencies("http://a"));
    let retired = retiring(&["proxy", "agent"], &settings);
    let users = notebook_with_env(json!({"MINE": "1", "HTTP_PROXY": "http://mine"}));
    let stored = created(&users, &settings).object;
    let waits = updated(&stored, &stored, &upgraded).object;
    let bare = with(&users, ANNOTATIONS, None);
    let written_over = with(&stored, &format!("{CONTAINER}/env/0/value"), json!("theirs"));
    let mut all = Vec::new();
    for settings in [&settings, &upgraded, &reversed, &retired, &json!({"retired": ["proxy"]})] {
        for (what, old, new) in [
            ("unchanged", &stored, &stored),
            ("waiting", &waits, &waits),
            ("the users", &stored, &users),
            ("bare", &stored, &bare),
            ("never injected", &users, &users),
            ("first", &users, &stored),
            ("written over", &stored, &written_over),
            ("asked for", &waits, &with(&waits, APPLY, json!("now"))),
            ("no record", &stored, &with(&stored, INJECTED, None)),
            ("a damaged record", &stored, &with(&stored, INJECTED, json!("{"))),
            ("an empty template", &stored, &with(&stored, TEMPLATE, json!({}))),
            ("no containers", &stored, &with(&stored, &format!("{TEMPLATE}/containers"), json!([]))),
        ] {
            for (old, new) in [
                (old.clone(), new.clone()),
                (old.clone(), stopped(new)),
                (stopped(old), new.clone()),
                (stopped(old), stopped(new)),
                (Value::Null, new.clone()),
            ] {
                all.push((what, old, new, settings.clone()));
            }
        }
    }
    all
}

/// An answer has an object only where something is another in it: an answer without a change is not taken for one.
#[test]
fn a_mutated_object_is_there_only_if_something_changed() {
    let mut with_object = 0;
    for (what, old, new, settings) in requests() {
        for request in [create(new.clone()), update(old.clone(), new.clone())] {
            let mut request = request;
            request.as_object_mut().expect("a request").retain(|_, value| !value.is_null());
            let payload = json!({"request": request, "settings": settings}).to_string();
            let answer: Value = serde_json::from_slice(&validate(payload.as_bytes())).expect("an answer");
            if let Some(object) = answer.get("mutated_object") {
                assert_ne!(object, &new, "{what}: {settings:#}");
                with_object += 1;
            }
        }
    }
    assert!(with_object > 100, "{with_object}");
}

/// What waits is put back where the client has it not; what counts as absent, and is the very value that was added, is
/// there.
#[test]
fn what_waits_and_is_there_is_no_change() {
    let adding = |fields: Value| notebook_settings(json!({"place": fields}));
    let users = notebook(json!({"containers": [{"name": "main"}]}));
    for (field, value) in server_defaults() {
        let stored = created(&users, &adding(json!({ field: value }))).object;
        let settings = adding(json!({"nodeSelector": {"pool": "a"}}));
        let waits = updated_again(&stored, &stored, &settings).object;
        let payload = json!({"request": update(stored, waits), "settings": settings}).to_string();
        let answer: Value = serde_json::from_slice(&validate(payload.as_bytes())).expect("an answer");
        assert_eq!((&answer["accepted"], answer.get("mutated_object")), (&json!(true), None), "{field}");
    }
}

/// What another policy has added in this request is carried over to the stored template: what is sent may be what is stored.
#[test]
fn a_template_that_is_restored_as_it_was_sent_is_no_change() {
    let record = json!({"Notebook": {"theirs": {"hash": "0123456789abcdef", "added": {"sidecars": ["helper"]}}}});
    let bare = notebook(json!({}));
    let with_record = |object: &Value| with(object, INJECTED, json!(record.to_string()));
    let old = with_record(&bare);
    let new = with_record(&notebook(json!({"containers": [{"name": "helper"}]})));
    let settings = notebook_settings(json!({"place": {"nodeSelector": {"pool": "a"}}}));
    let waits = updated_again(&old, &new, &settings).object;
    let payload = json!({"request": update(old, waits), "settings": settings}).to_string();
    let answer: Value = serde_json::from_slice(&validate(payload.as_bytes())).expect("an answer");
    assert_eq!((&answer["accepted"], answer.get("mutated_object")), (&json!(true), None));
}

/// Whatever comes of a request, its reply called a second time in the same request changes nothing, and neither does the
/// next update.
#[test]
fn an_answer_is_the_same_the_second_time() {
    let mut differ = Vec::new();
    for (what, old, new, settings) in requests() {
        if !run(update(old.clone(), new.clone()), settings.clone()).allowed {
            continue;
        }
        let reply = updated(&old, &new, &settings).object;
        let times = [("a second call", &old), ("the next update", &reply)];
        // Without the stored object nobody knows what the next update changes.
        for (time, stored) in times.into_iter().filter(|(_, stored)| !old.is_null() || stored.is_null()) {
            let again = updated(stored, &reply, &settings).patch;
            if again != NO_PATCH {
                differ.push(format!(
                    "{what}: {time}\nold {old:#}\nnew {new:#}\nreply {reply:#}\n{settings:#}\n{again:#?}"
                ));
            }
        }
        if run(create(new.clone()), settings.clone()).allowed {
            created_again(&new, &settings);
        }
    }
    assert!(differ.is_empty(), "{}: {}", differ.len(), differ.join("\n\n"));
}

/// The audit log says where the stored template took the place of one that means something else, and not where that was only
/// spelt in another way.
#[test]
fn the_audit_annotation_restored_names_a_template_that_meant_something_else() {
    let settings = notebook_settings(json!({"proxy": variables(json!({"HTTP_PROXY": "http://a"}))}));
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&users, &settings).object;
    for (what, sent, restored) in [
        ("the same", stored.clone(), ""),
        ("without ours", users.clone(), "template"),
        ("written over", with(&stored, &format!("{CONTAINER}/env/1/value"), json!("theirs")), "template"),
        ("another spelling", with(&stored, &format!("{TEMPLATE}/nodeSelector"), json!({})), ""),
        ("another spelling", with(&stored, &format!("{CONTAINER}/workingDir"), json!("")), ""),
        ("the user's change", with(&stored, &format!("{CONTAINER}/image"), json!("new")), ""),
        ("stopped", stopped(&users), ""),
    ] {
        let outcome = updated_again(&stored, &sent, &settings);
        assert_eq!(audit(&outcome, "restored"), restored, "{what}");
        if restored.is_empty() && what == "another spelling" {
            assert_eq!(outcome.object, sent, "as the client spells it");
        }
    }
    assert_eq!(audit(&created(&stored, &settings), "restored"), "");

    // Another policy's entry, put back as its record says: there is nothing to restore.
    let other = notebook_settings(json!({"gpu": {"nodeSelector": {"pool": "gpu"}}}));
    let sent = created(&stored, &other).object;
    let lost = with(&sent, &format!("{TEMPLATE}/nodeSelector"), Value::Null);
    let outcome = updated_again(&lost, &sent, &settings);
    assert_eq!((&outcome.object, audit(&outcome, "restored")), (&sent, ""));
}

/// The audit log has an annotation for each thing that was done, with the names of the dependencies, and none for what was not.
#[test]
fn audit_annotations_name_what_was_done() {
    let before = wanting(
        &["a", "gone"],
        json!({"a": {"labels": {"a": "1"}}, "gone": {"labels": {"gone": "1"}}, "b": {"labels": {"b": "1"}}}),
    );
    let after = wanting(&["a", "b"], before["dependencies"].clone());
    let theirs = notebook_settings(json!({"theirs": {"labels": {"theirs": "1"}}}));
    let users = notebook_with_env(json!({}));
    let stored = created(&created(&users, &before).object, &theirs).object;
    let outcome = updated_again(&stored, &stored, &after);
    let expected = [("dependencies", "b"), ("removed", "gone"), ("unknown", "theirs")];
    assert_eq!(outcome.audit, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
}

/// What a list of the object is, in the settings and in the object, and an entry of ours for it.
fn lists() -> Vec<(&'static str, String, Value)> {
    let container = json!({"name": "agent", "image": "agent"});
    [
        ("imagePullSecrets", "imagePullSecrets", json!({"name": "ours"})),
        ("volumes", "volumes", json!({"name": "ours", "emptyDir": {}})),
        ("initContainers", "initContainers", container.clone()),
        ("sidecars", "containers", container),
        ("tolerations", "tolerations", json!({"key": "ours", "operator": "Exists"})),
        ("hostAliases", "hostAliases", json!({"ip": "10.0.0.1", "hostnames": ["ours"]})),
        ("env", "containers/0/env", json!({"name": "OURS", "value": "1"})),
        ("envFrom", "containers/0/envFrom", json!({"configMapRef": {"name": "ours"}})),
        ("volumeMounts", "containers/0/volumeMounts", json!({"name": "ours", "mountPath": "/ours"})),
    ]
    .into_iter()
    .map(|(field, list, entry)| (field, list.to_owned(), entry))
    .collect()
}

/// A path as a message writes it: `containers[0].env`.
fn written(kind: Kind, list: &str) -> String {
    format!("{}.{}", kind.pod_spec_name(), list.replace("/0/", "[0]."))
}

fn settings_for(kind: Kind, field: &str, entry: &Value) -> Value {
    let mut dependency = json!({field: [entry]});
    if field == "volumeMounts" {
        dependency["volumes"] = json!([{"name": "ours", "emptyDir": {}}]);
    }
    kind.settings(json!({"dep": dependency}))
}

/// An object with this list.
fn object(kind: Kind, list: &str, entries: Value) -> Value {
    let object = kind.object(json!({"containers": [{"name": "main"}]}));
    with(&object, &format!("{}/{list}", kind.pod_spec()), entries)
}

/// `env: ["A"]`, a typing error, is refused with the path, in every list that a dependency adds to.
#[test]
fn a_string_where_there_should_be_an_entry_is_refused_with_its_path() {
    for kind in Kind::ALL {
        for (field, list, entry) in lists() {
            let settings = settings_for(kind, field, &entry);
            for wrong in [json!("A"), json!(1), json!(true), json!([]), json!([{"name": "A"}])] {
                for (entries, at) in [(json!([wrong]), 0), (json!([with_name(&list), wrong]), 1)] {
                    let message = refused(&object(kind, &list, entries), &settings);
                    let path = format!("{}[{at}]", written(kind, &list));
                    assert!(message.starts_with(&path), "{kind:?} {field} {wrong}: {message}");
                    assert!(message.contains("must be an object"), "{kind:?} {field} {wrong}: {message}");
                }
            }
        }
    }
}

/// An entry that any list may hold.
fn with_name(list: &str) -> Value {
    match list {
        "containers" => json!({"name": "main"}),
        "hostAliases" => json!({"ip": "10.0.0.9"}),
        "tolerations" => json!({"key": "theirs"}),
        "containers/0/envFrom" => json!({"secretRef": {"name": "theirs"}}),
        "containers/0/volumeMounts" => json!({"name": "theirs", "mountPath": "/theirs"}),
        _ => json!({"name": "theirs"}),
    }
}

/// An object or a string where there should be a list is refused in the same way, and a list where there should be an object.
#[test]
fn what_is_no_list_or_no_object_is_refused_with_its_path() {
    for kind in Kind::ALL {
        for (field, list, entry) in lists() {
            for wrong in [json!({}), json!({"name": "A"}), json!("A"), json!(1)] {
                let message = refused(&object(kind, &list, wrong.clone()), &settings_for(kind, field, &entry));
                assert!(
                    message.starts_with(&format!("{}: must be a list", written(kind, &list))),
                    "{wrong}: {message}"
                );
            }
        }
        let settings = kind.settings(json!({"dep": {"nodeSelector": {"a": "b"}}}));
        for wrong in [json!([]), json!("A")] {
            let message = refused(&object(kind, "nodeSelector", wrong), &settings);
            assert!(
                message.starts_with(&format!("{}.nodeSelector: must be an object", kind.pod_spec_name())),
                "{message}"
            );
        }
    }
}

/// The same where something is taken away, and while a notebook runs.
#[test]
fn what_is_malformed_is_refused_where_something_is_taken_away_or_waits() {
    for (field, list, entry) in lists().into_iter().filter(|(field, ..)| *field != "sidecars") {
        let settings = settings_for(Kind::Notebook, field, &entry);
        let stored = created(&Kind::Notebook.object(json!({"containers": [{"name": "main"}]})), &settings).object;
        let retired = json!({"retired": ["dep"]});
        let pointer = format!("{TEMPLATE}/{list}/0");
        for (old, settings) in [(stored.clone(), retired), (stored.clone(), settings)] {
            let message = update_refused(&old, &with(&stopped(&stored), &pointer, json!("A")), &settings);
            assert!(message.contains("[0]: must be an object"), "{field}: {message}");
        }
    }
}

/// `null` is absent, not malformed: as a list, as an object, and as an entry.
#[test]
fn null_is_absent_not_malformed() {
    for kind in Kind::ALL {
        for (field, list, entry) in lists() {
            if field != "sidecars" {
                let after = created_again(&object(kind, &list, Value::Null), &settings_for(kind, field, &entry)).object;
                let pointer = format!("{}/{list}", kind.pod_spec());
                assert_eq!(after.pointer(&pointer), Some(&json!([entry])), "{kind:?} {field}");
                let after =
                    created_again(&object(kind, &list, json!([null])), &settings_for(kind, field, &entry)).object;
                assert_eq!(after.pointer(&pointer), Some(&json!([null, entry])), "{kind:?} {field}");
            }
        }
        let settings = kind.settings(json!({"dep": {"nodeSelector": {"a": "b"}, "labels": {"a": "b"}}}));
        let nothing = with(&object(kind, "nodeSelector", Value::Null), "/metadata/labels", Value::Null);
        let after = created_again(&nothing, &settings).object;
        assert_eq!(after["metadata"]["labels"], json!({"a": "b"}));
        assert_eq!(after.pointer(&format!("{}/nodeSelector", kind.pod_spec())), Some(&json!({"a": "b"})));
    }
}

/// What is malformed where the settings add nothing is left to the API server.
#[test]
fn what_is_malformed_elsewhere_is_not_refused() {
    for kind in Kind::ALL {
        for (_, list, _) in lists().into_iter().filter(|(field, ..)| *field != "sidecars") {
            for wrong in [json!(["A"]), json!("A"), json!({"a": 1})] {
                let object = object(kind, &list, wrong);
                assert_eq!(refusal(&object, &kind.settings(json!({"dep": {"labels": {"a": "b"}}}))), None, "{list}");
            }
        }
    }
}

/// Every sort of warning, with names of the usual length.
fn warnings() -> Vec<String> {
    let on_conflict = |word: &str| {
        notebook_settings(json!({"registry": {
            "onConflict": word,
            "env": [{"name": "HTTP_PROXY", "value": "http://ours"}],
            "serviceAccountName": "runner",
            "nodeSelector": {"kubernetes.io/arch": "amd64"},
        }}))
    };
    let users = with(
        &notebook_with_env(json!({"HTTP_PROXY": "http://mine"})),
        &format!("{TEMPLATE}/serviceAccountName"),
        json!("mine"),
    );
    let none = notebook_with_env(json!({"MINE": "1"}));
    let mut warnings = Vec::new();
    // Kept, replaced, waiting for a conflict.
    warnings.extend(created(&users, &on_conflict("Keep")).warnings);
    let overridden = created(&users, &on_conflict("Override"));
    warnings.extend(overridden.warnings);
    warnings.extend(updated(&users, &users, &on_conflict("Reject")).warnings);
    // Waiting for a stop, not restored.
    warnings.extend(updated(&none, &none, &on_conflict("Reject")).warnings);
    let retired = json!({"retired": ["registry"]});
    warnings.extend(updated(&overridden.object, &stopped(&overridden.object), &retired).warnings);
    // Written over: put back, and kept.
    for word in ["Keep", "Reject"] {
        let stored = created(&none, &on_conflict(word)).object;
        let sent = with(&stored, &format!("{CONTAINER}/env/1/value"), json!("theirs"));
        warnings.extend(updated(&stored, &sent, &on_conflict(word)).warnings);
    }
    // A damaged record, no container.
    warnings.extend(created(&with(&none, INJECTED, json!("{")), &on_conflict("Keep")).warnings);
    warnings.extend(created(&notebook(json!({})), &on_conflict("Keep")).warnings);
    // A file below a directory, a security context without a group.
    let ca = json!({
        "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "volumeMounts": [{"name": "ca", "mountPath": "/etc/ssl/ca.pem", "subPath": "ca.pem"}],
        "securityContext": {"runAsNonRoot": true},
    });
    let mounting =
        with(&none, &format!("{CONTAINER}/volumeMounts"), json!([{"name": "mine", "mountPath": "/etc/ssl"}]));
    warnings.extend(created(&mounting, &notebook_settings(json!({"ca": ca}))).warnings);
    // A volume that is still mounted.
    let volume = notebook_settings(json!({"ca": {"volumes": [{"name": "ca", "emptyDir": {}}]}}));
    let mount = json!([{"name": "ca", "mountPath": "/ca"}]);
    let stored = with(&created(&none, &volume).object, &format!("{CONTAINER}/volumeMounts"), mount);
    let sent = with(&stored, &format!("{CONTAINER}/image"), json!("new"));
    warnings.extend(updated(&stored, &sent, &json!({"retired": ["ca"]})).warnings);
    // On the pod of a notebook.
    let kind = Kind::Pod;
    let pod = kind.object(json!({"containers": [{"name": "main", "env": [{"name": "HTTP_PROXY", "value": "old"}]}]}));
    let record = record_of("Notebook", "registry", json!({"env": ["HTTP_PROXY"]}));
    let pod = with(&pod, ANNOTATIONS, json!({"mutatingflow.nais.io/injected": record}));
    let pod = with(&pod, "/metadata/ownerReferences", json!([{"kind": "StatefulSet", "controller": true}]));
    warnings.extend(
        created(&pod, &kind.settings(json!({"registry": {"env": [{"name": "HTTP_PROXY", "value": "new"}]}}))).warnings,
    );
    warnings
}

/// A warning is a line in a terminal: with names of the usual length no sort of it is longer than 120 characters.
#[test]
fn warnings_are_short() {
    let warnings = warnings();
    for words in [
        "stays",
        "replaced",
        "waits",
        "stop",
        "not restored",
        "put back",
        "cannot be read",
        "none of",
        "read-only",
        "fsGroup",
        "mounts it",
        "comes from the notebook's",
    ] {
        assert!(warnings.iter().any(|warning| warning.contains(words)), "{words} in {warnings:#?}");
    }
    let long: Vec<_> = warnings.iter().filter(|warning| warning.chars().count() > 120).collect();
    assert!(long.is_empty(), "{long:#?}");
}

/// No warning of any sort shows a value, the user's or ours.
#[test]
fn warnings_of_every_sort_show_names_and_no_values() {
    for warning in warnings() {
        for value in ["http://", "runner", "amd64", "theirs", "jupyter"] {
            assert!(!warning.contains(value), "{value} in {warning}");
        }
    }
}

/// A stored object is not checked: who stops a notebook is not refused for what was stored before.
#[test]
fn a_stored_object_that_is_malformed_refuses_nobody() {
    let settings = notebook_settings(json!({"dep": variables(json!({"A": "1"}))}));
    let sent = notebook_with_env(json!({"MINE": "1"}));
    for (pointer, wrong) in [
        ("/spec/template/spec/containers/0/env", json!(["A"])),
        ("/spec/template/spec/containers", json!("A")),
        ("/spec/template/spec", json!([])),
        ("/spec", json!(1)),
        ("/metadata/annotations", json!([])),
    ] {
        let old = with(&sent, pointer, wrong);
        let outcome = run(update(old, stopped(&sent)), settings.clone());
        assert!(outcome.allowed, "{pointer}: {:?}", outcome.message);
        assert_eq!(spec(&outcome.object)["containers"][0]["env"].as_array().map(Vec::len), Some(2), "{pointer}");
    }
}
