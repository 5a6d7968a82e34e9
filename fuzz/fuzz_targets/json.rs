//! A text for the JSON reader, by its bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutatingflow_fuzz::json;

fuzz_target!(|text: &[u8]| json::check(text));
