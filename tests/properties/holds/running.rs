//! A running notebook is not restarted behind its user's back (contract, "Running notebooks").

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{OWN, plain, without_own};
use crate::generate::{Case, case};
use crate::objects::Kind;
use crate::run::check;

/// Contract, "Running notebooks": where nobody asks for it and the client sends the template as it is stored, the template
/// of a running notebook stays as it is, and what would change it is named.
#[test]
fn a_running_notebook_keeps_its_template() {
    check(&case(), |mut case| {
        if !case.is_update_of_notebook() {
            return Ok(());
        }
        case.send_the_stored_template();
        if case.settings["runningNotebooks"] == "Restart" || case.is_stopped() || case.asks() || case.is_report() {
            return Ok(());
        }
        let template = case.template().cloned();
        let answer = case.ask()?;
        prop_assert!(answer.accepted || is_malformed(&answer.message), "{:?}", answer.message);
        let case = case.after(answer);
        prop_assert_eq!(case.template().map(plain), template.as_ref().map(plain));
        Ok(())
    });
}

/// Contract, "Conflicts": only a request that writes the template is denied for a conflict. An update that leaves the
/// template as it is goes through, whether the notebook runs or not, and whatever the settings are now.
#[test]
fn a_conflict_denies_nobody_who_does_not_write_the_template() {
    check(&case(), |mut case| {
        if !case.is_update_of_notebook() || case.is_report() {
            return Ok(());
        }
        case.send_the_stored_template();
        let answer = case.ask()?;
        prop_assert!(answer.accepted || is_malformed(&answer.message), "{:?}", answer.message);
        Ok(())
    });
}

/// Contract, "Reports": with `report` nothing is ever changed, and there is neither a warning nor an audit annotation.
#[test]
fn a_report_changes_nothing() {
    check(&case(), |mut case| {
        case.settings["report"] = json!(true);
        let answer = case.ask()?;
        prop_assert!(answer.mutated_object.is_none());
        prop_assert!(answer.warnings.is_empty() && answer.audit_annotations.is_empty(), "{:?}", answer);
        Ok(())
    });
}

/// Contract, "Reports": a notebook is accepted where the same policy without `report` would not add, replace or remove
/// anything in it, nor wait for a conflict, were it stored as it is.
#[test]
fn a_report_says_whether_anything_would_change() {
    check(&case(), |mut case| {
        if !case.is_in_scope() || case.kind() != Kind::Notebook {
            return Ok(());
        }
        case.settings["report"] = json!(true);
        let report = case.ask()?;
        case.settings["report"] = json!(false);
        case.settings["runningNotebooks"] = json!("Restart");
        case.request["operation"] = json!("UPDATE");
        case.request["oldObject"] = case.request["object"].clone();
        let answer = case.ask()?;
        if is_malformed(&report.message) || is_malformed(&answer.message) {
            return Ok(());
        }
        let before = without_own(&case.request["object"]);
        let waits = answer.audit_annotations.contains_key("deferred");
        let is_changed = without_own(&case.after(answer).request["object"]) != before;
        prop_assert_eq!(report.accepted, !is_changed && !waits, "{:?}", report.message);
        Ok(())
    });
}

/// Whether the message says that something is of the wrong kind, or that a name is not known yet.
fn is_malformed(message: &Option<String>) -> bool {
    message.as_deref().is_some_and(|message| message.contains(": must be "))
}

impl Case {
    fn is_update_of_notebook(&self) -> bool {
        let [object, old] = [&self.request["object"], &self.request["oldObject"]];
        self.is_in_scope()
            && self.request["operation"] == "UPDATE"
            && self.kind() == Kind::Notebook
            && [object, old].iter().all(|it| it.pointer("/spec/template").is_some_and(Value::is_object))
    }

    fn template(&self) -> Option<&Value> {
        self.request["object"].pointer(Kind::Notebook.pod_spec())
    }

    fn send_the_stored_template(&mut self) {
        self.request["object"]["spec"]["template"] = self.request["oldObject"]["spec"]["template"].clone();
    }

    fn annotations(&self) -> impl Iterator<Item = (&String, &Value)> {
        let objects = ["object", "oldObject"].map(|object| &self.request[object]["metadata"]["annotations"]);
        objects.into_iter().filter_map(Value::as_object).flatten()
    }

    fn is_stopped(&self) -> bool {
        self.annotations().any(|(name, value)| name == "kubeflow-resource-stopped" && !value.is_null())
    }

    /// Whether somebody asks, or has asked in this request, for what waits.
    fn asks(&self) -> bool {
        self.annotations().any(|(name, value)| {
            name.ends_with(OWN[3])
                || name.ends_with("/notebook-restart")
                || name.ends_with(OWN[0]) && value.as_str().is_some_and(|record| record.contains("\"applied\""))
        })
    }

    fn is_report(&self) -> bool {
        self.settings["report"] == true
    }
}
