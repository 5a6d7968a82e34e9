//! A report, written for a person: a table for a terminal, and one in Markdown.

use std::collections::BTreeMap;

use super::{Only, Outcome, Report, Row, State};
use crate::show::{BOLD, DIM, GREEN, PLAIN, RED, YELLOW, counted};

const HEADINGS: [&str; 6] = ["NAMESPACE", "NAME", "STATE", "NOW", "RESTARTED", "CREATED ANEW"];

/// What the marks of a table mean.
const LEGEND: &str = "\n+ added, ~ updated, - removed, ! in conflict with the user's\n\n";

/// How dependencies are counted.
const COUNTED: [&str; 6] = ["DEPENDENCY", "WAITS", "ADDED", "UPDATED", "REMOVED", "CONFLICTS"];

/// A piece of a table, and its colour.
type Cell = (String, &'static str);

impl Report {
    /// The objects that are wanted, or all.
    pub fn rows(&self, only: Option<Only>) -> impl Iterator<Item = &Row> {
        self.objects.iter().filter(move |row| only.is_none_or(|only| row.is(only)))
    }

    /// A table as kubectl writes one, then how often each dependency is concerned, then the sums.
    #[must_use]
    pub fn table(&self, only: Option<Only>, color: bool) -> String {
        let mut lines = vec![headings(&HEADINGS)];
        let mut notes = vec![Vec::new()];
        for row in self.rows(only) {
            lines.push(row.cells());
            notes.push(row.reasons());
        }
        let mut text = String::new();
        if lines.len() > 1 {
            text.push_str(&table(&lines, &notes, color));
            text.push_str(LEGEND);
        }
        let counted = self.counted(only);
        if !counted.is_empty() {
            let mut lines = vec![headings(&COUNTED)];
            lines.extend(counted.into_iter().map(|(name, counts)| {
                let counts = counts.map(|count| (if count == 0 { "-".to_owned() } else { count.to_string() }, ""));
                std::iter::once((name.to_owned(), "")).chain(counts).collect()
            }));
            text.push_str(&table(&lines, &[], color));
            text.push('\n');
        }
        text.push_str(&self.total());
        text
    }

    /// The same in Markdown, for an issue or a merge request.
    #[must_use]
    pub fn markdown(&self, only: Option<Only>) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let headings = HEADINGS.map(|heading| {
            let (first, rest) = heading.split_at(1);
            format!("{first}{}", rest.to_lowercase())
        });
        let mut text = line(&headings) + "|---|---|---|---|---|---|\n";
        for row in self.rows(only) {
            let mut cells: Vec<_> = row.cells().into_iter().map(|(cell, _)| cell.replace('|', "\\|")).collect();
            for reason in row.reasons() {
                if let Some(last) = cells.last_mut() {
                    last.push_str(&format!("<br>{}", reason.replace('|', "\\|")));
                }
            }
            text.push_str(&line(&cells));
        }
        format!("{text}{LEGEND}{}", self.total())
    }

    /// How many objects there are and what becomes of them, in sentences.
    #[must_use]
    pub fn total(&self) -> String {
        let count = |is: &dyn Fn(&Row) -> bool| self.objects.iter().filter(|row| is(row)).count();
        let notebooks = count(&|row| row.kind == "Notebook");
        let stopped = count(&|row| row.state == State::Stopped);
        let pods = self.objects.len() - notebooks;
        let mut text = format!(
            "{} ({stopped} stopped), {}: ",
            counted(notebooks, "notebook", "notebooks"),
            counted(pods, "pod", "pods")
        );
        let waiting = count(&|row| row.is(Only::Waiting));
        let now = count(&|row| row.now.changes());
        let later = count(&|row| row.restarted.changes());
        let conflicts = count(&|row| row.is(Only::Refused));
        text.push_str(&format!(
            "{now} changed now, {waiting} waiting, {later} when stopped and started, {conflicts} with a conflict.\n"
        ));
        if self.not_covered > 0 {
            text.push_str(&format!("{} not covered by the policy's rules and selectors.\n", self.not_covered));
        }
        if !self.passed_over.is_empty() {
            let kinds: Vec<_> = self.passed_over.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            text.push_str(&format!("Passed over: {}.\n", kinds.join(", ")));
        }
        if !self.broken.is_empty() {
            text.push_str(&format!("Not read: {}.\n", counted(self.broken.len(), "document", "documents")));
        }
        text
    }

    /// How often each dependency waits, and is added, updated, removed and in conflict.
    fn counted(&self, only: Option<Only>) -> BTreeMap<&str, [usize; 5]> {
        let mut counted = BTreeMap::<&str, [usize; 5]>::new();
        for Row { now, restarted, anew, kind, .. } in self.rows(only) {
            // What a pod has was decided when it was created.
            let outcomes = if *kind == "Pod" { [anew, anew] } else { [now, restarted] };
            let all = |of: fn(&Outcome) -> &Vec<String>| {
                let mut names: Vec<_> = outcomes.iter().flat_map(|outcome| of(outcome)).map(String::as_str).collect();
                names.sort_unstable();
                names.dedup();
                names
            };
            let mut conflicts = all(|outcome| &outcome.conflicts);
            conflicts.extend(anew.conflicts.iter().map(String::as_str));
            conflicts.sort_unstable();
            conflicts.dedup();
            let lists = [
                now.waiting.iter().map(String::as_str).collect(),
                all(|outcome| &outcome.added),
                all(|outcome| &outcome.updated),
                all(|outcome| &outcome.removed),
                conflicts,
            ];
            for (column, names) in lists.into_iter().enumerate() {
                for name in names {
                    if let Some(count) = counted.entry(name).or_default().get_mut(column) {
                        *count += 1;
                    }
                }
            }
        }
        counted
    }
}

impl Row {
    fn cells(&self) -> Vec<Cell> {
        let Self { namespace, name, kind, state, now, restarted, anew } = self;
        let state = match (state, *kind) {
            (_, "Pod") => "-",
            (State::Running, _) => "running",
            (State::Stopped, _) => "stopped",
        };
        vec![
            (printable(namespace), ""),
            (printable(&format!("{}/{name}", kind.to_lowercase())), ""),
            (state.to_owned(), ""),
            now.cell(),
            restarted.cell(),
            anew.cell(),
        ]
    }

    /// Why it is refused, or what is in conflict: a line for each dependency.
    fn reasons(&self) -> Vec<String> {
        // The most to the point is what somebody is told who is refused.
        let is_concerned = |outcome: &&&Outcome| outcome.refused || !outcome.conflicts.is_empty();
        let Some(outcome) = [&self.anew, &self.restarted, &self.now].iter().find(is_concerned).copied() else {
            return Vec::new();
        };
        let reasons = outcome.conflicts.iter().filter_map(|name| {
            let name = format!("dependency \"{name}\"");
            let mut about = outcome.messages.iter().filter(|message| message.contains(&name));
            // What follows is advice for its owner.
            let first = about.next()?.split("; ").next()?;
            let more = about.count();
            Some(if more == 0 { first.to_owned() } else { format!("{first} (and {more} more)") })
        });
        let reasons: Vec<_> = reasons.collect();
        // Refused for another reason: an object that cannot be read.
        let reasons = if reasons.is_empty() { outcome.messages.iter().take(1).cloned().collect() } else { reasons };
        reasons.iter().map(|reason| printable(reason)).collect()
    }
}

impl Outcome {
    fn cell(&self) -> Cell {
        let waiting: Vec<_> = self.waiting.iter().filter(|name| !self.conflicts.contains(name)).cloned().collect();
        let marked =
            |mark: &str, names: &[String]| names.iter().map(|name| format!("{mark}{name}")).collect::<Vec<_>>();
        let mut parts = Vec::new();
        if self.refused {
            parts.push("refused".to_owned());
        }
        parts.extend(marked("+", &self.added));
        parts.extend(marked("~", &self.updated));
        parts.extend(marked("-", &self.removed));
        parts.extend(marked("!", &self.conflicts));
        if !waiting.is_empty() {
            parts.push("waits:".to_owned());
            parts.extend(waiting);
        }
        let color = match parts.first() {
            None => return ("-".to_owned(), ""),
            Some(_) if self.refused || !self.conflicts.is_empty() => RED,
            Some(_) if !self.waiting.is_empty() => YELLOW,
            Some(_) => GREEN,
        };
        (parts.join(" "), color)
    }
}

/// Without what a terminal would obey: an export may hold what no cluster would take for a name.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

fn headings(of: &[&str]) -> Vec<Cell> {
    of.iter().map(|heading| ((*heading).to_owned(), BOLD)).collect()
}

/// Columns three spaces apart; below each line, what there is to say about it.
fn table(lines: &[Vec<Cell>], notes: &[Vec<String>], color: bool) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width =
        |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|(cell, _)| cell.chars().count()).max();
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let paint = |text: &str, style: &str| {
        if color && !style.is_empty() { format!("{style}{text}{PLAIN}") } else { text.to_owned() }
    };
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, ((cell, style), width)) in line.iter().zip(&widths).enumerate() {
            text.push_str(&paint(cell, style));
            if column + 1 < columns {
                text.push_str(&" ".repeat(width + 3 - cell.chars().count()));
            }
        }
        text.push('\n');
        for note in notes.get(number).into_iter().flatten() {
            text.push_str(&format!("   {}\n", paint(note, DIM)));
        }
    }
    text
}
