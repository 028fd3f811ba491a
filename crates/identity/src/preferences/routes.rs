//! `/api/v1/admin/settings`.

use std::sync::Arc;

use axum::extract::State;
use kernel::Problem;
use serde::Deserialize;
use serde_json::json;
use storage::StoreError;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Preferences, UNVERIFIED, model::MAX_WORK, store};
use crate::{
    Core,
    audit::{Action, Target},
    http::{
        Cause, Fields, Json, Permit, Refusal,
        openapi::{Body, Changed, Guarded},
    },
    language::Language,
    templates::{ReadSettings, WriteSettings},
    users,
};

const CHANGED: Action = Action("settings.changed");

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(read, change))
}

/// Read the tenant's settings
///
/// Needs `settings:read`.
#[utoipa::path(get, path = "/api/v1/admin/settings", tag = "settings", operation_id = "read_settings",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = Preferences), Guarded))]
async fn read(State(core): State<Arc<Core>>, permit: Permit<ReadSettings>) -> Result<Json<Preferences>, Refusal> {
    let loaded = core.store.tenant(permit.principal.tenant).read(|tx| Box::pin(store::load(tx))).await;
    Ok(Json(loaded.map_err(|e: StoreError| Problem::from(e))?))
}

/// What is to change. A field that is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeSettings {
    /// The language of messages to people who did not ask for one.
    language: Option<Language>,
    /// Whether people log in only after they have verified their e-mail address. Your own must be verified.
    verified_login: Option<bool>,
    /// Whether people are told by mail of a login with a device that was not used before.
    new_login_mail: Option<bool>,
    /// Zero bits of the proof of work that registering costs: 0 for none. 16 takes a browser about a second.
    #[schema(maximum = 24)]
    signup_work: Option<u8>,
}

/// Change the tenant's settings
///
/// Takes effect at once. Needs `settings:write`.
#[utoipa::path(patch, path = "/api/v1/admin/settings", tag = "settings", operation_id = "change_settings",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = ChangeSettings,
    responses((status = 200, body = Preferences), Guarded, Body, Changed))]
async fn change(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Json(wanted): Json<ChangeSettings>,
) -> Result<Json<Preferences>, Refusal> {
    let mut fields = Fields::new();
    if wanted.signup_work.is_some_and(|bits| bits > MAX_WORK) {
        fields.wrong("/signup_work", "too_large", format!("may be {MAX_WORK} at most"));
    }
    fields.check()?;
    let cause = Cause::new(&core, &permit);
    let work = core.store.tenant(cause.caller.tenant).write(move |tx| {
        Box::pin(async move {
            crate::roles::lock(tx).await?;
            let old = store::load(tx).await?;
            let new = Preferences {
                language: wanted.language.unwrap_or(old.language),
                verified_login: wanted.verified_login.unwrap_or(old.verified_login),
                new_login_mail: wanted.new_login_mail.unwrap_or(old.new_login_mail),
                signup_work: wanted.signup_work.unwrap_or(old.signup_work),
            };
            if new.verified_login
                && !old.verified_login
                && let Some(id) = cause.caller.subject.user()
            {
                let user = users::by_id(tx, id).await?;
                if user.is_some_and(|u| u.email.is_some() && u.email_verified_at.is_none()) {
                    return Err(Problem::new(UNVERIFIED));
                }
            }
            store::save(tx, &new, cause.now).await?;
            let details = json!({"before": old, "after": new});
            cause.record(tx, CHANGED, Target::new("tenant", tx.tenant()), details).await?;
            Ok(new)
        })
    });
    Ok(Json(work.await?))
}
