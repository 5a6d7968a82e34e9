//! Kubernetes' LabelSelector.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Which objects are meant, by their labels. An empty one means every object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels that an object must have.
    pub match_labels: Option<BTreeMap<String, String>>,
    /// What else must hold.
    pub match_expressions: Option<Vec<Requirement>>,
}

/// What must hold of one label.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// What must hold.
    pub operator: Operator,
    /// The values that `In` and `NotIn` speak of.
    #[serde(default)]
    pub values: Option<Vec<String>>,
}

/// How a label is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Operator {
    /// It is there, with one of the values.
    In,
    /// It is not there, or with another value.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}

impl LabelSelector {
    /// Everything that must hold; a label of `matchLabels` is a requirement too.
    pub fn requirements(&self) -> impl Iterator<Item = Requirement> {
        let of_labels = self.match_labels.iter().flatten().map(|(key, value)| Requirement {
            key: key.clone(),
            operator: Operator::In,
            values: Some(vec![value.clone()]),
        });
        of_labels.chain(self.match_expressions.iter().flatten().cloned())
    }

    /// Whether an object, a whole manifest, is meant.
    ///
    /// ```
    /// # use {policy_host::selector::LabelSelector, serde_json::{from_value, json}};
    /// let gpu: LabelSelector = from_value(json!({"matchLabels": {"use-gpu": "true"}})).unwrap();
    /// assert!(gpu.matches(&json!({"metadata": {"labels": {"use-gpu": "true", "app": "churn"}}})));
    /// assert!(!gpu.matches(&json!({"metadata": {"labels": {"use-gpu": "false"}}})));
    /// ```
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.requirements().all(|requirement| requirement.matches(labels[requirement.key.as_str()].as_str()))
    }
}

impl Requirement {
    /// Whether it holds where its label has this value, or is not there.
    #[must_use]
    pub fn matches(&self, value: Option<&str>) -> bool {
        let is_listed = || value.is_some_and(|value| self.values.iter().flatten().any(|listed| listed == value));
        match self.operator {
            Operator::In => is_listed(),
            Operator::NotIn => !is_listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn which_objects_are_meant() {
        let object = json!({"metadata": {"labels": {"app": "churn", "empty": ""}}});
        let bare = json!({"metadata": {}});
        let expression = |key: &str, operator: &str, values: Value| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for (selector, labelled, unlabelled) in [
            (json!({}), true, true),
            (json!({"matchLabels": null, "matchExpressions": null}), true, true),
            (json!({"matchLabels": {"app": "churn"}}), true, false),
            (json!({"matchLabels": {"app": "churn", "empty": ""}}), true, false),
            (json!({"matchLabels": {"app": "other"}}), false, false),
            (expression("app", "In", json!(["other", "churn"])), true, false),
            (expression("app", "In", json!(["other"])), false, false),
            (expression("app", "NotIn", json!(["churn"])), false, true),
            (expression("app", "NotIn", json!(["other"])), true, true),
            (expression("empty", "Exists", json!(null)), true, false),
            (expression("empty", "DoesNotExist", json!([])), false, true),
            (
                json!({"matchLabels": {"app": "churn"}, "matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}),
                false,
                false,
            ),
        ] {
            let read: LabelSelector = serde_json::from_value(selector.clone()).expect("it is a selector");
            assert_eq!(read.matches(&object), labelled, "{selector}");
            assert_eq!(read.matches(&bare), unlabelled, "{selector}");
        }
    }
}
