//! A second implementation of the policy, [`reference`](crate::reference), agrees with it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::evaluator::{Outcome, evaluate};
use crate::generate::{Case, Life, case, life, sent};
use crate::holds::drop_nothing;
use crate::objects::{Kind, create, created, update};
use crate::reference::{Answer, Warning, answer, oracle, scope, template};
use crate::run::check;
use crate::typed::typed;

/// What a warning of the policy is about.
fn kind_of(warning: &str) -> Option<Warning> {
    let is = |words: &str| warning.contains(words);
    Some(match () {
        () if is("is put back") => Warning::PutBack,
        () if is("is yours now") => Warning::YoursNow,
        () if is("was set already and is replaced") => Warning::Replaced,
        () if is("stays: the user still mounts it") => Warning::StillMounted,
        () if is(" stays; what dependency") => Warning::Stays,
        () if is("own is not restored") => Warning::NotRestored,
        () if is("waiting for a restart") => Warning::WaitsForStop,
        () if is(" waits: ") => Warning::WaitsForConflict,
        () if is("must not be read-only") => Warning::BelowDirectory,
        () if is("without fsGroup") => Warning::FsGroup,
        () if is("cannot be read") => Warning::Damaged,
        () if is(" is left out: ") => Warning::LeftOut,
        () => return None,
    })
}

/// An object in which the record is compared by what it says: the keys of a place in any order, without the hash of the
/// template for which somebody asked for what waits.
fn comparable(object: &Value, domain: &str) -> Value {
    let mut object = object.clone();
    let key = format!("{domain}/injected");
    let text = object["metadata"]["annotations"][&key].as_str().map(str::to_owned);
    if let Some(mut record) = text.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        if let Some(members) = record.as_object_mut() {
            members.remove("applied");
        }
        sort_keys(&mut record);
        let annotations = object["metadata"]["annotations"].as_object_mut().expect("it has the record");
        if record == json!({}) && text.as_deref() != Some("{}") {
            annotations.remove(&key);
        } else {
            annotations.insert(key, record);
        }
    }
    // Whether a member of an affinity that says nothing stays is no difference.
    for spec in ["/spec", "/spec/template/spec"] {
        if let Some(spec) = object.pointer_mut(spec).and_then(Value::as_object_mut) {
            spec.get_mut("affinity").into_iter().for_each(drop_nothing);
            spec.retain(|name, value| name != "affinity" || *value != json!({}));
        }
    }
    // Reading a member of `null` has left one behind, and the record of `applied` alone may have been the only annotation.
    if object["metadata"]["annotations"].is_null() || object["metadata"]["annotations"] == json!({}) {
        object
            .as_object_mut()
            .and_then(|it| it.get_mut("metadata")?.as_object_mut())
            .map(|it| it.remove("annotations"));
    }
    object
}

fn sort_keys(record: &mut Value) {
    match record {
        Value::Array(keys) => keys.sort_by_key(Value::to_string),
        Value::Object(members) => members.values_mut().for_each(sort_keys),
        _ => {}
    }
}

/// What the two disagree in.
fn differences(case: &Case, policy: &Outcome, reference: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, policy: &dyn std::fmt::Debug, reference: &dyn std::fmt::Debug| {
        let (policy, reference) = (format!("{policy:?}"), format!("{reference:?}"));
        if policy != reference {
            found.push(format!("{what}\n  policy:    {policy}\n  reference: {reference}"));
        }
    };
    compare("code", &policy.code, &reference.code);
    if policy.code.is_some() || reference.code.is_some() {
        return found;
    }
    let domain = case.settings["annotationDomain"].as_str().unwrap_or("mutatingflow.nais.io");
    let objects = [&policy.object, &reference.object].map(|it| comparable(it, domain));
    if objects[0] != objects[1] {
        let patch = json_patch::diff(&objects[0], &objects[1]);
        compare(
            "object, from the policy's to the reference's",
            &"",
            &serde_json::to_string(&patch).unwrap_or_default(),
        );
    }
    compare("audit", &policy.audit, &reference.audit);
    let kinds: BTreeSet<_> = policy.warnings.iter().filter_map(|it| kind_of(it)).collect();
    if policy.warnings.len() < 12 {
        compare("warnings", &kinds, &reference.warnings);
    }
    found
}

/// Both answers.
fn both(case: &Case) -> (Outcome, Answer) {
    let reference = answer(&case.request, &case.settings);
    let policy = evaluate(case.request.clone(), &case.settings);
    remember(case, &policy);
    (policy, reference)
}

/// Remembers of which stored template the hash in a new record is.
fn remember(case: &Case, policy: &Outcome) {
    let domain = case.settings["annotationDomain"].as_str().unwrap_or("mutatingflow.nais.io");
    let text = policy.object["metadata"]["annotations"][format!("{domain}/injected")].as_str().unwrap_or("{}");
    let record: Value = serde_json::from_str(text).unwrap_or_default();
    if let (Some(scope), Some(applied)) = (scope(&case.request, &case.settings), record.get("applied")) {
        let is_new = !case.request["object"].to_string().contains(applied.as_str().unwrap_or_default());
        if is_new {
            oracle::remember_applied(applied, template(&case.request["oldObject"], scope));
        }
    }
}

/// Whether containers can be told apart by their names, as the contract does. The API server refuses a pod in which two have
/// one name, or none.
fn has_distinct_containers(case: &Case) -> bool {
    ["object", "oldObject"].iter().all(|object| {
        let mut names = BTreeSet::new();
        let object = &case.request[*object];
        [object.pointer("/spec/template/spec"), object.pointer("/spec")].into_iter().flatten().all(|spec| {
            let lists = [&spec["containers"], &spec["initContainers"]];
            let mut containers = lists.into_iter().filter_map(Value::as_array).flatten();
            containers.all(|container| {
                let name = container["name"].as_str().unwrap_or_default();
                !name.is_empty() && names.insert(name.to_owned())
            })
        })
    })
}

/// Whether a container of the client's is called like a sidecar that the settings bring, without being recorded as one.
/// The contract lets it be no main container, since a dependency brings it, and the user's, since it was there: the policy
/// takes it for the latter, and refuses a second call if what it put there is not a part of the sidecar.
fn has_container_like_a_sidecar(case: &Case) -> bool {
    let dependencies = case.settings["dependencies"].as_object().into_iter().flatten();
    let sidecars = dependencies.flat_map(|(_, it)| it["sidecars"].as_array().into_iter().flatten());
    let names: BTreeSet<_> = sidecars.filter_map(|it| it["name"].as_str()).collect();
    [&case.request["object"], &case.request["oldObject"]].into_iter().any(|object| {
        let text = object["metadata"]["annotations"].to_string();
        [object.pointer("/spec/template/spec"), object.pointer("/spec")].into_iter().flatten().any(|spec| {
            let mut containers = spec["containers"].as_array().into_iter().flatten();
            containers.any(|it| {
                let name = it["name"].as_str().unwrap_or_default();
                names.contains(name) && !text.contains("sidecars")
            })
        })
    })
}

/// The records on an object of a Notebook: the annotation, the dependency, and its part.
fn records(object: &Value) -> Vec<(String, String, Value)> {
    let mut records = Vec::new();
    for (key, text) in object["metadata"]["annotations"].as_object().into_iter().flatten() {
        let record = text.as_str().filter(|_| key.ends_with("/injected")).and_then(|it| serde_json::from_str(it).ok());
        let record: Value = record.unwrap_or_default();
        for (name, part) in record["Notebook"].as_object().into_iter().flatten() {
            records.push((key.clone(), name.clone(), part.clone()));
        }
    }
    records
}

/// Whether the client's object has the records of other policies as the stored one has them: of dependencies that the
/// settings do not name, and of other domains. What becomes of the entries of a policy that has changed them in the same
/// request, or whose record the client has lost, the contract does not say in every detail: on what it leaves open the two
/// need not agree.
fn keeps_records_of_others(case: &Case) -> bool {
    let settings = &case.settings;
    let own = format!("{}/injected", settings["annotationDomain"].as_str().unwrap_or("mutatingflow.nais.io"));
    let is_known = |name: &str| {
        let mut retired = settings["retired"].as_array().into_iter().flatten();
        !settings["dependencies"][name].is_null() || retired.any(|it| it == name)
    };
    let of_others = |object: &Value| -> Vec<_> {
        records(object).into_iter().filter(|(key, name, _)| *key != own || !is_known(name)).collect()
    };
    of_others(&case.request["object"]) == of_others(&case.request["oldObject"])
}

/// Whether an UPDATE has the stored object, or no record. Without it, what the client's record names is ours or not: the next
/// update settles it. Both have containers, and values of the right types, or the API server refuses them.
fn has_stored_object(case: &Case) -> bool {
    let has_containers = |object: &Value| {
        let spec = object.pointer("/spec/template/spec").and_then(|spec| typed(spec).ok()).unwrap_or_default();
        spec["containers"].as_array().is_some_and(|containers| !containers.is_empty())
    };
    let (object, old) = (&case.request["object"], &case.request["oldObject"]);
    if is_update(case) && !old.is_null() {
        has_containers(object) && has_containers(old)
    } else {
        !is_update(case) || records(object).is_empty()
    }
}

/// Whether each entry that records name is of one dependency alone, and what another policy has recorded is nothing that
/// these settings mention. The contract does not say whose it is when the records of several policies, or of one whose
/// dependencies waited for one another, have it.
fn has_one_owner_each(case: &Case) -> bool {
    let dependencies = &case.settings["dependencies"];
    let mentioned = dependencies.to_string();
    [&case.request["object"], &case.request["oldObject"]].into_iter().all(|object| {
        let mut entries = BTreeSet::new();
        records(object).iter().all(|(_, name, part)| {
            let is_anothers = dependencies[name].is_null();
            let mut places = part["added"].as_object().into_iter().flatten();
            places.all(|(place, keys)| {
                let mut keys = keys.as_array().into_iter().flatten();
                keys.all(|key| {
                    let is_mentioned = is_anothers && mentioned.contains(&key.to_string());
                    !is_mentioned && entries.insert(format!("{place} {key}"))
                })
            })
        })
    })
}

/// Whether a dependency is left out of an object with records. What it has added stays as it is, and may be what another
/// dependency adds now, or what only the client's record names: the contract does not say which of the two counts.
fn leaves_out_what_is_recorded(case: &Case, reference: &Answer) -> bool {
    let mut objects = [&case.request["object"], &case.request["oldObject"]].into_iter();
    reference.warnings.contains(&Warning::LeftOut) && objects.any(|object| !records(object).is_empty())
}

/// Whether no list has two entries with one key. The contract says of such only that `Override` leaves one.
fn has_distinct_entries(case: &Case) -> bool {
    fn is_distinct(value: &Value) -> bool {
        match value {
            Value::Array(items) => {
                let mut keys = BTreeSet::new();
                let key = |item: &Value| {
                    if item["topologyKey"].is_string() {
                        return Some(format!("{} {}", item["topologyKey"], item["whenUnsatisfiable"]));
                    }
                    let member = ["mountPath", "ip", "name"].into_iter().find(|member| item[*member].is_string())?;
                    Some(format!("{member} {}", item[member].as_str()?.trim_end_matches('/')))
                };
                let is_new = |item| key(item).is_none_or(|key| keys.insert(key));
                items.iter().all(is_new) && items.iter().all(is_distinct)
            }
            Value::Object(members) => members.values().all(is_distinct),
            _ => true,
        }
    }
    [&case.request["object"], &case.request["oldObject"]].into_iter().all(|object| is_distinct(&object["spec"]))
}

/// Whether the contract says what becomes of a request, as far as the request tells.
fn is_clear(case: &Case) -> bool {
    !has_container_like_a_sidecar(case)
        && has_one_owner_each(case)
        && has_stored_object(case)
        && (!is_update(case) || has_distinct_entries(case) && keeps_records_of_others(case))
}

fn is_update(case: &Case) -> bool {
    case.request["operation"] == "UPDATE"
}

/// The requests of a life, each with the settings of the policy that is called, until one is denied or cannot be compared;
/// `see` gets each with both answers.
fn live(life: &Life, see: &mut dyn FnMut(&Case, &Outcome, &Answer)) {
    let mut stored = Value::Null;
    let first = [(0, false, life.manifest.clone())].into_iter();
    let mut steps = life.steps.iter();
    let mut next = first.map(|(settings, is_other_first, sent)| (settings, is_other_first, create(sent))).next();
    while let Some((settings, is_other_first, mut request)) = next.take() {
        let mut policies: Vec<_> =
            [&life.settings[settings % life.settings.len()]].into_iter().chain(&life.others).collect();
        if is_other_first {
            policies.reverse();
        }
        let mut is_allowed = true;
        for settings in policies {
            let case = Case { settings: settings.clone(), request: request.clone() };
            if !has_distinct_containers(&case) {
                return;
            }
            let (policy, reference) = both(&case);
            if is_clear(&case) && !leaves_out_what_is_recorded(&case, &reference) {
                see(&case, &policy, &reference);
            }
            is_allowed &= policy.allowed;
            if !is_allowed {
                break;
            }
            request["object"] = policy.object;
        }
        if is_allowed {
            stored = request["object"].clone();
        } else if stored.is_null() {
            return;
        }
        next = steps
            .next()
            .map(|step| (step.settings, step.is_other_first, update(stored.clone(), sent(life, step, &stored))));
    }
}

/// What there is among the requests that were compared, each with how often.
#[derive(Debug, Default)]
struct Tally(BTreeMap<String, usize>);

impl Tally {
    fn count(&mut self, case: &Case, policy: &Outcome, reference: &Answer) {
        let scope = scope(&case.request, &case.settings).map_or("untouched".to_owned(), |scope| format!("{scope:?}"));
        let operation = case.request["operation"].as_str().unwrap_or_default();
        let mut seen = vec![format!("{operation} {scope}")];
        seen.extend(policy.code.map(|code| format!("{code}")));
        seen.extend(policy.audit.keys().cloned());
        seen.extend(reference.warnings.iter().map(|warning| format!("{warning:?}")));
        seen.extend((case.settings["report"] == true).then(|| "report".to_owned()));
        seen.extend((!policy.patch.is_empty()).then(|| "changed".to_owned()));
        for what in seen {
            *self.0.entry(what).or_default() += 1;
        }
    }
}

/// Requests of kinds that are rare among those that are generated.
fn rare() -> Vec<Case> {
    let settings = |wanted: &[&str], dependency: Value| {
        let dependencies = json!({"dep": dependency, "other": {"labels": {"other": "yes"}}});
        json!({"dependencies": dependencies, "notebooks": wanted, "pipelinePods": ["dep", "other"], "pods": ["dep"]})
    };
    let notebook = |container: Value| Kind::Notebook.object(json!({"containers": [container]}));
    let stop = |object: &Value| {
        let mut object = object.clone();
        object["metadata"]["annotations"]["kubeflow-resource-stopped"] = json!("now");
        object
    };
    // What `Override` replaced is removed, and so is a volume that the user mounts.
    let ours = json!({
        "onConflict": "Override",
        "env": [{"name": "A", "value": "ours"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
    });
    let users = json!({
        "name": "main",
        "env": [{"name": "A", "value": "mine"}],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    });
    let stored = created(&notebook(users), &settings(&["dep"], ours.clone())).object;
    let removed = Case { settings: settings(&["other"], ours.clone()), request: update(stored.clone(), stop(&stored)) };
    // A record that cannot be read.
    let mut damaged = notebook(json!({"name": "main"}));
    damaged["metadata"]["annotations"] = json!({"mutatingflow.nais.io/injected": "{"});
    let damaged = Case { settings: settings(&["dep"], ours.clone()), request: create(damaged) };
    // A notebook's pod, which has what its notebook had.
    let part = json!({"hash": "0", "added": {"env": ["A"]}});
    let mut pod = Kind::Pod.object(json!({"containers": [{"name": "main", "env": [{"name": "A", "value": "old"}]}]}));
    pod["metadata"]["annotations"] =
        json!({"mutatingflow.nais.io/injected": json!({"Notebook": {"dep": part}}).to_string()});
    pod["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "main", "controller": true}]);
    let of_a_set = Case { settings: settings(&["dep"], ours), request: create(pod) };
    // A file of ours below a directory that the user mounts.
    let file = json!({
        "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "volumeMounts": [{"name": "ca", "mountPath": "/etc/ssl/certs/ca.crt", "subPath": "ca.crt"}],
    });
    let users = json!({"name": "main", "volumeMounts": [{"name": "certs", "mountPath": "/etc/ssl/certs"}]});
    let below = Case { settings: settings(&["dep"], file), request: create(notebook(users)) };
    vec![removed, damaged, of_a_set, below]
}

/// What must be among them.
const REACHED: [&str; 28] = [
    "CREATE Notebook",
    "UPDATE Notebook",
    "CREATE PipelinePod",
    "CREATE Pod",
    "CREATE untouched",
    "422",
    "changed",
    "report",
    "dependencies",
    "removed",
    "deferred",
    "unknown",
    "restored",
    "left-out",
    "Stays",
    "Replaced",
    "YoursNow",
    "PutBack",
    "NotRestored",
    "StillMounted",
    "LeftOut",
    "WaitsForStop",
    "WaitsForConflict",
    "BelowDirectory",
    "FsGroup",
    "Damaged",
    "DELETE untouched",
    "UPDATE untouched",
];

/// On single requests of every kind, and on all requests of lives: what is admitted, what becomes of the object, the audit
/// annotations, and what the warnings are about. Among them is everything that can happen.
#[test]
fn the_reference_agrees() {
    let tally = RefCell::new(Tally::default());
    check(&case(), |case| {
        if !has_distinct_containers(&case) || !is_clear(&case) {
            return Ok(());
        }
        let (policy, reference) = both(&case);
        if leaves_out_what_is_recorded(&case, &reference) {
            return Ok(());
        }
        let found = differences(&case, &policy, &reference);
        prop_assert!(found.is_empty(), "{}\n{:?}\n{:?}", found.join("\n"), policy.message, policy.warnings);
        tally.borrow_mut().count(&case, &policy, &reference);
        Ok(())
    });
    check(&life(), |life| {
        let mut found = Vec::new();
        live(&life, &mut |case, policy, reference| {
            let differences = differences(case, policy, reference);
            if found.is_empty() && !differences.is_empty() {
                found = differences;
                found.push(format!("{case:?}\n{:?}\n{:?}", policy.message, policy.warnings));
            }
            tally.borrow_mut().count(case, policy, reference);
        });
        prop_assert!(found.is_empty(), "{}", found.join("\n"));
        Ok(())
    });
    for case in rare() {
        let (policy, reference) = both(&case);
        assert_eq!(differences(&case, &policy, &reference), [] as [String; 0], "{case:?}");
        tally.borrow_mut().count(&case, &policy, &reference);
    }
    let Tally(tally) = tally.into_inner();
    println!("{tally:#?}");
    let missing: Vec<_> = REACHED.into_iter().filter(|what| !tally.contains_key(*what)).collect();
    assert!(missing.is_empty(), "none of the requests is one of {missing:?}");
}
