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
    /// What was added.
    pub const INJECTED: &'static str = "injected";
    /// A mark for people and selectors.
    pub const STATUS: &'static str = "status";
    /// What waits.
    pub const PENDING: &'static str = "update-pending";
    /// The user's: that it shall not wait.
    pub const APPLY: &'static str = "apply";

    /// Which of these names the annotation called `key` has; `None` for one that is not the policy's own.
    pub fn name_of(&self, key: &str) -> Option<&'static str> {
        let name = key.strip_prefix(&*self.domain)?.strip_prefix('/')?;
        [Self::INJECTED, Self::STATUS, Self::PENDING, Self::APPLY].into_iter().find(|known| name == *known)
    }

    /// The key of the annotation `name`.
    pub fn key(&self, name: &str) -> String {
        [&*self.domain, "/", name].concat()
    }
}
