//! Dependencies into an object (contract, "Already present", "Order", "Record" and "Conflicts").

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::containers::{Containers, names};
use super::excluded::is_excluded;
use super::meaning::{clean_path, contains, is_equal};
use super::parts::{Addition, Choice, Dependency, Field, Level, Merge as How, fields};
use super::place::{Cell, Document, Rank, Slot, arranged, put_entry, remove_entry, without};
use super::record::{Part, Record};
use super::{Malformed, Scope, Warning};

/// What a merge goes by.
pub struct Input<'a> {
    pub scope: Scope,
    /// The object into which is merged; while the template is kept it has the stored one.
    pub base: &'a Value,
    pub old: Option<&'a Value>,
    pub stored: &'a Record,
    /// The client's record.
    pub claims: &'a Record,
    /// The records of other domains, on either object.
    pub foreign: &'a [Record],
    /// In the order of the list.
    pub wanted: &'a [Dependency],
    /// The names of dependencies that the settings define or retire.
    pub known: &'a BTreeSet<String>,
    /// Whether the template is kept as it is stored.
    pub is_frozen: bool,
    /// The hash of a dependency.
    pub hash: &'a dyn Fn(&Dependency) -> String,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Merged {
    pub object: Value,
    pub parts: BTreeMap<String, Part>,
    /// Dependencies that changed something, in the template and elsewhere.
    pub changed_template: BTreeSet<String>,
    pub changed_metadata: BTreeSet<String>,
    pub conflicts: BTreeSet<String>,
    /// Those left out since none of their containers is there, and since what a Notebook brings into its pod differs.
    pub without_container: BTreeSet<String>,
    pub left_out: BTreeSet<String>,
    /// Those that want another value for an entry of one that is held, by that one.
    pub behind: BTreeMap<String, String>,
    /// Whether something in the template became the user's that counts as his change.
    pub users_change: bool,
    /// Whether a dependency adds to the pod's security context.
    pub brings_security_context: bool,
    pub warnings: BTreeSet<Warning>,
}

/// An entry that a record names.
#[derive(Clone, Debug)]
struct Owned {
    dependency: String,
    is_overridden: bool,
    is_stored: bool,
    /// Its value in the stored object.
    was: Option<Value>,
    /// What its record calls the place.
    place: String,
}

type Place = (Slot, String);

/// An entry that a dependency wants to bring.
#[derive(Clone, Debug)]
struct Desire<'a> {
    dependency: &'a Dependency,
    rank: Rank,
    place: Place,
    addition: &'a Addition,
}

/// What becomes of a desired entry.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    /// It is the user's, and stays his.
    Users,
    /// `Keep` left ours out.
    Kept,
    /// It is ours. `write` is what has to be written.
    Ours { write: Option<Value>, is_overridden: bool },
}

/// Merges, with the dependencies of `held` left as they are stored.
pub fn merge(input: &Input<'_>, held: &BTreeSet<String>) -> Result<Merged, Malformed> {
    let mut out: BTreeSet<String> = BTreeSet::new();
    loop {
        let mut merger = Merger::new(input, held, &out)?;
        let lacking = merger.lacking();
        if !lacking.is_subset(&out) {
            out.extend(lacking);
            continue;
        }
        merger.run()?;
        if merger.done.left_out.is_subset(&out) {
            let is_said = |name: &&String| !merger.done.left_out.contains(*name) && !held.contains(*name);
            merger.done.without_container = out.iter().filter(is_said).cloned().collect();
            return Ok(merger.done);
        }
        // What a Notebook brings into its pod: left out whole.
        let left_out = merger.done.left_out.clone();
        out.extend(left_out.clone());
        let lacking = Merger::new(input, held, &out)?.lacking();
        out.extend(lacking);
        let mut merger = Merger::new(input, held, &out)?;
        merger.run()?;
        merger.done.without_container = out.iter().filter(|name| !left_out.contains(*name)).cloned().collect();
        merger.done.left_out.extend(left_out);
        return Ok(merger.done);
    }
}

struct Merger<'a, 'i> {
    input: &'i Input<'a>,
    /// Dependencies that stay as they are stored: those that wait, and those that are left out.
    held: BTreeSet<String>,
    document: Document,
    containers: Containers,
    owned: BTreeMap<Place, Owned>,
    /// Entries that dependencies of others have, by their record.
    others: BTreeSet<Place>,
    targets: BTreeMap<String, Vec<String>>,
    done: Merged,
}

impl<'a, 'i> Merger<'a, 'i> {
    fn new(input: &'i Input<'a>, held: &BTreeSet<String>, out: &BTreeSet<String>) -> Result<Self, Malformed> {
        let mut merger = Merger {
            input,
            held: held.union(out).cloned().collect(),
            document: Document::new(input.base, input.scope),
            containers: Containers::default(),
            owned: BTreeMap::new(),
            others: BTreeSet::new(),
            targets: BTreeMap::new(),
            done: Merged::default(),
        };
        merger.find_containers()?;
        merger.find_owned();
        Ok(merger)
    }

    fn is_known(&self, name: &str) -> bool {
        self.input.known.contains(name)
    }

    fn active(&self) -> impl Iterator<Item = &'a Dependency> + use<'a, '_> {
        self.input.wanted.iter().filter(|dependency| !self.held.contains(&dependency.name))
    }

    /// Whether something active brings a container of this name there.
    fn is_brought(&self, list: &str, name: &str) -> bool {
        self.active().flat_map(|it| &it.additions).any(|it| it.field.place == list && it.key == name)
    }

    /// The containers that there will be: those of the object without the sidecars that are removed, and those that are
    /// brought or put back (contract, "Chosen containers").
    fn find_containers(&mut self) -> Result<(), Malformed> {
        let input = self.input;
        let spec = self.document.spec().clone();
        let brings = |list: &str| input.wanted.iter().flat_map(|it| &it.additions).any(|it| it.field.place == list);
        let is_followed = |list: &str| if list == "containers" { !input.wanted.is_empty() } else { brings(list) };
        let read =
            |list: &str| names(&spec, list).or_else(|it| if is_followed(list) { Err(it) } else { Ok(Vec::new()) });
        let mut containers =
            Containers { names: read("containers")?, init_names: read("initContainers")?, ..Containers::default() };
        for (list, all) in [("sidecars", &mut containers.names), ("initContainers", &mut containers.init_names)] {
            for (name, part) in input.stored.parts.iter().filter(|(name, _)| self.input.known.contains(*name)) {
                for key in part.added.get(list).into_iter().flatten() {
                    if self.held.contains(name) {
                        if !all.contains(key) {
                            all.push(key.clone());
                        }
                    } else if !self.is_brought(list, key) {
                        all.retain(|it| it != key);
                    }
                }
            }
            let brought = self.active().flat_map(|it| &it.additions).filter(|it| it.field.place == list);
            for addition in brought {
                if !all.contains(&addition.key) {
                    all.push(addition.key.clone());
                }
            }
        }
        let sidecars = |part: &Part| part.added.get("sidecars").cloned().unwrap_or_default();
        for record in [input.stored, input.claims] {
            for (name, part) in &record.parts {
                if !self.is_known(name) {
                    containers.of_policies.extend(sidecars(part));
                } else if std::ptr::eq(record, input.stored) {
                    containers.ours.extend(sidecars(part));
                }
            }
        }
        for part in input.foreign.iter().flat_map(|record| record.parts.values()) {
            containers.of_policies.extend(sidecars(part));
        }
        let brought: Vec<_> =
            self.active().flat_map(|it| &it.additions).filter(|it| it.field.place == "sidecars").collect();
        containers.ours.extend(brought.into_iter().map(|it| it.key.clone()));
        self.containers = containers;
        let chosen =
            |it: &Dependency| (it.name.clone(), self.containers.chosen(&it.containers, input.scope, input.base));
        self.targets = input.wanted.iter().map(chosen).collect();
        Ok(())
    }

    /// The main container, if there is just one.
    fn main_of(&self, object: &Value) -> Option<String> {
        let document = Document::new(object, self.input.scope);
        let names = names(document.spec(), "containers").unwrap_or_default();
        let containers = Containers {
            names,
            init_names: Vec::new(),
            ours: self.containers.ours.clone(),
            of_policies: self.containers.of_policies.clone(),
        };
        match &containers.main(self.input.scope, object)[..] {
            [name] => Some(name.clone()),
            _ => None,
        }
    }

    /// Whose an entry is by the records (contract, "Record").
    fn find_owned(&mut self) {
        let input = self.input;
        let new_main = match &self.containers.main(input.scope, input.base)[..] {
            [name] => Some(name.clone()),
            _ => None,
        };
        let here: BTreeSet<String> = self.containers.names.iter().chain(&self.containers.init_names).cloned().collect();
        let old = input.old.map(|old| Document::new(old, input.scope));
        let old_main = input.old.and_then(|old| self.main_of(old));
        let old_names: BTreeSet<String> = old.iter().flat_map(all_names).collect();
        for (record, is_stored) in [(input.stored, true), (input.claims, false)] {
            let mut gone = Vec::new();
            for (name, part) in &record.parts {
                for (field, container, key, is_overridden) in part.entries() {
                    if !is_stored && input.is_frozen && field.level != Level::Metadata && input.old.is_some() {
                        continue;
                    }
                    let in_record =
                        container.as_ref().map_or(field.place.to_owned(), |it| format!("{}/{it}", field.place));
                    let was_in = container.clone().or_else(|| old_main.clone().filter(|_| is_stored));
                    let was = old.as_ref().and_then(|old| {
                        let slot =
                            Slot { field, container: was_in.clone().filter(|_| field.level == Level::Container) };
                        old.get(&slot, &key).ok().flatten()
                    });
                    let was = was.filter(|_| is_stored);
                    let now_in = match (field.level, &container) {
                        (Level::Container, Some(name)) if here.contains(name) => Some(name.clone()),
                        (Level::Container, Some(_)) => {
                            gone.push((name.clone(), field, key, is_overridden, was, in_record));
                            continue;
                        }
                        (Level::Container, None) => old_main
                            .clone()
                            .filter(|main| is_stored && here.contains(main))
                            .or_else(|| new_main.clone()),
                        _ => None,
                    };
                    if field.level == Level::Container && now_in.is_none() {
                        continue;
                    }
                    let slot = Slot { field, container: now_in };
                    self.own(
                        name,
                        slot,
                        key,
                        Owned { dependency: name.clone(), is_overridden, is_stored, was, place: in_record },
                    );
                }
            }
            // What is recorded for a container that is gone counts as ours in those new ones that the dependency chooses.
            for (name, field, key, is_overridden, was, place) in gone {
                for target in self.targets.get(&name).cloned().unwrap_or_default() {
                    if !old_names.contains(&target) {
                        let slot = Slot { field, container: Some(target) };
                        let (was, place) = (was.clone(), place.clone());
                        let owned = Owned { dependency: name.clone(), is_overridden, is_stored, was, place };
                        self.own(&name, slot, key.clone(), owned);
                    }
                }
            }
        }
        for record in input.foreign {
            for (field, container, key, _) in record.parts.values().flat_map(Part::entries) {
                let container = container.or_else(|| new_main.clone()).filter(|_| field.level == Level::Container);
                self.others.insert((Slot { field, container }, key));
            }
        }
    }

    fn own(&mut self, name: &str, slot: Slot, key: String, owned: Owned) {
        if self.is_known(name) {
            // The stored record counts before the client's, and of two dependencies the last one by name.
            let place = (slot, key);
            if owned.is_stored || self.owned.get(&place).is_none_or(|it| !it.is_stored) {
                self.owned.insert(place, owned);
            }
        } else {
            self.others.insert((slot, key));
        }
    }

    /// The active dependencies that have something for containers and choose none (contract, "Chosen containers").
    fn lacking(&self) -> BTreeSet<String> {
        let is_lacking =
            |it: &&Dependency| it.needs_container() && self.targets.get(&it.name).is_none_or(Vec::is_empty);
        self.input.wanted.iter().filter(is_lacking).map(|it| it.name.clone()).collect()
    }

    /// What active dependencies want, each place once: the first in the list brings it (contract, "Record").
    fn desires(&self) -> Vec<Desire<'a>> {
        let mut desires: Vec<Desire<'a>> = Vec::new();
        for level in [Level::Metadata, Level::PodSpec, Level::Container] {
            for (at, dependency) in self.input.wanted.iter().enumerate() {
                if self.held.contains(&dependency.name) {
                    continue;
                }
                for (nth, addition) in dependency.additions.iter().enumerate().filter(|(_, it)| it.field.level == level)
                {
                    let containers = match level {
                        Level::Container => self.targets[&dependency.name].iter().cloned().map(Some).collect(),
                        _ => vec![None],
                    };
                    for container in containers {
                        let place = (Slot { field: addition.field, container }, addition.key.clone());
                        if desires.iter().all(|it| it.place != place) {
                            let rank = (!dependency.is_first(addition.field), at, nth);
                            desires.push(Desire { dependency, rank, place, addition });
                        }
                    }
                }
            }
        }
        desires
    }

    /// Entries in a container of ours that are not a part of it: what others have put there by their record, in a copy what
    /// is wanted of that; but nothing that the container itself has (contract, "Record").
    fn put_by_others(&self, container: &str, ours: &Value) -> Vec<(&'static Field, String)> {
        let is_in = |slot: &Slot| slot.container.as_deref() == Some(container);
        let recorded = self.owned.iter().filter(|(_, owned)| owned.is_stored).map(|(place, _)| place);
        let desires = self.desires();
        let wanted = desires.iter().map(|it| &it.place).filter(|place| self.owned.contains_key(place));
        let all = recorded.chain(&self.others).chain(wanted);
        let places: BTreeSet<_> = all.filter(|(slot, _)| is_in(slot)).cloned().collect();
        let own = without(ours, &[], self.input.scope);
        let has = |(slot, key): &Place| {
            let stripped = without(&own, &[(slot.field, key.clone())], self.input.scope);
            stripped != own
        };
        places.into_iter().filter(|place| !has(place)).map(|(slot, key)| (slot.field, key)).collect()
    }

    /// The value without what others have put into it.
    fn own_part(&self, place: &Place, value: &Value, ours: &Value) -> Value {
        if !is_container(&place.0) {
            return value.clone();
        }
        without(value, &self.put_by_others(&place.1, ours), self.input.scope)
    }

    /// What replaces `value`: ours, around what others have put into it.
    fn around(&self, place: &Place, value: &Value, ours: &Value) -> Value {
        if !is_container(&place.0) {
            return ours.clone();
        }
        let mut document = Document::new(&json!({}), self.input.scope);
        let list = Slot { field: fields().find(|it| it.place == "sidecars").expect("a field"), container: None };
        let mut source = document.clone();
        document.set_list(&list, vec![ours.clone()]);
        source.set_list(&list, vec![value.clone()]);
        let others = self.put_by_others(&place.1, ours);
        // In the order in which they stand there.
        for field in fields() {
            let slot = Slot { field, container: Some(place.1.clone()) };
            let is_one = |key: &str| others.iter().any(|(of, other)| *of == field && other == key);
            let keys: Vec<String> = match field.merge {
                How::ListMap(_) | How::ListSet => {
                    source.list(&slot).unwrap_or_default().iter().filter_map(|it| field.key_of(it)).collect()
                }
                _ => others.iter().filter(|(of, _)| *of == field).map(|(_, key)| key.clone()).collect(),
            };
            for key in keys.iter().filter(|key| is_one(key)) {
                if let Ok(Some(found)) = source.get(&slot, key) {
                    put_entry(&mut document, &slot, key, found);
                }
            }
        }
        document.spec()["containers"][0].clone()
    }

    /// Whether a value that nobody wrote stands there: the server fills it in (contract, "Already present", the last item).
    fn is_of_the_server(&self, place: &Place, value: &Value) -> bool {
        let (slot, key) = place;
        let is_pod = self.input.scope != Scope::Notebook;
        match (slot.field.place, key.as_str()) {
            ("spec", "serviceAccountName") => value == "default" || value == "",
            ("spec", "schedulerName") => value == "default-scheduler" || value == "",
            ("spec", "priorityClassName") => value == "",
            ("spec", "dnsPolicy") => value == "ClusterFirst",
            ("spec", "enableServiceLinks") => value == true,
            ("spec", "terminationGracePeriodSeconds") => value.as_f64() == Some(30.0),
            ("requests", _) if is_pod => {
                let limits = fields().find(|it| it.place == "limits").expect("a field");
                let limit = self.original(&(Slot { field: limits, container: slot.container.clone() }, key.clone()));
                limit.is_some_and(|limit| is_equal(slot.field.type_of(key), &limit, value))
            }
            ("container", "imagePullPolicy") if is_pod => {
                let container = slot.container.as_deref().and_then(|name| self.document.container(name));
                let image = container.and_then(|at| self.document.object.pointer(&format!("{at}/image")).cloned());
                value == pull_policy(image.unwrap_or_default().as_str().unwrap_or_default())
            }
            _ => false,
        }
    }

    /// The value as it stands in the object that came.
    fn original(&self, (slot, key): &Place) -> Option<Value> {
        Document::new(self.input.base, self.input.scope).get(slot, key).ok().flatten()
    }

    fn run(&mut self) -> Result<(), Malformed> {
        let held = self.hold()?;
        // Containers first, since others go into them.
        let (containers, others): (Vec<_>, Vec<_>) =
            self.desires().into_iter().partition(|it| is_container(&it.place.0));
        let of_containers = |is_wanted: bool| -> BTreeMap<Place, (String, Option<Value>)> {
            let some = held.iter().filter(|(place, _)| is_container(&place.0) == is_wanted);
            some.map(|(place, value)| (place.clone(), value.clone())).collect()
        };
        let fates = self.fates(&containers, &held)?;
        self.apply(&containers, &fates, &of_containers(true), true)?;
        let mut fates = self.fates(&others, &held)?;
        self.leave_out_volumes(&others, &mut fates)?;
        self.leave_twins_out(&others, &mut fates)?;
        self.apply(&others, &fates, &of_containers(false), false)?;
        self.warn(&others, &fates);
        self.done.object = self.document.object.clone();
        self.done.parts.retain(|_, part| !part.added.is_empty());
        Ok(())
    }

    fn fates(
        &mut self,
        desires: &[Desire<'a>],
        held: &BTreeMap<Place, (String, Option<Value>)>,
    ) -> Result<Vec<Option<Fate>>, Malformed> {
        let all = self.desires();
        desires.iter().map(|desire| self.fate(desire, &all, held)).collect()
    }

    /// What is left as it is stored: lacking entries are put back, and what the client writes over one goes by `onConflict`
    /// (contract, "Running notebooks"). Returns those entries, each with whose it is and the value to be put back.
    fn hold(&mut self) -> Result<BTreeMap<Place, (String, Option<Value>)>, Malformed> {
        let mut held = BTreeMap::new();
        for name in self.held.clone() {
            let dependency = self.input.wanted.iter().find(|it| it.name == name);
            let keeps = dependency.is_none_or(|it| it.on_conflict == "Keep");
            let owned: Vec<_> = self
                .owned
                .iter()
                .filter(|(_, it)| it.dependency == name)
                .map(|(a, b)| (a.clone(), b.clone()))
                .collect();
            for (place, owned) in owned {
                let found = self.document.get(&place.0, &place.1)?;
                if !owned.is_stored {
                    // In a copy it counts only for what the dependency wants.
                    let is_wanted = dependency
                        .is_some_and(|it| it.additions.iter().any(|it| it.field == place.0.field && it.key == place.1));
                    if is_wanted && (found.is_some() || self.input.old.is_none()) {
                        self.record(&name, &place, owned.is_overridden);
                        held.insert(place, (name.clone(), None));
                    } else if self.input.old.is_none() {
                        self.owned.remove(&place);
                    }
                    continue;
                }
                let Some(was) = owned.was.clone() else {
                    self.keep(&name, &owned, &place);
                    held.insert(place, (name.clone(), None));
                    continue;
                };
                let of = place.0.field.type_of(&place.1);
                let own_was = self.own_part(&place, &was, &was);
                let is_same = found.as_ref().is_some_and(|it| is_equal(of, &self.own_part(&place, it, &was), &own_was));
                let put_back = match &found {
                    Some(_) if is_same => None,
                    Some(found) if keeps && !place.0.field.is_volume_or_container() => {
                        let is_default = self.is_of_the_server(&place, found);
                        if is_default {
                            Some(was.clone())
                        } else {
                            self.done.warnings.insert(Warning::YoursNow);
                            self.done.users_change |= place.0.field.level != Level::Metadata;
                            self.owned.remove(&place);
                            continue;
                        }
                    }
                    Some(found) => {
                        if !self.is_of_the_server(&place, found) {
                            self.done.warnings.insert(Warning::PutBack);
                        }
                        Some(self.around(&place, found, &own_was))
                    }
                    None => Some(was.clone()),
                };
                self.keep(&name, &owned, &place);
                held.insert(place, (name.clone(), put_back));
            }
            if let Some(part) = self.input.stored.parts.get(&name).or_else(|| self.input.claims.parts.get(&name)) {
                let hash = part.hash.clone();
                // What was recorded for a container that is gone stays recorded so.
                let here: Vec<_> = part.entries();
                let entry = self.done.parts.entry(name.clone()).or_default();
                entry.hash = hash;
                for (field, container, key, is_overridden) in here {
                    let is_there =
                        |it: &String| self.containers.names.contains(it) || self.containers.init_names.contains(it);
                    let has_no_main = || self.containers.main(self.input.scope, self.input.base).is_empty();
                    let is_gone = field.level == Level::Container
                        && container.as_ref().map_or_else(has_no_main, |it| !is_there(it));
                    let is_wanted = || {
                        let additions = dependency.iter().flat_map(|it| &it.additions);
                        additions.into_iter().any(|it| it.field == field && it.key == key)
                    };
                    if is_gone && (self.input.stored.parts.contains_key(&name) || is_wanted()) {
                        let place = container.map_or(field.place.to_owned(), |it| format!("{}/{it}", field.place));
                        entry.add(&place, &key, is_overridden);
                    }
                }
            }
        }
        Ok(held)
    }

    /// Keeps an entry in the record as it was.
    fn keep(&mut self, name: &str, owned: &Owned, place: &Place) {
        self.done.parts.entry(name.to_owned()).or_default().add(&owned.place, &place.1, owned.is_overridden);
    }

    /// Whether the record says that the additions are as they were.
    fn is_unchanged(&self, dependency: &Dependency, owned: &Owned) -> bool {
        let record = if owned.is_stored { self.input.stored } else { self.input.claims };
        let part = record.parts.get(&owned.dependency);
        if record.is_of_0_1_0 {
            return owned.dependency == dependency.name;
        }
        owned.dependency == dependency.name && part.is_some_and(|part| part.hash == (self.input.hash)(dependency))
    }

    /// What becomes of a desired entry; `None` where its dependency is in conflict or waits behind another one.
    fn fate(
        &mut self,
        desire: &Desire<'a>,
        desires: &[Desire<'a>],
        held: &BTreeMap<Place, (String, Option<Value>)>,
    ) -> Result<Option<Fate>, Malformed> {
        let Desire { dependency, place, addition, .. } = desire;
        let (slot, key) = place;
        let of = slot.field.type_of(key);
        let ours = &addition.value;
        let contains_ours = |it: &Value| contains(of, &self.own_part(place, it, ours), ours);
        // If the key is there more than once, one that does not contain ours is a conflict.
        let all = self.document.all(slot, key)?;
        let found = all.iter().find(|it| !contains_ours(it)).or_else(|| all.first()).cloned();
        let is_ours = |it: &Value| is_equal(of, &self.own_part(place, it, ours), ours);
        if let Some((owner, put_back)) = held.get(place) {
            let value = put_back.as_ref().or(found.as_ref());
            if !value.is_some_and(contains_ours) {
                self.done.behind.insert(dependency.name.clone(), owner.clone());
            }
            return Ok(Some(Fate::Users));
        }
        let keeps = dependency.on_conflict == "Keep";
        let may_keep = keeps && !slot.field.is_volume_or_container();
        let owned = self.owned.get(place).cloned();
        if owned.is_none() && found.as_ref().is_some_and(contains_ours) {
            return Ok(Some(Fate::Users));
        }
        if is_excluded(&self.document, place, ours, &|place| self.is_users(place, desires)) {
            return Ok(self.conflict(desire, keeps));
        }
        let Some(value) = found else {
            if self.has_other_kind(place) {
                return Ok(self.conflict(desire, false));
            }
            return Ok(Some(Fate::Ours {
                write: Some(ours.clone()),
                is_overridden: owned.is_some_and(|it| it.is_overridden),
            }));
        };
        if let Some(owned) = owned {
            let is_unchanged = self.is_unchanged(dependency, &owned);
            let is_over = owned.was.as_ref().is_some_and(|was| {
                !is_equal(of, &self.own_part(place, was, ours), &self.own_part(place, &value, ours))
            }) && !is_ours(&value)
                && !self.is_of_the_server(place, &value);
            let stays = is_ours(&value) || is_unchanged && contains_ours(&value);
            let is_overridden = owned.is_overridden;
            if is_over && may_keep {
                if !owned.is_overridden {
                    self.done.users_change |= slot.field.level != Level::Metadata;
                }
                self.done.warnings.insert(Warning::YoursNow);
                return Ok(Some(Fate::Users));
            }
            if stays || is_over && contains_ours(&value) {
                return Ok(Some(Fate::Ours { write: None, is_overridden }));
            }
            if is_over {
                self.done.warnings.insert(Warning::PutBack);
            }
            let is_pruned = self.input.is_frozen && is_unchanged && slot.field.level != Level::Metadata;
            let write = (!is_pruned).then(|| self.around(place, &value, ours));
            return Ok(Some(Fate::Ours { write, is_overridden }));
        }
        if self.is_of_the_server(place, &value) {
            return Ok(Some(Fate::Ours { write: Some(ours.clone()), is_overridden: false }));
        }
        if self.comes_from_the_notebook(place) {
            self.done.left_out.insert(dependency.name.clone());
            return Ok(Some(Fate::Users));
        }
        match dependency.on_conflict.as_str() {
            "Keep" if may_keep => Ok(self.conflict(desire, true)),
            "Override" => {
                self.done.warnings.insert(Warning::Replaced);
                Ok(Some(Fate::Ours { write: Some(self.around(place, &value, ours)), is_overridden: true }))
            }
            _ => Ok(self.conflict(desire, false)),
        }
    }

    fn conflict(&mut self, desire: &Desire<'_>, is_kept: bool) -> Option<Fate> {
        if is_kept {
            self.done.warnings.insert(Warning::Stays);
            Some(Fate::Kept)
        } else {
            self.done.conflicts.insert(desire.dependency.name.clone());
            None
        }
    }

    /// Whether what stands there will be the user's in the end.
    fn is_users(&self, place: &Place, desires: &[Desire<'_>]) -> bool {
        let is_ours = self.owned.get(place).is_some_and(|it| it.is_stored);
        let desired = desires.iter().find(|it| it.place == *place);
        let is_replaced = desired.is_some_and(|it| {
            let value = self.document.get(&place.0, &place.1).ok().flatten();
            let of = place.0.field.type_of(&place.1);
            it.dependency.on_conflict == "Override"
                || value.is_none_or(|value| {
                    is_equal(of, &value, &it.addition.value)
                        || self.is_of_the_server(place, &value)
                        || self.owned.contains_key(place)
                })
        });
        let value = self.document.get(&place.0, &place.1).ok().flatten();
        !is_ours && !is_replaced && !value.is_some_and(|value| self.is_of_the_server(place, &value))
    }

    /// Whether a container of the user's of the other kind has the name (contract, "Conflicts": a name is unique in a pod).
    fn has_other_kind(&self, (slot, key): &Place) -> bool {
        let other = match slot.field.place {
            "sidecars" => "initContainers",
            "initContainers" => "sidecars",
            _ => return false,
        };
        let field = fields().find(|it| it.place == other).expect("a field");
        let place = (Slot { field, container: None }, key.clone());
        let is_removed = self.owned.get(&place).is_some_and(|it| it.is_stored && !self.held.contains(&it.dependency));
        !is_removed && self.document.get(&place.0, &place.1).ok().flatten().is_some()
    }

    /// Whether it is on the pod of a StatefulSet and its Notebook's record names it (contract, "Record").
    fn comes_from_the_notebook(&self, place: &Place) -> bool {
        let owners = self.input.base["metadata"]["ownerReferences"].as_array();
        let is_set = |owner: &Value| {
            owner["kind"] == "StatefulSet"
                && owner["controller"] == true
                && owner["apiVersion"].as_str().is_some_and(|it| it.starts_with("apps/"))
        };
        if self.input.scope == Scope::Notebook || !owners.is_some_and(|it| it.iter().any(is_set)) {
            return false;
        }
        let main = self.main_of(self.input.base);
        let of_notebook = self.input.claims.others.get("Notebook").and_then(Value::as_object);
        of_notebook.into_iter().flatten().any(|(_, part)| {
            let record = json!({"added": part["added"], "hash": ""});
            let text = json!({"metadata": {"annotations": {"a": json!({"n": record}).to_string()}}});
            let parts = Record::of(&text, "a", "Pod").parts;
            parts.values().flat_map(Part::entries).any(|(field, container, key, _)| {
                let container = container.or_else(|| main.clone()).filter(|_| field.level == Level::Container);
                (Slot { field, container }, key) == *place
            })
        })
    }

    /// A volume of ours is left out if `Keep` left out a mount of it and nothing mounts it any more, or only a volume of the
    /// user's has that name (contract, "Conflicts").
    fn leave_out_volumes(&mut self, desires: &[Desire<'a>], fates: &mut [Option<Fate>]) -> Result<(), Malformed> {
        let volume_of = |at: usize| desires[at].addition.value["name"].as_str().unwrap_or_default();
        for at in 0..desires.len() {
            let desire = &desires[at];
            if desire.addition.field.place != "volumes" {
                continue;
            }
            let volume = desire.addition.key.as_str();
            let mounts: Vec<_> = (0..desires.len())
                .filter(|at| desires[*at].addition.field.place == "volumeMounts" && volume_of(*at) == volume)
                .collect();
            let is_kept = |at: &&usize| {
                fates[**at] == Some(Fate::Kept) && desires[**at].dependency.name == desire.dependency.name
            };
            let is_ours = |at: &usize| matches!(fates[*at], Some(Fate::Ours { .. }));
            if mounts.iter().find(is_kept).is_none() || mounts.iter().any(is_ours) {
                continue;
            }
            let place = &desire.place;
            let is_owned = self.owned.contains_key(place);
            let users = self.document.get(&place.0, &place.1)?.filter(|_| !is_owned);
            let is_mounted = self.is_mounted(volume, &|place| {
                self.owned.get(place).is_some_and(|it| it.is_stored) && !desires.iter().any(|it| it.place == *place)
            });
            if users.is_some() || !is_mounted {
                if fates[at].is_none() {
                    let name = &desire.dependency.name;
                    let has_other = desires
                        .iter()
                        .zip(fates.iter())
                        .enumerate()
                        .any(|(other, (it, fate))| other != at && it.dependency.name == *name && fate.is_none());
                    if !has_other {
                        self.done.conflicts.remove(name);
                    }
                }
                if matches!(fates[at], Some(Fate::Ours { is_overridden: true, .. })) {
                    self.done.warnings.remove(&Warning::Replaced);
                }
                fates[at] = Some(Fate::Kept);
            }
        }
        Ok(())
    }

    /// Whether a container mounts the volume, but for mounts that are `gone`.
    fn is_mounted(&self, volume: &str, gone: &dyn Fn(&Place) -> bool) -> bool {
        let mounts = fields().find(|it| it.place == "volumeMounts").expect("a field");
        ["containers", "initContainers"].iter().any(|list| {
            self.document.spec()[*list].as_array().into_iter().flatten().any(|container| {
                let name = Some(container["name"].as_str().unwrap_or_default().to_owned());
                let is_device =
                    container["volumeDevices"].as_array().into_iter().flatten().any(|it| it["name"] == volume);
                is_device
                    || container["volumeMounts"].as_array().into_iter().flatten().any(|mount| {
                        let key = mount["mountPath"].as_str().map(clean_path).unwrap_or_default();
                        mount["name"] == volume && !gone(&(Slot { field: mounts, container: name.clone() }, key))
                    })
            })
        })
    }

    /// Under `Keep`, a variable of `proxy` counts as the same in upper and lower case (contract, "Conflicts").
    fn leave_twins_out(&mut self, desires: &[Desire<'a>], fates: &mut [Option<Fate>]) -> Result<(), Malformed> {
        for at in 0..desires.len() {
            let desire = &desires[at];
            if !desire.addition.is_of_proxy || desire.dependency.on_conflict != "Keep" {
                continue;
            }
            let key = &desire.place.1;
            let twin = if key.chars().any(char::is_lowercase) { key.to_uppercase() } else { key.to_lowercase() };
            let twin = (desire.place.0.clone(), twin);
            let twin_value = self.document.get(&twin.0, &twin.1)?;
            let has_twin = twin_value.is_some();
            let is_same = twin_value.is_some_and(|it| it["value"] == desire.addition.value["value"]);
            let is_users = match desires.iter().position(|it| it.place == twin) {
                Some(other) => matches!(fates[other], Some(Fate::Users)),
                None => !self.owned.contains_key(&twin),
            } || desires
                .iter()
                .position(|it| it.place == twin)
                .is_some_and(|other| matches!(fates[other], Some(Fate::Kept)) && !self.owned.contains_key(&twin));
            if has_twin && is_users && matches!(fates[at], Some(Fate::Ours { .. })) {
                if !is_same && !self.owned.contains_key(&desire.place) {
                    self.done.warnings.insert(Warning::Stays);
                }
                fates[at] = Some(Fate::Kept);
            }
        }
        Ok(())
    }

    fn record(&mut self, name: &str, (slot, key): &Place, is_overridden: bool) {
        let main = self.containers.main(self.input.scope, self.input.base);
        let place = match &slot.container {
            Some(container) if main.len() != 1 || main[0] != *container => format!("{}/{container}", slot.field.place),
            _ => slot.field.place.to_owned(),
        };
        self.done.parts.entry(name.to_owned()).or_default().add(&place, key, is_overridden);
    }

    fn changed(&mut self, name: &str, slot: &Slot) {
        let set = if slot.field.level == Level::Metadata {
            &mut self.done.changed_metadata
        } else {
            &mut self.done.changed_template
        };
        set.insert(name.to_owned());
    }

    /// What is removed: entries that the settings no longer want (contract, "Record").
    fn removals(
        &mut self,
        desires: &[Desire<'a>],
        fates: &[Option<Fate>],
        of_containers: bool,
    ) -> Result<Vec<(Place, Owned)>, Malformed> {
        let mut removed = Vec::new();
        for (place, owned) in self.owned.clone() {
            if is_container(&place.0) != of_containers {
                continue;
            }
            let desired = desires.iter().position(|it| it.place == place);
            if !owned.is_stored || self.held.contains(&owned.dependency) {
                continue;
            }
            let is_kept = desired.is_some_and(|at| fates[at] == Some(Fate::Kept));
            if desired.is_some() && !is_kept {
                continue;
            }
            let Some(found) = self.document.get(&place.0, &place.1)? else { continue };
            let of = place.0.field.type_of(&place.1);
            let is_over = owned.was.as_ref().is_some_and(|was| {
                !is_equal(of, &self.own_part(&place, was, was), &self.own_part(&place, &found, was))
            });
            // What the server fills in again was gone already.
            if is_over && self.is_of_the_server(&place, &found) {
                continue;
            }
            if is_over && !place.0.field.is_volume_or_container() {
                if !is_kept {
                    self.done.warnings.insert(Warning::YoursNow);
                    self.done.users_change |= !owned.is_overridden && place.0.field.level != Level::Metadata;
                }
                continue;
            }
            removed.push((place, owned));
        }
        Ok(removed)
    }

    /// Writes all of it, list by list.
    fn apply(
        &mut self,
        desires: &[Desire<'a>],
        fates: &[Option<Fate>],
        held: &BTreeMap<Place, (String, Option<Value>)>,
        of_containers: bool,
    ) -> Result<(), Malformed> {
        let mut removed = self.removals(desires, fates, of_containers)?;
        // A volume that the user still mounts is not removed.
        let gone: BTreeSet<Place> = removed.iter().map(|(place, _)| place.clone()).collect();
        let is_gone = |place: &Place| {
            let is_ours = desires
                .iter()
                .zip(fates)
                .any(|(it, fate)| it.place == *place && matches!(fate, Some(Fate::Ours { .. })));
            gone.contains(place) || is_ours
        };
        let mut stays = Vec::new();
        for (place, owned) in &removed {
            if place.0.field.place == "volumes" && self.is_mounted(&place.1, &is_gone) {
                stays.push(place.clone());
                self.done.warnings.insert(Warning::StillMounted);
                let (name, is_overridden) = (owned.dependency.clone(), owned.is_overridden);
                self.record(&name, place, is_overridden);
                let hash = self.input.stored.parts.get(&name).map(|it| it.hash.clone()).unwrap_or_default();
                self.done.parts.entry(name).or_default().hash = hash;
            }
        }
        removed.retain(|(place, _)| !stays.contains(place));
        for (place, owned) in &removed {
            self.changed(&owned.dependency, &place.0);
            if owned.is_overridden {
                self.done.warnings.insert(Warning::NotRestored);
            }
        }
        let mut slots: BTreeSet<(Level, Slot)> = BTreeSet::new();
        slots.extend(desires.iter().map(|it| (it.place.0.field.level, it.place.0.clone())));
        slots.extend(removed.iter().map(|(place, _)| (place.0.field.level, place.0.clone())));
        slots.extend(held.keys().map(|place| (place.0.field.level, place.0.clone())));
        for (_, slot) in slots {
            let is_list = matches!(slot.field.merge, How::ListMap(_) | How::ListSet);
            if is_list {
                self.apply_list(&slot, desires, fates, held, &removed)?;
                continue;
            }
            for (place, _) in removed.iter().filter(|(place, _)| place.0 == slot) {
                self.document.remove(&slot, &place.1);
            }
            for (place, (_, put_back)) in held.iter().filter(|(place, _)| place.0 == slot) {
                if let Some(value) = put_back {
                    self.document.set(&slot, &place.1, value.clone());
                }
            }
            for (desire, fate) in desires.iter().zip(fates).filter(|(it, _)| it.place.0 == slot) {
                if let Some(Fate::Ours { write: Some(value), .. }) = fate {
                    self.follow(&desire.place);
                    self.document.set(&slot, &desire.place.1, value.clone());
                    self.changed(&desire.dependency.name, &slot);
                }
            }
        }
        for (desire, fate) in desires.iter().zip(fates) {
            if let Some(Fate::Ours { is_overridden, .. }) = fate {
                let name = &desire.dependency.name;
                self.record(name, &desire.place, *is_overridden);
                self.done.parts.entry(name.clone()).or_default().hash = (self.input.hash)(desire.dependency);
            }
        }
        Ok(())
    }

    /// A request that the server filled in for a limit follows the limit (contract, "Conflicts").
    fn follow(&mut self, (slot, key): &Place) {
        if slot.field.place != "limits" {
            return;
        }
        let requests = fields().find(|it| it.place == "requests").expect("a field");
        let place = (Slot { field: requests, container: slot.container.clone() }, key.clone());
        if let Ok(Some(request)) = self.document.get(&place.0, &place.1)
            && self.is_of_the_server(&place, &request)
            && !self.owned.contains_key(&place)
        {
            self.document.remove_alone(&place.0, &place.1);
        }
    }

    fn apply_list(
        &mut self,
        slot: &Slot,
        desires: &[Desire<'a>],
        fates: &[Option<Fate>],
        held: &BTreeMap<Place, (String, Option<Value>)>,
        removed: &[(Place, Owned)],
    ) -> Result<(), Malformed> {
        let before = self.document.list(slot)?;
        let mut done: BTreeSet<String> = BTreeSet::new();
        let mut cells = Vec::new();
        for entry in &before {
            let Some(key) = slot.field.key_of(entry) else {
                cells.push(Cell::Users(entry.clone()));
                continue;
            };
            let place = (slot.clone(), key.clone());
            let ours = desires
                .iter()
                .zip(fates)
                .find(|(it, fate)| it.place == place && matches!(fate, Some(Fate::Ours { .. })));
            if removed.iter().any(|(it, _)| *it == place) {
                cells.push(Cell::Hole);
            } else if let Some((desire, Some(Fate::Ours { write, .. }))) = ours {
                // Where the key is there more than once, the others go.
                if done.insert(key) {
                    cells.push(Cell::Ours(desire.rank, write.clone().unwrap_or_else(|| entry.clone())));
                } else if write.is_none() {
                    cells.push(Cell::Users(entry.clone()));
                }
            } else if let Some((_, put_back)) = held.get(&place) {
                done.insert(key);
                // What waits keeps its place, and is no neighbour of others.
                cells.push(Cell::Users(put_back.clone().unwrap_or_else(|| entry.clone())));
            } else {
                cells.push(Cell::Users(entry.clone()));
            }
        }
        let mut further = Vec::new();
        for (desire, fate) in desires.iter().zip(fates).filter(|(it, _)| it.place.0 == *slot) {
            if let Some(Fate::Ours { write: Some(value), .. }) = fate {
                self.changed(&desire.dependency.name, slot);
                if !done.contains(&desire.place.1) {
                    further.push((desire.rank, value.clone()));
                }
            }
        }
        // Where ours are in a different order, they fill the places that they have, new ones among them.
        for group in [false, true] {
            let here: Vec<Rank> = cells.iter().filter_map(|cell| rank_of(cell, group)).collect();
            let mut in_order: Vec<Rank> = here.clone();
            in_order.extend(further.iter().map(|(rank, _)| *rank).filter(|rank| rank.0 == group));
            in_order.sort();
            if here.is_sorted() {
                continue;
            }
            for (at, rank) in here.iter().enumerate() {
                if in_order.get(at) != Some(rank)
                    && let Some(dependency) = self.input.wanted.get(rank.1)
                {
                    self.changed(&dependency.name, slot);
                }
            }
        }
        let mut after = arranged(cells, further, slot.field.place == "initContainers");
        // What is put back of those that wait goes behind all, as it is stored.
        let old = self.input.old.map(|old| Document::new(old, self.input.scope).list(slot).unwrap_or_default());
        for entry in old.iter().flatten() {
            let key = slot.field.key_of(entry).unwrap_or_default();
            if let Some((_, Some(value))) = held.get(&(slot.clone(), key.clone()))
                && done.insert(key)
            {
                after.push(value.clone());
            }
        }
        if after != before {
            self.document.set_list(slot, after);
        }
        Ok(())
    }

    /// What whoever writes the template is warned about (contract, "Conflicts", the last item).
    fn warn(&mut self, desires: &[Desire<'a>], fates: &[Option<Fate>]) {
        let original = Document::new(self.input.base, self.input.scope);
        for (desire, fate) in desires.iter().zip(fates) {
            let Some(Fate::Ours { write: Some(_), .. }) = fate else { continue };
            let (slot, key) = &desire.place;
            self.done.brings_security_context |= slot.field.place == "securityContext";
            if slot.field.place == "volumeMounts" && !desire.addition.value["subPath"].is_null() {
                let users = original.list(slot).unwrap_or_default();
                let is_above = |mount: &Value| {
                    let path = clean_path(mount["mountPath"].as_str().unwrap_or_default());
                    let place = (slot.clone(), path.clone());
                    !self.owned.contains_key(&place) && key.starts_with(&format!("{path}/"))
                };
                if users.iter().any(is_above) {
                    self.done.warnings.insert(Warning::BelowDirectory);
                }
            }
        }
    }
}

/// The rank of an entry of ours of this group.
fn rank_of(cell: &Cell, group: bool) -> Option<Rank> {
    match cell {
        Cell::Ours(rank, _) if rank.0 == group => Some(*rank),
        _ => None,
    }
}

/// The names of all containers.
fn all_names(document: &Document) -> Vec<String> {
    let of = |list: &str| names(document.spec(), list).unwrap_or_default();
    [of("containers"), of("initContainers")].concat()
}

/// Whether it is a list of containers.
fn is_container(slot: &Slot) -> bool {
    matches!(slot.field.place, "sidecars" | "initContainers")
}

/// The pull policy that the server writes for an image.
fn pull_policy(image: &str) -> &'static str {
    let (image, has_digest) = image.split_once('@').map_or((image, false), |(image, _)| (image, true));
    let last = image.rsplit('/').next().unwrap_or_default();
    match last.split_once(':') {
        Some((_, "latest")) => "Always",
        Some(_) => "IfNotPresent",
        None if has_digest => "IfNotPresent",
        None => "Always",
    }
}

/// The names of the dependencies that a record or annotation lists.
pub fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The object with the entries of these records set aside, for the question whether the user changed the template (contract,
/// "Running notebooks").
pub fn set_aside(object: &Value, scope: Scope, records: &[&Record], main_before: Option<&str>) -> Value {
    let mut document = Document::new(object, scope);
    let names = all_names(&document);
    let mut ours = BTreeSet::new();
    for part in records.iter().flat_map(|record| record.parts.values()) {
        ours.extend(part.added.get("sidecars").into_iter().flatten().cloned());
    }
    let containers =
        Containers { names: names_of(&document), init_names: Vec::new(), ours, of_policies: BTreeSet::new() };
    let main = main_before.filter(|it| names.iter().any(|name| name == it)).map(str::to_owned);
    let main = main.or_else(|| containers.main(scope, object).first().cloned());
    let mut whole = Vec::new();
    for (field, container, key, _) in records.iter().flat_map(|it| it.parts.values()).flat_map(Part::entries) {
        let container = container.or_else(|| main.clone()).filter(|_| field.level == Level::Container);
        let slot = Slot { field, container };
        if matches!(field.place, "sidecars" | "initContainers") {
            whole.push((slot, key));
        } else {
            remove_entry(&mut document, &slot, &key);
        }
    }
    for (slot, key) in whole {
        remove_entry(&mut document, &slot, &key);
    }
    document.object
}

fn names_of(document: &Document) -> Vec<String> {
    names(document.spec(), "containers").unwrap_or_default()
}

/// The main container of an object by name, if there is just one.
pub fn main_of(object: &Value, scope: Scope, records: &[&Record]) -> Option<String> {
    let document = Document::new(object, scope);
    let mut containers = Containers { names: names_of(&document), ..Containers::default() };
    for part in records.iter().flat_map(|record| record.parts.values()) {
        containers.ours.extend(part.added.get("sidecars").into_iter().flatten().cloned());
    }
    match &containers.chosen(&Choice::Main, scope, object)[..] {
        [name] => Some(name.clone()),
        _ => None,
    }
}
