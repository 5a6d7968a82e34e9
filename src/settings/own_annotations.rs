//! The names of the policy's own annotations: those that it writes, and the one that users write for it.

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
    /// What was added; a mark for people and selectors; what waits. The last is the user's: that it shall not wait.
    pub const NAMES: [&'static str; 4] = ["injected", "status", "update-pending", "apply"];

    /// Which of [`NAMES`](Self::NAMES) the annotation called `key` has; `None` for one that is not the policy's own.
    pub fn position(&self, key: &str) -> Option<usize> {
        let name = key.strip_prefix(&*self.domain)?.strip_prefix('/')?;
        Self::NAMES.iter().position(|known| name == *known)
    }

    /// The key of the annotation `name`.
    pub fn key(&self, name: &str) -> String {
        [&*self.domain, "/", name].concat()
    }
}
