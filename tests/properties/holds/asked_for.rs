//! What the settings ask for is there (contract, "Settings", "Ready-made parts", "Placeholders" and "Already present").

use proptest::prelude::*;
use serde_json::{Value, json};

use super::chosen::{all_containers, entries, has_unique_containers, is_anothers, main_containers, name_of};
use super::plain;
use super::removed::clean;
use crate::generate::{Case, case, filled_in, is_in_containers};
use crate::objects::{CA_FILES, CA_VARIABLES, Kind, create};
use crate::run::check;

/// Contract, "Settings" and "Already present": in an object that is created, what stands under each key that a dependency
/// brings contains what the dependency brings, in every container that it chooses. `Keep` may leave something to the user:
/// then there is a warning.
#[test]
fn what_the_settings_ask_for_is_there() {
    check(&case(), |mut case| {
        case.request = create(case.request["object"].take());
        let kind = case.kind();
        let is_plain = !case.has_own_annotations() && has_unique_containers(&case.request["object"], kind);
        if !case.is_in_scope() || !is_plain || case.settings["report"] == true {
            return Ok(());
        }
        let answer = case.ask()?;
        let wanted: Vec<_> = wanted(&case, kind).collect();
        let has_keep = wanted.iter().any(|(_, dependency)| dependency["onConflict"] == "Keep");
        if !answer.accepted || has_keep && !answer.warnings.is_empty() {
            return Ok(());
        }
        let has_warnings = !answer.warnings.is_empty();
        let sent = case.request["object"].clone();
        let object = case.after(answer).request["object"].take();
        for (name, dependency) in &wanted {
            let containers = chosen(&sent, &object, kind, &wanted, &dependency["containers"]);
            let asked_for = expanded(dependency);
            if containers.is_empty() && asked_for.iter().any(|(field, _)| is_in_containers(field)) {
                prop_assert!(has_warnings, "{} is left out without a warning", name);
                continue;
            }
            for (field, entry) in &asked_for {
                let parents = match field.as_str() {
                    "labels" | "annotations" => vec![object["metadata"].clone()],
                    field if is_in_containers(field) => containers.clone(),
                    _ => vec![object.pointer(kind.pod_spec()).cloned().unwrap_or_default()],
                };
                for parent in parents {
                    prop_assert!(has(&parent, field, entry), "{}: {} {} is not in {:#}", name, field, entry, parent);
                }
            }
        }
        Ok(())
    });
}

/// The dependencies that the object is to have, filled in.
fn wanted(case: &Case, kind: Kind) -> impl Iterator<Item = (String, Value)> {
    let names = case.settings[kind.list()].as_array().into_iter().flatten().filter_map(Value::as_str);
    let object = &case.request["object"];
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let dependency = move |of: &str| (of.to_owned(), filled_in(&case.settings["dependencies"][of], name));
    names.map(dependency).filter(|(_, dependency)| matches(&dependency["selector"], &object["metadata"]["labels"]))
}

/// Whether a label selector matches.
fn matches(selector: &Value, labels: &Value) -> bool {
    let label = |key: &Value| key.as_str().and_then(|key| labels.get(key)).filter(|label| !label.is_null());
    let has = |key: &Value, values: &Value| {
        label(key).is_some_and(|label| values.as_array().is_some_and(|values| values.contains(label)))
    };
    let mut of_labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    of_labels.all(|(key, value)| label(&json!(key)) == Some(value))
        && expressions.all(|expression| {
            let key = &expression["key"];
            match expression["operator"].as_str() {
                Some("In") => has(key, &expression["values"]),
                Some("NotIn") => !has(key, &expression["values"]),
                Some("Exists") => label(key).is_some(),
                _ => label(key).is_none(),
            }
        })
}

/// The containers of `object` that a dependency chooses: of those that were sent, or for a list of names of all.
fn chosen(sent: &Value, object: &Value, kind: Kind, wanted: &[(String, Value)], choice: &Value) -> Vec<Value> {
    if let Some(names) = choice.as_array() {
        return all_containers(object, kind).filter(|container| names.contains(&container["name"])).cloned().collect();
    }
    let sidecars = |name: &str| {
        let all = wanted.iter().flat_map(|(_, it)| {
            let sidecars = it["sidecars"].as_array().into_iter().flatten();
            sidecars.map(move |sidecar| (it["onConflict"] == "Override", sidecar))
        });
        all.filter(|(_, sidecar)| name_of(sidecar) == name).collect::<Vec<_>>()
    };
    let of_sent = entries(sent, kind, "containers");
    // In its place is one of ours.
    let is_replaced = |name: &str| {
        let theirs = of_sent.iter().find(|container| name_of(container) == name).unwrap_or(&Value::Null);
        sidecars(name).iter().any(|(overrides, sidecar)| *overrides && !contains("", theirs, sidecar))
    };
    let main = main_containers(sent, kind, is_replaced);
    let is_chosen = |(at, container): &(usize, &Value)| {
        let name = name_of(container);
        main.contains(at) || (choice == "All" && !is_anothers(kind, name) && sidecars(name).is_empty())
    };
    let names: Vec<_> = of_sent.iter().enumerate().filter(is_chosen).map(|(_, container)| name_of(container)).collect();
    entries(object, kind, "containers").iter().filter(|it| names.contains(&name_of(it))).cloned().collect()
}

/// What a dependency brings: each entry with its field. Of a map an entry is the key with the value.
fn expanded(dependency: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (field, value) in dependency.as_object().into_iter().flatten() {
        let mut add = |field: &str, entry: Value| all.push((field.to_owned(), entry));
        match (field.as_str(), value) {
            ("vault", vault) => of_vault(vault, &mut add),
            ("caBundle", bundle) => of_ca_bundle(bundle, &mut add),
            // Where the user has set a variable in upper or lower case, both stay as they are.
            ("proxy", _) if dependency["onConflict"] == "Keep" => {}
            ("proxy", proxy) => of_proxy(proxy, &mut add),
            ("containers" | "onConflict" | "selector" | "initContainersFirst" | "envFirst", _) => {}
            ("command" | "args", value) => add(field, value.clone()),
            ("lifecycle", value) => add(field, value.clone()),
            ("resources", value) => {
                for (field, amounts) in value.as_object().into_iter().flatten() {
                    amounts.as_object().into_iter().flatten().for_each(|(key, value)| add(field, json!([key, value])));
                }
            }
            (_, Value::Array(items)) => items.iter().for_each(|item| add(field, item.clone())),
            (_, Value::Object(members)) => members.iter().for_each(|(key, value)| add(field, json!([key, value]))),
            (_, value) => add(field, value.clone()),
        }
    }
    all
}

fn of_vault(vault: &Value, add: &mut dyn FnMut(&str, Value)) {
    let volume = vault["volumeName"].as_str().unwrap_or("vault-secrets");
    let path = vault["secretsPath"].as_str().unwrap_or("/var/run/secrets/nais.io/vault");
    let mount = json!({"name": volume, "mountPath": path});
    let with = |first: Vec<Value>, more: &Value| {
        first.into_iter().chain(more.as_array().into_iter().flatten().cloned()).collect::<Value>()
    };
    let variables = [
        ("VKS_VAULT_ADDR", &vault["address"]),
        ("VKS_AUTH_PATH", &vault["authPath"]),
        ("VKS_KV_PATH", &vault["kvPath"]),
        ("VKS_VAULT_ROLE", &vault["role"]),
        ("VKS_SECRET_DEST_PATH", &json!(path)),
    ];
    let mut context = json!({"allowPrivilegeEscalation": false});
    let over = vault["securityContext"].as_object().into_iter().flatten();
    over.for_each(|(key, value)| context[key] = value.clone());
    let empty_dir = json!({"medium": "Memory", "sizeLimit": vault["sizeLimit"]});
    add("volumes", json!({"name": volume, "emptyDir": empty_dir}));
    add("volumeMounts", mount.clone());
    add(
        "initContainers",
        json!({
            "name": "vks",
            "image": vault["image"],
            "env": with(variables.map(|(name, value)| json!({"name": name, "value": value})).to_vec(), &vault["env"]),
            "volumeMounts": with(vec![mount], &vault["volumeMounts"]),
            "securityContext": context,
            "resources": vault["resources"],
        }),
    );
}

fn of_ca_bundle(bundle: &Value, add: &mut dyn FnMut(&str, Value)) {
    let is_directory = bundle["mount"] == "Directory";
    for (kind, files) in [("pem", &CA_FILES[..]), ("jks", &["/etc/ssl/certs/java/cacerts"])] {
        let source = &bundle[kind];
        if source.is_null() {
            continue;
        }
        let (volume, key) = (format!("ca-bundle-{kind}"), &source["key"]);
        let items = if is_directory { json!([{"key": key, "path": key}]) } else { Value::Null };
        add(
            "volumes",
            if source["secret"].is_null() {
                json!({"name": volume, "configMap":
                    {"name": source["configMap"], "optional": source["optional"], "items": items}})
            } else {
                json!({"name": volume, "secret":
                    {"secretName": source["secret"], "optional": source["optional"], "items": items}})
            },
        );
        if is_directory {
            add("volumeMounts", json!({"name": volume, "mountPath": format!("/etc/platform-ca/{kind}")}));
        } else {
            files
                .iter()
                .for_each(|file| add("volumeMounts", json!({"name": volume, "mountPath": file, "subPath": key})));
        }
        if kind == "pem" {
            let path = if is_directory {
                format!("/etc/platform-ca/pem/{}", key.as_str().unwrap_or_default())
            } else {
                CA_FILES[1].to_owned()
            };
            CA_VARIABLES.iter().for_each(|name| add("env", json!({"name": name, "value": path})));
        }
    }
}

fn of_proxy(proxy: &Value, add: &mut dyn FnMut(&str, Value)) {
    let https = if proxy["httpsProxy"].is_null() { &proxy["httpProxy"] } else { &proxy["httpsProxy"] };
    let list = proxy["noProxy"].as_array().map(|names| names.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    let list = list.filter(|names| !names.is_empty()).map(|names| json!(names.join(",")));
    for (name, value) in
        [("HTTP_PROXY", Some(&proxy["httpProxy"])), ("HTTPS_PROXY", Some(https)), ("NO_PROXY", list.as_ref())]
    {
        for name in [name.to_owned(), name.to_lowercase()] {
            value.into_iter().for_each(|value| add("env", json!({"name": name, "value": value})));
        }
    }
}

/// Whether `parent` has the entry under its key, or one that contains it.
fn has(parent: &Value, field: &str, entry: &Value) -> bool {
    let held = match field {
        "sidecars" => &parent["containers"],
        "containerSecurityContext" => &parent["securityContext"],
        "limits" | "requests" => &parent["resources"][field],
        field => &parent[field],
    };
    let key_of: fn(&Value) -> Value = match field {
        "volumeMounts" => |entry| json!(clean(entry["mountPath"].as_str().unwrap_or_default())),
        "hostAliases" => |entry| entry["ip"].clone(),
        "topologySpreadConstraints" => |entry| json!([entry["topologyKey"], entry["whenUnsatisfiable"]]),
        _ => |entry| entry["name"].clone(),
    };
    let exact: &[&str] = match field {
        "env" => &["value", "valueFrom"],
        "volumeMounts" => &["subPath", "subPathExpr", "readOnly"],
        _ => &[],
    };
    match (held, entry) {
        (Value::Object(members), Value::Array(entry)) if field != "lifecycle" => {
            let key = entry[0].as_str().unwrap_or_default();
            members
                .get(key)
                .is_some_and(|theirs| contains(if is_of_resources(field) { "limits" } else { "" }, theirs, &entry[1]))
        }
        (Value::Array(items), Value::Object(_)) if ["tolerations", "envFrom"].contains(&field) => {
            items.iter().any(|item| contains("", item, entry) && contains("", entry, item))
        }
        (Value::Array(items), Value::Object(_)) => {
            let theirs = items.iter().rfind(|item| key_of(item) == key_of(entry));
            theirs.is_some_and(|theirs| {
                contains("", theirs, entry)
                    && exact.iter().all(|member| contains("", &entry[*member], &theirs[*member]))
            })
        }
        (held, entry) => contains("", held, entry),
    }
}

fn is_of_resources(field: &str) -> bool {
    ["limits", "requests"].contains(&field)
}

/// Whether `theirs` has everything that `ours` has. `within` is the member that both are under.
fn contains(within: &str, theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (_, Value::Null) => true,
        (Value::Object(theirs), Value::Object(ours)) => ours.iter().all(|(key, ours)| {
            let is_quantity = is_of_resources(within) || ["sizeLimit", "divisor"].contains(&key.as_str());
            contains(if is_quantity { "limits" } else { key }, theirs.get(key).unwrap_or(&Value::Null), ours)
        }),
        (Value::Array(theirs), Value::Array(ours)) if within == "hostnames" => {
            ours.iter().all(|it| theirs.contains(it))
        }
        (Value::Array(theirs), Value::Array(ours)) if ours.iter().all(Value::is_object) => {
            let mut rest = theirs.iter();
            ours.iter().all(|ours| rest.any(|theirs| contains("", theirs, ours)))
        }
        (theirs, ours) if is_absent(within, theirs) => is_absent(within, ours),
        (theirs, ours) if within == "mountPath" => {
            clean(theirs.as_str().unwrap_or_default()) == clean(ours.as_str().unwrap_or_default())
        }
        (theirs, ours) => plain(theirs) == plain(ours) || within == "limits" && amount(theirs) == amount(ours),
    }
}

/// Whether a value of the member `within` counts as absent somewhere.
fn is_absent(within: &str, value: &Value) -> bool {
    const DEFAULTS: [(&str, &str); 5] =
        [("operator", "Equal"), ("apiVersion", "v1"), ("scheme", "HTTP"), ("path", "/"), ("protocol", "TCP")];
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "0" || DEFAULTS.contains(&(within, text)),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.iter().all(|(key, value)| is_absent(key, value)),
    }
}

/// How much a quantity is.
fn amount(value: &Value) -> Option<f64> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" => 1.0,
        "m" => 0.001,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    digits.parse::<f64>().ok().map(|amount| amount * factor)
}
