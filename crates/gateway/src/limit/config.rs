//! Limits as written in the configuration.

use std::{
    fmt,
    num::{NonZeroU32, NonZeroUsize},
    str::FromStr,
};

use http::HeaderName;
use kernel::{Algorithm, Rate};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One limit of a route: `{ by = "user", rate = "60/minute" }`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitConfig {
    /// Who is counted: `ip`, `user`, `api_key`, `tenant`, `role`, `route` or `header:NAME`. What a request does not
    /// have (a user when anonymous, a header that was not sent) is replaced by the client's address.
    pub by: LimitBy,
    /// How many in how long: `10/minute`, `100/15m`, `5/hour`, `1000/day`.
    #[schemars(with = "String", extend("format" = "rate"))]
    pub rate: Rate,
    /// How requests are counted: `sliding_window` (never more than the rate in any window), `fixed_window`
    /// (windows aligned to the clock) or `token_bucket` (the whole rate at once, then a steady refill).
    #[serde(default = "sliding_window")]
    #[schemars(schema_with = "algorithm_schema")]
    pub algorithm: Algorithm,
    /// How many units one request takes.
    #[serde(default = "one")]
    pub cost: NonZeroU32,
    /// Which requests it is for: `always`, or only `anonymous` or `authenticated` ones.
    #[serde(default)]
    pub when: LimitWhen,
    /// Its name in the `RateLimit` headers and in refusals; made from `by` and `rate` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl LimitConfig {
    /// A limit with everything else at its default.
    pub const fn new(by: LimitBy, rate: Rate) -> Self {
        Self { by, rate, algorithm: sliding_window(), cost: one(), when: LimitWhen::Always, name: None }
    }
}

const fn sliding_window() -> Algorithm {
    Algorithm::SlidingWindow
}

const fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// The kernel knows no schemas.
fn algorithm_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["sliding_window", "fixed_window", "token_bucket"] })
}

/// Which requests a limit is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitWhen {
    /// Every request.
    #[default]
    Always,
    /// Requests without a caller.
    Anonymous,
    /// Requests with a caller.
    Authenticated,
}

/// Who is counted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum LimitBy {
    /// The client's address; IPv6 by /64.
    Ip,
    /// The caller: a user, or a tenant's own API key.
    User,
    /// The API key, also behind a token that was obtained with it.
    ApiKey,
    /// The tenant, all its callers together.
    Tenant,
    /// All callers of a tenant with exactly the same roles together.
    Role,
    /// Everybody together.
    Route,
    /// The value of a request header. The client chooses it: only for headers that a trusted proxy sets.
    Header(HeaderName),
}

/// Why a text does not say who is counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not something to count by: use ip, user, api_key, tenant, role, route or header:NAME")]
pub struct InvalidLimitBy(String);

impl FromStr for LimitBy {
    type Err = InvalidLimitBy;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidLimitBy(text.chars().take(64).collect());
        Ok(match text {
            "ip" => Self::Ip,
            "user" => Self::User,
            "api_key" => Self::ApiKey,
            "tenant" => Self::Tenant,
            "role" => Self::Role,
            "route" => Self::Route,
            _ => Self::Header(text.strip_prefix("header:").ok_or_else(invalid)?.parse().map_err(|_| invalid())?),
        })
    }
}

impl fmt::Display for LimitBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip => f.write_str("ip"),
            Self::User => f.write_str("user"),
            Self::ApiKey => f.write_str("api_key"),
            Self::Tenant => f.write_str("tenant"),
            Self::Role => f.write_str("role"),
            Self::Route => f.write_str("route"),
            Self::Header(name) => write!(f, "header:{name}"),
        }
    }
}

impl Serialize for LimitBy {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LimitBy {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for LimitBy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LimitBy".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string", "enum": ["ip", "user", "api_key", "tenant", "role", "route"] },
            { "type": "string", "pattern": "^header:[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
        ]})
    }
}

/// What holds for all limits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// What to do while the shared limiter (Redis) is away: `local` counts this node's share in memory, `refuse`
    /// answers 503.
    pub when_away: WhenAway,
    /// How many nodes share the limits. While the shared limiter is away, each node allows its part.
    pub nodes: NonZeroU32,
    /// Most keys counted in memory. At that many *active* keys, new ones share one counter for each rule, so
    /// that a flood of addresses neither fills the memory nor resets anybody's limit.
    pub max_keys: NonZeroUsize,
    /// Whether to send `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    pub headers: bool,
    /// Whether to send `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since the epoch) too.
    pub x_headers: bool,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            when_away: WhenAway::default(),
            nodes: NonZeroU32::MIN,
            max_keys: NonZeroUsize::MIN.saturating_add(249_999),
            headers: true,
            x_headers: false,
        }
    }
}

/// What to do while the shared limiter is away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenAway {
    /// Count in memory: this node's share of every limit. What was counted meanwhile stays on the node.
    #[default]
    Local,
    /// Refuse with 503 whatever is limited.
    Refuse,
}
