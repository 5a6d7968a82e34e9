//! What the API server fills in where a pod spec has nothing, before it calls a webhook and when it stores a pod
//! (`SetDefaults_*` in `pkg/apis/core/v1/defaults.go` of Kubernetes). Nothing is filled in within a Notebook.

use serde_json::{Value, json};

use crate::objects::Kind;

/// Fills in the defaults of an object of this kind.
pub fn fill_in_defaults(object: &mut Value, kind: Kind) {
    if kind == Kind::Notebook {
        return;
    }
    if let Some(spec) = object.pointer_mut(kind.pod_spec()).filter(|spec| spec.is_object()) {
        of_pod_spec(spec);
    }
}

fn of_pod_spec(spec: &mut Value) {
    for (field, value) in [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("securityContext", json!({})),
        ("terminationGracePeriodSeconds", json!(30)),
        ("enableServiceLinks", json!(true)),
    ] {
        set(spec, field, value);
    }
    for list in ["containers", "initContainers"] {
        each(spec, list, of_container);
    }
    each(spec, "volumes", of_volume);
}

fn of_container(container: &mut Value) {
    let image = container["image"].as_str().unwrap_or_default();
    let policy = if is_latest(image) { "Always" } else { "IfNotPresent" };
    set(container, "imagePullPolicy", json!(policy));
    set(container, "terminationMessagePath", json!("/dev/termination-log"));
    set(container, "terminationMessagePolicy", json!("File"));
    set(container, "resources", json!({}));
    // What is limited and not requested is requested as much.
    if let Some(limits) = container["resources"]["limits"].as_object().filter(|limits| !limits.is_empty()).cloned() {
        set(&mut container["resources"], "requests", json!({}));
        for (resource, limit) in limits {
            set(&mut container["resources"]["requests"], &resource, limit);
        }
    }
    each(container, "ports", |port| set(port, "protocol", json!("TCP")));
    each(container, "env", |variable| {
        within(variable, &["valueFrom", "fieldRef"], |field| set(field, "apiVersion", json!("v1")));
        within(variable, &["valueFrom", "resourceFieldRef"], |resource| set(resource, "divisor", json!("0")));
    });
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        within(container, &[probe], |probe| {
            for (field, number) in
                [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
            {
                set(probe, field, json!(number));
            }
            within(probe, &["httpGet"], of_http_get);
        });
    }
    for moment in ["postStart", "preStop"] {
        within(container, &["lifecycle", moment, "httpGet"], of_http_get);
    }
}

fn of_http_get(action: &mut Value) {
    set(action, "path", json!("/"));
    set(action, "scheme", json!("HTTP"));
}

/// Whether an image has the tag `latest`, or none.
fn is_latest(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or_default();
    match (last.split_once('@'), last.split_once(':')) {
        (Some((name, _)), _) => name.ends_with(":latest"),
        (None, Some((_, tag))) => tag == "latest",
        (None, None) => true,
    }
}

fn of_volume(volume: &mut Value) {
    let has_source = volume.as_object().into_iter().flatten().any(|(name, source)| name != "name" && !source.is_null());
    if !has_source {
        volume["emptyDir"] = json!({});
    }
    for source in ["configMap", "secret", "downwardAPI", "projected"] {
        within(volume, &[source], |source| set(source, "defaultMode", json!(420)));
    }
    within(volume, &["hostPath"], |path| set(path, "type", json!("")));
    within(volume, &["projected"], |projected| {
        each(projected, "sources", |source| {
            within(source, &["serviceAccountToken"], |token| set(token, "expirationSeconds", json!(3600)));
        });
    });
}

/// Sets a member that is absent.
fn set(parent: &mut Value, member: &str, value: Value) {
    if let Some(members) = parent.as_object_mut()
        && members.get(member).is_none_or(|present| present.is_null() || *present == "")
    {
        members.insert(member.to_owned(), value);
    }
}

/// Goes through the objects in a list.
fn each(parent: &mut Value, list: &str, change: impl FnMut(&mut Value)) {
    let items = parent.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
    items.filter(|item| item.is_object()).for_each(change);
}

/// Goes to an object, where it is there.
fn within(parent: &mut Value, path: &[&str], change: impl FnOnce(&mut Value)) {
    let found = path.iter().try_fold(parent, |parent, member| parent.get_mut(member));
    if let Some(found) = found.filter(|found| found.is_object()) {
        change(found);
    }
}
