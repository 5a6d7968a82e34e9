//! Adding twice is adding once (contract, "Already present").

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::{Map, Value};

use super::chosen::{entries, has_unique_containers, main_containers, name_of};
use super::removed::drop_nothing;
use super::{Answer, plain, without_own};
use crate::generate::server::fill_in_defaults;
use crate::generate::{Case, case};
use crate::objects::{Kind, update};
use crate::run::check;

/// Contract, "Already present": f(f(x)) = f(x). What the policy has made of an object, sent once more in the same request,
/// is accepted as it is.
#[test]
fn twice_is_once() {
    check(&case(), |case| case.is_settled_after(|_| Ok(())));
}

/// Contract, "Already present": the same when the API server has filled in its defaults before the second call.
#[test]
fn twice_is_once_after_the_servers_defaults() {
    check(&case(), |case| {
        let kind = case.kind();
        if !has_unique_containers(&case.request["object"], kind) {
            return Ok(()); // A server refuses it before it fills in anything.
        }
        case.is_settled_after(|object| {
            fill_in_defaults(object, kind);
            Ok(())
        })
    });
}

/// Contract, "Already present" and "Running notebooks": what is stored is accepted as it is when it is sent again. Where the
/// stored object was not known, what is no longer wanted goes only now, and so does a record that says nothing but that
/// somebody asked for what waited.
#[test]
fn what_is_stored_is_accepted_as_it_is() {
    check(&case(), |case| {
        let answer = case.ask()?;
        let Some(stored) = case.stored(answer) else { return Ok(()) };
        is_settled(&Case { request: update(stored.clone(), stored), ..case })
    });
}

impl Case {
    /// The policy changes nothing more once its answer has been changed by others, as `change` does it, and is sent again in
    /// the same request.
    ///
    /// Where what comes of a request is the stored template again, though the client sent another one, the second call takes
    /// for the user's what the first one added in the place of it: only the record then differs.
    ///
    /// A dependency that is left out on a CREATE keeps in the first call what the client's record says of it, and has no
    /// record in the second one: there what it has may be in the way of another dependency.
    pub fn is_settled_after(&self, change: impl Fn(&mut Value) -> Result<(), TestCaseError>) -> TestCaseResult {
        let answer = self.ask()?;
        if !answer.accepted || !self.is_complete() || self.has_sidecar_of_ours() || self.is_overtaken(&answer) {
            return Ok(());
        }
        if self.request["operation"] == "CREATE" && self.has_own_annotations() && leaves_out(&answer) {
            return Ok(());
        }
        let mut again = self.after(answer);
        let template = |object: &str| {
            let mut template = again.request[object].pointer(Kind::Notebook.pod_spec()).map(plain);
            template.iter_mut().for_each(drop_nothing);
            template
        };
        let is_stored_again = template("oldObject").is_some() && template("object") == template("oldObject");
        change(&mut again.request["object"])?;
        if !is_stored_again {
            return is_settled(&again);
        }
        let twice = again.ask()?;
        prop_assert!(twice.accepted, "{:?}", twice.message);
        let [once, twice] = [&again, &again.after(twice)].map(|case| without_own(&case.request["object"]));
        prop_assert_eq!(once, twice);
        Ok(())
    }

    /// Whether an UPDATE has what every one has: the stored object, a name, and a pod spec with containers that have names.
    /// Its main container is the stored one: where that is gone, the second call cannot tell whose the entries of another are.
    fn is_complete(&self) -> bool {
        let (object, old, kind) = (&self.request["object"], &self.request["oldObject"], self.kind());
        let main = |object: &Value| {
            let main = main_containers(object, kind, |_| false).first().copied();
            main.map(|at| name_of(&entries(object, kind, "containers")[at]).to_owned())
        };
        let is_complete = object["metadata"]["name"].is_string()
            && object.pointer(kind.pod_spec()).is_some_and(Value::is_object)
            && has_unique_containers(object, kind)
            && old.is_object()
            && main(object) == main(old);
        // A pod spec without containers is refused; a record says little of one.
        let has_containers = !entries(object, kind, "containers").is_empty() || !self.has_own_annotations();
        has_containers && (self.request["operation"] != "UPDATE" || is_complete)
    }

    /// Whether something waits, maybe for a conflict, where two dependencies with different `onConflict` have a field in
    /// common. One of them may wait and the other override what it waits for: the next request finds nothing in its way.
    fn is_overtaken(&self, answer: &Answer) -> bool {
        let dependencies = self.settings["dependencies"].as_object().into_iter().flatten();
        let all: Vec<_> = dependencies.filter_map(|(_, dependency)| dependency.as_object()).collect();
        let differ = |one: &Map<String, Value>, other: &Map<String, Value>| {
            one.get("onConflict") != other.get("onConflict") && one.keys().any(|field| other.contains_key(field))
        };
        let waits = answer.audit_annotations.contains_key("deferred");
        waits && all.iter().any(|one| all.iter().any(|other| differ(one, other)))
    }

    /// Whether a container of the user's is called like one that a dependency brings: should it be the main one, what goes
    /// into that makes it another one.
    fn has_sidecar_of_ours(&self) -> bool {
        let dependencies = self.settings["dependencies"].as_object().into_iter().flatten();
        let sidecars = dependencies.filter_map(|(_, dependency)| dependency["sidecars"].as_array()).flatten();
        let names: Vec<_> = sidecars.map(name_of).collect();
        entries(&self.request["object"], self.kind(), "containers").iter().any(|it| names.contains(&name_of(it)))
    }

    /// The notebook that is stored after the answer, where nothing is left to be done with it later.
    pub fn stored(&self, answer: Answer) -> Option<Value> {
        let is_notebook = self.is_in_scope() && self.kind() == Kind::Notebook;
        let is_valid = has_unique_containers(&self.request["object"], Kind::Notebook);
        if !answer.accepted || !is_notebook || !self.is_complete() || !is_valid || self.is_overtaken(&answer) {
            return None;
        }
        let stored = self.after(answer).request["object"].take();
        let annotations = stored["metadata"]["annotations"].as_object();
        let says_only_that_somebody_asked = |value: &Value| {
            let record = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
            record.as_object().is_some_and(|record| record.len() == 1 && record.contains_key("applied"))
        };
        let is_left = annotations.is_some_and(|it| it.values().any(says_only_that_somebody_asked));
        Some(stored).filter(|_| !is_left)
    }
}

/// Whether a dependency is left out.
fn leaves_out(answer: &Answer) -> bool {
    answer.warnings.iter().any(|warning| warning.contains("is left out"))
}

/// The policy changes nothing.
pub fn is_settled(case: &Case) -> TestCaseResult {
    let answer = case.ask()?;
    prop_assert!(answer.accepted, "{:?}", answer.message);
    let patch = answer.mutated_object.map(|object| json_patch::diff(&case.request["object"], &object));
    prop_assert!(patch.is_none(), "{:#}", serde_json::to_value(patch).unwrap_or(Value::Null));
    Ok(())
}
