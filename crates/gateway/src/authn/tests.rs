//! What a request with a credential gets. The parts are tested beside each other: `tokens`, `opaque`,
//! `origin`.

mod browser;
mod opaque;
mod tokens;

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt as _};
use http::{HeaderName, HeaderValue};
use kernel::{
    GrantSet, ManualClock, OsRandom, SessionId, Subject, Timestamp, TokenId, UserId,
    edge::{Tenant, Tenants},
    jose::{Alg, Claims, KeyRing, RingKey, SigningKey, VerifyingKey, sign},
};
use parking_lot::Mutex;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(1));
const OTHER: TenantId = TenantId::from_uuid(Uuid::from_u128(2));
const SUSPENDED: TenantId = TenantId::from_uuid(Uuid::from_u128(3));
const ADA: UserId = UserId::from_uuid(Uuid::from_u128(11));
const SESSION: SessionId = SessionId::from_uuid(Uuid::from_u128(12));

/// An identity service that knows some secrets.
#[derive(Default)]
struct Identity {
    known: Mutex<HashMap<String, Arc<Principal>>>,
    asked: AtomicUsize,
    /// When set, answers only after a notification.
    gate: Option<tokio::sync::Notify>,
    down: Mutex<Option<Problem>>,
}

impl Authenticator for Identity {
    fn authenticate(&self, credential: Credential) -> BoxFuture<'_, Result<Arc<Principal>, Problem>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if let Some(gate) = &self.gate {
                gate.notified().await;
            }
            if let Some(problem) = &*self.down.lock() {
                return Err(problem.clone());
            }
            let secret = match credential {
                Credential::ApiKey(key) => format!("key {}", key.expose()),
                Credential::SessionCookie(cookie) => format!("cookie {}", cookie.expose()),
            };
            self.known.lock().get(&secret).cloned().ok_or_else(|| UNKNOWN_KEY.into())
        })
    }
}

/// What identity says about a key it does not know.
const UNKNOWN_KEY: &kernel::ProblemKind =
    &kernel::ProblemKind { code: "api_key.unknown", status: 401, title: "No such key", advice: "" };

struct Gate {
    edge: Arc<Edge>,
    clock: Arc<ManualClock>,
    identity: Arc<Identity>,
    authn: Authn,
    key: SigningKey,
}

impl Gate {
    fn new() -> Self {
        Self::with(Identity::default(), Settings::default())
    }

    fn with(identity: Identity, settings: Settings) -> Self {
        let (edge, clock) = (Arc::new(Edge::new()), Arc::new(ManualClock::at(NOW)));
        let tenant = |id: TenantId, suspended| Tenant {
            id,
            slug: id.to_string().into(),
            name: "".into(),
            hosts: Vec::new(),
            issuer: "https://id.example.com".into(),
            suspended,
        };
        let all = [tenant(TENANT, false), tenant(OTHER, false), tenant(SUSPENDED, true)];
        edge.tenants.store(Arc::new(Tenants::new(all, TENANT)));
        let pkcs8 = SigningKey::generate(Alg::EdDSA).expect("generate");
        let key = SigningKey::from_pkcs8("k1", Alg::EdDSA, pkcs8.expose()).expect("parse");
        let identity = Arc::new(identity);
        let authn = Authn::new(edge.clone(), identity.clone(), clock.clone(), settings);
        let gate = Self { edge, clock, identity, authn, key };
        gate.publish(TENANT, &["k1"]);
        gate
    }

    /// Makes the key accepted under these ids, for tokens of the tenant.
    fn publish(&self, tenant: TenantId, kids: &[&str]) {
        let key = VerifyingKey::from_jwk(&self.key.jwk().expect("jwk")).expect("key");
        let ring = kids.iter().map(|kid| {
            let issuer = "https://id.example.com".into();
            (Arc::from(*kid), RingKey { tenant, issuer, key: key.clone() })
        });
        self.edge.keys.store(Arc::new(KeyRing::new(ring)));
    }

    fn token(&self, change: impl FnOnce(&mut Claims)) -> String {
        let mut claims = Claims {
            iss: "https://id.example.com".into(),
            sub: ADA.to_string(),
            aud: vec!["https://id.example.com".into()],
            exp: NOW.as_secs() + 900,
            iat: NOW.as_secs(),
            nbf: NOW.as_secs(),
            jti: TokenId::new(NOW, &OsRandom::new()),
            tid: TENANT,
            sid: Some(SESSION),
            akid: None,
            roles: vec!["user".parse().expect("role")],
            scope: "orders".into(),
            permissions: None,
            auth_time: None,
            amr: kernel::Amr::NONE,
            acr: None,
            act: None,
            email: None,
        };
        change(&mut claims);
        sign(&claims, &self.key).expect("sign")
    }

    /// Makes the secret (`key pk_…` or `cookie …`) known.
    fn know(&self, secret: &str, change: impl FnOnce(&mut Principal)) {
        let mut principal = Principal {
            tenant: TENANT,
            subject: Subject::User(ADA),
            method: AuthMethod::ApiKey,
            session: None,
            token: None,
            api_key: None,
            roles: Arc::new(["user".parse().expect("role")]),
            narrowed_to: None::<Arc<GrantSet>>,
            scope: Arc::default(),
            networks: Arc::default(),
            limits: Arc::default(),
            authenticated_at: NOW,
            amr: kernel::Amr::NONE,
            impersonator: None,
            expires_at: Timestamp::MAX,
        };
        change(&mut principal);
        self.identity.known.lock().insert(secret.to_owned(), Arc::new(principal));
    }

    fn asked(&self) -> usize {
        self.identity.asked.load(Ordering::SeqCst)
    }

    /// The caller, or the code of the refusal.
    async fn identify(&self, call: &Call) -> Result<Option<Arc<Principal>>, &'static str> {
        self.authn.identify(&call.policy, &call.request()).await.map_err(|problem| problem.kind.code)
    }

    /// As [`Gate::identify`], where nobody needs to be asked.
    fn at_once(&self, call: &Call) -> Result<Option<Arc<Principal>>, &'static str> {
        self.identify(call).now_or_never().expect("answered from memory")
    }
}

/// One request.
struct Call {
    policy: Policy,
    method: Method,
    headers: HeaderMap,
    host: &'static str,
    secure: bool,
    ip: IpAddr,
    tenant: Option<TenantId>,
}

impl Call {
    fn get() -> Self {
        Self {
            policy: Policy::default(),
            method: Method::GET,
            headers: HeaderMap::new(),
            host: "gate.example.com",
            secure: true,
            ip: IpAddr::from([10, 0, 0, 1]),
            tenant: None,
        }
    }
    fn post() -> Self {
        Self { method: Method::POST, ..Self::get() }
    }
    fn bearer(token: &str) -> Self {
        Self::get().header("authorization", &format!("Bearer {token}"))
    }
    fn key(key: &str) -> Self {
        Self::get().header("x-api-key", key)
    }
    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("value"));
        self
    }
    fn at(self, ip: &str) -> Self {
        Self { ip: ip.parse().expect(ip), ..self }
    }
    fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }
    fn tenant(self, tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), ..self }
    }
    fn request(&self) -> Request<'_> {
        Request {
            headers: &self.headers,
            method: &self.method,
            host: self.host,
            secure: self.secure,
            client_ip: self.ip,
            tenant: self.tenant,
            certificate: None,
        }
    }
}

const ALL: [AuthMethod; 3] = [AuthMethod::Jwt, AuthMethod::ApiKey, AuthMethod::Session];

#[test]
fn without_a_credential_the_policy_decides() {
    let gate = Gate::new();
    assert_eq!(gate.at_once(&Call::get()).err(), Some("credentials.missing"));
    assert!(gate.at_once(&Call::get().policy(Policy::optional(ALL))).expect("let in").is_none());
    assert!(gate.at_once(&Call::get().policy(Policy::none())).expect("let in").is_none());
    let basic = Call::get().header("authorization", "Basic YTpi");
    assert_eq!(gate.at_once(&basic).err(), Some("credentials.missing"), "other schemes are the upstream's");
}

#[test]
fn a_route_for_everybody_looks_at_no_credential() {
    let gate = Gate::new();
    let call = Call::bearer("nonsense").header("x-api-key", "a").header("x-api-key", "b").policy(Policy::none());
    assert!(gate.at_once(&call).expect("let in").is_none());
}

#[test]
fn one_credential_a_request() {
    let gate = Gate::new();
    let token = gate.token(|_| {});
    for call in [
        Call::bearer(&token).header("authorization", &format!("Bearer {token}")),
        Call::bearer(&token).header("x-api-key", "pk_live_a"),
        Call::key("pk_live_a").header("x-api-key", "pk_live_a"),
        Call::get().header("cookie", "__Host-portcullis_session=a; __Host-portcullis_session=b"),
        Call::get().header("cookie", "__Host-portcullis_session=a").header("cookie", "__Host-portcullis_session=a"),
    ] {
        assert_eq!(gate.at_once(&call).err(), Some("credentials.several"));
    }
}

#[test]
fn a_route_takes_the_kinds_it_says() {
    let gate = Gate::new();
    let token = gate.token(|_| {});
    let keys = Policy::required([AuthMethod::ApiKey]);
    assert_eq!(gate.at_once(&Call::bearer(&token).policy(keys)).err(), Some("credentials.not_accepted"));
    let tokens = Policy::required([AuthMethod::Jwt]);
    assert!(gate.at_once(&Call::bearer(&token).policy(tokens)).is_ok());
    assert_eq!(gate.at_once(&Call::key("pk_live_a").policy(tokens)).err(), Some("credentials.not_accepted"));
    let cookie = Call::get().header("cookie", "__Host-portcullis_session=a").policy(tokens);
    assert_eq!(gate.at_once(&cookie).err(), Some("credentials.missing"), "a cookie nobody asked for is not looked at");
    assert_eq!(gate.asked(), 0);
}

#[test]
fn malformed_credentials_are_refused_without_asking_anybody() {
    let gate = Gate::new();
    let long = "a".repeat(9_000);
    for call in [
        Call::get().header("authorization", "Bearer"),
        Call::get().header("authorization", "Bearer   "),
        Call::bearer("not-a-token"),
        Call::bearer(&long),
        Call::bearer(&format!("pk_{long}")),
        Call::key(""),
        Call::key(&long),
        Call::get().header("cookie", "__Host-portcullis_session="),
    ] {
        assert_eq!(gate.at_once(&call).err(), Some("credentials.refused"), "{:?}", call.headers);
    }
    let mut binary = Call::get();
    binary.headers.insert("authorization", HeaderValue::from_bytes(b"Bearer \xff").expect("bytes"));
    assert_eq!(gate.at_once(&binary).err(), Some("credentials.refused"));
    assert_eq!(gate.asked(), 0);
}

#[test]
fn challenges_name_an_error_only_where_a_credential_was_presented() {
    use kernel::problem::common::{FORBIDDEN, INTERNAL, UNAUTHENTICATED};
    let said = |kind: &'static kernel::ProblemKind| www_authenticate(&kind.into());
    assert_eq!(said(UNAUTHENTICATED), Some("Bearer realm=\"portcullis\""));
    assert_eq!(said(REFUSED), Some("Bearer realm=\"portcullis\", error=\"invalid_token\""));
    assert_eq!(said(NOT_ACCEPTED), said(REFUSED));
    assert_eq!(said(SEVERAL), Some("Bearer realm=\"portcullis\", error=\"invalid_request\""));
    assert_eq!(said(FORBIDDEN), Some("Bearer realm=\"portcullis\", error=\"insufficient_scope\""));
    assert_eq!((said(NETWORK), said(CSRF), said(INTERNAL)), (None, None, None));
}
