//! The SQL of preferences: one JSON value of the tenant's row.

use kernel::{Timestamp, UserId};
use storage::{StoreError, TenantTx, params};

use super::Preferences;
use crate::{mfa::MfaPolicy, roles};

/// The tenant's decisions.
pub async fn load(tx: &mut TenantTx) -> Result<Preferences, StoreError> {
    let row = tx.query_opt("SELECT settings FROM tenants WHERE id = $1", params![]).await?;
    let stored: serde_json::Value = row.ok_or(StoreError::Misuse("a tenant without a row"))?.get(0)?;
    serde_json::from_value(stored).map_err(|_| StoreError::Decode { column: 0, expected: "a tenant's settings" })
}

/// Whether the user must have a second factor: by all roles that they have or inherit from.
pub async fn demands_factor(tx: &mut TenantTx, policy: &MfaPolicy, user: UserId) -> Result<bool, StoreError> {
    if !policy.asks_for_roles() {
        return Ok(policy.demands([]));
    }
    let own = roles::of_user(tx, user).await?;
    Ok(policy.demands(&roles::hierarchy(tx).await?.inherited(&own)))
}

pub(super) async fn save(tx: &mut TenantTx, preferences: &Preferences, now: Timestamp) -> Result<(), StoreError> {
    let json = serde_json::to_value(preferences).map_err(|_| StoreError::Misuse("settings are not JSON"))?;
    tx.execute("UPDATE tenants SET settings = $2, updated_at = $3 WHERE id = $1", params![json, now]).await.map(drop)
}
