//! The policy's behaviour, natively: the tables of cases, evaluated by the pure core. `host/tests/contract.rs` runs the
//! same tables on the WebAssembly module.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail a test by panicking"
)]

mod native;
mod tables;

use native as evaluator;
