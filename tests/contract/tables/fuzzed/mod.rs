//! What the fuzzer found worth keeping, and the real requests and settings that it began with. `checks.rs` says what
//! holds of any bytes; `fuzz/` looks for bytes of which it does not hold.

pub mod checks;
pub mod seeds;

use std::fs;

use seeds::{found, payloads, settings};

#[test]
fn payloads_of_the_fuzzer_are_answered() {
    replay("validate", checks::validate);
}

#[test]
fn settings_of_the_fuzzer_are_answered() {
    replay("settings", checks::settings);
}

#[test]
fn real_payloads_are_answered() {
    let payloads = payloads();
    assert!(payloads.len() > 100, "only {} payloads", payloads.len());
    for (name, payload) in payloads {
        println!("{name}");
        checks::validate(payload.to_string().as_bytes());
    }
}

#[test]
fn real_settings_are_answered() {
    let settings = settings();
    assert!(settings.len() > 200, "only {} settings", settings.len());
    for (name, settings) in settings {
        println!("{name}");
        checks::settings(settings.to_string().as_bytes());
    }
}

/// The name of what is replayed is shown where the test fails.
fn replay(target: &str, check: fn(&[u8])) {
    let files = found(target);
    assert!(!files.is_empty(), "there is nothing in fuzz/seeds/{target}");
    for file in files {
        println!("{}", file.display());
        check(&fs::read(&file).expect("it can be read"));
    }
}
