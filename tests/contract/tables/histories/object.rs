//! A notebook as a set of entries, each with an id: `volumes/data`, `env/main/MODEL`, `labels/app`. In an id the main
//! container is always called `main`, whatever the notebook's name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Where an entry stands, and its key there.
pub type Id = String;
/// Entries, by what they mean.
pub type Entries = BTreeMap<Id, Value>;

/// The lists of the pod spec, each with the member that is the key of an entry; where there is none, it is the whole value.
const POD_LISTS: [(&str, Option<&str>); 7] = [
    ("imagePullSecrets", Some("name")),
    ("volumes", Some("name")),
    ("tolerations", None),
    ("topologySpreadConstraints", None),
    ("hostAliases", Some("ip")),
    (INIT_CONTAINERS, Some("name")),
    (CONTAINERS, Some("name")),
];

/// The lists of a container.
const CONTAINER_LISTS: [(&str, Option<&str>); 3] =
    [("env", Some("name")), ("envFrom", None), ("volumeMounts", Some("mountPath"))];

/// The maps of a container, each with the objects that it is in, from the outermost on, and itself.
const CONTAINER_MAPS: [(&str, &[&str]); 3] = [
    ("limits", &["resources", "limits"]),
    ("requests", &["resources", "requests"]),
    ("containerSecurityContext", &["securityContext"]),
];

/// The fields of a container that are one entry. There is no key: the id is `command/main`.
const CONTAINER_FIELDS: [&str; 3] = ["command", "args", "imagePullPolicy"];

/// The other maps, and what they are in.
const POD_MAPS: [&str; 4] = ["nodeSelector", "securityContext", "affinity", "dnsConfig"];
const METADATA_MAPS: [&str; 2] = ["labels", "annotations"];

/// The fields of the pod spec that are one entry.
const POD_FIELDS: [&str; 2] = ["runtimeClassName", "priorityClassName"];

/// What settings call `sidecars`.
const CONTAINERS: &str = "containers";
const INIT_CONTAINERS: &str = "initContainers";

/// Fields that Go's types drop at their zero value. Every name stands for one thing here: no notebook of the histories
/// has a member of that name where it is a pointer.
const DROPPED_AT_ZERO: [&str; 8] =
    ["value", "prefix", "workingDir", "tty", "schedulerName", "hostNetwork", "initialDelaySeconds", "hostPort"];

/// Quantities, as users write them and as Go does.
const QUANTITIES: [(&str, &str); 5] =
    [("0.5", "500m"), ("0.6", "600m"), ("1.2Gi", "1288490188800m"), ("1.0Gi", "1Gi"), ("2.5Gi", "2560Mi")];

pub fn template(notebook: &Value) -> &Value {
    &notebook["spec"]["template"]["spec"]
}

pub fn template_mut(notebook: &mut Value) -> &mut Value {
    &mut notebook["spec"]["template"]["spec"]
}

/// The annotation called `name`, if it is there.
pub fn annotation<'v>(notebook: &'v Value, name: &str) -> Option<&'v str> {
    notebook["metadata"]["annotations"].get(name).and_then(Value::as_str)
}

pub fn annotations_mut(notebook: &mut Value) -> &mut Map<String, Value> {
    map(&mut notebook["metadata"], "annotations")
}

/// Takes the id of an entry apart: `env/main` and `MODEL`.
pub fn list_and_key(id: &str) -> (&str, &str) {
    let place = id.split('/').next().unwrap_or_default();
    let slashes = if is_in_containers(place) { 2 } else { 1 };
    let at = id.match_indices('/').nth(slashes - 1).map_or(id.len(), |(at, _)| at);
    (&id[..at], &id[at..])
}

/// The ids that the container of an entry may have: it is one of the containers, or an init container.
pub fn container_of(id: &str) -> Option<[Id; 2]> {
    let (place, container) = list_and_key(id).0.split_once('/')?;
    is_in_containers(place).then(|| [CONTAINERS, INIT_CONTAINERS].map(|list| format!("{list}/{container}")))
}

fn is_in_containers(place: &str) -> bool {
    CONTAINER_LISTS.iter().any(|(list, _)| *list == place)
        || CONTAINER_MAPS.iter().any(|(map, _)| *map == place)
        || CONTAINER_FIELDS.contains(&place)
}

/// Removes every entry that `keep` does not want.
pub fn retain(notebook: &mut Value, mut keep: impl FnMut(&str, &Value) -> bool) {
    let name = notebook["metadata"]["name"].as_str().expect("a notebook has a name").to_owned();
    for field in METADATA_MAPS {
        retain_members(&mut notebook["metadata"][field], field, &mut keep);
    }
    let template = template_mut(notebook);
    for field in POD_MAPS {
        retain_members(&mut template[field], field, &mut keep);
    }
    for field in POD_FIELDS {
        retain_field(&mut template[field], field, &mut keep);
    }
    for (list, member) in POD_LISTS {
        let key = |entry: &Value| match key(member, entry) {
            key if list == CONTAINERS && key == name => "main".to_owned(),
            key => key,
        };
        retain_items(&mut template[list], list, key, &mut keep);
    }
    for list in [CONTAINERS, INIT_CONTAINERS] {
        for container in template[list].as_array_mut().into_iter().flatten() {
            retain_in_container(container, &name, &mut keep);
        }
    }
}

fn retain_in_container(container: &mut Value, name: &str, keep: &mut impl FnMut(&str, &Value) -> bool) {
    let at = if container["name"] == name { "main" } else { container["name"].as_str().unwrap_or_default() }.to_owned();
    for (field, path) in CONTAINER_MAPS {
        retain_members(member_at(container, path), &format!("{field}/{at}"), keep);
    }
    for field in CONTAINER_FIELDS {
        retain_field(&mut container[field], &format!("{field}/{at}"), keep);
    }
    for (list, member) in CONTAINER_LISTS {
        retain_items(&mut container[list], &format!("{list}/{at}"), |entry| key(member, entry), keep);
    }
}

/// The value at `path`, made where it is absent.
fn member_at<'v>(value: &'v mut Value, path: &[&str]) -> &'v mut Value {
    path.iter().fold(value, |value, name| &mut value[*name])
}

fn retain_field(value: &mut Value, id: &str, keep: &mut impl FnMut(&str, &Value) -> bool) {
    if !value.is_null() && !keep(id, value) {
        *value = Value::Null;
    }
}

fn retain_members(members: &mut Value, place: &str, keep: &mut impl FnMut(&str, &Value) -> bool) {
    if let Some(members) = members.as_object_mut() {
        members.retain(|key, value| keep(&format!("{place}/{key}"), value));
    }
}

fn retain_items(
    items: &mut Value,
    place: &str,
    key: impl Fn(&Value) -> String,
    keep: &mut impl FnMut(&str, &Value) -> bool,
) {
    if let Some(items) = items.as_array_mut() {
        items.retain(|entry| keep(&format!("{place}/{}", key(entry)), entry));
    }
}

fn key(member: Option<&str>, entry: &Value) -> String {
    match member {
        Some(member) => entry[member].as_str().expect("an entry has its key").to_owned(),
        None => meaning(entry).to_string(),
    }
}

/// All entries, by what they mean. What is an entry in a container is not part of the container.
pub fn entries(notebook: &Value) -> Entries {
    let mut entries = Entries::new();
    retain(&mut notebook.clone(), |id, value| {
        let mut value = value.clone();
        if [CONTAINERS, INIT_CONTAINERS].contains(&list_and_key(id).0) {
            value["name"] = Value::Null;
            CONTAINER_LISTS.iter().for_each(|(list, _)| value[list] = Value::Null);
            CONTAINER_MAPS.iter().for_each(|(_, path)| *member_at(&mut value, path) = Value::Null);
            CONTAINER_FIELDS.iter().for_each(|field| value[field] = Value::Null);
        }
        entries.insert(id.to_owned(), meaning(&value));
        true
    });
    entries
}

/// The entries that are `fields` of a dependency, and their ids. There are a main container and one called `helper`.
pub fn entries_of(fields: &Value) -> Entries {
    let containers = match &fields[CONTAINERS] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        Value::String(all) if all == "All" => vec!["main", "helper"],
        _ => vec!["main"],
    };
    let mut notebook = json!({"metadata": {"name": "main"}, "spec": {"template": {"spec": {}}}});
    write(&mut notebook, &json!({"sidecars": containers.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()}));
    for name in &containers {
        write_into(&mut notebook, fields, name);
    }
    let mut entries = entries(&notebook);
    entries.retain(|id, _| !containers.iter().any(|name| *id == format!("containers/{name}")));
    entries
}

/// Writes `fields`, as in a dependency, into the notebook and its main container: in the place of the entries with their
/// keys, else behind all others.
pub fn write(notebook: &mut Value, fields: &Value) {
    let main = notebook["metadata"]["name"].as_str().expect("a notebook has a name").to_owned();
    write_into(notebook, fields, &main);
}

fn write_into(notebook: &mut Value, fields: &Value, container: &str) {
    for (field, value) in fields.as_object().expect("fields are an object") {
        if METADATA_MAPS.contains(&field.as_str()) {
            put_members(map(&mut notebook["metadata"], field), value);
            continue;
        }
        let template = template_mut(notebook);
        let is_one_of_containers = field == "resources" || is_in_containers(field);
        if is_one_of_containers && let Some(container) = in_template(template, container) {
            write_into_container(container, field, value);
        } else if POD_MAPS.contains(&field.as_str()) {
            put_members(map(template, field), value);
        } else if POD_FIELDS.contains(&field.as_str()) {
            template[field] = value.clone();
        } else if let Some((list, member)) =
            POD_LISTS.iter().find(|(list, _)| list == field || (field == "sidecars" && *list == CONTAINERS))
            && field != CONTAINERS
        {
            put_items(template, list, *member, value);
        }
    }
}

fn in_template<'v>(template: &'v mut Value, container: &str) -> Option<&'v mut Value> {
    template[CONTAINERS].as_array_mut()?.iter_mut().find(|it| it["name"] == *container)
}

fn write_into_container(container: &mut Value, field: &str, value: &Value) {
    if let Some((list, member)) = CONTAINER_LISTS.iter().find(|(list, _)| *list == field) {
        put_items(container, list, *member, value);
    } else if field == "resources" {
        for (amounts, value) in value.as_object().expect("resources are an object") {
            put_members(map(&mut container[field], amounts), value);
        }
    } else if field == "containerSecurityContext" {
        put_members(map(container, "securityContext"), value);
    } else {
        container[field] = value.clone();
    }
}

fn put_members(members: &mut Map<String, Value>, values: &Value) {
    members.extend(values.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
}

fn put_items(parent: &mut Value, list: &str, member: Option<&str>, values: &Value) {
    let items = self::list(parent, list);
    for value in values.as_array().into_iter().flatten() {
        match items.iter_mut().find(|item| key(member, item) == key(member, value)) {
            Some(present) => present.clone_from(value),
            None => items.push(value.clone()),
        }
    }
}

/// Removes the entries that are `fields` of a dependency.
pub fn erase(notebook: &mut Value, fields: &Value) {
    let ids: BTreeSet<Id> = entries_of(fields).into_keys().collect();
    retain(notebook, |id, _| !ids.contains(id));
}

/// The list `member` of `parent`, which is made where it is absent.
pub fn list<'v>(parent: &'v mut Value, member: &str) -> &'v mut Vec<Value> {
    if parent[member].is_null() {
        parent[member] = json!([]);
    }
    parent[member].as_array_mut().expect("a list")
}

fn map<'v>(parent: &'v mut Value, member: &str) -> &'v mut Map<String, Value> {
    if parent[member].is_null() {
        parent[member] = json!({});
    }
    parent[member].as_object_mut().expect("a map")
}

/// The main container.
pub fn main_container(notebook: &mut Value) -> &mut Value {
    let name = notebook["metadata"]["name"].clone();
    let mut containers = template_mut(notebook)[CONTAINERS].as_array_mut().into_iter().flatten();
    containers.find(|container| container["name"] == name).expect("a notebook has a main container")
}

/// Gives the notebook another name, and its main container with it.
pub fn rename(notebook: &mut Value, name: &str) {
    main_container(notebook)["name"] = json!(name);
    notebook["metadata"]["name"] = json!(name);
}

/// What a client-side apply makes of `live`: the members of `file` are laid over it; lists are replaced.
pub fn apply(live: &mut Value, file: &Value) {
    match (live, file) {
        (Value::Object(live), Value::Object(file)) => {
            file.iter().for_each(|(key, value)| apply(live.entry(key.clone()).or_insert(Value::Null), value));
        }
        (live, file) => live.clone_from(file),
    }
}

/// A pod spec, or a part of one, as a client writes it that has read it into Go's types: fields that are absent at zero
/// are gone, others are written out, quantities have one spelling.
pub fn through_go(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut written: Map<_, _> = members
                .iter()
                .filter(|(key, value)| !(value.is_null() || DROPPED_AT_ZERO.contains(&key.as_str()) && is_zero(value)))
                .filter(|(_, value)| !value.as_array().is_some_and(Vec::is_empty))
                .map(|(key, value)| (key.clone(), through_go(value)))
                .collect();
            if members.contains_key("image") {
                written.entry("resources").or_insert_with(|| json!({}));
            }
            if members.contains_key("resource") {
                written.entry("divisor").or_insert_with(|| json!("0"));
            }
            written.into()
        }
        Value::Array(items) => items.iter().map(through_go).collect(),
        Value::String(text) => match QUANTITIES.iter().find(|(users, _)| users == text) {
            Some((_, gos)) => json!(gos),
            None => value.clone(),
        },
        other => other.clone(),
    }
}

fn is_zero(value: &Value) -> bool {
    matches!(value.to_string().as_str(), "\"\"" | "0" | "false")
}

/// One spelling for all that mean the same to Kubernetes: as Go's types have it, without what is written at zero.
pub fn meaning(value: &Value) -> Value {
    let mut value = through_go(value);
    remove_nothing(&mut value);
    value
}

fn remove_nothing(value: &mut Value) {
    match value {
        Value::Object(members) => members.retain(|key, value| {
            remove_nothing(value);
            match value {
                Value::Null => false,
                Value::Object(members) => !members.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::String(text) => key != "divisor" || text != "0",
                _ => true,
            }
        }),
        Value::Array(items) => items.iter_mut().for_each(remove_nothing),
        _ => {}
    }
}

/// Brings lists of objects into one order.
pub fn sort(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(sort),
        Value::Array(items) => {
            items.iter_mut().for_each(sort);
            if items.iter().all(Value::is_object) {
                items.sort_by_cached_key(Value::to_string);
            }
        }
        _ => {}
    }
}
