//! An object without the entries that records name: what is left is the user's own, to tell whether he changed it
//! (contract, "Running notebooks").

use super::known::OfOthers;
use super::place::{entries_of, present_atomic_fields};
use super::record::{Part, Record};
use super::{SPEC, entry_of, set_field};
use crate::json::{ByName, Malformed, Node, Object, Path};
use crate::settings::OwnAnnotations;
use crate::settings::fields::{Entry, FIELDS, Field, MergeStrategy, SIDECARS, Target};
use crate::workload::{self, Apart, Kind, METADATA};

/// The keys of entries, by place.
pub type Keys<'r> = ByName<'r, ByName<'r, ()>>;

/// The keys that these parts of records have.
pub fn keys_of<'r>(parts: impl Iterator<Item = &'r Part<'r>>) -> Keys<'r> {
    let mut keys = Keys::default();
    for (place, added) in parts.flat_map(|part| part.added.iter()) {
        keys.entry(place).into_iter().for_each(|keys| keys.extend(added.iter().map(|key| &**key)));
    }
    keys
}

/// `object` without the entries of these parts of records. `note` gets the place, the key and the value of each that it had.
///
/// # Errors
/// What holds such entries is of the wrong kind.
pub fn set_aside<'a, 'r>(
    object: &Node<'a>,
    kind: Kind,
    parts: impl Iterator<Item = &'r Part<'r>>,
    note: &mut dyn FnMut(&str, &str, &str),
) -> Result<Node<'a>, Malformed> {
    let keys = keys_of(parts);
    let mut object = object.clone();
    let is_ours = |name: &str| keys.get(SIDECARS).is_some_and(|names| names.contains(name));
    let names = workload::container_names(&object, kind)?;
    let apart = Apart { is_ours: &is_ours, is_foreign: &|_| false };
    let main = workload::main_container(kind, &object, &names, &apart).cloned();
    for field in FIELDS.iter().filter(|field| field.strategy != MergeStrategy::Atomic) {
        let path = if field.target == Target::Metadata { &METADATA } else { kind.pod_spec_path() };
        if field.target == Target::Containers {
            remove_from_containers(&mut object, kind, field, &keys, main.as_deref(), note)?;
        } else if let Some(parent) = path.get_mut(&mut object)? {
            remove_from(parent, path, field, field.name, &keys, note)?;
        }
    }
    if let Some(spec) = kind.pod_spec_path().get_mut(&mut object)? {
        for (field, value) in present_atomic_fields(spec) {
            let is_named = keys.get(SPEC).is_some_and(|keys| keys.contains(field.name));
            // What the server itself puts there is nobody's.
            if field.is_absent(value) {
                [Some(field.member), field.alias].into_iter().flatten().for_each(|member| spec.remove(member.raw()));
            } else if is_named {
                note(SPEC, field.name, value);
                set_field(spec, field, None);
            }
        }
    }
    Ok(object)
}

fn remove_from_containers(
    object: &mut Node<'_>,
    kind: Kind,
    field: &'static Field,
    keys: &Keys<'_>,
    main: Option<&str>,
    note: &mut dyn FnMut(&str, &str, &str),
) -> Result<(), Malformed> {
    let is_of_field =
        |place: &str| place.strip_prefix(field.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if !keys.names().any(|place| is_of_field(place)) {
        return Ok(());
    }
    let path = kind.pod_spec_path();
    let Some(spec) = path.get_mut(object)? else { return Ok(()) };
    let path = path.member("containers");
    let Some(containers) = spec.get_mut("containers") else { return Ok(()) };
    for (at, container) in containers.list_mut(&path)?.iter_mut().enumerate() {
        let path = path.item(at);
        let container = container.object_mut(&path)?;
        let name = container.get("name").and_then(Node::string).unwrap_or_default();
        remove_from(container, &path, field, &[field.name, "/", &name].concat(), keys, note)?;
        if main == Some(&*name) {
            remove_from(container, &path, field, field.name, keys, note)?;
        }
    }
    Ok(())
}

/// Removes the entries that `keys` has for `place` from the list or map that `field` has in `parent`.
fn remove_from(
    parent: &mut Object<'_>,
    parent_path: &Path<'_>,
    field: &'static Field,
    place: &str,
    keys: &Keys<'_>,
    note: &mut dyn FnMut(&str, &str, &str),
) -> Result<(), Malformed> {
    let (Some(keys), Some(node)) = (keys.get(place), parent.get_mut(field.member.raw())) else { return Ok(()) };
    let path = parent_path.member(field.member.raw());
    let mut stays = |key: &str, value: &Node<'_>| {
        let is_named = keys.contains(key);
        if is_named {
            note(place, key, value.text());
        }
        !is_named
    };
    if field.strategy == MergeStrategy::Granular {
        node.object_mut(&path)?.retain(|key, value| stays(&key.decode(), value));
    } else {
        node.list_mut(&path)?.retain(|item| field.key_of(item).is_none_or(|key| stays(&key, item)));
    }
    Ok(())
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
    let overridden: Vec<_> = of_others.unchanged.iter().flat_map(|part| part.overridden.iter()).collect();
    let mut kept = Keys::default();
    for (place, of_place) in overridden {
        kept.entry(place).into_iter().for_each(|kept| kept.extend(of_place.iter().map(|key| &**key)));
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
        if field.strategy != MergeStrategy::Atomic {
            carry_over_entries(spec, from, path, field, &|key, is_there| is_named(field.name, key, is_there))?;
        }
    }
    let present = present_atomic_fields(from);
    for field in FIELDS.iter().filter(|field| field.strategy == MergeStrategy::Atomic) {
        let there = present.iter().find(|(of, value)| std::ptr::eq(*of, field) && !field.is_absent(value));
        if is_named(SPEC, field.name, there.is_some()) {
            set_field(spec, field, there.map(|(_, value)| *value));
        }
    }
    let mut containers = ByName::default();
    for container in from.get("containers").and_then(Node::as_list).into_iter().flat_map(|list| list.items()) {
        if let Some((container, name)) = container.as_object().and_then(|it| Some((it, it.get("name")?.string()?))) {
            containers.insert(name, container);
        }
    }
    let path = path.member("containers");
    let Some(list) = spec.get_mut("containers") else { return Ok(()) };
    for (at, container) in list.list_mut(&path)?.iter_mut().enumerate() {
        let path = path.item(at);
        let container = container.object_mut(&path)?;
        let name = container.get("name").and_then(Node::string).unwrap_or_default();
        let Some(from) = containers.get(&name) else { continue };
        for field in FIELDS.iter().filter(|field| field.target == Target::Containers) {
            let by_name = [field.name, "/", &name].concat();
            let is_named =
                |key: &str, is_there| is_named(field.name, key, is_there) || is_named(&by_name, key, is_there);
            carry_over_entries(container, from, &path, field, &is_named)?;
        }
    }
    Ok(())
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
    let path = path.member(field.member.raw());
    let entries = entries_of(from, field);
    let is_map = field.strategy == MergeStrategy::Granular;
    // Others look for it by its key.
    let entry_of = |value| match field.entry {
        Entry::Container => entry_of(field, value),
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
        (!field.is_equal(present.text(), value)).then(|| entry_of(value))
    };
    match to.get_mut(field.member.raw()) {
        None => {}
        Some(node) if is_map => {
            let members = node.object_mut(&path)?;
            members.retain(|key, _| stays(&key.decode()));
            members.replace(|key, value| theirs(&key.decode(), value));
        }
        Some(node) => {
            let list = node.list_mut(&path)?;
            list.retain(|item| stays(&field.key_of(item).unwrap_or_default()));
            list.replace(|item| theirs(&field.key_of(item)?, item));
        }
    }
    let mut keys = vec![""; entries.len()];
    for key in entries.names() {
        let of_key = entries.position(key).and_then(|at| keys.get_mut(at));
        of_key.into_iter().for_each(|of_key| *of_key = key);
    }
    // Each behind the one that it is behind in `from`.
    let (mut behind, mut inserted) = (0, Vec::new());
    for ((written, key), position) in entries.values().iter().zip(keys).zip(positions) {
        if let Some(position) = position {
            behind = behind.max(position + 1);
        } else if is_named(key, true) && is_map {
            to.object_at(field.member, &path)?.set(written.member, entry_of(written.value));
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
            text.is_some_and(|text| Record::parse(&text, kind).is_some())
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
