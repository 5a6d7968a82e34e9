//! Which objects a LabelSelector means, by their labels (`k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go`,
//! `LabelSelectorAsSelector`, and `k8s.io/apimachinery/pkg/labels/selector.go`).

use std::borrow::Cow;

use crate::json::{Node, Object, items, member, members, string_member};

/// Whether the LabelSelector that `selector` is means an object with these labels: all that it asks for must hold, and one
/// that asks for nothing means every object. What cannot be read of it means none.
pub fn is_selected(selector: &str, labels: Option<&Object<'_>>) -> bool {
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Node::string);
    requirements(selector).iter().all(|requirement| requirement.holds(label(&requirement.key).as_deref()))
}

/// Whether there may be an object that both LabelSelectors mean. Of many requirements it is not asked.
pub fn may_both_select(one: &str, other: &str) -> bool {
    let all = [requirements(one), requirements(other)].concat();
    let may_hold = |requirement: &Requirement<'_>| {
        let of_key: Vec<_> = all.iter().filter(|it| it.key == requirement.key).collect();
        // The label may be absent, have a value that no requirement has (here one that no label has), or one of theirs.
        let theirs = of_key.iter().flat_map(|it| &it.values).map(Option::as_deref);
        let mut values = theirs.chain([None, Some("\n")]);
        values.any(|value| of_key.iter().all(|it| it.holds(value)))
    };
    all.len() > MOST_REQUIREMENTS || all.iter().all(may_hold)
}

/// How many requirements are held against one another.
const MOST_REQUIREMENTS: usize = 20;

/// The keys of the labels that a LabelSelector asks for.
pub fn keys(selector: &str) -> Vec<Cow<'_, str>> {
    requirements(selector).into_iter().map(|requirement| requirement.key).collect()
}

/// What a label must be.
#[derive(Clone)]
struct Requirement<'a> {
    key: Cow<'a, str>,
    operator: Cow<'a, str>,
    /// `None` for one that is not a string.
    values: Vec<Option<Cow<'a, str>>>,
}

impl Requirement<'_> {
    fn holds(&self, label: Option<&str>) -> bool {
        let is_one = label.is_some() && self.values.iter().any(|value| value.as_deref() == label);
        match &*self.operator {
            "In" => is_one,
            "NotIn" => !is_one,
            "Exists" => label.is_some(),
            "DoesNotExist" => label.is_none(),
            _ => false,
        }
    }
}

fn requirements(selector: &str) -> Vec<Requirement<'_>> {
    let string = |text| Node::text_only(text).string();
    let mut requirements = Vec::new();
    for (key, value) in members(member(selector, "matchLabels").unwrap_or("null")) {
        requirements.push(Requirement { key, operator: Cow::Borrowed("In"), values: vec![string(value)] });
    }
    for expression in items(member(selector, "matchExpressions").unwrap_or("null")) {
        let key = string_member(expression, "key");
        // Without a key there is nothing that it could hold of.
        let operator = string_member(expression, "operator").filter(|_| key.is_some()).unwrap_or_default();
        let values = items(member(expression, "values").unwrap_or("null")).into_iter().map(string).collect();
        requirements.push(Requirement { key: key.unwrap_or_default(), operator, values });
    }
    requirements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Shape;

    #[test]
    fn a_selector_means_what_it_means_to_kubernetes() {
        let object = Node::parse(r#"{"a":"1","b":"","n\u0061me":"x"}"#, &Shape::Object(&[])).unwrap();
        for (selector, expected) in [
            ("{}", true),
            ("null", true),
            (r#"{"matchLabels":null,"matchExpressions":[]}"#, true),
            (r#"{"matchLabels":{"a":"1"}}"#, true),
            (r#"{"matchLabels":{"a":"\u0031","name":"x","b":""}}"#, true),
            (r#"{"matchLabels":{"a":"2"}}"#, false),
            (r#"{"matchLabels":{"c":""}}"#, false),
            (r#"{"matchLabels":{"a":1}}"#, false),
            (r#"{"matchExpressions":[{"key":"a","operator":"In","values":["0","1"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"a","operator":"In","values":["0"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"c","operator":"In","values":[""]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"a","operator":"NotIn","values":["1"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"a","operator":"NotIn","values":["0"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"c","operator":"NotIn","values":["1"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"b","operator":"Exists"}]}"#, true),
            (r#"{"matchExpressions":[{"key":"c","operator":"Exists"}]}"#, false),
            (r#"{"matchExpressions":[{"key":"c","operator":"DoesNotExist"}]}"#, true),
            (r#"{"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]}"#, false),
            (r#"{"matchLabels":{"a":"1"},"matchExpressions":[{"key":"b","operator":"DoesNotExist"}]}"#, false),
            (r#"{"matchExpressions":[{"key":"a","operator":"Near"}]}"#, false),
            (r#"{"matchExpressions":[{"operator":"Exists"}]}"#, false),
            (r#"{"matchExpressions":[7]}"#, false),
        ] {
            assert_eq!(is_selected(selector, object.as_object()), expected, "{selector}");
        }
        assert!(!is_selected(r#"{"matchLabels":{"a":"1"}}"#, None));
        assert!(is_selected(r#"{"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]}"#, None));
    }

    #[test]
    fn selectors_that_no_object_meets_both_of() {
        let label = |value: &str| [r#"{"matchLabels":{"a":""#, value, r#""}}"#].concat();
        let expression = |key: &str, operator: &str, values: &str| {
            [r#"{"matchExpressions":[{"key":""#, key, r#"","operator":""#, operator, r#"","values":["#, values, "]}]}"]
                .concat()
        };
        let both =
            r#"{"matchExpressions":[{"key":"a","operator":"NotIn","values":["1"]},{"key":"a","operator":"Exists"}]}"#;
        for (one, other, expected) in [
            ("{}".to_owned(), "{}".to_owned(), true),
            (label("1"), "{}".to_owned(), true),
            (label("1"), label("1"), true),
            (label("1"), label("2"), false),
            (label("1"), expression("a", "In", r#""1","2""#), true),
            (label("3"), expression("a", "In", r#""1","2""#), false),
            (label("1"), expression("a", "NotIn", r#""1""#), false),
            (label("1"), expression("a", "NotIn", r#""2""#), true),
            (label("1"), expression("a", "Exists", ""), true),
            (label("1"), expression("a", "DoesNotExist", ""), false),
            (label("1"), expression("b", "DoesNotExist", ""), true),
            (expression("a", "Exists", ""), expression("a", "DoesNotExist", ""), false),
            (expression("a", "NotIn", r#""1""#), expression("a", "NotIn", r#""2""#), true),
            (expression("a", "In", r#""1","2""#), both.to_owned(), true),
            (expression("a", "In", r#""1""#), both.to_owned(), false),
            (expression("a", "DoesNotExist", ""), both.to_owned(), false),
            (expression("a", "Exists", ""), both.to_owned(), true),
        ] {
            assert_eq!(may_both_select(&one, &other), expected, "{one} {other}");
            assert_eq!(may_both_select(&other, &one), expected, "{other} {one}");
        }
        assert_eq!(keys(both), ["a", "a"]);
    }
}
