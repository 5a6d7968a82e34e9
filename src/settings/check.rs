//! Checking the settings when the policy is deployed: every problem in one answer, each with its path.
//!
//! First every value is looked at on its own, along the tables of [`words`](super::words). Then what belongs together is:
//! which dependencies are used, what each brings (ready-made parts too), and what two of them bring at once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Settings;
use super::format::Format;
use super::types::{Exclusive, Object, Type};
use super::words::SETTINGS;
use crate::annotations::Annotations;
use crate::dependency::{Field, Merge, Target, expand};
use crate::document::compare::{equal, is_quantity};
use crate::document::{Cursor, Node, items, kind_of, members, quoted};
use crate::workload::{DECISIVE_ANNOTATIONS, Kind, OTHERS_CONTAINERS};

/// How many problems an answer lists at the most. The rest is counted: they are read in a terminal.
const MOST_PROBLEMS: usize = 100;

/// How many names are looked at for the one that was meant.
const MOST_NAMES: usize = 200;

/// How much of a name an answer shows, in characters.
const LONGEST_NAME: usize = 80;

/// What is wrong with settings, a line each, sorted by path; `None` where nothing is.
///
/// A line is `path: what is wrong[, found X][; did you mean Y?]`. Names, paths and words are shown as they were found; a
/// value that may be a secret is described by its type alone (contract, 2).
#[must_use]
pub fn problems(payload: &[u8]) -> Option<String> {
    let text = match simdutf8::compat::from_utf8(payload) {
        Ok(text) => text,
        Err(error) => return Some(format!("settings: must be UTF-8, found another byte at {}", error.valid_up_to())),
    };
    let root = match Node::parse(text, &super::SHAPE) {
        Ok(root) => root,
        Err(error) => return Some(format!("settings: {error}")),
    };
    let settings = match Settings::try_from(root) {
        Ok(settings) => settings,
        Err(error) => return Some(error.to_string()),
    };
    let mut problems = Problems::default();
    let lists = [Kind::Notebook, Kind::PipelinePod].map(|kind| List::read(&settings, kind));
    Walk { path: String::new(), is_for_pods: false, lists: &lists, problems: &mut problems }
        .value(&Type::Object(&SETTINGS), if settings.members.is_empty() { "{}" } else { text.trim() });
    relate(&settings, &lists, &mut problems);
    problems.into_message()
}

/// What was found so far: the first by path, and how many more.
#[derive(Default)]
struct Problems {
    /// Path and what is wrong there, with a zero byte between them: so they are sorted by path.
    first: Seen,
    more: usize,
}

impl Problems {
    #[inline(never)]
    fn add(&mut self, path: &str, what: &[&str]) {
        self.first.first(&[path, "\0", &what.concat()].concat(), 0);
        if self.first.0.len() > MOST_PROBLEMS {
            self.first.0.pop_last();
            self.more += 1;
        }
    }

    /// Whether there is a problem at `path` or below it.
    fn are_below(&self, path: &str) -> bool {
        let is_below = |found: &String| found.strip_prefix(path).is_some_and(|rest| rest.starts_with(['\0', '.', '[']));
        self.more > 0 || self.first.0.keys().any(is_below)
    }

    fn into_message(self) -> Option<String> {
        let mut lines: Vec<String> = self.first.0.keys().map(|found| found.replacen('\0', ": ", 1)).collect();
        if self.more > 0 {
            lines.push(["and ", &self.more.to_string(), " more problems"].concat());
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// The names of the dependencies that one kind of object gets.
struct List<'a> {
    word: &'static str,
    /// The items; `None` for one that is no string.
    names: Vec<Option<Cow<'a, str>>>,
    /// The names, and where each is first.
    seen: Seen,
}

impl<'a> List<'a> {
    /// What of the list can be read: what cannot is a problem that the walk finds.
    fn read(settings: &Settings<'a>, kind: Kind) -> Self {
        let word = super::list_of(kind);
        let list = settings.members.get(word).map_or("null", Node::text);
        let names: Vec<_> = items(list).into_iter().map(|item| Node::text_only(item).string()).collect();
        let mut seen = Seen::default();
        for (at, name) in names.iter().enumerate() {
            name.as_ref().and_then(|name| seen.first(name, at));
        }
        List { word, names, seen }
    }

    fn has(&self, name: &str) -> bool {
        self.seen.at(name).is_some()
    }
}

/// A walk over the settings, value by value.
struct Walk<'w, 'a> {
    /// Where it is.
    path: String,
    /// Whether it is in a dependency that pipeline pods get.
    is_for_pods: bool,
    lists: &'w [List<'a>; 2],
    problems: &'w mut Problems,
}

impl Walk<'_, '_> {
    #[inline(never)]
    fn problem(&mut self, what: &[&str]) {
        self.problems.add(&self.path, what);
    }

    /// One value further down: at the item or member that `step` says.
    fn value_at(&mut self, step: &str, of: &Type, text: &str) {
        let length = self.path.len();
        self.path.push_str(step);
        self.value(of, text);
        self.path.truncate(length);
    }

    fn problem_at(&mut self, step: &str, what: &[&str]) {
        self.problems.add(&[&self.path, step].concat(), what);
    }

    /// One value. It goes no deeper than the types do.
    fn value(&mut self, of: &Type, text: &str) {
        match (of, text.as_bytes().first()) {
            (Type::Object(object), Some(b'{')) => self.object(object, text),
            (Type::Map(format, of), Some(b'{')) => self.map(*format, of, text),
            (Type::List(of, unique), Some(b'[')) => self.list(of, *unique, text),
            (Type::Containers, Some(b'[')) if items(text).is_empty() => self.problem(&["must not be empty"]),
            (Type::Containers, Some(b'[')) => self.list(&Type::Text(Format::DnsLabel), None, text),
            (Type::Text(format), Some(b'"')) => self.text(*format, &says(text)),
            (Type::Containers, Some(b'"')) => {
                let word = says(text);
                if !CHOICES.contains(&&*word) {
                    let meant = meant(&word, CHOICES);
                    self.problem(&["must be Main, All or a list of container names, found ", &shown(&word), &meant]);
                }
            }
            (Type::Port, Some(b'"')) => self.text(Format::PortName, &says(text)),
            (Type::Quantity, Some(b'"')) if !is_quantity(text) => {
                self.problem(&["must be a quantity like 500m or 1Gi, found ", &shown(&says(text))]);
            }
            _ => self.scalar(of, text),
        }
    }

    /// A number or a word; or anything where there should be something else.
    fn scalar(&mut self, of: &Type, text: &str) {
        let (is_right, must) = match of {
            Type::Boolean => (matches!(text, "true" | "false"), "must be a boolean"),
            Type::Integer => (text.parse::<i64>().is_ok(), "must be a whole number"),
            Type::Port => (text.parse::<i64>().is_ok(), "must be a whole number or the name of a port"),
            Type::Quantity => (is_quantity(text), "must be a quantity like 500m or 1Gi"),
            Type::Text(_) => (false, "must be a string"),
            Type::List(..) => (false, "must be a list"),
            Type::Map(..) | Type::Object(_) => (false, "must be an object"),
            Type::Containers => (false, "must be Main, All or a list of container names"),
        };
        if !is_right {
            self.problem(&[must, ", found ", kind_of(text)]);
        }
    }

    /// A string. A placeholder counts as a letter: what it stands for is a name itself.
    fn text(&mut self, format: Format, text: &str) {
        if self.is_for_pods && text.contains("{name}") {
            self.problem(&["must not have {name} in it, since pipelinePods lists the dependency"]);
        }
        // A placeholder counts as a letter: what it stands for is a name itself.
        let problem = if self.path.starts_with("dependencies.") {
            format.problem(&text.replace("{namespace}", "a").replace("{name}", "a"))
        } else {
            format.problem(text)
        };
        match (format, problem) {
            (_, None) => {}
            (Format::Filled, Some(must)) => self.problem(&[must]),
            (Format::Word(words), Some(_)) => {
                self.problem(&[
                    "must be ",
                    &one_of(words),
                    ", found ",
                    &shown(text),
                    &meant(text, words.iter().copied()),
                ]);
            }
            // Who writes `NAME=value` has written a value.
            (Format::EnvName, Some(must)) => {
                self.problem(&[must, ", found ", &shown(text.split_inclusive('=').next().unwrap_or_default())]);
            }
            (_, Some(must)) => self.problem(&[must, ", found ", &shown(text)]),
        }
    }

    fn object(&mut self, object: &Object, text: &str) {
        let mut present = 0_u64;
        for (key, value) in members(text) {
            let step = self.step(&key);
            match object.members.iter().enumerate().find(|(_, member)| member.name == key) {
                Some(_) if value == "null" => {}
                Some((at, member)) => {
                    present |= 1 << at;
                    self.value_at(&step, &member.of, value);
                }
                None => {
                    let meant = meant(&key, object.members.iter().map(|member| member.name));
                    self.problem_at(&step, &["unknown field", &meant]);
                }
            }
        }
        let mut exclusive = Vec::new();
        let mut found = Vec::new();
        for (at, member) in object.members.iter().enumerate() {
            let is_present = present & (1 << at) != 0;
            if member.is_required && !is_present {
                let step = self.step(member.name);
                self.problem_at(&step, &["must be set"]);
            }
            if member.is_exclusive {
                exclusive.push(member.name);
                found.extend(is_present.then_some(member.name));
            }
        }
        match (object.exclusive, found.len()) {
            (_, 1) | (Exclusive::AtMostOne, 0) | (Exclusive::AtLeastOne, 2..) => {}
            (_, 0) => self.problem(&["must have ", &one_of(&exclusive)]),
            (_, 2..) => self.problem(&["must have only one of ", &found.join(", ")]),
        }
    }

    fn map(&mut self, keys: Format, of: &Type, text: &str) {
        let is_dependencies = self.path == "dependencies";
        for (key, value) in members(text) {
            let step = self.step(&key);
            if let Some(must) = keys.problem(&key) {
                self.problem_at(&step, &[must, ", found ", &shown(&key)]);
            }
            let [_, pods] = self.lists;
            self.is_for_pods |= is_dependencies && pods.has(&key);
            self.value_at(&step, of, value);
            self.is_for_pods &= !is_dependencies;
        }
    }

    fn list(&mut self, of: &Type, unique: Option<&str>, text: &str) {
        let mut seen = Seen::default();
        for (at, item) in items(text).into_iter().enumerate() {
            let step = index(at);
            self.value_at(&step, of, item);
            let key = unique.and_then(|member| Some((member, string_member(item, member)?)));
            let first = key.as_ref().and_then(|(_, key)| seen.first(key.as_ref(), at));
            if let (Some((member, key)), Some(first)) = (key, first) {
                let step = [&step, ".", member].concat();
                self.problem_at(
                    &step,
                    &["must not be in the list twice, found ", &shown(&key), " at ", &index(first), " too"],
                );
            }
        }
    }

    /// The step from here to a member.
    fn step(&self, key: &str) -> String {
        let separator = if self.path.is_empty() { "" } else { "." };
        [separator, &plain_or_shown(key)].concat()
    }
}

/// What was seen, and where first.
#[derive(Default)]
struct Seen(BTreeMap<String, usize>);

impl Seen {
    /// Where `key` was seen first; nowhere if that is `at`.
    #[inline(never)]
    fn first(&mut self, key: &str, at: usize) -> Option<usize> {
        match self.0.get(key) {
            Some(first) => Some(*first),
            None => {
                self.0.insert(key.to_owned(), at);
                None
            }
        }
    }

    fn at(&self, key: &str) -> Option<usize> {
        self.0.get(key).copied()
    }
}

/// Which containers get something, in words.
const CHOICES: [&str; 2] = ["Main", "All"];

/// A dependency, as far as it can be read.
struct Brought<'a> {
    name: Cow<'a, str>,
    text: &'a str,
    /// What its ready-made parts expand to, each with its name; nothing where they cannot be read.
    expanded: Vec<(&'static str, String)>,
    is_readable: bool,
}

impl<'a> Brought<'a> {
    fn read(name: Cow<'a, str>, text: &'a str) -> Self {
        let expanded = expand(&name, text);
        let is_readable = expanded.is_ok();
        Brought { name, text, expanded: expanded.unwrap_or_default(), is_readable }
    }

    fn path(&self) -> String {
        ["dependencies.", &plain_or_shown(&self.name)].concat()
    }

    /// What it brings. The ready-made parts come first: of two entries with one key, the written one is wrong.
    fn entries(&self) -> Vec<Entry<'_>> {
        let mut entries = Vec::new();
        let path = self.path();
        for (part, text) in &self.expanded {
            read_entries(&path, text, Some(part), &mut entries);
        }
        read_entries(&path, self.text, None, &mut entries);
        entries
    }

    /// The containers that it chooses.
    fn choice(&self) -> Choice<'_> {
        match member(self.text, "containers") {
            Some(list) if list.starts_with('[') => {
                let mut names = BTreeSet::new();
                names.extend(items(list).into_iter().map(says));
                Choice::Named(names)
            }
            Some(word) if says(word) == "All" => Choice::All,
            _ => Choice::Main,
        }
    }
}

/// The containers that a dependency chooses.
enum Choice<'a> {
    Main,
    All,
    Named(BTreeSet<Cow<'a, str>>),
}

impl Choice<'_> {
    /// Whether both may choose the same container of an object that `main` is the main one of. `apart` are those that
    /// All never means.
    fn meets(&self, other: &Choice<'_>, main: &str, apart: impl Fn(&str) -> bool) -> bool {
        match (self, other) {
            (Choice::Named(names), Choice::Main) | (Choice::Main, Choice::Named(names)) => names.contains(main),
            (Choice::Named(names), Choice::All) | (Choice::All, Choice::Named(names)) => {
                names.iter().any(|name| !apart(name))
            }
            (Choice::Named(one), Choice::Named(other)) => one.iter().any(|name| other.contains(name)),
            (Choice::Main | Choice::All, Choice::Main | Choice::All) => true,
        }
    }
}

/// One entry that a dependency brings.
struct Entry<'a> {
    field: &'static Field,
    path: String,
    key: Cow<'a, str>,
    value: &'a str,
}

impl Entry<'_> {
    /// The same for entries that exclude one another: those of one field and key, and containers of one name, of
    /// whatever sort they are.
    fn identity(&self) -> String {
        let field = if self.field.name == "sidecars" { "initContainers" } else { self.field.name };
        [field, "\n", &self.key].concat()
    }

    /// What it is, in words.
    fn says(&self) -> String {
        match self.field.merge {
            Merge::Itself => self.field.name.to_owned(),
            Merge::ByValue => ["the same ", self.field.noun].concat(),
            Merge::ByMember(_) | Merge::ByMountPath | Merge::ByKey => {
                [self.field.noun, " ", &shown(&self.key)].concat()
            }
        }
    }
}

/// Reads what the fields in `text` bring; what cannot be read is left out. What a ready-made part brings has its path.
fn read_entries<'a>(path: &str, text: &'a str, part: Option<&str>, entries: &mut Vec<Entry<'a>>) {
    for (name, value) in members(text) {
        let Some(field) = Field::named(&name).filter(|_| value != "null") else { continue };
        let path = [path, ".", part.unwrap_or(field.name)].concat();
        let path_of = |step: &str| if part.is_some() { path.clone() } else { [&*path, step].concat() };
        match field.merge {
            Merge::Itself => entries.push(Entry { field, path, key: Cow::Borrowed(field.name), value }),
            Merge::ByKey => entries.extend(members(value).into_iter().map(|(key, value)| {
                let path = path_of(&[".", &plain_or_shown(&key)].concat());
                Entry { field, path, key, value }
            })),
            Merge::ByMember(_) | Merge::ByMountPath | Merge::ByValue => {
                for (at, item) in items(value).into_iter().enumerate() {
                    let entry = Node::read(&mut Cursor::new(item), &field.entry_shape());
                    if let Some(key) = field.key_of(&entry) {
                        entries.push(Entry { field, path: path_of(&index(at)), key, value: item });
                    }
                }
            }
        }
    }
}

/// What belongs together: who uses what, what is there twice, what contradicts.
fn relate(settings: &Settings<'_>, lists: &[List<'_>; 2], problems: &mut Problems) {
    let dependencies = settings.members.get("dependencies").map_or("null", Node::text);
    let all: Vec<_> = members(dependencies).into_iter().map(|(name, text)| Brought::read(name, text)).collect();
    let mut known = Seen::default();
    for (at, dependency) in all.iter().enumerate() {
        known.first(&dependency.name, at);
    }
    for list in lists {
        check_list(list, &all, &known, problems);
    }
    if lists.iter().all(|list| list.names.is_empty() && !problems.are_below(list.word)) {
        problems.add("notebooks", &["must list a dependency, or pipelinePods must: there is nothing to add"]);
    }
    let domain = settings.annotation_domain().unwrap_or_default();
    let ours = Annotations { domain: &domain };
    for dependency in &all {
        check_dependency(dependency, lists, &ours, problems);
    }
    for list in lists {
        let listed: Vec<_> = list.names.iter().filter_map(|name| all.get(known.at(name.as_ref()?)?)).collect();
        check_contradictions(list.word, &listed, problems);
    }
}

fn check_list(list: &List<'_>, all: &[Brought<'_>], known: &Seen, problems: &mut Problems) {
    for (at, name) in list.names.iter().enumerate() {
        let Some(name) = name else { continue };
        let path = [list.word, &index(at)].concat();
        if let Some(first) = list.seen.at(name).filter(|first| *first != at) {
            problems
                .add(&path, &["must not be in the list twice, found ", &shown(name), " at ", &index(first), " too"]);
        } else if known.at(name).is_none() {
            let meant = meant(name, all.iter().map(|dependency| &*dependency.name));
            problems.add(&path, &["must be one of the dependencies, found ", &shown(name), &meant]);
        }
    }
}

fn check_dependency(dependency: &Brought<'_>, lists: &[List<'_>; 2], ours: &Annotations<'_>, problems: &mut Problems) {
    let path = dependency.path();
    let entries = dependency.entries();
    let [notebooks, _] = lists;
    if entries.is_empty() && !problems.are_below(&path) {
        problems.add(&path, &["must add something"]);
    }
    if !lists.iter().any(|list| list.has(&dependency.name)) {
        problems.add(&path, &["must be in notebooks or pipelinePods: nothing uses it"]);
    }
    let mut seen = Seen::default();
    for (at, entry) in entries.iter().enumerate() {
        let first = seen.first(&entry.identity(), at).and_then(|first| entries.get(first));
        if let Some(first) = first {
            problems.add(&entry.path, &["must not bring ", &entry.says(), ", since ", &first.path, " does"]);
        }
    }
    let mut volumes = Seen::default();
    for volume in entries.iter().filter(|entry| entry.field.name == "volumes") {
        volumes.first(&volume.key, 0);
    }
    for entry in &entries {
        match entry.field.name {
            "annotations" if ours.position(&entry.key).is_some() => {
                problems.add(&entry.path, &["must not be one of the annotations that the policy itself writes"]);
            }
            "annotations" if DECISIVE_ANNOTATIONS.contains(&&*entry.key) => {
                problems.add(&entry.path, &["must not be one of the annotations that the policy goes by"]);
            }
            "volumeMounts" => check_mount(&entry.path, entry.value, dependency, &volumes, problems),
            "initContainers" | "sidecars" => {
                for (at, mount) in member(entry.value, "volumeMounts").map_or(Vec::new(), items).into_iter().enumerate()
                {
                    let path = [&entry.path, ".volumeMounts", &index(at)].concat();
                    check_mount(&path, mount, dependency, &volumes, problems);
                }
            }
            _ => {}
        }
        if entry.field.name == "initContainers"
            && notebooks.has(&dependency.name)
            && string_member(entry.value, "restartPolicy").as_deref() == Some("Always")
        {
            let what =
                "must not be Always, since notebooks lists the dependency: a Notebook loses the field, and hangs";
            problems.add(&[&entry.path, ".restartPolicy"].concat(), &[what]);
        }
    }
}

/// A mount must never bind to a volume of the user's.
fn check_mount(path: &str, mount: &str, dependency: &Brought<'_>, volumes: &Seen, problems: &mut Problems) {
    let Some(name) = string_member(mount, "name").filter(|_| dependency.is_readable) else { return };
    if volumes.at(&name).is_none() {
        let meant = meant(&name, volumes.0.keys().map(|volume| &**volume));
        let what = ["must be one of the volumes of the dependency, found ", &shown(&name), &meant];
        problems.add(&[path, ".name"].concat(), &what);
    }
}

/// Two dependencies of one list that bring something else under the same key. The very same is no contradiction: the
/// first in the list brings it.
fn check_contradictions(list: &str, listed: &[&Brought<'_>], problems: &mut Problems) {
    let all: Vec<_> = listed.iter().map(|dependency| (dependency.choice(), dependency.entries())).collect();
    let mut sidecars = Seen::default();
    for entry in all.iter().flat_map(|(_, entries)| entries).filter(|entry| entry.field.name == "sidecars") {
        sidecars.first(&entry.key, 0);
    }
    let apart = |name: &str| OTHERS_CONTAINERS.contains(&name) || sidecars.at(name).is_some();
    let main = if list == super::list_of(Kind::PipelinePod) { "main" } else { "{name}" };
    // Those that have an entry of this identity, each once.
    let mut known: BTreeMap<String, Vec<(usize, &Entry<'_>)>> = BTreeMap::new();
    for (at, (choice, entries)) in all.iter().enumerate() {
        for entry in entries {
            let others = known.entry(entry.identity()).or_default();
            if others.last().is_some_and(|(other, _)| *other == at) {
                continue;
            }
            let meets =
                |other: &Choice<'_>| entry.field.target != Target::Containers || choice.meets(other, main, apart);
            let first = others.iter().find(|(other, _)| all.get(*other).is_some_and(|(other, _)| meets(other)));
            if let Some((_, first)) = first
                && !(first.field.name == entry.field.name && equal(first.value, entry.value))
            {
                let what =
                    ["must bring the same ", &entry.says(), " as ", &first.path, ", since ", list, " lists both"];
                problems.add(&entry.path, &what);
            }
            others.push((at, entry));
        }
    }
}

/// What the string says that `text` is; nothing where it is something else.
fn says(text: &str) -> Cow<'_, str> {
    Node::text_only(text).string().unwrap_or_default()
}

fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    members(object).into_iter().rfind(|(key, _)| key == name).map(|(_, value)| value)
}

fn string_member<'a>(object: &'a str, name: &str) -> Option<Cow<'a, str>> {
    member(object, name).and_then(|value| Node::text_only(value).string())
}

/// An item as a step of a path.
fn index(at: usize) -> String {
    ["[", &at.to_string(), "]"].concat()
}

/// A key as a path has it: quoted where it is no plain name.
fn plain_or_shown(key: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    if !key.is_empty() && key.len() <= LONGEST_NAME && key.chars().all(is_plain) {
        Cow::Borrowed(key)
    } else {
        Cow::Owned(shown(key))
    }
}

/// A name as a message shows it: in quotes, and not too long.
fn shown(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => quoted(&[name.get(..end).unwrap_or_default(), "…"].concat()),
        None => quoted(name),
    }
}

/// `a`, `a or b`, `a, b or c`.
fn one_of(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => [&first.join(", "), " or ", last].concat(),
        _ => words.concat(),
    }
}

/// The name that was probably meant, as the end of a message; nothing where none is close.
fn meant<'n>(found: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    if found.len() > LONGEST_NAME {
        return String::new();
    }
    let lower = found.to_ascii_lowercase();
    let distance = |name: &str| strsim::levenshtein(&lower, &name.to_ascii_lowercase());
    let nearest = names.into_iter().take(MOST_NAMES).map(|name| (distance(name), name)).min();
    let close = nearest.filter(|(distance, name)| distance * 3 <= name.len());
    close.map_or(String::new(), |(_, name)| ["; did you mean ", &plain_or_shown(name), "?"].concat())
}
