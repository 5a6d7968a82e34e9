//! YAML as kubectl reads it, with the place of every value; and written so that kubectl reads the same values.
//!
//! kubectl reads by the rules of YAML 1.1, with what its library leaves out of them: a plain `yes` is `true` and `010` is
//! eight, while `1:30` and dates stay texts. So does this, after [`resolve.go`] of the version that kubectl has.
//!
//! [`resolve.go`]: https://github.com/kubernetes-sigs/yaml/blob/master/goyaml.v2/resolve.go

use std::{collections::HashMap, fmt, mem};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use serde::Serialize;
use serde_json::{Map, Number, Value};

/// How many values a document may have that aliases repeat: a few lines can otherwise stand for billions.
const MOST_REPEATED: usize = 1_000_000;

/// A place in a text; line and column are counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// What a text has where YAML was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where.
    pub at: Position,
    /// What is wrong there.
    pub what: String,
}

/// A document, as kubectl reads it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// What it holds.
    pub value: Value,
    /// The line that it begins at.
    pub line: usize,
    /// Where each value is, by its path: of a member, its name; of an item, the item.
    positions: HashMap<String, Position>,
    /// What is there and may not be what was meant.
    pub oddities: Vec<Oddity>,
}

/// A value that is read, though maybe not as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Where.
    pub at: Position,
    /// The path of the value, `spec.settings.notebooks[0]`.
    pub path: String,
    /// What is odd about it, and what to write instead.
    pub what: String,
}

/// The documents of a text. One that is malformed does not keep the others from being read.
#[must_use]
pub fn documents(text: &str) -> Vec<Result<Document, Malformed>> {
    let mut reader = Reader::new(text, true);
    let mut documents = Vec::new();
    while let Some(document) = reader.next_document() {
        documents.push(document);
    }
    documents
}

/// The one value of a text, without the places of what is in it; `null` where there is none.
///
/// # Errors
/// What is malformed, or that there is more than one document.
pub fn value(text: &str) -> Result<Value, Malformed> {
    let mut reader = Reader::new(text, false);
    let Some(document) = reader.next_document() else { return Ok(Value::Null) };
    let value = document?.value;
    match reader.next_document() {
        None => Ok(value),
        Some(next) => {
            let at = Position { line: next?.line, column: 1 };
            Err(Malformed { at, what: "a second document, where one is expected".to_owned() })
        }
    }
}

/// Writes a value so that kubectl, and every other reader of YAML 1.1 or 1.2, reads the same.
#[must_use]
pub fn written(value: &impl Serialize) -> String {
    // Long lines stay whole: a diff by line would otherwise show where they were broken.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(value, options).unwrap_or_else(|error| format!("# {error}\n"))
}

/// The path of the member `name` of what is at `path`, as the policy writes it in its messages.
#[must_use]
pub fn member(path: &str, name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let separator = if path.is_empty() { "" } else { "." };
    if !name.is_empty() && name.chars().all(is_plain) {
        format!("{path}{separator}{name}")
    } else {
        format!("{path}{separator}{}", Value::from(name))
    }
}

impl Document {
    /// Where the value at `path` is, or where it would be: what is nearest above it.
    #[must_use]
    pub fn position(&self, path: &str) -> Position {
        let mut path = path;
        loop {
            if let Some(position) = self.positions.get(path) {
                return *position;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = path.get(..end).unwrap_or_default(),
                None => {
                    let start = Position { line: self.line, column: 1 };
                    return self.positions.get("").copied().unwrap_or(start);
                }
            }
        }
    }
}

/// What is said of a member that has the name of another.
const TWICE: &str = "stands here twice";

impl Oddity {
    /// Whether it is a member that stands there twice. Else it is a scalar that is read as kubectl reads it.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.what.starts_with(TWICE)
    }
}

impl From<Value> for Document {
    /// A document whose places are not known.
    fn from(value: Value) -> Self {
        Self { value, line: 1, ..Self::default() }
    }
}

/// Reads the documents of a text one by one.
struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// Whether places and oddities are wanted.
    is_noting: bool,
    document: Document,
    /// What anchors name, and how many values each has.
    anchors: HashMap<usize, (Value, usize)>,
    /// How many values aliases have repeated.
    repeated: usize,
    is_at_end: bool,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, is_noting: bool) -> Self {
        // A document that was cut off by the byte order mark of a Windows editor is whole.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            parser: Parser::new_from_str(text),
            is_noting,
            document: Document::default(),
            anchors: HashMap::new(),
            repeated: 0,
            is_at_end: false,
        }
    }

    fn next_document(&mut self) -> Option<Result<Document, Malformed>> {
        while !self.is_at_end {
            match self.event() {
                Ok((Event::DocumentStart(..), span)) => {
                    self.document = Document { line: span.start.line(), ..Document::default() };
                    self.anchors.clear();
                    self.repeated = 0;
                    return Some(self.document());
                }
                Ok((Event::StreamEnd, _)) => self.is_at_end = true,
                Ok(_) => {}
                Err(malformed) => return Some(Err(self.recovered(malformed))),
            }
        }
        None
    }

    fn document(&mut self) -> Result<Document, Malformed> {
        let read = self.event().and_then(|(event, span)| {
            let value = self.node(event, span, &mut String::new())?.0;
            // The end of this one may be the malformed beginning of what should be the next.
            self.event().map(|_| value)
        });
        match read {
            Ok(value) => Ok(Document { value, ..mem::take(&mut self.document) }),
            Err(malformed) => Err(self.recovered(malformed)),
        }
    }

    /// Goes on behind a malformed document.
    fn recovered(&mut self, malformed: Malformed) -> Malformed {
        if !matches!(self.parser.proceed_next_document(), Ok(true)) {
            self.is_at_end = true;
        }
        malformed
    }

    fn event(&mut self) -> Result<(Event<'t>, Span), Malformed> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Malformed::from(&error)),
            None => Err(Malformed { at: Position { line: 1, column: 1 }, what: "the text ends too early".to_owned() }),
        }
    }

    /// The value that an event begins, and how many values are in it. The parser limits how deep they are.
    fn node(&mut self, event: Event<'t>, span: Span, path: &mut String) -> Result<(Value, usize), Malformed> {
        let at = position(span);
        if self.is_noting {
            // A member is found by its name, which was noted before.
            self.document.positions.entry(path.clone()).or_insert(at);
        }
        let (value, count, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let value = if is_text { Value::from(text.into_owned()) } else { self.resolved(&text, at, path) };
                (value, 1, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let (value, count) = self.list(path)?;
                (value, count, anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                let (value, count) = self.mapping(path)?;
                (value, count, anchor)
            }
            Event::Alias(anchor) => {
                let (value, count) = self.anchors.get(&anchor).cloned().unwrap_or_default();
                self.repeated += count;
                if self.repeated > MOST_REPEATED {
                    let what = format!("aliases repeat more than {MOST_REPEATED} values");
                    return Err(Malformed { at, what });
                }
                return Ok((value, count));
            }
            _ => return Err(Malformed { at, what: "a value is expected".to_owned() }),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), count));
        }
        Ok((value, count))
    }

    fn list(&mut self, path: &mut String) -> Result<(Value, usize), Malformed> {
        let (mut items, mut count, length) = (Vec::new(), 1, path.len());
        loop {
            let (event, span) = self.event()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok((Value::Array(items), count));
            }
            if self.is_noting {
                path.push_str(&format!("[{}]", items.len()));
            }
            let (item, below) = self.node(event, span, path)?;
            path.truncate(length);
            items.push(item);
            count += below;
        }
    }

    fn mapping(&mut self, path: &mut String) -> Result<(Value, usize), Malformed> {
        let (mut members, mut merged, mut count, length) = (Map::new(), Vec::new(), 1, path.len());
        loop {
            let (event, span) = self.event()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let at = position(span);
            let (name, is_merge) = self.name(event, at, path)?;
            if self.is_noting {
                *path = member(path, &name);
                let first = *self.document.positions.entry(path.clone()).or_insert(at);
                if members.contains_key(&name) && !is_merge {
                    let what = format!("{TWICE}, first in line {}: the last one counts", first.line);
                    self.document.oddities.push(Oddity { at, path: path.clone(), what });
                }
            }
            let (event, span) = self.event()?;
            let (value, below) = self.node(event, span, path)?;
            path.truncate(length);
            count += below;
            if is_merge {
                merged.push((at, value));
            } else {
                members.insert(name, value);
            }
        }
        for (at, value) in merged {
            let sources = if let Value::Array(sources) = value { sources } else { vec![value] };
            for source in sources {
                let Value::Object(source) = source else {
                    return Err(Malformed { at, what: "<< merges mappings, and this is not one".to_owned() });
                };
                for (name, value) in source {
                    members.entry(name).or_insert(value);
                }
            }
        }
        Ok((Value::Object(members), count))
    }

    /// A member's name, which is a text in JSON, and whether it is the sign that merges another mapping into this one.
    fn name(&mut self, event: Event<'t>, at: Position, path: &str) -> Result<(String, bool), Malformed> {
        let Event::Scalar(text, style, ..) = event else {
            return Err(Malformed { at, what: "a member's name must be a string".to_owned() });
        };
        if style != ScalarStyle::Plain {
            return Ok((text.into_owned(), false));
        }
        if text == "<<" {
            return Ok((text.into_owned(), true));
        }
        match self.resolved(&text, at, &member(path, &text)) {
            Value::String(name) => Ok((name, false)),
            Value::Null => Err(Malformed { at, what: "a member's name must be a string, found null".to_owned() }),
            other => Ok((other.to_string(), false)),
        }
    }

    /// The value of a plain scalar.
    fn resolved(&mut self, text: &str, at: Position, path: &str) -> Value {
        let value = resolved(text);
        if self.is_noting
            && let Some(what) = oddity(text, &value)
        {
            self.document.oddities.push(Oddity { at, path: path.to_owned(), what });
        }
        value
    }
}

fn position(span: Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

impl From<&ScanError> for Malformed {
    fn from(error: &ScanError) -> Self {
        let at = Position { line: error.marker().line(), column: error.marker().col() + 1 };
        Self { at, what: error.info() }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.at.line, self.at.column, self.what)
    }
}

impl std::error::Error for Malformed {}

/// What kubectl reads where a plain scalar stands.
fn resolved(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    let number = match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'+' | b'-') => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| float(&plain))
        }
        Some(b'.') => float(text),
        _ => None,
    };
    number.map_or_else(|| Value::from(text), Value::Number)
}

/// An integer as Go's `strconv.ParseInt` reads it with base 0.
fn integer(text: &str) -> Option<Number> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let after = |prefixes: [&str; 2]| prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix));
    let (radix, digits) = if let Some(digits) = after(["0x", "0X"]) {
        (16, digits)
    } else if let Some(digits) = after(["0o", "0O"]) {
        (8, digits)
    } else if let Some(digits) = after(["0b", "0B"]) {
        (2, digits)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, digits.get(1..)?)
    } else {
        (10, digits)
    };
    // `from_str_radix` takes a sign of its own.
    let magnitude = if digits.starts_with(['+', '-']) { None } else { u64::from_str_radix(digits, radix).ok() }?;
    if is_negative { 0_i64.checked_sub_unsigned(magnitude).map(Number::from) } else { Some(Number::from(magnitude)) }
}

/// A decimal fraction; `None` for what JSON has no number for.
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_decimal = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit())
        && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    let number: f64 = if is_decimal { text.parse().ok()? } else { return None };
    let whole = number as i64;
    // JSON of Go has no `.0`.
    if number == whole as f64 && whole.unsigned_abs() < 1 << 53 {
        Some(Number::from(whole))
    } else {
        Number::from_f64(number)
    }
}

/// What may be meant otherwise by a plain scalar that is read as `value`. A number is not repeated: it may be a secret.
fn oddity(text: &str, value: &Value) -> Option<String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let has_prefix =
        digits.starts_with('0') && digits.as_bytes().get(1).is_some_and(|byte| !matches!(byte, b'.' | b'e' | b'E'));
    match value {
        Value::Bool(is_true) if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") => {
            Some(format!("kubectl reads {text} as {is_true}: write {is_true}, or \"{text}\" for the text"))
        }
        Value::Number(_) if text.contains('_') => {
            Some("kubectl reads this as a number, without the underscores: quote it where the text is meant".to_owned())
        }
        Value::Number(_) if has_prefix => {
            Some("kubectl reads this as a number in a base other than 10: quote it where the text is meant".to_owned())
        }
        Value::String(_) if is_sexagesimal(digits) => {
            Some("some readers of YAML take this for a number in base 60: quote it".to_owned())
        }
        _ => None,
    }
}

/// Whether YAML 1.1 has this for a number, as in `1:30`.
fn is_sexagesimal(digits: &str) -> bool {
    let mut parts = digits.split(':');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_first = parts.next().is_some_and(is_number);
    let mut is_any = false;
    let is_rest = parts.all(|part| {
        is_any = true;
        is_number(part) && part.parse::<u8>().is_ok_and(|number| number < 60)
    });
    is_first && is_any && is_rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const UNDERSCORES: &str =
        "kubectl reads this as a number, without the underscores: quote it where the text is meant";
    const BASE: &str = "kubectl reads this as a number in a base other than 10: quote it where the text is meant";
    const SIXTY: &str = "some readers of YAML take this for a number in base 60: quote it";

    fn only(text: &str) -> Document {
        let mut documents = documents(text);
        assert_eq!(documents.len(), 1, "{text}");
        documents.remove(0).unwrap_or_else(|malformed| panic!("{text}: {malformed}"))
    }

    #[test]
    fn plain_scalars_are_what_kubectl_reads() {
        let none: Option<&str> = None;
        for (text, value, odd) in [
            ("", json!(null), none),
            ("~", json!(null), none),
            ("Null", json!(null), none),
            ("true", json!(true), none),
            ("FALSE", json!(false), none),
            ("yes", json!(true), Some(r#"kubectl reads yes as true: write true, or "yes" for the text"#)),
            ("n", json!(false), Some(r#"kubectl reads n as false: write false, or "n" for the text"#)),
            ("Off", json!(false), Some(r#"kubectl reads Off as false: write false, or "Off" for the text"#)),
            ("yEs", json!("yEs"), none),
            ("0", json!(0), none),
            ("42", json!(42), none),
            ("-42", json!(-42), none),
            ("+42", json!(42), none),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64), none),
            ("-9223372036854775808", json!(i64::MIN), none),
            ("99999999999999999999", json!(1e20), none),
            ("1_000", json!(1000), Some(UNDERSCORES)),
            ("010", json!(8), Some(BASE)),
            ("08", json!(8), Some(BASE)),
            ("0o17", json!(15), Some(BASE)),
            ("0x1F", json!(31), Some(BASE)),
            ("-0b11", json!(-3), Some(BASE)),
            ("0x", json!("0x"), none),
            ("1.5", json!(1.5), none),
            ("0.5", json!(0.5), none),
            (".5", json!(0.5), none),
            ("1.0", json!(1), none),
            ("1e3", json!(1000), none),
            ("1e400", json!("1e400"), none),
            (".inf", json!(".inf"), none),
            (".", json!("."), none),
            ("-", json!("-"), none),
            ("--1", json!("--1"), none),
            ("1.2.3", json!("1.2.3"), none),
            ("1Gi", json!("1Gi"), none),
            ("500m", json!("500m"), none),
            ("10.0.0.0/8", json!("10.0.0.0/8"), none),
            ("1:30", json!("1:30"), Some(SIXTY)),
            ("1:90", json!("1:90"), none),
            ("image:1", json!("image:1"), none),
            ("fe80::1", json!("fe80::1"), none),
            ("2026-01-01", json!("2026-01-01"), none),
            ("2026-01-01T00:00:00Z", json!("2026-01-01T00:00:00Z"), none),
        ] {
            let read = resolved(text);
            assert_eq!(read, value, "{text}");
            assert_eq!(oddity(text, &read).as_deref(), odd, "{text}");
        }
    }

    #[test]
    fn what_a_document_holds() {
        for (name, text, value) in [
            ("nothing", "---\n", json!(null)),
            (
                "quoted scalars are texts",
                "a: 'yes'\nb: \"1\"\nc: |\n  10\n",
                json!({"a": "yes", "b": "1", "c": "10\n"}),
            ),
            ("a tag makes a text", "a: !!str 1", json!({"a": "1"})),
            ("names are texts", "1: a\nyes: b\n1.5: c", json!({"1": "a", "true": "b", "1.5": "c"})),
            ("the last one counts", "a: 1\na: 2", json!({"a": 2})),
            ("an alias repeats", "a: &x {b: 1}\nc: *x", json!({"a": {"b": 1}, "c": {"b": 1}})),
            (
                "merged members are those that are absent",
                "a: &x {b: 1, c: 1}\nd: &y {c: 2, e: 2}\nf: {<<: [*x, *y], b: 3}",
                json!({"a": {"b": 1, "c": 1}, "d": {"c": 2, "e": 2}, "f": {"b": 3, "c": 1, "e": 2}}),
            ),
            ("a quoted << is a name", "\"<<\": {b: 3}", json!({"<<": {"b": 3}})),
            ("JSON", "{\"a\": [1, \"\\ud83d\\ude00\", null],\t\"b\": {}}", json!({"a": [1, "😀", null], "b": {}})),
            ("a byte order mark", "\u{feff}a: 1", json!({"a": 1})),
        ] {
            assert_eq!(only(text).value, value, "{name}");
            assert_eq!(super::value(text), Ok(value), "{name}");
        }
        assert_eq!(documents(""), []);
        assert_eq!(documents("# a comment\n"), []);
    }

    #[test]
    fn where_a_value_is() {
        let document = only("# first\na:\n  b: [1, {c: 2}]\n  \"d e\": x\n  f.g: y\n");
        for (path, line, column) in [
            ("a", 2, 1),
            ("a.b", 3, 3),
            ("a.b[0]", 3, 7),
            ("a.b[1].c", 3, 11),
            ("a.\"d e\"", 4, 3),
            ("a.f.g", 5, 3),
            ("a.b[1].missing", 3, 10),
            ("a.missing.further[3]", 2, 1),
            ("missing", 2, 1),
        ] {
            assert_eq!(document.position(path), Position { line, column }, "{path}");
        }
    }

    #[test]
    fn what_stands_twice_is_odd() {
        let document = only("a:\n  b: 1\n  c: {d: 1, d: 2}\n  b: 3\n");
        let found: Vec<_> = document
            .oddities
            .iter()
            .map(|odd| format!("{}:{} {}: {}", odd.at.line, odd.at.column, odd.path, odd.what))
            .collect();
        assert_eq!(
            found,
            [
                "3:13 a.c.d: stands here twice, first in line 3: the last one counts",
                "4:3 a.b: stands here twice, first in line 2: the last one counts",
            ]
        );
    }

    #[test]
    fn a_malformed_document_does_not_hide_the_others() {
        let read = documents("a: 1\n---\nb: [\n---\nc: 3\n---\n- x\n y: z\n---\n? {a: 1}\n: 1\n---\nd: 4\n");
        let shown: Vec<_> = read
            .iter()
            .map(|document| match document {
                Ok(document) => document.value.to_string(),
                Err(malformed) => format!("line {}", malformed.at.line),
            })
            .collect();
        assert_eq!(shown, [r#"{"a":1}"#, "line 3", r#"{"c":3}"#, "line 8", "line 10", r#"{"d":4}"#]);
    }

    #[test]
    fn what_is_malformed() {
        for (text, at, expected) in [
            ("a: 1\n---\nb: 2", 2, "a second document, where one is expected"),
            ("a: {~: 1}", 1, "a member's name must be a string, found null"),
            ("<<: 1", 1, "<< merges mappings, and this is not one"),
            (&"[".repeat(600), 1, "recursion limit exceeded"),
            (&"- ".repeat(600), 1, "recursion limit exceeded"),
            (
                &format!(
                    "a0: &a0 [x, x]\n{}",
                    (1..40).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1)).collect::<String>()
                ),
                18,
                "aliases repeat more than 1000000 values",
            ),
        ] {
            let malformed = super::value(text).expect_err(text);
            assert_eq!(malformed.at.line, at, "{malformed}");
            assert!(malformed.what.contains(expected), "{malformed}");
        }
    }

    /// Where a text would be read as something else, by a reader of YAML 1.1 or 1.2, it is quoted.
    #[test]
    fn what_is_written_is_read_again() {
        let texts = [
            "yes",
            "On",
            "n",
            "1_000",
            "010",
            "0o17",
            "0x1f",
            "1e3",
            ".5",
            "1:30",
            "190:20:30.15",
            "~",
            "null",
            "",
            "2026-01-01",
            "<<",
            "=",
            "a: b",
            "- x",
            "#c",
            "a #b",
            "true",
            "+1",
            ".inf",
            ".NaN",
            "two\nlines\n",
            "two\nlines",
            "\n",
            " \n",
            "x\n\n\n",
            "  led",
            "trailed ",
            "a\tb",
            "æøå 😀",
            "\u{7f}\u{85}\u{2028}\u{feff}",
            "@x",
            "`x",
            "%x",
            "!x",
            "&x",
            "*x",
            "|",
            "> ",
            "? x",
            "[x",
            "{x",
            "x]",
            "a, b",
            "'q",
            "\"q",
            "\\n",
            "...",
            "---",
            "a\n---\nb\n",
            "\r\n",
            "a\r\nb\n",
        ];
        for text in texts {
            for value in [json!({"a": text}), json!([text, [text]]), json!({text: [{"b": text}]})] {
                let written = written(&value);
                assert_eq!(super::value(&written), Ok(value), "{written}");
                assert!(only(&written).oddities.is_empty(), "{written}");
            }
        }
        let long = json!({"a": "word ".repeat(100)});
        assert_eq!(written(&long).lines().count(), 1);
        let others = json!({"a": [1, -1, 0.5, 1e300, true, null, [], {}], "b": {}, "c": [[1, [2]], {"d": [{"e": 1}]}]});
        assert_eq!(super::value(&written(&others)), Ok(others));
    }
}
