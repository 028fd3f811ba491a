//! `[server.http]`: how much and how long the gate puts up with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, SheddingConfig, Size};

/// Bounds on what clients may send and how long they may take. Every bound has a default.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Largest request head: request line and header fields together. Beyond: 431.
    pub max_head: Size,
    /// Most header fields in a request. Beyond: 431.
    pub max_headers: u16,
    /// Longest request target. Beyond: 414.
    pub max_target: Size,
    /// Largest request body, unless a route says otherwise. Beyond: 413.
    pub max_body: Size,
    /// How long a client may take to send one request head. Beyond: 408.
    pub head_timeout: Duration,
    /// How long a client may pause while sending a body. Beyond: 408.
    pub body_timeout: Duration,
    /// How long a client may refuse to take what we send before the connection is cut, or its stream of HTTP/2.
    pub write_timeout: Duration,
    /// How long a connection without a request is kept open.
    pub idle_timeout: Duration,
    /// How long running requests may take to finish when the process stops.
    pub drain_timeout: Duration,
    /// Most connections at a time; further ones wait in the kernel's queue.
    pub max_connections: u32,
    /// Most requests at a time on one HTTP/2 connection.
    pub max_streams: u32,
    /// Most memory for answers that are kept, all routes together, on this node. It is taken as it is needed,
    /// and none where no route has a `cache`.
    pub cache_memory: Size,
    /// When the gate refuses requests because it has too much to do itself. Never when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shedding: Option<SheddingConfig>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            max_head: Size::from_kib(32),
            max_headers: 100,
            max_target: Size::from_kib(8),
            max_body: Size::from_mib(10),
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            drain_timeout: Duration::from_secs(30),
            max_connections: 20_000,
            max_streams: 128,
            cache_memory: Size::from_mib(64),
            shedding: None,
        }
    }
}
