//! What the policy's own settings check refuses is left out, until it accepts what is left.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::{
    Dependency,
    carry::{LAST_WINS, described, requirements},
    notes::Notes,
};

/// Leaves out of the dependencies what `check` refuses, and notes it; gives those that are left out as a whole, since they
/// cannot be beside another. `check` says what is wrong with settings, a line each, as the policy does.
pub(super) fn settle(
    dependencies: &mut Vec<Dependency>,
    notes: &mut Notes,
    check: &dyn Fn(&Value) -> Option<String>,
) -> Result<Vec<Dependency>> {
    let mut left_out = Vec::new();
    while let Some(message) = check(&settings(dependencies)).filter(|_| !dependencies.is_empty()) {
        let problems: Vec<_> = message.lines().filter_map(|line| Problem::read(line, dependencies)).collect();
        let (rivals, own): (Vec<&Problem>, Vec<&Problem>) = problems.iter().partition(|it| it.rival.is_some());
        if problems.is_empty() {
            bail!("the policy refuses what is made of the PodDefaults: {message}");
        }
        // What one brings is settled before what two bring: an entry that goes contradicts nothing.
        if own.is_empty() {
            left_out.append(&mut part(dependencies, &rivals, notes));
        } else {
            leave_out(dependencies, &own, notes);
        }
    }
    Ok(left_out)
}

/// The settings that list all of these.
pub(super) fn settings(dependencies: &[Dependency]) -> Value {
    let by_name: Map<_, _> = dependencies.iter().map(|it| (it.name.clone(), Value::Object(it.value()))).collect();
    json!({"dependencies": by_name, "notebooks": names(dependencies)})
}

pub(super) fn names(dependencies: &[Dependency]) -> Vec<&str> {
    dependencies.iter().map(|it| &*it.name).collect()
}

/// What is wrong with an entry of a dependency.
struct Problem {
    /// The position of the dependency.
    at: usize,
    /// What is there: the field, and which of its entries. The dependency as a whole where it is in none.
    place: Option<(String, Option<Key>)>,
    /// What is wrong, without the way to the entry.
    what: String,
    /// The position of the dependency that brings something else, where that is what is wrong.
    rival: Option<usize>,
}

/// Which entry of a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Item(usize),
    Member(String),
}

impl Problem {
    /// Reads a line of the policy's message: `dependencies.NAME.FIELD[INDEX].MEMBER: what is wrong`.
    fn read(line: &str, dependencies: &[Dependency]) -> Option<Self> {
        let (path, what) = line.split_once(": ")?;
        let path = path.strip_prefix("dependencies.")?;
        let position = |name: &str| dependencies.iter().position(|it| it.name == name);
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let at = position(name)?;
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (field, rest) = rest.split_at(end);
        let (key, rest) = match (dependencies[at].fields.get(field), rest.strip_prefix('[')) {
            (Some(Value::Array(_)), Some(rest)) => {
                let (index, rest) = rest.split_once(']')?;
                (index.parse().ok().map(Key::Item), rest)
            }
            (Some(Value::Object(members)), None) => {
                let shown = rest.strip_prefix('.').unwrap_or_default();
                // One that is not plain stands in quotes.
                let key = members.keys().find(|key| **key == shown || format!("{key:?}") == shown);
                (key.cloned().map(Key::Member), "")
            }
            _ => (None, rest),
        };
        let is_carried = dependencies[at].fields.contains_key(field);
        let rival =
            what.strip_suffix(", since notebooks lists both").and_then(|what| what.rsplit_once(" dependencies."));
        let rival = rival.and_then(|(_, path)| position(path.split('.').next()?));
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        Some(Problem {
            at,
            place: is_carried.then(|| (field.to_owned(), key)),
            what: if rest.is_empty() { what.to_owned() } else { format!("{rest} {what}") },
            rival,
        })
    }

    /// What it is about, in words.
    fn entry(&self, dependency: &Dependency) -> String {
        let Some((field, key)) = &self.place else { return "all of it".to_owned() };
        match (key, &dependency.fields[field]) {
            (Some(Key::Item(index)), entries) => described(field, &entries[index]),
            (Some(Key::Member(key)), _) => format!("{field} {key}"),
            (None, _) => field.clone(),
        }
    }
}

/// Leaves the entries out that are wrong by themselves.
fn leave_out(dependencies: &mut Vec<Dependency>, problems: &[&Problem], notes: &mut Notes) {
    let mut entries: BTreeMap<usize, BTreeSet<_>> = BTreeMap::new();
    for problem in problems {
        let dependency = &mut dependencies[problem.at];
        let entry = problem.entry(dependency);
        let mut reason = format!("{entry}: {}", problem.what);
        if reason.contains("must be one of the volumes of the dependency") {
            reason.push_str("; bring the volume here, or leave both volume and mount to the Notebook");
        }
        notes.add(&dependency.title, format!("left out: {reason}"));
        dependency.comments.push(format!("Left out: {reason}"));
        entries.entry(problem.at).or_default().insert(problem.place.clone());
    }
    for (at, places) in entries.into_iter().rev() {
        // From behind, so that positions stay right. Without a place it is the dependency as a whole.
        for place in places.into_iter().rev() {
            match place {
                Some((field, key)) => remove(&mut dependencies[at].fields, &field, key),
                None => dependencies[at].fields.clear(),
            }
        }
        if dependencies[at].fields.is_empty() {
            notes.add(&dependencies[at].title, "nothing of it is left, so it becomes no dependency");
            dependencies.remove(at);
        }
    }
}

fn remove(fields: &mut Map<String, Value>, field: &str, key: Option<Key>) {
    let is_empty = match (fields.get_mut(field), key) {
        (Some(Value::Array(entries)), Some(Key::Item(index)))
            if index < entries.len() && !matches!(field, "command" | "args") =>
        {
            entries.remove(index);
            entries.is_empty()
        }
        (Some(Value::Object(members)), Some(Key::Member(key))) => {
            members.remove(&key);
            members.is_empty()
        }
        _ => true,
    };
    if is_empty {
        fields.remove(field);
    }
}

/// Parts dependencies that contradict one another: by a selector that no object meets together with the other's, where
/// there is one. Else one of the two goes, which is given back.
fn part(dependencies: &mut Vec<Dependency>, problems: &[&Problem], notes: &mut Notes) -> Vec<Dependency> {
    let mut parted = BTreeSet::new();
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    for problem in problems {
        let Some(rival) = problem.rival else { continue };
        let pair = [problem.at.min(rival), problem.at.max(rival)];
        // What is left of a pair is asked about again.
        if !parted.insert(pair) || pair.iter().any(|at| gone.contains(&dependencies[*at].variant)) {
            continue;
        }
        let entry = problem.entry(&dependencies[problem.at]);
        let is_last = problem.place.as_ref().is_some_and(|(field, _)| LAST_WINS.contains(&&**field));
        let [stays, gives_way] = if is_last { [pair[1], pair[0]] } else { pair };
        let stays = dependencies[stays].clone();
        if give_way(dependencies, gives_way, &stays, &entry, notes) {
            continue;
        }
        let [one, other] = pair.map(|at| &dependencies[at]);
        let (kept, lost) = if one.of == other.of && one.spread < other.spread { (other, one) } else { (one, other) };
        let reason = format!("brings a different {entry} than {}, and one Notebook may want both", kept.name);
        notes.add(
            &lost.title,
            format!(
                "left out: {reason}. It is a comment at the end of the settings, for an AdmissionPolicy in its namespaces, \
                 or with a label of its own"
            ),
        );
        let variant = lost.variant;
        gone.insert(variant);
        let all_of_it = dependencies.iter_mut().filter(|it| it.variant == variant);
        all_of_it.for_each(|it| it.comments.push(format!("Left out: {reason}")));
    }
    dependencies.retain(|it| !it.fields.is_empty());
    dependencies.extract_if(.., |it| gone.contains(&it.variant)).collect()
}

/// Has the dependency at `at` give way where `stays` is wanted; `false` where it cannot.
fn give_way(dependencies: &mut [Dependency], at: usize, stays: &Dependency, entry: &str, notes: &mut Notes) -> bool {
    let it = &mut dependencies[at];
    let is_last = it.on_conflict == Some("Override");
    let selector = without(it, stays);
    if selector.is_none() && (!is_last || it.of == stays.of) {
        return false;
    }
    let (there, here) = match it.on_conflict {
        Some("Override") if selector.is_none() => {
            ("the last one silently wins there", "it is left out in favour of that of")
        }
        Some("Override") => ("the last one silently wins there", "a Notebook with both labels gets that of"),
        Some(_) => ("the first one wins there", "a Notebook with both labels gets that of"),
        None => ("the webhook refuses a pod with both", "a Notebook with both labels gets nothing but"),
    };
    notes.add(&it.title, format!("brings a different {entry} than {0}, and {there}: here {here} {0}", stays.title));
    if selector.is_none() {
        it.fields.clear();
    }
    // Where the webhook refuses the pod, nothing of the PodDefault is added.
    let (variant, is_whole) = (it.variant, it.on_conflict.is_none());
    let parts = dependencies.iter_mut().enumerate();
    for (_, it) in parts.filter(|(part, it)| *part == at || is_whole && it.variant == variant) {
        if let Some(selector) = without(it, stays) {
            it.selector = selector;
            it.comments.push(format!("Not where {} is wanted, which brings a different {entry}", stays.name));
        }
    }
    true
}

/// The selector of `one` for objects without the label of `other`; `None` where no LabelSelector says so, or none would be
/// left.
fn without(one: &Dependency, other: &Dependency) -> Option<Value> {
    let [requirement] = &requirements(&other.selector_there)[..] else { return None };
    let own = requirements(&one.selector);
    let negated = negated(requirement)?;
    if one.of == other.of || own.contains(requirement) || own.contains(&negated) {
        return None;
    }
    let mut selector = one.selector.clone();
    let expressions = selector.as_object_mut()?.entry("matchExpressions").or_insert_with(|| json!([]));
    expressions.as_array_mut()?.push(negated);
    Some(selector)
}

/// What holds where a requirement does not.
fn negated(requirement: &Value) -> Option<Value> {
    let operator = match requirement["operator"].as_str()? {
        "In" => "NotIn",
        "NotIn" => "In",
        "Exists" => "DoesNotExist",
        "DoesNotExist" => "Exists",
        _ => return None,
    };
    let mut negated = requirement.clone();
    negated["operator"] = operator.into();
    Some(negated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str, selector: Value, fields: &Value) -> Dependency {
        let name = name.to_owned();
        Dependency {
            title: name.clone(),
            of: name.clone(),
            name,
            variant: 0,
            spread: 1,
            comments: Vec::new(),
            selector_there: selector.clone(),
            selector,
            on_conflict: None,
            fields: fields.as_object().cloned().unwrap_or_default(),
        }
    }

    #[test]
    fn lines_of_the_policy() {
        let fields =
            json!({"env": [{"name": "A"}], "labels": {"a.b/c": "x", "x y": "z"}, "args": ["a"], "tolerations": 1});
        let dependencies = [dependency("one", json!({}), &fields), dependency("two", json!({}), &fields)];
        let item = |field: &str, index| Some((field.to_owned(), Some(Key::Item(index))));
        let member = |key: &str| Some(("labels".to_owned(), Some(Key::Member(key.to_owned()))));
        let cases = [
            ("dependencies.one: must add something", 0, None, "must add something", None),
            ("dependencies.two.env[0].value: must be x: y", 1, item("env", 0), "value must be x: y", None),
            ("dependencies.two.labels.a.b/c: must be x", 1, member("a.b/c"), "must be x", None),
            ("dependencies.two.labels.\"x y\": must be x", 1, member("x y"), "must be x", None),
            ("dependencies.two.tolerations: must be x", 1, Some(("tolerations".to_owned(), None)), "must be x", None),
            ("dependencies.one.selector.matchLabels: must be x", 0, None, "matchLabels must be x", None),
            (
                "dependencies.two.env[0]: must bring the same env \"A\" as dependencies.one.env[0], since notebooks lists both",
                1,
                item("env", 0),
                "must bring the same env \"A\" as dependencies.one.env[0], since notebooks lists both",
                Some(0),
            ),
        ];
        for (line, at, place, what, rival) in cases {
            let read = Problem::read(line, &dependencies).expect(line);
            assert_eq!((read.at, read.place, &*read.what, read.rival), (at, place, what, rival), "{line}");
        }
        for line in ["and 3 more problems", "notebooks[0]: must be x", "dependencies.three.env: must be x"] {
            assert!(Problem::read(line, &dependencies).is_none(), "{line}");
        }
    }

    #[test]
    fn selectors_apart() {
        let label = |key: &str| json!({"matchLabels": {key: "true"}});
        let expression = |operator: &str| json!({"key": "b", "operator": operator});
        let cases = [
            (label("b"), Some(json!({"key": "b", "operator": "NotIn", "values": ["true"]}))),
            (json!({"matchExpressions": [expression("Exists")]}), Some(expression("DoesNotExist"))),
            (json!({"matchExpressions": [expression("DoesNotExist")]}), Some(expression("Exists"))),
            (label("a"), None),
            (json!({}), None),
            (json!({"matchLabels": {"b": "true", "c": "true"}}), None),
        ];
        for (other, expected) in cases {
            let of = |name, selector: &Value| dependency(name, selector.clone(), &json!({}));
            let found = without(&of("one", &label("a")), &of("other", &other));
            let expected = expected.map(|it| json!({"matchLabels": {"a": "true"}, "matchExpressions": [it]}));
            assert_eq!(found, expected, "{other}");
            assert_eq!(without(&of("one", &label("a")), &of("one", &other)), None, "of one PodDefault");
        }
    }

    #[test]
    fn what_is_not_understood_ends_it() {
        let mut dependencies = vec![dependency("one", json!({}), &json!({"env": []}))];
        let error = settle(&mut dependencies, &mut Notes::default(), &|_| Some("no".to_owned())).expect_err("no end");
        assert_eq!(error.to_string(), "the policy refuses what is made of the PodDefaults: no");
    }
}
