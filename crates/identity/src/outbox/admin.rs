//! What administrators do with messages: see what became of them, have one sent again, send a test.

use kernel::{MessageId, Problem, problem::common};
use serde_json::json;

use super::{
    EXPIRED, LIMITED, NOT_DEAD, ReadMessages, WriteMessages, limits,
    model::{Channel, Fate, Letter, Status},
    store::{self, Post, Stored, Wanted},
};
use crate::{
    Core,
    audit::{Action, Target},
    http::{Cause, Permit, Window},
    language::Language,
    templates::Name,
    users,
};

const RETRIED: Action = Action::new("message.retried");
const TESTED: Action = Action::new("message.tested");

/// A page of messages.
pub(super) async fn list(
    core: &Core,
    permit: &Permit<ReadMessages>,
    wanted: Wanted,
    window: Window,
) -> Result<Vec<Stored>, Problem> {
    core.read(permit.principal.tenant, move |tx| Box::pin(store::page(tx, wanted, window))).await
}

/// One message.
pub(super) async fn get(core: &Core, permit: &Permit<ReadMessages>, id: MessageId) -> Result<Stored, Problem> {
    core.read(permit.principal.tenant, move |tx| Box::pin(store::by_id(tx, id)))
        .await?
        .ok_or_else(|| common::NOT_FOUND.into())
}

/// Has a message that was given up tried again.
pub(super) async fn retry(core: &Core, permit: &Permit<WriteMessages>, id: MessageId) -> Result<Stored, Problem> {
    let cause = Cause::new(core, permit);
    let revived = core
        .write(cause.caller.tenant, move |tx| {
            Box::pin(async move {
                let message = store::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
                if message.status != Status::Dead {
                    return Err(Problem::new(NOT_DEAD));
                }
                if !store::revive(tx, id, cause.now).await? {
                    return Err(Problem::new(EXPIRED));
                }
                let details = json!({"channel": message.channel.as_str(), "template": message.template});
                cause.record(tx, RETRIED, Target::new("message", id), details).await?;
                store::by_id(tx, id).await?.ok_or_else(|| common::NOT_FOUND.into())
            })
        })
        .await?;
    core.outbox.wake();
    Ok(revived)
}

/// Writes a test message. Bounded like any other: an administrator's stolen key must not be a way to
/// empty somebody's purse.
pub(super) async fn test(
    core: &Core,
    permit: &Permit<WriteMessages>,
    channel: Channel,
    to: String,
    language: Language,
) -> Result<Stored, Problem> {
    let user = users::own(&permit.principal)?;
    let tenant = permit.principal.tenant;
    let within = match channel {
        Channel::Mail => limits::mail(core, tenant, &to).await,
        Channel::Sms => limits::sms(core, tenant, user, &to).await,
    };
    within.map_err(|wait| Problem::new(LIMITED).retry_after(wait))?;
    let (cause, post) = (Cause::new(core, permit), Post::new(core));
    let written = core
        .write(tenant, move |tx| {
            Box::pin(async move {
                let letter = Letter { channel, ..Letter::mail(Name::Test, language, to) };
                let id = post.write(tx, letter, Fate::Send).await?;
                let details = json!({"channel": channel.as_str()});
                cause.record(tx, TESTED, Target::new("message", id), details).await?;
                store::by_id(tx, id).await?.ok_or_else(|| Problem::from(common::NOT_FOUND))
            })
        })
        .await?;
    core.outbox.wake();
    Ok(written)
}
