//! The SQL of signing keys.

use kernel::{
    TenantId, Timestamp,
    jose::{Alg, SigningKey},
};
use storage::{Row, StoreError, SystemTx, TenantTx, params};

use super::{FreshKey, KeyInfo, KeyStatus, fresh::context};
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

/// Moves a key on, if it still stands where it stood, and wipes its private half.
pub(super) async fn leave(
    tx: &mut TenantTx,
    kid: &str,
    from: KeyStatus,
    to: KeyStatus,
    retire_at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE signing_keys SET status = $4, retire_at = $5, sealed = $6
        WHERE tenant_id = $1 AND kid = $2 AND status = $3";
    let wiped: &[u8] = &[];
    Ok(tx.execute(sql, params![kid, from.as_str(), to.as_str(), retire_at, wiped]).await? == 1)
}

/// The tenant's keys, newest first.
pub(super) async fn all(tx: &mut TenantTx) -> Result<Vec<KeyInfo>, StoreError> {
    let sql = "SELECT kid, alg, status, created_at, retire_at FROM signing_keys
        WHERE tenant_id = $1 ORDER BY created_at DESC, kid";
    tx.query(sql, params![]).await?.iter().map(info).collect()
}

fn info(row: &Row) -> Result<KeyInfo, StoreError> {
    let alg = row.get::<String>(1)?.parse();
    let status = KeyStatus::parse(&row.get::<String>(2)?);
    Ok(KeyInfo {
        kid: row.get(0)?,
        alg: alg.map_err(|_| StoreError::Decode { column: 1, expected: "a signature algorithm" })?,
        status: status.ok_or(StoreError::Decode { column: 2, expected: "the status of a key" })?,
        created_at: row.get(3)?,
        retire_at: row.get(4)?,
    })
}

pub(super) async fn active_kid(tx: &mut TenantTx) -> Result<Option<String>, StoreError> {
    let sql = "SELECT kid FROM signing_keys WHERE tenant_id = $1 AND status = 'active'";
    tx.query_opt(sql, params![]).await?.map(|row| row.get(0)).transpose()
}

/// How many keys sign or verify.
pub(super) async fn usable_count(tx: &mut TenantTx) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM signing_keys WHERE tenant_id = $1 AND status IN ('active', 'retiring')";
    tx.query_opt(sql, params![]).await?.map_or(Ok(0), |row| row.get(0))
}

/// Keys whose time to verify is over.
pub(super) async fn overdue(tx: &mut SystemTx, now: Timestamp) -> Result<Vec<(TenantId, String)>, StoreError> {
    let sql = "SELECT tenant_id, kid FROM signing_keys WHERE status = 'retiring' AND retire_at <= $1";
    tx.query(sql, params![now]).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Tenants whose active key was made that early.
pub(super) async fn aged(tx: &mut SystemTx, made_before: Timestamp) -> Result<Vec<TenantId>, StoreError> {
    let sql = "SELECT tenant_id FROM signing_keys WHERE status = 'active' AND created_at <= $1";
    tx.query(sql, params![made_before]).await?.iter().map(|row| row.get(0)).collect()
}

/// Drops keys that were retired that early.
pub(super) async fn forget(tx: &mut SystemTx, retired_before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM signing_keys WHERE status = 'retired' AND retire_at <= $1";
    tx.execute(sql, params![retired_before]).await
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
    rows.iter().map(stored).collect()
}

fn stored(row: &Row) -> Result<StoredKey, StoreError> {
    Ok(StoredKey {
        tenant: row.get(0)?,
        kid: row.get(1)?,
        active: row.get::<String>(2)? == KeyStatus::Active.as_str(),
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
