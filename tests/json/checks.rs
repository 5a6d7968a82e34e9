//! What holds of any text that the policy's JSON reader is given: it accepts what serde_json accepts, and reads the same
//! values. The fuzz target `json` looks for a text of which it does not hold.
//!
//! Where serde_json reads a text as no value that the reader accepts, it is for one of the reasons in [`Unlike`], and the
//! reader has a value of its own for it.

use std::collections::BTreeSet;

use mutatingflow::json::{Cursor, Node, Shape, Str, is_plain, is_same_text, items, members, quoted, string_member};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// In what a text is JSON to the reader and no [`Value`] to serde_json.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unlike {
    /// It is nested deeper than 127 levels. The reader knows no limit.
    Deep,
    /// A string has half a surrogate pair in it. To the reader that is U+FFFD, as it is in Go.
    HalfPair,
    /// A number is too large for 64 bits of floating point. To the reader a number is its text.
    Huge,
}

/// The most levels that serde_json reads into a value.
const MOST_LEVELS: usize = 127;

/// Shapes of all sorts, along which the same text is opened.
const SHAPES: [Shape; 6] = [
    Shape::Text,
    Shape::Object(&[]),
    Shape::Object(&[("a", Shape::Object(&[("b", Shape::List(&Shape::Text))])), ("name", Shape::Text)]),
    Shape::List(&Shape::Entry("name")),
    Shape::List(&Shape::Object(&[("a", Shape::List(&Shape::Entry("a")))])),
    Shape::Entry("name"),
];

/// Asserts all that holds of `text`, and of reading it beside another one: they are separated by a NUL, which is in no
/// JSON.
pub fn check(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (text, other) = text.split_once('\0').unwrap_or((text, text));
    let mut cursor = Cursor::new(text);
    let value = cursor.skip();
    let is_json = cursor.finish().is_ok();
    // serde_json passes over a text without a limit to its depth, and without a look at what a string says.
    assert_eq!(is_json, serde_json::from_str::<IgnoredAny>(text).is_ok(), "is it JSON? {text:?}");
    for shape in &SHAPES {
        check_opened(text, is_json, other, shape);
    }
    if is_json {
        assert_eq!(value, text.trim_matches([' ', '\t', '\n', '\r']), "the value is the text without white space");
        check_value(value);
    }
}

/// Opened along a shape, a text is JSON as it is without, is written as it came, and is the same beside another.
fn check_opened(text: &str, is_json: bool, other: &str, shape: &Shape) {
    let opened = Node::parse(text, shape);
    assert_eq!(opened.is_ok(), is_json, "along {shape:?}: {text:?}");
    let Ok(mut opened) = opened else { return };
    for other in [text, other] {
        let Ok(other) = Node::parse(other, shape) else { continue };
        let mut cursor = Cursor::new(text);
        let beside = Node::read_beside(&mut cursor, shape, Some(&other));
        assert_eq!(cursor.finish(), Ok(()), "beside {other:?}: {text:?}");
        assert_eq!(format!("{beside:?}"), format!("{opened:?}"), "beside {other:?}");
    }
    assert!(!opened.is_changed());
    assert_eq!(opened.written(), opened.text());
    check_changed(opened);
}

/// A tree that was changed is written as what it is then.
fn check_changed(mut opened: Node<'_>) {
    let before = serde_json::from_str(opened.text());
    let Some(object) = opened.as_object_mut() else { return };
    object.set(Str::plain("name"), Node::text_only("[{}]"));
    object.remove("a");
    assert!(opened.is_changed());
    let written = opened.written();
    serde_json::from_str::<IgnoredAny>(&written).expect("what is written is JSON");
    let Ok(Value::Object(mut expected)) = before else { return };
    expected.insert("name".to_owned(), serde_json::json!([{}]));
    expected.remove("a");
    assert_eq!(serde_json::from_str::<Map<_, _>>(&written).ok(), Some(expected), "{written}");
}

/// The value of a text that is JSON is the one that serde_json reads, or there is a reason in [`Unlike`].
fn check_value(text: &str) {
    let mut unlike = BTreeSet::new();
    if levels(text) > MOST_LEVELS {
        unlike.insert(Unlike::Deep);
    }
    let value = (levels(text) <= 1_000).then(|| {
        let mut cursor = Cursor::new(text);
        let value = read(&mut cursor, &mut unlike);
        assert_eq!(cursor.finish(), Ok(()), "item by item: {text:?}");
        value
    });
    match serde_json::from_str::<Value>(text) {
        Ok(expected) => {
            assert_eq!(unlike, BTreeSet::new(), "serde_json reads {text:?}");
            assert_eq!(value.as_ref(), Some(&expected), "{text:?}");
            check_one_level(text, &expected);
        }
        Err(error) => assert!(!unlike.is_empty(), "serde_json does not read {text:?}: {error}"),
    }
}

/// What reads one level of a value reads what is in it.
fn check_one_level(text: &str, value: &Value) {
    let read = |text| serde_json::from_str::<Value>(text).expect("a part of JSON is JSON");
    let found: Map<_, _> = members(text).into_iter().map(|(key, value)| (key.into_owned(), read(value))).collect();
    assert_eq!(&found, value.as_object().unwrap_or(&Map::new()), "the members of {text:?}");
    let found: Vec<_> = items(text).into_iter().map(read).collect();
    assert_eq!(&found, value.as_array().unwrap_or(&Vec::new()), "the items of {text:?}");
    let name = value.get("name").and_then(Value::as_str);
    assert_eq!(string_member(text, "name").as_deref(), name, "the name in {text:?}");
    if value.is_object() {
        assert_eq!(Cursor::new(text).entry("name").map(Str::decode).as_deref(), name, "the name of the entry {text:?}");
    }
}

/// One value, read by the cursor member by member and item by item; of duplicates the last counts.
fn read(cursor: &mut Cursor<'_>, unlike: &mut BTreeSet<Unlike>) -> Value {
    match cursor.peek() {
        b'{' => {
            let mut members = Map::new();
            cursor.object(|cursor, key| {
                let key = says(key, unlike);
                members.insert(key, read(cursor, unlike));
            });
            members.into()
        }
        b'[' => {
            let mut items = Vec::new();
            cursor.list(|cursor| items.push(read(cursor, unlike)));
            items.into()
        }
        b'"' => says(cursor.string(), unlike).into(),
        _ => {
            let scalar = cursor.skip();
            let is_huge = scalar.parse::<f64>().is_ok_and(f64::is_infinite);
            let value = serde_json::from_str(scalar);
            assert_eq!(value.is_err(), is_huge, "the number {scalar}");
            unlike.extend(is_huge.then_some(Unlike::Huge));
            value.unwrap_or_default()
        }
    }
}

/// What a string says: what its UTF-16 says, with U+FFFD for half a pair.
fn says(string: Str<'_>, unlike: &mut BTreeSet<Unlike>) -> String {
    let said = string.decode();
    let units = units(string.raw());
    let decoded: Vec<_> = char::decode_utf16(units).collect();
    unlike.extend(decoded.iter().any(Result::is_err).then_some(Unlike::HalfPair));
    let expected: String = decoded.into_iter().map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    assert_eq!(said, expected, "{:?}", string.raw());

    assert!(string.is(&expected) && string == Str::from_token(&quoted(&expected)), "{expected:?}");
    assert_eq!(serde_json::from_str(&quoted(&said)).ok().as_ref(), Some(&expected), "it is written as it is read");
    assert_eq!(is_plain(&said), quoted(&said).len() == said.len() + 2, "{expected:?}");
    assert_eq!(is_same_text(&said, string.raw()), said == string.raw(), "{expected:?}");
    expected
}

/// The UTF-16 of what is between the quotes of a JSON string.
fn units(raw: &str) -> Vec<u16> {
    let mut units = Vec::new();
    let mut rest = raw.chars();
    while let Some(next) = rest.next() {
        let escaped = if next == '\\' { rest.next() } else { None };
        let plain = match escaped {
            None => next,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let digits: String = rest.by_ref().take(4).collect();
                units.push(u16::from_str_radix(&digits, 16).expect("four digits"));
                continue;
            }
            Some(itself) => itself,
        };
        units.extend_from_slice(plain.encode_utf16(&mut [0; 2]));
    }
    units
}

/// How deep a text that is JSON is nested.
fn levels(text: &str) -> usize {
    let (mut level, mut most) = (0_usize, 0);
    let mut is_string = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_string = !is_string,
            // What comes behind it opens or closes nothing.
            b'\\' => _ = bytes.next(),
            b'{' | b'[' if !is_string => level += 1,
            b'}' | b']' if !is_string => level -= 1,
            _ => {}
        }
        most = most.max(level);
    }
    most
}
