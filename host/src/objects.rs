//! Objects from files, folders and standard input, one after the other: an export of a cluster is larger than memory
//! should have to be.
//!
//! What kubectl writes is a `List`. Its items are taken apart without reading them, so that whoever wants them can read
//! several at a time.

use std::{
    fmt, fs,
    io::{self, BufRead, BufReader, Read},
    mem,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    document::name_of,
    yaml::{self, Malformed},
};

/// Where an object comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub file: String,
    /// Which of its documents, counted from 1.
    pub document: usize,
    /// Which item of the list that the document is.
    pub item: Option<usize>,
}

/// An object that is still text.
#[derive(Debug)]
pub struct Unread {
    /// Where it comes from.
    pub origin: Origin,
    text: Text,
}

#[derive(Debug)]
enum Text {
    Json(Box<RawValue>),
    /// With the number of lines before it.
    Yaml(String, usize),
    Value(Value),
    /// What was wrong before there was an object.
    Broken(String),
}

/// The files that are meant by paths: each file; of a folder, and of those in it, all that are YAML or JSON by name; those
/// that a pattern with `*`, `?` or `[` names.
///
/// # Errors
/// A path that is not there, or a pattern that names nothing.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path == Path::new("-") || path.is_file() {
            files.push(path.clone());
        } else if path.is_dir() {
            in_folder(path, &mut files)?;
        } else {
            let pattern = path.to_string_lossy();
            let is_pattern = pattern.contains(['*', '?', '[']) && !path.exists();
            let named: Vec<_> = if is_pattern { glob::glob(&pattern)?.collect::<Result<_, _>>()? } else { Vec::new() };
            match (is_pattern, named.is_empty()) {
                (true, true) => bail!("no file is named {pattern}"),
                (true, false) => files.extend(self::files(&named)?),
                // What opens like a file is one: a pipe that the shell has made of a command.
                (false, _) if path.exists() => files.push(path.clone()),
                (false, _) => bail!("{pattern}: there is no such file or folder"),
            }
        }
    }
    Ok(files)
}

fn in_folder(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let cannot_read = || format!("cannot read {}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot_read)? {
        entries.push(entry.with_context(cannot_read)?.path());
    }
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            in_folder(&entry, files)?;
        } else if matches!(entry.extension().and_then(|extension| extension.to_str()), Some("yaml" | "yml" | "json")) {
            files.push(entry);
        }
    }
    Ok(())
}

/// Hands every object of a file on, in their order. `bytes` grows by what has been read.
///
/// # Errors
/// The file cannot be read, or `each` fails. What is wrong in the file is no error: it is handed on in its place.
pub fn each(path: &Path, bytes: &AtomicU64, each: &mut dyn FnMut(Unread) -> Result<()>) -> Result<()> {
    let file = name_of(path);
    let read: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(fs::File::open(path).with_context(|| format!("cannot read {file}"))?)
    };
    each_of(BufReader::with_capacity(1 << 16, Counted { read, bytes }), &file, each)
        .with_context(|| format!("cannot read {file}"))
}

/// Counts what is read.
struct Counted<'a> {
    read: Box<dyn Read>,
    bytes: &'a AtomicU64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.read.read(buffer)?;
        self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

fn each_of(mut read: impl BufRead, file: &str, each: &mut dyn FnMut(Unread) -> Result<()>) -> Result<()> {
    let first = loop {
        let bytes = read.fill_buf()?;
        match bytes.iter().position(|byte| !byte.is_ascii_whitespace()) {
            Some(at) => break bytes.get(at).copied(),
            None if bytes.is_empty() => break None,
            None => {
                let length = bytes.len();
                read.consume(length);
            }
        }
    };
    match first {
        Some(b'{' | b'[') => json(read, file, each),
        _ => yaml(read, file, each),
    }
}

impl Unread {
    /// Reads the objects: mostly one; those of a list that could not be taken apart, and none where there is none.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn read(self) -> Result<Vec<Value>> {
        let value = match self.text {
            Text::Json(text) => serde_json::from_str(text.get()).map_err(anyhow::Error::from),
            Text::Yaml(text, lines) => yaml::value(&text).map_err(|Malformed { mut at, what }| {
                at.line += lines;
                Malformed { at, what }.into()
            }),
            Text::Value(value) => Ok(value),
            Text::Broken(what) => Err(anyhow!(what)),
        };
        match value.with_context(|| self.origin.to_string())? {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => Ok(items),
            Value::Object(mut list) if is_list(&list) => match list.remove("items") {
                Some(Value::Array(items)) => Ok(items),
                _ => Ok(Vec::new()),
            },
            value => Ok(vec![value]),
        }
    }
}

/// Whether this is a list as the API server answers with: a `List` or a `NotebookList`.
fn is_list(members: &Map<String, Value>) -> bool {
    members.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"))
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: document {}", self.file, self.document)?;
        match self.item {
            Some(item) => write!(f, ", items[{item}]"),
            None => Ok(()),
        }
    }
}

/// Takes YAML apart by its lines: one that begins with `---` ends a document. Below a line `items:` an item begins with `-`
/// where the first one does, since whatever is in an item stands further in.
fn yaml(mut read: impl BufRead, file: &str, each: &mut dyn FnMut(Unread) -> Result<()>) -> Result<()> {
    let mut documents = Documents { file, document: 1, lines: 0, text: Vec::new(), begins_at: 0, items: None, each };
    let mut line = Vec::new();
    while read.read_until(b'\n', &mut line)? > 0 {
        documents.line(&line)?;
        documents.lines += 1;
        line.clear();
    }
    documents.end()
}

/// The documents of a file of YAML, line by line.
struct Documents<'a> {
    file: &'a str,
    document: usize,
    /// How many lines have been read.
    lines: usize,
    /// What has been read of the document, or of its item, and the lines before that.
    text: Vec<u8>,
    begins_at: usize,
    items: Option<Items>,
    each: &'a mut dyn FnMut(Unread) -> Result<()>,
}

/// The items of a document.
#[derive(Default)]
struct Items {
    /// How far in they begin, once one has begun.
    indent: Option<usize>,
    /// How many have begun.
    count: usize,
    /// Whether they are over: something else follows.
    are_over: bool,
}

impl Documents<'_> {
    fn line(&mut self, line: &[u8]) -> Result<()> {
        if let Some(rest) = line.strip_prefix(b"---")
            && rest.first().is_none_or(u8::is_ascii_whitespace)
        {
            self.end()?;
            self.begins_at = self.lines;
            // Where it stood, so that columns stay right.
            self.text.extend_from_slice(b"   ");
            self.text.extend_from_slice(rest);
            return Ok(());
        }
        let Some(items) = &mut self.items else {
            if line.trim_ascii_end() == b"items:" {
                self.items = Some(Items::default());
            } else {
                self.text.extend_from_slice(line);
            }
            return Ok(());
        };
        let indent = line.iter().take_while(|byte| **byte == b' ').count();
        let inner = line.get(indent..).unwrap_or_default();
        let is_item = inner.first() == Some(&b'-') && inner.get(1).is_none_or(u8::is_ascii_whitespace);
        if is_item && items.indent.is_none_or(|of_items| of_items == indent) {
            let is_first = items.count == 0;
            items.indent = Some(indent);
            if is_first {
                self.text.clear();
            } else {
                self.item()?;
            }
            self.items.get_or_insert_default().count += 1;
            self.begins_at = self.lines;
            // Without its dash, an item is a document.
            self.text.extend_from_slice(line);
            if let Some(dash) = self.text.get_mut(indent) {
                *dash = b' ';
            }
        } else if indent == 0 && !inner.trim_ascii().is_empty() && inner.first() != Some(&b'#') {
            items.are_over = true;
        } else if !items.are_over {
            self.text.extend_from_slice(line);
        }
        Ok(())
    }

    /// Ends the item, or the document where it has none.
    fn item(&mut self) -> Result<()> {
        let item = self.items.as_ref().map(|items| items.count.saturating_sub(1));
        let origin = Origin { file: self.file.to_owned(), document: self.document, item };
        let text = String::from_utf8(mem::take(&mut self.text));
        let text = text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let text = Text::Yaml(text, self.begins_at);
        (self.each)(Unread { origin, text })
    }

    /// Ends the document.
    fn end(&mut self) -> Result<()> {
        let has_content = |line: &[u8]| !matches!(line.trim_ascii_start().first(), None | Some(b'#'));
        let is_any = match &self.items {
            Some(items) => items.count > 0,
            None => self.text.split(|byte| *byte == b'\n').any(has_content),
        };
        if is_any {
            self.item()?;
            self.document += 1;
        }
        self.items = None;
        self.text.clear();
        Ok(())
    }
}

/// Takes JSON apart: a value after the other, and of a list an item after the other.
fn json(read: impl BufRead, file: &str, each: &mut dyn FnMut(Unread) -> Result<()>) -> Result<()> {
    let mut values = serde_json::Deserializer::from_reader(read);
    let mut origin = Origin { file: file.to_owned(), document: 1, item: None };
    while values.end().is_err() {
        let mut failed = None;
        let list = List { origin: &origin, each, failed: &mut failed };
        match (list.deserialize(&mut values), failed) {
            (_, Some(error)) => return Err(error),
            (Ok(None), None) => {}
            (Ok(Some(value)), None) => each(Unread { origin: origin.clone(), text: Text::Value(value) })?,
            // What follows cannot be told from what is broken.
            (Err(error), None) => return each(Unread { origin, text: Text::Broken(error.to_string()) }),
        }
        origin.document += 1;
    }
    Ok(())
}

/// Reads a value. The items of a list are handed on, and nothing is left then.
struct List<'a> {
    origin: &'a Origin,
    each: &'a mut dyn FnMut(Unread) -> Result<()>,
    /// Why `each` failed.
    failed: &'a mut Option<anyhow::Error>,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { origin, each, failed } = self;
        let (mut members, mut is_list) = (Map::new(), false);
        while let Some(name) = map.next_key::<String>()? {
            let value = if name == "items" {
                map.next_value_seed(List { origin, each: &mut *each, failed: &mut *failed })?
            } else {
                Some(map.next_value()?)
            };
            match value {
                Some(value) => _ = members.insert(name, value),
                None => is_list = true,
            }
        }
        Ok((!is_list).then_some(Value::Object(members)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut count = 0;
        while let Some(text) = items.next_element()? {
            let origin = Origin { item: Some(count), ..self.origin.clone() };
            if let Err(error) = (self.each)(Unread { origin, text: Text::Json(text) }) {
                *self.failed = Some(error);
                return Err(A::Error::custom("it is handed on no further"));
            }
            count += 1;
        }
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each object as JSON behind its origin, or what is wrong.
    fn found(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut each = |unread: Unread| {
            let origin = unread.origin.to_string();
            match unread.read() {
                Ok(objects) => found.extend(objects.iter().map(|object| format!("{origin}: {object}"))),
                Err(error) => found.push(format!("{error:#}")),
            }
            Ok(())
        };
        each_of(text.as_bytes(), "f", &mut each).expect("it is read");
        found
    }

    #[test]
    fn objects_of_a_file() {
        let cases: [(&str, &str, &[&str]); 22] = [
            ("nothing", "", &[]),
            ("a comment", "# nothing\n---\n\n", &[]),
            ("one", "a: 1\n", &[r#"f: document 1: {"a":1}"#]),
            ("one behind a separator", "---\na: 1\n", &[r#"f: document 1: {"a":1}"#]),
            ("two", "a: 1\n---\nb: 2", &[r#"f: document 1: {"a":1}"#, r#"f: document 2: {"b":2}"#]),
            (
                "something behind a separator",
                "--- {a: 1}\n--- # none\n--- [{b: 2}]\n",
                &[r#"f: document 1: {"a":1}"#, r#"f: document 2: {"b":2}"#],
            ),
            ("what only looks like one", "a: |\n  x\n  ---\n  y\n", &[r#"f: document 1: {"a":"x\n---\ny\n"}"#]),
            (
                "a list as kubectl writes it",
                "apiVersion: v1\nitems:\n- a: 1\n  b:\n  - 2\n- a: 3\nkind: List\nmetadata:\n  x: y\n",
                &[r#"f: document 1, items[0]: {"a":1,"b":[2]}"#, r#"f: document 1, items[1]: {"a":3}"#],
            ),
            (
                "a list that is further in",
                "items:\n  # first\n  - a: |\n      - x\n    b: 1\n\n  -\n    a: 2\n",
                &[r#"f: document 1, items[0]: {"a":"- x\n","b":1}"#, r#"f: document 1, items[1]: {"a":2}"#],
            ),
            (
                "two lists",
                "items:\n- a: 1\n---\nitems:\n- a: 2\n---\na: 3\n",
                &[
                    r#"f: document 1, items[0]: {"a":1}"#,
                    r#"f: document 2, items[0]: {"a":2}"#,
                    r#"f: document 3: {"a":3}"#,
                ],
            ),
            ("an empty list", "items: []\nkind: NotebookList\n", &[]),
            (
                "a list in flow",
                "{kind: List, items: [{a: 1}, {a: 2}]}",
                &["f: document 1: key must be a string at line 1 column 2"],
            ),
            (
                "a list in flow behind a separator",
                "---\n{kind: List, items: [{a: 1}, {a: 2}]}",
                &[r#"f: document 1: {"a":1}"#, r#"f: document 1: {"a":2}"#],
            ),
            (
                "a broken one between",
                "a: 1\n---\nb: [\n---\nc: 3\n",
                &[
                    r#"f: document 1: {"a":1}"#,
                    "f: document 2: line 3, column 4: unclosed bracket '['",
                    r#"f: document 3: {"c":3}"#,
                ],
            ),
            (
                "a broken item",
                "items:\n- a: 1\n- b: {\n- c: 3\n",
                &[
                    r#"f: document 1, items[0]: {"a":1}"#,
                    "f: document 1, items[1]: line 3, column 6: unclosed bracket '{'",
                    r#"f: document 1, items[2]: {"c":3}"#,
                ],
            ),
            ("JSON", "\n{\"a\":\t1}", &[r#"f: document 1: {"a":1}"#]),
            (
                "a list in JSON",
                r#"{"kind":"List","items":[{"a":1},{"a":2}],"x":1}"#,
                &[r#"f: document 1, items[0]: {"a":1}"#, r#"f: document 1, items[1]: {"a":2}"#],
            ),
            ("items that are no list", r#"{"items":{"a":1}}"#, &[r#"f: document 1: {"items":{"a":1}}"#]),
            (
                "an array",
                r#"[{"a":1},{"a":2}]"#,
                &[r#"f: document 1, items[0]: {"a":1}"#, r#"f: document 1, items[1]: {"a":2}"#],
            ),
            ("values of JSON", "{\"a\":1}\n{\"b\":2}\n", &[r#"f: document 1: {"a":1}"#, r#"f: document 2: {"b":2}"#]),
            (
                "JSON that is cut short",
                "{\"a\":1}{\"b\"",
                &[r#"f: document 1: {"a":1}"#, "f: document 2: EOF while parsing an object at line 1 column 11"],
            ),
            ("a byte that is no text", "a: \"\u{fffd}\"\n", &["f: document 1: {\"a\":\"\u{fffd}\"}"]),
        ];
        for (name, text, expected) in cases {
            assert_eq!(found(text), expected, "{name}");
        }
    }

    #[test]
    fn who_takes_no_more_ends_it() {
        for text in ["a: 1\n---\nb: 2\n", r#"{"items":[{"a":1},{"b":2}]}"#, "{}{}"] {
            let mut count = 0;
            let mut each = |_| {
                count += 1;
                bail!("enough")
            };
            let error = each_of(text.as_bytes(), "f", &mut each).expect_err(text);
            assert_eq!((error.to_string().as_str(), count), ("enough", 1), "{text}");
        }
    }
}
