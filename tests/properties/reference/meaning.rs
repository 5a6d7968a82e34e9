//! When two values mean the same, and when one contains another (contract, "Equality" and "Already present").

use mutatingflow::kubernetes::schema::{Object, Type};
use mutatingflow::kubernetes::types::{CONTAINER, VOLUME};
use serde_json::{Map, Value, json};

/// The type of what is not in the table of Kubernetes' types: it has no meaning of its own (contract, "Equality", the last
/// item).
pub type Kind = Option<&'static Type>;

/// What `value` means, in one spelling; `None` where it counts as absent (contract, "Equality").
pub fn meaning(of: Kind, value: &Value) -> Option<Value> {
    match (value, of) {
        (Value::Null, _) => None,
        (Value::String(_) | Value::Number(_), Some(Type::Quantity)) => {
            Some(quantity(value).map_or_else(|| scalar(value), |nano| json!(format!("{nano}n"))))
        }
        (Value::Object(members), Some(Type::Object(object))) => object_meaning(object, members),
        (Value::Object(members), _) => {
            let of = match of {
                Some(Type::Map(map)) => Some(&map.of),
                _ => None,
            };
            let members = members.iter().filter_map(|(key, value)| Some((key.clone(), meaning(of, value)?)));
            not_empty(members.collect())
        }
        (Value::Array(items), _) => {
            let of_item = of.and_then(Type::of_item);
            let mut items: Vec<_> = items.iter().map(|item| meaning(of_item, item).unwrap_or_default()).collect();
            if let Some(Type::Set(_)) = of {
                items.sort_by_key(Value::to_string);
            }
            Some(items).filter(|items| !items.is_empty()).map(Value::Array)
        }
        _ => Some(scalar(value)),
    }
}

/// A member at its zero value is absent if Go's type has no pointer, and so is one at Kubernetes' default; a volume source of
/// `{}` is a source (contract, "Equality").
pub fn object_meaning(object: &'static Object, members: &Map<String, Value>) -> Option<Value> {
    let mut meant = Map::new();
    for (name, value) in members {
        let Some(member) = object.member(name) else {
            // It may be a source of a volume that the table does not know.
            let is_source = std::ptr::eq(object, &VOLUME) && !value.is_null();
            let value = meaning(None, value).or_else(|| is_source.then(|| value.clone()));
            meant.extend(value.map(|value| (name.clone(), value)));
            continue;
        };
        let is_default = object.defaults.iter().any(|(of, default)| of == name && value == default);
        if is_default || !member.is_pointer && is_zero(&member.of, value) {
            continue;
        }
        let is_source = std::ptr::eq(object, &VOLUME) && member.is_exclusive && value.is_object();
        let value = meaning(Some(&member.of), value).or_else(|| is_source.then(|| json!({})));
        meant.extend(value.map(|value| (name.clone(), value)));
    }
    not_empty(meant)
}

/// Whether a scalar is at its zero value: `""`, `false`, `0` or the quantity `"0"`.
fn is_zero(of: &Type, value: &Value) -> bool {
    match of {
        Type::Text(_) => value == "",
        Type::Boolean => value == false,
        Type::Integer(_) | Type::IntOrString => value.as_f64() == Some(0.0),
        Type::Quantity => quantity(value) == Some(0),
        _ => false,
    }
}

fn not_empty(members: Map<String, Value>) -> Option<Value> {
    Some(members).filter(|members| !members.is_empty()).map(Value::Object)
}

/// Numbers are equal by value.
fn scalar(value: &Value) -> Value {
    match value.as_f64() {
        Some(number) if value.as_i64().is_none() && value.as_u64().is_none() => {
            if number.fract() == 0.0 && number.abs() < 9e15 { json!(number as i64) } else { value.clone() }
        }
        _ => value.clone(),
    }
}

/// A quantity in units of 10^-9: `500m`, `"0.5"` and `0.5` are one.
pub fn quantity(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') {
        return None;
    }
    let mut nano = format!("{whole}{fraction}").parse::<i128>().ok()?.checked_mul(1_000_000_000)?;
    let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter().position(|it| *it == suffix);
    let mut power = match suffix {
        "n" => -9,
        "u" => -6,
        "m" => -3,
        "" => 0,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        "T" => 12,
        "P" => 15,
        "E" => 18,
        _ if binary.is_some() => 0,
        _ => suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?,
    };
    for _ in 0..binary.map_or(0, |at| at + 1) {
        nano = nano.checked_mul(1024)?;
    }
    power -= i32::try_from(fraction.len()).ok()?;
    while power > 0 {
        (nano, power) = (nano.checked_mul(10)?, power - 1);
    }
    while power < 0 {
        // Kubernetes rounds up what is less than a billionth.
        (nano, power) = (nano / 10 + i128::from(nano % 10 > 0), power + 1);
    }
    Some(sign * nano)
}

/// Whether two values mean the same.
pub fn is_equal(of: Kind, one: &Value, other: &Value) -> bool {
    meaning(of, one) == meaning(of, other)
}

/// Whether `theirs` contains `ours` (contract, "Already present").
pub fn contains(of: Kind, theirs: &Value, ours: &Value) -> bool {
    let Some(ours_meaning) = meaning(of, ours) else { return true };
    let object = match of {
        Some(Type::Object(object)) => Some(object),
        _ => None,
    };
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let of_member = |name: &str| match of {
                Some(Type::Object(object)) => object.member(name).map(|member| &member.of),
                Some(Type::Map(map)) => Some(&map.of),
                _ => None,
            };
            let is_undone = object.is_some_and(|object| undoes(object, theirs, ours));
            let is_there = |(name, _): (&String, &Value)| {
                let value = ours.get(name).unwrap_or(&Value::Null);
                let found = theirs.get(name).unwrap_or(&Value::Null);
                let is_source = object.is_some_and(|it| std::ptr::eq(*it, &VOLUME)) && value.is_object();
                match name.as_str() {
                    "mountPath" => found.as_str().map(clean_path) == value.as_str().map(clean_path),
                    "env" | "volumeMounts" if object.is_some_and(|it| std::ptr::eq(*it, &CONTAINER)) => {
                        contains_last(of_member(name), name, found, value)
                    }
                    _ if is_source && !found.is_object() => false,
                    _ => contains(of_member(name), found, value),
                }
            };
            // Members of ours that count as absent are not required.
            let required = ours_meaning.as_object().cloned().unwrap_or_default();
            !is_undone && required.iter().all(is_there)
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            let of_item = of.and_then(Type::of_item);
            let in_order = || {
                let mut rest = theirs.iter();
                ours.iter().all(|ours| rest.any(|theirs| contains(of_item, theirs, ours)))
            };
            match of {
                Some(Type::Set(_)) => ours.iter().all(|name| theirs.contains(name)),
                Some(Type::Alternatives(_)) => {
                    let mut both = theirs.iter().zip(ours);
                    theirs.len() == ours.len() && both.all(|(theirs, ours)| contains(of_item, theirs, ours))
                }
                _ if ours.iter().all(Value::is_object) => in_order(),
                _ => is_equal(of, &json!(theirs), &json!(ours)),
            }
        }
        _ => {
            // Of a scalar at its default, or an absent member, there is nothing to contain.
            meaning(of, theirs) == Some(ours_meaning)
        }
    }
}

/// Whether a member of theirs undoes ours: one that must be equal, absent included (contract, "Already present").
fn undoes(object: &'static Object, theirs: &Map<String, Value>, ours: &Map<String, Value>) -> bool {
    let meanings = [theirs, ours].map(|it| object_meaning(object, it).unwrap_or_default());
    let [theirs, ours] = &meanings;
    object.members.iter().any(|member| member.is_exact && theirs.get(member.name) != ours.get(member.name))
}

/// Within a container the last variable of a name, and the last mount on a path, is the one that must contain ours; in our
/// order (contract, "Already present").
fn contains_last(of: Kind, list: &str, theirs: &Value, ours: &Value) -> bool {
    let key = |entry: &Value| match list {
        "env" => entry["name"].as_str().map(str::to_owned),
        _ => entry["mountPath"].as_str().map(clean_path),
    };
    let of_item = of.and_then(Type::of_item);
    let items = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let theirs = items(theirs);
    let mut before = None;
    items(ours).iter().all(|ours| {
        let at = theirs.iter().rposition(|it| key(it) == key(ours));
        let is_there = at.is_some_and(|at| contains(of_item, &theirs[at], ours)) && at > before;
        before = at;
        is_there
    })
}

/// A path as Go's `path.Clean` spells it.
pub fn clean_path(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part != ".." {
            parts.push(part);
        } else if parts.last().is_some_and(|last| *last != "..") {
            parts.pop();
        } else if !is_rooted {
            parts.push("..");
        }
    }
    match (is_rooted, parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".to_owned(),
        (false, rest) => rest,
    }
}
