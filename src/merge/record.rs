//! What the policy manages in an object: the annotation `<domain>/injected` (contract, "Record").
//!
//! ```json
//! {"registry":{"hash":"8f2c6a1be0d94c57","added":{"imagePullSecrets":["gpr-credentials"]}},
//!  "proxy":{"hash":"02b1c3d4e5f60718","added":{"env/churn-model":["HTTP_PROXY","http_proxy"]}}}
//! ```
//!
//! By dependency: the hash of what it added, and the keys of it, by the place where they went: the field's name in the
//! settings, followed by a slash and the container's name where there is one, or `spec` for an atomic field of the pod
//! spec. Keys, never values; an entry that merges by its whole value stands there by a hash of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::json::Cursor;

/// What one dependency added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Added {
    /// The dependency's hash at the time.
    pub hash: String,
    /// The keys, by place.
    pub added: BTreeMap<String, Vec<String>>,
}

/// What every dependency added, by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Record {
    dependencies: BTreeMap<String, Added>,
}

impl Record {
    /// Reads the annotation; `None` where it is not what [`Record::to_json`] writes.
    ///
    /// It is never trusted to skip work, so that what was forged can do no more than let the platform replace or
    /// remove entries of an object that its author could have changed anyway.
    pub fn parse(annotation: &str) -> Option<Self> {
        let mut cursor = Cursor::new(annotation);
        let mut record = Record::default();
        let mut is_whole = true;
        cursor.expect_object(|cursor, name| {
            let (mut hash, mut added) = (None, None);
            cursor.expect_object(|cursor, key| match &*key.decode() {
                "hash" => hash = Some(cursor.string().decode().into_owned()),
                "added" => added = Some(read_places(cursor)),
                _ => _ = cursor.skip(),
            });
            match (hash, added) {
                (Some(hash), Some(added)) => {
                    _ = record.dependencies.insert(name.decode().into_owned(), Added { hash, added })
                }
                _ => is_whole = false,
            }
        });
        (is_whole && cursor.finish().is_ok()).then_some(record)
    }

    /// The annotation's text.
    pub fn to_json(&self) -> String {
        // Strings and maps of strings cannot fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether nothing is managed.
    pub fn is_empty(&self) -> bool {
        self.dependencies.is_empty()
    }

    /// This record and `stored`, the one on the stored object, together: a client that sends an object without its
    /// annotations loses nothing. Where both know a dependency, the hash is the stored one.
    pub fn with(mut self, stored: Record) -> Record {
        for (name, added) in stored.dependencies {
            let known = self.dependencies.entry(name).or_default();
            known.hash = added.hash;
            for (place, keys) in added.added {
                let here = known.added.entry(place).or_default();
                let mut known = BTreeSet::new();
                known.extend(here.iter().cloned());
                here.extend(keys.into_iter().filter(|key| !known.contains(key)));
            }
        }
        self
    }

    /// What the dependency `name` added.
    pub fn get(&self, name: &str) -> Option<&Added> {
        self.dependencies.get(name)
    }

    /// Notes that the dependency `name`, whose hash is `hash`, added `keys` at `place`.
    pub fn note(&mut self, name: &str, hash: &str, place: &str, keys: Vec<String>) {
        if !keys.is_empty() {
            let added = self.dependencies.entry(name.to_owned()).or_default();
            hash.clone_into(&mut added.hash);
            added.added.insert(place.to_owned(), keys);
        }
    }

    /// Takes over what `other` says of the dependency `name`, as it is.
    pub fn keep(&mut self, name: &str, other: &Record) {
        if let Some(added) = other.dependencies.get(name) {
            self.dependencies.insert(name.to_owned(), added.clone());
        }
    }

    /// The dependency that each key at `place` belongs to.
    pub fn owners_at(&self, place: &str) -> BTreeMap<&str, &str> {
        let mut owners = BTreeMap::new();
        for (name, added) in &self.dependencies {
            let keys = added.added.get(place).into_iter().flatten();
            owners.extend(keys.map(|key| (key.as_str(), name.as_str())));
        }
        owners
    }
}

/// The keys of what was added, by place.
fn read_places(cursor: &mut Cursor<'_>) -> BTreeMap<String, Vec<String>> {
    let mut places = BTreeMap::new();
    cursor.expect_object(|cursor, place| {
        let mut keys = Vec::new();
        cursor.expect_list(|cursor| keys.push(cursor.string().decode().into_owned()));
        places.insert(place.decode().into_owned(), keys);
    });
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_back() {
        let mut record = Record::default();
        record.note("registry", "01", "imagePullSecrets", vec!["b".to_owned(), "a".to_owned()]);
        record.note("proxy", "02", "env/nb", vec!["HTTP_PROXY".to_owned()]);
        record.note("proxy", "02", "env/other", Vec::new());
        let text = r#"{"proxy":{"hash":"02","added":{"env/nb":["HTTP_PROXY"]}},"registry":{"hash":"01","added":{"imagePullSecrets":["b","a"]}}}"#;
        assert_eq!(record.to_json(), text);
        assert_eq!(Record::parse(text).unwrap(), record);
        assert_eq!(record.owners_at("imagePullSecrets"), BTreeMap::from([("a", "registry"), ("b", "registry")]));
        assert_eq!(record.owners_at("volumes"), BTreeMap::new());
    }

    #[test]
    fn damaged_records_are_refused() {
        for text in ["", "null", "[]", "{\"a\":1}", "{\"a\":{}}", "{\"a\":{\"hash\":1,\"added\":{}}}", "{"] {
            assert!(Record::parse(text).is_none(), "{text}");
        }
        assert_eq!(Record::parse("{}").unwrap(), Record::default());
    }

    #[test]
    fn the_records_of_client_and_server_are_united() {
        let read = |text| Record::parse(text).unwrap();
        let new = read(r#"{"a":{"hash":"new","added":{"env/nb":["A"]}},"b":{"hash":"1","added":{}}}"#);
        let old = read(r#"{"a":{"hash":"old","added":{"env/nb":["B"],"volumes":["v"]}}}"#);
        assert_eq!(
            new.with(old).to_json(),
            r#"{"a":{"hash":"old","added":{"env/nb":["A","B"],"volumes":["v"]}},"b":{"hash":"1","added":{}}}"#
        );
    }
}
