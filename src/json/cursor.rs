//! The scanner: one cursor over JSON text that finds where a value ends, and nothing more.
//!
//! It accepts exactly what RFC 8259 accepts, at any depth and without recursion, and it builds nothing: what it passes
//! over stays the client's text.
//!
//! Functions are marked `inline(always)` where that was counted to save more than three in a thousand of the instructions
//! of a typical Notebook; elsewhere the compiler's choice is as good.

use std::borrow::Cow;
use std::fmt;

/// Where the text stopped being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Offset in bytes from the start of the text.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not JSON at byte {}: expected {}", self.at, self.expected)
    }
}

impl std::error::Error for SyntaxError {}

/// A JSON string as it stands in the text: what is between the quotes, escapes included.
#[derive(Clone, Copy, Debug)]
pub struct Str<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Str<'a> {
    /// A string in which nothing has to be escaped.
    pub const fn plain(text: &'a str) -> Self {
        Str { raw: text, escaped: false }
    }

    /// The string that `token` is, quotes included.
    pub fn from_token(token: &'a str) -> Self {
        let raw = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
        Str { raw, escaped: find_either(raw.as_bytes(), 0, b'\\', b'\\') < raw.len() }
    }

    /// What is between the quotes, escapes included.
    pub const fn raw(self) -> &'a str {
        self.raw
    }

    /// What the string says, where that is as it is spelt.
    pub fn unescaped(self) -> Option<&'a str> {
        (!self.escaped).then_some(self.raw)
    }

    /// What the string says. Half a surrogate pair becomes U+FFFD, as it does in Go.
    pub fn decode(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// Whether the string says `text`.
    #[inline(always)]
    pub fn is(self, text: &str) -> bool {
        // Usually the lengths differ.
        if self.escaped {
            self.unescapes_to(text)
        } else {
            self.raw.len() == text.len() && is_same_text(self.raw, text)
        }
    }

    #[cold]
    fn unescapes_to(self, text: &str) -> bool {
        unescape(self.raw) == text
    }
}

/// Whether two texts are the same. `==` goes byte by byte in a module, which for a megabyte is as much as half of
/// reading it, and for the keys of a small request a tenth of answering it.
pub fn is_same_text(one: &str, other: &str) -> bool {
    if std::ptr::eq(one, other) {
        return true;
    }
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    #[cfg(target_feature = "simd128")]
    if let (Some(one_end), Some(other_end)) = (one.last_chunk::<16>(), other.last_chunk()) {
        use std::arch::wasm32::{v128_any_true, v128_xor};
        let differ = |one: &[u8; 16], other: &[u8; 16]| v128_any_true(v128_xor(block(one), block(other)));
        // The last ones may be looked at twice: that is less than to look at each.
        let (one, _) = one.as_chunks();
        let (other, _) = other.as_chunks();
        return !differ(one_end, other_end) && !one.iter().zip(other).any(|(one, other)| differ(one, other));
    }
    // The last eight or four bytes may be looked at twice: that is less than to look at each.
    match (one.last_chunk(), other.last_chunk()) {
        (Some(one_end), Some(other_end)) => {
            let (one, _) = one.as_chunks();
            let (other, _) = other.as_chunks();
            let are_same = |(one, other): (&[u8; 8], &[u8; 8])| u64::from_le_bytes(*one) == u64::from_le_bytes(*other);
            are_same((one_end, other_end)) && one.iter().zip(other).all(are_same)
        }
        _ => match (one.first_chunk(), other.first_chunk(), one.last_chunk(), other.last_chunk()) {
            (Some(one), Some(other), Some(one_end), Some(other_end)) => {
                u32::from_le_bytes(*one) == u32::from_le_bytes(*other)
                    && u32::from_le_bytes(*one_end) == u32::from_le_bytes(*other_end)
            }
            _ => one.iter().zip(other).all(|(one, other)| one == other),
        },
    }
}

/// Two strings are equal where they say the same, however they are spelt.
impl Eq for Str<'_> {}

impl PartialEq for Str<'_> {
    fn eq(&self, other: &Self) -> bool {
        is_same_text(self.raw, other.raw) || ((self.escaped || other.escaped) && self.decode() == other.decode())
    }
}

fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    // What is not in `out` yet begins at `start`.
    let (mut start, mut at) = (0, 0);
    loop {
        at = find_either(raw.as_bytes(), at, b'\\', b'\\');
        out.push_str(raw.get(start..at).unwrap_or_default());
        let escape = raw.get(at + 1..).unwrap_or_default();
        (start, at) = (at + 1, at + 2);
        let stands_for = match escape.as_bytes() {
            [] => return out,
            [b'n', ..] => '\n',
            [b't', ..] => '\t',
            [b'r', ..] => '\r',
            [b'b', ..] => '\u{8}',
            [b'f', ..] => '\u{c}',
            [b'u', ..] => {
                let (unit, after) = hex_unit(escape.get(1..).unwrap_or_default());
                let pair = after.strip_prefix("\\u").map(hex_unit).filter(|(low, _)| (0xDC00..0xE000).contains(low));
                let (code, after) = match (unit, pair) {
                    (0xD800..0xDC00, Some((low, after_pair))) => {
                        (0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00), after_pair)
                    }
                    _ => (unit, after),
                };
                at = raw.len() - after.len();
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            // It stands for itself.
            _ => continue,
        };
        out.push(stands_for);
        start = at;
    }
}

/// The four hexadecimal digits behind `\u`, and what follows them.
fn hex_unit(text: &str) -> (u32, &str) {
    let (digits, rest) = text.split_at_checked(4).unwrap_or((text, ""));
    (u32::from_str_radix(digits, 16).unwrap_or(0xFFFD), rest)
}

/// A place in JSON text.
///
/// Reading goes on until something is not JSON; then the cursor stands at the end, whatever is asked of it next is
/// empty, and [`Cursor::finish`] says what was wrong. So a walk needs no error handling, and ends.
#[derive(Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    pub(super) at: usize,
    failure: Option<SyntaxError>,
    /// The brackets that [`Cursor::skip`] is in; kept between calls, so that it is allocated once.
    nesting: Vec<u8>,
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of `text`.
    pub const fn new(text: &'a str) -> Self {
        Cursor { text, at: 0, failure: None, nesting: Vec::new() }
    }

    /// The next byte that is not white space, without taking it; 0 at the end (JSON has no bare 0 byte).
    #[inline(always)]
    pub fn peek(&mut self) -> u8 {
        self.at = past_space(self.text.as_bytes(), self.at);
        byte(self.text.as_bytes(), self.at)
    }

    /// Takes `wanted` if it comes next, white space aside.
    #[inline(always)]
    pub fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == wanted;
        // Not `+= usize::from(found)`, which rustc 1.95 miscompiles (docs/architecture.md, "A bug of the compiler").
        if found {
            self.at += 1;
        }
        found
    }

    /// Takes `wanted`, the text of an object or a list, if it comes next.
    pub fn eat_text(&mut self, wanted: &str) -> bool {
        let end = self.at + wanted.len();
        let found = self.text.get(self.at..end).is_some_and(|next| is_same_text(next, wanted));
        if found {
            self.at = end;
        }
        found
    }

    /// The end of what was to be read: but for white space, the end of the text.
    ///
    /// # Errors
    /// Something before was not JSON, or something follows.
    pub fn finish(&mut self) -> Result<(), SyntaxError> {
        self.peek();
        if self.at < self.text.len() {
            self.fail(self.at, "the end of the text");
        }
        self.failure.map_or(Ok(()), Err)
    }

    /// Where the text was not JSON, if it was not so far.
    pub const fn failure(&self) -> Option<SyntaxError> {
        self.failure
    }

    /// The text from offset `start` to here.
    #[inline(always)]
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The offset of the next value.
    pub fn offset(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// Goes on to the next byte that is `wanted`; says whether there is one.
    pub fn find(&mut self, wanted: u8) -> bool {
        let bytes = self.text.as_bytes();
        self.at = find_either(bytes, self.at, wanted, wanted);
        self.at < bytes.len()
    }

    /// After an opening brace: the first key, or `None` where the object is empty.
    pub fn first_key(&mut self) -> Option<Str<'a>> {
        if self.eat(b'}') { None } else { self.key() }
    }

    /// After a member: the next key, or `None` where the object ends.
    #[inline(always)]
    pub fn next_key(&mut self) -> Option<Str<'a>> {
        if self.eat(b',') {
            return self.key();
        }
        self.expect(b'}', "a comma or the end of the object");
        None
    }

    /// After an opening bracket: whether there is a first item.
    pub fn first_item(&mut self) -> bool {
        !self.eat(b']') && self.failure.is_none()
    }

    /// After an item: whether there is another.
    pub fn next_item(&mut self) -> bool {
        if self.eat(b',') {
            return true;
        }
        self.expect(b']', "a comma or the end of the list");
        false
    }

    /// Reads an object, if there is one: `read` is called behind each key and must read the value. Says whether there is
    /// one.
    pub fn object(&mut self, mut read: impl FnMut(&mut Self, Str<'a>)) -> bool {
        let is_object = self.eat(b'{');
        let mut next = if is_object { self.first_key() } else { None };
        while let Some(key) = next {
            read(self, key);
            next = self.next_key();
        }
        is_object
    }

    /// Reads a list, if there is one: `read` is called in front of each item and must read it. Says whether there is one.
    pub fn list(&mut self, mut read: impl FnMut(&mut Self)) -> bool {
        let is_list = self.eat(b'[');
        let mut more = is_list && self.first_item();
        while more {
            read(self);
            more = self.next_item();
        }
        is_list
    }

    /// Reads an object as [`Cursor::object`] does; anything else is a failure.
    pub fn expect_object(&mut self, read: impl FnMut(&mut Self, Str<'a>)) {
        if !self.object(read) {
            self.fail(self.at, "an object");
        }
    }

    /// Reads a list as [`Cursor::list`] does; anything else is a failure.
    pub fn expect_list(&mut self, read: impl FnMut(&mut Self)) {
        if !self.list(read) {
            self.fail(self.at, "a list");
        }
    }

    /// A string; anything else is a failure.
    #[inline(always)]
    pub fn string(&mut self) -> Str<'a> {
        let bytes = self.text.as_bytes();
        let start = past_space(bytes, self.at);
        let (end, escaped) = if byte(bytes, start) == b'"' { string_end(bytes, start + 1) } else { (NOT_JSON, false) };
        if end == NOT_JSON {
            self.fail(start, "a string");
            return Str::plain("");
        }
        self.at = end;
        Str { raw: self.between_quotes(start, end), escaped }
    }

    /// Passes over one value of any kind and depth, and returns its text.
    #[inline(always)]
    pub fn skip(&mut self) -> &'a str {
        let start = past_space(self.text.as_bytes(), self.at);
        let end = value_end(self.text.as_bytes(), start, &mut self.nesting);
        if end == NOT_JSON {
            self.fail(start, "a value");
            return "";
        }
        self.at = end;
        self.text.get(start..end).unwrap_or_default()
    }

    /// Passes over one value. Of an object, it gives the string under `member`, if there is one: of duplicates the last
    /// counts.
    pub fn entry(&mut self, member: &str) -> Option<Str<'a>> {
        let start = self.offset();
        let bytes = self.text.as_bytes();
        let mut found = None;
        let first = start + 1;
        let mut at = first;
        let end = loop {
            let key = past_space(bytes, at);
            let inside = self.text.get(key + 1..key + 1 + member.len());
            let is_member =
                byte(bytes, key + 1 + member.len()) == b'"' && inside.is_some_and(|it| is_same_text(it, member));
            let (key_end, is_escaped) = match byte(bytes, key) {
                b'"' if is_member => (key + member.len() + 2, false),
                b'"' => string_end(bytes, key + 1),
                b'}' if at == first => break key + 1,
                _ => break NOT_JSON,
            };
            let colon = past_space(bytes, key_end);
            let value = past_space(bytes, colon + 1);
            if key_end == NOT_JSON || byte(bytes, colon) != b':' {
                break NOT_JSON;
            }
            let is_text = byte(bytes, value) == b'"';
            let (value_end, is_value_escaped) = if is_text {
                string_end(bytes, value + 1)
            } else {
                (other_value_end(bytes, value, &mut self.nesting), false)
            };
            if value_end == NOT_JSON {
                break NOT_JSON;
            }
            if is_member || is_escaped && (Str { raw: self.between_quotes(key, key_end), escaped: true }).is(member) {
                found = is_text.then(|| Str { raw: self.between_quotes(value, value_end), escaped: is_value_escaped });
            }
            at = past_space(bytes, value_end) + 1;
            match byte(bytes, at - 1) {
                b',' => {}
                b'}' => break at,
                _ => break NOT_JSON,
            }
        };
        if end == NOT_JSON {
            // It is read once more, to find out where.
            self.at = start;
            self.object(|cursor, key| {
                if key.is(member) && cursor.peek() == b'"' {
                    cursor.string();
                } else {
                    cursor.skip();
                }
            });
            return None;
        }
        self.at = end;
        found
    }

    #[inline(always)]
    fn between_quotes(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start + 1..end.wrapping_sub(1)).unwrap_or_default()
    }

    /// A key and the colon behind it. As [`Cursor::string`] and [`Cursor::expect`] would read them, in a quarter less.
    fn key(&mut self) -> Option<Str<'a>> {
        let bytes = self.text.as_bytes();
        let start = past_space(bytes, self.at);
        let (end, escaped) = if byte(bytes, start) == b'"' { string_end(bytes, start + 1) } else { (NOT_JSON, false) };
        if end == NOT_JSON {
            self.fail(start, "a string");
            return None;
        }
        let colon = past_space(bytes, end);
        if byte(bytes, colon) != b':' {
            self.fail(colon, "a colon");
            return None;
        }
        self.at = colon + 1;
        Some(Str { raw: self.between_quotes(start, end), escaped })
    }

    #[inline(always)]
    fn expect(&mut self, wanted: u8, expected: &'static str) -> bool {
        let found = self.eat(wanted);
        if !found {
            self.fail(self.at, expected);
        }
        found
    }

    /// Notes the first failure, and goes to the end of the text.
    #[cold]
    fn fail(&mut self, at: usize, expected: &'static str) {
        self.failure.get_or_insert(SyntaxError { at, expected });
        self.at = self.text.len();
    }
}

/// In place of an offset behind a value: there is no value. No value ends at the start of the text.
const NOT_JSON: usize = 0;

fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

fn past_space(bytes: &[u8], mut at: usize) -> usize {
    // Hosts write compact JSON: mostly there is none.
    while byte(bytes, at) <= b' ' && matches!(byte(bytes, at), b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

/// The offset behind the value at `at`, of any kind and depth. `nesting` is a place to keep the brackets in.
fn value_end(bytes: &[u8], at: usize, nesting: &mut Vec<u8>) -> usize {
    if byte(bytes, at) == b'"' { string_end(bytes, at + 1).0 } else { other_value_end(bytes, at, nesting) }
}

fn other_value_end(bytes: &[u8], mut at: usize, nesting: &mut Vec<u8>) -> usize {
    nesting.clear();
    'value: loop {
        at = past_space(bytes, at);
        let open = byte(bytes, at);
        at = match open {
            b'"' => string_end(bytes, at + 1).0,
            b'{' | b'[' => {
                at = past_space(bytes, at + 1);
                // The bracket that closes is two places behind the one that opens.
                if byte(bytes, at) != open + 2 {
                    nesting.push(open);
                    if open == b'{' {
                        at = key_end(bytes, at);
                        if at == NOT_JSON {
                            return NOT_JSON;
                        }
                    }
                    continue 'value;
                }
                at + 1
            }
            _ => scalar_end(bytes, at),
        };
        if at == NOT_JSON {
            return NOT_JSON;
        }
        loop {
            let Some(&open) = nesting.last() else { return at };
            at = past_space(bytes, at);
            let next = byte(bytes, at);
            at += 1;
            if next == b',' {
                if open == b'{' {
                    at = key_end(bytes, at);
                    if at == NOT_JSON {
                        return NOT_JSON;
                    }
                }
                continue 'value;
            }
            if next != open + 2 {
                return NOT_JSON;
            }
            nesting.pop();
        }
    }
}

/// The offset behind the key that is next and the colon after it.
#[inline(always)]
fn key_end(bytes: &[u8], at: usize) -> usize {
    let at = past_space(bytes, at);
    if byte(bytes, at) != b'"' {
        return NOT_JSON;
    }
    let (end, _) = string_end(bytes, at + 1);
    let at = past_space(bytes, end);
    if end != NOT_JSON && byte(bytes, at) == b':' { at + 1 } else { NOT_JSON }
}

/// The offset behind the string whose opening quote is before `at`, and whether there are escapes in it.
#[inline(always)]
fn string_end(bytes: &[u8], mut at: usize) -> (usize, bool) {
    let mut escaped = false;
    loop {
        at = plain_end(bytes, at);
        match byte(bytes, at) {
            b'"' => return (at + 1, escaped),
            b'\\' => {
                escaped = true;
                at = escape_end(bytes, at + 1);
                if at == NOT_JSON {
                    return (NOT_JSON, escaped);
                }
            }
            _ => return (NOT_JSON, escaped),
        }
    }
}

/// The offset of the first byte from `at` on that does not stand for itself in a string: a quote, a backslash, a
/// control character, or the end. In the module 16 at a time, since most of a request is the inside of strings: byte by
/// byte, a Notebook of 1 MB takes more than twice the instructions.
#[inline(always)]
pub(super) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    #[cfg(target_feature = "simd128")]
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_le, u8x16_splat, v128_or, v128_xor};
        let block = block(chunk);
        // But for one bit, a quote is next to the control characters.
        let quote_or_control = u8x16_le(v128_xor(block, u8x16_splat(2)), u8x16_splat(b'"' ^ 2));
        let hits = u8x16_bitmask(v128_or(quote_or_control, u8x16_eq(block, u8x16_splat(b'\\'))));
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += 16;
    }
    while !matches!(byte(bytes, at), 0..0x20 | b'"' | b'\\') {
        at += 1;
    }
    at
}

/// The offset of the first byte from `at` on that is `one` or `other`; that of the end where there is none.
pub fn find_either(bytes: &[u8], mut at: usize, one: u8, other: u8) -> usize {
    #[cfg(target_feature = "simd128")]
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, v128_or};
        let block = block(chunk);
        let hits = u8x16_bitmask(v128_or(u8x16_eq(block, u8x16_splat(one)), u8x16_eq(block, u8x16_splat(other))));
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += 16;
    }
    while at < bytes.len() && byte(bytes, at) != one && byte(bytes, at) != other {
        at += 1;
    }
    at
}

/// Sixteen bytes at once.
#[cfg(target_feature = "simd128")]
#[inline(always)]
fn block(chunk: &[u8; 16]) -> std::arch::wasm32::v128 {
    let all = u128::from_le_bytes(*chunk);
    std::arch::wasm32::u64x2(all as u64, (all >> 64) as u64)
}

/// The offset behind the escape whose backslash is before `at`.
fn escape_end(bytes: &[u8], at: usize) -> usize {
    match byte(bytes, at) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at + 1,
        b'u' => {
            let digits = bytes.get(at + 1..at + 5).unwrap_or_default();
            if digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit) { at + 5 } else { NOT_JSON }
        }
        _ => NOT_JSON,
    }
}

/// The offset behind the number or the word at `at`.
fn scalar_end(bytes: &[u8], at: usize) -> usize {
    let word: &[u8] = match byte(bytes, at) {
        b't' => b"true",
        b'f' => b"false",
        b'n' => b"null",
        _ => return number_end(bytes, at),
    };
    if bytes.get(at..at + word.len()) == Some(word) { at + word.len() } else { NOT_JSON }
}

fn number_end(bytes: &[u8], mut at: usize) -> usize {
    let digits_end = |start: usize| {
        let mut at = start;
        while byte(bytes, at).is_ascii_digit() {
            at += 1;
        }
        if at == start { NOT_JSON } else { at }
    };
    at += usize::from(byte(bytes, at) == b'-');
    at = if byte(bytes, at) == b'0' { at + 1 } else { digits_end(at) };
    if at != NOT_JSON && byte(bytes, at) == b'.' {
        at = digits_end(at + 1);
    }
    if at != NOT_JSON && matches!(byte(bytes, at), b'e' | b'E') {
        at += 1;
        at = digits_end(at + usize::from(matches!(byte(bytes, at), b'+' | b'-')));
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What serde_json thinks of a text is the reference for what is JSON.
    fn agrees(text: &str) {
        let ours = {
            let mut cursor = Cursor::new(text);
            cursor.skip();
            cursor.finish().is_ok()
        };
        let reference = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        assert_eq!(ours, reference, "{text:?}");
    }

    /// serde_json stops at 128 levels.
    fn agrees_but_for_depth(text: &str, expected: bool) {
        let mut cursor = Cursor::new(text);
        cursor.skip();
        assert_eq!(cursor.finish().is_ok(), expected);
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
            "{\"a\";1}",
            "[{\"a\":1,\"b\";2}]",
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
        for text in [&deep[..], &deep[..19_999]] {
            agrees_but_for_depth(text, text.len() == 20_000);
        }
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
    fn one_of_two_bytes_is_found_at_every_offset() {
        for length in 0..40 {
            let text = ["x".repeat(length).as_str(), "{yy\\", &"z".repeat(20)].concat();
            for (at, found) in [(0, length), (length, length), (length + 1, length + 3), (length + 4, text.len())] {
                assert_eq!(find_either(text.as_bytes(), at, b'{', b'\\'), found, "{text} from {at}");
            }
        }
    }

    /// What identifies an entry is found as by reading the object member by member, and what is not JSON is told in the
    /// same words.
    #[test]
    fn an_entry_is_read_as_an_object_is() {
        for text in [
            "{}",
            " { } ",
            r#"{"name":"a"}"#,
            r#"{ "name" : "a" , "x" : [1, {"name":"b"}] }"#,
            r#"{"value":"v","name":"a"}"#,
            r#"{"n\u0061me":"\u0061"}"#,
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":"a","name":1}"#,
            r#"{"names":"b","nam":"c"}"#,
            r#"{"name\"":"b"}"#,
            r#"{"name""#,
            r#"{"name" "a"}"#,
            r#"{"name";"a"}"#,
            r#"{"name":}"#,
            r#"{"name":"a",}"#,
            r#"{"name":"a" "x":1}"#,
            r#"{"name":"a"]"#,
            r#"{"name":"\x"}"#,
            r#"{name":"a"}"#,
            "{,}",
            "{",
        ] {
            let mut cursor = Cursor::new(text);
            let found = cursor.entry("name").map(Str::decode);
            let mut member_by_member = Cursor::new(text);
            let mut expected = None;
            member_by_member.object(|cursor, key| {
                let is_string = cursor.peek() == b'"';
                match key.is("name") {
                    true if is_string => expected = Some(cursor.string().decode()),
                    is_name => {
                        cursor.skip();
                        expected = expected.take().filter(|_| !is_name);
                    }
                }
            });
            let end = member_by_member.finish();
            assert_eq!(cursor.finish(), end, "{text}");
            if end.is_ok() {
                assert_eq!(found, expected, "{text}");
            }
        }
    }

    #[test]
    fn texts_are_compared_byte_for_byte() {
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
            (r#""\\""#, "\\"),
            (r#""\"\"a\\\n\"""#, "\"\"a\\\n\""),
            (r#""sixteen bytes and \" more \u0041""#, "sixteen bytes and \" more A"),
        ] {
            let read = Cursor::new(token).string();
            assert_eq!(read.decode(), says, "{token}");
            assert!(read.is(says), "{token}");
            assert_eq!(read.raw(), &token[1..token.len() - 1]);
        }
    }
}
