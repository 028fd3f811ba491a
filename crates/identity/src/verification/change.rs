//! Changing one's e-mail address: asked for with the password, told to the old address, confirmed from the
//! new one.

use kernel::{Principal, Problem, RequestContext, Secret, Timestamp, problem::common};
use storage::{StoreError, TenantTx};

use super::INVALID;
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    auth::{self, Renewal},
    language::Language,
    outbox::{Fate, LIMITED, Letter, Post, limits},
    preferences,
    proofs::{self, Ask, Held, Purpose},
    templates::Name,
    users::{self, Email, UserStatus},
};

const ASKED: Action = Action::new("user.email_change_requested");

/// Asks the new address to confirm, and tells the old one. Whether somebody else has the new address is
/// not told: its owner gets the mail that a second registration causes.
pub async fn request(
    core: &Core,
    ctx: &RequestContext,
    principal: &Principal,
    current: Secret,
    email: Email,
    wish: Option<Language>,
) -> Result<(), Problem> {
    let user = auth::confirm_password(core, ctx, principal, &current).await?.user;
    if user.email.as_deref() == Some(email.as_str()) {
        return Err(Problem::new(common::INVALID).field("/new_email", "unchanged", "is your address already"));
    }
    let taken = limits::mail(core, principal.tenant, email.as_str()).await;
    taken.map_err(|wait| Problem::new(LIMITED).retry_after(wait))?;
    let (ask, post) = (Ask::new(core, &ctx.tenant, Purpose::ChangeEmail), Post::new(core));
    let (now, random, session) = (core.now(), core.random.clone(), principal.session);
    let entry = Entry::new(principal, ASKED, Target::new("user", user.id), ctx);
    let ctx = ctx.clone();
    let written = core.write(principal.tenant, move |tx| {
        Box::pin(async move {
            let language = wish.unwrap_or(preferences::load(tx).await?.language);
            proofs::void(tx, user.id, &[Purpose::ChangeEmail], now).await?;
            match users::by_email(tx, &email).await? {
                None => ask.write(tx, Some(user.id), session, email.as_str(), language, Fate::Send).await?,
                Some(owner) => {
                    ask.write_proof(tx, session, email.as_str()).await?;
                    let letter = Letter::mail(Name::AddressTaken, language, email.as_str()).of(Some(owner.id));
                    post.write(tx, letter, Fate::send_if(owner.status == UserStatus::Active)).await?;
                }
            }
            if let Some(letter) = Letter::to_user(Name::EmailChangeRequested, language, &user) {
                post.write(tx, letter.with("new_email", email.as_str()).done(&ctx, now), Fate::Send).await?;
            }
            audit::record(tx, entry, now, &*random).await
        })
    });
    written.await?;
    core.outbox.wake();
    Ok(())
}

/// Makes the address that the token was mailed to the user's own.
pub async fn confirm(core: &Core, ctx: &RequestContext, token: &Secret, wish: Option<Language>) -> Result<(), Problem> {
    let tenant = super::tenant(core, token)?;
    let hash = core.vault.hash_token(token.expose().as_bytes());
    let (now, renewal, ctx) = (core.now(), Renewal::new(core, Some(ctx)).told_in(wish), ctx.clone());
    let changed =
        core.store.tenant(tenant).write(move |tx| Box::pin(async move { commit(tx, hash, renewal, &ctx, now).await }));
    let seq = match changed.await {
        Ok(Some(seq)) => seq,
        // Somebody registered with the address at this very moment; nothing was kept.
        Ok(None) | Err(StoreError::Constraint(_)) => return Err(INVALID.into()),
        Err(error) => return Err(error.into()),
    };
    core.outbox.wake();
    Ok(core.settle(seq).await?)
}

/// `None`: the proof is not good, or the address is somebody's by now. Otherwise the entry of the feed to settle.
async fn commit(
    tx: &mut TenantTx,
    hash: [u8; 32],
    renewal: Renewal,
    ctx: &RequestContext,
    now: Timestamp,
) -> Result<Option<Option<i64>>, StoreError> {
    let Some(Held { user: id, email, session }) = proofs::consume(tx, hash, Purpose::ChangeEmail, now).await? else {
        return Ok(None);
    };
    let Some(user) = users::by_id(tx, id).await?.filter(|u| u.status == UserStatus::Active) else { return Ok(None) };
    if !users::change_email(tx, id, &email, now).await? {
        return Ok(None);
    }
    let entry = Entry::new(Actor::User(id), auth::MOVED, Target::new("user", id), ctx);
    let renewal = renewal.keeping(session);
    renewal.address(tx, &user, Some(&email), entry).await?.tell(tx, now).await.map(Some)
}
