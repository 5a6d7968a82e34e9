//! The pure core: a request and settings in, an answer out.
//!
//! One step a room: the settings give dependencies, with what they add; the record says what is managed already; the
//! rollout, what may happen to the template; the merge changes the object; the annotations record it.

use std::cell::OnceCell;

use crate::admission::{Answer, MutatedObject, Operation, Request, Unreadable, Verdict};
use crate::json::{ByName, Malformed, Str, joined};
use crate::merge::{
    Annotations, Audience, Conflict, FormerKeys, Known, MOST_CONFLICTS, OfOthers, Outcome, Record, Records, Says,
    apply_annotations, changed_annotations, is_in_place, put_back_metadata,
};
use crate::rollout::{
    Change, Merged, Rollout, Waiting, has_stored_template, hash_of_asking, may_change, merge_along, restore_template,
};
use crate::settings::{Dependency, Names, OwnAnnotations, Resolved, RunningNotebooks, Settings};
use crate::workload::{self, Kind, is_stopped};

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
            // Such a pod is acted on only where the settings say so.
            Err(_) if request.kind == Kind::Pod => Answer::accept(),
            Err(malformed) => bad_settings(&malformed),
        },
        Err(error) => Answer::reject(400, error.to_string()),
    }
}

/// Answers a request.
fn admit(request: Request<'_>, settings: &Settings<'_>) -> Answer {
    let mut problems = Vec::new();
    let wanted = settings.wanted(request.kind, &mut problems);
    if request.kind == Kind::Pod && wanted.is_empty() && problems.is_empty() {
        return Answer::accept();
    }
    let name = workload::name(&request.object).unwrap_or_default();
    let namespace = request.namespace.clone();
    let names = Names { namespace: &namespace, name: &name };
    let resolved = Resolved::all(settings, wanted, &names, &mut problems);
    let running_notebooks = settings.running_notebooks(&mut problems);
    let own = settings.own_annotations(&mut problems);
    let mut plan: Vec<_> = resolved.iter().map(|resolved| Dependency::read(resolved, &mut problems)).collect();
    if plan.iter().any(|dependency| dependency.selector.is_some()) {
        match workload::labels(&request.object) {
            Ok(labels) => plan.retain(|dependency| dependency.is_wanted(&labels)),
            Err(malformed) => return Answer::reject(422, malformed.to_string()),
        }
    }
    if let Some(malformed) = problems.first() {
        return bad_settings(malformed);
    }
    let is_planned = |resolved: &Resolved<'_>| plan.iter().any(|dependency| dependency.name == resolved.name);
    if let Some(nameless) = resolved.iter().find(|resolved| resolved.lacks_name && is_planned(resolved)) {
        let message = format!(
            "metadata.name: must be set, since dependency \"{}\" uses {{name}}, and a generated name is not known yet",
            nameless.name
        );
        return Answer::reject(422, message);
    }
    // Asked for where something is recorded that is not wanted, which on a CREATE is nothing.
    let known = OnceCell::new();
    let is_one_of_few = |name: &str| plan.len() <= 8 && plan.iter().any(|dependency| dependency.name == name);
    let is_ours = |name: &str| is_one_of_few(name) || known.get_or_init(|| settings.known()).contains(name);
    let is_report = settings.is_report();
    let deployed = Deployed { plan: &plan, own: &own, running_notebooks, is_report, is_ours: &is_ours };
    admit_plan(request, &deployed).unwrap_or_else(|malformed| Answer::reject(422, malformed.to_string()))
}

/// What the settings say for a request.
struct Deployed<'s> {
    plan: &'s [Dependency<'s>],
    own: &'s OwnAnnotations<'s>,
    running_notebooks: RunningNotebooks,
    /// Whether nothing is changed, and only said what would be.
    is_report: bool,
    /// Whether the settings know the dependency of this name. Any other is another policy's.
    is_ours: &'s dyn Fn(&str) -> bool,
}

fn admit_plan(mut request: Request<'_>, deployed: &Deployed<'_>) -> Result<Answer, Malformed> {
    let Deployed { plan, own, is_ours, .. } = *deployed;
    let kind = request.kind;
    if deployed.is_report {
        request.old_object = Some(request.object.clone());
        request.operation = Operation::Update;
    }
    let has = Annotations::read(own, &request.object);
    let stored_has = request.old_object.as_ref().map(|old| Annotations::read(own, old));
    if plan.is_empty() && has.is_empty() && stored_has.as_ref().is_none_or(Annotations::is_empty) {
        return Ok(Answer::accept());
    }
    let mut warnings = Vec::new();
    let text = has.injected.map(Str::decode);
    let former_keys = FormerKeys::of([Some(&request.object), request.old_object.as_ref()], kind);
    let read = |text| Record::parse(text, kind, &former_keys);
    let client = text.as_deref().map_or_else(|| Some(Record::default()), read);
    let client = client.unwrap_or_else(|| {
        warnings.push(format!("annotation {} cannot be read and is ignored", own.key(OwnAnnotations::INJECTED)));
        Record::default()
    });
    // Mostly the stored record is the client's, and so it is read once.
    let is_same_record = stored_has.as_ref().is_some_and(|stored| stored.injected == has.injected);
    let stored_text = stored_has.as_ref().filter(|_| !is_same_record).and_then(|has| has.injected).map(Str::decode);
    let stored = stored_text.as_deref().and_then(read).unwrap_or_default();
    let stored = stored_has.as_ref().map(|_| if is_same_record { &client } else { &stored });
    let foreign = [Some(&has), stored_has.as_ref()].map(|has| {
        let mut texts = Vec::new();
        if let Some(has) = has {
            texts.extend(has.foreign.iter().copied().map(Str::decode));
        }
        texts
    });
    let [foreign_of_client, foreign_of_stored] = foreign.each_ref().map(|texts| {
        let mut records = Vec::new();
        records.extend(texts.iter().filter_map(|text| read(text)));
        records
    });
    let copied = text.as_deref().filter(|_| workload::is_of_stateful_set(&request.object));
    let copied = copied.and_then(|text| Record::parse(text, Kind::Notebook, &former_keys));
    let records = Records {
        client: &client,
        stored,
        foreign_of_client: &foreign_of_client,
        foreign_of_stored: &foreign_of_stored,
        copied: copied.as_ref(),
    };

    let asks = has.apply.as_deref() == Some("now");
    // One that was called before us in this request has taken the annotation off.
    let old = request.old_object.as_ref().filter(|_| asks || client.applied.is_some());
    let before = stored.and_then(|stored| stored.applied.as_deref()).unwrap_or_default();
    let applied = old.map(|old| hash_of_asking(old, kind, before));
    let was_asked = applied.is_some() && client.applied.as_deref() == applied.as_deref();
    let is_asked_for = asks || was_asked || workload::asks_for_restart(&request.object);
    let is_asked_for = is_asked_for || deployed.is_report;
    let may_change = may_change(&request, deployed.running_notebooks, is_asked_for);
    let is_settled = !deployed.is_report
        && request.operation == Operation::Update
        && is_same_record
        && !client.is_empty()
        && client.applied.is_none()
        && stored_has.as_ref().is_some_and(|stored| has.are_settled(stored))
        && has_stored_template(&request)
        && is_in_place(&request.object, kind, &client, &foreign_of_client, plan, is_ours, may_change);
    if is_settled {
        let audit_annotations = audit([("unknown", unknown(&client, is_ours))]);
        return Ok(Answer { audit_annotations, ..Answer::accept() });
    }
    let known = Known::new(&records, is_ours, plan, false);
    let of_others = request.old_object.as_ref().map(|_| OfOthers::of(&records, is_ours)).unwrap_or_default();
    let change = Change::of(&request, &records, &of_others, plan, &known, may_change);
    let rollout = Rollout::of(&request, &change, may_change);
    let is_deferred = rollout == Rollout::Defer;
    let is_of_ours = matches!(change, Change::Ours { .. });
    let (mut restored, mut put_back) = ("", Vec::new());
    let old = request.old_object.as_ref();
    if let (Change::Ours { put_back: of_template }, true, Some(old)) = (change, is_deferred, old) {
        put_back = of_template;
        if restore_template(&mut request.object, old, kind, &of_others)? {
            restored = "template";
        }
    }
    if let (true, Some(old)) = (is_deferred, old) {
        put_back_metadata(&mut request.object, old, kind, own, &of_others)?;
    }
    // If the template is the stored one, only the stored record says whose its entries are.
    let known = if is_deferred { Known::new(&records, is_ours, plan, true) } else { known };
    let held_back = kept_without_old(&request, &client, plan, is_ours);
    let merged = match merge_along(rollout, request.object, old, kind, plan, &known, held_back)? {
        Ok(merged) => merged,
        Err(conflicts) => return Ok(Answer { warnings, ..Answer::reject(422, denial(&conflicts)) }),
    };
    let Merged { mut object, mut outcome, waiting } = merged;
    if deployed.is_report {
        return Ok(report(&outcome, &waiting, plan, &has, is_stopped(&object)));
    }
    put_back.extend(outcome.put_back);
    let mut said = ByName::default();
    warnings.extend(put_back.into_iter().filter(|warning| said.add(warning.clone())));
    warnings.extend(waiting.warnings(&own.key(OwnAnnotations::APPLY)));
    let is_for_this_client = |audience| match audience {
        Audience::Everyone => true,
        Audience::Changer => !is_deferred,
        Audience::Writer => rollout == Rollout::Enforce,
    };
    let outcome_warnings = outcome.warnings.into_iter().filter(|(audience, _)| is_for_this_client(*audience));
    warnings.extend(outcome_warnings.map(|(_, warning)| warning));

    outcome.record.keep_others(&records, &object, kind, is_ours)?;
    let deferred = waiting.names(plan);
    let pending = still_pending(&has, stored_has.as_ref(), &deferred, is_deferred, is_ours);
    let are_others =
        outcome.record.parts().any(|(name, _)| !is_ours(name)) || pending.iter().any(|name| !is_ours(name));
    let is_worth_knowing = is_of_ours || are_others || !outcome.changed.is_empty();
    outcome.record.applied = if was_asked || asks && is_worth_knowing {
        applied.map(Into::into)
    } else {
        client.applied.clone().filter(|_| !outcome.record.is_blank())
    };
    let says = Says {
        record: &outcome.record,
        was_managed: has.injected.is_some() && client.is_blank()
            || !client.is_empty()
            || stored.is_some_and(|it| !it.is_empty()),
        waiting: &pending,
        is_applied: asks && !is_deferred,
    };
    let changes = changed_annotations(own, kind, &has, &says);
    apply_annotations(&mut object, &changes)?;

    let names: Vec<_> = plan.iter().map(|it| it.name).filter(|name| outcome.changed.contains(name)).collect();
    let is_planned_alone = names.len() == outcome.changed.len();
    let planned = ByName::set(names.iter().copied().filter(|_| !is_planned_alone));
    let changed = joined(",", names.iter().copied());
    let others = outcome.changed.names().filter(|_| !is_planned_alone).map(|name| &**name);
    let removed = joined(",", others.filter(|name| !planned.contains(name)));
    let audit_annotations = audit([
        ("dependencies", changed),
        ("removed", removed),
        ("deferred", joined(",", deferred.iter().copied())),
        ("left-out", joined(",", waiting.left_out())),
        ("unknown", unknown(&outcome.record, is_ours)),
        ("restored", restored.to_owned()),
    ]);
    Ok(Answer {
        verdict: MutatedObject::of(&mut object).map_or(Verdict::Accept, Verdict::Mutate),
        warnings,
        audit_annotations,
    })
}

/// The names of the dependencies in a record that these settings do not know.
fn unknown(record: &Record<'_>, is_ours: &dyn Fn(&str) -> bool) -> String {
    joined(",", record.parts().map(|(name, _)| name).filter(|name| !is_ours(name)))
}

/// The audit annotations that say something.
fn audit<const COUNT: usize>(annotations: [(&'static str, String); COUNT]) -> Vec<(&'static str, String)> {
    let mut annotations = Vec::from(annotations);
    annotations.retain(|(_, names)| !names.is_empty());
    annotations
}

/// What the settings ask for and the object is not, where it counts as the stored one: a rejection that names the
/// dependencies (contract, "Answers").
fn report(
    outcome: &Outcome<'_>,
    waiting: &Waiting<'_>,
    plan: &[Dependency<'_>],
    has: &Annotations<'_>,
    is_stopped: bool,
) -> Answer {
    let planned = ByName::set(plan.iter().map(|it| it.name));
    // A notebook that was stopped meanwhile waits for nothing but its next update.
    let pending = ByName::set(has.pending().filter(|_| !is_stopped));
    let changed = |is_planned: bool, is_pending: bool| {
        let names = outcome.changed.names().map(|name| &**name);
        joined(", ", names.filter(|name| planned.contains(name) == is_planned && pending.contains(name) == is_pending))
    };
    let mut message = String::new();
    for (what, names) in [
        ("missing or outdated: ", changed(true, false)),
        ("waiting for a stop: ", changed(true, true)),
        ("left over: ", changed(false, false)),
        ("left over until a stop: ", changed(false, true)),
        ("in conflict with the user's entries: ", joined(", ", waiting.names(plan).into_iter())),
    ] {
        if !names.is_empty() {
            message.push_str(if message.is_empty() { "dependencies " } else { "; " });
            message.push_str(what);
            message.push_str(&names);
        }
    }
    if message.is_empty() { Answer::accept() } else { Answer::reject(422, message) }
}

/// The dependencies that stay as they are since nobody knows what was stored: those that are ours by the client's record,
/// and are not wanted.
fn kept_without_old<'n>(
    request: &Request<'_>,
    client: &'n Record<'_>,
    plan: &[Dependency<'_>],
    is_ours: &dyn Fn(&str) -> bool,
) -> ByName<'n, ()> {
    let is_unknown = request.operation == Operation::Update && request.old_object.is_none();
    let planned = ByName::set(plan.iter().filter(|_| is_unknown).map(|dependency| dependency.name));
    let names =
        client.parts().map(|(name, _)| name).filter(|name| is_unknown && is_ours(name) && !planned.contains(name));
    ByName::set(names)
}

/// The names of the dependencies that wait once the request is answered: those of `deferred`, and those of other policies,
/// as the client has them. What he lost with all our annotations is taken from the stored object while nothing changes.
fn still_pending<'n>(
    has: &'n Annotations<'_>,
    stored_has: Option<&'n Annotations<'_>>,
    deferred: &[&'n str],
    is_deferred: bool,
    is_ours: &dyn Fn(&str) -> bool,
) -> Vec<&'n str> {
    let lost = stored_has.filter(|stored| is_deferred && stored.injected.is_some() && has.is_empty());
    let waits = ByName::set(deferred.iter().copied());
    let mut names: Vec<_> =
        lost.unwrap_or(has).pending().filter(|name| waits.contains(name) || !is_ours(name)).collect();
    let named = ByName::set(names.iter().copied());
    names.extend(deferred.iter().filter(|name| !named.contains(name)));
    names
}

/// Why a request is denied, a line for each conflict.
fn denial(conflicts: &[Conflict<'_>]) -> String {
    let describe = |Conflict { subject, problem, advice, .. }: &Conflict<'_>| {
        format!("{subject} is set already {problem}; {advice}")
    };
    let mut lines: Vec<_> = conflicts.iter().take(MOST_CONFLICTS).map(describe).collect();
    if conflicts.len() > MOST_CONFLICTS {
        lines.push(format!("and {} more conflicts", conflicts.len() - MOST_CONFLICTS));
    }
    joined("\n", lines.iter().map(|line| &**line))
}

fn bad_settings(malformed: &Malformed) -> Answer {
    Answer::reject(500, format!("the policy's settings cannot be read: {malformed}"))
}
