//! Upper bounds for what an evaluation costs, on the real module. Nothing is timed: instructions, memory
//! and size are the same on every machine.

use std::{fs, sync::OnceLock};

use policy_host::{
    bench::{
        chart::chart,
        guests::{Each, Guest, built},
        page::with_costs,
        report::{Measured, Report},
        rows::{self, Row},
    },
    measure::Measured as Call,
    testing::{module, module_path, policy, project},
};
use serde_json::Value;

/// How many times the instructions of `scan` a row of the table may take at most; beside each, where it is to get.
const BOUNDS: [(&str, f64); 19] = [
    ("another kind", 0.15),                   // target 0.9
    ("DELETE", 0.7),                          // target 0.9
    ("status subresource", 0.7),              // target 0.9
    ("plain pod", 0.9),                       // target 0.9
    ("labels of a pod", 0.65),                // target 0.9
    ("typical Notebook, registry", 1.4),      // target 1.3
    ("typical Notebook, all four", 4.5),      // target 2.4
    ("pipeline pod, registry", 1.1),          // no target
    ("pipeline pod, all four", 2.65),         // target 1.7
    ("culler, injected", 1.6),                // target 1.4
    ("culler's first update, injected", 3.6), // no target
    ("stop, injected", 1.7),                  // target 1.8
    ("start, injected", 1.7),                 // target 1.8
    ("culler, never injected", 4.9),          // target 3.0
    ("1 MB Notebook, registry", 0.8),         // target 1.0
    ("1 MB Notebook, all four", 1.1),         // target 1.15
    ("1 MB Notebook, one annotation", 0.4),   // no target
    ("1 MB UPDATE, injected", 0.65),          // target 0.8
    ("1 MB UPDATE, never injected", 0.8),     // no target
];

/// How many times our instructions `typed` needs at least for the same pull secret.
const TYPED: f64 = 4.7; // target 5

/// What linear memory may take, beside three times the payload: 1.25 MiB.
const FIXED_MEMORY: u64 = 5 << 18;

/// Whether a buffer just fits or is moved once more makes up to a hundredth. `n log n` would be a twentieth, and more.
const NOISE: f64 = 1.02;

/// The module under test and the reference guests, compiled once.
fn guests() -> &'static Each<Guest> {
    static GUESTS: OnceLock<Each<Guest>> = OnceLock::new();
    GUESTS.get_or_init(|| {
        let paths = Each { mutatingflow: module_path(), ..built() };
        paths.try_map(|path| Guest::from_file(&path)).unwrap_or_else(|error| panic!("{error:#}"))
    })
}

/// A row's cost for all three.
fn cost(row: &Row) -> Measured {
    Measured::counted(guests(), row).unwrap_or_else(|error| panic!("{error:#}"))
}

/// A row's cost for the module under test alone.
fn ours(row: &Row) -> Call {
    let call = guests().mutatingflow.meter.call(row.operation, &row.payload).expect("the module starts");
    let answer = call.answer.as_ref().unwrap_or_else(|problem| panic!("{}: {problem}", row.name));
    row.check(answer).unwrap_or_else(|error| panic!("{error:#}"));
    call
}

fn instructions(row: &Row) -> u64 {
    ours(row).instructions
}

/// The rows of the table, built once.
fn table() -> &'static [Row] {
    static TABLE: OnceLock<Vec<Row>> = OnceLock::new();
    TABLE.get_or_init(|| rows::table(policy()).unwrap_or_else(|error| panic!("{error:#}")))
}

/// Fails with every row that misses its bound, not only with the first.
fn none_missed(missed: &[String]) {
    assert!(missed.is_empty(), "\n{}", missed.join("\n"));
}

#[test]
fn every_row_to_scan() {
    let missed = BOUNDS.iter().filter_map(|(name, most)| {
        let row = table().iter().find(|row| row.name == *name).unwrap_or_else(|| panic!("there is no row {name}"));
        let ratio = cost(row).to_scan().expect("scan answers");
        (ratio > *most).then(|| format!("{name}: {ratio:.3}x scan, at most {most}x"))
    });
    none_missed(&missed.collect::<Vec<_>>());
}

/// The record on an object is never trusted to skip work: it is read, and everything is looked for where it should be.
#[test]
fn what_has_everything_already_costs_less_than_adding_it_twice() {
    let rows = rows::already_injected(policy()).unwrap_or_else(|error| panic!("{error:#}"));
    let added = [rows::typical(), rows::typical_with_all_four()];
    let missed = rows.iter().zip(&added).filter_map(|(row, added)| {
        let (checking, adding) = (instructions(row), instructions(added));
        (checking > adding * 2).then(|| format!("{}: {checking}, adding it {adding}", row.name))
    });
    none_missed(&missed.collect::<Vec<_>>());
}

/// What is compared is the same work: after the typed guests a pod spec has what it has after the policy, in its order.
#[test]
fn the_style_of_the_field_adds_the_same() {
    let rows =
        [rows::typical(), rows::typical_with_all_four(), rows::pipeline_pod(), rows::pipeline_pod_with_all_four()];
    for row in rows {
        let typed = if row.all_four { &guests().typed_all } else { &guests().typed };
        let [ours, theirs] = [&guests().mutatingflow, typed].map(|guest| {
            let answer = guest.meter.call(row.operation, &row.payload).expect("it starts").answer.expect("an answer");
            serde_json::from_slice::<Value>(&answer).expect("JSON")["mutated_object"]["spec"].take()
        });
        assert!(ours.is_object(), "{}", row.name);
        assert_eq!(ours, theirs, "{}", row.name);
    }
}

#[test]
fn the_style_of_the_field_needs_some_times_as_much() {
    let missed = [rows::typical(), rows::pipeline_pod()].into_iter().filter_map(|row| {
        let ratio = cost(&row).typed_to_ours().expect("typed answers");
        (ratio < TYPED).then(|| format!("{}: {ratio:.3}x ours, at least {TYPED}x", row.name))
    });
    none_missed(&missed.collect::<Vec<_>>());
}

/// `rows` each have twice of what the one before has, and `start` next to nothing. A row's share is what it costs more
/// than `start`, for each byte that its payload is longer; it does not grow but for [`NOISE`].
fn doubling_no_more_than_doubles(name: &str, start: &Row, rows: impl Iterator<Item = Row>) {
    let base = instructions(start) as f64;
    let share = |row: &Row| (instructions(row) as f64 - base) / (row.payload.len() - start.payload.len()) as f64;
    let shares = rows.map(|row| (row.payload.len(), share(&row))).collect::<Vec<_>>();
    let steps = shares.iter().zip(shares.iter().skip(1));
    let missed =
        steps.filter(|((_, before), (_, share))| *share > before * NOISE).map(|((_, before), (payload, share))| {
            format!("{name}, payload of {payload}: {share:.4} for each byte, before {before:.4}")
        });
    none_missed(&missed.collect::<Vec<_>>());
}

#[test]
fn linear_in_the_payload() {
    let sizes = || std::iter::successors(Some(10_000), |bytes| Some(bytes * 2)).take_while(|bytes| *bytes <= 1_280_000);
    type Kind = fn(usize) -> Row;
    let kinds: [(&str, Kind); 3] = [
        ("registry", rows::sized),
        ("all four", rows::sized_with_all_four),
        ("one annotation", rows::sized_by_one_string),
    ];
    for (name, row) in kinds {
        doubling_no_more_than_doubles(name, &row(0), sizes().map(row));
    }
}

#[test]
fn linear_in_the_additions() {
    for own in [1, 1000] {
        let counts = [25, 50, 100, 200, 400, 800];
        let rows = counts.map(|added| rows::variables(own, added)).into_iter();
        doubling_no_more_than_doubles(&format!("{own} env"), &rows::variables(own, 1), rows);
    }
}

#[test]
fn many_variables_and_many_additions_cost_no_more_together_than_alone() {
    let together = instructions(&rows::variables(1000, 200));
    let alone = instructions(&rows::variables(1000, 1)) + instructions(&rows::variables(1, 200));
    assert!(together <= alone, "{together} together, {alone} alone");
}

#[test]
fn linear_memory() {
    let missed = table().iter().filter_map(|row| {
        let memory = ours(row).memory;
        let most = 3 * row.payload.len() as u64 + FIXED_MEMORY;
        (memory > most).then(|| format!("{}: {memory} bytes, at most {most}", row.name))
    });
    none_missed(&missed.collect::<Vec<_>>());
}

/// How often one instance is called.
const CALLS: usize = 10_000;

/// What one instance is called with, in turn: requests from a few bytes to 1 MB, settings, and what is neither.
fn calls() -> Vec<(&'static str, Vec<u8>)> {
    let small = (0..200).map(|at| rows::variables(at, 1 + at % 9));
    let sizes = (0..10).map(|at| rows::sized_with_all_four(10_000 * (at + 1)));
    let rows = table().iter().cloned().chain(small).chain(sizes);
    let mut calls: Vec<_> = rows.map(|row| (row.operation, row.payload)).collect();
    for payload in ["", "{", "null", r#"{"dependencies":{"a":{"labels":1}},"notebooks":["a","b"]}"#] {
        for operation in ["validate", "validate_settings", "protocol_version", "unknown"] {
            calls.push((operation, payload.as_bytes().to_vec()));
        }
    }
    calls
}

/// Memory is handed out anew with each call. So an instance that is kept answers as a fresh one does, whatever it was called
/// with before, and needs no more memory than it had once it has seen everything.
#[test]
fn one_instance_called_again_and_again_answers_as_fresh_ones_do_in_the_same_memory() {
    let meter = &guests().mutatingflow.meter;
    let calls: Vec<_> = calls()
        .into_iter()
        .map(|(operation, payload)| {
            let fresh = meter.call(operation, &payload).expect("the module starts");
            (operation, payload, fresh)
        })
        .collect();
    let longest = calls.iter().map(|(_, payload, _)| payload.len()).max().unwrap_or_default();
    assert!(longest > 1_000_000, "{longest}");
    let mut kept = meter.start().expect("the module starts");
    let mut memory = Vec::with_capacity(CALLS);
    // Of the long ones a few are enough.
    let is_called = |at: usize, payload: &[u8]| payload.len() < 50_000 || at.is_multiple_of(32);
    let rounds = (0..).flat_map(|round| calls.iter().enumerate().map(move |(at, call)| (round, at, call)));
    let chosen = rounds.filter(|(round, at, (_, payload, _))| *round == 0 || is_called(round + at, payload));
    for (round, _, (operation, payload, fresh)) in chosen.take(CALLS) {
        let call = kept.call(operation, payload);
        let payload = || String::from_utf8_lossy(payload.get(..1000).unwrap_or(payload));
        assert!(call.answer == fresh.answer, "{operation}, round {round}: {}", payload());
        memory.push((round, call.memory));
    }
    let after_the_first = memory.iter().filter(|(round, _)| *round == 0).map(|(_, bytes)| *bytes).max();
    let (rounds, last) = memory.last().copied().unwrap_or_default();
    assert!(rounds > 20, "{rounds} rounds");
    assert_eq!(Some(last), after_the_first, "it grows from round to round");
    let most = 3 * longest as u64 + FIXED_MEMORY;
    assert!(last <= most, "{last} bytes, at most {most}");
}

/// With the metadata in it: as a registry stores it and a server pulls it.
#[test]
fn size_of_the_module() {
    let bytes = module().len();
    assert!(bytes <= 400_000, "{bytes} bytes");
}

/// What `make bench` wrote last.
fn report() -> Report {
    serde_json::from_str(&project_file("docs/cost.json")).expect("`make bench` wrote it")
}

fn project_file(path: &str) -> String {
    fs::read_to_string(project().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_chart_shows_the_numbers_beside_it() {
    assert!(project_file("docs/cost.svg") == chart(&report()).expect("it can be drawn"), "`make bench` draws it again");
}

#[test]
fn the_page_shows_the_same_numbers() {
    let page = project_file("docs/cost.md");
    assert!(page == with_costs(&page, &report()).expect("it has a table"), "`make bench` writes them again");
}
