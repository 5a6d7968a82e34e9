//! What the policy costs beside reference guests: `make bench` prints it, `tests/cost.rs` holds it.
//!
//! [`requests`] builds the payloads, [`rows`] gives them names, [`guests`] are the modules, [`report`] is what was
//! measured, and [`table`], [`chart`] and [`page`] show it. [`load`] is many evaluations at once, which `make load` prints. Like [`testing`](crate::testing), what reads this project's
//! own files panics where they are not there.

pub mod chart;
pub mod guests;
pub mod load;
pub mod page;
pub mod report;
pub mod requests;
pub mod rows;
pub mod table;
