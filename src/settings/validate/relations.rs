//! Which dependencies are used, and by which list; and what is checked of each, and of two of one list.

use std::borrow::Cow;

use super::problem::{Problems, did_you_mean};
use super::shape::index;
use super::{FirstPositions, List, contradictions, dependency};
use crate::json::{ByName, Node, Path, joined, members, shown};
use crate::kubernetes::digest::Digest;
use crate::kubernetes::selector::{Requirement, requirements};
use crate::settings::fields::{Entry, MergeStrategy};
use crate::settings::{Addition, DEPENDENCIES, Dependency, ROOT, Resolved, Settings};
use crate::workload::Containers;

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
        let what = "is empty, as are pipelinePods, pods and retired: there is nothing to add or retire";
        problems.add(&ROOT.member("notebooks"), &[what]);
    }
    let own = settings.own_annotations(&mut Vec::new());
    if let Some(domain) = RESERVED_DOMAINS.iter().find(|domain| is_under(&own.domain, domain)) {
        let what = ["must not be ", domain, " or under it, found ", &shown(&own.domain)];
        problems.add(&ROOT.member("annotationDomain"), &what);
    }
    for it in &all {
        dependency::check(it, lists, &own, problems);
    }
    for list in lists {
        let listed: Vec<_> = list.names.iter().filter_map(|name| all.get(known.at(name.as_ref()?)?)).collect();
        check_selectors(&listed, problems);
        contradictions::check(list, &listed, problems);
    }
}

/// The domains whose annotations Kubernetes, Kubeflow and Istio define.
const RESERVED_DOMAINS: [&str; 4] = ["k8s.io", "kubernetes.io", "kubeflow.org", "istio.io"];

/// Whether `domain` is `other`, or one under it.
fn is_under(domain: &str, other: &str) -> bool {
    domain.strip_suffix(other).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A dependency, as far as it can be read.
pub struct ReadDependency<'a> {
    pub dependency: Dependency<'a>,
    /// Whether its ready-made parts could be.
    pub is_readable: bool,
    /// The names of the containers that it selects, where it selects by name.
    pub containers: ByName<'a, ()>,
    /// What its selector asks for.
    pub requirements: Vec<Requirement<'a>>,
    /// What each of its additions means.
    pub meanings: Vec<String>,
    /// The container that a dependency brings, of whose own entries this is made.
    pub brought: Option<&'a Addition<'a>>,
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
    pub fn of_container(dependency: &'a Dependency<'a>, brought: &'a Addition<'a>) -> Self {
        let (dependency, containers) = (dependency.of_container(brought), ByName::default());
        let (requirements, meanings) = (requirements(dependency.selector.unwrap_or("null")), Vec::new());
        ReadDependency { dependency, is_readable: true, containers, requirements, meanings, brought: Some(brought) }
    }

    /// Where an addition is, as a message shows it.
    pub fn shown_path(&self, addition: &Addition<'_>) -> String {
        self.brought.unwrap_or(addition).shown_path(&self.dependency.path())
    }

    /// What it adds, ready-made parts first.
    pub fn additions(&self) -> &[Addition<'a>] {
        &self.dependency.additions
    }
}

/// A key shared by additions that exclude one another: those of one field and key, and containers and init containers
/// of one name.
pub fn identity(addition: &Addition<'_>) -> String {
    let field = match (addition.field.entry, addition.field.rival()) {
        (Entry::Container, Some(rival)) => rival.name,
        _ => addition.field.name,
    };
    [field, "\n", &addition.key].concat()
}

/// What an addition is, in words.
pub fn described(addition: &Addition<'_>) -> String {
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
pub fn add_twice(path: &Path<'_>, name: &str, first: usize, problems: &mut Problems) {
    let what = ["must not be in the list twice, found ", &shown(name), " at ", &index(first), " too"];
    problems.add(path, &what);
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
