//! The policy's behaviour on the WebAssembly module: the tables of `tests/contract/`, which `cargo test` in the root of
//! the project runs on the pure core, and one test of what only the module has: the memory that it takes.

use policy_host::testing as evaluator;

#[path = "../../tests/contract/tables/mod.rs"]
mod tables;

/// Many containers and many variables are not compared pair by pair.
#[test]
fn many_containers_and_variables_are_checked_in_bounded_memory() {
    let payload = tables::settings::many_containers_and_variables().to_string();
    let measured = evaluator::meter().call("validate_settings", payload.as_bytes()).expect("the module starts");
    assert_eq!(measured.answer.as_deref(), Ok(&b"{\"valid\":true,\"message\":null}"[..]));
    let memory = measured.memory;
    assert!(memory < 8 << 20, "{memory} bytes for {}", payload.len());
}
