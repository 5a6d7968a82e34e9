//! What goes into containers beside variables and mounts, into init containers by their names, and into containers that a
//! dependency brings (contract, "Chosen containers" and "Already present").

use serde_json::{Value, json};

use super::again::{
    NO_PATCH, TEMPLATE, added, audit, created_again, notebook, overridden, spec, stopped, updated_again, wanting,
};
use super::objects::{Kind, created, notebook_settings, refused, update, updated, with};
use crate::evaluator::evaluate;

/// The fields of a container that are one value, each with a value that a dependency brings, and another one.
fn atomic_fields() -> [(&'static str, Value, Value); 4] {
    let lifecycle = |script: &str| json!({"preStop": {"exec": {"command": ["/bin/sh", "-c", script]}}});
    [
        ("command", json!(["start", "--with", "care"]), json!(["start"])),
        ("args", json!(["--verbose"]), json!(["--verbose", "--debug"])),
        ("imagePullPolicy", json!("Never"), json!("Always")),
        ("lifecycle", lifecycle("sync"), lifecycle("sleep 1")),
    ]
}

/// The init container at `at` of an object.
fn init_container(object: &Value, kind: Kind, at: usize) -> Value {
    let pointer = format!("{}/initContainers/{at}", kind.pod_spec());
    object.pointer(&pointer).cloned().unwrap_or_default()
}

/// An object with a container and two init containers, the first of which goes on and has `more`.
fn object(kind: Kind, more: Value) -> Value {
    let mut first = json!({"name": "init", "image": "tool:1", "restartPolicy": "Always"});
    first.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let others = json!({"name": "other", "image": "tool:1"});
    kind.object(json!({"containers": [{"name": "main", "image": "main:1"}], "initContainers": [first, others]}))
}

/// A field of an init container that is one value is added, refused, kept, replaced, upgraded and taken off as one of a
/// container is. Only the init container of this name gets it.
#[test]
fn fields_of_init_containers_are_merged_by_name() {
    for kind in Kind::ALL {
        for (field, ours, theirs) in atomic_fields() {
            let dependency = |value: &Value, on_conflict: &str| json!({"dep": {field: value, "containers": ["init"], "onConflict": on_conflict}});
            let recorded = json!({"dep": {"container/init": [field]}});

            let bare = object(kind, json!({}));
            let outcome = created_again(&bare, &kind.settings(dependency(&ours, "Reject")));
            assert_eq!(init_container(&outcome.object, kind, 0)[field], ours, "{kind:?} {field}");
            assert_eq!(init_container(&outcome.object, kind, 1), init_container(&bare, kind, 1), "{kind:?} {field}");
            assert_eq!(
                outcome.object.pointer(&format!("{}/containers", kind.pod_spec())),
                bare.pointer(&format!("{}/containers", kind.pod_spec()))
            );
            assert_eq!((added(&outcome.object), outcome.warnings.len()), (recorded.clone(), 0), "{kind:?} {field}");

            let present = object(kind, json!({field: ours}));
            let outcome = created_again(&present, &kind.settings(dependency(&ours, "Reject")));
            assert_eq!(outcome.patch, NO_PATCH, "{kind:?} {field}");

            let users = object(kind, json!({field: theirs}));
            let message = refused(&users, &kind.settings(dependency(&ours, "Reject")));
            let expected = format!("{field} of container \"init\" is set already");
            assert!(message.starts_with(&expected), "{message}");
            let outcome = created_again(&users, &kind.settings(dependency(&ours, "Keep")));
            assert_eq!((&outcome.patch[..], outcome.warnings.len()), (&NO_PATCH[..], 1), "{kind:?} {field}");
            let outcome = created_again(&users, &kind.settings(dependency(&ours, "Override")));
            assert_eq!(init_container(&outcome.object, kind, 0)[field], ours, "{kind:?} {field}");
            assert_eq!(overridden(&outcome.object), recorded, "{kind:?} {field}");

            // An upgrade, which is a second call, and its end, which is only of what is stored.
            let stored = created(&bare, &kind.settings(dependency(&ours, "Reject"))).object;
            let outcome = created_again(&stored, &kind.settings(dependency(&theirs, "Reject")));
            assert_eq!(init_container(&outcome.object, kind, 0)[field], theirs, "{kind:?} {field}");
            if kind == Kind::Notebook {
                let stored = stopped(&stored);
                let outcome = updated_again(&stored, &stored, &wanting(&[], dependency(&ours, "Reject")));
                assert_eq!(outcome.object["spec"], bare["spec"], "{field}");
            }
        }
    }
}

/// The API server writes a pull policy into each container of a pod before anyone is asked: where it is the one that goes
/// with the image, nobody wrote it, and it gives way. A Notebook's template is stored as its user wrote it.
#[test]
fn a_pull_policy_that_the_server_wrote_counts_as_absent() {
    for (image, of_the_server, other) in [
        ("jupyter", "Always", "IfNotPresent"),
        ("jupyter:latest", "Always", "IfNotPresent"),
        ("jupyter:1", "IfNotPresent", "Always"),
        ("registry.example.org:5000/lab/jupyter", "Always", "IfNotPresent"),
        ("registry.example.org:5000/lab/jupyter:1", "IfNotPresent", "Always"),
        ("jupyter@sha256:0123", "IfNotPresent", "Always"),
        ("jupyter:latest@sha256:0123", "Always", "IfNotPresent"),
    ] {
        let settings = |kind: Kind, policy: &str| {
            kind.settings(json!({"dep": {"imagePullPolicy": policy, "containers": ["main", "init"]}}))
        };
        let with_policy = |kind: Kind, policy: &str| {
            let container = |name: &str| json!({"name": name, "image": image, "imagePullPolicy": policy});
            kind.object(json!({"containers": [container("main")], "initContainers": [container("init")]}))
        };
        for kind in [Kind::PipelinePod, Kind::Pod] {
            let outcome = created_again(&with_policy(kind, of_the_server), &settings(kind, "Never"));
            for list in ["containers", "initContainers"] {
                assert_eq!(outcome.object["spec"][list][0]["imagePullPolicy"], "Never", "{kind:?} {image}");
            }
            let expected = json!({"dep": {"container": ["imagePullPolicy"], "container/init": ["imagePullPolicy"]}});
            assert_eq!((added(&outcome.object), overridden(&outcome.object)), (expected, json!({})));
            assert_eq!(outcome.warnings, [] as [&str; 0]);
            // The very one that is asked for is there.
            let outcome = created_again(&with_policy(kind, of_the_server), &settings(kind, of_the_server));
            assert_eq!(outcome.patch, NO_PATCH, "{kind:?} {image}");
            // Any other is the user's.
            for policy in [other, "Never"] {
                let wanted = if policy == "Never" { other } else { "Never" };
                let message = refused(&with_policy(kind, policy), &settings(kind, wanted));
                assert!(message.starts_with("imagePullPolicy of container \"main\" is set already"), "{message}");
            }
        }
        let message = refused(&with_policy(Kind::Notebook, of_the_server), &settings(Kind::Notebook, "Never"));
        assert!(message.starts_with("imagePullPolicy of container \"main\" is set already"), "{message}");
    }
}

/// The API server writes a request like the limit where a pod has none; on a pod it counts as absent, by quantity.
#[test]
fn a_request_like_the_limit_counts_as_absent_on_a_pod() {
    let resources =
        |limit: &str, request: &str| json!({"limits": {"cpu": limit}, "requests": {"cpu": request, "memory": "1Gi"}});
    let settings = |kind: Kind| kind.settings(json!({"dep": {"resources": {"requests": {"cpu": "100m"}}}}));
    let with_resources = |kind: Kind, resources: Value| {
        kind.object(json!({"containers": [{"name": "main", "image": "jupyter:1", "resources": resources}]}))
    };
    for kind in Kind::ALL {
        for (limit, request, is_absent) in
            [("2", "2", true), ("500m", "0.5", true), ("2", "1", false), ("0.5", "0.50", true)]
        {
            let users = with_resources(kind, resources(limit, request));
            if is_absent && kind != Kind::Notebook {
                let outcome = created_again(&users, &settings(kind));
                let expected = with_resources(kind, resources(limit, "100m"));
                assert_eq!(outcome.object["spec"], expected["spec"], "{kind:?} {limit} {request}");
                assert_eq!(outcome.warnings, [] as [&str; 0]);
                assert_eq!(
                    (added(&outcome.object), overridden(&outcome.object)),
                    (json!({"dep": {"requests": ["cpu"]}}), json!({}))
                );
            } else {
                let message = refused(&users, &settings(kind));
                assert!(message.starts_with("request cpu of container \"main\" is set already"), "{message}");
            }
        }
        // The very one that is asked for is there.
        let present = with_resources(kind, resources("0.1", "100m"));
        assert_eq!(created_again(&present, &settings(kind)).patch, NO_PATCH, "{kind:?}");
    }
}

/// Limits and requests are merged key by key beside the user's, and the other members of `resources` member by member. What
/// is taken away leaves the user's as they were, and nothing that is empty.
#[test]
fn limits_and_requests_are_merged_by_key() {
    let users =
        |kind: Kind, resources: Value| kind.object(json!({"containers": [{"name": "main", "resources": resources}]}));
    for kind in Kind::ALL {
        // A Notebook loses claims.
        let has_claims = kind != Kind::Notebook;
        let mut ours = json!({"limits": {"nvidia.com/gpu": "1", "memory": "2Gi"}, "requests": {"memory": "1Gi"}});
        let mut dependencies = json!({"dep": {}});
        let mut record = json!({"dep": {"limits": ["memory", "nvidia.com/gpu"], "requests": ["memory"]}});
        if has_claims {
            ours["claims"] = json!([{"name": "gpu"}]);
            dependencies["dep"]["resourceClaims"] = json!([{"name": "gpu", "resourceClaimName": "gpu"}]);
            record["dep"]["resourceClaims"] = json!(["gpu"]);
            record["dep"]["resources"] = json!(["claims"]);
        }
        dependencies["dep"]["resources"] = ours.clone();
        let beside = |theirs: Value| {
            let mut both = theirs;
            both["limits"]["nvidia.com/gpu"] = json!("1");
            both["limits"]["memory"] = json!("2Gi");
            both["requests"]["memory"] = json!("1Gi");
            if has_claims {
                both["claims"] = json!([{"name": "gpu"}]);
            }
            both
        };
        let settings = kind.settings(dependencies.clone());
        let container = format!("{}/containers/0", kind.pod_spec());
        for (theirs, expected) in [
            (json!({}), ours.clone()),
            (Value::Null, ours.clone()),
            (
                json!({"limits": {"cpu": "4"}, "requests": {"cpu": "1", "ephemeral-storage": "1Gi"}}),
                beside(json!({"limits": {"cpu": "4"}, "requests": {"cpu": "1", "ephemeral-storage": "1Gi"}})),
            ),
            (json!({"limits": {}, "requests": null}), ours.clone()),
        ] {
            let bare = users(kind, theirs.clone());
            let stored = created_again(&bare, &settings).object;
            assert_eq!(stored.pointer(&format!("{container}/resources")), Some(&expected), "{kind:?} {theirs}");
            let sorted = |mut value: Value| {
                let lists = value["dep"].as_object_mut().expect("an object").values_mut();
                lists.filter_map(Value::as_array_mut).for_each(|keys| keys.sort_by_key(Value::to_string));
                value
            };
            assert_eq!(sorted(added(&stored)), record, "{kind:?} {theirs}");
            if kind == Kind::Notebook {
                let stored = stopped(&stored);
                let outcome = updated_again(&stored, &stored, &wanting(&[], dependencies.clone()));
                let left = outcome.object.pointer(&format!("{container}/resources"));
                let has_own = theirs["limits"].get("cpu").is_some();
                assert_eq!(left, has_own.then_some(&theirs), "{theirs}");
                assert_eq!(audit(&outcome, "removed"), "dep");
            }
        }
        // The same key with another value is a conflict, whatever its neighbours are.
        let theirs = users(kind, json!({"limits": {"memory": "4Gi"}, "requests": {"memory": "1024Mi"}}));
        let message = refused(&theirs, &settings);
        assert!(message.starts_with("limit memory of container \"main\" is set already"), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

/// What fetches secrets, and a dependency that gives it variables by its name.
fn vault_and_trust(image: &str, ca: &str) -> Value {
    let volume = json!({"name": "secrets", "emptyDir": {"medium": "Memory"}});
    let vks = json!({"name": "vks", "image": image, "env": [{"name": "VKS_ADDR", "value": "a"}]});
    json!({
        "vault": {"volumes": [volume], "initContainers": [vks]},
        "trust": {"env": [{"name": "CA", "value": ca}], "command": ["with-ca"], "containers": ["vks"]},
    })
}

/// An init container that a dependency brings is reached by another one's list of names, whichever stands first; neither is
/// in the way of the other's upgrade, and what others have put into it survives.
#[test]
fn an_init_container_that_is_brought_is_reached_by_name() {
    let variables = |list: &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.map(|it| format!("{}={}", it["name"].as_str().unwrap_or("?"), it["value"].as_str().unwrap_or("?")))
            .collect()
    };
    for kind in Kind::ALL {
        for order in [["vault", "trust"], ["trust", "vault"]] {
            let settings = |image: &str, ca: &str| kind.settings_for(vault_and_trust(image, ca), &order);
            let bare = kind.object(json!({"containers": [{"name": "main", "image": "main:1"}]}));
            let stored = created_again(&bare, &settings("vks:1", "one")).object;
            let vks = init_container(&stored, kind, 0);
            assert_eq!(variables(&vks["env"]), ["VKS_ADDR=a", "CA=one"], "{kind:?} {order:?}");
            assert_eq!((&vks["command"], &vks["image"]), (&json!(["with-ca"]), &json!("vks:1")), "{kind:?}");
            assert_eq!(
                added(&stored),
                json!({
                    "vault": {"initContainers": ["vks"], "volumes": ["secrets"]},
                    "trust": {"env/vks": ["CA"], "container/vks": ["command"]},
                }),
                "{kind:?} {order:?}"
            );

            // Each is upgraded for itself.
            for (image, ca) in [("vks:2", "one"), ("vks:1", "two"), ("vks:2", "two")] {
                let vks = init_container(&created_again(&stored, &settings(image, ca)).object, kind, 0);
                let expected = ["VKS_ADDR=a".to_owned(), format!("CA={ca}")];
                assert_eq!(
                    (&vks["image"], variables(&vks["env"])),
                    (&json!(image), expected.to_vec()),
                    "{kind:?} {order:?}"
                );
                assert_eq!(vks["command"], json!(["with-ca"]), "{kind:?} {order:?}");
            }
        }
    }
}

/// What others have put into an init container of ours, by their record, survives its upgrade, and it is no change of ours
/// that a running notebook would wait for. When one of the two goes, the other stays.
#[test]
fn what_others_put_into_an_init_container_of_ours_survives() {
    let bare = notebook(json!({"containers": [{"name": "main", "image": "main:1"}]}));
    let ours = |image: &str| notebook_settings(json!({"vault": vault_and_trust(image, "one")["vault"].take()}));
    let others = with(
        &notebook_settings(json!({"trust": vault_and_trust("", "one")["trust"].take()})),
        "/annotationDomain",
        json!("lab.example.org"),
    );
    let first = created(&bare, &ours("vks:1")).object;
    let both = created(&first, &others).object;
    let vks = |object: &Value| init_container(object, Kind::Notebook, 0);
    assert_eq!(
        (vks(&both)["command"].clone(), vks(&both)["env"][1]["name"].clone()),
        (json!(["with-ca"]), json!("CA"))
    );
    // Nothing waits, and nothing is changed.
    assert_eq!(updated_again(&both, &both, &ours("vks:1")).patch, NO_PATCH);
    let upgraded = updated_again(&stopped(&both), &stopped(&both), &ours("vks:2")).object;
    assert_eq!(vks(&upgraded), with(&vks(&both), "/image", json!("vks:2")));

    // Of one policy: what went into it goes, and the container stays; the container goes with all that is in it.
    let all = vault_and_trust("vks:1", "one");
    let stored = stopped(&created(&bare, &wanting(&["vault", "trust"], all.clone())).object);
    let outcome = updated_again(&stored, &stored, &wanting(&["vault"], all.clone()));
    assert_eq!(vks(&outcome.object), all["vault"]["initContainers"][0]);
    assert_eq!(added(&outcome.object), json!({"vault": {"initContainers": ["vks"], "volumes": ["secrets"]}}));
    assert_eq!((audit(&outcome, "removed"), audit(&outcome, "dependencies")), ("trust", ""));
    let outcome = updated_again(&stored, &stored, &wanting(&["trust"], all));
    assert_eq!(spec(&outcome.object), bare.pointer(TEMPLATE).expect("a template"));
    assert!(outcome.warnings.iter().any(|it| it.starts_with("dependency \"trust\" is left out")), "{outcome:?}");
}

/// In a copy of a notebook, an init container of ours is as its dependency brings it, with what the settings want in it and
/// without what the record alone has there; a second call changes nothing.
#[test]
fn in_a_copy_an_init_container_of_ours_has_what_is_wanted() {
    let bare = notebook(json!({"containers": [{"name": "main", "image": "main:1"}]}));
    let all = vault_and_trust("vks:1", "one");
    let stored = created(&bare, &wanting(&["vault", "trust"], all.clone())).object;
    let copy = with(&stored, "/metadata/name", json!("copy"));
    let without_command = with(&all, "/trust/command", None);
    let both = wanting(&["vault", "trust"], without_command.clone());
    for settings in [&both, &wanting(&["vault"], all.clone()), &wanting(&["vault"], without_command.clone())] {
        let outcome = created_again(&copy, settings);
        let vks = init_container(&outcome.object, Kind::Notebook, 0);
        assert_eq!((&vks["image"], &vks["command"]), (&json!("vks:1"), &Value::Null), "{settings:#}");
    }
    let outcome = created_again(&copy, &both);
    assert_eq!(added(&outcome.object)["trust"], json!({"env/vks": ["CA"]}));
    // From a stored notebook the dependency that added it takes it off, not the one that brings the container.
    let outcome = updated_again(&stopped(&stored), &stopped(&stored), &both);
    assert_eq!(init_container(&outcome.object, Kind::Notebook, 0)["command"], Value::Null);
    assert_eq!(audit(&outcome, "dependencies"), "trust");
}

/// What is right by itself may be refused beside what the user wrote: then it is a conflict like any other.
#[test]
fn what_the_api_server_refuses_beside_the_users_is_a_conflict() {
    let dependency = |name: &str, value: Value| json!({"dep": {name: value}});
    for (of_spec, theirs, ours, subject, problem) in [
        (
            false,
            json!({"resources": {"requests": {"memory": "8Gi"}}}),
            dependency("resources", json!({"limits": {"memory": "4Gi"}})),
            "request memory of container \"main\"",
            "is above the limit that",
        ),
        (
            false,
            json!({"resources": {"limits": {"cpu": "1"}}}),
            dependency("resources", json!({"requests": {"cpu": "1500m"}})),
            "limit cpu of container \"main\"",
            "is below the request that",
        ),
        (
            false,
            json!({"securityContext": {"privileged": true}}),
            dependency("containerSecurityContext", json!({"allowPrivilegeEscalation": false})),
            "securityContext privileged of container \"main\"",
            "conflicts with what",
        ),
        (
            false,
            json!({"securityContext": {"allowPrivilegeEscalation": false}}),
            dependency("containerSecurityContext", json!({"capabilities": {"add": ["SYS_ADMIN"]}})),
            "securityContext allowPrivilegeEscalation of container \"main\"",
            "conflicts with what",
        ),
        (
            true,
            json!({"hostPID": true}),
            dependency("shareProcessNamespace", json!(true)),
            "hostPID",
            "conflicts with what",
        ),
    ] {
        for kind in [Kind::Notebook, Kind::PipelinePod, Kind::Pod] {
            let mut container = json!({"name": "main"});
            let mut spec = json!({});
            let holder = if of_spec { &mut spec } else { &mut container };
            holder.as_object_mut().expect("an object").extend(theirs.as_object().expect("an object").clone());
            spec["containers"] = json!([container]);
            let object = kind.object(spec);
            let with = |on_conflict: &str| {
                let mut dependencies = ours.clone();
                dependencies["dep"]["onConflict"] = json!(on_conflict);
                kind.settings(dependencies)
            };
            let message = format!(
                "{subject} is set already and {problem} dependency \"dep\" brings; remove it, or ask your platform team \
                 to let dependency \"dep\" keep it"
            );
            assert_eq!(refused(&object, &with("Reject")), message, "{kind:?}");
            assert_eq!(refused(&object, &with("Override")), message, "{kind:?}");
            let kept = created(&object, &with("Keep"));
            assert_eq!(kept.patch, [] as [Value; 0], "{kind:?} {subject}");
            let warning = format!("{subject} stays; what dependency \"dep\" brings conflicts with it and is left out");
            assert_eq!(kept.warnings, [warning]);
        }
    }
}

/// What `Keep` leaves as the user has it, though the dependency brings that too, excludes the rest of ours all the same; so
/// does what another dependency brings to another container.
#[test]
fn what_keep_leaves_to_the_user_excludes_ours_too() {
    let big = json!({"resources": {"requests": {"memory": "8Gi"}}});
    let admin = json!({"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}});
    let both = json!({"limits": {"memory": "4Gi"}, "requests": {"memory": "1Gi"}});
    let security = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    let elsewhere = json!({"containers": ["other"], "resources": {"requests": {"memory": "1Gi"}}});
    for kind in Kind::ALL {
        for (theirs, ours, warnings) in [
            (&big, json!({"dep": {"onConflict": "Keep", "resources": both}}), 2),
            (&admin, json!({"dep": {"onConflict": "Keep", "containerSecurityContext": security}}), 2),
            (
                &big,
                json!({"dep": {"onConflict": "Keep", "resources": {"limits": {"memory": "4Gi"}}}, "other": elsewhere}),
                1,
            ),
        ] {
            let mut container = theirs.clone();
            container["name"] = json!("main");
            let users = kind.object(json!({"containers": [container, {"name": "other"}]}));
            let outcome = created_again(&users, &kind.settings(ours));
            let containers = outcome.object.pointer(&format!("{}/containers", kind.pod_spec()));
            assert_eq!(containers.map(|it| &it[0]), Some(&container), "{kind:?}");
            assert_eq!((added(&outcome.object).get("dep"), outcome.warnings.len()), (None, warnings), "{kind:?}");
        }
    }
}

/// `dnsPolicy: None` needs nameservers, which may come with it, or stand there.
#[test]
fn nameservers_come_with_the_policy_that_needs_them() {
    for kind in [Kind::PipelinePod, Kind::Pod, Kind::Notebook] {
        let ours = json!({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.0.0.1"]}});
        for on_conflict in ["Reject", "Keep", "Override"] {
            let mut dependency = ours.clone();
            dependency["onConflict"] = json!(on_conflict);
            let settings = kind.settings(json!({"dep": dependency}));
            for theirs in [json!({}), json!({"dnsConfig": {"searches": ["a"]}}), json!({"dnsPolicy": "ClusterFirst"})] {
                let mut spec = theirs.clone();
                spec["containers"] = json!([{"name": "main"}]);
                let outcome = created(&kind.object(spec), &settings);
                let after = outcome.object.pointer(kind.pod_spec()).expect("a pod spec");
                assert_eq!(
                    (&after["dnsPolicy"], &after["dnsConfig"]["nameservers"]),
                    (&json!("None"), &json!(["10.0.0.1"]))
                );
                assert_eq!(after["dnsConfig"]["searches"], theirs["dnsConfig"]["searches"], "{kind:?} {on_conflict}");
                assert_eq!(outcome.warnings, [] as [&str; 0]);
                assert_eq!(created(&outcome.object, &settings).patch, [] as [Value; 0]);
            }
        }
    }
}

/// An init container that ends has no `lifecycle`.
#[test]
fn an_init_container_that_ends_gets_no_lifecycle() {
    for kind in Kind::ALL {
        let dependency =
            json!({"dep": {"lifecycle": {"preStop": {"exec": {"command": ["sync"]}}}, "containers": ["init"]}});
        let ends = kind.object(json!({"containers": [{"name": "main"}], "initContainers": [{"name": "init"}]}));
        let message = refused(&ends, &kind.settings(dependency.clone()));
        assert!(
            message.starts_with("init container init is set already and conflicts with what dependency"),
            "{message}"
        );
        let never = json!([{"name": "init", "restartPolicy": "Never"}]);
        let ends = with(&ends, &format!("{}/initContainers", kind.pod_spec()), never);
        let message = refused(&ends, &kind.settings(dependency));
        assert!(message.starts_with("restartPolicy of container \"init\" is set already and conflicts"), "{message}");
    }
}

/// What a dependency brings for both members is no conflict with what the user has for one, and a rule about other members is
/// none about ours.
#[test]
fn what_comes_together_and_what_is_not_asked_for_is_no_conflict() {
    for kind in Kind::ALL {
        let ours = json!({"allowPrivilegeEscalation": false, "privileged": false});
        let dependency =
            json!({"onConflict": "Override", "containerSecurityContext": ours, "priorityClassName": "high"});
        let object = kind.object(json!({
            "containers": [{"name": "main", "securityContext": {"privileged": true}}],
            "dnsPolicy": "None",
            "dnsConfig": {"nameservers": ["10.0.0.10"]},
        }));
        let outcome = created_again(&object, &kind.settings(json!({"dep": dependency})));
        let spec = outcome.object.pointer(kind.pod_spec()).expect("a pod spec");
        assert_eq!((&spec["containers"][0]["securityContext"], &spec["priorityClassName"]), (&ours, &json!("high")));
    }
}

/// The request that the server wrote for a limit goes with it, and an upgrade of both is no conflict with itself.
#[test]
fn a_request_follows_the_limit_that_it_was_written_for() {
    let memory = |amount: &str| json!({"memory": amount});
    let dependency = |resources: Value| json!({"dep": {"onConflict": "Override", "resources": resources}});
    let object = Kind::Pod.object(json!({"containers": [
        {"name": "main", "resources": {"limits": memory("8Gi"), "requests": memory("8Gi")}},
    ]}));
    let settings = Kind::Pod.settings(dependency(json!({"limits": memory("4Gi")})));
    let outcome = created(&object, &settings);
    let resources = outcome.object.pointer("/spec/containers/0/resources");
    assert_eq!(resources.map(|it| &it["limits"]), Some(&memory("4Gi")));
    assert_eq!(resources.and_then(|it| it["requests"].get("memory")), None);

    let both = |limit: &str, request: &str| {
        Kind::Notebook.settings(dependency(json!({"limits": memory(limit), "requests": memory(request)})))
    };
    let bare = Kind::Notebook.object(json!({"containers": [{"name": "main"}]}));
    let stored = created(&bare, &both("4Gi", "3Gi")).object;
    let upgraded = updated(&stored, &stored, &both("2Gi", "1Gi"));
    assert_eq!(
        upgraded.object.pointer("/spec/template/spec/containers/0/resources"),
        Some(&json!({"limits": memory("2Gi"), "requests": memory("1Gi")}))
    );
    // A request of ours that goes is none above the limit.
    let bare = Kind::Notebook.object(json!({"containers": [{"name": "main"}, {"name": "side"}]}));
    for (choice, at) in [(json!("Main"), 0), (json!(["side"]), 1)] {
        let settings =
            |resources: Value| Kind::Notebook.settings(with(&dependency(resources), "/dep/containers", choice.clone()));
        let stored = created(&bare, &settings(json!({"limits": memory("4Gi"), "requests": memory("3Gi")}))).object;
        let upgraded = updated(&stored, &stored, &settings(json!({"limits": memory("2Gi")}))).object;
        let container = &upgraded["spec"]["template"]["spec"]["containers"][at];
        assert_eq!(container["resources"], json!({"limits": memory("2Gi")}), "{choice}");
    }
}

/// What the user writes beside an entry that a dependency has added, and the API server refuses beside it, is a conflict as on
/// a CREATE. Under `Keep` ours is taken away for it.
#[test]
fn what_is_written_beside_ours_later_and_excludes_it_is_a_conflict() {
    for (ours, theirs, subject) in [
        (
            json!({"resources": {"limits": {"memory": "2Gi"}}}),
            json!({"resources": {"limits": {"memory": "2Gi"}, "requests": {"memory": "3Gi"}}}),
            "request memory of container \"main\"",
        ),
        (
            json!({"containerSecurityContext": {"allowPrivilegeEscalation": false}}),
            json!({"securityContext": {"allowPrivilegeEscalation": false, "privileged": true}}),
            "securityContext privileged of container \"main\"",
        ),
    ] {
        let settings = |on_conflict: &str| {
            let mut dependency = ours.clone();
            dependency["onConflict"] = json!(on_conflict);
            notebook_settings(json!({"dep": dependency}))
        };
        let manifest = notebook(json!({"containers": [{"name": "main"}]}));
        let old = created(&manifest, &settings("Keep")).object;
        let mut container = theirs;
        container["name"] = json!("main");
        let sent = with(&old, &format!("{TEMPLATE}/containers"), json!([container]));
        for on_conflict in ["Reject", "Override"] {
            let denied = evaluate(update(old.clone(), sent.clone()), &settings(on_conflict));
            assert_eq!(denied.code, Some(422), "{subject} under {on_conflict}");
            assert!(denied.message.unwrap_or_default().starts_with(&format!("{subject} is set already and ")));
        }
        let kept = updated_again(&old, &sent, &settings("Keep"));
        let warning = format!("{subject} stays; what dependency \"dep\" brings conflicts with it and is left out");
        assert_eq!((added(&kept.object), kept.warnings), (json!({}), vec![warning]));
        assert_eq!(spec(&kept.object), spec(&created(&kept.object, &settings("Keep")).object));
        let text = kept.object.to_string();
        assert!(!text.contains("allowPrivilegeEscalation") && !text.contains("limits\":{\"memory"), "{text}");
    }
}

/// What only the client's record calls ours excludes ours all the same.
#[test]
fn a_forged_record_does_not_hide_what_excludes_ours() {
    let limits = json!({"dep": {"onConflict": "Keep", "resources": {"limits": {"memory": "4Gi"}}}});
    let settings = Kind::Notebook.settings(limits);
    let record = r#"{"Notebook":{"dep":{"hash":"1","added":{"requests":["memory"]}}}}"#;
    let container = json!({"name": "main", "resources": {"requests": {"memory": "8Gi"}}});
    let bare = Kind::Notebook.object(json!({"containers": [container]}));
    let forged = with(&bare, "/metadata/annotations", json!({"mutatingflow.nais.io/injected": record}));
    for outcome in [created(&forged, &settings), updated(&bare, &forged, &settings)] {
        let resources = outcome.object.pointer("/spec/template/spec/containers/0/resources");
        assert_eq!(resources, Some(&json!({"requests": {"memory": "8Gi"}})));
    }
}
