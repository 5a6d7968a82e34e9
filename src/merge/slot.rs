//! One list or map, and what happens to each of its entries: the rules of ownership and conflict (contract, 4.2 to
//! 4.5), in one function.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::{Conflict, Outcome, Record};
use crate::dependency::{Addition, Dependency, Merge, OnConflict, Target};
use crate::document::compare::equal;

/// An addition, and the dependency that brings it.
#[derive(Clone, Copy, Debug)]
pub struct Want<'a> {
    pub dependency: &'a Dependency<'a>,
    pub addition: &'a Addition<'a>,
}

/// A list or map in the object.
#[derive(Debug)]
pub struct Slot<'r> {
    /// As the record calls it.
    place: String,
    /// The container it is in, if it is in one.
    container: Option<&'r str>,
    is_in_pod_spec: bool,
    record: &'r Record,
    /// Which of its keys are ours, and the dependency each belongs to.
    owners: BTreeMap<&'r str, &'r str>,
}

/// What becomes of the entries of a slot.
#[derive(Debug, Default)]
pub struct Edits<'a> {
    /// By position: another value, or none.
    in_place: Vec<(usize, Option<&'a Addition<'a>>)>,
    /// What goes before the entries, in this order.
    first: Vec<&'a Addition<'a>>,
    /// What goes behind them, in this order.
    last: Vec<&'a Addition<'a>>,
}

impl<'r> Slot<'r> {
    /// The slot that `record` calls `place`, in the metadata, the pod spec or a container of it.
    pub fn new(place: String, target: Target, container: Option<&'r str>, record: &'r Record) -> Self {
        let owners = record.owners_at(&place);
        Slot { place, container, is_in_pod_spec: target != Target::Metadata, record, owners }
    }

    /// Whether there is nothing to add here, and nothing of ours.
    pub fn is_idle(&self, wants: &[Want<'_>]) -> bool {
        wants.is_empty() && self.owners.is_empty()
    }

    /// What becomes of `entries` (key and value, in their order) where `wants` are wanted.
    ///
    /// It walks the entries once, and looks each up among the few that are ours: the cost is the sum of both.
    pub fn decide<'a, 'e>(
        &self,
        wants: &[Want<'a>],
        entries: impl Iterator<Item = (Option<Cow<'e, str>>, &'e str)>,
        held: &BTreeSet<String>,
        outcome: &mut Outcome,
    ) -> Edits<'a> {
        // The very same entry twice is no contradiction: the first in the list brings it.
        let mut by_key: FxHashMap<&str, Option<(usize, &str)>> =
            wants.iter().map(|want| (&*want.addition.key, None)).collect();
        let mut edits = Edits::default();
        for (at, (key, value)) in entries.enumerate() {
            let Some(key) = key else { continue };
            if let Some(found) = by_key.get_mut(&*key) {
                *found = Some((at, value));
            } else if let Some(owner) = self.owners.get(&*key).filter(|owner| !held.contains(**owner)) {
                edits.in_place.push((at, None));
                note_change(outcome, owner, self.is_in_pod_spec);
            }
        }
        for want in wants {
            if let Some(found) = by_key.remove(&*want.addition.key) {
                self.decide_one(want, found, held, outcome, &mut edits);
            }
        }
        edits
    }

    fn decide_one<'a>(
        &self,
        want: &Want<'a>,
        found: Option<(usize, &str)>,
        held: &BTreeSet<String>,
        outcome: &mut Outcome,
        edits: &mut Edits<'a>,
    ) {
        let Want { dependency, addition } = *want;
        let field = addition.field;
        let known = self.record.get(dependency.name);
        let is_unchanged = known.is_some_and(|known| known.hash == dependency.hash);
        let mut write = |outcome: &mut Outcome| {
            match found {
                Some((at, _)) => edits.in_place.push((at, Some(addition))),
                None if field.name == "initContainers" && dependency.init_containers_first => {
                    edits.first.push(addition)
                }
                None => edits.last.push(addition),
            }
            note_change(outcome, dependency.name, self.is_in_pod_spec);
            outcome.record.note(dependency.name, &dependency.hash, &self.place, &addition.key);
        };
        let Some(theirs) = found.map(|(_, value)| value).filter(|value| !field.is_absent(value)) else {
            return write(outcome);
        };
        match self.owners.get(&*addition.key) {
            // It goes with a dependency that stays as it is.
            Some(owner) if held.contains(*owner) => {}
            // Ours, and as it should be. (The server may have filled in defaults; after a change of the settings
            // these may be the old ones', so that only the very same stays.)
            Some(_)
                if if is_unchanged { field.holds(theirs, addition.value) } else { equal(theirs, addition.value) } =>
            {
                outcome.record.note(dependency.name, &dependency.hash, &self.place, &addition.key);
            }
            Some(_) => write(outcome),
            // What was there before us never becomes ours.
            None if field.holds(theirs, addition.value) => {}
            None => match dependency.on_conflict {
                OnConflict::Keep if field.may_keep => outcome.warnings.push(format!(
                    "{} is set already and stays; what dependency {:?} brings for it is left out",
                    self.subject(addition),
                    dependency.name
                )),
                OnConflict::Override => {
                    outcome.warnings.push(format!(
                        "{} was set already and is replaced by what dependency {:?} brings",
                        self.subject(addition),
                        dependency.name
                    ));
                    write(outcome);
                }
                OnConflict::Reject | OnConflict::Keep => outcome.conflicts.push(Conflict {
                    dependency: dependency.name.to_owned(),
                    message: format!(
                        "{} is set already and differs from what dependency {:?} brings; {}",
                        self.subject(addition),
                        dependency.name,
                        if field.may_keep {
                            "remove it, or ask for onConflict: Keep"
                        } else {
                            "remove it, or give it another name"
                        }
                    ),
                }),
            },
        }
    }

    /// What an addition is, and where: `env HTTP_PROXY of container "nb1"`.
    fn subject(&self, addition: &Addition<'_>) -> String {
        let what = match addition.field.merge {
            Merge::Itself => addition.field.name.to_owned(),
            _ => format!("{} {}", addition.field.noun, addition.key),
        };
        match self.container {
            Some(container) => format!("{what} of container {container:?}"),
            None => what,
        }
    }
}

impl<'a> Edits<'a> {
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
        let mut removed = BTreeSet::new();
        for (at, addition) in &self.in_place {
            match (addition, entries.get_mut(*at)) {
                (Some(addition), Some(entry)) => *entry = make(addition),
                _ => _ = removed.insert(*at),
            }
        }
        let mut at = 0..;
        entries.retain(|_| at.next().is_none_or(|at| !removed.contains(&at)));
        entries.splice(0..0, self.first.iter().map(|addition| make(addition)));
        entries.extend(self.last.iter().map(|addition| make(addition)));
    }
}

fn note_change(outcome: &mut Outcome, dependency: &str, in_pod_spec: bool) {
    outcome.changed.insert(dependency.to_owned());
    if in_pod_spec {
        outcome.changed_pod_spec.insert(dependency.to_owned());
    }
}
