//! What the policy accepts as settings, added to an object that the API server takes, gives one that it takes too.
//!
//! Settings are drawn (`draw.rs`) by the policy's own table of types. Those that it accepts are added to valid objects
//! (`objects.rs`). What comes of that must be as the published schemas have it (`published.rs`), as the API server asks
//! beside them (`pods/`), and for a Notebook as its CustomResourceDefinition has it (`notebooks.rs`). These rules are
//! written anew here, without the policy's own knowledge of them, so that what it does not know is found.
//!
//! Two tables are for people to read: `invalid.yaml` has a pod for each rule, and `together.yaml` has the rules that an
//! object need not keep though its settings were accepted, with the reason.
//!
//! A run is the same each time. `CASES=100000 cargo test --test api_server` draws more.

mod draw;
mod notebooks;
mod objects;
mod pods;
mod published;
mod words;

#[allow(dead_code, reason = "they are those of the local host's sample cluster, which throws them for more")]
#[path = "../../../host/src/sample/dice.rs"]
mod dice;

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use mutatingflow::settings::fields::FIELDS;
use mutatingflow::{admit, settings};
use serde_json::{Value, json};

use dice::Dice;
use draw::{Draw, targets};
use objects::{Request, pod_of};
use published::Published;

/// How many settings are drawn, if `CASES` does not say.
const CASES: u64 = 1_500;

/// What is wrong with an object, rule by rule, each with where that is.
fn problems(published: &Published, object: &Value) -> Vec<(String, String)> {
    let pod = pod_of(object);
    let mut found: Vec<_> =
        published.problems(&pod).into_iter().map(|problem| ("the published schema".to_owned(), problem)).collect();
    let mut more = pods::problems(&pod);
    if object["kind"] == "Notebook" {
        more.extend(notebooks::problems(&pod["spec"]));
    }
    found.extend(more.into_iter().map(|problem| (problem.rule.to_owned(), problem.path)));
    found
}

/// Whether the policy takes the settings.
fn are_accepted(settings: &Value) -> bool {
    settings::problems(settings.to_string().as_bytes()).is_none()
}

/// The object that the policy makes of the one in the request, where it accepts it and changes something.
fn mutated(request: &Value, settings: &Value) -> Option<Value> {
    let payload = json!({"request": request, "settings": settings});
    let answer = admit::validate(payload.to_string().as_bytes()).into_json();
    let mut answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
    Some(answer["mutated_object"].take()).filter(|object| object.is_object())
}

/// What the settings bring and what the user wrote, each right by itself, and not together: a row of `together.yaml`.
struct Together {
    rule: String,
    /// Whether it takes no more than the settings: a bare object does not keep the rule either.
    is_seen_on_bare: bool,
    row: Value,
}

fn together() -> Vec<Together> {
    let rows: Vec<Value> = yaml_serde::from_str(include_str!("together.yaml")).unwrap();
    let of = |row: Value| Together {
        rule: row["rule"].as_str().unwrap().to_owned(),
        is_seen_on_bare: row["kind"] != "user",
        row,
    };
    rows.into_iter().map(of).collect()
}

/// What a run saw.
#[derive(Default)]
struct Run {
    drawn: u64,
    accepted: u64,
    /// How many objects were checked that the policy had changed.
    checked: u64,
    /// By rule of `together.yaml`, how many objects did not keep it.
    together: BTreeMap<String, u64>,
    /// What is wrong, each with the settings and the object that show it in the fewest words.
    findings: BTreeMap<String, String>,
    /// By field, how many dependencies with it were accepted.
    fields: BTreeMap<String, u64>,
}

/// What settings are tried with.
struct Tried {
    published: Published,
    requests: Vec<Request>,
    together: Vec<Together>,
}

impl Tried {
    fn new() -> Self {
        Tried { published: Published::new(), requests: objects::all(), together: together() }
    }

    /// Adds accepted settings to the bare object of a list, and to some others. A Notebook is stopped then, under the
    /// settings that come next, if there are any: what was added is replaced, or taken away.
    fn add(&self, settings: &Value, next: Option<&Value>, list: &str, dice: &mut Dice, run: &mut Run) {
        let of_list: Vec<_> = self.requests.iter().filter(|request| request.list == list).collect();
        let (bare, others): (Vec<_>, Vec<_>) =
            of_list.into_iter().partition(|request| request.name.starts_with("bare"));
        let tried: Vec<_> = bare.into_iter().chain((0..2).map(|_| dice.one_of(&others))).collect();
        for request in tried {
            let Some(object) = mutated(&request.request, settings) else { continue };
            self.check(&object, request, &format!("with\n{settings}"), run);
            if let Some(next) = next.filter(|_| list == "notebooks")
                && let Some(object) = mutated(&request.stopping(&object), next)
            {
                self.check(&object, request, &format!("after\n{settings}\nwith\n{next}"), run);
            }
        }
    }

    /// Checks an object that was made of the one in a request; `how` says by which settings.
    fn check(&self, object: &Value, request: &Request, how: &str, run: &mut Run) {
        run.checked += 1;
        let is_bare = request.name.starts_with("bare");
        for (rule, path) in problems(&self.published, object) {
            if self.together.iter().any(|it| it.rule == rule && (it.is_seen_on_bare || !is_bare)) {
                *run.together.entry(rule).or_default() += 1;
                continue;
            }
            let shown = format!("{path}, in {}, {how}", request.name);
            let known = run.findings.entry(rule).or_insert_with(|| shown.clone());
            if shown.len() < known.len() {
                *known = shown;
            }
        }
    }
}

/// The dependency in settings that are right where it is.
fn settings_of(dependencies: &[&Value], list: &str) -> Value {
    let named: BTreeMap<_, _> = dependencies.iter().enumerate().map(|(at, it)| (format!("d{at}"), *it)).collect();
    json!({"dependencies": named, list: named.keys().collect::<Vec<_>>()})
}

/// Draws so many settings, and adds those that are accepted.
fn run(cases: u64) -> Run {
    let (tried, targets) = (Tried::new(), targets());
    let mut run = Run::default();
    let mut before: BTreeMap<&str, Value> = BTreeMap::new();
    for case in 0..cases {
        let target = targets[usize::try_from(case).unwrap() % targets.len()];
        let mut dice = Dice::of(15, &format!("{case} {}", target.name()));
        let odd = dice.one_of(&[0, 0, 1, 1, 3, 10]);
        let list = dice.one_of(&["pods", "pods", "pipelinePods", "notebooks"]);
        let dependency = Draw { dice: &mut dice, targets: &targets, odd }.dependency(target);
        let settings = settings_of(&[&dependency], list);
        let is_accepted = are_accepted(&settings);
        run.drawn += 1;
        if !is_accepted {
            continue;
        }
        run.accepted += 1;
        for field in dependency.as_object().unwrap().keys() {
            *run.fields.entry(field.clone()).or_default() += 1;
        }
        let next = before.get(list).map(|before| settings_of(&[before], list));
        tried.add(&settings, next.as_ref(), list, &mut dice, &mut run);
        if let Some(before) = before.get(list) {
            let both = settings_of(&[before, &dependency], list);
            run.drawn += 1;
            if are_accepted(&both) {
                run.accepted += 1;
                tried.add(&both, None, list, &mut dice, &mut run);
            }
        }
        before.insert(list, dependency);
    }
    run
}

#[test]
fn what_is_accepted_gives_valid_objects() {
    let cases = env::var("CASES").map_or(CASES, |cases| cases.parse().expect("CASES is a number"));
    let run = run(cases);
    println!("{} drawn, {} accepted, {} objects checked", run.drawn, run.accepted, run.checked);
    println!("not together: {:#?}", run.together);
    assert!(run.accepted * 3 > run.drawn && run.checked > run.accepted, "too few are accepted");
    for field in FIELDS.iter().filter(|field| field.within.is_none()) {
        let count = run.fields.get(field.name).copied().unwrap_or_default();
        assert!(count >= 3, "{}: {count}", field.name);
    }
    let findings: Vec<_> = run.findings.iter().map(|(rule, shown)| format!("{rule}: {shown}")).collect();
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n\n"));
}

/// So that settings are not drawn in vain, and none of the table is left out: each member of each object is in settings
/// that are accepted, and in some that are refused.
#[test]
fn everything_is_drawn_and_taken() {
    let targets = targets();
    for (at, target) in targets.iter().enumerate() {
        let mut outcomes = BTreeSet::new();
        for case in 0..200 {
            let mut dice = Dice::of(case, &at.to_string());
            let dependency = Draw { dice: &mut dice, targets: &targets, odd: 3 }.dependency(*target);
            let list = if case % 4 == 0 { "notebooks" } else { "pods" };
            outcomes.insert(are_accepted(&settings_of(&[&dependency], list)));
            if outcomes.len() == 2 {
                break;
            }
        }
        assert_eq!(outcomes.len(), 2, "{}: {outcomes:?}", target.name());
    }
}

#[test]
fn valid_objects_are_valid() {
    let published = Published::new();
    for request in objects::all() {
        assert_eq!(problems(&published, request.object()), [], "{}", request.name);
    }
}

/// The objects of `together.yaml` are those of `objects.yaml`, by name.
#[test]
fn what_is_not_valid_together_is_seen_so() {
    let tried = Tried::new();
    let rules: BTreeSet<_> = tried.together.iter().map(|it| &it.rule).collect();
    assert_eq!(rules.len(), tried.together.len(), "a rule is there twice");
    for Together { rule, is_seen_on_bare, row } in &tried.together {
        let settings = &row["settings"];
        assert_eq!(settings::problems(settings.to_string().as_bytes()), None, "{rule}");
        let request = tried.requests.iter().find(|request| row["object"] == *request.name);
        let request = request.unwrap_or_else(|| panic!("{rule}: there is no such object"));
        let object = mutated(&request.request, settings).unwrap_or_else(|| panic!("{rule}: nothing is added"));
        let found: BTreeSet<_> = problems(&tried.published, &object).into_iter().map(|(rule, _)| rule).collect();
        assert!(found.contains(rule), "{rule}: {found:?}");
        assert_eq!(request.name.starts_with("bare"), *is_seen_on_bare, "{rule}");
    }
}

/// The object that a row of `invalid.yaml` is about.
fn invalid(row: &Value) -> Value {
    let mut spec = json!({"containers": [{"name": "main", "image": "a"}]});
    let lay = |over: &mut Value, members: &Value| {
        for (key, value) in members.as_object().into_iter().flatten() {
            over[key] = value.clone();
        }
    };
    lay(&mut spec["containers"][0], &row["container"]);
    lay(&mut spec, &row["spec"]);
    if row["init"].is_object() {
        spec["initContainers"] = json!([row["init"]]);
    }
    let mut metadata = json!({});
    lay(&mut metadata, &row["metadata"]);
    match row["notebook"] == true {
        true => json!({"kind": "Notebook", "metadata": metadata, "spec": {"template": {"spec": spec}}}),
        false => json!({"kind": "Pod", "metadata": metadata, "spec": spec}),
    }
}

/// Every rule refuses an object that keeps all others, so that a rule that never holds is found, and so is one that
/// always does.
#[test]
fn every_rule_refuses_something() {
    let published = Published::new();
    let rows: Vec<Value> = yaml_serde::from_str(include_str!("invalid.yaml")).unwrap();
    let mut wrong = Vec::new();
    for row in &rows {
        let found: BTreeSet<_> = problems(&published, &invalid(row)).into_iter().map(|(rule, _)| rule).collect();
        if found != BTreeSet::from([row["rule"].as_str().unwrap().to_owned()]) {
            wrong.push(format!("{row}\n  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "of {}:\n{}", rows.len(), wrong.join("\n"));

    // A rule is a string with a space in it, in the files that have rules.
    let files = [
        include_str!("pods/mod.rs"),
        include_str!("pods/containers.rs"),
        include_str!("pods/scheduling.rs"),
        include_str!("pods/security.rs"),
        include_str!("pods/volumes.rs"),
        include_str!("notebooks.rs"),
    ];
    let code = files.into_iter().flat_map(str::lines).filter(|line| !line.trim_start().starts_with("//"));
    let strings = code.flat_map(|line| line.split('"').skip(1).step_by(2)).filter(|text| text.trim().contains(' '));
    let is_known = |rule: &&str| LONG.contains(rule) || rows.iter().any(|row| row["rule"] == **rule);
    let lacking: Vec<_> = strings.filter(|text| !text.contains('{') && !is_known(text)).collect();
    assert!(lacking.is_empty(), "{lacking:#?}");
}

/// Rules about so many of something that no row has them.
const LONG: [&str; 8] = [
    "annotations have at most 256 kB",
    "search domains have at most 2048 characters",
    "the claim of an ephemeral volume is named by pod and volume",
    "the tenant of quobyte has at most 64 characters",
    "there are at most 20 restart rules",
    "there are at most 255 exit codes",
    "there are at most 32 search domains",
    "with initiatorName, volume and portal have at most 64 characters",
];

#[test]
fn there_are_limits_to_size() {
    let published = Published::new();
    let claim = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": 1}}});
    let rule = json!({"action": "Restart", "exitCodes": {"operator": "In", "values": []}});
    let codes = |count: usize| {
        let mut rule = rule.clone();
        rule["exitCodes"]["values"] = json!(vec![1; count]);
        json!({"container": {"restartPolicy": "Never", "restartPolicyRules": [rule]}})
    };
    let rules =
        |count: usize| json!({"container": {"restartPolicy": "Never", "restartPolicyRules": vec![&rule; count]}});
    let searches =
        |count: usize, length: usize| json!({"spec": {"dnsConfig": {"searches": vec!["a".repeat(length); count]}}});
    let volume = |volume: Value| json!({"spec": {"volumes": [volume]}});
    let tenant = |length: usize| {
        volume(json!({"name": "a", "quobyte": {"registry": "a:1", "volume": "a", "tenant": "a".repeat(length)}}))
    };
    let named = |length: usize| {
        let mut row = volume(json!({"name": "a", "ephemeral": {"volumeClaimTemplate": {"spec": claim}}}));
        row["metadata"] = json!({"name": "a".repeat(length)});
        row
    };
    let portal = |length: usize| {
        let name = "eui.0123456789abcdef";
        let source = json!({"iqn": name, "initiatorName": name, "lun": 0, "targetPortal": "a".repeat(length)});
        volume(json!({"name": "a", "iscsi": source}))
    };
    let annotated = |length: usize| json!({"metadata": {"annotations": {"a": "b".repeat(length)}}});
    let cases = [
        (annotated(262_143), annotated(262_144)),
        (searches(8, 240), searches(9, 240)),
        (named(251), named(252)),
        (tenant(64), tenant(65)),
        (rules(20), rules(21)),
        (codes(255), codes(256)),
        (searches(32, 1), searches(33, 1)),
        (portal(62), portal(63)),
    ];
    for (rule, (right, wrong)) in LONG.into_iter().zip(cases) {
        let of =
            |row: &Value| problems(&published, &invalid(row)).into_iter().map(|(rule, _)| rule).collect::<Vec<_>>();
        assert_eq!(of(&right), [""; 0], "{rule}");
        assert_eq!(of(&wrong), [rule], "{rule}");
    }
}
