//! `/api/v1/admin/users/{id}/sessions`: the logins of a user.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{DeviceId, SessionId, Timestamp, UserId, problem::common};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ReadSessions, RevokeSessions,
    target::{look, manage, target},
};
use crate::{
    Core,
    audit::Target,
    http::{
        Json, Path, Permit, Refusal,
        openapi::{Guarded, Named},
    },
    sessions::{self, Reason, Session},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list, end_all)).routes(routes!(end_one))
}

/// A login of a user.
#[derive(Debug, Serialize, ToSchema)]
struct UserSession {
    #[schema(value_type = uuid::Uuid)]
    id: SessionId,
    /// The person asked to be remembered.
    remember: bool,
    /// Where it was begun.
    ip: String,
    /// With what it was begun.
    user_agent: String,
    /// With which device, unless that was forgotten.
    #[schema(value_type = Option<uuid::Uuid>)]
    device_id: Option<DeviceId>,
    /// What that is called.
    device_name: Option<String>,
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
    /// Id of the administrator whose session this is, where somebody acts as the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>, nullable = false)]
    impersonator: Option<UserId>,
}

impl From<Session> for UserSession {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            remember: session.remember,
            ip: session.ip,
            user_agent: session.user_agent,
            device_id: session.device,
            device_name: session.device_name,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            idle_expires_at: session.idle_expires_at,
            expires_at: session.expires_at,
            impersonator: session.impersonator,
        }
    }
}

/// The live sessions of a user, newest first, 200 at most.
#[derive(Debug, Serialize, ToSchema)]
struct UserSessions {
    items: Vec<UserSession>,
}

/// List a user's sessions
///
/// Needs `sessions:read`.
#[utoipa::path(get, path = "/api/v1/admin/users/{id}/sessions", tag = "users", operation_id = "list_user_sessions",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = UserSessions), Guarded, Named))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadSessions>,
    Path(id): Path<UserId>,
) -> Result<Json<UserSessions>, Refusal> {
    let now = core.now();
    let sessions = look(&core, &permit, id, move |tx| Box::pin(sessions::list(tx, id, now))).await?;
    Ok(Json(UserSessions { items: sessions.into_iter().map(Into::into).collect() }))
}

/// End a user's sessions
///
/// Needs `sessions:revoke`, and everything that the user holds. Their tokens are refused from then on.
#[utoipa::path(delete, path = "/api/v1/admin/users/{id}/sessions", tag = "users", operation_id = "end_user_sessions",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 204), Guarded, Named))]
async fn end_all(
    State(core): State<Arc<Core>>,
    permit: Permit<RevokeSessions>,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Refusal> {
    manage(&core, &permit, id, move |tx, cause, _| {
        Box::pin(async move {
            let ended = sessions::revoke_all(tx, id, None, Reason::Admin, cause.now).await?;
            if ended.count() > 0 {
                let details = json!({ "reason": Reason::Admin.as_str(), "sessions": ended.count() });
                cause.record(tx, sessions::ENDING, target(id), details).await?;
            }
            Ok(((), ended.tell(tx, cause.now).await?))
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of a user's sessions
///
/// Needs `sessions:revoke`, and everything that the user holds.
#[utoipa::path(delete, path = "/api/v1/admin/users/{id}/sessions/{session}", tag = "users",
    operation_id = "end_user_session", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("id" = uuid::Uuid, Path), ("session" = uuid::Uuid, Path)),
    responses((status = 204), Guarded, Named))]
async fn end_one(
    State(core): State<Arc<Core>>,
    permit: Permit<RevokeSessions>,
    Path((id, session)): Path<(UserId, SessionId)>,
) -> Result<StatusCode, Refusal> {
    manage(&core, &permit, id, move |tx, cause, _| {
        Box::pin(async move {
            let ended = sessions::revoke_one(tx, session, Some(id), Reason::Admin, cause.now).await?;
            if ended.count() == 0 {
                return Err(common::NOT_FOUND.into());
            }
            let details = json!({ "reason": Reason::Admin.as_str() });
            cause.record(tx, sessions::ENDING, Target::new("session", session), details).await?;
            Ok(((), ended.tell(tx, cause.now).await?))
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
