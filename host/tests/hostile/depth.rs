//! Objects that differ where it takes longest to find: far down, or at the end.

use crate::Kind;
use crate::payloads::{Request, SEEN, create, each, notebook, one, ours, quoted, update};

/// How deep a document may be that a policy server reads, with something below and above.
const DEEP: usize = 110;

/// So many levels around `core`.
pub fn nested(open: &str, core: &str, close: &str, depth: usize) -> String {
    let times = depth / close.len();
    [&open.repeat(times), core, &close.repeat(times)].concat()
}

/// What opens and closes levels of each sort: one, or two that belong together.
const LEVELS: [(&str, &str, &str); 6] = [
    ("objects", r#"{"a":"#, "}"),
    ("objects of two", r#"{"a":{},"b":"#, "}"),
    ("lists", "[", "]"),
    ("lists of objects", r#"[{"a":"#, "}]"),
    ("lists of two objects", r#"[{"a":0},{"a":"#, "}]"),
    ("objects with a name", r#"[{"name":"n","a":"#, "}]"),
];

/// What is at the bottom of the old object and of the new one.
const BOTTOMS: [(&str, &str); 4] = [("1", "2"), ("{}", "null"), ("[]", "{}"), (r#""\u0061""#, r#""a""#)];

/// Where in a pod spec it is: around it.
const PLACES: [(&str, &str, &str); 17] = [
    ("an unknown member", r#""x":"#, r#","containers":[{"name":"nb"}]"#),
    ("affinity", r#""affinity":"#, r#","containers":[{"name":"nb"}]"#),
    (
        "a term of the affinity",
        r#""affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":"#,
        r#"}]}}},"containers":[{"name":"nb"}]"#,
    ),
    ("securityContext", r#""containers":[{"name":"nb"}],"securityContext":"#, ""),
    ("nodeSelector", r#""containers":[{"name":"nb"}],"nodeSelector":{"a":"#, "}"),
    ("a container", r#""containers":[{"name":"nb","x":"#, "}]"),
    ("lifecycle", r#""containers":[{"lifecycle":"#, r#","name":"nb"}]"#),
    ("resources", r#""containers":[{"name":"nb","resources":"#, "}]"),
    ("a variable", r#""containers":[{"env":[{"name":"A","valueFrom":"#, r#"}],"name":"nb"}]"#),
    ("a variable of ours", r#""containers":[{"env":[{"name":"V-0","valueFrom":"#, r#"}],"name":"nb"}]"#),
    ("envFrom", r#""containers":[{"envFrom":[{"configMapRef":"#, r#"}],"name":"nb"}]"#),
    ("a mount", r#""containers":[{"name":"nb","volumeMounts":[{"mountPath":"/a","x":"#, "}]}]"),
    ("a volume", r#""containers":[{"name":"nb"}],"volumes":[{"name":"a","projected":"#, "}]"),
    ("a volume of ours", r#""containers":[{"name":"nb"}],"volumes":[{"name":"ours","projected":"#, "}]"),
    ("an init container", r#""containers":[{"name":"nb"}],"initContainers":[{"name":"a","env":"#, "}]"),
    ("a sidecar of ours", r#""containers":[{"name":"nb"},{"name":"ours","lifecycle":"#, "}]"),
    ("a toleration", r#""containers":[{"name":"nb"}],"tolerations":[{"key":"#, "}]"),
];

/// Those that are tried with all levels.
const TYPICAL: [&str; 3] = ["an unknown member", "lifecycle", "a variable of ours"];

/// The record of what is ours in [`PLACES`].
fn record() -> String {
    let added = r#"{"d-00000":{"added":{"env/nb":["V-0"],"sidecars":["ours"],"volumes":["ours"]},"hash":"01"}}"#;
    format!(r#""mutatingflow.nais.io/injected":{}"#, quoted(added))
}

/// Settings that bring one variable, a volume and a sidecar.
fn settings() -> String {
    let variable = ours(0);
    one(&format!(
        r#""env":[{variable}],"onConflict":"Override","sidecars":[{{"image":"busybox","name":"ours"}}],"volumes":[{{"emptyDir":{{}},"name":"ours"}}]"#
    ))
}

/// The culler's UPDATE, in which a client's spelling differs from what is stored.
pub fn differing(old: &str, new: &str) -> String {
    let record = record();
    update(&notebook(&record, old), &notebook(&format!("{record},{SEEN}"), new), &settings())
}

pub fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (place, before, behind) in PLACES {
        let spec = move |deep: &str| [before, deep, behind].concat();
        let is_typical = TYPICAL.contains(&place);
        for (levels, open, close) in LEVELS.into_iter().filter(|(levels, ..)| is_typical || *levels == "objects") {
            for (old, new) in BOTTOMS {
                kinds.push(Kind::new(format!("{place}: deep {levels} around {old} and {new}"), 14, move |depth| {
                    let at = |bottom| spec(&nested(open, bottom, close, depth));
                    differing(&at(old), &at(new))
                }));
            }
            kinds.push(Kind::new(format!("{place}: many deep {levels}, the last differs"), 32, move |count| {
                let deep = |bottom| nested(open, bottom, close, DEEP);
                let same = each(count, |_| deep("1"));
                let at = |bottom| spec(&format!("[{same},{}]", deep(bottom)));
                differing(&at("1"), &at("2"))
            }));
            kinds.push(Kind::new(format!("{place}: many deep {levels} around {{}} and null"), 32, move |count| {
                let at = |bottom| spec(&format!("[{}]", each(count, |_| nested(open, bottom, close, DEEP))));
                differing(&at("{}"), &at("null"))
            }));
        }
        kinds.push(Kind::new(format!("{place}: wide far down"), 1_000, move |count| {
            let at = |last| {
                let wide = format!("[{},{last}]", each(count, |at| format!(r#"{{"name":"n-{at}","value":"v"}}"#)));
                spec(&nested(r#"{"a":"#, &wide, "}", DEEP))
            };
            differing(&at("1"), &at("2"))
        }));
        kinds.push(Kind::new(format!("{place}: many members, the last differs"), 1_000, move |count| {
            let at = |last| spec(&format!(r#"{{{},"z":{last}}}"#, each(count, |at| format!(r#""m-{at:06}":"v""#))));
            differing(&at("1"), &at("2"))
        }));
        kinds.push(Kind::new(format!("{place}: many members the other way round"), 1_000, move |count| {
            let member = |at| format!(r#""m-{at:06}":"v""#);
            let old = spec(&format!("{{{}}}", each(count, member)));
            differing(&old, &spec(&format!("{{{}}}", each(count, |at| member(count - 1 - at)))))
        }));
        kinds.push(Kind::new(format!("{place}: many items, all spelt differently"), 1_000, move |count| {
            let at = |items: fn(usize) -> String| spec(&format!("[{}]", each(count, items)));
            differing(
                &at(|at| format!(r#"{{"name":"n-{at}","value":"v"}}"#)),
                &at(|at| format!(r#"{{"value":"v","name":"n-{at}","x":null}}"#)),
            )
        }));
    }
    kinds.extend(depth_in_what_is_added());
    kinds.extend(without_a_bottom());
    kinds
}

/// What a dependency brings, and what the user has in its place: is it contained?
fn depth_in_what_is_added() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (levels, open, close) in LEVELS {
        for (field, before, behind) in [
            ("affinity", r#""affinity":{"nodeAffinity":"#, "}"),
            ("securityContext", r#""securityContext":{"seLinuxOptions":"#, "}"),
            ("dnsConfig", r#""dnsConfig":{"options":"#, "}"),
            ("volumes", r#""volumes":[{"name":"ours","projected":"#, "}]"),
            ("sidecars", r#""sidecars":[{"name":"ours","lifecycle":"#, "}]"),
            ("initContainers", r#""initContainers":[{"name":"ours","lifecycle":"#, "}]"),
            ("tolerations", r#""tolerations":[{"key":"#, "}]"),
        ] {
            kinds.push(Kind::new(format!("{field} that the user has deep {levels} in: Override"), 14, move |depth| {
                let at = |bottom| [before, &nested(open, bottom, close, depth), behind].concat();
                let theirs = at("1").replace("sidecars", "containers");
                let spec =
                    if field == "sidecars" { theirs } else { format!(r#""containers":[{{"name":"nb"}}],{theirs}"#) };
                create(&notebook("", &spec), &one(&format!(r#"{},"onConflict":"Override""#, at("2"))))
            }));
        }
    }
    kinds
}

/// Deeper than anything that a policy server could read.
fn without_a_bottom() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (levels, open, close) in LEVELS {
        for (place, before, behind) in PLACES.into_iter().filter(|(place, ..)| TYPICAL.contains(place)) {
            kinds.push(Kind::new(format!("{place}: {levels} without an end"), 2_000, move |depth| {
                let at = |bottom| [before, &nested(open, bottom, close, depth), behind].concat();
                differing(&at("1"), &at("2"))
            }));
        }
        kinds.push(Kind::new(format!("annotation: {levels} without an end"), 2_000, move |depth| {
            let record = quoted(&nested(open, "1", close, depth));
            Request::Running.about(
                &format!(r#""mutatingflow.nais.io/injected":{record}"#),
                r#""containers":[{"name":"nb"}]"#,
                &settings(),
            )
        }));
    }
    kinds
}
