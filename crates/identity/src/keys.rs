//! The keys that sign a tenant's tokens.
//!
//! A key is *active* (it signs; one a tenant, held by a unique index), *retiring* (it verifies until
//! the last token it signed has expired) or *retired*. Rotation makes the active key retire; retiring
//! a key by hand takes effect at once, and its tokens are refused by the edge from then on.
//!
//! Private halves are sealed under the master key with tenant and key id as context, so that a sealed
//! key moved to another row does not open. They are wiped from the database as soon as a key stops
//! signing. In memory, [`Signers`] holds the active ones, parsed.

mod fresh;
mod model;
mod routes;
mod service;
mod signers;
mod store;
mod wellknown;

#[cfg(test)]
mod tests;

pub use fresh::FreshKey;
pub use model::{KeyInfo, KeyStatus};
pub use routes::routes;
pub use service::{list, retire, rotate, tick};
pub(crate) use signers::Published;
pub use signers::{JwksDocument, Signers};
pub use store::create_for;
pub(crate) use store::{StoredKey, open, usable};

crate::rights! {
    /// Sees the state of the tenant's signing keys.
    ReadKeys = "keys:read";
    /// Rotates and retires them.
    WriteKeys = "keys:write";
}

kernel::problems! {
    /// Another rotation of the same key was faster.
    pub MEANWHILE = 409 "signing_key.changed" "The signing key has changed meanwhile" "List the keys, and try again if it is still needed.";
    /// Too many keys verify at the same time.
    pub TOO_MANY = 409 "signing_key.too_many" "Too many signing keys are in use" "Wait until older keys have retired, or retire one at once.";
}
