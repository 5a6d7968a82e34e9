//! What Kubernetes asks of names and other strings, so that it refuses none that passed here.
//!
//! The rules are those of `k8s.io/apimachinery/pkg/util/validation/validation.go`, and for paths and volumes of
//! `k8s.io/kubernetes/pkg/apis/core/validation/validation.go`. Each format names the function that it follows.

use std::borrow::Cow;

use crate::json::cut;

/// Words of which something must be one.
#[derive(Debug, PartialEq, Eq)]
pub struct Words(pub &'static [&'static str]);

/// What a string must look like.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// Anything.
    Any,
    /// Anything but the empty string.
    NonEmpty,
    /// One of these words.
    OneOf(&'static Words),
    /// A DNS label (RFC 1123), as names of containers and volumes are: `IsDNS1123Label`.
    DnsLabel,
    /// A DNS subdomain (RFC 1123), as names of most objects are: `IsDNS1123Subdomain`.
    Subdomain,
    /// The name of an environment variable, by the rule that every version of Kubernetes accepts: `IsEnvVarName`.
    EnvName,
    /// The key of a label: `IsQualifiedName`.
    LabelKey,
    /// The value of a label: `IsValidLabelValue`.
    LabelValue,
    /// The key of an annotation: `IsQualifiedName` of it in lower case.
    AnnotationKey,
    /// A key of a config map or secret: `IsConfigMapKey`.
    FileName,
    /// The path of a mount in a container: `ValidateVolumeMounts`.
    MountPath,
    /// A path in a volume: `validateLocalDescendingPath`.
    SubPath,
    /// The path of a file that a volume is made of: `ValidateLocalNonReservedPath`, and not empty.
    FilePath,
    /// A path on the node: `validatePathNoBacksteps`, and not empty.
    HostPath,
    /// The name of a resource that a container has: `validateContainerResourceName`.
    ResourceName,
    /// The name of a port (RFC 6335): `IsValidPortName`.
    PortName,
    /// An IP address: `IsValidIP`.
    Ip,
    /// A domain in which names are searched for: `validatePodDNSConfig`, with underscores, as since Kubernetes 1.33.
    SearchDomain,
    /// The name of a sysctl: `IsValidSysctlName`.
    SysctlName,
    /// A path on a server: `validateNFSVolumeSource`.
    AbsolutePath,
    /// The name of an HTTP header: `IsHTTPHeaderName`.
    HeaderName,
    /// The name of an image: `validateContainerCommon`.
    Image,
    /// The name of a CSI driver: `ValidateCSIDriverName`.
    DriverName,
    /// Who signs certificates: `ValidateSignerName`.
    SignerName,
    /// A bundle of certificates, with or without who signs them: `ValidateClusterTrustBundleName`.
    TrustBundleName,
    /// The key of an annotation, with a domain: the documentation of `PodCertificateProjection`.
    DomainKey,
}

impl Format {
    /// What is wrong with `text`, as a message says it after its path; `None` where nothing is.
    pub fn problem(self, text: &str) -> Option<&'static str> {
        let (is_right, must) = match self {
            Format::Any => return None,
            Format::NonEmpty => (!text.is_empty(), "must not be empty"),
            Format::OneOf(Words(words)) => (words.contains(&text), "must be one of its words"),
            Format::DnsLabel => (
                text.len() <= 63 && is_dns_label(text),
                "must be a DNS label: a-z, 0-9 and - between them, at most 63 characters",
            ),
            Format::Subdomain => (
                is_subdomain(text),
                "must be a DNS subdomain: a-z, 0-9, and - and . between them, at most 253 characters",
            ),
            Format::EnvName => {
                (is_env_name(text), "must be the name of a variable: letters, digits, _, - and ., not a digit first")
            }
            Format::LabelKey => (is_qualified_name(text), QUALIFIED_NAME),
            Format::AnnotationKey => (is_qualified_name(&text.to_ascii_lowercase()), QUALIFIED_NAME),
            Format::LabelValue => (
                text.is_empty() || is_name(text),
                "must be a label value: letters, digits, and -, _ and . between them, at most 63 characters",
            ),
            Format::FileName => {
                (is_file_name(text), "must be a key: letters, digits, -, _ and ., at most 253 characters")
            }
            Format::MountPath if text.starts_with('/') => (!text.contains(':'), "must not have a : in it"),
            Format::MountPath | Format::AbsolutePath => (text.starts_with('/'), "must be absolute"),
            Format::FilePath | Format::HostPath | Format::Image if text.is_empty() => (false, "must not be empty"),
            Format::SubPath | Format::FilePath if text.starts_with('/') => (false, "must be relative"),
            Format::FilePath if text.starts_with("..") => (false, "must not begin with .."),
            Format::SubPath | Format::FilePath | Format::HostPath => {
                (are_all(text, '/', &|part| part != ".."), "must not have .. in it")
            }
            Format::ResourceName => (
                is_resource_name(text),
                "must be cpu, memory, ephemeral-storage, hugepages- with a size, or a name with a domain",
            ),
            Format::PortName => {
                (is_port_name(text), "must be a port name: a-z, 0-9 and single - between them, at most 15 characters")
            }
            Format::Ip => (is_ip(text), "must be an IP address"),
            Format::SearchDomain => {
                let domain = text.strip_suffix('.').unwrap_or(text);
                let is_label = |label: &str| is_lower_name(label.strip_prefix('_').unwrap_or(label));
                let is_right = domain.len() <= 253 && are_all(domain, '.', &is_label);
                (
                    is_right || text == ".",
                    "must be a domain: a-z, 0-9, and -, _ and . between them, at most 253 characters",
                )
            }
            Format::HeaderName => (
                is_made_of(text, |byte| byte.is_ascii_alphanumeric() || byte == b'-', |_| false),
                "must be the name of a header: letters, digits and -",
            ),
            Format::Image => {
                let is_right = is_made_of(text, |byte| !byte.is_ascii_whitespace(), |_| true);
                (is_right, "must be the name of an image, without white space around it")
            }
            Format::DriverName => (
                text.len() <= 63 && is_subdomain(text),
                "must be the name of a driver: a-z, 0-9, and - and . between them, at most 63 characters",
            ),
            Format::SignerName => {
                let (domain, name) = cut(text, b'/');
                let is_right = is_subdomain(domain) && domain.contains('.') && name.is_some_and(is_subdomain);
                (is_right, "must be a signer: a domain with a . in it, / and a name")
            }
            Format::TrustBundleName => {
                let name = text.rsplit(':').next().unwrap_or_default();
                (
                    is_subdomain(name),
                    "must be a trust bundle: a DNS subdomain, with or without a signer and : before it",
                )
            }
            Format::DomainKey => {
                let is_right = cut(text, b'/').1.is_some() && is_qualified_name(&text.to_ascii_lowercase());
                (is_right, "must be a key with a domain and / before it")
            }
            Format::SysctlName => (
                text.len() <= 253 && are_all(text, '/', &|part| are_all(part, '.', &is_lower_name)),
                "must be the name of a sysctl: a-z, 0-9, and -, _, . and / between them, at most 253 characters",
            ),
        };
        (!is_right).then_some(must)
    }
}

/// The shortest path that says the same, as `path.Clean` of Go finds it: `/a` of `/a//b/../.`.
pub fn clean_path(path: Cow<'_, str>) -> Cow<'_, str> {
    let is_rooted = path.starts_with('/');
    // Mostly it is clean: no part of it is empty or begins with a dot.
    let is_plain = |pair: &[u8]| !matches!(pair, [b'/', b'/' | b'.']);
    if is_rooted && !path.ends_with('/') && path.as_bytes().windows(2).all(is_plain) {
        return path;
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", None) if is_rooted => {}
            ("..", Some(&before)) if before != ".." => _ = parts.pop(),
            _ => parts.push(part),
        }
    }
    let clean = parts.join("/");
    match (is_rooted, clean.is_empty()) {
        (true, _) => Cow::Owned(["/", &clean].concat()),
        (false, true) => Cow::Borrowed("."),
        (false, false) => Cow::Owned(clean),
    }
}

const QUALIFIED_NAME: &str = "must be a key of letters, digits, and -, _ and . between them, at most 63 characters, \
    with or without a DNS subdomain and / before it";

/// Whether what stands between the separators is all right.
#[inline(never)]
fn are_all(text: &str, separator: char, is_right: &dyn Fn(&str) -> bool) -> bool {
    text.split(separator).all(is_right)
}

/// `inner` bytes, with `outer` bytes at both ends.
#[inline(never)]
fn is_made_of(text: &str, outer: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| outer(*byte) || inner(*byte))
        && [bytes.first(), bytes.last()].iter().all(|end| end.is_some_and(|byte| outer(*byte)))
}

const fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_dns_label(text: &str) -> bool {
    is_made_of(text, is_lower_or_digit, |byte| byte == b'-')
}

fn is_lower_name(text: &str) -> bool {
    is_made_of(text, is_lower_or_digit, |byte| matches!(byte, b'-' | b'_'))
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && are_all(text, '.', &is_dns_label)
}

fn is_name(text: &str) -> bool {
    text.len() <= 63 && is_made_of(text, |byte| byte.is_ascii_alphanumeric(), |byte| matches!(byte, b'-' | b'_' | b'.'))
}

#[inline(never)]
fn is_qualified_name(text: &str) -> bool {
    match cut(text, b'/') {
        (domain, Some(name)) => is_subdomain(domain) && is_name(name),
        (name, None) => is_name(name),
    }
}

fn is_resource_name(text: &str) -> bool {
    let is_right = match cut(text, b'/') {
        ("cpu" | "memory" | "ephemeral-storage", None) => true,
        (name, None) => name.starts_with(HUGE_PAGES),
        (domain, Some(_)) => is_of_kubernetes(domain) || !domain.starts_with("requests."),
    };
    is_right && is_qualified_name(text)
}

/// What the names of huge pages begin with, as a resource.
pub const HUGE_PAGES: &str = "hugepages-";

/// Whether more of a resource may be requested than there is, so that a request needs no equal limit:
/// `IsOvercommitAllowed` of `k8s.io/kubernetes/pkg/apis/core/helper/helpers.go`.
pub fn is_overcommit_allowed(resource: &str) -> bool {
    !is_extended_resource(resource) && !resource.starts_with(HUGE_PAGES)
}

/// Whether a resource is counted in whole numbers: it has the domain of another than Kubernetes.
pub fn is_extended_resource(resource: &str) -> bool {
    let (domain, name) = cut(resource, b'/');
    name.is_some() && !is_of_kubernetes(domain)
}

fn is_of_kubernetes(domain: &str) -> bool {
    domain.ends_with("kubernetes.io")
}

fn is_file_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text != "."
        && !text.starts_with("..")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_env_name(text: &str) -> bool {
    is_file_name(text) && !text.starts_with(|first: char| first.is_ascii_digit())
}

/// An address as `net/netip` of Go reads it, without a zone. The parser of the standard library makes the module 2 kB larger;
/// a test holds this one against it.
fn is_ip(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    let [_, _, _, ..] = parts.as_slice() else { return parts.len() == 1 && is_ipv4(text) };
    // An empty part is a gap; at an end there are two of them.
    let mut groups = parts.as_slice();
    if let (["", "", ..], [_, rest @ ..]) = (groups, groups) {
        groups = rest;
    }
    if let ([.., "", ""], [rest @ .., _]) = (groups, groups) {
        groups = rest;
    }
    let is_group = |group: &&str| group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let [first @ .., last] = groups else { return false };
    let ends_as_ipv4 = is_ipv4(last);
    let gaps = groups.iter().filter(|group| group.is_empty()).count();
    let count = groups.len() - gaps + usize::from(ends_as_ipv4);
    let is_full = gaps == 0 && count == 8 || gaps == 1 && count < 8;
    is_full && first.iter().all(is_group) && (ends_as_ipv4 || is_group(last))
}

fn is_ipv4(text: &str) -> bool {
    let is_number = |part: &str| {
        let is_made_of_digits = part.bytes().all(|byte| byte.is_ascii_digit());
        let is_in_range = matches!(part.len(), 1 | 2) || part.len() == 3 && part <= "255";
        is_made_of_digits && is_in_range && (part.len() == 1 || !part.starts_with('0'))
    };
    text.split('.').count() == 4 && text.split('.').all(is_number)
}

fn is_port_name(text: &str) -> bool {
    text.len() <= 15
        && is_dns_label(text)
        && !text.as_bytes().windows(2).any(|pair| pair == b"--")
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_go_does() {
        for (path, clean) in [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a"),
            ("/a//b/", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/b/../b", "/a/b"),
            ("/a/b/../../c", "/c"),
            ("/..", "/"),
            ("/../a", "/a"),
            ("//", "/"),
            ("/.", "/"),
            ("/...", "/..."),
            ("/a/..b/.c", "/a/..b/.c"),
            ("", "."),
            (".", "."),
            ("a/..", "."),
            ("a/../..", ".."),
            ("../../a", "../../a"),
            ("../a/../..", "../.."),
            ("a/b/", "a/b"),
            ("./a", "a"),
            ("/æ//ø/", "/æ/ø"),
        ] {
            for path in [Cow::Borrowed(path), Cow::Owned(path.to_owned())] {
                assert_eq!(clean_path(path.clone()), clean, "{path}");
            }
            assert_eq!(clean_path(clean.into()), clean);
        }
    }

    #[test]
    fn addresses_are_those_of_the_standard_library() {
        for text in [
            "",
            ".",
            ":",
            "::",
            ":::",
            "::1",
            "1::",
            "1::2",
            "1::2::3",
            ":1",
            "1:",
            "1:2",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6::8",
            "::2:3:4:5:6:7:8",
            "12345::",
            "g::",
            "fd00::10",
            "::ffff:10.0.0.1",
            "1:2:3:4:5:6:10.0.0.1",
            "1:2:3:4:5:6:7:10.0.0.1",
            "10.0.0.1::",
            "::10.0.0",
            "10.0.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "256.0.0.0",
            "10.0.0.01",
            "10.0.0",
            "10.0.0.1.2",
            "10..0.1",
            "10.0.0.1/8",
            "fe80::1%eth0",
            "a.b.c.d",
            "1.2.3.-4",
            "+1.2.3.4",
            "1000.2.3.4",
            "1:2:3:4:5:6:7::",
            "1:2:3:4:5:6:7::8",
            "10.0.0.1:80",
            "[::1]",
        ] {
            assert_eq!(is_ip(text), text.parse::<std::net::IpAddr>().is_ok(), "{text}");
        }
    }

    #[test]
    fn names_follow_the_rules_of_kubernetes() {
        let long = |length| "a".repeat(length);
        for (format, right, wrong) in [
            (Format::Any, vec!["", "\n"], vec![]),
            (Format::NonEmpty, vec![" "], vec![""]),
            (Format::OneOf(&Words(&["Keep"])), vec!["Keep"], vec!["keep", ""]),
            (Format::DnsLabel, vec!["a", "0-a"], vec!["", "{namespace}", "-a", "a-", "A", "a.b", "a_b", "æ", "{x}"]),
            (Format::Subdomain, vec!["a", "a.b-c.d"], vec!["", "a..b", ".a", "a.", "A", "a/b"]),
            (Format::EnvName, vec!["A", "_a", "a.b-c", "-"], vec!["", "1A", "A=B", "A B", "..", "..A", "æ"]),
            (Format::LabelKey, vec!["a", "A_b.c", "x.y/A"], vec!["", "/a", "a/", "a/b/c", "X.y/a", "-a", "a b"]),
            (Format::AnnotationKey, vec!["a", "X.y/a"], vec!["", "a b"]),
            (Format::LabelValue, vec!["", "A.b_c"], vec!["-", "a b", "a/b"]),
            (Format::FileName, vec!["a", ".a", "ca-bundle.pem"], vec!["", ".", "..", "..a", "a/b"]),
            (Format::MountPath, vec!["/", "/a/../b"], vec!["", "a", "/a:b"]),
            (Format::SubPath, vec!["", "a/b", "a..b"], vec!["/a", "..", "a/../b"]),
            (Format::FilePath, vec!["a/b", ".a", "a/..b"], vec!["", "/a", "..", "..a", "../a", "a/../b"]),
            (Format::HostPath, vec!["/a", "a", "/..a"], vec!["", "/a/..", ".."]),
            (
                Format::ResourceName,
                vec![
                    "cpu",
                    "memory",
                    "ephemeral-storage",
                    "hugepages-2Mi",
                    "nvidia.com/gpu",
                    "kubernetes.io/batch-cpu",
                ],
                vec!["", "gpu", "storage", "CPU", "hugepages-", "requests.a.b/c", "a/b/c", "/gpu"],
            ),
            (Format::PortName, vec!["http", "a1-b"], vec!["", "80", "a--b", "-a", "HTTP"]),
            (Format::Ip, vec!["10.0.0.1", "::1"], vec!["", "10.0.0", "10.0.0.01", "localhost"]),
            (
                Format::SearchDomain,
                vec![".", "a", "a.b.", "_ldap._tcp.a-b.c", "a_b"],
                vec!["", "..", ".a", "A", "a b", "__a", "a_"],
            ),
            (Format::AbsolutePath, vec!["/", "/a:b"], vec!["", "a"]),
            (Format::HeaderName, vec!["a", "X-A-1", "-"], vec!["", "a b", "a:"]),
            (Format::Image, vec!["a", "a/b:c@sha256:d", "a b"], vec!["", " a", "a\n"]),
            (Format::DriverName, vec!["csi.example.org", "a"], vec!["", "A", "a b"]),
            (
                Format::SignerName,
                vec!["example.org/ca", "a.b/c.d"],
                vec!["", "ca", "example/ca", "a.b/", "/ca", "a.b/C", "a.b/c/d"],
            ),
            (
                Format::TrustBundleName,
                vec!["a", "a.b", "example.org:ca:a"],
                vec!["", "A", "a/b", "example.org:ca:", "a:B"],
            ),
            (Format::DomainKey, vec!["a/b", "X.y/A"], vec!["", "a", "a/", "/a", "a b/c"]),
            (
                Format::SysctlName,
                vec!["net.core.somaxconn", "net/ipv4/tcp_syncookies", "a-b"],
                vec!["", ".", "a.", "a b", "Net.core", "_a"],
            ),
        ] {
            for text in right {
                assert_eq!(format.problem(text), None, "{format:?}: {text:?}");
            }
            for text in wrong {
                assert!(format.problem(text).is_some(), "{format:?}: {text:?}");
            }
        }
        for (format, longest) in [
            (Format::DnsLabel, 63),
            (Format::Subdomain, 253),
            (Format::LabelKey, 63),
            (Format::LabelValue, 63),
            (Format::FileName, 253),
            (Format::PortName, 15),
            (Format::DriverName, 63),
            (Format::SearchDomain, 253),
            (Format::SysctlName, 253),
        ] {
            assert_eq!(format.problem(&long(longest)), None, "{format:?}");
            assert!(format.problem(&long(longest + 1)).is_some(), "{format:?}");
        }
    }

    #[test]
    fn resources_of_others_than_kubernetes_are_counted() {
        for (resource, is_extended, may_be_overcommitted) in [
            ("cpu", false, true),
            ("hugepages-2Mi", false, false),
            ("nvidia.com/gpu", true, false),
            ("kubernetes.io/batch-cpu", false, true),
            ("scheduling.kubernetes.io/foo", false, true),
        ] {
            assert_eq!(is_extended_resource(resource), is_extended, "{resource}");
            assert_eq!(is_overcommit_allowed(resource), may_be_overcommitted, "{resource}");
        }
    }
}
