//! The kinds of object that the policy acts on: where the pod spec is, which containers are meant, whether a notebook
//! runs. What is added is not decided here.

mod containers;

use std::borrow::Cow;

pub use containers::{
    Apart, Containers, container_names, default_pull_policy, init_container_names, is_anothers, is_meant_by_all,
    main_container, main_containers,
};

use crate::json::{Body, ByName, Malformed, Node, Object, Path, Shape, Str, items, member, string_member};

/// The annotation by which Argo marks the pods of a workflow.
const ARGO_NODE_NAME: &str = "workflows.argoproj.io/node-name";

/// The annotation by which a pod names its main container.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// The annotation by which Kubeflow stops a notebook, whatever its value.
const RESOURCE_STOPPED: &str = "kubeflow-resource-stopped";

/// The annotation by which Open Data Hub's dashboard asks for a restart of a notebook, where it is `true`.
const RESTART: &str = "notebooks.opendatahub.io/notebook-restart";

/// The annotations that the policy goes by. A dependency that added one would change what the next request is taken for.
pub const DECISIVE_ANNOTATIONS: [&str; 4] = [ARGO_NODE_NAME, DEFAULT_CONTAINER, RESOURCE_STOPPED, RESTART];

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A `Notebook` of `kubeflow.org`, any version.
    Notebook,
    /// A pod of Kubeflow Pipelines.
    PipelinePod,
    /// Any other pod.
    Pod,
}

/// A container, as opened when a request is read. A container that a dependency adds is opened in the same way.
pub static CONTAINER: Shape = Shape::Object(&[
    ("env", Shape::List(&Shape::Entry("name"))),
    ("envFrom", Shape::List(&Shape::Text)),
    ("volumeMounts", Shape::List(&Shape::Entry("mountPath"))),
]);

/// The lists of containers in a pod spec, the first of which has the main one.
pub const CONTAINER_LISTS: [&str; 2] = ["containers", "initContainers"];

const METADATA_SHAPE: Shape = Shape::Object(&[("annotations", Shape::Object(&[])), ("labels", Shape::Object(&[]))]);

const POD_SPEC_SHAPE: Shape = Shape::Object(&[
    ("imagePullSecrets", Shape::List(&Shape::Entry("name"))),
    ("volumes", Shape::List(&Shape::Entry("name"))),
    ("initContainers", Shape::List(&Shape::Entry("name"))),
    ("containers", Shape::List(&CONTAINER)),
    ("tolerations", Shape::List(&Shape::Text)),
    ("hostAliases", Shape::List(&Shape::Entry("ip"))),
    ("nodeSelector", Shape::Object(&[])),
    ("resourceClaims", Shape::List(&Shape::Entry("name"))),
    ("topologySpreadConstraints", Shape::List(&Shape::Entry("topologyKey"))),
]);

const NOTEBOOK: Shape = Shape::Object(&[
    ("metadata", METADATA_SHAPE),
    ("spec", Shape::Object(&[("template", Shape::Object(&[("spec", POD_SPEC_SHAPE)]))])),
]);

const POD: Shape = Shape::Object(&[("metadata", METADATA_SHAPE), ("spec", POD_SPEC_SHAPE)]);

/// The object itself.
const OBJECT: Path<'static> = Path::Root("object");

/// Its metadata.
pub static METADATA: Path<'static> = Path::Member(&OBJECT, "metadata");

/// Its annotations.
pub static ANNOTATIONS: Path<'static> = Path::Member(&METADATA, "annotations");

static SPEC: Path<'static> = Path::Member(&OBJECT, "spec");
static TEMPLATE: Path<'static> = Path::Member(&SPEC, "template");
static TEMPLATE_SPEC: Path<'static> = Path::Member(&TEMPLATE, "spec");

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Kind::Notebook, Kind::PipelinePod, Kind::Pod];

    /// What the API calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Notebook => "Notebook",
            Kind::PipelinePod | Kind::Pod => "Pod",
        }
    }

    /// How an object of this kind is opened.
    pub const fn shape(self) -> &'static Shape {
        match self {
            Kind::Notebook => &NOTEBOOK,
            Kind::PipelinePod | Kind::Pod => &POD,
        }
    }

    /// Where the pod spec is in an object of this kind.
    pub const fn pod_spec_path(self) -> &'static Path<'static> {
        match self {
            Kind::Notebook => &TEMPLATE_SPEC,
            Kind::PipelinePod | Kind::Pod => &SPEC,
        }
    }
}

/// The pod spec of an object, as it stands there: opened or not; `None` where it is absent or out of reach.
pub fn pod_spec<'o, 'a>(object: &'o Node<'a>, kind: Kind) -> Option<&'o Node<'a>> {
    kind.pod_spec_path().get(object).ok()?
}

/// The annotations of `object`, where it has any.
pub fn annotations<'o, 'a>(object: &'o Node<'a>) -> Option<&'o Object<'a>> {
    ANNOTATIONS.get(object).ok()??.as_object()
}

/// The labels of `object`; one that is no string has no value.
///
/// # Errors
/// They are no object.
pub fn labels<'a>(object: &Node<'a>) -> Result<ByName<'a, Option<Cow<'a, str>>>, Malformed> {
    let path = METADATA.member("labels");
    let mut labels = ByName::default();
    if let Some(node) = path.get(object)? {
        for (key, value) in node.object(&path)?.iter().filter(|(_, value)| !value.is_null()) {
            labels.insert(key.decode(), value.string());
        }
    }
    Ok(labels)
}

fn annotation<'o, 'a>(object: &'o Node<'a>, name: &str) -> Option<&'o Node<'a>> {
    annotations(object)?.get(name)
}

/// Whether a notebook is stopped: the annotation counts with any value (contract, "Running notebooks").
pub fn is_stopped(notebook: &Node<'_>) -> bool {
    annotation(notebook, RESOURCE_STOPPED).is_some()
}

/// Whether a notebook is to be restarted, by the annotation of Open Data Hub.
pub fn asks_for_restart(notebook: &Node<'_>) -> bool {
    annotation(notebook, RESTART).and_then(Node::string).as_deref() == Some("true")
}

/// Whether the object belongs to a StatefulSet: the pod of a notebook does, and carries the notebook's annotations.
pub fn is_of_stateful_set(object: &Node<'_>) -> bool {
    let owners = metadata(object).and_then(|metadata| metadata.get("ownerReferences"));
    let is_controller = |owner: &&str| {
        string_member(owner, "kind").as_deref() == Some("StatefulSet") && member(owner, "controller") == Some("true")
    };
    owners.is_some_and(|owners| items(owners.text()).iter().any(is_controller))
}

/// The name of the object, where it has one.
pub fn name<'a>(object: &Node<'a>) -> Option<Cow<'a, str>> {
    metadata(object)?.get("name")?.string()
}

/// Whether the object is being deleted: the policy then leaves it alone, whatever the settings say (contract, "Scope").
pub fn is_terminating(object: &Node<'_>) -> bool {
    metadata(object).is_some_and(|metadata| metadata.get("deletionTimestamp").is_some())
}

/// Whether a pod is one of a pipeline: Argo marks it, and nothing but a workflow owns it. The pod of a notebook carries
/// whatever annotations its user wrote.
pub fn is_of_pipeline(pod: &Node<'_>) -> bool {
    let owners = metadata(pod).and_then(|metadata| metadata.get("ownerReferences")).map_or("null", Node::text);
    let is_workflow = |owner: &&str| {
        let group = string_member(owner, "apiVersion");
        let group = group.as_deref().and_then(|version| version.split_once('/')).map(|(group, _)| group);
        group == Some("argoproj.io") && string_member(owner, "kind").as_deref() == Some("Workflow")
    };
    annotation(pod, ARGO_NODE_NAME).is_some() && items(owners).iter().all(is_workflow)
}

/// The name of a container, opened or not.
pub fn container_name<'a>(container: &Node<'a>) -> Cow<'a, str> {
    let name = match &container.body {
        Body::Entry(name) => name.map(Str::decode),
        Body::Object(container) => container.get("name").and_then(Node::string),
        Body::Text | Body::List(_) => None,
    };
    name.unwrap_or_default()
}

fn metadata<'o, 'a>(object: &'o Node<'a>) -> Option<&'o Object<'a>> {
    METADATA.get(object).ok()??.as_object()
}
