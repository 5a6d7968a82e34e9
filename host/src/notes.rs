//! What a person may have overlooked in what he gave, and what is no error.

use crate::{closest::closest, metadata::Metadata, request::GroupVersionKind};

/// A kind that the policy is for.
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) versions: &'static [&'static str],
    pub(crate) kind: &'static str,
    pub(crate) resource: &'static str,
    /// What is done to an object while the policy may change it.
    pub(crate) operations: &'static [&'static str],
    /// The settings that list what it gets.
    pub(crate) lists: &'static [&'static str],
}

pub(crate) const KINDS: [Kind; 2] = [
    Kind {
        group: "kubeflow.org",
        versions: &["v1", "v1beta1", "v1alpha1"],
        kind: "Notebook",
        resource: "notebooks",
        operations: &["CREATE", "UPDATE"],
        lists: &["notebooks"],
    },
    Kind {
        group: "",
        versions: &["v1"],
        kind: "Pod",
        resource: "pods",
        operations: &["CREATE"],
        lists: &["pipelinePods", "pods"],
    },
];

/// What is said about an object whose kind is not one that the policy is for, but close to one.
///
/// `metadata` is the policy's, where its module has any: a kind whose resource no rule there names is not meant.
#[must_use]
pub fn of_kind(found: &GroupVersionKind, metadata: Option<&Metadata>) -> Option<String> {
    let is_meant = |kind: &&Kind| {
        let mut rules = metadata.iter().flat_map(|metadata| &metadata.rules);
        metadata.is_none() || rules.any(|rule| rule.resources.iter().any(|resource| resource == kind.resource))
    };
    let known: Vec<&Kind> = KINDS.iter().filter(is_meant).collect();
    let names: Vec<&str> = known.iter().map(|kind| kind.kind).collect();
    let name = closest(&found.kind, &names)?;
    let meant = known.into_iter().find(|kind| kind.kind == name)?;
    let version = *meant.versions.iter().find(|version| **version == found.version).or_else(|| {
        let closest = closest(&found.version, meant.versions);
        meant.versions.iter().find(|version| Some(**version) == closest).or(meant.versions.first())
    })?;
    let written = |group: &str, version: &str, kind: &str| {
        if group.is_empty() { format!("{version} {kind}") } else { format!("{group}/{version} {kind}") }
    };
    let (found, meant) =
        (written(&found.group, &found.version, &found.kind), written(meant.group, version, meant.kind));
    (found != meant).then(|| format!("{found} is not a kind that the policy covers; did you mean {meant}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(api_version: &str, kind: &str) -> GroupVersionKind {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        GroupVersionKind { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }

    #[test]
    fn kinds_that_are_close() {
        for (api_version, name, meant) in [
            ("kubeflow.org/v1", "Notebook", None),
            ("kubeflow.org/v1beta1", "Notebook", None),
            ("v1", "Pod", None),
            ("kubeflow.org/v1", "NoteBook", Some("kubeflow.org/v1 Notebook")),
            ("kubeflow.org/v1beta1", "notebook", Some("kubeflow.org/v1beta1 Notebook")),
            ("kubeflow.org/v1", "Notebooks", Some("kubeflow.org/v1 Notebook")),
            ("kubeflow.org/v1", "Notbook", Some("kubeflow.org/v1 Notebook")),
            ("kubeflow.org/v1beta2", "Notebook", Some("kubeflow.org/v1beta1 Notebook")),
            ("kubeflow.org/2024", "Notebook", Some("kubeflow.org/v1 Notebook")),
            ("kubeflow.com/v1", "Notebook", Some("kubeflow.org/v1 Notebook")),
            ("v1", "pods", Some("v1 Pod")),
            ("apps/v1", "Pod", Some("v1 Pod")),
            ("batch/v1", "Job", None),
            ("v1", "Node", None),
            ("v1", "Namespace", None),
            ("apps/v1", "Deployment", None),
            ("kubeflow.org/v1alpha1", "PodDefault", None),
        ] {
            let expected = meant.map(|meant| {
                format!("{api_version} {name} is not a kind that the policy covers; did you mean {meant}?")
            });
            assert_eq!(of_kind(&kind(api_version, name), None), expected, "{api_version} {name}");
        }
    }

    #[test]
    fn only_kinds_of_the_policys_rules() {
        let rules = "{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}";
        let metadata = Metadata::from_yaml(&format!("rules: [{rules}]\nmutating: true\n")).expect("it is valid");
        assert_eq!(of_kind(&kind("kubeflow.org/v1", "NoteBook"), Some(&metadata)), None);
        assert!(of_kind(&kind("v1", "pod"), Some(&metadata)).is_some());
    }
}
