//! What people prove by something that was mailed to them: a link with a token, or a short code.
//!
//! Invariants:
//! - **Single use.** A proof is consumed by one statement, whoever else tries at the same moment.
//! - A token works for its [`Purpose`] only, in its tenant only, until it expires, and only as long as its
//!   user still has the address that it was sent to (whoever consumes it asks).
//! - Tokens and codes are kept as keyed hashes: a stolen table opens nothing, and codes cannot be guessed
//!   from it.
//! - **A guess is counted before it is looked at**, so that however many arrive at once, no more than
//!   [`ATTEMPTS`](model::ATTEMPTS) are compared with one code. A new code that is sent takes the place of the old
//!   one, so guesses are bounded by letters; links that were sent before still work.
//! - A proof without a user stands for a person who does not exist: it costs the same and proves nothing.
//!
//! Deliberately absent: what follows from a proof (see [`verification`](crate::verification)).

mod ask;
mod model;
mod store;
mod sweep;

pub use ask::Ask;
pub use model::{Link, Links, Purpose, tenant_of};
pub use store::{Held, consume, guess, peek, void};
pub use sweep::sweep;
