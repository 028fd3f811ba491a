//! What follows when somebody proves something by mail: an address is verified or changed, a password is
//! chosen anew, an invitation is accepted.
//!
//! Invariants:
//! - **Whether an account exists is not told.** Asking (for a new link, for a new password) is answered 202
//!   with nothing, always; known and unknown addresses cost the same statements in one unit, and letters to
//!   nobody are written and never sent. Proofs that do not hold are all refused alike.
//! - **Nobody is logged in by a mail.** A new password is followed by an ordinary login, with whatever that
//!   asks for: a second factor is not got around by reset.
//! - A new password or address ends the user's sessions (but the one that asked for the change of address),
//!   makes other proofs of theirs void, and is told to them by mail.
//! - The proof is consumed in the transaction of what it allows, so of many at once exactly one does it.
//!
//! Deliberately absent: pages (links lead where the configuration says), and second factors.

mod address;
mod addressee;
mod change;
mod password;
mod routes;

use kernel::{Problem, Secret, TenantId};

use crate::{Core, proofs};

pub use address::{Shown, resend, verify};
pub use addressee::addressee;
pub use change::{confirm as confirm_change, request as request_change};
pub use password::{choose as choose_password, request as request_reset};
pub use routes::{routes, token};

kernel::problems! {
    /// Used, expired, for something else, for another address, or never given out: one answer.
    pub INVALID = 400 "verification.invalid" "The link or code is not valid" "It may have been used or have expired, or a newer one was sent. Ask for a new one.";
}

/// The tenant that a token belongs to, if it is served. The link that carried it may have led anywhere.
fn tenant(core: &Core, token: &Secret) -> Result<TenantId, Problem> {
    let named = proofs::tenant_of(token).ok_or(INVALID)?;
    let tenants = core.edge.tenants.load();
    tenants.by_id(named).filter(|tenant| !tenant.suspended).map(|tenant| tenant.id).ok_or_else(|| INVALID.into())
}

#[cfg(test)]
mod tests;
