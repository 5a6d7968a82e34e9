//! Dependencies into an object: list maps, list sets, granular maps and atomic fields, what is managed and what is the
//! user's, conflicts (contract, "Record" and "Conflicts").
//!
//! [`merge`] depends on its input alone. Which dependencies may be merged at all, and what becomes of conflicts, is
//! decided by its caller, who may call it again with some of them held back.

mod annotations;
mod managed;
mod record;

use std::borrow::Cow;
use std::collections::BTreeSet;

pub use annotations::{apply_annotations, changed_annotations, has_annotations, record_of};
pub use record::Record;

use self::managed::{Desired, Managed};
use crate::json::{Malformed, Node, Object, Path};
use crate::settings::Dependency;
use crate::settings::fields::{Entry, FIELDS, Field, MergeStrategy, SIDECARS, Target};
use crate::workload::{self, CONTAINER, Kind, METADATA};

/// What came of a merge, beside the object.
#[derive(Debug, Default)]
pub struct Outcome<'n> {
    /// What is managed in the object now.
    pub record: Record,
    /// The names of the dependencies that changed something.
    pub changed: BTreeSet<&'n str>,
    /// Those of them that changed the pod spec.
    pub changed_pod_spec: BTreeSet<&'n str>,
    /// Where the user has something else under the key of an addition, which may neither stay nor be replaced.
    pub conflicts: Vec<Conflict>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// The user has something else under the key of an addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The dependency of the addition.
    pub dependency: String,
    /// What, where, whose, and what to do about it.
    pub message: String,
}

impl<'n> Outcome<'n> {
    fn note_change(&mut self, dependency: &'n str, is_in_pod_spec: bool) {
        self.changed.insert(dependency);
        if is_in_pod_spec {
            self.changed_pod_spec.insert(dependency);
        }
    }
}

/// Merges `plan` into `object`, in which `record` says what is managed already.
///
/// Dependencies in `held_back` stay as they are in the object: nothing of theirs is added, changed or removed. With an
/// empty plan, what remains is the object without what is managed.
///
/// # Errors
/// A value that the merge has to read is of the wrong kind.
pub fn merge<'a>(
    object: &mut Node<'a>,
    kind: Kind,
    plan: &'a [Dependency<'a>],
    record: &'a Record,
    held_back: &BTreeSet<String>,
) -> Result<Outcome<'a>, Malformed> {
    let mut merger = Merger { kind, record, held_back, outcome: Outcome::default() };
    for name in held_back {
        merger.outcome.record.keep(name, record);
    }
    let plan = merger.applicable(object, plan)?;
    for field in FIELDS.iter().filter(|field| field.strategy != MergeStrategy::Atomic) {
        let desired = additions_to(&plan, |it| std::ptr::eq(it, field));
        match field.target {
            Target::Metadata => merger.merge_field_of(object, &METADATA, field, &desired)?,
            Target::PodSpec => merger.merge_field_of(object, kind.pod_spec_path(), field, &desired)?,
            Target::Containers => merger.merge_into_containers(object, field, &desired, &plan)?,
        }
    }
    merger.merge_atomic_fields(object, &additions_to(&plan, |it| it.strategy == MergeStrategy::Atomic))?;
    Ok(merger.outcome)
}

/// The place of the atomic fields of the pod spec, as the record names it.
const SPEC: &str = "spec";

struct Merger<'r, 'a> {
    kind: Kind,
    record: &'a Record,
    held_back: &'r BTreeSet<String>,
    outcome: Outcome<'a>,
}

/// A dependency that is merged, and the names of the containers that it selects.
struct Applicable<'a> {
    dependency: &'a Dependency<'a>,
    containers: BTreeSet<String>,
}

impl<'a> Merger<'_, 'a> {
    /// The dependencies that are merged: not held back, and with a container where they need one. Where there is none,
    /// they are left out whole, with a warning (contract, "Chosen containers").
    fn applicable(&mut self, object: &Node<'a>, plan: &'a [Dependency<'a>]) -> Result<Vec<Applicable<'a>>, Malformed> {
        let kind = self.kind;
        let present = workload::container_names(object, kind)?;
        let mut there = BTreeSet::new();
        there.extend(present.iter().map(|name| &**name));
        let owners = self.record.owners_at(SIDECARS);
        let mut plan: Vec<_> = plan.iter().filter(|dependency| !self.held_back.contains(dependency.name)).collect();
        loop {
            if !plan.iter().any(|dependency| dependency.needs_container()) {
                let all = plan.into_iter();
                return Ok(all.map(|dependency| Applicable { dependency, containers: BTreeSet::new() }).collect());
            }
            // A list of names may mean a sidecar that another dependency adds; whether it is added is settled once every
            // dependency that is left out is known.
            let mut added = BTreeSet::new();
            let additions = plan.iter().flat_map(|dependency| &dependency.additions);
            added.extend(additions.filter(|it| it.field.entry == Entry::Container).map(|it| &*it.key));
            // A managed sidecar that nobody adds any more is removed in this very merge.
            let stays = |name: &str| {
                owners.get(name).is_none_or(|owner| self.held_back.contains(*owner) || added.contains(name))
            };
            let mut names: Vec<_> = present.iter().filter(|name| stays(name)).cloned().collect();
            names.extend(added.iter().filter(|name| !there.contains(*name)).map(|name| Cow::Borrowed(*name)));
            let is_managed = |name: &str| owners.contains_key(name) || !there.contains(name);
            let (applicable, lacking): (Vec<_>, Vec<_>) = plan
                .iter()
                .map(|dependency| {
                    let selected = if dependency.needs_container() {
                        workload::selected(&dependency.containers, kind, object, &names, is_managed)
                    } else {
                        Vec::new()
                    };
                    let mut containers = BTreeSet::new();
                    containers.extend(selected.into_iter().map(str::to_owned));
                    Applicable { dependency, containers }
                })
                .partition(|it| !it.containers.is_empty() || !it.dependency.needs_container());
            if lacking.is_empty() {
                return Ok(applicable);
            }
            for it in &lacking {
                self.outcome.warnings.push(format!(
                    "dependency \"{}\" is left out: none of {}.containers is one for it",
                    it.dependency.name,
                    kind.pod_spec_path()
                ));
            }
            plan = applicable.iter().map(|it| it.dependency).collect();
        }
    }

    /// A list or map in the object at `parent_path`.
    fn merge_field_of(
        &mut self,
        object: &mut Node<'a>,
        parent_path: &'static Path<'static>,
        field: &'static Field,
        desired: &[Desired<'a>],
    ) -> Result<(), Malformed> {
        let mut managed = Managed::new(field.name, field.target, None, self.record, self.held_back);
        if managed.is_idle(desired) {
            return Ok(());
        }
        let Some(parent) = reach(object, parent_path, !desired.is_empty())? else { return Ok(()) };
        if let Some(rival) = field.rival().filter(|_| !desired.is_empty()) {
            managed.taken = self.names_of(parent, rival, parent_path)?;
        }
        self.merge_field(parent, parent_path, field, &managed, desired)
    }

    /// The names in the list of `rival` that stay there: all but managed ones that may go.
    fn names_of(
        &self,
        spec: &Object<'a>,
        rival: &'static Field,
        spec_path: &Path<'_>,
    ) -> Result<BTreeSet<String>, Malformed> {
        let mut names = BTreeSet::new();
        let Some(list) = spec.get(rival.member.raw()) else { return Ok(names) };
        let owners = self.record.owners_at(rival.name);
        let items = list.list(&spec_path.member(rival.member.raw()))?.items().iter();
        let keys = items.filter_map(|item| rival.key_of(item));
        let stays = |key: &Cow<'_, str>| owners.get(&**key).is_none_or(|owner| self.held_back.contains(*owner));
        names.extend(keys.filter(stays).map(Cow::into_owned));
        Ok(names)
    }

    /// A list or map in `parent`, which is at `parent_path`.
    fn merge_field(
        &mut self,
        parent: &mut Object<'a>,
        parent_path: &Path<'_>,
        field: &'static Field,
        managed: &Managed<'_, 'a>,
        desired: &[Desired<'a>],
    ) -> Result<(), Malformed> {
        let path = parent_path.member(field.member.raw());
        let is_map = field.strategy == MergeStrategy::Granular;
        let edits = match parent.get(field.member.raw()) {
            None => managed.decide(desired, [].into_iter(), &mut self.outcome),
            Some(node) if is_map => {
                let members = node.object(&path)?.iter().map(|(key, value)| (Some(key.decode()), value.text()));
                managed.decide(desired, members, &mut self.outcome)
            }
            Some(node) => {
                let items = node.list(&path)?.items().iter().map(|item| (field.key_of(item), item.text()));
                managed.decide(desired, items, &mut self.outcome)
            }
        };
        if edits.is_empty() {
            return Ok(());
        }
        let is_emptied = if is_map {
            let members = parent.object_at(field.member, &path)?.members_mut();
            edits.apply(members, |addition| (addition.member, Node::text_only(addition.value)));
            members.is_empty()
        } else {
            let items = parent.list_at(field.member, &path)?.items_mut();
            edits.apply(items, |addition| {
                let value = Node::text_only(addition.value);
                // Other dependencies may be merged into a container.
                if field.entry == Entry::Container {
                    Node::parse(addition.value, &CONTAINER).unwrap_or(value)
                } else {
                    value
                }
            });
            items.is_empty()
        };
        // An emptied list or map is removed: empty and absent mean the same.
        if is_emptied {
            parent.remove(field.member.raw());
        }
        Ok(())
    }

    /// A list or map in the containers that each dependency selects.
    fn merge_into_containers(
        &mut self,
        object: &mut Node<'a>,
        field: &'static Field,
        desired: &[Desired<'a>],
        plan: &[Applicable<'a>],
    ) -> Result<(), Malformed> {
        if desired.is_empty() && self.record.is_empty() {
            return Ok(());
        }
        let path = self.kind.pod_spec_path();
        let Some(spec) = path.get_mut(object)? else { return Ok(()) };
        let path = path.member("containers");
        let Some(containers) = spec.get_mut("containers") else { return Ok(()) };
        for (at, node) in containers.list_mut(&path)?.iter_mut().enumerate() {
            let path = path.item(at);
            let container = node.object_mut(&path)?;
            let name = container.get("name").and_then(Node::string).unwrap_or_default();
            let is_selected = |dependency| {
                plan.iter().any(|it| std::ptr::eq(it.dependency, dependency) && it.containers.contains(&*name))
            };
            let desired: Vec<_> = desired
                .chunk_by(|one, other| std::ptr::eq(one.dependency, other.dependency))
                .filter(|desired| desired.first().is_some_and(|first| is_selected(first.dependency)))
                .flatten()
                .copied()
                .collect();
            let place = format!("{}/{name}", field.name);
            let managed = Managed::new(&place, field.target, Some(&name), self.record, self.held_back);
            if !managed.is_idle(&desired) {
                self.merge_field(container, &path, field, &managed, &desired)?;
            }
        }
        Ok(())
    }

    /// The fields of the pod spec that merge as a whole.
    fn merge_atomic_fields(&mut self, object: &mut Node<'a>, desired: &[Desired<'a>]) -> Result<(), Malformed> {
        let managed = Managed::new(SPEC, Target::PodSpec, None, self.record, self.held_back);
        if managed.is_idle(desired) {
            return Ok(());
        }
        let Some(spec) = reach(object, self.kind.pod_spec_path(), !desired.is_empty())? else { return Ok(()) };
        // A deprecated alias counts where the field itself is absent.
        let present: Vec<_> = FIELDS
            .iter()
            .filter(|field| field.strategy == MergeStrategy::Atomic)
            .filter_map(|field| {
                let members = [Some(field.member), field.alias].into_iter().flatten();
                let mut values = members.filter_map(|member| spec.get(member.raw())).map(Node::text);
                let value = values.clone().find(|value| !field.is_absent(value));
                Some((field, value.or_else(|| values.next())?))
            })
            .collect();
        let entries = present.iter().map(|(field, value)| (Some(field.name.into()), *value));
        let edits = managed.decide(desired, entries, &mut self.outcome);
        for (at, addition) in edits.in_place() {
            if let Some((field, _)) = present.get(*at) {
                set_field(spec, field, addition.map(|addition| addition.value));
            }
        }
        for addition in edits.added() {
            set_field(spec, addition.field, Some(addition.value));
        }
        Ok(())
    }
}

/// Gives a field of the pod spec a value, or takes it away, and with it what goes with it (contract, "Conflicts").
fn set_field<'a>(spec: &mut Object<'a>, field: &Field, value: Option<&'a str>) {
    let alias = field.alias.filter(|alias| spec.get(alias.raw()).is_some());
    for member in [Some(field.member), alias].into_iter().flatten() {
        match value {
            Some(value) => spec.set(member, Node::text_only(value)),
            None => _ = spec.remove(member.raw()),
        }
    }
    for computed in field.computed {
        spec.remove(computed);
    }
}

/// The additions that go into the fields that `fits`, those of one dependency together.
fn additions_to<'a>(plan: &[Applicable<'a>], fits: impl Fn(&'static Field) -> bool) -> Vec<Desired<'a>> {
    plan.iter()
        .flat_map(|it| it.dependency.additions.iter().map(|addition| Desired { dependency: it.dependency, addition }))
        .filter(|desired| fits(desired.addition.field))
        .collect()
}

/// The object at `path`; made where it is absent and `insert` says so.
fn reach<'o, 'a>(
    object: &'o mut Node<'a>,
    path: &'static Path<'static>,
    insert: bool,
) -> Result<Option<&'o mut Object<'a>>, Malformed> {
    if insert { path.get_or_insert(object).map(Some) } else { path.get_mut(object) }
}
