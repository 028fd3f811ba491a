//! The caller's own account, with proof that they may see or change it.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse as _, Response},
};
use http::request::Parts;
use identity::{
    Core,
    http::{Caller, Ctx, Permit, Refusal, Right},
    users::{self, User},
};
use kernel::{Problem, UserId, problem::common};

use crate::{
    Pages,
    visit::{SignedIn, Visit},
};

/// Somebody who is signed in and may do `R` with their account. Others are sent to sign in, or refused.
#[derive(Debug)]
pub(super) struct Own<R> {
    pub(super) visit: Visit,
    pub(super) permit: Permit<R>,
    pub(super) id: UserId,
}

impl<R> Own<R> {
    pub(super) fn core(&self) -> &Arc<Core> {
        &self.visit.pages().core
    }

    /// The account.
    pub(super) async fn user(&self) -> Result<User, Problem> {
        let id = self.id;
        self.core()
            .read(self.permit.principal.tenant, move |tx| Box::pin(users::by_id(tx, id)))
            .await?
            .ok_or_else(|| common::NOT_FOUND.into())
    }
}

impl<R: Right> FromRequestParts<Arc<Pages>> for Own<R> {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> Result<Self, Response> {
        let SignedIn { visit, principal } = SignedIn::from_request_parts(parts, pages).await?;
        let refused = |problem: Problem| Refusal(problem).into_response();
        let id = users::own(&principal).map_err(refused)?;
        let caller = Caller { principal, ctx: Ctx(visit.ctx().clone()) };
        let permit = Permit::ask(&pages.core, caller).map_err(refused)?;
        Ok(Self { visit, permit, id })
    }
}
