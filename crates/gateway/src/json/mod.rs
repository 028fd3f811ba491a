//! JSON bodies: read whole, within a bound, in one meaning only.
//!
//! A document with a member twice means one thing to one parser and another thing to the next; whoever
//! judges or changes bodies must not be looked past that way, so such a document is refused.

mod edit;
mod strict;

pub(crate) use edit::JsonEdits;
pub use edit::JsonEditsConfig;
pub(crate) use strict::{parse, parse_yaml};

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kernel::{
    Problem,
    problem::common::{MALFORMED, MEDIA_TYPE, TOO_LARGE},
};

use crate::body::{Body, BodyError, RequestBody};

/// Whether the message's body is JSON, by its media type (RFC 6839 §3.1), and is not encoded.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    json && !headers.contains_key(header::CONTENT_ENCODING)
}

/// Reads a request's body, of at most so many bytes. An empty one is empty, whatever it claims to be.
pub(crate) async fn read(headers: &HeaderMap, body: RequestBody, max: u64) -> Result<Bytes, Problem> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let bytes = Limited::new(body, max).collect().await.map_err(|error| match error.downcast::<BodyError>() {
        Ok(error) => error.problem(),
        Err(error) if error.is::<LengthLimitError>() => TOO_LARGE.into(),
        Err(error) => Problem::new(MALFORMED).cause(error),
    })?;
    let bytes = bytes.to_bytes();
    if !bytes.is_empty() && !is_json(headers) {
        return Err(MEDIA_TYPE.into());
    }
    Ok(bytes)
}

/// Reads a response's body. `Err` says why it cannot be used.
pub(crate) async fn read_response(body: Body, max: u64) -> Result<Bytes, String> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    match Limited::new(body, max).collect().await {
        Ok(bytes) => Ok(bytes.to_bytes()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
