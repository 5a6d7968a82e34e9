//! What is the same to Kubernetes, as far as a request shows it: whose change it is, what counts as present, and what is
//! one entry.

use serde_json::{Value, json};

use super::objects::{created, notebook_settings, refused, updated, with};
use crate::evaluator::test_data;

const PENDING: &str = "/metadata/annotations/mutatingflow.nais.io~1update-pending";
const TEMPLATE: &str = "/spec/template/spec";
const CONTAINER: &str = "/spec/template/spec/containers/0";

fn notebook() -> Value {
    test_data("requests/notebook-update-culler.json")["request"]["oldObject"].clone()
}

/// A running notebook in which `path` is one value, then the other.
fn changes_template(path: &str, one: impl Into<Option<Value>>, other: impl Into<Option<Value>>) -> bool {
    let settings = notebook_settings(json!({"registry": {"imagePullSecrets": [{"name": "gpr-credentials"}]}}));
    let [one, other] = [with(&notebook(), path, one), with(&notebook(), path, other)];
    let [there, back] = [(&one, &other), (&other, &one)].map(|(old, new)| {
        let patch = updated(old, new, &settings).patch;
        let waits = patch == [json!({"op": "add", "path": PENDING, "value": "registry"})];
        let applied = patch.iter().any(|operation| operation["path"] == "/spec/template/spec/imagePullSecrets");
        assert!(waits != applied, "{path}: {patch:?}");
        applied
    });
    assert_eq!(there, back, "{path}");
    there
}

#[test]
fn what_a_write_through_gos_types_drops_or_adds_is_not_the_users_change() {
    let env = |source: Value| json!([{"name": "A", "valueFrom": {"resourceFieldRef": source}}]);
    for (member, one, other) in [
        ("env", env(json!({"resource": "limits.cpu"})), env(json!({"divisor": "0", "resource": "limits.cpu"}))),
        ("envFrom", json!([{"secretRef": {"name": "s"}}]), json!([{"prefix": "", "secretRef": {"name": "s"}}])),
        ("livenessProbe", json!({"periodSeconds": 5}), json!({"initialDelaySeconds": 0, "periodSeconds": 5})),
        ("ports", json!([{"containerPort": 1}]), json!([{"containerPort": 1, "hostPort": 0, "name": ""}])),
        // What the Notebook's CRD fills in.
        ("ports", json!([{"containerPort": 1}]), json!([{"containerPort": 1, "protocol": "TCP"}])),
        ("tty", Value::Null, json!(false)),
    ] {
        assert!(!changes_template(&format!("{CONTAINER}/{member}"), one, other), "{member}");
    }
    for (member, one, other) in [
        ("schedulerName", Value::Null, json!("")),
        ("tolerations", json!([{"key": "a"}]), json!([{"key": "a", "operator": "Equal", "value": ""}])),
    ] {
        assert!(!changes_template(&format!("{TEMPLATE}/{member}"), one, other), "{member}");
    }
}

#[test]
fn zero_is_a_value_where_go_has_a_pointer_and_in_maps_and_lists() {
    let secret = |more: Value| json!([{"name": "v", "secret": more}]);
    for (path, one, other) in [
        ("securityContext", Value::Null, json!({"runAsUser": 0})),
        ("nodeSelector", Value::Null, json!({"k": ""})),
        ("tolerations", json!([{"key": "a"}]), json!([{"key": "a", "tolerationSeconds": 0}])),
        ("dnsConfig", json!({"options": [{"name": "a"}]}), json!({"options": [{"name": "a", "value": ""}]})),
        ("volumes", secret(json!({"secretName": "s"})), secret(json!({"secretName": "s", "optional": false}))),
        ("containers/0/args", Value::Null, json!([""])),
        ("containers/0/resources/limits", Value::Null, json!({"cpu": "0"})),
        ("containers/0/securityContext", Value::Null, json!({"allowPrivilegeEscalation": false})),
    ] {
        assert!(changes_template(&format!("{TEMPLATE}/{path}"), one, other), "{path}");
    }
}

#[test]
fn what_adds_to_ours_is_present_and_what_undoes_it_is_a_conflict() {
    let agent = || json!({"name": "agent", "image": "agent:1", "env": [{"name": "A", "value": "1"}]});
    let mount = || json!({"name": "v", "mountPath": "/v"});
    let volume = || json!({"name": "v", "configMap": {"name": "c"}});
    let affinity = |terms: Value| json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}});
    let exists = |key: &str| json!({"matchExpressions": [{"key": key, "operator": "Exists"}]});
    let laid_over = |mut entry: Value, members: Value| {
        entry.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        entry
    };
    let is_present = |settings: Value, path: &str, theirs: Value| {
        let settings = notebook_settings(json!({"dep": settings}));
        let object = with(&with(&notebook(), &format!("{TEMPLATE}/volumes"), json!([volume()])), path, theirs);
        created(&object, &settings).patch.is_empty()
    };
    let is_conflict = |settings: Value, path: &str, theirs: Value| {
        let settings = notebook_settings(json!({"dep": settings}));
        let object = with(&with(&notebook(), &format!("{TEMPLATE}/volumes"), json!([volume()])), path, theirs);
        refused(&object, &settings).contains("differs from what dependency \"dep\" brings")
    };

    let (sidecars, containers) = (json!({"sidecars": [agent()]}), format!("{TEMPLATE}/containers"));
    let beside_main = |entry: Value| json!([notebook().pointer(CONTAINER), entry]);
    for beside in [
        json!({"imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log", "workingDir": ""}),
        json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "resources": {}}),
        json!({"volumeMounts": [{"name": "v", "mountPath": "/v"}], "command": []}),
    ] {
        assert!(is_present(sidecars.clone(), &containers, beside_main(laid_over(agent(), beside.clone()))), "{beside}");
    }
    for beside in [
        json!({"command": ["sleep", "infinity"]}),
        json!({"args": ["x"]}),
        json!({"lifecycle": {"postStart": {"exec": {"command": ["x"]}}}}),
        json!({"securityContext": {"privileged": true}}),
        json!({"workingDir": "/tmp"}),
        json!({"envFrom": [{"secretRef": {"name": "s"}}]}),
        json!({"restartPolicy": "Always"}),
        json!({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
    ] {
        assert!(
            is_conflict(sidecars.clone(), &containers, beside_main(laid_over(agent(), beside.clone()))),
            "{beside}"
        );
    }

    let (mounts, path) =
        (json!({"volumes": [volume()], "volumeMounts": [mount()]}), format!("{CONTAINER}/volumeMounts"));
    for beside in [json!({"mountPropagation": "None"}), json!({"mountPath": "/v/./"}), json!({"readOnly": false})] {
        assert!(is_present(mounts.clone(), &path, json!([laid_over(mount(), beside.clone())])), "{beside}");
    }
    for beside in [json!({"subPath": "a"}), json!({"subPathExpr": "$(A)"}), json!({"readOnly": true})] {
        assert!(is_conflict(mounts.clone(), &path, json!([laid_over(mount(), beside.clone())])), "{beside}");
    }

    let (volumes, path) = (json!({"volumes": [volume()]}), format!("{TEMPLATE}/volumes"));
    let config_map = |more: Value| json!([{"name": "v", "configMap": laid_over(json!({"name": "c"}), more)}]);
    assert!(is_present(volumes.clone(), &path, config_map(json!({"defaultMode": 420}))));
    assert!(is_conflict(volumes, &path, config_map(json!({"items": [{"key": "a", "path": "b"}]}))));

    let (ours, path) = (json!({"affinity": affinity(json!([exists("gpu")]))}), format!("{TEMPLATE}/affinity"));
    let here = json!({"matchExpressions": [exists("gpu")["matchExpressions"][0], exists("a")["matchExpressions"][0]]});
    assert!(is_present(ours.clone(), &path, affinity(json!([here]))));
    assert!(is_conflict(ours, &path, affinity(json!([exists("gpu"), exists("cpu")]))));
}

#[test]
fn an_entry_in_another_spelling_is_not_added_again() {
    for (field, path, ours, theirs) in [
        (
            "envFrom",
            format!("{CONTAINER}/envFrom"),
            json!({"prefix": "", "configMapRef": {"name": "c"}}),
            json!({"configMapRef": {"name": "c"}}),
        ),
        (
            "tolerations",
            format!("{TEMPLATE}/tolerations"),
            json!({"key": "a", "operator": "Equal", "value": "b"}),
            json!({"key": "a", "value": "b"}),
        ),
    ] {
        for (ours, theirs) in [(&ours, &theirs), (&theirs, &ours)] {
            let settings = notebook_settings(json!({"dep": {field: [ours]}}));
            let object = with(&notebook(), &path, json!([theirs]));
            assert_eq!(created(&object, &settings).patch, [] as [Value; 0], "{field}: {ours}");
        }
    }
}

/// The hash by which an entry of a list set is known tells names apart that differ in a few letters, wherever these are.
#[test]
fn entries_that_differ_in_two_letters_are_two() {
    let config_map = |name: &str| json!({"configMapRef": {"name": name}});
    let taint = |name: &str| json!({"key": name, "operator": "Exists"});
    for before in ["", "o", "our", "ours-", "ours-10", "ours-1000"] {
        let names: Vec<_> = (0..100).map(|number| format!("{before}{number:02}")).collect();
        let [all_from, all_taints]: [Value; 2] =
            [names.iter().map(|name| config_map(name)).collect(), names.iter().map(|name| taint(name)).collect()];
        let settings = notebook_settings(json!({"all": {"envFrom": all_from, "tolerations": all_taints}}));
        let outcome = created(&notebook(), &settings);
        assert_eq!(outcome.object.pointer(&format!("{CONTAINER}/envFrom")), Some(&all_from), "{before}");
        assert_eq!(outcome.object.pointer(&format!("{TEMPLATE}/tolerations")), Some(&all_taints), "{before}");
    }
}

/// What the user has, and differs from ours in two letters, is not ours: it is not taken for it, and not taken away with it.
#[test]
fn an_entry_of_the_users_that_differs_in_two_letters_stays() {
    let env_from = format!("{CONTAINER}/envFrom");
    let [ours, theirs] = ["ours-1014", "ours-1099"].map(|name| json!({"configMapRef": {"name": name}}));
    let users = with(&notebook(), &env_from, json!([theirs]));
    let settings = notebook_settings(json!({"ours": {"envFrom": [ours]}}));
    let stored = created(&users, &settings).object;
    assert_eq!(stored.pointer(&env_from), Some(&json!([theirs, ours])));
    let retired = json!({"retired": ["ours"], "runningNotebooks": "Restart"});
    assert_eq!(updated(&stored, &stored, &retired).object, users);
}
