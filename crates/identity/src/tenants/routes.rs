//! `/api/v1/admin/tenants`.

use std::sync::Arc;

use axum::extract::State;
use http::{HeaderName, StatusCode, header};
use kernel::{Problem, TenantId, problem::common};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ReadTenants, Status, WriteTenants,
    dto::{CreateTenant, TenantDto, UpdateTenant},
    service,
};
use crate::{
    Core,
    http::{
        Json, Page, PageQuery, Path, Permit, Query, Refusal, Window,
        openapi::{Body, Changed, Guarded, Named, Parsed},
    },
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update))
        .routes(routes!(suspend))
        .routes(routes!(resume))
}

/// What cannot be an id names nothing.
fn tenant_id(text: &str) -> Result<TenantId, Problem> {
    text.parse().map_err(|_| common::NOT_FOUND.into())
}

/// List tenants
///
/// Needs `tenants:read` in the default tenant.
#[utoipa::path(get, path = "/api/v1/admin/tenants", tag = "tenants", operation_id = "list_tenants",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(PageQuery),
    responses((status = 200, body = Page<TenantDto>), Guarded, Parsed))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadTenants>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<TenantDto>>, Refusal> {
    let window = Window::try_from(&query)?;
    let tenants = service::list(&core, &permit, window).await?;
    Ok(Json(Page::new(tenants, window, |t| t.id.uuid()).map(|t| TenantDto::new(t, &core.settings))))
}

/// Create a tenant
///
/// With its roles, its signing key and, if given, its first administrator. Needs `tenants:write` in the
/// default tenant.
#[utoipa::path(post, path = "/api/v1/admin/tenants", tag = "tenants", operation_id = "create_tenant",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = CreateTenant,
    responses((status = 201, body = TenantDto, headers(("Location" = String))), Guarded, Body, Changed))]
async fn create(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteTenants>,
    Json(body): Json<CreateTenant>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<TenantDto>), Refusal> {
    let tenant = service::make(&core, &permit, body.parse()?).await?;
    let location = format!("/api/v1/admin/tenants/{}", tenant.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(TenantDto::new(tenant, &core.settings))))
}

/// Read a tenant
///
/// Needs `tenants:read` in the default tenant.
#[utoipa::path(get, path = "/api/v1/admin/tenants/{id}", tag = "tenants", operation_id = "get_tenant",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = TenantDto), Guarded, Named))]
async fn get(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadTenants>,
    Path(id): Path<String>,
) -> Result<Json<TenantDto>, Refusal> {
    let tenant = service::get(&core, &permit, tenant_id(&id)?).await?;
    Ok(Json(TenantDto::new(tenant, &core.settings)))
}

/// Change a tenant
///
/// Needs `tenants:write` in the default tenant. Takes effect at once.
#[utoipa::path(patch, path = "/api/v1/admin/tenants/{id}", tag = "tenants", operation_id = "update_tenant",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    request_body = UpdateTenant,
    responses((status = 200, body = TenantDto), Guarded, Body, Named, Changed))]
async fn update(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteTenants>,
    Path(id): Path<String>,
    Json(body): Json<UpdateTenant>,
) -> Result<Json<TenantDto>, Refusal> {
    let id = tenant_id(&id)?;
    let tenant = service::update(&core, &permit, id, body.parse()?).await?;
    Ok(Json(TenantDto::new(tenant, &core.settings)))
}

/// Suspend a tenant
///
/// Everything is refused to it from then on. Needs `tenants:write` in the default tenant, which cannot be
/// suspended itself.
#[utoipa::path(post, path = "/api/v1/admin/tenants/{id}/suspend", tag = "tenants", operation_id = "suspend_tenant",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = TenantDto), Guarded, Named, Changed))]
async fn suspend(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteTenants>,
    Path(id): Path<String>,
) -> Result<Json<TenantDto>, Refusal> {
    let tenant = service::set_status(&core, &permit, tenant_id(&id)?, Status::Suspended).await?;
    Ok(Json(TenantDto::new(tenant, &core.settings)))
}

/// Resume a tenant
///
/// Needs `tenants:write` in the default tenant.
#[utoipa::path(post, path = "/api/v1/admin/tenants/{id}/resume", tag = "tenants", operation_id = "resume_tenant",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = TenantDto), Guarded, Named))]
async fn resume(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteTenants>,
    Path(id): Path<String>,
) -> Result<Json<TenantDto>, Refusal> {
    let tenant = service::set_status(&core, &permit, tenant_id(&id)?, Status::Active).await?;
    Ok(Json(TenantDto::new(tenant, &core.settings)))
}
