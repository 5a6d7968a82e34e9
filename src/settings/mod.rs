//! The words users write: the settings of a policy, read as far as a request needs them.
//!
//! Checked settings are trusted here; what is wrong all the same is answered with its path, never trapped on.

mod check;
pub mod format;
#[rustfmt::skip]
pub mod kubernetes;
pub mod types;
pub mod words;

use std::borrow::Cow;

pub use check::problems;

use crate::document::{Body, Malformed, Node, Object, Shape, items};
use crate::workload::Kind;

/// The settings, as written: whatever a request does not ask for stays text.
#[derive(Debug)]
pub struct Settings<'a> {
    members: Object<'a>,
}

/// What happens when a change would restart a notebook that runs (contract, 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunningNotebooks {
    /// The change waits until the notebook is stopped or started.
    #[default]
    Defer,
    /// The change is made, and the notebook restarts.
    Restart,
}

impl RunningNotebooks {
    /// The words for it, and what they mean.
    pub const WORDS: [(&'static str, Self); 2] = [("Defer", Self::Defer), ("Restart", Self::Restart)];
}

/// The prefix of the policy's annotations, where the settings name none.
pub const DEFAULT_ANNOTATION_DOMAIN: &str = "mutatingflow.nais.io";

/// How settings are opened.
pub const SHAPE: Shape = Shape::Object(&[("dependencies", Shape::Object(&[]))]);

impl<'a> TryFrom<Node<'a>> for Settings<'a> {
    type Error = Malformed;

    /// Settings that were opened along [`SHAPE`]. `null` are settings that add nothing.
    fn try_from(root: Node<'a>) -> Result<Self, Malformed> {
        match root.body {
            Body::Object(members) => Ok(Settings { members }),
            _ if root.is_null() => Ok(Settings { members: Object::default() }),
            _ => Err(root.malformed("settings".to_owned(), "an object")),
        }
    }
}

impl<'a> Settings<'a> {
    /// The names of the dependencies that every object of a kind gets, in their order.
    ///
    /// # Errors
    /// There is something else than a list of strings.
    pub fn wanted(&self, kind: Kind) -> Result<Vec<Cow<'a, str>>, Malformed> {
        let list = list_of(kind);
        self.members.get(list).map_or_else(|| Ok(Vec::new()), |node| strings(node, || list.to_owned()))
    }

    /// The text of the dependency `name`.
    ///
    /// # Errors
    /// It is not there, or the dependencies are no object.
    pub fn dependency(&self, name: &str) -> Result<&'a str, Malformed> {
        let dependencies = self.members.get("dependencies").map(|node| node.object(|| "dependencies".to_owned()));
        match dependencies.transpose()?.and_then(|dependencies| dependencies.get(name)) {
            Some(dependency) => Ok(dependency.text()),
            None => Err(Node::text_only("null").malformed(format!("dependencies.{name}"), "a dependency")),
        }
    }

    /// What happens to a notebook that runs.
    ///
    /// # Errors
    /// There is something else than one of the words for it.
    pub fn running_notebooks(&self) -> Result<RunningNotebooks, Malformed> {
        let path = || "runningNotebooks".to_owned();
        self.members
            .get("runningNotebooks")
            .map_or(Ok(RunningNotebooks::Defer), |node| word(node, &RunningNotebooks::WORDS, path))
    }

    /// The prefix of the annotations that the policy writes.
    ///
    /// # Errors
    /// There is something else than a string.
    pub fn annotation_domain(&self) -> Result<Cow<'a, str>, Malformed> {
        match self.members.get("annotationDomain") {
            Some(node) => string(node, || "annotationDomain".to_owned()),
            None => Ok(Cow::Borrowed(DEFAULT_ANNOTATION_DOMAIN)),
        }
    }
}

/// The list of what every object of a kind gets.
const fn list_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Notebook => "notebooks",
        Kind::PipelinePod => "pipelinePods",
    }
}

/// The string that `node` must be.
///
/// # Errors
/// It is something else.
pub fn string<'a>(node: &Node<'a>, path: impl FnOnce() -> String) -> Result<Cow<'a, str>, Malformed> {
    node.string().ok_or_else(|| node.malformed(path(), "a string"))
}

/// The list of strings that `node` must be.
///
/// # Errors
/// It is something else.
pub fn strings<'a>(node: &Node<'a>, path: impl Fn() -> String) -> Result<Vec<Cow<'a, str>>, Malformed> {
    if !node.text().starts_with('[') {
        return Err(node.malformed(path(), "a list"));
    }
    let items = items(node.text()).into_iter().map(Node::text_only).enumerate();
    items.map(|(at, item)| string(&item, || format!("{}[{at}]", path()))).collect()
}

/// What the word that `node` must be means.
///
/// # Errors
/// It is not one of `words`.
pub fn word<T: Copy>(
    node: &Node<'_>,
    words: &[(&'static str, T)],
    path: impl FnOnce() -> String,
) -> Result<T, Malformed> {
    let says = node.string();
    let known = words.iter().find(|(word, _)| says.as_deref() == Some(word));
    known.map(|(_, meaning)| *meaning).ok_or_else(|| node.malformed(path(), "one of the words for it"))
}
