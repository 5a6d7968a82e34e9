//! What the tests of the host share: guests written in the text format of WebAssembly, a folder with files, and the
//! command.

#![allow(dead_code, reason = "every test binary uses its own part")]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The module that `tests/fixtures/<name>.wat` is the text of.
pub fn fixture(name: &str) -> Vec<u8> {
    module(&fixture_text(name))
}

/// The text of `tests/fixtures/<name>.wat`.
pub fn fixture_text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).with_extension("wat");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The module that this is the text of.
pub fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A guest that speaks `v1`, accepts every settings and answers `validate` with this.
pub fn answering(validate: &str) -> Vec<u8> {
    answering_all(validate, r#"{"valid":true}"#, r#""v1""#)
}

/// A guest with these three answers.
pub fn answering_all(validate: &str, validate_settings: &str, protocol_version: &str) -> Vec<u8> {
    let answers =
        [("validate", validate), ("validate_settings", validate_settings), ("protocol_version", protocol_version)];
    let text = answers.iter().fold(fixture_text("answers"), |guest, (operation, answer)| {
        let escaped = answer.replace('\\', "\\\\").replace('"', "\\\"");
        guest
            .replace(&format!("@{operation}@"), &escaped)
            .replace(&format!("@{operation}.length@"), &answer.len().to_string())
    });
    module(&text)
}

/// A small request about a pod, with `object` and `oldObject` as given.
pub fn request(operation: &str, members: &str) -> String {
    format!(
        r#"{{"uid":"42","kind":{{"group":"","version":"v1","kind":"Pod"}},
        "resource":{{"group":"","version":"v1","resource":"pods"}},
        "operation":"{operation}","userInfo":{{}}{members}}}"#
    )
}

/// A folder of its own for each test, in which the command runs.
pub struct Workdir {
    folder: PathBuf,
}

/// What the command left behind.
#[derive(Debug, PartialEq)]
pub struct Printed {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Workdir {
    /// `name` must be the test's own.
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // What an earlier run left must not help this one.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder for tests can be written");
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(path, contents))
            .expect("the folder for tests can be written");
        self
    }

    pub fn policy_host(&self, arguments: &[&str]) -> Printed {
        self.policy_host_reading("", arguments)
    }

    pub fn policy_host_reading(&self, input: &str, arguments: &[&str]) -> Printed {
        let mut child = Command::new(env!("CARGO_BIN_EXE_policy-host"))
            .args(arguments)
            .current_dir(&self.folder)
            .env_remove("NO_COLOR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        // A command that ends without reading closes the pipe, and that is its right.
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().expect("the command ends");
        let text = |bytes| String::from_utf8(bytes).expect("the command prints text");
        Printed { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
