//! The account of whoever is signed in.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{http::Refusal, users};
use kernel::{Problem, problem::common};
use storage::StoreError;

use crate::{
    Pages,
    view::View,
    visit::{SignedIn, Visit},
};

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/account", get(home))
}

/// `/ui`: to the account, and so to signing in.
pub(crate) async fn enter(visit: Visit) -> Response {
    visit.go(&visit.url("account"))
}

async fn home(SignedIn { visit, principal }: SignedIn) -> Result<Response, Refusal> {
    let id = users::own(&principal)?;
    let found = visit.pages().core.store.tenant(principal.tenant).read(move |tx| Box::pin(users::by_id(tx, id))).await;
    let user = found.map_err(|error: StoreError| Problem::from(error))?.ok_or(common::NOT_FOUND)?;
    let name = user.display_name.or(user.email).or(user.username);
    Ok(visit.show(View::new("account/home.html").with("name", name)))
}
