//! What the policy does not add to, replace or remove comes back byte for byte (contract, "Nothing else changes").

use proptest::prelude::*;
use serde_json::Value;

use super::answer_to;
use super::answers::spelt_payload;
use super::raw::{Body, Raw, decoded};
use crate::generate::case;
use crate::objects::Kind;
use crate::run::check;

/// Contract, "Nothing else changes" and "Order": an object that has no annotation of the policy's comes back with entries that
/// are added, and everything else as the client spelt it: every value byte for byte, members and items in their order.
#[test]
fn what_the_user_wrote_comes_back_byte_for_byte() {
    check(&(case(), any::<u64>()), |(case, seed)| {
        let case = case.without_override();
        if case.has_own_annotations() {
            return Ok(());
        }
        let payload = spelt_payload(&case.request, &case.settings.to_string(), seed);
        let (answer, _) = answer_to(&payload)?;
        let (payload, answer) = (Raw::read(&payload), Raw::read(&answer));
        let user = payload.member("request").and_then(|request| request.member("object"));
        if let (Some(user), Some(found)) = (user, answer.member("mutated_object")) {
            let comparison = Comparison { is_pod: case.kind() != Kind::Notebook };
            let mut at = Vec::new();
            comparison.comes_back(user, found, &mut at).map_err(|problem| {
                TestCaseError::fail(format!("{}: {problem}\n{}\n{}", at.join("."), user.text, found.text))
            })?;
        }
        Ok(())
    });
}

/// What holds the entries that dependencies bring, at any place.
const MANAGED: [&str; 36] = [
    "metadata",
    "labels",
    "annotations",
    "imagePullSecrets",
    "volumes",
    "initContainers",
    "containers",
    "tolerations",
    "hostAliases",
    "nodeSelector",
    "serviceAccountName",
    "automountServiceAccountToken",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "affinity",
    "securityContext",
    "env",
    "envFrom",
    "volumeMounts",
    "resourceClaims",
    "topologySpreadConstraints",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "shareProcessNamespace",
    "hostUsers",
    "terminationGracePeriodSeconds",
    "resources",
    "limits",
    "requests",
    "command",
    "args",
    "imagePullPolicy",
    "lifecycle",
    "spec",
];

/// Members with values that count as absent (contract, "Already present" and "Equality").
const SERVERS: [(&str, &[&str]); 7] = [
    ("imagePullPolicy", &["\"\""]),
    ("serviceAccountName", &["\"default\"", "\"\""]),
    ("schedulerName", &["\"default-scheduler\"", "\"\""]),
    ("priorityClassName", &["\"\""]),
    ("dnsPolicy", &["\"ClusterFirst\"", "\"\""]),
    ("enableServiceLinks", &["true"]),
    ("terminationGracePeriodSeconds", &["30"]),
];

/// Members that go along with another (contract, "Conflicts").
const ALONG: [&str; 4] = ["serviceAccount", "priority", "preemptionPolicy", "overhead"];

struct Comparison {
    is_pod: bool,
}

impl Comparison {
    /// Checks that `found` is what the user wrote, with additions where dependencies bring something.
    fn comes_back(&self, user: &Raw<'_>, found: &Raw<'_>, at: &mut Vec<String>) -> Result<(), String> {
        if user.text == found.text || self.may_differ(user, at) {
            return Ok(());
        }
        match (&user.body, &found.body) {
            (Body::Object(user), Body::Object(found)) => self.members_come_back(user, found, at),
            (Body::List(user), Body::List(found)) => self.items_come_back(user, found, at),
            _ => Err("another value".to_owned()),
        }
    }

    fn members_come_back(
        &self,
        user: &[(&str, Raw<'_>)],
        found: &[(&str, Raw<'_>)],
        at: &mut Vec<String>,
    ) -> Result<(), String> {
        let mut rest = found.iter().peekable();
        for (index, (key, value)) in user.iter().enumerate() {
            let name = decoded(key);
            at.push(name.clone());
            let is_last = user[index + 1..].iter().all(|(other, _)| decoded(other) != name);
            match rest.next_if(|(found, _)| found == key || self.may_differ(value, at) && decoded(found) == name) {
                // Of duplicates the last counts: those before it are the user's text and nothing else.
                Some((_, found)) if is_last => self.comes_back(value, found, at)?,
                Some((_, found)) if found.text == value.text => {}
                None if ALONG.contains(&name.as_str()) => {}
                _ => return Err("not where it was".to_owned()),
            }
            at.pop();
        }
        for (key, _) in rest {
            at.push(decoded(key));
            if !self.may_be_added(at) {
                return Err("added".to_owned());
            }
            at.pop();
        }
        Ok(())
    }

    /// Containers are merged into. All other items are as they were.
    fn items_come_back(&self, user: &[Raw<'_>], found: &[Raw<'_>], at: &mut Vec<String>) -> Result<(), String> {
        let are_containers = at.last().is_some_and(|last| ["containers", "initContainers"].contains(&last.as_str()));
        let mut rest = found.iter();
        for (index, item) in user.iter().enumerate() {
            at.push(index.to_string());
            let name = |item: &Raw<'_>| item.member("name").map(Raw::string);
            let is_it = |found: &&Raw<'_>| found.text == item.text || (are_containers && name(found) == name(item));
            match rest.find(is_it) {
                Some(found) if are_containers => self.comes_back(item, found, at)?,
                Some(_) => {}
                None => return Err("not where it was".to_owned()),
            }
            at.pop();
        }
        if user.len() < found.len() && !self.may_be_added(at) {
            return Err("something is added".to_owned());
        }
        Ok(())
    }

    /// Whether a dependency may bring what is at this place.
    fn may_be_added(&self, at: &[String]) -> bool {
        let is_managed = |name: Option<&String>| name.is_some_and(|name| MANAGED.contains(&name.as_str()));
        is_managed(at.last()) || is_managed(at.iter().rev().nth(1)) && at.last().is_some_and(|name| name != "spec")
    }

    /// Whether the value counts as absent, or is the policy's own.
    fn may_differ(&self, user: &Raw<'_>, at: &[String]) -> bool {
        let Some(name) = at.last() else { return false };
        let parent = at.iter().rev().nth(1).map(String::as_str);
        let is_servers = SERVERS.iter().any(|(known, values)| {
            let value = serde_json::from_str::<Value>(user.text).unwrap_or_default();
            known == name && values.iter().any(|known| plain(known) == super::plain(&value))
        });
        let is_written = self.is_pod && (parent == Some("requests") || name == "imagePullPolicy");
        (user.is_nothing() && self.may_be_added(at)) || is_servers || is_written || ALONG.contains(&name.as_str())
    }
}

fn plain(text: &str) -> Value {
    super::plain(&serde_json::from_str(text).unwrap_or_default())
}
