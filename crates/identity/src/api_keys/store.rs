//! The SQL of API keys.

use kernel::{ApiKeyId, TenantId, Timestamp, UserId};
use serde::de::DeserializeOwned;
use storage::{Row, Store, StoreError, TenantTx, Value, params};

use super::model::{ApiKey, Presented, Status};
use crate::{
    http::Window,
    publish::{self, Change},
    roles, sweep,
};

const COLUMNS: &str = "k.id, k.user_id, k.name, k.prefix, k.permissions, k.networks, k.limits, k.created_by,
    k.created_at, k.expires_at, k.last_used_at, k.rotated_to, k.revoked_at";

fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Option<T>, StoreError> {
    let expected = std::any::type_name::<T>();
    let value: Option<serde_json::Value> = row.get(column)?;
    value.map(serde_json::from_value).transpose().map_err(|_| StoreError::Decode { column, expected })
}

fn read(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.get(0)?,
        owner: row.get(1)?,
        name: row.get(2)?,
        hint: row.get(3)?,
        permissions: json(row, 4)?,
        networks: json(row, 5)?.unwrap_or_default(),
        limits: json(row, 6)?.unwrap_or_default(),
        created_by: row.get(7)?,
        created_at: row.get(8)?,
        expires_at: row.get(9)?,
        last_used_at: row.get(10)?,
        rotated_to: row.get(11)?,
        revoked_at: row.get(12)?,
    })
}

fn to_json(value: &impl serde::Serialize) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|_| StoreError::Misuse("an API key is not JSON"))
}

pub(super) async fn insert(tx: &mut TenantTx, key: &ApiKey, hash: &[u8; 32]) -> Result<(), StoreError> {
    let sql = "INSERT INTO api_keys (tenant_id, id, user_id, name, prefix, hash, permissions, networks, limits,
            created_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let permissions = key.permissions.as_ref().map(to_json).transpose()?;
    let (networks, limits) = (to_json(&key.networks)?, to_json(&key.limits)?);
    let values = params![
        key.id,
        key.owner,
        &key.name,
        &key.hint,
        hash,
        permissions,
        networks,
        limits,
        key.created_by,
        key.created_at,
        key.expires_at
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Writes what may change about a key.
pub(super) async fn update(tx: &mut TenantTx, key: &ApiKey) -> Result<(), StoreError> {
    let sql = "UPDATE api_keys SET name = $3, networks = $4, limits = $5, expires_at = $6
        WHERE tenant_id = $1 AND id = $2";
    let (networks, limits) = (to_json(&key.networks)?, to_json(&key.limits)?);
    tx.execute(sql, params![key.id, &key.name, networks, limits, key.expires_at]).await.map(drop)
}

/// Takes a key back. `false`: it was already.
pub(super) async fn revoke(tx: &mut TenantTx, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![id, now]).await? == 1)
}

/// Takes every key of a user back, and returns the entry of the feed to settle.
pub async fn revoke_all(tx: &mut TenantTx, owner: UserId, now: Timestamp) -> Result<Option<i64>, StoreError> {
    let sql = "UPDATE api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL
        RETURNING id";
    let rows = tx.query(sql, params![owner, now]).await?;
    let mut seq = None;
    for id in rows.iter().map(|row| row.get(0)) {
        seq = Some(publish::append(tx, &Change::ApiKeyRevoked { id: id? }, now).await?);
    }
    Ok(seq)
}

/// Ends a key in favour of another, once. `false`: somebody else did.
pub(super) async fn replace(
    tx: &mut TenantTx,
    id: ApiKeyId,
    by: ApiKeyId,
    ends: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE api_keys SET rotated_to = $3, expires_at = $4
        WHERE tenant_id = $1 AND id = $2 AND rotated_to IS NULL AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![id, by, ends]).await? == 1)
}

pub(super) async fn by_id(tx: &mut TenantTx, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys k WHERE k.tenant_id = $1 AND k.id = $2");
    tx.query_opt(&sql, params![id]).await?.as_ref().map(read).transpose()
}

/// Whether the key can still be used.
pub async fn is_active(tx: &mut TenantTx, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(by_id(tx, id).await?.is_some_and(|key| key.status(now) == Status::Active))
}

/// A page of keys: of one user, or of everybody and the tenant itself.
pub(super) async fn page(tx: &mut TenantTx, owner: Option<UserId>, window: Window) -> Result<Vec<ApiKey>, StoreError> {
    let (of, mut values) = ("AND k.user_id = $4", vec![Value::from(window.before), Value::from(window.fetch())]);
    let of = if owner.is_some() { of } else { "" };
    values.extend(owner.map(Value::from));
    let sql = format!(
        "SELECT {COLUMNS} FROM api_keys k WHERE k.tenant_id = $1 AND k.id < $2 {of}
        ORDER BY k.id DESC LIMIT $3"
    );
    tx.query(&sql, &values).await?.iter().map(read).collect()
}

/// How many keys of the owner (or of the tenant itself) can be used.
pub(super) async fn count_live(tx: &mut TenantTx, owner: Option<UserId>, now: Timestamp) -> Result<i64, StoreError> {
    let live = "SELECT count(*) FROM api_keys
        WHERE tenant_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)";
    let row = match owner {
        Some(user) => tx.query_opt(&format!("{live} AND user_id = $3"), params![now, user]).await?,
        None => tx.query_opt(&format!("{live} AND user_id IS NULL"), params![now]).await?,
    };
    row.map_or(Ok(0), |row| row.get(0))
}

/// The key with this hash, and what else decides about it.
pub(super) async fn presented(tx: &mut TenantTx, hash: [u8; 32]) -> Result<Option<Presented>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, t.status, u.status FROM api_keys k
            JOIN tenants t ON t.id = k.tenant_id
            LEFT JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.user_id
        WHERE k.tenant_id = $1 AND k.hash = $2"
    );
    let Some(row) = tx.query_opt(&sql, params![hash]).await? else { return Ok(None) };
    let key = read(&row)?;
    let active = |column| row.get::<Option<String>>(column).map(|status| status.as_deref() == Some("active"));
    let (tenant_active, user_active) = (active(13)?, active(14)?);
    let roles = match key.owner {
        Some(user) => roles::of_user(tx, user).await?,
        None => Vec::new(),
    };
    let owner_active = key.owner.is_none() || user_active;
    Ok(Some(Presented { tenant: tx.tenant(), key, tenant_active, owner_active, roles }))
}

/// Notes a use, unless a newer one than `not_after` is noted already.
pub(super) async fn touch(
    store: &Store,
    tenant: TenantId,
    id: ApiKeyId,
    now: Timestamp,
    not_after: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE api_keys SET last_used_at = $3
        WHERE tenant_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $4)";
    store
        .tenant(tenant)
        .write(move |tx| Box::pin(async move { tx.execute(sql, params![id, now, not_after]).await.map(drop) }))
        .await
}

/// Forgets keys that ended before `before`. For the sweeper.
pub async fn sweep(store: &Store, before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM api_keys WHERE (tenant_id, id) IN
        (SELECT tenant_id, id FROM api_keys WHERE revoked_at < $1 OR expires_at < $1 LIMIT $2)";
    sweep::drop_all(store, sql, before).await
}
