//! `[upstreams.NAME]`, which targets are fit to be used: `check`, `eject` and `sticky`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Percent, Trouble};

/// Asks every target again and again how it is: `check = { path = "/healthz" }`. Checks run once for each
/// upstream, whatever the number of its routes and threads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckConfig {
    /// What is asked for by `GET`. Left out, a connection that can be made is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What `Host` says; the target's own authority when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Which statuses are well; empty means 200 to 299.
    pub statuses: Vec<u16>,
    /// From the end of one round of checks to the beginning of the next; at least 10ms.
    pub interval: Duration,
    /// How long a check may take, from connecting to the response head.
    pub timeout: Duration,
    /// How many checks in a row a target that was left out has to pass; 1 to 100.
    pub healthy: u8,
    /// How many checks in a row a target has to fail until it is left out; 1 to 100. One failure is enough
    /// for a target that has not passed a check yet.
    pub unhealthy: u8,
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self {
            path: None,
            host: None,
            statuses: Vec::new(),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            healthy: 2,
            unhealthy: 3,
        }
    }
}

/// Leaves a target out for a while when requests to it fail: `eject = { consecutive = 5 }`. The last target
/// that is left is never ejected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EjectConfig {
    /// How many failures in a row eject a target; 0 does not look at this.
    pub consecutive: u16,
    /// The share of failures among the requests of the window that ejects a target; `0%` does not look at
    /// this.
    pub error_rate: Percent,
    /// How far back requests count for the error rate; 100ms to 1h.
    pub window: Duration,
    /// How many requests there must have been in the window before they say anything; 1 to 1000.
    pub min_requests: u16,
    /// What is a failure. A plain `500` is not by default: one broken page should not eject target after
    /// target.
    pub on: Vec<Trouble>,
    /// How long the first ejection lasts. Each further one lasts twice as long, unless the target has been
    /// well for a time.
    pub base_time: Duration,
    /// How long an ejection lasts at most.
    pub max_time: Duration,
    /// The share of the targets that may be ejected at the same time. One may be in any case, as long as
    /// another one is left.
    pub max_ejected: Percent,
}

impl Default for EjectConfig {
    fn default() -> Self {
        Self {
            consecutive: 5,
            error_rate: Percent::new(0),
            window: Duration::from_secs(10),
            min_requests: 20,
            on: Trouble::usual(),
            base_time: Duration::from_secs(30),
            max_time: Duration::from_secs(300),
            max_ejected: Percent::new(50),
        }
    }
}

/// Keeps a visitor with one target by a cookie: `sticky = { cookie = "lb" }`. The cookie names the target by a
/// keyed hash, which says nothing about its address. When the target is gone or unwell the balance chooses
/// another, and the cookie follows. It is always `HttpOnly`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StickyConfig {
    /// The cookie's name, one for each upstream.
    pub cookie: String,
    /// How long the browser keeps it; until it is closed when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Duration>,
    /// Its `SameSite` attribute.
    #[serde(default)]
    pub same_site: SameSite,
    /// Whether it has the `Secure` attribute. Left out, it has when the request came over TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
    /// Its `Path` attribute.
    #[serde(default = "root")]
    pub path: String,
}

fn root() -> String {
    "/".to_owned()
}

/// Which requests from other sites a browser sends a cookie with (RFC 6265bis §5.6.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SameSite {
    /// None.
    Strict,
    /// Following a link.
    #[default]
    Lax,
    /// All; needs `secure = true`.
    None,
}

impl SameSite {
    /// As the attribute says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}
