//! The calls that answer a challenge. Anybody may make them: what counts is in the body.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use kernel::{Problem, RequestContext, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use webauthn_rs::prelude::PublicKeyCredential;

use super::{
    routes::logged_in,
    second::{self, Answer, Answering, Completed},
};
use crate::{
    Core,
    devices::Shown,
    http::{
        Ctx, Fields, Json, Refusal,
        openapi::{Body, Changed, Guarded},
    },
    language::Language,
    mfa::{BackupCodes, EnrolmentView, Method, SecondProof, phone},
    passkeys::{BegunView, page},
    tokens::TokenSet,
};

pub(super) fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(post_answer))
        .routes(routes!(post_start_passkey))
        .routes(routes!(post_finish_passkey))
        .routes(routes!(post_send))
        .routes(routes!(post_enrol_totp))
        .routes(routes!(post_enrol_sms))
}

/// Longest id of a challenge that is looked at.
const MAX_ID: usize = 128;

/// A challenge's id, if it is not too long to be one.
fn bounded(challenge: Secret) -> Result<Secret, Problem> {
    let mut fields = Fields::new();
    if challenge.expose().len() > MAX_ID {
        fields.wrong("/challenge_id", "too_long", "may have 128 bytes at most");
    }
    fields.finish(Some(challenge))
}

/// Who answers, with which device.
pub(super) fn answering(challenge: Secret, ctx: &RequestContext, headers: &HeaderMap) -> Result<Answering, Problem> {
    let challenge = bounded(challenge)?;
    Ok(Answering { challenge, device: Shown::read(headers, ctx.client_ip), language: Language::wished(headers) })
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    /// As the login gave it out.
    #[schema(value_type = String, max_length = 128)]
    challenge_id: Secret,
    /// One of those that the challenge named.
    method: Method,
    /// The code.
    #[schema(value_type = String, max_length = 64, example = "123456")]
    code: Secret,
    /// Do not ask on this browser again, for as long as the tenant lets people have it so.
    #[serde(default)]
    trust_device: bool,
}

/// Tokens, and backup codes where the answer confirmed a first factor.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct CompletedView {
    #[serde(flatten)]
    tokens: TokenSet,
    /// Ten codes for the day the factor is lost, shown once. Made with the first factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    backup_codes: Option<Vec<String>>,
}

/// Answers a challenge, from the program that logged in.
///
/// Five answers within five minutes, whatever they are. Where the challenge said `enrolment_required`, the answer is
/// the first code of the factor that was begun with.
#[utoipa::path(post, path = "/api/v1/auth/mfa", tag = "auth", operation_id = "answer_challenge",
    request_body = AnswerBody,
    responses((status = 200, body = CompletedView), Guarded, Body), security(()))]
async fn post_answer(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    headers: HeaderMap,
    Json(body): Json<AnswerBody>,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new();
    if body.code.expose().len() > SecondProof::MAX_LEN {
        fields.wrong("/code", "too_long", "may have 64 bytes at most");
    }
    if body.method == Method::Passkey {
        fields.wrong("/method", "format", "is answered at /api/v1/auth/mfa/passkey/finish");
    }
    fields.check()?;
    let who = answering(body.challenge_id, &ctx, &headers)?;
    let proof = SecondProof { method: body.method, code: body.code };
    let completed = second::answer(&core, &ctx, who, Answer::Code(proof), body.trust_device).await?;
    Ok(completed_view(completed))
}

fn completed_view(completed: Completed) -> Response {
    let backup_codes = completed.backup_codes.as_ref().map(BackupCodes::texts);
    logged_in(completed.logged_in, |tokens| CompletedView { tokens, backup_codes })
}

/// Asks for one of the challenged person's passkeys of this host, where the challenge named the method `passkey`.
#[utoipa::path(post, path = "/api/v1/auth/mfa/passkey/start", tag = "auth", operation_id = "begin_passkey_answer",
    request_body = ChallengeBody,
    responses((status = 200, body = BegunView), Guarded, Body, Changed), security(()))]
async fn post_start_passkey(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    headers: HeaderMap,
    Json(body): Json<ChallengeBody>,
) -> Result<Json<BegunView>, Refusal> {
    let who = answering(body.challenge_id, &ctx, &headers)?;
    Ok(Json(second::begin_passkey(&core, &ctx, &who, page(&headers).as_ref()).await?.into()))
}

/// What an authenticator has answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyAnswerBody {
    /// As the login gave it out.
    #[schema(value_type = String, max_length = 128)]
    challenge_id: Secret,
    /// As it was given out.
    #[schema(value_type = String)]
    ceremony: Secret,
    /// What `navigator.credentials.get` returned, as JSON (`PublicKeyCredential.toJSON`).
    #[schema(value_type = Object)]
    credential: Box<PublicKeyCredential>,
    /// Do not ask on this browser again, for as long as the tenant lets people have it so.
    #[serde(default)]
    trust_device: bool,
}

/// Answers a challenge with a passkey, from the program that logged in. It counts as an answer like a code.
#[utoipa::path(post, path = "/api/v1/auth/mfa/passkey/finish", tag = "auth", operation_id = "answer_with_passkey",
    request_body = PasskeyAnswerBody,
    responses((status = 200, body = CompletedView), Guarded, Body), security(()))]
async fn post_finish_passkey(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    headers: HeaderMap,
    Json(body): Json<PasskeyAnswerBody>,
) -> Result<Response, Refusal> {
    let who = answering(body.challenge_id, &ctx, &headers)?;
    let answer = Answer::Passkey { ceremony: body.ceremony, credential: body.credential };
    Ok(completed_view(second::answer(&core, &ctx, who, answer, body.trust_device).await?))
}

/// A challenge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChallengeBody {
    /// As the login gave it out.
    #[schema(value_type = String, max_length = 128)]
    challenge_id: Secret,
}

/// Sends a code to the phone of the challenged person. It takes the place of one that was sent before.
#[utoipa::path(post, path = "/api/v1/auth/mfa/sms/send", tag = "auth", operation_id = "send_challenge_sms",
    request_body = ChallengeBody,
    responses((status = 202, description = "A text message is on its way"), Guarded, Body, Changed), security(()))]
async fn post_send(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    headers: HeaderMap,
    Json(body): Json<ChallengeBody>,
) -> Result<StatusCode, Refusal> {
    second::send_sms(&core, &ctx, &answering(body.challenge_id, &ctx, &headers)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Begins with an authenticator app as first factor, inside a challenge that said `enrolment_required`.
#[utoipa::path(post, path = "/api/v1/auth/mfa/enrol/totp", tag = "auth", operation_id = "enrol_totp",
    request_body = ChallengeBody,
    responses((status = 201, body = EnrolmentView), Guarded, Body), security(()))]
async fn post_enrol_totp(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    headers: HeaderMap,
    Json(body): Json<ChallengeBody>,
) -> Result<Response, Refusal> {
    let who = answering(body.challenge_id, &ctx, &headers)?;
    let enrolment = second::begin_factor(&core, &ctx, &who, None).await?;
    Ok((StatusCode::CREATED, Json(EnrolmentView::from(enrolment))).into_response())
}

/// A challenge, and the phone to begin with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnrolPhoneBody {
    /// As the login gave it out.
    #[schema(value_type = String, max_length = 128)]
    challenge_id: Secret,
    /// In international form.
    #[schema(max_length = 32, example = "+4930123456")]
    phone: String,
}

/// Begins with a phone as first factor, inside a challenge that said `enrolment_required`: sends a code to it.
#[utoipa::path(post, path = "/api/v1/auth/mfa/enrol/sms", tag = "auth", operation_id = "enrol_sms",
    request_body = EnrolPhoneBody,
    responses((status = 201, body = EnrolmentView), Guarded, Body), security(()))]
async fn post_enrol_sms(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    headers: HeaderMap,
    Json(body): Json<EnrolPhoneBody>,
) -> Result<Response, Refusal> {
    let (who, phone) = (answering(body.challenge_id, &ctx, &headers)?, phone(&body.phone)?);
    let enrolment = second::begin_factor(&core, &ctx, &who, Some(phone)).await?;
    Ok((StatusCode::CREATED, Json(EnrolmentView::from(enrolment))).into_response())
}
