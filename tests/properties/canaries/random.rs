//! Documents that are changed at random.

use proptest::prelude::*;
use serde_json::Value;

use super::places::{Place, Spelling, places};

/// A change of a document, at one of its places.
#[derive(Clone, Debug)]
pub enum Edit {
    /// It is taken away.
    Remove(prop::sample::Index),
    /// It is `null`.
    Null(prop::sample::Index),
    /// What is at another place stands there too.
    Copy(prop::sample::Index, prop::sample::Index),
    /// A canary is put there, where it is a secret.
    Canary(prop::sample::Index, Spelling),
}

/// Some changes.
pub fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let place = any::<prop::sample::Index>;
    let edit = prop_oneof![
        1 => place().prop_map(Edit::Remove),
        1 => place().prop_map(Edit::Null),
        2 => (place(), place()).prop_map(|(to, from)| Edit::Copy(to, from)),
        9 => (place(), prop::sample::select(&Spelling::ALL[..])).prop_map(|(at, it)| Edit::Canary(at, it)),
    ];
    prop::collection::vec(edit, 1..30)
}

impl Edit {
    /// Makes changes: the canaries last, so that none gets where it may be shown. Below the ways that end as one of
    /// `left_alone` nothing changes.
    pub fn apply_all(
        edits: &[Self],
        document: &mut Value,
        is_secret: &dyn Fn(&Place, Spelling) -> bool,
        left_alone: &[&str],
    ) {
        let (canaries, others): (Vec<_>, Vec<_>) = edits.iter().partition(|edit| matches!(edit, Edit::Canary(..)));
        for edit in others.into_iter().chain(canaries) {
            let mut places = places(document);
            places.retain(|place| !left_alone.iter().any(|start| place.pointer.starts_with(start)));
            if places.is_empty() {
                return;
            }
            match edit {
                Edit::Remove(at) => at.get(&places).remove(document),
                Edit::Null(at) => at.get(&places).put(document, Value::Null),
                Edit::Copy(to, from) => {
                    let (to, from) = (to.get(&places), from.get(&places));
                    let copied = document.pointer(&from.pointer).cloned().unwrap_or_default();
                    if copied.to_string().len() < 5_000 {
                        to.put(document, copied);
                    }
                }
                Edit::Canary(at, spelling) => {
                    let place = at.get(&places);
                    if is_secret(place, *spelling) {
                        place.put(document, spelling.canary(places.len()));
                    }
                }
            }
        }
    }
}
