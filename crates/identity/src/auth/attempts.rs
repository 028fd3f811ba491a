//! Attempts at a password, each counted in a unit of its own: before it is made, whatever comes of it.

use kernel::{Problem, RequestContext, TenantId};

use super::lockout::{self, Attempt, Counter};
use crate::{Core, passwords};

/// Counts the attempt, durably, before it is made.
pub(super) async fn count_attempt(core: &Core, ctx: &RequestContext, counter: Counter) -> Result<Attempt, Problem> {
    let (settings, now) = (core.settings.lockout, core.now());
    core.write(ctx.tenant.id, move |tx| Box::pin(async move { lockout::count(tx, &counter, &settings, now).await }))
        .await?
}

/// Takes the attempt back: the caller went away before it was looked at. What they are told is for nobody.
pub(super) async fn withdraw(core: &Core, ctx: &RequestContext, counter: Counter) -> Result<Problem, Problem> {
    core.write(ctx.tenant.id, move |tx| Box::pin(async move { lockout::withdraw(tx, &counter).await })).await?;
    Ok(passwords::busy())
}

/// Forgets the attempts that were counted.
pub(super) async fn forgive(core: &Core, tenant: TenantId, counter: Counter) -> Result<(), Problem> {
    core.write(tenant, move |tx| Box::pin(async move { lockout::clear(tx, &counter).await })).await
}
