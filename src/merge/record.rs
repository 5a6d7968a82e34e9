//! What the policy knows as its own: the annotation `<domain>/injected` (contract, 4.4).
//!
//! ```json
//! {"registry":{"hash":"8f2c6a1be0d94c57","added":{"imagePullSecrets":["gpr-credentials"]}},
//!  "proxy":{"hash":"02b1c3d4e5f60718","added":{"env/churn-model":["HTTP_PROXY","http_proxy"]}}}
//! ```
//!
//! By dependency: the hash of what it added, and the keys of it, by the place where they went: the field's name in
//! the settings, with the container's name behind a slash where there is one, or `spec` for a field of the pod spec
//! itself. Keys, never values; an entry that merges by its whole value stands there by a hash of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Body, Node, Object, Shape, quote_into};

/// What one dependency added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// The dependency's hash at the time.
    pub hash: String,
    /// The keys, by place.
    pub added: BTreeMap<String, Vec<String>>,
}

/// What every dependency added, by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    dependencies: BTreeMap<String, Added>,
}

impl Record {
    /// Reads the annotation; `None` where it is not what [`Record::to_json`] writes.
    ///
    /// It is never trusted to skip work, so that what was forged can do no more than let the platform replace or
    /// remove entries of an object that its author could have changed anyway.
    #[must_use]
    pub fn parse(annotation: &str) -> Option<Self> {
        let mut record = Record::default();
        for (name, dependency) in object(annotation)?.iter() {
            let dependency = object(dependency.text())?;
            let mut added = BTreeMap::new();
            for (place, keys) in object(dependency.get("added")?.text())?.iter() {
                let keys = Node::parse(keys.text(), &Shape::List(&Shape::Text)).ok()?;
                let keys = keys.list(String::new).ok()?.items().iter();
                let keys = keys.map(|key| key.string().map(Cow::into_owned)).collect::<Option<_>>()?;
                added.insert(place.decode().into_owned(), keys);
            }
            let hash = dependency.get("hash")?.string()?.into_owned();
            record.dependencies.insert(name.decode().into_owned(), Added { hash, added });
        }
        Some(record)
    }

    /// The annotation's text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(512);
        write_object(&mut out, &self.dependencies, |out, dependency| {
            out.push_str(r#"{"hash":"#);
            quote_into(&dependency.hash, out);
            out.push_str(r#","added":"#);
            write_object(out, &dependency.added, |out, keys| {
                for (at, key) in keys.iter().enumerate() {
                    out.push(if at == 0 { '[' } else { ',' });
                    quote_into(key, out);
                }
                out.push_str(if keys.is_empty() { "[]" } else { "]" });
            });
            out.push('}');
        });
        out
    }

    /// Whether nothing is known as ours.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dependencies.is_empty()
    }

    /// This record and `stored`, the one on the stored object, together: a client that sends an object without its
    /// annotations loses nothing. Where both know a dependency, the hash is the stored one.
    #[must_use]
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
    #[must_use]
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
    #[must_use]
    pub fn owners_at(&self, place: &str) -> BTreeMap<&str, &str> {
        let mut owners = BTreeMap::new();
        for (name, added) in &self.dependencies {
            let keys = added.added.get(place).into_iter().flatten();
            owners.extend(keys.map(|key| (key.as_str(), name.as_str())));
        }
        owners
    }
}

fn object(text: &str) -> Option<Object<'_>> {
    match Node::parse(text, &Shape::Object(&[])).ok()?.body {
        Body::Object(object) => Some(object),
        _ => None,
    }
}

fn write_object<T>(out: &mut String, members: &BTreeMap<String, T>, write: impl Fn(&mut String, &T)) {
    for (at, (key, value)) in members.iter().enumerate() {
        out.push(if at == 0 { '{' } else { ',' });
        quote_into(key, out);
        out.push(':');
        write(out, value);
    }
    out.push_str(if members.is_empty() { "{}" } else { "}" });
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
    fn the_old_and_the_new_record_count_together() {
        let read = |text| Record::parse(text).unwrap();
        let new = read(r#"{"a":{"hash":"new","added":{"env/nb":["A"]}},"b":{"hash":"1","added":{}}}"#);
        let old = read(r#"{"a":{"hash":"old","added":{"env/nb":["B"],"volumes":["v"]}}}"#);
        assert_eq!(
            new.with(old).to_json(),
            r#"{"a":{"hash":"old","added":{"env/nb":["A","B"],"volumes":["v"]}},"b":{"hash":"1","added":{}}}"#
        );
    }
}
