//! Which dependencies can be merged, and which containers each of them reaches (contract, "Chosen containers").

use std::borrow::Cow;

use super::known::{Known, split_place};
use super::opened_container;
use super::others::carry_over_entries;
use super::place::{entries_of, retain_entries};
use crate::json::{ByName, Malformed, Node, Path};
use crate::settings::fields::{Field, IN_CONTAINERS, INIT_CONTAINERS, SIDECARS};
use crate::settings::{Addition, Dependency, OnConflict};
use crate::workload::{
    self, Apart, CONTAINER, Containers, Kind, container_names, init_container_names, is_meant_by_all, main_containers,
};

/// Dependencies, and the containers that they reach.
#[derive(Debug, Default)]
pub struct Reach<'a> {
    /// Those that are merged, in their order.
    pub dependencies: Vec<&'a Dependency<'a>>,
    /// Those that need a container where there is none for them: they stay as they are.
    pub left_out: Vec<&'a Dependency<'a>>,
    /// The main container; several where a pod of a pipeline is a container set.
    main: ByName<'a, ()>,
    /// Which dependencies reach the main container, every container that All means, and those of a name.
    of_main: Vec<usize>,
    of_all: Vec<usize>,
    of_name: ByName<'a, Vec<usize>>,
    /// The containers that they bring, as they bring them.
    pub brought: ByName<'a, &'a str>,
    meant_by_all: ByName<'a, ()>,
}

impl<'a> Reach<'a> {
    /// Settles it for the dependencies of `plan` that `is_held_back` lets be merged.
    ///
    /// # Errors
    /// The list of containers is malformed.
    pub fn settle(
        object: &Node<'a>,
        kind: Kind,
        plan: impl Iterator<Item = &'a Dependency<'a>>,
        known: &Known<'a>,
        is_held_back: &dyn Fn(&str) -> bool,
    ) -> Result<Self, Malformed> {
        let plan: Vec<_> = plan.collect();
        let mut reach = Reach::default();
        if !known.has_containers() && !plan.iter().any(|dependency| dependency.needs_container()) {
            reach.dependencies = plan;
            // What is no list of containers is refused all the same.
            let spec = workload::pod_spec(object, kind).and_then(Node::as_object);
            let are_containers = |list: &Node<'_>| {
                list.as_list().is_some_and(|list| list.items().iter().all(|container| container.as_object().is_some()))
            };
            if !spec.and_then(|spec| spec.get("containers")).is_none_or(are_containers) {
                container_names(object, kind)?;
            }
            return Ok(reach);
        }
        let present = container_names(object, kind)?;
        // The containers that these dependencies bring.
        let mut brought: ByName<'_, Vec<usize>> = ByName::default();
        for (at, dependency) in plan.iter().enumerate() {
            for container in containers_of(dependency) {
                brought.entry(&*container.key).into_iter().for_each(|by| by.push(at));
            }
        }
        let owners = [SIDECARS, INIT_CONTAINERS].map(|place| known.at(place));
        let owner = |name: &str| owners.into_iter().flatten().find_map(|owners| owners.get(name));
        let mut in_the_place_of_theirs = ByName::default();
        for (at, name) in present.iter().enumerate().filter(|(_, name)| owner(name).is_none()) {
            let overrides =
                |at: &usize| plan.get(*at).filter(|dependency| dependency.on_conflict == OnConflict::Override);
            for dependency in brought.get(name).into_iter().flatten().filter_map(overrides) {
                let theirs = containers_text(object, kind, at);
                if containers_of(dependency).any(|it| it.key == *name && !it.field.contains(name, theirs, it.value)) {
                    in_the_place_of_theirs.add(&**name);
                }
            }
        }
        let is_ours = |name: &str| {
            in_the_place_of_theirs.contains(name)
                || owner(name).is_some_and(|owner| owner.is_stored || brought.contains(name))
        };
        let is_foreign = |name: &str| known.foreign_containers.contains(name);
        let apart = Apart { is_ours: &is_ours, is_foreign: &is_foreign };
        let mains = main_containers(kind, object, &present, &apart);
        reach.main.extend(mains.iter().filter_map(|at| present.get(*at)).cloned());
        reach.meant_by_all.extend(reach.main.names().cloned());
        let is_meant = |name: &&Cow<'_, str>| !brought.contains(name) && is_meant_by_all(kind, name, &apart);
        reach.meant_by_all.extend(present.iter().filter(is_meant).cloned());

        // A container that nobody brings any more is removed in this very merge.
        let goes = |name: &str| {
            !brought.contains(name)
                && owner(name).is_some_and(|owner| owner.is_stored && !is_held_back(owner.dependency))
        };
        let init_containers = init_container_names(object, kind);
        let there = present.iter().chain(&init_containers).map(|name| &**name);
        let mut stays = ByName::set(there.filter(|name| !goes(name)));
        // One of a dependency that stays as it is, is put back.
        let held_back =
            owners.into_iter().flatten().flat_map(|owners| owners.iter()).filter(|(_, owner)| owner.is_stored);
        stays.extend(held_back.filter(|(_, owner)| is_held_back(owner.dependency)).map(|(name, _)| name));
        let left_out = lacking(&plan, &reach, &stays, &brought);

        for (dependency, is_left_out) in plan.into_iter().zip(left_out) {
            if is_left_out {
                reach.left_out.push(dependency);
                continue;
            }
            let at = reach.dependencies.len();
            reach.dependencies.push(dependency);
            for container in containers_of(dependency) {
                reach.brought.insert(&*container.key, container.value);
            }
            if dependency.needs_container() {
                match &dependency.containers {
                    Containers::Main => reach.of_main.push(at),
                    Containers::All => reach.of_all.push(at),
                    Containers::Named(names) => {
                        for name in names {
                            let at_name = reach.of_name.entry(&**name).filter(|at_name| at_name.last() != Some(&at));
                            at_name.into_iter().for_each(|at_name| at_name.push(at));
                        }
                    }
                }
            }
        }
        Ok(reach)
    }

    /// The main container, where it is one.
    pub fn main(&self) -> Option<&str> {
        self.main.names().next().filter(|_| self.main.len() == 1).map(|name| &**name)
    }

    /// Whether any dependency names the containers that it reaches.
    pub fn has_names(&self) -> bool {
        !self.of_name.is_empty()
    }

    /// The dependencies that reach the container, or init container, of this name, by their positions, in order.
    pub fn of(&self, name: &str, is_init_container: bool) -> Vec<usize> {
        let none = Vec::new();
        let by_name = self.of_name.get(name).unwrap_or(&none);
        let by_main = if !is_init_container && self.main.contains(name) { &self.of_main } else { &none };
        let by_all = if !is_init_container && self.meant_by_all.contains(name) { &self.of_all } else { &none };
        let mut lists = [by_name, by_main, by_all].map(|list| list.iter().copied().peekable());
        let mut reached_by = Vec::new();
        while let Some(next) = lists.iter_mut().filter_map(|list| list.peek().copied()).min() {
            reached_by.push(next);
            lists.iter_mut().for_each(|list| _ = list.next_if_eq(&next));
        }
        reached_by
    }
}

/// Which dependencies of `plan` need a container and have none, where those called `stays` are there, and those that
/// `brought` names while a dependency that brings them is merged.
fn lacking(
    plan: &[&Dependency<'_>],
    reach: &Reach<'_>,
    stays: &ByName<'_, ()>,
    brought: &ByName<'_, Vec<usize>>,
) -> Vec<bool> {
    let mut named_by: ByName<'_, Vec<usize>> = ByName::default();
    // How many containers each may reach.
    let mut choices: Vec<usize> = Vec::with_capacity(plan.len());
    for (at, dependency) in plan.iter().enumerate() {
        choices.push(match &dependency.containers {
            Containers::Main => reach.main.len(),
            Containers::All => reach.meant_by_all.len(),
            Containers::Named(names) => {
                for name in names.iter().filter(|name| brought.contains(name) && !stays.contains(name)) {
                    named_by.entry(&**name).into_iter().for_each(|by| by.push(at));
                }
                names.iter().filter(|name| stays.contains(name) || brought.contains(name)).count()
            }
        });
    }
    let mut bringing: Vec<usize> = brought.values().iter().map(Vec::len).collect();
    let mut is_lacking = vec![false; plan.len()];
    let mut queue: Vec<usize> = (0..plan.len()).collect();
    while let Some(at) = queue.pop() {
        let (Some(dependency), Some(0), Some(is_lacking)) = (plan.get(at), choices.get(at), is_lacking.get_mut(at))
        else {
            continue;
        };
        if *is_lacking || !dependency.needs_container() {
            continue;
        }
        *is_lacking = true;
        for container in containers_of(dependency) {
            let bringing = brought.position(&container.key).and_then(|at| bringing.get_mut(at));
            let Some(bringing) = bringing else { continue };
            *bringing -= 1;
            if *bringing == 0 {
                for at in named_by.get(&container.key).into_iter().flatten() {
                    if let Some(choices) = choices.get_mut(*at) {
                        *choices -= 1;
                        queue.push(*at);
                    }
                }
            }
        }
    }
    is_lacking
}

/// The containers and init containers that a dependency brings.
fn containers_of<'d, 'a>(dependency: &'d Dependency<'a>) -> impl Iterator<Item = &'d Addition<'a>> {
    dependency.additions.iter().filter(|addition| addition.field.is_container())
}

/// The fields of containers at `places`, as records name them: the first of each place.
pub fn fields_in_containers<'p>(places: impl Iterator<Item = &'p str>) -> Vec<&'static Field> {
    let mut are_used = [false; IN_CONTAINERS.len()];
    for place in places {
        let (name, _) = split_place(place);
        for (field, is_used) in IN_CONTAINERS.iter().zip(&mut are_used) {
            *is_used |= field.place() == name;
        }
    }
    IN_CONTAINERS.iter().zip(are_used).filter(|(_, is_used)| *is_used).map(|(field, _)| *field).collect()
}

/// The text of a container.
fn containers_text<'a>(object: &Node<'a>, kind: Kind, at: usize) -> &'a str {
    let path = kind.pod_spec_path();
    let path = path.member("containers");
    let list = path.get(object).ok().flatten().and_then(|list| list.list(&path).ok());
    list.and_then(|list| list.items().get(at)).map_or("null", Node::text)
}

/// The text of an entry called `name`. Of a container, without what dependencies and other policies put into it by their
/// records: it is no part of what brings the container.
pub fn without_others<'t>(known: &Known<'_>, field: &Field, name: &str, text: &'t str) -> Cow<'t, str> {
    if !field.is_container() {
        return Cow::Borrowed(text);
    }
    let mut node = Node::text_only(text);
    for of in fields_of(field) {
        let Some(is_inside) = known.inside(of, name) else { continue };
        node.open(&CONTAINER);
        let Some(container) = node.as_object_mut() else { break };
        // Nothing in it is malformed: what is, was refused before.
        let _ = retain_entries(container, &Path::Root("container"), of, &mut |key| !is_inside(key));
    }
    node.written()
}

/// Keeps in `entry`, which is called `name` and takes the place of `replaced`, what dependencies and other policies put
/// into that by their records. What an addition has itself (it is not `is_stored`) stays as it is there.
pub fn carry_inside<'a>(known: &Known<'_>, field: &Field, entry: &mut Node<'a>, replaced: &Node<'a>, is_stored: bool) {
    let Some(replaced) = opened_container(replaced).filter(|_| field.is_container()) else { return };
    entry.open(&CONTAINER);
    let Some(container) = entry.as_object_mut() else { return };
    let name = container.get("name").and_then(Node::string).unwrap_or_default();
    for of in fields_of(field) {
        let Some(is_inside) = known.inside(of, &name) else { continue };
        let own = entries_of(container, of);
        let is_kept = |key: &str, _| is_inside(key) && (is_stored || !own.contains(key));
        // Nothing in them is malformed: both were read before.
        let _ = carry_over_entries(container, &replaced, &Path::Root("container"), of, &is_kept);
    }
}

/// The fields whose entries may be in an entry of `field`.
fn fields_of(field: &Field) -> impl Iterator<Item = &'static Field> {
    IN_CONTAINERS.iter().copied().filter(|_| field.is_container())
}
