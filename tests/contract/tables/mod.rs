//! Tables of cases: what the policy does to an object, and what it says. `crate::evaluator` is what evaluates them: the
//! pure core in `tests/contract/`, the WebAssembly module in `host/tests/contract.rs`.

mod captured;
mod cases;
mod containers;
mod equality;
mod fields;
mod histories;
mod history;
mod nais;
mod objects;
mod ownership;
mod ready_made;
mod running;
pub mod settings;
mod untouched;
