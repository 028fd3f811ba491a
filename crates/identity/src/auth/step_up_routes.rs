//! `/api/v1/auth/step-up`: proving more, or anew, while signed in.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use kernel::{Acr, Assurance, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use webauthn_rs::prelude::PublicKeyCredential;

use super::{
    routes::logged_in,
    second_routes::answering,
    step_up::{self, Missing},
};
use crate::{
    Core,
    devices::Shown,
    http::{
        Caller, Fields, Json, Refusal,
        openapi::{Body, Changed, Guarded},
    },
    mfa::{Method, Offer, SecondProof},
    passwords::too_long,
    tokens::TokenSet,
};

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(post_begin))
        .routes(routes!(post_answer))
        .routes(routes!(post_send))
        .routes(routes!(post_passkey))
}

/// What your login is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct StepUpBody {
    /// `1fa` or `mfa`: at least so strong. Whoever has a second factor or a passkey needs `mfa`.
    #[schema(value_type = Option<String>, example = "mfa")]
    acr: Option<Acr>,
    /// At most so many seconds old; 600 where nothing is said.
    max_age: Option<u64>,
}

/// What is missing. Answer from the same program.
#[derive(Debug, Serialize, ToSchema)]
struct StepUp {
    /// To be given with the answer.
    challenge_id: String,
    /// Seconds until it expires.
    expires_in: u64,
    /// Whether the password is to be given.
    password: bool,
    /// Where there are any: a code is to be given too, in one of these ways.
    methods: Vec<Offer>,
    /// Whether a passkey does as well, instead of all that.
    passkey: bool,
}

impl From<Missing> for StepUp {
    fn from(missing: Missing) -> Self {
        Self {
            challenge_id: missing.challenge.expose().clone(),
            expires_in: Missing::EXPIRES_IN,
            password: missing.password,
            methods: missing.methods,
            passkey: missing.passkey,
        }
    }
}

/// Begins to make your login stronger or newer, without signing out.
#[utoipa::path(post, path = "/api/v1/auth/step-up", tag = "auth", operation_id = "begin_step_up",
    request_body = StepUpBody, security(("bearer" = []), ("session" = [])),
    responses((status = 200, body = StepUp), (status = 204, description = "Nothing is missing"), Guarded, Body))]
async fn post_begin(
    State(core): State<Arc<Core>>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<StepUpBody>,
) -> Result<Response, Refusal> {
    let wanted = Assurance { acr: body.acr, max_age: body.max_age.map(Duration::from_secs) };
    let device = Shown::read(&headers, caller.ctx.client_ip);
    Ok(match step_up::begin(&core, &caller, wanted, &device).await? {
        Some(missing) => Json(StepUp::from(missing)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// What was missing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StepUpAnswer {
    /// As it was given out.
    #[schema(value_type = String, max_length = 128)]
    challenge_id: Secret,
    /// Your password, if it is missing.
    #[schema(value_type = Option<String>, format = Password, max_length = 128)]
    password: Option<Secret>,
    /// One of those that the challenge named.
    method: Option<Method>,
    /// The code.
    #[schema(value_type = Option<String>, max_length = 64, example = "123456")]
    code: Option<Secret>,
}

/// Proves what was missing.
///
/// Your session ends and another takes its place, with tokens, and a cookie where there was one. Five answers within
/// five minutes, whatever they are; wrong passwords and codes are counted like those of logins.
#[utoipa::path(post, path = "/api/v1/auth/step-up/answer", tag = "auth", operation_id = "answer_step_up",
    request_body = StepUpAnswer, security(("bearer" = []), ("session" = [])),
    responses((status = 200, body = TokenSet), Guarded, Body))]
async fn post_answer(
    State(core): State<Arc<Core>>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<StepUpAnswer>,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new();
    if body.password.as_ref().is_some_and(|password| too_long(password.expose())) {
        fields.wrong("/password", "too_long", "may have 128 characters at most");
    }
    if body.code.as_ref().is_some_and(|code| code.expose().len() > SecondProof::MAX_LEN) {
        fields.wrong("/code", "too_long", "may have 64 bytes at most");
    }
    fields.check()?;
    let who = answering(body.challenge_id, &caller.ctx, &headers)?;
    let proof = body.method.zip(body.code).map(|(method, code)| SecondProof { method, code });
    let session = step_up::answer(&core, &caller, who, body.password, proof).await?;
    Ok(logged_in(session, |tokens| tokens))
}

/// A challenge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StepUpChallenge {
    /// As it was given out.
    #[schema(value_type = String, max_length = 128)]
    challenge_id: Secret,
}

/// Sends a code to your phone. It takes the place of one that was sent before.
#[utoipa::path(post, path = "/api/v1/auth/step-up/sms/send", tag = "auth", operation_id = "send_step_up_sms",
    request_body = StepUpChallenge, security(("bearer" = []), ("session" = [])),
    responses((status = 202, description = "A text message is on its way"), Guarded, Body, Changed))]
async fn post_send(
    State(core): State<Arc<Core>>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<StepUpChallenge>,
) -> Result<StatusCode, Refusal> {
    step_up::send_sms(&core, &caller, &answering(body.challenge_id, &caller.ctx, &headers)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What an authenticator has answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StepUpPasskey {
    /// As it was given out.
    #[schema(value_type = String, max_length = 128)]
    challenge_id: Secret,
    /// As `/api/v1/auth/passkey/start` gave it out.
    #[schema(value_type = String)]
    ceremony: Secret,
    /// What `navigator.credentials.get` returned, as JSON (`PublicKeyCredential.toJSON`).
    #[schema(value_type = Object)]
    credential: PublicKeyCredential,
}

/// Proves it with a passkey instead.
#[utoipa::path(post, path = "/api/v1/auth/step-up/passkey", tag = "auth", operation_id = "step_up_with_passkey",
    request_body = StepUpPasskey, security(("bearer" = []), ("session" = [])),
    responses((status = 200, body = TokenSet), Guarded, Body))]
async fn post_passkey(
    State(core): State<Arc<Core>>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<StepUpPasskey>,
) -> Result<Response, Refusal> {
    let who = answering(body.challenge_id, &caller.ctx, &headers)?;
    let session = step_up::answer_with_passkey(&core, &caller, who, &body.ceremony, body.credential).await?;
    Ok(logged_in(session, |tokens| tokens))
}
