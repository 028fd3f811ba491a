//! `[upstreams.NAME]`: where requests go.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{
    BreakerConfig, CheckConfig, ConcurrencyConfig, DiscoverConfig, Duration, EjectConfig, Percent, RetryConfig,
    StickyConfig, UpstreamTlsConfig,
};

/// One upstream: targets that can answer for each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamConfig {
    /// Where requests may go: a URL, or `{ url, weight, zone }`.
    #[serde(default)]
    pub targets: Vec<TargetConfig>,
    /// Where more targets are learned from while the gate runs. Nowhere when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discover: Option<DiscoverConfig>,
    /// How a target is chosen.
    #[serde(default)]
    pub balance: Balance,
    /// What requests are told apart by, when `balance = "hash"`.
    #[serde(default)]
    pub hash_by: HashBy,
    /// Most running requests of one target when `balance = "hash"`, in percent of its fair part; 100 to 1000.
    /// Beyond, the next target of the same caller takes the request. No bound when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_max_load: Option<u16>,
    /// Keeps a visitor with one target by a cookie. Off when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<StickyConfig>,
    /// The share of the targets in the gate's own zone (`server.zone`) that must be fit for them to be
    /// preferred to the others.
    #[serde(default = "default_own_zone_min")]
    pub own_zone_min: Percent,
    /// How long a target that is new or fit again takes to grow to its whole share. At once when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_start: Option<Duration>,
    /// Asks every target again and again how it is. Off when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckConfig>,
    /// Leaves a target out for a while when requests to it fail. Off when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eject: Option<EjectConfig>,
    /// When less than this share of the targets is fit, all are used: `check` and `eject` may be wrong. All
    /// are used in any case when none is fit.
    #[serde(default)]
    pub panic_below: Percent,
    /// What is spoken to the targets.
    #[serde(default)]
    pub protocol: Protocol,
    /// Whether targets that speak HTTP/2 take WebSockets over it (RFC 8441). Otherwise they are passed a request for
    /// one as an ordinary request.
    #[serde(default)]
    pub websocket: bool,
    /// How long a target may take to answer with a response head, once it has the request. Beyond: 504.
    #[serde(default = "default_timeout")]
    pub timeout: Duration,
    /// How long a target may pause between two pieces of an answer's body, while the client takes them.
    /// Beyond, the answer is cut. `0s` for as long as it likes.
    #[serde(default = "default_body_timeout")]
    pub body_timeout: Duration,
    /// How long a connection may take to be made. Beyond: the next target, else 502.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Duration,
    /// How long a connection without a request is kept for the next one.
    #[serde(default = "default_idle_timeout")]
    pub idle_timeout: Duration,
    /// Most connections kept for the next request, for each target and data-plane thread.
    #[serde(default = "default_max_idle")]
    pub max_idle: u16,
    /// Connections that are made in advance and kept ready, for each target and data-plane thread: the first
    /// requests need not wait for them. At most `max_idle`; over HTTP/2 anything above 0 is one.
    #[serde(default)]
    #[schemars(range(max = 1024))]
    pub min_idle: u16,
    /// Most requests at a time on one HTTP/2 connection to a target; then another connection is made.
    #[serde(default = "default_max_streams")]
    #[schemars(range(min = 1))]
    pub max_streams: u16,
    /// Most HTTP/2 connections for each target and data-plane thread. When all are full, requests share the
    /// one with the fewest.
    #[serde(default = "default_max_connections")]
    #[schemars(range(min = 1, max = 256))]
    pub max_connections: u16,
    /// Whom to believe, and who we are, on connections to `https` targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<UpstreamTlsConfig>,
    /// When a target that fails is left alone for a while. Off when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerConfig>,
    /// Which requests are sent again when they fail. Off when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<RetryConfig>,
    /// How many requests may be under way at the same time. No limit when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<ConcurrencyConfig>,
}

impl UpstreamConfig {
    /// An upstream of these targets with every default.
    pub fn new(targets: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            targets: targets.into_iter().map(|url| TargetConfig::new(url)).collect(),
            discover: None,
            balance: Balance::default(),
            hash_by: HashBy::default(),
            hash_max_load: None,
            sticky: None,
            own_zone_min: default_own_zone_min(),
            slow_start: None,
            check: None,
            eject: None,
            panic_below: Percent::default(),
            protocol: Protocol::default(),
            websocket: false,
            timeout: default_timeout(),
            body_timeout: default_body_timeout(),
            connect_timeout: default_connect_timeout(),
            idle_timeout: default_idle_timeout(),
            max_idle: default_max_idle(),
            min_idle: 0,
            max_streams: default_max_streams(),
            max_connections: default_max_connections(),
            tls: None,
            breaker: None,
            retries: None,
            concurrency: None,
        }
    }
}

fn default_own_zone_min() -> Percent {
    Percent::new(50)
}
fn default_timeout() -> Duration {
    Duration::from_secs(30)
}
fn default_body_timeout() -> Duration {
    Duration::from_secs(300)
}
fn default_connect_timeout() -> Duration {
    Duration::from_secs(2)
}
fn default_idle_timeout() -> Duration {
    Duration::from_secs(60)
}
fn default_max_idle() -> u16 {
    128
}
fn default_max_streams() -> u16 {
    100
}
fn default_max_connections() -> u16 {
    4
}

/// One address of an upstream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TargetConfig {
    /// `http://host:port` or `https://host:port`, without a path.
    pub url: String,
    /// Its share of the requests, relative to the other targets; 1 to 256.
    pub weight: u16,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

impl TargetConfig {
    /// The target at this URL with every default.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), weight: 1, zone: None }
    }
}

/// The long form of a target.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WeightedTarget {
    /// `http://host:port` or `https://host:port`, without a path.
    url: String,
    /// Its share of the requests, relative to the other targets.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 256))]
    weight: u16,
    /// Where it runs: any name. See `own_zone_min`.
    zone: Option<String>,
}

fn one() -> u16 {
    1
}

impl<'de> Deserialize<'de> for TargetConfig {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = TargetConfig;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a URL such as \"http://127.0.0.1:9001\", or { url = \"…\", weight = 2 }")
            }
            fn visit_str<E: de::Error>(self, url: &str) -> Result<TargetConfig, E> {
                Ok(TargetConfig::new(url))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<TargetConfig, A::Error> {
                let WeightedTarget { url, weight, zone } =
                    WeightedTarget::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(TargetConfig { url, weight, zone })
            }
        }
        d.deserialize_any(Either)
    }
}

impl JsonSchema for TargetConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Target".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string", "format": "uri" }, WeightedTarget::json_schema(generator)] })
    }
}

/// How a target is chosen for a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// In turn, by weight, spread evenly.
    #[default]
    RoundRobin,
    /// The target with the fewest running requests for its weight.
    LeastRequest,
    /// The better of two targets drawn by weight.
    P2c,
    /// The same target for the same caller, moving as few as possible when targets change (weighted
    /// rendezvous hashing).
    Hash,
    /// Drawn by weight.
    Random,
}

/// What `balance = "hash"` tells requests apart by.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HashBy {
    /// The client's address.
    #[default]
    Ip,
    /// The caller, or the address of one who is not known.
    User,
    /// The normalised path.
    Path,
    /// The first value of this header field, or the client's address without one.
    Header(String),
    /// This cookie, or the client's address without it.
    Cookie(String),
}

/// What is spoken to a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2: by prior knowledge over cleartext, by ALPN over TLS.
    Http2,
}
