//! A payload of `validate_settings`, by its structure: real settings, changed member by member.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use mutatingflow_fuzz::{checks, mutator};

fuzz_target!(|settings: &[u8]| checks::settings(settings));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutator::mutate(mutator::Document::Settings, data, size, max_size, seed)
        .unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
