//! Proving once more who one is, while signed in: the password, a code, both, or a passkey, as needed. Then on to
//! where it was asked for.
//!
//! Deliberately absent: what is needed, and for how long it holds (see [`identity::auth::step_up`]).

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    auth::step_up::{self, Answering, Missing},
    devices::Shown,
    http::{Caller, Ctx, Refusal},
    mfa::{CHALLENGE, IMPOSSIBLE, NO_FACTOR, SecondProof},
};
use kernel::{
    Assurance, Principal, Problem,
    assurance::{ACR_VALUES, MAX_AGE},
};

use crate::{
    Pages, factor,
    form::{Form, Posted},
    notice::Notice,
    return_to::{self, ReturnTo},
    second::{self, method_name},
    view::View,
    visit::{SignedIn, Visit, query},
};

/// The page, on the way to another one.
pub(crate) fn address(visit: &Visit, to: Option<&ReturnTo>, wanted: &Assurance) -> String {
    format!("{}{}", visit.url("step-up"), parameters(to, wanted))
}

/// The page's query.
fn parameters(to: Option<&ReturnTo>, wanted: &Assurance) -> String {
    let back = to.map(|to| (return_to::FIELD, to.as_str().to_owned()));
    query(back.into_iter().chain(wanted.parameters()))
}

pub(crate) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/step-up", get(ask).post(answer)).route("/ui/step-up/sms", get(ask_sms).post(send))
}

fn caller(visit: &Visit, principal: Arc<Principal>) -> Caller {
    Caller { principal, ctx: Ctx(visit.ctx().clone()) }
}

fn device(visit: &Visit) -> Shown {
    Shown::read(visit.headers(), visit.ctx().client_ip)
}

fn answering(visit: &Visit, form: &Form) -> Answering {
    Answering { challenge: form.secret("challenge"), device: device(visit), language: visit.wish() }
}

/// What was asked for in the address.
pub(crate) fn wanted(visit: &Visit) -> Assurance {
    Assurance::of_parameters(visit.parameter(ACR_VALUES).as_deref(), visit.parameter(MAX_AGE).as_deref())
}

/// Begins anew, with what was wrong before.
async fn begin(
    visit: &Visit,
    caller: &Caller,
    chosen: &str,
    to: Option<&ReturnTo>,
    wrong: Option<Problem>,
) -> Result<Response, Problem> {
    match step_up::begin(&visit.pages().core, caller, wanted(visit), &device(visit)).await {
        Ok(Some(missing)) => Ok(question(visit, &missing, chosen, to, false, wrong)),
        Ok(None) => Ok(visit.go_on(to)),
        Err(problem) if problem.kind == NO_FACTOR => {
            Ok(visit.go_saying(&visit.url("account/factors"), Notice::FactorNeeded))
        }
        Err(problem) if problem.kind == IMPOSSIBLE => {
            Ok(visit.go_saying(&visit.sign_in_at(true, to.map(ReturnTo::as_str)), Notice::SignInAgain))
        }
        Err(problem) => Err(problem),
    }
}

/// The page that asks for what is missing, with what was wrong with the last answer.
/// `sent`: a code was sent for this very challenge.
fn question(
    visit: &Visit,
    missing: &Missing,
    chosen: &str,
    to: Option<&ReturnTo>,
    sent: bool,
    wrong: Option<Problem>,
) -> Response {
    let asked = second::chosen(&missing.methods, chosen);
    let view = View::new("step_up.html")
        .with("challenge", missing.challenge.expose().as_str())
        .with("password", missing.password)
        .with("method", asked.map(|offer| method_name(offer.method)))
        .with("number", asked.and_then(|offer| offer.hint.clone()))
        .with("others", second::others(&missing.methods, asked))
        .with("passkey", missing.passkey)
        .with("sent", sent)
        .with("on_its_way", sent && wrong.is_none())
        .with("here", parameters(to, &wanted(visit)))
        .then(to);
    visit.show(view.refused_if(wrong))
}

async fn ask(SignedIn { visit, principal }: SignedIn) -> Result<Response, Refusal> {
    let (caller, to) = (caller(&visit, principal), visit.return_to());
    let chosen = visit.parameter("method").unwrap_or_default();
    Ok(begin(&visit, &caller, &chosen, to.as_ref(), None).await?)
}

/// The address of a form that was sent is no page: the question is.
async fn ask_sms(visit: Visit) -> Response {
    let here = parameters(visit.return_to().as_ref(), &wanted(&visit));
    let more = if here.is_empty() { '?' } else { '&' };
    visit.go(&format!("{}{here}{more}method=sms", visit.url("step-up")))
}

/// The page again. A challenge that can be answered no more is followed by another.
async fn again(visit: &Visit, caller: &Caller, form: &Form, wrong: Option<Problem>) -> Result<Response, Refusal> {
    let (to, chosen) = (visit.judge(form.text(return_to::FIELD)), form.text("method"));
    match step_up::missing(&visit.pages().core, caller, &answering(visit, form)).await {
        Ok(missing) => Ok(question(visit, &missing, chosen, to.as_ref(), true, wrong)),
        Err(problem) if problem.kind == CHALLENGE => {
            Ok(begin(visit, caller, chosen, to.as_ref(), wrong.or(Some(problem))).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn answer(SignedIn { principal, .. }: SignedIn, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let caller = caller(&visit, principal);
    let password = Some(form.secret("password")).filter(|password| !password.expose().is_empty());
    let proof = match second::method(form.text("method")) {
        Some(method) => factor::code(&form).map(|code| Some(SecondProof { method, code })),
        None => Ok(None),
    };
    let outcome = match proof {
        Ok(proof) => step_up::answer(&visit.pages().core, &caller, answering(&visit, &form), password, proof).await,
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(logged_in) => {
            visit.set_cookies(logged_in.cookies);
            Ok(visit.go_on(visit.judge(form.text(return_to::FIELD)).as_ref()))
        }
        Err(problem) if !problem.is_fault() => again(&visit, &caller, &form, Some(problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

/// Sends a code to their phone.
async fn send(SignedIn { principal, .. }: SignedIn, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let caller = caller(&visit, principal);
    let sent = step_up::send_sms(&visit.pages().core, &caller, &answering(&visit, &form)).await;
    match sent {
        Err(problem) if problem.is_fault() => Err(problem.into()),
        sent => again(&visit, &caller, &form, sent.err()).await,
    }
}
