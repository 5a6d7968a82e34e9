//! Payloads that no API server lets through, which takes 3 MiB: 100 MB, 100,000 levels, a million names, a million
//! times the same one. Each is answered, at no more than so many instructions a byte, and in no more than so much memory.
//!
//! The bounds are a tenth above what was measured, or somewhat more. What takes long is tried in part; with environment
//! variable `WHOLE` all are as large as they say: `make load`.

use std::env;

use crate::depth::{differing, nested};
use crate::payloads::{
    Request, all, container, create, dependencies, each, notebook, one, ours, quoted, theirs, with_env,
};
use crate::{Cost, INVALID, Kind, MUTATED, VALID};

/// 100 MB, and an object around it.
const BYTES: usize = 100_000_000;

/// So many levels.
const LEVELS: usize = 100_000;

/// So many names.
const NAMES: usize = 1_000_000;

/// What linear memory may take beside the share of the payload: 1.25 MiB.
const FIXED_MEMORY: f64 = (5 << 18) as f64;

/// A payload, and what it may cost.
pub struct Large {
    kind: Kind,
    /// Which part of it is enough where not all is asked for.
    part: usize,
    /// At most so many instructions a byte.
    instructions: f64,
    /// At most so many times the payload.
    memory: f64,
}

impl Large {
    fn new(
        name: &str,
        size: usize,
        (instructions, memory): (f64, f64),
        payload: impl Fn(usize) -> String + 'static,
    ) -> Self {
        Large { kind: Kind::new(name, size, payload), part: 1, instructions, memory }
    }

    /// It takes long.
    fn in_part(self, part: usize) -> Self {
        Large { part, ..self }
    }

    fn says(self, says: &'static str) -> Self {
        Large { kind: self.kind.says(says), ..self }
    }

    /// It is settings, which are checked.
    fn checked(self, says: &'static str) -> Self {
        Large { kind: self.kind.of("validate_settings").says(says), ..self }
    }

    /// A row of the table, and whether it costs too much.
    pub fn measure(&self) -> (String, bool) {
        let part = if env::var_os("WHOLE").is_some() { 1 } else { self.part };
        let row = format!("{:<70}", self.kind.name);
        match Cost::within(u64::MAX, &self.kind, self.kind.smallest / part) {
            Ok(Cost { payload, instructions, memory, .. }) => {
                let (bytes, of_memory) = (payload as f64, (memory as f64 - FIXED_MEMORY).max(0.0));
                let (a_byte, times) = (instructions as f64 / bytes, of_memory / bytes);
                let row = format!(
                    "{row}{payload:>10} bytes{:>10.1} M{a_byte:>8.1} a byte, at most {:<7}\
                     {:>7.1} MiB, 1.25 and {times:>5.2}x, at most {}x",
                    instructions as f64 / 1e6,
                    self.instructions,
                    memory as f64 / f64::from(1 << 20),
                    self.memory,
                );
                (row, a_byte > self.instructions || times > self.memory)
            }
            Err(problem) => (format!("{row}{problem}"), true),
        }
    }
}

/// The settings of a platform, of one variable that takes the place of the user's.
fn platform() -> String {
    one(&format!(r#""env":[{}],"onConflict":"Override""#, ours(0)))
}

/// A Notebook with these annotations is created.
fn annotated(annotations: &str) -> String {
    create(&notebook(annotations, &container("")), &platform())
}

/// A Notebook with this pod spec is created.
fn specified(spec: &str) -> String {
    create(&notebook("", spec), &platform())
}

/// A Notebook with this record, whoever wrote it, is created.
fn recorded(record: &str) -> String {
    annotated(&format!(r#""mutatingflow.nais.io/injected":{}"#, quoted(record)))
}

/// A record of these parts.
fn of_parts(parts: &str) -> String {
    recorded(&format!(r#"{{"Notebook":{{{parts}}}}}"#))
}

/// A record of one dependency that added this.
fn added(places: &str) -> String {
    of_parts(&format!(r#""d-00000":{{"added":{{{places}}},"hash":"01"}}"#))
}

/// A Notebook is created under these settings.
fn under(settings: &str) -> String {
    create(&notebook("", &container("")), settings)
}

fn again(count: usize, what: &str) -> String {
    each(count, |_| what.to_owned())
}

/// So many members.
fn members(count: usize) -> String {
    each(count, |at| format!(r#""m-{at}":"x""#))
}

pub fn rows() -> Vec<Large> {
    let mut rows = bytes();
    rows.extend(levels());
    rows.extend(names());
    rows.extend(many_times());
    rows
}

fn bytes() -> Vec<Large> {
    let text = |bytes| "x".repeat(bytes);
    let value = move |bytes| one(&format!(r#""env":[{{"name":"A","value":"{}"}}]"#, text(bytes)));
    let variables = |bytes| one(&format!(r#""env":[{}]"#, each(bytes / 35, ours)));
    vec![
        Large::new("100 MB of no JSON", BYTES, (1.0, 1.1), text).says(r#"{"accepted":false,"code":400"#),
        Large::new("100 MB of white space", BYTES, (33.0, 1.1), |bytes| " ".repeat(bytes) + &annotated("")),
        Large::new("100 MB in an annotation", BYTES, (4.0, 2.2), move |bytes| {
            annotated(&format!(r#""a":"{}""#, text(bytes)))
        })
        .says(MUTATED),
        Large::new("100 MB in a list that is not known", BYTES, (85.0, 2.2), |bytes| {
            specified(&format!(r#"{},"x":[{}]"#, container(""), again(bytes / 2, "1")))
        })
        .in_part(10)
        .says(MUTATED),
        Large::new("100 MB of variables", BYTES, (60.0, 6.7), |bytes| specified(&with_env(&each(bytes / 40, theirs))))
            .says(MUTATED),
        Large::new("100 MB of variables, updated", BYTES, (35.0, 5.2), |bytes| {
            Request::Running.about("", &with_env(&each(bytes / 80, theirs)), &platform())
        }),
        Large::new("100 MB in the place of a record", BYTES, (5.0, 1.1), move |bytes| recorded(&text(bytes))),
        Large::new("100 MB of keys in a record", BYTES, (2_000.0, 20.0), |bytes| {
            added(&format!(r#""env":[{}]"#, each(bytes / 12, |at| format!(r#""V-{at}""#))))
        })
        .in_part(100),
        Large::new("settings with 100 MB in a value", BYTES, (16.0, 2.2), move |bytes| under(&value(bytes))),
        Large::new("settings with 100 MB in a value, checked", BYTES, (64.0, 2.2), value).checked(VALID),
        Large::new("settings with 100 MB of variables", BYTES, (220.0, 16.0), move |bytes| under(&variables(bytes)))
            .in_part(50),
        Large::new("settings with 100 MB of variables, checked", BYTES, (2_900.0, 32.0), variables)
            .in_part(100)
            .checked(VALID),
    ]
}

fn levels() -> Vec<Large> {
    // What is spelt differently is compared value by value, and lists take the most memory of all: as many as there can
    // be.
    let mut rows = vec![
        Large::new("60 MB of lists in lists that differ, updated", 60_000_000, (1_900.0, 55.0), |bytes| {
            let lists = again(bytes / 450, &nested("[", "1", "]", 110));
            let spec = |last| with_env(&format!(r#"{{"name":"V-0","valueFrom":[{lists},{last}]}}"#));
            differing(&spec("1"), &spec("2"))
        })
        .in_part(40),
    ];
    for (of, open, close) in [("lists", "[", "]"), ("objects", r#"{"a":"#, "}")] {
        let deep = move |levels| [&open.repeat(levels), "1", &close.repeat(levels)].concat();
        let variable = move |name, levels| format!(r#"{{"name":"{name}","valueFrom":{}}}"#, deep(levels));
        let settings = move |levels| one(&format!(r#""env":[{}]"#, variable("A", levels)));
        let row = |name: &str, most, payload: Box<dyn Fn(usize) -> String>| {
            Large::new(&format!("100,000 {of}{name}"), LEVELS, most, payload)
        };
        rows.extend([
            row(" and no request", (65.0, 3.0), Box::new(deep)).says(r#"{"accepted":false,"code":400"#),
            row(" that are not known", (66.0, 3.0), {
                Box::new(move |levels| specified(&format!(r#"{},"x":{}"#, container(""), deep(levels))))
            })
            .says(MUTATED),
            row(" in a variable of ours", (260.0, 3.0), {
                Box::new(move |levels| specified(&with_env(&variable("V-0", levels))))
            })
            .says(MUTATED),
            row(" in it, updated", (200.0, 3.0), {
                Box::new(move |levels| Request::Running.about("", &with_env(&variable("V-0", levels)), &platform()))
            }),
            row(" in the place of an annotation", (66.0, 3.0), {
                Box::new(move |levels| annotated(&format!(r#""a":{}"#, deep(levels))))
            }),
            row(" in a record", (140.0, 3.0), Box::new(move |levels| recorded(&deep(levels)))),
            row(" in settings", (270.0, 3.0), Box::new(move |levels| under(&settings(levels)))),
            row(" in settings, checked", (1_500.0, 22.0), Box::new(settings)).checked(INVALID),
        ]);
    }
    rows
}

fn names() -> Vec<Large> {
    let labels = |count| one(&format!(r#""labels":{{{}}}"#, members(count)));
    let variables = |count| all(&dependencies(count / 10, |at| format!(r#""env":[{}]"#, ours(at))));
    vec![
        Large::new("a million members and no request", NAMES, (28.0, 1.2), |count| format!("{{{}}}", members(count)))
            .says(r#"{"accepted":false,"code":400"#),
        Large::new("a million annotations", NAMES, (70.0, 11.0), |count| annotated(&members(count))).says(MUTATED),
        Large::new("a million members of a pod spec", NAMES, (90.0, 11.0), |count| {
            specified(&format!("{},{}", container(""), members(count)))
        })
        .says(MUTATED),
        Large::new("a million members of a container", NAMES, (75.0, 11.0), |count| {
            specified(&container(&members(count)))
        })
        .says(MUTATED),
        Large::new("a million limits, updated", NAMES, (12.0, 2.0), |count| {
            let limits = format!(r#""resources":{{"limits":{{{}}}}}"#, members(count));
            Request::Running.about("", &container(&limits), &platform())
        }),
        Large::new("a million places in a record", NAMES, (2_800.0, 27.0), |count| {
            added(&each(count, |at| format!(r#""env/c-{at}":["V-0"]"#)))
        })
        .in_part(20),
        Large::new("a million dependencies in a record", NAMES, (1_000.0, 27.0), |count| {
            of_parts(&each(count, |at| format!(r#""d-{at:05}":{{"added":{{"env":["V-{at}"]}},"hash":"01"}}"#)))
        })
        .in_part(20),
        Large::new("a million settings that are none", NAMES, (350.0, 16.0), |count| format!("{{{}}}", members(count)))
            .checked(INVALID),
        Large::new("settings with a million labels", NAMES, (1_300.0, 45.0), move |count| under(&labels(count)))
            .in_part(20)
            .says(MUTATED),
        Large::new("settings with a million labels, checked", NAMES, (7_400.0, 60.0), labels)
            .in_part(20)
            .checked(VALID),
        Large::new("settings with 100,000 dependencies", NAMES, (1_600.0, 38.0), move |count| under(&variables(count)))
            .in_part(10)
            .says(MUTATED),
        Large::new("settings with 100,000 dependencies, checked", NAMES, (2_600.0, 60.0), variables)
            .in_part(10)
            .checked(VALID),
    ]
}

fn many_times() -> Vec<Large> {
    let members = |count| platform().replacen('{', &format!("{{{},", again(count, r#""notebooks":["d-00000"]"#)), 1);
    let variables = |count| one(&format!(r#""env":[{}]"#, again(count, &ours(0))));
    vec![
        Large::new("a million times the containers", NAMES, (82.0, 22.0), |count| {
            specified(&again(count, r#""containers":[{"name":"nb"}]"#))
        }),
        Large::new("a million variables of one name", NAMES, (68.0, 6.5), |count| {
            specified(&with_env(&again(count, &theirs(0))))
        })
        .says(MUTATED),
        Large::new("a variable with a million values", NAMES, (215.0, 14.0), |count| {
            specified(&with_env(&format!(r#"{{{},"name":"V-0"}}"#, again(count, r#""value":"x""#))))
        })
        .says(MUTATED),
        Large::new("a million times an annotation", NAMES, (120.0, 15.0), |count| {
            annotated(&again(count, r#""a":"x""#))
        })
        .says(MUTATED),
        Large::new("a million records", NAMES, (53.0, 5.0), |count| {
            annotated(&again(count, r#""mutatingflow.nais.io/injected":"{}""#))
        })
        .says(MUTATED),
        Large::new("a million times a key in a record", NAMES, (200.0, 8.0), |count| {
            added(&format!(r#""env":[{}]"#, again(count, r#""V-0""#)))
        }),
        Large::new("a million times a dependency in a record", NAMES, (140.0, 9.0), |count| {
            of_parts(&again(count, r#""d-00000":{"added":{"env":["V-0"]},"hash":"01"}"#))
        })
        .in_part(10),
        Large::new("settings with a million times a member", NAMES, (37.0, 5.5), move |count| under(&members(count)))
            .says(MUTATED),
        Large::new("settings with a million times a member, checked", NAMES, (175.0, 10.5), members).checked(VALID),
        Large::new("settings with a million variables of one name", NAMES, (180.0, 8.5), move |count| {
            under(&variables(count))
        })
        .in_part(10),
        Large::new("settings with a million variables of one name, checked", NAMES, (1_700.0, 36.0), variables)
            .in_part(20)
            .checked(INVALID),
    ]
}
