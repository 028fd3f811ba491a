//! `/api/v1/admin/api-keys`: every key of the tenant, and keys of the tenant itself (service accounts).

use std::sync::Arc;

use axum::extract::State;
use http::{StatusCode, header};
use kernel::{Problem, UserId, problem::common};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ReadKeys, WriteKeys,
    dto::{ApiKeyDto, CreateApiKey, NewApiKey, RotateApiKey, UpdateApiKey},
    model::key_id,
    routes::Created,
    service::{self, Renewal, Scope},
};
use crate::{
    Core,
    http::{
        Json, Page, Path, Permit, Query, Refusal, Window,
        openapi::{Body, Changed, Guarded, Named, Parsed},
    },
};

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, revoke)).routes(routes!(rotate))
}

/// Which keys to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListKeys {
    /// Entries at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Keys of this user only.
    #[param(value_type = Option<uuid::Uuid>)]
    user: Option<String>,
}

/// List API keys of the tenant
///
/// Needs `api_keys:read`. Keys that ended are listed for a while.
#[utoipa::path(get, path = "/api/v1/admin/api-keys", tag = "api keys", operation_id = "list_api_keys",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(ListKeys),
    responses((status = 200, body = Page<ApiKeyDto>), Guarded, Parsed))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadKeys>,
    Query(query): Query<ListKeys>,
) -> Result<Json<Page<ApiKeyDto>>, Refusal> {
    let (window, now) = (Window::parse(query.limit, query.cursor.as_deref())?, core.now());
    let no_id = |_| Problem::new(common::INVALID).field("user", "format", "is not the id of a user");
    let user = query.user.map(|id| id.parse::<UserId>()).transpose().map_err(no_id)?;
    let keys = service::list(&core, &permit, user, window).await?;
    Ok(Json(Page::new(keys, window, |key| key.id.uuid()).map(|key| ApiKeyDto::new(key, now))))
}

/// Make an API key of the tenant itself
///
/// For programs. Needs `api_keys:write`, everything that the key is to hold, and a login. The key is
/// shown once.
#[utoipa::path(post, path = "/api/v1/admin/api-keys", tag = "api keys", operation_id = "create_api_key",
    security(("bearer" = []), ("session" = [])), request_body = CreateApiKey,
    responses((status = 201, body = NewApiKey, headers(("Location" = String))), Guarded, Body, Changed))]
async fn create(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteKeys>,
    Json(body): Json<CreateApiKey>,
) -> Result<Created, Refusal> {
    let now = core.now();
    let (secret, key) = service::create(&core, &permit, Scope::Tenant, body.parse(true, now)?, None).await?;
    let location = format!("/api/v1/admin/api-keys/{}", key.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(NewApiKey::new(&secret, key, now))))
}

/// Read an API key of the tenant
///
/// Needs `api_keys:read`.
#[utoipa::path(get, path = "/api/v1/admin/api-keys/{id}", tag = "api keys", operation_id = "get_api_key",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ApiKeyDto), Guarded, Named))]
async fn get(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadKeys>,
    Path(id): Path<String>,
) -> Result<Json<ApiKeyDto>, Refusal> {
    let key = service::get(&core, &permit, Scope::Tenant, key_id(&id)?).await?;
    Ok(Json(ApiKeyDto::new(key, core.now())))
}

/// Change an API key of the tenant
///
/// Needs `api_keys:write`, a login, and everything that the key or its owner holds. Takes effect at once.
#[utoipa::path(patch, path = "/api/v1/admin/api-keys/{id}", tag = "api keys", operation_id = "update_api_key",
    security(("bearer" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)), request_body = UpdateApiKey,
    responses((status = 200, body = ApiKeyDto), Guarded, Body, Named, Changed))]
async fn update(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteKeys>,
    Path(id): Path<String>,
    Json(body): Json<UpdateApiKey>,
) -> Result<Json<ApiKeyDto>, Refusal> {
    let (id, now) = (key_id(&id)?, core.now());
    let key = service::update(&core, &permit, Scope::Tenant, id, body.parse(now)?).await?;
    Ok(Json(ApiKeyDto::new(key, now)))
}

/// Revoke an API key of the tenant
///
/// Needs `api_keys:write`, and everything that the key or its owner holds. The key is refused from then
/// on.
#[utoipa::path(delete, path = "/api/v1/admin/api-keys/{id}", tag = "api keys", operation_id = "revoke_api_key",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 204), Guarded, Named))]
async fn revoke(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteKeys>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    service::revoke(&core, &permit, Scope::Tenant, key_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rotate an API key of the tenant itself
///
/// Needs `api_keys:write`, a login, and everything that the key holds. Keys of users are rotated by their
/// owners only. Answers with a new key of the same rights, shown once; the old one stays valid for the
/// overlap.
#[utoipa::path(post, path = "/api/v1/admin/api-keys/{id}/rotate", tag = "api keys", operation_id = "rotate_api_key",
    security(("bearer" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)), request_body = RotateApiKey,
    responses((status = 201, body = NewApiKey, headers(("Location" = String))), Guarded, Body, Named, Changed))]
async fn rotate(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteKeys>,
    Path(id): Path<String>,
    Json(body): Json<RotateApiKey>,
) -> Result<Created, Refusal> {
    let (id, now) = (key_id(&id)?, core.now());
    let (overlap, expires_at) = body.parse(now)?;
    let (secret, key) =
        service::rotate(&core, &permit, Scope::Tenant, id, Renewal { overlap, expires_at }, None).await?;
    let location = format!("/api/v1/admin/api-keys/{}", key.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(NewApiKey::new(&secret, key, now))))
}
