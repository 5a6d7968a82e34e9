//! `policy-host run --watch`: what is printed while files change.

mod common;

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines},
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
};

use common::{Workdir, answering, fixture};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: one, namespace: team-a}\n";

/// The command while it watches. It ends with the test.
struct Watching {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    errors: Lines<BufReader<ChildStderr>>,
}

impl Watching {
    fn new(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_policy-host"))
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        Self { child, lines: BufReader::new(stdout).lines(), errors: BufReader::new(stderr).lines() }
    }

    /// The next lines.
    fn read<const N: usize>(&mut self) -> [String; N] {
        [(); N].map(|()| self.lines.next().expect("the command goes on").expect("it prints text"))
    }

    /// The next line beside the answers. Once it is there, everything was read that the answer before depends on.
    fn read_error(&mut self) -> String {
        self.errors.next().expect("the command goes on").expect("it prints text")
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_runs_again_when_a_file_changes() {
    let workdir = Workdir::new("watch")
        .with("pod.yaml", POD)
        .with("settings.yaml", "a: 1\n")
        .with("policy.wasm", answering(r#"{"accepted":true}"#));
    let arguments = ["run", "-f", "pod.yaml", "-s", "settings.yaml", "--diff", "--watch", "policy.wasm"];
    let mut watching = Watching::new(&workdir.path("."), &arguments);
    let same = "Accepted; nothing changes.";
    assert_eq!(watching.read(), ["==== watching pod.yaml, settings.yaml, policy.wasm ====", same]);

    fs::write(workdir.path("pod.yaml"), POD.replace("one", "other")).expect("writable");
    assert_eq!(watching.read(), ["", "==== pod.yaml changed ====", same]);

    // What is wrong is said, and it goes on.
    fs::write(workdir.path("settings.yaml"), "a: [\n").expect("writable");
    assert_eq!(watching.read(), ["", "==== settings.yaml changed ===="]);
    assert!(watching.read_error().starts_with("Error: settings.yaml:1:4: "));
    fs::write(workdir.path("settings.yaml"), "a: [1]\n").expect("writable");
    assert_eq!(watching.read(), ["", "==== settings.yaml changed ====", same]);

    // The module is not only looked at, but loaded again.
    fs::write(workdir.path("policy.wasm"), answering(r#"{"accepted":false,"message":"no"}"#)).expect("writable");
    assert_eq!(watching.read(), ["", "==== policy.wasm changed ====", "Rejected: no"]);

    // A file that is gone is no longer what it was.
    fs::remove_file(workdir.path("pod.yaml")).expect("it is there");
    assert_eq!(watching.read(), ["", "==== pod.yaml changed ===="]);
    assert!(watching.read_error().starts_with("Error: cannot read pod.yaml: "));
    fs::write(workdir.path("pod.yaml"), POD).expect("writable");
    assert_eq!(watching.read(), ["", "==== pod.yaml changed ====", "Rejected: no"]);
}

/// Settings and module of a manifest are two files.
#[test]
fn it_watches_the_module_that_a_manifest_names() {
    let workdir = Workdir::new("watch-manifest").with("pod.yaml", POD).with("told.wasm", fixture("tells"));
    let manifest = |value: u32| {
        format!(
            "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nspec:\n  module: file://told.wasm\n  \
             settings: {{a: {value}}}\n"
        )
    };
    let workdir = workdir.with("policy.yaml", manifest(1));
    let arguments = ["run", "-f", "pod.yaml", "--diff", "--watch", "policy.yaml"];
    let mut watching = Watching::new(&workdir.path("."), &arguments);
    let [header, first] = watching.read();
    assert_eq!(header, "==== watching pod.yaml, policy.yaml, told.wasm ====");
    assert!(first.ends_with(r#""settings":{"a":1}}"#), "{first}");

    fs::write(workdir.path("policy.yaml"), manifest(22)).expect("writable");
    let [_, header, second] = watching.read();
    assert_eq!(header, "==== policy.yaml changed ====");
    assert!(second.ends_with(r#""settings":{"a":22}}"#), "{second}");

    fs::write(workdir.path("told.wasm"), answering(r#"{"accepted":true}"#)).expect("writable");
    assert_eq!(watching.read(), ["", "==== told.wasm changed ====", "Accepted; nothing changes."]);
}

#[test]
fn standard_input_is_not_watched() {
    let workdir = Workdir::new("watch-stdin").with("policy.wasm", answering(r#"{"accepted":true}"#));
    let outcome = workdir.policy_host_reading(POD, &["run", "-f", "-", "--watch", "policy.wasm"]);
    let told = "Error: --watch: standard input cannot be read again; give a file\n";
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (Some(1), "", told));
}
