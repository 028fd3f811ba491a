use http::{HeaderMap, HeaderValue, Method, uri::PathAndQuery};
use kernel::{Amr, AuthMethod, Principal, SessionId, Subject, TenantId, Timestamp, UserId};
use uuid::Uuid;

use super::{Asked, Request, RouteCache, key::Key};
use crate::{
    config::{Findings, RouteConfig},
    transform::FilledRequest,
};

fn ada() -> Principal {
    Principal {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        subject: Subject::User(UserId::from_uuid(Uuid::from_u128(2))),
        method: AuthMethod::Jwt,
        session: None,
        token: None,
        api_key: None,
        roles: [].into(),
        narrowed_to: None,
        scope: "".into(),
        networks: [].into(),
        limits: [].into(),
        authenticated_at: Timestamp::EPOCH,
        amr: Amr::NONE,
        impersonator: None,
        expires_at: Timestamp::MAX,
    }
}

/// What answers to this caller are told apart by, where each has their own.
fn context(principal: &Principal) -> Key {
    let route: RouteConfig =
        toml::from_str("name = 'r'\nmatch.path = '/'\nupstream = 'u'\ncache = { by = 'user' }").expect("a route");
    let cache =
        RouteCache::compile(&route.cache.clone().unwrap_or_default(), &route, "routes[0]", &mut Findings::default());
    let request = Request {
        method: &Method::GET,
        headers: &HeaderMap::new(),
        host: &HeaderValue::from_static("gate.test"),
        secure: true,
        proxy: false,
        unusual: false,
        tenant: principal.tenant,
        principal: Some(principal),
        certificate: false,
        forwards_credentials: false,
        cors: false,
        target: &PathAndQuery::from_static("/"),
        upstream: "u",
        version: None,
        filled: &FilledRequest::default(),
    };
    request.read(&cache).map(|Asked { context, .. }| context).ok().expect("it is answered from memory")
}

#[test]
fn what_a_service_is_told_of_a_caller_tells_their_answers_apart() {
    let id = |n| Uuid::from_u128(n);
    let others = [
        ada(),
        Principal { subject: Subject::User(UserId::from_uuid(id(3))), ..ada() },
        Principal { impersonator: Some(UserId::from_uuid(id(3))), ..ada() },
        Principal { impersonator: Some(UserId::from_uuid(id(4))), ..ada() },
        Principal { session: Some(SessionId::from_uuid(id(3))), ..ada() },
        Principal { roles: ["reader".parse().expect("a role")].into(), ..ada() },
        Principal { scope: "orders".into(), ..ada() },
    ];
    for (i, one) in others.iter().enumerate() {
        assert_eq!(context(one), context(one));
        for other in &others[..i] {
            assert_ne!(context(one), context(other), "{one:?} and {other:?}");
        }
    }
}
