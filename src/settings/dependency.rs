//! A dependency: its text with ready-made parts expanded and placeholders filled in, and the additions read from that,
//! each with the key by which it merges. What happens to an object is not decided here.

use std::borrow::Cow;

use super::fields::{FIELDS, Field, MergeStrategy, Target};
use super::ready_made::{self, Expansion};
use super::{DEPENDENCIES, Names, OnConflict, Settings, strings, word};
use crate::json::{ByName, Cursor, Malformed, Node, Path, Str};
use crate::kubernetes::digest::Digest;
use crate::kubernetes::selector::is_selected;
use crate::workload::Containers;

/// A dependency, ready to be merged.
#[derive(Debug)]
pub struct Dependency<'a> {
    /// Its name in the settings.
    pub name: &'a str,
    /// What happens where the user has something else under the same key.
    pub on_conflict: OnConflict,
    /// Which containers get `env`, `envFrom` and `volumeMounts`.
    pub containers: Containers<'a>,
    /// Whether its init containers go before those present.
    pub init_containers_first: bool,
    /// Whether its `env` and `envFrom` go before those present.
    pub env_first: bool,
    /// Of which objects it is wanted, by their labels; `None` for every one.
    pub selector: Option<&'a str>,
    /// What it adds: the fields as written, then what the ready-made parts expand to.
    pub additions: Vec<Addition<'a>>,
    /// Changes when anything of the above changes: sixteen hexadecimal digits.
    pub hash: String,
}

/// One entry, member or field to add.
#[derive(Debug)]
pub struct Addition<'a> {
    /// Where it goes.
    pub field: &'static Field,
    /// The key by which it merges there.
    pub key: Cow<'a, str>,
    /// The member that holds it, where it goes into an object.
    pub member: Str<'a>,
    /// The value, as JSON.
    pub value: &'a str,
    /// The ready-made part that expands to it, if one does.
    pub part: Option<&'static str>,
    /// Its place in its list.
    index: usize,
}

/// The text of one dependency with its placeholders filled in, and what its ready-made parts expand to.
#[derive(Debug)]
pub struct Resolved<'a> {
    /// Its name in the settings.
    pub name: Cow<'a, str>,
    /// Whether it needs the name of the object, and the object has none yet.
    pub lacks_name: bool,
    written: Cow<'a, str>,
    expanded: Vec<Expansion>,
}

impl<'a> Resolved<'a> {
    /// Resolves the dependencies called `wanted`, in this order. A name that the settings do not have is a problem.
    pub fn all(
        settings: &Settings<'a>,
        wanted: Vec<Option<Cow<'a, str>>>,
        names: &Names<'_>,
        problems: &mut Vec<Malformed>,
    ) -> Vec<Self> {
        let dependencies = settings.dependencies(wanted, problems);
        let mut all = Vec::with_capacity(dependencies.len());
        for (name, text) in dependencies {
            let resolved = Self::new(name, names.fill_in(text), problems);
            let lacks_name = names.name.is_empty() && resolved.written != Names { name: "a", ..*names }.fill_in(text);
            all.push(Self { lacks_name, ..resolved });
        }
        all
    }

    /// The dependency `name`, written as `text`. A ready-made part that cannot be read is a problem, and none of them
    /// expands to anything then.
    pub fn new(name: Cow<'a, str>, text: Cow<'a, str>, problems: &mut Vec<Malformed>) -> Self {
        let expanded = ready_made::expand(&DEPENDENCIES.member(&name), &text).unwrap_or_else(|malformed| {
            problems.push(malformed);
            Vec::new()
        });
        Resolved { name, lacks_name: false, written: text, expanded }
    }
}

impl<'a> Dependency<'a> {
    /// Reads what a dependency adds. A value of the wrong type is a problem, and left out.
    pub fn read(resolved: &'a Resolved<'_>, problems: &mut Vec<Malformed>) -> Self {
        let mut dependency = Dependency {
            name: &resolved.name,
            on_conflict: OnConflict::default(),
            containers: Containers::default(),
            init_containers_first: false,
            env_first: false,
            selector: None,
            additions: Vec::new(),
            hash: String::new(),
        };
        dependency.read_fields(&resolved.written, problems);
        for expansion in &resolved.expanded {
            for (field, key, value) in expansion.entries() {
                let (key, part) = (Cow::Borrowed(key), Some(expansion.part));
                dependency.additions.push(Addition { field, key, member: field.member, value, part, index: 0 });
            }
        }
        dependency.hash = dependency.hashed();
        dependency
    }

    /// What a container that it brings has itself, as a dependency that adds that to the container.
    pub fn of_container(&self, container: &Addition<'a>) -> Self {
        let mut own = Dependency {
            containers: Containers::Named(vec![container.key.clone()]),
            additions: Vec::new(),
            hash: String::new(),
            ..*self
        };
        Cursor::new(container.value).object(|cursor, key| {
            let is_it =
                |field: &&Field| field.target == Target::Containers && field.within.is_none() && field.member == key;
            match FIELDS.iter().find(is_it) {
                Some(field) => own.read_field(field, &self.path(), cursor, &mut Vec::new()),
                None => _ = cursor.skip(),
            }
        });
        own
    }

    /// Whether it is wanted for an object with these labels.
    pub fn is_wanted(&self, labels: &ByName<'_, Option<Cow<'_, str>>>) -> bool {
        self.selector.is_none_or(|selector| is_selected(selector, labels))
    }

    /// Where it is in the settings.
    pub fn path(&self) -> Path<'a> {
        DEPENDENCIES.member(self.name)
    }

    /// Whether it adds anything that goes into containers, so that it needs one.
    pub fn needs_container(&self) -> bool {
        self.additions.iter().any(|addition| addition.field.target == Target::Containers)
    }

    fn read_fields(&mut self, text: &'a str, problems: &mut Vec<Malformed>) {
        let path = self.path();
        let is_object = Cursor::new(text).object(|cursor, key| {
            let name = key.decode();
            if let Some(field) = Field::named(&name).filter(|field| field.within.is_none()) {
                return self.read_field(field, &path.member(field.name), cursor, problems);
            }
            let node = Node::text_only(cursor.skip());
            let path = path.member(&name);
            match &*name {
                _ if node.is_null() => {}
                "onConflict" => {
                    self.on_conflict = word(&node, OnConflict::of_word, &path, problems).unwrap_or(self.on_conflict);
                }
                "containers" => match node.string().and_then(|word| Containers::of_word(&word)) {
                    Some(selection) => self.containers = selection,
                    None => {
                        let names = strings(&node, &path, problems);
                        if node.text().starts_with('[') {
                            self.containers =
                                Containers::Named(names.into_iter().map(Option::unwrap_or_default).collect());
                        }
                    }
                },
                "initContainersFirst" => self.init_containers_first = node.text() == "true",
                "envFirst" => self.env_first = node.text() == "true",
                "selector" if node.text().starts_with('{') => self.selector = Some(node.text()),
                "selector" => problems.push(node.malformed(&path, "an object")),
                _ => {}
            }
        });
        if !is_object {
            problems.push(Node::text_only(text.trim_start()).malformed(&path, "an object"));
        }
    }

    fn read_field(
        &mut self,
        field: &'static Field,
        path: &Path<'_>,
        cursor: &mut Cursor<'a>,
        problems: &mut Vec<Malformed>,
    ) {
        let mut add = |key, member, value, index| {
            self.additions.push(Addition { field, key, member, value, part: None, index });
        };
        match (field.strategy, cursor.peek()) {
            (MergeStrategy::Granular, b'{') => {
                cursor.object(|cursor, key| match field.another_in(&key.decode()) {
                    Some(another) => self.read_field(another, &path.member(another.name), cursor, problems),
                    None => self.additions.push(Addition {
                        field,
                        key: key.decode(),
                        member: key,
                        value: cursor.skip(),
                        part: None,
                        index: 0,
                    }),
                });
            }
            (MergeStrategy::ListMap(_) | MergeStrategy::ListSet, b'[') => {
                let shape = field.entry_shape();
                let mut at = 0;
                cursor.list(|cursor| {
                    let entry = Node::read(cursor, &shape);
                    match field.key_of(&entry) {
                        Some(key) => add(key, field.member, entry.text(), at),
                        None => problems.push(entry.malformed(&path.item(at), "an entry with a name")),
                    }
                    at += 1;
                });
            }
            _ => {
                let node = Node::text_only(cursor.skip());
                match field.strategy {
                    _ if node.is_null() => {}
                    MergeStrategy::Atomic => add(Cow::Borrowed(field.name), field.member, node.text(), 0),
                    MergeStrategy::Granular => problems.push(node.malformed(path, "an object")),
                    MergeStrategy::ListMap(_) | MergeStrategy::ListSet => problems.push(node.malformed(path, "a list")),
                }
            }
        }
    }

    /// The hash of what it means: fields and members in any order, values by their meaning. What happens where the user
    /// has something else is no part of it.
    fn hashed(&self) -> String {
        let mut hash = Digest::default();
        match &self.containers {
            Containers::Named(names) => {
                ByName::set(names.iter().map(|name| &**name)).names().for_each(|name| hash.add(name));
            }
            selection => hash.add(selection.word()),
        }
        hash.add(if self.init_containers_first { "first" } else { "last" });
        // Without it, the hash is that of a version which did not know it.
        if self.env_first {
            hash.add("envFirst");
        }
        // A bit for each field, by its order.
        let mut used = self.additions.iter().fold(0_u64, |used, addition| used | 1 << addition.field.order());
        while let Some(field) = FIELDS.get(used.trailing_zeros() as usize) {
            used &= used - 1;
            let of_field = self.additions.iter().filter(|addition| std::ptr::eq(addition.field, field));
            let mut take_in = |addition: &Addition<'_>| {
                hash.add(field.name);
                hash.add(&addition.key);
                hash.add_value(field.entry_type(&addition.key), addition.value);
            };
            if field.strategy == MergeStrategy::Granular {
                let mut by_key = ByName::default();
                of_field.for_each(|addition| _ = by_key.insert(&*addition.key, addition));
                by_key.iter().for_each(|(_, addition)| take_in(addition));
            } else {
                of_field.for_each(take_in);
            }
        }
        hash.hex()
    }
}

impl Addition<'_> {
    /// Calls `use_path` with the place in the settings of the dependency at `dependency` where this was written: the
    /// entry, or the ready-made part that expands to it.
    pub fn with_path(&self, dependency: &Path<'_>, use_path: &mut dyn FnMut(&Path<'_>)) {
        let within = self.field.within.filter(|_| self.part.is_none()).map(|within| dependency.member(within.raw()));
        let field = within.as_ref().unwrap_or(dependency).member(self.part.unwrap_or(self.field.name));
        match self.field.strategy {
            _ if self.part.is_some() => use_path(&field),
            MergeStrategy::Atomic => use_path(&field),
            MergeStrategy::Granular => use_path(&field.member(&self.key)),
            MergeStrategy::ListMap(_) | MergeStrategy::ListSet => use_path(&field.item(self.index)),
        }
    }

    /// The same place, as a message shows it.
    pub fn shown_path(&self, dependency: &Path<'_>) -> String {
        let mut shown = String::new();
        self.with_path(dependency, &mut |path| shown = path.to_string());
        shown
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn hash(text: &str) -> String {
        let mut problems = Vec::new();
        let resolved = Resolved::new("dep".into(), text.into(), &mut problems);
        let hash = Dependency::read(&resolved, &mut problems).hash;
        assert_eq!(problems, [], "{text}");
        hash
    }

    /// Objects in clusters hold these: with another hash, every running notebook would wait for what it has already.
    #[test]
    fn known_hashes_of_dependencies() {
        for (text, expected) in [
            (r#"{"imagePullSecrets":[{"name":"gpr-credentials"}]}"#, "0a7d6473702dbe7a"),
            (r#"{"onConflict":"Keep","proxy":{"httpProxy":"http://proxy:8088"}}"#, "d539263e16eaa4f5"),
            (
                r#"{"vault":{"address":"https://vault","authPath":"/a","image":"vks:46","kvPath":"/k/{namespace}","role":"r"}}"#,
                "8f2014b7bf5ccaf0",
            ),
            (
                r#"{"vault":{"address":"https://vault","authPath":"/a","image":"vks:46","kvPath":"/k","resources":{"limits":{"memory":"64Mi"}},"role":"r","secretsPath":"/secrets","securityContext":{"runAsNonRoot":true}}}"#,
                "5e41fc6149deca3d",
            ),
            (
                r#"{"caBundle":{"jks":{"configMap":"keystore","key":"ca.jks"},"pem":{"configMap":"certificates","key":"ca.pem"}}}"#,
                "3bb59a2773cce97e",
            ),
            (r#"{"caBundle":{"pem":{"configMap":"certificates","key":"ca.pem"}}}"#, "927dc1420a5c8354"),
            (r#"{"containers":"All","env":[{"name":"A","value":"1"}]}"#, "0a0368d6caae2c7e"),
            (
                r#"{"containers":["a","b"],"initContainersFirst":true,"onConflict":"Override","tolerations":[{"operator":"Exists"}]}"#,
                "61ebec7248defe87",
            ),
        ] {
            assert_eq!(hash(text), expected, "{text}");
        }
    }

    #[test]
    fn a_hash_depends_on_the_meaning_alone() {
        let plain = r#"{"env":[{"name":"A","value":"1"}],"labels":{"a":"1","b":"2"},"containers":["x","y"],"initContainersFirst":false,"sidecars":[{"name":"s","image":"s","resources":{"limits":{"cpu":"500m"}}}]}"#;
        let other = r#"{"onConflict":"Override", "sidecars": [{"image": "s", "name": "s", "tty": false, "env": [], "resources": {"limits": {"cpu": 0.5}}}],
            "containers": ["y", "x"], "labels": {"b": "2", "a": "\u0031"}, "env": [{"value": "1", "valueFrom": null, "name": "A"}]}"#;
        assert_eq!(hash(plain), hash(other));
        for (one, other) in [
            (r#"{"env":[{"name":"A","value":"1"}]}"#, r#"{"env":[{"name":"A","value":"2"}]}"#),
            (r#"{"env":[{"name":"A"},{"name":"B"}]}"#, r#"{"env":[{"name":"B"},{"name":"A"}]}"#),
            (r#"{"env":[{"name":"A"}]}"#, r#"{"env":[{"name":"A"}],"containers":"All"}"#),
            (r#"{"initContainers":[{"name":"a"}]}"#, r#"{"initContainers":[{"name":"a"}],"initContainersFirst":true}"#),
            (r#"{"initContainers":[{"name":"a"}]}"#, r#"{"sidecars":[{"name":"a"}]}"#),
        ] {
            assert_ne!(hash(one), hash(other), "{one} {other}");
        }
    }

    /// A change of two letters is one, wherever they are.
    #[test]
    fn a_hash_tells_values_apart_that_differ_in_two_letters() {
        for before in ["", "v", "version", "version-1.2.", "version-1.2.34-"] {
            let mut hashes = BTreeSet::new();
            for letters in ('a'..='z').flat_map(|first| ('a'..='z').map(move |second| [first, second])) {
                let value = String::from_iter(letters);
                hashes.insert(hash(&format!(r#"{{"env":[{{"name":"A","value":"{before}{value}"}}]}}"#)));
            }
            assert_eq!(hashes.len(), 26 * 26, "{before}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_noted_and_left_out() {
        let text = r#"{"env":[{"name":"A"},7,{"value":"B"}],"labels":[],"volumes":{},"onConflict":"keep","containers":["a",1],"vault":{},"selector":[]}"#;
        let mut problems = Vec::new();
        let resolved = Resolved::new("dep".into(), text.into(), &mut problems);
        let dependency = Dependency::read(&resolved, &mut problems);
        let keys: Vec<_> = dependency.additions.iter().map(|addition| &*addition.key).collect();
        assert_eq!(keys, ["A"]);
        assert_eq!(dependency.containers, Containers::Named(vec!["a".into(), "".into()]));
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "dependencies.dep.vault.address: must be a string, found null",
                "dependencies.dep.env[1]: must be an entry with a name, found a number",
                "dependencies.dep.env[2]: must be an entry with a name, found an object",
                "dependencies.dep.labels: must be an object, found a list",
                "dependencies.dep.volumes: must be a list, found an object",
                "dependencies.dep.onConflict: must be an allowed value, found a string",
                "dependencies.dep.containers[1]: must be a string, found a number",
                "dependencies.dep.selector: must be an object, found a list",
            ]
        );
    }
}
