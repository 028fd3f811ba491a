//! `/api/v1/admin/branding`.

use std::sync::Arc;

use axum::{
    body::Body as Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kernel::{Problem, Timestamp, problem::common};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Branding, Place,
    service::{self, Wanted},
    store::Stored,
};
use crate::{
    Core,
    http::{
        Condition, Json, Path, Permit, Refusal,
        openapi::{Body, Guarded, Named, Parsed, ProblemDocument},
        tag,
    },
    templates::{ReadSettings, WriteSettings},
};

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new()
        .routes(routes!(read, replace, change, reset))
        .routes(routes!(list_images))
        .routes(routes!(put_image, delete_image))
}

/// What a change may answer on top.
#[derive(Debug, IntoResponses)]
#[expect(dead_code, reason = "describes an answer")]
enum Stale {
    /// `If-Match` or `If-None-Match` does not hold.
    #[response(status = 412, content_type = "application/problem+json")]
    Changed(ProblemDocument),
}

fn answer((branding, revision): (Branding, i64)) -> ([(HeaderName, HeaderValue); 1], Json<Branding>) {
    ([tag(revision)], Json(branding))
}

/// Read how pages look
///
/// `ETag` is its revision. Needs `settings:read`.
#[utoipa::path(get, path = "/api/v1/admin/branding", tag = "branding", operation_id = "read_branding",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = Branding, headers(("ETag" = String))), Guarded))]
async fn read(State(core): State<Arc<Core>>, permit: Permit<ReadSettings>) -> Result<Response, Refusal> {
    Ok(answer(service::get(&core, &permit).await?).into_response())
}

/// Decide how pages look
///
/// What is absent is as in the default. Colours that cannot be told from each other are refused with their
/// contrast. In force on every node within a second. `If-Match` with an `ETag` makes sure that nobody else changed
/// it meanwhile. Needs `settings:write`.
#[utoipa::path(put, path = "/api/v1/admin/branding", tag = "branding", operation_id = "replace_branding",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = Branding,
    responses((status = 200, body = Branding, headers(("ETag" = String))), Guarded, Body, Stale))]
async fn replace(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    headers: HeaderMap,
    Json(branding): Json<Branding>,
) -> Result<Response, Refusal> {
    let condition = Condition::read(&headers)?;
    Ok(answer(service::put(&core, &permit, condition, Wanted::Whole(branding.into())).await?).into_response())
}

/// Change how pages look
///
/// The body is merged into what is there (RFC 7396): what is absent stays, `null` is the default again. Needs
/// `settings:write`.
#[utoipa::path(patch, path = "/api/v1/admin/branding", tag = "branding", operation_id = "change_branding",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = Branding,
    responses((status = 200, body = Branding, headers(("ETag" = String))), Guarded, Body, Stale))]
async fn change(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    headers: HeaderMap,
    Json(changes): Json<Map<String, Value>>,
) -> Result<Response, Refusal> {
    let condition = Condition::read(&headers)?;
    Ok(answer(service::put(&core, &permit, condition, Wanted::Merged(changes)).await?).into_response())
}

/// Go back to the default look
///
/// Images are removed, too. Needs `settings:write`.
#[utoipa::path(delete, path = "/api/v1/admin/branding", tag = "branding", operation_id = "reset_branding",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 204), Guarded, Parsed, Stale))]
async fn reset(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    service::reset(&core, &permit, Condition::read(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An image of the tenant's pages.
#[derive(Debug, Serialize, ToSchema)]
struct BrandingImage {
    place: Place,
    /// Its media type, as seen in its bytes.
    #[schema(example = "image/png")]
    r#type: &'static str,
    /// Its size.
    bytes: i64,
    /// Below the tenant's `/ui/`; changes with the image.
    #[schema(example = "/ui/branding/logo-0f8a….png")]
    path: String,
    /// When it was put there.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Stored> for BrandingImage {
    fn from(stored: Stored) -> Self {
        let Stored { place, kind, hash, bytes, updated_at } = stored;
        let path = format!("/ui/branding/{}-{hash}.{}", place.as_str(), kind.extension());
        Self { place, r#type: kind.media_type(), bytes, path, updated_at }
    }
}

/// The images of the tenant's pages.
#[derive(Debug, Serialize, ToSchema)]
struct BrandingImages {
    items: Vec<BrandingImage>,
}

/// List the images of pages
///
/// Needs `settings:read`.
#[utoipa::path(get, path = "/api/v1/admin/branding/images", tag = "branding", operation_id = "list_branding_images",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = BrandingImages), Guarded))]
async fn list_images(
    State(core): State<Arc<Core>>,
    permit: Permit<ReadSettings>,
) -> Result<Json<BrandingImages>, Refusal> {
    let images = service::images(&core, &permit).await?;
    Ok(Json(BrandingImages { items: images.into_iter().map(BrandingImage::from).collect() }))
}

/// Put an image on pages
///
/// The body is the image: PNG, JPEG, WebP or SVG, of 256 KiB and 2048 pixels a side at most, or for `favicon` also ICO,
/// of 64 KiB and 512 pixels at most. Its bytes say what it is. Needs `settings:write`.
#[utoipa::path(put, path = "/api/v1/admin/branding/images/{place}", tag = "branding",
    operation_id = "put_branding_image", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("place" = Place, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The image"),
    responses((status = 200, body = BrandingImage), Guarded, Body, Named))]
async fn put_image(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Path(place): Path<Place>,
    body: Bytes,
) -> Result<Json<BrandingImage>, Refusal> {
    let content = Limited::new(body, place.max_bytes()).collect().await.map_err(|e| {
        if e.is::<LengthLimitError>() {
            let most = place.max_bytes() >> 10;
            Problem::new(common::TOO_LARGE).detail(format!("This image may have {most} KiB at most."))
        } else {
            Problem::new(common::MALFORMED).detail("The body ended early.").cause(e)
        }
    })?;
    Ok(Json(service::put_image(&core, &permit, place, content.to_bytes().into()).await?.into()))
}

/// Take an image off pages
///
/// Needs `settings:write`.
#[utoipa::path(delete, path = "/api/v1/admin/branding/images/{place}", tag = "branding",
    operation_id = "delete_branding_image", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("place" = Place, Path)),
    responses((status = 204), Guarded, Named))]
async fn delete_image(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Path(place): Path<Place>,
) -> Result<StatusCode, Refusal> {
    service::delete_image(&core, &permit, place).await?;
    Ok(StatusCode::NO_CONTENT)
}
