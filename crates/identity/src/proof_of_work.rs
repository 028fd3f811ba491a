//! Proof of work: what a stranger's program pays to register, instead of a picture puzzle by a third party.
//!
//! We hand out a puzzle, which is signed and remembers nothing; whoever wants to register finds a nonce
//! such that SHA-256 of `puzzle.nonce` begins with so many zero bits. A puzzle is bound to its tenant, lives
//! for ten minutes, and is used once, by one atomic statement. It is looked at before the password and whatever
//! else was sent are judged, and used up before the password is hashed, so a flood pays before it costs us.
//!
//! Deliberately absent: a puzzle for logging in (failures cost a delay there), a difficulty by address
//! (addresses are cheap for whom this is against).

mod model;
mod routes;
mod store;
mod sweep;
#[cfg(test)]
mod tests;

use kernel::{Problem, RequestContext};
use serde::Deserialize;
use utoipa::ToSchema;

pub use routes::{Puzzle, ask, routes};
pub use sweep::sweep;

use self::model::Solved;
use crate::{Core, preferences};

kernel::problems! {
    /// The tenant asks for work and none came.
    pub REQUIRED = 400 "proof_of_work.required" "Registering needs a proof of work" "Ask for a puzzle at /api/v1/auth/proof-of-work, solve it, and send it along.";
    /// The work is not done, too old, used, or somebody else's.
    pub INVALID = 400 "proof_of_work.invalid" "The proof of work does not hold" "Ask for a new puzzle. Each is good for ten minutes and for one use.";
}

/// A solved puzzle.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// The puzzle, as it was handed out.
    #[schema(max_length = 128)]
    pub puzzle: String,
    /// The nonce that solves it: printable ASCII.
    #[schema(max_length = 32)]
    pub nonce: String,
}

/// Work that was done, and has not been used up yet. Where the tenant wants none, there is nothing to use up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "work that is not used up counts for others too"]
pub struct Done(Option<Solved>);

/// Asks for the work that the tenant wants of those who register. It comes before whatever costs us something; what it
/// is good for comes after [`spend`].
pub async fn require(core: &Core, ctx: &RequestContext, work: Option<&Work>) -> Result<Done, Problem> {
    let (tenant, now) = (ctx.tenant.id, core.now());
    let bits =
        core.read(tenant, |tx| Box::pin(async move { preferences::load(tx).await.map(|p| p.signup_work) })).await?;
    if bits == 0 {
        return Ok(Done(None));
    }
    let work = work.ok_or(REQUIRED)?;
    model::solved(&core.vault, tenant, work, bits, now).map(|solved| Done(Some(solved))).ok_or_else(|| INVALID.into())
}

/// Uses the work up. Whoever is refused before that for what they wrote may try again with it.
pub async fn spend(core: &Core, ctx: &RequestContext, done: Done) -> Result<(), Problem> {
    let (Done(Some(solved)), tenant) = (done, ctx.tenant.id) else { return Ok(()) };
    let spent = core.write(tenant, move |tx| Box::pin(async move { store::spend(tx, &solved).await }));
    if spent.await? { Ok(()) } else { Err(INVALID.into()) }
}
