//! Request bodies: one bounded JSON object, read strictly.

use axum::{
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kernel::{Problem, problem::common};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use super::Refusal;

/// Largest body of an identity call, unless it says another ([`Large`]).
const MAX_BODY: usize = 64 * 1024;

/// A JSON body, in either direction.
///
/// DTOs say `#[serde(deny_unknown_fields)]`: a misspelt field is told, not ignored. Responses say
/// `Cache-Control: no-store`, since nearly all of them carry something personal.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        read(request, MAX_BODY).await.map(Self)
    }
}

/// As [`Json`], for calls that say enough without a body: none is an empty object, whatever it is called.
#[derive(Clone, Copy, Debug)]
pub struct OrEmpty<T>(pub T);

impl<S, T> FromRequest<S> for OrEmpty<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let is_json = is_json(request.headers());
        match collect(request, MAX_BODY).await? {
            body if body.is_empty() => parse(b"{}").map(Self),
            _ if !is_json => Err(Problem::new(common::MEDIA_TYPE).into()),
            body => parse(&body).map(Self),
        }
    }
}

/// As [`Json`], for calls whose bodies may be larger: `MOST` bytes. The gate bounds them too (`server.http.max_body`).
/// Ask who it is first.
#[derive(Clone, Copy, Debug)]
pub struct Large<const MOST: usize, T>(pub T);

impl<S, T, const MOST: usize> FromRequest<S> for Large<MOST, T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        read(request, MOST).await.map(Self)
    }
}

async fn read<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, Refusal> {
    if !is_json(request.headers()) {
        return Err(Problem::new(common::MEDIA_TYPE).into());
    }
    parse(&collect(request, most).await?)
}

async fn collect(request: Request, most: usize) -> Result<Bytes, Refusal> {
    let body = Limited::new(request.into_body(), most).collect().await.map_err(|e| {
        if e.is::<LengthLimitError>() {
            Problem::new(common::TOO_LARGE).detail(format!("The body may have {} KiB at most.", most >> 10))
        } else {
            Problem::new(common::MALFORMED).detail("The body ended early.").cause(e)
        }
    })?;
    Ok(body.to_bytes())
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    // serde's messages name fields and positions, never values of secrets: DTO fields are strings,
    // and a wrong type is reported by its kind.
    serde_json::from_slice(body).map_err(|e| {
        let message = redact(&e.to_string());
        Problem::new(common::MALFORMED).detail(format!("The body is not what this call takes: {message}.")).into()
    })
}

/// Tells `null` from absent, for fields that a change may clear: `#[serde(default, deserialize_with = "present")]`
/// on an `Option<Option<T>>`. Absent is `None`, `null` is `Some(None)`.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// Cuts quoted values out of serde's messages (`invalid type: string "hunter2", expected …`).
fn redact(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for (i, part) in message.split('"').enumerate() {
        out.push_str(if i % 2 == 0 { part } else { "…" });
    }
    out
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (
                StatusCode::OK,
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")],
                body,
            )
                .into_response(),
            Err(e) => Refusal::from(Problem::new(common::INTERNAL).cause(e)).into_response(),
        }
    }
}
