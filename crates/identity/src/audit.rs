//! The audit log: who did what to whom, and whether it worked.
//!
//! An entry is written in the transaction of what it tells, so there is no change without its entry
//! and no entry without its change. Entries are append-only.

mod model;
mod store;

pub use model::{Action, Actor, Entry, Origin, Outcome, Target};
pub use store::record;
