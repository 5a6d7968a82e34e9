//! PodDefaults among objects: what is something else is counted, what is broken is named, and the rest is read.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::PathBuf,
    sync::atomic::AtomicU64,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{PodDefault, carry};
use crate::objects;

/// The group of the API that PodDefaults are of.
const GROUP: &str = "kubeflow.org";
const KIND: &str = "PodDefault";

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// By name and namespace.
    pub(super) pod_defaults: BTreeMap<(String, String), PodDefault>,
    /// How many there are of each other kind.
    pub(super) others: BTreeMap<String, usize>,
    /// What could not be read, a message each.
    pub(super) broken: Vec<String>,
}

/// Reads all that these files hold.
pub(super) fn read(files: &[PathBuf]) -> Result<Read> {
    let mut read = Read::default();
    for file in files {
        objects::each(file, &AtomicU64::new(0), &mut |unread| {
            let origin = unread.origin.clone();
            match unread.read() {
                Ok(objects) => {
                    for object in objects {
                        let outcome = read.object(&object).with_context(|| origin.to_string());
                        read.broken.extend(outcome.err().map(|error| format!("{error:#}")));
                    }
                }
                Err(error) => read.broken.push(format!("{error:#}")),
            }
            Ok(())
        })?;
    }
    Ok(read)
}

impl Read {
    fn object(&mut self, object: &Value) -> Result<()> {
        let kind = object["kind"].as_str().context("kind: must be a string, as in any manifest")?;
        let version = object["apiVersion"].as_str().unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let other = match (kind, group) {
            (KIND, GROUP) => return self.pod_default(object),
            (KIND, _) => format!("{KIND} of {version}"),
            _ => kind.to_owned(),
        };
        *self.others.entry(other).or_default() += 1;
        Ok(())
    }

    fn pod_default(&mut self, object: &Value) -> Result<()> {
        let name = object["metadata"]["name"].as_str().filter(|name| !name.is_empty());
        let name = name.context("metadata.name: must be a string, as in any manifest")?.to_owned();
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        let mut spec = object["spec"].as_object().context("spec: must be an object")?.clone();
        if !spec.get("selector").is_some_and(Value::is_object) {
            bail!("spec.selector: must be an object; every PodDefault has one");
        }
        let left_out = carry::reduce(&mut spec);
        match self.pod_defaults.entry((name.clone(), namespace.clone())) {
            Entry::Occupied(known) if known.get().spec != spec => {
                bail!("PodDefault {name} was read before, and differs here");
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => {
                place.insert(PodDefault { name, namespace, spec, left_out });
            }
        }
        Ok(())
    }
}
