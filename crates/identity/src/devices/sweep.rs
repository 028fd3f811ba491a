//! Dropping devices that no browser knows any more. Run it in the background, every few minutes.

use storage::StoreError;

use super::cookie::KEPT;
use crate::{Core, sweep};

/// Drops devices that were not seen for so long that their cookie is gone, and returns how many.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let sql = "DELETE FROM devices WHERE (tenant_id, id) IN
        (SELECT tenant_id, id FROM devices WHERE last_seen_at <= $1 ORDER BY last_seen_at LIMIT $2)";
    sweep::drop_all(&core.store, sql, core.now() - KEPT).await
}
