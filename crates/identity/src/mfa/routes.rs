//! `/api/v1/mfa`: the caller's own factors.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{FactorId, Problem, Secret, problem::common};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Enrolment, Factors, SecondProof, change, enrol::Confirmed, overview};
use crate::{
    Core,
    http::{
        Fields, Json, Path, Permit, Refusal, Wish,
        openapi::{Body, Changed, Guarded, Named},
    },
    users::{Phone, ReadProfile, WriteProfile, own},
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(begin_totp))
        .routes(routes!(confirm_totp))
        .routes(routes!(begin_sms))
        .routes(routes!(confirm_sms))
        .routes(routes!(backup_codes))
        .routes(routes!(remove))
}

/// Your factors
///
/// Needs `profile:read`.
#[utoipa::path(get, path = "/api/v1/mfa", tag = "second factors", operation_id = "list_factors",
    security(("bearer" = []), ("session" = [])), responses((status = 200, body = Factors), Guarded))]
async fn list(State(core): State<Arc<Core>>, permit: Permit<ReadProfile>) -> Result<Json<Factors>, Refusal> {
    let user = own(&permit.principal)?;
    Ok(Json(core.read(permit.principal.tenant, move |tx| Box::pin(overview(tx, user))).await?))
}

/// A factor that is begun with. What an authenticator app needs is shown once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FactorEnrolment)]
pub struct EnrolmentView {
    /// To be given with the code that confirms it.
    id: Uuid,
    /// For an app: to be typed (base32).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
    /// For an app: to be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    otpauth_uri: Option<String>,
    /// For an app: to be scanned. An SVG image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    qr_svg: Option<String>,
}

impl From<Enrolment> for EnrolmentView {
    fn from(enrolment: Enrolment) -> Self {
        let id = enrolment.id.uuid();
        match enrolment.totp {
            None => Self { id, secret: None, otpauth_uri: None, qr_svg: None },
            Some(totp) => {
                Self { id, secret: Some(totp.secret), otpauth_uri: Some(totp.otpauth_uri), qr_svg: Some(totp.qr_svg) }
            }
        }
    }
}

/// Begin with an authenticator app
///
/// Needs `profile:write` and a recent login. It is asked for once it is confirmed.
#[utoipa::path(post, path = "/api/v1/mfa/totp", tag = "second factors", operation_id = "begin_totp",
    security(("bearer" = []), ("session" = [])),
    responses((status = 201, body = EnrolmentView), Guarded, Changed))]
async fn begin_totp(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
) -> Result<(StatusCode, Json<EnrolmentView>), Refusal> {
    let enrolment = change::begin_totp(&core, &permit).await?;
    Ok((StatusCode::CREATED, Json(enrolment.into())))
}

/// The code that shows that a factor works.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmBody {
    /// As it was given out.
    id: Uuid,
    /// What the app shows, or what was in the text message.
    #[schema(value_type = String, max_length = 64, example = "123456")]
    code: Secret,
}

/// A factor that is asked for from now on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct ConfirmedView {
    /// The factor.
    id: Uuid,
    /// Ten codes for the day the other factors are lost, shown once. Made with the first factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    backup_codes: Option<Vec<String>>,
}

impl ConfirmedView {
    fn new(id: Uuid, confirmed: &Confirmed) -> Self {
        Self { id, backup_codes: confirmed.backup_codes.as_ref().map(super::BackupCodes::texts) }
    }
}

async fn confirm(
    core: &Core,
    permit: &Permit<WriteProfile>,
    Wish(wish): Wish,
    body: ConfirmBody,
) -> Result<Json<ConfirmedView>, Refusal> {
    let mut fields = Fields::new();
    if body.code.expose().len() > SecondProof::MAX_LEN {
        fields.wrong("/code", "too_long", "may have 64 bytes at most");
    }
    fields.check()?;
    let (id, code) = (FactorId::from_uuid(body.id), body.code.expose().clone());
    let confirmed = change::confirm(core, permit, id, code, wish).await?;
    Ok(Json(ConfirmedView::new(body.id, &confirmed)))
}

/// Confirm an authenticator app
///
/// Needs `profile:write` and a recent login. Your other sessions end.
#[utoipa::path(post, path = "/api/v1/mfa/totp/confirm", tag = "second factors", operation_id = "confirm_totp",
    security(("bearer" = []), ("session" = [])), request_body = ConfirmBody,
    responses((status = 200, body = ConfirmedView), Guarded, Body))]
async fn confirm_totp(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    wish: Wish,
    Json(body): Json<ConfirmBody>,
) -> Result<Json<ConfirmedView>, Refusal> {
    confirm(&core, &permit, wish, body).await
}

/// A phone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PhoneBody {
    /// In international form.
    #[schema(max_length = 32, example = "+4930123456")]
    phone: String,
}

/// Begin with a phone
///
/// Sends a code to it that works for five minutes. Needs `profile:write` and a recent login. It is asked for once
/// it is confirmed.
#[utoipa::path(post, path = "/api/v1/mfa/sms", tag = "second factors", operation_id = "begin_sms",
    security(("bearer" = []), ("session" = [])), request_body = PhoneBody,
    responses((status = 201, body = EnrolmentView), Guarded, Body, Changed))]
async fn begin_sms(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Wish(wish): Wish,
    Json(body): Json<PhoneBody>,
) -> Result<(StatusCode, Json<EnrolmentView>), Refusal> {
    let phone = phone(&body.phone)?;
    let enrolment = change::begin_sms(&core, &permit, phone, wish).await?;
    Ok((StatusCode::CREATED, Json(enrolment.into())))
}

/// A phone number from a body's field `phone`.
pub(crate) fn phone(text: &str) -> Result<Phone, Problem> {
    let mut fields = Fields::new();
    let phone = fields.keep("/phone", "format", text.parse::<Phone>());
    fields.finish(phone)
}

/// Confirm a phone
///
/// Needs `profile:write` and a recent login. Your other sessions end.
#[utoipa::path(post, path = "/api/v1/mfa/sms/confirm", tag = "second factors", operation_id = "confirm_sms",
    security(("bearer" = []), ("session" = [])), request_body = ConfirmBody,
    responses((status = 200, body = ConfirmedView), Guarded, Body))]
async fn confirm_sms(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    wish: Wish,
    Json(body): Json<ConfirmBody>,
) -> Result<Json<ConfirmedView>, Refusal> {
    confirm(&core, &permit, wish, body).await
}

/// New backup codes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct BackupCodesView {
    /// Ten codes, shown once.
    backup_codes: Vec<String>,
}

/// Make new backup codes
///
/// The old ones work no more. Needs `profile:write` and a recent login with a second factor.
#[utoipa::path(post, path = "/api/v1/mfa/backup-codes", tag = "second factors", operation_id = "make_backup_codes",
    security(("bearer" = []), ("session" = [])),
    responses((status = 200, body = BackupCodesView), Guarded, Named))]
async fn backup_codes(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Wish(wish): Wish,
) -> Result<Json<BackupCodesView>, Refusal> {
    let codes = change::new_codes(&core, &permit, wish).await?;
    Ok(Json(BackupCodesView { backup_codes: codes.texts() }))
}

/// Remove a factor
///
/// Needs `profile:write` and a recent login with a second factor. Your other sessions end. The last one stays where
/// the tenant wants people to have one.
#[utoipa::path(delete, path = "/api/v1/mfa/{id}", tag = "second factors", operation_id = "remove_factor",
    security(("bearer" = []), ("session" = [])), params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"), Guarded, Named, Changed))]
async fn remove(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Wish(wish): Wish,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let id: FactorId = id.parse().map_err(|_| common::NOT_FOUND)?;
    change::remove(&core, &permit, id, wish).await?;
    Ok(StatusCode::NO_CONTENT)
}
