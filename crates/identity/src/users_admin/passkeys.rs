//! `/api/v1/admin/users/{id}/passkeys`: the keys that a user signs in with, for the day they are lost.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::UserId;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ReadUsers, SELF, UpdateUsers,
    target::{look, manage, target},
};
use crate::{
    Core,
    audit::Action,
    http::{
        Json, Path, Permit, Refusal,
        openapi::{Guarded, Named},
    },
    outbox::Post,
    passkeys::{self, PasskeyView},
};

const REMOVED: Action = Action::new("user.passkeys_removed");

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(list, remove_all))
}

/// The passkeys of a user, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct UserPasskeys {
    items: Vec<PasskeyView>,
}

/// List a user's passkeys
///
/// Needs `users:read`.
#[utoipa::path(get, path = "/api/v1/admin/users/{id}/passkeys", tag = "users", operation_id = "list_user_passkeys",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = UserPasskeys), Guarded, Named))]
async fn list(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadUsers>,
    Path(id): Path<UserId>,
) -> Result<Json<UserPasskeys>, Refusal> {
    let passkeys = look(&core, &permit, id, move |tx| Box::pin(passkeys::list(tx, id))).await?;
    Ok(Json(UserPasskeys { items: passkeys.into_iter().map(Into::into).collect() }))
}

/// Remove a user's passkeys
///
/// For somebody who has lost them; they are told by mail. Needs `users:update`, and everything that the user holds.
/// One's own are removed one by one, with a recent login.
#[utoipa::path(delete, path = "/api/v1/admin/users/{id}/passkeys", tag = "users",
    operation_id = "remove_user_passkeys", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("id" = uuid::Uuid, Path)), responses((status = 204), Guarded, Named))]
async fn remove_all(
    State(core): State<Arc<Core>>,
    permit: Permit<UpdateUsers>,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Refusal> {
    if permit.principal.subject.user() == Some(id) {
        return Err(SELF.into());
    }
    let post = Post::new(&core);
    manage(&core, &permit, id, move |tx, cause, user| {
        Box::pin(async move {
            let removed = passkeys::list(tx, id).await?;
            if removed.is_empty() {
                return Ok(((), None));
            }
            passkeys::remove_all(tx, id).await?;
            let names: Vec<&str> = removed.iter().map(|passkey| passkey.name.as_str()).collect();
            cause.record(tx, REMOVED, target(id), json!({"passkeys": removed.len()})).await?;
            passkeys::tell_removed(tx, &post, &cause, &user, &names.join(", ")).await?;
            Ok(((), None))
        })
    })
    .await?;
    core.outbox.wake();
    Ok(StatusCode::NO_CONTENT)
}
