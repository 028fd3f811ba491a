//! The SQL of tokens.

use kernel::{Secret, SessionId, Timestamp, TokenId};
use storage::{StoreError, TenantTx, params};

use crate::vault::Vault;

/// Stores the keyed hash of a fresh refresh token.
pub async fn insert(
    tx: &mut TenantTx,
    hash: [u8; 32],
    session: SessionId,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO refresh_tokens (tenant_id, hash, session_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, params![hash, session, now, expires_at]).await.map(drop)
}

/// Uses a refresh token up, if it is unused and everything it stands on is live, and returns its session.
/// Of any number of callers one gets it.
pub(super) async fn consume(
    tx: &mut TenantTx,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<SessionId>, StoreError> {
    let sql = "UPDATE refresh_tokens SET used_at = $3
        WHERE tenant_id = $1 AND hash = $2 AND used_at IS NULL AND expires_at > $3
            AND EXISTS (SELECT 1 FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
                WHERE s.tenant_id = $1 AND s.id = refresh_tokens.session_id AND s.revoked_at IS NULL
                    AND s.idle_expires_at > $3 AND s.expires_at > $3 AND u.status = 'active')
        RETURNING session_id";
    tx.query_opt(sql, params![hash, now]).await?.map(|row| row.get(0)).transpose()
}

/// The session of a refresh token in any state, and when the token was used.
pub(super) async fn find(
    tx: &mut TenantTx,
    hash: &[u8; 32],
) -> Result<Option<(SessionId, Option<Timestamp>)>, StoreError> {
    let sql = "SELECT session_id, used_at FROM refresh_tokens WHERE tenant_id = $1 AND hash = $2";
    tx.query_opt(sql, params![hash]).await?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Denies one access token until it has expired by itself. Append
/// [`Change::TokenDenied`](crate::publish::Change::TokenDenied) in the same unit.
pub async fn deny(tx: &mut TenantTx, jti: TokenId, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO denied_tokens (tenant_id, jti, denied_at, expires_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, jti) DO NOTHING";
    tx.execute(sql, params![jti, now, until]).await.map(drop)
}

/// The keyed hash that a refresh token is stored as.
pub(super) fn hash(vault: &Vault, token: &Secret) -> [u8; 32] {
    vault.hash_token(token.expose().as_bytes())
}
