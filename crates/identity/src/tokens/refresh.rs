//! Refreshing: load, decide and commit in one unit of a few statements.

use kernel::{Problem, RequestContext, RoleName, Secret, SessionId, Timestamp, UserId, edge::Tenant};
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::{
    INVALID, TokenSet,
    model::{self, Judgement, PREFIX, Unconsumed},
    store,
};
use crate::{
    Core,
    audit::{self, Action, Actor, Entry, Target},
    preferences, roles,
    sessions::{self, Live, Reason, bearer, needs_touch},
};

const REUSED: Action = Action::new("session.reuse_detected");

/// What the unit did.
enum Outcome {
    /// The token was consumed, now or a moment ago.
    Refreshed(Box<Live>, Vec<RoleName>),
    /// It was used twice, and the session has been ended by this feed entry, or by another's.
    Reused(Option<i64>),
    Refused(Problem),
}

/// Exchanges a refresh token for an access token and the next refresh token.
///
/// A token that names another tenant than the request is refused without a look: this tenant's table
/// could not hold it.
pub async fn refresh(core: &Core, ctx: &RequestContext, token: &Secret) -> Result<TokenSet, Problem> {
    let tenant = &*ctx.tenant;
    bearer::tenant_of(PREFIX, token).filter(|named| *named == tenant.id).ok_or(INVALID)?;
    let successor = model::successor(&core.vault, tenant.id, token);
    match commit(core, ctx, tenant, token, &successor).await? {
        Outcome::Refreshed(live, roles) => TokenSet::for_session(core, tenant, &live, &roles, Some(&successor)),
        Outcome::Reused(seq) => {
            core.settle(seq).await?;
            Err(sessions::REUSED.into())
        }
        Outcome::Refused(problem) => Err(problem),
    }
}

async fn commit(
    core: &Core,
    ctx: &RequestContext,
    tenant: &Tenant,
    token: &Secret,
    successor: &Secret,
) -> Result<Outcome, Problem> {
    let (hash, next) = (store::hash(&core.vault, token), store::hash(&core.vault, successor));
    let (now, random) = (core.now(), core.random.clone());
    let (lifetimes, limits) = (core.settings.tokens.clone(), core.settings.sessions.clone());
    let ctx = ctx.clone();
    let work = core.write(tenant.id, move |tx| {
        Box::pin(async move {
            let Some(session) = store::consume(tx, &hash, now).await? else {
                let Some((session, used_at)) = store::find(tx, &hash).await? else {
                    return Ok(Outcome::Refused(INVALID.into()));
                };
                let live = load(tx, session).await?;
                let unconsumed = Unconsumed { used_at, session: live.check(now) };
                return match model::judge(&unconsumed, lifetimes.refresh_grace, now) {
                    Judgement::SameAgain if !sessions::suffices(tx, &live, now).await? => {
                        Ok(Outcome::Refused(sessions::WEAK.into()))
                    }
                    Judgement::SameAgain => {
                        let roles = roles::of_user(tx, live.owner.id).await?;
                        Ok(Outcome::Refreshed(Box::new(live), roles))
                    }
                    Judgement::Reuse => {
                        let ended = sessions::revoke_one(tx, session, None, Reason::Reuse, now).await?;
                        // Of many at once one ends it, and tells of it.
                        if ended.count() > 0 {
                            audit::record(tx, reuse_entry(session, live.owner.id, &ctx), now, &*random).await?;
                        }
                        ended.tell(tx, now).await.map(Outcome::Reused)
                    }
                    Judgement::Refused(kind) => Ok(Outcome::Refused(kind.into())),
                };
            };
            let mut live = load(tx, session).await?;
            if !sessions::suffices(tx, &live, now).await? {
                return Ok(Outcome::Refused(sessions::WEAK.into()));
            }
            let expires = model::expiry(lifetimes.refresh_ttl, live.span.absolute, now);
            store::insert(tx, next, session, expires, now).await?;
            note_use(tx, &mut live, &limits, now).await?;
            let roles = roles::of_user(tx, live.owner.id).await?;
            Ok::<_, StoreError>(Outcome::Refreshed(Box::new(live), roles))
        })
    });
    work.await
}

async fn load(tx: &mut TenantTx, session: SessionId) -> Result<Live, StoreError> {
    let live = sessions::by_id(tx, session).await?;
    live.ok_or(StoreError::Misuse("a refresh token has a session, and that a user"))
}

async fn note_use(
    tx: &mut TenantTx,
    live: &mut Live,
    operator: &crate::settings::SessionSettings,
    now: Timestamp,
) -> Result<(), StoreError> {
    if needs_touch(live.last_seen_at, now) {
        let policy = preferences::load(tx).await?.sessions;
        live.span.idle = policy.idle(operator, live.remember, live.span.absolute, now);
        sessions::touch(tx, live.id, live.span.idle, now).await?;
    }
    Ok(())
}

/// The caller may be the thief or the owner: the entry says neither.
fn reuse_entry(session: SessionId, user: UserId, ctx: &RequestContext) -> Entry {
    let target = Target::new("session", session);
    let entry = Entry::new(Actor::Anonymous, REUSED, target, ctx);
    entry.failed().details(json!({"user": user.to_string()}))
}
