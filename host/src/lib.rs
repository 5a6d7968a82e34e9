//! Runs a Kubewarden waPC policy on one machine, the way Kubewarden's policy server would.
//!
//! The same engine, wasmtime, the same typed request, the same positional diff, the same words where a guest fails: what
//! a policy does here it does in a cluster. There is no HTTP, no TLS and no registry. The binary `policy-host` is a thin
//! door to this library, and the policy's own tests are another.
//!
//! A request's way: [`AdmissionRequest`] reads what the API server sent, [`Policy::validate`] hands it to a fresh
//! instance of the module, and the guest's answer comes back as an [`AdmissionResponse`].

pub mod annotate;
pub mod bench;
pub mod cases;
pub mod check;
pub mod closest;
pub mod deployment;
pub mod document;
pub mod event;
mod guest;
mod host_calls;
pub mod inspect;
pub mod location;
mod manifest;
pub mod measure;
mod metadata;
pub mod notes;
pub mod objects;
pub mod picture;
pub mod poddefaults;
mod policy;
pub mod report;
mod request;
mod response;
pub mod sample;
pub mod selector;
mod settings;
pub mod show;
pub mod testing;
pub mod upgrade;
pub mod watch;
pub mod yaml;

pub use guest::CallError;
pub use host_calls::show_debug_logs;
pub use manifest::{Operation, in_namespace, request_for};
pub use metadata::Metadata;
pub use policy::{Policy, ProtocolVersion, SettingsValidationResponse};
pub use request::{AdmissionRequest, GroupVersionKind, GroupVersionResource, UserInfo};
pub use response::{AdmissionResponse, PatchType, Status, StatusCause, StatusDetails};
pub use settings::settings_of;
