//! Which containers a dependency reaches: `Main`, `All` or a list of names, what is left out where
//! there is none, and the order of containers that the platform adds.

use serde_json::{Value, json};

use super::again::{added, created_again, updated_again};
use super::objects::{ANOTHERS, Kind, MAIN_CONTAINERS, created, split_annotations, updated, with};

const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// A dependency that marks each container that it reaches.
fn mark(containers: &Value) -> Value {
    json!({"mark": {"env": [{"name": "MARK", "value": "x"}], "containers": containers}})
}

fn pod_spec(containers: &[&str]) -> Value {
    json!({"containers": containers.iter().map(|name| json!({"name": name})).collect::<Value>()})
}

/// The names of the containers that are marked.
fn marked(kind: Kind, object: &Value) -> Vec<&str> {
    let containers = object.pointer(kind.pod_spec()).and_then(|spec| spec["containers"].as_array());
    let is_marked = |container: &&Value| container["env"] == json!([{"name": "MARK", "value": "x"}]);
    containers.into_iter().flatten().filter(is_marked).filter_map(|container| container["name"].as_str()).collect()
}

fn left_out(dependency: &str, kind: Kind) -> String {
    format!("dependency \"{dependency}\" is left out: it matches none of {}.containers", kind.pod_spec_name())
}

/// The same of one that selects containers by name.
fn left_out_by_name(dependency: &str, names: &str) -> String {
    format!("dependency \"{dependency}\" is left out: no container is called {names}")
}

/// Objects are called `main`. Where no container is reached, the object stays as it is, with a warning.
#[test]
fn main_all_and_names() {
    use Kind::{Notebook, PipelinePod, Pod};
    let main = || json!("Main");
    let all = || json!("All");
    let cases: [(Kind, &[&str], Value, &[&str]); 42] = [
        (Notebook, &["main"], main(), &["main"]),
        (Notebook, &["main", "second"], main(), &["main"]),
        (Notebook, &["first", "main"], main(), &["main"]),
        (Notebook, &["istio-proxy", "main"], main(), &["main"]),
        (Notebook, &["first", "second"], main(), &["first"]),
        (Notebook, &["first", "second"], all(), &["first", "second"]),
        (Notebook, &["main", "istio-proxy"], all(), &["main"]),
        // Where all are another's, the first is main: no name opts out.
        (Notebook, &["istio-proxy"], main(), &["istio-proxy"]),
        (Notebook, &["istio-proxy"], all(), &["istio-proxy"]),
        (Notebook, &["istio-proxy", "oauth-proxy"], main(), &["istio-proxy"]),
        // Argo's names are nobody's there.
        (Notebook, &["istio-proxy", "wait"], main(), &["wait"]),
        (Notebook, &["first", "second"], json!(["second"]), &["second"]),
        (Notebook, &["first", "second"], json!(["second", "first"]), &["first", "second"]),
        (Notebook, &["first", "second"], json!(["second", "missing"]), &["second"]),
        (Notebook, &["main", "istio-proxy"], json!(["istio-proxy"]), &["istio-proxy"]),
        (Notebook, &["main"], json!(["missing"]), &[]),
        // Argo puts `wait` after the main container, before it since 2.3, and `supervisor` in its place since 4.1.
        (PipelinePod, &["main", "wait"], main(), &["main"]),
        (PipelinePod, &["wait", "main"], main(), &["main"]),
        (PipelinePod, &["supervisor", "main"], main(), &["main"]),
        (PipelinePod, &["main", "supervisor"], main(), &["main"]),
        // One with no known main container is a container set.
        (PipelinePod, &["wait", "other"], main(), &["other"]),
        (PipelinePod, &["wait", "one", "istio-proxy", "other"], main(), &["one", "other"]),
        (PipelinePod, &["wait", "one", "istio-proxy", "other"], all(), &["one", "other"]),
        (PipelinePod, &["artifact-plugin-s3", "main", "artifact-plugin-"], all(), &["main"]),
        (PipelinePod, &["artifact-plugin", "wait"], main(), &["artifact-plugin"]),
        (PipelinePod, &["other", "pytorch"], main(), &["pytorch"]),
        (PipelinePod, &["wait", "main", "sidecar"], all(), &["main", "sidecar"]),
        (PipelinePod, &["supervisor", "main", "sidecar", "istio-proxy"], all(), &["main", "sidecar"]),
        (PipelinePod, &["wait", "istio-proxy", "supervisor"], main(), &["wait"]),
        (PipelinePod, &["wait", "istio-proxy", "supervisor"], all(), &["wait"]),
        (PipelinePod, &["wait", "main"], json!(["wait"]), &["wait"]),
        (PipelinePod, &["supervisor", "main"], json!(["supervisor", "main"]), &["supervisor", "main"]),
        (PipelinePod, &["main", "istio-proxy"], json!(["istio-proxy"]), &["istio-proxy"]),
        // In any other pod the first that is not another's; Argo's names are nobody's there.
        (Pod, &["one", "other"], main(), &["one"]),
        (Pod, &["istio-proxy", "one", "other"], main(), &["one"]),
        (Pod, &["one", "main"], main(), &["main"]),
        (Pod, &["wait", "one"], main(), &["wait"]),
        (Pod, &["queue-proxy", "wait", "one"], all(), &["wait", "one"]),
        (Pod, &["istio-proxy", "queue-proxy"], main(), &["istio-proxy"]),
        (Pod, &["istio-proxy", "queue-proxy"], all(), &["istio-proxy"]),
        (Pod, &["queue-proxy", "one"], json!(["queue-proxy"]), &["queue-proxy"]),
        (Pod, &["one"], json!(["missing"]), &[]),
    ];
    for (kind, containers, choice, expected) in cases {
        let object = kind.object(pod_spec(containers));
        let settings = kind.settings(mark(&choice));
        let outcome = created(&object, &settings);
        assert_eq!(marked(kind, &outcome.object), expected, "{kind:?} with {containers:?}, {choice}");
        let says = if choice.is_array() { left_out_by_name("mark", "missing") } else { left_out("mark", kind) };
        let warnings = if expected.is_empty() { vec![says] } else { vec![] };
        assert_eq!(outcome.warnings, warnings, "{kind:?} with {containers:?}, {choice}");
        assert_eq!(outcome.patch.is_empty(), expected.is_empty());
        assert_eq!(created(&outcome.object, &settings).patch, [] as [Value; 0]);
    }
}

/// A Notebook is not asked for the annotation, and a name that matches none counts for nothing.
#[test]
fn the_container_that_an_annotation_names() {
    let named = |kind: Kind, containers: &[&str], name: Value| {
        let mut object = kind.object(pod_spec(containers));
        object["metadata"]["annotations"][DEFAULT_CONTAINER] = name;
        object
    };
    let cases: [(Kind, &[&str], Value, &[&str]); 10] = [
        (Kind::PipelinePod, &["wait", "main", "train"], json!("train"), &["train"]),
        (Kind::PipelinePod, &["train", "wait"], json!("train"), &["train"]),
        // Another's aside.
        (Kind::PipelinePod, &["wait", "main"], json!("wait"), &["main"]),
        (Kind::Pod, &["istio-proxy", "one", "other"], json!("istio-proxy"), &["one"]),
        (Kind::Pod, &["main", "train"], json!("train"), &["train"]),
        (Kind::Pod, &["wait", "main"], json!("wait"), &["wait"]),
        (Kind::PipelinePod, &["wait", "main"], json!("missing"), &["main"]),
        (Kind::PipelinePod, &["wait", "main"], Value::Null, &["main"]),
        (Kind::PipelinePod, &["wait", "one", "other"], json!("missing"), &["one", "other"]),
        (Kind::Notebook, &["main", "other"], json!("other"), &["main"]),
    ];
    for (kind, containers, name, expected) in cases {
        let outcome = created(&named(kind, containers, name.clone()), &kind.settings(mark(&json!("Main"))));
        assert_eq!(marked(kind, &outcome.object), expected, "{kind:?} with {containers:?}, {name}");
    }
}

#[test]
fn the_default_is_main() {
    for kind in Kind::ALL {
        let settings = kind.settings(json!({"mark": {"env": [{"name": "MARK", "value": "x"}]}}));
        let outcome = created(&kind.object(pod_spec(&["other", "main"])), &settings);
        assert_eq!(marked(kind, &outcome.object), ["main"]);
    }
}

/// Whole: also what needs no container. Others are added all the same, and nobody is denied.
#[test]
fn without_a_container_the_whole_dependency_is_left_out() {
    let dependencies = json!({
        "registry": {"imagePullSecrets": [{"name": "registry"}]},
        "secrets": {
            "volumes": [{"name": "s", "emptyDir": {}}],
            "volumeMounts": [{"name": "s", "mountPath": "/s"}],
            "labels": {"secrets": "yes"},
        },
        "variables": {"env": [{"name": "A", "value": "1"}], "containers": "All"},
    });
    for kind in Kind::ALL {
        for containers in [None, Some(Value::Null), Some(json!([]))] {
            let object = with(&kind.object(json!({})), &format!("{}/containers", kind.pod_spec()), containers);
            let outcome = created(&object, &kind.settings(dependencies.clone()));
            let secrets = format!("{}/imagePullSecrets", kind.pod_spec());
            let injected = split_annotations(&outcome.object);
            assert_eq!(injected.object, with(&object, &secrets, json!([{"name": "registry"}])));
            assert_eq!(injected.record, json!({"registry": {"imagePullSecrets": ["registry"]}}));
            assert_eq!(outcome.warnings, ["secrets", "variables"].map(|name| left_out(name, kind)));
            assert_eq!(outcome.audit, [("dependencies".to_owned(), "registry".to_owned())].into());
        }
    }
}

/// Also a pod spec that is missing altogether, which only a Notebook can be without.
#[test]
fn a_notebook_without_a_template_is_given_what_needs_no_container() {
    let settings = Kind::Notebook.settings(json!({
        "mark": {"env": [{"name": "MARK", "value": "x"}]},
        "registry": {"imagePullSecrets": [{"name": "registry"}]},
    }));
    let priority = json!({"priorityClassName": "high"});
    let of_one_field = Kind::Notebook.settings(json!({"priority": priority}));
    for (pointer, value) in [
        ("/spec", None),
        ("/spec", Some(Value::Null)),
        ("/spec/template", None),
        ("/spec/template", Some(json!({}))),
        ("/spec/template/spec", Some(Value::Null)),
    ] {
        let object = with(&Kind::Notebook.object(json!({})), pointer, value);
        let outcome = created(&object, &settings);
        let expected = Kind::Notebook.object(json!({"imagePullSecrets": [{"name": "registry"}]}));
        assert_eq!(split_annotations(&outcome.object).object, expected);
        assert_eq!(outcome.warnings, [left_out("mark", Kind::Notebook)]);
        let outcome = created(&object, &of_one_field);
        assert_eq!(split_annotations(&outcome.object).object, Kind::Notebook.object(priority.clone()));
    }
}

/// Neither when it is added nor later, when it is managed. A list of names may name it.
#[test]
fn neither_main_nor_all_includes_a_managed_sidecar() {
    let cases = [
        (json!("Main"), vec!["first"]),
        (json!("All"), vec!["first", "second"]),
        (json!(["agent"]), vec!["agent"]),
        (json!(["second", "agent"]), vec!["second", "agent"]),
    ];
    for (choice, expected) in cases {
        let mut dependencies = mark(&choice);
        dependencies["agent"] = json!({"sidecars": [{"name": "agent", "image": "agent:1"}]});
        let kind = Kind::Notebook;
        // The order of the list does not matter.
        for order in [["agent", "mark"], ["mark", "agent"]] {
            let settings = kind.settings_for(dependencies.clone(), &order);
            let after = created(&kind.object(pod_spec(&["first", "second"])), &settings).object;
            assert_eq!(marked(kind, &after), expected, "{choice}, {order:?}");
            assert_eq!(created(&after, &settings).patch, [] as [Value; 0], "{choice}, {order:?}");
        }
        // It is there already, without a record.
        let agent = kind.settings_for(dependencies.clone(), &["agent"]);
        let mut with_agent = created(&kind.object(pod_spec(&["first", "second"])), &agent).object;
        let copy = split_annotations(&with_agent).object;
        let after = created(&copy, &kind.settings(dependencies.clone())).object;
        assert_eq!(marked(kind, &after), expected, "{choice}, beside a copy of the agent");
        // And even the first.
        let containers = with_agent.pointer_mut("/spec/template/spec/containers").and_then(Value::as_array_mut);
        containers.expect("a list").rotate_right(1);
        let mut expected = expected.clone();
        expected.sort_by_key(|name| *name != "agent");
        let after = created(&with_agent, &kind.settings(dependencies)).object;
        assert_eq!(marked(kind, &after), expected, "{choice}, on top of the agent");
    }
}

/// A dependency that names a sidecar which is removed in the same request is left out.
#[test]
fn a_sidecar_that_is_removed_is_no_container() {
    let kind = Kind::Notebook;
    let mut dependencies = mark(&json!(["agent"]));
    dependencies["agent"] = json!({"sidecars": [{"name": "agent", "image": "agent:1"}]});
    let stored = created(&kind.object(pod_spec(&["first"])), &kind.settings(dependencies.clone())).object;
    assert_eq!(marked(kind, &stored), ["agent"]);
    let settings = kind.settings_for(dependencies, &["mark"]);
    let after = updated(&stored, &stored, &settings);
    assert_eq!(split_annotations(&after.object).object, kind.object(pod_spec(&["first"])));
    assert_eq!(after.warnings, [left_out_by_name("mark", "agent")]);
    assert_eq!(updated(&after.object, &after.object, &settings).patch, [] as [Value; 0]);

    // By the client's record it is not removed, and so it is one.
    let copied = created(&stored, &settings);
    assert_eq!(marked(kind, &copied.object), ["agent"]);
    assert_eq!(
        (split_annotations(&copied.object).record, copied.warnings),
        (json!({"mark": {"env/agent": ["MARK"]}}), vec![])
    );
}

/// The sidecar of a dependency that is left out is not added, so that a dependency that names it is left out too.
#[test]
fn a_sidecar_that_is_left_out_is_no_container() {
    let kind = Kind::PipelinePod;
    let mut dependencies = mark(&json!(["agent"]));
    dependencies["agent"] =
        json!({"sidecars": [{"name": "agent", "image": "agent:1"}], "env": [{"name": "A", "value": "1"}]});
    let object = kind.object(pod_spec(&[]));
    let outcome = created(&object, &kind.settings(dependencies));
    assert_eq!(outcome.object, object);
    assert_eq!(outcome.warnings, [left_out("agent", kind), left_out_by_name("mark", "agent")]);
}

/// Where the user has one of that name himself, it is there all the same.
#[test]
fn a_sidecar_that_is_left_out_does_not_hide_the_users() {
    let kind = Kind::Notebook;
    let mut dependencies = mark(&json!(["agent"]));
    dependencies["agent"] = json!({
        "containers": ["missing"],
        "sidecars": [{"name": "agent", "image": "agent:1"}],
        "env": [{"name": "A", "value": "1"}],
    });
    let outcome = created(&kind.object(pod_spec(&["main", "agent"])), &kind.settings(dependencies));
    assert_eq!(marked(kind, &outcome.object), ["agent"]);
    assert_eq!(outcome.warnings, [left_out_by_name("agent", "missing")]);
}

/// A container of the user's is not his any more where `Override` puts that of a dependency in its place. One that is there
/// as the dependency brings it stays his.
#[test]
fn a_container_that_is_overridden_is_not_the_users() {
    let kind = Kind::Notebook;
    for (on_conflict, image, expected) in
        [("Override", "theirs", "train"), ("Override", "ours", "agent"), ("Reject", "ours", "agent")]
    {
        let mut dependencies = mark(&json!("Main"));
        dependencies["agent"] = json!({
            "onConflict": on_conflict,
            "sidecars": [{"name": "other", "image": "ours"}, {"name": "agent", "image": "ours"}],
        });
        let object = kind.object(json!({"containers": [{"name": "agent", "image": image}, {"name": "train"}]}));
        let outcome = created(&object, &kind.settings(dependencies));
        assert_eq!(marked(kind, &outcome.object), [expected], "{on_conflict} of {image}");
    }
}

/// Only a list of names reaches them, and those of these names alone.
#[test]
fn init_containers_are_reached_by_name_alone() {
    let mark_of = || json!([{"name": "MARK", "value": "x"}]);
    for kind in Kind::ALL {
        for (choice, of_main, of_init, record) in [
            (json!("Main"), true, false, json!({"env": ["MARK"]})),
            (json!("All"), true, false, json!({"env": ["MARK"]})),
            (json!(["init", "main"]), true, true, json!({"env": ["MARK"], "env/init": ["MARK"]})),
            (json!(["init"]), false, true, json!({"env/init": ["MARK"]})),
            (json!(["init", "missing"]), false, true, json!({"env/init": ["MARK"]})),
        ] {
            let mut spec = pod_spec(&["main"]);
            spec["initContainers"] = json!([{"name": "init"}, {"name": "other"}]);
            let outcome = created_again(&kind.object(spec.clone()), &kind.settings(mark(&choice)));
            if of_main {
                spec["containers"][0]["env"] = mark_of();
            }
            if of_init {
                spec["initContainers"][0]["env"] = mark_of();
            }
            let injected = split_annotations(&outcome.object);
            assert_eq!((injected.object, outcome.warnings), (kind.object(spec), vec![]), "{kind:?} {choice}");
            assert_eq!(injected.record, json!({"mark": record}), "{kind:?} {choice}");
        }
        let mut spec = pod_spec(&["main"]);
        spec["initContainers"] = json!([{"name": "init"}]);
        let outcome = created(&kind.object(spec), &kind.settings(mark(&json!(["missing", "gone"]))));
        let warnings = vec![left_out_by_name("mark", "missing or gone")];
        assert_eq!((outcome.patch, outcome.warnings), (vec![], warnings));
    }
}

/// Not one that has the name of a container either, which the API server refuses later.
#[test]
fn an_init_container_called_like_a_container_is_not_reached() {
    for kind in Kind::ALL {
        for choice in ["Main", "All"] {
            let mut spec = pod_spec(&["second", "main"]);
            spec["initContainers"] = json!([{"name": "main"}, {"name": "second"}]);
            let outcome = created_again(&kind.object(spec.clone()), &kind.settings(mark(&json!(choice))));
            let pod_spec = outcome.object.pointer(kind.pod_spec()).expect("a pod spec");
            assert_eq!(pod_spec["initContainers"], spec["initContainers"], "{kind:?} {choice}");
        }
    }
}

/// The containers of a container set are recorded by their names: none is the main one.
#[test]
fn a_container_set_is_recorded_by_name() {
    let kind = Kind::PipelinePod;
    let outcome =
        created_again(&kind.object(pod_spec(&["wait", "one", "other"])), &kind.settings(mark(&json!("Main"))));
    let record = json!({"mark": {"env/one": ["MARK"], "env/other": ["MARK"]}});
    assert_eq!(split_annotations(&outcome.object).record, record);
}

/// The main containers of Kubeflow's workloads, before whatever else is in the pod.
#[test]
fn main_containers_of_workloads_are_known_by_name() {
    for kind in [Kind::PipelinePod, Kind::Pod] {
        let settings = kind.settings(mark(&json!("Main")));
        for (at, name) in MAIN_CONTAINERS.into_iter().enumerate() {
            let outcome = created_again(&kind.object(pod_spec(&["other", name])), &settings);
            assert_eq!(marked(kind, &outcome.object), [name], "{kind:?}");
            // Of two the one that stands before in this list.
            for later in MAIN_CONTAINERS.into_iter().skip(at + 1) {
                let outcome = created(&kind.object(pod_spec(&[later, name])), &settings);
                assert_eq!(marked(kind, &outcome.object), [name], "{kind:?} beside {later}");
            }
        }
    }
}

/// Containers of meshes, agents and servers are another's, whatever the object.
#[test]
fn containers_of_others_are_known_by_name() {
    for kind in Kind::ALL {
        for name in ANOTHERS {
            for (choice, expected) in [("Main", &["one"][..]), ("All", &["one", "two"])] {
                let spec = pod_spec(&[name, "one", "two"]);
                let choice = kind.settings(mark(&json!(choice)));
                let set = if kind == Kind::PipelinePod { &["one", "two"] } else { expected };
                assert_eq!(marked(kind, &created_again(&kind.object(spec), &choice).object), set, "{kind:?} {name}");
            }
        }
    }
}

/// Argo's `init` and Kubeflow's `kfp-launcher` keep their order, whether managed ones go before or after them.
#[test]
fn init_containers_keep_their_order() {
    let dependencies = |image: &str| {
        json!({
            "first": {
                "initContainersFirst": true,
                "initContainers": [{"name": "f1", "image": image}, {"name": "f2", "image": image}],
            },
            "second": {"initContainersFirst": true, "initContainers": [{"name": "s", "image": image}]},
            "third": {"initContainersFirst": false, "initContainers": [{"name": "t", "image": image}]},
            "vks": {"initContainers": [{"name": "vks", "image": image}]},
        })
    };
    let mut spec = pod_spec(&["wait", "main"]);
    spec["initContainers"] = json!([{"name": "init", "image": "argo"}, {"name": "kfp-launcher", "image": "kfp"}]);
    for kind in Kind::ALL {
        let init_containers =
            |object: &Value| object.pointer(kind.pod_spec()).expect("a pod spec")["initContainers"].clone();
        let names = |object: &Value| -> Vec<String> {
            let list = init_containers(object);
            let list = list.as_array().expect("a list").iter();
            list.map(|container| container["name"].as_str().expect("a name").to_owned()).collect()
        };
        let object = kind.object(spec.clone());
        let all = ["f1", "f2", "s", "init", "kfp-launcher", "t", "vks"];
        let after = created(&object, &kind.settings(dependencies("a:1"))).object;
        assert_eq!(names(&after), all);
        assert_eq!(created(&after, &kind.settings(dependencies("a:1"))).patch, [] as [Value; 0]);

        // An upgrade moves nothing.
        let upgraded = created(&after, &kind.settings(dependencies("a:2"))).object;
        assert_eq!(names(&upgraded), all);
        assert_eq!(init_containers(&upgraded)[1]["image"], "a:2");
        assert_eq!(init_containers(&upgraded)[6]["image"], "a:2");

        // What goes leaves the others where they are. It goes from what is stored, which a pod is not.
        let some = kind.settings_for(dependencies("a:2"), &["second", "vks"]);
        let none = kind.settings_for(dependencies("a:2"), &[]);
        assert_eq!(names(&created(&upgraded, &some).object), all);
        if kind == Kind::Notebook {
            let fewer = updated(&upgraded, &upgraded, &some).object;
            assert_eq!(names(&fewer), ["s", "init", "kfp-launcher", "vks"]);
            assert_eq!(updated(&fewer, &fewer, &none).object, object);
        }
    }
}

/// A dependency whose container is gone keeps what it added, and has it as before once the container is there again.
#[test]
fn a_dependency_without_its_container_keeps_what_it_added() {
    let kind = Kind::Notebook;
    let dependencies = json!({"secrets": {
        "volumes": [{"name": "s", "emptyDir": {}}],
        "volumeMounts": [{"name": "s", "mountPath": "/s"}],
        "labels": {"secrets": "yes"},
        "containers": ["main"],
    }});
    let settings = kind.settings(dependencies.clone());
    let before = created(&kind.object(pod_spec(&["main", "other"])), &settings).object;
    let main = before["spec"]["template"]["spec"]["containers"][0].clone();
    let edited = with(&before, "/spec/template/spec/containers/0", None);
    for settings in [settings.clone(), kind.settings(with(&dependencies, "/secrets/labels/secrets", json!("changed")))]
    {
        let outcome = updated(&before, &edited, &settings);
        assert_eq!(outcome.patch, [] as [Value; 0]);
        assert_eq!(outcome.warnings, [left_out_by_name("secrets", "main")]);
        assert_eq!(outcome.audit, [].into());
    }
    // Whether it is as it was or bare: in the second call of one request it is never bare.
    for again in [main, json!({"name": "main"})] {
        let again = with(&edited, "/spec/template/spec/containers", json!([again, {"name": "other"}]));
        let after = updated_again(&edited, &again, &settings).object;
        assert_eq!(split_annotations(&after), split_annotations(&before));
    }

    // It is taken away as any other.
    let removed = updated(&edited, &edited, &kind.settings_for(dependencies, &[]));
    assert_eq!(removed.object, kind.object(pod_spec(&["other"])));
    assert_eq!(removed.audit, [("removed".to_owned(), "secrets".to_owned())].into());
}

/// Another container becomes the main one: a later call in the same request knows what the first has added to it.
#[test]
fn what_is_added_to_a_container_that_becomes_the_main_one_stays_ours() {
    let kind = Kind::Notebook;
    let settings = kind.settings(json!({"dep": {
        "env": [{"name": "A", "value": "ours"}],
        "resources": {"limits": {"nvidia.com/gpu": 1}},
        "imagePullPolicy": "Always",
    }}));
    let unwanted = kind.settings_for(settings["dependencies"].clone(), &[]);
    let without_record = kind.object(pod_spec(&["one", "two"]));
    let with_record = created(&without_record, &settings).object;
    for stored in [&without_record, &with_record] {
        let one = &stored["spec"]["template"]["spec"]["containers"][0];
        for (containers, main) in [
            (json!([{"name": "two"}]), 0),
            (json!([{"name": "two"}, one]), 0),
            (json!([{"name": "two"}, {"name": "three"}]), 0),
            (json!([one, {"name": "two"}, {"name": "main"}]), 2),
        ] {
            let sent = with(stored, "/spec/template/spec/containers", containers);
            let outcome = updated_again(stored, &sent, &settings);
            let containers = &outcome.object["spec"]["template"]["spec"]["containers"];
            assert_eq!(containers[main]["env"], json!([{"name": "A", "value": "ours"}]), "{sent:#}");
            let expected =
                json!({"dep": {"container": ["imagePullPolicy"], "env": ["A"], "limits": ["nvidia.com/gpu"]}});
            assert_eq!(added(&outcome.object), expected, "{sent:#}");
            // So it is taken away with its dependency.
            let removed = updated_again(&outcome.object, &outcome.object, &unwanted);
            assert!(!removed.object.to_string().contains("ours"), "{:#}", removed.object);
        }
        // What its user wrote there before is his.
        let users = with(stored, "/spec/template/spec/containers/1/env", json!([{"name": "A", "value": "ours"}]));
        let sent = with(&users, "/spec/template/spec/containers/0", None);
        let outcome = updated_again(&users, &sent, &settings);
        assert_eq!(added(&outcome.object)["dep"].get("env"), None);
    }
}

/// What `Keep` left stays the user's when he writes there what the policy would have added, though the record names that in
/// the main container.
#[test]
fn what_the_record_names_in_the_main_container_says_nothing_of_another() {
    let kind = Kind::Notebook;
    let dependency = json!({"env": [{"name": "A", "value": "ours"}], "containers": "All", "onConflict": "Keep"});
    let settings = kind.settings(json!({"dep": dependency}));
    let theirs = |value: &str| json!([{"name": "A", "value": value}]);
    let env = "/spec/template/spec/containers/1/env";
    let manifest = with(&kind.object(pod_spec(&["main", "other"])), env, theirs("the user's"));
    let stored = created(&manifest, &settings).object;
    let outcome = updated_again(&stored, &with(&stored, env, theirs("ours")), &settings);
    assert_eq!(added(&outcome.object), json!({"dep": {"env": ["A"]}}));
}
