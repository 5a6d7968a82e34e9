//! What a JSON value means to Kubernetes: one form for all its spellings (contract, "Equality"). Two values are equal, and
//! have one digest, where their meanings are the same.
//!
//! A text is read once, from its start to its end, and so the work is no more than its length asks for, however deep it
//! goes: only members that are not in the order of their keys are sorted.

use std::borrow::Cow;

use super::quantity::Quantity;
use super::schema::{Object, Type};
use super::types::VOLUME;
use crate::json::{Body, ByName, Cursor, Node, Str, is_same_text};

/// How deep a value is read. No API server stores anything deeper than this; below it, only what is spelt the same is the
/// same, so that no text can exhaust the stack.
pub const DEEPEST: usize = 128;

/// The type of a value, where it is known.
pub type Known = Option<&'static Type>;

/// What a value means.
#[derive(Debug)]
pub enum Meaning<'a> {
    /// No more than an absent value: `null`, `{}`, `[]`, or an object of absent members.
    Nothing,
    /// A string.
    Text(Str<'a>),
    /// A number, or a quantity: as it is spelt.
    Number(&'a str),
    /// `true` or `false`, or what is too deep to be read: as it is spelt.
    Word(&'a str),
    /// Members that are not absent, sorted by their keys, each key once.
    Object(Vec<(Cow<'a, str>, Meaning<'a>)>),
    /// Items.
    List(Vec<Meaning<'a>>),
}

impl<'a> Meaning<'a> {
    /// The meaning of `text`, of type `of`.
    pub fn of_text(of: Known, text: &'a str) -> Self {
        Self::read(of, &mut Cursor::new(text), DEEPEST)
    }

    /// The meaning of an object of type `of` with these members, each with its text.
    pub fn of_members(of: Known, texts: Vec<(Cow<'a, str>, &'a str)>) -> Self {
        let mut members = Members::new(of);
        for (key, text) in texts {
            let read = |of| Self::read(of, &mut Cursor::new(text), DEEPEST - 1);
            members.add(key, text == "null", read);
        }
        members.meaning()
    }

    /// The meaning of a part of a document as it is now, with all that was changed in it.
    pub fn of_node(of: Known, node: &Node<'a>) -> Self {
        match &node.body {
            Body::Object(object) => {
                let mut members = Members::new(of);
                for (key, value) in object.iter() {
                    members.add(key.decode(), value.is_null(), |of| Self::of_node(of, value));
                }
                members.meaning()
            }
            Body::List(list) => {
                let of = of_item(of);
                Self::of_items(list.items().iter().map(|item| Self::of_node(of, item)).collect())
            }
            Body::Text | Body::Entry(_) => Self::of_text(of, node.text()),
        }
    }

    /// The members; only an object has some.
    pub const fn members(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Meaning::Object(members) => members.as_slice(),
            _ => &[],
        }
    }

    /// The value of the member `key`; only an object has one.
    pub fn member(&self, key: &str) -> Option<&Self> {
        let members = self.members();
        let at = members.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
        members.get(at).map(|(_, value)| value)
    }

    /// What the string says that this is.
    pub fn says(&self) -> Option<Cow<'a, str>> {
        match self {
            Meaning::Text(text) => Some(text.decode()),
            _ => None,
        }
    }

    /// Reads the next value, no deeper than `depth`.
    pub fn read(of: Known, cursor: &mut Cursor<'a>, depth: usize) -> Self {
        match (cursor.peek(), depth.checked_sub(1)) {
            (b'{', Some(depth)) => {
                let mut members = Members::new(of);
                cursor.object(|cursor, key| {
                    let is_null = cursor.peek() == b'n';
                    members.add(key.decode(), is_null, |of| Self::read(of, cursor, depth));
                });
                members.meaning()
            }
            (b'[', Some(depth)) => {
                let of = of_item(of);
                let mut items = Vec::new();
                cursor.list(|cursor| {
                    let item = Self::read(of, cursor, depth);
                    // Mostly there is one; a list in a list in a list must not take a multiple of its length.
                    if items.is_empty() {
                        items.reserve_exact(1);
                    }
                    items.push(item);
                });
                Self::of_items(items)
            }
            (b'"', _) if matches!(of, Some(Type::Quantity)) => {
                let text = cursor.skip();
                match Quantity::parse(text) {
                    Some(_) => Meaning::Number(text),
                    None => Meaning::Text(Str::from_token(text)),
                }
            }
            (b'"', _) => Meaning::Text(cursor.string()),
            (b'-' | b'0'..=b'9', _) => Meaning::Number(cursor.skip()),
            (b'n', _) => {
                cursor.skip();
                Meaning::Nothing
            }
            _ => Meaning::Word(cursor.skip()),
        }
    }

    fn of_items(items: Vec<Self>) -> Self {
        if items.is_empty() { Meaning::Nothing } else { Meaning::List(items) }
    }
}

impl PartialEq for Meaning<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Meaning::Nothing, Meaning::Nothing) => true,
            (Meaning::Text(one), Meaning::Text(other)) => one == other,
            (Meaning::Number(one), Meaning::Number(other)) => is_same_text(one, other) || is_same_quantity(one, other),
            (Meaning::Word(one), Meaning::Word(other)) => is_same_text(one, other),
            (Meaning::Object(one), Meaning::Object(other)) => one == other,
            (Meaning::List(one), Meaning::List(other)) => one == other,
            _ => false,
        }
    }
}

fn is_same_quantity(one: &str, other: &str) -> bool {
    Quantity::parse(one).is_some_and(|one| Some(one) == Quantity::parse(other))
}

/// Whether the member `key` of an object of type `of` says no more than if it were absent.
pub fn is_absent(of: Known, key: &str, value: &Node<'_>) -> bool {
    let mut cursor = Cursor::new(value.text());
    if matches!(value.body, Body::Text) && cursor.eat(b'[') && cursor.first_item() {
        return false;
    }
    let mut members = Members::new(of);
    members.add(Cow::Borrowed(key), value.is_null(), |of| Meaning::of_node(of, value));
    members.sorted.is_empty()
}

/// Whether something of type `of` is a volume. A source of it that is `{}` is a source of its kind: in Go a pointer to an
/// empty struct.
pub fn is_volume(of: Known) -> bool {
    matches!(of, Some(Type::Object(object)) if std::ptr::eq(*object, &VOLUME))
}

/// What the member `key` of an object of type `of` is.
pub fn of_member(of: Known, key: &str) -> Known {
    match of? {
        Type::Object(object) => object.member(key).map(|member| &member.of),
        Type::Map(map) => Some(&map.of),
        _ => None,
    }
}

/// Whether every string that is a member of an object of type `of`, and not empty, means what it says, whichever member it
/// is.
pub const fn are_texts_plain(of: Known) -> bool {
    match of {
        Some(Type::Object(object)) => !object.has_odd_texts,
        Some(Type::Map(map)) => !matches!(map.of, Type::Quantity),
        _ => true,
    }
}

/// What an item of a list of type `of` is.
pub fn of_item(of: Known) -> Known {
    of.and_then(Type::of_item)
}

/// The members of an object while it is read.
struct Members<'a> {
    of: Known,
    /// As long as they come sorted, as a policy server writes them.
    sorted: Vec<(Cow<'a, str>, Meaning<'a>)>,
    /// All of them, once they did not. The last of those with one key counts, an absent one too.
    unsorted: ByName<'a, Option<Meaning<'a>>>,
}

impl<'a> Members<'a> {
    fn new(of: Known) -> Self {
        Members { of, sorted: Vec::new(), unsorted: ByName::default() }
    }

    /// Adds a member whose value `read` gives for its type.
    fn add(&mut self, key: Cow<'a, str>, is_null: bool, read: impl FnOnce(Known) -> Meaning<'a>) {
        let value = read(of_member(self.of, &key));
        let is_absent = is_absent_member(self.of, &key, is_null, &value);
        if self.unsorted.is_empty() && self.sorted.last().is_none_or(|(last, _)| *last < key) {
            if !is_absent {
                self.sorted.push((key, value));
            }
        } else {
            for (key, value) in self.sorted.drain(..) {
                self.unsorted.insert(key, Some(value));
            }
            self.unsorted.insert(key, (!is_absent).then_some(value));
        }
    }

    fn meaning(mut self) -> Meaning<'a> {
        self.sorted.extend(self.unsorted.into_sorted().filter_map(|(key, value)| Some((key, value?))));
        if self.sorted.is_empty() { Meaning::Nothing } else { Meaning::Object(self.sorted) }
    }
}

/// Whether the member `key` of an object of type `of` says no more than if it were absent, where it means `value` and
/// `is_null` says whether it is spelt so.
pub fn is_absent_member(of: Known, key: &str, is_null: bool, value: &Meaning<'_>) -> bool {
    match (value, of) {
        (Meaning::Nothing, of) => is_null || !is_volume(of),
        (value, Some(Type::Object(object))) => is_zero(object, key, value),
        _ => false,
    }
}

/// Whether `value`, of the member `key`, is one that counts as absent: the zero value of a scalar for which Go has no
/// pointer, or what the server takes where there is none.
fn is_zero(of: &Object, key: &str, value: &Meaning<'_>) -> bool {
    let is_plain =
        |is_of: fn(&Type) -> bool| of.member(key).is_some_and(|member| !member.is_pointer && is_of(&member.of));
    match value {
        Meaning::Text(text) if text.raw().is_empty() => is_plain(|of| matches!(of, Type::Text(_))),
        Meaning::Text(text) => of.defaults.iter().any(|(name, default)| *name == key && text.is(default)),
        Meaning::Word("false") => is_plain(|of| matches!(of, Type::Boolean)),
        Meaning::Number(number) if number.starts_with(['0', '-', '"']) => {
            Quantity::parse(number) == Some(Quantity::ZERO)
                && is_plain(|of| matches!(of, Type::Integer(_) | Type::IntOrString | Type::Quantity))
        }
        _ => false,
    }
}
