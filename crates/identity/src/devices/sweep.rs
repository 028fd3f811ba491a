//! Dropping devices that no browser knows any more. Run it in the background, every few minutes.

use storage::{StoreError, params};

use super::cookie::KEPT;
use crate::Core;

/// Rows that one unit drops at most.
const CHUNK: i64 = 500;

/// Drops devices that were not seen for so long that their cookie is gone, and returns how many.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let before = core.now() - KEPT;
    let mut dropped = 0;
    loop {
        let chunk = core.store.system().write(move |tx| {
            Box::pin(async move {
                let sql = "DELETE FROM devices WHERE (tenant_id, id) IN
                    (SELECT tenant_id, id FROM devices WHERE last_seen_at <= $1 ORDER BY last_seen_at LIMIT $2)";
                tx.execute(sql, params![before, CHUNK]).await
            })
        });
        let chunk: u64 = chunk.await.map_err(|e: StoreError| e)?;
        dropped += chunk;
        if chunk < CHUNK.unsigned_abs() {
            return Ok(dropped);
        }
    }
}
