//! Checking settings: every problem is reported on a line of its own, valid settings are accepted, and any bytes are
//! answered.

use std::fs;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::evaluator::{evaluate, project, run, settings_problem, test_data, validate_settings};

/// A row of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    settings: Value,
    problems: Vec<String>,
    /// Why a JSON Schema does not find the problem.
    #[serde(rename = "schema")]
    _schema: Option<String>,
}

fn table() -> Vec<Row> {
    serde_json::from_value(test_data("settings/wrong.yaml")).expect("the table can be read")
}

/// The secrets in the table.
const SECRETS: [&str; 3] = ["hunter2", "hunter3", "31415926"];

#[test]
fn problems_are_reported() {
    for Row { name, settings, problems, .. } in table() {
        assert_eq!(settings_problem(&settings).as_deref(), Some(&*problems.join("\n")), "{name}");
    }
}

#[test]
fn the_table_is_in_order() {
    let table = table();
    assert!(table.len() >= 130);
    for Row { name, problems, .. } in &table {
        assert!(problems.is_sorted_by_key(|problem| problem.split_once(": ").map(|(path, _)| path)), "{name}");
        assert_eq!(table.iter().filter(|row| row.name == *name).count(), 1, "{name}");
    }
}

#[test]
fn no_secret_is_shown() {
    let mut rows = 0;
    for Row { name, settings, .. } in table() {
        let text = settings.to_string();
        if SECRETS.iter().any(|secret| text.contains(secret)) {
            let problem = settings_problem(&settings).unwrap_or_else(|| panic!("{name}: accepted"));
            assert!(!SECRETS.iter().any(|secret| problem.contains(secret)), "{name}: {problem}");
            rows += 1;
        }
    }
    assert!(rows >= 10, "only {rows} rows have a secret in them");
}

/// A request with settings that were not checked is accepted, or refused with 422 (the object is at fault) or 500 (the
/// settings are).
#[test]
fn unchecked_settings_are_answered() {
    let requests =
        ["requests/notebook-create.json", "requests/notebook-update-image.json", "requests/pod-create-pipeline.json"]
            .map(test_data);
    for Row { name, settings, .. } in table() {
        for request in &requests {
            let outcome = evaluate(request.clone(), &settings);
            let message = outcome.message.unwrap_or_default();
            let is_answer = outcome.allowed || matches!(outcome.code, Some(422 | 500));
            // The host's messages for a guest that trapped, or whose answer cannot be read.
            let is_failure = message.contains("Guest call failure") || message.contains("internal server error");
            assert!(is_answer && !is_failure, "{name}: {:?} {message}", outcome.code);
            assert!(!SECRETS.iter().any(|secret| message.contains(secret)), "{name}: {message}");
        }
    }
}

#[test]
fn valid_settings_are_accepted() {
    let mut settings: Vec<(String, Value)> = ["settings.yaml", "settings-registry.yaml", "nais/settings.yaml"]
        .map(|path| (path.to_owned(), settings_in(test_data(path))))
        .into();
    for manifest in fs::read_dir(project().join("deploy")).expect("the folder is there") {
        let path = manifest.expect("a file").path();
        if path.is_dir() {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a text");
        // The policy is the first document of its file. A policy server has no settings.
        let policy: Value =
            text.split("\n---\n").next().and_then(|policy| yaml_serde::from_str(policy).ok()).expect(&text);
        if policy["kind"] != "PolicyServer" {
            settings.push((path.display().to_string(), settings_in(policy)));
        }
    }
    for (page, at_least) in
        [("README.md", 2), ("docs/coexistence.md", 3), ("docs/poddefaults.md", 1), ("docs/usage.md", 1)]
    {
        let text = fs::read_to_string(project().join(page)).expect(page);
        let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("\n```"));
        let documents = blocks.map(|(block, _)| (block, yaml_serde::from_str(block).expect(block)));
        let found: Vec<_> = documents
            .map(|(block, document)| (format!("{page}:\n{block}"), settings_in(document)))
            .filter(|(_, settings)| settings.get("dependencies").is_some())
            .collect();
        assert!(found.len() >= at_least, "{page} shows settings");
        settings.extend(found);
    }
    settings.push(("every field".to_owned(), everything()));
    settings
        .push(("nothing to add, something to retire".to_owned(), json!({"notebooks": null, "retired": ["registry"]})));
    let right = test_data("settings/right.yaml");
    let right = right.as_array().expect("a list");
    assert!(!right.is_empty());
    settings.extend(right.iter().map(|row| (row["name"].to_string(), row["settings"].clone())));
    for (name, settings) in settings {
        assert_eq!(settings_problem(&settings), None, "{name}");
    }
}

/// The settings in a document: those of a policy, or all of it.
fn settings_in(document: Value) -> Value {
    assert!(document.is_object(), "neither settings nor a policy: {document:#}");
    document.pointer("/spec/settings").cloned().unwrap_or(document)
}

/// Settings with something in every field.
fn everything() -> Value {
    let vault = json!({
        "image": "vks", "address": "https://vault", "authPath": "/a", "kvPath": "/k/{name}", "role": "r",
        "secretsPath": "/secrets", "resources": {"limits": {"memory": "64Mi"}}, "securityContext": {"runAsUser": 5},
        "volumeName": "{name}-secrets", "sizeLimit": "0",
        "env": [{"name": "VKS_LOG_LEVEL", "value": "debug"}, {"name": "A", "value": "again, in another container"}],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}, {"name": "{name}-secrets", "mountPath": "/secrets/below"}],
    });
    json!({
        "dependencies": {
            "all": {
                "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]},
                ]}}},
                "annotations": {"Nais.io/note": "any text: {namespace}/{name}"},
                "automountServiceAccountToken": false,
                "containers": ["main", "{name}", "istio-proxy"],
                "env": [
                    {"name": "A", "value": ""},
                    {"name": "B"},
                    {"name": "C", "value": null, "valueFrom": {"secretKeyRef": {"name": "{namespace}.s", "key": "k"}}},
                ],
                "envFrom": [{"prefix": "P_", "secretRef": {"name": "s"}}, {"configMapRef": {"name": "c", "optional": true}}],
                "hostAliases": [{"ip": "::1", "hostnames": ["db.local"]}, {"ip": "10.0.0.1"}],
                "imagePullSecrets": [{"name": "gpr.{namespace}"}],
                "initContainers": [{"name": "prepare", "image": "busybox", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
                "initContainersFirst": true,
                "labels": {"team": "{namespace}", "nais.io/empty": ""},
                "nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia"},
                "onConflict": "Override",
                "priorityClassName": "high",
                "runtimeClassName": "gvisor",
                "schedulerName": "default-scheduler",
                "securityContext": {"fsGroup": 100, "supplementalGroups": [1, 2]},
                "serviceAccountName": "{namespace}-{name}",
                "sidecars": [{
                    "name": "envoy-{name}",
                    "image": "envoy:{namespace}",
                    "ports": [{"containerPort": 80, "name": "http"}],
                    "livenessProbe": {"httpGet": {"port": "http"}, "periodSeconds": 5},
                    "startupProbe": {"tcpSocket": {"port": 80}},
                    "resources": {"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": "500m"}},
                    "volumeMounts": [{"name": "{name}-secrets", "mountPath": "/v", "subPath": "a/..b"}],
                }],
                "tolerations": [{"operator": "Exists"}, {"key": "gpu", "effect": "NoSchedule"}],
                "volumeMounts": [{"name": "v", "mountPath": "/v"}, {"name": "w", "mountPath": "/{name}/"}],
                "volumes": [{"name": "v"}, {"name": "w", "emptyDir": {"sizeLimit": "1Gi"}}],
                "vault": vault,
                "caBundle": {"jks": {"configMap": "ca", "key": "ca.jks"}, "pem": null},
                "proxy": {"httpProxy": "http://proxy", "httpsProxy": "https://proxy", "noProxy": []},
            },
            "bundle": {"caBundle": {
                "mount": "Directory",
                "pem": {"secret": "{namespace}.ca", "configMap": null, "key": "{name}.pem", "optional": true},
            }},
            // The same entry is no conflict, nor is another one in another container or in another list.
            "same": {"env": [{"value": "", "name": "A"}], "containers": "All", "labels": {"team": "{namespace}"}},
            "other-container": {"env": [{"name": "A", "value": "other"}], "containers": ["linkerd-proxy", "envoy-{name}"]},
            "other-list": {"env": [{"name": "A", "value": "other"}], "containers": "All",
                "initContainers": [{"name": "native", "image": "i", "restartPolicy": "Always"}]},
        },
        "notebooks": ["all", "bundle", "same", "other-container"],
        "pipelinePods": ["other-list"],
        "retired": ["earlier", "0"],
        "runningNotebooks": "Restart",
        "annotationDomain": "a.b",
    })
}

/// The message of the answer to any payload; `None` where it is valid settings.
#[track_caller]
fn message(name: &str, payload: &[u8]) -> Option<String> {
    let answer: Value =
        serde_json::from_slice(&validate_settings(payload)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let message = answer["message"].as_str().map(str::to_owned);
    assert_eq!(answer["valid"], message.is_none(), "{name}");
    message
}

/// `null` is as absent, both when settings are checked and when they are read.
#[test]
fn null_is_absent_in_a_dependency() {
    let plain = json!({"imagePullSecrets": [{"name": "gpr"}]});
    let settings = |dependency: &Value| json!({"dependencies": {"registry": dependency}, "notebooks": ["registry"]});
    let expected = run(test_data("requests/notebook-create.json"), settings(&plain)).object;
    let schema = test_data("../settings.schema.json");
    let members = schema["$defs"]["dependency"]["properties"].as_object().expect("the members of a dependency");
    assert!(members.len() >= 25, "{members:?}");
    for member in members.keys().filter(|member| *member != "imagePullSecrets") {
        let mut dependency = plain.clone();
        dependency[member] = Value::Null;
        let outcome = run(test_data("requests/notebook-create.json"), settings(&dependency));
        assert_eq!(outcome.object, expected, "{member}");
    }
}

/// Settings in which checking every variable against every container would be 25 million comparisons.
pub fn many_containers_and_variables() -> Value {
    let many = |of: fn(usize) -> Value| (0..5_000).map(of).collect::<Vec<_>>();
    let containers = many(|at| json!(format!("c-{at}")));
    let env = many(|at| json!({"name": format!("V_{at}"), "value": "x"}));
    json!({"dependencies": {"many": {"containers": containers, "env": env}}, "notebooks": ["many"]})
}

#[test]
fn many_containers_and_variables_are_accepted() {
    assert_eq!(settings_problem(&many_containers_and_variables()), None);
}

#[test]
fn bytes_that_are_no_settings_are_answered() {
    for (name, payload, message) in [
        ("nothing", &b""[..], "settings: not JSON at byte 0: expected a value"),
        (
            "null",
            b"null",
            "notebooks: is empty, as are pipelinePods, pods and retired: there is nothing to add or retire",
        ),
        ("a list", b"[]", "settings: must be an object, found a list"),
        ("a string", b"\"\"", "settings: must be an object, found a string"),
        ("a number", b"1e999", "settings: must be an object, found a number"),
        ("a boolean", b"true", "settings: must be an object, found a boolean"),
        ("half an object", b"{\"notebooks\": [", "settings: not JSON at byte 14: expected a value"),
        ("more than one", b"{} {}", "settings: not JSON at byte 3: expected the end of the text"),
        ("YAML", b"notebooks: []", "settings: not JSON at byte 0: expected a value"),
        ("no UTF-8", b"{\"notebooks\": [\"\xff\"]}", "settings: not UTF-8 at byte 16"),
        ("zeros", &[0; 1000], "settings: not JSON at byte 0: expected a value"),
    ] {
        assert_eq!(self::message(name, payload).as_deref(), Some(message), "{name}");
    }
}
