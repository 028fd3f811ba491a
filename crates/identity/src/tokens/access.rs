//! Issuing access tokens.

use kernel::{
    Amr, ApiKeyId, GrantSet, Problem, RoleName, SessionId, Subject, Timestamp, TokenId, UserId,
    edge::Tenant,
    jose::{self, Claims},
    problem::common,
};

use crate::Core;

/// What an access token is to say.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// Whose issuer signs.
    pub tenant: &'a Tenant,
    /// On whose behalf.
    pub subject: Subject,
    /// The login it grows from.
    pub session: Option<SessionId>,
    /// The API key it was obtained with.
    pub api_key: Option<ApiKeyId>,
    /// Role names.
    pub roles: &'a [RoleName],
    /// Scopes, space separated.
    pub scope: &'a str,
    /// What it is narrowed to.
    pub narrowed_to: Option<&'a GrantSet>,
    /// When the person proved who they are.
    pub authenticated_at: Option<Timestamp>,
    /// With what they proved it.
    pub amr: Amr,
    /// Who acts as the subject, where it is not the person themselves.
    pub impersonator: Option<UserId>,
    /// Their e-mail address; told when the scope `email` is held.
    pub email: Option<&'a str>,
    /// It expires then at the latest: with its session, with its key.
    pub not_after: Timestamp,
}

/// A signed token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The JWT. Not a [`Secret`](kernel::Secret) type: it is on its way out.
    pub jwt: String,
    /// Its id.
    pub id: TokenId,
    /// Seconds until it expires.
    pub expires_in: u64,
}

/// Signs an access token with the tenant's active key. Call it outside of any transaction.
pub fn issue_access(core: &Core, grant: &Grant<'_>) -> Result<AccessToken, Problem> {
    let now = core.now();
    let expires = (now + core.settings.tokens.access_ttl).min(grant.not_after);
    let id = TokenId::new(now, &*core.random);
    let issuer = grant.tenant.issuer.to_string();
    let tells_email = grant.scope.split(' ').any(|scope| scope == "email");
    let claims = Claims {
        aud: vec![issuer.clone()],
        iss: issuer,
        sub: grant.subject.to_string(),
        exp: expires.as_secs(),
        iat: now.as_secs(),
        nbf: now.as_secs(),
        jti: id,
        tid: grant.tenant.id,
        sid: grant.session,
        akid: grant.api_key,
        roles: grant.roles.to_vec(),
        scope: grant.scope.to_owned(),
        permissions: grant.narrowed_to.map(|own| own.iter().cloned().collect()),
        auth_time: grant.authenticated_at.map(Timestamp::as_secs),
        amr: grant.amr,
        acr: grant.amr.acr(),
        act: grant.impersonator.map(|sub| jose::Act { sub }),
        email: grant.email.filter(|_| tells_email).map(ToOwned::to_owned),
    };
    let key = core.signers.active(grant.tenant.id)?;
    let jwt = jose::sign(&claims, &key).map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    let expires_in = expires.as_secs().saturating_sub(now.as_secs()).max(0).unsigned_abs();
    Ok(AccessToken { jwt, id, expires_in })
}
