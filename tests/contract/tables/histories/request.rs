//! A request, and what the policies of the platforms make of it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::object::{annotation, meaning, sort, template};
use super::platform::Platform;
use super::{RESTART, STOPPED};
use crate::evaluator::{test_data, validate};

/// A request.
pub struct Request {
    /// What is stored; `None` for a CREATE.
    pub old: Option<Value>,
    /// What the client sends, with what another webhook has added before the policies are asked.
    pub sent: Value,
}

/// What became of the object, and what the client is told.
#[derive(Clone, Debug)]
pub struct Reply {
    pub object: Value,
    pub warnings: Vec<String>,
}

/// The object, or why the request is denied.
pub type Answer = Result<Reply, String>;

impl Request {
    /// Asks the policies, one after the other.
    pub fn ask<'p>(&self, policies: impl IntoIterator<Item = &'p Platform>) -> Result<Answer, TestCaseError> {
        let mut reply = Reply { object: self.sent.clone(), warnings: Vec::new() };
        let old = self.old.as_ref().map(Value::to_string);
        let mut text = self.sent.to_string();
        for policy in policies {
            let mut answer = self.ask_one(policy, &text, old.as_deref());
            if answer["accepted"] != true {
                return Ok(Err(format!("{} {}", answer["code"], answer["message"])));
            }
            let warnings = answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
            reply.warnings.extend(warnings.map(str::to_owned));
            let mutated = answer["mutated_object"].take();
            if !mutated.is_null() {
                self.leaves_the_other_policy_alone(policy, &reply.object, &mutated)?;
                text = mutated.to_string();
                reply.object = mutated;
            }
        }
        Ok(Ok(reply))
    }

    /// Asks one policy about `object`, which is what those before it have made of what was sent.
    fn ask_one(&self, policy: &Platform, object: &str, old: Option<&str>) -> Value {
        static BEGINNING: OnceLock<String> = OnceLock::new();
        let beginning = BEGINNING.get_or_init(|| {
            let mut request = test_data("requests/notebook-create.json")["request"].take();
            let of_each = ["name", "operation", "object", "oldObject"];
            request.as_object_mut().expect("a request").retain(|name, _| !of_each.contains(&name.as_str()));
            let text = request.to_string();
            text.strip_suffix('}').expect("an object").to_owned()
        });
        let name = &self.sent["metadata"]["name"];
        let (operation, old) = match old {
            Some(old) => ("UPDATE", format!(r#","oldObject":{old}"#)),
            None => ("CREATE", String::new()),
        };
        let payload = format!(
            r#"{{"request":{beginning},"operation":"{operation}","name":{name},"object":{object}{old}}},"settings":{}}}"#,
            policy.settings
        );
        serde_json::from_slice(&validate(payload.as_bytes())).expect("an answer")
    }

    /// Of the record and of what waits, a policy leaves what is not its own as the client has it, or, where he has none,
    /// as it is stored.
    fn leaves_the_other_policy_alone(
        &self,
        policy: &Platform,
        before: &Value,
        after: &Value,
    ) -> Result<(), TestCaseError> {
        let [before, after, old] = [Some(before), Some(after), self.old.as_ref()]
            .map(|object| object.map(|object| Notes::of_the_other(policy, object)).unwrap_or_default());
        for (before, after, old) in
            [(before.record, after.record, old.record), (before.pending, after.pending, old.pending)]
        {
            for (name, part) in &before {
                prop_assert_eq!(after.get(name), Some(part), "{} changes what {} noted", policy.owner(), name);
            }
            for (name, part) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
                prop_assert_eq!(Some(part), old.get(name), "{} notes something for {}", policy.owner(), name);
            }
        }
        Ok(())
    }

    /// Whether the notebook runs, before and after.
    pub fn runs(&self) -> bool {
        let is_stopped = |object| annotation(object, STOPPED).is_some();
        self.old.as_ref().is_some_and(|old| !is_stopped(old)) && !is_stopped(&self.sent)
    }

    /// Whether the user asks for what waits.
    pub fn asks(&self, policies: &[Platform]) -> bool {
        let applies = |policy: &Platform| annotation(&self.sent, &format!("{}/apply", policy.domain)) == Some("now");
        annotation(&self.sent, RESTART) == Some("true") || policies.iter().any(applies)
    }
}

/// What a policy notes in the annotations of an object, by dependency.
#[derive(Default)]
struct Notes {
    record: BTreeMap<String, Value>,
    pending: BTreeMap<String, Value>,
}

impl Notes {
    /// What stands in the annotations of `policy` for dependencies that it cannot know.
    fn of_the_other(policy: &Platform, object: &Value) -> Self {
        let record = annotation(object, &format!("{}/injected", policy.domain)).unwrap_or("{}");
        let mut notes = Notes::default();
        if let Ok(record) = serde_json::from_str::<Value>(record) {
            // The parts of dependencies, whatever they are grouped by.
            notes.collect(&record);
        }
        let pending = pending(object, policy.domain).map(|name| (name.to_owned(), Value::Null));
        notes.pending = pending.collect();
        let is_others = |name: &String| !policy.is_own_name(name);
        notes.record.retain(|name, _| is_others(name));
        notes.pending.retain(|name, _| is_others(name));
        notes
    }

    fn collect(&mut self, record: &Value) {
        for (name, part) in record.as_object().into_iter().flatten() {
            if part.get("hash").is_some() {
                self.record.insert(name.clone(), part.clone());
            } else {
                self.collect(part);
            }
        }
    }
}

/// The names of the dependencies that wait.
pub fn pending<'v>(object: &'v Value, domain: &str) -> impl Iterator<Item = &'v str> {
    let names = annotation(object, &format!("{domain}/update-pending")).unwrap_or_default();
    names.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// An object in one spelling and one order, so that what two orders of policies give can be compared.
pub fn in_one_order(object: &Value, policies: &[Platform]) -> Value {
    let mut annotations = object["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    for policy in policies {
        if let Some(record) = annotations.get_mut(&format!("{}/injected", policy.domain)) {
            *record = serde_json::from_str(record.as_str().unwrap_or_default()).unwrap_or_default();
            // That the user asked is noted by those who saw something to do, which may have been done already.
            record.as_object_mut().and_then(|record| record.remove("applied"));
        }
        if let Some(waits) = annotations.get_mut(&format!("{}/update-pending", policy.domain)) {
            let mut names: Vec<_> = pending(object, policy.domain).collect();
            names.sort_unstable();
            *waits = json!(names);
        }
    }
    annotations.retain(|_, value| *value != json!({}));
    let mut template = meaning(template(object));
    sort(&mut template);
    json!({"labels": object["metadata"]["labels"], "annotations": annotations, "template": template})
}
