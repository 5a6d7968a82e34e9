//! Every field of a dependency, where the object has nothing, the same, a conflicting value, or a managed entry of
//! earlier settings. A field is a row of [`rows`]; the tests are the same for all rows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::evaluator::test_data;

use super::objects::{Injected, Kind, created, refused, split_annotations, updated, with};

/// What a dependency can hold beside fields: its options and the ready-made parts.
const NO_FIELDS: [&str; 8] =
    ["caBundle", "containers", "envFirst", "initContainersFirst", "onConflict", "proxy", "selector", "vault"];

/// How a field is merged, in the words of server-side apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Merge {
    /// A list map: the entries have a key.
    ListMap,
    /// A list set: an entry is its own key, so that no two of them conflict.
    ListSet,
    /// A granular map or object, merged by member.
    GranularMap,
    /// The field is one value.
    Atomic,
}

use Merge::{Atomic, GranularMap, ListMap, ListSet};

/// One field, and entries of it. An entry is an item of a list, an object of one member, or an atomic field's value.
struct Row {
    field: &'static str,
    /// Where the settings of a dependency hold its entries, and what the record calls their place.
    setting: String,
    place: &'static str,
    /// Its JSON pointer: from the object with `/metadata`, else from the pod spec.
    at: &'static str,
    merge: Merge,
    /// The key of the entry in the record, and its name in messages.
    key: &'static str,
    subject: &'static str,
    /// The entry that the settings ask for.
    desired: Value,
    /// The same entry as the API server stores it, with its defaults.
    stored: Value,
    /// A user's entry of the same key.
    conflicting: Value,
    /// The entry of the same key that later settings ask for.
    changed: Value,
    /// A user's entries of other keys.
    others: [Value; 2],
    /// The values that count as absent, besides `null`.
    empty: Vec<Value>,
    /// Whether `onConflict: Keep` keeps the user's entry.
    may_keep: bool,
    /// What the entry needs in the pod spec and in the settings.
    needs: Value,
    /// The kinds of objects that it may be added to.
    kinds: &'static [Kind],
}

fn row(field: &'static str, at: &'static str, merge: Merge, key: &'static str, subject: &'static str) -> Row {
    let empty = match merge {
        ListMap | ListSet => vec![json!([])],
        GranularMap => vec![json!({})],
        Atomic => vec![],
    };
    let is_in_container = at.starts_with("/containers/0");
    Row {
        field,
        setting: format!("/{field}"),
        place: match (merge, is_in_container) {
            (Atomic, true) => "container",
            (Atomic, false) => "spec",
            _ => field,
        },
        at,
        merge,
        key,
        subject,
        desired: Value::Null,
        stored: Value::Null,
        conflicting: Value::Null,
        changed: Value::Null,
        others: [Value::Null, Value::Null],
        empty,
        may_keep: true,
        needs: json!({}),
        kinds: match field {
            "automountServiceAccountToken" => &[Kind::Notebook],
            "hostUsers" | "resourceClaims" => &[Kind::PipelinePod],
            _ => &Kind::BOTH,
        },
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
    let spread =
        |key: &str, most: u8| json!({"topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": most});
    let pre_stop = |port: &str| json!({"preStop": {"httpGet": {"port": port}}});
    vec![
        Row {
            desired: json!({"team": "ours"}),
            stored: json!({"team": "ours"}),
            conflicting: json!({"team": "theirs"}),
            changed: json!({"team": "changed"}),
            others: [json!({"a": "a"}), json!({"z": "z"})],
            ..row("labels", "/metadata/labels", GranularMap, "team", "label team")
        },
        Row {
            desired: json!({"example.org/team": "ours"}),
            stored: json!({"example.org/team": "ours"}),
            conflicting: json!({"example.org/team": "theirs"}),
            changed: json!({"example.org/team": "changed"}),
            others: [json!({"a": "a"}), json!({"z": "z"})],
            ..row(
                "annotations",
                "/metadata/annotations",
                GranularMap,
                "example.org/team",
                "annotation example.org/team",
            )
        },
        Row {
            desired: json!({"name": "registry"}),
            stored: json!({"name": "registry"}),
            conflicting: json!({"name": "theirs"}),
            changed: json!({"name": "changed"}),
            others: [json!({"name": "a"}), json!({"name": "z"})],
            ..row("imagePullSecrets", "/imagePullSecrets", ListSet, "registry", "")
        },
        Row {
            desired: json!({"name": "ca", "configMap": {"name": "ca"}}),
            stored: json!({"name": "ca", "configMap": {"name": "ca", "defaultMode": 420}}),
            conflicting: json!({"name": "ca", "hostPath": {"path": "/ca"}}),
            changed: json!({"name": "ca", "configMap": {"name": "ca-2"}}),
            others: [json!({"name": "a", "emptyDir": {}}), json!({"name": "z", "emptyDir": {}})],
            may_keep: false,
            ..row("volumes", "/volumes", ListMap, "ca", "volume ca")
        },
        Row {
            desired: container("agent:1"),
            stored: stored_container.clone(),
            conflicting: json!({"name": "agent", "image": "theirs"}),
            changed: container("agent:2"),
            others: containers(),
            may_keep: false,
            needs: with_volume(),
            ..row("initContainers", "/initContainers", ListMap, "agent", "init container agent")
        },
        Row {
            desired: container("agent:1"),
            stored: stored_container,
            conflicting: json!({"name": "agent", "image": "theirs"}),
            changed: container("agent:2"),
            others: containers(),
            may_keep: false,
            needs: with_volume(),
            ..row("sidecars", "/containers", ListMap, "agent", "container agent")
        },
        Row {
            desired: json!({"key": "gpu", "operator": "Exists"}),
            stored: json!({"operator": "Exists", "key": "gpu"}),
            conflicting: json!({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}),
            changed: json!({"key": "gpu", "operator": "Equal", "value": "yes"}),
            others: [json!({"key": "a", "operator": "Exists"}), json!({"key": "z", "operator": "Exists"})],
            ..row("tolerations", "/tolerations", ListSet, "#", "")
        },
        Row {
            desired: json!({"ip": "10.0.0.1", "hostnames": ["vault"]}),
            stored: json!({"ip": "10.0.0.1", "hostnames": ["vault"]}),
            conflicting: json!({"ip": "10.0.0.1", "hostnames": ["theirs"]}),
            changed: json!({"ip": "10.0.0.1", "hostnames": ["vault", "vault-2"]}),
            others: [json!({"ip": "10.0.0.2", "hostnames": ["a"]}), json!({"ip": "10.0.0.3", "hostnames": ["z"]})],
            ..row("hostAliases", "/hostAliases", ListMap, "10.0.0.1", "hostAlias 10.0.0.1")
        },
        Row {
            desired: json!({"pool": "ours"}),
            stored: json!({"pool": "ours"}),
            conflicting: json!({"pool": "theirs"}),
            changed: json!({"pool": "changed"}),
            others: [json!({"a": "a"}), json!({"z": "z"})],
            ..row("nodeSelector", "/nodeSelector", GranularMap, "pool", "nodeSelector pool")
        },
        Row {
            desired: json!("runner"),
            stored: json!("runner"),
            conflicting: json!("theirs"),
            changed: json!("runner-2"),
            empty: vec![json!(""), json!("default")],
            ..row("serviceAccountName", "/serviceAccountName", Atomic, "serviceAccountName", "serviceAccountName")
        },
        Row {
            desired: json!(false),
            stored: json!(false),
            conflicting: json!(true),
            changed: json!(true),
            ..row(
                "automountServiceAccountToken",
                "/automountServiceAccountToken",
                Atomic,
                "automountServiceAccountToken",
                "automountServiceAccountToken",
            )
        },
        Row {
            desired: json!("batch"),
            stored: json!("batch"),
            conflicting: json!("theirs"),
            changed: json!("batch-2"),
            empty: vec![json!("")],
            ..row("priorityClassName", "/priorityClassName", Atomic, "priorityClassName", "priorityClassName")
        },
        Row {
            desired: json!("gvisor"),
            stored: json!("gvisor"),
            conflicting: json!("theirs"),
            changed: json!("kata"),
            ..row("runtimeClassName", "/runtimeClassName", Atomic, "runtimeClassName", "runtimeClassName")
        },
        Row {
            desired: json!("volcano"),
            stored: json!("volcano"),
            conflicting: json!("theirs"),
            changed: json!("volcano-2"),
            empty: vec![json!(""), json!("default-scheduler")],
            ..row("schedulerName", "/schedulerName", Atomic, "schedulerName", "schedulerName")
        },
        Row {
            desired: affinity(&["gpu"]),
            stored: affinity(&["gpu"]),
            conflicting: affinity(&["theirs"]),
            changed: affinity(&["gpu", "cpu"]),
            others: [
                json!({"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}),
                json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}}),
            ],
            ..row("affinity", "/affinity", GranularMap, "nodeAffinity", "affinity nodeAffinity")
        },
        Row {
            desired: json!({"fsGroup": 100}),
            stored: json!({"fsGroup": 100}),
            conflicting: json!({"fsGroup": 1}),
            changed: json!({"fsGroup": 200}),
            others: [json!({"runAsUser": 0}), json!({"supplementalGroups": [1]})],
            ..row("securityContext", "/securityContext", GranularMap, "fsGroup", "securityContext fsGroup")
        },
        Row {
            desired: json!({"nameservers": ["10.0.0.53"]}),
            stored: json!({"nameservers": ["10.0.0.53"]}),
            conflicting: json!({"nameservers": ["10.0.0.1"]}),
            changed: json!({"nameservers": ["10.0.0.53", "10.0.0.54"]}),
            others: [json!({"searches": ["a"]}), json!({"options": [{"name": "ndots", "value": "2"}]})],
            ..row("dnsConfig", "/dnsConfig", GranularMap, "nameservers", "dnsConfig nameservers")
        },
        Row {
            desired: json!("Default"),
            stored: json!("Default"),
            conflicting: json!("None"),
            changed: json!("ClusterFirstWithHostNet"),
            empty: vec![json!(""), json!("ClusterFirst")],
            ..row("dnsPolicy", "/dnsPolicy", Atomic, "dnsPolicy", "dnsPolicy")
        },
        Row {
            desired: json!(true),
            stored: json!(true),
            conflicting: json!(false),
            changed: json!(false),
            ..row("enableServiceLinks", "/enableServiceLinks", Atomic, "enableServiceLinks", "enableServiceLinks")
        },
        Row {
            desired: json!(false),
            stored: json!(false),
            conflicting: json!(true),
            changed: json!(true),
            ..row(
                "shareProcessNamespace",
                "/shareProcessNamespace",
                Atomic,
                "shareProcessNamespace",
                "shareProcessNamespace",
            )
        },
        Row {
            desired: json!(false),
            stored: json!(false),
            conflicting: json!(true),
            changed: json!(true),
            ..row("hostUsers", "/hostUsers", Atomic, "hostUsers", "hostUsers")
        },
        Row {
            desired: json!(60),
            stored: json!(60),
            conflicting: json!(10),
            changed: json!(90),
            empty: vec![json!(30)],
            ..row(
                "terminationGracePeriodSeconds",
                "/terminationGracePeriodSeconds",
                Atomic,
                "terminationGracePeriodSeconds",
                "terminationGracePeriodSeconds",
            )
        },
        Row {
            desired: json!({"name": "gpu", "resourceClaimTemplateName": "gpu"}),
            stored: json!({"resourceClaimTemplateName": "gpu", "name": "gpu"}),
            conflicting: json!({"name": "gpu", "resourceClaimName": "theirs"}),
            changed: json!({"name": "gpu", "resourceClaimTemplateName": "gpu-2"}),
            others: [json!({"name": "a", "resourceClaimName": "a"}), json!({"name": "z", "resourceClaimName": "z"})],
            ..row("resourceClaims", "/resourceClaims", ListMap, "gpu", "resourceClaim gpu")
        },
        Row {
            desired: spread("zone", 1),
            stored: spread("zone", 1),
            conflicting: spread("zone", 2),
            changed: spread("zone", 3),
            others: [spread("a", 1), spread("z", 1)],
            ..row(
                "topologySpreadConstraints",
                "/topologySpreadConstraints",
                ListMap,
                "zone ScheduleAnyway",
                "topologySpreadConstraint \"zone ScheduleAnyway\"",
            )
        },
        Row {
            desired: json!({"nvidia.com/gpu": "1"}),
            stored: json!({"nvidia.com/gpu": 1}),
            conflicting: json!({"nvidia.com/gpu": "2"}),
            changed: json!({"nvidia.com/gpu": "4"}),
            others: [json!({"cpu": "1"}), json!({"memory": "1Gi"})],
            setting: "/resources/limits".to_owned(),
            place: "limits",
            ..row(
                "resources",
                "/containers/0/resources/limits",
                GranularMap,
                "nvidia.com/gpu",
                "limit nvidia.com/gpu of container \"main\"",
            )
        },
        Row {
            desired: json!({"cpu": "500m"}),
            stored: json!({"cpu": "0.5"}),
            conflicting: json!({"cpu": "1"}),
            changed: json!({"cpu": "2"}),
            others: [json!({"ephemeral-storage": "1Gi"}), json!({"memory": "1Gi"})],
            setting: "/resources/requests".to_owned(),
            place: "requests",
            ..row(
                "resources",
                "/containers/0/resources/requests",
                GranularMap,
                "cpu",
                "request cpu of container \"main\"",
            )
        },
        Row {
            desired: json!({"claims": [{"name": "gpu"}]}),
            stored: json!({"claims": [{"name": "gpu", "request": ""}]}),
            conflicting: json!({"claims": [{"name": "theirs"}]}),
            changed: json!({"claims": [{"name": "gpu", "request": "one"}]}),
            others: [json!({"limits": {"cpu": "1"}}), json!({"requests": {"cpu": "1"}})],
            needs: json!({"resourceClaims": [{"name": "gpu", "resourceClaimName": "gpu"}]}),
            kinds: &[Kind::PipelinePod],
            ..row(
                "resources",
                "/containers/0/resources",
                GranularMap,
                "claims",
                "resources claims of container \"main\"",
            )
        },
        Row {
            desired: json!({"runAsUser": 1000}),
            stored: json!({"runAsUser": 1000}),
            conflicting: json!({"runAsUser": 0}),
            changed: json!({"runAsUser": 2000}),
            others: [json!({"privileged": false}), json!({"capabilities": {"drop": ["ALL"]}})],
            ..row(
                "containerSecurityContext",
                "/containers/0/securityContext",
                GranularMap,
                "runAsUser",
                "securityContext runAsUser of container \"main\"",
            )
        },
        Row {
            desired: json!(["sh"]),
            stored: json!(["sh"]),
            conflicting: json!(["sh", "-c"]),
            changed: json!(["bash"]),
            empty: vec![json!([])],
            ..row("command", "/containers/0/command", Atomic, "command", "command of container \"main\"")
        },
        Row {
            desired: json!(["lab"]),
            stored: json!(["lab"]),
            conflicting: json!(["theirs"]),
            changed: json!(["lab", "--ip=0.0.0.0"]),
            empty: vec![json!([])],
            ..row("args", "/containers/0/args", Atomic, "args", "args of container \"main\"")
        },
        Row {
            desired: json!("Always"),
            stored: json!("Always"),
            conflicting: json!("Never"),
            changed: json!("IfNotPresent"),
            empty: vec![json!("")],
            ..row(
                "imagePullPolicy",
                "/containers/0/imagePullPolicy",
                Atomic,
                "imagePullPolicy",
                "imagePullPolicy of container \"main\"",
            )
        },
        Row {
            desired: pre_stop("http"),
            stored: json!({"preStop": {"httpGet": {"path": "/", "port": "http", "scheme": "HTTP"}}}),
            conflicting: pre_stop("theirs"),
            changed: pre_stop("http-2"),
            empty: vec![json!({})],
            ..row("lifecycle", "/containers/0/lifecycle", Atomic, "lifecycle", "lifecycle of container \"main\"")
        },
        Row {
            desired: field_ref("spec.nodeName"),
            stored: json!({"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}}),
            conflicting: json!({"name": "A", "value": "theirs"}),
            changed: json!({"name": "A", "value": "changed"}),
            others: [json!({"name": "B", "value": "b"}), json!({"name": "Z", "value": "z"})],
            ..row("env", "/containers/0/env", ListMap, "A", "env A of container \"main\"")
        },
        Row {
            desired: json!({"configMapRef": {"name": "defaults"}}),
            stored: json!({"configMapRef": {"name": "defaults"}, "secretRef": null}),
            conflicting: json!({"configMapRef": {"name": "defaults"}, "prefix": "MY_"}),
            changed: json!({"configMapRef": {"name": "defaults"}, "prefix": "THE_"}),
            others: [json!({"secretRef": {"name": "a"}}), json!({"secretRef": {"name": "z"}})],
            ..row("envFrom", "/containers/0/envFrom", ListSet, "#", "")
        },
        Row {
            desired: json!({"name": "s", "mountPath": "/s"}),
            stored: json!({"name": "s", "mountPath": "/s/", "readOnly": false, "mountPropagation": "None"}),
            conflicting: json!({"name": "theirs", "mountPath": "/s"}),
            changed: json!({"name": "s", "mountPath": "/s", "subPath": "changed"}),
            others: [json!({"name": "a", "mountPath": "/a"}), json!({"name": "z", "mountPath": "/z"})],
            needs: with_volume(),
            ..row("volumeMounts", "/containers/0/volumeMounts", ListMap, "/s", "volumeMount /s of container \"main\"")
        },
    ]
}

/// Every row, on each kind of object that may have the field: the token of a pod is mounted before the policy is asked.
fn for_each_row(test: impl Fn(&Case<'_>)) {
    for row in rows() {
        for &kind in row.kinds {
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

    /// A minimal object with this value of the field.
    fn object(&self, value: impl Into<Option<Value>>) -> Value {
        let mut spec = self.row.needs.clone();
        spec["containers"] = json!([{"name": "main"}]);
        let object = self.kind.object(spec);
        let (pointer, value) = (self.pointer(), value.into());
        match (pointer.split_once("/resources/"), &value) {
            (Some(_), None) => object,
            (Some((container, _)), Some(_)) => {
                with(&with(&object, &format!("{container}/resources"), json!({})), &pointer, value)
            }
            (None, _) => with(&object, &pointer, value),
        }
    }

    /// A value of the field that holds these entries.
    fn holding(&self, entries: &[&Value]) -> Value {
        match self.row.merge {
            ListMap | ListSet => entries.iter().copied().cloned().collect(),
            GranularMap => {
                let members = entries.iter().filter_map(|entry| entry.as_object()).flatten();
                let kept = self.pipeline_annotation();
                kept.into_iter().chain(members.map(|(key, value)| (key.clone(), value.clone()))).collect()
            }
            // An atomic field has one entry.
            Atomic => entries.iter().find(|entry| !entry.is_null()).copied().cloned().unwrap_or_default(),
        }
    }

    /// The annotation without which a pod is not a pipeline pod.
    fn pipeline_annotation(&self) -> Option<(String, Value)> {
        let is_needed = self.row.field == "annotations" && self.kind == Kind::PipelinePod;
        is_needed.then(|| ("workflows.argoproj.io/node-name".to_owned(), json!("train.root.step")))
    }

    fn dependency(&self, entry: &Value, on_conflict: &str) -> Value {
        let mut dependency = self.row.needs.clone();
        dependency["onConflict"] = json!(on_conflict);
        let entry = match self.row.merge {
            ListMap | ListSet => json!([entry]),
            GranularMap | Atomic => entry.clone(),
        };
        if self.row.setting.starts_with("/resources/") {
            dependency["resources"] = json!({});
        }
        dependency = with(&dependency, &self.row.setting, entry);
        json!({"dep": dependency})
    }

    /// Settings that ask for `entry`.
    fn settings(&self, entry: &Value, on_conflict: &str) -> Value {
        self.kind.settings(self.dependency(entry, on_conflict))
    }

    /// Settings that no longer ask for it.
    fn settings_without(&self) -> Value {
        if self.row.kinds != Kind::BOTH {
            let settings = self.settings(&self.row.desired, "Reject");
            return with(&settings, "/dependencies/dep/selector", json!({"matchLabels": {"wants": "it"}}));
        }
        self.kind.settings_for(self.dependency(&self.row.desired, "Reject"), &[])
    }

    /// The expected object: `value` in the field, and `entry` recorded as managed.
    fn managed(&self, value: Value, entry: &Value) -> Injected {
        let name = entry["name"].as_str().filter(|_| self.row.merge == ListSet);
        let key = name.unwrap_or(self.row.key);
        let record = json!({"dep": {self.row.place: [key]}});
        Injected { object: self.object(value), record, pending: Value::Null }
    }

    /// Creates `object` and returns what is stored. Creating that again must change nothing.
    fn settled(&self, object: &Value, settings: &Value) -> Value {
        let outcome = created(object, settings);
        assert_eq!(outcome.warnings, [] as [&str; 0]);
        let again = created(&outcome.object, settings);
        assert_eq!((again.patch, again.warnings), (vec![], vec![]), "idempotent");
        outcome.object
    }

    /// A value with `entry` between two of the user's entries; an atomic field is only `entry`.
    fn between_others(&self, entry: &Value) -> Value {
        let [first, last] = &self.row.others;
        match self.row.merge {
            Atomic => entry.clone(),
            _ => self.holding(&[first, entry, last]),
        }
    }

    /// An object in which the managed entry is between two of the user's. The server stores it as `entry`.
    fn injected_between_others(&self, entry: &Value) -> Value {
        let settings = self.settings(&self.row.desired, "Reject");
        let [first, _] = &self.row.others;
        let before = (self.row.merge != Atomic).then(|| self.holding(&[first]));
        let injected = self.settled(&self.object(before), &settings);
        let mut value = self.between_others(entry);
        if let (Some(value), Some(has)) = (value.as_object_mut(), injected.pointer(&self.pointer()))
            && self.row.merge == GranularMap
        {
            // The policy's annotations are in the same map.
            let has = has.as_object().into_iter().flatten();
            value.extend(has.filter(|(key, _)| key.contains("mutatingflow")).map(|(k, v)| (k.clone(), v.clone())));
        }
        with(&injected, &self.pointer(), value)
    }
}

#[test]
fn every_field_has_a_row() {
    let rows: BTreeSet<_> = rows().iter().map(|row| row.field).collect();
    let schema = test_data("../settings.schema.json");
    let members = schema["$defs"]["dependency"]["properties"].as_object().expect("the members of a dependency");
    let fields = members.keys().map(String::as_str).filter(|name| !NO_FIELDS.contains(name)).collect();
    assert_eq!(rows, fields);
}

#[test]
fn absent_null_and_empty_are_filled() {
    for_each_row(|case| {
        let settings = case.settings(&case.row.desired, "Reject");
        let absent = [None, Some(Value::Null)].into_iter().chain(case.row.empty.iter().cloned().map(Some));
        for value in absent.filter(|_| case.pipeline_annotation().is_none()) {
            let after = case.settled(&case.object(value), &settings);
            assert_eq!(split_annotations(&after), case.managed(case.holding(&[&case.row.desired]), &case.row.desired));
        }
    });
}

#[test]
fn managed_entries_are_appended_after_the_users() {
    for_each_row(|case| {
        if case.row.merge == Atomic {
            return;
        }
        let [first, last] = &case.row.others;
        let object = case.object(case.holding(&[first, last]));
        let after = case.settled(&object, &case.settings(&case.row.desired, "Reject"));
        assert_eq!(
            split_annotations(&after),
            case.managed(case.holding(&[first, last, &case.row.desired]), &case.row.desired)
        );
    });
}

#[test]
fn an_equal_entry_stays_the_users() {
    for_each_row(|case| {
        for on_conflict in ["Reject", "Keep", "Override"] {
            let settings = case.settings(&case.row.desired, on_conflict);
            for entry in [&case.row.desired, &case.row.stored] {
                let outcome = created(&case.object(case.between_others(entry)), &settings);
                assert_eq!((outcome.patch, outcome.warnings), (vec![], vec![]), "{on_conflict}: {entry}");
            }
        }
    });
}

#[test]
fn a_conflict_is_refused() {
    for_each_row(|case| {
        let settings = case.settings(&case.row.desired, "Reject");
        let object = case.object(case.between_others(&case.row.conflicting));
        if case.row.merge == ListSet {
            return;
        }
        let advice = if case.row.may_keep {
            "remove it, or ask your platform team to let dependency \"dep\" keep it"
        } else {
            "remove it or give it another name, or ask your platform team about dependency \"dep\""
        };
        let subject = case.row.subject;
        assert_eq!(
            refused(&object, &settings),
            format!("{subject} is set already and differs from what dependency \"dep\" brings; {advice}")
        );
    });
}

#[test]
fn keep_leaves_a_conflicting_entry_except_volumes_and_containers() {
    for_each_row(|case| {
        let object = case.object(case.between_others(&case.row.conflicting));
        let settings = case.settings(&case.row.desired, "Keep");
        let subject = case.row.subject;
        if case.row.merge == ListSet {
            return;
        }
        if !case.row.may_keep {
            let message = format!(
                "{subject} is set already and differs from what dependency \"dep\" brings; remove it or give it \
                 another name, or ask your platform team about dependency \"dep\""
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
fn override_replaces_a_conflicting_entry_in_place_and_manages_it() {
    for_each_row(|case| {
        if case.row.merge == ListSet {
            return;
        }
        let settings = case.settings(&case.row.desired, "Override");
        let outcome = created(&case.object(case.between_others(&case.row.conflicting)), &settings);
        let mut expected = case.managed(case.between_others(&case.row.desired), &case.row.desired);
        let overridden = expected.record["dep"].clone();
        expected.record["dep"]["overridden"] = overridden;
        assert_eq!(split_annotations(&outcome.object), expected);
        let subject = case.row.subject;
        let warning = format!("{subject} was set already and is replaced by what dependency \"dep\" brings");
        assert_eq!(outcome.warnings, [warning]);

        let again = created(&outcome.object, &settings);
        assert_eq!((again.patch, again.warnings), (vec![], vec![]), "idempotent, without a warning");
    });
}

/// In a list set, another value is another entry.
#[test]
fn entries_of_a_list_set_never_conflict() {
    for_each_row(|case| {
        if case.row.merge != ListSet {
            return;
        }
        for on_conflict in ["Reject", "Keep", "Override"] {
            let settings = case.settings(&case.row.desired, on_conflict);
            let after = case.settled(&case.object(case.holding(&[&case.row.conflicting])), &settings);
            assert_eq!(
                split_annotations(&after),
                case.managed(case.holding(&[&case.row.conflicting, &case.row.desired]), &case.row.desired)
            );
        }
    });
}

#[test]
fn a_managed_entry_with_server_defaults_is_unchanged() {
    for_each_row(|case| {
        let object = case.injected_between_others(&case.row.stored);
        let outcome = created(&object, &case.settings(&case.row.desired, "Reject"));
        assert_eq!((outcome.patch, outcome.warnings), (vec![], vec![]));
    });
}

#[test]
fn a_managed_entry_is_replaced_in_place_when_the_settings_change() {
    for_each_row(|case| {
        let [first, last] = &case.row.others;
        let changed = &case.row.changed;
        let settings = case.settings(changed, "Reject");
        for entry in [&case.row.desired, &case.row.stored] {
            let object = case.injected_between_others(entry);
            let in_place = case.managed(case.between_others(changed), changed);
            // In a list set, another value is another entry, and the client's record takes none away.
            let on_create = match case.row.merge {
                ListSet => case.managed(case.holding(&[first, entry, last, changed]), changed),
                ListMap | GranularMap | Atomic => in_place.clone(),
            };
            assert_eq!(split_annotations(&case.settled(&object, &settings)), on_create);
            if case.kind == Kind::Notebook {
                let outcome = updated(&object, &object, &settings);
                assert_eq!(split_annotations(&outcome.object), in_place);
                assert_eq!(outcome.warnings, [] as [&str; 0]);
            }
        }
    });
}

/// By the stored record; what only the client's says stays, and nothing says any more that it is managed.
#[test]
fn a_managed_entry_is_removed_when_it_is_no_longer_wanted() {
    for_each_row(|case| {
        let [first, last] = &case.row.others;
        let object = case.injected_between_others(&case.row.stored);
        if case.kind == Kind::Notebook {
            let outcome = updated(&object, &object, &case.settings_without());
            let rest = (case.row.merge != Atomic).then(|| case.holding(&[first, last]));
            assert_eq!(outcome.object, case.object(rest));
            assert_eq!(outcome.warnings, [] as [&str; 0]);
            assert_eq!(outcome.audit, [("removed".to_owned(), "dep".to_owned())].into());
        }
        let outcome = created(&object, &case.settings_without());
        assert_eq!(outcome.object, case.object(case.between_others(&case.row.stored)));
        assert_eq!((outcome.warnings, outcome.audit), (vec![], [].into()));
    });
}

#[test]
fn an_emptied_list_or_map_is_removed() {
    for_each_row(|case| {
        if case.kind != Kind::Notebook {
            // Only a stored object loses anything, and a pod is created once. The settings list the dependency for pods.
            return;
        }
        let object = case.object(None);
        let injected = case.settled(&object, &case.settings(&case.row.desired, "Reject"));
        assert_ne!(injected, object);
        let emptied = updated(&injected, &injected, &case.settings_without());
        assert_eq!((&emptied.object, emptied.warnings), (&object, vec![]));
    });
}

/// Settings may ask for the value that the API server would fill in.
#[test]
fn a_server_default_can_be_asked_for() {
    for_each_row(|case| {
        for default in case.row.empty.iter().filter(|value| value.as_str().is_some_and(|name| !name.is_empty())) {
            let settings = case.settings(default, "Reject");
            let present = created(&case.object(default.clone()), &settings);
            assert_eq!((present.patch, present.warnings), (vec![], vec![]), "{default}");
            let added = case.settled(&case.object(None), &settings);
            assert_eq!(split_annotations(&added), case.managed(default.clone(), default));
            let replaced = case.settled(&case.injected_between_others(&case.row.desired), &settings);
            assert_eq!(split_annotations(&replaced), case.managed(default.clone(), default));
        }
    });
}
