//! `/api/v1/admin/branding`.

use std::sync::Arc;

use axum::{
    body::Body as Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kernel::{PreviewId, Problem, Timestamp, problem::common};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Branding, Place,
    model::MAX_BODY,
    previews,
    service::{self, Wanted},
    store::Stored,
};
use crate::{
    Core,
    http::{
        Condition, Json, Large, Path, Permit, Refusal,
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
        .routes(routes!(preview))
        .routes(routes!(put_preview_image, delete_preview_image))
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
    Large(branding): Large<MAX_BODY, Branding>,
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
    Large(changes): Large<MAX_BODY, Map<String, Value>>,
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
/// of 64 KiB and 512 pixels at most; bitmaps within an SVG alike. Its bytes say what it is. Needs `settings:write`.
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
    let content = content(place, body).await?;
    Ok(Json(service::put_image(&core, &permit, place, content).await?.into()))
}

/// Reads an image that is sent as it is.
async fn content(place: Place, body: Bytes) -> Result<Vec<u8>, Problem> {
    let read = Limited::new(body, place.max_bytes()).collect().await.map_err(|e| {
        if e.is::<LengthLimitError>() {
            let most = place.max_bytes() >> 10;
            Problem::new(common::TOO_LARGE).detail(format!("This image may have {most} KiB at most."))
        } else {
            Problem::new(common::MALFORMED).detail("The body ended early.").cause(e)
        }
    })?;
    Ok(read.to_bytes().into())
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

/// A look that is tried out.
#[derive(Debug, Serialize, ToSchema)]
struct BrandingPreview {
    #[schema(value_type = String, format = Uuid)]
    id: PreviewId,
    /// The sign-in page in this look. Whoever has this address sees it.
    #[schema(example = "https://id.example.com/ui/preview/ppv_…/login")]
    url: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Try out how pages would look
///
/// The body is that of a change, and judged as such, but nothing is saved: whoever opens `url` within an hour sees the
/// pages as they would be, without anything on them that works. A tenant has ten previews at most; another one takes
/// the place of the oldest. Needs `settings:write`.
#[utoipa::path(post, path = "/api/v1/admin/branding/previews", tag = "branding", operation_id = "preview_branding",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = Branding,
    responses((status = 201, body = BrandingPreview), Guarded, Body))]
async fn preview(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Large(changes): Large<MAX_BODY, Map<String, Value>>,
) -> Result<(StatusCode, Json<BrandingPreview>), Refusal> {
    let previews::Made { id, url, expires_at } = previews::make(&core, &permit, changes).await?;
    Ok((StatusCode::CREATED, Json(BrandingPreview { id, url, expires_at })))
}

/// Try out an image
///
/// As the call that puts it on pages, for a preview alone. Needs `settings:write`.
#[utoipa::path(put, path = "/api/v1/admin/branding/previews/{preview}/images/{place}", tag = "branding",
    operation_id = "preview_branding_image", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("preview" = uuid::Uuid, Path), ("place" = Place, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The image"),
    responses((status = 204), Guarded, Body, Named))]
async fn put_preview_image(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Path((preview, place)): Path<(PreviewId, Place)>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    previews::put_image(&core, &permit, preview, place, content(place, body).await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try out pages without an image
///
/// As the call that takes it off pages, for a preview alone. Needs `settings:write`.
#[utoipa::path(delete, path = "/api/v1/admin/branding/previews/{preview}/images/{place}", tag = "branding",
    operation_id = "preview_branding_without_image", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    params(("preview" = uuid::Uuid, Path), ("place" = Place, Path)),
    responses((status = 204), Guarded, Named))]
async fn delete_preview_image(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Path((preview, place)): Path<(PreviewId, Place)>,
) -> Result<StatusCode, Refusal> {
    previews::delete_image(&core, &permit, preview, place).await?;
    Ok(StatusCode::NO_CONTENT)
}
