//! `/api/v1/auth/password-policy`.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::service;
use crate::{
    Core,
    http::{Ctx, Json, Refusal, openapi::Guarded},
    passwords::{MAX_CHARS, Rules, breach::BreachCheck},
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(read))
}

/// What a new password must be, for a page that asks for one. Words that are refused are not told.
#[derive(Debug, Serialize, ToSchema)]
struct PasswordRules {
    /// Fewest characters.
    min_length: u32,
    /// Fewest characters for people who log in with a second factor.
    min_length_with_second_factor: u32,
    /// Most characters.
    max_length: u32,
    /// Whether an upper-case letter is needed.
    upper: bool,
    /// Whether a lower-case letter is needed.
    lower: bool,
    /// Whether a digit is needed.
    digit: bool,
    /// Whether a character that is neither letter nor digit is needed.
    special: bool,
    /// How hard it must be to guess, as zxcvbn scores it: 0 to 4.
    min_score: u8,
    /// How many of the last passwords may not be used again.
    history: u8,
    /// Whether passwords that are known from a breach are refused.
    breach_check: bool,
}

impl PasswordRules {
    fn new(rules: &Rules, check: BreachCheck) -> Self {
        Self {
            min_length: rules.min_length,
            min_length_with_second_factor: rules.min_length_with_second_factor.unwrap_or(rules.min_length),
            max_length: u32::try_from(MAX_CHARS).unwrap_or(u32::MAX),
            upper: rules.upper,
            lower: rules.lower,
            digit: rules.digit,
            special: rules.special,
            min_score: rules.min_score,
            history: rules.history,
            breach_check: check != BreachCheck::Off,
        }
    }
}

/// Tells what a new password must be in the tenant of the request.
///
/// A password that is refused anywhere is answered `password.weak`, with a code for each of these that it
/// breaks: `too_short`, `too_long`, `no_uppercase`, `no_lowercase`, `no_digit`, `no_special`, `guessable`,
/// `common`, `contains_identity`, `breached`, `reused`, `unchanged`. One that breaks no other rule, and is known
/// from a breach, is answered `password.breached`.
#[utoipa::path(get, path = "/api/v1/auth/password-policy", tag = "auth", operation_id = "read_password_policy",
    responses((status = 200, body = PasswordRules), Guarded), security(()))]
async fn read(State(core): State<Arc<Core>>, ctx: Ctx) -> Result<Json<PasswordRules>, Refusal> {
    let demands = service::demands(&core, Some(ctx.tenant.id)).await?;
    let rules = demands.policy.rules();
    Ok(Json(PasswordRules::new(&rules, service::breach_check(&core, &demands.policy))))
}
