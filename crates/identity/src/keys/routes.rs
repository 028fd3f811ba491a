//! `/api/v1/admin/keys`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{KeyInfo, ReadKeys, WriteKeys, service, wellknown};
use crate::{
    Core,
    audit::Origin,
    http::{
        Json, Path, Permit, Refusal,
        openapi::{Changed, Guarded, Named},
    },
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(rotate))
        .routes(routes!(retire))
        .routes(routes!(wellknown::jwks))
        .routes(routes!(wellknown::openid_configuration))
}

/// Every key of the tenant, newest first: there are few enough to need no pages.
#[derive(Debug, Serialize, ToSchema)]
struct KeyList {
    items: Vec<KeyInfo>,
}

fn origin(permit: &Permit<WriteKeys>) -> Origin {
    Origin::Caller(permit.principal.clone(), permit.ctx.0.clone())
}

/// List signing keys
///
/// Needs `keys:read`.
#[utoipa::path(get, path = "/api/v1/admin/keys", operation_id = "list_signing_keys", tag = "keys",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = KeyList), Guarded))]
async fn list(State(core): State<Arc<Core>>, permit: Permit<ReadKeys>) -> Result<Json<KeyList>, Refusal> {
    Ok(Json(KeyList { items: service::list(&core, permit.principal.tenant).await? }))
}

/// Rotate the signing key
///
/// Needs `keys:write`. New tokens are signed with a new key; the former one verifies until its last
/// token has expired.
#[utoipa::path(post, path = "/api/v1/admin/keys/rotate", operation_id = "rotate_signing_key", tag = "keys",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 201, body = KeyInfo), Guarded, Changed))]
async fn rotate(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteKeys>,
) -> Result<(StatusCode, Json<KeyInfo>), Refusal> {
    let key = service::rotate(&core, permit.principal.tenant, &origin(&permit)).await?;
    Ok((StatusCode::CREATED, Json(key)))
}

/// Retire a signing key at once
///
/// Needs `keys:write`. Every token that the key signed is refused from now on, the caller's own
/// included. The active key is replaced by a new one.
#[utoipa::path(post, path = "/api/v1/admin/keys/{kid}/retire", operation_id = "retire_signing_key", tag = "keys",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("kid" = String, Path, description = "Key id")),
    responses((status = 200, body = KeyInfo), Guarded, Named, Changed))]
async fn retire(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteKeys>,
    Path(kid): Path<String>,
) -> Result<Json<KeyInfo>, Refusal> {
    Ok(Json(service::retire(&core, permit.principal.tenant, kid, &origin(&permit)).await?))
}
