//! One list or map, and what happens to each of its entries: the rules of ownership and conflict (contract, 4.2 to
//! 4.5), in one function.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::{Conflict, Outcome, Record};
use crate::dependency::{Addition, Dependency, Field, Merge, OnConflict, Target};
use crate::document::compare::equal;

/// An addition, and the dependency that brings it.
#[derive(Clone, Copy, Debug)]
pub struct Want<'a> {
    pub dependency: &'a Dependency<'a>,
    pub addition: &'a Addition<'a>,
}

/// A list or map in the object.
#[derive(Debug)]
pub struct Slot<'r, 'a> {
    /// As the record calls it.
    place: &'r str,
    /// The container it is in, if it is in one.
    container: Option<&'r str>,
    is_in_pod_spec: bool,
    record: &'a Record,
    held: &'r BTreeSet<String>,
    /// Which of its keys are ours, and the dependency each belongs to.
    owners: BTreeMap<&'a str, &'a str>,
    /// The keys that are taken elsewhere: a pod has each container name once.
    pub taken: BTreeSet<String>,
}

/// What becomes of the entries of a slot.
#[derive(Debug, Default)]
pub struct Edits<'a> {
    /// By position: another value, or none. Those that go are in their order.
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
    /// It is there, and ours.
    Ours,
    /// It is there or stays away, and is none of ours.
    NotOurs,
}

impl<'r, 'a> Slot<'r, 'a> {
    /// The slot that `record` calls `place`, in the metadata, the pod spec or a container of it.
    pub fn new(
        place: &'r str,
        target: Target,
        container: Option<&'r str>,
        record: &'a Record,
        held: &'r BTreeSet<String>,
    ) -> Self {
        let is_in_pod_spec = target != Target::Metadata;
        let owners = record.owners_at(place);
        Slot { place, container, is_in_pod_spec, record, held, owners, taken: BTreeSet::new() }
    }

    /// Whether there is nothing to add here, and nothing of ours.
    pub fn is_idle(&self, wants: &[Want<'_>]) -> bool {
        wants.is_empty() && self.owners.is_empty()
    }

    /// What becomes of `entries` (key and value, in their order) where `wants` are wanted.
    ///
    /// It walks the entries once, and looks each up among the few that are ours: the cost is the sum of both.
    pub fn decide<'e>(
        &self,
        wants: &[Want<'a>],
        entries: impl Iterator<Item = (Option<Cow<'e, str>>, &'e str)>,
        outcome: &mut Outcome<'a>,
    ) -> Edits<'a> {
        // The very same entry twice is no contradiction: the first in the list brings it.
        let mut found: FxHashMap<&str, Option<(usize, &str)>> =
            wants.iter().map(|want| (&*want.addition.key, None)).collect();
        let mut edits = Edits::default();
        for (at, (key, value)) in entries.enumerate() {
            let Some(key) = key else { continue };
            if let Some(found) = found.get_mut(&*key) {
                *found = Some((at, value));
            } else if let Some(owner) = self.owners.get(&*key).filter(|owner| !self.held.contains(**owner)) {
                edits.in_place.push((at, None));
                outcome.note_change(owner, self.is_in_pod_spec);
            }
        }
        // The wants of one dependency stand together.
        for wants in wants.chunk_by(|one, other| std::ptr::eq(one.dependency, other.dependency)) {
            let mut ours = Vec::new();
            for Want { dependency, addition } in wants {
                let Some(found) = found.remove(&*addition.key) else { continue };
                match self.decide_one(dependency, addition, found.map(|(_, value)| value), outcome) {
                    Decision::NotOurs => continue,
                    Decision::Ours => {}
                    Decision::Write => {
                        edits.write(addition, dependency, found.map(|(at, _)| at));
                        outcome.note_change(dependency.name, self.is_in_pod_spec);
                    }
                }
                ours.push(addition.key.clone().into_owned());
            }
            if let Some(Want { dependency, .. }) = wants.first() {
                outcome.record.note(dependency.name, &dependency.hash, self.place, ours);
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
        // What counts as absent is there all the same where it is the very thing that is asked for.
        let is_there = |theirs: &&str| !field.is_absent(theirs) || field.holds(theirs, addition.value);
        let Some(theirs) = found.filter(is_there) else {
            if !self.taken.contains(&*addition.key) {
                return Decision::Write;
            }
            let message = format!(
                "{} {} is set already, and dependency \"{name}\" brings {} of this name; remove it, or give it another name",
                field.rival.and_then(Field::named).map_or("", |rival| rival.noun),
                addition.key,
                field.noun
            );
            outcome.conflicts.push(Conflict { dependency: name.to_owned(), message });
            return Decision::NotOurs;
        };
        if let Some(owner) = self.owners.get(&*addition.key) {
            let is_unchanged = self.record.get(dependency.name).is_some_and(|known| known.hash == dependency.hash);
            // The server may have filled in defaults; after a change of the settings these may be those of the old
            // value, so that then only the very same stays.
            let stays = if is_unchanged { field.holds(theirs, addition.value) } else { equal(theirs, addition.value) };
            return match (self.held.contains(*owner), stays) {
                // It goes with a dependency that stays as it is.
                (true, _) => Decision::NotOurs,
                (false, true) => Decision::Ours,
                (false, false) => Decision::Write,
            };
        }
        // What was there before us never becomes ours.
        if field.holds(theirs, addition.value) {
            return Decision::NotOurs;
        }
        let subject = self.subject(addition);
        match dependency.on_conflict {
            OnConflict::Keep if field.may_keep => {
                outcome.warnings.push(format!(
                    "{subject} is set already and stays; what dependency \"{name}\" brings for it is left out"
                ));
                Decision::NotOurs
            }
            OnConflict::Override => {
                outcome
                    .warnings
                    .push(format!("{subject} was set already and is replaced by what dependency \"{name}\" brings"));
                Decision::Write
            }
            OnConflict::Reject | OnConflict::Keep => {
                let advice = if field.may_keep {
                    "remove it, or ask for onConflict: Keep"
                } else {
                    "remove it, or give it another name"
                };
                let message =
                    format!("{subject} is set already and differs from what dependency \"{name}\" brings; {advice}");
                outcome.conflicts.push(Conflict { dependency: name.to_owned(), message });
                Decision::NotOurs
            }
        }
    }

    /// What an addition is, and where: `env HTTP_PROXY of container "nb1"`.
    fn subject(&self, addition: &Addition<'_>) -> String {
        let what = match addition.field.merge {
            Merge::Itself => addition.field.name.to_owned(),
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
            None if dependency.init_containers_first && addition.field.name == "initContainers" => {
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
