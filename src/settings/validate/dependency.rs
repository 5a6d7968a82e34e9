//! What one dependency brings, each against the rest of it: what is brought twice, what names something that it does not bring,
//! and what the API server would refuse together though it stands in different places.

use super::problem::{Problems, did_you_mean, one_of};
use super::relations::{ReadDependency, add_twice, described, identity};
use super::shape::{check_distinct, index, whole_number};
use super::{FirstPositions, List, between};
use crate::json::{ByName, Cursor, Node, Path, items, member, members, shown, string_member};
use crate::kubernetes::rules::{OF_INIT_CONTAINERS, RULES};
use crate::kubernetes::types::SECURITY_CONTEXT;
use crate::settings::fields::{Entry, Field, MergeStrategy, Target};
use crate::settings::ready_made::ENTRIES_OF_VKS;
use crate::settings::{Addition, OwnAnnotations};
use crate::workload::{DECISIVE_ANNOTATIONS, Kind};

/// Checks what a dependency brings.
pub fn check(known: &ReadDependency<'_>, lists: &[List<'_>], own: &OwnAnnotations<'_>, problems: &mut Problems) {
    let name = known.dependency.name;
    let path = &known.dependency.path();
    if known.dependency.additions.is_empty() && !problems.any_at_or_below(path) {
        problems.add(path, &["must add something"]);
    }
    if !lists.iter().any(|list| list.has(name)) {
        let words: Vec<_> = lists.iter().map(|list| list.word).collect();
        problems.add(path, &["must be in ", &one_of(&words), ": nothing uses it"]);
    }
    let mut first: ByName<'_, &Addition<'_>> = ByName::default();
    for addition in known.additions() {
        let identity = identity(addition);
        if let Some(first) = first.get(&identity) {
            let first = first.shown_path(path);
            let what = ["must not bring ", &described(addition), ", since ", &first, " does"];
            addition.with_path(path, &mut |path| problems.add(path, &what));
        } else {
            first.insert(identity, addition);
        }
    }
    let [volumes, claims] = ["volumes", "resourceClaims"].map(|field| Brought::of(known, field));
    let value_of = |field| known.additions().iter().find(|it| it.field.name == field).map(|it| it.value);
    let of_pod = ["hostUsers", "terminationGracePeriodSeconds"].map(value_of);
    for addition in known.additions() {
        addition.with_path(path, &mut |path| {
            if addition.field.says_nothing(&addition.key, addition.value) && !problems.any_at_or_below(path) {
                problems.add(path, &["must not be empty"]);
            }
            check_in_containers(path, addition, &claims, of_pod, problems);
            if let Some((_, to_name)) = REFERENCES.iter().find(|(list, _)| *list == addition.field.name) {
                volumes.check(path, addition.value, to_name, problems);
            }
            let of_notebooks = lists.iter().find(|list| list.kind == Kind::Notebook && list.has(name));
            if (addition.field.name, &*addition.key) == ("dnsConfig", "searches") {
                check_searches(path, addition.value, problems);
            }
            if let Some(list) =
                of_notebooks.filter(|_| addition.field.name == "labels" && addition.key == "statefulset")
            {
                let why = " lists the dependency: the notebook's pods are found by it";
                problems.add(path, &["must not be added, since ", list.word, why]);
            }
            match addition.field.entry {
                Entry::Annotation => {
                    let what = match &*addition.key {
                        key if own.name_of(key).is_some() => "one of the policy's own annotations",
                        key if DECISIVE_ANNOTATIONS.contains(&key) => "an annotation that the policy relies on",
                        LAST_APPLIED => "the annotation in which kubectl keeps what it applied",
                        _ => return,
                    };
                    problems.add(path, &["must not be ", what]);
                }
                Entry::InitContainer | Entry::Container => {
                    check_container(path, addition, &volumes, problems);
                    check_ports(path, addition.value, of_notebooks, problems);
                    for list in lists.iter().filter(|list| list.has(name)) {
                        check_container_name(path, &addition.key, list, problems);
                    }
                }
                Entry::Volume => check_files(path, addition.value, problems),
                Entry::VolumeMount | Entry::TopologySpreadConstraint | Entry::Plain => {}
            }
        });
    }
}

/// What an addition brings into containers, against what the dependency brings to the pod: its resource claims, and
/// `hostUsers` and `terminationGracePeriodSeconds`.
fn check_in_containers(
    path: &Path<'_>,
    addition: &Addition<'_>,
    claims: &Brought<'_>,
    [host_users, grace]: [Option<&str>; 2],
    problems: &mut Problems,
) {
    let grace = grace.unwrap_or("30");
    // validateProcMount, of a pod without users of its own.
    if in_container(addition, "securityContext", "procMount") == Some("\"Unmasked\"") && host_users != Some("false") {
        let what = "must not have procMount Unmasked, since the dependency does not bring hostUsers: false";
        problems.add(path, &[what]);
    }
    // validateSleepAction
    for hook in ["preStop", "postStart"] {
        let sleep = in_container(addition, "lifecycle", hook).and_then(|hook| member(hook, "sleep"));
        let Some(seconds) = sleep.and_then(|sleep| member(sleep, "seconds")) else { continue };
        if whole_number(grace).is_some_and(|grace| whole_number(seconds) > Some(grace)) {
            let what = ["must not sleep longer than terminationGracePeriodSeconds, ", grace, ", found ", seconds];
            problems.add(path, &what);
        }
    }
    let (mut first, mut of_name) = (FirstPositions::default(), FirstPositions::default());
    for (at, claim) in items(in_container(addition, "resources", "claims").unwrap_or("null")).iter().enumerate() {
        let path_in_container = path.member("resources.claims");
        let path = if addition.field.is_container() { &path_in_container } else { path };
        claims.check(&path.item(at), claim, "name", problems);
        let [name, request] = ["name", "request"].map(|name| string_member(claim, name).unwrap_or_default());
        // A claim without a request is all of its requests.
        let of_all = if request.is_empty() { of_name.at(&name) } else { first.at(&[&name, "/"].concat()) };
        let same = first.insert(&[&name, "/", &request].concat(), at);
        of_name.insert(&name, at);
        if let Some(first) = same.or(of_all).filter(|_| !name.is_empty()) {
            add_twice(&path.item(at), &name, first, problems);
        }
    }
}

/// The annotation in which `kubectl apply` keeps what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The lists whose entries name a volume, and where in an entry.
const REFERENCES: [(&str, &str); 3] =
    [("volumeMounts", "name"), ("volumeDevices", "name"), ("env", "valueFrom.fileKeyRef.volumeName")];

/// The volumes that a dependency brings, or its resource claims.
struct Brought<'a> {
    field: &'static str,
    by_name: ByName<'a, &'a str>,
    /// Whether these are all: its ready-made parts could be read.
    are_known: bool,
}

impl<'a> Brought<'a> {
    fn of(known: &'a ReadDependency<'_>, field: &'static str) -> Self {
        let mut by_name = ByName::default();
        for brought in known.additions().iter().filter(|it| it.field.name == field) {
            by_name.insert(&*brought.key, brought.value);
        }
        Brought { field, by_name, are_known: known.is_readable }
    }

    /// What is named at `to_name` in `entry` must be one of these: it must never be one of the user's.
    fn check(&self, path: &Path<'_>, entry: &str, to_name: &str, problems: &mut Problems) {
        let name = to_name.split('.').try_fold(entry, member).and_then(|name| Node::text_only(name).string());
        let Some(name) = name.filter(|name| self.are_known && !self.by_name.contains(name)) else { return };
        let names: Vec<_> = self.by_name.names().map(|name| &**name).collect();
        let meant = did_you_mean(&name, &names);
        let what = ["must be one of the ", self.field, " of the dependency, found ", &shown(&name), &meant];
        problems.add(&path.member(to_name), &what);
    }
}

/// The member `name` of a member of containers that an addition brings: as such, or in a container.
fn in_container<'t>(addition: &Addition<'t>, field: &str, name: &str) -> Option<&'t str> {
    match addition.field.strategy {
        _ if addition.field.is_container() => member(member(addition.value, field)?, name),
        _ if addition.field.target != Target::Containers || addition.field.member.raw() != field => None,
        MergeStrategy::Granular => (addition.key == name).then_some(addition.value),
        _ => member(addition.value, name),
    }
}

/// A projected volume has each file once, whichever of its sources it is from (`validateProjectionSources`).
fn check_files(path: &Path<'_>, volume: &str, problems: &mut Problems) {
    let path = path.member("projected.sources");
    let mut first = FirstPositions::default();
    for (at, source) in list_in(member(volume, "projected").unwrap_or("null"), "sources").into_iter().enumerate() {
        for (kind, source) in members(source) {
            let path = path.item(at);
            let path = path.member(&kind);
            for key in ["path", "keyPath", "certificateChainPath", "credentialBundlePath"] {
                check_distinct(&path, key, source, at, &mut first, problems);
            }
            let path = path.member("items");
            for (item_at, item) in list_in(source, "items").into_iter().enumerate() {
                check_distinct(&path.item(item_at), "path", item, at, &mut first, problems);
            }
        }
    }
}

/// The items of the list `name` in an object.
pub fn list_in<'a>(object: &'a str, name: &str) -> Vec<&'a str> {
    items(member(object, name).unwrap_or("null"))
}

/// What a container needs beside itself, or is allowed by what it is. The first entries of one that a ready-made part
/// expands to are right; those that the settings add to them are at the path of the part.
fn check_container(path: &Path<'_>, addition: &Addition<'_>, volumes: &Brought<'_>, problems: &mut Problems) {
    let container = addition.value;
    let is_part = addition.part.is_some();
    let is_privileged = in_container(addition, "securityContext", "privileged") == Some("true");
    for (list, to_name) in REFERENCES {
        let path_of_list = path.member(list);
        let own = ENTRIES_OF_VKS.iter().find(|(name, _)| is_part && *name == list).map_or(0, |(_, own)| *own);
        let mut first = FirstPositions::default();
        for (at, entry) in list_in(container, list).into_iter().enumerate() {
            let path_of_item = path_of_list.item(at.saturating_sub(own));
            if at >= own {
                volumes.check(&path_of_item, entry, to_name, problems);
            }
            if !is_privileged && string_member(entry, "mountPropagation").as_deref() == Some("Bidirectional") {
                let what = "must not be Bidirectional, since the container is not privileged";
                problems.add(&path_of_item.member("mountPropagation"), &[what]);
            }
            // Of a container that is written, the check of its shape finds two entries with one key.
            let Some(field) = Field::named(list).filter(|_| is_part) else { continue };
            if let Some(key) = field.key_of(&Node::read(&mut Cursor::new(entry), &field.entry_shape()))
                && let Some(before) = first.insert(&key, at)
                && at >= own
            {
                let since = if before < own { *path } else { path_of_list.item(before - own) }.to_string();
                let what = ["must not bring ", field.noun, " ", &shown(&key), ", since ", &since, " does"];
                problems.add(&path_of_item, &what);
            }
        }
    }
    for (of_device, of_mount) in [("name", "name"), ("devicePath", "mountPath")] {
        let mut mounts = FirstPositions::default();
        for (at, mount) in list_in(container, "volumeMounts").into_iter().enumerate() {
            string_member(mount, of_mount).map(|found| mounts.insert(&found, at));
        }
        for (at, device) in list_in(container, "volumeDevices").into_iter().enumerate() {
            let Some(found) = string_member(device, of_device) else { continue };
            let is_block =
                |volume: &&str| ["persistentVolumeClaim", "ephemeral"].iter().any(|it| member(volume, it).is_some());
            if of_device == "name" && !volumes.by_name.get(&found).is_none_or(is_block) {
                let what = ["must be a persistentVolumeClaim or ephemeral volume, found ", &shown(&found)];
                problems.add(&path.member("volumeDevices").item(at).member("name"), &what);
            }
            let Some(mount) = mounts.at(&found) else { continue };
            let what = ["must not be in volumeMounts too, found ", &shown(&found), " at ", &index(mount)];
            problems.add(&path.member("volumeDevices").item(at).member(of_device), &what);
        }
    }
    if is_part {
        // What the settings lay over what it has itself.
        let path = path.member("securityContext");
        for rule in RULES.iter().filter(|rule| std::ptr::eq(rule.0, &SECURITY_CONTEXT)) {
            between::check(&path, rule, member(container, "securityContext").unwrap_or("null"), problems);
        }
    }
    if addition.field.entry == Entry::InitContainer {
        for rule in &OF_INIT_CONTAINERS {
            between::check(path, rule, container, problems);
        }
    }
}

/// The ports of one container: that of the node is taken once (`checkHostPortConflicts`), and in a Notebook, whose definition
/// has them by number and protocol, each of its own too.
fn check_ports(path: &Path<'_>, container: &str, of_notebooks: Option<&List<'_>>, problems: &mut Problems) {
    let mut first = FirstPositions::default();
    for (at, port) in list_in(container, "ports").into_iter().enumerate() {
        for name in ["containerPort", "hostPort"].into_iter().skip(usize::from(of_notebooks.is_none())) {
            let Some(before) = port_key(port, name).and_then(|key| first.insert(&key, at)) else { continue };
            let number = member(port, name).unwrap_or_default();
            let what = ["must not be in the list twice, found ", number, " at ", &index(before), " too"];
            problems.add(&path.member("ports").item(at).member(name), &what);
        }
    }
}

/// A key shared by the ports that are one; of none that is not set.
pub fn port_key(port: &str, name: &str) -> Option<String> {
    let number = member(port, name).filter(|number| whole_number(number).is_some_and(|number| number != 0))?;
    let of = |name| member(port, name).filter(|text| !matches!(*text, "null" | "\"\""));
    let ip = if name == "hostPort" { of("hostIP") } else { None };
    Some([name, "\n", of("protocol").unwrap_or("\"TCP\""), ip.unwrap_or_default(), number].concat())
}

/// All search domains together must not be too long (`validatePodDNSConfig`).
fn check_searches(path: &Path<'_>, searches: &str, problems: &mut Problems) {
    let domains = items(searches);
    // Each is a string: two quotes, in place of the space that is between two.
    let length: usize = domains.iter().map(|domain| domain.len() - 1).sum();
    if length > 2049 {
        problems.add(path, &["must have at most 2048 characters, spaces between them included"]);
    }
}

/// A container must not be called like one that every object of a list has.
fn check_container_name(path: &Path<'_>, name: &str, list: &List<'_>, problems: &mut Problems) {
    let theirs: &[&str] = match list.kind {
        Kind::Notebook => &["{name}"],
        Kind::PipelinePod => &["main", "wait", "init"],
        Kind::Pod => &[],
    };
    if theirs.contains(&name) {
        let what = ["must not be ", name, ", since ", list.word, " lists the dependency: there is one already"];
        problems.add(&path.member("name"), &what);
    }
}
