//! Access tokens and the refresh tokens that renew them.
//!
//! An access token is a JWT (RFC 9068) that the edge judges by itself. A refresh token is opaque, stored as
//! a keyed hash, and **single use**: one statement consumes it, and only while its session is live and its
//! user active. Its successor is derived from it under the master key, so that
//!
//! - within the grace window a second use (two tabs, a lost answer) gets *the same* successor again;
//! - after that a second use means that two parties hold the token: the session is ended
//!   ([`sessions::REUSED`]).
//!
//! So a session has one live refresh token at any time, however many present it at once. Signing happens
//! outside of the transaction: an RSA signature takes longer than everything the database does here.
//!
//! Deliberately absent: audit entries for each refresh (the login and every end of the session have
//! theirs), and refresh tokens for API keys and cookies, whose holder can simply ask again.

mod access;
mod exchange;
mod model;
mod refresh;
mod store;
mod view;

pub use access::{AccessToken, Grant, issue_access};
pub use exchange::exchange;
pub use model::{PREFIX, mint};
pub use refresh::refresh;
pub use store::{deny, insert};
pub use view::{OwnerView, TokenSet};

kernel::problems! {
    /// Not a refresh token, unknown, expired, or another tenant's.
    pub INVALID = 401 "refresh_token.invalid" "The refresh token is not valid" "Sign in again.";
    /// Tokens are given for a session cookie or an API key.
    pub SOURCE = 403 "token.source" "This credential is not exchanged for tokens" "Use a session cookie or an API key. To renew an access token, use the refresh token.";
    /// The key's own networks or limits would not hold for the token.
    pub BOUND_KEY = 403 "token.bound_key" "This API key is not exchanged for tokens" "The key is bound to networks or has its own limits, which a token would escape. Send the key itself.";
}

#[cfg(test)]
mod tests;
