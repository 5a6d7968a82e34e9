//! The table of everything that a dependency can add: where each field goes, and how it is merged.

use std::borrow::Cow;

use crate::json::{Body, Node, Shape, Str, string_member};
use crate::kubernetes::digest::Digest;
use crate::kubernetes::equality::{deep_derivative, deep_equal, is_absent};
use crate::kubernetes::names::{Format, Words, clean_path};
use crate::kubernetes::schema::{Map, Object, Range, Type};
use crate::kubernetes::types::{
    AFFINITY, CONTAINER, ENV_FROM_SOURCE, ENV_VAR, HOST_ALIAS, LIFECYCLE, LOCAL_OBJECT_REFERENCE, POD_DNS_CONFIG,
    POD_RESOURCE_CLAIM, POD_SECURITY_CONTEXT, POD_SPEC, RESOURCE_REQUIREMENTS, SECURITY_CONTEXT, TOLERATION,
    TOPOLOGY_SPREAD_CONSTRAINT, VOLUME, VOLUME_MOUNT,
};

/// Which object a field goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The metadata of the object itself.
    Metadata,
    /// The pod spec.
    PodSpec,
    /// The containers that the dependency selects.
    Containers,
}

/// How a field is merged with what is there, in the words of [server-side apply].
///
/// [server-side apply]: https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeStrategy {
    /// A list of objects, by the string under this member of each entry.
    ListMap(&'static str),
    /// A list, by the whole value of each entry.
    ListSet,
    /// An object, member by member.
    Granular,
    /// The field as a whole.
    Atomic,
}

/// What the entries of a field are, where other rules than those of merging depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing that another rule asks for.
    Plain,
    /// An annotation: some are the policy's own.
    Annotation,
    /// A volume: mounts bind to it by its name.
    Volume,
    /// A mount: its key is a path, and it binds to a volume.
    VolumeMount,
    /// An init container.
    InitContainer,
    /// A container.
    Container,
    /// A topology spread constraint: its key is its topology key together with what happens where it cannot be satisfied.
    TopologySpreadConstraint,
}

/// A row of the table.
#[derive(Debug)]
pub struct Field {
    /// Its name in the settings.
    pub name: &'static str,
    /// What it may be there.
    pub of: Type,
    /// Where it goes.
    pub target: Target,
    /// The member that holds it there.
    pub member: Str<'static>,
    /// The field of the settings, and member there, that it is in with others.
    pub within: Option<Str<'static>>,
    /// How it is merged.
    pub strategy: MergeStrategy,
    /// What a message calls one entry.
    pub noun: &'static str,
    /// What an entry is.
    pub entry: Entry,
    /// Values that the server itself puts there, which count as absent.
    pub server_defaults: &'static [&'static str],
    /// Members that the server computes from this one: they go when it changes, or the server refuses the pod.
    pub computed: &'static [&'static str],
    /// The deprecated member that must say the same, where it is there.
    pub alias: Option<Str<'static>>,
}

const ROW: Field = Field {
    name: "",
    of: Type::Boolean,
    target: Target::PodSpec,
    member: Str::plain(""),
    within: None,
    strategy: MergeStrategy::Atomic,
    noun: "",
    entry: Entry::Plain,
    server_defaults: &[],
    computed: &[],
    alias: None,
};

/// A row whose member has the same name as in the settings.
macro_rules! row {
    ($name:literal, $of:expr, $target:ident, $strategy:expr, $noun:literal $(, $field:ident: $value:expr)*) => {
        Field {
            name: $name,
            of: $of,
            target: Target::$target,
            member: Str::plain($name),
            strategy: $strategy,
            noun: $noun,
            $($field: $value,)*
            ..ROW
        }
    };
}

use MergeStrategy::{Atomic, Granular, ListMap, ListSet};

/// A list of objects.
macro_rules! list {
    ($object:expr) => {
        Type::List(&Type::Object(&$object))
    };
}

/// The name of another object.
const NAME: Type = Type::Text(Format::Subdomain);

/// Labels, of an object or of a node.
const LABELS: Type = Type::Map(&Map { keys: Format::LabelKey, of: Type::Text(Format::LabelValue) });

/// Words of a pod spec or a container.
macro_rules! words {
    ($($word:literal),*) => {
        Type::Text(Format::OneOf(&Words(&[$($word),*])))
    };
}

/// Quantities of resources.
const QUANTITIES: Type = Type::Map(&Map { keys: Format::Any, of: Type::Quantity });

/// What `limits` and `requests` are within.
const RESOURCES: Option<Str<'static>> = Some(Str::plain("resources"));

/// The field that adds containers, which the pod spec calls `containers`: that word selects containers in the settings.
pub const SIDECARS: &str = "sidecars";

/// The field that adds init containers.
pub const INIT_CONTAINERS: &str = "initContainers";

/// Every field, in the order in which the hash takes them in.
pub static FIELDS: [Field; 35] = [
    row!("labels", LABELS, Metadata, Granular, "label"),
    row!("annotations", Type::Map(&Map { keys: Format::AnnotationKey, of: Type::Text(Format::Any) }), Metadata, Granular, "annotation", entry: Entry::Annotation),
    row!("imagePullSecrets", list!(LOCAL_OBJECT_REFERENCE), PodSpec, ListMap("name"), "imagePullSecret"),
    row!("volumes", list!(VOLUME), PodSpec, ListMap("name"), "volume", entry: Entry::Volume),
    row!("initContainers", list!(CONTAINER), PodSpec, ListMap("name"), "init container", entry: Entry::InitContainer),
    Field {
        name: SIDECARS,
        ..row!("containers", list!(CONTAINER), PodSpec, ListMap("name"), "container", entry: Entry::Container)
    },
    row!("tolerations", list!(TOLERATION), PodSpec, ListSet, "toleration"),
    row!("hostAliases", list!(HOST_ALIAS), PodSpec, ListMap("ip"), "hostAlias"),
    row!("nodeSelector", LABELS, PodSpec, Granular, "nodeSelector"),
    row!("serviceAccountName", NAME, PodSpec, Atomic, "", server_defaults: &["\"default\""], alias: Some(Str::plain("serviceAccount"))),
    row!("automountServiceAccountToken", Type::Boolean, PodSpec, Atomic, ""),
    row!("priorityClassName", NAME, PodSpec, Atomic, "", computed: &["priority", "preemptionPolicy"]),
    row!("runtimeClassName", NAME, PodSpec, Atomic, "", computed: &["overhead"]),
    row!("schedulerName", Type::Text(Format::NonEmpty), PodSpec, Atomic, "", server_defaults: &["\"default-scheduler\""]),
    row!("affinity", Type::Object(&AFFINITY), PodSpec, Granular, "affinity"),
    row!("securityContext", Type::Object(&POD_SECURITY_CONTEXT), PodSpec, Granular, "securityContext"),
    row!("env", list!(ENV_VAR), Containers, ListMap("name"), "env"),
    row!("envFrom", list!(ENV_FROM_SOURCE), Containers, ListSet, "envFrom"),
    row!("volumeMounts", list!(VOLUME_MOUNT), Containers, ListMap("mountPath"), "volumeMount", entry: Entry::VolumeMount),
    row!("resourceClaims", list!(POD_RESOURCE_CLAIM), PodSpec, ListMap("name"), "resourceClaim"),
    row!("topologySpreadConstraints", list!(TOPOLOGY_SPREAD_CONSTRAINT), PodSpec, ListMap("topologyKey"), "topologySpreadConstraint", entry: Entry::TopologySpreadConstraint),
    row!("dnsConfig", Type::Object(&POD_DNS_CONFIG), PodSpec, Granular, "dnsConfig"),
    row!("dnsPolicy", words!("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"), PodSpec, Atomic, "", server_defaults: &["\"ClusterFirst\""]),
    row!("enableServiceLinks", Type::Boolean, PodSpec, Atomic, "", server_defaults: &["true"]),
    row!("shareProcessNamespace", Type::Boolean, PodSpec, Atomic, ""),
    row!("hostUsers", Type::Boolean, PodSpec, Atomic, ""),
    row!("terminationGracePeriodSeconds", Type::Integer(&Range::ANY), PodSpec, Atomic, "", server_defaults: &["30"]),
    row!("resources", Type::Object(&RESOURCE_REQUIREMENTS), Containers, Granular, "resources"),
    row!("limits", QUANTITIES, Containers, Granular, "limit", within: RESOURCES),
    row!("requests", QUANTITIES, Containers, Granular, "request", within: RESOURCES),
    Field {
        name: "containerSecurityContext",
        ..row!("securityContext", Type::Object(&SECURITY_CONTEXT), Containers, Granular, "securityContext")
    },
    row!("command", Type::List(&Type::Text(Format::Any)), Containers, Atomic, ""),
    row!("args", Type::List(&Type::Text(Format::Any)), Containers, Atomic, ""),
    row!("imagePullPolicy", words!("Always", "IfNotPresent", "Never"), Containers, Atomic, ""),
    row!("lifecycle", Type::Object(&LIFECYCLE), Containers, Atomic, ""),
];

/// The fields that ready-made parts expand to.
pub static VOLUMES: &Field = named("volumes");
/// See [`VOLUMES`].
pub static INIT_CONTAINERS_FIELD: &Field = named(INIT_CONTAINERS);
/// See [`VOLUMES`].
pub static ENV: &Field = named("env");
/// See [`VOLUMES`].
pub static VOLUME_MOUNTS: &Field = named("volumeMounts");

/// The row of the field called `name`, which must be there, found by the compiler.
#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler")]
const fn named(name: &str) -> &'static Field {
    let mut at = 0;
    loop {
        let (known, name) = (FIELDS[at].name.as_bytes(), name.as_bytes());
        let mut same = 0;
        while known.len() == name.len() && same < name.len() && known[same] == name[same] {
            same += 1;
        }
        if known.len() == name.len() && same == name.len() {
            return &FIELDS[at];
        }
        at += 1;
    }
}

/// How many places of entries a container has.
const PLACES_IN_CONTAINERS: usize = 8;

/// The first field of each place of entries in a container.
#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler")]
pub static IN_CONTAINERS: [&Field; PLACES_IN_CONTAINERS] = {
    let mut first = [&FIELDS[0]; PLACES_IN_CONTAINERS];
    let (mut at, mut count, mut are_atomic) = (0, 0, false);
    while at < FIELDS.len() {
        let field = &FIELDS[at];
        let is_atomic = matches!(field.strategy, Atomic);
        if matches!(field.target, Target::Containers) && !(is_atomic && are_atomic) {
            first[count] = field;
            count += 1;
            are_atomic |= is_atomic;
        }
        at += 1;
    }
    assert!(count == PLACES_IN_CONTAINERS, "every place, and none twice");
    first
};

/// The first of the atomic fields of the pod spec.
#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler")]
pub static OF_SPEC: &Field = {
    let mut at = 0;
    while !matches!((FIELDS[at].strategy, FIELDS[at].target), (Atomic, Target::PodSpec)) {
        at += 1;
    }
    &FIELDS[at]
};

impl Field {
    /// The row of the field that the settings call `name`.
    pub fn named(name: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// The field that holds the entries which exclude one of the same name here: a pod has each container name once,
    /// among its containers and init containers.
    #[inline(never)]
    pub fn rival(&self) -> Option<&'static Field> {
        let rival = match self.entry {
            Entry::InitContainer => Entry::Container,
            Entry::Container => Entry::InitContainer,
            _ => return None,
        };
        FIELDS.iter().find(|field| field.entry == rival)
    }

    /// Whether an entry is a container: others may be merged into it.
    pub const fn is_container(&self) -> bool {
        matches!(self.entry, Entry::InitContainer | Entry::Container)
    }

    /// Whether `onConflict: Keep` may leave the user's entry. Not so for volumes and containers: our mounts would bind to
    /// a volume of the user's, and secrets end up where nobody meant them.
    pub const fn may_keep(&self) -> bool {
        !matches!(self.entry, Entry::Volume | Entry::InitContainer | Entry::Container)
    }

    /// Its place in [`FIELDS`].
    pub fn order(&self) -> usize {
        std::ptr::from_ref(self).addr().wrapping_sub(FIELDS.as_ptr().addr()) / size_of::<Field>()
    }

    /// That of the first field whose entries have the same place.
    pub fn order_of_place(&self) -> usize {
        let is_atomic = self.strategy == Atomic;
        is_atomic
            .then(|| FIELDS.iter().position(|field| field.has_place_of(self)))
            .flatten()
            .unwrap_or_else(|| self.order())
    }

    /// Whether the member `key` of the object that this is holds entries of another field: `limits` of `resources`.
    pub fn holds_another(&self, key: &str) -> bool {
        self.another_in(key).is_some()
    }

    /// The field whose entries are in the member `key` of the object that this is.
    pub fn another_in(&self, key: &str) -> Option<&'static Field> {
        let is_within = |field: &&Field| field.within.is_some_and(|within| within == self.member) && field.name == key;
        FIELDS.iter().find(|field| self.strategy == Granular && field.target == self.target && is_within(field))
    }

    /// What the record calls the place of its entries: the atomic fields of one object share theirs.
    pub const fn place(&self) -> &'static str {
        match (self.strategy, self.target) {
            (Atomic, Target::Containers) => "container",
            (Atomic, _) => "spec",
            _ => self.name,
        }
    }

    /// Whether its entries have the same place as those of `other`.
    pub fn has_place_of(&self, other: &Field) -> bool {
        std::ptr::eq(self, other) || (self.strategy, self.target) == (Atomic, other.target) && other.strategy == Atomic
    }

    /// The first field whose entries have this place.
    pub fn at(place: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.place() == place)
    }

    /// What the entry of this key may be: an item, the value of a member, or the field itself.
    pub fn entry_type(&'static self, key: &str) -> &'static Type {
        static UNKNOWN: Type = Type::Object(&Object::new(&[]));
        match (self.strategy, &self.of) {
            (ListMap(_) | ListSet, Type::List(of)) => of,
            (Granular, Type::Map(map)) => &map.of,
            (Granular, Type::Object(object)) => object.member(key).map_or(&UNKNOWN, |member| &member.of),
            (_, of) => of,
        }
    }

    /// Whether `theirs`, which is there, has at least everything that `ours` has, both under `key` (contract, "Already
    /// present").
    pub fn contains(&'static self, key: &str, theirs: &str, ours: &str) -> bool {
        deep_derivative(self.entry_type(key), ours, theirs)
    }

    /// Whether two entries of this key mean the same (contract, "Equality").
    pub fn is_equal(&'static self, key: &str, one: &str, other: &str) -> bool {
        deep_equal(self.entry_type(key), one, other)
    }

    /// Whether the value that is there under `key` counts as absent: it says nothing, or what the server fills in.
    pub fn is_absent(&'static self, key: &str, theirs: &str) -> bool {
        self.says_nothing(key, theirs) || self.server_defaults.iter().any(|default| self.is_equal(key, theirs, default))
    }

    /// Whether the value under `key` is absent to Kubernetes (contract, "Equality").
    pub fn says_nothing(&'static self, key: &str, value: &str) -> bool {
        static SPEC: Type = Type::Object(&POD_SPEC);
        static CONTAINERS: Type = Type::Object(&CONTAINER);
        let of = match (self.strategy, &self.of, self.target) {
            (Granular, Type::Object(_), _) => &self.of,
            (Atomic, _, Target::Containers) => &CONTAINERS,
            (Atomic, ..) => &SPEC,
            _ => return value == "null",
        };
        is_absent(of, key, value)
    }

    /// How an entry of this field is opened, to find its key. Only for lists.
    pub const fn entry_shape(&self) -> Shape {
        match self.strategy {
            ListMap(member) => Shape::Entry(member),
            ListSet | Granular | Atomic => Shape::Text,
        }
    }

    /// The key of an entry of this list; `None` for one that has none, which merges with nothing.
    pub fn key_of<'a>(&'static self, entry: &Node<'a>) -> Option<Cow<'a, str>> {
        match (self.strategy, self.entry) {
            (ListSet, _) => Some(Cow::Owned(Digest::of(self.entry_type(""), entry.text()).hex())),
            (ListMap(member), Entry::TopologySpreadConstraint) => {
                let policy = string_member(entry.text(), "whenUnsatisfiable").unwrap_or_default();
                entry_string(entry, member).map(|key| Cow::Owned([&key, " ", &*policy].concat()))
            }
            (ListMap(member), Entry::VolumeMount) => entry_string(entry, member).map(clean_path),
            (ListMap(member), _) => entry_string(entry, member),
            (Granular | Atomic, _) => None,
        }
    }
}

/// The string under `member` of an entry: found when it was read, or there where the entry was opened whole.
fn entry_string<'a>(entry: &Node<'a>, member: &str) -> Option<Cow<'a, str>> {
    match &entry.body {
        Body::Entry(key) => key.map(Str::decode),
        Body::Object(object) => object.get(member).and_then(Node::string),
        Body::Text | Body::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Kind;

    #[test]
    fn entries_have_keys() {
        for (field, entry, key) in [
            ("volumes", r#"{"emptyDir":{},"name":"v"}"#, Some("v")),
            ("volumes", r#"{"emptyDir":{}}"#, None),
            ("volumes", r#"{"name":1}"#, None),
            ("volumes", r#""v""#, None),
            ("env", r#"{"n\u0061me":"\u0041"}"#, Some("A")),
            ("env", r#"{"name":"A","name":"B"}"#, Some("B")),
            ("hostAliases", r#"{"ip":"10.0.0.1"}"#, Some("10.0.0.1")),
            ("volumeMounts", r#"{"name":"v","mountPath":"/a/"}"#, Some("/a")),
            ("volumeMounts", r#"{"name":"v","mountPath":"/a/./b\u002f..//"}"#, Some("/a")),
            ("volumeMounts", r#"{"name":"v","mountPath":"/"}"#, Some("/")),
        ] {
            let row = Field::named(field).unwrap();
            let read = Node::parse(entry, &row.entry_shape()).unwrap();
            assert_eq!(row.key_of(&read).as_deref(), key, "{field}: {entry}");
        }
    }

    /// A list that stays text when a request is read could not be merged into. A map is opened once something goes into it.
    #[test]
    fn every_list_is_opened_when_a_request_is_read() {
        for kind in Kind::ALL {
            for field in FIELDS.iter().filter(|field| matches!(field.strategy, ListMap(_) | ListSet)) {
                let value = [r#"{""#, field.member.raw(), r#"":[{}]}"#].concat();
                let containers = [r#"{"containers":["#, &value, "]}"].concat();
                let of_spec = if field.target == Target::Containers { &containers } else { &value };
                let text = match kind {
                    Kind::Notebook => [r#"{"spec":{"template":{"spec":"#, of_spec, "}}}"].concat(),
                    Kind::PipelinePod | Kind::Pod => [r#"{"spec":"#, of_spec, "}"].concat(),
                };
                let object = Node::parse(&text, kind.shape()).unwrap();
                let spec = kind.pod_spec_path();
                let containers = spec.member("containers");
                let container = containers.item(0);
                let parent = if field.target == Target::Containers { &container } else { spec };
                let path = parent.member(field.member.raw());
                let found = path.get(&object).unwrap().unwrap();
                let entry = &found.list(&path).unwrap().items()[0];
                let is_as_it_must_be = matches!(
                    (field.strategy, &entry.body),
                    (ListSet, Body::Text) | (ListMap(_), Body::Entry(_) | Body::Object(_))
                );
                assert!(is_as_it_must_be, "{kind:?}: {path}");
            }
        }
    }

    #[test]
    fn a_key_by_value_depends_on_the_meaning() {
        let row = Field::named("tolerations").unwrap();
        let key = |text| row.key_of(&Node::text_only(text));
        assert_eq!(key(r#"{"key":"a","operator":"Exists"}"#), key(r#"{ "operator": "Exists", "key": "a" }"#));
        assert_ne!(key(r#"{"key":"a","operator":"Exists"}"#), key(r#"{"key":"a"}"#));
    }
}
