//! Changing one's own password.

use kernel::{Principal, Problem, RequestContext, Secret};
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
    passwords::{About, WEAK, WRONG, check_policy},
    publish::{self, Change},
    sessions::{self, Reason},
    users,
};

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
) -> Result<(), Problem> {
    let id = users::own(principal)?;
    let account = core.store.tenant(principal.tenant).read(move |tx| Box::pin(users::account_by_id(tx, id))).await;
    let account = account.map_err(|e: StoreError| Problem::from(e))?.ok_or(WRONG)?;
    let user = &account.user;

    let names: Vec<&str> = [&user.display_name, &user.company_name].into_iter().flatten().map(String::as_str).collect();
    let about = About { email: user.email.as_deref(), username: user.username.as_deref(), names: &names };
    check_policy(core.settings.passwords.policy, &change.new, about, "/new_password")?;

    let counter = Counter::confirmation(&core.vault, id, ctx.client_ip);
    let key = format!("password:{}:{}", principal.tenant, counter.account_name());
    let taken = core.limiter.take(key, core.settings.login_by_account).await;
    taken.map_err(|wait| Problem::new(LIMITED).retry_after(wait))?;
    let place = core.hasher.reserve()?;
    let attempt = count_attempt(core, ctx, counter).await?;
    let stored = account.password_hash.clone();
    let verdict = place.verify(change.current.clone(), stored.as_ref().map(|h| h.expose().clone())).await?;
    let now = core.now();
    let Some(old) = stored.filter(|_| verdict.ok) else {
        return Err(Problem::new(WRONG).retry_after(attempt.delay(now)));
    };
    if change.new == change.current {
        return Err(Problem::new(WEAK).field(
            "/new_password",
            "unchanged",
            "Choose another password than the current one.",
        ));
    }
    let new = Secret::new(core.hasher.hash(change.new).await?);

    let entry = Entry::new(principal, Action("user.password_changed"), Target::new("user", id), ctx);
    let (random, keep) = (core.random.clone(), principal.session);
    let work = core.store.tenant(principal.tenant).write(move |tx| {
        Box::pin(async move {
            if !users::change_password_hash(tx, id, &old, &new, now).await? {
                return Ok(None);
            }
            lockout::clear(tx, &counter).await?;
            let sessions = sessions::revoke_all(tx, id, keep, Reason::Password, now).await?;
            let entry = entry.details(json!({"sessions_ended": sessions.len()}));
            audit::record(tx, entry, now, &*random).await?;
            let seq = match sessions.is_empty() {
                true => None,
                false => Some(publish::append(tx, &Change::SessionsRevoked { sessions }, now).await?),
            };
            Ok::<_, StoreError>(Some(seq))
        })
    });
    // Changed by somebody else meanwhile: what was given is not the current password any more.
    if let Some(seq) = work.await?.ok_or(WRONG)? {
        core.settle(seq).await?;
    }
    Ok(())
}
