//! `/api/v1/admin/audit`.

use std::sync::Arc;

use axum::extract::State;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kernel::{AuditId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ReadAudit,
    search::{self, Filter, Found, Wanted},
};
use crate::{
    Core,
    http::{
        Json, Page, Permit, Query, Refusal, Window,
        openapi::{Guarded, Parsed},
    },
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which entries: all that match every given condition.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Entries at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// What was done, such as `role.created`.
    action: Option<String>,
    /// Id of the user or API key that did it.
    #[param(format = Uuid)]
    actor: Option<String>,
    /// `user`, `session`, `role`, `api_key`, `tenant`, `signing_key`.
    target_kind: Option<String>,
    /// Id of what it was done to.
    target: Option<String>,
    /// `success` or `failure`.
    outcome: Option<String>,
    /// Not earlier than this.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Earlier than this.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// Who or what, by kind and id.
#[derive(Debug, Serialize, ToSchema)]
struct AuditParty {
    /// What it is.
    kind: String,
    /// Which one, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
struct AuditEntry {
    #[schema(value_type = Uuid)]
    id: AuditId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who: `user`, `api_key`, `anonymous` or `system`.
    actor: AuditParty,
    /// What.
    #[schema(example = "role.created")]
    action: String,
    /// To what.
    target: AuditParty,
    /// `success` or `failure`.
    outcome: String,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// In which request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// More, by action.
    #[schema(value_type = Object)]
    details: serde_json::Value,
    /// Its place in the tenant's chain; absent for less than a second after it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// Its hash in the chain, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
}

impl From<Found> for AuditEntry {
    fn from(found: Found) -> Self {
        let Found { entry, seq, hash } = found;
        Self {
            id: entry.id,
            at: entry.at,
            actor: AuditParty { kind: entry.actor_kind, id: entry.actor_id.map(|id: Uuid| id.to_string()) },
            action: entry.action,
            target: AuditParty { kind: entry.target_kind, id: entry.target_id },
            outcome: entry.outcome,
            ip: entry.ip,
            request_id: entry.request_id,
            details: entry.details,
            seq,
            hash: hash.map(|hash| STANDARD.encode(hash)),
        }
    }
}

/// Search the audit log
///
/// Needs `audit:read`. Newest first.
#[utoipa::path(get, path = "/api/v1/admin/audit", operation_id = "list_audit_entries", tag = "audit", params(AuditQuery),
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = Page<AuditEntry>), Guarded, Parsed))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadAudit>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditEntry>>, Refusal> {
    let window = Window::parse(query.limit, query.cursor.as_deref())?;
    let filter = Filter::parse(&Wanted {
        action: query.action.as_deref(),
        actor: query.actor.as_deref(),
        target_kind: query.target_kind.as_deref(),
        target: query.target.as_deref(),
        outcome: query.outcome.as_deref(),
        from: query.from.as_deref(),
        to: query.to.as_deref(),
    })?;
    let tenant = permit.principal.tenant;
    let found = core.read(tenant, move |tx| Box::pin(async move { search::search(tx, &filter, window).await })).await?;
    Ok(Json(Page::new(found, window, |found: &Found| found.entry.id.uuid()).map(Into::into)))
}
