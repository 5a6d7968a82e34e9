//! What always holds of the policy, on the WebAssembly module: a sample of what `cargo test` in the root of the project tries
//! on the pure core.

use policy_host::testing as evaluator;

#[path = "../../tests/properties/generate/mod.rs"]
#[allow(dead_code, unused_imports, reason = "tests/properties uses all of it")]
mod generate;
#[path = "../../tests/properties/holds/mod.rs"]
#[allow(dead_code, unused_imports, reason = "tests/properties uses all of it")]
mod holds;
#[path = "../../tests/contract/tables/objects.rs"]
#[allow(dead_code, reason = "tests/contract uses all of it")]
mod objects;
#[path = "../../tests/properties/run.rs"]
#[allow(dead_code, reason = "tests/properties uses all of it")]
mod run;

/// How many cases each property is tried with, unless environment variable `CASES` says otherwise.
const CASES: u32 = 20;
