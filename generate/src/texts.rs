//! `texts.yaml` and `introduction.md`: what people read of the settings.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::policy::own_objects;

/// What the reference begins with.
pub const INTRODUCTION: &str = include_str!("../introduction.md");

/// The texts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    objects: BTreeMap<String, Section>,
    /// The section of Kubernetes' own types.
    pub kubernetes: Section,
}

/// A section of the reference.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// What stands below the heading.
    pub text: String,
    #[serde(default)]
    members: BTreeMap<String, Word>,
}

/// What a member of the settings means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// What it does.
    pub meaning: String,
    /// What counts where it is left out, if something does.
    pub default: Option<String>,
    /// A value, in YAML.
    pub example: String,
}

impl Texts {
    /// Reads `texts.yaml`.
    ///
    /// # Errors
    /// It has another shape, or other objects and members than the settings.
    pub fn read() -> Result<Self, String> {
        let failed = |what: String| format!("generate/texts.yaml: {what}");
        let texts: Self =
            yaml_serde::from_str(include_str!("../texts.yaml")).map_err(|error| failed(error.to_string()))?;
        let known: Vec<_> = own_objects()
            .into_iter()
            .flat_map(|(name, object)| object.members.iter().map(move |member| (name, member.name)))
            .collect();
        let said: Vec<_> = texts.words().map(|(of, name, _)| (of, name)).collect();
        if let Some((of, name)) = said.iter().find(|word| !known.contains(word)) {
            return Err(failed(format!("{of}.{name} is not a setting")));
        }
        match known.iter().find(|word| !said.contains(word)) {
            Some((of, name)) => Err(failed(format!("nothing says what {of}.{name} means"))),
            None => Ok(texts),
        }
    }

    /// The section of one of the settings' own objects.
    pub fn section(&self, of: &str) -> Option<&Section> {
        self.objects.get(of)
    }

    /// What a member of one of the settings' own objects means.
    pub fn word(&self, of: &str, name: &str) -> Option<&Word> {
        self.section(of)?.members.get(name)
    }

    /// Every member that has a text, with the object that it belongs to.
    pub fn words(&self) -> impl Iterator<Item = (&str, &str, &Word)> {
        let objects = self.objects.iter();
        objects.flat_map(|(of, section)| section.members.iter().map(|(name, word)| (&**of, &**name, word)))
    }
}
