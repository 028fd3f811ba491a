//! Answers kept in memory and given again (RFC 9111): a shared cache of each node.
//!
//! A request is read ([`Request::read`]), looked up, and answered from memory if what is there is fresh. If
//! not, one request fetches and the others that ask for the same wait for it, for a while. What is fetched is
//! judged ([`Fetch::settle`]) and kept if it may be. How it goes is in [`crate::forward`], which knows how to
//! send; what is decided is here.
//!
//! Invariants:
//! - Nobody gets from memory what they would not have been let in to: all checks come before, every time.
//! - What an answer depends on is in its key ([`Request`]), or it is not kept.
//! - Memory is bounded in bytes, for what is kept and for what comes in.
//! - What is kept is what the service said. Everything the gate changes, it changes anew for each client.
//!
//! Deliberately absent: parts of answers (`Range` passes), guessed lifetimes, a copy on disk, and sharing
//! between nodes: each node fetches for itself, and a purge reaches all of them.

mod asked;
mod conditional;
mod config;
mod directives;
mod freshness;
mod keeping;
mod key;
mod numbers;
mod settle;
mod status;
mod store;
mod stored;
mod vary;

pub(crate) use asked::{Asked, Past, Request};
pub(crate) use conditional::{Conditions, ask};
pub use config::{CacheBy, CacheConfig};
pub(crate) use freshness::Unstorable;
pub(crate) use keeping::Keeping;
pub use numbers::CacheNumbers;
pub(crate) use settle::{Fetch, Settled, finish};
pub(crate) use status::{Fate, Why};
pub(crate) use store::{Flight, Found, Leader, Place, Store};
pub(crate) use stored::Stored;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{HeaderMap, HeaderName, Response, StatusCode, header, uri::PathAndQuery};
use kernel::{Timestamp, gate::Purge};

use self::numbers::Numbers;
use crate::{
    body::Body,
    config::{Findings, RouteConfig},
    template::decode_query,
};

kernel::problems! {
    /// `only-if-cached`, and nothing is.
    pub NOT_CACHED = 504 "cache.missing" "Nothing is kept for this request" "Leave out `only-if-cached`.";
}

/// Most parameters and fields that a route may name.
const MAX_NAMES: usize = 64;

/// What decides whether an answer is kept.
#[derive(Debug)]
pub(crate) struct Rules {
    statuses: Box<[StatusCode]>,
    default_ttl: Duration,
    stale_while_revalidate: Duration,
    stale_if_error: Duration,
}

/// `[routes.cache]`, compiled.
#[derive(Debug)]
pub(crate) struct RouteCache {
    /// The name of the route.
    pub(crate) route: Box<str>,
    rules: Rules,
    by: CacheBy,
    max_object: u64,
    query: Option<Box<[Box<str>]>>,
    headers: Box<[HeaderName]>,
    drop_cookies: bool,
    client_control: bool,
    pub(crate) wait: Duration,
    /// A digest of the route as it is configured: what was kept under other rules is not found any more.
    generation: [u8; 32],
    pub(crate) numbers: Arc<Numbers>,
}

impl RouteCache {
    /// Compiles it.
    pub(crate) fn compile(config: &CacheConfig, route: &RouteConfig, at: &str, findings: &mut Findings) -> Self {
        let statuses = config.statuses.iter().enumerate().filter_map(|(i, status)| {
            let keepable = (200..500).contains(status) && !matches!(status, 206 | 304);
            if !keepable {
                let hint = "Write statuses from 200 to 499 other than 206 and 304.";
                findings.add(format!("{at}.statuses[{i}]"), "is not a status whose answers can be kept", hint);
            }
            StatusCode::from_u16(*status).ok().filter(|_| keepable)
        });
        let statuses = statuses.collect();
        let headers = config.headers.iter().enumerate().filter_map(|(i, text)| {
            let name = HeaderName::from_bytes(text.as_bytes()).ok();
            if name.is_none() {
                let at = format!("{at}.headers[{i}]");
                findings.add(at, "is not the name of a header field", "Write a name such as Accept-Language.");
            }
            name
        });
        let headers: Box<[HeaderName]> = headers.collect();
        let named = config.query.as_ref().map_or(0, Vec::len);
        for (count, kind) in [(headers.len(), "headers"), (named, "query")] {
            if count > MAX_NAMES {
                findings.add(format!("{at}.{kind}"), format!("names more than {MAX_NAMES}"), "Name fewer.");
            }
        }
        if config.wait.get() > Duration::from_secs(60) {
            findings.add(format!("{at}.wait"), "must not exceed 60s", "The default is 5s.");
        }
        Self {
            route: route.name.as_str().into(),
            rules: Rules {
                statuses,
                default_ttl: config.default_ttl.get(),
                stale_while_revalidate: config.stale_while_revalidate.get(),
                stale_if_error: config.stale_if_error.get(),
            },
            by: config.by,
            max_object: config.max_object.bytes(),
            query: config.query.as_ref().map(|names| names.iter().map(|name| name.as_str().into()).collect()),
            headers,
            drop_cookies: config.drop_cookies,
            client_control: config.client_control,
            wait: config.wait.get(),
            generation: generation(route),
            numbers: Arc::default(),
        }
    }

    /// Goes on counting where the route's cache before it has stopped.
    pub(crate) fn after(self, before: Option<&Self>) -> Self {
        let numbers = before.map_or(self.numbers, |before| before.numbers.clone());
        Self { numbers, ..self }
    }

    /// Takes out of a request what is not to matter.
    pub(crate) fn narrow(&self, target: &mut PathAndQuery, headers: &mut HeaderMap) {
        if self.drop_cookies {
            headers.remove(header::COOKIE);
        }
        let (Some(names), Some(query)) = (&self.query, target.query()) else { return };
        let matters = |pair: &&str| {
            let name = decode_query(pair.split_once('=').map_or(*pair, |(name, _)| name));
            names.iter().any(|kept| **kept == *name)
        };
        let kept: Vec<&str> = query.split('&').filter(matters).collect();
        let text = match kept.is_empty() {
            true => target.path().to_owned(),
            false => format!("{}?{}", target.path(), kept.join("&")),
        };
        // Parts of a target make a target.
        if let Ok(narrow) = PathAndQuery::try_from(text) {
            *target = narrow;
        }
    }

    /// An answer from memory, to a request with these conditions.
    pub(crate) fn give(
        &self,
        stored: &Stored,
        head: bool,
        conditions: &Conditions,
        now: Timestamp,
        fate: Fate,
    ) -> Response<Body> {
        let mut response = stored.response(now, head, fate);
        drop(conditions.apply(&mut response));
        if let Body::Full(bytes) = response.body() {
            self.numbers.bytes.add(bytes.len() as u64);
        }
        response
    }

    /// Says in an answer that passes through what became of it, and takes out what is between service and
    /// cache.
    pub(crate) fn mark(response: &mut Response<Body>, fate: Fate) {
        stored::without_tags(response.headers_mut());
        response.headers_mut().append(status::CACHE_STATUS, fate.value());
    }

    /// What it counts.
    pub(crate) fn read(&self) -> CacheNumbers {
        self.numbers.read()
    }
}

impl Asked {
    /// Whether what is kept answers the request as it stands.
    pub(crate) fn is_answered_by(&self, stored: &Stored, now: Timestamp) -> bool {
        self.accepts(&stored.head.freshness, now)
    }

    /// Whether the request takes it while it is fetched anew.
    pub(crate) fn takes_meanwhile(&self, stored: &Stored, now: Timestamp) -> bool {
        !self.insists() && stored.head.freshness.may_be_refreshed_later(now)
    }
}

impl Stored {
    /// Whether it came at this time or later.
    pub(crate) fn is_from(&self, time: Timestamp) -> bool {
        self.head.freshness.received() >= time
    }

    /// Whether it may be given because the service fails.
    pub(crate) fn may_stand_in(&self, now: Timestamp) -> bool {
        self.head.freshness.may_stand_in(now)
    }

    /// How long it was fresh still, or has not been.
    pub(crate) fn fate(&self, now: Timestamp) -> Fate {
        match self.head.freshness.left(now) {
            Duration::ZERO => Fate::Stale { over: self.over(now), because: None },
            left => Fate::Hit { left },
        }
    }

    /// Given because the service has failed so.
    pub(crate) fn stand_in(&self, now: Timestamp, because: StatusCode) -> Fate {
        Fate::Stale { over: self.over(now), because: Some(because) }
    }

    /// Its head, to ask the service whether it still holds.
    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }
}

/// A digest of everything that is configured about a route.
fn generation(route: &RouteConfig) -> [u8; 32] {
    let mut parts = key::Parts::of("route");
    // A route that cannot be written as JSON does not exist: it came from a text.
    parts.add(&serde_json::to_vec(route).unwrap_or_default());
    let mut generation = [0; 32];
    generation.copy_from_slice(parts.key().bytes());
    generation
}

/// Where the memory is, once a route needs it.
pub(crate) struct Memory {
    bytes: u64,
    store: OnceLock<Arc<Store>>,
}

impl Memory {
    /// So many bytes, taken only when there is something to keep.
    pub(crate) const fn new(bytes: u64) -> Self {
        Self { bytes, store: OnceLock::new() }
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        self.store.get_or_init(|| Arc::new(Store::new(self.bytes)))
    }

    /// Forgets what is meant.
    pub(crate) fn purge(&self, purge: &Purge) {
        if let Some(store) = self.store.get() {
            store.purge(purge);
        }
    }

    /// Bytes in use, and how many things they hold.
    pub(crate) fn size(&self) -> (u64, u64) {
        self.store.get().map_or((0, 0), |store| store.size())
    }
}

#[cfg(test)]
mod tests;
