//! Each value of the settings on its own: whether it is of its type, and looks as it must.

use std::borrow::Cow;

use super::problem::{Problems, did_you_mean, one_of};
use super::{FirstPositions, List, between};
use crate::json::{Node, Path, items, kind_of, member, members, plain_or_shown, shown, string_member};
use crate::kubernetes::names::{Format, HUGE_PAGES, Words, clean_path, is_extended_resource, is_overcommit_allowed};
use crate::kubernetes::quantity::Quantity;
use crate::kubernetes::rules::{RULES, says};
use crate::kubernetes::schema::{Exclusive, Member, Object, Range, Type};
use crate::kubernetes::types::{
    CONTAINER, POD_SECURITY_CONTEXT, POD_SPEC, PRUNED, RESOURCE_REQUIREMENTS, SECURITY_CONTEXT,
};
use crate::settings::fields::SIDECARS;
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
    /// The list by which Notebooks get it, if they do: they lose some of it.
    list_of_notebooks: Option<&'static str>,
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
            (Type::Integer(range), _) => self.number(path, range, text),
            (Type::IntOrString, Some(b'0'..=b'9' | b'-')) => self.number(path, &Range::PORT, text),
            _ => self.scalar(path, of, text),
        }
    }

    fn number(&mut self, path: &Path<'_>, Range(least, greatest, words): &Range, text: &str) {
        let (must, found) = match whole_number(text) {
            Some(number) if (*least..=*greatest).contains(&number) => return,
            Some(_) => (*words, text),
            None => ("a whole number", kind_of(text)),
        };
        self.problems.add(path, &["must be ", must, ", found ", found]);
    }

    /// A number or a word; or anything where there should be something else.
    fn scalar(&mut self, path: &Path<'_>, of: &Type, text: &str) {
        let (is_right, must) = match of {
            Type::Boolean => (matches!(text, "true" | "false"), "must be a boolean"),
            Type::IntOrString => (false, "must be a whole number or the name of a port"),
            Type::Quantity => (false, A_QUANTITY),
            Type::Text(_) => (false, "must be a string"),
            Type::List(Type::Text(_)) if text.starts_with('"') => (false, "must be a list of strings"),
            Type::List(_) | Type::ListMap(_) | Type::Set(_) | Type::Alternatives(_) => (false, "must be a list"),
            Type::Map(_) | Type::Object(_) => (false, "must be an object"),
            // They were checked before, whatever they are.
            Type::WordOrNames(_) | Type::Integer(_) => return,
        };
        if !is_right {
            self.problems.add(path, &[must, ", found ", kind_of(text)]);
        }
    }

    /// A number, or a string. Kubernetes takes nothing below zero, whatever it is a quantity of.
    fn quantity(&mut self, path: &Path<'_>, text: &str) {
        let says = says(text);
        match Quantity::parse(text) {
            None => self.problems.add(path, &[A_QUANTITY, ", found ", &shown(&says)]),
            Some(quantity) if quantity.is_negative() => {
                self.problems.add(path, &["must not be negative, found ", &shown(&says)]);
            }
            Some(_) => {
                let list = self.dependency.as_ref().and_then(|dependency| dependency.list_of_notebooks);
                if let Some(list) = list.filter(|_| whole_number(text).is_none() && !text.starts_with('"')) {
                    let what =
                        ["must be a string or a whole number, since ", list, " lists the dependency, found ", text];
                    self.problems.add(path, &what);
                }
            }
        }
    }

    /// One of `words`, or a list of container names.
    fn word_or_names(&mut self, path: &Path<'_>, words: &[&str], first: Option<u8>, text: &str) {
        if first == Some(b'[') {
            match items(text).first() {
                None => self.problems.add(path, &["must not be empty"]),
                Some(item) if item.starts_with('{') => {
                    let words =
                        ["must be ", &words.join(", "), " or a list of container names, found a list of objects"];
                    self.problems.add(path, &[&words.concat(), "; did you mean ", SIDECARS, "?"]);
                }
                Some(_) => self.list(path, &Type::Text(Format::DnsLabel), None, text),
            }
            return;
        }
        let found = match Node::text_only(text).string() {
            Some(word) if words.contains(&&*word) => return,
            Some(word) => [shown(&word), did_you_mean(&word, words)].concat(),
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
            (Format::NonEmpty | Format::FilePath | Format::HostPath | Format::Image, Some(must)) if text.is_empty() => {
                self.problems.add(path, &[must]);
            }
            (Format::OneOf(Words(words)), Some(_)) => {
                let words = words.strip_prefix(&[""]).unwrap_or(words);
                let meant = did_you_mean(text, words);
                self.problems.add(path, &["must be ", &one_of(words), ", found ", &shown(text), &meant]);
            }
            // Whoever writes `NAME=value` or `Name: value`, in either place, has written a value, which may be a secret.
            (Format::EnvName | Format::HeaderName, Some(must)) => {
                let name = text.split_inclusive(['=', ':']).next().unwrap_or_default();
                self.problems.add(path, &[must, ", found ", &shown(name)]);
            }
            (_, Some(must)) => self.problems.add(path, &[must, ", found ", &shown(text)]),
        }
    }

    fn object(&mut self, path: &Path<'_>, object: &'static Object, text: &str) {
        // A dependency is a part of a pod spec.
        let in_kubernetes = if std::ptr::eq(object, &DEPENDENCY) { &POD_SPEC } else { object };
        let (mut present, mut set) = (0_u64, 0_u64);
        for (key, value) in members(text) {
            let path = path.member(&key);
            match object.members.iter().enumerate().find(|(_, member)| member.name == key) {
                Some(_) if value == "null" => {}
                Some((at, member)) => {
                    let is_unset = member.is_unset(value);
                    present |= 1 << at;
                    set |= u64::from(!is_unset) << at;
                    if is_unset && !member.is_required && matches!(member.of, Type::Text(_)) {
                        continue;
                    }
                    if is_unset && member.is_required && member.of.of_item().is_some() {
                        self.problems.add(&path, &["must not be empty"]);
                    }
                    self.fits(&path, in_kubernetes, member.name);
                    self.value(&path, &member.of, value);
                    if member.name == "resources" && !std::ptr::eq(object, &DEPENDENCY) {
                        self.huge_pages(&path, value);
                    }
                }
                None if self.problems.lists(&path) => self.problems.add(&path, &[&unknown(object, &key)]),
                None => self.problems.add(&path, &[]),
            }
        }
        let mut exclusive = Vec::new();
        let mut found = Vec::new();
        for (at, member) in object.members.iter().enumerate() {
            if member.is_required && present & (1 << at) == 0 {
                self.problems.add(&path.member(member.name), &["must be set"]);
            }
            if member.is_exclusive {
                exclusive.push(member.name);
                found.extend((set & (1 << at) != 0).then_some(member.name));
            }
        }
        for rule in RULES.iter().filter(|rule| std::ptr::eq(rule.0, in_kubernetes)) {
            between::check(path, rule, text, self.problems);
        }
        if std::ptr::eq(object, &RESOURCE_REQUIREMENTS) {
            self.resources(path, text);
        }
        match (object.exclusive, found.len()) {
            (_, 1) | (Exclusive::AtMostOne, 0) | (Exclusive::AtLeastOne, 2..) => {}
            (_, 0) => self.problems.add(path, &["must have ", &one_of(&exclusive)]),
            (_, 2..) => self.problems.add(path, &["must have only one of ", &found.join(", ")]),
        }
    }

    /// The members of a dependency that some objects cannot have.
    fn fits(&mut self, path: &Path<'_>, object: &Object, name: &str) {
        let Some(dependency) = &self.dependency else { return };
        let is_pruned = || PRUNED.iter().any(|(of, known)| std::ptr::eq(*of, object) && *known == name);
        let (list, why) = match (dependency.list_of_notebooks, dependency.list_of_pods) {
            (Some(list), _) if is_pruned() && name == "restartPolicy" => {
                (list, "a Notebook loses it, and waits for the container to end")
            }
            (Some(list), _) if is_pruned() => (list, "a Notebook loses it"),
            (_, Some(list)) if std::ptr::eq(object, &POD_SPEC) && name == "automountServiceAccountToken" => {
                (list, "the token is mounted before the policy is called")
            }
            _ => return,
        };
        self.problems.add(path, &["must not be set, since ", list, " lists the dependency: ", why]);
    }

    /// What a container needs beside huge pages: a dependency that adds them leaves the rest to the user.
    fn huge_pages(&mut self, path: &Path<'_>, text: &str) {
        let of = |list| members(member(text, list).unwrap_or("null"));
        let mut resources = of("limits");
        resources.extend(of("requests"));
        let has = |is_it: fn(&str) -> bool| resources.iter().any(|(resource, _)| is_it(resource));
        if has(|it| it.starts_with(HUGE_PAGES)) && !has(|it| matches!(it, "cpu" | "memory")) {
            self.problems.add(path, &["must have cpu or memory, since it has ", HUGE_PAGES]);
        }
    }

    /// What a container requests beside its limits (`validateResourceRequirements` of the file that the rules are of).
    #[inline(never)]
    fn resources(&mut self, path: &Path<'_>, text: &str) {
        let mut place = FirstPositions::default();
        let mut limits = Vec::new();
        for name in ["limits", "requests"] {
            let path = path.member(name);
            for (resource, value) in members(member(text, name).unwrap_or("null")) {
                let Some(amount) = Quantity::parse(value).map(Quantity::milli) else { continue };
                let limit = place.at(&resource).and_then(|at| limits.get(at)).copied();
                let page = resource.strip_prefix(HUGE_PAGES).and_then(Quantity::parse).map(Quantity::milli);
                let what = match limit {
                    _ if page.is_some_and(|page| page > 0 && amount % page != 0) => {
                        "must be a multiple of the page size"
                    }
                    _ if is_extended_resource(&resource) && amount % 1000 != 0 => "must be a whole number",
                    _ if name == "limits" => {
                        place.insert(&resource, limits.len());
                        limits.push(amount);
                        continue;
                    }
                    Some(limit) if amount == limit || limit < 0 => continue,
                    _ if !is_overcommit_allowed(&resource) => "must be equal to its limit",
                    Some(limit) if amount > limit => "must not be above its limit",
                    _ => continue,
                };
                self.problems.add(&path.member(&resource), &[what, ", found ", &found(value)]);
            }
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
                let list = |is_of_notebooks: bool| {
                    let mut lists = self.lists.iter();
                    lists
                        .find(|list| (list.kind == Kind::Notebook) == is_of_notebooks && list.has(&key))
                        .map(|it| it.word)
                };
                self.dependency = Some(InDependency { list_of_pods: list(false), list_of_notebooks: list(true) });
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
            if let Some(key) = unique {
                check_distinct(&item_path, key, item, at, &mut first, self.problems);
            }
        }
    }
}

/// The string under `key` of the item at `at` must be in no item before; `first` has those.
pub fn check_distinct(
    path: &Path<'_>,
    key: &str,
    item: &str,
    at: usize,
    first: &mut FirstPositions,
    problems: &mut Problems,
) {
    let Some(found) = string_member(item, key).filter(|found| !found.is_empty()) else { return };
    let before = if key == "mountPath" {
        first.insert(&clean_path(Cow::Borrowed(&*found)), at)
    } else {
        first.insert(&found, at)
    };
    if let Some(before) = before {
        let what = ["must not be in the list twice, found ", &shown(&found), " at ", &index(before), " too"];
        problems.add(&path.member(key), &what);
    }
}

/// What is wrong with the member `key`, which `object` does not have, and where it belongs.
fn unknown(object: &Object, key: &str) -> String {
    let meant = did_you_mean(key, &object.members.iter().map(|member| member.name).collect::<Vec<_>>());
    let elsewhere = |place: &str| ["unknown field; did you mean ", place, ".", key, "?"].concat();
    let of = |what: &str| ["is a field of a ", what, " that no dependency can add"].concat();
    let is = |other: &Object| std::ptr::eq(object, other);
    let has_it = |member: &&Member| matches!(member.of, Type::Object(object) if object.member(key).is_some());
    match DEPENDENCY.members.iter().find(has_it) {
        _ if is(&POD_SECURITY_CONTEXT) && SECURITY_CONTEXT.member(key).is_some() => {
            elsewhere("containerSecurityContext")
        }
        _ if is(&SECURITY_CONTEXT) && POD_SECURITY_CONTEXT.member(key).is_some() => elsewhere("securityContext"),
        _ if !meant.is_empty() => ["unknown field", &meant].concat(),
        _ if is(&SETTINGS) && DEPENDENCY.member(key).is_some() => "is a field of a dependency".to_owned(),
        _ if is(&SETTINGS) && FIELDS_OF_A_POLICY.contains(&key) => {
            "is a field of the policy, next to settings".to_owned()
        }
        _ if !is(&DEPENDENCY) => "unknown field".to_owned(),
        _ if POD_SPEC.member(key).is_some() => of("pod spec"),
        _ if CONTAINER.member(key).is_some() => of("container"),
        Some(holder) => elsewhere(holder.name),
        None => "unknown field".to_owned(),
    }
}

/// Fields of the spec of a policy, in which its settings are (`policies.kubewarden.io`).
const FIELDS_OF_A_POLICY: [&str; 8] = [
    "backgroundAudit",
    "failurePolicy",
    "matchConditions",
    "mode",
    "mutating",
    "namespaceSelector",
    "objectSelector",
    "rules",
];

/// An item's place, as a message shows it beside a path.
pub fn index(at: usize) -> String {
    ["[", &at.to_string(), "]"].concat()
}

/// What the string says that `text` is; nothing where it is something else.
fn string(text: &str) -> Cow<'_, str> {
    Node::text_only(text).string().unwrap_or_default()
}

/// The whole number that `text` is, as far as one of 64 bits can be.
pub fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() > 19 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digit = |byte: u8| i64::from(byte - b'0');
    let size = if digits.len() > 18 { i64::MAX } else { digits.bytes().fold(0, |size, byte| size * 10 + digit(byte)) };
    Some(if digits.len() < text.len() { -size } else { size })
}

/// A string, a number or a word, as a message shows it. Of an object or a list nobody knows what is in it.
pub fn found(text: &str) -> Cow<'_, str> {
    match text.as_bytes().first() {
        Some(b'"') => Cow::Owned(shown(&string(text))),
        Some(b'{' | b'[') => Cow::Borrowed(kind_of(text)),
        _ => plain_or_shown(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_far_as_64_bits_go() {
        for (text, number) in [
            ("0", Some(0)),
            ("-7", Some(-7)),
            ("999999999999999999", Some(999_999_999_999_999_999)),
            ("1000000000000000000", Some(i64::MAX)),
            ("-1000000000000000000", Some(-i64::MAX)),
            ("10000000000000000000", None),
            ("1.0", None),
            ("1e3", None),
            ("true", None),
        ] {
            assert_eq!(whole_number(text), number, "{text}");
        }
    }
}
