//! What two dependencies of one list bring that cannot be together in one object or container.

use super::List;
use super::dependency::{list_in, port_key};
use super::problem::Problems;
use super::relations::{ReadDependency, described, identity};
use crate::json::{ByName, cut, member};
use crate::kubernetes::rules::{RULES, Rule, is_kept, may_be_requested};
use crate::kubernetes::schema::Type;
use crate::kubernetes::selector::may_both_select;
use crate::settings::Addition;
use crate::settings::fields::{Entry, Field, MergeStrategy, Target};
use crate::workload::{Containers, Kind, is_anothers};

/// Two dependencies of one list that add something else under the same key. The very same is no contradiction: the first
/// in the list adds it. So it is with what one puts by name into a container that another brings.
pub fn check<'k>(list: &List<'_>, listed: &[&'k ReadDependency<'k>], problems: &mut Problems) {
    let mut brought = Vec::new();
    for it in listed {
        for container in it.additions().iter().filter(|addition| addition.field.is_container()) {
            brought.push((container, ReadDependency::of_container(&it.dependency, container)));
        }
    }
    let inside = Inside::of(&brought);
    let is_apart = |name: &str| is_anothers(list.kind, name) || inside.names.contains(name);
    // Whether the main container may have this name.
    let may_be_main = |name: &str| if list.kind == Kind::Notebook { name == "{name}" } else { !is_apart(name) };
    // Those that have an addition of this identity, each once.
    let mut known: ByName<'_, Vec<Added<'_>>> = ByName::default();
    for it in listed {
        let mut named: Vec<&str> = Vec::new();
        if let Containers::Named(names) = &it.dependency.containers {
            let names = names.iter().map(|name| &**name).filter(|name| inside.names.contains(name));
            named.extend(names.take(MOST_COMPARED));
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
                let there = named.iter().filter(|_| is_into_containers).filter_map(|name| inside.get(identity, name));
                let mut places = known.get(identity).into_iter().chain(there);
                places.find_map(|added| added.iter().take(MOST_COMPARED).find(&mut is_it).copied())
            };
            let same = ["must bring the same ", &described(addition), " as "].concat();
            let must_not = match addition.field.name {
                "limits" => "must not be below the request of ",
                "requests" => "must not be above the limit of ",
                _ => "must not conflict with ",
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
            let identity = identity(addition);
            wrong.push(first_wrong(&identity, &differs));
            for (other, first, _) in wrong.into_iter().flatten() {
                let is_rival = first.field.name != addition.field.name || first.key != addition.key;
                let is_same_name = first.field.is_container() && addition.field.is_container();
                let must = if is_rival && !is_same_name { must_not } else { &same };
                let what = [must, &other.shown_path(first), ", since ", list.word, " lists both"];
                addition.with_path(&it.dependency.path(), &mut |path| problems.add(path, &what));
            }
            let ports =
                if addition.field.entry == Entry::Container { list_in(addition.value, "ports") } else { Vec::new() };
            let ports: Vec<_> = ports.into_iter().map(|port| port_key(port, "hostPort")).collect();
            // The very same container in two dependencies is one.
            let is_another = |(other, first, _): &Added<'_>| !is_other(other) || first.key != addition.key;
            for (at, port) in ports.iter().enumerate() {
                let Some((other, first, _)) = port.as_ref().and_then(|port| first_wrong(port, &is_another)) else {
                    continue;
                };
                let what = ["must not be that of ", &other.shown_path(first), ", since ", list.word, " lists both"];
                addition.with_path(&it.dependency.path(), &mut |path| {
                    problems.add(&path.member("ports").item(at).member("hostPort"), &what);
                });
            }
            for identity in ports.into_iter().flatten().chain([identity]) {
                known.entry(identity).into_iter().for_each(|known| known.push((it, addition, meaning)));
            }
        }
    }
}

/// An addition, the dependency that brings it, and what it means.
type Added<'k> = (&'k ReadDependency<'k>, &'k Addition<'k>, &'k str);

/// What containers that dependencies bring have themselves.
struct Inside<'k> {
    /// The names of the containers.
    names: ByName<'k, ()>,
    /// By identity and container.
    additions: ByName<'k, Vec<Added<'k>>>,
}

impl<'k> Inside<'k> {
    fn of(brought: &'k [(&'k Addition<'k>, ReadDependency<'k>)]) -> Self {
        let mut inside = Inside { names: ByName::default(), additions: ByName::default() };
        for (container, it) in brought {
            inside.names.insert(&*container.key, ());
            let mut note = |identity: &str, addition| {
                let additions = inside.additions.entry([identity, "\n", &container.key].concat());
                additions.into_iter().for_each(|additions| additions.push((it, addition, "")));
            };
            for own in it.additions().iter().filter(|own| !own.field.is_absent(&own.key, own.value)) {
                note(&identity(own), own);
            }
            if has_no_lifecycle(container) {
                note("lifecycle\nlifecycle", container);
            }
        }
        inside
    }

    /// Those of this identity in the container called `name`.
    fn get(&self, identity: &str, name: &str) -> Option<&Vec<Added<'k>>> {
        self.additions.get(&[identity, "\n", name].concat())
    }
}

/// Whether a container is an init container that ends, so that it has no `lifecycle` (`validateInitContainers`).
fn has_no_lifecycle(container: &Addition<'_>) -> bool {
    container.field.entry == Entry::InitContainer && member(container.value, "restartPolicy") != Some("\"Always\"")
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
        _ => {
            let mut rivals = Vec::new();
            for rule in rules_of(field) {
                for (other, _) in members_of(rule).iter().filter(|(_, it)| *it == addition.key) {
                    rivals.push(rival(field.name, other));
                }
            }
            rivals
        }
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
