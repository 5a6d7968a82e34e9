//! Dependencies of which one waits, or is left out, because of another: what takes a round for each is not linear.

use crate::Kind;
use crate::payloads::{
    Dependencies, Request, SEEN, STOPPED, all, container, dependencies, dependency, each, notebook, one, ours, quoted,
    theirs, update, with_env,
};
use crate::records::part;

/// `dependencies`, the last first.
fn reversed(mut dependencies: Dependencies) -> Dependencies {
    dependencies.reverse();
    dependencies
}

/// Each has something for the sidecar that the next one brings; the last, for a container that is nowhere.
fn chain_of_sidecars(count: usize) -> Dependencies {
    dependencies(count, |at| {
        let next = if at + 1 == count { "nowhere".to_owned() } else { format!("s-{}", at + 1) };
        format!(r#""containers":["{next}"],"env":[{}],"sidecars":[{{"image":"busybox","name":"s-{at}"}}]"#, ours(at))
    })
}

pub fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (order, in_order) in [("forwards", (|it| it) as fn(Dependencies) -> Dependencies), ("backwards", reversed)] {
        kinds.extend(Kind::thrice(&format!("a chain of sidecars, {order}"), 250, move |request, count| {
            request.about("", &container(""), &all(&in_order(chain_of_sidecars(count))))
        }));
        // While the first is in conflict its old sidecar stays, and with it the name that the second brings anew.
        kinds.push(Kind::new(format!("a chain of conflicts, {order}"), 100, move |count| {
            let part = |at| part(at, &format!(r#""sidecars":["t-{}"]"#, at + 1));
            let record =
                format!(r#""mutatingflow.nais.io/injected":{}"#, quoted(&format!("{{{}}}", each(count, part))));
            let sidecars = each(count, |at| format!(r#"{{"image":"busybox","name":"t-{}"}}"#, at + 1));
            let spec = format!(r#""containers":[{{"name":"nb"}},{{"name":"t-0"}},{sidecars}]"#);
            let settings =
                dependencies(count, |at| format!(r#""initContainers":[{{"image":"busybox","name":"t-{at}"}}]"#));
            let with = |more: &str| notebook(&format!("{record},{STOPPED}{more}"), &spec);
            update(&with(""), &with(&format!(",{SEEN}")), &all(&in_order(settings)))
        }));
    }
    kinds.extend(Kind::thrice("one entry that many dependencies bring", 250, |request, count| {
        request.about("", &container(""), &all(&dependencies(count, |_| format!(r#""env":[{}]"#, ours(0)))))
    }));
    kinds.extend(Kind::thrice("entries that two dependencies bring each", 250, |request, count| {
        let settings = dependencies(count, |at| format!(r#""env":[{},{}]"#, ours(at), ours(at + 1)));
        request.about("", &container(""), &all(&settings))
    }));
    for request in [Request::Running, Request::Stopped] {
        for (name, env) in [
            ("one entry, in conflict,", (|_| theirs(0)) as fn(usize) -> String),
            ("entries in conflict", |count| each(count + 1, theirs)),
        ] {
            kinds.push(Kind::new(format!("{name} that many dependencies bring: {request:?}"), 250, move |count| {
                let settings = dependencies(count, |at| format!(r#""env":[{},{}]"#, ours(0), ours(at + 1)));
                request.about("", &with_env(&env(count)), &all(&settings))
            }));
        }
        // All is there but what the first brings, and what others bring too.
        kinds.push(Kind::new(
            format!("one entry that is gone of many recorded dependencies: {request:?}"),
            500,
            move |count| {
                let part = |at| part(at, &format!(r#""env/nb":["V-{at}"]"#));
                let record =
                    format!(r#""mutatingflow.nais.io/injected":{}"#, quoted(&format!("{{{}}}", each(count, part))));
                let settings = dependencies(count, |at| format!(r#""env":[{},{}]"#, ours(at), ours(count)));
                request.about(&record, &with_env(&each(count, ours)), &all(&settings))
            },
        ));
        kinds.push(Kind::new(format!("a long update-pending: {request:?}"), 1_250, move |count| {
            let names: Vec<_> = (0..count).map(dependency).collect();
            let pending = format!(r#""mutatingflow.nais.io/update-pending":"{}""#, names.join(","));
            request.about(&pending, &container(""), &one(&format!(r#""env":[{}]"#, ours(0))))
        }));
        kinds.push(Kind::new(
            format!("a long update-pending of dependencies that wait: {request:?}"),
            500,
            move |count| {
                let names: Vec<_> = (0..count).map(dependency).collect();
                let pending = format!(r#""mutatingflow.nais.io/update-pending":"{}""#, names.join(","));
                request.about(
                    &pending,
                    &container(""),
                    &all(&dependencies(count, |at| format!(r#""env":[{}]"#, ours(at)))),
                )
            },
        ));
    }
    kinds.push(Kind::new("many dependencies that wait no longer: apply", 250, |count| {
        let settings = all(&dependencies(count, |at| format!(r#""env":[{}]"#, ours(at))));
        let apply = r#""mutatingflow.nais.io/apply":"now""#;
        update(&notebook("", &container("")), &notebook(apply, &container("")), &settings)
    }));
    kinds
}
