//! Dropping ceremonies that nobody finished. Run it in the background, every few minutes.

use storage::StoreError;

use crate::{Core, sweep};

/// Drops expired ceremonies and returns how many.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let sql = "DELETE FROM passkey_ceremonies WHERE (tenant_id, hash) IN
        (SELECT tenant_id, hash FROM passkey_ceremonies WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    sweep::drop_all(&core.store, sql, core.now()).await
}
