//! What the checks of one request cost: proving the caller, asking for a permission, taking from limits.
//!
//! Targets: cached token < 2 µs, permission < 1 µs, local limiter < 300 ns a rule.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on stops")]

use std::{collections::HashMap, hint::black_box, net::IpAddr, num::NonZeroUsize, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::future::{BoxFuture, FutureExt as _};
use gateway::{
    authn::{Authn, Policy, Request, Settings},
    authz::{self, Requirement},
    limit::{Backend, Caller, LimitConfig, LimitSettings, Limits, Rules},
};
use http::{HeaderMap, HeaderValue, Method};
use kernel::{
    Clock as _, GrantSet, OsRandom, Principal, Problem, RoleName, SessionId, SystemClock, TenantId, Timestamp, TokenId,
    UserId,
    edge::{Authenticator, Credential, Edge, Tenant, Tenants},
    jose::{Alg, Claims, KeyRing, RingKey, SigningKey, VerifyingKey, sign},
    problem::common::UNAUTHENTICATED,
};

const ISSUER: &str = "https://id.example.com";
const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 2, 3));

struct Nobody;

impl Authenticator for Nobody {
    fn authenticate(&self, _: Credential) -> BoxFuture<'_, Result<Arc<Principal>, Problem>> {
        Box::pin(async { Err(UNAUTHENTICATED.into()) })
    }
}

struct Gate {
    edge: Arc<Edge>,
    tenant: TenantId,
    key: SigningKey,
}

impl Gate {
    fn new(alg: Alg) -> Self {
        let (now, random) = (SystemClock.now(), OsRandom::new());
        let (edge, tenant) = (Arc::new(Edge::new()), TenantId::new(now, &random));
        let own = Tenant {
            id: tenant,
            slug: "main".into(),
            name: "Main".into(),
            hosts: Vec::new(),
            issuer: ISSUER.into(),
            suspended: false,
        };
        edge.tenants.store(Arc::new(Tenants::new([own], tenant)));
        let pkcs8 = SigningKey::generate(alg).expect("generate");
        let key = SigningKey::from_pkcs8("2026-11", alg, pkcs8.expose()).expect("parse");
        let verifying = VerifyingKey::from_jwk(&key.jwk().expect("jwk")).expect("key");
        let ring = KeyRing::new([("2026-11".into(), RingKey { tenant, issuer: ISSUER.into(), key: verifying })]);
        edge.keys.store(Arc::new(ring));
        let roles: HashMap<RoleName, GrantSet> = [("user", "orders:read"), ("clerk", "users:read"), ("admin", "*")]
            .map(|(name, grant)| {
                (name.parse().expect(name), [grant.parse().expect(grant)].into_iter().collect::<GrantSet>())
            })
            .into();
        edge.access.store(Arc::new(edge.access.load().with(tenant, roles)));
        // Something has been taken back from others, as on any busy day.
        for _ in 0..1_000 {
            edge.revocations.revoke_session(SessionId::new(now, &random), Timestamp::MAX);
            edge.revocations.revoke_token(TokenId::new(now, &random), Timestamp::MAX);
        }
        Self { edge, tenant, key }
    }

    fn authn(&self, tokens: usize) -> Authn {
        let settings = Settings { tokens: NonZeroUsize::new(tokens).expect("not zero"), ..Settings::default() };
        Authn::new(self.edge.clone(), Arc::new(Nobody), Arc::new(SystemClock), settings)
    }

    fn request(&self) -> HeaderMap {
        let (now, random) = (SystemClock.now(), OsRandom::new());
        let claims = Claims {
            iss: ISSUER.into(),
            sub: UserId::new(now, &random).to_string(),
            aud: vec![ISSUER.into()],
            exp: now.as_secs() + 900,
            iat: now.as_secs(),
            nbf: now.as_secs(),
            jti: TokenId::new(now, &random),
            tid: self.tenant,
            sid: Some(SessionId::new(now, &random)),
            akid: None,
            act: None,
            roles: vec!["user".parse().expect("role"), "clerk".parse().expect("role")],
            scope: String::new(),
            permissions: None,
            auth_time: Some(now.as_secs()),
            amr: kernel::Amr::NONE,
            acr: None,
            email: None,
        };
        let token = sign(&claims, &self.key).expect("sign");
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "gate.example.com"), ("user-agent", "bench"), ("accept", "*/*")] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert("authorization", HeaderValue::try_from(format!("Bearer {token}")).expect("value"));
        headers
    }
}

fn identify(authn: &Authn, headers: &HeaderMap) -> Arc<Principal> {
    let request = Request {
        headers,
        method: &Method::GET,
        host: "gate.example.com",
        secure: true,
        client_ip: IP,
        tenant: None,
        certificate: None,
    };
    let found = authn.identify(&Policy::default(), &request).now_or_never().expect("answered from memory");
    found.expect("valid").expect("a caller")
}

fn tokens(c: &mut Criterion) {
    for alg in [Alg::RS256, Alg::ES256, Alg::EdDSA] {
        let gate = Gate::new(alg);
        let (authn, headers) = (gate.authn(1_000), gate.request());
        c.bench_function(&format!("token/{alg}/cached"), |b| b.iter(|| identify(&authn, black_box(&headers))));
        // Many more tokens than room: each one has been forgotten when it comes again.
        let authn = gate.authn(16);
        let all: Vec<HeaderMap> = (0..512).map(|_| gate.request()).collect();
        let mut next = all.iter().cycle();
        c.bench_function(&format!("token/{alg}/uncached"), |b| {
            b.iter(|| next.next().map(|headers| identify(&authn, black_box(headers))));
        });
    }
}

fn permission(c: &mut Criterion) {
    let gate = Gate::new(Alg::EdDSA);
    let caller = identify(&gate.authn(1_000), &gate.request());
    for (name, permission) in [("builtin", "users:read"), ("custom", "orders:read")] {
        let needed = Requirement { permissions: vec![permission.parse().expect("permission")], ..Default::default() };
        c.bench_function(&format!("permission/{name}"), |b| {
            b.iter(|| authz::require(&gate.edge, black_box(&needed), Some(&caller)).is_ok());
        });
    }
}

fn limiter(c: &mut Criterion) {
    let gate = Gate::new(Alg::EdDSA);
    let caller = identify(&gate.authn(1_000), &gate.request());
    let headers = HeaderMap::new();
    let limits = Limits::new(Backend::Local, LimitSettings::default(), Arc::new(SystemClock));
    let asking = Caller { client_ip: IP, tenant: gate.tenant, principal: Some(&caller), headers: &headers };
    let rule = |by: &str, algorithm: &str| -> LimitConfig {
        toml::from_str(&format!("by = '{by}'\nrate = '1000000000/day'\nalgorithm = '{algorithm}'")).expect("rule")
    };
    for algorithm in ["sliding_window", "fixed_window", "token_bucket"] {
        let (one, two) = ([rule("user", algorithm)], [rule("user", algorithm), rule("ip", algorithm)]);
        for (count, configs) in [("1 rule", &one[..]), ("2 rules", &two)] {
            let rules = Rules::compile([("orders", configs)]).expect("rules");
            c.bench_function(&format!("limit/{algorithm}/{count}"), |b| {
                b.iter(|| {
                    let taken = limits.take(black_box(&rules), black_box(&asking)).now_or_never();
                    assert!(taken.is_some_and(|taken| taken.is_ok_and(|taken| taken.refusal().is_none())));
                });
            });
        }
    }
}

criterion_group!(benches, tokens, permission, limiter);
criterion_main!(benches);
