//! Which containers get what a dependency has for containers (contract, "Chosen containers").

use std::collections::BTreeSet;

use serde_json::Value;

use super::parts::Choice;
use super::{Malformed, Scope};
use crate::objects::{ANOTHERS, MAIN_CONTAINERS};

/// The containers of an object by name, in order, and which of them are not the user's.
#[derive(Debug, Default)]
pub struct Containers {
    pub names: Vec<String>,
    pub init_names: Vec<String>,
    /// Sidecars that a dependency brings or brought.
    pub ours: BTreeSet<String>,
    /// Those that another policy recorded as its own.
    pub of_policies: BTreeSet<String>,
}

impl Containers {
    /// Whether others put it there.
    fn is_injected(&self, scope: Scope, name: &str) -> bool {
        let of_pipelines = matches!(name, "wait" | "supervisor") || name.starts_with("artifact-plugin-");
        ANOTHERS.contains(&name) || self.of_policies.contains(name) || scope == Scope::PipelinePod && of_pipelines
    }

    /// The main container; in a container set there are several.
    pub fn main(&self, scope: Scope, object: &Value) -> Vec<String> {
        let users: Vec<_> = self.names.iter().filter(|name| !self.ours.contains(*name)).collect();
        let free: Vec<_> = users.iter().copied().filter(|name| !self.is_injected(scope, name)).collect();
        let named =
            |name: &str, among: &[&String]| among.iter().find(|it| it.as_str() == name).map(|it| vec![(*it).clone()]);
        let first = |among: &[&String]| among.first().map(|it| vec![(*it).clone()]);
        let chosen = if scope == Scope::Notebook {
            let name = object["metadata"]["name"].as_str().filter(|name| !name.is_empty());
            name.and_then(|name| named(name, &users)).or_else(|| first(&free))
        } else {
            let default = &object["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"];
            let known = || MAIN_CONTAINERS.iter().find_map(|name| named(name, &free));
            let others = || match scope {
                Scope::PipelinePod => {
                    Some(free.iter().map(|it| (*it).clone()).collect()).filter(|it: &Vec<_>| !it.is_empty())
                }
                _ => first(&free),
            };
            default.as_str().and_then(|name| named(name, &free)).or_else(known).or_else(others)
        };
        chosen.or_else(|| first(&users)).unwrap_or_default()
    }

    /// Those that a dependency's choice means.
    pub fn chosen(&self, choice: &Choice, scope: Scope, object: &Value) -> Vec<String> {
        let main = self.main(scope, object);
        match choice {
            Choice::Main => main,
            Choice::All => {
                let is_free = |name: &&String| {
                    main.contains(name) || !self.ours.contains(*name) && !self.is_injected(scope, name)
                };
                self.names.iter().filter(is_free).cloned().collect()
            }
            Choice::Names(names) => {
                let all = self.names.iter().chain(&self.init_names);
                all.filter(|name| names.contains(name)).cloned().collect()
            }
        }
    }
}

/// The names of the containers in a list; `null` is absent.
pub fn names(spec: &Value, list: &str) -> Result<Vec<String>, Malformed> {
    match &spec[list] {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => {
            let name = |item: &Value| match item {
                Value::Object(members) => {
                    Ok(members.get("name").and_then(Value::as_str).unwrap_or_default().to_owned())
                }
                _ => Err(Malformed),
            };
            items.iter().map(name).collect()
        }
        _ => Err(Malformed),
    }
}
