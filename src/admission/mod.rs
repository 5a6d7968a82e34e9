//! The policy protocol: the request comes in, the answer goes out. What is decided in between is not known here.

mod request;
mod response;

pub use request::{Operation, Request, Unreadable};
pub use response::{Answer, MutatedObject, Verdict, settings_validation};
