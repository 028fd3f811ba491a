//! What happens when upstreams fail or have too much to do: `breaker`, `retries`, `concurrency`, `fallback`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Duration, Percent};

/// When an upstream that fails is left alone for a while: `breaker = { error_rate = "50%" }`.
///
/// A circuit is closed while all is well. It opens when too many of the last requests failed, or were slow;
/// requests are then answered 503 at once, with `Retry-After`. After `open_for` a few requests are let
/// through to try: if all of them succeed the circuit closes, if one fails it opens again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// What has a circuit: each `target`, so that the others go on, or the `upstream` as a whole.
    pub per: BreakerScope,
    /// How far back requests count; 100ms to 1h.
    pub window: Duration,
    /// How many requests there must have been before they say anything; 1 to 1000.
    pub min_requests: u16,
    /// The share of failures at which the circuit opens.
    pub error_rate: Percent,
    /// What is a failure. `500` is not by default: one broken page should not close the whole service to
    /// everybody.
    pub on: Vec<Trouble>,
    /// From when on an answer is slow, counted from the request to the response head. Left out, slowness
    /// does not open the circuit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<Duration>,
    /// The share of slow answers at which the circuit opens.
    pub slow_rate: Percent,
    /// How long the circuit stays open before it is tried again.
    pub open_for: Duration,
    /// How many requests are let through to try, and have to succeed; 1 to 60.
    pub probes: u8,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            per: BreakerScope::Target,
            window: Duration::from_secs(10),
            min_requests: 20,
            error_rate: Percent::new(50),
            on: Trouble::usual(),
            slow: None,
            slow_rate: Percent::new(50),
            open_for: Duration::from_secs(10),
            probes: 3,
        }
    }
}

/// What has a circuit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerScope {
    /// Each target its own.
    #[default]
    Target,
    /// One for all targets.
    Upstream,
}

/// Which requests are sent again when they fail: `retries = { attempts = 3 }`.
///
/// Only requests that may be repeated without harm (RFC 9110 §9.2.2) are, and only within the budget: an
/// upstream that is down is not given several times its load. A target that could not be connected to has
/// seen nothing of the request, so the next target is tried whatever is written here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryConfig {
    /// Most times that a request is sent, the first included; 2 to 10. The upstream's (or route's) `timeout`
    /// holds for all of them together.
    pub attempts: u8,
    /// After what a request is sent again: `connect`, `reset` (the connection was lost before an answer),
    /// `timeout`, a status such as `503`, or `5xx`.
    pub on: Vec<Trouble>,
    /// Which methods; only ones that are idempotent.
    pub methods: Vec<String>,
    /// Repeated requests for first ones, over time. A few more are allowed where there are few requests: up
    /// to 32 saved up, and one a second.
    pub budget: Percent,
    /// The pause before the second attempt: a random part of this, doubled for each further attempt. `0s`
    /// for none.
    pub backoff: Duration,
    /// Longest pause.
    pub max_backoff: Duration,
    /// How long one attempt may take to bring a response head; the whole time-out when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_try_timeout: Option<Duration>,
    /// After how long without an answer a request without a body is sent to a second target too: a time such as
    /// `50ms`, or `p95` for the time that 95 of 100 of the upstream's answers do not exceed (`p50` to `p99`; not
    /// before 64 answers have come). The first good answer counts, and the other is called off. Takes from the
    /// same budget. Never when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hedge_after: Option<HedgeAfter>,
    /// Largest request body that is kept in memory in order to be sent again; at most 1MiB. By default only
    /// requests without a body are repeated. A body that is kept is read whole before it is sent.
    pub max_body: super::Size,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            attempts: 2,
            on: Trouble::usual(),
            methods: ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].map(str::to_owned).into(),
            budget: Percent::new(20),
            backoff: Duration::from_millis(25),
            max_backoff: Duration::from_secs(1),
            per_try_timeout: None,
            hedge_after: None,
            max_body: super::Size::from_bytes(0),
        }
    }
}

/// When a request is sent to a second target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HedgeAfter {
    /// After so long.
    Time(Duration),
    /// After the time that so many of a hundred answers do not exceed; 50 to 99.
    Percentile(u8),
}

/// Why a text is no such time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a time such as 50ms nor a percentile from p50 to p99")]
pub struct InvalidHedge(String);

impl FromStr for HedgeAfter {
    type Err = InvalidHedge;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidHedge(text.chars().take(64).collect());
        match text.strip_prefix('p') {
            Some(digits) => {
                let percent = digits.parse().ok().filter(|percent| (50..=99).contains(percent));
                percent.filter(|_| digits.len() == 2).map(Self::Percentile).ok_or_else(invalid)
            }
            None => text.parse().map(Self::Time).map_err(|_| invalid()),
        }
    }
}

impl fmt::Display for HedgeAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => time.fmt(f),
            Self::Percentile(percent) => write!(f, "p{percent}"),
        }
    }
}

impl Serialize for HedgeAfter {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HedgeAfter {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for HedgeAfter {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HedgeAfter".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d)|p[5-9][0-9])$" })
    }
}

/// One way in which a request can fail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trouble {
    /// No target could be connected to.
    Connect,
    /// The connection was lost before an answer, or the answer was none.
    Reset,
    /// No answer in time.
    Timeout,
    /// An answer with this status.
    Status(StatusCode),
    /// An answer with any status from 500 to 599.
    AnyServerError,
}

impl Trouble {
    /// What says that the service is not there, whatever was asked of it.
    pub(super) fn usual() -> Vec<Self> {
        let statuses = [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
        [Self::Connect, Self::Reset, Self::Timeout].into_iter().chain(statuses.map(Self::Status)).collect()
    }
}

/// Why a text is no way to fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no way to fail: write connect, reset, timeout, 5xx, or a status from 400 to 599")]
pub struct InvalidTrouble(String);

impl FromStr for Trouble {
    type Err = InvalidTrouble;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "connect" => Self::Connect,
            "reset" => Self::Reset,
            "timeout" => Self::Timeout,
            "5xx" => Self::AnyServerError,
            _ => text
                .parse::<StatusCode>()
                .ok()
                .filter(|status| status.is_client_error() || status.is_server_error())
                .map(Self::Status)
                .ok_or_else(|| InvalidTrouble(text.chars().take(64).collect()))?,
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Reset => f.write_str("reset"),
            Self::Timeout => f.write_str("timeout"),
            Self::AnyServerError => f.write_str("5xx"),
            Self::Status(status) => f.write_str(status.as_str()),
        }
    }
}

impl Serialize for Trouble {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Trouble {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Trouble {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Trouble".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(connect|reset|timeout|5xx|[45][0-9][0-9])$" })
    }
}

/// How many requests may be under way at the same time: `concurrency = { max = 100, queue = 50 }`.
///
/// A request is under way from when it is sent until the last byte of its answer. Beyond `max`, requests wait
/// their turn in a queue; beyond the queue, and after `queue_timeout`, they are refused with 503.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConcurrencyConfig {
    /// Most requests under way at the same time, on this node; 1 to 1000000.
    pub max: u32,
    /// Most requests that wait; 0 to 1000000.
    #[serde(default)]
    pub queue: u32,
    /// How long a request may wait.
    #[serde(default = "default_queue_timeout")]
    pub queue_timeout: Duration,
}

fn default_queue_timeout() -> Duration {
    Duration::from_secs(1)
}

/// What is answered when the upstream fails: `fallback = { status = 200, body = "[]" }`, or
/// `fallback = { upstream = "replica" }`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FallbackConfig {
    /// The upstream that is asked instead. Only for requests that may be repeated (or were never sent), and
    /// have no body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// The status of a fixed answer; 200 to 599.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Header fields of a fixed answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body of a fixed answer; at most 64KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// After what it is used, beside an open circuit, a full queue and the want of any target.
    #[serde(default = "Trouble::usual")]
    pub on: Vec<Trouble>,
}
