//! What is written is the same to a client that reads it into types, as every controller does (contract, "Equality"): its
//! types are those of Kubernetes, of the crate k8s-openapi, and it writes them as Go does.

use k8s_openapi::api::core::v1::PodSpec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::server::fill_in_defaults;
use crate::generate::{Case, case};
use crate::holds::{has_unique_containers, is_settled};
use crate::objects::{Kind, update};
use crate::run::check;

/// Contract, "Already present" and "Equality": what the policy has made of an object is accepted as it is once it has been
/// through Go's types and the server's defaults, as between two calls in one request.
#[test]
fn twice_is_once_after_a_typed_round_trip() {
    check(&case(), |case| {
        let Some(case) = case_of_known_fields(case) else { return Ok(()) };
        let kind = case.kind();
        case.is_settled_after(|object| {
            fill_in_defaults(object, kind);
            through_go(object, kind).map_err(TestCaseError::fail)
        })
    });
}

/// Contract, "Running notebooks" and "Equality": a client that writes a stored notebook through Go's types changes nothing:
/// nothing is restarted, nothing is put back, nothing waits that has not waited before.
#[test]
fn a_controllers_update_is_accepted_as_it_is() {
    check(&case(), |case| {
        let Some(case) = case_of_known_fields(case) else { return Ok(()) };
        let answer = case.ask()?;
        let Some(stored) = case.stored(answer) else { return Ok(()) };
        let mut written = stored.clone();
        through_go(&mut written, Kind::Notebook).map_err(TestCaseError::fail)?;
        is_settled(&Case { request: update(stored, written.clone()), ..case.clone() })?;
        is_settled(&Case { request: update(written.clone(), written), ..case })
    });
}

/// The case with pod specs of which the types know every field; `None` where the API server would refuse one, since it is no
/// pod spec, or since containers have one name.
fn case_of_known_fields(mut case: Case) -> Option<Case> {
    let kind = case.kind();
    if !has_unique_containers(&case.request["object"], kind) {
        return None;
    }
    for object in ["object", "oldObject"] {
        if let Some(spec) = case.request.get_mut(object).and_then(|object| object.pointer_mut(kind.pod_spec())) {
            *spec = typed(spec).ok()?;
        }
    }
    Some(case)
}

/// A pod spec as the types have it.
///
/// # Errors
/// It has a value of another type.
pub fn typed(spec: &Value) -> Result<Value, String> {
    let mut spec = spec.clone();
    write_quantities(&mut spec, &|amount| amount.as_str().map_or_else(|| amount.to_string(), str::to_owned));
    let read: PodSpec = serde_json::from_value(spec).map_err(|error| error.to_string())?;
    serde_json::to_value(read).map_err(|error| error.to_string())
}

/// Writes the pod spec of an object as a client in Go does that has read it.
fn through_go(object: &mut Value, kind: Kind) -> Result<(), String> {
    if let Some(spec) = object.pointer_mut(kind.pod_spec()) {
        *spec = typed(spec)?;
        write_quantities(spec, &|amount| canonical(amount.as_str().unwrap_or_default()));
        write_as_go(spec);
        for list in ["containers", "initContainers"] {
            for container in spec[list].as_array_mut().into_iter().flatten() {
                if container["resources"].is_null() {
                    container["resources"] = json!({});
                }
            }
        }
    }
    if object["metadata"].is_object() && object["metadata"]["creationTimestamp"].is_null() {
        object["metadata"]["creationTimestamp"] = Value::Null;
    }
    Ok(())
}

/// Fields of which Go's type is no pointer: they are left out at zero (`omitempty`). None of these names is a pointer in
/// another type of a pod spec, but for the two of [`is_pointer`].
const LEFT_OUT_AT_ZERO: [&str; 36] = [
    "audience",
    "containerName",
    "dnsPolicy",
    "effect",
    "failureThreshold",
    "fsType",
    "hostIP",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPort",
    "hostname",
    "imagePullPolicy",
    "initialDelaySeconds",
    "medium",
    "nodeName",
    "periodSeconds",
    "prefix",
    "priorityClassName",
    "readOnly",
    "restartPolicy",
    "schedulerName",
    "scheme",
    "secretName",
    "serviceAccount",
    "serviceAccountName",
    "stdin",
    "stdinOnce",
    "subPath",
    "subPathExpr",
    "subdomain",
    "successThreshold",
    "timeoutSeconds",
    "tty",
    "value",
    "workingDir",
];

/// Whether the member of this object is a pointer, though its name is in [`LEFT_OUT_AT_ZERO`]: the `readOnly` of a CSI
/// volume, and the `value` of an option of a resolver.
fn is_pointer(parent: &str, name: &str) -> bool {
    [("csi", "readOnly"), ("options", "value")].contains(&(parent, name))
}

/// Maps whose keys users choose: their values are values.
const OF_USERS: [&str; 6] = ["labels", "annotations", "matchLabels", "nodeSelector", "volumeAttributes", "limits"];

fn write_as_go(spec: &mut Value) {
    write_member(spec, "");
}

/// Writes a value that is a member called `name`, or an item of one.
fn write_member(value: &mut Value, name: &str) {
    match value {
        Value::Object(_) if OF_USERS.contains(&name) => {}
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, value)| write_member(value, name));
            members.retain(|member, value| !is_left_out(name, member, value));
            if members.contains_key("resource") {
                members.entry("divisor").or_insert_with(|| json!("0"));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| write_member(item, name)),
        _ => {}
    }
}

fn is_left_out(parent: &str, member: &str, value: &Value) -> bool {
    let is_zero = [json!(""), json!(0), json!(false)].contains(value);
    let is_map_or_list = match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty() && (OF_USERS.contains(&member) || member == "requests"),
        _ => false,
    };
    value.is_null() || is_map_or_list || is_zero && LEFT_OUT_AT_ZERO.contains(&member) && !is_pointer(parent, member)
}

/// Writes every quantity of a pod spec.
fn write_quantities(value: &mut Value, write: &dyn Fn(&Value) -> String) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), &mut *value) {
                    ("limits" | "requests" | "overhead", Value::Object(amounts)) => {
                        amounts
                            .values_mut()
                            .filter(|it| is_amount(it))
                            .for_each(|amount| *amount = json!(write(amount)));
                    }
                    ("sizeLimit" | "divisor", amount) if is_amount(amount) => *amount = json!(write(amount)),
                    (_, value) => write_quantities(value, write),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| write_quantities(item, write)),
        _ => {}
    }
}

fn is_amount(value: &Value) -> bool {
    value.is_string() || value.is_number()
}

/// A quantity as Go writes it: with the largest suffix of its kind that needs no fraction.
fn canonical(text: &str) -> String {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let suffix = &text[digits.len()..];
    let binary = ["", "Ki", "Mi", "Gi", "Ti"];
    let decimal = ["m", "", "k", "M", "G", "T"];
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let parsed = format!("{whole}{fraction:0<9}").parse::<i128>();
    let is_quantity = !whole.is_empty() && fraction.len() <= 9;
    let (Ok(billionths), true) = (parsed, is_quantity) else { return text.to_owned() };
    let power = |base: i128, at: usize| (0..at).fold(1, |factor, _| factor * base);
    let is_binary = suffix.ends_with('i');
    let factor = match suffix {
        "m" => 1,
        _ if is_binary => 1000 * power(1024, binary.iter().position(|it| *it == suffix).unwrap_or_default()),
        _ => power(1000, decimal.iter().position(|it| *it == suffix).unwrap_or_default()),
    };
    let thousandths = billionths * factor / 1_000_000_000;
    let (suffixes, base, mut amount) = if is_binary && thousandths % 1000 == 0 {
        (&binary[..], 1024, thousandths / 1000)
    } else {
        (&decimal[..], 1000, thousandths)
    };
    let mut at = 0;
    while at + 1 < suffixes.len() && amount != 0 && amount % base == 0 {
        (at, amount) = (at + 1, amount / base);
    }
    if amount == 0 { "0".to_owned() } else { format!("{amount}{}", suffixes[at]) }
}

/// Quantities are written as `resource.Quantity` of Go does.
#[test]
fn quantities_are_written_as_go_does() {
    for (text, written) in [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1", "1"),
        ("2", "2"),
        ("1.2Gi", "1288490188800m"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("1.0Gi", "1Gi"),
        ("64M", "64M"),
        ("1073741824", "1073741824"),
        ("0", "0"),
        ("2000", "2k"),
    ] {
        assert_eq!(canonical(text), written, "{text}");
    }
}
