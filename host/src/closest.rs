//! What somebody may have meant by a name that nothing has.

/// The one of `known` that is closest to `name`, if it is close enough to be meant; as the policy looks for it too.
#[must_use]
pub fn closest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let lower = name.to_lowercase();
    let with_distance = known.iter().map(|known| (distance(&lower, &known.to_lowercase()), *known));
    let (distance, closest) = with_distance.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= closest.chars().count()).then_some(closest)
}

/// `; did you mean that?`, or nothing.
#[must_use]
pub fn hint(name: &str, known: &[&str]) -> String {
    closest(name, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default()
}

/// How many slips make one of the other: a character too many, one too few, another one, or two swapped.
fn distance(one: &str, other: &str) -> usize {
    let [one, other]: [Vec<char>; 2] = [one, other].map(|text| text.chars().collect());
    // The rows for the last two characters of `one`, and the one in the making.
    let mut rows: [Vec<usize>; 3] = [Vec::new(), Vec::new(), (0..=other.len()).collect()];
    for (i, a) in one.iter().enumerate() {
        rows.rotate_left(1);
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = rows[1][j] + usize::from(a != b);
            let mut least = replaced.min(rows[1][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(rows[0][j - 1] + 1);
            }
            row.push(least);
        }
        rows[2] = row;
    }
    rows[2][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (one, other, slips) in [
            ("", "", 0),
            ("", "ab", 2),
            ("object", "object", 0),
            ("objct", "object", 1),
            ("obejct", "object", 1),
            ("objekt", "object", 1),
            ("ca", "abc", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), slips, "{one} {other}");
            assert_eq!(distance(other, one), slips, "{one} {other}");
        }
    }

    #[test]
    fn what_is_close_enough() {
        let known = ["object", "oldObject", "upgradeFrom"];
        for (name, meant) in [
            ("Object", Some("object")),
            ("objects", Some("object")),
            ("old-object", Some("oldObject")),
            ("upgrade_from", Some("upgradeFrom")),
            ("settings", None),
            ("", None),
        ] {
            assert_eq!(closest(name, &known), meant, "{name}");
        }
        assert_eq!(closest("a", &[]), None);
        assert_eq!(hint("objct", &known), "; did you mean object?");
        assert_eq!(hint("settings", &known), "");
    }
}
