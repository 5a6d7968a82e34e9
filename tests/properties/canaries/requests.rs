//! Requests: neither the user's values nor those of the settings are in what is said of them, or in the annotations that
//! the policy writes (contract, "Names, never values").

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::corpus::{self, Request};
use super::life::{Life, OVERRIDE, contrary, settle};
use super::places::Shown::{List, Text};
use super::places::{Place, Row, Seen, Spelling, has_canary, places};
use super::random::{Edit, edits};
use super::said::{Channel, Said};
use crate::evaluator::validate;
use crate::generate;
use crate::run::check;

/// What may be shown of an object. Any other value is a secret, also that of a label or a number.
const SHOWN_OF_OBJECTS: &[Row] = &[
    Row(
        &["/metadata/annotations/mutatingflow.nais.io~1update-pending"],
        &[Text],
        "names of dependencies of other policies",
    ),
    Row(
        &[
            "env/#/name",
            "volumes/#/name",
            "imagePullSecrets/#/name",
            "containers/#/name",
            "initContainers/#/name",
            "volumeMounts/#/mountPath",
        ],
        &[Text],
        "the key of an entry, where the settings bring the same",
    ),
];

/// What may be shown of settings.
const SHOWN_OF_SETTINGS: &[Row] = &[
    Row(
        &["/notebooks", "/pipelinePods", "/pods", "dependencies/*/containers"],
        &[List],
        "names of dependencies or containers",
    ),
    Row(&["/notebooks/#", "/pipelinePods/#", "/pods/#"], &[Text], "names of dependencies"),
    Row(
        &[
            "env/#/name",
            "volumes/#/name",
            "imagePullSecrets/#/name",
            "initContainers/#/name",
            "sidecars/#/name",
            "resourceClaims/#/name",
            "vault/volumeName",
            "vault/secretsPath",
            "hostAliases/#/ip",
            "topologySpreadConstraints/#/topologyKey",
            "topologySpreadConstraints/#/whenUnsatisfiable",
            "volumeMounts/#/mountPath",
        ],
        &[Text],
        "the key of an entry",
    ),
];

/// What decides which requests and which objects the policy acts on, and how. A canary there would end the matter; alone,
/// each is tried all the same.
const DECISIVE: [&str; 16] = [
    "/apiVersion",
    "/kind",
    "/metadata/name",
    "/metadata/deletionTimestamp",
    "/metadata/ownerReferences/#/apiVersion",
    "/metadata/ownerReferences/#/kind",
    "metadata/annotations/mutatingflow.nais.io~1injected",
    "metadata/annotations/lab.example.org~1injected",
    "metadata/annotations/lab.example.org~1update-pending",
    "dependencies/*/onConflict",
    "dependencies/*/containers",
    "dependencies/*/containers/#",
    "caBundle/mount",
    "/runningNotebooks",
    "/annotationDomain",
    "/report",
];

/// What stays as it is while the rest of an object is changed at random.
const LEFT_ALONE: [&str; 4] =
    ["/apiVersion", "/kind", "/metadata/managedFields", "/metadata/annotations/mutatingflow.nais.io"];

/// Whether a canary is a secret at a place, by a table.
fn is_secret_of(table: &'static [Row]) -> impl Fn(&Place, Spelling) -> bool {
    move |place, spelling| place.row(spelling, table).is_none()
}

/// The places of an object: not those of the fields that some client manages, which are very many names.
fn places_of(object: &Value) -> Vec<Place> {
    let mut places = places(object);
    places.retain(|place| !place.pointer.starts_with("/metadata/managedFields"));
    places
}

/// Puts canaries wherever a string is that is a secret, numbered from `first`. Where a number, an object or a list is, it
/// stays, so that there is something to do.
fn put_everywhere(document: &mut Value, table: &'static [Row], spelling: Spelling, first: usize) {
    for (number, place) in places_of(document).iter().enumerate() {
        let is_string = document.pointer(&place.pointer).is_some_and(Value::is_string);
        let is_decisive = DECISIVE.iter().any(|end| place.ends_with(end)) || place.way.contains("/selector/");
        if is_string && !is_decisive && place.row(spelling, table).is_none() {
            place.put(document, spelling.canary(first + number));
        }
    }
}

/// Each kind of place of the objects once, with every type and one of the spellings of strings.
#[test]
fn no_value_of_an_object_is_shown() {
    let mut tried = BTreeSet::new();
    for request in corpus::requests() {
        let mut settings = contrary(&request.object);
        for (number, place) in places_of(&request.object).into_iter().enumerate() {
            for spelling in Spelling::some(number) {
                if place.row(spelling, SHOWN_OF_OBJECTS).is_some()
                    || !tried.insert((corpus::kind_of_way(&place.way), spelling))
                {
                    continue;
                }
                let mut request = request.clone();
                place.put(&mut request.object, spelling.canary(number));
                settle(&mut settings, tried.len());
                let name = format!("{}, {spelling:?} at {}", request.name, place.pointer);
                let mut hear = |said: &Said| said.assert_hidden(&name);
                Life { request: &request, settings: &settings, later: &settings, is_escaped: false, hear: &mut hear }
                    .once(tried.len() / 3);
            }
        }
    }
    assert!(tried.len() >= 1_500, "{}", tried.len());
}

/// The same of the places of settings, which nobody checked. A row of the table of which nothing was shown would be too
/// many.
#[test]
fn no_value_of_settings_is_shown() {
    let (mut tried, mut seen) = (BTreeSet::new(), Seen::default());
    for request in corpus::requests() {
        let mut contrary = contrary(&request.object);
        let is_of_pipeline = request.object["metadata"]["annotations"]["workflows.argoproj.io/node-name"].is_string();
        let kind = (request.object["kind"] == "Pod", is_of_pipeline);
        for (number, place) in places(&contrary).into_iter().enumerate() {
            for spelling in Spelling::some(number) {
                // What a dependency brings is the same for all; each has its own list.
                let kind = Some(kind).filter(|_| !place.way.starts_with("/dependencies"));
                if !tried.insert((kind, corpus::kind_of_way(&place.way), spelling)) {
                    continue;
                }
                // What may be shown is added, and not denied because of something else.
                let is_secret = place.row(spelling, SHOWN_OF_SETTINGS).is_none();
                settle(&mut contrary, if is_secret { tried.len() } else { OVERRIDE });
                let mut settings = contrary.clone();
                place.put(&mut settings, spelling.canary(number));
                let said = Said::of(request, &settings, false);
                match place.row(spelling, SHOWN_OF_SETTINGS) {
                    None => said.assert_hidden(&format!("{}, {spelling:?} at {}", request.name, place.pointer)),
                    Some(row) if said.texts.iter().any(|(_, text)| has_canary(text)) => {
                        seen.note(row, &place, spelling)
                    }
                    Some(_) => {}
                }
            }
        }
    }
    assert!(tried.len() >= 700, "{}", tried.len());
    seen.assert_whole(SHOWN_OF_SETTINGS);
}

/// Whole lives, in which every string of object and settings is a canary but for names: conflicts, what is written over,
/// what waits and what is taken away, with forged and with broken records.
#[test]
fn no_value_is_shown_in_any_life() {
    let mut heard = BTreeSet::new();
    let is_later = |request: &&Request| request.name.contains("/later/");
    let later = corpus::requests().iter().filter(is_later).step_by(15);
    let lives = corpus::requests().iter().filter(|request| !is_later(request)).step_by(3).chain(later);
    for (number, request) in lives.enumerate() {
        let mut request = request.clone();
        let mut settings = contrary(&request.object);
        settle(&mut settings, number);
        let mut later = settings.clone();
        let spelling = Spelling::TEXTS[number % Spelling::TEXTS.len()];
        put_everywhere(&mut request.object, SHOWN_OF_OBJECTS, spelling, 0);
        put_everywhere(&mut request.old_object, SHOWN_OF_OBJECTS, spelling, 0);
        put_everywhere(&mut settings, SHOWN_OF_SETTINGS, spelling, 300);
        put_everywhere(&mut later, SHOWN_OF_SETTINGS, spelling, 600);
        let mut hear = |said: &Said| {
            heard.extend(said.texts.iter().map(|(channel, _)| *channel));
            said.assert_hidden(&request.name);
        };
        let is_escaped = number.is_multiple_of(2);
        Life { request: &request, settings: &settings, later: &later, is_escaped, hear: &mut hear }.whole();
    }
    assert_eq!(heard.into_iter().collect::<Vec<_>>(), Channel::ALL, "everything is said");
}

/// A row of the table of objects of which nothing was shown would be too many.
#[test]
fn a_name_in_an_object_is_shown_where_the_table_says_so() {
    let (mut tried, mut seen) = (BTreeSet::new(), Seen::default());
    for request in corpus::requests() {
        for place in places_of(&request.object) {
            let Some(row) = place.row(Spelling::Name, SHOWN_OF_OBJECTS) else { continue };
            if !tried.insert(place.way.clone()) {
                continue;
            }
            let mut request = request.clone();
            place.put(&mut request.object, Spelling::Name.canary(1));
            // The settings bring the same name, with other values.
            let mut settings = contrary(&request.object);
            put_everywhere(&mut settings, SHOWN_OF_SETTINGS, Spelling::Odd, 300);
            let mut is_shown = false;
            let mut hear = |said: &Said| {
                is_shown |= said.texts.iter().any(|(_, text)| text.contains("zq001zq001zq"));
            };
            Life { request: &request, settings: &settings, later: &settings, is_escaped: false, hear: &mut hear }
                .whole();
            if is_shown {
                seen.note(row, &place, Spelling::Name);
            }
        }
    }
    seen.assert_whole(SHOWN_OF_OBJECTS);
}

/// What a client wrote into a record, or into what is none, is not said, whatever it is.
#[test]
fn what_a_record_holds_is_not_said() {
    let records = [
        json!({"Notebook": {"contrary": {"hash": "1", "added": {"env": ["A"]}, "overridden": {"env": ["A"]}, "more": "a"}}}),
        json!({"Notebook": {"other": {"hash": "1", "added": {"env": ["A"]}}}, "Pod": {"a": {"hash": "1"}}, "applied": "1"}),
        json!({"contrary": {"hash": "1", "added": {"env/nb": ["A"]}}}),
    ];
    let request = corpus::requests().iter().find(|it| it.name.ends_with("notebook-create.json")).expect("it is there");
    let mut settings = contrary(&request.object);
    let mut tried = 0;
    for (record, place) in
        records.iter().flat_map(|record| places(record).into_iter().map(move |place| (record, place)))
    {
        for spelling in Spelling::ALL {
            let mut record = record.clone();
            place.put(&mut record, spelling.canary(1));
            let text = record.to_string();
            let half = text.find("zq").map_or(&*text, |at| &text[..at + 2]);
            for text in [&*text, half, &spelling.canary(1).to_string()] {
                let mut request = request.clone();
                request.object["metadata"]["annotations"]["mutatingflow.nais.io/injected"] = json!(text);
                settle(&mut settings, tried);
                let mut hear = |said: &Said| {
                    // What another policy wrote, and what the user asked for, stays as it is in the annotation.
                    let aloud = said.texts.iter().filter(|(channel, _)| *channel != Channel::Annotation);
                    aloud.for_each(|(channel, said)| assert!(!has_canary(said), "{text}: {channel:?}: {said}"));
                };
                Life { request: &request, settings: &settings, later: &settings, is_escaped: false, hear: &mut hear }
                    .once(tried);
                tried += 1;
            }
        }
    }
    assert!(tried >= 500, "{tried}");
}

/// Text that is not JSON, before, in and behind a canary.
#[test]
fn what_is_not_json_is_not_shown() {
    for spelling in Spelling::ALL {
        let object = json!({
            "metadata": {"name": "nb", "annotations": {"note": spelling.canary(1)}},
            "spec": {"template": {"spec": {"containers": [{"name": "nb", "env": [{"name": "A"}]}]}}},
        });
        let settings = json!({"dependencies": {"a": {"env": [{"name": "A"}]}}, "notebooks": ["a"]});
        let payload = json!({
            "request": {"kind": {"group": "kubeflow.org", "kind": "Notebook"}, "operation": "CREATE", "object": object},
            "settings": settings,
        });
        for text in super::broken::texts(&payload.to_string()) {
            let answer: Value = serde_json::from_slice(&validate(&text)).expect("an answer");
            let message = answer["message"].as_str().unwrap_or_default();
            assert!(!has_canary(message), "{message}: {}", String::from_utf8_lossy(&text));
        }
    }
}

/// Any of them at once, in objects and settings that were changed beforehand.
#[test]
fn no_value_is_shown_in_any_request() {
    let all = corpus::requests();
    let ways = (0..all.len(), 0..9_usize, edits(), edits());
    check(&ways, |(at, way, of_object, of_settings)| {
        let mut request = all[at].clone();
        let mut settings = contrary(&request.object);
        settle(&mut settings, way);
        Edit::apply_all(&of_object, &mut request.object, &is_secret_of(SHOWN_OF_OBJECTS), &LEFT_ALONE);
        Edit::apply_all(&of_settings, &mut settings, &is_secret_of(SHOWN_OF_SETTINGS), &[]);
        let mut hear = |said: &Said| said.assert_hidden(&request.name);
        Life { request: &request, settings: &settings, later: &settings, is_escaped: way > 5, hear: &mut hear }
            .once(way / 3);
        Ok(())
    });
}

/// Nor in requests that are generated, on objects with records and under other settings.
#[test]
fn no_value_is_shown_in_generated_requests() {
    let cases = (generate::case(), prop::sample::select(&Spelling::TEXTS[..]), any::<bool>());
    check(&cases, |(generate::Case { mut settings, request }, spelling, is_escaped)| {
        put_everywhere(&mut settings, SHOWN_OF_SETTINGS, spelling, 300);
        let [mut object, mut old_object] = ["object", "oldObject"].map(|name| request[name].clone());
        put_everywhere(&mut object, SHOWN_OF_OBJECTS, spelling, 0);
        put_everywhere(&mut old_object, SHOWN_OF_OBJECTS, spelling, 0);
        let operation = request["operation"].as_str().unwrap_or_default().to_owned();
        let name = "generated".to_owned();
        let request = Request { name, kind: request["kind"].clone(), operation, object, old_object };
        Said::of(&request, &settings, is_escaped).assert_hidden("generated");
        Ok(())
    });
}

/// What is seen where it may be: the name of a dependency and of a variable, in everything that the policy says.
#[test]
fn a_name_is_found_in_everything_that_is_said() {
    let name = Spelling::Name.canary(1);
    let object = json!({
        "apiVersion": "kubeflow.org/v1",
        "kind": "Notebook",
        "metadata": {"name": "nb"},
        "spec": {"template": {"spec": {"containers": [{"name": "nb", "env": [{"name": name, "value": "1"}]}]}}},
    });
    let request = Request {
        name: "names".to_owned(),
        kind: json!({"group": "kubeflow.org", "version": "v1", "kind": "Notebook"}),
        operation: "CREATE".to_owned(),
        object,
        old_object: Value::Null,
    };
    for (dependency, variable, channels) in [
        (&*name.to_string().replace('"', ""), json!("A"), &Channel::ALL[..]),
        ("dependency", name.clone(), &[Channel::Message, Channel::Warning, Channel::Annotation][..]),
    ] {
        let mut request = request.clone();
        request.object["spec"]["template"]["spec"]["containers"][0]["env"][0]["name"] = variable.clone();
        let mut found = BTreeSet::new();
        for way in 0..3 {
            let [mut settings, mut later] = ["2", "3"].map(|value| {
                let brought = json!({"env": [{"name": variable, "value": value}], "labels": {"by": dependency}});
                json!({"dependencies": {dependency: brought}, "notebooks": [dependency]})
            });
            settle(&mut settings, way);
            settle(&mut later, way);
            let mut hear = |said: &Said| {
                found.extend(said.texts.iter().filter(|(_, text)| has_canary(text)).map(|(channel, _)| *channel));
            };
            Life { request: &request, settings: &settings, later: &later, is_escaped: false, hear: &mut hear }.whole();
        }
        assert_eq!(found.into_iter().collect::<Vec<_>>(), channels, "{dependency} {variable}");
    }
}
