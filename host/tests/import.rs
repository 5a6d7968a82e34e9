//! `policy-host import poddefaults`: PodDefaults in, settings out that the policy accepts and that do the same.

mod common;

use std::fs;

use common::{Printed, Workdir};
use policy_host::{
    Operation, document,
    poddefaults::{self, Import},
    request_for,
    testing::{module_path, policy, project, run, settings_problem, test_data},
    yaml,
};
use serde_json::{Map, Value, json};

/// Runs the command on the module under test.
fn import(workdir: &Workdir, input: &str, exports: &[&str]) -> Printed {
    let module = module_path();
    let policy = ["--policy", module.to_str().expect("the path of the module is text")];
    workdir.policy_host_reading(input, &[&["import", "poddefaults"], exports, &policy].concat())
}

fn data(name: &str) -> String {
    project().join("test_data/poddefaults").join(name).to_str().expect("a path of the project is text").to_owned()
}

/// YAML as its value and its comments: how it is spelt is no matter.
fn value_and_comments(yaml: &str) -> (Value, Vec<&str>) {
    let value = yaml::value(yaml).unwrap_or_else(|error| panic!("{error:?}: {yaml}"));
    (value, yaml.lines().map(str::trim).filter(|line| line.starts_with('#')).collect())
}

/// The settings that come of one text, and what was made of it: without the command, which would load the module anew.
fn made_of(name: &str, manifests: &str) -> (Value, Import) {
    let workdir = Workdir::new(&format!("import-{name}")).with("manifests.yaml", manifests);
    let made = poddefaults::import(&[workdir.path("manifests.yaml")], policy()).expect("they are read");
    (yaml::value(&made.settings).expect("the settings are YAML"), made)
}

#[test]
fn what_public_kinds_of_poddefaults_become() {
    for (export, name) in [("manifests", "manifests"), ("export.yaml", "export")] {
        let printed = import(&Workdir::new(&format!("import-data-{name}")), "", &[&data(export)]);
        let expected = |kind: &str| fs::read_to_string(data(&format!("{name}.{kind}"))).expect("it is there");
        let [settings, notes] = ["settings.yaml", "notes.txt"].map(expected);
        assert_eq!(printed.code, Some(0), "{export}");
        assert_eq!(value_and_comments(&printed.stdout), value_and_comments(&settings), "{export}\n{}", printed.stdout);
        assert_eq!(printed.stderr, notes, "{export}");
        assert_eq!(settings_problem(&value_and_comments(&settings).0), None, "{export}");
    }
}

/// A Notebook as the web app posts it, with a container of the user's beside, in a namespace and with labels.
fn notebook(namespace: &str, labels: &[&str]) -> Value {
    let mut notebook = test_data("notebook.yaml");
    notebook["metadata"]["namespace"] = namespace.into();
    notebook["metadata"]["labels"] = labels.iter().map(|label| ((*label).to_owned(), json!("true"))).collect();
    let beside =
        json!({"name": "beside", "image": "registry.example.org/beside:1", "command": ["serve"], "args": ["all"]});
    notebook["spec"]["template"]["spec"]["containers"].as_array_mut().expect("a list").push(beside);
    notebook
}

/// What Kubeflow's webhook makes of a pod: what is there stays, what is new goes behind it. Sidecars come when everything is
/// in the containers.
fn webhook(metadata: &mut Value, pod: &mut Value, specs: &[&Map<String, Value>]) {
    for spec in specs {
        for field in ["labels", "annotations"] {
            let added = spec.get(field).and_then(Value::as_object).cloned().unwrap_or_default();
            merged(metadata, field, &json!({})).as_object_mut().expect("an object").extend(added);
        }
        for field in ["volumes", "tolerations", "imagePullSecrets", "initContainers"] {
            append(pod, field, spec.get(field));
        }
        for field in ["serviceAccountName", "automountServiceAccountToken"] {
            if let Some(value) = spec.get(field) {
                pod[field] = value.clone();
            }
        }
        for container in pod["containers"].as_array_mut().expect("a list") {
            for field in ["env", "envFrom", "volumeMounts"] {
                append(container, field, spec.get(field));
            }
            for field in ["command", "args"] {
                if let Some(value) = spec.get(field).filter(|_| container.get(field).is_none()) {
                    container[field] = value.clone();
                }
            }
        }
    }
    specs.iter().for_each(|spec| append(pod, "containers", spec.get("sidecars")));
}

fn merged<'a>(object: &'a mut Value, field: &str, empty: &Value) -> &'a mut Value {
    let members = object.as_object_mut().expect("an object");
    members.entry(field).or_insert_with(|| empty.clone())
}

fn append(object: &mut Value, field: &str, added: Option<&Value>) {
    if let Some(added) = added {
        merged(object, field, &json!([]))
            .as_array_mut()
            .expect("a list")
            .extend(added.as_array().expect("a list").clone());
    }
}

/// What the policy makes of a Notebook is, but for its record, what the webhook would have made of its pod.
fn assert_same(notebook: &Value, settings: &Value, specs: &[&Map<String, Value>]) {
    let labels = &notebook["metadata"]["labels"];
    let (mut metadata, mut pod) = (notebook["metadata"].clone(), notebook["spec"]["template"]["spec"].clone());
    webhook(&mut metadata, &mut pod, specs);
    let request = request_for(notebook.clone(), Operation::Create, None).expect("a request");
    let outcome = run(serde_json::to_value(request).expect("JSON"), settings.clone());
    assert!(outcome.allowed, "{labels}: {:?}", outcome.message);
    let mut object = outcome.object;
    let annotations = object["metadata"]["annotations"].as_object_mut().expect("annotations");
    annotations.retain(|key, _| !key.starts_with("mutatingflow.nais.io/"));
    assert_eq!(object["spec"]["template"]["spec"], pod, "{labels}");
    for field in ["labels", "annotations"] {
        assert_eq!(object["metadata"][field], metadata[field], "{labels}");
    }
}

/// A PodDefault's name and `spec`.
fn spec_of(object: &Value) -> Option<(String, Map<String, Value>)> {
    let is_it = object["kind"] == "PodDefault" && object["apiVersion"] == "kubeflow.org/v1alpha1";
    let name = object["metadata"]["name"].as_str()?.to_owned();
    is_it.then(|| Some((name, object["spec"].as_object()?.clone())))?
}

fn label_of(spec: &Map<String, Value>) -> Option<&str> {
    spec["selector"]["matchLabels"].as_object()?.keys().next().map(String::as_str)
}

#[test]
fn a_notebook_gets_what_the_webhook_would_have_added() {
    let folder = fs::read_dir(data("manifests")).expect("the folder is there");
    let mut files: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let documents = files.iter().flat_map(|path| document::read_all(path).expect("YAML"));
    let mut specs: Vec<_> = documents.filter_map(|object| spec_of(&object)).collect();
    specs.sort_by(|(one, _), (other, _)| one.cmp(other));
    // What is said not to be carried.
    for (name, field, index) in [("shared-data", "volumeMounts", 1), ("dask", "env", 1)] {
        let (_, spec) = specs.iter_mut().find(|(known, _)| known == name).expect(name);
        spec[field].as_array_mut().expect(name).remove(index);
    }
    let settings: Value =
        yaml::value(&fs::read_to_string(data("manifests.settings.yaml")).expect("it is there")).expect("YAML");

    for (name, spec) in &specs {
        assert_same(&notebook("team-a", &[label_of(spec).unwrap_or(name)]), &settings, &[spec]);
    }
    // The webhook would refuse a pod with both buckets. Of the accounts, the last one wins.
    let together: Vec<_> = specs.iter().filter(|(name, _)| name != "buckets-archive").collect();
    let labels: Vec<_> = together.iter().map(|(name, spec)| label_of(spec).unwrap_or(name)).collect();
    let together: Vec<_> = together.iter().map(|(_, spec)| spec).collect();
    assert!(together.len() > 10);
    assert_same(&notebook("team-a", &labels), &settings, &together);
    assert_same(&notebook("team-a", &["other"]), &settings, &[]);
}

#[test]
fn each_namespace_gets_its_own() {
    let export = test_data("poddefaults/export.yaml");
    let settings: Value =
        yaml::value(&fs::read_to_string(data("export.settings.yaml")).expect("it is there")).expect("YAML");
    let mut compared = 0;
    for object in export["items"].as_array().expect("a list") {
        let namespace = object["metadata"]["namespace"].as_str().expect("a namespace");
        let Some((name, spec)) = spec_of(object) else { continue };
        // Those that differ in another way than by their namespace reach all of them, and are said to.
        if name == "gpu-nodes" || (&*name, namespace) == ("mlflow", "search") {
            continue;
        }
        assert_same(&notebook(namespace, &[label_of(&spec).expect("a label")]), &settings, &[&spec]);
        compared += 1;
    }
    assert_eq!(compared, 14);
}

const ONE: &str = "
apiVersion: kubeflow.org/v1alpha1
kind: PodDefault
metadata: {name: one, namespace: team-a}
spec: {selector: {matchLabels: {one: 'true'}}, env: [{name: A, value: a}]}
";

/// A PodDefault in YAML.
fn pod_default(name: &str, spec: &str) -> String {
    format!("---\napiVersion: kubeflow.org/v1alpha1\nkind: PodDefault\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

#[test]
fn where_poddefaults_are_read_from() {
    let one: Value = yaml::value(ONE).expect("YAML");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [one]});
    let workdir = Workdir::new("import-read")
        .with("one.yaml", ONE)
        .with("one.json", one.to_string())
        .with("several.yaml", format!("# first\n---\nkind: Secret\napiVersion: v1\n---{ONE}---\n"))
        .with("list.json", list.to_string());
    fs::create_dir_all(workdir.path("folder/below")).expect("the folder for tests can be written");
    fs::write(workdir.path("folder/below/one.yml"), ONE).expect("the folder for tests can be written");
    fs::write(workdir.path("folder/README.md"), "no manifest: [").expect("the folder for tests can be written");

    let expected = json!({
        "dependencies": {
            "one": {"selector": {"matchLabels": {"one": "true"}}, "containers": "All", "env": [{"name": "A", "value": "a"}]},
        },
        "notebooks": ["one"],
    });
    let cases: [(&str, &[&str]); 8] = [
        ("", &["one.yaml"]),
        ("", &["one.json"]),
        ("", &["several.yaml"]),
        ("", &["list.json"]),
        ("", &["o*.yaml"]),
        ("", &["folder"]),
        ("", &["one.yaml", "one.json"]),
        (ONE, &["-"]),
    ];
    for (input, exports) in cases {
        let printed = import(&workdir, input, exports);
        assert_eq!(printed.code, Some(0), "{exports:?}: {}", printed.stderr);
        assert_eq!(value_and_comments(&printed.stdout).0, expected, "{exports:?}");
        let passed_over = if exports == ["several.yaml"] { "; passed over: 1 Secret" } else { "" };
        let first = printed.stderr.lines().next();
        assert_eq!(first, Some(&*format!("1 PodDefault of 1 namespace: 1 dependency{passed_over}")), "{exports:?}");
    }
}

#[test]
fn what_is_broken_is_named_and_the_rest_is_read() {
    let no_selector = pod_default("two", "env: []");
    let nameless = ONE.replace("name: one, ", "");
    let workdir = Workdir::new("import-broken")
        .with("broken.yaml", format!("a: [\n---{ONE}{no_selector}---{nameless}---\n- list\n"))
        .with("list.json", r#"{"kind":"List","apiVersion":"v1","items":[{"kind":"Secret"},7]}"#)
        .with("other.yaml", ONE.replace("value: a", "value: b"));
    let printed = import(&workdir, "", &["broken.yaml", "list.json", "other.yaml"]);
    assert_eq!(printed.code, Some(1));
    assert_eq!(value_and_comments(&printed.stdout).0["notebooks"], json!(["one"]));
    let expected = [
        "Error: broken.yaml: document 1: line 1, column 4: ",
        "Error: broken.yaml: document 3: spec.selector: must be an object; every PodDefault has one",
        "Error: broken.yaml: document 4: metadata.name: must be a string, as in any manifest",
        "Error: broken.yaml: document 5: kind: must be a string, as in any manifest",
        "Error: list.json: document 1, items[1]: kind: must be a string, as in any manifest",
        "Error: other.yaml: document 1: PodDefault one was read before, and differs here",
        "1 PodDefault of 1 namespace: 1 dependency; passed over: 1 Secret",
    ];
    let told: Vec<_> = printed.stderr.lines().collect();
    assert_eq!(told.len(), expected.len(), "{}", printed.stderr);
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn where_there_is_nothing_to_make() {
    let empty = pod_default("box", "selector: {matchLabels: {box: 'true'}}, desc: A box");
    for (name, input) in [("secret", "apiVersion: v1\nkind: Secret\n"), ("empty", ""), ("box", &empty)] {
        let printed = import(&Workdir::new(&format!("import-nothing-{name}")), input, &["-"]);
        assert_eq!((printed.code, &*printed.stdout), (Some(1), ""), "{name}");
        assert!(
            printed.stderr.ends_with("Error: there is nothing to turn into settings\n"),
            "{name}: {}",
            printed.stderr
        );
    }
}

#[test]
fn command_lines() {
    let workdir = Workdir::new("import-usage");
    let module = module_path();
    let module = module.to_str().expect("the path of the module is text");
    let cases: [(&[&str], i32, &str); 6] = [
        (
            &["import", "poddefaults", "none.yaml", "--policy", module],
            1,
            "Error: none.yaml: there is no such file or folder",
        ),
        (&["import"], 2, "Usage: policy-host import"),
        (&["import", "podpresets", "-"], 2, "unrecognized subcommand"),
        (&["import", "poddefaults"], 2, "<EXPORT>..."),
        (&["import", "poddefaults", "-"], 1, "Error: cannot read the policy annotated-policy.wasm: "),
        (&["import", "poddefaults", "-", "--policy", "none.wasm"], 1, "Error: cannot read the policy none.wasm: "),
    ];
    for (arguments, code, told) in cases {
        let printed = workdir.policy_host(arguments);
        assert_eq!((printed.code, &*printed.stdout), (Some(code), ""), "{arguments:?}");
        assert!(printed.stderr.contains(told), "{arguments:?}: {}", printed.stderr);
    }
    let help = workdir.policy_host(&["import", "poddefaults", "--help"]);
    assert!(help.stdout.contains("| policy-host import poddefaults - > settings.yaml"), "{}", help.stdout);
}

/// Settings that have nothing that is refused, and for each thing that is not the same a note that begins with the name.
#[test]
fn what_is_not_the_same() {
    let label = |label: &str| format!("selector: {{matchLabels: {{{label}: 'true'}}}}");
    let (a, b) = (label("a"), label("b"));
    let env = |value: &str| format!("env: [{{name: X, value: {value}}}]");
    let two = "selector: {matchLabels: {b: 'true', c: 'true'}}";
    let cases = [
        (
            "no-such-field",
            pod_default("a", &format!("{a}, nodeSelector: {{x: 'y'}}, {}", env("one"))),
            "/dependencies/a/nodeSelector",
            Value::Null,
            "- a: left out: nodeSelector is not a field of a PodDefault",
        ),
        (
            "a-value-of-another-type",
            pod_default("a", &format!("{a}, env: [{{name: X, value: 1234567}}, {{name: Z, value: 'y'}}]")),
            "/dependencies/a/env",
            json!([{"name": "Z", "value": "y"}]),
            "- a: left out: env X: value must be a string, found a number",
        ),
        (
            "no-namespace",
            pod_default("a", &format!("{a}, {}", env("one")))
                + &pod_default("a", &format!("{a}, {}", env("two"))).replace("name: a}", "name: a, namespace: team-a}"),
            "/dependencies/a-2/env/0/value",
            json!("two"),
            "- a: is not the same in all namespaces: a (no namespace), a-2 (team-a). ",
        ),
        (
            "a-variable-twice",
            pod_default("a", &format!("{a}, env: [{{name: X, value: 'y'}}, {{name: X, value: 'y'}}]")),
            "/dependencies/a/env",
            json!([{"name": "X", "value": "y"}]),
            "- a: left out: env X: must not bring env \"X\", since dependencies.a.env[0] does",
        ),
        (
            "an-init-container-that-stays",
            pod_default(
                "a",
                &format!("{a}, initContainers: [{{name: i, image: i, restartPolicy: Always}}], {}", env("one")),
            ),
            "/dependencies/a/initContainers",
            Value::Null,
            "- a: left out: initContainers i: restartPolicy must not be set, since notebooks lists the dependency",
        ),
        (
            "a-label-that-is-asked-for",
            pod_default("a", &format!("{a}, labels: {{a: x, b: 'y'}}")),
            "/dependencies/a/labels",
            json!({"b": "y"}),
            "- a: left out: labels a: must not be a label that a selector asks for",
        ),
        (
            "nothing-left",
            pod_default("a", &format!("{a}, labels: {{statefulset: x}}"))
                + &pod_default("b", &format!("{b}, {}", env("one"))),
            "/notebooks",
            json!(["b"]),
            "- a: nothing of it is left, so it becomes no dependency",
        ),
        (
            "a-volume-and-its-mount",
            pod_default(
                "a",
                &format!(
                    "{a}, {}, volumes: [{{name: v, secret: {{secretName: '{{name}}'}}}}], volumeMounts: [{{name: v, mountPath: /v}}]",
                    env("one")
                ),
            ),
            "/dependencies/a",
            json!({"selector": {"matchLabels": {"a": "true"}}, "containers": "All", "env": [{"name": "X", "value": "one"}]}),
            "- a: left out: volumes v contains {name}",
        ),
        (
            "a-command-alone",
            pod_default("a", &format!("{a}, command: [serve]")),
            "/dependencies",
            json!({"a": {"selector": {"matchLabels": {"a": "true"}}, "containers": "All", "onConflict": "Keep", "command": ["serve"]}}),
            "- a: command and args are for containers that have none",
        ),
        (
            "two-commands",
            pod_default("a", &format!("{a}, command: [one]")) + &pod_default("b", &format!("{b}, command: [two]")),
            "/dependencies/b/selector/matchExpressions",
            json!([{"key": "a", "operator": "NotIn", "values": ["true"]}]),
            "- b: brings a different command than a, and the first one wins there",
        ),
        (
            "three-that-are-ticked-alternatively",
            pod_default("a", &format!("{a}, {}", env("one")))
                + &pod_default("b", &format!("{b}, {}", env("two")))
                + &pod_default("c", &format!("{}, {}", label("c"), env("three"))),
            "/dependencies/c/selector/matchExpressions",
            json!([
                {"key": "a", "operator": "NotIn", "values": ["true"]},
                {"key": "b", "operator": "NotIn", "values": ["true"]},
            ]),
            "- c: brings a different env X than b, and the webhook refuses a pod with both",
        ),
        (
            "one-may-want-both",
            pod_default("a", &format!("{two}, {}", env("one"))) + &pod_default("b", &format!("{b}, {}", env("two"))),
            "/notebooks",
            json!(["a"]),
            "- b: left out: brings a different env X than a, and one Notebook may want both",
        ),
        (
            "the-last-account-with-two-labels",
            pod_default("a", &format!("{a}, serviceAccountName: one, {}", env("one")))
                + &pod_default("b", &format!("{two}, serviceAccountName: two")),
            "/notebooks",
            json!(["a", "b"]),
            "- a: brings a different serviceAccountName than b, and the last one silently wins there: here it is left out",
        ),
        (
            "a-refusal-parts-all-of-it",
            pod_default("a", &format!("{a}, {}", env("one")))
                + &pod_default("b", &format!("{b}, {}, args: [x], automountServiceAccountToken: false", env("two"))),
            "/dependencies/b-command/selector/matchExpressions",
            json!([{"key": "a", "operator": "NotIn", "values": ["true"]}]),
            "- b: brings a different env X than a, and the webhook refuses a pod with both",
        ),
        (
            "a-name-with-dots",
            pod_default("a.b", &format!("{a}, {}", env("one")))
                + &pod_default("a-b", &format!("{b}, env: [{{name: Z, value: 'y'}}]")),
            "/notebooks",
            json!(["a-b", "a-b-2"]),
            "- a.b: the dependency is called a-b-2",
        ),
        (
            "every-pod",
            pod_default("a", &format!("selector: {{}}, {}", env("one"))),
            "/dependencies/a/selector",
            json!({}),
            "- a: selects every pod",
        ),
        (
            "what-lacks-a-label",
            pod_default(
                "a",
                &format!("selector: {{matchExpressions: [{{key: a, operator: DoesNotExist}}]}}, {}", env("one")),
            ),
            "/dependencies/a/selector/matchExpressions/0/operator",
            json!("DoesNotExist"),
            "- a: selects what lacks a label",
        ),
        (
            "labels-of-pods",
            pod_default(
                "a",
                &format!("selector: {{matchLabels: {{pipelines.kubeflow.org/v2_component: 'true'}}}}, {}", env("one")),
            ),
            "/notebooks",
            json!(["a"]),
            "- a: selects by pipelines.kubeflow.org/v2_component, which pods have but Notebooks do not",
        ),
        (
            "a-selector-that-is-none",
            pod_default("a", &format!("selector: {{matchLabels: {{'a b': x}}}}, {}", env("one")))
                + &pod_default("b", &format!("{b}, {}", env("one"))),
            "/notebooks",
            json!(["b"]),
            "- a: left out: all of it: matchLabels.\"a b\" must be a key of letters",
        ),
    ];
    for (name, poddefaults, pointer, expected, note) in cases {
        let (settings, Import { settings: yaml, report, broken }) = made_of(name, &poddefaults);
        assert_eq!(broken, [""; 0], "{name}");
        assert_eq!(settings_problem(&settings), None, "{name}");
        assert_eq!(settings.pointer(pointer).unwrap_or(&Value::Null), &expected, "{name}: {yaml}");
        assert!(report.lines().any(|line| line.starts_with(note)), "{name}: {report}");
        assert!(!report.contains("1234567"), "{name}: a value is shown: {report}");
    }
}

/// The description of a PodDefault stands in a comment: it must not end it.
#[test]
fn a_description_stays_a_comment() {
    let desc = r#"desc: "One\nnotebooks: [x]\r\u2028retired: [y]\u0085z: 1""#;
    let spec = format!("selector: {{matchLabels: {{a: 'true'}}}}, env: [{{name: A, value: a}}], {desc}");
    let (settings, made) = made_of("comment", &pod_default("a", &spec));
    assert_eq!(settings["notebooks"], json!(["a"]));
    assert_eq!(settings.as_object().map(Map::len), Some(2), "{}", made.settings);
    assert!(made.settings.contains("\n  # One notebooks: [x] retired: [y] z: 1\n"), "{}", made.settings);
}

/// Four hundred namespaces with ten PodDefaults each are folded at once, and so are those of which no two are the same.
#[test]
fn many_namespaces() {
    let mut items = Vec::new();
    for namespace in (0..400).map(|number| format!("team-{number}")) {
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            let own = if name == "j" { format!("of {namespace}x") } else { format!("secrets/{namespace}/key") };
            items.push(json!({
                "apiVersion": "kubeflow.org/v1alpha1", "kind": "PodDefault",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"selector": {"matchLabels": {name: "true"}}, "env": [{"name": name, "value": own}]},
            }));
        }
    }
    let export = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let (settings, made) = made_of("many", &export);
    assert_eq!(settings["notebooks"].as_array().map(Vec::len), Some(10), "{}", made.report);
    assert_eq!(settings["dependencies"]["a"]["env"][0]["value"], "secrets/{namespace}/key");
    assert!(made.report.starts_with("4000 PodDefaults of 400 namespaces: 10 dependencies\n"), "{}", made.report);
}
