//! The record: which entries are the platform's (contract, "Record").

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::parts::{Field, Level, Merge, fields};

/// The entries of one dependency by place, as the record has them.
pub type Places = BTreeMap<String, Vec<String>>;

/// What the record says of one dependency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub hash: String,
    pub added: Places,
    pub overridden: Places,
}

/// A record, or nothing where there is none that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What it says of objects of this kind, by dependency.
    pub parts: BTreeMap<String, Part>,
    /// What it says of other kinds, as it came.
    pub others: Map<String, Value>,
    /// The hash of the template for which somebody asked for what waits.
    pub applied: Option<Value>,
    /// Whether it is one that cannot be read: it owns nothing.
    pub is_damaged: bool,
    /// Whether there is one at all.
    pub is_there: bool,
    /// Whether it is of version 0.1.0, which names no kind, and whose hashes are others.
    pub is_of_0_1_0: bool,
}

impl Record {
    /// Reads the annotation of an object of `kind`.
    pub fn of(object: &Value, annotation: &str, kind: &str) -> Record {
        let Some(text) = object["metadata"]["annotations"][annotation].as_str() else { return Record::default() };
        let read = serde_json::from_str(text).ok().and_then(|value| Self::read(&value, kind));
        let record = read.unwrap_or(Record { is_damaged: true, ..Record::default() });
        Record { is_there: true, ..record }
    }

    /// A record of version 0.1.0 names no kind: it is one of the object's kind.
    fn read(value: &Value, kind: &str) -> Option<Record> {
        let mut record = Record::default();
        for (name, value) in value.as_object()? {
            if name == "applied" {
                record.applied = Some(value.clone());
            } else if name == kind {
                for (name, part) in value.as_object()? {
                    record.parts.insert(name.clone(), Part::read(part)?);
                }
            } else if name.starts_with(char::is_uppercase) {
                record.others.insert(name.clone(), value.clone());
            } else {
                record.is_of_0_1_0 = true;
                record.parts.insert(name.clone(), Part::read(value)?);
            }
        }
        Some(record)
    }

    /// The annotation's value; `None` where nothing is left to record.
    pub fn written(&self, kind: &str) -> Option<Value> {
        let mut all = self.others.clone();
        if !self.parts.is_empty() {
            let parts = self.parts.iter().map(|(name, part)| (name.clone(), part.written()));
            all.insert(kind.to_owned(), parts.collect::<Map<_, _>>().into());
        }
        (!all.is_empty()).then(|| all.into())
    }
}

impl Part {
    fn read(value: &Value) -> Option<Part> {
        let places = |value: &Value| -> Option<Places> {
            let keys = |keys: &Value| -> Option<Vec<String>> {
                keys.as_array()?.iter().map(|key| key.as_str().map(str::to_owned)).collect()
            };
            value.as_object()?.iter().map(|(place, list)| Some((place.clone(), keys(list)?))).collect()
        };
        let overridden = value.get("overridden");
        Some(Part {
            hash: value["hash"].as_str()?.to_owned(),
            added: places(&value["added"])?,
            overridden: overridden.map_or_else(|| Some(Places::new()), places)?,
        })
    }

    fn written(&self) -> Value {
        let mut value = json!({"hash": self.hash, "added": self.added});
        if !self.overridden.is_empty() {
            value["overridden"] = json!(self.overridden);
        }
        value
    }

    /// Its entries, each with the field, the container's name (`None`: the main one), the key and whether it replaced the
    /// user's. What names no place is left out.
    pub fn entries(&self) -> Vec<(&'static Field, Option<String>, String, bool)> {
        let of_place = |(place, keys): (&String, &Vec<String>)| {
            let (name, container) =
                place.split_once('/').map_or((place.as_str(), None), |(a, b)| (a, Some(b.to_owned())));
            let overridden: BTreeSet<_> = self.overridden.get(place).into_iter().flatten().cloned().collect();
            let entry = move |key: &String| {
                let is_meant =
                    |field: &&Field| field.place == name && (field.merge != Merge::Atomic || field.name() == key);
                let field = fields().find(is_meant)?;
                let fits = field.level == Level::Container || container.is_none();
                fits.then(|| (field, container.clone(), key.clone(), overridden.contains(key)))
            };
            keys.iter().filter_map(entry).collect::<Vec<_>>()
        };
        self.added.iter().flat_map(of_place).collect()
    }

    /// Records an entry.
    pub fn add(&mut self, place: &str, key: &str, is_overridden: bool) {
        let add = |places: &mut Places| {
            let keys = places.entry(place.to_owned()).or_default();
            if !keys.iter().any(|it| it == key) {
                keys.push(key.to_owned());
            }
        };
        add(&mut self.added);
        if is_overridden {
            add(&mut self.overridden);
        }
    }
}
