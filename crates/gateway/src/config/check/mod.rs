//! Finds everything wrong with a configuration at once.

mod discovery;
mod door;
mod health;
mod resilience;

use std::collections::{BTreeMap, HashMap};

use http::{HeaderName, HeaderValue, Method, Uri};

use super::{
    AuthConfig, GatewayConfig, MatchConfig, RouteConfig, TargetConfig, UpstreamConfig, conflicts,
    findings::{ConfigProblem, Findings, shorten},
};
use crate::{
    limit::Rules,
    perimeter::Perimeter,
    route::{HostPattern, PathPattern},
    shape::{Common, Shape},
};

impl GatewayConfig {
    /// Everything that is wrong with it; empty when it can be served.
    pub fn validate(&self) -> Vec<ConfigProblem> {
        let mut findings = Findings::default();
        self.check_http(&mut findings);
        self.check_door(&mut findings);
        if let Some(forward_auth) = &self.forward_auth {
            forward_auth.check(&mut findings);
        }
        let common = Common::compile(self, &BTreeMap::new(), None, &mut findings);
        Perimeter::compile(&self.guard, common.countries.as_ref(), &mut findings);
        for (name, upstream) in &self.upstreams {
            check_upstream(&mut findings, name, upstream);
        }
        health::check_cookies(&mut findings, &self.upstreams);
        for (i, route) in self.routes.iter().enumerate() {
            let at = format!("routes[{i}]");
            self.check_route(&mut findings, &at, route);
            Shape::compile(route, &at, &common, &mut findings);
        }
        check_duplicates(&mut findings, &self.routes);
        conflicts::check(&mut findings, &self.routes);
        findings.into_problems()
    }

    fn check_http(&self, findings: &mut Findings) {
        let http = &self.http;
        for (name, value) in [
            ("head_timeout", http.head_timeout),
            ("body_timeout", http.body_timeout),
            ("write_timeout", http.write_timeout),
            ("idle_timeout", http.idle_timeout),
        ] {
            findings.positive(format!("server.http.{name}"), value);
        }
        let max = http.cache_memory.bytes() / 8;
        for (i, route) in self.routes.iter().enumerate() {
            if route.cache.as_ref().is_some_and(|cache| cache.max_object.bytes() > max) {
                findings.add(
                    format!("routes[{i}].cache.max_object"),
                    "is larger than an eighth of server.http.cache_memory",
                    "Lower it, or give the cache more memory.",
                );
            }
        }
        if let Some(shedding) = &http.shedding {
            resilience::check_shedding(findings, "server.http.shedding", shedding);
        }
        if !(1 << 10..=1 << 20).contains(&http.max_head.bytes()) {
            findings.add("server.http.max_head", "must lie between 1KiB and 1MiB", "The default is 32KiB.");
        }
        if http.max_target > http.max_head {
            findings.add(
                "server.http.max_target",
                "is larger than max_head, which contains it",
                "The default is 8KiB.",
            );
        }
        if http.max_target.bytes() > 60 << 10 {
            findings.add("server.http.max_target", "must not exceed 60KiB", "The default is 8KiB.");
        }
        for (name, value, max) in [
            ("max_headers", u32::from(http.max_headers), MAX_HEADERS),
            ("max_connections", http.max_connections, 10_000_000),
            ("max_streams", http.max_streams, 10_000),
        ] {
            if !(1..=max).contains(&value) {
                findings.add(
                    format!("server.http.{name}"),
                    format!("must lie between 1 and {max}"),
                    "Leave it out for the default.",
                );
            }
        }
    }

    fn check_route(&self, findings: &mut Findings, at: &str, route: &RouteConfig) {
        if !is_name(&route.name) {
            findings.add(format!("{at}.name"), format!("`{}` is not a name", shorten(&route.name)), NAME_HINT);
        }
        let pattern = check_match(findings, &format!("{at}.match"), &route.matches);
        match &route.upstream {
            Some(name) => self.check_upstream_name(findings, &format!("{at}.upstream"), name),
            None => self.check_elsewhere(findings, at, route),
        }
        let proven = route.acr.is_some() || route.max_age.is_some();
        let asks = !(route.permissions.is_empty() && route.roles.is_empty() && route.scopes.is_empty());
        match &route.auth {
            AuthConfig::AnyOf(kinds) if kinds.is_empty() => findings.add(
                format!("{at}.auth"),
                "an empty list lets nobody in",
                "Leave it out to accept every credential, or write \"none\" to ask for no credential.",
            ),
            AuthConfig::None if asks || proven => findings.add(
                format!("{at}.auth"),
                "asks for no credential, but the route needs permissions, roles, scopes, `acr` or `max_age`",
                "Leave `auth` out, or drop what the route needs.",
            ),
            AuthConfig::AnyOf(kinds) if proven && !kinds.iter().any(|kind| kind.is_login()) => findings.add(
                format!("{at}.auth"),
                "takes nothing that a person has logged in for, which `acr` and `max_age` ask for",
                "Accept `jwt` or `session`, or leave `acr` and `max_age` out.",
            ),
            _ => {}
        }
        if let Some(age) = route.max_age {
            findings.positive(format!("{at}.max_age"), age);
        }
        self.check_certificates(findings, at, route, asks);
        for (j, scope) in route.scopes.iter().enumerate() {
            // RFC 6749 §3.3: scope-token.
            let ok = !scope.is_empty()
                && scope.len() <= 128
                && scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
            if !ok {
                findings.add(
                    format!("{at}.scopes[{j}]"),
                    format!("`{}` is not a scope", shorten(scope)),
                    "Write one scope without spaces, such as orders:read.",
                );
            }
        }
        if let (Some(prefix), Some(pattern)) = (&route.strip_prefix, pattern) {
            let literal = pattern.literal_prefix();
            let covers =
                literal.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if prefix.ends_with('/') || prefix.is_empty() || !covers {
                findings.add(
                    format!("{at}.strip_prefix"),
                    format!("`{}` is not the beginning of every path of this route", shorten(prefix)),
                    format!("Use the literal beginning of the path, without a slash at the end: {literal}."),
                );
            }
        }
        if let Some(timeout) = route.timeout {
            findings.positive(format!("{at}.timeout"), timeout);
        }
        if let Some(concurrency) = &route.concurrency {
            resilience::check_concurrency(findings, &format!("{at}.concurrency"), concurrency);
        }
        if let Some(fallback) = &route.fallback {
            resilience::check_fallback(findings, &format!("{at}.fallback"), fallback);
            if let Some(other) = &fallback.upstream {
                self.check_upstream_name(findings, &format!("{at}.fallback.upstream"), other);
            }
        }
        if let Err(error) = Rules::compile([(route.name.as_str(), route.limits.as_slice())]) {
            findings.add(format!("{at}.limits"), error.to_string(), "Each limit counts on its own; list each once.");
        }
    }
}

impl GatewayConfig {
    /// A route without an upstream: somebody must ask about it, and what only an upstream could do is not asked.
    fn check_elsewhere(&self, findings: &mut Findings, at: &str, route: &RouteConfig) {
        if self.forward_auth.is_none() {
            let hint = "Name an upstream, or let other proxies ask about the route: write [forward_auth].";
            findings.add(format!("{at}.upstream"), "is missing, and nobody else forwards the route's requests", hint);
        }
        for (name, set) in [
            ("strip_prefix", route.strip_prefix.is_some()),
            ("timeout", route.timeout.is_some()),
            ("body_timeout", route.body_timeout.is_some()),
            ("concurrency", route.concurrency.is_some()),
            ("fallback", route.fallback.is_some()),
            ("request", route.request.is_some()),
            ("response", route.response.is_some()),
            ("validate", route.validate.is_some()),
            ("compress", route.compress.is_some()),
            ("versions", route.versions.is_some()),
            ("cache", route.cache.is_some()),
            ("split", !route.split.is_empty()),
            ("mirror", route.mirror.is_some()),
            ("fault", route.fault.is_some()),
        ] {
            if set {
                let hint = "Drop it, or name an upstream.";
                findings.add(format!("{at}.{name}"), "has no effect on a route without an upstream", hint);
            }
        }
    }

    fn check_upstream_name(&self, findings: &mut Findings, at: &str, name: &str) {
        if self.upstreams.contains_key(name) {
            return;
        }
        let known: Vec<&str> = self.upstreams.keys().take(8).map(String::as_str).collect();
        let hint = if known.is_empty() {
            format!("Define [upstreams.{}] with its targets.", shorten(name))
        } else {
            format!("Define [upstreams.{}], or use one of: {}.", shorten(name), known.join(", "))
        };
        findings.add(at, format!("there is no upstream `{}`", shorten(name)), hint);
    }
}

fn check_match(findings: &mut Findings, at: &str, matches: &MatchConfig) -> Option<PathPattern> {
    let pattern = matches.path.parse::<PathPattern>();
    if let Err(error) = &pattern {
        findings.add(format!("{at}.path"), error.to_string(), error.hint());
    }
    if matches.host.0.is_empty() {
        findings.add(format!("{at}.host"), "an empty list matches no host", "Leave it out to match every host.");
    }
    for host in &matches.host.0 {
        if let Err(error) = host.parse::<HostPattern>() {
            findings.add(format!("{at}.host"), error.to_string(), "Use lower case; ports are not matched.");
        }
    }
    for (j, method) in matches.methods.iter().enumerate() {
        let known = method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
            && Method::from_bytes(method.as_bytes()).is_ok();
        if !known || matches!(method.as_str(), "CONNECT" | "TRACE") {
            findings.add(
                format!("{at}.methods[{j}]"),
                format!("`{}` is not a method that can be routed", shorten(method)),
                "Use upper case: GET, POST, PUT, PATCH, DELETE, OPTIONS.",
            );
        }
    }
    for (name, value) in &matches.headers {
        if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err() {
            findings.add(
                format!("{at}.headers.{name}"),
                "is not a header field",
                "Write a name and the exact value, or `*` for any value.",
            );
        }
    }
    for name in matches.query.keys().filter(|name| name.is_empty()) {
        findings.add(
            format!("{at}.query.{name}"),
            "is not the name of a parameter",
            "Write a name and the exact value, or `*` for any value.",
        );
    }
    pattern.ok()
}

fn check_upstream(findings: &mut Findings, name: &str, upstream: &UpstreamConfig) {
    let at = format!("upstreams.{name}");
    if !is_name(name) {
        findings.add(&at, format!("`{}` is not a name", shorten(name)), NAME_HINT);
    }
    if let Some(discover) = &upstream.discover {
        discovery::check_discover(findings, &format!("{at}.discover"), discover);
    }
    if (upstream.targets.is_empty() && upstream.discover.is_none()) || upstream.targets.len() > 256 {
        findings.add(
            format!("{at}.targets"),
            "an upstream has 1 to 256 targets",
            "Write targets = [\"http://127.0.0.1:9001\"], or say where they are learned from: discover = { … }.",
        );
    }
    let mut seen = HashMap::new();
    for (i, target) in upstream.targets.iter().enumerate() {
        let at = format!("{at}.targets[{i}]");
        if let Err(message) = check_url(&target.url) {
            findings.add(&at, message, "Write http://host:port or https://host:port, without a path.");
        }
        if !(1..=256).contains(&target.weight) {
            findings.add(
                format!("{at}.weight"),
                "must lie between 1 and 256",
                "Leave a target out to send it nothing.",
            );
        }
        if let Some(first) = seen.insert(target.url.trim_end_matches('/'), i) {
            findings.add(&at, format!("is the same as targets[{first}]"), "Give one target a larger weight instead.");
        }
    }
    findings.positive(format!("{at}.timeout"), upstream.timeout);
    findings.positive(format!("{at}.connect_timeout"), upstream.connect_timeout);
    door::check_connections(findings, &at, upstream);
    health::check(findings, &at, upstream);
    if let Some(breaker) = &upstream.breaker {
        resilience::check_breaker(findings, &format!("{at}.breaker"), breaker);
    }
    if let Some(concurrency) = &upstream.concurrency {
        resilience::check_concurrency(findings, &format!("{at}.concurrency"), concurrency);
    }
    if let Some(retries) = &upstream.retries {
        resilience::check_retries(findings, &format!("{at}.retries"), retries);
    }
}

/// Whether a target that was learned is one that may be written.
pub(crate) fn check_target(target: &TargetConfig) -> Result<(), String> {
    check_url(&target.url)?;
    if (1..=256).contains(&target.weight) { Ok(()) } else { Err("a weight must lie between 1 and 256".to_owned()) }
}

fn check_url(url: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("`{}` {what}", shorten(url)));
    let Ok(uri) = url.parse::<Uri>() else { return wrong("is not a URL") };
    match uri.scheme_str() {
        Some("http" | "https") => {}
        _ => return wrong("has no http or https scheme"),
    }
    match uri.authority() {
        Some(authority) if authority.as_str().contains('@') => return wrong("contains credentials"),
        Some(authority) if !authority.host().is_empty() => {}
        _ => return wrong("names no host"),
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return wrong("has a path or a query");
    }
    Ok(())
}

fn check_duplicates(findings: &mut Findings, routes: &[RouteConfig]) {
    let mut first = HashMap::new();
    for (i, route) in routes.iter().enumerate() {
        if let Some(earlier) = first.get(&route.name) {
            findings.pair(
                format!("routes[{i}].name"),
                format!("routes[{earlier}].name"),
                format!("`{}` is the name of another route already", shorten(&route.name)),
                "Names label metrics and logs; give each route its own.",
            );
        } else {
            first.insert(&route.name, i);
        }
    }
}

/// As many as the head's parser has room for.
const MAX_HEADERS: u32 = crate::guard::MAX_HEADERS as u32;

const NAME_HINT: &str = "Names have 1 to 64 characters of a-z, 0-9, `_` and `-`, and start with a letter or digit.";

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}
