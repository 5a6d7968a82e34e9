//! The history of one Notebook, with the patch of each step: it is created, the settings are upgraded, a dependency is
//! removed, its user edits it, and an API server fills in its defaults. After each step, the same request again changes
//! nothing, and an empty list of dependencies gives the user's object.

use serde_json::{Value, json};

use super::objects::{Kind, assert_patch, create, secrets_mount, secrets_volume, split_annotations, update, vks, with};
use crate::evaluator::{Outcome, run, test_data};

const SPEC: &str = "/spec/template/spec";
const MAIN: &str = "/spec/template/spec/containers/0";
const INJECTED: &str = "/metadata/annotations/mutatingflow.nais.io~1injected";
const STATUS: &str = "/metadata/annotations/mutatingflow.nais.io~1status";

/// The settings of a whole platform, with this version of `vks` and these dependencies for each kind.
fn settings(vks: &str, wanted: &[&str]) -> Value {
    let mut all = test_data("settings.yaml");
    all["dependencies"]["vault"]["vault"]["image"] = json!(format!("navikt/vks:{vks}"));
    all["dependencies"].as_object_mut().expect("an object").retain(|name, _| name != "trust");
    let settings = Kind::Notebook.settings_for(all["dependencies"].take(), wanted);
    with(&settings, "/pipelinePods", json!(["registry", "proxy", "vault"]))
}

/// A Notebook as it is stored, and the same without managed entries.
struct Notebook {
    stored: Value,
    users: Value,
    settings: Value,
}

impl Notebook {
    fn new(users: Value) -> Self {
        Self { stored: Value::Null, users, settings: Value::Null }
    }

    /// Makes a request. `change` is applied to what is stored and to the user's object.
    fn change(&mut self, settings: Value, change: impl Fn(&mut Value)) -> Outcome {
        change(&mut self.users);
        let request = if self.stored.is_null() {
            create(self.users.clone())
        } else {
            let mut new = self.stored.clone();
            change(&mut new);
            update(self.stored.clone(), new)
        };
        let outcome = run(request, settings.clone());
        assert!(outcome.allowed, "{:?}", outcome.message);
        assert_eq!(outcome.warnings, [] as [&str; 0]);
        self.stored = outcome.object.clone();
        self.settings = settings;
        self.is_idempotent();
        self.is_removed_without_a_trace();
        outcome
    }

    fn is_idempotent(&self) {
        for request in [update(self.stored.clone(), self.stored.clone()), create(self.stored.clone())] {
            let again = run(request, self.settings.clone());
            assert_eq!((again.patch, again.warnings), (vec![], vec![]));
        }
    }

    fn is_removed_without_a_trace(&self) {
        let none = with(&self.settings, "/notebooks", json!([]));
        let emptied = run(update(self.stored.clone(), self.stored.clone()), none.clone());
        assert_eq!(emptied.object, self.users);
        // On a copy all stays, and nothing says whose it was.
        let copied = run(create(self.stored.clone()), none);
        assert_eq!(copied.object, split_annotations(&self.stored).object);
    }
}

fn push(object: &mut Value, pointer: &str, item: Value) {
    object.pointer_mut(pointer).and_then(Value::as_array_mut).expect("a list").push(item);
}

/// Fills in what an API server does, as in `stored-pod-after-injection.json`: absent members of containers, of volumes and
/// of the pod spec, and the token, mounted in every container.
fn fill_in_defaults(pod_spec: &mut Value) {
    let stored = test_data("requests/stored-pod-after-injection.json")["spec"].take();
    let token_volume = &stored["volumes"][0];
    let token_mount = &stored["initContainers"][0]["volumeMounts"][1];
    assert_eq!(token_volume["name"], token_mount["name"], "the token is what the server mounts");

    fill_in(pod_spec, &stored);
    for list in ["initContainers", "containers"] {
        for container in pod_spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let defaults = with(&with(&stored["initContainers"][0], "/name", None), "/image", None);
            fill_in(container, &defaults);
            push(container, "/volumeMounts", token_mount.clone());
        }
    }
    push(pod_spec, "/volumes", token_volume.clone());
}

/// Gives `object` the members of `defaults` that it lacks, except lists, which users write.
fn fill_in(object: &mut Value, defaults: &Value) {
    let object = object.as_object_mut().expect("an object");
    for (key, value) in defaults.as_object().into_iter().flatten().filter(|(_, value)| !value.is_array()) {
        object.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

#[test]
fn the_history_of_a_notebook() {
    let mut notebook = Notebook::new(test_data("requests/notebook-create.json")["request"]["object"].take());
    let proxy = "http://webproxy.nais:8088";
    let no_proxy = "localhost,127.0.0.1,.local,.svc,.cluster.local,.kubeflow,10.96.0.0/12";
    let record = |vault: Value, proxy: bool| {
        let mut record = json!({"registry": {"imagePullSecrets": ["gpr-credentials"]}, "vault": vault});
        if proxy {
            let names = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];
            record["proxy"] = json!({"env": names});
        }
        record
    };
    let vault = json!({
        "initContainers": ["vks"],
        "volumeMounts": ["/var/run/secrets/nais.io/vault"],
        "volumes": ["vault-secrets"],
    });

    println!("created");
    let outcome = notebook.change(settings("46", &["registry", "proxy", "vault"]), |_| ());
    assert_patch(
        &outcome,
        json!([
            ["add", format!("{SPEC}/imagePullSecrets"), [{"name": "gpr-credentials"}]],
            ["add", format!("{SPEC}/volumes/2"), secrets_volume()],
            ["add", format!("{SPEC}/initContainers"), [vks("46", "team-a")]],
            ["add", format!("{MAIN}/env/1"), {"name": "HTTP_PROXY", "value": proxy}],
            ["add", format!("{MAIN}/env/2"), {"name": "HTTPS_PROXY", "value": proxy}],
            ["add", format!("{MAIN}/env/3"), {"name": "NO_PROXY", "value": no_proxy}],
            ["add", format!("{MAIN}/env/4"), {"name": "http_proxy", "value": proxy}],
            ["add", format!("{MAIN}/env/5"), {"name": "https_proxy", "value": proxy}],
            ["add", format!("{MAIN}/env/6"), {"name": "no_proxy", "value": no_proxy}],
            ["add", format!("{MAIN}/volumeMounts/2"), secrets_mount()],
            ["add", INJECTED, record(vault.clone(), true)],
            ["add", STATUS, "injected"],
        ]),
    );
    assert_eq!(outcome.audit, [("dependencies".to_owned(), "registry,proxy,vault".to_owned())].into());

    println!("the settings upgraded, vks 46 to 47");
    let annotate = |object: &mut Value| object["metadata"]["annotations"]["note"] = json!("mine");
    let outcome = notebook.change(settings("47", &["registry", "proxy", "vault"]), annotate);
    assert_patch(
        &outcome,
        json!([
            ["replace", format!("{SPEC}/initContainers/0/image"), "navikt/vks:47"],
            ["replace", INJECTED, record(vault.clone(), true)],
        ]),
    );
    assert_eq!(outcome.audit, [("dependencies".to_owned(), "vault".to_owned())].into());

    println!("a dependency removed");
    let outcome = notebook.change(settings("47", &["registry", "vault"]), |_| ());
    // One after the other, they are all the second.
    let mut operations = vec![json!(["remove", format!("{MAIN}/env/1")]); 6];
    operations.push(json!(["replace", INJECTED, record(vault.clone(), false)]));
    assert_patch(&outcome, operations.into());
    assert_eq!(outcome.audit, [("removed".to_owned(), "proxy".to_owned())].into());

    println!("edited by its user, who also removes a managed entry");
    let edit = |object: &mut Value| {
        *object.pointer_mut(&format!("{MAIN}/image")).expect("an image") = json!("jupyter:2");
        push(object, &format!("{MAIN}/env"), json!({"name": "HTTP_PROXY", "value": "http://mine"}));
        push(
            object,
            &format!("{SPEC}/volumes"),
            json!({"name": "data", "persistentVolumeClaim": {"claimName": "data"}}),
        );
        let mounts = object.pointer_mut(&format!("{MAIN}/volumeMounts")).and_then(Value::as_array_mut).expect("a list");
        mounts.retain(|mount| mount["name"] != "vault-secrets");
        mounts.push(json!({"name": "data", "mountPath": "/data"}));
    };
    let outcome = notebook.change(settings("47", &["registry", "vault"]), edit);
    assert_patch(&outcome, json!([["add", format!("{MAIN}/volumeMounts/3"), secrets_mount()]]));
    assert_eq!(outcome.audit, [("dependencies".to_owned(), "vault".to_owned())].into());

    println!("fed back with a server's defaults");
    let fill_in = |object: &mut Value| fill_in_defaults(object.pointer_mut(SPEC).expect("a pod spec"));
    let outcome = notebook.change(settings("47", &["registry", "vault"]), fill_in);
    assert_patch(&outcome, json!([]));

    println!("the settings upgraded once more, so that the managed container loses the server's defaults");
    let outcome = notebook.change(settings("48", &["registry", "vault"]), |_| ());
    let init_container = format!("{SPEC}/initContainers/0");
    assert_patch(
        &outcome,
        json!([
            ["replace", format!("{init_container}/image"), "navikt/vks:48"],
            ["remove", format!("{init_container}/imagePullPolicy")],
            ["remove", format!("{init_container}/resources")],
            ["remove", format!("{init_container}/terminationMessagePath")],
            ["remove", format!("{init_container}/terminationMessagePolicy")],
            ["remove", format!("{init_container}/volumeMounts/1")],
            ["replace", INJECTED, record(vault, false)],
        ]),
    );

    println!("the list emptied");
    let users = notebook.users.clone();
    let outcome = notebook.change(settings("48", &[]), |_| ());
    assert_eq!(outcome.object, users);
    assert_eq!(outcome.audit, [("removed".to_owned(), "registry,vault".to_owned())].into());
}

/// A pod is only ever created, but it may be a copy of one that was.
#[test]
fn the_history_of_a_pipeline_pod() {
    let users = test_data("requests/pod-create-pipeline.json")["request"]["object"].take();
    let injected = run(create(users.clone()), settings("46", &[])).object;
    assert_ne!(injected, users);
    let mut stored = injected.clone();
    fill_in_defaults(&mut stored["spec"]);

    let again = run(create(stored.clone()), settings("46", &[]));
    assert_eq!((again.patch, again.warnings), (vec![], vec![]));

    // Nothing is taken away from what is created.
    let none = with(
        &with(&settings("46", &["registry", "proxy", "vault"]), "/pipelinePods", json!([])),
        "/notebooks",
        json!(["registry", "proxy", "vault"]),
    );
    let outcome = run(create(stored.clone()), none);
    assert_eq!(outcome.object, split_annotations(&stored).object);
    assert_eq!((outcome.warnings, outcome.audit), (vec![], [].into()));

    let upgraded = run(create(stored.clone()), settings("47", &[]));
    assert_eq!(upgraded.audit, [("dependencies".to_owned(), "vault".to_owned())].into());
    let [before, after] =
        [&stored, &upgraded.object].map(|object| split_annotations(object).object["spec"]["initContainers"].take());
    assert_eq!((&after[0], &after[1]), (&before[0], &before[1]), "Argo's");
    assert_eq!(after[2], vks("47", "team-a"));
}
