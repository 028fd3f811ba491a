//! Reads and judges the head of a request (RFC 9112 §3, §5).
//!
//! Everything that a forgiving reader would repair is refused here: both lengths at once, repeated or odd
//! lengths, other transfer codings, no host or two, a host that contradicts the target, lines that are
//! not ended by CR LF. The verdict does not depend on how the bytes were cut into reads.

use std::mem::MaybeUninit;

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, request::Parts};

use super::decode::Framing;
use crate::{
    guard::{self, BadHead, HeadLimits, MAX_HEADERS},
    list,
};

/// Method, two spaces and the version around a target.
const REQUEST_LINE_EXTRA: usize = 64;

/// Room for what is added on the way to an upstream.
const EXTRA_FIELDS: usize = 14;

/// A request head that makes sense.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) parts: Box<Parts>,
    pub(crate) framing: Framing,
    /// Whether the client wants to send another request on the connection (RFC 9112 §9.3).
    pub(crate) keep_alive: bool,
}

/// Takes heads from what has arrived.
#[derive(Debug, Default)]
pub(crate) struct HeadReader(HeadProgress);

impl HeadReader {
    /// The head that the input begins with; `None` when it is not complete. Whoever adds to the input shows
    /// all of it again.
    pub(crate) fn take(&mut self, input: &mut Bytes, limits: &HeadLimits) -> Result<Option<RequestHead>, BadHead> {
        let Some(end) = find_end(input, &mut self.0, limits)? else { return Ok(None) };
        let start = std::mem::take(&mut self.0).start;
        let head = input.slice(start..end);
        let judged = judge(&head, limits)?;
        input.advance(end);
        Ok(Some(judged))
    }
}

/// How far an incomplete head has been looked at, so that a slow one is not looked at again and again.
#[derive(Clone, Copy, Debug, Default)]
struct HeadProgress {
    /// Start of the line that is not complete yet.
    line: usize,
    /// Bytes without a line feed behind `line`.
    seen: usize,
    /// Start of the request line: one empty line before it is tolerated (RFC 9112 §2.2).
    start: usize,
    /// Whether the request line is complete.
    in_fields: bool,
}

/// Judges a head that ends with its empty line, every line of which ends in CR LF.
fn judge(head: &Bytes, limits: &HeadLimits) -> Result<RequestHead, BadHead> {
    let mut fields = [MaybeUninit::uninit(); MAX_HEADERS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(head, &mut fields) {
        // A complete head that ends earlier than its empty line would mean that two readers disagree.
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Ok(_) => return Err(BadHead::RequestLine),
        Err(httparse::Error::TooManyHeaders) => return Err(BadHead::TooLarge),
        Err(httparse::Error::HeaderName | httparse::Error::HeaderValue | httparse::Error::NewLine) => {
            return Err(BadHead::Field);
        }
        Err(httparse::Error::Version) => return Err(BadHead::Version),
        Err(_) => return Err(BadHead::RequestLine),
    }
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(BadHead::RequestLine);
    };
    if request.headers.len() > limits.headers {
        return Err(BadHead::TooLarge);
    }
    if target.len() > limits.target {
        return Err(BadHead::TargetTooLong);
    }
    if matches!(method, "CONNECT" | "TRACE") {
        return Err(BadHead::Method);
    }
    let fields = Fields::collect(request.headers)?;
    check_target(method, target, fields.host.ok_or(BadHead::Host)?)?;
    let framing = match (fields.length, fields.chunked) {
        (Some(_), true) => return Err(BadHead::TwoLengths),
        (_, true) if version == 0 => return Err(BadHead::TransferCoding),
        (_, true) => Framing::Chunked,
        (length, false) => Framing::Length(length.unwrap_or(0)),
    };
    let keep_alive = !fields.close && (version == 1 || fields.keep_alive);

    let mut parts = Box::new(Request::new(()).into_parts().0);
    parts.method = Method::from_bytes(method.as_bytes()).map_err(|_| BadHead::RequestLine)?;
    parts.uri = Uri::from_maybe_shared(head.slice_ref(target.as_bytes())).map_err(|_| BadHead::Target)?;
    parts.version = if version == 0 { Version::HTTP_10 } else { Version::HTTP_11 };
    parts.headers = HeaderMap::with_capacity(request.headers.len() + EXTRA_FIELDS);
    for field in request.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| BadHead::Field)?;
        let value = HeaderValue::from_maybe_shared(head.slice_ref(field.value)).map_err(|_| BadHead::Field)?;
        parts.headers.append(name, value);
    }
    Ok(RequestHead { parts, framing, keep_alive })
}

/// The fields that decide about framing and host.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a str>,
    length: Option<u64>,
    chunked: bool,
    keep_alive: bool,
    close: bool,
}

impl<'a> Fields<'a> {
    fn collect(headers: &[httparse::Header<'a>]) -> Result<Self, BadHead> {
        let mut fields = Self::default();
        let (mut lengths, mut codings) = (0, 0);
        let mut bad_length = false;
        for header in headers {
            // By length first: most fields are told apart without looking at a letter.
            match header.name.len() {
                4 if header.name.eq_ignore_ascii_case("host") => {
                    let text = std::str::from_utf8(header.value).map_err(|_| BadHead::Host)?;
                    if fields.host.replace(text).is_some() || guard::parse_host(text).is_none() {
                        return Err(BadHead::Host);
                    }
                }
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    for token in list::members(header.value) {
                        fields.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
                        fields.close |= token.eq_ignore_ascii_case(b"close");
                    }
                }
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    lengths += 1;
                    fields.length = parse_length(header.value);
                    bad_length |= fields.length.is_none();
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    codings += 1;
                    fields.chunked |= header.value.eq_ignore_ascii_case(b"chunked");
                }
                _ => {}
            }
        }
        // Both at once is named first: it is the one that is an attack for certain.
        if lengths > 0 && codings > 0 {
            return Err(BadHead::TwoLengths);
        }
        if lengths > 1 || bad_length {
            return Err(BadHead::Length);
        }
        if codings > 1 || (codings == 1 && !fields.chunked) {
            return Err(BadHead::TransferCoding);
        }
        Ok(fields)
    }
}

/// `1*DIGIT` (RFC 9110 §8.6), without leading zeros, which some read as octal.
fn parse_length(value: &[u8]) -> Option<u64> {
    let plain = !value.is_empty()
        && value.len() <= 19
        && value.iter().all(u8::is_ascii_digit)
        && (value.len() == 1 || value[0] != b'0');
    let length = std::str::from_utf8(value).ok().filter(|_| plain)?.parse().ok()?;
    // Leaves room for sums.
    (length <= 1 << 60).then_some(length)
}

fn check_target(method: &str, target: &str, host: &str) -> Result<(), BadHead> {
    if !guard::is_plain_target(target) {
        return Err(BadHead::Target);
    }
    if target.starts_with('/') || (target == "*" && method == "OPTIONS") {
        return Ok(());
    }
    let (scheme, rest) = target.split_once("://").ok_or(BadHead::Target)?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(BadHead::Target);
    }
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    if !authority.eq_ignore_ascii_case(host) {
        return Err(BadHead::HostMismatch);
    }
    Ok(())
}

/// The end of the head that begins `data`, line by line, without reading any byte twice. Bounds are
/// checked by position, so that the answer does not depend on how much has arrived.
fn find_end(data: &[u8], progress: &mut HeadProgress, limits: &HeadLimits) -> Result<Option<usize>, BadHead> {
    let line_limit = limits.head.min(limits.target + REQUEST_LINE_EXTRA);
    loop {
        let from = progress.line + progress.seen;
        let found = memchr::memchr(b'\n', &data[from..]).map(|i| from + i);
        let end = found.map_or(data.len(), |i| i + 1);
        if !progress.in_fields && end - progress.start > line_limit {
            return Err(BadHead::TargetTooLong);
        }
        if end - progress.start > limits.head {
            return Err(BadHead::TooLarge);
        }
        let Some(feed) = found else {
            progress.seen = data.len() - progress.line;
            return Ok(None);
        };
        let line = &data[progress.line..feed];
        let Some(line) = line.strip_suffix(b"\r") else { return Err(BadHead::LineEnding) };
        if line.is_empty() && progress.in_fields {
            return Ok(Some(end));
        }
        if line.is_empty() {
            if progress.start > 0 {
                return Err(BadHead::RequestLine);
            }
            progress.start = end;
        } else {
            progress.in_fields = true;
        }
        (progress.line, progress.seen) = (end, 0);
    }
}
