use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use http::StatusCode;
use tower::ServiceExt as _;

use super::*;

async fn get_with(path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
    let catalogue = kernel::problem::common::PROBLEMS.to_vec();
    let router = router(Pages { openapi: Bytes::from_static(b"{\"openapi\":\"3.1.0\"}"), catalogue });
    let request = headers.iter().fold(Request::get(path), |r, (name, value)| r.header(*name, *value));
    let response = router.oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 24).await.expect("a body");
    (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
}

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn the_greeting_speaks_to_programs_and_to_people() {
    let (status, headers, body) = get_with("/", &[]).await;
    assert_eq!((status, &headers["content-type"]), (StatusCode::OK, &HeaderValue::from_static("application/json")));
    assert!(body.contains("\"version\""), "{body}");
    let (_, headers, body) = get_with("/", &[BROWSER]).await;
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert!(body.contains("href=\"/docs\""), "{body}");
}

#[tokio::test]
async fn an_error_code_leads_to_its_entry() {
    let (status, _, body) = get_with("/problems/credentials.missing", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("\"status\":401"), "{body}");
    let (_, _, page) = get_with("/problems", &[BROWSER]).await;
    assert!(page.contains("credentials.missing"));
    let (status, headers, body) = get_with("/problems/no.such", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(headers["content-type"], "application/problem+json");
    assert!(body.contains("\"code\":\"not_found\""), "{body}");
}

#[tokio::test]
async fn every_answer_carries_the_policy() {
    for path in ["/", "/docs", "/docs/none.js", "/problems", "/nowhere", "/api/v1/openapi.json"] {
        let (_, headers, _) = get_with(path, &[BROWSER]).await;
        assert!(headers["content-security-policy"].to_str().expect("text").starts_with("default-src 'self'"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
    }
}

#[tokio::test]
async fn assets_are_served_small_and_once_or_their_absence_is_explained() {
    let (status, headers, body) = get_with("/docs", &[BROWSER]).await;
    if status == StatusCode::NOT_FOUND {
        assert!(body.contains("npm run build"), "{body}");
        return;
    }
    assert!(body.contains("/docs/docs.js"));
    let tag = headers["etag"].to_str().expect("text").to_owned();
    let (status, _, body) = get_with("/docs", &[("if-none-match", &tag)]).await;
    assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    let (_, headers, small) = get_with("/docs/swagger-ui.css", &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(headers["content-encoding"], "gzip");
    let (_, headers, plain) = get_with("/docs/swagger-ui.css", &[("accept-encoding", "gzip;q=0")]).await;
    assert!(!headers.contains_key("content-encoding") && plain.len() > small.len());
    let (status, ..) = get_with("/docs/swagger-ui.css.gz", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
