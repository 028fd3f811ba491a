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
mod signers;
mod store;

pub use fresh::FreshKey;
pub use model::{KeyInfo, KeyStatus};
pub(crate) use signers::Published;
pub use signers::{JwksDocument, Signers};
pub use store::create_for;
pub(crate) use store::{StoredKey, open, usable};
