//! The targets for what an evaluation costs, as upper bounds on the real module. Nothing is timed: instructions, memory
//! and size are the same on every machine.

use std::{fs, path::Path, sync::OnceLock};

use policy_host::{
    Policy,
    bench::{
        chart::chart,
        guests::{Each, Guest, built},
        report::Measured,
        rows::{self, Row},
    },
    measure::Measured as Call,
    testing::{module, module_path},
};

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

fn policy() -> &'static Policy {
    &guests().mutatingflow.policy
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

fn table() -> Vec<Row> {
    rows::table(policy()).unwrap_or_else(|error| panic!("{error:#}"))
}

/// Fails with every row that misses its bound, not only with the first.
fn none_missed(missed: &[String]) {
    assert!(missed.is_empty(), "\n{}", missed.join("\n"));
}

/// A row, and how many times the instructions of `scan` it may take.
fn at_most(bounds: &[(Row, f64)]) {
    let missed = bounds.iter().filter_map(|(row, most)| {
        let ratio = cost(row).to_scan().expect("scan answers");
        (ratio > *most).then(|| format!("{}: {ratio:.3}x scan, at most {most}x", row.name))
    });
    none_missed(&missed.collect::<Vec<_>>());
}

#[test]
fn requests_out_of_scope_cost_what_reading_them_costs() {
    at_most(&rows::out_of_scope().map(|row| (row, 1.1)));
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

#[test]
fn a_typical_notebook() {
    at_most(&[(rows::typical(), 1.8)]);
}

#[test]
fn a_large_notebook() {
    at_most(&[
        (rows::sized(1_000_000), 1.15),
        (rows::sized_by_one_string(1_000_000), 1.15),
        (rows::sized_with_all_four(1_000_000), 1.5),
    ]);
}

/// With the same to do as `typed` does: one pull secret to add.
#[test]
fn the_style_of_the_field_needs_more_than_three_times_as_much() {
    let missed = [rows::typical(), rows::pipeline_pod()].into_iter().filter_map(|row| {
        let ratio = cost(&row).typed_to_ours().expect("typed answers");
        (ratio < 3.6).then(|| format!("{}: {ratio:.3}x ours, at least 3.6x", row.name))
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
    let missed = table().into_iter().filter_map(|row| {
        let memory = ours(&row).memory;
        let most = 3 * row.payload.len() as u64 + FIXED_MEMORY;
        (memory > most).then(|| format!("{}: {memory} bytes, at most {most}", row.name))
    });
    none_missed(&missed.collect::<Vec<_>>());
}

/// With the metadata in it: as a registry stores it and a server pulls it.
#[test]
fn size_of_the_module() {
    let bytes = module().len();
    assert!(bytes <= 400_000, "{bytes} bytes");
}

#[test]
fn the_chart_shows_the_numbers_beside_it() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("docs");
    let read = |name| fs::read_to_string(docs.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let report = serde_json::from_str(&read("cost.json")).expect("`make bench` wrote it");
    assert!(read("cost.svg") == chart(&report).expect("it can be drawn"), "`make bench` draws it again");
}
