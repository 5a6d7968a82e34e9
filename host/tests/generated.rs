//! What is made from something else, and must say the same as that: the tables of Kubernetes' types, the JSON Schema of
//! the settings, and their reference. `make generate` writes them; without it, these tests compare.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use k8s_openapi::api::core::v1 as core;
use mutatingflow::dependency::{FIELDS, Field, Merge, Target};
use mutatingflow::settings::format::Format;
use mutatingflow::settings::types::{Exclusive, Object, Type};
use mutatingflow::settings::{kubernetes, problems, words};
use policy_host::testing::test_data;
use schemars::SchemaGenerator;
use serde_json::{Value, json};

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
    ("AppArmorProfile", "type", "Type::Text(Format::Word(&[\"RuntimeDefault\", \"Unconfined\", \"Localhost\"]))"),
    ("CephFSVolumeSource", "secretFile", "Type::Text(Format::MountPath)"),
    ("ConfigMapEnvSource", "name", "Type::Text(Format::Subdomain)"),
    ("ConfigMapKeySelector", "key", "Type::Text(Format::FileName)"),
    ("ConfigMapKeySelector", "name", "Type::Text(Format::Subdomain)"),
    ("ConfigMapProjection", "name", "Type::Text(Format::Subdomain)"),
    ("ConfigMapVolumeSource", "name", "Type::Text(Format::Subdomain)"),
    ("Container", "env", "Type::List(&Type::Object(&ENV_VAR), Some(\"name\"))"),
    ("Container", "image", "Type::Text(Format::Filled)"),
    ("Container", "imagePullPolicy", "Type::Text(Format::Word(&[\"Always\", \"IfNotPresent\", \"Never\"]))"),
    ("Container", "name", "Type::Text(Format::DnsLabel)"),
    ("Container", "terminationMessagePolicy", "Type::Text(Format::Word(&[\"File\", \"FallbackToLogsOnError\"]))"),
    ("Container", "volumeMounts", "Type::List(&Type::Object(&VOLUME_MOUNT), Some(\"mountPath\"))"),
    ("ContainerPort", "name", "Type::Text(Format::PortName)"),
    ("ContainerPort", "protocol", "Type::Text(Format::Word(&[\"TCP\", \"UDP\", \"SCTP\"]))"),
    ("EnvVar", "name", "Type::Text(Format::EnvName)"),
    ("HTTPGetAction", "scheme", "Type::Text(Format::Word(&[\"HTTP\", \"HTTPS\"]))"),
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
    ("SeccompProfile", "type", "Type::Text(Format::Word(&[\"RuntimeDefault\", \"Unconfined\", \"Localhost\"]))"),
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
    (
        "VolumeMount",
        "mountPropagation",
        "Type::Text(Format::Word(&[\"None\", \"HostToContainer\", \"Bidirectional\"]))",
    ),
    ("VolumeMount", "mountPath", "Type::Text(Format::MountPath)"),
    ("VolumeMount", "name", "Type::Text(Format::DnsLabel)"),
    ("VolumeMount", "subPath", "Type::Text(Format::SubPath)"),
    ("VolumeMount", "subPathExpr", "Type::Text(Format::SubPath)"),
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
        (Some("IntOrString"), _) => "Type::Port".to_owned(),
        (Some(name), _) => format!("Type::Object(&{})", constant(name)),
        (None, Some("string")) => "TEXT".to_owned(),
        (None, Some("boolean")) => "Type::Boolean".to_owned(),
        (None, Some("integer")) => "Type::Integer".to_owned(),
        (None, Some("array")) => format!("Type::List(&{}, None)", type_of(&schema["items"])),
        (None, Some("object")) => format!("Type::Map(Format::Any, &{})", type_of(&schema["additionalProperties"])),
        other => panic!("{other:?}: {schema}"),
    }
}

/// What the settings mean: by object and member, the default, the meaning, and an example of the value, in YAML.
struct Word {
    of: &'static str,
    name: &'static str,
    default: &'static str,
    meaning: &'static str,
    example: &'static str,
}

const fn word(
    of: &'static str,
    name: &'static str,
    default: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> Word {
    Word { of, name, default, meaning, example }
}

const NONE: &str = "none";

#[rustfmt::skip]
const WORDS: &[Word] = &[
    word("settings", "dependencies", NONE, "What can be added, by name.", "{registry: {imagePullSecrets: [{name: gpr-credentials}]}}"),
    word("settings", "notebooks", "`[]`", "The dependencies that every Notebook gets, in this order.", "[registry]"),
    word("settings", "pipelinePods", "`[]`", "The dependencies that every pod of a pipeline gets, in this order.", "[registry]"),
    word("settings", "runningNotebooks", "`Defer`", "What happens to a notebook that runs when a change would restart it. `Defer`: the change waits until the notebook is stopped and started, or its template is changed by its user. `Restart`: the change is made.", "Restart"),
    word("settings", "annotationDomain", "`mutatingflow.nais.io`", "The prefix of the annotations `injected`, `status` and `update-pending`. Change it only before anything was injected: what stands under another prefix is not known as the platform's.", "notebooks.example.org"),
    word("dependency", "imagePullSecrets", NONE, "Credentials of registries.", "[{name: gpr-credentials}]"),
    word("dependency", "volumes", NONE, "Volumes. A volume of the user's of the same name is a conflict that `Keep` does not settle.", "[{name: scratch, emptyDir: {sizeLimit: 1Gi}}]"),
    word("dependency", "initContainers", NONE, "Init containers. They go behind those present, unless `initContainersFirst` says otherwise. Their mounts are of volumes that the dependency brings.", "[{name: prepare, image: \"registry.example.org/prepare:1\"}]"),
    word("dependency", "sidecars", NONE, "Containers beside the user's. Their mounts are of volumes that the dependency brings.", "[{name: agent, image: \"registry.example.org/agent:1\"}]"),
    word("dependency", "tolerations", NONE, "Taints that the pod tolerates.", "[{key: gpu, operator: Exists, effect: NoSchedule}]"),
    word("dependency", "hostAliases", NONE, "Names in the pod's hosts file.", "[{ip: 10.0.0.1, hostnames: [vault.internal]}]"),
    word("dependency", "nodeSelector", NONE, "Labels that a node must have.", "{pool: notebooks}"),
    word("dependency", "serviceAccountName", NONE, "The service account. `default` of the user's counts as none.", "notebook-runner"),
    word("dependency", "automountServiceAccountToken", NONE, "Whether the token of the service account is mounted.", "false"),
    word("dependency", "priorityClassName", NONE, "The priority class. With it go `priority` and `preemptionPolicy`, which the server computed for the old one.", "notebooks"),
    word("dependency", "runtimeClassName", NONE, "The runtime class.", "gvisor"),
    word("dependency", "schedulerName", NONE, "The scheduler. `default-scheduler` of the user's counts as none.", "volcano"),
    word("dependency", "affinity", NONE, "The affinity, as a whole.", "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: gpu, operator: DoesNotExist}]}]}}}"),
    word("dependency", "securityContext", NONE, "The security context of the pod, as a whole.", "{fsGroup: 100}"),
    word("dependency", "env", NONE, "Variables, each with a `value` or a `valueFrom`.", "[{name: TEAM, value: \"{namespace}\"}, {name: TOKEN, valueFrom: {secretKeyRef: {name: token, key: token}}}]"),
    word("dependency", "envFrom", NONE, "Variables from a config map or a secret.", "[{configMapRef: {name: platform}}]"),
    word("dependency", "volumeMounts", NONE, "Mounts, of volumes that the dependency brings.", "[{name: scratch, mountPath: /scratch}]"),
    word("dependency", "labels", NONE, "Labels of the object itself.", "{example.org/team: \"{namespace}\"}"),
    word("dependency", "annotations", NONE, "Annotations of the object itself.", "{example.org/contact: \"{namespace}@example.org\"}"),
    word("dependency", "containers", "`Main`", "Which containers get `env`, `envFrom` and `volumeMounts`. `Main`: a Notebook's container of its own name, else its first; a pipeline pod's that `kubectl.kubernetes.io/default-container` names, else `main`. `All`: all but `istio-proxy`, `wait`, `supervisor`, and sidecars that the policy brought. A list: those of these names that are there. Init containers are never reached. Where there is no container for it, the dependency is left out whole, with a warning.", "All"),
    word("dependency", "onConflict", "`Reject`", "What happens where the user has something else under the same key. `Reject`: the request is denied, with every conflict in one message. `Keep`: the user's stays, with a warning; a volume or container of the same name is refused all the same. `Override`: the dependency's replaces it, with a warning. An update that leaves the template as it is (culler, stop) is never denied: the dependency waits.", "Keep"),
    word("dependency", "initContainersFirst", "`false`", "Whether its init containers go before those present.", "true"),
    word("dependency", "vault", NONE, "Secrets from Vault: init container `vks`, and the memory volume `vault-secrets` that it fills.", "{image: \"navikt/vks:46\", address: \"https://vault.example.org\", authPath: /kubernetes/prod, kvPath: \"/kv/prod/{namespace}\", role: \"{namespace}\"}"),
    word("dependency", "caBundle", NONE, "Certificates: mounted where Linux distributions, tools and Java look, with the variables that point there.", "{pem: {configMap: ca-bundle-pem, key: ca-bundle.pem}}"),
    word("dependency", "proxy", NONE, "`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, and the same in lower case.", "{httpProxy: \"http://proxy.example.org:8088\"}"),
    word("vault", "image", NONE, "The image of `vks`.", "navikt/vks:46"),
    word("vault", "address", NONE, "`VKS_VAULT_ADDR`.", "https://vault.example.org"),
    word("vault", "authPath", NONE, "`VKS_AUTH_PATH`.", "/kubernetes/prod"),
    word("vault", "kvPath", NONE, "`VKS_KV_PATH`.", "\"/kv/prod/{namespace}\""),
    word("vault", "role", NONE, "`VKS_VAULT_ROLE`.", "\"{namespace}\""),
    word("vault", "secretsPath", "`/var/run/secrets/nais.io/vault`", "`VKS_SECRET_DEST_PATH`: where the volume is mounted.", "/vault/secrets"),
    word("vault", "resources", NONE, "The resources of `vks`.", "{limits: {memory: 64Mi}}"),
    word("vault", "securityContext", "`{allowPrivilegeEscalation: false}`", "The security context of `vks`, laid over the default.", "{runAsNonRoot: true}"),
    word("caBundle", "pem", NONE, "The bundle in PEM, for the system and for tools.", "{configMap: ca-bundle-pem, key: ca-bundle.pem}"),
    word("caBundle", "jks", NONE, "The bundle as a Java key store.", "{configMap: ca-bundle-jks, key: ca-bundle.jks}"),
    word("configMapKey", "configMap", NONE, "The name of the config map.", "ca-bundle-pem"),
    word("configMapKey", "key", NONE, "The key in it.", "ca-bundle.pem"),
    word("proxy", "httpProxy", NONE, "`HTTP_PROXY` and `http_proxy`.", "http://proxy.example.org:8088"),
    word("proxy", "httpsProxy", "the same as `httpProxy`", "`HTTPS_PROXY` and `https_proxy`.", "http://proxy.example.org:8089"),
    word("proxy", "noProxy", "no variable", "`NO_PROXY` and `no_proxy`: joined by commas.", "[localhost, .local]"),
];

/// The settings' own objects, by name.
fn own_objects() -> [(&'static str, &'static Object); 6] {
    [
        ("settings", &words::SETTINGS),
        ("dependency", &words::DEPENDENCY),
        ("vault", &words::VAULT),
        ("caBundle", &words::CA_BUNDLE),
        ("configMapKey", &words::CONFIG_MAP_KEY),
        ("proxy", &words::PROXY),
    ]
}

fn name_of(object: &Object) -> &'static str {
    let all = own_objects().into_iter().chain(kubernetes::ALL);
    let same = all.into_iter().find(|(_, known)| std::ptr::eq(*known, object));
    same.unwrap_or_else(|| panic!("an object without a name: {object:?}")).0
}

fn meaning(of: &str, name: &str) -> &'static Word {
    let word = WORDS.iter().find(|word| word.of == of && word.name == name);
    word.unwrap_or_else(|| panic!("nothing says what {of}.{name} means"))
}

/// Settings in which the example of `word` stands.
fn example(word: &Word) -> Value {
    let value: Value = yaml_serde::from_str(word.example).unwrap();
    let of = |name: &str| yaml_serde::from_str::<Value>(meaning("dependency", name).example).unwrap();
    let mut settings =
        json!({"dependencies": {"registry": {"imagePullSecrets": [{"name": "a"}]}}, "notebooks": ["registry"]});
    let dependency = &mut settings["dependencies"]["registry"];
    match word.of {
        "settings" => settings[word.name] = value,
        "dependency" => {
            dependency[word.name] = value;
            if word.name == "volumeMounts" {
                dependency["volumes"] = of("volumes");
            }
        }
        "configMapKey" => {
            dependency["caBundle"] = of("caBundle");
            dependency["caBundle"]["pem"][word.name] = value;
        }
        part => {
            dependency[part] = of(part);
            dependency[part][word.name] = value;
        }
    }
    settings
}

#[test]
fn examples_are_valid_settings() {
    let schema = schema();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for word in WORDS {
        let settings = example(word);
        assert_eq!(problems(settings.to_string().as_bytes()), None, "{}.{}", word.of, word.name);
        assert!(validator.is_valid(&settings), "{}.{}", word.of, word.name);
        let members = own_objects().into_iter().find(|(name, _)| *name == word.of).unwrap().1.members;
        assert!(members.iter().any(|member| member.name == word.name), "{}.{} is no setting", word.of, word.name);
    }
}

/// The schema and the policy say the same of the same settings. Where a rule is about two places at once, the table says
/// so, and the policy alone sees it.
#[test]
fn the_schema_refuses_what_the_policy_refuses() {
    let schema = schema();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for file in ["settings.yaml", "settings-registry.yaml", "nais/settings.yaml"] {
        assert!(validator.is_valid(&test_data(file)), "{file}");
    }
    let rows = test_data("settings/wrong.yaml");
    let rows = rows.as_array().unwrap();
    let differing: Vec<_> = rows
        .iter()
        .filter(|row| validator.is_valid(&row["settings"]) != row.get("schema").is_some())
        .map(|row| &row["name"])
        .collect();
    assert!(!rows.is_empty() && differing.is_empty(), "{differing:#?}");
}

#[test]
fn the_schema_of_the_settings() {
    holds("settings.schema.json", &format!("{:#}\n", schema()));
}

/// Placeholders, which count as a letter.
const PLACEHOLDER: &str = r"\{(?:namespace|name)\}";

fn schema() -> Value {
    let mut definitions = serde_json::Map::new();
    for (name, object) in own_objects().into_iter().skip(1).chain(kubernetes::ALL) {
        definitions.insert(name.to_owned(), object_schema(name, object));
    }
    let mut schema = object_schema("settings", &words::SETTINGS);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Settings of mutatingflow");
    let lists = ["notebooks", "pipelinePods"];
    for list in lists {
        schema["properties"][list]["uniqueItems"] = json!(true);
    }
    let filled = |list: &str| json!({"required": [list], "properties": {list: {"type": "array", "minItems": 1}}});
    schema["anyOf"] = json!(lists.map(filled));
    schema["$defs"] = Value::Object(definitions);
    schema
}

fn object_schema(name: &str, object: &Object) -> Value {
    let is_own = own_objects().iter().any(|(own, _)| *own == name);
    let mut properties = serde_json::Map::new();
    for member in object.members {
        let mut schema = type_schema(&member.of, name != "settings");
        if !member.is_required {
            schema = or_null(schema);
        }
        if is_own {
            let word = meaning(name, member.name);
            let default = if word.default == NONE { String::new() } else { format!(" Default: {}.", word.default) };
            schema["description"] = json!(format!("{}{default}", word.meaning));
        }
        properties.insert(member.name.to_owned(), schema);
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    let required: Vec<_> =
        object.members.iter().filter(|member| member.is_required).map(|member| member.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let present = |name: &str| json!({"required": [name], "properties": {name: {"not": {"type": "null"}}}});
    let mut exclusive: Vec<_> =
        object.members.iter().filter(|member| member.is_exclusive).map(|member| present(member.name)).collect();
    match object.exclusive {
        _ if exclusive.is_empty() => {}
        Exclusive::AtLeastOne => schema["anyOf"] = json!(exclusive),
        Exclusive::One => schema["oneOf"] = json!(exclusive),
        Exclusive::AtMostOne => {
            exclusive.push(json!({"not": {"anyOf": exclusive.clone()}}));
            schema["oneOf"] = json!(exclusive);
        }
    }
    schema
}

fn or_null(mut schema: Value) -> Value {
    match schema["type"].take() {
        Value::String(of) if schema.get("enum").is_none() => {
            schema["type"] = json!([of, "null"]);
            schema
        }
        of => {
            if of.is_null() {
                schema.as_object_mut().unwrap().remove("type");
            } else {
                schema["type"] = of;
            }
            json!({"anyOf": [schema, {"type": "null"}]})
        }
    }
}

fn type_schema(of: &Type, has_placeholders: bool) -> Value {
    match of {
        Type::Text(format) => format_schema(*format, has_placeholders),
        Type::Boolean => json!({"type": "boolean"}),
        Type::Integer => json!({"type": "integer"}),
        Type::Port => {
            let mut schema = format_schema(Format::PortName, has_placeholders);
            schema["type"] = json!(["integer", "string"]);
            schema
        }
        Type::Quantity => json!({
            "type": ["number", "string"],
            "pattern": r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?$",
        }),
        Type::List(of, _) => json!({"type": "array", "items": type_schema(of, has_placeholders)}),
        Type::Map(keys, of) => json!({
            "type": "object",
            "propertyNames": format_schema(*keys, false),
            "additionalProperties": type_schema(of, has_placeholders),
        }),
        Type::Object(object) => json!({"$ref": format!("#/$defs/{}", name_of(object))}),
        Type::Containers => json!({"anyOf": [
            {"enum": ["Main", "All"]},
            {"type": "array", "minItems": 1, "items": format_schema(Format::DnsLabel, true)},
        ]}),
    }
}

fn format_schema(format: Format, has_placeholders: bool) -> Value {
    let or_placeholder =
        |class: &str| if has_placeholders { format!("(?:{class}|{PLACEHOLDER})") } else { class.to_owned() };
    // `outer` characters at both ends, and `inner` ones between them too.
    let ends = |outer: &str, inner: &str| {
        let (outer, inner) = (or_placeholder(&format!("[{outer}]")), or_placeholder(&format!("[{outer}{inner}]")));
        format!("{outer}(?:{inner}*{outer})?")
    };
    let label = ends("a-z0-9", "-");
    let subdomain = format!(r"{label}(?:\.{label})*");
    let name = ends("A-Za-z0-9", "_.-");
    let qualified = |prefix: &str| format!("^(?:{prefix}/)?(?=[^/]{{1,63}}$){name}$");
    let file = or_placeholder("[A-Za-z0-9_.-]");
    let (pattern, longest) = match format {
        Format::Any => return json!({"type": "string"}),
        Format::Filled => return json!({"type": "string", "minLength": 1}),
        Format::Word(words) => return json!({"type": "string", "enum": words}),
        Format::DnsLabel => (format!("^{label}$"), 63),
        Format::Subdomain => (format!("^{subdomain}$"), 253),
        Format::EnvName => (format!(r"^(?!\.$|\.\.)(?![0-9]){file}+$"), 253),
        Format::LabelKey => (qualified(&subdomain), 317),
        Format::AnnotationKey => (qualified(&subdomain.replace("a-z", "A-Za-z")), 317),
        Format::LabelValue => (format!("^(?:{name})?$"), 63),
        Format::FileName => (format!(r"^(?!\.$|\.\.){file}+$"), 253),
        Format::MountPath => ("^/[^:]*$".to_owned(), usize::MAX),
        Format::SubPath => (r"^(?!/)(?!(?:[^/]*/)*\.\.(?:/|$))".to_owned(), usize::MAX),
        Format::PortName => (format!("^(?=.*[a-z])(?!.*--){label}$"), 15),
        Format::Ip => (
            r"^(?:(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?!$)|$)){4}|[0-9A-Fa-f.]*(?::[0-9A-Fa-f.]*){2,})$"
                .to_owned(),
            usize::MAX,
        ),
    };
    let mut schema = json!({"type": "string", "pattern": pattern});
    match (longest, has_placeholders) {
        (usize::MAX, _) => {}
        (longest, false) => schema["maxLength"] = json!(longest),
        // Nobody knows how long the name is that a placeholder stands for.
        (longest, true) => {
            schema["if"] = json!({"not": {"pattern": PLACEHOLDER}});
            schema["then"] = json!({"maxLength": longest});
        }
    }
    schema
}

#[test]
fn the_reference_of_the_settings() {
    let mut page = String::from(INTRODUCTION);
    for (name, object) in own_objects() {
        let (heading, text) =
            HEADINGS.iter().find(|(of, ..)| *of == name).map(|(_, heading, text)| (heading, text)).unwrap();
        write!(page, "\n## {heading}\n\n{text}\n").unwrap();
        if name == "dependency" {
            page.push_str("\n| field | merged by | into |\n|---|---|---|\n");
            for field in &FIELDS {
                let (by, into) = merged(field);
                writeln!(page, "| [`{0}`](#dependency-{0}) | {by} | {into} |", field.name).unwrap();
            }
        }
        for member in object.members {
            let word = meaning(name, member.name);
            let anchor = format!("{name}-{}", member.name);
            write!(page, "\n### <a id=\"{anchor}\"></a>`{}`\n\n{}\n\n", member.name, word.meaning).unwrap();
            writeln!(page, "- Type: {}", described(&member.of)).unwrap();
            match (member.is_required, word.default) {
                (true, _) => page.push_str("- Must be set.\n"),
                (false, default) => writeln!(page, "- Default: {default}").unwrap(),
            }
            writeln!(page, "- Example: `{}: {}`", member.name, word.example).unwrap();
        }
    }
    page.push_str(SHAPES);
    for (name, object) in kubernetes::ALL {
        write!(page, "\n<a id=\"{0}\"></a>**{name}**", name.to_lowercase()).unwrap();
        page.push_str(match object.exclusive {
            Exclusive::AtMostOne if !object.members.iter().any(|member| member.is_exclusive) => ":\n",
            Exclusive::AtMostOne => " (at most one of those with a star):\n",
            Exclusive::One => " (one of those with a star):\n",
            Exclusive::AtLeastOne => " (one or more of those with a star):\n",
        });
        for member in object.members {
            let star = if member.is_exclusive { "\\*" } else { "" };
            let required = if member.is_required { ", must be set" } else { "" };
            writeln!(page, "- `{}`{star}: {}{required}", member.name, described(&member.of)).unwrap();
        }
    }
    holds("docs/settings.md", &page);
}

fn merged(field: &Field) -> (&'static str, &'static str) {
    let by = match field.merge {
        Merge::ByMember("ip") => "`ip`",
        Merge::ByMember(_) => "`name`",
        Merge::ByMountPath => "`mountPath`, a trailing `/` ignored",
        Merge::ByValue => "the whole value",
        Merge::ByKey => "key",
        Merge::Itself => "the field itself",
    };
    let into = match field.target {
        Target::Metadata => "the object's metadata",
        Target::PodSpec if field.name == "sidecars" => "the pod spec, as `containers`",
        Target::PodSpec => "the pod spec",
        Target::Containers => "the chosen containers",
    };
    (by, into)
}

/// A type in words.
fn described(of: &Type) -> String {
    match of {
        Type::Text(format) => described_format(*format),
        Type::Boolean => "boolean".to_owned(),
        Type::Integer => "whole number".to_owned(),
        Type::Port => "port, by its number or its name".to_owned(),
        Type::Quantity => "quantity, as `500m` or `1Gi`".to_owned(),
        Type::List(of, None) => format!("list: {}", described(of)),
        Type::List(of, Some(key)) => format!("list, each `{key}` once: {}", described(of)),
        Type::Map(keys, of) => format!("object, {} to {}", described_format(*keys), described(of)),
        Type::Object(object) => {
            let name = name_of(object);
            let heading = HEADINGS.iter().find(|(of, ..)| *of == name).map(|(_, heading, _)| heading.to_lowercase());
            let anchor = heading.map_or(name.to_lowercase(), |heading| heading.replace('`', "").replace(' ', "-"));
            format!("[{name}](#{anchor})")
        }
        Type::Containers => "`Main`, `All`, or a list of container names".to_owned(),
    }
}

fn described_format(format: Format) -> String {
    match format {
        Format::Any => "string",
        Format::Filled => "string, not empty",
        Format::Word(words) => return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Format::DnsLabel => "DNS label",
        Format::Subdomain => "DNS subdomain",
        Format::EnvName => "name of a variable",
        Format::LabelKey => "label key",
        Format::LabelValue => "label value",
        Format::AnnotationKey => "annotation key",
        Format::FileName => "key of a config map or secret",
        Format::MountPath => "absolute path, without `:`",
        Format::SubPath => "relative path, without `..`",
        Format::PortName => "port name",
        Format::Ip => "IP address",
    }
    .to_owned()
}

const INTRODUCTION: &str = "\
# Settings

Every setting of the policy: its type, its default, an example. The README shows them at work.

`null` counts as left out. In every string value of a dependency, but not in keys, `{namespace}` stands for the request's
namespace, and `{name}` for the object's name; any other brace is literal. `{name}` only where `notebooks` alone lists the
dependency.

Settings are checked when the policy is deployed. The answer has a line for each problem, sorted by path:

```
dependencies.proxy.onConflict: must be Reject, Keep or Override, found \"keep\"; did you mean Keep?
dependencies.trust.volumeMounts[0].mountPath: must be absolute, found \"certs\"
notebooks[1]: must be one of the dependencies, found \"proxi\"; did you mean proxy?
```

Beside types and names, it is checked that

- no key stands twice in one list, what a ready-made part brings included;
- a mount is of a volume that the same dependency brings;
- every dependency adds something and is listed, and what is listed is there, once;
- no two dependencies of one list contradict one another: the very same entry in both is none;
- no dependency of `notebooks` brings a native sidecar (an init container with `restartPolicy: Always`): a Notebook loses
  the field, and would hang;
- no dependency brings an annotation that the policy itself writes, or goes by (`kubeflow-resource-stopped` and the like);
- there is something to add at all.

[settings.schema.json](../settings.schema.json) is the JSON Schema (2020-12) of the settings. It knows types, names and
words; what is about two places at once, the policy alone sees.
";

const HEADINGS: &[(&str, &str, &str)] = &[
    ("settings", "The settings", "The top of the settings."),
    (
        "dependency",
        "A dependency",
        "A dependency holds any of these fields, in Kubernetes' own shapes, and the ready-made parts [`vault`](#vault),\n[`caBundle`](#cabundle) and [`proxy`](#proxy).",
    ),
    (
        "vault",
        "`vault`",
        "Expands to the volume `vault-secrets` (an `emptyDir` in memory), the init container `vks`, and a mount of the volume in\nboth `vks` and the chosen containers.",
    ),
    (
        "caBundle",
        "`caBundle`",
        "Expands to the volumes `ca-bundle-pem` and `ca-bundle-jks`, their mounts, and for `pem` the variables `SSL_CERT_FILE`,\n`REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `PIP_CERT`, `GIT_SSL_CAINFO`, `AWS_CA_BUNDLE` and `NODE_EXTRA_CA_CERTS`.\nEither may be left out, not both.",
    ),
    ("configMapKey", "A key of a config map", "Where a bundle of certificates is."),
    ("proxy", "`proxy`", "Expands to variables of the chosen containers."),
];

const SHAPES: &str = "
## Kubernetes' shapes

As of Kubernetes 1.36. What an older API server does not know, it drops.
";
