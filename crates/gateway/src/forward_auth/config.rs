//! `[forward_auth]`, as it is written.

use http::Uri;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{config::Findings, guard};

/// Other proxies (nginx `auth_request`, Traefik, Caddy, Envoy) forward requests themselves and ask the gate
/// about each of them. Only those in `server.trusted_proxies` may ask.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ForwardAuthConfig {
    /// Where they ask, and below which Envoy puts the path of the request. Nothing else is served there.
    pub path: String,
    /// The sign-in page, to which browsers without a session are sent: a path on the host that they asked for, such as
    /// `/ui/login`, which the proxy must lead to Portcullis; or an address such as `https://auth.example.com/login`.
    /// Those whose login is too weak or too old for a route are sent there with `max_age=0`. All are refused when left
    /// out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_url: Option<String>,
    /// The query parameter of the sign-in page that tells where to return to.
    pub return_parameter: String,
}

impl Default for ForwardAuthConfig {
    fn default() -> Self {
        Self { path: "/forward-auth".to_owned(), login_url: None, return_parameter: "return_to".to_owned() }
    }
}

impl ForwardAuthConfig {
    /// Finds what cannot be used.
    pub(crate) fn check(&self, findings: &mut Findings) {
        let path = &self.path;
        let plain = guard::normalise(path).is_ok_and(|normal| normal == *path) && !path.contains(['{', '}', '?', '#']);
        if !plain || path.ends_with('/') {
            let hint = "Write a path such as /forward-auth, without a slash at the end.";
            findings.add("forward_auth.path", "is not a path to ask at", hint);
        }
        if let Some(url) = &self.login_url {
            let web = match url.parse::<Uri>() {
                Ok(_) if url.starts_with('/') => !url.starts_with("//"),
                Ok(uri) => matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some(),
                Err(_) => false,
            };
            if !web || url.contains(['#', '@']) || !guard::is_plain_target(url) {
                let hint = "Write a path, such as /ui/login, or an address, such as https://auth.example.com/login.";
                findings.add("forward_auth.login_url", "is not the address of a page", hint);
            }
        }
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if self.return_parameter.is_empty() || !self.return_parameter.bytes().all(word) {
            let hint = "Use letters, digits, `_` and `-`.";
            findings.add("forward_auth.return_parameter", "is not the name of a parameter", hint);
        }
    }
}
