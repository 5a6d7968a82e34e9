//! Which objects a LabelSelector means, by their labels (`k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go`,
//! `LabelSelectorAsSelector`, and `k8s.io/apimachinery/pkg/labels/selector.go`).

use std::borrow::Cow;

use crate::json::{Node, Object, items, member, members, string_member};

/// Whether the LabelSelector that `selector` is means an object with these labels: all that it asks for must hold, and one
/// that asks for nothing means every object. What cannot be read of it means none.
pub fn is_selected(selector: &str, labels: Option<&Object<'_>>) -> bool {
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Node::string);
    let of_labels = members(member(selector, "matchLabels").unwrap_or("null"));
    let of_expressions = items(member(selector, "matchExpressions").unwrap_or("null"));
    let has_label =
        |(key, value): &(Cow<'_, str>, &str)| label(key).is_some_and(|is| Some(is) == Node::text_only(value).string());
    of_labels.iter().all(has_label)
        && of_expressions.iter().all(|expression| {
            let Some(key) = string_member(expression, "key") else { return false };
            let label = label(&key);
            let values = items(member(expression, "values").unwrap_or("null"));
            let is_one = label.is_some() && values.iter().any(|value| Node::text_only(value).string() == label);
            match string_member(expression, "operator").as_deref() {
                Some("In") => is_one,
                Some("NotIn") => !is_one,
                Some("Exists") => label.is_some(),
                Some("DoesNotExist") => label.is_none(),
                _ => false,
            }
        })
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
}
