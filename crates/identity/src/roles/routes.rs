//! `/api/v1/admin/roles` and the catalogue of permissions.

use std::sync::Arc;

use axum::extract::State;
use http::{HeaderName, StatusCode, header};
use kernel::{Problem, RoleName, Timestamp, permission, problem::common};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ReadRoles, WriteRoles,
    model::{Draft, MAX_DESCRIPTION, MAX_GRANTS, MAX_INHERITS},
    service::{self, Resolved},
};
use crate::{
    Core,
    http::{
        Fields, Json, Path, Permit, Refusal,
        openapi::{Body, Changed, Guarded, Named},
    },
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete)).routes(routes!(permissions))
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
struct RoleDto {
    /// Unique in the tenant; tokens carry it.
    #[schema(value_type = String, example = "billing-clerk")]
    name: RoleName,
    /// For people.
    description: String,
    /// Whether it came with the tenant.
    builtin: bool,
    /// Roles whose grants it has too.
    #[schema(value_type = Vec<String>)]
    inherits: Vec<RoleName>,
    /// What it grants itself.
    #[schema(example = json!(["users:read", "content:*"]))]
    permissions: Vec<String>,
    /// What it grants in the end, inheritance applied.
    effective_permissions: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Resolved> for RoleDto {
    fn from((role, grants): Resolved) -> Self {
        Self {
            name: role.name,
            description: role.description,
            builtin: role.builtin,
            inherits: role.inherits,
            permissions: role.grants.iter().map(|g| g.as_str().to_owned()).collect(),
            effective_permissions: grants.iter().map(|g| g.as_str().to_owned()).collect(),
            created_at: role.created_at,
            updated_at: role.updated_at,
        }
    }
}

/// Every role of the tenant: there are few enough to need no pages.
#[derive(Debug, Serialize, ToSchema)]
struct RoleList {
    items: Vec<RoleDto>,
}

/// A role to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateRole {
    /// 1 to 64 characters of `a-z`, `0-9`, `_`, `-`, beginning with a letter. Never changes.
    #[schema(example = "billing-clerk")]
    name: String,
    /// For people.
    #[serde(default)]
    description: String,
    /// Roles whose grants it has too.
    #[serde(default)]
    inherits: Vec<String>,
    /// What it grants itself: permissions and wildcards that you hold yourself.
    permissions: Vec<String>,
}

/// What a role is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateRole {
    /// For people.
    #[serde(default)]
    description: String,
    /// Roles whose grants it has too.
    #[serde(default)]
    inherits: Vec<String>,
    /// What it grants itself: permissions and wildcards that you hold yourself.
    permissions: Vec<String>,
}

impl CreateRole {
    fn parse(self) -> Result<Draft, Problem> {
        let Self { name, description, inherits, permissions } = self;
        let mut fields = Fields::new();
        let name = fields.keep("/name", "format", name.parse());
        let body = UpdateRole { description, inherits, permissions };
        body.parse_into(fields, name)
    }
}

impl UpdateRole {
    fn parse_into(self, mut fields: Fields, name: Option<RoleName>) -> Result<Draft, Problem> {
        let description = match self.description.trim() {
            "" => Some(String::new()),
            text => fields.text("/description", text, MAX_DESCRIPTION),
        };
        let mut inherits = fields.list("/inherits", &self.inherits, MAX_INHERITS, str::parse::<RoleName>);
        let mut grants = fields.list("/permissions", &self.permissions, MAX_GRANTS, str::parse);
        dedup(&mut inherits);
        dedup(&mut grants);
        let draft = name.zip(description).map(|(name, description)| Draft { name, description, grants, inherits });
        fields.finish(draft)
    }
}

/// Keeps the first of equals, in the order given.
fn dedup<T: Clone + Eq + std::hash::Hash>(list: &mut Vec<T>) {
    let mut seen = std::collections::HashSet::new();
    list.retain(|entry| seen.insert(entry.clone()));
}

/// A name that no role can have names none.
fn named(name: &str) -> Result<RoleName, Problem> {
    name.parse().map_err(|_| common::NOT_FOUND.into())
}

/// List roles
///
/// Needs `roles:read`.
#[utoipa::path(get, path = "/api/v1/admin/roles", tag = "roles", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = RoleList), Guarded))]
async fn list(State(core): State<Arc<Core>>, permit: Permit<ReadRoles>) -> Result<Json<RoleList>, Refusal> {
    let items = service::list(&core, &permit).await?.into_iter().map(Into::into).collect();
    Ok(Json(RoleList { items }))
}

/// Read a role
///
/// Needs `roles:read`.
#[utoipa::path(get, path = "/api/v1/admin/roles/{name}", tag = "roles", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("name" = String, Path)),
    responses((status = 200, body = RoleDto), Guarded, Named))]
async fn get(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadRoles>,
    Path(name): Path<String>,
) -> Result<Json<RoleDto>, Refusal> {
    let name = named(&name)?;
    let found = service::list(&core, &permit).await?.into_iter().find(|(role, _)| role.name == name);
    Ok(Json(found.ok_or(common::NOT_FOUND)?.into()))
}

/// Create a role
///
/// Needs `roles:write`, and everything that the role is to grant.
#[utoipa::path(post, path = "/api/v1/admin/roles", tag = "roles", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    request_body = CreateRole,
    responses((status = 201, body = RoleDto, headers(("Location" = String))), Guarded, Body, Changed))]
async fn create(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteRoles>,
    Json(body): Json<CreateRole>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<RoleDto>), Refusal> {
    let created = service::create(&core, &permit, body.parse()?).await?;
    let location = format!("/api/v1/admin/roles/{}", created.0.name);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(created.into())))
}

/// Replace a role
///
/// Needs `roles:write`, and everything that the role grants before and after. Takes effect at once for
/// everybody who has the role.
#[utoipa::path(put, path = "/api/v1/admin/roles/{name}", tag = "roles", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("name" = String, Path)), request_body = UpdateRole,
    responses((status = 200, body = RoleDto), Guarded, Body, Named, Changed))]
async fn update(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteRoles>,
    Path(name): Path<String>,
    Json(body): Json<UpdateRole>,
) -> Result<Json<RoleDto>, Refusal> {
    let draft = body.parse_into(Fields::new(), Some(named(&name)?))?;
    Ok(Json(service::update(&core, &permit, draft).await?.into()))
}

/// Delete a role
///
/// Needs `roles:write`. Refused while users have the role or other roles inherit from it.
#[utoipa::path(delete, path = "/api/v1/admin/roles/{name}", tag = "roles", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("name" = String, Path)),
    responses((status = 204), Guarded, Named, Changed))]
async fn delete(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteRoles>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    service::delete(&core, &permit, named(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A permission that Portcullis knows.
#[derive(Debug, Serialize, ToSchema)]
struct PermissionDto {
    #[schema(example = "users:read")]
    name: &'static str,
    description: &'static str,
}

/// The permissions that Portcullis knows. Products use others freely.
#[derive(Debug, Serialize, ToSchema)]
struct PermissionList {
    items: Vec<PermissionDto>,
}

/// List permissions
///
/// Needs `roles:read`.
#[utoipa::path(get, path = "/api/v1/admin/permissions", tag = "roles", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = PermissionList), Guarded))]
async fn permissions(_: Permit<ReadRoles>) -> Json<PermissionList> {
    let items = permission::BUILTIN.iter().map(|&(name, description)| PermissionDto { name, description });
    Json(PermissionList { items: items.collect() })
}
