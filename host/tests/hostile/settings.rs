//! Settings that are checked when the policy is deployed: many of everything, and much that is wrong.

use crate::payloads::{Dependencies, all, dependencies, each, none, one, ours};
use crate::{INVALID, Kind, VALID};

/// What is wrong or right, from how many, and the settings.
type Row = (&'static str, usize, fn(usize) -> String);

pub fn kinds() -> Vec<Kind> {
    let valid: [Row; 14] = [
        ("variables", 1_250, |count| one(&format!(r#""env":[{}]"#, each(count, ours)))),
        ("dependencies", 500, |count| all(&variable_each(count))),
        ("dependencies for another kind", 500, |count| none(&variable_each(count))),
        ("the same entry of many dependencies", 500, |count| {
            all(&dependencies(count, |at| format!(r#""env":[{},{}]"#, ours(0), ours(at + 1))))
        }),
        ("dependencies for many containers", 20, |count| {
            let names = each(count, |at| format!(r#""c-{at}""#));
            all(&dependencies(count, |at| format!(r#""containers":[{names}],"env":[{}]"#, ours(at))))
        }),
        ("volumes and mounts", 500, |count| {
            let mounts = each(count, |at| format!(r#"{{"mountPath":"/m/{at}","name":"v-{at}"}}"#));
            let volumes = each(count, |at| format!(r#"{{"emptyDir":{{}},"name":"v-{at}"}}"#));
            one(&format!(r#""volumeMounts":[{mounts}],"volumes":[{volumes}]"#))
        }),
        ("sidecars and init containers", 500, |count| {
            let named = |of| each(count, move |at| format!(r#"{{"image":"busybox","name":"{of}-{at}"}}"#));
            one(&format!(r#""initContainers":[{}],"sidecars":[{}]"#, named("i"), named("s")))
        }),
        ("tolerations", 500, |count| {
            let tolerations = each(count, |at| format!(r#"{{"key":"k-{at}","operator":"Exists"}}"#));
            one(&format!(r#""tolerations":[{tolerations}]"#))
        }),
        ("variables for containers that are brought", 250, |count| {
            all(&dependencies(count, |at| {
                format!(r#""containers":["c-{at}"],"env":[{}],"sidecars":[{}]"#, ours(0), container(at, &ours(1)))
            }))
        }),
        ("one dependency for containers that are brought", 200, |count| {
            let names = each(count, |at| format!(r#""c-{at}""#));
            let variable = |of: &'static str| move |at| format!(r#"{{"name":"{of}-{at:05}","value":"a"}}"#);
            let containers = each(count, |at| container(at, &variable("A")(at)));
            let env = each(count, variable("B"));
            one(&format!(r#""containers":[{names}],"env":[{env}],"sidecars":[{containers}]"#))
        }),
        ("selectors that do not meet", 150, |count| {
            all(&dependencies(count, |at| {
                let values = each(5, |value| format!(r#""v-{at}-{value}""#));
                format!(
                    r#""selector":{{"matchExpressions":[{{"key":"k","operator":"In","values":[{values}]}}]}},"nodeSelector":{{"k":"v-{at}"}}"#
                )
            }))
        }),
        ("ports of the node", 250, |count| {
            let port = |at| {
                let (number, ip) = (at % 60_000 + 1, format!("10.0.{}.{}", at / 250, at % 250));
                format!(r#"{{"containerPort":{number},"hostIP":"{ip}","hostPort":80}}"#)
            };
            one(&format!(r#""sidecars":[{{"image":"busybox","name":"s","ports":[{}]}}]"#, each(count, port)))
        }),
        ("files of a projected volume", 250, |count| {
            let source = |at| format!(r#"{{"configMap":{{"items":[{{"key":"k","path":"p-{at}"}}],"name":"c"}}}}"#);
            one(&format!(r#""volumes":[{{"name":"v","projected":{{"sources":[{}]}}}}]"#, each(count, source)))
        }),
        ("devices and mounts", 250, |count| {
            let of = |kind: &'static str, path: &'static str| {
                each(count, move |at| format!(r#"{{"name":"{kind}-{at}","{path}":"/{kind}/{at}"}}"#))
            };
            let volume = |at| {
                format!(
                    r#"{{"name":"m-{at}","emptyDir":{{}}}},{{"name":"d-{at}","ephemeral":{{"volumeClaimTemplate":{{"spec":{{"accessModes":["ReadWriteOnce"],"resources":{{"requests":{{"storage":1}}}}}}}}}}}}"#
                )
            };
            one(&format!(
                r#""sidecars":[{{"image":"busybox","name":"s","volumeDevices":[{}],"volumeMounts":[{}]}}],"volumes":[{}]"#,
                of("d", "devicePath"),
                of("m", "mountPath"),
                each(count, volume)
            ))
        }),
    ];
    let invalid: [Row; 16] = [
        ("one variable many times", 500, |count| one(&format!(r#""env":[{}]"#, each(count, |_| ours(0))))),
        ("unknown fields", 500, |count| one(&each(count, |at| format!(r#""field{at}":1"#)))),
        ("an unknown field of a long name", 10_000, |count| one(&format!(r#""{}":1"#, "volumes".repeat(count / 7)))),
        ("settings that are none", 500, |count| format!("{{{}}}", each(count, |at| format!(r#""setting{at}":1"#)))),
        ("names that are none", 500, |count| {
            let names = each(count, |at| format!(r#""unknown-{at}""#));
            one(&format!(r#""env":[{}]"#, ours(0))).replace(r#"["d-00000"]"#, &format!("[{names}]"))
        }),
        ("names close to many", 250, |count| {
            all(&variable_each(count)).replace(r#""notebooks":["d-"#, r#""notebooks":["e-"#)
        }),
        ("one name many times", 500, |count| {
            let names = each(count, |_| r#""d-00000""#.to_owned());
            one(&format!(r#""env":[{}]"#, ours(0))).replace(r#"["d-00000"]"#, &format!("[{names}]"))
        }),
        ("contradictions in one entry", 250, |count| {
            all(&dependencies(count, |at| format!(r#""env":[{{"name":"A","value":"value-{at}"}}]"#)))
        }),
        ("contradictions of two", 500, |count| {
            let env = |value: &str| each(count, |at| format!(r#"{{"name":"V-{at}","value":"{value}"}}"#));
            all(&dependencies(2, |at| format!(r#""env":[{}]"#, env(["one", "two"][at]))))
        }),
        ("contradictions in one of many containers", 20, |count| {
            let names = |it| each(count, move |at| format!(r#""c-{}""#, if at == 0 { 0 } else { it * count + at }));
            all(&dependencies(count, |at| {
                format!(r#""containers":[{}],"env":[{{"name":"A","value":"value-{at}"}}]"#, names(at))
            }))
        }),
        ("contradictions in containers that are brought", 250, |count| {
            let of_one = |at| format!(r#""containers":["c-{at}"],"env":[{{"name":"A","value":"value-{at}"}}]"#);
            all(&dependencies(count, |at| {
                format!(r#"{},"sidecars":[{}]"#, of_one(at), container(at, r#"{"name":"A","value":"B"}"#))
            }))
        }),
        ("mounts without a volume", 500, |count| {
            one(&format!(
                r#""volumeMounts":[{}]"#,
                each(count, |at| format!(r#"{{"mountPath":"/m/{at}","name":"v-{at}"}}"#))
            ))
        }),
        ("dependencies that nobody uses", 500, |count| {
            all(&variable_each(count)).replace(r#""notebooks":["#, r#""notebooks":[],"x":["#)
        }),
        ("dependencies that add nothing", 500, |count| all(&dependencies(count, |_| String::new()))),
        ("wrong types", 500, |count| one(&format!(r#""env":[{}]"#, each(count, |_| "7".to_owned())))),
        ("wrong values", 500, |count| {
            let env = each(count, |at| format!(r#"{{"name":"a={at}","value":7,"valueFrom":{{"secretKeyRef":{{}}}}}}"#));
            one(&format!(r#""env":[{env}]"#))
        }),
    ];
    let checked = |says| {
        move |(name, smallest, payload): Row| {
            Kind::new(format!("settings: {name}"), smallest, payload).of("validate_settings").says(says)
        }
    };
    valid.into_iter().map(checked(VALID)).chain(invalid.into_iter().map(checked(INVALID))).collect()
}

/// A container that a dependency brings, with a variable.
fn container(at: usize, variable: &str) -> String {
    format!(r#"{{"image":"busybox","name":"c-{at}","env":[{variable}]}}"#)
}

fn variable_each(count: usize) -> Dependencies {
    dependencies(count, |at| format!(r#""env":[{}]"#, ours(at)))
}
