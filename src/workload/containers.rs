//! Which containers of a pod spec a dependency reaches (contract, "Chosen containers").

use std::borrow::Cow;

use super::{DEFAULT_CONTAINER, Kind, annotation, name};
use crate::json::{Malformed, Node};

/// The containers that belong to neither the user nor the platform: Istio's proxy, and those with which Argo watches the
/// main one.
pub const FOREIGN_CONTAINERS: [&str; 3] = ["istio-proxy", "wait", "supervisor"];

/// The name of a pipeline pod's main container, where the pod names none.
pub const MAIN: &str = "main";

/// Which containers a dependency selects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Containers<'a> {
    /// The main container.
    #[default]
    Main,
    /// All but foreign ones.
    All,
    /// Those of these names that are there.
    Named(Vec<Cow<'a, str>>),
}

impl Containers<'_> {
    /// The words for the selections that name no container.
    pub const WORDS: [&'static str; 2] = ["Main", "All"];

    /// The selection that a word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        [Containers::Main, Containers::All].into_iter().find(|known| known.word() == word)
    }

    /// The word for it; none for a list of names.
    pub const fn word(&self) -> &'static str {
        let [main, all] = Self::WORDS;
        match self {
            Containers::Main => main,
            Containers::All => all,
            Containers::Named(_) => "",
        }
    }
}

/// The containers of an object's pod spec, by name and in their order.
///
/// # Errors
/// The pod spec is not an object, `containers` is not a list, or an item of it is not an object.
pub fn container_names<'a>(object: &Node<'a>, kind: Kind) -> Result<Vec<Cow<'a, str>>, Malformed> {
    let path = kind.pod_spec_path();
    let Some(pod_spec) = path.get(object)? else { return Ok(Vec::new()) };
    let Some(containers) = pod_spec.object(path)?.get("containers") else { return Ok(Vec::new()) };
    let path = path.member("containers");
    let items = containers.list(&path)?.items().iter().enumerate();
    items
        .map(|(at, item)| {
            let container = item.object(&path.item(at))?;
            Ok(container.get("name").and_then(Node::string).unwrap_or_default())
        })
        .collect()
}

/// Which of a pod spec's containers stand apart from the user's.
pub struct Apart<'p> {
    /// Whether a dependency of these settings adds the container of this name, added it, or puts it in the place of the
    /// user's.
    pub is_ours: &'p dyn Fn(&str) -> bool,
    /// Whether another policy says that it added it.
    pub is_foreign: &'p dyn Fn(&str) -> bool,
}

/// The main container, of those called `names`: none of ours, and one that is another's only where the object tells its
/// main container by this name, or where all are.
pub fn main_container<'n, 'a>(
    kind: Kind,
    object: &Node<'_>,
    names: &'n [Cow<'a, str>],
    apart: &Apart<'_>,
) -> Option<&'n Cow<'a, str>> {
    let theirs = || names.iter().filter(|name| !(apart.is_ours)(name));
    let called = |wanted: Option<Cow<'_, str>>| wanted.and_then(|wanted| theirs().find(|name| **name == wanted));
    match kind {
        Kind::Notebook => {
            let is_anothers = |name: &str| FOREIGN_CONTAINERS.contains(&name) || (apart.is_foreign)(name);
            called(name(object)).or_else(|| theirs().find(|name| !is_anothers(name))).or_else(|| theirs().next())
        }
        Kind::PipelinePod => called(annotation(object, DEFAULT_CONTAINER).and_then(Node::string))
            .or_else(|| called(Some(Cow::Borrowed(MAIN)))),
    }
}

/// Whether All means the container of this name, which is not the main one.
pub fn is_meant_by_all(name: &str, apart: &Apart<'_>) -> bool {
    !FOREIGN_CONTAINERS.contains(&name) && !(apart.is_ours)(name) && !(apart.is_foreign)(name)
}
