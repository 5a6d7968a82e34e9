//! Every command of the documentation does what the page says: the lines of each block of commands, those between
//! backticks, and the examples of each `--help` are run, in a folder with the files that they name.
//!
//! What asks a cluster or builds something has a stand-in, and nothing else is on the path. So a command of a kind that
//! is not known here is not found, and fails.

mod common;

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::Command,
    sync::OnceLock,
};

use common::Workdir;
use policy_host::{
    testing::{module, policy, project, test_data},
    upgrade::stored_under,
};
use serde_json::{Value, json};

/// The pages, as patterns.
const PAGES: [&str; 3] = ["*.md", "docs/*.md", "test_data/**/*.md"];

/// How a text between backticks begins that is a whole command.
const INLINE: [&str; 4] = ["make ", "cargo ", "cd ", "host/target/debug/"];

/// What stands as it is in the folder of a page.
const OF_THE_PROJECT: [&str; 5] = ["deploy", "docs", "generate", "metadata.yml", "test_data"];

/// The programs that commands may use, beside those of this project.
const PROGRAMS: [&str; 8] = ["cat", "cp", "grep", "head", "jq", "sort", "tee", "uniq"];

/// A whole large cluster takes too long.
const SAMPLE_CLUSTER: &str = "@sample-cluster@ \"$@\" | head --bytes 10M";

/// `get` prints the file of the cluster that is named after what is asked for and the format, which comes last. What
/// changes something is not looked at.
const KUBECTL: &str = "case $1 in
    get) exec cat \"@folder@/cluster/$2.${!#}\" ;;
    annotate | auth | create | label | rollout | wait) ;;
    apply | delete)
        while [ $# -gt 1 ]; do shift; [ \"$1\" != -f ] || [ -e \"$2\" ] || exit 1; done
        ;;
    replace)
        [ \"$2 $3\" = '-f -' ] && object=$(cat) || exit 1
        case $(jq --raw-output .kind <<< \"$object\") in
            List) jq --raw-output '.items[] | .kind + \"/\" + .metadata.name + \" replaced\"' <<< \"$object\" ;;
            Notebook) @replaced@ <<< \"$object\" ;;
            *) exit 1 ;;
        esac
        ;;
    *) exit 1 ;;
esac";

/// What becomes of a Notebook that is replaced: the real policy answers, with the settings for NAV.
const REPLACED: &str = "policy-host run --operation UPDATE --object - --old-object '@folder@/cluster/notebook.json' \
    --settings-path '@folder@/test_data/nais/settings.yaml' --output json '@folder@/annotated-policy.wasm'";

/// What is registered in the cluster, in the order in which it is called.
const WEBHOOKS: &str = "\
mutatingwebhookconfiguration.admissionregistration.k8s.io/clusterwide-mutatingflow
mutatingwebhookconfiguration.admissionregistration.k8s.io/mutatingflow
";

/// Nothing is built: a target must be there.
const MAKE: &str = "if [ \"$1\" = sample-cluster ]; then
    exec host/target/debug/sample-cluster > target/cluster.yaml
fi
HOME='@home@' PATH='@path@' exec make --dry-run --directory '@project@' \"$@\" > /dev/null";

/// Nothing is built: a test that is named must be there.
const CARGO: &str = "[ \"$1\" = test ] || exit 1
while [ $# -gt 0 ] && [ \"$1\" != --test ]; do shift; done
tests=@project@${PWD#'@folder@'}/tests/$2
[ $# = 0 ] || [ -e \"$tests.rs\" ] || [ -e \"$tests/main.rs\" ]";

#[test]
fn commands_of_the_pages_do_what_the_pages_say() {
    let mut count = 0;
    for (page, text) in pages() {
        let blocks = blocks(&text);
        if blocks.iter().any(|block| matches!(block, Block::Commands(_))) {
            count += run(&page, &blocks).unwrap_or_else(|wrong| panic!("{wrong}"));
        }
    }
    assert!(count > 20, "found only {count} commands");
}

#[test]
fn commands_between_backticks_can_be_run() {
    let (mut whole, mut parts) = (0, 0);
    for (page, text) in pages() {
        let text = text.replace('\n', " ");
        let spans: Vec<_> = text.split('`').skip(1).step_by(2).collect();
        let commands = spans.iter().filter(|span| INLINE.iter().any(|start| span.starts_with(start)));
        let blocks: Vec<_> = commands.map(|command| Block::Commands((*command).to_owned())).collect();
        if !blocks.is_empty() {
            whole += run(&format!("{page} inline"), &blocks).unwrap_or_else(|wrong| panic!("{wrong}"));
        }
        for part in spans.iter().filter_map(|span| span.strip_prefix("policy-host ")) {
            parts += 1;
            assert!(is_known(part), "{page}: there is no policy-host {part}");
        }
    }
    assert!(whole > 5 && parts > 5, "found only {whole} whole commands and {parts} parts");
}

#[test]
fn examples_of_the_help_can_be_run() {
    let mut waiting = vec![String::new()];
    let mut count = 0;
    while let Some(command) = waiting.pop() {
        let help = help(&command);
        let commands = below(&help, "Commands:");
        let commands =
            commands.lines().filter_map(|line| line.split(' ').next()).filter(|name| !matches!(*name, "" | "help"));
        waiting.extend(commands.map(|name| format!("{command} {name}")));
        let file = Block::File { name: "policy-test.yaml".to_owned(), text: below(&help, "A policy-test.yaml;") };
        let examples = Block::Commands(below(&help, "Examples:"));
        count +=
            run(&format!("policy-host{command} --help"), &[file, examples]).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    assert!(count > 15, "found only {count} examples");
}

#[test]
fn what_is_wrong_is_found() {
    let fails = |page: &str| run("a page that is wrong", &blocks(page)).is_err();
    assert!(!fails("```console\npolicy-host --version\n```"));
    assert!(!fails("```console\n$ policy-host frobnicate\nerror: unrecognized ...\n...\n$ echo $?\n2\n```"));
    for wrong in [
        "policy-host frobnicate",
        "$ policy-host frobnicate\n...",
        "$ policy-host --version\npolicy-host",
        "policy-host run --object nowhere.yaml --settings-path settings.yaml --diff annotated-policy.wasm",
        "kubectl frobnicate",
        "kubectl get frobs --output yaml",
        "kubectl get notebooks --output json | jq '.items['",
        "kubectl get notebooks --output json | jq '.frobs[]?'",
        "make frobnicate",
        "cargo test --test frobnicate",
        "rm notebook.yaml",
    ] {
        assert!(fails(&format!("```console\n{wrong}\n```")), "this passes: {wrong}");
    }
    for wrong in ["frobnicate", "run --frobnicate", "import frobs"] {
        assert!(!is_known(wrong), "{wrong}");
    }
}

#[test]
fn only_what_the_policy_puts_back_is_handed_over() {
    let page = r#"
```console
$ deploy/tools/hand-over.sh 'del(.spec.template.spec.imagePullSecrets)' <<< 'team-a churn-model'
team-a/churn-model: handed over
$ deploy/tools/hand-over.sh 'del(.spec.template.spec.volumes)' <<< 'team-a churn-model'
team-a/churn-model: left as it is
$ deploy/tools/hand-over.sh 'del(.spec.template.spec | .volumes, .imagePullSecrets)' <<< 'team-a churn-model'
team-a/churn-model: left as it is
$ deploy/tools/hand-over.sh . <<< 'team-a churn-model'
team-a/churn-model: left as it is
$ jq '.spec.template.spec.imagePullSecrets += [{name: "own"}]' cluster/notebook.json > own.json
$ cp own.json cluster/notebook.json
$ deploy/tools/hand-over.sh 'del(.spec.template.spec.imagePullSecrets[0])' <<< 'team-a churn-model'
team-a/churn-model: left as it is
$ jq '.metadata.annotations["kubeflow-resource-stopped"] = "now"' own.json > cluster/notebook.json
$ deploy/tools/hand-over.sh 'del(.spec.template.spec.imagePullSecrets[0])' <<< 'team-a churn-model'
team-a/churn-model: handed over
```
"#;
    assert_eq!(run("what is handed over", &blocks(page)), Ok(9));
}

#[test]
fn output_may_be_shown_in_part() {
    for (shown, is_right) in [
        ("a b\nc\nd", true),
        ("a b\n...\nd", true),
        ("...\nd", true),
        ("a ...\n...", true),
        ("a b\nd", false),
        ("a b\nc", false),
        ("c\n...", false),
        ("b ...\n...", false),
    ] {
        assert_eq!(shows(&lines(shown), &lines("a b\nc\nd\n")), is_right, "{shown}");
    }
}

/// A block of a page between two fences.
enum Block {
    /// Commands, and what they print where they stand behind a `$`.
    Commands(String),
    /// A file, whose name its first line says in a comment.
    File { name: String, text: String },
}

/// The path in the project and the text of each page.
fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for pattern in PAGES {
        let pattern = project().join(pattern);
        for page in glob::glob(&pattern.to_string_lossy()).expect("it is a pattern") {
            let page = page.expect("it can be listed");
            let path = page.strip_prefix(project()).expect("it is in the project").display().to_string();
            pages.push((path, fs::read_to_string(page).expect("it is text")));
        }
    }
    assert!(pages.len() > 10, "found only {} pages", pages.len());
    pages
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some((indentation, language)) = line.split_once("```") else { continue };
        let inside = lines.by_ref().map(|line| line.strip_prefix(indentation).unwrap_or(line));
        let text: String = inside.take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        let name = text.lines().next().and_then(|line| line.strip_prefix("# ")).filter(|name| name.ends_with(".yaml"));
        match (language, name) {
            ("console" | "sh" | "bash" | "shell", _) => blocks.push(Block::Commands(text)),
            ("yaml", Some(name)) => blocks.push(Block::File { name: name.to_owned(), text: text.clone() }),
            _ => {}
        }
    }
    blocks
}

/// Runs the commands of a page in a folder of its own, and counts them; or says what is wrong.
fn run(page: &str, blocks: &[Block]) -> Result<usize, String> {
    let folder = folder(page);
    for block in blocks {
        if let Block::File { name, text } = block {
            fs::write(folder.path(name), text).expect("it can be written");
        }
    }
    let mut count = 0;
    for block in blocks {
        match block {
            Block::File { .. } => {}
            Block::Commands(text) if text.starts_with("$ ") => {
                let mut code = 0;
                for shown in format!("\n{text}").split("\n$ ").skip(1) {
                    let (command, output) = shown.split_once('\n').unwrap_or((shown, ""));
                    if code != 0 && command != "echo $?" {
                        return Err(format!("{page}: before {command} it must say that the exit code is {code}"));
                    }
                    let (printed, _, now) = printed(&folder, &format!("exec 2>&1; (exit {code}); {command}"));
                    if !shows(&lines(output), &lines(&printed)) {
                        return Err(format!("{page}: {command}\nprints\n{printed}"));
                    }
                    (code, count) = (now, count + 1);
                }
                if code != 0 {
                    return Err(format!("{page}: exit code {code} from the last of\n{text}"));
                }
            }
            Block::Commands(text) => {
                // What waits for a change would wait for ever.
                let script = format!("set -e\n{}", text.replace(" --watch", ""));
                let (printed, errors, code) = printed(&folder, &script);
                if code != 0 {
                    return Err(format!("{page}: exit code {code} from\n{text}\n{errors}"));
                }
                if text.contains("jq ") && printed.is_empty() {
                    return Err(format!("{page}: jq leaves nothing in\n{text}"));
                }
                count += text.lines().filter(|line| !matches!(line.chars().next(), None | Some(' ' | '#'))).count();
            }
        }
    }
    Ok(count)
}

/// What a script prints on standard output and on standard error, and its exit code.
fn printed(folder: &Workdir, script: &str) -> (String, String, i32) {
    let output = Command::new("bash")
        .args(["-c", &format!("set -o pipefail\n{script}")])
        .current_dir(folder.path(""))
        .env_remove("MAKEFLAGS")
        .env_remove("NO_COLOR")
        .env("PATH", folder.path("bin"))
        .env("HOME", folder.path("home"))
        // Compiled once for all pages.
        .env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"))
        .output()
        .expect("there is bash");
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
}

/// The lines of a text, without the white space at their ends.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

/// Whether this shows what is printed. A line `...` stands for any lines, and what ends in ` ...` goes on.
fn shows(shown: &[&str], printed: &[&str]) -> bool {
    match (shown.split_first(), printed.split_first()) {
        (Some((&"...", rest)), _) => (0..=printed.len()).any(|count| shows(rest, &printed[count..])),
        (Some((line, rest)), Some((first, others))) => {
            let is_right = line.strip_suffix(" ...").map_or(line == first, |start| first.starts_with(start));
            is_right && shows(rest, others)
        }
        (None, first) => first.is_none(),
        (Some(_), None) => false,
    }
}

/// Whether there is such a command with such flags.
fn is_known(part: &str) -> bool {
    let words: Vec<_> = part.split(' ').collect();
    let of_command = words.iter().take(if words[0] == "import" { 2 } else { 1 });
    let help = help(&of_command.map(|word| format!(" {word}")).collect::<String>());
    let is_there = |flag: &str| help.split_whitespace().any(|word| word.trim_end_matches(',') == flag);
    !help.is_empty() && words.iter().filter(|word| word.starts_with('-')).all(|flag| is_there(flag))
}

/// The help of a command; empty where there is none.
fn help(command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_policy-host"))
        .args(command.split_whitespace())
        .arg("--help")
        .output()
        .expect("the command starts");
    String::from_utf8(output.stdout).expect("it is text")
}

/// What stands indented below a line of the help that begins with this.
fn below(help: &str, heading: &str) -> String {
    let lines = help.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with("  "));
    lines.map(|line| format!("{}\n", line.get(2..).unwrap_or_default())).collect()
}

/// A folder with everything that a page may name.
fn folder(page: &str) -> Workdir {
    let name: String = page.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let text = |path: &str| fs::read_to_string(project().join("test_data").join(path)).expect("it is text");
    let settings = text("settings.yaml");
    let export = export();
    let result =
        json!({"policy": "clusterwide-mutatingflow-report", "result": "fail", "message": "waiting for a stop: proxy"});
    let scope = json!({"kind": "Notebook", "namespace": "team-a", "name": "churn-model"});
    let reports = json!({"items": [{"scope": scope, "results": [result]}]});
    let mut poddefaults = test_data("poddefaults/export.yaml");
    poddefaults["items"].as_array_mut().expect("it is a list").retain(|item| item["kind"] == "PodDefault");
    let policy = fs::read(project().join("deploy/cluster-admission-policy.yaml")).expect("it can be read");

    let folder = Workdir::new(&format!("documented/{name}"))
        .with("annotated-policy.wasm", module())
        .with("policy.wasm", module())
        .with("settings.yaml", &settings)
        .with("old.yaml", text("settings-registry.yaml"))
        .with("new.yaml", settings.replace("webproxy.nais:8088", "egress.nais:3128"))
        .with("notebook.yaml", text("notebook.yaml"))
        .with("pod.yaml", text("pipeline-pod.yaml"))
        .with("request.json", text("requests/notebook-create.json"))
        .with("export.yaml", export)
        .with("exports/notebooks.json", export)
        .with("exports/poddefaults.yaml", text("poddefaults/export.yaml"))
        .with("cluster/clusteradmissionpolicy.yaml", policy)
        .with("cluster/mutatingwebhookconfiguration.json", webhook().to_string())
        .with("cluster/mutatingwebhookconfigurations.name", WEBHOOKS)
        .with("cluster/notebook.json", test_data("nais/notebook.yaml").to_string())
        .with("cluster/notebook.yaml", text("notebook.yaml"))
        .with("cluster/notebooks.json", export)
        .with("cluster/notebooks.yaml", export)
        .with("cluster/notebooks,pods.yaml", export)
        .with("cluster/poddefaults.json", poddefaults.to_string())
        .with("cluster/poddefaults.yaml", text("poddefaults/export.yaml"))
        .with("cluster/reports.openreports.io.json", reports.to_string());
    for path in ["bin", "home/.config/fish/completions", "home/.zfunc", "host/target/debug", "target"] {
        fs::create_dir_all(folder.path(path)).expect("it can be made");
    }
    for path in OF_THE_PROJECT {
        symlink(project().join(path), folder.path(path)).expect("it can be linked");
    }
    let binary = env!("CARGO_BIN_EXE_policy-host");
    for path in ["bin/policy-host", "host/target/debug/policy-host"] {
        symlink(binary, folder.path(path)).expect("it can be linked");
    }
    for program in PROGRAMS.iter().chain(&["bash"]) {
        let paths = env::var_os("PATH").unwrap_or_default();
        let found = env::split_paths(&paths).map(|path| path.join(program)).find(|path| path.exists());
        let found = found.unwrap_or_else(|| panic!("{program} is not installed"));
        symlink(found, folder.path("bin").join(program)).expect("it can be linked");
    }
    for (path, script) in [
        ("bin/cargo", CARGO),
        ("bin/kubectl", KUBECTL),
        ("bin/make", MAKE),
        ("host/target/debug/sample-cluster", SAMPLE_CLUSTER),
    ] {
        let script = format!("#!/usr/bin/env bash\n{script}\n")
            .replace("@replaced@", REPLACED)
            .replace("@folder@", folder.path("").display().to_string().trim_end_matches('/'))
            .replace("@home@", &env::var("HOME").unwrap_or_default())
            .replace("@path@", &env::var("PATH").unwrap_or_default())
            .replace("@project@", &project().display().to_string())
            .replace("@sample-cluster@", env!("CARGO_BIN_EXE_sample-cluster"));
        let path = folder.path(path);
        fs::write(&path, script).expect("it can be written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    }
    folder
}

/// How NAV's webhook is registered.
fn webhook() -> Value {
    let notebooks = json!({"apiGroups": ["kubeflow.org"], "resources": ["notebooks"]});
    let pods = json!({"apiGroups": [""], "resources": ["pods"]});
    let namespaces = json!({"matchLabels": {"app.kubernetes.io/part-of": "kubeflow-profile"}});
    let webhook = json!({"failurePolicy": "Ignore", "namespaceSelector": namespaces, "rules": [notebooks, pods]});
    json!({"kind": "MutatingWebhookConfiguration", "metadata": {"name": "mutatingflow"}, "webhooks": [webhook]})
}

/// Three notebooks of a team as kubectl lists them: one that runs and one that is stopped, with what the settings add,
/// and one of before, whose user has certificates of his own.
fn export() -> &'static str {
    static EXPORT: OnceLock<String> = OnceLock::new();
    EXPORT.get_or_init(|| {
        let notebook = |name: &str, change: &dyn Fn(&mut Value)| {
            let mut notebook = test_data("notebook.yaml");
            notebook["metadata"]["name"] = name.into();
            notebook["spec"]["template"]["spec"]["containers"][0]["name"] = name.into();
            change(&mut notebook);
            notebook
        };
        let settings = test_data("settings.yaml");
        let stored = |object| stored_under(policy(), &settings, object).expect("the settings accept it");
        let items = [
            stored(notebook("churn-model", &|_| {})),
            stored(notebook("risk-model", &|notebook| {
                notebook["metadata"]["annotations"]["kubeflow-resource-stopped"] = "2026-01-01T00:00:00Z".into();
            })),
            notebook("text-eval", &|notebook| {
                notebook["metadata"]["annotations"]["mutatingflow.nais.io/status"] = "injected".into();
                notebook["spec"]["template"]["spec"]["containers"][0]["env"] =
                    json!([{"name": "SSL_CERT_FILE", "value": "/home/jovyan/own.pem"}]);
            }),
        ];
        json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items}).to_string()
    })
}
