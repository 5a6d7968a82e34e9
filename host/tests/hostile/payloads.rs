//! Requests and settings as text: what is hostile is often in the spelling, which a tree of values does not have.

use policy_host::testing::meter;
use serde_json::Value;

use crate::LIMIT;

/// Members or items: as many as asked for.
pub fn each(count: usize, piece: impl Fn(usize) -> String) -> String {
    let mut all = String::new();
    for at in 0..count {
        if at > 0 {
            all.push(',');
        }
        all.push_str(&piece(at));
    }
    all
}

/// The square root: of two things that grow together, each is as many.
pub fn root(size: usize) -> usize {
    size.isqrt().max(1)
}

/// `text` as a JSON string.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A variable as the platform has it.
pub fn ours(at: usize) -> String {
    format!(r#"{{"name":"V-{at}","value":"ours"}}"#)
}

/// A variable of the same name as the user has it.
pub fn theirs(at: usize) -> String {
    format!(r#"{{"name":"V-{at}","value":"theirs"}}"#)
}

/// A Notebook with these annotations and this pod spec, members each.
pub fn notebook(annotations: &str, spec: &str) -> String {
    format!(
        r#"{{"apiVersion":"kubeflow.org/v1","kind":"Notebook","metadata":{{"annotations":{{{annotations}}},"name":"nb","namespace":"team-a"}},"spec":{{"template":{{"spec":{{{spec}}}}}}}}}"#
    )
}

/// A pod of a pipeline.
pub fn pod(annotations: &str, spec: &str) -> String {
    let separator = if annotations.is_empty() { "" } else { "," };
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"annotations":{{{annotations}{separator}"workflows.argoproj.io/node-name":"a.b"}},"name":"nb","namespace":"team-a"}},"spec":{{{spec}}}}}"#
    )
}

/// A pod spec of one container with these members.
pub fn container(members: &str) -> String {
    let separator = if members.is_empty() { "" } else { "," };
    format!(r#""containers":[{{"image":"jupyter"{separator}{members},"name":"nb"}}]"#)
}

/// A pod spec of one container with this `env`.
pub fn with_env(env: &str) -> String {
    container(&format!(r#""env":[{env}]"#))
}

/// A pod spec of the main container, and of so many others with these members.
pub fn containers(count: usize, members: &str) -> String {
    let separator = if members.is_empty() { "" } else { "," };
    let others = each(count, |at| format!(r#"{{{members}{separator}"name":"c-{at}"}}"#));
    format!(r#""containers":[{{"name":"nb"}},{others}]"#)
}

/// The annotation that stops a Notebook.
pub const STOPPED: &str = r#""kubeflow-resource-stopped":"2026-11-23T10:10:00Z""#;

/// The annotation that the culler writes.
pub const SEEN: &str = r#""notebooks.kubeflow.org/last-activity":"2026-11-23T10:10:00Z""#;

pub fn create(object: &str, settings: &str) -> String {
    request("CREATE", object, "null", settings)
}

pub fn update(old: &str, new: &str, settings: &str) -> String {
    request("UPDATE", new, old, settings)
}

fn request(operation: &str, object: &str, old: &str, settings: &str) -> String {
    let kind = if object.contains(r#""kind":"Pod""#) {
        r#"{"group":"","kind":"Pod","version":"v1"}"#
    } else {
        r#"{"group":"kubeflow.org","kind":"Notebook","version":"v1"}"#
    };
    let old = if old == "null" { String::new() } else { format!(r#","oldObject":{old}"#) };
    format!(
        r#"{{"request":{{"kind":{kind},"name":"nb","namespace":"team-a","object":{object}{old},"operation":"{operation}","uid":"1","userInfo":{{}}}},"settings":{settings}}}"#
    )
}

/// A request of every sort about a pod spec that the user does not change.
#[derive(Clone, Copy, Debug)]
pub enum Request {
    /// A CREATE.
    Create,
    /// The culler's UPDATE of a Notebook that runs.
    Running,
    /// An UPDATE of one that is stopped.
    Stopped,
}

impl Request {
    pub const ALL: [Self; 3] = [Request::Create, Request::Running, Request::Stopped];

    /// The payload, with these annotations on every object.
    pub fn about(self, annotations: &str, spec: &str, settings: &str) -> String {
        let separator = if annotations.is_empty() { "" } else { "," };
        let with = |more| notebook(&format!("{annotations}{separator}{more}"), spec);
        match self {
            Request::Create => create(&notebook(annotations, spec), settings),
            Request::Running => update(&notebook(annotations, spec), &with(SEEN), settings),
            Request::Stopped => update(&with(STOPPED), &with(&format!("{SEEN},{STOPPED}")), settings),
        }
    }
}

/// Dependencies, name and members each.
pub type Dependencies = Vec<(String, String)>;

/// Dependencies `d-00000` and so on, in this order.
pub fn dependencies(count: usize, members: impl Fn(usize) -> String) -> Dependencies {
    (0..count).map(|at| (dependency(at), members(at))).collect()
}

/// What a dependency is called.
pub fn dependency(at: usize) -> String {
    format!("d-{at:05}")
}

/// Settings that give all of them to Notebooks, in their order.
pub fn all(dependencies: &Dependencies) -> String {
    let written = each(dependencies.len(), |at| format!(r#""{}":{{{}}}"#, dependencies[at].0, dependencies[at].1));
    let names = each(dependencies.len(), |at| format!(r#""{}""#, dependencies[at].0));
    format!(r#"{{"dependencies":{{{written}}},"notebooks":[{names}]}}"#)
}

/// Settings that know all of them, and give Notebooks one pull secret alone.
pub fn none(dependencies: &Dependencies) -> String {
    all(dependencies).replace(r#""notebooks":["#, r#""pipelinePods":["#).replacen(
        r#""dependencies":{"#,
        r#""notebooks":["registry"],"dependencies":{"registry":{"imagePullSecrets":[{"name":"gpr-credentials"}]},"#,
        1,
    )
}

/// Settings of one pull secret.
pub fn registry() -> String {
    all(&vec![("registry".to_owned(), r#""imagePullSecrets":[{"name":"gpr-credentials"}]"#.to_owned())])
}

/// Settings of one dependency with these members.
pub fn one(members: &str) -> String {
    all(&dependencies(1, |_| members.to_owned()))
}

/// What the module makes of an object that is created.
pub fn injected(object: &str, settings: &str) -> Result<String, String> {
    let payload = create(object, settings);
    let call = meter().call_within(LIMIT, "validate", payload.as_bytes()).expect("the module starts");
    let answer = call.answer.unwrap_or_default();
    match serde_json::from_slice::<Value>(&answer).map(|mut answer| answer["mutated_object"].take()) {
        Ok(object @ Value::Object(_)) => Ok(object.to_string()),
        _ => Err(format!("{} instructions to make it: {}", call.instructions, String::from_utf8_lossy(&answer))),
    }
}
