//! Writes what the fuzzer begins with into a folder: for each target the real requests and settings of `test_data/`, and
//! `json.dict`, the words in them.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs, io};

use mutatingflow_fuzz::seeds;
use serde_json::Value;

/// A word that is longer than this is a text, or a path of one client's.
const LONGEST_WORD: usize = 32;
/// Pieces of JSON, of quantities and of names.
const PIECES: [&str; 24] = [
    "{}",
    "[]",
    "null",
    "true",
    "false",
    "\"\"",
    "{\"",
    "\":{",
    "\":[",
    "\"}",
    "},{",
    "[{",
    "\\u0061",
    "\\ud83d",
    "\\ude00",
    "\\n",
    "1e3",
    "-0",
    "0.5",
    "500m",
    "1Gi",
    "{name}",
    "{namespace}",
    "/../",
];

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).expect("the folder to write to");
    let folder = Path::new(&folder);
    let (payloads, settings) = (seeds::payloads(), seeds::settings());
    let mut words: BTreeSet<_> = PIECES.map(str::to_owned).into();
    for (target, seeds) in [("validate", &payloads), ("settings", &settings), ("json", &settings)] {
        fs::create_dir_all(folder.join(target))?;
        for (name, seed) in seeds {
            fs::write(folder.join(target).join(name), seed.to_string())?;
            add_words(seed, &mut words);
        }
    }
    let entry = |word: &String| format!("\"{}\"\n", word.escape_default().to_string().replace("\\'", "'"));
    fs::write(folder.join("json.dict"), words.iter().map(entry).collect::<String>())
}

/// Names of members, quotes included, and strings that look like a word of Kubernetes.
fn add_words(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let is_word = key.len() <= LONGEST_WORD && !key.contains(|c: char| !c.is_ascii_alphanumeric());
                words.extend(is_word.then(|| format!("\"{key}\":")));
                add_words(value, words);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| add_words(item, words)),
        Value::String(text) => {
            let is_word = text.len() <= LONGEST_WORD && text.starts_with(|c: char| c.is_ascii_uppercase());
            words.extend((is_word && text.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| text.clone()));
        }
        _ => {}
    }
}
