//! `[upstreams.NAME]`: where requests go.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{BreakerConfig, Duration, RetryConfig};

/// One upstream: targets that can answer for each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamConfig {
    /// Where requests may go: a URL, or `{ url, weight }`.
    pub targets: Vec<TargetConfig>,
    /// How a target is chosen.
    #[serde(default)]
    pub balance: Balance,
    /// What requests are told apart by, when `balance = "hash"`.
    #[serde(default)]
    pub hash_by: HashBy,
    /// What is spoken to the targets.
    #[serde(default)]
    pub protocol: Protocol,
    /// How long a target may take to answer with a response head, once it has the request. Beyond: 504.
    #[serde(default = "default_timeout")]
    pub timeout: Duration,
    /// How long a connection may take to be made. Beyond: the next target, else 502.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Duration,
    /// How long a connection without a request is kept for the next one.
    #[serde(default = "default_idle_timeout")]
    pub idle_timeout: Duration,
    /// Most connections kept for the next request, for each target and data-plane thread.
    #[serde(default = "default_max_idle")]
    pub max_idle: u16,
    /// When a target that fails is left alone for a while. Off when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerConfig>,
    /// Which requests are sent again when they fail. Off when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<RetryConfig>,
}

impl UpstreamConfig {
    /// An upstream of these targets with every default.
    pub fn new(targets: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            targets: targets.into_iter().map(|url| TargetConfig { url: url.into(), weight: 1 }).collect(),
            balance: Balance::default(),
            hash_by: HashBy::default(),
            protocol: Protocol::default(),
            timeout: default_timeout(),
            connect_timeout: default_connect_timeout(),
            idle_timeout: default_idle_timeout(),
            max_idle: default_max_idle(),
            breaker: None,
            retries: None,
        }
    }
}

fn default_timeout() -> Duration {
    Duration::from_secs(30)
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

/// One address of an upstream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TargetConfig {
    /// `http://host:port` or `https://host:port`, without a path.
    pub url: String,
    /// Its share of the requests, relative to the other targets; 1 to 256.
    pub weight: u16,
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
                Ok(TargetConfig { url: url.to_owned(), weight: 1 })
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<TargetConfig, A::Error> {
                let WeightedTarget { url, weight } =
                    WeightedTarget::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(TargetConfig { url, weight })
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
    /// The same target for the same caller, moving as few as possible when targets change.
    Hash,
    /// Drawn by weight.
    Random,
}

/// What `balance = "hash"` tells requests apart by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HashBy {
    /// The client's address.
    #[default]
    Ip,
    /// The caller, or the address of one who is not known.
    User,
    /// The normalised path.
    Path,
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
