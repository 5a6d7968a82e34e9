//! A dependency that waits, or is left out for want of a container, stays as it is stored: whole, with its labels and
//! annotations, whatever the client sends (contract, "Conflicts" and "Running notebooks").

use serde_json::{Value, json};

use super::again::{
    ANNOTATIONS, TEMPLATE, added, assert_warns, names, notebook, notebook_with_env, only_warning, pending, record_text,
    spec, stopped, updated_again, variables, variables_of, wanting,
};
use super::objects::{created, notebook_settings, with};

const LABEL: &str = "/metadata/labels/team";
const APPLY: &str = "/metadata/annotations/mutatingflow.nais.io~1apply";

/// What a dependency adds everywhere: into the object's metadata, the pod spec, the main container and one of its own.
fn everywhere() -> Value {
    json!({
        "labels": {"team": "a"},
        "annotations": {"note": "a"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "nodeSelector": {"pool": "gpu"},
        "priorityClassName": "high",
        "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "initContainers": [{"name": "first", "image": "first:1"}, {"name": "second", "image": "second:1"}],
        "sidecars": [{"name": "agent", "image": "agent:1"}],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}],
        "volumeMounts": [{"name": "ca", "mountPath": "/ca"}],
    })
}

/// `dependency` with one more variable, which the user has himself.
fn in_conflict(dependency: &Value) -> Value {
    let mut dependency = dependency.clone();
    dependency["env"].as_array_mut().expect("a list").push(json!({"name": "MINE", "value": "ours"}));
    dependency
}

/// The user's notebook, and what is stored of it.
fn manifest_and_stored(settings: &Value) -> [Value; 2] {
    let manifest = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&manifest, settings).object;
    [manifest, stored]
}

/// All that a Notebook has, but for the order in its lists.
fn sorted(object: &Value) -> Value {
    match object {
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(sorted).collect();
            items.sort_by_cached_key(Value::to_string);
            items.into()
        }
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), sorted(value))).collect(),
        other => other.clone(),
    }
}

/// A manifest without anything of ours loses nothing of a dependency that waits for a conflict, while the notebook does not
/// run: all of it is put back as it is stored.
#[test]
fn a_bare_manifest_loses_nothing_of_what_waits_for_a_conflict() {
    let dependencies =
        |dependency: Value| json!({"dep": dependency, "probed": {"env": [{"name": "P"}], "containers": ["agent"]}});
    let before = notebook_settings(dependencies(everywhere()));
    let after = notebook_settings(dependencies(in_conflict(&everywhere())));
    let [manifest, stored] = manifest_and_stored(&before);
    for (old, new) in [
        (stopped(&stored), stopped(&manifest)),
        (stored.clone(), stopped(&manifest)),
        (stopped(&stored), manifest.clone()),
        (stored.clone(), with(&manifest, APPLY, json!("now"))),
    ] {
        let outcome = updated_again(&old, &new, &after);
        assert_eq!(pending(&outcome.object), "dep");
        assert_eq!(sorted(spec(&outcome.object)), sorted(spec(&stored)));
        assert_eq!(outcome.object["metadata"]["labels"], stored["metadata"]["labels"]);
        assert_eq!(outcome.object["metadata"]["annotations"]["note"], "a");
        assert_eq!(added(&outcome.object), added(&stored));
        assert_warns(&outcome, &["\"dep\" waits", "MINE"]);
        // One refers to the other.
        assert_eq!(variables_of(&outcome.object), ["MINE=1", "A=1", "B=$(A)"]);
        assert_eq!(names(&spec(&outcome.object)["initContainers"]), ["first", "second"]);
    }
}

/// Neither does it of one that waits for a stop, or to be taken away: its labels and annotations wait with it.
#[test]
fn labels_and_annotations_wait_with_the_template() {
    let settings = |dependency: Value| notebook_settings(json!({"dep": dependency}));
    let before = settings(everywhere());
    let other = with(&everywhere(), "/env/0/value", json!("2"));
    for after in [settings(other), wanting(&[], json!({"dep": everywhere()}))] {
        let [manifest, stored] = manifest_and_stored(&before);
        for sent in [manifest.clone(), with(&stored, LABEL, None), with(&stored, "/metadata/annotations/note", None)] {
            let outcome = updated_again(&stored, &sent, &after);
            assert_eq!(spec(&outcome.object), spec(&stored));
            assert_eq!(outcome.object["metadata"]["labels"], stored["metadata"]["labels"]);
            assert_eq!(outcome.object["metadata"]["annotations"]["note"], "a");
            assert_eq!((pending(&outcome.object), added(&outcome.object)), (&json!("dep"), added(&stored)));
        }
    }
}

/// What the user writes over an entry of a dependency that waits is his under `Keep`, and put back else; either is said.
#[test]
fn what_is_written_over_while_it_waits_goes_by_on_conflict() {
    for (on_conflict, label, words) in [("Keep", "b", "is yours now"), ("Reject", "a", "is put back")] {
        let settings = |value: &str| {
            let dependency = with(&everywhere(), "/env/0/value", json!(value));
            notebook_settings(json!({"dep": with(&dependency, "/onConflict", json!(on_conflict))}))
        };
        let [_, stored] = manifest_and_stored(&settings("1"));
        let outcome = updated_again(&stored, &with(&stored, LABEL, json!("b")), &settings("2"));
        assert_eq!((&outcome.object.pointer(LABEL), pending(&outcome.object)), (&Some(&json!(label)), &json!("dep")));
        assert_warns(&outcome, &["label team", words, "\"dep\""]);
        let is_ours = added(&outcome.object)["dep"].get("labels").is_some();
        assert_eq!(is_ours, on_conflict == "Reject");
        // And so it is once the notebook is stopped.
        let outcome = updated_again(&outcome.object, &stopped(&outcome.object), &settings("2"));
        assert_eq!((outcome.object.pointer(LABEL), pending(&outcome.object)), (Some(&json!(label)), &Value::Null));
        assert_eq!(added(&outcome.object)["dep"].get("labels").is_some(), is_ours);
    }
    // While it waits for a conflict, the variable of a stopped notebook is put back too.
    let before = notebook_settings(json!({"dep": everywhere()}));
    let after = notebook_settings(json!({"dep": in_conflict(&everywhere())}));
    let [_, stored] = manifest_and_stored(&before);
    let edited = with(&stopped(&stored), &format!("{TEMPLATE}/tolerations"), json!([]));
    let edited = with(&edited, &format!("{TEMPLATE}/nodeSelector/pool"), json!("theirs"));
    let edited = with(&edited, &format!("{TEMPLATE}/containers/0/env/1/value"), json!("theirs"));
    let outcome = updated_again(&stopped(&stored), &edited, &after);
    assert_eq!(sorted(spec(&outcome.object)), sorted(spec(&stored)));
    for what in ["nodeSelector pool", "env A"] {
        assert_warns(&outcome, &[what, "is put back"]);
    }
}

/// Another dependency that brings an entry of one that waits does not take it over.
#[test]
fn an_entry_of_what_waits_is_not_taken_over() {
    let waits = json!({"env": [{"name": "A", "value": "1"}], "labels": {"team": "a"}});
    let other = json!({"labels": {"team": "a"}});
    let [manifest, stored] = manifest_and_stored(&notebook_settings(json!({"waits": waits})));
    let after = notebook_settings(json!({"other": other, "waits": in_conflict(&waits)}));
    let outcome = updated_again(&stopped(&stored), &stopped(&manifest), &after);
    assert_eq!(outcome.object.pointer(LABEL), Some(&json!("a")));
    assert_eq!(added(&outcome.object), added(&stored));
    assert_eq!(pending(&outcome.object), "waits");
}

/// Nor does one that brings another value for it: it waits for the same, and says so, running and stopped.
#[test]
fn what_wants_another_value_in_the_place_of_what_waits_waits_too() {
    let node = |pool: &str| json!({"nodeSelector": {"pool": pool}});
    let before = notebook_settings(json!({"b": variables(json!({"T": "1"}))}));
    let after = notebook_settings(json!({"b": node("ours"), "c": variables(json!({"T": "2"}))}));
    let users =
        with(&notebook_with_env(json!({"MINE": "1"})), &format!("{TEMPLATE}/nodeSelector"), json!({"pool": "mine"}));
    let running = created(&users, &before).object;
    let mut stored = running.clone();
    for sent in [running.clone(), stopped(&running), running.clone()] {
        let outcome = updated_again(&stored, &sent, &after);
        assert_eq!(pending(&outcome.object), "b,c");
        assert_eq!(variables_of(&outcome.object), ["MINE=1", "T=1"]);
        assert_eq!(added(&outcome.object), json!({"b": {"env": ["T"]}}));
        for name in ["b", "c"] {
            assert_warns(&outcome, &[&format!("\"{name}\" waits"), "nodeSelector pool"]);
        }
        assert_eq!(outcome.warnings.len(), 2);
        stored = outcome.object;
    }
    // Where `b` waits for a stop, so does `c`.
    let after = notebook_settings(
        json!({"b": json!({"tolerations": [{"operator": "Exists"}]}), "c": variables(json!({"T": "2"}))}),
    );
    let outcome = updated_again(&running, &running, &after);
    assert_eq!(pending(&outcome.object), "b,c");
    only_warning(&outcome, &["waiting for a restart: b, c;", "stop and start"]);
    let outcome = updated_again(&outcome.object, &stopped(&outcome.object), &after);
    assert_eq!(
        (pending(&outcome.object), variables_of(&outcome.object)),
        (&Value::Null, vec!["MINE=1".into(), "T=2".into()])
    );
}

/// A dependency that is left out since its container is not there keeps what it has elsewhere.
#[test]
fn a_bare_manifest_loses_nothing_of_what_is_left_out() {
    let dependency = json!({
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "env": [{"name": "A", "value": "1"}],
        "containers": ["helper"],
    });
    let settings = notebook_settings(json!({"dep": dependency}));
    let manifest = notebook(json!({"containers": [{"name": "main"}, {"name": "helper"}]}));
    let stored = created(&manifest, &settings).object;
    let without_helper = with(&stopped(&manifest), &format!("{TEMPLATE}/containers/1"), None);
    let outcome = updated_again(&stopped(&stored), &without_helper, &settings);
    assert_eq!(spec(&outcome.object)["tolerations"], json!([{"key": "gpu", "operator": "Exists"}]));
    assert_eq!(added(&outcome.object), added(&stored));
    only_warning(&outcome, &["\"dep\" is left out"]);
}

/// A dependency that the settings no longer know keeps its entries on a notebook that runs, where the policy that they
/// belonged to is gone: the manifest applied again is no change, with the annotations and without them.
#[test]
fn what_a_policy_that_is_gone_has_added_stays_while_the_notebook_runs() {
    let gone = json!({"gone": {
        "imagePullSecrets": [{"name": "gpr"}],
        "env": [{"name": "GONE", "value": "1"}],
        "sidecars": [{"name": "agent", "image": "agent:1"}],
        "labels": {"gone": "1"},
    }});
    let here = json!({"nodeSelector": {"pool": "gpu"}});
    let settings = |dependency: &Value| notebook_settings(json!({"here": dependency}));
    let [manifest, stored] = manifest_and_stored(&settings(&here));
    // Under the same domain, and under another one.
    let elsewhere = with(&notebook_settings(gone.clone()), "/annotationDomain", json!("lab.example.org"));
    let both = [notebook_settings(gone), elsewhere].map(|gone| created(&stored, &gone).object);
    let settings = settings(&with(&here, "/tolerations", json!([{"key": "gpu", "operator": "Exists"}])));
    for stored in both {
        let with_annotations = with(&manifest, ANNOTATIONS, stored["metadata"]["annotations"].clone());
        for sent in [&manifest, &with_annotations] {
            let outcome = updated_again(&stored, sent, &settings);
            assert_eq!(spec(&outcome.object), spec(&stored));
            assert_eq!(outcome.object.pointer("/metadata/labels"), stored.pointer("/metadata/labels"));
            assert_eq!(pending(&outcome.object), "here");
            only_warning(&outcome, &["here", "stop and start"]);
            // And once more.
            let again = updated_again(&outcome.object, sent, &settings);
            assert_eq!(again.object, outcome.object);
        }
    }
}

/// The first of a chain is in conflict, and what each one keeps stands in the way of the next: after some rounds whatever is
/// due waits, what is to be taken away too.
#[test]
fn at_the_end_of_a_long_chain_everything_waits() {
    let chain: Vec<_> = (0..9).map(|at| format!("d-{at}")).collect();
    let settings = |wanted: &[&str], bring: fn(usize) -> Value| {
        let mut dependencies: Value = chain.iter().enumerate().map(|(at, name)| (name.clone(), bring(at))).collect();
        dependencies["gone"] = json!({"env": [{"name": "G", "value": "1"}]});
        let mut all: Vec<_> = chain.iter().map(String::as_str).collect();
        all.extend(wanted);
        wanting(&all, dependencies)
    };
    let before = settings(&["gone"], |at| json!({"sidecars": [{"name": format!("t-{}", at + 1), "image": "busybox"}]}));
    let after = settings(&[], |at| json!({"initContainers": [{"name": format!("t-{at}"), "image": "busybox"}]}));
    let manifest =
        notebook(json!({"containers": [{"name": "nb", "image": "jupyter"}, {"name": "t-0", "image": "busybox"}]}));
    let stored = stopped(&created(&manifest, &before).object);
    let outcome = updated_again(&stored, &with(&stored, "/metadata/annotations/seen", json!("1")), &after);
    assert_eq!(pending(&outcome.object), &json!([&*chain.join(","), "gone"].join(",")));
    assert_eq!(spec(&outcome.object), spec(&stored));
}

/// What is left of an entry that the CRD pruned says nothing, and so is gone already: nothing of it waits for a stop.
#[test]
fn what_says_nothing_is_gone_already() {
    let hook = json!({"lifecycle": {"preStop": {"exec": {"command": ["true"]}}}});
    let before = notebook_settings(json!({"hook": hook}));
    let more = json!({"tolerations": [{"key": "gpu", "operator": "Exists"}]});
    let after = wanting(&["more"], json!({"hook": hook, "more": more}));
    let created = created(&notebook(json!({"containers": [{"name": "nb"}]})), &before).object;
    let pruned = with(&created, &format!("{TEMPLATE}/containers/0/lifecycle"), json!({}));
    for (stored, waits) in [(&pruned, "more"), (&created, "more,hook")] {
        let outcome = updated_again(stored, stored, &after);
        assert_eq!((pending(&outcome.object), spec(&outcome.object)), (&json!(waits), spec(stored)));
        assert_eq!(record_text(&outcome.object).is_some(), stored == &created);
    }
}
