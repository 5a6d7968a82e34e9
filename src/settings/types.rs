//! What a value of the settings may be: the words for the tables in [`super::words`] and [`super::kubernetes`], which
//! checking, the JSON Schema and the reference of the settings all read.

use super::format::Format;

/// What a value may be. `null` is an absent member everywhere, and nothing else.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// A string.
    Text(Format),
    /// `true` or `false`.
    Boolean,
    /// A whole number of 64 bits.
    Integer,
    /// A whole number, or a string: a port by its number or its name.
    Port,
    /// A resource quantity: a number, or a string like `500m` or `1Gi`.
    Quantity,
    /// A list, in which the member of this name, if one is named, is different in every item.
    List(&'static Type, Option<&'static str>),
    /// An object with any keys of this format.
    Map(Format, &'static Type),
    /// An object with known members.
    Object(&'static Object),
    /// `Main`, `All`, or a list of container names.
    Containers,
}

/// An object with known members.
#[derive(Debug)]
pub struct Object {
    /// What it may hold; at most 64.
    pub members: &'static [Member],
    /// How many of its exclusive members it holds.
    pub exclusive: Exclusive,
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
    /// Whether Go's `omitempty` drops it at its zero value (`""`, `false`), so that a client which reads an object and
    /// writes it back loses it: the zero value says the same as no member.
    pub zero_is_absent: bool,
}

impl Member {
    /// A member that may be there.
    #[must_use]
    pub const fn new(name: &'static str, of: Type) -> Self {
        Member { name, of, is_required: false, is_exclusive: false, zero_is_absent: false }
    }

    /// One that must be there.
    #[must_use]
    pub const fn required(self) -> Self {
        Member { is_required: true, ..self }
    }

    /// One of those of which an object has only so many.
    #[must_use]
    pub const fn exclusive(self) -> Self {
        Member { is_exclusive: true, ..self }
    }

    /// One whose zero value says the same as its absence.
    #[must_use]
    pub const fn zero_is_absent(self) -> Self {
        Member { zero_is_absent: true, ..self }
    }
}

impl Object {
    /// An object with these members, of which at most one of the exclusive ones is there.
    #[must_use]
    pub const fn new(members: &'static [Member]) -> Self {
        Object { members, exclusive: Exclusive::AtMostOne }
    }

    /// One that holds so many of its exclusive members.
    #[must_use]
    pub const fn exclusive(self, exclusive: Exclusive) -> Self {
        Object { exclusive, ..self }
    }
}
