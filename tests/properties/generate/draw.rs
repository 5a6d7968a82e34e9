//! Values that are drawn with a seed, as a strategy that shrinks by leaving out members and items.

use std::fmt::Debug;
use std::rc::Rc;

use proptest::prelude::{Rng, Strategy};
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Draws, the same ones for the same seed (SplitMix64).
pub struct Draw {
    state: u64,
}

impl Draw {
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number below `bound`; 0 where that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound.max(1) as u64).unwrap_or_default()
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn one<'o, T>(&mut self, of: &'o [T]) -> &'o T {
        &of[self.below(of.len())]
    }

    /// A number up to `most`, the smaller ones more often.
    pub fn up_to(&mut self, most: usize) -> usize {
        let bound = self.below(most + 1);
        self.below(bound + 1)
    }

    /// Some of these, in an order of their own.
    pub fn some<T: Clone>(&mut self, of: &[T], count: usize) -> Vec<T> {
        let mut rest = of.to_vec();
        let mut some = Vec::new();
        while some.len() < count && !rest.is_empty() {
            some.push(rest.swap_remove(self.below(rest.len())));
        }
        some
    }
}

/// The places in a value, as JSON pointers, each before those within it; without the value itself.
pub fn pointers(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}

fn collect(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut member = |key: &str, value: &Value| {
        let pointer = format!("{at}/{key}");
        found.push(pointer.clone());
        collect(value, &pointer, found);
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| member(&key.replace('~', "~0").replace('/', "~1"), value));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| member(&at.to_string(), value)),
        _ => {}
    }
}

/// Takes the value at `pointer` out, if it is there.
pub fn remove(value: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, key) = pointer.rsplit_once('/')?;
    match value.pointer_mut(parent)? {
        Value::Object(members) => members.remove(&key.replace("~1", "/").replace("~0", "~")),
        Value::Array(items) => {
            let at = key.parse().ok().filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        _ => None,
    }
}

/// A strategy that draws a value.
pub struct Drawn<T> {
    draw: Rc<dyn Fn(&mut Draw) -> T>,
    /// Whether a value from which something was left out could have been drawn.
    may_be: fn(&T) -> bool,
}

impl<T> Drawn<T> {
    pub fn new(draw: impl Fn(&mut Draw) -> T + 'static, may_be: fn(&T) -> bool) -> Self {
        Self { draw: Rc::new(draw), may_be }
    }
}

impl<T> Debug for Drawn<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Drawn")
    }
}

impl<T: Serialize + DeserializeOwned + Debug> Strategy for Drawn<T> {
    type Tree = Pruned<T>;
    type Value = T;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let drawn = (self.draw)(&mut Draw::new(runner.rng().next_u64()));
        let value = serde_json::to_value(drawn).expect("what is drawn can be written");
        Ok(Pruned { value, before: None, at: 0, has_shrunk: false, may_be: self.may_be })
    }
}

/// A value that becomes simpler by leaving out its parts, the first ones first, until none can be left out.
pub struct Pruned<T> {
    value: Value,
    /// The value before the last part was left out.
    before: Option<Value>,
    /// Which part is left out next.
    at: usize,
    /// Whether something was left out since the first part was last tried.
    has_shrunk: bool,
    may_be: fn(&T) -> bool,
}

impl<T: DeserializeOwned> Pruned<T> {
    /// Leaves out the next part without which this may be.
    fn prune(&mut self) -> bool {
        loop {
            let parts = parts(&self.value);
            let Some(part) = parts.get(self.at) else {
                if !std::mem::take(&mut self.has_shrunk) {
                    return false;
                }
                self.at = 0;
                continue;
            };
            let mut pruned = self.value.clone();
            part.iter().for_each(|pointer| _ = remove(&mut pruned, pointer));
            if serde_json::from_value(pruned.clone()).is_ok_and(|value| (self.may_be)(&value)) {
                self.before = Some(std::mem::replace(&mut self.value, pruned));
                return true;
            }
            self.at += 1;
        }
    }
}

impl<T: DeserializeOwned + Debug> ValueTree for Pruned<T> {
    type Value = T;

    fn current(&self) -> T {
        serde_json::from_value(self.value.clone()).expect("it was read before")
    }

    fn simplify(&mut self) -> bool {
        // The test has failed without the part: it stays left out, and the next one has its place.
        self.has_shrunk |= self.before.take().is_some();
        self.prune()
    }

    fn complicate(&mut self) -> bool {
        let Some(before) = self.before.take() else { return false };
        self.value = before;
        self.at += 1;
        self.prune()
    }
}

/// What can be left out of a value: a place in it, and one in both objects of a request. Nothing is left out around them.
fn parts(value: &Value) -> Vec<Vec<String>> {
    let mut parts = Vec::new();
    for pointer in pointers(value) {
        if let Some(rest) = pointer.strip_prefix("/request/object/") {
            let stored = format!("/request/oldObject/{rest}");
            if value.pointer(&stored).is_some() {
                parts.push(vec![pointer.clone(), stored]);
            }
        }
        let is_around = pointer.starts_with("/request/")
            && !["/request/object/", "/request/oldObject/"].iter().any(|within| pointer.starts_with(within));
        if !is_around {
            parts.push(vec![pointer]);
        }
    }
    parts
}
