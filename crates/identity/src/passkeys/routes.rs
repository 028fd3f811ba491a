//! `/api/v1/passkeys`: the caller's own.

use std::sync::Arc;

use axum::extract::State;
use http::{HeaderMap, HeaderName, StatusCode, header};
use kernel::{PasskeyId, Problem, Secret};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use webauthn_rs::prelude::RegisterPublicKeyCredential;

use super::{Begun, PasskeyView, manage, model::MAX_NAME, page, store};
use crate::{
    Core,
    devices::Shown,
    http::{
        Fields, Json, Page, Path, Permit, Refusal, Wish,
        openapi::{Body, Changed, Guarded, Named},
    },
    users::{ReadProfile, WriteProfile, own},
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(finish))
        .routes(routes!(list))
        .routes(routes!(rename, remove))
}

/// A ceremony that has begun.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PasskeyCeremony)]
pub(crate) struct BegunView {
    /// To be given with the answer, within five minutes.
    ceremony: String,
    /// For `navigator.credentials`: `{publicKey: …}` (WebAuthn Level 2), with bytes in base64url.
    #[schema(value_type = Object)]
    options: Value,
}

impl From<Begun> for BegunView {
    fn from(begun: Begun) -> Self {
        Self { ceremony: begun.ceremony.expose().clone(), options: begun.options }
    }
}

/// Begin with a passkey
///
/// Needs `profile:write` and a recent login.
#[utoipa::path(post, path = "/api/v1/passkeys/register/start", tag = "passkeys",
    operation_id = "begin_passkey", security(("bearer" = []), ("session" = [])),
    responses((status = 200, body = BegunView), Guarded, Changed))]
async fn start(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    headers: HeaderMap,
) -> Result<Json<BegunView>, Refusal> {
    Ok(Json(manage::begin_registration(&core, &permit, page(&headers).as_ref()).await?.into()))
}

/// What the authenticator has made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterPasskey {
    /// As it was given out.
    #[schema(value_type = String)]
    ceremony: Secret,
    /// What `navigator.credentials.create` returned, as JSON (`PublicKeyCredential.toJSON`).
    #[schema(value_type = Object)]
    credential: RegisterPublicKeyCredential,
    /// What you call it; otherwise it is named by the browser.
    #[schema(max_length = 64)]
    name: Option<String>,
}

/// Register a passkey
///
/// Needs `profile:write` and a recent login. You are told by mail.
#[utoipa::path(post, path = "/api/v1/passkeys/register/finish", tag = "passkeys",
    operation_id = "register_passkey", security(("bearer" = []), ("session" = [])), request_body = RegisterPasskey,
    responses((status = 201, body = PasskeyView, headers(("Location" = String))), Guarded, Body, Changed))]
async fn finish(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Wish(wish): Wish,
    headers: HeaderMap,
    Json(body): Json<RegisterPasskey>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<PasskeyView>), Refusal> {
    let name = match body.name {
        Some(name) => name_of(&name)?,
        None => Shown::read(&headers, permit.ctx.client_ip).name(),
    };
    let made = manage::finish_registration(&core, &permit, &body.ceremony, body.credential, name, wish).await?;
    let location = format!("/api/v1/passkeys/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made.into())))
}

/// Reads what a passkey is to be called.
pub fn name_of(name: &str) -> Result<String, Problem> {
    let mut fields = Fields::new();
    let name = fields.text("/name", name, MAX_NAME);
    fields.finish(name)
}

/// Your passkeys
///
/// 20 at most, oldest first. Needs `profile:read`.
#[utoipa::path(get, path = "/api/v1/passkeys", tag = "passkeys", operation_id = "list_passkeys",
    responses((status = 200, body = Page<PasskeyView>), Guarded),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn list(State(core): State<Arc<Core>>, permit: Permit<ReadProfile>) -> Result<Json<Page<PasskeyView>>, Refusal> {
    let user = own(&permit.principal)?;
    let passkeys = core.read(permit.principal.tenant, move |tx| Box::pin(store::list(tx, user))).await?;
    Ok(Json(Page { items: passkeys.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// What is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenamePasskey {
    /// What you call it.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

/// Name a passkey
///
/// Needs `profile:write`.
#[utoipa::path(patch, path = "/api/v1/passkeys/{id}", tag = "passkeys", operation_id = "rename_passkey",
    params(("id" = Uuid, Path, description = "The passkey")), request_body = RenamePasskey,
    responses((status = 204, description = "Named"), Guarded, Named, Body),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn rename(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Path(id): Path<Uuid>,
    Json(body): Json<RenamePasskey>,
) -> Result<StatusCode, Refusal> {
    manage::rename(&core, &permit, PasskeyId::from_uuid(id), name_of(&body.name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a passkey
///
/// Needs `profile:write` and a recent login. You are told by mail.
#[utoipa::path(delete, path = "/api/v1/passkeys/{id}", tag = "passkeys", operation_id = "remove_passkey",
    params(("id" = Uuid, Path, description = "The passkey")),
    responses((status = 204, description = "Removed"), Guarded, Named),
    security(("bearer" = []), ("session" = [])))]
async fn remove(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Wish(wish): Wish,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Refusal> {
    manage::remove(&core, &permit, PasskeyId::from_uuid(id), wish).await?;
    Ok(StatusCode::NO_CONTENT)
}
