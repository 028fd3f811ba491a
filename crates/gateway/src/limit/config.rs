//! Limits as written in the configuration.

use std::num::{NonZeroU32, NonZeroUsize};

use kernel::{Algorithm, Rate};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{LimitBy, LimitCost, Quota};

/// One limit of a route: a `rate`, a `quota`, or how many are `concurrent`.
///
/// ```toml
/// limits = [
///     { by = "user", rate = "60/minute" },
///     { by = "api_key", quota = "10000/month", scope = "api" },
///     { by = ["tenant", "header:x-region"], concurrent = 20 },
/// ]
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitConfig {
    /// Who is counted: `ip`, `user`, `api_key`, `tenant`, `role`, `route` or `header:NAME`, or a list of these for
    /// every combination of them. What a request does not have (a user when anonymous, a header that was not
    /// sent) is replaced by the client's address. A header's value is kept as a hash.
    pub by: LimitBy,
    /// How many in how long: `10/minute`, `100/15m`, `5/hour`, `1000/day`. One of `rate`, `quota` and `concurrent`
    /// is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "rate"))]
    pub rate: Option<Rate>,
    /// How many in a calendar day or month, UTC: `1000/day`, `50000/month`. Survives restarts: it is counted in
    /// Redis (give Redis its append-only file), or in the database where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// How many at once. A request counts until the last byte of its response, or until its WebSocket closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<NonZeroU32>,
    /// How requests are counted: `sliding_window` (never more than the rate in any window), `fixed_window`
    /// (windows aligned to the clock) or `token_bucket` (the whole rate at once, then a steady refill).
    #[serde(default = "sliding_window")]
    #[schemars(schema_with = "algorithm_schema")]
    pub algorithm: Algorithm,
    /// How many units one request takes of a rate or quota: a number, or
    /// `{ header = "x-batch-size", base = 1, max = 100 }` to read it from a request header. The header can only
    /// raise the cost, up to `max`; without a number in it the cost is `base`.
    #[serde(default)]
    pub cost: LimitCost,
    /// Which requests it is for: `always`, or only `anonymous` or `authenticated` ones.
    #[serde(default)]
    pub when: LimitWhen,
    /// Its name in the `RateLimit` headers and in refusals; made from `by` and `rate` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Routes whose limits have the same scope, `by` and number count together, each at its own cost. Without
    /// it a limit is its route's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9_-]{0,63}$"))]
    pub scope: Option<String>,
}

impl LimitConfig {
    /// A limit with everything else at its default.
    pub const fn new(by: LimitBy, rate: Rate) -> Self {
        Self {
            by,
            rate: Some(rate),
            quota: None,
            concurrent: None,
            algorithm: sliding_window(),
            cost: LimitCost::ONE,
            when: LimitWhen::Always,
            name: None,
            scope: None,
        }
    }
}

const fn sliding_window() -> Algorithm {
    Algorithm::SlidingWindow
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

/// What holds for all limits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// What to do while Redis is away (for quotas without Redis: the database): `local_share` counts this node's
    /// share in memory, `refuse` answers 503 to whatever is limited, `allow` lets it pass uncounted. Redis is asked
    /// again twice a second; what was counted meanwhile is not added to it.
    pub without_kv: WithoutKv,
    /// How many nodes share the limits. While Redis is away, each node allows its part.
    pub nodes: NonZeroU32,
    /// Most keys counted in memory. At that many *active* keys, new ones share one counter for each rule, so
    /// that a flood of addresses neither fills the memory nor resets anybody's limit.
    pub max_keys: NonZeroUsize,
    /// Whether to send `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    pub headers: bool,
    /// Whether to send `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since the epoch) too.
    pub legacy_headers: bool,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            without_kv: WithoutKv::default(),
            nodes: NonZeroU32::MIN,
            max_keys: NonZeroUsize::MIN.saturating_add(249_999),
            headers: true,
            legacy_headers: false,
        }
    }
}

/// What to do while the shared limiter is away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithoutKv {
    /// Count in memory: this node's share of every limit. What was counted meanwhile stays on the node.
    #[default]
    LocalShare,
    /// Refuse with 503 whatever is limited.
    Refuse,
    /// Let everything pass that would have been counted there.
    Allow,
}
