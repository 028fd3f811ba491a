//! What is wrong with how connections reach the gate, and with what routes ask of certificates.

use std::net::IpAddr;

use http::Uri;

use super::Findings;
use crate::{
    certificate::SanPattern,
    config::{
        AcmeConfig, AuthConfig, AuthKind, Duration, GatewayConfig, Protocol, RouteConfig, TlsConfig, UpstreamConfig,
        Verify,
    },
};

impl GatewayConfig {
    pub(super) fn check_door(&self, findings: &mut Findings) {
        if let Some(tls) = &self.tls {
            check_tls(findings, tls);
        }
        if let Some(proxy) = &self.proxy_protocol {
            if proxy.trusted.is_empty() {
                findings.add(
                    "server.proxy_protocol.trusted",
                    "an empty list believes nobody",
                    "List the addresses of the load balancers, or leave the section out.",
                );
            }
            check_time(findings, "server.proxy_protocol.timeout", proxy.timeout);
        }
    }

    /// `auth` and `client_sans` of a route. `asks`: the route needs permissions, roles or scopes.
    pub(super) fn check_certificates(&self, findings: &mut Findings, at: &str, route: &RouteConfig, asks: bool) {
        let kinds = match &route.auth {
            AuthConfig::AnyOf(kinds) => kinds.as_slice(),
            AuthConfig::None | AuthConfig::Optional => &[],
        };
        let mtls = kinds.contains(&AuthKind::Mtls);
        if mtls && asks && kinds.iter().all(|kind| *kind == AuthKind::Mtls) {
            findings.add(
                format!("{at}.auth"),
                "takes nothing but a certificate, which carries no permissions, roles or scopes",
                "Say with `client_sans` whose certificates may, or accept another credential too.",
            );
        }
        for (j, san) in route.client_sans.iter().enumerate() {
            if let Err(error) = san.parse::<SanPattern>() {
                findings.add(
                    format!("{at}.client_sans[{j}]"),
                    error.to_string(),
                    "Names are those in the certificate.",
                );
            }
        }
        let unasked = self.tls.as_ref().is_none_or(|tls| tls.client_ca.is_none());
        if unasked && (mtls || !route.client_sans.is_empty()) {
            let setting = if mtls { "auth" } else { "client_sans" };
            findings.add(
                format!("{at}.{setting}"),
                "needs client certificates, which nobody is asked for",
                "Set server.tls.client_ca to the authorities that sign them.",
            );
        }
    }
}

fn check_tls(findings: &mut Findings, tls: &TlsConfig) {
    if let Some(acme) = &tls.acme {
        check_acme(findings, acme);
        if tls.redirect_listen.is_none() {
            findings.add(
                "server.tls.acme",
                "has no port on which the authority can ask whether the hosts are ours",
                "Set server.tls.redirect_listen = \"0.0.0.0:80\".",
            );
        }
    }
    if (tls.certificates.is_empty() && tls.acme.is_none()) || tls.certificates.len() > 1_000 {
        findings.add(
            "server.tls.certificates",
            "1 to 1000 certificates can be served",
            "Write certificates = [{ certificate = \"cert.pem\", key = \"key.pem\" }].",
        );
    }
    check_time(findings, "server.tls.handshake_timeout", tls.handshake_timeout);
    if tls.redirect_port == Some(0) {
        findings.add("server.tls.redirect_port", "must not be 0", "Leave it out for the port of server.listen.");
    }
    if tls.redirect_port.is_some() && tls.redirect_listen.is_none() {
        findings.add(
            "server.tls.redirect_port",
            "nothing redirects",
            "Set server.tls.redirect_listen too, or leave it out.",
        );
    }
    if tls.hsts_subdomains && tls.hsts.is_none() {
        findings.add("server.tls.hsts_subdomains", "of no effect without hsts", "Set server.tls.hsts, such as 365d.");
    }
}

fn check_acme(findings: &mut Findings, acme: &AcmeConfig) {
    let at = |setting: &str| format!("server.tls.acme.{setting}");
    let url = acme.directory.parse::<Uri>().ok();
    let local =
        url.as_ref().and_then(Uri::host).is_some_and(|host| matches!(host, "127.0.0.1" | "[::1]" | "localhost"));
    match url.as_ref().and_then(Uri::scheme_str) {
        Some("https") => {}
        // What is said to it, and what it answers, stays on this machine.
        Some("http") if local => {}
        _ => findings.add(at("directory"), "is not an https URL", "Write the URL of the authority's directory."),
    }
    if !acme.terms_agreed {
        findings.add(
            at("terms_agreed"),
            "must be true: without it nothing is ordered",
            "Read the authority's terms of service, and set terms_agreed = true.",
        );
    }
    if !(1..=100).contains(&acme.hosts.len()) {
        findings.add(at("hosts"), "1 to 100 hosts can be ordered for", "Write hosts = [\"api.example.com\"].");
    }
    for (i, host) in acme.hosts.iter().enumerate() {
        let labels_ok = host.split('.').all(|label| {
            (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
        if !labels_ok || !host.contains('.') || host.len() > 253 || host.parse::<IpAddr>().is_ok() {
            findings.add(
                at(&format!("hosts[{i}]")),
                "is not a host name that can be ordered for",
                "Write a full name such as api.example.com, without wildcards.",
            );
        }
    }
    for (i, contact) in acme.contact.iter().enumerate() {
        if !contact.starts_with("mailto:") || !contact.contains('@') {
            findings.add(at(&format!("contact[{i}]")), "is no address", "Write it as mailto:ops@example.com.");
        }
    }
}

/// `[upstreams.NAME.tls]` and the bounds of its connections.
pub(super) fn check_connections(findings: &mut Findings, at: &str, upstream: &UpstreamConfig) {
    if upstream.max_streams == 0 || !(1..=256).contains(&upstream.max_connections) {
        let setting = if upstream.max_streams == 0 { "max_streams" } else { "max_connections" };
        findings.add(format!("{at}.{setting}"), "is out of its range", "Leave it out for the default.");
    }
    if upstream.websocket && upstream.protocol != Protocol::Http2 {
        let hint = "Drop it: over HTTP/1.1 WebSockets are passed on in any case.";
        findings.add(format!("{at}.websocket"), "is about targets with protocol = \"http2\"", hint);
    }
    if upstream.min_idle > upstream.max_idle {
        findings.add(
            format!("{at}.min_idle"),
            "is more than max_idle, which is kept at most",
            "Raise max_idle, or lower it.",
        );
    }
    let Some(tls) = &upstream.tls else { return };
    if tls.certificate.is_some() != tls.key.is_some() {
        findings.add(
            format!("{at}.tls"),
            "a certificate needs its key, and a key its certificate",
            "Set both `certificate` and `key`, or none of them.",
        );
    }
    if tls.verify == Verify::Insecure && (tls.ca.is_some() || tls.server_name.is_some()) {
        findings.add(
            format!("{at}.tls.verify"),
            "verifies nothing, so `ca` and `server_name` would be of no effect",
            "Leave `verify` out to have them obeyed.",
        );
    }
    // A source may tell of others.
    if upstream.discover.is_none() && !upstream.targets.iter().any(|target| target.url.starts_with("https:")) {
        findings.add(format!("{at}.tls"), "no target is reached by https", "Write https:// in the targets' URLs.");
    }
}

/// Something that a client is waited for: neither never nor for ever.
fn check_time(findings: &mut Findings, path: &str, value: Duration) {
    if !(Duration::from_millis(100)..=Duration::from_secs(60)).contains(&value) {
        findings.add(path, "must lie between 100ms and 60s", "Leave it out for the default.");
    }
}

#[cfg(test)]
mod tests;
