//! The pure core: a request and settings in, an answer out.
//!
//! One step a room: the settings give dependencies, with what they add; the record says what is managed already; the
//! rollout, what may happen to the template; the merge changes the object; the annotations record it.

use crate::admission::{Answer, MutatedObject, Request, Unreadable, Verdict};
use crate::json::Malformed;
use crate::merge::{Record, apply_annotations, changed_annotations, has_annotations, record_of};
use crate::rollout::{Merged, Rollout, merge_along};
use crate::settings::{Dependency, Names, OwnAnnotations, Resolved, RunningNotebooks, Settings};
use crate::workload;

/// Answers the payload of `validate`, whatever bytes it is.
///
/// A request that is out of scope is accepted, and its settings are not read. What is not a request at all is rejected with
/// 400, and settings that cannot be read with 500.
pub fn validate(payload: &[u8]) -> Answer {
    let request = simdutf8::compat::from_utf8(payload)
        .map_err(|error| Unreadable::NotUtf8 { at: error.valid_up_to() })
        .and_then(Request::read);
    match request {
        Ok(None) => Answer::accept(),
        Ok(Some((request, settings))) => match Settings::try_from(settings) {
            Ok(settings) => admit(request, &settings),
            Err(malformed) => bad_settings(&malformed),
        },
        Err(error) => Answer::reject(400, error.to_string()),
    }
}

/// Answers a request.
fn admit(request: Request<'_>, settings: &Settings<'_>) -> Answer {
    let name = workload::name(&request.object).unwrap_or_default();
    let namespace = request.namespace.clone();
    let names = Names { namespace: &namespace, name: &name };
    let mut problems = Vec::new();
    let wanted = settings.wanted(request.kind, &mut problems);
    let resolved = Resolved::all(settings, wanted, &names, &mut problems);
    let running_notebooks = settings.running_notebooks(&mut problems);
    let own = settings.own_annotations(&mut problems);
    let plan: Vec<_> = resolved.iter().map(|resolved| Dependency::read(resolved, &mut problems)).collect();
    match problems.first() {
        None => admit_plan(request, &plan, running_notebooks, &own)
            .unwrap_or_else(|malformed| Answer::reject(422, malformed.to_string())),
        Some(malformed) => bad_settings(malformed),
    }
}

fn admit_plan(
    request: Request<'_>,
    plan: &[Dependency<'_>],
    running_notebooks: RunningNotebooks,
    own: &OwnAnnotations<'_>,
) -> Result<Answer, Malformed> {
    let old_object = request.old_object.as_ref();
    let has_own = |object| has_annotations(own, object);
    if plan.is_empty() && !has_own(&request.object) && !old_object.is_some_and(has_own) {
        return Ok(Answer::accept());
    }
    let mut warnings = Vec::new();
    let record = record_of(own, &request.object).unwrap_or_else(|warning| {
        warnings.push(warning);
        Record::default()
    });
    let stored = old_object.and_then(|old| record_of(own, old).ok());
    let record = stored.iter().cloned().fold(record, Record::with);

    let rollout = Rollout::of(&request, running_notebooks, &record);
    // If the stored template is kept, only the stored record counts: the client's is ignored.
    let known = stored.as_ref().filter(|_| rollout == Rollout::Defer).unwrap_or(&record);
    let merged = merge_along(rollout, request.object, old_object, request.kind, plan, known)?;
    let (mut object, outcome, waiting) = match merged {
        Merged::Object(object, outcome, waiting) => (object, outcome, waiting),
        Merged::Denied(conflicts) => {
            let messages: Vec<_> = conflicts.into_iter().map(|conflict| conflict.message).collect();
            return Ok(Answer { warnings, ..Answer::reject(422, messages.join("\n")) });
        }
    };
    warnings.extend(waiting.warnings());
    warnings.extend(outcome.warnings);

    let deferred = waiting.names(plan);
    let changes = changed_annotations(own, &object, &record, &outcome.record, &deferred);
    apply_annotations(&mut object, &changes)?;
    let is_planned = |name: &str| plan.iter().any(|dependency| dependency.name == name);
    let changed = joined(plan.iter().map(|dependency| dependency.name).filter(|name| outcome.changed.contains(*name)));
    let removed = joined(outcome.changed.iter().copied().filter(|name| !is_planned(name)));
    let audit_annotations = [("dependencies", changed), ("removed", removed), ("deferred", deferred)];
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

fn bad_settings(malformed: &Malformed) -> Answer {
    Answer::reject(500, format!("the settings of the policy cannot be read: {malformed}"))
}
