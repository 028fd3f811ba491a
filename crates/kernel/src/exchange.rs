//! One finished request, told to whoever records: metrics, access log, analytics, risk.

use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::{AuthMethod, Subject, TenantId, Timestamp};

/// Who is to blame for a response that is not a success.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fault {
    /// Nobody: the request was answered as asked.
    None,
    /// The caller (4xx by the gate or the upstream).
    Client,
    /// The upstream (5xx of its own, or unreachable, or too slow).
    Upstream,
    /// The gate itself.
    Gate,
}

impl Fault {
    /// For labels and log fields.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Client => "client",
            Self::Upstream => "upstream",
            Self::Gate => "gate",
        }
    }
}

/// What happened to one request. Borrowed: recording allocates only what it keeps.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// When the request head had been read.
    pub started: Timestamp,
    /// From head read to last byte of the response handed to the connection.
    pub duration: Duration,
    /// Time spent waiting for the upstream's response head.
    pub upstream_duration: Option<Duration>,
    /// `X-Request-Id`.
    pub request_id: &'a str,
    /// The method.
    pub method: &'a str,
    /// The normalised path, without the query (queries carry secrets).
    pub path: &'a str,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: &'static str,
    /// `Host`, bounded.
    pub host: &'a str,
    /// `User-Agent`, bounded.
    pub user_agent: &'a str,
    /// The client's address.
    pub client_ip: IpAddr,
    /// The tenant, once known.
    pub tenant: Option<TenantId>,
    /// The caller, once known.
    pub subject: Option<Subject>,
    /// How the caller authenticated.
    pub auth_method: Option<AuthMethod>,
    /// The target that answered, `host:port`, `identity`, or `cache` for what was kept.
    pub upstream: Option<&'a str>,
    /// The version of the API, where the route has versions. From the configuration, never the client's word.
    pub version: Option<&'a str>,
    /// The response's status; 499 when the client went away first.
    pub status: u16,
    /// The problem's code when the gate itself answered.
    pub code: Option<&'static str>,
    /// Who failed.
    pub fault: Fault,
    /// Bytes of the request body that were read.
    pub bytes_in: u64,
    /// Bytes of the response body that were sent.
    pub bytes_out: u64,
}

/// Receives finished requests. Called on the edge path: it must not block.
pub trait Recorder: Send + Sync + 'static {
    /// Prepares to record one route; called when a route table is built, so that labels are looked up
    /// once and not for every request.
    fn route(&self, name: &str) -> Arc<dyn RouteRecorder>;
}

/// Receives the finished requests of one route.
pub trait RouteRecorder: Send + Sync {
    /// A request began on this route.
    fn begin(&self);
    /// A request that began has ended.
    fn end(&self, exchange: &Exchange<'_>);
}

/// Records nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRecorder;

impl Recorder for NoRecorder {
    fn route(&self, _: &str) -> Arc<dyn RouteRecorder> {
        Arc::new(Self)
    }
}
impl RouteRecorder for NoRecorder {
    fn begin(&self) {}
    fn end(&self, _: &Exchange<'_>) {}
}
