//! What `policy-host` says of itself: help, hints, completions; and what it does when nobody listens.

mod common;

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use common::{Printed, Workdir, answering};

fn workdir(name: &str) -> Workdir {
    Workdir::new(name)
        .with("policy.wasm", answering(r#"{"accepted":true}"#))
        .with("rejects.wasm", answering(r#"{"accepted":false,"message":"no","warnings":["w"]}"#))
        .with("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n")
}

/// The commands that the help lists.
fn commands(workdir: &Workdir) -> Vec<String> {
    let help = workdir.policy_host(&["--help"]).stdout;
    let listed = help.split_once("Commands:\n").expect("it lists commands").1;
    let lines = listed.lines().take_while(|line| line.starts_with("  "));
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    names.map(str::to_owned).filter(|name| name != "help").collect()
}

/// The long flags that a command's help lists.
fn flags(workdir: &Workdir, command: &str) -> Vec<String> {
    let help = workdir.policy_host(&[command, "--help"]).stdout;
    let options = help.lines().filter(|line| line.trim_start().starts_with('-'));
    let flags = options.filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
    flags.map(str::to_owned).collect()
}

#[test]
fn every_command_has_help_with_examples() {
    let workdir = workdir("command-line-help");
    let commands = commands(&workdir);
    for command in ["run", "annotate", "inspect", "completions"] {
        assert!(commands.iter().any(|listed| listed == command), "{command}: {commands:?}");
    }
    for command in &commands {
        for flag in ["--help", "-h"] {
            let Printed { code, stdout, stderr } = workdir.policy_host(&[command, flag]);
            assert_eq!((code, stderr.as_str()), (Some(0), ""), "{command}");
            let example = format!("\n  policy-host {command} ");
            let piped = format!("| policy-host {command} ");
            assert!(stdout.contains("Examples:") && (stdout.contains(&example) || stdout.contains(&piped)), "{stdout}");
        }
    }
    for arguments in [&["--help"][..], &["help"], &["help", "run"]] {
        assert_eq!(workdir.policy_host(arguments).code, Some(0), "{arguments:?}");
    }
    let nothing = workdir.policy_host(&[]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(2), ""));
    assert!(nothing.stderr.contains("Commands:") && nothing.stderr.contains("Examples:"), "{nothing:?}");
}

#[test]
fn what_people_type_who_know_other_commands() {
    let workdir = workdir("command-line-hints");
    for (typed, hint) in [
        ("validate", "`policy-host check SETTINGS`"),
        ("lint", "`policy-host check SETTINGS`"),
        ("apply", "`policy-host report`"),
        ("diff", "policy-host run --object OBJECT --settings-path SETTINGS --diff POLICY"),
        ("convert", "`policy-host import`"),
        ("migrate", "`policy-host import`"),
        ("push", "`kwctl`"),
        ("pull", "`kwctl`"),
        ("verify", "`kwctl`"),
        ("scaffold", "`kwctl scaffold`"),
        ("bench", "`policy-bench`"),
        ("runn", "'run'"),
    ] {
        let Printed { code, stdout, stderr } = workdir.policy_host(&[typed, "some.yaml"]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{typed}");
        let tip = stderr.lines().find(|line| line.trim_start().starts_with("tip: ")).unwrap_or_default();
        assert!(tip.contains(hint), "{typed}: {stderr}");
    }
    let outcome = workdir.policy_host(&["run", "--objct", "pod.yaml", "policy.wasm"]);
    assert!(outcome.stderr.contains("tip: a similar argument exists: '--object'"), "{outcome:?}");
}

/// What a person sees who is not in the project's folder.
#[test]
fn where_there_is_no_module() {
    let workdir = Workdir::new("command-line-no-module").with("a.yaml", "notebooks: [a]\n");
    let hint = "; name it by --policy, or make it by `make annotated-policy.wasm` in the project's folder\n";
    let commands: [&[&str]; 4] = [
        &["check", "a.yaml"],
        &["report", "--settings-path", "a.yaml", "a.yaml"],
        &["test"],
        &["import", "poddefaults", "a.yaml"],
    ];
    for command in commands {
        let printed = workdir.policy_host(command);
        let start = "Error: cannot read the policy annotated-policy.wasm: No such file or directory";
        assert!(printed.stderr.starts_with(start) && printed.stderr.ends_with(hint), "{printed:?}");
        assert_eq!(printed.code, Some(1), "{command:?}");
        // Whoever names one knows about the option.
        let printed = workdir.policy_host(&[command, &["--policy", "b.wasm"]].concat());
        assert!(printed.stderr.starts_with("Error: cannot read the policy b.wasm: "), "{printed:?}");
        assert!(!printed.stderr.contains("--policy"), "{printed:?}");
    }
    // One that is there is wrong for another reason.
    let broken = Workdir::new("command-line-no-module").with("annotated-policy.wasm", "broken");
    for command in commands {
        let printed = broken.policy_host(command);
        assert!(printed.stderr.starts_with("Error: cannot load the policy annotated-policy.wasm: "), "{printed:?}");
        assert!(!printed.stderr.contains("--policy"), "{printed:?}");
    }
}

#[test]
fn completions_know_every_command_and_flag() {
    let workdir = workdir("command-line-completions");
    let commands = commands(&workdir);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let Printed { code, stdout, stderr } = workdir.policy_host(&["completions", shell]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{shell}");
        for command in &commands {
            assert!(stdout.contains(command.as_str()), "{shell}: {command}");
            for flag in flags(&workdir, command) {
                // fish writes `-l object` for `--object`.
                let name = flag.trim_start_matches('-');
                let is_known = stdout.contains(&flag) || stdout.contains(&format!("-l {name}"));
                assert!(is_known, "{shell}: {command} {flag}");
            }
        }
        // kwctl has it as a flag.
        assert_eq!(workdir.policy_host(&["completions", "--shell", shell]).stdout, stdout);
    }
    assert_eq!(workdir.policy_host(&["completions"]).code, Some(2));
    assert_eq!(workdir.policy_host(&["completions", "tcsh"]).code, Some(2));
}

#[test]
fn bash_can_read_its_completions() {
    let script = workdir("command-line-bash").policy_host(&["completions", "bash"]).stdout;
    let bash = Command::new("bash").args(["--norc", "-n"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut bash = bash.expect("there is a bash");
    bash.stdin.take().expect("it is piped").write_all(script.as_bytes()).expect("it reads");
    let outcome = bash.wait_with_output().expect("it ends");
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), "");
}

/// `policy-host ... | head -1`
#[test]
fn a_pipe_that_is_closed_early_is_no_error() {
    let workdir = workdir("command-line-pipe");
    for arguments in [
        &["run", "-f", "pod.yaml", "policy.wasm"][..],
        &["run", "-f", "pod.yaml", "--diff", "policy.wasm"],
        &["run", "-f", "pod.yaml", "-o", "yaml", "policy.wasm"],
        &["run", "-f", "pod.yaml", "--watch", "policy.wasm"],
        &["completions", "bash"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_policy-host"))
            .args(arguments)
            .current_dir(workdir.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        drop(child.stdout.take());
        let outcome = child.wait_with_output().expect("the command ends");
        assert_eq!((outcome.status.code(), outcome.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    }
}

/// `policy-host ... 2>&1 | head -1`
#[test]
fn nor_is_standard_error_that_nobody_reads() {
    let workdir = workdir("command-line-deaf");
    for (module, expected) in [("policy.wasm", 0), ("rejects.wasm", 1), ("none.wasm", 1)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_policy-host"))
            .args(["run", "-f", "pod.yaml", "-o", "patch", module])
            .current_dir(workdir.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        drop(child.stderr.take());
        assert_eq!(child.wait().expect("the command ends").code(), Some(expected), "{module}");
    }
}
