//! `GET /`: what this is and where to go on.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::HeaderMap;

use super::{html::Page, wants_html};

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) async fn show(headers: HeaderMap) -> Response {
    if wants_html(&headers) {
        return Page::new("Portcullis")
            .paragraph(&format!("An identity provider and an API gateway in one. Version {VERSION}."))
            .link("/docs", "The API, to read and to try")
            .link("/problems", "What error codes mean")
            .link("/health", "How this deployment is")
            .into_response();
    }
    Json(serde_json::json!({
        "name": "Portcullis",
        "version": VERSION,
        "links": {
            "docs": "/docs",
            "openapi": "/api/v1/openapi.json",
            "problems": "/problems",
            "health": "/health",
            "openid_configuration": "/.well-known/openid-configuration",
        },
    }))
    .into_response()
}
