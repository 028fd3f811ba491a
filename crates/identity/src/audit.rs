//! The audit log: who did what to whom, and whether it worked.
//!
//! An entry is written in the transaction of what it tells, so there is no change without its entry
//! and no entry without its change. Entries are append-only: within a second of its commit each one
//! gets a place in its tenant's hash chain ([`seal`]), and every batch of places is signed. [`verify`]
//! finds what was changed, removed, inserted, moved or cut off.
//!
//! Invariants:
//! - Places of a tenant count from 1 without gaps. A place, once given, is never given again.
//! - The last checkpoint is the head of the chain; it is written with the rows that it covers.
//!
//! Deliberately absent: deleting entries (retention will cut the chain at a checkpoint, not inside),
//! and any way to write an entry outside of a transaction.

mod chain;
mod model;
mod note;
mod routes;
mod seal;
mod search;
mod store;
mod verify;

#[cfg(test)]
mod tests;

pub use model::{Action, Actor, Entry, Origin, Outcome, Target};
pub use note::note;
pub use routes::routes;
pub use seal::{SealError, seal};
pub use store::record;
pub use verify::{Broken, Verified, VerifyError, checkpoint_key, verify};

/// A login was refused. Whoever judges what was proven writes it.
pub const LOGIN_FAILED: Action = Action::new("login.failed");

crate::rights! {
    /// Searches the tenant's audit log.
    ReadAudit = "audit:read";
}
