//! The admission request. One that is out of scope is read only as far as it takes to know that.

use std::borrow::Cow;
use std::fmt;

use crate::json::{Body, Cursor, Node, Shape, SyntaxError};
use crate::settings;
use crate::workload::{Kind, is_of_pipeline, is_terminating};

/// What is being done to the object. Other operations are out of scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is created.
    Create,
    /// It is changed.
    Update,
}

/// A request that the policy acts on.
#[derive(Debug)]
pub struct Request<'a> {
    /// What is being done.
    pub operation: Operation,
    /// To what kind of object.
    pub kind: Kind,
    /// In which namespace: the request's, whatever the object says.
    pub namespace: Cow<'a, str>,
    /// The object as the client wants it.
    pub object: Node<'a>,
    /// The object as it is stored, on an update.
    pub old_object: Option<Node<'a>>,
}

/// A payload that is not what a policy host sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not UTF-8.
    NotUtf8 {
        /// Offset of the first byte that is not.
        at: usize,
    },
    /// It is not JSON.
    Syntax(SyntaxError),
    /// There is no object `request` in it.
    NoRequest,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::NotUtf8 { at } => write!(f, "payload: not UTF-8 at byte {at}"),
            Unreadable::Syntax(error) => write!(f, "payload: {error}"),
            Unreadable::NoRequest => f.write_str("payload: must be an object with an object `request` in it"),
        }
    }
}

impl std::error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Unreadable::Syntax(error) => Some(error),
            Unreadable::NotUtf8 { .. } | Unreadable::NoRequest => None,
        }
    }
}

impl From<SyntaxError> for Unreadable {
    fn from(error: SyntaxError) -> Self {
        Unreadable::Syntax(error)
    }
}

impl<'a> Request<'a> {
    /// Reads the payload of `validate`: `{"request": ..., "settings": ...}`. `None` is a request that is out of scope
    /// (contract, "Scope"): reading stops as soon as that is known.
    ///
    /// The settings come back opened along [`settings::SHAPE`].
    ///
    /// # Errors
    /// The payload is not JSON, or has no `request`.
    pub fn read(payload: &'a str) -> Result<Option<(Self, Node<'a>)>, Unreadable> {
        let mut cursor = Cursor::new(payload);
        let mut request = None;
        let mut settings = Node::text_only("null");
        if cursor.eat(b'{') {
            let mut next = cursor.first_key();
            while let Some(key) = next {
                if key.is("request") && cursor.peek() == b'{' {
                    let Some(read) = Self::read_request(&mut cursor) else {
                        return cursor.failure().map_or(Ok(None), |failure| Err(failure.into()));
                    };
                    request = Some(read);
                } else if key.is("settings") {
                    settings = Node::read(&mut cursor, &settings::SHAPE);
                } else {
                    cursor.skip();
                }
                next = cursor.next_key();
            }
        } else {
            cursor.skip();
        }
        cursor.finish()?;
        request.map(|request| Some((request, settings))).ok_or(Unreadable::NoRequest)
    }

    fn read_request(cursor: &mut Cursor<'a>) -> Option<Self> {
        let mut kind = None;
        let mut operation = None;
        let mut namespace = Cow::Borrowed("");
        let mut object = None;
        let mut old_object = None;
        cursor.eat(b'{');
        let mut next = cursor.first_key();
        while let Some(key) = next {
            match &*key.decode() {
                "kind" => kind = Some(read_kind(cursor)?),
                "operation" => match Node::read(cursor, &Shape::Text).string().as_deref() {
                    Some("CREATE") => operation = Some(Operation::Create),
                    Some("UPDATE") => operation = Some(Operation::Update),
                    _ => return None,
                },
                "subResource" => {
                    let subresource = Node::read(cursor, &Shape::Text);
                    if !subresource.is_null() && subresource.string().as_deref() != Some("") {
                        return None;
                    }
                }
                "namespace" => namespace = Node::read(cursor, &Shape::Text).string().unwrap_or_default(),
                // The host sends `kind` first. Where it comes later, the object is opened once it is known.
                "object" => object = Some(Node::read(cursor, kind.map_or(&Shape::Text, Kind::shape))),
                "oldObject" => {
                    let shape = kind.map_or(&Shape::Text, Kind::shape);
                    old_object = Some(Node::read_beside(cursor, shape, object.as_ref()));
                }
                _ => _ = cursor.skip(),
            }
            if kind == Some(Kind::Pod) && operation == Some(Operation::Update) {
                return None;
            }
            next = cursor.next_key();
        }
        let (kind, operation) = (kind?, operation?);
        let object = opened(object?, kind);
        let old_object = old_object.filter(|old| !old.is_null()).map(|old| opened(old, kind));
        if object.is_null() || is_terminating(&object) {
            return None;
        }
        let kind = if kind == Kind::Pod && is_of_pipeline(&object) { Kind::PipelinePod } else { kind };
        Some(Request { operation, kind, namespace, object, old_object })
    }
}

/// The kind that a group, version and kind name, if the policy acts on it.
fn read_kind(cursor: &mut Cursor<'_>) -> Option<Kind> {
    let (mut group, mut kind) = (Cow::Borrowed(""), Cow::Borrowed(""));
    cursor.object(|cursor, key| {
        let value = Node::text_only(cursor.skip()).string().unwrap_or_default();
        if key.is("group") {
            group = value;
        } else if key.is("kind") {
            kind = value;
        }
    });
    match (&*group, &*kind) {
        ("kubeflow.org", "Notebook") => Some(Kind::Notebook),
        ("", "Pod") => Some(Kind::Pod),
        _ => None,
    }
}

/// `node`, opened along the shape of its kind, if it was read before the kind was known.
fn opened(node: Node<'_>, kind: Kind) -> Node<'_> {
    if node.text().starts_with('{') && matches!(node.body, Body::Text) {
        Node::read(&mut Cursor::new(node.text()), kind.shape())
    } else {
        node
    }
}
