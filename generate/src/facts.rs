//! `kubernetes.yaml`: what Kubernetes asks of its types beside what their schema says.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::policy::{Exclusive, NAMED_FORMATS};

/// The file, from the top of the project.
pub const FILE: &str = "generate/kubernetes.yaml";

/// Its text.
pub const TEXT: &str = include_str!("../kubernetes.yaml");

/// The facts, each by type and member.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What a string looks like; in a list each item, in a map each value.
    pub formats: ByMember<Pattern>,
    /// What the keys of a map look like.
    pub keys: ByMember<Pattern>,
    /// The least and, where there is one, the greatest number that a member may be.
    pub ranges: ByMember<Vec<i64>>,
    /// The member in which the items of a list differ.
    pub distinct: ByMember<String>,
    /// The members whose values are a type of their own here, a copy of theirs, by its name.
    pub apart: ByMember<String>,
    /// The lists whose order means nothing.
    pub sets: ByType<Vec<String>>,
    /// The lists of which one item is enough.
    pub alternatives: ByType<Vec<String>>,
    /// The members that must be there, though the schema lets them be left out.
    pub required: ByType<Vec<String>>,
    /// How many of the members of a type are there at a time.
    pub exclusive: ByType<Limit>,
    /// The only members that are taken of a type.
    pub taken: ByType<Vec<String>>,
    /// The members that a Notebook loses.
    pub pruned: ByType<Vec<String>>,
    /// The members that an entry must have as ours has them.
    pub exact: ByType<Vec<String>>,
    /// The strings that say the same as no member.
    pub defaults: ByMember<String>,
    /// The scalars for which Go has a pointer.
    pub pointers: ByType<Vec<String>>,
    /// All other scalars.
    pub plain: ByType<Vec<String>>,
}

/// Facts by type.
pub type ByType<T> = BTreeMap<String, T>;

/// Facts by type and member.
pub type ByMember<T> = ByType<BTreeMap<String, T>>;

/// What a string looks like.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Pattern {
    /// One of these words.
    Words(Vec<String>),
    /// A format of the policy, by its name.
    Named(String),
}

/// How many of the members of a type are there at a time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    count: Count,
    /// The members that do not count.
    pub beside: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
enum Count {
    AtMostOne,
    One,
}

impl Limit {
    /// The same in the policy's words.
    pub const fn exclusive(&self) -> Exclusive {
        match self.count {
            Count::AtMostOne => Exclusive::AtMostOne,
            Count::One => Exclusive::One,
        }
    }
}

impl Facts {
    /// Reads the text of `kubernetes.yaml`.
    ///
    /// # Errors
    /// It has another shape, or names a format that the policy does not have.
    pub fn parse(text: &str) -> Result<Self, String> {
        let facts: Self = yaml_serde::from_str(text).map_err(|error| format!("{FILE}: {error}"))?;
        let patterns = [&facts.formats, &facts.keys].into_iter().flat_map(BTreeMap::values).flat_map(BTreeMap::values);
        for pattern in patterns {
            match pattern {
                Pattern::Named(name) if !NAMED_FORMATS.iter().any(|format| format!("{format:?}") == *name) => {
                    return Err(format!("{FILE}: {name} is not a format"));
                }
                Pattern::Named(_) | Pattern::Words(_) => {}
            }
        }
        Ok(facts)
    }

    /// Every member that a fact is about, with its type.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let members = [
            by_member(&self.formats),
            by_member(&self.keys),
            by_member(&self.ranges),
            by_member(&self.distinct),
            by_member(&self.apart),
            listed(&self.sets),
            listed(&self.alternatives),
            listed(&self.required),
            by_type(&self.exclusive, |limit| &limit.beside),
            listed(&self.taken),
            listed(&self.pruned),
            listed(&self.exact),
            by_member(&self.defaults),
            listed(&self.pointers),
            listed(&self.plain),
        ];
        members.into_iter().flatten()
    }
}

/// What is said of a member.
pub fn fact<'a, T>(facts: &'a ByMember<T>, of: &str, member: &str) -> Option<&'a T> {
    facts.get(of)?.get(member)
}

/// Whether the members listed for a type have this one.
pub fn lists(facts: &ByType<Vec<String>>, of: &str, member: &str) -> bool {
    facts.get(of).is_some_and(|members| members.iter().any(|known| known == member))
}

/// The members that facts are about, with their types.
pub fn by_member<T>(facts: &ByMember<T>) -> Vec<(&str, &str)> {
    facts.iter().flat_map(|(of, members)| members.keys().map(|member| (&**of, &**member))).collect()
}

/// The members that are listed, with their types.
pub fn listed(facts: &ByType<Vec<String>>) -> Vec<(&str, &str)> {
    by_type(facts, |members| members)
}

/// The members that facts list for a type, with that type.
fn by_type<'a, T>(facts: &'a ByType<T>, listed: fn(&'a T) -> &'a [String]) -> Vec<(&'a str, &'a str)> {
    facts.iter().flat_map(|(of, fact)| listed(fact).iter().map(|member| (&**of, &**member))).collect()
}
