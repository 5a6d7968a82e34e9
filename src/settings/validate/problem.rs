//! The problems that were found, and the phrases that several of them share.

use crate::json::{LONGEST_NAME, Path, plain_or_shown};

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
        (!lines.is_empty()).then(|| lines.join("\n"))
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
pub fn did_you_mean<'n>(found: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    if found.len() > LONGEST_NAME {
        return String::new();
    }
    let lower = found.to_ascii_lowercase();
    let distance = |name: &str| strsim::levenshtein(&lower, &name.to_ascii_lowercase());
    let nearest = names.into_iter().take(MOST_NAMES).map(|name| (distance(name), name)).min();
    let close = nearest.filter(|(distance, name)| distance * 3 <= name.len());
    close.map_or(String::new(), |(_, name)| ["; did you mean ", &plain_or_shown(name), "?"].concat())
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
        let message = problems.into_message().unwrap();
        assert_eq!(message.lines().count(), 101);
        assert!(message.starts_with("settings[100]: x\n"), "{message}");
        assert!(message.ends_with("settings[199]: x\nand 30 more problems"), "{message}");
    }

    #[test]
    fn a_name_that_is_close_is_suggested() {
        let names = ["notebooks", "pipelinePods", "a b"];
        for (found, expected) in [
            ("notebook", "; did you mean notebooks?"),
            ("Notebooks", "; did you mean notebooks?"),
            ("pods", ""),
            ("a_b", "; did you mean \"a b\"?"),
            (&"n".repeat(81), ""),
        ] {
            assert_eq!(did_you_mean(found, names), expected, "{found}");
        }
    }
}
