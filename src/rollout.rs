//! Whether the template may change now: who writes it, whether the notebook runs, what waits (contract, "Conflicts" and
//! "Running notebooks").

use std::collections::BTreeSet;

use crate::admission::{Operation, Request};
use crate::json::{Malformed, Node, is_same_text};
use crate::kubernetes::equality::deep_equal_nodes;
use crate::kubernetes::schema::Type;
use crate::kubernetes::types::POD_SPEC;
use crate::merge::{Conflict, Outcome, Record, merge};
use crate::settings::{Dependency, RunningNotebooks};
use crate::workload::{self, Kind};

/// How far dependencies are merged into the template in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// The client writes the template: everything is merged, and a conflict is denied.
    Enforce,
    /// The client does not write it, but it may change: everything is merged, and a dependency in conflict waits.
    BestEffort,
    /// It must not change, since the notebook runs: whatever would change it waits.
    Defer,
}

impl Rollout {
    /// Decides:
    ///
    /// | operation | the client changed the template | runs | `runningNotebooks` | rollout |
    /// |---|---|---|---|---|
    /// | CREATE | | | | Enforce |
    /// | UPDATE | yes | | | Enforce |
    /// | UPDATE | no | no | | BestEffort |
    /// | UPDATE | no | yes | Restart | BestEffort |
    /// | UPDATE | no | yes | Defer | Defer |
    ///
    /// A notebook that is stopped before or after the request does not run: starting one is the time to change it. An
    /// update without the stored object changes no template, and counts as one of a notebook that runs, since nobody
    /// knows what it was before.
    pub fn of(request: &Request<'_>, running_notebooks: RunningNotebooks, record: &Record) -> Self {
        let old = request.old_object.as_ref();
        if request.operation == Operation::Create
            || old.is_some_and(|old| changes_template(old, &request.object, request.kind, record))
        {
            return Rollout::Enforce;
        }
        let is_stopped = old.is_some_and(|old| workload::is_stopped(old) || workload::is_stopped(&request.object));
        match running_notebooks {
            RunningNotebooks::Defer if !is_stopped => Rollout::Defer,
            RunningNotebooks::Defer | RunningNotebooks::Restart => Rollout::BestEffort,
        }
    }
}

/// Whether the client changed the template: it differs once what is managed is set aside on both sides.
fn changes_template(old: &Node<'_>, new: &Node<'_>, kind: Kind, record: &Record) -> bool {
    if is_same_text(template(old, kind).text(), template(new, kind).text()) {
        return false;
    }
    match (without_managed(old, kind, record), without_managed(new, kind, record)) {
        (Ok(old), Ok(new)) => !is_same_template(&old, &new, kind),
        _ => true,
    }
}

/// The object without what is managed: merging nothing leaves the user's own.
fn without_managed<'a>(object: &Node<'a>, kind: Kind, record: &'a Record) -> Result<Node<'a>, Malformed> {
    let mut object = object.clone();
    merge(&mut object, kind, &[], record, &BTreeSet::new())?;
    Ok(object)
}

/// Whether the templates of two objects mean the same (contract, "Equality").
fn is_same_template(one: &Node<'_>, other: &Node<'_>, kind: Kind) -> bool {
    static OF: Type = Type::Object(&POD_SPEC);
    deep_equal_nodes(&OF, template(one, kind), template(other, kind))
}

/// The pod spec of an object; `null` where it has none.
fn template<'o, 'a>(object: &'o Node<'a>, kind: Kind) -> &'o Node<'a> {
    static ABSENT: Node<'static> = Node::text_only("null");
    workload::pod_spec(object, kind).unwrap_or(&ABSENT)
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
    until_stopped: BTreeSet<String>,
    /// They are in conflict with the user's entries.
    in_conflict: Vec<Conflict>,
}

impl Waiting {
    /// The names of all that wait, those of `plan` first and in its order.
    pub fn names(&self, plan: &[Dependency<'_>]) -> String {
        let waits = |name: &str| {
            self.until_stopped.contains(name) || self.in_conflict.iter().any(|conflict| conflict.dependency == name)
        };
        let no_longer_planned = self.until_stopped.iter().map(String::as_str);
        plan.iter()
            .map(|it| it.name)
            .filter(|name| waits(name))
            .chain(no_longer_planned.filter(|name| !plan.iter().any(|it| it.name == *name)))
            .collect::<Vec<_>>()
            .join(",")
    }

    /// What the user should know of it.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let names: Vec<_> = self.until_stopped.iter().map(String::as_str).collect();
        let stop = (!names.is_empty()).then(|| {
            format!("the notebook runs, so this waits until you stop and start it: dependencies {}", names.join(", "))
        });
        let conflicts =
            self.in_conflict.iter().map(|it| format!("dependency \"{}\" waits: {}", it.dependency, it.message));
        stop.into_iter().chain(conflicts)
    }
}

/// Merges as far as `rollout` allows. What it does not allow is held back, each dependency whole, and the others are
/// merged again: one that shared an entry with it may now have to add that entry itself.
///
/// # Errors
/// The object is malformed.
pub fn merge_along<'a>(
    rollout: Rollout,
    mut object: Node<'a>,
    old_object: Option<&Node<'a>>,
    kind: Kind,
    plan: &'a [Dependency<'a>],
    record: &'a Record,
) -> Result<Merged<'a>, Malformed> {
    if rollout == Rollout::Enforce {
        let outcome = merge(&mut object, kind, plan, record, &BTreeSet::new())?;
        return Ok(if outcome.conflicts.is_empty() {
            Merged::Object(object, outcome, Waiting::default())
        } else {
            Merged::Denied(outcome.conflicts)
        });
    }
    if rollout == Rollout::Defer {
        restore_template(&mut object, old_object, kind)?;
    }
    // Under an unchanged hash nothing waits: what is missing was pruned by the CRD, and would be again.
    let is_unchanged = |name: &str| {
        plan.iter().any(|it| it.name == name && record.get(name).is_some_and(|known| known.hash == it.hash))
    };
    let mut held_back = BTreeSet::new();
    let mut waiting = Waiting::default();
    loop {
        let mut merged = object.clone();
        let mut outcome = merge(&mut merged, kind, plan, record, &held_back)?;
        let is_changed = !outcome.changed_pod_spec.is_empty();
        if rollout == Rollout::BestEffort || is_changed && is_same_template(&merged, &object, kind) {
            outcome.changed_pod_spec.clear();
        }
        if outcome.conflicts.is_empty() && outcome.changed_pod_spec.is_empty() {
            return Ok(Merged::Object(merged, outcome, waiting));
        }
        held_back.extend(outcome.conflicts.iter().map(|conflict| conflict.dependency.clone()));
        waiting.in_conflict.extend(outcome.conflicts);
        held_back.extend(outcome.changed_pod_spec.iter().map(|name| (*name).to_owned()));
        let waits = outcome.changed_pod_spec.into_iter().filter(|name| !is_unchanged(name));
        waiting.until_stopped.extend(waits.map(str::to_owned));
    }
}

/// Puts the stored template in the place of the client's, unless both mean the same.
fn restore_template<'a>(object: &mut Node<'a>, old: Option<&Node<'a>>, kind: Kind) -> Result<(), Malformed> {
    if let Some(old) = old
        && !is_same_template(object, old, kind)
        && let Some(stored) = workload::pod_spec(old, kind)
    {
        kind.pod_spec_path().set(object, stored.clone())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFER: RunningNotebooks = RunningNotebooks::Defer;
    const RESTART: RunningNotebooks = RunningNotebooks::Restart;

    const RUNNING: &str = "{}";
    const STOPPED: &str = r#"{"kubeflow-resource-stopped":"2026-11-23T10:10:00Z"}"#;
    const STOPPED_WITHOUT_A_TIME: &str = r#"{"kubeflow-resource-stopped":""}"#;

    /// A notebook with these annotations, and `containers` in its template.
    fn notebook(annotations: &str, containers: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"nb","annotations":{annotations}}},
            "spec":{{"template":{{"spec":{{"containers":{containers}}}}}}}}}"#
        )
    }

    /// The rollout of an update from `old` to `new`, in which the variable `OURS` of container `nb` is the platform's.
    fn update(old: &str, new: &str, running_notebooks: RunningNotebooks) -> Rollout {
        rollout("UPDATE", Some(old), new, running_notebooks)
    }

    fn rollout(operation: &str, old: Option<&str>, new: &str, running_notebooks: RunningNotebooks) -> Rollout {
        let old = old.unwrap_or("null");
        let payload = format!(
            r#"{{"request":{{"kind":{{"group":"kubeflow.org","kind":"Notebook"}},"operation":"{operation}",
            "object":{new},"oldObject":{old}}}}}"#
        );
        let (request, _) = Request::read(&payload).unwrap().unwrap();
        let record = Record::parse(r#"{"proxy":{"hash":"01","added":{"env/nb":["OURS"]}}}"#).unwrap();
        Rollout::of(&request, running_notebooks, &record)
    }

    const ONE: &str = r#"[{"name":"nb","image":"one"}]"#;
    const TWO: &str = r#"[{"name":"nb","image":"two"}]"#;

    #[test]
    fn a_create_is_enforced() {
        for annotations in [RUNNING, STOPPED] {
            for running_notebooks in [DEFER, RESTART] {
                assert_eq!(rollout("CREATE", None, &notebook(annotations, ONE), running_notebooks), Rollout::Enforce);
            }
        }
    }

    #[test]
    fn an_update_that_changes_the_template_is_enforced() {
        for annotations in [RUNNING, STOPPED] {
            for running_notebooks in [DEFER, RESTART] {
                let (old, new) = (notebook(annotations, ONE), notebook(annotations, TWO));
                assert_eq!(update(&old, &new, running_notebooks), Rollout::Enforce);
            }
        }
        assert_eq!(update("{}", &notebook(RUNNING, ONE), DEFER), Rollout::Enforce);
        assert_eq!(update(&notebook(RUNNING, ONE), "{}", DEFER), Rollout::Enforce);
    }

    #[test]
    fn a_stopped_notebook_gets_best_effort() {
        let (stopped, runs) = (notebook(STOPPED, ONE), notebook(RUNNING, ONE));
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
                assert_eq!(update(old, new, running_notebooks), Rollout::BestEffort, "{old} {new}");
            }
        }
    }

    #[test]
    fn restart_gives_a_running_notebook_best_effort() {
        assert_eq!(update(&notebook(RUNNING, ONE), &notebook(RUNNING, ONE), RESTART), Rollout::BestEffort);
    }

    #[test]
    fn a_running_notebook_is_deferred() {
        let annotated = notebook(r#"{"notebooks.kubeflow.org/last-activity":"now"}"#, ONE);
        assert_eq!(update(&notebook(RUNNING, ONE), &annotated, DEFER), Rollout::Defer);
    }

    #[test]
    fn an_update_without_the_old_object_counts_as_running() {
        for annotations in [RUNNING, STOPPED] {
            assert_eq!(rollout("UPDATE", None, &notebook(annotations, ONE), DEFER), Rollout::Defer);
            assert_eq!(rollout("UPDATE", None, &notebook(annotations, ONE), RESTART), Rollout::BestEffort);
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
                assert_eq!(update(&notebook(RUNNING, old), &notebook(RUNNING, new), DEFER), Rollout::Defer, "{new}");
            }
        }
    }

    #[test]
    fn managed_entries_are_set_aside() {
        let without = r#"[{"name":"nb"}]"#;
        let ours = r#"[{"name":"nb","env":[{"name":"OURS","value":"1"}]}]"#;
        let edited = r#"[{"name":"nb","env":[{"name":"OURS","value":"2"}]}]"#;
        let theirs = r#"[{"name":"nb","env":[{"name":"THEIRS","value":"1"},{"name":"OURS","value":"1"}]}]"#;
        let elsewhere = r#"[{"name":"nb"},{"name":"other","env":[{"name":"OURS","value":"1"}]}]"#;
        let same = [without, ours, edited];
        for old in same {
            for new in same {
                assert_eq!(
                    update(&notebook(RUNNING, old), &notebook(RUNNING, new), DEFER),
                    Rollout::Defer,
                    "{old} {new}"
                );
            }
            for new in [theirs, elsewhere] {
                assert_eq!(
                    update(&notebook(RUNNING, old), &notebook(RUNNING, new), DEFER),
                    Rollout::Enforce,
                    "{old} {new}"
                );
            }
        }
    }
}
