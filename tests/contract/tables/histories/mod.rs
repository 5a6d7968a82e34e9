//! Random histories of a notebook: its user, the culler, another webhook, and one or two platforms whose settings change
//! act on it in any order. What always holds is in [`checks`]: one function for each invariant.
//!
//! What belongs to whom is known from a model: the user's manifest is kept beside the notebook, and what each version of
//! each dependency brings is known. The record of a policy is only compared, never gone by.
//!
//! The histories are the same in every run.

mod checks;
mod events;
mod object;
mod platform;
mod request;

use std::collections::BTreeSet;
use std::env;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::evaluator::test_data;
use checks::Checks;
use events::{Change, Draft, Event, Source, Turn, event, is_policys, own, upgrade};
use object::{Id, annotations_mut, container_of, entries, list, main_container, rename, retain, template_mut, write};
use platform::{Dependency, Platform, Upgrade, owner};
use request::Request;

/// How many histories there are, unless environment variable `HISTORIES` says otherwise.
const HISTORIES: u32 = 300;
const LONGEST: usize = 10;

const STOPPED: &str = "kubeflow-resource-stopped";
/// Open Data Hub's annotation by which a user asks for what waits.
const RESTART: &str = "notebooks.opendatahub.io/notebook-restart";
const DOMAINS: [&str; 2] = ["mutatingflow.nais.io", "lab.example.org"];

/// A notebook, its user, and the platforms.
pub struct Life {
    /// In the order in which their policies are asked.
    platforms: Vec<Platform>,
    webhook: Option<Turn>,
    /// The policies are not asked.
    is_away: bool,
    /// The user's: what he wrote, and what became his.
    manifest: Value,
    /// The manifest and the notebook at the time of an export.
    export: Option<(Value, Value)>,
    stored: Value,
    /// Entries that got lost while the policies were not asked: a record may still have them.
    lost: BTreeSet<Id>,
}

impl Life {
    fn new(platforms: Vec<Platform>) -> Result<Self, TestCaseError> {
        let manifest = manifest();
        let created = Request { old: None, sent: manifest.clone() }.ask(&platforms)?.map_err(TestCaseError::fail)?;
        Ok(Life {
            platforms,
            webhook: None,
            is_away: false,
            manifest,
            export: None,
            stored: created.object,
            lost: BTreeSet::new(),
        })
    }

    fn live(&mut self, event: &Event) -> TestCaseResult {
        match event {
            Event::Upgrade(number, upgrades) => {
                let platform = self.platforms.iter_mut().find(|platform| platform.number == *number);
                let platform = platform.expect("the platform is there");
                upgrades.iter().for_each(|upgrade| platform.upgrade(upgrade));
            }
            Event::Webhook(turn) => self.webhook = *turn,
            Event::Away(is_away) => self.is_away = *is_away,
            Event::Export => self.export = Some((self.manifest.clone(), self.stored.clone())),
            Event::Create(source) => self.create_from(source)?,
            Event::Update(changes) => self.update(changes)?,
            Event::Forge(number, dependency) => {
                let mut sent = self.stored.clone();
                self.forge(&mut sent, *number, *dependency);
                self.request(Some(self.stored.clone()), sent, self.manifest.clone(), false)?;
            }
        }
        Ok(())
    }

    fn create_from(&mut self, source: &Source) -> TestCaseResult {
        if !matches!(source, Source::Manifest | Source::Forged(..)) && self.has_left_containers() {
            return Ok(());
        }
        let mut object = self.stored.clone();
        let mut manifest = self.owned_by_the_user_of_a_copy();
        match source {
            Source::Manifest => {
                manifest.clone_from(&self.manifest);
                object.clone_from(&manifest);
            }
            Source::Forged(number, dependency) => {
                manifest.clone_from(&self.manifest);
                object.clone_from(&manifest);
                self.forge(&mut object, *number, *dependency);
            }
            Source::Copy => {}
            Source::CopyAs(name) => {
                self.export = None;
                rename(&mut manifest, name);
                rename(&mut object, name);
            }
            Source::CopyWithoutRecord => {
                self.forget(&mut object);
                manifest.clone_from(&object);
            }
        }
        self.create(object, manifest)
    }

    /// Whether there is a container, or something in one of a platform's, that the settings do not want. In a copy nobody
    /// can tell whose it is.
    fn has_left_containers(&self) -> bool {
        let is_unwanted = |id: &str| owner(id).is_some() && self.brings(id, &self.stored).is_none();
        let is_left = |id: &Id| match container_of(id) {
            Some(containers) => containers.iter().any(|it| self.brings(it, &self.stored).is_some()) && is_unwanted(id),
            None => self.platforms.len() > 1 && id.starts_with("containers/") && is_unwanted(id),
        };
        entries(&self.stored).keys().any(is_left)
    }

    /// What is the user's in a copy of the notebook: his own, and what the settings do not want now. Only the stored
    /// record takes away, and that of the original is not the copy's.
    fn owned_by_the_user_of_a_copy(&self) -> Value {
        let (his, there) = (entries(&self.manifest), entries(&self.stored));
        let mut copy = self.stored.clone();
        retain(&mut copy, |id, _| {
            let is_his = his.contains_key(id) && his.get(id) == there.get(id);
            is_his || (!self.is_away && self.is_known(id) && self.brings(id, &self.stored).is_none())
        });
        self.forget(&mut copy);
        copy
    }

    fn create(&mut self, object: Value, manifest: Value) -> TestCaseResult {
        self.request(None, object, manifest, false)
    }

    fn update(&mut self, changes: &[Change]) -> TestCaseResult {
        let mut draft = Draft {
            sent: self.stored.clone(),
            manifest: self.manifest.clone(),
            export: self.export.as_ref(),
            domains: self.domains(),
            is_known: &|id| self.is_known(id),
            has_old_record: false,
        };
        for change in changes {
            // While no policy is asked, nobody could say whose it is.
            if !(self.is_away && matches!(change, Change::Take(..) | Change::GiveBack(..))) {
                draft.make(change);
            }
        }
        let Draft { sent, manifest, has_old_record, .. } = draft;
        self.request(Some(self.stored.clone()), sent, manifest, has_old_record)
    }

    /// Makes a request, and stores what comes of it. `manifest` is the user's after it, as far as it is known before.
    fn request(
        &mut self,
        old: Option<Value>,
        mut sent: Value,
        manifest: Value,
        has_old_record: bool,
    ) -> TestCaseResult {
        if self.webhook == Some(Turn::Before) {
            add_the_webhooks(&mut sent);
        }
        let request = Request { old, sent };
        let mut object = if self.is_away {
            self.is_stored_as_sent(&request, manifest);
            request.sent
        } else {
            let Some(mut checks) = Checks::new(self, &request, manifest, has_old_record) else { return Ok(()) };
            let Some((object, manifest)) = checks.run()? else { return Ok(()) };
            self.manifest = manifest;
            self.lost.clear();
            object
        };
        if self.webhook == Some(Turn::Behind) {
            add_the_webhooks(&mut object);
        }
        self.stored = object;
        Ok(())
    }

    /// Where no policy is asked and the record is lost, nothing is a platform's any more.
    fn is_stored_as_sent(&mut self, request: &Request, manifest: Value) {
        let (his, sent) = (entries(&manifest), entries(&request.sent));
        let has_record = |number: usize| {
            let mut platforms = self.platforms.iter();
            platforms.find(|it| it.number == number).is_some_and(|platform| platform.has_record(&request.sent))
        };
        let becomes_his = |id: &str| !his.contains_key(id) && owner(id).is_some_and(|(number, _)| !has_record(number));
        let adopts = sent.keys().any(|id| becomes_his(id));
        self.manifest = manifest;
        if adopts {
            let mut manifest = request.sent.clone();
            retain(&mut manifest, |id, _| his.contains_key(id) || becomes_his(id));
            self.forget(&mut manifest);
            self.manifest = manifest;
        }
        match &request.old {
            Some(old) => self.lost.extend(entries(old).into_keys().filter(|id| !sent.contains_key(id))),
            None => self.lost.clear(),
        }
    }

    /// Removes the annotations of the policies.
    fn forget(&self, object: &mut Value) {
        annotations_mut(object).retain(|name, _| !self.is_policys(name));
    }

    /// Whether an annotation is a policy's own.
    fn is_policys(&self, annotation: &str) -> bool {
        is_policys(&self.domains(), annotation)
    }

    fn domains(&self) -> Vec<&'static str> {
        self.platforms.iter().map(|platform| platform.domain).collect()
    }

    /// What the settings bring to `notebook` at `id`, and what happens in a conflict.
    fn brings(&self, id: &str, notebook: &Value) -> Option<(&'static Value, &'static str)> {
        self.platforms.iter().find_map(|platform| platform.brings(id, notebook))
    }

    /// Whether `id` is an entry of a dependency that the settings know.
    fn is_known(&self, id: &str) -> bool {
        self.platforms.iter().any(|platform| platform.has_at(id, |dependency| platform.knows(dependency)))
    }

    /// Gives `object` a record by which a dependency has added what is the user's and the other webhook's. Where no policy
    /// is asked, it would be believed later.
    fn forge(&self, object: &mut Value, number: usize, dependency: Dependency) {
        let platform = self.platforms.iter().find(|platform| platform.number == number);
        let is_checked = |platform: &&Platform| !self.is_away && platform.knows(dependency);
        let Some(platform) = platform.filter(is_checked) else { return };
        let bare = json!({
            "apiVersion": "kubeflow.org/v1",
            "kind": "Notebook",
            "metadata": {"name": object["metadata"]["name"]},
            "spec": {"template": {"spec": {"containers": [{"name": object["metadata"]["name"]}]}}},
        });
        let mut claims = the_webhooks();
        for fields in own() {
            // A container that another policy brings is none that `All` means, and only a record can tell.
            let fields = fields
                .as_object()
                .expect("fields")
                .iter()
                .filter(|(field, _)| !["sidecars", "initContainers"].contains(&field.as_str()));
            claims.as_object_mut().expect("fields").extend(fields.map(|(field, value)| (field.clone(), value.clone())));
        }
        claims["serviceAccountName"] = json!("default-editor");
        let forger = platform.forger(&platform.name(dependency), &claims);
        let forged = Request { old: None, sent: bare }.ask([&forger]).ok().and_then(Result::ok);
        let mut forged = forged.expect("nothing is in the way").object;
        let record = std::mem::take(annotations_mut(&mut forged));
        annotations_mut(object).extend(record.into_iter().filter(|(name, _)| self.is_policys(name)));
    }
}

/// What the other webhook adds, as fields of a dependency.
fn the_webhooks() -> Value {
    json!({
        "env": [{"name": "MESH", "value": "on"}],
        "volumes": [{"name": "mesh", "emptyDir": {}}],
        "volumeMounts": [{"name": "mesh", "mountPath": "/mesh"}],
        "sidecars": [{"name": "istio-proxy", "image": "proxy:1"}],
        "labels": {"mesh": "on"},
    })
}

/// Adds what the other webhook does, where it is not there: its container before all others.
fn add_the_webhooks(notebook: &mut Value) {
    if !entries(notebook).contains_key("containers/istio-proxy") {
        write(notebook, &the_webhooks());
        list(template_mut(notebook), "containers").rotate_right(1);
    }
}

/// A user's manifest, with fields that Go's types drop.
fn manifest() -> Value {
    let mut manifest = test_data("requests/notebook-create.json")["request"]["object"].take();
    manifest["metadata"]["managedFields"] = Value::Null;
    let container = main_container(&mut manifest);
    container["tty"] = json!(false);
    container["workingDir"] = json!("");
    container["ports"] = json!([{"containerPort": 8888, "hostPort": 0}]);
    container["livenessProbe"] = json!({"httpGet": {"path": "/api", "port": 8888}, "initialDelaySeconds": 0});
    container["envFrom"] = json!([{"prefix": "", "configMapRef": {"name": "user-env"}}]);
    list(container, "env").extend([
        json!({"name": "EMPTY", "value": ""}),
        json!({"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}),
    ]);
    let template = template_mut(&mut manifest);
    template["schedulerName"] = json!("");
    template["hostNetwork"] = json!(false);
    manifest
}

/// How a life begins.
#[derive(Clone, Debug)]
struct Start {
    /// The settings of all say `Restart`.
    restart: bool,
    /// Both policies write their annotations under one domain.
    one_domain: bool,
    /// The second policy is asked first.
    turned: bool,
    /// What the platforms changed before.
    upgrades: Vec<(usize, Upgrade)>,
}

impl Start {
    fn platforms(&self, count: usize) -> Vec<Platform> {
        let domains = if self.one_domain { [DOMAINS[0]; 2] } else { DOMAINS };
        let numbered = domains.into_iter().enumerate().take(count);
        let mut platforms: Vec<_> = numbered.map(|(at, domain)| Platform::new(at, domain, self.restart)).collect();
        self.upgrades.iter().for_each(|(number, upgrade)| platforms[*number].upgrade(upgrade));
        if self.turned {
            platforms.reverse();
        }
        platforms
    }
}

fn starts(policies: usize) -> impl Strategy<Value = Start> {
    let upgrades = prop::collection::vec((0..policies, upgrade()), 0..=10);
    let start = |(restart, one_domain, turned, upgrades)| Start { restart, one_domain, turned, upgrades };
    (prop::bool::weighted(0.2), any::<bool>(), any::<bool>(), upgrades).prop_map(start)
}

/// Half of the histories, under as many policies as `policies` says.
fn lives(policies: usize) {
    let cases = env::var("HISTORIES").map_or(HISTORIES, |count| count.parse().expect("HISTORIES is a number")) / 2;
    let config = Config { cases, max_shrink_iters: 20_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::default()));
    let lives = (starts(policies), prop::collection::vec(event(policies), 1..=LONGEST));
    let outcome = runner.run(&lives, |(start, events)| {
        let mut life = Life::new(start.platforms(policies))?;
        events.iter().try_for_each(|event| life.live(event))
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, (start, events))) => {
            let events: Vec<_> = events.iter().map(|event| format!("  {event:?}")).collect();
            panic!("{reason}\n{start:?}\n{}", events.join("\n"));
        }
        Err(aborted) => panic!("{aborted}"),
    }
}

#[test]
fn every_life_under_one_policy() {
    lives(1);
}

#[test]
fn every_life_under_two_policies() {
    lives(2);
}
