//! A dependency with a `selector` is wanted by the objects whose labels it means, and by no others (contract, "Selectors").

use serde_json::{Value, json};

use super::again::{
    NO_PATCH, NO_WARNING, added, audit, created_again, notebook_with_env, only_warning, pending, record_text, stopped,
    updated_again, variables, variables_of,
};
use super::objects::{Kind, create, created, notebook_settings, refused, updated, with};
use crate::evaluator::run;

/// A dependency that adds a variable `ON` to objects that the selector means.
fn selecting(selector: Value) -> Value {
    with(&variables(json!({"ON": "1"})), "/selector", selector)
}

/// Settings with this one dependency, for notebooks.
fn settings(selector: Value) -> Value {
    notebook_settings(json!({"dep": selecting(selector)}))
}

/// `object` with these labels.
fn labelled(object: &Value, labels: Value) -> Value {
    with(object, "/metadata/labels", labels)
}

fn users() -> Value {
    notebook_with_env(json!({"MINE": "1"}))
}

/// Every operator, and what asks for nothing, on each kind of object.
#[test]
fn labels_say_which_objects_a_dependency_is_for() {
    let expression = |operator: &str, values: Value| {
        let expression = json!({"key": "size", "operator": operator, "values": values});
        json!({"matchExpressions": [expression]})
    };
    let is = |operator: &str| json!({"matchExpressions": [{"key": "size", "operator": operator}]});
    let both = json!({"matchLabels": {"gpu": "true"}, "matchExpressions": [{"key": "size", "operator": "Exists"}]});
    let cases = [
        (json!({"matchLabels": {"size": "l"}}), [false, false, true, false, true]),
        (json!({"matchLabels": {"size": "l", "gpu": "true"}}), [false, false, false, false, true]),
        (json!({"matchLabels": {"size": ""}}), [false, false, false, true, false]),
        (expression("In", json!(["m", "l"])), [false, false, true, false, true]),
        (expression("In", json!(["s"])), [false, true, false, false, false]),
        (expression("NotIn", json!(["m", "l"])), [true, true, false, true, false]),
        (is("Exists"), [false, true, true, true, true]),
        (is("DoesNotExist"), [true, false, false, false, false]),
        (both, [false, false, false, false, true]),
        (json!({}), [true; 5]),
        (json!({"matchLabels": {}, "matchExpressions": []}), [true; 5]),
        (json!({"matchLabels": null}), [true; 5]),
        (Value::Null, [true; 5]),
    ];
    let labels = [
        json!({}),
        json!({"size": "s"}),
        json!({"size": "l"}),
        json!({"size": ""}),
        json!({"size": "l", "gpu": "true"}),
    ];
    for kind in Kind::ALL {
        let bare = kind.object(json!({"containers": [{"name": "main"}]}));
        for (selector, expected) in &cases {
            let settings = kind.settings(json!({"dep": selecting(selector.clone())}));
            for (labels, is_meant) in labels.iter().zip(expected) {
                let outcome = created_again(&labelled(&bare, labels.clone()), &settings);
                let wanted = if *is_meant { json!({"dep": {"env": ["ON"]}}) } else { json!({}) };
                assert_eq!(added(&outcome.object), wanted, "{kind:?} {labels} {selector}");
                assert_eq!((outcome.patch.is_empty(), outcome.warnings.len()), (!is_meant, 0), "{kind:?} {selector}");
            }
            // No labels at all are as empty ones.
            for none in [bare.clone(), labelled(&bare, Value::Null)] {
                assert_eq!(created(&none, &settings).patch.is_empty(), !expected[0], "{kind:?} {selector}");
            }
        }
    }
}

/// As `PodDefault`s are ticked and unticked in the web app: the label comes, and with it the dependency; the label goes, and
/// the dependency with it. On a notebook that runs either waits for a stop, and the notebook may have been there before.
#[test]
fn a_label_gives_and_takes_a_dependency() {
    let settings = settings(json!({"matchLabels": {"on": "true"}}));
    let on = |object: &Value| labelled(object, json!({"on": "true"}));
    let off = |object: &Value| with(object, "/metadata/labels", None);

    // It is created without the label, by whomever.
    let existing = created_again(&users(), &settings).object;
    assert_eq!(existing, users());

    // Ticked while it runs: it waits.
    let outcome = updated_again(&existing, &on(&existing), &settings);
    assert_eq!((variables_of(&outcome.object), pending(&outcome.object)), (vec!["MINE=1".to_owned()], &json!("dep")));
    only_warning(&outcome, &["dep", "stop and start"]);
    // Unticked again before that: nothing waits any more.
    let undone = updated_again(&outcome.object, &off(&outcome.object), &settings);
    assert_eq!((&undone.object, &undone.warnings[..]), (&users(), &[] as &[String]));

    // It is stopped: it comes.
    let outcome = updated_again(&outcome.object, &stopped(&outcome.object), &settings);
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "ON=1"]);
    assert_eq!((pending(&outcome.object), &outcome.warnings[..]), (&Value::Null, &[] as &[String]));
    let running = with(&outcome.object, "/metadata/annotations/kubeflow-resource-stopped", None);
    let outcome = updated_again(&outcome.object, &running, &settings);
    assert_eq!((&outcome.patch[..], &outcome.warnings[..]), (&NO_PATCH[..], &[] as &[String]));

    // Unticked while it runs: it waits, and nothing of it goes.
    let ticked = outcome.object;
    let outcome = updated_again(&ticked, &off(&ticked), &settings);
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "ON=1"]);
    assert_eq!((pending(&outcome.object), audit(&outcome, "deferred")), (&json!("dep"), "dep"));
    only_warning(&outcome, &["dep", "stop and start"]);
    // Ticked again: it has it already.
    assert_eq!(updated_again(&outcome.object, &ticked, &settings).object, ticked);

    // It is stopped: it goes, and nothing is left of it.
    let outcome = updated_again(&outcome.object, &stopped(&outcome.object), &settings);
    assert_eq!((&outcome.object, audit(&outcome, "removed")), (&stopped(&users()), "dep"));
}

/// A new notebook with the label has it at once, and so has a copy; a copy without the label keeps what it came with as the
/// user's, since a client's record takes nothing away.
#[test]
fn a_new_notebook_has_what_its_labels_ask_for() {
    let settings = settings(json!({"matchLabels": {"on": "true"}}));
    let first = created_again(&labelled(&users(), json!({"on": "true"})), &settings).object;
    assert_eq!(variables_of(&first), ["MINE=1", "ON=1"]);
    assert_eq!(created_again(&first, &settings).patch, NO_PATCH);
    let copy = with(&first, "/metadata/labels", None);
    assert_eq!(variables_of(&created_again(&copy, &settings).object), ["MINE=1", "ON=1"]);
}

/// Each goes by its own, and by the labels that the object has in the request, not by those it was stored with.
#[test]
fn each_dependency_goes_by_its_own_selector() {
    let select = |size: &str| json!({"matchLabels": {"size": size}});
    let dependency = |name: &str, size: &str| with(&variables(json!({name: "1"})), "/selector", select(size));
    let settings = notebook_settings(json!({
        "all": variables(json!({"ALL": "1"})),
        "large": dependency("LARGE", "l"),
        "small": dependency("SMALL", "s"),
    }));
    for (size, expected) in [("s", &["MINE=1", "ALL=1", "SMALL=1"][..]), ("l", &["MINE=1", "ALL=1", "LARGE=1"])] {
        let outcome = created_again(&labelled(&users(), json!({"size": size})), &settings);
        assert_eq!(variables_of(&outcome.object), expected);
    }
    let small = created(&stopped(&labelled(&users(), json!({"size": "s"}))), &settings).object;
    let outcome = updated_again(&small, &labelled(&small, json!({"size": "l"})), &settings);
    assert_eq!(variables_of(&outcome.object), ["MINE=1", "ALL=1", "LARGE=1"]);
    assert_eq!((audit(&outcome, "dependencies"), audit(&outcome, "removed")), ("large", "small"));
    let other = updated_again(&small, &labelled(&small, json!({"size": "m"})), &settings);
    assert_eq!(
        (variables_of(&other.object), audit(&other, "removed")),
        (vec!["MINE=1".into(), "ALL=1".into()], "small")
    );
}

/// The hash is of what a dependency adds. Another selector that means the object too is no upgrade of it.
#[test]
fn another_selector_is_no_other_dependency() {
    let labels = json!({"on": "true", "size": "l"});
    let selectors = [
        Value::Null,
        json!({}),
        json!({"matchLabels": {"on": "true"}}),
        json!({"matchLabels": {"size": "l"}}),
        json!({"matchExpressions": [{"key": "off", "operator": "DoesNotExist"}]}),
    ];
    for before in &selectors {
        let stored = created(&labelled(&users(), labels.clone()), &settings(before.clone())).object;
        for after in &selectors {
            let outcome = updated(&stored, &stored, &settings(after.clone()));
            assert_eq!((outcome.patch, outcome.warnings), (NO_PATCH.to_vec(), NO_WARNING.map(str::to_owned).to_vec()));
        }
        assert!(record_text(&stored).is_some_and(|record| record.contains("\"ON\"")));
    }
}

/// An object that has no name yet is refused for a dependency that it gets, and for no other.
#[test]
fn a_name_is_asked_for_only_where_the_dependency_is_wanted() {
    let named = variables(json!({"NAME": "{name}"}));
    let settings = notebook_settings(json!({"dep": with(&named, "/selector", json!({"matchLabels": {"on": "true"}}))}));
    let generated = with(&with(&users(), "/metadata/name", None), "/metadata/generateName", json!("nb-"));
    let outcome = run(create(generated.clone()), settings.clone());
    assert_eq!((outcome.allowed, outcome.patch), (true, NO_PATCH.to_vec()), "{:?}", outcome.message);
    let message = refused(&labelled(&generated, json!({"on": "true"})), &settings);
    assert!(message.starts_with("metadata.name: must be set, since dependency \"dep\" uses {name}"), "{message}");
}

/// Labels that are no labels mean nothing that a selector asks for; what they are is for the API server to say.
#[test]
fn labels_that_are_none_match_nothing() {
    let settings = settings(json!({"matchLabels": {"on": "true"}}));
    for labels in
        [json!({"on": true}), json!({"on": ["true"]}), json!({"on": null}), json!({"ON": "true"}), Value::Null]
    {
        assert_eq!(created(&labelled(&users(), labels.clone()), &settings).patch, NO_PATCH, "{labels}");
    }
    for (labels, found) in [(json!(["on"]), "a list"), (json!("on"), "a string")] {
        let message = format!("metadata.labels: must be an object, found {found}");
        assert_eq!(refused(&labelled(&users(), labels), &settings), message);
    }
}
