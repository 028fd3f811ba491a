//! One's own API keys: made, replaced, taken back. A key is shown once, when it is made.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::Path, response::Response, routing::get};
use identity::{
    api_keys::{self, ApiKey, ReadOwnKeys, Status, Wanted, WriteOwnKeys},
    http::{Fields, Refusal},
    users,
};
use kernel::{ApiKeyId, Problem, Secret, Timestamp, problem::common};
use minijinja::{Value, context};

use super::{Sure, own::Own, page, step_up, sure, when};
use crate::{
    Pages,
    form::{Form, Posted},
    notice::Notice,
    once::Once,
    texts::Words,
    view::View,
};

const SECTION: &str = "account/api-keys";
const MADE: &str = "account/api-keys/made";
const REVOKE: Sure = Sure { title: "key-revoke-title", text: "key-revoke-text", submit: "key-revoke" };
const ROTATE: Sure = Sure { title: "key-rotate-title", text: "key-rotate-text", submit: "key-rotate" };
/// How long a key that was replaced stays valid, for programs to take the new one.
const OVERLAP: Duration = Duration::from_secs(86_400);
/// Lives that are offered, in days.
const LIVES: [u64; 3] = [30, 90, 365];

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/ui/account/api-keys", get(list))
        .route("/ui/account/api-keys/new", get(ask).post(make))
        .route("/ui/account/api-keys/made", get(made))
        .route("/ui/account/api-keys/{id}/rotate", get(ask_rotate).post(rotate))
        .route("/ui/account/api-keys/{id}/revoke", get(ask_revoke).post(revoke))
}

fn row(key: &ApiKey, words: &Words, now: Timestamp) -> Value {
    context! {
        id => key.id.to_string(),
        name => key.name.clone(),
        hint => key.hint.clone(),
        permissions => key.permissions.as_ref().map(|all| all.iter().map(|g| g.as_str().to_owned()).collect::<Vec<_>>()),
        live => key.status(now) == Status::Active,
        expired => key.status(now) == Status::Expired,
        rotated => key.rotated_to.is_some(),
        made => when::ago(words, now, key.created_at),
        used => key.last_used_at.map(|at| when::ago(words, now, at)),
        ends => key.expires_at.map(|at| when::day(words, at)),
    }
}

async fn list(own: Own<ReadOwnKeys>) -> Result<Response, Refusal> {
    let (keys, words, now) = (api_keys::list_own(own.core(), &own.permit).await?, own.visit.words(), own.core().now());
    let rows: Vec<Value> = keys.iter().map(|key| row(key, &words, now)).collect();
    Ok(own.visit.show(page("account/api_keys.html", SECTION).with("keys", rows)))
}

/// The form; every permission that the caller holds can be chosen.
fn view<R>(own: &Own<R>, name: &str, life: &str, chosen: &[&str]) -> View {
    let held = users::permissions(&own.core().edge, &own.permit.principal);
    let choices: Vec<Value> =
        held.iter().map(|name| context! { name, chosen => chosen.contains(&name.as_str()) }).collect();
    page("account/api_key_new.html", SECTION)
        .with("name", name)
        .with("life", life)
        .with("lives", LIVES.map(|days| days.to_string()).to_vec())
        .with("choices", choices)
        .with("narrowed", !chosen.is_empty())
}

async fn ask(own: Own<ReadOwnKeys>) -> Response {
    let view = view(&own, "", "90", &[]);
    own.visit.show(view)
}

fn read(form: &Form, now: Timestamp) -> Result<Wanted, Problem> {
    let mut fields = Fields::new();
    let name = form.text("name");
    if name.is_empty() {
        fields.wrong("/name", "required", "");
    }
    let expires_at = match form.text("life") {
        "never" => None,
        text => match text.parse::<u64>().ok().filter(|days| LIVES.contains(days)) {
            Some(days) => Some(now + Duration::from_secs(days * 86_400)),
            None => {
                fields.wrong("/life", "required", "");
                None
            }
        },
    };
    fields.check()?;
    let chosen: Vec<String> = form.all("permission").map(str::to_owned).collect();
    let permissions = (!chosen.is_empty()).then_some(chosen);
    Ok(Wanted { name: name.to_owned(), permissions, expires_at })
}

async fn make(own: Own<WriteOwnKeys>, Posted { visit, form }: Posted) -> Result<Response, Refusal> {
    let made = match read(&form, own.core().now()) {
        Ok(wanted) => api_keys::create_own(own.core(), &own.permit, wanted, visit.wish()).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok((secret, key)) => Ok(shown(key, &secret).go(&visit)?),
        Err(problem) if problem.kind == common::STEP_UP => Ok(step_up(&visit)),
        Err(problem) if !problem.is_fault() => {
            let chosen: Vec<&str> = form.all("permission").collect();
            Ok(visit.show(view(&own, form.text("name"), form.text("life"), &chosen).refused(problem)))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn shown(key: ApiKey, secret: &Secret) -> Once {
    Once { page: MADE.to_owned(), name: key.name, texts: vec![secret.expose().clone()] }
}

/// The new key, this once.
async fn made(own: Own<ReadOwnKeys>) -> Response {
    let visit = &own.visit;
    let Some(once) = Once::take(visit, MADE) else { return visit.go(&visit.url(SECTION)) };
    let key = once.texts.first().cloned();
    visit.show(page("account/api_key_made.html", SECTION).with("name", once.name).with("key", key))
}

/// A key of the caller's that lives.
async fn living(own: &Own<ReadOwnKeys>, id: &str) -> Result<ApiKey, Problem> {
    let id: ApiKeyId = id.parse().map_err(|_| common::NOT_FOUND)?;
    let keys = api_keys::list_own(own.core(), &own.permit).await?;
    let now = own.core().now();
    let found = keys.into_iter().find(|key| key.id == id && key.status(now) == Status::Active);
    found.ok_or_else(|| common::NOT_FOUND.into())
}

async fn ask_rotate(own: Own<ReadOwnKeys>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let key = living(&own, &id).await?;
    Ok(own.visit.show(sure(SECTION, ROTATE, &key.name)))
}

async fn rotate(
    own: Own<WriteOwnKeys>,
    Path(id): Path<String>,
    Posted { visit, .. }: Posted,
) -> Result<Response, Refusal> {
    let id: ApiKeyId = id.parse().map_err(|_| common::NOT_FOUND)?;
    match api_keys::rotate_own(own.core(), &own.permit, id, OVERLAP, visit.wish()).await {
        Ok((secret, key)) => Ok(shown(key, &secret).go(&visit)?),
        Err(problem) if problem.kind == common::STEP_UP => Ok(step_up(&visit)),
        Err(problem) => Err(problem.into()),
    }
}

async fn ask_revoke(own: Own<ReadOwnKeys>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let key = living(&own, &id).await?;
    Ok(own.visit.show(sure(SECTION, REVOKE, &key.name)))
}

async fn revoke(
    own: Own<WriteOwnKeys>,
    Path(id): Path<String>,
    Posted { visit, .. }: Posted,
) -> Result<Response, Refusal> {
    let id: ApiKeyId = id.parse().map_err(|_| common::NOT_FOUND)?;
    api_keys::revoke_own(own.core(), &own.permit, id).await?;
    Ok(visit.go_saying(&visit.url(SECTION), Notice::KeyRevoked))
}
