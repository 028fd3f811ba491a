//! Writes messages down (RFC 9112).
//!
//! What frames a message is written here and nowhere else: a `Content-Length` or `Transfer-Encoding` among
//! the fields is left out and written anew from what is really sent.

use http::{HeaderMap, HeaderValue, Method, header};

/// How the body that follows a head will be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sent {
    /// None, and nothing is said about it.
    Nothing,
    /// So many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
}

/// A request line and its fields.
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a Method,
    /// In origin form.
    pub(crate) target: &'a str,
    pub(crate) host: &'a HeaderValue,
    pub(crate) headers: &'a HeaderMap,
}

/// Writes a request's head.
pub(crate) fn request(out: &mut Vec<u8>, head: &RequestHead<'_>, body: Sent) {
    put(out, &[head.method.as_str().as_bytes(), b" ", head.target.as_bytes(), b" HTTP/1.1\r\nhost: "]);
    put(out, &[head.host.as_bytes(), b"\r\n"]);
    fields(out, head.headers);
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
        if matches!(*name, header::HOST | header::CONTENT_LENGTH | header::TRANSFER_ENCODING) {
            continue;
        }
        put(out, &[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
}

fn framing(out: &mut Vec<u8>, body: Sent) {
    match body {
        Sent::Nothing => {}
        Sent::Length(length) => {
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
