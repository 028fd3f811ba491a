//! `/api/v1/admin/users`.

use std::sync::Arc;

use axum::extract::State;
use http::{HeaderName, StatusCode, header};
use kernel::{Problem, UserId, problem::common};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    AssignRoles, CreateUsers, DeleteUsers, DisableUsers, ReadUsers, UpdateUsers,
    dto::{
        CreateUser, Invite, ManagedUser, ResetPassword, SendVerification, SetRoles, TemporaryPassword, Unlocked,
        UpdateUser, WatchedUser,
    },
    filter::Filter,
    invitations, service, standing, verification,
};
use crate::{
    Core,
    http::{
        Json, OrEmpty, Page, Path, Permit, Query, Refusal, Window,
        openapi::{Body, Changed, Guarded, Named, Parsed},
    },
    mfa::Factors,
};

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(set_roles))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(restore))
        .routes(routes!(unlock))
        .routes(routes!(invite))
        .routes(routes!(send_verification))
        .routes(routes!(reset_password))
        .routes(routes!(factors))
        .routes(routes!(reset_mfa))
}

/// Which users to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListUsers {
    /// Entries at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Conditions, joined by `and`: `email`, `username`, `external_id`, `display_name`, `company_name` or `phone` with
    /// `eq`, `sw` (starts with) or `co` (contains); `status` or `role` with `eq`; `email_verified eq true`; `created_at`
    /// or `last_login_at` with `gt`, `ge`, `lt` or `le` and a time (RFC 3339). Deleted users are listed only if it is
    /// about `status`.
    #[param(example = "email sw \"ada\" and status eq \"active\"")]
    filter: Option<String>,
    /// A text that is in the name, the e-mail address or the user name, in any case.
    #[param(max_length = 100)]
    q: Option<String>,
}

/// List users
///
/// Needs `users:read`.
#[utoipa::path(get, path = "/api/v1/admin/users", tag = "users", operation_id = "list_users",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(ListUsers),
    responses((status = 200, body = Page<ManagedUser>), Guarded, Parsed))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadUsers>,
    Query(query): Query<ListUsers>,
) -> Result<Json<Page<ManagedUser>>, Refusal> {
    let window = Window::parse(query.limit, query.cursor.as_deref())?;
    let filter = match query.filter.as_deref().map(str::trim) {
        None | Some("") => Filter::default(),
        Some(text) => {
            let wrong = |e: super::filter::InvalidFilter| {
                Problem::new(common::INVALID).field("filter", "format", e.to_string())
            };
            text.parse::<Filter>().map_err(wrong)?
        }
    };
    let filter = filter
        .searching(query.q.as_deref().unwrap_or_default())
        .map_err(|e| Problem::new(common::INVALID).field("q", "format", e.to_string()))?;
    let users = service::list(&core, &permit, filter, window).await?;
    Ok(Json(Page::new(users, window, |managed| managed.user.id.uuid()).map(Into::into)))
}

/// Create a user
///
/// Needs `users:create`; to give roles, `roles:assign` and everything they grant.
#[utoipa::path(post, path = "/api/v1/admin/users", tag = "users", operation_id = "create_user",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = CreateUser,
    responses((status = 201, body = ManagedUser, headers(("Location" = String))), Guarded, Body, Changed))]
async fn create(
    State(core): State<Arc<Core>>,
    permit: Permit<CreateUsers>,
    Json(body): Json<CreateUser>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ManagedUser>), Refusal> {
    let created = service::create(&core, &permit, body.parse()?).await?;
    let location = format!("/api/v1/admin/users/{}", created.user.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(created.into())))
}

/// Read a user
///
/// Needs `users:read`.
#[utoipa::path(get, path = "/api/v1/admin/users/{id}", tag = "users", operation_id = "get_user",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = WatchedUser), Guarded, Named))]
async fn get(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadUsers>,
    Path(id): Path<UserId>,
) -> Result<Json<WatchedUser>, Refusal> {
    Ok(Json(service::get(&core, &permit, id).await?.into()))
}

/// Change a user
///
/// Needs `users:update`, and everything that the user holds.
#[utoipa::path(patch, path = "/api/v1/admin/users/{id}", tag = "users", operation_id = "update_user",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    request_body = UpdateUser,
    responses((status = 200, body = ManagedUser), Guarded, Body, Named, Changed))]
async fn update(
    State(core): State<Arc<Core>>,
    permit: Permit<UpdateUsers>,
    Path(id): Path<UserId>,
    Json(body): Json<UpdateUser>,
) -> Result<Json<ManagedUser>, Refusal> {
    Ok(Json(service::update(&core, &permit, id, body.parse()?).await?.into()))
}

/// Delete a user
///
/// Needs `users:delete`, and everything that the user holds. Nothing of theirs is accepted from then on.
/// They are kept, and can be restored.
#[utoipa::path(delete, path = "/api/v1/admin/users/{id}", tag = "users", operation_id = "delete_user",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 204), Guarded, Named, Changed))]
async fn delete(
    State(core): State<Arc<Core>>,
    permit: Permit<DeleteUsers>,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Refusal> {
    standing::delete(&core, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a deleted user
///
/// Needs `users:delete`, and everything that the user holds.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/restore", tag = "users", operation_id = "restore_user",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ManagedUser), Guarded, Named))]
async fn restore(
    State(core): State<Arc<Core>>,
    permit: Permit<DeleteUsers>,
    Path(id): Path<UserId>,
) -> Result<Json<ManagedUser>, Refusal> {
    Ok(Json(standing::restore(&core, &permit, id).await?.into()))
}

/// Set a user's roles
///
/// Needs `roles:assign`, everything that the user holds and everything that the roles grant. Takes effect
/// at once.
#[utoipa::path(put, path = "/api/v1/admin/users/{id}/roles", tag = "users", operation_id = "set_user_roles",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    request_body = SetRoles,
    responses((status = 200, body = ManagedUser), Guarded, Body, Named, Changed))]
async fn set_roles(
    State(core): State<Arc<Core>>,
    permit: Permit<AssignRoles>,
    Path(id): Path<UserId>,
    Json(body): Json<SetRoles>,
) -> Result<Json<ManagedUser>, Refusal> {
    Ok(Json(standing::set_roles(&core, &permit, id, body.parse()?).await?.into()))
}

/// Disable a user
///
/// Needs `users:disable`, and everything that the user holds. Their sessions end, and nothing of theirs is
/// accepted from then on.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/disable", tag = "users", operation_id = "disable_user",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ManagedUser), Guarded, Named, Changed))]
async fn disable(
    State(core): State<Arc<Core>>,
    permit: Permit<DisableUsers>,
    Path(id): Path<UserId>,
) -> Result<Json<ManagedUser>, Refusal> {
    Ok(Json(standing::disable(&core, &permit, id).await?.into()))
}

/// Enable a user
///
/// Needs `users:disable`, and everything that the user holds.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/enable", tag = "users", operation_id = "enable_user",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ManagedUser), Guarded, Named, Changed))]
async fn enable(
    State(core): State<Arc<Core>>,
    permit: Permit<DisableUsers>,
    Path(id): Path<UserId>,
) -> Result<Json<ManagedUser>, Refusal> {
    Ok(Json(standing::enable(&core, &permit, id).await?.into()))
}

/// Unlock a user
///
/// Forgets their failed logins, from everywhere, and says whether there were any. Needs `users:update`, and everything
/// that the user holds.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/unlock", tag = "users", operation_id = "unlock_user",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Unlocked), Guarded, Named, Changed))]
async fn unlock(
    State(core): State<Arc<Core>>,
    permit: Permit<UpdateUsers>,
    Path(id): Path<UserId>,
) -> Result<Json<Unlocked>, Refusal> {
    Ok(Json(Unlocked { unlocked: standing::unlock(&core, &permit, id).await? }))
}

/// Invite a user
///
/// Mails a link to choose a password to somebody who has none yet; an earlier link is void from then on.
/// Needs `users:create`, and everything that the user holds.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/invite", tag = "users", operation_id = "invite_user",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    request_body = Invite,
    responses((status = 202, description = "A mail is on its way"), Guarded, Body, Named, Changed))]
async fn invite(
    State(core): State<Arc<Core>>,
    permit: Permit<CreateUsers>,
    Path(id): Path<UserId>,
    OrEmpty(body): OrEmpty<Invite>,
) -> Result<StatusCode, Refusal> {
    invitations::invite(&core, &permit, id, body.language).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Ask a user to verify their address
///
/// Mails a link and a code to somebody whose address is not verified yet. Needs `users:update`, and everything that the
/// user holds.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/send-verification", tag = "users",
    operation_id = "send_user_verification", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("id" = uuid::Uuid, Path)), request_body = SendVerification,
    responses((status = 202, description = "A mail is on its way"), Guarded, Body, Named, Changed))]
async fn send_verification(
    State(core): State<Arc<Core>>,
    permit: Permit<UpdateUsers>,
    Path(id): Path<UserId>,
    OrEmpty(body): OrEmpty<SendVerification>,
) -> Result<StatusCode, Refusal> {
    verification::resend(&core, &permit, id, body.language).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Reset a user's password
///
/// Needs `users:update`, and everything that the user holds. Their sessions end. Not for one's own. Without a body the
/// password is made up.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/reset-password", tag = "users",
    operation_id = "reset_user_password", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("id" = uuid::Uuid, Path)), request_body = ResetPassword,
    responses((status = 200, body = TemporaryPassword), Guarded, Body, Named, Changed))]
async fn reset_password(
    State(core): State<Arc<Core>>,
    permit: Permit<UpdateUsers>,
    Path(id): Path<UserId>,
    OrEmpty(body): OrEmpty<ResetPassword>,
) -> Result<Json<TemporaryPassword>, Refusal> {
    let made_up = standing::reset_password(&core, &permit, id, body.password).await?;
    Ok(Json(TemporaryPassword::new(made_up.as_ref())))
}

/// A user's second factors
///
/// Needs `users:read`.
#[utoipa::path(get, path = "/api/v1/admin/users/{id}/mfa", tag = "users", operation_id = "list_user_factors",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Factors), Guarded, Named))]
async fn factors(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadUsers>,
    Path(id): Path<UserId>,
) -> Result<Json<Factors>, Refusal> {
    Ok(Json(standing::factors(&core, &permit, id).await?))
}

/// Reset a user's second factors
///
/// Takes all of them and the backup codes away, for somebody who has lost them. Needs `users:update`, and everything
/// that the user holds. Their sessions end, and they are told by mail. Not for one's own.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/mfa/reset", tag = "users", operation_id = "reset_user_mfa",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 204), Guarded, Named, Changed))]
async fn reset_mfa(
    State(core): State<Arc<Core>>,
    permit: Permit<UpdateUsers>,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Refusal> {
    standing::reset_mfa(&core, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
