//! `/api/v1/devices`: the caller's own.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{DeviceId, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Device, model::MAX_NAME, service, store};
use crate::{
    Core,
    http::{
        Cause, Fields, Json, Page, Path, Permit, Refusal,
        openapi::{Body, Guarded, Named},
    },
    sessions::Reason,
    users::{ReadProfile, WriteProfile, own},
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(rename, remove))
}

/// Something that was logged in with.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DeviceView {
    /// Id.
    id: Uuid,
    /// What it is called, such as "Firefox on Windows".
    name: String,
    /// Whether it is the one that asks.
    current: bool,
    /// Until when no second factor is asked for, where it is trusted.
    #[schema(value_type = Option<String>, format = DateTime)]
    trusted_until: Option<Timestamp>,
    /// Which program it is, by its own account.
    user_agent: String,
    /// From where it last logged in.
    ip: String,
    /// First login.
    #[schema(value_type = String, format = DateTime)]
    first_seen_at: Timestamp,
    /// Last login, or use of a session.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
}

impl DeviceView {
    /// As it is at `now`.
    pub(crate) fn new(device: Device, now: Timestamp) -> Self {
        Self {
            id: device.id.uuid(),
            name: device.name,
            current: device.current,
            trusted_until: device.trusted_until.filter(|until| now < *until),
            user_agent: device.user_agent,
            ip: device.ip,
            first_seen_at: device.first_seen_at,
            last_seen_at: device.last_seen_at,
        }
    }
}

/// The devices that the caller has logged in with, 100 at most, the one seen last first.
#[utoipa::path(get, path = "/api/v1/devices", tag = "sessions", operation_id = "list_devices",
    responses((status = 200, body = Page<DeviceView>), Guarded),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn list(State(core): State<Arc<Core>>, permit: Permit<ReadProfile>) -> Result<Json<Page<DeviceView>>, Refusal> {
    let (user, session, now) = (own(&permit.principal)?, permit.principal.session, core.now());
    let devices = core.read(permit.principal.tenant, move |tx| Box::pin(store::list(tx, user, session))).await?;
    let items = devices.into_iter().map(|device| DeviceView::new(device, now)).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// What is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenameDevice {
    /// What you call it.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

/// Names one of the caller's devices.
#[utoipa::path(patch, path = "/api/v1/devices/{id}", tag = "sessions", operation_id = "rename_device",
    params(("id" = Uuid, Path, description = "The device")), request_body = RenameDevice,
    responses((status = 204, description = "Named"), Guarded, Named, Body),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn rename(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Path(id): Path<Uuid>,
    Json(body): Json<RenameDevice>,
) -> Result<StatusCode, Refusal> {
    rename_own(&core, &permit, DeviceId::from_uuid(id), &body.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Names one of the caller's devices.
pub async fn rename_own(core: &Core, permit: &Permit<WriteProfile>, id: DeviceId, name: &str) -> Result<(), Problem> {
    let mut fields = Fields::new();
    let name = fields.text("/name", name, MAX_NAME);
    let name = fields.finish(name)?;
    let (user, cause) = (own(&permit.principal)?, Cause::new(core, permit));
    core.write(permit.principal.tenant, move |tx| {
        Box::pin(async move { service::rename(tx, &cause, user, id, &name).await })
    })
    .await
}

/// Forgets one of the caller's devices: its sessions end, everywhere, and it is trusted no more.
#[utoipa::path(delete, path = "/api/v1/devices/{id}", tag = "sessions", operation_id = "remove_device",
    params(("id" = Uuid, Path, description = "The device")),
    responses((status = 204, description = "Forgotten, and its sessions have ended"), Guarded, Named),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn remove(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Refusal> {
    remove_own(&core, &permit, DeviceId::from_uuid(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets one of the caller's devices: its sessions end, everywhere, and it is trusted no more.
pub async fn remove_own(core: &Core, permit: &Permit<WriteProfile>, id: DeviceId) -> Result<(), Problem> {
    let (user, cause) = (own(&permit.principal)?, Cause::new(core, permit));
    let seq = core
        .write(permit.principal.tenant, move |tx| {
            Box::pin(async move { service::remove(tx, &cause, user, id, Reason::Revoked).await })
        })
        .await?;
    Ok(core.settle(seq).await?)
}
