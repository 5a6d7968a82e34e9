//! Requests, and what came before them: who has written what is stored, under which settings.

use serde_json::{Value, json};

use super::Case;
use super::draw::{Draw, remove};
use super::object::{add_entry, mangle, object};
use super::pool::{DOMAINS, fields_of};
use super::settings::{accepted, earlier};
use crate::evaluator::evaluate;
use crate::objects::{Kind, create, update};

/// Settings, and a request under them.
pub fn case(draw: &mut Draw) -> Case {
    let settings = accepted(draw);
    let kind = kind(draw, &settings);
    let fields = &fields_of(&settings);
    let mut request = match draw.below(100) {
        0..40 => create(object(draw, kind, fields)),
        40..60 => create(written_before(draw, &settings, kind)),
        _ if kind == Kind::Notebook => change(draw, &settings),
        _ => create(object(draw, kind, fields)),
    };
    dress(draw, &mut request);
    Case { settings, request }
}

/// A kind of which the settings say something, mostly.
fn kind(draw: &mut Draw, settings: &Value) -> Kind {
    let is_listed = |kind: &Kind| settings[kind.list()].as_array().is_some_and(|list| !list.is_empty());
    let listed: Vec<_> = Kind::ALL.into_iter().filter(is_listed).collect();
    let is_listed = !listed.is_empty() && draw.chance(95);
    if draw.chance(40) && (!is_listed || listed.contains(&Kind::Notebook)) {
        return Kind::Notebook;
    }
    *draw.one(if is_listed { &listed } else { &Kind::ALL })
}

/// What the policy makes of a request, if it lets it through.
fn admitted(request: Value, settings: &Value) -> Option<Value> {
    let outcome = evaluate(request, settings);
    outcome.allowed.then_some(outcome.object)
}

/// An object that the policy has written before: a copy, one that it is called for a second time, or a notebook's pod, on
/// which the controller put the notebook's annotations.
fn written_before(draw: &mut Draw, settings: &Value, kind: Kind) -> Value {
    let earlier = earlier(draw, settings);
    let fields = &fields_of(settings);
    let user = object(draw, kind, fields);
    let mut written = admitted(create(user.clone()), &earlier).unwrap_or(user);
    if kind != Kind::Notebook && draw.chance(30) {
        let notebook = object(draw, Kind::Notebook, fields);
        let notebook = admitted(create(notebook.clone()), &earlier).unwrap_or(notebook);
        written["metadata"]["annotations"] = notebook["metadata"]["annotations"].clone();
        written["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "main", "controller": true}]);
        if draw.chance(70)
            && let Some(spec) = notebook.pointer(Kind::Notebook.pod_spec())
        {
            written["spec"] = spec.clone();
        }
    }
    if draw.chance(30) {
        forget(draw, &mut written);
    }
    for _ in 0..draw.up_to(2) {
        edit(draw, &mut written, kind, fields);
    }
    written
}

/// A change of a notebook that has lived under other settings.
fn change(draw: &mut Draw, settings: &Value) -> Value {
    let kind = Kind::Notebook;
    let fields = &fields_of(settings);
    let mut stored = object(draw, kind, fields);
    if draw.chance(85) {
        let earlier = earlier(draw, settings);
        stored = admitted(create(stored.clone()), &earlier).unwrap_or(stored);
    }
    for _ in 0..draw.up_to(2) {
        let earlier = earlier(draw, settings);
        let mut new = stored.clone();
        edit(draw, &mut new, kind, fields);
        stored = admitted(update(stored.clone(), new), &earlier).unwrap_or(stored);
    }
    let mut new = stored.clone();
    for _ in 0..draw.up_to(3) {
        edit(draw, &mut new, kind, fields);
    }
    if draw.chance(5) {
        stored = Value::Null;
    }
    update(stored, new)
}

/// Changes an object, as its user, the culler, or a client that knows nothing of the policy does.
pub fn edit(draw: &mut Draw, object: &mut Value, kind: Kind, fields: &[String]) {
    let annotations = "/metadata/annotations";
    if object.pointer(annotations).is_none_or(|annotations| !annotations.is_object()) && object["metadata"].is_object()
    {
        object["metadata"]["annotations"] = json!({});
    }
    let Some(own) = object.pointer_mut(annotations) else { return };
    match draw.below(12) {
        0 => own["notebooks.kubeflow.org/last-activity"] = json!("2026-11-23T10:10:00Z"),
        1 => own["kubeflow-resource-stopped"] = json!("2026-11-23T10:10:00Z"),
        2 => _ = own.as_object_mut().map(|own| own.remove("kubeflow-resource-stopped")),
        3 => own[format!("{}/apply", draw.one(&DOMAINS))] = json!("now"),
        4 => forget(draw, object),
        5..8 => add_entry(draw, object, kind, fields),
        _ => mangle(draw, object, kind),
    }
}

/// Takes annotations off: all, or the record.
fn forget(draw: &mut Draw, object: &mut Value) {
    if draw.chance(50) {
        remove(object, "/metadata/annotations");
    } else {
        for domain in DOMAINS {
            remove(object, &format!("/metadata/annotations/{domain}~1injected"));
        }
    }
}

/// Changes what stands around the object.
fn dress(draw: &mut Draw, request: &mut Value) {
    let members = request.as_object_mut().expect("a request is an object");
    members.retain(|_, value| !value.is_null());
    match draw.below(50) {
        0 => request["operation"] = json!("DELETE"),
        1 => request["subResource"] = json!("status"),
        2 => request["subResource"] = json!(""),
        3 => request["kind"]["version"] = json!("v1beta1"),
        4 => request["kind"]["kind"] = json!("Other"),
        5 => request["object"]["metadata"]["deletionTimestamp"] = json!("2026-11-23T10:10:00Z"),
        6 => request["dryRun"] = json!(true),
        7 => request["operation"] = json!("UPDATE"),
        _ => {}
    }
}
