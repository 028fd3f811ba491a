//! What is kept about a person, to be seen and taken along.
//!
//! Deliberately absent: the audit log, which is the tenant's, and anything that would open the account again
//! (hashes, secrets of factors and keys).

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::header;
use identity::{
    api_keys::{self, ReadOwnKeys},
    http::Refusal,
    passkeys::PasskeyView,
    users::{ReadProfile, UserView},
};
use kernel::Problem;
use serde_json::{Value as Json, json};

use super::{devices, factors, own::Own, page, passkeys, sessions, when};
use crate::Pages;

const SECTION: &str = "account/privacy";

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/ui/account/privacy", get(show)).route("/ui/account/privacy/data.json", get(download))
}

async fn show(own: Own<ReadProfile>) -> Result<Response, Refusal> {
    let user = own.user().await?;
    let may_leave = own.visit.preferences().await?.account_deletion;
    let view = page("account/privacy.html", SECTION).with("since", when::day(&own.visit.words(), user.created_at));
    Ok(own.visit.show(view.with("may_leave", may_leave)))
}

/// Everything as one document.
async fn collect(own: &Own<ReadOwnKeys>) -> Result<Json, Problem> {
    let user = UserView::from(own.user().await?);
    let sessions: Vec<Json> = sessions::of(own)
        .await?
        .into_iter()
        .map(|session| {
            json!({
                "id": session.id,
                "ip": session.ip,
                "user_agent": session.user_agent,
                "remember": session.remember,
                "created_at": session.created_at,
                "last_seen_at": session.last_seen_at,
                "expires_at": session.expires_at,
            })
        })
        .collect();
    let devices: Vec<Json> = devices::of(own)
        .await?
        .into_iter()
        .map(|device| {
            json!({
                "id": device.id,
                "name": device.name,
                "ip": device.ip,
                "user_agent": device.user_agent,
                "first_seen_at": device.first_seen_at,
                "last_seen_at": device.last_seen_at,
                "trusted_until": device.trusted_until,
            })
        })
        .collect();
    let keys: Vec<Json> = api_keys::list_own(own.core(), &own.permit)
        .await?
        .into_iter()
        .map(|key| {
            json!({
                "id": key.id,
                "name": key.name,
                "hint": key.hint,
                "permissions": key.permissions,
                "created_at": key.created_at,
                "expires_at": key.expires_at,
                "last_used_at": key.last_used_at,
                "revoked_at": key.revoked_at,
            })
        })
        .collect();
    Ok(json!({
        "written_at": own.core().now(),
        "account": user,
        "roles": own.permit.principal.roles.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "sessions": sessions,
        "devices": devices,
        "second_factors": json!(factors::all(own).await?),
        "passkeys": passkeys::of(own).await?.into_iter().map(|key| json!(PasskeyView::from(key))).collect::<Vec<_>>(),
        "api_keys": keys,
    }))
}

async fn download(own: Own<ReadOwnKeys>) -> Result<Response, Refusal> {
    let data = collect(&own).await?;
    let head = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""),
    ];
    Ok((head, format!("{data:#}\n")).into_response())
}
