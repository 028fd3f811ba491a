//! Which header fields end here.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::list;

/// Everything the gate says about the caller.
pub(super) const OWN_PREFIX: &str = "x-portcullis-";

/// Fields that concern one connection (RFC 9110 §7.6.1), and what asks only the next hop.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
            | "expect"
    )
}

/// Fields by which a proxy tells where a request came from.
pub(super) fn is_forwarded(name: &str) -> bool {
    name.starts_with("x-forwarded-") || matches!(name, "forwarded" | "x-real-ip")
}

/// Fields that would be taken for one the gate vouches for, on a server that reads `_` as `-`.
pub(crate) fn is_disguised(name: &str) -> bool {
    if !name.contains('_') {
        return false;
    }
    let plain = name.replace('_', "-");
    plain.starts_with(OWN_PREFIX)
        || is_hop_by_hop(&plain)
        || is_forwarded(&plain)
        || matches!(plain.as_str(), "content-length" | "x-request-id" | "x-api-key" | "x-tenant-id")
}

/// Removes what no upstream may see from a client's request. `forwarded`: also what proxies say.
pub(super) fn strip_request(headers: &mut HeaderMap, forwarded: bool) {
    strip(headers, |name| {
        is_hop_by_hop(name) || name.starts_with(OWN_PREFIX) || (forwarded && is_forwarded(name)) || is_disguised(name)
    });
}

/// Removes what no client may see from an upstream's response.
pub(super) fn strip_response(headers: &mut HeaderMap) {
    // With a transfer coding the length is wrong by definition (RFC 9112 §6.3).
    if headers.contains_key(header::TRANSFER_ENCODING) {
        headers.remove(header::CONTENT_LENGTH);
    }
    strip(headers, |name| is_hop_by_hop(name) || name.starts_with(OWN_PREFIX));
}

/// Removes from trailers what must not be in them (RFC 9110 §6.5.1) or would pass for the gate's word.
pub(crate) fn strip_trailers(trailers: &mut HeaderMap) {
    strip(trailers, |name| {
        is_hop_by_hop(name)
            || is_forwarded(name)
            || is_disguised(name)
            || name.starts_with(OWN_PREFIX)
            || matches!(
                name,
                "content-length"
                    | "content-encoding"
                    | "content-type"
                    | "host"
                    | "authorization"
                    | "cookie"
                    | "trailer"
            )
    });
}

fn strip(headers: &mut HeaderMap, unwanted: impl Fn(&str) -> bool) {
    // What Connection names concerns this connection too; but it cannot take away framing or host.
    let mut names: Vec<HeaderName> = Vec::new();
    for value in headers.get_all(header::CONNECTION) {
        names.extend(tokens(value).filter(|name| !matches!(*name, header::CONTENT_LENGTH | header::HOST)));
    }
    names.extend(headers.keys().filter(|name| unwanted(name.as_str())).cloned());
    for name in names {
        headers.remove(name);
    }
}

/// The field names in a `Connection` value.
fn tokens(value: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    list::members(value.as_bytes()).filter_map(|token| HeaderName::from_bytes(token).ok())
}

/// Whether `Connection` asks to upgrade.
pub(super) fn connection_upgrades(headers: &HeaderMap) -> bool {
    list::has(headers, header::CONNECTION, "upgrade")
}

/// Whether a request's field is the gate's own to write: no transform may touch or read it.
pub(crate) fn is_reserved_in_request(name: &str) -> bool {
    is_hop_by_hop(name)
        || name.starts_with(OWN_PREFIX)
        || is_forwarded(name)
        || is_disguised(name)
        || matches!(name, "host" | "content-length" | "x-request-id" | "trailer")
}

/// Whether a response's field is the gate's own to write.
pub(crate) fn is_reserved_in_response(name: &str) -> bool {
    is_hop_by_hop(name)
        || name.starts_with(OWN_PREFIX)
        || matches!(name, "content-length" | "x-request-id" | "trailer" | "date")
}
