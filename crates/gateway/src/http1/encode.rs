//! Writes messages down (RFC 9112).
//!
//! What frames a message is written here and nowhere else: `Content-Length`, `Transfer-Encoding` and
//! `Connection` among the fields are left out, and written anew from what is really sent.

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

/// How the body that follows a head will be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sent {
    /// None, and nothing is said about it.
    Nothing,
    /// So many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
    /// Until the connection closes.
    UntilClose,
    /// None, though this length is announced: the answer to a `HEAD`, or 304 (RFC 9110 §8.6).
    Announced(u64),
}

/// A request line and its fields.
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a Method,
    /// In origin form.
    pub(crate) target: &'a str,
    pub(crate) host: &'a HeaderValue,
    pub(crate) headers: &'a HeaderMap,
    /// Whether it asks to change the protocol, to the one that its fields name.
    pub(crate) upgrade: bool,
}

/// Writes a request's head.
pub(crate) fn request(out: &mut Vec<u8>, head: &RequestHead<'_>, body: Sent) {
    put(out, &[head.method.as_str().as_bytes(), b" ", head.target.as_bytes(), b" HTTP/1.1\r\nhost: "]);
    put(out, &[head.host.as_bytes(), b"\r\n"]);
    fields(out, head.headers);
    if head.upgrade {
        out.extend_from_slice(b"connection: upgrade\r\n");
    }
    framing(out, body);
    out.extend_from_slice(b"\r\n");
}

/// A status line and its fields.
pub(crate) struct ResponseHead<'a> {
    pub(crate) version: Version,
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    /// What is said about the connection, if anything.
    pub(crate) connection: Option<&'static str>,
    /// The time, where the fields do not say it.
    pub(crate) date: Option<&'a str>,
}

/// Writes a response's head.
pub(crate) fn response(out: &mut Vec<u8>, head: &ResponseHead<'_>, body: Sent) {
    let version: &[u8] = if head.version == Version::HTTP_10 { b"HTTP/1.0 " } else { b"HTTP/1.1 " };
    let reason = head.status.canonical_reason().unwrap_or("");
    put(out, &[version, head.status.as_str().as_bytes(), b" ", reason.as_bytes(), b"\r\n"]);
    fields(out, head.headers);
    if let Some(connection) = head.connection {
        put(out, &[b"connection: ", connection.as_bytes(), b"\r\n"]);
    }
    if let Some(date) = head.date {
        put(out, &[b"date: ", date.as_bytes(), b"\r\n"]);
    }
    framing(out, body);
    out.extend_from_slice(b"\r\n");
}

/// Writes a chunk's size.
pub(crate) fn chunk_size(out: &mut Vec<u8>, size: usize) {
    let mut digits = [0; 16];
    let mut at = digits.len();
    let mut left = size;
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdef"[left & 15];
        left >>= 4;
        if left == 0 {
            break;
        }
    }
    put(out, &[&digits[at..], b"\r\n"]);
}

/// Ends a chunked body.
pub(crate) fn last_chunk(out: &mut Vec<u8>, trailers: Option<&HeaderMap>) {
    out.extend_from_slice(b"0\r\n");
    if let Some(trailers) = trailers {
        fields(out, trailers);
    }
    out.extend_from_slice(b"\r\n");
}

fn fields(out: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        if matches!(*name, header::HOST | header::CONNECTION | header::CONTENT_LENGTH | header::TRANSFER_ENCODING) {
            continue;
        }
        put(out, &[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
}

fn framing(out: &mut Vec<u8>, body: Sent) {
    match body {
        Sent::Nothing | Sent::UntilClose => {}
        Sent::Length(length) | Sent::Announced(length) => {
            put(out, &[b"content-length: ", itoa::Buffer::new().format(length).as_bytes(), b"\r\n"]);
        }
        Sent::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
    }
}

fn put(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    out.reserve(pieces.iter().map(|piece| piece.len()).sum());
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}
