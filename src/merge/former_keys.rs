//! The keys by which version 0.1.0 recorded entries of list sets: another hash of them than today's (contract, "Record").

use std::borrow::Cow;
use std::cell::OnceCell;

use super::known::split_place;
use super::opened_container;
use crate::json::{ByName, Node, Object};
use crate::kubernetes::digest::Digest;
use crate::settings::fields::{FIELDS, Field, MergeStrategy};
use crate::workload::{self, CONTAINER_LISTS, Kind};

/// The entries of list sets in the objects of a request, by the keys of version 0.1.0. They are looked for where a record
/// of it has such keys.
#[derive(Debug)]
pub struct FormerKeys<'o, 'a> {
    objects: [Option<&'o Node<'a>>; 2],
    kind: Kind,
    entries: OnceCell<ByName<'static, &'a str>>,
}

impl<'o, 'a> FormerKeys<'o, 'a> {
    /// Those of the entries in these objects, which are of this kind.
    pub const fn of(objects: [Option<&'o Node<'a>>; 2], kind: Kind) -> Self {
        FormerKeys { objects, kind, entries: OnceCell::new() }
    }

    /// Gives the entries that version 0.1.0 recorded at `place` by `keys` today's. What is in no object keeps its key.
    pub fn replace(&self, place: &str, keys: &mut [Cow<'_, str>]) {
        let field = Field::at(split_place(place).0).filter(|field| field.strategy == MergeStrategy::ListSet);
        for (key, field) in keys.iter_mut().filter_map(|key| Some((key, field?))) {
            if let Some(entry) = self.entries.get_or_init(|| self.find()).get(key) {
                *key = Digest::of(field.entry_type(""), entry).hex().into();
            }
        }
    }

    fn find(&self) -> ByName<'static, &'a str> {
        let mut entries = ByName::default();
        for spec in self.objects.into_iter().flatten().filter_map(|object| workload::pod_spec(object, self.kind)) {
            let Some(spec) = spec.as_object() else { continue };
            add(&mut entries, spec);
            for list in CONTAINER_LISTS {
                let list = spec.get(list).and_then(Node::as_list);
                for container in list.map_or(&[][..], |list| list.items()) {
                    opened_container(container).into_iter().for_each(|container| add(&mut entries, &container));
                }
            }
        }
        entries
    }
}

/// Adds what `parent` has in its list sets. Of two entries that had one key, the last counts: ours stood behind the user's.
fn add<'a>(entries: &mut ByName<'static, &'a str>, parent: &Object<'a>) {
    for field in FIELDS.iter().filter(|field| field.strategy == MergeStrategy::ListSet) {
        let list = parent.get(field.member.raw()).and_then(Node::as_list);
        for item in list.map_or(&[][..], |list| list.items()) {
            entries.insert(Digest::of_0_1_0(field.entry_type(""), item.text()).hex(), item.text());
        }
    }
}
