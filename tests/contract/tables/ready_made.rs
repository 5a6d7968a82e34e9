//! The ready-made dependencies and the placeholders: what each expands to, exactly.

use serde_json::{Value, json};

use super::objects::{Kind, create, created, refused, split_annotations, updated, with};
use crate::evaluator::run;

const BUNDLE: &str = "/etc/pki/tls/certs/ca-bundle.crt";

/// What a dependency makes of a Notebook with one container and nothing else: its pod spec, and the record.
fn expanded(dependency: Value) -> (Value, Value) {
    let settings = Kind::Notebook.settings(json!({"dep": dependency}));
    let outcome = created(&Kind::Notebook.object(json!({"containers": [{"name": "main"}]})), &settings);
    assert_eq!(outcome.warnings, [] as [&str; 0]);
    assert_eq!(created(&outcome.object, &settings).patch, [] as [Value; 0], "idempotent");
    let injected = split_annotations(&outcome.object);
    (injected.object["spec"]["template"]["spec"].clone(), injected.record["dep"].clone())
}

fn variables(values: &[(&str, &str)]) -> Value {
    values.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

fn vault() -> Value {
    json!({
        "image": "navikt/vks:46",
        "address": "https://vault.example.org",
        "authPath": "/kubernetes/prod/kubeflow",
        "kvPath": "/kv/prod/kubeflow/{namespace}/{namespace}",
        "role": "{namespace}",
    })
}

/// The pod spec that [`vault`] makes, with this at the end of the init container.
fn vault_spec(secrets_path: &str, more: Value) -> Value {
    let mount = json!({"name": "vault-secrets", "mountPath": secrets_path});
    let mut vks = json!({
        "name": "vks",
        "image": "navikt/vks:46",
        "env": variables(&[
            ("VKS_VAULT_ADDR", "https://vault.example.org"),
            ("VKS_AUTH_PATH", "/kubernetes/prod/kubeflow"),
            ("VKS_KV_PATH", "/kv/prod/kubeflow/team-a/team-a"),
            ("VKS_VAULT_ROLE", "team-a"),
            ("VKS_SECRET_DEST_PATH", secrets_path),
        ]),
        "volumeMounts": [mount],
        "securityContext": {"allowPrivilegeEscalation": false},
    });
    vks.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({
        "volumes": [{"name": "vault-secrets", "emptyDir": {"medium": "Memory"}}],
        "initContainers": [vks],
        "containers": [{"name": "main", "volumeMounts": [mount]}],
    })
}

#[test]
fn vault_brings_secrets() {
    let with = |pointer: &str, value: Value| with(&vault(), pointer, value);
    let usual = "/var/run/secrets/nais.io/vault";
    let resources = json!({"limits": {"cpu": "100m"}, "requests": {"memory": "32Mi"}});
    let cases = [
        (vault(), usual, json!({})),
        (with("/secretsPath", json!("/secrets")), "/secrets", json!({})),
        (with("/resources", resources.clone()), usual, json!({"resources": resources})),
        (
            with("/securityContext", json!({"runAsNonRoot": true})),
            usual,
            json!({"securityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true}}),
        ),
        (
            with("/securityContext", json!({"allowPrivilegeEscalation": true, "capabilities": {"drop": ["ALL"]}})),
            usual,
            json!({"securityContext": {"allowPrivilegeEscalation": true, "capabilities": {"drop": ["ALL"]}}}),
        ),
        // `null` is left out, and takes nothing away.
        (with("/securityContext", json!({"allowPrivilegeEscalation": null})), usual, json!({})),
        (with("/image", json!("vks@sha256:0\"\\")), usual, json!({"image": "vks@sha256:0\"\\"})),
    ];
    for (vault, secrets_path, more) in cases {
        let record = json!({
            "volumes": ["vault-secrets"],
            "initContainers": ["vks"],
            "volumeMounts": [secrets_path],
        });
        assert_eq!(expanded(json!({"vault": vault})), (vault_spec(secrets_path, more), record));
    }
}

#[test]
fn ca_bundle_brings_certificates() {
    let pem = || json!({"configMap": "certificates", "key": "ca.pem"});
    let jks = || json!({"configMap": "keystore", "key": "ca.jks"});
    let paths = [
        "/etc/ssl/certs/ca-certificates.crt",
        BUNDLE,
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ];
    let pem_mounts = paths.map(|path| json!({"name": "ca-bundle-pem", "mountPath": path, "subPath": "ca.pem"}));
    let jks_mount = json!({"name": "ca-bundle-jks", "mountPath": "/etc/ssl/certs/java/cacerts", "subPath": "ca.jks"});
    let pem_volume = json!({"name": "ca-bundle-pem", "configMap": {"name": "certificates"}});
    let jks_volume = json!({"name": "ca-bundle-jks", "configMap": {"name": "keystore"}});
    let env = variables(&[
        ("SSL_CERT_FILE", BUNDLE),
        ("REQUESTS_CA_BUNDLE", BUNDLE),
        ("CURL_CA_BUNDLE", BUNDLE),
        ("PIP_CERT", BUNDLE),
        ("GIT_SSL_CAINFO", BUNDLE),
        ("AWS_CA_BUNDLE", BUNDLE),
        ("NODE_EXTRA_CA_CERTS", BUNDLE),
    ]);

    let (spec, record) = expanded(json!({"caBundle": {"pem": pem()}}));
    let container = json!({"name": "main", "env": env, "volumeMounts": pem_mounts});
    assert_eq!(spec, json!({"containers": [container], "volumes": [pem_volume]}));
    assert_eq!(record["volumeMounts"], json!(paths));
    assert_eq!(record["volumes"], json!(["ca-bundle-pem"]));

    // Nothing points at a bundle that is not there.
    let (spec, record) = expanded(json!({"caBundle": {"jks": jks()}}));
    let container = json!({"name": "main", "volumeMounts": [jks_mount]});
    assert_eq!(spec, json!({"containers": [container], "volumes": [jks_volume]}));
    let expected = json!({"volumeMounts": ["/etc/ssl/certs/java/cacerts"], "volumes": ["ca-bundle-jks"]});
    assert_eq!(record, expected);

    // Both, in this order, whatever that of the settings is; null is absent.
    for bundle in [json!({"pem": pem(), "jks": jks()}), json!({"jks": jks(), "pem": pem()})] {
        let (spec, _) = expanded(json!({"caBundle": bundle, "proxy": null}));
        let mounts: Vec<_> = pem_mounts.iter().chain([&jks_mount]).collect();
        let container = json!({"name": "main", "env": env, "volumeMounts": mounts});
        assert_eq!(spec, json!({"containers": [container], "volumes": [pem_volume, jks_volume]}));
    }
}

#[test]
fn proxy_brings_variables_in_both_spellings() {
    let cases = [
        (
            json!({"httpProxy": "http://p:1"}),
            vec![
                ("HTTP_PROXY", "http://p:1"),
                ("HTTPS_PROXY", "http://p:1"),
                ("http_proxy", "http://p:1"),
                ("https_proxy", "http://p:1"),
            ],
        ),
        (
            json!({"httpProxy": "http://p:1", "httpsProxy": "http://s:2"}),
            vec![
                ("HTTP_PROXY", "http://p:1"),
                ("HTTPS_PROXY", "http://s:2"),
                ("http_proxy", "http://p:1"),
                ("https_proxy", "http://s:2"),
            ],
        ),
        (
            json!({"httpProxy": "http://p:1", "noProxy": ["localhost", "127.0.0.1", ".local", ".{namespace}.svc"]}),
            vec![
                ("HTTP_PROXY", "http://p:1"),
                ("HTTPS_PROXY", "http://p:1"),
                ("NO_PROXY", "localhost,127.0.0.1,.local,.team-a.svc"),
                ("http_proxy", "http://p:1"),
                ("https_proxy", "http://p:1"),
                ("no_proxy", "localhost,127.0.0.1,.local,.team-a.svc"),
            ],
        ),
    ];
    for (proxy, values) in cases {
        let (spec, record) = expanded(json!({"proxy": proxy}));
        assert_eq!(spec, json!({"containers": [{"name": "main", "env": variables(&values)}]}));
        assert_eq!(record, json!({"env": values.iter().map(|(name, _)| name).collect::<Vec<_>>()}));
    }
}

/// Ready-made parts and plain fields may be in one dependency, and its options apply to both.
#[test]
fn ready_made_parts_follow_the_options_of_the_dependency() {
    let dependency = json!({
        "vault": vault(),
        "proxy": {"httpProxy": "http://p:1"},
        "env": [{"name": "SECRETS", "value": "/var/run/secrets/nais.io/vault"}],
        "initContainers": [{"name": "check", "image": "check:1"}],
        "containers": ["main", "second"],
        "initContainersFirst": true,
        "onConflict": "Override",
    });
    let pod_spec = json!({
        "initContainers": [{"name": "init"}],
        "containers": [
            {"name": "wait"},
            {"name": "main", "env": [{"name": "http_proxy", "value": "mine"}, {"name": "MINE", "value": "1"}]},
            {"name": "second"},
        ],
    });
    let names = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(|it| Some(it["name"].as_str()?.to_owned())).collect()
    };
    for kind in Kind::ALL {
        let settings = kind.settings(json!({"dep": dependency}));
        let outcome = created(&kind.object(pod_spec.clone()), &settings);
        let spec = outcome.object.pointer(kind.pod_spec()).expect("a pod spec");
        assert_eq!(names(&spec["initContainers"]), ["check", "vks", "init"]);
        assert_eq!(spec["containers"][0], json!({"name": "wait"}));
        // In the order of the settings, from the place of the one that is replaced.
        let variables = ["SECRETS", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "MINE"];
        assert_eq!(names(&spec["containers"][1]["env"]), variables);
        assert_eq!(spec["containers"][1]["env"][3]["value"], "http://p:1");
        assert_eq!(names(&spec["containers"][2]["env"]), variables[..5]);
        assert_eq!(spec["containers"][2]["volumeMounts"], spec["containers"][1]["volumeMounts"]);
        assert_eq!(
            outcome.warnings,
            ["env http_proxy of container \"main\" was set already and is replaced by what dependency \"dep\" brings"]
        );
        if kind == Kind::Notebook {
            // What was overridden is managed, so it is removed with the rest.
            let none = kind.settings_for(json!({"dep": dependency}), &[]);
            let removed = updated(&outcome.object, &outcome.object, &none);
            let rest = with(&pod_spec, "/containers/1/env/0", None);
            assert_eq!(removed.object, kind.object(rest));
            assert_eq!(
                removed.warnings,
                [
                    "env http_proxy of container \"main\" goes with dependency \"dep\"; the user's own, which it replaced, is \
                     not restored"
                ]
            );
        }
    }
}

/// In every string value, and in no key; once; any other brace is a brace.
#[test]
fn placeholders_are_filled_in_once() {
    let cases = [
        ("{namespace}", "team-a"),
        ("{name}", "main"),
        ("/kv/{namespace}/{name}/{namespace}", "/kv/team-a/main/team-a"),
        ("{{namespace}}", "{team-a}"),
        ("{{{name}}}", "{{main}}"),
        ("{namespace", "{namespace"),
        ("namespace}", "namespace}"),
        ("{Namespace} {NAME} { name } {} {x} ${HOME} $(A)", "{Namespace} {NAME} { name } {} {x} ${HOME} $(A)"),
        ("{name{namespace}space}", "{nameteam-aspace}"),
        ("\"{name}\"\\\n\u{e6}\u{1f680}", "\"main\"\\\n\u{e6}\u{1f680}"),
        ("", ""),
    ];
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let affinity =
        |value: &str| json!({"podAffinity": {required: [{"topologyKey": "zone", "namespaces": ["a", value]}]}});
    for (written, expected) in cases {
        let (spec, _) = expanded(json!({
            "env": [{"name": "A", "value": written}],
            "volumes": [{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"{name}": written, "a": "{b}"}}}],
            "affinity": affinity(written),
        }));
        assert_eq!(
            spec,
            json!({
                "containers": [{"name": "main", "env": [{"name": "A", "value": expected}]}],
                "volumes": [{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"{name}": expected, "a": "{b}"}}}],
                "affinity": affinity(expected),
            }),
            "{written}"
        );
    }
}

/// The request's namespace counts, not the object's, and a replaced placeholder is not expanded again.
#[test]
fn the_namespace_is_that_of_the_request() {
    let env = json!({"env": [{"name": "A", "value": "{namespace}/{name}"}]});
    let settings = Kind::Notebook.settings(json!({"dep": env}));
    let object = Kind::Notebook.object(json!({"containers": [{"name": "main"}]}));
    let value = |request: Value| {
        let after = run(request, settings.clone()).object;
        after["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"].clone()
    };
    for namespace in [None, Some(Value::Null), Some(json!("")), Some(json!("team-b")), Some(json!("{name}"))] {
        assert_eq!(value(create(with(&object, "/metadata/namespace", namespace))), "team-a/main");
    }
    let other = with(&create(object.clone()), "/namespace", json!("team-b"));
    assert_eq!(value(other), "team-b/main");
    assert_eq!(value(with(&create(object.clone()), "/namespace", None)), "/main");
    let tricky = with(&create(object.clone()), "/object/metadata/name", json!("{namespace}\"{name}"));
    assert_eq!(value(tricky), "team-a/{namespace}\"{name}");
    // A name that the server has yet to generate is not known, and so a dependency that needs none is added alone.
    let generated = json!({"generateName": "main-", "namespace": "team-a"});
    for metadata in [with(&generated, "/name", json!("")), with(&generated, "/name", Value::Null), generated] {
        let nameless = with(&object, "/metadata", metadata);
        assert_eq!(
            refused(&nameless, &settings),
            "metadata.name: must be set, since dependency \"dep\" needs it: {name} stands for it, and a name that is \
             generated is not known yet"
        );
        let env = json!({"env": [{"name": "A", "value": "{namespace}"}]});
        let after = created(&nameless, &Kind::Notebook.settings(json!({"dep": env}))).object;
        assert_eq!(after["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"], "team-a");
    }
}

/// The values of one namespace are managed, and are replaced by those of another.
#[test]
fn a_copy_in_another_namespace() {
    let settings = Kind::PipelinePod.settings(json!({"vault": {"vault": vault()}}));
    let pod = Kind::PipelinePod.object(json!({"containers": [{"name": "main"}]}));
    let there = |object: &Value| run(with(&create(object.clone()), "/namespace", json!("team-b")), settings.clone());
    let copied = there(&created(&pod, &settings).object);
    assert_eq!(copied.object, there(&pod).object);
    assert_eq!(copied.object["spec"]["initContainers"][0]["env"][3]["value"], "team-b");
}
