//! When two values mean the same to Kubernetes.
//!
//! Two questions: [`deep_equal`] (contract, "Equality") and [`deep_derivative`] (contract, "Already present"), named for
//! `Semantic.DeepEqual` and `Semantic.DeepDerivative` of `k8s.io/apimachinery/pkg/api/equality`. Where a value has a type
//! in the table of Kubernetes' types, what is special about its members is read from there; a member that the table does
//! not know is compared as it stands.
//!
//! Values that are spelt the same are the same at once. Only those that differ are read, each once, and what they mean is
//! compared: the work is no more than the length of both asks for. What was opened already is walked as it is, by
//! [`deep_equal_nodes`].

use std::borrow::Cow;

use super::meaning::{self, Known, Meaning, is_volume, of_item, of_member};
use super::names::{Format, clean_path};
use super::schema::{ListMap, Member, Type};
use crate::json::{Body, ByName, Node, Object, is_same_text, members};

/// Whether two values of type `of` mean the same: the order of members does not matter, that of items does.
pub fn deep_equal(of: &'static Type, one: &str, other: &str) -> bool {
    is_same_text(one, other) || {
        let [one, other] = apart(Some(of), one, other);
        one == other
    }
}

/// Whether `theirs` has at least everything that `ours` has, both of type `of`, and nothing that undoes it. Objects may
/// have further members, lists of objects further items (the server adds a token mount to each container); other lists,
/// scalars and the members that [`Member::is_exact`] marks must be equal.
pub fn deep_derivative(of: &'static Type, ours: &str, theirs: &str) -> bool {
    is_same_text(theirs, ours) || {
        let [ours, theirs] = apart(Some(of), ours, theirs);
        contains(Some(of), &theirs, &ours)
    }
}

/// What two values of type `of` mean without the members that are spelt the same in both: whether one is or contains the
/// other is a question about the rest.
fn apart<'a>(of: Known, one: &'a str, other: &'a str) -> [Meaning<'a>; 2] {
    let [of_one, of_other] = [one, other].map(members);
    let are_sorted = [&of_one, &of_other].iter().all(|members| members.is_sorted_by(|one, next| one.0 < next.0));
    if of_one.is_empty() || of_other.is_empty() || !are_sorted {
        return [one, other].map(|text| Meaning::of_text(of, text));
    }
    let rest = |one: &[(Cow<'a, str>, &'a str)], other: &[(Cow<'a, str>, &'a str)]| {
        let mut other = other.iter().peekable();
        let mut rest = Vec::new();
        for (key, text) in one {
            while other.next_if(|(before, _)| before < key).is_some() {}
            if !other.peek().is_some_and(|(same, its)| same == key && is_same_text(its, text)) {
                rest.push((key.clone(), *text));
            }
        }
        Meaning::of_members(of, rest)
    };
    [rest(&of_one, &of_other), rest(&of_other, &of_one)]
}

fn contains(of: Known, theirs: &Meaning<'_>, ours: &Meaning<'_>) -> bool {
    match (theirs, ours) {
        (Meaning::Object(_), Meaning::Object(_) | Meaning::Nothing) => {
            let has = |(key, ours): &(Cow<'_, str>, _)| {
                theirs.member(key).is_some_and(|theirs| contains(of_member(of, key), theirs, ours))
            };
            let is_exact = |member: &Member| theirs.member(member.name) == ours.member(member.name);
            ours.members().iter().all(has) && known_members(of).iter().filter(|it| it.is_exact).all(is_exact)
        }
        (_, Meaning::Nothing) => true,
        (Meaning::List(theirs), Meaning::List(ours)) => has_items(of, theirs, ours),
        (Meaning::Text(theirs), Meaning::Text(ours)) if is_path(of) => {
            clean_path(theirs.decode()) == clean_path(ours.decode())
        }
        _ => theirs == ours,
    }
}

/// The members that an object of type `of` may have.
const fn known_members(of: Known) -> &'static [Member] {
    match of {
        Some(Type::Object(object)) => object.members,
        _ => &[],
    }
}

fn has_items(of: Known, theirs: &[Meaning<'_>], ours: &[Meaning<'_>]) -> bool {
    let item = of_item(of);
    match of {
        Some(Type::Set(_)) if ours.iter().all(|item| matches!(item, Meaning::Text(_))) => {
            let strings = last_by_key(of, theirs, None);
            return ours.iter().filter_map(Meaning::says).all(|ours| strings.contains(&ours));
        }
        Some(Type::Alternatives(_)) => {
            return theirs.len() == ours.len()
                && theirs.iter().zip(ours).all(|(theirs, ours)| contains(item, theirs, ours));
        }
        // A later item with the key of ours undoes it: it is the last one that counts.
        Some(Type::ListMap(ListMap { key, .. })) => {
            let theirs = last_by_key(of, theirs, Some(key));
            let has = |key, ours| theirs.get(key).is_some_and(|theirs| contains(item, theirs, ours));
            if !last_by_key(of, ours, Some(key)).iter().all(|(key, ours)| has(key, ours)) {
                return false;
            }
        }
        _ => {}
    }
    if !ours.iter().all(|item| matches!(item, Meaning::Object(_) | Meaning::Nothing)) {
        return theirs == ours;
    }
    let mut theirs = theirs.iter();
    ours.iter().all(|ours| theirs.any(|theirs| contains(item, theirs, ours)))
}

/// The items of a list of type `of` by their key, of those with one key the last: the string under `member`, or without
/// that the item itself.
fn last_by_key<'i, 'a>(of: Known, items: &'i [Meaning<'a>], member: Option<&str>) -> ByName<'a, &'i Meaning<'a>> {
    let are_paths = is_path(member.and_then(|member| of_member(of_item(of), member)));
    let mut last = ByName::default();
    for item in items {
        if let Some(key) = member.map_or(Some(item), |member| item.member(member)).and_then(Meaning::says) {
            last.insert(if are_paths { clean_path(key) } else { key }, item);
        }
    }
    last
}

/// The path of a mount has many spellings, of which any says where it is. Yet they are not equal: what was stored is.
const fn is_path(of: Known) -> bool {
    matches!(of, Some(Type::Text(Format::MountPath)))
}

/// As [`deep_equal`], for two parts of documents as they are now, with all that was changed in them.
pub fn deep_equal_nodes(of: &'static Type, one: &Node<'_>, other: &Node<'_>) -> bool {
    let is_unchanged = || !one.is_changed() && !other.is_changed();
    (is_same_text(one.text(), other.text()) && is_unchanged()) || are_same_nodes(Some(of), one, other)
}

/// Goes no deeper than the nodes were opened, and reads what was not only where it differs.
fn are_same_nodes(of: Known, one: &Node<'_>, other: &Node<'_>) -> bool {
    match (&one.body, &other.body) {
        (Body::Object(one), Body::Object(other)) => {
            let other = opened_members(other);
            let mut other = other.iter().peekable();
            let is_same = |(key, one): &(Cow<'_, str>, &Node<'_>)| {
                while let Some((key, other)) = other.next_if(|(before, _)| before < key) {
                    if !is_absent_node(of, key, other) {
                        return false;
                    }
                }
                match other.next_if(|(same, _)| same == key) {
                    // A `null` is no member.
                    Some((_, other))
                        if one.is_null() == other.is_null() && are_same_nodes(of_member(of, key), one, other) =>
                    {
                        true
                    }
                    Some((_, other)) => is_absent_node(of, key, one) && is_absent_node(of, key, other),
                    None => is_absent_node(of, key, one),
                }
            };
            opened_members(one).iter().all(is_same) && other.all(|(key, other)| is_absent_node(of, key, other))
        }
        (Body::List(one), Body::List(other)) => {
            let (one, other, of) = (one.items(), other.items(), of_item(of));
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| are_same_nodes(of, one, other))
        }
        (Body::Text | Body::Entry(_), Body::Text | Body::Entry(_)) if is_same_text(one.text(), other.text()) => true,
        (Body::Text | Body::Entry(_), Body::Text | Body::Entry(_)) => {
            let [one, other] = apart(of, one.text(), other.text());
            one == other
        }
        _ => Meaning::of_node(of, one) == Meaning::of_node(of, other),
    }
}

/// Whether the member `key` of an object of type `of` says no more with this value than if it were absent.
pub fn is_absent(of: &'static Type, key: &str, value: &str) -> bool {
    meaning::is_absent(Some(of), key, &Node::text_only(value))
}

/// As [`meaning::is_absent`], without reading more of what was opened than it has to.
fn is_absent_node(of: Known, key: &str, node: &Node<'_>) -> bool {
    match &node.body {
        Body::List(list) if !is_volume(of) => list.items().is_empty(),
        Body::Object(object) if !is_volume(of) => {
            let of = of_member(of, key);
            opened_members(object).iter().all(|(key, node)| is_absent_node(of, key, node))
        }
        _ => meaning::is_absent(of, key, node),
    }
}

/// The members of an object that was opened, sorted by key, each key once: of duplicates the last.
fn opened_members<'o, 'a>(object: &'o Object<'a>) -> Vec<(Cow<'a, str>, &'o Node<'a>)> {
    let mut members = Vec::new();
    for (key, value) in object.iter() {
        members.push((key.decode(), value));
    }
    if members.is_sorted_by(|(one, _), (next, _)| one < next) {
        return members;
    }
    let mut sorted = ByName::default();
    for (key, value) in members {
        sorted.insert(key, value);
    }
    sorted.into_sorted().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Path, Shape, Str};
    use crate::kubernetes::digest::Digest;
    use crate::kubernetes::meaning::DEEPEST;
    use crate::kubernetes::schema::Map;
    use crate::kubernetes::types::{
        AFFINITY, ALL, CONTAINER, CONTAINER_PORT, EMPTY_DIR_VOLUME_SOURCE, ENV_VAR, HOST_ALIAS, HTTP_GET_ACTION,
        POD_SPEC, RESOURCE_FIELD_SELECTOR, TOLERATION, VOLUME, VOLUME_MOUNT,
    };

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
            (&OF_HOST_ALIAS, r#"{"hostnames":["1"]}"#, r#"{"hostnames":[1]}"#, false),
            (&OF_CONTAINER, r#"{"b":"1"}"#, r#"{"a":"1"}"#, false),
            (&OF_CONTAINER, "5", r#"{"a":null}"#, true),
            (&OF_CONTAINER, r#"{"a":null}"#, "5", false),
            (
                &OF_CONTAINER,
                r#"{"volumeMounts":[{"name":"t"},{"name":"a","mountPath":"/a","mountPropagation":"None"}]}"#,
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
            (&OF_CONTAINER, r#"{"image":"a/"}"#, r#"{"image":"a"}"#, false),
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
    fn what_adds_to_ours_is_no_difference_and_what_undoes_it_is() {
        static OF_AFFINITY: Type = Type::Object(&AFFINITY);
        let affinity = |terms: &str| {
            let required = ["{\"nodeSelectorTerms\":", terms, "}"].concat();
            ["{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":", &required, "}}"].concat()
        };
        const GPU: &str = r#"{"matchExpressions":[{"key":"gpu","operator":"Exists"}]}"#;
        const GPU_HERE: &str =
            r#"{"matchExpressions":[{"key":"gpu","operator":"Exists"},{"key":"zone","operator":"In","values":["a"]}]}"#;
        let affinities = [
            ([GPU].as_slice(), true),
            (&[GPU_HERE], true),
            (&[GPU, r#"{"matchExpressions":[{"key":"cpu","operator":"Exists"}]}"#], false),
            (&[r#"{"matchExpressions":[]}"#, GPU], false),
            (&[], false),
        ];
        for (terms, expected) in affinities {
            let theirs = affinity(&["[", &terms.join(","), "]"].concat());
            let ours = affinity(&["[", GPU, "]"].concat());
            assert_eq!(deep_derivative(&OF_AFFINITY, &ours, &theirs), expected, "{theirs}");
        }

        // (type, what ours has beside its name, what theirs has beside that, whether it contains ours)
        for (of, ours, beside, expected) in [
            (&OF_CONTAINER, "", r#""command":["sleep"]"#, false),
            (&OF_CONTAINER, "", r#""args":["x"]"#, false),
            (&OF_CONTAINER, "", r#""args":[]"#, true),
            (&OF_CONTAINER, "", r#""lifecycle":{"preStop":{"exec":{"command":["x"]}}}"#, false),
            (&OF_CONTAINER, "", r#""securityContext":{"privileged":true}"#, false),
            (&OF_CONTAINER, "", r#""securityContext":{"privileged":false}"#, false),
            (&OF_CONTAINER, "", r#""securityContext":{}"#, true),
            (&OF_CONTAINER, "", r#""workingDir":"/x""#, false),
            (&OF_CONTAINER, "", r#""workingDir":"""#, true),
            (&OF_CONTAINER, "", r#""envFrom":[{"secretRef":{"name":"s"}}]"#, false),
            (&OF_CONTAINER, "", r#""restartPolicy":"Always""#, false),
            (&OF_CONTAINER, "", r#""env":[{"name":"X","value":"1"}],"ports":[{"containerPort":1}]"#, true),
            (&OF_CONTAINER, "", r#""imagePullPolicy":"Always","terminationMessagePath":"/dev/termination-log""#, true),
            (&OF_CONTAINER, "", r#""resources":{"limits":{"cpu":"1"}},"stdin":true"#, true),
            (&OF_CONTAINER, r#","stdin":false"#, r#""stdin":true"#, true),
            (&OF_CONTAINER, r#","command":["a"]"#, r#""command":["a","b"]"#, false),
            (
                &OF_CONTAINER,
                r#","securityContext":{"runAsUser":1}"#,
                r#""securityContext":{"runAsUser":1,"privileged":true}"#,
                false,
            ),
            // What the server fills in within them is no difference.
            (
                &OF_CONTAINER,
                r#","lifecycle":{"preStop":{"httpGet":{"port":80}}}"#,
                r#""lifecycle":{"preStop":{"httpGet":{"path":"/","port":80,"scheme":"HTTP"}}}"#,
                true,
            ),
            (&OF_MOUNT, r#","mountPath":"/a""#, r#""readOnly":true"#, false),
            (&OF_MOUNT, r#","mountPath":"/a""#, r#""readOnly":false"#, true),
            (&OF_MOUNT, r#","mountPath":"/a","readOnly":true"#, r#""readOnly":null"#, false),
            (&OF_MOUNT, r#","mountPath":"/a""#, r#""subPath":"b""#, false),
            (&OF_MOUNT, r#","mountPath":"/a""#, r#""subPathExpr":"$(B)""#, false),
            (&OF_MOUNT, r#","mountPath":"/a""#, r#""mountPropagation":"None""#, true),
            (&OF_VOLUME, r#","configMap":{"name":"c"}"#, r#""configMap":{"name":"c","defaultMode":420}"#, true),
            (
                &OF_VOLUME,
                r#","configMap":{"name":"c"}"#,
                r#""configMap":{"name":"c","items":[{"key":"a","path":"b"}]}"#,
                false,
            ),
            (
                &OF_VOLUME,
                r#","secret":{"secretName":"s","items":[{"key":"a","path":"b"}]}"#,
                r#""secret":{"secretName":"s","items":[{"key":"a","path":"b"},{"key":"c","path":"d"}]}"#,
                false,
            ),
            (
                &OF_VOLUME,
                r#","downwardAPI":{"items":[{"path":"a","fieldRef":{"fieldPath":"x"}}]}"#,
                r#""downwardAPI":{"items":[{"path":"a","fieldRef":{"apiVersion":"v1","fieldPath":"x"}}]}"#,
                true,
            ),
            (&OF_VOLUME, r#","downwardAPI":{}"#, r#""downwardAPI":{"items":[{"path":"a"}]}"#, false),
            (
                &OF_VOLUME,
                r#","projected":{"sources":[{"secret":{"name":"s"}}]}"#,
                r#""projected":{"sources":[{"secret":{"name":"s"}},{"configMap":{"name":"c"}}]}"#,
                true,
            ),
            (
                &OF_VOLUME,
                r#","projected":{"sources":[{"secret":{"name":"s"}}]}"#,
                r#""projected":{"sources":[{"secret":{"name":"s","items":[{"key":"a","path":"b"}]}}]}"#,
                false,
            ),
        ] {
            let ours = [r#"{"name":"a""#, ours, "}"].concat();
            let theirs = [&ours[..ours.len() - 1], ",", beside, "}"].concat();
            assert_eq!(deep_derivative(of, &ours, &theirs), expected, "{theirs} contains {ours}");
            assert!(deep_derivative(of, &theirs, &theirs.replace(':', ": ")), "{theirs}");
        }
    }

    #[test]
    fn a_later_item_with_the_key_of_ours_undoes_it() {
        for (member, theirs, ours, expected) in [
            ("env", r#"{"name":"A","value":"1"},{"name":"B"}"#, r#"{"name":"A","value":"1"}"#, true),
            ("env", r#"{"name":"A","value":"1"},{"name":"A","value":"2"}"#, r#"{"name":"A","value":"1"}"#, false),
            ("env", r#"{"name":"A","value":"2"},{"name":"A","value":"1"}"#, r#"{"name":"A","value":"1"}"#, true),
            ("env", r#"{"name":"A","value":"1"},{"name":"\u0041"}"#, r#"{"name":"A","value":"1"}"#, false),
            ("volumeMounts", r#"{"mountPath":"/a","name":"v"}"#, r#"{"mountPath":"/a/","name":"v"}"#, true),
            (
                "volumeMounts",
                r#"{"mountPath":"/a","name":"v"},{"mountPath":"/a//","name":"w"}"#,
                r#"{"mountPath":"/a","name":"v"}"#,
                false,
            ),
        ] {
            let [ours, theirs] = [ours, theirs].map(|items| ["{\"", member, "\":[", items, "]}"].concat());
            assert_eq!(deep_derivative(&OF_CONTAINER, &ours, &theirs), expected, "{theirs} contains {ours}");
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
            assert_eq!(deep_derivative(&OF_ENV_VAR, ours, theirs), expected, "{theirs} contains {ours}");
        }
    }

    #[test]
    fn another_spelling_of_the_path_makes_no_other_mount() {
        for (theirs, ours, expected) in [
            (r#"{"name":"v","mountPath":"/a/"}"#, r#"{"name":"v","mountPath":"/a"}"#, true),
            (r#"{"name":"v","mountPath":"/a/./b/../"}"#, r#"{"name":"v","mountPath":"//a"}"#, true),
            (r#"{"name":"w","mountPath":"/a/"}"#, r#"{"name":"v","mountPath":"/a"}"#, false),
            (r#"{"name":"v","mountPath":"/b"}"#, r#"{"name":"v","mountPath":"/a"}"#, false),
            (r#"{"name":"v","mountPath":"/a"}"#, r#"{"name":"v","mountPath":"/a","subPath":"b"}"#, false),
        ] {
            assert_eq!(deep_derivative(&OF_MOUNT, ours, theirs), expected, "{theirs} contains {ours}");
        }
        assert!(!deep_equal(&OF_MOUNT, r#"{"mountPath":"/a/"}"#, r#"{"mountPath":"/a"}"#));
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
            // A zero value is a value where Go has a pointer, and in maps and lists.
            (&OF_CONTAINER, r#"{"securityContext":{"runAsUser":0}}"#, "{}", false),
            (&OF_CONTAINER, r#"{"securityContext":{"seLinuxOptions":{"role":""}}}"#, "{}", true),
            (&SPEC, r#"{"tolerations":[{"tolerationSeconds":0}]}"#, r#"{"tolerations":[{}]}"#, false),
            (&SPEC, r#"{"nodeSelector":{"k":""}}"#, "{}", false),
            (
                &SPEC,
                r#"{"dnsConfig":{"options":[{"name":"a","value":""}]}}"#,
                r#"{"dnsConfig":{"options":[{"name":"a"}]}}"#,
                false,
            ),
            (&SPEC, r#"{"runtimeClassName":""}"#, "{}", false),
            (&OF_CONTAINER, r#"{"args":[""]}"#, "{}", false),
            (&OF_CONTAINER, r#"{"resources":{"limits":{"cpu":"0"}}}"#, "{}", false),
            (&OF_CONTAINER, r#"{"resources":{"limits":{"cpu":"0"}}}"#, r#"{"resources":{"limits":{"cpu":0.0}}}"#, true),
            (&OF_EMPTY_DIR, r#"{"sizeLimit":"0"}"#, "{}", false),
            (
                &OF_ENV_VAR,
                r#"{"valueFrom":{"secretKeyRef":{"key":"k","optional":false}}}"#,
                r#"{"valueFrom":{"secretKeyRef":{"key":"k"}}}"#,
                false,
            ),
            // Elsewhere it is absent.
            (&SPEC, r#"{"schedulerName":"","priorityClassName":""}"#, "{}", true),
            (&SPEC, r#"{"topologySpreadConstraints":[{"maxSkew":0}]}"#, r#"{"topologySpreadConstraints":[{}]}"#, true),
            (
                &OF_CONTAINER,
                r#"{"envFrom":[{"prefix":"","secretRef":{"name":"s"}}]}"#,
                r#"{"envFrom":[{"secretRef":{"name":"s"}}]}"#,
                true,
            ),
            (&OF_CONTAINER, r#"{"livenessProbe":{"initialDelaySeconds":0}}"#, "{}", true),
            (
                &OF_CONTAINER,
                r#"{"livenessProbe":{"tcpSocket":{"port":0}}}"#,
                r#"{"livenessProbe":{"tcpSocket":{"host":""}}}"#,
                true,
            ),
            (
                &OF_CONTAINER,
                r#"{"ports":[{"hostPort":0,"hostIP":"","containerPort":1}]}"#,
                r#"{"ports":[{"containerPort":1}]}"#,
                true,
            ),
            (
                &OF_ENV_VAR,
                r#"{"valueFrom":{"resourceFieldRef":{"divisor":"0","resource":"r"}}}"#,
                r#"{"valueFrom":{"resourceFieldRef":{"resource":"r"}}}"#,
                true,
            ),
            (
                &OF_ENV_VAR,
                r#"{"valueFrom":{"resourceFieldRef":{"divisor":0,"resource":"r"}}}"#,
                r#"{"valueFrom":{"resourceFieldRef":{"divisor":"0Mi","resource":"r"}}}"#,
                true,
            ),
            (&OF_CONTAINER, r#"{"tty":""}"#, "{}", false),
            (&OF_CONTAINER, r#"{"workingDir":false}"#, "{}", false),
            // So is a default of the server.
            (&SPEC, r#"{"tolerations":[{"key":"a","operator":"Equal"}]}"#, r#"{"tolerations":[{"key":"a"}]}"#, true),
            (&SPEC, r#"{"tolerations":[{"key":"a","operator":"Exists"}]}"#, r#"{"tolerations":[{"key":"a"}]}"#, false),
            (&SPEC, r#"{"affinity":{"x":{"operator":"Equal"}}}"#, r#"{"affinity":{"x":{}}}"#, false),
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
                assert_eq!(Digest::of(of, one) == Digest::of(of, other), expected, "{one} = {other}, digests");
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
    fn an_opened_volume_source_of_nothing_is_a_source_of_its_kind() {
        static SHAPE: Shape = Shape::Object(&[("emptyDir", Shape::Object(&[])), ("secret", Shape::List(&Shape::Text))]);
        let volume = |text| Node::parse(text, &SHAPE).unwrap();
        for (one, other, expected) in [
            (r#"{"emptyDir":{}}"#, r#"{"name":""}"#, false),
            (r#"{"emptyDir":{}}"#, r#"{"emptyDir":null}"#, false),
            (r#"{"emptyDir":{}}"#, r#"{"emptyDir":{"medium":""}}"#, true),
            (r#"{"secret":[]}"#, "{}", false),
        ] {
            assert_eq!(deep_equal_nodes(&OF_VOLUME, &volume(one), &volume(other)), expected, "{one} = {other}");
            assert_eq!(deep_equal(&OF_VOLUME, one, other), expected, "{one} = {other}");
        }
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
        // Whichever of both was changed.
        assert!(!deep_equal_nodes(&SPEC, &changed, &opened(&SPEC, text)));
        assert!(!deep_equal_nodes(&SPEC, &opened(&SPEC, text), &changed));
        // Of duplicates the last counts.
        let selector = |members: &str| [r#"{"nodeSelector":{"#, members, "}}"].concat();
        let [one, twice] = [r#""a":"1""#, r#""a":"2","a":"1""#].map(selector);
        assert!(deep_equal_nodes(&SPEC, &opened(&SPEC, &one), &opened(&SPEC, &twice)));
    }

    /// What is as deep as can be read is compared by its meaning, and below that by its text.
    #[test]
    fn what_is_too_deep_to_be_read_is_compared_as_it_is_spelt() {
        for (levels, expected) in [(DEEPEST - 1, true), (DEEPEST, false)] {
            let [one, other] =
                ["[1]", "[1.0]"].map(|list| [&*r#"{"a":"#.repeat(levels), list, &*"}".repeat(levels)].concat());
            assert_eq!(deep_equal(&OF_CONTAINER, &one, &other), expected, "{levels} levels");
        }
    }

    /// A scalar says the same at its zero value as if it were absent where Go has no pointer for it, and only there.
    #[test]
    fn every_scalar_of_every_type_is_absent_at_its_zero_value_or_is_not() {
        let (mut plain, mut pointers) = (0, 0);
        for (name, object) in ALL {
            let of: &'static Type = Box::leak(Box::new(Type::Object(object)));
            for member in object.members {
                let with = |value: &str| ["{\"", member.name, "\":", value, "}"].concat();
                let differs = |value: &str| {
                    assert!(!deep_equal(of, &with(value), "{}"), "{name}.{}: {value}", member.name);
                    assert!(!deep_derivative(of, &with(value), "{}"), "{name}.{}: {value}", member.name);
                    assert!(!deep_equal_nodes(of, &opened_whole(&with(value)), &opened_whole("{}")));
                    assert_ne!(Digest::of(of, &with(value)), Digest::of(of, "{}"), "{name}.{}: {value}", member.name);
                };
                let (zeros, others): (&[&str], &[&str]) = match member.of {
                    Type::Text(_) => (&["\"\""], &["\"a\"", "\"0\"", "false", "0"]),
                    Type::Boolean => (&["false"], &["true", "0", "\"\""]),
                    Type::Integer(_) => (&["0", "-0"], &["1", "-1", "\"0\"", "false"]),
                    Type::IntOrString => (&["0"], &["80", "\"http\"", "\"0\""]),
                    Type::Quantity => (&["\"0\"", "0", "\"0Mi\"", "0.0"], &["\"1\"", "1", "\"1m\"", "\"\""]),
                    Type::Map(Map { of: Type::Quantity, .. }) => (&[], &[r#"{"":"0"}"#, r#"{"k":0}"#]),
                    Type::Map(..) => (&[], &[r#"{"k":""}"#]),
                    Type::List(Type::Text(_)) | Type::Set(_) => (&[], &[r#"[""]"#]),
                    Type::List(_) | Type::ListMap(_) | Type::Alternatives(_) => (&[], &["[{}]", "[0]"]),
                    Type::Object(_) => (&[], &[]),
                    Type::WordOrNames(_) => panic!("{name}.{}", member.name),
                };
                others.iter().copied().for_each(differs);
                if zeros.is_empty() {
                    assert!(!member.is_pointer, "{name}.{}", member.name);
                } else if member.is_pointer {
                    pointers += 1;
                    zeros.iter().copied().for_each(differs);
                } else {
                    plain += 1;
                    for zero in zeros.iter().map(|zero| with(zero)) {
                        assert!(deep_equal(of, &zero, "{}") && deep_equal(of, "{}", &zero), "{name}: {zero}");
                        assert!(deep_derivative(of, &zero, "{}"), "{name}: {zero}");
                        assert!(deep_equal_nodes(of, &opened_whole(&zero), &opened_whole("{}")), "{name}: {zero}");
                        assert_eq!(Digest::of(of, &zero), Digest::of(of, "{}"), "{name}: {zero}");
                    }
                }
            }
        }
        assert_eq!((plain, pointers), (218, 82));
    }

    /// `text`, an object, with each of its members opened.
    fn opened_whole(text: &str) -> Node<'_> {
        Node::parse(text, &Shape::Object(&[])).unwrap()
    }

    /// Each of these takes minutes where the work is the square of the length, or grows with the depth.
    #[test]
    fn the_work_grows_with_the_length_alone() {
        let nested = |core: &str, beside: &str| {
            let open = [beside, "\"a\":"].concat();
            [&["{", &open].concat().repeat(110), core, &"}".repeat(110)].concat()
        };
        let wide = |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
        let backwards = |count: usize, value: &str| {
            ["{", &wide(count, &|at| format!("\"{:06}\":{value}", count - at)), "}"].concat()
        };
        let list = |count: usize, item: &dyn Fn(usize) -> String| ["[", &wide(count, item), "]"].concat();

        // Deep, with a difference or nothing at all at the bottom.
        for core in ["null,", "{},", "[[]],"] {
            let many = ["[", &core.repeat(500_000), "1]"].concat();
            let other = many.replace("1]", "2]");
            assert!(!deep_equal(&SPEC, &nested(&many, ""), &nested(&other, "")));
            assert!(!deep_derivative(&SPEC, &nested(&many, ""), &nested(&other, "")));
        }
        let nothing = backwards(200_000, "{}");
        assert!(deep_equal(&SPEC, &nested(&nothing, ""), "{}"));
        assert!(deep_equal(&SPEC, &nested(&nothing, r#""c":{},"b":[],"#), &nested("null", "")));
        assert!(!deep_equal(&SPEC, &nested(&nothing, r#""z":1,"#), &nested("1", r#""z":1,"#)));

        // Wide, with the members in another order.
        let (one, other) = (backwards(200_000, "1"), backwards(200_000, "1.0"));
        assert!(deep_equal(&SPEC, &one, &other));
        assert!(deep_derivative(&SPEC, &one, &other));
        assert_eq!(Digest::of(&SPEC, &one), Digest::of(&SPEC, &other));
        let members = |text| opened_whole(text);
        assert!(deep_equal_nodes(&SPEC, &members(&one), &members(&other)));

        // Long lists, in which each of ours is looked for.
        let container = |member: &str, items: &str| ["{\"", member, "\":", items, "}"].concat();
        let variable = |value: usize| move |at: usize| format!(r#"{{"name":"V{at}","value":"{}"}}"#, at.max(value));
        for (member, theirs, ours) in [
            ("env", list(100_000, &variable(0)), list(100_000, &variable(1))),
            (
                "ports",
                list(100_000, &|at| format!(r#"{{"name":"{at}"}}"#)),
                list(100_000, &|at| format!(r#"{{"name":"{}"}}"#, at + 1)),
            ),
        ] {
            let (theirs, ours) = (container(member, &theirs), container(member, &ours));
            assert!(!deep_derivative(&OF_CONTAINER, &ours, &theirs));
            assert!(deep_derivative(&OF_CONTAINER, &theirs, &theirs.replace(',', " ,")));
        }
        static OF_HOST_ALIAS: Type = Type::Object(&HOST_ALIAS);
        let names = |count: usize, from: usize| {
            container("hostnames", &list(count, &|at| format!("\"{}\"", (at * 7919 + from) % count)))
        };
        assert!(deep_derivative(&OF_HOST_ALIAS, &names(100_000, 0), &names(100_000, 1)));
    }

    /// Equal values have one digest, contain one another, and contain and are contained in the same; others have others.
    #[test]
    fn digest_and_equality_agree() {
        static TYPES: [Type; 8] = [
            Type::Object(&TOLERATION),
            Type::Object(&CONTAINER_PORT),
            Type::Object(&ENV_VAR),
            Type::Object(&VOLUME_MOUNT),
            Type::Object(&EMPTY_DIR_VOLUME_SOURCE),
            Type::Object(&HTTP_GET_ACTION),
            Type::Object(&HOST_ALIAS),
            Type::Object(&RESOURCE_FIELD_SELECTOR),
        ];
        let mut random = Random(1);
        let mut equal = 0;
        for of in TYPES.iter().cycle().take(40_000) {
            let [one, other, third] = [(); 3].map(|()| random.value(of, 3));
            let is_equal = deep_equal(of, &one, &other);
            assert_eq!(is_equal, deep_equal(of, &other, &one), "{one} = {other}");
            assert_eq!(is_equal, Digest::of(of, &one) == Digest::of(of, &other), "{one} = {other}");
            let parse = |text| Node::parse(text, &Shape::Object(&[("hostnames", Shape::List(&Shape::Text))])).unwrap();
            assert_eq!(is_equal, deep_equal_nodes(of, &parse(&one), &parse(&other)), "{one} = {other}");
            assert!(deep_derivative(of, &one, &one.replace(':', ": ")), "{one}");
            if is_equal {
                equal += 1;
                assert!(deep_derivative(of, &one, &other) && deep_derivative(of, &other, &one), "{one} = {other}");
                let contained = |it| (deep_derivative(of, it, &third), deep_derivative(of, &third, it));
                assert_eq!(contained(&one), contained(&other), "{one} = {other}, beside {third}");
            }
        }
        assert!((4_000..36_000).contains(&equal), "{equal}");
    }

    /// Random values, of which many are equal.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % limit
        }

        fn one_of(&mut self, texts: &[&str]) -> String {
            texts[self.below(texts.len())].to_owned()
        }

        fn value(&mut self, of: &Type, depth: usize) -> String {
            match of {
                _ if self.below(8) == 0 => self.one_of(&["null", "{}", "[]"]),
                Type::Object(object) if depth > 0 => {
                    let members: Vec<_> = (0..self.below(3))
                        .map(|_| {
                            let member = object.members[self.below(object.members.len())];
                            ["\"", member.name, "\":", &self.value(&member.of, depth - 1)].concat()
                        })
                        .collect();
                    ["{", &members.join(","), "}"].concat()
                }
                Type::List(_) | Type::Set(_) | Type::Alternatives(_) | Type::ListMap(_) => {
                    let item = of.of_item().unwrap();
                    let items: Vec<_> = (0..self.below(3)).map(|_| self.value(item, depth)).collect();
                    ["[", &items.join(","), "]"].concat()
                }
                Type::Boolean => self.one_of(&["true", "false"]),
                Type::Integer(_) => self.one_of(&["0", "-0", "1", "1e0", "1000", "1e3"]),
                Type::IntOrString => self.one_of(&["0", "1", "\"1\"", "\"\""]),
                Type::Quantity => self.one_of(&["0", "\"0\"", "\"500m\"", "0.5", "\"x\"", "\"\\u0078\""]),
                _ => self.one_of(&["\"\"", "\"Equal\"", "\"HTTP\"", "\"/\"", "\"\\u002f\"", "\"/./\""]),
            }
        }
    }

    #[test]
    fn no_depth_exhausts_the_stack() {
        let deep = |core: &str| [&r#"[{"a":"#.repeat(5_000), core, &"}]".repeat(5_000)].concat();
        assert!(deep_equal(&SPEC, &deep("1"), &deep("1")));
        assert!(!deep_equal(&SPEC, &deep("1"), &deep("2")));
        assert!(!deep_derivative(&SPEC, &deep("2"), &deep("1")));
    }
}
