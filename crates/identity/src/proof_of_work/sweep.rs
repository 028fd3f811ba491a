//! Forgetting puzzles that could not be used any more anyway. Run it in the background, every few minutes.

use storage::StoreError;

use crate::{Core, sweep};

/// Drops used puzzles that have expired, and returns how many.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let sql = "DELETE FROM spent_puzzles WHERE (tenant_id, hash) IN
        (SELECT tenant_id, hash FROM spent_puzzles WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    sweep::drop_all(&core.store, sql, core.now()).await
}
