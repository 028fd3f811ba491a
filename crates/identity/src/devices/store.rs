//! The SQL of devices.

use kernel::{DeviceId, SessionId, Timestamp, UserId};
use storage::{Row, StoreError, TenantTx, params};

use super::{
    Arrival, Device, Known,
    model::{MOST, Mark},
};
use crate::preferences;

/// The device with this mark.
pub(super) async fn by_mark(tx: &mut TenantTx, user: UserId, mark: &Mark) -> Result<Option<Known>, StoreError> {
    let sql = "SELECT id, trusted_at FROM devices WHERE tenant_id = $1 AND user_id = $2 AND mark = $3 AND browser = $4";
    let row = tx.query_opt(sql, params![user, mark.hash, mark.browser]).await?;
    row.map(|row| Ok(Known { id: row.get(0)?, trusted_at: row.get(1)? })).transpose()
}

/// Notes a login, and returns the device: the fresh one, unless it is known. Of two logins at once one makes it.
pub(super) async fn note(tx: &mut TenantTx, arrival: &Arrival, now: Timestamp) -> Result<DeviceId, StoreError> {
    let sql = "INSERT INTO devices (tenant_id, id, user_id, mark, browser, name, user_agent, ip, first_seen_at,
            last_seen_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        ON CONFLICT (tenant_id, user_id, mark) DO UPDATE SET user_agent = $7, ip = $8, last_seen_at = $9
        RETURNING id";
    let Arrival { user, fresh, mark, shown, .. } = arrival;
    let (name, ip) = (shown.name(), shown.ip.to_string());
    let values = params![*fresh, *user, mark.hash, mark.browser, name, shown.user_agent(), ip, now];
    tx.query_opt(sql, values).await?.ok_or(StoreError::Misuse("an upsert returned no row"))?.get(0)
}

/// Drops those of a user's devices that were not seen for longest, beyond what a user may have.
pub(super) async fn make_room(tx: &mut TenantTx, user: UserId) -> Result<(), StoreError> {
    let sql = "DELETE FROM devices WHERE tenant_id = $1 AND id IN (SELECT id FROM devices
        WHERE tenant_id = $1 AND user_id = $2 ORDER BY last_seen_at DESC, id DESC LIMIT $3 OFFSET $3)";
    tx.execute(sql, params![user, MOST]).await.map(drop)
}

/// Whether the user logged in before, with another device or with one that was forgotten. Asked before the
/// session of this login is stored.
pub(super) async fn logged_in_before(tx: &mut TenantTx, user: UserId, now: DeviceId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM devices WHERE tenant_id = $1 AND user_id = $2 AND id <> $3)
        OR EXISTS (SELECT 1 FROM sessions WHERE tenant_id = $1 AND user_id = $2)";
    Ok(tx.query_opt(sql, params![user, now]).await?.is_some())
}

/// A user's devices, the one seen last first; `session` is that of the caller.
pub async fn list(tx: &mut TenantTx, user: UserId, session: Option<SessionId>) -> Result<Vec<Device>, StoreError> {
    let sql = "SELECT d.id, d.name, d.user_agent, d.ip, d.first_seen_at, d.last_seen_at, d.trusted_at,
            (SELECT max(s.last_seen_at) FROM sessions s WHERE s.tenant_id = $1 AND s.device_id = d.id),
            EXISTS (SELECT 1 FROM sessions s WHERE s.tenant_id = $1 AND s.device_id = d.id AND s.id = $3)
        FROM devices d WHERE d.tenant_id = $1 AND d.user_id = $2 ORDER BY d.last_seen_at DESC, d.id DESC LIMIT $4";
    let trust = preferences::load(tx).await?.mfa.trust();
    let read = |row: &Row| {
        let (login, used): (Timestamp, Option<Timestamp>) = (row.get(5)?, row.get(7)?);
        Ok(Device {
            id: row.get(0)?,
            name: row.get(1)?,
            user_agent: row.get(2)?,
            ip: row.get(3)?,
            first_seen_at: row.get(4)?,
            last_seen_at: used.map_or(login, |used| used.max(login)),
            trusted_until: row.get::<Option<Timestamp>>(6)?.map(|at| at + trust),
            current: row.get(8)?,
        })
    };
    tx.query(sql, params![user, session, MOST]).await?.iter().map(read).collect()
}

/// Names a device. `false`: the user has no such device.
pub(super) async fn rename(tx: &mut TenantTx, user: UserId, id: DeviceId, name: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE devices SET name = $4 WHERE tenant_id = $1 AND user_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![user, id, name]).await? == 1)
}

/// Forgets a device. `false`: the user has no such device.
pub(super) async fn delete(tx: &mut TenantTx, user: UserId, id: DeviceId) -> Result<bool, StoreError> {
    let sql = "DELETE FROM devices WHERE tenant_id = $1 AND user_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![user, id]).await? == 1)
}

/// Forgets all devices of a user and returns how many.
pub async fn delete_all(tx: &mut TenantTx, user: UserId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM devices WHERE tenant_id = $1 AND user_id = $2", params![user]).await
}

/// Trusts a browser from now on, for as long as the tenant lets people have it so. `false`: the user has no such device, or it is no browser.
pub async fn trust(tx: &mut TenantTx, user: UserId, id: DeviceId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE devices SET trusted_at = $4
        WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND browser = $5";
    Ok(tx.execute(sql, params![user, id, now, true]).await? == 1)
}

/// Trusts none of the user's devices any more, and returns how many were. For whatever makes trust old: another
/// password, other factors.
pub async fn forget_trust(tx: &mut TenantTx, user: UserId) -> Result<u64, StoreError> {
    let sql = "UPDATE devices SET trusted_at = NULL
        WHERE tenant_id = $1 AND user_id = $2 AND trusted_at IS NOT NULL";
    tx.execute(sql, params![user]).await
}
