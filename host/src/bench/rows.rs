//! What is measured: each row a payload with a name, and what the policy is expected to do with it.

use anyhow::{Error, Result, bail, ensure};
use serde_json::{Value, json};

use super::requests::{
    ALL_FOUR, about_a_deployment, adding_env, all_four, all_four_everywhere, annotated_notebook_of, notebook_of,
    notebook_with_containers, notebook_with_env, object_bytes, recorded, registry, settings, spell_as_go, stored,
    typical_notebook, update,
};
use crate::{
    AdmissionRequest, Policy,
    event::{self, annotate, cull, start},
};

/// One call.
#[derive(Clone, Debug)]
pub struct Row {
    /// What stands in the table.
    pub name: String,
    /// waPC's operation.
    pub operation: &'static str,
    /// The bytes that a guest gets.
    pub payload: Vec<u8>,
    /// How long the request's object is; 0 where there is none.
    pub object_bytes: usize,
    /// Whether its settings ask for all four dependencies, so that it is [`Each::typed_all`] that does the same.
    ///
    /// [`Each::typed_all`]: super::guests::Each::typed_all
    pub all_four: bool,
    /// What the policy does with it.
    pub expected: Expected,
}

/// What the policy does with a row. A number counts only where the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Accepted, without a mutated object and without a warning.
    Untouched,
    /// Accepted, with one.
    Mutated,
    /// Settings that it can work with.
    Valid,
}

impl Row {
    /// A request that the policy does not touch.
    #[must_use]
    pub fn untouched(name: impl Into<String>, request: &AdmissionRequest, settings: &Value) -> Self {
        Self::validate(name.into(), request, settings, Expected::Untouched)
    }

    /// A request whose object the policy changes.
    #[must_use]
    pub fn mutated(name: impl Into<String>, request: &AdmissionRequest, settings: &Value) -> Self {
        Self::validate(name.into(), request, settings, Expected::Mutated)
    }

    /// Settings alone.
    #[must_use]
    pub fn validate_settings(name: impl Into<String>, settings: &Value) -> Self {
        Self {
            name: name.into(),
            operation: "validate_settings",
            payload: settings.to_string().into_bytes(),
            object_bytes: 0,
            all_four: false,
            expected: Expected::Valid,
        }
    }

    fn validate(name: String, request: &AdmissionRequest, settings: &Value, expected: Expected) -> Self {
        Self {
            name,
            operation: "validate",
            payload: request.payload(settings),
            object_bytes: object_bytes(request),
            all_four: settings["notebooks"] == json!(ALL_FOUR),
            expected,
        }
    }

    /// Whether the policy's answer is what this row is about.
    pub fn check(&self, answer: &[u8]) -> Result<()> {
        let answer = serde_json::from_slice::<Value>(answer)?;
        let found = match (self.operation, &answer["accepted"], &answer["mutated_object"], &answer["warnings"]) {
            ("validate_settings", ..) if answer["valid"] == json!(true) => Expected::Valid,
            ("validate", Value::Bool(true), Value::Null, Value::Null) => Expected::Untouched,
            ("validate", Value::Bool(true), Value::Object(_), _) => Expected::Mutated,
            _ => bail!("{}: the policy answers {answer}", self.name),
        };
        ensure!(found == self.expected, "{}: expected {:?}, found {found:?}", self.name, self.expected);
        Ok(())
    }
}

/// What the policy has nothing to do with.
#[must_use]
pub fn out_of_scope() -> [Row; 5] {
    let deployment = about_a_deployment(typical_notebook());
    [
        Row::untouched("another kind", &deployment, &all_four()),
        Row::untouched("DELETE", &recorded("notebook-delete"), &all_four()),
        Row::untouched("status subresource", &recorded("notebook-update-status-subresource"), &all_four()),
        Row::untouched("plain pod", &recorded("pod-create-plain"), &all_four()),
        Row::untouched("labels of a pod", &recorded("pod-update-labels"), &all_four()),
    ]
}

/// A Notebook that has everything already, since `policy` added it: read, compared, and left as it is.
pub fn already_injected(policy: &Policy) -> Result<[Row; 2]> {
    let row = |what, settings| {
        let request = injected(policy, typical_notebook(), &settings)?;
        Ok::<_, Error>(Row::untouched(format!("already injected, {what}"), &request, &settings))
    };
    Ok([row("registry", registry())?, row("all four", all_four())?])
}

/// The Notebook with one pull secret to add.
#[must_use]
pub fn typical() -> Row {
    Row::mutated("typical Notebook, registry", &typical_notebook(), &registry())
}

/// The Notebook with everything to add.
#[must_use]
pub fn typical_with_all_four() -> Row {
    Row::mutated("typical Notebook, all four", &typical_notebook(), &all_four())
}

/// A pod of Kubeflow Pipelines with one pull secret to add.
#[must_use]
pub fn pipeline_pod() -> Row {
    let mut settings = registry();
    settings["pipelinePods"] = settings["notebooks"].clone();
    Row::mutated("pipeline pod, registry", &recorded("pod-create-pipeline"), &settings)
}

/// A pod of Kubeflow Pipelines with everything to add.
#[must_use]
pub fn pipeline_pod_with_all_four() -> Row {
    Row::mutated("pipeline pod, all four", &recorded("pod-create-pipeline"), &all_four())
}

/// A Notebook as long as this.
#[must_use]
pub fn sized(bytes: usize) -> Row {
    Row::mutated(format!("{} Notebook, registry", size(bytes)), &notebook_of(bytes), &registry())
}

/// A Notebook as long as this, with everything to add.
#[must_use]
pub fn sized_with_all_four(bytes: usize) -> Row {
    Row::mutated(format!("{} Notebook, all four", size(bytes)), &notebook_of(bytes), &all_four())
}

/// A Notebook as long as this, most of it one string.
#[must_use]
pub fn sized_by_one_string(bytes: usize) -> Row {
    let request = annotated_notebook_of(bytes);
    Row::mutated(format!("{} Notebook, one annotation", size(bytes)), &request, &registry())
}

/// So many variables of the user, and so many to add.
#[must_use]
pub fn variables(own: usize, added: usize) -> Row {
    Row::mutated(format!("{own} env + {added} added"), &notebook_with_env(own), &adding_env(added))
}

/// So many containers with everything to add.
#[must_use]
pub fn containers(count: usize) -> Row {
    let request = notebook_with_containers(count);
    Row::mutated(format!("{count} containers, all four in each"), &request, &all_four_everywhere())
}

/// Updates of Notebooks that run, to which `policy` added everything when they were created, under unchanged settings.
/// The culler's first one spells the template in the way of Go's types; from then on it is the stored one, byte by byte.
pub fn updates_of_injected(policy: &Policy) -> Result<[Row; 5]> {
    let settings = all_four();
    let row = |name, request| Row::untouched(name, &request, &settings);
    let as_created = stored(&injected(policy, typical_notebook(), &settings)?);
    let large = stored(&injected(policy, notebook_of(1_000_000), &settings)?);
    let first_put = |notebook: &mut Value| {
        spell_as_go(notebook);
        cull(notebook, "2026-11-23T10:05:00Z");
    };
    let mut running = as_created.clone();
    first_put(&mut running);
    let mut stopped = running.clone();
    stop(&mut stopped);
    Ok([
        row("culler, injected", update(&running, |notebook| cull(notebook, "2026-11-23T10:06:00Z"))),
        row("culler's first update, injected", update(&as_created, first_put)),
        row("stop, injected", update(&running, stop)),
        row("start, injected", update(&stopped, start)),
        row("1 MB UPDATE, injected", update(&large, see)),
    ])
}

/// Updates of Notebooks to which nothing was added: while one runs everything waits, and stopping it brings it in.
#[must_use]
pub fn updates_of_never_injected() -> [Row; 4] {
    let large = stored(&notebook_of(1_000_000));
    [
        ("culler, never injected", recorded("notebook-update-culler")),
        ("stop, never injected", recorded("notebook-update-stop")),
        ("1 MB UPDATE, never injected", update(&large, see)),
        ("1 MB stop, never injected", update(&large, stop)),
    ]
    .map(|(name, request)| Row::mutated(name, &request, &all_four()))
}

/// Every row of the table.
pub fn table(policy: &Policy) -> Result<Vec<Row>> {
    let mut rows = Vec::from(out_of_scope());
    rows.extend(already_injected(policy)?);
    rows.extend([
        typical(),
        typical_with_all_four(),
        pipeline_pod(),
        pipeline_pod_with_all_four(),
        sized(100_000),
        sized_with_all_four(100_000),
        sized(1_000_000),
        sized_with_all_four(1_000_000),
        sized_by_one_string(1_000_000),
        variables(1000, 1),
        variables(1, 200),
        variables(1000, 200),
        containers(100),
    ]);
    rows.extend(updates_of_injected(policy)?);
    rows.extend(updates_of_never_injected());
    rows.push(Row::validate_settings("validate_settings", &settings(&["registry", "proxy", "trust"])));
    Ok(rows)
}

/// How long the Notebooks are that the chart has beside the typical one.
const GROWTH: [usize; 7] = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];

/// The typical Notebook with one pull secret to add, and ever larger ones.
#[must_use]
pub fn growth() -> Vec<Row> {
    std::iter::once(typical()).chain(GROWTH.map(sized)).collect()
}

/// The same with everything to add.
#[must_use]
pub fn growth_with_all_four() -> Vec<Row> {
    std::iter::once(typical_with_all_four()).chain(GROWTH.map(sized_with_all_four)).collect()
}

/// What `request` asks for, once the policy has had its way.
fn injected(policy: &Policy, request: AdmissionRequest, settings: &Value) -> Result<AdmissionRequest> {
    let response = policy.validate(&request, settings);
    let object = response.apply_to(&request.object.clone().unwrap_or_default())?;
    Ok(AdmissionRequest { object: Some(object), ..request })
}

fn stop(notebook: &mut Value) {
    event::stop(notebook, "2026-11-23T10:10:00Z");
}

/// What somebody does who does not stop the Notebook.
fn see(notebook: &mut Value) {
    annotate(notebook, "example.org/seen", "2026-11-23T10:10:00Z");
}

fn size(bytes: usize) -> String {
    if bytes < 1_000_000 { format!("{} kB", bytes / 1000) } else { format!("{} MB", bytes / 1_000_000) }
}
