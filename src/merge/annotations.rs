//! The annotations that the policy writes on an object: what it added, and what waits (contract, "Record" and "Running
//! notebooks").

use std::borrow::Cow;

use super::Record;
use crate::json::{Malformed, Node, Object, Str, quoted};
use crate::settings::OwnAnnotations;
use crate::workload::{self, ANNOTATIONS, METADATA};

/// An annotation as JSON, ready to be put on an object; without a value it is taken off.
type Written = (String, Option<String>);

/// Whether any of the policy's annotations is on `object`.
pub fn has_annotations(own: &OwnAnnotations<'_>, object: &Node<'_>) -> bool {
    read(own, object).iter().any(Option::is_some)
}

/// What is managed in `object`.
///
/// # Errors
/// The record cannot be read, and so owns nothing: a warning that says so.
pub fn record_of(own: &OwnAnnotations<'_>, object: &Node<'_>) -> Result<Record, String> {
    match read(own, object) {
        [Some(injected), ..] => Record::parse(&injected).ok_or_else(|| {
            format!("annotation {}/injected cannot be read: nothing counts as the platform's because of it", own.domain)
        }),
        [None, ..] => Ok(Record::default()),
    }
}

/// The annotations that are on `object` and should not be, or should be and are not, or say something else, where
/// `known` was managed and `record` is. One without a value is taken off.
pub fn changed_annotations(
    own: &OwnAnnotations<'_>,
    object: &Node<'_>,
    known: &Record,
    record: &Record,
    waiting: &str,
) -> Vec<Written> {
    let is_managed = !record.is_empty();
    let says = read(own, object);
    let [injected, status, _] = &says;
    // Without a record, `status` is not the policy's: the webhook that it replaces wrote the same annotation.
    let was_managed = injected.is_some() || !known.is_empty();
    let values = [
        is_managed.then(|| Cow::Owned(record.to_json())),
        if is_managed { Some(Cow::Borrowed("injected")) } else { status.clone().filter(|_| !was_managed) },
        (!waiting.is_empty()).then_some(Cow::Borrowed(waiting)),
    ];
    let written = OwnAnnotations::NAMES.into_iter().zip(values).zip(says);
    written
        .filter(|((_, value), says)| value != says)
        .map(|((name, value), _)| (quoted(&own.key(name)), value.map(|value| quoted(&value))))
        .collect()
}

/// Makes `changes` in the annotations of `object`.
///
/// # Errors
/// The metadata or its annotations are not an object.
pub fn apply_annotations<'a>(object: &mut Node<'a>, changes: &'a [Written]) -> Result<(), Malformed> {
    if changes.is_empty() {
        return Ok(());
    }
    let annotations = ANNOTATIONS.get_or_insert(object)?;
    for (key, value) in changes {
        let key = Str::from_token(key);
        match value {
            Some(value) => annotations.set(key, Node::text_only(value)),
            None => _ = annotations.remove(&key.decode()),
        }
    }
    // Emptied annotations are removed: empty and absent mean the same.
    if annotations.is_empty() {
        METADATA.get_or_insert(object)?.remove("annotations");
    }
    Ok(())
}

/// What the annotations on `object` say, in the order of [`OwnAnnotations::NAMES`].
fn read<'a>(own: &OwnAnnotations<'_>, object: &Node<'a>) -> [Option<Cow<'a, str>>; 3] {
    let mut read = [None, None, None];
    for (key, value) in workload::annotations(object).into_iter().flat_map(Object::iter) {
        if let Some(at) = own.position(&key.decode())
            && let Some(says) = read.get_mut(at)
        {
            *says = value.string();
        }
    }
    read
}
