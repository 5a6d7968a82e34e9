//! What becomes of the entries of one list or map: which are replaced, removed or moved, and what is new, so that ours
//! stand in the order of the settings and the user's stay where they are (contract, "Order").

use crate::json::Str;
use crate::settings::Addition;
use crate::settings::fields::Field;

/// An entry as it is written: what a dependency adds, or what stood in the stored object.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Where it goes.
    pub field: &'static Field,
    /// The member that holds it, where it goes into an object.
    pub member: Str<'a>,
    /// The value, as JSON.
    pub value: &'a str,
    /// Whether it stood in the stored object.
    pub is_stored: bool,
    /// The position of the entry whose place it takes.
    pub replaces: Option<usize>,
}

/// What becomes of the entries of a list or map.
#[derive(Debug, Default)]
pub struct Edits<'a> {
    /// Whatever is written.
    written: Vec<Written<'a>>,
    /// What becomes of each entry that is there; empty where all of them stay.
    present: Vec<Fate>,
    /// What goes before all entries.
    front: Vec<Ours>,
    /// What goes right before or behind the entry at a position, of each group in the order of the positions.
    beside: [Vec<(usize, Side, Ours)>; 2],
    /// What goes behind all entries.
    back: Vec<Ours>,
}

/// What stands in the place of an entry.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// The entry itself.
    Stays,
    /// Nothing.
    Goes,
    /// An entry of ours.
    Becomes(Ours),
}

/// An entry of ours, on its new place.
#[derive(Clone, Copy, Debug)]
enum Ours {
    /// It is the one at this position of what is written.
    Written(usize),
    /// It is the one that stood at this position.
    Moved(usize),
}

/// On which side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
}

/// Entries of ours that belong together: those before the user's, or those behind.
#[derive(Debug, Default)]
pub struct Group<'a> {
    /// The positions of those that are taken away, in their order.
    removed: Vec<usize>,
    /// Ours, in the order of the settings: where each stands, if it does, and whether it is written anew.
    ours: Vec<(Option<usize>, Option<&'a Addition<'a>>)>,
    /// What stands, or stood, in the stored object, and is put back: in the place of an entry, or behind all.
    put_back: Vec<Written<'a>>,
}

impl<'a> Group<'a> {
    /// Makes room for so many entries of ours.
    pub fn reserve(&mut self, count: usize) {
        self.ours.reserve(count);
    }

    /// An entry of ours that is new, or takes the place of the one at `at`.
    pub fn write(&mut self, at: Option<usize>, addition: &'a Addition<'a>) {
        self.ours.push((at, Some(addition)));
    }

    /// An entry of ours that stands at `at`, and stays as it is.
    pub fn stay(&mut self, at: usize) {
        self.ours.push((Some(at), None));
    }

    /// An entry of the stored object that is missing, or takes the place of the one at `at`.
    pub fn put_back(&mut self, at: Option<usize>, entry: Written<'a>) {
        self.put_back.push(Written { replaces: at, ..entry });
    }

    /// The entry at `at` is taken away.
    pub fn remove(&mut self, at: usize) {
        self.removed.push(at);
    }
}

impl<'a> Edits<'a> {
    /// The edits of a list of `count` entries. What has no place to go by goes before all entries (`first`) or behind all
    /// (`last`).
    pub fn of_list(count: usize, first: &Group<'a>, last: &Group<'a>) -> Self {
        let written = Vec::with_capacity(first.ours.len() + last.ours.len());
        let mut edits = Edits { written, ..Edits::default() };
        (edits.front, edits.beside[0]) = edits.fill(count, first);
        (edits.back, edits.beside[1]) = edits.fill(count, last);
        edits.put_back(count, first);
        edits.put_back(count, last);
        edits
    }

    /// The edits of a map of `count` members, whose order means nothing: each keeps its place.
    pub fn of_map(count: usize, group: &Group<'a>) -> Self {
        let mut edits = Edits::default();
        for at in &group.removed {
            edits.settle(count, *at, Fate::Goes);
        }
        for (at, written) in &group.ours {
            match (at, written.map(|addition| edits.write_addition(*at, addition))) {
                (Some(at), Some(written)) => edits.settle(count, *at, Fate::Becomes(written)),
                (None, written) => edits.back.extend(written),
                (Some(_), None) => {}
            }
        }
        edits.put_back(count, group);
        edits
    }

    fn write_addition(&mut self, at: Option<usize>, addition: &'a Addition<'a>) -> Ours {
        let &Addition { field, member, value, .. } = addition;
        self.write(Written { field, member, value, is_stored: false, replaces: at })
    }

    fn write(&mut self, written: Written<'a>) -> Ours {
        let at = self.written.len();
        self.written.push(written);
        Ours::Written(at)
    }

    fn put_back(&mut self, count: usize, group: &Group<'a>) {
        for written in &group.put_back {
            let ours = self.write(*written);
            match written.replaces {
                Some(at) => self.settle(count, at, Fate::Becomes(ours)),
                None => self.back.push(ours),
            }
        }
    }

    /// Settles the places of a group; gives what goes beside entries, and before that what has no place to go by.
    ///
    /// Those that are there keep their places while they are in order; otherwise they fill them anew. A further one fills
    /// the place of one that is taken away, where there is one between its neighbours, or stands right behind the one
    /// before it.
    fn fill(&mut self, count: usize, group: &Group<'a>) -> (Vec<Ours>, Vec<(usize, Side, Ours)>) {
        let stands = || group.ours.iter().filter_map(|(at, _)| *at);
        let is_in_order = stands().is_sorted();
        let (mut rest, mut beside) = (Vec::new(), Vec::new());
        let is_unchanged = group.ours.iter().all(|(at, written)| at.is_some() && written.is_none());
        if group.removed.is_empty() && is_in_order && is_unchanged {
            return (rest, beside);
        }
        // Mostly all are new, and nothing is free.
        if group.removed.is_empty() && stands().next().is_none() {
            rest.reserve_exact(group.ours.len());
            let written = group.ours.iter().filter_map(|(_, written)| *written);
            rest.extend(written.map(|addition| self.write_addition(None, addition)));
            return (rest, beside);
        }
        // The places that are free, and how far each entry may look for one: up to where the next one stands.
        let mut is_free = vec![false; count];
        let taken_away = group.removed.iter().copied();
        for at in taken_away.chain(stands().filter(|_| !is_in_order)) {
            is_free.get_mut(at).into_iter().for_each(|is_free| *is_free = true);
        }
        let mut free = is_free.into_iter().enumerate().filter_map(|(at, is_free)| is_free.then_some(at)).peekable();
        let mut limits = vec![count; group.ours.len()];
        let mut limit = count;
        for ((at, _), place) in group.ours.iter().zip(&mut limits).rev() {
            *place = limit;
            limit = at.filter(|_| is_in_order).unwrap_or(limit);
        }
        let mut placed = None;
        for ((at, written), limit) in group.ours.iter().zip(limits) {
            let entry = written.map(|addition| self.write_addition(*at, addition)).or(at.map(Ours::Moved));
            let Some(entry) = entry else { continue };
            let stands = at.filter(|_| is_in_order);
            let is_new = stands.is_none();
            match stands.or_else(|| free.next_if(|free| *free < limit)) {
                Some(at) => {
                    while let Some(unused) = free.next_if(|free| !is_new && *free < at) {
                        self.settle(count, unused, Fate::Goes);
                    }
                    if !matches!(entry, Ours::Moved(from) if from == at) {
                        self.settle(count, at, Fate::Becomes(entry));
                    }
                    beside.extend(std::mem::take(&mut rest).into_iter().map(|entry| (at, Side::Before, entry)));
                    placed = Some(at);
                }
                None => match placed {
                    Some(at) => beside.push((at, Side::Behind, entry)),
                    None => rest.push(entry),
                },
            }
        }
        for unused in free {
            self.settle(count, unused, Fate::Goes);
        }
        (rest, beside)
    }

    fn settle(&mut self, count: usize, at: usize, fate: Fate) {
        if self.present.is_empty() {
            self.present = vec![Fate::Stays; count];
        }
        if let Some(present) = self.present.get_mut(at) {
            *present = fate;
        }
    }

    /// Whether everything stays as it is.
    pub const fn is_empty(&self) -> bool {
        let [first, last] = &self.beside;
        self.present.is_empty() && self.front.is_empty() && first.is_empty() && last.is_empty() && self.back.is_empty()
    }

    /// The positions of entries that move.
    pub fn moved(&self) -> impl Iterator<Item = usize> {
        let beside = self.beside.iter().flatten().map(|(.., ours)| Fate::Becomes(*ours));
        self.present.iter().copied().chain(beside).filter_map(|fate| match fate {
            Fate::Becomes(Ours::Moved(from)) => Some(from),
            Fate::Stays | Fate::Goes | Fate::Becomes(Ours::Written(_)) => None,
        })
    }

    /// What becomes of the members that are there, by position, where it is a map: another value, or none.
    pub fn changed(&self) -> impl Iterator<Item = (usize, Option<&Written<'a>>)> {
        self.present.iter().enumerate().filter_map(|(at, fate)| match fate {
            Fate::Becomes(Ours::Written(written)) => Some((at, self.written.get(*written))),
            Fate::Goes => Some((at, None)),
            Fate::Stays | Fate::Becomes(Ours::Moved(_)) => None,
        })
    }

    /// What is new, where it is a map.
    pub fn added(&self) -> impl Iterator<Item = &Written<'a>> {
        self.back.iter().filter_map(|ours| match ours {
            Ours::Written(written) => self.written.get(*written),
            Ours::Moved(_) => None,
        })
    }

    /// Does it to `entries`. `make` gets what is written, and the entry whose place it takes.
    pub fn apply<T>(&self, entries: &mut Vec<T>, make: impl Fn(&Written<'a>, Option<&T>) -> T) {
        // Mostly there is only something new behind all.
        let [first, last] = &self.beside;
        if self.present.is_empty() && self.front.is_empty() && first.is_empty() && last.is_empty() {
            entries.reserve_exact(self.back.len());
            entries.extend(self.added().map(|written| make(written, None)));
            return;
        }
        let mut old: Vec<Option<T>> = std::mem::take(entries).into_iter().map(Some).collect();
        entries.reserve(old.len() + self.front.len() + self.back.len());
        let mut put = |old: &mut Vec<Option<T>>, ours| match ours {
            Ours::Written(written) => entries.extend(self.written.get(written).map(|written| {
                let replaced = written.replaces.and_then(|at| old.get(at)?.as_ref());
                make(written, replaced)
            })),
            Ours::Moved(from) => entries.extend(old.get_mut(from).and_then(Option::take)),
        };
        self.front.iter().for_each(|ours| put(&mut old, *ours));
        let mut beside = self.beside.each_ref().map(|beside| beside.iter().peekable());
        for at in 0..old.len() {
            for side in [Side::Before, Side::Behind] {
                for beside in &mut beside {
                    while let Some((.., ours)) = beside.next_if(|(of, on, _)| *of == at && *on == side) {
                        put(&mut old, *ours);
                    }
                }
                if side == Side::Before {
                    match self.present.get(at) {
                        None | Some(Fate::Stays) => put(&mut old, Ours::Moved(at)),
                        Some(Fate::Becomes(ours)) => put(&mut old, *ours),
                        Some(Fate::Goes) => {}
                    }
                }
            }
        }
        self.back.iter().for_each(|ours| put(&mut old, *ours));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::string_member;
    use crate::settings::{Dependency, Resolved};

    /// The list that becomes of `present`, in which the user's are lower case, ours upper case and what is taken away has
    /// a minus. `settings` are ours in their order: with `+` it is written, new or not, and otherwise it stays.
    fn list(present: &str, settings: &str) -> String {
        let names: Vec<_> = settings.split(' ').map(|name| name.trim_end_matches('+')).collect();
        let env: Vec<_> = names.iter().map(|name| format!(r#"{{"name":"{name}"}}"#)).collect();
        let mut problems = Vec::new();
        let text = format!(r#"{{"env":[{}]}}"#, env.join(","));
        let resolved = Resolved::new("dep".into(), text.into(), &mut problems);
        let dependency = Dependency::read(&resolved, &mut problems);
        let mut entries: Vec<_> = present.split(' ').map(str::to_owned).collect();
        let mut group = Group::default();
        for (at, _) in entries.iter().enumerate().filter(|(_, entry)| entry.starts_with('-')) {
            group.remove(at);
        }
        for (name, addition) in settings.split(' ').zip(&dependency.additions) {
            let at = entries.iter().position(|entry| *entry == addition.key);
            match at {
                Some(at) if !name.ends_with('+') => group.stay(at),
                at => group.write(at, addition),
            }
        }
        let edits = Edits::of_list(entries.len(), &Group::default(), &group);
        if !edits.is_empty() {
            let name = |written: &Written<'_>| string_member(written.value, "name").unwrap_or_default().into_owned();
            edits.apply(&mut entries, |written, _| name(written) + "+");
        }
        entries.join(" ")
    }

    #[test]
    fn ours_stand_in_the_order_of_the_settings() {
        for (present, settings, expected) in [
            ("a A b B c", "A B", "a A b B c"),
            ("a A b B c", "A B+", "a A b B+ c"),
            // New ones stand behind the one before them, or else before the one behind them.
            ("a b", "A+ B+", "a b A+ B+"),
            ("a A b", "A B+", "a A B+ b"),
            ("a A b B c", "A C+ B", "a A C+ b B c"),
            ("a B b", "A+ B", "a A+ B b"),
            ("a B b", "A+ B+ C+", "a A+ B+ C+ b"),
            // They fill the places of those that are taken away.
            ("a -A b B c", "C+ B", "a C+ b B c"),
            ("a A b -B c", "A C+ D+", "a A b C+ D+ c"),
            ("a -A b B c", "B", "a b B c"),
            ("a -A b B c", "B C+", "a b B C+ c"),
            ("a -A b -B -C c", "D+", "a D+ b c"),
            // What is in another order fills its places anew.
            ("a B b A c", "A B", "a A b B c"),
            ("a B b A c", "A C+ B", "a A b C+ B c"),
            ("a C b -X A c B", "A B C+", "a A b B C+ c"),
        ] {
            assert_eq!(list(present, settings), expected, "{present}: {settings}");
        }
    }
}
