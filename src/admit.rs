//! The pure core: a request and settings in, an answer out.
//!
//! One room after the other: the settings give dependencies, these give additions; the record says what is ours
//! already, the course what may happen to the template; the merge does it, and the annotations say so.

use crate::annotations::{self, Annotations};
use crate::answer::{Answer, MutatedObject, Verdict};
use crate::course::{Course, Merged, merge_along};
use crate::dependency::{Dependency, Names, Resolved};
use crate::document::Malformed;
use crate::merge::Record;
use crate::settings::{RunningNotebooks, Settings};
use crate::workload::{self, Request, Unreadable};

/// Answers the payload of `validate`, whatever bytes it is.
///
/// A request that is none of our business is accepted, and its settings are not read. What is no request at all is
/// rejected with 400, and settings that cannot be read with 500.
#[must_use]
pub fn validate(payload: &[u8]) -> Answer {
    let request = simdutf8::compat::from_utf8(payload)
        .map_err(|error| Unreadable::NotUtf8 { at: error.valid_up_to() })
        .and_then(Request::read);
    match request {
        Ok(None) => Answer::accept(),
        Ok(Some((request, settings))) => match Settings::try_from(settings) {
            Ok(settings) => admit(request, &settings),
            Err(error) => bad_settings(&error),
        },
        Err(error) => Answer::reject(400, error.to_string()),
    }
}

/// Answers a request.
#[must_use]
pub fn admit(request: Request<'_>, settings: &Settings<'_>) -> Answer {
    let name = workload::name(&request.object).unwrap_or_default();
    let namespace = request.namespace.clone();
    let names = Names { namespace: &namespace, name: &name };
    let read = || {
        let resolved = Resolved::all(settings, settings.wanted(request.kind)?, &names)?;
        Ok((resolved, settings.running_notebooks()?, settings.annotation_domain()?))
    };
    let (resolved, running_notebooks, domain) = match read() {
        Ok(read) => read,
        Err(error) => return bad_settings(&error),
    };
    match resolved.iter().map(Dependency::read).collect::<Result<Vec<_>, _>>() {
        Ok(plan) => admit_plan(request, &plan, running_notebooks, Annotations { domain: &domain })
            .unwrap_or_else(|malformed| Answer::reject(422, malformed.to_string())),
        Err(error) => bad_settings(&error),
    }
}

fn admit_plan(
    request: Request<'_>,
    plan: &[Dependency<'_>],
    running_notebooks: RunningNotebooks,
    ours: Annotations<'_>,
) -> Result<Answer, Malformed> {
    let old_object = request.old_object.as_ref();
    if plan.is_empty() && !ours.are_on(&request.object) && !old_object.is_some_and(|old| ours.are_on(old)) {
        return Ok(Answer::accept());
    }
    let mut warnings = Vec::new();
    let record = ours.record(&request.object).unwrap_or_else(|warning| {
        warnings.push(warning);
        Record::default()
    });
    let stored = old_object.and_then(|old| ours.record(old).ok());
    let record = stored.iter().cloned().fold(record, Record::with);

    let course = Course::of(&request, running_notebooks, &record);
    // Where the stored template stays, so does what was known of it: what the client claims beside is not ours.
    let known = stored.as_ref().filter(|_| course == Course::Freeze).unwrap_or(&record);
    let merged = merge_along(course, request.object, old_object, request.kind, plan, known)?;
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
    let changes = ours.changes(&object, &record, &outcome.record, &deferred);
    let mut object = object;
    annotations::apply(&mut object, &changes)?;
    let is_planned = |name: &str| plan.iter().any(|dependency| dependency.name == name);
    let did = joined(plan.iter().map(|dependency| dependency.name).filter(|name| outcome.changed.contains(*name)));
    let removed = joined(outcome.changed.iter().copied().filter(|name| !is_planned(name)));
    let audit_annotations = [("dependencies", did), ("removed", removed), ("deferred", deferred)];
    Ok(Answer {
        verdict: MutatedObject::of(&mut object).map_or(Verdict::Accept, Verdict::Mutate),
        warnings,
        audit_annotations: audit_annotations.into_iter().filter(|(_, names)| !names.is_empty()).collect(),
    })
}

/// Names, as annotations list them.
fn joined<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut list = String::new();
    for name in names {
        list.push_str(if list.is_empty() { "" } else { "," });
        list.push_str(name);
    }
    list
}

fn bad_settings(error: &Malformed) -> Answer {
    Answer::reject(500, format!("the settings of the policy cannot be read: {error}"))
}
