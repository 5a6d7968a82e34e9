//! The same PodDefault in many namespaces: one, with `{namespace}` where the strings differ by the namespace alone.

use serde_json::{Map, Value, value::Index};

use super::{PodDefault, Variant};

const PLACEHOLDER: &str = "{namespace}";

/// PodDefaults of one name, as few as they can be: each stands for those that it gives back, to the letter, with their
/// namespace filled in.
pub(super) fn fold(of: &str, mut members: Vec<PodDefault>) -> Vec<Variant> {
    members.sort_by(|one, other| one.namespace.cmp(&other.namespace));
    let mut groups: Vec<Group> = Vec::new();
    for member in members {
        // What the form says is no matter of what is added.
        let mut spec = member.spec;
        let desc = spec.remove("desc");
        let instance = (member.namespace, Value::Object(spec));
        let at = groups.iter_mut().position(|group| group.takes(&instance)).unwrap_or_else(|| {
            groups.push(Group { pattern: instance.1.clone(), instances: vec![instance], desc, left_out: Vec::new() });
            groups.len() - 1
        });
        for reason in member.left_out {
            if !groups[at].left_out.contains(&reason) {
                groups[at].left_out.push(reason);
            }
        }
    }
    groups.into_iter().map(|group| group.into_variant(of)).collect()
}

/// A namespace and what is there.
type Instance = (String, Value);

/// PodDefaults that are the same.
struct Group {
    pattern: Value,
    instances: Vec<Instance>,
    /// That of the first.
    desc: Option<Value>,
    left_out: Vec<String>,
}

impl Group {
    /// Takes an instance in, where all of them have a pattern.
    fn takes(&mut self, instance: &Instance) -> bool {
        if filled_in(&self.pattern, &instance.0) != instance.1 {
            let all: Vec<_> =
                self.instances.iter().chain([instance]).map(|(namespace, it)| (&**namespace, it)).collect();
            match pattern(&all) {
                Some(pattern) => self.pattern = pattern,
                None => return false,
            }
        }
        self.instances.push(instance.clone());
        true
    }

    fn into_variant(self, of: &str) -> Variant {
        let mut spec = match self.pattern {
            Value::Object(spec) => spec,
            _ => Map::new(),
        };
        spec.extend(self.desc.map(|desc| ("desc".to_owned(), desc)));
        let namespaces =
            self.instances.into_iter().map(|(namespace, _)| namespace).filter(|it| !it.is_empty()).collect();
        let (name, of) = (of.to_owned(), of.to_owned());
        Variant { name, of, namespaces, is_one_of_several: false, spec, left_out: self.left_out }
    }
}

/// What gives each of these back when its namespace is filled in; `None` where they differ in another way.
fn pattern(instances: &[(&str, &Value)]) -> Option<Value> {
    let (_, first) = instances.first()?;
    if instances.iter().all(|(_, it)| it == first) {
        return Some((*first).clone());
    }
    match first {
        Value::Object(members) => {
            let has_as_many = |it: &Value| it.as_object().is_some_and(|it| it.len() == members.len());
            instances.iter().all(|(_, it)| has_as_many(it)).then_some(())?;
            let member = |key: &String| Some((key.clone(), pattern_at(instances, key)?));
            members.keys().map(member).collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        Value::Array(items) => {
            let has_as_many = |it: &Value| it.as_array().is_some_and(|it| it.len() == items.len());
            instances.iter().all(|(_, it)| has_as_many(it)).then_some(())?;
            (0..items.len()).map(|item| pattern_at(instances, item)).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        Value::String(_) => {
            let texts = instances.iter().map(|(namespace, it)| Some((*namespace, it.as_str()?)));
            pattern_of_texts(&texts.collect::<Option<Vec<_>>>()?).map(Value::String)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The pattern of what they have at one key, or at one position.
fn pattern_at(instances: &[(&str, &Value)], at: impl Index + Copy) -> Option<Value> {
    let there = instances.iter().map(|(namespace, it)| Some((*namespace, it.get(at)?)));
    pattern(&there.collect::<Option<Vec<_>>>()?)
}

/// The text of one of them, with the placeholder for its namespace, that gives all of them back. Not of the first alone:
/// a text may have the name of its namespace by chance.
fn pattern_of_texts(texts: &[(&str, &str)]) -> Option<String> {
    let gives_all =
        |pattern: &String| texts.iter().all(|(namespace, text)| pattern.replace(PLACEHOLDER, namespace) == *text);
    texts.iter().map(|(namespace, text)| with_placeholder(text, namespace)).find(gives_all)
}

/// `text` with the placeholder wherever it has the namespace as a whole part: between slashes, dots, hyphens and the like.
pub(super) fn with_placeholder(text: &str, namespace: &str) -> String {
    if namespace.is_empty() {
        return text.to_owned();
    }
    let is_part_of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once(namespace) {
        let stood_before = before.chars().next_back().or_else(|| out.chars().next_back());
        let is_whole = !is_part_of_word(stood_before) && !is_part_of_word(behind.chars().next());
        out.push_str(before);
        out.push_str(if is_whole { PLACEHOLDER } else { namespace });
        rest = behind;
    }
    out + rest
}

/// `value` as it is in a namespace.
fn filled_in(value: &Value, namespace: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(PLACEHOLDER, namespace)),
        Value::Array(items) => items.iter().map(|item| filled_in(item, namespace)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), filled_in(value, namespace))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_namespace_is_a_whole_part() {
        for (text, expected) in [
            ("", ""),
            ("ml", "{namespace}"),
            ("/kv/ml/ml.x", "/kv/{namespace}/{namespace}.x"),
            ("ml-secret", "{namespace}-secret"),
            ("html ml_x mls", "html {namespace}_x mls"),
            ("mlml", "mlml"),
            ("http://minio.ml:9000", "http://minio.{namespace}:9000"),
        ] {
            assert_eq!(with_placeholder(text, "ml"), expected, "{text}");
        }
        assert_eq!(with_placeholder("a", ""), "a");
    }

    #[test]
    fn what_gives_all_of_them_back() {
        let cases = [
            ("the same", json!({"x": ["a/b"]}), json!({"x": ["a/b"]}), Some(json!({"x": ["a/b"]}))),
            (
                "the namespace",
                json!({"x": ["k/a", 1]}),
                json!({"x": ["k/b", 1]}),
                Some(json!({"x": ["k/{namespace}", 1]})),
            ),
            ("by chance", json!("/a/k/a"), json!("/a/k/b"), Some(json!("/a/k/{namespace}"))),
            ("another text", json!({"x": "k/a"}), json!({"x": "l/b"}), None),
            ("another number", json!(1), json!(2), None),
            ("another key", json!({"a": 1}), json!({"b": 1}), None),
            ("a member more", json!({"a": "a"}), json!({"a": "b", "b": 1}), None),
            ("an item more", json!(["a"]), json!(["b", 1]), None),
            ("another type", json!("a"), json!(["b"]), None),
            ("another namespace's", json!("k/b"), json!("k/a"), None),
        ];
        for (name, one, other, expected) in cases {
            assert_eq!(pattern(&[("a", &one), ("b", &other)]), expected, "{name}");
        }
    }

    fn pod_default(namespace: &str, spec: &Value) -> PodDefault {
        let spec = spec.as_object().cloned().unwrap_or_default();
        PodDefault { name: "x".to_owned(), namespace: namespace.to_owned(), spec, left_out: Vec::new() }
    }

    #[test]
    fn as_few_as_they_can_be() {
        let members = vec![
            pod_default("c", &json!({"v": "k/c", "desc": "Another text"})),
            pod_default("a", &json!({"v": "k/a", "desc": "A text"})),
            pod_default("d", &json!({"v": "special"})),
            pod_default("b", &json!({"v": "k/b"})),
            pod_default("", &json!({"v": "special"})),
        ];
        let folded = fold("x", members);
        let shown: Vec<_> = folded.iter().map(|it| (it.namespaces.join(","), Value::Object(it.spec.clone()))).collect();
        let expected = [
            ("d".to_owned(), json!({"v": "special"})),
            ("a,b,c".to_owned(), json!({"v": "k/{namespace}", "desc": "A text"})),
        ];
        assert_eq!(shown, expected);
    }
}
