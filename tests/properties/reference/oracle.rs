//! What the contract leaves open, asked of the policy on an object that has nothing else: the hash of a dependency, and the
//! key of an entry of a list set. And of which template the hash is that the record has as `applied`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::parts::{Dependency, Field};
use crate::evaluator::evaluate;

thread_local! {
    static ANSWERS: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    static APPLIED: RefCell<BTreeMap<String, Value>> = const { RefCell::new(BTreeMap::new()) };
}

fn remembered(question: String, ask: impl FnOnce() -> String) -> String {
    if let Some(known) = ANSWERS.with_borrow(|answers| answers.get(&question).cloned()) {
        return known;
    }
    let answer = ask();
    ANSWERS.with_borrow_mut(|answers| answers.insert(question, answer.clone()));
    answer
}

/// The record of a pod with these containers that gets nothing but this dependency.
fn record(dependency: &Value, containers: &[String]) -> Value {
    let containers: Vec<_> = containers.iter().map(|name| json!({"name": name})).collect();
    let object =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": containers}});
    let request = json!({"operation": "CREATE", "kind": {"group": "", "kind": "Pod"}, "object": object});
    let outcome = evaluate(request, &json!({"dependencies": {"x": dependency}, "pods": ["x"]}));
    let text =
        outcome.object["metadata"]["annotations"]["mutatingflow.nais.io/injected"].as_str().unwrap_or("{}").to_owned();
    serde_json::from_str::<Value>(&text).expect("a record")["Pod"]["x"].take()
}

/// The hash of a dependency without placeholders. It is not of `onConflict` and `selector`.
pub fn hash(dependency: &Dependency) -> String {
    let mut settings = dependency.settings.clone();
    for option in ["onConflict", "selector"] {
        settings.as_object_mut().expect("a dependency").remove(option);
    }
    remembered(settings.to_string(), || {
        let brings =
            |name: &String| dependency.additions.iter().any(|it| it.field.is_volume_or_container() && it.key == *name);
        let names = match &dependency.settings["containers"] {
            Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => vec!["main".to_owned()],
        };
        let names: Vec<_> = names.into_iter().filter(|name| !brings(name)).collect();
        record(&settings, &names)["hash"].as_str().unwrap_or_default().to_owned()
    })
}

/// The key of an entry of a list set.
pub fn digest(field: &'static Field, meaning: &Value) -> String {
    remembered(format!("{}{meaning}", field.place), || {
        let record = record(&json!({field.place: [meaning]}), &["main".to_owned()]);
        record["added"][field.place][0].as_str().map_or_else(|| meaning.to_string(), str::to_owned)
    })
}

/// Remembers of which template the hash of a record is.
pub fn remember_applied(applied: &Value, template: Value) {
    APPLIED.with_borrow_mut(|all| all.insert(applied.to_string(), template));
}

/// Whether it is the template for which somebody asked for what waits.
pub fn is_applied(applied: &Value, template: &Value) -> bool {
    APPLIED.with_borrow(|all| all.get(&applied.to_string()) == Some(template))
}
