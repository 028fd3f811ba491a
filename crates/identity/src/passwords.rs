//! Passwords: whether one may be chosen, hashing it, and verifying it.
//!
//! Hashing is Argon2id (RFC 9106), stored as PHC strings. It runs on the [`Hasher`]'s own threads, each
//! with one block buffer that it keeps, behind a bounded queue: too many at once are answered
//! `passwords.busy`, never with an allocation. An account that does not exist costs the same hash as one
//! that does.
//!
//! Deliberately absent: who the password belongs to, counting failures (see [`auth`](crate::auth)), and
//! the history of former passwords. A password is taken as the bytes it arrives in: no truncation, no
//! Unicode normalisation.

mod argon;
mod hasher;
mod phc;
mod policy;

pub use hasher::{Cost, Hasher, HasherError, Reservation, Verdict};
pub use policy::{About, MAX_CHARS, Policy, check_policy, too_long};

kernel::problems! {
    /// More hashes wait than the pool takes.
    pub BUSY = 503 "passwords.busy" "Too many passwords are being checked" "Try again after the time in Retry-After.";
    /// The chosen password breaks the policy; every broken rule is in `errors`.
    pub WEAK = 400 "password.weak" "The password does not meet the policy" "Choose a password that meets every rule listed in `errors`.";
    /// The current password, asked for before a change, is wrong.
    pub WRONG = 403 "password.wrong" "The current password is wrong" "Give your current password. If you do not know it, ask for a reset.";
}
