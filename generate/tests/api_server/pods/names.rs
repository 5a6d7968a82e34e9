//! What names and paths look like: `k8s.io/apimachinery/pkg/util/validation/validation.go`.

use std::net::IpAddr;

fn is_made_of(text: &str, outer: fn(char) -> bool, inner: fn(char) -> bool) -> bool {
    text.starts_with(outer) && text.ends_with(outer) && text.chars().all(|each| outer(each) || inner(each))
}

fn is_lower(each: char) -> bool {
    each.is_ascii_lowercase() || each.is_ascii_digit()
}

/// `IsDNS1123Label`
pub fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_made_of(text, is_lower, |each| each == '-')
}

/// `IsDNS1123Subdomain`
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|part| is_made_of(part, is_lower, |each| each == '-'))
}

/// `IsDNS1123SubdomainWithUnderscore`, of a name that may end with a dot, or be one: `validatePodDNSConfig`
pub fn is_search_domain(text: &str) -> bool {
    let domain = text.strip_suffix('.').unwrap_or(text);
    let is_part = |part: &str| {
        let part = part.strip_prefix('_').unwrap_or(part);
        is_made_of(part, is_lower, |each| matches!(each, '-' | '_'))
    };
    text == "." || domain.len() <= 253 && domain.split('.').all(is_part)
}

/// `IsQualifiedName`
pub fn is_qualified_name(text: &str) -> bool {
    let (domain, name) = text.split_once('/').map_or((None, text), |(domain, name)| (Some(domain), name));
    domain.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// `IsValidLabelValue`
pub fn is_label_value(text: &str) -> bool {
    let is_right = is_made_of(text, |each| each.is_ascii_alphanumeric(), |each| matches!(each, '-' | '_' | '.'));
    text.is_empty() || text.len() <= 63 && is_right
}

/// `IsConfigMapKey`
pub fn is_config_map_key(text: &str) -> bool {
    let is_one = |each: char| each.is_ascii_alphanumeric() || matches!(each, '-' | '_' | '.');
    matches!(text.len(), 1..=253) && text.chars().all(is_one) && text != "." && !text.starts_with("..")
}

/// `IsEnvVarName`, which is stricter than `IsRelaxedEnvVarName` of later versions
pub fn is_env_name(text: &str) -> bool {
    is_config_map_key(text) && !text.starts_with(|each: char| each.is_ascii_digit())
}

/// `IsValidPortName`
pub fn is_port_name(text: &str) -> bool {
    text.len() <= 15 && is_label(text) && !text.contains("--") && text.contains(|each: char| each.is_ascii_lowercase())
}

/// `IsHTTPHeaderName`
pub fn is_header_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|each| each.is_ascii_alphanumeric() || each == '-')
}

/// `IsValidIP`
pub fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// `IsValidSysctlName`
pub fn is_sysctl(text: &str) -> bool {
    let is_part = |part: &str| is_made_of(part, is_lower, |each| matches!(each, '-' | '_'));
    text.len() <= 253 && text.split(['.', '/']).all(is_part)
}

/// `validatePathNoBacksteps`
pub fn has_no_backsteps(path: &str) -> bool {
    path.split('/').all(|part| part != "..")
}

/// `validateLocalDescendingPath`
pub fn is_descending(path: &str) -> bool {
    !path.starts_with('/') && has_no_backsteps(path)
}

/// `ValidateLocalNonReservedPath`, of a path that must be there
pub fn is_file_path(path: &str) -> bool {
    !path.is_empty() && is_descending(path) && !path.starts_with("..")
}

/// `ValidateSignerName`, of `k8s.io/kubernetes/pkg/apis/core/validation/names.go`
pub fn is_signer(text: &str) -> bool {
    let Some((domain, path)) = text.split_once('/') else { return false };
    is_subdomain(domain) && domain.contains('.') && is_subdomain(path) && text.len() <= 571
}

/// `ValidateClusterTrustBundleName`, of the same file: by a signer, or by none
pub fn is_trust_bundle(text: &str) -> bool {
    let (signer, name) = text.rsplit_once(':').map_or((None, text), |(signer, name)| (Some(signer), name));
    is_subdomain(name) && signer.is_none_or(|signer| !signer.is_empty())
}
