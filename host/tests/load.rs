//! Some thousand evaluations on two threads: `make load` makes a million.

use std::{sync::OnceLock, time::Duration};

use policy_host::{
    bench::load::{Call, Load, calls},
    testing::policy,
};

/// How many there are here.
const EVALUATIONS: usize = 2_000;

/// All calls, made for the first time.
fn all() -> &'static [Call] {
    static CALLS: OnceLock<Vec<Call>> = OnceLock::new();
    CALLS.get_or_init(|| calls(policy()).unwrap_or_else(|error| panic!("{error:#}")))
}

#[test]
fn every_answer_is_the_first_one_and_memory_does_not_grow() {
    assert!(all().len() > 300, "{} calls", all().len());
    let load = Load::run(policy(), all(), EVALUATIONS, 2);
    println!("{:.0} a second, {}", load.per_second(), load.memory());
    load.check().unwrap_or_else(|error| panic!("{error:#}"));
}

#[test]
fn an_answer_that_is_not_the_first_one_is_found() {
    let mut call = all()[0].clone();
    call.answer.push(b' ');
    let load = Load::run(policy(), &[call], 20, 2);
    assert_eq!(load.differing, 20);
    let problem = load.check().unwrap_err().to_string();
    assert!(problem.starts_with("20 of 20 are not answered as the first time: another kind: answered"), "{problem}");
}

#[test]
fn memory_that_grows_is_found() {
    let check = |last| {
        let resident = Some([900, 100, 100, 100, 100, 100, 100, 100, 100, last]);
        let took = Duration::from_secs(1);
        Load { evaluations: 1, took, differing: 0, first_difference: None, resident }.check()
    };
    assert!(check(105).is_ok());
    let problem = check(106).unwrap_err().to_string();
    assert!(problem.starts_with("memory grows: "), "{problem}");
}
