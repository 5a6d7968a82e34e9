//! What the settings may hold, in the vocabulary of [`schema`](crate::kubernetes::schema). The fields of a dependency
//! that go into an object have theirs in [`FIELDS`], beside the rule by which they are merged.

use super::fields::FIELDS;
use super::list_of;
use super::words::{BUNDLE_MOUNTS, OnConflict, RunningNotebooks};
use crate::kubernetes::names::{Format, Words};
use crate::kubernetes::schema::{Exclusive, Map, Member, Object, Type};
use crate::kubernetes::types::{ENV_VAR, LABEL_SELECTOR, RESOURCE_REQUIREMENTS, SECURITY_CONTEXT, VOLUME_MOUNT};
use crate::workload::{Containers, Kind};

/// A member of the settings' own.
const fn own(name: &'static str, of: Type) -> Member {
    Member::new(name, of).pointer()
}

/// The settings.
pub static SETTINGS: Object = Object::new(&[
    own("dependencies", Type::Map(&Map { keys: Format::DnsLabel, of: Type::Object(&DEPENDENCY) })),
    own(list_of(Kind::Notebook), Type::List(&ANY_TEXT)),
    own(list_of(Kind::PipelinePod), Type::List(&ANY_TEXT)),
    own(list_of(Kind::Pod), Type::List(&ANY_TEXT)),
    own("retired", Type::List(&Type::Text(Format::DnsLabel))),
    own("runningNotebooks", Type::Text(Format::OneOf(&Words(RunningNotebooks::WORDS)))),
    own("annotationDomain", Type::Text(Format::Subdomain)),
    own("report", Type::Boolean),
]);

/// A dependency.
pub static DEPENDENCY: Object = Object::new(&DEPENDENCY_MEMBERS);

/// How a dependency is merged, and the ready-made parts.
const OPTIONS: [Member; 8] = [
    own("containers", Type::WordOrNames(&Words(&Containers::WORDS))),
    own("onConflict", Type::Text(Format::OneOf(&Words(OnConflict::WORDS)))),
    own("initContainersFirst", Type::Boolean),
    own("envFirst", Type::Boolean),
    own("selector", Type::Object(&LABEL_SELECTOR)),
    own("vault", Type::Object(&VAULT)),
    own("caBundle", Type::Object(&CA_BUNDLE)),
    own("proxy", Type::Object(&PROXY)),
];

#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler")]
static DEPENDENCY_MEMBERS: [Member; FIELDS.len() - WITHIN + OPTIONS.len()] = {
    let mut members = [own("", ANY_TEXT); FIELDS.len() - WITHIN + OPTIONS.len()];
    let (mut at, mut count) = (0, 0);
    while at < FIELDS.len() {
        if FIELDS[at].within.is_none() {
            members[count] = own(FIELDS[at].name, FIELDS[at].of);
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
    own("image", Type::Text(Format::Image)).required(),
    own("address", NON_EMPTY).required(),
    own("authPath", NON_EMPTY).required(),
    own("kvPath", NON_EMPTY).required(),
    own("role", NON_EMPTY).required(),
    own("secretsPath", Type::Text(Format::MountPath)),
    own("volumeName", Type::Text(Format::DnsLabel)),
    own("sizeLimit", Type::Quantity),
    own("env", Type::List(&Type::Object(&ENV_VAR))),
    own("volumeMounts", Type::List(&Type::Object(&VOLUME_MOUNT))),
    own("resources", Type::Object(&RESOURCE_REQUIREMENTS)),
    own("securityContext", Type::Object(&SECURITY_CONTEXT)),
]);

/// `caBundle`: certificates, for the system and for Java.
pub static CA_BUNDLE: Object = Object::new(&[
    own("pem", Type::Object(&BUNDLE_KEY)).exclusive(),
    own("jks", Type::Object(&BUNDLE_KEY)).exclusive(),
    own("mount", Type::Text(Format::OneOf(&Words(BUNDLE_MOUNTS)))),
])
.exclusive(Exclusive::AtLeastOne);

/// Where a bundle of certificates is.
pub static BUNDLE_KEY: Object = Object::new(&[
    own("configMap", Type::Text(Format::Subdomain)).exclusive(),
    own("secret", Type::Text(Format::Subdomain)).exclusive(),
    own("key", Type::Text(Format::FileName)).required(),
    own("optional", Type::Boolean),
])
.exclusive(Exclusive::One);

/// `proxy`: the way out of the cluster.
pub static PROXY: Object = Object::new(&[
    own("httpProxy", NON_EMPTY).required(),
    own("httpsProxy", NON_EMPTY),
    own("noProxy", Type::List(&NON_EMPTY)),
]);

const ANY_TEXT: Type = Type::Text(Format::Any);
const NON_EMPTY: Type = Type::Text(Format::NonEmpty);
