//! What other policies added to an object, by the records on it: what they changed in a request, and what stays of it where
//! the stored template takes the place of the client's (contract, "Record" and "Running notebooks").

use std::slice;

use super::containers::fields_in_containers;
use super::former_keys::FormerKeys;
use super::known::Records;
use super::place::{entries_of, holder_mut, present_atomic_fields};
use super::record::{Part, Record};
use super::set_aside::{Keys, keys_of};
use super::{entry_of, opened_container, set_field};
use crate::json::{ByName, Malformed, Node, Object, Path};
use crate::settings::OwnAnnotations;
use crate::settings::fields::{Entry, FIELDS, Field, MergeStrategy, Target};
use crate::workload::{CONTAINER, CONTAINER_LISTS, Kind, METADATA, container_name};

/// The parts of other policies in the records of a request.
#[derive(Debug, Default)]
pub struct OfOthers<'r> {
    /// Those that they have changed in it, as they were and as they are.
    pub changed: Vec<&'r Part<'r>>,
    /// Those that they have not.
    pub unchanged: Vec<&'r Part<'r>>,
    /// Whether the client lost the records under other domains.
    pub are_records_lost: bool,
}

impl<'r> OfOthers<'r> {
    /// What other policies have changed in this request, by their records, as it was and as it is; and what they have not.
    /// Where what is ours is lost from the record, the client lost it, as by a manifest that is applied again: no other
    /// policy takes that away.
    pub fn of(records: &Records<'r>, is_ours: &dyn Fn(&str) -> bool) -> Self {
        let mut of_others = OfOthers::default();
        let has_ours = |stored: &Record<'_>| stored.parts().any(|(name, _)| is_ours(name));
        let is_lost = records.client.is_blank() && records.stored.is_some_and(has_ours);
        let stored = records.stored.map(slice::from_ref).unwrap_or_default();
        of_others.add(slice::from_ref(records.client), stored, is_lost, is_ours);
        of_others.are_records_lost = is_lost && records.foreign_of_client.is_empty();
        let is_lost = of_others.are_records_lost;
        of_others.add(records.foreign_of_client, records.foreign_of_stored, is_lost, &|_| false);
        of_others
    }

    fn add(&mut self, now: &'r [Record<'r>], then: &'r [Record<'r>], is_lost: bool, is_ours: &dyn Fn(&str) -> bool) {
        for (records, others, is_lost) in [(now, then, false), (then, now, is_lost)] {
            let mut by_name: ByName<'_, &Part<'_>> = ByName::default();
            for other in others {
                other.parts().for_each(|(name, part)| _ = by_name.insert(name, part));
            }
            for record in records {
                for (name, part) in record.parts().filter(|(name, _)| !is_ours(name)) {
                    let is_same =
                        |other: &&Part<'_>| other.hash == part.hash && other.added.iter().eq(part.added.iter());
                    let is_unchanged = by_name.get(name).map_or(is_lost, is_same);
                    let of_this_kind = if is_unchanged { &mut self.unchanged } else { &mut self.changed };
                    of_this_kind.push(part);
                }
            }
        }
    }
}

/// Makes the entries of other policies in `object` those that `from` has: they decide about them. What they have not
/// changed stays where `from` lacks it; so does what took the place of the user's, who only sends his own. Metadata stays.
///
/// # Errors
/// What holds such entries is of the wrong kind.
pub fn carry_over<'a>(
    object: &mut Node<'a>,
    from: &Node<'a>,
    kind: Kind,
    of_others: &OfOthers<'_>,
) -> Result<(), Malformed> {
    let keys = keys_of(of_others.changed.iter().copied());
    let unchanged = keys_of(of_others.unchanged.iter().copied());
    let mut kept = Keys::default();
    for part in &of_others.unchanged {
        for (place, of_place) in part.overridden.iter() {
            kept.entry(place).into_iter().for_each(|kept| kept.extend(of_place.iter().map(|key| &**key)));
        }
    }
    let has = |keys: &Keys<'_>, place: &str, key: &str| keys.get(place).is_some_and(|keys| keys.contains(key));
    let is_named = |place: &str, key: &str, is_there: bool| {
        has(&keys, place, key) || is_there && has(&unchanged, place, key) && !has(&kept, place, key)
    };
    let path = kind.pod_spec_path();
    let (Some(from), Some(spec)) = (path.get(from)?.and_then(Node::as_object), path.get_mut(object)?) else {
        return Ok(());
    };
    for field in FIELDS.iter().filter(|field| field.target == Target::PodSpec) {
        let is_recorded = keys.get(field.name).is_some() || unchanged.get(field.name).is_some();
        if field.strategy != MergeStrategy::Atomic && is_recorded {
            carry_over_entries(spec, from, path, field, &|key, is_there| is_named(field.name, key, is_there))?;
        }
    }
    carry_over_atomic(spec, from, Target::PodSpec, &|key, is_there| is_named("spec", key, is_there));
    let fields = fields_in_containers(keys.names().chain(unchanged.names()).map(|place| &**place));
    for list in CONTAINER_LISTS {
        let are_init_containers = list != "containers";
        let mut containers = ByName::default();
        for container in from.get(list).and_then(Node::as_list).into_iter().flat_map(|list| list.items()) {
            containers.insert(container_name(container), container);
        }
        let path = path.member(list);
        let Some(list) = spec.get_mut(list).filter(|_| !fields.is_empty()) else { continue };
        for (at, node) in list.list_mut(&path)?.iter_mut().enumerate() {
            let path = path.item(at);
            let name = container_name(node);
            let Some(from) = containers.get(&name).and_then(|from| opened_container(from)) else { continue };
            for field in &fields {
                let by_name = [field.place(), "/", &name].concat();
                let is_by_name = keys.get(&by_name).is_some() || unchanged.get(&by_name).is_some();
                if are_init_containers && !is_by_name {
                    continue;
                }
                let is_named =
                    |key: &str, is_there| is_named(field.place(), key, is_there) || is_named(&by_name, key, is_there);
                node.open(&CONTAINER);
                carry_over_entries(node.object_mut(&path)?, &from, &path, field, &is_named)?;
            }
        }
    }
    Ok(())
}

/// Makes the atomic fields that `is_named` of the pod spec or container `to` those that `from` has.
fn carry_over_atomic<'a>(
    to: &mut Object<'a>,
    from: &Object<'a>,
    target: Target,
    is_named: &dyn Fn(&str, bool) -> bool,
) {
    let present = present_atomic_fields(from, target);
    for field in FIELDS.iter().filter(|field| field.strategy == MergeStrategy::Atomic && field.target == target) {
        let there = present.iter().find(|(of, value)| std::ptr::eq(*of, field) && !field.is_absent(field.name, value));
        if is_named(field.name, there.is_some()) {
            set_field(to, field, there.map(|(_, value)| *value));
        }
    }
}

/// Makes the entries that `is_named` of the list or map that `field` has in `to` those that `from` has, in its order.
/// `is_named` gets the key, and whether `from` has it.
pub fn carry_over_entries<'a>(
    to: &mut Object<'a>,
    from: &Object<'a>,
    path: &Path<'_>,
    field: &'static Field,
    is_named: &dyn Fn(&str, bool) -> bool,
) -> Result<(), Malformed> {
    if field.strategy == MergeStrategy::Atomic {
        carry_over_atomic(to, from, field.target, is_named);
        return Ok(());
    }
    let within = field.within.map(|within| path.member(within.raw()));
    let holder_path = within.as_ref().unwrap_or(path);
    let path = holder_path.member(field.member.raw());
    let entries = entries_of(from, field);
    let is_map = field.strategy == MergeStrategy::Granular;
    // Others look for it by its key.
    let entry_of = |value| match field.entry {
        Entry::Container | Entry::InitContainer => entry_of(field, value),
        _ => Node::parse(value, &field.entry_shape()).unwrap_or_else(|_| Node::text_only(value)),
    };
    // Where each is in the list, of those that are in both.
    let mut positions = vec![None; entries.len()];
    let mut count = 0;
    let mut stays = |key: &str| {
        let position = entries.position(key);
        let stays = position.is_some() || !is_named(key, false);
        if stays {
            position.and_then(|at| positions.get_mut(at)).into_iter().for_each(|position| *position = Some(count));
            count += 1;
        }
        stays
    };
    let theirs = |key: &str, present: &Node<'a>| {
        let value = entries.get(key).filter(|_| is_named(key, true))?.value;
        (!field.is_equal(key, present.text(), value)).then(|| entry_of(value))
    };
    let holder = holder_mut(to, field, holder_path)?;
    match holder.and_then(|holder| holder.get_mut(field.member.raw())) {
        None => {}
        Some(node) if is_map => {
            let members = node.object_mut(&path)?;
            members.retain(|key, _| {
                let key = key.decode();
                field.holds_another(&key) || stays(&key)
            });
            members.replace(|key, value| theirs(&key.decode(), value));
        }
        Some(node) => {
            let list = node.list_mut(&path)?;
            list.retain(|item| stays(&field.key_of(item).unwrap_or_default()));
            list.replace(|item| theirs(&field.key_of(item)?, item));
        }
    }
    // Each behind the one that it is behind in `from`.
    let (mut behind, mut inserted) = (0, Vec::new());
    for ((written, key), position) in entries.values().iter().zip(entries.names_as_they_came()).zip(positions) {
        if let Some(position) = position {
            behind = behind.max(position + 1);
        } else if is_named(key, true) && is_map {
            let holder = match field.within {
                Some(within) => to.object_at(within, holder_path)?,
                None => &mut *to,
            };
            holder.object_at(field.member, &path)?.set(written.member, entry_of(written.value));
        } else if is_named(key, true) {
            inserted.push((behind, entry_of(written.value)));
        }
    }
    if !inserted.is_empty() {
        let items = to.list_at(field.member, &path)?.items_mut();
        let mut inserted = inserted.into_iter().peekable();
        for (at, item) in std::mem::take(items).into_iter().enumerate() {
            while let Some((_, entry)) = inserted.next_if(|(behind, _)| *behind <= at) {
                items.push(entry);
            }
            items.push(item);
        }
        items.extend(inserted.map(|(_, entry)| entry));
    }
    Ok(())
}

/// Puts back what is missing in the metadata of `object` of what other policies have not changed, and the records of other
/// domains that the client lost, as `stored` has them.
///
/// # Errors
/// The metadata or a map in it is not an object.
pub fn put_back_metadata<'a>(
    object: &mut Node<'a>,
    stored: &Node<'a>,
    kind: Kind,
    own: &OwnAnnotations<'_>,
    of_others: &OfOthers<'_>,
) -> Result<(), Malformed> {
    let keys = keys_of(of_others.unchanged.iter().copied());
    let stored = METADATA.get(stored)?.and_then(Node::as_object);
    for field in FIELDS.iter().filter(|field| field.target == Target::Metadata && !of_others.unchanged.is_empty()) {
        let is_record = |key: &str, value: &Node<'_>| {
            let is_foreign =
                of_others.are_records_lost && field.entry == Entry::Annotation && own.name_of(key).is_none();
            let text = value.string().filter(|_| is_foreign && key.ends_with("/injected"));
            text.is_some_and(|text| Record::parse(&text, kind, &FormerKeys::of([None, None], kind)).is_some())
        };
        let map = stored.and_then(|stored| stored.get(field.member.raw())).and_then(Node::as_object);
        for (key, value) in map.into_iter().flat_map(Object::iter) {
            let name = key.decode();
            if keys.get(field.name).is_some_and(|keys| keys.contains(&name)) || is_record(&name, value) {
                let path = METADATA.member(field.member.raw());
                let map = METADATA.get_or_insert(object)?.object_at(field.member, &path)?;
                if map.get(&name).is_none() {
                    map.set(*key, value.clone());
                }
            }
        }
    }
    Ok(())
}
