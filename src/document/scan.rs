//! The scanner: one cursor over JSON text that finds where a value ends, and nothing more.
//!
//! It accepts exactly what RFC 8259 accepts, at any depth and without recursion, and it builds nothing:
//! what it passes over stays the client's text.

use std::borrow::Cow;
use std::fmt;

/// Where the text stopped being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Offset in bytes from the start of the text.
    pub at: usize,
    /// What would have been right there.
    pub expected: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not JSON at byte {}: expected {}", self.at, self.expected)
    }
}

impl std::error::Error for SyntaxError {}

/// A JSON string as it came: quotes and escapes included.
#[derive(Clone, Copy, Debug)]
pub struct Str<'a> {
    token: &'a str,
    escaped: bool,
}

impl<'a> Str<'a> {
    /// A key of the policy's own, written as a token: quotes around it, nothing in it to escape.
    #[must_use]
    pub const fn from_token(token: &'static str) -> Str<'static> {
        Str { token, escaped: false }
    }

    /// A token that was written elsewhere and may hold escapes.
    #[must_use]
    pub fn from_written(token: &'a str) -> Self {
        Str { token, escaped: token.contains('\\') }
    }

    /// The token, quotes included.
    #[must_use]
    pub const fn token(self) -> &'a str {
        self.token
    }

    /// The text between the quotes, escapes still in place.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.token.get(1..self.token.len().saturating_sub(1)).unwrap_or_default()
    }

    /// What the string says. Half a surrogate pair becomes U+FFFD, as it does in Go.
    #[must_use]
    pub fn decode(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(unescape(self.raw())) } else { Cow::Borrowed(self.raw()) }
    }

    /// Whether the string says `text`.
    #[must_use]
    pub fn is(self, text: &str) -> bool {
        if self.escaped { unescape(self.raw()) == text } else { self.raw() == text }
    }
}

/// The strings of two tokens are compared by what they say, not by how they are spelt.
impl PartialEq for Str<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.token == other.token || ((self.escaped || other.escaped) && self.decode() == other.decode())
    }
}

fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = escape.chars();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let (unit, after) = hex_unit(chars.as_str());
                let pair = after.strip_prefix("\\u").map(hex_unit).filter(|(low, _)| (0xDC00..0xE000).contains(low));
                match (unit, pair) {
                    (0xD800..0xDC00, Some((low, after_pair))) => {
                        let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        rest = after_pair;
                    }
                    _ => {
                        out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
                        rest = after;
                    }
                }
                continue;
            }
            Some(itself) => out.push(itself),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// The four hexadecimal digits behind `\u`, and what follows them.
fn hex_unit(text: &str) -> (u32, &str) {
    let (digits, rest) = text.split_at_checked(4).unwrap_or((text, ""));
    (u32::from_str_radix(digits, 16).unwrap_or(0xFFFD), rest)
}

/// A place in JSON text.
#[derive(Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// The brackets that [`Cursor::skip`] is in; kept between calls, so that it is allocated once.
    nesting: Vec<u8>,
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of `text`.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Cursor { text, at: 0, nesting: Vec::new() }
    }

    /// The next byte that is not white space, without taking it; 0 at the end (JSON has no bare 0 byte).
    pub fn peek(&mut self) -> u8 {
        loop {
            match self.byte() {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// Takes `byte` if it comes next, white space aside.
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    /// Takes `byte`, or says that `expected` should have been there.
    ///
    /// # Errors
    /// Something else comes next.
    pub fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), SyntaxError> {
        if self.eat(byte) { Ok(()) } else { Err(self.error(expected)) }
    }

    /// The end of the text, but for white space.
    ///
    /// # Errors
    /// Something else follows.
    pub fn end(&mut self) -> Result<(), SyntaxError> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error("the end of the text")) }
    }

    /// The text from offset `start` to here.
    #[must_use]
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The offset of the next value.
    pub fn offset(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// Goes on to the next byte that is `byte`; says whether there is one.
    pub fn find(&mut self, byte: u8) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let found = rest.iter().position(|&next| next == byte);
        self.at += found.unwrap_or(rest.len());
        found.is_some()
    }

    /// After an opening brace: the first key, or `None` where the object is empty.
    ///
    /// # Errors
    /// Neither a key and a colon, nor the closing brace.
    pub fn first_key(&mut self) -> Result<Option<Str<'a>>, SyntaxError> {
        if self.eat(b'}') { Ok(None) } else { self.key().map(Some) }
    }

    /// After a member: the next key, or `None` where the object ends.
    ///
    /// # Errors
    /// Neither a comma and a key, nor the closing brace.
    pub fn next_key(&mut self) -> Result<Option<Str<'a>>, SyntaxError> {
        if self.eat(b',') {
            self.key().map(Some)
        } else {
            self.expect(b'}', "a comma or the end of the object").map(|()| None)
        }
    }

    /// After an opening bracket: whether there is a first item.
    pub fn first_item(&mut self) -> bool {
        !self.eat(b']')
    }

    /// After an item: whether there is another.
    ///
    /// # Errors
    /// Neither a comma nor the closing bracket.
    pub fn next_item(&mut self) -> Result<bool, SyntaxError> {
        if self.eat(b',') { Ok(true) } else { self.expect(b']', "a comma or the end of the list").map(|()| false) }
    }

    /// A string.
    ///
    /// # Errors
    /// No string comes next, or it does not end, or it holds a control character or a broken escape.
    pub fn string(&mut self) -> Result<Str<'a>, SyntaxError> {
        self.expect(b'"', "a string")?;
        let start = self.at - 1;
        let mut escaped = false;
        loop {
            self.at += plain_bytes(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.byte() {
                b'"' => {
                    self.at += 1;
                    return Ok(Str { token: self.since(start), escaped });
                }
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.error("the end of the string")),
            }
        }
    }

    /// Passes over one value of any kind and depth, and returns its text.
    ///
    /// # Errors
    /// What comes next is no JSON value.
    pub fn skip(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.offset();
        self.nesting.clear();
        'value: loop {
            match self.peek() {
                b'"' => {
                    self.string()?;
                }
                open @ b'{' => {
                    self.at += 1;
                    if self.first_key()?.is_some() {
                        self.nesting.push(open);
                        continue 'value;
                    }
                }
                open @ b'[' => {
                    self.at += 1;
                    if self.first_item() {
                        self.nesting.push(open);
                        continue 'value;
                    }
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                _ => return Err(self.error("a value")),
            }
            loop {
                let more = match self.nesting.last() {
                    None => return Ok(self.since(start)),
                    Some(b'{') => self.next_key()?.is_some(),
                    Some(_) => self.next_item()?,
                };
                if more {
                    continue 'value;
                }
                self.nesting.pop();
            }
        }
    }

    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    const fn error(&self, expected: &'static str) -> SyntaxError {
        SyntaxError { at: self.at, expected }
    }

    fn key(&mut self) -> Result<Str<'a>, SyntaxError> {
        let key = self.string()?;
        self.expect(b':', "a colon")?;
        Ok(key)
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        self.at += 1;
        match self.byte() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5).unwrap_or_default();
                if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.error("four hexadecimal digits"));
                }
                self.at += 5;
            }
            _ => return Err(self.error("an escape")),
        }
        Ok(())
    }

    fn literal(&mut self, word: &'static str) -> Result<(), SyntaxError> {
        if self.text.as_bytes().get(self.at..self.at + word.len()) == Some(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.error(word))
        }
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        self.at += usize::from(self.byte() == b'-');
        if self.byte() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        if !self.byte().is_ascii_digit() {
            return Err(self.error("a digit"));
        }
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }
}

/// How many bytes from the start of `bytes` stand for themselves in a string: no quote, no backslash, no control
/// character. Eight at a time: most of a request is the inside of strings.
fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = ONES << 7;
    let mut count = 0;
    while let Some(chunk) = bytes.get(count..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        // A byte's top bit is set where the byte is zero (borrows disturb only the bytes above the first hit).
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let quote = zero(word ^ (ONES * b'"' as u64));
        let backslash = zero(word ^ (ONES * b'\\' as u64));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let hits = (quote | backslash | control) & TOPS;
        if hits != 0 {
            return count + (hits.trailing_zeros() / 8) as usize;
        }
        count += 8;
    }
    let rest = bytes.get(count..).unwrap_or_default();
    count + rest.iter().take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What serde_json thinks of a text is the reference for what is JSON.
    fn agrees(text: &str) {
        let ours = {
            let mut cursor = Cursor::new(text);
            cursor.skip().and_then(|_| cursor.end()).is_ok()
        };
        let reference = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        assert_eq!(ours, reference, "{text:?}");
    }

    #[test]
    fn accepts_what_serde_json_accepts() {
        let texts = [
            "",
            " ",
            "{",
            "}",
            "[",
            "]",
            "{}",
            "[]",
            " { } ",
            "[ ]",
            "[,]",
            "[1,]",
            "[1 2]",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "{\"a\":1 \"b\":2}",
            "[[[[]]]]",
            "[[[[]]]",
            "[}",
            "{]",
            "{\"a\":[1}",
            "null",
            "nul",
            "nulll",
            "true",
            "false",
            "tru",
            "\"\"",
            "\"",
            "\"a",
            "\"\\\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\u1234\"",
            "\"\\ud800\"",
            "\"\u{1}\"",
            "\"\n\"",
            "\"\u{7f}\"",
            "\"æøå 😀\"",
            "\"0123456\u{1}89\"",
            "\"01234567\\n89\"",
            "\"0123456789abcdef\"",
            "0",
            "-0",
            "-",
            "01",
            "1.",
            ".1",
            "1.5",
            "1e",
            "1e3",
            "1E+3",
            "1e-3",
            "-1.5e10",
            "1e+",
            "9007199254740993",
            "0x1",
            "1_000",
            "+1",
            "NaN",
            "1 1",
            "{} {}",
            "[1]x",
            "\u{feff}1",
            "{\"a\":{\"b\":[1,{\"c\":null}]},\"d\":\"}\"}",
        ];
        for text in texts {
            agrees(text);
        }
    }

    #[test]
    fn passes_over_ten_thousand_levels() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(Cursor::new(&deep).skip().map(str::len), Ok(20_000));
        assert!(Cursor::new(&deep[..19_999]).skip().is_err());
    }

    #[test]
    fn finds_the_end_of_a_string_at_every_offset() {
        for length in 0..40 {
            for ending in ["\"", "\\n\"", "æ\"", "\u{1f}\""] {
                let text = format!("\"{}{ending}", "x".repeat(length));
                agrees(&text);
            }
        }
    }

    #[test]
    fn decodes_escapes() {
        for (token, says) in [
            (r#""plain""#, "plain"),
            (r#""a\"b\\c\/d""#, "a\"b\\c/d"),
            (r#""\b\f\n\r\t""#, "\u{8}\u{c}\n\r\t"),
            (r#""\u00e6\u00C5""#, "æÅ"),
            (r#""\ud83d\ude00!""#, "😀!"),
            (r#""\ud83dx""#, "\u{fffd}x"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ude00""#, "\u{fffd}"),
        ] {
            let read = Cursor::new(token).string().unwrap();
            assert_eq!(read.decode(), says, "{token}");
            assert!(read.is(says), "{token}");
            assert_eq!(read.token(), token);
        }
    }
}
