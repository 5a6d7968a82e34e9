//! When two pieces of JSON mean the same to Kubernetes.
//!
//! Two questions, one walk: [`contains`] (contract, 4.2: what is there has at least everything that we would
//! add) and [`equal`] (contract, 5: absent, `null`, `{}` and `[]` are one). Both work on text, so that nothing is
//! built: pieces that are spelt the same are the same at once, and only pieces that differ are walked. What was opened
//! already is walked as it is, by [`equal_nodes`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::scan::is_same;
use super::{Body, Node, Object, Str, items, members};

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
    /// A list whose order means nothing, and which may hold more than ours.
    Set,
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
                "hostnames" => Self::Set,
                "labels" | "annotations" | "matchLabels" | "nodeSelector" | "volumeAttributes" | "options" => {
                    Self::Names
                }
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
const ZERO_IS_ABSENT: [(&str, &str); 14] = [
    ("value", "\"\""),
    ("subPath", "\"\""),
    ("subPathExpr", "\"\""),
    ("workingDir", "\"\""),
    ("medium", "\"\""),
    ("hostname", "\"\""),
    ("subdomain", "\"\""),
    ("readOnly", "false"),
    ("stdin", "false"),
    ("stdinOnce", "false"),
    ("tty", "false"),
    ("hostNetwork", "false"),
    ("hostPID", "false"),
    ("hostIPC", "false"),
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
        member(&sorted_members(text), key)
            .is_some_and(|text| !is_nothing(text, DEEPEST) && !ZERO_IS_ABSENT.contains(&(key, text)))
    };
    let brings_no_source =
        || ["value", "valueFrom"].iter().all(|key| !has_source(theirs, key) || has_source(ours, key));
    theirs == ours || (contains(theirs, ours) && brings_no_source())
}

/// As [`contains`], for two mounts on the same path, of which a trailing `/` is ignored.
#[must_use]
pub fn contains_mount(theirs: &str, ours: &str) -> bool {
    let beside_path = |text| {
        let mut members = sorted_members(text);
        members.retain(|(key, _)| key != "mountPath");
        members
    };
    theirs == ours || same_members(Question::Contains, Place::Plain, &beside_path(theirs), &beside_path(ours), DEEPEST)
}

/// Whether two values mean the same to Kubernetes: the order of members does not matter, that of items does.
#[must_use]
pub fn equal(one: &str, other: &str) -> bool {
    same(Question::Equal, Place::Plain, one, other, DEEPEST)
}

/// Whether two texts are the same, byte by byte.
#[must_use]
pub fn is_same_text(one: &str, other: &str) -> bool {
    std::ptr::eq(one, other) || is_same(one.as_bytes(), other.as_bytes())
}

/// As [`equal`], for two parts of documents as they are now, with all that was changed in them.
#[must_use]
pub fn equal_nodes(one: &Node<'_>, other: &Node<'_>) -> bool {
    let is_unchanged = || !one.is_changed() && !other.is_changed();
    (is_same_text(one.text(), other.text()) && is_unchanged()) || same_nodes(Place::Plain, one, other)
}

fn same_nodes(place: Place, one: &Node<'_>, other: &Node<'_>) -> bool {
    match (&one.body, &other.body) {
        (Body::Object(one), Body::Object(other)) => {
            let (one, other) = (opened_members(one), opened_members(other));
            let absent = |key: &str, node: &Node<'_>| is_absent_node(place, key, node);
            one.iter().all(|(key, one)| match other.get(key) {
                Some(other) => same_nodes(place.member(key), one, other) || (absent(key, one) && absent(key, other)),
                None => absent(key, one),
            }) && other.iter().all(|(key, other)| one.contains_key(key) || absent(key, other))
        }
        (Body::List(one), Body::List(other)) => {
            let (one, other) = (one.items(), other.items());
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_nodes(place.item(), one, other))
        }
        _ => same(Question::Equal, place, &one.clone().written(), &other.clone().written(), DEEPEST),
    }
}

/// As [`is_absent`], for a node: what was opened is no volume.
fn is_absent_node(place: Place, key: &str, node: &Node<'_>) -> bool {
    match &node.body {
        Body::Object(_) | Body::List(_) => is_nothing_node(node),
        Body::Text | Body::Entry(_) => is_absent(place, key, node.text(), DEEPEST),
    }
}

/// As [`is_nothing`], for a node.
fn is_nothing_node(node: &Node<'_>) -> bool {
    match &node.body {
        Body::Object(object) => object.iter().all(|(_, value)| is_nothing_node(value)),
        Body::List(list) => list.items().is_empty(),
        Body::Text | Body::Entry(_) => is_nothing(node.text(), DEEPEST),
    }
}

fn same(question: Question, place: Place, theirs: &str, ours: &str, depth: usize) -> bool {
    if is_same_text(theirs, ours) {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    match (theirs.as_bytes().first(), ours.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => {
            same_members(question, place, &sorted_members(theirs), &sorted_members(ours), depth)
        }
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
    let absent = |key: &str, text: &str| is_absent(place, key, text, depth);
    ours.iter().all(|(key, ours)| match member(theirs, key) {
        Some(theirs) => {
            same(question, place.member(key), theirs, ours, depth) || (absent(key, ours) && absent(key, theirs))
        }
        None => absent(key, ours),
    }) && (question == Question::Contains
        || theirs.iter().all(|(key, theirs)| member(ours, key).is_some() || absent(key, theirs)))
}

/// Whether the member `key` of an object at `place` says no more than if it were absent.
fn is_absent(place: Place, key: &str, text: &str, depth: usize) -> bool {
    (place != Place::Volume && is_nothing(text, depth))
        || (place != Place::Names && ZERO_IS_ABSENT.contains(&(key, text)))
}

fn same_items(question: Question, place: Place, theirs: &[&str], ours: &[&str], depth: usize) -> bool {
    if question == Question::Contains && place == Place::Set {
        let has = |ours: &&str| theirs.iter().any(|theirs| Str::from_written(theirs) == Str::from_written(ours));
        return ours.iter().all(has);
    }
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
        (Some(b'{'), Some(depth)) => members(text).iter().all(|(_, value)| is_nothing(value, depth)),
        (Some(b'['), _) => items(text).is_empty(),
        _ => text == "null",
    }
}

fn same_quantity(one: &str, other: &str) -> bool {
    quantity(one).is_some_and(|one| Some(one) == quantity(other))
}

/// Whether a JSON string or number spells a quantity.
#[must_use]
pub fn is_quantity(text: &str) -> bool {
    quantity(text).is_some()
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

/// A hash of what `text` means: members in any order, those left out that say no more than absent, strings by what they
/// say.
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
            for (key, value) in sorted_members(text) {
                if is_absent(Place::Plain, &key, value, depth) {
                    continue;
                }
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

/// The members of an object, sorted by key, each key once, `null`s left out.
type Members<'a> = Vec<(Cow<'a, str>, &'a str)>;

fn sorted_members(text: &str) -> Members<'_> {
    let mut members = members(text);
    // A policy server sorts them.
    if !members.is_sorted_by(|(one, _), (other, _)| one < other) {
        let mut sorted = BTreeMap::new();
        sorted.extend(members);
        members = sorted.into_iter().collect();
    }
    members.retain(|(_, value)| *value != "null");
    members
}

/// The value of a member.
fn member<'a>(members: &Members<'a>, key: &str) -> Option<&'a str> {
    let at = members.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
    members.get(at).map(|(_, value)| *value)
}

/// The members of an object that was opened; as [`members`].
fn opened_members<'o, 'a>(object: &'o Object<'a>) -> BTreeMap<Cow<'a, str>, &'o Node<'a>> {
    let mut members = BTreeMap::new();
    members.extend(object.iter().map(|(key, value)| (key.decode(), value)));
    members.retain(|_, value| !value.is_null());
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Shape;

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
            (r#"{"hostnames":["a","b","c"]}"#, r#"{"hostnames":["c","a"]}"#, true),
            (r#"{"hostnames":["a","b"]}"#, r#"{"hostnames":["a","c"]}"#, false),
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
            (r#"{"a":[{"b":1,"c":null}]}"#, r#"{"a":[{"b":1,"tty":false}]}"#, true),
            (r#"{"hostNetwork":false,"a":[]}"#, r#"{"nodeSelector":{}}"#, true),
            (r#"{"hostNetwork":true}"#, "{}", false),
            (r#"{"hostIPC":false,"workingDir":"","subPathExpr":"","hostname":"","subdomain":""}"#, "{}", true),
            (r#"{"volumes":[{"emptyDir":{"medium":""}}]}"#, r#"{"volumes":[{"emptyDir":{}}]}"#, true),
            (
                r#"{"flexVolume":{"options":{"sizeLimit":"1"}}}"#,
                r#"{"flexVolume":{"options":{"sizeLimit":"1.0"}}}"#,
                false,
            ),
            (r#"{"volumes":[{"name":"a","emptyDir":{}}]}"#, r#"{"volumes":[{"name":"a"}]}"#, false),
            (r#"{"volumes":[{"name":"a","b":null}]}"#, r#"{"volumes":[{"name":"a"}]}"#, true),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(equal(one, other), expected, "{one} = {other}");
                assert_eq!(equal_nodes(&opened(one), &opened(other)), expected, "{one} = {other}, opened");
                assert_eq!(equal_nodes(&Node::text_only(one), &opened(other)), expected, "{one} = {other}, one opened");
            }
        }
    }

    fn opened(text: &str) -> Node<'_> {
        static SHAPE: Shape = Shape::Object(&[
            ("a", Shape::List(&Shape::Object(&[]))),
            ("annotations", Shape::Object(&[])),
            ("limits", Shape::Object(&[])),
            ("nodeSelector", Shape::Object(&[])),
            ("volumes", Shape::List(&Shape::Entry("name"))),
        ]);
        Node::parse(text, &SHAPE).unwrap()
    }

    #[test]
    fn nodes_are_compared_as_they_are_now() {
        let text = r#"{"a":[{"b":1}],"nodeSelector":{"disk":"ssd"}}"#;
        let mut changed = opened(text);
        let selector = Str::from_token("\"nodeSelector\"");
        changed.object_mut(String::new).unwrap().set(selector, Node::text_only(r#"{"disk":"hdd"}"#));
        assert!(!equal_nodes(&changed, &opened(text)));
        changed.object_mut(String::new).unwrap().set(selector, Node::text_only(r#"{ "disk": "ssd" }"#));
        assert!(equal_nodes(&changed, &opened(text)));
        changed.object_mut(String::new).unwrap().remove("nodeSelector");
        assert!(equal_nodes(&changed, &opened(r#"{"a":[{"b":1}],"nodeSelector":{}}"#)));
    }

    #[test]
    fn the_same_text_is_the_same_byte_for_byte() {
        let text = "0123456789abcdefghijk";
        assert!(is_same_text(text, text));
        assert!(is_same_text(text, &["0123456789", "abcdefghijk"].concat()));
        for at in 0..text.len() {
            let mut other = text.to_owned();
            other.replace_range(at..=at, "-");
            assert!(!is_same_text(text, &other), "{other}");
            assert!(!is_same_text(text, &text[..at]), "{at}");
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
        assert_eq!(digest(r#"{"key":"a","value":"","b":{},"c":[]}"#), digest(r#"{"key":"a"}"#));
        assert_ne!(digest(r#"{"a":"1"}"#), digest(r#"{"a":1}"#));
        assert_ne!(digest(r#"["a","b"]"#), digest(r#"["ab"]"#));
        assert_ne!(digest(r#"[["a"],"b"]"#), digest(r#"[["a","b"]]"#));
    }
}
