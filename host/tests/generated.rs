//! What is made from something else, and must say the same as that: the tables of Kubernetes' types, the JSON Schema of
//! the settings, and their reference. `make generate` writes them; without it, these tests compare.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use k8s_openapi::api::core::v1 as core;
use schemars::SchemaGenerator;
use serde_json::Value;

/// `path`, from the top of the project, must hold `text`; with `GENERATE` in the environment, it is made to.
fn holds(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(path);
    if env::var_os("GENERATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{} is not up to date: run `make generate`", path.display());
}

/// What Kubernetes asks of its types beside what their schema says: by type and member, what the member may be.
const FORMATS: &[(&str, &str, &str)] = &[
    ("CephFSVolumeSource", "secretFile", "Type::Text(Format::MountPath)"),
    ("ConfigMapEnvSource", "name", "Type::Text(Format::Subdomain)"),
    ("ConfigMapKeySelector", "key", "Type::Text(Format::FileName)"),
    ("ConfigMapKeySelector", "name", "Type::Text(Format::Subdomain)"),
    ("ConfigMapProjection", "name", "Type::Text(Format::Subdomain)"),
    ("ConfigMapVolumeSource", "name", "Type::Text(Format::Subdomain)"),
    ("Container", "env", "Type::List(&Type::Object(&ENV_VAR), Some(\"name\"))"),
    ("Container", "imagePullPolicy", "Type::Text(Format::Word(&[\"Always\", \"IfNotPresent\", \"Never\"]))"),
    ("Container", "name", "Type::Text(Format::DnsLabel)"),
    ("Container", "terminationMessagePolicy", "Type::Text(Format::Word(&[\"File\", \"FallbackToLogsOnError\"]))"),
    ("Container", "volumeMounts", "Type::List(&Type::Object(&VOLUME_MOUNT), Some(\"mountPath\"))"),
    ("ContainerPort", "name", "Type::Text(Format::PortName)"),
    ("ContainerPort", "protocol", "Type::Text(Format::Word(&[\"TCP\", \"UDP\", \"SCTP\"]))"),
    ("EnvVar", "name", "Type::Text(Format::EnvName)"),
    ("HostAlias", "hostnames", "Type::List(&Type::Text(Format::Subdomain), None)"),
    ("HostAlias", "ip", "Type::Text(Format::Ip)"),
    ("KeyToPath", "key", "Type::Text(Format::FileName)"),
    ("KeyToPath", "path", "Type::Text(Format::SubPath)"),
    ("LabelSelector", "matchLabels", "Type::Map(Format::LabelKey, &Type::Text(Format::LabelValue))"),
    ("LabelSelectorRequirement", "key", "Type::Text(Format::LabelKey)"),
    (
        "LabelSelectorRequirement",
        "operator",
        "Type::Text(Format::Word(&[\"In\", \"NotIn\", \"Exists\", \"DoesNotExist\"]))",
    ),
    ("LocalObjectReference", "name", "Type::Text(Format::Subdomain)"),
    ("NodeSelectorRequirement", "key", "Type::Text(Format::LabelKey)"),
    (
        "NodeSelectorRequirement",
        "operator",
        "Type::Text(Format::Word(&[\"In\", \"NotIn\", \"Exists\", \"DoesNotExist\", \"Gt\", \"Lt\"]))",
    ),
    ("ObjectMeta", "annotations", "Type::Map(Format::AnnotationKey, &TEXT)"),
    ("ObjectMeta", "labels", "Type::Map(Format::LabelKey, &Type::Text(Format::LabelValue))"),
    ("PersistentVolumeClaimVolumeSource", "claimName", "Type::Text(Format::Subdomain)"),
    ("PodAffinityTerm", "topologyKey", "Type::Text(Format::LabelKey)"),
    ("SecretEnvSource", "name", "Type::Text(Format::Subdomain)"),
    ("SecretKeySelector", "key", "Type::Text(Format::FileName)"),
    ("SecretKeySelector", "name", "Type::Text(Format::Subdomain)"),
    ("SecretProjection", "name", "Type::Text(Format::Subdomain)"),
    ("SecretVolumeSource", "secretName", "Type::Text(Format::Subdomain)"),
    ("Toleration", "effect", "Type::Text(Format::Word(&[\"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"]))"),
    ("Toleration", "key", "Type::Text(Format::LabelKey)"),
    ("Toleration", "operator", "Type::Text(Format::Word(&[\"Exists\", \"Equal\", \"Gt\", \"Lt\"]))"),
    ("Volume", "name", "Type::Text(Format::DnsLabel)"),
    ("VolumeDevice", "name", "Type::Text(Format::DnsLabel)"),
    ("VolumeMount", "mountPath", "Type::Text(Format::MountPath)"),
    ("VolumeMount", "name", "Type::Text(Format::DnsLabel)"),
    ("VolumeMount", "subPath", "Type::Text(Format::SubPath)"),
];

/// Members that Kubernetes asks for, though the schema says that they may be left out.
const REQUIRED: &[(&str, &str)] = &[
    ("ConfigMapEnvSource", "name"),
    ("ConfigMapKeySelector", "name"),
    ("ConfigMapVolumeSource", "name"),
    ("Container", "image"),
    ("LocalObjectReference", "name"),
    ("SecretEnvSource", "name"),
    ("SecretKeySelector", "name"),
    ("SecretVolumeSource", "secretName"),
];

/// Types of which only so many members may be there at a time: which do not count, and how many of the others.
const EXCLUSIVE: &[(&str, &[&str], &str)] = &[
    ("EnvFromSource", &["prefix"], "One"),
    ("EnvVar", &["name"], "AtMostOne"),
    ("EnvVarSource", &[], "One"),
    ("LifecycleHandler", &[], "One"),
    (
        "Probe",
        &[
            "failureThreshold",
            "initialDelaySeconds",
            "periodSeconds",
            "successThreshold",
            "terminationGracePeriodSeconds",
            "timeoutSeconds",
        ],
        "One",
    ),
    ("Volume", &["name"], "AtMostOne"),
    ("VolumeMount", &["mountPath", "mountPropagation", "name", "readOnly", "recursiveReadOnly"], "AtMostOne"),
    ("VolumeProjection", &[], "AtMostOne"),
];

/// Of the metadata of a volume's claim template, Kubernetes takes no more than this.
const OF_METADATA: [&str; 2] = ["annotations", "labels"];

#[test]
fn kubernetes_types() {
    let mut generator = SchemaGenerator::default();
    generator.subschema_for::<core::Affinity>();
    generator.subschema_for::<core::Container>();
    generator.subschema_for::<core::HostAlias>();
    generator.subschema_for::<core::LocalObjectReference>();
    generator.subschema_for::<core::PodSecurityContext>();
    generator.subschema_for::<core::Toleration>();
    generator.subschema_for::<core::Volume>();
    let schemas: BTreeMap<&str, &Value> =
        generator.definitions().iter().map(|(name, schema)| (short(name), schema)).collect();
    // What can be reached once the members that Kubernetes does not take are left out.
    let mut used = vec!["Affinity", "Container", "HostAlias", "LocalObjectReference"];
    used.extend(["PodSecurityContext", "Toleration", "Volume"]);
    let mut at = 0;
    while let Some(name) = used.get(at) {
        let found: Vec<_> =
            members(name, schemas[name]).into_iter().filter_map(|(_, schema)| refers_to(schema)).collect();
        for name in found {
            if !used.contains(&name) && schemas[name].get("properties").is_some() {
                used.push(name);
            }
        }
        at += 1;
    }
    used.sort_unstable();

    let mut code = String::from(
        "//! Kubernetes' own types, as far as a dependency can hold them: of version 1.36, with what the API server asks of\n\
         //! them beside. Made by `make generate` from the crate `k8s-openapi`.\n\n\
         use super::format::Format;\nuse super::types::{Exclusive, Member, Object, Type};\n\n\
         const TEXT: Type = Type::Text(Format::Any);\n",
    );
    for name in &used {
        let schema = schemas[name];
        let required =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
        let exclusive = EXCLUSIVE.iter().find(|(of, ..)| of == name);
        write!(code, "\n/// `{name}`.\npub static {}: Object = Object {{\n    members: &[\n", constant(name)).unwrap();
        for (member, schema) in members(name, schema) {
            let set = FORMATS.iter().find(|(of, known, _)| of == name && *known == member);
            let of = set.map_or_else(|| type_of(schema), |(_, _, of)| (*of).to_owned());
            write!(code, "        Member::new(\"{member}\", {of})").unwrap();
            if required.contains(&member) || REQUIRED.contains(&(name, member)) {
                code.push_str(".required()");
            }
            if exclusive.is_some_and(|(_, others, _)| !others.contains(&member)) {
                code.push_str(".exclusive()");
            }
            code.push_str(",\n");
        }
        let exclusive = exclusive.map_or("AtMostOne", |(_, _, many)| many);
        write!(code, "    ],\n    exclusive: Exclusive::{exclusive},\n}};\n").unwrap();
    }
    write!(code, "\n/// All of them, by name.\npub static ALL: [(&str, &Object); {}] = [\n", used.len()).unwrap();
    for name in &used {
        writeln!(code, "    (\"{name}\", &{}),", constant(name)).unwrap();
    }
    code.push_str("];\n");
    holds("src/settings/kubernetes.rs", &code);

    // Nothing of the tables above names what is not there.
    for (name, member) in
        FORMATS.iter().map(|(name, member, _)| (name, member)).chain(REQUIRED.iter().map(|(a, b)| (a, b)))
    {
        assert!(
            used.contains(name) && members(name, schemas[name]).iter().any(|(known, _)| known == member),
            "{name}.{member}"
        );
    }
}

/// `Container` of `io.k8s.api.core.v1.Container`.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap()
}

/// `SECURITY_CONTEXT` of `SecurityContext`, `ISCSI_VOLUME_SOURCE` of `ISCSIVolumeSource`.
fn constant(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let starts_word = letter.is_uppercase()
            && at > 0
            && (letters[at - 1].is_lowercase() || letters.get(at + 1).is_some_and(|next| next.is_lowercase()));
        out.extend(starts_word.then_some('_'));
        out.push(letter.to_ascii_uppercase());
    }
    out
}

fn members<'a>(name: &str, schema: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let properties = schema["properties"].as_object().unwrap();
    let members = properties.iter().map(|(member, schema)| (member.as_str(), schema));
    members.filter(|(member, _)| name != "ObjectMeta" || OF_METADATA.contains(member)).collect()
}

/// The type that a schema refers to, itself or for its items or values.
fn refers_to(schema: &Value) -> Option<&str> {
    let here = [&schema["$ref"], &schema["allOf"][0]["$ref"]].into_iter().find_map(Value::as_str).map(short);
    let inner = [schema.get("items"), schema.get("additionalProperties")].into_iter().flatten().find_map(refers_to);
    here.or(inner)
}

fn type_of(schema: &Value) -> String {
    let reference = [&schema["$ref"], &schema["allOf"][0]["$ref"]].into_iter().find_map(Value::as_str);
    match (reference.map(short), schema["type"].as_str()) {
        (Some("Quantity"), _) => "Type::Quantity".to_owned(),
        (Some("IntOrString"), _) => "Type::IntegerOrText".to_owned(),
        (Some(name), _) => format!("Type::Object(&{})", constant(name)),
        (None, Some("string")) => "TEXT".to_owned(),
        (None, Some("boolean")) => "Type::Boolean".to_owned(),
        (None, Some("integer")) => "Type::Integer".to_owned(),
        (None, Some("array")) => format!("Type::List(&{}, None)", type_of(&schema["items"])),
        (None, Some("object")) => format!("Type::Map(Format::Any, &{})", type_of(&schema["additionalProperties"])),
        other => panic!("{other:?}: {schema}"),
    }
}
