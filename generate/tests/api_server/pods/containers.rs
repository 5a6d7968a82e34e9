//! Containers and init containers.

use std::collections::BTreeSet;

use super::names::{
    has_no_backsteps, is_config_map_key, is_descending, is_env_name, is_file_path, is_header_name, is_label,
    is_port_name, is_qualified_name, is_subdomain,
};
use super::quantity::Quantity;
use super::security;
use super::view::{At, Problems};
use super::{all_containers, check_range, check_word, check_word_if_set};

/// The seconds that a pod has to end, where it does not say.
const GRACE: i64 = 30;

/// `validateContainers`, `validateInitContainers`, and what is asked of them together
pub fn check(spec: &At<'_>, problems: &mut Problems) {
    let (containers, inits) = (spec.member("containers"), spec.member("initContainers"));
    problems.check(!containers.items().is_empty(), "a pod has a container", &containers);
    for container in containers.items() {
        check_container(&container, spec, problems);
        check_running(&container, spec, problems);
    }
    for container in inits.items() {
        check_container(&container, spec, problems);
        if container.member("restartPolicy").text() == "Always" {
            check_running(&container, spec, problems);
        } else {
            for name in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                let member = container.member(name);
                problems.check(!member.is_set(), "an init container that ends has no probes and no lifecycle", &member);
            }
        }
        // Init containers run one after the other.
        check_host_ports(&[container], problems);
    }
    check_host_ports(&containers.items(), problems);
    let names = all_containers(spec).into_iter().map(|it| (it.member("name").text().to_owned(), it));
    problems.check_distinct(names, "containers have different names");
    check_host_network(spec, problems);
    check_resources_of_pod(spec, problems);
}

/// `validateContainerCommon`, `validateContainerOnlyForPod`
fn check_container(container: &At<'_>, spec: &At<'_>, problems: &mut Problems) {
    problems.check(is_label(container.member("name").text()), "the name of a container is a DNS label", container);
    let image = container.member("image");
    problems.check(!image.text().is_empty(), "a container has an image", &image);
    problems.check(image.text().trim() == image.text(), "an image has no white space around it", &image);
    let policy = container.member("terminationMessagePolicy");
    let rule = "terminationMessagePolicy is one of its words";
    check_word(&policy, &["File", "FallbackToLogsOnError"], rule, problems);
    let words = ["Always", "Never", "IfNotPresent"];
    check_word(&container.member("imagePullPolicy"), &words, "a pull policy is one of its words", problems);
    check_ports(&container.member("ports"), problems);
    let volumes = spec.member("volumes");
    container.member("env").items().iter().for_each(|variable| check_variable(variable, &volumes, problems));
    container.member("envFrom").items().iter().for_each(|source| check_env_from(source, problems));
    check_mounts(container, &volumes, problems);
    check_devices(container, &volumes, problems);
    check_resources(&container.member("resources"), problems);
    check_claims(&container.member("resources").member("claims"), &spec.member("resourceClaims"), problems);
    check_resize_policy(container, spec, problems);
    check_restart_policy(container, problems);
    security::check_container(&container.member("securityContext"), spec, problems);
}

/// What only a container has that runs as long as the pod.
fn check_running(container: &At<'_>, spec: &At<'_>, problems: &mut Problems) {
    let lifecycle = container.member("lifecycle");
    for hook in ["postStart", "preStop"].map(|name| lifecycle.member(name)).iter().filter(|hook| hook.is_set()) {
        check_handler(hook, &["exec", "httpGet", "tcpSocket", "sleep"], spec, problems);
    }
    let signal = lifecycle.member("stopSignal");
    let has_os = !signal.is_set() || !spec.member("os").member("name").text().is_empty();
    problems.check(has_os, "a pod with a stop signal has an operating system", &signal);
    for (name, must_succeed_once) in [("livenessProbe", true), ("startupProbe", true), ("readinessProbe", false)] {
        let probe = container.member(name);
        if probe.is_set() {
            check_probe(&probe, must_succeed_once, spec, problems);
        }
    }
}

/// `validateProbe`, `validateLivenessProbe`, `validateReadinessProbe`, `validateStartupProbe`
fn check_probe(probe: &At<'_>, must_succeed_once: bool, spec: &At<'_>, problems: &mut Problems) {
    check_handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], spec, problems);
    for name in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        check_range(&probe.member(name), 0, i64::MAX, "the numbers of a probe are not negative", problems);
    }
    let (grace, successes) = (probe.member("terminationGracePeriodSeconds"), probe.member("successThreshold"));
    check_range(&grace, 1, i64::MAX, "the grace period of a probe is above 0", problems);
    if must_succeed_once {
        // The server fills in 1 for 0.
        check_range(&successes, 0, 1, "a liveness or startup probe succeeds at once", problems);
    } else {
        problems.check(!grace.is_set(), "a readiness probe has no grace period", &grace);
    }
}

/// `validateHandler`, of one of these kinds
fn check_handler(handler: &At<'_>, kinds: &[&str], spec: &At<'_>, problems: &mut Problems) {
    let set: Vec<_> = kinds.iter().map(|kind| (*kind, handler.member(kind))).filter(|(_, it)| it.is_set()).collect();
    problems.check(set.len() == 1, "a probe or a hook does one thing", handler);
    for (kind, action) in set {
        match kind {
            "exec" => {
                problems.check(!action.member("command").items().is_empty(), "what is executed has a command", &action);
            }
            "httpGet" => {
                check_port(&action.member("port"), problems);
                check_word(&action.member("scheme"), &["HTTP", "HTTPS"], "a scheme is HTTP or HTTPS", problems);
                for header in action.member("httpHeaders").items() {
                    let is_right = is_header_name(header.member("name").text());
                    problems.check(is_right, "the name of a header is letters, digits and -", &header);
                }
            }
            "tcpSocket" | "grpc" => check_port(&action.member("port"), problems),
            _ => {
                let grace = spec.member("terminationGracePeriodSeconds").number().unwrap_or(GRACE);
                let seconds = action.member("seconds").number().unwrap_or_default();
                let is_right = (0..=grace).contains(&seconds);
                problems.check(is_right, "a hook sleeps no longer than the pod's grace period", &action);
            }
        }
    }
}

/// `ValidatePortNumOrName`
fn check_port(port: &At<'_>, problems: &mut Problems) {
    let is_right = port.number().map_or_else(|| is_port_name(port.text()), |port| (1..=65_535).contains(&port));
    problems.check(is_right, "a port is from 1 to 65535, or the name of one", port);
}

/// `validateContainerPorts`
fn check_ports(ports: &At<'_>, problems: &mut Problems) {
    for port in ports.items() {
        let (name, number, host) = (port.member("name"), port.member("containerPort"), port.member("hostPort"));
        let is_name = name.text().is_empty() || is_port_name(name.text());
        problems.check(is_name, "the name of a port is one", &name);
        let is_number = number.number().is_some_and(|number| (1..=65_535).contains(&number));
        problems.check(is_number, "a port is from 1 to 65535", &number);
        check_range(&host, 0, 65_535, "a host port is from 1 to 65535", problems);
        check_word(&port.member("protocol"), &["TCP", "UDP", "SCTP"], "a protocol is one of its words", problems);
    }
    let named = ports.items().into_iter().filter(|port| !port.member("name").text().is_empty());
    let names = named.map(|port| (port.member("name").text().to_owned(), port));
    problems.check_distinct(names, "the ports of a container have different names");
}

/// `checkHostPortConflicts`
fn check_host_ports(containers: &[At<'_>], problems: &mut Problems) {
    let ports = containers.iter().flat_map(|container| container.member("ports").items());
    let on_host = ports.filter(|port| port.member("hostPort").number().unwrap_or_default() != 0);
    let key = |port: &At<'_>| {
        let protocol = Some(port.member("protocol").text()).filter(|text| !text.is_empty()).unwrap_or("TCP");
        format!("{protocol}/{}/{}", port.member("hostIP").text(), port.member("hostPort").spelt())
    };
    problems.check_distinct(on_host.map(|port| (key(&port), port)), "a host port is taken once");
}

/// `validatePodHostNetworkDeps`
fn check_host_network(spec: &At<'_>, problems: &mut Problems) {
    if spec.member("hostNetwork").is_true() {
        for port in spec.member("containers").items().iter().flat_map(|it| it.member("ports").items()) {
            let (host, own) = (port.member("hostPort"), port.member("containerPort"));
            // Where there is none, the server fills it in.
            let is_same = host.number().unwrap_or_default() == 0 || host.number() == own.number();
            problems.check(is_same, "on the host's network, a port is that of the host", &port);
        }
    }
}

/// `ValidateEnv`, `validateEnvVarValueFrom`
fn check_variable(variable: &At<'_>, volumes: &At<'_>, problems: &mut Problems) {
    let name = variable.member("name");
    problems.check(is_env_name(name.text()), "the name of a variable is one", &name);
    let from = variable.member("valueFrom");
    if !from.is_set() {
        return;
    }
    let kinds = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
    let sources: Vec<_> =
        kinds.map(|kind| (kind, from.member(kind))).into_iter().filter(|(_, it)| it.is_set()).collect();
    problems.check(sources.len() == 1, "a variable has one source", &from);
    problems.check(variable.member("value").text().is_empty(), "a variable has a value or a source", variable);
    for (kind, source) in sources {
        match kind {
            "fieldRef" => {
                let known = [
                    "metadata.name",
                    "metadata.namespace",
                    "metadata.uid",
                    "spec.nodeName",
                    "spec.serviceAccountName",
                    "status.hostIP",
                    "status.hostIPs",
                    "status.podIP",
                    "status.podIPs",
                    // Converted to spec.nodeName: ConvertDownwardAPIFieldLabel.
                    "spec.host",
                ];
                check_field_path(&source, &known, problems);
            }
            "resourceFieldRef" => check_resource_field(&source, problems),
            "fileKeyRef" => check_file_key(&source, volumes, problems),
            _ => {
                let (name, key) = (source.member("name"), source.member("key"));
                problems.check(is_subdomain(name.text()), "a reference to a key has a name", &name);
                problems.check(is_config_map_key(key.text()), "the key of a config map or secret is one", &key);
            }
        }
    }
}

/// By the documentation of `FileKeySelector` in `k8s.io/api/core/v1/types.go`, and KEP 3721 for the volume
fn check_file_key(source: &At<'_>, volumes: &At<'_>, problems: &mut Problems) {
    problems.check(is_file_path(source.member("path").text()), "the path of a file is relative, without ..", source);
    let key = source.member("key").text();
    let is_key = !key.is_empty() && key.chars().all(|each| matches!(each, ' '..='~') && each != '=');
    problems.check(is_key, "the key of a file is of printable characters, without =", source);
    let volume = source.member("volumeName");
    let is_there = volumes.items().iter().any(|it| it.member("name").text() == volume.text());
    problems.check(is_there, "what a container names is a volume of the pod", &volume);
}

/// `validateObjectFieldSelector`
pub fn check_field_path(field: &At<'_>, known: &[&str], problems: &mut Problems) {
    check_word(&field.member("apiVersion"), &["v1"], "the version of a field path is v1", problems);
    let path = field.member("fieldPath");
    let key_in = |map: &str| path.text().strip_prefix(map)?.strip_prefix("['")?.strip_suffix("']");
    let is_label = key_in("metadata.labels").is_some_and(is_qualified_name);
    let is_annotation = key_in("metadata.annotations").is_some_and(|key| is_qualified_name(&key.to_ascii_lowercase()));
    problems.check(is_label || is_annotation || known.contains(&path.text()), "a field path is one", &path);
}

/// `validateContainerResourceFieldSelector`, `validateContainerResourceDivisor`
pub fn check_resource_field(field: &At<'_>, problems: &mut Problems) {
    let (resource, divisor) = (field.member("resource"), field.member("divisor"));
    let of = resource.text().strip_prefix("limits.").or_else(|| resource.text().strip_prefix("requests."));
    let is_huge = of.is_some_and(|of| of.starts_with("hugepages-"));
    let is_known = matches!(of, Some("cpu" | "memory" | "ephemeral-storage")) || is_huge;
    problems.check(is_known, "the resource of a resource field is one", &resource);
    if !divisor.is_set() || Quantity::parse(&divisor.spelt()) == Some(Quantity::ZERO) {
        return;
    }
    let units = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    let is_right =
        if of == Some("cpu") { matches!(&*divisor.spelt(), "1" | "1m") } else { units.contains(&&*divisor.spelt()) };
    problems.check(is_right, "the divisor of a resource field is a unit of the resource", &divisor);
}

/// `ValidateEnvFrom`
fn check_env_from(source: &At<'_>, problems: &mut Problems) {
    let prefix = source.member("prefix");
    problems.check(prefix.text().is_empty() || is_env_name(prefix.text()), "the name of a variable is one", &prefix);
    let sources = ["configMapRef", "secretRef"].map(|kind| source.member(kind));
    let are_set = sources.iter().filter(|source| source.is_set()).count();
    problems.check(are_set == 1, "variables are from one source", source);
    for reference in sources.iter().filter(|source| source.is_set()) {
        problems.check(is_subdomain(reference.member("name").text()), "a source of variables has a name", reference);
    }
}

/// `ValidateVolumeMounts`
fn check_mounts(container: &At<'_>, volumes: &At<'_>, problems: &mut Problems) {
    let devices = container.member("volumeDevices").items();
    let privileged = container.member("securityContext").member("privileged").is_true();
    for mount in container.member("volumeMounts").items() {
        let (name, path) = (mount.member("name"), mount.member("mountPath"));
        let volume = volumes.items().into_iter().find(|volume| volume.member("name").text() == name.text());
        problems.check(volume.is_some(), "what a container names is a volume of the pod", &name);
        problems.check(!path.text().is_empty(), "a mount has a path", &path);
        let is_device = devices.iter().any(|device| {
            device.member("name").text() == name.text() || device.member("devicePath").text() == path.text()
        });
        problems.check(!is_device, "a volume or a path is no mount and device at once", &mount);
        let (sub_path, expression) = (mount.member("subPath"), mount.member("subPathExpr"));
        problems.check(
            sub_path.text().is_empty() || expression.text().is_empty(),
            "a mount has one path in its volume",
            &mount,
        );
        for path in [&sub_path, &expression] {
            problems.check(is_descending(path.text()), "a path in a volume is relative, without ..", path);
        }
        let propagation = mount.member("mountPropagation");
        let words = ["Bidirectional", "HostToContainer", "None"];
        check_word_if_set(&propagation, &words, "mountPropagation is one of its words", problems);
        let is_allowed = privileged || propagation.text() != "Bidirectional";
        problems.check(is_allowed, "Bidirectional is for privileged containers", &propagation);
        let recursive = mount.member("recursiveReadOnly");
        let words = ["Disabled", "IfPossible", "Enabled"];
        check_word_if_set(&recursive, &words, "recursiveReadOnly is one of its words", problems);
        if matches!(recursive.text(), "IfPossible" | "Enabled") {
            let is_right = mount.member("readOnly").is_true() && matches!(propagation.text(), "" | "None");
            problems.check(is_right, "recursiveReadOnly is of a read-only mount without propagation", &mount);
        }
    }
    let mounts = container.member("volumeMounts").items().into_iter();
    let paths = mounts.map(|mount| (mount.member("mountPath").text().to_owned(), mount));
    problems.check_distinct(paths, "the mounts of a container have different paths");
}

/// `ValidateVolumeDevices`
fn check_devices(container: &At<'_>, volumes: &At<'_>, problems: &mut Problems) {
    let devices = container.member("volumeDevices").items();
    for device in &devices {
        let (name, path) = (device.member("name"), device.member("devicePath"));
        let volume = volumes.items().into_iter().find(|volume| volume.member("name").text() == name.text());
        problems.check(volume.is_some(), "what a container names is a volume of the pod", &name);
        let is_claim =
            |volume: At<'_>| volume.member("persistentVolumeClaim").is_set() || volume.member("ephemeral").is_set();
        problems.check(volume.is_none_or(is_claim), "the volume of a device is a claim", &name);
        let is_right = !path.text().is_empty() && has_no_backsteps(path.text());
        problems.check(is_right, "a device has a path without ..", &path);
    }
    for key in ["name", "devicePath"] {
        let keys = devices.iter().map(|device| (device.member(key).text().to_owned(), device.clone()));
        problems.check_distinct(keys, "the devices of a container differ");
    }
}

/// `validateResourceRequirements`
pub fn check_resources(resources: &At<'_>, problems: &mut Problems) {
    let mut names = BTreeSet::new();
    for list in ["limits", "requests"] {
        for (name, amount) in resources.member(list).entries() {
            names.insert(name);
            problems.check(is_resource(name), "a container has a resource of this name", &amount);
            let Some(quantity) = Quantity::parse(&amount.spelt()) else {
                problems.check(false, "an amount of a resource is a quantity", &amount);
                continue;
            };
            problems.check(quantity >= Quantity::ZERO, "an amount of a resource is not negative", &amount);
            let is_whole = !is_extended(name) || quantity.milli() % 1000 == 0;
            problems.check(is_whole, "an extended resource is counted in whole numbers", &amount);
            if let Some(size) = name.strip_prefix("hugepages-") {
                let size = Quantity::parse(size).filter(|size| *size > Quantity::ZERO && size.milli() % 1000 == 0);
                let is_right = size.is_some_and(|size| quantity.ones() % size.ones() == 0);
                problems.check(is_right, "huge pages are whole pages of a size", &amount);
            }
        }
    }
    let of_native = |name: &str| !name.contains('/') || name.contains("kubernetes.io/");
    for (name, request) in resources.member("requests").entries() {
        let limit = resources.member("limits").member(name);
        let may_differ = of_native(name) && !name.starts_with("hugepages-");
        if !limit.is_set() {
            problems.check(may_differ, "what cannot be overcommitted has a limit", &request);
            continue;
        }
        let milli = |amount: &At<'_>| Quantity::parse(&amount.spelt()).map(Quantity::milli);
        let (request_of, limit_of) = (milli(&request), milli(&limit));
        problems.check(request_of <= limit_of, "a request is not above its limit", &request);
        problems.check(
            may_differ || request_of == limit_of,
            "what cannot be overcommitted is requested as limited",
            &request,
        );
    }
    let has_pages = names.iter().any(|name| name.starts_with("hugepages-"));
    let has_basis = names.contains("cpu") || names.contains("memory");
    problems.check(!has_pages || has_basis, "huge pages are beside cpu or memory", resources);
}

/// `validateContainerResourceName`
fn is_resource(name: &str) -> bool {
    let is_known = matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    let is_right = if name.contains('/') { name.contains("kubernetes.io/") || is_extended(name) } else { is_known };
    is_right && is_qualified_name(name)
}

/// `IsExtendedResourceName`, of `k8s.io/kubernetes/pkg/apis/core/helper/helpers.go`
fn is_extended(name: &str) -> bool {
    let is_foreign = name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.");
    is_foreign && is_qualified_name(&format!("requests.{name}"))
}

/// `validateResourceClaimNames`
fn check_claims(claims: &At<'_>, of_pod: &At<'_>, problems: &mut Problems) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for claim in claims.items() {
        let (name, request) = (claim.member("name").text(), claim.member("request").text());
        let overlaps =
            |(other, its): &(&str, &str)| *other == name && (its.is_empty() || request.is_empty() || *its == request);
        problems.check(!seen.iter().any(overlaps), "the claims of a container differ", &claim);
        problems.check(request.is_empty() || is_label(request), "the request of a claim is a DNS label", &claim);
        let is_there = of_pod.items().iter().any(|it| it.member("name").text() == name);
        problems.check(is_there && !name.is_empty(), "what a container claims is a claim of the pod", &claim);
        seen.push((name, request));
    }
}

/// `validateResizePolicy`
fn check_resize_policy(container: &At<'_>, spec: &At<'_>, problems: &mut Problems) {
    let policies = container.member("resizePolicy");
    let is_never = spec.member("restartPolicy").text() == "Never";
    for policy in policies.items() {
        let (resource, restart) = (policy.member("resourceName"), policy.member("restartPolicy"));
        problems.check(matches!(resource.text(), "cpu" | "memory"), "a resize policy is of cpu or memory", &resource);
        let words = ["NotRequired", "RestartContainer"];
        problems.check(words.contains(&restart.text()), "a resize policy is one of its words", &restart);
        let is_right = !is_never || restart.text() == "NotRequired";
        problems.check(is_right, "in a pod that is never restarted, resizing restarts nothing", &restart);
    }
    let names = policies.items().into_iter().map(|policy| (policy.member("resourceName").text().to_owned(), policy));
    problems.check_distinct(names, "resize policies are of different resources");
}

/// The documentation of `restartPolicyRules` in `k8s.io/api/core/v1/types.go`
fn check_restart_policy(container: &At<'_>, problems: &mut Problems) {
    let (policy, rules) = (container.member("restartPolicy"), container.member("restartPolicyRules"));
    let words = ["Always", "OnFailure", "Never"];
    check_word_if_set(&policy, &words, "the restart policy of a container is one of its words", problems);
    let has_rules = !rules.items().is_empty();
    problems.check(!has_rules || policy.is_set(), "a container with restart rules has a restart policy", &rules);
    problems.check(rules.items().len() <= 20, "there are at most 20 restart rules", &rules);
    for rule in rules.items() {
        let action = rule.member("action");
        let words = ["Restart", "RestartAllContainers"];
        problems.check(words.contains(&action.text()), "the action of a restart rule is one of its words", &action);
        let codes = rule.member("exitCodes");
        problems.check(codes.is_set(), "a restart rule has exit codes", &rule);
        if codes.is_set() {
            let operator = codes.member("operator");
            problems.check(matches!(operator.text(), "In" | "NotIn"), "exit codes are In or NotIn", &operator);
            problems.check(codes.member("values").items().len() <= 255, "there are at most 255 exit codes", &codes);
        }
    }
}

/// `validatePodResources`, `validatePodResourceConsistency`, without what init containers ask for
fn check_resources_of_pod(spec: &At<'_>, problems: &mut Problems) {
    let resources = spec.member("resources");
    if !resources.is_set() {
        return;
    }
    check_resources(&resources, problems);
    let milli = |amount: &At<'_>| Quantity::parse(&amount.spelt()).map_or(0, Quantity::milli);
    for (name, of_pod) in resources.member("requests").entries() {
        let of = |container: &At<'_>| {
            let of = container.member("resources");
            // A limit without a request is one too: the server fills it in.
            let request = of.member("requests").member(name);
            milli(&if request.is_set() { request } else { of.member("limits").member(name) })
        };
        let sum: i128 = spec.member("containers").items().iter().map(of).sum();
        problems.check(sum <= milli(&of_pod), "containers request no more than their pod", &of_pod);
    }
    for container in spec.member("containers").items() {
        for (name, limit) in container.member("resources").member("limits").entries() {
            let of_pod = resources.member("limits").member(name);
            let is_right = !of_pod.is_set() || milli(&limit) <= milli(&of_pod);
            problems.check(is_right, "a container's limit is not above that of its pod", &limit);
        }
    }
}
