//! One list or map in the object, and what happens to each of its entries: the rules of ownership and conflict in one
//! place (contract, "Already present", "Record" and "Conflicts").

use std::borrow::Cow;
use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::containers::without_others;
use super::edits::{Edits, Group, Written};
use super::known::{Known, Owner, OwnersAt};
use super::{Audience, Conflict, MOST_CONFLICTS, Outcome, set_field};
use crate::json::{ByName, Malformed, Node, Object, Path, is_same_text, plain_or_shown, shown, string_member};
use crate::settings::fields::{Entry, FIELDS, Field, MergeStrategy, Target};
use crate::settings::{Addition, Dependency, OnConflict};
use crate::workload::Kind;

/// An addition that should be there, and the dependency that adds it.
#[derive(Clone, Copy, Debug)]
pub struct Desired<'a> {
    pub dependency: &'a Dependency<'a>,
    pub addition: &'a Addition<'a>,
}

/// What all places of an object have in common.
pub struct Context<'r, 'a> {
    pub kind: Kind,
    pub known: &'a Known<'a>,
    /// Whether a dependency stays as it is.
    pub is_held_back: &'r dyn Fn(&str) -> bool,
    /// Its `onConflict`.
    pub on_conflict: &'r dyn Fn(&str) -> OnConflict,
}

/// What counts as ours, and the dependencies by which it does.
type MovedOwners<'p, 'a> = (&'p OwnersAt<'a>, &'p dyn Fn(&str) -> bool);

/// A list or map in the object, of which some entries may be ours.
pub struct Place<'p, 'a> {
    /// The field that it holds; of the atomic fields of the pod spec, any.
    pub field: &'static Field,
    /// What the record calls it.
    pub name: Cow<'p, str>,
    /// The name of the container it is in, if it is in one.
    pub container: Option<&'p str>,
    /// What counts as ours in it: by its name, and, in the main container, by that container's.
    pub owners: [Option<&'p OwnersAt<'a>>; 2],
    /// What the records say of the main container, where this is in one that has become it in this request: the client's
    /// may be of an earlier call, and so of this one.
    pub of_main: Option<&'p OwnersAt<'a>>,
    /// What counts as ours in a container that is no longer there, and so does here by the dependencies that reach it.
    pub moved: Option<MovedOwners<'p, 'a>>,
    /// What the container has of this by the dependency that brings it: nobody else takes it away.
    pub own: ByName<'a, Written<'a>>,
    /// What the stored object has here.
    pub stored: Stored<'p, 'a>,
    /// The keys that are taken elsewhere: a pod has each container name once.
    pub taken: ByName<'a, ()>,
    /// The volumes that something still mounts.
    pub mounted: ByName<'a, ()>,
    /// The keys of entries that the server itself wrote, which count as absent.
    pub by_server: Option<&'p ByName<'static, ()>>,
    /// The keys of what the API server would refuse beside something of the user's, and what that is.
    pub excluded: ByName<'a, &'static str>,
}

/// The entries of a place in the stored object, by key; read when the first of them is asked for.
pub struct Stored<'p, 'a> {
    /// The object that holds the list or map; `None` where there is no stored object.
    pub parent: Option<Option<&'p Object<'a>>>,
    known: &'p Known<'a>,
    entries: OnceCell<ByName<'a, Written<'a>>>,
}

impl<'p, 'a> Stored<'p, 'a> {
    /// The entries in `parent`, an object of the stored one that has such an object, or is to be known as absent.
    pub const fn new(parent: Option<Option<&'p Object<'a>>>, known: &'p Known<'a>) -> Self {
        Stored { parent, known, entries: OnceCell::new() }
    }

    fn entries(&self, field: &'static Field) -> Option<&ByName<'a, Written<'a>>> {
        let parent = self.parent?;
        Some(self.entries.get_or_init(|| parent.map(|parent| entries_of(parent, field)).unwrap_or_default()))
    }

    /// What the stored object has under this key.
    fn get(&self, field: &'static Field, key: &str) -> Option<Written<'a>> {
        self.entries(field)?.get(key).copied()
    }

    /// Whether what the stored object has under this key is `value`, in which what others put into a container is left
    /// out.
    fn is_equal(&self, stored: Written<'a>, key: &str, value: &str) -> bool {
        stored.field.is_equal(key, &without_others(self.known, stored.field, key, stored.value), value)
    }

    /// Whether the stored object has another value under this key.
    fn has_another(&self, field: &'static Field, key: &str, value: &str) -> bool {
        self.get(field, key).is_some_and(|stored| !self.is_equal(stored, key, value))
    }

    /// Whether the client wrote the entry: there is a stored object, and it has none under this key that means the same.
    fn is_unlike(&self, field: &'static Field, key: &str, value: &str) -> bool {
        self.parent.is_some() && self.get(field, key).is_none_or(|stored| !self.is_equal(stored, key, value))
    }

    /// Whether the client wrote over what was ours. Where what he has contains ours (`contains`), only if there was something.
    fn is_written_over(&self, field: &'static Field, key: &str, value: &str, contains: bool) -> bool {
        if contains { self.has_another(field, key, value) } else { self.is_unlike(field, key, value) }
    }
}

/// The entries of the place that `field` has in `parent`, by key; of duplicates the last counts.
pub fn entries_of<'a>(parent: &Object<'a>, field: &'static Field) -> ByName<'a, Written<'a>> {
    let mut entries = ByName::default();
    let stored = |field, member, value| Written { field, member, value, is_stored: true, replaces: None };
    let member = field.member;
    let within = field.within.map(|within| parent.get(within.raw()).and_then(Node::opened_object));
    let holder = within.as_ref().map_or(Some(parent), |within| within.as_deref());
    match (field.strategy, holder.and_then(|holder| holder.get(member.raw()))) {
        (MergeStrategy::Atomic, _) => {
            for (field, value) in present_atomic_fields(parent, field.target) {
                entries.insert(field.name, stored(field, field.member, value));
            }
        }
        (_, None) => {}
        (MergeStrategy::Granular, Some(node)) => {
            let members = node.opened_object();
            for (key, value) in members.iter().flat_map(|members| members.iter()) {
                let name = key.decode();
                if !field.holds_another(&name) {
                    entries.insert(name, stored(field, *key, value.text()));
                }
            }
        }
        (MergeStrategy::ListMap(_) | MergeStrategy::ListSet, Some(node)) => {
            for item in node.as_list().into_iter().flat_map(|list| list.items()) {
                field.key_of(item).map(|key| entries.insert(key, stored(field, member, item.text())));
            }
        }
    }
    entries
}

/// The atomic fields that a pod spec or container has, with their values. A deprecated alias counts where the field itself
/// is absent, and where both are, whichever says something.
pub fn present_atomic_fields<'a>(parent: &Object<'a>, target: Target) -> Vec<(&'static Field, &'a str)> {
    let fields = FIELDS.iter().filter(|field| field.strategy == MergeStrategy::Atomic && field.target == target);
    fields
        .filter_map(|field| {
            let members = [Some(field.member), field.alias].into_iter().flatten();
            let values = members.filter_map(|member| parent.get(member.raw())).map(Node::text);
            let is_nothing = |value: &&str| (field.is_absent(field.name, value), field.says_nothing(field.name, value));
            Some((field, values.min_by_key(is_nothing)?))
        })
        .collect()
}

/// Removes the entries of the place that `field` has in `parent`, which is at `path`, but for those of the keys that
/// `stays` says.
///
/// # Errors
/// What holds them is of the wrong kind.
pub fn retain_entries(
    parent: &mut Object<'_>,
    path: &Path<'_>,
    field: &'static Field,
    stays: &mut dyn FnMut(&str) -> bool,
) -> Result<(), Malformed> {
    if field.strategy == MergeStrategy::Atomic {
        for (field, _) in present_atomic_fields(parent, field.target) {
            if !stays(field.name) {
                set_field(parent, field, None);
            }
        }
        return Ok(());
    }
    let within = field.within.map(|within| path.member(within.raw()));
    let Some(holder) = holder_mut(parent, field, within.as_ref().unwrap_or(path))? else { return Ok(()) };
    let path = within.as_ref().unwrap_or(path).member(field.member.raw());
    let Some(node) = holder.get_mut(field.member.raw()) else { return Ok(()) };
    if field.strategy == MergeStrategy::Granular {
        node.object_mut(&path)?.retain(|key, _| {
            let key = key.decode();
            field.holds_another(&key) || stays(&key)
        });
    } else {
        node.list_mut(&path)?.retain(|item| field.key_of(item).is_none_or(|key| stays(&key)));
    }
    Ok(())
}

/// The object that holds the list or map of `field`: `parent`, or the one at `path` in it that the field is within.
///
/// # Errors
/// What is there is no object.
pub fn holder_mut<'o, 'a>(
    parent: &'o mut Object<'a>,
    field: &Field,
    path: &Path<'_>,
) -> Result<Option<&'o mut Object<'a>>, Malformed> {
    match field.within {
        Some(within) => parent.get_mut(within.raw()).map(|node| node.object_mut(path)).transpose(),
        None => Ok(Some(parent)),
    }
}

/// The entries under a key, and what becomes of it by the first dependency that brings it.
struct Found<'e, 'a> {
    /// What is desired; none where a dependency that stays as it is has the entry.
    addition: Option<&'a Addition<'a>>,
    entries: Vec<(usize, &'e str)>,
    decided: Option<Decided<'a>>,
}

/// Keys, and the position of each. Mostly they are few, and most keys that are looked for are others.
#[derive(Default)]
pub struct Positions<'k> {
    keys: Vec<&'k str>,
    /// A bit of each key, which tells most others.
    bits: [u64; 4],
    /// All of them, once they are more than [`FEW`]. The settings have chosen them, so that nobody gains by keys with one
    /// hash.
    many: FxHashMap<&'k str, usize>,
}

/// How many keys are looked at one after the other.
const FEW: usize = 16;

impl<'k> Positions<'k> {
    /// The place of the bit of `key`, and the bit.
    fn bit_of(key: &str) -> (usize, u64) {
        let [first, last] =
            [key.bytes().next(), key.bytes().next_back()].map(|byte| u32::from(byte.unwrap_or_default()));
        let mixed = (key.len() as u32 ^ first << 8 ^ last << 16).wrapping_mul(0x9e37_79b1) >> 24;
        ((mixed >> 6) as usize, 1 << (mixed & 63))
    }

    /// The position of `key`.
    pub fn get(&self, key: &str) -> Option<usize> {
        let (at, bit) = Self::bit_of(key);
        match self.bits.get(at) {
            Some(bits) if bits & bit == 0 => None,
            _ if self.keys.len() > FEW => self.many.get(key).copied(),
            _ => self.keys.iter().position(|known| is_same_text(known, key)),
        }
    }

    /// The position of `key`, which is added behind the others where it is not there.
    pub fn get_or_add(&mut self, key: &'k str) -> usize {
        self.get(key).unwrap_or_else(|| {
            let at = self.keys.len();
            let (place, bit) = Self::bit_of(key);
            self.bits.get_mut(place).into_iter().for_each(|bits| *bits |= bit);
            self.keys.push(key);
            if at >= FEW {
                let unlisted = self.keys.iter().enumerate().skip(self.many.len());
                self.many.extend(unlisted.map(|(at, key)| (*key, at)));
            }
            at
        })
    }
}

/// The entries of all keys that are desired, or of a dependency that stays as it is.
#[derive(Default)]
struct All<'e, 'a> {
    positions: Positions<'e>,
    of_keys: Vec<Found<'e, 'a>>,
}

impl<'e, 'a> All<'e, 'a> {
    fn position_or_add(&mut self, key: &'e str, addition: Option<&'a Addition<'a>>) -> usize {
        let at = self.positions.get_or_add(key);
        if at == self.of_keys.len() {
            self.of_keys.push(Found { addition, entries: Vec::new(), decided: None });
        }
        at
    }

    fn get(&self, key: &str) -> Option<&Found<'e, 'a>> {
        self.of_keys.get(self.positions.get(key)?)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Found<'e, 'a>> {
        let at = self.positions.get(key)?;
        self.of_keys.get_mut(at)
    }
}

#[derive(Clone, Copy)]
struct Decided<'a> {
    verdict: Verdict,
    /// Whether a notebook that runs waits for it.
    is_due: bool,
    by: &'a Dependency<'a>,
}

/// What becomes of one addition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is written, since it is not there.
    Add,
    /// It is written in the place of ours.
    Replace,
    /// It is written in the place of the user's.
    Override,
    /// It is there, and ours.
    Ours,
    /// What is there stays, and is not ours.
    Theirs,
    /// It is left out, and what was there of ours goes.
    Unwanted,
    /// It cannot be settled.
    Conflict,
}

impl Verdict {
    /// Whether the object changes.
    const fn is_a_change(self) -> bool {
        matches!(self, Verdict::Add | Verdict::Replace | Verdict::Override | Verdict::Unwanted)
    }
}

impl<'a> Place<'_, 'a> {
    /// Whose the entry of this key is.
    pub fn owner(&self, key: &str) -> Option<Owner<'a>> {
        let here = self.owners.iter().flatten().find_map(|owners| owners.get(key));
        let moved = || {
            let (owners, reaches) = self.moved?;
            owners.get(key).filter(|owner| reaches(owner.dependency))
        };
        here.or_else(moved).copied()
    }

    /// What becomes of `entries` (key and value, in their order) where `desired` should be there. Unless `may_put_back`,
    /// nothing is lost or changed of what dependencies that stay as they are had in the stored object.
    ///
    /// It walks the entries once, and looks each up among those that are desired or ours: the cost is the sum of both.
    pub fn decide<'e>(
        &self,
        context: &Context<'_, 'a>,
        desired: &[Desired<'a>],
        entries: &[(Option<Cow<'e, str>>, &'e str)],
        may_put_back: bool,
        outcome: &mut Outcome<'a>,
    ) -> Edits<'a> {
        let is_map = matches!(self.field.strategy, MergeStrategy::Granular | MergeStrategy::Atomic);
        let mut found = All { positions: Positions::default(), of_keys: Vec::with_capacity(desired.len()) };
        // Of one key, the first in the list brings it.
        let mut positions = Vec::with_capacity(desired.len());
        for Desired { addition, .. } in desired {
            positions.push(found.position_or_add(&addition.key, Some(addition)));
        }
        if may_put_back {
            self.held_back(context).for_each(|key| _ = found.position_or_add(key, None));
        }
        let (mut first, mut last) = (Group::default(), Group::default());
        // Whether none of the user's was there so far.
        let mut is_before_theirs = self.field.entry == Entry::InitContainer;
        for (at, (key, value)) in entries.iter().enumerate() {
            let Some(key) = key else { continue };
            is_before_theirs = is_before_theirs && self.owner(key).is_some();
            match found.get_mut(key) {
                // Of the duplicates in a map the last counts.
                Some(found) if is_map => found.entries = vec![(at, value)],
                Some(found) => found.entries.push((at, value)),
                None if self.own.contains(key) => {}
                None => {
                    if let Some(owner) = self.owner(key)
                        && self.is_taken_away(context, owner, key, value, outcome)
                    {
                        let group = if is_before_theirs { &mut first } else { &mut last };
                        group.remove(at);
                    }
                }
            }
        }
        if may_put_back {
            self.put_back(context, &found, &mut last, outcome);
        }
        // Mostly nothing of what is desired is there, and nothing keeps it from being added.
        let are_new = found.of_keys.iter().all(|found| found.entries.is_empty())
            && self.owners.iter().all(Option::is_none)
            && self.moved.is_none()
            && self.taken.is_empty()
            && self.excluded.is_empty();
        let mut positions = positions.into_iter();
        let mut files = Vec::new();
        // The additions of one dependency stand together.
        for of_one in desired.chunk_by(|one, other| std::ptr::eq(one.dependency, other.dependency)) {
            let Some(Desired { dependency, .. }) = of_one.first() else { continue };
            let group = if goes_first(dependency, self.field) { &mut first } else { &mut last };
            group.reserve(of_one.len());
            let mut keys = Vec::with_capacity(of_one.len());
            let mut change = None;
            for Desired { addition, .. } in of_one {
                let at = positions.next().unwrap_or_default();
                let Some(of_key) = found.of_keys.get(at) else { continue };
                let verdict = if are_new {
                    Verdict::Add
                } else {
                    self.verdict(context, dependency, addition, of_key, &found, outcome)
                };
                let Some(found) = found.of_keys.get_mut(at) else { continue };
                let owner = self.owner(&addition.key);
                // What was pruned from an entry would be again.
                let is_due = match (verdict, found.decided) {
                    (_, Some(decided)) => decided.is_due,
                    (Verdict::Replace, None) => !owner.is_some_and(|owner| is_unchanged(owner, dependency)),
                    (_, None) => true,
                };
                let is_first = found.decided.is_none();
                if verdict.is_a_change() {
                    let (was_due, was_first) = change.unwrap_or_default();
                    change = Some((was_due || is_due, was_first || is_first));
                }
                if !is_first {
                    continue;
                }
                found.decided = Some(Decided { verdict, is_due, by: dependency });
                if let Some(owner) = owner.filter(|owner| owner.dependency != dependency.name)
                    && verdict == Verdict::Add
                {
                    outcome.record.forget(owner.dependency, &self.name, &addition.key);
                }
                match (verdict, found.entries.first()) {
                    (Verdict::Theirs | Verdict::Conflict, _) => continue,
                    (Verdict::Unwanted, _) => {
                        found.entries.iter().for_each(|(at, _)| group.remove(*at));
                        continue;
                    }
                    (Verdict::Ours, Some((at, _))) => group.stay(*at),
                    (_, Some((at, _))) => {
                        group.write(Some(*at), addition);
                        // A key has one entry.
                        found.entries.iter().skip(1).for_each(|(at, _)| group.remove(*at));
                    }
                    (_, None) => {
                        group.write(None, addition);
                        if addition.field.entry == Entry::VolumeMount {
                            files.push(Desired { dependency, addition });
                        }
                    }
                }
                let is_overridden = verdict == Verdict::Override || owner.is_some_and(|owner| owner.is_overridden);
                keys.push((Cow::Borrowed(&*addition.key), is_overridden));
            }
            if let Some((is_due, is_first)) = change {
                outcome.note_change(dependency.name, self.field.target, is_due, is_first);
            }
            outcome.record.note(dependency.name, Cow::Borrowed(&dependency.hash), &self.name, keys);
        }
        self.warn_of_directories(&files, entries, outcome);
        if is_map {
            return Edits::of_map(entries.len(), &last);
        }
        let edits = Edits::of_list(entries.len(), &first, &last);
        for at in edits.moved() {
            let key = entries.get(at).and_then(|(key, _)| key.as_deref()).unwrap_or_default();
            if let Some(decided) = found.get(key).and_then(|found| found.decided) {
                outcome.note_change(decided.by.name, self.field.target, true, true);
            }
        }
        edits
    }

    /// The keys that dependencies which stay as they are have by the stored record.
    fn held_back(&self, context: &Context<'_, 'a>) -> impl Iterator<Item = &str> {
        let owners = self.owners.into_iter().flatten().flat_map(|owners| owners.iter());
        owners.filter(|(_, owner)| is_held_back(context, owner)).map(|(key, _)| key)
    }

    /// Puts back what dependencies that stay as they are had in the stored object, in its order: what is missing, and what
    /// the client wrote over. What he may have is his.
    fn put_back(
        &self,
        context: &Context<'_, 'a>,
        found: &All<'_, 'a>,
        group: &mut Group<'a>,
        outcome: &mut Outcome<'a>,
    ) {
        let Some(stored) = self.stored.entries(self.field) else { return };
        for (key, stored) in stored.names_as_they_came().into_iter().zip(stored.values()) {
            let field = stored.field;
            let Some(owner) = self.owner(key).filter(|owner| is_held_back(context, owner)) else { continue };
            let there = found.get(key).and_then(|found| found.entries.last());
            match there {
                None => {}
                Some((_, theirs)) if self.stored.is_equal(*stored, key, theirs) => continue,
                Some((_, theirs)) if field.is_absent(key, theirs) => {}
                Some(_) if field.may_keep() && (context.on_conflict)(owner.dependency) == OnConflict::Keep => {
                    outcome.record.forget(owner.dependency, &self.recorded_place(key), key);
                    self.make_theirs(field, key, owner, outcome);
                    continue;
                }
                Some(_) => outcome.put_back.push(put_back(&self.subject(field, key), owner.dependency)),
            }
            group.put_back(there.map(|(at, _)| *at), *stored);
        }
    }

    /// Notes that an entry of ours is the user's now.
    fn make_theirs(&self, field: &'static Field, key: &str, owner: Owner<'_>, outcome: &mut Outcome<'a>) {
        let (subject, name) = (self.subject(field, key), owner.dependency);
        // Where `Override` had put ours in the place of his, he only sends his own again.
        if owner.is_overridden {
            outcome.undone.push(put_back(&subject, name));
        } else {
            outcome.is_made_theirs |= field.target != Target::Metadata;
        }
        let warning = format!("{subject} was changed and is yours now: dependency \"{name}\" leaves it alone");
        outcome.warn(Audience::Everyone, warning);
    }

    /// Whether an entry of ours that is not desired is taken away; notes what becomes of it.
    fn is_taken_away(
        &self,
        context: &Context<'_, 'a>,
        owner: Owner<'a>,
        key: &str,
        value: &str,
        outcome: &mut Outcome<'a>,
    ) -> bool {
        let field = self.field_of(key);
        // Only the stored record takes away. What counts as absent is gone already, unless the server's default is what was
        // added; what the client wrote over is his now.
        let is_unlike = || self.stored.is_unlike(field, key, value);
        let is_gone = field.says_nothing(key, value) || field.is_absent(key, value) && is_unlike();
        if !owner.is_stored || (context.is_held_back)(owner.dependency) || is_gone {
            return false;
        }
        // A volume or container is ours as long as it is there.
        if field.may_keep() && is_unlike() {
            if !self.stored.has_another(field, key, value) {
                return false;
            }
            self.make_theirs(field, key, owner, outcome);
            return false;
        }
        if self.stored.has_another(field, key, value) {
            let (subject, name) = (self.subject(field, key), owner.dependency);
            outcome.undone.push(put_back(&subject, name));
            outcome
                .warn(Audience::Changer, format!("{subject} was changed, but is removed with dependency \"{name}\""));
        }
        if field.entry == Entry::Volume && self.mounted.contains(key) {
            let keys = vec![(Cow::Owned(key.to_owned()), owner.is_overridden)];
            // Beside what its dependency brings now, the record has the hash of that.
            let noted = outcome.record.part(owner.dependency).map(|part| part.hash.clone());
            outcome.record.note(owner.dependency, noted.unwrap_or(Cow::Borrowed(owner.hash)), &self.name, keys);
            outcome.warn(
                Audience::Changer,
                format!(
                    "{} of dependency \"{}\" stays: the user still mounts it",
                    self.subject(field, key),
                    owner.dependency
                ),
            );
            return false;
        }
        if owner.is_overridden {
            outcome.warn(
                Audience::Everyone,
                format!(
                    "{} is removed with dependency \"{}\"; the user's own is not restored",
                    self.subject(field, key),
                    owner.dependency
                ),
            );
        }
        outcome.note_change(owner.dependency, field.target, true, true);
        true
    }

    /// Whether the API server itself wrote the entry.
    fn is_written_by_the_server(&self, field: &Field, key: &str) -> bool {
        matches!(field.name, "requests" | "imagePullPolicy") && self.by_server.is_some_and(|keys| keys.contains(key))
    }

    /// What becomes of an addition.
    fn verdict(
        &self,
        context: &Context<'_, 'a>,
        dependency: &'a Dependency<'a>,
        addition: &'a Addition<'a>,
        found: &Found<'_, 'a>,
        all: &All<'_, 'a>,
        outcome: &mut Outcome<'a>,
    ) -> Verdict {
        let (field, name) = (addition.field, dependency.name);
        // A dependency before it in the list brings the same. Where that one is in conflict, this one may be too.
        if let Some(decided) = found.decided.filter(|decided| decided.verdict != Verdict::Conflict) {
            return decided.verdict;
        }
        let stays_with_its_twin = || twin(dependency, addition).is_some_and(|twin| self.is_the_users(&twin, all));
        // A value that counts as absent is there all the same where it is the very one that is desired.
        let key = &*addition.key;
        let counts_as_absent = |theirs: &str| field.is_absent(key, theirs) || self.is_written_by_the_server(field, key);
        let is_absent = |theirs: &str| counts_as_absent(theirs) && !field.contains(key, theirs, addition.value);
        let present = || found.entries.iter().map(|(_, value)| *value);
        let owner = self.owner(&addition.key);
        if let Some(owner) = owner.filter(|owner| (context.is_held_back)(owner.dependency)) {
            let stored = || self.stored.get(field, &addition.key).filter(|_| owner.is_stored);
            // It belongs to a dependency that stays as it is.
            if let Some(theirs) = present().next_back().or_else(|| Some(stored()?.value)) {
                if !field.contains(key, theirs, addition.value) {
                    outcome.behind.push((name, owner.dependency));
                }
                return Verdict::Theirs;
            }
        }
        // Ours that stands beside what excludes it came first: the user has written that since.
        let was_ours = owner.is_some_and(|owner| owner.is_stored);
        if let Some(other) = self.excluded.get(key)
            && (was_ours || !present().any(|theirs| field.contains(key, theirs, addition.value)))
        {
            let subject = match (field.strategy, field.within) {
                (MergeStrategy::Atomic, _) if other.is_empty() => {
                    ["init container ", &plain_or_shown(self.container.unwrap_or_default())].concat()
                }
                (MergeStrategy::Atomic, _) => self.in_its_container((*other).to_owned()),
                (_, None) => self.subject(field, other),
                (_, Some(_)) => self.in_its_container([other, " ", &plain_or_shown(key)].concat()),
            };
            if dependency.on_conflict == OnConflict::Keep {
                let what =
                    format!("{subject} stays; what dependency \"{name}\" brings conflicts with it and is left out");
                outcome.warn(Audience::Writer, what);
                return if was_ours { Verdict::Unwanted } else { Verdict::Theirs };
            }
            let problem = match *other {
                "request" => format!("and is above the limit that dependency \"{name}\" brings"),
                "limit" => format!("and is below the request that dependency \"{name}\" brings"),
                _ => format!("and conflicts with what dependency \"{name}\" brings"),
            };
            return self.conflict(context, dependency, addition, subject, problem, outcome);
        }
        let Some(theirs) = present().next_back().filter(|theirs| !is_absent(theirs)) else {
            if stays_with_its_twin() {
                return Verdict::Theirs;
            }
            if self.taken.contains(&addition.key) {
                let subject =
                    format!("{} {}", field.rival().map_or("", |rival| rival.noun), plain_or_shown(&addition.key));
                let problem = format!("and dependency \"{name}\" uses this name for its {}", field.noun);
                return self.conflict(context, dependency, addition, subject, problem, outcome);
            }
            return Verdict::Add;
        };
        let subject = || self.subject(field, &addition.key);
        let ours = without_others(context.known, field, &addition.key, addition.value);
        if let Some(owner) = owner {
            let is_equal = present().all(|theirs| field.is_equal(key, theirs, &ours));
            let contains = is_equal || present().all(|theirs| field.contains(key, theirs, &ours));
            // The server may have filled in defaults; after a change of the settings these may be those of the old
            // value, so that then only an equal one stays.
            let stays = is_equal || contains && (is_unchanged(owner, dependency) || owner.is_of_an_unknown_hash);
            let is_written_over =
                owner.is_stored && !is_equal && self.stored.is_written_over(field, &addition.key, theirs, contains);
            if (contains || !is_written_over) && stays_with_its_twin() {
                return if owner.is_stored { Verdict::Unwanted } else { Verdict::Theirs };
            }
            if is_written_over && dependency.on_conflict == OnConflict::Keep && field.may_keep() {
                outcome.note_kept(dependency, addition);
                self.make_theirs(field, &addition.key, owner, outcome);
                return Verdict::Theirs;
            }
            if is_written_over {
                let of_changes = if stays { &mut outcome.undone } else { &mut outcome.put_back };
                of_changes.push(put_back(&subject(), name));
            }
            return if stays { Verdict::Ours } else { Verdict::Replace };
        }
        // What was there before never becomes ours.
        if present().all(|theirs| field.contains(key, theirs, &ours)) {
            let is_of_an_earlier_call =
                self.is_added_to_main(key, dependency) && self.stored.is_unlike(field, key, theirs);
            return if is_of_an_earlier_call { Verdict::Ours } else { Verdict::Theirs };
        }
        if context.known.is_of_a_notebooks_pod()
            && let Some(of) = context.known.copied_from(&self.recorded_as(field), &addition.key)
        {
            outcome.leave_out(
                name,
                format!("dependency \"{name}\" is left out: {} comes from the notebook's \"{of}\"", subject()),
            );
            return Verdict::Conflict;
        }
        match dependency.on_conflict {
            OnConflict::Keep if field.may_keep() => {
                outcome.note_kept(dependency, addition);
                outcome.warn(
                    Audience::Writer,
                    format!(
                        "{} is set already and stays; what dependency \"{name}\" brings for it is left out",
                        subject()
                    ),
                );
                Verdict::Theirs
            }
            OnConflict::Override => {
                outcome.warn(
                    Audience::Everyone,
                    format!("{} was set already and is replaced by what dependency \"{name}\" brings", subject()),
                );
                Verdict::Override
            }
            OnConflict::Reject | OnConflict::Keep => {
                let problem = format!("and differs from what dependency \"{name}\" brings");
                self.conflict(context, dependency, addition, subject(), problem, outcome)
            }
        }
    }

    /// Notes a conflict, with what this user can do about it.
    fn conflict(
        &self,
        context: &Context<'_, 'a>,
        dependency: &'a Dependency<'a>,
        addition: &Addition<'a>,
        subject: String,
        problem: String,
        outcome: &mut Outcome<'a>,
    ) -> Verdict {
        // Those that are only counted need no words.
        if outcome.conflicts.len() >= MOST_CONFLICTS {
            let (subject, problem, advice) = Default::default();
            outcome.conflicts.push(Conflict { dependency: dependency.name, subject, problem, advice });
            return Verdict::Conflict;
        }
        let advice = match context.known.other_dependency(&self.recorded_as(addition.field), &addition.key) {
            Some(other) => {
                format!("dependency {} of another policy brings it: ask your platform team about both", shown(other))
            }
            None if addition.field.may_keep() => {
                format!("remove it, or ask your platform team to let dependency \"{}\" keep it", dependency.name)
            }
            None => format!(
                "remove it or give it another name, or ask your platform team about dependency \"{}\"",
                dependency.name
            ),
        };
        outcome.conflicts.push(Conflict { dependency: dependency.name, subject, problem, advice });
        Verdict::Conflict
    }

    /// Whether the client's record says that the dependency, as it is now, added an entry to what has become the main
    /// container.
    fn is_added_to_main(&self, key: &str, dependency: &Dependency<'_>) -> bool {
        let owner = self.of_main.and_then(|owners| owners.get(key));
        let by_client = owner
            .and_then(|owner| if owner.is_stored { owner.by_client } else { Some((owner.dependency, owner.hash)) });
        by_client == Some((dependency.name, &dependency.hash))
    }

    /// Whether what is there under `key` is not ours, or no longer since the client wrote over it.
    fn is_the_users(&self, key: &str, all: &All<'_, 'a>) -> bool {
        let Some(found) = all.get(key) else { return false };
        let Some((_, value)) = found.entries.last() else { return false };
        let is_wanted = |is: fn(&'static Field, &str, &str, &str) -> bool| {
            found.addition.is_some_and(|addition| is(self.field, key, value, addition.value))
        };
        self.owner(key).is_none_or(|owner| {
            owner.is_stored
                && !is_wanted(Field::is_equal)
                && self.stored.is_written_over(self.field, key, value, is_wanted(Field::contains))
        })
    }

    /// Warns of files that are mounted below a directory which is not ours: it may be read-only.
    fn warn_of_directories(
        &self,
        mounts: &[Desired<'a>],
        entries: &[(Option<Cow<'_, str>>, &str)],
        outcome: &mut Outcome<'a>,
    ) {
        if mounts.is_empty() {
            return;
        }
        let theirs = entries.iter().filter_map(|(key, _)| key.as_deref());
        let directories = ByName::set(theirs.filter(|path| self.owner(path).is_none()));
        let shortest = directories.names().map(|path| path.len()).min().unwrap_or(usize::MAX);
        let mut warned = ByName::default();
        for Desired { dependency, addition } in mounts {
            let mut path: &str = &addition.key;
            while let Some(end) = path.bytes().rposition(|byte| byte == b'/').filter(|end| *end >= shortest) {
                path = path.get(..end).unwrap_or_default();
                let directory = path;
                if directories.contains(directory)
                    && string_member(addition.value, "subPath").is_some()
                    && warned.add([dependency.name, directory].concat())
                {
                    outcome.warn(
                        Audience::Writer,
                        format!(
                            "dependency \"{}\" mounts {} below {}, which must not be read-only",
                            dependency.name,
                            plain_or_shown(&addition.key),
                            self.subject(addition.field, directory)
                        ),
                    );
                }
            }
        }
    }

    /// What the record calls the place of an entry of ours.
    fn recorded_place(&self, key: &str) -> Cow<'_, str> {
        match self.container {
            Some(container) if self.owners[0].is_none_or(|of_main| !of_main.contains(key)) => {
                Cow::Owned([self.field.place(), "/", container].concat())
            }
            Some(_) => Cow::Borrowed(self.field.place()),
            None => Cow::Borrowed(&self.name),
        }
    }

    /// What records of others call this place: a container may be the main one for them.
    fn recorded_as(&self, field: &Field) -> [String; 2] {
        match self.container {
            Some(container) => [field.place().to_owned(), [field.place(), "/", container].concat()],
            None => [self.name.clone().into_owned(), String::new()],
        }
    }

    /// The field of the entry of this key.
    fn field_of(&self, key: &str) -> &'static Field {
        let is_atomic = self.field.strategy == MergeStrategy::Atomic;
        Field::named(key).filter(|_| is_atomic).unwrap_or(self.field)
    }

    /// What an entry is, and where: `env HTTP_PROXY of container "nb1"`.
    fn subject(&self, field: &Field, key: &str) -> String {
        let what = match field.strategy {
            MergeStrategy::Atomic => field.name.to_owned(),
            _ => format!("{} {}", field.noun, plain_or_shown(key)),
        };
        self.in_its_container(what)
    }

    /// With the container that it is in.
    fn in_its_container(&self, what: String) -> String {
        match self.container {
            Some(container) => format!("{what} of container {}", shown(container)),
            None => what,
        }
    }
}

/// Whether it is an entry, by the stored record, of a dependency that stays as it is.
fn is_held_back(context: &Context<'_, '_>, owner: &Owner<'_>) -> bool {
    owner.is_stored && (context.is_held_back)(owner.dependency)
}

/// That what the client changed of ours is as it was.
fn put_back(subject: &str, dependency: &str) -> String {
    format!("{subject} was changed and is put back: dependency \"{dependency}\" brings it")
}

/// Whether an entry is what the dependency, as it is now, added.
fn is_unchanged(owner: Owner<'_>, dependency: &Dependency<'_>) -> bool {
    let is_as_added = |(name, hash)| name == dependency.name && hash == dependency.hash;
    is_as_added((owner.dependency, owner.hash)) || owner.by_client.is_some_and(is_as_added)
}

/// Whether the entries of a dependency go before those of the user.
fn goes_first(dependency: &Dependency<'_>, field: &Field) -> bool {
    match field.entry {
        Entry::InitContainer => dependency.init_containers_first,
        _ => dependency.env_first && matches!(field.name, "env" | "envFrom"),
    }
}

/// The key of the variable that is one with an addition under `Keep`: the same in the other case, so that where the user
/// has set either, both stay as he has them.
fn twin(dependency: &Dependency<'_>, addition: &Addition<'_>) -> Option<String> {
    if dependency.on_conflict != OnConflict::Keep || addition.part != Some("proxy") {
        return None;
    }
    let is_lower = addition.key.bytes().any(|byte| byte.is_ascii_lowercase());
    Some(if is_lower { addition.key.to_ascii_uppercase() } else { addition.key.to_ascii_lowercase() })
}
