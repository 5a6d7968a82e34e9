//! `policy-host report`: the sample cluster in, what settings would do to it out, by the real module.

mod common;

use std::fs;

use common::{Printed, Workdir};
use policy_host::{
    sample::{Format, Size, write},
    testing::{module_path, policy, project},
};
use serde_json::{Value, json};

const NOTEBOOK: &str = "\
apiVersion: kubeflow.org/v1
kind: Notebook
metadata: {name: churn, namespace: team-a}
spec: {template: {spec: {containers: [{name: churn, image: a, env: [{name: A, value: mine}]}]}}}
";

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {generateName: train-, namespace: team-b}\nspec: {containers: [{name: main}]}\n";

/// One dependency that every notebook gets, and one that is in conflict with [`NOTEBOOK`].
const SETTINGS: &str = "\
dependencies:
  registry: {imagePullSecrets: [{name: gpr}]}
  variable: {env: [{name: A, value: ours}]}
notebooks: [registry, variable]
pods: [registry]
";

fn report(workdir: &Workdir, input: &str, arguments: &[&str]) -> Printed {
    let module = module_path();
    let policy = ["report", "--policy", module.to_str().expect("a path is text"), "--settings-path"];
    workdir.policy_host_reading(input, &[&policy, arguments].concat())
}

fn small(name: &str) -> Workdir {
    let stopped = NOTEBOOK
        .replace("name: churn, namespace", "name: idle, annotations: {kubeflow-resource-stopped: x}, namespace");
    Workdir::new(name)
        .with("settings.yaml", SETTINGS)
        .with("old.yaml", "dependencies: {old: {labels: {a: b}}}\nnotebooks: [old]\n")
        .with("retired.yaml", format!("{SETTINGS}retired: [old]\n"))
        .with("reports.yaml", format!("{SETTINGS}report: true\n"))
        .with("none.yaml", "dependencies: {}\n")
        .with("typo.yaml", manifest("ClusterAdmissionPolicy", "{name: a}", "  mode: protekt\n"))
        .with("notebook.yaml", NOTEBOOK)
        .with("objects/a.yaml", format!("{NOTEBOOK}---\n{stopped}"))
        .with("objects/b/pod.json", yaml_to_json(POD))
        .with("objects/other.yml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
        .with("objects/readme.txt", "not read")
        .with("broken.yaml", format!("{POD}---\na: [\n---\n{POD}"))
}

fn yaml_to_json(text: &str) -> String {
    policy_host::yaml::value(text).expect("it is YAML").to_string()
}

#[test]
fn a_table_for_people() {
    let workdir = small("report-table");
    let printed = report(&workdir, "", &["settings.yaml", "objects"]);
    let expected = "\
NAMESPACE   NAME             STATE     NOW                         RESTARTED             CREATED ANEW
team-a      notebook/churn   running   !variable waits: registry   +registry !variable   refused !variable
   env A of container \"churn\" is set already and differs from what dependency \"variable\" brings
team-a      notebook/idle    stopped   +registry !variable         !variable             refused !variable
   env A of container \"churn\" is set already and differs from what dependency \"variable\" brings
team-b      pod/train-       -         -                           -                     +registry

+ added, ~ updated, - removed, ! in conflict with the user's

DEPENDENCY   WAITS   ADDED   UPDATED   REMOVED   CONFLICTS
registry     1       3       -         -         -
variable     2       -       -         -         2

2 notebooks (1 stopped), 1 pod: 1 changed now, 2 waiting, 1 when stopped and started, 2 with a conflict.
Passed over: 1 ConfigMap.
";
    assert_eq!((printed.stdout.as_str(), printed.stderr.as_str(), printed.code), (expected, "", Some(0)));
    assert_eq!(report(&workdir, "", &["reports.yaml", "objects"]), printed);
}

#[test]
fn which_objects_are_shown_and_what_fails() {
    let workdir = small("report-only");
    let names = |printed: &Printed| -> Vec<String> {
        let report: Value = serde_json::from_str(&printed.stdout).expect("it is JSON");
        let rows = report["objects"].as_array().into_iter().flatten();
        rows.filter_map(|row| row["name"].as_str()).map(str::to_owned).collect()
    };
    let cases: [(&[&str], &[&str], i32); 8] = [
        (&[], &["churn", "idle", "train-"], 0),
        (&["--only", "refused"], &["churn", "idle"], 0),
        (&["--only", "waiting"], &["churn", "idle"], 0),
        (&["--only", "changed"], &["churn", "idle", "train-"], 0),
        (&["--fail-on", "refused"], &["churn", "idle", "train-"], 1),
        (&["--fail-on", "waiting", "--only", "refused"], &["churn", "idle"], 1),
        (&["--fail-on", "refused", "--settings-path", "retired.yaml"], &["churn", "idle", "train-"], 1),
        (
            &["--fail-on", "refused", "--fail-on", "waiting", "--settings-path", "old.yaml"],
            &["churn", "idle", "train-"],
            0,
        ),
    ];
    for (flags, expected, code) in cases {
        let settings: &[&str] =
            if flags.contains(&"--settings-path") { &[] } else { &["--settings-path", "settings.yaml"] };
        let module = module_path();
        let policy = ["report", "--policy", module.to_str().expect("a path is text"), "--output", "json", "objects"];
        let printed = workdir.policy_host(&[&policy[..], settings, flags].concat());
        assert_eq!(
            (names(&printed), printed.code),
            (expected.iter().map(ToString::to_string).collect(), Some(code)),
            "{flags:?}"
        );
    }
}

/// A manifest with [`SETTINGS`] and this in its spec.
fn manifest(kind: &str, metadata: &str, spec: &str) -> String {
    let settings = SETTINGS.replace('\n', "\n    ");
    format!(
        "apiVersion: policies.kubewarden.io/v1\nkind: {kind}\nmetadata: {metadata}\nspec:\n  mutating: true\n{spec}  \
         settings:\n    {settings}\n"
    )
}

const OF_NOTEBOOKS: &str =
    "    - {apiGroups: [kubeflow.org], apiVersions: [v1], resources: [notebooks], operations: [CREATE, UPDATE]}\n";
const OF_PODS: &str = "    - {apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}\n";

/// What a policy is not asked about is counted, and nothing else.
#[test]
fn rules_and_selectors_are_honoured() {
    let labelled = NOTEBOOK.replace("name: churn, n", "name: marked, labels: {app: marked}, n");
    let namespace = |name: &str, labels: &str| {
        format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {labels}}}\n")
    };
    let objects = format!("{NOTEBOOK}---\n{labelled}---\n{POD}");
    let namespaces = namespace("team-a", "{profile: team}") + &namespace("team-b", "{}");
    let both = format!("  rules:\n{OF_NOTEBOOKS}{OF_PODS}");
    let of_profiles =
        format!("{both}  namespaceSelector: {{matchExpressions: [{{key: profile, operator: Exists}}]}}\n");
    let in_team_b = "  namespaceSelector:\n    matchExpressions:\n      \
                     - {key: kubernetes.io/metadata.name, operator: In, values: [team-b]}\n";
    let not_known = "note: not evaluated: namespaceSelector (profile), where the export lacks the Namespace\n";
    let cluster = |spec: &str| manifest("ClusterAdmissionPolicy", "{name: a}", spec);
    let all: &[&str] = &["churn", "marked", "train-"];
    for (policy, export, shown, said) in [
        (cluster(&both), &objects, all, ""),
        (cluster(&format!("  rules:\n{OF_PODS}")), &objects, &["train-"], ""),
        (cluster(&format!("  rules:\n{OF_NOTEBOOKS}")), &objects, &["churn", "marked"], ""),
        // What an export has is not the version that clients use.
        (
            cluster(&format!("  matchPolicy: Exact\n  rules:\n{}", OF_NOTEBOOKS.replace("[v1]", "[v1beta1]"))),
            &objects,
            &["churn", "marked"],
            "",
        ),
        (cluster(&format!("  rules:\n{}", OF_PODS.replace("[CREATE]", "[UPDATE]"))), &objects, &[], ""),
        (cluster(&format!("{both}  objectSelector: {{matchLabels: {{app: marked}}}}\n")), &objects, &["marked"], ""),
        (cluster(&format!("{both}{in_team_b}")), &objects, &["train-"], ""),
        (cluster(&of_profiles), &objects, all, not_known),
        (cluster(&of_profiles), &(objects.clone() + &namespaces), &["churn", "marked"], ""),
        (cluster(&of_profiles), &(objects.clone() + &namespace("team-b", "{}")), &["churn", "marked"], not_known),
        (
            cluster(&format!("{both}  matchConditions: [{{name: ours, expression: 'true'}}]\n")),
            &objects,
            all,
            "note: not evaluated: matchConditions (ours)\n",
        ),
        (
            cluster(&format!("{of_profiles}  matchConditions: [{{name: ours, expression: 'true'}}]\n")),
            &objects,
            all,
            "note: not evaluated: namespaceSelector (profile), where the export lacks the Namespace; matchConditions \
             (ours)\n",
        ),
        (manifest("AdmissionPolicy", "{name: a, namespace: team-b}", &both), &objects, &["train-"], ""),
    ] {
        let workdir = small("report-covered").with("policy.yaml", &policy);
        let printed = report(&workdir, export, &["policy.yaml", "-", "--output", "json"]);
        assert_eq!((printed.stderr.as_str(), printed.code), (said, Some(0)), "{policy}");
        let report: Value = serde_json::from_str(&printed.stdout).expect("it is JSON");
        let rows = report["objects"].as_array().expect("it is a list").iter();
        assert_eq!(rows.map(|row| row["name"].as_str().expect("a text")).collect::<Vec<_>>(), shown, "{policy}");
        assert_eq!(report["notCovered"], all.len() - shown.len(), "{policy}");
        let table = report_text(&workdir, export);
        let sentence = format!("\n{} not covered by the policy's rules and selectors.\n", all.len() - shown.len());
        assert_eq!(table.contains(&sentence), shown != all, "{table}");
    }
}

fn report_text(workdir: &Workdir, export: &str) -> String {
    report(workdir, export, &["policy.yaml", "-"]).stdout
}

#[test]
fn an_operation_that_no_rule_names_changes_nothing() {
    let only = |operation: &str| {
        let rule = OF_NOTEBOOKS.replace("CREATE, UPDATE", operation);
        manifest("ClusterAdmissionPolicy", "{name: a}", &format!("  rules:\n{rule}"))
    };
    for (policy, is_updated, is_created) in [
        (only("CREATE, UPDATE"), true, true),
        (only("UPDATE"), true, false),
        (only("CREATE"), false, true),
        // One that reports is asked about creations, and says what comes of changes.
        (only("CREATE") + "    report: true\n", true, true),
        (only("UPDATE") + "    report: true\n", true, false),
    ] {
        let workdir = small("report-operations").with("policy.yaml", &policy);
        let printed = report(&workdir, NOTEBOOK, &["policy.yaml", "-", "--output", "json"]);
        let report: Value = serde_json::from_str(&printed.stdout).expect("it is JSON");
        let row = &report["objects"][0];
        let outcomes = [&row["now"], &row["restarted"], &row["anew"]].map(|it| *it != json!({"refused": false}));
        assert_eq!(outcomes, [is_updated, is_updated, is_created], "{policy}\n{row:#}");
    }
}

/// Objects go through earlier settings where their policy was asked about them.
#[test]
fn an_earlier_policy_has_rules_too() {
    let now = manifest("ClusterAdmissionPolicy", "{name: a}", &format!("  rules:\n{OF_PODS}"));
    let of_notebooks = manifest("ClusterAdmissionPolicy", "{name: a}", &format!("  rules:\n{OF_NOTEBOOKS}"));
    let workdir = small("report-earlier").with("policy.yaml", &now).with("earlier.yaml", of_notebooks);
    for (from, added) in [("policy.yaml", json!(null)), ("earlier.yaml", json!(["registry"]))] {
        let printed = report(&workdir, POD, &["policy.yaml", "--from", from, "-", "--output", "json"]);
        let report: Value = serde_json::from_str(&printed.stdout).expect("it is JSON");
        assert_eq!(report["objects"][0]["anew"]["added"], added, "{from}");
    }
}

#[test]
fn an_upgrade_is_rehearsed() {
    let workdir = small("report-from");
    let printed = report(&workdir, "", &["retired.yaml", "--from", "old.yaml", "objects", "--output", "json"]);
    let report: Value = serde_json::from_str(&printed.stdout).expect("it is JSON");
    let [running, stopped] = [0, 1].map(|index| report["objects"][index].clone());
    assert_eq!(
        (&running["now"]["waiting"], &running["restarted"]["added"]),
        (&json!(["registry", "variable"]), &json!(["registry"]))
    );
    // Labels restart nothing.
    assert_eq!(running["now"]["removed"], json!(["old"]));
    assert_eq!((&stopped["now"]["removed"], &stopped["state"]), (&json!(["old"]), &json!("stopped")));
}

#[test]
fn what_is_broken_is_named_and_the_others_go_on() {
    let workdir = small("report-broken");
    let printed = report(&workdir, NOTEBOOK, &["settings.yaml", "broken.yaml", "-", "--output", "json"]);
    let report: Value = serde_json::from_str(&printed.stdout).expect("it is JSON");
    assert_eq!(report["objects"].as_array().map(Vec::len), Some(3));
    let broken = "broken.yaml: document 2: line 6, column 4: unclosed bracket '['";
    assert_eq!(report["broken"], json!([broken]));
    assert_eq!((printed.stderr, printed.code), (format!("Error: {broken}\n"), Some(1)));
}

/// What an export says is not what a terminal obeys.
#[test]
fn control_characters_are_not_printed() {
    let workdir = small("report-control");
    let notebook = NOTEBOOK.replace("name: churn, namespace: team-a", "name: \"a\\e[31mb\", namespace: \"c\\r\"");
    let printed = report(&workdir, &notebook, &["settings.yaml", "-"]);
    assert!(printed.stdout.contains("notebook/a\u{fffd}[31mb"), "{printed:?}");
    assert!(!printed.stdout.contains(|c: char| c.is_control() && c != '\n'), "{printed:?}");
}

#[test]
fn what_ends_it() {
    let workdir = small("report-ends");
    for (arguments, error) in [
        (&["none.yaml", "objects"][..], "Error: none.yaml: the settings are not valid: notebooks: is empty"),
        (&["missing.yaml", "objects"], "Error: cannot read missing.yaml: "),
        (
            &["typo.yaml", "objects"],
            "Error: typo.yaml: no cluster would accept this policy: spec.mode: must be protect ",
        ),
        (&["settings.yaml", "missing"], "Error: missing: there is no such file or folder"),
        (&["settings.yaml", "missing/*.yaml"], "Error: no file is named missing/*.yaml"),
        (&["settings.yaml", "--from", "none.yaml", "objects"], "Error: none.yaml: the settings are not valid: "),
    ] {
        let printed = report(&workdir, "", arguments);
        assert_eq!((printed.stdout.as_str(), printed.code), ("", Some(1)), "{arguments:?}");
        assert!(printed.stderr.starts_with(error), "{arguments:?}: {}", printed.stderr);
    }
}

#[test]
fn markdown_for_a_merge_request() {
    let workdir = small("report-markdown");
    let printed =
        report(&workdir, "", &["settings.yaml", "objects/*/pod.json", "notebook.yaml", "--output", "markdown"]);
    let expected = "\
| Namespace | Name | State | Now | Restarted | Created anew |
|---|---|---|---|---|---|
| team-b | pod/train- | - | - | - | +registry |
| team-a | notebook/churn | running | !variable waits: registry | +registry !variable | refused !variable<br>env A \
of container \"churn\" is set already and differs from what dependency \"variable\" brings |

+ added, ~ updated, - removed, ! in conflict with the user's

1 notebook (0 stopped), 1 pod: 0 changed now, 1 waiting, 1 when stopped and started, 1 with a conflict.
";
    assert_eq!(printed.stdout, expected, "{}", printed.stderr);
}

fn cluster(size: Size) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(policy(), size, Format::Yaml, &mut bytes).expect("it is written");
    bytes
}

/// The report on the sample cluster is the one in `test_data/cluster/report.jsonl`, a line for each object, without what
/// the clients are told. `UPDATE=1 cargo test --test report` writes it.
#[test]
fn the_sample_cluster() {
    let path = project().join("test_data/cluster/report.jsonl");
    let workdir =
        Workdir::new("report-cluster").with("cluster.yaml", cluster(Size { notebooks: 400, pods: 200, seed: 1 }));
    let settings = |name: &str| project().join("test_data").join(name).display().to_string();
    let (new, old) = (settings("cluster/new.yaml"), settings("settings.yaml"));
    let printed = report(&workdir, "", &[&new, "--from", &old, "--output", "json", "cluster.yaml"]);
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    let report: Value = serde_json::from_str(&printed.stdout).expect("it is JSON");
    let mut lines = String::new();
    for row in report["objects"].as_array().into_iter().flatten() {
        let mut row = row.clone();
        for outcome in ["now", "restarted", "anew"] {
            if let Some(outcome) = row[outcome].as_object_mut() {
                outcome.remove("messages");
            }
        }
        lines.push_str(&format!("{row}\n"));
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &lines).expect("it can be written");
    }
    let expected = fs::read_to_string(&path).expect("it is there");
    for (number, (found, expected)) in lines.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}", number + 1);
    }
    assert_eq!(lines.lines().count(), expected.lines().count());
}

/// What the documentation shows of a report is one on this cluster.
#[test]
fn the_small_cluster_is_made() {
    let small = fs::read(project().join("test_data/cluster/small.yaml")).expect("it is there");
    assert!(small == cluster(Size { notebooks: 9, pods: 3, seed: 3 }), "run `make test_data/cluster/small.yaml`");
}
