//! One address of an upstream.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU32, Ordering},
};

use http::{HeaderValue, Uri};
use tokio::time::Instant;

use super::{breaker::Circuit, health::Health, http1::Pool, http2::Shared, sticky::TargetId};
use crate::config::Protocol;

/// How long a target that could not be connected to is passed over while others are there.
const REST_MILLIS: i64 = 1_000;

/// One target: its address, its connections, and what runs on it.
pub(super) struct Target {
    /// As configured, without a slash at the end.
    pub(super) url: Box<str>,
    /// `host:port`, for logs and metrics.
    pub(super) label: Arc<str>,
    pub(super) tls: bool,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// What `Host` says: the authority as configured.
    pub(super) authority: HeaderValue,
    pub(super) protocol: Protocol,
    pub(super) http1: Pool,
    pub(super) http2: Shared,
    /// Its own circuit, where each target has one.
    pub(super) circuit: Option<Circuit>,
    /// How it is.
    pub(super) health: Health,
    /// What visitors know it by, where they stay with one target.
    pub(super) id: Option<TargetId>,
    running: AtomicU32,
    created: Instant,
    /// In milliseconds after `created`.
    rests_until: AtomicI64,
}

impl Target {
    /// Parses `http://host:port` or `https://host:port`.
    pub(super) fn new(
        url: &str,
        protocol: Protocol,
        circuit: Option<Circuit>,
        health: Health,
        workers: usize,
    ) -> Option<Self> {
        let url = url.trim_end_matches('/');
        let uri: Uri = url.parse().ok()?;
        let tls = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority()?;
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let host = authority.host();
        Some(Self {
            url: url.into(),
            label: format!("{host}:{port}").into(),
            tls,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: HeaderValue::from_str(authority.as_str()).ok()?,
            protocol,
            http1: Pool::new(workers),
            http2: Shared::new(workers),
            circuit,
            health,
            id: None,
            running: AtomicU32::new(0),
            created: Instant::now(),
            rests_until: AtomicI64::new(0),
        })
    }

    /// Whether both stand for one address, spoken to in one way.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.url == other.url && self.protocol == other.protocol
    }

    /// Requests that run on it.
    pub(super) fn running(&self) -> u32 {
        self.running.load(Ordering::Relaxed)
    }

    /// Counts one request until the value is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self.clone())
    }

    /// It could not be connected to.
    pub(super) fn rest(&self) {
        self.rests_until.store(self.millis() + REST_MILLIS, Ordering::Relaxed);
    }

    /// Whether it is worth asking.
    pub(super) fn is_awake(&self) -> bool {
        match self.rests_until.load(Ordering::Relaxed) {
            0 => true,
            until => until <= self.millis(),
        }
    }

    fn millis(&self) -> i64 {
        i64::try_from(self.created.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("url", &self.url).field("health", &self.health).finish_non_exhaustive()
    }
}

/// One running request of a target.
pub(crate) struct Running(Arc<Target>);

impl Running {
    pub(super) fn target(&self) -> &Arc<Target> {
        &self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}
