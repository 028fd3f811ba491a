//! The account at a glance.

use axum::response::Response;
use identity::{http::Refusal, users::ReadProfile};

use super::{own::Own, page, when};

pub(super) async fn show(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    let (user, words, now) = (own.user().await?, own.visit.words(), own.core().now());
    let name = user.display_name.or_else(|| user.email.clone()).or(user.username);
    let view = page("account/home.html", "account")
        .with("name", name)
        .with("email", user.email)
        .with("verified", user.email_verified_at.is_some())
        .with("last_login", user.last_login_at.map(|at| when::ago(&words, now, at)));
    Ok(own.visit.show(view))
}
