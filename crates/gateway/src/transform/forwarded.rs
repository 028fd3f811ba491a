//! Where a request came from, as far as it can be believed.

use std::{net::IpAddr, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use kernel::principal::Network;

use crate::certificate::ClientCertificate;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Longest chain of proxies that is followed.
const MAX_HOPS: usize = 16;

/// Who is at the other end of a connection. Made once for each.
#[derive(Debug)]
pub(crate) struct Peer {
    address: IpAddr,
    trusted: bool,
    /// What TLS has shown, where it is spoken here.
    tls: Option<Box<Secured>>,
    /// `X-Forwarded-For` and `Forwarded`, as they are for every request of a peer that is not a proxy.
    forwarded_for: HeaderValue,
    forwarded: HeaderValue,
}

/// What TLS has shown of a peer, and asks of it.
#[derive(Debug)]
struct Secured {
    certificate: Option<Arc<ClientCertificate>>,
    hsts: Option<HeaderValue>,
}

/// The client behind a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Client {
    /// Its address, as far as trusted proxies vouch for it.
    pub(crate) ip: IpAddr,
    /// Whether it reached us, or a trusted proxy, over TLS.
    pub(crate) secure: bool,
}

impl Peer {
    /// The peer at this address, which may be one of the trusted proxies.
    pub(crate) fn new(address: IpAddr, trusted: &Arc<[Network]>) -> Self {
        let address = address.to_canonical();
        let text = |text: String| HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        Self {
            address,
            trusted: trusted.iter().any(|network| network.contains(address)),
            tls: None,
            forwarded_for: text(address.to_string()),
            forwarded: text(element(address, false)),
        }
    }

    /// The same peer, having come over TLS: with the certificate that it has proven to be its own, if any,
    /// and what it is to be told about the use of TLS.
    pub(crate) fn secured(self, certificate: Option<Arc<ClientCertificate>>, hsts: Option<HeaderValue>) -> Self {
        let forwarded = HeaderValue::try_from(element(self.address, true)).unwrap_or_else(|_| self.forwarded.clone());
        Self { tls: Some(Box::new(Secured { certificate, hsts })), forwarded, ..self }
    }

    /// The verified certificate of the connection.
    pub(crate) fn certificate(&self) -> Option<&ClientCertificate> {
        self.tls.as_ref()?.certificate.as_deref()
    }

    /// `Strict-Transport-Security` for responses to it.
    pub(crate) fn hsts(&self) -> Option<&HeaderValue> {
        self.tls.as_ref()?.hsts.as_ref()
    }

    /// Whether its word about clients is believed.
    pub(crate) const fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// The client behind a request of this peer: itself, or whom the chain of trusted proxies names.
    pub(crate) fn client(&self, headers: &HeaderMap, trusted: &[Network]) -> Client {
        let secure = self.tls.is_some();
        if !self.trusted {
            return Client { ip: self.address, secure };
        }
        Client { ip: self.walk(headers, trusted), secure: proto(headers).map_or(secure, |p| p == "https") }
    }

    /// From the nearest hop outwards, the first address that is no trusted proxy. What stands beyond it
    /// anybody could have written.
    fn walk(&self, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
        let mut client = self.address;
        let values: Vec<&str> = headers.get_all(X_FORWARDED_FOR).iter().map_while(|v| v.to_str().ok()).collect();
        let hops = values.iter().rev().flat_map(|value| value.rsplit(',')).take(MAX_HOPS);
        for hop in hops {
            let Some(address) = parse_hop(hop.trim()) else { break };
            client = address;
            if !trusted.iter().any(|network| network.contains(address)) {
                break;
            }
        }
        client
    }

    /// Writes where the request came from. What a trusted proxy says is kept and added to; what anybody
    /// else says has been removed before.
    pub(super) fn write(&self, headers: &mut HeaderMap, client: Client, host: &HeaderValue) {
        if self.trusted {
            append(headers, X_FORWARDED_FOR, &self.forwarded_for);
            append(
                headers,
                header::FORWARDED,
                &HeaderValue::try_from(element(self.address, client.secure)).unwrap_or_else(|_| self.forwarded.clone()),
            );
        } else {
            headers.insert(X_FORWARDED_FOR, self.forwarded_for.clone());
            headers.insert(header::FORWARDED, self.forwarded.clone());
        }
        let proto = HeaderValue::from_static(if client.secure { "https" } else { "http" });
        headers.insert(X_FORWARDED_PROTO, proto);
        if !(self.trusted && headers.contains_key(X_FORWARDED_HOST)) {
            headers.insert(X_FORWARDED_HOST, host.clone());
        }
    }
}

/// One element of `Forwarded` (RFC 7239 §4).
fn element(address: IpAddr, secure: bool) -> String {
    let proto = if secure { "https" } else { "http" };
    match address {
        IpAddr::V4(v4) => format!("for={v4};proto={proto}"),
        IpAddr::V6(v6) => format!("for=\"[{v6}]\";proto={proto}"),
    }
}

/// The last scheme in `X-Forwarded-Proto`: what the nearest proxy says.
fn proto(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get_all(X_FORWARDED_PROTO).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim)
}

/// An address as proxies write it: bare, `[v6]`, or with a port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(address.to_canonical())
}

/// Appends to the list in a field, in one line.
fn append(headers: &mut HeaderMap, name: HeaderName, value: &HeaderValue) {
    let mut list: Vec<u8> = Vec::new();
    for part in headers.get_all(&name).iter().chain([value]) {
        if !list.is_empty() {
            list.extend_from_slice(b", ");
        }
        list.extend_from_slice(part.as_bytes());
    }
    headers.insert(name, HeaderValue::from_bytes(&list).unwrap_or_else(|_| value.clone()));
}
