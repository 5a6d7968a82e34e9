//! The admission request, with exactly the fields that the policy server knows.
//!
//! The server reads a request into a typed structure and writes that structure to the guest. So what it has no field
//! for is gone, and an absent, a `null` and an empty optional field look the same to the guest: left out. A policy
//! tested on the raw text would be tested on something it never sees.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::document;

/// `AdmissionRequest` of `admission.k8s.io/v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest {
    /// Names this request; the response repeats it.
    pub uid: String,
    /// The kind of the object as the webhook asked for it.
    pub kind: GroupVersionKind,
    /// The resource as the webhook asked for it.
    pub resource: GroupVersionResource,
    /// `status`, `scale` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_resource: Option<String>,
    /// The kind that the client used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_kind: Option<GroupVersionKind>,
    /// The resource that the client used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_resource: Option<GroupVersionResource>,
    /// The subresource that the client used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_sub_resource: Option<String>,
    /// The object's name; absent while the server still has to generate it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The object's namespace; absent for what lives in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: String,
    /// Who asks.
    pub user_info: UserInfo,
    /// The object as it would be stored; absent on `DELETE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Value>,
    /// The object as it is stored now; on `UPDATE` and `DELETE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_object: Option<Value>,
    /// Whether the outcome will be thrown away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// `CreateOptions`, `UpdateOptions` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Value>,
}

/// A kind with its group and version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupVersionKind {
    /// Empty for the core group.
    pub group: String,
    /// Such as `Notebook`.
    pub kind: String,
    /// Such as `v1beta1`.
    pub version: String,
}

/// A resource with its group and version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupVersionResource {
    /// Empty for the core group.
    pub group: String,
    /// Such as `notebooks`.
    pub resource: String,
    /// Such as `v1beta1`.
    pub version: String,
}

/// Who made a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// What the authenticator added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<BTreeMap<String, Vec<String>>>,
    /// The groups that the user is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Names the user over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Names the user among those that are active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

impl AdmissionRequest {
    /// Reads an `AdmissionReview`, or the request alone.
    ///
    /// ```
    /// # use policy_host::AdmissionRequest;
    /// let review = serde_json::json!({"kind": "AdmissionReview", "request": {"uid": "1"}});
    /// let problem = AdmissionRequest::from_json(review).unwrap_err();
    /// assert_eq!(format!("{problem:#}"), "not an admission request: missing field `kind`");
    /// ```
    pub fn from_json(document: Value) -> Result<Self> {
        let Value::Object(mut members) = document else {
            bail!("not an admission request: expected a JSON object");
        };
        let request = if members.get("kind").and_then(Value::as_str) == Some("AdmissionReview") {
            members.remove("request").context("not an admission review: `request` is missing")?
        } else {
            Value::Object(members)
        };
        document::typed(request).context("not an admission request")
    }

    /// The bytes that a guest gets for `validate`: with sorted members, as the policy server writes them.
    #[must_use]
    pub fn payload(&self, settings: &Value) -> Vec<u8> {
        #[derive(Serialize)]
        struct Payload<'a> {
            request: BTreeMap<&'a str, &'a RawValue>,
            settings: &'a Value,
        }
        // A value of JSON, a map with keys that are texts, can be written to memory, and read there.
        let request = serde_json::to_string(self).unwrap_or_default();
        let request = serde_json::from_str(&request).unwrap_or_default();
        serde_json::to_vec(&Payload { request, settings }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The fields of what is in a request stand in the order of their names, since they are written in that order.
    #[test]
    fn members_of_a_payload_are_sorted() {
        let kind = GroupVersionKind { group: "g".to_owned(), version: "v".to_owned(), kind: "k".to_owned() };
        let resource =
            GroupVersionResource { group: "g".to_owned(), version: "v".to_owned(), resource: "r".to_owned() };
        let request = AdmissionRequest {
            uid: "1".to_owned(),
            kind: kind.clone(),
            resource: resource.clone(),
            sub_resource: Some("s".to_owned()),
            request_kind: Some(kind),
            request_resource: Some(resource),
            request_sub_resource: Some("s".to_owned()),
            name: Some("n".to_owned()),
            namespace: Some("n".to_owned()),
            operation: "UPDATE".to_owned(),
            user_info: UserInfo {
                extra: Some(BTreeMap::new()),
                groups: Some(Vec::new()),
                uid: Some("u".to_owned()),
                username: Some("u".to_owned()),
            },
            object: Some(json!({"b": 1, "a": 2})),
            old_object: Some(json!({})),
            dry_run: Some(true),
            options: Some(json!({})),
        };
        let settings = json!({"c": 3});
        let sorted = json!({"request": request, "settings": settings}).to_string();
        assert_eq!(String::from_utf8_lossy(&request.payload(&settings)), sorted);
    }
}
