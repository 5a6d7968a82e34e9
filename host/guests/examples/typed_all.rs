//! The style of the field, with everything added that the four dependencies of `test_data/settings.yaml` add.

mod style;

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, Container, EmptyDirVolumeSource, EnvVar, PodSpec, SecurityContext, Volume, VolumeMount,
};
use style::push_new;
use wapc_guest::{CallResult, register_function};

const PROXY: &str = "http://webproxy.nais:8088";
const NO_PROXY: &str = "localhost,127.0.0.1,.local,.svc,.cluster.local,.kubeflow,10.96.0.0/12";
const BUNDLE: &str = "/etc/pki/tls/certs/ca-bundle.crt";
const SECRETS: &str = "/var/run/secrets/nais.io/vault";

const VARIABLES: [(&str, &str); 13] = [
    ("HTTP_PROXY", PROXY),
    ("HTTPS_PROXY", PROXY),
    ("NO_PROXY", NO_PROXY),
    ("http_proxy", PROXY),
    ("https_proxy", PROXY),
    ("no_proxy", NO_PROXY),
    ("SSL_CERT_FILE", BUNDLE),
    ("REQUESTS_CA_BUNDLE", BUNDLE),
    ("CURL_CA_BUNDLE", BUNDLE),
    ("PIP_CERT", BUNDLE),
    ("GIT_SSL_CAINFO", BUNDLE),
    ("AWS_CA_BUNDLE", BUNDLE),
    ("NODE_EXTRA_CA_CERTS", BUNDLE),
];

/// Path, volume, and which file of it.
const MOUNTS: [(&str, &str, Option<&str>); 7] = [
    ("/etc/ssl/certs/ca-certificates.crt", "ca-bundle-pem", Some("ca-bundle.pem")),
    (BUNDLE, "ca-bundle-pem", Some("ca-bundle.pem")),
    ("/etc/ssl/ca-bundle.pem", "ca-bundle-pem", Some("ca-bundle.pem")),
    ("/etc/pki/tls/cacert.pem", "ca-bundle-pem", Some("ca-bundle.pem")),
    ("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "ca-bundle-pem", Some("ca-bundle.pem")),
    ("/etc/ssl/certs/java/cacerts", "ca-bundle-jks", Some("ca-bundle.jks")),
    (SECRETS, "vault-secrets", None),
];

/// Registers `validate`, which adds all of it to a Notebook or a pod.
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
}

fn validate(payload: &[u8]) -> CallResult {
    style::validate(payload, add)
}

fn add(spec: &mut PodSpec, namespace: &str, main: &str) {
    style::add_pull_secret(spec);
    if let Some(container) = spec.containers.iter_mut().find(|container| container.name == main) {
        for (name, value) in VARIABLES {
            push_new(&mut container.env, variable(name, value), |variable| &variable.name);
        }
        for (path, volume, file) in MOUNTS {
            push_new(&mut container.volume_mounts, mount(path, volume, file), |mount| &mount.mount_path);
        }
    }
    for name in ["ca-bundle-pem", "ca-bundle-jks"] {
        let config_map = ConfigMapVolumeSource { name: name.to_owned(), ..Default::default() };
        let volume = Volume { name: name.to_owned(), config_map: Some(config_map), ..Default::default() };
        push_new(&mut spec.volumes, volume, |volume| &volume.name);
    }
    let memory = EmptyDirVolumeSource { medium: Some("Memory".to_owned()), ..Default::default() };
    let secrets = Volume { name: "vault-secrets".to_owned(), empty_dir: Some(memory), ..Default::default() };
    push_new(&mut spec.volumes, secrets, |volume| &volume.name);
    push_new(&mut spec.init_containers, vks(namespace), |container| &container.name);
}

/// The container that fetches the secrets.
fn vks(namespace: &str) -> Container {
    let secure = SecurityContext { allow_privilege_escalation: Some(false), ..Default::default() };
    Container {
        name: "vks".to_owned(),
        image: Some("navikt/vks:46".to_owned()),
        env: Some(vec![
            variable("VKS_VAULT_ADDR", "https://vault.adeo.no"),
            variable("VKS_AUTH_PATH", "/kubernetes/prod/kubeflow"),
            variable("VKS_KV_PATH", &format!("/kv/prod/kubeflow/{namespace}/{namespace}")),
            variable("VKS_VAULT_ROLE", namespace),
            variable("VKS_SECRET_DEST_PATH", SECRETS),
        ]),
        security_context: Some(secure),
        volume_mounts: Some(vec![mount(SECRETS, "vault-secrets", None)]),
        ..Default::default()
    }
}

fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), ..Default::default() }
}

fn mount(path: &str, volume: &str, file: Option<&str>) -> VolumeMount {
    VolumeMount {
        mount_path: path.to_owned(),
        name: volume.to_owned(),
        sub_path: file.map(ToOwned::to_owned),
        ..Default::default()
    }
}
