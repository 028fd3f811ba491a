//! `/api/v1/admin/users/{id}/devices`: what a user logs in with.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{DeviceId, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ReadSessions, RevokeSessions,
    target::{look, manage},
};
use crate::{
    Core,
    devices::{self, DeviceView},
    http::{
        Json, Path, Permit, Refusal,
        openapi::{Guarded, Named},
    },
    sessions::Reason,
};

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list, remove_all)).routes(routes!(remove))
}

/// The devices of a user, 100 at most, the one seen last first.
#[derive(Debug, Serialize, ToSchema)]
struct UserDevices {
    items: Vec<DeviceView>,
}

/// List a user's devices
///
/// Needs `sessions:read`.
#[utoipa::path(get, path = "/api/v1/admin/users/{id}/devices", tag = "users", operation_id = "list_user_devices",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = UserDevices), Guarded, Named))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadSessions>,
    Path(id): Path<UserId>,
) -> Result<Json<UserDevices>, Refusal> {
    let (now, session) = (core.now(), permit.principal.session);
    let devices = look(&core, &permit, id, move |tx| Box::pin(devices::list(tx, id, session))).await?;
    let items = devices.into_iter().map(|device| DeviceView::new(device, now)).collect();
    Ok(Json(UserDevices { items }))
}

/// Forget a user's devices
///
/// Their sessions end, and no device is trusted or known any more: for an account that was taken over. Needs
/// `sessions:revoke`, and everything that the user holds.
#[utoipa::path(delete, path = "/api/v1/admin/users/{id}/devices", tag = "users", operation_id = "remove_user_devices",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 204), Guarded, Named))]
async fn remove_all(
    State(core): State<Arc<Core>>,
    permit: Permit<RevokeSessions>,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Refusal> {
    manage(&core, &permit, id, move |tx, cause, _| {
        Box::pin(async move { Ok(((), devices::remove_all(tx, &cause, id, Reason::Admin).await?)) })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forget one of a user's devices
///
/// Its sessions end, everywhere. Needs `sessions:revoke`, and everything that the user holds.
#[utoipa::path(delete, path = "/api/v1/admin/users/{id}/devices/{device}", tag = "users",
    operation_id = "remove_user_device", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("id" = uuid::Uuid, Path), ("device" = uuid::Uuid, Path)),
    responses((status = 204), Guarded, Named))]
async fn remove(
    State(core): State<Arc<Core>>,
    permit: Permit<RevokeSessions>,
    Path((id, device)): Path<(UserId, DeviceId)>,
) -> Result<StatusCode, Refusal> {
    manage(&core, &permit, id, move |tx, cause, _| {
        Box::pin(async move { Ok(((), devices::remove(tx, &cause, id, device, Reason::Admin).await?)) })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
