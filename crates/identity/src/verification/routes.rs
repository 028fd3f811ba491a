//! `/api/v1/auth/verify-email`, `…/password-reset`, `…/change-email`, `…/invitation`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{Problem, Secret};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    address::{self, Shown},
    change, password,
};
use crate::{
    Core,
    http::{
        Ctx, Fields, Json, Permit, Refusal, Wish,
        openapi::{Body, Guarded},
    },
    passwords::too_long,
    proofs::Purpose,
    users::{Email, WriteProfile},
};

/// Longest token that is looked at.
const MAX_TOKEN: usize = 128;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(verify_email))
        .routes(routes!(resend_verification))
        .routes(routes!(request_password_reset))
        .routes(routes!(confirm_password_reset))
        .routes(routes!(request_email_change))
        .routes(routes!(confirm_email_change))
        .routes(routes!(accept_invitation))
}

/// Reads the token of a link.
pub fn token(fields: &mut Fields, token: Secret) -> Option<Secret> {
    if token.expose().len() > MAX_TOKEN {
        fields.wrong("/token", "too_long", format!("may have {MAX_TOKEN} characters at most"));
        return None;
    }
    Some(token)
}

/// What proves that an address is yours: the token of a link, or the code with the address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VerifyEmailBody {
    /// From the link.
    #[schema(value_type = Option<String>, max_length = 128)]
    token: Option<Secret>,
    /// Where the code was sent.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Six digits.
    #[schema(value_type = Option<String>, example = "123456")]
    code: Option<Secret>,
}

impl VerifyEmailBody {
    fn parse(self) -> Result<Shown, Problem> {
        Shown::parse(self.token, self.email.as_deref(), self.code)
    }
}

/// Verifies an e-mail address.
#[utoipa::path(post, path = "/api/v1/auth/verify-email", tag = "auth", operation_id = "verify_email",
    request_body = VerifyEmailBody,
    responses((status = 204, description = "Verified"), Guarded, Body), security(()))]
async fn verify_email(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    Json(body): Json<VerifyEmailBody>,
) -> Result<StatusCode, Refusal> {
    address::verify(&core, &ctx, body.parse()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An e-mail address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EmailBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
}

impl EmailBody {
    fn parse(self) -> Result<Email, Problem> {
        let mut fields = Fields::new();
        let email = fields.keep("/email", "format", self.email.parse::<Email>());
        fields.finish(email)
    }
}

/// Sends the link and code to verify an address again. Answered alike whether or not there is anything to
/// verify.
#[utoipa::path(post, path = "/api/v1/auth/verify-email/resend", tag = "auth", operation_id = "resend_verification",
    request_body = EmailBody,
    responses((status = 202, description = "Always"), Guarded, Body), security(()))]
async fn resend_verification(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    Wish(wish): Wish,
    Json(body): Json<EmailBody>,
) -> Result<StatusCode, Refusal> {
    address::resend(&core, &ctx, body.parse()?, wish).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Asks for a link to choose a new password. Answered alike whether or not there is such an account.
#[utoipa::path(post, path = "/api/v1/auth/password-reset", tag = "auth", operation_id = "request_password_reset",
    request_body = EmailBody,
    responses((status = 202, description = "Always"), Guarded, Body), security(()))]
async fn request_password_reset(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    Wish(wish): Wish,
    Json(body): Json<EmailBody>,
) -> Result<StatusCode, Refusal> {
    password::request(&core, &ctx, body.parse()?, wish).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A new password, allowed by a token from a mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChoosePasswordBody {
    /// From the link.
    #[schema(value_type = String, max_length = 128)]
    token: Secret,
    /// Must meet the tenant's policy.
    #[schema(value_type = String, format = Password, max_length = 128)]
    new_password: Secret,
}

impl ChoosePasswordBody {
    fn parse(self) -> Result<(Secret, Secret), Problem> {
        let mut fields = Fields::new();
        let token = token(&mut fields, self.token);
        if too_long(self.new_password.expose()) {
            fields.wrong("/new_password", "too_long", "may have 128 characters at most");
        }
        Ok((fields.finish(token)?, self.new_password))
    }
}

/// Chooses a new password by the link that was mailed. Ends all sessions; log in anew.
#[utoipa::path(post, path = "/api/v1/auth/password-reset/confirm", tag = "auth",
    operation_id = "confirm_password_reset", request_body = ChoosePasswordBody,
    responses((status = 204, description = "Chosen"), Guarded, Body), security(()))]
async fn confirm_password_reset(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    Wish(wish): Wish,
    Json(body): Json<ChoosePasswordBody>,
) -> Result<StatusCode, Refusal> {
    let (token, new) = body.parse()?;
    password::choose(&core, &ctx, Purpose::ResetPassword, &token, new, wish).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Accepts an invitation by choosing a password. Log in with it.
#[utoipa::path(post, path = "/api/v1/auth/invitation/accept", tag = "auth", operation_id = "accept_invitation",
    request_body = ChoosePasswordBody,
    responses((status = 204, description = "Accepted"), Guarded, Body), security(()))]
async fn accept_invitation(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    Wish(wish): Wish,
    Json(body): Json<ChoosePasswordBody>,
) -> Result<StatusCode, Refusal> {
    let (token, new) = body.parse()?;
    password::choose(&core, &ctx, Purpose::Invitation, &token, new, wish).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A change of one's e-mail address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeEmailBody {
    /// The address you want.
    #[schema(format = Email, max_length = 254)]
    new_email: String,
    /// The password you have.
    #[schema(value_type = String, format = Password, max_length = 128)]
    current_password: Secret,
}

/// Asks for a change of the caller's e-mail address. It is confirmed by a mail to the new one, and told to
/// the present one. Answered alike whether or not somebody else has the new one.
#[utoipa::path(post, path = "/api/v1/auth/change-email", tag = "auth", operation_id = "request_email_change",
    request_body = ChangeEmailBody,
    responses((status = 202, description = "A mail is on its way"), Guarded, Body),
    security(("bearer" = []), ("session" = [])))]
async fn request_email_change(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteProfile>,
    Wish(wish): Wish,
    Json(body): Json<ChangeEmailBody>,
) -> Result<StatusCode, Refusal> {
    let mut fields = Fields::new();
    let email = fields.keep("/new_email", "format", body.new_email.parse::<Email>());
    if too_long(body.current_password.expose()) {
        fields.wrong("/current_password", "too_long", "may have 128 characters at most");
    }
    let email = fields.finish(email)?;
    change::request(&core, &permit.ctx, &permit.principal, body.current_password, email, wish).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The token of a link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    /// From the link.
    #[schema(value_type = String, max_length = 128)]
    token: Secret,
}

/// Makes the address that the link was mailed to the account's own. Ends its other sessions.
#[utoipa::path(post, path = "/api/v1/auth/change-email/confirm", tag = "auth", operation_id = "confirm_email_change",
    request_body = TokenBody,
    responses((status = 204, description = "Changed"), Guarded, Body), security(()))]
async fn confirm_email_change(
    State(core): State<Arc<Core>>,
    ctx: Ctx,
    Wish(wish): Wish,
    Json(body): Json<TokenBody>,
) -> Result<StatusCode, Refusal> {
    let mut fields = Fields::new();
    let token = token(&mut fields, body.token);
    change::confirm(&core, &ctx, &fields.finish(token)?, wish).await?;
    Ok(StatusCode::NO_CONTENT)
}
