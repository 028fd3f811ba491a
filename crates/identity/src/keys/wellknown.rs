//! What others read to verify our tokens: `jwks.json` (RFC 7517) and the discovery document.
//!
//! The tenant is the request's: `/t/{slug}/.well-known/…` arrives here without its prefix. Discovery
//! names only what exists. As long as there are no OAuth endpoints, the metadata of RFC 8414 would be
//! empty, so there is no `oauth-authorization-server` document yet.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use kernel::{Problem, problem::common};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Core,
    http::{Ctx, Refusal},
};

/// How long others may keep a document, in seconds. A verifier that meets an unknown `kid` reads anew.
const CACHE: &str = "public, max-age=300";

/// A JSON Web Key Set (RFC 7517 §5).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what kernel::jose::JwkSet writes")]
pub(super) struct JwkSetDocument {
    /// Public keys, newest first.
    keys: Vec<serde_json::Value>,
}

/// The keys that verify the tenant's tokens
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "jwks", tag = "discovery", security(()),
    responses((status = 200, body = JwkSetDocument, headers(("ETag" = String), ("Cache-Control" = String))), (status = 304)))]
pub(super) async fn jwks(State(core): State<Arc<Core>>, ctx: Ctx, headers: HeaderMap) -> Result<Response, Refusal> {
    let document = core.signers.jwks(ctx.tenant.id);
    let document =
        document.ok_or_else(|| Problem::new(common::UNAVAILABLE).cause("the tenant's keys are not loaded"))?;
    let common = [(header::CACHE_CONTROL, CACHE), (header::ETAG, &document.etag)];
    Ok(if matches(&headers, &document.etag) {
        (StatusCode::NOT_MODIFIED, common).into_response()
    } else {
        (common, [(header::CONTENT_TYPE, "application/jwk-set+json")], document.body.clone()).into_response()
    })
}

/// Whether the caller has this version already (RFC 9110 §13.1.2, weak comparison).
fn matches(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|one| one.trim())
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

/// What the issuer offers: no more than exists.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Discovery {
    /// The `iss` of the tenant's tokens.
    issuer: String,
    /// Where the keys are.
    jwks_uri: String,
}

/// The discovery document of the tenant's issuer
#[utoipa::path(get, path = "/.well-known/openid-configuration", operation_id = "openid_configuration", tag = "discovery",
    security(()), responses((status = 200, body = Discovery, headers(("Cache-Control" = String)))))]
pub(super) async fn openid_configuration(ctx: Ctx) -> Response {
    let issuer = ctx.tenant.issuer.to_string();
    let jwks_uri = format!("{issuer}/.well-known/jwks.json");
    ([(header::CACHE_CONTROL, CACHE)], axum::Json(Discovery { issuer, jwks_uri })).into_response()
}
