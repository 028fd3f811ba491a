//! Dropping challenges that have expired and enrolments that were never confirmed. Run it in the background.

use std::time::Duration;

use storage::{StoreError, params};

use crate::Core;

/// Rows that one unit drops at most.
const CHUNK: i64 = 500;
/// An enrolment is forgotten this long after it was begun.
const KEEP: Duration = Duration::from_secs(86_400);

/// Returns how many were dropped.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let now = core.now();
    let old = now - KEEP;
    let mut dropped = 0;
    loop {
        let chunk = core.store.system().write(move |tx| {
            Box::pin(async move {
                let sql = "DELETE FROM challenges WHERE (tenant_id, hash) IN
                    (SELECT tenant_id, hash FROM challenges WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
                let challenges = tx.execute(sql, params![now, CHUNK]).await?;
                let sql = "DELETE FROM factors WHERE (tenant_id, id) IN
                    (SELECT tenant_id, id FROM factors WHERE confirmed_at IS NULL AND created_at <= $1
                        ORDER BY created_at LIMIT $2)";
                Ok::<_, StoreError>((challenges, tx.execute(sql, params![old, CHUNK]).await?))
            })
        });
        let (challenges, factors) = chunk.await?;
        dropped += challenges + factors;
        if challenges < CHUNK.unsigned_abs() && factors < CHUNK.unsigned_abs() {
            return Ok(dropped);
        }
    }
}
