//! What is wrong with how failure and overload are dealt with.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::{Findings, shorten};
use crate::config::{
    BreakerConfig, ConcurrencyConfig, FallbackConfig, HedgeAfter, RetryConfig, SheddingConfig, Trouble,
};

/// Largest body that may be kept for another attempt, in bytes: each running request may hold as much.
const MAX_KEPT_BODY: u64 = 1 << 20;

/// Largest body of a fixed answer, in bytes.
const MAX_FALLBACK_BODY: usize = 64 << 10;

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
    if let Some(HedgeAfter::Time(after)) = retries.hedge_after {
        findings.positive(format!("{at}.hedge_after"), after);
    }
    if let Some(timeout) = retries.per_try_timeout {
        findings.positive(format!("{at}.per_try_timeout"), timeout);
    }
}

pub(super) fn check_concurrency(findings: &mut Findings, at: &str, concurrency: &ConcurrencyConfig) {
    if !(1..=1_000_000).contains(&concurrency.max) {
        findings.add(format!("{at}.max"), "must lie between 1 and 1000000", "Leave `concurrency` out for no limit.");
    }
    if concurrency.queue > 1_000_000 {
        findings.add(format!("{at}.queue"), "must not exceed 1000000", "The default is no queue.");
    }
    findings.positive(format!("{at}.queue_timeout"), concurrency.queue_timeout);
}

pub(super) fn check_shedding(findings: &mut Findings, at: &str, shedding: &SheddingConfig) {
    findings.positive(format!("{at}.lag"), shedding.lag);
    for (name, share) in [("cpu", shedding.cpu), ("memory", shedding.memory)] {
        if share.hundredths() == 0 {
            findings.add(format!("{at}.{name}"), "must be more than nothing", "Write a share such as 90%.");
        }
    }
    if shedding.memory_limit.is_some_and(|limit| limit.bytes() == 0) {
        findings.add(format!("{at}.memory_limit"), "must be more than nothing", "Write a size such as 1GiB.");
    }
}

pub(super) fn check_fallback(findings: &mut Findings, at: &str, fallback: &FallbackConfig) {
    let fixed = fallback.status.is_some() || !fallback.headers.is_empty() || !fallback.body.is_empty();
    match (&fallback.upstream, fallback.status) {
        (Some(_), _) if fixed => {
            findings.add(
                at,
                "names an upstream and a fixed answer",
                "Write either `upstream`, or `status` and `body`.",
            );
        }
        (None, None) => {
            findings.add(at, "says neither what to answer nor whom to ask", "Write `status`, or `upstream`.");
        }
        (_, Some(status)) => {
            let known = StatusCode::from_u16(status).is_ok() && (200..=599).contains(&status);
            if !known {
                findings.add(format!("{at}.status"), "must lie between 200 and 599", "Write a status such as 200.");
            }
            if matches!(status, 204 | 304) && !fallback.body.is_empty() {
                findings.add(format!("{at}.body"), format!("status {status} has no body"), "Use another status.");
            }
        }
        (Some(_), None) => {}
    }
    for (name, value) in &fallback.headers {
        let name_ok = HeaderName::from_bytes(name.as_bytes()).is_ok_and(|name| {
            ![header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE].contains(&name)
        });
        if !name_ok || HeaderValue::from_str(value).is_err() {
            findings.add(
                format!("{at}.headers.{name}"),
                "is not a header field of an answer",
                "Leave framing to the gate; write names and values such as content-type = \"application/json\".",
            );
        }
    }
    if fallback.body.len() > MAX_FALLBACK_BODY {
        findings.add(format!("{at}.body"), "must not exceed 64KiB", "Serve larger answers from an upstream.");
    }
    check_troubles(findings, &format!("{at}.on"), &fallback.on);
}

fn check_troubles(findings: &mut Findings, at: &str, on: &[Trouble]) {
    if on.is_empty() {
        findings.add(at, "an empty list is never met", "Leave it out for the default.");
    }
}
