//! Confirming an address: by the link that was mailed, or by the code beside it.
//!
//! Opening the link changes nothing, because mail scanners open links too: it shows a button.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    http::{Fields, Refusal},
    proofs::Purpose,
    users::Email,
    verification::{self, INVALID, Shown},
};
use kernel::Secret;

use crate::{Pages, address, form::Posted, notice::Notice, view::View, visit::Visit};

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/verify-email", get(ask).post(verify))
        .route("/ui/verify-email/resend", get(start_again).post(resend))
}

async fn ask(visit: Visit) -> Result<Response, Refusal> {
    let Some(token) = visit.parameter("token") else { return Ok(visit.show(by_code(&visit))) };
    match verification::addressee(&visit.pages().core, Purpose::VerifyEmail, &Secret::new(token.clone())).await {
        Ok(email) => Ok(visit.show(View::new("mailed/verify.html").with("token", token).with("email", email))),
        Err(problem) if problem.kind == INVALID => Ok(visit.show(dead(&visit).refused(problem))),
        Err(problem) => Err(problem.into()),
    }
}

/// The page for a code. Where the address is not known, it asks for it.
fn by_code(visit: &Visit) -> View {
    View::new("mailed/code.html").with("email", address::remembered(visit).map(|email| email.to_string()))
}

/// What is left to do after a link that does not work is to ask for another.
fn dead(visit: &Visit) -> View {
    by_code(visit).with("ask", true)
}

async fn verify(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let core = &visit.pages().core;
    let token = Some(form.secret("token")).filter(|token| !token.expose().is_empty());
    let by_link = token.is_some();
    let shown = match token {
        Some(token) => Shown::parse(Some(token), None, None),
        None => Shown::parse(None, Some(form.text("email")), Some(form.secret("code"))),
    };
    let outcome = match shown {
        Ok(shown) => verification::verify(core, visit.ctx(), shown).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(()) => {
            let next = match visit.principal() {
                Some(_) => {
                    address::forget(&visit);
                    "account"
                }
                None => {
                    address::forget_to_sign_in(&visit);
                    "login"
                }
            };
            Ok(visit.go_saying(&visit.url(next), Notice::EmailVerified))
        }
        Err(problem) if !problem.is_fault() => {
            let page = if by_link { dead(&visit) } else { by_code(&visit) };
            let typed = form.text("email");
            let page = if typed.is_empty() { page } else { page.with("email", typed) };
            Ok(visit.show(page.refused(problem)))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Another mail. The answer is the same for every address.
async fn resend(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let mut fields = Fields::new();
    let email = fields.keep("/email", "format", form.text("email").parse::<Email>());
    match fields.finish(email) {
        Ok(email) => {
            address::remember(&visit, &email);
            verification::resend(&visit.pages().core, visit.ctx(), email, visit.wish()).await?;
            Ok(visit.go_saying(&visit.url("verify-email"), Notice::MailSent))
        }
        Err(problem) => {
            let page = dead(&visit).with("email", form.text("email"));
            Ok(visit.show(page.refused(problem)))
        }
    }
}

/// The address of a form that was sent is no page: where it was filled in is.
async fn start_again(visit: Visit) -> Response {
    visit.go(&visit.url("verify-email"))
}
