//! Lives of a notebook: what its users and its platform do, one after the other. What comes of it depends on what the policy
//! answers, so that an edit is drawn from a seed when it is done.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::draw::{Draw, remove};
use super::life::edit;
use super::object::object;
use super::pool::fields_of;
use super::settings::{accepted, earlier};
use crate::objects::Kind;

/// A life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Life {
    /// What the user creates.
    pub manifest: Value,
    /// The settings of the platform, which are others at times.
    pub settings: Vec<Value>,
    /// The settings of another platform, whose policy is called too.
    pub others: Vec<Value>,
    pub steps: Vec<Step>,
}

/// An update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Which settings there are then, by their place in the list, counted round.
    pub settings: usize,
    /// Whether the other policy is called first.
    pub is_other_first: bool,
    pub update: Update,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Update {
    /// What is stored, edited by somebody.
    Edit(u64),
    /// What is stored, with another time of the last activity.
    Cull,
    Stop,
    Start,
    /// What is stored, with the annotation by which what waits is asked for.
    Apply,
    /// The user's manifest, as he wrote it, and edited.
    Manifest(Option<u64>),
}

/// Draws a life.
pub fn life(draw: &mut Draw) -> Life {
    let mut settings = vec![accepted(draw)];
    for _ in 0..draw.below(3) {
        let next = earlier(draw, &settings[0]);
        settings.push(next);
    }
    let mut others = Vec::new();
    if draw.chance(30) {
        let is_renamed = draw.chance(70);
        let other = accepted(draw);
        others.push(if is_renamed { renamed(&other) } else { other });
    }
    let manifest = object(draw, Kind::Notebook, &fields_of(&settings[0]));
    let steps = (0..2 + draw.below(5)).map(|_| step(draw)).collect();
    Life { manifest, settings, others, steps }
}

fn step(draw: &mut Draw) -> Step {
    let seed = draw.below(usize::MAX) as u64;
    let update = match draw.below(10) {
        0..3 => Update::Edit(seed),
        3 => Update::Cull,
        4 | 5 => Update::Stop,
        6 => Update::Start,
        7 => Update::Apply,
        8 => Update::Manifest(None),
        _ => Update::Manifest(Some(seed)),
    };
    Step { settings: draw.below(3), is_other_first: draw.chance(50), update }
}

/// The settings with other names for all dependencies.
fn renamed(settings: &Value) -> Value {
    let name = |name: &str| format!("lab-{name}");
    let mut settings = settings.clone();
    if let Some(dependencies) = settings["dependencies"].as_object() {
        let renamed = dependencies.iter().map(|(old, value)| (name(old), value.clone()));
        settings["dependencies"] = renamed.collect::<Map<_, _>>().into();
    }
    for list in ["notebooks", "pipelinePods", "pods", "retired"] {
        for item in settings[list].as_array_mut().into_iter().flatten() {
            *item = json!(name(item.as_str().unwrap_or_default()));
        }
        if settings[list].is_null() {
            remove(&mut settings, &format!("/{list}"));
        }
    }
    settings
}

/// What is sent in an update of what is stored.
pub fn sent(life: &Life, step: &Step, stored: &Value) -> Value {
    let settings = &life.settings[step.settings % life.settings.len()];
    let edited = |object: &Value, seed: u64| {
        let (mut draw, mut object) = (Draw::new(seed), object.clone());
        for _ in 0..1 + draw.below(2) {
            edit(&mut draw, &mut object, Kind::Notebook, &fields_of(settings));
        }
        object
    };
    let annotated = |key: &str, value: Option<Value>| {
        let mut object = stored.clone();
        if !object["metadata"]["annotations"].is_object() {
            object["metadata"]["annotations"] = json!({});
        }
        match value {
            Some(value) => object["metadata"]["annotations"][key] = value,
            None => _ = object["metadata"]["annotations"].as_object_mut().map(|all| all.remove(key)),
        }
        object
    };
    let domain = settings["annotationDomain"].as_str().unwrap_or("mutatingflow.nais.io");
    match &step.update {
        Update::Edit(seed) => edited(stored, *seed),
        Update::Cull => annotated("notebooks.kubeflow.org/last-activity", Some(json!("now"))),
        Update::Stop => annotated("kubeflow-resource-stopped", Some(json!("now"))),
        Update::Start => annotated("kubeflow-resource-stopped", None),
        Update::Apply => annotated(&format!("{domain}/apply"), Some(json!("now"))),
        Update::Manifest(None) => life.manifest.clone(),
        Update::Manifest(Some(seed)) => edited(&life.manifest, *seed),
    }
}
