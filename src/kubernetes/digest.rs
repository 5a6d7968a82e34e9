//! A hash of 64 bits that is stable enough to be stored in objects: of texts, and of what a JSON value means.

use super::meaning::{DEEPEST, Known, Meaning, are_texts_plain, is_absent_member, is_volume, of_item, of_member};
use super::quantity::Quantity;
use super::schema::Type;
use crate::json::{Cursor, Str};

/// The state of a hash. It is the same on every machine and in every version, since it is compared with one that an
/// earlier version stored: a known-answer test pins it.
///
/// The function is FxHash, as version 1 of the crate `rustc-hash` defines it for words of 64 bits: each word is mixed in
/// by a rotation of 5 bits, an exclusive or, and a multiplication by `0x517cc1b727220a95`. A text is its bytes as
/// little-endian words, the last one filled up with zeros, then its length. The hash tells changes apart; nobody gains
/// anything by finding two texts with the same one, so it need not resist that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    /// The hash of what the JSON value `text`, of type `of`, means: equal values have the same.
    pub fn of(of: &'static Type, text: &str) -> Self {
        let mut digest = Digest::default();
        digest.add_value(of, text);
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
            let digit = (self.0 >> (4 * at) & 15) as u8;
            digits.push(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
        }
        String::from_utf8(digits).unwrap_or_default()
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

    /// Takes in a text of one byte.
    const fn add_byte(&mut self, byte: u8) {
        self.mix(byte as u64);
        self.mix(1);
    }

    const fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
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
        self.mix(digits as u64);
        self.mix((digits >> 64) as u64);
        self.mix(i64::from(exponent).cast_unsigned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::types::{CONTAINER, ENV_FROM_SOURCE, TOLERATION};

    static ENTRY: Type = Type::Object(&TOLERATION);

    fn digest(text: &str) -> String {
        Digest::of(&ENTRY, text).hex()
    }

    /// Objects in clusters hold these. A version that computes others would take its own entries for the user's.
    #[test]
    fn known_answers() {
        let of = |texts: &[&str]| {
            let mut digest = Digest::default();
            texts.iter().for_each(|text| digest.add(text));
            digest.hex()
        };
        assert_eq!(of(&[]), "0000000000000000");
        assert_eq!(of(&[""]), "0000000000000000");
        assert_eq!(of(&["a"]), "7fb9150e5f1b3601");
        assert_eq!(of(&["registry", "imagePullSecrets"]), "a1b6fdf8e6c9c095");
        assert_eq!(of(&["æøå 😀, longer than sixteen bytes"]), "a4727494b7664a06");
        assert_eq!(digest(r#"{"key":"gpu","operator":"Exists","effect":"NoSchedule"}"#), "7c519e63a100adde");
        static OF_ENV_FROM: Type = Type::Object(&ENV_FROM_SOURCE);
        let env_from = Digest::of(&OF_ENV_FROM, r#"{"configMapRef":{"name":"defaults"},"prefix":"P_"}"#);
        assert_eq!(env_from.hex(), "74a00d5cca814a16");
        static OF_CONTAINER: Type = Type::Object(&CONTAINER);
        let container = r#"{"args":["","a"],"env":[{}],"ports":[{"containerPort":80}],"tty":true,"resources":{"limits":{"cpu":"500m"}}}"#;
        assert_eq!(Digest::of(&OF_CONTAINER, container).hex(), "161cfdb939c9c536");
    }

    #[test]
    fn a_digest_depends_on_the_meaning_alone() {
        assert_eq!(digest(r#"{"a": 1, "b":"æ"}"#), digest(r#"{"b":"\u00e6","c":null,"a":1}"#));
        assert_eq!(digest(r#"{"key":"a","value":"","b":{},"c":[]}"#), digest(r#"{"key":"a"}"#));
        assert_eq!(digest(r#"{"key":"a","operator":"Equal"}"#), digest(r#"{"key":"a","operator":""}"#));
        assert_eq!(digest(r#"{"a":1000,"b":0.5}"#), digest(r#"{"a":1e3,"b":5e-1}"#));
        assert_ne!(digest(r#"{"tolerationSeconds":0}"#), digest("{}"));
        assert_ne!(digest(r#"{"a":"1"}"#), digest(r#"{"a":1}"#));
        assert_ne!(digest(r#"["a","b"]"#), digest(r#"["ab"]"#));
        assert_ne!(digest(r#"[["a"],"b"]"#), digest(r#"[["a","b"]]"#));
    }

    /// Members that come sorted are taken in as they come, others once they are sorted.
    #[test]
    fn sorted_members_are_taken_in_as_they_are_read() {
        static OF_CONTAINER: Type = Type::Object(&CONTAINER);
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
            (r#"{"a":null,"b":{},"c":[{}]}"#, r#"{"c":[[]],"a":{}}"#),
            ("[1,{}]", "[1.0,null]"),
        ] {
            assert_eq!(digest(sorted), digest(unsorted), "{sorted} {unsorted}");
        }
    }

    #[test]
    fn no_depth_exhausts_the_stack() {
        let deep = [r#"[{"a":"#.repeat(5_000), "1".to_owned(), "}]".repeat(5_000)].concat();
        assert_eq!(digest(&deep).len(), 16);
    }
}
