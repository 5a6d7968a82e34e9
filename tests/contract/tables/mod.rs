//! Tables of cases: what the policy does to an object, and what it says. `crate::evaluator` is what evaluates them: the
//! pure core in `tests/contract/`, the WebAssembly module in `host/tests/contract.rs`.

mod again;
mod answers;
mod asked_for;
mod captured;
mod cases;
mod coexistence;
mod conflicts;
mod containers;
mod equality;
mod fields;
mod fuzzed;
mod histories;
mod history;
mod into_containers;
mod nais;
mod objects;
mod order;
mod ownership;
mod pods;
mod present;
mod ready_made;
mod report;
mod running;
mod selector;
pub mod settings;
mod settled;
mod untouched;
mod waiting;
mod written_over;
