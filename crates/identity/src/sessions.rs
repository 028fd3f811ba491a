//! Logins that last: sessions, their cookies, their ends.
//!
//! A session is one login of one user and the family of refresh tokens that grows from it (see
//! [`tokens`](crate::tokens)). It ends when it is idle for too long, at its absolute limit, or when it is
//! revoked; and it is as good as ended while its user is not active. A login always makes a new session
//! with a new id, so there is nothing to fixate.
//!
//! Whoever revokes [tells](Revoked::tell) the edge in the same unit, and settles that: the session's tokens and cookie
//! are refused from then on.
//!
//! Deliberately absent: checking passwords, issuing tokens, other users' sessions over HTTP (see the admin
//! routes).

pub mod bearer;
pub mod cookie;
mod model;
mod policy;
mod routes;
mod service;
mod store;

pub use model::{Ended, InvalidScope, Live, NewSession, Owner, Reason, Scope, Session, Span, Wishes, needs_touch};
pub use policy::{SessionChange, SessionPolicy, WhenFull};
pub use routes::routes;
pub use service::{ENDING, authenticate_cookie, end_many, end_one, suffices};
pub use store::{
    Revoked, by_cookie, by_id, count, familiar, insert, list, mark_impersonated, revoke_all, revoke_impersonations,
    revoke_of_device, revoke_oldest, revoke_one, touch,
};

kernel::problems! {
    /// No such session, or not the caller's tenant's.
    pub INVALID = 401 "session.invalid" "The session is not known" "Sign in again.";
    /// Idle for too long, or at its absolute limit.
    pub EXPIRED = 401 "session.expired" "The session has expired" "Sign in again.";
    /// Logged out, revoked, or the account is not active.
    pub ENDED = 401 "session.ended" "The session has ended" "Sign in again.";
    /// Of a password alone, and its person must have a second factor by now.
    pub WEAK = 401 "session.second_factor_needed" "This session needs a second factor" "Sign in again: you are asked for one, or to set one up.";
    /// They have as many as the tenant lets a person have.
    pub FULL = 409 "session.too_many" "You are signed in too often" "Sign out somewhere else first, or ask an administrator to end your other sessions.";
    /// A refresh token was used a second time, so the whole session was ended.
    pub REUSED = 401 "session.reused" "This session was ended for safety" "A refresh token was used twice, which happens when it was stolen. Sign in again.";
}

#[cfg(test)]
mod tests;
