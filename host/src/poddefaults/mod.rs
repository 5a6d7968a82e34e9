//! From Kubeflow's PodDefaults to settings of the policy.
//!
//! Manifests are read (`read`), those of one name are folded into one where they differ by their namespace alone (`fold`),
//! each becomes a dependency (`carry`), and what the policy's own settings check refuses is left out (`settle`). What comes
//! is settings that the policy accepts, as YAML with comments (`write`), and a list of what is not the same (`notes`).

mod carry;
mod fold;
mod notes;
mod read;
mod settle;
mod write;

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Result;
use serde_json::{Map, Value};

use crate::{Policy, objects, show::counted};
use notes::Notes;

/// What was made of PodDefaults.
#[derive(Debug)]
pub struct Import {
    /// The settings as YAML, which the policy accepts; empty where nothing could be carried.
    pub settings: String,
    /// What was read and made, and what is not the same with what to do about it: text for a person.
    pub report: String,
    /// What could not be read, a message each.
    pub broken: Vec<String>,
}

/// A PodDefault as it was read. Of its metadata, only what tells it from others.
#[derive(Debug)]
struct PodDefault {
    name: String,
    /// Empty where the manifest does not say.
    namespace: String,
    /// Without what says nothing, and without what a dependency cannot say.
    spec: Map<String, Value>,
    /// What is missing in `spec` therefore, and why.
    left_out: Vec<String>,
}

/// PodDefaults of one name, which one dependency can stand for.
#[derive(Debug)]
struct Variant {
    /// What tells its dependency from others.
    name: String,
    /// The name of the PodDefaults.
    of: String,
    namespaces: Vec<String>,
    /// Whether other namespaces have another one of this name.
    is_one_of_several: bool,
    /// With `{namespace}` where they differ.
    spec: Map<String, Value>,
    left_out: Vec<String>,
}

/// A dependency to be.
#[derive(Clone, Debug)]
struct Dependency {
    name: String,
    /// What a note calls it: the name of the variant.
    title: String,
    /// The name of its PodDefaults, and which variant it is of.
    of: String,
    variant: usize,
    /// In how many namespaces there is one.
    spread: usize,
    /// What a person should know of it, a comment each.
    comments: Vec<String>,
    selector: Value,
    /// The selector of its PodDefaults.
    selector_there: Value,
    /// What becomes of what the user has: the default where it is `None`.
    on_conflict: Option<&'static str>,
    fields: Map<String, Value>,
}

/// Makes settings of the PodDefaults in these files and folders; `-` is standard input.
///
/// # Errors
/// A file cannot be read. An object that cannot be is named in what is made of the others.
pub fn import(paths: &[PathBuf], policy: &Policy) -> Result<Import> {
    let read = read::read(&objects::files(paths)?)?;
    let mut notes = Notes::default();
    let pod_defaults: Vec<_> = read.pod_defaults.into_values().collect();
    let found = pod_defaults.len();
    let namespaces = namespaces(&pod_defaults);
    let variants = variants(pod_defaults, &namespaces, &mut notes);
    let mut dependencies = carry::carry(&variants, &mut notes);
    let check = |settings: &Value| {
        let answer = policy.validate_settings(settings);
        (!answer.valid).then(|| answer.message.unwrap_or_default())
    };
    let left_out = settle::settle(&mut dependencies, &mut notes, &check)?;
    let mut counts = counted(found, "PodDefault", "PodDefaults");
    if !namespaces.is_empty() {
        counts += &format!(" of {}", counted(namespaces.len(), "namespace", "namespaces"));
    }
    counts += &format!(": {}", counted(dependencies.len(), "dependency", "dependencies"));
    if !read.others.is_empty() {
        let others: Vec<_> = read.others.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        counts += &format!("; passed over: {}", others.join(", "));
    }
    Ok(Import {
        settings: write::settings(&dependencies, &left_out),
        report: format!("{counts}\n{notes}"),
        broken: read.broken,
    })
}

/// The namespaces that have a PodDefault.
fn namespaces(pod_defaults: &[PodDefault]) -> Vec<String> {
    let mut namespaces: Vec<_> =
        pod_defaults.iter().map(|it| it.namespace.clone()).filter(|it| !it.is_empty()).collect();
    namespaces.sort();
    namespaces.dedup();
    namespaces
}

/// PodDefaults by name, in the order of their names: that in which the API server lists them, and so the webhook adds them.
fn variants(pod_defaults: Vec<PodDefault>, all: &[String], notes: &mut Notes) -> Vec<Variant> {
    let mut by_name: BTreeMap<String, Vec<PodDefault>> = BTreeMap::new();
    for it in pod_defaults {
        by_name.entry(it.name.clone()).or_default().push(it);
    }
    let mut variants = Vec::new();
    let mut taken = Vec::new();
    for (of, members) in by_name {
        let mut folded = fold::fold(&of, members);
        // One that is in more namespaces than any other is the usual one, and keeps the name.
        let most = folded.iter().map(|it| it.namespaces.len()).max().unwrap_or_default();
        let is_usual = |it: &Variant| it.namespaces.len() == most;
        let has_usual = folded.iter().filter(|it| is_usual(it)).count() == 1;
        let is_one_of_several = folded.len() > 1;
        for it in &mut folded {
            it.is_one_of_several = is_one_of_several;
            let suffix = it.namespaces.first().filter(|_| !(has_usual && is_usual(it)));
            let wanted = suffix.map_or_else(|| of.clone(), |namespace| format!("{of}-{namespace}"));
            it.name = carry::free_name(&wanted, &taken);
            taken.push(it.name.clone());
            if it.name != wanted {
                notes.add(
                    &wanted,
                    format!("the dependency is called {}, since its name must be a DNS label of its own", it.name),
                );
            }
        }
        if is_one_of_several {
            let shown = folded.iter().map(|it| match &it.namespaces[..] {
                [] => format!("{} (no namespace)", it.name),
                namespaces => format!("{} ({})", it.name, carry::shown(namespaces)),
            });
            let text = format!(
                "is not the same in all namespaces: {}. A dependency reaches all of them: move those that are for some of them into \
                 an AdmissionPolicy in each, or give them a label of their own",
                notes::shown(&shown.collect::<Vec<_>>(), 5)
            );
            notes.add(&of, text);
        }
        let is_of_some = |it: &&Variant| !it.namespaces.is_empty() && it.namespaces.len() < all.len();
        for it in folded.iter().filter(is_of_some).filter(|it| !it.is_one_of_several) {
            let text = format!(
                "is only in {}, and a dependency reaches the Notebooks with its label in every namespace: if that is \
                 not intended, move it into an AdmissionPolicy there, or give it a label of its own",
                carry::shown(&it.namespaces)
            );
            notes.add(&it.name, text);
        }
        variants.extend(folded);
    }
    variants
}
