//! When two pieces of JSON mean the same to Kubernetes.
//!
//! Two questions, one walk: [`contains`] (contract, 4.2: what is there has at least everything that we would
//! add) and [`equal`] (contract, 5: absent, `null`, `{}` and `[]` are one). Both work on text, so that nothing is
//! built: pieces that are spelt the same are the same at once, and only pieces that differ are walked.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::scan::{Cursor, Str};

/// How deep the walk goes. No API server stores anything deeper than this; below it, only what is spelt the same is
/// the same, so that no text can exhaust the stack.
const DEEPEST: usize = 128;

/// What the walk knows of the place it is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing special.
    Plain,
    /// A resource quantity, which has many spellings: `500m`, `0.5`.
    Quantity,
    /// An object whose values are quantities.
    Quantities,
    /// A list of volumes.
    Volumes,
    /// A volume: a source of `{}` is a source of its kind, not nothing.
    Volume,
    /// The keys and values of labels and annotations are the user's: none of them means something to Kubernetes.
    Names,
}

impl Place {
    /// The place of the member `key` of an object that is at this place.
    fn member(self, key: &str) -> Self {
        match self {
            Self::Quantities => Self::Quantity,
            Self::Names => Self::Names,
            _ => match key {
                "limits" | "requests" => Self::Quantities,
                "sizeLimit" | "divisor" => Self::Quantity,
                "volumes" => Self::Volumes,
                "labels" | "annotations" | "matchLabels" | "nodeSelector" | "volumeAttributes" => Self::Names,
                _ => Self::Plain,
            },
        }
    }

    /// The place of an item of a list that is at this place.
    const fn item(self) -> Self {
        match self {
            Self::Volumes => Self::Volume,
            _ => Self::Plain,
        }
    }
}

/// The members that Go's `omitempty` drops at their zero value, so that a client that reads and writes back an
/// object loses them: to Kubernetes they say the same absent.
const ZERO_IS_ABSENT: [(&str, &str); 8] = [
    ("value", "\"\""),
    ("subPath", "\"\""),
    ("readOnly", "false"),
    ("stdin", "false"),
    ("stdinOnce", "false"),
    ("tty", "false"),
    ("hostNetwork", "false"),
    ("hostPID", "false"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    Equal,
    Contains,
}

/// Whether `theirs` has at least everything that `ours` has. Objects may have further members, lists of objects
/// further items (the server adds a token mount to each container); other lists and scalars must be equal.
#[must_use]
pub fn contains(theirs: &str, ours: &str) -> bool {
    same(Question::Contains, Place::Plain, theirs, ours, DEEPEST)
}

/// As [`contains`], for an entry of `volumes`.
#[must_use]
pub fn contains_volume(theirs: &str, ours: &str) -> bool {
    same(Question::Contains, Place::Volume, theirs, ours, DEEPEST)
}

/// As [`contains`], for an entry of `env`: `value` and `valueFrom` exclude one another, so that one which only
/// theirs has is a difference.
#[must_use]
pub fn contains_env(theirs: &str, ours: &str) -> bool {
    let has_source = |text, key: &str| {
        members(text).get(key).is_some_and(|text| !is_nothing(text, DEEPEST) && !ZERO_IS_ABSENT.contains(&(key, text)))
    };
    contains(theirs, ours) && ["value", "valueFrom"].iter().all(|key| !has_source(theirs, key) || has_source(ours, key))
}

/// As [`contains`], for two mounts on the same path, of which a trailing `/` is ignored.
#[must_use]
pub fn contains_mount(theirs: &str, ours: &str) -> bool {
    let beside_path = |text| {
        let mut members = members(text);
        members.remove("mountPath");
        members
    };
    same_members(Question::Contains, Place::Plain, &beside_path(theirs), &beside_path(ours), DEEPEST)
}

/// Whether two values mean the same to Kubernetes: the order of members does not matter, that of items does.
#[must_use]
pub fn equal(one: &str, other: &str) -> bool {
    same(Question::Equal, Place::Plain, one, other, DEEPEST)
}

fn same(question: Question, place: Place, theirs: &str, ours: &str, depth: usize) -> bool {
    if theirs == ours {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    match (theirs.as_bytes().first(), ours.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => same_members(question, place, &members(theirs), &members(ours), depth),
        (Some(b'['), Some(b'[')) => same_items(question, place, &items(theirs), &items(ours), depth),
        (Some(b'"'), Some(b'"')) if place != Place::Quantity => Str::from_written(theirs) == Str::from_written(ours),
        // Numbers may be spelt in many ways too. No string is a number, but where a quantity stands.
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => same_quantity(theirs, ours),
        (Some(b'"' | b'-' | b'0'..=b'9'), Some(b'"' | b'-' | b'0'..=b'9')) => {
            place == Place::Quantity && same_quantity(theirs, ours)
        }
        _ => is_nothing(ours, depth) && (question == Question::Contains || is_nothing(theirs, depth)),
    }
}

fn same_members(question: Question, place: Place, theirs: &Members<'_>, ours: &Members<'_>, depth: usize) -> bool {
    let absent = |key: &str, text: &str| {
        (place != Place::Volume && is_nothing(text, depth))
            || (place != Place::Names && ZERO_IS_ABSENT.contains(&(key, text)))
    };
    ours.iter().all(|(key, ours)| match theirs.get(key) {
        Some(theirs) => {
            same(question, place.member(key), theirs, ours, depth) || (absent(key, ours) && absent(key, theirs))
        }
        None => absent(key, ours),
    }) && (question == Question::Contains
        || theirs.iter().all(|(key, theirs)| ours.contains_key(key) || absent(key, theirs)))
}

fn same_items(question: Question, place: Place, theirs: &[&str], ours: &[&str], depth: usize) -> bool {
    let place = place.item();
    if question == Question::Contains && ours.iter().all(|item| item.starts_with('{')) {
        let mut theirs = theirs.iter();
        return ours.iter().all(|ours| theirs.any(|theirs| same(question, place, theirs, ours, depth)));
    }
    theirs.len() == ours.len()
        && theirs.iter().zip(ours).all(|(theirs, ours)| same(question, place, theirs, ours, depth))
}

/// Whether `text` says no more than an absent member: `null`, `{}`, `[]`, or an object of nothing else.
fn is_nothing(text: &str, depth: usize) -> bool {
    match (text.as_bytes().first(), depth.checked_sub(1)) {
        (Some(b'{'), Some(depth)) => members(text).values().all(|value| is_nothing(value, depth)),
        (Some(b'['), _) => items(text).is_empty(),
        _ => text == "null",
    }
}

fn same_quantity(one: &str, other: &str) -> bool {
    quantity(one).is_some_and(|one| Some(one) == quantity(other))
}

/// The quantity that a JSON string or number spells, as `digits * 10^exponent` without trailing zeros: one value,
/// one result. `None` for what is no quantity, or has more digits than any resource.
///
/// The grammar is that of Kubernetes' `resource.Quantity`.
fn quantity(text: &str) -> Option<(i128, i32)> {
    const SUFFIXES: [(&str, u32, i32); 15] = [
        ("Ki", 10, 0),
        ("Mi", 20, 0),
        ("Gi", 30, 0),
        ("Ti", 40, 0),
        ("Pi", 50, 0),
        ("Ei", 60, 0),
        ("n", 0, -9),
        ("u", 0, -6),
        ("m", 0, -3),
        ("k", 0, 3),
        ("M", 0, 6),
        ("G", 0, 9),
        ("T", 0, 12),
        ("P", 0, 15),
        ("E", 0, 18),
    ];
    let says = if text.starts_with('"') { Str::from_written(text).decode() } else { Cow::Borrowed(text) };
    let split = says.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(says.len());
    let (number, suffix) = says.split_at_checked(split)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let (binary, mut exponent) = match SUFFIXES.iter().find(|(name, _, _)| *name == suffix) {
        Some((_, binary, exponent)) => (*binary, *exponent),
        None if suffix.is_empty() => (0, 0),
        None => (0, suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|exponent: &i32| exponent.abs() < 1000)?),
    };
    let mut value = digits.parse::<i128>().ok()?.checked_mul(1_i128 << binary)?;
    exponent -= i32::try_from(fraction.len()).ok()?;
    if value == 0 {
        return Some((0, 0));
    }
    while value % 10 == 0 {
        value /= 10;
        exponent += 1;
    }
    Some((value, exponent))
}

/// A hash of what `text` means: members in any order, `null` members left out, strings by what they say.
#[must_use]
pub fn digest(text: &str) -> Digest {
    let mut hash = Digest::default();
    digest_value(text, &mut hash, DEEPEST);
    hash
}

/// A hash of 64 bits, the same everywhere and for ever, which a hash that is stored in objects must be: each word of
/// eight bytes is mixed in by a rotation, an exclusive or and a multiplication. It tells changes apart; nobody gains
/// anything by finding two texts of the same hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    /// Sixteen hexadecimal digits.
    #[must_use]
    pub fn hex(self) -> String {
        let mut digits = String::with_capacity(16);
        digits.extend((0..16).rev().map(|at| char::from_digit((self.0 >> (4 * at) & 15) as u32, 16).unwrap_or('0')));
        digits
    }

    /// Takes in `text`, and that it ends here.
    pub fn add(&mut self, text: &str) {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.mix(u64::from_le_bytes(last));
        self.mix(text.len() as u64);
    }

    const fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

fn digest_value(text: &str, hash: &mut Digest, depth: usize) {
    match (text.as_bytes().first(), depth.checked_sub(1)) {
        (Some(b'{'), Some(depth)) => {
            hash.add("{");
            for (key, value) in members(text) {
                hash.add(&key);
                digest_value(value, hash, depth);
            }
            hash.add("}");
        }
        (Some(b'['), Some(depth)) => {
            hash.add("[");
            for item in items(text) {
                digest_value(item, hash, depth);
            }
            hash.add("]");
        }
        (Some(b'"'), _) => {
            hash.add("\"");
            hash.add(&Str::from_written(text).decode());
        }
        _ => hash.add(text),
    }
}

type Members<'a> = BTreeMap<Cow<'a, str>, &'a str>;

/// The members of the object that `text` is, one level deep, `null`s left out. The text was read before, so it is
/// JSON; should it not be, what is readable counts.
fn members(text: &str) -> Members<'_> {
    let mut cursor = Cursor::new(text);
    let mut members = BTreeMap::new();
    if cursor.eat(b'{') {
        let mut next = cursor.first_key();
        while let Some(key) = next {
            members.insert(key.decode(), cursor.skip());
            next = cursor.next_key();
        }
    }
    members.retain(|_, value| *value != "null");
    members
}

/// The items of the list that `text` is; as [`members`].
fn items(text: &str) -> Vec<&str> {
    let mut cursor = Cursor::new(text);
    let mut items = Vec::new();
    if cursor.eat(b'[') {
        let mut more = cursor.first_item();
        while more {
            items.push(cursor.skip());
            more = cursor.next_item();
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn already_there_means_contains_it() {
        // (what is there, what we would add, whether it is there already)
        for (theirs, ours, expected) in [
            (r#"{"name":"a","defaultMode":420}"#, r#"{"name":"a"}"#, true),
            (r#"{"name":"a"}"#, r#"{"name":"a","defaultMode":420}"#, false),
            (r#"{"name":"a"}"#, r#"{"resources":{},"name":"a","args":[],"x":null}"#, true),
            (r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}}"#, true),
            (r#"{"a":{"b":2}}"#, r#"{"a":{"b":1}}"#, false),
            (r#"{"command":["a","b"]}"#, r#"{"command":["a"]}"#, false),
            (r#"{"mounts":[{"n":"t"},{"n":"a","p":"/a","ro":true}]}"#, r#"{"mounts":[{"n":"a","p":"/a"}]}"#, true),
            (r#"{"mounts":[{"n":"b"},{"n":"a"}]}"#, r#"{"mounts":[{"n":"a"},{"n":"b"}]}"#, false),
            (r#"{"mounts":[]}"#, r#"{"mounts":[{"n":"a"}]}"#, false),
            (r#"{"a":"x"}"#, r#"{"a":{}}"#, true),
            (r#"{"n":1000}"#, r#"{"n":1e3}"#, true),
            (r#"{"n":9007199254740993}"#, r#"{"n":9007199254740992}"#, false),
            (r#"{"a":"æ"}"#, r#"{"a":"æ"}"#, true),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true),
            (r#"{"a":1,"a":2}"#, r#"{"a":1}"#, false),
            (r#"{"limits":{"cpu":"500m"}}"#, r#"{"limits":{"cpu":"0.5"}}"#, true),
        ] {
            assert_eq!(contains(theirs, ours), expected, "{theirs} contains {ours}");
        }
    }

    #[test]
    fn a_volume_source_of_nothing_is_a_source_of_its_kind() {
        for (theirs, ours, expected) in [
            (r#"{"name":"v","emptyDir":{}}"#, r#"{"name":"v","emptyDir":{}}"#, true),
            (r#"{"name":"v","emptyDir":{"medium":"Memory"}}"#, r#"{"name":"v","emptyDir":{}}"#, true),
            (r#"{"name":"v","hostPath":{"path":"/"}}"#, r#"{"name":"v","emptyDir":{}}"#, false),
            (r#"{"name":"v","emptyDir":null}"#, r#"{"name":"v","emptyDir":{}}"#, false),
            (r#"{"name":"v"}"#, r#"{"name":"v","emptyDir":{}}"#, false),
        ] {
            assert_eq!(contains_volume(theirs, ours), expected, "{theirs} contains {ours}");
        }
        assert!(!equal(r#"{"volumes":[{"emptyDir":{}}]}"#, r#"{"volumes":[{"downwardAPI":{}}]}"#));
        assert!(equal(r#"{"volumes":[{"emptyDir":{}}]}"#, r#"{"volumes":[{"emptyDir":{"medium":null},"x":null}]}"#));
    }

    #[test]
    fn an_env_has_one_source() {
        for (theirs, ours, expected) in [
            (r#"{"name":"A","value":"1"}"#, r#"{"name":"A","value":"1"}"#, true),
            (r#"{"name":"A"}"#, r#"{"name":"A","value":""}"#, true),
            (r#"{"name":"A","value":""}"#, r#"{"name":"A"}"#, true),
            (r#"{"name":"A","value":"1"}"#, r#"{"name":"A"}"#, false),
            (r#"{"name":"A","value":"1"}"#, r#"{"name":"A","value":""}"#, false),
            (r#"{"name":"A","valueFrom":{"secretKeyRef":{"name":"s"}}}"#, r#"{"name":"A"}"#, false),
            (
                r#"{"name":"A","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"x"}}}"#,
                r#"{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"x"}}}"#,
                true,
            ),
        ] {
            assert_eq!(contains_env(theirs, ours), expected, "{theirs} contains {ours}");
        }
    }

    #[test]
    fn a_trailing_slash_makes_no_other_mount() {
        for (theirs, ours, expected) in [
            (r#"{"name":"v","mountPath":"/a/"}"#, r#"{"name":"v","mountPath":"/a"}"#, true),
            (r#"{"name":"v","mountPath":"/a","readOnly":true}"#, r#"{"name":"v","mountPath":"/a/"}"#, true),
            (r#"{"name":"w","mountPath":"/a/"}"#, r#"{"name":"v","mountPath":"/a"}"#, false),
            (r#"{"name":"v","mountPath":"/a"}"#, r#"{"name":"v","mountPath":"/a","subPath":"b"}"#, false),
        ] {
            assert_eq!(contains_mount(theirs, ours), expected, "{theirs} contains {ours}");
        }
    }

    #[test]
    fn equal_means_the_same_to_kubernetes() {
        for (one, other, expected) in [
            ("null", "{}", true),
            ("[]", "{}", true),
            (r#"{"a":{"b":[]}}"#, "null", true),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true),
            (r#"{"a":1}"#, r#"{"a":1,"b":{},"c":null,"d":[]}"#, true),
            (r#"{"a":1}"#, r#"{"a":1,"b":0}"#, false),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false),
            (r#"{"a":[{"b":1}]}"#, r#"{"a":[{"b":1},{"b":2}]}"#, false),
            (r#"{"limits":{"cpu":"500m"}}"#, r#"{"limits":{"cpu":"0.5"}}"#, true),
            (r#"{"requests":{"memory":"1Gi"}}"#, r#"{"requests":{"memory":"1024Mi"}}"#, true),
            (r#"{"requests":{"cpu":1}}"#, r#"{"requests":{"cpu":"1"}}"#, true),
            (r#"{"sizeLimit":"1Gi"}"#, r#"{"sizeLimit":"1024Mi"}"#, true),
            (r#"{"divisor":"1"}"#, r#"{"divisor":"1000m"}"#, true),
            (r#"{"value":"500m"}"#, r#"{"value":"0.5"}"#, false),
            (r#"{"nodeSelector":{"limits":"1"}}"#, r#"{"nodeSelector":{"limits":"1.0"}}"#, false),
            (r#"{"annotations":{"value":""}}"#, r#"{"annotations":{}}"#, false),
            (r#"{"readOnly":false,"value":""}"#, "{}", true),
            (r#"{"allowPrivilegeEscalation":false}"#, "{}", false),
            (r#"{"storageClassName":""}"#, "{}", false),
            (r#"{"a":true}"#, r#"{"a":false}"#, false),
            (r#"{"a":"1"}"#, r#"{"a":1}"#, false),
        ] {
            assert_eq!(equal(one, other), expected, "{one} = {other}");
            assert_eq!(equal(other, one), expected, "{other} = {one}");
        }
    }

    #[test]
    fn quantities_have_many_spellings() {
        for (one, other) in [
            ("500m", "0.5"),
            ("5e-1", "0.5"),
            ("1Gi", "1024Mi"),
            ("1.2Gi", "1288490188800m"),
            ("1k", "1000"),
            ("0", "0Mi"),
            ("1E3", "1000"),
            ("1E", "1e18"),
            ("+1", "1"),
            (".5", "500m"),
            ("1.", "1"),
            ("-1", "-1000m"),
            ("100u", "0.1m"),
        ] {
            assert!(quantity(one).is_some(), "{one}");
            assert_eq!(quantity(one), quantity(other), "{one} = {other}");
        }
        for no_quantity in ["", "Gi", "1Gi2", "1 Gi", "1e", "1e9999999999", "--1", "1.2.3", "æ"] {
            assert_eq!(quantity(no_quantity), None, "{no_quantity}");
        }
        assert_ne!(quantity("1Gi"), quantity("1G"));
    }

    #[test]
    fn no_depth_exhausts_the_stack() {
        let deep = |core: &str| format!("{}{core}{}", r#"[{"a":"#.repeat(5_000), "}]".repeat(5_000));
        assert!(equal(&deep("1"), &deep("1")));
        assert!(!equal(&deep("1"), &deep("2")));
        assert!(!contains(&deep("1"), &deep("2")));
        assert_eq!(digest(&deep("1")).hex().len(), 16);
    }

    #[test]
    fn a_digest_depends_on_the_meaning_alone() {
        assert_eq!(digest(r#"{"a": 1, "b":"æ"}"#), digest(r#"{"b":"æ","c":null,"a":1}"#));
        assert_ne!(digest(r#"{"a":"1"}"#), digest(r#"{"a":1}"#));
        assert_ne!(digest(r#"["a","b"]"#), digest(r#"["ab"]"#));
        assert_ne!(digest(r#"[["a"],"b"]"#), digest(r#"[["a","b"]]"#));
    }
}
