//! Any bytes get an answer that is JSON; and what was answered, asked again, is answered with nothing to do.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutatingflow::admit::validate;
use serde_json::Value;

fuzz_target!(|payload: &[u8]| {
    let answer = validate(payload).into_json();
    let mut answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
    let mutated = answer["mutated_object"].take();
    // What serde_json cannot read or spells otherwise than it came is none of this check's business.
    let Ok(mut again) = serde_json::from_slice::<Value>(payload) else { return };
    if mutated.is_null() || again.pointer("/request/object").is_none() {
        return;
    }
    again["request"]["object"] = mutated;
    let answer = validate(again.to_string().as_bytes()).into_json();
    let answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
    assert_eq!(answer["mutated_object"], Value::Null, "adding twice is adding once");
});
