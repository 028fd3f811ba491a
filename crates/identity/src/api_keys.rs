//! API keys: long-lived secrets of a user, or of the tenant itself (service accounts).
//!
//! Invariants:
//! - A key's secret is shown once and stored as a keyed hash only.
//! - A user's key may do what its owner may, at most; narrowed to less if so asked. A tenant's own key
//!   may do exactly what it was given, which its maker held.
//! - **An API key makes, changes and rotates no API keys**, and neither does a token that was obtained
//!   with one: a leaked key cannot outlive its expiry, its networks or its revocation.
//! - Whoever acts as somebody else makes, changes and rotates none: a key would outlast the act.
//! - Nobody but the owner ever sees the secret of a user's key: administrators may look at, change and
//!   revoke it, not rotate it.
//! - What is taken back is refused by the edge before the call that took it back is answered.
//!
//! Deliberately absent: keys that are known by anything but their whole secret, quotas over months,
//! and changing what a key may do: make another one.

mod admin;
mod authenticate;
mod dto;
mod model;
mod own;
mod routes;
mod secret;
mod service;
mod store;

#[cfg(test)]
mod tests;

pub use authenticate::authenticate;
pub use model::{ApiKey, Status};
pub use own::{Wanted, create_own, list_own, revoke_own, rotate_own};
pub use store::{is_active, revoke_all, sweep};

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::Core;

/// The routes of this slice: a user's own keys, and the tenant's.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    routes::routes().merge(admin::routes())
}

crate::rights! {
    /// May read their own keys.
    ReadOwnKeys = "profile:read";
    /// May make, change and revoke their own keys.
    WriteOwnKeys = "profile:write" in_person;
    /// May read every key of the tenant.
    ReadKeys = "api_keys:read";
    /// May make, change and revoke keys of the tenant.
    WriteKeys = "api_keys:write";
}

kernel::problems! {
    /// The key is malformed, unknown, expired or revoked, or its owner or tenant is not active.
    pub INVALID = 401 "api_key.invalid" "The API key is not valid" "Use a key that is neither expired nor revoked.";
    /// The caller authenticated with an API key, directly or once removed.
    pub BY_KEY = 403 "api_key.by_key" "API keys cannot make or change API keys" "Sign in as a user and use the access token or the session.";
    /// The key, or its owner, holds more than the caller does.
    pub OUTRANKS = 403 "api_key.outranks" "This API key holds more than you do" "Ask somebody who holds everything the key and its owner hold.";
    /// The key belongs to a user, who alone may see its secret.
    pub PERSONAL = 403 "api_key.personal" "This API key belongs to a user" "Let its owner rotate it, or revoke it.";
    /// The owner has as many live keys as allowed.
    pub TOO_MANY = 409 "api_key.too_many" "Too many API keys" "Revoke keys that are not used.";
    /// The key is expired or revoked.
    pub ENDED = 409 "api_key.ended" "This API key has ended" "Make another one.";
    /// The key was rotated before.
    pub ROTATED = 409 "api_key.rotated" "This API key has been rotated already" "Rotate its successor, named in `rotated_to`.";
}
