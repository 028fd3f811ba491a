//! What the limits answered about one request, and how the client is told.

use std::{fmt, fmt::Write as _, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Algorithm, Problem, Rate, Timestamp, rate::Period};
use smallvec::SmallVec;

use super::{EXCEEDED, Measure, Permit, local::Decisions};

/// draft-ietf-httpapi-ratelimit-headers, §3 and §4.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// A limit that was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'r> {
    pub(super) name: Name<'r>,
    pub(super) measure: Measure,
}

pub(super) type AllAsked<'r> = SmallVec<[Asked<'r>; 2]>;

/// What a limit is called.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name<'r> {
    /// As configured.
    Rule(&'r str),
    /// The credential's own.
    Credential(Rate),
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(name) => f.write_str(name),
            Self::Credential(rate) => write!(f, "credential-{rate}"),
        }
    }
}

/// What all limits of a request answered.
#[derive(Debug)]
pub struct Taken<'r> {
    pub(super) asked: AllAsked<'r>,
    /// One for each that was asked.
    pub(super) decisions: Decisions,
    /// The policy header, where it is that of the route alone.
    pub(super) policy: Option<&'r HeaderValue>,
    pub(super) now: Timestamp,
    pub(super) headers: bool,
    pub(super) legacy_headers: bool,
    /// What is held until the request has ended.
    pub(super) permit: Option<Permit>,
}

impl Taken<'_> {
    /// What to keep until the request has ended, if anything.
    pub fn permit(&mut self) -> Option<Permit> {
        self.permit.take()
    }

    /// The problem to answer with, unless the request may pass. Names the limit that takes longest to
    /// come back; `retry_after` is its wait.
    pub fn refusal(&self) -> Option<Problem> {
        let refused = self.asked.iter().zip(&self.decisions).filter(|(_, decision)| !decision.allowed);
        let (asked, decision) = refused.max_by_key(|(_, decision)| decision.retry_after)?;
        let wait = match asked.measure {
            Measure::Units(rate, _) => rate.window,
            Measure::Slots(_) => super::SLOT_WAIT,
        };
        Some(
            Problem::new(EXCEEDED)
                .detail(format!("The limit `{}` ({}) is used up.", asked.name, asked.measure))
                .retry_after(decision.retry_after.unwrap_or(wait)),
        )
    }

    /// Adds the headers that tell the client where it stands, as configured. To be called for responses
    /// of the upstream and for refusals alike; `Retry-After` belongs to the problem.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        if self.asked.is_empty() {
            return;
        }
        if self.headers {
            if let Some(policy) = self.policy() {
                headers.insert(POLICY, policy);
            }
            if let Ok(state) = HeaderValue::try_from(self.state()) {
                headers.insert(STATE, state);
            }
        }
        if self.legacy_headers {
            self.write_legacy_headers(headers);
        }
    }

    fn policy(&self) -> Option<HeaderValue> {
        if let Some(policy) = self.policy {
            return Some(policy.clone());
        }
        let mut text = String::with_capacity(48 * self.asked.len());
        for asked in &self.asked {
            write_policy(&mut text, asked.name, asked.measure);
        }
        HeaderValue::try_from(text).ok()
    }

    fn state(&self) -> String {
        let mut text = String::with_capacity(48 * self.asked.len());
        for (asked, decision) in self.asked.iter().zip(&self.decisions) {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a String does not fail.
            let _ = write!(text, "{comma}\"{}\";r={}", asked.name, decision.remaining);
            // Nobody knows when a running request ends.
            if let Measure::Units(..) = asked.measure {
                let _ = write!(text, ";t={}", whole_secs(decision.reset_after));
            }
        }
        text
    }

    /// These headers have room for one limit: the one that refuses, else the one with the least left.
    fn write_legacy_headers(&self, headers: &mut HeaderMap) {
        let tightest =
            self.decisions.iter().min_by_key(|d| (d.allowed, d.remaining, u64::MAX - whole_secs(d.reset_after)));
        if let Some(decision) = tightest {
            headers.insert(X_LIMIT, decision.limit.into());
            headers.insert(X_REMAINING, decision.remaining.into());
            headers.insert(X_RESET, (self.now + decision.reset_after).as_secs().saturating_add(1).into());
        }
    }
}

/// One item of `RateLimit-Policy`: name, quota, and window in seconds, which a month has not.
pub(super) fn write_policy(text: &mut String, name: impl fmt::Display, measure: Measure) {
    let comma = if text.is_empty() { "" } else { ", " };
    // Writing to a String does not fail.
    let _ = write!(text, "{comma}\"{name}\";q={}", measure.limit());
    let _ = match measure {
        Measure::Units(_, Algorithm::Calendar(Period::Month)) => Ok(()),
        Measure::Units(rate, _) => write!(text, ";w={}", rate.window.as_secs()),
        Measure::Slots(_) => text.write_str(";qu=\"concurrent-requests\""),
    };
}

/// Rounded up: whoever waits that long has waited long enough.
fn whole_secs(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
