//! `[routes.cache]`, as it is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Duration, Size};

/// Answers to `GET` and `HEAD` are kept in memory and given again, as RFC 9111 says: the service decides with
/// `Cache-Control`, `Expires` and `Vary` what may be kept and for how long. `cache = {}` does that and nothing
/// more.
///
/// Every check of the route (authentication, limits, permissions) is made before a kept answer is given.
/// What is kept is what the service said; transforms, compression and CORS are done anew for every client.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// Among whom an answer to a known caller is shared. Answers to callers who are not known are shared
    /// within their tenant.
    pub by: CacheBy,
    /// Largest body that is kept; at most an eighth of `server.http.cache_memory`. Larger ones pass through.
    pub max_object: Size,
    /// How long an answer is fresh that says nothing about it. `0s`: it is not kept.
    pub default_ttl: Duration,
    /// Statuses that are kept. `206`, `304` and those from 500 on never are.
    #[schemars(inner(range(min = 200, max = 499)))]
    pub statuses: Vec<u16>,
    /// The only query parameters that matter. Others, such as `utm_source`, are not sent to the service, so
    /// that no answer can depend on them. Left out, the whole query matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<Vec<String>>,
    /// Header fields by which answers differ although the service does not name them in `Vary`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Whether cookies are kept from the service, so that no answer can depend on them. Without it, a request
    /// with cookies of the service counts as one of a known caller.
    pub drop_cookies: bool,
    /// How long an answer that is no longer fresh is given while it is fetched anew in the background
    /// (RFC 5861), where the answer says neither that nor `must-revalidate` itself.
    pub stale_while_revalidate: Duration,
    /// How long an answer that is no longer fresh is given when the service fails (RFC 5861), where the answer
    /// says neither that nor `must-revalidate` itself.
    pub stale_if_error: Duration,
    /// Whether `Cache-Control` of requests is obeyed: `no-cache`, `max-age`, `min-fresh` and `only-if-cached`.
    /// It lets every client send requests past the cache. `no-store` is obeyed in any case.
    pub client_control: bool,
    /// How long a request waits for the same answer that another one is fetching already. Then it asks for
    /// itself.
    pub wait: Duration,
}

/// Among whom an answer is shared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheBy {
    /// Everybody. Answers to known callers are kept only if they say `public` or `s-maxage` (RFC 9111 §3.5).
    #[default]
    Anybody,
    /// All callers of a tenant whom the route lets in: for answers that are the same for each of them.
    Tenant,
    /// Nobody: each caller has answers of their own, apart also by roles and scopes. What says `private` is
    /// kept too.
    User,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            by: CacheBy::Anybody,
            max_object: Size::from_mib(1),
            default_ttl: Duration::from_secs(0),
            statuses: vec![200, 203, 301, 308, 404, 410],
            query: None,
            headers: Vec::new(),
            drop_cookies: false,
            stale_while_revalidate: Duration::from_secs(0),
            stale_if_error: Duration::from_secs(0),
            client_control: false,
            wait: Duration::from_secs(5),
        }
    }
}
