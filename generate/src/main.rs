//! Makes what is made from something else: the table of Kubernetes' types, the JSON Schema of the settings, their
//! reference, and the listing on Artifact Hub. With `--check` it writes nothing, and says which files are not up to date.

mod facts;
mod kubernetes_types;
mod listing;
mod policy;
mod reference;
mod schema;
mod texts;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use facts::Facts;
use texts::Texts;

/// The file that the policy, and with it this program, is compiled with.
const KUBERNETES_TYPES: &str = "src/kubernetes/types.rs";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let is_check = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--check"] => true,
        _ => {
            eprintln!("usage: generate [--check]");
            return ExitCode::from(2);
        }
    };
    let outcome = if is_check { check() } else { write() };
    match outcome {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Every file by its path from the top of the project, with the text that it should have.
fn files() -> Result<[(&'static str, String); 4], String> {
    let texts = Texts::read()?;
    let read = |path: &str| fs::read_to_string(project().join(path)).map_err(|error| format!("{path}: {error}"));
    Ok([
        (KUBERNETES_TYPES, kubernetes_types::file(&Facts::parse(facts::TEXT)?)?),
        ("settings.schema.json", schema::file(&texts)),
        ("docs/settings.md", reference::file(&texts)),
        (
            "artifacthub-pkg.yml",
            listing::file(&read("metadata.yml")?, &read("questions-ui.yml")?, &read("generate/listing.yaml")?)?,
        ),
    ])
}

/// Compares every file.
fn check() -> Result<ExitCode, String> {
    let mut code = ExitCode::SUCCESS;
    for (path, text) in files()? {
        if !holds(path, &text) {
            eprintln!("{path}: not up to date; run `make generate`");
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// Writes every file that has another text.
fn write() -> Result<ExitCode, String> {
    for (path, text) in files()? {
        if !holds(path, &text) {
            fs::write(project().join(path), text).map_err(|error| format!("{path}: {error}"))?;
            println!("{path}: written");
            if path == KUBERNETES_TYPES {
                println!("The schema and the reference are made from it as it was compiled: run this once more.");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn holds(path: &str, text: &str) -> bool {
    fs::read_to_string(project().join(path)).is_ok_and(|found| found == text)
}

/// The top of the project.
fn project() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
