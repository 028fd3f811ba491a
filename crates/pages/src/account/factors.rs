//! Second factors: authenticator apps, phones, backup codes.
//!
//! Who changes them has signed in lately, and with a second factor if they have one; whoever has not is sent to
//! do so and comes back.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    response::Response,
    routing::{get, post},
};
use identity::{
    http::Refusal,
    mfa::{self, BackupCodes, FactorView, Kind},
    users::{ReadProfile, WriteProfile},
};
use kernel::{FactorId, Problem, Timestamp, problem::common};
use minijinja::{Value, context};

use super::{Sure, own::Own, page, step_up, sure, when};
use crate::{
    Pages, factor,
    form::{Form, Posted},
    notice::Notice,
    once::Once,
    texts::Words,
    view::View,
    visit::Visit,
};

const SECTION: &str = "account/factors";
const CODES: &str = "account/factors/codes";
const REMOVE: Sure = Sure { title: "factor-remove-title", text: "factor-remove-text", submit: "factor-remove" };
const NEW_CODES: Sure = Sure { title: "codes-new-title", text: "codes-new-text", submit: "codes-new" };

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/account/factors", get(list))
        .route("/ui/account/factors/app", get(ask_app).post(begin_app))
        .route("/ui/account/factors/phone", get(ask_phone).post(begin_phone))
        .route("/ui/account/factors/confirm", post(confirm).get(start_again))
        .route("/ui/account/factors/codes", get(codes))
        .route("/ui/account/factors/codes/new", get(ask_codes).post(new_codes))
        .route("/ui/account/factors/{id}/remove", get(ask_remove).post(remove))
}

pub(super) async fn all<R>(own: &Own<R>) -> Result<mfa::Factors, Problem> {
    let id = own.id;
    own.core().read(own.permit.principal.tenant, move |tx| Box::pin(mfa::overview(tx, id))).await
}

/// What a factor is called.
fn name(factor: &FactorView, words: &Words) -> String {
    match (factor.kind, &factor.hint) {
        (Kind::Totp, _) => words.get("factor-app"),
        (Kind::Sms, None) => words.get("factor-phone"),
        (Kind::Sms, Some(hint)) => format!("{} {hint}", words.get("factor-phone")),
    }
}

fn row(factor: &FactorView, words: &Words, now: Timestamp) -> Value {
    context! {
        id => factor.id.to_string(),
        name => name(factor, words),
        since => when::ago(words, now, factor.created_at),
        used => factor.last_used_at.map(|at| when::ago(words, now, at)),
    }
}

async fn list(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    let (found, words, now) = (all(&own).await?, own.visit.words(), own.core().now());
    let rows: Vec<Value> = found.factors.iter().map(|factor| row(factor, &words, now)).collect();
    let view = page("account/factors.html", SECTION).with("factors", rows).with("codes_left", found.backup_codes_left);
    Ok(own.visit.show(view))
}

/// What became of an attempt to change factors: somewhere to prove who they are, the form with what is wrong, or a
/// page about it.
fn refused(visit: &Visit, problem: Problem, form: impl FnOnce() -> View) -> Result<Response, Refusal> {
    match problem.status() {
        _ if problem.kind == common::STEP_UP => Ok(step_up(visit)),
        400..500 => Ok(visit.show(form().refused(problem))),
        _ => Err(problem.into()),
    }
}

async fn ask_app(own: Own<ReadProfile>) -> Response {
    own.visit.show(page("account/factor_app.html", SECTION))
}

async fn begin_app(own: Own<WriteProfile>, Posted { visit, .. }: Posted) -> Result<Response, Refusal> {
    match mfa::begin_totp(own.core(), &own.permit).await {
        Ok(enrolment) => Ok(visit.show(confirm_page(&enrolment.id.to_string(), factor::uri(&enrolment)))),
        Err(problem) => refused(&visit, problem, || page("account/factor_app.html", SECTION)),
    }
}

async fn ask_phone(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    let phone = own.user().await?.phone.unwrap_or_default();
    Ok(own.visit.show(page("account/factor_phone.html", SECTION).with("phone", phone)))
}

async fn begin_phone(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let typed = form.text("phone");
    let begun = match factor::phone(&form) {
        Ok(phone) => mfa::begin_sms(own.core(), &own.permit, phone, visit.wish()).await,
        Err(problem) => Err(problem),
    };
    match begun {
        Ok(enrolment) => Ok(visit.show(confirm_page(&enrolment.id.to_string(), factor::uri(&enrolment)))),
        Err(problem) => refused(&visit, problem, || page("account/factor_phone.html", SECTION).with("phone", typed)),
    }
}

/// Asks for the first code.
fn confirm_page(id: &str, uri: &str) -> View {
    factor::first_code(page("account/factor_confirm.html", SECTION).with("id", id), uri)
}

/// The address of a form that was sent is no page: the list is.
async fn start_again(own: Own<ReadProfile>) -> Response {
    own.visit.go(&own.visit.url(SECTION))
}

fn read(form: &Form) -> Result<(FactorId, String), Problem> {
    let id: FactorId = form.text("id").parse().map_err(|_| common::NOT_FOUND)?;
    Ok((id, factor::code(form)?.expose().clone()))
}

async fn confirm(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let confirmed = match read(&form) {
        Ok((id, code)) => mfa::confirm(own.core(), &own.permit, id, code, visit.wish()).await,
        Err(problem) => Err(problem),
    };
    match confirmed {
        Ok(confirmed) => match confirmed.backup_codes {
            Some(codes) => Ok(shown(&own, &codes).await?.go(&visit)?),
            None => Ok(visit.go_saying(&visit.url(SECTION), Notice::FactorAdded)),
        },
        Err(problem) => refused(&visit, problem, || confirm_page(form.text("id"), form.text("uri"))),
    }
}

/// On their way to their page, with whose they are.
async fn shown<R>(own: &Own<R>, codes: &BackupCodes) -> Result<Once, Problem> {
    let user = own.user().await?;
    let name = user.email.or(user.username).unwrap_or_default();
    Ok(Once { page: CODES.to_owned(), name, texts: codes.texts() })
}

/// New backup codes, this once.
async fn codes(own: Own<ReadProfile>) -> Response {
    let visit = &own.visit;
    let Some(once) = Once::take(visit, CODES) else { return visit.go(&visit.url(SECTION)) };
    visit.show(factor::backup_codes(page("account/backup_codes.html", SECTION), visit, &once))
}

async fn ask_codes(own: Own<ReadProfile>) -> Response {
    own.visit.show(sure(SECTION, NEW_CODES, ""))
}

async fn new_codes(own: Own<WriteProfile>, Posted { visit, .. }: Posted) -> Result<Response, Refusal> {
    match mfa::new_codes(own.core(), &own.permit, visit.wish()).await {
        Ok(codes) => Ok(shown(&own, &codes).await?.go(&visit)?),
        Err(problem) => refused(&visit, problem, || sure(SECTION, NEW_CODES, "")),
    }
}

/// Asks whether the factor that has this id is to be removed.
async fn removal<R>(own: &Own<R>, id: &str) -> Result<View, Problem> {
    let found = all(own).await?;
    let factor = found.factors.iter().find(|factor| factor.id.to_string() == id).ok_or(common::NOT_FOUND)?;
    Ok(sure(SECTION, REMOVE, &name(factor, &own.visit.words())))
}

async fn ask_remove(own: Own<ReadProfile>, Path(id): Path<String>) -> Result<Response, Refusal> {
    Ok(own.visit.show(removal(&own, &id).await?))
}

async fn remove(
    own: Own<WriteProfile>,
    Path(id): Path<String>,
    Posted { visit, .. }: Posted,
) -> Result<Response, Refusal> {
    let page = removal(&own, &id).await?;
    let id: FactorId = id.parse().map_err(|_| common::NOT_FOUND)?;
    match mfa::remove(own.core(), &own.permit, id, visit.wish()).await {
        Ok(()) => Ok(visit.go_saying(&visit.url(SECTION), Notice::FactorRemoved)),
        Err(problem) => refused(&visit, problem, || page),
    }
}
