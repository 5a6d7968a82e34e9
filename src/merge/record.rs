//! What the policy added to an object: the annotation `<domain>/injected` (contract, "Record").
//!
//! ```json
//! {"Notebook":{
//!   "proxy":{"hash":"02b1c3d4e5f60718","added":{"env":["HTTP_PROXY","http_proxy"]},"overridden":{"env":["HTTP_PROXY"]}},
//!   "registry":{"hash":"8f2c6a1be0d94c57","added":{"imagePullSecrets":["gpr-credentials"]}}}}
//! ```
//!
//! By the kind of object that it is about, since a controller copies a Notebook's annotations to its pod, and in it by
//! dependency: the hash of what was added, the keys of it, and those of them that `Override` put in the place of the
//! user's. Keys, never values; an entry that merges by its whole value stands there by a hash of it. They stand by place:
//! the field's name in the settings, or `spec` for an atomic field of the pod spec. What went into a container that is
//! not the main one has its name behind a slash: `env/sidecar`.

use std::borrow::Cow;

use super::former_keys::FormerKeys;
use super::known::split_place;
use super::set_aside::keys_of;
use super::{Records, set_aside};
use crate::json::{ByName, Cursor, Malformed, Node, escape_into, is_plain, quoted};
use crate::settings::Dependency;
use crate::workload::Kind;

/// Keys, by place.
pub type Places<'t> = ByName<'t, Vec<Cow<'t, str>>>;

/// What one dependency added.
#[derive(Clone, Debug, Default)]
pub struct Part<'t> {
    /// The dependency's hash at the time.
    pub hash: Cow<'t, str>,
    /// Whether version 0.1.0 wrote it.
    pub is_of_0_1_0: bool,
    /// The keys, by place.
    pub added: Places<'t>,
    /// Those of them whose entry replaced one of the user's, by place.
    pub overridden: Places<'t>,
}

/// What every dependency added to an object of one kind, by its name; and what the annotation says of other kinds.
#[derive(Clone, Debug, Default)]
pub struct Record<'t> {
    parts: ByName<'t, Part<'t>>,
    /// By the kind, as it stands there.
    other_kinds: ByName<'t, &'t str>,
    /// A hash of the request in which the user asked for what waits, so that who is called again in it, or after us, knows
    /// that he did.
    pub applied: Option<Cow<'t, str>>,
}

impl<'t> Record<'t> {
    /// Reads the annotation of an object of a kind; `None` where it is not what [`Record::to_token`] writes.
    ///
    /// Version 0.1.0 wrote the dependencies of the one kind without naming it. No dependency is called like a kind, whose
    /// names begin with a capital letter. `former_keys` knows what it called the entries of list sets.
    pub fn parse(annotation: &'t str, kind: Kind, former_keys: &FormerKeys<'_, '_>) -> Option<Self> {
        let mut cursor = Cursor::new(annotation);
        let mut record = Record::default();
        let mut is_whole = true;
        cursor.expect_object(|cursor, name| {
            let name = name.decode();
            if name == "applied" && cursor.peek() == b'"' {
                record.applied = Some(cursor.string().decode());
            } else if name == kind.name() {
                cursor.expect_object(|cursor, name| is_whole &= record.read_part(cursor, name.decode(), None));
            } else if name.starts_with(|first: char| first.is_ascii_uppercase()) {
                is_whole &= cursor.peek() == b'{';
                record.other_kinds.insert(name, cursor.skip());
            } else {
                is_whole &= record.read_part(cursor, name, Some(former_keys));
            }
        });
        (is_whole && cursor.finish().is_ok()).then_some(record)
    }

    /// Reads what the dependency `name` added; says whether it is all there. What version 0.1.0 wrote has former keys.
    fn read_part(
        &mut self,
        cursor: &mut Cursor<'t>,
        name: Cow<'t, str>,
        former_keys: Option<&FormerKeys<'_, '_>>,
    ) -> bool {
        let is_of_0_1_0 = former_keys.is_some();
        let (mut hash, mut added, mut overridden) = (None, None, Places::default());
        cursor.expect_object(|cursor, key| match &*key.decode() {
            "hash" => hash = Some(cursor.string().decode()),
            "added" => added = Some(read_places(cursor, former_keys)),
            "overridden" => overridden = read_places(cursor, former_keys),
            _ => _ = cursor.skip(),
        });
        let part = hash.zip(added).map(|(hash, added)| Part { hash, is_of_0_1_0, added, overridden });
        part.map(|part| self.parts.insert(name, part)).is_some()
    }

    /// The annotation's value as JSON: a string, quotes included, in which JSON stands. `None` where there is nothing to
    /// say.
    pub fn to_token(&self, kind: Kind) -> Option<String> {
        let mut text = String::with_capacity(1024);
        let mut member = |name: &str, write: &dyn Fn(&mut String)| {
            text.push_str(if text.is_empty() { "\"{" } else { "," });
            quote_into(name, &mut text);
            text.push(':');
            write(&mut text);
        };
        for (name, part) in self.other_kinds.iter() {
            member(name, &|text| escape_into(part, text));
        }
        if !self.parts.is_empty() {
            member(kind.name(), &|text| write_object(text, self.parts(), write_part));
        }
        if let Some(applied) = &self.applied {
            member("applied", &|text| quote_into(applied, text));
        }
        text.push_str(if text.is_empty() { "" } else { "}\"" });
        Some(text).filter(|text| !text.is_empty())
    }

    /// What each dependency added, in the order of their names.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &Part<'t>)> {
        self.parts.iter()
    }

    /// What the dependency `name` added.
    pub fn part(&self, name: &str) -> Option<&Part<'t>> {
        self.parts.get(name)
    }

    /// Whether it says nothing at all.
    pub fn is_blank(&self) -> bool {
        self.parts.is_empty() && self.other_kinds.is_empty()
    }

    /// Whether no dependency added anything.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Notes that the dependency `name`, whose hash is `hash`, added the entries of these keys at `place`, and whether each
    /// replaced one of the user's.
    pub fn note(&mut self, name: &'t str, hash: Cow<'t, str>, place: &str, keys: Vec<(Cow<'t, str>, bool)>) {
        if keys.is_empty() {
            return;
        }
        let Some(part) = self.parts.entry(name) else { return };
        part.hash = hash;
        let (mut added, mut overridden) = (Vec::with_capacity(keys.len()), Vec::new());
        for (key, is_overridden) in keys {
            overridden.extend(is_overridden.then(|| key.clone()));
            added.push(key);
        }
        for (places, keys) in [(&mut part.added, added), (&mut part.overridden, overridden)] {
            match places.get_mut(place) {
                _ if keys.is_empty() => {}
                Some(noted) => noted.extend(keys),
                None => _ = places.insert(place.to_owned(), keys),
            }
        }
    }

    /// Takes back that the dependency `name` added the entry of this key at `place`: it is another's now.
    pub fn forget(&mut self, name: &str, place: &str, key: &str) {
        let Some(part) = self.parts.get_mut(name) else { return };
        for places in [&mut part.added, &mut part.overridden] {
            places.get_mut(place).into_iter().for_each(|keys| keys.retain(|it| it != key));
        }
    }

    /// Takes over what another record says of the dependency `name`, as it is.
    pub fn keep(&mut self, name: impl Into<Cow<'t, str>>, part: &Part<'t>) {
        self.parts.insert(name, part.clone());
    }

    /// Takes over what another record says of a dependency, as far as the dependency wants it now.
    pub fn keep_wanted(&mut self, dependency: &Dependency<'t>, part: &Part<'t>) {
        let wanted = dependency.additions.iter().map(|it| [it.field.place(), "\n", &it.key].concat());
        let wanted = ByName::set(wanted);
        let of_wanted = |places: &Places<'t>| {
            let mut kept = Places::default();
            for (place, keys) in places.iter() {
                let (field, _) = split_place(place);
                let is_wanted = |key: &&Cow<'_, str>| wanted.contains(&[field, "\n", key].concat());
                for key in keys.iter().filter(is_wanted) {
                    kept.entry(place.to_owned()).into_iter().for_each(|kept| kept.push(key.clone()));
                }
            }
            kept
        };
        let (added, overridden) = (of_wanted(&part.added), of_wanted(&part.overridden));
        if !added.is_empty() {
            self.parts.insert(dependency.name, Part { hash: part.hash.clone(), added, overridden, ..*part });
        }
    }

    /// Takes over what `records` say that is not about `object` or not ours: as the client has it, and what he has not, as
    /// stored. What the stored one says of entries that are gone from the object goes too: the policy that they belong to
    /// took them away.
    ///
    /// # Errors
    /// The object is malformed where such entries would be.
    pub fn keep_others(
        &mut self,
        records: &Records<'t>,
        object: &Node<'_>,
        kind: Kind,
        is_ours: &dyn Fn(&str) -> bool,
    ) -> Result<(), Malformed> {
        let Records { client, stored, .. } = *records;
        let others = |record: &'t Record<'t>| record.parts().filter(|(name, _)| !is_ours(name));
        for (name, part) in others(client) {
            self.keep(name, part);
        }
        let mut lost = Vec::new();
        if let Some(stored) = stored {
            lost.extend(others(stored).filter(|(name, _)| !client.parts.contains(name)));
        }
        if !lost.is_empty() {
            let mut there = ByName::default();
            let mut note = |place: &str, key: &str| _ = there.add([place, "\n", key].concat());
            set_aside(object, kind, &keys_of(lost.iter().map(|(_, part)| *part)), &mut note)?;
            // What a dependency of ours has added since is its.
            let mut ours = ByName::default();
            for (_, part) in self.parts() {
                for (place, keys) in part.added.iter() {
                    ours.extend(keys.iter().map(|key| [place, "\n", key].concat()));
                }
            }
            let is_theirs = |place: &str, key: &str| {
                let id = [place, "\n", key].concat();
                there.contains(&id) && !ours.contains(&id)
            };
            for (name, part) in lost {
                if part.added.iter().any(|(place, keys)| keys.iter().any(|key| is_theirs(place, key))) {
                    self.keep(name, part);
                }
            }
        }
        let other_kinds = if client.is_blank() { stored.unwrap_or(client) } else { client };
        self.other_kinds.clone_from(&other_kinds.other_kinds);
        Ok(())
    }
}

/// The keys by place.
fn read_places<'t>(cursor: &mut Cursor<'t>, former_keys: Option<&FormerKeys<'_, '_>>) -> Places<'t> {
    let mut places = Places::default();
    cursor.expect_object(|cursor, place| {
        let place = place.decode();
        let mut keys = Vec::new();
        cursor.expect_list(|cursor| keys.push(cursor.string().decode()));
        if let Some(former_keys) = former_keys {
            former_keys.replace(&place, &mut keys);
        }
        places.insert(place, keys);
    });
    places
}

/// Appends `string` as a JSON string in a JSON string.
fn quote_into(string: &str, text: &mut String) {
    if is_plain(string) {
        text.push_str("\\\"");
        text.push_str(string);
        text.push_str("\\\"");
    } else {
        escape_into(&quoted(string), text);
    }
}

fn write_part(text: &mut String, part: &Part<'_>) {
    text.push_str(r#"{\"hash\":"#);
    quote_into(&part.hash, text);
    text.push_str(r#",\"added\":"#);
    write_places(text, &part.added);
    if part.overridden.values().iter().any(|keys| !keys.is_empty()) {
        text.push_str(r#",\"overridden\":"#);
        write_places(text, &part.overridden);
    }
    text.push('}');
}

fn write_places(text: &mut String, places: &Places<'_>) {
    let places = places.iter().filter(|(_, keys)| !keys.is_empty());
    write_object(text, places, |text, keys| {
        let mut separator = '[';
        for key in keys {
            text.push(separator);
            quote_into(key, text);
            separator = ',';
        }
        text.push(']');
    });
}

fn write_object<'v, V: 'v>(
    text: &mut String,
    members: impl Iterator<Item = (&'v str, &'v V)>,
    write_value: impl Fn(&mut String, &V),
) {
    let mut separator = '{';
    for (key, value) in members {
        text.push(separator);
        quote_into(key, text);
        text.push(':');
        write_value(text, value);
        separator = ',';
    }
    text.push_str(if separator == '{' { "{}" } else { "}" });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Record<'_>> {
        read_as(text, Kind::Notebook)
    }

    fn read_as(text: &str, kind: Kind) -> Option<Record<'_>> {
        Record::parse(text, kind, &FormerKeys::of([None, None], kind))
    }

    fn json(record: &Record<'_>, kind: Kind) -> Option<String> {
        record.to_token(kind).map(|token| serde_json::from_str(&token).unwrap())
    }

    #[test]
    fn what_is_noted_is_written_and_read_back() {
        let mut record = Record::default();
        assert_eq!(json(&record, Kind::Notebook), None);
        record.note("registry", "01".into(), "imagePullSecrets", vec![("b".into(), false), ("a".into(), false)]);
        record.note("proxy", "02".into(), "env", vec![("A".into(), true), ("B\"".into(), false)]);
        record.note("proxy", "02".into(), "env", vec![("C".into(), false)]);
        record.note("proxy", "02".into(), "env/other", Vec::new());
        let text = r#"{"Notebook":{"proxy":{"hash":"02","added":{"env":["A","B\"","C"]},"overridden":{"env":["A"]}},"registry":{"hash":"01","added":{"imagePullSecrets":["b","a"]}}}}"#;
        assert_eq!(json(&record, Kind::Notebook).as_deref(), Some(text));
        assert_eq!(read(text).and_then(|record| json(&record, Kind::Notebook)).as_deref(), Some(text));
        record.forget("proxy", "env", "A");
        assert_eq!(record.part("proxy").and_then(|part| part.added.get("env")).map(Vec::len), Some(2));
    }

    #[test]
    fn other_kinds_and_the_asking_stay_as_they_are() {
        let text = r#"{"Pod":{"a":{"hash":"1","added":{}}},"Notebook":{"b":{"hash":"2","added":{}}},"applied":"3"}"#;
        let record = read(text).unwrap();
        assert!(record.parts().map(|(name, _)| name).eq(["b"]));
        assert_eq!(json(&record, Kind::Notebook).as_deref(), Some(text));
        assert!(read_as(text, Kind::PipelinePod).unwrap().parts().map(|(name, _)| name).eq(["a"]));
    }

    #[test]
    fn a_record_of_0_1_0_is_of_the_kind_of_its_object() {
        let record = read(r#"{"proxy":{"hash":"02","added":{"env/nb":["A"]}}}"#).unwrap();
        let part = record.part("proxy").unwrap();
        assert!(part.is_of_0_1_0 && part.added.get("env/nb").is_some());
        assert_eq!(
            json(&record, Kind::PipelinePod).as_deref(),
            Some(r#"{"Pod":{"proxy":{"hash":"02","added":{"env/nb":["A"]}}}}"#)
        );
    }

    #[test]
    fn damaged_records_are_refused() {
        for text in [
            "",
            "null",
            "[]",
            "{",
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":{}}"#,
            r#"{"Notebook":1}"#,
            r#"{"Notebook":{"a":{}}}"#,
            r#"{"Notebook":{"a":{"hash":1,"added":{}}}}"#,
            r#"{"Notebook":{"a":{"hash":"1","added":{"env":[1]}}}}"#,
            r#"{"Pod":[]}"#,
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read("{}").unwrap().is_blank());
    }
}
