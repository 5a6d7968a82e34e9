//! x
pub mod document;
