//! Passwords: whether one may be chosen, hashing it, and verifying it.
//!
//! Hashing is Argon2id (RFC 9106), stored as PHC strings. [`Stored`] hashes of other kinds, that accounts were
//! imported with, verify too. All of it runs on the [`Hasher`]'s own
//! threads, each with one block buffer that it keeps, behind a bounded queue: too many at once are answered
//! `passwords.busy`, never with an allocation. An account that does not exist costs the same hash as one that
//! does; one that was imported costs what its hash costs, until its owner logs in.
//!
//! Deliberately absent: who the password belongs to, counting failures (see [`auth`](crate::auth)), and
//! choosing a new one by the rules of a tenant (see [`new_password`](crate::new_password)). A password is
//! taken as the bytes it arrives in: no truncation, no Unicode normalisation.

mod argon;
pub mod breach;
mod cost;
mod error;
mod hasher;
mod phc;
mod policy;
mod stored;

pub use cost::Cost;
pub use error::InvalidHash;
pub use hasher::{Hasher, HasherError, Reservation, Verdict, busy};
pub use policy::{
    About, Blocklist, Broken, InvalidRules, MAX_CHARS, MAX_HISTORY, Policy, Preset, Rules, broken_rules, too_long, weak,
};
pub use stored::{MAX_LEN as MAX_HASH, Stored};

kernel::problems! {
    /// More hashes wait than the pool takes.
    pub BUSY = 503 "passwords.busy" "Too many passwords are being checked" "Try again after the time in Retry-After.";
    /// The chosen password breaks the policy; every broken rule is in `errors`.
    pub WEAK = 400 "password.weak" "The password does not meet the policy" "Choose a password that meets every rule listed in `errors`.";
    /// The chosen password is known from a breach of somebody else's service.
    pub BREACHED = 400 "password.breached" "The password is known from a breach" "It is in lists that attackers try first. Choose another one, and change it wherever else you use it.";
    /// The current password, asked for before a change, is wrong.
    pub WRONG = 403 "password.wrong" "The current password is wrong" "Give your current password. If you do not know it, ask for a reset.";
}
