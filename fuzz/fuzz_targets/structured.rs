//! A payload of `validate`, by its structure: a real request and real settings, changed member by member.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use mutatingflow_fuzz::{checks, mutator};

fuzz_target!(|payload: &[u8]| checks::validate(payload));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutator::mutate(mutator::Document::Payload, data, size, max_size, seed)
        .unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
