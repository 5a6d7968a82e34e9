//! A hash of 64 bits that is stable enough to be stored in objects: of texts, and of what a JSON value means.

use super::meaning::Meaning;
use super::quantity::Quantity;
use super::schema::Type;

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
    pub fn add_value(&mut self, of: &'static Type, text: &str) {
        self.add_meaning(&Meaning::of_text(Some(of), text));
    }

    /// Sixteen hexadecimal digits.
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

    fn add_meaning(&mut self, value: &Meaning<'_>) {
        match value {
            Meaning::Nothing => self.add("null"),
            Meaning::Text(text) => {
                self.add("\"");
                self.add(&text.decode());
            }
            Meaning::Number(text) => match Quantity::parse(text) {
                Some(number) => self.add_number(number),
                None => self.add(text),
            },
            Meaning::Word(text) => self.add(text),
            Meaning::Object(members) => {
                self.add("{");
                for (key, value) in members {
                    self.add(key);
                    self.add_meaning(value);
                }
                self.add("}");
            }
            Meaning::List(items) => {
                self.add("[");
                items.iter().for_each(|item| self.add_meaning(item));
                self.add("]");
            }
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

    #[test]
    fn no_depth_exhausts_the_stack() {
        let deep = [r#"[{"a":"#.repeat(5_000), "1".to_owned(), "}]".repeat(5_000)].concat();
        assert_eq!(digest(&deep).len(), 16);
    }
}
