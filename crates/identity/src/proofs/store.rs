//! The SQL of proofs.

use kernel::{SessionId, Timestamp, UserId};
use storage::{Row, StoreError, TenantTx, params};
use subtle::ConstantTimeEq as _;

use super::model::{ATTEMPTS, Purpose};
use crate::vault::Vault;

/// A proof to be stored.
#[derive(Clone, Debug)]
pub(super) struct NewProof {
    pub(super) hash: [u8; 32],
    pub(super) code_hash: Option<[u8; 32]>,
    pub(super) purpose: Purpose,
    pub(super) expires_at: Timestamp,
    pub(super) now: Timestamp,
}

/// What a proof proves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// By whom.
    pub user: UserId,
    /// Which address it was sent to.
    pub email: String,
    /// The session that asked for it, where one did.
    pub session: Option<SessionId>,
}

/// Stores a proof. Where it is `sent`, its code takes the place of an older one that was sent to the same address.
/// Where nobody is told of it, an older one stays, with the guesses that are left of it, and the new one counts only if
/// there is none: the work is the same, and nobody gets further guesses, or makes a code void, by asking for more.
pub(super) async fn insert(
    tx: &mut TenantTx,
    new: &NewProof,
    user: Option<UserId>,
    email: &str,
    session: Option<SessionId>,
    sent: bool,
) -> Result<(), StoreError> {
    let mut code_hash = new.code_hash;
    if code_hash.is_some() {
        let sql = "UPDATE proofs SET code_hash = CASE WHEN $4 OR expires_at <= $5 THEN NULL ELSE code_hash END
            WHERE tenant_id = $1 AND email = $2 AND purpose = $3 AND used_at IS NULL AND code_hash IS NOT NULL";
        tx.execute(sql, params![email, new.purpose.as_str(), sent, new.now]).await?;
        let sql = "SELECT 1 FROM proofs
            WHERE tenant_id = $1 AND email = $2 AND purpose = $3 AND used_at IS NULL AND code_hash IS NOT NULL LIMIT 1";
        let older = tx.query_opt(sql, params![email, new.purpose.as_str()]).await?;
        code_hash = code_hash.filter(|_| older.is_none());
    }
    let sql = "INSERT INTO proofs (tenant_id, hash, purpose, user_id, email, code_hash, attempts_left, session_id,
            created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values =
        params![new.hash, new.purpose.as_str(), user, email, code_hash, ATTEMPTS, session, new.now, new.expires_at];
    tx.execute(sql, values).await.map(drop)
}

fn held(row: &Row) -> Result<Held, StoreError> {
    Ok(Held { user: row.get(0)?, email: row.get(1)?, session: row.get(2)? })
}

const GOOD: &str = "tenant_id = $1 AND hash = $2 AND purpose = $3 AND used_at IS NULL AND expires_at > $4
    AND user_id IS NOT NULL";

/// What the proof would prove. Looks only.
pub async fn peek(
    tx: &mut TenantTx,
    hash: [u8; 32],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Held>, StoreError> {
    let sql = format!("SELECT user_id, email, session_id FROM proofs WHERE {GOOD}");
    tx.query_opt(&sql, params![hash, purpose.as_str(), now]).await?.as_ref().map(held).transpose()
}

/// Uses the proof up. `None`: it is used, expired, for something else, or never was.
pub async fn consume(
    tx: &mut TenantTx,
    hash: [u8; 32],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Held>, StoreError> {
    let sql = format!("UPDATE proofs SET used_at = $4 WHERE {GOOD} RETURNING user_id, email, session_id");
    tx.query_opt(&sql, params![hash, purpose.as_str(), now]).await?.as_ref().map(held).transpose()
}

/// Uses a proof up by its code. The guess counts, so the unit must be committed whatever this answers.
pub async fn guess(
    tx: &mut TenantTx,
    vault: &Vault,
    email: &str,
    purpose: Purpose,
    code: &str,
    now: Timestamp,
) -> Result<Option<Held>, StoreError> {
    let sql = "UPDATE proofs SET attempts_left = attempts_left - 1
        WHERE tenant_id = $1 AND email = $2 AND purpose = $3 AND code_hash IS NOT NULL AND used_at IS NULL
            AND expires_at > $4 AND attempts_left > 0
        RETURNING hash, code_hash";
    let Some(row) = tx.query_opt(sql, params![email, purpose.as_str(), now]).await? else { return Ok(None) };
    let (hash, kept): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
    let hash = <[u8; 32]>::try_from(hash).map_err(|_| StoreError::Decode { column: 0, expected: "a hash" })?;
    if bool::from(vault.hash_code(&hash, code.as_bytes()).ct_eq(&kept)) {
        consume(tx, hash, purpose, now).await
    } else {
        Ok(None)
    }
}

/// Makes every unused proof of the user for these purposes void.
pub async fn void(tx: &mut TenantTx, user: UserId, purposes: &[Purpose], now: Timestamp) -> Result<(), StoreError> {
    for purpose in purposes {
        let sql = "UPDATE proofs SET used_at = $4 WHERE tenant_id = $1 AND user_id = $2 AND purpose = $3
            AND used_at IS NULL";
        tx.execute(sql, params![user, purpose.as_str(), now]).await?;
    }
    Ok(())
}
