//! Objects that the policy changed before: they come back, with other settings, or with what was done to them.

use crate::payloads::{
    Dependencies, SEEN, STOPPED, all, container, containers, create, dependencies, each, injected, none, notebook,
    ours, theirs, update, with_env,
};
use crate::{ACCEPTED, Kind, MUTATED};

/// What the settings add, and what it is added to.
#[derive(Clone, Copy)]
struct Life {
    name: &'static str,
    smallest: usize,
    spec: fn(usize) -> String,
    dependencies: fn(usize) -> Dependencies,
}

fn nothing_there(_: usize) -> String {
    container("")
}

const LIVES: [Life; 12] = [
    Life {
        name: "variables",
        smallest: 500,
        spec: nothing_there,
        dependencies: |count| dependencies(1, |_| format!(r#""env":[{}]"#, each(count, ours))),
    },
    Life {
        name: "variables among the user's, before them",
        smallest: 250,
        spec: |count| with_env(&each(count, |at| theirs(1_000_000 + at))),
        dependencies: |count| dependencies(1, |_| format!(r#""env":[{}],"envFirst":true"#, each(count, ours))),
    },
    Life {
        name: "dependencies",
        smallest: 250,
        spec: nothing_there,
        dependencies: |count| dependencies(count, |at| format!(r#""env":[{}]"#, ours(at))),
    },
    Life {
        name: "containers",
        smallest: 500,
        spec: |count| containers(count, ""),
        dependencies: |_| dependencies(1, |_| format!(r#""containers":"All","env":[{}]"#, ours(0))),
    },
    Life {
        name: "dependencies for a container each",
        smallest: 100,
        spec: |count| containers(count, ""),
        dependencies: |count| dependencies(count, |at| format!(r#""containers":["c-{at}"],"env":[{}]"#, ours(0))),
    },
    Life {
        name: "volumes and mounts",
        smallest: 250,
        spec: nothing_there,
        dependencies: |count| {
            let volumes = each(count, |at| format!(r#"{{"name":"v-{at}","secret":{{"secretName":"ours"}}}}"#));
            let mounts = each(count, |at| format!(r#"{{"mountPath":"/m/{at}","name":"v-{at}"}}"#));
            dependencies(1, |_| format!(r#""volumeMounts":[{mounts}],"volumes":[{volumes}]"#))
        },
    },
    Life {
        name: "volumes that a container of the user's mounts",
        smallest: 250,
        spec: |count| {
            container(&format!(
                r#""volumeMounts":[{}]"#,
                each(count, |at| format!(r#"{{"mountPath":"/u/{at}","name":"v-{at}"}}"#))
            ))
        },
        dependencies: |count| {
            let volumes = each(count, |at| format!(r#"{{"name":"v-{at}","secret":{{"secretName":"ours"}}}}"#));
            dependencies(1, |_| format!(r#""volumes":[{volumes}]"#))
        },
    },
    Life {
        name: "volumes that many init containers of the user's mount",
        smallest: 250,
        spec: |count| {
            let mounts = |at| format!(r#"{{"name":"i-{at}","volumeMounts":[{{"mountPath":"/u","name":"v-{at}"}}]}}"#);
            format!(r#"{},"initContainers":[{}]"#, container(""), each(count, mounts))
        },
        dependencies: |count| {
            dependencies(count, |at| format!(r#""volumes":[{{"name":"v-{at}","secret":{{"secretName":"ours"}}}}]"#))
        },
    },
    Life {
        name: "sidecars and init containers",
        smallest: 250,
        spec: nothing_there,
        dependencies: |count| {
            let named = |of| each(count, move |at| format!(r#"{{"image":"ours","name":"{of}-{at}"}}"#));
            dependencies(1, |_| format!(r#""initContainers":[{}],"sidecars":[{}]"#, named("i"), named("s")))
        },
    },
    Life {
        name: "labels, annotations and node labels",
        smallest: 250,
        spec: nothing_there,
        dependencies: |count| {
            let members = each(count, |at| format!(r#""example.org/m-{at}":"ours""#));
            dependencies(1, |_| {
                format!(r#""annotations":{{{members}}},"labels":{{{members}}},"nodeSelector":{{{members}}}"#)
            })
        },
    },
    Life {
        name: "tolerations and envFrom",
        smallest: 250,
        spec: nothing_there,
        dependencies: |count| {
            let tolerations = each(count, |at| format!(r#"{{"key":"k-{at}","operator":"Equal","value":"ours"}}"#));
            let maps = each(count, |at| format!(r#"{{"configMapRef":{{"name":"{at}-ours"}}}}"#));
            dependencies(1, |_| format!(r#""envFrom":[{maps}],"tolerations":[{tolerations}]"#))
        },
    },
    Life {
        name: "variables in the user's place",
        smallest: 250,
        spec: |count| with_env(&each(count, theirs)),
        dependencies: |count| dependencies(1, |_| format!(r#""env":[{}],"onConflict":"Override""#, each(count, ours))),
    },
];

/// `object` with one more annotation.
fn with(annotation: &str, object: &str) -> String {
    object.replacen(r#""annotations":{"#, &format!(r#""annotations":{{{annotation},"#), 1)
}

/// What happens: the payload, made of the object before us, the one after, and settings that add, that no longer do,
/// and that add something else.
type Event = fn(&str, &str, [&str; 3]) -> String;

const EVENTS: [(&str, &str, Event); 14] = [
    ("the culler", ACCEPTED, |_, ours, [same, ..]| update(ours, &with(SEEN, ours), same)),
    ("stop", ACCEPTED, |_, ours, [same, ..]| update(ours, &with(STOPPED, ours), same)),
    ("made again", ACCEPTED, |_, ours, [same, ..]| create(ours, same)),
    ("other settings, the culler", MUTATED, |_, ours, [_, _, other]| update(ours, &with(SEEN, ours), other)),
    ("other settings, stop", MUTATED, |_, ours, [_, _, other]| update(ours, &with(STOPPED, ours), other)),
    ("other settings, made again", MUTATED, |_, ours, [_, _, other]| create(ours, other)),
    ("not wanted, the culler", ACCEPTED, |_, ours, [_, none, _]| update(ours, &with(SEEN, ours), none)),
    ("not wanted, stop", MUTATED, |_, ours, [_, none, _]| update(ours, &with(STOPPED, ours), none)),
    ("not wanted, made again", ACCEPTED, |_, ours, [_, none, _]| create(ours, none)),
    ("the user's manifest again", ACCEPTED, |theirs, ours, [same, ..]| update(ours, theirs, same)),
    ("the user's manifest again, stopped", ACCEPTED, |theirs, ours, [same, ..]| {
        update(&with(STOPPED, ours), &with(STOPPED, theirs), same)
    }),
    ("another image", ACCEPTED, |_, ours, [same, ..]| update(ours, &ours.replacen("jupyter", "rstudio", 1), same)),
    ("a copy of another name", ACCEPTED, |_, ours, [same, ..]| create(&ours.replace(r#""nb""#, r#""copy""#), same)),
    ("edited, the culler", ACCEPTED, |_, ours, [same, ..]| {
        let edited = ours.replace(r#":"ours""#, r#":"edited""#);
        update(ours, &with(SEEN, &edited), same)
    }),
];

pub fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for life in LIVES {
        for (event, says, payload) in EVENTS {
            kinds.push(
                Kind::made(format!("{}: {event}", life.name), life.smallest, move |count| {
                    let before = notebook(r#""example.org/a":"x""#, &(life.spec)(count));
                    let dependencies = (life.dependencies)(count);
                    let [same, none] = [all(&dependencies), none(&dependencies)];
                    let after = injected(&before, &same)?;
                    let other = same.replace(r#":"ours"#, r#":"newer"#);
                    Ok(payload(&before, &after, [&same, &none, &other]))
                })
                .says(says),
            );
        }
    }
    kinds
}
