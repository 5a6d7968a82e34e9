//! Random histories of a notebook: its user, the culler and changed settings act on it in any order. These always hold:
//!
//! - An UPDATE in which the user changed nothing in a running notebook's template never changes the stored template.
//! - After a CREATE, a stop, a start and a user's edit, and after any UPDATE where the settings say `Restart`, the
//!   notebook has the user's entries and exactly the dependencies of the current settings. The expected notebook is
//!   what a CREATE of the user's manifest gives.
//! - Otherwise, dependencies wait exactly where the template differs from the expected one.
//! - What was stored needs no further change: an UPDATE of it by itself gives no patch.
//!
//! The histories are the same in every run.

use std::{env, sync::OnceLock};

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner},
};
use serde_json::{Map, Value, json};

use super::objects::notebook_settings;
use crate::evaluator::{Outcome, evaluate, settings_problem, test_data};

/// How many histories there are, unless environment variable `HISTORIES` says otherwise.
const HISTORIES: u32 = 300;
const LONGEST: usize = 12;

const STOPPED: &str = "kubeflow-resource-stopped";
const PENDING: &str = "mutatingflow.nais.io/update-pending";

/// One step of a history.
#[derive(Clone, Debug)]
enum Event {
    /// The platform team deploys other settings. No request is made.
    Settings(usize),
    /// The user deletes the notebook and creates it again from the manifest.
    Recreate,
    /// The user deletes the notebook and creates it again from what was stored, with the policy's annotations.
    Copy,
    /// A client reads the notebook, changes it, and sends it back.
    Update(Vec<Change>),
}

/// What a client changes.
#[derive(Clone, Debug)]
enum Change {
    /// The culler notes the last activity.
    Cull(u8),
    Stop(&'static str),
    Start,
    /// Another spelling of the same template.
    Respell,
    /// The notebook is replaced by the user's manifest, without managed entries and annotations.
    Replace,
    /// The user edits entries that are not managed.
    Edit(Edit),
    /// The user edits managed entries.
    EditManaged(EditManaged),
}

/// An edit of the user's entries, both in the manifest and in what is stored.
#[derive(Clone, Debug)]
enum Edit {
    Image(u8),
    SetEnv(u8, u8),
    RemoveEnv(u8),
    ToggleContainer,
    ToggleVolume,
    TogglePullSecret,
    ToggleToleration,
    ToggleNodeSelector,
    Label(u8),
}

/// An edit of managed entries, whose names all start with `platform`.
#[derive(Clone, Debug)]
enum EditManaged {
    RemoveEnv,
    ChangeEnv,
    EnvFirst,
    RemoveVolumes,
    RemoveContainers,
    ChangePullSecrets,
    ForgetRecord,
}

/// Settings of a platform over time. None of them conflicts with anything that the user does here.
fn all_settings() -> &'static [Value] {
    static SETTINGS: OnceLock<Vec<Value>> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let env = |name: &str, value: &str| json!({"name": name, "value": value});
        let registry = json!({"imagePullSecrets": [{"name": "platform-registry"}]});
        let proxy = json!({"env": [env("PLATFORM_PROXY", "http://one"), env("PLATFORM_NO_PROXY", "localhost")]});
        let proxy_2 = json!({"env": [env("PLATFORM_PROXY", "http://two")], "containers": "All"});
        let trust = |config_map: &str| {
            json!({
                "volumes": [{"name": "platform-trust", "configMap": {"name": config_map}}],
                "volumeMounts": [{"name": "platform-trust", "mountPath": "/platform/trust"}],
                "labels": {"platform/trust": config_map},
                "annotations": {"platform/trust": config_map},
            })
        };
        let place = json!({
            "nodeSelector": {"platform": "gpu"},
            "tolerations": [{"key": "platform", "operator": "Exists"}],
            "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["platform"]}],
            "runtimeClassName": "platform",
        });
        let probe = |version: &str| {
            json!({
                "sidecars": [{"name": "platform-probe", "image": "probe:1", "env": [env("OWN", "1")]}],
                "initContainers": [{"name": "platform-init", "image": "init:1"}],
                "initContainersFirst": true,
                "labels": {"platform/probe": version},
            })
        };
        let probed = json!({"env": [env("PLATFORM_PROBED", "yes")], "containers": ["platform-probe", "helper"]});
        let list = [
            json!({"registry": registry, "proxy": proxy}),
            json!({"registry": registry, "proxy": proxy_2}),
            json!({"proxy": proxy, "trust": trust("one")}),
            json!({"trust": trust("two"), "place": place}),
            json!({"registry": registry, "probe": probe("1"), "probed": probed}),
            json!({"registry": registry, "probe": probe("2"), "probed": probed}),
            // The same dependency under another name, and one of its entries twice.
            json!({"network": proxy, "again": {"env": [env("PLATFORM_PROXY", "http://one")]}}),
        ];
        let mut all: Vec<_> = list.into_iter().map(notebook_settings).collect();
        let mut restart = notebook_settings(json!({"proxy": proxy_2, "place": place}));
        restart["runningNotebooks"] = json!("Restart");
        all.push(restart);
        all.push(json!({"dependencies": {"registry": registry}, "notebooks": [], "pipelinePods": ["registry"]}));
        for settings in &all {
            assert_eq!(settings_problem(settings), None, "{settings:#}");
        }
        all
    })
}

fn histories() -> impl Strategy<Value = Vec<Event>> {
    let edit = prop_oneof![
        any::<u8>().prop_map(Edit::Image),
        (0..3_u8, 0..3_u8).prop_map(|(name, value)| Edit::SetEnv(name, value)),
        (0..3_u8).prop_map(Edit::RemoveEnv),
        Just(Edit::ToggleContainer),
        Just(Edit::ToggleVolume),
        Just(Edit::TogglePullSecret),
        Just(Edit::ToggleToleration),
        Just(Edit::ToggleNodeSelector),
        any::<u8>().prop_map(Edit::Label),
    ];
    let edit_managed = prop_oneof![
        Just(EditManaged::RemoveEnv),
        Just(EditManaged::ChangeEnv),
        Just(EditManaged::EnvFirst),
        Just(EditManaged::RemoveVolumes),
        Just(EditManaged::RemoveContainers),
        Just(EditManaged::ChangePullSecrets),
        Just(EditManaged::ForgetRecord),
    ];
    let change = prop_oneof![
        3 => any::<u8>().prop_map(Change::Cull),
        1 => prop_oneof![Just(""), Just("2026-11-23T10:10:00Z")].prop_map(Change::Stop),
        2 => Just(Change::Start),
        1 => Just(Change::Respell),
        1 => Just(Change::Replace),
        2 => edit.prop_map(Change::Edit),
        2 => edit_managed.prop_map(Change::EditManaged),
    ];
    let event = prop_oneof![
        5 => (0..all_settings().len()).prop_map(Event::Settings),
        1 => Just(Event::Recreate),
        1 => Just(Event::Copy),
        12 => prop::collection::vec(change, 1..=2).prop_map(Event::Update),
    ];
    prop::collection::vec(event, 1..=LONGEST)
}

/// The state between two events.
struct State {
    settings: &'static Value,
    /// The user's manifest, without managed entries.
    manifest: Value,
    stored: Value,
}

impl State {
    fn new() -> Result<Self, TestCaseError> {
        let manifest = test_data("requests/notebook-create.json")["request"]["object"].clone();
        let settings = &all_settings()[0];
        let mut state = State { settings, manifest, stored: Value::Null };
        state.create(state.manifest.clone())?;
        Ok(state)
    }

    fn apply(&mut self, event: Event) -> TestCaseResult {
        match event {
            Event::Settings(number) => self.settings = &all_settings()[number],
            Event::Recreate => self.create(self.manifest.clone())?,
            Event::Copy => self.create(self.stored.clone())?,
            Event::Update(changes) => self.update(&changes)?,
        }
        Ok(())
    }

    fn create(&mut self, object: Value) -> TestCaseResult {
        let outcome = request("CREATE", &object, &Value::Null, self.settings);
        prop_assert!(outcome.allowed, "{outcome:#?}");
        self.stored = outcome.object;
        self.is_up_to_date()?;
        self.is_settled()
    }

    fn update(&mut self, changes: &[Change]) -> TestCaseResult {
        let manifest_template = template(&self.manifest).clone();
        let mut sent = self.stored.clone();
        for change in changes {
            change.make(&mut sent, &mut self.manifest);
        }
        let outcome = request("UPDATE", &sent, &self.stored, self.settings);
        prop_assert!(outcome.allowed, "{outcome:#?}");
        let old = std::mem::replace(&mut self.stored, outcome.object);

        let runs = !is_stopped(&old) && !is_stopped(&sent);
        let is_edited = normal(&manifest_template) != normal(template(&self.manifest));
        if runs && !is_edited && self.settings["runningNotebooks"] != "Restart" {
            prop_assert_eq!(normal(template(&self.stored)), normal(template(&old)));
            let waits = annotations(&self.stored).contains_key(PENDING);
            prop_assert_eq!(waits, sorted(template(&self.stored)) != sorted(template(&self.expected())), "waits");
            prop_assert_eq!(waits, !outcome.warnings.is_empty());
        } else {
            self.is_up_to_date()?;
            prop_assert_eq!(outcome.warnings, [""; 0]);
        }
        self.is_settled()
    }

    /// What a CREATE of the manifest gives with the current settings.
    fn expected(&self) -> Value {
        request("CREATE", &self.manifest, &Value::Null, self.settings).object
    }

    /// The notebook has the user's entries and exactly the dependencies of the settings, and nothing waits.
    fn is_up_to_date(&self) -> TestCaseResult {
        let expected = self.expected();
        prop_assert_eq!(sorted(template(&self.stored)), sorted(template(&expected)));
        prop_assert_eq!(&self.stored["metadata"]["labels"], &expected["metadata"]["labels"]);
        let [stored, expected] = [&self.stored, &expected].map(|object| {
            let mut annotations = annotations(object).clone();
            annotations.retain(|name, _| name.starts_with("platform/") || name == PENDING);
            annotations
        });
        prop_assert_eq!(stored, expected);
        Ok(())
    }

    /// An UPDATE of the stored notebook by itself gives no patch.
    fn is_settled(&self) -> TestCaseResult {
        let outcome = request("UPDATE", &self.stored, &self.stored, self.settings);
        prop_assert!(outcome.allowed, "{outcome:#?}");
        prop_assert_eq!(outcome.patch, [Value::Null; 0]);
        Ok(())
    }
}

impl Change {
    fn make(&self, sent: &mut Value, manifest: &mut Value) {
        match self {
            Change::Cull(time) => {
                annotations_mut(sent)
                    .insert("notebooks.kubeflow.org/last-activity".to_owned(), json!(time.to_string()));
            }
            Change::Stop(time) => _ = annotations_mut(sent).insert(STOPPED.to_owned(), json!(time)),
            Change::Start => _ = annotations_mut(sent).remove(STOPPED),
            Change::Respell => respell(template_mut(sent)),
            Change::Replace => sent.clone_from(manifest),
            Change::Edit(edit) => {
                edit.make(manifest);
                edit.make(sent);
            }
            Change::EditManaged(edit) => edit.make(sent),
        }
    }
}

impl Edit {
    fn make(&self, notebook: &mut Value) {
        let env = |name: &u8| format!("USER_{name}");
        let template = template_mut(notebook);
        match self {
            Edit::Image(tag) => template["containers"][0]["image"] = json!(format!("jupyter:{tag}")),
            Edit::SetEnv(name, value) => {
                let list = list(&mut template["containers"][0], "env");
                let entry = json!({"name": env(name), "value": value.to_string()});
                match list.iter_mut().find(|entry| entry["name"] == env(name)) {
                    Some(present) => *present = entry,
                    None => list.push(entry),
                }
            }
            Edit::RemoveEnv(name) => list(&mut template["containers"][0], "env").retain(|it| it["name"] != env(name)),
            Edit::ToggleContainer => toggle(template, "containers", json!({"name": "helper", "image": "helper:1"})),
            Edit::ToggleVolume => {
                toggle(template, "volumes", json!({"name": "user-data", "emptyDir": {"medium": "Memory"}}));
                let mount = json!({"name": "user-data", "mountPath": "/data"});
                toggle(&mut template["containers"][0], "volumeMounts", mount);
            }
            Edit::TogglePullSecret => toggle(template, "imagePullSecrets", json!({"name": "user-registry"})),
            Edit::ToggleToleration => toggle(template, "tolerations", json!({"key": "user", "operator": "Exists"})),
            Edit::ToggleNodeSelector => {
                if let Value::Null = template["nodeSelector"] {
                    template["nodeSelector"] = json!({});
                }
                let selector = template["nodeSelector"].as_object_mut().expect("a selector is an object");
                if selector.remove("user").is_none() {
                    selector.insert("user".to_owned(), json!("yes"));
                }
            }
            Edit::Label(value) => notebook["metadata"]["labels"]["user"] = json!(value.to_string()),
        }
    }
}

impl EditManaged {
    fn make(&self, notebook: &mut Value) {
        let template = template_mut(notebook);
        let env = list(&mut template["containers"][0], "env");
        match self {
            EditManaged::RemoveEnv => env.retain(|entry| !is_managed(entry)),
            EditManaged::ChangeEnv => {
                env.iter_mut().filter(|entry| is_managed(entry)).for_each(|entry| entry["value"] = json!("edited"));
            }
            EditManaged::EnvFirst => env.sort_by_key(|entry| !is_managed(entry)),
            EditManaged::RemoveVolumes => {
                list(template, "volumes").retain(|entry| !is_managed(entry));
                list(&mut template["containers"][0], "volumeMounts").retain(|entry| !is_managed(entry));
            }
            EditManaged::RemoveContainers => {
                list(template, "containers").retain(|entry| !is_managed(entry));
                list(template, "initContainers").retain(|entry| !is_managed(entry));
            }
            EditManaged::ChangePullSecrets => list(template, "imagePullSecrets").retain(|entry| !is_managed(entry)),
            EditManaged::ForgetRecord => annotations_mut(notebook).retain(|name, _| !name.starts_with("mutatingflow")),
        }
    }
}

/// The outcome of a request.
fn request(operation: &str, object: &Value, old_object: &Value, settings: &Value) -> Outcome {
    static REQUEST: OnceLock<Value> = OnceLock::new();
    let base = REQUEST.get_or_init(|| {
        let mut request = test_data("requests/notebook-create.json")["request"].take();
        request["object"] = Value::Null;
        request
    });
    let mut request = base.clone();
    request["operation"] = json!(operation);
    request["object"] = object.clone();
    request["oldObject"] = old_object.clone();
    evaluate(request, settings)
}

fn template(notebook: &Value) -> &Value {
    &notebook["spec"]["template"]["spec"]
}

fn template_mut(notebook: &mut Value) -> &mut Value {
    &mut notebook["spec"]["template"]["spec"]
}

fn annotations(notebook: &Value) -> &Map<String, Value> {
    notebook["metadata"]["annotations"].as_object().expect("the notebook has annotations")
}

fn annotations_mut(notebook: &mut Value) -> &mut Map<String, Value> {
    notebook["metadata"]["annotations"].as_object_mut().expect("the notebook has annotations")
}

fn is_stopped(notebook: &Value) -> bool {
    annotations(notebook).contains_key(STOPPED)
}

fn is_managed(entry: &Value) -> bool {
    entry["name"].as_str().is_some_and(|name| name.to_lowercase().starts_with("platform"))
}

/// The list `member` of `parent`, which is created where it is absent.
fn list<'v>(parent: &'v mut Value, member: &str) -> &'v mut Vec<Value> {
    if parent[member].is_null() {
        parent[member] = json!([]);
    }
    parent[member].as_array_mut().expect("a list is there")
}

/// Removes `entry` from a list, or appends it: by its name, or its key.
fn toggle(parent: &mut Value, member: &str, entry: Value) {
    let list = list(parent, member);
    let before = list.len();
    list.retain(|present| present["name"] != entry["name"] || present["key"] != entry["key"]);
    if list.len() == before {
        list.push(entry);
    }
}

/// Spells the template in another way that means the same to Kubernetes, or back again.
fn respell(template: &mut Value) {
    let cpu = &mut template["containers"][0]["resources"]["requests"]["cpu"];
    *cpu = if *cpu == "500m" { json!("0.5") } else { json!("500m") };
    for member in ["affinity", "securityContext"] {
        template[member] = if template[member].is_null() { json!({}) } else { Value::Null };
    }
}

/// One spelling for all that mean the same to Kubernetes.
fn normal(value: &Value) -> Value {
    let is_nothing = |value: &Value| matches!(value.to_string().as_str(), "null" | "{}" | "[]");
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (key.clone(), normal(value)));
            members.filter(|(_, value)| !is_nothing(value)).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::String(text) if text == "500m" => json!("0.5"),
        other => other.clone(),
    }
}

/// As [`normal`], with lists of objects in one order.
fn sorted(value: &Value) -> Value {
    fn sort(value: &mut Value) {
        match value {
            Value::Object(members) => members.values_mut().for_each(sort),
            Value::Array(items) => {
                items.iter_mut().for_each(sort);
                if items.iter().all(Value::is_object) {
                    items.sort_by_key(Value::to_string);
                }
            }
            _ => {}
        }
    }
    let mut value = normal(value);
    sort(&mut value);
    value
}

#[test]
fn every_history_keeps_the_invariants() {
    let cases = env::var("HISTORIES").map_or(HISTORIES, |count| count.parse().expect("HISTORIES is a number"));
    let config = Config { cases, max_shrink_iters: 2000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::default()));
    let outcome = runner.run(&histories(), |history| {
        let mut state = State::new()?;
        history.into_iter().try_for_each(|event| state.apply(event))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
