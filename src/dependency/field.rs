//! The table of everything that a dependency can add: where each field goes, and by what key it merges.
//! To support a further field is to add a row here.

use std::borrow::Cow;

use crate::document::compare::{contains, contains_env, contains_mount, contains_volume, digest, equal};
use crate::document::{Body, Node, Shape, Str};
use crate::settings::format::Format;
use crate::settings::kubernetes::{
    AFFINITY, CONTAINER, ENV_FROM_SOURCE, ENV_VAR, HOST_ALIAS, LOCAL_OBJECT_REFERENCE, POD_SECURITY_CONTEXT,
    TOLERATION, VOLUME, VOLUME_MOUNT,
};
use crate::settings::types::Type;

/// Which object a field goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The metadata of the object itself.
    Metadata,
    /// The pod spec.
    PodSpec,
    /// The containers that the dependency chooses.
    Containers,
}

/// How a field is merged with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// A list, by the string under this member of each entry.
    ByMember(&'static str),
    /// A list of mounts, by `mountPath`, a trailing `/` ignored.
    ByMountPath,
    /// A list, by the whole value of each entry.
    ByValue,
    /// An object, member by member.
    ByKey,
    /// The field itself, as a whole.
    Itself,
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
    /// The member that holds it there, as a JSON token.
    pub member: Str<'static>,
    /// How it is merged.
    pub merge: Merge,
    /// What a message calls one entry.
    pub noun: &'static str,
    /// Whether `onConflict: Keep` may leave the user's entry. Not so for volumes and containers: our mounts would
    /// bind to a volume of the user's, and secrets end up where nobody meant them.
    pub may_keep: bool,
    /// Values that the server itself puts there, which count as absent.
    pub server_defaults: &'static [&'static str],
    /// Members that the server computes from this one: they go when it changes, or the server refuses the pod.
    pub computed: &'static [&'static str],
    /// The deprecated member that must say the same, where it is there.
    pub alias: Option<Str<'static>>,
    /// The field whose list must not hold an entry of the same name: a pod has each container name once.
    pub rival: Option<&'static str>,
    holds: fn(&str, &str) -> bool,
}

const ROW: Field = Field {
    name: "",
    of: Type::Boolean,
    target: Target::PodSpec,
    member: Str::from_token("\"\""),
    merge: Merge::Itself,
    noun: "",
    may_keep: true,
    server_defaults: &[],
    computed: &[],
    alias: None,
    rival: None,
    holds: contains,
};

/// A row whose member has the same name as in the settings.
macro_rules! row {
    ($name:literal, $of:expr, $target:ident, $merge:expr, $noun:literal $(, $field:ident: $value:expr)*) => {
        Field {
            name: $name,
            of: $of,
            target: Target::$target,
            member: Str::from_token(concat!("\"", $name, "\"")),
            merge: $merge,
            noun: $noun,
            $($field: $value,)*
            ..ROW
        }
    };
}

use Merge::{ByKey, ByMember, ByMountPath, ByValue, Itself};

/// A list of objects.
macro_rules! list {
    ($object:expr) => {
        Type::List(&Type::Object(&$object), None)
    };
}

/// The name of another object.
const NAME: Type = Type::Text(Format::Subdomain);

/// Every field, in the order in which they are merged: containers before what goes into them.
pub static FIELDS: [Field; 19] = [
    row!("labels", Type::Map(Format::LabelKey, &Type::Text(Format::LabelValue)), Metadata, ByKey, "label"),
    row!("annotations", Type::Map(Format::AnnotationKey, &Type::Text(Format::Any)), Metadata, ByKey, "annotation"),
    row!("imagePullSecrets", list!(LOCAL_OBJECT_REFERENCE), PodSpec, ByMember("name"), "imagePullSecret"),
    row!("volumes", list!(VOLUME), PodSpec, ByMember("name"), "volume", may_keep: false, holds: contains_volume),
    row!("initContainers", list!(CONTAINER), PodSpec, ByMember("name"), "init container", may_keep: false, rival: Some("sidecars")),
    Field {
        name: "sidecars",
        ..row!("containers", list!(CONTAINER), PodSpec, ByMember("name"), "container", may_keep: false, rival: Some("initContainers"))
    },
    row!("tolerations", list!(TOLERATION), PodSpec, ByValue, "toleration"),
    row!("hostAliases", list!(HOST_ALIAS), PodSpec, ByMember("ip"), "hostAlias"),
    row!("nodeSelector", Type::Map(Format::LabelKey, &Type::Text(Format::LabelValue)), PodSpec, ByKey, "nodeSelector"),
    row!("serviceAccountName", NAME, PodSpec, Itself, "", server_defaults: &["\"\"", "\"default\""], alias: Some(Str::from_token("\"serviceAccount\""))),
    row!("automountServiceAccountToken", Type::Boolean, PodSpec, Itself, ""),
    row!("priorityClassName", NAME, PodSpec, Itself, "", server_defaults: &["\"\""], computed: &["priority", "preemptionPolicy"]),
    row!("runtimeClassName", NAME, PodSpec, Itself, ""),
    row!("schedulerName", Type::Text(Format::Filled), PodSpec, Itself, "", server_defaults: &["\"\"", "\"default-scheduler\""]),
    row!("affinity", Type::Object(&AFFINITY), PodSpec, Itself, "", server_defaults: &["{}"]),
    row!("securityContext", Type::Object(&POD_SECURITY_CONTEXT), PodSpec, Itself, "", server_defaults: &["{}"]),
    row!("env", list!(ENV_VAR), Containers, ByMember("name"), "env", holds: contains_env),
    row!("envFrom", list!(ENV_FROM_SOURCE), Containers, ByValue, "envFrom"),
    row!("volumeMounts", list!(VOLUME_MOUNT), Containers, ByMountPath, "volumeMount", holds: contains_mount),
];

impl Field {
    /// The row of the field that the settings call `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// Whether what is there has at least everything that we would add (contract, 4.2).
    #[must_use]
    pub fn holds(&self, theirs: &str, ours: &str) -> bool {
        (self.holds)(theirs, ours)
    }

    /// Whether the value that is there counts as absent.
    #[must_use]
    pub fn is_absent(&self, theirs: &str) -> bool {
        theirs == "null" || self.server_defaults.iter().any(|default| equal(theirs, default))
    }

    /// How an entry of this field is opened, to find its key. Only for lists.
    #[must_use]
    pub const fn entry_shape(&self) -> Shape {
        match self.merge {
            ByMember(member) => Shape::Entry(member),
            ByMountPath => Shape::Entry("mountPath"),
            ByValue | ByKey | Itself => Shape::Text,
        }
    }

    /// The key of an entry of this list; `None` for one that has none, which merges with nothing.
    #[must_use]
    pub fn key_of<'a>(&self, entry: &Node<'a>) -> Option<Cow<'a, str>> {
        match self.merge {
            ByValue => Some(Cow::Owned(digest(entry.text()).hex())),
            ByMountPath => entry_string(entry).map(|path| match path {
                Cow::Borrowed(path) => Cow::Borrowed(without_trailing_slash(path)),
                Cow::Owned(path) => Cow::Owned(without_trailing_slash(&path).to_owned()),
            }),
            ByMember(_) | ByKey | Itself => entry_string(entry),
        }
    }
}

/// The string that identifies an entry: found when it was read, or under `name` where it was opened whole.
fn entry_string<'a>(entry: &Node<'a>) -> Option<Cow<'a, str>> {
    match &entry.body {
        Body::Entry(key) => key.map(Str::decode),
        Body::Object(object) => object.get("name").and_then(Node::string),
        Body::Text | Body::List(_) => None,
    }
}

fn without_trailing_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        Some("") | None => path,
        Some(path) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for (field, entry, key) in [
            ("volumes", r#"{"emptyDir":{},"name":"v"}"#, Some("v")),
            ("volumes", r#"{"emptyDir":{}}"#, None),
            ("volumes", r#"{"name":1}"#, None),
            ("volumes", r#""v""#, None),
            ("env", r#"{"n\u0061me":"\u0041"}"#, Some("A")),
            ("env", r#"{"name":"A","name":"B"}"#, Some("B")),
            ("hostAliases", r#"{"ip":"10.0.0.1"}"#, Some("10.0.0.1")),
            ("volumeMounts", r#"{"name":"v","mountPath":"/a/"}"#, Some("/a")),
            ("volumeMounts", r#"{"name":"v","mountPath":"/"}"#, Some("/")),
        ] {
            let row = Field::named(field).unwrap();
            let read = Node::parse(entry, &row.entry_shape()).unwrap();
            assert_eq!(row.key_of(&read).as_deref(), key, "{field}: {entry}");
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
