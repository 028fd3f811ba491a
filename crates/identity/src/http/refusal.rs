//! Problems on their way out.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kernel::{Problem, RequestContext};

/// What a handler returns instead of an answer. Anything that knows how to be a [`Problem`] converts.
#[derive(Debug)]
pub struct Refusal(pub Problem);

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refusal {
    /// The status and, in the extensions, the problem; [`render_problems`] writes the body, because
    /// only it knows the request id.
    fn into_response(self) -> Response {
        let mut response =
            StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

/// Writes problem documents (RFC 9457) and logs the cause of those that are our own fault. The problem
/// stays in the response's extensions, so that the gate records its code.
pub async fn render_problems(request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestContext>().map(|c| c.request_id.clone());
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    let request_id = request_id.as_deref().unwrap_or_default();
    if problem.is_fault() {
        tracing::error!(request_id, code = problem.kind.code, cause = problem.cause, "request failed");
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    if let Some(secs) = problem.retry_after_secs() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    *response.body_mut() = problem.to_json(request_id).into();
    response
}
