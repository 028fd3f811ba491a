//! Dropping messages that are of no more use. Run it in the background, every few minutes.

use std::time::Duration;

use kernel::Timestamp;
use storage::{StoreError, params};

use crate::Core;

/// Rows that one unit drops at most.
const CHUNK: i64 = 500;
/// What was sent is kept so long, for people who ask what became of a message. What was never meant to be
/// sent stays as long, so that a look at the table's size tells nothing.
const KEEP: Duration = Duration::from_secs(7 * 86_400);
/// What was given up is kept longer: somebody has to notice.
const KEEP_DEAD: Duration = Duration::from_secs(30 * 86_400);

/// Drops old messages and returns how many.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let now = core.now();
    Ok(drop_all(core, "status <> 'dead'", now - KEEP).await?
        + drop_all(core, "status = 'dead'", now - KEEP_DEAD).await?)
}

async fn drop_all(core: &Core, which: &'static str, before: Timestamp) -> Result<u64, StoreError> {
    let mut dropped = 0;
    loop {
        let chunk = core.store.system().write(move |tx| {
            Box::pin(async move {
                let sql = format!(
                    "DELETE FROM outbox WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM outbox
                        WHERE {which} AND finished_at <= $1 ORDER BY finished_at LIMIT $2)"
                );
                tx.execute(&sql, params![before, CHUNK]).await
            })
        });
        let chunk: u64 = chunk.await.map_err(|e: StoreError| e)?;
        dropped += chunk;
        if chunk < CHUNK.unsigned_abs() {
            return Ok(dropped);
        }
    }
}
