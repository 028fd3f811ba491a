//! Signing out: a button, because a link could be followed by a program or from another site.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{auth, http::Refusal, sessions};

use crate::{Pages, form::Posted, notice::Notice, view::View, visit::Visit};

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/logout", get(ask).post(sign_out))
}

async fn ask(visit: Visit) -> Response {
    if visit.principal().is_none() {
        return visit.go(&visit.url("login"));
    }
    visit.show(View::new("sign_out.html"))
}

async fn sign_out(Posted { visit, .. }: Posted) -> Result<Response, Refusal> {
    if let Some(principal) = visit.principal() {
        auth::logout(&visit.pages().core, visit.ctx(), principal).await?;
    }
    visit.set_cookie(Some(sessions::cookie::clear()));
    Ok(visit.go_saying(&visit.url("login"), Notice::SignedOut))
}
