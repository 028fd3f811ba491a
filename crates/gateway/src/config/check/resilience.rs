//! What is wrong with how an upstream deals with failure.

use http::Method;

use super::{Findings, shorten};
use crate::config::{BreakerConfig, RetryConfig, Trouble};

/// Largest body that may be kept for another attempt, in bytes: each running request may hold as much.
const MAX_KEPT_BODY: u64 = 1 << 20;

pub(super) fn check_breaker(findings: &mut Findings, at: &str, breaker: &BreakerConfig) {
    check_troubles(findings, &format!("{at}.on"), &breaker.on);
    if !(100..=3_600_000).contains(&breaker.window.get().as_millis()) {
        findings.add(format!("{at}.window"), "must lie between 100ms and 1h", "The default is 10s.");
    }
    if !(1..=1_000).contains(&breaker.min_requests) {
        findings.add(format!("{at}.min_requests"), "must lie between 1 and 1000", "The default is 20.");
    }
    if !(1..=60).contains(&breaker.probes) {
        findings.add(format!("{at}.probes"), "must lie between 1 and 60", "The default is 3.");
    }
    for (name, rate) in [("error_rate", breaker.error_rate), ("slow_rate", breaker.slow_rate)] {
        if rate.hundredths() == 0 {
            findings.add(format!("{at}.{name}"), "must be more than nothing", "Write a share such as 50%.");
        }
    }
    findings.positive(format!("{at}.open_for"), breaker.open_for);
    if let Some(slow) = breaker.slow {
        findings.positive(format!("{at}.slow"), slow);
    }
}

pub(super) fn check_retries(findings: &mut Findings, at: &str, retries: &RetryConfig) {
    check_troubles(findings, &format!("{at}.on"), &retries.on);
    if !(2..=10).contains(&retries.attempts) {
        findings.add(
            format!("{at}.attempts"),
            "must lie between 2 and 10, the first attempt included",
            "Leave `retries` out to send every request once.",
        );
    }
    for (i, method) in retries.methods.iter().enumerate() {
        let known = Method::from_bytes(method.as_bytes()).is_ok_and(|method| method.is_idempotent());
        if !known || method == "TRACE" {
            findings.add(
                format!("{at}.methods[{i}]"),
                format!("`{}` is not a method that may be repeated", shorten(method)),
                "Use some of GET, HEAD, OPTIONS, PUT and DELETE.",
            );
        }
    }
    if retries.methods.is_empty() {
        findings.add(format!("{at}.methods"), "an empty list repeats nothing", "Leave it out for the default.");
    }
    if retries.max_body.bytes() > MAX_KEPT_BODY {
        findings.add(format!("{at}.max_body"), "must not exceed 1MiB", "The default keeps no body.");
    }
    if retries.max_backoff < retries.backoff {
        findings.add(format!("{at}.max_backoff"), "is shorter than backoff", "The default is 1s.");
    }
    if let Some(timeout) = retries.per_try_timeout {
        findings.positive(format!("{at}.per_try_timeout"), timeout);
    }
}

fn check_troubles(findings: &mut Findings, at: &str, on: &[Trouble]) {
    if on.is_empty() {
        findings.add(at, "an empty list is never met", "Leave it out for the default.");
    }
}
