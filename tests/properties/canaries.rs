//! Canaries: a text that stands for a secret is put into every place of settings and of objects where a value may be one,
//! and no part of it may be in what the policy says (contract, "Names, never values", "Settings checks").

mod broken;
mod corpus;
mod life;
mod messages;
mod places;
mod random;
mod requests;
mod said;
mod settings;

/// The tests stand on it: nothing has by itself what only canaries have, and there is enough of everything.
#[test]
fn there_is_no_canary_but_those_of_the_tests() {
    let (settings, requests) = (corpus::settings(), corpus::requests());
    assert!(settings.len() >= 250 && requests.len() >= 120, "{} {}", settings.len(), requests.len());
    for (name, settings) in settings {
        assert!(!places::has_canary(&settings.to_string()), "{name}");
    }
    for corpus::Request { name, object, old_object, .. } in requests {
        assert!(![object, old_object].iter().any(|it| places::has_canary(&it.to_string())), "{name}");
    }
}
