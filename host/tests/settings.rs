//! Checking settings, on the real module: what is wrong is said, each problem on its line; what is right is accepted; and
//! whatever the bytes are, there is an answer, in bounded memory.

use std::{fs, path::Path};

use mutatingflow::settings::words::DEPENDENCY;
use policy_host::{
    AdmissionRequest, SettingsValidationResponse, settings_of,
    testing::{meter, policy, run, settings_problem, test_data},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// A row of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    settings: Value,
    problems: Vec<String>,
    /// Why a JSON Schema does not see it.
    #[serde(rename = "schema")]
    _schema: Option<String>,
}

fn table() -> Vec<Row> {
    serde_json::from_value(test_data("settings/wrong.yaml")).expect("the table can be read")
}

/// What stands for a secret in the table.
const SECRETS: [&str; 3] = ["hunter2", "hunter3", "31415926"];

#[test]
fn what_is_wrong_is_said() {
    for Row { name, settings, problems, .. } in table() {
        assert_eq!(settings_problem(&settings).as_deref(), Some(&*problems.join("\n")), "{name}");
    }
}

#[test]
fn the_table_is_in_order() {
    let table = table();
    assert!(table.len() >= 60);
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

/// A request with settings that nobody checked is accepted or refused, with a code that says who is to blame.
#[test]
fn unchecked_settings_are_no_reason_to_trap() {
    let requests =
        ["requests/notebook-create.json", "requests/notebook-update-image.json", "requests/pod-create-pipeline.json"]
            .map(|request| AdmissionRequest::from_json(test_data(request)).expect("the request is one"));
    for Row { name, settings, .. } in table() {
        for request in &requests {
            let response = policy().validate(request, &settings);
            let status = response.status.unwrap_or_default();
            let message = status.message.unwrap_or_default();
            let is_answer = response.allowed || matches!(status.code, Some(422 | 500));
            // What the host says of a guest that trapped, or answered with something else than an answer.
            let is_failure = message.contains("Guest call failure") || message.contains("internal server error");
            assert!(is_answer && !is_failure, "{name}: {:?} {message}", status.code);
            assert!(!SECRETS.iter().any(|secret| message.contains(secret)), "{name}: {message}");
        }
    }
}

#[test]
fn what_is_right_is_accepted() {
    let mut settings: Vec<(String, Value)> =
        ["settings.yaml", "settings-registry.yaml", "nais/settings.yaml", "../deploy/cluster-admission-policy.yaml"]
            .map(|path| (path.to_owned(), settings_of(test_data(path)).expect(path)))
            .into();
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("README.md")).expect("README.md");
    for block in readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("\n```")).map(|(block, _)| block) {
        let document: Value = yaml_serde::from_str(block).expect(block);
        let found = settings_of(document).expect(block);
        if found.get("dependencies").is_some() {
            settings.push((format!("README.md:\n{block}"), found));
        }
    }
    assert!(settings.len() >= 6, "README.md shows settings, by themselves and in a policy");
    settings.push(("every field".to_owned(), everything()));
    for (name, settings) in settings {
        assert_eq!(settings_problem(&settings), None, "{name}");
    }
}

/// Settings with something in every field.
fn everything() -> Value {
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
                    "volumeMounts": [{"name": "vault-secrets", "mountPath": "/v", "subPath": "a/..b"}],
                }],
                "tolerations": [{"operator": "Exists"}, {"key": "gpu", "effect": "NoSchedule"}],
                "volumeMounts": [{"name": "v", "mountPath": "/v"}, {"name": "w", "mountPath": "/{name}/"}],
                "volumes": [{"name": "v"}, {"name": "w", "emptyDir": {"sizeLimit": "1Gi"}}],
                "vault": {
                    "image": "vks", "address": "https://vault", "authPath": "/a", "kvPath": "/k/{name}", "role": "r",
                    "secretsPath": "/secrets", "resources": {"limits": {"memory": "64Mi"}}, "securityContext": {"runAsUser": 5},
                },
                "caBundle": {"jks": {"configMap": "ca", "key": "ca.jks"}, "pem": null},
                "proxy": {"httpProxy": "http://proxy", "httpsProxy": "https://proxy", "noProxy": []},
            },
            // The very same entry is no contradiction, and neither is another in another container or another list.
            "same": {"env": [{"value": "", "name": "A"}], "containers": "All", "labels": {"team": "{namespace}"}},
            "other-container": {"env": [{"name": "A", "value": "other"}], "containers": ["wait", "envoy-{name}"]},
            "other-list": {"env": [{"name": "A", "value": "other"}], "containers": "All",
                "initContainers": [{"name": "native", "image": "i", "restartPolicy": "Always"}]},
        },
        "notebooks": ["all", "same", "other-container"],
        "pipelinePods": ["other-list"],
        "runningNotebooks": "Restart",
        "annotationDomain": "a.b",
    })
}

/// What the policy answers to any bytes at all, and how much memory it took.
#[track_caller]
fn answer(name: &str, payload: &[u8]) -> (SettingsValidationResponse, u64) {
    let measured = meter().call("validate_settings", payload).expect("the module starts");
    let bytes = measured.answer.unwrap_or_else(|error| panic!("{name}: {error}"));
    let answer: SettingsValidationResponse =
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(answer.valid, answer.message.is_none(), "{name}");
    (answer, measured.memory)
}

/// `null` is left out: what is checked so is also read so.
#[test]
fn null_is_left_out_in_a_dependency() {
    let plain = json!({"imagePullSecrets": [{"name": "gpr"}]});
    let settings = |dependency: &Value| json!({"dependencies": {"registry": dependency}, "notebooks": ["registry"]});
    let expected = run(test_data("requests/notebook-create.json"), settings(&plain)).object;
    for member in DEPENDENCY.members.iter().filter(|member| member.name != "imagePullSecrets") {
        let mut dependency = plain.clone();
        dependency[member.name] = Value::Null;
        let outcome = run(test_data("requests/notebook-create.json"), settings(&dependency));
        assert_eq!(outcome.object, expected, "{}", member.name);
    }
}

/// Many containers and many variables are not looked at pair by pair: that would be 25 million of them.
#[test]
fn many_containers_and_variables_are_checked_in_bounded_memory() {
    let many = |of: fn(usize) -> Value| (0..5_000).map(of).collect::<Vec<_>>();
    let containers = many(|at| json!(format!("c-{at}")));
    let env = many(|at| json!({"name": format!("V_{at}"), "value": "x"}));
    let settings = json!({"dependencies": {"many": {"containers": containers, "env": env}}, "notebooks": ["many"]});
    let payload = settings.to_string();
    let (checked, memory) = answer("many", payload.as_bytes());
    assert_eq!(checked.message, None);
    assert!(memory < 8 << 20, "{memory} bytes for {}", payload.len());
}

#[test]
fn bytes_that_are_no_settings() {
    for (name, payload, message) in [
        ("nothing", &b""[..], "settings: not JSON at byte 0: expected a value"),
        ("null", b"null", "notebooks: must list a dependency, or pipelinePods must: there is nothing to add"),
        ("a list", b"[]", "settings: must be an object, found a list"),
        ("a string", b"\"\"", "settings: must be an object, found a string"),
        ("a number", b"1e999", "settings: must be an object, found a number"),
        ("a boolean", b"true", "settings: must be an object, found a boolean"),
        ("half an object", b"{\"notebooks\": [", "settings: not JSON at byte 14: expected a value"),
        ("more than one", b"{} {}", "settings: not JSON at byte 3: expected the end of the text"),
        ("YAML", b"notebooks: []", "settings: not JSON at byte 0: expected a value"),
        ("no UTF-8", b"{\"notebooks\": [\"\xff\"]}", "settings: must be UTF-8, found another byte at 16"),
        ("zeros", &[0; 1000], "settings: not JSON at byte 0: expected a value"),
    ] {
        assert_eq!(answer(name, payload).0.message.as_deref(), Some(message), "{name}");
    }
}
