//! The pure core: a request and settings in, an answer out.
//!
//! One room after the other: the settings give dependencies, these give additions; the record says what is ours
//! already, the course what may happen to the template; the merge does it, and the annotations say so.

use crate::annotations::{self, Annotations};
use crate::answer::{Answer, MutatedObject, Verdict};
use crate::course::{Course, Merged, merge_along};
use crate::dependency::{Dependency, Names, Resolved};
use crate::document::Malformed;
use crate::settings::Settings;
use crate::workload::{self, Kind, Request, Unreadable};

/// Answers the payload of `validate`, whatever bytes it is.
///
/// A request that is none of our business is accepted, and its settings are not read. What is no request at all is
/// rejected with 400, and settings that cannot be read with 500.
#[must_use]
pub fn validate(payload: &[u8]) -> Answer {
    let request = std::str::from_utf8(payload)
        .map_err(|error| Unreadable::NotUtf8 { at: error.valid_up_to() })
        .and_then(Request::read);
    match request {
        Ok(None) => Answer::accept(),
        Ok(Some((request, settings))) => match Settings::read(&settings) {
            Ok(settings) => admit(request, &settings),
            Err(error) => bad_settings(&error),
        },
        Err(error) => Answer::reject(400, error.to_string()),
    }
}

/// Answers a request.
#[must_use]
pub fn admit(request: Request<'_>, settings: &Settings<'_>) -> Answer {
    let wanted = match request.kind {
        Kind::Notebook => &settings.notebooks,
        Kind::PipelinePod => &settings.pipeline_pods,
    };
    let name = workload::name(&request.object).unwrap_or_default();
    let namespace = request.namespace.clone();
    let names = Names { namespace: &namespace, name: &name };
    let resolved = match Resolved::all(settings, wanted, &names) {
        Ok(resolved) => resolved,
        Err(error) => return bad_settings(&error),
    };
    match resolved.iter().map(Dependency::read).collect::<Result<Vec<_>, _>>() {
        Ok(plan) => {
            admit_plan(request, settings, &plan).unwrap_or_else(|malformed| Answer::reject(422, malformed.to_string()))
        }
        Err(error) => bad_settings(&error),
    }
}

fn admit_plan(request: Request<'_>, settings: &Settings<'_>, plan: &[Dependency<'_>]) -> Result<Answer, Malformed> {
    let ours = Annotations::of(&settings.annotation_domain);
    if plan.is_empty()
        && !ours.are_on(&request.object)
        && !request.old_object.as_ref().is_some_and(|it| ours.are_on(it))
    {
        return Ok(Answer::accept());
    }
    let mut warnings = Vec::new();
    let record = ours.record(&request.object).unwrap_or_else(|warning| {
        warnings.push(warning);
        Default::default()
    });
    let stored = request.old_object.as_ref().and_then(|old| ours.record(old).ok()).unwrap_or_default();
    let record = record.with(stored);

    let course = Course::of(&request, settings.running_notebooks, &record);
    let merged = merge_along(course, request.object, request.old_object.as_ref(), request.kind, plan, &record)?;
    let (object, outcome, waiting) = match merged {
        Merged::Object(object, outcome, waiting) => (object, outcome, waiting),
        Merged::Denied(conflicts) => {
            let messages: Vec<_> = conflicts.into_iter().map(|conflict| conflict.message).collect();
            return Ok(Answer { warnings, ..Answer::reject(422, messages.join("\n")) });
        }
    };
    warnings.extend(waiting.warnings());
    warnings.extend(outcome.warnings);

    let deferred = waiting.names(plan);
    let changes = ours.changes(&object, &outcome.record, &deferred);
    let mut object = object;
    annotations::apply(&mut object, &changes)?;
    if !object.is_changed() {
        return Ok(Answer { warnings, ..Answer::accept() });
    }
    let is_planned = |name: &str| plan.iter().any(|it| it.name == name);
    let did: Vec<_> = plan.iter().map(|it| it.name).filter(|name| outcome.changed.contains(*name)).collect();
    let removed: Vec<_> = outcome.changed.iter().map(String::as_str).filter(|name| !is_planned(name)).collect();
    let audit_annotations = [("dependencies", did.join(",")), ("removed", removed.join(",")), ("deferred", deferred)];
    Ok(Answer {
        verdict: Verdict::Mutate(MutatedObject::written(&object)),
        warnings,
        audit_annotations: audit_annotations.into_iter().filter(|(_, names)| !names.is_empty()).collect(),
    })
}

fn bad_settings(error: &Malformed) -> Answer {
    Answer::reject(500, format!("the settings of the policy cannot be read: {error}"))
}
