//! Every field of a dependency: what becomes of it where there is nothing, the same, something
//! else, or what the platform brought before. A field is a row of [`rows`]; the tests are the same for all.

use std::collections::BTreeSet;

use super::objects::{Injected, Kind, created, refused, split_annotations, with};
use serde_json::{Value, json};

/// The fields that a dependency can hold.
const FIELDS: [&str; 19] = [
    "affinity",
    "annotations",
    "automountServiceAccountToken",
    "env",
    "envFrom",
    "hostAliases",
    "imagePullSecrets",
    "initContainers",
    "labels",
    "nodeSelector",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccountName",
    "sidecars",
    "tolerations",
    "volumeMounts",
    "volumes",
];

/// How a field is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Merge {
    /// A list whose entries have a key.
    Keyed,
    /// A list whose entries are nothing but their key: none of them conflicts with another.
    OwnKey,
    /// An object, member by member.
    Map,
    /// The field as a whole.
    Itself,
}

use Merge::{Itself, Keyed, Map, OwnKey};

/// One field: an entry of it, be it an item of a list, an object of one member, or the whole value, in the words of
/// the settings, and what else may stand in its place.
struct Row {
    field: &'static str,
    /// Where it goes: from the object with `/metadata`, else from its pod spec.
    at: &'static str,
    merge: Merge,
    /// As the record and the messages know it.
    key: &'static str,
    subject: &'static str,
    /// What the settings ask for.
    ours: Value,
    /// The same as the server stores it, with its defaults.
    stored: Value,
    /// What a user might have under the same key.
    theirs: Value,
    /// What later settings ask for under the same key.
    changed: Value,
    /// What a user might have under other keys.
    others: [Value; 2],
    /// What counts as absent, beside `null`.
    empty: Vec<Value>,
    /// Whether `onConflict: Keep` leaves the user's.
    may_keep: bool,
    /// What both the pod spec and the settings hold beside it.
    besides: Value,
}

fn row(field: &'static str, at: &'static str, merge: Merge, key: &'static str, subject: &'static str) -> Row {
    let empty = match merge {
        Keyed | OwnKey => vec![json!([])],
        Map => vec![json!({})],
        Itself => vec![],
    };
    Row {
        field,
        at,
        merge,
        key,
        subject,
        ours: Value::Null,
        stored: Value::Null,
        theirs: Value::Null,
        changed: Value::Null,
        others: [Value::Null, Value::Null],
        empty,
        may_keep: true,
        besides: json!({}),
    }
}

fn rows() -> Vec<Row> {
    let container = |image: &str| json!({"name": "agent", "image": image, "volumeMounts": [{"name": "s", "mountPath": "/s"}], "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]});
    let stored_container = json!({
        "name": "agent",
        "image": "agent:1",
        "imagePullPolicy": "IfNotPresent",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}}],
        "volumeMounts": [
            {"name": "s", "mountPath": "/s"},
            {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true},
        ],
    });
    let containers = || [json!({"name": "a", "image": "a"}), json!({"name": "z", "image": "z"})];
    let with_volume = || json!({"volumes": [{"name": "s", "emptyDir": {}}]});
    let field_ref = |path: &str| json!({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": path}}});
    let affinity = |values: &[&str]| {
        let term = json!({"matchExpressions": [{"key": "pool", "operator": "In", "values": values}]});
        json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}})
    };
    vec![
        Row {
            ours: json!({"team": "ours"}),
            stored: json!({"team": "ours"}),
            theirs: json!({"team": "theirs"}),
            changed: json!({"team": "changed"}),
            others: [json!({"a": "a"}), json!({"z": "z"})],
            ..row("labels", "/metadata/labels", Map, "team", "label team")
        },
        Row {
            ours: json!({"example.org/team": "ours"}),
            stored: json!({"example.org/team": "ours"}),
            theirs: json!({"example.org/team": "theirs"}),
            changed: json!({"example.org/team": "changed"}),
            others: [json!({"a": "a"}), json!({"z": "z"})],
            ..row("annotations", "/metadata/annotations", Map, "example.org/team", "annotation example.org/team")
        },
        Row {
            ours: json!({"name": "registry"}),
            stored: json!({"name": "registry"}),
            theirs: json!({"name": "theirs"}),
            changed: json!({"name": "changed"}),
            others: [json!({"name": "a"}), json!({"name": "z"})],
            ..row("imagePullSecrets", "/imagePullSecrets", OwnKey, "registry", "")
        },
        Row {
            ours: json!({"name": "ca", "configMap": {"name": "ca"}}),
            stored: json!({"name": "ca", "configMap": {"name": "ca", "defaultMode": 420}}),
            theirs: json!({"name": "ca", "hostPath": {"path": "/ca"}}),
            changed: json!({"name": "ca", "configMap": {"name": "ca-2"}}),
            others: [json!({"name": "a", "emptyDir": {}}), json!({"name": "z", "emptyDir": {}})],
            may_keep: false,
            ..row("volumes", "/volumes", Keyed, "ca", "volume ca")
        },
        Row {
            ours: container("agent:1"),
            stored: stored_container.clone(),
            theirs: json!({"name": "agent", "image": "theirs"}),
            changed: container("agent:2"),
            others: containers(),
            may_keep: false,
            besides: with_volume(),
            ..row("initContainers", "/initContainers", Keyed, "agent", "init container agent")
        },
        Row {
            ours: container("agent:1"),
            stored: stored_container,
            theirs: json!({"name": "agent", "image": "theirs"}),
            changed: container("agent:2"),
            others: containers(),
            may_keep: false,
            besides: with_volume(),
            ..row("sidecars", "/containers", Keyed, "agent", "container agent")
        },
        Row {
            ours: json!({"key": "gpu", "operator": "Exists"}),
            stored: json!({"operator": "Exists", "key": "gpu"}),
            theirs: json!({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}),
            changed: json!({"key": "gpu", "operator": "Equal", "value": "yes"}),
            others: [json!({"key": "a", "operator": "Exists"}), json!({"key": "z", "operator": "Exists"})],
            ..row("tolerations", "/tolerations", OwnKey, "#", "")
        },
        Row {
            ours: json!({"ip": "10.0.0.1", "hostnames": ["vault"]}),
            stored: json!({"ip": "10.0.0.1", "hostnames": ["vault"]}),
            theirs: json!({"ip": "10.0.0.1", "hostnames": ["theirs"]}),
            changed: json!({"ip": "10.0.0.1", "hostnames": ["vault", "vault-2"]}),
            others: [json!({"ip": "10.0.0.2", "hostnames": ["a"]}), json!({"ip": "10.0.0.3", "hostnames": ["z"]})],
            ..row("hostAliases", "/hostAliases", Keyed, "10.0.0.1", "hostAlias 10.0.0.1")
        },
        Row {
            ours: json!({"pool": "ours"}),
            stored: json!({"pool": "ours"}),
            theirs: json!({"pool": "theirs"}),
            changed: json!({"pool": "changed"}),
            others: [json!({"a": "a"}), json!({"z": "z"})],
            ..row("nodeSelector", "/nodeSelector", Map, "pool", "nodeSelector pool")
        },
        Row {
            ours: json!("runner"),
            stored: json!("runner"),
            theirs: json!("theirs"),
            changed: json!("runner-2"),
            empty: vec![json!(""), json!("default")],
            ..row("serviceAccountName", "/serviceAccountName", Itself, "serviceAccountName", "serviceAccountName")
        },
        Row {
            ours: json!(false),
            stored: json!(false),
            theirs: json!(true),
            changed: json!(true),
            ..row(
                "automountServiceAccountToken",
                "/automountServiceAccountToken",
                Itself,
                "automountServiceAccountToken",
                "automountServiceAccountToken",
            )
        },
        Row {
            ours: json!("batch"),
            stored: json!("batch"),
            theirs: json!("theirs"),
            changed: json!("batch-2"),
            empty: vec![json!("")],
            ..row("priorityClassName", "/priorityClassName", Itself, "priorityClassName", "priorityClassName")
        },
        Row {
            ours: json!("gvisor"),
            stored: json!("gvisor"),
            theirs: json!("theirs"),
            changed: json!("kata"),
            ..row("runtimeClassName", "/runtimeClassName", Itself, "runtimeClassName", "runtimeClassName")
        },
        Row {
            ours: json!("volcano"),
            stored: json!("volcano"),
            theirs: json!("theirs"),
            changed: json!("volcano-2"),
            empty: vec![json!(""), json!("default-scheduler")],
            ..row("schedulerName", "/schedulerName", Itself, "schedulerName", "schedulerName")
        },
        Row {
            ours: affinity(&["gpu"]),
            stored: affinity(&["gpu"]),
            theirs: affinity(&["theirs"]),
            changed: affinity(&["gpu", "cpu"]),
            empty: vec![json!({})],
            ..row("affinity", "/affinity", Itself, "affinity", "affinity")
        },
        Row {
            ours: json!({"fsGroup": 100}),
            stored: json!({"fsGroup": 100, "supplementalGroups": []}),
            theirs: json!({"fsGroup": 1}),
            changed: json!({"fsGroup": 200}),
            empty: vec![json!({})],
            ..row("securityContext", "/securityContext", Itself, "securityContext", "securityContext")
        },
        Row {
            ours: field_ref("spec.nodeName"),
            stored: json!({"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}}),
            theirs: json!({"name": "A", "value": "theirs"}),
            changed: json!({"name": "A", "value": "changed"}),
            others: [json!({"name": "B", "value": "b"}), json!({"name": "Z", "value": "z"})],
            ..row("env", "/containers/0/env", Keyed, "A", "env A of container \"main\"")
        },
        Row {
            ours: json!({"configMapRef": {"name": "defaults"}}),
            stored: json!({"configMapRef": {"name": "defaults"}, "secretRef": null}),
            theirs: json!({"configMapRef": {"name": "defaults"}, "prefix": "MY_"}),
            changed: json!({"configMapRef": {"name": "defaults"}, "prefix": "THE_"}),
            others: [json!({"secretRef": {"name": "a"}}), json!({"secretRef": {"name": "z"}})],
            ..row("envFrom", "/containers/0/envFrom", OwnKey, "#", "")
        },
        Row {
            ours: json!({"name": "s", "mountPath": "/s"}),
            stored: json!({"name": "s", "mountPath": "/s/", "readOnly": false, "mountPropagation": "None"}),
            theirs: json!({"name": "theirs", "mountPath": "/s"}),
            changed: json!({"name": "s", "mountPath": "/s", "subPath": "changed"}),
            others: [json!({"name": "a", "mountPath": "/a"}), json!({"name": "z", "mountPath": "/z"})],
            besides: with_volume(),
            ..row("volumeMounts", "/containers/0/volumeMounts", Keyed, "/s", "volumeMount /s of container \"main\"")
        },
    ]
}

/// Every row, on both kinds of objects.
fn for_each_row(test: impl Fn(&Case<'_>)) {
    for row in rows() {
        for kind in Kind::BOTH {
            println!("{} of a {kind:?}", row.field);
            test(&Case { row: &row, kind });
        }
    }
}

/// A field of an object of one kind.
struct Case<'r> {
    row: &'r Row,
    kind: Kind,
}

impl Case<'_> {
    fn pointer(&self) -> String {
        let way = if self.row.at.starts_with("/metadata") { "" } else { self.kind.pod_spec() };
        format!("{way}{}", self.row.at)
    }

    /// An object with this value where the field goes, and the least of everything else.
    fn object(&self, value: impl Into<Option<Value>>) -> Value {
        let mut spec = self.row.besides.clone();
        spec["containers"] = json!([{"name": "main"}]);
        with(&self.kind.object(spec), &self.pointer(), value)
    }

    /// A value of the field that holds these entries.
    fn holding(&self, entries: &[&Value]) -> Value {
        match self.row.merge {
            Keyed | OwnKey => entries.iter().copied().cloned().collect(),
            Map => {
                let members = entries.iter().filter_map(|entry| entry.as_object()).flatten();
                let kept = self.marks_of_a_pipeline();
                kept.into_iter().chain(members.map(|(key, value)| (key.clone(), value.clone()))).collect()
            }
            // Beside an entry that is the whole value there is no other.
            Itself => entries.iter().find(|entry| !entry.is_null()).copied().cloned().unwrap_or_default(),
        }
    }

    /// Without this annotation a pod would be none of the policy's business.
    fn marks_of_a_pipeline(&self) -> Option<(String, Value)> {
        let is_needed = self.row.field == "annotations" && self.kind == Kind::PipelinePod;
        is_needed.then(|| ("workflows.argoproj.io/node-name".to_owned(), json!("train.root.step")))
    }

    fn dependency(&self, entry: &Value, on_conflict: &str) -> Value {
        let mut dependency = self.row.besides.clone();
        dependency["onConflict"] = json!(on_conflict);
        dependency[self.row.field] = match self.row.merge {
            Keyed | OwnKey => json!([entry]),
            Map | Itself => entry.clone(),
        };
        json!({"dep": dependency})
    }

    /// Settings that bring `entry`.
    fn settings(&self, entry: &Value, on_conflict: &str) -> Value {
        self.kind.settings(self.dependency(entry, on_conflict))
    }

    /// Settings that bring it no longer.
    fn settings_without(&self) -> Value {
        self.kind.settings_for(self.dependency(&self.row.ours, "Reject"), &[])
    }

    /// An object as it should be, with the entry recorded as ours.
    fn ours(&self, value: Value, entry: &Value) -> Injected {
        let name = entry["name"].as_str().filter(|_| self.row.merge == OwnKey);
        let key = name.unwrap_or(self.row.key);
        let place = match (self.row.merge, self.row.at.split('/').nth(1)) {
            (Itself, _) => "spec".to_owned(),
            (_, Some("containers")) if self.row.field != "sidecars" => format!("{}/main", self.row.field),
            _ => self.row.field.to_owned(),
        };
        let record = json!({"dep": {place: [key]}});
        Injected { object: self.object(value), record, pending: Value::Null }
    }

    /// The object that is left behind when `object` is created, which must want nothing more.
    fn settled(&self, object: &Value, settings: &Value) -> Value {
        let outcome = created(object, settings);
        assert_eq!(outcome.warnings, [] as [&str; 0]);
        let again = created(&outcome.object, settings);
        assert_eq!((again.patch, again.warnings), (vec![], vec![]), "twice is once");
        outcome.object
    }

    /// A list with an entry of ours between two of the user's; of a single field, ours.
    fn between_others(&self, entry: &Value) -> Value {
        let [first, last] = &self.row.others;
        match self.row.merge {
            Itself => entry.clone(),
            _ => self.holding(&[first, entry, last]),
        }
    }

    /// An object in which ours stands between two entries that the user has; what the server made of it is `entry`.
    fn injected_between_others(&self, entry: &Value) -> Value {
        let settings = self.settings(&self.row.ours, "Reject");
        let [first, _] = &self.row.others;
        let before = (self.row.merge != Itself).then(|| self.holding(&[first]));
        let injected = self.settled(&self.object(before), &settings);
        let mut value = self.between_others(entry);
        if let (Some(value), Some(has)) = (value.as_object_mut(), injected.pointer(&self.pointer()))
            && self.row.merge == Map
        {
            // The policy's own annotations stay with those of the user.
            let has = has.as_object().into_iter().flatten();
            value.extend(has.filter(|(key, _)| key.contains("mutatingflow")).map(|(k, v)| (k.clone(), v.clone())));
        }
        with(&injected, &self.pointer(), value)
    }
}

#[test]
fn every_field_has_a_row() {
    let rows: BTreeSet<_> = rows().iter().map(|row| row.field).collect();
    assert_eq!(rows, BTreeSet::from(FIELDS));
}

#[test]
fn absent_null_and_empty_are_filled() {
    for_each_row(|case| {
        let settings = case.settings(&case.row.ours, "Reject");
        let absent = [None, Some(Value::Null)].into_iter().chain(case.row.empty.iter().cloned().map(Some));
        for value in absent.filter(|_| case.marks_of_a_pipeline().is_none()) {
            let after = case.settled(&case.object(value), &settings);
            assert_eq!(split_annotations(&after), case.ours(case.holding(&[&case.row.ours]), &case.row.ours));
        }
    });
}

#[test]
fn ours_goes_behind_the_user_s_own() {
    for_each_row(|case| {
        if case.row.merge == Itself {
            return;
        }
        let [first, last] = &case.row.others;
        let object = case.object(case.holding(&[first, last]));
        let after = case.settled(&object, &case.settings(&case.row.ours, "Reject"));
        assert_eq!(split_annotations(&after), case.ours(case.holding(&[first, last, &case.row.ours]), &case.row.ours));
    });
}

#[test]
fn what_is_there_already_stays_and_stays_the_user_s() {
    for_each_row(|case| {
        for on_conflict in ["Reject", "Keep", "Override"] {
            let settings = case.settings(&case.row.ours, on_conflict);
            for entry in [&case.row.ours, &case.row.stored] {
                let outcome = created(&case.object(case.between_others(entry)), &settings);
                assert_eq!((outcome.patch, outcome.warnings), (vec![], vec![]), "{on_conflict}: {entry}");
            }
        }
    });
}

#[test]
fn something_else_is_refused() {
    for_each_row(|case| {
        let settings = case.settings(&case.row.ours, "Reject");
        let object = case.object(case.between_others(&case.row.theirs));
        if case.row.merge == OwnKey {
            return;
        }
        let advice = if case.row.may_keep {
            "remove it, or ask for onConflict: Keep"
        } else {
            "remove it, or give it another name"
        };
        let subject = case.row.subject;
        assert_eq!(
            refused(&object, &settings),
            format!("{subject} is set already and differs from what dependency \"dep\" brings; {advice}")
        );
    });
}

#[test]
fn something_else_stays_with_keep_but_for_volumes_and_containers() {
    for_each_row(|case| {
        let object = case.object(case.between_others(&case.row.theirs));
        let settings = case.settings(&case.row.ours, "Keep");
        let subject = case.row.subject;
        if case.row.merge == OwnKey {
            return;
        }
        if !case.row.may_keep {
            let message = format!(
                "{subject} is set already and differs from what dependency \"dep\" brings; remove it, or give it another name"
            );
            return assert_eq!(refused(&object, &settings), message);
        }
        let outcome = created(&object, &settings);
        assert_eq!(outcome.patch, [] as [Value; 0]);
        let warning = format!("{subject} is set already and stays; what dependency \"dep\" brings for it is left out");
        assert_eq!(outcome.warnings, [warning]);
    });
}

#[test]
fn something_else_is_replaced_in_place_with_override_and_becomes_ours() {
    for_each_row(|case| {
        if case.row.merge == OwnKey {
            return;
        }
        let settings = case.settings(&case.row.ours, "Override");
        let outcome = created(&case.object(case.between_others(&case.row.theirs)), &settings);
        assert_eq!(split_annotations(&outcome.object), case.ours(case.between_others(&case.row.ours), &case.row.ours));
        let subject = case.row.subject;
        let warning = format!("{subject} was set already and is replaced by what dependency \"dep\" brings");
        assert_eq!(outcome.warnings, [warning]);

        let again = created(&outcome.object, &settings);
        assert_eq!((again.patch, again.warnings), (vec![], vec![]), "twice is once, without a word");
    });
}

/// Entries that are nothing but their key: another value is another entry.
#[test]
fn something_else_is_no_conflict_where_the_whole_value_counts() {
    for_each_row(|case| {
        if case.row.merge != OwnKey {
            return;
        }
        for on_conflict in ["Reject", "Keep", "Override"] {
            let settings = case.settings(&case.row.ours, on_conflict);
            let after = case.settled(&case.object(case.holding(&[&case.row.theirs])), &settings);
            assert_eq!(
                split_annotations(&after),
                case.ours(case.holding(&[&case.row.theirs, &case.row.ours]), &case.row.ours)
            );
        }
    });
}

#[test]
fn ours_stays_as_the_server_stores_it() {
    for_each_row(|case| {
        let object = case.injected_between_others(&case.row.stored);
        let outcome = created(&object, &case.settings(&case.row.ours, "Reject"));
        assert_eq!((outcome.patch, outcome.warnings), (vec![], vec![]));
    });
}

#[test]
fn ours_is_replaced_in_place_when_the_settings_change() {
    for_each_row(|case| {
        let [first, last] = &case.row.others;
        let changed = &case.row.changed;
        let expected = match case.row.merge {
            // It is another entry then.
            OwnKey => case.holding(&[first, last, changed]),
            Keyed | Map | Itself => case.between_others(changed),
        };
        for entry in [&case.row.ours, &case.row.stored] {
            let object = case.injected_between_others(entry);
            let after = case.settled(&object, &case.settings(changed, "Reject"));
            assert_eq!(split_annotations(&after), case.ours(expected.clone(), changed));
        }
    });
}

#[test]
fn ours_goes_when_it_is_no_longer_wanted() {
    for_each_row(|case| {
        let [first, last] = &case.row.others;
        let object = case.injected_between_others(&case.row.stored);
        let outcome = created(&object, &case.settings_without());
        let users = (case.row.merge != Itself).then(|| case.holding(&[first, last]));
        assert_eq!(outcome.object, case.object(users));
        assert_eq!(outcome.warnings, [] as [&str; 0]);
        assert_eq!(outcome.audit, [("removed".to_owned(), "dep".to_owned())].into());
    });
}

#[test]
fn what_held_nothing_but_ours_goes_with_it() {
    for_each_row(|case| {
        let before = case.marks_of_a_pipeline().map(|mark| [mark].into_iter().collect());
        let object = case.object(before);
        let injected = case.settled(&object, &case.settings(&case.row.ours, "Reject"));
        assert_ne!(injected, object);
        assert_eq!(case.settled(&injected, &case.settings_without()), object);
    });
}

/// A value that the server would fill in by itself may be asked for, and is there once it is there.
#[test]
fn a_server_s_default_can_be_asked_for() {
    for_each_row(|case| {
        for default in case.row.empty.iter().filter(|value| value.as_str().is_some_and(|name| !name.is_empty())) {
            let settings = case.settings(default, "Reject");
            let present = created(&case.object(default.clone()), &settings);
            assert_eq!((present.patch, present.warnings), (vec![], vec![]), "{default}");
            let added = case.settled(&case.object(None), &settings);
            assert_eq!(split_annotations(&added), case.ours(default.clone(), default));
            let replaced = case.settled(&case.injected_between_others(&case.row.ours), &settings);
            assert_eq!(split_annotations(&replaced), case.ours(default.clone(), default));
        }
    });
}
