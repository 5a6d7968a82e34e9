//! The tree: what was opened along a [`Shape`], and how it is changed and written back.

use std::borrow::Cow;
use std::fmt;

use super::Path;
use super::cursor::{Cursor, Str, SyntaxError};

/// Which parts of a document are opened when it is read.
#[derive(Debug)]
pub enum Shape {
    /// Nothing of it: it stays text.
    Text,
    /// The value of one member, a string, which identifies the entry in its list; the rest stays text.
    Entry(&'static str),
    /// Every member; those named here along their own shape, the others as text.
    Object(&'static [(&'static str, Shape)]),
    /// Every item, along one shape.
    List(&'static Shape),
}

/// A part of a document: its text, and what of it was opened.
///
/// Where the text is of another kind than the shape asks for (a string in place of an object), the node stays
/// [`Body::Text`], and [`Node::object`] refuses it with its path.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    text: &'a str,
    /// What was opened.
    pub body: Body<'a>,
}

/// What was opened of a [`Node`].
#[derive(Clone, Debug)]
pub enum Body<'a> {
    /// Nothing.
    Text,
    /// The string that identifies the entry, if it has one.
    Entry(Option<Str<'a>>),
    /// The members.
    Object(Object<'a>),
    /// The items.
    List(List<'a>),
}

/// The members of an object, in their order. Of duplicates the last counts, as in Go and in serde_json.
#[derive(Clone, Debug, Default)]
pub struct Object<'a> {
    members: Vec<(Str<'a>, Node<'a>)>,
    changed: bool,
}

/// The items of a list.
#[derive(Clone, Debug, Default)]
pub struct List<'a> {
    items: Vec<Node<'a>>,
    changed: bool,
}

/// A value of the wrong kind: a list in place of an object, say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where, as `spec.template.spec.containers[0].env`.
    pub path: String,
    /// What should be there.
    pub expected: &'static str,
    /// What is there: the kind of value, never the value.
    pub found: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: must be {}, found {}", self.path, self.expected, self.found)
    }
}

impl std::error::Error for Malformed {}

/// From how many bytes on a text is compared with another one before it is read.
const LONG: usize = 64;

/// How many members an object and items a list mostly have at the most: room is made for them at once.
const USUAL_MEMBERS: usize = 8;
const USUAL_ITEMS: usize = 4;

impl<'a> Node<'a> {
    /// A node that stays text. The text must be JSON; it is written as it is.
    pub const fn text_only(text: &'a str) -> Self {
        Node { text, body: Body::Text }
    }

    /// Reads the whole of `text`, opened along `shape`.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn parse(text: &'a str, shape: &Shape) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let node = Self::read(&mut cursor, shape);
        cursor.finish().map(|()| node)
    }

    /// Reads one value, opened along `shape`, and leaves the cursor behind it. Whether it was JSON, the cursor knows.
    pub fn read(cursor: &mut Cursor<'a>, shape: &Shape) -> Self {
        Self::read_beside(cursor, shape, None)
    }

    /// As [`Node::read`], beside a value that was read along the same shape: what is spelt as that has it at the same
    /// position is taken from there.
    pub fn read_beside(cursor: &mut Cursor<'a>, shape: &Shape, other: Option<&Self>) -> Self {
        let first = cursor.peek();
        let start = cursor.at;
        if let Some(other) = other
            && other.text.starts_with(['{', '['])
            && cursor.eat_text(other.text)
        {
            return other.clone();
        }
        let body = match (shape, first) {
            (Shape::Object(opened), b'{') => {
                let mut members = Vec::with_capacity(USUAL_MEMBERS);
                let others = other.and_then(Self::as_object).map(|other| &other.members);
                cursor.object(|cursor, key| {
                    let shape = opened.iter().find(|(known, _)| key.is(known)).map_or(&Shape::Text, |(_, shape)| shape);
                    let other = others.and_then(|others| others.get(members.len()));
                    let is_same = |(name, other): &&(Str<'a>, Self)| other.text.len() > LONG && *name == key;
                    let other = other.filter(is_same).map(|(_, other)| other);
                    let value = match (shape, other) {
                        (Shape::Text, None) => Self::text_only(cursor.skip()),
                        _ => Self::read_beside(cursor, shape, other),
                    };
                    members.push((key, value));
                });
                Body::Object(Object { members, changed: false })
            }
            (Shape::List(shape), b'[') => {
                let mut items = Vec::with_capacity(USUAL_ITEMS);
                let others = other.and_then(Self::as_list).map(|other| &other.items);
                cursor.list(|cursor| {
                    let other = others.and_then(|others| others.get(items.len()));
                    items.push(Self::read_beside(cursor, shape, other));
                });
                Body::List(List { items, changed: false })
            }
            (Shape::Entry(member), b'{') => Body::Entry(cursor.entry(member)),
            _ => return Node::text_only(cursor.skip()),
        };
        Node { text: cursor.since(start), body }
    }

    /// The text as it came; of a node that was changed since, the text from before.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Whether this is `null`, which counts as absent.
    pub fn is_null(&self) -> bool {
        matches!(self.body, Body::Text) && self.text == "null"
    }

    /// The string that this is, as it is spelt; `None` for anything else.
    pub fn token(&self) -> Option<Str<'a>> {
        self.text.starts_with('"').then(|| Str::from_token(self.text))
    }

    /// What the string says that this is; `None` for anything else.
    pub fn string(&self) -> Option<Cow<'a, str>> {
        self.token().map(Str::decode)
    }

    /// The members, where this is an object that was opened.
    pub const fn as_object(&self) -> Option<&Object<'a>> {
        match &self.body {
            Body::Object(object) => Some(object),
            _ => None,
        }
    }

    /// As [`Node::as_object`]; one that was not opened is read for it.
    pub fn opened_object(&self) -> Option<Cow<'_, Object<'a>>> {
        let mut opened = Node::text_only(self.text);
        match &self.body {
            Body::Object(object) => return Some(Cow::Borrowed(object)),
            Body::List(_) => {}
            Body::Text | Body::Entry(_) => opened.open(&Shape::Object(&[])),
        }
        match opened.body {
            Body::Object(object) => Some(Cow::Owned(object)),
            _ => None,
        }
    }

    /// As [`Node::as_object`], to change it.
    pub const fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        match &mut self.body {
            Body::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The members of the object that this must be.
    ///
    /// # Errors
    /// It is something else.
    pub fn object(&self, path: &Path<'_>) -> Result<&Object<'a>, Malformed> {
        self.as_object().ok_or_else(|| self.malformed(path, "an object"))
    }

    /// Opens this along `shape`, where that was not done when it was read: another shape, or none.
    pub fn open(&mut self, shape: &Shape) {
        if matches!(self.body, Body::Text | Body::Entry(_)) {
            *self = Self::read(&mut Cursor::new(self.text), shape);
        }
    }

    /// The members of the object that this must be, to change them. One that was not opened when it was read is opened now.
    ///
    /// # Errors
    /// It is something else.
    pub fn object_mut(&mut self, path: &Path<'_>) -> Result<&mut Object<'a>, Malformed> {
        self.open(&Shape::Object(&[]));
        match &mut self.body {
            Body::Object(object) => Ok(object),
            _ => Err(Self::text_only(self.text).malformed(path, "an object")),
        }
    }

    /// The items, where this is a list that was opened.
    pub const fn as_list(&self) -> Option<&List<'a>> {
        match &self.body {
            Body::List(list) => Some(list),
            _ => None,
        }
    }

    /// The items of the list that this must be.
    ///
    /// # Errors
    /// It is something else.
    pub fn list(&self, path: &Path<'_>) -> Result<&List<'a>, Malformed> {
        self.as_list().ok_or_else(|| self.malformed(path, "a list"))
    }

    /// The items of the list that this must be, to change them.
    ///
    /// # Errors
    /// It is something else.
    pub fn list_mut(&mut self, path: &Path<'_>) -> Result<&mut List<'a>, Malformed> {
        match &mut self.body {
            Body::List(list) => Ok(list),
            _ => Err(Self::text_only(self.text).malformed(path, "a list")),
        }
    }

    /// The error of a node at `path` that should have been `expected`.
    pub fn malformed(&self, path: &Path<'_>, expected: &'static str) -> Malformed {
        Malformed { path: path.to_string(), expected, found: kind_of(self.text) }
    }

    /// The node as it is now behind `before`, in a text with `room` for more; `None` where nothing was changed since
    /// it was read, or it is the same again. What was not changed is written as it came, byte for byte.
    pub fn write_changed(&mut self, before: &str, room: usize) -> Option<String> {
        if !self.settle() {
            return None;
        }
        let mut out = String::with_capacity(before.len() + self.length() + room);
        out.push_str(before);
        self.write(&mut out);
        (out.get(before.len()..) != Some(self.text)).then_some(out)
    }

    /// The node as it is now.
    pub fn written(&mut self) -> Cow<'a, str> {
        self.write_changed("", 0).map_or(Cow::Borrowed(self.text), Cow::Owned)
    }

    /// Whether anything in it was changed since it was read.
    pub fn is_changed(&self) -> bool {
        match &self.body {
            Body::Text | Body::Entry(_) => false,
            Body::Object(object) => object.changed || object.members.iter().any(|(_, value)| value.is_changed()),
            Body::List(list) => list.changed || list.items.iter().any(Node::is_changed),
        }
    }

    /// Marks everything that holds something changed as changed too, and says whether this is.
    fn settle(&mut self) -> bool {
        match &mut self.body {
            Body::Text | Body::Entry(_) => false,
            Body::Object(object) => {
                for (_, value) in &mut object.members {
                    object.changed |= value.settle();
                }
                object.changed
            }
            Body::List(list) => {
                for item in &mut list.items {
                    list.changed |= item.settle();
                }
                list.changed
            }
        }
    }

    /// How long a node that is settled is written.
    fn length(&self) -> usize {
        match &self.body {
            Body::Object(object) if object.changed => {
                2 + object.members.iter().map(|(key, value)| key.raw().len() + value.length() + 4).sum::<usize>()
            }
            Body::List(list) if list.changed => 2 + list.items.iter().map(|item| item.length() + 1).sum::<usize>(),
            _ => self.text.len(),
        }
    }

    /// Appends a node that is settled to `out`.
    fn write(&self, out: &mut String) {
        match &self.body {
            Body::Object(object) if object.changed => {
                let mut separator = '{';
                for (key, value) in &object.members {
                    out.push(separator);
                    out.push('"');
                    out.push_str(key.raw());
                    out.push_str("\":");
                    value.write(out);
                    separator = ',';
                }
                out.push_str(if object.members.is_empty() { "{}" } else { "}" });
            }
            Body::List(list) if list.changed => {
                let mut separator = '[';
                for item in &list.items {
                    out.push(separator);
                    item.write(out);
                    separator = ',';
                }
                out.push_str(if list.items.is_empty() { "[]" } else { "]" });
            }
            _ => out.push_str(self.text),
        }
    }
}

impl<'a> From<Object<'a>> for Node<'a> {
    fn from(mut object: Object<'a>) -> Self {
        object.changed = true;
        Node { text: "{}", body: Body::Object(object) }
    }
}

impl<'a> From<List<'a>> for Node<'a> {
    fn from(mut list: List<'a>) -> Self {
        list.changed = true;
        Node { text: "[]", body: Body::List(list) }
    }
}

impl<'a> Object<'a> {
    /// The members, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &(Str<'a>, Node<'a>)> {
        self.members.iter()
    }

    /// The value of `key`; `null` counts as absent.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.position(key).and_then(|at| self.members.get(at)).map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// As [`Object::get`], to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node<'a>> {
        let at = self.position(key)?;
        self.members.get_mut(at).map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// Gives `key` the value `value`: in place where the key is there, else as the last member.
    pub fn set(&mut self, key: Str<'a>, value: Node<'a>) {
        self.changed = true;
        match self.position(&key.decode()).and_then(|at| self.members.get_mut(at)) {
            Some((_, old)) => *old = value,
            None => self.members.push((key, value)),
        }
    }

    /// Removes every member called `key`.
    pub fn remove(&mut self, key: &str) {
        self.retain(|name, _| !name.is(key));
    }

    /// The object under `key`, which is at `path`; made where it is absent.
    ///
    /// # Errors
    /// Something else is there.
    pub fn object_at(&mut self, key: Str<'a>, path: &Path<'_>) -> Result<&mut Object<'a>, Malformed> {
        if self.get(key.raw()).is_none() {
            self.set(key, Object::default().into());
        }
        match self.get_mut(key.raw()) {
            Some(node) => node.object_mut(path),
            None => Err(Node::text_only("null").malformed(path, "an object")),
        }
    }

    /// The list under `key`, which is at `path`; made where it is absent.
    ///
    /// # Errors
    /// Something else is there.
    pub fn list_at(&mut self, key: Str<'a>, path: &Path<'_>) -> Result<&mut List<'a>, Malformed> {
        if self.get(key.raw()).is_none() {
            self.set(key, List::default().into());
        }
        match self.get_mut(key.raw()) {
            Some(node) => node.list_mut(path),
            None => Err(Node::text_only("null").malformed(path, "a list")),
        }
    }

    /// Removes the members that are not to be kept.
    pub fn retain(&mut self, mut is_kept: impl FnMut(Str<'a>, &Node<'a>) -> bool) {
        let before = self.members.len();
        self.members.retain(|(key, value)| is_kept(*key, value));
        self.changed |= self.members.len() != before;
    }

    /// Gives the members the values that `other` gives for them.
    pub fn replace(&mut self, mut other: impl FnMut(Str<'a>, &Node<'a>) -> Option<Node<'a>>) {
        for (key, value) in &mut self.members {
            if let Some(other) = other(*key, value) {
                *value = other;
                self.changed = true;
            }
        }
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, to put others in their place.
    pub fn members_mut(&mut self) -> &mut Vec<(Str<'a>, Node<'a>)> {
        self.changed = true;
        &mut self.members
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.members.iter().rposition(|(name, _)| name.is(key))
    }
}

impl<'a> List<'a> {
    /// The items, in their order.
    pub fn items(&self) -> &[Node<'a>] {
        &self.items
    }

    /// The items, to change what is in them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Node<'a>> {
        self.items.iter_mut()
    }

    /// Removes the items that are not to be kept.
    pub fn retain(&mut self, is_kept: impl FnMut(&Node<'a>) -> bool) {
        let before = self.items.len();
        self.items.retain(is_kept);
        self.changed |= self.items.len() != before;
    }

    /// Puts the items that `other` gives in the place of those that are there.
    pub fn replace(&mut self, mut other: impl FnMut(&Node<'a>) -> Option<Node<'a>>) {
        for item in &mut self.items {
            if let Some(other) = other(item) {
                *item = other;
                self.changed = true;
            }
        }
    }

    /// The items, to put others in their place.
    pub fn items_mut(&mut self) -> &mut Vec<Node<'a>> {
        self.changed = true;
        &mut self.items
    }
}

/// The kind of the JSON value `text`, as a message names it.
pub fn kind_of(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape::Object(&[
        ("metadata", Shape::Object(&[("labels", Shape::Object(&[]))])),
        ("spec", Shape::Object(&[("env", Shape::List(&Shape::Entry("name")))])),
    ]);

    const METADATA: &str = r#""metadata":{"labels":{"a":"1"},"uid":"0123456789"},"#;
    const LONG: &str = r#"{"env":[{"name":"A","value":"a text that is longer than sixty-four bytes, so that it is compared"}],"x":{"y":["z"]}}"#;

    /// Beside what was changed, what was opened is written as it came.
    #[test]
    fn what_was_not_changed_keeps_its_spelling() {
        let text = r#"{"metadata":{ "labels" : {} },"spec":{"env":[ {"name":"A"} ],"x":1}}"#;
        let mut node = Node::parse(text, &SHAPE).unwrap();
        let spec = node.as_object_mut().unwrap().get_mut("spec").unwrap().as_object_mut().unwrap();
        spec.set(Str::plain("x"), Node::text_only("2"));
        assert_eq!(node.written(), text.replace('1', "2"));
    }

    /// What is taken over from another value is what reading would have given.
    #[test]
    fn a_value_is_read_beside_another_as_it_is_alone() {
        let of = |metadata: &str, spec: &str| ["{", metadata, "\"spec\":", spec, "}"].concat();
        let texts = [
            of(METADATA, LONG),
            of(&METADATA.replace('1', "2"), LONG),
            of("", LONG),
            ["{\"other\":", LONG, "}"].concat(),
            of(METADATA, &LONG.replace("\"A\"", "\"B\"")),
            of(METADATA, &LONG.replace("\"z\"", "\"z\",\"z\"")),
            of(METADATA, &LONG.replace("[{", "[ {")),
            of(METADATA, &LONG[..LONG.len() - 1]),
            of(METADATA, "[]"),
            of(METADATA, "7"),
            "{}".to_owned(),
        ];
        for one in &texts {
            let Ok(other) = Node::parse(one, &SHAPE) else { continue };
            for text in &texts {
                let mut cursor = Cursor::new(text);
                let beside = Node::read_beside(&mut cursor, &SHAPE, Some(&other));
                let alone = Node::parse(text, &SHAPE);
                assert_eq!(cursor.finish(), alone.clone().map(|_| ()), "{text}");
                if let Ok(alone) = alone {
                    assert_eq!(format!("{beside:?}"), format!("{alone:?}"), "{text} beside {one}");
                }
            }
        }
    }
}
