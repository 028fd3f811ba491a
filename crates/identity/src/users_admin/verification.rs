//! Asking people to verify their address: a mail with a link and a code, as they would ask for it themselves.

use kernel::{Problem, UserId};
use serde_json::json;
use storage::TenantTx;

use super::{
    NOT_VERIFIABLE, UpdateUsers,
    model::not_deleted,
    target::{look, manage, target},
};
use crate::{
    Core,
    audit::Action,
    http::{Caller, Cause, Permit},
    language::Language,
    outbox::{Fate, LIMITED, limits},
    preferences,
    proofs::{Ask, Purpose},
    users::{self, User, UserStatus},
};

const ASKED: Action = Action::new("user.verification_requested");

/// A mail to be sent in the unit of its cause.
pub(super) struct Verification {
    ask: Ask,
    language: Option<Language>,
    /// How long to wait, where the address gets too many mails.
    within: Result<(), std::time::Duration>,
}

impl Verification {
    /// A mail to this address, counted.
    pub(super) async fn new(core: &Core, caller: &Caller, email: &str, language: Option<Language>) -> Self {
        let within = limits::mail(core, caller.principal.tenant, email).await;
        Self { ask: Ask::new(core, &caller.ctx.tenant, Purpose::VerifyEmail), language, within }
    }

    /// Writes it, unless the address gets too many. It says no name: the person may have chosen it.
    pub(super) async fn send(&self, tx: &mut TenantTx, cause: &Cause, user: &User) -> Result<(), Problem> {
        let email = user.email.as_deref().ok_or(NOT_VERIFIABLE)?;
        let language = self.language.unwrap_or(preferences::load(tx).await?.language);
        let fate = Fate::send_if(self.within.is_ok());
        self.ask.write(tx, Some(user.id), None, email, language, fate).await?;
        Ok(cause.record(tx, ASKED, target(user.id), json!({})).await?)
    }
}

/// The address that is still to be verified.
fn unverified(user: &User) -> Result<&str, Problem> {
    not_deleted(user)?;
    let waiting = user.status == UserStatus::Active && user.email_verified_at.is_none();
    user.email.as_deref().filter(|_| waiting).ok_or_else(|| NOT_VERIFIABLE.into())
}

/// Sends the mail again.
pub(super) async fn resend(
    core: &Core,
    permit: &Permit<UpdateUsers>,
    id: UserId,
    language: Option<Language>,
) -> Result<(), Problem> {
    let user = look(core, permit, id, move |tx| Box::pin(users::by_id(tx, id))).await?;
    let user = user.ok_or(kernel::problem::common::NOT_FOUND)?;
    let email = unverified(&user)?.to_owned();
    let verification = Verification::new(core, permit, &email, language).await;
    verification.within.map_err(|wait| Problem::new(LIMITED).retry_after(wait))?;
    manage(core, permit, id, move |tx, cause, user| {
        Box::pin(async move {
            unverified(&user)?;
            verification.send(tx, &cause, &user).await?;
            Ok(((), None))
        })
    })
    .await?;
    core.outbox.wake();
    Ok(())
}
