//! What a dependency brings (contract, "Settings", "Selectors", "Ready-made parts" and "Placeholders").

use mutatingflow::kubernetes::schema::Type;
use mutatingflow::kubernetes::types::{CONTAINER, OBJECT_META, POD_SPEC};
use serde_json::{Map, Value, json};

use super::meaning::{Kind, clean_path, meaning, object_meaning};
use super::oracle::digest;
use crate::objects::{CA_FILES, CA_VARIABLES};

/// Where a field goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Metadata,
    PodSpec,
    Container,
}

/// How a field is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Merge {
    ListMap(&'static [&'static str]),
    ListSet,
    Map,
    Atomic,
}

use Level::{Container, Metadata, PodSpec};
use Merge::{Atomic, ListMap, ListSet};

/// A field of a dependency (contract, "Settings": the table).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// Its place in the record (contract, "Record").
    pub place: &'static str,
    /// Where it is in a dependency, and where in the object, as a pointer.
    pub setting: &'static str,
    pub at: &'static str,
    pub level: Level,
    pub merge: Merge,
}

const fn field(place: &'static str, setting: &'static str, at: &'static str, level: Level, merge: Merge) -> Field {
    Field { place, setting, at, level, merge }
}

const fn atomic(place: &'static str, at: &'static str, level: Level) -> Field {
    Field { place, setting: at, at, level, merge: Atomic }
}

const NAME: Merge = ListMap(&["name"]);
const SPREAD: Merge = ListMap(&["topologyKey", "whenUnsatisfiable"]);

pub static FIELDS: [Field; 34] = [
    field("labels", "/labels", "/labels", Metadata, Merge::Map),
    field("annotations", "/annotations", "/annotations", Metadata, Merge::Map),
    field("imagePullSecrets", "/imagePullSecrets", "/imagePullSecrets", PodSpec, NAME),
    field("volumes", "/volumes", "/volumes", PodSpec, NAME),
    field("initContainers", "/initContainers", "/initContainers", PodSpec, NAME),
    field("sidecars", "/sidecars", "/containers", PodSpec, NAME),
    field("resourceClaims", "/resourceClaims", "/resourceClaims", PodSpec, NAME),
    field("hostAliases", "/hostAliases", "/hostAliases", PodSpec, ListMap(&["ip"])),
    field("topologySpreadConstraints", "/topologySpreadConstraints", "/topologySpreadConstraints", PodSpec, SPREAD),
    field("tolerations", "/tolerations", "/tolerations", PodSpec, ListSet),
    field("nodeSelector", "/nodeSelector", "/nodeSelector", PodSpec, Merge::Map),
    field("affinity", "/affinity", "/affinity", PodSpec, Merge::Map),
    field("securityContext", "/securityContext", "/securityContext", PodSpec, Merge::Map),
    field("dnsConfig", "/dnsConfig", "/dnsConfig", PodSpec, Merge::Map),
    atomic("spec", "/serviceAccountName", PodSpec),
    atomic("spec", "/automountServiceAccountToken", PodSpec),
    atomic("spec", "/priorityClassName", PodSpec),
    atomic("spec", "/runtimeClassName", PodSpec),
    atomic("spec", "/schedulerName", PodSpec),
    atomic("spec", "/dnsPolicy", PodSpec),
    atomic("spec", "/enableServiceLinks", PodSpec),
    atomic("spec", "/shareProcessNamespace", PodSpec),
    atomic("spec", "/hostUsers", PodSpec),
    atomic("spec", "/terminationGracePeriodSeconds", PodSpec),
    field("env", "/env", "/env", Container, NAME),
    field("envFrom", "/envFrom", "/envFrom", Container, ListSet),
    field("volumeMounts", "/volumeMounts", "/volumeMounts", Container, ListMap(&["mountPath"])),
    field("limits", "/resources/limits", "/resources/limits", Container, Merge::Map),
    field("requests", "/resources/requests", "/resources/requests", Container, Merge::Map),
    field("containerSecurityContext", "/containerSecurityContext", "/securityContext", Container, Merge::Map),
    atomic("container", "/command", Container),
    atomic("container", "/args", Container),
    atomic("container", "/imagePullPolicy", Container),
    atomic("container", "/lifecycle", Container),
];

/// The members of `resources` beside `limits` and `requests`, which are maps of their own.
pub static RESOURCES: Field = field("resources", "/resources", "/resources", Container, Merge::Map);

/// All fields.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().chain([&RESOURCES])
}

impl Field {
    /// The type of an entry or of the field's value, where it is known.
    pub fn type_of(&'static self, key: &str) -> Kind {
        let root = match self.level {
            Metadata => &OBJECT_META,
            PodSpec => &POD_SPEC,
            Container => &CONTAINER,
        };
        let mut parts = self.at.split('/').skip(1);
        let first = root.member(parts.next()?).map(|member| &member.of)?;
        let of = parts.try_fold(first, member_type)?;
        match self.merge {
            ListMap(_) | ListSet => of.of_item(),
            Merge::Map => member_type(of, key),
            Atomic => Some(of),
        }
    }

    /// What a member of a map or an atomic field means there; `None` where it counts as absent.
    pub fn meaning(&'static self, key: &str, value: &Value) -> Option<Value> {
        if self.level == Metadata {
            return Some(value.clone()).filter(|value| !value.is_null());
        }
        let (path, name) =
            if self.merge == Atomic { self.at.rsplit_once('/').unwrap_or_default() } else { (self.at, key) };
        let mut of = match self.level {
            Metadata => Some(&OBJECT_META),
            PodSpec => Some(&POD_SPEC),
            Container => Some(&CONTAINER),
        };
        for part in path.split('/').skip(1) {
            of = match of.and_then(|of| of.member(part)).map(|member| &member.of) {
                Some(Type::Object(object)) => Some(object),
                _ => None,
            };
        }
        match of {
            Some(object) => {
                object_meaning(object, &[(name.to_owned(), value.clone())].into_iter().collect())?.get(name).cloned()
            }
            None => meaning(self.type_of(key), value),
        }
    }

    /// The key of an entry of a list (contract, "Settings"): an entry of a list set is its own.
    pub fn key_of(&'static self, entry: &Value) -> Option<String> {
        match self.merge {
            ListMap(["mountPath"]) => Some(clean_path(entry["mountPath"].as_str()?)),
            ListMap(members) => {
                let parts: Option<Vec<_>> = members.iter().map(|member| entry[*member].as_str()).collect();
                Some(parts?.join(" "))
            }
            _ => Some(digest(self, &meaning(self.type_of(""), entry).unwrap_or_default())),
        }
    }

    /// Whether it is a volume or container: `Keep` does not settle a conflict with one (contract, "Conflicts").
    pub fn is_volume_or_container(&self) -> bool {
        matches!(self.place, "volumes" | "initContainers" | "sidecars")
    }

    /// The member that an atomic field is.
    pub fn name(&self) -> &'static str {
        self.at.rsplit('/').next().unwrap_or_default()
    }
}

fn member_type(of: &'static Type, name: &str) -> Kind {
    match of {
        Type::Object(object) => object.member(name).map(|member| &member.of),
        Type::Map(map) => Some(&map.of),
        _ => None,
    }
}

/// Something that a dependency brings to one place.
#[derive(Clone, Debug)]
pub struct Addition {
    pub field: &'static Field,
    pub key: String,
    pub value: Value,
    /// Whether it is a variable of `proxy`.
    pub is_of_proxy: bool,
}

/// Which containers get what it has for containers (contract, "Chosen containers").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Main,
    All,
    Names(Vec<String>),
}

/// A dependency as it is wanted for an object.
#[derive(Clone, Debug)]
pub struct Dependency {
    pub name: String,
    pub additions: Vec<Addition>,
    pub containers: Choice,
    pub on_conflict: String,
    pub init_containers_first: bool,
    pub env_first: bool,
    /// Its settings, without placeholders.
    pub settings: Value,
}

impl Dependency {
    /// Reads it, with its ready-made parts behind its plain fields, `vault` before `caBundle` before `proxy` (contract,
    /// "Order").
    pub fn new(name: &str, settings: Value) -> Self {
        let parts =
            [&settings, &vault(&settings["vault"]), &ca_bundle(&settings["caBundle"]), &proxy(&settings["proxy"])]
                .map(Value::clone);
        let mut additions = Vec::new();
        for field in fields() {
            for (at, part) in parts.iter().enumerate() {
                let value = part.pointer(field.setting).unwrap_or(&Value::Null);
                let mut add = |key: String, value: &Value| {
                    additions.push(Addition { field, key, value: value.clone(), is_of_proxy: at == 3 });
                };
                match (field.merge, value) {
                    (Atomic, value) if !value.is_null() => add(field.name().to_owned(), value),
                    (Merge::Map, Value::Object(members)) => {
                        let is_own = |key: &str| field.place != "resources" || key != "limits" && key != "requests";
                        let is_there =
                            |(key, value): &(&String, &Value)| is_own(key) && field.meaning(key, value).is_some();
                        members.iter().filter(is_there).for_each(|(key, value)| add(key.clone(), value));
                    }
                    (ListMap(_) | ListSet, Value::Array(entries)) => {
                        let entries = entries.iter().filter_map(|entry| Some((field.key_of(entry)?, entry)));
                        entries.for_each(|(key, entry)| add(key, entry));
                    }
                    _ => {}
                }
            }
        }
        let containers = match &settings["containers"] {
            Value::Array(names) => Choice::Names(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            word if word == "All" => Choice::All,
            _ => Choice::Main,
        };
        Dependency {
            name: name.to_owned(),
            additions,
            containers,
            on_conflict: settings["onConflict"].as_str().unwrap_or("Reject").to_owned(),
            init_containers_first: settings["initContainersFirst"] == true,
            env_first: settings["envFirst"] == true,
            settings,
        }
    }

    /// Whether it has something for containers.
    pub fn needs_container(&self) -> bool {
        self.additions.iter().any(|addition| addition.field.level == Container)
    }

    /// Whether new entries of a list go before those that are there (contract, "Order").
    pub fn is_first(&self, field: &Field) -> bool {
        match field.place {
            "initContainers" => self.init_containers_first,
            "env" | "envFrom" => self.env_first,
            _ => false,
        }
    }
}

/// `vault` (contract, "Ready-made parts").
fn vault(part: &Value) -> Value {
    if part.is_null() {
        return json!({});
    }
    let path = part["secretsPath"].as_str().unwrap_or("/var/run/secrets/nais.io/vault");
    let volume = part["volumeName"].as_str().unwrap_or("vault-secrets");
    let mount = json!({"name": volume, "mountPath": path});
    let mut empty_dir = json!({"medium": "Memory"});
    if !part["sizeLimit"].is_null() {
        empty_dir["sizeLimit"] = part["sizeLimit"].clone();
    }
    let variable = |(name, value): (&str, &Value)| json!({"name": name, "value": value});
    let own = [
        ("VKS_VAULT_ADDR", &part["address"]),
        ("VKS_AUTH_PATH", &part["authPath"]),
        ("VKS_KV_PATH", &part["kvPath"]),
        ("VKS_VAULT_ROLE", &part["role"]),
        ("VKS_SECRET_DEST_PATH", &json!(path)),
    ];
    let items = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let mut security = json!({"allowPrivilegeEscalation": false});
    for (name, value) in part["securityContext"].as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
    {
        security[name] = value.clone();
    }
    let env = [own.map(variable).to_vec(), items(&part["env"])].concat();
    let mounts = [vec![mount.clone()], items(&part["volumeMounts"])].concat();
    let mut vks = json!({
        "name": "vks",
        "image": part["image"],
        "env": env,
        "volumeMounts": mounts,
        "securityContext": security,
    });
    if !part["resources"].is_null() {
        vks["resources"] = part["resources"].clone();
    }
    json!({
        "volumes": [{"name": volume, "emptyDir": empty_dir}],
        "initContainers": [vks],
        "volumeMounts": [mount],
    })
}

/// `caBundle` (contract, "Ready-made parts").
fn ca_bundle(part: &Value) -> Value {
    let is_directory = part["mount"] == "Directory";
    let (mut volumes, mut mounts, mut env) = (Vec::new(), Vec::new(), Vec::new());
    for (what, files) in [("pem", &CA_FILES[..]), ("jks", &["/etc/ssl/certs/java/cacerts"])] {
        let bundle = &part[what];
        if bundle.is_null() {
            continue;
        }
        let name = format!("ca-bundle-{what}");
        let key = &bundle["key"];
        let (kind, mut source) = if bundle["secret"].is_null() {
            ("configMap", json!({"name": bundle["configMap"]}))
        } else {
            ("secret", json!({"secretName": bundle["secret"]}))
        };
        if !bundle["optional"].is_null() {
            source["optional"] = bundle["optional"].clone();
        }
        if is_directory {
            source["items"] = json!([{"key": key, "path": key}]);
            mounts.push(json!({"name": name, "mountPath": format!("/etc/platform-ca/{what}")}));
        } else {
            mounts.extend(files.iter().map(|path| json!({"name": name, "mountPath": path, "subPath": key})));
        }
        volumes.push(json!({"name": name, kind: source}));
        if what == "pem" {
            let directory = format!("/etc/platform-ca/pem/{}", key.as_str().unwrap_or_default());
            let path = if is_directory { directory.as_str() } else { CA_FILES[1] };
            env.extend(CA_VARIABLES.map(|name| json!({"name": name, "value": path})));
        }
    }
    json!({"volumes": volumes, "volumeMounts": mounts, "env": env})
}

/// `proxy` (contract, "Ready-made parts").
fn proxy(part: &Value) -> Value {
    if part.is_null() {
        return json!({});
    }
    let http = part["httpProxy"].as_str().unwrap_or_default().to_owned();
    let https = part["httpsProxy"].as_str().map_or_else(|| http.clone(), str::to_owned);
    let mut upper = vec![("HTTP_PROXY", http), ("HTTPS_PROXY", https)];
    if let Some(names) = part["noProxy"].as_array() {
        upper.push(("NO_PROXY", names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")));
    }
    let lower = upper.iter().map(|(name, value)| json!({"name": name.to_lowercase(), "value": value}));
    let upper_case = upper.iter().map(|(name, value)| json!({"name": name, "value": value}));
    json!({"env": upper_case.chain(lower).collect::<Vec<_>>()})
}

/// The text with placeholders replaced, once; `None` if it needs the name of an object that has none (contract,
/// "Placeholders").
fn replaced(text: &str, namespace: &str, name: Option<&str>) -> Option<String> {
    let mut rest = text;
    let mut done = String::new();
    while let Some(at) = rest.find('{') {
        done.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(behind) = rest.strip_prefix("{namespace}") {
            done.push_str(namespace);
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("{name}") {
            done.push_str(name?);
            rest = behind;
        } else {
            done.push('{');
            rest = &rest[1..];
        }
    }
    Some(done + rest)
}

/// The value with placeholders replaced in every string but not in keys, and `null`s left out (contract, "Settings" and
/// "Placeholders").
pub fn resolved(value: &Value, namespace: &str, name: Option<&str>) -> Option<Value> {
    Some(match value {
        Value::String(text) => Value::String(replaced(text, namespace, name)?),
        Value::Array(items) => {
            items.iter().map(|item| resolved(item, namespace, name)).collect::<Option<Vec<_>>>().map(Value::Array)?
        }
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let members = members.map(|(key, value)| Some((key.clone(), resolved(value, namespace, name)?)));
            members.collect::<Option<Map<_, _>>>().map(Value::Object)?
        }
        other => other.clone(),
    })
}

/// Whether a LabelSelector matches (contract, "Selectors"); an empty one matches every object.
pub fn is_selected(selector: &Value, labels: &Value) -> bool {
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    let has_labels =
        selector["matchLabels"].as_object().into_iter().flatten().all(|(key, value)| label(key) == value.as_str());
    has_labels
        && selector["matchExpressions"].as_array().into_iter().flatten().all(|expression| {
            let found = label(expression["key"].as_str().unwrap_or_default());
            let is_one = || {
                let mut values = expression["values"].as_array().into_iter().flatten();
                values.any(|value| value.as_str() == found)
            };
            match expression["operator"].as_str().unwrap_or_default() {
                "In" => found.is_some() && is_one(),
                "NotIn" => found.is_none() || !is_one(),
                "Exists" => found.is_some(),
                _ => found.is_none(),
            }
        })
}
