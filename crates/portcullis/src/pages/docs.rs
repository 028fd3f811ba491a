//! `/docs`: the API browser, embedded when it was built.

use axum::{extract::Path, response::IntoResponse};
use http::{HeaderMap, StatusCode, header};
use identity::http::Refusal;
use kernel::problem::common;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{accepted, html::Page};

/// What `npm run build` in `web/` makes. The program builds without it.
#[derive(RustEmbed)]
#[folder = "../../web/docs/dist"]
#[allow_missing = true]
struct Assets;

pub(super) async fn page(headers: HeaderMap) -> impl IntoResponse {
    match answer("index.html", &headers) {
        Some(page) => page,
        None => {
            let text = Page::new("The API browser is not built in")
                .paragraph("This program was built without its pages. Run “npm ci” and “npm run build” in web/, then build it again: “make run” does all of it.")
                .link("/api/v1/openapi.json", "The OpenAPI document is here all the same");
            (StatusCode::NOT_FOUND, text).into_response()
        }
    }
}

pub(super) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Result<impl IntoResponse, Refusal> {
    // Compressed copies are an encoding of a file, not files of their own.
    let known = !name.ends_with(".gz");
    known.then(|| answer(&name, &headers)).flatten().ok_or(Refusal(common::NOT_FOUND.into()))
}

fn answer(name: &str, headers: &HeaderMap) -> Option<axum::response::Response> {
    let plain = Assets::get(name)?;
    let etag = etag(&plain);
    let common = [
        (header::CONTENT_TYPE, media_type(name).to_owned()),
        (header::ETAG, etag.clone()),
        // Asked again each time and answered from the tag: a new version shows at once.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::VARY, "Accept-Encoding".to_owned()),
    ];
    if accepted(headers, header::IF_NONE_MATCH).any(|tag| tag.trim_start_matches("W/") == etag) {
        return Some((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let small = accepted(headers, header::ACCEPT_ENCODING)
        .any(|coding| coding.eq_ignore_ascii_case("gzip"))
        .then(|| Assets::get(&format!("{name}.gz")))
        .flatten();
    Some(match small {
        Some(small) => (common, [(header::CONTENT_ENCODING, "gzip")], small.data).into_response(),
        None => (common, plain.data).into_response(),
    })
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash[..8].iter().map(|b| format!("{b:02x}")).collect();
    format!("\"{hex}\"")
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
