//! The request, as the upstream is to see it.

use http::{HeaderMap, HeaderValue, Version, header, uri::PathAndQuery};
use kernel::{Principal, edge::Tenant};

use crate::websocket;

use super::{Assertions, Client, Peer, credentials, headers, identity};

/// Everything that goes into a request for an upstream, beside its headers.
pub(crate) struct Onward<'a> {
    pub(crate) peer: &'a Peer,
    pub(crate) client: Client,
    pub(crate) host: &'a HeaderValue,
    pub(crate) request_id: &'a HeaderValue,
    pub(crate) principal: Option<&'a Principal>,
    pub(crate) tenant: &'a Tenant,
    /// The upstream's name.
    pub(crate) upstream: &'a str,
    pub(crate) assertions: &'a dyn Assertions,
    pub(crate) forward_credentials: bool,
    /// Whether the protocol may change.
    pub(crate) upgrade: bool,
    /// Whether the upstream is spoken to in HTTP/2.
    pub(crate) http2: bool,
}

/// Whether the client asks to change the protocol, to one that can be passed through: not to HTTP/2,
/// which the gate would have to speak itself.
pub(crate) fn is_upgrade(request: &http::request::Parts, has_body: bool) -> bool {
    let fields = &request.headers;
    let may = request.version == Version::HTTP_11 || websocket::is_connect(&request.extensions);
    may && !has_body
        && headers::connection_upgrades(fields)
        && fields.get(header::UPGRADE).is_some_and(|to| !to.as_bytes().eq_ignore_ascii_case(b"h2c"))
}

/// Removes what no service may see, in this process or behind it.
pub(crate) fn clean(fields: &mut HeaderMap, peer: &Peer) {
    headers::strip_request(fields, !peer.is_trusted());
}

/// Turns the client's headers into those for an upstream.
pub(crate) fn onward(fields: &mut HeaderMap, onward: &Onward<'_>) {
    let upgrade = onward.upgrade.then(|| fields.get(header::UPGRADE).cloned()).flatten();
    let trailers = fields.get(header::TE).is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"));
    clean(fields, onward.peer);
    fields.remove(header::HOST);
    if let Some(protocol) = upgrade {
        fields.insert(header::UPGRADE, protocol);
        fields.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    }
    if trailers && onward.http2 {
        // gRPC needs to be told that trailers will be understood all the way.
        fields.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    join_cookies(fields);
    credentials::strip_device(fields);
    if !onward.forward_credentials {
        credentials::strip(fields);
    }
    onward.peer.write(fields, onward.client, onward.host);
    fields.insert("x-request-id", onward.request_id.clone());
    identity::write(fields, onward.principal, onward.tenant, onward.upstream, onward.assertions);
    if let Some(certificate) = onward.peer.certificate() {
        identity::write_certificate(fields, certificate);
    }
}

/// HTTP/2 clients may send cookies apart, HTTP/1 servers need not understand that (RFC 9113 §8.2.3).
fn join_cookies(fields: &mut HeaderMap) {
    let mut values = fields.get_all(header::COOKIE).iter();
    if values.next().is_none() || values.next().is_none() {
        return;
    }
    let parts: Vec<&[u8]> = fields.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&parts.join(b"; ".as_slice())) {
        fields.insert(header::COOKIE, joined);
    }
}

/// The target for the upstream: the routed path without the prefix that the route strips, and the query
/// as sent. `None` only if they are no target, which a normalised path always is.
pub(crate) fn target(path: &str, query: Option<&str>, strip_prefix: Option<&str>) -> Option<PathAndQuery> {
    let rest = strip_prefix.and_then(|prefix| path.strip_prefix(prefix)).unwrap_or(path);
    let mut text = String::with_capacity(rest.len() + query.map_or(0, |q| q.len() + 1) + 1);
    if !rest.starts_with('/') {
        text.push('/');
    }
    text.push_str(rest);
    if let Some(query) = query {
        text.push('?');
        text.push_str(query);
    }
    PathAndQuery::try_from(text).ok()
}
