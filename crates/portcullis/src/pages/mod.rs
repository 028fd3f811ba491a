//! The pages of the deployment itself (those for its people are the room `pages`): a greeting, the API browser, the API document and the catalogue
//! of errors.
//!
//! Everything is embedded and works offline: no page names another host, and the content security
//! policy would refuse one. Nothing here knows a caller, so nothing here needs one.

mod docs;
mod html;
mod problems;
mod welcome;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use kernel::ProblemKind;

/// What the pages show.
#[derive(Debug)]
pub struct Pages {
    /// The OpenAPI document, as JSON.
    pub openapi: Bytes,
    /// Every kind of problem, sorted by code.
    pub catalogue: Vec<&'static ProblemKind>,
}

/// Paths that the pages answer, for the route table.
pub const PATHS: &[&str] = &["/", "/docs/{*rest}", "/problems/{*rest}", "/api/v1/openapi.json"];

/// The routes.
pub fn router(pages: Pages) -> Router {
    Router::new()
        .route("/", get(welcome::show))
        .route("/docs", get(docs::page))
        .route("/docs/{file}", get(docs::file))
        .route("/api/v1/openapi.json", get(openapi))
        .route("/problems", get(problems::list))
        .route("/problems/{code}", get(problems::one))
        .fallback(|| async { identity::http::Refusal(kernel::problem::common::NOT_FOUND.into()) })
        .method_not_allowed_fallback(|| async { identity::http::Refusal(kernel::problem::common::METHOD.into()) })
        .layer(middleware::from_fn(identity::http::render_problems))
        .layer(middleware::from_fn(protect))
        .with_state(Arc::new(pages))
}

async fn openapi(State(pages): State<Arc<Pages>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], pages.openapi.clone())
}

/// Nothing from elsewhere, nothing inline, no frames around us. `data:` is for the icons in the API
/// browser's style sheet.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether the client is a browser that shows a page: it names `text/html` itself. Programs send `*/*`.
fn wants_html(headers: &HeaderMap) -> bool {
    accepted(headers, header::ACCEPT).any(|kind| kind.eq_ignore_ascii_case("text/html"))
}

/// The members of a list header that are not refused by `q=0` (RFC 9110 §12.4.2), without parameters.
fn accepted(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).into_iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).filter_map(|member| {
        let (value, parameters) = member.split_once(';').unwrap_or((member, ""));
        let refused =
            parameters.split(';').filter_map(|p| p.trim().strip_prefix("q=")).any(|q| q.parse() == Ok(0.0_f32));
        (!refused).then_some(value.trim())
    })
}

#[cfg(test)]
mod tests;
