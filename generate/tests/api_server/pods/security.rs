//! Security contexts, of a pod and of its containers, and the host's namespaces.

use super::names::{is_descending, is_subdomain, is_sysctl};
use super::view::{At, Problems};
use super::{all_containers, check_range, check_word_if_set};

/// `validatePodSpecSecurityContext`, `validateHostUsers`, `validateWindowsHostProcessPod`, `validateOS`
pub fn check(spec: &At<'_>, problems: &mut Problems) {
    let context = spec.member("securityContext");
    check_identities(&context, problems);
    for group in context.member("supplementalGroups").items() {
        check_identity(&group, problems);
    }
    let shares = spec.member("shareProcessNamespace");
    let is_right = !shares.is_true() || !spec.member("hostPID").is_true();
    problems.check(is_right, "processes are shared in the pod or with the host", &shares);
    check_sysctls(&context.member("sysctls"), problems);
    check_profiles(&context, problems);
    for (name, words) in [
        ("fsGroupChangePolicy", ["OnRootMismatch", "Always"]),
        ("supplementalGroupsPolicy", ["Merge", "Strict"]),
        ("seLinuxChangePolicy", ["Recursive", "MountOption"]),
    ] {
        check_word_if_set(&context.member(name), &words, "a policy of groups is one of its words", problems);
    }
    for name in ["hostNetwork", "hostPID", "hostIPC"] {
        let host = spec.member(name);
        let is_right = is_of_host(spec) || !host.is_true();
        problems.check(is_right, "a pod with users of its own has nothing of the host", &host);
    }
    check_host_process(spec, problems);
    check_system(spec, problems);
}

/// Whether the pod has the users of its host.
fn is_of_host(spec: &At<'_>) -> bool {
    !spec.member("hostUsers").is_set() || spec.member("hostUsers").is_true()
}

/// `ValidateSecurityContext`, of a container
pub fn check_container(context: &At<'_>, spec: &At<'_>, problems: &mut Problems) {
    check_identities(context, problems);
    check_profiles(context, problems);
    let mount = context.member("procMount");
    check_word_if_set(&mount, &["Default", "Unmasked"], "procMount is one of its words", problems);
    let is_right = mount.text() != "Unmasked" || !is_of_host(spec);
    problems.check(is_right, "Unmasked is for pods with users of their own", &mount);
    let escalation = context.member("allowPrivilegeEscalation");
    if escalation.is_set() && !escalation.is_true() {
        let is_right = !context.member("privileged").is_true();
        problems.check(is_right, "a privileged container may escalate", &escalation);
        let added = context.member("capabilities").member("add");
        problems.check(!added.texts().contains(&"CAP_SYS_ADMIN"), "one with CAP_SYS_ADMIN may escalate", &escalation);
    }
}

fn check_identities(context: &At<'_>, problems: &mut Problems) {
    ["fsGroup", "runAsUser", "runAsGroup"].iter().for_each(|name| check_identity(&context.member(name), problems));
}

fn check_identity(number: &At<'_>, problems: &mut Problems) {
    check_range(number, 0, i64::from(i32::MAX), "a user or group is from 0 to 2147483647", problems);
}

/// `validateSysctls`. Which of them go with the host's namespaces was checked until Kubernetes 1.31.
fn check_sysctls(sysctls: &At<'_>, problems: &mut Problems) {
    for sysctl in sysctls.items() {
        problems.check(is_sysctl(sysctl.member("name").text()), "the name of a sysctl is one", &sysctl);
    }
    let names = sysctls.items().into_iter().map(|sysctl| (sysctl.member("name").text().to_owned(), sysctl));
    problems.check_distinct(names, "sysctls have different names");
}

/// `validateSeccompProfileField`, `ValidateAppArmorProfileField`, `validateWindowsSecurityContextOptions`
fn check_profiles(context: &At<'_>, problems: &mut Problems) {
    for name in ["seccompProfile", "appArmorProfile"] {
        let profile = context.member(name);
        if !profile.is_set() {
            continue;
        }
        let (kind, local) = (profile.member("type"), profile.member("localhostProfile"));
        let words = ["Localhost", "RuntimeDefault", "Unconfined"];
        problems.check(words.contains(&kind.text()), "the type of a profile is one of its words", &kind);
        let is_local = kind.text() == "Localhost";
        problems.check(is_local == local.is_set(), "a profile of the host has a name, no other has", &local);
        let text = local.text();
        if name == "seccompProfile" {
            problems.check(is_descending(text), "a seccomp profile is a relative path, without ..", &local);
        } else {
            let is_right = !local.is_set() || text.trim() == text && matches!(text.len(), 1..=4095);
            problems.check(is_right, "an AppArmor profile has no white space around it", &local);
        }
    }
    let windows = context.member("windowsOptions");
    let (name, text) = (windows.member("gmsaCredentialSpecName"), windows.member("gmsaCredentialSpec"));
    problems.check(name.text_if_set().is_none_or(is_subdomain), "gmsaCredentialSpecName is a DNS subdomain", &name);
    let is_right = text.text_if_set().is_none_or(|text| matches!(text.len(), 1..=65_536));
    problems.check(is_right, "gmsaCredentialSpec is not empty", &text);
    let user = windows.member("runAsUserName");
    problems.check(user.text_if_set().is_none_or(is_windows_user), "runAsUserName is a user of Windows", &user);
}

/// A name, with or without a domain and `\` before it.
fn is_windows_user(text: &str) -> bool {
    let parts: Vec<_> = text.split('\\').collect();
    let (domain, user) = match parts[..] {
        [user] => (None, user),
        [domain, user] => (Some(domain), user),
        _ => return false,
    };
    let is_net_bios = |domain: &str| {
        let is_made_of = !domain.starts_with('.') && !domain.contains(|each| r#"\/:*?"<>|"#.contains(each));
        matches!(domain.chars().count(), 1..=15) && is_made_of
    };
    let is_domain = |domain: &str| {
        let is_label = |label: &str| label.len() <= 63 && is_subdomain(&label.to_ascii_lowercase());
        domain.len() < 256 && (is_net_bios(domain) || domain.split('.').all(is_label))
    };
    let is_user = matches!(user.len(), 1..=104)
        && !user.chars().all(|each| matches!(each, '.' | ' '))
        && !user.contains(|each| r#""/\:;|=,+*?<>@[]"#.contains(each));
    !text.contains(|each: char| each.is_ascii_control()) && domain.is_none_or(is_domain) && is_user
}

/// `validateWindowsHostProcessPod`
fn check_host_process(spec: &At<'_>, problems: &mut Problems) {
    let of = |context: At<'_>| context.member("windowsOptions").member("hostProcess").value().as_bool();
    let of_pod = of(spec.member("securityContext"));
    let containers: Vec<_> = all_containers(spec).into_iter().map(|it| of(it.member("securityContext"))).collect();
    let agrees = |own: &Option<bool>| of_pod.is_none() || own.is_none() || *own == of_pod;
    problems.check(containers.iter().all(agrees), "pod and containers agree on hostProcess", spec);
    let count = containers.iter().filter(|own| own.or(of_pod) == Some(true)).count();
    problems.check(count == 0 || count == containers.len(), "all containers are processes of the host, or none", spec);
    let is_on_network = count == 0 || spec.member("hostNetwork").is_true();
    problems.check(is_on_network, "processes of the host are on its network", spec);
}

/// Members that a pod of Windows has not: `validateWindows`. Of a container those that only it has come after.
const NOT_OF_WINDOWS: [&str; 16] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
    "sysctls",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
];

/// `validateOS`, `validateLinux`, `validateWindows`
fn check_system(spec: &At<'_>, problems: &mut Problems) {
    let system = spec.member("os").member("name");
    let contexts = std::iter::once(spec.clone()).chain(all_containers(spec)).map(|it| it.member("securityContext"));
    match system.text() {
        "" => problems.check(!spec.member("os").is_set(), "an operating system has a name", &system),
        "linux" => {
            for context in contexts {
                let is_right = !context.member("windowsOptions").is_set();
                problems.check(is_right, "a pod of Linux has no options of Windows", &context);
            }
        }
        "windows" => {
            for context in contexts {
                let is_right = NOT_OF_WINDOWS.iter().all(|name| !context.member(name).is_set());
                problems.check(is_right, "a pod of Windows has no options of Linux", &context);
            }
            for member in ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"].map(|name| spec.member(name)) {
                problems.check(!member.is_set(), "a pod of Windows has no options of Linux", &member);
            }
        }
        _ => problems.check(false, "an operating system is linux or windows", &system),
    }
}
