//! Changes of a person's factors: each told by mail and audited, each the end of what was begun without it.

use kernel::{FactorId, Problem, RequestContext, SessionId, Timestamp, UserId, problem::common};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::{
    BackupCodes, Enrolment, MAX_FACTORS, NEEDED, TOO_MANY, UNCONFIRMED, challenges,
    enrol::{self, Beginning, Confirmed},
    locked_owner, owner, store,
};
use crate::{
    Core,
    audit::{Action, Target},
    devices,
    http::{Caller, Cause},
    language::Language,
    outbox::{Fate, Letter, Post},
    preferences,
    sessions::{self, Reason},
    templates::Name,
    users::{self, Phone, User},
};

/// Somebody has one more factor.
pub const ADDED: Action = Action::new("user.factor_added");
const REMOVED: Action = Action::new("user.factor_removed");
const CODES: Action = Action::new("user.backup_codes_made");

/// Mails a person that their factors were changed.
pub async fn notify(
    tx: &mut TenantTx,
    post: &Post,
    user: &User,
    ctx: &RequestContext,
    wish: Option<Language>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let language = wish.unwrap_or(preferences::load(tx).await?.language);
    let Some(letter) = Letter::to_user(Name::FactorsChanged, language, user) else { return Ok(()) };
    post.write(tx, letter.done(ctx, now), Fate::Send).await.map(drop)
}

/// Ends what stood on what has changed, a password or a factor: challenges that wait, and trust in devices.
pub async fn distrust(tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<(), StoreError> {
    challenges::void(tx, user, now).await?;
    devices::forget_trust(tx, user).await.map(drop)
}

/// Ends what was begun before the change: other sessions, and challenges that wait. Returns the feed entry to settle.
pub async fn end_others(
    tx: &mut TenantTx,
    user: UserId,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    distrust(tx, user, now).await?;
    sessions::revoke_all(tx, user, keep, Reason::Factors, now).await?.tell(tx, now).await
}

/// The caller, looked at before anything is prepared.
async fn load_owner(core: &Core, caller: &Caller) -> Result<User, Problem> {
    let (principal, now) = (caller.principal.clone(), core.now());
    core.read(principal.tenant, move |tx| Box::pin(async move { owner(tx, &principal, now).await })).await
}

async fn begin(core: &Core, caller: &Caller, beginning: Beginning) -> Result<Enrolment, Problem> {
    let now = core.now();
    let enrolment =
        core.write(caller.principal.tenant, move |tx| Box::pin(async move { beginning.write(tx, now).await })).await?;
    core.outbox.wake();
    Ok(enrolment)
}

/// Begins with an authenticator app.
pub async fn begin_totp(core: &Core, caller: &Caller) -> Result<Enrolment, Problem> {
    let user = proven(load_owner(core, caller).await?)?;
    begin(core, caller, Beginning::totp(core, &caller.ctx, &user)?).await
}

/// Nobody sets a factor up for an address that may be somebody else's: its owner could not get rid of it, because a
/// reset takes no factor away.
fn proven(user: User) -> Result<User, Problem> {
    if user.has_proven_address() { Ok(user) } else { Err(users::EMAIL_UNVERIFIED.into()) }
}

/// Begins with a phone.
pub async fn begin_sms(
    core: &Core,
    caller: &Caller,
    phone: Phone,
    wish: Option<Language>,
) -> Result<Enrolment, Problem> {
    let user = proven(load_owner(core, caller).await?)?;
    begin(core, caller, Beginning::sms(core, &caller.ctx, &user, &phone, wish).await?).await
}

/// Confirms the caller's factor.
pub async fn confirm(
    core: &Core,
    caller: &Caller,
    id: FactorId,
    code: String,
    wish: Option<Language>,
) -> Result<Confirmed, Problem> {
    let (cause, post, vault) = (Cause::new(core, caller), Post::new(core), core.vault.clone());
    let (codes, keep) = (BackupCodes::mint(&*core.random), caller.principal.session);
    let work = core.write(caller.principal.tenant, move |tx| {
        Box::pin(async move {
            let user = locked_owner(tx, &cause.caller, cause.now).await?;
            if store::confirmed(tx, user.id).await?.len() >= MAX_FACTORS {
                return Err(Problem::new(TOO_MANY));
            }
            let Some(confirmed) = enrol::confirm(tx, &vault, user.id, id, &code, codes, cause.now).await? else {
                return Ok(None);
            };
            let details = json!({"factor": id.to_string(), "kind": confirmed.kind});
            cause.record(tx, ADDED, Target::new("user", user.id), details).await?;
            notify(tx, &post, &user, &cause.ctx, wish, cause.now).await?;
            let seq = end_others(tx, user.id, keep, cause.now).await?;
            Ok(Some((confirmed, seq)))
        })
    });
    let (confirmed, seq) = work.await?.ok_or(UNCONFIRMED)?;
    core.outbox.wake();
    core.settle(seq).await?;
    Ok(confirmed)
}

/// Makes new backup codes; the old ones work no more.
pub async fn new_codes(core: &Core, caller: &Caller, wish: Option<Language>) -> Result<BackupCodes, Problem> {
    let (cause, post, vault) = (Cause::new(core, caller), Post::new(core), core.vault.clone());
    let (codes, keep) = (BackupCodes::mint(&*core.random), caller.principal.session);
    let made = codes.clone();
    let work = core.write(caller.principal.tenant, move |tx| {
        Box::pin(async move {
            let user = locked_owner(tx, &cause.caller, cause.now).await?;
            if store::confirmed(tx, user.id).await?.is_empty() {
                return Err(Problem::new(common::NOT_FOUND));
            }
            store::replace_codes(tx, user.id, &codes.hashes(&vault, user.id), cause.now).await?;
            cause.record(tx, CODES, Target::new("user", user.id), json!({})).await?;
            notify(tx, &post, &user, &cause.ctx, wish, cause.now).await?;
            Ok(end_others(tx, user.id, keep, cause.now).await?)
        })
    });
    let seq = work.await?;
    core.outbox.wake();
    core.settle(seq).await?;
    Ok(made)
}

/// Removes one of the caller's factors, unless it is the last and they must have one.
pub async fn remove(core: &Core, caller: &Caller, id: FactorId, wish: Option<Language>) -> Result<(), Problem> {
    let (cause, post, keep) = (Cause::new(core, caller), Post::new(core), caller.principal.session);
    let work = core.write(caller.principal.tenant, move |tx| {
        Box::pin(async move {
            let user = locked_owner(tx, &cause.caller, cause.now).await?;
            if !store::remove(tx, user.id, id).await? {
                return Err(Problem::new(common::NOT_FOUND));
            }
            if store::confirmed(tx, user.id).await?.is_empty() {
                let policy = preferences::load(tx).await?.mfa;
                if preferences::demands_factor(tx, &policy, user.id).await? {
                    return Err(NEEDED.into());
                }
                store::replace_codes(tx, user.id, &[], cause.now).await?;
            }
            cause.record(tx, REMOVED, Target::new("user", user.id), json!({"factor": id.to_string()})).await?;
            notify(tx, &post, &user, &cause.ctx, wish, cause.now).await?;
            Ok(end_others(tx, user.id, keep, cause.now).await?)
        })
    });
    let seq = work.await?;
    core.outbox.wake();
    core.settle(seq).await?;
    Ok(())
}

/// Takes every factor and backup code of a person away. Returns how many factors. For
/// administrators, who end sessions and tell the person.
pub async fn reset(tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<u64, StoreError> {
    // Whoever is not active changes nothing that there would be to wait for.
    users::lock(tx, user).await?;
    store::replace_codes(tx, user, &[], now).await?;
    store::remove_all(tx, user).await
}
