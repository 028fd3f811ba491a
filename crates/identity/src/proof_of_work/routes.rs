//! `/api/v1/auth/proof-of-work`.

use std::sync::Arc;

use axum::extract::State;
use kernel::{Problem, RequestContext};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::model::{self, TTL};
use crate::{
    Core,
    http::{Ctx, Json, Refusal, openapi::Guarded},
    preferences,
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(post))
}

/// What there is to do before registering.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Puzzle {
    /// Whether the tenant asks for it. If not, there is nothing else here.
    pub required: bool,
    /// Send it back with the nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub puzzle: Option<String>,
    /// How many bits must be zero at the beginning of SHA-256(`puzzle` + `.` + `nonce`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bits: Option<u8>,
    /// Seconds until it is worthless.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires_in: Option<u64>,
}

/// Ask for a puzzle
///
/// Where the tenant asks for a proof of work, registering needs a solved puzzle. Find a `nonce` of 1 to 32
/// printable ASCII characters such that SHA-256 of `puzzle`, a dot and `nonce` begins with `bits` zero bits.
#[utoipa::path(post, path = "/api/v1/auth/proof-of-work", tag = "auth", operation_id = "ask_for_puzzle",
    responses((status = 200, body = Puzzle), Guarded), security(()))]
async fn post(State(core): State<Arc<Core>>, ctx: Ctx) -> Result<Json<Puzzle>, Refusal> {
    Ok(Json(ask(&core, &ctx).await?))
}

/// What the tenant of the request asks for now.
pub async fn ask(core: &Core, ctx: &RequestContext) -> Result<Puzzle, Problem> {
    let tenant = ctx.tenant.id;
    let bits =
        core.read(tenant, |tx| Box::pin(async move { preferences::load(tx).await.map(|p| p.signup_work) })).await?;
    if bits == 0 {
        return Ok(Puzzle { required: false, puzzle: None, bits: None, expires_in: None });
    }
    let puzzle = model::puzzle(&core.vault, tenant, bits, core.now(), &*core.random);
    Ok(Puzzle { required: true, puzzle: Some(puzzle), bits: Some(bits), expires_in: Some(TTL.as_secs()) })
}
