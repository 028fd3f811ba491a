//! The SQL of used puzzles.

use storage::{StoreError, TenantTx, params};

use super::model::Solved;

/// Uses a puzzle up. `false`: it was used before.
pub(super) async fn spend(tx: &mut TenantTx, solved: &Solved) -> Result<bool, StoreError> {
    let sql = "INSERT INTO spent_puzzles (tenant_id, hash, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, hash) DO NOTHING";
    Ok(tx.execute(sql, params![solved.hash, solved.expires_at]).await? == 1)
}
