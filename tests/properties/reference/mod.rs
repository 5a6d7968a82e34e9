//! A second implementation of the policy, to compare with: small, plain and slow, over `serde_json::Value`, written from
//! `docs/contract.md` alone. Of the policy it uses the table of Kubernetes' types, and nothing else.
//!
//! What the contract leaves open it asks: what the hash of a dependency or of an entry of a list set is, see [`oracle`].

mod containers;
mod excluded;
mod meaning;
mod merge;
pub mod oracle;
mod parts;
mod place;
mod record;

use std::collections::{BTreeMap, BTreeSet};

use mutatingflow::kubernetes::{schema::Type, types};
use serde_json::{Map, Value, json};

use meaning::meaning;
use merge::{Input, Merged, listed, main_of, merge, set_aside};
use parts::{Dependency, Level, Merge as How, is_selected, resolved};
use place::{Document, Slot, put_entry};
use record::{Part, Record};

/// What the policy acts on (contract, "Scope").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Notebook,
    PipelinePod,
    Pod,
}

impl Scope {
    /// The pointer to the pod spec.
    pub fn spec(self) -> &'static str {
        if self == Scope::Notebook { "/spec/template/spec" } else { "/spec" }
    }

    /// What the record calls the kind.
    pub fn kind(self) -> &'static str {
        if self == Scope::Notebook { "Notebook" } else { "Pod" }
    }

    fn list(self) -> &'static str {
        match self {
            Scope::Notebook => "notebooks",
            Scope::PipelinePod => "pipelinePods",
            Scope::Pod => "pods",
        }
    }
}

/// The object is malformed on a path that the settings make the policy follow.
#[derive(Debug)]
pub struct Malformed;

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// `Keep` left ours out.
    Stays,
    /// `Override` replaced the user's.
    Replaced,
    /// The client changed an entry of ours, which is his now.
    YoursNow,
    /// The client changed an entry of ours, which is put back.
    PutBack,
    /// What `Override` had replaced is not restored.
    NotRestored,
    /// The user still mounts a volume that would be removed.
    StillMounted,
    /// None of the containers is there, or the entry comes from the pod's Notebook.
    LeftOut,
    /// It waits for a stop.
    WaitsForStop,
    /// It waits for a conflict.
    WaitsForConflict,
    /// A file of ours is below a directory that the user mounts.
    BelowDirectory,
    /// The controller no longer adds `fsGroup`.
    FsGroup,
    /// The record cannot be read.
    Damaged,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub code: Option<u16>,
    pub object: Value,
    pub audit: BTreeMap<String, String>,
    pub warnings: BTreeSet<Warning>,
}

/// How the template may change (contract, "Running notebooks": the table).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rollout {
    Enforce,
    BestEffort,
    Defer,
}

/// Answers a request.
pub fn answer(request: &Value, settings: &Value) -> Answer {
    let untouched =
        Answer { code: None, object: request["object"].clone(), audit: BTreeMap::new(), warnings: BTreeSet::new() };
    let Some(scope) = scope(request, settings) else { return untouched };
    let denied = Answer { code: Some(422), ..untouched.clone() };
    match Review::new(request, settings, scope).map(|review| review.answer()) {
        None | Some(Err(Malformed)) => denied,
        Some(Ok(None)) => denied,
        Some(Ok(Some(answer))) => answer,
    }
}

/// What the policy acts on; `None` for what is accepted untouched (contract, "Scope").
pub fn scope(request: &Value, settings: &Value) -> Option<Scope> {
    let object = &request["object"];
    let is_none = |value: &Value| value.is_null() || value == "";
    let kind = (request["kind"]["group"].as_str().unwrap_or_default(), request["kind"]["kind"].as_str()?);
    if !is_none(&request["subResource"]) || !object["metadata"]["deletionTimestamp"].is_null() || object.is_null() {
        return None;
    }
    match (kind, request["operation"].as_str()?) {
        (("kubeflow.org", "Notebook"), "CREATE" | "UPDATE") => Some(Scope::Notebook),
        (("", "Pod"), "CREATE") => {
            let is_of_workflow = !object["metadata"]["annotations"]["workflows.argoproj.io/node-name"].is_null();
            let is_workflow = |owner: &Value| {
                owner["kind"] == "Workflow"
                    && owner["apiVersion"].as_str().is_some_and(|it| it.starts_with("argoproj.io/"))
            };
            let mut owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
            if is_of_workflow && owners.all(is_workflow) {
                return Some(Scope::PipelinePod);
            }
            let has_list = settings["pods"].as_array().is_some_and(|list| !list.is_empty());
            has_list.then_some(Scope::Pod)
        }
        _ => None,
    }
}

/// What the template of an object means.
pub fn template(object: &Value, scope: Scope) -> Value {
    static POD_SPEC: Type = Type::Object(&types::POD_SPEC);
    object.pointer(scope.spec()).and_then(|spec| meaning(Some(&POD_SPEC), spec)).unwrap_or_default()
}

/// Whether the API server fills this in by itself, as the value of a field of the pod spec.
fn is_default(key: &str, value: &Value) -> bool {
    let defaults = json!({
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "schedulerName": "default-scheduler",
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": true,
        "terminationGracePeriodSeconds": 30,
    });
    defaults.get(key).is_some_and(|default| default == value || value.is_number() && default.as_f64() == value.as_f64())
}

/// A template without what the API server fills in by itself (contract, "Already present", the last item).
fn without_defaults(mut template: Value) -> Value {
    if let Some(members) = template.as_object_mut() {
        let has_account = members.get("serviceAccountName").is_some_and(|name| name != "default");
        members.retain(|key, value| !is_default(key, value) || key == "serviceAccount" && has_account);
        if members.is_empty() {
            return Value::Null;
        }
    }
    template
}

/// A request that the policy acts on.
struct Review<'a> {
    scope: Scope,
    object: &'a Value,
    old: Option<&'a Value>,
    is_create: bool,
    settings: &'a Value,
    domain: String,
    wanted: Vec<Dependency>,
    known: BTreeSet<String>,
    stored: Record,
    claims: Record,
    foreign: Vec<Record>,
}

impl<'a> Review<'a> {
    /// Reads it; `None` if a dependency needs the name of an object that has none (contract, "Placeholders"), or labels where
    /// there is something else.
    fn new(request: &'a Value, settings: &'a Value, scope: Scope) -> Option<Self> {
        let object = &request["object"];
        let namespace = request["namespace"].as_str().unwrap_or_default();
        let name = object["metadata"]["name"].as_str().or(request["name"].as_str()).filter(|name| !name.is_empty());
        let domain = settings["annotationDomain"].as_str().unwrap_or("mutatingflow.nais.io").to_owned();
        let defined = settings["dependencies"].as_object();
        let texts = |list: &Value| -> Vec<String> {
            list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut wanted = Vec::new();
        for dependency in texts(&settings[scope.list()]) {
            let value = defined.and_then(|it| it.get(&dependency)).unwrap_or(&Value::Null);
            let selector = &value["selector"];
            if !selector.is_null() {
                let selector = resolved(selector, namespace, name)?;
                let labels = Some(&object["metadata"]["labels"]).filter(|it| it.is_null() || it.is_object())?;
                if !is_selected(&selector, labels) {
                    continue;
                }
            }
            wanted.push(Dependency::new(&dependency, resolved(value, namespace, name)?));
        }
        let known = defined.into_iter().flat_map(Map::keys).cloned().chain(texts(&settings["retired"])).collect();
        let is_create = request["operation"] == "CREATE";
        let old = Some(&request["oldObject"]).filter(|old| !old.is_null() && !is_create);
        let annotation = format!("{domain}/injected");
        let of =
            |object: Option<&Value>| object.map(|it| Record::of(it, &annotation, scope.kind())).unwrap_or_default();
        let foreign = [Some(object), old].into_iter().flatten().flat_map(|object| {
            let annotations = object["metadata"]["annotations"].as_object().into_iter().flat_map(Map::keys);
            let others = annotations.filter(|key| key.ends_with("/injected") && **key != annotation);
            others.map(|key| Record::of(object, key, scope.kind())).filter(|it| !it.is_damaged).collect::<Vec<_>>()
        });
        let foreign = foreign.collect();
        let (stored, claims) = (of(old), of(Some(object)));
        Some(Review { scope, object, old, is_create, settings, domain, wanted, known, stored, claims, foreign })
    }

    fn spec<'v>(&self, object: &'v Value) -> &'v Value {
        object.pointer(self.scope.spec()).unwrap_or(&Value::Null)
    }

    /// What a template means.
    fn template(&self, object: &Value) -> Value {
        template(object, self.scope)
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.wanted.iter().any(|it| it.name == name)
    }

    fn merged(&self, base: &Value, is_frozen: bool, held: &BTreeSet<String>) -> Result<Merged, Malformed> {
        let none = Record::default();
        merge(
            &Input {
                scope: self.scope,
                base,
                old: self.old,
                stored: if self.is_create { &none } else { &self.stored },
                claims: &self.claims,
                foreign: &self.foreign,
                wanted: &self.wanted,
                known: &self.known,
                is_frozen,
                hash: &oracle::hash,
            },
            held,
        )
    }

    /// Merges until no further dependency has to wait (contract, "Running notebooks"); those that wait, and of these those
    /// that wait for a conflict.
    fn waiting(
        &self,
        base: &Value,
        is_frozen: bool,
    ) -> Result<(Merged, BTreeSet<String>, BTreeSet<String>), Malformed> {
        let (mut held, mut in_conflict) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let merged = self.merged(base, is_frozen, &held)?;
            let mut more: BTreeSet<String> = merged.conflicts.clone();
            in_conflict.extend(merged.conflicts.iter().cloned());
            if more.is_empty() {
                for (name, behind) in &merged.behind {
                    more.insert(name.clone());
                    if in_conflict.contains(behind) {
                        in_conflict.insert(name.clone());
                    }
                }
            }
            if more.is_empty() && is_frozen {
                more.extend(merged.changed_template.iter().cloned());
            }
            let before = held.len();
            held.extend(more);
            if held.len() == before {
                return Ok((merged, held, in_conflict));
            }
        }
    }

    /// How the template may change (contract, "Running notebooks").
    fn rollout(&self) -> Result<Rollout, Malformed> {
        if self.is_create {
            return Ok(Rollout::Enforce);
        }
        let is_changed = match self.old {
            Some(old) => {
                self.is_template_changed(old) || self.merged(self.object, false, &BTreeSet::new())?.users_change
            }
            None => false,
        };
        let annotation =
            |object: &Value, key: &str| object["metadata"]["annotations"].get(key).cloned().unwrap_or_default();
        let is_stopped = |object: &Value| !annotation(object, "kubeflow-resource-stopped").is_null();
        let runs = self.old.is_none_or(|old| !is_stopped(old) && !is_stopped(self.object));
        // In a second call of the request in which it was asked for, the record has the hash of that.
        let is_applied = || {
            let template = self.old.map(|old| self.template(old)).unwrap_or_default();
            let is_new = self.claims.applied != self.stored.applied;
            is_new && self.claims.applied.as_ref().is_some_and(|applied| oracle::is_applied(applied, &template))
        };
        let is_asked = annotation(self.object, &format!("{}/apply", self.domain)) == "now"
            || annotation(self.object, "notebooks.opendatahub.io/notebook-restart") == "true"
            || is_applied();
        Ok(if is_changed {
            Rollout::Enforce
        } else if self.old.is_some() && (is_asked || !runs) || self.settings["runningNotebooks"] == "Restart" {
            Rollout::BestEffort
        } else {
            Rollout::Defer
        })
    }

    /// Whether the client changed the template, the entries of policies set aside (contract, "Running notebooks"). Where it
    /// is the stored one, nothing is to be set aside.
    fn is_template_changed(&self, old: &Value) -> bool {
        if self.is_same_but_defaults(old) {
            return false;
        }
        let annotation = format!("{}/injected", self.domain);
        let records = |object: &Value| -> Vec<Record> {
            let annotations = object["metadata"]["annotations"].as_object().into_iter().flat_map(Map::keys);
            let all = annotations.filter(|key| key.ends_with("/injected") || **key == annotation);
            all.map(|key| Record::of(object, key, self.scope.kind())).filter(|it| !it.is_damaged).collect()
        };
        let (of_old, of_new) = (records(old), records(self.object));
        let stored: Vec<&Record> = of_old.iter().collect();
        let both: Vec<&Record> = of_old.iter().chain(&of_new).collect();
        let main = main_of(old, self.scope, &stored);
        let before = set_aside(old, self.scope, &stored, None);
        let after = set_aside(self.object, self.scope, &both, main.as_deref());
        let of = |object: &Value| without_defaults(self.template(object));
        of(&before) != of(&after)
    }

    /// The answer; `None` where it is a conflict.
    fn answer(&self) -> Result<Option<Answer>, Malformed> {
        if self.settings["report"] == true {
            return self.report();
        }
        let rollout = self.rollout()?;
        let (merged, held, in_conflict) = match rollout {
            Rollout::Enforce => {
                let merged = self.merged(self.object, false, &BTreeSet::new())?;
                if !merged.conflicts.is_empty() {
                    return Ok(None);
                }
                (merged, BTreeSet::new(), BTreeSet::new())
            }
            Rollout::BestEffort => self.waiting(self.object, false)?,
            Rollout::Defer => self.waiting(&self.with_stored_template(), true)?,
        };
        let mut audit = BTreeMap::new();
        let mut warnings = merged.warnings.clone();
        let mut object = merged.object.clone();
        if rollout != Rollout::Enforce {
            warnings.remove(&Warning::Stays);
            warnings.remove(&Warning::BelowDirectory);
        } else if self.loses_fs_group(&object) && merged.brings_security_context {
            warnings.insert(Warning::FsGroup);
        }
        if rollout == Rollout::Defer {
            // Nobody who changed anything is there to be told.
            warnings.remove(&Warning::StillMounted);
            if self.is_written_over()? {
                warnings.insert(Warning::PutBack);
            }
            if let Some(restored) = self.restored(&object) {
                if self.template(&restored) != self.template(self.object) {
                    audit.insert("restored".to_owned(), "template".to_owned());
                }
                object = restored;
            } else {
                let spec = self.spec(self.object).clone();
                set_spec(&mut object, self.scope, spec, self.object);
            }
        }
        if self.claims.is_damaged {
            warnings.insert(Warning::Damaged);
        }
        if !merged.without_container.is_empty() || !merged.left_out.is_empty() {
            warnings.insert(Warning::LeftOut);
        }
        if held.iter().any(|name| in_conflict.contains(name)) {
            warnings.insert(Warning::WaitsForConflict);
        }
        if held.iter().any(|name| !in_conflict.contains(name)) {
            warnings.insert(Warning::WaitsForStop);
        }
        if rollout == Rollout::Defer {
            self.put_back_of_others(&mut object);
        }
        let record = self.new_record(&merged.parts, &object);
        let unknown: Vec<_> = record.parts.keys().filter(|name| !self.known.contains(*name)).cloned().collect();
        self.annotate(&mut object, &record, &held, rollout);
        let changed: BTreeSet<_> = merged.changed_metadata.union(&merged.changed_template).cloned().collect();
        let in_order = |names: &BTreeSet<String>| -> Vec<String> {
            let wanted = self.wanted.iter().map(|it| &it.name).filter(|name| names.contains(*name));
            wanted.cloned().chain(names.iter().filter(|name| !self.is_wanted(name)).cloned()).collect()
        };
        let (wanted, removed): (Vec<_>, Vec<_>) = in_order(&changed).into_iter().partition(|name| self.is_wanted(name));
        for (key, names) in [
            ("dependencies", wanted),
            ("removed", removed),
            ("deferred", in_order(&held)),
            ("left-out", in_order(&merged.left_out)),
            ("unknown", unknown),
        ] {
            if !names.is_empty() {
                audit.insert(key.to_owned(), names.join(","));
            }
        }
        Ok(Some(Answer { code: None, object, audit, warnings }))
    }

    /// A report changes nothing and rejects what would be changed (contract, "Reports").
    fn report(&self) -> Result<Option<Answer>, Malformed> {
        let review = Review {
            scope: self.scope,
            object: self.object,
            old: Some(self.object),
            is_create: false,
            settings: self.settings,
            domain: self.domain.clone(),
            wanted: self.wanted.clone(),
            known: self.known.clone(),
            stored: self.claims.clone(),
            claims: self.claims.clone(),
            foreign: self.foreign.clone(),
        };
        let (merged, held, _) = review.waiting(self.object, false)?;
        let is_complete = merged.changed_metadata.is_empty() && merged.changed_template.is_empty() && held.is_empty();
        let object = self.object.clone();
        Ok(is_complete.then(|| Answer { code: None, object, audit: BTreeMap::new(), warnings: BTreeSet::new() }))
    }

    /// A `securityContext` without `fsGroup` for a Notebook that has none (contract, "Conflicts", the last item).
    fn loses_fs_group(&self, after: &Value) -> bool {
        let context = |object: &Value| self.template(object).get("securityContext").cloned().unwrap_or_default();
        let after = context(after);
        let has_one = !self.spec(self.object)["securityContext"].is_null();
        self.scope == Scope::Notebook && !has_one && !after.is_null() && after["fsGroup"].is_null()
    }

    /// Whether the client's template is the stored one, but for what the API server fills in by itself and no policy added.
    fn is_same_but_defaults(&self, old: &Value) -> bool {
        let of = |object: &Value| without_defaults(self.template(object));
        of(old) == of(self.object) && self.has_recorded_fields(old)
    }

    /// The client's object with the stored template.
    fn with_stored_template(&self) -> Value {
        let mut object = self.object.clone();
        if let Some(old) = self.old
            && !self.is_same_but_defaults(old)
        {
            set_spec(&mut object, self.scope, self.spec(old).clone(), old);
        }
        object
    }

    /// Whether the client wrote over entries of ours in a template that is kept.
    fn is_written_over(&self) -> Result<bool, Malformed> {
        let Some(old) = self.old else { return Ok(false) };
        let of_old = Document::new(old, self.scope);
        let of_new = Document::new(self.object, self.scope);
        let main = main_of(old, self.scope, &[&self.stored]);
        let entries = self.stored.parts.iter().filter(|(name, _)| self.known.contains(*name));
        for (field, container, key, _) in entries.flat_map(|(_, part)| part.entries()) {
            if field.level == Level::Metadata {
                continue;
            }
            let container = container.or_else(|| main.clone()).filter(|_| field.level == Level::Container);
            let slot = Slot { field, container };
            let Some(is) = of_new.get(&slot, &key)? else { continue };
            let is_same = match of_old.get(&slot, &key)? {
                Some(was) => meaning::is_equal(field.type_of(&key), &was, &is),
                // What was gone and is as it should be now.
                None => self.wanted.iter().flat_map(|it| &it.additions).any(|it| {
                    it.field == field && it.key == key && meaning::contains(field.type_of(&key), &is, &it.value)
                }),
            };
            if !is_same && !is_default(&key, &is) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The object with the stored template, where that replaces a different one; the values that the client has for entries of
    /// other policies stay (contract, "Running notebooks": Defer).
    fn restored(&self, object: &Value) -> Option<Value> {
        let old = self.old?;
        if self.template(old) == self.template(self.object) {
            return None;
        }
        if self.is_same_but_defaults(old) {
            return None;
        }
        let (changed, unchanged) = self.of_others();
        let main = main_of(old, self.scope, &[&self.stored]);
        let records: Vec<&Record> = changed.iter().collect();
        let aside =
            |object: &Value| without_defaults(self.template(&set_aside(object, self.scope, &records, main.as_deref())));
        let places = |records: &[Record]| -> BTreeMap<(Slot, String), bool> {
            let parts = records.iter().flat_map(|record| record.parts.values());
            let entries = parts.flat_map(Part::entries).filter(|(field, ..)| field.level != Level::Metadata);
            let place =
                |(field, container, key, is_overridden): (&'static parts::Field, Option<String>, String, bool)| {
                    let container = container.or_else(|| main.clone()).filter(|_| field.level == Level::Container);
                    ((Slot { field, container }, key), is_overridden)
                };
            entries.map(place).collect()
        };
        let of_changed = places(&changed);
        let ours = Record {
            parts: self
                .stored
                .parts
                .iter()
                .filter(|(name, _)| self.known.contains(*name))
                .map(|(name, part)| (name.clone(), part.clone()))
                .collect(),
            ..Record::default()
        };
        let is_shared = places(&[ours]).keys().any(|place| of_changed.contains_key(place));
        if !changed.is_empty() && !is_shared && aside(old) == aside(self.object) {
            return None;
        }
        let mut target = Document::new(object, self.scope);
        let client = Document::new(self.object, self.scope);
        let before = Document::new(old, self.scope);
        let of_unchanged = places(&unchanged);
        let all: BTreeSet<_> = of_changed.keys().chain(of_unchanged.keys()).cloned().collect();
        let same =
            |slot: &Slot, key: &str, one: &Value, other: &Value| meaning::is_equal(slot.field.type_of(key), one, other);
        for (slot, key) in all {
            let (is, was) = (client.found(&slot, &key), before.found(&slot, &key));
            let is_changed = of_changed.contains_key(&(slot.clone(), key.clone()));
            let is_overridden = !is_changed && of_unchanged.get(&(slot.clone(), key.clone())) == Some(&true);
            match (is, was) {
                (Some(is), Some(was)) if !same(&slot, &key, &is, &was) && !is_overridden => {
                    replace_entry(&mut target, &slot, &key, is)
                }
                (Some(is), None) if !is_overridden => put_as_in(&client, &mut target, &slot, &key, is),
                // What holds it stays, if empty: it means the same.
                (None, Some(_)) if is_changed => target.remove_alone(&slot, &key),
                _ => {}
            }
        }
        Some(target.object)
    }

    /// Whether the client's object has the fields of the pod spec that policies have recorded as the stored one has them.
    fn has_recorded_fields(&self, old: &Value) -> bool {
        let recorded = std::iter::once(&self.stored).chain(&self.foreign).flat_map(|record| record.parts.values());
        let mut names = recorded.flat_map(|part| part.added.get("spec").into_iter().flatten());
        names.all(|name| self.spec(old)[name] == self.spec(self.object)[name])
    }

    /// The parts of records of other policies that these have changed in this request, as they were and as they are, and
    /// those that they have not. A client who lost the record, ours in it, has changed nothing (contract, "Record";
    /// docs/coexistence.md, "Two policies on one object").
    fn of_others(&self) -> (Vec<Record>, Vec<Record>) {
        let Some(old) = self.old else { return Default::default() };
        let own = format!("{}/injected", self.domain);
        let parts = |object: &Value| -> BTreeMap<(bool, String), Part> {
            let annotations = object["metadata"]["annotations"].as_object().into_iter().flat_map(Map::keys);
            let mut all = BTreeMap::new();
            for key in annotations.filter(|key| key.ends_with("/injected")) {
                for (name, part) in Record::of(object, key, self.scope.kind()).parts {
                    if *key != own || !self.known.contains(&name) {
                        all.insert((*key == own, name), part);
                    }
                }
            }
            all
        };
        let (before, after) = (parts(old), parts(self.object));
        let is_lost = self.is_record_lost();
        let are_all_lost = is_lost && !after.keys().any(|(is_own, _)| !is_own);
        let (mut changed, mut unchanged) = (Vec::new(), Vec::new());
        for (one, other, is_stored) in [(&before, &after, true), (&after, &before, false)] {
            for (key, part) in one {
                let is_lost = is_stored && if key.0 { is_lost } else { are_all_lost };
                let is_same = |it: &Part| it.hash == part.hash && it.added == part.added;
                let record =
                    Record { parts: [(key.1.clone(), part.clone())].into_iter().collect(), ..Record::default() };
                if other.get(key).map_or(is_lost, is_same) { &mut unchanged } else { &mut changed }.push(record);
            }
        }
        (changed, unchanged)
    }

    /// Whether the client lost the record, ours in it.
    fn is_record_lost(&self) -> bool {
        let has_ours = self.stored.parts.keys().any(|name| self.known.contains(name));
        self.claims.parts.is_empty() && self.claims.others.is_empty() && has_ours
    }

    /// The record (contract, "Record"): ours, what belongs to other policies, and what is about other kinds.
    fn new_record(&self, parts: &BTreeMap<String, Part>, object: &Value) -> Record {
        let mut record = Record { parts: parts.clone(), ..Record::default() };
        // Where the stored object did not come, the client's record stands for the stored one.
        let is_blind = !self.is_create && self.old.is_none();
        for (name, part) in self.claims.parts.iter().filter(|(name, _)| is_blind && self.known.contains(*name)) {
            if !self.is_wanted(name) {
                record.parts.insert(name.clone(), part.clone());
            }
        }
        let document = Document::new(object, self.scope);
        let main = main_of(object, self.scope, &[&self.stored, &self.claims]);
        // What a part of the client's record has is that one's.
        let is_anothers = |slot: &Slot, key: &str| {
            self.claims.parts.values().flat_map(Part::entries).any(|(field, container, other, _)| {
                let container = container.or_else(|| main.clone()).filter(|_| field.level == Level::Container);
                field == slot.field && container == slot.container && other == key
            })
        };
        // What the client lacks and a dependency of ours brings is that one's.
        let client = Document::new(self.object, self.scope);
        let is_ours = |slot: &Slot, key: &str| {
            let has = parts.values().flat_map(Part::entries).any(|(field, container, other, _)| {
                let container = container.or_else(|| main.clone()).filter(|_| field.level == Level::Container);
                field == slot.field && container == slot.container && other == key
            });
            has && client.get(slot, key).ok().flatten().is_none()
        };
        let is_there = |part: &Part| {
            part.entries().into_iter().any(|(field, container, key, _)| {
                let container = container.or_else(|| main.clone()).filter(|_| field.level == Level::Container);
                let slot = Slot { field, container };
                document.found(&slot, &key).is_some() && !is_anothers(&slot, &key) && !is_ours(&slot, &key)
            })
        };
        for (name, part) in self.stored.parts.iter().filter(|(name, _)| !self.known.contains(*name)) {
            if is_there(part) {
                record.parts.insert(name.clone(), part.clone());
            }
        }
        for (name, part) in self.claims.parts.iter().filter(|(name, _)| !self.known.contains(*name)) {
            record.parts.insert(name.clone(), part.clone());
        }
        record.others = self.stored.others.clone();
        record.others.extend(self.claims.others.clone());
        record
    }

    /// Writes the policy's own annotations (contract, "Record" and "Running notebooks").
    fn annotate(&self, object: &mut Value, record: &Record, held: &BTreeSet<String>, rollout: Rollout) {
        let key = |name: &str| format!("{}/{name}", self.domain);
        let annotation = |object: &Value, name: &str| object["metadata"]["annotations"][key(name)].clone();
        match record.written(self.scope.kind()) {
            Some(written) => {
                let is_same = self.claims.is_there
                    && !self.claims.is_of_0_1_0
                    && !self.claims.is_damaged
                    && self.claims.written(self.scope.kind()).as_ref() == Some(&written);
                if !is_same {
                    annotate(object, &key("injected"), Some(json!(written.to_string())));
                }
                if !record.parts.is_empty() {
                    annotate(object, &key("status"), Some(json!("injected")));
                }
            }
            None if self.claims.is_there || self.stored.is_there && !self.is_create => {
                annotate(object, &key("injected"), None);
                annotate(object, &key("status"), None);
            }
            None => {}
        }
        // Those of other policies: as the client has them, or, if he has no annotations of ours, as stored: all of them
        // while the stored template is kept, else those of which an entry is there.
        let pending = annotation(self.object, "update-pending");
        let has_none = pending.is_null() && !self.claims.is_there;
        let source = match self.old {
            Some(old) if has_none => annotation(old, "update-pending"),
            _ => pending,
        };
        let is_lost = self.is_record_lost();
        let document = Document::new(object, self.scope);
        let main = main_of(object, self.scope, &[&self.stored, &self.claims]);
        let has_entries = |name: &String| {
            let entries = self.stored.parts.get(name).into_iter().flat_map(Part::entries);
            entries.into_iter().any(|(field, container, key, _)| {
                let container = container.or_else(|| main.clone()).filter(|_| field.level == Level::Container);
                document.found(&Slot { field, container }, &key).is_some()
            })
        };
        let is_kept = |name: &String| {
            !self.known.contains(name)
                && (!has_none
                    || rollout == Rollout::Defer && (is_lost || has_entries(name))
                    || record.parts.contains_key(name))
        };
        // Names that are there keep their places.
        let wanted = self.wanted.iter().map(|it| &it.name).filter(|name| held.contains(*name));
        let further = wanted.chain(held.iter().filter(|name| !self.is_wanted(name)));
        let mut names = listed(source.as_str().unwrap_or_default());
        names.retain(|name| !has_none && held.contains(name) || is_kept(name));
        for name in further {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let value = (!names.is_empty()).then(|| json!(names.join(",")));
        annotate(object, &key("update-pending"), value);
        let is_blind = self.old.is_none() && rollout == Rollout::Defer;
        if annotation(object, "apply") == "now" && !is_blind {
            annotate(object, &key("apply"), None);
        }
    }

    /// Labels and annotations of other policies that the client lacks, and their records (contract, "Record").
    fn put_back_of_others(&self, object: &mut Value) {
        let Some(old) = self.old else { return };
        let mut document = Document::new(object, self.scope);
        let of_old = Document::new(old, self.scope);
        let (_, unchanged) = self.of_others();
        for (field, _, key, _) in unchanged.iter().flat_map(|it| it.parts.values()).flat_map(Part::entries) {
            let slot = Slot { field, container: None };
            if field.level != Level::Metadata {
                continue;
            }
            let (is, was) = (document.get(&slot, &key).ok().flatten(), of_old.get(&slot, &key).ok().flatten());
            if let (None, Some(was)) = (is, was) {
                put_entry(&mut document, &slot, &key, was);
            }
        }
        let annotations = self.object["metadata"]["annotations"].as_object().into_iter().flatten();
        let has_foreign = annotations.into_iter().any(|(key, _)| {
            key.ends_with("/injected")
                && *key != format!("{}/injected", self.domain)
                && !Record::of(self.object, key, self.scope.kind()).is_damaged
        });
        if !self.is_record_lost() || has_foreign {
            *object = document.object;
            return;
        }
        *object = document.object;
        let annotations = old["metadata"]["annotations"].as_object().into_iter().flatten();
        for (key, value) in annotations.filter(|(key, _)| key.ends_with("/injected")) {
            if *key != format!("{}/injected", self.domain)
                && object["metadata"]["annotations"][key].is_null()
                && !Record::of(old, key, self.scope.kind()).is_damaged
            {
                annotate(object, key, Some(value.clone()));
            }
        }
    }
}

fn set_spec(object: &mut Value, scope: Scope, spec: Value, like: &Value) {
    if like.pointer(scope.spec()).is_none() && spec.is_null() {
        // There is no template at all: as it came.
        if let (Some(members), Some(of)) = (object.as_object_mut(), like.as_object()) {
            match of.get("spec") {
                Some(value) => members.insert("spec".to_owned(), value.clone()),
                None => members.remove("spec"),
            };
        }
        return;
    }
    let mut value = object;
    for part in scope.spec().split('/').skip(1) {
        if value.is_null() {
            *value = json!({});
        }
        value = &mut value[part];
    }
    *value = spec;
}

/// Puts an entry behind the one that it is behind in `client`.
fn put_as_in(client: &Document, document: &mut Document, slot: &Slot, key: &str, value: Value) {
    if !matches!(slot.field.merge, How::ListMap(_) | How::ListSet) {
        return document.set(slot, key, value);
    }
    let theirs: Vec<_> = client.list(slot).unwrap_or_default().iter().map(|it| slot.field.key_of(it)).collect();
    let at = theirs.iter().position(|it| it.as_deref() == Some(key)).unwrap_or_default();
    let mut entries = document.list(slot).unwrap_or_default();
    let is_before = |entry: &Value| theirs[..at].contains(&slot.field.key_of(entry));
    let behind = entries.iter().rposition(is_before).map_or(0, |at| at + 1);
    entries.insert(behind, value);
    document.set_list(slot, entries);
}

/// Replaces an entry in place.
fn replace_entry(document: &mut Document, slot: &Slot, key: &str, value: Value) {
    if !matches!(slot.field.merge, How::ListMap(_) | How::ListSet) {
        return document.set(slot, key, value);
    }
    let mut entries = document.list(slot).unwrap_or_default();
    if let Some(entry) = entries.iter_mut().find(|entry| slot.field.key_of(entry).as_deref() == Some(key)) {
        *entry = value;
    }
    document.set_list(slot, entries);
}

/// Writes or removes an annotation.
fn annotate(object: &mut Value, key: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            if object["metadata"]["annotations"].is_null() {
                object["metadata"]["annotations"] = json!({});
            }
            object["metadata"]["annotations"][key] = value;
        }
        None => {
            let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") else { return };
            // What is no text was not written by the policy. The API server refuses such an object.
            let is_text = annotations.get(key).is_some_and(Value::is_string);
            if is_text && annotations.remove(key).is_some() && annotations.is_empty() {
                object["metadata"].as_object_mut().expect("an object").remove("annotations");
            }
        }
    }
}
