//! What the policy acts on: Notebooks and pipeline pods. Is it ours, where is its pod spec, which containers are
//! meant, does it run. What is added is not decided here.

mod request;

use std::borrow::Cow;

pub use request::{Operation, Request, Unreadable};

use crate::dependency::Containers;
use crate::document::{Malformed, Node, Object, Shape, Str};

/// The annotation by which Argo marks the pods of a workflow.
const ARGO_NODE_NAME: &str = "workflows.argoproj.io/node-name";

/// The annotation by which a pod names the container that users mean.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// The annotation by which Kubeflow stops a notebook, whatever its value.
const RESOURCE_STOPPED: &str = "kubeflow-resource-stopped";

/// The annotations that the policy goes by. Who brought one would change what the next request is taken for.
pub const DECISIVE_ANNOTATIONS: [&str; 3] = [ARGO_NODE_NAME, DEFAULT_CONTAINER, RESOURCE_STOPPED];

/// The containers that belong to others: Istio's proxy, and those with which Argo watches the main one.
pub const OTHERS_CONTAINERS: [&str; 3] = ["istio-proxy", "wait", "supervisor"];

/// What kind of object it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A `Notebook` of `kubeflow.org`, any version.
    Notebook,
    /// A pod of Kubeflow Pipelines.
    PipelinePod,
}

/// A container, as opened when a request is read. An entry that the settings bring is opened in the same way.
pub static CONTAINER: Shape = Shape::Object(&[
    ("env", Shape::List(&Shape::Entry("name"))),
    ("envFrom", Shape::List(&Shape::Text)),
    ("volumeMounts", Shape::List(&Shape::Entry("mountPath"))),
]);

const METADATA: Shape = Shape::Object(&[("annotations", Shape::Object(&[])), ("labels", Shape::Object(&[]))]);

const POD_SPEC: Shape = Shape::Object(&[
    ("imagePullSecrets", Shape::List(&Shape::Entry("name"))),
    ("volumes", Shape::List(&Shape::Entry("name"))),
    ("initContainers", Shape::List(&Shape::Entry("name"))),
    ("containers", Shape::List(&CONTAINER)),
    ("tolerations", Shape::List(&Shape::Text)),
    ("hostAliases", Shape::List(&Shape::Entry("ip"))),
    ("nodeSelector", Shape::Object(&[])),
]);

const NOTEBOOK: Shape = Shape::Object(&[
    ("metadata", METADATA),
    ("spec", Shape::Object(&[("template", Shape::Object(&[("spec", POD_SPEC)]))])),
]);

const POD: Shape = Shape::Object(&[("metadata", METADATA), ("spec", POD_SPEC)]);

const TEMPLATE_SPEC: [Str<'static>; 3] =
    [Str::from_token("\"spec\""), Str::from_token("\"template\""), Str::from_token("\"spec\"")];

impl Kind {
    /// How an object of this kind is opened.
    #[must_use]
    pub const fn shape(self) -> &'static Shape {
        match self {
            Kind::Notebook => &NOTEBOOK,
            Kind::PipelinePod => &POD,
        }
    }

    /// The way from the object to its pod spec.
    #[must_use]
    pub fn pod_spec_path(self) -> &'static [Str<'static>] {
        match self {
            Kind::Notebook => &TEMPLATE_SPEC,
            Kind::PipelinePod => TEMPLATE_SPEC.split_at(1).0,
        }
    }

    /// That way, as messages write it.
    #[must_use]
    pub const fn pod_spec_name(self) -> &'static str {
        match self {
            Kind::Notebook => "spec.template.spec",
            Kind::PipelinePod => "spec",
        }
    }
}

/// The pod spec of an object; `None` where it, or anything on the way to it, is absent.
///
/// # Errors
/// Something on the way is no object.
pub fn pod_spec<'o, 'a>(object: &'o Node<'a>, kind: Kind) -> Result<Option<&'o Object<'a>>, Malformed> {
    member_at(object, kind.pod_spec_path())
}

/// The pod spec of an object, as it stands there: opened or not; `None` where it is absent.
#[must_use]
pub fn template<'o, 'a>(object: &'o Node<'a>, kind: Kind) -> Option<&'o Node<'a>> {
    let mut node = object;
    for key in kind.pod_spec_path() {
        node = node.object(String::new).ok()?.get(key.raw())?;
    }
    Some(node)
}

/// Puts `template` where the pod spec of `object` is.
///
/// # Errors
/// Something on the way is no object.
pub fn set_template<'a>(object: &mut Node<'a>, kind: Kind, template: Node<'a>) -> Result<(), Malformed> {
    let mut parent = object.object_mut(|| "object".to_owned())?;
    if let Some((last, way)) = kind.pod_spec_path().split_last() {
        for key in way {
            parent = parent.object_at(*key, || kind.pod_spec_name().to_owned())?;
        }
        parent.set(*last, template);
    }
    Ok(())
}

/// The annotations of `object`, where it has any.
#[must_use]
pub fn annotations<'o, 'a>(object: &'o Node<'a>) -> Option<&'o Object<'a>> {
    let metadata = object.object(String::new).ok()?.get("metadata")?;
    metadata.object(String::new).ok()?.get("annotations")?.object(String::new).ok()
}

fn annotation<'o, 'a>(object: &'o Node<'a>, name: &str) -> Option<&'o Node<'a>> {
    annotations(object)?.get(name)
}

/// Whether a notebook is stopped: the annotation counts with any value.
#[must_use]
pub fn is_stopped(notebook: &Node<'_>) -> bool {
    annotation(notebook, RESOURCE_STOPPED).is_some()
}

/// The name of the object, where it has one.
#[must_use]
pub fn name<'a>(object: &Node<'a>) -> Option<Cow<'a, str>> {
    object.object(String::new).ok()?.get("metadata")?.object(String::new).ok()?.get("name")?.string()
}

/// The containers of a pod spec, by name and in their order.
///
/// # Errors
/// `containers` is no list, or an item of it no object.
pub fn container_names<'a>(pod_spec: Option<&Object<'a>>, kind: Kind) -> Result<Vec<Cow<'a, str>>, Malformed> {
    let path = || format!("{}.containers", kind.pod_spec_name());
    let Some(containers) = pod_spec.and_then(|spec| spec.get("containers")) else { return Ok(Vec::new()) };
    let items = containers.list(path)?.items().iter().enumerate();
    items
        .map(|(at, item)| {
            let container = item.object(|| format!("{}[{at}]", path()))?;
            Ok(container.get("name").and_then(Node::string).unwrap_or_default())
        })
        .collect()
}

/// The containers that `choice` means, of those called `names`; `ours` says which of these the platform brought.
///
/// The rules are those of the contract, 3: a name that matches none counts for nothing, and neither Main nor All
/// means a container that the platform brought.
pub fn chosen<'n>(
    choice: &Containers<'_>,
    kind: Kind,
    object: &Node<'_>,
    names: &'n [Cow<'_, str>],
    ours: impl Fn(&str) -> bool,
) -> Vec<&'n str> {
    let theirs = || names.iter().map(|name| &**name).filter(|name| !ours(name));
    let called = |wanted: Option<Cow<'_, str>>| wanted.and_then(|wanted| theirs().find(|name| *name == wanted));
    match (choice, kind) {
        (Containers::Named(wanted), _) => {
            names.iter().map(|name| &**name).filter(|name| wanted.iter().any(|wanted| wanted == name)).collect()
        }
        (Containers::All, _) => theirs().filter(|name| !OTHERS_CONTAINERS.contains(name)).collect(),
        (Containers::Main, Kind::Notebook) => called(name(object)).or_else(|| theirs().next()).into_iter().collect(),
        (Containers::Main, Kind::PipelinePod) => called(annotation(object, DEFAULT_CONTAINER).and_then(Node::string))
            .or_else(|| called(Some(Cow::Borrowed("main"))))
            .into_iter()
            .collect(),
    }
}

/// Whether the object is one that the policy leaves alone whatever the settings say: it is on its way out, or a pod
/// that no pipeline made.
fn is_none_of_our_business(object: &Node<'_>, kind: Kind) -> bool {
    let metadata = object.object(String::new).ok().and_then(|object| object.get("metadata"));
    let is_terminating =
        metadata.and_then(|node| node.object(String::new).ok()).is_some_and(|it| it.get("deletionTimestamp").is_some());
    is_terminating || kind == Kind::PipelinePod && annotation(object, ARGO_NODE_NAME).is_none()
}

fn member_at<'o, 'a>(object: &'o Node<'a>, path: &[Str<'_>]) -> Result<Option<&'o Object<'a>>, Malformed> {
    let named = |depth: usize| {
        if depth == 0 {
            return "object".to_owned();
        }
        path.iter().take(depth).map(|key| key.raw()).collect::<Vec<_>>().join(".")
    };
    let mut reached = object.object(|| named(0))?;
    for (depth, key) in path.iter().enumerate() {
        let Some(node) = reached.get(key.raw()) else { return Ok(None) };
        reached = node.object(|| named(depth + 1))?;
    }
    Ok(Some(reached))
}
