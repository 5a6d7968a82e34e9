//! What the fuzz targets share. What they assert is in the tests of the project, which replay what was found.

#[path = "../../tests/contract/tables/fuzzed/checks.rs"]
pub mod checks;
#[path = "../../tests/contract/native.rs"]
pub mod evaluator;
#[path = "../../tests/json/checks.rs"]
pub mod json;
pub mod mutator;
#[path = "../../tests/contract/tables/fuzzed/seeds.rs"]
pub mod seeds;
