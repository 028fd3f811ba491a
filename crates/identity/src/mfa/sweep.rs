//! Dropping challenges that have expired and enrolments that were never confirmed. Run it in the background.

use std::time::Duration;

use storage::StoreError;

use crate::{Core, sweep};

/// An enrolment is forgotten this long after it was begun.
const KEEP: Duration = Duration::from_secs(86_400);

/// Returns how many were dropped.
pub async fn sweep(core: &Core) -> Result<u64, StoreError> {
    let (now, store) = (core.now(), &core.store);
    let challenges = "DELETE FROM challenges WHERE (tenant_id, hash) IN
        (SELECT tenant_id, hash FROM challenges WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    let factors = "DELETE FROM factors WHERE (tenant_id, id) IN
        (SELECT tenant_id, id FROM factors WHERE confirmed_at IS NULL AND created_at <= $1
            ORDER BY created_at LIMIT $2)";
    Ok(sweep::drop_all(store, challenges, now).await? + sweep::drop_all(store, factors, now - KEEP).await?)
}
