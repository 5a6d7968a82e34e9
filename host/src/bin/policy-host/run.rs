//! `policy-host run`: one request in, one line of JSON out.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use policy_host::{AdmissionRequest, Policy};
use serde_json::{Map, Value};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The AdmissionReview, or the request alone, as JSON; `-` reads standard input.
    #[arg(short, long, value_name = "PATH", required = true)]
    request_path: PathBuf,

    /// The policy's settings, as YAML or JSON.
    #[arg(short, long, value_name = "PATH", conflicts_with = "settings_json")]
    settings_path: Option<PathBuf>,

    /// The policy's settings, as JSON.
    #[arg(long, value_name = "JSON")]
    settings_json: Option<String>,

    /// The policy, a WebAssembly module.
    #[arg(value_name = "POLICY")]
    policy: PathBuf,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let request = read_request(&arguments.request_path)?;
    let settings = settings(&arguments)?;
    let policy = Policy::from_file(&arguments.policy)?;

    let checked = policy.validate_settings(&settings);
    if !checked.valid {
        bail!("the settings are not valid: {}", checked.message.unwrap_or_default());
    }
    println!("{}", serde_json::to_string(&policy.validate(&request, &settings))?);
    Ok(())
}

fn read_request(path: &Path) -> Result<AdmissionRequest> {
    let read = || {
        let text = if path == Path::new("-") { read_stdin()? } else { fs::read_to_string(path)? };
        AdmissionRequest::from_json(serde_json::from_str(&text).context("not JSON")?)
    };
    read().with_context(|| format!("cannot read the request {}", path.display()))
}

fn read_stdin() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// None given, or `null`, are settings without members.
fn settings(arguments: &Arguments) -> Result<Value> {
    let settings = match (&arguments.settings_path, &arguments.settings_json) {
        (Some(path), _) => {
            let read = || anyhow::Ok(yaml_serde::from_str::<Value>(&fs::read_to_string(path)?)?);
            read().with_context(|| format!("cannot read the settings {}", path.display()))?
        }
        (None, Some(json)) => serde_json::from_str(json).context("cannot read --settings-json")?,
        (None, None) => Value::Null,
    };
    match settings {
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Object(_) => Ok(settings),
        _ => bail!("the settings are not an object"),
    }
}
