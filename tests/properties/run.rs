//! How a property is tried.

use std::any::type_name;
use std::env;
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};

/// Tries a property with as many cases as [`crate::CASES`] says, or environment variable `CASES`. They are the same in every
/// run, and others for each property: what `holds` is called decides.
pub fn check<S: Strategy<Value: Debug>, F: Fn(S::Value) -> TestCaseResult>(cases: &S, holds: F) {
    let count = env::var("CASES").map_or(crate::CASES, |count| count.parse().expect("CASES is a number"));
    match runner(count, type_name::<F>()).run(cases, holds) {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\n{case:#?}"),
        Err(aborted) => panic!("{aborted}"),
    }
}

/// So many values.
pub fn samples<S: Strategy>(of: &S, count: usize) -> Vec<S::Value> {
    let mut runner = runner(1, "samples");
    (0..count).map(|_| of.new_tree(&mut runner).expect("a value can be drawn").current()).collect()
}

/// A runner whose cases depend on `name` alone.
fn runner(cases: u32, name: &str) -> TestRunner {
    let config = Config { cases, max_shrink_iters: 20_000, failure_persistence: None, ..Config::default() };
    let mut seed = [0; 32];
    for (at, byte) in name.bytes().enumerate() {
        let mixed: &mut u8 = &mut seed[at % 32];
        *mixed = mixed.wrapping_mul(31).wrapping_add(byte);
    }
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}
