//! What became of an object under the policies that its namespace has had, made by the real module.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::dice::Dice;
use crate::{
    event::Event,
    manifest::{Operation, request_for},
    policy::Policy,
    yaml,
};

/// The record, which the webhook before this policy did not write.
const RECORD: &str = "mutatingflow.nais.io/injected";

/// What added something to objects, in the order in which a cluster has had them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Era {
    /// Nothing did.
    Nothing,
    /// The webhook before this policy.
    Webhook,
    /// This policy with `test_data/cluster/older.yaml`.
    Older,
    /// This policy with `test_data/settings.yaml`.
    Present,
}

/// The eras, and what each does to an object.
pub(super) struct Eras<'p> {
    policy: &'p Policy,
    webhook: Value,
    older: Value,
    present: Value,
}

impl<'p> Eras<'p> {
    pub(super) fn new(policy: &'p Policy) -> Result<Self> {
        let read = |name: &str, text: &str| {
            let settings = yaml::value(text).with_context(|| name.to_owned())?;
            let answer = policy.validate_settings(&settings);
            if !answer.valid {
                bail!("the policy does not accept {name}: {}", answer.message.unwrap_or_default());
            }
            Ok(settings)
        };
        Ok(Self {
            policy,
            webhook: read("nais/settings.yaml", include_str!("../../../test_data/nais/settings.yaml"))?,
            older: read("cluster/older.yaml", include_str!("../../../test_data/cluster/older.yaml"))?,
            present: read("settings.yaml", include_str!("../../../test_data/settings.yaml"))?,
        })
    }

    /// The object as it is stored when it is created in `era`, and the era of which that is true: what is refused was
    /// there before it would have been.
    pub(super) fn created(&self, era: Era, object: &Value) -> Result<(Era, Value)> {
        let (before, settings) = match era {
            Era::Nothing => return Ok((era, object.clone())),
            Era::Webhook => (Era::Nothing, &self.webhook),
            Era::Older => (Era::Webhook, &self.older),
            Era::Present => (Era::Older, &self.present),
        };
        let request = request_for(object.clone(), Operation::Create, None)?;
        let response = self.policy.validate(&request, settings);
        if !response.allowed {
            return self.created(before, object);
        }
        let mut created = response.apply_to(&request.object.unwrap_or_default())?;
        if era == Era::Webhook
            && let Some(annotations) = created.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut)
        {
            annotations.remove(RECORD);
        }
        Ok((era, created))
    }

    /// What becomes of a notebook of `created` until the end of `last`, if it runs all the time; it may be started anew.
    pub(super) fn lived(&self, created: Era, last: Era, notebook: Value, dice: &mut Dice) -> Result<Value> {
        let mut notebook = notebook;
        for (era, settings) in [(Era::Older, &self.older), (Era::Present, &self.present)] {
            if created < era && era <= last {
                let event = if dice.chance(50) { Event::Start } else { Event::Touch };
                notebook = self.after(event, &notebook, settings)?;
            }
        }
        Ok(notebook)
    }

    /// What becomes of a notebook that is stopped in `era`.
    pub(super) fn stopped(&self, era: Era, notebook: Value) -> Result<Value> {
        match era {
            Era::Nothing | Era::Webhook => Ok(notebook),
            Era::Older => self.after(Event::Stop, &notebook, &self.older),
            Era::Present => self.after(Event::Stop, &notebook, &self.present),
        }
    }

    fn after(&self, event: Event, notebook: &Value, settings: &Value) -> Result<Value> {
        let request = event.request(notebook)?;
        let response = self.policy.validate(&request, settings);
        if !response.allowed {
            bail!("{event:?}: {}", response.status.unwrap_or_default().message.unwrap_or_default());
        }
        response.apply_to(&request.object.unwrap_or_default())
    }
}
