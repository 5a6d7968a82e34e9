//! The ready-made dependencies and the placeholders: what each expands to, exactly.

use serde_json::{Value, json};

use super::objects::{CA_FILES, CA_VARIABLES, Kind, create, created, refused, split_annotations, updated, with};
use crate::evaluator::{run, validate};

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

/// The volume may have another name and a limit; what the init container gets beside its own stands behind that, as it is
/// written, and in no other container.
#[test]
fn vault_takes_what_its_init_container_needs() {
    let having = |pointer: &str, value: Value| with(&vault(), pointer, value);
    let usual = "/var/run/secrets/nais.io/vault";
    let volume = json!({"name": "ca", "configMap": {"name": "ca"}});
    let spec_of = |vault: Value| expanded(json!({"vault": vault, "volumes": [volume]})).0;
    let expected = || {
        let mut spec = vault_spec(usual, json!({}));
        spec["volumes"].as_array_mut().expect("a list").insert(0, volume.clone());
        spec
    };

    for size_limit in [json!("16Mi"), json!(16_777_216)] {
        let mut spec = expected();
        spec["volumes"][1]["emptyDir"]["sizeLimit"] = size_limit.clone();
        assert_eq!(spec_of(having("/sizeLimit", size_limit)), spec);
    }

    for (written, name) in [("secrets", "secrets"), ("{namespace}-secrets", "team-a-secrets")] {
        let mut spec = expected();
        for pointer in ["/volumes/1/name", "/initContainers/0/volumeMounts/0/name", "/containers/0/volumeMounts/0/name"]
        {
            *spec.pointer_mut(pointer).expect(pointer) = json!(name);
        }
        assert_eq!(spec_of(having("/volumeName", json!(written))), spec);
    }

    let env = json!([
        {"name": "VAULT_CACERT", "value": "/ca/{namespace}\"\\.pem"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "token", "key": "token"}}},
    ]);
    let mut spec = expected();
    let variables = spec["initContainers"][0]["env"].as_array_mut().expect("a list");
    variables.push(json!({"name": "VAULT_CACERT", "value": "/ca/team-a\"\\.pem"}));
    variables.push(env[1].clone());
    assert_eq!(spec_of(having("/env", env)), spec);

    let mounts = json!([
        {"name": "ca", "mountPath": "/ca", "readOnly": true},
        {"name": "vault-secrets", "mountPath": "/again", "subPath": "a"},
    ]);
    let mut spec = expected();
    let all = spec["initContainers"][0]["volumeMounts"].as_array_mut().expect("a list");
    all.extend(mounts.as_array().expect("a list").clone());
    assert_eq!(spec_of(having("/volumeMounts", mounts)), spec);

    // Nothing, in whatever way it is written.
    for nothing in [json!([]), Value::Null] {
        let vault = with(&having("/env", nothing.clone()), "/volumeMounts", nothing);
        assert_eq!(spec_of(vault), expected());
    }
}

/// What is added to the init container is a part of it, and follows the settings.
#[test]
fn a_variable_of_the_init_container_of_vault_is_upgraded() {
    let settings = |value: &str| {
        let vault = with(&vault(), "/env", json!([{"name": "VAULT_CACERT", "value": value}]));
        Kind::Notebook.settings(json!({"dep": {"vault": vault}}))
    };
    let object = Kind::Notebook.object(json!({"containers": [{"name": "main"}]}));
    let stored = created(&object, &settings("/old")).object;
    let upgraded = updated(&stored, &stored, &settings("/new"));
    assert_eq!(upgraded.object, created(&object, &settings("/new")).object);
    assert_eq!(upgraded.warnings, [] as [&str; 0]);
}

#[test]
fn ca_bundle_brings_certificates() {
    let pem = || json!({"configMap": "certificates", "key": "ca.pem"});
    let jks = || json!({"configMap": "keystore", "key": "ca.jks"});
    let pem_mounts = CA_FILES.map(|path| json!({"name": "ca-bundle-pem", "mountPath": path, "subPath": "ca.pem"}));
    let jks_mount = json!({"name": "ca-bundle-jks", "mountPath": "/etc/ssl/certs/java/cacerts", "subPath": "ca.jks"});
    let pem_volume = json!({"name": "ca-bundle-pem", "configMap": {"name": "certificates"}});
    let jks_volume = json!({"name": "ca-bundle-jks", "configMap": {"name": "keystore"}});
    let env = variables(&CA_VARIABLES.map(|name| (name, BUNDLE)));

    let (spec, record) = expanded(json!({"caBundle": {"pem": pem()}}));
    let container = json!({"name": "main", "env": env, "volumeMounts": pem_mounts});
    assert_eq!(spec, json!({"containers": [container], "volumes": [pem_volume]}));
    assert_eq!(record["volumeMounts"], json!(CA_FILES));
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

/// A bundle is in a config map or in a secret, which may be missing.
#[test]
fn ca_bundle_is_from_a_config_map_or_a_secret() {
    let volume_of = |more: Value| {
        let mut pem = json!({"key": "ca.pem"});
        pem.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let plain = json!({"caBundle": {"pem": {"configMap": "certificates", "key": "ca.pem"}}});
        let (spec, _) = expanded(json!({"caBundle": {"pem": pem}}));
        // Where it is from makes no difference for the mounts and the variables.
        assert_eq!(spec["containers"], expanded(plain).0["containers"]);
        spec["volumes"].clone()
    };
    for (source, expected) in [
        (json!({"configMap": "c"}), json!({"configMap": {"name": "c"}})),
        (json!({"configMap": "c", "optional": true}), json!({"configMap": {"name": "c", "optional": true}})),
        (json!({"configMap": "c", "optional": false}), json!({"configMap": {"name": "c", "optional": false}})),
        (json!({"configMap": "c", "optional": null, "secret": null}), json!({"configMap": {"name": "c"}})),
        (json!({"secret": "s"}), json!({"secret": {"secretName": "s"}})),
        (json!({"secret": "s", "optional": true}), json!({"secret": {"secretName": "s", "optional": true}})),
        (json!({"secret": "{namespace}-ca"}), json!({"secret": {"secretName": "team-a-ca"}})),
    ] {
        assert_eq!(volume_of(source), json!([with(&expected, "/name", json!("ca-bundle-pem"))]));
    }
}

/// With `mount: Directory` each bundle is in a directory, alone, and the variables point into it.
#[test]
fn ca_bundle_may_be_a_directory_that_follows_a_change() {
    let pem = json!({"secret": "certificates", "key": "{namespace}.pem", "optional": true});
    let jks = json!({"configMap": "keystore", "key": "ca.jks"});
    let pem_volume = json!({"name": "ca-bundle-pem", "secret": {
        "secretName": "certificates",
        "optional": true,
        "items": [{"key": "team-a.pem", "path": "team-a.pem"}],
    }});
    let jks_volume = json!({"name": "ca-bundle-jks", "configMap": {
        "name": "keystore",
        "items": [{"key": "ca.jks", "path": "ca.jks"}],
    }});
    let pem_mount = json!({"name": "ca-bundle-pem", "mountPath": "/etc/platform-ca/pem"});
    let jks_mount = json!({"name": "ca-bundle-jks", "mountPath": "/etc/platform-ca/jks"});
    let env = variables(&CA_VARIABLES.map(|name| (name, "/etc/platform-ca/pem/team-a.pem")));

    let (spec, record) = expanded(json!({"caBundle": {"mount": "Directory", "pem": pem, "jks": jks}}));
    let container = json!({"name": "main", "env": env, "volumeMounts": [pem_mount, jks_mount]});
    assert_eq!(spec, json!({"containers": [container], "volumes": [pem_volume, jks_volume]}));
    assert_eq!(record["volumeMounts"], json!(["/etc/platform-ca/pem", "/etc/platform-ca/jks"]));

    // Nothing is for Java but the file.
    let (spec, _) = expanded(json!({"caBundle": {"mount": "Directory", "jks": jks}}));
    let container = json!({"name": "main", "volumeMounts": [jks_mount]});
    assert_eq!(spec, json!({"containers": [container], "volumes": [jks_volume]}));

    // `Files` is what there is without.
    let plain = json!({"caBundle": {"pem": pem, "jks": jks}});
    let files = with(&plain, "/caBundle/mount", json!("Files"));
    assert_eq!(expanded(files), expanded(plain));
}

/// A key is spelt in JSON, where a letter may be an escape.
#[test]
fn the_key_of_a_bundle_may_have_escapes() {
    let request = create(Kind::Notebook.object(json!({"containers": [{"name": "main"}]})));
    for (key, escaped, path) in [
        ("ca.pem", r"c\u0061.pem", "/etc/platform-ca/pem/ca.pem"),
        ("ca-{namespace}.pem", r"c\u0061-{n\u0061mespace}.pem", "/etc/platform-ca/pem/ca-team-a.pem"),
    ] {
        let bundle = json!({"mount": "Directory", "pem": {"configMap": "c", "key": key}});
        let settings = Kind::Notebook.settings(json!({"dep": {"caBundle": bundle}}));
        let payload = json!({"request": request, "settings": settings}).to_string();
        let mutated = |payload: &str| -> Value {
            let answer: Value = serde_json::from_slice(&validate(payload.as_bytes())).expect("JSON");
            answer["mutated_object"]["spec"].clone()
        };
        let spelt = payload.replace(&format!("\"{key}\""), &format!("\"{escaped}\""));
        assert_ne!(payload, spelt);
        assert_eq!(mutated(&spelt), mutated(&payload));
        let env = &mutated(&spelt)["template"]["spec"]["containers"][0]["env"];
        assert_eq!(env[0], json!({"name": "SSL_CERT_FILE", "value": path}));
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
                    "env http_proxy of container \"main\" is removed with dependency \"dep\"; the user's own is not restored"
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
    let command = |value: &str| json!(["a", value]);
    for (written, expected) in cases {
        let (spec, _) = expanded(json!({
            "env": [{"name": "A", "value": written}],
            "volumes": [{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"{name}": written, "a": "{b}"}}}],
            "command": command(written),
        }));
        assert_eq!(
            spec,
            json!({
                "containers": [{"name": "main", "env": [{"name": "A", "value": expected}], "command": command(expected)}],
                "volumes": [{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"{name}": expected, "a": "{b}"}}}],
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
            "metadata.name: must be set, since dependency \"dep\" uses {name}, and a generated name is not known yet"
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
