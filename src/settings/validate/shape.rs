//! Each value of the settings on its own: whether it is of its type, and looks as it must.

use std::borrow::Cow;

use super::problem::{Problems, did_you_mean, one_of};
use super::{FirstPositions, List};
use crate::json::{Node, Path, items, kind_of, members, shown, string_member};
use crate::kubernetes::names::{Format, Words};
use crate::kubernetes::quantity::Quantity;
use crate::kubernetes::schema::{Exclusive, Object, Type};
use crate::settings::types::{DEPENDENCY, SETTINGS};
use crate::settings::{Names, ROOT};
use crate::workload::Kind;

/// Checks every value of the settings `text`.
pub fn check(text: &str, lists: &[List<'_>], problems: &mut Problems) {
    Walk { dependency: None, lists, problems }.value(&ROOT, &Type::Object(&SETTINGS), text);
}

/// A walk over the settings, value by value. It goes no deeper than the types do.
struct Walk<'w, 'a> {
    /// The dependency that it is in, if it is in one.
    dependency: Option<InDependency>,
    lists: &'w [List<'a>],
    problems: &'w mut Problems,
}

/// What a walk knows of the dependency that it is in.
struct InDependency {
    /// The list by which pods get it, if they do: `{name}` has no meaning for them.
    list_of_pods: Option<&'static str>,
}

const A_QUANTITY: &str = "must be a quantity like 500m or 1Gi";

impl Walk<'_, '_> {
    fn value(&mut self, path: &Path<'_>, of: &Type, text: &str) {
        match (of, text.as_bytes().first()) {
            (Type::Object(object), Some(b'{')) => self.object(path, object, text),
            (Type::Map(map), Some(b'{')) => self.map(path, map.keys, &map.of, text),
            (Type::ListMap(list), Some(b'[')) => self.list(path, &list.of, Some(list.key), text),
            (Type::List(of) | Type::Set(of) | Type::Alternatives(of), Some(b'[')) => self.list(path, of, None, text),
            (Type::WordOrNames(Words(words)), first) => self.word_or_names(path, words, first.copied(), text),
            (Type::Text(format), Some(b'"')) => self.text(path, *format, &string(text)),
            (Type::IntOrString, Some(b'"')) => self.text(path, Format::PortName, &string(text)),
            (Type::Quantity, Some(b'"' | b'-' | b'0'..=b'9')) => self.quantity(path, text),
            _ => self.scalar(path, of, text),
        }
    }

    /// A number or a word; or anything where there should be something else.
    fn scalar(&mut self, path: &Path<'_>, of: &Type, text: &str) {
        let (is_right, must) = match of {
            Type::Boolean => (matches!(text, "true" | "false"), "must be a boolean"),
            Type::Integer => (text.parse::<i64>().is_ok(), "must be a whole number"),
            Type::IntOrString => (text.parse::<i64>().is_ok(), "must be a whole number or the name of a port"),
            Type::Quantity => (false, A_QUANTITY),
            Type::Text(_) => (false, "must be a string"),
            Type::List(_) | Type::ListMap(_) | Type::Set(_) | Type::Alternatives(_) => (false, "must be a list"),
            Type::Map(_) | Type::Object(_) => (false, "must be an object"),
            // It was checked before, whatever it is.
            Type::WordOrNames(_) => return,
        };
        if !is_right {
            self.problems.add(path, &[must, ", found ", kind_of(text)]);
        }
    }

    /// A number, or a string. Kubernetes takes nothing below zero, whatever it is a quantity of.
    fn quantity(&mut self, path: &Path<'_>, text: &str) {
        let says = if text.starts_with('"') { string(text) } else { Cow::Borrowed(text) };
        match Quantity::parse(text) {
            None => self.problems.add(path, &[A_QUANTITY, ", found ", &shown(&says)]),
            Some(quantity) if quantity.is_negative() => {
                self.problems.add(path, &["must not be negative, found ", &shown(&says)]);
            }
            Some(_) => {}
        }
    }

    /// One of `words`, or a list of container names.
    fn word_or_names(&mut self, path: &Path<'_>, words: &[&str], first: Option<u8>, text: &str) {
        match first {
            Some(b'[') if items(text).is_empty() => return self.problems.add(path, &["must not be empty"]),
            Some(b'[') => return self.list(path, &Type::Text(Format::DnsLabel), None, text),
            _ => {}
        }
        let found = match Node::text_only(text).string() {
            Some(word) if words.contains(&&*word) => return,
            Some(word) => [shown(&word), did_you_mean(&word, words.iter().copied())].concat(),
            None => kind_of(text).to_owned(),
        };
        self.problems.add(path, &["must be ", &words.join(", "), " or a list of container names, found ", &found]);
    }

    fn text(&mut self, path: &Path<'_>, format: Format, text: &str) {
        let list_of_pods = self.dependency.as_ref().and_then(|dependency| dependency.list_of_pods);
        if let Some(list) = list_of_pods.filter(|_| Names { namespace: "{namespace}", name: "" }.replace(text) != text)
        {
            self.problems.add(path, &["must not have {name} in it, since ", list, " lists the dependency"]);
        }
        // A placeholder counts as a letter: what it stands for is a name itself.
        let problem = if self.dependency.is_some() {
            format.problem(&Names { namespace: "a", name: "a" }.replace(text))
        } else {
            format.problem(text)
        };
        match (format, problem) {
            (_, None) => {}
            (Format::NonEmpty, Some(must)) => self.problems.add(path, &[must]),
            (Format::OneOf(Words(words)), Some(_)) => {
                let meant = did_you_mean(text, words.iter().copied());
                self.problems.add(path, &["must be ", &one_of(words), ", found ", &shown(text), &meant]);
            }
            // Whoever writes `NAME=value` has written a value, which may be a secret.
            (Format::EnvName, Some(must)) => {
                let name = text.split_inclusive('=').next().unwrap_or_default();
                self.problems.add(path, &[must, ", found ", &shown(name)]);
            }
            (_, Some(must)) => self.problems.add(path, &[must, ", found ", &shown(text)]),
        }
    }

    fn object(&mut self, path: &Path<'_>, object: &Object, text: &str) {
        let mut present = 0_u64;
        for (key, value) in members(text) {
            let path = path.member(&key);
            match object.members.iter().enumerate().find(|(_, member)| member.name == key) {
                Some(_) if value == "null" => {}
                Some((at, member)) => {
                    present |= 1 << at;
                    self.value(&path, &member.of, value);
                }
                None => {
                    let meant = did_you_mean(&key, object.members.iter().map(|member| member.name));
                    self.problems.add(&path, &["unknown field", &meant]);
                }
            }
        }
        let mut exclusive = Vec::new();
        let mut found = Vec::new();
        for (at, member) in object.members.iter().enumerate() {
            let is_present = present & (1 << at) != 0;
            if member.is_required && !is_present {
                self.problems.add(&path.member(member.name), &["must be set"]);
            }
            if member.is_exclusive {
                exclusive.push(member.name);
                found.extend(is_present.then_some(member.name));
            }
        }
        match (object.exclusive, found.len()) {
            (_, 1) | (Exclusive::AtMostOne, 0) | (Exclusive::AtLeastOne, 2..) => {}
            (_, 0) => self.problems.add(path, &["must have ", &one_of(&exclusive)]),
            (_, 2..) => self.problems.add(path, &["must have only one of ", &found.join(", ")]),
        }
    }

    fn map(&mut self, path: &Path<'_>, keys: Format, of: &Type, text: &str) {
        let are_dependencies = matches!(of, Type::Object(object) if std::ptr::eq(*object, &DEPENDENCY));
        for (key, value) in members(text) {
            let path = path.member(&key);
            if let Some(must) = keys.problem(&key) {
                self.problems.add(&path, &[must, ", found ", &shown(&key)]);
            }
            if are_dependencies {
                let list_of_pods = self.lists.iter().find(|list| list.kind != Kind::Notebook && list.has(&key));
                self.dependency = Some(InDependency { list_of_pods: list_of_pods.map(|list| list.word) });
            }
            self.value(&path, of, value);
            if are_dependencies {
                self.dependency = None;
            }
        }
    }

    fn list(&mut self, path: &Path<'_>, of: &Type, unique: Option<&str>, text: &str) {
        let mut first = FirstPositions::default();
        for (at, item) in items(text).into_iter().enumerate() {
            let item_path = path.item(at);
            self.value(&item_path, of, item);
            let key = unique.and_then(|member| Some((member, string_member(item, member)?)));
            let before = key.as_ref().and_then(|(_, key)| first.insert(key.as_ref(), at));
            if let (Some((member, key)), Some(before)) = (key, before) {
                let what = ["must not be in the list twice, found ", &shown(&key), " at ", &index(before), " too"];
                self.problems.add(&item_path.member(member), &what);
            }
        }
    }
}

/// An item's place, as a message shows it beside a path.
pub fn index(at: usize) -> String {
    ["[", &at.to_string(), "]"].concat()
}

/// What the string says that `text` is; nothing where it is something else.
fn string(text: &str) -> Cow<'_, str> {
    Node::text_only(text).string().unwrap_or_default()
}
