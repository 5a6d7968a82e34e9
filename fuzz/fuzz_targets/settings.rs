//! Any bytes are checked, and settings that pass are settings that can be read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutatingflow::admit::validate;
use mutatingflow::settings::problems;

fuzz_target!(|settings: &[u8]| {
    let Ok(text) = str::from_utf8(settings) else { return };
    if problems(settings).is_some() {
        return;
    }
    let request = r#"{"kind":{"group":"kubeflow.org","kind":"Notebook"},"operation":"CREATE","namespace":"team-a","object":{"metadata":{"name":"nb"},"spec":{"template":{"spec":{"containers":[{"name":"nb"}]}}}}}"#;
    let answer = validate(format!(r#"{{"request":{request},"settings":{text}}}"#).as_bytes()).into_json();
    assert!(answer.starts_with(r#"{"accepted":true"#), "{answer}");
});
