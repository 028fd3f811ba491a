//! The second factor: an app's code, a code by text message, a backup code; and setting up the first one where
//! the tenant asks for it.

mod enrol;
mod waiting;

use std::sync::Arc;

use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use identity::{
    auth::{self, Answering, Completed},
    devices::Shown,
    http::{Fields, Refusal},
    mfa::{BackupCodes, CHALLENGE, Method, SecondProof},
};
use kernel::{Problem, Secret};
use minijinja::{Value, context};

pub(crate) use waiting::Waiting;

use crate::{
    Pages,
    form::{Form, Posted},
    notice::Notice,
    view::View,
    visit::Visit,
};

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/mfa", get(ask).post(answer))
        .route("/ui/mfa/sms", post(send))
        .route("/ui/mfa/enrol", post(enrol::app))
        .route("/ui/mfa/enrol/sms", post(enrol::phone))
        .route("/ui/mfa/enrol/confirm", post(enrol::confirm))
}

/// Asks for a code.
async fn ask(visit: Visit) -> Result<Response, Refusal> {
    match Waiting::of(&visit) {
        Some(waiting) if waiting.enrol => Ok(visit.show(View::new("mfa/choose.html"))),
        Some(waiting) => {
            let chosen = visit.parameter("method").unwrap_or_default();
            Ok(question(&visit, &waiting, &chosen, None).await?)
        }
        None => Ok(start_again(&visit)),
    }
}

/// For how many days a browser may be trusted; 0 for not at all.
async fn trust_days(visit: &Visit) -> Result<u16, Problem> {
    Ok(visit.preferences().await?.mfa.trust_days)
}

/// The page that asks for a code, with what was wrong with the last one.
async fn question(visit: &Visit, waiting: &Waiting, chosen: &str, wrong: Option<Problem>) -> Result<Response, Problem> {
    let Some(asked) = waiting.method(chosen) else { return Ok(start_again(visit)) };
    let others = waiting.offers.iter().filter(|offer| offer.method != asked.method);
    let others: Vec<Value> =
        others.map(|offer| context! { name => waiting::name(offer.method), hint => offer.hint.clone() }).collect();
    let view = View::new("mfa/code.html")
        .with("method", waiting::name(asked.method))
        .with("hint", asked.hint.clone())
        .with("others", others)
        .with("trust_days", trust_days(visit).await?);
    Ok(visit.show(match wrong {
        Some(problem) => view.refused(problem),
        None => view,
    }))
}

/// The challenge is over: from the beginning.
fn start_again(visit: &Visit) -> Response {
    Waiting::end(visit);
    visit.go_saying(&visit.url("login"), Notice::StartAgain)
}

fn who(visit: &Visit, waiting: &Waiting) -> Answering {
    Answering {
        challenge: waiting.id(),
        device: Shown::read(visit.headers(), visit.ctx().client_ip),
        language: visit.wish(),
    }
}

fn code(form: &Form) -> Result<Secret, Problem> {
    let code = form.secret("code");
    let mut fields = Fields::new();
    if code.expose().trim().is_empty() {
        fields.wrong("/code", "required", "");
    } else if code.expose().len() > SecondProof::MAX_LEN {
        fields.wrong("/code", "too_long", "");
    }
    fields.check()?;
    Ok(code)
}

fn proof(form: &Form, method: Method) -> Result<SecondProof, Problem> {
    Ok(SecondProof { method, code: code(form)? })
}

async fn answer(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let Some(waiting) = Waiting::of(&visit).filter(|waiting| !waiting.enrol) else { return Ok(start_again(&visit)) };
    let chosen = form.text("method");
    let Some(offer) = waiting.method(chosen) else { return Ok(start_again(&visit)) };
    let outcome = match proof(&form, offer.method) {
        Ok(proof) => {
            let (core, who) = (&visit.pages().core, who(&visit, &waiting));
            auth::answer(core, visit.ctx(), who, proof, form.is_ticked("trust")).await
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(completed) => Ok(enter(&visit, &waiting, completed)),
        Err(problem) if problem.kind == CHALLENGE => Ok(start_again(&visit)),
        Err(problem) if problem.status() < 500 => Ok(question(&visit, &waiting, chosen, Some(problem)).await?),
        Err(problem) => Err(problem.into()),
    }
}

/// They are in: on to where they wanted, or first to their backup codes.
fn enter(visit: &Visit, waiting: &Waiting, completed: Completed) -> Response {
    let to = waiting.return_to(visit);
    Waiting::end(visit);
    visit.set_cookies(completed.logged_in.cookies);
    match completed.backup_codes.as_ref().map(BackupCodes::texts) {
        None => crate::sign_in::after(visit, to.as_ref()),
        Some(codes) => {
            let next = to.map_or_else(|| visit.url("account"), |to| to.as_str().to_owned());
            visit.show(
                View::new("mfa/backup_codes.html")
                    .with("text", codes.join("%0A"))
                    .with("codes", codes)
                    .with("next", next),
            )
        }
    }
}

/// Sends a code to their phone.
async fn send(Posted { visit, .. }: Posted) -> Result<Response, Refusal> {
    let Some(waiting) = Waiting::of(&visit) else { return Ok(start_again(&visit)) };
    match auth::send_sms(&visit.pages().core, visit.ctx(), &who(&visit, &waiting)).await {
        Ok(()) => Ok(visit.go_saying(&format!("{}?method=sms", visit.url("mfa")), Notice::SmsSent)),
        Err(problem) if problem.kind == CHALLENGE => Ok(start_again(&visit)),
        Err(problem) if problem.status() < 500 => Ok(question(&visit, &waiting, "sms", Some(problem)).await?),
        Err(problem) => Err(problem.into()),
    }
}
