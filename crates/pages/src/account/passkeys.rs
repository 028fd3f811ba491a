//! Passkeys: keys on one's devices that sign one in.
//!
//! Making one needs a script, because only a script can ask the browser for it: the page says so. All else does not.
//! Who changes them has signed in lately, with a passkey or a second factor if they have a passkey already.

use std::sync::Arc;

use axum::{Router, response::Response, routing::get};
use identity::{
    devices::Shown,
    http::{Path, Refusal},
    passkeys::{self, Passkey, REFUSED},
    users::{ReadProfile, WriteProfile},
};
use kernel::{PasskeyId, Problem, Timestamp, problem::common};
use minijinja::{Value, context};

use super::{Sure, at_field_of, own::Own, page, step_up, sure, when};
use crate::{
    Pages, ceremony,
    form::{Form, Posted},
    notice::Notice,
    texts::Words,
};

const SECTION: &str = "account/passkeys";
const REMOVE: Sure = Sure { title: "factor-remove-title", text: "passkey-remove-text", submit: "factor-remove" };

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/account/passkeys", get(list).post(rename))
        .route("/ui/account/passkeys/new", get(ask).post(add))
        .route("/ui/account/passkeys/{id}/remove", get(ask_remove).post(remove))
}

/// The caller's passkeys.
pub(super) async fn of<R>(own: &Own<R>) -> Result<Vec<Passkey>, Problem> {
    let user = own.id;
    own.core().read(own.permit.principal.tenant, move |tx| Box::pin(passkeys::list(tx, user))).await
}

fn row(passkey: &Passkey, words: &Words, now: Timestamp) -> Value {
    context! {
        id => passkey.id.to_string(),
        name => passkey.name.clone(),
        host => passkey.rp_id.clone(),
        synced => passkey.synced,
        since => when::ago(words, now, passkey.created_at),
        used => passkey.last_used_at.map(|at| when::ago(words, now, at)),
    }
}

/// The list, with what was wrong.
async fn view<R>(own: &Own<R>, refused: Option<Problem>) -> Result<Response, Problem> {
    let (words, now) = (own.visit.words(), own.core().now());
    let rows: Vec<Value> = of(own).await?.iter().map(|passkey| row(passkey, &words, now)).collect();
    let view = page("account/passkeys.html", SECTION).with("passkeys", rows);
    Ok(own.visit.show(view.refused_if(refused)))
}

async fn list(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    Ok(view(&own, None).await?)
}

async fn rename(own: Own<WriteProfile>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let id: PasskeyId = form.text("passkey").parse().map_err(|_| common::NOT_FOUND)?;
    let named = match passkeys::name_of(form.text("name")) {
        Ok(name) => passkeys::rename(own.core(), &own.permit, id, name).await,
        Err(problem) => Err(at_field_of(&problem, &id)),
    };
    match named {
        Ok(()) => Ok(visit.go_saying(&visit.url(SECTION), Notice::PasskeyNamed)),
        Err(problem) if problem.status() == 400 => Ok(view(&own, Some(problem)).await?),
        Err(problem) => Err(problem.into()),
    }
}

/// What became of an attempt to change passkeys: somewhere to sign in again, or the list with what is wrong.
async fn refused<R>(own: &Own<R>, problem: Problem) -> Result<Response, Refusal> {
    match problem.status() {
        _ if problem.kind == common::STEP_UP => Ok(step_up(&own.visit)),
        400..500 => Ok(view(own, Some(problem)).await?),
        _ => Err(problem.into()),
    }
}

async fn ask(own: Own<WriteProfile>) -> Result<Response, Refusal> {
    let name = Shown::read(own.visit.headers(), own.visit.ctx().client_ip).name();
    form(&own, &name, None).await
}

/// The page that makes one, with what was wrong.
async fn form(own: &Own<WriteProfile>, name: &str, wrong: Option<Problem>) -> Result<Response, Refusal> {
    let begun = passkeys::begin_registration(own.core(), &own.permit, own.visit.origin().as_ref()).await;
    match begun {
        Ok(begun) => {
            let view = ceremony::asks(page("account/passkey_new.html", SECTION).with("name", name), &begun);
            Ok(own.visit.show(view.refused_if(wrong)))
        }
        Err(problem) => refused(own, problem).await,
    }
}

async fn add(own: Own<WriteProfile>, Posted { visit, form: sent }: Posted) -> Result<Response, Refusal> {
    match register(&own, &sent).await {
        Ok(_) => Ok(visit.go_saying(&visit.url(SECTION), Notice::PasskeyAdded)),
        Err(problem) if problem.kind == common::STEP_UP => refused(&own, problem).await,
        Err(problem) if !problem.is_fault() => form(&own, sent.text("name"), Some(problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn register(own: &Own<WriteProfile>, sent: &Form) -> Result<Passkey, Problem> {
    let name = passkeys::name_of(sent.text("name"))?;
    let (ceremony, made) = ceremony::answer(sent, REFUSED)?;
    passkeys::finish_registration(own.core(), &own.permit, &ceremony, made, name, own.visit.wish()).await
}

async fn ask_remove(own: Own<ReadProfile>, Path(id): Path<PasskeyId>) -> Result<Response, Refusal> {
    let passkey = of(&own).await?.into_iter().find(|passkey| passkey.id == id).ok_or(common::NOT_FOUND)?;
    Ok(own.visit.show(sure(SECTION, REMOVE, &passkey.name)))
}

async fn remove(
    own: Own<WriteProfile>,
    Path(id): Path<PasskeyId>,
    Posted { visit, .. }: Posted,
) -> Result<Response, Refusal> {
    match passkeys::remove(own.core(), &own.permit, id, visit.wish()).await {
        Ok(()) => Ok(visit.go_saying(&visit.url(SECTION), Notice::PasskeyRemoved)),
        Err(problem) if problem.kind == common::NOT_FOUND => Err(problem.into()),
        Err(problem) => refused(&own, problem).await,
    }
}
