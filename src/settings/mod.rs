//! The words users write: the settings of a policy, read as far as a request needs them.
//!
//! Checked settings are trusted here; what is wrong all the same is answered with its path, never trapped on.

use std::borrow::Cow;

use crate::document::{Malformed, Node, Object, Shape};

/// The settings, as written; a dependency stays text until a request asks for it.
#[derive(Debug)]
pub struct Settings<'a> {
    /// What there is to add, by name.
    pub dependencies: Vec<(Cow<'a, str>, &'a str)>,
    /// The dependencies of every Notebook, in this order.
    pub notebooks: Vec<Cow<'a, str>>,
    /// The dependencies of every pipeline pod, in this order.
    pub pipeline_pods: Vec<Cow<'a, str>>,
    /// What happens to a notebook that runs.
    pub running_notebooks: RunningNotebooks,
    /// The prefix of the annotations that the policy writes.
    pub annotation_domain: Cow<'a, str>,
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
pub const SHAPE: Shape = Shape::Object(&[
    ("dependencies", Shape::Object(&[])),
    ("notebooks", Shape::List(&Shape::Text)),
    ("pipelinePods", Shape::List(&Shape::Text)),
]);

impl<'a> Settings<'a> {
    /// Reads settings, opened along [`SHAPE`]. `null` are settings that add nothing.
    ///
    /// # Errors
    /// A value of the wrong type on the way to what every request needs.
    pub fn read(root: &Node<'a>) -> Result<Self, Malformed> {
        let nothing = Object::default();
        let settings = if root.is_null() { &nothing } else { root.object(|| "settings".to_owned())? };
        let dependencies = match settings.get("dependencies") {
            Some(node) => node
                .object(|| "dependencies".to_owned())?
                .iter()
                .map(|(name, dependency)| (name.decode(), dependency.text()))
                .collect(),
            None => Vec::new(),
        };
        Ok(Settings {
            dependencies,
            notebooks: strings(settings, "notebooks", || "notebooks".to_owned())?,
            pipeline_pods: strings(settings, "pipelinePods", || "pipelinePods".to_owned())?,
            running_notebooks: word(settings, "runningNotebooks", &RunningNotebooks::WORDS, String::new)?,
            annotation_domain: match settings.get("annotationDomain") {
                Some(node) => string(node, || "annotationDomain".to_owned())?,
                None => Cow::Borrowed(DEFAULT_ANNOTATION_DOMAIN),
            },
        })
    }

    /// The text of a dependency.
    #[must_use]
    pub fn dependency(&self, name: &str) -> Option<&'a str> {
        self.dependencies.iter().rev().find(|(known, _)| known == name).map(|(_, text)| *text)
    }
}

/// The string that `node` must be.
///
/// # Errors
/// It is something else.
pub fn string<'a>(node: &Node<'a>, path: impl FnOnce() -> String) -> Result<Cow<'a, str>, Malformed> {
    node.string().ok_or_else(|| node.malformed(path(), "a string"))
}

/// The list of strings under `key`; none where it is absent.
///
/// # Errors
/// It is something else.
pub fn strings<'a>(object: &Object<'a>, key: &str, path: impl Fn() -> String) -> Result<Vec<Cow<'a, str>>, Malformed> {
    match object.get(key) {
        Some(node) => node
            .list(&path)?
            .items()
            .iter()
            .enumerate()
            .map(|(at, item)| string(item, || format!("{}[{at}]", path())))
            .collect(),
        None => Ok(Vec::new()),
    }
}

/// What the word under `key` means; the default where it is absent.
///
/// # Errors
/// It is not one of `words`. `within` is the path of the object, with a dot behind it.
pub fn word<T: Copy + Default>(
    object: &Object<'_>,
    key: &str,
    words: &[(&'static str, T)],
    within: impl FnOnce() -> String,
) -> Result<T, Malformed> {
    let Some(node) = object.get(key) else { return Ok(T::default()) };
    let says = node.string();
    words
        .iter()
        .find(|(word, _)| says.as_deref() == Some(word))
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| node.malformed(format!("{}{key}", within()), "one of the words it knows"))
}

/// What is wrong with settings, a line each; `None` where nothing is.
#[must_use]
pub fn problems(payload: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(payload) {
        Ok(text) => text,
        Err(error) => return Some(format!("settings: must be UTF-8, found another byte at {}", error.valid_up_to())),
    };
    match Node::parse(text, &SHAPE) {
        Ok(root) => Settings::read(&root).err().map(|error| error.to_string()),
        Err(error) => Some(format!("settings: {error}")),
    }
}
