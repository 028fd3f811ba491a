//! Changing one's e-mail address: asked for with the password, told to the old address, confirmed from the
//! new one.

use kernel::{Principal, Problem, RequestContext, Secret, problem::common};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::INVALID;
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    auth,
    language::Language,
    mfa,
    outbox::{Fate, LIMITED, Letter, Post, limits},
    preferences,
    proofs::{self, Ask, Held, Purpose},
    publish::{self, Change},
    sessions::{self, Reason},
    templates::Name,
    users::{self, Email, User, UserStatus},
};

const ASKED: Action = Action("user.email_change_requested");
const CHANGED: Action = Action("user.email_changed");

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
    let ip = ctx.client_ip.to_string();
    let written = core.store.tenant(principal.tenant).write(move |tx| {
        Box::pin(async move {
            let language = wish.unwrap_or(preferences::load(tx).await?.language);
            proofs::void(tx, user.id, &[Purpose::ChangeEmail], now).await?;
            match users::by_email(tx, &email).await? {
                None => ask.write(tx, Some(user.id), session, email.as_str(), language, Fate::Send).await?,
                Some(owner) => {
                    ask.write_proof(tx, session, email.as_str()).await?;
                    let letter = Letter::mail(Name::AlreadyRegistered, language, email.as_str()).of(Some(owner.id));
                    post.write(tx, letter, Fate::send_if(owner.status == UserStatus::Active)).await?;
                }
            }
            if let Some(old) = &user.email {
                let letter = notice(Name::EmailChangeRequested, language, old, &user, email.as_str());
                post.write(tx, letter.with("ip", ip).at(now), Fate::Send).await?;
            }
            audit::record(tx, entry, now, &*random).await
        })
    });
    written.await.map_err(|e: StoreError| Problem::from(e))?;
    core.outbox.wake();
    Ok(())
}

/// A notice to one of a user's addresses about the new one.
fn notice(name: Name, language: Language, to: &str, user: &User, new: &str) -> Letter {
    Letter::mail(name, language, to)
        .of(Some(user.id))
        .with("name", user.display_name.clone().unwrap_or_default())
        .with("new_email", new)
}

/// Makes the address that the token was mailed to the user's own.
pub async fn confirm(core: &Core, ctx: &RequestContext, token: &Secret, wish: Option<Language>) -> Result<(), Problem> {
    let tenant = super::tenant(core, token)?;
    let hash = core.vault.hash_token(token.expose().as_bytes());
    let unit = Unit { now: core.now(), random: core.random.clone(), post: Post::new(core), ctx: ctx.clone(), wish };
    let changed = core.store.tenant(tenant).write(move |tx| Box::pin(async move { unit.commit(tx, hash).await }));
    let seq = match changed.await {
        Ok(Some(seq)) => seq,
        // Somebody registered with the address at this very moment; nothing was kept.
        Ok(None) | Err(StoreError::Constraint(_)) => return Err(INVALID.into()),
        Err(error) => return Err(error.into()),
    };
    core.outbox.wake();
    Ok(core.settle(seq).await?)
}

struct Unit {
    now: kernel::Timestamp,
    random: std::sync::Arc<dyn kernel::Random>,
    post: Post,
    ctx: RequestContext,
    wish: Option<Language>,
}

impl Unit {
    async fn commit(self, tx: &mut TenantTx, hash: [u8; 32]) -> Result<Option<i64>, StoreError> {
        let now = self.now;
        let Some(held) = proofs::consume(tx, hash, Purpose::ChangeEmail, now).await? else { return Ok(None) };
        let Held { user: id, email, session } = held;
        let Some(user) = users::by_id(tx, id).await?.filter(|u| u.status == UserStatus::Active) else {
            return Ok(None);
        };
        if !users::change_email(tx, id, &email, now).await? {
            return Ok(None);
        }
        // Links that were sent to the old address open nothing any more.
        proofs::void(tx, id, &[Purpose::VerifyEmail, Purpose::ResetPassword, Purpose::ChangeEmail], now).await?;
        mfa::distrust(tx, id, now).await?;
        let sessions = sessions::revoke_all(tx, id, session, Reason::Email, now).await?;
        let entry = Entry::new(Actor::User(id), CHANGED, Target::new("user", id), &self.ctx);
        audit::record(tx, entry.details(json!({"sessions_ended": sessions.len()})), now, &*self.random).await?;
        let language = self.wish.unwrap_or(preferences::load(tx).await?.language);
        for to in user.email.iter().chain([&email]) {
            let letter = notice(Name::EmailChanged, language, to, &user, &email);
            let letter = letter.with("ip", self.ctx.client_ip.to_string()).at(now);
            self.post.write(tx, letter, Fate::Send).await?;
        }
        Ok(Some(publish::append(tx, &Change::SessionsRevoked { sessions }, now).await?))
    }
}
