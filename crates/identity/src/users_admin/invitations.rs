//! Inviting people: a mail with a link to choose a password.

use kernel::{Problem, UserId};
use serde_json::json;
use storage::TenantTx;

use super::{
    CreateUsers, NOT_INVITABLE,
    model::not_deleted,
    target::{manage, target},
};
use crate::{
    Core,
    audit::Action,
    http::{Cause, Permit},
    language::Language,
    outbox::{LIMITED, limits},
    preferences,
    proofs::{self, Ask, Purpose},
    users::{self, User, UserKind, UserStatus},
};

const INVITED: Action = Action::new("user.invited");

/// Sends an invitation in the unit of its cause; an earlier one is void from then on.
pub(super) async fn send(
    tx: &mut TenantTx,
    cause: &Cause,
    ask: &Ask,
    user: &User,
    language: Option<Language>,
) -> Result<(), Problem> {
    let email = user.email.as_deref().ok_or(NOT_INVITABLE)?;
    let language = language.unwrap_or(preferences::load(tx).await?.language);
    proofs::void(tx, user.id, &[Purpose::Invitation], cause.now).await?;
    ask.write_to(tx, user, email, language).await?;
    Ok(cause.record(tx, INVITED, target(user.id), json!({})).await?)
}

/// Sends an invitation again.
pub(super) async fn invite(
    core: &Core,
    permit: &Permit<CreateUsers>,
    id: UserId,
    language: Option<Language>,
) -> Result<(), Problem> {
    let within = limits::mail(core, permit.principal.tenant, &id.to_string()).await;
    within.map_err(|wait| Problem::new(LIMITED).retry_after(wait))?;
    let ask = Ask::new(core, &permit.ctx.tenant, Purpose::Invitation);
    manage(core, permit, id, move |tx, cause, user| {
        Box::pin(async move {
            not_deleted(&user)?;
            let account = users::account_by_id(tx, id).await?;
            let has_password = account.is_some_and(|account| account.password_hash.is_some());
            if has_password || user.kind != UserKind::Person || user.status != UserStatus::Active {
                return Err(NOT_INVITABLE.into());
            }
            send(tx, &cause, &ask, &user, language).await?;
            Ok(((), None))
        })
    })
    .await?;
    core.outbox.wake();
    Ok(())
}
