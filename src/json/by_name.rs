//! Values by a name: the one kind of map for names that a client chooses, since each further kind is some kilobytes of a
//! module.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Values by name. They are found in logarithmic time whoever chose the names, and iterated in the order of the names.
#[derive(Clone, Debug)]
pub struct ByName<'a, V> {
    /// The position of each value. To drop an empty map takes a hundred instructions, and most stay empty.
    names: Option<BTreeMap<Cow<'a, str>, usize>>,
    values: Vec<V>,
}

impl<V> Default for ByName<'_, V> {
    fn default() -> Self {
        ByName { names: None, values: Vec::new() }
    }
}

impl<'a, V> ByName<'a, V> {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.values.get(self.position(name)?)
    }

    /// The value of `name`, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        let at = self.position(name)?;
        self.values.get_mut(at)
    }

    /// Whether there is a value of `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// The place of `name` in the order in which the names came.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.as_ref()?.get(name).copied()
    }

    /// Gives `name` a value; says whether it had none.
    pub fn insert(&mut self, name: impl Into<Cow<'a, str>>, value: V) -> bool {
        let name = name.into();
        match self.get_mut(&name) {
            Some(old) => {
                *old = value;
                false
            }
            None => {
                self.push(name, value);
                true
            }
        }
    }

    /// The value of `name`; made where there is none.
    pub fn entry(&mut self, name: impl Into<Cow<'a, str>>) -> Option<&mut V>
    where
        V: Default,
    {
        let name = name.into();
        let at = match self.position(&name) {
            Some(at) => at,
            None => self.push(name, V::default()),
        };
        self.values.get_mut(at)
    }

    fn positions(&self) -> &BTreeMap<Cow<'a, str>, usize> {
        static NONE: BTreeMap<Cow<'_, str>, usize> = BTreeMap::new();
        self.names.as_ref().unwrap_or(&NONE)
    }

    fn push(&mut self, name: Cow<'a, str>, value: V) -> usize {
        let at = self.values.len();
        self.names.get_or_insert_default().insert(name, at);
        self.values.push(value);
        at
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.positions().iter().filter_map(|(name, at)| Some((&**name, self.values.get(*at)?)))
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &Cow<'a, str>> {
        self.positions().keys()
    }

    /// Names and values themselves, in the order of the names.
    pub fn into_sorted(self) -> impl Iterator<Item = (Cow<'a, str>, V)> {
        let mut values: Vec<_> = self.values.into_iter().map(Some).collect();
        self.names
            .unwrap_or_default()
            .into_iter()
            .filter_map(move |(name, at)| Some((name, values.get_mut(at)?.take()?)))
    }

    /// The values, in the order in which their names came.
    pub fn values(&self) -> &[V] {
        &self.values
    }

    /// The names, in the order in which they came, which is that of the values.
    pub fn names_as_they_came(&self) -> Vec<&str> {
        let mut names = vec![""; self.len()];
        for (name, at) in self.positions() {
            names.get_mut(*at).into_iter().for_each(|place| *place = name);
        }
        names
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl<'a> ByName<'a, ()> {
    /// The names that `names` gives, each once.
    pub fn set(names: impl IntoIterator<Item: Into<Cow<'a, str>>>) -> Self {
        let mut set = ByName::default();
        set.extend(names);
        set
    }

    /// Adds a name; says whether it is new.
    pub fn add(&mut self, name: impl Into<Cow<'a, str>>) -> bool {
        self.insert(name, ())
    }

    /// Adds these names.
    pub fn extend(&mut self, names: impl IntoIterator<Item: Into<Cow<'a, str>>>) {
        for name in names {
            self.add(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name_and_iterated_in_order() {
        let mut numbers = ByName::default();
        assert!(numbers.insert("b", 1) && numbers.insert("a".to_owned(), 2) && !numbers.insert("b", 3));
        assert_eq!((numbers.get("a"), numbers.get("b"), numbers.get("c")), (Some(&2), Some(&3), None));
        assert_eq!((numbers.position("a"), numbers.len(), numbers.values()), (Some(1), 2, &[3, 2][..]));
        assert!(numbers.iter().eq([("a", &2), ("b", &3)]));
        if let Some(number) = numbers.entry("c") {
            *number += 1;
        }
        assert_eq!(numbers.get("c"), Some(&1));
        assert_eq!(numbers.names_as_they_came(), ["b", "a", "c"]);
        let set = ByName::set(["x", "y", "x"]);
        assert!(set.names().eq(["x", "y"]) && set.contains("x") && !set.contains("z"));
    }
}
