//! What always holds of a request and what the policies make of it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};
use serde_json::{Value, json};

use super::Life;
use super::object::{Entries, Id, entries, list_and_key, meaning, retain, sort, template};
use super::platform::{Platform, is_first, owner};
use super::request::{Answer, Reply, Request, in_one_order, pending};

/// Whether the client writes the template, once what is a platform's is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writes {
    No,
    Yes,
    /// He writes at keys of a platform's. Whether that is a change of his goes by who has the entry then.
    AtPlatformsKeys,
}

/// A request that is checked.
pub struct Checks<'l> {
    life: &'l Life,
    request: &'l Request,
    /// The user's manifest after the request.
    manifest: Value,
    /// The entries of the user's before and after, of the stored object, of the one that is sent.
    was_his: Entries,
    his: Entries,
    old: Entries,
    sent: Entries,
    /// Entries that the client writes at keys of a platform's, and that may become the user's.
    claims: BTreeSet<Id>,
}

impl<'l> Checks<'l> {
    /// `None` where the contract leaves it open whose an entry will be.
    pub fn new(life: &'l Life, request: &'l Request, manifest: Value, has_old_record: bool) -> Option<Self> {
        let was_his = entries(&life.manifest);
        let his = entries(&manifest);
        let old = request.old.as_ref().map(entries).unwrap_or_default();
        let sent = entries(&request.sent);
        let mut claims = BTreeSet::new();
        if request.old.is_some() {
            let is_claimed = |id: &str| {
                let was_his_here = was_his.contains_key(id) && was_his.get(id) == old.get(id);
                let is_written = if was_his_here { !his.contains_key(id) } else { old.get(id) != sent.get(id) };
                let is_by_record =
                    has_old_record && life.brings(id, &request.sent).is_some_and(|(_, word)| word != "Keep");
                owner(id).is_some() && is_written && !is_by_record
            };
            claims.extend(sent.keys().filter(|id| is_claimed(id)).cloned());
        }
        // He writes what a platform brings itself where it is, or may be, the platform's.
        let is_ours_again =
            |id: &Id| (old.contains_key(id) || life.lost.contains(id)) && Platform::has_brought(id, &sent[id]);
        // Nobody guards what the settings do not know.
        let is_nobodys = |id: &Id| !life.is_known(id);
        // His own is the platform's by a record that he sends.
        let is_given_away = has_old_record && was_his.keys().any(|id| life.brings(id, &request.sent).is_some());
        let is_open = is_given_away || claims.iter().any(|id| is_ours_again(id) || is_nobodys(id));
        (!is_open).then_some(Self { life, request, manifest, was_his, his, old, sent, claims })
    }

    /// Asks the policies and checks their answer. Gives the object and the user's manifest, or nothing where the request
    /// is denied.
    pub fn run(&mut self) -> Result<Option<(Value, Value)>, TestCaseError> {
        let platforms = &self.life.platforms;
        let answer = self.request.ask(platforms)?;
        self.the_order_of_policies_makes_no_difference(&answer)?;
        let reply = match answer {
            Ok(reply) => reply,
            Err(message) => {
                self.only_who_writes_the_template_is_denied(&message)?;
                return Ok(None);
            }
        };
        let there = entries(&reply.object);
        let had = self.his.clone();
        self.grant(&there);
        self.the_users_word_over_ours_goes_by_on_conflict(&there, &reply, &had)?;
        self.the_users_entries_stand_as_he_wrote_them(&there, &reply)?;
        self.nothing_is_taken_away_by_silence(&reply)?;
        self.the_clients_annotations_stay(&reply)?;
        self.a_mounted_volume_stays(&there)?;
        let expected = self.expected(&there, &reply)?;
        if self.keeps_the_template(&reply)? {
            self.what_waits_is_what_differs(&reply, &expected)?;
        } else if self.writes() != Writes::AtPlatformsKeys || self.life.platforms.len() == 1 {
            // Of two policies, one cannot know that the other lets the user have an entry.
            self.is_up_to_date(&reply, &expected)?;
        }
        self.a_further_call_changes_nothing(&reply)?;
        let manifest = self.manifest.take();
        Ok(Some((reply.object, manifest)))
    }

    /// Two policies end with the same, whichever is asked first.
    fn the_order_of_policies_makes_no_difference(&self, answer: &Answer) -> TestCaseResult {
        let platforms = &self.life.platforms;
        if platforms.len() > 1 {
            let other = self.request.ask(platforms.iter().rev())?;
            let [one, other] = [answer, &other]
                .map(|answer| answer.as_ref().map_or(Value::Null, |reply| in_one_order(&reply.object, platforms)));
            same(&one, &other, "the order of policies makes a difference")?;
        }
        Ok(())
    }

    /// A denied request writes the template, and there is an entry in it that something of a platform's conflicts with.
    fn only_who_writes_the_template_is_denied(&self, message: &str) -> TestCaseResult {
        let writes = self.request.old.is_none() || self.writes() != Writes::No;
        prop_assert!(writes, "denied although the template is not written: {}", message);
        let conflicts = |id: &Id| match self.brings(id) {
            Some((ours, "Reject")) => self.sent[id] != *ours,
            Some((ours, "Keep")) => is_a_volume_or_container(id) && self.sent[id] != *ours,
            _ => false,
        };
        let is_his = |id: &Id| self.his.contains_key(id) || self.claims.contains(id);
        let is_denied =
            self.sent.keys().any(|id| is_his(id) && (!self.is_over_ours(id) && conflicts(id) || self.excludes(id)));
        prop_assert!(is_denied, "denied without a conflict: {}", message);
        Ok(())
    }

    /// What the settings bring to the notebook at `id`, and what happens in a conflict.
    fn brings(&self, id: &str) -> Option<(&'static Value, &'static str)> {
        self.life.brings(id, &self.request.sent)
    }

    /// Whether the API server refuses the entry beside what is brought, which is not left out for it.
    fn excludes(&self, id: &str) -> bool {
        let (place, key) = list_and_key(id);
        let sent = &self.sent[id];
        let (ours, excludes): (_, fn(&Value, &Value) -> bool) = match (place.split_once('/'), key) {
            (Some(("requests", container)), _) => (format!("limits/{container}{key}"), |sent, ours| {
                sent == "2.8Gi" && ours == "2560Mi" || sent == "1" && ours == "2"
            }),
            (Some(("containerSecurityContext", _)), "/privileged") => {
                (format!("{place}/allowPrivilegeEscalation"), |sent, ours| *sent == true && *ours == false)
            }
            _ => return false,
        };
        self.brings(&ours).is_some_and(|(ours, word)| word != "Keep" && excludes(sent, ours))
    }

    /// Whether the client writes over an entry of ours that is as the settings want it.
    fn is_over_ours(&self, id: &Id) -> bool {
        let ours = self.brings(id).map(|(value, _)| value);
        self.claims.contains(id) && !self.was_his.contains_key(id) && ours.is_some() && self.old.get(id) == ours
    }

    /// The user's manifest is what he has now: with what he got of what he wrote at keys of a platform's, and without
    /// what was taken away after `Override` had replaced it.
    fn grant(&mut self, there: &Entries) {
        let granted: BTreeSet<_> =
            self.claims.iter().filter(|id| there.get(*id) == self.sent.get(*id)).cloned().collect();
        let is_gone = |id: &str| self.was_overridden(id) && !there.contains_key(id);
        if granted.iter().any(|id| !self.his.contains_key(id)) {
            let mut manifest = self.request.sent.clone();
            retain(&mut manifest, |id, _| {
                granted.contains(id) || (self.his.contains_key(id) && self.his.get(id) == self.sent.get(id))
            });
            self.life.forget(&mut manifest);
            self.manifest = manifest;
        } else if self.his.keys().any(|id| is_gone(id)) {
            let mut manifest = self.manifest.clone();
            retain(&mut manifest, |id, _| !is_gone(id));
            self.manifest = manifest;
        } else {
            return;
        }
        self.his = entries(&self.manifest);
    }

    /// Whether an entry of ours stood in the place of this one of the user's before the request.
    fn was_overridden(&self, id: &str) -> bool {
        let was_his = self.was_his.get(id);
        self.request.old.is_some() && owner(id).is_some() && was_his.is_some() && was_his != self.old.get(id)
    }

    /// What the user writes over ours is his under `Keep`, but for a volume or container; else ours is put back, with a
    /// warning.
    fn the_users_word_over_ours_goes_by_on_conflict(
        &self,
        there: &Entries,
        reply: &Reply,
        had: &Entries,
    ) -> TestCaseResult {
        for id in self.claims.iter().filter(|id| self.is_over_ours(id) && !had.contains_key(*id)) {
            if self.waits(self.request.old.as_ref(), id) {
                continue;
            }
            let on_conflict = self.brings(id).map(|(_, word)| word);
            if on_conflict == Some("Keep") && !there.contains_key(id) && !is_mounted(there, id) {
                // A volume none of whose mounts is left is left out.
                continue;
            }
            let expected = if on_conflict == Some("Keep") && !is_a_volume_or_container(id) {
                self.sent.get(id)
            } else {
                prop_assert!(!reply.warnings.is_empty(), "no warning that {} is put back", id);
                self.old.get(id)
            };
            prop_assert_eq!(there.get(id), expected, "{} under {:?}", id, on_conflict);
        }
        Ok(())
    }

    /// Whether the dependency that `id` is of waits, by the annotation.
    fn waits(&self, object: Option<&Value>, id: &str) -> bool {
        let (Some(object), Some((number, dependency))) = (object, owner(id)) else { return false };
        let mut platforms = self.life.platforms.iter().filter(|platform| platform.number == number);
        platforms.any(|it| pending(object, it.domain).any(|name| it.names(dependency).iter().any(|own| own == name)))
    }

    /// Nothing of the user's is changed, moved or removed, except what `Override` replaces.
    fn the_users_entries_stand_as_he_wrote_them(&self, there: &Entries, reply: &Reply) -> TestCaseResult {
        let is_replaced = |id: &str| owner(id).is_some() && there.get(id) != self.his.get(id);
        for id in self.his.keys().filter(|id| is_replaced(id)) {
            let overrides = matches!(self.brings(id), Some((_, "Override")));
            prop_assert!(overrides || self.was_overridden(id), "{} is the user's", id);
        }
        let [his, found] = [&self.manifest, &reply.object]
            .map(|object| part(object, |id| self.his.contains_key(id) && !is_replaced(id)));
        same(&his, &found, "an entry of the user's is changed")
    }

    /// Nothing of anybody else's is changed, moved or removed, and nothing of a dependency that the settings do not know.
    fn nothing_is_taken_away_by_silence(&self, reply: &Reply) -> TestCaseResult {
        let others = |object: &Value| part(object, |id| !self.his.contains_key(id) && !self.life.is_known(id));
        let (found, sent) = (others(&reply.object), others(&self.request.sent));
        if found != sent {
            // Where the stored template is kept, it is kept whole.
            let Some(old) = &self.request.old else { return same(&sent, &found, "an entry of others is changed") };
            same(&meaning(template(old)), &meaning(template(&reply.object)), "an entry of others is changed")?;
            // Of labels, those that are lost may be put back.
            let mut labels = sent["labels"].clone();
            for (name, value) in others(old)["labels"].as_object().into_iter().flatten() {
                if labels[name].is_null() && !found["labels"][name].is_null() {
                    labels[name] = value.clone();
                }
            }
            same(&labels, &found["labels"], "a label of others is changed")?;
        }
        Ok(())
    }

    /// What others have noted on the notebook stays.
    fn the_clients_annotations_stay(&self, reply: &Reply) -> TestCaseResult {
        let sent = self.request.sent["metadata"]["annotations"].as_object().into_iter().flatten();
        for (name, value) in sent.filter(|(name, _)| !self.life.is_policys(name)) {
            if owner(&format!("annotations/{name}")).is_none() {
                prop_assert_eq!(&reply.object["metadata"]["annotations"][name], value, "annotation {}", name);
            }
        }
        Ok(())
    }

    /// A volume stays as long as something of the user's mounts it.
    fn a_mounted_volume_stays(&self, there: &Entries) -> TestCaseResult {
        for id in self.mounted() {
            let was_there = self.sent.contains_key(&id) && (self.request.old.is_none() || self.old.contains_key(&id));
            prop_assert!(!was_there || there.contains_key(&id), "{} is mounted by the user", id);
        }
        Ok(())
    }

    /// The volumes of platforms that something of the user's mounts.
    fn mounted(&self) -> BTreeSet<Id> {
        let mounts = self.his.iter().filter(|(id, _)| id.starts_with("volumeMounts/"));
        let volumes = mounts.filter_map(|(_, mount)| Some(format!("volumes/{}", mount["name"].as_str()?)));
        volumes.filter(|id| owner(id).is_some() && !self.his.contains_key(id)).collect()
    }

    /// What a CREATE of the user's manifest gives, with what is nobody's to take away; or why it is denied.
    fn expected(&self, there: &Entries, reply: &Reply) -> Result<Answer, TestCaseError> {
        let mounted = self.mounted();
        let mut base = reply.object.clone();
        retain(&mut base, |id, _| {
            if self.his.contains_key(id) {
                there.get(id) == self.his.get(id)
            } else {
                !self.life.is_known(id) || (mounted.contains(id) && self.brings(id).is_none())
            }
        });
        // What the settings do not know may be a container, and the record tells whose it is.
        if there.keys().all(|id| owner(id).is_none() || self.life.is_known(id)) {
            self.life.forget(&mut base);
        }
        Request { old: None, sent: base }.ask(&self.life.platforms)
    }

    /// Whether the stored template is kept: a running notebook is not restarted unless its user changes or asks for it.
    fn keeps_the_template(&self, reply: &Reply) -> Result<bool, TestCaseError> {
        let (Some(old), true) = (&self.request.old, self.request.runs()) else { return Ok(false) };
        let platforms = &self.life.platforms;
        if platforms.iter().any(Platform::restarts) || self.request.asks(platforms) {
            return Ok(false);
        }
        let (old, new) = (meaning(template(old)), meaning(template(&reply.object)));
        match self.writes() {
            Writes::Yes => Ok(false),
            Writes::AtPlatformsKeys => Ok(old == new),
            Writes::No => same(&old, &new, "the notebook restarts").map(|()| true),
        }
    }

    fn writes(&self) -> Writes {
        let users = |object: &Value| {
            let part = part(object, |id| {
                let is_his = self.was_his.contains_key(id) || self.his.contains_key(id);
                owner(id).is_none() || (is_his && !self.claims.contains(id) && !self.was_overridden(id))
            });
            part["template"].clone()
        };
        if self.request.old.as_ref().map(users) != Some(users(&self.request.sent)) {
            Writes::Yes
        } else if self.claims.iter().any(|id| !id.starts_with("labels/") && !id.starts_with("annotations/")) {
            Writes::AtPlatformsKeys
        } else {
            Writes::No
        }
    }

    /// Where the stored template is kept, dependencies wait exactly where it is not what it would be, and that is said.
    /// What has nothing in the template does not wait.
    fn what_waits_is_what_differs(&self, reply: &Reply, expected: &Answer) -> TestCaseResult {
        let waits = self.known_pending(&reply.object);
        prop_assert!(waits.is_empty() || !reply.warnings.is_empty(), "nobody is told of {:?}", waits);
        if !self.mounted().is_empty() {
            return Ok(());
        }
        let Ok(expected) = expected else {
            prop_assert!(!waits.is_empty(), "a conflict waits");
            return Ok(());
        };
        let [found, wanted] = [&reply.object, &expected.object].map(|object| self.to_compare(object));
        if found["template"] != wanted["template"] {
            if waits.is_empty() {
                return same(&wanted["template"], &found["template"], "nothing waits");
            }
        } else if self.ours_in_order(&reply.object) == self.ours_in_order(&expected.object) {
            prop_assert_eq!(waits, BTreeSet::<&str>::new(), "nothing is there to wait for");
        }
        for field in ["labels", "annotations"] {
            let [found, wanted] = [&reply.object, &expected.object].map(|object| &object["metadata"][field]);
            for name in [found, wanted].into_iter().filter_map(Value::as_object).flat_map(|it| it.keys()) {
                let id = format!("{field}/{name}");
                if self.life.is_known(&id) && !self.waits(Some(&reply.object), &id) {
                    prop_assert_eq!(&found[name], &wanted[name], "{}", id);
                }
            }
        }
        Ok(())
    }

    /// Where the template may change, nothing waits but for a conflict, and everything is as in a new notebook, but for
    /// the order between what is ours and what is not.
    fn is_up_to_date(&self, reply: &Reply, expected: &Answer) -> TestCaseResult {
        let waits = self.known_pending(&reply.object);
        let Ok(expected) = expected else {
            prop_assert!(self.request.old.is_some(), "accepted with a conflict");
            prop_assert!(!waits.is_empty(), "a conflict waits");
            return Ok(());
        };
        let [found, wanted] = [&reply.object, &expected.object].map(|object| self.to_compare(object));
        same(&wanted, &found, "the notebook is not up to date")?;
        let [found, wanted] = [&reply.object, &expected.object].map(|object| self.ours_in_order(object));
        prop_assert_eq!(found, wanted, "ours do not stand in the order of the settings");
        if self.mounted().is_empty() {
            prop_assert_eq!(waits, BTreeSet::<&str>::new(), "something waits");
        }
        Ok(())
    }

    /// The dependencies that wait and that the settings know.
    fn known_pending<'v>(&self, object: &'v Value) -> BTreeSet<&'v str> {
        let platforms = self.life.platforms.iter();
        platforms
            .flat_map(|it| pending(object, it.domain).filter(|name| it.known_names().any(|own| own == *name)))
            .collect()
    }

    /// The template and the labels in one order, without the volumes that stay because the user mounts them.
    fn to_compare(&self, object: &Value) -> Value {
        let mounted = self.mounted();
        let mut part = part(object, |id| !mounted.contains(id));
        sort(&mut part["template"]);
        part
    }

    /// The keys of what each platform brings to each list, as they stand. What comes before the user's is a list of its own.
    fn ours_in_order(&self, object: &Value) -> BTreeMap<(usize, Id, bool), Vec<Id>> {
        let mounted = self.mounted();
        let mut ours: BTreeMap<_, Vec<_>> = BTreeMap::new();
        retain(&mut object.clone(), |id, _| {
            let platform =
                self.life.platforms.iter().find(|platform| platform.brings(id, &self.request.sent).is_some());
            if let Some(platform) = platform.filter(|_| !self.his.contains_key(id) && !mounted.contains(id)) {
                let (list, key) = list_and_key(id);
                ours.entry((platform.number, list.to_owned(), is_first(id))).or_default().push(key.to_owned());
            }
            true
        });
        ours
    }

    /// f(f(x)) = f(x): neither a second call in the same request changes anything, nor an UPDATE without a change.
    fn a_further_call_changes_nothing(&self, reply: &Reply) -> TestCaseResult {
        let object = &reply.object;
        for (what, old) in [("a second call", self.request.old.clone()), ("an UPDATE", Some(object.clone()))] {
            let again = Request { old, sent: object.clone() }.ask(&self.life.platforms)?;
            // Where the template is the stored one, the client's record says nothing about it: what he took away and got
            // back from us is there as before, and his.
            let is_as_stored =
                self.request.old.as_ref().is_some_and(|old| meaning(template(old)) == meaning(template(object)));
            match again {
                Ok(again) if is_as_stored => {
                    same(&meaning(template(object)), &meaning(template(&again.object)), what)?;
                }
                Ok(again) => same(object, &again.object, what)?,
                Err(message) => prop_assert!(false, "{} is denied: {}", what, message),
            }
        }
        Ok(())
    }
}

/// Whether `id` is a volume that something mounts.
fn is_mounted(there: &Entries, id: &str) -> bool {
    let Some(volume) = id.strip_prefix("volumes/") else { return true };
    there.iter().any(|(id, mount)| id.starts_with("volumeMounts/") && mount["name"] == volume)
}

fn is_a_volume_or_container(id: &str) -> bool {
    ["volumes/", "containers/", "initContainers/"].iter().any(|place| id.starts_with(place))
}

/// The template and the labels of `object`, with those entries only.
fn part(object: &Value, mut keep: impl FnMut(&str) -> bool) -> Value {
    let mut part = json!({
        "metadata": {"name": object["metadata"]["name"], "labels": object["metadata"]["labels"]},
        "spec": {"template": {"spec": template(object)}},
    });
    retain(&mut part, |id, _| keep(id));
    json!({"template": meaning(template(&part)), "labels": meaning(&part["metadata"]["labels"])})
}

/// Fails with what differs, a line for each place.
fn same(expected: &Value, found: &Value, what: &str) -> TestCaseResult {
    if expected == found {
        return Ok(());
    }
    let mut lines = vec![what.to_owned()];
    difference(expected, found, "", &mut lines);
    Err(TestCaseError::fail(lines.join("\n")))
}

fn difference(expected: &Value, found: &Value, path: &str, lines: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
            for key in keys {
                difference(&expected[key], &found[key], &format!("{path}/{key}"), lines);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                difference(one, other, &format!("{path}/{at}"), lines);
            }
        }
        _ if expected == found => {}
        _ => lines.push(format!("{path}: expected {expected}, found {found}")),
    }
}
