//! The SQL of signing keys.

use kernel::{
    TenantId, Timestamp,
    jose::{Alg, SigningKey},
};
use storage::{Row, StoreError, SystemTx, TenantTx, params};

use super::{FreshKey, fresh::context};
use crate::vault::{Purpose, Vault};

/// Stores a tenant's new active key. Part of making a tenant, and of rotation.
pub async fn create_for(tx: &mut TenantTx, key: &FreshKey, now: Timestamp) -> Result<(), StoreError> {
    if key.tenant != tx.tenant() {
        return Err(StoreError::Misuse("a signing key was made for another tenant"));
    }
    let jwk = serde_json::to_value(&key.jwk).map_err(|_| StoreError::Misuse("a public key is not JSON"))?;
    let sql = "INSERT INTO signing_keys (tenant_id, kid, alg, status, public_jwk, sealed, created_at)
        VALUES ($1, $2, $3, 'active', $4, $5, $6)";
    let values = params![&key.jwk.kid, key.jwk.alg.as_str(), jwk, &key.sealed, now];
    tx.execute(sql, values).await.map(drop)
}

/// A key that still signs or verifies, as stored.
pub(crate) struct StoredKey {
    pub(crate) tenant: TenantId,
    pub(crate) kid: String,
    pub(crate) active: bool,
    pub(crate) public_jwk: serde_json::Value,
    pub(crate) sealed: Vec<u8>,
}

/// Keys that sign or verify, newest first: of one tenant, or of all.
pub(crate) async fn usable(tx: &mut SystemTx, tenant: Option<TenantId>) -> Result<Vec<StoredKey>, StoreError> {
    let columns = "SELECT tenant_id, kid, status, public_jwk, sealed FROM signing_keys
        WHERE status IN ('active', 'retiring')";
    let rows = match tenant {
        None => tx.query(&format!("{columns} ORDER BY created_at DESC, kid"), params![]).await?,
        Some(id) => {
            tx.query(&format!("{columns} AND tenant_id = $1 ORDER BY created_at DESC, kid"), params![id]).await?
        }
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<StoredKey, StoreError> {
    Ok(StoredKey {
        tenant: row.get(0)?,
        kid: row.get(1)?,
        active: row.get::<String>(2)? == "active",
        public_jwk: row.get(3)?,
        sealed: row.get(4)?,
    })
}

/// Opens and parses a private key. The error is for the log.
pub(crate) fn open(vault: &Vault, key: &StoredKey, alg: Alg) -> Result<SigningKey, String> {
    let pkcs8 =
        vault.open(Purpose::SigningKeys, &context(key.tenant, &key.kid), &key.sealed).map_err(|e| e.to_string())?;
    SigningKey::from_pkcs8(&*key.kid, alg, pkcs8.expose()).map_err(|e| e.to_string())
}
