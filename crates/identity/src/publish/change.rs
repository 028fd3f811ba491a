//! The changes that concern the edge, as they stand in the feed.

use kernel::{ApiKeyId, SessionId, Timestamp, TokenId, UserId, gate::Purge};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use storage::{StoreError, TenantTx, feed};

/// One change. Small facts are carried whole; of larger things the feed only says that they changed,
/// and each node reads them from the database.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// These sessions have ended.
    SessionsRevoked {
        /// Which.
        sessions: Vec<SessionId>,
    },
    /// One access token is denied until it would have expired.
    TokenDenied {
        /// Which.
        jti: TokenId,
        /// Until when.
        until: Timestamp,
    },
    /// A user was disabled, enabled or deleted, or has other roles than before.
    UserStanding {
        /// Who.
        user: UserId,
    },
    /// An API key was revoked.
    ApiKeyRevoked {
        /// Which.
        id: ApiKeyId,
    },
    /// An API key has other rights, networks or limits than before.
    ApiKeyChanged {
        /// Which.
        id: ApiKeyId,
    },
    /// Roles of the tenant changed.
    RolesChanged,
    /// The tenant was created, changed or suspended.
    TenantChanged,
    /// The tenant's pages look different.
    BrandingChanged,
    /// Signing keys of the tenant changed.
    KeysChanged,
    /// Routes or upstreams changed.
    GatewayChanged {
        /// The revision that this made.
        revision: i64,
    },
    /// Kept answers are to be forgotten.
    CachePurged {
        /// Which.
        purge: Purge,
    },
}

/// Writes the change in the transaction of its cause; the number goes to
/// [`Core::settle`](crate::Core::settle) after the commit. Call it last in the unit.
pub async fn append(tx: &mut TenantTx, change: &Change, now: Timestamp) -> Result<i64, StoreError> {
    let mut payload =
        serde_json::to_value(change).map_err(|_| StoreError::Misuse("a change of the feed is not JSON"))?;
    let Some(Json::String(kind)) = payload.as_object_mut().and_then(|fields| fields.remove("kind")) else {
        return Err(StoreError::Misuse("a change of the feed says no kind"));
    };
    feed::append(tx, &kind, &payload, now).await
}

impl Change {
    /// Reads a change from the feed. `None`: of a kind that this program does not know.
    pub(super) fn read(change: &feed::Change) -> Option<Self> {
        let mut payload = change.payload.clone();
        payload.as_object_mut()?.insert("kind".into(), change.kind.clone().into());
        serde_json::from_value(payload).ok()
    }
}
