//! An object without the entries that records name: what is left is the user's own, to tell whether he changed it
//! (contract, "Running notebooks").

use super::record::Part;
use super::{SPEC, set_field};
use crate::json::{ByName, Malformed, Node, Object, Path};
use crate::settings::fields::{FIELDS, Field, MergeStrategy, SIDECARS, Target};
use crate::workload::{self, Apart, Kind, METADATA};

/// The keys of entries, by place.
type Keys<'r> = ByName<'r, ByName<'r, ()>>;

/// `object` without the entries of these parts of records, and whether it had any of them.
///
/// # Errors
/// What holds such entries is of the wrong kind.
pub fn set_aside<'a, 'r>(
    object: &Node<'a>,
    kind: Kind,
    parts: impl Iterator<Item = &'r Part<'r>>,
) -> Result<(Node<'a>, bool), Malformed> {
    let mut keys = Keys::default();
    for (place, added) in parts.flat_map(|part| part.added.iter()) {
        keys.entry(place).into_iter().for_each(|keys| keys.extend(added.iter().map(|key| &**key)));
    }
    let mut object = object.clone();
    let is_ours = |name: &str| keys.get(SIDECARS).is_some_and(|names| names.contains(name));
    let names = workload::container_names(&object, kind)?;
    let apart = Apart { is_ours: &is_ours, is_foreign: &|_| false };
    let main = workload::main_container(kind, &object, &names, &apart).cloned();
    let mut had_any = false;
    for field in FIELDS.iter().filter(|field| field.strategy != MergeStrategy::Atomic) {
        let path = if field.target == Target::Metadata { &METADATA } else { kind.pod_spec_path() };
        had_any |= if field.target == Target::Containers {
            remove_from_containers(&mut object, kind, field, &keys, main.as_deref())?
        } else {
            remove_from(path.get_mut(&mut object)?, path, field, [keys.get(field.name), None])?
        };
    }
    if let (Some(keys), Some(spec)) = (keys.get(SPEC), kind.pod_spec_path().get_mut(&mut object)?) {
        for field in FIELDS.iter().filter(|field| field.strategy == MergeStrategy::Atomic && keys.contains(field.name))
        {
            had_any |= spec.get(field.member.raw()).is_some();
            set_field(spec, field, None);
        }
    }
    Ok((object, had_any))
}

fn remove_from_containers(
    object: &mut Node<'_>,
    kind: Kind,
    field: &'static Field,
    keys: &Keys<'_>,
    main: Option<&str>,
) -> Result<bool, Malformed> {
    let is_of_field =
        |place: &str| place.strip_prefix(field.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if !keys.names().any(|place| is_of_field(place)) {
        return Ok(false);
    }
    let path = kind.pod_spec_path();
    let Some(spec) = path.get_mut(object)? else { return Ok(false) };
    let path = path.member("containers");
    let Some(containers) = spec.get_mut("containers") else { return Ok(false) };
    let mut had_any = false;
    for (at, container) in containers.list_mut(&path)?.iter_mut().enumerate() {
        let path = path.item(at);
        let container = container.object_mut(&path)?;
        let name = container.get("name").and_then(Node::string).unwrap_or_default();
        let by_name = keys.get(&[field.name, "/", &name].concat());
        let of_main = keys.get(field.name).filter(|_| main == Some(&*name));
        had_any |= remove_from(Some(container), &path, field, [by_name, of_main])?;
    }
    Ok(had_any)
}

/// Removes the entries under `keys` from the list or map that `field` has in `parent`; says whether there were any.
fn remove_from(
    parent: Option<&mut Object<'_>>,
    parent_path: &Path<'_>,
    field: &'static Field,
    keys: [Option<&ByName<'_, ()>>; 2],
) -> Result<bool, Malformed> {
    let is_named = |key: &str| keys.iter().flatten().any(|keys| keys.contains(key));
    let Some(node) =
        parent.and_then(|parent| parent.get_mut(field.member.raw())).filter(|_| keys.iter().any(Option::is_some))
    else {
        return Ok(false);
    };
    let path = parent_path.member(field.member.raw());
    Ok(if field.strategy == MergeStrategy::Granular {
        node.object_mut(&path)?.retain(|key, _| !is_named(&key.decode()))
    } else {
        node.list_mut(&path)?.retain(|item| field.key_of(item).is_none_or(|key| !is_named(&key)))
    })
}
