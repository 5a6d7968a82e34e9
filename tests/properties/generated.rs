//! What is generated is worth testing with.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::evaluator::{Outcome, evaluate, settings_problem};
use crate::generate::{case, object, settings, spelt, unchecked_settings};
use crate::holds::plain;
use crate::objects::{Kind, create};
use crate::run::{check, samples};

/// At least half of what is drawn as settings is accepted.
#[test]
fn most_settings_are_accepted() {
    let settings = samples(&unchecked_settings(), 400);
    let refused: Vec<_> = settings.iter().filter_map(settings_problem).collect();
    assert!(
        refused.len() * 2 < settings.len(),
        "{} of {} are refused:\n{}",
        refused.len(),
        settings.len(),
        refused.join("\n")
    );
}

/// What is generated as settings is accepted.
#[test]
fn settings_are_accepted() {
    check(&settings(), |settings| {
        prop_assert_eq!(settings_problem(&settings), None);
        Ok(())
    });
}

/// What is generated as an object of a kind gets what is for that kind.
#[test]
fn objects_are_of_their_kind() {
    for kind in Kind::ALL {
        let settings = kind.settings(json!({"marks": {"labels": {"marked": "yes"}}}));
        check(&object(kind), |object| {
            let outcome = evaluate(create(object), &settings);
            prop_assert!(outcome.code == Some(422) || outcome.object["metadata"]["labels"]["marked"] == "yes");
            Ok(())
        });
    }
}

/// Every kind of answer is among those to the cases.
#[test]
fn cases_have_answers_of_every_kind() {
    let outcomes: Vec<_> =
        samples(&case(), 600).into_iter().map(|case| evaluate(case.request, &case.settings)).collect();
    let at_least = |least: usize, what: &str, is: &dyn Fn(&Outcome) -> bool| {
        let count = outcomes.iter().filter(|outcome| is(outcome)).count();
        assert!(count >= least, "{what}: {count} of {}", outcomes.len());
    };
    let says = |outcome: &Outcome, words: &str| outcome.message.as_deref().is_some_and(|it| it.contains(words));
    at_least(200, "changed", &|outcome| !outcome.patch.is_empty());
    at_least(50, "accepted as they are", &|outcome| outcome.allowed && outcome.patch.is_empty());
    at_least(30, "in conflict", &|outcome| says(outcome, "is set already"));
    at_least(2, "malformed", &|outcome| says(outcome, "must be"));
    at_least(60, "with warnings", &|outcome| !outcome.warnings.is_empty());
    for (least, name) in [(200, "dependencies"), (25, "deferred"), (8, "removed"), (8, "unknown")] {
        at_least(least, name, &|outcome| outcome.audit.contains_key(name));
    }
}

/// [`spelt`] says the same.
#[test]
fn what_is_spelt_oddly_says_the_same() {
    check(&(case(), any::<u64>()), |(case, seed)| {
        let text = spelt(&case.request, seed);
        let read: Value =
            serde_json::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
        prop_assert_eq!(plain(&read), plain(&case.request), "{}", text);
        Ok(())
    });
}
