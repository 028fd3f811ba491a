//! Dropping proofs that have expired. Run it in the background, every few minutes.

use storage::StoreError;

use crate::{Core, sweep};

/// Drops expired proofs, used or not, and returns how many.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let sql = "DELETE FROM proofs WHERE (tenant_id, hash) IN
        (SELECT tenant_id, hash FROM proofs WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    sweep::drop_all(&core.store, sql, core.now()).await
}
