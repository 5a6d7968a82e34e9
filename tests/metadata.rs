//! The files around the module say the same as one another: `Cargo.toml`, `metadata.yml` and `deploy/`, and
//! `questions-ui.yml` asks for settings that exist. `artifacthub-pkg.yml` is made of them by `make generate`.
//!
//! What is checked is a list of differences, so that one test shows all of them, and so that
//! `whatever_differs_is_found` can break one thing at a time and see it found.

mod pages;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mutatingflow::kubernetes::names::{Format, Words};
use mutatingflow::kubernetes::schema::Type;
use mutatingflow::settings::types::SETTINGS;
use mutatingflow::settings::{DEFAULT_ANNOTATION_DOMAIN, problems};
use pages::yaml_blocks;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The files, read.
#[derive(Clone)]
struct Files {
    /// The members of `Cargo.toml` that are strings, those of `[package]` before all others.
    package: BTreeMap<String, String>,
    metadata: Value,
    policy: Value,
    settings: Value,
}

impl Files {
    /// Those of the project in `folder`.
    fn read(folder: &Path) -> Result<Self> {
        let mut package = BTreeMap::new();
        for line in text(&folder.join("Cargo.toml"))?.lines() {
            if let Some((name, value)) = line.split_once(" = ") {
                package.entry(name.to_owned()).or_insert_with(|| value.trim_matches('"').to_owned());
            }
        }
        Ok(Files {
            package,
            metadata: yaml(&folder.join("metadata.yml"))?,
            policy: yaml(&folder.join("deploy/cluster-admission-policy.yaml"))?,
            settings: yaml(&folder.join("test_data/settings.yaml"))?,
        })
    }

    /// What `metadata.yml` says under an annotation.
    fn annotation(&self, key: &str) -> Value {
        at(&self.metadata, &format!("/annotations/{key}"))
    }

    /// What the module is called in a registry, up to its version.
    fn image(&self) -> String {
        self.annotation("io.kubewarden.policy.ociUrl").as_str().unwrap_or_default().to_owned()
    }

    /// A line for each place where one file says something else than another.
    fn differences(&self) -> Vec<String> {
        let [name, version, description, license, repository] =
            ["name", "version", "description", "license", "repository"]
                .map(|member| self.package.get(member).map_or("", String::as_str));
        let owner = repository.split('/').nth(3).unwrap_or_default();
        let image = format!("ghcr.io/{}/policies/{name}", owner.to_lowercase());
        let module = format!("registry://{image}:v{version}");

        let said_and_expected = [
            ("metadata: title", self.annotation("io.kubewarden.policy.title"), name.into()),
            ("metadata: version", self.annotation("io.kubewarden.policy.version"), version.into()),
            ("metadata: description", self.annotation("io.kubewarden.policy.description"), description.into()),
            ("metadata: license", self.annotation("io.kubewarden.policy.license"), license.into()),
            ("metadata: url", self.annotation("io.kubewarden.policy.url"), repository.into()),
            ("metadata: source", self.annotation("io.kubewarden.policy.source"), repository.into()),
            ("metadata: ociUrl", self.annotation("io.kubewarden.policy.ociUrl"), image.into()),
            ("metadata: mutating", at(&self.metadata, "/mutating"), true.into()),
            ("metadata: executionMode", at(&self.metadata, "/executionMode"), "kubewarden-wapc".into()),
            ("metadata: contextAwareResources", at(&self.metadata, "/contextAwareResources"), json!([])),
            ("metadata: hostCapabilities", at(&self.metadata, "/hostCapabilities"), json!([])),
            ("policy: module", at(&self.policy, "/spec/module"), module.into()),
            ("policy: mutating", at(&self.policy, "/spec/mutating"), at(&self.metadata, "/mutating")),
            (
                "policy: backgroundAudit",
                at(&self.policy, "/spec/backgroundAudit"),
                at(&self.metadata, "/backgroundAudit"),
            ),
            ("policy: rules", at(&self.policy, "/spec/rules"), at(&self.metadata, "/rules")),
            ("policy: settings", at(&self.policy, "/spec/settings"), self.settings.clone()),
        ];
        said_and_expected
            .into_iter()
            // A member that neither has is not an agreement.
            .filter(|(_, said, expected)| said != expected || said.is_null())
            .map(|(what, said, expected)| format!("{what}: found {said}, expected {expected}"))
            .collect()
    }
}

#[test]
fn the_files_say_the_same() {
    let differences = Files::read(root()).unwrap().differences();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn whatever_differs_is_found() {
    let right = Files::read(root()).unwrap();

    let mut package = right.clone();
    package.package.insert("version".to_owned(), "9.9.9".to_owned());
    let found = package.differences();
    let about_the_version = ["metadata: version", "policy: module"];
    assert_eq!(found.len(), about_the_version.len(), "{found:?}");
    for what in about_the_version {
        assert!(found.iter().any(|it| it.starts_with(what)), "{what} is missing: {found:?}");
    }

    for (name, file) in [("metadata", &right.metadata), ("policy", &right.policy)] {
        for path in paths_that_must_agree(name) {
            assert!(file.pointer(path).is_some(), "{name} has no {path}");
            let mut wrong = right.clone();
            let changed = match name {
                "metadata" => &mut wrong.metadata,
                _ => &mut wrong.policy,
            };
            *changed.pointer_mut(path).unwrap() = Value::Null;
            assert_ne!(wrong.differences(), Vec::<String>::new(), "{name}: nobody misses {path}");
        }
    }
}

/// What of a file another one says too.
fn paths_that_must_agree(file: &str) -> &'static [&'static str] {
    match file {
        "metadata" => &[
            "/rules",
            "/rules/0/apiVersions/2",
            "/mutating",
            "/backgroundAudit",
            "/executionMode",
            "/contextAwareResources",
            "/hostCapabilities",
        ],
        _ => &["/spec/mutating", "/spec/backgroundAudit", "/spec/rules/1", "/spec/settings/dependencies/vault"],
    }
}

#[test]
fn no_policy_that_is_shown_reaches_too_far() {
    let policies = shown_policies().unwrap();
    let wrong: Vec<_> = policies
        .iter()
        .flat_map(|(place, policy)| too_far(policy).into_iter().map(move |what| (place, what)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    let shown_in = |name: &str| {
        let shown = policies.iter().find(|(place, _)| place.ends_with(name));
        shown.map(|(_, policy)| policy).unwrap_or_else(|| panic!("no policy in {name}"))
    };
    let (readme, least) = (shown_in("README.md"), shown_in("minimal.yaml"));
    for (member, value) in readme["spec"].as_object().unwrap() {
        assert_eq!(*value, least["spec"][member], "README.md: {member}");
    }
}

#[test]
fn a_policy_that_reaches_too_far_is_found() {
    const SELECTOR: &str = "/spec/namespaceSelector";
    let right = Files::read(root()).unwrap().policy;
    // How many problems there are, and how many without the rule for pods.
    for (pointer, value, problems, for_notebooks) in [
        (SELECTOR, json!({"matchLabels": {"a": "b"}}), 2, 1),
        (SELECTOR, json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a"}]}), 1, 1),
        (SELECTOR, json!({"matchExpressions": []}), 1, 0),
        (SELECTOR, Value::Null, 1, 0),
        ("/spec/matchConditions", Value::Null, 1, 0),
        ("/spec/matchConditions", json!([{"name": "a", "expression": "true"}]), 1, 0),
        ("/kind", json!("AdmissionPolicy"), 0, 0),
        ("/spec/rules/1/resources/0", json!("*"), 0, 0),
    ] {
        let mut policy = right.clone();
        *policy.pointer_mut(pointer).unwrap() = value;
        assert_eq!(too_far(&policy).len(), problems, "{policy:#}");
        policy["spec"]["rules"].as_array_mut().unwrap().truncate(1);
        assert_eq!(too_far(&policy).len(), for_notebooks, "{policy:#}");
    }
    let everything = json!({"spec": {"rules": [{"resources": ["*"]}]}});
    assert_eq!(too_far(&everything).len(), 2);

    // One for pods by their label, in all namespaces or in one.
    let selected = |kind: &str, labels: Value| {
        json!({
            "kind": kind,
            "spec": {"rules": [{"resources": ["pods"]}], "objectSelector": {"matchExpressions": labels}},
        })
    };
    for (kind, labels, problems) in [
        ("ClusterAdmissionPolicy", json!([{"key": "a", "operator": "Exists"}]), 1),
        ("AdmissionPolicy", json!([{"key": "a", "operator": "Exists"}]), 0),
        ("AdmissionPolicy", json!([]), 1),
        ("AdmissionPolicy", Value::Null, 1),
    ] {
        let policy = selected(kind, labels);
        assert_eq!(too_far(&policy).len(), problems, "{policy:#}");
    }
}

/// What makes `policy` act, or stop requests while the policy server is away, where nobody meant it to.
fn too_far(policy: &Value) -> Vec<&'static str> {
    let list = |pointer| policy.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let mut wrong = Vec::new();
    if policy.pointer("/spec/namespaceSelector/matchLabels").is_some() {
        wrong.push("Kubewarden drops the matchLabels of a namespaceSelector");
    }
    let resources = list("/spec/rules").filter_map(|rule| rule["resources"].as_array()).flatten();
    if resources.into_iter().any(|resource| resource == "pods" || resource == "*") {
        let is_in_one = at(policy, "/kind") == "AdmissionPolicy";
        if !is_in_one && list("/spec/namespaceSelector/matchExpressions").next().is_none() {
            wrong.push("pods in all namespaces");
        }
        let is_by_label = list("/spec/objectSelector/matchExpressions").next().is_some();
        let mut conditions = list("/spec/matchConditions").filter_map(|condition| condition["expression"].as_str());
        if !is_by_label && !conditions.any(|expression| expression.contains("\"pods\"")) {
            wrong.push("all pods of a namespace");
        }
    }
    wrong
}

/// The manifests of policies in `deploy/` and in the YAML blocks of the Markdown pages, with the file of each.
fn shown_policies() -> Result<Vec<(PathBuf, Value)>> {
    let mut policies = Vec::new();
    for path in texts()? {
        let text = fs::read_to_string(&path)?;
        let blocks: Vec<_> =
            if path.extension().is_some_and(|it| it == "md") { yaml_blocks(&text).collect() } else { vec![&*text] };
        for document in blocks.iter().flat_map(|block| block.split("\n---\n")) {
            let document: Value =
                yaml_serde::from_str(document).map_err(|error| format!("{}: {error}", path.display()))?;
            let is_of_kubewarden = at(&document, "/apiVersion") == "policies.kubewarden.io/v1";
            if is_of_kubewarden && at(&document, "/kind").as_str().is_some_and(|it| it.ends_with("AdmissionPolicy")) {
                policies.push((path.clone(), document));
            }
        }
    }
    Ok(policies)
}

#[test]
fn every_policy_that_is_shown_is_this_module_in_this_version() {
    let files = Files::read(root()).unwrap();
    let module = format!("registry://{}:v{}", files.image(), files.package["version"]);
    let policies = shown_policies().unwrap();
    for (place, policy) in &policies {
        assert_eq!(at(policy, "/spec/module"), module, "{}", place.display());
    }
    let manifests = policies.iter().filter(|(place, _)| place.parent() == Some(&root().join("deploy"))).count();
    let files = fs::read_dir(root().join("deploy")).unwrap().filter(|it| it.as_ref().unwrap().path().is_file()).count();
    assert_eq!(manifests, files - 1, "all but the policy server");
}

#[test]
fn every_tag_of_the_module_is_of_this_version() {
    let files = Files::read(root()).unwrap();
    let (image, version) = (files.image(), &files.package["version"]);
    let mut tags = 0;
    let mut wrong = String::new();
    for path in texts().unwrap() {
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            for (at, _) in line.match_indices(&image) {
                let rest = line.get(at + image.len()..).unwrap_or_default();
                let Some(rest) = rest.strip_prefix(":v") else { continue };
                let is_version = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
                tags += 1;
                if rest.split(|c| !is_version(c)).next() != Some(version) {
                    writeln!(wrong, "{}:{}: {line}", path.display(), number + 1).unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not {version}:\n{wrong}");
    // The listing names four, the manifest one: fewer, and this test no longer sees them.
    assert!(tags >= 5, "found only {tags} tags");
}

/// What is written for people and for clusters: the files at the top, in `deploy/` and in `docs/`.
fn texts() -> Result<Vec<PathBuf>> {
    let mut texts = Vec::new();
    for folder in [root().to_owned(), root().join("deploy"), root().join("docs")] {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == "md" || it == "yml" || it == "yaml") {
                texts.push(path);
            }
        }
    }
    Ok(texts)
}

/// The value at a JSON pointer; `null` where there is none.
fn at(file: &Value, pointer: &str) -> Value {
    file.pointer(pointer).cloned().unwrap_or_default()
}

fn yaml(path: &Path) -> Result<Value> {
    Ok(yaml_serde::from_str(&text(path)?).map_err(|error| format!("{}: {error}", path.display()))?)
}

fn text(path: &Path) -> Result<String> {
    Ok(fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of a project that may name its owner, by its path.
fn project(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(inside)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_owned();
            // In a work tree of its own `.git` is a file.
            if ["target", ".git", "corpus"].iter().any(|it| name == *it) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Some(text) = path.is_file().then(|| fs::read_to_string(&path).ok()).flatten() {
                files.insert(path.strip_prefix(folder)?.to_owned(), text);
            }
        }
    }
    Ok(files)
}

#[test]
fn a_fork_changes_the_owner_with_one_command() {
    let fork = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fork");
    let _ = fs::remove_dir_all(&fork);
    let before = project(root()).unwrap();
    for (path, text) in &before {
        let path = fork.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    // An address in the environment is somebody's own, and what git or make below another one has set is not for these.
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        for variable in ["EMAIL", "GIT_DIR", "GIT_WORK_TREE", "MAKEFLAGS", "OWNER"] {
            command.env_remove(variable);
        }
        let output = command.args(arguments).env("EMAIL", "me@home").current_dir(&fork).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    run("git", &["init", "--quiet"]);
    run("git", &["add", "--all"]);
    let author = |files: &Files| files.annotation("io.kubewarden.policy.author").as_str().unwrap().to_owned();
    let owner = |files: &Files| files.package["repository"].split('/').nth(3).unwrap().to_owned();
    let ours = Files::read(&fork).unwrap();
    let us = owner(&ours);
    let our_author = author(&ours);
    let (name, our_email) = our_author.trim_end_matches('>').rsplit_once(" <").unwrap();
    // Not in one piece, or it would be changed back here too. And nobody is called so.
    let them = concat!("Acme-Corp", "-1234");
    let email = concat!("platform+x", "@acme.test");

    run("make", &["owner", &format!("OWNER={them}"), &format!("EMAIL={email}")]);
    let theirs = Files::read(&fork).unwrap();
    assert_eq!(theirs.differences(), [""; 0]);
    assert_eq!(owner(&theirs), them);
    assert_eq!(author(&theirs), format!("{name} <{email}>"));
    let of_ours = [
        format!("github.com/{us}/mutatingflow"),
        format!("ghcr.io/{}/policies", us.to_lowercase()),
        our_email.to_owned(),
    ];
    let after = project(&fork).unwrap();
    let is_ours = |text: &str| {
        text.lines().filter(|line| !line.contains("[navikt/")).any(|line| of_ours.iter().any(|it| line.contains(it)))
    };
    let left = after.iter().filter(|(_, text)| is_ours(text));
    assert_eq!(left.map(|(path, _)| path).collect::<Vec<_>>(), Vec::<&Path>::new());

    // And back: nothing else was changed.
    run("make", &["owner", &format!("OWNER={us}"), &format!("EMAIL={our_email}")]);
    let after = project(&fork).unwrap();
    let changed = after.iter().filter(|(path, text)| before.get(*path) != Some(*text));
    assert_eq!(changed.map(|(path, _)| path).collect::<Vec<_>>(), Vec::<&Path>::new());

    // Without an address it is the one that GitHub gives, not that of the environment.
    run("make", &["owner", &format!("OWNER={them}")]);
    assert_eq!(author(&Files::read(&fork).unwrap()), format!("{name} <{them}@users.noreply.github.com>"));
}

/// Rancher's form asks for settings that exist, with their words, and what it begins with is accepted as it is. What is
/// said of it here was read in `pkg/kubewarden/components/Questions` of rancher/kubewarden-ui 3.1.3.
#[test]
fn the_form_begins_with_settings_that_are_accepted() {
    let form = yaml(&root().join("questions-ui.yml")).unwrap();
    let mut settings = json!({});
    for question in form["questions"].as_array().unwrap() {
        let variable = question["variable"].as_str().unwrap();
        let options: Vec<&str> =
            question["options"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        // What an empty form holds, where the questions cannot.
        if question["hide_input"] == true {
            settings[variable] = question["default"].clone();
            continue;
        }
        let is_asked = SETTINGS.members.iter().find(|member| member.name == variable).map(|member| &member.of);
        match is_asked {
            Some(Type::Text(Format::OneOf(Words(words)))) => {
                assert_eq!((question["type"].as_str(), &*options), (Some("enum"), *words));
            }
            Some(Type::Text(_)) => assert_eq!(question["type"], "string"),
            Some(Type::Boolean) => assert_eq!(question["type"], "boolean"),
            Some(Type::List(..)) => assert_eq!(question["type"], "array["),
            // A field of a dependency, which has a list of objects, and asks for each of their members.
            None if variable.starts_with("dependencies.") => {
                assert_eq!(question["type"], "sequence[");
                let asked: Vec<_> =
                    question["sequence_questions"].as_array().unwrap().iter().map(|it| &it["variable"]).collect();
                // The form passes over the default of a list of objects, and adds to one that is there.
                assert_eq!(question["default"], Value::Null);
                let path = format!("/{}", variable.replace('.', "/"));
                for entry in settings.pointer(&path).and_then(Value::as_array).unwrap() {
                    assert_eq!(entry.as_object().unwrap().keys().collect::<Vec<_>>(), asked);
                }
                continue;
            }
            _ => panic!("{variable} does not fit the form"),
        }
        settings[variable] = question["default"].clone();
    }
    assert_eq!(problems(settings.to_string().as_bytes()), None);
    let not_asked = SETTINGS.members.iter().map(|member| member.name).filter(|name| settings.get(name).is_none());
    assert_eq!(not_asked.collect::<Vec<_>>(), [""; 0]);
    assert_eq!(settings["annotationDomain"], DEFAULT_ANNOTATION_DOMAIN);
}
