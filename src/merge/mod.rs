//! Additions into an object: keyed lists and maps, what is ours and what is the user's, conflicts (contract, 4).
//!
//! [`merge`] depends on its input alone. Which dependencies may be merged at all, and what becomes of conflicts, is
//! decided by its caller, who may call it again with some of them held back.

mod record;
mod slot;

use std::borrow::Cow;
use std::collections::BTreeSet;

pub use record::{Added, Record};

use self::slot::{Slot, Want};
use crate::dependency::{Dependency, FIELDS, Field, Merge, Target};
use crate::document::{Malformed, Node, Object, Str};
use crate::workload::{self, CONTAINER, Kind};

/// What came of merging, beside the object.
#[derive(Debug, Default)]
pub struct Outcome<'n> {
    /// What is ours in the object now.
    pub record: Record,
    /// The names of the dependencies that changed something.
    pub changed: BTreeSet<&'n str>,
    /// Those of them that changed the pod spec.
    pub changed_pod_spec: BTreeSet<&'n str>,
    /// Where the user has something else under the same key, and neither may it stay nor may ours replace it.
    pub conflicts: Vec<Conflict>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// The user has something else under the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The dependency that brings ours.
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

/// Merges `plan` into `object`, in which `record` says what is ours already.
///
/// Dependencies in `held` stay as they are in the object: nothing of theirs is added, changed or removed. With an
/// empty plan, what remains is the user's own object.
///
/// # Errors
/// The object is malformed on a way that the merge goes.
pub fn merge<'a>(
    object: &mut Node<'a>,
    kind: Kind,
    plan: &'a [Dependency<'a>],
    record: &'a Record,
    held: &BTreeSet<String>,
) -> Result<Outcome<'a>, Malformed> {
    let mut merger = Merger { kind, record, held, outcome: Outcome::default() };
    for name in held {
        merger.outcome.record.keep(name, record);
    }
    let plan = merger.applicable(object, plan)?;
    for field in FIELDS.iter().filter(|field| field.merge != Merge::Itself) {
        let wants = || wants(&plan, |it| std::ptr::eq(it, field));
        match field.target {
            Target::Metadata => merger.merge_member_of(object, &METADATA, field, &wants())?,
            Target::PodSpec => merger.merge_member_of(object, kind.pod_spec_path(), field, &wants())?,
            Target::Containers => merger.merge_into_containers(object, field, &wants(), &plan)?,
        }
    }
    merger.merge_fields_themselves(object, &wants(&plan, |it| it.merge == Merge::Itself))?;
    Ok(merger.outcome)
}

const METADATA: [Str<'static>; 1] = [Str::from_token("\"metadata\"")];

/// The field that brings containers, into which other dependencies may be merged.
const SIDECARS: &str = "sidecars";

/// What the record calls the place of the fields of the pod spec itself.
const SPEC: &str = "spec";

struct Merger<'r, 'a> {
    kind: Kind,
    record: &'a Record,
    held: &'r BTreeSet<String>,
    outcome: Outcome<'a>,
}

/// A dependency that is merged, and the names of the containers that it chose.
struct Applicable<'a> {
    dependency: &'a Dependency<'a>,
    containers: BTreeSet<String>,
}

impl<'a> Merger<'_, 'a> {
    /// The dependencies that are merged: not held, and with a container where they need one. Where there is none,
    /// they are left out whole, with a warning (contract, 3).
    fn applicable(&mut self, object: &Node<'a>, plan: &'a [Dependency<'a>]) -> Result<Vec<Applicable<'a>>, Malformed> {
        let kind = self.kind;
        let present = workload::container_names(workload::pod_spec(object, kind)?, kind)?;
        let mut there = BTreeSet::new();
        there.extend(present.iter().map(|name| &**name));
        let owners = self.record.owners_at(SIDECARS);
        let mut plan: Vec<_> = plan.iter().filter(|dependency| !self.held.contains(dependency.name)).collect();
        loop {
            if !plan.iter().any(|dependency| dependency.needs_container()) {
                let all = plan.into_iter();
                return Ok(all.map(|dependency| Applicable { dependency, containers: BTreeSet::new() }).collect());
            }
            // A list of names may mean a sidecar that another dependency brings; whether it is brought is settled
            // once every dependency that is left out is known.
            let mut brought = BTreeSet::new();
            let additions = plan.iter().flat_map(|dependency| &dependency.additions);
            brought.extend(additions.filter(|it| it.field.name == SIDECARS).map(|it| &*it.key));
            // A sidecar of ours that nobody brings any more goes with this very merge.
            let stays =
                |name: &str| owners.get(name).is_none_or(|owner| self.held.contains(*owner) || brought.contains(name));
            let mut names: Vec<_> = present.iter().filter(|name| stays(name)).cloned().collect();
            names.extend(brought.iter().filter(|name| !there.contains(*name)).map(|name| Cow::Borrowed(*name)));
            let is_ours = |name: &str| owners.contains_key(name) || !there.contains(name);
            let (applicable, lacking): (Vec<_>, Vec<_>) = plan
                .iter()
                .map(|dependency| {
                    let chosen = if dependency.needs_container() {
                        workload::chosen(&dependency.containers, kind, object, &names, is_ours)
                    } else {
                        Vec::new()
                    };
                    let mut containers = BTreeSet::new();
                    containers.extend(chosen.into_iter().map(str::to_owned));
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
                    kind.pod_spec_name()
                ));
            }
            plan = applicable.iter().map(|it| it.dependency).collect();
        }
    }

    /// A list or map in the object at the end of `way`.
    fn merge_member_of(
        &mut self,
        object: &mut Node<'a>,
        way: &'static [Str<'static>],
        field: &'static Field,
        wants: &[Want<'a>],
    ) -> Result<(), Malformed> {
        let mut slot = Slot::new(field.name, field.target, None, self.record, self.held);
        if slot.is_idle(wants) {
            return Ok(());
        }
        let Some(parent) = reach(object, way, !wants.is_empty())? else { return Ok(()) };
        if let Some(rival) = field.rival.and_then(Field::named).filter(|_| !wants.is_empty()) {
            slot.taken = self.names_of(parent, rival, way)?;
        }
        self.merge_member(parent, &|| name_of(way), field, &slot, wants)
    }

    /// The names in the list of `rival` that stay there: all but those of ours that may go.
    fn names_of(
        &self,
        spec: &Object<'a>,
        rival: &Field,
        way: &'static [Str<'static>],
    ) -> Result<BTreeSet<String>, Malformed> {
        let mut names = BTreeSet::new();
        let Some(list) = spec.get(rival.member.raw()) else { return Ok(names) };
        let owners = self.record.owners_at(rival.name);
        let items = list.list(|| format!("{}.{}", name_of(way), rival.member.raw()))?.items().iter();
        let keys = items.filter_map(|item| rival.key_of(item));
        let stays = |key: &Cow<'_, str>| owners.get(&**key).is_none_or(|owner| self.held.contains(*owner));
        names.extend(keys.filter(stays).map(Cow::into_owned));
        Ok(names)
    }

    /// A list or map in `parent`, the path of which is `parent_path`.
    fn merge_member(
        &mut self,
        parent: &mut Object<'a>,
        parent_path: &dyn Fn() -> String,
        field: &'static Field,
        slot: &Slot<'_, 'a>,
        wants: &[Want<'a>],
    ) -> Result<(), Malformed> {
        let path = || format!("{}.{}", parent_path(), field.member.raw());
        let is_map = field.merge == Merge::ByKey;
        let edits = match parent.get(field.member.raw()) {
            None => slot.decide(wants, [].into_iter(), &mut self.outcome),
            Some(node) if is_map => {
                let members = node.object(path)?.iter().map(|(key, value)| (Some(key.decode()), value.text()));
                slot.decide(wants, members, &mut self.outcome)
            }
            Some(node) => {
                let items = node.list(path)?.items().iter().map(|item| (field.key_of(item), item.text()));
                slot.decide(wants, items, &mut self.outcome)
            }
        };
        if edits.is_empty() {
            return Ok(());
        }
        let is_emptied = if is_map {
            let members = parent.object_at(field.member, path)?.members_mut();
            edits.apply(members, |addition| (addition.member, Node::text_only(addition.value)));
            members.is_empty()
        } else {
            let items = parent.list_at(field.member, path)?.items_mut();
            edits.apply(items, |addition| {
                let value = Node::text_only(addition.value);
                // Others may be merged into a container.
                if field.name == SIDECARS { Node::parse(addition.value, &CONTAINER).unwrap_or(value) } else { value }
            });
            items.is_empty()
        };
        // What held nothing but ours was not there before us.
        if is_emptied {
            parent.remove(field.member.raw());
        }
        Ok(())
    }

    /// A list or map in the containers that each dependency chose.
    fn merge_into_containers(
        &mut self,
        object: &mut Node<'a>,
        field: &'static Field,
        wants: &[Want<'a>],
        plan: &[Applicable<'a>],
    ) -> Result<(), Malformed> {
        if wants.is_empty() && self.record.is_empty() {
            return Ok(());
        }
        let path = format!("{}.containers", self.kind.pod_spec_name());
        let Some(spec) = reach(object, self.kind.pod_spec_path(), false)? else { return Ok(()) };
        let Some(containers) = spec.get_mut("containers") else { return Ok(()) };
        for (at, node) in containers.list_mut(|| path.clone())?.iter_mut().enumerate() {
            let path = || format!("{path}[{at}]");
            let container = node.object_mut(path)?;
            let name = container.get("name").and_then(Node::string).unwrap_or_default();
            let chose = |dependency| {
                plan.iter().any(|it| std::ptr::eq(it.dependency, dependency) && it.containers.contains(&*name))
            };
            let wants: Vec<_> = wants
                .chunk_by(|one, other| std::ptr::eq(one.dependency, other.dependency))
                .filter(|wants| wants.first().is_some_and(|want| chose(want.dependency)))
                .flatten()
                .copied()
                .collect();
            let place = format!("{}/{name}", field.name);
            let slot = Slot::new(&place, field.target, Some(&name), self.record, self.held);
            if !slot.is_idle(&wants) {
                self.merge_member(container, &path, field, &slot, &wants)?;
            }
        }
        Ok(())
    }

    /// The fields of the pod spec that merge as a whole.
    fn merge_fields_themselves(&mut self, object: &mut Node<'a>, wants: &[Want<'a>]) -> Result<(), Malformed> {
        let slot = Slot::new(SPEC, Target::PodSpec, None, self.record, self.held);
        if slot.is_idle(wants) {
            return Ok(());
        }
        let Some(spec) = reach(object, self.kind.pod_spec_path(), !wants.is_empty())? else { return Ok(()) };
        // A deprecated alias speaks where the field itself does not.
        let present: Vec<_> = FIELDS
            .iter()
            .filter(|field| field.merge == Merge::Itself)
            .filter_map(|field| {
                let members = [Some(field.member), field.alias].into_iter().flatten();
                let mut values = members.filter_map(|member| spec.get(member.raw())).map(Node::text);
                let says = values.clone().find(|value| !field.is_absent(value));
                Some((field, says.or_else(|| values.next())?))
            })
            .collect();
        let entries = present.iter().map(|(field, value)| (Some(field.name.into()), *value));
        let edits = slot.decide(wants, entries, &mut self.outcome);
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

/// Gives a field of the pod spec a value, or takes it away, and with it what goes with it (contract, 4.5).
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
fn wants<'a>(plan: &[Applicable<'a>], fits: impl Fn(&'static Field) -> bool) -> Vec<Want<'a>> {
    plan.iter()
        .flat_map(|it| it.dependency.additions.iter().map(|addition| Want { dependency: it.dependency, addition }))
        .filter(|want| fits(want.addition.field))
        .collect()
}

/// The object at the end of `way`; made where it is absent and `make` says so.
fn reach<'o, 'a>(
    object: &'o mut Node<'a>,
    way: &'static [Str<'static>],
    make: bool,
) -> Result<Option<&'o mut Object<'a>>, Malformed> {
    let mut reached = object.object_mut(|| name_of(&[]))?;
    for (depth, key) in way.iter().enumerate() {
        if !make && reached.get(key.raw()).is_none() {
            return Ok(None);
        }
        reached = reached.object_at(*key, || name_of(way.get(..=depth).unwrap_or(way)))?;
    }
    Ok(Some(reached))
}

/// A way, as messages write it.
fn name_of(way: &[Str<'static>]) -> String {
    if way.is_empty() {
        return "object".to_owned();
    }
    way.iter().map(|key| key.raw()).collect::<Vec<_>>().join(".")
}
