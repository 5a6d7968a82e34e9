//! `policy-host run`: one request in; out comes the server's one line of JSON, or something made for a person.

use std::{
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::ValueEnum;
use policy_host::{
    AdmissionRequest, AdmissionResponse, Metadata, Operation, Policy, annotate::metadata_of, deployment::Deployment,
    document, event::Event, in_namespace, location::file_of, notes, request_for, settings_of, show, upgrade,
    watch::Watch, yaml,
};
use serde_json::Value;

use crate::{
    Outcome,
    kwctl::KwctlArguments,
    terminal::{Color, is_closed_pipe, tell, write},
};

const EXAMPLES: &str = "\
Exit code: 0, and 1 where there is no answer, since something given is invalid; with --object, --diff or another --output \
than response also where the policy refuses.

Examples:
  # A Notebook as it is created
  policy-host run -f notebook.yaml -s settings.yaml --diff annotated-policy.wasm

  # A Notebook that is stored: what its next stop does to it
  kubectl get notebook churn -n team-a -o yaml | policy-host run -f - --event stop -s settings.yaml --diff annotated-policy.wasm

  # New settings, tried on what the old ones made of it; and again as soon as a file changes
  policy-host run -f notebook.yaml --upgrade-from old.yaml -s new.yaml --diff --watch annotated-policy.wasm

  # The object as it would be stored
  policy-host run -f pod.yaml -s settings.yaml -o yaml annotated-policy.wasm

  # As with kwctl: a request of the API server, a line of JSON
  policy-host run -r request.json -s settings.yaml annotated-policy.wasm";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The AdmissionReview, or the request alone, as JSON; `-` reads standard input
    #[arg(short, long, value_name = "PATH", required_unless_present = "object", conflicts_with = "object")]
    request_path: Option<PathBuf>,

    /// The policy's settings, as YAML or JSON; or a whole ClusterAdmissionPolicy or AdmissionPolicy
    #[arg(short, long, value_name = "PATH")]
    settings_path: Option<PathBuf>,

    /// The policy's settings, as JSON; --settings-path takes precedence
    #[arg(long, value_name = "JSON")]
    settings_json: Option<String>,

    /// The policy: a WebAssembly module, as a path or file://...; or the YAML file of a ClusterAdmissionPolicy or
    /// AdmissionPolicy, with its settings and its `module: file://...`
    #[arg(value_name = "POLICY")]
    policy: String,

    #[command(flatten)]
    object: ObjectArguments,

    #[command(flatten)]
    view: ViewArguments,

    #[command(flatten)]
    kwctl: KwctlArguments,
}

/// A request made of a manifest.
#[derive(clap::Args)]
#[command(next_help_heading = "Instead of a request")]
struct ObjectArguments {
    /// A manifest, YAML or JSON, to make a request from; `-` reads standard input
    #[arg(short = 'f', long, value_name = "PATH")]
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

    /// For an UPDATE: the manifest of the object as it is stored now [default: the object itself]
    #[arg(long, conflicts_with = "request_path", value_name = "PATH")]
    old_object: Option<PathBuf>,

    /// The object is the one that is stored, and this happens to it
    #[arg(long, conflicts_with_all = ["request_path", "operation", "old_object"], value_name = "EVENT")]
    event: Option<Event>,

    /// Earlier settings, or their policy: the object goes through these first; then it is touched, or what --event says
    #[arg(long, conflicts_with_all = ["request_path", "operation", "old_object"], value_name = "PATH")]
    upgrade_from: Option<PathBuf>,

    /// The namespace, where the manifest has none [default: default]
    #[arg(long, conflicts_with = "request_path", value_name = "NAME")]
    namespace: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
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

    /// What to print: the response as one line, the object after the policy as YAML or JSON, or the decoded JSON patch
    #[arg(short, long, value_name = "WHAT", default_value = "response")]
    output: Output,

    /// Whether --diff uses colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,

    /// Run again whenever one of the files changes, until interrupted
    #[arg(long)]
    watch: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Response,
    #[value(alias = "object")]
    Yaml,
    Json,
    Patch,
}

pub(crate) fn run(arguments: Arguments) -> Result<Outcome> {
    arguments.kwctl.check();
    let mut modules = Modules::default();
    if arguments.view.watch { watch(&arguments, &mut modules) } else { once(&arguments, &mut modules) }
}

fn watch(arguments: &Arguments, modules: &mut Modules) -> Result<Outcome> {
    let names = |files: &[PathBuf]| {
        let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        names.join(", ")
    };
    let mut files = arguments.files();
    if files.iter().any(|file| file == Path::new("-")) {
        bail!("--watch: standard input cannot be read again; give a file");
    }
    write(&format!("==== watching {} ====\n", names(&files)))?;
    loop {
        // Begun before anything is read, so that no change is missed.
        let watch = Watch::new(files);
        match once(arguments, modules) {
            Ok(_) => {}
            Err(error) if is_closed_pipe(&error) => return Err(error),
            Err(error) => tell(&format!("Error: {error:#}")),
        }
        let changed = watch.changed();
        write(&format!("\n==== {} changed ====\n", names(&changed)))?;
        modules.forget(&changed);
        files = arguments.files();
    }
}

/// One evaluation, or as many as there are policies.
fn once(arguments: &Arguments, modules: &mut Modules) -> Result<Outcome> {
    let input = Input::read(arguments)?;
    let tried = arguments.tried()?;
    let view = &arguments.view;
    if tried.len() > 1 && view.is_for_people() {
        bail!("{}: found {} policies, but --diff and --output show the answer of one", arguments.policy, tried.len());
    }
    let mut is_refused = false;
    for Tried { module, settings, deployment, is_deployed } in tried {
        let Module { policy, metadata } = &*modules.load(&module)?;
        policy.accept_settings(&settings)?;
        let request = input.request(&arguments.object, policy)?;
        let response = policy.validate(&request, &settings);

        let kind_note = arguments.object.object.as_ref().and_then(|_| notes::of_kind(&request.kind, metadata.as_ref()));
        let of_policy = deployment.as_ref().map(|deployment| deployment.notes(&request, &response));
        for note in kind_note.into_iter().chain(of_policy.into_iter().flatten()) {
            tell(&format!("note: {note}"));
        }
        let response = match deployment {
            Some(deployment) if is_deployed => deployment.answer(response),
            _ => response,
        };
        show(view, &request, &response)?;
        is_refused |= !response.allowed;
    }
    let is_asked = arguments.object.object.is_some() || view.is_for_people();
    Ok(if is_refused && is_asked { Outcome::Failure } else { Outcome::Success })
}

/// What is evaluated.
enum Input {
    Request(Box<AdmissionRequest>),
    Object { path: PathBuf, object: Value },
}

impl Input {
    fn read(arguments: &Arguments) -> Result<Self> {
        let ObjectArguments { object, operation, old_object, .. } = &arguments.object;
        if old_object.is_some() && *operation != OperationName::Update {
            bail!("--old-object is only for --operation UPDATE; a DELETE deletes --object");
        }
        if let Some(path) = object {
            return Ok(Self::Object { path: path.clone(), object: document::read(path)? });
        }
        // clap sees to it that there is one or the other.
        let path = arguments.request_path.as_deref().unwrap_or(Path::new("-"));
        let text = document::read_text(path)?;
        let read = || AdmissionRequest::from_json(serde_json::from_str(&text).context("not JSON")?);
        let request = read().map_err(|error| match yaml::value(&text) {
            Ok(value) if value.get("metadata").is_some() => error.context("a manifest goes with --object"),
            _ => error,
        });
        let request = request.with_context(|| format!("cannot use the request {}", path.display()))?;
        Ok(Self::Request(Box::new(request)))
    }

    fn request(&self, arguments: &ObjectArguments, policy: &Policy) -> Result<AdmissionRequest> {
        match self {
            Self::Request(request) => Ok((**request).clone()),
            Self::Object { path, object } => request_for_manifest(object, arguments, policy)
                .with_context(|| format!("cannot make a request of {}", document::name_of(path))),
        }
    }
}

fn request_for_manifest(object: &Value, arguments: &ObjectArguments, policy: &Policy) -> Result<AdmissionRequest> {
    let (object, namespace) = (object.clone(), arguments.namespace.as_deref());
    if arguments.event.is_none() && arguments.upgrade_from.is_none() {
        let object = in_namespace(object, namespace)?;
        let operation = match arguments.operation {
            OperationName::Create => Operation::Create,
            OperationName::Delete => Operation::Delete,
            OperationName::Update => {
                let old = arguments.old_object.as_deref().map(document::read).transpose()?;
                Operation::Update { old: old.or_else(|| Some(object.clone())) }
            }
        };
        return request_for(object, operation, None);
    }
    let event = arguments.event.unwrap_or(Event::Touch);
    let mut stored = in_namespace(object, namespace)?;
    if let Some(path) = &arguments.upgrade_from {
        let made = || {
            let settings = settings_of(document::read_all(path)?)?;
            policy.accept_settings(&settings)?;
            upgrade::stored_under(policy, &settings, stored)
        };
        stored = made().with_context(|| format!("--upgrade-from {}", document::name_of(path)))?;
    }
    event.request(&stored)
}

/// A policy with its settings, and how it is deployed where that is known.
struct Tried {
    module: PathBuf,
    settings: Value,
    deployment: Option<Deployment>,
    /// Whether its answer is that of the deployment, as with kwctl.
    is_deployed: bool,
}

impl Arguments {
    /// The file of the policy, where it is a manifest.
    fn manifest(&self) -> Result<Option<PathBuf>> {
        let is_manifest = [".yaml", ".yml"].iter().any(|end| self.policy.ends_with(end));
        if is_manifest { file_of(&self.policy).map(Some) } else { Ok(None) }
    }

    fn tried(&self) -> Result<Vec<Tried>> {
        if let Some(manifest) = self.manifest()? {
            for (flag, is_given) in
                [("--settings-path", self.settings_path.is_some()), ("--settings-json", self.settings_json.is_some())]
            {
                if is_given {
                    tell(&format!("note: {flag} is ignored: the settings are those of {}", manifest.display()));
                }
            }
            return deployed(&manifest).with_context(|| document::name_of(&manifest));
        }
        let documents = match (&self.settings_path, &self.settings_json) {
            (Some(path), json) => {
                if json.is_some() {
                    tell("note: --settings-json is ignored: the settings are those of --settings-path");
                }
                document::read_all(path)?
            }
            (None, Some(json)) => vec![serde_json::from_str(json).context("cannot read --settings-json")?],
            (None, None) => Vec::new(),
        };
        let deployment = Deployment::all_in(&documents).unwrap_or_else(|error| {
            tell(&format!("note: no cluster would accept this policy: {error:#}"));
            Vec::new()
        });
        let settings = settings_of(documents)?;
        let module = file_of(&self.policy)?;
        Ok(vec![Tried { module, settings, deployment: deployment.into_iter().next(), is_deployed: false }])
    }

    /// Every file that the answer depends on.
    fn files(&self) -> Vec<PathBuf> {
        let ObjectArguments { object, old_object, upgrade_from, .. } = &self.object;
        let given = [&self.request_path, object, old_object, upgrade_from, &self.settings_path];
        let mut files: Vec<PathBuf> = given.into_iter().flatten().cloned().collect();
        match self.manifest() {
            Ok(Some(manifest)) => {
                let tried = deployed(&manifest).unwrap_or_default();
                files.push(manifest);
                files.extend(tried.into_iter().map(|tried| tried.module));
            }
            _ => files.extend(file_of(&self.policy)),
        }
        files
    }
}

/// The policies of a manifest, each with the module that it names.
fn deployed(manifest: &Path) -> Result<Vec<Tried>> {
    let deployments = Deployment::all_in(&document::read_all(manifest)?)?;
    if deployments.is_empty() {
        bail!("found no ClusterAdmissionPolicy or AdmissionPolicy");
    }
    let tried = |deployment: Deployment| {
        let module = file_of(&deployment.module()?).map_err(|error| {
            let run = format!("policy-host run --settings-path {} policy.wasm", manifest.display());
            anyhow!("spec.module: {error}; then `{run}`, with the flags that you have")
        })?;
        Ok(Tried { module, settings: deployment.settings().clone(), deployment: Some(deployment), is_deployed: true })
    };
    deployments.into_iter().map(tried).collect()
}

/// Modules that are compiled already.
#[derive(Default)]
struct Modules {
    loaded: Vec<(PathBuf, Rc<Module>)>,
}

struct Module {
    policy: Policy,
    metadata: Option<Metadata>,
}

impl Modules {
    fn load(&mut self, path: &Path) -> Result<Rc<Module>> {
        if let Some((_, module)) = self.loaded.iter().find(|(loaded, _)| loaded == path) {
            return Ok(Rc::clone(module));
        }
        let policy = Policy::from_file(path)?;
        // A module whose metadata cannot be read can be run all the same.
        let metadata = fs::read(path).ok().and_then(|module| metadata_of(&module).ok().flatten());
        let module = Rc::new(Module { policy, metadata });
        self.loaded.push((path.to_owned(), Rc::clone(&module)));
        Ok(module)
    }

    fn forget(&mut self, changed: &[PathBuf]) {
        self.loaded.retain(|(path, _)| !changed.contains(path));
    }
}

impl ViewArguments {
    fn is_for_people(&self) -> bool {
        self.diff || self.output != Output::Response
    }
}

fn show(view: &ViewArguments, request: &AdmissionRequest, response: &AdmissionResponse) -> Result<()> {
    if view.diff {
        return write(&show::diff(request, response, view.color.is_on())?);
    }
    if view.output == Output::Response {
        return write(&format!("{}\n", serde_json::to_string(response)?));
    }
    // Nothing but the object or the patch goes to standard output, which may lead straight into another tool.
    show::remarks(response).lines().for_each(tell);
    match (&request.object, view.output) {
        _ if !response.allowed => Ok(()),
        (_, Output::Patch) => write(&format!("{}\n", serde_json::to_string_pretty(&response.operations()?)?)),
        (Some(object), Output::Json) => {
            write(&format!("{}\n", serde_json::to_string_pretty(&response.apply_to(object)?)?))
        }
        (Some(object), _) => write(&yaml::written(&response.apply_to(object)?)),
        (None, _) => Ok(()),
    }
}
