//! What came, held against what was expected.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::file::{Expected, FACTS, Given};
use crate::{
    request::AdmissionRequest,
    response::AdmissionResponse,
    yaml::{self, member},
};

/// What is not as it was expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What it is about, and what is wrong with it.
    pub what: String,
    /// Expected and found, as YAML; where they are best compared line by line.
    pub difference: Option<(String, String)>,
}

impl Failure {
    pub(super) fn of(what: impl Into<String>) -> Self {
        Self { what: what.into(), difference: None }
    }
}

/// Where the whole object is expected in a file, and is another: the file, and what should be in it.
pub(super) type Rewrite<'e> = Option<(&'e std::path::Path, Value)>;

/// What is wrong with an answer. Where `is_updating`, a file that has the whole object may be written instead.
pub(super) fn failures<'e>(
    expected: &'e Expected,
    request: &AdmissionRequest,
    response: &AdmissionResponse,
    is_updating: bool,
) -> Result<(Vec<Failure>, Rewrite<'e>)> {
    let (mut failures, mut rewrite) = (Vec::new(), None);
    let warnings: Vec<&str> = response.warnings.iter().flatten().map(String::as_str).collect();
    let status = response.status.clone().unwrap_or_default();
    let message = status.message.unwrap_or_default();
    match &expected.refused {
        Some(_) if response.allowed => failures.push(Failure::of("refused: it is accepted")),
        Some(words) => {
            let missing = words.iter().filter(|word| !message.contains(word.as_str()));
            failures.extend(missing.map(|word| Failure::of(format!("refused: not with {word:?}, but: {message}"))));
        }
        None if !response.allowed => failures.push(Failure::of(format!("it is refused: {message}"))),
        None => rewrite = of_the_object(expected, request, response, is_updating, &mut failures)?,
    }
    match expected.warnings.as_deref() {
        Some([]) if !warnings.is_empty() => {
            failures.push(Failure::of(format!("warnings: none is expected, found{}", listed(&warnings))));
        }
        words => {
            let missing = words.into_iter().flatten().filter(|word| !warnings.iter().any(|it| it.contains(*word)));
            failures.extend(
                missing.map(|word| Failure::of(format!("warnings: {word:?} is in none; found{}", listed(&warnings)))),
            );
        }
    }
    Ok((failures, rewrite))
}

/// The same for what is expected of an object that is accepted.
fn of_the_object<'e>(
    expected: &'e Expected,
    request: &AdmissionRequest,
    response: &AdmissionResponse,
    is_updating: bool,
    failures: &mut Vec<Failure>,
) -> Result<Rewrite<'e>> {
    let object = response.apply_to(request.object.as_ref().context("a case has an object")?)?;
    let operations = serde_json::to_value(response.operations()?)?;
    let is_unchanged = operations == Value::Array(Vec::new());
    let mut rewrite = None;
    match &expected.object {
        Some(Given::InFile(path)) if is_updating && !path.exists() => rewrite = Some((&**path, object.clone())),
        Some(Given::InFile(path)) if !path.exists() => {
            failures.push(Failure::of(format!("object: there is no {}; --update writes it", path.display())));
        }
        Some(given) => {
            let wanted = given.read()?;
            match given {
                _ if wanted == object => {}
                Given::InFile(path) if is_updating => rewrite = Some((&**path, object.clone())),
                _ => failures.push(differing("object: it differs", &wanted, &object)),
            }
        }
        None => {}
    }
    if let Some(contained) = &expected.contains {
        let mut missing = Vec::new();
        not_contained(&contained.read()?, &object, "", &mut missing);
        failures.extend(missing.into_iter().map(|what| Failure::of(format!("contains: {what}"))));
    }
    if let Some(patch) = &expected.patch {
        let [wanted, found] = [sorted(patch.read()?)?, sorted(operations)?];
        if wanted != found {
            failures.push(differing("patch: the operations differ", &wanted, &found));
        }
    }
    match expected.unchanged {
        Some(true) if !is_unchanged => {
            let before = request.object.clone().unwrap_or_default();
            failures.push(differing("unchanged: the object is changed", &before, &object));
        }
        Some(false) if is_unchanged => failures.push(Failure::of("unchanged: nothing is changed")),
        _ => {}
    }
    for (name, wanted) in &expected.facts {
        let annotation = FACTS.iter().find(|(fact, _)| fact == name).map(|(_, annotation)| *annotation);
        let annotations = response.audit_annotations.as_ref();
        let found = annotation.and_then(|annotation| annotations?.get(annotation)).map_or("", String::as_str);
        let mut found: Vec<&str> = found.split(',').filter(|name| !name.is_empty()).collect();
        let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        if found != wanted {
            let [wanted, found] = [wanted, found].map(|names| format!("[{}]", names.join(", ")));
            failures.push(Failure::of(format!("{name}: expected {wanted}, found {found}")));
        }
    }
    Ok(rewrite)
}

fn listed(warnings: &[&str]) -> String {
    if warnings.is_empty() {
        return " no warning".to_owned();
    }
    warnings.iter().map(|warning| format!("\n  {warning}")).collect()
}

fn differing(what: &str, wanted: &Value, found: &Value) -> Failure {
    Failure { what: what.to_owned(), difference: Some((yaml::written(wanted), yaml::written(found))) }
}

/// Operations in an order that depends on them alone: on different paths it means nothing.
fn sorted(patch: Value) -> Result<Value> {
    let Value::Array(mut operations) = patch else { bail!("a patch must be a list of operations") };
    operations.sort_by_cached_key(|operation| (operation["path"].as_str().map(str::to_owned), operation.to_string()));
    Ok(Value::Array(operations))
}

/// What of `wanted` is not in `found`.
///
/// An object contains another that has some of its members, and lacks those that are `null` there. A list contains
/// another whose items are in some of its own, in the same order.
fn not_contained(wanted: &Value, found: &Value, path: &str, missing: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, wanted) in wanted {
                let path = member(path, name);
                match found.get(name) {
                    None | Some(Value::Null) if wanted.is_null() => {}
                    None => missing.push(format!("{path}: is missing, expected {}", short(wanted))),
                    Some(found) => not_contained(wanted, found, &path, missing),
                }
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            let mut start = 0;
            for wanted in wanted {
                let rest = found.get(start..).unwrap_or_default();
                match rest.iter().position(|found| contains(wanted, found)) {
                    Some(position) => start += position + 1,
                    None => item_not_contained(wanted, found, path, missing),
                }
            }
        }
        _ if wanted == found => {}
        (Value::Null, _) => missing.push(format!("{path}: is there, expected none, found {}", short(found))),
        _ => missing.push(format!("{path}: expected {}, found {}", short(wanted), short(found))),
    }
}

/// The same for an item that none of a list's contains.
fn item_not_contained(wanted: &Value, found: &[Value], path: &str, missing: &mut Vec<String>) {
    let is_namesake = |found: &&Value| wanted.get("name").is_some_and(|name| found.get("name") == Some(name));
    if found.iter().any(|found| contains(wanted, found)) {
        missing.push(format!("{path}: {} is there, but earlier than this order has it", short(wanted)));
    } else if let Some(namesake) = found.iter().find(is_namesake) {
        let name = wanted.get("name").and_then(Value::as_str).unwrap_or_default();
        not_contained(wanted, namesake, &format!("{path}[{name}]"), missing);
    } else {
        missing.push(format!("{path}: none of {} has {}", found.len(), short(wanted)));
    }
}

fn contains(wanted: &Value, found: &Value) -> bool {
    let mut missing = Vec::new();
    not_contained(wanted, found, "", &mut missing);
    missing.is_empty()
}

/// A value on one line.
fn short(value: &Value) -> String {
    const LONGEST: usize = 120;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
