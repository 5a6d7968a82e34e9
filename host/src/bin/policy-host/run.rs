//! `policy-host run`: one request in; out comes the server's one line of JSON, or something made for a person.

use std::{
    env,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use policy_host::{
    AdmissionRequest, AdmissionResponse, Operation, Policy, document, request_for, settings_of, show, yaml,
};
use serde_json::Value;

use crate::write;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The AdmissionReview, or the request alone, as JSON; `-` reads standard input
    #[arg(short, long, value_name = "PATH", required_unless_present = "object", conflicts_with = "object")]
    request_path: Option<PathBuf>,

    /// The policy's settings, as YAML or JSON; or a whole ClusterAdmissionPolicy or AdmissionPolicy
    #[arg(short, long, value_name = "PATH", conflicts_with = "settings_json")]
    settings_path: Option<PathBuf>,

    /// The policy's settings, as JSON
    #[arg(long, value_name = "JSON")]
    settings_json: Option<String>,

    /// The policy, a WebAssembly module
    #[arg(value_name = "POLICY")]
    policy: PathBuf,

    #[command(flatten)]
    object: ObjectArguments,

    #[command(flatten)]
    view: ViewArguments,
}

/// A request made of a manifest.
#[derive(clap::Args)]
#[command(next_help_heading = "Instead of a request")]
struct ObjectArguments {
    /// A manifest, YAML or JSON, of which a request is made; `-` reads standard input
    #[arg(long, value_name = "PATH")]
    object: Option<PathBuf>,

    /// What is done to the object
    #[arg(
        long,
        conflicts_with = "request_path",
        value_name = "OPERATION",
        default_value = "CREATE",
        ignore_case = true
    )]
    operation: OperationName,

    /// For an UPDATE: the manifest of the object as it is stored now
    #[arg(long, conflicts_with = "request_path", value_name = "PATH")]
    old_object: Option<PathBuf>,

    /// The namespace, where the manifest has none [default: default]
    #[arg(long, conflicts_with = "request_path", value_name = "NAME")]
    namespace: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
enum OperationName {
    Create,
    Update,
    Delete,
}

/// How the answer is shown.
#[derive(clap::Args)]
#[command(next_help_heading = "For people")]
struct ViewArguments {
    /// Show the object before and after, instead of the response
    #[arg(long, conflicts_with = "output")]
    diff: bool,

    /// What to print: the response as one line, the object after the policy as YAML, or the decoded JSON patch
    #[arg(long, value_name = "WHAT", default_value = "response")]
    output: Output,

    /// Whether --diff uses colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Response,
    Object,
    Patch,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let request = request(&arguments)?;
    let settings = settings(&arguments)?;
    let policy = Policy::from_file(&arguments.policy)?;

    policy.accept_settings(&settings)?;
    let response = policy.validate(&request, &settings);
    print(&arguments.view, &request, &response)
}

fn request(arguments: &Arguments) -> Result<AdmissionRequest> {
    if let Some(path) = &arguments.object.object {
        return request_for_manifest(path, &arguments.object);
    }
    // clap sees to it that there is one or the other.
    let path = arguments.request_path.as_deref().unwrap_or(Path::new("-"));
    let text = document::read_text(path)?;
    let read = || AdmissionRequest::from_json(serde_json::from_str(&text).context("not JSON")?);
    read().with_context(|| format!("cannot use the request {}", path.display()))
}

fn request_for_manifest(path: &Path, arguments: &ObjectArguments) -> Result<AdmissionRequest> {
    let old = arguments.old_object.as_deref().map(document::read).transpose()?;
    let operation = match (arguments.operation, old) {
        (OperationName::Create, None) => Operation::Create,
        (OperationName::Update, old) => Operation::Update { old },
        (OperationName::Delete, None) => Operation::Delete,
        (_, Some(_)) => bail!("--old-object goes with --operation UPDATE only; what a DELETE deletes is --object"),
    };
    let namespace = arguments.namespace.as_deref();
    request_for(document::read(path)?, operation, namespace)
        .with_context(|| format!("cannot make a request of {}", path.display()))
}

fn settings(arguments: &Arguments) -> Result<Value> {
    settings_of(match (&arguments.settings_path, &arguments.settings_json) {
        (Some(path), _) => document::read_all(path)?,
        (None, Some(json)) => vec![serde_json::from_str(json).context("cannot read --settings-json")?],
        (None, None) => Vec::new(),
    })
}

fn print(view: &ViewArguments, request: &AdmissionRequest, response: &AdmissionResponse) -> Result<()> {
    if view.diff {
        return write(&show::diff(request, response, use_color(view.color))?);
    }
    if matches!(view.output, Output::Response) {
        return write(&format!("{}\n", serde_json::to_string(response)?));
    }
    // Nothing but the object or the patch goes to standard output, which may lead straight into another tool.
    eprint!("{}", show::remarks(response));
    match (&request.object, view.output) {
        _ if !response.allowed => Ok(()),
        (_, Output::Patch) => write(&format!("{}\n", serde_json::to_string_pretty(&response.operations()?)?)),
        (Some(object), _) => write(&yaml::written(&response.apply_to(object)?)),
        (None, _) => Ok(()),
    }
}

pub(crate) fn use_color(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}
