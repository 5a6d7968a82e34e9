//! Settings that are made up: by the policy's own table of what a dependency may hold, mostly as it should be.

use std::ptr;

use mutatingflow::kubernetes::names::{Format, Words};
use mutatingflow::kubernetes::schema::{Exclusive, Map, Object, Range, Type};
use mutatingflow::kubernetes::types;
use mutatingflow::settings::types as own;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::words;

/// A member of an object that settings can hold.
#[derive(Clone, Copy)]
pub struct Target {
    /// The object.
    pub object: &'static Object,
    /// The member, by its place.
    pub at: usize,
}

impl Target {
    /// The names of both.
    pub fn name(&self) -> String {
        format!("{}.{}", name_of(self.object), self.object.members[self.at].name)
    }

    fn is(&self, object: &Object, at: usize) -> bool {
        ptr::eq(self.object, object) && self.at == at
    }
}

/// Every member of every object that a dependency can hold.
pub fn targets() -> Vec<Target> {
    let mut objects: Vec<&'static Object> = vec![&own::DEPENDENCY];
    let mut at = 0;
    while let Some(object) = objects.get(at).copied() {
        for of in object.members.iter().filter_map(|member| object_in(&member.of)) {
            if !objects.iter().any(|known| ptr::eq(*known, of)) {
                objects.push(of);
            }
        }
        at += 1;
    }
    let members = |object: &'static Object| (0..object.members.len()).map(move |at| Target { object, at });
    objects.into_iter().flat_map(members).collect()
}

/// The object that a value is, or that its items or values are.
const fn object_in(of: &Type) -> Option<&'static Object> {
    match of {
        Type::Object(object) => Some(object),
        Type::Map(Map { of, .. }) => object_in(of),
        _ => match of.of_item() {
            Some(of) => object_in(of),
            None => None,
        },
    }
}

/// The name of an object in Kubernetes, or in the settings.
fn name_of(object: &Object) -> &'static str {
    let own: [(&str, &Object); 5] = [
        ("dependency", &own::DEPENDENCY),
        ("vault", &own::VAULT),
        ("caBundle", &own::CA_BUNDLE),
        ("bundleKey", &own::BUNDLE_KEY),
        ("proxy", &own::PROXY),
    ];
    let same = types::ALL.into_iter().chain(own).find(|(_, known)| ptr::eq(*known, object));
    same.expect("every object has a name").0
}

/// Draws dependencies.
pub struct Draw<'d> {
    pub dice: &'d mut Dice,
    /// All members that there are.
    pub targets: &'d [Target],
    /// Of a hundred values, how many are not as they should be.
    pub odd: u64,
}

impl Draw<'_> {
    /// A dependency that has, somewhere in it, the target.
    pub fn dependency(&mut self, target: Target) -> Value {
        let mut way = vec![target];
        while let Some(last) = way.last().filter(|last| !ptr::eq(last.object, &own::DEPENDENCY)) {
            let leads =
                |from: &&Target| object_in(&from.object.members[from.at].of).is_some_and(|of| ptr::eq(of, last.object));
            let before: Vec<_> = self.targets.iter().filter(leads).copied().collect();
            way.push(self.dice.one_of(&before));
        }
        way.reverse();
        let mut dependency = self.object(&own::DEPENDENCY, &way);
        if !self.is_odd() {
            bring_what_is_named(&mut dependency);
        }
        dependency
    }

    fn is_odd(&mut self) -> bool {
        self.dice.chance(self.odd)
    }

    /// An object that has the first member of the way, in which the rest of it is.
    fn object(&mut self, object: &'static Object, way: &[Target]) -> Value {
        let is_dependency = ptr::eq(object, &own::DEPENDENCY);
        let others = if is_dependency { 2 } else { 20 };
        let on_way = |at: usize| way.first().is_some_and(|first| first.is(object, at));
        let is_taken = |at: usize| object.members[at].is_exclusive;
        let mut chosen: Vec<usize> = (0..object.members.len()).filter(|at| on_way(*at)).collect();
        let mut has_exclusive = chosen.iter().any(|at| is_taken(*at));
        for at in 0..object.members.len() {
            let member = &object.members[at];
            let may_be = if member.is_exclusive && has_exclusive { self.is_odd() } else { self.dice.chance(others) };
            let is_mostly = words::MOSTLY.contains(&(name_of(object), member.name));
            let is_there = if member.is_required || is_mostly { !self.is_odd() } else { may_be };
            if is_there && !chosen.contains(&at) {
                has_exclusive |= member.is_exclusive;
                chosen.push(at);
            }
        }
        if !has_exclusive && !matches!(object.exclusive, Exclusive::AtMostOne) && !self.is_odd() {
            let exclusive: Vec<_> = (0..object.members.len()).filter(|at| is_taken(*at)).collect();
            chosen.push(self.dice.one_of(&exclusive));
        }
        let mut members = serde_json::Map::new();
        for at in chosen {
            let member = &object.members[at];
            let rest = if on_way(at) { &way[1..] } else { &[] };
            let spelt = words::of_member(name_of(object), member.name).filter(|_| self.dice.chance(80));
            let value = match spelt {
                _ if name_of(object) == "VolumeResourceRequirements" && !self.is_odd() => {
                    json!({"storage": self.value(&Type::Quantity, &[])})
                }
                Some(words) if matches!(member.of, Type::List(_)) => json!([self.dice.one_of(words)]),
                Some(words) => json!(self.dice.one_of(words)),
                None => self.value(&member.of, rest),
            };
            members.insert(member.name.to_owned(), value);
        }
        Value::Object(members)
    }

    fn value(&mut self, of: &Type, way: &[Target]) -> Value {
        match of {
            Type::Text(format) => json!(self.text(*format)),
            Type::Boolean => json!(self.dice.chance(50)),
            Type::Integer(Range(least, greatest, _)) => json!(self.number(*least, *greatest)),
            Type::IntOrString => match self.dice.chance(50) {
                true => json!(self.number(1, 65_535)),
                false => json!(self.text(Format::PortName)),
            },
            Type::Quantity => {
                let quantities = if self.is_odd() { words::ODD_QUANTITIES } else { words::QUANTITIES };
                serde_json::from_str(self.dice.one_of(quantities)).expect("a quantity is JSON")
            }
            Type::Object(object) => self.object(object, way),
            Type::Map(map) => {
                let count = 1 + self.dice.below(2);
                let entries = (0..count).map(|_| (self.text(map.keys).to_owned(), self.value(&map.of, &[])));
                entries.collect()
            }
            Type::WordOrNames(Words(known)) => match self.dice.chance(50) {
                true => json!(self.dice.one_of(known)),
                false => json!([self.text(Format::DnsLabel), self.text(Format::DnsLabel)]),
            },
            _ => {
                let count = if self.is_odd() { self.dice.below(4) } else { 1 + self.dice.below(2) };
                let item = of.of_item().expect("what remains are lists");
                (0..count).map(|at| self.value(item, first(way, at))).collect()
            }
        }
    }

    fn number(&mut self, least: i64, greatest: i64) -> i64 {
        if self.is_odd() {
            return self.dice.one_of(&[-1, 0, least.saturating_sub(1), greatest.saturating_add(1)]);
        }
        let middle = [0, 1, 2, 10, 60, 443, 600, 3600, 65_534].map(|number: i64| number.clamp(least, greatest));
        self.dice.one_of(&[&middle[..], &[least, greatest]].concat())
    }

    fn text(&mut self, format: Format) -> &'static str {
        let is_odd = self.is_odd();
        match format {
            Format::OneOf(_) if is_odd => self.dice.one_of(&["", "none", "ALWAYS"]),
            Format::OneOf(Words(known)) => self.dice.one_of(known),
            format => {
                let (right, wrong) = words::of_format(format);
                self.dice.one_of(if is_odd { wrong } else { right })
            }
        }
    }
}

/// The way goes through the first item of a list.
const fn first(way: &[Target], at: u64) -> &[Target] {
    if at == 0 { way } else { &[] }
}

/// Adds to a dependency the volumes and the claims that are named somewhere in it.
fn bring_what_is_named(dependency: &mut Value) {
    let mut volumes = Vec::new();
    let mut claims = Vec::new();
    look(dependency, "", &mut volumes, &mut claims);
    for (list, named) in [("volumes", volumes), ("resourceClaims", claims)] {
        for (name, source) in named {
            if dependency[list].is_null() {
                dependency[list] = json!([]);
            }
            let Some(brought) = dependency[list].as_array_mut() else { continue };
            if !brought.iter().any(|it| it["name"] == name) {
                let mut entry = source;
                entry["name"] = json!(name);
                brought.push(entry);
            }
        }
    }
}

/// What is named, each with a source that fits.
type Named = Vec<(String, Value)>;

/// Looks for names in a value that is the member `under`, or in it.
fn look(value: &Value, under: &str, volumes: &mut Named, claims: &mut Named) {
    let name = |key: &str| value[key].as_str().map(str::to_owned);
    match under {
        "volumeMounts" => volumes.extend(name("name").map(|name| (name, json!({"emptyDir": {}})))),
        "volumeDevices" => {
            volumes.extend(name("name").map(|name| (name, json!({"persistentVolumeClaim": {"claimName": "disk"}}))));
        }
        "fileKeyRef" => volumes.extend(name("volumeName").map(|name| (name, json!({"emptyDir": {}})))),
        "claims" => claims.extend(name("name").map(|name| (name, json!({"resourceClaimName": "gpu"})))),
        _ => {}
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| look(item, under, volumes, claims)),
        Value::Object(members) => members.iter().for_each(|(key, value)| look(value, key, volumes, claims)),
        _ => {}
    }
}
