//! `[[routes.split]]`, `[routes.mirror]` and `[routes.fault]`, as they are written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Duration, Size};

/// Some of a route's requests go to another upstream: a canary. The first that takes a request has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// Where they go.
    pub upstream: String,
    /// The share of callers, by user, or by address where nobody is known. A caller stays on the same
    /// side, on every node and after every reload.
    #[serde(default)]
    #[schemars(range(max = 100))]
    pub percent: u8,
    /// Header fields by which a request asks for it, all of them; `*` is any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Cookies by which it does; `*` is any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cookies: BTreeMap<String, String>,
}

/// A copy of requests is sent to another upstream too, whose answer nobody sees. Nothing waits for it:
/// where it cannot be sent, it is left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MirrorConfig {
    /// Where the copies go. They carry `X-Portcullis-Mirror: 1`, and no assertion.
    pub upstream: String,
    /// The share of requests.
    #[serde(default = "everything")]
    #[schemars(range(max = 100))]
    pub percent: u8,
    /// Largest body that is copied: it is read whole before the request goes on. Requests with a larger body,
    /// or one of unknown length, are not copied.
    #[serde(default = "small")]
    pub max_body: Size,
    /// Most copies under way at a time.
    #[serde(default = "some")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_pending: u16,
}

const fn everything() -> u8 {
    100
}
const fn small() -> Size {
    Size::from_kib(64)
}
const fn some() -> u16 {
    64
}

/// Failures on purpose, to see how clients take them. For tests.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultConfig {
    /// Only requests with these header fields, all of them, fail; `*` is any value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Requests that wait before they go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<DelayConfig>,
    /// Requests that are answered with an error instead of going on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort: Option<AbortConfig>,
}

/// Requests that wait.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DelayConfig {
    /// For how long: at most 1m.
    pub time: Duration,
    /// The share of requests.
    #[serde(default = "everything")]
    #[schemars(range(max = 100))]
    pub percent: u8,
}

/// Requests that fail.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbortConfig {
    /// The status of the answer.
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
    /// The share of requests.
    #[serde(default = "everything")]
    #[schemars(range(max = 100))]
    pub percent: u8,
}
