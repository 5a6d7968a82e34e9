//! One list or map in the object, and what happens to each of its entries: the rules of ownership and conflict in one
//! place (contract, "Already present", "Order", "Record" and "Conflicts").

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::{Conflict, Outcome, Record};
use crate::settings::fields::{Entry, MergeStrategy, Target};
use crate::settings::{Addition, Dependency, OnConflict};

/// An addition that should be there, and the dependency that adds it.
#[derive(Clone, Copy, Debug)]
pub struct Desired<'a> {
    pub dependency: &'a Dependency<'a>,
    pub addition: &'a Addition<'a>,
}

/// A list or map in the object, of which some entries are managed: an earlier request added them.
#[derive(Debug)]
pub struct Managed<'r, 'a> {
    /// Where it is, as the record names the place.
    place: &'r str,
    /// The container it is in, if it is in one.
    container: Option<&'r str>,
    is_in_pod_spec: bool,
    record: &'a Record,
    held_back: &'r BTreeSet<String>,
    /// The keys of the managed entries, and the dependency each belongs to.
    owners: BTreeMap<&'a str, &'a str>,
    /// The keys that are taken elsewhere: a pod has each container name once.
    pub taken: BTreeSet<String>,
}

/// What becomes of the entries of a list or map.
#[derive(Debug, Default)]
pub struct Edits<'a> {
    /// By position: another value, or none. Those that are removed are in their order.
    in_place: Vec<(usize, Option<&'a Addition<'a>>)>,
    /// What goes before the entries, in this order.
    first: Vec<&'a Addition<'a>>,
    /// What goes behind them, in this order.
    last: Vec<&'a Addition<'a>>,
}

/// What becomes of one addition.
enum Decision {
    /// It is written: it was not there, or what is there is replaced.
    Write,
    /// It is there, and managed.
    Managed,
    /// It is there or stays away, and is not managed.
    Unmanaged,
}

impl<'r, 'a> Managed<'r, 'a> {
    /// The list or map that `record` calls `place`, in the metadata, the pod spec or a container of it.
    pub fn new(
        place: &'r str,
        target: Target,
        container: Option<&'r str>,
        record: &'a Record,
        held_back: &'r BTreeSet<String>,
    ) -> Self {
        let is_in_pod_spec = target != Target::Metadata;
        let owners = record.owners_at(place);
        Managed { place, container, is_in_pod_spec, record, held_back, owners, taken: BTreeSet::new() }
    }

    /// Whether there is nothing to add here, and nothing managed.
    pub fn is_idle(&self, desired: &[Desired<'_>]) -> bool {
        desired.is_empty() && self.owners.is_empty()
    }

    /// What becomes of `entries` (key and value, in their order) where `desired` should be there.
    ///
    /// It walks the entries once, and looks each up among the few that are desired or managed: the cost is the sum of
    /// both.
    pub fn decide<'e>(
        &self,
        desired: &[Desired<'a>],
        entries: impl Iterator<Item = (Option<Cow<'e, str>>, &'e str)>,
        outcome: &mut Outcome<'a>,
    ) -> Edits<'a> {
        // The very same entry twice is no contradiction: the first in the list adds it.
        let mut found: FxHashMap<&str, Option<(usize, &str)>> =
            desired.iter().map(|desired| (&*desired.addition.key, None)).collect();
        let mut edits = Edits::default();
        for (at, (key, value)) in entries.enumerate() {
            let Some(key) = key else { continue };
            if let Some(found) = found.get_mut(&*key) {
                *found = Some((at, value));
            } else if let Some(owner) = self.owners.get(&*key).filter(|owner| !self.held_back.contains(**owner)) {
                edits.in_place.push((at, None));
                outcome.note_change(owner, self.is_in_pod_spec);
            }
        }
        // The additions of one dependency stand together.
        for desired in desired.chunk_by(|one, other| std::ptr::eq(one.dependency, other.dependency)) {
            let mut managed = Vec::new();
            for Desired { dependency, addition } in desired {
                let Some(found) = found.remove(&*addition.key) else { continue };
                match self.decide_one(dependency, addition, found.map(|(_, value)| value), outcome) {
                    Decision::Unmanaged => continue,
                    Decision::Managed => {}
                    Decision::Write => {
                        edits.write(addition, dependency, found.map(|(at, _)| at));
                        outcome.note_change(dependency.name, self.is_in_pod_spec);
                    }
                }
                managed.push(addition.key.clone().into_owned());
            }
            if let Some(Desired { dependency, .. }) = desired.first() {
                outcome.record.note(dependency.name, &dependency.hash, self.place, managed);
            }
        }
        edits
    }

    fn decide_one(
        &self,
        dependency: &Dependency<'_>,
        addition: &Addition<'_>,
        found: Option<&str>,
        outcome: &mut Outcome<'_>,
    ) -> Decision {
        let field = addition.field;
        let name = dependency.name;
        // A value that counts as absent is there all the same where it is the very one that is desired.
        let is_there = |theirs: &&str| !field.is_absent(theirs) || field.contains(theirs, addition.value);
        let Some(theirs) = found.filter(is_there) else {
            if !self.taken.contains(&*addition.key) {
                return Decision::Write;
            }
            let message = format!(
                "{} {} is set already, and dependency \"{name}\" brings {} of this name; remove it, or give it another name",
                field.rival().map_or("", |rival| rival.noun),
                addition.key,
                field.noun
            );
            outcome.conflicts.push(Conflict { dependency: name.to_owned(), message });
            return Decision::Unmanaged;
        };
        if let Some(owner) = self.owners.get(&*addition.key) {
            let is_unchanged = self.record.get(dependency.name).is_some_and(|known| known.hash == dependency.hash);
            // The server may have filled in defaults; after a change of the settings these may be those of the old
            // value, so that then only an equal one stays.
            let stays = if is_unchanged {
                field.contains(theirs, addition.value)
            } else {
                field.is_equal(theirs, addition.value)
            };
            return match (self.held_back.contains(*owner), stays) {
                // It belongs to a dependency that stays as it is.
                (true, _) => Decision::Unmanaged,
                (false, true) => Decision::Managed,
                (false, false) => Decision::Write,
            };
        }
        // What was there before never becomes managed.
        if field.contains(theirs, addition.value) {
            return Decision::Unmanaged;
        }
        let subject = self.subject(addition);
        match dependency.on_conflict {
            OnConflict::Keep if field.may_keep() => {
                outcome.warnings.push(format!(
                    "{subject} is set already and stays; what dependency \"{name}\" brings for it is left out"
                ));
                Decision::Unmanaged
            }
            OnConflict::Override => {
                outcome
                    .warnings
                    .push(format!("{subject} was set already and is replaced by what dependency \"{name}\" brings"));
                Decision::Write
            }
            OnConflict::Reject | OnConflict::Keep => {
                let advice = if field.may_keep() {
                    "remove it, or ask for onConflict: Keep"
                } else {
                    "remove it, or give it another name"
                };
                let message =
                    format!("{subject} is set already and differs from what dependency \"{name}\" brings; {advice}");
                outcome.conflicts.push(Conflict { dependency: name.to_owned(), message });
                Decision::Unmanaged
            }
        }
    }

    /// What an addition is, and where: `env HTTP_PROXY of container "nb1"`.
    fn subject(&self, addition: &Addition<'_>) -> String {
        let what = match addition.field.strategy {
            MergeStrategy::Atomic => addition.field.name.to_owned(),
            _ => format!("{} {}", addition.field.noun, addition.key),
        };
        match self.container {
            Some(container) => format!("{what} of container \"{container}\""),
            None => what,
        }
    }
}

impl<'a> Edits<'a> {
    fn write(&mut self, addition: &'a Addition<'a>, dependency: &Dependency<'_>, at: Option<usize>) {
        match at {
            Some(at) => self.in_place.push((at, Some(addition))),
            None if dependency.init_containers_first && addition.field.entry == Entry::InitContainer => {
                self.first.push(addition);
            }
            None => self.last.push(addition),
        }
    }

    /// Whether everything stays as it is.
    pub fn is_empty(&self) -> bool {
        self.in_place.is_empty() && self.first.is_empty() && self.last.is_empty()
    }

    /// What becomes of the entries that are there, by position.
    pub fn in_place(&self) -> &[(usize, Option<&'a Addition<'a>>)] {
        &self.in_place
    }

    /// What is new.
    pub fn added(&self) -> impl Iterator<Item = &'a Addition<'a>> {
        self.first.iter().chain(&self.last).copied()
    }

    /// Does it to `entries`.
    pub fn apply<T>(&self, entries: &mut Vec<T>, make: impl Fn(&'a Addition<'a>) -> T) {
        let mut removed = Vec::new();
        for (at, addition) in &self.in_place {
            match (addition, entries.get_mut(*at)) {
                (Some(addition), Some(entry)) => *entry = make(addition),
                _ => removed.push(*at),
            }
        }
        if !removed.is_empty() {
            let mut at = 0..;
            entries.retain(|_| at.next().is_none_or(|at| removed.binary_search(&at).is_err()));
        }
        entries.splice(0..0, self.first.iter().map(|addition| make(addition)));
        entries.extend(self.last.iter().map(|addition| make(addition)));
    }
}
