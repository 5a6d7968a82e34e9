//! What may happen to the template: who writes it, whether the notebook runs, what waits (contract, 4.5 and 5).

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::dependency::Dependency;
use crate::document::compare::equal;
use crate::document::{Malformed, Node};
use crate::merge::{Conflict, Outcome, Record, merge};
use crate::settings::RunningNotebooks;
use crate::workload::{self, Kind, Operation, Request};

/// What may happen to the template in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// The client writes the template: everything is added, and a conflict is denied.
    Write,
    /// The client does not write it, but it may change: everything is added, and a dependency in conflict waits.
    Apply,
    /// It must not change, for the notebook runs: whatever would change it waits.
    Freeze,
}

impl Course {
    /// Decides (contract, 4.5 and 5):
    ///
    /// | operation | the client changed the template | runs | `runningNotebooks` | course |
    /// |---|---|---|---|---|
    /// | CREATE | | | | Write |
    /// | UPDATE | yes | | | Write |
    /// | UPDATE | no | no | | Apply |
    /// | UPDATE | no | yes | Restart | Apply |
    /// | UPDATE | no | yes | Defer | Freeze |
    ///
    /// An update without the stored object changes no template. Stopped is a notebook that is stopped before or after
    /// the request: starting one is the time to change it.
    #[must_use]
    pub fn of(request: &Request<'_>, running_notebooks: RunningNotebooks, record: &Record) -> Self {
        let old = request.old_object.as_ref();
        if request.operation == Operation::Create
            || old.is_some_and(|old| changes_template(old, &request.object, request.kind, record))
        {
            return Course::Write;
        }
        let is_stopped = workload::is_stopped(&request.object) || old.is_some_and(workload::is_stopped);
        if is_stopped || running_notebooks == RunningNotebooks::Restart { Course::Apply } else { Course::Freeze }
    }
}

/// Whether the client changed the template himself: it differs once what is ours is set aside on both sides.
fn changes_template(old: &Node<'_>, new: &Node<'_>, kind: Kind, record: &Record) -> bool {
    let text_of = |object| workload::template(object, kind).map_or("null", Node::text);
    if text_of(old) == text_of(new) {
        return false;
    }
    match (the_users_own(old, kind, record), the_users_own(new, kind, record)) {
        (Ok(old), Ok(new)) => !equal(&old, &new),
        _ => true,
    }
}

/// The template with what is ours set aside: merging nothing leaves the user's own.
fn the_users_own<'a>(object: &Node<'a>, kind: Kind, record: &'a Record) -> Result<Cow<'a, str>, Malformed> {
    let mut object = object.clone();
    merge(&mut object, kind, &[], record, &BTreeSet::new())?;
    Ok(workload::template(&object, kind).map_or("null".into(), |template| template.clone().written()))
}

/// What came of a request's merge.
#[derive(Debug)]
pub enum Merged<'a> {
    /// The object with everything in it that may be in it now.
    Object(Node<'a>, Outcome<'a>, Waiting),
    /// The request is denied for these.
    Denied(Vec<Conflict>),
}

/// The dependencies that wait, and why.
#[derive(Debug, Default)]
pub struct Waiting {
    /// They would change the template of a notebook that runs.
    for_a_stop: BTreeSet<String>,
    /// They are in conflict with the user's own.
    for_the_user: Vec<Conflict>,
}

impl Waiting {
    /// The names of all that wait, those of `plan` first and in its order.
    #[must_use]
    pub fn names(&self, plan: &[Dependency<'_>]) -> String {
        let waits = |name: &str| {
            self.for_a_stop.contains(name) || self.for_the_user.iter().any(|conflict| conflict.dependency == name)
        };
        let no_longer_planned = self.for_a_stop.iter().map(String::as_str);
        plan.iter()
            .map(|it| it.name)
            .filter(|name| waits(name))
            .chain(no_longer_planned.filter(|name| !plan.iter().any(|it| it.name == *name)))
            .collect::<Vec<_>>()
            .join(",")
    }

    /// What the user should know of it.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let names: Vec<_> = self.for_a_stop.iter().map(String::as_str).collect();
        let stop = (!names.is_empty()).then(|| {
            format!("the notebook runs, so this waits until you stop and start it: dependencies {}", names.join(", "))
        });
        let conflicts =
            self.for_the_user.iter().map(|it| format!("dependency \"{}\" waits: {}", it.dependency, it.message));
        stop.into_iter().chain(conflicts)
    }
}

/// Merges as far as `course` allows. What it does not allow is held back, each dependency whole, and the others are
/// merged again: holding one back may leave another without what it shares with it.
///
/// # Errors
/// The object is malformed.
pub fn merge_along<'a>(
    course: Course,
    mut object: Node<'a>,
    old_object: Option<&Node<'a>>,
    kind: Kind,
    plan: &'a [Dependency<'a>],
    record: &'a Record,
) -> Result<Merged<'a>, Malformed> {
    if course == Course::Write {
        let outcome = merge(&mut object, kind, plan, record, &BTreeSet::new())?;
        return Ok(if outcome.conflicts.is_empty() {
            Merged::Object(object, outcome, Waiting::default())
        } else {
            Merged::Denied(outcome.conflicts)
        });
    }
    if course == Course::Freeze {
        restore_template(&mut object, old_object, kind)?;
    }
    // Under an unchanged hash nothing waits: what lacks was pruned by the CRD, and would be again.
    let is_unchanged = |name: &str| {
        plan.iter().any(|it| it.name == name && record.get(name).is_some_and(|known| known.hash == it.hash))
    };
    let mut held = BTreeSet::new();
    let mut waiting = Waiting::default();
    loop {
        let mut merged = object.clone();
        let mut outcome = merge(&mut merged, kind, plan, record, &held)?;
        if course == Course::Apply {
            outcome.changed_pod_spec.clear();
        }
        if outcome.conflicts.is_empty() && outcome.changed_pod_spec.is_empty() {
            return Ok(Merged::Object(merged, outcome, waiting));
        }
        held.extend(outcome.conflicts.iter().map(|conflict| conflict.dependency.clone()));
        waiting.for_the_user.extend(outcome.conflicts);
        held.extend(outcome.changed_pod_spec.iter().map(|name| (*name).to_owned()));
        let waits = outcome.changed_pod_spec.into_iter().filter(|name| !is_unchanged(name));
        waiting.for_a_stop.extend(waits.map(str::to_owned));
    }
}

/// Puts the stored template in the place of the client's, unless both mean the same.
fn restore_template<'a>(object: &mut Node<'a>, old: Option<&Node<'a>>, kind: Kind) -> Result<(), Malformed> {
    let Some(stored) = old.and_then(|old| workload::template(old, kind)) else { return Ok(()) };
    if workload::template(object, kind).is_some_and(|template| equal(template.text(), stored.text())) {
        return Ok(());
    }
    workload::set_template(object, kind, stored.clone())
}
