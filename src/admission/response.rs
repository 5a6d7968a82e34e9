//! The answer to a request (contract, "Answers"): accept, mutate or reject, in the words of the policy protocol, with
//! warnings that the API server does not drop.

use crate::json::{Node, quote_into};

/// The longest warning that an API server passes on, in characters.
const LONGEST_WARNING: usize = 256;

/// How many warnings an answer has at the most; the last one counts the rest.
const MOST_WARNINGS: usize = 12;

/// What the policy says to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What becomes of the request.
    pub verdict: Verdict,
    /// What the person who made the request should know: names, never values.
    pub warnings: Vec<String>,
    /// What the policy did, for the audit log: key and value.
    pub audit_annotations: Vec<(&'static str, String)>,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes as it is.
    Accept,
    /// It passes with this object in place of the client's.
    Mutate(MutatedObject),
    /// It is denied.
    Reject {
        /// The HTTP status: 422 where the object is at fault.
        code: u16,
        /// Why, for the person who made the request.
        message: String,
    },
}

/// An object, as JSON.
///
/// It is kept with the beginning of the answer in front of it: an object may be a megabyte, and so it is copied once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MutatedObject(String);

impl MutatedObject {
    const BEFORE: &str = r#"{"accepted":true,"mutated_object":"#;
    /// What the rest of the answer mostly fits in.
    const ROOM: usize = 1024;

    /// The object that `node` is now; `None` where nothing was changed in it.
    pub fn of(node: &mut Node<'_>) -> Option<Self> {
        node.write_changed(Self::BEFORE, Self::ROOM).map(MutatedObject)
    }
}

impl Answer {
    /// The request passes as it is, and there is nothing to say about it.
    pub const fn accept() -> Self {
        Answer { verdict: Verdict::Accept, warnings: Vec::new(), audit_annotations: Vec::new() }
    }

    /// The request is denied.
    pub const fn reject(code: u16, message: String) -> Self {
        Answer { verdict: Verdict::Reject { code, message }, warnings: Vec::new(), audit_annotations: Vec::new() }
    }

    /// The answer as the host reads it: the JSON of Kubewarden's `ValidationResponse`.
    ///
    /// The SDK's type is not used for it: its object is a tree of values, which would be a second reading, and would
    /// lose how numbers are spelt.
    pub fn into_json(self) -> String {
        let mut out = match self.verdict {
            Verdict::Accept => r#"{"accepted":true"#.to_owned(),
            Verdict::Mutate(object) => object.0,
            Verdict::Reject { code, message } => {
                let mut out = format!(r#"{{"accepted":false,"code":{code},"message":"#);
                quote_into(&message, &mut out);
                out
            }
        };
        let mut separator = r#","audit_annotations":{"#;
        for (key, value) in &self.audit_annotations {
            out.push_str(separator);
            quote_into(key, &mut out);
            out.push(':');
            quote_into(value, &mut out);
            separator = ",";
        }
        out.push_str(if self.audit_annotations.is_empty() { "" } else { "}" });
        let mut separator = r#","warnings":["#;
        for warning in tidy(&self.warnings) {
            out.push_str(separator);
            quote_into(&warning, &mut out);
            separator = ",";
        }
        out.push_str(if self.warnings.is_empty() { "}" } else { "]}" });
        out
    }
}

/// The answer to `validate_settings` as the host reads it: the JSON of Kubewarden's `SettingsValidationResponse`.
pub fn settings_validation(problems: Option<&str>) -> String {
    let mut out =
        String::from(if problems.is_some() { r#"{"valid":false,"message":"# } else { r#"{"valid":true,"message":"# });
    match problems {
        Some(problems) => quote_into(problems, &mut out),
        None => out.push_str("null"),
    }
    out.push('}');
    out
}

/// `warnings` as an API server passes them on: few, short, without control characters.
fn tidy(warnings: &[String]) -> Vec<String> {
    let shown = if warnings.len() > MOST_WARNINGS { MOST_WARNINGS - 1 } else { warnings.len() };
    let mut tidy: Vec<String> = warnings.iter().take(shown).map(|warning| shorten(warning)).collect();
    if shown < warnings.len() {
        tidy.push(format!("and {} more warnings", warnings.len() - shown));
    }
    tidy
}

fn shorten(warning: &str) -> String {
    let clean = || warning.chars().map(|c| if c.is_control() { ' ' } else { c });
    if clean().count() <= LONGEST_WARNING {
        return clean().collect();
    }
    clean().take(LONGEST_WARNING - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Path, Shape};

    #[test]
    fn answers_follow_the_protocol() {
        let mut node = Node::parse(r#"{"a":1e3,"b":null}"#, &Shape::Object(&[])).unwrap();
        node.object_mut(&Path::Root("object")).unwrap().remove("b");
        let object = MutatedObject::of(&mut node).unwrap();
        for (answer, json) in [
            (Answer::accept(), r#"{"accepted":true}"#),
            (
                Answer::reject(422, "spec: must be \"an object\"".to_owned()),
                r#"{"accepted":false,"code":422,"message":"spec: must be \"an object\""}"#,
            ),
            (
                Answer {
                    verdict: Verdict::Mutate(object),
                    warnings: vec!["one".to_owned(), "two".to_owned()],
                    audit_annotations: vec![("dependencies", "a,b".to_owned()), ("deferred", "c".to_owned())],
                },
                r#"{"accepted":true,"mutated_object":{"a":1e3},"audit_annotations":{"dependencies":"a,b","deferred":"c"},"warnings":["one","two"]}"#,
            ),
        ] {
            let is_accepted = !matches!(answer.verdict, Verdict::Reject { .. });
            assert_eq!(answer.into_json(), json);
            let read: kubewarden_policy_sdk::response::ValidationResponse = serde_json::from_str(json).unwrap();
            assert_eq!(read.accepted, is_accepted);
        }
    }

    #[test]
    fn warnings_are_few_short_and_clean() {
        assert_eq!(shorten("a\nb\u{7f}c"), "a b c");
        assert_eq!(shorten(&"æ".repeat(256)), "æ".repeat(256));
        assert_eq!(shorten(&"æ".repeat(257)), format!("{}…", "æ".repeat(255)));
        let many: Vec<String> = (0..30).map(|at| at.to_string()).collect();
        assert_eq!(tidy(&many).len(), MOST_WARNINGS);
        assert_eq!(tidy(&many).last().map(String::as_str), Some("and 19 more warnings"));
        assert_eq!(tidy(&many[..12]), many[..12]);
    }
}
