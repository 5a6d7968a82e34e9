//! What happens where the user has something else under a key of ours (contract, "Conflicts").

use serde_json::{Value, json};

use super::again::{
    ANNOTATIONS, NO_PATCH, NO_WARNING, PENDING, TEMPLATE, added, assert_warns, audit, created_again, env, names,
    notebook, notebook_with_env, only_warning, overridden, pending, record_of, spec, stopped, update_refused,
    updated_again, variables, variables_of,
};
use super::objects::{Kind, created, notebook_settings, refused, updated, with};

/// A user with many conflicts reads the first fifty, and how many more there are.
#[test]
fn a_message_describes_at_most_fifty_conflicts_and_counts_the_rest() {
    let variables = |count: usize, value: &str| -> Value {
        (0..count).map(|at| json!({"name": format!("A{at}"), "value": value})).collect()
    };
    for kind in Kind::ALL {
        for (count, described, rest) in [(50, 50, None), (51, 50, Some("1 more")), (1050, 50, Some("1000 more"))] {
            let object = kind.object(json!({"containers": [{"name": "main", "env": variables(count, "theirs")}]}));
            let message = refused(&object, &kind.settings(json!({"dep": {"env": variables(count, "ours")}})));
            let lines: Vec<_> = message.lines().collect();
            assert_eq!(lines.iter().filter(|line| line.contains("is set already")).count(), described, "{count}");
            assert_eq!(lines.len(), described + usize::from(rest.is_some()), "{count}");
            assert!(rest.is_none_or(|rest| lines.last().is_some_and(|line| line.contains(rest))), "{:?}", lines.last());
        }
    }
}

/// A name of any length is shown to 80 characters, so that what to do about it can be read.
#[test]
fn a_name_is_shown_to_80_characters() {
    let long = "x".repeat(240);
    for kind in Kind::ALL {
        for (what, pod_spec, dependency) in [
            (
                "a container",
                json!({"containers": [{"name": long, "env": [{"name": "A", "value": "theirs"}]}]}),
                json!({"env": [{"name": "A", "value": "ours"}], "containers": [long[..63]]}),
            ),
            (
                "a variable",
                json!({"containers": [{"name": "main", "env": [{"name": long, "value": "theirs"}]}]}),
                json!({"env": [{"name": long, "value": "ours"}]}),
            ),
            (
                "a mount",
                json!({
                    "containers": [{"name": "main", "volumeMounts": [{"name": "v", "mountPath": format!("/{long}")}]}],
                    "volumes": [{"name": "v", "emptyDir": {}}],
                }),
                json!({
                    "volumes": [{"name": "w", "emptyDir": {}}],
                    "volumeMounts": [{"name": "w", "mountPath": format!("/{long}")}],
                }),
            ),
        ] {
            let mut dependency = dependency;
            if what == "a container" {
                // It is the main one, by its place or by its annotation: no settings name one of this length.
                dependency.as_object_mut().expect("a dependency").remove("containers");
            }
            let mut object = kind.object(pod_spec);
            if kind == Kind::PipelinePod && what == "a container" {
                object = with(&object, "/metadata/annotations/kubectl.kubernetes.io~1default-container", json!(long));
            }
            let message = refused(&object, &kind.settings(json!({"dep": dependency})));
            let longest = message.split(|c| c != 'x').map(str::len).max().unwrap_or_default();
            assert!((60..=80).contains(&longest), "{kind:?} {what}: {longest} characters in {message}");
            assert!(message.contains("\"dep\""), "{kind:?} {what}: {message}");
        }
    }
}

/// A user in conflict with the platform is told what he can do: remove his own, or ask his platform about the dependency.
/// He cannot set `onConflict`, and nobody tells him to.
#[test]
fn the_user_is_told_what_he_can_do() {
    for kind in Kind::ALL {
        let settings = kind.settings(json!({"dep": variables(json!({"A": "ours"}))}));
        let users = kind.object(json!({"containers": [{"name": "main", "env": env(json!({"A": "theirs"}))}]}));
        let message = refused(&users, &settings);
        assert!(message.starts_with("env A of container \"main\" is set already"), "{message}");
        assert!(
            message.contains("remove it") && message.contains("platform") && message.contains("\"dep\""),
            "{message}"
        );
        assert!(!message.contains("onConflict"), "{message}");
        // A volume is kept under no `onConflict`.
        let settings = kind.settings(json!({"dep": {"volumes": [{"name": "v", "emptyDir": {}}]}}));
        let users = kind
            .object(json!({"containers": [{"name": "main"}], "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}));
        let message = refused(&users, &settings);
        assert!(message.contains("another name") && !message.contains("keep"), "{message}");
    }
}

/// Two policies are in conflict with one another: a user who wrote neither is told which dependencies to ask about, and not
/// to remove what is not his.
#[test]
fn where_an_entry_is_not_his_the_user_is_told_which_dependency_to_ask_about() {
    for kind in Kind::ALL {
        for domain in ["mutatingflow.nais.io", "other.example.org"] {
            let volume = |name: &str| json!([{"name": "v", "configMap": {"name": name}}]);
            for (theirs, ours) in [
                (variables(json!({"A": "theirs"})), variables(json!({"A": "ours"}))),
                (json!({"volumes": volume("theirs")}), json!({"volumes": volume("ours")})),
                (json!({"nodeSelector": {"a": "theirs"}}), json!({"nodeSelector": {"a": "ours"}})),
                (json!({"serviceAccountName": "theirs"}), json!({"serviceAccountName": "ours"})),
            ] {
                let first = with(&kind.settings(json!({"theirs": theirs})), "/annotationDomain", json!(domain));
                let object = created(&kind.object(json!({"containers": [{"name": "main"}]})), &first).object;
                let message = refused(&object, &kind.settings(json!({"mine": ours})));
                assert!(message.contains("\"mine\"") && message.contains("\"theirs\""), "{message}");
                assert!(message.contains("platform") && !message.contains("remove it"), "{message}");
            }
        }
    }
}

/// What he wrote himself he may remove, whatever another policy brings beside it.
#[test]
fn what_another_policy_does_not_bring_is_the_users_to_remove() {
    let theirs = with(
        &notebook_settings(json!({"theirs": variables(json!({"B": "theirs"}))})),
        "/annotationDomain",
        json!("other.example.org"),
    );
    let object = created(&notebook_with_env(json!({"A": "mine"})), &theirs).object;
    let message = refused(&object, &notebook_settings(json!({"dep": variables(json!({"A": "ours"}))})));
    assert!(message.contains("remove it") && !message.contains("theirs"), "{message}");
}

/// Two dependencies bring the same, and the user something else: what becomes of it is said once.
#[test]
fn what_two_dependencies_bring_is_said_once() {
    for on_conflict in ["Keep", "Override"] {
        let dependency = with(&variables(json!({"A": "ours"})), "/onConflict", json!(on_conflict));
        let settings = notebook_settings(json!({"one": dependency, "two": dependency}));
        let outcome = created_again(&notebook_with_env(json!({"A": "mine"})), &settings);
        only_warning(&outcome, &["env A", "\"one\""]);
    }
}

/// On an update by somebody who did not write the template the warning does not tell him to remove anything.
#[test]
fn what_waits_for_a_conflict_is_not_advice_to_remove_what_another_wrote() {
    let settings = notebook_settings(json!({"dep": variables(json!({"A": "ours"}))}));
    let users = notebook_with_env(json!({"A": "theirs"}));
    let outcome = updated_again(&users, &with(&users, "/metadata/annotations/x", json!("y")), &settings);
    let warning = only_warning(&outcome, &["\"dep\"", "env A of container \"main\"", "platform"]);
    assert!(!warning.contains("remove"), "{warning}");
}

/// `Keep` left all mounts of a volume of ours away: the volume does not come either. Where one of them is left, it does.
#[test]
fn a_volume_none_of_whose_mounts_is_left_is_left_out() {
    let dependency = json!({
        "onConflict": "Keep",
        "volumes": [{"name": "ca", "configMap": {"name": "ca"}}, {"name": "free", "emptyDir": {}}],
        "volumeMounts": [
            {"name": "ca", "mountPath": "/etc/one", "subPath": "one"},
            {"name": "ca", "mountPath": "/etc/two", "subPath": "two"},
        ],
    });
    for kind in Kind::ALL {
        let settings = kind.settings(json!({"dep": dependency}));
        let theirs = |path: &str| json!({"name": "mine", "mountPath": path});
        let object = |mounts: Value| {
            kind.object(json!({
                "containers": [{"name": "main", "volumeMounts": mounts}],
                "volumes": [{"name": "mine", "emptyDir": {}}],
            }))
        };
        let volumes = |object: &Value| {
            let volumes = object.pointer(&format!("{}/volumes", kind.pod_spec())).cloned().unwrap_or_default();
            names(&volumes).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let outcome = created_again(&object(json!([theirs("/etc/one"), theirs("/etc/two/")])), &settings);
        assert_eq!(volumes(&outcome.object), ["mine", "free"], "{kind:?}");
        assert_eq!(added(&outcome.object), json!({"dep": {"volumes": ["free"]}}));
        assert_eq!(outcome.warnings.len(), 2, "{:?}", outcome.warnings);
        let outcome = created_again(&object(json!([theirs("/etc/one")])), &settings);
        assert_eq!(volumes(&outcome.object), ["mine", "ca", "free"], "{kind:?}");
        assert_eq!(added(&outcome.object), json!({"dep": {"volumes": ["ca", "free"], "volumeMounts": ["/etc/two"]}}));
    }
}

/// The init container of a dependency mounts its volume too: then the volume is still needed.
#[test]
fn a_volume_that_another_container_of_ours_mounts_comes() {
    let dependency = json!({
        "onConflict": "Keep",
        "volumes": [{"name": "s", "emptyDir": {}}],
        "volumeMounts": [{"name": "s", "mountPath": "/s"}],
        "initContainers": [{"name": "fetch", "image": "tool", "volumeMounts": [{"name": "s", "mountPath": "/s"}]}],
    });
    for kind in Kind::ALL {
        let users = kind
            .object(json!({"containers": [{"name": "main", "volumeMounts": [{"name": "mine", "mountPath": "/s"}]}]}));
        let outcome = created_again(&users, &kind.settings(json!({"dep": dependency})));
        assert_eq!(added(&outcome.object), json!({"dep": {"volumes": ["s"], "initContainers": ["fetch"]}}), "{kind:?}");
    }
}

/// In several containers: the volume is left out only where no mount is left in any of them.
#[test]
fn a_volume_is_left_out_only_where_no_container_mounts_it() {
    let dependency = json!({
        "onConflict": "Keep",
        "containers": "All",
        "volumes": [{"name": "s", "emptyDir": {}}],
        "volumeMounts": [{"name": "s", "mountPath": "/s"}],
    });
    let theirs = json!([{"name": "mine", "mountPath": "/s"}]);
    let settings = notebook_settings(json!({"dep": dependency}));
    let one = notebook(json!({"containers": [{"name": "main", "volumeMounts": theirs}, {"name": "second"}]}));
    assert_eq!(
        added(&created_again(&one, &settings).object),
        json!({"dep": {"volumes": ["s"], "volumeMounts/second": ["/s"]}})
    );
    let both = with(&one, &format!("{TEMPLATE}/containers/1/volumeMounts"), theirs);
    let outcome = created_again(&both, &settings);
    assert_eq!((added(&outcome.object), spec(&outcome.object).get("volumes")), (json!({}), None));
}

/// What the user keeps mounts a volume of the name of ours, and he brings none: ours comes, or the pod would never start.
#[test]
fn a_volume_that_the_user_mounts_comes_though_none_of_our_mounts_is_left() {
    let dependency = json!({
        "onConflict": "Keep",
        "volumes": [{"name": "shared", "emptyDir": {}}],
        "volumeMounts": [{"name": "shared", "mountPath": "/shared"}],
    });
    let settings = notebook_settings(json!({"dep": dependency}));
    let read_only = json!([{"name": "shared", "mountPath": "/shared", "readOnly": true}]);
    let one = notebook(json!({"containers": [{"name": "main", "volumeMounts": read_only}]}));
    let helper = json!([
        {"name": "main", "volumeMounts": [{"name": "mine", "mountPath": "/shared"}]},
        {"name": "helper", "volumeMounts": [{"name": "shared", "mountPath": "/x"}]},
    ]);
    let other = notebook(json!({"containers": helper, "volumes": [{"name": "mine", "emptyDir": {}}]}));
    for users in [&one, &other] {
        let outcome = created_again(users, &settings);
        assert_eq!(added(&outcome.object), json!({"dep": {"volumes": ["shared"]}}));
        assert_eq!(spec(&outcome.object)["containers"], spec(users)["containers"]);
        only_warning(&outcome, &["/shared", "stays"]);
    }
    // His own volume of that name is his.
    let own = with(&one, &format!("{TEMPLATE}/volumes"), json!([{"name": "shared", "hostPath": {"path": "/"}}]));
    let outcome = created_again(&own, &settings);
    assert_eq!((spec(&outcome.object), added(&outcome.object)), (spec(&own), json!({})));
}

/// `/data` and `/data/` are one mount: `Override` leaves ours, once.
#[test]
fn where_the_user_has_a_key_more_than_once_override_leaves_ours_alone() {
    for kind in Kind::ALL {
        let settings = kind.settings(json!({"dep": {
            "onConflict": "Override",
            "volumes": [{"name": "s", "emptyDir": {}}],
            "volumeMounts": [{"name": "s", "mountPath": "/data"}],
            "env": [{"name": "A", "value": "ours"}],
            "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["ours"]}],
        }}));
        let mount = |volume: &str, path: &str| json!({"name": volume, "mountPath": path});
        let users = kind.object(json!({
            "containers": [{
                "name": "main",
                "volumeMounts": [mount("mine", "/data"), mount("mine", "/other"), mount("mine", "/data/")],
                "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}, {"name": "A", "value": "2"}],
            }],
            "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}, {"ip": "10.0.0.1", "hostnames": ["b"]}],
        }));
        let outcome = created_again(&users, &settings);
        let pod_spec = outcome.object.pointer(kind.pod_spec()).expect("a pod spec");
        let container = &pod_spec["containers"][0];
        assert_eq!(container["volumeMounts"], json!([mount("s", "/data"), mount("mine", "/other")]), "{kind:?}");
        assert_eq!(container["env"], json!([{"name": "A", "value": "ours"}, {"name": "B", "value": "1"}]), "{kind:?}");
        assert_eq!(pod_spec["hostAliases"], json!([{"ip": "10.0.0.1", "hostnames": ["ours"]}]), "{kind:?}");
        assert_eq!(
            overridden(&outcome.object),
            json!({"dep": {"env": ["A"], "volumeMounts": ["/data"], "hostAliases": ["10.0.0.1"]}})
        );
        assert_eq!(outcome.warnings.len(), 3, "{:?}", outcome.warnings);
    }
}

/// What waits for a conflict does not come with a stop, so nobody is told to stop the notebook for it.
#[test]
fn what_waits_for_a_conflict_is_not_said_to_wait_for_a_stop() {
    let before = notebook_settings(json!({"registry": {"imagePullSecrets": [{"name": "a"}]}}));
    let after = notebook_settings(json!({
        "dep": {"env": [{"name": "A", "value": "ours"}, {"name": "B", "value": "ours"}]},
        "registry": {"imagePullSecrets": [{"name": "b"}]},
    }));
    let stored = created(&notebook_with_env(json!({"A": "theirs"})), &before).object;
    let outcome = updated_again(&stored, &stored, &after);
    assert_eq!(outcome.object, with(&stored, PENDING, json!("dep,registry")));
    assert_eq!(outcome.warnings.len(), 2, "{:?}", outcome.warnings);
    let of_stop: Vec<_> = outcome.warnings.iter().filter(|warning| warning.contains("stop")).collect();
    assert!(of_stop.len() == 1 && of_stop[0].contains("registry") && !of_stop[0].contains("dep,"), "{of_stop:?}");
    let of_conflict: Vec<_> = outcome.warnings.iter().filter(|warning| warning.contains("env A")).collect();
    assert!(of_conflict.len() == 1 && !of_conflict[0].contains("stop"), "{of_conflict:?}");
    // A stop applies the one, and the other waits on. Whoever changes the template is refused.
    let outcome = updated_again(&outcome.object, &stopped(&outcome.object), &after);
    assert_eq!((pending(&outcome.object), audit(&outcome, "dependencies")), (&json!("dep"), "registry"));
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    let changed = with(&stored, &format!("{TEMPLATE}/containers/0/image"), json!("new"));
    assert!(update_refused(&stored, &changed, &after).starts_with("env A of container \"main\""));
}

/// Where a runtime class is set, replaced or taken away, the overhead of the old one goes: the API server would refuse the
/// pod with it. Where the class is the user's own, it stays.
#[test]
fn the_overhead_of_a_runtime_class_goes_with_it() {
    let overhead = json!({"cpu": "250m"});
    let container = json!([{"name": "main"}]);
    for kind in Kind::ALL {
        let dependency =
            |class: &str, on_conflict: &str| json!({"dep": {"runtimeClassName": class, "onConflict": on_conflict}});
        let without = |class: &str| json!({"containers": container, "runtimeClassName": class});
        let with_overhead = |class: &str| with(&without(class), "/overhead", overhead.clone());
        let pod_spec = |object: &Value| object.pointer(kind.pod_spec()).cloned().unwrap_or_default();

        let users = kind.object(with_overhead("theirs"));
        let replaced = created_again(&users, &kind.settings(dependency("gvisor", "Override")));
        assert_eq!(pod_spec(&replaced.object), without("gvisor"), "{kind:?}");
        let none = kind.object(json!({"containers": container, "overhead": overhead}));
        let set = created_again(&none, &kind.settings(dependency("gvisor", "Reject")));
        assert_eq!(pod_spec(&set.object), without("gvisor"), "{kind:?}");
        // The server computed the overhead of ours: it goes with the next class of ours, and stays with the same one.
        let computed = with(&set.object, &format!("{}/overhead", kind.pod_spec()), overhead.clone());
        assert_eq!(
            created_again(&computed, &kind.settings(dependency("gvisor", "Reject"))).patch,
            NO_PATCH,
            "{kind:?}"
        );
        let upgraded = created_again(&computed, &kind.settings(dependency("kata", "Reject")));
        assert_eq!(pod_spec(&upgraded.object), without("kata"), "{kind:?}");
        // What is there already, and what is kept.
        assert_eq!(created_again(&users, &kind.settings(dependency("theirs", "Reject"))).patch, NO_PATCH, "{kind:?}");
        assert_eq!(created_again(&users, &kind.settings(dependency("gvisor", "Keep"))).patch, NO_PATCH, "{kind:?}");
    }
    // Taken away from a notebook.
    let all = json!({"dep": {"runtimeClassName": "gvisor"}, "other": {"labels": {"a": "b"}}});
    let stored =
        created(&notebook(json!({"containers": container})), &super::again::wanting(&["dep"], all.clone())).object;
    let stored = with(&stored, &format!("{TEMPLATE}/overhead"), overhead);
    let after = updated_again(&stored, &stopped(&stored), &super::again::wanting(&["other"], all));
    assert_eq!(spec(&after.object), &json!({"containers": container}));
}

/// A file of ours below a directory that the user mounts: a warning names both, since the container may not start.
#[test]
fn a_file_below_a_directory_that_the_user_mounts_gets_a_warning() {
    let ca = json!({
        "volumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "volumeMounts": [{"name": "ca", "mountPath": "/etc/ssl/certs/ca-certificates.crt", "subPath": "ca.pem"}],
    });
    for kind in Kind::ALL {
        let settings = kind.settings(json!({"ca": ca}));
        let object = |path: &str| {
            kind.object(
                json!({"containers": [{"name": "main", "volumeMounts": [{"name": "mine", "mountPath": path}]}]}),
            )
        };
        for path in ["/etc/ssl/certs", "/etc/ssl/certs/", "/etc/ssl", "/etc"] {
            let outcome = created_again(&object(path), &settings);
            let directory = path.trim_end_matches('/');
            only_warning(&outcome, &[directory, "\"ca\"", "/etc/ssl/certs/ca-certificates.crt", "read-only"]);
            assert_eq!(added(&outcome.object)["ca"]["volumeMounts"], json!(["/etc/ssl/certs/ca-certificates.crt"]));
            assert_eq!(created(&outcome.object, &settings).warnings, NO_WARNING, "once");
        }
        for path in ["/etc/ssl/certs2", "/etc/ssl/cert", "/home", "/etc/ssl/certs/java"] {
            assert_eq!(created_again(&object(path), &settings).warnings, NO_WARNING, "{path}");
        }
    }
}

/// The notebook controller adds `fsGroup: 100` only to a template that has no security context: with ours in it, volumes may
/// not be writable, and a warning says so.
#[test]
fn a_security_context_without_fs_group_gets_a_warning() {
    let dependency = |context: Value| json!({"dep": {"securityContext": context}});
    let users = notebook_with_env(json!({}));
    let of_group = |context: Value| with(&users, &format!("{TEMPLATE}/securityContext"), context);

    let outcome = created_again(&users, &notebook_settings(dependency(json!({"runAsNonRoot": true}))));
    only_warning(&outcome, &["\"dep\"", "securityContext", "fsGroup"]);
    assert_eq!(spec(&outcome.object)["securityContext"], json!({"runAsNonRoot": true}));

    let with_group = notebook_settings(dependency(json!({"runAsNonRoot": true, "fsGroup": 100})));
    assert_eq!(created_again(&users, &with_group).warnings, NO_WARNING);
    // The user has one: the controller adds nothing to it anyway.
    let keep = with(&dependency(json!({"runAsNonRoot": true})), "/dep/onConflict", json!("Override"));
    let outcome = created_again(&of_group(json!({"runAsUser": 1000})), &notebook_settings(keep));
    assert!(!outcome.warnings.iter().any(|warning| warning.contains("fsGroup")), "{:?}", outcome.warnings);
    let present = of_group(json!({"runAsNonRoot": true}));
    assert_eq!(
        created_again(&present, &notebook_settings(dependency(json!({"runAsNonRoot": true})))).warnings,
        NO_WARNING
    );
    // A pod has no notebook controller.
    let kind = Kind::PipelinePod;
    let pod = kind.object(json!({"containers": [{"name": "main"}]}));
    assert_eq!(created_again(&pod, &kind.settings(dependency(json!({"runAsNonRoot": true})))).warnings, NO_WARNING);
}

/// So too where ours was gone when the user set his.
#[test]
fn the_twin_of_a_variable_that_the_user_sets_anew_is_left_out() {
    let settings = notebook_settings(json!({"proxy": {"onConflict": "Keep", "proxy": {"httpProxy": "http://ours"}}}));
    let ours = created(&notebook_with_env(json!({})), &settings).object;
    for (at, theirs) in [(0, "HTTP_PROXY"), (2, "http_proxy")] {
        let stored = with(&ours, &format!("/spec/template/spec/containers/0/env/{at}"), None);
        let mine = json!({"name": theirs, "value": "http://mine"});
        let sent = with(&stored, "/spec/template/spec/containers/0/env/-", mine);
        let outcome = updated_again(&stored, &sent, &settings);
        let mut variables = variables_of(&outcome.object);
        variables.sort();
        assert_eq!(variables, ["HTTPS_PROXY=http://ours", &format!("{theirs}=http://mine"), "https_proxy=http://ours"]);
        only_warning(&outcome, &["env", theirs, "yours now"]);
    }
    // So too where he adds something to ours.
    let sent = with(&ours, "/spec/template/spec/containers/0/env/0/note", json!("mine"));
    let outcome = updated_again(&ours, &sent, &settings);
    let names: Vec<_> = names(&spec(&outcome.object)["containers"][0]["env"]);
    assert_eq!(names, ["HTTP_PROXY", "HTTPS_PROXY", "https_proxy"]);
}

/// With `Keep`, an upper-case variable of the proxy and its lower-case twin are one: where the user has either, both stay as
/// he has them.
#[test]
fn under_keep_a_variable_of_the_proxy_and_its_twin_are_one() {
    let settings = |on_conflict: &str| {
        notebook_settings(json!({
            "proxy": {"onConflict": on_conflict, "proxy": {"httpProxy": "http://ours", "noProxy": ["localhost"]}},
        }))
    };
    for theirs in ["HTTP_PROXY", "http_proxy"] {
        let users = notebook_with_env(json!({theirs: "http://mine"}));
        let outcome = created_again(&users, &settings("Keep"));
        assert_eq!(
            added(&outcome.object),
            json!({"proxy": {"env": ["HTTPS_PROXY", "NO_PROXY", "https_proxy", "no_proxy"]}}),
            "{theirs}"
        );
        assert_eq!(variables_of(&outcome.object)[0], format!("{theirs}=http://mine"));
        assert_eq!(variables_of(&outcome.object).len(), 5, "{theirs}");
        assert_warns(&outcome, &[theirs, "stays"]);
        // It stays so, stopped and started, and where he has taken his own out, ours comes.
        let stored = outcome.object;
        assert_eq!(updated_again(&stored, &stopped(&stored), &settings("Keep")).object, stopped(&stored));
        let without = with(&stored, &format!("{TEMPLATE}/containers/0/env/0"), None);
        assert_eq!(variables_of(&updated(&stored, &without, &settings("Keep")).object).len(), 6);
    }
    // Under the others each goes by itself.
    let users = notebook_with_env(json!({"http_proxy": "http://mine"}));
    assert_eq!(created_again(&users, &settings("Override")).warnings.len(), 1);
    assert!(refused(&users, &settings("Reject")).starts_with("env http_proxy"));
}

/// An upgrade of the proxy is no word of the user's, whoever wrote the new values first: the call before in this request, or
/// a client that had them from elsewhere.
#[test]
fn an_upgrade_of_the_proxy_under_keep_unseats_none_of_its_variables() {
    let settings = |url: &str| notebook_settings(json!({"proxy": {"onConflict": "Keep", "proxy": {"httpProxy": url}}}));
    let proxied = |url: &str| {
        ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map(|name| format!("{name}={url}")).to_vec()
    };
    let [before, after] = [settings("http://a"), settings("http://b")];
    let manifest = notebook(json!({"containers": [{"name": "main"}]}));
    let [old, new] = [&before, &after].map(|settings| created(&manifest, settings).object);
    let new_without_record = with(&new, ANNOTATIONS, json!({"mine": "1"}));
    for sent in [&old, &new, &new_without_record] {
        let outcome = updated_again(&stopped(&old), &stopped(sent), &after);
        assert_eq!(variables_of(&outcome.object), proxied("http://b"));
        assert_eq!((added(&outcome.object), outcome.warnings), (added(&new), vec![]));
    }
    // Where the user has set one of two in the same request, the other one goes.
    let edited = with(&old, &format!("{TEMPLATE}/containers/0/env/2"), json!({"name": "http_proxy", "value": "mine"}));
    let outcome = updated_again(&stopped(&old), &stopped(&edited), &after);
    assert_eq!(variables_of(&outcome.object), ["HTTPS_PROXY=http://b", "http_proxy=mine", "https_proxy=http://b"]);
}

/// The account and the scheduler that the server puts into a template without are nobody's: a notebook with them is stopped,
/// and what is in conflict waits.
#[test]
fn a_default_of_the_server_in_the_place_of_ours_is_no_change_of_the_users() {
    let dependencies = json!({
        "names": {"serviceAccountName": "ours", "schedulerName": "ours"},
        "variables": variables(json!({"A": "ours"})),
    });
    let users = notebook_with_env(json!({"A": "mine"}));
    let users = with(&users, &format!("{TEMPLATE}/serviceAccountName"), json!("default"));
    let users = with(&users, &format!("{TEMPLATE}/schedulerName"), json!("default-scheduler"));
    for old in [users.clone(), stopped(&users)] {
        let outcome = updated_again(&old, &stopped(&users), &notebook_settings(dependencies.clone()));
        assert_eq!(pending(&outcome.object), "variables");
        assert_eq!(added(&outcome.object), json!({"names": {"spec": ["schedulerName", "serviceAccountName"]}}));
    }
}

/// An empty member is none: ours comes in its place.
#[test]
fn an_empty_member_is_none() {
    let member = |value: Value| json!({"securityContext": {"seLinuxOptions": value}});
    let users = |value: Value| with(&notebook_with_env(json!({})), &format!("{TEMPLATE}/securityContext"), value);
    let level = json!({"level": "s0"});
    let outcome =
        created_again(&users(json!({"seLinuxOptions": {}})), &notebook_settings(json!({"dep": member(level.clone())})));
    assert_eq!(spec(&outcome.object)["securityContext"]["seLinuxOptions"], level);
}

/// A conflict with what is another's is one however the annotations came: those that are no record own nothing.
#[test]
fn annotations_that_end_like_a_record_and_are_none_own_nothing() {
    let settings = notebook_settings(json!({"dep": variables(json!({"A": "ours"}))}));
    let users = notebook_with_env(json!({"A": "theirs"}));
    let message = refused(&users, &settings);
    for text in ["yes", "", "{", "[]", "{\"Notebook\":{\"x\":{\"hash\":1,\"added\":{\"env\":[\"A\"]}}}}"] {
        let users = with(&users, &format!("{ANNOTATIONS}/linkerd.io~1injected"), json!(text));
        assert_eq!(refused(&users, &settings), message, "{text}");
    }
    // Nor does a record under another name.
    let record = record_of("Notebook", "theirs", json!({"env": ["A"]}));
    let users = with(&users, &format!("{ANNOTATIONS}/example.org~1copy"), record);
    assert_eq!(refused(&users, &settings), message);
}
