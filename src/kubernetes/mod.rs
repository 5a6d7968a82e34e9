//! Facts of Kubernetes, each once: its types, what it asks of names, when two objects mean the same to it. Nothing here
//! knows what the policy does with them.

pub mod digest;
pub mod equality;
mod meaning;
pub mod names;
pub mod quantity;
pub mod rules;
pub mod schema;
pub mod selector;
#[rustfmt::skip]
pub mod types;
