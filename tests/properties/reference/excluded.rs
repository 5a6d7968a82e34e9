//! What the API server refuses in combination with what the user wrote (contract, "Conflicts").

use serde_json::Value;

use super::meaning::quantity;
use super::parts::{Field, fields};
use super::place::{Document, Slot};

type Place = (Slot, String);

/// Whether the API server would refuse `ours` beside something of the user's.
pub fn is_excluded(document: &Document, place: &Place, ours: &Value, is_users: &dyn Fn(&Place) -> bool) -> bool {
    let (slot, key) = place;
    let beside = |name: &str, key: &str| -> Value {
        let field = field(name);
        let place = (Slot { field, container: slot.container.clone() }, key.to_owned());
        let value = document.get(&place.0, &place.1).ok().flatten().unwrap_or_default();
        if is_users(&place) { value } else { Value::Null }
    };
    let spec = document.spec();
    let has_admin = |value: &Value| {
        let mut all = value["add"].as_array().into_iter().flatten();
        all.any(|it| it == "SYS_ADMIN" || it == "CAP_SYS_ADMIN")
    };
    match (slot.field.place, key.as_str()) {
        ("limits", _) => !may_be_requested(key, &beside("requests", key), ours),
        ("requests", _) => !may_be_requested(key, ours, &beside("limits", key)),
        ("containerSecurityContext", "allowPrivilegeEscalation") if ours == false => {
            beside("containerSecurityContext", "privileged") == true
                || has_admin(&beside("containerSecurityContext", "capabilities"))
        }
        ("containerSecurityContext", "privileged") if ours == true => {
            beside("containerSecurityContext", "allowPrivilegeEscalation") == false
        }
        ("containerSecurityContext", "capabilities") if has_admin(ours) => {
            beside("containerSecurityContext", "allowPrivilegeEscalation") == false
        }
        ("spec", "shareProcessNamespace") => ours == true && spec["hostPID"] == true,
        ("spec", "hostUsers") => {
            ours == false && ["hostPID", "hostNetwork", "hostIPC"].iter().any(|name| spec[*name] == true)
        }
        ("container", "lifecycle") => {
            let at = slot.container.as_deref().and_then(|name| document.container(name)).unwrap_or_default();
            let container = document.object.pointer(&at).unwrap_or(&Value::Null);
            at.contains("/initContainers/") && container["restartPolicy"] != "Always"
        }
        _ => false,
    }
}

fn field(place: &str) -> &'static Field {
    fields().find(|it| it.place == place).expect("a field")
}

/// A request is at most its limit; of an extended resource or huge pages it is the limit.
fn may_be_requested(resource: &str, request: &Value, limit: &Value) -> bool {
    let (Some(request), Some(limit)) = (quantity(request), quantity(limit)) else { return true };
    let is_extended = resource.contains('/') && !resource.contains("kubernetes.io/");
    let is_whole = is_extended || resource.starts_with("hugepages-");
    request == limit || request < limit && !is_whole
}
