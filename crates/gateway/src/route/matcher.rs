//! Which requests a route takes, compiled.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use kernel::principal::Network;

use super::{HostPattern, PathPattern, query};
use crate::config::MatchConfig;

/// What a route is looked for by.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// In lower case, without port.
    pub host: &'a str,
    /// Normalised.
    pub path: &'a str,
    /// As sent, without the question mark.
    pub query: Option<&'a str>,
    /// The method.
    pub method: &'a Method,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The client's address, as far as trusted proxies vouch for it.
    pub client: IpAddr,
}

/// Which requests a route takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matcher {
    /// One of these hosts; none means any.
    pub hosts: Vec<HostPattern>,
    /// This path.
    pub path: PathPattern,
    /// One of these methods; none means any. `GET` includes `HEAD`.
    pub methods: Vec<Method>,
    /// All of these fields; without a value, any value.
    pub headers: Vec<(HeaderName, Option<HeaderValue>)>,
    /// All of these query parameters, decoded; without a value, any value.
    pub query: Vec<(Box<str>, Option<Box<str>>)>,
    /// A client in one of these ranges; none means any client.
    pub sources: Vec<Network>,
}

impl Matcher {
    /// Every request for this path.
    pub const fn path(path: PathPattern) -> Self {
        Self {
            hosts: Vec::new(),
            path,
            methods: Vec::new(),
            headers: Vec::new(),
            query: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// The compiled form; `None` where validation has found something wrong.
    pub fn compile(config: &MatchConfig) -> Option<Self> {
        let exact = |value: &String| (value != "*").then(|| value.clone());
        let headers = config.headers.iter().map(|(name, value)| {
            let value = exact(value).map(|value| HeaderValue::from_str(&value)).transpose().ok()?;
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
        });
        let query = config.query.iter().map(|(name, value)| (name.as_str().into(), exact(value).map(Into::into)));
        Some(Self {
            hosts: config.host.0.iter().map(|host| host.parse().ok()).collect::<Option<_>>()?,
            path: config.path.parse().ok()?,
            methods: config.methods.iter().map(|m| Method::from_bytes(m.as_bytes()).ok()).collect::<Option<_>>()?,
            headers: headers.collect::<Option<_>>()?,
            query: query.collect(),
            sources: config.sources.clone(),
        })
    }

    /// Whether the request fits in everything but host and path, which the index has found.
    pub(super) fn takes(&self, asked: &Asked<'_>) -> bool {
        self.takes_method(asked.method) && self.takes_rest(asked)
    }

    /// As [`Matcher::takes`], whatever the method.
    pub(super) fn takes_rest(&self, asked: &Asked<'_>) -> bool {
        self.takes_headers(asked.headers)
            && self.query.iter().all(|(name, value)| query::has(asked.query, name, value.as_deref()))
            && (self.sources.is_empty() || self.sources.iter().any(|network| network.contains(asked.client)))
    }

    fn takes_method(&self, method: &Method) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|own| includes(own, method))
    }

    fn takes_headers(&self, headers: &HeaderMap) -> bool {
        self.headers.iter().all(|(name, value)| match value {
            None => headers.contains_key(name),
            Some(value) => headers.get_all(name).iter().any(|sent| sent == value),
        })
    }

    /// How many conditions there are beside host, path and method: the more, the more specific.
    pub(super) fn conditions(&self) -> usize {
        self.headers.len() + self.query.len() + usize::from(!self.sources.is_empty())
    }

    /// How narrow the widest of the address ranges is; an IPv4 range counts as its IPv4-mapped one.
    pub(super) fn narrowness(&self) -> u8 {
        let bits = |network: &Network| network.prefix() + if network.address().is_ipv4() { 96 } else { 0 };
        self.sources.iter().map(bits).min().unwrap_or(0)
    }

    /// Whether every request that fits `other` in headers, query and source fits here too.
    pub(crate) fn covers_rest(&self, other: &Self) -> bool {
        fn implied<N: PartialEq, V: PartialEq>(own: &[(N, Option<V>)], others: &[(N, Option<V>)]) -> bool {
            own.iter().all(|(name, value)| {
                others.iter().any(|(n, v)| n == name && (value.is_none() || value.as_ref() == v.as_ref()))
            })
        }
        let within = |network: &Network| self.sources.iter().any(|own| own.covers(network));
        implied(&self.headers, &other.headers)
            && implied(&self.query, &other.query)
            && (self.sources.is_empty() || (!other.sources.is_empty() && other.sources.iter().all(within)))
    }

    /// Whether every request with this method, or with any when there is none, fits the methods here.
    pub(crate) fn covers_method(&self, method: Option<&Method>) -> bool {
        method.map_or(self.methods.is_empty(), |method| self.takes_method(method))
    }

    /// Whether some method fits both while neither is the more specific: naming methods beats naming none.
    pub(crate) fn methods_meet(&self, other: &Self) -> bool {
        match (self.methods.as_slice(), other.methods.as_slice()) {
            ([], []) => true,
            ([], _) | (_, []) => false,
            (own, others) => own.iter().any(|a| others.iter().any(|b| includes(a, b) || includes(b, a))),
        }
    }

    /// Whether some client fits both while neither is the more specific.
    pub(crate) fn sources_meet(&self, other: &Self) -> bool {
        let meet = |a: &Network, b: &Network| a.covers(b) || b.covers(a);
        match (self.sources.as_slice(), other.sources.as_slice()) {
            ([], []) => true,
            ([], _) | (_, []) => false,
            (own, others) => {
                self.narrowness() == other.narrowness() && own.iter().any(|a| others.iter().any(|b| meet(a, b)))
            }
        }
    }
}

/// Whether a route's method takes a request's: `GET` includes `HEAD`.
fn includes(own: &Method, asked: &Method) -> bool {
    own == asked || (own == Method::GET && asked == Method::HEAD)
}
