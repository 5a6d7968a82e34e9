//! Where a pod may run: node selector, affinity, tolerations, topology spread constraints.

use std::collections::BTreeSet;

use super::names::{is_label, is_label_value, is_qualified_name, is_subdomain};
use super::view::{At, Problems};
use super::{check_labels, check_range, check_word, check_word_if_set};

/// All of it.
pub fn check(spec: &At<'_>, problems: &mut Problems) {
    check_labels(&spec.member("nodeSelector"), problems);
    check_affinity(&spec.member("affinity"), problems);
    spec.member("tolerations").items().iter().for_each(|toleration| check_toleration(toleration, problems));
    check_spread(&spec.member("topologySpreadConstraints"), problems);
    let gates = spec.member("schedulingGates");
    for gate in gates.items() {
        problems.check(is_qualified_name(gate.member("name").text()), "a scheduling gate is a qualified name", &gate);
    }
}

/// `validateAffinity`
fn check_affinity(affinity: &At<'_>, problems: &mut Problems) {
    let (required, preferred) =
        ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution");
    let nodes = affinity.member("nodeAffinity");
    let selector = nodes.member(required);
    if selector.is_set() {
        let terms = selector.member("nodeSelectorTerms");
        problems.check(!terms.items().is_empty(), "a node selector has a term", &terms);
        terms.items().iter().for_each(|term| check_term(term, true, problems));
    }
    for term in nodes.member(preferred).items() {
        check_range(&term.member("weight"), 1, 100, "a weight is from 1 to 100", problems);
        check_term(&term.member("preference"), false, problems);
    }
    for pods in ["podAffinity", "podAntiAffinity"].map(|name| affinity.member(name)) {
        pods.member(required).items().iter().for_each(|term| check_pod_term(term, problems));
        for term in pods.member(preferred).items() {
            check_range(&term.member("weight"), 1, 100, "a weight is from 1 to 100", problems);
            check_pod_term(&term.member("podAffinityTerm"), problems);
        }
    }
}

/// `ValidateNodeSelectorTerm`
fn check_term(term: &At<'_>, are_values_checked: bool, problems: &mut Problems) {
    for requirement in term.member("matchExpressions").items() {
        check_requirement(&requirement, &["Gt", "Lt"], are_values_checked, problems);
    }
    for requirement in term.member("matchFields").items() {
        let (key, operator, values) =
            (requirement.member("key"), requirement.member("operator"), requirement.member("values"));
        problems.check(matches!(operator.text(), "In" | "NotIn"), "a field of a node is In or NotIn", &operator);
        problems.check(values.items().len() == 1, "a field of a node has one value", &values);
        problems.check(key.text() == "metadata.name", "the field of a node is its name", &key);
        problems.check(values.texts().into_iter().all(is_subdomain), "the name of a node is a DNS subdomain", &values);
    }
}

/// `ValidateNodeSelectorRequirement`, `ValidateLabelSelectorRequirement`: both have four operators, and one of them more
fn check_requirement(requirement: &At<'_>, one_value: &[&str], are_values_checked: bool, problems: &mut Problems) {
    let (operator, values) = (requirement.member("operator"), requirement.member("values"));
    let count = values.items().len();
    match operator.text() {
        "In" | "NotIn" => problems.check(count > 0, "In and NotIn have values", &values),
        "Exists" | "DoesNotExist" => problems.check(count == 0, "Exists and DoesNotExist have no values", &values),
        other if one_value.contains(&other) => problems.check(count == 1, "Gt and Lt have one value", &values),
        _ => problems.check(false, "an operator is one of its words", &operator),
    }
    let key = requirement.member("key");
    problems.check(is_qualified_name(key.text()), "the key of a label is a qualified name", &key);
    if are_values_checked {
        let are_right = values.texts().into_iter().all(is_label_value);
        problems.check(are_right, "the value of a label is a label value", &values);
    }
}

/// `ValidateLabelSelector`
pub fn check_selector(selector: &At<'_>, problems: &mut Problems) {
    check_labels(&selector.member("matchLabels"), problems);
    for requirement in selector.member("matchExpressions").items() {
        check_requirement(&requirement, &[], true, problems);
    }
}

/// The keys of a label selector.
fn keys_of<'a>(selector: &At<'a>) -> BTreeSet<&'a str> {
    let expressions = selector.member("matchExpressions").items().into_iter().map(|it| it.member("key").text());
    selector.member("matchLabels").entries().into_iter().map(|(key, _)| key).chain(expressions).collect()
}

/// `validatePodAffinityTerm`
fn check_pod_term(term: &At<'_>, problems: &mut Problems) {
    let selector = term.member("labelSelector");
    check_selector(&selector, problems);
    check_selector(&term.member("namespaceSelector"), problems);
    let namespaces = term.member("namespaces");
    problems.check(namespaces.texts().into_iter().all(is_label), "a namespace is a DNS label", &namespaces);
    problems.check(is_qualified_name(term.member("topologyKey").text()), "a topology key is a qualified name", term);
    let keys = ["matchLabelKeys", "mismatchLabelKeys"].map(|name| term.member(name));
    for keys in &keys {
        check_label_keys(keys, &selector, problems);
    }
    let [matched, mismatched] = keys.map(|keys| keys.texts());
    let is_apart = matched.iter().all(|key| !mismatched.contains(key));
    problems.check(is_apart, "a label key is in one of two lists", term);
    // The server has put the matched keys into the selector before it looks for them there a second time.
    let selected = keys_of(&selector);
    let is_new = matched.iter().all(|key| !selected.contains(key));
    problems.check(is_new, "a label key is not in the selector too", term);
}

/// `validateLabelKeys`
fn check_label_keys(keys: &At<'_>, selector: &At<'_>, problems: &mut Problems) {
    let has_selector = keys.items().is_empty() || selector.is_set();
    problems.check(has_selector, "label keys are beside a label selector", keys);
    problems.check(keys.texts().into_iter().all(is_qualified_name), "the key of a label is a qualified name", keys);
}

/// `ValidateTolerations`
fn check_toleration(toleration: &At<'_>, problems: &mut Problems) {
    let of = |name| toleration.member(name).text();
    problems.check(
        of("key").is_empty() || is_qualified_name(of("key")),
        "the key of a taint is a qualified name",
        toleration,
    );
    let is_right = !of("key").is_empty() || of("operator") == "Exists";
    problems.check(is_right, "a toleration of every key has the operator Exists", toleration);
    let has_seconds = toleration.member("tolerationSeconds").is_set();
    problems.check(!has_seconds || of("effect") == "NoExecute", "seconds are of NoExecute", toleration);
    match of("operator") {
        "" | "Equal" => {
            problems.check(is_label_value(of("value")), "the value of a taint is a label value", toleration)
        }
        "Exists" => problems.check(of("value").is_empty(), "a toleration that Exists has no value", toleration),
        "Gt" | "Lt" => {
            let is_number = of("value").parse::<i64>().is_ok_and(|number| number.to_string() == of("value"));
            problems.check(is_number, "a toleration with Gt or Lt has a number", toleration);
        }
        _ => problems.check(false, "an operator is one of its words", toleration),
    }
    let words = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    check_word(&toleration.member("effect"), &words, "an effect is one of its words", problems);
}

/// `validateTopologySpreadConstraints`
fn check_spread(constraints: &At<'_>, problems: &mut Problems) {
    for constraint in constraints.items() {
        let (skew, selector) = (constraint.member("maxSkew"), constraint.member("labelSelector"));
        problems.check(skew.number().is_some_and(|skew| skew > 0), "maxSkew is above 0", &skew);
        let key = constraint.member("topologyKey");
        problems.check(!key.text().is_empty(), "a spread constraint has a topology key", &key);
        let otherwise = constraint.member("whenUnsatisfiable");
        let is_word = matches!(otherwise.text(), "DoNotSchedule" | "ScheduleAnyway");
        problems.check(is_word, "whenUnsatisfiable is one of its words", &otherwise);
        let domains = constraint.member("minDomains");
        check_range(&domains, 1, i64::MAX, "minDomains is above 0", problems);
        let is_right = !domains.is_set() || otherwise.text() == "DoNotSchedule";
        problems.check(is_right, "minDomains is of DoNotSchedule", &domains);
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"].map(|name| constraint.member(name)) {
            check_word_if_set(&policy, &["Ignore", "Honor"], "a policy of nodes is one of its words", problems);
        }
        let keys = constraint.member("matchLabelKeys");
        check_label_keys(&keys, &selector, problems);
        let selected = keys_of(&selector);
        let is_new = keys.texts().iter().all(|key| !selected.contains(key));
        problems.check(is_new, "a label key is not in the selector too", &keys);
        check_selector(&selector, problems);
    }
    let key = |it: &At<'_>| format!("{} {}", it.member("topologyKey").text(), it.member("whenUnsatisfiable").text());
    let keys = constraints.items().into_iter().map(|it| (key(&it), it));
    problems.check_distinct(keys, "spread constraints differ in key and consequence");
}
