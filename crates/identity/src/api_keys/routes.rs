//! `/api/v1/api-keys`: the caller's own keys.

use std::sync::Arc;

use axum::extract::State;
use http::{HeaderName, StatusCode, header};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ReadOwnKeys, WriteOwnKeys,
    dto::{ApiKeyDto, CreateApiKey, NewApiKey, RotateApiKey, UpdateApiKey},
    model::key_id,
    service::{self, Renewal, Scope},
};
use crate::{
    Core,
    http::{
        Json, Page, PageQuery, Path, Permit, Query, Refusal, Window, Wish,
        openapi::{Body, Changed, Guarded, Named, Parsed},
    },
};

/// `201` with the place of the new thing.
pub(super) type Created = (StatusCode, [(HeaderName, String); 1], Json<NewApiKey>);

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, revoke)).routes(routes!(rotate))
}

/// List your API keys
///
/// Needs `profile:read`. Keys that ended are listed for a while.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "api keys", operation_id = "list_own_api_keys",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(PageQuery),
    responses((status = 200, body = Page<ApiKeyDto>), Guarded, Parsed))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadOwnKeys>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApiKeyDto>>, Refusal> {
    let (window, now) = (Window::try_from(&query)?, core.now());
    let own = crate::users::own(&permit.principal)?;
    let keys = service::list(&core, &permit, Some(own), window).await?;
    Ok(Json(Page::new(keys, window, |key| key.id.uuid()).map(|key| ApiKeyDto::new(key, now))))
}

/// Make an API key
///
/// Needs `profile:write`, and a recent login: API keys make no API keys. The key is shown once. You are told by mail.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "api keys", operation_id = "create_own_api_key",
    security(("bearer" = []), ("session" = [])), request_body = CreateApiKey,
    responses((status = 201, body = NewApiKey, headers(("Location" = String))), Guarded, Body, Changed))]
async fn create(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteOwnKeys>,
    Wish(wish): Wish,
    Json(body): Json<CreateApiKey>,
) -> Result<Created, Refusal> {
    let (now, scope) = (core.now(), Scope::own(&permit)?);
    let (secret, key) = service::create(&core, &permit, scope, body.parse(false, now)?, wish).await?;
    let location = format!("/api/v1/api-keys/{}", key.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(NewApiKey::new(&secret, key, now))))
}

/// Read one of your API keys
///
/// Needs `profile:read`.
#[utoipa::path(get, path = "/api/v1/api-keys/{id}", tag = "api keys", operation_id = "get_own_api_key",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ApiKeyDto), Guarded, Named))]
async fn get(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadOwnKeys>,
    Path(id): Path<String>,
) -> Result<Json<ApiKeyDto>, Refusal> {
    let key = service::get(&core, &permit, Scope::own(&permit)?, key_id(&id)?).await?;
    Ok(Json(ApiKeyDto::new(key, core.now())))
}

/// Change one of your API keys
///
/// Needs `profile:write`, and a login. Takes effect at once.
#[utoipa::path(patch, path = "/api/v1/api-keys/{id}", tag = "api keys", operation_id = "update_own_api_key",
    security(("bearer" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)), request_body = UpdateApiKey,
    responses((status = 200, body = ApiKeyDto), Guarded, Body, Named, Changed))]
async fn update(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteOwnKeys>,
    Path(id): Path<String>,
    Json(body): Json<UpdateApiKey>,
) -> Result<Json<ApiKeyDto>, Refusal> {
    let (id, now) = (key_id(&id)?, core.now());
    let key = service::update(&core, &permit, Scope::own(&permit)?, id, body.parse(now)?).await?;
    Ok(Json(ApiKeyDto::new(key, now)))
}

/// Revoke one of your API keys
///
/// Needs `profile:write`. The key is refused from then on.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "api keys", operation_id = "revoke_own_api_key",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 204), Guarded, Named))]
async fn revoke(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteOwnKeys>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    service::revoke(&core, &permit, Scope::own(&permit)?, key_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rotate one of your API keys
///
/// Needs `profile:write`, and a recent login. You are told by mail. Answers with a new key of the same rights, shown once; the old
/// one stays valid for the overlap.
#[utoipa::path(post, path = "/api/v1/api-keys/{id}/rotate", tag = "api keys", operation_id = "rotate_own_api_key",
    security(("bearer" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)), request_body = RotateApiKey,
    responses((status = 201, body = NewApiKey, headers(("Location" = String))), Guarded, Body, Named, Changed))]
async fn rotate(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteOwnKeys>,
    Path(id): Path<String>,
    Wish(wish): Wish,
    Json(body): Json<RotateApiKey>,
) -> Result<Created, Refusal> {
    let (id, now) = (key_id(&id)?, core.now());
    let (overlap, expires_at) = body.parse(now)?;
    let (scope, renewal) = (Scope::own(&permit)?, Renewal { overlap, expires_at });
    let (secret, key) = service::rotate(&core, &permit, scope, id, renewal, wish).await?;
    let location = format!("/api/v1/api-keys/{}", key.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(NewApiKey::new(&secret, key, now))))
}
