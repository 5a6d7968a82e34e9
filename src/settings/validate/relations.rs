//! Checks across values: unused, duplicate and contradictory dependencies and additions.

use std::borrow::Cow;

use super::problem::{Problems, did_you_mean, one_of};
use super::shape::{check_distinct, index, whole_number};
use super::{FirstPositions, List, between};
use crate::json::{ByName, Cursor, Node, Path, cut, items, joined, member, members, shown, string_member};
use crate::kubernetes::digest::Digest;
use crate::kubernetes::rules::{OF_INIT_CONTAINERS, RULES, Rule, is_kept, may_be_requested, says};
use crate::kubernetes::schema::Type;
use crate::kubernetes::selector::{Requirement, may_both_select, requirements};
use crate::settings::fields::{Entry, Field, MergeStrategy, Target};
use crate::settings::ready_made::ENTRIES_OF_VKS;
use crate::settings::{Addition, DEPENDENCIES, Dependency, OwnAnnotations, ROOT, Resolved, Settings};
use crate::workload::{Containers, DECISIVE_ANNOTATIONS, Kind, is_anothers};

/// Checks what belongs together in `settings`.
pub fn check(settings: &Settings<'_>, lists: &[List<'_>], problems: &mut Problems) {
    let dependencies = settings.members.get("dependencies").map_or("null", Node::text);
    let mut resolved = Vec::new();
    for (name, text) in members(dependencies) {
        let mut malformed = Vec::new();
        let it = Resolved::new(name, Cow::Borrowed(text), &mut malformed);
        resolved.push((it, malformed.is_empty()));
    }
    let (mut all, mut names, mut known) = (Vec::new(), Vec::new(), FirstPositions::default());
    for (at, (it, is_readable)) in resolved.iter().enumerate() {
        known.insert(&it.name, at);
        names.push(&*it.name);
        all.push(ReadDependency::read(it, *is_readable));
    }
    for list in lists {
        check_list(list, &known, &names, problems);
    }
    let retired = settings.retired(&mut Vec::new());
    check_retired(&retired, lists, &known, problems);
    let lists_nothing = |word: &str, names: &[_]| names.is_empty() && !problems.any_at_or_below(&ROOT.member(word));
    if lists.iter().all(|list| lists_nothing(list.word, &list.names)) && lists_nothing("retired", &retired) {
        let what = "must list a dependency, or pipelinePods, pods or retired must: there is nothing to add and nothing to retire";
        problems.add(&ROOT.member("notebooks"), &[what]);
    }
    let own = settings.own_annotations(&mut Vec::new());
    if let Some(domain) = RESERVED_DOMAINS.iter().find(|domain| is_under(&own.domain, domain)) {
        let what = ["must not be ", domain, " or under it, found ", &shown(&own.domain)];
        problems.add(&ROOT.member("annotationDomain"), &what);
    }
    for it in &all {
        check_dependency(it, lists, &own, problems);
    }
    for list in lists {
        let listed: Vec<_> = list.names.iter().filter_map(|name| all.get(known.at(name.as_ref()?)?)).collect();
        check_selectors(&listed, problems);
        check_contradictions(list, &listed, problems);
    }
}

/// The domains whose annotations Kubernetes, Kubeflow and Istio define.
const RESERVED_DOMAINS: [&str; 4] = ["k8s.io", "kubernetes.io", "kubeflow.org", "istio.io"];

/// Whether `domain` is `other`, or one under it.
fn is_under(domain: &str, other: &str) -> bool {
    domain.strip_suffix(other).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A dependency, as far as it can be read.
struct ReadDependency<'a> {
    dependency: Dependency<'a>,
    /// Whether its ready-made parts could be.
    is_readable: bool,
    /// The names of the containers that it selects, where it selects by name.
    containers: ByName<'a, ()>,
    /// What its selector asks for.
    requirements: Vec<Requirement<'a>>,
    /// What each of its additions means.
    meanings: Vec<String>,
    /// The container that a dependency brings, of whose own entries this is made.
    brought: Option<&'a Addition<'a>>,
}

impl<'a> ReadDependency<'a> {
    fn read(resolved: &'a Resolved<'_>, is_readable: bool) -> Self {
        let mut dependency = Dependency::read(resolved, &mut Vec::new());
        // The ready-made parts come first: of two entries with one key, the written one is wrong.
        let written = dependency.additions.partition_point(|addition| addition.part.is_none());
        let mut additions = dependency.additions.split_off(written);
        additions.append(&mut dependency.additions);
        dependency.additions = additions;
        let mut containers = ByName::default();
        if let Containers::Named(names) = &dependency.containers {
            containers.extend(names.iter().cloned());
        }
        let requirements = requirements(dependency.selector.unwrap_or("null"));
        let mut meanings = Vec::new();
        for Addition { field, key, value, .. } in &dependency.additions {
            meanings.push(Digest::of(field.entry_type(key), value).hex());
        }
        ReadDependency { dependency, is_readable, containers, requirements, meanings, brought: None }
    }

    /// What a container that a dependency brings has itself.
    fn of_container(dependency: &'a Dependency<'a>, brought: &'a Addition<'a>) -> Self {
        let (dependency, containers) = (dependency.of_container(brought), ByName::default());
        let (requirements, meanings) = (requirements(dependency.selector.unwrap_or("null")), Vec::new());
        ReadDependency { dependency, is_readable: true, containers, requirements, meanings, brought: Some(brought) }
    }

    /// Where an addition is, as a message shows it.
    fn shown_path(&self, addition: &Addition<'_>) -> String {
        self.brought.unwrap_or(addition).shown_path(&self.dependency.path())
    }

    /// What it adds, ready-made parts first.
    fn additions(&self) -> &[Addition<'a>] {
        &self.dependency.additions
    }
}

/// A key shared by additions that exclude one another: those of one field and key, and containers and init containers
/// of one name.
fn identity(addition: &Addition<'_>) -> String {
    let field = match (addition.field.entry, addition.field.rival()) {
        (Entry::Container, Some(rival)) => rival.name,
        _ => addition.field.name,
    };
    [field, "\n", &addition.key].concat()
}

/// What an addition is, in words.
fn described(addition: &Addition<'_>) -> String {
    let field = addition.field;
    match field.strategy {
        MergeStrategy::Atomic => field.name.to_owned(),
        MergeStrategy::ListSet => ["the same ", field.noun].concat(),
        MergeStrategy::ListMap(_) | MergeStrategy::Granular => [field.noun, " ", &shown(&addition.key)].concat(),
    }
}

fn check_list(list: &List<'_>, known: &FirstPositions, names: &[&str], problems: &mut Problems) {
    let path = ROOT.member(list.word);
    for (at, name) in list.names.iter().enumerate() {
        let Some(name) = name else { continue };
        let path = path.item(at);
        if let Some(first) = list.first.at(name).filter(|first| *first != at) {
            add_twice(&path, name, first, problems);
        } else if known.at(name).is_none() {
            let meant = did_you_mean(name, names);
            problems.add(&path, &["must be one of the dependencies, found ", &shown(name), &meant]);
        }
    }
}

/// What is retired must not be in use: it would be taken away and added again.
fn check_retired(
    retired: &[Option<Cow<'_, str>>],
    lists: &[List<'_>],
    known: &FirstPositions,
    problems: &mut Problems,
) {
    let path = ROOT.member("retired");
    let mut first = FirstPositions::default();
    for (at, name) in retired.iter().enumerate() {
        let Some(name) = name else { continue };
        let path = path.item(at);
        if let Some(first) = first.insert(name, at) {
            add_twice(&path, name, first, problems);
            continue;
        }
        let mut places = Vec::new();
        places.extend(known.at(name).map(|_| DEPENDENCIES.member(name).to_string()));
        for list in lists {
            places.extend(list.first.at(name).map(|at| ROOT.member(list.word).item(at).to_string()));
        }
        if !places.is_empty() {
            let what = [
                "must not be in use, found ",
                &shown(name),
                " at ",
                &joined(", ", places.iter().map(|place| &**place)),
                " too",
            ];
            problems.add(&path, &what);
        }
    }
}

/// Notes that `name` is in its list before, at position `first`.
fn add_twice(path: &Path<'_>, name: &str, first: usize, problems: &mut Problems) {
    let what = ["must not be in the list twice, found ", &shown(name), " at ", &index(first), " too"];
    problems.add(path, &what);
}

fn check_dependency(known: &ReadDependency<'_>, lists: &[List<'_>], own: &OwnAnnotations<'_>, problems: &mut Problems) {
    let name = known.dependency.name;
    let path = &known.dependency.path();
    if known.dependency.additions.is_empty() && !problems.any_at_or_below(path) {
        problems.add(path, &["must add something"]);
    }
    if !lists.iter().any(|list| list.has(name)) {
        let words: Vec<_> = lists.iter().map(|list| list.word).collect();
        problems.add(path, &["must be in ", &one_of(&words), ": nothing uses it"]);
    }
    let mut first: ByName<'_, &Addition<'_>> = ByName::default();
    for addition in known.additions() {
        let identity = identity(addition);
        if let Some(first) = first.get(&identity) {
            let first = first.shown_path(path);
            let what = ["must not bring ", &described(addition), ", since ", &first, " does"];
            addition.with_path(path, &mut |path| problems.add(path, &what));
        } else {
            first.insert(identity, addition);
        }
    }
    let [volumes, claims] = ["volumes", "resourceClaims"].map(|field| Brought::of(known, field));
    let value_of = |field| known.additions().iter().find(|it| it.field.name == field).map(|it| it.value);
    let grace = value_of("terminationGracePeriodSeconds").unwrap_or("30");
    for addition in known.additions() {
        addition.with_path(path, &mut |path| {
            // validateProcMount, of a pod without users of its own.
            if in_container(addition, "securityContext", "procMount") == Some("\"Unmasked\"")
                && value_of("hostUsers") != Some("false")
            {
                let what = "must not have procMount Unmasked, since the dependency does not bring hostUsers: false";
                problems.add(path, &[what]);
            }
            // validateSleepAction
            for hook in ["preStop", "postStart"] {
                let sleep = in_container(addition, "lifecycle", hook).and_then(|hook| member(hook, "sleep"));
                let Some(seconds) = sleep.and_then(|sleep| member(sleep, "seconds")) else { continue };
                if whole_number(grace).is_some_and(|grace| whole_number(seconds) > Some(grace)) {
                    let what =
                        ["must not sleep longer than terminationGracePeriodSeconds, ", grace, ", found ", seconds];
                    problems.add(path, &what);
                }
            }
            let mut first = FirstPositions::default();
            for (at, claim) in items(in_container(addition, "resources", "claims").unwrap_or("null")).iter().enumerate()
            {
                let path_in_container = path.member("resources.claims");
                let path = if addition.field.is_container() { &path_in_container } else { path };
                claims.check(&path.item(at), claim, "name", problems);
                let [name, request] = ["name", "request"].map(|name| member(claim, name).unwrap_or_default());
                if let Some(first) = first.insert(&[name, request].concat(), at) {
                    add_twice(&path.item(at), &says(name), first, problems);
                }
            }
            if let Some((_, to_name)) = REFERENCES.iter().find(|(list, _)| *list == addition.field.name) {
                volumes.check(path, addition.value, to_name, problems);
            }
            let of_notebooks = lists.iter().find(|list| list.kind == Kind::Notebook && list.has(name));
            if let Some(list) =
                of_notebooks.filter(|_| addition.field.name == "labels" && addition.key == "statefulset")
            {
                let why = " lists the dependency: the notebook's pods are found by it";
                problems.add(path, &["must not be added, since ", list.word, why]);
            }
            match addition.field.entry {
                Entry::Annotation => {
                    let what = match &*addition.key {
                        key if own.name_of(key).is_some() => "one of the policy's own annotations",
                        key if DECISIVE_ANNOTATIONS.contains(&key) => "one of the annotations that the policy goes by",
                        LAST_APPLIED => "the annotation in which kubectl keeps what it applied",
                        _ => return,
                    };
                    problems.add(path, &["must not be ", what]);
                }
                Entry::InitContainer | Entry::Container => {
                    check_container(path, addition, &volumes, problems);
                    for list in lists.iter().filter(|list| list.has(name)) {
                        check_container_name(path, &addition.key, list, problems);
                    }
                }
                Entry::Volume => check_files(path, addition.value, problems),
                Entry::VolumeMount | Entry::TopologySpreadConstraint | Entry::Plain => {}
            }
        });
    }
}

/// The annotation in which `kubectl apply` keeps what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The lists whose entries name a volume, and where in an entry.
const REFERENCES: [(&str, &str); 3] =
    [("volumeMounts", "name"), ("volumeDevices", "name"), ("env", "valueFrom.fileKeyRef.volumeName")];

/// The volumes that a dependency brings, or its resource claims.
struct Brought<'a> {
    field: &'static str,
    by_name: ByName<'a, &'a str>,
    /// Whether these are all: its ready-made parts could be read.
    are_known: bool,
}

impl<'a> Brought<'a> {
    fn of(known: &'a ReadDependency<'_>, field: &'static str) -> Self {
        let mut by_name = ByName::default();
        for brought in known.additions().iter().filter(|it| it.field.name == field) {
            by_name.insert(&*brought.key, brought.value);
        }
        Brought { field, by_name, are_known: known.is_readable }
    }

    /// What is named at `to_name` in `entry` must be one of these: it must never be one of the user's.
    fn check(&self, path: &Path<'_>, entry: &str, to_name: &str, problems: &mut Problems) {
        let name = to_name.split('.').try_fold(entry, member).and_then(|name| Node::text_only(name).string());
        let Some(name) = name.filter(|name| self.are_known && !self.by_name.contains(name)) else { return };
        let names: Vec<_> = self.by_name.names().map(|name| &**name).collect();
        let meant = did_you_mean(&name, &names);
        let what = ["must be one of the ", self.field, " of the dependency, found ", &shown(&name), &meant];
        problems.add(&path.member(to_name), &what);
    }
}

/// The member `name` of a member of containers that an addition brings: as such, or in a container.
fn in_container<'t>(addition: &Addition<'t>, field: &str, name: &str) -> Option<&'t str> {
    match addition.field.strategy {
        _ if addition.field.is_container() => member(member(addition.value, field)?, name),
        _ if addition.field.target != Target::Containers || addition.field.member.raw() != field => None,
        MergeStrategy::Granular => Some(addition.value).filter(|_| addition.key == name),
        _ => member(addition.value, name),
    }
}

/// A projected volume has each file once, whichever of its sources it is from (`validateProjectionSources`).
fn check_files(path: &Path<'_>, volume: &str, problems: &mut Problems) {
    let path = path.member("projected.sources");
    let mut first = FirstPositions::default();
    for (at, source) in list_in(member(volume, "projected").unwrap_or("null"), "sources").into_iter().enumerate() {
        for (kind, source) in members(source) {
            let path = path.item(at);
            let path = path.member(&kind);
            for key in ["path", "keyPath", "certificateChainPath", "credentialBundlePath"] {
                check_distinct(&path, key, source, at, &mut first, problems);
            }
            let path = path.member("items");
            for (item_at, item) in list_in(source, "items").into_iter().enumerate() {
                check_distinct(&path.item(item_at), "path", item, at, &mut first, problems);
            }
        }
    }
}

/// The items of the list `name` in an object.
fn list_in<'a>(object: &'a str, name: &str) -> Vec<&'a str> {
    items(member(object, name).unwrap_or("null"))
}

/// What a container needs beside itself, or is allowed by what it is. The first entries of one that a ready-made part
/// expands to are right; those that the settings add to them are at the path of the part.
fn check_container(path: &Path<'_>, addition: &Addition<'_>, volumes: &Brought<'_>, problems: &mut Problems) {
    let container = addition.value;
    let is_part = addition.part.is_some();
    let is_privileged = member(container, "securityContext").and_then(|it| member(it, "privileged")) == Some("true");
    for (list, to_name) in REFERENCES {
        let path_of_list = path.member(list);
        let own = ENTRIES_OF_VKS.iter().find(|(name, _)| is_part && *name == list).map_or(0, |(_, own)| *own);
        let mut first = FirstPositions::default();
        for (at, entry) in list_in(container, list).into_iter().enumerate() {
            let path_of_item = path_of_list.item(at.saturating_sub(own));
            if at >= own {
                volumes.check(&path_of_item, entry, to_name, problems);
            }
            if !is_privileged && string_member(entry, "mountPropagation").as_deref() == Some("Bidirectional") {
                let what = "must not be Bidirectional, since the container is not privileged";
                problems.add(&path_of_item.member("mountPropagation"), &[what]);
            }
            // Of a container that is written, the check of its shape finds two entries with one key.
            let Some(field) = Field::named(list).filter(|_| is_part) else { continue };
            if let Some(key) = field.key_of(&Node::read(&mut Cursor::new(entry), &field.entry_shape()))
                && let Some(before) = first.insert(&key, at)
                && at >= own
            {
                let since = if before < own { *path } else { path_of_list.item(before - own) }.to_string();
                let what = ["must not bring ", field.noun, " ", &shown(&key), ", since ", &since, " does"];
                problems.add(&path_of_item, &what);
            }
        }
    }
    for (of_device, of_mount) in [("name", "name"), ("devicePath", "mountPath")] {
        let mut mounts = FirstPositions::default();
        for (at, mount) in list_in(container, "volumeMounts").into_iter().enumerate() {
            string_member(mount, of_mount).map(|found| mounts.insert(&found, at));
        }
        for (at, device) in list_in(container, "volumeDevices").into_iter().enumerate() {
            let Some(found) = string_member(device, of_device) else { continue };
            let is_block =
                |volume: &&str| ["persistentVolumeClaim", "ephemeral"].iter().any(|it| member(volume, it).is_some());
            if of_device == "name" && !volumes.by_name.get(&found).is_none_or(is_block) {
                let what = ["must be a persistentVolumeClaim or ephemeral volume, found ", &shown(&found)];
                problems.add(&path.member("volumeDevices").item(at).member("name"), &what);
            }
            let Some(mount) = mounts.at(&found) else { continue };
            let what = ["must not be in volumeMounts too, found ", &shown(&found), " at ", &index(mount)];
            problems.add(&path.member("volumeDevices").item(at).member(of_device), &what);
        }
    }
    if addition.field.entry == Entry::InitContainer {
        for rule in &OF_INIT_CONTAINERS {
            between::check(path, rule, container, problems);
        }
    }
}

/// A container must not be called like one that every object of a list has.
fn check_container_name(path: &Path<'_>, name: &str, list: &List<'_>, problems: &mut Problems) {
    let theirs: &[&str] = match list.kind {
        Kind::Notebook => &["{name}"],
        Kind::PipelinePod => &["main", "wait", "init"],
        Kind::Pod => &[],
    };
    if theirs.contains(&name) {
        let what = ["must not be ", name, ", since ", list.word, " lists the dependency: there is one already"];
        problems.add(&path.member("name"), &what);
    }
}

/// A label that a dependency adds must not be one that a selector asks for: a second call in the same request would see
/// another object than the first.
fn check_selectors(listed: &[&ReadDependency<'_>], problems: &mut Problems) {
    let mut asked_for = FirstPositions::default();
    for (at, it) in listed.iter().enumerate() {
        for requirement in &it.requirements {
            asked_for.insert(&requirement.key, at);
        }
    }
    for it in listed {
        for label in it.additions().iter().filter(|addition| addition.field.name == "labels") {
            let Some(by) = asked_for.at(&label.key).and_then(|at| listed.get(at)) else { continue };
            let what = ["must not be a label that a selector asks for, found in that of ", by.dependency.name];
            label.with_path(&it.dependency.path(), &mut |path| problems.add(path, &what));
        }
    }
}

/// Two dependencies of one list that add something else under the same key. The very same is no contradiction: the first
/// in the list adds it. So it is with what one puts by name into a container that another brings.
fn check_contradictions<'k>(list: &List<'_>, listed: &[&'k ReadDependency<'k>], problems: &mut Problems) {
    let mut brought = Vec::new();
    for it in listed {
        for container in it.additions().iter().filter(|addition| addition.field.is_container()) {
            brought.push((container, ReadDependency::of_container(&it.dependency, container)));
        }
    }
    // What these have themselves, by identity and container.
    let mut inside: ByName<'_, Vec<Added<'_>>> = ByName::default();
    let mut names = ByName::default();
    for (container, it) in &brought {
        names.insert(&*container.key, ());
        let mut note = |identity: &str, addition| {
            let inside = inside.entry([identity, "\n", &container.key].concat());
            inside.into_iter().for_each(|inside| inside.push((it, addition, "")));
        };
        for own in it.additions().iter().filter(|own| !own.field.is_absent(&own.key, own.value)) {
            note(&identity(own), own);
        }
        if has_no_lifecycle(container) {
            note("lifecycle\nlifecycle", container);
        }
    }
    let is_apart = |name: &str| is_anothers(list.kind, name) || names.contains(name);
    // Whether the main container may have this name.
    let may_be_main = |name: &str| if list.kind == Kind::Notebook { name == "{name}" } else { !is_apart(name) };
    // Those that have an addition of this identity, each once.
    let mut known: ByName<'_, Vec<Added<'_>>> = ByName::default();
    for it in listed {
        let mut named: Vec<&str> = Vec::new();
        if let Containers::Named(names_of_it) = &it.dependency.containers {
            named
                .extend(names_of_it.iter().map(|name| &**name).filter(|name| names.contains(name)).take(MOST_COMPARED));
        }
        // Both are asked of each other once, not with each addition: they may be about many names.
        let mut wanted_together: ByName<'_, bool> = ByName::default();
        let mut in_one_container: ByName<'_, bool> = ByName::default();
        for (addition, meaning) in it.additions().iter().zip(&it.meanings) {
            let is_into_containers = addition.field.target == Target::Containers;
            let mut meets = |other: &ReadDependency<'_>| {
                let name = other.dependency.name;
                let may_meet = !is_into_containers
                    || other.brought.is_some()
                    || once(&mut in_one_container, name, &|| may_meet(it, other, &may_be_main, &is_apart));
                may_meet && once(&mut wanted_together, name, &|| are_wanted_together(it, other))
            };
            let mut first_wrong = |identity: &str, is_wrong: &dyn Fn(&Added<'_>) -> bool| {
                let mut is_it = |other: &&Added<'_>| is_wrong(other) && meets(other.0);
                let here = known.get(identity).and_then(|known| known.iter().take(MOST_COMPARED).find(&mut is_it));
                here.copied().or_else(|| {
                    let inside_of = |name: &&str| inside.get(&[identity, "\n", name].concat());
                    let mut inside = named.iter().filter(|_| is_into_containers).filter_map(inside_of);
                    inside.find_map(|inside| inside.iter().take(MOST_COMPARED).find(&mut is_it).copied())
                })
            };
            let same = ["must bring the same ", &described(addition), " as "].concat();
            let must_not = match addition.field.name {
                "limits" => "must not be below the request of ",
                "requests" => "must not be above the limit of ",
                _ => "must not exclude ",
            };
            // What one dependency brings beside itself is checked where it is written.
            let is_other = |other: &ReadDependency<'_>| !std::ptr::eq(other, *it);
            let excludes = |(other, first, _): &Added<'_>| is_other(other) && exclude_one_another(addition, first);
            let differs = |(other, first, means): &Added<'_>| {
                let is_same = || match other.brought {
                    Some(_) => addition.field.contains(&addition.key, first.value, addition.value),
                    None => means == meaning,
                };
                is_other(other) && !(first.field.name == addition.field.name && is_same())
            };
            let mut wrong: Vec<_> = rivals(addition).iter().map(|rival| first_wrong(rival, &excludes)).collect();
            wrong.push(first_wrong(&identity(addition), &differs));
            for (other, first, _) in wrong.into_iter().flatten() {
                let is_rival = first.field.name != addition.field.name || first.key != addition.key;
                let is_same_name = first.field.is_container() && addition.field.is_container();
                let must = if is_rival && !is_same_name { must_not } else { &same };
                let what = [must, &other.shown_path(first), ", since ", list.word, " lists both"];
                addition.with_path(&it.dependency.path(), &mut |path| problems.add(path, &what));
            }
            let ports =
                if addition.field.entry == Entry::Container { list_in(addition.value, "ports") } else { Vec::new() };
            // The very same container in two dependencies is one.
            let is_another = |(other, first, _): &Added<'_>| !is_other(other) || first.key != addition.key;
            for (at, identity) in ports.iter().map(|port| host_port(port)).enumerate() {
                let Some((other, first, _)) = identity.and_then(|it| first_wrong(&it, &is_another)) else { continue };
                let what = ["must not be that of ", &other.shown_path(first), ", since ", list.word, " lists both"];
                addition.with_path(&it.dependency.path(), &mut |path| {
                    problems.add(&path.member("ports").item(at).member("hostPort"), &what);
                });
            }
            let identities = ports.into_iter().filter_map(host_port).chain([identity(addition)]);
            for identity in identities {
                known.entry(identity).into_iter().for_each(|known| known.push((it, addition, meaning)));
            }
        }
    }
}

/// An addition, the dependency that brings it, and what it means.
type Added<'k> = (&'k ReadDependency<'k>, &'k Addition<'k>, &'k str);

/// Whether a container is an init container that ends, so that it has no `lifecycle` (`validateInitContainers`).
fn has_no_lifecycle(container: &Addition<'_>) -> bool {
    container.field.entry == Entry::InitContainer && member(container.value, "restartPolicy") != Some("\"Always\"")
}

/// A key shared by the ports of containers that are one port of the node: a pod has it once (`checkHostPortConflicts`).
fn host_port(port: &str) -> Option<String> {
    let number = member(port, "hostPort").filter(|number| !matches!(*number, "null" | "0"))?;
    let of = |name| member(port, name).filter(|text| !matches!(*text, "null" | "\"\""));
    let (protocol, ip) = (of("protocol").unwrap_or("\"TCP\""), of("hostIP").unwrap_or_default());
    Some(["hostPort\n", protocol, ip, number].concat())
}

/// What is known under `name`, asked for where nothing is.
fn once(known: &mut ByName<'_, bool>, name: &str, ask: &dyn Fn() -> bool) -> bool {
    if let Some(known) = known.get(name) {
        return *known;
    }
    let is = ask();
    known.insert(name.to_owned(), is);
    is
}

/// The identities of what the API server may refuse beside an addition, where another dependency brings it.
fn rivals(addition: &Addition<'_>) -> Vec<String> {
    let field = addition.field;
    let rival = |field: &str, key: &str| [field, "\n", key].concat();
    match field.name {
        "limits" => vec![rival("requests", &addition.key)],
        "requests" => vec![rival("limits", &addition.key)],
        _ => rules_of(field)
            .filter_map(|rule| members_of(rule).into_iter().find(|(_, it)| *it == addition.key))
            .map(|(other, _)| rival(field.name, other))
            .collect(),
    }
}

/// Whether the API server refuses an addition beside another, which is one of its [`rivals`].
fn exclude_one_another(one: &Addition<'_>, other: &Addition<'_>) -> bool {
    match one.field.name {
        "limits" => !may_be_requested(&one.key, other.value, one.value),
        "requests" => !may_be_requested(&one.key, one.value, other.value),
        _ => {
            let both = ["{\"", &one.key, "\":", one.value, ",\"", &other.key, "\":", other.value, "}"].concat();
            let mut rules = rules_of(one.field).filter(|rule| members_of(rule).contains(&(&*one.key, &*other.key)));
            !rules.all(|rule| is_kept(rule, &both))
        }
    }
}

/// The rules of the object that a field is merged into member by member.
fn rules_of(field: &'static Field) -> impl Iterator<Item = &'static Rule> {
    let object = match (field.strategy, &field.of) {
        (MergeStrategy::Granular, Type::Object(object)) => Some(*object),
        _ => None,
    };
    RULES.iter().filter(move |rule| object.is_some_and(|object| std::ptr::eq(rule.0, object)))
}

/// The two members that a rule is about, both ways round; both are one where it is about one.
fn members_of(Rule(_, (when, _), (name, _)): &'static Rule) -> [(&'static str, &'static str); 2] {
    let (when, name) = (cut(when, b'.').0, cut(name, b'.').0);
    [(when, name), (name, when)]
}

/// With how many others an addition is compared: those that never meet it are passed over.
const MOST_COMPARED: usize = 100;

/// Whether there may be an object that wants both.
fn are_wanted_together(one: &ReadDependency<'_>, other: &ReadDependency<'_>) -> bool {
    may_both_select(&one.requirements, &other.requirements)
}

/// Whether both may select the same container of an object; `may_be_main` says which names the main one may have,
/// `is_apart` which ones All never means.
fn may_meet(
    one: &ReadDependency<'_>,
    other: &ReadDependency<'_>,
    may_be_main: &dyn Fn(&str) -> bool,
    is_apart: &dyn Fn(&str) -> bool,
) -> bool {
    use Containers::{All, Main, Named};
    match (&one.dependency.containers, &other.dependency.containers) {
        (Named(names), Main) | (Main, Named(names)) => names.iter().any(|name| may_be_main(name)),
        (Named(names), All) | (All, Named(names)) => names.iter().any(|name| !is_apart(name)),
        (Named(names), Named(others)) if names.len() <= others.len() => {
            names.iter().any(|name| other.containers.contains(name))
        }
        (Named(_), Named(names)) => names.iter().any(|name| one.containers.contains(name)),
        (Main | All, Main | All) => true,
    }
}
