//! From the words of the settings to plain additions: ready-made dependencies expanded, placeholders filled in,
//! each entry with the key by which it merges. What happens to an object is not decided here.

mod field;
mod placeholder;
mod ready_made;

use std::borrow::Cow;

pub use field::{FIELDS, Field, Merge, Target};
pub use placeholder::Names;
pub(crate) use ready_made::expand;

use crate::document::compare::Digest;
use crate::document::{Cursor, Malformed, Node, Str};
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
    name: Cow<'a, str>,
    written: Cow<'a, str>,
    expanded: Vec<(&'static str, String)>,
}

impl<'a> Resolved<'a> {
    /// Resolves the dependencies called `wanted`, in this order.
    ///
    /// # Errors
    /// A name that the settings do not have, or a ready-made dependency that lacks what it needs: only with
    /// settings that were never checked.
    pub fn all(settings: &Settings<'a>, wanted: Vec<Cow<'a, str>>, names: &Names<'_>) -> Result<Vec<Self>, Malformed> {
        wanted
            .into_iter()
            .map(|name| {
                let written = names.fill_in(settings.dependency(&name)?);
                let expanded = ready_made::expand(&name, &written)?;
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
        let mut dependency = Dependency {
            name: &resolved.name,
            on_conflict: OnConflict::Reject,
            containers: Containers::Main,
            init_containers_first: false,
            additions: Vec::new(),
            hash: String::new(),
        };
        dependency.read_fields(&resolved.written)?;
        for (_, expanded) in &resolved.expanded {
            dependency.read_fields(expanded)?;
        }
        dependency.hash = dependency.hashed();
        Ok(dependency)
    }

    /// Whether it adds anything that goes into containers, so that it needs one.
    #[must_use]
    pub fn needs_container(&self) -> bool {
        self.additions.iter().any(|addition| addition.field.target == Target::Containers)
    }

    fn read_fields(&mut self, text: &'a str) -> Result<(), Malformed> {
        let of = self.name;
        let path = |member: &str| format!("dependencies.{of}.{member}");
        let mut cursor = Cursor::new(text);
        if !cursor.eat(b'{') {
            return Err(Node::text_only(cursor.skip()).malformed(format!("dependencies.{of}"), "an object"));
        }
        let mut next = cursor.first_key();
        while let Some(key) = next {
            let name = key.decode();
            if let Some(field) = Field::named(&name) {
                self.read_field(field, &mut cursor)?;
            } else {
                let node = Node::text_only(cursor.skip());
                match &*name {
                    _ if node.is_null() => {}
                    "onConflict" => self.on_conflict = word(&node, &OnConflict::WORDS, || path("onConflict"))?,
                    "containers" => {
                        self.containers = match node.string().as_deref() {
                            Some("Main") => Containers::Main,
                            Some("All") => Containers::All,
                            _ => Containers::Named(strings(&node, || path("containers"))?),
                        };
                    }
                    "initContainersFirst" => self.init_containers_first = node.text() == "true",
                    _ => {}
                }
            }
            next = cursor.next_key();
        }
        Ok(())
    }

    fn read_field(&mut self, field: &'static Field, cursor: &mut Cursor<'a>) -> Result<(), Malformed> {
        let path = || format!("dependencies.{}.{}", self.name, field.name);
        let mut add = |key, member, value| self.additions.push(Addition { field, key, member, value });
        match (field.merge, cursor.peek()) {
            (Merge::ByKey, b'{') => {
                cursor.eat(b'{');
                let mut next = cursor.first_key();
                while let Some(key) = next {
                    add(key.decode(), key, cursor.skip());
                    next = cursor.next_key();
                }
            }
            (Merge::ByMember(_) | Merge::ByMountPath | Merge::ByValue, b'[') => {
                let shape = field.entry_shape();
                cursor.eat(b'[');
                let mut more = cursor.first_item();
                let mut at = 0;
                while more {
                    let entry = Node::read(cursor, &shape);
                    let key = field.key_of(&entry);
                    let key =
                        key.ok_or_else(|| entry.malformed(format!("{}[{at}]", path()), "an entry with a name"))?;
                    add(key, field.member, entry.text());
                    more = cursor.next_item();
                    at += 1;
                }
            }
            _ => {
                let node = Node::text_only(cursor.skip());
                match field.merge {
                    _ if node.is_null() => {}
                    Merge::Itself => add(Cow::Borrowed(field.name), field.member, node.text()),
                    Merge::ByKey => return Err(node.malformed(path(), "an object")),
                    _ => return Err(node.malformed(path(), "a list")),
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
