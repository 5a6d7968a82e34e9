//! The places of a document, what a canary looks like in one, and whether what stands there may be shown.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The letters by which every canary is known. No part of one that has six characters is without them, and nothing else
/// that the tests read or write has them.
const MARK: &str = "zq";
/// The same of numbers, where six characters of a hash might have less by chance.
const NUMBER_MARKS: [&str; 4] = ["717171", "171717", "71.7", ".717"];

/// How a canary is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// As a name that is right nearly everywhere.
    Name,
    /// As what hardly any name looks like: capitals, white space, a colon.
    Odd,
    /// As a URL with a user and a password.
    Url,
    /// As a way out of a volume.
    Path,
    /// Among letters of more than one byte.
    Unicode,
    /// Among control characters.
    Control,
    /// Longer than a message shows of a name.
    Long,
    /// As a number.
    Number,
    /// As a fraction.
    Fraction,
    /// As an object with a value.
    Object,
    /// As a list.
    List,
    /// As a list of objects.
    Objects,
}

impl Spelling {
    /// Those of strings.
    pub const TEXTS: [Self; 7] =
        [Self::Name, Self::Odd, Self::Url, Self::Path, Self::Unicode, Self::Control, Self::Long];
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Name,
        Self::Odd,
        Self::Url,
        Self::Path,
        Self::Unicode,
        Self::Control,
        Self::Long,
        Self::Number,
        Self::Fraction,
        Self::Object,
        Self::List,
        Self::Objects,
    ];

    /// One of those of strings, and all others.
    pub fn some(number: usize) -> impl Iterator<Item = Self> {
        let is_meant = move |it: &Self| !Self::TEXTS.contains(it) || *it == Self::TEXTS[number % Self::TEXTS.len()];
        Self::ALL.into_iter().filter(is_meant)
    }

    /// The canary of this number.
    pub fn canary(self, number: usize) -> Value {
        let number = number % 1000;
        let name = format!("zq{number:03}zq{number:03}zq");
        match self {
            Self::Name => json!(name),
            Self::Odd => json!(format!("Zq{number:03} zq{number:03}: zq=\"zq\\zq")),
            Self::Url => json!(format!("https://{name}:{name}@{name}.example:8443/{name}?zq={name}#{name}")),
            Self::Path => json!(format!("../{name}/../{name}")),
            Self::Unicode => json!(format!("zq\u{e6}zq\u{1f424}{name}\u{301}zq\u{2028}zq{number:03}")),
            Self::Control => json!(format!("\nzq\u{0}zq\n{name}\u{1b}[31mzq\u{7f}zq\r\tzq\n")),
            Self::Long => json!(name.repeat(15)),
            Self::Number => json!(717_171_717_171_i64),
            Self::Fraction => json!(-717_171.717_171),
            Self::Object => json!({"member": name}),
            Self::List => json!([name]),
            Self::Objects => json!([{"name": "a", "value": name}]),
        }
    }

    /// What it is that may be shown in some places; `None` for what may be nowhere.
    pub fn shown(self) -> Option<Shown> {
        match self {
            Self::Number | Self::Fraction => Some(Shown::Number),
            Self::List => Some(Shown::List),
            Self::Object => Some(Shown::Members),
            Self::Objects => None,
            _ => Some(Shown::Text),
        }
    }
}

/// Whether a part of a canary is in `text`, as what it says or as it may be spelt in JSON.
pub fn has_canary(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let spelt = [MARK, "\\u007a", "\\u0071"];
    spelt.iter().chain(&NUMBER_MARKS).any(|mark| text.contains(mark))
}

/// What may be shown, where it stands in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// A string: a name, a path, a word or the value of a label.
    Text,
    /// A number.
    Number,
    /// A list of strings.
    List,
    /// An object whose members have such strings.
    Members,
}

/// A row of a table of what may be shown: the ends of the ways to places, with `*` for any member and `#` for any item;
/// what may stand there; why it may be shown.
pub struct Row(pub &'static [&'static str], pub &'static [Shown], pub &'static str);

/// A place in a document: the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As a JSON pointer.
    pub pointer: String,
    /// The same with `#` for every item of a list.
    pub way: String,
    /// Whether it is of an object or a list.
    pub is_inner: bool,
}

impl Place {
    /// The row that a table has for a canary of this spelling here. Where there is none, it is a secret.
    pub fn row(&self, spelling: Spelling, table: &'static [Row]) -> Option<&'static Row> {
        let shown = spelling.shown()?;
        let is_it = |row: &&Row| row.1.contains(&shown) && row.0.iter().any(|end| self.ends_with(end));
        table.iter().find(is_it)
    }

    /// Whether the way ends so.
    pub fn ends_with(&self, end: &str) -> bool {
        let mut parts = self.way.rsplit('/');
        end.rsplit('/').all(|end| parts.next().is_some_and(|part| end == "*" || part == end))
    }

    /// The text of `document` with `value` in the member here, and once more beside it as it was; `None` for an item.
    pub fn twice(&self, document: &Value, value: Value) -> Option<String> {
        let (object, name) = self.pointer.rsplit_once('/')?;
        let mut document = document.clone();
        let members = document.pointer_mut(object)?.as_object_mut()?;
        // The first in the order of names, or the last.
        let stand_in = if self.pointer.len().is_multiple_of(2) { "\u{1}" } else { "~~" };
        members.insert(stand_in.to_owned(), value);
        let name = Value::from(name.replace("~1", "/").replace("~0", "~")).to_string();
        Some(document.to_string().replacen(&Value::from(stand_in).to_string(), &name, 1))
    }

    /// Takes away what is here.
    pub fn remove(&self, document: &mut Value) {
        let (parent, name) = self.pointer.rsplit_once('/').unwrap_or_default();
        match document.pointer_mut(parent) {
            Some(Value::Object(members)) => _ = members.remove(&name.replace("~1", "/").replace("~0", "~")),
            Some(Value::Array(items)) => _ = items.remove(name.parse().expect("the position of an item")),
            _ => {}
        }
    }

    /// Puts `value` here.
    pub fn put(&self, document: &mut Value, value: Value) {
        if let Some(place) = document.pointer_mut(&self.pointer) {
            *place = value;
        }
    }
}

/// Which rows of a table were seen to be shown: the end of the way, and what stood there.
#[derive(Default)]
pub struct Seen(BTreeSet<(&'static str, Shown)>);

impl Seen {
    /// Notes that a canary was shown at `place`, which has this row.
    pub fn note(&mut self, row: &'static Row, place: &Place, spelling: Spelling) {
        self.0.extend(Self::ends(row, place, spelling));
    }

    /// Whether one like it was shown in such a place.
    pub fn has(&self, row: &'static Row, place: &Place, spelling: Spelling) -> bool {
        Self::ends(row, place, spelling).all(|end| self.0.contains(&end))
    }

    fn ends(row: &'static Row, place: &Place, spelling: Spelling) -> impl Iterator<Item = (&'static str, Shown)> {
        row.0.iter().filter(|end| place.ends_with(end)).filter_map(move |end| Some((*end, spelling.shown()?)))
    }

    /// Asserts that everything in a table was seen: what is never shown must be a secret.
    pub fn assert_whole(&self, table: &[Row]) {
        for Row(ends, shown, why) in table {
            for end in *ends {
                let is_seen = |shown: &&Shown| self.0.contains(&(*end, **shown));
                let unseen: Vec<_> = shown.iter().filter(|shown| !is_seen(shown)).collect();
                assert!(unseen.is_empty(), "{why}: {unseen:?} at {end} is never shown");
            }
        }
    }
}

/// Every place of a document, but the document itself.
pub fn places(document: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    walk(document, &mut String::new(), &mut String::new(), &mut places);
    places
}

fn walk(value: &Value, pointer: &mut String, way: &mut String, places: &mut Vec<Place>) {
    if !pointer.is_empty() {
        places.push(Place {
            pointer: pointer.clone(),
            way: way.clone(),
            is_inner: value.is_object() || value.is_array(),
        });
    }
    let mut below = |key: &str, part: &str, value: &Value| {
        let lengths = (pointer.len(), way.len());
        pointer.push_str(key);
        way.push_str(part);
        walk(value, pointer, way, places);
        pointer.truncate(lengths.0);
        way.truncate(lengths.1);
    };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let key = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                below(&key, &key, value);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                below(&format!("/{at}"), "/#", value);
            }
        }
        _ => {}
    }
}
