//! Every command of the documentation does what the page says: the lines of each block of commands, those between
//! backticks, and the examples of each `--help` are run, in a folder with the files that they name.
//!
//! What asks a cluster or builds something has a stand-in, and nothing else is on the path. So a command of a kind that
//! is not known here is not found, and fails.

mod common;

use std::{
    collections::BTreeSet,
    env, fs,
    io::Write as _,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
};

use common::Workdir;
use policy_host::{
    AdmissionResponse, document,
    event::Event,
    testing::{module, policy, project, test_data},
    upgrade::stored_under,
};
use serde_json::{Map, Value, json};

/// The pages, as patterns.
const PAGES: [&str; 3] = ["*.md", "docs/*.md", "test_data/**/*.md"];

/// How a text between backticks begins that is a whole command.
const INLINE: [&str; 4] = ["make ", "cargo ", "cd ", "host/target/debug/"];

/// What stands as it is in the folder of a page.
const OF_THE_PROJECT: [&str; 5] = ["deploy", "docs", "generate", "metadata.yml", "test_data"];

/// The programs that commands may use, beside those of this project.
const PROGRAMS: [&str; 10] = ["cat", "cp", "diff", "grep", "head", "jq", "sed", "sort", "tee", "uniq"];

/// The metrics that alerts may look at, and their labels: those of policy-server 1.35 and of the API server 1.36.
const METRICS: [(&str, &[&str]); 4] = [
    ("kubewarden_policy_evaluations_total", &OF_AN_EVALUATION),
    ("kubewarden_policy_evaluation_latency_milliseconds", &OF_AN_EVALUATION),
    ("apiserver_admission_webhook_rejection_count", &["name", "type", "operation", "error_type", "rejection_code"]),
    ("apiserver_admission_webhook_fail_open_count", &["name", "type"]),
];
const OF_AN_EVALUATION: [&str; 9] = [
    "accepted",
    "error_code",
    "mutated",
    "policy_mode",
    "policy_name",
    "request_origin",
    "resource_kind",
    "resource_namespace",
    "resource_request_operation",
];

/// A whole large cluster takes too long.
const SAMPLE_CLUSTER: &str = "@sample-cluster@ \"$@\" | head --bytes 10M";

/// `get` prints the file of the cluster that is named after what is asked for and the format, or what the selector
/// leaves of it. What would be written must be there, a policy valid; a change is of something that is there. A dry run
/// and `replace` answer as the policy does.
const KUBECTL: &str = r#"set -o pipefail
cluster='@folder@/cluster' verb=$1 words=() files=() output= keep=true dry=
shift
while [ $# -gt 0 ]; do
    case $1 in
        -f | --filename) files+=("$2"); shift ;;
        -o | --output) output=$2; shift ;;
        -p | --patch) jq empty <<< "$2" || exit; shift ;;
        -l | --selector) keep=".metadata.labels[\"${2%=*}\"] == \"${2#*=}\""; shift ;;
        --field-selector) keep=".${2%=*} == \"${2#*=}\""; shift ;;
        -n | --namespace | --as | --from | --tail | --timeout | --type) shift ;;
        --dry-run=server) dry=1 ;;
        -A | --all | --all-namespaces | --local | --for=condition=Policy* | --show-managed-fields | --timeout=*) ;;
        -*) echo "unknown flag: $1" >&2; exit 1 ;;
        *) words+=("$1") ;;
    esac
    shift
done
kind=${words[0]%%/*}
case $verb in
    get)
        case $output in
            '') compgen -G "$cluster/$kind.*" > /dev/null ;;
            json)
                if [ "${words[1]}" ]; then keep=".metadata.name == \"${words[1]}\"" found='.items[]'; fi
                keep="if .items then .items |= map(select($keep)) | ${found:-.} else . end"
                jq --exit-status "$keep" "$cluster/$kind.json" ;;
            *) cat "$cluster/$kind.$output" ;;
        esac ;;
    apply | create | delete)
        for file in "${files[@]}"; do
            if [ "$dry" ]; then
                policy-host run -f "$file" -s policy.yaml -o "$output" annotated-policy.wasm 2> /dev/null
            elif [ "$file" = - ]; then jq --exit-status --slurp '.[0] | .kind + .metadata.name'
            elif ! grep --quiet 'kyverno.io\|admissionregistration.k8s.io\|PodDefault' "$file"; then policy-host check "$file"
            fi || exit
        done
        [ ${#files[@]} -gt 0 ] || [[ "$kind" =~ ^(job|deployment,service,secret)$ ]] || compgen -G "$cluster/$kind.*" > /dev/null ;;
    patch) compgen -G "$cluster/$kind.*" > /dev/null && echo "$kind/${words[1]} patched" ;;
    wait) compgen -G "$cluster/$kind.*" > /dev/null ;;
    replace)
        [ "${files[*]}" = - ] && object=$(cat) || exit
        case $(jq --raw-output .kind <<< "$object") in
            List) jq --raw-output '.items[] | .kind + "/" + .metadata.name + " replaced"' <<< "$object" ;;
            Notebook) @replaced@ <<< "$object" ;;
            *) exit 1 ;;
        esac ;;
    rollout)
        case ${words[*]} in
            'status deployment/policy-server-default' | 'restart deployment/odh-notebook-controller-manager') ;;
            *) exit 1 ;;
        esac ;;
    annotate)
        for file in "${files[@]}"; do
            jq --null-input --arg kind "$(sed -n 's/^kind: //p' "$file")" '{$kind, metadata: {name: "a"}}' || exit
        done ;;
    auth | label | logs) ;;
    *) exit 1 ;;
esac"#;

/// Time passes: every notebook was stopped meanwhile, and nothing is left of what is `retired`.
const SLEEP: &str = "cd '@folder@/cluster'
notebooks=$(jq 'del(.items[].metadata.annotations)' notebooks.json) && cat > notebooks.json <<< \"$notebooks\"";

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

/// What is pulled is the module of this project, and is run by the local host.
const KWCTL: &str = r#"module=registry://@module@:v@version@
case $1 in
    pull) [ "$*" = "pull $module" ]; exit ;;
    run) [ "${!#}" = "$module" ] && exec policy-host "${@:1:$#-1}" annotated-policy.wasm; exit 1 ;;
esac
"#;

/// Nothing is built: a test that is named must be there.
const CARGO: &str = "[ \"$1\" = test ] || exit 1
while [ $# -gt 0 ] && [ \"$1\" != --test ]; do shift; done
tests=@project@${PWD#'@folder@'}/tests/$2
[ $# = 0 ] || [ -e \"$tests.rs\" ] || [ -e \"$tests/main.rs\" ]";

/// The clone of the project is the folder itself, and nothing is tagged or pushed.
const GIT: &str = "case $* in
    'clone @repository@') ;;
    'tag --annotate v'*' --message v'* | 'push origin v'*) ;;
    *) exit 1 ;;
esac";

/// What verifies a release asks this of each flag: that it is known, and has a value; and of who signed, that it is
/// this repository.
const VERIFY: &str = "set -e
case \"${0##*/} $1\" in
    'cosign verify' | 'cosign verify-blob') subject=$2; shift 2 ;;
    'gh attestation') [ \"$2\" = verify ]; subject=${3#oci://}; shift 3 ;;
    'kwctl verify') shift; subject=${!#}; set -- \"${@:1:$#-1}\"; subject=${subject#registry://} ;;
    *) exit 1 ;;
esac
case $subject in
    @module@:v* | policy-sbom.spdx.json) ;;
    *) exit 1 ;;
esac
signed_by=
while [ $# -gt 0 ]; do
    case \"${0##*/} $1\" in
        'cosign --certificate-github-workflow-repository' | 'gh --repo') signed_by=$2 ;;
        'kwctl --github-owner') signed_by=$2$signed_by ;;
        'kwctl --github-repo') signed_by=$signed_by/$2 ;;
        'cosign --bundle' | 'cosign --certificate-github-workflow-ref') ;;
        'cosign --certificate-identity-regexp') [[ $2 = '^https://github.com/'* ]] ;;
        'cosign --certificate-oidc-issuer') [ \"$2\" = https://token.actions.githubusercontent.com ] ;;
        *) exit 1 ;;
    esac
    [ -n \"$2\" ]
    shift 2
done
[ \"https://github.com/$signed_by\" = '@repository@' ]";

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
        "git clone nowhere",
        "kubectl frobnicate",
        "kwctl pull registry://nowhere:v1",
        "kubectl get frobs --output yaml",
        "kubectl get notebooks --output json | jq '.items['",
        "kubectl get notebooks --output json | jq '.frobs[]?'",
        "make frobnicate",
        "cargo test --test frobnicate",
        "rm notebook.yaml",
        "kubectl apply --filename nowhere.yaml",
        "kubectl apply --filename notebook.yaml",
        "kubectl get notebooks --frobnicate",
        "kubectl get clusteradmissionpolicies,admissionpolicies frobs --output json",
        "kubectl patch notebook churn-model --type merge --patch '{'",
        "kubectl patch frob churn-model --type merge --patch '{}'",
        "kubectl delete frobs churn-model",
        "kubectl delete note churn-model",
        "kubectl wait --for=condition=Policy frob/mutatingflow",
        "echo | kubectl create --filename -",
        "git push --force",
        "cosign verify ghcr.io/another/policy:v1.0.0",
        "cosign sign policy-sbom.spdx.json",
        "gh attestation verify policy-sbom.spdx.json --repo another/repository",
        "kwctl verify --github-owner another policy-sbom.spdx.json",
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
team-a/churn-model: left as it is: the policy records nothing
$ deploy/tools/hand-over.sh 'del(.spec.template.spec | .volumes, .imagePullSecrets)' <<< 'team-a churn-model'
team-a/churn-model: left as it is: more than its record would change
$ deploy/tools/hand-over.sh 'del(.metadata.labels, .spec.template.spec.imagePullSecrets)' <<< 'team-a churn-model'
team-a/churn-model: left as it is: more than its record would change
$ deploy/tools/hand-over.sh . <<< 'team-a churn-model'
team-a/churn-model: left as it is: the policy records nothing
$ deploy/tools/hand-over.sh '.frobs[0].a' <<< 'team-a churn-model'
team-a/churn-model: left as it is: it is refused
$ deploy/tools/hand-over.sh '.metadata[0]' 2> cluster/errors <<< 'team-a churn-model'
team-a/churn-model: left as it is: the filter fails
$ printf '\nteam-a churn-model \r\nteam-a churn-model' | deploy/tools/hand-over.sh .
team-a/churn-model: left as it is: the policy records nothing
team-a/churn-model: left as it is: the policy records nothing
$ jq '.spec.template.spec.imagePullSecrets += [{name: "own"}]' cluster/notebook.json > own.json
$ cp own.json cluster/notebook.json
$ deploy/tools/hand-over.sh 'del(.spec.template.spec.imagePullSecrets[0])' <<< 'team-a churn-model'
team-a/churn-model: left as it is: more than its record would change
$ jq '.metadata.annotations["kubeflow-resource-stopped"] = "now"' own.json > cluster/notebook.json
$ deploy/tools/hand-over.sh 'del(.spec.template.spec.imagePullSecrets[0])' <<< 'team-a churn-model'
team-a/churn-model: handed over
```
"#;
    assert_eq!(run("what is handed over", &blocks(page)), Ok(13));
}

#[test]
fn yaml_of_the_pages_can_be_read() {
    let folder = Workdir::new("documented/yaml");
    let mut count = 0;
    for (page, text) in pages() {
        for block in blocks(&text) {
            let (Block::Yaml(text) | Block::File { text, .. }) = block else { continue };
            let path = folder.path("block.yaml");
            fs::write(&path, &text).expect("it can be written");
            document::read_all(&path).unwrap_or_else(|error| panic!("{page}: {error:#} in\n{text}"));
            count += 1;
        }
    }
    assert!(count > 10, "found only {count} blocks");
}

/// Argo CD deletes what such a path leads to before it compares.
#[test]
fn differences_to_ignore_are_there() {
    let folder = folder("paths");
    let mut count = 0;
    for (page, text) in pages() {
        for block in blocks(&text) {
            let Block::Yaml(text) = block else { continue };
            fs::write(folder.path("block.yaml"), &text).expect("it can be written");
            let documents = document::read_all(&folder.path("block.yaml")).expect("it is YAML");
            for path in
                documents[0]["spec"]["ignoreDifferences"][0]["jqPathExpressions"].as_array().into_iter().flatten()
            {
                let path = path.as_str().expect("it is a text");
                let script = format!("jq --exit-status '.items[0] | del({path}) != .' cluster/notebooks.yaml");
                let (_, errors, code) = printed(&folder, &script);
                assert_eq!(code, 0, "{page}: {path} leads nowhere {errors}");
                count += 1;
            }
        }
    }
    assert!(count > 1, "found only {count} paths");
}

/// What the alerts look at: a histogram has more names than one.
#[test]
fn alerts_are_about_labels_that_there_are() {
    let page = fs::read_to_string(project().join("docs/operations.md")).expect("it is text");
    let rules = blocks(&page).into_iter().find_map(|block| match block {
        Block::Yaml(text) if text.starts_with("groups:") => Some(text),
        _ => None,
    });
    let folder = Workdir::new("documented/alerts").with("rules.yaml", rules.expect("the page has alerts"));
    let groups = document::read(&folder.path("rules.yaml")).expect("it is YAML");
    let mut alerts = BTreeSet::new();
    for rule in groups["groups"][0]["rules"].as_array().expect("it is a list of rules") {
        let (alert, text) =
            (rule["alert"].as_str().expect("it has a name"), rule["expr"].as_str().expect("it is PromQL"));
        assert_eq!(wrong_labels(text), Vec::<String>::new(), "{alert}");
        assert!(alerts.insert(alert) && rule["annotations"]["summary"].is_string(), "{alert}");
    }
    assert!(alerts.len() > 3, "found only {alerts:?}");

    for wrong in ["sum(frobs{policy_name=\"a\"})", "kubewarden_policy_evaluations_total{frob=\"a\"}", "sum(rate(1)"] {
        assert_ne!(wrong_labels(wrong), Vec::<String>::new(), "{wrong}");
    }
}

/// What in an expression of PromQL is no label of a metric of the policy server, or of the API server about webhooks.
fn wrong_labels(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut parts = text.split('{');
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let last_word = |text: &str| text.rsplit(|c| !is_of_a_name(c)).next().unwrap_or_default().to_owned();
    let mut metric = parts.next().map(last_word).unwrap_or_default();
    for part in parts {
        let (matchers, rest) = part.split_once('}').unwrap_or((part, ""));
        let labels =
            METRICS.iter().find(|(name, _)| *name == metric.trim_end_matches("_bucket")).map(|(_, labels)| *labels);
        let labels = labels.unwrap_or_default();
        let names = matchers.split(',').map(|matcher| matcher.trim().split(['=', '!']).next().unwrap_or_default());
        wrong.extend(names.filter(|name| !labels.contains(name)).map(|name| format!("{metric}: {name}")));
        metric = last_word(rest);
    }
    let count = |c| text.matches(c).count();
    if count('(') != count(')') || count('{') != count('}') || count('"') % 2 != 0 {
        wrong.push(format!("brackets or quotes are not closed in {text}"));
    }
    wrong
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
    /// A part of one.
    Yaml(String),
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
            ("yaml", None) => blocks.push(Block::Yaml(text)),
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
            Block::File { .. } | Block::Yaml(_) => {}
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
        .with("old.wasm", module())
        .with("new.wasm", module())
        .with("settings.yaml", &settings)
        .with("old.yaml", text("settings-registry.yaml"))
        .with("new.yaml", settings.replace("webproxy.nais:8088", "egress.nais:3128"))
        .with("notebook.yaml", text("notebook.yaml"))
        .with("pod.yaml", text("pipeline-pod.yaml"))
        .with("request.json", text("requests/notebook-create.json"))
        .with("export.yaml", export)
        .with("exports/notebooks.json", export)
        .with("exports/poddefaults.yaml", text("poddefaults/export.yaml"))
        .with("policy.yaml", &policy)
        .with("report.yaml", fs::read(project().join("deploy/report.yaml")).expect("it can be read"))
        .with("audit.log", audit_log())
        .with("cluster/clusteradmissionpolicy.yaml", policy)
        .with("cluster/mutatingwebhookconfiguration.json", webhook().to_string())
        .with("cluster/mutatingwebhookconfigurations.name", WEBHOOKS)
        .with("cluster/notebook.json", test_data("nais/notebook.yaml").to_string())
        .with("cluster/notebook.yaml", text("notebook.yaml"))
        .with("cluster/notebooks.json", list(touched().into_iter().map(|(_, notebook)| notebook)))
        .with("cluster/notebooks.yaml", export)
        .with("cluster/namespaces,notebooks,pods.yaml", export)
        .with("cluster/notebooks,pods.yaml", export)
        .with("cluster/poddefaults.json", poddefaults.to_string())
        .with("cluster/poddefaults.yaml", text("poddefaults/export.yaml"))
        .with("cluster/reports.openreports.io.json", reports.to_string());
    let folder = others_of_the_cluster()
        .into_iter()
        .fold(folder, |folder, (kind, object)| folder.with(&format!("cluster/{kind}.json"), object.to_string()));
    for path in ["bin", "home/.config/fish/completions", "home/.zfunc", "host/target/debug", "target"] {
        fs::create_dir_all(folder.path(path)).expect("it can be made");
    }
    symlink(".", folder.path("mutatingflow")).expect("it can be linked");
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
    let metadata = document::read(&project().join("metadata.yml")).expect("it is YAML");
    let said = |name: &str| {
        let value = metadata["annotations"][format!("io.kubewarden.policy.{name}")].as_str();
        value.unwrap_or_else(|| panic!("metadata.yml has no {name}")).to_owned()
    };
    for (path, script) in [
        ("bin/cargo", CARGO),
        ("bin/cosign", VERIFY),
        ("bin/gh", VERIFY),
        ("bin/git", GIT),
        ("bin/kubectl", KUBECTL),
        ("bin/kwctl", &(KWCTL.to_owned() + VERIFY)),
        ("bin/make", MAKE),
        ("bin/sleep", SLEEP),
        ("host/target/debug/sample-cluster", SAMPLE_CLUSTER),
    ] {
        let script = format!("#!/usr/bin/env bash\n{script}\n")
            .replace("@replaced@", REPLACED)
            .replace("@module@", &said("ociUrl"))
            .replace("@repository@", &said("source"))
            .replace("@version@", &said("version"))
            .replace("@folder@", folder.path("").display().to_string().trim_end_matches('/'))
            .replace("@home@", &env::var("HOME").unwrap_or_default())
            .replace("@path@", &env::var("PATH").unwrap_or_default())
            .replace("@project@", &project().display().to_string())
            .replace("@sample-cluster@", env!("CARGO_BIN_EXE_sample-cluster"));
        program(&folder.path(path), &script);
    }
    folder
}

/// Writes a program. Not by this process: what another thread starts meanwhile would hold the file open for writing, and
/// it could not be run.
fn program(path: &Path, text: &str) {
    let mut install = Command::new("install");
    let install = install.args(["-m", "755", "/dev/stdin"]).arg(path).stdin(Stdio::piped()).spawn();
    let mut install = install.expect("install is there");
    let mut input = install.stdin.take().expect("it is piped");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    assert!(install.wait().expect("it ends").success(), "{}", path.display());
}

/// How NAV's webhook is registered.
fn webhook() -> Value {
    let notebooks = json!({"apiGroups": ["kubeflow.org"], "resources": ["notebooks"]});
    let pods = json!({"apiGroups": [""], "resources": ["pods"]});
    let namespaces = json!({"matchLabels": {"app.kubernetes.io/part-of": "kubeflow-profile"}});
    let webhook = json!({"failurePolicy": "Ignore", "namespaceSelector": namespaces, "rules": [notebooks, pods]});
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "mutatingflow"},
        "webhooks": [webhook],
    })
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
        list(items)
    })
}

fn list(items: impl IntoIterator<Item = Value>) -> String {
    let items: Vec<_> = items.into_iter().collect();
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items}).to_string()
}

/// The answer for each of these notebooks when the culler touches it under newer settings, and what is stored then: one
/// waits for the newer proxy.
fn touched() -> Vec<(AdmissionResponse, Value)> {
    let mut settings = test_data("settings.yaml");
    settings["dependencies"]["proxy"]["proxy"]["httpProxy"] = "http://egress.nais:3128".into();
    let export: Value = serde_json::from_str(export()).expect("it is JSON");
    let notebooks = export["items"].as_array().expect("it is a list").iter();
    let requests = notebooks.map(|notebook| Event::Touch.request(notebook).expect("it is a Notebook"));
    let answers = requests.map(|request| policy().evaluate(&request, &settings));
    answers.map(|(response, stored)| (response, stored.expect("it is accepted"))).collect()
}

/// What the API server's audit log has of that, a line for each request.
fn audit_log() -> String {
    let event = |(response, _): (AdmissionResponse, _)| {
        let annotations = response.audit_annotations.into_iter().flatten();
        let annotations: Map<_, _> = annotations
            .map(|(key, value)| (format!("clusterwide-mutatingflow.kubewarden.admission/{key}"), value.into()))
            .collect();
        json!({"kind": "Event", "level": "Metadata", "verb": "patch", "annotations": annotations}).to_string() + "\n"
    };
    touched().into_iter().map(event).collect()
}

/// What else there is in the cluster, by the name of the file.
fn others_of_the_cluster() -> [(&'static str, Value); 7] {
    let deploy = glob::glob(&project().join("deploy/*.yaml").to_string_lossy()).expect("it is a pattern");
    let documents = deploy.flat_map(|path| document::read_all(&path.expect("it can be listed")).expect("it is YAML"));
    let is_a_policy =
        |document: &Value| document["kind"].as_str().is_some_and(|kind| kind.ends_with("AdmissionPolicy"));
    let policies: Vec<_> = documents.filter(is_a_policy).collect();

    let named = |name: &str, namespace: &str| json!({"metadata": {"name": name, "namespace": namespace}});
    let of_a_profile =
        |name: &str| json!({"metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "kubeflow-profile"}}});
    let mut policy = test_data("../deploy/cluster-admission-policy.yaml");
    let spec = policy["spec"].clone();
    policy["status"]["conditions"] = json!([{"type": "PolicyActive", "status": "True", "message": "..."}]);
    let webhooks =
        [("clusterwide-mutatingflow", spec), ("odh-notebook-controller-mutating-webhook-configuration", json!({}))];
    let webhooks = webhooks.map(|(name, webhook)| json!({"metadata": {"name": name}, "webhooks": [webhook]}));
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": "gpr-credentials", "namespace": "team-a", "uid": "1"},
        "data": {".dockerconfigjson": "e30="},
    });
    [
        ("clusteradmissionpolicies", json!({"items": policies})),
        ("clusteradmissionpolicies,admissionpolicies", json!({"items": policies})),
        ("clusteradmissionpolicy", policy),
        ("mutatingwebhookconfigurations", json!({"items": webhooks})),
        ("namespaces", json!({"items": [of_a_profile("team-a"), of_a_profile("team-b"), named("kubewarden", "")]})),
        ("secret", secret),
        ("secrets", json!({"items": [named("gpr-credentials", "team-a"), named("others", "team-b")]})),
    ]
}
