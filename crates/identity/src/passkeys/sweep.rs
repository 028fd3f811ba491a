//! Dropping ceremonies that nobody finished. Run it in the background, every few minutes.

use storage::{StoreError, params};

use crate::Core;

/// Rows that one unit drops at most.
const CHUNK: i64 = 500;

/// Drops expired ceremonies and returns how many.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let now = core.now();
    let mut dropped = 0;
    loop {
        let chunk = core.store.system().write(move |tx| {
            Box::pin(async move {
                let sql = "DELETE FROM passkey_ceremonies WHERE (tenant_id, hash) IN
                    (SELECT tenant_id, hash FROM passkey_ceremonies WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
                tx.execute(sql, params![now, CHUNK]).await
            })
        });
        let chunk: u64 = chunk.await.map_err(|e: StoreError| e)?;
        dropped += chunk;
        if chunk < CHUNK.unsigned_abs() {
            return Ok(dropped);
        }
    }
}
