//! The SQL of sessions.

use std::net::IpAddr;

use kernel::{Amr, DeviceId, SessionId, Timestamp, UserId};
use storage::{Row, StoreError, TenantTx, Value, params};

use super::{Live, NewSession, Owner, Reason, Session, Span};
use crate::{
    publish::{self, Change},
    users::UserStatus,
};

/// Most sessions that a list shows.
const LIST: i64 = 200;

/// Stores a new session of this device, used at `now` for the first time.
pub async fn insert(
    tx: &mut TenantTx,
    new: &NewSession,
    device: impl Into<Option<DeviceId>>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO sessions (tenant_id, id, user_id, cookie_hash, remember, scope, ip, user_agent,
            authenticated_at, created_at, last_seen_at, idle_expires_at, expires_at, amr, device_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9, $10, $11, $12, $13)";
    let values = params![
        new.id,
        new.user,
        new.cookie_hash,
        new.remember,
        new.scope.as_str(),
        new.ip.as_str(),
        new.user_agent.as_str(),
        now,
        new.span.idle,
        new.span.absolute,
        new.amr.to_string(),
        device.into()
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Notes that the session is an administrator's, who acts as its user.
pub async fn mark_impersonated(tx: &mut TenantTx, id: SessionId, by: UserId) -> Result<(), StoreError> {
    let sql = "UPDATE sessions SET impersonator = $3 WHERE tenant_id = $1 AND id = $2";
    tx.execute(sql, params![id, by]).await.map(drop)
}

const LIVE: &str = "SELECT s.id, s.scope, s.remember, s.authenticated_at, s.last_seen_at, s.idle_expires_at,
        s.expires_at, CASE WHEN s.revoked_at IS NULL THEN NULL ELSE COALESCE(s.revoked_reason, '') END,
        u.id, u.status, u.email, u.username, u.display_name, s.amr, s.cookie_hash IS NOT NULL, d.trusted_at
    FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
        LEFT JOIN devices d ON d.tenant_id = s.tenant_id AND d.id = s.device_id
    WHERE s.tenant_id = $1 AND";

fn live(row: &Row) -> Result<Live, StoreError> {
    let status: String = row.get(9)?;
    Ok(Live {
        id: row.get(0)?,
        scope: row.get(1)?,
        remember: row.get(2)?,
        authenticated_at: row.get(3)?,
        amr: Amr::from_stored(&row.get::<String>(13)?),
        cookie: row.get(14)?,
        trusted_at: row.get(15)?,
        last_seen_at: row.get(4)?,
        span: Span { idle: row.get(5)?, absolute: row.get(6)? },
        revoked: row.get(7)?,
        owner: Owner {
            id: row.get(8)?,
            status: UserStatus::from_stored(&status)
                .ok_or(StoreError::Decode { column: 9, expected: "a user's status" })?,
            email: row.get(10)?,
            username: row.get(11)?,
            display_name: row.get(12)?,
        },
    })
}

/// A session with its owner, ended or not.
pub async fn by_id(tx: &mut TenantTx, id: SessionId) -> Result<Option<Live>, StoreError> {
    tx.query_opt(&format!("{LIVE} s.id = $2"), params![id]).await?.as_ref().map(live).transpose()
}

/// The session of a cookie, ended or not.
pub async fn by_cookie(tx: &mut TenantTx, hash: [u8; 32]) -> Result<Option<Live>, StoreError> {
    tx.query_opt(&format!("{LIVE} s.cookie_hash = $2"), params![hash]).await?.as_ref().map(live).transpose()
}

/// A user's live sessions, newest first, 200 at most.
pub async fn list(tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
    let sql = "SELECT s.id, s.remember, s.ip, s.user_agent, s.created_at, s.last_seen_at, s.idle_expires_at,
            s.expires_at, d.id, d.name, s.impersonator
        FROM sessions s LEFT JOIN devices d ON d.tenant_id = s.tenant_id AND d.id = s.device_id
        WHERE s.tenant_id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3
            AND s.idle_expires_at > $3 ORDER BY s.id DESC LIMIT $4";
    let read = |row: &Row| {
        Ok(Session {
            id: row.get(0)?,
            remember: row.get(1)?,
            ip: row.get(2)?,
            user_agent: row.get(3)?,
            created_at: row.get(4)?,
            last_seen_at: row.get(5)?,
            idle_expires_at: row.get(6)?,
            expires_at: row.get(7)?,
            device: row.get(8)?,
            device_name: row.get(9)?,
            impersonator: row.get(10)?,
        })
    };
    tx.query(sql, params![user, now, LIST]).await?.iter().map(read).collect()
}

/// Whether the user has a live session that was begun from this address: a device they already use.
pub async fn familiar(tx: &mut TenantTx, user: UserId, ip: IpAddr, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL
            AND ip = $3 AND expires_at > $4 AND idle_expires_at > $4 LIMIT 1";
    Ok(tx.query_opt(sql, params![user, ip.to_string(), now]).await?.is_some())
}

/// Notes use of a session that is still live.
pub async fn touch(tx: &mut TenantTx, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE sessions SET last_seen_at = $3, idle_expires_at = $4
        WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL AND idle_expires_at > $3 AND last_seen_at < $3";
    tx.execute(sql, params![id, now, idle]).await.map(drop)
}

/// Ends one session, of this user where one is given.
pub async fn revoke_one(
    tx: &mut TenantTx,
    id: SessionId,
    of: Option<UserId>,
    reason: Reason,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    let sql = "UPDATE sessions SET revoked_at = $3, revoked_reason = $4 WHERE tenant_id = $1 AND id = $2
        AND user_id = COALESCE($5, user_id) AND revoked_at IS NULL RETURNING id";
    revoke(tx, sql, params![id, now, reason.as_str(), of]).await
}

/// Ends all sessions of a user, but for one perhaps, and those in which they act as others.
pub async fn revoke_all(
    tx: &mut TenantTx,
    user: UserId,
    except: Option<SessionId>,
    reason: Reason,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    // Expired ones are left alone: nothing of them is accepted anyway.
    let sql = "UPDATE sessions SET revoked_at = $3, revoked_reason = $4
        WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3 AND id <> $5 RETURNING id";
    // Nobody has the nil id.
    let except = except.unwrap_or_else(|| SessionId::from_uuid(uuid::Uuid::nil()));
    let own = revoke(tx, sql, params![user, now, reason.as_str(), except]).await?;
    Ok(own.and(revoke_impersonations(tx, user, reason, now).await?))
}

/// Ends the sessions in which somebody acts as others.
pub async fn revoke_impersonations(
    tx: &mut TenantTx,
    by: UserId,
    reason: Reason,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    let sql = "UPDATE sessions SET revoked_at = $3, revoked_reason = $4
        WHERE tenant_id = $1 AND impersonator = $2 AND revoked_at IS NULL AND expires_at > $3 RETURNING id";
    revoke(tx, sql, params![by, now, reason.as_str()]).await
}

const OWN: &str = "tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3 AND idle_expires_at > $3
    AND impersonator IS NULL";

/// How many live sessions of their own a user has. Exact for whoever holds the user's row.
pub async fn count(tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<u32, StoreError> {
    let sql = format!("SELECT count(*) FROM sessions WHERE {OWN}");
    tx.query_opt(&sql, params![user, now]).await?.map_or(Ok(0), |row| row.get(0))
}

/// Ends those of a user's own sessions that were begun first, all but so many.
pub async fn revoke_oldest(
    tx: &mut TenantTx,
    user: UserId,
    keep: u32,
    reason: Reason,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    let sql = format!(
        "UPDATE sessions SET revoked_at = $3, revoked_reason = $4 WHERE tenant_id = $1
            AND id IN (SELECT id FROM sessions WHERE {OWN} ORDER BY id DESC LIMIT $6 OFFSET $5) RETURNING id"
    );
    revoke(tx, &sql, params![user, now, reason.as_str(), keep, i64::from(u32::MAX)]).await
}

/// Ends all sessions that a user began with a device.
pub async fn revoke_of_device(
    tx: &mut TenantTx,
    user: UserId,
    device: DeviceId,
    reason: Reason,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    let sql = "UPDATE sessions SET revoked_at = $4, revoked_reason = $5
        WHERE tenant_id = $1 AND user_id = $2 AND device_id = $3 AND revoked_at IS NULL AND expires_at > $4
        RETURNING id";
    revoke(tx, sql, params![user, device, now, reason.as_str()]).await
}

async fn revoke(tx: &mut TenantTx, sql: &str, values: &[Value<'_>]) -> Result<Revoked, StoreError> {
    let ids: Result<_, StoreError> = tx.query(sql, values).await?.iter().map(|row| row.get(0)).collect();
    Ok(Revoked(ids?))
}

/// Sessions that have just been ended. Whoever ended them [tells](Self::tell) the edge.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use]
pub struct Revoked(Vec<SessionId>);

impl Revoked {
    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// With others.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Appends them to the feed, last in the unit, unless there are none. The number goes to
    /// [`Core::settle`](crate::Core::settle).
    pub async fn tell(self, tx: &mut TenantTx, now: Timestamp) -> Result<Option<i64>, StoreError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        publish::append(tx, &Change::SessionsRevoked { sessions: self.0 }, now).await.map(Some)
    }
}
