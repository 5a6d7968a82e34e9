//! The words that settings are made of: for each format those that have it, and some that do not.

use mutatingflow::kubernetes::names::Format;

/// As long as a DNS label may be.
const LABEL: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// Longer than that, and still a DNS subdomain.
const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// JSON of quantities.
pub const QUANTITIES: &[&str] = &[
    r#""0""#,
    r#""1""#,
    "1",
    "2",
    "0.5",
    r#""500m""#,
    r#""1Gi""#,
    r#""1Mi""#,
    r#""2Mi""#,
    r#""4Mi""#,
    r#""1e3""#,
    r#""0.1n""#,
    r#""9Ei""#,
    r#""+1""#,
    r#""1.""#,
];
/// JSON of what is no quantity, or a negative one.
pub const ODD_QUANTITIES: &[&str] =
    &[r#""-1""#, "-1", r#""""#, r#""1KiB""#, r#""1 Gi""#, r#""abc""#, r#""1e400""#, r#""--1""#];

/// Those that have a format, and those that do not, or barely.
pub const fn of_format(format: Format) -> (&'static [&'static str], &'static [&'static str]) {
    match format {
        Format::Any => (
            &["a", "b c", "/data", "", "x=y", "{namespace}", "1", "sh"],
            &["", " ", "\n", "æ", "..", "/", "a:b", "a/b", LONG],
        ),
        Format::NonEmpty => (&["a", "https://a.b/c", "zone"], &["", " "]),
        Format::OneOf(_) => (&[], &[]),
        Format::DnsLabel => (
            &["data", "tools", "cache", "helper", "setup", "main", "disk", LABEL],
            &["", "A", "a.b", "-a", "a_b", LONG],
        ),
        Format::Subdomain => (&["a", "team-a.b", "{namespace}-ca", LONG], &["", "A", "a..b", "a_b", "a/b"]),
        Format::EnvName => (&["A", "HTTP_PROXY", "a.b-c", "HOME", "_"], &["", "1A", "A B", "..", "æ"]),
        Format::LabelKey => {
            (&["team", "app.kubernetes.io/name", "A_b", "disktype"], &["", "/a", "a/b/c", "A.b/C c", "-a", LONG])
        }
        Format::AnnotationKey => (
            &[
                "team",
                "X.y/a",
                "sidecar.istio.io/inject",
                "controller.kubernetes.io/pod-deletion-cost",
                "container.apparmor.security.beta.kubernetes.io/main",
                "seccomp.security.alpha.kubernetes.io/pod",
                "kubernetes.io/config.mirror",
            ],
            &["", "a b", "/a"],
        ),
        Format::LabelValue => (&["a", "", "A.b_c", "{namespace}", "1", LABEL], &["a b", "-", "æ", LONG]),
        Format::FileName => (&["ca.pem", "a", ".a", "A_b-c"], &["", ".", "..a", "a/b", "æ"]),
        Format::MountPath => (&["/data", "/tools/", "/etc/ssl/certs", "/a//b", "/", "/cache"], &["", "data", "/a:b"]),
        Format::SubPath => (&["a", "a/b", "", "a..b"], &["/a", "..", "a/../b"]),
        Format::FilePath => (&["ca.pem", "a/b", "tls.key", "token"], &["", "/a", "..a", "a/../b", ".."]),
        Format::HostPath => (&["/data", "a", "/dev/a", "/..a"], &["", "/..", "a/../b"]),
        Format::ResourceName => (
            &["cpu", "memory", "ephemeral-storage", "hugepages-2Mi", "nvidia.com/gpu", "kubernetes.io/a"],
            &["", "gpu", "storage", "hugepages-", "hugepages-a", "requests.a.b/c", "a/b/c"],
        ),
        Format::PortName => (&["http", "a1", "metrics"], &["", "80", "a--b", "HTTP", "aaaaaaaaaaaaaaaa"]),
        Format::Ip => (&["10.0.0.1", "::1", "fd00::10"], &["", "10.0.0", "10.0.0.01", "a", "fe80::1%eth0"]),
        Format::SearchDomain => (&["a.b", "_a.b.", ".", "svc"], &["", "..", "A", "a b"]),
        Format::SysctlName => (&["net.core.somaxconn", "kernel/a"], &["", ".", "A", "a b"]),
        Format::AbsolutePath => (&["/", "/data"], &["", "a"]),
        Format::HeaderName => (&["X-A", "a"], &["", "a b", "a:"]),
        Format::DriverName => (&["csi.example.org", "a", LABEL], &["", LONG, "a_b"]),
        Format::SignerName => (&["example.org/ca"], &["", "ca", "a.b/", "a/b"]),
        Format::TrustBundleName => (&["a", "example.org:ca:b"], &["", "a:", "A"]),
        Format::DomainKey => (&["example.org/A_b"], &["", "a"]),
        Format::Image => (&["navikt/vks:46", "a@sha256:b"], &["", " a", "a\n"]),
    }
}

/// What a member says that has rules of its own; nothing of one that its format describes.
pub fn of_member(object: &str, member: &str) -> Option<&'static [&'static str]> {
    let found = MEMBERS.iter().find(|(of, name, _)| *of == object && *name == member);
    found.map(|(_, _, words)| *words)
}

/// Members by object and name.
const MEMBERS: &[(&str, &str, &[&str])] = &[
    ("AppArmorProfile", "localhostProfile", &["profile", "a/b"]),
    ("AzureDiskVolumeSource", "diskURI", &["https://a.blob.core.windows.net/b/c.vhd", "/subscriptions/a/b"]),
    ("Capabilities", "add", &["NET_ADMIN", "SYS_ADMIN", "CAP_SYS_ADMIN", "ALL"]),
    ("FileKeySelector", "key", &["A", "b.c"]),
    ("ISCSIVolumeSource", "initiatorName", &["iqn.1994-05.com.example:a", "eui.0123456789abcdef"]),
    ("ISCSIVolumeSource", "iqn", &["iqn.2001-04.com.example:storage", "naa.0123456789abcdef0123456789abcdef"]),
    ("Lifecycle", "stopSignal", &["SIGTERM"]),
    (
        "ObjectFieldSelector",
        "fieldPath",
        &[
            "metadata.name",
            "metadata.namespace",
            "metadata.labels['team']",
            "metadata.labels",
            "spec.nodeName",
            "status.podIP",
        ],
    ),
    ("QuobyteVolumeSource", "registry", &["a:7861", "a:1,b:2"]),
    ("ResourceFieldSelector", "containerName", &["main", "helper"]),
    ("ResourceFieldSelector", "divisor", &["0", "1", "1m", "1Mi", "1k"]),
    (
        "ResourceFieldSelector",
        "resource",
        &["limits.cpu", "requests.memory", "limits.ephemeral-storage", "limits.hugepages-2Mi", "requests.cpu"],
    ),
    ("Toleration", "value", &["a", "1", ""]),
    ("TypedLocalObjectReference", "apiGroup", &["snapshot.storage.k8s.io", ""]),
    ("TypedLocalObjectReference", "kind", &["PersistentVolumeClaim", "VolumeSnapshot"]),
    ("TypedLocalObjectReference", "name", &["a"]),
    ("TypedObjectReference", "apiGroup", &["snapshot.storage.k8s.io", ""]),
    ("TypedObjectReference", "kind", &["PersistentVolumeClaim", "VolumeSnapshot"]),
    ("TypedObjectReference", "name", &["a"]),
    ("WindowsSecurityContextOptions", "gmsaCredentialSpecName", &["a"]),
    ("WindowsSecurityContextOptions", "runAsUserName", &["ContainerUser", r"EXAMPLE\kari"]),
    ("dependency", "onConflict", &["Reject", "Keep", "Override"]),
];

/// Members that are mostly there, since another rule of their object asks for them.
pub const MOSTLY: [(&str, &str); 4] = [
    ("ContainerRestartRule", "exitCodes"),
    ("FCVolumeSource", "lun"),
    ("PersistentVolumeClaimSpec", "resources"),
    ("VolumeResourceRequirements", "requests"),
];
