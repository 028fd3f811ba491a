//! Confirming a new address by the link that was mailed to it. Opening the link shows a button, no more.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    http::{Fields, Refusal},
    proofs::Purpose,
    verification::{self, INVALID},
};
use kernel::{Problem, Secret};

use crate::{Pages, form::Posted, notice::Notice, view::View, visit::Visit};

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/change-email", get(ask).post(confirm))
}

/// The button, or what to do about a link that works no more; with what went wrong, if anything did.
async fn open(visit: &Visit, token: &str, problem: Option<Problem>) -> Result<Response, Refusal> {
    let secret = Secret::new(token.to_owned());
    match verification::addressee(&visit.pages().core, Purpose::ChangeEmail, &secret).await {
        Ok(email) => {
            let page = View::new("mailed/change.html").with("token", token).with("email", email);
            Ok(visit.show(page.refused_if(problem)))
        }
        Err(problem) if problem.kind == INVALID => Ok(dead(visit, problem)),
        Err(problem) => Err(problem.into()),
    }
}

/// The link works no more: the account says which address holds, and where to ask for another mail.
fn dead(visit: &Visit, problem: Problem) -> Response {
    visit.show(View::new("mailed/change.html").with("dead", true).refused(problem))
}

async fn ask(visit: Visit) -> Result<Response, Refusal> {
    match visit.parameter("token") {
        Some(token) => open(&visit, &token, None).await,
        None => Ok(dead(&visit, INVALID.into())),
    }
}

async fn confirm(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let mut fields = Fields::new();
    let token = verification::token(&mut fields, form.secret("token"));
    let outcome = match fields.finish(token) {
        Ok(token) => verification::confirm_change(&visit.pages().core, visit.ctx(), &token, visit.wish()).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(()) => {
            let next = if visit.principal().is_some() { "account" } else { "login" };
            Ok(visit.go_saying(&visit.url(next), Notice::EmailChanged))
        }
        Err(problem) if problem.kind == INVALID => Ok(dead(&visit, problem)),
        Err(problem) if !problem.is_fault() => open(&visit, form.text("token"), Some(problem)).await,
        Err(problem) => Err(problem.into()),
    }
}
