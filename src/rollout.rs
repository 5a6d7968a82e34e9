//! Whether the template may change now: who writes it, whether the notebook runs, what waits (contract, "Conflicts" and
//! "Running notebooks").

use std::borrow::Cow;

use crate::admission::{Operation, Request};
use crate::json::{ByName, Malformed, Node, Object, is_same_text, joined};
use crate::kubernetes::digest::Digest;
use crate::kubernetes::equality::deep_equal_nodes;
use crate::kubernetes::schema::Type;
use crate::kubernetes::types::POD_SPEC;
use crate::merge::{Conflict, Known, OfOthers, Outcome, Part, Records, carry_over, keys_of, merge, set_aside};
use crate::settings::fields::{Field, OF_SPEC};
use crate::settings::{Dependency, RunningNotebooks};
use crate::workload::{self, Kind};

/// What the client did to the stored template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: his means the same. There is none to compare with on a CREATE, or on an update without the stored object.
    Nothing,
    /// Only what other policies have changed in this request differs.
    Others,
    /// Only entries of policies differ, ours among them, or what another policy has not changed itself.
    Ours {
        /// What he changed of ours, for him to know: it is put back.
        put_back: Vec<String>,
    },
    /// Something of his own differs, or something that becomes his.
    Users,
}

impl Change {
    /// Compares the templates of a request; what counts as his own is what no record names. `known` says what is ours in
    /// the object, `may_change` whether the template may change though he does not change it.
    pub fn of<'a>(
        request: &Request<'a>,
        records: &Records<'_>,
        of_others: &OfOthers<'_>,
        plan: &'a [Dependency<'a>],
        known: &'a Known<'a>,
        may_change: bool,
    ) -> Self {
        let (Some(old), new, kind) = (&request.old_object, &request.object, request.kind) else {
            return Change::Nothing;
        };
        if has_stored_template(request) || is_same_template(old, new, kind) {
            return Change::Nothing;
        }
        let are_same = |of_old: &[_], of_new: &[_]| {
            let own = |object, parts: &[_]| set_aside(object, kind, &keys_of(parts.iter().copied()), &mut |_, _| ());
            own(old, of_old).is_ok_and(|old| own(new, of_new).is_ok_and(|new| is_same_template(&old, &new, kind)))
        };
        // What the server itself puts there is nobody's change, unless it is what a policy has added.
        if has_stored_fields(old, new, kind, &records.parts()) && are_same(&[], &[]) {
            return Change::Nothing;
        }
        let is_shared = |place: &str, key: &str| known.at(place).is_some_and(|owners| owners.contains(key));
        let are_shared =
            |part: &Part<'_>| part.added.iter().any(|(place, keys)| keys.iter().any(|key| is_shared(place, key)));
        let of_others = &of_others.changed;
        if !of_others.is_empty() && !of_others.iter().copied().any(are_shared) && are_same(of_others, of_others) {
            return Change::Others;
        }
        // What only the client's record names was not ours in the stored object. An earlier call in this request may have
        // overridden what he wrote in it; or, where the template may change, what stood there.
        let overridden = records.overridden_by_client();
        let mut stood = ByName::default();
        let mut note = |place: &str, key: &str| _ = stood.add([place, "\n", key].concat());
        let is_readable = set_aside(old, kind, &keys_of(overridden.iter()), &mut note).is_ok();
        let is_new =
            |place: &str, key: &str| known.at(place).and_then(|owners| owners.get(key)).is_some_and(|it| !it.is_stored);
        let wrote = |place: &str, key: &str| is_new(place, key) && !stood.contains(&[place, "\n", key].concat());
        let has_written =
            |part: &Part<'_>| part.added.iter().any(|(place, keys)| keys.iter().any(|key| wrote(place, key)));
        if !is_readable || overridden.iter().any(has_written) {
            return Change::Users;
        }
        let overridden = if may_change { overridden } else { Vec::new() };
        let of_stored: Vec<_> = records.parts_of_stored().into_iter().chain(&overridden).collect();
        if !are_same(&of_stored, &records.parts()) {
            return Change::Users;
        }
        // What he wrote over an entry of ours may become his.
        match merge(&mut new.clone(), Some(old), kind, plan, known, &ByName::default()) {
            Ok(Outcome { is_made_theirs: false, put_back, undone, .. }) => {
                Change::Ours { put_back: [put_back, undone].concat() }
            }
            _ => Change::Users,
        }
    }
}

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
    /// | operation | the client changed the template | asks for it | runs | `runningNotebooks` | rollout |
    /// |---|---|---|---|---|---|
    /// | CREATE | | | | | Enforce |
    /// | UPDATE | yes | | | | Enforce |
    /// | UPDATE | no | yes | | | BestEffort |
    /// | UPDATE | no | no | no | | BestEffort |
    /// | UPDATE | no | no | yes | Restart | BestEffort |
    /// | UPDATE | no | no | yes | Defer | Defer |
    ///
    /// A notebook that is stopped before or after the request does not run: starting one is the time to change it. An
    /// update without the stored object changes no template, and counts as one of a notebook that runs, since nobody
    /// knows what it was before.
    pub fn of(request: &Request<'_>, change: &Change, may_change: bool) -> Self {
        if request.operation == Operation::Create || *change == Change::Users {
            Rollout::Enforce
        } else if may_change {
            Rollout::BestEffort
        } else {
            Rollout::Defer
        }
    }
}

/// Whether the template may change though the client does not change it: the notebook does not run, or the client asks for
/// what waits, or the settings say `Restart`.
pub fn may_change(request: &Request<'_>, running_notebooks: RunningNotebooks, is_asked_for: bool) -> bool {
    let is_stopped = |old| workload::is_stopped(old) || workload::is_stopped(&request.object);
    running_notebooks == RunningNotebooks::Restart
        || request.old_object.as_ref().is_some_and(|old| is_asked_for || is_stopped(old))
}

/// Whether the template is the stored one, byte for byte.
pub fn has_stored_template(request: &Request<'_>) -> bool {
    let text = |object| template(object, request.kind).text();
    request.old_object.as_ref().is_some_and(|old| is_same_text(text(old), text(&request.object)))
}

/// Whether the fields of the pod spec that these parts of records name mean what the stored ones do.
fn has_stored_fields(old: &Node<'_>, new: &Node<'_>, kind: Kind, parts: &[&Part<'_>]) -> bool {
    let keys = keys_of(parts.iter().copied());
    let [old, new] = [old, new].map(|object| workload::pod_spec(object, kind).and_then(Node::as_object));
    let text = |spec: Option<&Object<'_>>, name: &str| spec?.get(name).map(|value| value.text().to_owned());
    let is_stored = |name: &str| match (Field::named(name), text(old, name), text(new, name)) {
        (Some(field), Some(old), Some(new)) => field.is_equal(name, &old, &new),
        (_, old, new) => old == new,
    };
    keys.get(OF_SPEC.place()).is_none_or(|names| names.names().all(|name| is_stored(name)))
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

/// A hash of what the user asked for in a request: of the stored template, as it is spelt, and of the hash of when he asked
/// before.
pub fn hash_of_asking(stored: &Node<'_>, kind: Kind, before: &str) -> String {
    let mut hash = Digest::default();
    hash.add(before);
    hash.add(template(stored, kind).text());
    hash.hex()
}

/// The object with everything in it that may be in it now, and what came of it.
#[derive(Debug)]
pub struct Merged<'a> {
    pub object: Node<'a>,
    pub outcome: Outcome<'a>,
    pub waiting: Waiting<'a>,
}

/// The dependencies that wait or are left out, and why.
#[derive(Debug, Default)]
pub struct Waiting<'a> {
    names: ByName<'a, ()>,
    /// They would change the template of a notebook that runs.
    until_stopped: ByName<'a, ()>,
    /// They are in conflict with the user's entries.
    in_conflict: Vec<Conflict<'a>>,
    /// They are not merged, and do not wait: they differ from what the notebook brings into its pod.
    left_out: ByName<'a, String>,
}

impl<'a> Waiting<'a> {
    /// The names of all that wait, those of `plan` first and in its order.
    pub fn names(&self, plan: &[Dependency<'a>]) -> Vec<&str> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let planned = ByName::set(plan.iter().map(|it| it.name));
        let mut names: Vec<_> = plan.iter().map(|it| it.name).filter(|name| self.names.contains(name)).collect();
        names.extend(self.names.names().map(|name| &**name).filter(|name| !planned.contains(name)));
        names
    }

    /// The names of those that are left out.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        self.left_out.iter().map(|(name, _)| name)
    }

    /// What the client should know of it. He may not be the one who wrote what is in conflict.
    ///
    /// `apply` is the annotation by which he can ask for what waits.
    pub fn warnings(&self, apply: &str) -> impl Iterator<Item = String> {
        let names = joined(", ", self.until_stopped.names().map(|name| &**name));
        let stop = (!names.is_empty()).then(|| {
            format!("waiting for a restart: {names}; stop and start the notebook, or annotate it with {apply}=now")
        });
        // The API server shows fewer than are described.
        let conflicts = self.in_conflict.iter().map(|Conflict { dependency, subject, .. }| {
            format!("dependency \"{dependency}\" waits: {subject} is set already; ask its author or your platform team")
        });
        stop.into_iter().chain(conflicts).chain(self.left_out.values().iter().cloned())
    }

    fn for_conflicts(&mut self, conflicts: Vec<Conflict<'a>>) {
        self.names.extend(conflicts.iter().map(|conflict| conflict.dependency));
        self.in_conflict.extend(conflicts);
    }

    /// It waits for what the other one waits for.
    fn behind(&mut self, dependency: &'a str, other: &str) {
        if self.until_stopped.contains(other) {
            self.for_a_stop(Cow::Borrowed(dependency));
        } else if self.names.add(dependency) {
            let conflict = self.in_conflict.iter().find(|conflict| conflict.dependency == other).cloned();
            self.in_conflict.extend(conflict.map(|conflict| Conflict { dependency, ..conflict }));
        }
    }

    /// What waits for a conflict does not also wait for a stop.
    fn for_a_stop(&mut self, dependency: Cow<'a, str>) {
        if self.names.add(dependency.clone()) {
            self.until_stopped.add(dependency);
        }
    }
}

/// How often dependencies are merged again without those that cannot be. A dependency held back may leave another one
/// without its container, and that is rare: whatever still cannot be merged after these rounds waits as a whole.
const MOST_ROUNDS: usize = 6;

/// Merges as far as `rollout` allows. What it does not allow is held back, each dependency whole, and the others are
/// merged again: one that shared an entry with it may now have to add that entry itself. Dependencies in `held_back` are
/// from the start. Where the request is to be denied, it gives the conflicts.
///
/// # Errors
/// The object is malformed.
pub fn merge_along<'a>(
    rollout: Rollout,
    mut object: Node<'a>,
    stored: Option<&Node<'a>>,
    kind: Kind,
    plan: &'a [Dependency<'a>],
    known: &'a Known<'a>,
    mut held_back: ByName<'a, ()>,
) -> Result<Result<Merged<'a>, Vec<Conflict<'a>>>, Malformed> {
    if rollout == Rollout::Enforce && !known.is_of_a_notebooks_pod() {
        let outcome = merge(&mut object, stored, kind, plan, known, &held_back)?;
        return Ok(if outcome.conflicts.is_empty() {
            Ok(Merged { object, outcome, waiting: Waiting::default() })
        } else {
            Err(outcome.conflicts)
        });
    }
    let mut waiting = Waiting::default();
    let mut round = 0;
    loop {
        let mut merged = object.clone();
        let mut outcome = merge(&mut merged, stored, kind, plan, known, &held_back)?;
        let changes_template = !outcome.changed_template.is_empty();
        if rollout != Rollout::Defer || changes_template && is_same_template(&merged, &object, kind) {
            outcome.changed_template = ByName::default();
        }
        let is_behind = |(name, of): &(&str, &str)| waiting.names.contains(of) && !held_back.contains(name);
        let behind: Vec<_> = outcome.behind.iter().copied().filter(is_behind).collect();
        let is_merged = outcome.left_out.is_empty() && outcome.changed_template.is_empty() && behind.is_empty();
        if is_merged && outcome.conflicts.is_empty() {
            return Ok(Ok(Merged { object: merged, outcome, waiting }));
        }
        for (name, why) in outcome.left_out.iter() {
            held_back.add(name.to_owned());
            waiting.left_out.insert(name.to_owned(), why.clone());
        }
        outcome.conflicts.retain(|conflict| !outcome.left_out.contains(conflict.dependency));
        if rollout == Rollout::Enforce {
            if is_merged {
                return Ok(Err(outcome.conflicts));
            }
            continue;
        }
        if outcome.conflicts.is_empty() {
            held_back.extend(outcome.changed_template.names().cloned());
            for name in outcome.changed_template.names() {
                if outcome.changed_template.get(name) == Some(&true) {
                    waiting.for_a_stop(name.clone());
                }
            }
            for (name, of) in behind {
                waiting.behind(name, of);
                held_back.add(name);
            }
        } else {
            // Without these, others may change nothing.
            held_back.extend(outcome.conflicts.iter().map(|conflict| conflict.dependency));
            waiting.for_conflicts(outcome.conflicts);
        }
        round += 1;
        if round == MOST_ROUNDS {
            let rest = plan.iter().map(|dependency| dependency.name).chain(known.dependencies());
            rest.filter(|name| held_back.add(*name)).for_each(|name| waiting.for_a_stop(Cow::Borrowed(name)));
        }
    }
}

/// Puts the stored template in the place of the client's, but for what he has of other policies': they decide about that.
/// Whether it is another one than his then.
///
/// # Errors
/// What holds the template is malformed.
pub fn restore_template<'a>(
    object: &mut Node<'a>,
    stored: &Node<'a>,
    kind: Kind,
    of_others: &OfOthers<'_>,
) -> Result<bool, Malformed> {
    let Some(template) = workload::pod_spec(stored, kind) else { return Ok(false) };
    let client = object.clone();
    kind.pod_spec_path().set(object, template.clone())?;
    carry_over(object, &client, kind, of_others)?;
    Ok(!is_same_template(&client, object, kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::{FormerKeys, Record};

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
        let former_keys = FormerKeys::of([None, None], Kind::Notebook);
        let stored = r#"{"Notebook":{"proxy":{"hash":"01","added":{"env":["OURS"]}}}}"#;
        let stored = Record::parse(stored, Kind::Notebook, &former_keys);
        let stored = stored.unwrap();
        let client = Record::default();
        let records = Records {
            client: &client,
            stored: Some(&stored),
            foreign_of_client: &[],
            foreign_of_stored: &[],
            copied: None,
        };
        let is_ours = |_: &str| false;
        let known = Known::new(&records, &is_ours, &[], false);
        let may_change = may_change(&request, running_notebooks, false);
        let change = Change::of(&request, &records, &OfOthers::of(&records, &is_ours), &[], &known, may_change);
        Rollout::of(&request, &change, may_change)
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
        let beside = r#"[{"name":"nb"},{"name":"other"}]"#;
        let same = [without, ours, edited];
        for old in same {
            for new in same {
                assert_eq!(
                    update(&notebook(RUNNING, old), &notebook(RUNNING, new), DEFER),
                    Rollout::Defer,
                    "{old} {new}"
                );
            }
            for (old, new) in [(old, theirs), (old, elsewhere), (beside, elsewhere)] {
                assert_eq!(
                    update(&notebook(RUNNING, old), &notebook(RUNNING, new), DEFER),
                    Rollout::Enforce,
                    "{old} {new}"
                );
            }
        }
    }
}
