//! What upstreams are told about callers, signed: the `X-Portcullis-Assertion` header.
//!
//! A JWT signed with the tenant's key, for upstreams that do not want to believe plain headers. It lives
//! for a minute, is meant for one audience and says by its `typ` that it is no access token: the gate
//! refuses it as a credential. Signing costs as much as the tenant's algorithm does, so an assertion is
//! made once for a caller and used again for half of its life.

use std::{borrow::Cow, num::NonZeroUsize, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use http::HeaderValue;
use kernel::{
    Acr, ApiKeyId, Clock, Principal, RoleName, SessionId, Subject, TenantId, Timestamp, UserId, edge::Tenant, jose::Act,
};
use quick_cache::{Equivalent, sync::Cache};
use serde::Serialize;

use crate::keys::Signers;

/// The `typ` header of an assertion.
pub const TYPE: &str = "portcullis-assertion+jwt";
/// How long an assertion is valid: upstreams must read the time that well.
const LIFE: Duration = Duration::from_secs(60);
/// Used again while it is valid for at least this much longer.
const REST: Duration = Duration::from_secs(30);
/// Assertions that are remembered, about 1 KiB each.
const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(16_383);

/// What an assertion says.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    /// User id, or API key id where the key belongs to the tenant itself.
    sub: String,
    tid: TenantId,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    akid: Option<ApiKeyId>,
    /// None for a credential that is narrowed: the upstream would take it for more than it is.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    roles: &'a [RoleName],
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<Acr>,
    /// Who acts as the subject, where it is somebody else (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Act>,
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

/// Everything an assertion depends on, but for the time. Borrowed to ask for one, which every request
/// does; owned to remember one.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    kid: Cow<'a, str>,
    issuer: Cow<'a, str>,
    audience: Cow<'a, str>,
    subject: Subject,
    session: Option<SessionId>,
    api_key: Option<ApiKeyId>,
    roles: Cow<'a, [RoleName]>,
    scope: Cow<'a, str>,
    authenticated_at: Timestamp,
    acr: Option<Acr>,
    impersonator: Option<UserId>,
}

impl Key<'_> {
    fn into_owned(self) -> Key<'static> {
        Key {
            kid: self.kid.into_owned().into(),
            issuer: self.issuer.into_owned().into(),
            audience: self.audience.into_owned().into(),
            roles: self.roles.into_owned().into(),
            scope: self.scope.into_owned().into(),
            ..self
        }
    }
}

/// A key to ask with.
#[derive(Hash)]
struct Asked<'a>(Key<'a>);

impl Equivalent<Key<'static>> for Asked<'_> {
    fn equivalent(&self, key: &Key<'static>) -> bool {
        self.0 == *key
    }
}

/// Makes assertions. One for each node; cheap to share.
pub struct Assertions {
    signers: Arc<Signers>,
    clock: Arc<dyn Clock>,
    made: Cache<Key<'static>, (HeaderValue, Timestamp)>,
}

impl std::fmt::Debug for Assertions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assertions").field("remembered", &self.made.len()).finish_non_exhaustive()
    }
}

impl Assertions {
    pub(crate) fn new(signers: Arc<Signers>, clock: Arc<dyn Clock>) -> Self {
        Self { signers, clock, made: Cache::new(CAPACITY.get()) }
    }

    /// The header's value: what the audience (an upstream's name) is told about the caller. `None` when
    /// the tenant has no key that signs; the log says why.
    pub fn make(&self, principal: &Principal, tenant: &Tenant, audience: &str) -> Option<HeaderValue> {
        let now = self.clock.now();
        let signer = self.signers.active(tenant.id);
        let signer = signer.inspect_err(|problem| tracing::error!(%problem, "no assertion for an upstream")).ok()?;
        let roles = if principal.narrowed_to.is_none() { &*principal.roles } else { &[] };
        let asked = Asked(Key {
            kid: signer.kid().into(),
            issuer: (&*tenant.issuer).into(),
            audience: audience.into(),
            subject: principal.subject,
            session: principal.session,
            api_key: principal.api_key,
            roles: roles.into(),
            scope: (&*principal.scope).into(),
            authenticated_at: principal.authenticated_at,
            acr: principal.amr.acr(),
            impersonator: principal.impersonator,
        });
        if let Some((value, expires)) = self.made.get(&asked)
            && expires >= now + REST
        {
            return Some(value);
        }
        let expires = now + LIFE;
        let claims = Claims {
            iss: &tenant.issuer,
            aud: audience,
            sub: principal.subject.to_string(),
            tid: tenant.id,
            sid: principal.session,
            akid: principal.api_key,
            roles,
            scope: &principal.scope,
            auth_time: principal.authenticated_at.as_secs(),
            acr: principal.amr.acr(),
            act: principal.impersonator.map(|sub| Act { sub }),
            iat: now.as_secs(),
            exp: expires.as_secs(),
        };
        let header = Header { alg: signer.alg().as_str(), typ: TYPE, kid: signer.kid() };
        let mut token = B64.encode(serde_json::to_vec(&header).ok()?);
        token.push('.');
        B64.encode_string(serde_json::to_vec(&claims).ok()?, &mut token);
        let signature = signer.sign(token.as_bytes());
        let signature = signature.inspect_err(|error| tracing::error!(%error, "no assertion for an upstream")).ok()?;
        token.push('.');
        B64.encode_string(signature, &mut token);
        let value = HeaderValue::try_from(token).ok()?;
        self.made.insert(asked.0.into_owned(), (value.clone(), expires));
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use kernel::jose::{Jwk, VerifyingKey};
    use serde_json::Value as Json;

    use super::*;
    use crate::testing::TestCore;

    fn part(token: &str, index: usize) -> Json {
        let part = token.split('.').nth(index).expect("a part");
        serde_json::from_slice(&B64.decode(part).expect("base64url")).expect("JSON")
    }

    #[tokio::test]
    async fn an_upstream_verifies_it_and_the_gate_does_not_take_it_for_a_token() {
        let node = TestCore::start().await;
        let (tenant, caller) = (node.tenant(), node.caller(&["users:read"]));
        let assertions = Assertions::new(node.core.signers.clone(), node.clock.clone());
        let value = assertions.make(&caller, &tenant, "orders").expect("an assertion");
        let token = value.to_str().expect("text");

        let jwks = node.get("/.well-known/jwks.json").send().await.expect(200);
        let jwk: Jwk = serde_json::from_value(jwks["keys"][0].clone()).expect("a key");
        let (signed, signature) = token.rsplit_once('.').expect("a signature");
        let signature = B64.decode(signature).expect("base64url");
        assert!(VerifyingKey::from_jwk(&jwk).expect("a key").verify(signed.as_bytes(), &signature));
        let (header, claims) = (part(token, 0), part(token, 1));
        assert_eq!((&header["typ"], &header["kid"]), (&Json::from(TYPE), &Json::from(jwk.kid)));
        assert_eq!((&claims["aud"], &claims["iss"]), (&Json::from("orders"), &Json::from(&*tenant.issuer)));
        assert_eq!(claims["sub"], caller.subject.to_string());
        assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|iat| iat + 60));

        assert!(node.judge(token).is_err(), "no access token");
    }

    #[tokio::test]
    async fn it_is_used_again_for_half_of_its_life_and_by_nobody_else() {
        let node = TestCore::start().await;
        let (tenant, caller) = (node.tenant(), node.caller(&[]));
        let assertions = Assertions::new(node.core.signers.clone(), node.clock.clone());
        let make = |who: &Principal, audience: &str| assertions.make(who, &tenant, audience).expect("an assertion");
        let first = make(&caller, "orders");
        node.clock.advance(Duration::from_secs(30));
        assert_eq!(make(&caller, "orders"), first);
        assert_ne!(make(&caller, "billing"), first);
        assert_ne!(make(&node.caller(&[]), "orders"), first);
        node.clock.advance(Duration::from_secs(1));
        assert_ne!(make(&caller, "orders"), first);
    }
}
