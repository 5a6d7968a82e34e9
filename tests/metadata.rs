//! The files around the module say the same as one another: `Cargo.toml`, `metadata.yml`, `artifacthub-pkg.yml`, `deploy/`,
//! and `questions-ui.yml` asks for settings that exist.
//!
//! What is checked is a list of differences, so that one test shows all of them, and so that
//! `whatever_differs_is_found` can break one thing at a time and see it found.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mutatingflow::kubernetes::names::{Format, Words};
use mutatingflow::kubernetes::schema::Type;
use mutatingflow::settings::types::SETTINGS;
use mutatingflow::settings::{DEFAULT_ANNOTATION_DOMAIN, problems};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a module is called in a registry, up to its version.
const MODULE: &str = "ghcr.io/mutatingflow/policies/mutatingflow";

/// What `Cargo.toml` says.
#[derive(Clone, Copy)]
struct Package {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    license: &'static str,
    repository: &'static str,
}

/// The files, read.
#[derive(Clone)]
struct Files {
    package: Package,
    metadata: Value,
    listing: Value,
    policy: Value,
    settings: Value,
}

impl Files {
    fn read() -> Result<Self> {
        let package = Package {
            name: env!("CARGO_PKG_NAME"),
            version: VERSION,
            description: env!("CARGO_PKG_DESCRIPTION"),
            license: env!("CARGO_PKG_LICENSE"),
            repository: env!("CARGO_PKG_REPOSITORY"),
        };
        Ok(Files {
            package,
            metadata: yaml("metadata.yml")?,
            listing: yaml("artifacthub-pkg.yml")?,
            policy: yaml("deploy/cluster-admission-policy.yaml")?,
            settings: yaml("test_data/settings.yaml")?,
        })
    }

    /// What `metadata.yml` says under an annotation.
    fn annotation(&self, key: &str) -> Value {
        at(&self.metadata, &format!("/annotations/{key}"))
    }

    /// A line for each place where one file says something else than another.
    fn differences(&self) -> Vec<String> {
        let Package { name, version, description, license, repository } = self.package;
        let module = format!("{MODULE}:v{version}");
        let keywords: Value = match self.annotation("io.artifacthub.keywords").as_str() {
            Some(list) => list.split(',').map(str::trim).collect(),
            None => Value::Null,
        };
        let author = self.annotation("io.kubewarden.policy.author");
        let maintainer =
            |field: &str| at(&self.listing, &format!("/maintainers/0/{field}")).as_str().unwrap_or_default().to_owned();
        let listed_rules = at(&self.listing, "/annotations/kubewarden~1rules");
        let listed_rules = yaml_serde::from_str(listed_rules.as_str().unwrap_or_default()).unwrap_or(Value::Null);
        let release = format!("{repository}/releases/download/v{version}/policy.wasm");

        let said_and_expected = [
            ("metadata: title", self.annotation("io.kubewarden.policy.title"), name.into()),
            ("metadata: version", self.annotation("io.kubewarden.policy.version"), version.into()),
            ("metadata: description", self.annotation("io.kubewarden.policy.description"), description.into()),
            ("metadata: license", self.annotation("io.kubewarden.policy.license"), license.into()),
            ("metadata: url", self.annotation("io.kubewarden.policy.url"), repository.into()),
            ("metadata: source", self.annotation("io.kubewarden.policy.source"), repository.into()),
            ("metadata: ociUrl", self.annotation("io.kubewarden.policy.ociUrl"), MODULE.into()),
            ("metadata: mutating", at(&self.metadata, "/mutating"), true.into()),
            ("metadata: executionMode", at(&self.metadata, "/executionMode"), "kubewarden-wapc".into()),
            ("metadata: contextAwareResources", at(&self.metadata, "/contextAwareResources"), Value::Array(vec![])),
            ("listing: name", at(&self.listing, "/name"), name.into()),
            ("listing: version", at(&self.listing, "/version"), version.into()),
            ("listing: description", at(&self.listing, "/description"), description.into()),
            ("listing: license", at(&self.listing, "/license"), license.into()),
            ("listing: homeURL", at(&self.listing, "/homeURL"), repository.into()),
            ("listing: displayName", at(&self.listing, "/displayName"), self.annotation("io.artifacthub.displayName")),
            ("listing: image", at(&self.listing, "/containersImages/0/image"), module.clone().into()),
            ("listing: keywords", at(&self.listing, "/keywords"), keywords),
            ("listing: link to the module", at(&self.listing, "/links/0/url"), release.into()),
            ("listing: link to the source", at(&self.listing, "/links/1/url"), repository.into()),
            ("listing: maintainer", format!("{} <{}>", maintainer("name"), maintainer("email")).into(), author),
            ("listing: mutation", at(&self.listing, "/annotations/kubewarden~1mutation"), "true".into()),
            (
                "listing: resources",
                at(&self.listing, "/annotations/kubewarden~1resources"),
                self.annotation("io.artifacthub.resources"),
            ),
            ("listing: rules", listed_rules, at(&self.metadata, "/rules")),
            ("policy: module", at(&self.policy, "/spec/module"), format!("registry://{module}").into()),
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
    let differences = Files::read().unwrap().differences();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn whatever_differs_is_found() {
    let right = Files::read().unwrap();

    let mut package = right.clone();
    package.package.version = "9.9.9";
    let found = package.differences();
    let about_the_version =
        ["metadata: version", "listing: version", "listing: image", "listing: link to the module", "policy: module"];
    assert_eq!(found.len(), about_the_version.len(), "{found:?}");
    for what in about_the_version {
        assert!(found.iter().any(|it| it.starts_with(what)), "{what} is missing: {found:?}");
    }

    for (name, file) in [("metadata", &right.metadata), ("listing", &right.listing), ("policy", &right.policy)] {
        for path in paths_that_must_agree(name) {
            assert!(file.pointer(path).is_some(), "{name} has no {path}");
            let mut wrong = right.clone();
            let changed = match name {
                "metadata" => &mut wrong.metadata,
                "listing" => &mut wrong.listing,
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
            "/annotations/io.artifacthub.displayName",
            "/annotations/io.artifacthub.keywords",
            "/annotations/io.artifacthub.resources",
            "/annotations/io.kubewarden.policy.author",
        ],
        "listing" => &[
            "/keywords/0",
            "/maintainers/0/email",
            "/annotations/kubewarden~1mutation",
            "/annotations/kubewarden~1resources",
            "/annotations/kubewarden~1rules",
        ],
        _ => &["/spec/mutating", "/spec/backgroundAudit", "/spec/rules/1", "/spec/settings/dependencies/vault"],
    }
}

#[test]
fn the_listing_has_the_members_that_kwctl_writes_in_its_order() {
    let text = fs::read_to_string(root().join("artifacthub-pkg.yml")).unwrap();
    let members: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(':'))
        .map(|(member, _)| member)
        .collect();
    let expected = [
        "version",
        "name",
        "displayName",
        "createdAt",
        "description",
        "license",
        "homeURL",
        "containersImages",
        "keywords",
        "links",
        "install",
        "maintainers",
        "provider",
        "recommendations",
        "annotations",
    ];
    assert_eq!(members, expected);
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
    let (readme, deployed) = (shown_in("README.md"), shown_in("cluster-admission-policy.yaml"));
    for member in ["rules", "namespaceSelector", "matchConditions"] {
        assert_eq!(readme["spec"][member], deployed["spec"][member], "README.md: {member}");
    }
}

#[test]
fn a_policy_that_reaches_too_far_is_found() {
    const SELECTOR: &str = "/spec/namespaceSelector";
    let right = Files::read().unwrap().policy;
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
        let blocks: Vec<_> = if path.extension().is_some_and(|it| it == "md") {
            text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
        } else {
            vec![&*text]
        };
        for document in blocks.iter().flat_map(|block| block.split("\n---\n")) {
            let document: Value =
                yaml_serde::from_str(document).map_err(|error| format!("{}: {error}", path.display()))?;
            if at(&document, "/kind").as_str().is_some_and(|kind| kind.ends_with("AdmissionPolicy")) {
                policies.push((path.clone(), document));
            }
        }
    }
    Ok(policies)
}

#[test]
fn every_tag_of_the_module_is_of_this_version() {
    let mut tags = 0;
    let mut wrong = String::new();
    for path in texts().unwrap() {
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            for (at, _) in line.match_indices(MODULE) {
                let rest = line.get(at + MODULE.len()..).unwrap_or_default();
                let Some(rest) = rest.strip_prefix(":v") else { continue };
                let is_version = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
                tags += 1;
                if rest.split(|c| !is_version(c)).next() != Some(VERSION) {
                    writeln!(wrong, "{}:{}: {line}", path.display(), number + 1).unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not {VERSION}:\n{wrong}");
    // The listing names four, the manifest one: fewer, and this test no longer sees them.
    assert!(tags >= 5, "found only {tags} tags");
}

/// What is written for people and for clusters: the files at the top, in `deploy/` and in `docs/`.
fn texts() -> Result<Vec<PathBuf>> {
    let mut texts = Vec::new();
    for folder in [root(), root().join("deploy"), root().join("docs")] {
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

fn yaml(name: &str) -> Result<Value> {
    let text = fs::read_to_string(root().join(name)).map_err(|error| format!("{name}: {error}"))?;
    Ok(yaml_serde::from_str(&text).map_err(|error| format!("{name}: {error}"))?)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Rancher's form asks for settings that exist, with the words and defaults that they have.
#[test]
fn the_form_asks_for_settings_that_exist() {
    let form = yaml("questions-ui.yml").unwrap();
    let questions = form["questions"].as_array().unwrap();
    let mut settings = yaml("test_data/settings.yaml").unwrap();
    let mut asked = Vec::new();
    for question in questions {
        let variable = question["variable"].as_str().unwrap();
        let member = SETTINGS.members.iter().find(|member| member.name == variable).unwrap();
        let options: Vec<&str> =
            question["options"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        match member.of {
            Type::Text(Format::OneOf(Words(words))) => {
                assert_eq!((question["type"].as_str(), &*options), (Some("enum"), *words))
            }
            Type::Text(_) => assert_eq!(question["type"], "string"),
            Type::Boolean => assert_eq!(question["type"], "boolean"),
            Type::List(..) => assert_eq!(question["type"], "array["),
            _ => panic!("{variable} does not fit a form"),
        }
        if !matches!(member.of, Type::List(..)) {
            settings[variable] = question["default"].clone();
        }
        asked.push(variable);
    }
    assert_eq!(problems(settings.to_string().as_bytes()), None);
    let others: Vec<_> =
        SETTINGS.members.iter().map(|member| member.name).filter(|name| !asked.contains(name)).collect();
    assert_eq!(others, ["dependencies"]);
    assert_eq!(settings["annotationDomain"], DEFAULT_ANNOTATION_DOMAIN);
}
