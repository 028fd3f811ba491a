//! Choosing a password by a mailed link: after it was forgotten, or for the first time.

use kernel::{Problem, RequestContext, Secret};
use storage::StoreError;

use super::{INVALID, addressee::stands};
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    auth::{self, Renewal},
    language::Language,
    mfa,
    new_password::{self, Candidate, names},
    outbox::{Fate, limits},
    preferences,
    proofs::{self, Ask, Purpose},
    users::{self, Account, Email, UserKind, UserStatus},
};

const ASKED: Action = Action::new("user.password_reset_requested");
const RECOVERED: Action = Action::new("user.password_recovered");
const ACCEPTED: Action = Action::new("user.invitation_accepted");

/// Sends a link to choose a new password, if the address belongs to somebody. Says nothing about that.
pub async fn request(core: &Core, ctx: &RequestContext, email: Email, wish: Option<Language>) -> Result<(), Problem> {
    let within = limits::mail(core, ctx.tenant.id, email.as_str()).await.is_ok();
    let ask = Ask::new(core, &ctx.tenant, Purpose::ResetPassword);
    let (now, random, ctx) = (core.now(), core.random.clone(), ctx.clone());
    let written = core.write(ctx.tenant.id, move |tx| {
        Box::pin(async move {
            let language = wish.unwrap_or(preferences::load(tx).await?.language);
            let found = users::by_email(tx, &email).await?;
            let user = found.filter(|u| u.status == UserStatus::Active && u.kind == UserKind::Person).map(|u| u.id);
            ask.write(tx, user, None, email.as_str(), language, Fate::send_if(within)).await?;
            let target = user.map_or(Target::unknown("user"), |id| Target::new("user", id));
            audit::record(tx, Entry::new(Actor::Anonymous, ASKED, target, &ctx), now, &*random).await
        })
    });
    written.await?;
    core.outbox.wake();
    Ok(())
}

/// Sets the password of whom the token was mailed to, and ends all their sessions. Nobody is logged in by
/// this: what a login asks for besides the password, it still asks. Whoever had never verified the address keeps
/// nothing else: factors, passkeys, devices and API keys may be those of somebody who registered with it. Returns
/// their address.
pub async fn choose(
    core: &Core,
    ctx: &RequestContext,
    purpose: Purpose,
    token: &Secret,
    password: Secret,
    wish: Option<Language>,
) -> Result<String, Problem> {
    let tenant = super::tenant(core, token)?;
    let hash = core.vault.hash_token(token.expose().as_bytes());
    // Only who holds a good token may have us hash.
    let now = core.now();
    let found = core.read(tenant, move |tx| {
        Box::pin(async move {
            let Some(held) = proofs::peek(tx, hash, purpose, now).await? else { return Ok(None) };
            let account =
                users::account_by_id(tx, held.user).await?.filter(|account| stands(&account.user, &held, purpose));
            let has_factor = !mfa::offers(tx, held.user).await?.is_empty();
            Ok::<_, StoreError>(account.map(|account| (account.user, has_factor)))
        })
    });
    let (user, has_factor) = found.await?.ok_or(INVALID)?;
    let names = names(&user);
    let candidate = Candidate::of(&user, &names, password, "/new_password").beside_factor(has_factor);
    let judged = new_password::judge(core, Some(tenant), Some(ctx), candidate).await?;
    let new = judged.unlike_former(core, tenant, user.id).await?.hash(core).await?;

    let (now, renewal) = (core.now(), Renewal::new(core, Some(ctx)).told_in(wish));
    let action = if purpose == Purpose::Invitation { ACCEPTED } else { RECOVERED };
    let entry = Entry::new(Actor::User(user.id), action, Target::new("user", user.id), ctx);
    let chosen = core.write(tenant, move |tx| {
        Box::pin(async move {
            let Some(held) = proofs::consume(tx, hash, purpose, now).await? else { return Ok(None) };
            let account =
                users::account_by_id(tx, held.user).await?.filter(|account| stands(&account.user, &held, purpose));
            let Some(Account { user, .. }) = account else { return Ok(None) };
            let Some(ended) = renewal.password(tx, &user, &new, None, entry).await? else { return Ok(None) };
            // Whoever read the mail has the address.
            users::verify_email(tx, user.id, &held.email, now).await?;
            let evicted = match user.email_verified_at {
                None => auth::evict(tx, user.id, now).await?,
                Some(_) => None,
            };
            Ok::<_, StoreError>(Some((ended.tell(tx, now).await?.or(evicted), held.email)))
        })
    });
    let (seq, email) = chosen.await?.ok_or(INVALID)?;
    core.outbox.wake();
    core.settle(seq).await?;
    Ok(email)
}
