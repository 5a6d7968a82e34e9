//! What the API server asks of a Notebook, whose pod spec has the schema of the CustomResourceDefinition: what it
//! drops, and what it refuses.
//!
//! The facts are those of kubeflow/notebooks, branch notebooks-v1, the schema of v1beta1.

use serde_json::Value;

use crate::pods::{At, Problem, Problems};

/// What it drops of a pod spec, by the way to it. `*` stands for `containers` and `initContainers`.
const DROPPED: [&str; 34] = [
    "hostUsers",
    "resourceClaims",
    "affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[].podAffinityTerm.matchLabelKeys",
    "affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[].podAffinityTerm.mismatchLabelKeys",
    "affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[].matchLabelKeys",
    "affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[].mismatchLabelKeys",
    "affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[].podAffinityTerm.matchLabelKeys",
    "affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[].podAffinityTerm.mismatchLabelKeys",
    "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[].matchLabelKeys",
    "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[].mismatchLabelKeys",
    "securityContext.appArmorProfile",
    "securityContext.seLinuxChangePolicy",
    "securityContext.supplementalGroupsPolicy",
    "volumes[].ephemeral.volumeClaimTemplate.metadata.annotations",
    "volumes[].ephemeral.volumeClaimTemplate.metadata.labels",
    "volumes[].ephemeral.volumeClaimTemplate.spec.dataSourceRef.namespace",
    "volumes[].ephemeral.volumeClaimTemplate.spec.volumeAttributesClassName",
    "volumes[].image",
    "volumes[].projected.sources[].clusterTrustBundle",
    "volumes[].projected.sources[].podCertificate",
    "*[].env[].valueFrom.fileKeyRef",
    "*[].lifecycle.postStart.sleep",
    "*[].lifecycle.preStop.sleep",
    "*[].lifecycle.stopSignal",
    "*[].resizePolicy",
    "*[].resources.claims",
    "*[].restartPolicy",
    "*[].restartPolicyRules",
    "*[].securityContext.appArmorProfile",
    "*[].volumeMounts[].recursiveReadOnly",
    // What a Notebook's pod spec never had.
    "hostnameOverride",
    "resources",
    "schedulingGroup",
    "schedulingGates",
];

/// Where it has quantities, each a whole number or a string.
const QUANTITIES: [&str; 8] = [
    "*[].resources.limits",
    "*[].resources.requests",
    "*[].env[].valueFrom.resourceFieldRef.divisor",
    "volumes[].emptyDir.sizeLimit",
    "volumes[].downwardAPI.items[].resourceFieldRef.divisor",
    "volumes[].projected.sources[].downwardAPI.items[].resourceFieldRef.divisor",
    "volumes[].ephemeral.volumeClaimTemplate.spec.resources.limits",
    "volumes[].ephemeral.volumeClaimTemplate.spec.resources.requests",
];

/// What is not as the definition has it of a pod spec.
pub fn problems(spec: &Value) -> Vec<Problem> {
    let mut problems = Problems::default();
    let spec = At::new(spec);
    for path in DROPPED {
        for found in values_at(&spec, path) {
            problems.check(!found.is_set(), "a Notebook loses nothing", &found);
        }
    }
    for found in QUANTITIES.iter().flat_map(|path| values_at(&spec, path)) {
        let quantities = found.entries().into_iter().map(|(_, quantity)| quantity);
        for quantity in quantities.chain((!found.value().is_object()).then(|| found.clone())) {
            let is_right = !quantity.is_number() || quantity.number().is_some();
            problems.check(is_right, "a quantity of a Notebook is a string or a whole number", &quantity);
        }
    }
    // Lists that are maps by these members (`x-kubernetes-list-map-keys`).
    for container in values_at(&spec, "*[]") {
        let key = |port: &At<'_>| {
            let protocol = Some(port.member("protocol").text()).filter(|text| !text.is_empty()).unwrap_or("TCP");
            format!("{protocol} {}", port.member("containerPort").spelt())
        };
        let ports = container.member("ports").items().into_iter().map(|port| (key(&port), port));
        problems.check_distinct(ports, "the ports of a Notebook's container differ in number and protocol");
    }
    problems.0
}

/// The values at the end of a way; those of every item where it goes through a list.
fn values_at<'a>(from: &At<'a>, path: &str) -> Vec<At<'a>> {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let (name, is_list) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
    let names = if name == "*" { vec!["initContainers", "containers"] } else { vec![name] };
    let values = names.into_iter().map(|name| from.member(name));
    let values = values.flat_map(|value| if is_list { value.items() } else { vec![value] });
    values.flat_map(|value| rest.map_or_else(|| vec![value.clone()], |rest| values_at(&value, rest))).collect()
}
