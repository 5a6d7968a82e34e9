//! `{namespace}` and `{name}` in the string values of a dependency (contract, "Placeholders").

use std::borrow::Cow;

use crate::json::{Cursor, find_either, quote_into};

/// What the placeholders stand for in a request.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The request's namespace.
    pub namespace: &'a str,
    /// The object's name.
    pub name: &'a str,
}

impl Names<'_> {
    /// `text`, a JSON value, with the placeholders in every string value replaced, once. Keys stay, and so does any
    /// other brace.
    pub fn fill_in<'t>(&self, text: &'t str) -> Cow<'t, str> {
        // A brace may hide behind an escape; a text without either has none.
        let bytes = text.as_bytes();
        let mut at = 0;
        loop {
            at = find_either(bytes, at, b'{', b'\\');
            match bytes.get(at..).unwrap_or_default() {
                [] => return Cow::Borrowed(text),
                [b'{', b'n', ..] | [b'\\', ..] => break,
                _ => at += 1,
            }
        }
        let mut out = String::with_capacity(text.len() + 64);
        self.copy(text, &mut out);
        Cow::Owned(out)
    }

    /// Copies `text` token by token. Between tokens a JSON text holds only white space, and a string is a key where
    /// a colon follows it.
    fn copy(&self, text: &str, out: &mut String) {
        let mut cursor = Cursor::new(text);
        let mut copied = 0;
        while cursor.find(b'"') {
            let start = cursor.offset();
            let token = cursor.string();
            let end = start + token.raw().len() + 2;
            if cursor.peek() == b':' {
                continue;
            }
            let says = token.decode();
            let replaced = says.contains('{').then(|| self.replace(&says)).filter(|replaced| *replaced != says);
            if let Some(replaced) = replaced {
                out.push_str(text.get(copied..start).unwrap_or_default());
                quote_into(&replaced, out);
                copied = end;
            }
        }
        out.push_str(text.get(copied..).unwrap_or_default());
    }

    /// `says` with the placeholders replaced.
    pub fn replace(&self, says: &str) -> String {
        let mut out = String::with_capacity(says.len() + 64);
        let mut rest = says;
        // A char is searched for in a fraction of the instructions and of the code that a text takes.
        while let Some((before, behind)) = rest.split_once('{') {
            out.push_str(before);
            let known = [("namespace}", self.namespace), ("name}", self.name)]
                .into_iter()
                .find_map(|(spelt, stands_for)| Some((behind.strip_prefix(spelt)?, stands_for)));
            let (after, stands_for) = known.unwrap_or((behind, "{"));
            out.push_str(stands_for);
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_in_values_and_are_filled_in_once() {
        let names = Names { namespace: "team-a", name: "nb{namespace}" };
        for (text, filled_in) in [
            (r#"{"a":"x"}"#, r#"{"a":"x"}"#),
            (r#"{"a":"{namespace}"}"#, r#"{"a":"team-a"}"#),
            (r#"{"a":"/kv/{namespace}/{namespace}"}"#, r#"{"a":"/kv/team-a/team-a"}"#),
            (r#"{"a":"{name}"}"#, r#"{"a":"nb{namespace}"}"#),
            (r#"{"a":"{{namespace}}"}"#, r#"{"a":"{team-a}"}"#),
            (r#"{"a":"{n{namespace} {Namespace} {namespace"}"#, r#"{"a":"{nteam-a {Namespace} {namespace"}"#),
            (r#"{"{namespace}":"{namespace}"}"#, r#"{"{namespace}":"team-a"}"#),
            (r#"{"{namespace}" : ["{namespace}", 1]}"#, r#"{"{namespace}" : ["team-a", 1]}"#),
            (r#"{"a":"\u007bnamespace}"}"#, r#"{"a":"team-a"}"#),
            (r#"{"a":"\u007bx","b":"\"{namespace}\""}"#, r#"{"a":"\u007bx","b":"\"team-a\""}"#),
            (r#"{"a":{"name":{}},"b":"{name}"}"#, r#"{"a":{"name":{}},"b":"nb{namespace}"}"#),
        ] {
            assert_eq!(names.fill_in(text), filled_in, "{text}");
        }
    }
}
