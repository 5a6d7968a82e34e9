//! What becomes of the entries of one list or map: which are replaced, removed or moved, and what is new, so that ours
//! stand in the order of the settings and the user's stay where they are (contract, "Order").

use crate::settings::Addition;

/// What becomes of the entries of a list or map.
#[derive(Debug, Default)]
pub struct Edits<'a> {
    /// By position, in their order: what stands there now, or nothing.
    slots: Vec<(usize, Option<Entry<'a>>)>,
    /// What goes before all entries.
    front: Vec<Entry<'a>>,
    /// What goes right behind the entry at a position.
    behind: Vec<(usize, Vec<Entry<'a>>)>,
    /// What goes behind all entries.
    back: Vec<Entry<'a>>,
}

/// An entry of ours, on its new place.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// It is written.
    Written(&'a Addition<'a>),
    /// It is the one that stood at this position.
    Moved(usize),
}

/// Entries of ours that belong together: those before the user's, or those behind.
#[derive(Debug, Default)]
pub struct Group<'a> {
    /// The places that ours had, those that are taken away included.
    slots: Vec<usize>,
    /// Ours, in the order of the settings: where each stands, if it does, and whether it is written anew.
    ours: Vec<(Option<usize>, Option<&'a Addition<'a>>)>,
}

impl<'a> Group<'a> {
    /// An entry of ours that is new.
    pub fn add(&mut self, addition: &'a Addition<'a>) {
        self.ours.push((None, Some(addition)));
    }

    /// An entry of ours that stands at `at`, and stays as it is.
    pub fn stay(&mut self, at: usize) {
        self.slots.push(at);
        self.ours.push((Some(at), None));
    }

    /// An entry of ours that takes the place of the one at `at`.
    pub fn replace(&mut self, at: usize, addition: &'a Addition<'a>) {
        self.slots.push(at);
        self.ours.push((Some(at), Some(addition)));
    }

    /// The entry at `at` is taken away.
    pub fn remove(&mut self, at: usize) {
        self.slots.push(at);
    }
}

impl<'a> Edits<'a> {
    /// The edits of a list, in which the entries of each group fill the places that those of the group had, in their
    /// order. Further ones stand right behind; where there were none, before all entries (`first`) or behind (`last`).
    pub fn of_list(first: Group<'a>, last: Group<'a>) -> Self {
        let mut edits = Edits::default();
        edits.front = edits.fill(first);
        edits.back = edits.fill(last);
        edits.slots.sort_unstable_by_key(|(at, _)| *at);
        edits.behind.sort_unstable_by_key(|(at, _)| *at);
        edits
    }

    /// The edits of a map, whose order means nothing: each entry keeps its place.
    pub fn of_map(group: Group<'a>) -> Self {
        let mut edits = Edits::default();
        let mut stands = Vec::new();
        for (at, addition) in group.ours {
            match (at, addition) {
                (Some(at), addition) => {
                    edits.slots.extend(addition.map(|addition| (at, Some(Entry::Written(addition)))));
                    stands.push(at);
                }
                (None, Some(addition)) => edits.back.push(Entry::Written(addition)),
                (None, None) => {}
            }
        }
        stands.sort_unstable();
        let removed = group.slots.into_iter().filter(|at| stands.binary_search(at).is_err());
        edits.slots.extend(removed.map(|at| (at, None)));
        edits.slots.sort_unstable_by_key(|(at, _)| *at);
        edits
    }

    /// Fills the places of a group; gives back what has no place to go by.
    fn fill(&mut self, mut group: Group<'a>) -> Vec<Entry<'a>> {
        group.slots.sort_unstable();
        let mut ours = group.ours.into_iter();
        let entry = |(at, addition): (Option<usize>, Option<&'a Addition<'a>>)| match (at, addition) {
            (_, Some(addition)) => Some(Entry::Written(addition)),
            (Some(at), None) => Some(Entry::Moved(at)),
            (None, None) => None,
        };
        for slot in &group.slots {
            match ours.next() {
                Some((Some(at), None)) if at == *slot => {}
                Some(next) => self.slots.push((*slot, entry(next))),
                None => self.slots.push((*slot, None)),
            }
        }
        let rest: Vec<_> = ours.filter_map(entry).collect();
        match group.slots.last() {
            Some(last) if !rest.is_empty() => self.behind.push((*last, rest)),
            _ => return rest,
        }
        Vec::new()
    }

    /// Whether everything stays as it is.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.front.is_empty() && self.behind.is_empty() && self.back.is_empty()
    }

    /// The positions of entries that move.
    pub fn moved(&self) -> impl Iterator<Item = usize> {
        let behind = self.behind.iter().flat_map(|(_, entries)| entries);
        let entries = self.slots.iter().filter_map(|(_, entry)| entry.as_ref()).chain(behind);
        entries.filter_map(|entry| match entry {
            Entry::Moved(from) => Some(*from),
            Entry::Written(_) => None,
        })
    }

    /// What becomes of the entries that are there, by position.
    pub fn in_place(&self) -> impl Iterator<Item = (usize, Option<&'a Addition<'a>>)> {
        self.slots.iter().filter_map(|(at, entry)| match entry {
            Some(Entry::Written(addition)) => Some((*at, Some(*addition))),
            None => Some((*at, None)),
            Some(Entry::Moved(_)) => None,
        })
    }

    /// What goes behind all entries.
    pub fn added(&self) -> impl Iterator<Item = &'a Addition<'a>> {
        self.back.iter().filter_map(|entry| match entry {
            Entry::Written(addition) => Some(*addition),
            Entry::Moved(_) => None,
        })
    }

    /// Does it to `entries`.
    pub fn apply<T>(&self, entries: &mut Vec<T>, make: impl Fn(&'a Addition<'a>) -> T) {
        let mut old: Vec<Option<T>> = std::mem::take(entries).into_iter().map(Some).collect();
        entries.reserve(old.len() + self.front.len() + self.back.len());
        let put = |entries: &mut Vec<T>, old: &mut Vec<Option<T>>, entry: &Entry<'a>| match entry {
            Entry::Written(addition) => entries.push(make(addition)),
            Entry::Moved(from) => entries.extend(old.get_mut(*from).and_then(Option::take)),
        };
        self.front.iter().for_each(|entry| put(entries, &mut old, entry));
        let (mut slots, mut behind) = (self.slots.iter().peekable(), self.behind.iter().peekable());
        for at in 0..old.len() {
            match slots.next_if(|(slot, _)| *slot == at) {
                Some((_, entry)) => entry.iter().for_each(|entry| put(entries, &mut old, entry)),
                None => entries.extend(old.get_mut(at).and_then(Option::take)),
            }
            if let Some((_, behind)) = behind.next_if(|(slot, _)| *slot == at) {
                behind.iter().for_each(|entry| put(entries, &mut old, entry));
            }
        }
        self.back.iter().for_each(|entry| put(entries, &mut old, entry));
    }
}
