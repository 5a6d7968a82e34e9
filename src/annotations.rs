//! The annotations that the policy writes on an object: what it added, and what waits (contract, 4.4 and 5).

use std::borrow::Cow;

use crate::document::{Malformed, Node, Object, Str, quoted};
use crate::merge::Record;
use crate::workload;

/// The annotations of a policy whose settings name this domain.
#[derive(Clone, Copy, Debug)]
pub struct Annotations<'s> {
    /// The prefix of their names.
    pub domain: &'s str,
}

/// What was added; a mark for people and selectors; what waits.
const NAMES: [&str; 3] = ["injected", "status", "update-pending"];

/// An annotation as JSON, ready to be put on an object; without a value it is taken off.
type Written = (String, Option<String>);

impl Annotations<'_> {
    /// Whether any of the annotations is on `object`.
    #[must_use]
    pub fn are_on(self, object: &Node<'_>) -> bool {
        self.read(object).iter().any(Option::is_some)
    }

    /// What is ours in `object`.
    ///
    /// # Errors
    /// The record cannot be read, and so owns nothing: a warning that says so.
    pub fn record(self, object: &Node<'_>) -> Result<Record, String> {
        match self.read(object) {
            [Some(injected), ..] => Record::parse(&injected).ok_or_else(|| {
                format!(
                    "annotation {}/injected cannot be read: nothing counts as the platform's because of it",
                    self.domain
                )
            }),
            [None, ..] => Ok(Record::default()),
        }
    }

    /// The annotations that are on `object` and should not be, or should be and are not, or say something else, where
    /// `known` was ours and `record` is. Where there is nothing to say, they go.
    #[must_use]
    pub fn changes(self, object: &Node<'_>, known: &Record, record: &Record, waiting: &str) -> Vec<Written> {
        let is_ours = !record.is_empty();
        let says = self.read(object);
        let [injected, status, _] = &says;
        // Without a record the mark is another's: the webhook that was here before wrote the same one.
        let was_ours = injected.is_some() || !known.is_empty();
        let values = [
            is_ours.then(|| Cow::Owned(record.to_json())),
            if is_ours { Some(Cow::Borrowed("injected")) } else { status.clone().filter(|_| !was_ours) },
            (!waiting.is_empty()).then_some(Cow::Borrowed(waiting)),
        ];
        let written = NAMES.into_iter().zip(values).zip(says);
        written
            .filter(|((_, value), says)| value != says)
            .map(|((name, value), _)| (quoted(&[self.domain, "/", name].concat()), value.map(|value| quoted(&value))))
            .collect()
    }

    /// Which of [`NAMES`] the annotation called `key` has; `None` for one that the policy does not write.
    #[must_use]
    pub fn position(self, key: &str) -> Option<usize> {
        let name = key.strip_prefix(self.domain)?.strip_prefix('/')?;
        NAMES.iter().position(|known| name == *known)
    }

    /// What the annotations on `object` say, in the order of [`NAMES`].
    fn read<'a>(self, object: &Node<'a>) -> [Option<Cow<'a, str>>; 3] {
        let mut read = [None, None, None];
        for (key, value) in workload::annotations(object).into_iter().flat_map(Object::iter) {
            if let Some(at) = self.position(&key.decode())
                && let Some(says) = read.get_mut(at)
            {
                *says = value.string();
            }
        }
        read
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
