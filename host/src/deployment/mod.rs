//! A policy as it is deployed, a `ClusterAdmissionPolicy` or `AdmissionPolicy`: what a cluster does with its answers, and
//! whether it is asked at all; and what is wrong with its manifest.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    document,
    request::AdmissionRequest,
    response::{AdmissionResponse, Status, StatusCause, StatusDetails},
    selector::LabelSelector,
    settings::{is_policy, settings_of},
};

mod remarks;
mod schema;

pub use remarks::{Remark, remarks};

/// The label with a namespace's name, which every namespace has.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// The kind of a policy for one namespace.
const NAMESPACED: &str = "AdmissionPolicy";

/// Policies that answer together.
const GROUPS: [&str; 2] = ["ClusterAdmissionPolicyGroup", "AdmissionPolicyGroup"];

/// What is to be said of these, in a manifest and of a request.
const DROPPED: &str = "Kubewarden passes on only matchExpressions; write it there";
const MONITORED: &str = "in a cluster the policy's answer is logged, and the object stays as it is";
const REFUSED: &str = "in a cluster what the policy would change is refused";

/// A policy's manifest.
#[derive(Clone, Debug)]
pub struct Deployment {
    manifest: Manifest,
    settings: Value,
}

#[derive(Clone, Debug, Deserialize)]
struct Manifest {
    kind: String,
    #[serde(default)]
    metadata: ObjectMeta,
    spec: Spec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ObjectMeta {
    name: Option<String>,
    namespace: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    module: Option<String>,
    mode: Mode,
    mutating: bool,
    message: Option<String>,
    rules: Option<Vec<Rule>>,
    match_policy: Option<MatchPolicy>,
    match_conditions: Option<Vec<MatchCondition>>,
    namespace_selector: Option<LabelSelector>,
    object_selector: Option<LabelSelector>,
    allow_inside_admission_controller_namespace: bool,
    failure_policy: Option<String>,
    background_audit: Option<bool>,
    timeout_seconds: Option<i64>,
    timeout_eval_seconds: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Protect,
    Monitor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum MatchPolicy {
    Exact,
    Equivalent,
}

#[derive(Clone, Debug, Deserialize)]
struct MatchCondition {
    name: String,
}

/// `RuleWithOperations` of `admissionregistration.k8s.io/v1`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    operations: Vec<String>,
    api_groups: Vec<String>,
    api_versions: Vec<String>,
    resources: Vec<String>,
    scope: Option<String>,
}

impl Deployment {
    /// The policies among the documents of a file.
    ///
    /// # Errors
    /// A policy that no API server would take, or a group of policies.
    pub fn all_in(documents: &[Value]) -> Result<Vec<Self>> {
        let kind = |document: &Value| document["kind"].as_str().unwrap_or_default().to_owned();
        if let Some(group) = documents.iter().map(kind).find(|kind| GROUPS.contains(&kind.as_str())) {
            bail!("found a policy of kind {group}; it is evaluated in a cluster, or by kwctl");
        }
        documents.iter().filter(|document| is_policy(document)).map(Self::of).collect()
    }

    fn of(document: &Value) -> Result<Self> {
        // What is not there yet matters to a cluster alone.
        if let Some(problem) = schema::problems(document).into_iter().find(|problem| !problem.is_missing) {
            bail!("{}: {}", problem.path, problem.what);
        }
        Ok(Self { manifest: document::typed(document.clone())?, settings: settings_of(vec![document.clone()])? })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        // The words of kwctl.
        self.manifest.metadata.name.as_deref().unwrap_or("crd-without-name")
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &Value {
        &self.settings
    }

    /// Its module, as a URL; one without a scheme is in a registry.
    ///
    /// # Errors
    /// It names none.
    pub fn module(&self) -> Result<String> {
        let module = self.manifest.spec.module.as_deref().filter(|module| !module.is_empty());
        let module = module.with_context(|| format!("{}: spec.module: must name the policy's module", self.name()))?;
        Ok(if module.contains("://") { module.to_owned() } else { format!("registry://{module}") })
    }

    /// What the policy server makes of the policy's answer: in mode `monitor` everything is accepted as it is, without
    /// `mutating` a change is refused, and a message of the deployment's own takes the place of the policy's.
    #[must_use]
    pub fn answer(&self, response: AdmissionResponse) -> AdmissionResponse {
        let Spec { mode, mutating, message, .. } = &self.manifest.spec;
        let mut answer = response;
        if *mode == Mode::Monitor {
            return AdmissionResponse { allowed: true, patch_type: None, patch: None, status: None, ..answer };
        }
        if !mutating && answer.patch.is_some() {
            let message = format!(
                "Request rejected by policy {}. The policy attempted to mutate the request, but it is currently \
                 configured to not allow mutations.",
                self.name()
            );
            let status = Some(Status { message: Some(message), ..Status::default() });
            answer = AdmissionResponse { allowed: false, patch_type: None, patch: None, status, ..answer };
        }
        if let Some(message) = message
            && !answer.allowed
        {
            let status = answer.status.take().unwrap_or_default();
            let cause = StatusCause { message: Some(status.message.unwrap_or_default()), ..StatusCause::default() };
            let details = Some(StatusDetails { causes: vec![cause] });
            answer.status = Some(Status { message: Some(message.clone()), details, code: status.code });
        }
        answer
    }

    /// What in the manifest keeps the policy, in a cluster, from being asked about the request, or its answer from having
    /// an effect; or may do so and cannot be known here.
    ///
    /// `response` is the policy's own: where it changes and refuses nothing, it has nothing to be kept from.
    #[must_use]
    pub fn notes(&self, request: &AdmissionRequest, response: &AdmissionResponse) -> Vec<String> {
        let Manifest { kind, metadata, spec } = &self.manifest;
        let mut notes = Vec::new();
        let namespace = request.namespace.as_deref().unwrap_or_default();
        if !self.has_rule_for(request, spec.match_policy != Some(MatchPolicy::Exact)) {
            let resource = &request.resource;
            let group = if resource.group.is_empty() { String::new() } else { format!("{}/", resource.group) };
            notes.push(format!(
                "rules: none covers {} of {} in {group}{}, so it does not reach the policy",
                request.operation,
                match &request.sub_resource {
                    Some(sub) if !sub.is_empty() => format!("{}/{sub}", resource.resource),
                    _ => resource.resource.clone(),
                },
                resource.version,
            ));
        }
        if self.drops_match_labels() {
            notes.push(format!("namespaceSelector.matchLabels: {DROPPED}"));
        }
        match (self.covers_namespace(namespace, None), &metadata.namespace) {
            (Some(false), Some(own)) if kind == NAMESPACED => {
                notes.push(format!("an AdmissionPolicy in namespace {own} does not reach namespace {namespace}"));
            }
            (Some(false), _) => notes.push(format!("namespaceSelector: does not match namespace {namespace}")),
            _ => {}
        }
        let mut unknown: Vec<_> = self.of_namespaces().into_iter().collect();
        if !self.selects_object(request) {
            notes.push("objectSelector: does not match the object's labels".to_owned());
        }
        if response.allowed && response.patch.is_none() {
            return notes;
        }
        unknown.extend(self.conditions());
        // Where something else keeps the policy from being asked already, nothing hangs on these.
        if notes.is_empty() && !unknown.is_empty() {
            notes.push(format!("not evaluated: {}", unknown.join(", ")));
        }
        if spec.mode == Mode::Monitor {
            notes.push(format!("mode: monitor: {MONITORED}"));
        } else if !spec.mutating && response.patch.is_some() {
            notes.push(format!("mutating: false: {REFUSED}"));
        }
        notes
    }

    /// Whether the policy is asked about a request, as far as its rules, its `objectSelector` and the namespace's name
    /// tell. One that reports stands for another, whose rules have more operations.
    #[must_use]
    pub fn covers(&self, request: &AdmissionRequest) -> bool {
        let is_covered = |request: &AdmissionRequest| self.has_rule_for(request, true);
        let created = || AdmissionRequest { operation: "CREATE".to_owned(), ..request.clone() };
        let namespace = request.namespace.as_deref().unwrap_or_default();
        (is_covered(request) || self.reports() && is_covered(&created()))
            && self.selects_object(request)
            && self.covers_namespace(namespace, None) != Some(false)
    }

    /// Whether the policy is asked about what is in a namespace, where that is known: `labels` are the namespace's.
    #[must_use]
    pub fn covers_namespace(&self, name: &str, labels: Option<&Value>) -> Option<bool> {
        let selector = self.namespace_selector();
        let (named, others): (Vec<_>, Vec<_>) =
            selector.requirements().partition(|requirement| requirement.key == NAMESPACE_NAME);
        if !named.iter().all(|requirement| requirement.matches(Some(name))) {
            return Some(false);
        }
        match labels {
            _ if others.is_empty() => Some(true),
            None => None,
            Some(labels) => {
                Some(others.iter().all(|requirement| requirement.matches(labels[requirement.key.as_str()].as_str())))
            }
        }
    }

    /// What of the `namespaceSelector` only the labels of a namespace tell.
    #[must_use]
    pub fn of_namespaces(&self) -> Option<String> {
        let selector = self.namespace_selector();
        let keys: Vec<_> =
            selector.requirements().map(|requirement| requirement.key).filter(|key| key != NAMESPACE_NAME).collect();
        (!keys.is_empty()).then(|| format!("namespaceSelector ({})", keys.join(", ")))
    }

    /// The names of its `matchConditions`, which only a cluster evaluates.
    #[must_use]
    pub fn conditions(&self) -> Option<String> {
        let conditions = self.manifest.spec.match_conditions.as_ref().filter(|conditions| !conditions.is_empty())?;
        let names: Vec<_> = conditions.iter().map(|condition| condition.name.as_str()).collect();
        Some(format!("matchConditions ({})", names.join(", ")))
    }

    /// `is_equivalent`: as for [`Rule::matches`].
    fn has_rule_for(&self, request: &AdmissionRequest, is_equivalent: bool) -> bool {
        self.manifest.spec.rules.iter().flatten().any(|rule| rule.matches(request, is_equivalent))
    }

    fn selects_object(&self, request: &AdmissionRequest) -> bool {
        let mut objects = [&request.object, &request.old_object].into_iter().flatten();
        self.manifest
            .spec
            .object_selector
            .as_ref()
            .is_none_or(|selector| objects.any(|object| selector.matches(object)))
    }

    /// The namespaces that Kubewarden has the policy act in. An AdmissionPolicy without a namespace is in the one that it
    /// is applied to.
    fn namespace_selector(&self) -> LabelSelector {
        let Manifest { kind, metadata, spec } = &self.manifest;
        if kind == NAMESPACED {
            let own = metadata.namespace.iter().map(|own| (NAMESPACE_NAME.to_owned(), own.clone())).collect();
            return LabelSelector { match_labels: Some(own), match_expressions: None };
        }
        let mut selector = spec.namespace_selector.clone().unwrap_or_default();
        if self.drops_match_labels() {
            selector.match_labels = None;
        }
        selector
    }

    fn drops_match_labels(&self) -> bool {
        let Manifest { kind, spec, .. } = &self.manifest;
        let labels = spec.namespace_selector.as_ref().and_then(|selector| selector.match_labels.as_ref());
        kind != NAMESPACED
            && labels.is_some_and(|labels| !labels.is_empty())
            && !spec.allow_inside_admission_controller_namespace
    }

    /// Whether it changes nothing, and says what it would change.
    fn reports(&self) -> bool {
        self.settings["report"] == true
    }
}

impl Rule {
    /// `is_equivalent`: a version that the rule does not name is converted to one that it does.
    fn matches(&self, request: &AdmissionRequest, is_equivalent: bool) -> bool {
        let has = |list: &[String], value: &str| list.iter().any(|item| item == "*" || item == value);
        let resource = &request.resource;
        let sub = request.sub_resource.as_deref().unwrap_or_default();
        let is_resource = self.resources.iter().any(|named| {
            let (of, named_sub) = named.split_once('/').unwrap_or((named, ""));
            (of == "*" || of == resource.resource) && (named_sub == "*" || named_sub == sub)
        });
        let is_namespaced =
            resource.resource != "namespaces" && request.namespace.as_ref().is_some_and(|name| !name.is_empty());
        let is_in_scope = match self.scope.as_deref() {
            Some("Namespaced") => is_namespaced,
            Some("Cluster") => !is_namespaced,
            _ => true,
        };
        is_resource
            && is_in_scope
            && has(&self.operations, &request.operation)
            && has(&self.api_groups, &resource.group)
            && (is_equivalent || has(&self.api_versions, &resource.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::{Operation, request_for};

    /// A policy for notebooks of team-a, whose `spec` and head are changed by `change`.
    fn deployment(change: impl FnOnce(&mut Value)) -> Deployment {
        let mut document = json!({
            "apiVersion": "policies.kubewarden.io/v1", "kind": "ClusterAdmissionPolicy", "metadata": {"name": "ours"},
            "spec": {
                "module": "file:///policy.wasm", "mutating": true, "settings": {"a": 1},
                "rules": [{
                    "apiGroups": ["kubeflow.org"], "apiVersions": ["v1"], "resources": ["notebooks"],
                    "operations": ["CREATE", "UPDATE"],
                }],
            },
        });
        change(&mut document);
        Deployment::all_in(&[document]).expect("it is a policy").remove(0)
    }

    fn request(api_version: &str, kind: &str, operation: Operation) -> AdmissionRequest {
        let object = json!({
            "apiVersion": api_version, "kind": kind,
            "metadata": {"name": "churn", "namespace": "team-a", "labels": {"app": "churn"}},
        });
        request_for(object, operation, None).expect("it is a manifest")
    }

    fn changed() -> AdmissionResponse {
        AdmissionResponse { allowed: true, patch: Some("W10=".to_owned()), ..AdmissionResponse::default() }
    }

    fn refused() -> AdmissionResponse {
        let status = Status { message: Some("no".to_owned()), code: Some(422), ..Status::default() };
        AdmissionResponse { status: Some(status), ..AdmissionResponse::default() }
    }

    #[test]
    fn a_request_that_no_rule_is_for() {
        let create = || request("kubeflow.org/v1", "Notebook", Operation::Create);
        let mut status = create();
        status.sub_resource = Some("status".to_owned());
        let mut cluster = create();
        cluster.namespace = None;
        let rule = |member: &'static str, value: Value| {
            move |document: &mut Value| document["spec"]["rules"][0][member] = value
        };
        let named = deployment(|_| ());
        for (deployment, request, note) in [
            (&named, create(), None),
            (&named, request("kubeflow.org/v1", "Notebook", Operation::Update { old: None }), None),
            (
                &named,
                request("kubeflow.org/v1", "Notebook", Operation::Delete),
                Some("DELETE of notebooks in kubeflow.org/v1"),
            ),
            (&named, request("v1", "Pod", Operation::Create), Some("CREATE of pods in v1")),
            (
                &named,
                request("example.com/v1", "Notebook", Operation::Create),
                Some("CREATE of notebooks in example.com/v1"),
            ),
            (&named, status.clone(), Some("CREATE of notebooks/status in kubeflow.org/v1")),
            // Another version is converted, unless the policy says that it must not be.
            (&named, request("kubeflow.org/v1beta1", "Notebook", Operation::Create), None),
            (
                &deployment(|document| document["spec"]["matchPolicy"] = json!("Exact")),
                request("kubeflow.org/v1beta1", "Notebook", Operation::Create),
                Some("CREATE of notebooks in kubeflow.org/v1beta1"),
            ),
            (&deployment(|document| document["spec"]["matchPolicy"] = json!("Exact")), create(), None),
            (&deployment(rule("resources", json!(["*"]))), create(), None),
            (
                &deployment(rule("resources", json!(["*"]))),
                status.clone(),
                Some("CREATE of notebooks/status in kubeflow.org/v1"),
            ),
            (&deployment(rule("resources", json!(["notebooks/*"]))), status.clone(), None),
            (&deployment(rule("resources", json!(["*/*"]))), status.clone(), None),
            (&deployment(rule("resources", json!(["*/status"]))), status, None),
            (&deployment(rule("operations", json!(["*"]))), create(), None),
            (&deployment(rule("apiGroups", json!(["*"]))), create(), None),
            (&deployment(rule("scope", json!("*"))), create(), None),
            (&deployment(rule("scope", json!("Namespaced"))), create(), None),
            (&deployment(rule("scope", json!("Cluster"))), create(), Some("CREATE of notebooks in kubeflow.org/v1")),
            (&deployment(rule("scope", json!("Cluster"))), cluster, None),
            (
                &deployment(|document| document["spec"]["rules"] = json!(null)),
                create(),
                Some("CREATE of notebooks in kubeflow.org/v1"),
            ),
        ] {
            let expected: Vec<_> = note
                .map(|what| format!("rules: none covers {what}, so it does not reach the policy"))
                .into_iter()
                .collect();
            assert_eq!(deployment.notes(&request, &changed()), expected, "{deployment:?} {request:?}");
        }
    }

    #[test]
    fn what_else_keeps_it_from_being_asked() {
        let spec = |member: &'static str, value: Value| move |document: &mut Value| document["spec"][member] = value;
        let named = |operator: &str, name: &str| json!({"matchExpressions": [{"key": NAMESPACE_NAME, "operator": operator, "values": [name]}]});
        let labels = "namespaceSelector.matchLabels: Kubewarden passes on only matchExpressions; write it there";
        for (deployment, notes) in [
            (deployment(spec("namespaceSelector", json!({}))), vec![]),
            (deployment(spec("namespaceSelector", named("In", "team-a"))), vec![]),
            (
                deployment(spec("namespaceSelector", named("In", "team-b"))),
                vec!["namespaceSelector: does not match namespace team-a"],
            ),
            (
                deployment(spec("namespaceSelector", named("NotIn", "team-a"))),
                vec!["namespaceSelector: does not match namespace team-a"],
            ),
            (
                deployment(spec(
                    "namespaceSelector",
                    json!({"matchExpressions": [{"key": "a", "operator": "Exists"}]}),
                )),
                vec!["not evaluated: namespaceSelector (a)"],
            ),
            (deployment(spec("namespaceSelector", json!({"matchLabels": {"a": "b"}}))), vec![labels]),
            (
                deployment(|document| {
                    document["spec"]["namespaceSelector"] = json!({"matchLabels": {"a": "b"}});
                    document["spec"]["allowInsideAdmissionControllerNamespace"] = json!(true);
                }),
                vec!["not evaluated: namespaceSelector (a)"],
            ),
            (deployment(spec("objectSelector", json!({"matchLabels": {"app": "churn"}}))), vec![]),
            (
                deployment(spec("objectSelector", json!({"matchLabels": {"app": "other"}}))),
                vec!["objectSelector: does not match the object's labels"],
            ),
            (
                deployment(|document| {
                    document["spec"]["matchConditions"] = json!([{"name": "c", "expression": "true"}]);
                    document["spec"]["namespaceSelector"] =
                        json!({"matchExpressions": [{"key": "a", "operator": "Exists"}]});
                }),
                vec!["not evaluated: namespaceSelector (a), matchConditions (c)"],
            ),
            (
                deployment(|document| {
                    document["spec"]["matchConditions"] = json!([{"name": "c", "expression": "true"}]);
                    document["spec"]["objectSelector"] = json!({"matchLabels": {"app": "other"}});
                }),
                vec!["objectSelector: does not match the object's labels"],
            ),
            (
                deployment(|document| {
                    document["kind"] = json!("AdmissionPolicy");
                    document["metadata"]["namespace"] = json!("team-b");
                }),
                vec!["an AdmissionPolicy in namespace team-b does not reach namespace team-a"],
            ),
            (
                deployment(|document| {
                    document["kind"] = json!("AdmissionPolicy");
                    document["metadata"]["namespace"] = json!("team-a");
                }),
                vec![],
            ),
            // It is in the namespace that it is applied to.
            (deployment(|document| document["kind"] = json!("AdmissionPolicy")), vec![]),
        ] {
            let request = request("kubeflow.org/v1", "Notebook", Operation::Create);
            assert_eq!(deployment.notes(&request, &changed()), notes, "{deployment:?}");
        }
    }

    /// As the API server has it, the stored object may be the one that is meant.
    #[test]
    fn an_object_selector_looks_at_both_objects() {
        let deployment =
            deployment(|document| document["spec"]["objectSelector"] = json!({"matchLabels": {"app": "old"}}));
        for (old, is_meant) in [("old", true), ("other", false)] {
            let old = Some(json!({"metadata": {"labels": {"app": old}}}));
            let request = request("kubeflow.org/v1", "Notebook", Operation::Update { old });
            assert_eq!(deployment.notes(&request, &changed()).is_empty(), is_meant);
        }
        let deleted = request("kubeflow.org/v1", "Notebook", Operation::Delete);
        let notes = deployment.notes(&deleted, &changed());
        assert_eq!(notes.last().map(String::as_str), Some("objectSelector: does not match the object's labels"));
    }

    #[test]
    fn what_becomes_of_an_answer() {
        let accepted = || AdmissionResponse { allowed: true, ..AdmissionResponse::default() };
        let monitor = "mode: monitor: in a cluster the policy's answer is logged, and the object stays as it is";
        let unable = "mutating: false: in a cluster what the policy would change is refused";
        let not_allowed = "Request rejected by policy ours. The policy attempted to mutate the request, but it is \
                           currently configured to not allow mutations.";
        let rejection = |message: &str, details, code| AdmissionResponse {
            status: Some(Status { message: Some(message.to_owned()), details, code }),
            ..AdmissionResponse::default()
        };
        let caused = |text: &str| {
            let cause = StatusCause { message: Some(text.to_owned()), ..StatusCause::default() };
            Some(StatusDetails { causes: vec![cause] })
        };
        for (spec, response, note, answer) in [
            (json!({"mutating": true}), changed(), None, changed()),
            (json!({"mutating": true, "mode": "protect"}), refused(), None, refused()),
            (json!({"mutating": true, "mode": "monitor"}), accepted(), None, accepted()),
            (json!({"mutating": true, "mode": "monitor"}), changed(), Some(monitor), accepted()),
            (json!({"mutating": false, "mode": "monitor", "message": "m"}), refused(), Some(monitor), accepted()),
            (json!({"mutating": false}), accepted(), None, accepted()),
            (json!({"mutating": false}), refused(), None, refused()),
            (json!({"mutating": false}), changed(), Some(unable), rejection(not_allowed, None, None)),
            (json!({}), changed(), Some(unable), rejection(not_allowed, None, None)),
            (json!({"mutating": true, "message": "ask us"}), changed(), None, changed()),
            (
                json!({"mutating": true, "message": "ask us"}),
                refused(),
                None,
                rejection("ask us", caused("no"), Some(422)),
            ),
            (json!({"message": "ask us"}), changed(), Some(unable), rejection("ask us", caused(not_allowed), None)),
        ] {
            let deployment = deployment(|document| {
                let rules = document["spec"]["rules"].take();
                document["spec"] = spec.clone();
                document["spec"]["rules"] = rules;
            });
            let request = request("kubeflow.org/v1", "Notebook", Operation::Create);
            let expected: Vec<_> = note.into_iter().collect();
            assert_eq!(deployment.notes(&request, &response), expected, "{spec}");
            assert_eq!(deployment.answer(response), answer, "{spec}");
        }
    }

    #[test]
    fn modules() {
        for (module, expected) in [
            (json!("file:///p.wasm"), Some("file:///p.wasm")),
            (json!("ghcr.io/p:v1"), Some("registry://ghcr.io/p:v1")),
            (json!(""), None),
            (json!(null), None),
        ] {
            let found = deployment(|document| document["spec"]["module"] = module.clone()).module();
            assert_eq!(found.ok().as_deref(), expected, "{module}");
        }
    }

    #[test]
    fn what_is_no_policy() {
        let policy =
            |spec: Value| json!({"apiVersion": "policies.kubewarden.io/v1", "kind": "AdmissionPolicy", "spec": spec});
        for (document, expected) in [
            (policy(json!({"mode": "watch"})), "spec.mode: must be protect or monitor, found \"watch\""),
            (policy(json!({"mutating": "yes"})), "spec.mutating: must be a boolean, found a string"),
            (
                policy(json!({"objectSelector": {"matchExpressions": [{"key": "a", "operator": "in"}]}})),
                "spec.objectSelector.matchExpressions[0].operator: must be In, NotIn, Exists or DoesNotExist, found",
            ),
            (json!({"kind": "AdmissionPolicyGroup"}), "found a policy of kind AdmissionPolicyGroup"),
        ] {
            let error = Deployment::all_in(&[document]).expect_err(expected).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"});
        assert!(Deployment::all_in(&[role]).expect("it is passed over").is_empty());
    }
}
