//! Any bytes get an answer that is JSON; and what was answered, asked again, is answered with nothing to do.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutatingflow::admit::validate;
use serde_json::Value;

fuzz_target!(|payload: &[u8]| {
    answer(payload);
    // A host writes no key twice; what is asked again is so too.
    let Ok(mut request) = serde_json::from_slice::<Value>(payload) else { return };
    let mutated = answer(request.to_string().as_bytes())["mutated_object"].take();
    if mutated.is_null() || request.pointer("/request/object").is_none() {
        return;
    }
    request["request"]["object"] = mutated;
    let again = answer(request.to_string().as_bytes());
    assert_eq!(again["mutated_object"], Value::Null, "adding twice is adding once");
});

fn answer(payload: &[u8]) -> Value {
    serde_json::from_str(&validate(payload).into_json()).expect("an answer is JSON")
}
