//! An object without the entries that records name: what is left is the user's own, to tell whether he changed it
//! (contract, "Running notebooks").

use super::place::present_atomic_fields;
use super::record::Part;
use super::{SPEC, set_field};
use crate::json::{ByName, Malformed, Node, Object, Path};
use crate::settings::fields::{FIELDS, Field, MergeStrategy, SIDECARS, Target};
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
    for field in FIELDS.iter().filter(|field| field.strategy != MergeStrategy::Atomic) {
        let path = if field.target == Target::Metadata { &METADATA } else { kind.pod_spec_path() };
        if field.target == Target::Containers {
            remove_from_containers(&mut object, kind, field, keys, main.as_deref(), note)?;
        } else if let Some(parent) = path.get_mut(&mut object)? {
            remove_from(parent, path, field, field.name, keys, note)?;
        }
    }
    if let Some(spec) = kind.pod_spec_path().get_mut(&mut object)? {
        for (field, value) in present_atomic_fields(spec) {
            let is_named = keys.get(SPEC).is_some_and(|keys| keys.contains(field.name));
            // What the server itself puts there is nobody's.
            if field.is_absent(value) {
                [Some(field.member), field.alias].into_iter().flatten().for_each(|member| spec.remove(member.raw()));
            } else if is_named {
                note(SPEC, field.name);
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
    note: &mut dyn FnMut(&str, &str),
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
    note: &mut dyn FnMut(&str, &str),
) -> Result<(), Malformed> {
    let (Some(keys), Some(node)) = (keys.get(place), parent.get_mut(field.member.raw())) else { return Ok(()) };
    let path = parent_path.member(field.member.raw());
    let mut stays = |key: &str| {
        let is_named = keys.contains(key);
        if is_named {
            note(place, key);
        }
        !is_named
    };
    if field.strategy == MergeStrategy::Granular {
        node.object_mut(&path)?.retain(|key, _| stays(&key.decode()));
    } else {
        node.list_mut(&path)?.retain(|item| field.key_of(item).is_none_or(|key| stays(&key)));
    }
    Ok(())
}
