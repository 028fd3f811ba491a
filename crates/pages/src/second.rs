//! The second factor: an app's code, a code by text message, a backup code, a passkey; and setting up the first one
//! where the tenant asks for it.

mod enrol;
mod passkey;
mod waiting;

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    auth::{self, Answer, Answering, Completed},
    devices::Shown,
    http::Refusal,
    mfa::{CHALLENGE, Method, Offer, SecondProof},
};
use kernel::Problem;
use minijinja::{Value, context};

pub(crate) use waiting::{Waiting, chosen, method, name as method_name};

use crate::{
    Pages, factor,
    form::{Form, Posted},
    name,
    notice::Notice,
    once::Once,
    return_to::{self, ReturnTo},
    view::View,
    visit::{self, SignedIn, Visit},
};

/// Where the first backup codes are shown.
const CODES: &str = "mfa/codes";

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/mfa", get(ask).post(answer))
        .route("/ui/mfa/passkey", get(enrol::choose).post(passkey::answer))
        .route("/ui/mfa/sms", get(ask_sms).post(send))
        .route("/ui/mfa/enrol", get(enrol::choose).post(enrol::app))
        .route("/ui/mfa/enrol/sms", get(enrol::choose).post(enrol::phone))
        .route("/ui/mfa/enrol/confirm", get(enrol::choose).post(enrol::confirm))
        .route("/ui/mfa/codes", get(codes))
}

/// Asks for a code.
async fn ask(visit: Visit) -> Result<Response, Refusal> {
    match Waiting::of(&visit) {
        Some(waiting) if waiting.enrol => Ok(waiting.show(&visit, View::new("mfa/choose.html"))),
        Some(waiting) => {
            let chosen = visit.parameter("method").unwrap_or_default();
            Ok(question(&visit, &waiting, &chosen, false, None).await?)
        }
        None => Ok(start_again(&visit, None)),
    }
}

/// Where a code was to be sent from is no page: the question is.
async fn ask_sms(visit: Visit) -> Response {
    visit.go(&format!("{}?method=sms", visit.url("mfa")))
}

/// For how many days a browser may be trusted; 0 for not at all.
async fn trust_days(visit: &Visit) -> Result<u16, Problem> {
    Ok(visit.preferences().await?.mfa.trust_days)
}

/// The other ways to answer, as pages show them.
pub(crate) fn others(offers: &[Offer], asked: Option<&Offer>) -> Vec<Value> {
    let others = offers.iter().filter(|offer| asked.is_none_or(|asked| asked.method != offer.method));
    others.map(|offer| context! { name => waiting::name(offer.method), hint => offer.hint.clone() }).collect()
}

/// The page that asks for a code, with what was wrong with the last one.
async fn question(
    visit: &Visit,
    waiting: &Waiting,
    chosen: &str,
    trust: bool,
    wrong: Option<Problem>,
) -> Result<Response, Problem> {
    let Some(asked) = waiting.method(chosen) else { return Ok(start_again(visit, None)) };
    let others = others(&waiting.offers, Some(asked));
    let view = match asked.method {
        Method::Passkey => match passkey::question(visit, waiting).await {
            Ok(view) => view,
            Err(problem) if problem.kind == CHALLENGE => return Ok(start_again(visit, None)),
            Err(problem) if !problem.is_fault() => View::new("mfa/passkey.html").refused(problem),
            Err(problem) => return Err(problem),
        },
        _ => View::new("mfa/code.html"),
    };
    let view = view
        .with("method", waiting::name(asked.method))
        .with("number", asked.hint.clone())
        // Where a code was sent, or was to be sent or was typed just now, its field comes first.
        .with("sent", wrong.is_some() || visit.parameter("sent").is_some())
        .with("others", others)
        .with("trust_days", trust_days(visit).await?)
        .with("trust", trust);
    Ok(waiting.show(visit, view.refused_if(wrong)))
}

/// The challenge is over: from the beginning, to where the form that came too late would have led.
fn start_again(visit: &Visit, form: Option<&Form>) -> Response {
    Waiting::end(visit);
    let to = form.and_then(|form| visit.judge(form.text(return_to::FIELD)));
    visit.go_saying(&visit.sign_in_at(false, to.as_ref().map(ReturnTo::as_str)), Notice::StartAgain)
}

fn who(visit: &Visit, waiting: &Waiting) -> Answering {
    Answering {
        challenge: waiting.id(),
        device: Shown::read(visit.headers(), visit.ctx().client_ip),
        language: visit.wish(),
    }
}

async fn answer(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let Some(waiting) = Waiting::of(&visit).filter(|waiting| !waiting.enrol) else {
        return Ok(start_again(&visit, Some(&form)));
    };
    let chosen = form.text("method");
    let Some(offer) = waiting.method(chosen) else { return Ok(start_again(&visit, Some(&form))) };
    let answer = factor::code(&form).map(|code| Answer::Code(SecondProof { method: offer.method, code }));
    judge(&visit, &form, &waiting, chosen, answer).await
}

/// Gives an answer: they are in, or asked again, or begin anew.
async fn judge(
    visit: &Visit,
    form: &Form,
    waiting: &Waiting,
    chosen: &str,
    answer: Result<Answer, Problem>,
) -> Result<Response, Refusal> {
    let outcome = match answer {
        Ok(answer) => {
            let (core, who) = (&visit.pages().core, who(visit, waiting));
            auth::answer(core, visit.ctx(), who, answer, form.is_ticked("trust")).await
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(completed) => Ok(enter(visit, waiting, completed)?),
        Err(problem) if problem.kind == CHALLENGE => Ok(start_again(visit, Some(form))),
        Err(problem) if !problem.is_fault() => {
            Ok(question(visit, waiting, chosen, form.is_ticked("trust"), Some(problem)).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// They are in: on to where they wanted, or first to their backup codes.
fn enter(visit: &Visit, waiting: &Waiting, completed: Completed) -> Result<Response, Problem> {
    let to = waiting.return_to(visit);
    Waiting::end(visit);
    let name = name::remembered(visit).unwrap_or_default();
    name::forget(visit);
    visit.set_cookies(completed.logged_in.cookies);
    let Some(codes) = &completed.backup_codes else { return Ok(visit.go_on(to.as_ref())) };
    let once = Once { page: CODES.to_owned(), name, texts: codes.texts() };
    once.give(visit, Some(completed.logged_in.session))?;
    let back = visit::query(to.iter().map(|to| (return_to::FIELD, to.as_str())));
    Ok(visit.go(&format!("{}{back}", visit.url(CODES))))
}

/// Their first backup codes, this once.
async fn codes(SignedIn { visit, .. }: SignedIn) -> Response {
    let to = visit.return_to();
    let Some(once) = Once::take(&visit, CODES) else { return visit.go_on(to.as_ref()) };
    let next = to.map_or_else(|| visit.url("account"), |to| to.as_str().to_owned());
    visit.show(factor::backup_codes(View::new("mfa/backup_codes.html"), &visit, &once).with("next", next))
}

/// Sends a code to their phone.
async fn send(Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let Some(waiting) = Waiting::of(&visit) else { return Ok(start_again(&visit, Some(&form))) };
    match auth::send_sms(&visit.pages().core, visit.ctx(), &who(&visit, &waiting)).await {
        Ok(()) => Ok(visit.go_saying(&format!("{}?method=sms&sent=1", visit.url("mfa")), Notice::SmsSent)),
        Err(problem) if problem.kind == CHALLENGE => Ok(start_again(&visit, Some(&form))),
        Err(problem) if !problem.is_fault() => Ok(question(&visit, &waiting, "sms", false, Some(problem)).await?),
        Err(problem) => Err(problem.into()),
    }
}
