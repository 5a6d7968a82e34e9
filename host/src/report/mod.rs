//! What settings would do to the objects of a cluster: to each one now, when it is stopped and started, and if it were
//! created anew.

use std::{
    collections::BTreeMap,
    num::NonZero,
    path::PathBuf,
    sync::{Mutex, atomic::AtomicU64, mpsc},
    thread,
};

use anyhow::{Context as _, Result, anyhow};
use serde::Serialize;
use serde_json::Value;

use crate::{
    deployment::Deployment,
    event::{Event, is_stopped},
    objects::{self, Unread},
    policy::Policy,
    request::AdmissionRequest,
    response::AdmissionResponse,
    upgrade::stored_under,
};

mod show;

/// The domain of the policy's annotations, where the settings name no other.
const DOMAIN: &str = "mutatingflow.nais.io";

/// How many objects are read ahead of those that are looked at: enough for no thread to wait, and no more memory.
const AHEAD: usize = 64;

/// How the part of a report's message begins that names conflicts.
const CONFLICTS: &str = "in conflict with the user's entries: ";

/// What is tried.
pub struct Trial<'a> {
    policy: &'a Policy,
    settings: Value,
    /// The same settings, asked for a report.
    reporting: Value,
    /// How they are deployed, where that is known.
    deployment: Option<&'a Deployment>,
    from: Option<Earlier<'a>>,
}

/// Earlier settings, and how they are deployed where that is known.
pub type Earlier<'a> = (&'a Value, Option<&'a Deployment>);

/// What came of all objects.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The objects that the policy acts on, as they were found.
    pub objects: Vec<Row>,
    /// How many more of these kinds there were that the deployed policy is not asked about.
    pub not_covered: usize,
    /// How many there were of kinds that it does not act on.
    pub passed_over: BTreeMap<String, usize>,
    /// What could not be read: where, and why.
    pub broken: Vec<String>,
    /// What of the deployment was not evaluated.
    #[serde(skip)]
    pub not_evaluated: Vec<String>,
}

/// An object.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its namespace.
    pub namespace: String,
    /// Its name, or how it begins where the server made it up.
    pub name: String,
    /// `Notebook` or `Pod`.
    pub kind: &'static str,
    /// Whether it runs; a pod always does.
    pub state: State,
    /// What happens at the next update that nobody means anything by, such as the culler's. Nothing ever does to a pod.
    pub now: Outcome,
    /// What happens besides when it is stopped and started.
    pub restarted: Outcome,
    /// What happens if it is created anew.
    pub anew: Outcome,
}

/// Whether a Notebook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its template must not change.
    Running,
    /// It may.
    Stopped,
}

/// What the policy does to an object; names of dependencies, and no values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Whether the request is refused.
    pub refused: bool,
    /// What it had nothing of by the policy's record, and has something of now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// What it had otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub updated: Vec<String>,
    /// What it no longer has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// What waits until it is stopped and started, conflicts included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
    /// What has something of the user's in its place that is neither kept nor replaced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<String>,
    /// What the client is told: why it is refused, and the warnings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
}

/// Which objects a reader wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Only {
    /// Those that have a conflict, or that could not be created again
    Refused,
    /// Those in which something waits
    Waiting,
    /// Those that change now, or when they are stopped and started; pods that would be other ones if they were new
    Changed,
}

impl<'a> Trial<'a> {
    /// Tries these settings; where `from` is given, on objects as those settings make them. Settings of a policy that
    /// reports are tried as those of the policy that it reports on.
    #[must_use]
    pub fn new(
        policy: &'a Policy,
        mut settings: Value,
        deployment: Option<&'a Deployment>,
        from: Option<Earlier<'a>>,
    ) -> Self {
        settings["report"] = Value::Bool(false);
        let mut reporting = settings.clone();
        reporting["report"] = Value::Bool(true);
        Self { policy, settings, reporting, deployment, from }
    }

    /// Looks at every object of these files, in their order. `seen` is told how many there were so far, and `bytes` is how
    /// much of the files has been read.
    ///
    /// # Errors
    /// A file cannot be read. An object that cannot be is part of the report.
    pub fn of(&self, files: &[PathBuf], bytes: &AtomicU64, seen: &mut dyn FnMut(usize)) -> Result<Report> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let (unread, to_look_at) = mpsc::sync_channel::<(usize, Unread)>(AHEAD);
        let (looked_at, found) = mpsc::channel();
        let to_look_at = Mutex::new(to_look_at);
        thread::scope(|scope| {
            for _ in 0..threads {
                let (to_look_at, looked_at) = (&to_look_at, looked_at.clone());
                scope.spawn(move || {
                    loop {
                        // The lock is released before the object is looked at.
                        let next = to_look_at.lock().map(|queue| queue.recv());
                        let Ok(Ok((number, unread))) = next else { break };
                        if looked_at.send((number, self.look_at(unread))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(looked_at);
            let reader = scope.spawn(move || {
                let mut number = 0;
                for file in files {
                    objects::each(file, bytes, &mut |object| {
                        number += 1;
                        unread.send((number, object)).context("nobody looks at objects any more")
                    })?;
                }
                Ok(())
            });
            let mut all: Vec<_> = found
                .iter()
                .enumerate()
                .map(|(count, one)| {
                    seen(count + 1);
                    one
                })
                .collect();
            all.sort_by_key(|(number, _)| *number);
            let mut report = Report::default();
            let mut namespaces = BTreeMap::new();
            for found in all.into_iter().flat_map(|(_, found)| found) {
                match found {
                    Found::Row(row) => report.objects.push(*row),
                    Found::NotCovered => report.not_covered += 1,
                    Found::Namespace(name, labels) => drop(namespaces.insert(name, labels)),
                    Found::PassedOver(kind) => *report.passed_over.entry(kind).or_default() += 1,
                    Found::Broken(what) => report.broken.push(what),
                }
            }
            reader.join().unwrap_or_else(|_| Err(anyhow!("the objects could not be read")))?;
            if let Some(deployment) = self.deployment {
                report.keep_covered(deployment, &namespaces);
            }
            Ok(report)
        })
    }

    fn look_at(&self, unread: Unread) -> Vec<Found> {
        let origin = unread.origin.clone();
        match unread.read() {
            Ok(objects) => objects
                .into_iter()
                .map(|object| self.object(object).unwrap_or_else(|error| Found::Broken(format!("{origin}: {error:#}"))))
                .collect(),
            Err(error) => vec![Found::Broken(format!("{error:#}"))],
        }
    }

    fn object(&self, object: Value) -> Result<Found> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind = match (object["apiVersion"].as_str().unwrap_or_default(), object["kind"].as_str()) {
            (group, Some("Notebook")) if group.starts_with("kubeflow.org/") => "Notebook",
            ("v1", Some("Pod")) => "Pod",
            ("v1", Some("Namespace")) if self.deployment.is_some_and(|it| it.of_namespaces().is_some()) => {
                let metadata = &object["metadata"];
                return Ok(Found::Namespace(text(&metadata["name"]), metadata["labels"].clone()));
            }
            (_, kind) => return Ok(Found::PassedOver(kind.unwrap_or("something without a kind").to_owned())),
        };
        let metadata = &object["metadata"];
        let (namespace, name) = (text(&metadata["namespace"]), [&metadata["name"], &metadata["generateName"]]);
        let name = name.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned();
        let is_updated = kind == "Notebook" && covers(self.deployment, Event::Touch, &object)?;
        if !is_updated && !covers(self.deployment, Event::Create, &object)? {
            return Ok(Found::NotCovered);
        }
        let object = match self.from {
            Some((settings, deployment)) if covers(deployment, Event::Create, &object)? => {
                // What they refuse is stored without them.
                stored_under(self.policy, settings, object.clone()).unwrap_or(object)
            }
            _ => object,
        };
        let state = if kind == "Notebook" && is_stopped(&object) { State::Stopped } else { State::Running };
        let anew = self.outcome(Event::Create, &object)?.0;
        if kind == "Pod" {
            let none = Outcome::default;
            return Ok(Found::Row(Box::new(Row {
                namespace,
                name,
                kind,
                state,
                now: none(),
                restarted: none(),
                anew,
            })));
        }
        let (now, touched) = self.outcome(Event::Touch, &object)?;
        let (stopped, started) = match state {
            State::Stopped => (Outcome::default(), self.outcome(Event::Start, &touched)?.0),
            State::Running => {
                let (outcome, stopped) = self.outcome(Event::Stop, &touched)?;
                (outcome, self.outcome(Event::Start, &stopped)?.0)
            }
        };
        Ok(Found::Row(Box::new(Row { namespace, name, kind, state, now, restarted: stopped.and(started), anew })))
    }

    /// What comes of an event, and the object as it is stored then.
    fn outcome(&self, event: Event, stored: &Value) -> Result<(Outcome, Value)> {
        let request = event.request(stored)?;
        if !self.deployment.is_none_or(|deployment| deployment.covers(&request)) {
            return Ok((Outcome::default(), request.object.unwrap_or_else(|| stored.clone())));
        }
        let (response, object) = self.policy.evaluate(&request, &self.settings);
        let before = request.old_object.as_ref().or(request.object.as_ref()).map(|object| self.recorded(object));
        let before = before.unwrap_or_default();
        let mut outcome = Outcome::of(&response, &before);
        if !outcome.messages.is_empty() || !outcome.waiting.is_empty() {
            outcome.conflicts = self.conflicts(&request);
        }
        Ok((outcome, object.unwrap_or_else(|| stored.clone())))
    }

    /// The dependencies that are in conflict: the policy names them when it is asked for a report.
    fn conflicts(&self, request: &AdmissionRequest) -> Vec<String> {
        let response = self.policy.evaluate(request, &self.reporting).0;
        let message = response.status.and_then(|status| status.message).unwrap_or_default();
        message
            .split("; ")
            .find_map(|part| part.trim_start_matches("dependencies ").strip_prefix(CONFLICTS))
            .map(names)
            .unwrap_or_default()
    }

    fn domain(&self) -> &str {
        self.settings["annotationDomain"].as_str().unwrap_or(DOMAIN)
    }

    /// The dependencies that the object has a record of.
    fn recorded(&self, object: &Value) -> Vec<String> {
        let record =
            object["metadata"]["annotations"][format!("{}/injected", self.domain())].as_str().unwrap_or_default();
        let record: Value = serde_json::from_str(record).unwrap_or_default();
        let by_kind = record.as_object().into_iter().flat_map(|kinds| kinds.values());
        by_kind.filter_map(Value::as_object).flat_map(|names| names.keys().cloned()).collect()
    }
}

/// What an object turned out to be.
enum Found {
    Row(Box<Row>),
    NotCovered,
    /// Its name and its labels.
    Namespace(String, Value),
    PassedOver(String),
    Broken(String),
}

impl Report {
    /// Keeps what is in namespaces that the policy acts in.
    fn keep_covered(&mut self, deployment: &Deployment, namespaces: &BTreeMap<String, Value>) {
        let count = self.objects.len();
        let mut is_unknown = false;
        self.objects.retain(|row| {
            let is_covered = deployment.covers_namespace(&row.namespace, namespaces.get(&row.namespace));
            is_unknown |= is_covered.is_none();
            is_covered != Some(false)
        });
        self.not_covered += count - self.objects.len();
        if is_unknown && let Some(selector) = deployment.of_namespaces() {
            self.not_evaluated.push(format!("{selector}, where the export lacks the Namespace"));
        }
        self.not_evaluated.extend(deployment.conditions());
    }
}

impl Row {
    /// Whether it is among those that are wanted.
    #[must_use]
    pub fn is(&self, only: Only) -> bool {
        let Self { now, restarted, anew, .. } = self;
        match only {
            Only::Refused => {
                [now, restarted, anew].iter().any(|outcome| outcome.refused || !outcome.conflicts.is_empty())
            }
            Only::Waiting => !now.waiting.is_empty(),
            Only::Changed if self.kind == "Pod" => anew.changes(),
            Only::Changed => now.changes() || restarted.changes(),
        }
    }
}

impl Outcome {
    fn of(response: &AdmissionResponse, before: &[String]) -> Self {
        let audit = response.audit_annotations.clone().unwrap_or_default();
        let listed = |key: &str| audit.get(key).map(|listed| names(listed)).unwrap_or_default();
        let (updated, added) = listed("dependencies").into_iter().partition(|name| before.contains(name));
        let message = response.status.as_ref().and_then(|status| status.message.clone()).unwrap_or_default();
        let warnings = response.warnings.clone().unwrap_or_default();
        Self {
            refused: !response.allowed,
            added,
            updated,
            removed: listed("removed"),
            waiting: listed("deferred"),
            conflicts: Vec::new(),
            messages: message.lines().map(str::to_owned).chain(warnings).collect(),
        }
    }

    /// Whether anything of the object changes.
    #[must_use]
    pub fn changes(&self) -> bool {
        [&self.added, &self.updated, &self.removed].iter().any(|names| !names.is_empty())
    }

    /// What came of this, and then of the next.
    fn and(mut self, next: Self) -> Self {
        self.refused |= next.refused;
        for (names, more) in [
            (&mut self.added, next.added),
            (&mut self.updated, next.updated),
            (&mut self.removed, next.removed),
            (&mut self.conflicts, next.conflicts),
            (&mut self.messages, next.messages),
        ] {
            names.extend(more.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
        }
        self.waiting = next.waiting;
        self
    }
}

/// Whether the policy is asked about an event of an object, as it is deployed; it is where nobody says how.
fn covers(deployment: Option<&Deployment>, event: Event, object: &Value) -> Result<bool> {
    deployment.map_or(Ok(true), |deployment| Ok(deployment.covers(&event.request(object)?)))
}

/// The names of a list with commas.
fn names(listed: &str) -> Vec<String> {
    listed.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
