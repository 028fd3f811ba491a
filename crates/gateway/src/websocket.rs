//! The handshake of a WebSocket, as HTTP/1.1 and as HTTP/2 write it (RFC 6455 §4, RFC 8441 §5).
//!
//! Inside the gate it is the one of HTTP/1.1, whichever came: so what looks at upgrades looks at one thing. The
//! key, which HTTP/2 does not have, is made and checked here.
//!
//! Deliberately absent: frames, which are the peers' own (but see [`crate::upstream::Tunnel`]), and every other
//! protocol that an extended CONNECT may ask for.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Extensions, HeaderMap, HeaderValue, Response, StatusCode, header};
use hyper::ext::Protocol;
use kernel::Random;

/// What it is called in `Upgrade` and `:protocol`.
pub(crate) const NAME: &str = "websocket";

/// What a key is joined with (RFC 6455 §1.3).
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Whether `Upgrade` names it, and nothing else.
pub(crate) fn is_named(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(NAME.as_bytes()))
}

/// Whether an HTTP/2 request's `:protocol` names it.
pub(crate) fn is_connect(extensions: &Extensions) -> bool {
    extensions.get::<Protocol>().is_some_and(|protocol| protocol.as_ref() == NAME.as_bytes())
}

/// A key of our own.
pub(crate) fn new_key(random: &dyn Random) -> HeaderValue {
    let key: [u8; 16] = kernel::random::bytes(random);
    HeaderValue::try_from(STANDARD.encode(key)).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Makes an upgrade of an extended CONNECT.
pub(crate) fn from_connect(headers: &mut HeaderMap, key: HeaderValue) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(NAME));
    headers.insert(header::SEC_WEBSOCKET_KEY, key);
}

/// Makes an extended CONNECT of an upgrade. Returns the key.
pub(crate) fn into_connect(headers: &mut HeaderMap) -> Option<HeaderValue> {
    headers.remove(header::CONNECTION);
    headers.remove(header::UPGRADE);
    headers.remove(header::SEC_WEBSOCKET_KEY)
}

/// Makes the answer of HTTP/1.1 of one to an extended CONNECT.
pub(crate) fn into_switched<B>(response: &mut Response<B>, key: Option<&HeaderValue>) {
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(NAME));
    if let Some(accept) = key.and_then(accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
}

/// Makes the answer to an extended CONNECT of one of HTTP/1.1. `false`: it does not accept this key.
pub(crate) fn from_switched<B>(response: &mut Response<B>, key: &HeaderValue) -> bool {
    let headers = response.headers_mut();
    headers.remove(header::CONNECTION);
    headers.remove(header::UPGRADE);
    let accepted = headers.remove(header::SEC_WEBSOCKET_ACCEPT).is_some_and(|said| Some(said) == accept(key));
    *response.status_mut() = StatusCode::OK;
    accepted
}

/// What accepts a key (RFC 6455 §4.2.2). SHA-1 because the protocol says so: it proves that the peer has read the
/// handshake, no secret.
fn accept(key: &HeaderValue) -> Option<HeaderValue> {
    let joined = [key.as_bytes(), MAGIC].concat();
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &joined);
    HeaderValue::try_from(STANDARD.encode(hash)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_accepted_as_the_standard_shows() {
        let key = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept(&key).expect("text"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let mut response = Response::new(());
        into_switched(&mut response, Some(&key));
        assert_eq!(response.status(), 101);
        assert!(from_switched(&mut response.clone(), &key));
        assert!(!from_switched(&mut response, &HeaderValue::from_static("another")));
        assert!(response.headers().is_empty());
        assert!(!from_switched(&mut response, &key), "without a word it is not accepted");
    }
}
