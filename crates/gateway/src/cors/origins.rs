//! Which origins are meant.

use std::collections::HashSet;

use http::HeaderValue;
use kernel::edge::Tenant;

use super::CorsConfig;
use crate::{config::Findings, guard};

/// A list of origins, compiled.
#[derive(Debug, Default)]
pub(super) struct Origins {
    any: bool,
    exact: HashSet<Box<str>>,
    /// `https://`, `.example.com:8443`.
    below: Box<[(Box<str>, Box<str>)]>,
    tenant_hosts: bool,
}

impl Origins {
    pub(super) fn compile(config: &CorsConfig, at: &str, findings: &mut Findings) -> Self {
        let mut origins = Self { tenant_hosts: config.tenant_hosts, ..Self::default() };
        let mut below = Vec::new();
        if config.origins.is_empty() && !config.tenant_hosts {
            findings.add(
                format!("{at}.origins"),
                "an empty list allows no page",
                "List origins such as https://app.example.com, or leave `cors` out.",
            );
        }
        for (i, text) in config.origins.iter().enumerate() {
            match (text.as_str(), split(text)) {
                ("*", _) => origins.any = true,
                (_, Some((scheme, host))) => match host.strip_prefix('*') {
                    Some(suffix) => below.push((scheme.into(), suffix.into())),
                    None => drop(origins.exact.insert(text.as_str().into())),
                },
                (_, None) => findings.add(
                    format!("{at}.origins[{i}]"),
                    "is not an origin",
                    "Write scheme, host in lower case and a port that is not the scheme's own, without a slash at the end: https://app.example.com or https://*.example.com.",
                ),
            }
        }
        origins.below = below.into();
        origins
    }

    /// Whether every origin is meant.
    pub(super) const fn any(&self) -> bool {
        self.any
    }

    /// Whether a page of this origin may.
    pub(super) fn allow(&self, origin: &HeaderValue, tenant: Option<&Tenant>) -> bool {
        if self.any {
            return true;
        }
        // `null`, which sandboxed pages and files send, is nobody in particular and never on a list.
        let Ok(origin) = origin.to_str() else { return false };
        if self.exact.contains(origin) {
            return true;
        }
        let below = |(scheme, suffix): &(Box<str>, Box<str>)| {
            let label = origin.strip_prefix(&**scheme).and_then(|host| host.strip_suffix(&**suffix));
            label.is_some_and(is_labels)
        };
        self.below.iter().any(below) || (self.tenant_hosts && tenant.is_some_and(|tenant| is_home(origin, tenant)))
    }
}

/// `https://`, `host:port`: an origin as browsers serialise it (RFC 6454 §6.2).
fn split(text: &str) -> Option<(&str, &str)> {
    let (scheme, default) = match text.split_once("://")?.0 {
        "https" => ("https://", 443),
        "http" => ("http://", 80),
        _ => return None,
    };
    let host = &text[scheme.len()..];
    let name = host.strip_prefix("*.").unwrap_or(host);
    let parsed = guard::parse_host(name)?;
    let canonical = parsed.canonical() == parsed.name && parsed.port != Some(default) && !name.ends_with(':');
    canonical.then_some((scheme, host))
}

/// One or more labels of a host name.
fn is_labels(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_'))
}

/// Whether the origin is one of the tenant's own hosts, over TLS.
fn is_home(origin: &str, tenant: &Tenant) -> bool {
    let host = origin.strip_prefix("https://").and_then(guard::parse_host);
    host.is_some_and(|host| tenant.hosts.iter().any(|own| **own == *host.name))
}
