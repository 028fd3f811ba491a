//! What is wrong with how an upstream chooses its targets, and which it takes to be fit.

use std::collections::{BTreeMap, HashMap};

use http::{HeaderName, HeaderValue, uri::PathAndQuery};

use super::{Findings, shorten};
use crate::{
    authn,
    config::{CheckConfig, EjectConfig, HashBy, SameSite, StickyConfig, UpstreamConfig},
};

pub(super) fn check(findings: &mut Findings, at: &str, upstream: &UpstreamConfig) {
    for (i, target) in upstream.targets.iter().enumerate() {
        if target.zone.as_ref().is_some_and(String::is_empty) {
            findings.add(format!("{at}.targets[{i}].zone"), "is empty", "Write a name, or leave it out.");
        }
    }
    let named = match &upstream.hash_by {
        HashBy::Header(name) => HeaderName::from_bytes(name.as_bytes()).is_ok(),
        HashBy::Cookie(name) => is_token(name),
        HashBy::Ip | HashBy::User | HashBy::Path => true,
    };
    if !named {
        findings.add(
            format!("{at}.hash_by"),
            "is not the name of a header field or cookie",
            "Write hash_by = { header = \"x-account\" } or { cookie = \"cart\" }.",
        );
    }
    if upstream.hash_max_load.is_some_and(|load| !(100..=1_000).contains(&load)) {
        findings.add(format!("{at}.hash_max_load"), "must lie between 100 and 1000", "125 is a good beginning.");
    }
    if let Some(time) = upstream.slow_start {
        findings.positive(format!("{at}.slow_start"), time);
    }
    if let Some(check) = &upstream.check {
        check_checks(findings, &format!("{at}.check"), check);
    }
    if let Some(eject) = &upstream.eject {
        check_eject(findings, &format!("{at}.eject"), eject);
    }
    if let Some(sticky) = &upstream.sticky {
        check_sticky(findings, &format!("{at}.sticky"), sticky);
    }
}

/// Two upstreams that write the same cookie take each other's visitors away.
pub(super) fn check_cookies(findings: &mut Findings, upstreams: &BTreeMap<String, UpstreamConfig>) {
    let mut seen = HashMap::new();
    for (name, upstream) in upstreams {
        let Some(sticky) = &upstream.sticky else { continue };
        if let Some(first) = seen.insert(&sticky.cookie, name) {
            findings.pair(
                format!("upstreams.{name}.sticky.cookie"),
                format!("upstreams.{first}.sticky.cookie"),
                format!("`{}` is the cookie of another upstream already", shorten(&sticky.cookie)),
                "Give each upstream a cookie of its own.",
            );
        }
    }
}

fn check_checks(findings: &mut Findings, at: &str, check: &CheckConfig) {
    let is_path = |path: &String| path.starts_with('/') && path.parse::<PathAndQuery>().is_ok();
    if check.path.as_ref().is_some_and(|path| !is_path(path)) {
        findings.add(format!("{at}.path"), "is not a path", "Write a path such as /healthz.");
    }
    let is_host = |host: &String| !host.is_empty() && host.parse::<http::uri::Authority>().is_ok();
    if check.host.as_ref().is_some_and(|host| !is_host(host)) {
        findings.add(format!("{at}.host"), "is not a host", "Write a name such as orders.internal.");
    }
    if check.path.is_none() && (check.host.is_some() || !check.statuses.is_empty()) {
        findings.add(at, "has a host or statuses, but asks nothing", "Add a path such as /healthz.");
    }
    for (i, status) in check.statuses.iter().enumerate().filter(|(_, status)| !(200..600).contains(*status)) {
        findings.add(format!("{at}.statuses[{i}]"), format!("{status} is not a status"), "Write 200 to 599.");
    }
    if !(10..=86_400_000).contains(&check.interval.get().as_millis()) {
        findings.add(format!("{at}.interval"), "must lie between 10ms and 1d", "The default is 5s.");
    }
    findings.positive(format!("{at}.timeout"), check.timeout);
    for (name, count) in [("healthy", check.healthy), ("unhealthy", check.unhealthy)] {
        if !(1..=100).contains(&count) {
            findings.add(format!("{at}.{name}"), "must lie between 1 and 100", "Leave it out for the default.");
        }
    }
}

fn check_eject(findings: &mut Findings, at: &str, eject: &EjectConfig) {
    if eject.consecutive == 0 && eject.error_rate.hundredths() == 0 {
        findings.add(at, "looks neither at failures in a row nor at their share", "Leave `consecutive` out.");
    }
    if !(100..=3_600_000).contains(&eject.window.get().as_millis()) {
        findings.add(format!("{at}.window"), "must lie between 100ms and 1h", "The default is 10s.");
    }
    if !(1..=1_000).contains(&eject.min_requests) {
        findings.add(format!("{at}.min_requests"), "must lie between 1 and 1000", "The default is 20.");
    }
    if eject.on.is_empty() {
        findings.add(format!("{at}.on"), "an empty list is never met", "Leave it out for the default.");
    }
    findings.positive(format!("{at}.base_time"), eject.base_time);
    if eject.max_time < eject.base_time {
        findings.add(format!("{at}.max_time"), "is shorter than base_time", "The default is 300s.");
    }
}

fn check_sticky(findings: &mut Findings, at: &str, sticky: &StickyConfig) {
    let secure = sticky.secure == Some(true);
    let name = &sticky.cookie;
    if !is_token(name) || name.len() > 64 {
        findings.add(format!("{at}.cookie"), "is not the name of a cookie", "Write a name such as lb.");
    }
    if [authn::COOKIE, authn::INSECURE_COOKIE, authn::DEVICE_COOKIE].contains(&name.as_str()) {
        findings.add(format!("{at}.cookie"), "is a cookie of ours", "Write another name, such as lb.");
    }
    // RFC 6265bis §4.1.3: browsers refuse such names without what they promise.
    if name.starts_with("__Host-") && !(secure && sticky.path == "/") || name.starts_with("__Secure-") && !secure {
        findings.add(
            format!("{at}.cookie"),
            "promises what the cookie has not",
            "Add secure = true, and no other path than /.",
        );
    }
    if sticky.same_site == SameSite::None && !secure {
        findings.add(format!("{at}.same_site"), "browsers refuse SameSite=None without Secure", "Add secure = true.");
    }
    let is_path = sticky.path.starts_with('/')
        && !sticky.path.contains(';')
        && sticky.path.is_ascii()
        && HeaderValue::from_str(&sticky.path).is_ok();
    if !is_path {
        findings.add(format!("{at}.path"), "is not a path", "Leave it out for /.");
    }
    if sticky.max_age.is_some_and(|age| age.get().as_secs() == 0) {
        findings.add(
            format!("{at}.max_age"),
            "must be at least 1s",
            "Leave it out to keep the cookie until the browser is closed.",
        );
    }
}

/// RFC 9110 §5.6.2, which RFC 6265 §4.1.1 takes names of cookies from.
fn is_token(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(is_part)
}
