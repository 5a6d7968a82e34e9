//! What happens to a notebook.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::STOPPED;
use super::object::{
    annotations_mut, apply, entries, entries_of, erase, list, main_container, retain, template_mut, through_go, write,
};
use super::platform::{
    ALL, CHOSEN, Dependency, GPU, OWNERS, Spelling, Status, USERS_OWN, Upgrade, VERSIONS, owner, users_own,
};

/// One step of a history.
#[derive(Clone, Debug)]
pub enum Event {
    /// A platform team changes its settings. No request is made.
    Upgrade(usize, Vec<Upgrade>),
    /// Another webhook comes, or goes.
    Webhook(Option<Turn>),
    /// The policies are not called, or are again.
    Away(bool),
    /// The user keeps what `kubectl get -o yaml` shows.
    Export,
    /// The user deletes the notebook and creates it from something else.
    Create(Source),
    /// A client reads the notebook, changes it, and sends it back.
    Update(Vec<Change>),
    /// A client changes nothing, but for a record that claims what is not the policy's.
    Forge(usize, Dependency),
}

/// When the other webhook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Before,
    Behind,
}

/// What a notebook is created from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The user's manifest.
    Manifest,
    /// What is stored.
    Copy,
    /// What is stored, under another name.
    CopyAs(&'static str),
    /// What is stored, without the annotations of the policies.
    CopyWithoutRecord,
    /// The user's manifest, with a record that claims what is not the policy's.
    Forged(usize, Dependency),
}

/// What a client changes.
#[derive(Clone, Debug)]
pub enum Change {
    /// The culler notes the last activity.
    Cull(u8),
    /// `kubectl annotate`.
    Annotate(u8),
    Stop(&'static str),
    Start,
    /// The user asks for what waits, by the policies' annotation or by Open Data Hub's.
    Ask {
        open_data_hub: bool,
    },
    /// A write through Go's types, which changes nothing else.
    ThroughGo,
    /// `kubectl replace` with the user's manifest.
    Replace,
    /// `kubectl apply` of the user's manifest.
    Apply,
    /// `kubectl replace` with what was exported.
    ReplaceWithExport {
        with_record: bool,
    },
    /// The user edits his own entries, in his manifest and in what is stored.
    Edit(Edit),
    /// The user writes at a key of a platform's.
    Take(usize, u8),
    /// The user takes back what he wrote there.
    GiveBack(usize, u8),
    /// Entries of the platforms are lost on the way.
    Lose(Part),
    /// Entries of the platforms change their places.
    Move {
        reverse: bool,
    },
    /// The annotations of the policies are lost on the way.
    LoseRecord,
}

/// A part of the template.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    Env,
    Volumes,
    Containers,
    All,
}

/// An edit of the user's own entries.
#[derive(Clone, Debug)]
pub enum Edit {
    Image(u8),
    Write(usize),
    Erase(usize),
    /// A mount of a volume that a platform brings.
    MountOf(usize),
    UnmountOf(usize),
}

/// What the user may write, each as fields of a dependency.
pub fn own() -> [Value; 21] {
    [
        json!({"env": [{"name": "USER_0", "value": "0"}]}),
        json!({"env": [{"name": "USER_0", "value": ""}]}),
        json!({"env": [{"name": "USER_1", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]}),
        json!({"envFrom": [{"prefix": "", "secretRef": {"name": "user-secret"}}]}),
        json!({"sidecars": [{"name": "helper", "image": "helper:1", "resources": {}, "ports": [{"containerPort": 1, "hostPort": 0}]}]}),
        json!({
            "volumes": [{"name": "user-data", "emptyDir": {}}],
            "volumeMounts": [{"name": "user-data", "mountPath": "/data"}],
        }),
        json!({"imagePullSecrets": [{"name": "user-registry"}]}),
        json!({"tolerations": [{"key": "user", "operator": "Exists"}]}),
        json!({"nodeSelector": {"user": ""}}),
        json!({"hostAliases": [{"ip": "10.0.0.9", "hostnames": ["user"]}]}),
        json!({"labels": {"user": "yes"}}),
        json!({"labels": {CHOSEN: "yes"}}),
        json!({"labels": {CHOSEN: "no"}}),
        json!({"initContainers": [{"name": "fetch", "image": "fetch:1"}]}),
        json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "user", "whenUnsatisfiable": "DoNotSchedule"}]}),
        json!({"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}),
        json!({"dnsConfig": {"nameservers": ["10.0.0.53"]}, "affinity": {"podAntiAffinity": {}}}),
        json!({"resources": {"requests": {"ephemeral-storage": "1.0Gi", GPU: "1"}}}),
        json!({"resources": {"requests": {"ephemeral-storage": "2.8Gi"}}}),
        json!({"containerSecurityContext": {"privileged": false, "runAsUser": 0}}),
        json!({"containerSecurityContext": {"privileged": true}}),
    ]
}

/// A mount of the user's, of a volume that a platform brings.
fn mount_of(number: usize) -> Value {
    let owner = OWNERS[number];
    json!({"volumeMounts": [{"name": format!("{owner}-trust"), "mountPath": format!("/user/{owner}")}]})
}

impl Edit {
    pub fn make(&self, notebook: &mut Value) {
        match *self {
            Edit::Image(tag) => main_container(notebook)["image"] = json!(format!("jupyter:{tag}")),
            Edit::Write(number) => write(notebook, &own()[number]),
            Edit::Erase(number) => erase(notebook, &own()[number]),
            Edit::MountOf(number) => write(notebook, &mount_of(number)),
            Edit::UnmountOf(number) => erase(notebook, &mount_of(number)),
        }
    }
}

impl Part {
    fn has(self, id: &str) -> bool {
        let starts = |places: &[&str]| places.iter().any(|place| id.starts_with(place));
        match self {
            Part::Env => starts(&["env"]),
            Part::Volumes => starts(&["volume"]),
            Part::Containers => starts(&["containers", "initContainers"]),
            Part::All => true,
        }
    }
}

/// Whether an annotation is one of a policy's own, under one of these domains.
pub fn is_policys(domains: &[&str], annotation: &str) -> bool {
    domains.iter().any(|domain| annotation.strip_prefix(domain).is_some_and(|rest| rest.starts_with('/')))
}

/// An UPDATE in the making.
pub struct Draft<'l> {
    /// What the client sends.
    pub sent: Value,
    /// The user's manifest after it.
    pub manifest: Value,
    /// What was exported, with the manifest of that time.
    pub export: Option<&'l (Value, Value)>,
    /// The annotation domains of the policies.
    pub domains: Vec<&'static str>,
    /// Whether the settings know the dependency that an entry is of.
    pub is_known: &'l dyn Fn(&str) -> bool,
    /// The client sends the record of an export.
    pub has_old_record: bool,
}

impl Draft<'_> {
    /// Whether `id` is an entry of a platform's that its settings know, not of the user's.
    fn is_ours(&self, id: &str) -> bool {
        (self.is_known)(id) && !entries(&self.manifest).contains_key(id)
    }

    pub fn make(&mut self, change: &Change) {
        match change {
            Change::Cull(time) => {
                self.annotate("notebooks.kubeflow.org/last-activity", &time.to_string());
                self.make(&Change::ThroughGo);
            }
            Change::Annotate(note) => self.annotate("note", &note.to_string()),
            Change::Stop(time) => self.annotate(STOPPED, time),
            Change::Start => _ = annotations_mut(&mut self.sent).remove(STOPPED),
            Change::Ask { open_data_hub: true } => self.annotate(super::RESTART, "true"),
            Change::Ask { open_data_hub: false } => {
                for domain in self.domains.clone() {
                    self.annotate(&format!("{domain}/apply"), "now");
                }
            }
            Change::ThroughGo => {
                let template = template_mut(&mut self.sent);
                *template = through_go(template);
            }
            Change::Replace => self.sent.clone_from(&self.manifest),
            Change::Apply => apply(&mut self.sent, &self.manifest),
            Change::ReplaceWithExport { with_record } => {
                if let Some((manifest, export)) = self.export {
                    // What is his by now, and what he sends again, stays his.
                    let (his, then) = (entries(&self.manifest), entries(manifest));
                    let mut manifest = export.clone();
                    retain(&mut manifest, |id, _| {
                        then.contains_key(id) || (owner(id).is_some() && his.contains_key(id))
                    });
                    annotations_mut(&mut manifest).retain(|name, _| !is_policys(&self.domains, name));
                    self.manifest = manifest;
                    let there = entries(&self.sent);
                    self.sent.clone_from(export);
                    self.has_old_record = *with_record;
                    // What is gone since from a container of a platform's would be the user's in it.
                    let mut sent = self.sent.take();
                    retain(&mut sent, |id, _| owner(id).is_none() || there.contains_key(id) || his.contains_key(id));
                    self.sent = sent;
                    if !with_record {
                        self.make(&Change::LoseRecord);
                    }
                }
            }
            Change::Edit(edit) => {
                edit.make(&mut self.manifest);
                edit.make(&mut self.sent);
            }
            Change::Take(number, what) => {
                let own = users_own(OWNERS[*number], *what);
                let his = entries(&self.manifest);
                if entries_of(&own).keys().all(|id| his.contains_key(id)) {
                    write(&mut self.manifest, &own);
                }
                write(&mut self.sent, &own);
            }
            Change::GiveBack(number, what) => {
                let own = users_own(OWNERS[*number], *what);
                let his = entries(&self.manifest);
                if entries_of(&own).keys().all(|id| his.contains_key(id)) {
                    erase(&mut self.manifest, &own);
                    erase(&mut self.sent, &own);
                }
            }
            Change::Lose(part) => {
                let mut sent = self.sent.take();
                retain(&mut sent, |id, _| !(part.has(id) && self.is_ours(id)));
                self.sent = sent;
            }
            Change::Move { reverse } => {
                let is_ours = |entry: &Value| {
                    entry["name"].as_str().is_some_and(|name| self.is_ours(&format!("env/main/{name}")))
                };
                let mut sent = self.sent.clone();
                let env = list(main_container(&mut sent), "env");
                env.sort_by_key(|entry| !is_ours(entry));
                if *reverse {
                    let ours = env.iter().filter(|entry| is_ours(entry)).count();
                    env[..ours].reverse();
                }
                self.sent = sent;
            }
            Change::LoseRecord => {
                annotations_mut(&mut self.sent).retain(|name, _| !is_policys(&self.domains, name));
            }
        }
    }

    fn annotate(&mut self, name: &str, value: &str) {
        annotations_mut(&mut self.sent).insert(name.to_owned(), json!(value));
    }
}

/// Random events for as many platforms as `platforms` says.
pub fn event(platforms: usize) -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..platforms, prop::collection::vec(upgrade(), 1..=3)).prop_map(|(at, it)| Event::Upgrade(at, it)),
        1 => prop_oneof![Just(None), Just(Some(Turn::Before)), Just(Some(Turn::Behind))].prop_map(Event::Webhook),
        1 => any::<bool>().prop_map(Event::Away),
        1 => Just(Event::Export),
        2 => source(platforms).prop_map(Event::Create),
        14 => prop::collection::vec(change(platforms), 1..=2).prop_map(Event::Update),
        1 => (0..platforms, dependency()).prop_map(|(at, it)| Event::Forge(at, it)),
    ]
}

fn dependency() -> impl Strategy<Value = Dependency> {
    prop::sample::select(ALL.to_vec())
}

/// Random changes of settings.
pub fn upgrade() -> impl Strategy<Value = Upgrade> {
    use Status::{Defined, Listed, Retired, Unknown};
    let status = prop::sample::select(vec![Listed, Listed, Defined, Retired, Unknown]);
    let on_conflict = prop::sample::select(vec!["Reject", "Keep", "Override"]);
    let spelling = prop::sample::select(vec![Spelling::Compact, Spelling::Pretty, Spelling::Odd]);
    prop_oneof![
        4 => (dependency(), 0..VERSIONS).prop_map(|(it, version)| Upgrade::Version(it, version)),
        4 => (dependency(), status).prop_map(|(it, status)| Upgrade::Status(it, status)),
        3 => (dependency(), on_conflict).prop_map(|(it, word)| Upgrade::OnConflict(it, word)),
        1 => dependency().prop_map(Upgrade::Rename),
        1 => Just(Upgrade::Rotate),
        1 => spelling.prop_map(Upgrade::Spell),
    ]
}

fn source(platforms: usize) -> impl Strategy<Value = Source> {
    prop_oneof![
        3 => Just(Source::Manifest),
        2 => Just(Source::Copy),
        2 => prop_oneof![Just("churn-2"), Just("churn-model")].prop_map(Source::CopyAs),
        // In a copy without its record the containers of the platforms are the user's, for the other platform too.
        1 => Just(if platforms == 1 { Source::CopyWithoutRecord } else { Source::Copy }),
        1 => (0..platforms, dependency()).prop_map(|(at, it)| Source::Forged(at, it)),
    ]
}

/// What the user writes at keys of a platform's is tried with one alone: of two policies the first cannot know whether the
/// other makes it his, which would be his change of the template.
fn of_one(platforms: usize, change: Change) -> Change {
    if platforms == 1 { change } else { Change::LoseRecord }
}

fn change(platforms: usize) -> impl Strategy<Value = Change> {
    let edit = prop_oneof![
        1 => any::<u8>().prop_map(Edit::Image),
        5 => (0..own().len()).prop_map(Edit::Write),
        3 => (0..own().len()).prop_map(Edit::Erase),
        1 => (0..platforms).prop_map(Edit::MountOf),
        1 => (0..platforms).prop_map(Edit::UnmountOf),
    ];
    let part = prop_oneof![Just(Part::Env), Just(Part::Volumes), Just(Part::Containers), Just(Part::All)];
    prop_oneof![
        4 => any::<u8>().prop_map(Change::Cull),
        1 => any::<u8>().prop_map(Change::Annotate),
        2 => prop_oneof![Just(""), Just("2026-11-23T10:10:00Z")].prop_map(Change::Stop),
        3 => Just(Change::Start),
        2 => any::<bool>().prop_map(|open_data_hub| Change::Ask { open_data_hub }),
        1 => Just(Change::ThroughGo),
        2 => Just(Change::Replace),
        1 => Just(Change::Apply),
        2 => any::<bool>().prop_map(|with_record| Change::ReplaceWithExport { with_record }),
        4 => edit.prop_map(Change::Edit),
        3 => (0..USERS_OWN).prop_map(move |what| of_one(platforms, Change::Take(0, what))),
        1 => (0..USERS_OWN).prop_map(move |what| of_one(platforms, Change::GiveBack(0, what))),
        1 => part.prop_map(Change::Lose),
        1 => any::<bool>().prop_map(|reverse| Change::Move { reverse }),
        1 => Just(Change::LoseRecord),
    ]
}
