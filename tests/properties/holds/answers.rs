//! Any request is accepted or denied, and the answer is one that an API server can use (contract, "Answers").

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::Value;

use super::{Answer, answer_to, ask};
use crate::generate::{Oddity, case, spelt_as};
use crate::run::check;

/// Contract, "Answers": accepted, or denied with 422 and a message that names a path, or what is in conflict. Warnings
/// can be shown, and audit annotations have names.
#[test]
fn every_request_is_accepted_or_denied_with_a_reason() {
    check(&case(), |case| {
        let answer = case.ask()?;
        if answer.accepted {
            prop_assert_eq!((&answer.code, &answer.message), (&None, &None));
        } else {
            prop_assert_eq!(answer.code, Some(422));
            prop_assert!(answer.mutated_object.is_none() && answer.audit_annotations.is_empty());
            let message = answer.message.as_deref().unwrap_or_default();
            prop_assert!(!message.is_empty());
            for line in message.lines() {
                prop_assert!(is_reason(line), "{}", line);
            }
        }
        prop_assert!(answer.warnings.len() <= 12, "{:?}", answer.warnings);
        for warning in &answer.warnings {
            let length = warning.chars().count();
            prop_assert!((1..=256).contains(&length) && !warning.chars().any(char::is_control), "{}", warning);
        }
        for (name, value) in &answer.audit_annotations {
            let is_known = ["dependencies", "removed", "deferred", "left-out", "unknown", "restored"];
            prop_assert!(is_known.contains(&name.as_str()) && !value.is_empty(), "{}: {}", name, value);
        }
        Ok(())
    });
}

/// Whether a line of a denial names a path, or what is in conflict, or the dependencies of a report.
fn is_reason(line: &str) -> bool {
    let has_dependency = line.contains("dependency \"");
    let is_path = line.split_once(": must be ").is_some_and(|(path, _)| path.contains('.') || path == "object");
    let is_report = line.strip_prefix("dependencies ").is_some_and(|rest| rest.contains(": "));
    is_path || is_report || (has_dependency && line.contains(" is set already "))
}

/// Contract, "Answers": the patch that the policy server makes of the answer, applied to the object of the request, gives
/// the object of the answer; there is one only where something has changed.
#[test]
fn the_patch_applied_to_the_input_gives_the_output() {
    check(&case(), |case| {
        let Some(output) = case.ask()?.mutated_object else { return Ok(()) };
        let mut object = case.request["object"].clone();
        prop_assert!(object != output, "nothing is changed");
        let patch = json_patch::diff(&object, &output);
        let patched = json_patch::patch(&mut object, &patch);
        prop_assert!(patched.is_ok(), "{:?}", patched);
        prop_assert_eq!(object, output);
        Ok(())
    });
}

/// Contract, "Nothing else changes" and "Equality": the spelling of the object makes no difference to what is decided.
#[test]
fn the_spelling_of_the_object_makes_no_difference() {
    check(&(case(), any::<u64>()), |(case, seed)| {
        let plain = case.ask()?;
        let odd = answer_to(&spelt_payload(&case.request, &case.settings.to_string(), seed))?.1;
        same_but_for_spelling(plain, odd)
    });
}

/// Contract, "Record": the spelling of the settings makes no difference to the answer.
#[test]
fn the_spelling_of_settings_makes_no_difference() {
    check(&(case(), any::<u64>()), |(case, seed)| {
        let settings = spelt_as(Oddity::InOrder, &case.settings, seed);
        let plain = ask(&case.request, &case.settings)?;
        let odd = answer_to(&format!(r#"{{"request":{},"settings":{settings}}}"#, case.request))?.1;
        same_but_for_spelling(plain, odd)
    });
}

/// The payload with the objects of the request spelt oddly, and `settings` as they are. In an UPDATE each member is there
/// once: where the last of duplicates is ours and is taken away, the one before it would count.
pub fn spelt_payload(request: &Value, settings: &str, seed: u64) -> String {
    let oddity = if request["operation"] == "UPDATE" { Oddity::InAnyOrder } else { Oddity::Repeated };
    let members = request.as_object().into_iter().flatten().map(|(key, value)| {
        let is_object = ["object", "oldObject"].contains(&key.as_str());
        let value = if is_object { spelt_as(oddity, value, seed) } else { value.to_string() };
        format!("\"{key}\":{value}")
    });
    format!(r#"{{"request":{{{}}},"settings":{settings}}}"#, members.collect::<Vec<_>>().join(","))
}

/// Two answers say the same, with numbers in any spelling, and warnings in any order. What somebody asked for is remembered as
/// a hash of a text.
fn same_but_for_spelling(one: Answer, other: Answer) -> TestCaseResult {
    let [one, other] = [one, other].map(|mut answer| {
        answer.mutated_object = answer.mutated_object.as_ref().map(plain).map(with_readable_record);
        answer.warnings.sort();
        answer
    });
    prop_assert_eq!(one, other);
    Ok(())
}

fn with_readable_record(mut object: Value) -> Value {
    for (name, value) in object["metadata"]["annotations"].as_object_mut().into_iter().flatten() {
        let record = value.as_str().filter(|_| name.ends_with("/injected"));
        if let Some(mut record) = record.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            record.as_object_mut().into_iter().for_each(|record| _ = record.remove("applied"));
            *value = record;
        }
    }
    object
}

/// `value` with every number as one of floating point.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (key.clone(), plain(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}
