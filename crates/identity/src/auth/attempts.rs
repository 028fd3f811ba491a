//! Attempts at a password, each counted in a unit of its own: before it is made, whatever comes of it.

use kernel::{Problem, RequestContext, TenantId};
use storage::StoreError;

use super::lockout::{self, Attempt, Counter};
use crate::{Core, passwords};

/// Counts the attempt, durably, before it is made.
pub(super) async fn count_attempt(core: &Core, ctx: &RequestContext, counter: Counter) -> Result<Attempt, Problem> {
    let (settings, now) = (core.settings.lockout, core.now());
    let counted = core
        .store
        .tenant(ctx.tenant.id)
        .write(move |tx| Box::pin(async move { lockout::count(tx, &counter, &settings, now).await }));
    counted.await.map_err(|e: StoreError| Problem::from(e))?
}

/// Takes the attempt back: the caller went away before it was looked at. What they are told is for nobody.
pub(super) async fn withdraw(core: &Core, ctx: &RequestContext, counter: Counter) -> Result<Problem, Problem> {
    let withdrawn = core
        .store
        .tenant(ctx.tenant.id)
        .write(move |tx| Box::pin(async move { lockout::withdraw(tx, &counter).await }));
    withdrawn.await.map_err(|e: StoreError| Problem::from(e))?;
    Ok(passwords::busy())
}

/// Forgets the attempts that were counted.
pub(super) async fn forgive(core: &Core, tenant: TenantId, counter: Counter) -> Result<(), Problem> {
    let work = core.store.tenant(tenant).write(move |tx| Box::pin(async move { lockout::clear(tx, &counter).await }));
    work.await.map_err(|e: StoreError| Problem::from(e))
}
