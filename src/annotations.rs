//! The annotations that the policy writes on an object: what it added, and what waits (contract, 4.4 and 5).

use std::borrow::Cow;

use crate::document::{Malformed, Node, Str, quoted};
use crate::merge::Record;
use crate::workload;

/// The annotations' names, prefix included: the record, the mark for people and selectors, and what waits.
#[derive(Clone, Debug)]
pub struct Annotations {
    injected: String,
    status: String,
    update_pending: String,
}

/// An annotation as JSON, ready to be put on an object; without a value it is taken off.
type Written = (String, Option<String>);

impl Annotations {
    /// The annotations of a policy whose settings name this domain.
    #[must_use]
    pub fn of(domain: &str) -> Self {
        let name = |name| [domain, "/", name].concat();
        Annotations { injected: name("injected"), status: name("status"), update_pending: name("update-pending") }
    }

    fn names(&self) -> [&str; 3] {
        [&self.injected, &self.status, &self.update_pending]
    }

    /// Whether any of the annotations is on `object`.
    #[must_use]
    pub fn are_on(&self, object: &Node<'_>) -> bool {
        self.names().iter().any(|name| workload::annotation(object, name).is_some())
    }

    /// What is ours in `object`.
    ///
    /// # Errors
    /// The record cannot be read, and so owns nothing: a warning that says so.
    pub fn record(&self, object: &Node<'_>) -> Result<Record, String> {
        let unreadable =
            || format!("annotation {} cannot be read; what was added before counts as yours now", self.injected);
        match workload::annotation(object, &self.injected) {
            Some(text) => Record::parse(&text).ok_or_else(unreadable),
            None => Ok(Record::default()),
        }
    }

    /// The annotations that are on `object` and should not be, or should be and are not, or say something else.
    /// Where there is nothing to say, they go.
    #[must_use]
    pub fn changes(&self, object: &Node<'_>, record: &Record, waiting: &str) -> Vec<Written> {
        let is_ours = !record.is_empty();
        let values = [
            is_ours.then(|| Cow::Owned(record.to_json())),
            is_ours.then_some(Cow::Borrowed("injected")),
            (!waiting.is_empty()).then_some(Cow::Borrowed(waiting)),
        ];
        self.names()
            .into_iter()
            .zip(values)
            .filter(|(name, value)| workload::annotation(object, name) != *value)
            .map(|(name, value)| (quoted(name), value.map(|value| quoted(&value))))
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
