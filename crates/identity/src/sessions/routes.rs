//! The caller's own sessions.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{SessionId, Timestamp, problem::common};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Reason, Session, service, store};
use crate::{
    Core,
    http::{
        Json, Page, Path, Permit, Refusal,
        openapi::{Guarded, Named},
    },
    users::{ReadProfile, WriteProfile, own},
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list, end_others)).routes(routes!(end))
}

/// A login that lasts.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct SessionView {
    /// Id.
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    /// The person asked to be remembered.
    remember: bool,
    /// Where it was begun.
    ip: String,
    /// With what it was begun.
    user_agent: String,
    /// With which device, unless that was forgotten.
    device_id: Option<Uuid>,
    /// What that is called.
    device_name: Option<String>,
    /// Login.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Last use, to about a minute.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// Ends then unless it is used.
    #[schema(value_type = String, format = DateTime)]
    idle_expires_at: Timestamp,
    /// Ends then anyway.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Id of the administrator whose session this is, where somebody acts as you.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    impersonator: Option<Uuid>,
}

impl SessionView {
    fn new(session: Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.uuid(),
            current: current == Some(session.id),
            remember: session.remember,
            ip: session.ip,
            user_agent: session.user_agent,
            device_id: session.device.map(kernel::DeviceId::uuid),
            device_name: session.device_name,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            idle_expires_at: session.idle_expires_at,
            expires_at: session.expires_at,
            impersonator: session.impersonator.map(kernel::UserId::uuid),
        }
    }
}

/// The caller's live sessions, newest first, 200 at most.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions", operation_id = "list_sessions",
    responses((status = 200, body = Page<SessionView>), Guarded),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn list(State(core): State<Arc<Core>>, permit: Permit<ReadProfile>) -> Result<Json<Page<SessionView>>, Refusal> {
    let (user, now) = (own(&permit.principal)?, core.now());
    let sessions = core.read(permit.principal.tenant, move |tx| Box::pin(store::list(tx, user, now))).await?;
    let items = sessions.into_iter().map(|s| SessionView::new(s, permit.principal.session)).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// Ends the caller's sessions, but for the one that asks.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "sessions", operation_id = "end_other_sessions",
    responses((status = 204, description = "They have ended, everywhere"), Guarded),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn end_others(State(core): State<Arc<Core>>, permit: Permit<WriteProfile>) -> Result<StatusCode, Refusal> {
    let (principal, user) = (&*permit.principal, own(&permit.principal)?);
    service::end_many(&core, &permit.ctx, principal, user, principal.session, Reason::Revoked).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one of the caller's sessions.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "sessions", operation_id = "end_session",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 204, description = "It has ended, everywhere"), Guarded, Named),
    security(("bearer" = []), ("api_key" = []), ("session" = [])))]
async fn end(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Refusal> {
    let (principal, user) = (&*permit.principal, own(&permit.principal)?);
    let id = SessionId::from_uuid(id);
    let ended = service::end_one(&core, &permit.ctx, principal, user, id, Reason::Revoked).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(common::NOT_FOUND.into()) }
}
