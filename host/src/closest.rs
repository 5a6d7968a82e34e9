//! What somebody may have meant by a name that nothing has.

use strsim::osa_distance;

/// The one of `known` that is closest to `name`, if it is close enough to be meant; as the policy looks for it too.
#[must_use]
pub fn closest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let lower = name.to_lowercase();
    let with_distance = known.iter().map(|known| (osa_distance(&lower, &known.to_lowercase()), *known));
    let (distance, closest) = with_distance.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= closest.chars().count()).then_some(closest)
}

/// `; did you mean that?`, or nothing.
#[must_use]
pub fn hint(name: &str, known: &[&str]) -> String {
    closest(name, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_close_enough() {
        let known = ["object", "oldObject", "upgradeFrom"];
        for (name, meant) in [
            ("Object", Some("object")),
            ("obejct", Some("object")),
            ("obj", None),
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
