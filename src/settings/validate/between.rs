//! Members of one object against one another, by [`rules`](crate::kubernetes::rules).

use super::FirstPositions;
use super::problem::{Problems, did_you_mean, one_of};
use super::shape::{check_distinct, found};
use crate::json::{ByName, Node, Path, cut, items, shown};
use crate::kubernetes::names::Words;
use crate::kubernetes::rules::{Count, Is, Rule, is_met, says, value_at};
use crate::kubernetes::selector::requirements;
use crate::settings::Names;

/// Checks the object `text` at `path` by a rule.
pub fn check(path: &Path<'_>, Rule(object, (when, is), (name, must)): &Rule, text: &str, problems: &mut Problems) {
    let condition = value_at(object, text, when);
    let value = value_at(object, text, name);
    if !is_met(is, condition) {
        return;
    }
    let path = path.member(name);
    if let Is::Distinct(key) = must {
        let mut first = FirstPositions::default();
        for (at, item) in items(value.unwrap_or("null")).into_iter().enumerate() {
            check_distinct(&path.item(at), key, item, at, &mut first, problems);
        }
        return;
    }
    if let Is::Apart(other) = must {
        let taken = value_at(object, text, other).unwrap_or("null");
        let mut keys = ByName::default();
        requirements(taken).into_iter().for_each(|requirement| _ = keys.add(requirement.key));
        items(taken).into_iter().for_each(|key| _ = keys.add(says(key)));
        for (at, key) in items(value.unwrap_or("null")).into_iter().enumerate() {
            let Some(key) = Node::text_only(key).string().filter(|key| keys.contains(key)) else { continue };
            problems.add(&path.item(at), &["must not be in ", other, " too, found ", &shown(&key)]);
        }
        return;
    }
    // A placeholder counts as a letter.
    let resolved = value.map(|value| Names { namespace: "a", name: "a" }.replace(value));
    if is_met(must, resolved.as_deref()) {
        return;
    }
    // The server takes an empty string for none where it is asked of.
    let condition = condition.filter(|text| *text != "\"\"");
    let is_alone = when.is_empty() && matches!(must, Is::OneOfIfSet(_) | Is::Like(_));
    // What is of the wrong type may be a secret, and was described by its type.
    if is_alone && problems.any_at_or_below(&path) {
        return;
    }
    let (must, words) = match must {
        Is::Set | Is::Distinct(_) | Is::Apart(_) => ("must be set", &[][..]),
        Is::WholeNumber => ("must be ", &["a whole number"][..]),
        Is::Like(format) => {
            let problem = format.problem(&says(resolved.as_deref().unwrap_or_default()));
            (cut(problem.unwrap_or_default(), b':').0, &[][..])
        }
        Is::Unset => ("must not be set", &[][..]),
        Is::Items(Count(_, _, words)) => ("must have ", &[*words][..]),
        Is::Without(Words(words)) => ("must not have ", *words),
        Is::Not(Words(words)) => ("must not be ", *words),
        Is::OneOf(Words(words)) | Is::OneOfIfSet(Words(words)) => ("must be ", *words),
    };
    let found = value.filter(|_| is_alone).map(found).unwrap_or_default();
    let meant = if is_alone { did_you_mean(&found, words) } else { String::new() };
    let says = condition.map(says).unwrap_or_default();
    let why: [&str; 4] = match is {
        _ if is_alone => [", found ", &found, &meant, ""],
        _ if when.is_empty() => [""; 4],
        Is::Set => [", since ", when, " is set", ""],
        Is::Not(Words(words)) => [", since ", when, " is not ", words.first().copied().unwrap_or_default()],
        _ if condition.is_none() => [", since ", when, " is not set", ""],
        Is::OneOf(Words(words)) if condition.is_some_and(|condition| condition.starts_with('[')) => {
            [", since ", when, " has ", words.first().copied().unwrap_or_default()]
        }
        _ => [", since ", when, " is ", &says],
    };
    problems.add(&path, &[must, &one_of(words), &why.concat()]);
}
