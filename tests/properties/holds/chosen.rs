//! Which containers of an object a dependency chooses (contract, "Chosen containers").

use std::collections::BTreeSet;

use serde_json::Value;

use crate::objects::{ANOTHERS, Kind, MAIN_CONTAINERS};

/// The entries of a list in the pod spec.
pub fn entries<'o>(object: &'o Value, kind: Kind, list: &str) -> &'o [Value] {
    let containers = object.pointer(kind.pod_spec()).and_then(|spec| spec[list].as_array());
    containers.map_or(&[], Vec::as_slice)
}

/// The containers and init containers.
pub fn all_containers(object: &Value, kind: Kind) -> impl Iterator<Item = &Value> {
    ["containers", "initContainers"].into_iter().flat_map(move |list| entries(object, kind, list))
}

/// Whether each container and init container has a name of its own. Otherwise the API server refuses the pod.
pub fn has_unique_containers(object: &Value, kind: Kind) -> bool {
    let names: BTreeSet<_> = all_containers(object, kind).map(name_of).collect();
    names.len() == all_containers(object, kind).count() && !names.contains("")
}

/// The main containers, by their positions: one, but in a container set. Those for which `is_ours` holds are none.
pub fn main_containers(object: &Value, kind: Kind, is_ours: impl Fn(&str) -> bool) -> Vec<usize> {
    let containers = entries(object, kind, "containers");
    let theirs: Vec<_> = containers.iter().map(name_of).enumerate().filter(|(_, name)| !is_ours(name)).collect();
    let users: Vec<_> = theirs.iter().copied().filter(|(_, name)| !is_anothers(kind, name)).collect();
    let named = match kind {
        Kind::Notebook => object["metadata"]["name"].as_str().and_then(|name| called(&theirs, name)),
        Kind::PipelinePod | Kind::Pod => {
            let default = object["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"].as_str();
            default.into_iter().chain(MAIN_CONTAINERS).find_map(|name| called(&users, name))
        }
    };
    if named.is_none() && kind == Kind::PipelinePod && !users.is_empty() {
        return users.into_iter().map(|(at, _)| at).collect();
    }
    let first = [&users, &theirs].into_iter().find_map(|from| from.first());
    named.or(first.map(|(at, _)| *at)).into_iter().collect()
}

/// The position of the container of this name.
fn called(containers: &[(usize, &str)], wanted: &str) -> Option<usize> {
    containers.iter().find(|(_, name)| *name == wanted).map(|(at, _)| *at)
}

/// Whether somebody else injects containers of this name.
pub fn is_anothers(kind: Kind, name: &str) -> bool {
    let is_argos = matches!(name, "wait" | "supervisor") || name.starts_with("artifact-plugin-");
    ANOTHERS.contains(&name) || (kind == Kind::PipelinePod && is_argos)
}

pub fn name_of(container: &Value) -> &str {
    container["name"].as_str().unwrap_or_default()
}
