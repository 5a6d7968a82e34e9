//! Where a value is in a document: one type to walk there and to name the place in a message.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::{Malformed, Node, Object, Str, quoted};

/// The way from a document to a value in it.
///
/// A path borrows the one that it goes on from, so that a walk names where it is without allocating; its [`Display`]
/// form is `spec.template.spec.containers[0].env`.
///
/// [`Display`]: fmt::Display
#[derive(Clone, Copy, Debug)]
pub enum Path<'p> {
    /// The document, and what a message calls it. Further down that word is left out.
    Root(&'static str),
    /// A member of an object.
    Member(&'p Path<'p>, &'p str),
    /// An item of a list.
    Item(&'p Path<'p>, usize),
}

/// How much of a member's name a path shows, in bytes: a longer one is quoted and cut, as by [`shown`].
pub const LONGEST_NAME: usize = 80;

impl<'p> Path<'p> {
    /// The member `name` of the object here.
    pub const fn member(&'p self, name: &'p str) -> Self {
        Path::Member(self, name)
    }

    /// The item at `index` of the list here.
    pub const fn item(&'p self, index: usize) -> Self {
        Path::Item(self, index)
    }

    /// The value here in `root`; `None` where it, or anything on the way to it, is absent.
    ///
    /// # Errors
    /// Something on the way is of another kind than the path goes through: not an object, not a list.
    pub fn get<'o, 'a>(&self, root: &'o Node<'a>) -> Result<Option<&'o Node<'a>>, Malformed> {
        match self {
            Path::Root(_) => Ok(Some(root)),
            Path::Member(parent, name) => match parent.get(root)? {
                Some(node) => Ok(node.object(parent)?.get(name)),
                None => Ok(None),
            },
            Path::Item(parent, index) => match parent.get(root)? {
                Some(node) => Ok(node.list(parent)?.items().get(*index)),
                None => Ok(None),
            },
        }
    }
}

impl Path<'static> {
    /// The object here in `root`, to change it; `None` where it is absent.
    ///
    /// # Errors
    /// It, or something on the way to it, is not an object. A path through a list is refused: only members are inserted.
    pub fn get_mut<'o, 'a>(&self, root: &'o mut Node<'a>) -> Result<Option<&'o mut Object<'a>>, Malformed> {
        match self.get(root)? {
            Some(_) => self.get_or_insert(root).map(Some),
            None => Ok(None),
        }
    }

    /// The object here in `root`, to change it; it and what is on the way are made where they are absent.
    ///
    /// # Errors
    /// As for [`Path::get_mut`].
    pub fn get_or_insert<'o, 'a>(&self, root: &'o mut Node<'a>) -> Result<&'o mut Object<'a>, Malformed> {
        match self {
            Path::Root(_) => root.object_mut(self),
            Path::Member(parent, name) => parent.get_or_insert(root)?.object_at(Str::plain(name), self),
            Path::Item(..) => Err(root.malformed(self, "the path of a member")),
        }
    }

    /// Puts `value` here in `root`; what is on the way is made where it is absent.
    ///
    /// # Errors
    /// As for [`Path::get_mut`].
    pub fn set<'a>(&self, root: &mut Node<'a>, value: Node<'a>) -> Result<(), Malformed> {
        match self {
            Path::Root(_) => *root = value,
            Path::Member(parent, name) => parent.get_or_insert(root)?.set(Str::plain(name), value),
            Path::Item(..) => return Err(root.malformed(self, "the path of a member")),
        }
        Ok(())
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root(name) => f.write_str(name),
            Path::Member(Path::Root(_), name) => f.write_str(&plain_or_shown(name)),
            Path::Member(parent, name) => {
                parent.fmt(f)?;
                f.write_char('.')?;
                f.write_str(&plain_or_shown(name))
            }
            Path::Item(parent, index) => {
                parent.fmt(f)?;
                f.write_char('[')?;
                index.fmt(f)?;
                f.write_char(']')
            }
        }
    }
}

/// A name as it stands in a path: in quotes unless it is a plain one.
pub fn plain_or_shown(name: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_plain) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(shown(name))
    }
}

/// A name as a message shows it: in quotes, and cut where it is longer than 80 characters.
pub fn shown(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => quoted(&[name.get(..end).unwrap_or_default(), "…"].concat()),
        None => quoted(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Shape;

    static SPEC: Path<'static> = Path::Root("object").member("spec");
    static TEMPLATE: Path<'static> = SPEC.member("template");

    static SHAPE: Shape = Shape::Object(&[("spec", Shape::Object(&[("template", Shape::Object(&[]))]))]);

    #[test]
    fn a_path_is_named_from_its_root() {
        let long = "x".repeat(81);
        for (path, expected) in [
            (Path::Root("settings"), "settings".to_owned()),
            (Path::Root("settings").member("a"), "a".to_owned()),
            (Path::Root("settings").item(3), "settings[3]".to_owned()),
            (Path::Root("settings").member("a").item(3).member("b.c/d-e_F"), "a[3].b.c/d-e_F".to_owned()),
            (Path::Root("settings").member("").member("a b"), r#"""."a b""#.to_owned()),
            (Path::Root("settings").member(&long), format!("\"{}…\"", "x".repeat(80))),
        ] {
            assert_eq!(path.to_string(), expected);
        }
    }

    #[test]
    fn a_path_is_walked_as_far_as_there_are_objects() {
        for (text, found) in [
            (r#"{"spec":{"template":{"a":1}}}"#, Ok(Some(r#"{"a":1}"#))),
            (r#"{"spec":{"template":7}}"#, Ok(Some("7"))),
            (r#"{"spec":{"template":null}}"#, Ok(None)),
            (r#"{"spec":{}}"#, Ok(None)),
            (r#"{"spec":null}"#, Ok(None)),
            ("{}", Ok(None)),
            (r#"{"spec":[]}"#, Err("spec: must be an object, found a list")),
            ("7", Err("object: must be an object, found a number")),
        ] {
            let node = Node::parse(text, &SHAPE).unwrap();
            let got = TEMPLATE.get(&node).map(|node| node.map(Node::text)).map_err(|error| error.to_string());
            assert_eq!(got, found.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn what_is_absent_is_inserted() {
        for (text, inserted, expected) in [
            ("{}", true, r#"{"spec":{"template":{"a":1}}}"#),
            (r#"{"x":1,"spec":null}"#, true, r#"{"x":1,"spec":{"template":{"a":1}}}"#),
            (r#"{"spec":{"template":{"b":2}}}"#, true, r#"{"spec":{"template":{"b":2,"a":1}}}"#),
            (r#"{"spec":{"template":{"b":2}}}"#, false, r#"{"spec":{"template":{"b":2,"a":1}}}"#),
            (r#"{"spec":{}}"#, false, r#"{"spec":{}}"#),
        ] {
            let mut node = Node::parse(text, &SHAPE).unwrap();
            let object =
                if inserted { TEMPLATE.get_or_insert(&mut node).map(Some) } else { TEMPLATE.get_mut(&mut node) };
            if let Some(object) = object.unwrap() {
                object.set(Str::plain("a"), Node::text_only("1"));
            }
            assert_eq!(node.written(), expected, "{text}");
        }
        let mut node = Node::parse(r#"{"spec":7}"#, &SHAPE).unwrap();
        assert_eq!(
            TEMPLATE.get_or_insert(&mut node).unwrap_err().to_string(),
            "spec: must be an object, found a number"
        );
        assert_eq!(TEMPLATE.get_mut(&mut node).unwrap_err().to_string(), "spec: must be an object, found a number");
    }
}
