//! Who a session cookie belongs to, and ending sessions.

use std::{sync::Arc, time::Duration};

use kernel::{Acr, AuthMethod, Principal, Problem, RequestContext, Secret, SessionId, Subject, Timestamp, UserId};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::{INVALID, Live, Reason, WEAK, bearer, needs_touch, store};
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    preferences, roles,
};

/// Sessions were ended by their owner or by an administrator.
pub const ENDING: Action = Action::new("session.ended");

/// How long the edge may go without asking about a cookie again. So long, at most, use goes unnoticed by
/// the idle limit.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// Who presents this session cookie.
pub async fn authenticate_cookie(core: &Core, cookie: Secret) -> Result<Arc<Principal>, Problem> {
    let tenant = bearer::tenant_of("", &cookie).ok_or(INVALID)?;
    let (hash, now) = (core.vault.hash_token(cookie.expose().as_bytes()), core.now());
    let found = core.read(tenant, move |tx| {
        Box::pin(async move {
            let Some(live) = store::by_cookie(tx, hash).await? else { return Ok(None) };
            live.check(now)?;
            if !suffices(tx, &live, now).await? {
                return Err(Problem::new(WEAK));
            }
            let roles = roles::of_user(tx, live.owner.id).await?;
            Ok(Some((live, roles)))
        })
    });
    let (live, roles) = found.await?.ok_or(INVALID)?;
    let mut span = live.span;
    if needs_touch(live.last_seen_at, now) {
        let (operator, remember, id) = (core.settings.sessions.clone(), live.remember, live.id);
        let touched = core.write(tenant, move |tx| {
            Box::pin(async move {
                let idle = preferences::load(tx).await?.sessions.idle(&operator, remember, span.absolute, now);
                store::touch(tx, id, idle, now).await?;
                Ok::<_, StoreError>(idle)
            })
        });
        span.idle = touched.await?;
    }
    Ok(Arc::new(Principal {
        tenant,
        subject: Subject::User(live.owner.id),
        method: AuthMethod::Session,
        session: Some(live.id),
        token: None,
        api_key: None,
        roles: roles.into(),
        narrowed_to: None,
        scope: live.scope.into(),
        networks: Arc::new([]),
        limits: Arc::new([]),
        authenticated_at: live.authenticated_at,
        amr: live.amr,
        impersonator: None,
        expires_at: span.idle.min(span.absolute).min(now + ASK_AGAIN),
    }))
}

/// Whether what the person proved is still enough: they may have to have a second factor by now, because their tenant
/// has decided so or they were given a role. A browser that is trusted need not show one.
pub async fn suffices(tx: &mut TenantTx, live: &Live, now: Timestamp) -> Result<bool, StoreError> {
    if live.amr.acr() != Some(Acr::Single) {
        return Ok(true);
    }
    let policy = preferences::load(tx).await?.mfa;
    let trusted = live.trusted_at.is_some_and(|at| now < at + policy.trust());
    Ok(trusted || !preferences::demands_factor(tx, &policy, live.owner.id).await?)
}

/// Ends all sessions of a user, but for one perhaps, and returns how many: with the audit entry, and at the
/// edge before it returns.
pub async fn end_many(
    core: &Core,
    ctx: &RequestContext,
    principal: &Principal,
    user: UserId,
    except: Option<SessionId>,
    reason: Reason,
) -> Result<usize, Problem> {
    let (now, random) = (core.now(), core.random.clone());
    let entry = Entry::new(Actor::from(principal), ENDING, Target::new("user", user), ctx);
    let work = core.write(principal.tenant, move |tx| {
        Box::pin(async move {
            let ended = store::revoke_all(tx, user, except, reason, now).await?;
            let count = ended.count();
            if count > 0 {
                let entry = entry.details(json!({"reason": reason.as_str(), "sessions": count}));
                audit::record(tx, entry, now, &*random).await?;
            }
            Ok::<_, StoreError>((count, ended.tell(tx, now).await?))
        })
    });
    let (count, seq) = work.await?;
    core.settle(seq).await?;
    Ok(count)
}

/// Ends one session of a user. `false`: the user has no such session.
pub async fn end_one(
    core: &Core,
    ctx: &RequestContext,
    principal: &Principal,
    user: UserId,
    id: SessionId,
    reason: Reason,
) -> Result<bool, Problem> {
    let (now, random) = (core.now(), core.random.clone());
    let entry = Entry::new(Actor::from(principal), ENDING, Target::new("session", id), ctx)
        .details(json!({"reason": reason.as_str()}));
    let work = core.write(principal.tenant, move |tx| {
        Box::pin(async move {
            let ended = store::revoke_one(tx, id, Some(user), reason, now).await?;
            if ended.count() > 0 {
                audit::record(tx, entry, now, &*random).await?;
            }
            ended.tell(tx, now).await
        })
    });
    let seq = work.await?;
    core.settle(seq).await?;
    Ok(seq.is_some())
}
