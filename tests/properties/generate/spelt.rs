//! The same value in other words: what a `Value` cannot hold.

use serde_json::{Map, Value};

use super::draw::Draw;

/// How oddly a value is spelt: beside spaces, escapes, and numbers as no client of Go's writes them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// Each member is in its place.
    InOrder,
    /// Members are in any order.
    InAnyOrder,
    /// Members are in any order, and more than once. The last one counts.
    Repeated,
}

/// A JSON text that says what `value` says to whoever reads the last of duplicate members.
pub fn spelt(value: &Value, seed: u64) -> String {
    spelt_as(Oddity::Repeated, value, seed)
}

/// As [`spelt`], but no odder than this.
pub fn spelt_as(oddity: Oddity, value: &Value, seed: u64) -> String {
    let mut writer = Writer { draw: Draw::new(seed), oddity, out: String::new() };
    writer.value(value);
    writer.out
}

struct Writer {
    draw: Draw,
    oddity: Oddity,
    out: String,
}

impl Writer {
    fn value(&mut self, value: &Value) {
        self.space();
        match value {
            Value::Object(members) => self.object(members),
            Value::Array(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.out.push_str(if at == 0 { "" } else { "," });
                    self.value(item);
                }
                self.out.push(']');
            }
            Value::String(text) => self.string(text),
            Value::Number(number) => self.number(&number.to_string()),
            Value::Bool(_) | Value::Null => self.out.push_str(&value.to_string()),
        }
        self.space();
    }

    fn object(&mut self, members: &Map<String, Value>) {
        let mut members: Vec<_> = members.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        if self.oddity != Oddity::InOrder && self.draw.chance(50) {
            members = self.draw.some(&members, members.len());
        }
        let others = [Value::Null, "other".into(), 0.into(), Value::Array(Vec::new())];
        let repeated: Vec<_> =
            members.iter().map(|(key, _)| *key).filter(|_| self.oddity == Oddity::Repeated).collect();
        for key in repeated {
            if self.draw.chance(3) {
                members.insert(0, (key, self.draw.one(&others).clone()));
            }
        }
        self.out.push('{');
        for (at, (key, value)) in members.iter().enumerate() {
            self.out.push_str(if at == 0 { "" } else { "," });
            self.space();
            self.string(key);
            self.space();
            self.out.push(':');
            self.value(value);
        }
        self.out.push('}');
    }

    fn number(&mut self, number: &str) {
        let is_short = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && number.len() < 16;
        let is_fraction = number.contains('.') && !number.contains('e');
        self.out.push_str(&match self.draw.below(6) {
            0 if is_short => format!("{number}.0"),
            1 if is_short => format!("{number}e0"),
            2 if is_short && number != "0" => format!("{number}0E-1"),
            3 if is_fraction => format!("{number}0"),
            _ => number.to_owned(),
        });
    }

    fn string(&mut self, text: &str) {
        if self.draw.chance(70) {
            return self.out.push_str(&Value::from(text).to_string());
        }
        self.out.push('"');
        for character in text.chars() {
            match character {
                '/' if self.draw.chance(50) => self.out.push_str("\\/"),
                '"' | '\\' | ..' ' => self.escape(character),
                _ if self.draw.chance(20) => self.escape(character),
                _ => self.out.push(character),
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, character: char) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            self.out.push_str(&format!("\\u{unit:04x}"));
        }
    }

    fn space(&mut self) {
        if self.draw.chance(10) {
            self.out.push_str(self.draw.one::<&str>(&[" ", "\n", "\t", "\r\n  "]));
        }
    }
}
