//! The SQL of passkeys.

use kernel::{PasskeyId, Timestamp, UserId};
use storage::{Row, StoreError, TenantTx, params};
use uuid::Uuid;
use webauthn_rs::prelude::Credential;

use super::{Passkey, model::MOST};

const COLUMNS: &str = "p.id, p.user_id, p.name, p.rp_id, p.synced, p.created_at, p.last_used_at, p.credential";

fn read(row: &Row) -> Result<Passkey, StoreError> {
    let credential: serde_json::Value = row.get(7)?;
    let wrong = |_| StoreError::Decode { column: 7, expected: "a passkey's credential" };
    Ok(Passkey {
        id: row.get(0)?,
        user: row.get(1)?,
        name: row.get(2)?,
        rp_id: row.get(3)?,
        synced: row.get(4)?,
        created_at: row.get(5)?,
        last_used_at: row.get(6)?,
        credential: serde_json::from_value(credential).map_err(wrong)?,
    })
}

fn to_json(credential: &Credential) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(credential).map_err(|_| StoreError::Misuse("a credential is not JSON"))
}

/// A user's passkeys, oldest first.
pub async fn list(tx: &mut TenantTx, user: UserId) -> Result<Vec<Passkey>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM passkeys p WHERE p.tenant_id = $1 AND p.user_id = $2 ORDER BY p.id LIMIT $3");
    tx.query(&sql, params![user, MOST]).await?.iter().map(read).collect()
}

/// Whether somebody has a passkey that is bound to this host.
pub async fn exists_at(tx: &mut TenantTx, user: UserId, rp_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM passkeys WHERE tenant_id = $1 AND user_id = $2 AND rp_id = $3 LIMIT 1";
    Ok(tx.query_opt(sql, params![user, rp_id]).await?.is_some())
}

/// What authenticators know the user by: made when it is first asked for.
pub(super) async fn handle(tx: &mut TenantTx, user: UserId, fresh: Uuid) -> Result<Uuid, StoreError> {
    let sql = "INSERT INTO passkey_handles (tenant_id, user_id, handle) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET handle = passkey_handles.handle RETURNING handle";
    tx.query_opt(sql, params![user, fresh]).await?.ok_or(StoreError::Misuse("an upsert returned no row"))?.get(0)
}

/// The passkey with this credential id, if its owner is the one whom the authenticator names.
pub(super) async fn found(tx: &mut TenantTx, handle: Uuid, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM passkeys p JOIN passkey_handles h ON h.tenant_id = p.tenant_id AND h.user_id = p.user_id
        WHERE p.tenant_id = $1 AND p.credential_id = $2 AND h.handle = $3"
    );
    tx.query_opt(&sql, params![credential, handle]).await?.as_ref().map(read).transpose()
}

/// Stores a key. `false`: somebody has registered it.
pub(super) async fn insert(tx: &mut TenantTx, new: &Passkey) -> Result<bool, StoreError> {
    let sql = "INSERT INTO passkeys (tenant_id, id, user_id, credential_id, rp_id, name, credential, counter, synced, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, credential_id) DO NOTHING";
    let (credential, id) = (to_json(&new.credential)?, new.credential.cred_id.as_slice());
    let counter = i64::from(new.credential.counter);
    let values = params![new.id, new.user, id, &new.rp_id, &new.name, credential, counter, new.synced, new.created_at];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Names a passkey. `false`: the user has no such passkey.
pub(super) async fn rename(tx: &mut TenantTx, user: UserId, id: PasskeyId, name: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE passkeys SET name = $4 WHERE tenant_id = $1 AND user_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![user, id, name]).await? == 1)
}

/// Takes a passkey away and returns its name. `None`: the user has no such passkey.
pub(super) async fn delete(tx: &mut TenantTx, user: UserId, id: PasskeyId) -> Result<Option<String>, StoreError> {
    let sql = "DELETE FROM passkeys WHERE tenant_id = $1 AND user_id = $2 AND id = $3 RETURNING name";
    tx.query_opt(sql, params![user, id]).await?.map(|row| row.get(0)).transpose()
}

/// Takes all of a user's passkeys away and returns how many there were.
pub async fn remove_all(tx: &mut TenantTx, user: UserId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM passkeys WHERE tenant_id = $1 AND user_id = $2", params![user]).await
}

/// Notes a signature. `false`: the key is gone, or its counter has not risen since it was looked at: two used the
/// key at once.
pub(super) async fn used(
    tx: &mut TenantTx,
    id: PasskeyId,
    credential: &Credential,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE passkeys SET credential = $3, counter = $4, synced = $5, last_used_at = $6
        WHERE tenant_id = $1 AND id = $2 AND (counter < $4 OR (counter = 0 AND $4 = 0))";
    let values = params![id, to_json(credential)?, i64::from(credential.counter), credential.backup_eligible, now];
    Ok(tx.execute(sql, values).await? == 1)
}
