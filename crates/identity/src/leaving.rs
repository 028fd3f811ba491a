//! People who delete their own account.
//!
//! What becomes of it is what becomes of one that an administrator deletes: nothing of it is accepted any more, and
//! it is kept, so that an administrator can restore it. Keys and mails that were under way do not come back.
//!
//! Invariants:
//! - It needs a recent login, with more than a password from whoever has more, and the person themselves.
//! - They are told by mail, in the unit that does it; of many at once, one does it.
//! - The last active super administrator stays.
//!
//! Deliberately absent: erasure.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{Problem, problem::common};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Core, api_keys,
    audit::Action,
    http::{
        Cause, Permit, Refusal, Wish,
        openapi::{Changed, Guarded},
    },
    language::Language,
    mfa,
    outbox::{Fate, Letter, Post},
    preferences,
    proofs::{self, Purpose},
    roles,
    templates::Name,
    users::{self, UserStatus, WriteProfile},
    users_admin,
};

kernel::problems! {
    /// The tenant does not let people do it.
    pub OFF = 403 "account.deletion_off" "Accounts are not deleted by their owners here" "Ask an administrator to delete the account.";
}

const LEFT: Action = Action::new("user.left");

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(delete_me))
}

/// Delete the caller's own account
///
/// Nothing of it is accepted from then on: sessions, tokens and API keys end. An administrator can restore the account
/// for as long as it is kept. Needs a login that is ten minutes old at most, with a second factor or a passkey from
/// whoever has one (`auth.step_up_required`), and that the tenant allows it.
#[utoipa::path(delete, path = "/api/v1/me", tag = "account", operation_id = "delete_me",
    responses((status = 204), Guarded, Changed),
    security(("bearer" = []), ("session" = [])))]
async fn delete_me(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Wish(wish): Wish,
) -> Result<StatusCode, Refusal> {
    leave(&core, &permit, wish).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes the caller's own account.
pub async fn leave(core: &Core, permit: &Permit<WriteProfile>, wish: Option<Language>) -> Result<(), Problem> {
    let (cause, post) = (Cause::new(core, permit), Post::new(core));
    let (id, now) = (users::own(&cause.caller)?, cause.now);
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            roles::lock(tx).await?;
            let preferences = preferences::load(tx).await?;
            if !preferences.account_deletion {
                return Err(Problem::new(OFF));
            }
            let user = mfa::owner(tx, &cause.caller, now).await?;
            proofs::void(tx, id, &Purpose::ALL, now).await?;
            mfa::distrust(tx, id, now).await?;
            let language = wish.unwrap_or(preferences.language);
            if let Some(letter) = Letter::to_user(Name::AccountDeleted, language, &user) {
                post.write(tx, letter.done(&cause.ctx, now), Fate::Send).await?;
            }
            // Settled with what comes last.
            api_keys::revoke_all(tx, id, now).await?;
            let seq = users_admin::put(tx, &cause, &user, UserStatus::Deleted, LEFT).await?;
            seq.ok_or_else(|| common::UNAUTHENTICATED.into())
        })
    });
    let seq = work.await?;
    core.outbox.wake();
    Ok(core.settle(seq).await?)
}

#[cfg(test)]
mod tests;
