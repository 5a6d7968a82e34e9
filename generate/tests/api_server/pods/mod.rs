//! What the API server asks of a pod beside its schema, as `k8s.io/kubernetes/pkg/apis/core/validation/validation.go` has
//! it, in plain words: what the server fills in counts as right where it is missing. Each function names those that it
//! follows.
//!
//! Nothing here is from the policy. The names of rules are those by which `invalid.yaml` and `together.yaml` know them.

mod containers;
mod names;
mod quantity;
mod scheduling;
mod security;
mod view;
mod volumes;

use std::collections::BTreeSet;

use serde_json::Value;

use names::{is_ip, is_label, is_label_value, is_qualified_name, is_search_domain, is_subdomain};
pub use view::{At, Problem, Problems};

/// What the API server refuses of the pod, or of an object that has a pod's metadata and, in `spec`, its spec.
pub fn problems(pod: &Value) -> Vec<Problem> {
    let mut problems = Problems::default();
    let pod = At::new(pod);
    let (metadata, spec) = (pod.member("metadata"), pod.member("spec"));
    check_metadata(&metadata, &spec, &mut problems);
    check_spec(&spec, metadata.member("name").text(), &mut problems);
    problems.0
}

/// All containers of a pod spec.
fn all_containers<'a>(spec: &At<'a>) -> Vec<At<'a>> {
    ["initContainers", "containers"].into_iter().flat_map(|list| spec.member(list).items()).collect()
}

/// `ValidateObjectMeta`, `ValidatePodSpecificAnnotations`
fn check_metadata(metadata: &At<'_>, spec: &At<'_>, problems: &mut Problems) {
    check_labels(&metadata.member("labels"), problems);
    check_annotations(&metadata.member("annotations"), problems);
    let containers: BTreeSet<_> = all_containers(spec).iter().map(|it| it.member("name").text()).collect();
    for (key, value) in metadata.member("annotations").entries() {
        let text = value.text();
        if key == "controller.kubernetes.io/pod-deletion-cost" {
            let is_cost = text.parse::<i32>().is_ok_and(|cost| cost.to_string() == text);
            problems.check(is_cost, "a pod's deletion cost is a whole number of 32 bits", &value);
        }
        if key == "kubernetes.io/config.mirror" {
            problems.check(!spec.member("nodeName").text().is_empty(), "a mirror pod has a node", &value);
        }
        if key == "seccomp.security.alpha.kubernetes.io/pod"
            || key.starts_with("container.seccomp.security.alpha.kubernetes.io/")
        {
            let is_local = text.strip_prefix("localhost/").is_some_and(names::is_descending);
            let is_right = is_local || matches!(text, "runtime/default" | "docker/default" | "unconfined");
            problems.check(is_right, "an annotation names a seccomp profile as it is spelt", &value);
        }
        if let Some(container) = key.strip_prefix("container.apparmor.security.beta.kubernetes.io/") {
            problems.check(
                containers.contains(container),
                "an annotation for AppArmor names a container of the pod",
                &value,
            );
            let is_right = matches!(text, "" | "runtime/default" | "unconfined") || text.starts_with("localhost/");
            problems.check(is_right, "an annotation names an AppArmor profile as it is spelt", &value);
        }
    }
}

/// `ValidateLabels`
fn check_labels(labels: &At<'_>, problems: &mut Problems) {
    for (key, value) in labels.entries() {
        problems.check(is_qualified_name(key), "the key of a label is a qualified name", &value);
        problems.check(is_label_value(value.text()), "the value of a label is a label value", &value);
    }
}

/// `ValidateAnnotations`
fn check_annotations(annotations: &At<'_>, problems: &mut Problems) {
    let mut size = 0;
    for (key, value) in annotations.entries() {
        let is_right = is_qualified_name(&key.to_ascii_lowercase());
        problems.check(is_right, "the key of an annotation is a qualified name", &value);
        size += key.len() + value.text().len();
    }
    problems.check(size <= 256 * 1024, "annotations have at most 256 kB", annotations);
}

/// `ValidatePodSpec`
fn check_spec(spec: &At<'_>, pod: &str, problems: &mut Problems) {
    volumes::check(&spec.member("volumes"), pod, problems);
    check_claims(&spec.member("resourceClaims"), problems);
    containers::check(spec, problems);
    security::check(spec, problems);
    scheduling::check(spec, problems);
    check_dns(spec, problems);
    for (member, rule) in [
        ("serviceAccountName", "serviceAccountName is a DNS subdomain"),
        ("nodeName", "nodeName is a DNS subdomain"),
        ("priorityClassName", "priorityClassName is a DNS subdomain"),
    ] {
        let name = spec.member(member);
        problems.check(name.text().is_empty() || is_subdomain(name.text()), rule, &name);
    }
    let class = spec.member("runtimeClassName");
    problems.check(class.text_if_set().is_none_or(is_subdomain), "runtimeClassName is a DNS subdomain", &class);
    for member in ["hostname", "subdomain"] {
        let name = spec.member(member);
        problems.check(name.text().is_empty() || is_label(name.text()), "hostname and subdomain are DNS labels", &name);
    }
    let deadline = spec.member("activeDeadlineSeconds");
    let is_right = deadline.number().is_none_or(|seconds| (1..=i64::from(i32::MAX)).contains(&seconds));
    problems.check(is_right, "activeDeadlineSeconds is from 1 to 2147483647", &deadline);
    check_word(
        &spec.member("restartPolicy"),
        &["Always", "OnFailure", "Never"],
        "restartPolicy is one of its words",
        problems,
    );
    let preemption = spec.member("preemptionPolicy");
    check_word(&preemption, &["PreemptLowerPriority", "Never"], "preemptionPolicy is one of its words", problems);
    for alias in spec.member("hostAliases").items() {
        let ip = alias.member("ip");
        problems.check(is_ip(ip.text()), "the ip of a host alias is an address", &ip);
        for name in alias.member("hostnames").items() {
            problems.check(is_subdomain(name.text()), "the names of a host alias are DNS subdomains", &name);
        }
    }
}

/// `validatePodResourceClaims`
fn check_claims(claims: &At<'_>, problems: &mut Problems) {
    for claim in claims.items() {
        problems.check(is_label(claim.member("name").text()), "the name of a resource claim is a DNS label", &claim);
        let sources = ["resourceClaimName", "resourceClaimTemplateName"].map(|name| claim.member(name));
        let are_set = sources.iter().filter(|source| source.is_set()).count();
        problems.check(are_set == 1, "a resource claim has one source", &claim);
        for source in sources {
            let is_right = source.text_if_set().is_none_or(is_subdomain);
            problems.check(is_right, "the source of a resource claim is a DNS subdomain", &source);
        }
    }
    let names = claims.items().into_iter().map(|claim| (claim.member("name").text().to_owned(), claim));
    problems.check_distinct(names, "resource claims have different names");
}

/// `validateDNSPolicy`, `validatePodDNSConfig`
fn check_dns(spec: &At<'_>, problems: &mut Problems) {
    let (policy, config) = (spec.member("dnsPolicy"), spec.member("dnsConfig"));
    let words = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    check_word(&policy, &words, "dnsPolicy is one of its words", problems);
    let servers = config.member("nameservers");
    let has_servers = policy.text() != "None" || !servers.items().is_empty();
    problems.check(has_servers, "dnsPolicy None has name servers", &servers);
    problems.check(servers.items().len() <= 3, "there are at most 3 name servers", &servers);
    for server in servers.items() {
        problems.check(is_ip(server.text()), "a name server is an address", &server);
    }
    let searches = config.member("searches");
    problems.check(searches.items().len() <= 32, "there are at most 32 search domains", &searches);
    let length = searches.texts().join(" ").len();
    problems.check(length <= 2048, "search domains have at most 2048 characters", &searches);
    for search in searches.items() {
        problems.check(is_search_domain(search.text()), "a search domain is a domain", &search);
    }
    for option in config.member("options").items() {
        problems.check(!option.member("name").text().is_empty(), "an option of DNS has a name", &option);
    }
}

/// One of these words, or none.
fn check_word(word: &At<'_>, words: &[&str], rule: &'static str, problems: &mut Problems) {
    problems.check(word.text().is_empty() || words.contains(&word.text()), rule, word);
}

/// One of these words, where Go has a pointer: none is not empty.
fn check_word_if_set(word: &At<'_>, words: &[&str], rule: &'static str, problems: &mut Problems) {
    problems.check(word.text_if_set().is_none_or(|text| words.contains(&text)), rule, word);
}

/// A number in this range, or none.
fn check_range(number: &At<'_>, least: i64, greatest: i64, rule: &'static str, problems: &mut Problems) {
    problems.check(number.number().is_none_or(|number| (least..=greatest).contains(&number)), rule, number);
}
