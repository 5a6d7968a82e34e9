//! `report: true`: nothing is ever changed, and what the settings ask for and the object is not is a rejection that names
//! the dependencies (contract, "Reports").

use serde_json::{Value, json};

use super::again::{
    ANNOTATIONS, INJECTED, TEMPLATE, audit, env, notebook, notebook_with_env, pending, record_of, stopped,
    updated_again, variables, wanting,
};
use super::objects::{Kind, create, created, notebook_settings, update, updated, with};
use crate::evaluator::{Outcome, run};

/// What a report says of `object`, whatever asks for it; `None` where it says nothing. `settings` are those of the policy
/// that changes objects.
fn reported(object: &Value, settings: &Value) -> Option<String> {
    let settings = with(settings, "/report", json!(true));
    let said = said(run(create(object.clone()), settings.clone()));
    // A pod is not asked about again.
    if object["kind"] == "Notebook" {
        let earlier = with(object, ANNOTATIONS, json!({"earlier": "yes"}));
        for old in [object.clone(), earlier, Value::Null] {
            assert_eq!(self::said(run(update(old, object.clone()), settings.clone())), said, "an update");
        }
    }
    said
}

/// What an answer says. It changes nothing, and says it to nobody but whoever reads the report.
fn said(outcome: Outcome) -> Option<String> {
    assert_eq!((outcome.patch, outcome.warnings, outcome.audit), (vec![], vec![], [].into()));
    assert_eq!((outcome.allowed, outcome.code), (outcome.message.is_none(), outcome.message.as_ref().map(|_| 422)));
    outcome.message
}

fn registry() -> Value {
    json!({"imagePullSecrets": [{"name": "gpr-credentials"}]})
}

fn proxy(url: &str) -> Value {
    variables(json!({"HTTP_PROXY": url}))
}

fn says(message: &str) -> Option<String> {
    Some(format!("dependencies {message}"))
}

#[test]
fn what_is_lacking_is_named() {
    for kind in Kind::ALL {
        let bare = kind.object(json!({"containers": [{"name": "main"}]}));
        let settings = kind.settings(json!({"proxy": proxy("http://a"), "registry": registry()}));
        assert_eq!(reported(&bare, &settings), says("missing or outdated: proxy, registry"), "{kind:?}");
        // One of them is there: by hand, or from the policy.
        let by_hand =
            with(&bare, &format!("{}/imagePullSecrets", kind.pod_spec()), json!([{"name": "gpr-credentials"}]));
        assert_eq!(reported(&by_hand, &settings), says("missing or outdated: proxy"), "{kind:?}");
        let registry = created(&bare, &kind.settings(json!({"registry": registry()}))).object;
        assert_eq!(reported(&registry, &settings), says("missing or outdated: proxy"), "{kind:?}");
        // A label is lacking too.
        let labels = kind.settings(json!({"labels": {"labels": {"team": "a"}}}));
        assert_eq!(reported(&bare, &labels), says("missing or outdated: labels"), "{kind:?}");
    }
}

#[test]
fn what_is_complete_is_accepted() {
    for kind in Kind::ALL {
        let bare = kind.object(json!({"containers": [{"name": "main"}]}));
        let settings = kind.settings(json!({"proxy": proxy("http://a"), "registry": registry()}));
        assert_eq!(reported(&created(&bare, &settings).object, &settings), None, "{kind:?}");
        // Somebody wrote all of it by hand, and more.
        let by_hand = kind.object(json!({
            "containers": [{"name": "main", "env": env(json!({"HTTP_PROXY": "http://a", "MINE": "1"}))}],
            "imagePullSecrets": [{"name": "mine"}, {"name": "gpr-credentials"}],
        }));
        assert_eq!(reported(&by_hand, &settings), None, "{kind:?}");
    }
}

/// What the settings changed since, in a notebook that the policy has not been asked about, and in one that waits.
#[test]
fn what_is_outdated_and_what_waits_is_named() {
    let [before, after] = ["http://a", "http://b"].map(|url| notebook_settings(json!({"proxy": proxy(url)})));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &before).object;
    assert_eq!(reported(&stored, &before), None);
    assert_eq!(reported(&stored, &after), says("missing or outdated: proxy"));
    let waits = updated_again(&stored, &stored, &after).object;
    assert_eq!(pending(&waits), "proxy");
    assert_eq!(reported(&waits, &after), says("waiting for a stop: proxy"));
    // Stopped while nobody asked the policy.
    assert_eq!(reported(&stopped(&waits), &after), says("missing or outdated: proxy"));
    let done = updated_again(&waits, &stopped(&waits), &after).object;
    assert_eq!(reported(&done, &after), None);
}

/// A notebook that is stopped and was not asked about since the settings changed lacks what it lacks.
#[test]
fn a_stopped_notebook_is_no_exception() {
    let settings = notebook_settings(json!({"proxy": proxy("http://a")}));
    let bare = stopped(&notebook_with_env(json!({"MINE": "1"})));
    assert_eq!(reported(&bare, &settings), says("missing or outdated: proxy"));
    let stored = created(&bare, &settings).object;
    assert_eq!(reported(&stored, &settings), None);
    assert_eq!(reported(&stored, &wanting(&[], settings["dependencies"].clone())), says("left over: proxy"));
}

/// A dependency that is defined and no longer wanted, one whose selector no longer means the object, and one that is retired.
#[test]
fn what_is_left_over_is_named() {
    let all = json!({"proxy": proxy("http://a"), "registry": registry()});
    let users = notebook_with_env(json!({"MINE": "1"}));
    let stored = created(&users, &notebook_settings(all.clone())).object;
    let of_others = with(&all, "/proxy/selector", json!({"matchLabels": {"proxy": "yes"}}));
    let retired = json!({"dependencies": {"registry": registry()}, "notebooks": ["registry"], "retired": ["proxy"]});
    for settings in [wanting(&["registry"], all.clone()), notebook_settings(of_others), retired] {
        assert_eq!(reported(&stored, &settings), says("left over: proxy"));
        let waits = updated(&stored, &stored, &settings).object;
        assert_eq!(reported(&waits, &settings), says("left over until a stop: proxy"));
        let done = updated(&waits, &stopped(&waits), &settings).object;
        assert_eq!(reported(&done, &settings), None);
    }
    // Another policy's stay its own.
    let unknown = notebook_settings(json!({"registry": registry()}));
    assert_eq!(reported(&stored, &unknown), None);
    // On a pod too, which the record of a notebook says nothing of.
    for kind in [Kind::PipelinePod, Kind::Pod] {
        let pod = created(&kind.object(json!({"containers": [{"name": "main"}]})), &kind.settings(all.clone())).object;
        let fewer = kind.settings_for(all.clone(), &["registry"]);
        assert_eq!(reported(&pod, &fewer), says("left over: proxy"), "{kind:?}");
        let record =
            json!({"mutatingflow.nais.io/injected": record_of("Notebook", "proxy", json!({"env": ["HTTP_PROXY"]}))});
        let users = with(&kind.object(json!({"containers": [{"name": "main"}]})), ANNOTATIONS, record);
        assert!(reported(&users, &kind.settings_for(all.clone(), &[])).is_none(), "{kind:?}");
    }
}

/// What the user has in the place of ours: refused, left to him, or to be replaced.
#[test]
fn conflicts_go_by_on_conflict() {
    for kind in Kind::ALL {
        let container = json!({"name": "main", "env": env(json!({"HTTP_PROXY": "http://mine"}))});
        let users = kind.object(json!({"containers": [container]}));
        for (on_conflict, expected) in [
            ("Reject", says("in conflict with the user's entries: proxy")),
            ("Keep", None),
            ("Override", says("missing or outdated: proxy")),
        ] {
            let settings =
                kind.settings(json!({"proxy": with(&proxy("http://ours"), "/onConflict", json!(on_conflict))}));
            assert_eq!(reported(&users, &settings), expected, "{kind:?} {on_conflict}");
        }
    }
    // Where it waits for that already, it is in conflict, and not waiting for a stop.
    let settings = notebook_settings(json!({"proxy": proxy("http://ours")}));
    let users = notebook_with_env(json!({"HTTP_PROXY": "http://mine"}));
    let waits = updated(&users, &users, &settings).object;
    assert_eq!(pending(&waits), "proxy");
    assert_eq!(reported(&waits, &settings), says("in conflict with the user's entries: proxy"));
}

/// What somebody changed or took away of ours behind the policy's back.
#[test]
fn what_was_changed_behind_the_policys_back_is_named() {
    let settings = notebook_settings(json!({"proxy": proxy("http://a"), "registry": registry()}));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
    let changed = with(&stored, "/spec/template/spec/containers/0/env/1/value", json!("http://b"));
    assert_eq!(reported(&changed, &settings), says("missing or outdated: proxy"));
    let gone = with(&stored, &format!("{TEMPLATE}/imagePullSecrets"), None);
    assert_eq!(reported(&gone, &settings), says("missing or outdated: registry"));
}

/// All of it in one line, in this order; no value of anybody's is in it.
#[test]
fn the_message_names_dependencies_and_no_values() {
    let secret = |name: &str, value: &str| variables(json!({name: value}));
    let before = json!({
        "a": secret("A", "secret-1"),
        "b": secret("B", "secret-2"),
        "c": secret("C", "secret-3"),
        "d": secret("D", "secret-4"),
    });
    let stored = created(&notebook_with_env(json!({"E": "secret-5"})), &notebook_settings(before.clone())).object;
    // `b` is to change and `d` to go: both wait.
    let some = wanting(&["a", "b", "c"], with(&before, "/b/env/0/value", json!("secret-6")));
    let waits = updated(&stored, &stored, &some).object;
    assert_eq!(pending(&waits), "b,d");
    let mut now = with(&some, "/dependencies/e", secret("E", "secret-7"));
    now = with(&now, "/dependencies/f", registry());
    now = with(&now, "/dependencies/a/env/0/value", json!("secret-8"));
    now["notebooks"] = json!(["f", "e", "b", "a"]);
    now["pipelinePods"] = json!(["c", "d"]);
    let message = reported(&waits, &now).expect("a message");
    assert_eq!(
        message,
        "dependencies missing or outdated: a, f; waiting for a stop: b; left over: c; left over until a stop: d; \
         in conflict with the user's entries: e"
    );
    assert!(!message.contains("secret") && !message.contains("gpr"), "{message}");
}

/// What is out of scope is as untouched as ever, and so is a pod for which the settings have nothing.
#[test]
fn what_is_out_of_scope_is_accepted() {
    for kind in Kind::ALL {
        let settings = with(&kind.settings(json!({"proxy": proxy("http://a")})), "/report", json!(true));
        let bare = kind.object(json!({"containers": [{"name": "main"}]}));
        assert!(said(run(create(bare.clone()), settings.clone())).is_some(), "{kind:?}");
        let goes = with(&bare, "/metadata/deletionTimestamp", json!("2026-11-23T10:10:00Z"));
        assert_eq!(said(run(create(goes), settings.clone())), None, "{kind:?}");
        let mut deleted = with(&create(Value::Null), "/kind", create(bare.clone())["kind"].clone());
        deleted["oldObject"] = bare.clone();
        deleted["operation"] = json!("DELETE");
        assert_eq!(said(run(deleted, settings.clone())), None, "{kind:?}");
        let scale = with(&create(bare), "/subResource", json!("scale"));
        assert_eq!(said(run(scale, settings)), None, "{kind:?}");
    }
    let pod = Kind::Pod.object(json!({"containers": [{"name": "main"}]}));
    assert_eq!(reported(&pod, &Kind::Notebook.settings(json!({"proxy": proxy("http://a")}))), None);
    let update = update(pod.clone(), pod);
    let settings = with(&Kind::Pod.settings(json!({"proxy": proxy("http://a")})), "/report", json!(true));
    assert_eq!(said(run(update, settings)), None);
}

/// A dependency that finds no container lacks nothing that it could have; an annotation by which the user asks for what
/// waits is no reason to do it, and a record that cannot be read owns nothing.
#[test]
fn nothing_is_done_and_nothing_else_is_said() {
    let settings = notebook_settings(json!({"proxy": proxy("http://a")}));
    assert_eq!(reported(&notebook(json!({})), &settings), None);
    let asks =
        with(&notebook_with_env(json!({"MINE": "1"})), ANNOTATIONS, json!({"mutatingflow.nais.io/apply": "now"}));
    assert_eq!(reported(&asks, &settings), says("missing or outdated: proxy"));
    let stored = created(&notebook_with_env(json!({"MINE": "1"})), &settings).object;
    assert_eq!(reported(&with(&stored, INJECTED, json!("{")), &settings), None);
    let other = notebook_settings(json!({"proxy": proxy("http://b")}));
    let conflict = says("in conflict with the user's entries: proxy");
    assert_eq!(reported(&with(&stored, INJECTED, json!("{")), &other), conflict);
    // `report: false` is the default.
    let outcome = created(&notebook_with_env(json!({"MINE": "1"})), &with(&settings, "/report", json!(false)));
    assert_eq!(audit(&outcome, "dependencies"), "proxy");
}
