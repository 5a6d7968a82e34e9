//! Each message and each warning about a request once: it is said, and without a value.

use serde_json::{Value, json};

use super::corpus::Request;
use super::said::Said;

/// A secret, as a string and as a quantity; and less than the latter.
const SECRET: &str = "zq001zq001zq";
const AMOUNT: &str = "717171717";
const LESS: &str = "717171";

/// A request, and what must be said of it.
struct Scene {
    phrase: &'static str,
    old: Value,
    object: Value,
    settings: Value,
}

fn scene(phrase: &'static str, old: &Value, object: &Value, settings: &Value) -> Scene {
    Scene { phrase, old: old.clone(), object: object.clone(), settings: settings.clone() }
}

/// A Notebook with this container and these further members of the pod spec, and secrets around them.
fn notebook(container: Value, more: Value) -> Value {
    let mut container = container;
    container["name"] = json!("nb");
    container["image"] = json!(SECRET);
    let mut spec = more;
    spec["containers"] = json!([container]);
    json!({
        "apiVersion": "kubeflow.org/v1",
        "kind": "Notebook",
        "metadata": {"name": "nb", "labels": {"app": SECRET}, "annotations": {"note": SECRET}},
        "spec": {"template": {"spec": spec}},
    })
}

/// Settings with one dependency, `ours`.
fn bringing(dependency: &Value) -> Value {
    json!({"dependencies": {"ours": dependency}, "notebooks": ["ours"]})
}

/// The dependency with another way to settle conflicts.
fn settled(dependency: &Value, way: &str) -> Value {
    let mut dependency = dependency.clone();
    dependency["onConflict"] = json!(way);
    bringing(&dependency)
}

fn with(object: &Value, pointer: &str, value: Value) -> Value {
    let mut object = object.clone();
    *object.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is not there")) = value;
    object
}

fn annotated(object: &Value, key: &str, value: &str) -> Value {
    let mut object = object.clone();
    object["metadata"]["annotations"][key] = json!(value);
    object
}

fn ask(old: &Value, object: &Value, settings: &Value) -> Said {
    let request = Request {
        name: String::new(),
        kind: json!({"group": "kubeflow.org", "version": "v1", "kind": "Notebook"}),
        operation: if old.is_null() { "CREATE" } else { "UPDATE" }.to_owned(),
        object: object.clone(),
        old_object: old.clone(),
    };
    Said::of(&request, settings, false)
}

/// What is stored of `object` once it is created.
fn created(object: &Value, settings: &Value) -> Value {
    ask(&Value::Null, object, settings).stored.expect("it is allowed")
}

/// What is said where the user has something else.
fn conflicts() -> Vec<Scene> {
    let none = &Value::Null;
    let plain = notebook(json!({}), json!({}));
    let env = json!({"env": [{"name": "A", "value": SECRET}]});
    let theirs = notebook(json!({"env": [{"name": "A", "value": format!("{SECRET} of the user's")}]}), json!({}));
    let limited = json!({"resources": {"limits": {"cpu": LESS}}});
    let asking = notebook(json!({"resources": {"requests": {"cpu": AMOUNT}}}), json!({}));
    let many = |value: &str| {
        let entry = |at| json!({"name": format!("A{at}"), "value": format!("{SECRET}{value}")});
        json!({"env": (0..60).map(entry).collect::<Vec<_>>()})
    };
    let unprivileged = json!({"containerSecurityContext": {"allowPrivilegeEscalation": false}});
    let privileged = notebook(json!({"securityContext": {"privileged": true}, "env": env["env"]}), json!({}));
    let tool = json!({"sidecars": [{"name": "tool", "image": SECRET}]});
    let with_tool = notebook(json!({}), json!({"initContainers": [{"name": "tool", "image": SECRET}]}));
    let file = json!({
        "volumes": [{"name": "v", "configMap": {"name": SECRET}}],
        "volumeMounts": [{"name": "v", "mountPath": "/etc/certs/ca", "subPath": SECRET}],
    });
    let directory = notebook(json!({"volumeMounts": [{"name": SECRET, "mountPath": "/etc/certs"}]}), json!({}));
    let of_another = json!({"Notebook": {"others": {"hash": "1", "added": {"env": ["A"]}}}}).to_string();
    vec![
        scene("is set already and differs from", none, &theirs, &bringing(&env)),
        scene("is set already and stays", none, &theirs, &settled(&env, "Keep")),
        scene("was set already and is replaced", none, &theirs, &settled(&env, "Override")),
        scene("waits: env A of container", &theirs, &annotated(&theirs, "more", SECRET), &bringing(&env)),
        scene("of another policy brings it", none, &annotated(&theirs, INJECTED, &of_another), &bringing(&env)),
        scene("and is above the limit", none, &asking, &bringing(&limited)),
        scene(
            "and is below the request",
            none,
            &notebook(json!({"resources": {"limits": {"cpu": LESS}}}), json!({})),
            &bringing(&json!({"resources": {"requests": {"cpu": AMOUNT}}})),
        ),
        scene("conflicts with it and is left out", none, &asking, &settled(&limited, "Keep")),
        scene("and conflicts with what", none, &privileged, &bringing(&unprivileged)),
        scene("uses this name for", none, &with_tool, &bringing(&tool)),
        scene("more conflicts", none, &notebook(many(" of the user's"), json!({})), &bringing(&many(""))),
        scene("more warnings", none, &notebook(many(" of the user's"), json!({})), &settled(&many(""), "Keep")),
        scene("must not be read-only", none, &directory, &bringing(&file)),
        scene("without fsGroup", none, &plain, &bringing(&json!({"securityContext": {"runAsUser": 717_171_717}}))),
        scene("no container is called", none, &plain, &bringing(&json!({"env": env["env"], "containers": ["other"]}))),
        scene("matches none of", none, &with(&plain, "/spec/template/spec/containers", json!([])), &bringing(&env)),
    ]
}

const INJECTED: &str = "mutatingflow.nais.io/injected";

/// What is said of what is there already, of what waits and of what goes.
fn later() -> Vec<Scene> {
    let plain = notebook(json!({}), json!({}));
    let value = "/spec/template/spec/containers/0/env/0/value";
    let env = |value: &str| json!({"env": [{"name": "A", "value": format!("{SECRET}{value}")}]});
    let theirs = notebook(env(" of the user's"), json!({}));
    let retired = json!({"retired": ["ours"]});
    let stored = created(&plain, &bringing(&env("")));
    let stopped = annotated(&stored, "kubeflow-resource-stopped", SECRET);
    let written_over = with(&stopped, value, json!(format!("{SECRET} of the user's")));
    let replaced = created(&theirs, &settled(&env(""), "Override"));
    let volume = json!({"volumes": [{"name": "v", "configMap": {"name": SECRET}}]});
    let with_volume = annotated(&created(&plain, &bringing(&volume)), "kubeflow-resource-stopped", SECRET);
    let mut mounting = with_volume.clone();
    mounting["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] =
        json!([{"name": "v", "mountPath": "/v", "subPath": SECRET}]);
    let mut other_volume = with_volume.clone();
    other_volume["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"] = json!(format!("{SECRET}2"));
    let start = annotated(&stored, "more", SECRET);
    let pending = ask(&stored, &start, &bringing(&env("2"))).stored.expect("it is allowed");
    let mut report = bringing(&env("2"));
    report["report"] = json!(true);
    let mut report_of_retired = retired.clone();
    report_of_retired["report"] = json!(true);
    vec![
        scene("is yours now", &stopped, &written_over, &settled(&env(""), "Keep")),
        scene("is put back", &stopped, &written_over, &bringing(&env(""))),
        scene("but is removed with", &with_volume, &other_volume, &retired),
        scene("own is not restored", &replaced, &annotated(&replaced, "kubeflow-resource-stopped", SECRET), &retired),
        scene("still mounts it", &with_volume, &mounting, &retired),
        scene("waiting for a restart", &stored, &start, &bringing(&env("2"))),
        scene("missing or outdated", &Value::Null, &stored, &report),
        scene("waiting for a stop", &Value::Null, &pending, &report),
        scene("left over", &Value::Null, &stored, &report_of_retired),
        scene("left over until a stop", &Value::Null, &pending, &report_of_retired),
        scene("in conflict with the user's", &Value::Null, &theirs, &report),
    ]
}

/// What is said of what cannot be read.
fn unreadable() -> Vec<Scene> {
    let none = &Value::Null;
    let plain = notebook(json!({}), json!({}));
    let env = json!({"env": [{"name": "A", "value": format!("{SECRET} {{name}}")}]});
    let mut nameless = plain.clone();
    nameless["metadata"]["name"] = Value::Null;
    nameless["metadata"]["generateName"] = json!(SECRET);
    let mut selecting = env.clone();
    selecting["selector"] = json!({"matchLabels": {"app": "a"}});
    vec![
        scene("cannot be read and is ignored", none, &annotated(&plain, INJECTED, SECRET), &bringing(&env)),
        scene("a generated name is not known", none, &nameless, &bringing(&env)),
        scene("env: must be a list", none, &notebook(json!({"env": SECRET}), json!({})), &bringing(&env)),
        scene("env[0]: must be an object", none, &notebook(json!({"env": [SECRET]}), json!({})), &bringing(&env)),
        scene(
            "labels: must be an object",
            none,
            &with(&plain, "/metadata/labels", json!(SECRET)),
            &bringing(&selecting),
        ),
        scene("settings cannot be read", none, &plain, &bringing(&json!(SECRET))),
        scene("onConflict: must be an allowed value", none, &plain, &settled(&env, SECRET)),
        scene("vault: must be an object", none, &plain, &bringing(&json!({"vault": SECRET}))),
        scene("must be a dependency", none, &plain, &json!({"notebooks": ["ours"], "dependencies": {"ours": null}})),
    ]
}

#[test]
fn whatever_the_policy_says_it_says_without_values() {
    let scenes = [conflicts(), later(), unreadable()];
    let mut unsaid = Vec::new();
    for Scene { phrase, old, object, settings } in scenes.into_iter().flatten() {
        let said = ask(&old, &object, &settings);
        said.assert_hidden(phrase);
        if !said.texts.iter().any(|(_, text)| text.contains(phrase)) {
            unsaid.push((phrase, said.texts));
        }
    }
    assert!(unsaid.is_empty(), "{unsaid:#?}");
}
