//! Whom something is done to: whether they exist, and whether the caller may manage them.

use futures_util::future::BoxFuture;
use kernel::{Problem, UserId, problem::common};
use storage::{StoreError, TenantTx};

use super::OUTRANKS;
use crate::{
    Core,
    audit::Target,
    http::{Caller, Cause},
    roles::{self, authority},
    users::{self, User},
};

/// As the audit log names them.
pub(super) fn target(id: UserId) -> Target {
    Target::new("user", id)
}

/// Reads what a user has who exists.
pub(super) async fn look<T, R>(core: &Core, caller: &Caller, id: UserId, read: R) -> Result<T, Problem>
where
    T: Send + 'static,
    R: for<'t> FnOnce(&'t mut TenantTx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
{
    let work = core.read(caller.principal.tenant, move |tx| {
        Box::pin(async move {
            users::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
            Ok::<_, Problem>(read(tx).await?)
        })
    });
    work.await
}

/// Changes a user whom the caller may manage, and who is neither the person that an administrator acts as nor that
/// administrator: whoever acts as somebody changes neither account. Under the tenant's lock, asks whether the user exists and
/// whether the caller holds all that the user holds, then does the work, then waits for the edge if the
/// work says so.
pub(super) async fn manage<T, W>(core: &Core, caller: &Caller, id: UserId, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    W: for<'t> FnOnce(&'t mut TenantTx, Cause, User) -> BoxFuture<'t, Result<(T, Option<i64>), Problem>>
        + Send
        + 'static,
{
    let principal = &caller.principal;
    if [principal.subject.user(), principal.impersonator].contains(&Some(id)) {
        caller.in_person()?;
    }
    let cause = Cause::new(core, caller);
    let (value, seq) = core
        .write(cause.caller.tenant, move |tx| {
            Box::pin(async move {
                roles::lock(tx).await?;
                let user = users::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
                let holds = roles::granted_to(tx, id).await?;
                if !authority(tx, &cause.caller).await?.covers(&holds) {
                    return Err(OUTRANKS.into());
                }
                work(tx, cause, user).await
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(value)
}
