//! The annotations that the policy goes by and writes: what it added, what waits, what the user asks for (contract,
//! "Record" and "Running notebooks").

use std::borrow::Cow;

use super::Record;
use crate::json::{Malformed, Node, Object, Str, quoted};
use crate::settings::OwnAnnotations;
use crate::workload::{self, ANNOTATIONS, Kind, METADATA};

/// An annotation as JSON, ready to be put on an object; without a value it is taken off.
type Written = (String, Option<String>);

/// What the mark says.
const STATUS: &str = "injected";

/// What the policy's annotations say on an object.
#[derive(Clone, Debug, Default)]
pub struct Annotations<'a> {
    /// The record of what was added.
    pub injected: Option<Str<'a>>,
    /// A mark for people and selectors.
    pub status: Option<Cow<'a, str>>,
    /// The names of the dependencies that wait.
    pub pending: Option<Cow<'a, str>>,
    /// What the user asks for.
    pub apply: Option<Cow<'a, str>>,
    /// The records of policies under other domains.
    pub foreign: Vec<Str<'a>>,
}

impl<'a> Annotations<'a> {
    /// Reads them.
    pub fn read(own: &OwnAnnotations<'_>, object: &Node<'a>) -> Self {
        let mut read = Annotations::default();
        for (key, value) in workload::annotations(object).into_iter().flat_map(Object::iter) {
            let key = key.decode();
            match own.name_of(&key) {
                Some(OwnAnnotations::INJECTED) => read.injected = value.token(),
                Some(OwnAnnotations::STATUS) => read.status = value.string(),
                Some(OwnAnnotations::PENDING) => read.pending = value.string(),
                Some(OwnAnnotations::APPLY) => read.apply = value.string(),
                _ if key.ends_with("/injected") => read.foreign.extend(value.token()),
                _ => {}
            }
        }
        read
    }

    /// Whether the object has none of the policy's own.
    pub fn is_empty(&self) -> bool {
        self.injected.is_none() && [&self.status, &self.pending, &self.apply].into_iter().all(Option::is_none)
    }

    /// Whether, but for the record, the stored object has the same, and nothing is left to do because of it.
    pub fn are_settled(&self, stored: &Self) -> bool {
        let is_settled = |it: &Self| it.pending.is_none() && it.apply.is_none() && it.status.as_deref() == Some(STATUS);
        is_settled(self) && is_settled(stored) && self.foreign == stored.foreign
    }

    /// The names of the dependencies that wait.
    pub fn pending(&self) -> impl Iterator<Item = &str> {
        let names = self.pending.as_deref().unwrap_or_default().split(',');
        names.map(str::trim).filter(|name| !name.is_empty())
    }
}

/// What the annotations should say of an object.
pub struct Says<'r> {
    /// What is ours in it, and what others say is theirs.
    pub record: &'r Record<'r>,
    /// Whether there was anything of ours in it.
    pub was_managed: bool,
    /// The names of the dependencies that wait.
    pub waiting: &'r [&'r str],
    /// Whether what the user asked for was done.
    pub is_applied: bool,
}

/// The annotations that are on an object and should not be, or should be and are not, or say something else, where `has`
/// are on it. One without a value is taken off.
pub fn changed_annotations(
    own: &OwnAnnotations<'_>,
    kind: Kind,
    has: &Annotations<'_>,
    says: &Says<'_>,
) -> Vec<Written> {
    let waiting = says.waiting.join(",");
    let injected = says.record.to_token(kind);
    // Without a record, `status` is not the policy's: the webhook that it replaces wrote the same annotation.
    let status = match &injected {
        Some(_) if !says.record.is_empty() => Some(Cow::Borrowed(STATUS)),
        _ => has.status.clone().filter(|_| !says.was_managed),
    };
    let apply = has.apply.clone().filter(|_| !says.is_applied);
    let mut changed = Vec::new();
    if has.injected != injected.as_deref().map(Str::from_token) {
        changed.push((quoted(&own.key(OwnAnnotations::INJECTED)), injected));
    }
    for (name, has, value) in [
        (OwnAnnotations::STATUS, &has.status, status),
        (OwnAnnotations::PENDING, &has.pending, (!waiting.is_empty()).then_some(Cow::Borrowed(&*waiting))),
        (OwnAnnotations::APPLY, &has.apply, apply),
    ] {
        if *has != value {
            changed.push((quoted(&own.key(name)), value.map(|value| quoted(&value))));
        }
    }
    changed
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
            None => annotations.remove(&key.decode()),
        }
    }
    // Emptied annotations are removed: empty and absent mean the same.
    if annotations.is_empty() {
        METADATA.get_or_insert(object)?.remove("annotations");
    }
    Ok(())
}
