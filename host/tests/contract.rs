//! The policy's behaviour on the WebAssembly module: the tables of `tests/contract/`, which `cargo test` in the root of
//! the project runs on the pure core, and tests of what only the module has: its memory, and the code of the compiler.

use policy_host::testing as evaluator;
use serde_json::Value;

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

/// rustc 1.95 at opt-level 2 drops a comparison that is added to an offset and then branched on, as in
/// `json::Cursor::eat`: in an empty list, the bracket that closes it would be read as an item (docs/architecture.md, "A
/// bug of the compiler").
#[test]
fn the_compiler_keeps_the_comparison_in_eat() {
    let payload = br#"{"dependencies":{},"notebooks":[],"pipelinePods":[]}"#;
    let answer: Value = serde_json::from_slice(&evaluator::validate_settings(payload)).expect("an answer");
    assert_eq!(
        answer["message"],
        "notebooks: is empty, as are pipelinePods, pods and retired: there is nothing to add or retire"
    );
}
