//! The names of the annotations that the policy writes.

use std::borrow::Cow;

/// The domain of the policy's annotations, where the settings name none.
pub const DEFAULT_ANNOTATION_DOMAIN: &str = "mutatingflow.nais.io";

/// The annotations of a policy whose settings name this domain.
#[derive(Clone, Debug)]
pub struct OwnAnnotations<'s> {
    /// The prefix of their names.
    pub domain: Cow<'s, str>,
}

impl OwnAnnotations<'_> {
    /// What was added; a mark for people and selectors; what waits.
    pub const NAMES: [&'static str; 3] = ["injected", "status", "update-pending"];

    /// Which of [`NAMES`](Self::NAMES) the annotation called `key` has; `None` for one that the policy does not write.
    pub fn position(&self, key: &str) -> Option<usize> {
        let name = key.strip_prefix(&*self.domain)?.strip_prefix('/')?;
        Self::NAMES.iter().position(|known| name == *known)
    }

    /// The key of the annotation `name`.
    pub fn key(&self, name: &str) -> String {
        [&*self.domain, "/", name].concat()
    }
}
