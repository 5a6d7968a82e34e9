//! Settings of a platform.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::draw::Draw;
use super::pool::{DOMAINS, NAMES, pool, put_into_dependency};
use crate::evaluator::settings_problem;

/// The lists of settings.
const LISTS: [&str; 3] = ["notebooks", "pipelinePods", "pods"];

/// Settings that the policy accepts.
pub fn accepted(draw: &mut Draw) -> Value {
    for _ in 0..20 {
        let settings = unchecked(draw);
        if settings_problem(&settings).is_none() {
            return settings;
        }
    }
    json!({"retired": ["a"]})
}

/// Settings that are mostly accepted.
pub fn unchecked(draw: &mut Draw) -> Value {
    let count = 1 + draw.up_to(4);
    let names = draw.some(&NAMES, count);
    let mut chosen = Chosen::default();
    let mut settings = json!({"dependencies": {}});
    for name in &names {
        let lists = lists(draw);
        let dependency = dependency(draw, &mut chosen, &lists);
        add(&mut settings, name, dependency, &lists);
    }
    let retired = draw.up_to(2);
    let others: Vec<_> = NAMES.into_iter().filter(|name| !names.contains(name)).chain(["old"]).collect();
    if retired > 0 || settings["dependencies"] == json!({}) {
        settings["retired"] = json!(draw.some(&others, retired.max(1)));
    }
    match draw.below(10) {
        0..3 => settings["runningNotebooks"] = json!("Restart"),
        3 => settings["runningNotebooks"] = json!("Defer"),
        4 => settings["runningNotebooks"] = Value::Null,
        _ => {}
    }
    if draw.chance(20) {
        settings["annotationDomain"] = json!(draw.one(&DOMAINS));
    }
    if draw.chance(5) {
        settings["report"] = json!(draw.chance(80));
    }
    settings
}

/// Settings that a platform may have had before these.
pub fn earlier(draw: &mut Draw, settings: &Value) -> Value {
    if draw.chance(15) {
        return accepted(draw);
    }
    let mut earlier = settings.clone();
    earlier["report"] = Value::Null;
    let mut chosen = Chosen::default();
    let known = earlier["dependencies"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let retired =
        earlier["retired"].as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned));
    let names: Vec<_> = known.chain(retired).collect();
    for name in names {
        match draw.below(10) {
            0..4 => {}
            4 => forget(&mut earlier, &name),
            _ => {
                let lists = lists(draw);
                forget(&mut earlier, &name);
                let dependency = dependency(draw, &mut chosen, &lists);
                add(&mut earlier, &name, dependency, &lists);
            }
        }
    }
    if settings_problem(&earlier).is_none() { earlier } else { settings.clone() }
}

/// The lists that a dependency is in.
fn lists(draw: &mut Draw) -> Vec<&'static str> {
    match draw.below(10) {
        0..4 => vec!["notebooks"],
        4 => vec!["pipelinePods"],
        5 => vec!["pods"],
        6 | 7 => vec!["pipelinePods", "pods"],
        _ => LISTS.to_vec(),
    }
}

fn add(settings: &mut Value, name: &str, dependency: Value, lists: &[&str]) {
    settings["dependencies"][name] = dependency;
    for list in lists {
        if settings[*list].is_null() {
            settings[*list] = json!([]);
        }
        settings[*list].as_array_mut().expect("a list").push(json!(name));
    }
}

/// Takes a dependency out of settings.
fn forget(settings: &mut Value, name: &str) {
    for list in LISTS.into_iter().chain(["retired"]) {
        if let Some(names) = settings[list].as_array_mut() {
            names.retain(|known| known != name);
        }
    }
    if let Some(dependencies) = settings["dependencies"].as_object_mut() {
        dependencies.remove(name);
    }
}

/// Which value each key has in these settings. It is the same in all dependencies, or they would contradict one another.
#[derive(Default)]
struct Chosen {
    values: BTreeMap<(String, String), usize>,
}

impl Chosen {
    fn value(&mut self, draw: &mut Draw, field: &str, key: &str) -> &'static Value {
        let values = &pool().settings[field][key];
        let at = self.values.entry((field.to_owned(), key.to_owned())).or_insert_with(|| draw.below(values.len()));
        &values[*at]
    }
}

/// A dependency of these lists.
fn dependency(draw: &mut Draw, chosen: &mut Chosen, lists: &[&str]) -> Value {
    let is_for_notebooks = lists.contains(&"notebooks");
    let is_for_pods = lists != ["notebooks"];
    let fields: Vec<_> = pool().settings.keys().collect();
    let mut dependency = json!({});
    let count = 1 + draw.up_to(9);
    for field in draw.some(&fields, count) {
        let is_pruned = ["hostUsers", "resourceClaims"].contains(&field.as_str());
        if is_for_notebooks && is_pruned || is_for_pods && field == "automountServiceAccountToken" {
            continue;
        }
        let keys: Vec<_> = pool().settings[field].keys().collect();
        let count = 1 + draw.up_to(2);
        for key in draw.some(&keys, count) {
            let value = chosen.value(draw, field, key);
            if !(is_for_pods && value.to_string().contains("{name}")) {
                put_into_dependency(&mut dependency, field, value);
            }
        }
    }
    if dependency == json!({}) {
        put_into_dependency(&mut dependency, "labels", chosen.value(draw, "labels", "shared"));
    }
    bring_volumes(draw, chosen, &mut dependency);
    options(draw, &mut dependency, is_for_pods);
    dependency
}

/// Adds the volumes that mounts need.
fn bring_volumes(draw: &mut Draw, chosen: &mut Chosen, dependency: &mut Value) {
    let mut mounted = Vec::new();
    mounts(dependency, &mut mounted);
    for name in mounted {
        let volumes = dependency["volumes"].as_array().into_iter().flatten();
        if !volumes.into_iter().any(|volume| volume["name"] == *name) {
            let volume = chosen.value(draw, "volumes", &name);
            put_into_dependency(dependency, "volumes", volume);
        }
    }
    if dependency["volumes"].is_null() {
        dependency.as_object_mut().expect("an object").remove("volumes");
    }
}

/// The names of the volumes that something mounts.
fn mounts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if key == "volumeMounts" {
                    let mounts = value.as_array().into_iter().flatten();
                    found.extend(mounts.filter_map(|mount| mount["name"].as_str().map(str::to_owned)));
                } else {
                    mounts(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| mounts(item, found)),
        _ => {}
    }
}

fn options(draw: &mut Draw, dependency: &mut Value, is_for_pods: bool) {
    match draw.below(10) {
        0 => dependency["containers"] = json!("Main"),
        1..4 => dependency["containers"] = json!("All"),
        4 => {
            let mut names = vec!["main", "helper", "istio-proxy", "sync", "prepare", "node"];
            if !is_for_pods {
                names.push("{name}");
            }
            let count = 1 + draw.up_to(2);
            dependency["containers"] = json!(draw.some(&names, count));
        }
        _ => {}
    }
    match draw.below(10) {
        0..3 => dependency["onConflict"] = json!("Keep"),
        3..6 => dependency["onConflict"] = json!("Override"),
        6 => dependency["onConflict"] = json!("Reject"),
        _ => {}
    }
    for first in ["initContainersFirst", "envFirst"] {
        if draw.chance(20) {
            dependency[first] = json!(draw.chance(90));
        }
    }
    if draw.chance(15) {
        dependency["selector"] = draw.one(&pool().selectors).clone();
    }
}
