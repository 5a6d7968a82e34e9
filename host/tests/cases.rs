//! `policy-host test`: the cases of this project, and the command itself.

mod common;

use std::fs;

use common::{Printed, Workdir, answering, answering_all};
use policy_host::testing::{module_path, project};
use serde_json::{Value, json};

/// What the guests are asked about.
const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: team-a}, \
    spec: {containers: [{name: main, image: a}, {name: side}]}}";

/// What the guest that mutates makes of it, and what it says.
const MUTATED: &str = concat!(
    r#"{"accepted":true,"mutated_object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"team-a"},"#,
    r#""spec":{"containers":[{"name":"main","image":"a","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]},"#,
    r#"{"name":"side"}],"imagePullSecrets":[{"name":"s"}]}},"warnings":["one thing","another"],"#,
    r#""audit_annotations":{"dependencies":"proxy,registry","deferred":"trust"}}"#
);

fn workdir(name: &str) -> Workdir {
    Workdir::new(name)
        .with("annotated-policy.wasm", answering(MUTATED))
        .with("accepts.wat", answering(r#"{"accepted":true}"#))
        .with("rejects.wat", answering(r#"{"accepted":false,"message":"no: a conflict","code":422,"warnings":["w"]}"#))
        .with("refuses.wat", answering_all("{}", r#"{"valid":false,"message":"names: found none"}"#, r#""v1""#))
        .with("pod.yaml", POD)
}

/// A file with a case about the pod for each of `expected`; it is called by that.
fn expecting(expected: &[&str]) -> String {
    let cases = expected.iter().map(|expected| {
        let name = Value::from(*expected);
        format!("- name: {name}\n  object: pod.yaml\n  expect: {expected}\n")
    });
    format!("settings: {{}}\ncases:\n{}", cases.collect::<String>())
}

/// What failed, by case.
fn failures(workdir: &Workdir, arguments: &[&str]) -> Vec<(String, Vec<String>)> {
    let Printed { code, stdout, stderr } = workdir.policy_host(&[&["test", "--output", "json"], arguments].concat());
    let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"));
    let cases = report["files"].as_array().into_iter().flatten().flat_map(|file| file["cases"].as_array());
    let failures: Vec<_> = cases
        .flatten()
        .map(|case| {
            let failures = case["failures"].as_array().into_iter().flatten();
            let failures = failures.filter_map(|failure| failure.as_str().map(str::to_owned)).collect::<Vec<_>>();
            assert_eq!(case["passed"], failures.is_empty(), "{case}");
            (case["name"].as_str().unwrap_or_default().to_owned(), failures)
        })
        .collect();
    let is_fine = failures.iter().all(|(_, failures)| failures.is_empty());
    assert_eq!((code, stderr.as_str()), (Some(i32::from(!is_fine)), ""), "{stdout}");
    failures
}

#[test]
fn the_cases_of_this_project_pass() {
    let [deploy, test_data, policy] =
        [project().join("deploy"), project().join("test_data"), module_path()].map(|path| path.display().to_string());
    let Printed { code, stdout, stderr } =
        Workdir::new("cases-own").policy_host(&["test", &deploy, &test_data, "--policy", &policy, "--fail-only"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.ends_with(" passed\n") && stdout.lines().count() == 1, "{stdout}");
}

#[test]
fn every_manifest_is_tried_and_so_is_every_pod() {
    let cases = fs::read_to_string(project().join("deploy/tests/policy-test.yaml")).expect("the file is there");
    for (folder, member) in [("deploy", "settings: ../"), ("test_data/pods", "object: ../../test_data/pods/")] {
        for file in fs::read_dir(project().join(folder)).expect("the folder is there") {
            let file = file.expect("it can be read");
            // A policy server has nothing to be tried.
            if file.path().is_file() && file.file_name() != "policy-server.yaml" {
                let wanted = format!("{member}{}\n", file.file_name().to_string_lossy());
                assert!(cases.contains(&wanted), "no case has {wanted}");
            }
        }
    }
}

#[test]
fn what_came_is_held_against_what_is_expected() {
    let patch = concat!(
        r#"[{op: add, path: /spec/imagePullSecrets, value: [{name: s}]}, "#,
        r#"{op: add, path: /spec/containers/0/env, value: [{name: A, value: "1"}, {name: B, value: "2"}]}]"#
    );
    let patch = format!("{{patch: {patch}}}");
    let table: &[(&str, &[&str])] = &[
        ("{object: pod-after.yaml}", &[]),
        ("{object: none.yaml}", &["object: there is no none.yaml; --update writes it"]),
        ("{contains: {}}", &[]),
        ("{contains: {spec: {imagePullSecrets: [{name: s}], volumes: null, nodeName: null}}}", &[]),
        ("{contains: {spec: {containers: [{name: side}]}}}", &[]),
        ("{contains: {spec: {containers: [{image: a, env: [{name: B}]}, {name: side, env: null}]}}}", &[]),
        ("{contains: contained.yaml}", &[]),
        (
            "{contains: {spec: {volumes: [], imagePullSecrets: null}}}",
            &[
                r#"contains: spec.imagePullSecrets: is there, expected none, found [{"name":"s"}]"#,
                "contains: spec.volumes: is missing, expected []",
            ],
        ),
        (
            "{contains: {spec: {containers: [{name: main, image: b, env: [{name: A, value: 1}, {name: C}]}]}}}",
            &[
                r#"contains: spec.containers[main].env[A].value: expected 1, found "1""#,
                r#"contains: spec.containers[main].env: none of 2 has {"name":"C"}"#,
                r#"contains: spec.containers[main].image: expected "b", found "a""#,
            ],
        ),
        (
            "{contains: {spec: {containers: [{name: side}, {name: main}]}}}",
            &[r#"contains: spec.containers: {"name":"main"} is there, but earlier than this order has it"#],
        ),
        (
            "{contains: {spec: {imagePullSecrets: [{name: s}, {name: s}]}}}",
            &[r#"contains: spec.imagePullSecrets: {"name":"s"} is there, but earlier than this order has it"#],
        ),
        (&patch, &[]),
        ("{unchanged: false}", &[]),
        ("{added: [registry, proxy], waiting: [trust], removed: [], leftOut: []}", &[]),
        (
            "{added: [registry], waiting: [], removed: [trust]}",
            &[
                "added: expected [registry], found [proxy, registry]",
                "removed: expected [trust], found []",
                "waiting: expected [], found [trust]",
            ],
        ),
        ("{warnings: [thing, another, one]}", &[]),
        ("{warnings: [thing, nothing]}", &["warnings: \"nothing\" is in none; found\n  one thing\n  another"]),
        ("{warnings: []}", &["warnings: none is expected, found\n  one thing\n  another"]),
        ("{refused: []}", &["refused: it is accepted"]),
    ];
    let cases: Vec<&str> = table.iter().map(|(expected, _)| *expected).collect();
    let after = serde_json::from_str::<Value>(MUTATED).expect("it is JSON")["mutated_object"].to_string();
    let workdir = workdir("cases-expected")
        .with("policy-test.yaml", expecting(&cases))
        .with("pod-after.yaml", after)
        .with("contained.yaml", "spec:\n  containers:\n  - name: main\n");
    let found = failures(&workdir, &[]);
    assert_eq!(found.len(), table.len());
    for ((name, found), (expected, failures)) in found.iter().zip(table) {
        assert_eq!((name.as_str(), found.join("\n")), (*expected, failures.join("\n")));
    }
}

#[test]
fn what_is_refused_and_what_is_left_alone() {
    let refusals: &[(&str, &[&str])] = &[
        ("{refused: []}", &[]),
        ("{refused: [conflict, \"no:\"]}", &[]),
        ("{refused: [conflict, volume], warnings: [w]}", &["refused: not with \"volume\", but: no: a conflict"]),
        ("{refused: [], warnings: []}", &["warnings: none is expected, found\n  w"]),
        ("{unchanged: true}", &["it is refused: no: a conflict"]),
        ("{object: none.yaml, added: [registry]}", &["it is refused: no: a conflict"]),
    ];
    let untouched: &[(&str, &[&str])] = &[
        ("{unchanged: true, warnings: [], added: []}", &[]),
        ("{object: pod.yaml}", &[]),
        ("{patch: []}", &[]),
        ("{unchanged: false}", &["unchanged: nothing is changed"]),
        ("{warnings: [w]}", &["warnings: \"w\" is in none; found no warning"]),
    ];
    for (guest, table) in [("rejects.wat", refusals), ("accepts.wat", untouched)] {
        let cases: Vec<&str> = table.iter().map(|(expected, _)| *expected).collect();
        let workdir = workdir(&format!("cases-{guest}")).with("policy-test.yaml", expecting(&cases));
        // What is refused is not written either.
        let found = failures(&workdir, &["--policy", guest, "--update"]);
        assert_eq!(found.len(), table.len());
        for ((name, found), (expected, failures)) in found.iter().zip(table) {
            assert_eq!((name.as_str(), found.join("\n")), (*expected, failures.join("\n")), "{guest}");
        }
        assert!(!workdir.path("none.yaml").exists());
    }
}

#[test]
fn what_cannot_be_tried_fails() {
    let one = |members: &str| format!("cases: [{{name: one, expect: {{warnings: []}}, {members}}}]");
    for (name, members, policy, expected) in [
        ("settings", "settings: {}, object: pod.yaml", "refuses.wat", "the settings are not valid: names: found none"),
        (
            "settings in a file",
            "settings: list.yaml, object: pod.yaml",
            "accepts.wat",
            "list.yaml: the settings are a list, not an object",
        ),
        (
            "settings of a manifest without any",
            "settings: pods.yaml, object: pod.yaml",
            "accepts.wat",
            "pods.yaml: of several documents one must be a policy, found 0",
        ),
        (
            "no manifest",
            "settings: {}, object: {}",
            "accepts.wat",
            "object: apiVersion: must be a string, as in any manifest",
        ),
        (
            "two objects",
            "settings: {}, object: pods.yaml",
            "accepts.wat",
            "pods.yaml: one document is expected, found 2",
        ),
        (
            "a file that is malformed",
            "settings: {}, object: half.yaml",
            "accepts.wat",
            "half.yaml:1:4: unclosed bracket",
        ),
        (
            "an upgrade from what refuses",
            "settings: {}, upgradeFrom: {}, object: pod.yaml",
            "rejects.wat",
            "upgradeFrom: these settings refuse the object (422): no: a conflict",
        ),
        ("no file", "settings: {}, object: none.yaml", "accepts.wat", "cannot read none.yaml: "),
    ] {
        let workdir = workdir("cases-untried")
            .with("list.yaml", "[]")
            .with("half.yaml", "a: [")
            .with("pods.yaml", format!("{POD}\n---\n{POD}\n"))
            .with("policy-test.yaml", one(members));
        let found = failures(&workdir, &["--policy", policy]);
        let [(_, failures)] = &found[..] else { panic!("one case: {found:?}") };
        assert!(matches!(&failures[..], [failure] if failure.starts_with(expected)), "{name}: {failures:?}");
    }
}

const DIFFERENCE: &str = "\
policy-test.yaml
  FAIL  a pod (line 3)
        object: it differs
        --- expected
        +++ found
        @@ -5,6 +5,13 @@
           namespace: team-a
         spec:
           containers:
        -  - image: a
        +  - env:
        +    - name: A
        +      value: \"1\"
        +    - name: B
        +      value: \"2\"
        +    image: a
             name: main
           - name: side
        +  imagePullSecrets:
        +  - name: s
  PASS  another
2 cases: 1 passed, 1 failed
";

#[test]
fn a_person_sees_the_difference() {
    let cases = format!(
        "settings: {{}}\ncases:\n- name: a pod\n  object: pod.yaml\n  expect: {{object: {POD}}}\n\
        - {{name: another, object: pod.yaml, expect: {{warnings: [one]}}}}\n"
    );
    let workdir = workdir("cases-difference").with("policy-test.yaml", cases);
    let shown = |arguments: &[&str]| {
        let Printed { code, stdout, stderr } =
            workdir.policy_host(&[&["test", "policy-test.yaml"], arguments].concat());
        assert_eq!((code, stderr.as_str()), (Some(1), ""), "{stdout}");
        stdout
    };
    assert_eq!(shown(&[]), DIFFERENCE);
    assert_eq!(shown(&["--fail-only"]), DIFFERENCE.replace("  PASS  another\n", ""));
    // It stands in the file of cases, which a person wrote.
    assert_eq!(shown(&["--update"]), DIFFERENCE);
    let coloured = shown(&["--color", "always"]);
    for line in ["\u{1b}[31mFAIL\u{1b}[0m  a pod (line 3)", "        \u{1b}[32m+  - name: s\u{1b}[0m", "\u{1b}[32mPASS"]
    {
        assert!(coloured.contains(line), "{line}: {coloured}");
    }
}

#[test]
fn what_came_is_written_where_the_whole_object_is_expected() {
    let workdir = workdir("cases-update")
        .with(
            "policy-test.yaml",
            expecting(&["{object: new/after.yaml}", "{object: differs.yaml}", "{object: same.yaml}"]),
        )
        .with("differs.yaml", "# A pod,\n# afterwards.\na: b\n# of before\n")
        .with("same.yaml", serde_json::from_str::<Value>(MUTATED).expect("JSON")["mutated_object"].to_string());
    let Printed { code, stdout, stderr } = workdir.policy_host(&["test", "policy-test.yaml", "--update"]);
    let expected = "\
policy-test.yaml
  PASS  {object: new/after.yaml}
        wrote new/after.yaml
  PASS  {object: differs.yaml}
        wrote differs.yaml
  PASS  {object: same.yaml}
3 cases: 3 passed, 2 written
";
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), expected, ""));
    let read = |name: &str| fs::read_to_string(workdir.path(name)).expect(name);
    let written = read("new/after.yaml");
    assert!(written.starts_with("apiVersion: v1\nkind: Pod\n"), "{written}");
    assert_eq!(read("differs.yaml"), format!("# A pod,\n# afterwards.\n{written}"));
    assert!(read("same.yaml").starts_with('{'), "what is right is left as it is spelt");
    let again = workdir.policy_host(&["test", "--fail-only", "--update"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), "3 cases: 3 passed\n"));
}

#[test]
fn two_cases_do_not_write_over_one_another() {
    let other = POD.replace("name: p,", "name: q,");
    let cases = format!(
        "settings: {{}}\ncases:\n- {{name: p, object: pod.yaml, expect: {{object: after.yaml}}}}\n\
        - {{name: q, object: {other}, expect: {{object: after.yaml}}}}\n"
    );
    let workdir = workdir("cases-update-twice").with("policy-test.yaml", cases);
    let found = failures(&workdir, &["--update", "--policy", "accepts.wat"]);
    let expected = r#"object: after.yaml was written for "p" already, which expects another"#.to_owned();
    assert_eq!(found, [("p".to_owned(), vec![]), ("q".to_owned(), vec![expected])]);
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let malformed = "\
setting: settings.yaml
cases:
  - name: one
    object: pod.yaml
    event: restart
    upgrade-from: old.yaml
    expect: {objct: pod.yaml, unchanged: yes, warnings: word}
  - name: one
    settings: {}
    object: [pod.yaml]
    oldObject: pod.yaml
    event: touch
    upgradeFrom: {}
    expect: {refused: [''], object: {}, added: []}
  - name: one
    settings: {}
    object: {}
    expect: {warnings: []}
  - name: one
    settings: {}
    object: {}
    expect: {}
  - name: two
    settings: {}
    object: {}
  - {}
  - word
";
    let expected = "\
malformed/policy-test.yaml
  MALFORMED malformed/policy-test.yaml:1:1 setting: unknown field; did you mean settings?
  MALFORMED malformed/policy-test.yaml:3:5 cases[0]: settings: is missing, here and in the whole file
  MALFORMED malformed/policy-test.yaml:5:5 cases[0].event: must be create, touch, stop or start, found \"restart\"
  MALFORMED malformed/policy-test.yaml:6:5 cases[0].upgrade-from: unknown field; did you mean upgradeFrom?
  MALFORMED malformed/policy-test.yaml:7:14 cases[0].expect.objct: unknown field; did you mean object?
  MALFORMED malformed/policy-test.yaml:7:42 cases[0].expect.unchanged: kubectl reads yes as true: write true, or \"yes\" for the text
  MALFORMED malformed/policy-test.yaml:7:47 cases[0].expect.warnings: must be a list of non-empty strings
  MALFORMED malformed/policy-test.yaml:10:5 cases[1].object: must be the name of a file, or an object
  MALFORMED malformed/policy-test.yaml:12:5 cases[1].event: cannot be combined with oldObject, which makes the case an UPDATE
  MALFORMED malformed/policy-test.yaml:13:5 cases[1].upgradeFrom: cannot be combined with oldObject, which makes the case an UPDATE
  MALFORMED malformed/policy-test.yaml:14:14 cases[1].expect.refused: must be a list of non-empty strings
  MALFORMED malformed/policy-test.yaml:14:29 cases[1].expect.object: cannot be combined with refused: nothing is done to the object then
  MALFORMED malformed/policy-test.yaml:14:41 cases[1].expect.added: cannot be combined with refused: nothing is done to the object then
  MALFORMED malformed/policy-test.yaml:19:5 cases[3].name: the case in line 15 has it too
  MALFORMED malformed/policy-test.yaml:22:5 cases[3].expect: must say what is expected
  MALFORMED malformed/policy-test.yaml:23:5 cases[4]: expect: is missing
  MALFORMED malformed/policy-test.yaml:26:5 cases[5].name: must be a string that says what the case is about
  MALFORMED malformed/policy-test.yaml:26:5 cases[5]: object: is missing
  MALFORMED malformed/policy-test.yaml:26:5 cases[5]: settings: is missing, here and in the whole file
  MALFORMED malformed/policy-test.yaml:26:5 cases[5]: expect: is missing
  MALFORMED malformed/policy-test.yaml:27:5 cases[6]: must be an object with some of name, object, event, oldObject, upgradeFrom, settings, expect
right/policy-test.yaml
  PASS  {warnings: [one]}
1 case: 1 passed, 1 file malformed
";
    let workdir = workdir("cases-malformed")
        .with("malformed/policy-test.yaml", malformed)
        .with("right/policy-test.yaml", expecting(&["{warnings: [one]}"]))
        .with("right/pod.yaml", POD);
    let Printed { code, stdout, stderr } = workdir.policy_host(&["test", "malformed", "right"]);
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    assert_eq!(stdout, expected);
    for (name, text, expected) in [
        ("nothing", "", "none.yaml:1:1 no document, where one is expected"),
        (
            "a member of a manifest twice",
            "cases: [{name: a, settings: {}, object: {mode: 0644, spec: {}, spec: {a: b}}, expect: {warnings: []}}]",
            "none.yaml:1:64 cases[0].object.spec: stands here twice, first in line 1: the last one counts",
        ),
        ("no cases", "settings: {}", "none.yaml:1:1 cases: must be a list of cases"),
        ("cases that are none", "cases: []", "none.yaml:1:1 cases: must be a list of cases"),
        ("no YAML", "cases: [", "none.yaml:1:8 unclosed bracket '['"),
        ("another document", "cases: []\n---\na: b", "none.yaml:2:1 a second document, where one is expected"),
        ("a malformed document", "cases: []\n---\na: [", "none.yaml:3:4 unclosed bracket '['"),
        (
            "a member twice",
            "settings: {}\nsettings: {a: b}\ncases: [{name: a, object: {}, expect: {warnings: []}}]",
            "none.yaml:2:1 settings: stands here twice, first in line 1: the last one counts",
        ),
    ] {
        let workdir = Workdir::new("cases-malformed-whole")
            .with("annotated-policy.wasm", answering("{}"))
            .with("none.yaml", text);
        let Printed { code, stdout, .. } = workdir.policy_host(&["test", "none.yaml"]);
        let found = stdout.lines().find_map(|line| line.strip_prefix("  MALFORMED "));
        assert_eq!((code, found), (Some(1), Some(expected)), "{name}: {stdout}");
        assert!(stdout.ends_with("0 cases: 0 passed, 1 file malformed\n"), "{name}: {stdout}");
    }
}

#[test]
fn which_files_and_cases_are_tried() {
    let workdir = workdir("cases-found")
        .with("b/policy-test.yaml", expecting(&["{warnings: [one]}", "{warnings: [another]}"]))
        .with("b/pod.yaml", POD)
        .with("a/deep/policy-test.yaml", expecting(&["{added: [proxy, registry]}"]))
        .with("a/deep/pod.yaml", POD)
        .with(".hidden/policy-test.yaml", "malformed")
        .with("empty/other-test.yaml", "malformed")
        .with("named.yaml", expecting(&["{refused: []}"]));
    let names = |arguments: &[&str]| -> Vec<String> {
        failures(&workdir, arguments).into_iter().map(|(name, _)| name).collect()
    };
    let [one, another, added] = ["{warnings: [one]}", "{warnings: [another]}", "{added: [proxy, registry]}"];
    assert_eq!(names(&[]), [added, one, another]);
    assert_eq!(names(&["b", "a", "b/policy-test.yaml"]), [added, one, another]);
    assert_eq!(names(&["named.yaml"]), ["{refused: []}"]);
    assert_eq!(names(&["--name", "another"]), [another]);
    for (arguments, expected) in [
        (&["empty", ".hidden/none"][..], "Error: there is no .hidden/none\n"),
        (&["empty"], "Error: there is no policy-test.yaml below empty\n"),
        (&["a", "--name", "nobody"], "Error: no case has \"nobody\" in its name\n"),
        (
            &["a", "--policy", "none.wasm"],
            "Error: cannot read the policy none.wasm: No such file or directory (os error 2)\n",
        ),
    ] {
        let Printed { code, stdout, stderr } = workdir.policy_host(&[&["test"], arguments].concat());
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(1), "", expected));
    }
}

#[test]
fn reports_for_programs() {
    let workdir = workdir("cases-reports")
        .with("a/policy-test.yaml", "cases: 1")
        .with("b.yaml", expecting(&["{warnings: [one]}", "{added: [\"<&\"]}", "{object: after.yaml}"]));
    let printed = |what| {
        let Printed { code, stdout, stderr } =
            workdir.policy_host(&["test", "a", "b.yaml", "--update", "--output", what]);
        assert_eq!((code, stderr.as_str()), (Some(1), ""), "{stdout}");
        stdout
    };
    let problem = "a/policy-test.yaml:1:1 cases: must be a list of cases";
    let failure = "added: expected [<&], found [proxy, registry]";
    let case = |name, line, failures: &[&str], written: Option<&str>| json!({"name": name, "line": line, "passed": failures.is_empty(), "failures": failures, "written": written});
    let expected = json!({
        "passed": 2, "failed": 1, "malformed": 1, "written": 1,
        "files": [
            {"file": "a/policy-test.yaml", "problems": [problem], "cases": []},
            {"file": "b.yaml", "problems": [], "cases": [
                case("{warnings: [one]}", 3, &[], None),
                case("{added: [\"<&\"]}", 6, &[failure], None),
                case("{object: after.yaml}", 9, &[], Some("after.yaml")),
            ]},
        ],
    });
    assert_eq!(serde_json::from_str::<Value>(&printed("json")).expect("it is JSON"), expected);
    let expected = format!(
        "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites>
  <testsuite name=\"a/policy-test.yaml\" tests=\"1\" failures=\"1\">
    <testcase classname=\"a/policy-test.yaml\" name=\"the file is readable\">
      <failure message=\"{problem}\">{problem}</failure>
    </testcase>
  </testsuite>
  <testsuite name=\"b.yaml\" tests=\"3\" failures=\"1\">
    <testcase classname=\"b.yaml\" name=\"{{warnings: [one]}}\"/>
    <testcase classname=\"b.yaml\" name=\"{{added: [&quot;&lt;&amp;&quot;]}}\">
      <failure message=\"added: expected [&lt;&amp;], found [proxy, registry]\">\
added: expected [&lt;&amp;], found [proxy, registry]</failure>
    </testcase>
    <testcase classname=\"b.yaml\" name=\"{{object: after.yaml}}\"/>
  </testsuite>
</testsuites>
"
    );
    assert_eq!(printed("junit"), expected);
}
