//! A [`Report`] in a page: the rows that most readers ask for, as a table in Markdown.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::{
    guests::NAMES,
    report::{Cost, Measured, Report},
};

/// The lines between which the page has the table.
const BEGIN: &str = "<!-- `make bench` writes this table. -->\n";
const END: &str = "<!-- End of the table. -->\n";

const HEAD: &str = "\
| request | payload | mutatingflow | scan | typed | to scan | memory |
|---|--:|--:|--:|--:|--:|--:|
";

/// A row's name, and how the page calls it.
const SHOWN: [(&str, &str); 15] = [
    ("another kind", "another kind"),
    ("DELETE", "`DELETE`"),
    ("plain pod", "plain pod"),
    ("typical Notebook, registry", "typical Notebook, a pull secret"),
    ("typical Notebook, all four", "typical Notebook, all four"),
    ("pipeline pod, registry", "pipeline pod, a pull secret"),
    ("pipeline pod, all four", "pipeline pod, all four"),
    ("culler, injected", "the culler's update of a notebook that has all four"),
    ("culler's first update, injected", "the culler's first update of that notebook"),
    ("stop, injected", "that notebook is stopped"),
    ("start, injected", "that notebook is started"),
    ("culler, never injected", "the culler's update of a notebook that all four wait for"),
    ("1 MB Notebook, registry", "1 MB Notebook, a pull secret"),
    ("1 MB Notebook, all four", "1 MB Notebook, all four"),
    ("1 MB UPDATE, injected", "update of a 1 MB Notebook that has all four"),
];

/// `page` with the numbers of `report`.
pub fn with_costs(page: &str, report: &Report) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("there is no line {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("there is no line {END}"))?;
    Ok([before, BEGIN, &table(report)?, END, after].concat())
}

fn table(report: &Report) -> Result<String> {
    let mut text = HEAD.to_owned();
    for (name, label) in SHOWN {
        let row = report.rows.iter().find(|row| row.name == name);
        text.push_str(&line(row.with_context(|| format!("nothing is measured under the name {name:?}"))?, label)?);
    }
    let sizes = NAMES.into_array().into_iter().zip(report.modules.as_ref().into_array());
    let sizes = sizes.map(|(name, module)| format!("{name} {:.0} kB", module.bytes as f64 / 1e3));
    writeln!(text, "\nThe modules as built: {}.", sizes.collect::<Vec<_>>().join(", "))?;
    Ok(text)
}

fn line(row: &Measured, label: &str) -> Result<String> {
    let instructions = |cost: Option<Cost>| cost.map_or_else(|| "-".to_owned(), |cost| count(cost.instructions));
    let policy = row.cost.mutatingflow.context("the policy has an answer")?;
    Ok(format!(
        "| {label} | {} | {} | {} | {} | {} | {:.1} MiB |\n",
        size(row.payload_bytes),
        instructions(row.cost.mutatingflow),
        instructions(row.cost.scan),
        instructions(row.typed()),
        row.to_scan().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}x")),
        policy.memory as f64 / f64::from(1 << 20),
    ))
}

fn size(bytes: usize) -> String {
    if bytes < 1_000_000 { format!("{:.1} kB", bytes as f64 / 1e3) } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}

fn count(instructions: u64) -> String {
    let number = instructions as f64;
    match instructions {
        ..1_000_000 => format!("{:.0} k", number / 1e3),
        1_000_000..100_000_000 => format!("{:.1} M", number / 1e6),
        _ => format!("{:.0} M", number / 1e6),
    }
}
