//! `[routes.cors]`, as it is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Duration;

/// Which pages of other origins may read what the route answers (Fetch standard). The gate answers
/// preflights itself, before it asks for a credential, and writes all `Access-Control-*` fields; an
/// upstream's own are removed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CorsConfig {
    /// Origins: `https://app.example.com`, `https://*.example.com` (any depth below, not itself), or `*` for
    /// every one.
    pub origins: Vec<String>,
    /// Whether `https://` origins on the hosts of the request's own tenant are allowed too.
    pub tenant_hosts: bool,
    /// Methods that may be used; empty means those of the route.
    pub methods: Vec<String>,
    /// Header fields that may be sent; empty means any.
    pub headers: Vec<String>,
    /// Header fields of the response that a page may read, beside those that it always may.
    pub expose: Vec<String>,
    /// Whether cookies may be sent. Not with `*`, which would hand every visitor's session to every page.
    pub credentials: bool,
    /// How long a browser may remember the answer to a preflight.
    pub max_age: Duration,
}

impl Default for CorsConfig {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            tenant_hosts: false,
            methods: Vec::new(),
            headers: Vec::new(),
            expose: Vec::new(),
            credentials: false,
            max_age: Duration::from_secs(600),
        }
    }
}
