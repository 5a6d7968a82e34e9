//! The tables of the policy from which the schema and the reference are made. No other file imports from the policy.

use std::ptr;

use mutatingflow::kubernetes;
use mutatingflow::settings::types;

pub use mutatingflow::kubernetes::names::{Format, Words};
pub use mutatingflow::kubernetes::schema::{Exclusive, ListMap, Map, Member, Object, Range, Type};
pub use mutatingflow::settings::fields::{FIELDS, Field, MergeStrategy, Target};
#[cfg(test)]
pub use mutatingflow::settings::problems;

/// The formats that have a name and nothing beside it.
pub const NAMED_FORMATS: [Format; 25] = [
    Format::Any,
    Format::NonEmpty,
    Format::DnsLabel,
    Format::Subdomain,
    Format::EnvName,
    Format::LabelKey,
    Format::LabelValue,
    Format::AnnotationKey,
    Format::FileName,
    Format::MountPath,
    Format::SubPath,
    Format::FilePath,
    Format::HostPath,
    Format::ResourceName,
    Format::PortName,
    Format::Ip,
    Format::SearchDomain,
    Format::SysctlName,
    Format::AbsolutePath,
    Format::HeaderName,
    Format::Image,
    Format::DriverName,
    Format::SignerName,
    Format::TrustBundleName,
    Format::DomainKey,
];

/// Whether only pods have a field of a dependency: a Notebook loses it.
#[cfg(test)]
pub fn is_of_pods(name: &str) -> bool {
    let is_of_pod_spec = |of: &Object| ptr::eq(of, &kubernetes::types::POD_SPEC);
    kubernetes::types::PRUNED.into_iter().any(|(of, member)| is_of_pod_spec(of) && member == name)
}

/// An object with its name.
pub type Named = (&'static str, &'static Object);

/// The settings' own objects, in the order in which the reference shows them.
pub const fn own_objects() -> [Named; 6] {
    [
        ("settings", &types::SETTINGS),
        ("dependency", &types::DEPENDENCY),
        ("vault", &types::VAULT),
        ("caBundle", &types::CA_BUNDLE),
        ("bundleKey", &types::BUNDLE_KEY),
        ("proxy", &types::PROXY),
    ]
}

/// Kubernetes' own types that settings can hold.
pub fn kubernetes_objects() -> Vec<Named> {
    let mut reached = vec![&types::SETTINGS];
    let mut at = 0;
    while let Some(object) = reached.get(at).copied() {
        for next in object.members.iter().filter_map(|member| object_in(&member.of)) {
            if !reached.iter().any(|known| ptr::eq(*known, next)) {
                reached.push(next);
            }
        }
        at += 1;
    }
    let is_reached = |object: &Object| reached.iter().any(|known| ptr::eq(*known, object));
    kubernetes::types::ALL.into_iter().filter(|(_, object)| is_reached(object)).collect()
}

/// The object that a value is, or that its items or members are.
const fn object_in(of: &Type) -> Option<&'static Object> {
    match of {
        Type::Object(object) => Some(object),
        Type::List(of) | Type::Set(of) | Type::Alternatives(of) => object_in(of),
        Type::ListMap(ListMap { of, .. }) | Type::Map(Map { of, .. }) => object_in(of),
        _ => None,
    }
}

/// The name of an object of the tables.
pub fn name_of(object: &Object) -> &'static str {
    let mut all = own_objects().into_iter().chain(kubernetes::types::ALL);
    let same = all.find(|(_, known)| ptr::eq(*known, object));
    same.unwrap_or_else(|| panic!("an object without a name: {object:?}")).0
}
