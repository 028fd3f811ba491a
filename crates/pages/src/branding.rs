//! `/ui/branding/{name}`: a tenant's style sheet and images. Their addresses change with their content, so browsers
//! keep them for ever.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use identity::branding::{self, Kind, Place};
use kernel::{Problem, RequestContext};

use crate::{Pages, assets};

/// One file of the tenant that is asked.
pub(crate) async fn file(
    State(pages): State<Arc<Pages>>,
    axum::Extension(ctx): axum::Extension<RequestContext>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some((stem, hash, extension)) = parts(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let tag = format!("\"{hash}\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    if (stem, extension) == ("theme", "css") {
        return sheet(&pages, &ctx, hash);
    }
    let Some((place, kind)) = Place::from_stored(stem).zip(Kind::from_stored(extension)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Nobody asks the database for what a page cannot name.
    if !pages.look(ctx.tenant.id).has(place) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match branding::file(&pages.core, ctx.tenant.id, place, kind, hash.to_owned()).await {
        Ok(Some(content)) => (assets::kept(kind.media_type()), [(header::ETAG, tag)], content).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(problem) => failed(&problem),
    }
}

/// The sheet as it is now. A page of a node that knows of a change earlier or later names another one: it gets this,
/// and does not keep it.
fn sheet(pages: &Pages, ctx: &RequestContext, hash: &str) -> Response {
    let look = pages.look(ctx.tenant.id);
    let Some(sheet) = look.sheet() else { return StatusCode::NOT_FOUND.into_response() };
    let tag = format!("\"{}\"", sheet.hash);
    let mut response =
        (assets::kept("text/css; charset=utf-8"), [(header::ETAG, tag)], sheet.content.clone()).into_response();
    if *sheet.hash != *hash {
        response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    }
    response
}

pub(crate) fn failed(problem: &Problem) -> Response {
    tracing::error!(code = problem.kind.code, cause = problem.cause, "an image cannot be read");
    StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

/// `logo_dark`, hash and `png` of `logo_dark-0f8a.png`.
pub(crate) fn parts(name: &str) -> Option<(&str, &str, &str)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let (stem, hash) = stem.rsplit_once('-')?;
    let is_hash = (8..=64).contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then_some((stem, hash, extension))
}
