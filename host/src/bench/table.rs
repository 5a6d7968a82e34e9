//! A [`Report`], written for a person: one table, then the growth, then what the columns mean.

use std::fmt::Write as _;

use super::{
    guests::NAMES,
    report::{Cost, Measured, Report, Time},
};

const NOTE: &str = "\
Instructions are WebAssembly's, of one evaluation: a fresh instance, wapc_init, the call; so is the time. This
host keeps the memory of instances in a pool, which the policy server does not: mapping it anew takes longer than a short
evaluation, whatever the guest. It is a development build: a server adds less to each.
scan reads the payload once, keeps the object as text and echoes it: it adds nothing. typed reads the object into types
and writes it from them: it adds everything to the rows that ask for all four, one pull secret to the others, however
much these ask for. Both ignore the settings. per second: evaluations on one core, one after the other.
x scan: our instructions by those of scan. typed x: those of typed by ours. -: the guest has no answer.
";

/// Everything that one run measured.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut text = modules(report);
    text.push_str(&rows(&report.rows));
    text.push_str(&growth(&report.growth));
    text.push_str(&growth(&report.growth_with_all_four));
    text.push_str(NOTE);
    text
}

fn modules(report: &Report) -> String {
    let mut lines = Lines::new(&["", "size kB", "compile ms"]);
    for (name, module) in NAMES.into_array().into_iter().zip(report.modules.as_ref().into_array()) {
        lines.push(vec![
            name.to_owned(),
            format!("{:.0}", module.bytes as f64 / 1e3),
            optional(module.compile_milliseconds, |time| format!("{time:.0}")),
        ]);
    }
    lines.to_string()
}

fn rows(rows: &[Measured]) -> String {
    let mut lines = Lines::new(&[
        "",
        "payload kB",
        "instructions",
        "scan",
        "typed",
        "x scan",
        "typed x",
        "MiB",
        "scan",
        "typed",
        "median us",
        "scan",
        "typed",
        "p95 us",
        "scan",
        "typed",
        "per second",
        "scan",
        "typed",
    ]);
    for row in rows {
        let mut cells = vec![row.name.clone(), format!("{:.1}", row.payload_bytes as f64 / 1e3)];
        cells.extend(each(row, |cost| grouped(cost.instructions)));
        cells.extend([row.to_scan(), row.typed_to_ours()].map(|ratio| optional(ratio, |ratio| format!("{ratio:.2}"))));
        cells.extend(each(row, |cost| format!("{:.2}", cost.memory as f64 / f64::from(1 << 20))));
        let time =
            |of: fn(Time) -> f64| each(row, move |cost| optional(cost.time, |time| grouped(of(time).round() as u64)));
        cells.extend(time(|time| time.median_microseconds));
        cells.extend(time(|time| time.p95_microseconds));
        cells.extend(time(|time| time.per_second));
        lines.push(cells);
    }
    lines.to_string()
}

fn growth(rows: &[Measured]) -> String {
    let mut lines = Lines::new(&[
        "growth",
        "object kB",
        "instructions",
        "scan",
        "typed",
        "per byte",
        "scan",
        "typed",
        "x scan",
        "typed x",
    ]);
    for row in rows {
        let mut cells = vec![row.name.clone(), format!("{:.1}", row.object_bytes as f64 / 1e3)];
        cells.extend(each(row, |cost| grouped(cost.instructions)));
        cells.extend(each(row, |cost| format!("{:.2}", cost.instructions as f64 / row.object_bytes as f64)));
        cells.extend([row.to_scan(), row.typed_to_ours()].map(|ratio| optional(ratio, |ratio| format!("{ratio:.2}"))));
        lines.push(cells);
    }
    lines.to_string()
}

/// The policy, scan and the typed guest that does what the row asks for.
fn each(row: &Measured, cell: impl Fn(Cost) -> String) -> [String; 3] {
    [row.cost.mutatingflow, row.cost.scan, row.typed()].map(|cost| optional(cost, &cell))
}

fn optional<T>(value: Option<T>, cell: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), cell)
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Cells under one another: the first column to the left, the others to the right.
struct Lines(Vec<Vec<String>>);

impl Lines {
    fn new(head: &[&str]) -> Self {
        Self(vec![head.iter().map(|&cell| cell.to_owned()).collect()])
    }

    fn push(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }
}

impl std::fmt::Display for Lines {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| self.0.iter().filter_map(|line| line.get(column)).map(String::len).max();
        let widths = (0..columns).map(|column| width(column).unwrap_or_default()).collect::<Vec<_>>();
        for line in &self.0 {
            let mut text = String::new();
            for (at, (cell, &width)) in line.iter().zip(&widths).enumerate() {
                if at == 0 {
                    write!(text, "{cell:<width$}")?;
                } else {
                    write!(text, "  {cell:>width$}")?;
                }
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        writeln!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_groups() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")];
        for (number, expected) in cases {
            assert_eq!(grouped(number), expected);
        }
    }
}
