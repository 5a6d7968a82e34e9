//! A tag becomes a release: what Kubewarden's workflows read out of this repository is there, what they run builds
//! nothing of `host/`, and our own workflows ask for no more than they need.
//!
//! What a workflow runs is read from the workflow and run, with stand-ins for what asks GitHub.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail a test by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use serde_json::{Value, json};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Every permission to write that a job has. All else is read, or nothing.
const MAY_WRITE: [(&str, &str, &[&str]); 5] = [
    ("release.yml", "draft", &["contents"]),
    ("release.yml", "release", &["contents", "id-token", "packages"]),
    ("release.yml", "attest", &["attestations", "id-token", "packages"]),
    ("release.yml", "artifact-hub", &["contents"]),
    ("release-drafter.yml", "draft", &["contents"]),
];

// ---- what Kubewarden's workflows do with this repository ----

#[test]
fn their_checks_find_the_version() {
    // reusable-test-policy-rust.yml and check-policy-version of kubewarden/github-actions v7.0.1 read it in these ways.
    for command in [
        r#"sed -n 's,^version = \"\(.*\)\",\1,p' Cargo.toml"#,
        r#"grep 'io.kubewarden.policy.version' metadata.yml | awk '{print $2}' | tr -d '"'"#,
    ] {
        assert_eq!(printed(bash(command).current_dir(root())), VERSION, "{command}");
    }
}

/// They copy `*.wasm` of the release folder into one file.
#[test]
fn the_build_makes_one_module() {
    let manifest = read("Cargo.toml");
    for more in ["[[bin]]", "[[example]]", "[workspace.members]", "members ="] {
        assert!(!manifest.contains(more), "Cargo.toml has {more}");
    }
    for more in ["src/main.rs", "src/bin", "examples"] {
        assert!(!root().join(more).exists(), "{more} would become a second module");
    }
}

/// They build the module, copy it to `policy.wasm`, and run two targets of the Makefile with `kwctl` on the path.
#[test]
fn where_kwctl_is_installed_nothing_is_compiled_after_the_module() {
    let folder = Folder::new("kwctl");
    folder.copy(&["Makefile", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ".cargo", "src", "metadata.yml"]);
    folder.copy(&["docs/usage.md", "e2e.bats", "host/src", "host/Cargo.toml", "host/Cargo.lock"]);
    folder.copy(&["test_data/settings.yaml", "test_data/cluster/older.yaml", "test_data/nais/settings.yaml"]);
    folder.program("kwctl", "exit 1");
    let dry_run = |targets: &str| printed(&mut folder.bash(&format!("make --dry-run {targets}")));

    assert!(dry_run("annotated-policy.wasm").contains("cargo build --locked --release --target wasm32-wasip1"));

    // Written one after the other, as they do: each is newer than what it is made of.
    folder.write("target/wasm32-wasip1/release/mutatingflow.wasm", "");
    printed(&mut folder.bash("cp target/wasm32-wasip1/release/*.wasm policy.wasm"));
    let annotate = dry_run("annotated-policy.wasm");
    assert!(annotate.contains("kwctl annotate --metadata-path metadata.yml"), "{annotate}");
    assert!(!annotate.contains("cargo") && !annotate.contains("cp "), "{annotate}");

    folder.write("annotated-policy.wasm", "");
    let e2e = dry_run("e2e-tests");
    assert!(e2e.contains("bats --print-output-on-failure e2e.bats"), "{e2e}");
    assert!(!e2e.contains("cargo") && !e2e.contains("annotate"), "{e2e}");

    // And where it is not, policy-host is what they wait for: the dry run does see it.
    let without = printed(&mut folder.bash("make --dry-run annotated-policy.wasm KWCTL=host/target/debug/policy-host"));
    assert!(without.contains("cd host && cargo build"), "{without}");
}

#[test]
fn the_module_goes_where_the_metadata_says() {
    let metadata = yaml("metadata.yml");
    let workflow = yaml(".github/workflows/release.yml");
    let target = &metadata["annotations"]["io.kubewarden.policy.ociUrl"];
    assert!(target.is_string());
    assert_eq!(&workflow["jobs"]["release"]["with"]["oci-target"], target);
    assert_eq!(&workflow["jobs"]["attest"]["env"]["MODULE"], target);
    // Or theirs and ours push to one branch.
    assert_eq!(workflow["jobs"]["release"]["with"]["artifacthub"], false);
    assert_eq!(workflow["on"]["push"], json!({"branches": ["main"], "tags": ["v*"]}), "what is pushed is released");
}

/// Each thing that goes by the workspaces has all of them.
#[test]
fn every_workspace_is_looked_after() {
    let mut workspaces = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("it can be listed") {
            let entry = entry.expect("it can be read");
            let path = folder.join(entry.file_name());
            let name = entry.file_name();
            if entry.path().is_dir() && !entry.path().is_symlink() {
                if !matches!(name.to_str(), Some("target" | ".git")) {
                    folders.push(path);
                }
            } else if name == "Cargo.lock" {
                workspaces.insert(path.with_file_name("Cargo.toml").display().to_string());
            }
        }
    }
    assert!(workspaces.len() > 3, "found only {workspaces:?}");

    let checked = &yaml(".github/workflows/ci.yml")["jobs"]["deny"]["strategy"]["matrix"]["manifest"];
    let checked: BTreeSet<String> = serde_json::from_value(checked.clone()).expect("they are names");
    assert_eq!(checked, workspaces, "cargo-deny");

    // The list of crates of a release is that of the policy alone.
    let excluded = yaml(".syft.yaml");
    let excluded = excluded["exclude"].as_array().expect("it is a list");
    for workspace in workspaces.iter().filter_map(|manifest| manifest.split_once('/')) {
        assert!(excluded.contains(&format!("./{}/**", workspace.0).into()), "{}", workspace.0);
    }
    for pattern in excluded.iter().map(|pattern| pattern.as_str().unwrap_or_default()) {
        // What syft takes as a pattern below the folder that it scans.
        assert!(pattern.starts_with("./") && pattern.ends_with("/**"), "{pattern}");
    }
}

// ---- our own workflows ----

#[test]
fn workflows_are_in_order() {
    let wrong: Vec<_> = workflows().iter().flat_map(|(name, text)| problems(name, text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // A repository of actions has one version everywhere.
    let mut versions = BTreeMap::<String, BTreeSet<String>>::new();
    for (_, text) in workflows() {
        for line in text.lines().filter_map(|line| line.split_once("uses: ")?.1.split_once('@')) {
            let repository = line.0.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
            versions.entry(repository).or_default().insert(line.1.to_owned());
        }
    }
    let several: Vec<_> = versions.iter().filter(|(_, versions)| versions.len() > 1).collect();
    assert!(several.is_empty(), "{several:?}");
}

#[test]
fn what_is_wrong_in_a_workflow_is_found() {
    let workflows: BTreeMap<_, _> = workflows().into_iter().collect();
    let release = &workflows["release.yml"];
    let broken = |from: &str, to: &str| {
        assert!(release.contains(from), "{from} is not in it");
        problems("release.yml", &release.replacen(from, to, 1)).join("\n")
    };
    for (from, to, problem) in [
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7.0.1", "is not pinned"),
        (
            "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
            "@3d3c42e5aac5ba805825da76410c181273ba90b1",
            "no version",
        ),
        ("permissions: {}", "permissions: read-all", "top"),
        ("attestations: write", "actions: write", "attest: may write"),
        ("needs: test", "needs: tests", "release: needs tests"),
        ("steps.pushed.outputs", "steps.push.outputs", "no step push"),
        ("persist-credentials: false", "persist-credentials: true", "keeps its credentials"),
        ("    timeout-minutes: 5\n", "", "no timeout-minutes"),
        ("runs-on: ubuntu-24.04", "runs-on: ubuntu-latest", "ubuntu-latest"),
    ] {
        let found = broken(from, to);
        assert!(found.contains(problem), "{from} -> {to}: {found}");
    }
}

/// Each of these holds a release back, or would let one through.
#[test]
fn nothing_is_released_that_was_not_checked() {
    let release = yaml(".github/workflows/release.yml");
    let jobs = release["jobs"].as_object().expect("it has jobs");
    let chain: BTreeMap<_, _> = jobs.iter().map(|(id, job)| (id.as_str(), &job["needs"])).collect();
    let expected = [
        ("artifact-hub", json!("attest")),
        ("attest", json!("release")),
        ("check", Value::Null),
        ("draft", Value::Null),
        ("release", json!("test")),
        ("test", json!(["check", "draft"])),
    ];
    assert_eq!(chain, expected.iter().map(|(id, needs)| (*id, needs)).collect());
    let conditions: Vec<_> = jobs
        .values()
        .chain(jobs.values().flat_map(|job| job["steps"].as_array().into_iter().flatten()))
        .filter_map(|job| job["if"].as_str())
        .collect();
    let of_a_version = "github.ref_type == 'tag' && !contains(github.ref_name, '-')";
    assert_eq!(conditions, [of_a_version, "github.ref_type == 'tag'"]);
    assert_eq!(
        commands(&release["jobs"]["check"]),
        ["make release-check", r#"git merge-base --is-ancestor "$GITHUB_SHA" origin/main"#]
    );
    assert_eq!(jobs["test"]["uses"], "./.github/workflows/ci.yml");
    let attest = &jobs["attest"];
    assert_eq!(attest["env"]["TAG"], "${{ github.ref_type == 'tag' && github.ref_name || 'latest' }}");
    let steps = attest["steps"].as_array().expect("it has steps");
    let attested = steps.iter().find(|step| step["with"]["push-to-registry"] == true);
    assert_eq!(attested.expect("one attests")["with"]["subject-digest"], "${{ steps.pushed.outputs.digest }}");

    let ci = yaml(".github/workflows/ci.yml");
    let triggers: BTreeSet<_> = ci["on"].as_object().expect("it has triggers").keys().map(String::as_str).collect();
    assert_eq!(triggers, BTreeSet::from(["pull_request", "schedule", "workflow_call", "workflow_dispatch"]));
    let theirs = ci["jobs"]["kubewarden"]["uses"].as_str().expect("it is called");
    assert!(theirs.contains("/reusable-test-policy-rust.yml@"), "{theirs}");
    for (job, command) in [
        ("test", "make test"),
        ("reproducible", "make reproducible"),
        ("load", "make load"),
        ("listing", "make listing-check"),
    ] {
        assert_eq!(commands(&ci["jobs"][job]), [command]);
    }
    assert!(ci["jobs"]["deny"]["steps"].to_string().contains("cargo-deny-action@"));
    // One that waits for itself would wait for ever, and a release that is cut off leaves half of it.
    assert_ne!(release["concurrency"]["group"], ci["concurrency"]["group"]);
    assert_eq!(release["concurrency"]["cancel-in-progress"], false);
    assert_eq!(yaml(".github/workflows/release-drafter.yml")["concurrency"]["cancel-in-progress"], false);
}

/// The commands of a job.
fn commands(job: &Value) -> Vec<&str> {
    job["steps"].as_array().into_iter().flatten().filter_map(|step| step["run"].as_str()).map(str::trim).collect()
}

/// What is attested was signed at this commit, for this repository, by the workflow that this one calls.
#[test]
fn only_what_this_run_has_pushed_is_attested() {
    let workflow = read(".github/workflows/release.yml");
    let (_, theirs) = workflow.split_once("reusable-release-policy-rust.yml@").expect("it is called");
    let commit = theirs.get(..40).expect("it is pinned");
    let folder = Folder::new("attest");
    folder.program("crane", "[ \"$*\" = 'digest ghcr.io/o/m:v1.2.3' ] && echo sha256:abc");
    folder.program("cosign", r#"printf '%s\n' "$@" > asked"#);
    let mut step = folder.bash(&step("attest", "cosign verify"));
    let step = step.envs([("MODULE", "ghcr.io/o/m"), ("TAG", "v1.2.3"), ("GITHUB_OUTPUT", "output")]);
    printed(step.envs([("GITHUB_REPOSITORY", "o/r"), ("GITHUB_SHA", "123")]));
    let asked = printed(&mut folder.bash("cat asked"));
    let identity =
        r"^https://github\.com/kubewarden/github-actions/\.github/workflows/reusable-release-policy-rust\.yml@COMMIT$";
    let expected = [
        "verify",
        "ghcr.io/o/m@sha256:abc",
        "--certificate-oidc-issuer",
        "https://token.actions.githubusercontent.com",
        "--certificate-identity-regexp",
        &identity.replace("COMMIT", commit),
        "--certificate-github-workflow-repository",
        "o/r",
        "--certificate-github-workflow-sha",
        "123",
    ];
    assert_eq!(asked.lines().collect::<Vec<_>>(), expected);
    assert_eq!(printed(&mut folder.bash("cat output")), "digest=sha256:abc");
}

/// The target of the Makefile, with a kwctl that writes to a file, and ends what it prints with an empty line.
#[test]
fn the_listing_is_compared_with_what_kwctl_writes() {
    let listing = read("artifacthub-pkg.yml");
    let (theirs, _) = listing.split_once("category:").expect("it has a category");
    for (text, is_right) in [(theirs.to_owned(), true), (theirs.replace("kwctl pull", "kwctl get"), false)] {
        let folder = Folder::new(&format!("listing/{is_right}"));
        folder.copy(&["Makefile", "artifacthub-pkg.yml", "metadata.yml"]);
        folder.write("theirs", &format!("# Another comment\n{text}"));
        folder.program("kwctl", "[ \"$1 $2 $3\" = 'scaffold artifacthub --output' ] && cp theirs \"$4\"");
        let output = folder.bash("make listing-check").output().expect("it starts");
        assert_eq!(output.status.success(), is_right, "{output:?}");
    }
}

/// A line for each thing in a workflow that is not as it shall be.
fn problems(name: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
        let (action, comment) = line.split_once(" # ").unwrap_or((line, ""));
        if action.starts_with("./") {
            continue;
        }
        let commit = action.split_once('@').map_or("", |(_, commit)| commit);
        if commit.len() != 40 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            wrong.push(format!("{name}: {action} is not pinned"));
        }
        if !comment.starts_with('v') {
            wrong.push(format!("{name}: {action} has no version beside it"));
        }
    }

    let workflow: Value = match yaml_serde::from_str(text) {
        Ok(workflow) => workflow,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    if workflow["permissions"] != json!({}) {
        wrong.push(format!("{name}: at the top nothing is permitted"));
    }
    let Some(jobs) = workflow["jobs"].as_object() else {
        return vec![format!("{name}: has no jobs")];
    };
    for (id, job) in jobs {
        let mut problem = |what: String| wrong.push(format!("{name}: {id}: {what}"));
        let granted = job["permissions"].as_object().into_iter().flatten();
        let written: Vec<_> =
            granted.filter(|(_, access)| *access == "write").map(|(scope, _)| scope.as_str()).collect();
        let expected = MAY_WRITE.iter().find(|(file, job, _)| *file == name && job == id).map_or(&[][..], |row| row.2);
        let written: BTreeSet<_> = written.into_iter().collect();
        if !job["permissions"].is_object() || written != expected.iter().copied().collect() {
            problem(format!("may write {written:?}, expected {expected:?}"));
        }

        let needed = match &job["needs"] {
            Value::Array(needed) => needed.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        for needed in needed.iter().filter_map(Value::as_str).filter(|needed| !jobs.contains_key(*needed)) {
            problem(format!("needs {needed}, which is no job"));
        }

        let Some(steps) = job["steps"].as_array() else {
            if !job["uses"].is_string() {
                problem("has no steps".to_owned());
            }
            continue;
        };
        if !job["timeout-minutes"].is_u64() {
            problem("has no timeout-minutes".to_owned());
        }
        // An image that changes its name changes its programs.
        if job["runs-on"] == "ubuntu-latest" {
            problem("runs on ubuntu-latest".to_owned());
        }
        let ids: BTreeSet<_> = steps.iter().filter_map(|step| step["id"].as_str()).collect();
        for named in job.to_string().split("steps.").skip(1) {
            let step = named.split('.').next().unwrap_or_default();
            if !ids.contains(step) {
                problem(format!("there is no step {step}"));
            }
        }
        for step in steps {
            let action = step["uses"].as_str().unwrap_or_default();
            if action.starts_with("actions/checkout@") && step["with"]["persist-credentials"] != false {
                problem("keeps its credentials where every step can read them".to_owned());
            }
        }
    }
    wrong
}

/// Name and text of each workflow.
fn workflows() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join(".github/workflows")).expect("it can be listed");
    let names = folder.map(|entry| entry.expect("it can be read").file_name().into_string().expect("it is text"));
    let workflows: Vec<_> = names.map(|name| (name.clone(), read(&format!(".github/workflows/{name}")))).collect();
    assert!(workflows.len() > 3, "found only {}", workflows.len());
    workflows
}

/// What a step of release.yml runs: the one of this job whose command contains this.
fn step(job: &str, part: &str) -> String {
    let workflow = yaml(".github/workflows/release.yml");
    let steps = workflow["jobs"][job]["steps"].as_array().expect("it has steps");
    let mut commands = steps.iter().filter_map(|step| step["run"].as_str()).filter(|command| command.contains(part));
    commands.next().unwrap_or_else(|| panic!("{job} has no step with {part}")).to_owned()
}

// ---- what release.yml runs ----

#[test]
fn exactly_one_draft_must_stand() {
    let command = step("draft", "gh api");
    for (drafts, is_right) in [(&[][..], false), (&["untagged-1"], true), (&["untagged-1", "untagged-2"], false)] {
        let folder = Folder::new(&format!("drafts/{}", drafts.len()));
        let published = json!({"draft": false, "html_url": "v0.0.9"});
        let drafts = drafts.iter().map(|draft| json!({"draft": true, "html_url": draft}));
        folder.write("releases.json", &Value::from_iter(drafts.chain([published])).to_string());
        // `gh api PATH --jq FILTER`, with the filter applied as gh does.
        let asked = "api repos/o/r/releases?per_page=30 --jq";
        folder.program("gh", &format!("[ \"$1 $2 $3\" = '{asked}' ] || exit 2\njq --raw-output \"$4\" releases.json"));
        let output = folder.bash(&command).env("GITHUB_REPOSITORY", "o/r").output().expect("it starts");
        assert_eq!(output.status.success(), is_right, "{output:?}");
        assert_ne!(String::from_utf8_lossy(&output.stdout).contains("::error::"), is_right, "{output:?}");
    }
}

#[test]
fn artifact_hub_gets_the_listing_of_the_tag() {
    let command = step("artifact-hub", "git push");
    let folder = Folder::new("artifact-hub");
    folder.program("gh", "[ \"$*\" = \"auth setup-git\" ]");
    folder.write("clone/Cargo.toml", "not for Artifact Hub");
    printed(&mut folder.bash("git init --quiet --bare origin && git init --quiet clone"));
    printed(&mut folder.bash("cd clone && git remote add origin ../origin"));
    for tag in ["v0.1.0", "v0.2.0"] {
        for name in ["artifacthub-pkg.yml", "artifacthub-repo.yml", "README.md"] {
            folder.write(
                &format!("clone/{name}"),
                &format!("{name} of {tag}, https://github.com/o/r/blob/main/docs/a.md"),
            );
        }
        printed(&mut folder.bash(&format!(
            "cd clone && git add . && git -c user.name=a -c user.email=b commit --quiet --message {tag}"
        )));
        let output = folder.bash(&format!("cd clone\n{command}")).env("TAG", tag).output().expect("it starts");
        assert!(output.status.success(), "{output:?}");

        let branch = |arguments: &str| printed(&mut folder.bash(&format!("git --git-dir origin {arguments}")));
        assert_eq!(branch("log -1 --format=%s artifacthub"), tag);
        assert_eq!(
            branch("ls-tree -r --name-only artifacthub"),
            "README.md\nartifacthub-pkg.yml\nartifacthub-repo.yml"
        );
        let readme = format!("README.md of {tag}, https://github.com/o/r/blob/{tag}/docs/a.md");
        assert_eq!(branch("show artifacthub:README.md"), readme);
    }
    // The second stands on the first.
    assert_eq!(printed(&mut folder.bash("git --git-dir origin rev-list --count artifacthub")), "2");
}

#[test]
fn what_cannot_be_released_is_refused() {
    let right = Folder::releasable("right");
    let (status, output) = right.release_check(&[("TAG", "v1.2.3")]);
    assert!(status, "{output}");
    assert_eq!(output, "v1.2.3 can be released.\n");
    let (status, output) = right.release_check(&[("TAG", "v1.2.3"), ("GITHUB_REPOSITORY", "Some/thing")]);
    assert!(status, "{output}");

    for (tag, problem) in [
        ("", "found nothing"),
        ("1.2.3", "found 1.2.3"),
        ("v1.2", "found v1.2"),
        ("v01.2.3", "found v01.2.3"),
        ("v1.2.3-pre1", "found v1.2.3-pre1"),
        ("v1.2.4", "version is 1.2.3"),
    ] {
        let (status, output) = right.release_check(&[("TAG", tag)]);
        assert!(!status && output.contains(problem), "{tag}: {output}");
    }
    let branch = ("GITHUB_REF_TYPE", "branch");
    let (status, output) = right.release_check(&[("TAG", "main"), branch, ("GITHUB_REPOSITORY", "Some/thing")]);
    assert!(status, "{output}");
    let (status, output) = right.release_check(&[("TAG", "main"), branch, ("GITHUB_REPOSITORY", "another/fork")]);
    assert!(!status && output.contains("Cargo.toml: repository is"), "{output}");
    let (status, output) = right.release_check(&[("TAG", "v1.2.3"), ("GITHUB_REPOSITORY", "another/fork")]);
    assert!(!status, "{output}");
    assert!(output.contains("Cargo.toml: repository is"), "{output}");
    assert!(output.contains("the owner in io.kubewarden.policy.ociUrl is"), "{output}");

    for (at, (file, from, to, problem)) in [
        ("Cargo.toml", "1.2.3", "1.2.4", "Cargo.toml: version is 1.2.4, expected 1.2.3"),
        ("host/Cargo.toml", "1.2.3", "1.2.2", "host/Cargo.toml: version is 1.2.2, expected 1.2.3"),
        ("metadata.yml", "1.2.3", "1.2.4", "metadata.yml: io.kubewarden.policy.version is 1.2.4, expected 1.2.3"),
        ("artifacthub-pkg.yml", "version: 1.2.3", "", "artifacthub-pkg.yml: version is missing, expected 1.2.3"),
        (
            "artifacthub-pkg.yml",
            "2026-11-24T",
            "2026-11-23T",
            "the day of createdAt is 2026-11-23, expected 2026-11-24",
        ),
        ("fuzz/Cargo.lock", "1.2.3", "1.2.2", "fuzz/Cargo.lock: the version of mutatingflow is 1.2.2, expected 1.2.3"),
        ("docs/usage.md", "v1.2.3", "v1.2.2", "docs/usage.md: names ghcr.io/some/policies/thing:v1.2.2"),
        ("deploy/one.yaml", "v1.2.3", "v1.2.3-rc1", "deploy/one.yaml: names ghcr.io/some/policies/thing:v1.2.3-rc1"),
        ("CHANGELOG.md", "## [1.2.3]", "## [1.2.2]", "no section begins with ## [1.2.3]"),
        ("CHANGELOG.md", " - 2026-11-24", "", "must end in its date"),
        ("CHANGELOG.md", "- Something.\n", "", "the section of 1.2.3 is empty"),
        ("metadata.yml", "@some.org", "@some.example", "metadata.yml:3:"),
        ("artifacthub-repo.yml", "@some.org", "@example.com", "artifacthub-repo.yml:1:"),
        ("artifacthub-pkg.yml", "https://some.org/", "https://some.invalid/", "artifacthub-pkg.yml:3:"),
        ("SECURITY.md", "a page", "mail <us@localhost>", "SECURITY.md:1:"),
        (".github/CODEOWNERS", "", "", ".github/CODEOWNERS: is missing"),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = Folder::releasable(&format!("wrong-{at}"));
        if from.is_empty() {
            fs::remove_file(folder.path(file)).expect("it is there");
        } else {
            let text = fs::read_to_string(folder.path(file)).expect("it is there");
            assert!(text.contains(from), "{file}: {text}");
            folder.write(file, &text.replacen(from, to, 1));
        }
        let (status, output) = folder.release_check(&[("TAG", "v1.2.3")]);
        assert!(!status && output.contains(problem), "{file}, {to}: {output}");
        // And nothing else is.
        assert!(output.ends_with("release-check: no release. Problems: 1\n"), "{file}, {to}: {output}");
    }
}

/// The files of this repository have the form that the check reads, whether or not they can be released yet.
#[test]
fn the_check_reads_these_files() {
    let output = bash(".github/release-check.sh")
        .current_dir(root())
        .env("TAG", format!("v{VERSION}"))
        .env("GITHUB_REPOSITORY", REPOSITORY.trim_start_matches("https://github.com/"))
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), !said.contains("no release"), "{said}");
    // What is new since the last release is not yet that of a version.
    let other: Vec<_> =
        said.lines().filter(|line| !["CHANGELOG", "no release"].iter().any(|known| line.contains(known))).collect();
    assert!(other.is_empty(), "{said}");
}

// ---- what the tests are made of ----

/// A folder of a test, empty at its start.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("it can be removed");
        }
        fs::create_dir_all(folder.join("bin")).expect("it can be made");
        Folder(folder)
    }

    /// One from which version 1.2.3 can be released, on 24 November 2026.
    fn releasable(name: &str) -> Self {
        let folder = Folder::new(name);
        folder.copy(&[".github/release-check.sh"]);
        let files = [
            (
                "Cargo.toml",
                "[package]\nversion = \"1.2.3\"\nrepository = \"https://github.com/Some/thing\"\n[profile.test]\n",
            ),
            (
                "metadata.yml",
                "annotations:\n  io.kubewarden.policy.version: 1.2.3\n  io.kubewarden.policy.author: A <a@some.org>\n  \
                 io.kubewarden.policy.ociUrl: ghcr.io/some/policies/thing\n",
            ),
            ("artifacthub-pkg.yml", "version: 1.2.3\ncreatedAt: 2026-11-24T12:00:00Z\nhomeURL: https://some.org/\n"),
            ("artifacthub-repo.yml", "email: a@some.org\n"),
            (
                "CHANGELOG.md",
                "# Changelog\n\n## [Unreleased]\n\n- Later.\n\n## [1.2.3] - 2026-11-24\n\n### Added\n\n- Something.\n\n\
                 ## [1.2.2] - 2026-11-01\n\n- Before.\n",
            ),
            ("SECURITY.md", "Report on a page.\n"),
            ("README.md", "`ghcr.io/some/policies/thing:v1.2.3`.\n"),
            ("docs/usage.md", "See ghcr.io/some/policies/thing:v1.2.3.\n"),
            ("deploy/one.yaml", "module: registry://ghcr.io/some/policies/thing:v1.2.3\n"),
            ("Cargo.lock", "[[package]]\nname = \"mutatingflow\"\nversion = \"1.2.3\"\n"),
            ("fuzz/Cargo.lock", "[[package]]\nname = \"mutatingflow\"\nversion = \"1.2.3\"\n"),
            ("host/Cargo.lock", "[[package]]\nname = \"another\"\nversion = \"0.9.0\"\n"),
            ("host/Cargo.toml", "[package]\nversion = \"1.2.3\"\n"),
            (".github/CODEOWNERS", "* @some/one\n"),
        ];
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    /// A program that comes first on the path.
    fn program(&self, name: &str, text: &str) {
        let path = format!("bin/{name}");
        let text = format!("#!/usr/bin/env bash\n{text}\n");
        // Not by this process: what another thread starts meanwhile would hold the file open for writing, and it could
        // not be run.
        fs::create_dir_all(self.path("bin")).expect("it can be made");
        printed(self.bash(r#"install -m 755 /dev/stdin "$TO" <<< "$TEXT""#).env("TEXT", text).env("TO", &path));
    }

    /// Copies files and folders of the project, each to where it is there.
    fn copy(&self, paths: &[&str]) {
        for path in paths {
            let parent = self.path(path).parent().expect("it is in the folder").to_owned();
            fs::create_dir_all(&parent).expect("it can be made");
            printed(Command::new("cp").arg("-R").arg(root().join(path)).arg(parent));
        }
    }

    /// A script, run as GitHub runs a step, in this folder.
    fn bash(&self, script: &str) -> Command {
        let mut command = bash(script);
        let path = env::var("PATH").expect("there is a path");
        command.current_dir(&self.0).env("PATH", format!("{}:{path}", self.path("bin").display())).env("HOME", &self.0);
        command
    }

    fn release_check(&self, environment: &[(&str, &str)]) -> (bool, String) {
        let mut command = self.bash(".github/release-check.sh");
        let Output { status, stdout, stderr } = command.envs(environment.to_vec()).output().expect("it starts");
        let text = |bytes| String::from_utf8(bytes).expect("it is text");
        (status.success(), text(stdout) + &text(stderr))
    }
}

fn bash(script: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]);
    // Of a make that this test runs below, of a workflow that it runs in, and of whoever has git look elsewhere.
    for variable in
        ["MAKEFLAGS", "MAKELEVEL", "KWCTL", "TAG", "GITHUB_REF_TYPE", "GITHUB_REPOSITORY", "GIT_DIR", "GIT_WORK_TREE"]
    {
        command.env_remove(variable);
    }
    command
}

/// What a command prints, without white space around it.
fn printed(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text").trim().to_owned()
}

fn yaml(path: &str) -> Value {
    yaml_serde::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
