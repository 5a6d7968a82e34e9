//! The pictures of terminals in `docs/` show what their commands print.

use std::{fs, process::Command};

use policy_host::{
    picture::{command_of, picture},
    testing::{module_path, project},
};

#[test]
fn pictures_are_what_their_commands_print() {
    let mut seen = Vec::new();
    for entry in fs::read_dir(project().join("docs")).expect("there are docs") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_none_or(|it| it != "svg") {
            continue;
        }
        let drawn = fs::read_to_string(&path).expect("it is text");
        let Some((command, columns)) = command_of(&drawn) else { continue };
        let now = picture(&command, &printed(&command), columns);
        assert!(drawn == now, "{} is not what `{command}` prints now: run `make pictures`", path.display());
        seen.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
    }
    seen.sort();
    assert_eq!(seen, ["diff.svg", "report.svg"]);
}

/// What a command prints on a terminal.
fn printed(command: &str) -> String {
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("policy-host"), "{command}");
    let module = module_path();
    let output = Command::new(env!("CARGO_BIN_EXE_policy-host"))
        .args(words.map(|word| if word == "annotated-policy.wasm" { module.as_os_str() } else { word.as_ref() }))
        .args(["--color", "always"])
        .current_dir(project())
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}
