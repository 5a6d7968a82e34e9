//! Changes of a document member by member, so that it stays JSON, and mostly a request or settings: what is put into it
//! stands under the same key in a real one, or elsewhere in the document itself, so that what users write and what the
//! settings bring meet.

use std::collections::BTreeMap;
use std::mem;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::{evaluator, seeds};

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// A payload of `validate`.
    Payload,
    /// A payload of `validate_settings`.
    Settings,
}

/// Values that stand in no real request.
static ODD: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let values = json!([
        null, {}, [], "", 0, -1, 1.5, true, false, [[]], [null], [{}], {"name": ""}, "500m", "0.5", "1e3", "-1", "a", "/", "/a/../b",
        "{name}", "{namespace}", "{{name}}", "\u{0}\n\"\\", "æ😀", 9007199254740993_i64, "x".repeat(300),
    ]);
    values.as_array().cloned().unwrap_or_default()
});

/// What stands in real documents.
static DONORS: LazyLock<Donors> = LazyLock::new(|| {
    let mut donors =
        Donors { settings: seeds::settings().into_iter().map(|(_, it)| it).collect(), ..Donors::default() };
    donors.settings.extend(Some(evaluator::test_data("../deploy/everything.yaml")["spec"]["settings"].take()));
    let payloads: Vec<_> = seeds::payloads().into_iter().map(|(_, payload)| payload).collect();
    payloads.iter().for_each(|payload| donors.add("", &payload["request"]));
    let settings = mem::take(&mut donors.settings);
    settings.iter().for_each(|settings| donors.add("settings", settings));
    donors.settings = settings;
    donors.requests = payloads.into_iter().map(|mut payload| payload["request"].take()).collect();
    donors
});

/// How many different values are kept under one key.
const MOST_VALUES: usize = 64;

#[derive(Default)]
struct Donors {
    requests: Vec<Value>,
    settings: Vec<Value>,
    /// By the key that a value stands under; that of a list, for its items.
    values: BTreeMap<String, Vec<Value>>,
    /// The members of the objects that stand under a key.
    members: BTreeMap<String, Vec<(String, Value)>>,
}

impl Donors {
    fn add(&mut self, key: &str, value: &Value) {
        let values = self.values.entry(key.to_owned()).or_default();
        if values.len() < MOST_VALUES && !values.contains(value) {
            values.push(value.clone());
        }
        match value {
            Value::Object(object) => {
                for (name, member) in object {
                    let members = self.members.entry(key.to_owned()).or_default();
                    if members.iter().filter(|(known, _)| known == name).count() < 8 {
                        members.push((name.clone(), member.clone()));
                    }
                    self.add(name, member);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(key, item)),
            _ => {}
        }
    }
}

/// Changes the document in `data`, of which `size` bytes are used, and returns how many then are. `None` where it is to be
/// changed by its bytes: it is no JSON, or one of sixteen others.
pub fn mutate(document: Document, data: &mut [u8], size: usize, max_size: usize, seed: u32) -> Option<usize> {
    let mut dice = Dice(u64::from(seed) + 1);
    let value: Value = data.get(..size).and_then(|bytes| serde_json::from_slice(bytes).ok())?;
    if dice.one_in(16) {
        return None;
    }
    for _ in 0..4 {
        let mut changed = value.clone();
        for _ in 0..=dice.below(4) {
            match document {
                Document::Payload => change_payload(&mut changed, &mut dice),
                Document::Settings => change_settings(&mut changed, &mut dice),
            }
        }
        let text = changed.to_string();
        if let Some(room) = data.get_mut(..text.len()).filter(|room| room.len() <= max_size) {
            room.copy_from_slice(text.as_bytes());
            return Some(text.len());
        }
    }
    Some(size)
}

fn change_settings(settings: &mut Value, dice: &mut Dice) {
    if dice.one_in(40) {
        *settings = dice.any(&DONORS.settings).cloned().unwrap_or_default();
    }
    let word = any_string(settings, dice);
    change_within(settings, "settings", word, dice);
}

fn change_payload(payload: &mut Value, dice: &mut Dice) {
    let word = any_string(payload, dice);
    let (path, key) = match dice.below(16) {
        0..4 => ("/request/object", "object"),
        4..6 => ("/request/oldObject", "object"),
        6 => ("", ""),
        7..10 => return change_settings(member(payload, "settings"), dice),
        10 => return *member(payload, "settings") = dice.any(&DONORS.settings).cloned().unwrap_or_default(),
        11 => return *member(payload, "request") = dice.any(&DONORS.requests).cloned().unwrap_or_default(),
        12 => return meet(payload, dice).unwrap_or_default(),
        13..15 => return live_on(payload, dice),
        _ => return annotate(payload, dice),
    };
    if let Some(root) = payload.pointer_mut(path) {
        change_within(root, key, word, dice);
    }
}

/// The member of what is an object then.
fn member<'v>(value: &'v mut Value, name: &str) -> &'v mut Value {
    if !value.is_object() {
        *value = json!({});
    }
    &mut value[name]
}

/// Goes on with what was answered: as a second call, or as the stored object of the next request.
fn live_on(payload: &mut Value, dice: &mut Dice) {
    let answer = evaluator::validate(payload.to_string().as_bytes());
    let mut answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let request = member(payload, "request");
    let object = answer.get_mut("mutated_object").map(Value::take).unwrap_or_else(|| member(request, "object").clone());
    match dice.below(6) {
        0 => request["object"] = object,
        1 => request["oldObject"] = object,
        2 => {
            let old = member(request, "oldObject").take();
            request["oldObject"] = mem::replace(&mut request["object"], old);
        }
        3 => request["oldObject"] = Value::Null,
        _ => {
            request["object"] = object.clone();
            request["oldObject"] = object;
        }
    }
    request["operation"] = json!(if request["oldObject"].is_null() { "CREATE" } else { "UPDATE" });
}

/// Gives the object an entry that the settings bring, or the settings one that the object has.
fn meet(payload: &mut Value, dice: &mut Dice) -> Option<()> {
    const FIELDS_OF_CONTAINERS: [&str; 8] =
        ["env", "envFrom", "volumeMounts", "resources", "command", "args", "lifecycle", "containerSecurityContext"];
    let names: Vec<_> = payload.pointer("/settings/dependencies")?.as_object()?.keys().cloned().collect();
    let path = ["/settings/dependencies/", dice.any(&names)?].concat();
    let fields: Vec<_> = payload.pointer(&path)?.as_object()?.iter().collect();
    let (field, ours) = dice.any(&fields).map(|(field, ours)| ((*field).clone(), (*ours).clone()))?;
    let is_notebook = payload.pointer("/request/object/spec/template/spec").is_some();
    let spec =
        payload.pointer_mut(if is_notebook { "/request/object/spec/template/spec" } else { "/request/object/spec" })?;
    let holder = if FIELDS_OF_CONTAINERS.contains(&&*field) {
        let containers = spec.get_mut("containers")?.as_array_mut()?;
        let at = dice.below(containers.len());
        containers.get_mut(at)?
    } else {
        spec
    };
    let theirs = member(
        holder,
        match &*field {
            "sidecars" => "containers",
            "containerSecurityContext" => "securityContext",
            other => other,
        },
    );
    match (theirs, ours) {
        (theirs, ours) if dice.one_in(3) => *theirs = ours,
        (Value::Array(theirs), Value::Array(ours)) => theirs.extend(dice.any(&ours).cloned()),
        (Value::Object(theirs), Value::Object(ours)) => theirs.extend(ours),
        (theirs, _) => {
            let theirs = theirs.clone();
            *member(payload.pointer_mut(&path)?, &field) = theirs;
        }
    }
    Some(())
}

/// Gives an object an annotation that the policy goes by, or takes it away.
fn annotate(payload: &mut Value, dice: &mut Dice) {
    const ANNOTATIONS: [(&str, &str); 9] = [
        ("kubeflow-resource-stopped", "2026-11-23T10:10:00Z"),
        ("mutatingflow.nais.io/apply", "now"),
        ("mutatingflow.nais.io/injected", "{}"),
        (
            "mutatingflow.nais.io/injected",
            r#"{"Notebook":{"proxy":{"hash":"0123456789abcdef","added":{"env":["HTTP_PROXY"]}}}}"#,
        ),
        ("mutatingflow.nais.io/update-pending", "proxy,other"),
        (
            "other.example/injected",
            r#"{"Notebook":{"x":{"hash":"0123456789abcdef","added":{"env":["A"],"volumes":["v"]}}}}"#,
        ),
        ("notebooks.opendatahub.io/notebook-restart", "true"),
        ("kubectl.kubernetes.io/default-container", "main"),
        ("workflows.argoproj.io/node-name", "a"),
    ];
    let object = member(member(payload, "request"), if dice.one_in(3) { "oldObject" } else { "object" });
    let annotations = member(member(object, "metadata"), "annotations");
    if let Some((name, value)) = dice.any(&ANNOTATIONS) {
        *member(annotations, name) = json!(value);
        if dice.one_in(3) {
            annotations.as_object_mut().map(|annotations| annotations.remove(*name));
        }
    }
}

/// Changes one value in `root`, which stands under `key`.
fn change_within(root: &mut Value, key: &str, word: Option<String>, dice: &mut Dice) {
    let nth = dice.below(count(root));
    if let Some((key, value)) = find(root, key, &mut { nth }) {
        change(value, &key, word, dice);
    }
}

fn change(value: &mut Value, key: &str, word: Option<String>, dice: &mut Dice) {
    let donors = DONORS.values.get(key).map(Vec::as_slice).unwrap_or_default();
    match (value, dice.below(8)) {
        (value, 0) => *value = dice.any(&ODD).cloned().unwrap_or_default(),
        (value, 1) => *value = dice.any(donors).cloned().unwrap_or_default(),
        (Value::Object(object), kind) => change_object(object, key, kind, dice),
        (Value::Array(items), kind) => change_items(items, donors, kind, dice),
        (Value::String(text), 2..4) => *text = word.unwrap_or_default(),
        (Value::String(text), 4) => text.push('2'),
        (Value::String(text), 5) => *text = text.to_uppercase(),
        (Value::Bool(is_true), _) => *is_true = !*is_true,
        (Value::Number(number), 2..5) => *number = (number.as_i64().unwrap_or_default().wrapping_add(1)).into(),
        (value, _) => *value = dice.any(donors).cloned().unwrap_or_default(),
    }
}

fn change_object(object: &mut Map<String, Value>, key: &str, kind: usize, dice: &mut Dice) {
    let keys: Vec<_> = object.keys().cloned().collect();
    let Some(name) = dice.any(&keys).filter(|_| kind < 5) else {
        let members = DONORS.members.get(key).map(Vec::as_slice).unwrap_or_default();
        object.extend(dice.any(members).cloned());
        return;
    };
    let value = object.remove(name);
    // Under another key: that of another member, or a new one.
    let other = if kind == 3 { dice.any(&keys).cloned() } else { Some(format!("{name}2")) };
    if let (Some(other), Some(value), 3..) = (other, value, kind) {
        object.insert(other, value);
    }
}

fn change_items(items: &mut Vec<Value>, donors: &[Value], kind: usize, dice: &mut Dice) {
    let (one, other) = (dice.below(items.len()), dice.below(items.len()));
    match kind {
        2 if !items.is_empty() => _ = items.remove(one),
        3 if !items.is_empty() => items.swap(one, other),
        4 if !items.is_empty() => items.insert(one, items[other].clone()),
        _ => {
            let items_of_donors: Vec<_> = donors.iter().filter(|donor| !donor.is_array()).collect();
            items.extend(dice.any(&items_of_donors).map(|item| (*item).clone()));
        }
    }
}

/// How many values there are in `value`, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(object) => object.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

/// The value in front of which there are `nth` others, and the key that it, or its list, stands under.
fn find<'v>(value: &'v mut Value, key: &str, nth: &mut usize) -> Option<(String, &'v mut Value)> {
    if *nth == 0 {
        return Some((key.to_owned(), value));
    }
    *nth -= 1;
    match value {
        Value::Object(object) => object.iter_mut().find_map(|(key, value)| find(value, key, nth)),
        Value::Array(items) => items.iter_mut().find_map(|item| find(item, key, nth)),
        _ => None,
    }
}

/// A string that stands somewhere in `value`, or a key.
fn any_string(value: &Value, dice: &mut Dice) -> Option<String> {
    fn collect<'v>(value: &'v Value, strings: &mut Vec<&'v str>) {
        match value {
            Value::Object(object) => object.iter().for_each(|(key, value)| {
                strings.push(key);
                collect(value, strings);
            }),
            Value::Array(items) => items.iter().for_each(|item| collect(item, strings)),
            Value::String(text) => strings.push(text),
            _ => {}
        }
    }
    let mut strings = Vec::new();
    collect(value, &mut strings);
    dice.any(&strings).map(|text| (*text).to_owned())
}

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// A number below `end`; 0 where there is none.
    fn below(&mut self, end: usize) -> usize {
        (self.roll() % (end.max(1) as u64)) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn any<'v, T>(&mut self, values: &'v [T]) -> Option<&'v T> {
        values.get(self.below(values.len()))
    }
}
