//! `policy-host check`: settings in, every problem with its place out, by the real module.

mod common;

use common::{Printed, Workdir};
use policy_host::{check::check, testing, testing::test_data, yaml};
use serde_json::Value;

/// A policy manifest whose settings begin in line 10.
const POLICY: &str = "\
apiVersion: policies.kubewarden.io/v1
kind: ClusterAdmissionPolicy
metadata:
  name: ours
spec:
  module: registry://example.com/mutatingflow:v1
  mutating: true
  rules: []
  settings:
    dependencies:
      ca:
        items: []
        env: [{name: TEAM, value: \"{namspace}\"}]
    notebooks: [ca]
";

const SETTINGS: &str = "dependencies: {registry: {imagePullSecrets: [{name: gpr}]}}\nnotebooks: [registry]\n";

fn checked(name: &str, files: &[(&str, &str)], arguments: &[&str]) -> Printed {
    let workdir = files.iter().fold(Workdir::new(name), |workdir, (file, text)| workdir.with(file, text));
    let policy = testing::module_path();
    let policy = policy.to_str().expect("a path is text");
    workdir.policy_host(&[&["check", "--policy", policy], arguments].concat())
}

#[test]
fn what_is_printed() {
    let unknown = "ours.yaml:12:9 dependencies.ca.items: unknown field\n";
    let note = "note: dependencies.ca.env[0].value: {namspace} is not a placeholder and stays as it is; did you mean {namespace}?\n";
    let fine = "a.yaml: valid: 1 dependency; notebooks: registry\n";
    let behind = format!("kind: ClusterRole\n---\n{POLICY}");
    /// Name, files, arguments, exit code, standard output.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str], i32, String);
    let cases: [Case<'_>; 15] = [
        ("settings", &[("a.yaml", SETTINGS)], &["a.yaml"], 0, fine.to_owned()),
        (
            "a policy",
            &[("ours.yaml", POLICY)],
            &["ours.yaml"],
            1,
            format!("{}ours.yaml:13:28 {note}1 problem in 1 file\n", unknown),
        ),
        (
            "a policy behind something else",
            &[("ours.yaml", &behind)],
            &["ours.yaml"],
            1,
            format!(
                "{}ours.yaml:15:28 {note}1 problem in 1 file\n",
                unknown.replace("12:", "14:")
            ),
        ),
        (
            "two files, one of them fine",
            &[("a.yaml", SETTINGS), ("b.yaml", "notebooks: [a, b]\n")],
            &["a.yaml", "b.yaml"],
            1,
            format!(
                "{fine}b.yaml:1:13 notebooks[0]: must be one of the dependencies, found \"a\"\nb.yaml:1:16 notebooks[1]: must be one of the dependencies, found \"b\"\n\
                2 problems in 1 file\n"
            ),
        ),
        (
            "what kubectl reads otherwise",
            &[("a.yaml", "dependencies:\n  a: {labels: {on: x, b: 0123}, env: [{name: A, value: 1_0}]}\nnotebooks: [a]\n")],
            &["a.yaml"],
            1,
            "a.yaml:2:16 dependencies.a.labels.on: kubectl reads on as true: write true, or \"on\" for the text\n\
             a.yaml:2:26 dependencies.a.labels.b: kubectl reads this as a number in a base other than 10: quote it where the \
             text is meant\n\
             a.yaml:2:56 dependencies.a.env[0].value: kubectl reads this as a number, without the underscores: quote it where \
             the text is meant\n3 problems in 1 file\n"
                .to_owned(),
        ),
        (
            "a member that stands twice",
            &[("a.yaml", &format!("{SETTINGS}notebooks: [registry]\n"))],
            &["a.yaml"],
            1,
            "a.yaml:3:1 notebooks: stands here twice, first in line 2: the last one counts\n1 problem in 1 file\n".to_owned(),
        ),
        (
            "braces",
            &[(
                "a.yaml",
                "dependencies: {a: {annotations: {a: '{{namespace}}', b: '${name}', c: '{user}', d: 'x-{name}'}}}\nnotebooks: [a]",
            )],
            &["a.yaml"],
            0,
            "a.yaml:1:34 note: dependencies.a.annotations.a: {{namespace}} has one pair of braces too many: write {namespace}\n\
             a.yaml:1:54 note: dependencies.a.annotations.b: the $ of ${name} stays: write {name} where the name is meant\n\
             a.yaml: valid: 1 dependency; notebooks: a\n"
                .to_owned(),
        ),
        (
            "a text where a list is meant",
            &[("a.yaml", "dependencies:\n  a:\n    proxy:\n      httpProxy: http://p\n      noProxy: hunter2,.svc\nnotebooks: [a]\n")],
            &["a.yaml"],
            1,
            "a.yaml:5:7 dependencies.a.proxy.noProxy: must be a list of strings, found a string: write [one, another]\n\
             1 problem in 1 file\n"
                .to_owned(),
        ),
        (
            "something else",
            &[("a.yaml", "apiVersion: kubeflow.org/v1\nkind: Notebook\n")],
            &["a.yaml"],
            1,
            "a.yaml:1:1 found a Notebook, where settings or a policy with settings are expected\n1 problem in 1 file\n".to_owned(),
        ),
        (
            "a policy server and what belongs to it",
            &[(
                "a.yaml",
                "apiVersion: policies.kubewarden.io/v1\nkind: PolicyServer\n---\napiVersion: v1\nkind: ConfigMap\n",
            )],
            &["a.yaml"],
            0,
            String::new(),
        ),
        (
            "several documents without a policy",
            &[("a.yaml", &format!("{SETTINGS}---\n{SETTINGS}"))],
            &["a.yaml"],
            1,
            "a.yaml:1:1 of several documents one must be a policy, found none\n1 problem in 1 file\n".to_owned(),
        ),
        (
            "a malformed document beside a policy",
            &[("a.yaml", &format!("a: [\n---\n{}", POLICY.replace("        items: []\n", "")))],
            &["a.yaml"],
            1,
            format!("a.yaml:1:4 unclosed bracket '['\na.yaml:14:28 {note}1 problem in 1 file\n"),
        ),
        (
            "nothing",
            &[("a.yaml", "# nothing\n")],
            &["a.yaml"],
            1,
            "a.yaml:1:1 notebooks: is empty, as are pipelinePods, pods and retired: there is nothing to add or \
             retire\n1 problem in 1 file\n"
                .to_owned(),
        ),
        (
            "JSON with tabs",
            &[("a.json", "{\n\t\"dependencies\": {\"a\": {\"labels\": {\"a\": \"b\"}}},\n\t\"notebooks\": [\"a\"]\n}")],
            &["a.json"],
            0,
            "a.json: valid: 1 dependency; notebooks: a\n".to_owned(),
        ),
        (
            "a report",
            &[("a.yaml", &format!("{SETTINGS}report: true\nretired: [old]\n"))],
            &["a.yaml"],
            0,
            "a.yaml: valid: 1 dependency; notebooks: registry; retired: old; a report, which changes nothing\n".to_owned(),
        ),
    ];
    for (name, files, arguments, code, stdout) in cases {
        let printed = checked("check-printed", files, arguments);
        assert_eq!((printed.stdout.as_str(), printed.stderr.as_str()), (stdout.as_str(), ""), "{name}");
        assert_eq!(printed.code, Some(code), "{name}");
    }
}

#[test]
fn a_file_that_is_not_there() {
    let Printed { code, stdout, stderr } = checked("check-missing", &[], &["none.yaml"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.starts_with("Error: cannot read none.yaml: "), "{stderr}");
}

/// Each problem of each case is found at a place of its own, or of what is nearest above it.
#[test]
fn every_problem_that_the_policy_knows_has_a_place() {
    let cases = test_data("settings/wrong.yaml");
    let mut places = 0;
    for case in cases.as_array().expect("a list") {
        let text = yaml::written(&case["settings"]);
        // What is no object at all has no place in it.
        if !case["settings"].is_object() {
            continue;
        }
        let found = check(&text, testing::policy());
        let said: Vec<_> =
            found.findings.iter().filter(|it| !it.is_note).map(|it| format!("{}: {}", it.path, it.what)).collect();
        for problem in case["problems"].as_array().expect("a list").iter().filter_map(Value::as_str) {
            let is_said = said.iter().any(|said| said.starts_with(problem) || said.starts_with("settings: "));
            assert!(is_said || problem.starts_with("and "), "{problem} is not in\n{said:#?}\n{text}");
        }
        for finding in found.findings {
            let line = text.lines().nth(finding.at.line - 1).unwrap_or_else(|| panic!("{finding}\n{text}"));
            let rest: String = line.chars().skip(finding.at.column - 1).collect();
            let last = finding.path.rsplit(['.', '[']).next().unwrap_or_default().trim_matches('"');
            places += usize::from(!last.is_empty() && rest.trim_start_matches('"').starts_with(last));
        }
    }
    assert!(places > 150, "{places} problems stand at the name that they are about");
}
