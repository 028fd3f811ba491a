//! Reads the head of a response (RFC 9112 §4).
//!
//! An answer whose length could be read in two ways is refused like a request would be: what two readers
//! understand differently ends up in the next answer on the connection.

use std::mem::MaybeUninit;

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};

use super::decode::Framing;
use crate::list;

/// Most bytes of a response head.
pub(super) const MAX_HEAD: usize = 64 << 10;

/// Most fields of it.
const MAX_FIELDS: usize = 256;

/// Room for what is added on the way to the client.
const EXTRA_FIELDS: usize = 8;

/// A response head that makes sense.
#[derive(Debug)]
pub(super) struct ResponseHead {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) framing: Framing,
    /// Whether another request may follow on the connection.
    pub(super) keep_alive: bool,
}

/// Takes a head from what has arrived; `None` when it is not complete. `method` is what it answers.
pub(super) fn take(input: &mut Bytes, method: &Method) -> Result<Option<ResponseHead>, &'static str> {
    let mut fields = [MaybeUninit::uninit(); MAX_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let parsed = config.parse_response_with_uninit_headers(&mut response, input, &mut fields);
    let length = match parsed {
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD => length,
        Ok(httparse::Status::Partial) if input.len() < MAX_HEAD => return Ok(None),
        Ok(_) => return Err("its head is too large"),
        Err(httparse::Error::TooManyHeaders) => return Err("its head has too many fields"),
        Err(_) => return Err("its head is not HTTP/1"),
    };
    let version = if response.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or("its status is none")?;
    let mut headers = HeaderMap::with_capacity(response.headers.len() + EXTRA_FIELDS);
    for field in response.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| "a field name is malformed")?;
        let value = HeaderValue::from_maybe_shared(input.slice_ref(field.value)).map_err(|_| "a field is malformed")?;
        headers.append(name, value);
    }
    input.advance(length);
    let framing = framing(status, version, &headers, method)?;
    let keep_alive = framing != Framing::UntilClose && keeps_alive(version, &headers);
    Ok(Some(ResponseHead { status, version, headers, framing, keep_alive }))
}

/// Where the body ends (RFC 9112 §6.3).
fn framing(
    status: StatusCode,
    version: Version,
    headers: &HeaderMap,
    method: &Method,
) -> Result<Framing, &'static str> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let coding = codings.next();
    if codings.next().is_some() || coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err("its Transfer-Encoding is not exactly `chunked`");
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let length = lengths.next().map(|value| parse_length(value.as_bytes()).ok_or("its Content-Length is no number"));
    let length = length.transpose()?;
    if lengths.any(|other| parse_length(other.as_bytes()) != length) {
        return Err("its Content-Lengths differ");
    }
    let bodiless = *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    match (coding.is_some(), length) {
        _ if bodiless => Ok(Framing::Length(0)),
        (true, _) if version == Version::HTTP_10 => Err("it sends chunks in HTTP/1.0"),
        // The coding wins; the length is removed with it (RFC 9112 §6.3).
        (true, _) => Ok(Framing::Chunked),
        (false, Some(length)) => Ok(Framing::Length(length)),
        (false, None) => Ok(Framing::UntilClose),
    }
}

/// `1*DIGIT` (RFC 9110 §8.6), leaving room for sums.
pub(crate) fn parse_length(value: &[u8]) -> Option<u64> {
    let plain = (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value).ok().filter(|_| plain)?.parse().ok()
}

/// Whether the connection stays open after this message (RFC 9112 §9.3).
pub(crate) fn keeps_alive(version: Version, headers: &HeaderMap) -> bool {
    let says = |word: &str| list::has(headers, header::CONNECTION, word);
    if version == Version::HTTP_10 { says("keep-alive") && !says("close") } else { !says("close") }
}
