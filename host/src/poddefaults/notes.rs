//! What is not the same, and what to do about it.

use std::fmt;

/// Texts, each with the names of those that it is about, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<(String, Vec<String>)>);

/// How many names a text shows.
const MOST_NAMES: usize = 8;

impl Notes {
    pub(super) fn add(&mut self, of: &str, text: impl Into<String>) {
        let text = text.into();
        let at = self.0.iter().position(|(known, _)| *known == text).unwrap_or_else(|| {
            self.0.push((text, Vec::new()));
            self.0.len() - 1
        });
        let names = &mut self.0[at].1;
        if !names.iter().any(|known| known == of) {
            names.push(of.to_owned());
        }
    }
}

impl fmt::Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() {
            writeln!(f, "What differs, and what to do about it:")?;
        }
        for (text, names) in &self.0 {
            writeln!(f, "- {}: {text}", shown(names, MOST_NAMES))?;
        }
        Ok(())
    }
}

/// Names in one line: of more than `most`, the rest is counted.
pub(super) fn shown(names: &[String], most: usize) -> String {
    match names.get(most..).filter(|rest| !rest.is_empty()) {
        Some(rest) => format!("{} and {} more", names[..most].join(", "), rest.len()),
        None => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_said_once() {
        let mut notes = Notes::default();
        assert_eq!(notes.to_string(), "");
        for (of, text) in [("a", "x"), ("a", "y"), ("b", "x"), ("a", "x")] {
            notes.add(of, text);
        }
        assert_eq!(notes.to_string(), "What differs, and what to do about it:\n- a, b: x\n- a: y\n");
    }

    #[test]
    fn many_names_are_counted() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(shown(&names, 3), "a, b, c");
        assert_eq!(shown(&names, 2), "a, b and 1 more");
    }
}
