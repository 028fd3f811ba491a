//! `/api/v1/auth/passkey/…`: logging in with a passkey over HTTP.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use kernel::Secret;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use webauthn_rs::prelude::PublicKeyCredential;

use super::{
    passkey::{PasskeyLogin, login_with_passkey},
    routes::{LoginAnswer, logged_in},
};
use crate::{
    Core,
    devices::Shown,
    http::{
        Ctx, Fields, Json, Refusal, Wish,
        openapi::{Body, Changed, Guarded},
    },
    passkeys::{self, BegunView},
    sessions::{Scope, Wishes},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(start)).routes(routes!(finish))
}

/// Begins a login with a passkey. The same for everybody: nobody says who they are.
#[utoipa::path(post, path = "/api/v1/auth/passkey/start", tag = "auth", operation_id = "begin_passkey_login",
    responses((status = 200, body = BegunView), Guarded, Changed), security(()))]
async fn start(State(core): State<Arc<Core>>, ctx: Ctx, headers: HeaderMap) -> Result<Json<BegunView>, Refusal> {
    Ok(Json(passkeys::begin_login(&core, &ctx, passkeys::page(&headers).as_ref()).await?.into()))
}

/// What an authenticator has answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyLoginBody {
    /// As it was given out.
    #[schema(value_type = String)]
    ceremony: Secret,
    /// What `navigator.credentials.get` returned, as JSON (`PublicKeyCredential.toJSON`).
    #[schema(value_type = Object)]
    credential: PublicKeyCredential,
    /// Keep the session for long.
    #[serde(default)]
    remember_me: bool,
    /// Of `openid profile email offline_access`, space separated.
    #[serde(default)]
    scope: String,
    /// Hand out a session cookie too.
    #[serde(default)]
    set_cookie: bool,
}

/// Logs in with a passkey. It is two factors by itself.
#[utoipa::path(post, path = "/api/v1/auth/passkey/finish", tag = "auth", operation_id = "login_with_passkey",
    request_body = PasskeyLoginBody,
    responses((status = 200, body = LoginAnswer), Guarded, Body), security(()))]
async fn finish(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    Wish(language): Wish,
    headers: HeaderMap,
    Json(body): Json<PasskeyLoginBody>,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new();
    let scope = fields.keep("/scope", "format", body.scope.parse::<Scope>());
    let wishes = Wishes { remember: body.remember_me, scope: fields.finish(scope)?, set_cookie: body.set_cookie };
    let login = PasskeyLogin {
        ceremony: body.ceremony,
        credential: body.credential,
        wishes,
        device: Shown::read(&headers, ctx.client_ip),
        language,
    };
    let session = login_with_passkey(&core, &ctx, login).await?;
    Ok(logged_in(session, |tokens| LoginAnswer::Tokens(Box::new(tokens))))
}
