//! What the settings may hold, in the vocabulary of [`schema`](crate::kubernetes::schema). The fields of a dependency
//! that go into an object have theirs in [`FIELDS`], beside the rule by which they are merged.

use super::fields::FIELDS;
use super::list_of;
use super::words::{BUNDLE_MOUNTS, OnConflict, RunningNotebooks};
use crate::kubernetes::names::{Format, Words};
use crate::kubernetes::schema::{Exclusive, Map, Member, Object, Type};
use crate::kubernetes::types::{ENV_VAR, LABEL_SELECTOR, RESOURCE_REQUIREMENTS, SECURITY_CONTEXT, VOLUME_MOUNT};
use crate::workload::{Containers, Kind};

/// The settings.
pub static SETTINGS: Object = Object::new(&[
    Member::new("dependencies", Type::Map(&Map { keys: Format::DnsLabel, of: Type::Object(&DEPENDENCY) })),
    Member::new(list_of(Kind::Notebook), Type::List(&ANY_TEXT)),
    Member::new(list_of(Kind::PipelinePod), Type::List(&ANY_TEXT)),
    Member::new(list_of(Kind::Pod), Type::List(&ANY_TEXT)),
    Member::new("retired", Type::List(&Type::Text(Format::DnsLabel))),
    Member::new("runningNotebooks", Type::Text(Format::OneOf(&Words(RunningNotebooks::WORDS)))),
    Member::new("annotationDomain", Type::Text(Format::Subdomain)),
    Member::new("report", Type::Boolean),
]);

/// A dependency.
pub static DEPENDENCY: Object = Object::new(&DEPENDENCY_MEMBERS);

/// How a dependency is merged, and the ready-made parts.
const OPTIONS: [Member; 8] = [
    Member::new("containers", Type::WordOrNames(&Words(&Containers::WORDS))),
    Member::new("onConflict", Type::Text(Format::OneOf(&Words(OnConflict::WORDS)))),
    Member::new("initContainersFirst", Type::Boolean),
    Member::new("envFirst", Type::Boolean),
    Member::new("selector", Type::Object(&LABEL_SELECTOR)),
    Member::new("vault", Type::Object(&VAULT)),
    Member::new("caBundle", Type::Object(&CA_BUNDLE)),
    Member::new("proxy", Type::Object(&PROXY)),
];

#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler")]
static DEPENDENCY_MEMBERS: [Member; FIELDS.len() - WITHIN + OPTIONS.len()] = {
    let mut members = [Member::new("", ANY_TEXT); FIELDS.len() - WITHIN + OPTIONS.len()];
    let (mut at, mut count) = (0, 0);
    while at < FIELDS.len() {
        if FIELDS[at].within.is_none() {
            members[count] = Member::new(FIELDS[at].name, FIELDS[at].of);
            count += 1;
        }
        at += 1;
    }
    at = 0;
    while at < OPTIONS.len() {
        members[count] = OPTIONS[at];
        count += 1;
        at += 1;
    }
    assert!(count == members.len(), "every member");
    members
};

/// How many fields are within another one.
const WITHIN: usize = 2;

/// `vault`: secrets from Vault.
pub static VAULT: Object = Object::new(&[
    Member::new("image", NON_EMPTY).required(),
    Member::new("address", NON_EMPTY).required(),
    Member::new("authPath", NON_EMPTY).required(),
    Member::new("kvPath", NON_EMPTY).required(),
    Member::new("role", NON_EMPTY).required(),
    Member::new("secretsPath", Type::Text(Format::MountPath)),
    Member::new("volumeName", Type::Text(Format::DnsLabel)),
    Member::new("sizeLimit", Type::Quantity),
    Member::new("env", Type::List(&Type::Object(&ENV_VAR))),
    Member::new("volumeMounts", Type::List(&Type::Object(&VOLUME_MOUNT))),
    Member::new("resources", Type::Object(&RESOURCE_REQUIREMENTS)),
    Member::new("securityContext", Type::Object(&SECURITY_CONTEXT)),
]);

/// `caBundle`: certificates, for the system and for Java.
pub static CA_BUNDLE: Object = Object::new(&[
    Member::new("pem", Type::Object(&BUNDLE_KEY)).exclusive(),
    Member::new("jks", Type::Object(&BUNDLE_KEY)).exclusive(),
    Member::new("mount", Type::Text(Format::OneOf(&Words(BUNDLE_MOUNTS)))),
])
.exclusive(Exclusive::AtLeastOne);

/// Where a bundle of certificates is.
pub static BUNDLE_KEY: Object = Object::new(&[
    Member::new("configMap", Type::Text(Format::Subdomain)).exclusive(),
    Member::new("secret", Type::Text(Format::Subdomain)).exclusive(),
    Member::new("key", Type::Text(Format::FileName)).required(),
    Member::new("optional", Type::Boolean),
])
.exclusive(Exclusive::One);

/// `proxy`: the way out of the cluster.
pub static PROXY: Object = Object::new(&[
    Member::new("httpProxy", NON_EMPTY).required(),
    Member::new("httpsProxy", NON_EMPTY),
    Member::new("noProxy", Type::List(&NON_EMPTY)),
]);

const ANY_TEXT: Type = Type::Text(Format::Any);
const NON_EMPTY: Type = Type::Text(Format::NonEmpty);
