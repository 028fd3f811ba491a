//! Who asks, and whether they may: as values that a handler takes.

use std::{marker::PhantomData, sync::Arc};

use axum::extract::{FromRef, FromRequestParts};
use http::{Method, header, request::Parts};
use kernel::{Permission, Principal, Problem, RequestContext, problem::common};

use super::Refusal;
use crate::Core;

/// What the gate knows about this request.
#[derive(Clone, Debug)]
pub struct Ctx(pub RequestContext);

impl std::ops::Deref for Ctx {
    type Target = RequestContext;
    fn deref(&self) -> &RequestContext {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Ctx {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let context = parts.extensions.get::<RequestContext>().cloned();
        context
            .map(Self)
            .ok_or_else(|| Problem::new(common::INTERNAL).cause("the request did not come through the gate").into())
    }
}

/// An authenticated caller, whoever it is.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The caller.
    pub principal: Arc<Principal>,
    /// The request.
    pub ctx: Ctx,
}

impl Caller {
    /// Refuses an administrator who acts as the caller: only people themselves change their accounts.
    pub fn in_person(&self) -> Result<(), Problem> {
        match self.principal.impersonator {
            Some(_) => Err(Problem::new(common::FORBIDDEN).detail("Only the person may do this, and you act as them.")),
            None => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let ctx = Ctx::from_request_parts(parts, state).await?;
        let principal = ctx.principal.clone().ok_or_else(|| nobody(parts))?;
        Ok(Self { principal, ctx })
    }
}

/// Nobody is known. Where that is because a session cookie came without proof of where it is from, it says so: the
/// gate lets such a request pass as nobody's, since some routes take it.
fn nobody(parts: &Parts) -> Problem {
    let problem = Problem::new(common::UNAUTHENTICATED);
    let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let session = cookies
        .flat_map(|all| all.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(name, _)| name.strip_prefix("__Host-").unwrap_or(name) == "portcullis_session");
    let safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !session || safe || parts.headers.contains_key(header::AUTHORIZATION) || comes_from_here(parts) {
        return problem;
    }
    problem.detail(
        "The request may come from another site. Send the request from a page of this origin, or use an access token.",
    )
}

/// Whether the browser says so, as far as it can be told from the request alone: the gate has judged it already.
fn comes_from_here(parts: &Parts) -> bool {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = text("host").or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
            let their = origin.split_once("://").map(|(_, authority)| authority);
            host.is_none() || their.zip(host).is_some_and(|(their, host)| their.eq_ignore_ascii_case(host))
        }
        (None, None) => false,
    }
}

/// Something a caller may be permitted to do. Declared by [`rights!`](crate::rights).
pub trait Right: Send + Sync + 'static {
    /// The permission's text.
    const NAME: &'static str;
    /// Whether it reaches across tenants, and so is held in the default tenant only.
    const SYSTEM: bool;
    /// Whether it is about one's own account, and so not for whoever acts as somebody.
    const IN_PERSON: bool;
    /// The permission.
    fn permission() -> &'static Permission;
}

/// Proof that the caller may. There is no other way to make one, so a service that takes a permit
/// cannot be called without having asked.
#[derive(Debug)]
pub struct Permit<R> {
    /// Who was permitted.
    pub caller: Caller,
    right: PhantomData<R>,
}

impl<R: Right> Permit<R> {
    /// Asks whether this caller may.
    pub fn ask(core: &Core, caller: Caller) -> Result<Self, Problem> {
        let principal = &*caller.principal;
        if R::IN_PERSON {
            caller.in_person()?;
        }
        let at_home = !R::SYSTEM
            || core.edge.tenants.load().default_tenant().is_some_and(|default| default.id == principal.tenant);
        if at_home && core.edge.access.load().permits(principal, R::permission()) {
            Ok(Self { caller, right: PhantomData })
        } else {
            Err(Problem::new(common::FORBIDDEN).detail(format!("This needs the permission {}.", R::NAME)))
        }
    }
}

impl<R> std::ops::Deref for Permit<R> {
    type Target = Caller;
    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S, R: Right> FromRequestParts<S> for Permit<R>
where
    S: Sync,
    Arc<Core>: FromRef<S>,
{
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self::ask(&Arc::<Core>::from_ref(state), caller)?)
    }
}
