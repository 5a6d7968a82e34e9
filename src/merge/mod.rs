//! Dependencies into an object: list maps, list sets, granular maps and atomic fields, what is ours and what is the
//! user's, conflicts (contract, "Record" and "Conflicts").
//!
//! [`merge`] depends on its input alone. Which dependencies may be merged at all, and what becomes of conflicts, is
//! decided by its caller, who may call it again with some of them held back.

mod annotations;
mod containers;
mod edits;
mod excluded;
mod former_keys;
mod in_place;
mod known;
mod others;
mod place;
mod record;
mod set_aside;

use std::borrow::Cow;

pub use annotations::{Annotations, Says, apply_annotations, changed_annotations};
pub use former_keys::FormerKeys;
pub use in_place::is_in_place;
pub use known::{Known, Records};
pub use others::{OfOthers, carry_over, put_back_metadata};
pub use record::{Part, Record};
pub use set_aside::{keys_of, set_aside};

use self::containers::{Reach, carry_inside, fields_in_containers, without_others};
use self::excluded::{excluded, excluded_by_amount, is_kept_as_theirs};
use self::known::OwnersAt;
use self::place::{Context, Desired, Place, Stored, entries_of, holder_mut, present_atomic_fields, retain_entries};
use crate::json::{Body, ByName, Malformed, Node, Object, Path, is_same_text, items, joined, member, string_member};
use crate::settings::fields::{Entry, FIELDS, Field, IN_CONTAINERS, MergeStrategy, OF_SPEC, SIDECARS, Target};
use crate::settings::{Addition, Dependency, OnConflict};
use crate::workload::{self, Apart, CONTAINER, CONTAINER_LISTS, Containers, Kind, METADATA, container_name};

/// What came of a merge, beside the object.
#[derive(Debug, Default)]
pub struct Outcome<'n> {
    /// What is ours in the object now.
    pub record: Record<'n>,
    /// The names of the dependencies that changed something.
    pub changed: ByName<'n, ()>,
    /// Those that change the template, and whether a notebook that runs waits for it.
    pub changed_template: ByName<'n, bool>,
    /// Where the user has something else under the key of an addition, which may neither stay nor be replaced.
    pub conflicts: Vec<Conflict<'n>>,
    /// Those that cannot be merged, and why: what the notebook's record names in its pod is no conflict.
    pub left_out: ByName<'n, String>,
    /// Those that want another value in the place of one that stays as it is, and the dependency which that is of.
    pub behind: Vec<(&'n str, &'n str)>,
    /// Whether something in the template that was ours is the user's now.
    pub is_made_theirs: bool,
    /// What the client changed of ours, and is put back.
    pub put_back: Vec<String>,
    /// What else the client changed of ours, which stays unless the stored template takes the place of his.
    pub undone: Vec<String>,
    /// What the client should know.
    pub warnings: Vec<(Audience, String)>,
    /// The volumes of the mounts that `Keep` left out, by [`mounted_by`].
    kept_mounts: ByName<'n, ()>,
}

/// How many conflicts are described: further ones are counted.
pub const MOST_CONFLICTS: usize = 50;

/// Whom a warning is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every client.
    Everyone,
    /// Every client but of a request in which the template must not change.
    Changer,
    /// Who writes the template.
    Writer,
}

/// The user has something else under the key of an addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict<'n> {
    /// The dependency of the addition.
    pub dependency: &'n str,
    /// What is in conflict, and where.
    pub subject: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to do about it.
    pub advice: String,
}

impl<'n> Outcome<'n> {
    fn note_change(&mut self, dependency: &'n str, target: Target, is_due: bool, is_its_own: bool) {
        if is_its_own {
            self.changed.add(dependency);
        }
        if target != Target::Metadata {
            self.changed_template.entry(dependency).into_iter().for_each(|it| *it |= is_due);
        }
    }

    fn note_kept(&mut self, dependency: &'n Dependency<'_>, addition: &Addition<'_>) {
        if addition.field.entry == Entry::VolumeMount
            && let Some(volume) = string_member(addition.value, "name")
        {
            self.kept_mounts.add(mounted_by(dependency.name, &volume));
        }
    }

    fn leave_out(&mut self, dependency: &'n str, why: String) {
        if !self.left_out.contains(dependency) {
            self.left_out.insert(dependency, why);
        }
    }

    fn warn(&mut self, audience: Audience, warning: String) {
        self.warnings.push((audience, warning));
    }
}

/// Merges `plan` into `object`, of which `known` says what is ours already, and `stored` what the client may have changed.
///
/// Dependencies in `held_back` stay as they are in the object: nothing of theirs is added, changed or taken away.
///
/// # Errors
/// A value that the merge has to read is of the wrong kind.
pub fn merge<'a>(
    object: &mut Node<'a>,
    stored: Option<&Node<'a>>,
    kind: Kind,
    plan: &'a [Dependency<'a>],
    known: &'a Known<'a>,
    held_back: &ByName<'a, ()>,
) -> Result<Outcome<'a>, Malformed> {
    let mut outcome = Outcome::default();
    if known.is_blank() && !plan.is_empty() && plan.iter().all(|dependency| held_back.contains(dependency.name)) {
        return Ok(outcome);
    }
    let planned = plan.iter().filter(|dependency| !held_back.contains(dependency.name));
    let reach = Reach::settle(object, kind, planned, known, &|name| held_back.contains(name))?;
    for dependency in &reach.left_out {
        outcome.warn(
            Audience::Everyone,
            match &dependency.containers {
                Containers::Named(names) => format!(
                    "dependency \"{}\" is left out: no container is called {}",
                    dependency.name,
                    joined(" or ", names.iter().map(|name| &**name))
                ),
                _ => format!(
                    "dependency \"{}\" is left out: it matches none of {}.containers",
                    dependency.name,
                    kind.pod_spec_path()
                ),
            },
        );
    }
    let mut stay = held_back.clone();
    stay.extend(reach.left_out.iter().map(|dependency| dependency.name));
    let holds_back = !stay.is_empty();
    let planned = ByName::set(plan.iter().filter(|_| holds_back).map(|dependency| dependency.name));
    for name in stay.names() {
        let Some(part) = known.part(name) else { continue };
        match planned.position(name).and_then(|at| plan.get(at)).filter(|_| !known.is_stored()) {
            Some(dependency) => outcome.record.keep_wanted(dependency, part),
            None => outcome.record.keep(name.clone(), part),
        }
    }
    let is_held_back = |name: &str| stay.contains(name);
    let on_conflict = |name: &str| {
        let dependency = planned.position(name).and_then(|at| plan.get(at));
        dependency.map_or_else(OnConflict::default, |dependency| dependency.on_conflict)
    };
    let context = Context { kind, known, is_held_back: &is_held_back, on_conflict: &on_conflict };
    let additions = reach.dependencies.iter().flat_map(|dependency| &dependency.additions);
    let used = additions.fold(0, |used, addition| used | 1 << addition.field.order_of_place());
    let mut merger = Merger { context, reach: &reach, stored, used, holds_back, outcome };
    merger.merge_all(object)?;
    Ok(merger.outcome)
}

struct Merger<'r, 'a> {
    context: Context<'r, 'a>,
    reach: &'r Reach<'a>,
    stored: Option<&'r Node<'a>>,
    /// The places that anything is added to: a bit for each, by the order of its first field.
    used: u64,
    /// Whether any dependency stays as it is.
    holds_back: bool,
    outcome: Outcome<'a>,
}

impl<'a> Merger<'_, 'a> {
    /// Merges every field: what brings containers before what goes into them, and volumes behind their mounts.
    fn merge_all(&mut self, object: &mut Node<'a>) -> Result<(), Malformed> {
        let are_volumes = |field: &&Field| field.entry == Entry::Volume;
        for field in FIELDS.iter().filter(|field| !are_volumes(field)) {
            let is_beside = field.target != Target::Containers && field.strategy != MergeStrategy::Atomic;
            let is_recorded = || self.context.known.at(field.name).is_some();
            if is_beside && (self.used & 1 << field.order() != 0 || is_recorded()) {
                self.merge_beside_containers(object, field)?;
            }
        }
        self.merge_into_containers(object)?;
        for field in FIELDS.iter().filter(are_volumes) {
            self.merge_beside_containers(object, field)?;
        }
        self.merge_atomic_fields_of_spec(object)
    }

    /// A list or map that is not in a container.
    fn merge_beside_containers(&mut self, object: &mut Node<'a>, field: &'static Field) -> Result<(), Malformed> {
        let is_used = self.used & 1 << field.order() != 0;
        let mut desired = if is_used { self.additions_to(|it| std::ptr::eq(it, field)) } else { Vec::new() };
        if field.entry == Entry::Volume {
            self.leave_out_unmounted(object, &mut desired);
        }
        let path = if field.target == Target::Metadata { &METADATA } else { self.context.kind.pod_spec_path() };
        self.merge_field_of(object, path, field, &desired)
    }

    /// The additions that go into the fields that `fits`, those of one dependency together.
    fn additions_to(&self, fits: impl Fn(&'static Field) -> bool) -> Vec<Desired<'a>> {
        let mut desired = Vec::new();
        for dependency in &self.reach.dependencies {
            for addition in dependency.additions.iter().filter(|addition| fits(addition.field)) {
                desired.push(Desired { dependency, addition });
            }
        }
        desired
    }

    /// A place that is not in a container.
    fn place<'p>(
        &self,
        field: &'static Field,
        name: &'p str,
        owners: Option<&'p OwnersAt<'a>>,
        stored: Option<&'p Object<'a>>,
    ) -> Place<'p, 'a>
    where
        'a: 'p,
    {
        Place {
            field,
            name: Cow::Borrowed(name),
            container: None,
            owners: [owners, None],
            of_main: None,
            moved: None,
            own: ByName::default(),
            stored: Stored::new(self.stored.map(|_| stored), self.context.known),
            taken: ByName::default(),
            mounted: ByName::default(),
            by_server: None,
            excluded: ByName::default(),
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
        let owners = self.context.known.at(field.name);
        if desired.is_empty() && owners.is_none() {
            return Ok(());
        }
        let stored = self.stored.and_then(|stored| parent_path.get(stored).ok().flatten()).and_then(Node::as_object);
        let mut place = self.place(field, field.name, owners, stored);
        if field.entry == Entry::Volume && self.may_take_away(&place, desired) {
            place.mounted = mounted_volumes(object, self.context.kind);
        }
        let Some(parent) = reach(object, parent_path, !desired.is_empty())? else { return Ok(()) };
        if let Some(rival) = field.rival().filter(|_| !desired.is_empty()) {
            place.taken = self.names_of(parent, rival, parent_path)?;
        }
        self.merge_field(parent, parent_path, place, desired)
    }

    /// Whether an entry of `place` may be taken away, as far as can be told without looking at it.
    fn may_take_away(&self, place: &Place<'_, 'a>, desired: &[Desired<'a>]) -> bool {
        let wanted = ByName::set(desired.iter().map(|desired| &*desired.addition.key));
        place.owners.iter().flatten().any(|owners| {
            let mut taken_away = owners.iter().filter(|(key, owner)| owner.is_stored && !wanted.contains(key));
            taken_away.any(|(_, owner)| !(self.context.is_held_back)(owner.dependency))
        })
    }

    /// The names in the list of `rival` that stay there: all but those of ours that may go.
    fn names_of(
        &self,
        spec: &Object<'a>,
        rival: &'static Field,
        spec_path: &Path<'_>,
    ) -> Result<ByName<'a, ()>, Malformed> {
        let mut names = ByName::default();
        let Some(list) = spec.get(rival.member.raw()) else { return Ok(names) };
        let owners = self.context.known.at(rival.name);
        let items = list.list(&spec_path.member(rival.member.raw()))?.items().iter();
        let keys = items.filter_map(|item| rival.key_of(item));
        let stays = |key: &Cow<'_, str>| {
            let owner = owners.and_then(|owners| owners.get(key));
            owner.is_none_or(|owner| !owner.is_stored || (self.context.is_held_back)(owner.dependency))
        };
        names.extend(keys.filter(stays));
        Ok(names)
    }

    /// A list or map in `parent`, which is at `parent_path`.
    fn merge_field(
        &mut self,
        parent: &mut Object<'a>,
        parent_path: &Path<'_>,
        mut place: Place<'_, 'a>,
        desired: &[Desired<'a>],
    ) -> Result<(), Malformed> {
        let field = place.field;
        let within = field.within.map(|within| parent_path.member(within.raw()));
        let holder_path = within.as_ref().unwrap_or(parent_path);
        let path = holder_path.member(field.member.raw());
        let is_map = field.strategy == MergeStrategy::Granular;
        let holder = holder_mut(parent, field, holder_path)?;
        let mut entries = Vec::new();
        match holder.and_then(|holder| holder.get_mut(field.member.raw())) {
            None => {}
            Some(node) if is_map => {
                for (key, value) in node.object_mut(&path)?.iter() {
                    entries.push((Some(key.decode()).filter(|key| !field.holds_another(key)), value.text()));
                }
            }
            Some(node) => {
                let items = node.list(&path)?.items();
                entries.reserve(items.len());
                for (at, item) in items.iter().enumerate() {
                    if !(item.text().starts_with('{') || item.is_null()) {
                        return Err(item.malformed(&path.item(at), "an object"));
                    }
                    entries.push((field.key_of(item), item.text()));
                }
            }
        }
        let known = self.context.known;
        let own_text = |(key, text): &(Option<Cow<'_, str>>, &'a str)| {
            without_others(known, field, key.as_deref().unwrap_or_default(), text)
        };
        let own: Vec<_> = entries.iter().filter(|_| field.is_container()).map(own_text).collect();
        let entries: Vec<_> = if own.is_empty() {
            entries
        } else {
            entries.into_iter().zip(&own).map(|((key, _), text)| (key, &**text)).collect()
        };
        let may_put_back = self.holds_back && {
            let text = |node: Option<&Node<'a>>| node.map_or("null", Node::text);
            let member = field.within.unwrap_or(field.member).raw();
            let present = parent.get(member);
            let stored = place.stored.parent.flatten().and_then(|stored| stored.get(member));
            present.is_some_and(Node::is_changed) || !is_same_text(text(stored), text(present))
        };
        if field.within.is_some() {
            place.excluded = self.excluded_by_amount(parent, &place, desired);
        } else if is_map && !desired.is_empty() {
            let users = |key: &str| !place.owner(key).is_some_and(|owner| owner.is_stored);
            let entry =
                |key: &str| entries.iter().rfind(|(name, _)| name.as_deref() == Some(key)).map(|(_, value)| *value);
            let theirs = |key: &str| entry(key).filter(|_| users(key)).map(Cow::Borrowed);
            place.excluded = excluded(field, false, desired, &theirs);
        }
        let edits = place.decide(&self.context, desired, &entries, may_put_back, &mut self.outcome);
        if edits.is_empty() {
            return Ok(());
        }
        self.warn_of_a_lost_group(parent, field, desired);
        let holder = match field.within {
            Some(within) => parent.object_at(within, holder_path)?,
            None => &mut *parent,
        };
        let is_emptied = if is_map {
            let members = holder.object_at(field.member, &path)?.members_mut();
            edits.apply(members, |written, _| (written.member, Node::text_only(written.value)));
            members.is_empty()
        } else {
            let items = holder.list_at(field.member, &path)?.items_mut();
            edits.apply(items, |written, replaced| {
                let mut entry = entry_of(field, written.value);
                replaced
                    .into_iter()
                    .for_each(|replaced| carry_inside(known, field, &mut entry, replaced, written.is_stored));
                entry
            });
            items.is_empty()
        };
        // An emptied list or map is removed: empty and absent mean the same.
        if is_emptied {
            holder.remove(field.member.raw());
            let is_emptied = holder.is_empty();
            field.within.filter(|_| is_emptied).into_iter().for_each(|within| parent.remove(within.raw()));
        }
        Ok(())
    }

    /// The notebook controller gives a pod `fsGroup: 100` only where there is no security context.
    fn warn_of_a_lost_group(&mut self, spec: &Object<'_>, field: &Field, desired: &[Desired<'a>]) {
        let is_first = field.name == "securityContext" && spec.get(field.member.raw()).is_none();
        let has_group = || desired.iter().any(|desired| desired.addition.key == "fsGroup");
        if let Some(Desired { dependency, .. }) = desired.first()
            && is_first
            && self.context.kind == Kind::Notebook
            && !has_group()
        {
            let name = dependency.name;
            let what = format!(
                "dependency \"{name}\" brings a securityContext without fsGroup: the notebook no longer gets fsGroup 100"
            );
            self.outcome.warn(Audience::Writer, what);
        }
    }

    /// The keys of what the API server itself wrote into a container of a pod before anyone was asked: a request that says
    /// the same as the limit, and the pull policy that goes with the image.
    fn written_by_the_server(&self, container: &Object<'_>) -> ByName<'static, ()> {
        let mut keys = ByName::default();
        if self.context.kind == Kind::Notebook {
            return keys;
        }
        let policy = container.get("imagePullPolicy").and_then(Node::string);
        let image = container.get("image").and_then(Node::string);
        if policy.is_some() && policy.as_deref() == image.as_deref().map(workload::default_pull_policy) {
            keys.add("imagePullPolicy");
        }
        if let [Some(limits), Some(requests)] = ["limits", "requests"].map(Field::named) {
            let limits_of = entries_of(container, limits);
            for (key, request) in entries_of(container, requests).iter() {
                if limits_of.get(key).is_some_and(|limit| requests.is_equal(key, limit.value, request.value)) {
                    keys.add(key.to_owned());
                }
            }
        }
        keys
    }

    /// What goes into the containers that each dependency reaches.
    fn merge_into_containers(&mut self, object: &mut Node<'a>) -> Result<(), Malformed> {
        let known = self.context.known;
        let needs_containers = self.reach.dependencies.iter().any(|dependency| dependency.needs_container());
        if !needs_containers && !known.has_containers() {
            return Ok(());
        }
        let recorded = fields_in_containers(known.places());
        let mut fields = Vec::with_capacity(IN_CONTAINERS.len());
        for field in IN_CONTAINERS {
            if self.used & 1 << field.order() != 0 || recorded.iter().any(|it| std::ptr::eq(*it, field)) {
                fields.push(field);
            }
        }
        let mut additions = Vec::with_capacity(fields.len());
        for field in &fields {
            additions.push(self.by_dependency(field));
        }
        let kind = self.context.kind;
        let mut there = ByName::set(workload::container_names(object, kind)?);
        let main = self.reach.main();
        let recorded_main = recorded_main(self.stored, kind, known, main, &|name| there.contains(name));
        there.extend(workload::init_container_names(object, kind));
        let moved: Vec<_> = fields.iter().map(|field| known.moved(field, &there)).collect();
        let are_any_moved = moved.iter().any(|moved| !moved.is_empty());
        let dependencies = self.reach.dependencies.iter().filter(|_| are_any_moved);
        let positions = ByName::set(dependencies.map(|dependency| dependency.name));
        let path = kind.pod_spec_path();
        let Some(spec) = path.get_mut(object)? else { return Ok(()) };
        let named = known.containers();
        let may_follow = fields.iter().any(|field| matches!(field.place(), "limits" | "requests" | "container"));
        for list in CONTAINER_LISTS {
            let are_init_containers = list != CONTAINER_LISTS[0];
            if are_init_containers && !self.reach.has_names() && named.is_empty() {
                continue;
            }
            let path = path.member(list);
            let Some(containers) = spec.get_mut(list) else { continue };
            let stored = StoredContainers::new(self.stored, kind, list);
            for (at, node) in containers.list_mut(&path)?.iter_mut().enumerate() {
                let path = path.item(at);
                let name = container_name(node);
                let reached_by = self.reach.of(&name, are_init_containers);
                // Init containers are reached by their names alone.
                if are_init_containers && reached_by.is_empty() && !named.contains(&name) {
                    continue;
                }
                node.open(&CONTAINER);
                let container = node.object_mut(&path)?;
                let is_main = !are_init_containers && main == Some(&*name);
                let is_recorded_main = !are_init_containers && recorded_main.as_deref() == Some(&*name);
                let is_new = stored.by_name.is_empty() || !stored.by_name.contains(&name);
                let reaches =
                    |name: &str| positions.position(name).is_some_and(|at| reached_by.binary_search(&at).is_ok());
                let by_server = if may_follow { self.written_by_the_server(container) } else { ByName::default() };
                for ((field, of_field), moved) in fields.iter().zip(&additions).zip(&moved) {
                    let desired: Vec<_> =
                        reached_by.iter().filter_map(|at| of_field.get(*at)).flatten().copied().collect();
                    let by_name = [field.place(), "/", &name].concat();
                    let of_main = known.at(field.place()).filter(|_| is_recorded_main);
                    let owners = [of_main, known.at(&by_name)];
                    let is_covered = owners.iter().any(Option::is_some);
                    let moved = (is_new && !is_covered && !moved.is_empty() && !reached_by.is_empty())
                        .then_some((moved, &reaches as _));
                    if desired.is_empty() && owners.iter().all(Option::is_none) && moved.is_none() {
                        continue;
                    }
                    let definition = self.reach.brought.get(&name).filter(|_| is_covered);
                    let definition = definition.and_then(|text| Node::parse(text, &CONTAINER).ok());
                    let definition = definition.as_ref().and_then(Node::as_object);
                    let place = Place {
                        own: definition.map(|container| entries_of(container, field)).unwrap_or_default(),
                        name: Cow::Borrowed(if is_main { field.place() } else { &by_name }),
                        container: Some(&name),
                        owners,
                        of_main: known.at(field.place()).filter(|_| is_main && !is_recorded_main),
                        moved,
                        by_server: Some(&by_server),
                        ..self.place(field, "", None, stored.get(&name, at))
                    };
                    if field.strategy == MergeStrategy::Atomic {
                        self.merge_atomic_fields(container, place, are_init_containers, &desired);
                    } else {
                        self.merge_field(container, &path, place, &desired)?;
                    }
                    if field.name == "limits" && !by_server.is_empty() {
                        follow_limits(container, &by_server, &path)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The additions to a field, by the position of the dependency.
    fn by_dependency(&self, field: &'static Field) -> Vec<Vec<Desired<'a>>> {
        let mut by_dependency = Vec::with_capacity(self.reach.dependencies.len());
        for dependency in &self.reach.dependencies {
            let mut of_it = Vec::new();
            for addition in dependency.additions.iter().filter(|addition| addition.field.has_place_of(field)) {
                of_it.push(Desired { dependency, addition });
            }
            by_dependency.push(of_it);
        }
        by_dependency
    }

    /// The fields of the pod spec that merge as a whole.
    fn merge_atomic_fields_of_spec(&mut self, object: &mut Node<'a>) -> Result<(), Malformed> {
        let any = OF_SPEC;
        let desired = self.additions_to(|it| it.strategy == any.strategy && it.target == any.target);
        let path = self.context.kind.pod_spec_path();
        let owners = self.context.known.at(any.place());
        if desired.is_empty() && owners.is_none() {
            return Ok(());
        }
        let stored = self.stored.and_then(|stored| path.get(stored).ok().flatten()).and_then(Node::as_object);
        let place = self.place(any, any.place(), owners, stored);
        let Some(spec) = reach(object, path, !desired.is_empty())? else { return Ok(()) };
        self.merge_atomic_fields(spec, place, false, &desired);
        Ok(())
    }

    /// The limits that are below what the user requests, or the requests that are above his limits. A request of ours, or
    /// one that the server wrote, follows.
    fn excluded_by_amount(
        &self,
        container: &Object<'a>,
        place: &Place<'_, 'a>,
        desired: &[Desired<'a>],
    ) -> ByName<'a, &'static str> {
        let are_limits = place.field.name == "limits";
        let Some(other) = Field::named(if are_limits { "requests" } else { "limits" }).filter(|_| !desired.is_empty())
        else {
            return ByName::default();
        };
        let amounts = entries_of(container, other);
        let by_name = [other.name, "/", place.container.unwrap_or_default()].concat();
        // What dependencies bring to this container, unless `Keep` leaves the user's.
        let mut brought = ByName::default();
        let reached_by =
            if are_limits { self.reach.of(place.container.unwrap_or_default(), false) } else { Vec::new() };
        for dependency in reached_by.into_iter().filter_map(|at| self.reach.dependencies.get(at)) {
            for addition in dependency.additions.iter().filter(|addition| std::ptr::eq(addition.field, other)) {
                let of = Desired { dependency, addition };
                if amounts.get(&addition.key).is_none_or(|amount| !is_kept_as_theirs(&of, amount.value)) {
                    brought.add(&*addition.key);
                }
            }
        }
        let follows = |key: &str| {
            let owner = |place: &str| self.context.known.at(place).and_then(|owners| owners.get(key));
            let is_ours = |place: &str| owner(place).is_some_and(|owner| owner.is_stored);
            place.by_server.is_some_and(|keys| keys.contains(key))
                || is_ours(other.name)
                || is_ours(&by_name)
                || brought.contains(key)
        };
        let theirs = |key: &str| amounts.get(key).filter(|_| !are_limits || !follows(key)).map(|amount| amount.value);
        excluded_by_amount(place.field, desired, &theirs)
    }

    /// The fields of a pod spec or container that merge as a whole.
    fn merge_atomic_fields(
        &mut self,
        parent: &mut Object<'a>,
        mut place: Place<'_, 'a>,
        is_in_init_container: bool,
        desired: &[Desired<'a>],
    ) {
        let users = |key: &str| !place.owner(key).is_some_and(|owner| owner.is_stored);
        // As it is by now: `dnsConfig` has the nameservers that came with a `dnsPolicy` of `None`.
        let member = |key: &str| parent.get(key).filter(|_| users(key)).map(|member| member.clone().written());
        place.excluded = excluded(place.field, is_in_init_container, desired, &member);
        let present = present_atomic_fields(parent, place.field.target);
        let entries: Vec<_> = present.iter().map(|(field, value)| (Some(Cow::Borrowed(field.name)), *value)).collect();
        let edits = place.decide(&self.context, desired, &entries, self.holds_back, &mut self.outcome);
        for (at, written) in edits.changed() {
            if let Some((field, _)) = present.get(at) {
                set_field(parent, field, written.map(|written| written.value));
            }
        }
        for written in edits.added() {
            set_field(parent, written.field, Some(written.value));
        }
    }

    /// Leaves out the volumes of which `Keep` left out a mount, and nothing mounts any more but a volume of the user's.
    fn leave_out_unmounted(&self, object: &Node<'a>, volumes: &mut Vec<Desired<'a>>) {
        if self.outcome.kept_mounts.is_empty() {
            return;
        }
        let mounted = mounted_volumes(object, self.context.kind);
        let (field, owners) = (volumes.first().map(|volume| volume.addition.field), self.context.known.at("volumes"));
        let spec = workload::pod_spec(object, self.context.kind).and_then(Node::as_object);
        let present = field.and_then(|field| spec?.get(field.member.raw())).and_then(Node::as_list);
        let present = present.map_or(&[][..], |list| list.items());
        let names = present.iter().filter_map(|item| field?.key_of(item));
        let theirs = ByName::set(names.filter(|name| owners.is_none_or(|owners| !owners.contains(name))));
        volumes.retain(|Desired { dependency, addition }| {
            let is_kept = self.outcome.kept_mounts.contains(&mounted_by(dependency.name, &addition.key));
            !is_kept || mounted.contains(&addition.key) && !theirs.contains(&addition.key)
        });
    }
}

/// The container that the record calls the main one, in an object that has the containers which `is_there` says, of which
/// `main` is the main one now: the one that was it in the stored object, or the one that it has become.
pub fn recorded_main<'a>(
    stored: Option<&Node<'a>>,
    kind: Kind,
    known: &Known<'a>,
    main: Option<&str>,
    is_there: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let names = stored.map(|stored| workload::container_names(stored, kind).unwrap_or_default()).unwrap_or_default();
    let owners = known.at(SIDECARS);
    let is_ours = |name: &str| owners.is_some_and(|owners| owners.get(name).is_some_and(|owner| owner.is_stored));
    let is_foreign = |name: &str| known.foreign_containers.contains(name);
    let apart = Apart { is_ours: &is_ours, is_foreign: &is_foreign };
    let was_main = stored.and_then(|stored| workload::main_container(kind, stored, &names, &apart));
    match was_main {
        Some(was_main) if is_there(was_main) => Some(was_main.clone().into_owned()),
        _ => main.filter(|main| !names.iter().any(|name| name == main)).map(str::to_owned),
    }
}

/// Takes away the requests that the server wrote for limits which are others now: it writes them anew.
fn follow_limits(container: &mut Object<'_>, by_server: &ByName<'_, ()>, path: &Path<'_>) -> Result<(), Malformed> {
    let [Some(limits), Some(requests)] = ["limits", "requests"].map(Field::named) else { return Ok(()) };
    let [limit_of, request_of] = [limits, requests].map(|field| entries_of(container, field));
    let is_same = |key: &str| match (limit_of.get(key), request_of.get(key)) {
        (Some(limit), Some(request)) => requests.is_equal(key, limit.value, request.value),
        _ => true,
    };
    let follows = ByName::set(by_server.names().map(|key| &**key).filter(|key| !is_same(key)));
    if follows.is_empty() {
        return Ok(());
    }
    retain_entries(container, path, requests, &mut |key| !follows.contains(key))
}

/// The containers of a list in the stored object, to find the one that a container was: by its name, else by its place.
struct StoredContainers<'o, 'a> {
    all: Vec<Option<Cow<'o, Object<'a>>>>,
    by_name: ByName<'a, usize>,
}

impl<'o, 'a> StoredContainers<'o, 'a> {
    fn new(stored: Option<&'o Node<'a>>, kind: Kind, list: &str) -> Self {
        let path = kind.pod_spec_path();
        let path = path.member(list);
        let list = stored.and_then(|stored| path.get(stored).ok().flatten()).and_then(Node::as_list);
        let (mut all, mut by_name) = (Vec::new(), ByName::default());
        for (at, container) in list.map_or(&[][..], |list| list.items()).iter().enumerate() {
            let container = opened_container(container);
            if let Some(name) = container.as_ref().and_then(|container| container.get("name")?.string()) {
                by_name.insert(name, at);
            }
            all.push(container);
        }
        StoredContainers { all, by_name }
    }

    fn get(&self, name: &str, at: usize) -> Option<&Object<'a>> {
        self.all.get(self.by_name.get(name).copied().unwrap_or(at))?.as_deref()
    }
}

/// The names of the volumes that containers and init containers mount, as the object is now.
fn mounted_volumes<'a>(object: &Node<'_>, kind: Kind) -> ByName<'a, ()> {
    let mut names = ByName::default();
    let spec = workload::pod_spec(object, kind).and_then(Node::as_object);
    for list in CONTAINER_LISTS {
        let list = spec.and_then(|spec| spec.get(list)).and_then(Node::as_list);
        for container in list.map_or(&[][..], |list| list.items()) {
            let text = container.clone().written();
            names.extend(
                mounts_of(&text).into_iter().filter_map(|mount| string_member(mount, "name")).map(Cow::into_owned),
            );
        }
    }
    names
}

/// The name of a dependency together with that of a volume which it mounts.
fn mounted_by(dependency: &str, volume: &str) -> String {
    [dependency, "/", volume].concat()
}

/// The mounts of a container, of files and of devices.
fn mounts_of(container: &str) -> Vec<&str> {
    let [mut mounts, devices] =
        ["volumeMounts", "volumeDevices"].map(|list| items(member(container, list).unwrap_or("null")));
    mounts.extend(devices);
    mounts
}

/// An entry of a field, as part of a document, opened as it is there when a request is read.
fn entry_of<'a>(field: &Field, value: &'a str) -> Node<'a> {
    let mut entry = Node::text_only(value);
    match field.entry {
        Entry::Container => entry.open(&CONTAINER),
        Entry::InitContainer => entry.open(&field.entry_shape()),
        _ => {}
    }
    entry
}

/// A container, opened so that it can be merged into; `None` where it is no object.
fn opened_container<'o, 'a>(node: &'o Node<'a>) -> Option<Cow<'o, Object<'a>>> {
    if let Some(container) = node.as_object() {
        return Some(Cow::Borrowed(container));
    }
    let mut node = Node::text_only(node.text());
    node.open(&CONTAINER);
    match node.body {
        Body::Object(container) => Some(Cow::Owned(container)),
        _ => None,
    }
}

/// Gives a field of the pod spec or of a container a value, or takes it away, and with it what goes with it (contract, "Conflicts").
fn set_field<'a>(spec: &mut Object<'a>, field: &Field, value: Option<&'a str>) {
    let alias = field.alias.filter(|alias| spec.get(alias.raw()).is_some());
    for member in [Some(field.member), alias].into_iter().flatten() {
        match value {
            Some(value) => spec.set(member, Node::text_only(value)),
            None => spec.remove(member.raw()),
        }
    }
    for computed in field.computed {
        spec.remove(computed);
    }
}

/// The object at `path`; made where it is absent and `insert` says so.
fn reach<'o, 'a>(
    object: &'o mut Node<'a>,
    path: &'static Path<'static>,
    insert: bool,
) -> Result<Option<&'o mut Object<'a>>, Malformed> {
    if insert { path.get_or_insert(object).map(Some) } else { path.get_mut(object) }
}
