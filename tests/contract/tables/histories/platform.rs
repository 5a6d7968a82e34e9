//! A platform: a policy with its settings, which its team changes over time.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::object::{Entries, Id, annotation, entries_of};
use crate::evaluator::settings_problem;

/// The platforms of a history, by the prefix of everything that they bring. Never do both bring the same entry.
pub const OWNERS: [&str; 2] = ["platform", "lab"];

/// What a platform may bring, each in [`VERSIONS`] versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dependency {
    /// Pull secrets.
    Registry,
    /// Variables; with version 1 in all containers.
    Proxy,
    /// A volume and its mounts, labels and annotations.
    Trust,
    /// Where the pod runs.
    Place,
    /// A sidecar and init containers.
    Probe,
    /// A variable in that sidecar, in one of these init containers, and in a container and an init container of the user's;
    /// with version 1 a pull policy too.
    Probed,
    /// What the main container may have and runs; with version 1 all containers.
    Limits,
    /// Variables before those of the user, in notebooks whose labels a selector matches.
    Chosen,
    /// A label and an annotation, nothing in the template.
    Badge,
}

use Dependency::{Badge, Chosen, Limits, Place, Probe, Probed, Proxy, Registry, Trust};

pub const ALL: [Dependency; 9] = [Registry, Proxy, Trust, Place, Probe, Probed, Limits, Chosen, Badge];
pub const VERSIONS: u8 = 2;

/// What the settings say of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is for notebooks.
    Listed,
    /// It is defined, but not for notebooks.
    Defined,
    /// It is not defined, and named in `retired`.
    Retired,
    /// They do not know it.
    Unknown,
}

/// A change of the settings.
#[derive(Clone, Debug)]
pub enum Upgrade {
    Version(Dependency, u8),
    Status(Dependency, Status),
    OnConflict(Dependency, &'static str),
    /// The dependency gets another name, or its first one again, and the other one is retired.
    Rename(Dependency),
    /// The first in the list becomes the last.
    Rotate,
    Spell(Spelling),
}

/// How the settings are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    Compact,
    Pretty,
    /// The members in another order, defaults and empty lists written out, strings escaped.
    Odd,
}

#[derive(Clone, Debug)]
struct Listing {
    dependency: Dependency,
    version: u8,
    status: Status,
    on_conflict: &'static str,
    /// How often it was renamed.
    renamed: u8,
}

/// A policy and its settings.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Its place in [`OWNERS`].
    pub number: usize,
    pub domain: &'static str,
    restart: bool,
    /// In the order of the list.
    listings: Vec<Listing>,
    spelling: Spelling,
    /// The settings, as they stand in a payload.
    pub settings: String,
}

impl Platform {
    /// A platform that lists everything.
    pub fn new(number: usize, domain: &'static str, restart: bool) -> Self {
        let listing =
            |dependency| Listing { dependency, version: 0, status: Status::Listed, on_conflict: "Reject", renamed: 0 };
        let listings = ALL.map(listing).to_vec();
        let mut platform =
            Platform { number, domain, restart, listings, spelling: Spelling::Compact, settings: String::new() };
        platform.spell();
        platform
    }

    pub fn upgrade(&mut self, upgrade: &Upgrade) {
        match *upgrade {
            Upgrade::Version(dependency, version) => self.listing_mut(dependency).version = version,
            // Settings must have something that they bring.
            Upgrade::Status(Badge, Status::Retired | Status::Unknown) => {}
            // What another policy adds to a container of this one's goes with the container.
            Upgrade::Status(Probed | Probe, Status::Unknown) => {}
            Upgrade::Status(dependency, status) => self.listing_mut(dependency).status = status,
            Upgrade::OnConflict(dependency, word) => self.listing_mut(dependency).on_conflict = word,
            Upgrade::Rename(dependency) => self.listing_mut(dependency).renamed += 1,
            Upgrade::Rotate => self.listings.rotate_left(1),
            Upgrade::Spell(spelling) => self.spelling = spelling,
        }
        self.spell();
    }

    fn listing(&self, dependency: Dependency) -> &Listing {
        self.listings.iter().find(|it| it.dependency == dependency).expect("everything is listed")
    }

    fn listing_mut(&mut self, dependency: Dependency) -> &mut Listing {
        self.listings.iter_mut().find(|it| it.dependency == dependency).expect("everything is listed")
    }

    /// What everything that it brings begins with.
    pub fn owner(&self) -> &'static str {
        OWNERS[self.number]
    }

    /// Whether a dependency of this name can only be its own.
    pub fn is_own_name(&self, name: &str) -> bool {
        name.strip_prefix(self.owner()).is_some_and(|rest| rest.starts_with('-'))
    }

    pub fn restarts(&self) -> bool {
        self.restart
    }

    /// Whether the settings know the dependency, be it as retired.
    pub fn knows(&self, dependency: Dependency) -> bool {
        self.listing(dependency).status != Status::Unknown
    }

    /// How the entry `id` is brought to `notebook`, if it is: its value, and what happens in a conflict.
    pub fn brings(&self, id: &str, notebook: &Value) -> Option<(&'static Value, &'static str)> {
        let (number, dependency) = *owners().get(id)?;
        let listing = self.listing(dependency);
        let is_chosen = dependency != Chosen || is_chosen(listing.version, notebook);
        let is_brought = number == self.number && listing.status == Status::Listed && is_chosen;
        let value = catalogue()[&(number, dependency, listing.version)].get(id).filter(|_| is_brought)?;
        Some((value, listing.on_conflict))
    }

    /// The name of a dependency in the settings.
    pub fn name(&self, dependency: Dependency) -> String {
        let [name, other] = self.names(dependency);
        if self.listing(dependency).renamed.is_multiple_of(2) { name } else { other }
    }

    /// Every name that a dependency may have.
    pub fn names(&self, dependency: Dependency) -> [String; 2] {
        let name = format!("{}-{dependency:?}", self.owner()).to_lowercase();
        [name.clone(), name + "-2"]
    }

    /// Whether `object` has its record.
    pub fn has_record(&self, object: &Value) -> bool {
        annotation(object, &format!("{}/injected", self.domain)).is_some()
    }

    /// Whether `id` is an entry of one of its dependencies for which `holds`.
    pub fn has_at(&self, id: &str, holds: impl Fn(Dependency) -> bool) -> bool {
        owner(id).is_some_and(|(number, dependency)| number == self.number && holds(dependency))
    }

    /// Another policy with its annotations, and one dependency: `name`, which brings `fields`.
    pub fn forger(&self, name: &str, fields: &Value) -> Self {
        let settings = json!({
            "dependencies": {name: fields},
            "notebooks": [name],
            "annotationDomain": self.domain,
        });
        Platform { settings: settings.to_string(), ..self.clone() }
    }

    /// Whether some version of a dependency brings `value` at `id`.
    pub fn has_brought(id: &str, value: &Value) -> bool {
        owner(id).is_some_and(|(number, dependency)| {
            (0..VERSIONS).any(|version| catalogue()[&(number, dependency, version)].get(id) == Some(value))
        })
    }

    /// The names that these settings know.
    pub fn known_names(&self) -> impl Iterator<Item = String> {
        ALL.into_iter().filter(|dependency| self.knows(*dependency)).flat_map(|dependency| self.names(dependency))
    }

    fn spell(&mut self) {
        let mut dependencies = Map::new();
        let (mut notebooks, mut pipeline_pods, mut retired) = (Vec::new(), Vec::new(), Vec::new());
        for listing in &self.listings {
            let name = self.name(listing.dependency);
            let others = self.names(listing.dependency).into_iter().filter(|it| *it != name);
            match listing.status {
                Status::Unknown => continue,
                Status::Retired => retired.push(name.clone()),
                Status::Listed => notebooks.push(name.clone()),
                Status::Defined => pipeline_pods.push(name.clone()),
            }
            if listing.renamed > 0 || listing.status == Status::Retired {
                retired.extend(others);
            }
            if listing.status != Status::Retired {
                let mut value = brought(self.owner(), listing.dependency, listing.version);
                value["onConflict"] = json!(listing.on_conflict);
                dependencies.insert(name, value);
            }
        }
        let settings = json!({
            "dependencies": dependencies,
            "notebooks": notebooks,
            "pipelinePods": pipeline_pods,
            "retired": retired,
            "runningNotebooks": if self.restart { "Restart" } else { "Defer" },
            "annotationDomain": self.domain,
        });
        assert_eq!(settings_problem(&settings), None, "{settings:#}");
        self.settings = match self.spelling {
            Spelling::Compact => settings.to_string(),
            Spelling::Pretty => format!("{settings:#}"),
            Spelling::Odd => {
                let mut settings = settings;
                for dependency in settings["dependencies"].as_object_mut().expect("an object").values_mut() {
                    for (member, default) in
                        [("containers", json!("Main")), ("initContainersFirst", json!(false)), ("labels", json!({}))]
                    {
                        if dependency[member].is_null() {
                            dependency[member] = default;
                        }
                    }
                }
                odd(&settings)
            }
        };
    }
}

/// `value` with the members in another order, and strings escaped where they need not be.
fn odd(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().rev().map(|(key, value)| format!(" {}\n: {}", json!(key), odd(value)));
            format!("{{{} }}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(odd).collect::<Vec<_>>().join(" , ")),
        Value::String(_) => value.to_string().replace('/', "\\/").replace('o', "\\u006f"),
        other => other.to_string(),
    }
}

/// Every entry that some version of a dependency brings, by platform, dependency and version.
fn catalogue() -> &'static BTreeMap<(usize, Dependency, u8), Entries> {
    static CATALOGUE: OnceLock<BTreeMap<(usize, Dependency, u8), Entries>> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let all = OWNERS.iter().enumerate().flat_map(|(number, owner)| {
            ALL.into_iter().flat_map(move |dependency| {
                (0..VERSIONS).map(move |version| {
                    ((number, dependency, version), entries_of(&brought(owner, dependency, version)))
                })
            })
        });
        all.collect()
    })
}

/// The platform and the dependency that an entry may be of.
pub fn owner(id: &str) -> Option<(usize, Dependency)> {
    owners().get(id).copied()
}

/// Whether an entry comes before those of the user.
pub fn is_first(id: &str) -> bool {
    owner(id).is_some_and(|(_, dependency)| dependency == Chosen)
}

fn owners() -> &'static BTreeMap<Id, (usize, Dependency)> {
    static OWNERS: OnceLock<BTreeMap<Id, (usize, Dependency)>> = OnceLock::new();
    OWNERS.get_or_init(|| {
        let all = catalogue().iter();
        all.flat_map(|((number, dependency, _), ids)| ids.keys().map(|id| (id.clone(), (*number, *dependency))))
            .collect()
    })
}

/// The label that selectors ask for, and an extended resource.
pub const CHOSEN: &str = "chosen";
pub const GPU: &str = "example.org/gpu";

/// Whether the selector of [`Chosen`] matches.
fn is_chosen(version: u8, notebook: &Value) -> bool {
    let label = notebook["metadata"]["labels"][CHOSEN].as_str();
    if version == 0 { label == Some("yes") } else { label != Some("no") }
}

/// A node affinity.
fn preferred(value: &str) -> Value {
    let expression = json!({"key": "disk", "operator": "In", "values": [value]});
    let term = json!({"weight": 1, "preference": {"matchExpressions": [expression]}});
    json!({"preferredDuringSchedulingIgnoredDuringExecution": [term]})
}

/// A pod affinity.
fn near(value: &str) -> Value {
    let term = json!({"topologyKey": "zone", "labelSelector": {"matchLabels": {"near": value}}});
    json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]})
}

/// What a version of a dependency brings, as it stands in the settings.
fn brought(owner: &str, dependency: Dependency, version: u8) -> Value {
    let named = |what: &str| format!("{owner}-{what}");
    let env = |name: &str, value: &str| json!({"name": format!("{owner}_{name}").to_uppercase(), "value": value});
    let class = if owner == OWNERS[0] { "runtimeClassName" } else { "priorityClassName" };
    let spread = |word: &str| {
        let labels = json!({"matchLabels": {"of": owner}});
        json!({"maxSkew": 1, "topologyKey": owner, "whenUnsatisfiable": word, "labelSelector": labels})
    };
    let security = if owner == OWNERS[0] { "fsGroup" } else { "runAsUser" };
    let affinity = |value: &str| {
        if owner == OWNERS[0] { json!({"nodeAffinity": preferred(value)}) } else { json!({"podAffinity": near(value)}) }
    };
    let dns = if owner == OWNERS[0] {
        json!({"options": [{"name": "ndots", "value": "2"}]})
    } else {
        json!({"searches": ["lab"]})
    };
    let ip = if owner == OWNERS[0] { "10.0.0.1" } else { "10.0.0.2" };
    match (dependency, version) {
        (Registry, 0) => json!({"imagePullSecrets": [{"name": named("registry")}]}),
        (Registry, _) => json!({"imagePullSecrets": [{"name": named("mirror")}, {"name": named("registry")}]}),
        (Proxy, 0) => json!({
            "env": [
                env("PROXY", "http://one"),
                env("URL", &format!("$({}_PROXY)/", owner.to_uppercase())),
                {"name": format!("{owner}_MEMORY").to_uppercase(), "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}},
                env("NONE", ""),
            ],
            "envFrom": [{"prefix": "", "configMapRef": {"name": named("env")}}],
        }),
        (Proxy, _) => json!({
            "env": [env("HOST", "two"), env("PROXY", "http://two"), env("URL", "two")],
            "containers": "All",
        }),
        (Trust, 0) => json!({
            "volumes": [{"name": named("trust"), "configMap": {"name": "one"}}],
            "volumeMounts": [{"name": named("trust"), "mountPath": format!("/{owner}/trust"), "readOnly": true}],
            "labels": {format!("{owner}/trust"): "one"},
            "annotations": {format!("{owner}/trust"): "one"},
        }),
        (Trust, _) => json!({
            "volumes": [
                {"name": named("more"), "emptyDir": {"medium": "", "sizeLimit": "1.0Gi"}},
                {"name": named("trust"), "configMap": {"name": "two"}},
            ],
            "volumeMounts": [
                {"name": named("trust"), "mountPath": format!("/{owner}/trust")},
                {"name": named("more"), "mountPath": format!("/{owner}/more")},
            ],
            "labels": {format!("{owner}/trust"): "two"},
        }),
        (Place, 0) => json!({
            "nodeSelector": {named("pool"): "gpu"},
            "tolerations": [{"key": named("gpu"), "operator": "Exists"}],
            "hostAliases": [{"ip": ip, "hostnames": ["one"]}],
            "topologySpreadConstraints": [spread("ScheduleAnyway")],
            "securityContext": {security: 1},
            "affinity": affinity("one"),
            "dnsConfig": dns,
            class: "one",
        }),
        (Place, _) => json!({
            "nodeSelector": {named("pool"): "cpu", named("disk"): ""},
            "tolerations": [{"key": named("cpu"), "operator": "Exists"}],
            "hostAliases": [{"ip": ip, "hostnames": ["two"]}],
            "topologySpreadConstraints": [spread("DoNotSchedule")],
            "securityContext": {security: 2},
            "affinity": affinity("two"),
            class: "two",
        }),
        (Probe, 0) => json!({
            "sidecars": [{
                "name": named("probe"),
                "image": "probe:1",
                "ports": [{"containerPort": 9000, "hostPort": 0}],
                "livenessProbe": {"httpGet": {"path": "/", "port": 9000}, "initialDelaySeconds": 0},
            }],
            "initContainers": [{"name": named("init"), "image": "init:1"}],
            "initContainersFirst": true,
        }),
        (Probe, _) => json!({
            "sidecars": [{"name": named("probe"), "image": "probe:2"}],
            "initContainers": [
                {"name": named("before"), "image": "init:2"},
                {"name": named("init"), "image": "init:2"},
            ],
            "initContainersFirst": true,
        }),
        (Probed, version) => {
            let mut probed = json!({
                "env": [env("PROBED", &version.to_string())],
                "containers": [named("probe"), named("init"), "helper", "fetch"],
            });
            if version == 1 && owner == OWNERS[0] {
                probed["imagePullPolicy"] = json!("Always");
            }
            probed
        }
        (Limits, 0) if owner == OWNERS[0] => json!({
            "resources": {"limits": {"ephemeral-storage": "2.5Gi"}},
            "containerSecurityContext": {"allowPrivilegeEscalation": false},
            "command": ["one"],
        }),
        (Limits, _) if owner == OWNERS[0] => json!({
            "resources": {"limits": {"ephemeral-storage": "3Gi"}},
            "containerSecurityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true},
            "command": ["two"],
            "containers": "All",
        }),
        (Limits, 0) => json!({
            "resources": {"limits": {GPU: "1"}},
            "containerSecurityContext": {"readOnlyRootFilesystem": true},
            "args": ["one", ""],
        }),
        (Limits, _) => json!({"resources": {"limits": {GPU: "2"}}, "args": ["two"], "containers": "All"}),
        (Chosen, 0) => json!({
            "env": [env("CHOSEN", "one")],
            "envFirst": true,
            "selector": {"matchLabels": {CHOSEN: "yes"}},
        }),
        (Chosen, _) => json!({
            "env": [env("CHOICE", "two"), env("CHOSEN", "two")],
            "envFrom": [{"configMapRef": {"name": named("chosen")}}],
            "envFirst": true,
            "selector": {"matchExpressions": [{"key": CHOSEN, "operator": "NotIn", "values": ["no"]}]},
        }),
        (Badge, version) => json!({
            "labels": {format!("{owner}/badge"): version.to_string()},
            "annotations": {format!("{owner}/badge"): version.to_string()},
        }),
    }
}

/// How much of it [`users_own`] has.
pub const USERS_OWN: u8 = 14;

/// What a user may write at keys of a platform's, as fields of a dependency.
pub fn users_own(owner: &str, number: u8) -> Value {
    let own = [
        json!({"env": [{"name": format!("{owner}_PROXY").to_uppercase(), "value": "mine"}]}),
        json!({"nodeSelector": {format!("{owner}-pool"): "mine"}}),
        json!({if owner == OWNERS[0] { "runtimeClassName" } else { "priorityClassName" }: "mine"}),
        json!({"volumeMounts": [{"name": "dshm", "mountPath": format!("/{owner}/trust")}]}),
        json!({"volumes": [{"name": format!("{owner}-trust"), "emptyDir": {"medium": "Memory"}}]}),
        json!({"sidecars": [{"name": format!("{owner}-probe"), "image": "mine"}]}),
        json!({"initContainers": [{"name": format!("{owner}-init"), "image": "mine"}]}),
        json!({"labels": {format!("{owner}/badge"): "mine"}}),
        json!({"securityContext": {"fsGroup": 9}}),
        json!({"affinity": {"nodeAffinity": preferred("mine")}}),
        json!({"resources": {"limits": {"ephemeral-storage": "9Gi"}}}),
        json!({"containerSecurityContext": {"allowPrivilegeEscalation": true}}),
        json!({"command": ["mine"]}),
        json!({"env": [{"name": format!("{owner}_CHOSEN").to_uppercase(), "value": "mine"}]}),
    ];
    own[usize::from(number)].clone()
}
