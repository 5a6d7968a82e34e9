//! What somebody may write to make an evaluation dear: the cost grows no faster than what is written (contract, "Cost").
//!
//! Each kind of input is measured at four sizes, each twice the one before, in instructions. With `--nocapture` the
//! growth is printed.

use std::iter;

use policy_host::testing::meter;

#[path = "hostile/containers.rs"]
mod containers;
#[path = "hostile/depth.rs"]
mod depth;
#[path = "hostile/entries.rs"]
mod entries;
#[path = "hostile/large.rs"]
mod large;
#[path = "hostile/lives.rs"]
mod lives;
#[path = "hostile/payloads.rs"]
mod payloads;
#[path = "hostile/records.rs"]
mod records;
#[path = "hostile/rounds.rs"]
mod rounds;
#[path = "hostile/settings.rs"]
mod settings;
#[path = "hostile/spelling.rs"]
mod spelling;

use large::Large;
use payloads::Request;

/// How often each kind is doubled.
const DOUBLED: u32 = 3;

/// How much more a byte may cost where there are twice as many: names are found in logarithmic time, whoever chose them,
/// and whether a buffer just fits or is moved once more makes up to a hundredth. What is quadratic costs twice as much.
const MOST_GROWTH: f64 = 1.25;

/// As many bytes an addition counts where it is not written: about as much as it takes in an object and in the record.
const ADDITION: usize = 50;

/// Where a call ends that costs far too much: it would go on for minutes.
const LIMIT: u64 = 4_000_000_000;

/// A kind of input.
pub struct Kind {
    name: String,
    operation: &'static str,
    /// The first of the four sizes.
    smallest: usize,
    /// The payload of a size; of size 1 it holds next to nothing. An error is a payload that cannot be made, since the
    /// module under test makes a part of it.
    payload: Box<dyn Fn(usize) -> Result<String, String>>,
    /// What must stand in the answer. A number counts only where the work was done.
    says: &'static str,
    /// How many additions there are, where these are more than what is written: entries in each of many containers.
    additions: fn(usize) -> usize,
}

/// The request goes on.
const ACCEPTED: &str = r#"{"accepted":true"#;
/// The object is changed.
const MUTATED: &str = r#"{"accepted":true,"mutated_object":"#;
/// The settings are valid.
const VALID: &str = r#"{"valid":true"#;
/// The settings are not.
const INVALID: &str = r#"{"valid":false"#;
/// The request is denied for its object.
const DENIED: &str = r#"{"accepted":false,"code":422"#;

impl Kind {
    fn new(name: impl Into<String>, smallest: usize, payload: impl Fn(usize) -> String + 'static) -> Self {
        Self::made(name, smallest, move |size| Ok(payload(size)))
    }

    fn made(
        name: impl Into<String>,
        smallest: usize,
        payload: impl Fn(usize) -> Result<String, String> + 'static,
    ) -> Self {
        let payload = Box::new(payload);
        Kind { name: name.into(), operation: "validate", smallest, payload, says: ACCEPTED, additions: |_| 0 }
    }

    /// The same in each sort of request.
    fn thrice(name: &str, smallest: usize, payload: impl Fn(Request, usize) -> String + Copy + 'static) -> [Self; 3] {
        Request::ALL
            .map(|request| Self::new(format!("{name}: {request:?}"), smallest, move |size| payload(request, size)))
    }

    fn says(self, says: &'static str) -> Self {
        Kind { says, ..self }
    }

    fn of(self, operation: &'static str) -> Self {
        Kind { operation, ..self }
    }

    fn adds(self, additions: fn(usize) -> usize) -> Self {
        Kind { additions, ..self }
    }
}

/// What one size of a kind costs.
struct Cost {
    payload: usize,
    /// What the cost may grow with, in bytes.
    size: usize,
    instructions: u64,
    memory: u64,
}

impl Cost {
    fn of(kind: &Kind, size: usize) -> Result<Self, String> {
        Self::within(LIMIT, kind, size)
    }

    /// A call that needs more instructions than `most` ends there.
    fn within(most: u64, kind: &Kind, size: usize) -> Result<Self, String> {
        let payload = (kind.payload)(size)?;
        let call = meter().call_within(most, kind.operation, payload.as_bytes()).expect("the module starts");
        let (payload, instructions, memory) = (payload.len(), call.instructions, call.memory);
        if instructions == most {
            return Err(format!("more than {most} instructions for a payload of {payload}"));
        }
        // Of a trap the first line is enough; the others are addresses.
        let answer =
            call.answer.map_err(|problem| problem.to_string().lines().next().unwrap_or_default().to_owned())?;
        let answer = String::from_utf8_lossy(&answer);
        if size > 1 && !answer.contains(kind.says) {
            let begins: String = answer.chars().take(300).collect();
            return Err(format!("the answer should say {}, but begins {begins}", kind.says));
        }
        let size = payload + ADDITION * (kind.additions)(size);
        Ok(Cost { payload, size, instructions, memory })
    }

    /// What each byte costs that it is longer than `start`.
    fn share(&self, start: &Cost) -> f64 {
        (self.instructions as f64 - start.instructions as f64) / (self.size as f64 - start.size as f64)
    }
}

/// Measures `kind`: a row of the table, and whether it costs too much.
fn measure(kind: &Kind) -> (String, bool) {
    let sizes = (0..=DOUBLED).map(|times| kind.smallest << times);
    let mut costs = Vec::new();
    let mut problem = None;
    for size in iter::once(1).chain(sizes) {
        match Cost::of(kind, size) {
            Ok(cost) => costs.push(cost),
            Err(found) => {
                problem = Some(found);
                break;
            }
        }
    }
    let shares: Vec<_> = costs.iter().skip(1).map(|cost| cost.share(&costs[0])).collect();
    let growth: Vec<_> = shares.iter().zip(shares.iter().skip(1)).map(|(one, two)| two / one).collect();
    let share = shares.iter().copied().fold(0.0, f64::max);
    let mut row = format!("{:<100}", kind.name);
    if let Some(last) = costs.last().filter(|_| !shares.is_empty()) {
        row += &format!(
            "{:>9} bytes{:>8.2} M{:>8.1} a byte{:>7.1}x memory  ",
            last.payload,
            last.instructions as f64 / 1e6,
            share,
            last.memory as f64 / last.payload as f64,
        );
    }
    row.extend(growth.iter().map(|growth| format!(" {growth:.3}")));
    row.extend(problem.iter().flat_map(|problem| ["  ", problem]));
    let is_too_much = problem.is_some() || growth.iter().any(|growth| *growth > MOST_GROWTH);
    (row, is_too_much)
}

/// Measures all, and fails with every one that costs too much.
fn hold<K>(kinds: Vec<K>, measure: impl Fn(&K) -> (String, bool)) {
    let mut missed = Vec::new();
    for kind in &kinds {
        let (row, is_too_much) = measure(kind);
        println!("{row}");
        missed.extend(is_too_much.then_some(row));
    }
    assert!(missed.is_empty(), "{} of {}:\n{}", missed.len(), kinds.len(), missed.join("\n"));
}

#[test]
fn records() {
    hold(records::kinds(), measure);
}

#[test]
fn chosen_containers() {
    hold(containers::kinds(), measure);
}

#[test]
fn dependencies_that_wait_for_one_another() {
    hold(rounds::kinds(), measure);
}

#[test]
fn templates_that_differ_far_down() {
    hold(depth::kinds(), measure);
}

#[test]
fn many_entries() {
    hold(entries::kinds(), measure);
}

#[test]
fn what_is_ours_already() {
    hold(lives::kinds(), measure);
}

#[test]
fn spelling() {
    hold(spelling::kinds(), measure);
}

#[test]
fn checking_settings() {
    hold(settings::kinds(), measure);
}

#[test]
fn far_too_large() {
    hold(large::rows(), Large::measure);
}
