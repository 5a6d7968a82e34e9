//! A value of an object, with the path to it; and what is wrong with it.

use serde_json::Value;

/// A value, and where it is.
#[derive(Clone)]
pub struct At<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> At<'a> {
    /// The value of a whole object.
    pub const fn new(value: &'a Value) -> Self {
        At { value, path: String::new() }
    }

    /// The path.
    pub fn path(&self) -> &str {
        self.path.strip_prefix('.').unwrap_or(&self.path)
    }

    /// The member called `name`, there or not.
    pub fn member(&self, name: &str) -> Self {
        At { value: self.value.get(name).unwrap_or(&Value::Null), path: format!("{}.{name}", self.path) }
    }

    /// Whether it is there. `null` is not.
    pub fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        self.value == true
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        self.value.is_number()
    }

    /// What the string says; nothing where there is none.
    pub fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    /// What the string says, where there is one: of members for which Go has a pointer.
    pub fn text_if_set(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// The text of a number, or what a string says: a quantity.
    pub fn spelt(&self) -> String {
        self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned)
    }

    /// The whole number, where there is one.
    pub fn number(&self) -> Option<i64> {
        self.value.as_i64()
    }

    /// The items of the list.
    pub fn items(&self) -> Vec<Self> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(|(at, value)| At { value, path: format!("{}[{at}]", self.path) }).collect()
    }

    /// What the strings of the list say.
    pub fn texts(&self) -> Vec<&'a str> {
        self.value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap_or_default()).collect()
    }

    /// The members of the object, by their keys.
    pub fn entries(&self) -> Vec<(&'a str, Self)> {
        let members = self.value.as_object().into_iter().flatten();
        members.map(|(key, value)| (&**key, At { value, path: format!("{}.{key}", self.path) })).collect()
    }

    /// The value itself.
    pub const fn value(&self) -> &'a Value {
        self.value
    }
}

/// A rule that something does not keep, and where that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The rule, in words.
    pub rule: &'static str,
    /// The path to what does not keep it.
    pub path: String,
}

/// What is wrong with an object.
#[derive(Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// `rule` says what must be so.
    pub fn check(&mut self, is_so: bool, rule: &'static str, at: &At<'_>) {
        if !is_so {
            self.0.push(Problem { rule, path: at.path().to_owned() });
        }
    }

    /// What one of these keys says, each in turn, must not be there before.
    pub fn check_distinct<'k>(&mut self, keys: impl IntoIterator<Item = (String, At<'k>)>, rule: &'static str) {
        let mut seen = std::collections::BTreeSet::new();
        for (key, at) in keys {
            let is_new = seen.insert(key);
            self.check(is_new, rule, &at);
        }
    }
}
