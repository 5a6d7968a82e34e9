//! What a value may be: the vocabulary of the tables in [`types`](super::types) and of the settings. The settings checks,
//! the comparison of objects, the JSON Schema and the reference of the settings all read these tables.

use super::names::{Format, Words};
use crate::json::items;

/// What a value may be. `null` is an absent member everywhere, and nothing else.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// A string.
    Text(Format),
    /// `true` or `false`.
    Boolean,
    /// A whole number in this range.
    Integer(&'static Range),
    /// A whole number, or a string: a port by its number or its name (`k8s.io/apimachinery/pkg/util/intstr`).
    IntOrString,
    /// A resource quantity: a number, or a string like `500m` or `1Gi`; never negative.
    Quantity,
    /// A list.
    List(&'static Type),
    /// A list of objects, in which a member differs in every item.
    ListMap(&'static ListMap),
    /// A list of strings whose order means nothing.
    Set(&'static Type),
    /// A list of which one item is enough, so that a further one asks for less.
    Alternatives(&'static Type),
    /// An object with any keys.
    Map(&'static Map),
    /// An object with known members.
    Object(&'static Object),
    /// One of these words, or a list of container names.
    WordOrNames(&'static Words),
}

// A type is one word behind its tag: there are hundreds of members.

/// The least and the greatest whole number that something may be, and the same as a message says it after "must be".
#[derive(Debug)]
pub struct Range(pub i64, pub i64, pub &'static str);

impl Range {
    /// Any number.
    pub const ANY: Self = Range(i64::MIN, i64::MAX, "a whole number of 64 bits");
    /// The numbers of a port.
    pub const PORT: Self = Range(1, 65_535, "from 1 to 65535");
}

/// A list of objects.
#[derive(Clone, Copy, Debug)]
pub struct ListMap {
    /// What an item may be.
    pub of: Type,
    /// The member that differs in every item.
    pub key: &'static str,
}

/// An object with any keys.
#[derive(Clone, Copy, Debug)]
pub struct Map {
    /// What a key looks like.
    pub keys: Format,
    /// What a value may be.
    pub of: Type,
}

/// An object with known members.
#[derive(Debug)]
pub struct Object {
    /// What it may hold; at most 64.
    pub members: &'static [Member],
    /// How many of its exclusive members it holds.
    pub exclusive: Exclusive,
    /// Whether a string in it may mean another than it says: a quantity, or a default.
    pub has_odd_texts: bool,
    /// Members by name, each with the string that says the same as no member: the server's default.
    pub defaults: &'static [(&'static str, &'static str)],
}

/// How many of the exclusive members of an object are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusive {
    /// One at the most.
    AtMostOne,
    /// One, no more and no less.
    One,
    /// One at the least.
    AtLeastOne,
}

/// A member of an [`Object`].
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub of: Type,
    /// Whether it must be there.
    pub is_required: bool,
    /// Whether it counts for [`Object::exclusive`].
    pub is_exclusive: bool,
    /// Whether Go has a pointer here. Of a scalar without one, the zero value (`""`, `false`, `0`) counts as absent: a
    /// client that reads and writes through Go's types cannot tell the two apart. The settings' own members count as
    /// having one: what is written there is meant.
    pub is_pointer: bool,
    /// Whether an entry that contains ours must have it as ours has it, absent included.
    pub is_exact: bool,
}

impl Member {
    /// A member that may be there.
    pub const fn new(name: &'static str, of: Type) -> Self {
        Member { name, of, is_required: false, is_exclusive: false, is_pointer: false, is_exact: false }
    }

    /// A member that must be there.
    pub const fn required(self) -> Self {
        Member { is_required: true, ..self }
    }

    /// A member that counts for [`Object::exclusive`].
    pub const fn exclusive(self) -> Self {
        Member { is_exclusive: true, ..self }
    }

    /// A member for which Go has a pointer.
    pub const fn pointer(self) -> Self {
        Member { is_pointer: true, ..self }
    }

    /// A member that an entry which contains ours has as ours has it.
    pub const fn exact(self) -> Self {
        Member { is_exact: true, ..self }
    }

    /// Whether the server takes the value `text` for none.
    pub fn is_unset(&self, text: &str) -> bool {
        match (&self.of, text) {
            (_, "null") => true,
            (Type::Text(_), r#""""#) | (Type::Integer(_), "0") | (Type::Boolean, "false") => !self.is_pointer,
            (of, _) => of.of_item().is_some() && text.starts_with('[') && items(text).is_empty(),
        }
    }
}

impl Object {
    /// An object with these members, of the exclusive ones at most one.
    pub const fn new(members: &'static [Member]) -> Self {
        let (mut rest, mut has_odd_texts) = (members, false);
        while let [member, behind @ ..] = rest {
            has_odd_texts |= matches!(member.of, Type::Quantity);
            rest = behind;
        }
        Object { members, exclusive: Exclusive::AtMostOne, has_odd_texts, defaults: &[] }
    }

    /// An object with so many of its exclusive members.
    pub const fn exclusive(self, exclusive: Exclusive) -> Self {
        Object { exclusive, ..self }
    }

    /// An object with these defaults.
    pub const fn defaults(self, defaults: &'static [(&'static str, &'static str)]) -> Self {
        Object { defaults, has_odd_texts: true, ..self }
    }

    /// The member called `name`.
    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

impl Type {
    /// What an item of a list of this type is, where that is known.
    pub const fn of_item(&self) -> Option<&'static Type> {
        match self {
            Type::List(of) | Type::Set(of) | Type::Alternatives(of) => Some(of),
            Type::ListMap(list) => Some(&list.of),
            _ => None,
        }
    }
}
