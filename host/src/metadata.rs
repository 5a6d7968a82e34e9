//! What `metadata.yml` says about a policy, and the rules that it keeps.
//!
//! The members, their order as JSON and the checks are those of Kubewarden. Stricter here: a misspelt member is an
//! error, where Kubewarden would pass it over, and a policy for Kubernetes objects must have a rule.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{document, policy::ProtocolVersion, yaml};

/// A policy's metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// Asked of the module when it is annotated; a file need not say it.
    pub protocol_version: Option<ProtocolVersion>,
    /// Which requests the policy is for.
    pub rules: Vec<Rule>,
    /// Title, author, version and the like, by the names that Kubewarden and Artifact Hub gave them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Whether the policy may change objects.
    pub mutating: bool,
    /// Whether the audit scanner may run the policy on what is stored already.
    #[serde(default = "yes")]
    pub background_audit: bool,
    /// How the module is run.
    #[serde(default)]
    pub execution_mode: ExecutionMode,
    /// What the policy judges.
    #[serde(default)]
    pub policy_type: PolicyType,
    /// The resources of the cluster that the policy reads.
    #[serde(default)]
    pub context_aware_resources: BTreeSet<ContextAwareResource>,
    /// What else the policy asks of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_capabilities: Option<BTreeSet<String>>,
    /// The oldest Kubewarden that can run the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_kubewarden_version: Option<Version>,
}

/// A set of requests, as in a webhook configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// API groups; the core one is `""`.
    pub api_groups: Vec<String>,
    /// API versions.
    pub api_versions: Vec<String>,
    /// Resources, with or without a subresource.
    pub resources: Vec<String>,
    /// What is done to them.
    pub operations: Vec<RuleOperation>,
}

/// An operation that a rule can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RuleOperation {
    /// `CREATE`
    Create,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
    /// `CONNECT`
    Connect,
    /// Every one.
    #[serde(rename = "*")]
    All,
}

/// How a module is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExecutionMode {
    /// As a waPC guest.
    #[default]
    #[serde(rename = "kubewarden-wapc")]
    KubewardenWapc,
    /// As Rego, written for Open Policy Agent.
    #[serde(rename = "opa")]
    Opa,
    /// As Rego, written for Gatekeeper.
    #[serde(rename = "gatekeeper")]
    Gatekeeper,
    /// As a WASI command.
    #[serde(rename = "wasi")]
    Wasi,
}

/// What a policy judges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyType {
    /// Admission requests.
    #[default]
    Kubernetes,
    /// Any JSON.
    Raw,
}

/// A resource of the cluster that a policy reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContextAwareResource {
    /// Group and version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
}

impl Metadata {
    /// Reads `metadata.yml` and checks it. All problems come in one error, a line each, the path first.
    ///
    /// ```
    /// # use policy_host::Metadata;
    /// let error = Metadata::from_yaml("rules: []\nmutating: maybe\n").unwrap_err().to_string();
    /// assert!(error.starts_with("mutating: invalid type: string, expected a boolean"), "{error}");
    /// ```
    pub fn from_yaml(text: &str) -> Result<Self> {
        let metadata: Self = document::typed(yaml::value(text)?)?;
        let problems = metadata.problems();
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        Ok(metadata)
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.rules.is_empty() && self.policy_type == PolicyType::Kubernetes {
            problems.push("rules: found none; name the requests that the policy is for".to_owned());
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let at = |field| format!("rules[{index}].{field}");
            problems.extend(list_problem(&rule.api_groups, &"*".to_owned(), &at("apiGroups")));
            problems.extend(list_problem(&rule.api_versions, &"*".to_owned(), &at("apiVersions")));
            problems.extend(resources_problem(&rule.resources, &at("resources")));
            problems.extend(list_problem(&rule.operations, &RuleOperation::All, &at("operations")));
        }
        if self.execution_mode != ExecutionMode::KubewardenWapc {
            problems.push("executionMode: only kubewarden-wapc can be run here; annotate others with kwctl".to_owned());
        }
        for (index, resource) in self.context_aware_resources.iter().enumerate() {
            for (field, value) in [("apiVersion", &resource.api_version), ("kind", &resource.kind)] {
                if value.is_empty() {
                    problems.push(format!("contextAwareResources[{index}].{field}: must not be empty"));
                }
            }
        }
        problems
    }
}

/// A list names something, and nothing beside an asterisk.
fn list_problem<T: PartialEq>(list: &[T], asterisk: &T, path: &str) -> Option<String> {
    if list.is_empty() {
        Some(format!("{path}: found an empty list; name at least one"))
    } else if list.len() > 1 && list.contains(asterisk) {
        Some(format!("{path}: found \"*\" beside others; it stands for all of them, so leave the others out"))
    } else {
        None
    }
}

/// Kubernetes' own rules for the resources of a webhook: none that an earlier asterisk stands for already.
fn resources_problem(resources: &[String], path: &str) -> Option<String> {
    if resources.is_empty() {
        return Some(format!("{path}: found an empty list; name at least one"));
    }
    for (index, resource) in resources.iter().enumerate() {
        if resource.is_empty() {
            return Some(format!("{path}[{index}]: must not be empty"));
        }
        let (earlier, _) = resources.split_at(index);
        let wider = match resource.split_once('/') {
            Some((of, sub)) => [format!("{of}/*"), format!("*/{sub}")].into_iter().find(|wide| earlier.contains(wide)),
            None => (resource != "*" && resources.iter().any(|other| other == "*")).then(|| "*".to_owned()),
        };
        // `*/*` goes with nothing at all, wherever it stands.
        let wider =
            wider.or_else(|| (resource != "*/*" && resources.iter().any(|o| o == "*/*")).then(|| "*/*".to_owned()));
        if let Some(wider) = wider {
            return Some(format!("{path}[{index}]: found {resource:?} beside {wider:?}, which stands for it already"));
        }
    }
    None
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(resources: &[&str]) -> Option<String> {
        let resources: Vec<String> = resources.iter().map(|resource| (*resource).to_owned()).collect();
        resources_problem(&resources, "r")
    }

    #[test]
    fn resources_that_go_together() {
        let cases: [&[&str]; 6] = [
            &["pods"],
            &["*"],
            &["*/*"],
            &["*", "pods/status", "pods/*", "*/status"],
            &["pods", "pods/*"],
            &["*/scale", "pods"],
        ];
        for resources in cases {
            assert_eq!(problem(resources), None, "{resources:?}");
        }
    }

    #[test]
    fn resources_that_do_not() {
        let cases: [(&[&str], &str); 7] = [
            (&[], "r: found an empty list; name at least one"),
            (&["pods", ""], "r[1]: must not be empty"),
            (&["*", "pods"], r#"r[1]: found "pods" beside "*", which stands for it already"#),
            (&["pods", "*"], r#"r[0]: found "pods" beside "*", which stands for it already"#),
            (&["pods/*", "pods/status"], r#"r[1]: found "pods/status" beside "pods/*", which stands for it already"#),
            (
                &["*/status", "pods/status"],
                r#"r[1]: found "pods/status" beside "*/status", which stands for it already"#,
            ),
            (&["pods", "*/*"], r#"r[0]: found "pods" beside "*/*", which stands for it already"#),
        ];
        for (resources, expected) in cases {
            assert_eq!(problem(resources).as_deref(), Some(expected), "{resources:?}");
        }
    }
}
