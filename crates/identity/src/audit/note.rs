//! Entries that tell of nothing else that is written, such as refusals.

use kernel::{Problem, TenantId};

use super::{Entry, record};
use crate::Core;

/// Notes something in a unit of its own.
pub async fn note(core: &Core, tenant: TenantId, entry: Entry) -> Result<(), Problem> {
    let (now, random) = (core.now(), core.random.clone());
    core.write(tenant, move |tx| Box::pin(async move { record(tx, entry, now, &*random).await })).await
}
