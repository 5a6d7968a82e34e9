//! Many entries of each field: in conflict, there already, there more than once, and beside many of the user's.

use crate::payloads::{
    Request, SEEN, STOPPED, all, container, containers, create, dependencies, each, notebook, one, ours, registry,
    theirs, update, with_env,
};
use crate::{ACCEPTED, DENIED, Kind};

/// A field whose entries have keys.
#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    /// An entry of ours: an item, or a member.
    ours: fn(usize) -> String,
    /// The user's of the same key.
    theirs: fn(usize) -> String,
    /// What stands around its entries in the settings.
    around: (&'static str, &'static str),
    /// The object with so many of the user's in it.
    object: fn(&str) -> String,
    /// Whether `Keep` leaves the user's.
    may_keep: bool,
}

fn in_container(field: &str, entries: &str) -> String {
    notebook("", &container(&format!(r#""{field}":[{entries}]"#)))
}

fn in_spec(field: &str, entries: &str) -> String {
    notebook("", &format!(r#"{},"{field}":[{entries}]"#, container("")))
}

const FIELDS: [Field; 13] = [
    Field {
        name: "env",
        ours,
        theirs,
        around: ("[", "]"),
        object: |entries| in_container("env", entries),
        may_keep: true,
    },
    Field {
        name: "volumeMounts",
        ours: |at| format!(r#"{{"mountPath":"/data/{at}","name":"ours"}}"#),
        theirs: |at| format!(r#"{{"mountPath":"/data/{at}/","name":"theirs"}}"#),
        around: ("[", r#"],"volumes":[{"emptyDir":{},"name":"ours"}]"#),
        object: |entries| in_container("volumeMounts", entries),
        may_keep: true,
    },
    Field {
        name: "resources",
        ours: |at| format!(r#""example.org/r-{at}":"2""#),
        theirs: |at| format!(r#""example.org/r-{at}":"1""#),
        around: (r#"{"limits":{"#, "}}"),
        object: |entries| notebook("", &container(&format!(r#""resources":{{"limits":{{{entries}}}}}"#))),
        may_keep: true,
    },
    Field {
        name: "topologySpreadConstraints",
        ours: |at| format!(r#"{{"maxSkew":1,"topologyKey":"t-{at}","whenUnsatisfiable":"ScheduleAnyway"}}"#),
        theirs: |at| format!(r#"{{"maxSkew":2,"topologyKey":"t-{at}","whenUnsatisfiable":"ScheduleAnyway"}}"#),
        around: ("[", "]"),
        object: |entries| in_spec("topologySpreadConstraints", entries),
        may_keep: true,
    },
    Field {
        name: "resourceClaims",
        ours: |at| format!(r#"{{"name":"c-{at}","resourceClaimName":"ours"}}"#),
        theirs: |at| format!(r#"{{"name":"c-{at}","resourceClaimName":"theirs"}}"#),
        around: ("[", "]"),
        object: |entries| in_spec("resourceClaims", entries),
        may_keep: true,
    },
    Field {
        name: "volumes",
        ours: |at| format!(r#"{{"emptyDir":{{}},"name":"v-{at}"}}"#),
        theirs: |at| format!(r#"{{"name":"v-{at}","secret":{{"secretName":"s"}}}}"#),
        around: ("[", "]"),
        object: |entries| in_spec("volumes", entries),
        may_keep: false,
    },
    Field {
        name: "hostAliases",
        ours: |at| format!(r#"{{"hostnames":["ours"],"ip":"10.{}.{}.{}"}}"#, at >> 16, at >> 8 & 255, at & 255),
        theirs: |at| format!(r#"{{"hostnames":["theirs"],"ip":"10.{}.{}.{}"}}"#, at >> 16, at >> 8 & 255, at & 255),
        around: ("[", "]"),
        object: |entries| in_spec("hostAliases", entries),
        may_keep: true,
    },
    Field {
        name: "initContainers",
        ours: |at| format!(r#"{{"image":"ours","name":"i-{at}"}}"#),
        theirs: |at| format!(r#"{{"image":"theirs","name":"i-{at}"}}"#),
        around: ("[", r#"],"initContainersFirst":true"#),
        object: |entries| in_spec("initContainers", entries),
        may_keep: false,
    },
    Field {
        name: "sidecars",
        ours: |at| format!(r#"{{"image":"ours","name":"s-{at}"}}"#),
        theirs: |at| format!(r#"{{"image":"theirs","name":"s-{at}"}}"#),
        around: ("[", "]"),
        object: |entries| notebook("", &format!(r#""containers":[{{"name":"nb"}},{entries}]"#)),
        may_keep: false,
    },
    Field {
        name: "nodeSelector",
        ours: |at| format!(r#""n-{at}":"ours""#),
        theirs: |at| format!(r#""n-{at}":"theirs""#),
        around: ("{", "}"),
        object: |entries| notebook("", &format!(r#"{},"nodeSelector":{{{entries}}}"#, container(""))),
        may_keep: true,
    },
    Field {
        name: "labels",
        ours: |at| format!(r#""l-{at}":"ours""#),
        theirs: |at| format!(r#""l-{at}":"theirs""#),
        around: ("{", "}"),
        object: |entries| {
            notebook("", &container("")).replace(r#""metadata":{"#, &format!(r#""metadata":{{"labels":{{{entries}}},"#))
        },
        may_keep: true,
    },
    Field {
        name: "annotations",
        ours: |at| format!(r#""example.org/a-{at}":"ours""#),
        theirs: |at| format!(r#""example.org/a-{at}":"theirs""#),
        around: ("{", "}"),
        object: |entries| notebook(entries, &container("")),
        may_keep: true,
    },
    Field {
        name: "imagePullSecrets",
        ours: |at| format!(r#"{{"name":"s-{at}"}}"#),
        theirs: |at| format!(r#"{{"name":"s-{at}","x":1}}"#),
        around: ("[", "]"),
        object: |entries| in_spec("imagePullSecrets", entries),
        may_keep: true,
    },
];

impl Field {
    /// Settings of one dependency that adds so many.
    fn settings(self, count: usize, on_conflict: &str) -> String {
        let (before, behind) = self.around;
        let entries = each(count, self.ours);
        one(&format!(r#""onConflict":"{on_conflict}","{}":{before}{entries}{behind}"#, self.name))
    }

    /// What the answer to conflicts is.
    fn says(self, on_conflict: &str, request: Request) -> &'static str {
        let is_denied = match on_conflict {
            "Reject" => true,
            "Keep" => !self.may_keep,
            _ => false,
        };
        // A pull secret with something unknown beside its name contains ours.
        if is_denied && matches!(request, Request::Create) && self.name != "imagePullSecrets" {
            DENIED
        } else {
            ACCEPTED
        }
    }
}

/// A request about a whole object.
fn about(request: Request, object: &str, settings: &str) -> String {
    let with = |annotations: &str| {
        let end = if object.contains(r#""annotations":{}"#) { "" } else { "," };
        object.replacen(r#""annotations":{"#, &format!(r#""annotations":{{{annotations}{end}"#), 1)
    };
    match request {
        Request::Create => create(object, settings),
        Request::Running => update(object, &with(SEEN), settings),
        Request::Stopped => update(&with(STOPPED), &with(&format!("{STOPPED},{SEEN}")), settings),
    }
}

pub fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for field in FIELDS {
        for on_conflict in ["Reject", "Keep", "Override"] {
            for request in Request::ALL {
                let name = format!("{} in conflict: {on_conflict}, {request:?}", field.name);
                let payload = move |count| {
                    about(request, &(field.object)(&each(count, field.theirs)), &field.settings(count, on_conflict))
                };
                kinds.push(Kind::new(name, 500, payload).says(field.says(on_conflict, request)));
            }
            let name = format!("{} of one key, many times: {on_conflict}", field.name);
            let payload = move |count| {
                let entries = each(count, |_| (field.theirs)(0));
                create(&(field.object)(&entries), &field.settings(1, on_conflict))
            };
            kinds.push(Kind::new(name, 1_250, payload).says(field.says(on_conflict, Request::Create)));
        }
        kinds.extend(Kind::thrice(&format!("{} that are there", field.name), 500, move |request, count| {
            about(request, &(field.object)(&each(count, field.ours)), &field.settings(count, "Reject"))
        }));
        kinds.extend(Kind::thrice(
            &format!("{} beside as many of the user's", field.name),
            1_000,
            move |request, count| {
                let entries = each(count, |at| (field.theirs)(1_000_000 + at));
                about(request, &(field.object)(&entries), &field.settings(count, "Reject"))
            },
        ));
        kinds.push(Kind::new(format!("{} of as many dependencies", field.name), 250, move |count| {
            let (before, behind) = field.around;
            let settings =
                dependencies(count, |at| format!(r#""{}":{before}{}{behind}"#, field.name, (field.ours)(at)));
            create(&(field.object)(&each(count, |at| (field.theirs)(1_000_000 + at))), &all(&settings))
        }));
    }
    kinds.extend(list_sets());
    kinds.extend(contained());
    kinds.extend(mounts());
    kinds.extend(wide_objects());
    kinds
}

/// Lists whose entries merge by their whole value.
fn list_sets() -> Vec<Kind> {
    let mut kinds = Vec::new();
    let toleration: fn(usize) -> String =
        |at| format!(r#"{{"effect":"NoSchedule","key":"k-{at}","operator":"Exists"}}"#);
    let env_from: fn(usize) -> String = |at| format!(r#"{{"configMapRef":{{"name":"m-{at}"}}}}"#);
    for (field, entry) in [("tolerations", toleration), ("envFrom", env_from)] {
        for (what, from, step) in
            [("there", 0, 1), ("there, the other way round", 0, -1), ("beside the user's", 1_000_000, 1)]
        {
            kinds.extend(Kind::thrice(&format!("{field} {what}"), 500, move |request, count| {
                let at = |at| if step < 0 { count - 1 - at } else { from + at };
                let entries = each(count, |it| entry(at(it)));
                let object = match field {
                    "envFrom" => in_container(field, &entries),
                    _ => in_spec(field, &entries),
                };
                about(request, &object, &one(&format!(r#""{field}":[{}]"#, each(count, entry))))
            }));
        }
        kinds.push(Kind::new(format!("{field} of one value, many times"), 1_250, move |count| {
            let entries = each(count, |_| entry(0));
            let object = if field == "envFrom" { in_container(field, &entries) } else { in_spec(field, &entries) };
            create(&object, &one(&format!(r#""{field}":[{}]"#, entry(0))))
        }));
    }
    kinds
}

/// Whether a large entry of the user's contains a large one of ours.
fn contained() -> Vec<Kind> {
    type Members = fn(usize) -> String;
    let listed: [(&str, &str, Members, Members); 7] = [
        (
            "a host's names",
            r#""hostAliases":[{"hostnames":[@],"ip":"10.0.0.1"}]"#,
            |at| format!(r#""h-{at}""#),
            |at| format!(r#""h-{}""#, 9_999_999 - at),
        ),
        ("variables of a sidecar", r#""sidecars":[{"env":[@],"name":"s"}]"#, ours, theirs),
        (
            "ports of a sidecar",
            r#""sidecars":[{"name":"s","ports":[@]}]"#,
            |at| format!(r#"{{"containerPort":{at}}}"#),
            |at| format!(r#"{{"containerPort":{at},"name":"p"}}"#),
        ),
        (
            "arguments of a sidecar",
            r#""sidecars":[{"args":[@],"name":"s"}]"#,
            |at| format!(r#""a-{at}""#),
            |at| format!(r#""a-\u0030{at}""#),
        ),
        (
            "terms of an affinity",
            r#""affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[@]}}}"#,
            |at| format!(r#"{{"matchExpressions":[{{"key":"k-{at}","operator":"Exists"}}]}}"#),
            |at| format!(r#"{{"matchExpressions":[{{"key":"k-{at}","operator":"DoesNotExist"}}]}}"#),
        ),
        (
            "values of an affinity",
            r#""affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"k","operator":"In","values":[@]}]}]}}}"#,
            |at| format!(r#""v-{at}""#),
            |at| format!(r#""v-{}""#, 9_999_999 - at),
        ),
        (
            "files of a volume",
            r#""volumes":[{"configMap":{"items":[@],"name":"m"},"name":"v"}]"#,
            |at| format!(r#"{{"key":"k-{at}","path":"p-{at}"}}"#),
            |at| format!(r#"{{"key":"k-{at}","path":"q-{at}"}}"#),
        ),
    ];
    let mut kinds = Vec::new();
    for (name, around, ours, theirs) in listed {
        let object = move |entries: &str| {
            let spec = around.replace('@', entries);
            let spec = match spec.strip_prefix(r#""sidecars":["#) {
                Some(sidecar) => format!(r#""containers":[{{"name":"nb"}},{sidecar}"#),
                None => format!("{},{spec}", container("")),
            };
            notebook("", &spec)
        };
        let settings =
            move |entries: &str| one(&format!(r#"{},"onConflict":"Override""#, around.replace('@', entries)));
        let mut add = |what: &str, smallest, entries: fn(Members, Members, usize) -> (String, String)| {
            kinds.push(Kind::new(format!("{name}: {what}"), smallest, move |count| {
                let (mine, yours) = entries(ours, theirs, count);
                create(&object(&yours), &settings(&mine))
            }));
        };
        add("many, all differ", 500, |ours, theirs, count| (each(count, ours), each(count, theirs)));
        add("many, the last is missing", 500, |ours, _, count| (each(count + 1, ours), each(count, ours)));
        add("many, the other way round", 500, |ours, _, count| {
            (each(count, ours), each(count, |at| ours(count - 1 - at)))
        });
        add("one of ours among many", 1_000, |ours, theirs, count| (ours(0), each(count, theirs)));
        add("each many times", 500, |ours, theirs, count| (each(count, ours), each(count, |at| theirs(at % 10))));
    }
    // What is long is read again for each entry that it is compared with.
    for (what, around, behind) in [
        ("value", r#""env":[{"name":"A","value":""#, r#""}]"#),
        ("path", r#""volumeMounts":[{"mountPath":"/a","name":"a","subPath":""#, r#""}]"#),
    ] {
        kinds.push(Kind::new(format!("a sidecar of ours with a long {what}"), 10_000, move |count| {
            let long = "x".repeat(count);
            let settings =
                one(&format!(r#""onConflict":"Override","sidecars":[{{{around}{long}{behind},"name":"s"}}]"#));
            let (field, _) = around.split_once('[').expect("a list");
            let entries = each(count / 20, |at| format!(r#"{{"name":"b-{at}"}}"#));
            create(
                &notebook("", &format!(r#""containers":[{{"name":"nb"}},{{{field}[{entries}],"name":"s"}}]"#)),
                &settings,
            )
        }));
    }
    for (what, later) in [("the same later ones", 0), ("as many later ones", 1)] {
        kinds.push(Kind::new(format!("a sidecar of ours with variables, {what}"), 500, move |count| {
            let env = each(count, ours);
            let again = each(count, |at| theirs(at * later));
            let settings = one(&format!(r#""onConflict":"Override","sidecars":[{{"env":[{env}],"name":"s"}}]"#));
            create(
                &notebook("", &format!(r#""containers":[{{"name":"nb"}},{{"env":[{env},{again}],"name":"s"}}]"#)),
                &settings,
            )
        }));
    }
    kinds
}

/// Mounts, their volumes, and directories below directories.
fn mounts() -> Vec<Kind> {
    let mount = |path: String, volume: String| format!(r#"{{"mountPath":"{path}","name":"{volume}"}}"#);
    let volume = |at: usize| format!(r#"{{"emptyDir":{{}},"name":"v-{at}"}}"#);
    let settings = |mounts: String, volumes: String, on_conflict: &str| {
        one(&format!(r#""onConflict":"{on_conflict}","volumeMounts":[{mounts}],"volumes":[{volumes}]"#))
    };
    let object = |mounts: String| notebook("", &container(&format!(r#""volumeMounts":[{mounts}]"#)));
    vec![
        Kind::new("files below directories of the user's", 500, move |count| {
            let below = each(count, |at| mount(format!("/d/{at}/file"), "v-0".to_owned()));
            create(
                &object(each(count, |at| mount(format!("/d/{at}"), "theirs".to_owned()))),
                &settings(below, volume(0), "Reject"),
            )
        }),
        Kind::new("files below one directory of the user's", 500, move |count| {
            let below = each(count, |at| mount(format!("/d/file-{at}"), "v-0".to_owned()));
            create(&object(mount("/d".to_owned(), "theirs".to_owned())), &settings(below, volume(0), "Reject"))
        }),
        Kind::new("a file below many directories of the user's", 50, move |count| {
            let directories = each(count, |at| mount(format!("/{}", "d/".repeat(at)), "theirs".to_owned()));
            create(
                &object(directories),
                &settings(mount("/d".repeat(100) + "/file", "v-0".to_owned()), volume(0), "Reject"),
            )
        }),
        Kind::new("a file far below", 10_000, move |count| {
            let deep = mount("/d".repeat(count), "v-0".to_owned());
            create(&object(mount("/d".to_owned(), "theirs".to_owned())), &settings(deep, volume(0), "Reject"))
        }),
        Kind::new("a file far below a directory far below", 10_000, move |count| {
            let deep = mount("/d".repeat(count) + "/file", "v-0".to_owned());
            create(&object(mount("/d".repeat(count), "theirs".to_owned())), &settings(deep, volume(0), "Reject"))
        }),
        Kind::new("a directory of the user's far below", 10_000, move |count| {
            let file = mount("/d/file".to_owned(), "v-0".to_owned());
            create(&object(mount("/d".repeat(count), "theirs".to_owned())), &settings(file, volume(0), "Reject"))
        }),
        Kind::new("a path that says little", 5_000, move |count| {
            let file = mount("/d/file".to_owned(), "v-0".to_owned());
            create(&object(mount("/./..//d".repeat(count), "theirs".to_owned())), &settings(file, volume(0), "Reject"))
        }),
        Kind::new("one path in many spellings: Override", 500, move |count| {
            let paths = each(count, |at| {
                mount("/data".to_owned() + ["", "/", "//", "/./", "/x/.."][at % 5], "theirs".to_owned())
            });
            create(&object(paths), &settings(mount("/data".to_owned(), "v-0".to_owned()), volume(0), "Override"))
        }),
        Kind::new("volumes of ours whose mounts are all kept away", 250, move |count| {
            let mounts = |of: &'static str| each(count, move |at| mount(format!("/m/{at}"), format!("{of}-{at}")));
            create(&object(mounts("theirs")), &settings(mounts("v"), each(count, volume), "Keep"))
        }),
        Kind::new("volumes of ours in many dependencies, whose mounts are all kept away", 250, move |count| {
            let mounts = each(count, |at| mount(format!("/m/{at}"), "theirs".to_owned()));
            let settings = dependencies(count, |at| {
                let (mount, volume) = (mount(format!("/m/{at}"), format!("v-{at}")), volume(at));
                format!(r#""onConflict":"Keep","volumeMounts":[{mount}],"volumes":[{volume}]"#)
            });
            create(&object(mounts), &all(&settings))
        }),
        Kind::new("variables and their other spelling: Keep", 500, move |count| {
            let upper = each(count, |at| format!(r#"{{"name":"VARIABLE_{at}","value":"ours"}}"#));
            let lower = each(count, |at| format!(r#"{{"name":"variable_{at}","value":"theirs"}}"#));
            create(&notebook("", &with_env(&lower)), &one(&format!(r#""env":[{upper}],"onConflict":"Keep""#)))
        }),
        Kind::new("a proxy, and many of its variables", 1_250, move |count| {
            let env =
                each(count, |at| format!(r#"{{"name":"{}","value":"theirs"}}"#, ["http_proxy", "HTTPS_PROXY"][at % 2]));
            let settings =
                one(r#""onConflict":"Keep","proxy":{"httpProxy":"http://proxy:8088","noProxy":["localhost"]}"#);
            create(&notebook("", &with_env(&env)), &settings)
        }),
        Kind::new("a proxy that is not used for many", 2_500, move |count| {
            let hosts = each(count, |at| format!(r#""host-{at}""#));
            let settings = one(&format!(r#""proxy":{{"httpProxy":"http://proxy:8088","noProxy":[{hosts}]}}"#));
            create(&notebook("", &container("")), &settings)
        }),
    ]
}

/// Objects with many members that the policy does not know.
fn wide_objects() -> Vec<Kind> {
    let members = |count| each(count, |at| format!(r#""m-{at}":{{"a":[1]}}"#));
    let settings = || one(&format!(r#""env":[{}],"labels":{{"l":"ours"}},"serviceAccountName":"ours""#, ours(0)));
    let mut kinds = Vec::new();
    kinds.extend(Kind::thrice("members of a container", 1_250, move |request, count| {
        request.about("", &container(&members(count)), &settings())
    }));
    kinds.extend(Kind::thrice("members of a pod spec", 1_250, move |request, count| {
        request.about("", &format!("{},{}", container(""), members(count)), &settings())
    }));
    kinds.extend(Kind::thrice("annotations", 1_250, move |request, count| {
        request.about(&each(count, |at| format!(r#""example.org/a-{at}":"x""#)), &container(""), &settings())
    }));
    kinds.extend(Kind::thrice("members of many containers", 5_000, move |request, count| {
        let few = members(crate::payloads::root(count));
        request.about("", &containers(crate::payloads::root(count), &few), &settings())
    }));
    kinds.push(Kind::new("containers and init containers of ours", 250, |count| {
        let named = |of| each(count, move |at| format!(r#"{{"image":"busybox","name":"{of}-{at}"}}"#));
        let settings = one(&format!(r#""initContainers":[{}],"sidecars":[{}]"#, named("i"), named("s")));
        create(&notebook("", &container("")), &settings)
    }));
    for (field, other) in [("initContainers", "containers"), ("sidecars", "initContainers")] {
        let name = format!("{field} called like {other} of the user's");
        let payload = move |count| {
            let named = each(count, |at| format!(r#"{{"image":"busybox","name":"x-{at}"}}"#));
            let spec = match other {
                "containers" => format!(r#""containers":[{{"name":"nb"}},{named}]"#),
                _ => format!(r#"{},"initContainers":[{named}]"#, container("")),
            };
            create(&notebook("", &spec), &one(&format!(r#""{field}":[{named}]"#)))
        };
        kinds.push(Kind::new(name, 500, payload).says(DENIED));
    }
    kinds.push(Kind::new("dependencies in the settings of which one is wanted", 500, |count| {
        let unwanted = each(count, |at| format!(r#""u-{at}":{{"env":[{}]}}"#, ours(at)));
        let settings = registry().replacen(r#""dependencies":{"#, &format!(r#""dependencies":{{{unwanted},"#), 1);
        create(&notebook("", &container("")), &settings)
    }));
    kinds
}
