//! Many containers, and dependencies that choose among them.

use policy_host::bench::requests::all_four_everywhere;

use crate::payloads::{
    all, container, containers, create, dependencies, each, notebook, one, ours, registry, root, theirs,
};
use crate::{Kind, MUTATED};

/// The names `c-0` and so on.
fn names(count: usize) -> String {
    each(count, |at| format!(r#""c-{at}""#))
}

/// A pod spec with so many init containers, and this beside.
fn with_init_containers(count: usize, spec: &str) -> String {
    format!(r#"{spec},"initContainers":[{}]"#, each(count, |at| format!(r#"{{"name":"i-{at}"}}"#)))
}

/// One dependency with these variables for the containers that these words choose.
fn variables(choice: &str, env: &str) -> String {
    one(&format!(r#""containers":{choice},"env":[{env}]"#))
}

pub fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    kinds.extend(Kind::thrice("one variable in all of many containers", 1_250, |request, count| {
        request.about("", &containers(count, ""), &variables("\"All\"", &ours(0)))
    }));
    kinds.extend(Kind::thrice("one variable for many names, all there", 1_250, |request, count| {
        request.about("", &containers(count, ""), &variables(&format!("[{}]", names(count)), &ours(0)))
    }));
    kinds.extend(Kind::thrice("one variable for many names, one there", 2_500, |request, count| {
        request.about("", &containers(1, ""), &variables(&format!("[{}]", names(count)), &ours(0)))
    }));
    kinds.extend(Kind::thrice("one variable for many names, none there", 2_500, |request, count| {
        request.about("", &container(""), &variables(&format!("[{}]", names(count)), &ours(0)))
    }));
    kinds.extend(Kind::thrice("dependencies for one container each, all there", 125, |request, count| {
        let settings = dependencies(count, |at| format!(r#""containers":["c-{at}"],"env":[{}]"#, ours(0)));
        request.about("", &containers(count, ""), &all(&settings))
    }));
    kinds.extend(Kind::thrice("dependencies for one container each, none there", 125, |request, count| {
        let settings = dependencies(count, |at| format!(r#""containers":["x-{at}"],"env":[{}]"#, ours(0)));
        request.about("", &containers(count, ""), &all(&settings))
    }));
    kinds.extend(Kind::thrice("dependencies for one container", 125, |request, count| {
        let settings = dependencies(count, |at| format!(r#""containers":["c-0"],"env":[{}]"#, ours(at)));
        request.about("", &containers(count, ""), &all(&settings))
    }));
    kinds.extend(Kind::thrice("dependencies for the main one of many containers", 125, |request, count| {
        request.about("", &containers(count, ""), &all(&dependencies(count, |at| format!(r#""env":[{}]"#, ours(at)))))
    }));
    kinds.extend(Kind::thrice("dependencies for all containers, of which there is one", 125, |request, count| {
        let settings = dependencies(count, |at| format!(r#""containers":"All","env":[{}]"#, ours(at)));
        request.about("", &container(""), &all(&settings))
    }));
    kinds.extend(Kind::thrice("dependencies that need no container, many containers", 125, |request, count| {
        let settings = dependencies(count, |at| format!(r#""imagePullSecrets":[{{"name":"s-{at}"}}]"#));
        request.about("", &containers(count, ""), &all(&settings))
    }));
    for (name, container) in
        [("containers of one name", r#"{"name":"nb"}"#), ("another's containers", r#"{"name":"istio-proxy"}"#)]
    {
        kinds.extend(Kind::thrice(name, 1_250, move |request, count| {
            let spec = format!(r#""containers":[{}]"#, each(count, |_| container.to_owned()));
            request.about("", &spec, &one(&format!(r#""env":[{}]"#, ours(0))))
        }));
        kinds.extend(Kind::thrice(&format!("{name}, chosen by it"), 1_250, move |request, count| {
            let spec = format!(r#""containers":[{}]"#, each(count, |_| container.to_owned()));
            request.about("", &spec, &variables(r#"["nb","istio-proxy"]"#, &ours(0)))
        }));
    }
    kinds.extend(Kind::thrice("containers without a name", 1_250, |request, count| {
        let spec = format!(r#""containers":[{}]"#, each(count, |_| "{}".to_owned()));
        request.about("", &spec, &variables("\"All\"", &ours(0)))
    }));
    kinds.extend(Kind::thrice("init containers by name", 1_250, |request, count| {
        let choice = format!(r#"["nb",{}]"#, each(count, |at| format!(r#""i-{at}""#)));
        request.about("", &with_init_containers(count, &container("")), &variables(&choice, &ours(0)))
    }));
    kinds.extend(Kind::thrice("containers and init containers, nothing for them", 1_250, |request, count| {
        request.about("", &with_init_containers(count, &containers(count, "")), &registry())
    }));
    kinds.extend(Kind::thrice("what each of many containers has already", 5_000, |request, count| {
        let env = each(root(count), ours);
        let spec = containers(root(count), &format!(r#""env":[{env}]"#));
        request.about("", &spec, &variables("\"All\"", &env))
    }));
    kinds.extend(Kind::thrice("conflicts in each of many containers", 5_000, |request, count| {
        let spec = containers(root(count), &format!(r#""env":[{}]"#, each(root(count), theirs)));
        let env = each(root(count), ours);
        request.about("", &spec, &one(&format!(r#""containers":"All","env":[{env}],"onConflict":"Keep""#)))
    }));
    kinds.extend(
        Kind::thrice("entries in each of many containers", 20, |request, count| {
            request.about("", &containers(count, ""), &variables("\"All\"", &each(count, ours)))
        })
        .map(|kind| kind.adds(|count| count * count)),
    );
    kinds.extend(
        Kind::thrice("entries of each of many dependencies in each of many containers", 5, |request, count| {
            let env = |it: usize| each(count, |at| ours(it * count + at));
            let settings = dependencies(count, |it| format!(r#""containers":"All","env":[{}]"#, env(it)));
            request.about("", &containers(count, ""), &all(&settings))
        })
        .map(|kind| kind.adds(|count| count * count * count)),
    );
    kinds.extend(
        Kind::thrice("dependencies that each name many containers", 20, |request, count| {
            let settings = dependencies(count, |at| format!(r#""containers":[{}],"env":[{}]"#, names(count), ours(at)));
            request.about("", &containers(count, ""), &all(&settings))
        })
        .map(|kind| kind.adds(|count| count * count)),
    );
    kinds.push(
        Kind::new("the four dependencies of the benchmark in all of many containers", 62, |count| {
            create(&notebook("", &containers(count, "")), &all_four_everywhere().to_string())
        })
        .says(MUTATED)
        // Variables of the proxy and of the CA bundle, and their mounts.
        .adds(|count| count * 20),
    );
    kinds
}
