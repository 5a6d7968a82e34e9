//! Many evaluations on several threads, each in a fresh instance, as on a busy policy server: every answer is the first
//! one again, and memory does not grow.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure, format_err};
use serde_json::{Value, json};

use super::rows::{self, Row};
use crate::{
    AdmissionRequest, Policy,
    testing::{project, test_data},
};

/// Settings, each with which every captured request is evaluated. Those of the sample cluster are an earlier and a later
/// state of `settings.yaml`.
const SETTINGS: [&str; 5] =
    ["settings.yaml", "settings-registry.yaml", "nais/settings.yaml", "cluster/older.yaml", "cluster/new.yaml"];

/// Where the requests are that an API server sent.
const CAPTURED: [&str; 2] = ["requests", "requests/later"];

/// From this payload on a call is long: it takes a hundred times as long as a short one.
const LONG: usize = 50_000;

/// Every so many calls there is a long one; more often where there would be none of some in a part of the run.
const BETWEEN_LONG: usize = 100;

/// How many parts a run has, in each of which memory is looked at. The first one warms up.
const PARTS: usize = 10;

/// How often memory is looked at in a part.
const LOOKS: usize = 50;

/// How much larger memory may be at its most in the last part than it was in the second, as a share of that.
const MOST_GROWTH: f64 = 0.05;

/// A call, and what it was answered when it was made for the first time.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it is.
    pub name: String,
    /// waPC's operation.
    pub operation: &'static str,
    /// The bytes that the guest gets.
    pub payload: Vec<u8>,
    /// The first answer.
    pub answer: Vec<u8>,
}

/// What a run has shown.
#[derive(Debug)]
pub struct Load {
    /// How many evaluations there were.
    pub evaluations: usize,
    /// How long they took together.
    pub took: Duration,
    /// How many of them were not answered as the first time.
    pub differing: usize,
    /// The first of these.
    pub first_difference: Option<String>,
    /// The most memory that was resident in each part, in bytes; nothing where the system does not say.
    pub resident: Option<[u64; PARTS]>,
}

/// Every row of the bench that is a request, and every captured request under each of several settings.
pub fn calls(policy: &Policy) -> Result<Vec<Call>> {
    let mut calls = Vec::new();
    for Row { name, operation, payload, .. } in rows::table(policy)? {
        calls.push(Call::first(policy, name, operation, payload)?);
    }
    let requests = captured()?;
    for file in SETTINGS {
        let mut settings = test_data(file);
        settings["pods"] = json!(["registry"]);
        if settings["dependencies"]["registry"].is_null() {
            settings["pods"] = settings["notebooks"].clone();
        }
        policy.accept_settings(&settings).with_context(|| file.to_owned())?;
        for (name, request) in &requests {
            calls.push(Call::first(policy, format!("{name}, {file}"), "validate", request.payload(&settings))?);
        }
    }
    Ok(calls)
}

/// The requests in `test_data/`, by their files.
fn captured() -> Result<Vec<(String, AdmissionRequest)>> {
    let mut files = BTreeSet::new();
    for folder in CAPTURED {
        let folder = project().join("test_data").join(folder);
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            files.extend(path.extension().is_some().then_some(path));
        }
    }
    let mut requests = Vec::new();
    for path in files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let document = crate::document::read(&path)?;
        // An object as it was stored stands beside the requests.
        if document["kind"] == "AdmissionReview" {
            requests.push((name, AdmissionRequest::from_json(document)?));
        }
    }
    Ok(requests)
}

impl Call {
    /// Makes it once.
    fn first(policy: &Policy, name: String, operation: &'static str, payload: Vec<u8>) -> Result<Self> {
        let answer = policy.call(operation, &payload).map_err(|error| format_err!("{name}: {error}"))?;
        let said: Value = serde_json::from_slice(&answer).with_context(|| name.clone())?;
        let is_answer = said["valid"] == true || said["accepted"] == true || said["code"] == 422;
        ensure!(is_answer, "{name}: the policy answers {said}");
        Ok(Self { name, operation, payload, answer })
    }

    /// Makes it again, in a fresh instance. An `Err` is what is different.
    fn again(&self, policy: &Policy) -> Result<(), String> {
        match policy.call(self.operation, &self.payload) {
            Ok(answer) if answer == self.answer => Ok(()),
            Ok(answer) => Err(format!(
                "{}: answered {}, and first {}",
                self.name,
                String::from_utf8_lossy(&answer),
                String::from_utf8_lossy(&self.answer)
            )),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }
}

impl Load {
    /// Makes so many evaluations of `calls` in turn, on so many threads.
    pub fn run<'c>(policy: &Policy, calls: &'c [Call], evaluations: usize, threads: usize) -> Self {
        let (long, short): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.payload.len() >= LONG);
        let between_long = (evaluations / (PARTS * (2 * long.len()).max(1))).clamp(1, BETWEEN_LONG);
        let in_turn = |calls: &[&'c Call], at: usize| calls.get(at % calls.len().max(1)).copied();
        let call = |at: usize| match at % between_long {
            0 => in_turn(&long, at / between_long).or_else(|| in_turn(&short, at)),
            _ => in_turn(&short, at),
        };
        let part = |at: usize| (at * PARTS / evaluations).min(PARTS - 1);
        let between_looks = (evaluations / (PARTS * LOOKS)).max(1);
        let (next, differing) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let first_difference = Mutex::new(None);
        let seen = Mutex::new(Some([0; PARTS]));

        let work = || loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= evaluations {
                break;
            }
            if let Some(Err(difference)) = call(at).map(|call| call.again(policy)) {
                differing.fetch_add(1, Ordering::Relaxed);
                if let Ok(mut first) = first_difference.lock() {
                    first.get_or_insert(difference);
                }
            }
            if at % between_looks == 0
                && let Ok(mut seen) = seen.lock()
            {
                *seen = seen.zip(resident()).map(|(mut most, bytes)| {
                    most[part(at)] = most[part(at)].max(bytes);
                    most
                });
            }
        };
        let began = Instant::now();
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
        Self {
            evaluations,
            took: began.elapsed(),
            differing: differing.into_inner(),
            first_difference: first_difference.into_inner().unwrap_or_default(),
            resident: seen.into_inner().unwrap_or_default(),
        }
    }

    /// How many evaluations there were in a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.evaluations as f64 / self.took.as_secs_f64()
    }

    /// # Errors
    /// An evaluation was not answered as the first time, or memory has grown.
    pub fn check(&self) -> Result<()> {
        let difference = self.first_difference.as_deref().unwrap_or_default();
        ensure!(
            self.differing == 0,
            "{} of {} are not answered as the first time: {difference}",
            self.differing,
            self.evaluations
        );
        if let Some([_, warm, .., last]) = self.resident {
            let most = warm as f64 * (1.0 + MOST_GROWTH);
            ensure!(last as f64 <= most, "memory grows: {}", self.memory());
        }
        Ok(())
    }

    /// The memory that was resident, in words.
    #[must_use]
    pub fn memory(&self) -> String {
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        match self.resident {
            Some([_, warm, .., last]) => format!(
                "{:.1} MiB resident at most in the second tenth, {:.1} MiB in the last",
                mebibytes(warm),
                mebibytes(last)
            ),
            None => "not looked at, since this system has no /proc/self/status".to_owned(),
        }
    }
}

/// The memory of this process that is resident, in bytes; `None` where the system does not say, as on macOS.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
