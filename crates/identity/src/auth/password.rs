//! Changing one's own password.

use kernel::{Principal, Problem, RequestContext, Secret, Timestamp};
use serde_json::json;
use storage::StoreError;

use super::{
    LIMITED,
    lockout::{self, Counter},
    login::count_attempt,
};
use crate::{
    Core,
    audit::{self, Action, Entry, Target},
    language::Language,
    mfa,
    new_password::{self, Candidate, names},
    outbox::{Fate, Letter, Post},
    passwords::{Broken, WRONG, weak},
    preferences,
    proofs::{self, Purpose},
    publish::{self, Change},
    sessions::{self, Reason},
    templates::Name,
    users::{self, Account, User},
};

/// Where the new password is given.
const FIELD: &str = "/new_password";

/// A change of password.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// The one they have.
    pub current: Secret,
    /// The one they want.
    pub new: Secret,
}

/// Changes the caller's password, and ends all other sessions: whoever knew the old one is out.
///
/// A stolen session must not be a way to guess the password, so confirmations are counted like logins.
pub async fn change_password(
    core: &Core,
    ctx: &RequestContext,
    principal: &Principal,
    change: PasswordChange,
    wish: Option<Language>,
) -> Result<(), Problem> {
    let account = load(core, principal).await?;
    let user = &account.user;
    let id = user.id;

    let names = names(user);
    let candidate = Candidate::of(user, &names, change.new.clone(), FIELD);
    let candidate = candidate.beside_factor(has_factor(core, principal).await?);
    let judged = new_password::judge(core, Some(principal.tenant), Some(ctx), candidate).await?;

    let (old, counter) = confirm(core, ctx, principal, &account, &change.current).await?;
    // Only who has given the current password may ask whether another is a former one.
    let unlike = match change.new == change.current {
        true => Err(weak(vec![Broken::new("unchanged", "Choose another password than the current one.")], FIELD)),
        false => judged.unlike_former(core, principal.tenant, id).await,
    };
    let new = match unlike {
        Ok(judged) => judged.hash(core).await?,
        Err(refused) => {
            // The attempt was counted, and its password was right.
            forgive(core, principal, counter).await?;
            return Err(refused);
        }
    };

    let (now, post) = (core.now(), Post::new(core));
    let letter = notice(user, ctx, now);
    let entry = Entry::new(principal, Action("user.password_changed"), Target::new("user", id), ctx);
    let (random, keep) = (core.random.clone(), principal.session);
    let work = core.store.tenant(principal.tenant).write(move |tx| {
        Box::pin(async move {
            new.retire_present(tx, id, now).await?;
            if !users::change_password_hash(tx, id, &old, &new.hash, now).await? {
                return Ok(None);
            }
            lockout::clear(tx, &counter).await?;
            mfa::distrust(tx, id, now).await?;
            let sessions = sessions::revoke_all(tx, id, keep, Reason::Password, now).await?;
            let entry = entry.details(json!({"sessions_ended": sessions.len()}));
            audit::record(tx, entry, now, &*random).await?;
            // What was under way by mail may have been begun by whoever knew the old password.
            proofs::void(tx, id, &[Purpose::ResetPassword, Purpose::ChangeEmail], now).await?;
            if let Some(letter) = letter {
                let language = wish.unwrap_or(preferences::load(tx).await?.language);
                post.write(tx, Letter { language, ..letter }, Fate::Send).await?;
            }
            let seq = match sessions.is_empty() {
                true => None,
                false => Some(publish::append(tx, &Change::SessionsRevoked { sessions }, now).await?),
            };
            Ok::<_, StoreError>(Some(seq))
        })
    });
    // Changed by somebody else meanwhile: what was given is not the current password any more.
    let seq = work.await?.ok_or(WRONG)?;
    core.outbox.wake();
    if let Some(seq) = seq {
        core.settle(seq).await?;
    }
    Ok(())
}

/// Whether the caller logs in with a second factor.
async fn has_factor(core: &Core, principal: &Principal) -> Result<bool, Problem> {
    let id = users::own(principal)?;
    let offers = core.store.tenant(principal.tenant).read(move |tx| Box::pin(mfa::offers(tx, id))).await;
    Ok(!offers.map_err(|e: StoreError| Problem::from(e))?.is_empty())
}

/// A mail that tells a person that their password was changed.
fn notice(user: &User, ctx: &RequestContext, now: Timestamp) -> Option<Letter> {
    let letter = Letter::mail(Name::PasswordChanged, Language::default(), user.email.clone()?)
        .of(Some(user.id))
        .with("name", user.display_name.clone().unwrap_or_default())
        .with("ip", ctx.client_ip.to_string())
        .at(now);
    Some(letter)
}

async fn load(core: &Core, principal: &Principal) -> Result<Account, Problem> {
    let id = users::own(principal)?;
    let account = core.store.tenant(principal.tenant).read(move |tx| Box::pin(users::account_by_id(tx, id))).await;
    account.map_err(|e: StoreError| Problem::from(e))?.ok_or_else(|| WRONG.into())
}

/// Asks for the caller's current password before something that a stolen session must not do. Counted like
/// a login.
pub async fn confirm_password(
    core: &Core,
    ctx: &RequestContext,
    principal: &Principal,
    current: &Secret,
) -> Result<Account, Problem> {
    let account = load(core, principal).await?;
    let (_, counter) = confirm(core, ctx, principal, &account, current).await?;
    forgive(core, principal, counter).await?;
    Ok(account)
}

/// Forgets the attempts that were counted.
async fn forgive(core: &Core, principal: &Principal, counter: Counter) -> Result<(), Problem> {
    let work = core
        .store
        .tenant(principal.tenant)
        .write(move |tx| Box::pin(async move { lockout::clear(tx, &counter).await }));
    work.await.map_err(|e: StoreError| Problem::from(e))
}

/// The hash that the current password was verified against, and where the attempt was counted.
async fn confirm(
    core: &Core,
    ctx: &RequestContext,
    principal: &Principal,
    account: &Account,
    current: &Secret,
) -> Result<(Secret, Counter), Problem> {
    let counter = Counter::confirmation(&core.vault, account.user.id, ctx.client_ip);
    let key = format!("password:{}:{}", principal.tenant, counter.account_name());
    let taken = core.limiter.take(key, core.settings.login_by_account).await;
    taken.map_err(|wait| Problem::new(LIMITED).retry_after(wait))?;
    let place = core.hasher.reserve()?;
    let attempt = count_attempt(core, ctx, counter).await?;
    let stored = account.password_hash.clone();
    let verdict = place.verify(current.clone(), stored.as_ref().map(|h| h.expose().clone())).await?;
    match stored.filter(|_| verdict.ok) {
        Some(verified) => Ok((verified, counter)),
        None => Err(attempt.refuse(Problem::new(WRONG), core.now())),
    }
}
