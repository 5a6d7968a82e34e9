//! Whether an object has all that its record says, so that no merge is needed to tell (contract, "Cost": settled).

use std::borrow::Cow;
use std::slice;

use super::excluded::{excluded, excluded_by_amount};
use super::known::split_place;
use super::opened_container;
use super::place::{Desired, Positions, entries_of};
use super::record::Record;
use crate::json::{ByName, Node, Object, is_same_text};
use crate::settings::fields::{Field, MergeStrategy, SIDECARS, Target};
use crate::settings::{Addition, Dependency};
use crate::workload::{self, Apart, CONTAINER_LISTS, Containers, Kind, METADATA, container_name};

/// Whether all that `plan` brings, and nothing else of these settings, is what `record` says that an object has, is there
/// once and in order, and the labels and annotations are those of `plan`: then nothing can be due. `foreign` are the
/// records of policies under other domains, and `is_ours` says which dependencies these settings know.
///
/// Where the template may change (`may_change`), what is there must also contain what `plan` brings. Where the answer is
/// no, the merge finds out more.
pub fn is_in_place(
    object: &Node<'_>,
    kind: Kind,
    record: &Record<'_>,
    foreign: &[Record<'_>],
    plan: &[Dependency<'_>],
    is_ours: &dyn Fn(&str) -> bool,
    may_change: bool,
) -> bool {
    let (mut count, mut sidecars, mut foreign_containers) = (0, ByName::default(), ByName::default());
    for (at, record) in slice::from_ref(record).iter().chain(foreign).enumerate() {
        for (name, part) in record.parts() {
            let is_ours = at == 0 && is_ours(name);
            count += usize::from(is_ours);
            let of_this_kind = if is_ours { &mut sidecars } else { &mut foreign_containers };
            of_this_kind.extend(part.added.get(SIDECARS).into_iter().flatten().map(|name| &**name));
        }
    }
    let spec = workload::pod_spec(object, kind).and_then(Node::as_object);
    let metadata = METADATA.get(object).ok().flatten().and_then(Node::as_object);
    let mut containers = ByName::default();
    for list in CONTAINER_LISTS {
        let list = spec.and_then(|spec| spec.get(list)).and_then(Node::as_list);
        for container in list.map_or(&[][..], |list| list.items()) {
            if !containers.insert(container_name(container), container) {
                return false;
            }
        }
    }
    let names = workload::container_names(object, kind).unwrap_or_default();
    let Some(places) = recorded(record, plan, names.len() == 1) else { return false };
    let apart =
        Apart { is_ours: &|name| sidecars.contains(name), is_foreign: &|name| foreign_containers.contains(name) };
    let main = workload::main_container(kind, object, &names, &apart);
    let is_there = |(place, desired): (&str, &Vec<Desired<'_>>)| {
        let Some(field) = field_at(place) else { return false };
        let parent = match field.target {
            Target::Metadata => metadata.map(Cow::Borrowed),
            Target::PodSpec => spec.map(Cow::Borrowed),
            Target::Containers => {
                let name = split_place(place).1.or(main.map(|main| &**main));
                name.and_then(|name| opened_container(containers.get(name)?))
            }
        };
        parent.is_some_and(|parent| has(&parent, field, desired, may_change))
    };
    count == plan.len() && places.iter().all(is_there)
}

/// What `plan` brings, by the place where it is recorded; `None` where anything else is recorded, or anything of it is not.
fn recorded<'r>(
    record: &'r Record<'_>,
    plan: &'r [Dependency<'r>],
    is_one_container: bool,
) -> Option<ByName<'r, Vec<Desired<'r>>>> {
    let mut places: ByName<'_, Vec<Desired<'_>>> = ByName::default();
    for dependency in plan {
        let part = record.part(dependency.name).filter(|part| part.hash == dependency.hash && !part.is_of_0_1_0)?;
        let mut count = 0;
        for (place, keys) in part.added.iter() {
            let field = field_at(place)?;
            let of_place = places.entry(place)?;
            let mut additions = dependency.additions.iter().filter(|it| it.field.has_place_of(field));
            for key in keys {
                let addition = additions.find(|it| is_same_text(&it.key, key))?;
                of_place.push(Desired { dependency, addition });
                count += 1;
            }
        }
        // What goes into several containers may be due in one of them.
        let is_of_one = match dependency.containers {
            Containers::Main => true,
            Containers::All => is_one_container,
            Containers::Named(_) => !dependency.needs_container(),
        };
        if count != dependency.additions.len() || !is_of_one {
            return None;
        }
    }
    Some(places)
}

/// The field of the entries at `place`, as a record names it.
fn field_at(place: &str) -> Option<&'static Field> {
    Field::at(split_place(place).0)
}

/// Whether the place that `field` has in `parent`, which is no init container, has what is desired, in order and once, and
/// beside it nothing that excludes it.
fn has(parent: &Object<'_>, field: &'static Field, desired: &[Desired<'_>], may_change: bool) -> bool {
    let has = |addition: &Addition<'_>, theirs: &str| {
        let (field, key) = (addition.field, &*addition.key);
        let is_as_desired = match field.target {
            Target::Metadata => field.is_equal(key, theirs, addition.value),
            _ => !may_change || field.contains(key, theirs, addition.value),
        };
        is_as_desired && !field.is_absent(key, theirs)
    };
    if matches!(field.strategy, MergeStrategy::Granular | MergeStrategy::Atomic) {
        let entries = entries_of(parent, field);
        let is_there = |desired: &Desired<'_>| {
            entries.get(&desired.addition.key).is_some_and(|theirs| has(desired.addition, theirs.value))
        };
        let excluded = if field.within.is_some() {
            let other = Field::named(if field.name == "limits" { "requests" } else { "limits" });
            let amounts = other.map(|other| entries_of(parent, other)).unwrap_or_default();
            excluded_by_amount(field, desired, &|key| amounts.get(key).map(|amount| amount.value))
        } else {
            let ours = ByName::set(desired.iter().map(|desired| &*desired.addition.key));
            let member = |key: &str| match field.strategy {
                MergeStrategy::Atomic => parent.get(key).map(Node::text),
                _ => entries.get(key).map(|theirs| theirs.value),
            };
            excluded(field, false, desired, &|key| member(key).filter(|_| !ours.contains(key)).map(Cow::Borrowed))
        };
        return excluded.is_empty() && desired.iter().all(is_there);
    }
    let mut positions = Positions::default();
    if desired.iter().enumerate().any(|(at, it)| positions.get_or_add(&it.addition.key) != at) {
        return false;
    }
    let list = parent.get(field.member.raw()).and_then(Node::as_list);
    let mut next = 0;
    for item in list.map_or(&[][..], |list| list.items()) {
        let Some(key) = field.key_of(item) else { continue };
        match desired.get(next) {
            Some(Desired { addition, .. }) if is_same_text(&addition.key, &key) => {
                if !has(addition, item.text()) {
                    return false;
                }
                next += 1;
            }
            _ if positions.get(&key).is_some() => return false,
            _ => {}
        }
    }
    next == desired.len()
}
