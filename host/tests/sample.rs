//! The sample cluster: the same one in each run, written as kubectl writes, with a share of all that clusters have.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
    sync::OnceLock,
};

use policy_host::{
    event::Event,
    sample::{Format, Size, write},
    testing::{module_path, policy, project, settings_problem, test_data},
    yaml,
};
use serde_json::{Value, json};

fn export(size: Size, format: Format) -> String {
    let mut bytes = Vec::new();
    write(policy(), size, format, &mut bytes).expect("it is written");
    String::from_utf8(bytes).expect("it is text")
}

/// The cluster that is the default.
fn cluster() -> &'static [Value] {
    static CLUSTER: OnceLock<Vec<Value>> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let text = export(Size { notebooks: 400, pods: 200, seed: 1 }, Format::Json);
        let mut list: Value = serde_json::from_str(&text).expect("it is JSON");
        serde_json::from_value(list["items"].take()).expect("it has items")
    })
}

fn text<'v>(object: &'v Value, path: &str) -> &'v str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn annotation<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object["metadata"]["annotations"][name].as_str()
}

#[test]
fn a_seed_is_a_cluster() {
    let size = Size { notebooks: 70, pods: 70, seed: 7 };
    let first = export(size, Format::Yaml);
    assert!(first == export(size, Format::Yaml), "two runs differ");
    assert!(first != export(Size { seed: 8, ..size }, Format::Yaml), "two seeds give the same");
}

#[test]
fn both_formats_say_the_same() {
    for (notebooks, pods) in [(0, 0), (1, 0), (0, 1), (30, 30)] {
        let size = Size { notebooks, pods, seed: 3 };
        let read = yaml::value(&export(size, Format::Yaml)).expect("it is YAML");
        let json: Value = serde_json::from_str(&export(size, Format::Json)).expect("it is JSON");
        assert_eq!(read, json);
        let list = json!({
            "apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": json["items"],
        });
        assert_eq!((&json, json["items"].as_array().map(Vec::len)), (&list, Some((notebooks + pods) as usize)));
    }
}

#[test]
fn the_list_is_indented_as_by_kubectl() {
    let size = Size { notebooks: 2, pods: 0, seed: 1 };
    let text = export(size, Format::Yaml);
    assert!(text.starts_with("apiVersion: v1\nitems:\n- apiVersion: kubeflow.org/v1\n  kind: Notebook\n"), "{text}");
    assert!(text.contains("\n- apiVersion: kubeflow.org/v1\n"), "{text}");
    assert!(text.ends_with("\nkind: List\nmetadata:\n  resourceVersion: \"\"\n"), "{text}");
    let list: Value = serde_json::from_str(&export(size, Format::Json)).expect("it is JSON");
    let mut whole = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    serde::Serialize::serialize(&list, &mut serde_json::Serializer::with_formatter(&mut whole, indent)).expect("JSON");
    assert_eq!(export(size, Format::Json), String::from_utf8_lossy(&whole) + "\n");
}

#[test]
fn kinds_and_namespaces() {
    let mut kinds = BTreeMap::new();
    let mut namespaces = BTreeSet::new();
    let mut keys = Vec::new();
    for object in cluster() {
        *kinds.entry(text(object, "/kind")).or_insert(0) += 1;
        let (kind, namespace) = (text(object, "/kind"), text(object, "/metadata/namespace"));
        namespaces.insert(namespace);
        keys.push((kind, namespace, text(object, "/metadata/name")));
    }
    assert_eq!(kinds, BTreeMap::from([("Notebook", 400), ("Pod", 200)]));
    assert_eq!(namespaces.len(), 60);
    assert!(keys.is_sorted(), "kubectl lists by namespace and name");
    keys.dedup();
    assert_eq!(keys.len(), 600, "a name is there twice");
}

/// What the server, the controllers and the policy write is on every object.
#[test]
fn objects_are_as_they_are_stored() {
    let mut uids = BTreeSet::new();
    for object in cluster() {
        let metadata = &object["metadata"];
        for member in ["creationTimestamp", "name", "namespace", "resourceVersion", "uid"] {
            assert!(metadata[member].is_string(), "{member}: {object:#}");
        }
        assert!(uids.insert(text(object, "/metadata/uid")), "a UID is there twice");
        let managers = metadata["managedFields"].as_array().map_or(0, Vec::len);
        assert!(managers >= 2 && object["status"].is_object(), "{object:#}");
        assert_eq!(nulls(object, ""), [] as [String; 0]);
    }
}

/// Where `null` stands, which the server does not store; but for one member, which its type does not omit.
fn nulls(value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Null if !path.ends_with("/lastProbeTime") => vec![path.to_owned()],
        Value::Array(items) => items.iter().flat_map(|item| nulls(item, &format!("{path}/-"))).collect(),
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| nulls(value, &format!("{path}/{name}"))).collect()
        }
        _ => Vec::new(),
    }
}

const RECORD: &str = "mutatingflow.nais.io/injected";
const STATUS: &str = "mutatingflow.nais.io/status";
const PENDING: &str = "mutatingflow.nais.io/update-pending";

type Is = fn(&Value) -> bool;

/// So many at least are there of each variety, and not all are of it.
#[test]
fn a_share_of_each_variety() {
    let spec = |object: &Value| object.pointer("/spec/template/spec").unwrap_or(&object["spec"]).to_string();
    let notebooks: [(&str, usize, Is); 20] = [
        ("stopped", 80, |it| annotation(it, "kubeflow-resource-stopped").is_some()),
        ("never touched", 20, |it| annotation(it, STATUS).is_none() && annotation(it, PENDING).is_none()),
        ("of the old webhook", 60, |it| annotation(it, STATUS).is_some() && annotation(it, RECORD).is_none()),
        ("with a record", 160, |it| annotation(it, RECORD).is_some()),
        ("waiting", 40, |it| annotation(it, PENDING).is_some()),
        ("waiting, with older settings", 20, |it| {
            annotation(it, PENDING).is_some() && annotation(it, RECORD).is_some()
        }),
        ("of the web app's other kinds", 60, |it| annotation(it, "notebooks.kubeflow.org/http-rewrite-uri").is_some()),
        ("of kubectl", 25, |it| annotation(it, "kubectl.kubernetes.io/last-applied-configuration").is_some()),
        ("of Open Data Hub", 15, |it| annotation(it, "opendatahub.io/username").is_some()),
        ("beside a mesh", 20, |it| it["metadata"]["annotations"].to_string().contains("sidecar.istio.io/")),
        ("with the label of a PodDefault", 100, |it| it["metadata"]["labels"]["access-ml-pipeline"] == "true"),
        ("with a GPU", 25, |it| it["metadata"]["labels"]["use-gpu"] == "true"),
        ("being deleted", 1, |it| it["metadata"].get("deletionTimestamp").is_some()),
        ("not ready", 4, |it| it["status"]["containerState"].get("waiting").is_some()),
        ("with several containers", 25, |it| it.pointer("/spec/template/spec/containers/1").is_some()),
        ("with a data volume", 25, |it| it["spec"].to_string().contains("-datavol-1")),
        ("with a pull secret", 200, |it| it.pointer("/spec/template/spec/imagePullSecrets").is_some()),
        ("with an image by digest", 5, |it| text(it, "/spec/template/spec/containers/0/image").contains("@sha256:")),
        ("with a volume called like ours", 5, |it| it["spec"].to_string().contains("\"corporate-ca\"")),
        ("with a variable like ours", 5, |it| it["spec"].to_string().contains("corporate.pem")),
    ];
    check("Notebook", &notebooks);

    let pods: [(&str, usize, Is); 10] = [
        ("of a notebook", 50, |it| text(it, "/metadata/ownerReferences/0/kind") == "StatefulSet"),
        ("of a pipeline", 50, |it| annotation(it, "workflows.argoproj.io/node-name").is_some()),
        ("of Kubeflow Pipelines", 30, |it| it["metadata"]["labels"].get("pipeline/runid").is_some()),
        ("of something else", 15, |it| matches!(text(it, "/metadata/ownerReferences/0/kind"), "Job" | "ReplicaSet")),
        ("completed", 30, |it| it["status"]["phase"] == "Succeeded"),
        ("failed", 3, |it| it["status"]["phase"] == "Failed"),
        ("running", 60, |it| it["status"]["phase"] == "Running"),
        ("in a mesh", 60, |it| it["spec"].to_string().contains("istio-proxy")),
        ("with a record", 50, |it| annotation(it, RECORD).is_some()),
        ("with a container called like ours", 2, |it| it["spec"].to_string().contains("tools/vks:12")),
    ];
    check("Pod", &pods);

    for (proxy, at_least) in [("proxy-2023.nais", 60), ("webproxy.nais", 50), ("proxy.example.org", 25)] {
        let found = cluster().iter().filter(|it| it["kind"] == "Notebook" && spec(it).contains(proxy)).count();
        assert!(found >= at_least, "only {found} notebooks have {proxy}");
    }
}

#[test]
fn its_page_counts_right() {
    let page = fs::read_to_string(project().join("test_data/cluster/README.md")).expect("the page is there");
    let rows: [(&str, Is); 5] = [
        ("stopped", |it| annotation(it, "kubeflow-resource-stopped").is_some()),
        ("with a record of the policy", |it| annotation(it, RECORD).is_some()),
        ("with `update-pending`", |it| annotation(it, PENDING).is_some()),
        ("of the webhook, which kept no record", |it| {
            annotation(it, STATUS).is_some() && annotation(it, RECORD).is_none()
        }),
        ("without a mark of either", |it| annotation(it, STATUS).is_none() && annotation(it, PENDING).is_none()),
    ];
    for (words, is) in rows {
        let row =
            format!("| {words} | {} |\n", cluster().iter().filter(|it| it["kind"] == "Notebook" && is(it)).count());
        assert!(page.contains(&row), "{row}");
    }
}

fn check(kind: &str, varieties: &[(&str, usize, Is)]) {
    let all: Vec<_> = cluster().iter().filter(|object| object["kind"] == kind).collect();
    for (variety, at_least, is) in varieties {
        let found = all.iter().filter(|object| is(object)).count();
        assert!((*at_least..all.len()).contains(&found), "{found} objects of kind {kind} are {variety}");
    }
}

/// The upgrade meets all that an upgrade can meet.
#[test]
fn there_is_something_to_say_about_the_upgrade() {
    let settings = test_data("cluster/new.yaml");
    assert_eq!(settings_problem(&settings), None);
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for object in cluster() {
        let is_pod = object["kind"] == "Pod";
        for event in if is_pod { &[Event::Create][..] } else { &[Event::Touch, Event::Create] } {
            let request = event.request(object).expect("it is a manifest");
            let response = policy().validate(&request, &settings);
            let warnings = response.warnings.unwrap_or_default();
            let is_said = |words: &str| warnings.iter().any(|warning| warning.contains(words));
            let what = match event {
                Event::Create if is_pod && !response.allowed => "a pod is refused",
                Event::Create if is_pod && response.patch.is_some() => "a pod gets something",
                Event::Create if is_pod => "a pod is passed over",
                Event::Create if !response.allowed => "a notebook is refused",
                Event::Create => "a notebook is created",
                _ if is_said("is set already") => "a conflict waits",
                _ if is_said("stop and start the notebook") => "a notebook waits",
                _ => "a notebook is stopped, or has all",
            };
            *found.entry(what).or_default() += 1;
        }
    }
    let expected = [
        ("a conflict waits", 8),
        ("a notebook is created", 300),
        ("a notebook is refused", 30),
        ("a notebook is stopped, or has all", 60),
        ("a notebook waits", 200),
        ("a pod gets something", 40),
        ("a pod is passed over", 60),
        ("a pod is refused", 10),
    ];
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), expected.map(|(what, _)| what));
    assert!(expected.iter().all(|(what, at_least)| found[what] >= *at_least), "{found:?}");
}

#[test]
fn the_command_prints_it() {
    let policy = module_path();
    let run = |policy: &str, output: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_sample-cluster"))
            .args(["--notebooks", "5", "--pods", "5", "--seed", "9", "--output", output, "--policy", policy])
            .output()
            .expect("the command starts");
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.code(), stdout, stderr)
    };
    let size = Size { notebooks: 5, pods: 5, seed: 9 };
    for (name, format) in [("yaml", Format::Yaml), ("json", Format::Json)] {
        let expected = (Some(0), export(size, format), String::new());
        assert_eq!(run(&policy.to_string_lossy(), name), expected);
    }
    let (code, _, errors) = run("nowhere.wasm", "yaml");
    assert_eq!(code, Some(1));
    assert!(errors.starts_with("Error: cannot read the policy nowhere.wasm: "), "{errors}");
}
