//! What may happen to the template: who writes it, whether the notebook runs, what waits (contract, 4.5 and 5).

use std::collections::BTreeSet;

use crate::dependency::Dependency;
use crate::document::compare::{equal_nodes, is_same_text};
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
    /// Stopped is a notebook that is stopped before or after the request: starting one is the time to change it. An
    /// update without the stored object changes no template, and what it was before nobody knows: it counts as running.
    #[must_use]
    pub fn of(request: &Request<'_>, running_notebooks: RunningNotebooks, record: &Record) -> Self {
        let old = request.old_object.as_ref();
        if request.operation == Operation::Create
            || old.is_some_and(|old| changes_template(old, &request.object, request.kind, record))
        {
            return Course::Write;
        }
        let is_stopped = old.is_some_and(|old| workload::is_stopped(old) || workload::is_stopped(&request.object));
        if is_stopped || running_notebooks == RunningNotebooks::Restart { Course::Apply } else { Course::Freeze }
    }
}

/// Whether the client changed the template himself: it differs once what is ours is set aside on both sides.
fn changes_template(old: &Node<'_>, new: &Node<'_>, kind: Kind, record: &Record) -> bool {
    if is_same_text(template(old, kind).text(), template(new, kind).text()) {
        return false;
    }
    match (the_users_own(old, kind, record), the_users_own(new, kind, record)) {
        (Ok(old), Ok(new)) => !equal_nodes(template(&old, kind), template(&new, kind)),
        _ => true,
    }
}

/// The object with what is ours set aside: merging nothing leaves the user's own.
fn the_users_own<'a>(object: &Node<'a>, kind: Kind, record: &'a Record) -> Result<Node<'a>, Malformed> {
    let mut object = object.clone();
    merge(&mut object, kind, &[], record, &BTreeSet::new())?;
    Ok(object)
}

/// The pod spec of an object; `null` where it has none.
fn template<'o, 'a>(object: &'o Node<'a>, kind: Kind) -> &'o Node<'a> {
    static ABSENT: Node<'static> = Node::text_only("null");
    workload::template(object, kind).unwrap_or(&ABSENT)
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
        let is_changed = !outcome.changed_pod_spec.is_empty();
        if course == Course::Apply || is_changed && equal_nodes(template(&merged, kind), template(&object, kind)) {
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
    if equal_nodes(template(object, kind), stored) {
        return Ok(());
    }
    workload::set_template(object, kind, stored.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFER: RunningNotebooks = RunningNotebooks::Defer;
    const RESTART: RunningNotebooks = RunningNotebooks::Restart;

    const NOBODY: &str = "{}";
    const STOPPED: &str = r#"{"kubeflow-resource-stopped":"2026-11-23T10:10:00Z"}"#;
    const STOPPED_WITHOUT_A_TIME: &str = r#"{"kubeflow-resource-stopped":""}"#;

    /// A notebook with these annotations, and `containers` in its template.
    fn notebook(annotations: &str, containers: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"nb","annotations":{annotations}}},
            "spec":{{"template":{{"spec":{{"containers":{containers}}}}}}}}}"#
        )
    }

    /// The course of an update from `old` to `new`, in which the variable `OURS` of container `nb` is the platform's.
    fn update(old: &str, new: &str, running_notebooks: RunningNotebooks) -> Course {
        course("UPDATE", Some(old), new, running_notebooks)
    }

    fn course(operation: &str, old: Option<&str>, new: &str, running_notebooks: RunningNotebooks) -> Course {
        let old = old.unwrap_or("null");
        let payload = format!(
            r#"{{"request":{{"kind":{{"group":"kubeflow.org","kind":"Notebook"}},"operation":"{operation}",
            "object":{new},"oldObject":{old}}}}}"#
        );
        let (request, _) = Request::read(&payload).unwrap().unwrap();
        let record = Record::parse(r#"{"proxy":{"hash":"01","added":{"env/nb":["OURS"]}}}"#).unwrap();
        Course::of(&request, running_notebooks, &record)
    }

    const ONE: &str = r#"[{"name":"nb","image":"one"}]"#;
    const TWO: &str = r#"[{"name":"nb","image":"two"}]"#;

    #[test]
    fn who_creates_writes() {
        for annotations in [NOBODY, STOPPED] {
            for running_notebooks in [DEFER, RESTART] {
                assert_eq!(course("CREATE", None, &notebook(annotations, ONE), running_notebooks), Course::Write);
            }
        }
    }

    #[test]
    fn who_changes_the_template_writes() {
        for annotations in [NOBODY, STOPPED] {
            for running_notebooks in [DEFER, RESTART] {
                let (old, new) = (notebook(annotations, ONE), notebook(annotations, TWO));
                assert_eq!(update(&old, &new, running_notebooks), Course::Write);
            }
        }
        assert_eq!(update("{}", &notebook(NOBODY, ONE), DEFER), Course::Write);
        assert_eq!(update(&notebook(NOBODY, ONE), "{}", DEFER), Course::Write);
    }

    #[test]
    fn a_stopped_one_may_change() {
        let (stopped, runs) = (notebook(STOPPED, ONE), notebook(NOBODY, ONE));
        let stopped_without_a_time = notebook(STOPPED_WITHOUT_A_TIME, ONE);
        for (old, new) in [
            (&stopped, &stopped),
            // Started: the old one alone is stopped.
            (&stopped, &runs),
            (&stopped_without_a_time, &runs),
            // Stopped: the new one alone is.
            (&runs, &stopped),
            (&runs, &stopped_without_a_time),
        ] {
            for running_notebooks in [DEFER, RESTART] {
                assert_eq!(update(old, new, running_notebooks), Course::Apply, "{old} {new}");
            }
        }
    }

    #[test]
    fn a_running_one_may_change_where_the_settings_say_so() {
        assert_eq!(update(&notebook(NOBODY, ONE), &notebook(NOBODY, ONE), RESTART), Course::Apply);
    }

    #[test]
    fn a_running_one_must_not_change() {
        let annotated = notebook(r#"{"notebooks.kubeflow.org/last-activity":"now"}"#, ONE);
        assert_eq!(update(&notebook(NOBODY, ONE), &annotated, DEFER), Course::Freeze);
    }

    #[test]
    fn without_the_stored_object_it_runs_and_is_unchanged() {
        for annotations in [NOBODY, STOPPED] {
            assert_eq!(course("UPDATE", None, &notebook(annotations, ONE), DEFER), Course::Freeze);
            assert_eq!(course("UPDATE", None, &notebook(annotations, ONE), RESTART), Course::Apply);
        }
    }

    #[test]
    fn another_spelling_is_no_change() {
        let cases = [
            (r#"[{"name":"nb"}]"#, r#"[{"name":"nb","resources":{},"env":[],"args":null}]"#),
            (
                r#"[{"name":"nb","resources":{"requests":{"cpu":"500m","memory":"1Gi"}}}]"#,
                r#"[{"resources":{"requests":{"memory":"1024Mi","cpu":0.5}},"name":"n\u0062"}]"#,
            ),
            (r#"[{"name":"nb","image":"one"}]"#, r#"[ {"image" : "one", "name" : "nb"} ]"#),
        ];
        for (one, other) in cases {
            for (old, new) in [(one, other), (other, one)] {
                assert_eq!(update(&notebook(NOBODY, old), &notebook(NOBODY, new), DEFER), Course::Freeze, "{new}");
            }
        }
    }

    #[test]
    fn what_is_ours_is_set_aside() {
        let without = r#"[{"name":"nb"}]"#;
        let ours = r#"[{"name":"nb","env":[{"name":"OURS","value":"1"}]}]"#;
        let edited = r#"[{"name":"nb","env":[{"name":"OURS","value":"2"}]}]"#;
        let theirs = r#"[{"name":"nb","env":[{"name":"THEIRS","value":"1"},{"name":"OURS","value":"1"}]}]"#;
        let elsewhere = r#"[{"name":"nb"},{"name":"other","env":[{"name":"OURS","value":"1"}]}]"#;
        let same = [without, ours, edited];
        for old in same {
            for new in same {
                assert_eq!(
                    update(&notebook(NOBODY, old), &notebook(NOBODY, new), DEFER),
                    Course::Freeze,
                    "{old} {new}"
                );
            }
            for new in [theirs, elsewhere] {
                assert_eq!(update(&notebook(NOBODY, old), &notebook(NOBODY, new), DEFER), Course::Write, "{old} {new}");
            }
        }
    }
}
