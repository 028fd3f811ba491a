//! Keeps the client's credential from the upstream.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::authn::{COOKIE, INSECURE_COOKIE};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Removes `Authorization`, `X-API-Key` and, of the cookies, the session's alone.
pub(super) fn strip(headers: &mut HeaderMap) {
    headers.remove(header::AUTHORIZATION);
    headers.remove(X_API_KEY);
    if headers.get_all(header::COOKIE).iter().any(|value| has_session(value.as_bytes())) {
        let kept: Vec<Vec<u8>> =
            headers.get_all(header::COOKIE).iter().map(|value| without_session(value.as_bytes())).collect();
        headers.remove(header::COOKIE);
        for value in kept.into_iter().filter(|value| !value.is_empty()) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(header::COOKIE, value);
            }
        }
    }
}

/// Whether an upstream is given cookies of this request: the session's is kept from it unless credentials are
/// forwarded.
pub(crate) fn has_cookies(headers: &HeaderMap, forwards_credentials: bool) -> bool {
    let mut pairs = headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|b| *b == b';'));
    pairs.any(|pair| !pair.trim_ascii().is_empty() && (forwards_credentials || !is_session(pair)))
}

/// Whether the pair is a session cookie, under either of its names.
fn is_session(pair: &[u8]) -> bool {
    let name = pair.split(|b| *b == b'=').next().unwrap_or_default().trim_ascii();
    name == COOKIE.as_bytes() || name == INSECURE_COOKIE.as_bytes()
}

/// Whether a `Cookie` or `Set-Cookie` value speaks of the session.
pub(super) fn has_session(value: &[u8]) -> bool {
    value.split(|b| *b == b';').any(is_session)
}

fn without_session(value: &[u8]) -> Vec<u8> {
    let kept: Vec<&[u8]> = value
        .split(|b| *b == b';')
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty() && !is_session(pair))
        .collect();
    kept.join(b"; ".as_slice())
}

/// Whether a `Set-Cookie` value sets the session cookie.
pub(super) fn sets_session(value: &[u8]) -> bool {
    is_session(value.split(|b| *b == b';').next().unwrap_or_default())
}
