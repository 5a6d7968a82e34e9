//! A payload of `validate_settings`, by its bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutatingflow_fuzz::checks;

fuzz_target!(|settings: &[u8]| checks::settings(settings));
