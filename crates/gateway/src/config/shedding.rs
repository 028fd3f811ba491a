//! `[server.http.shedding]`: when the gate refuses requests to stay on its feet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Percent, Size};

/// When the gate has too much to do itself. Requests are then refused with 503 and `Retry-After`, of routes with
/// `importance = "low"` first, then of `normal` ones, a growing part of them, until the load is below the bounds
/// again. `critical` routes, health, metrics and everything of identity are never refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SheddingConfig {
    /// How long a data-plane thread may take to get round to what is ready: the delay that every request feels.
    pub lag: Duration,
    /// The share of the process's processors that it may use; `100%` for all of them.
    pub cpu: Percent,
    /// The share of the memory that it may use.
    pub memory: Percent,
    /// How much memory there is; what the control group (container) is given when left out, else memory is not
    /// looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<Size>,
}

impl Default for SheddingConfig {
    fn default() -> Self {
        Self { lag: Duration::from_millis(200), cpu: Percent::new(100), memory: Percent::new(90), memory_limit: None }
    }
}

/// How much a route matters when not everything can be served.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// Refused first.
    Low,
    /// Refused when that is not enough.
    #[default]
    Normal,
    /// Never refused.
    Critical,
}
