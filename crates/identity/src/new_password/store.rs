//! The SQL of former passwords.

use kernel::{Timestamp, UserId};
use storage::{StoreError, TenantTx, params};

/// The hashes of the last passwords of a user, the present one first: `most` at most.
pub(super) async fn last(tx: &mut TenantTx, user: UserId, most: u8) -> Result<Vec<String>, StoreError> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let sql = "SELECT password_hash FROM users WHERE tenant_id = $1 AND id = $2 AND password_hash IS NOT NULL";
    let present = tx.query(sql, params![user]).await?;
    let sql = "SELECT hash FROM former_passwords WHERE tenant_id = $1 AND user_id = $2
        ORDER BY retired_at DESC, hash LIMIT $3";
    let former = tx.query(sql, params![user, i64::from(most) - 1]).await?;
    present.iter().chain(&former).map(|row| row.get(0)).collect()
}

/// Remembers the present hash, and forgets all but the `keep` newest.
pub(super) async fn retire(tx: &mut TenantTx, user: UserId, keep: u8, now: Timestamp) -> Result<(), StoreError> {
    if keep > 0 {
        let sql = "INSERT INTO former_passwords (tenant_id, user_id, hash, retired_at)
            SELECT tenant_id, id, password_hash, CAST($3 AS BIGINT) FROM users
                WHERE tenant_id = $1 AND id = $2 AND password_hash IS NOT NULL
            ON CONFLICT DO NOTHING";
        tx.execute(sql, params![user, now]).await?;
    }
    let sql = "DELETE FROM former_passwords WHERE tenant_id = $1 AND user_id = $2 AND hash NOT IN (
            SELECT hash FROM former_passwords WHERE tenant_id = $1 AND user_id = $2
            ORDER BY retired_at DESC, hash LIMIT $3)";
    tx.execute(sql, params![user, i64::from(keep)]).await.map(drop)
}
