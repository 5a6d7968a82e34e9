//! JSON text, read once and only along the paths that matter; everything else stays borrowed text.
//!
//! A [`Shape`] says which paths matter. [`Node::read`] opens these and passes over the rest; a changed tree is written
//! back from its parts, an unchanged part as it came, byte for byte. A [`Path`] walks a tree and names a place in it.
//! Nothing here knows Kubernetes.
//!
//! Why not serde_json: counted in WebAssembly instructions, reading a Notebook of 2.6 kB with a `DeserializeSeed` over
//! `RawValue` takes 111k where this room takes 52k, and one of 1 MB takes 36.9M where it takes 12.7M; and neither
//! unknown members nor the spelling of numbers would survive a typed read.

use std::borrow::Cow;

mod by_name;
mod cursor;
mod node;
mod path;

pub use by_name::ByName;
use cursor::plain_end;
pub use cursor::{Cursor, Str, SyntaxError, find_either, is_same_text};
pub use node::{Body, Malformed, Node, Object, Shape, kind_of};
pub use path::{LONGEST_NAME, Path, plain_or_shown, shown};

/// The members of the object that `text` is, one level deep, in their order and with duplicates; none where it is
/// not an object. The text was read before, so it is JSON; should it not be, what is readable counts.
pub fn members(text: &str) -> Vec<(Cow<'_, str>, &str)> {
    let mut members = Vec::new();
    Cursor::new(text).object(|cursor, key| members.push((key.decode(), cursor.skip())));
    members
}

/// The items of the list that `text` is; as [`members`].
pub fn items(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    Cursor::new(text).list(|cursor| items.push(cursor.skip()));
    items
}

/// The member `name` of the object that `text` is; of duplicates the last.
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    members(text).into_iter().rfind(|(key, _)| key == name).map(|(_, value)| value)
}

/// What the string says that the member `name` of the object is that `text` is.
pub fn string_member<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    member(text, name).and_then(|value| Node::text_only(value).string())
}

/// Texts that are not empty, with `separator` between them.
pub fn joined<'t>(separator: &str, texts: impl Iterator<Item = &'t str>) -> String {
    let mut joined = String::new();
    texts.for_each(|text| add_joined(&mut joined, separator, text));
    joined
}

/// Adds a text behind the others. Written once, it makes the module 1 kB smaller.
#[inline(never)]
fn add_joined(joined: &mut String, separator: &str, text: &str) {
    joined.push_str(if joined.is_empty() { "" } else { separator });
    joined.push_str(text);
}

/// What is before the first `byte` of `text`, an ASCII character, and what is behind it; all of `text`, and `None`, where
/// there is none. Unlike `split_once`, which is written out wherever it is called, it is there once.
#[inline(never)]
pub fn cut(text: &str, byte: u8) -> (&str, Option<&str>) {
    let at = text.bytes().position(|known| known == byte).unwrap_or(text.len());
    (text.get(..at).unwrap_or_default(), text.get(at + 1..))
}

/// Whether `text` stands for itself in a JSON string.
pub fn is_plain(text: &str) -> bool {
    plain_end(text.as_bytes(), 0) == text.len()
}

/// `text` as a JSON string, quotes included.
pub fn quoted(text: &str) -> String {
    // With room for what a record has to escape: mostly that is what is quoted.
    let mut token = String::with_capacity(text.len() + text.len() / 4 + 2);
    quote_into(text, &mut token);
    token
}

/// Appends `text` as a JSON string, quotes included.
pub fn quote_into(text: &str, out: &mut String) {
    out.push('"');
    escape_into(text, out);
    out.push('"');
}

/// Appends `text` as part of a JSON string.
pub fn escape_into(text: &str, out: &mut String) {
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at_checked(plain_end(rest.as_bytes(), 0)).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = special.chars();
        match chars.next() {
            None => break,
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(control @ ..'\u{20}') => {
                let digit = |nibble| char::from_digit(nibble, 16).unwrap_or_default();
                out.push_str("\\u00");
                out.push(digit(control as u32 >> 4));
                out.push(digit(control as u32 & 15));
            }
            Some(quote_or_backslash) => {
                out.push('\\');
                out.push(quote_or_backslash);
            }
        }
        rest = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_once() {
        for (text, expected) in
            [("a/b/c", ("a", Some("b/c"))), ("/", ("", Some(""))), ("æ", ("æ", None)), ("", ("", None))]
        {
            assert_eq!(cut(text, b'/'), expected, "{text}");
        }
    }

    #[test]
    fn quotes_as_serde_json_does() {
        let every_control: String = (0..0x20).map(|code| char::from(code as u8)).collect();
        for text in ["", "plain", "a\"b\\c/d", "æøå 😀 \u{2028}\u{7f}", &every_control] {
            let read: String = serde_json::from_str(&quoted(text)).unwrap();
            assert_eq!(read, text);
        }
    }
}
