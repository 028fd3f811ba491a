//! Passkeys as values, and how they are shown. Pure.

use kernel::{Amr, PasskeyId, Timestamp, UserId, assurance::Method};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use webauthn_rs::prelude::Credential;

/// Most passkeys of one user.
pub(super) const MOST: i64 = 20;
/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 64;

/// A key as stored.
#[derive(Clone, Debug)]
pub struct Passkey {
    /// Id.
    pub id: PasskeyId,
    /// Whose.
    pub user: UserId,
    /// What it is called.
    pub name: String,
    /// The host that it is bound to.
    pub rp_id: String,
    /// It may be on several devices of its owner.
    pub synced: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// When it last signed its owner in.
    pub last_used_at: Option<Timestamp>,
    /// What a signature is checked with.
    pub(super) credential: Credential,
}

/// What a signature by such a key is worth: the device has verified its user.
pub(super) const fn amr(synced: bool) -> Amr {
    let key = if synced { Method::SoftwareKey } else { Method::HardwareKey };
    Amr::of(key).with(Method::Presence).with(Method::Several)
}

/// A passkey, as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Passkey)]
pub struct PasskeyView {
    /// Id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// The host that it works at, and below.
    pub host: String,
    /// Whether it may be on several devices, kept in step by their maker.
    pub synced: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last signed you in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.uuid(),
            name: passkey.name,
            host: passkey.rp_id,
            synced: passkey.synced,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Acr;

    use super::*;

    #[test]
    fn a_passkey_alone_is_two_factors() {
        assert_eq!(amr(false).to_string(), "hwk user mfa");
        assert_eq!(amr(true).to_string(), "swk user mfa");
        assert_eq!((amr(false).acr(), amr(true).acr()), (Some(Acr::Mfa), Some(Acr::Mfa)));
    }
}
