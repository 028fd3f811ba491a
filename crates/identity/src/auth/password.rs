//! Changing one's own password.

use kernel::{Principal, Problem, RequestContext, Secret};
use serde_json::json;
use storage::StoreError;

use super::{
    LIMITED, Renewal,
    attempts::{count_attempt, forgive, withdraw},
    lockout::Counter,
};
use crate::{
    Core,
    audit::{self, Action, Entry, Target},
    language::Language,
    mfa,
    new_password::{self, Candidate, names},
    passwords::{Broken, WRONG, weak},
    users::{self, Account},
};

/// What was given is not the current password.
const CHANGED: Action = Action::new("user.password_changed");
const REFUSED: Action = Action::new("user.password_refused");

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
            forgive(core, principal.tenant, counter).await?;
            return Err(refused);
        }
    };

    let (now, user) = (core.now(), user.clone());
    let renewal = Renewal::new(core, Some(ctx)).keeping(principal.session).told_in(wish);
    let entry = Entry::new(principal, CHANGED, Target::new("user", id), ctx);
    let work = core.write(principal.tenant, move |tx| {
        Box::pin(async move {
            match renewal.password(tx, &user, &new, Some(&old), entry).await? {
                Some(ended) => Ok::<_, StoreError>(Some(ended.tell(tx, now).await?)),
                None => Ok(None),
            }
        })
    });
    // Changed by somebody else meanwhile: what was given is not the current password any more.
    let seq = work.await?.ok_or(WRONG)?;
    core.outbox.wake();
    core.settle(seq).await?;
    Ok(())
}

/// Whether the caller logs in with a second factor.
async fn has_factor(core: &Core, principal: &Principal) -> Result<bool, Problem> {
    let id = users::own(principal)?;
    Ok(!core.read(principal.tenant, move |tx| Box::pin(mfa::offers(tx, id))).await?.is_empty())
}

async fn load(core: &Core, principal: &Principal) -> Result<Account, Problem> {
    let id = users::own(principal)?;
    core.read(principal.tenant, move |tx| Box::pin(users::account_by_id(tx, id))).await?.ok_or_else(|| WRONG.into())
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
    forgive(core, principal.tenant, counter).await?;
    Ok(account)
}

/// The hash that the current password was verified against, and where the attempt was counted.
pub(super) async fn confirm(
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
    let hasher = core.hasher.for_known();
    let place = hasher.reserve()?;
    let attempt = count_attempt(core, ctx, counter).await?;
    let stored = account.password_hash.clone();
    let hash = stored.as_ref().map(|h| h.expose().clone());
    let Some(verdict) = place.verify(Some(&ctx.caller), current.clone(), hash).await? else {
        return Err(withdraw(core, ctx, counter).await?);
    };
    if let Some(verified) = stored.filter(|_| verdict.ok) {
        return Ok((verified, counter));
    }
    let entry = Entry::new(principal, REFUSED, Target::new("user", account.user.id), ctx)
        .failed()
        .details(json!({"failures": attempt.number(), "locked": attempt.is_last()}));
    audit::note(core, principal.tenant, entry).await?;
    Err(attempt.refuse(Problem::new(WRONG), core.now()))
}
