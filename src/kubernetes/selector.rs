//! Which objects a LabelSelector means, by their labels (`k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go`,
//! `LabelSelectorAsSelector`, and `k8s.io/apimachinery/pkg/labels/selector.go`).

use std::borrow::Cow;

use crate::json::{ByName, Node, cut, items, member, members, string_member};

/// Whether the LabelSelector that `selector` is means an object with these labels: all that it asks for must hold, and one
/// that asks for nothing means every object. What cannot be read of it means none.
pub fn is_selected(selector: &str, labels: &ByName<'_, Option<Cow<'_, str>>>) -> bool {
    requirements(selector).iter().all(|it| it.holds(labels.get(&it.key).and_then(Option::as_deref)))
}

/// Whether there may be an object that both LabelSelectors mean. Of many values it is not asked. A placeholder may
/// stand for any value, and for the same one wherever it is.
pub fn may_both_select(one: &[Requirement<'_>], other: &[Requirement<'_>]) -> bool {
    let all = || one.iter().chain(other);
    let may_hold = |key: &str, label: Option<&str>| {
        all().all(|it| it.key != key || it.holds(label) || it.may_be_any && label.is_some_and(|it| it != NO_VALUE))
    };
    let is_met = |Requirement { key, .. }: &Requirement<'_>| {
        // The label may be absent, have a value that no requirement has, or one of theirs.
        let of_one = |it: &Requirement<'_>| it.values.iter().any(|value| may_hold(key, Some(value)));
        may_hold(key, None) || may_hold(key, Some(NO_VALUE)) || all().any(of_one)
    };
    all().map(|it| it.values.len() + 1).sum::<usize>() > MOST_VALUES || all().all(is_met)
}

/// A value that no requirement has: no label can have it.
const NO_VALUE: &str = "\n";

/// How many values, and requirements with them, are held against one another.
const MOST_VALUES: usize = 30;

/// What a label must be.
pub struct Requirement<'a> {
    /// Its key.
    pub key: Cow<'a, str>,
    operator: Cow<'a, str>,
    values: Vec<Cow<'a, str>>,
    /// Whether a placeholder stands among the values, one of which the label must have.
    may_be_any: bool,
}

impl<'a> Requirement<'a> {
    /// Values that are no strings are none.
    fn new(key: Cow<'a, str>, operator: Cow<'a, str>, values: Vec<&'a str>) -> Self {
        let mut it = Requirement { key, operator, values: Vec::new(), may_be_any: false };
        for value in values.into_iter().filter_map(|value| Node::text_only(value).string()) {
            it.may_be_any |= it.operator == "In" && cut(&value, b'{').1.is_some();
            it.values.push(value);
        }
        it
    }

    fn holds(&self, label: Option<&str>) -> bool {
        let is_one = || label.is_some_and(|label| self.values.iter().any(|value| value == label));
        match &*self.operator {
            "In" => is_one(),
            "NotIn" => !is_one(),
            "Exists" => label.is_some(),
            "DoesNotExist" => label.is_none(),
            _ => false,
        }
    }
}

/// What a LabelSelector asks for.
pub fn requirements(selector: &str) -> Vec<Requirement<'_>> {
    let of = |name| member(selector, name).unwrap_or("null");
    let mut requirements = Vec::new();
    for (key, value) in members(of("matchLabels")) {
        requirements.push(Requirement::new(key, Cow::Borrowed("In"), vec![value]));
    }
    for expression in items(of("matchExpressions")) {
        let values = items(member(expression, "values").unwrap_or("null"));
        let operator = string_member(expression, "operator").unwrap_or_default();
        // Without a key there is nothing that it could hold of.
        requirements.push(match string_member(expression, "key") {
            Some(key) => Requirement::new(key, operator, values),
            None => Requirement::new(Cow::default(), Cow::default(), values),
        });
    }
    requirements
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    #[test]
    fn a_selector_means_what_it_means_to_kubernetes() {
        let mut labels = ByName::default();
        for (key, value) in [("a", "1"), ("b", ""), ("name", "x")] {
            labels.insert(key, Some(Cow::Borrowed(value)));
        }
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
            assert_eq!(is_selected(selector, &labels), expected, "{selector}");
        }
        assert!(!is_selected(r#"{"matchLabels":{"a":"1"}}"#, &ByName::default()));
        assert!(is_selected(r#"{"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]}"#, &ByName::default()));
    }

    #[test]
    fn selectors_that_no_object_meets_both_of() {
        let label = |value: &str| [r#"{"matchLabels":{"a":""#, value, r#""}}"#].concat();
        let expression = |key: &str, operator: &str, values: &str| {
            [r#"{"matchExpressions":[{"key":""#, key, r#"","operator":""#, operator, r#"","values":["#, values, "]}]}"]
                .concat()
        };
        let values = |range: Range<u32>| range.map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(",");
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
            (label("{namespace}"), label("1"), true),
            (label("{namespace}"), label("{namespace}"), true),
            (label("{namespace}"), expression("a", "NotIn", r#""1""#), true),
            (label("{namespace}"), expression("a", "NotIn", r#""{namespace}""#), false),
            (label("{namespace}"), expression("a", "DoesNotExist", ""), false),
            (expression("a", "NotIn", r#""{namespace}""#), label("1"), true),
            // Of many values it is not asked.
            (expression("a", "In", &values(0..14)), expression("a", "In", &values(20..34)), false),
            (expression("a", "In", &values(0..14)), expression("a", "In", &values(20..35)), true),
        ] {
            let [first, second] = [&one, &other].map(|selector| requirements(selector));
            assert_eq!(may_both_select(&first, &second), expected, "{one} {other}");
            assert_eq!(may_both_select(&second, &first), expected, "{other} {one}");
        }
    }
}
