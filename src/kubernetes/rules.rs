//! What the API server asks of two members of one object at once. What it asks of one member is in
//! [`types`](super::types).
//!
//! The rules are those of `k8s.io/kubernetes/pkg/apis/core/validation/validation.go`; each line names the function that it
//! follows.

use super::names::{Format, Words, is_overcommit_allowed};
use super::quantity::Quantity;
use super::schema::{Object, Type};
use super::types::{
    APP_ARMOR_PROFILE, CLUSTER_TRUST_BUNDLE_PROJECTION, CONTAINER, CONTAINER_RESTART_RULE, DOWNWARD_API_VOLUME_FILE,
    ENV_VAR_SOURCE, FC_VOLUME_SOURCE, ISCSI_VOLUME_SOURCE, LABEL_SELECTOR_REQUIREMENT, NODE_FIELD_SELECTOR_REQUIREMENT,
    NODE_SELECTOR_REQUIREMENT, PERSISTENT_VOLUME_CLAIM_SPEC, POD_AFFINITY_TERM, POD_DNS_CONFIG, POD_SECURITY_CONTEXT,
    POD_SPEC, RESOURCE_FIELD_SELECTOR, SECCOMP_PROFILE, SECURITY_CONTEXT, TOLERATION, TOPOLOGY_SPREAD_CONSTRAINT,
    TYPED_LOCAL_OBJECT_REFERENCE, TYPED_OBJECT_REFERENCE, VOLUME_MOUNT,
};
use std::borrow::Cow;

use crate::json::{Node, cut, items, member};

/// What a member is. A member is named by the way to it from the object: `capabilities.add`.
#[derive(Debug)]
pub enum Is {
    /// It has another value than none.
    Set,
    /// It has none.
    Unset,
    /// One of these words, as JSON has them, without quotes. A word with a star stands for every one that has a key there:
    /// of an annotation, or as labels have them.
    OneOf(&'static Words),
    /// One of these words, or none.
    OneOfIfSet(&'static Words),
    /// Another value than this word, or none.
    Not(&'static Words),
    /// A list without these words.
    Without(&'static Words),
    /// A list of so many items.
    Items(&'static Count),
    /// A list of objects in which this member differs, where it is set.
    Distinct(&'static &'static str),
    /// A list of none of the keys that another member has: a list of them, or a LabelSelector.
    Apart(&'static &'static str),
    /// A whole number, as it is written without superfluous digits.
    WholeNumber,
    /// Of this format, or empty, or none.
    Like(&'static Format),
}

/// At least and at most how many items, and the same as a message says it.
#[derive(Debug)]
pub struct Count(pub usize, pub usize, pub &'static str);

/// A member, and what it is.
type Condition = (&'static str, Is);

/// Of an object: where the first member is so, the second must be so.
#[derive(Debug)]
pub struct Rule(pub &'static Object, pub &'static Condition, pub &'static Condition);

/// One item.
const ONE: Count = Count(1, 1, "one item");

/// The member without a name is never set.
const ALWAYS: &Condition = &("", Unset);

use Is::{Apart, Distinct, Items, Like, Not, OneOf, OneOfIfSet, Set, Unset, WholeNumber, Without};

/// The rules of an object, wherever it is.
#[rustfmt::skip]
pub static RULES: [Rule; 65] = [
    // ValidateTolerations
    Rule(&TOLERATION, &("key", Unset), &("operator", OneOf(&Words(&["Exists"])))),
    Rule(&TOLERATION, &("operator", OneOf(&Words(&["Exists"]))), &("value", Unset)),
    Rule(&TOLERATION, &("tolerationSeconds", Set), &("effect", OneOf(&Words(&["NoExecute"])))),
    Rule(&TOLERATION, &("operator", OneOf(&Words(&["Gt", "Lt"]))), &("value", WholeNumber)),
    Rule(&TOLERATION, &("operator", OneOfIfSet(&Words(&["Equal"]))), &("value", Like(&Format::LabelValue))),
    // ValidateNodeSelectorRequirement
    Rule(&NODE_SELECTOR_REQUIREMENT, &("operator", OneOf(&Words(&["In", "NotIn"]))), &("values", Set)),
    Rule(&NODE_SELECTOR_REQUIREMENT, &("operator", OneOf(&Words(&["Exists", "DoesNotExist"]))), &("values", Unset)),
    Rule(&NODE_SELECTOR_REQUIREMENT, &("operator", OneOf(&Words(&["Gt", "Lt"]))), &("values", Items(&ONE))),
    // ValidateNodeFieldSelectorRequirement
    Rule(&NODE_FIELD_SELECTOR_REQUIREMENT, ALWAYS, &("values", Items(&ONE))),
    // ValidateLabelSelectorRequirement, of k8s.io/apimachinery/pkg/apis/meta/v1/validation
    Rule(&LABEL_SELECTOR_REQUIREMENT, &("operator", OneOf(&Words(&["In", "NotIn"]))), &("values", Set)),
    Rule(&LABEL_SELECTOR_REQUIREMENT, &("operator", OneOf(&Words(&["Exists", "DoesNotExist"]))), &("values", Unset)),
    // validateLabelKeys
    Rule(&POD_AFFINITY_TERM, &("matchLabelKeys", Set), &("labelSelector", Set)),
    Rule(&POD_AFFINITY_TERM, &("mismatchLabelKeys", Set), &("labelSelector", Set)),
    // validateMatchLabelKeysAndMismatchLabelKeys
    Rule(&POD_AFFINITY_TERM, ALWAYS, &("matchLabelKeys", Apart(&"labelSelector"))),
    Rule(&POD_AFFINITY_TERM, ALWAYS, &("matchLabelKeys", Apart(&"mismatchLabelKeys"))),
    // validateTopologySpreadConstraints
    Rule(&TOPOLOGY_SPREAD_CONSTRAINT, ALWAYS, &("matchLabelKeys", Apart(&"labelSelector"))),
    Rule(&TOPOLOGY_SPREAD_CONSTRAINT, &("matchLabelKeys", Set), &("labelSelector", Set)),
    Rule(&TOPOLOGY_SPREAD_CONSTRAINT, &("minDomains", Set), &("whenUnsatisfiable", OneOf(&Words(&["DoNotSchedule"])))),
    // validatePodDNSConfig
    Rule(&POD_DNS_CONFIG, ALWAYS, &("nameservers", Items(&Count(0, 3, "at most 3 items")))),
    Rule(&POD_DNS_CONFIG, ALWAYS, &("searches", Items(&Count(0, 32, "at most 32 items")))),
    Rule(&POD_SPEC, &("dnsPolicy", OneOf(&Words(&["None"]))), &("dnsConfig.nameservers", Set)),
    // validateSeccompProfileField, ValidateAppArmorProfileField
    Rule(&SECCOMP_PROFILE, &("type", OneOf(&Words(&["Localhost"]))), &("localhostProfile", Set)),
    Rule(&SECCOMP_PROFILE, &("type", OneOf(&Words(&["RuntimeDefault", "Unconfined"]))), &("localhostProfile", Unset)),
    Rule(&APP_ARMOR_PROFILE, &("type", OneOf(&Words(&["Localhost"]))), &("localhostProfile", Set)),
    Rule(&APP_ARMOR_PROFILE, &("type", OneOf(&Words(&["RuntimeDefault", "Unconfined"]))), &("localhostProfile", Unset)),
    // ValidateSecurityContext; that SYS_ADMIN is no other capability, by the documentation of allowPrivilegeEscalation
    Rule(&SECURITY_CONTEXT, &("allowPrivilegeEscalation", OneOf(&Words(&["false"]))), &("privileged", OneOfIfSet(&Words(&["false"])))),
    Rule(&SECURITY_CONTEXT, &("allowPrivilegeEscalation", OneOf(&Words(&["false"]))), &("capabilities.add", Without(&Words(&["CAP_SYS_ADMIN", "SYS_ADMIN"])))),
    // validateHostUsers; ValidatePodSpec of shareProcessNamespace
    Rule(&POD_SPEC, &("hostUsers", OneOf(&Words(&["false"]))), &("hostNetwork", OneOfIfSet(&Words(&["false"])))),
    Rule(&POD_SPEC, &("hostUsers", OneOf(&Words(&["false"]))), &("hostPID", OneOfIfSet(&Words(&["false"])))),
    Rule(&POD_SPEC, &("hostUsers", OneOf(&Words(&["false"]))), &("hostIPC", OneOfIfSet(&Words(&["false"])))),
    Rule(&POD_SPEC, &("shareProcessNamespace", OneOf(&Words(&["true"]))), &("hostPID", OneOfIfSet(&Words(&["false"])))),
    // validateSysctls
    Rule(&POD_SECURITY_CONTEXT, ALWAYS, &("sysctls", Distinct(&"name"))),
    // validateLivenessProbe, validateReadinessProbe, validateStartupProbe
    Rule(&CONTAINER, ALWAYS, &("livenessProbe.successThreshold", OneOfIfSet(&Words(&["1"])))),
    Rule(&CONTAINER, ALWAYS, &("readinessProbe.terminationGracePeriodSeconds", Unset)),
    Rule(&CONTAINER, ALWAYS, &("startupProbe.successThreshold", OneOfIfSet(&Words(&["1"])))),
    // validateContainerPorts, ValidateVolumeDevices, validateResizePolicy
    Rule(&CONTAINER, ALWAYS, &("ports", Distinct(&"name"))),
    Rule(&CONTAINER, ALWAYS, &("volumeDevices", Distinct(&"name"))),
    Rule(&CONTAINER, ALWAYS, &("volumeDevices", Distinct(&"devicePath"))),
    Rule(&CONTAINER, ALWAYS, &("resizePolicy", Distinct(&"resourceName"))),
    // validateMountRecursiveReadOnly
    Rule(&VOLUME_MOUNT, &("recursiveReadOnly", OneOf(&Words(&["IfPossible", "Enabled"]))), &("readOnly", OneOf(&Words(&["true"])))),
    Rule(&VOLUME_MOUNT, &("recursiveReadOnly", OneOf(&Words(&["IfPossible", "Enabled"]))), &("mountPropagation", OneOfIfSet(&Words(&["None"])))),
    // validateEnvVarValueFrom
    Rule(&ENV_VAR_SOURCE, ALWAYS, &("fieldRef.fieldPath", OneOfIfSet(&Words(&[
        "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels['*']", "metadata.annotations['*']",
        "spec.nodeName", "spec.host", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP",
        "status.podIPs",
    ])))),
    // validateDownwardAPIVolumeFile
    Rule(&DOWNWARD_API_VOLUME_FILE, ALWAYS, &("fieldRef.fieldPath", OneOfIfSet(&Words(&[
        "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations",
        "metadata.labels['*']", "metadata.annotations['*']",
    ])))),
    Rule(&DOWNWARD_API_VOLUME_FILE, &("resourceFieldRef", Set), &("resourceFieldRef.containerName", Set)),
    // validateContainerResourceFieldSelector
    Rule(&RESOURCE_FIELD_SELECTOR, ALWAYS, &("resource", OneOfIfSet(&Words(&[
        "limits.cpu", "limits.memory", "limits.ephemeral-storage", "limits.hugepages-*", "requests.cpu",
        "requests.memory", "requests.ephemeral-storage", "requests.hugepages-*",
    ])))),
    // validateContainerResourceDivisor
    Rule(&RESOURCE_FIELD_SELECTOR, &("resource", OneOf(&Words(&["*.cpu"]))), &("divisor", OneOfIfSet(&Words(&["0", "1", "1m"])))),
    Rule(&RESOURCE_FIELD_SELECTOR, &("resource", OneOf(&Words(&["*.memory", "*.ephemeral-storage", "limits.hugepages-*", "requests.hugepages-*"]))), &("divisor", OneOfIfSet(&Words(&[
        "0", "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
    ])))),
    // validateProjectionSources
    Rule(&CLUSTER_TRUST_BUNDLE_PROJECTION, &("name", Set), &("labelSelector", Unset)),
    // validateISCSIVolumeSource
    Rule(&ISCSI_VOLUME_SOURCE, &("chapAuthDiscovery", Set), &("secretRef", Set)),
    Rule(&ISCSI_VOLUME_SOURCE, &("chapAuthSession", Set), &("secretRef", Set)),
    // ValidatePersistentVolumeClaimSpec
    Rule(&PERSISTENT_VOLUME_CLAIM_SPEC, ALWAYS, &("resources.requests.storage", Set)),
    Rule(&PERSISTENT_VOLUME_CLAIM_SPEC, ALWAYS, &("resources.requests.storage", Not(&Words(&["0"])))),
    Rule(&PERSISTENT_VOLUME_CLAIM_SPEC, &("accessModes", OneOf(&Words(&["ReadWriteOncePod"]))), &("accessModes", Items(&ONE))),
    Rule(&PERSISTENT_VOLUME_CLAIM_SPEC, ALWAYS, &("storageClassName", Like(&Format::Subdomain))),
    Rule(&PERSISTENT_VOLUME_CLAIM_SPEC, ALWAYS, &("volumeAttributesClassName", Like(&Format::Subdomain))),
    Rule(&PERSISTENT_VOLUME_CLAIM_SPEC, &("dataSourceRef.namespace", Set), &("dataSource", Unset)),
    // validateDataSource, validateDataSourceRef
    Rule(&TYPED_LOCAL_OBJECT_REFERENCE, ALWAYS, &("apiGroup", Like(&Format::Subdomain))),
    Rule(&TYPED_LOCAL_OBJECT_REFERENCE, &("apiGroup", OneOfIfSet(&Words(&[""]))), &("kind", OneOf(&Words(&["PersistentVolumeClaim"])))),
    Rule(&TYPED_OBJECT_REFERENCE, ALWAYS, &("apiGroup", Like(&Format::Subdomain))),
    Rule(&TYPED_OBJECT_REFERENCE, &("apiGroup", OneOfIfSet(&Words(&[""]))), &("kind", OneOf(&Words(&["PersistentVolumeClaim"])))),
    Rule(&TYPED_OBJECT_REFERENCE, ALWAYS, &("namespace", Like(&Format::DnsLabel))),
    // validateFCVolumeSource
    Rule(&FC_VOLUME_SOURCE, &("targetWWNs", Set), &("lun", Set)),
    // The documentation of restartPolicyRules, in k8s.io/api/core/v1/types.go
    Rule(&CONTAINER, &("restartPolicyRules", Set), &("restartPolicy", Set)),
    Rule(&CONTAINER, ALWAYS, &("restartPolicyRules", Items(&Count(0, 20, "at most 20 items")))),
    Rule(&CONTAINER_RESTART_RULE, ALWAYS, &("exitCodes.values", Items(&Count(0, 255, "at most 255 items")))),
];

/// Those of a container among the init containers, beside those of every container (`validateInitContainers`).
pub static OF_INIT_CONTAINERS: [Rule; 4] = [
    Rule(&CONTAINER, &("restartPolicy", Not(&Words(&["Always"]))), &("lifecycle", Unset)),
    Rule(&CONTAINER, &("restartPolicy", Not(&Words(&["Always"]))), &("livenessProbe", Unset)),
    Rule(&CONTAINER, &("restartPolicy", Not(&Words(&["Always"]))), &("readinessProbe", Unset)),
    Rule(&CONTAINER, &("restartPolicy", Not(&Words(&["Always"]))), &("startupProbe", Unset)),
];

/// The value at `path` in the object `text`; `None` where it is unset.
pub fn value_at<'a>(object: &Object, text: &'a str, path: &str) -> Option<&'a str> {
    let (name, rest) = cut(path, b'.');
    let known = object.member(name)?;
    let value = member(text, name).filter(|value| !known.is_unset(value))?;
    match (rest, &known.of) {
        (None, _) => Some(value),
        (Some(rest), Type::Object(object)) => value_at(object, value, rest),
        (Some(rest), _) => member(value, rest).filter(|value| *value != "null"),
    }
}

/// Whether the object `text` keeps a rule.
pub fn is_kept(Rule(object, (when, is), (name, must)): &Rule, text: &str) -> bool {
    !is_met(is, value_at(object, text, when)) || is_met(must, value_at(object, text, name))
}

/// Whether so much of a resource may be requested beside this limit (`validateResourceRequirements`); what is no quantity may
/// be.
pub fn may_be_requested(resource: &str, request: &str, limit: &str) -> bool {
    let [request, limit] = [request, limit].map(|text| Quantity::parse(text).map(Quantity::milli));
    let (Some(request), Some(limit)) = (request, limit) else { return true };
    request == limit || request < limit && is_overcommit_allowed(resource)
}

/// Whether a member with this value is so.
pub fn is_met(is: &Is, value: Option<&str>) -> bool {
    let (Words(words), if_unset, of_found) = match is {
        Is::Set | Is::Distinct(_) | Is::Apart(_) => return value.is_some(),
        Is::WholeNumber => return value.is_some_and(|value| is_whole_number(&says(value))),
        Is::Like(format) => {
            return value.map(says).is_none_or(|text| text.is_empty() || format.problem(&text).is_none());
        }
        Is::Unset => return value.is_none(),
        Is::Items(Count(least, most, _)) => {
            return (*least..=*most).contains(&items(value.unwrap_or("null")).len());
        }
        Is::Without(words) => (words, true, false),
        Is::Not(words) => (words, true, false),
        Is::OneOf(words) => (words, false, true),
        Is::OneOfIfSet(words) => (words, true, true),
    };
    let Some(value) = value else { return if_unset };
    let values = if value.starts_with('[') { items(value) } else { vec![value] };
    let is_one = |value: &&str| words.iter().any(|word| is_word(&says(value), word));
    values.iter().any(is_one) == of_found
}

/// What a string says, or a number or word as it stands.
pub fn says(text: &str) -> Cow<'_, str> {
    Node::text_only(text).string().unwrap_or(Cow::Borrowed(text))
}

/// What the way to an annotation begins with.
const ANNOTATIONS: &str = "metadata.annotations['";

/// Whether this is how a whole number of 64 bits is written (`validateTolerationNumericValue`).
fn is_whole_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_shortest = !digits.starts_with('0') || text == "0";
    is_shortest && matches!(digits.len(), 1..=19) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` is `word`, or one that `word` stands for.
pub fn is_word(text: &str, word: &str) -> bool {
    match cut(word, b'*') {
        (before, Some(after)) => {
            let key = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            let format = if before == ANNOTATIONS { Format::AnnotationKey } else { Format::LabelKey };
            key.is_some_and(|key| format.problem(key).is_none())
        }
        (word, None) => text == word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A member that is not there would make its rule hold always, or never.
    #[test]
    fn rules_are_about_members_that_are_there() {
        let type_at = |of: &'static Object, path: &str| {
            let mut here = Type::Object(of);
            for name in path.split('.') {
                here = match here {
                    Type::Object(object) => object.member(name).unwrap_or_else(|| panic!("{path} is not there")).of,
                    Type::Map(map) => map.of,
                    _ => panic!("{path} is not there"),
                };
            }
            here
        };
        for Rule(of, (when, _), (name, must)) in RULES.iter().chain(&OF_INIT_CONTAINERS) {
            if !when.is_empty() {
                type_at(of, when);
            }
            let here = type_at(of, name);
            if let Distinct(key) = must {
                let Some(Type::Object(item)) = here.of_item() else { panic!("{name} is no list of objects") };
                assert!(item.member(key).is_some(), "{name} has no {key}");
            }
        }
    }

    #[test]
    fn a_star_stands_for_a_key() {
        for (text, word, expected) in [
            ("a", "a", true),
            ("ab", "a", false),
            ("a['k']", "a['*']", true),
            ("a['']", "a['*']", false),
            ("a['", "a['*']", false),
            ("a['k", "a['*']", false),
            ("a['x.y/k']", "a['*']", true),
            ("a['k k']", "a['*']", false),
            ("a['X.y/k']", "a['*']", false),
            ("metadata.annotations['X.y/k']", "metadata.annotations['*']", true),
            ("limits.cpu", "*.cpu", true),
            ("limits.hugepages-2Mi", "limits.hugepages-*", true),
            ("limits.hugepages-", "limits.hugepages-*", false),
        ] {
            assert_eq!(is_word(text, word), expected, "{text} {word}");
        }
    }
}
