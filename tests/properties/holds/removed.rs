//! What the policy added, taken off again, leaves what the user wrote (contract, "Record").

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::chosen::{all_containers, entries, has_unique_containers, main_containers, name_of};
use super::{ask, plain};
use crate::generate::{Case, case, is_in_containers};
use crate::objects::{Kind, create, update};
use crate::run::check;

/// Contract, "Record": what the record names is what was added. Without these entries and the policy's annotations the
/// object is the one that the user sent.
#[test]
fn the_object_without_what_the_record_names_is_the_users() {
    check(&case(), |case| {
        let Some((case, injected)) = injected(case)? else { return Ok(()) };
        let users = &case.request["object"];
        let kind = case.kind();
        let left = without_recorded(&case, injected, kind)?;
        prop_assert_eq!(essence(&left, kind), essence(users, kind));
        Ok(())
    });
}

/// Contract, "Record": what is retired is taken away. A notebook of which all dependencies are retired is the one that its
/// user wrote.
#[test]
fn a_notebook_without_what_is_retired_is_the_users() {
    check(&case(), |case| {
        if case.kind() != Kind::Notebook {
            return Ok(());
        }
        let Some((case, injected)) = injected(case)? else { return Ok(()) };
        let names: Vec<_> = case.settings["dependencies"].as_object().into_iter().flat_map(Map::keys).collect();
        let settings = json!({
            "retired": names,
            "runningNotebooks": "Restart",
            "annotationDomain": case.settings["annotationDomain"],
        });
        let request = update(injected.clone(), injected);
        let answer = ask(&request, &settings)?;
        prop_assert!(answer.accepted, "{:?}", answer.message);
        let left = Case { settings, request }.after(answer).request["object"].take();
        prop_assert_eq!(essence(&left, Kind::Notebook), essence(&case.request["object"], Kind::Notebook));
        Ok(())
    });
}

/// A case in which an object without annotations of a policy's is created, and nothing of the user's is replaced; and what
/// comes of it. `None` where nothing does, and for an object that the API server would refuse in any case: one with a
/// container's name twice, or with a mount whose volume is not there.
fn injected(case: Case) -> Result<Option<(Case, Value)>, TestCaseError> {
    let mut case = case.without_override();
    case.request = create(case.request["object"].take());
    if !case.is_in_scope() || case.has_own_annotations() || is_refused(&case.request["object"], case.kind()) {
        return Ok(None);
    }
    let injected = case.ask()?.mutated_object;
    Ok(injected.map(|object| (case, object)))
}

/// Whether a container's name is there twice, or a mount whose volume is not there.
fn is_refused(object: &Value, kind: Kind) -> bool {
    let volumes: Vec<_> = entries(object, kind, "volumes").iter().map(name_of).collect();
    let mounts = all_containers(object, kind).filter_map(|container| container["volumeMounts"].as_array());
    !has_unique_containers(object, kind) || mounts.flatten().any(|mount| !volumes.contains(&name_of(mount)))
}

/// What a record says of one dependency.
#[derive(Deserialize)]
struct Part {
    added: BTreeMap<String, Vec<String>>,
}

/// `object` without what its record names, and without the policy's annotations.
fn without_recorded(case: &Case, mut object: Value, kind: Kind) -> Result<Value, TestCaseError> {
    let domain = case.settings["annotationDomain"].as_str().unwrap_or("mutatingflow.nais.io");
    let annotations = object["metadata"]["annotations"].as_object_mut();
    let [record, status] = ["injected", "status"]
        .map(|name| annotations.as_ref().and_then(|it| it.get(&format!("{domain}/{name}")).cloned()));
    prop_assert_eq!(status, Some(json!("injected")));
    annotations.into_iter().for_each(|it| it.retain(|name, _| !name.starts_with(&format!("{domain}/"))));
    let record = record.as_ref().and_then(Value::as_str).unwrap_or_default();
    let record: BTreeMap<String, BTreeMap<String, Part>> =
        serde_json::from_str(record).map_err(|error| TestCaseError::fail(format!("{error}: {record}")))?;
    let users = &case.request["object"];
    let main = main_containers(users, kind, |_| false);
    let main = main.first().map(|at| name_of(&entries(users, kind, "containers")[*at]));
    let mut by_place: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (place, keys) in record.into_values().flat_map(BTreeMap::into_values).flat_map(|part| part.added) {
        by_place.entry(place).or_default().extend(keys);
    }
    for (place, keys) in by_place {
        let (field, container) = match place.split_once('/') {
            Some((field, name)) => (field, Some(name)),
            None => (&*place, main),
        };
        if ["labels", "annotations"].contains(&field) {
            take_off(&mut object["metadata"], &users["metadata"], field, &keys)?;
            continue;
        }
        let spec = object.pointer_mut(kind.pod_spec()).expect("a pod spec");
        let users = users.pointer(kind.pod_spec()).unwrap_or(&Value::Null);
        if !(field == "container" || is_in_containers(field)) {
            take_off(spec, users, field, &keys)?;
            continue;
        }
        for list in ["containers", "initContainers"] {
            let containers = spec[list].as_array_mut().into_iter().flatten();
            for container in containers.filter(|it| Some(name_of(it)) == container) {
                let theirs = users[list].as_array().into_iter().flatten().find(|it| it["name"] == container["name"]);
                take_off(container, theirs.unwrap_or(&Value::Null), field, &keys)?;
            }
        }
    }
    Ok(object)
}

/// Takes what a field has under these keys off `parent`. An entry that merges by its whole value has a hash for a key: those
/// go that the user has not.
fn take_off(parent: &mut Value, users: &Value, field: &str, keys: &[String]) -> TestCaseResult {
    let key_of: fn(&Value) -> String = match field {
        "volumeMounts" => |entry| clean(entry["mountPath"].as_str().unwrap_or_default()),
        "hostAliases" => |entry| entry["ip"].as_str().unwrap_or_default().to_owned(),
        "topologySpreadConstraints" => |entry| {
            let [key, policy] = ["topologyKey", "whenUnsatisfiable"].map(|it| entry[it].as_str().unwrap_or_default());
            format!("{key} {policy}")
        },
        _ => |entry| name_of(entry).to_owned(),
    };
    let member = match field {
        "sidecars" => "containers",
        "containerSecurityContext" => "securityContext",
        other => other,
    };
    let parent = match field {
        "limits" | "requests" => &mut parent["resources"],
        _ => parent,
    };
    let held = if ["spec", "container"].contains(&field) { parent } else { &mut parent[member] };
    match held {
        Value::Object(members) => {
            for key in keys {
                prop_assert!(members.remove(key).is_some(), "{} {} is recorded and not there", field, key);
            }
        }
        Value::Array(items) if ["tolerations", "envFrom"].contains(&field) => {
            let users = users[member].as_array().map_or(&[][..], Vec::as_slice);
            let mut rest = users.iter().peekable();
            let before = items.len();
            items.retain(|item| rest.next_if(|users| plain(users) == plain(item)).is_some());
            prop_assert_eq!(before - items.len(), keys.len(), "{}", field);
        }
        Value::Array(items) => {
            let before = items.len();
            items.retain(|item| !keys.contains(&key_of(item)));
            prop_assert_eq!(before - items.len(), keys.len(), "{}", field);
        }
        _ => prop_assert!(false, "{} is recorded and not there", field),
    }
    Ok(())
}

/// A path as `path.Clean` has it.
pub fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// An object without what means nothing: what is empty, what the server puts there by itself, and what goes along with
/// another field.
fn essence(object: &Value, kind: Kind) -> Value {
    let mut object = plain(object);
    if let Some(spec) = object.pointer_mut(kind.pod_spec()).and_then(Value::as_object_mut) {
        let is_servers = |name: &str, value: &Value| match name {
            "serviceAccountName" => *value == "default" || *value == "",
            "schedulerName" => *value == "default-scheduler" || *value == "",
            "dnsPolicy" => *value == "ClusterFirst" || *value == "",
            "enableServiceLinks" => *value == true,
            "priorityClassName" => *value == "",
            "terminationGracePeriodSeconds" => *value == 30.0,
            "serviceAccount" | "priority" | "preemptionPolicy" | "overhead" => true,
            _ => false,
        };
        spec.retain(|name, value| !is_servers(name, value));
        let lists = ["containers", "initContainers"];
        let lists = spec.iter_mut().filter(|(name, _)| lists.contains(&name.as_str()));
        let containers = lists.filter_map(|(_, list)| list.as_array_mut()).flatten();
        containers.filter_map(Value::as_object_mut).for_each(|container| leave_out_the_servers(container, kind));
    }
    drop_nothing(&mut object);
    object
}

/// Leaves out of a container what the server may have written there: of a pod, requests and the pull policy.
fn leave_out_the_servers(container: &mut Map<String, Value>, kind: Kind) {
    let is_pod = kind != Kind::Notebook;
    container.retain(|name, value| name != "imagePullPolicy" || !(is_pod || *value == ""));
    if let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut).filter(|_| is_pod) {
        resources.remove("requests");
    }
}

/// Removes members that are `null` or empty.
pub fn drop_nothing(value: &mut Value) {
    match value {
        Value::Object(members) => members.retain(|_, value| {
            drop_nothing(value);
            !(value.is_null() || *value == json!({}) || *value == json!([]))
        }),
        Value::Array(items) => items.iter_mut().for_each(drop_nothing),
        _ => {}
    }
}
