//! Checks across values: unused, duplicate and contradictory dependencies and additions.

use std::borrow::Cow;

use super::problem::{Problems, did_you_mean, one_of};
use super::shape::index;
use super::{FirstPositions, List};
use crate::json::{ByName, Cursor, Node, Path, items, member, members, shown, string_member};
use crate::settings::fields::{Entry, Field, MergeStrategy, Target};
use crate::settings::ready_made::ENTRIES_OF_VKS;
use crate::settings::{Addition, DEPENDENCIES, Dependency, OwnAnnotations, ROOT, Resolved, Settings};
use crate::workload::{Containers, DECISIVE_ANNOTATIONS, Kind, is_anothers};

/// Checks what belongs together in `settings`.
pub fn check(settings: &Settings<'_>, lists: &[List<'_>], problems: &mut Problems) {
    let dependencies = settings.members.get("dependencies").map_or("null", Node::text);
    let resolved: Vec<_> = members(dependencies)
        .into_iter()
        .map(|(name, text)| {
            let mut malformed = Vec::new();
            let resolved = Resolved::new(name, Cow::Borrowed(text), &mut malformed);
            (resolved, malformed.is_empty())
        })
        .collect();
    let all: Vec<_> =
        resolved.iter().map(|(resolved, is_readable)| ReadDependency::read(resolved, *is_readable)).collect();
    let mut known = FirstPositions::default();
    for (at, it) in all.iter().enumerate() {
        known.insert(it.dependency.name, at);
    }
    for list in lists {
        check_list(list, &all, &known, problems);
    }
    let retired = settings.retired(&mut Vec::new());
    check_retired(&retired, lists, &known, problems);
    let lists_nothing = |word: &str, names: &[_]| names.is_empty() && !problems.any_at_or_below(&ROOT.member(word));
    if lists.iter().all(|list| lists_nothing(list.word, &list.names)) && lists_nothing("retired", &retired) {
        let what =
            "must list a dependency, or pipelinePods or retired must: there is nothing to add and nothing to retire";
        problems.add(&ROOT.member("notebooks"), &[what]);
    }
    let own = settings.own_annotations(&mut Vec::new());
    for it in &all {
        check_dependency(it, lists, &own, problems);
    }
    for list in lists {
        let listed: Vec<_> = list.names.iter().filter_map(|name| all.get(known.at(name.as_ref()?)?)).collect();
        check_contradictions(list, &listed, problems);
    }
}

/// A dependency, as far as it can be read.
struct ReadDependency<'a> {
    dependency: Dependency<'a>,
    /// Whether its ready-made parts could be.
    is_readable: bool,
    /// The names of the containers that it selects, where it selects by name.
    containers: ByName<'a, ()>,
}

impl<'a> ReadDependency<'a> {
    fn read(resolved: &'a Resolved<'_>, is_readable: bool) -> Self {
        let dependency = Dependency::read(resolved, &mut Vec::new());
        let mut containers = ByName::default();
        if let Containers::Named(names) = &dependency.containers {
            containers.extend(names.iter().cloned());
        }
        ReadDependency { dependency, is_readable, containers }
    }

    /// What it adds. The ready-made parts come first: of two entries with one key, the written one is wrong.
    fn additions(&self) -> impl Iterator<Item = &Addition<'a>> {
        let of =
            |is_written| self.dependency.additions.iter().filter(move |addition| addition.part.is_none() == is_written);
        of(false).chain(of(true))
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

fn check_list(list: &List<'_>, all: &[ReadDependency<'_>], known: &FirstPositions, problems: &mut Problems) {
    let path = ROOT.member(list.word);
    for (at, name) in list.names.iter().enumerate() {
        let Some(name) = name else { continue };
        let path = path.item(at);
        if let Some(first) = list.first.at(name).filter(|first| *first != at) {
            add_twice(&path, name, first, problems);
        } else if known.at(name).is_none() {
            let meant = did_you_mean(name, all.iter().map(|it| it.dependency.name));
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
            let what = ["must not be in use, found ", &shown(name), " at ", &places.join(", "), " too"];
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
    let is_for_notebooks = lists.iter().any(|list| list.kind == Kind::Notebook && list.has(name));
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
            let first = first.with_path(path, |path| path.to_string());
            let what = ["must not bring ", &described(addition), ", since ", &first, " does"];
            addition.with_path(path, |path| problems.add(path, &what));
        } else {
            first.insert(identity, addition);
        }
    }
    let brought = known.additions().filter(|addition| addition.field.entry == Entry::Volume);
    let volumes = ByName::set(brought.map(|volume| &*volume.key));
    for addition in known.additions() {
        addition.with_path(path, |path| {
            let value = addition.value;
            match addition.field.entry {
                Entry::Annotation if own.name_of(&addition.key).is_some() => {
                    problems.add(path, &["must not be one of the policy's own annotations"]);
                }
                Entry::Annotation if DECISIVE_ANNOTATIONS.contains(&&*addition.key) => {
                    problems.add(path, &["must not be one of the annotations that the policy goes by"]);
                }
                Entry::VolumeMount => check_mount(path, value, known, &volumes, problems),
                Entry::InitContainer | Entry::Container => {
                    for list in ENTRIES_OF_VKS {
                        check_entries(path, addition, list, known, &volumes, problems);
                    }
                }
                Entry::Annotation | Entry::Volume | Entry::TopologySpreadConstraint | Entry::Plain => {}
            }
            if addition.field.entry == Entry::InitContainer
                && is_for_notebooks
                && string_member(value, "restartPolicy").as_deref() == Some("Always")
            {
                let what =
                    "must not be Always, since notebooks lists the dependency: a Notebook loses the field, and hangs";
                problems.add(&path.member("restartPolicy"), &[what]);
            }
        });
    }
}

/// A list of variables or mounts in a container. The first `own` ones of a ready-made part are right; those that the
/// settings add to them are at the path of the part.
fn check_entries(
    path: &Path<'_>,
    container: &Addition<'_>,
    (list, own): (&str, usize),
    known: &ReadDependency<'_>,
    volumes: &ByName<'_, ()>,
    problems: &mut Problems,
) {
    let Some(field) = Field::named(list) else { return };
    let is_part = container.part.is_some();
    let own = if is_part { own } else { 0 };
    let path_of_list = path.member(list);
    let mut first = FirstPositions::default();
    for (at, entry) in member(container.value, list).map_or(Vec::new(), items).into_iter().enumerate() {
        let item = path_of_list.item(at.saturating_sub(own));
        if field.entry == Entry::VolumeMount && at >= own {
            check_mount(&item, entry, known, volumes, problems);
        }
        // Of a container that is written, the check of its shape finds two entries with one key.
        let key = field.key_of(&Node::read(&mut Cursor::new(entry), &field.entry_shape())).filter(|_| is_part);
        if let Some(key) = key
            && let Some(before) = first.insert(&key, at)
            && at >= own
        {
            let since = if before < own { *path } else { path_of_list.item(before - own) }.to_string();
            problems.add(&item, &["must not bring ", field.noun, " ", &shown(&key), ", since ", &since, " does"]);
        }
    }
}

/// A mount must never bind to a volume of the user's.
fn check_mount(
    path: &Path<'_>,
    mount: &str,
    known: &ReadDependency<'_>,
    volumes: &ByName<'_, ()>,
    problems: &mut Problems,
) {
    let Some(name) = string_member(mount, "name").filter(|_| known.is_readable) else { return };
    if !volumes.contains(&name) {
        let meant = did_you_mean(&name, volumes.names().map(|name| &**name));
        let what = ["must be one of the volumes of the dependency, found ", &shown(&name), &meant];
        problems.add(&path.member("name"), &what);
    }
}

/// Two dependencies of one list that add something else under the same key. The very same is no contradiction: the first
/// in the list adds it.
fn check_contradictions(list: &List<'_>, listed: &[&ReadDependency<'_>], problems: &mut Problems) {
    let additions = listed.iter().flat_map(|it| it.additions());
    let sidecars =
        ByName::set(additions.filter(|addition| addition.field.entry == Entry::Container).map(|it| &*it.key));
    let is_apart = |name: &str| is_anothers(list.kind, name) || sidecars.contains(name);
    // Whether the main container may have this name.
    let may_be_main = |name: &str| if list.kind == Kind::Notebook { name == "{name}" } else { !is_apart(name) };
    // Those that have an addition of this identity, each once.
    let mut known: ByName<'_, Vec<(&ReadDependency<'_>, &Addition<'_>)>> = ByName::default();
    for it in listed {
        for addition in it.additions() {
            let Some(others) = known.entry(identity(addition)) else { continue };
            if others.last().is_some_and(|(other, _)| std::ptr::eq(*other, *it)) {
                continue;
            }
            let meets =
                |other| addition.field.target != Target::Containers || may_meet(it, other, &may_be_main, &is_apart);
            let first = others.iter().find(|(other, _)| meets(other));
            if let Some((other, first)) = first
                && !(first.field.name == addition.field.name
                    && addition.field.is_equal(&addition.key, first.value, addition.value))
            {
                let first = first.with_path(&other.dependency.path(), |path| path.to_string());
                let what = [
                    "must bring the same ",
                    &described(addition),
                    " as ",
                    &first,
                    ", since ",
                    list.word,
                    " lists both",
                ];
                addition.with_path(&it.dependency.path(), |path| problems.add(path, &what));
            }
            others.push((it, addition));
        }
    }
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
        (Named(names), Named(_)) => names.iter().any(|name| other.containers.contains(name)),
        (Main | All, Main | All) => true,
    }
}
