//! When two values mean the same to Kubernetes.
//!
//! Two questions, one walk: [`deep_equal`] (contract, "Equality") and [`deep_derivative`] (contract, "Already present"),
//! named for `Semantic.DeepEqual` and `Semantic.DeepDerivative` of `k8s.io/apimachinery/pkg/api/equality`. Where a value
//! has a type in the table of Kubernetes' types, what is special about its members is read from there; a member that the
//! table does not know is compared as it stands.
//!
//! Both work on text, so that nothing is built: values that are spelt the same are the same at once, and only those that
//! differ are walked. What was opened already is walked as it is, by [`deep_equal_nodes`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::quantity::Quantity;
use super::schema::Type;
use super::types::VOLUME;
use crate::json::{Body, Node, Object, Str, is_same_text, items, members};

/// How deep the walk goes. No API server stores anything deeper than this; below it, only what is spelt the same is the
/// same, so that no text can exhaust the stack.
pub(super) const DEEPEST: usize = 128;

/// The type of the value that the walk is at, where it is known.
type Known = Option<&'static Type>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    Equal,
    Derivative,
}

/// Whether two values of type `of` mean the same: the order of members does not matter, that of items does.
pub fn deep_equal(of: &'static Type, one: &str, other: &str) -> bool {
    is_same(Question::Equal, Some(of), one, other, DEEPEST)
}

/// Whether `theirs` has at least everything that `ours` has, both of type `of`. Objects may have further members, lists
/// of objects further items (the server adds a token mount to each container); other lists and scalars must be equal.
pub fn deep_derivative(of: &'static Type, ours: &str, theirs: &str) -> bool {
    is_same(Question::Derivative, Some(of), theirs, ours, DEEPEST)
}

/// As [`deep_derivative`], for an entry of `env`: `value` and `valueFrom` exclude one another, so that one which only
/// theirs has is a difference.
pub fn env_var_derivative(of: &'static Type, ours: &str, theirs: &str) -> bool {
    if ours == theirs {
        return true;
    }
    let has_source = |members: &Members<'_>, name| {
        member(members, name).is_some_and(|text| !is_absent(Some(of), name, text, DEEPEST))
    };
    let (our_members, their_members) = (sorted_members(ours), sorted_members(theirs));
    let brings_source = |name| has_source(&their_members, name) && !has_source(&our_members, name);
    deep_derivative(of, ours, theirs) && !["value", "valueFrom"].into_iter().any(brings_source)
}

/// As [`deep_derivative`], for two mounts on the same path, which may differ in a trailing `/`.
pub fn volume_mount_derivative(of: &'static Type, ours: &str, theirs: &str) -> bool {
    let beside_path = |text| {
        let mut members = sorted_members(text);
        members.retain(|(key, _)| key != "mountPath");
        members
    };
    ours == theirs
        || have_same_members(Question::Derivative, Some(of), &beside_path(theirs), &beside_path(ours), DEEPEST)
}

/// As [`deep_equal`], for two parts of documents as they are now, with all that was changed in them.
pub fn deep_equal_nodes(of: &'static Type, one: &Node<'_>, other: &Node<'_>) -> bool {
    let is_unchanged = || !one.is_changed() && !other.is_changed();
    (is_same_text(one.text(), other.text()) && is_unchanged()) || are_same_nodes(Some(of), one, other)
}

fn are_same_nodes(of: Known, one: &Node<'_>, other: &Node<'_>) -> bool {
    match (&one.body, &other.body) {
        (Body::Object(one), Body::Object(other)) => {
            let (one, other) = (opened_members(one), opened_members(other));
            let absent = |key: &str, node: &Node<'_>| is_absent_node(of, key, node);
            one.iter().all(|(key, one)| match other.get(key) {
                Some(other) => {
                    are_same_nodes(of_member(of, key), one, other) || (absent(key, one) && absent(key, other))
                }
                None => absent(key, one),
            }) && other.iter().all(|(key, other)| one.contains_key(key) || absent(key, other))
        }
        (Body::List(one), Body::List(other)) => {
            let (one, other, of) = (one.items(), other.items(), of_item(of));
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| are_same_nodes(of, one, other))
        }
        _ => is_same(Question::Equal, of, &one.clone().written(), &other.clone().written(), DEEPEST),
    }
}

/// As [`is_absent`], for a node. (No volume is ever opened.)
fn is_absent_node(of: Known, key: &str, node: &Node<'_>) -> bool {
    match &node.body {
        Body::Object(_) | Body::List(_) => is_empty_node(node),
        Body::Text | Body::Entry(_) => is_absent(of, key, node.text(), DEEPEST),
    }
}

/// As [`is_empty`], for a node.
fn is_empty_node(node: &Node<'_>) -> bool {
    match &node.body {
        Body::Object(object) => object.iter().all(|(_, value)| is_empty_node(value)),
        Body::List(list) => list.items().is_empty(),
        Body::Text | Body::Entry(_) => is_empty(node.text(), DEEPEST),
    }
}

fn is_same(question: Question, of: Known, theirs: &str, ours: &str, depth: usize) -> bool {
    if is_same_text(theirs, ours) {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    let is_quantity = matches!(of, Some(Type::Quantity));
    match (theirs.as_bytes().first(), ours.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => {
            have_same_members(question, of, &sorted_members(theirs), &sorted_members(ours), depth)
        }
        (Some(b'['), Some(b'[')) => have_same_items(question, of, &items(theirs), &items(ours), depth),
        (Some(b'"'), Some(b'"')) if !is_quantity => Str::from_token(theirs) == Str::from_token(ours),
        // Numbers have many spellings too. No string is a number, except for a quantity.
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => is_same_quantity(theirs, ours),
        (Some(b'"' | b'-' | b'0'..=b'9'), Some(b'"' | b'-' | b'0'..=b'9')) => {
            is_quantity && is_same_quantity(theirs, ours)
        }
        _ => is_empty(ours, depth) && (question == Question::Derivative || is_empty(theirs, depth)),
    }
}

fn have_same_members(question: Question, of: Known, theirs: &Members<'_>, ours: &Members<'_>, depth: usize) -> bool {
    let absent = |key: &str, text: &str| is_absent(of, key, text, depth);
    ours.iter().all(|(key, ours)| match member(theirs, key) {
        Some(theirs) => {
            // Most members are the same: their types need not be looked for.
            is_same_text(theirs, ours)
                || is_same(question, of_member(of, key), theirs, ours, depth)
                || (absent(key, ours) && absent(key, theirs))
        }
        None => absent(key, ours),
    }) && (question == Question::Derivative
        || theirs.iter().all(|(key, theirs)| member(ours, key).is_some() || absent(key, theirs)))
}

fn have_same_items(question: Question, of: Known, theirs: &[&str], ours: &[&str], depth: usize) -> bool {
    let is_derivative = question == Question::Derivative;
    if is_derivative && matches!(of, Some(Type::Set(_))) {
        let of = of_item(of);
        let has = |ours: &&str| theirs.iter().any(|theirs| is_same(Question::Equal, of, theirs, ours, depth));
        return ours.iter().all(has);
    }
    let of = of_item(of);
    if is_derivative && ours.iter().all(|item| item.starts_with('{')) {
        let mut theirs = theirs.iter();
        return ours.iter().all(|ours| theirs.any(|theirs| is_same(question, of, theirs, ours, depth)));
    }
    theirs.len() == ours.len()
        && theirs.iter().zip(ours).all(|(theirs, ours)| is_same(question, of, theirs, ours, depth))
}

/// Whether the member `key` of an object of type `of` says no more than if it were absent.
pub(super) fn is_absent(of: Known, key: &str, text: &str, depth: usize) -> bool {
    // A volume source of `{}` is a source of its kind: in Go a pointer to an empty struct.
    let is_volume = matches!(of, Some(Type::Object(object)) if std::ptr::eq(*object, &VOLUME));
    (!is_volume && is_empty(text, depth)) || is_dropped_zero(of, key, text)
}

/// Whether `text` is the zero value of a member for which that counts as absent.
fn is_dropped_zero(of: Known, key: &str, text: &str) -> bool {
    let (Some(Type::Object(object)), "\"\"" | "false" | "0") = (of, text) else { return false };
    object.member(key).is_some_and(|member| {
        member.zero_is_absent
            && match member.of {
                Type::Boolean => text == "false",
                Type::Integer => text == "0",
                _ => text == "\"\"",
            }
    })
}

/// Whether `text` says no more than an absent value: `null`, `{}`, `[]`, or an object of nothing else.
fn is_empty(text: &str, depth: usize) -> bool {
    match (text.as_bytes().first(), depth.checked_sub(1)) {
        (Some(b'{'), Some(depth)) => members(text).iter().all(|(_, value)| is_empty(value, depth)),
        (Some(b'['), _) => items(text).is_empty(),
        _ => text == "null",
    }
}

fn of_member(of: Known, key: &str) -> Known {
    of.and_then(|of| of.of_member(key))
}

fn of_item(of: Known) -> Known {
    of.and_then(Type::of_item)
}

fn is_same_quantity(one: &str, other: &str) -> bool {
    Quantity::parse(one).is_some_and(|one| Some(one) == Quantity::parse(other))
}

/// The members of an object, sorted by key, each key once, `null`s left out.
type Members<'a> = Vec<(Cow<'a, str>, &'a str)>;

pub(super) fn sorted_members(text: &str) -> Members<'_> {
    let mut members = members(text);
    // A policy server sorts them.
    if !members.is_sorted_by(|(one, _), (other, _)| one < other) {
        let mut sorted = BTreeMap::new();
        sorted.extend(members);
        members = sorted.into_iter().collect();
    }
    members.retain(|(_, value)| *value != "null");
    members
}

/// The value of a member.
fn member<'a>(members: &Members<'a>, key: &str) -> Option<&'a str> {
    let at = members.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
    members.get(at).map(|(_, value)| *value)
}

/// The members of an object that was opened; as [`sorted_members`].
fn opened_members<'o, 'a>(object: &'o Object<'a>) -> BTreeMap<Cow<'a, str>, &'o Node<'a>> {
    let mut members = BTreeMap::new();
    members.extend(object.iter().map(|(key, value)| (key.decode(), value)));
    members.retain(|_, value| !value.is_null());
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Path, Shape};
    use crate::kubernetes::types::{CONTAINER, EMPTY_DIR_VOLUME_SOURCE, ENV_VAR, HOST_ALIAS, POD_SPEC, VOLUME_MOUNT};

    static SPEC: Type = Type::Object(&POD_SPEC);
    static OF_CONTAINER: Type = Type::Object(&CONTAINER);
    static OF_VOLUME: Type = Type::Object(&VOLUME);
    static OF_ENV_VAR: Type = Type::Object(&ENV_VAR);
    static OF_MOUNT: Type = Type::Object(&VOLUME_MOUNT);

    #[test]
    fn a_derivative_has_at_least_everything_of_ours() {
        static OF_HOST_ALIAS: Type = Type::Object(&HOST_ALIAS);
        // (type, what is there, what we would add, whether it is there already)
        for (of, theirs, ours, expected) in [
            (&OF_VOLUME, r#"{"name":"a","defaultMode":420}"#, r#"{"name":"a"}"#, true),
            (&OF_VOLUME, r#"{"name":"a"}"#, r#"{"name":"a","defaultMode":420}"#, false),
            (&OF_CONTAINER, r#"{"name":"a"}"#, r#"{"resources":{},"name":"a","args":[],"x":null}"#, true),
            (&OF_CONTAINER, r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1}}"#, true),
            (&OF_CONTAINER, r#"{"a":{"b":2}}"#, r#"{"a":{"b":1}}"#, false),
            (&OF_CONTAINER, r#"{"command":["a","b"]}"#, r#"{"command":["a"]}"#, false),
            (&OF_HOST_ALIAS, r#"{"hostnames":["a","b","c"]}"#, r#"{"hostnames":["c","a"]}"#, true),
            (&OF_HOST_ALIAS, r#"{"hostnames":["a","b"]}"#, r#"{"hostnames":["a","c"]}"#, false),
            (&OF_HOST_ALIAS, r#"{"hostnames":[111]}"#, r#"{"hostnames":["1"]}"#, false),
            (
                &OF_CONTAINER,
                r#"{"volumeMounts":[{"name":"t"},{"name":"a","mountPath":"/a","readOnly":true}]}"#,
                r#"{"volumeMounts":[{"name":"a","mountPath":"/a"}]}"#,
                true,
            ),
            (
                &OF_CONTAINER,
                r#"{"ports":[{"name":"b"},{"name":"a"}]}"#,
                r#"{"ports":[{"name":"a"},{"name":"b"}]}"#,
                false,
            ),
            (&OF_CONTAINER, r#"{"ports":[]}"#, r#"{"ports":[{"name":"a"}]}"#, false),
            (&OF_CONTAINER, r#"{"resources":"x"}"#, r#"{"resources":{}}"#, true),
            (&OF_CONTAINER, r#"{"n":1000}"#, r#"{"n":1e3}"#, true),
            (&OF_CONTAINER, r#"{"n":9007199254740993}"#, r#"{"n":9007199254740992}"#, false),
            (&OF_CONTAINER, r#"{"image":"\u00e6"}"#, r#"{"image":"æ"}"#, true),
            (&OF_CONTAINER, r#"{"n":1,"n":2}"#, r#"{"n":2}"#, true),
            (&OF_CONTAINER, r#"{"n":1,"n":2}"#, r#"{"n":1}"#, false),
            (
                &OF_CONTAINER,
                r#"{"resources":{"limits":{"cpu":"500m"}}}"#,
                r#"{"resources":{"limits":{"cpu":"0.5"}}}"#,
                true,
            ),
        ] {
            assert_eq!(deep_derivative(of, ours, theirs), expected, "{theirs} contains {ours}");
        }
    }

    #[test]
    fn a_volume_source_of_nothing_is_a_source_of_its_kind() {
        for (theirs, ours, expected) in [
            (r#"{"name":"v","emptyDir":{}}"#, r#"{"name":"v","emptyDir":{}}"#, true),
            (r#"{"name":"v","emptyDir":{"medium":"Memory"}}"#, r#"{"name":"v","emptyDir":{}}"#, true),
            (r#"{"name":"v","hostPath":{"path":"/"}}"#, r#"{"name":"v","emptyDir":{}}"#, false),
            (r#"{"name":"v","emptyDir":null}"#, r#"{"name":"v","emptyDir":{}}"#, false),
            (r#"{"name":"v"}"#, r#"{"name":"v","emptyDir":{}}"#, false),
        ] {
            assert_eq!(deep_derivative(&OF_VOLUME, ours, theirs), expected, "{theirs} contains {ours}");
        }
        for (one, other, expected) in [
            (r#"{"emptyDir":{}}"#, r#"{"downwardAPI":{}}"#, false),
            (r#"{"emptyDir":{}}"#, r#"{"emptyDir":{"medium":null},"x":null}"#, true),
        ] {
            assert_eq!(deep_equal(&OF_VOLUME, one, other), expected);
            let [one, other] = [one, other].map(|volume| [r#"{"volumes":["#, volume, "]}"].concat());
            assert_eq!(deep_equal(&SPEC, &one, &other), expected);
        }
    }

    #[test]
    fn an_env_has_one_source() {
        for (theirs, ours, expected) in [
            (r#"{"name":"A","value":"1"}"#, r#"{"name":"A","value":"1"}"#, true),
            (r#"{"name":"A"}"#, r#"{"name":"A","value":""}"#, true),
            (r#"{"name":"A","value":""}"#, r#"{"name":"A"}"#, true),
            (r#"{"name":"A","value":"1"}"#, r#"{"name":"A"}"#, false),
            (r#"{"name":"A","value":"1"}"#, r#"{"name":"A","value":""}"#, false),
            (r#"{"name":"A","valueFrom":{"secretKeyRef":{"name":"s"}}}"#, r#"{"name":"A"}"#, false),
            (
                r#"{"name":"A","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"x"}}}"#,
                r#"{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"x"}}}"#,
                true,
            ),
        ] {
            assert_eq!(env_var_derivative(&OF_ENV_VAR, ours, theirs), expected, "{theirs} contains {ours}");
        }
    }

    #[test]
    fn a_trailing_slash_makes_no_other_mount() {
        for (theirs, ours, expected) in [
            (r#"{"name":"v","mountPath":"/a/"}"#, r#"{"name":"v","mountPath":"/a"}"#, true),
            (r#"{"name":"v","mountPath":"/a","readOnly":true}"#, r#"{"name":"v","mountPath":"/a/"}"#, true),
            (r#"{"name":"w","mountPath":"/a/"}"#, r#"{"name":"v","mountPath":"/a"}"#, false),
            (r#"{"name":"v","mountPath":"/a"}"#, r#"{"name":"v","mountPath":"/a","subPath":"b"}"#, false),
        ] {
            assert_eq!(volume_mount_derivative(&OF_MOUNT, ours, theirs), expected, "{theirs} contains {ours}");
        }
    }

    #[test]
    fn equal_means_the_same_to_kubernetes() {
        static OF_EMPTY_DIR: Type = Type::Object(&EMPTY_DIR_VOLUME_SOURCE);
        for (of, one, other, expected) in [
            (&SPEC, "null", "{}", true),
            (&SPEC, "[]", "{}", true),
            (&SPEC, r#"{"affinity":{"podAffinity":[]}}"#, "null", true),
            (&SPEC, r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true),
            (&SPEC, r#"{"a":1}"#, r#"{"a":1,"b":{},"c":null,"d":[]}"#, true),
            (&SPEC, r#"{"a":1}"#, r#"{"a":1,"b":0}"#, false),
            (&SPEC, r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false),
            (&SPEC, r#"{"tolerations":[{"b":1}]}"#, r#"{"tolerations":[{"b":1},{"b":2}]}"#, false),
            (
                &OF_CONTAINER,
                r#"{"resources":{"limits":{"cpu":"500m"}}}"#,
                r#"{"resources":{"limits":{"cpu":"0.5"}}}"#,
                true,
            ),
            (
                &OF_CONTAINER,
                r#"{"resources":{"requests":{"memory":"1Gi"}}}"#,
                r#"{"resources":{"requests":{"memory":"1024Mi"}}}"#,
                true,
            ),
            (
                &OF_CONTAINER,
                r#"{"resources":{"requests":{"cpu":1}}}"#,
                r#"{"resources":{"requests":{"cpu":"1"}}}"#,
                true,
            ),
            (&OF_EMPTY_DIR, r#"{"sizeLimit":"1Gi"}"#, r#"{"sizeLimit":"1024Mi"}"#, true),
            (&OF_EMPTY_DIR, r#"{"medium":"1Gi"}"#, r#"{"medium":"1024Mi"}"#, false),
            (
                &OF_ENV_VAR,
                r#"{"valueFrom":{"resourceFieldRef":{"divisor":"1"}}}"#,
                r#"{"valueFrom":{"resourceFieldRef":{"divisor":"1000m"}}}"#,
                true,
            ),
            (&OF_ENV_VAR, r#"{"value":"500m"}"#, r#"{"value":"0.5"}"#, false),
            (&SPEC, r#"{"nodeSelector":{"limits":"1"}}"#, r#"{"nodeSelector":{"limits":"1.0"}}"#, false),
            (&SPEC, r#"{"nodeSelector":{"value":""}}"#, r#"{"nodeSelector":{}}"#, false),
            (&OF_ENV_VAR, r#"{"name":"A","value":""}"#, r#"{"name":"A"}"#, true),
            (&OF_MOUNT, r#"{"readOnly":false,"subPath":"","subPathExpr":""}"#, "{}", true),
            (&OF_CONTAINER, r#"{"securityContext":{"allowPrivilegeEscalation":false}}"#, "{}", false),
            (
                &OF_VOLUME,
                r#"{"ephemeral":{"volumeClaimTemplate":{"spec":{"storageClassName":""}}}}"#,
                r#"{"ephemeral":{}}"#,
                false,
            ),
            (&OF_CONTAINER, r#"{"tty":true}"#, r#"{"tty":false}"#, false),
            (&OF_CONTAINER, r#"{"image":"1"}"#, r#"{"image":1}"#, false),
            (&SPEC, r#"{"containers":[{"name":"a","c":null}]}"#, r#"{"containers":[{"name":"a","tty":false}]}"#, true),
            (&SPEC, r#"{"hostNetwork":false,"a":[]}"#, r#"{"nodeSelector":{}}"#, true),
            (&SPEC, r#"{"hostNetwork":true}"#, "{}", false),
            (&SPEC, r#"{"hostIPC":false,"hostPID":false,"hostname":"","subdomain":""}"#, "{}", true),
            (&OF_CONTAINER, r#"{"workingDir":"","stdin":false,"stdinOnce":false}"#, "{}", true),
            // What the table does not know is compared as it stands.
            (&OF_CONTAINER, r#"{"unknown":""}"#, "{}", false),
            (&OF_CONTAINER, r#"{"unknown":{"tty":false}}"#, "{}", false),
            (&SPEC, r#"{"volumes":[{"emptyDir":{"medium":""}}]}"#, r#"{"volumes":[{"emptyDir":{}}]}"#, true),
            (
                &OF_VOLUME,
                r#"{"flexVolume":{"options":{"sizeLimit":"1"}}}"#,
                r#"{"flexVolume":{"options":{"sizeLimit":"1.0"}}}"#,
                false,
            ),
            (&SPEC, r#"{"volumes":[{"name":"a","emptyDir":{}}]}"#, r#"{"volumes":[{"name":"a"}]}"#, false),
            (&SPEC, r#"{"volumes":[{"name":"a","b":null}]}"#, r#"{"volumes":[{"name":"a"}]}"#, true),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(deep_equal(of, one, other), expected, "{one} = {other}");
                let opened = |text| opened(of, text);
                assert_eq!(deep_equal_nodes(of, &opened(one), &opened(other)), expected, "{one} = {other}, opened");
                let text = Node::text_only(one);
                assert_eq!(deep_equal_nodes(of, &text, &opened(other)), expected, "{one} = {other}, one opened");
            }
        }
    }

    /// `text`, opened as a request is; what is not a pod spec (a volume is never opened) stays text.
    fn opened<'a>(of: &Type, text: &'a str) -> Node<'a> {
        static SHAPE: Shape = Shape::Object(&[
            ("containers", Shape::List(&Shape::Object(&[]))),
            ("nodeSelector", Shape::Object(&[])),
            ("tolerations", Shape::List(&Shape::Object(&[]))),
            ("volumes", Shape::List(&Shape::Entry("name"))),
        ]);
        let is_spec = matches!(of, Type::Object(object) if std::ptr::eq(*object, &POD_SPEC));
        Node::parse(text, if is_spec { &SHAPE } else { &Shape::Text }).unwrap()
    }

    #[test]
    fn nodes_are_compared_as_they_are_now() {
        let text = r#"{"tolerations":[{"b":1}],"nodeSelector":{"disk":"ssd"}}"#;
        let mut changed = opened(&SPEC, text);
        let mut set = |selector| {
            let object = changed.object_mut(&Path::Root("spec")).unwrap();
            object.set(Str::plain("nodeSelector"), Node::text_only(selector));
            changed.clone()
        };
        assert!(!deep_equal_nodes(&SPEC, &set(r#"{"disk":"hdd"}"#), &opened(&SPEC, text)));
        assert!(deep_equal_nodes(&SPEC, &set(r#"{ "disk": "ssd" }"#), &opened(&SPEC, text)));
        changed.object_mut(&Path::Root("spec")).unwrap().remove("nodeSelector");
        let without = opened(&SPEC, r#"{"tolerations":[{"b":1}],"nodeSelector":{}}"#);
        assert!(deep_equal_nodes(&SPEC, &changed, &without));
    }

    #[test]
    fn no_depth_exhausts_the_stack() {
        let deep = |core: &str| [&r#"[{"a":"#.repeat(5_000), core, &"}]".repeat(5_000)].concat();
        assert!(deep_equal(&SPEC, &deep("1"), &deep("1")));
        assert!(!deep_equal(&SPEC, &deep("1"), &deep("2")));
        assert!(!deep_derivative(&SPEC, &deep("2"), &deep("1")));
    }
}
