//! Logging out.

use kernel::{AuthMethod, Principal, Problem, RequestContext, TokenId};

use super::NO_LOGIN;
use crate::{
    Core,
    audit::{self, Action, Entry, Target},
    publish::{self, Change},
    sessions::{self, Reason},
    tokens, users,
};

const DENIED: Action = Action::new("token.denied");

/// Ends the session behind the caller's credential; a token that grew from none is denied by itself. When
/// this returns, the next request with it is refused.
pub async fn logout(core: &Core, ctx: &RequestContext, principal: &Principal) -> Result<(), Problem> {
    match (principal.session, principal.token, principal.subject.user()) {
        (Some(session), _, Some(user)) => {
            // Already ended: somebody else was quicker, and that is fine.
            sessions::end_one(core, ctx, principal, user, session, Reason::Logout).await.map(drop)
        }
        (_, Some(token), _) => deny(core, ctx, principal, token).await,
        _ => Err(NO_LOGIN.into()),
    }
}

/// Ends all of the caller's sessions, the one that asks included.
pub async fn logout_all(core: &Core, ctx: &RequestContext, principal: &Principal) -> Result<(), Problem> {
    if principal.method == AuthMethod::ApiKey {
        return Err(NO_LOGIN.into());
    }
    let user = users::own(principal)?;
    sessions::end_many(core, ctx, principal, user, None, Reason::LogoutAll).await?;
    match (principal.session, principal.token) {
        (None, Some(token)) => deny(core, ctx, principal, token).await,
        _ => Ok(()),
    }
}

async fn deny(core: &Core, ctx: &RequestContext, principal: &Principal, jti: TokenId) -> Result<(), Problem> {
    let (now, until, random) = (core.now(), principal.expires_at, core.random.clone());
    let entry = Entry::new(principal, DENIED, Target::new("token", jti), ctx);
    let work = core.write(principal.tenant, move |tx| {
        Box::pin(async move {
            tokens::deny(tx, jti, until, now).await?;
            audit::record(tx, entry, now, &*random).await?;
            publish::append(tx, &Change::TokenDenied { jti, until }, now).await
        })
    });
    let seq = work.await?;
    core.settle(seq).await?;
    Ok(())
}
