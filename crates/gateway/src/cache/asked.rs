//! What a request asks for, and whether it may be answered from memory.
//!
//! Invariant: whatever an answer may depend on and that a client decides is part of the key, is kept from
//! the service, or keeps the request away from the cache. What an unkeyed field could do to an answer, every
//! later visitor would get (cache poisoning).

use http::{HeaderMap, HeaderName, HeaderValue, Method, header, uri::PathAndQuery};
use kernel::{Principal, Subject, TenantId};

use super::{
    CacheBy, RouteCache,
    directives::RequestControl,
    freshness::{Audience, Freshness},
    key::{Key, Parts},
    status::Why,
};
use crate::transform::{self, FilledRequest};

/// A request, as the service would see it.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) host: &'a HeaderValue,
    pub(crate) secure: bool,
    /// Whether what it says about forwarding is believed.
    pub(crate) proxy: bool,
    /// Whether it has a body, or asks to change the protocol.
    pub(crate) unusual: bool,
    pub(crate) tenant: TenantId,
    pub(crate) principal: Option<&'a Principal>,
    /// Whether the service is told of a client certificate.
    pub(crate) certificate: bool,
    /// Whether the service is given the client's credential.
    pub(crate) forwards_credentials: bool,
    /// Whether the gate itself says which pages may read the answer.
    pub(crate) cors: bool,
    pub(crate) target: &'a PathAndQuery,
    pub(crate) upstream: &'a str,
    pub(crate) version: Option<&'a str>,
    pub(crate) filled: &'a FilledRequest,
}

/// A request that may be answered from memory.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(super) address: Key,
    /// What answers of one address differ by, beside `Vary`.
    pub(super) context: Key,
    pub(super) audience: Audience,
    pub(super) control: RequestControl,
    pub(crate) head: bool,
}

/// A request that may not.
pub(crate) struct Past {
    pub(crate) why: Why,
    /// What it changes, when it succeeds (RFC 9111 §4.4).
    pub(crate) changes: Option<Address>,
}

/// What is asked for, whoever asks.
#[derive(Clone, Copy)]
pub(crate) struct Address(pub(super) Key);

/// Fields that ask for a part, or on a condition that only the service can judge.
const PARTIAL: [HeaderName; 4] = [header::RANGE, header::IF_RANGE, header::IF_MATCH, header::IF_UNMODIFIED_SINCE];

/// Fields that some services take for another method, path or host than those of the request.
const OVERRIDES: [&str; 8] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x-original-host",
    "x-host",
    "x-http-host-override",
];

impl Request<'_> {
    /// Reads it under the rules of its route.
    pub(crate) fn read(&self, cache: &RouteCache) -> Result<Asked, Past> {
        let address = self.address(cache);
        if !matches!(*self.method, Method::GET | Method::HEAD) {
            let changes = (!self.method.is_safe()).then_some(Address(address));
            return Err(Past { why: Why::Method, changes });
        }
        let has = |name: &str| self.headers.contains_key(name);
        if self.unusual || PARTIAL.iter().any(|name| self.headers.contains_key(name)) || OVERRIDES.into_iter().any(has)
        {
            return Err(Past { why: Why::Bypass, changes: None });
        }
        let audience = self.audience(cache);
        let Some(context) = self.context(cache, audience) else {
            return Err(Past { why: Why::Bypass, changes: None });
        };
        let mut control = RequestControl::read(self.headers);
        if !cache.client_control {
            control = RequestControl { no_store: control.no_store, ..RequestControl::default() };
        }
        Ok(Asked { address, context, audience, control, head: *self.method == Method::HEAD })
    }

    fn address(&self, cache: &RouteCache) -> Key {
        let mut parts = Parts::of("address");
        parts.add(&cache.generation);
        parts.add(self.tenant.uuid().as_bytes());
        parts.add(&self.host.as_bytes().to_ascii_lowercase());
        parts.add(self.target.as_str().as_bytes());
        parts.key()
    }

    /// Who would see an answer to it.
    fn audience(&self, cache: &RouteCache) -> Audience {
        let known = self.principal.is_some();
        let tells = self.certificate
            || self.headers.contains_key(header::AUTHORIZATION)
            || self.headers.contains_key("x-api-key")
            || transform::has_cookies(self.headers, self.forwards_credentials);
        match cache.by {
            CacheBy::User if known => Audience::Own,
            CacheBy::Tenant if known => Audience::Tenant,
            _ if known || tells => Audience::Known,
            _ => Audience::Stranger,
        }
    }

    /// Everything beside the address. `None`: it is more than can be told apart.
    fn context(&self, cache: &RouteCache, audience: Audience) -> Option<Key> {
        let mut parts = Parts::of("context");
        parts.add(self.upstream.as_bytes());
        parts.maybe(self.version.map(str::as_bytes));
        parts.add(&[u8::from(self.secure)]);
        self.filled.tell(|part| parts.add(part));
        match (audience, self.principal) {
            (Audience::Own, Some(principal)) => {
                let id = match &principal.subject {
                    Subject::User(id) => id.uuid(),
                    Subject::ApiKey(id) => id.uuid(),
                };
                parts.add(b"own");
                parts.add(id.as_bytes());
                // Whoever gains or loses a role sees other things from then on.
                parts.maybe(principal.api_key.map(|key| key.uuid()).as_ref().map(|id| &id.as_bytes()[..]));
                parts.maybe(principal.session.map(|session| session.uuid()).as_ref().map(|id| &id.as_bytes()[..]));
                parts.maybe(principal.impersonator.map(|actor| actor.uuid()).as_ref().map(|id| &id.as_bytes()[..]));
                // Whoever is narrowed has roles that the service is not told.
                parts.add(&[u8::from(principal.narrowed_to.is_some())]);
                parts.add(principal.scope.as_bytes());
                for role in principal.roles.iter() {
                    parts.add(role.as_str().as_bytes());
                }
            }
            (Audience::Tenant, _) => parts.add(b"tenant"),
            _ => parts.add(b"anybody"),
        }
        // Which pages may read an answer is said by the gate, or depends on who asks.
        if self.cors {
            parts.add(b"cors");
        } else if !parts.field(self.headers, &header::ORIGIN) {
            return None;
        }
        if self.proxy {
            let mut told: Vec<_> = self
                .headers
                .iter()
                .filter(|(name, _)| name.as_str().starts_with("x-forwarded-") && *name != "x-forwarded-for")
                .collect();
            told.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
            for (name, value) in told {
                parts.add(name.as_str().as_bytes());
                parts.add(value.as_bytes());
            }
            for part in forwarded(self.headers) {
                parts.add(part);
            }
        }
        cache.headers.iter().all(|name| parts.field(self.headers, name)).then(|| parts.key())
    }
}

/// What `Forwarded` tells beside addresses (RFC 7239 §4). Quotes are not looked at: that tells apart too much
/// rather than too little.
fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(header::FORWARDED).iter();
    let parts =
        values.flat_map(|value| value.as_bytes().split(|byte| matches!(byte, b',' | b';')).map(<[u8]>::trim_ascii));
    let is = |part: &[u8], name: &[u8]| part.get(..name.len()).is_some_and(|own| own.eq_ignore_ascii_case(name));
    parts.filter(move |part| !is(part, b"for=") && !is(part, b"by="))
}

impl Asked {
    /// Whether what is kept may be given to whoever asks.
    pub(super) fn may_see(&self, freshness: &Freshness) -> bool {
        self.audience != Audience::Known || freshness.public
    }

    /// Whether it is fresh enough for this request.
    pub(super) fn accepts(&self, freshness: &Freshness, now: kernel::Timestamp) -> bool {
        let RequestControl { no_cache, max_age, min_fresh, .. } = self.control;
        let left = freshness.left(now);
        !no_cache
            && !left.is_zero()
            && max_age.is_none_or(|max| freshness.age(now) <= max)
            && min_fresh.is_none_or(|min| left >= min)
    }

    /// Whether it says itself how new an answer must be.
    pub(crate) const fn insists(&self) -> bool {
        self.control.no_cache || self.control.max_age.is_some() || self.control.min_fresh.is_some()
    }

    /// Whether it wants an answer from memory or none.
    pub(crate) const fn only_if_cached(&self) -> bool {
        self.control.only_if_cached
    }
}
