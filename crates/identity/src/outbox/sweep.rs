//! Dropping messages that are of no more use. Run it in the background, every few minutes.

use std::time::Duration;

use storage::StoreError;

use crate::{Core, sweep};

/// What was sent is kept so long, for people who ask what became of a message. What was never meant to be
/// sent stays as long, so that a look at the table's size tells nothing.
const KEEP: Duration = Duration::from_secs(7 * 86_400);
/// What was given up is kept longer: somebody has to notice.
const KEEP_DEAD: Duration = Duration::from_secs(30 * 86_400);

/// Drops old messages and returns how many.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let (now, store) = (core.now(), &core.store);
    let done = "DELETE FROM outbox WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM outbox
        WHERE status <> 'dead' AND finished_at <= $1 ORDER BY finished_at LIMIT $2)";
    let dead = "DELETE FROM outbox WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM outbox
        WHERE status = 'dead' AND finished_at <= $1 ORDER BY finished_at LIMIT $2)";
    Ok(sweep::drop_all(store, done, now - KEEP).await? + sweep::drop_all(store, dead, now - KEEP_DEAD).await?)
}
