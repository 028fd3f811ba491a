//! Requests as the gate would hand them in.

use std::sync::Arc;

use axum::body::Body;
use http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt as _;
use kernel::{
    AuthMethod, Principal, Problem, RequestContext, Subject, UserId, Waiting,
    edge::{Standing, Tenant},
    problem::common,
};
use serde_json::Value as Json;
use tower::ServiceExt as _;

use super::TestCore;

/// A request being built.
pub(crate) struct Call<'a> {
    node: &'a TestCore,
    request: Request<Body>,
    tenant: Option<Arc<Tenant>>,
    principal: Result<Option<Arc<Principal>>, Problem>,
    ip: std::net::IpAddr,
    waiting: Option<Waiting>,
}

/// Its answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `null` when there is no body.
    pub(crate) json: Json,
}

impl Reply {
    /// The code of the problem, or nothing.
    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }
    /// The body, after checking the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Json {
        assert_eq!(self.status, status, "{}", self.json);
        self.json
    }
    /// Checks that it is this problem.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Json {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.json);
        self.json
    }
}

impl TestCore {
    /// Begins a request about the default tenant, by nobody, from 192.0.2.1.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        let ip = std::net::IpAddr::from([192, 0, 2, 1]);
        Call { node: self, request, tenant: None, principal: Ok(None), ip, waiting: Some(Waiting::default()) }
    }
    /// `GET`.
    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }
    /// `POST` with a body.
    pub(crate) fn post(&self, path: &str, body: &Json) -> Call<'_> {
        self.call(Method::POST, path).json(body)
    }

    /// Lets the time pass that a reply asks to wait, unless that is as long as a lock.
    pub(crate) fn wait(&self, reply: &Reply) {
        let seconds =
            reply.headers.get("retry-after").map_or(0, |v| v.to_str().expect("text").parse().expect("seconds"));
        if seconds <= 64 {
            self.clock.advance(std::time::Duration::from_secs(seconds));
        }
    }

    /// Judges an access token as the edge does: signature, times, revocation, standing.
    pub(crate) fn judge(&self, token: &str) -> Result<Arc<Principal>, Problem> {
        let refused = |why: &str| Problem::new(common::UNAUTHENTICATED).cause(why);
        let edge = &self.core.edge;
        let keys = edge.keys.load();
        let (claims, _) = keys.verify(token, self.core.now()).map_err(|e| refused(&e.to_string()))?;
        let key = claims.akid.filter(|key| key.to_string() == claims.sub);
        let subject = match key {
            Some(key) => Subject::ApiKey(key),
            None => Subject::User(claims.sub.parse::<UserId>().map_err(|_| refused("subject"))?),
        };
        let standing = subject.user().and_then(|user| edge.revocations.standing(user));
        let roles = match standing {
            Some(Standing::Disabled) => return Err(refused("disabled")),
            Some(Standing::Roles(roles)) => roles,
            None => claims.roles.into(),
        };
        let principal = Principal {
            tenant: claims.tid,
            subject,
            method: AuthMethod::Jwt,
            session: claims.sid,
            token: Some(claims.jti),
            api_key: claims.akid,
            roles,
            narrowed_to: claims.permissions.map(|own| Arc::new(own.into_iter().collect())),
            scope: claims.scope.into(),
            networks: Arc::new([]),
            limits: Arc::new([]),
            authenticated_at: kernel::Timestamp::from_secs(claims.auth_time.unwrap_or(claims.iat)),
            amr: claims.amr,
            impersonator: claims.act.map(|act| act.sub),
            expires_at: kernel::Timestamp::from_secs(claims.exp),
        };
        if edge.revocations.covers(&principal) {
            return Err(refused("taken back"));
        }
        Ok(Arc::new(principal))
    }
}

impl Call<'_> {
    /// With a JSON body.
    pub(crate) fn json(mut self, body: &Json) -> Self {
        self.request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().expect("a header"));
        *self.request.body_mut() = Body::from(body.to_string());
        self
    }
    /// With a body as it is, called JSON.
    pub(crate) fn raw(mut self, body: impl Into<Body>) -> Self {
        self.request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().expect("a header"));
        *self.request.body_mut() = body.into();
        self
    }
    /// With a header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().expect("a header"));
        self
    }
    /// By this caller, whom the gate has authenticated.
    pub(crate) fn by(mut self, principal: &Arc<Principal>) -> Self {
        self.principal = Ok(Some(principal.clone()));
        self
    }
    /// With this access token: the gate refuses the request when the edge refuses the token.
    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.principal = self.node.judge(token).map(Some);
        self
    }
    /// About another tenant than the default one (a caller's own tenant comes first).
    pub(crate) fn tenant(mut self, tenant: &Arc<Tenant>) -> Self {
        self.tenant = Some(tenant.clone());
        self
    }
    /// From this address.
    pub(crate) fn from(mut self, ip: &str) -> Self {
        self.ip = ip.parse().expect("an address");
        self
    }

    /// By a client that does not wait for the answer.
    pub(crate) fn abandoned(mut self) -> Self {
        self.waiting = None;
        self
    }

    /// Sends it.
    pub(crate) async fn send(mut self) -> Reply {
        let principal = match self.principal {
            Ok(principal) => principal,
            Err(problem) => {
                let json = serde_json::from_slice(&problem.to_json("test")).expect("JSON");
                return Reply { status: problem.status(), headers: HeaderMap::new(), json };
            }
        };
        let own = principal.as_ref().and_then(|p| self.node.core.edge.tenants.load().by_id(p.tenant).cloned());
        let context = RequestContext {
            request_id: "test-request".into(),
            tenant: own.or(self.tenant).unwrap_or_else(|| self.node.tenant()),
            principal,
            client_ip: self.ip.to_canonical(),
            secure: true,
            caller: self.waiting.as_ref().map_or_else(|| Waiting::default().caller(), Waiting::caller),
        };
        self.request.extensions_mut().insert(context);
        let response = self.node.router.clone().oneshot(self.request).await.expect("infallible");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let json = if body.is_empty() { Json::Null } else { serde_json::from_slice(&body).expect("a JSON body") };
        Reply { status: head.status.as_u16(), headers: head.headers, json }
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let node = TestCore::start().await;
    let body = node.get("/nothing/here").send().await.expect_problem(404, "not_found");
    assert_eq!(body["request_id"], "test-request");
}
