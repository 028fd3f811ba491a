//! Who is calling? Authentication at the edge.
//!
//! A credential is proven once and then remembered: access tokens by their signature, under the hash
//! of the token; API keys and session cookies by asking the [`Authenticator`], under the epoch of
//! [`Edge::credentials_epoch`]. What is asked **on every request**, remembered or not, is whether it
//! still holds: not expired, its key accepted, its tenant served, nothing of it revoked, its user in
//! good standing, the client's address allowed. So a logout or a disabled user is refused with the very
//! next call.
//!
//! Rules that hold here:
//! * One credential a request (RFC 6750 §2). A session cookie is sent by the browser rather than chosen
//!   by the caller, so it yields to an explicit credential, and where authentication is optional a
//!   cookie that is no good counts as none.
//! * A cookie alone never changes anything: unsafe methods and upgrades need proof that the page behind
//!   the request is our own.
//! * All refusals of a credential look the same to the caller; the operator's log says why.
//! * Unknown credentials cannot flood the authenticator: a burst of the same one asks once, a refusal is
//!   remembered for a second, and an address that keeps failing is stopped.
//!
//! A client certificate, verified by TLS, lets in where the route takes one and no other credential that
//! it takes was sent. It says who the machine is, not who calls: there is no principal, hence no roles.
//!
//! Deliberately absent: DPoP; `Authorization` schemes other than Bearer, which
//! belong to the upstream.

mod challenge;
mod credential;
mod opaque;
mod origin;
mod policy;
mod proven;
mod tokens;

use std::{net::IpAddr, num::NonZeroUsize, sync::Arc};

use http::{HeaderMap, Method};
use kernel::{
    AuthMethod, Clock, Principal, Problem, Rate, TenantId,
    edge::{Authenticator, Credential, Edge},
};

use crate::certificate::ClientCertificate;

use self::{credential::Presented, opaque::Opaque, tokens::Tokens};

pub use challenge::www_authenticate;
pub use opaque::OpaqueStats;
pub use policy::{Mode, Policy};
pub use tokens::TokenStats;

/// Name of the session cookie.
pub const COOKIE: &str = "__Host-portcullis_session";
/// Its name in insecure development, where `__Host-` does not work without TLS.
pub const INSECURE_COOKIE: &str = "portcullis_session";
/// Name of the cookie that identity recognises a browser by. No upstream sees or sets it.
pub const DEVICE_COOKIE: &str = "__Host-portcullis_device";

kernel::problems! {
    /// Token, key or session is malformed, unknown, expired, revoked, of a disabled user or of another tenant.
    pub REFUSED = 401 "credentials.refused" "The credential is not valid" "Get a new access token, or check the API key or session; then try again.";
    /// Several explicit credentials, or one of them twice.
    pub SEVERAL = 400 "credentials.several" "More than one credential" "Send exactly one: `Authorization: Bearer`, `X-API-Key` or the session cookie.";
    /// The route takes other kinds of credential.
    pub NOT_ACCEPTED = 401 "credentials.not_accepted" "This kind of credential is not accepted here" "Use the kind of credential that this route is documented to take.";
    /// The credential may be used from other networks only.
    pub NETWORK = 403 "credentials.network" "Not from this address" "Use the credential from an address on its allow-list, or extend the list.";
    /// Too many unknown credentials from one address.
    pub ATTEMPTS = 429 "credentials.attempts" "Too many invalid credentials" "Correct the credential, and try again after the time in Retry-After.";
    /// The route needs a certificate, and the connection has none.
    pub CERTIFICATE = 403 "certificate.required" "A client certificate is needed" "Connect with a client certificate that this server's authorities have signed.";
    /// The certificate has none of the names that the route takes.
    pub CERTIFICATE_REFUSED = 403 "certificate.refused" "Not with this client certificate" "Connect with a certificate that has one of the names this route takes.";
    /// A session cookie came with a request that another site may have caused.
    pub CSRF = 403 "session.csrf" "The request may come from another site" "Send the request from a page of this origin, or use an access token.";
}

/// What can be set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Development without TLS: [`INSECURE_COOKIE`] is accepted too.
    pub insecure_development: bool,
    /// Most access tokens remembered. About 700 bytes each.
    pub tokens: NonZeroUsize,
    /// Most API keys and sessions remembered, refusals included.
    pub credentials: NonZeroUsize,
    /// How many unknown credentials an address (IPv6: /64) may try.
    pub failures: Rate,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            insecure_development: false,
            tokens: NonZeroUsize::MIN.saturating_add(65_535),
            credentials: NonZeroUsize::MIN.saturating_add(65_535),
            failures: Rate { limit: 300, window: std::time::Duration::from_secs(60) },
        }
    }
}

/// What authentication needs of a request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The method.
    pub method: &'a Method,
    /// `Host` or `:authority`, as sent.
    pub host: &'a str,
    /// Whether the client reached us over TLS (or a trusted proxy says so).
    pub secure: bool,
    /// The client's address, as far as trusted proxies vouch for it.
    pub client_ip: IpAddr,
    /// The tenant that the request names ([`crate::tenant::choose`]): credentials of others are refused.
    pub tenant: Option<TenantId>,
    /// The certificate that the connection's client has proven to be its own.
    pub certificate: Option<&'a ClientCertificate>,
}

/// Numbers for gauges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuthnStats {
    /// Access tokens.
    pub tokens: TokenStats,
    /// API keys and sessions.
    pub opaque: OpaqueStats,
}

/// Authenticates requests. One for each node, shared by all of its threads.
pub struct Authn {
    edge: Arc<Edge>,
    clock: Arc<dyn Clock>,
    insecure_development: bool,
    tokens: Tokens,
    opaque: Opaque,
}

impl Authn {
    /// Reads snapshots from `edge`, and asks `authenticator` for what it has not seen.
    pub fn new(
        edge: Arc<Edge>,
        authenticator: Arc<dyn Authenticator>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        Self {
            tokens: Tokens::new(settings.tokens.get()),
            opaque: Opaque::new(authenticator, edge.clone(), clock.clone(), &settings),
            insecure_development: settings.insecure_development,
            edge,
            clock,
        }
    }

    /// The caller, or `None` where the route lets anybody in and nobody is known.
    pub async fn identify(&self, policy: &Policy, request: &Request<'_>) -> Result<Option<Arc<Principal>>, Problem> {
        if policy.mode() == Mode::None {
            return Ok(None);
        }
        let Some(presented) = Presented::find(request.headers, policy, self.insecure_development)? else {
            return policy.nobody(request.certificate);
        };
        if !policy.accepts(presented.method()) && policy.takes(request.certificate) {
            // What else was sent is between the client and the upstream.
            return Ok(None);
        }
        let known = match presented {
            Presented::Token(_) if !policy.accepts(AuthMethod::Jwt) => return Err(NOT_ACCEPTED.into()),
            Presented::ApiKey(_) if !policy.accepts(AuthMethod::ApiKey) => return Err(NOT_ACCEPTED.into()),
            Presented::Token(token) => return self.by_token(token, request).map(Some),
            Presented::ApiKey(key) => return self.by_secret(AuthMethod::ApiKey, key, request).await.map(Some),
            Presented::Session(_) if !origin::is_proven(request) => Err(CSRF.into()),
            Presented::Session(cookie) => self.by_secret(AuthMethod::Session, cookie, request).await,
        };
        match known {
            Ok(principal) => Ok(Some(principal)),
            // Whoever has an old cookie must still see the login page; our own failures are no answer.
            Err(problem) if policy.mode() == Mode::Optional && problem.status() < 500 => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Numbers for gauges.
    pub fn stats(&self) -> AuthnStats {
        AuthnStats { tokens: self.tokens.stats(), opaque: self.opaque.stats() }
    }

    fn by_token(&self, token: &str, request: &Request<'_>) -> Result<Arc<Principal>, Problem> {
        let now = self.clock.now();
        self.tokens.verify(&self.edge.keys.load(), token, now)?.proven.stands(&self.edge, request)
    }

    async fn by_secret(
        &self,
        kind: AuthMethod,
        secret: &str,
        request: &Request<'_>,
    ) -> Result<Arc<Principal>, Problem> {
        let credential = |secret: &str| match kind {
            AuthMethod::Session => Credential::SessionCookie(secret.to_owned().into()),
            _ => Credential::ApiKey(secret.to_owned().into()),
        };
        let digest = opaque::digest(kind, secret);
        let answer = match self.opaque.remembered(&digest, self.clock.now()) {
            Some(answer) => answer,
            // Boxed: only what has not been seen pays for the size of asking.
            None => Box::pin(self.opaque.ask(&digest, credential(secret), request.client_ip)).await?,
        };
        answer.proven()?.stands(&self.edge, request)
    }
}

#[cfg(test)]
mod tests;
