//! Keeps the client's credential from the upstream, and our cookies ours.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::authn::{COOKIE, DEVICE_COOKIE, INSECURE_COOKIE};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Removes `Authorization`, `X-API-Key` and, of the cookies, the session's alone.
pub(super) fn strip(headers: &mut HeaderMap) {
    headers.remove(header::AUTHORIZATION);
    headers.remove(X_API_KEY);
    strip_cookies(headers, &[COOKIE, INSECURE_COOKIE]);
}

/// Removes the device's cookie. It is no credential that a route could forward: whoever has it looks like a
/// browser that its user may trust.
pub(super) fn strip_device(headers: &mut HeaderMap) {
    strip_cookies(headers, &[DEVICE_COOKIE]);
}

fn strip_cookies(headers: &mut HeaderMap, names: &[&str]) {
    let speaks = |value: &HeaderValue| value.as_bytes().split(|b| *b == b';').any(|pair| is_one_of(names, pair));
    if headers.get_all(header::COOKIE).iter().any(speaks) {
        let kept: Vec<Vec<u8>> =
            headers.get_all(header::COOKIE).iter().map(|value| without(names, value.as_bytes())).collect();
        headers.remove(header::COOKIE);
        for value in kept.into_iter().filter(|value| !value.is_empty()) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(header::COOKIE, value);
            }
        }
    }
}

/// Whether an upstream is given cookies of this request: the device's is kept from it, and the session's unless
/// credentials are forwarded.
pub(crate) fn has_cookies(headers: &HeaderMap, forwards_credentials: bool) -> bool {
    let kept: &[&str] = if forwards_credentials { &[DEVICE_COOKIE] } else { &[DEVICE_COOKIE, COOKIE, INSECURE_COOKIE] };
    let mut pairs = headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|b| *b == b';'));
    pairs.any(|pair| !pair.trim_ascii().is_empty() && !is_one_of(kept, pair))
}

/// Whether the pair is a cookie of one of these names.
fn is_one_of(names: &[&str], pair: &[u8]) -> bool {
    let name = pair.split(|b| *b == b'=').next().unwrap_or_default().trim_ascii();
    names.iter().any(|ours| name == ours.as_bytes())
}

fn without(names: &[&str], value: &[u8]) -> Vec<u8> {
    let kept: Vec<&[u8]> = value
        .split(|b| *b == b';')
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty() && !is_one_of(names, pair))
        .collect();
    kept.join(b"; ".as_slice())
}

/// Whether a `Set-Cookie` value sets a cookie of ours.
pub(super) fn sets_ours(value: &[u8]) -> bool {
    let pair = value.split(|b| *b == b';').next().unwrap_or_default();
    is_one_of(&[COOKIE, INSECURE_COOKIE, DEVICE_COOKIE], pair)
}
