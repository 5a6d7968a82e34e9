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
  rules: [{apiGroups: [kubeflow.org], apiVersions: [v1], resources: [notebooks], operations: [CREATE, UPDATE]}]
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
            "a.yaml: skipped, there is no policy in it\n".to_owned(),
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

/// A policy for notebooks and pods that is right.
const RIGHT: &str = "\
apiVersion: policies.kubewarden.io/v1
kind: ClusterAdmissionPolicy
metadata: {name: ours}
spec:
  module: registry://example.com/mutatingflow:v1
  mode: protect
  mutating: true
  failurePolicy: Fail
  timeoutSeconds: 5
  namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}
  matchConditions: [{name: pipelines, expression: 'true'}]
  rules:
    - {apiGroups: [kubeflow.org], apiVersions: [v1], resources: [notebooks], operations: [CREATE, UPDATE]}
    - {apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}
  settings: {dependencies: {a: {labels: {a: b}}}, notebooks: [a], pipelinePods: [a]}
";

const SELECTOR: &str = "  namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}\n";
const CONDITIONS: &str = "  matchConditions: [{name: pipelines, expression: 'true'}]\n";
const OF_NOTEBOOKS: &str =
    "    - {apiGroups: [kubeflow.org], apiVersions: [v1], resources: [notebooks], operations: [CREATE, UPDATE]}\n";
const OF_PODS: &str = "    - {apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}\n";

/// What is found in [`RIGHT`] once these texts in it are others.
fn found(changes: &[(&str, &str)]) -> Vec<String> {
    let text = changes.iter().fold(RIGHT.to_owned(), |text, (right, other)| {
        assert!(text.contains(right), "{right} is not in\n{text}");
        text.replacen(right, other, 1)
    });
    check(&text, testing::policy()).findings.iter().map(ToString::to_string).collect()
}

#[test]
fn manifests_that_no_cluster_takes() {
    for (right, other, expected) in [
        (
            "mode: protect",
            "mode: protekt",
            "6:3 spec.mode: must be protect or monitor, found \"protekt\"; did you mean protect?",
        ),
        (
            "failurePolicy: Fail",
            "failurePolicy: Fial",
            "8:3 spec.failurePolicy: must be Fail or Ignore, found \"Fial\"; did you mean Fail?",
        ),
        (
            "mode: protect",
            "matchPolicy: exact",
            "6:3 spec.matchPolicy: must be Exact or Equivalent, found \"exact\"; did you mean \
             Exact?",
        ),
        ("mode: protect", "sideEffects: Some", "6:3 spec.sideEffects: must be None or NoneOnDryRun, found \"Some\""),
        (
            "[CREATE, UPDATE]",
            "[create]",
            "13:91 spec.rules[0].operations[0]: must be CREATE, UPDATE, DELETE, CONNECT or *, \
             found \"create\"; did you mean CREATE?",
        ),
        (
            "operator: Exists",
            "operator: exists",
            "10:54 spec.namespaceSelector.matchExpressions[0].operator: must be In, NotIn, \
             Exists or DoesNotExist, found \"exists\"; did you mean Exists?",
        ),
        (
            "mode: protect",
            "backgroundAudi: false",
            "6:3 spec.backgroundAudi: unknown field; did you mean backgroundAudit?",
        ),
        ("mode: protect", "frobnicate: false", "6:3 spec.frobnicate: unknown field"),
        (
            "{name: ours}",
            "{name: ours, anotations: {}}",
            "3:24 metadata.anotations: unknown field; did you mean annotations?",
        ),
        (
            "expression:",
            "expresion:",
            "11:39 spec.matchConditions[0].expresion: unknown field; did you mean expression?",
        ),
        (
            "mode: protect",
            "objectSelector: {matchLabel: {a: b}}",
            "6:20 spec.objectSelector.matchLabel: unknown field; did you mean matchLabels?",
        ),
        ("spec:", "stauts: {}\nspec:", "4:1 stauts: unknown field; did you mean status?"),
        ("mutating: true", "mutating: 'true'", "7:3 spec.mutating: must be a boolean, found a string"),
        ("timeoutSeconds: 5", "timeoutSeconds: 5s", "9:3 spec.timeoutSeconds: must be a whole number, found a string"),
        (
            "timeoutSeconds: 5",
            "timeoutSeconds: 31",
            "9:3 spec.timeoutSeconds: must be a whole number from 2 to 30, found 31",
        ),
        (
            "mode: protect",
            "timeoutEvalSeconds: 6",
            "6:3 spec.timeoutEvalSeconds: must not be longer than timeoutSeconds, which is 5",
        ),
        (
            "[notebooks]",
            "notebooks",
            "13:54 spec.rules[0].resources: must be a list of strings, found a string: write \
             [one, another]",
        ),
        (
            "{name: ours}",
            "{name: ours, labels: {a: true}}",
            "3:33 metadata.labels.a: must be a string, found a boolean",
        ),
        ("module: registry://example.com/mutatingflow:v1", "policyServer: default", "4:1 spec.module: must be set"),
        ("  mutating: true\n", "", "4:1 spec.mutating: must be set"),
        ("{name: ours}", "{labels: {}}", "3:1 metadata.name: must be set"),
        ("[CREATE, UPDATE]", "[]", "13:78 spec.rules[0].operations: must not be empty"),
        (
            "policies.kubewarden.io/v1",
            "policies.kubewarden.io/v2",
            "1:1 apiVersion: must be policies.kubewarden.io/v1, found \
             \"policies.kubewarden.io/v2\"; did you mean policies.kubewarden.io/v1?",
        ),
        (
            "ClusterAdmissionPolicy",
            "ClusterAdmisionPolicy",
            "2:1 kind: Kubewarden has no ClusterAdmisionPolicy; did you mean \
             ClusterAdmissionPolicy?",
        ),
        (
            "ClusterAdmissionPolicy",
            "AdmissionPolicy",
            "10:3 spec.namespaceSelector: only a ClusterAdmissionPolicy has it",
        ),
        (
            "{name: ours}",
            "{name: ours, namespace: team-a}",
            "3:24 metadata.namespace: has no effect: a ClusterAdmissionPolicy acts in all \
             namespaces, an AdmissionPolicy in its own",
        ),
        (
            "operator: Exists",
            "operator: In",
            "10:42 spec.namespaceSelector.matchExpressions[0].values: must be set where the \
             operator is In or NotIn",
        ),
        (
            "operator: Exists",
            "operator: Exists, values: [a]",
            "10:72 spec.namespaceSelector.matchExpressions[0].values: must not be set where the \
             operator is Exists or DoesNotExist",
        ),
        // What YAML makes of it is said once.
        ("mode: protect", "mode: on", "6:9 spec.mode: kubectl reads on as true: write true, or \"on\" for the text"),
    ] {
        assert_eq!(found(&[(right, other)]), [expected], "{other}");
    }
    assert_eq!(found(&[]), [] as [&str; 0]);
    // They come at once, and what is wrong in one member does not hide another.
    let all = found(&[
        ("mode: protect", "mode: 1"),
        ("mutating: true", "mutatin: true"),
        ("{matchExpressions", "{matchLabels: {a: b}, matchExpressions"),
    ]);
    assert_eq!(
        all,
        [
            "6:3 spec.mode: must be a string, found a number",
            "7:3 spec.mutatin: unknown field; did you mean mutating?",
            "10:23 spec.namespaceSelector.matchLabels: the policy acts in all namespaces: \
             Kubewarden passes on only matchExpressions; write it there",
        ]
    );
}

#[test]
fn policies_that_act_too_far_or_not_at_all() {
    let everywhere = "14:7 note: spec.rules[1]: covers pods in all namespaces: narrow it by \
                      namespaceSelector";
    let all = "14:7 note: spec.rules[1]: covers all pods of its namespaces: narrow it by \
               objectSelector or matchConditions";
    let idle = "covers nothing that the policy acts on: CREATE and UPDATE of notebooks in \
                kubeflow.org/v1, v1beta1 or v1alpha1, and CREATE of pods in v1";
    let blank = (SELECTOR, "\n");
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case<'_>; 24] = [
        (
            &[("{matchExpressions: [{key: team, operator: Exists}]}", "{matchLabels: {a: b}}")],
            &["10:23 spec.namespaceSelector.matchLabels: the policy acts in all namespaces: \
               Kubewarden passes on only matchExpressions; write it there"],
        ),
        (
            &[
                ("{matchExpressions: [{key: team, operator: Exists}]}", "{matchLabels: {a: b}}"),
                ("mode: protect", "allowInsideAdmissionControllerNamespace: true"),
            ],
            &[],
        ),
        (&[blank], &[everywhere]),
        (&[(SELECTOR, "  namespaceSelector: {}\n")], &[everywhere]),
        (
            &[(SELECTOR, "  namespaceSelectors: {}\n")],
            &["10:3 spec.namespaceSelectors: unknown field; did you mean namespaceSelector?"],
        ),
        (&[blank, (OF_PODS, "")], &[]),
        (&[(CONDITIONS, "\n")], &[all]),
        (&[(CONDITIONS, "  objectSelector: {matchLabels: {a: b}}\n")], &[]),
        (&[(CONDITIONS, "  objectSelector: {}\n")], &[all]),
        (
            &[blank, (CONDITIONS, "\n")],
            &["14:7 spec.rules[1]: covers all pods in all namespaces, and none is created while \
               the policy server is away: narrow it by namespaceSelector, and by objectSelector or \
               matchConditions"],
        ),
        (
            &[blank, (CONDITIONS, "\n"), ("Fail", "Ignore")],
            &["14:7 note: spec.rules[1]: covers all pods in all namespaces: narrow it by \
               namespaceSelector, and by objectSelector or matchConditions"],
        ),
        (&[blank, ("Cluster", ""), ("ours", "ours, namespace: a")], &[]),
        (
            &[("[notebooks]", "[notebook]")],
            &["13:66 spec.rules[0].resources[0]: the policy is for notebooks and pods, found \
               \"notebook\"; did you mean notebooks?"],
        ),
        (
            &[("[notebooks]", "[notebooks, Pods]")],
            &["13:77 spec.rules[0].resources[1]: the policy is for notebooks and pods, found \
               \"Pods\"; did you mean pods?"],
        ),
        (
            &[("[notebooks]", "[notebooks, tensorboards]")],
            &["13:77 note: spec.rules[0].resources[1]: the policy is for notebooks and pods, and \
               does nothing with tensorboards"],
        ),
        (&[("[notebooks]", "['*']")], &[]),
        (&[("[kubeflow.org]", "[kubeflow.com]")], &[&format!("13:7 note: spec.rules[0]: {idle}")]),
        (&[("[CREATE, UPDATE]", "[DELETE]")], &[&format!("13:7 note: spec.rules[0]: {idle}")]),
        (
            &[("[v1], resources: [notebooks]", "[v2], resources: [notebooks]"), (OF_PODS, "")],
            &[&format!("13:7 spec.rules[0]: {idle}")],
        ),
        (
            &[(OF_NOTEBOOKS, ""), ("pipelinePods: [a]", "pods: []")],
            &["12:3 spec.rules: cover only pods, for which the settings list nothing"],
        ),
        (
            &[("mutating: true", "mutating: false")],
            &["7:3 spec.mutating: in a cluster what the policy would change is refused: write \
               true, or report: true in the settings"],
        ),
        (
            &[("mode: protect", "mode: monitor")],
            &["6:3 note: spec.mode: in a cluster the policy's answer is logged, and the object \
               stays as it is"],
        ),
        (
            &[("mutating: true", "mutating: false"), ("pipelinePods", "report: true, pipelinePods")],
            &["6:3 note: spec.mode: with report: true every object that lacks something is \
               refused: write monitor"],
        ),
        (
            &[
                ("mode: protect", "mode: monitor"),
                ("timeoutSeconds: 5", "backgroundAudit: false"),
                ("pipelinePods", "report: true, pipelinePods"),
            ],
            &["9:3 note: spec.backgroundAudit: the audit scanner passes the policy over, and \
               nobody gets the report: write true"],
        ),
    ];
    for (changes, expected) in cases {
        assert_eq!(found(changes), expected, "{changes:?}");
    }
}

#[test]
fn the_manifests_of_the_project_are_valid() {
    let paths = glob::glob(&testing::project().join("deploy/*.yaml").to_string_lossy()).expect("it is a pattern");
    let mut count = 0;
    for path in paths {
        let path = path.expect("it can be listed");
        let checked = check(&std::fs::read_to_string(&path).expect("it is text"), testing::policy());
        assert_eq!(checked.findings, [], "{}", path.display());
        count += checked.holds.len();
    }
    assert!(count > 10, "found only {count} policies");
}

#[test]
fn proxies_that_not_every_client_understands() {
    let text = "\
dependencies:
  a:
    proxy:
      httpProxy: proxy:3128
      httpsProxy: http://proxy:3128
      noProxy: [localhost, '*.acme.example', '*', .svc]
  b: {proxy: {httpProxy: '', httpsProxy: proxy}, onConflict: Keep}
notebooks: [a]
";
    let found = check(text, testing::policy()).findings;
    let notes: Vec<_> = found.iter().filter(|finding| finding.is_note).map(ToString::to_string).collect();
    let scheme = "some clients refuse a proxy without a scheme: write http:// before it";
    assert_eq!(
        notes,
        [
            format!("4:7 note: dependencies.a.proxy.httpProxy: {scheme}"),
            "6:28 note: dependencies.a.proxy.noProxy[1]: some clients do not know *. and use the \
             proxy: write .acme.example"
                .to_owned(),
            format!("7:30 note: dependencies.b.proxy.httpsProxy: {scheme}"),
        ]
    );
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
