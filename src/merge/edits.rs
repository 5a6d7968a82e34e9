//! What becomes of the entries of one list or map: which are replaced, removed or moved, and what is new, so that ours
//! stand in the order of the settings and the user's stay where they are (contract, "Order").

use crate::settings::Addition;

/// What becomes of the entries of a list or map.
#[derive(Debug, Default)]
pub struct Edits<'a> {
    /// What becomes of each entry that is there; empty where all of them stay.
    present: Vec<Fate<'a>>,
    /// What goes before all entries.
    front: Vec<Ours<'a>>,
    /// What goes right behind the entry at a position.
    behind: Vec<(usize, Vec<Ours<'a>>)>,
    /// What goes behind all entries.
    back: Vec<Ours<'a>>,
}

/// What stands in the place of an entry.
#[derive(Clone, Copy, Debug)]
enum Fate<'a> {
    /// The entry itself.
    Stays,
    /// Nothing.
    Goes,
    /// An entry of ours.
    Becomes(Ours<'a>),
}

/// An entry of ours, on its new place.
#[derive(Clone, Copy, Debug)]
enum Ours<'a> {
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
    /// An entry of ours that is new, or takes the place of the one at `at`.
    pub fn write(&mut self, at: Option<usize>, addition: &'a Addition<'a>) {
        self.slots.extend(at);
        self.ours.push((at, Some(addition)));
    }

    /// An entry of ours that stands at `at`, and stays as it is.
    pub fn stay(&mut self, at: usize) {
        self.slots.push(at);
        self.ours.push((Some(at), None));
    }

    /// The entry at `at` is taken away.
    pub fn remove(&mut self, at: usize) {
        self.slots.push(at);
    }
}

impl<'a> Edits<'a> {
    /// The edits of a list of `count` entries, in which those of each group fill the places that the group had, in their
    /// order. Further ones stand right behind; where there were none, before all entries (`first`) or behind (`last`).
    pub fn of_list(count: usize, first: Group<'a>, last: Group<'a>) -> Self {
        let mut edits = Edits::default();
        edits.front = edits.fill(count, first);
        edits.back = edits.fill(count, last);
        edits
    }

    /// The edits of a map of `count` members, whose order means nothing: each keeps its place.
    pub fn of_map(count: usize, group: Group<'a>) -> Self {
        let mut edits = Edits::default();
        for at in group.slots {
            edits.settle(count, at, Fate::Goes);
        }
        for (at, addition) in group.ours {
            match (at, addition.map(Ours::Written)) {
                (Some(at), written) => edits.settle(count, at, written.map_or(Fate::Stays, Fate::Becomes)),
                (None, written) => edits.back.extend(written),
            }
        }
        if edits.present.iter().all(|fate| matches!(fate, Fate::Stays)) {
            edits.present.clear();
        }
        edits
    }

    /// Fills the places of a group; gives back what has no place to go by.
    fn fill(&mut self, count: usize, group: Group<'a>) -> Vec<Ours<'a>> {
        let ours = || {
            let ours = group.ours.iter();
            ours.filter_map(|(at, addition)| addition.map(Ours::Written).or(at.map(Ours::Moved)))
        };
        let Some(last) = group.slots.iter().max() else { return ours().collect() };
        let stays = ours().zip(&group.slots).all(|(ours, slot)| matches!(ours, Ours::Moved(at) if at == *slot));
        if stays && group.slots.is_sorted() && group.slots.len() == group.ours.len() {
            return Vec::new();
        }
        let mut is_slot = vec![false; count];
        for slot in &group.slots {
            is_slot.get_mut(*slot).into_iter().for_each(|is_slot| *is_slot = true);
        }
        let mut ours = ours();
        for (slot, _) in is_slot.into_iter().enumerate().filter(|(_, is_slot)| *is_slot) {
            match ours.next() {
                Some(Ours::Moved(at)) if at == slot => {}
                Some(next) => self.settle(count, slot, Fate::Becomes(next)),
                None => self.settle(count, slot, Fate::Goes),
            }
        }
        let rest: Vec<_> = ours.collect();
        if !rest.is_empty() {
            self.behind.push((*last, rest));
        }
        Vec::new()
    }

    fn settle(&mut self, count: usize, at: usize, fate: Fate<'a>) {
        if self.present.is_empty() {
            self.present = vec![Fate::Stays; count];
        }
        if let Some(present) = self.present.get_mut(at) {
            *present = fate;
        }
    }

    /// Whether everything stays as it is.
    pub const fn is_empty(&self) -> bool {
        self.present.is_empty() && self.front.is_empty() && self.behind.is_empty() && self.back.is_empty()
    }

    /// The positions of entries that move.
    pub fn moved(&self) -> impl Iterator<Item = usize> {
        let behind = self.behind.iter().flat_map(|(_, ours)| ours).map(|ours| Fate::Becomes(*ours));
        self.present.iter().copied().chain(behind).filter_map(|fate| match fate {
            Fate::Becomes(Ours::Moved(from)) => Some(from),
            Fate::Stays | Fate::Goes | Fate::Becomes(Ours::Written(_)) => None,
        })
    }

    /// What becomes of the members that are there, by position, where it is a map: another value, or none.
    pub fn changed(&self) -> impl Iterator<Item = (usize, Option<&'a Addition<'a>>)> {
        self.present.iter().enumerate().filter_map(|(at, fate)| match fate {
            Fate::Becomes(Ours::Written(addition)) => Some((at, Some(*addition))),
            Fate::Goes => Some((at, None)),
            Fate::Stays | Fate::Becomes(Ours::Moved(_)) => None,
        })
    }

    /// What is new, where it is a map.
    pub fn added(&self) -> impl Iterator<Item = &'a Addition<'a>> {
        self.back.iter().filter_map(|ours| match ours {
            Ours::Written(addition) => Some(*addition),
            Ours::Moved(_) => None,
        })
    }

    /// Does it to `entries`.
    pub fn apply<T>(&self, entries: &mut Vec<T>, make: impl Fn(&'a Addition<'a>) -> T) {
        let mut old: Vec<Option<T>> = std::mem::take(entries).into_iter().map(Some).collect();
        entries.reserve(old.len() + self.front.len() + self.back.len());
        let mut put = |old: &mut Vec<Option<T>>, ours| match ours {
            Ours::Written(addition) => entries.push(make(addition)),
            Ours::Moved(from) => entries.extend(old.get_mut(from).and_then(Option::take)),
        };
        self.front.iter().for_each(|ours| put(&mut old, *ours));
        for at in 0..old.len() {
            match self.present.get(at) {
                None | Some(Fate::Stays) => put(&mut old, Ours::Moved(at)),
                Some(Fate::Becomes(ours)) => put(&mut old, *ours),
                Some(Fate::Goes) => {}
            }
            let behind = self.behind.iter().filter(|(slot, _)| *slot == at);
            behind.flat_map(|(_, ours)| ours).for_each(|ours| put(&mut old, *ours));
        }
        self.back.iter().for_each(|ours| put(&mut old, *ours));
    }
}
