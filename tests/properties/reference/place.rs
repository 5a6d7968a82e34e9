//! Places in an object: reading, writing and removing one entry or field, and the order of a list (contract, "Order").

use serde_json::{Map, Value, json};

use super::parts::{Field, Level, Merge};
use super::{Malformed, Scope};

/// A field of an object, or of one of its containers by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    pub field: &'static Field,
    pub container: Option<String>,
}

/// An object and where its pod spec is.
#[derive(Clone, Debug)]
pub struct Document {
    pub object: Value,
    pub scope: Scope,
}

/// A cell of a list: an entry of the user's, one of ours by its rank, or the place of a removed one.
#[derive(Clone, Debug)]
pub enum Cell {
    Users(Value),
    Ours(Rank, Value),
    Hole,
}

/// Where an entry of ours stands among ours: `false` first, if it goes before those that are there.
pub type Rank = (bool, usize, usize);

impl Document {
    pub fn new(object: &Value, scope: Scope) -> Self {
        Document { object: object.clone(), scope }
    }

    /// The pod spec.
    pub fn spec(&self) -> &Value {
        self.object.pointer(self.scope.spec()).unwrap_or(&Value::Null)
    }

    /// The pointer to a container.
    pub fn container(&self, name: &str) -> Option<String> {
        ["containers", "initContainers"].iter().find_map(|list| {
            let at =
                self.spec()[*list].as_array()?.iter().position(|it| it["name"].as_str().unwrap_or_default() == name)?;
            Some(format!("{}/{list}/{at}", self.scope.spec()))
        })
    }

    /// The pointer to a field; `None` if its container is not there.
    fn pointer(&self, slot: &Slot) -> Option<String> {
        let root = match (slot.field.level, &slot.container) {
            (Level::Metadata, _) => "/metadata".to_owned(),
            (Level::PodSpec, _) => self.scope.spec().to_owned(),
            (Level::Container, name) => self.container(name.as_deref()?)?,
        };
        Some(root + slot.field.at)
    }

    /// The value there. What is on the way must be an object or absent.
    fn value(&self, slot: &Slot) -> Result<Value, Malformed> {
        let Some(pointer) = self.pointer(slot) else { return Ok(Value::Null) };
        let mut value = &self.object;
        for part in pointer.split('/').skip(1) {
            value = match value {
                Value::Null => &Value::Null,
                Value::Object(members) => members.get(part).unwrap_or(&Value::Null),
                Value::Array(items) => part.parse().ok().and_then(|at: usize| items.get(at)).unwrap_or(&Value::Null),
                _ => return Err(Malformed),
            };
            if matches!(value, Value::Array(_))
                && !matches!(part, "containers" | "initContainers")
                && !pointer.ends_with(part)
            {
                return Err(Malformed);
            }
        }
        Ok(value.clone())
    }

    /// The entries of a list.
    pub fn list(&self, slot: &Slot) -> Result<Vec<Value>, Malformed> {
        match self.value(slot)? {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) if items.iter().all(|item| item.is_object() || item.is_null()) => Ok(items),
            _ => Err(Malformed),
        }
    }

    /// The entry or field there, if it does not count as absent. Of several entries with one key, the first one counts.
    pub fn get(&self, slot: &Slot, key: &str) -> Result<Option<Value>, Malformed> {
        let found = match slot.field.merge {
            Merge::ListMap(_) | Merge::ListSet => {
                return Ok(self.list(slot)?.into_iter().find(|entry| slot.field.key_of(entry).as_deref() == Some(key)));
            }
            Merge::Map => match self.value(slot)? {
                Value::Null => Value::Null,
                Value::Object(members) => members.get(key).cloned().unwrap_or_default(),
                _ => return Err(Malformed),
            },
            Merge::Atomic if key == "serviceAccountName" => {
                // Where it is absent, or as the server fills it in, the deprecated one counts (contract, "Conflicts").
                let is_set = |value: &Value| !value.is_null() && value != "";
                let is_set = |value: &Value| is_set(value) && value != "default";
                let (own, alias) = (self.value(slot)?, self.spec()["serviceAccount"].clone());
                if is_set(&own) || alias.is_null() { own } else { alias }
            }
            Merge::Atomic => self.value(slot)?,
        };
        Ok(slot.field.meaning(key, &found).map(|_| found))
    }

    /// All entries of a list with one key, or the one field.
    pub fn all(&self, slot: &Slot, key: &str) -> Result<Vec<Value>, Malformed> {
        match slot.field.merge {
            Merge::ListMap(_) | Merge::ListSet => {
                let entries = self.list(slot)?.into_iter();
                Ok(entries.filter(|entry| slot.field.key_of(entry).as_deref() == Some(key)).collect())
            }
            _ => Ok(self.get(slot, key)?.into_iter().collect()),
        }
    }

    /// The object or list at `pointer`, made where it is absent.
    fn made(&mut self, pointer: &str) -> &mut Value {
        let mut value = &mut self.object;
        for part in pointer.split('/').skip(1) {
            value = match value {
                Value::Array(items) => &mut items[part.parse::<usize>().expect("an index")],
                other => {
                    if other.is_null() {
                        *other = json!({});
                    }
                    let members = other.as_object_mut().expect("an object: it was read before");
                    members.entry(part).or_insert(Value::Null)
                }
            };
        }
        value
    }

    /// Writes a member of a map or an atomic field, with what goes along (contract, "Conflicts", the last but one item).
    pub fn set(&mut self, slot: &Slot, key: &str, value: Value) {
        let Some(pointer) = self.pointer(slot) else { return };
        if slot.field.merge == Merge::Map {
            let holder = self.made(&pointer);
            if holder.is_null() {
                *holder = json!({});
            }
            holder[key] = value;
        } else {
            *self.made(&pointer) = value.clone();
            self.go_along(key, Some(value));
        }
    }

    /// Removes an entry; the list or map stays.
    pub fn remove_alone(&mut self, slot: &Slot, key: &str) {
        if slot.field.merge == Merge::Atomic {
            return self.remove(slot, key);
        }
        match self.pointer(slot).and_then(|pointer| self.object.pointer_mut(&pointer)) {
            Some(Value::Object(members)) => _ = members.remove(key),
            Some(Value::Array(items)) => items.retain(|item| slot.field.key_of(item).as_deref() != Some(key)),
            _ => {}
        }
    }

    /// What is there, be it nothing by what it means.
    pub fn found(&self, slot: &Slot, key: &str) -> Option<Value> {
        match (slot.field.merge, self.value(slot)) {
            (Merge::Map, Ok(Value::Object(members))) => members.get(key).filter(|value| !value.is_null()).cloned(),
            _ => self.get(slot, key).ok().flatten(),
        }
    }

    /// Removes a member or field, and the map with it that held only managed entries (contract, "Nothing else changes").
    pub fn remove(&mut self, slot: &Slot, key: &str) {
        let Some(pointer) = self.pointer(slot) else { return };
        if slot.field.merge == Merge::Map {
            if let Some(Value::Object(members)) = self.object.pointer_mut(&pointer) {
                members.remove(key);
                self.prune(&pointer);
            }
        } else {
            self.take(&pointer);
            self.go_along(key, None);
        }
    }

    /// What belongs to a field is changed with it (contract, "Conflicts").
    fn go_along(&mut self, key: &str, value: Option<Value>) {
        let spec = self.scope.spec();
        match key {
            "serviceAccountName" => match value {
                Some(value) if !self.spec()["serviceAccount"].is_null() => {
                    *self.made(&format!("{spec}/serviceAccount")) = value;
                }
                Some(_) => {}
                None => self.take(&format!("{spec}/serviceAccount")),
            },
            "priorityClassName" => {
                self.take(&format!("{spec}/priority"));
                self.take(&format!("{spec}/preemptionPolicy"));
            }
            "runtimeClassName" => self.take(&format!("{spec}/overhead")),
            _ => {}
        }
    }

    fn take(&mut self, pointer: &str) {
        let (holder, name) = pointer.rsplit_once('/').expect("a pointer");
        if let Some(Value::Object(members)) = self.object.pointer_mut(holder) {
            members.remove(name);
        }
    }

    /// Takes away a list or map that has become empty, and so `resources`.
    fn prune(&mut self, pointer: &str) {
        let is_empty = match self.object.pointer(pointer) {
            Some(Value::Object(members)) => members.is_empty(),
            Some(Value::Array(items)) => items.is_empty(),
            _ => false,
        };
        if is_empty {
            self.take(pointer);
            if let Some((holder, _)) = pointer.rsplit_once('/').filter(|(holder, _)| holder.ends_with("/resources")) {
                self.prune(holder);
            }
        }
    }

    /// Writes a list.
    pub fn set_list(&mut self, slot: &Slot, entries: Vec<Value>) {
        let Some(pointer) = self.pointer(slot) else { return };
        if entries.is_empty() && self.object.pointer(&pointer).is_none_or(Value::is_null) {
            return;
        }
        *self.made(&pointer) = json!(entries);
        self.prune(&pointer);
    }
}

/// Puts further entries of ours among the cells of a list, and brings ours into the order of the settings, within the places
/// that they have (contract, "Order").
pub fn arranged(mut cells: Vec<Cell>, further: Vec<(Rank, Value)>, are_init_containers: bool) -> Vec<Value> {
    for group in [false, true] {
        let is_of_group = |cell: &Cell| matches!(cell, Cell::Ours(rank, _) if rank.0 == group);
        let mut ours: Vec<_> = cells.iter().filter(|cell| is_of_group(cell)).cloned().collect();
        ours.sort_by_key(|cell| if let Cell::Ours(rank, _) = cell { *rank } else { (false, 0, 0) });
        let mut ours = ours.into_iter();
        for cell in cells.iter_mut().filter(|cell| is_of_group(cell)) {
            *cell = ours.next().expect("as many as there are");
        }
    }
    let mut further = further;
    further.sort_by_key(|(rank, _)| *rank);
    for (rank, value) in further {
        let at = |is_meant: &dyn Fn(&Rank) -> bool| {
            let of_group = cells.iter().enumerate().filter_map(|(at, cell)| match cell {
                Cell::Ours(other, _) if other.0 == rank.0 && is_meant(other) => Some(at),
                _ => None,
            });
            of_group.collect::<Vec<_>>()
        };
        let before = at(&|other| *other < rank).last().copied();
        let behind = at(&|other| *other > rank).first().copied();
        let range = before.map_or(0, |at| at + 1)..behind.unwrap_or(cells.len());
        // A place before the user's is for what goes first, and no other one is.
        let users = cells.iter().position(|cell| matches!(cell, Cell::Users(_))).unwrap_or(cells.len());
        let fits = |at: usize| if at < users { !rank.0 || !are_init_containers } else { rank.0 };
        let hole = range.clone().find(|at| matches!(cells[*at], Cell::Hole) && fits(*at));
        let cell = Cell::Ours(rank, value);
        match (hole, before, behind) {
            (Some(hole), _, _) => cells[hole] = cell,
            (None, Some(before), _) => cells.insert(before + 1, cell),
            (None, None, Some(behind)) => cells.insert(behind, cell),
            // Those that go before what is there are the first group.
            (None, None, None) if !rank.0 => cells.insert(0, cell),
            (None, None, None) => cells.push(cell),
        }
    }
    let value = |cell| match cell {
        Cell::Users(value) | Cell::Ours(_, value) => Some(value),
        Cell::Hole => None,
    };
    cells.into_iter().filter_map(value).collect()
}

/// A container without entries that others have put into it (contract, "Record").
pub fn without(container: &Value, entries: &[(&'static Field, String)], scope: Scope) -> Value {
    let mut object = json!({"metadata": {}});
    let name = container["name"].as_str().unwrap_or_default().to_owned();
    let mut document = Document { object: Value::Null, scope };
    let mut spec = Map::new();
    spec.insert("containers".to_owned(), json!([container]));
    let mut holder = &mut object;
    for part in scope.spec().split('/').skip(1) {
        holder = &mut holder[part];
    }
    *holder = spec.into();
    document.object = object;
    for (field, key) in entries {
        let slot = Slot { field, container: Some(name.clone()) };
        remove_entry(&mut document, &slot, key);
    }
    document.spec()["containers"][0].clone()
}

/// Removes an entry, whatever the field is.
pub fn remove_entry(document: &mut Document, slot: &Slot, key: &str) {
    match slot.field.merge {
        Merge::ListMap(_) | Merge::ListSet => {
            if let Ok(mut entries) = document.list(slot) {
                let before = entries.len();
                entries.retain(|entry| slot.field.key_of(entry).as_deref() != Some(key));
                if entries.len() != before {
                    document.set_list(slot, entries);
                }
            }
        }
        _ => document.remove(slot, key),
    }
}

/// Puts an entry there, at the end of a list.
pub fn put_entry(document: &mut Document, slot: &Slot, key: &str, value: Value) {
    match slot.field.merge {
        Merge::ListMap(_) | Merge::ListSet => {
            let mut entries = document.list(slot).unwrap_or_default();
            entries.push(value);
            document.set_list(slot, entries);
        }
        _ => document.set(slot, key, value),
    }
}
