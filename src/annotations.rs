//! The annotations that the policy writes on an object: what it added, and what waits (contract, 4.4 and 5).

use std::borrow::Cow;

use crate::document::{Malformed, Node, Str, quoted};
use crate::merge::Record;
use crate::workload;

/// The prefix of the annotations, from the settings.
#[derive(Clone, Copy, Debug)]
pub struct Domain<'s>(pub &'s str);

/// The names of the annotations behind the prefix: the record, the mark for people and selectors, and what waits.
pub const NAMES: [&str; 3] = ["injected", "status", "update-pending"];

/// An annotation as JSON, ready to be put on an object; without a value it is taken off.
type Written = (String, Option<String>);

impl Domain<'_> {
    fn key(self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }

    /// Whether any of the annotations is on `object`.
    #[must_use]
    pub fn is_on(self, object: &Node<'_>) -> bool {
        NAMES.iter().any(|name| workload::annotation(object, &self.key(name)).is_some())
    }

    /// What is ours in `object`.
    ///
    /// # Errors
    /// The record cannot be read, and so owns nothing: a warning that says so.
    pub fn record(self, object: &Node<'_>) -> Result<Record, String> {
        let key = self.key("injected");
        match workload::annotation(object, &key) {
            Some(text) => Record::parse(&text)
                .map_err(|_| format!("annotation {key} cannot be read; what was added before counts as yours now")),
            None => Ok(Record::default()),
        }
    }

    /// The annotations that are on `object` and should not be, or should be and are not, or say something else.
    /// Where there is nothing to say, they go.
    #[must_use]
    pub fn changes(self, object: &Node<'_>, record: &Record, waiting: &str) -> Vec<Written> {
        let is_ours = !record.is_empty();
        let values = [
            is_ours.then(|| Cow::Owned(record.to_json())),
            is_ours.then_some(Cow::Borrowed("injected")),
            (!waiting.is_empty()).then_some(Cow::Borrowed(waiting)),
        ];
        NAMES
            .iter()
            .map(|name| self.key(name))
            .zip(values)
            .filter(|(key, value)| workload::annotation(object, key) != *value)
            .map(|(key, value)| (quoted(&key), value.map(|value| quoted(&value))))
            .collect()
    }
}

/// Makes `changes` in the annotations of `object`.
///
/// # Errors
/// The metadata or its annotations are no object.
pub fn apply<'a>(object: &mut Node<'a>, changes: &'a [Written]) -> Result<(), Malformed> {
    if changes.is_empty() {
        return Ok(());
    }
    let metadata = object
        .object_mut(|| "object".to_owned())?
        .object_at(Str::from_token("\"metadata\""), || "metadata".to_owned())?;
    let annotations = metadata.object_at(ANNOTATIONS, || "metadata.annotations".to_owned())?;
    for (key, value) in changes {
        let key = Str::from_written(key);
        match value {
            Some(value) => annotations.set(key, Node::text_only(value)),
            None => _ = annotations.remove(&key.decode()),
        }
    }
    // What held nothing but ours was not there before us.
    if annotations.iter().next().is_none() {
        metadata.remove(ANNOTATIONS.raw());
    }
    Ok(())
}

const ANNOTATIONS: Str<'static> = Str::from_token("\"annotations\"");
