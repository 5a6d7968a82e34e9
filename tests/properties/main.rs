//! What always holds of the policy, by search rather than by example: properties of everything that is generated, and
//! secrets that are shown nowhere, natively. `host/tests/properties.rs` runs a sample on the WebAssembly module.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail a test by panicking"
)]

mod agree;
mod canaries;
mod generate;
mod generated;
mod holds;
#[path = "../contract/native.rs"]
#[allow(dead_code, reason = "tests/contract uses all of it")]
mod native;
#[path = "../contract/tables/objects.rs"]
#[allow(dead_code, reason = "tests/contract uses all of it")]
mod objects;
#[path = "../pages/mod.rs"]
mod pages;
mod reference;
mod run;
mod typed;

use native as evaluator;

/// How many cases each property is tried with, unless environment variable `CASES` says otherwise.
const CASES: u32 = 100;
