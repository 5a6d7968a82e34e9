//! The JSON reader against serde_json. [`checks`] says what holds of any text; here it is tried on the texts that the
//! fuzzer found worth keeping, and on all that is JSON in the project.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests fail a test by panicking")]

mod checks;

use std::fs;
use std::path::{Path, PathBuf};

use checks::check;

/// Texts that serde_json reads as no value, and the reader does.
#[test]
fn what_serde_json_does_not_read_is_known() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for text in
        [&*deep(127), &deep(128), &deep(5_000), r#"["\ud800"]"#, r#"{"\udc00\ud800\u0041":1}"#, "[1e999,-1e999]"]
    {
        check(text.as_bytes());
    }
}

#[test]
fn texts_of_the_fuzzer_are_read_as_serde_json_reads_them() {
    let seeds = files("fuzz/seeds/json");
    assert!(seeds.len() > 10, "only {} texts", seeds.len());
    seeds.iter().for_each(|path| check_file(path));
}

#[test]
fn texts_of_the_project_are_read_as_serde_json_reads_them() {
    let folders = ["fuzz/seeds/validate", "fuzz/seeds/settings", "test_data/requests", "test_data/cases"];
    let texts: Vec<_> = folders.into_iter().flat_map(files).collect();
    assert!(texts.len() > 100, "only {} texts", texts.len());
    texts.iter().for_each(|path| check_file(path));
}

/// Beside each other, as the object and the stored one are in a request.
#[test]
fn texts_are_read_beside_others() {
    let requests = files("test_data/requests").into_iter().map(|path| fs::read(path).unwrap());
    let requests: Vec<_> = requests.collect();
    for (one, other) in requests.iter().zip(requests.iter().skip(1)) {
        check(&[&one[..], other].join(&0));
    }
}

fn check_file(path: &Path) {
    // It is shown if the test fails.
    println!("{}", path.display());
    check(&fs::read(path).unwrap());
}

/// The files of a folder and of the folders in it.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
