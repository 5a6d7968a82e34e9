//! A hash of 64 bits that is stable enough to be stored in objects: of texts, and of what a JSON value means.

use super::meaning::{DEEPEST, Known, Meaning, are_texts_plain, is_absent_member, is_volume, of_item, of_member};
use super::quantity::Quantity;
use super::schema::Type;
use crate::json::{Cursor, Str};

/// The state of a hash. It is the same on every machine and in every version, since it is compared with one that an earlier
/// version stored: a known-answer test pins it.
///
/// It takes in words of 64 bits: a text is its bytes as little-endian words, the last of which tells how many bytes of the
/// text are in it, by a byte that is in no text. A word is mixed in by an exclusive or, a multiplication, a rotation by half
/// a word, and another multiplication: the first takes each bit to those above it, the second to the rest. So texts that
/// differ in few bytes differ in many bits of every state after that, which no other few bytes undo.
///
/// The hash tells changes apart; nobody gains anything by finding two texts with the same one, so it need not resist that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    state: u64,
    /// Whether it is the one by which version 0.1.0 recorded the entries of list sets: FxHash, as version 1 of the crate
    /// `rustc-hash` defines it. The last word of a text is filled up with zeros, and the length follows. Texts that differ in
    /// two bytes on either side of a border of words often have one hash.
    is_of_0_1_0: bool,
}

/// The factor of FxHash.
const FACTOR: u64 = 0x517c_c1b7_2722_0a95;

impl Digest {
    /// The hash of what the JSON value `text`, of type `of`, means: equal values have the same.
    pub fn of(of: &'static Type, text: &str) -> Self {
        let mut digest = Self::default();
        digest.add_value(of, text);
        digest
    }

    /// The hash by which version 0.1.0 recorded the JSON value `text`, of type `of`. Few need it: the code for it is small.
    pub fn of_0_1_0(of: &'static Type, text: &str) -> Self {
        let mut digest = Digest { state: 0, is_of_0_1_0: true };
        digest.add_meaning(&Meaning::of_text(Some(of), text));
        digest
    }

    /// Takes in what the JSON value `text`, of type `of`, means.
    ///
    /// Mostly members come sorted, as a policy server writes them, and so can be taken in as they come.
    pub fn add_value(&mut self, of: &'static Type, text: &str) {
        let before = *self;
        if self.add_sorted(Some(of), &mut Cursor::new(text), DEEPEST).is_none() {
            *self = before;
            self.add_meaning(&Meaning::of_text(Some(of), text));
        }
    }

    /// Takes in what the next value means, and says whether that is nothing; `None` where members are not sorted, so that
    /// they have to be read before they are taken in.
    fn add_sorted(&mut self, of: Known, cursor: &mut Cursor<'_>, depth: usize) -> Option<bool> {
        let before = *self;
        let mut is_nothing = true;
        match (cursor.peek(), depth.checked_sub(1)) {
            (b'{', Some(depth)) => {
                self.add_byte(b'{');
                let (mut last, are_texts_plain) = ("", are_texts_plain(of));
                cursor.eat(b'{');
                let mut next = cursor.first_key();
                while let Some(key) = next {
                    let name = key.unescaped().filter(|name| is_nothing || last < *name)?;
                    let without = *self;
                    self.add(name);
                    let is_absent = match cursor.peek() {
                        b'"' if are_texts_plain => {
                            let text = cursor.string();
                            self.add_text(text);
                            text.raw().is_empty() && is_absent_member(of, name, false, &Meaning::Text(text))
                        }
                        b'{' | b'[' => self.add_sorted(of_member(of, name), cursor, depth)? && !is_volume(of),
                        first => {
                            let value = Meaning::read(of_member(of, name), cursor, 0);
                            self.add_meaning(&value);
                            is_absent_member(of, name, first == b'n', &value)
                        }
                    };
                    if is_absent {
                        *self = without;
                    } else {
                        (last, is_nothing) = (name, false);
                    }
                    next = cursor.next_key();
                }
                self.add_byte(b'}');
            }
            (b'[', Some(depth)) => {
                self.add_byte(b'[');
                let of = of_item(of);
                cursor.eat(b'[');
                let mut more = cursor.first_item();
                while more {
                    self.add_sorted(of, cursor, depth)?;
                    is_nothing = false;
                    more = cursor.next_item();
                }
                self.add_byte(b']');
            }
            _ => {
                let value = Meaning::read(of, cursor, 0);
                self.add_meaning(&value);
                return Some(matches!(value, Meaning::Nothing));
            }
        }
        if is_nothing {
            *self = before;
            self.add_meaning(&Meaning::Nothing);
        }
        Some(is_nothing)
    }

    /// Sixteen hexadecimal digits.
    pub fn hex(self) -> String {
        let mut digits = Vec::with_capacity(16);
        for at in (0..16).rev() {
            let digit = (self.state >> (4 * at) & 15) as u8;
            digits.push(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
        }
        String::from_utf8(digits).unwrap_or_default()
    }

    /// Takes in `text`, and that it ends here.
    pub fn add(&mut self, text: &str) {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let mut last = [0; 8];
        last.split_at_mut(rest.len()).0.copy_from_slice(rest);
        let (words, last) = (words.iter().map(|word| u64::from_le_bytes(*word)), u64::from_le_bytes(last));
        if self.is_of_0_1_0 {
            words.chain([last, text.len() as u64]).for_each(|word| self.mix_as_0_1_0(word));
        } else {
            words.for_each(|word| self.mix(word));
            self.mix(last | (0xf8 | text.len() as u64) << 56);
        }
    }

    /// Takes in a text of one byte.
    fn add_byte(&mut self, byte: u8) {
        if self.is_of_0_1_0 {
            [byte.into(), 1].into_iter().for_each(|word| self.mix_as_0_1_0(word));
        } else {
            self.mix(u64::from(byte) | 0xf9 << 56);
        }
    }

    const fn mix(&mut self, word: u64) {
        self.state = (self.state ^ word).wrapping_mul(FACTOR).rotate_left(32).wrapping_mul(FACTOR);
    }

    const fn mix_as_0_1_0(&mut self, word: u64) {
        self.state = (self.state.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }

    fn add_meaning(&mut self, value: &Meaning<'_>) {
        match value {
            Meaning::Nothing => self.add("null"),
            Meaning::Text(text) => self.add_text(*text),
            Meaning::Number(text) => match Quantity::parse(text) {
                Some(number) => self.add_number(number),
                None => self.add(text),
            },
            Meaning::Word(text) => self.add(text),
            Meaning::Object(members) => {
                self.add_byte(b'{');
                for (key, value) in members {
                    self.add(key);
                    self.add_meaning(value);
                }
                self.add_byte(b'}');
            }
            Meaning::List(items) => {
                self.add_byte(b'[');
                items.iter().for_each(|item| self.add_meaning(item));
                self.add_byte(b']');
            }
        }
    }

    fn add_text(&mut self, text: Str<'_>) {
        self.add_byte(b'"');
        match text.unescaped() {
            Some(text) => self.add(text),
            None => self.add(&text.decode()),
        }
    }

    fn add_number(&mut self, number: Quantity) {
        let (digits, exponent) = number.parts();
        self.add("0");
        for word in [digits as u64, (digits >> 64) as u64, i64::from(exponent).cast_unsigned()] {
            if self.is_of_0_1_0 { self.mix_as_0_1_0(word) } else { self.mix(word) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::types::{CONTAINER, ENV_FROM_SOURCE, TOLERATION, VOLUME};

    static ENTRY: Type = Type::Object(&TOLERATION);

    fn digest(text: &str) -> String {
        Digest::of(&ENTRY, text).hex()
    }

    static OF_ENV_FROM: Type = Type::Object(&ENV_FROM_SOURCE);
    static OF_CONTAINER: Type = Type::Object(&CONTAINER);

    /// Values with the hash that version 0.1.0 gave them, and today's.
    const KNOWN: [(&Type, &str, &str, &str); 3] = [
        (&ENTRY, r#"{"key":"gpu","operator":"Exists","effect":"NoSchedule"}"#, "7c519e63a100adde", "0218f68e001d2142"),
        (&OF_ENV_FROM, r#"{"configMapRef":{"name":"defaults"},"prefix":"P_"}"#, "74a00d5cca814a16", "4e8f00406e3d88ec"),
        (
            &OF_CONTAINER,
            r#"{"args":["","a"],"env":[{}],"ports":[{"containerPort":80}],"tty":true,"resources":{"limits":{"cpu":"500m"}}}"#,
            "161cfdb939c9c536",
            "0ea5e6f43194908f",
        ),
    ];

    fn of_texts(is_of_0_1_0: bool, texts: &[&str]) -> String {
        let mut digest = Digest { state: 0, is_of_0_1_0 };
        texts.iter().for_each(|text| digest.add(text));
        digest.hex()
    }

    /// Objects in clusters hold these. A version that computes others would take its own entries for the user's.
    #[test]
    fn known_answers() {
        assert_eq!(of_texts(false, &[]), "0000000000000000");
        assert_eq!(of_texts(false, &[""]), "f573b3a338000000");
        assert_eq!(of_texts(false, &["a"]), "339d35992bce8ac9");
        assert_eq!(of_texts(false, &["registry", "imagePullSecrets"]), "1705cd101d9952c6");
        assert_eq!(of_texts(false, &["æøå 😀, longer than sixteen bytes"]), "81a981753ac71372");
        for (of, text, _, today) in KNOWN {
            assert_eq!(Digest::of(of, text).hex(), today, "{text}");
        }
    }

    /// So do objects to which version 0.1.0 has added.
    #[test]
    fn known_answers_of_version_0_1_0() {
        assert_eq!(of_texts(true, &[]), "0000000000000000");
        assert_eq!(of_texts(true, &[""]), "0000000000000000");
        assert_eq!(of_texts(true, &["a"]), "7fb9150e5f1b3601");
        assert_eq!(of_texts(true, &["registry", "imagePullSecrets"]), "a1b6fdf8e6c9c095");
        assert_eq!(of_texts(true, &["æøå 😀, longer than sixteen bytes"]), "a4727494b7664a06");
        for (of, text, former, _) in KNOWN {
            assert_eq!(Digest::of_0_1_0(of, text).hex(), former, "{text}");
        }
    }

    /// How many of these texts have a hash that another has.
    fn collisions(texts: impl Iterator<Item = String>) -> usize {
        let mut hashes = Vec::new();
        for text in texts {
            let mut digest = Digest::default();
            digest.add_byte(b'"');
            digest.add(&text);
            hashes.push(digest.state);
        }
        hashes.sort_unstable();
        hashes.windows(2).filter(|pair| pair[0] == pair[1]).count()
    }

    /// All that any two letters of a text can be, where they stand in different words of the hash.
    #[test]
    fn texts_that_differ_in_two_letters_have_different_hashes() {
        let letters = || (b' '..=b'~').map(char::from);
        for (at, other) in [(7, 8), (0, 8), (7, 15), (3, 11), (15, 16), (1, 22), (23, 24), (7, 31), (31, 32), (38, 39)]
        {
            let with = |one: char, two: char| {
                let mut text: Vec<_> = "registry.example.com/team/notebook:1.2.3".chars().collect();
                (text[at], text[other]) = (one, two);
                String::from_iter(text)
            };
            let texts = letters().flat_map(|one| letters().map(move |two| with(one, two)));
            assert_eq!(collisions(texts), 0, "{at}, {other}");
        }
    }

    /// Three letters around a border of words, and texts as users and platforms write them.
    #[test]
    fn texts_that_count_have_different_hashes() {
        let letters = || ('a'..='z').chain('0'..='9');
        for before in ["ours-1", "ours-10", "team-a/", "registry.nais-"] {
            let three = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
            let texts = three.map(|[a, b, c]| format!("{before}{a}{b}-volume-{c}"));
            assert_eq!(collisions(texts), 0, "{before}");
        }
        let counted = (0..30_000).flat_map(|number| {
            [
                format!("{number}"),
                format!("{number}m"),
                format!("{number}Mi"),
                format!("ours-{number}"),
                format!("config-{number:05}-of-the-team"),
                format!("registry.example.com/team/image:1.{}.{}", number / 100, number % 100),
                format!("http://proxy-{number}.nais:8088"),
                format!("sha256:{number:064x}"),
            ]
        });
        assert_eq!(collisions(counted), 0);
    }

    #[test]
    fn a_digest_depends_on_the_meaning_alone() {
        assert_eq!(digest(r#"{"a": 1, "b":"æ"}"#), digest(r#"{"b":"\u00e6","c":null,"a":1}"#));
        assert_eq!(digest(r#"{"key":"a","value":"","b":{},"c":[]}"#), digest(r#"{"key":"a"}"#));
        assert_eq!(digest(r#"{"key":"a","operator":"Equal"}"#), digest(r#"{"key":"a","operator":""}"#));
        assert_eq!(digest(r#"{"a":1000,"b":0.5}"#), digest(r#"{"a":1e3,"b":5e-1}"#));
        assert_ne!(digest(r#"{"tolerationSeconds":0}"#), digest("{}"));
        // The lower 64 bits of both numbers are the same.
        assert_ne!(digest(r#"{"a":-1}"#), digest(r#"{"a":18446744073709551615}"#));
        assert_ne!(digest(r#"{"a":"1"}"#), digest(r#"{"a":1}"#));
        assert_ne!(digest(r#"["a","b"]"#), digest(r#"["ab"]"#));
        assert_ne!(digest(r#"[["a"],"b"]"#), digest(r#"[["a","b"]]"#));
    }

    /// Members that come sorted are taken in as they come, others once they are sorted.
    #[test]
    fn sorted_members_are_taken_in_as_they_are_read() {
        let digest = |text: &str| Digest::of(&OF_CONTAINER, text);
        for (sorted, unsorted) in [
            (r#"{"image":"a","name":"b"}"#, r#"{"name":"b","image":"a"}"#),
            (r#"{"image":"","name":"b","tty":false}"#, r#"{"tty":false,"name":"b"}"#),
            (r#"{"env":[{"name":"A","value":"1"}],"name":"b"}"#, r#"{"name":"b","env":[{"value":"1","name":"A"}]}"#),
            (r#"{"env":[{}],"name":"b"}"#, r#"{"name":"b","env":[null]}"#),
            (
                r#"{"name":"b","resources":{"limits":{"cpu":"500m","x":"1"}}}"#,
                r#"{"resources":{"limits":{"x":1,"cpu":0.5}},"name":"b"}"#,
            ),
            (
                r#"{"name":"b","ports":[{"containerPort":80,"protocol":"TCP"}]}"#,
                r#"{"ports":[{"containerPort":80}],"name":"b"}"#,
            ),
            (r#"{"a":1,"name":"b"}"#, r#"{"a":2,"a":1,"n\u0061me":"b"}"#),
            (r#"{"a":1}"#, r#"{"a":2,"a":1}"#),
            (r#"{"a":null,"b":{},"c":[{}]}"#, r#"{"c":[[]],"a":{}}"#),
            ("[1,{}]", "[1.0,null]"),
        ] {
            assert_eq!(digest(sorted), digest(unsorted), "{sorted} {unsorted}");
        }
        // A volume source of nothing is one, and `null` is none.
        static OF_VOLUME: Type = Type::Object(&VOLUME);
        let digest = |text: &str| Digest::of(&OF_VOLUME, text);
        assert_eq!(digest(r#"{"emptyDir":null,"name":"v"}"#), digest(r#"{"name":"v"}"#));
        assert_ne!(digest(r#"{"emptyDir":{},"name":"v"}"#), digest(r#"{"name":"v"}"#));
    }

    #[test]
    fn no_depth_exhausts_the_stack() {
        let deep = [r#"[{"a":"#.repeat(5_000), "1".to_owned(), "}]".repeat(5_000)].concat();
        assert_eq!(digest(&deep).len(), 16);
    }
}
