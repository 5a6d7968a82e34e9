//! What was measured. Instructions, memory and sizes are exact and the same everywhere; times are this machine's, and
//! [`Report::exact`] leaves them out.

use std::time::{Duration, Instant};

use anyhow::{Result, format_err};
use serde::{Deserialize, Serialize};

use super::{
    guests::{Each, Guest},
    rows::{self, Row},
};
use crate::CallError;

/// All that one run measures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What is said once about each module.
    pub modules: Each<Module>,
    /// The table.
    pub rows: Vec<Measured>,
    /// The typical Notebook with one pull secret to add, and ever larger ones.
    pub growth: Vec<Measured>,
    /// The same with everything to add.
    pub growth_with_all_four: Vec<Measured>,
}

/// A module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Module {
    /// Its size.
    pub bytes: usize,
    /// How long it takes to compile, once per policy and start of a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile_milliseconds: Option<f64>,
}

/// A row with what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The row's name.
    pub name: String,
    /// How long the payload is.
    pub payload_bytes: usize,
    /// How long the request's object is.
    pub object_bytes: usize,
    /// `None` where a guest has no answer, or it is not the typed one that adds what the row asks for.
    pub cost: Each<Option<Cost>>,
}

/// One evaluation: a fresh instance, its start functions, the call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// WebAssembly instructions.
    pub instructions: u64,
    /// Linear memory in bytes.
    pub memory: u64,
    /// How long it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
}

/// Of many evaluations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// Half of them took no longer.
    pub median_microseconds: f64,
    /// 19 of 20 took no longer.
    pub p95_microseconds: f64,
    /// How many there were in a second, one after the other.
    pub per_second: f64,
}

/// How long each row is evaluated for its times, per guest; always at least [`FEWEST`] times.
const TIMED_FOR: Duration = Duration::from_millis(500);
const FEWEST: usize = 20;

impl Report {
    /// Measures everything.
    pub fn measure(guests: &Each<Guest>) -> Result<Self> {
        let modules = guests.as_ref().map(|guest| Module {
            bytes: guest.module.len(),
            compile_milliseconds: Some(guest.timed().compiled_in.as_secs_f64() * 1e3),
        });
        let table = rows::table(&guests.mutatingflow.timed().policy)?;
        let rows = table.iter().map(|row| Measured::timed(guests, row)).collect::<Result<_>>()?;
        let counted = |rows: Vec<Row>| rows.iter().map(|row| Measured::counted(guests, row)).collect::<Result<_>>();
        let (growth, growth_with_all_four) = (counted(rows::growth())?, counted(rows::growth_with_all_four())?);
        Ok(Self { modules, rows, growth, growth_with_all_four })
    }

    /// Without what differs from run to run.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.modules = self.modules.map(|module| Module { compile_milliseconds: None, ..module });
        for row in &mut self.rows {
            row.cost = row.cost.map(|cost| cost.map(|cost| Cost { time: None, ..cost }));
        }
        self
    }
}

impl Measured {
    /// Instructions and memory.
    pub fn counted(guests: &Each<Guest>, row: &Row) -> Result<Self> {
        Self::with(guests, row, |_| None)
    }

    /// Instructions, memory and times.
    pub fn timed(guests: &Each<Guest>, row: &Row) -> Result<Self> {
        Self::with(guests, row, |guest| Some(time(guest, row)))
    }

    fn with(guests: &Each<Guest>, row: &Row, time: impl Fn(&Guest) -> Option<Time>) -> Result<Self> {
        let cost = |guest: &Guest| -> Result<Counted> {
            let call = guest.meter.call(row.operation, &row.payload);
            let call = call.map_err(|error| format_err!("{}: {error}", row.name))?;
            let cost = Cost { instructions: call.instructions, memory: call.memory, time: None };
            Ok(match call.answer {
                Ok(answer) => (Some(Cost { time: time(guest), ..cost }), Ok(answer)),
                Err(problem) => (None, Err(problem)),
            })
        };
        let (policy, answer) = cost(&guests.mutatingflow)?;
        row.check(&answer.map_err(|problem| format_err!("{}: the policy fails: {problem}", row.name))?)?;
        Ok(Self {
            name: row.name.clone(),
            payload_bytes: row.payload.len(),
            object_bytes: row.object_bytes,
            cost: Each {
                mutatingflow: policy,
                scan: cost(&guests.scan)?.0,
                typed: if row.all_four { None } else { cost(&guests.typed)?.0 },
                typed_all: if row.all_four { cost(&guests.typed_all)?.0 } else { None },
            },
        })
    }

    /// What the typed guest costs that adds what the row asks for.
    #[must_use]
    pub fn typed(&self) -> Option<Cost> {
        self.cost.typed.or(self.cost.typed_all)
    }

    /// The policy's instructions by those of scan.
    #[must_use]
    pub fn to_scan(&self) -> Option<f64> {
        ratio(self.cost.mutatingflow, self.cost.scan)
    }

    /// The instructions of [`Self::typed`] by the policy's.
    #[must_use]
    pub fn typed_to_ours(&self) -> Option<f64> {
        ratio(self.typed(), self.cost.mutatingflow)
    }
}

/// What a call costs if it has an answer, and the answer.
type Counted = (Option<Cost>, Result<Vec<u8>, CallError>);

fn ratio(one: Option<Cost>, other: Option<Cost>) -> Option<f64> {
    Some(one?.instructions as f64 / other?.instructions as f64)
}

fn time(guest: &Guest, row: &Row) -> Time {
    let began = Instant::now();
    let mut times = Vec::new();
    while times.len() < FEWEST || began.elapsed() < TIMED_FOR {
        let start = Instant::now();
        // A guest without an answer is found where instructions are counted.
        let _ = guest.timed().policy.call(row.operation, &row.payload);
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    let per_second = times.len() as f64 / began.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    Time { median_microseconds: at(0.5), p95_microseconds: at(0.95), per_second }
}
