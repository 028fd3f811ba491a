//! Tokens for those who hold a session cookie or an API key.

use kernel::{AuthMethod, Principal, Problem, RequestContext, SessionId};

use super::{BOUND_KEY, Grant, OwnerView, SOURCE, TokenSet, issue_access};
use crate::{
    Core, roles,
    sessions::{self, Owner},
    users,
};

/// An access token for the caller's session or API key. No refresh token: the cookie or key is there to
/// ask again.
pub async fn exchange(core: &Core, ctx: &RequestContext, principal: &Principal) -> Result<TokenSet, Problem> {
    match (principal.method, principal.session) {
        (AuthMethod::Session, Some(session)) => for_session(core, ctx, principal, session).await,
        (AuthMethod::ApiKey, _) => for_key(core, ctx, principal).await,
        _ => Err(SOURCE.into()),
    }
}

async fn for_session(
    core: &Core,
    ctx: &RequestContext,
    principal: &Principal,
    session: SessionId,
) -> Result<TokenSet, Problem> {
    let now = core.now();
    let found = core.read(principal.tenant, move |tx| {
        Box::pin(async move {
            let live = sessions::by_id(tx, session).await?.ok_or(sessions::INVALID)?;
            live.check(now)?;
            if !sessions::suffices(tx, &live, now).await? {
                return Err(Problem::new(sessions::WEAK));
            }
            let roles = roles::of_user(tx, live.owner.id).await?;
            Ok((live, roles))
        })
    });
    let (live, roles) = found.await?;
    TokenSet::for_session(core, &ctx.tenant, &live, &roles, None)
}

async fn for_key(core: &Core, ctx: &RequestContext, principal: &Principal) -> Result<TokenSet, Problem> {
    // A token carries neither, so it would be good where the key is not.
    if !principal.networks.is_empty() || !principal.limits.is_empty() {
        return Err(BOUND_KEY.into());
    }
    let owner = match principal.subject.user() {
        None => None,
        Some(id) => core.read(principal.tenant, move |tx| Box::pin(users::by_id(tx, id))).await?,
    };
    let access = issue_access(
        core,
        &Grant {
            tenant: &ctx.tenant,
            subject: principal.subject,
            session: None,
            api_key: principal.api_key,
            roles: &principal.roles,
            scope: &principal.scope,
            narrowed_to: principal.narrowed_to.as_deref(),
            authenticated_at: None,
            amr: principal.amr,
            impersonator: principal.impersonator,
            email: owner.as_ref().and_then(|user| user.email.as_deref()),
            not_after: principal.expires_at,
        },
    )?;
    let owner = owner.map(|user| Owner {
        id: user.id,
        status: user.status,
        email: user.email,
        username: user.username,
        display_name: user.display_name,
    });
    Ok(TokenSet {
        access_token: access.jwt,
        refresh_token: None,
        token_type: "Bearer".into(),
        expires_in: access.expires_in,
        scope: principal.scope.to_string(),
        user: owner.map(|owner| OwnerView::new(&owner, &principal.roles)),
    })
}
