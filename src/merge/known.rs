//! What is known of an object from the records on it: which entries count as ours, and which are another policy's
//! (contract, "Record").

use std::borrow::Cow;
use std::cell::OnceCell;
use std::slice;

use super::Record;
use super::place::entries_of;
use super::record::Part;
use super::set_aside::{Keys, keys_of};
use crate::json::{ByName, Node};
use crate::settings::Dependency;
use crate::settings::fields::{Field, SIDECARS, Target};
use crate::workload::{CONTAINER, Containers};

/// The records on the objects of a request.
#[derive(Debug)]
pub struct Records<'r> {
    /// The client's.
    pub client: &'r Record<'r>,
    /// The one on the stored object; `None` where there is no such object.
    pub stored: Option<&'r Record<'r>>,
    /// Those under other annotation domains in the client's object.
    pub foreign_of_client: &'r [Record<'r>],
    /// And in the stored one.
    pub foreign_of_stored: &'r [Record<'r>],
    /// What the record of a notebook's pod says of the notebook: its controller copied it.
    pub copied: Option<&'r Record<'r>>,
}

impl<'r> Records<'r> {
    /// What each says that a dependency added.
    pub fn parts(&self) -> Vec<&'r Part<'r>> {
        let mut parts = self.parts_of_stored();
        for record in slice::from_ref(self.client).iter().chain(self.foreign_of_client) {
            parts.extend(record.parts().map(|(_, part)| part));
        }
        parts
    }

    /// What those of the stored object say that a dependency added.
    pub fn parts_of_stored(&self) -> Vec<&'r Part<'r>> {
        let mut parts = Vec::new();
        for record in self.stored.into_iter().chain(self.foreign_of_stored) {
            parts.extend(record.parts().map(|(_, part)| part));
        }
        parts
    }

    /// What stood in the stored object where, by the client's record, `Override` put ours in this request.
    pub fn overridden_by_client(&self) -> Vec<Part<'r>> {
        let parts = self.client.parts().filter(|(_, part)| !part.overridden.is_empty());
        parts.map(|(_, part)| Part { added: part.overridden.clone(), ..Part::default() }).collect()
    }
}

/// Whose entry it is, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'r> {
    /// The dependency that added it.
    pub dependency: &'r str,
    /// The hash of the dependency at the time.
    pub hash: &'r str,
    /// Whether the hash is that of version 0.1.0, which had another.
    pub is_of_an_unknown_hash: bool,
    /// Whether it replaced an entry of the user's.
    pub is_overridden: bool,
    /// Whether the stored record says so. What only the client's says takes nothing away.
    pub is_stored: bool,
    /// The dependency and its hash by the client's record, where that has the entry too: an earlier call in this request may
    /// have brought it up to date.
    pub by_client: Option<(&'r str, &'r str)>,
}

/// The entries of one place that count as ours, by their key.
pub type OwnersAt<'r> = ByName<'r, Owner<'r>>;

/// What counts as ours in an object.
#[derive(Debug, Default)]
pub struct Known<'r> {
    places: ByName<'r, OwnersAt<'r>>,
    /// The parts of the record that stand for what is not ours to change now: those of dependencies that wait stay as
    /// they are.
    base: Option<&'r Record<'r>>,
    /// Whether that is the stored one.
    is_stored: bool,
    /// The containers that another policy added.
    pub foreign_containers: ByName<'r, ()>,
    others: Vec<(&'r str, &'r Part<'r>)>,
    /// The keys of what these added, by place.
    keys_of_others: Keys<'r>,
    /// What dependencies want in containers by their names, where something is recorded there: the names and the keys of
    /// each.
    wanted_by_name: ByName<'r, ()>,
    /// The containers that dependencies bring, where something is recorded in one by its name.
    brought: ByName<'r, &'r str>,
    /// What the record says of the notebook whose pod this is.
    copied: Option<ByName<'r, OwnersAt<'r>>>,
}

impl<'r> Known<'r> {
    /// What `records` say, where `is_ours` says which dependencies these settings know, and `plan` which they want.
    ///
    /// Where the stored template takes the place of the client's (`template_is_stored`), the client's record says nothing
    /// about the template.
    pub fn new(
        records: &Records<'r>,
        is_ours: &dyn Fn(&str) -> bool,
        plan: &'r [Dependency<'r>],
        template_is_stored: bool,
    ) -> Self {
        let base = Some(records.stored.unwrap_or(records.client));
        let mut known = Known { base, is_stored: records.stored.is_some(), ..Known::default() };
        for (record, is_stored) in [(Some(records.client), false), (records.stored, true)] {
            let Some(record) = record else { continue };
            for (name, part) in record.parts() {
                let is_of_metadata_alone = !is_stored && template_is_stored && records.stored.is_some();
                if is_ours(name) {
                    add(&mut known.places, name, part, is_stored, is_of_metadata_alone);
                } else {
                    known.add_other(name, part);
                }
            }
        }
        for record in records.foreign_of_client.iter().chain(records.foreign_of_stored) {
            for (name, part) in record.parts() {
                known.add_other(name, part);
            }
        }
        if known.places().any(|place| place.contains('/')) {
            for dependency in plan {
                let containers = dependency.additions.iter().filter(|addition| addition.field.is_container());
                for container in containers {
                    known.brought.insert(&*container.key, container.value);
                }
                let Containers::Named(names) = &dependency.containers else { continue };
                known.wanted_by_name.extend(names.iter().map(|name| [dependency.name, "/", name].concat()));
                let into = dependency.additions.iter().filter(|addition| addition.field.target == Target::Containers);
                let keys = into.map(|it| [dependency.name, "\n", it.field.place(), "\n", &it.key].concat());
                known.wanted_by_name.extend(keys);
            }
        }
        known.keys_of_others = keys_of(known.others.iter().map(|(_, part)| *part));
        if let Some(copied) = records.copied {
            for (name, part) in copied.parts() {
                add(known.copied.get_or_insert_default(), name, part, false, false);
            }
        }
        known
    }

    fn add_other(&mut self, dependency: &'r str, part: &'r Part<'r>) {
        self.foreign_containers.extend(part.added.get(SIDECARS).into_iter().flatten().map(|name| &**name));
        self.others.push((dependency, part));
    }

    /// The dependencies that something of ours comes from.
    pub fn dependencies(&self) -> impl Iterator<Item = &'r str> {
        self.places.values().iter().flat_map(ByName::values).map(|owner| owner.dependency)
    }

    /// Whether nothing is known of ours.
    pub fn is_blank(&self) -> bool {
        self.places.is_empty() && self.base.is_none_or(Record::is_empty)
    }

    /// What counts as ours at `place`.
    pub fn at(&self, place: &str) -> Option<&OwnersAt<'r>> {
        self.places.get(place)
    }

    /// The containers in which anything counts as ours by their names.
    pub fn containers(&self) -> ByName<'_, ()> {
        ByName::set(self.places().filter_map(|place| split_place(place).1))
    }

    /// The places of what counts as ours.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.places.names().map(|place| &**place)
    }

    /// What counts as ours of `field` in containers, by the container's name; that of the main one has none.
    pub fn in_containers(&self, field: &Field) -> impl Iterator<Item = (Option<&str>, &OwnersAt<'r>)> {
        self.places.iter().filter_map(|(place, owners)| {
            let (name, container) = split_place(place);
            (name == field.place()).then_some((container, owners))
        })
    }

    /// Which keys of `field` were put into the container called `name` by a dependency, or by another policy; `None` where
    /// none were. By the client's record alone, only what is wanted there: the rest would never be taken away. What is no
    /// longer wanted, and is in what brings the container now, is of that.
    pub fn inside(&self, field: &'static Field, name: &str) -> Option<impl Fn(&str) -> bool> {
        let place = [field.place(), "/", name].concat();
        let (ours, theirs) = (self.places.get(&place), self.keys_of_others.get(&place));
        let own = OnceCell::new();
        let name = name.to_owned();
        (ours.is_some() || theirs.is_some()).then_some(move |key: &str| {
            let is_wanted = |by: &str| {
                self.wanted_by_name.contains(&[by, "/", &name].concat())
                    && self.wanted_by_name.contains(&[by, "\n", field.place(), "\n", key].concat())
            };
            let is_own = || own.get_or_init(|| self.keys_of_brought(field, &name)).contains(key);
            let owner = ours.and_then(|owners| owners.get(key));
            owner.is_some_and(|owner| is_wanted(owner.dependency) || owner.is_stored && !is_own())
                || theirs.is_some_and(|keys| keys.contains(key))
        })
    }

    /// The keys of `field` in the container called `name`, as a dependency brings it.
    fn keys_of_brought(&self, field: &'static Field, name: &str) -> ByName<'r, ()> {
        let container = self.brought.get(name).and_then(|text| Node::parse(text, &CONTAINER).ok());
        let entries = container.as_ref().and_then(Node::as_object).map(|container| entries_of(container, field));
        ByName::set(entries.iter().flat_map(ByName::names).cloned())
    }

    /// What counts as ours of `field` in containers that are not `there` any more.
    pub fn moved(&self, field: &Field, there: &ByName<'_, ()>) -> OwnersAt<'r> {
        let mut moved = OwnersAt::default();
        let by_name = self.in_containers(field).filter_map(|(name, owners)| Some((name?, owners)));
        for (key, owner) in by_name.filter(|(name, _)| !there.contains(name)).flat_map(|(_, owners)| owners.iter()) {
            moved.insert(key.to_owned(), *owner);
        }
        moved
    }

    /// What the dependency `name` added, by the record that counts for what stays as it is.
    pub fn part(&self, name: &str) -> Option<&'r Part<'r>> {
        self.base.and_then(|base| base.part(name))
    }

    /// Whether that is the stored one. On a CREATE it is the client's, who may say anything.
    pub const fn is_stored(&self) -> bool {
        self.is_stored
    }

    /// The dependency of another policy that added the entry of this key at one of these places.
    pub fn other_dependency(&self, places: &[String], key: &str) -> Option<&'r str> {
        self.others.iter().find(|(_, part)| has_added(part, places, key)).map(|(name, _)| *name)
    }

    /// Whether the object is the pod of a notebook, with a copy of its record.
    pub const fn is_of_a_notebooks_pod(&self) -> bool {
        self.copied.is_some()
    }

    /// The dependency of the notebook whose pod this is that added the entry of this key at one of these places.
    pub fn copied_from(&self, places: &[String], key: &str) -> Option<&'r str> {
        let copied = self.copied.as_ref()?;
        places.iter().find_map(|place| copied.get(place)?.get(key)).map(|owner| owner.dependency)
    }

    /// Whether anything counts as ours that goes into containers.
    pub fn has_containers(&self) -> bool {
        let is_in_one = |place: &Cow<'_, str>| {
            let (field, _) = split_place(place);
            Field::at(field).is_some_and(|field| field.target == Target::Containers)
        };
        self.places.names().any(is_in_one)
    }
}

/// Adds to `places` what a dependency added by a record.
fn add<'r>(
    places: &mut ByName<'r, OwnersAt<'r>>,
    dependency: &'r str,
    part: &'r Part<'r>,
    is_stored: bool,
    is_of_metadata_alone: bool,
) {
    for (place, keys) in part.added.iter() {
        let (field, _) = split_place(place);
        if is_of_metadata_alone && Field::at(field).is_none_or(|field| field.target != Target::Metadata) {
            continue;
        }
        let Some(owners) = places.entry(place) else { continue };
        let owner = Owner {
            dependency,
            hash: &part.hash,
            is_of_an_unknown_hash: part.is_of_0_1_0,
            is_overridden: false,
            is_stored,
            by_client: None,
        };
        for key in keys {
            let by_client = owners.get(key).map(|owner: &Owner<'_>| (owner.dependency, owner.hash));
            owners.insert(&**key, Owner { by_client: by_client.filter(|_| is_stored), ..owner });
        }
        for key in part.overridden.get(place).into_iter().flatten() {
            if let Some(owner) = owners.get_mut(key) {
                owner.is_overridden = true;
            }
        }
    }
}

fn has_added(part: &Part<'_>, places: &[String], key: &str) -> bool {
    places.iter().any(|place| part.added.get(place).is_some_and(|keys| keys.iter().any(|it| it == key)))
}

/// The place as a record names it: the field, and the container that is not the main one.
pub fn split_place(place: &str) -> (&str, Option<&str>) {
    place.split_once('/').map_or((place, None), |(field, container)| (field, Some(container)))
}
