//! Proof that a request with a session cookie was caused by a page of ours.
//!
//! Browsers say where a request comes from in headers that pages cannot set: `Sec-Fetch-Site` (Fetch
//! Metadata) and `Origin` (RFC 6454). One of them must say "here". No token in a form is needed, and a
//! client that is no browser uses an access token.

use http::{HeaderValue, Method, header};

use super::Request;

/// Whether the request is harmless by its method, or proven to come from our own origin. An upgrade to
/// WebSocket is a GET that opens a channel, and browsers let any page try it: it needs the proof too. Proxies
/// that ask about it have taken `Upgrade` away, but not the key.
pub(super) fn is_proven(request: &Request<'_>) -> bool {
    let safe = matches!(*request.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let opens = [header::UPGRADE, header::SEC_WEBSOCKET_KEY].iter().any(|name| request.headers.contains_key(name));
    (safe && !opens) || is_same_origin(request)
}

fn is_same_origin(request: &Request<'_>) -> bool {
    let mut sites = request.headers.get_all("sec-fetch-site").iter();
    match (sites.next(), sites.next()) {
        // `none`: the user did it, not a page.
        (Some(site), None) => return site == "same-origin" || site == "none",
        (Some(_), Some(_)) => return false,
        (None, _) => {}
    }
    let mut origins = request.headers.get_all(header::ORIGIN).iter();
    match (origins.next().map(HeaderValue::to_str), origins.next()) {
        (Some(Ok(origin)), None) => is_own(origin, request.host, request.secure),
        _ => false,
    }
}

/// Whether the origin is our own scheme, host and port.
fn is_own(origin: &str, host: &str, secure: bool) -> bool {
    let (scheme, default_port) = if secure { ("https", ":443") } else { ("http", ":80") };
    let Some((their_scheme, authority)) = origin.split_once("://") else { return false };
    let bare =
        |authority: &'_ str| authority.len() - if authority.ends_with(default_port) { default_port.len() } else { 0 };
    !host.is_empty() && their_scheme == scheme && authority[..bare(authority)].eq_ignore_ascii_case(&host[..bare(host)])
}
