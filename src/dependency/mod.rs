//! From the words of the settings to plain additions: ready-made dependencies expanded, placeholders filled in,
//! each entry with the key by which it merges. What happens to an object is not decided here.

mod field;
mod placeholder;
mod ready_made;

use std::borrow::Cow;

pub use field::{FIELDS, Field, Merge, Target};
pub use placeholder::Names;

use crate::document::compare::Digest;
use crate::document::{Cursor, Malformed, Node, Shape, Str};
use crate::settings::{Settings, strings, word};

/// A dependency, ready to be merged.
#[derive(Debug)]
pub struct Dependency<'a> {
    /// Its name in the settings.
    pub name: &'a str,
    /// What happens where the user has something else under the same key.
    pub on_conflict: OnConflict,
    /// Which containers get `env`, `envFrom` and `volumeMounts`.
    pub containers: Containers<'a>,
    /// Whether its init containers go before those present.
    pub init_containers_first: bool,
    /// What it adds.
    pub additions: Vec<Addition<'a>>,
    /// Changes when anything of the above changes: sixteen hexadecimal digits.
    pub hash: String,
}

/// One entry, member or field to add.
#[derive(Debug)]
pub struct Addition<'a> {
    /// Where it goes.
    pub field: &'static Field,
    /// The key by which it merges there.
    pub key: Cow<'a, str>,
    /// The member that holds it, where it goes into an object.
    pub member: Str<'a>,
    /// The value, as JSON.
    pub value: &'a str,
}

/// What happens where the user has something else under the same key (contract, 4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// The request is denied.
    #[default]
    Reject,
    /// The user's stays, where that is safe.
    Keep,
    /// Ours replaces it.
    Override,
}

impl OnConflict {
    /// The words for it, and what they mean.
    pub const WORDS: [(&'static str, Self); 3] =
        [("Reject", Self::Reject), ("Keep", Self::Keep), ("Override", Self::Override)];
}

/// Which containers a dependency chooses (contract, 2 and 3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Containers<'a> {
    /// The main container.
    #[default]
    Main,
    /// All but those that belong to others.
    All,
    /// Those of these names that are there.
    Named(Vec<Cow<'a, str>>),
}

/// The text of one dependency with its placeholders filled in, and what its ready-made parts expand to: JSON objects
/// of plain fields.
#[derive(Debug)]
pub struct Resolved<'a> {
    name: &'a str,
    written: Cow<'a, str>,
    expanded: Vec<String>,
}

impl<'a> Resolved<'a> {
    /// Resolves the dependencies called `wanted`, in this order.
    ///
    /// # Errors
    /// A name that the settings do not have, or a ready-made dependency that lacks what it needs: only with
    /// settings that were never checked.
    pub fn all(
        settings: &'a Settings<'_>,
        wanted: &'a [Cow<'_, str>],
        names: &Names<'_>,
    ) -> Result<Vec<Self>, Malformed> {
        wanted
            .iter()
            .map(|name| {
                let text = settings
                    .dependency(name)
                    .ok_or_else(|| Node::text_only("null").malformed(format!("dependencies.{name}"), "a dependency"))?;
                let written = names.fill_in(text);
                let expanded = ready_made::expand(name, &written)?;
                Ok(Resolved { name, written, expanded })
            })
            .collect()
    }
}

impl<'a> Dependency<'a> {
    /// Reads what a dependency adds.
    ///
    /// # Errors
    /// A value of the wrong type: only with settings that were never checked.
    pub fn read(resolved: &'a Resolved<'_>) -> Result<Self, Malformed> {
        let path = |member: &str| format!("dependencies.{}.{member}", resolved.name);
        let written = Node::parse(&resolved.written, &DEPENDENCY).unwrap_or(Node::text_only("null"));
        let written = written.object(|| format!("dependencies.{}", resolved.name))?;
        let mut dependency = Dependency {
            name: resolved.name,
            on_conflict: word(written, "onConflict", &OnConflict::WORDS, || path(""))?,
            containers: Containers::Main,
            init_containers_first: written.get("initContainersFirst").is_some_and(|node| node.text() == "true"),
            additions: Vec::new(),
            hash: String::new(),
        };
        if let Some(node) = written.get("containers") {
            dependency.containers = match node.string().as_deref() {
                Some("Main") => Containers::Main,
                Some("All") => Containers::All,
                _ => Containers::Named(strings(written, "containers", || path("containers"))?),
            };
        }
        for (key, value) in written.iter().filter(|(_, value)| !value.is_null()) {
            if let Some(field) = Field::named(&key.decode()) {
                dependency.add(field, value.text())?;
            }
        }
        for text in &resolved.expanded {
            let expanded = Node::parse(text, &Shape::Object(&[])).unwrap_or(Node::text_only("{}"));
            for (key, value) in expanded.object(String::new)?.iter() {
                if let Some(field) = Field::named(key.raw()) {
                    dependency.add(field, value.text())?;
                }
            }
        }
        dependency.hash = dependency.hashed();
        Ok(dependency)
    }

    /// Whether it adds anything that goes into containers, so that it needs one.
    #[must_use]
    pub fn needs_container(&self) -> bool {
        self.additions.iter().any(|addition| addition.field.target == Target::Containers)
    }

    fn add(&mut self, field: &'static Field, value: &'a str) -> Result<(), Malformed> {
        let path = || format!("dependencies.{}.{}", self.name, field.name);
        match field.merge {
            Merge::Itself => {
                self.additions.push(Addition { field, key: Cow::Borrowed(field.name), member: field.member, value })
            }
            Merge::ByKey => {
                let object = Node::parse(value, &Shape::Object(&[])).unwrap_or(Node::text_only("null"));
                self.additions.extend(object.object(path)?.iter().map(|(key, value)| Addition {
                    field,
                    key: key.decode(),
                    member: *key,
                    value: value.text(),
                }));
            }
            Merge::ByMember(_) | Merge::ByMountPath | Merge::ByValue => {
                let shape = field.entry_shape();
                let mut cursor = Cursor::new(value);
                if !cursor.eat(b'[') {
                    return Err(Node::text_only(value).malformed(path(), "a list"));
                }
                let mut more = cursor.first_item();
                for at in 0.. {
                    if !more {
                        break;
                    }
                    let entry = Node::read(&mut cursor, &shape);
                    let Some(key) = field.key_of(&entry) else {
                        return Err(entry.malformed(format!("{}[{at}]", path()), "an entry with a name"));
                    };
                    self.additions.push(Addition { field, key, member: field.member, value: entry.text() });
                    more = cursor.next_item();
                }
            }
        }
        Ok(())
    }

    fn hashed(&self) -> String {
        let mut hash = Digest::default();
        hash.add(match self.on_conflict {
            OnConflict::Reject => "Reject",
            OnConflict::Keep => "Keep",
            OnConflict::Override => "Override",
        });
        match &self.containers {
            Containers::Main => hash.add("Main"),
            Containers::All => hash.add("All"),
            Containers::Named(names) => names.iter().for_each(|name| hash.add(name)),
        }
        hash.add(if self.init_containers_first { "first" } else { "last" });
        for addition in &self.additions {
            hash.add(addition.field.name);
            hash.add(&addition.key);
            hash.add(addition.value);
        }
        hash.hex()
    }
}

const DEPENDENCY: Shape = Shape::Object(&[("containers", Shape::List(&Shape::Text))]);
