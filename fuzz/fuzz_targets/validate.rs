//! A payload of `validate`, by its bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutatingflow_fuzz::checks;

fuzz_target!(|payload: &[u8]| checks::validate(payload));
