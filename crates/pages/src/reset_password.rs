//! A new password for who forgot theirs, and the first one for who was invited: both by a mailed link.
//!
//! Asking is answered alike for every address. Nobody is signed in by a mail: a sign-in follows, with all
//! that it asks for.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    http::{Fields, Refusal},
    proofs::Purpose,
    users::Email,
    verification::{self, INVALID},
};
use kernel::{Problem, Secret};

use crate::{
    Pages, address,
    form::{Form, Posted},
    name, new_password,
    notice::Notice,
    view::View,
    visit::{self, Visit},
};

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/reset-password", get(ask).post(request))
        .route("/ui/reset-password/sent", get(sent))
        .route("/ui/reset-password/choose", get(start_again).post(reset))
        .route("/ui/invitation", get(invited).post(accept))
}

async fn ask(visit: Visit) -> Result<Response, Refusal> {
    match visit.parameter("token") {
        Some(token) => open(&visit, Purpose::ResetPassword, &token, None).await,
        None => Ok(visit.show(forgotten(&visit))),
    }
}

/// Asks for the address; with the one that was typed last, if it is one.
fn forgotten(visit: &Visit) -> View {
    let typed = || name::remembered(visit)?.parse::<Email>().ok();
    let email = address::remembered(visit).or_else(typed).map(|email| email.to_string());
    View::new("mailed/forgotten.html").with("email", email)
}

async fn request(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let mut fields = Fields::new();
    let email = fields.keep("/email", "format", form.text("email").parse::<Email>());
    match fields.finish(email) {
        Ok(email) => {
            address::remember(&visit, &email);
            verification::request_reset(&visit.pages().core, visit.ctx(), email, visit.wish()).await?;
            Ok(visit.go(&visit.url("reset-password/sent")))
        }
        Err(problem) => {
            let page = View::new("mailed/forgotten.html").with("email", form.text("email"));
            Ok(visit.show(page.refused(problem)))
        }
    }
}

async fn sent(visit: Visit) -> Response {
    match address::remembered(&visit) {
        Some(email) => visit.show(View::new("mailed/sent.html").with("email", email.as_str())),
        None => visit.go(&visit.url("reset-password")),
    }
}

/// The address of a form that was sent is no page: where it was filled in is.
async fn start_again(visit: Visit) -> Response {
    let token = visit.parameter("token");
    visit.go(&format!("{}{}", visit.url("reset-password"), visit::query(token.iter().map(|token| ("token", token)))))
}

async fn reset(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    choose(visit, form, Purpose::ResetPassword).await
}

async fn invited(visit: Visit) -> Result<Response, Refusal> {
    match visit.parameter("token") {
        Some(token) => open(&visit, Purpose::Invitation, &token, None).await,
        None => Ok(dead(&visit, Purpose::Invitation, INVALID.into())),
    }
}

/// The link works no more: what to do about it, and no field to be filled in for nothing.
fn dead(visit: &Visit, purpose: Purpose, problem: Problem) -> Response {
    let view = match purpose {
        Purpose::Invitation => View::new("mailed/choose.html").with("invited", true).with("dead", true),
        _ => forgotten(visit),
    };
    visit.show(view.refused(problem))
}

async fn accept(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    choose(visit, form, Purpose::Invitation).await
}

/// The form, or what to do about a link that works no more; with what went wrong, if anything did.
async fn open(visit: &Visit, purpose: Purpose, token: &str, problem: Option<Problem>) -> Result<Response, Refusal> {
    match verification::addressee(&visit.pages().core, purpose, &Secret::new(token.to_owned())).await {
        Ok(email) => Ok(visit.show(choose_page(visit, purpose, token, email).await?.refused_if(problem))),
        Err(problem) if problem.kind == INVALID => Ok(dead(visit, purpose, problem)),
        Err(problem) => Err(problem.into()),
    }
}

/// `email`: whose password it will be, which password managers keep it under.
async fn choose_page(visit: &Visit, purpose: Purpose, token: &str, email: String) -> Result<View, Problem> {
    let invited = purpose == Purpose::Invitation;
    Ok(View::new("mailed/choose.html")
        .with("action", if invited { "invitation" } else { "reset-password/choose" })
        .with("invited", invited)
        .with("token", token)
        .with("email", email)
        // In the address too, so that the page can be come back to, also in another language.
        .with("here", visit::query([("token", token)].into_iter().filter(|(_, token)| !token.is_empty())))
        .with("rules", new_password::rules(visit).await?))
}

async fn choose(visit: Visit, form: Form, purpose: Purpose) -> Result<Response, Refusal> {
    let mut fields = Fields::new();
    let token = verification::token(&mut fields, form.secret("token"));
    let password = form.password(&mut fields, "new_password");
    let (core, ctx) = (&visit.pages().core, visit.ctx());
    let outcome = match fields.finish(token) {
        Ok(token) => verification::choose_password(core, ctx, purpose, &token, password, visit.wish()).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(email) => {
            address::forget(&visit);
            name::remember(&visit, &email);
            Ok(visit.go_saying(&visit.url("login"), Notice::PasswordChosen))
        }
        Err(problem) if problem.kind == INVALID => Ok(dead(&visit, purpose, problem)),
        Err(problem) if !problem.is_fault() => open(&visit, purpose, form.text("token"), Some(problem)).await,
        Err(problem) => Err(problem.into()),
    }
}
