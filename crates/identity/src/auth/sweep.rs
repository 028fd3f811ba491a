//! Dropping what can matter no more. Run it in the background, every few minutes.

use std::time::Duration;

use kernel::{SessionId, TenantId, Timestamp};
use storage::{Row, StoreError, params};

use crate::{Core, sweep};

/// Sessions are kept this long after their end, for the edge to load and for people to ask about.
const KEEP_SESSIONS: Duration = Duration::from_secs(30 * 86_400);
/// Failures that did not lead to anything are forgotten after this.
const KEEP_FAILURES: Duration = Duration::from_secs(86_400);

/// Drops expired refresh tokens, denied tokens, counted failures, and sessions that ended long ago.
/// Returns how many rows.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let now = core.now();
    let failures = now - KEEP_FAILURES.max(core.settings.lockout.duration);
    // A token is kept until it expires, used or not: a used one that is gone could not be recognised as stolen.
    let tokens = "DELETE FROM refresh_tokens WHERE (tenant_id, hash) IN
        (SELECT tenant_id, hash FROM refresh_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    let mut dropped = sweep::drop_all(&core.store, tokens, now).await?;
    loop {
        let chunk = expired_sessions(core, now - KEEP_SESSIONS).await?;
        dropped += chunk;
        if chunk == 0 {
            break;
        }
    }
    let denied = "DELETE FROM denied_tokens WHERE (tenant_id, jti) IN
        (SELECT tenant_id, jti FROM denied_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    dropped += sweep::drop_all(&core.store, denied, now).await?;
    // The time is asked again of the row itself: it may have been counted up meanwhile.
    let failed = "DELETE FROM login_failures WHERE last_at <= $1 AND (tenant_id, account, source) IN
        (SELECT tenant_id, account, source FROM login_failures WHERE last_at <= $1 ORDER BY last_at LIMIT $2)";
    Ok(dropped + sweep::drop_all(&core.store, failed, failures).await?)
}

async fn expired_sessions(core: &Core, before: Timestamp) -> Result<u64, StoreError> {
    let work = core.store.system().write(move |tx| {
        Box::pin(async move {
            let sql = "SELECT tenant_id, id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2";
            let rows = tx.query(sql, params![before, sweep::CHUNK]).await?;
            let read = |row: &Row| Ok((row.get::<TenantId>(0)?, row.get::<SessionId>(1)?));
            let ended: Vec<_> = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
            for (tenant, id) in &ended {
                // Its tokens never outlive it; they go first because they refer to it.
                for table in
                    ["refresh_tokens WHERE tenant_id = $1 AND session_id", "sessions WHERE tenant_id = $1 AND id"]
                {
                    tx.execute(&format!("DELETE FROM {table} = $2"), params![*tenant, *id]).await?;
                }
            }
            Ok::<_, StoreError>(ended.len() as u64)
        })
    });
    work.await
}
