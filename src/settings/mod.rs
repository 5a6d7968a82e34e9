//! What users write: the settings of a policy, read as far as a request needs them.
//!
//! One reader serves admitting and checking. It gives what can be read, and notes what cannot in a list of `Malformed`
//! values. Admitting answers with the first of these, which only settings that were never checked have; the checks in
//! `validate` describe each better, and go on with what could be read.

mod dependency;
pub mod fields;
mod own_annotations;
mod placeholder;
mod ready_made;
pub mod types;
mod validate;
mod words;

use std::borrow::Cow;

pub use dependency::{Addition, Dependency, Resolved};
pub use own_annotations::{DEFAULT_ANNOTATION_DOMAIN, OwnAnnotations};
pub use placeholder::Names;
pub use validate::problems;
pub use words::{OnConflict, RunningNotebooks};

use crate::json::{Body, ByName, Malformed, Node, Object, Path, Shape, items};
use crate::workload::Kind;

/// The settings, as written: whatever a request does not ask for stays text.
#[derive(Debug)]
pub struct Settings<'a> {
    members: Object<'a>,
}

/// How settings are opened.
pub const SHAPE: Shape = Shape::Object(&[("dependencies", Shape::Object(&[]))]);

/// The settings as a whole, and the member that holds the dependencies.
static ROOT: Path<'static> = Path::Root("settings");
static DEPENDENCIES: Path<'static> = Path::Member(&ROOT, "dependencies");

impl<'a> TryFrom<Node<'a>> for Settings<'a> {
    type Error = Malformed;

    /// Settings that were opened along [`SHAPE`]. `null` are settings that add nothing.
    fn try_from(root: Node<'a>) -> Result<Self, Malformed> {
        match root.body {
            Body::Object(members) => Ok(Settings { members }),
            _ if root.is_null() => Ok(Settings { members: Object::default() }),
            _ => Err(root.malformed(&ROOT, "an object")),
        }
    }
}

impl<'a> Settings<'a> {
    /// The names of the dependencies that every object of a kind gets, in their order; `None` for what is not a name.
    pub fn wanted(&self, kind: Kind, problems: &mut Vec<Malformed>) -> Vec<Option<Cow<'a, str>>> {
        self.names(list_of(kind), problems)
    }

    /// The names of dependencies that earlier settings had: what was added under them is taken away. `None` for what is
    /// not a name.
    pub fn retired(&self, problems: &mut Vec<Malformed>) -> Vec<Option<Cow<'a, str>>> {
        self.names("retired", problems)
    }

    /// The names in the list `list`, in their order; `None` for what is not a name.
    fn names(&self, list: &'static str, problems: &mut Vec<Malformed>) -> Vec<Option<Cow<'a, str>>> {
        self.members.get(list).map_or_else(Vec::new, |node| strings(node, &ROOT.member(list), problems))
    }

    /// The names of the dependencies that these settings know, wanted or not: what they defined or retired. Any other is
    /// another policy's, or nobody's.
    pub fn known(&self) -> ByName<'a, ()> {
        let dependencies = self.members.get("dependencies").and_then(Node::as_object);
        let mut known = ByName::default();
        known.extend(dependencies.into_iter().flat_map(Object::iter).map(|(name, _)| name.decode()));
        known.extend(self.retired(&mut Vec::new()).into_iter().flatten());
        known
    }

    /// The dependencies of these names, each with its text. A name that there is not is a problem.
    pub fn dependencies(
        &self,
        names: Vec<Option<Cow<'a, str>>>,
        problems: &mut Vec<Malformed>,
    ) -> Vec<(Cow<'a, str>, &'a str)> {
        let dependencies = match self.members.get("dependencies").map(|node| node.object(&DEPENDENCIES)).transpose() {
            Ok(dependencies) => dependencies,
            Err(malformed) => {
                problems.push(malformed);
                return Vec::new();
            }
        };
        // A few are looked for one by one; for many that would be quadratic.
        let mut by_name = ByName::default();
        let are_few = names.len() <= 8;
        for (name, node) in dependencies.into_iter().flat_map(Object::iter).filter(|_| !are_few) {
            by_name.insert(name.decode(), node);
        }
        let mut found = Vec::with_capacity(names.len());
        for name in names.into_iter().flatten() {
            let known = if are_few {
                dependencies.and_then(|dependencies| dependencies.get(&name))
            } else {
                by_name.get(&name).copied().filter(|node| !node.is_null())
            };
            match known.map(Node::text) {
                Some(text) => found.push((name, text)),
                None => problems.push(Node::text_only("null").malformed(&DEPENDENCIES.member(&name), "a dependency")),
            }
        }
        found
    }

    /// Whether nothing is ever changed, and only said what would be.
    pub fn is_report(&self) -> bool {
        self.members.get("report").is_some_and(|node| node.text() == "true")
    }

    /// What happens to a notebook that runs.
    pub fn running_notebooks(&self, problems: &mut Vec<Malformed>) -> RunningNotebooks {
        let word = |node: &Node<'_>| word(node, RunningNotebooks::of_word, &ROOT.member("runningNotebooks"), problems);
        self.members.get("runningNotebooks").and_then(word).unwrap_or_default()
    }

    /// The annotations that the policy writes.
    pub fn own_annotations(&self, problems: &mut Vec<Malformed>) -> OwnAnnotations<'a> {
        let domain = self.members.get("annotationDomain").map(|node| {
            node.string().unwrap_or_else(|| {
                problems.push(node.malformed(&ROOT.member("annotationDomain"), "a string"));
                Cow::default()
            })
        });
        OwnAnnotations { domain: domain.unwrap_or(Cow::Borrowed(DEFAULT_ANNOTATION_DOMAIN)) }
    }
}

/// The list of what every object of a kind gets.
const fn list_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Notebook => "notebooks",
        Kind::PipelinePod => "pipelinePods",
        Kind::Pod => "pods",
    }
}

/// The strings of the list that `node` must be, in their order; `None` for an item that is something else.
fn strings<'a>(node: &Node<'a>, path: &Path<'_>, problems: &mut Vec<Malformed>) -> Vec<Option<Cow<'a, str>>> {
    if !node.text().starts_with('[') {
        problems.push(node.malformed(path, "a list"));
        return Vec::new();
    }
    let items = items(node.text()).into_iter().map(Node::text_only).enumerate();
    items
        .map(|(at, item)| {
            let string = item.string();
            if string.is_none() {
                problems.push(item.malformed(&path.item(at), "a string"));
            }
            string
        })
        .collect()
}

/// What the word that `node` must be stands for.
fn word<T>(
    node: &Node<'_>,
    of_word: fn(&str) -> Option<T>,
    path: &Path<'_>,
    problems: &mut Vec<Malformed>,
) -> Option<T> {
    let word = node.string().and_then(|word| of_word(&word));
    if word.is_none() {
        problems.push(node.malformed(path, "an allowed value"));
    }
    word
}
