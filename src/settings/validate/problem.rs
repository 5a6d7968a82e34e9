//! The problems that were found, and the phrases that several of them share.

use crate::json::{LONGEST_NAME, Path, joined, plain_or_shown};

/// How many problems an answer lists at the most. The rest is counted: they are read in a terminal.
const MOST_PROBLEMS: usize = 100;

/// How many names are compared with one that is not known.
const MOST_NAMES: usize = 200;

/// One problem. They are sorted by their paths.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    path: String,
    what: String,
}

/// The problems that were found so far: the first by path, and how many more.
#[derive(Default)]
pub struct Problems {
    /// Sorted, each once.
    first: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Notes that at `path` there is something wrong: `what`, which is written in pieces.
    pub fn add(&mut self, path: &Path<'_>, what: &[&str]) {
        let problem = Problem { path: path.to_string(), what: what.concat() };
        let at = self.first.partition_point(|known| *known < problem);
        if self.first.get(at) != Some(&problem) {
            self.first.insert(at, problem);
        }
        if self.first.len() > MOST_PROBLEMS {
            self.first.pop();
            self.more += 1;
        }
    }

    /// Whether a problem at `path` would be listed. Of one that is only counted nobody asks what it is.
    pub fn lists(&self, path: &Path<'_>) -> bool {
        match self.first.last() {
            Some(last) if self.first.len() >= MOST_PROBLEMS => path.to_string() <= last.path,
            _ => true,
        }
    }

    /// Whether there is a problem at `path` or below it; also where problems were counted only, since it may be one of them.
    pub fn any_at_or_below(&self, path: &Path<'_>) -> bool {
        let path = path.to_string();
        let is_below = |problem: &Problem| {
            problem.path.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.more > 0 || self.first.iter().any(is_below)
    }

    /// A line for each problem; `None` where there is none.
    pub fn into_message(self) -> Option<String> {
        let mut lines: Vec<_> =
            self.first.iter().map(|problem| [&*problem.path, ": ", &problem.what].concat()).collect();
        if self.more > 0 {
            lines.push(["and ", &self.more.to_string(), " more problems"].concat());
        }
        (!lines.is_empty()).then(|| joined("\n", lines.iter().map(|line| &**line)))
    }
}

/// `a`, `a or b`, `a, b or c`.
pub fn one_of(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => [&first.join(", "), " or ", last].concat(),
        _ => words.concat(),
    }
}

/// The name that was probably meant by `found`, as the end of a message; nothing where none is close.
pub fn did_you_mean(found: &str, names: &[&str]) -> String {
    if found.len() > LONGEST_NAME {
        return String::new();
    }
    let mut nearest: Option<(u8, &str)> = None;
    let mut table = Vec::new();
    for name in names.iter().take(MOST_NAMES).filter(|name| name.len() <= LONGEST_NAME) {
        let is_close = |slips: usize| slips * 3 <= name.len();
        // Each letter that one is longer than the other is a slip.
        if is_close(name.len().abs_diff(found.len())) {
            let slips = distance(found.as_bytes(), name.as_bytes(), &mut table);
            let is_nearer = nearest.is_none_or(|nearest| (slips, *name) < nearest);
            if is_nearer && is_close(slips.into()) {
                nearest = Some((slips, name));
            }
        }
    }
    nearest.map_or_else(String::new, |(_, name)| ["; did you mean ", &plain_or_shown(name), "?"].concat())
}

/// How many slips make one text of the other: a letter left out, put in, written for another, or two letters swapped
/// (the optimal string alignment distance). Upper and lower case are the same. Neither is longer than [`LONGEST_NAME`].
///
/// The table is memory that is used again: there can be as many wrong names as a payload has bytes.
fn distance(one: &[u8], other: &[u8], table: &mut Vec<u8>) -> u8 {
    let width = other.len() + 1;
    // Row by row, how far each beginning of `one` is from each beginning of `other`.
    table.clear();
    for row in 0..=one.len() {
        for column in 0..width {
            let back = |by: usize| table.get(table.len().wrapping_sub(by)).copied().unwrap_or_default();
            let lower = |text: &[u8], at: usize| text.get(at).map(u8::to_ascii_lowercase);
            let letters = |by: usize| (lower(one, row.wrapping_sub(by)), lower(other, column.wrapping_sub(by)));
            let (letter, to) = letters(1);
            let (before, to_before) = letters(2);
            let mut nearest = match (letter, to) {
                (None, _) | (_, None) => u8::try_from(row + column).unwrap_or(u8::MAX),
                _ => (back(1) + 1).min(back(width) + 1).min(back(width + 1) + u8::from(letter != to)),
            };
            if before.is_some() && before == to && letter == to_before {
                nearest = nearest.min(back(2 * width + 2) + 1);
            }
            table.push(nearest);
        }
    }
    table.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Path<'static> = Path::Root("settings");

    #[test]
    fn problems_are_sorted_by_path_and_said_once() {
        let mut problems = Problems::default();
        for (path, what) in [("b", "1"), ("a", "2"), ("a", "2"), ("a b", "3"), ("a", "1")] {
            problems.add(&ROOT.member(path), &["must be ", what]);
        }
        assert!(problems.any_at_or_below(&ROOT.member("a")));
        assert!(!problems.any_at_or_below(&ROOT.member("c")));
        let message = problems.into_message();
        assert_eq!(message.as_deref(), Some("\"a b\": must be 3\na: must be 1\na: must be 2\nb: must be 1"));
        assert_eq!(Problems::default().into_message(), None);
    }

    #[test]
    fn a_hundred_problems_are_listed_and_the_rest_is_counted() {
        let mut problems = Problems::default();
        for at in (0..130).rev() {
            problems.add(&ROOT.item(100 + at), &["x"]);
        }
        assert!(problems.lists(&ROOT.item(199)) && !problems.lists(&ROOT.item(200)));
        assert!(problems.any_at_or_below(&ROOT.member("a")), "it may be one that is counted only");
        let message = problems.into_message().unwrap();
        assert_eq!(message.lines().count(), 101);
        assert!(message.starts_with("settings[100]: x\n"), "{message}");
        assert!(message.ends_with("settings[199]: x\nand 30 more problems"), "{message}");
    }

    #[test]
    fn slips_are_counted() {
        for (one, other, slips) in [
            ("", "", 0),
            ("", "ab", 2),
            ("ab", "", 2),
            ("env", "evn", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
            ("abcd", "badc", 2),
            ("registry", "Regsitry", 1),
        ] {
            let mut table = vec![7; 7];
            assert_eq!(distance(one.as_bytes(), other.as_bytes(), &mut table), slips, "{one} {other}");
            assert_eq!(distance(other.as_bytes(), one.as_bytes(), &mut table), slips, "{one} {other}");
        }
    }

    #[test]
    fn a_name_that_is_close_is_suggested() {
        let longest = "n".repeat(80);
        let names = ["notebooks", "pipelinePods", "a b", &longest];
        for (found, expected) in [
            ("notebook", "; did you mean notebooks?"),
            ("Notebooks", "; did you mean notebooks?"),
            ("pods", ""),
            ("a_b", "; did you mean \"a b\"?"),
            (&["n".repeat(79), "m".to_owned()].concat(), &*["; did you mean ", &longest, "?"].concat()),
            (&"n".repeat(81), ""),
        ] {
            assert_eq!(did_you_mean(found, &names), expected, "{found}");
        }
    }
}
