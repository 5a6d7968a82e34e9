//! What the policy leaves as it is: requests out of scope, and every byte of an object that nothing is added to. And
//! answers to any payload, whatever bytes it is.

use serde_json::{Value, json};

use super::objects::{Kind, create, created, refused, split_annotations, update, with};
use crate::evaluator::{run, test_data, validate, validate_settings};

/// Settings with a dependency for each kind, so that every request in scope is changed.
fn settings() -> Value {
    json!({
        "dependencies": {"registry": {"imagePullSecrets": [{"name": "registry"}], "env": [{"name": "A", "value": "1"}]}},
        "notebooks": ["registry"],
        "pipelinePods": ["registry"],
        "pods": ["registry"],
        "runningNotebooks": "Restart",
    })
}

/// Settings in which nothing is for pods of no pipeline: `pods` is left out, or empty.
fn settings_without_pods() -> [Value; 3] {
    [None, Some(Value::Null), Some(json!([]))].map(|pods| with(&settings(), "/pods", pods))
}

fn object(kind: Kind) -> Value {
    kind.object(json!({"containers": [{"name": "main"}]}))
}

fn is_untouched(name: &str, request: &Value) {
    is_untouched_by(&settings(), name, request);
}

fn is_untouched_by(settings: &Value, name: &str, request: &Value) {
    let outcome = run(request.clone(), settings.clone());
    assert!(outcome.allowed, "{name}: {:?}", outcome.message);
    assert_eq!((outcome.patch, outcome.warnings), (vec![], vec![]), "{name}");
    assert_eq!(outcome.audit, [].into(), "{name}");
}

fn is_changed(name: &str, request: &Value) {
    let outcome = run(request.clone(), settings());
    assert!(outcome.allowed && !outcome.patch.is_empty(), "{name}: {outcome:?}");
}

/// Each differs in one value from a request in scope.
#[test]
fn requests_out_of_scope_are_untouched() {
    let all = Kind::ALL.map(|kind| create(object(kind)));
    let [notebook, _, pod] = &all;
    all.iter().for_each(|request| is_changed("in scope", request));
    let changes = [
        ("/operation", json!("CONNECT")),
        ("/operation", json!("create")),
        ("/operation", json!("")),
        ("/kind/group", json!("example.org")),
        ("/kind/group", json!("kubeflow.org.example.org")),
        ("/kind/kind", json!("Deployment")),
        ("/kind/kind", json!("notebook")),
        ("/kind/kind", json!("NotebookList")),
        ("/kind/kind", json!("PodTemplate")),
        ("/subResource", json!("status")),
        ("/subResource", json!("scale")),
        ("/subResource", json!("exec")),
        ("/subResource", json!("binding")),
        ("/subResource", json!("ephemeralcontainers")),
        ("/object/metadata/deletionTimestamp", json!("2026-11-23T23:37:20Z")),
        ("/object/metadata/deletionTimestamp", json!("")),
    ];
    for (pointer, value) in changes {
        for request in &all {
            is_untouched(&format!("{pointer}: {value}"), &with(request, pointer, value.clone()));
        }
    }
    is_untouched("a notebook of the core group", &with(notebook, "/kind/group", json!("")));
    is_untouched("a pod of Kubeflow's group", &with(pod, "/kind/group", json!("kubeflow.org")));
    for request in all {
        let deleted = with(&with(&request, "/oldObject", request["object"].clone()), "/object", Value::Null);
        is_untouched("DELETE", &with(&deleted, "/operation", json!("DELETE")));
        is_untouched("no object", &with(&request, "/object", Value::Null));
    }
}

#[test]
fn an_update_of_a_pod_is_untouched() {
    for kind in [Kind::PipelinePod, Kind::Pod] {
        let pod = object(kind);
        let labelled = with(&pod, "/metadata/labels", json!({"a": "b"}));
        is_untouched("with the stored one", &update(pod.clone(), labelled.clone()));
        is_untouched("without", &update(Value::Null, labelled));
    }
}

#[test]
fn a_pod_of_no_pipeline_is_untouched() {
    let pod = object(Kind::PipelinePod);
    for annotations in [
        None,
        Some(Value::Null),
        Some(json!({})),
        Some(json!({"workflows.argoproj.io/node-id": "step"})),
        Some(json!({"workflows.argoproj.io/node-name": null})),
        Some(json!({"workflows.argoproj.io/node-Name": "step"})),
        Some(json!({"workflows": {"argoproj.io/node-name": "step"}})),
        Some(json!([])),
        Some(json!("workflows.argoproj.io/node-name")),
    ] {
        for settings in settings_without_pods() {
            let request = create(with(&pod, "/metadata/annotations", annotations.clone()));
            is_untouched_by(&settings, &format!("{annotations:?}"), &request);
        }
    }
    let empty = json!({"workflows.argoproj.io/node-name": ""});
    is_changed("its presence counts", &create(with(&pod, "/metadata/annotations", empty)));
}

/// The pod of a notebook carries what its user wrote, Argo's annotation too: nothing but a workflow owns a pod of a pipeline.
/// With another owner it gets what `pods` lists.
#[test]
fn the_owner_of_a_pod_says_whether_it_is_of_a_pipeline() {
    let owner = |version: &str, kind: &str| json!({"apiVersion": version, "kind": kind, "name": "x", "uid": "1"});
    let workflow = || owner("argoproj.io/v1alpha1", "Workflow");
    let set = || owner("apps/v1", "StatefulSet");
    let pipeline = json!({"dependencies": {"a": {"imagePullSecrets": [{"name": "of-pipelines"}]}, "b": {"imagePullSecrets": [{"name": "of-pods"}]}}, "pipelinePods": ["a"], "pods": ["b"]});
    for (owners, is_of_pipeline) in [
        (Value::Null, true),
        (json!([]), true),
        (json!([workflow()]), true),
        (json!([owner("argoproj.io/v2", "Workflow")]), true),
        (json!([set()]), false),
        (json!([workflow(), set()]), false),
        (json!([set(), workflow()]), false),
        (json!([owner("argoproj.io/v1alpha1", "WorkflowTaskSet")]), false),
        (json!([owner("example.org/v1alpha1", "Workflow")]), false),
        (json!([owner("argoproj.io", "Workflow")]), false),
        (json!([owner("v1", "Workflow")]), false),
        (json!([{"kind": "Workflow"}]), false),
    ] {
        let pod = with(&object(Kind::PipelinePod), "/metadata/ownerReferences", owners.clone());
        let expected = if is_of_pipeline { "of-pipelines" } else { "of-pods" };
        let outcome = created(&pod, &pipeline);
        assert_eq!(outcome.object["spec"]["imagePullSecrets"], json!([{"name": expected}]), "{owners}");
        for settings in settings_without_pods() {
            let is_patched = !created(&pod, &settings).patch.is_empty();
            assert_eq!(is_patched, is_of_pipeline, "{owners}");
        }
    }
}

/// These requests are still in scope.
#[test]
fn values_that_do_not_affect_the_scope() {
    for kind in Kind::ALL {
        let request = create(object(kind));
        for (pointer, value) in [
            ("/subResource", json!("")),
            ("/subResource", Value::Null),
            ("/object/metadata/deletionTimestamp", Value::Null),
            ("/kind/version", json!("v1alpha1")),
            ("/kind/version", json!("v9")),
            ("/dryRun", json!(true)),
            ("/namespace", Value::Null),
        ] {
            is_changed(&format!("{kind:?} with {pointer}: {value}"), &with(&request, pointer, value.clone()));
        }
    }
}

/// Neither the object nor the settings of a request out of scope are read.
#[test]
fn malformed_objects_and_settings_out_of_scope_are_accepted() {
    for request in [
        r#"{"kind":{"group":"apps","kind":"Deployment"},"operation":"CREATE","object":{"spec":[]}}"#,
        r#"{"kind":{"group":"kubeflow.org","kind":"Notebook"},"operation":"DELETE","oldObject":{"spec":[]}}"#,
        r#"{"kind":{"group":"kubeflow.org","kind":"Notebook"},"operation":"UPDATE","subResource":"status","object":7}"#,
        r#"{"kind":{"group":"","kind":"Pod"},"operation":"CREATE","object":{"spec":{"containers":{}}}}"#,
        r#"{"kind":{"group":"","kind":"Pod"},"operation":"UPDATE","object":[]}"#,
        r#"{"kind":{"group":"kubeflow.org","kind":"Notebook"},"operation":"CREATE","object":{"metadata":{"deletionTimestamp":"x"},"spec":7}}"#,
    ] {
        for settings in [
            "7",
            "[]",
            r#""pods""#,
            "null",
            r#"{"notebooks":7,"pipelinePods":7}"#,
            r#"{"dependencies":[]}"#,
            r#"{"pods":[],"dependencies":[]}"#,
        ] {
            for payload in [
                format!(r#"{{"request":{request},"settings":{settings}}}"#),
                format!(r#"{{"settings":{settings},"request":{request}}}"#),
            ] {
                assert_eq!(answer(payload.as_bytes()), r#"{"accepted":true}"#, "{payload}");
            }
        }
    }
}

/// The text of the answer to `validate`.
fn answer(payload: &[u8]) -> String {
    String::from_utf8(validate(payload)).expect("the answer is text")
}

/// `«...»` marks what is added. The rest must come back byte by byte, whatever a parser would make of it.
#[test]
fn what_is_not_added_to_comes_back_byte_by_byte() {
    const RECORD: &str = r##"{\"Notebook\":{\"registry\":{\"hash\":\"HASH\",\"added\":{\"env\":[\"A\"],\"imagePullSecrets\":[\"registry\"]}}}}"##;
    let marks = format!(r#""mutatingflow.nais.io/injected":"{RECORD}","mutatingflow.nais.io/status":"injected""#);
    let odd = r#"{"big":9007199254740993,"exp":1e3,"small":0.10,"minus":-0,"huge":1E+400,"twice":1,"twice":2,"nul":null,"":{ "spaced" : [ 1 ,2 ] },"emoji":"🚀 \ud83d\ude80 æ","k\u0065y\n":"\/"}"#;
    let cases = [
        // Every list and map that is added to exists.
        format!(
            r#"{{"odd":{odd},"metadata":{{"annotations":{{"a\"/~":"é","odd":{odd}«,{marks}»}},"odd":{odd}}},"spec":{{"odd":{odd},"template":{{"spec":{{"volumes":[{odd},null],"containers":[{{"name":"main","env":[{{"name":"B","value":"\u00e6","odd":{odd}}},{odd}«,{{"name":"A","value":"1"}}»],"odd":{odd}}},{{"name":"m\u0061in2","odd":{odd}}}],"imagePullSecrets":[{{"name":"æ"}},{odd}«,{{"name":"registry"}}»],"tolerations":null,"odd":{odd}}},"metadata":{odd}}}}},"status":{odd}}}"#
        ),
        // None exists.
        format!(
            r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"main"«,"env":[{{"name":"A","value":"1"}}]»}}],"odd":{odd}«,"imagePullSecrets":[{{"name":"registry"}}]»}}}}}}«,"metadata":{{"annotations":{{{marks}}}}}»}}"#
        ),
        // Keys have escapes, and the last of two equal keys counts.
        format!(
            r#"{{"m\u0065tadata":{{"annot\u0061tions":{{"a":"b"«,{marks}»}}}},"spec":{odd},"sp\u0065c":{{"t\u0065mplate":{{"\u0073pec":{{"c\u006fntainers":[{{"n\u0061me":"m\u0061in","env":[]«»,"\u0065nv":[{{"name":"Z"}}«,{{"name":"A","value":"1"}}»]}}],"imagePullSecrets":"first","imagePull\u0053ecrets":[{odd}«,{{"name":"registry"}}»]}}}}}}}}"#
        ),
    ];
    for marked in cases {
        let sent: String = marked
            .split('«')
            .enumerate()
            .map(|(at, part)| if at == 0 { part } else { part.split_once('»').expect("an end").1 })
            .collect();
        let expected = marked.replace(['«', '»'], "");
        let request = format!(
            r#"{{"uid":"1","kind":{{"group":"kubeflow.org","version":"v1","kind":"Notebook"}},"operation":"CREATE","namespace":"n","object":{sent}}}"#
        );
        for payload in [
            format!(r#"{{"request":{request},"settings":{}}}"#, settings()),
            format!(r#"{{ "settings" : {}, "request" : {request} }}"#, settings()),
        ] {
            let answer = without_hash(&answer(payload.as_bytes()));
            let audit = r#""audit_annotations":{"dependencies":"registry"}"#;
            assert_eq!(answer, format!(r#"{{"accepted":true,"mutated_object":{expected},{audit}}}"#));
        }
    }
}

fn without_hash(answer: &str) -> String {
    const BEFORE: &str = r#"\"hash\":\""#;
    let Some(at) = answer.find(BEFORE).map(|at| at + BEFORE.len()) else { return answer.to_owned() };
    format!("{}HASH{}", &answer[..at], &answer[at + 16..])
}

/// Wherever the settings add something. The malformed value is not shown.
#[test]
fn a_malformed_object_is_denied_with_the_path() {
    let dependencies = json!({"all": {
        "labels": {"a": "b"},
        "annotations": {"a": "b"},
        "imagePullSecrets": [{"name": "registry"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "initContainers": [{"name": "i", "image": "i"}],
        "tolerations": [{"operator": "Exists"}],
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["h"]}],
        "nodeSelector": {"a": "b"},
        "env": [{"name": "A", "value": "1"}],
        "envFrom": [{"configMapRef": {"name": "c"}}],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }});
    let secret = || json!("hunter2");
    let cases = [
        ("/metadata/labels", json!([]), "metadata.labels: must be an object, found a list"),
        ("/metadata/labels", secret(), "metadata.labels: must be an object, found a string"),
        ("@/imagePullSecrets", json!({}), "@.imagePullSecrets: must be a list, found an object"),
        ("@/volumes", secret(), "@.volumes: must be a list, found a string"),
        ("@/initContainers", json!(true), "@.initContainers: must be a list, found a boolean"),
        ("@/containers", json!({}), "@.containers: must be a list, found an object"),
        ("@/containers/0", json!(7), "@.containers[0]: must be an object, found a number"),
        ("@/containers/0", Value::Null, "@.containers[0]: must be an object, found null"),
        ("@/tolerations", json!({}), "@.tolerations: must be a list, found an object"),
        ("@/hostAliases", json!({}), "@.hostAliases: must be a list, found an object"),
        ("@/nodeSelector", json!([]), "@.nodeSelector: must be an object, found a list"),
        ("@/containers/0/env", json!({}), "@.containers[0].env: must be a list, found an object"),
        ("@/containers/0/envFrom", secret(), "@.containers[0].envFrom: must be a list, found a string"),
        ("@/containers/0/volumeMounts", json!(7), "@.containers[0].volumeMounts: must be a list, found a number"),
        ("/spec", json!([]), "spec: must be an object, found a list"),
        // An entry is an object, where it is the last one too.
        ("@/imagePullSecrets", json!(["hunter2"]), "@.imagePullSecrets[0]: must be an object, found a string"),
        ("@/volumes", json!([{"name": "a"}, null, true]), "@.volumes[2]: must be an object, found a boolean"),
        ("@/initContainers", json!([7]), "@.initContainers[0]: must be an object, found a number"),
        ("@/containers/-", secret(), "@.containers[1]: must be an object, found a string"),
        ("@/tolerations", json!([["hunter2"]]), "@.tolerations[0]: must be an object, found a list"),
        ("@/hostAliases", json!([{}, "hunter2"]), "@.hostAliases[1]: must be an object, found a string"),
        ("@/containers/0/env", json!(["A"]), "@.containers[0].env[0]: must be an object, found a string"),
        ("@/containers/0/envFrom", json!([{}, 7]), "@.containers[0].envFrom[1]: must be an object, found a number"),
        (
            "@/containers/0/volumeMounts",
            json!(["/v"]),
            "@.containers[0].volumeMounts[0]: must be an object, found a string",
        ),
    ];
    for kind in Kind::ALL {
        let settings = kind.settings(dependencies.clone());
        for (pointer, value, message) in &cases {
            let malformed = with(&object(kind), &pointer.replace('@', kind.pod_spec()), value.clone());
            assert_eq!(refused(&malformed, &settings), message.replace('@', kind.pod_spec_name()));
        }
    }
    let settings = Kind::Notebook.settings(dependencies);
    for (pointer, value, message) in [
        ("/metadata", json!([]), "metadata: must be an object, found a list"),
        ("/metadata/annotations", json!([]), "metadata.annotations: must be an object, found a list"),
        ("/spec/template", json!([]), "spec.template: must be an object, found a list"),
        ("/spec/template/spec", secret(), "spec.template.spec: must be an object, found a string"),
    ] {
        let malformed = with(&object(Kind::Notebook), pointer, value);
        assert_eq!(refused(&malformed, &settings), message);
    }
}

/// Where something is to do, what is no list of containers is said though nothing is added.
#[test]
fn containers_that_are_no_list_are_denied_where_nothing_is_wanted_too() {
    let selector = json!({"matchLabels": {"team": "a"}});
    let settings = Kind::Notebook.settings(json!({"dep": {"selector": selector, "nodeSelector": {"a": "b"}}}));
    let object = Kind::Notebook.object(json!({"containers": {}}));
    assert!(created(&object, &settings).patch.is_empty());
    let waits = with(&object, "/metadata/annotations", json!({"mutatingflow.nais.io/update-pending": "dep"}));
    assert_eq!(refused(&waits, &settings), "spec.template.spec.containers: must be a list, found an object");
}

/// Entries without a key, and malformed fields that the settings add nothing to, are left to the API server.
#[test]
fn what_is_malformed_elsewhere_stays() {
    let spec = json!({
        "containers": [{"name": "main", "env": [null, {}, {"name": 7}], "volumeMounts": 7}, {"name": 7}],
        "imagePullSecrets": [null, {}, {"name": null}],
        "volumes": 7,
        "initContainers": ["x", 7],
        "tolerations": ["x", []],
        "topologySpreadConstraints": ["x"],
        "nodeSelector": [],
    });
    let settings = Kind::Notebook.settings(json!({"registry": settings()["dependencies"]["registry"]}));
    let after = created(&Kind::Notebook.object(spec.clone()), &settings).object;
    let mut expected = spec;
    expected["containers"][0]["env"].as_array_mut().expect("a list").push(json!({"name": "A", "value": "1"}));
    expected["imagePullSecrets"].as_array_mut().expect("a list").push(json!({"name": "registry"}));
    assert_eq!(split_annotations(&after).object, Kind::Notebook.object(expected));
    // Nor is a list of init containers looked at where no dependency names one.
    let odd = Kind::Notebook.object(json!({"containers": [{"name": "main"}], "initContainers": 7}));
    let after = created(&odd, &settings).object;
    assert_eq!(after["spec"]["template"]["spec"]["initContainers"], 7);
}

/// Requests of `test_data/` in scope, with all of `settings.yaml`, as the host sends them.
fn payloads() -> Vec<Value> {
    let settings = test_data("settings.yaml");
    ["notebook-create", "notebook-update-culler", "notebook-update-stop", "pod-create-pipeline"]
        .map(|name| {
            let mut request = test_data(&format!("requests/{name}.json"))["request"].take();
            // It is a big part of the text, and never read.
            for object in ["/object/metadata", "/oldObject/metadata"] {
                request.pointer_mut(object).and_then(Value::as_object_mut).and_then(|it| it.remove("managedFields"));
            }
            json!({"request": request, "settings": settings})
        })
        .into()
}

/// Whether a request is accepted, and its code. It must be accepted, or refused with a code and a message.
fn accepted(payload: &[u8]) -> (bool, Option<u64>) {
    let answer: Value = serde_json::from_str(&answer(payload)).expect("the answer is JSON");
    let accepted = answer["accepted"].as_bool().expect("accepted or not");
    let code = answer["code"].as_u64();
    let message = answer["message"].as_str().unwrap_or_default();
    assert_eq!((code.is_some(), message.is_empty()), (!accepted, accepted), "{answer}");
    (accepted, code)
}

/// Whether settings are valid. Where they are not, the answer must have a message.
fn is_valid(payload: &[u8]) -> bool {
    let answer: Value = serde_json::from_slice(&validate_settings(payload)).expect("the answer is JSON");
    let valid = answer["valid"].as_bool().expect("valid or not");
    assert_eq!(answer["message"].as_str().unwrap_or_default().is_empty(), valid, "{answer}");
    valid
}

/// Of the members of a map that have one name the last counts.
#[test]
fn of_duplicates_in_a_map_the_last_counts() {
    for (members, is_accepted) in
        [(r#"{"pool": "mine", "pool": "ours"}"#, true), (r#"{"pool": "ours", "pool": "mine"}"#, false)]
    {
        let object = Kind::Notebook.object(json!({"containers": [{"name": "main"}], "nodeSelector": "members"}));
        let settings = Kind::Notebook.settings(json!({"dep": {"nodeSelector": {"pool": "ours"}}}));
        let payload = json!({"request": create(object), "settings": settings}).to_string();
        let payload = payload.replacen("\"members\"", members, 1);
        assert_eq!(accepted(payload.as_bytes()).0, is_accepted, "{members}");
    }
}

#[test]
fn bytes_that_are_no_request_are_answered() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let payloads: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b" ".to_vec(),
        b"null".to_vec(),
        b"7".to_vec(),
        b"\"request\"".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"{\"request\":null}".to_vec(),
        b"{\"request\":[]}".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"{\"request\":\"\xc3\x28\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"\0".to_vec(),
        deep.as_bytes().to_vec(),
        "[".repeat(10_000).into_bytes(),
        "{\"a\":".repeat(10_000).into_bytes(),
        format!("{{\"request\":{deep}}}").into_bytes(),
        format!("\"{}\"", "x".repeat(5_000_000)).into_bytes(),
        "x".repeat(1_000_000).into_bytes(),
    ];
    for payload in payloads {
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(40)]).into_owned();
        assert_eq!(accepted(&payload), (false, Some(400)), "{shown}");
        is_valid(&payload);
    }
    for settings in [b"".as_slice(), b"7", b"[]", b"\"x\"", b"{", b"{\"notebooks\":7}", b"\xff", b"{\"\xc3\x28\":1}"] {
        assert!(!is_valid(settings), "{}", String::from_utf8_lossy(settings));
    }
}

#[test]
fn truncated_requests_and_settings_are_answered() {
    for payload in payloads() {
        let text = payload.to_string();
        for end in (0..text.len()).step_by(37).chain(text.len() - 40..text.len()) {
            assert_eq!(accepted(&text.as_bytes()[..end]), (false, Some(400)), "{end} bytes of {}", text.len());
        }
        assert!(accepted(text.as_bytes()).0);
    }
    let text = test_data("settings.yaml").to_string();
    for end in 0..text.len() {
        assert!(!is_valid(&text.as_bytes()[..end]), "{end} bytes of {}", text.len());
    }
    assert!(is_valid(text.as_bytes()));
}

/// In places that are read and in places that are not.
#[test]
fn deep_and_huge_requests_are_answered() {
    let object = |text: &str, at: &str| {
        let payload = &payloads()[0];
        let payload = with(payload, at, json!("@"));
        payload.to_string().replacen("\"@\"", text, 1)
    };
    let deep_lists = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let huge = format!("\"{}\"", "\\u00e6".repeat(300_000));
    for text in [&deep_lists, &deep_objects, &huge] {
        for (at, may_pass) in [
            ("/request/object/odd", true),
            ("/request/object/metadata/annotations/odd", true),
            ("/request/object/spec/template/spec/affinity", true),
            ("/request/object/spec/template/spec/containers/0/env/0/value", true),
            ("/request/object/spec/template/spec/containers/0/env/0", false),
            ("/request/object/spec/template/spec/containers/0", false),
            ("/request/object/spec/template/spec", false),
            ("/request/object/spec", false),
            ("/request/object", false),
            ("/settings/notebooks", false),
            ("/settings/dependencies/registry", false),
        ] {
            // The answer may be too deep for a parser.
            let accepted = answer(object(text, at).as_bytes()).starts_with(r#"{"accepted":true"#);
            // A deep object where an object is expected is not malformed.
            if may_pass || !text.starts_with('{') {
                assert_eq!(accepted, may_pass, "{at}");
            }
        }
        is_valid(text.as_bytes());
        is_valid(format!("{{\"dependencies\":{{\"a\":{text}}},\"notebooks\":[\"a\"]}}").as_bytes());
    }

    // Where a desired value is compared with the user's.
    let settings = |affinity: &str| {
        format!(r#"{{"dependencies":{{"a":{{"affinity":{affinity},"tolerations":[{affinity}]}}}},"notebooks":["a"]}}"#)
    };
    for (users, desired) in [(&deep_objects, &deep_objects), (&deep_objects, &deep_lists)] {
        let spec = format!(r#"{{"affinity":{users},"tolerations":[{users}]}}"#);
        let request = object(&spec, "/request/object/spec/template/spec");
        let settings = settings(desired);
        let payload =
            with(&json!({"settings": 0}), "/settings", json!("@")).to_string().replacen("\"@\"", &settings, 1);
        let payload = payload.replacen('{', &format!("{{\"request\":{},", request_of(&request)), 1);
        assert!(answer(payload.as_bytes()).starts_with(r#"{"accepted":"#));
    }
}

/// The text of the request in a payload.
fn request_of(payload: &str) -> &str {
    let start = payload.find("\"request\":").expect("a request") + "\"request\":".len();
    &payload[start..payload.rfind(",\"settings\":").expect("settings behind it")]
}

/// Every value below `value`, by its pointer.
fn pointers(value: &Value) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    below
        .into_iter()
        .flat_map(|(key, value)| {
            let deeper: Vec<_> = pointers(value).into_iter().map(|pointer| format!("/{key}{pointer}")).collect();
            std::iter::once(format!("/{key}")).chain(deeper)
        })
        .collect()
}

fn wrong_values() -> [Value; 7] {
    [Value::Null, json!(true), json!(-1.5), json!("x"), json!([]), json!([{"name": []}]), json!({"name": {}})]
}

#[test]
fn any_type_in_any_place_of_a_request_is_answered() {
    for payload in payloads() {
        let payload = with(&payload, "/settings/runningNotebooks", json!("Restart"));
        for pointer in pointers(&payload["request"]) {
            for value in wrong_values() {
                let payload = with(&payload, &format!("/request{pointer}"), value.clone());
                let (accepted, code) = accepted(payload.to_string().as_bytes());
                assert!(accepted || code == Some(422), "{pointer}: {value} is answered with {code:?}");
            }
        }
    }
}

#[test]
fn any_type_in_any_place_of_the_settings_is_answered() {
    let payload = &payloads()[3];
    for pointer in pointers(&payload["settings"]) {
        for value in wrong_values() {
            let payload = with(payload, &format!("/settings{pointer}"), value.clone());
            is_valid(payload["settings"].to_string().as_bytes());
            // A host might not have checked the settings.
            let (accepted, code) = accepted(payload.to_string().as_bytes());
            assert!(accepted || matches!(code, Some(422 | 500)), "{pointer}: {value} is answered with {code:?}");
        }
    }
}

/// Random bytes are replaced, removed and inserted.
#[test]
fn damaged_bytes_are_answered() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        // Marsaglia's xorshift: the same numbers in every run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).expect("it is below a usize")
    };
    for payload in payloads() {
        let bytes = payload.to_string().into_bytes();
        for _ in 0..500 {
            let mut damaged = bytes.clone();
            for _ in 0..=next(3) {
                let at = next(damaged.len());
                match next(3) {
                    0 => damaged[at] = b"{}[],:\"\\0n \xff\0"[next(13)],
                    1 => _ = damaged.remove(at),
                    _ => damaged.insert(at, b"{}[],:\"\\0n \xff\0"[next(13)]),
                }
            }
            accepted(&damaged);
        }
    }
}
