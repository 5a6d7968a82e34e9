//! An object without the entries that records name: what is left is the user's own, to tell whether he changed it
//! (contract, "Running notebooks").

use super::containers::fields_in_containers;
use super::place::{present_atomic_fields, retain_entries};
use super::record::Part;
use super::set_field;
use crate::json::{ByName, Malformed, Node, Object, Path};
use crate::settings::fields::{FIELDS, Field, MergeStrategy, SIDECARS, Target};
use crate::workload::{self, Apart, CONTAINER, CONTAINER_LISTS, Kind, METADATA, container_name};

/// The keys of entries, by place.
pub type Keys<'r> = ByName<'r, ByName<'r, ()>>;

/// The keys that these parts of records have.
pub fn keys_of<'r>(parts: impl Iterator<Item = &'r Part<'r>>) -> Keys<'r> {
    let mut keys = Keys::default();
    for part in parts {
        for (place, added) in part.added.iter() {
            keys.entry(place).into_iter().for_each(|keys| keys.extend(added.iter().map(|key| &**key)));
        }
    }
    keys
}

/// `object` without the entries of these keys. `note` gets the place and the key of each that it had.
///
/// # Errors
/// What holds such entries is of the wrong kind.
pub fn set_aside<'a>(
    object: &Node<'a>,
    kind: Kind,
    keys: &Keys<'_>,
    note: &mut dyn FnMut(&str, &str),
) -> Result<Node<'a>, Malformed> {
    let mut object = object.clone();
    let is_ours = |name: &str| keys.get(SIDECARS).is_some_and(|names| names.contains(name));
    let names = workload::container_names(&object, kind)?;
    let apart = Apart { is_ours: &is_ours, is_foreign: &|_| false };
    let main = workload::main_container(kind, &object, &names, &apart).cloned();
    for field in
        FIELDS.iter().filter(|field| field.strategy != MergeStrategy::Atomic && field.target != Target::Containers)
    {
        let path = if field.target == Target::Metadata { &METADATA } else { kind.pod_spec_path() };
        if keys.get(field.name).is_some()
            && let Some(parent) = path.get_mut(&mut object)?
        {
            remove_from(parent, path, field, field.name, keys, note)?;
        }
    }
    remove_from_containers(&mut object, kind, keys, main.as_deref(), note)?;
    if let Some(spec) = kind.pod_spec_path().get_mut(&mut object)? {
        for (field, value) in present_atomic_fields(spec, Target::PodSpec) {
            let is_named = keys.get(field.place()).is_some_and(|keys| keys.contains(field.name));
            // What the server itself puts there is nobody's.
            if field.is_absent(field.name, value) {
                [Some(field.member), field.alias].into_iter().flatten().for_each(|member| spec.remove(member.raw()));
            } else if is_named {
                note(field.place(), field.name);
                set_field(spec, field, None);
            }
        }
    }
    Ok(object)
}

fn remove_from_containers(
    object: &mut Node<'_>,
    kind: Kind,
    keys: &Keys<'_>,
    main: Option<&str>,
    note: &mut dyn FnMut(&str, &str),
) -> Result<(), Malformed> {
    let fields = fields_in_containers(keys.names().map(|place| &**place));
    if fields.is_empty() {
        return Ok(());
    }
    let path = kind.pod_spec_path();
    let Some(spec) = path.get_mut(object)? else { return Ok(()) };
    for list in CONTAINER_LISTS {
        let path = path.member(list);
        let Some(containers) = spec.get_mut(list) else { continue };
        for (at, node) in containers.list_mut(&path)?.iter_mut().enumerate() {
            let path = path.item(at);
            let name = container_name(node);
            for field in &fields {
                let by_name = [field.place(), "/", &name].concat();
                for place in [&*by_name, field.place()] {
                    if keys.get(place).is_some() && (place == by_name || main == Some(&*name)) {
                        node.open(&CONTAINER);
                        remove_from(node.object_mut(&path)?, &path, field, place, keys, note)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Removes the entries that `keys` has for `place` from those of `field` in `parent`.
fn remove_from(
    parent: &mut Object<'_>,
    parent_path: &Path<'_>,
    field: &'static Field,
    place: &str,
    keys: &Keys<'_>,
    note: &mut dyn FnMut(&str, &str),
) -> Result<(), Malformed> {
    let Some(keys) = keys.get(place) else { return Ok(()) };
    retain_entries(parent, parent_path, field, &mut |key| {
        let is_named = keys.contains(key);
        if is_named {
            note(place, key);
        }
        !is_named
    })
}
