//! Checking the settings when the policy is deployed: every problem in one answer, each with its path (contract,
//! "Settings checks").
//!
//! First every value is checked on its own, along the tables of types ([`shape`]), and the members of one object against one
//! another ([`between`]). Then which dependencies are used ([`relations`]), what each adds, ready-made parts too
//! ([`dependency`]), and what two of them add at once ([`contradictions`]).

mod between;
mod contradictions;
mod dependency;
mod problem;
mod relations;
mod shape;

use std::borrow::Cow;

use problem::Problems;

use super::Settings;
use crate::json::{ByName, Node};
use crate::workload::Kind;

/// What is wrong with settings, a line each, sorted by path; `None` where nothing is.
///
/// A line is `path: what is wrong[, found X][; did you mean Y?]`. Names, paths and words are shown as they were found; a
/// value that may be a secret is described by its type alone (contract, "Names, never values").
pub fn problems(payload: &[u8]) -> Option<String> {
    let text = match simdutf8::compat::from_utf8(payload) {
        Ok(text) => text,
        Err(error) => return Some(format!("settings: not UTF-8 at byte {}", error.valid_up_to())),
    };
    let root = match Node::parse(text, &super::SHAPE) {
        Ok(root) => root,
        Err(error) => return Some(format!("settings: {error}")),
    };
    let settings = match Settings::try_from(root) {
        Ok(settings) => settings,
        Err(malformed) => return Some(malformed.to_string()),
    };
    let mut problems = Problems::default();
    let lists = Kind::ALL.map(|kind| List::read(&settings, kind));
    let text = if settings.members.is_empty() { "{}" } else { text.trim() };
    shape::check(text, &lists, &mut problems);
    relations::check(&settings, &lists, &mut problems);
    problems.into_message()
}

/// The names of the dependencies that one kind of object gets.
struct List<'a> {
    kind: Kind,
    word: &'static str,
    /// The items; `None` for one that is not a string.
    names: Vec<Option<Cow<'a, str>>>,
    /// The position at which each name is first.
    first: FirstPositions,
}

impl<'a> List<'a> {
    /// What of the list can be read: what cannot is a problem that the check of its shape finds.
    fn read(settings: &Settings<'a>, kind: Kind) -> Self {
        let names = settings.wanted(kind, &mut Vec::new());
        let mut first = FirstPositions::default();
        for (at, name) in names.iter().enumerate() {
            name.as_ref().and_then(|name| first.insert(name, at));
        }
        List { kind, word: super::list_of(kind), names, first }
    }

    fn has(&self, name: &str) -> bool {
        self.first.at(name).is_some()
    }
}

/// The position at which each name is first.
#[derive(Default)]
struct FirstPositions(ByName<'static, usize>);

impl FirstPositions {
    /// Notes that `name` is at position `at`; gives the position of an earlier one.
    fn insert(&mut self, name: &str, at: usize) -> Option<usize> {
        match self.0.get(name) {
            Some(first) => Some(*first),
            None => {
                self.0.insert(name.to_owned(), at);
                None
            }
        }
    }

    fn at(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}
