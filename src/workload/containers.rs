//! Which containers of a pod spec a dependency reaches (contract, "Chosen containers").

use std::borrow::Cow;

use super::{DEFAULT_CONTAINER, Kind, annotation, container_name, name};
use crate::json::{Malformed, Node};

/// The containers that belong to neither the user nor the platform: those of service meshes, of agents, and of what
/// serves or measures a workload.
const FOREIGN_CONTAINERS: [&str; 8] = [
    "istio-proxy",
    "linkerd-proxy",
    "kuma-sidecar",
    "vault-agent",
    "kube-rbac-proxy",
    "oauth-proxy",
    "queue-proxy",
    "metrics-logger-and-collector",
];

/// The names of main containers of Kubeflow's workloads, where a pod names none.
const MAIN_CONTAINERS: [&str; 9] = [
    "main",
    "node",
    "pytorch",
    "tensorflow",
    "kserve-container",
    "spark-kubernetes-driver",
    "spark-kubernetes-executor",
    "ray-head",
    "ray-worker",
];

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
    let mut names = Vec::new();
    for (at, container) in containers.list(&path)?.items().iter().enumerate() {
        container.object(&path.item(at))?;
        names.push(container_name(container));
    }
    Ok(names)
}

/// The init containers of an object's pod spec, by name and in their order; none where they cannot be read.
pub fn init_container_names<'a>(object: &Node<'a>, kind: Kind) -> Vec<Cow<'a, str>> {
    let spec = kind.pod_spec_path().get(object).ok().flatten().and_then(Node::as_object);
    let list = spec.and_then(|spec| spec.get("initContainers")).and_then(Node::as_list);
    list.into_iter().flat_map(|list| list.items()).map(container_name).collect()
}

/// The pull policy that the API server writes where there is none: the one of an image without a tag, or with the tag
/// `latest`, is `Always` (`k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`, `SetDefaults_Container`).
pub fn default_pull_policy(image: &str) -> &'static str {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or_default();
    let tag = last.split_once(':').map(|(_, tag)| tag);
    if tag.or(digest).unwrap_or("latest") == "latest" { "Always" } else { "IfNotPresent" }
}

/// Which of a pod spec's containers stand apart from the user's.
pub struct Apart<'p> {
    /// Whether a dependency of these settings adds the container of this name, added it, or puts it in the place of the
    /// user's.
    pub is_ours: &'p dyn Fn(&str) -> bool,
    /// Whether another policy says that it added it.
    pub is_foreign: &'p dyn Fn(&str) -> bool,
}

/// The containers that Main means, of those called `names`, by their positions: one, but in a pod of a pipeline that is a
/// container set. None is ours, and one that is another's only where the notebook has its name, or where all are.
pub fn main_containers(kind: Kind, object: &Node<'_>, names: &[Cow<'_, str>], apart: &Apart<'_>) -> Vec<usize> {
    let theirs = || names.iter().enumerate().filter(|(_, name)| !(apart.is_ours)(name));
    let is_anothers = |name: &str| is_anothers(kind, name) || (apart.is_foreign)(name);
    let users = || theirs().filter(|(_, name)| !is_anothers(name));
    let first_of_all = || theirs().next();
    let one = match kind {
        Kind::Notebook => {
            let own = name(object).and_then(|own| theirs().find(|(_, name)| **name == own));
            own.or_else(|| users().next()).or_else(first_of_all)
        }
        Kind::PipelinePod | Kind::Pod => {
            let default = annotation(object, DEFAULT_CONTAINER).and_then(Node::string);
            let called = |wanted: &str| users().find(|(_, name)| **name == *wanted);
            let known =
                default.as_deref().and_then(called).or_else(|| MAIN_CONTAINERS.iter().find_map(|name| called(name)));
            match known {
                None if kind == Kind::PipelinePod && users().next().is_some() => {
                    return users().map(|(at, _)| at).collect();
                }
                known => known.or_else(|| users().next()).or_else(first_of_all),
            }
        }
    };
    one.into_iter().map(|(at, _)| at).collect()
}

/// The main container, where it is one.
pub fn main_container<'n, 'a>(
    kind: Kind,
    object: &Node<'_>,
    names: &'n [Cow<'a, str>],
    apart: &Apart<'_>,
) -> Option<&'n Cow<'a, str>> {
    match *main_containers(kind, object, names, apart) {
        [at] => names.get(at),
        _ => None,
    }
}

/// Whether All means the container of this name, which is no main one.
pub fn is_meant_by_all(kind: Kind, name: &str, apart: &Apart<'_>) -> bool {
    !is_anothers(kind, name) && !(apart.is_ours)(name) && !(apart.is_foreign)(name)
}

/// Whether a container of this name belongs to neither the user nor the platform.
pub fn is_anothers(kind: Kind, name: &str) -> bool {
    FOREIGN_CONTAINERS.contains(&name)
        || kind == Kind::PipelinePod && (matches!(name, "wait" | "supervisor") || name.starts_with("artifact-plugin-"))
}
