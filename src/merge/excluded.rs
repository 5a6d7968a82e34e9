//! What a dependency adds and what the user wrote beside it may each be right, and both together refused by the API server: a
//! limit below the user's request, `privileged` beside `allowPrivilegeEscalation: false` (contract, "Conflicts").

use std::borrow::Cow;

use super::Desired;
use crate::json::{ByName, cut};
use crate::kubernetes::rules::{OF_INIT_CONTAINERS, RULES, Rule, is_kept, may_be_requested};
use crate::kubernetes::schema::{self, Type};
use crate::kubernetes::types::{CONTAINER, POD_SPEC};
use crate::settings::OnConflict;
use crate::settings::fields::{Field, MergeStrategy, Target};

/// The keys of what is desired that the API server refuses beside what `theirs` gives for other members of the same object,
/// which stay; each with the member that excludes it; none where the init container itself does. `theirs` gives nothing for what is ours.
pub fn excluded<'a, 'e>(
    field: &'static Field,
    is_in_init_container: bool,
    desired: &[Desired<'a>],
    theirs: &dyn Fn(&str) -> Option<Cow<'e, str>>,
) -> ByName<'a, &'static str> {
    let mut excluded = ByName::default();
    let of: &schema::Object = match (field.strategy, &field.of, field.target) {
        (MergeStrategy::Granular, Type::Object(object), _) => object,
        (MergeStrategy::Atomic, _, Target::Containers) => &CONTAINER,
        (MergeStrategy::Atomic, ..) => &POD_SPEC,
        _ => return excluded,
    };
    let of_init = OF_INIT_CONTAINERS.iter().filter(|_| is_in_init_container);
    for rule in RULES.iter().chain(of_init).filter(|Rule(object, ..)| std::ptr::eq(*object, of)) {
        let Rule(_, (when, _), (name, _)) = rule;
        let (when, name) = (cut(when, b'.').0, cut(name, b'.').0);
        for Desired { addition, .. } in desired {
            let other = match () {
                () if when.is_empty() || when == name => continue,
                () if addition.key == when => name,
                () if addition.key == name => when,
                () => continue,
            };
            let value = theirs(other);
            let gives_way = |of: &Desired<'_>| value.as_ref().is_none_or(|value| !is_kept_as_theirs(of, value));
            let is_desired = || desired.iter().any(|of| of.addition.key == other && gives_way(of));
            // An init container without a restart policy is one that ends.
            let is_told_by_nothing = value.is_none() && is_in_init_container && other == "restartPolicy";
            if is_desired() || value.is_none() && !is_told_by_nothing {
                continue;
            }
            let value = value.as_deref().unwrap_or("null");
            let both = ["{\"", &addition.key, "\":", addition.value, ",\"", other, "\":", value, "}"].concat();
            if !is_kept(rule, &both) {
                excluded.insert(&*addition.key, if is_told_by_nothing { "" } else { other });
            }
        }
    }
    excluded
}

/// Whether `Keep` leaves what stands in the place of an addition.
pub fn is_kept_as_theirs(Desired { dependency, addition }: &Desired<'_>, theirs: &str) -> bool {
    let (field, key) = (addition.field, &*addition.key);
    let differs = || !field.is_absent(key, theirs) && !field.contains(key, theirs, addition.value);
    dependency.on_conflict == OnConflict::Keep && differs()
}

/// As [`excluded`], of limits against requests or the other way round.
pub fn excluded_by_amount<'a, 'e>(
    field: &'static Field,
    desired: &[Desired<'a>],
    theirs: &dyn Fn(&str) -> Option<&'e str>,
) -> ByName<'a, &'static str> {
    let mut excluded = ByName::default();
    let are_limits = field.name == "limits";
    for Desired { addition, .. } in desired {
        let Some(theirs) = theirs(&addition.key) else { continue };
        let (limit, request) = if are_limits { (addition.value, theirs) } else { (theirs, addition.value) };
        if !may_be_requested(&addition.key, request, limit) {
            excluded.insert(&*addition.key, if are_limits { "request" } else { "limit" });
        }
    }
    excluded
}
