//! What there is to say of a policy's manifest before it is deployed.

use serde_json::Value;

use super::{DROPPED, Deployment, MONITORED, Mode, NAMESPACED, REFUSED, Rule, schema};
use crate::{
    closest::closest,
    document,
    notes::{KINDS, Kind},
    request::{AdmissionRequest, GroupVersionResource},
    selector::{LabelSelector, Operator},
};

/// Something to say about a place in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Its path.
    pub path: String,
    /// What was found, and what to do.
    pub what: String,
    /// Whether somebody may mean it. Else it must be mended.
    pub is_note: bool,
}

/// What there is to say of the manifest of a `ClusterAdmissionPolicy` or `AdmissionPolicy`: what a cluster does not take
/// or drops, what keeps the policy from having an effect, and where it acts without anybody meaning it. Of the settings,
/// only how they go with the rest.
///
/// ```
/// # use {policy_host::deployment::remarks, serde_json::json};
/// let policy = json!({
///     "apiVersion": "policies.kubewarden.io/v1", "kind": "AdmissionPolicy", "metadata": {"name": "ours"},
///     "spec": {
///         "module": "registry://example.com/policy:v1", "mode": "protekt", "mutating": true,
///         "rules": [{
///             "apiGroups": ["kubeflow.org"], "apiVersions": ["v1"], "resources": ["notebooks"],
///             "operations": ["CREATE"],
///         }],
///         "settings": {"notebooks": ["registry"]},
///     },
/// });
/// let remarks = remarks(&policy);
/// assert_eq!(remarks.len(), 1);
/// assert_eq!(remarks[0].path, "spec.mode");
/// assert_eq!(remarks[0].what, r#"must be protect or monitor, found "protekt"; did you mean protect?"#);
/// ```
#[must_use]
pub fn remarks(policy: &Value) -> Vec<Remark> {
    let problems = schema::problems(policy);
    // What is wrong in a member explains what else there would be to say of it.
    let is_sound = |members: &[&str]| {
        let is_wrong = |member: &&str| {
            let path = format!("spec.{member}");
            problems.iter().any(|it| it.meant.as_ref().unwrap_or(&it.path).starts_with(&path))
        };
        !members.iter().any(is_wrong)
    };
    let mut sound = policy.clone();
    if let Some(spec) = sound["spec"].as_object_mut() {
        spec.retain(|member, _| is_sound(&[member]));
    }
    let mut remarks = Vec::new();
    if let Ok(manifest) = document::typed(sound) {
        let deployment = Deployment { manifest, settings: policy["spec"]["settings"].clone() };
        remarks = deployment.remarks(&is_sound);
    }
    let of_schema =
        problems.into_iter().map(|problem| Remark { path: problem.path, what: problem.what, is_note: false });
    of_schema.chain(remarks).collect()
}

impl Deployment {
    /// What there is to say of members that are sound by themselves.
    fn remarks(&self, is_sound: &dyn Fn(&[&str]) -> bool) -> Vec<Remark> {
        let spec = &self.manifest.spec;
        let mut remarks = Vec::new();
        if is_sound(&["rules"]) {
            remarks.extend(self.of_rules());
        }
        if is_sound(&["rules", "namespaceSelector", "objectSelector", "matchConditions", "failurePolicy"]) {
            remarks.extend(self.of_pods());
        }
        if is_sound(&["mode", "mutating", "backgroundAudit"]) {
            remarks.extend(self.of_effect());
        }
        if self.drops_match_labels() {
            let what = format!("the policy acts in all namespaces: {DROPPED}");
            remarks.push(Remark::problem("spec.namespaceSelector.matchLabels", what));
        }
        for (path, selector) in
            [("spec.namespaceSelector", &spec.namespace_selector), ("spec.objectSelector", &spec.object_selector)]
        {
            remarks.extend(selector.iter().flat_map(|selector| of_selector(path, selector)));
        }
        if let (Some(whole), Some(evaluation)) = (spec.timeout_seconds, spec.timeout_eval_seconds)
            && evaluation > whole
        {
            let what = format!("must not be longer than timeoutSeconds, which is {whole}");
            remarks.push(Remark::problem("spec.timeoutEvalSeconds", what));
        }
        remarks
    }

    /// What the rules cover that the policy is not for, and the other way round.
    fn of_rules(&self) -> Vec<Remark> {
        let rules = self.manifest.spec.rules.as_deref().unwrap_or_default();
        let covered: Vec<_> = KINDS.iter().filter(|kind| rules.iter().any(|rule| rule.covers(kind))).collect();
        let mut remarks = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let path = format!("spec.rules[{index}]");
            let is_idle = !KINDS.iter().any(|kind| rule.covers(kind));
            let of_resources = rule.of_resources(&path);
            let is_explained = of_resources.iter().any(|remark| !remark.is_note);
            if is_idle && !is_explained {
                let what = "covers nothing that the policy acts on: CREATE and UPDATE of notebooks in kubeflow.org/v1, \
                            v1beta1 or v1alpha1, and CREATE of pods in v1";
                remarks.push(Remark { is_note: !covered.is_empty(), ..Remark::problem(&path, what) });
            } else {
                remarks.extend(of_resources);
            }
        }
        let is_listed = |list: &str| self.settings[list].as_array().is_some_and(|names| !names.is_empty());
        let mut lists = covered.iter().flat_map(|kind| kind.lists).chain(&["retired"]);
        let is_explained = remarks.iter().any(|remark| !remark.is_note);
        if !is_explained && !covered.is_empty() && self.settings.is_object() && !lists.any(|list| is_listed(list)) {
            let resources: Vec<_> = covered.iter().map(|kind| kind.resource).collect();
            let what = format!("cover only {}, for which the settings list nothing", resources.join(" and "));
            remarks.push(Remark::problem("spec.rules", what));
        }
        remarks
    }

    /// What the first rule for pods covers too much of.
    fn of_pods(&self) -> Option<Remark> {
        let spec = &self.manifest.spec;
        let [_, pods] = &KINDS;
        let rule = spec.rules.iter().flatten().position(|rule| rule.covers(pods))?;
        let is_everywhere = self.manifest.kind != NAMESPACED
            && self.namespace_selector().requirements().next().is_none()
            && !self.drops_match_labels();
        let is_by_label = spec.object_selector.iter().any(|selector| selector.requirements().next().is_some());
        let is_narrow = is_by_label || self.conditions().is_some();
        let may_fail = spec.failure_policy.as_deref() != Some("Ignore");
        let (what, is_note) = match (is_everywhere, is_narrow) {
            (true, false) if may_fail => (
                "covers all pods in all namespaces, and none is created while the policy server is away: narrow it by \
                 namespaceSelector, and by objectSelector or matchConditions",
                false,
            ),
            (true, false) => (
                "covers all pods in all namespaces: narrow it by namespaceSelector, and by objectSelector or \
                 matchConditions",
                true,
            ),
            (true, true) => ("covers pods in all namespaces: narrow it by namespaceSelector", true),
            (false, false) => {
                ("covers all pods of its namespaces: narrow it by objectSelector or matchConditions", true)
            }
            (false, true) => return None,
        };
        Some(Remark { is_note, ..Remark::problem(&format!("spec.rules[{rule}]"), what) })
    }

    /// What becomes of the policy's answers.
    fn of_effect(&self) -> Option<Remark> {
        let spec = &self.manifest.spec;
        let note = |path: &str, what: &str| Some(Remark { is_note: true, ..Remark::problem(path, what) });
        match (self.reports(), spec.mode) {
            (false, Mode::Monitor) => note("spec.mode", MONITORED),
            (false, Mode::Protect) if !spec.mutating => Some(Remark::problem(
                "spec.mutating",
                format!("{REFUSED}: write true, or report: true in the settings"),
            )),
            (false, Mode::Protect) => None,
            (true, Mode::Protect) => {
                note("spec.mode", "with report: true every object that lacks something is refused: write monitor")
            }
            (true, Mode::Monitor) if spec.background_audit == Some(false) => note(
                "spec.backgroundAudit",
                "the audit scanner passes the policy over, and nobody gets the report: write true",
            ),
            (true, Mode::Monitor) => None,
        }
    }
}

impl Remark {
    fn problem(path: &str, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), what: what.into(), is_note: false }
    }
}

impl Rule {
    /// Whether any request about this kind that the policy acts on is covered.
    fn covers(&self, kind: &Kind) -> bool {
        let request = |version: &str, operation: &str| AdmissionRequest {
            resource: GroupVersionResource {
                group: kind.group.to_owned(),
                version: version.to_owned(),
                resource: kind.resource.to_owned(),
            },
            namespace: Some("default".to_owned()),
            operation: operation.to_owned(),
            ..AdmissionRequest::default()
        };
        let mut all = kind.versions.iter().flat_map(|version| kind.operations.iter().map(move |it| (version, it)));
        all.any(|(version, operation)| self.matches(&request(version, operation), false))
    }

    /// What its resources are that are no kind's of the policy.
    fn of_resources(&self, rule: &str) -> Vec<Remark> {
        let known = KINDS.map(|kind| kind.resource);
        let others = self.resources.iter().enumerate().filter(|(_, it)| !known.contains(&it.as_str()));
        let others = others.filter(|(_, it)| !matches!(it.as_str(), "*" | "*/*"));
        others
            .map(|(index, found)| {
                let path = format!("{rule}.resources[{index}]");
                match closest(found, &known) {
                    Some(meant) => Remark::problem(
                        &path,
                        format!("the policy is for notebooks and pods, found {found:?}; did you mean {meant}?"),
                    ),
                    None => {
                        let what = format!("the policy is for notebooks and pods, and does nothing with {found}");
                        Remark { is_note: true, ..Remark::problem(&path, what) }
                    }
                }
            })
            .collect()
    }
}

/// What the API server does not take in a selector.
fn of_selector(path: &str, selector: &LabelSelector) -> Vec<Remark> {
    let expressions = selector.match_expressions.iter().flatten().enumerate();
    let wrong = expressions.filter_map(|(index, requirement)| {
        let has_values = requirement.values.as_ref().is_some_and(|values| !values.is_empty());
        let what = match requirement.operator {
            Operator::In | Operator::NotIn if !has_values => "must be set where the operator is In or NotIn",
            Operator::Exists | Operator::DoesNotExist if has_values => {
                "must not be set where the operator is Exists or DoesNotExist"
            }
            _ => return None,
        };
        Some(Remark::problem(&format!("{path}.matchExpressions[{index}].values"), what))
    });
    wrong.collect()
}
