//! Records of everything there is, whoever wrote them: the client, an earlier version, another policy.

use crate::payloads::{
    Dependencies, Request, SEEN, STOPPED, all, container, containers, create, dependencies, dependency, each, none,
    notebook, one, ours, pod, quoted, registry, theirs, update, with_env,
};
use crate::{ACCEPTED, DENIED, Kind};

/// How a record is written.
#[derive(Clone, Copy, Debug)]
enum Format {
    /// As it is now.
    ByKind,
    /// As version 0.1.0 wrote it: without the kind, and the main container by its name.
    First,
}

impl Format {
    /// The annotation `<domain>/injected`.
    fn annotation(self, domain: &str, parts: &str) -> String {
        let record = match self {
            Format::ByKind => format!(r#"{{"Notebook":{{{parts}}}}}"#),
            Format::First => format!("{{{parts}}}"),
        };
        format!(r#""{domain}/injected":{},"{domain}/status":"injected""#, quoted(&record))
    }

    /// The place of a field in the main container.
    fn main(self, field: &str) -> String {
        match self {
            Format::ByKind => field.to_owned(),
            Format::First => format!("{field}/nb"),
        }
    }
}

/// The domain that the policy writes in.
const OURS: &str = "mutatingflow.nais.io";

/// What a record says of one dependency.
pub fn part(at: usize, places: &str) -> String {
    format!(r#""{}":{{"added":{{{places}}},"hash":"0123456789abcdef"}}"#, dependency(at))
}

fn keys(count: usize) -> String {
    each(count, |at| format!(r#""V-{at}""#))
}

/// A record, the pod spec that it is about, and dependencies that add what it says.
struct Shape {
    name: &'static str,
    smallest: usize,
    parts: fn(usize, Format) -> String,
    spec: fn(usize) -> String,
    dependencies: fn(usize) -> Dependencies,
}

fn one_variable_each(count: usize) -> Dependencies {
    dependencies(count, |at| format!(r#""env":[{}]"#, ours(at)))
}

fn one_for_all(_: usize) -> Dependencies {
    dependencies(1, |_| format!(r#""containers":"All","env":[{}]"#, ours(0)))
}

fn one_with_all(count: usize) -> Dependencies {
    dependencies(1, |_| format!(r#""env":[{}]"#, each(count, ours)))
}

/// Settings that retired all of them.
fn retired(dependencies: &Dependencies) -> String {
    let names = each(dependencies.len(), |at| format!(r#""{}""#, dependencies[at].0));
    registry().replacen('{', &format!(r#"{{"retired":[{names}],"#), 1)
}

fn nothing_there(_: usize) -> String {
    container("")
}

const SHAPES: [Shape; 9] = [
    Shape {
        name: "dependencies",
        smallest: 400,
        parts: |count, format| each(count, |at| part(at, &format!(r#""{}":["V-{at}"]"#, format.main("env")))),
        spec: nothing_there,
        dependencies: one_variable_each,
    },
    Shape {
        name: "dependencies, everything there",
        smallest: 400,
        parts: |count, format| each(count, |at| part(at, &format!(r#""{}":["V-{at}"]"#, format.main("env")))),
        spec: |count| with_env(&each(count, theirs)),
        dependencies: one_variable_each,
    },
    Shape {
        name: "dependencies, as many containers there",
        smallest: 400,
        parts: |count, format| each(count, |at| part(at, &format!(r#""{}":["V-{at}"]"#, format.main("env")))),
        spec: |count| containers(count, ""),
        dependencies: one_variable_each,
    },
    Shape {
        name: "containers",
        smallest: 1_250,
        parts: |count, _| part(0, &each(count, |at| format!(r#""env/c-{at}":["V-0"]"#))),
        spec: nothing_there,
        dependencies: one_for_all,
    },
    Shape {
        name: "containers, all there",
        smallest: 1_250,
        parts: |count, _| part(0, &each(count, |at| format!(r#""env/c-{at}":["V-0"]"#))),
        spec: |count| containers(count, &format!(r#""env":[{}]"#, theirs(0))),
        dependencies: one_for_all,
    },
    Shape {
        name: "keys of one place, all there",
        smallest: 2_000,
        parts: |count, format| part(0, &format!(r#""{}":[{}]"#, format.main("env"), keys(count))),
        spec: |count| with_env(&each(count, theirs)),
        dependencies: one_with_all,
    },
    Shape {
        name: "one key of many dependencies",
        smallest: 400,
        parts: |count, format| each(count, |at| part(at, &format!(r#""{}":["V-0"]"#, format.main("env")))),
        spec: |_| with_env(&theirs(0)),
        dependencies: |count| dependencies(count, |_| format!(r#""env":[{}]"#, ours(0))),
    },
    Shape {
        name: "one key many times",
        smallest: 2_000,
        parts: |count, format| {
            part(0, &format!(r#""{}":[{}]"#, format.main("env"), each(count, |_| r#""V-0""#.into())))
        },
        spec: |count| with_env(&each(count, |_| theirs(0))),
        dependencies: |_| dependencies(1, |_| format!(r#""env":[{}]"#, ours(0))),
    },
    Shape {
        name: "places that are none",
        smallest: 1_250,
        parts: |count, _| part(0, &each(count, |at| format!(r#""env{at}/nb":["V-0"],"{at}":[]"#))),
        spec: nothing_there,
        dependencies: one_for_all,
    },
];

/// Who has the record.
#[derive(Clone, Copy, Debug)]
enum By {
    /// The client, who creates an object.
    Create,
    /// The client, who updates an object that has none.
    Client,
    /// The client and the stored object, of a Notebook that runs.
    Both,
    /// The stored object alone, of a Notebook that is stopped.
    Stored,
    /// Both, and the client changes the template.
    Edited,
}

impl By {
    fn payload(self, record: &str, spec: &str, settings: &str) -> String {
        let with = |annotations: &str| notebook(annotations, spec);
        match self {
            By::Create => create(&with(record), settings),
            By::Client => update(&with(""), &with(&format!("{record},{SEEN}")), settings),
            By::Both => update(&with(record), &with(&format!("{record},{SEEN}")), settings),
            By::Stored => update(&with(&format!("{record},{STOPPED}")), &with(STOPPED), settings),
            By::Edited => {
                update(&with(record), &notebook(record, &format!(r#""dnsPolicy":"Default",{spec}"#)), settings)
            }
        }
    }
}

pub fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    type Settings = fn(&Dependencies) -> String;
    let all_settings: [(&str, Settings); 4] =
        [("wanted", all), ("not wanted", none), ("retired", retired), ("unknown", |_| registry())];
    for shape in SHAPES {
        for format in [Format::ByKind, Format::First] {
            let all = [By::Create, By::Client, By::Both, By::Stored, By::Edited];
            let is_asked = |by: &By| matches!((format, by), (Format::ByKind, _) | (_, By::Create | By::Stored));
            for by in all.into_iter().filter(is_asked) {
                for (known, settings) in all_settings {
                    let name = format!("{}: {format:?}, {by:?}, {known}", shape.name);
                    let payload = move |count| {
                        let record = format.annotation(OURS, &(shape.parts)(count, format));
                        by.payload(&record, &(shape.spec)(count), &settings(&(shape.dependencies)(count)))
                    };
                    // What is no key of the record's is in conflict.
                    kinds.push(Kind::new(name, shape.smallest, payload).says(ACCEPTED));
                }
            }
        }
    }
    kinds.extend(of_other_domains());
    kinds.extend(of_other_kinds());
    kinds
}

fn of_other_domains() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for shape in SHAPES {
        for request in Request::ALL {
            kinds.push(Kind::new(
                format!("{}: another domain's, {request:?}", shape.name),
                shape.smallest,
                move |count| {
                    let record = Format::ByKind.annotation("other.example", &(shape.parts)(count, Format::ByKind));
                    request.about(&record, &(shape.spec)(count), &registry())
                },
            ));
        }
    }
    for request in Request::ALL {
        kinds.push(Kind::new(format!("many domains: {request:?}"), 125, move |count| {
            let records = each(count, |at| {
                let place = format!(r#""env":["V-{at}"]"#);
                Format::ByKind.annotation(&format!("d-{at}.example"), &part(at, &place))
            });
            request.about(&records, &with_env(&each(count, theirs)), &registry())
        }));
    }
    // Whose entry is in the way is looked for in the records of others.
    for (on_conflict, says) in [("Reject", DENIED), ("Keep", ACCEPTED), ("Override", ACCEPTED)] {
        for domains in [false, true] {
            let name =
                format!("conflicts with what {} domains added: {on_conflict}", if domains { "many" } else { "other" });
            kinds.push(
                Kind::new(name, 125, move |count| {
                    let part = |at| part(at, &format!(r#""env":["V-{at}"]"#));
                    let records = if domains {
                        each(count, |at| Format::ByKind.annotation(&format!("d-{at}.example"), &part(at)))
                    } else {
                        Format::ByKind.annotation("other.example", &each(count, part))
                    };
                    let settings = one(&format!(r#""env":[{}],"onConflict":"{on_conflict}""#, each(count, ours)));
                    create(&notebook(&records, &with_env(&each(count, theirs))), &settings)
                })
                .says(says),
            );
        }
    }
    kinds
}

fn of_other_kinds() -> Vec<Kind> {
    let of_pods = |settings: String| settings.replace("notebooks", "pipelinePods");
    let many_kinds = |count| {
        format!(
            r#""{OURS}/injected":{}"#,
            quoted(&format!(
                "{{{}}}",
                each(count, |at| { format!(r#""Kind{at}":{{{}}}"#, part(at, r#""env":["V-0"]"#)) })
            ))
        )
    };
    vec![
        Kind::new("kinds: Create", 200, move |count| {
            create(&notebook(&many_kinds(count), &with_env(&theirs(0))), &registry())
        }),
        Kind::new("a Notebook's record on a pod", 200, move |count| {
            let record = Format::ByKind.annotation(OURS, &(SHAPES[0].parts)(count, Format::ByKind));
            create(&pod(&record, &with_env(&each(count, theirs))), &of_pods(registry()))
        }),
        // What a notebook's record names in its pod is no conflict.
        Kind::new("a Notebook's record on the pod of a StatefulSet", 200, move |count| {
            let record = Format::ByKind.annotation(OURS, &(SHAPES[0].parts)(count, Format::ByKind));
            let owners = each(count, |at| format!(r#"{{"controller":false,"kind":"Workflow","name":"o-{at}"}}"#));
            let owners = format!(r#"{owners},{{"controller":true,"kind":"StatefulSet","name":"nb"}}"#);
            let pod = pod(&record, &with_env(&each(count, theirs)));
            let pod = pod.replacen(r#""metadata":{"#, &format!(r#""metadata":{{"ownerReferences":[{owners}],"#), 1);
            create(&pod, &of_pods(all(&one_variable_each(count))))
        }),
        Kind::new("a pod's record on a pod", 200, move |count| {
            let record = Format::First.annotation(OURS, &(SHAPES[0].parts)(count, Format::First));
            create(&pod(&record, &with_env(&each(count, theirs))), &of_pods(all(&one_variable_each(count))))
        }),
    ]
}
