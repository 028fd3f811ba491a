//! Which requests are sent again, when, and how often.
//!
//! Only requests that do no harm when repeated are, within `attempts` and the upstream's [`Budget`].
//! The loop itself is in `attempts`; here is what it decides by.
//!
//! Deliberately absent: `Retry-After` of upstreams (another target may well have time), and repeating
//! requests whose body was not kept.

mod budget;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use http::Method;
use tokio::time::Instant;

use self::budget::Budget;
use super::{
    balance::mix,
    failure::Failure,
    latency::Latency,
    send::{Answer, Outgoing},
    trouble::Troubles,
};
use crate::config::{HedgeAfter, RetryConfig};

/// The rules of one upstream, and what is left of its budget.
pub(super) struct Retries {
    pub(super) attempts: u8,
    on: Troubles,
    methods: Box<[Method]>,
    budget: Budget,
    backoff: Duration,
    max_backoff: Duration,
    per_try_timeout: Option<Duration>,
    /// When a second target is asked beside the first.
    pub(super) hedge: Option<Hedge>,
    max_body: u64,
    created: Instant,
    random: AtomicU64,
}

/// When a second target is asked.
pub(super) enum Hedge {
    After(Duration),
    /// After what few answers take.
    Learned(Box<Latency>),
}

impl Hedge {
    /// After how long; not at all, as long as too little is known.
    pub(super) fn after(&self) -> Option<Duration> {
        match self {
            Self::After(time) => Some(*time),
            Self::Learned(latency) => latency.estimate(),
        }
    }

    /// The first target took so long to answer; or at least so long, when it was not waited for.
    pub(super) fn took(&self, time: Duration) {
        if let Self::Learned(latency) = self {
            latency.add(time);
        }
    }
}

impl Retries {
    /// `seed` spreads the pauses of different nodes.
    pub(super) fn new(config: &RetryConfig, seed: u64) -> Self {
        Self {
            attempts: config.attempts,
            on: Troubles::new(&config.on),
            methods: config.methods.iter().filter_map(|m| Method::from_bytes(m.as_bytes()).ok()).collect(),
            budget: Budget::new(config.budget.hundredths()),
            backoff: config.backoff.get(),
            max_backoff: config.max_backoff.get(),
            per_try_timeout: config.per_try_timeout.map(|timeout| timeout.get()),
            hedge: config.hedge_after.map(|after| match after {
                HedgeAfter::Time(time) => Hedge::After(time.get()),
                HedgeAfter::Percentile(percent) => Hedge::Learned(Box::new(Latency::new(percent))),
            }),
            max_body: config.max_body.bytes(),
            created: Instant::now(),
            random: AtomicU64::new(seed),
        }
    }

    /// Whether this request may be sent again, as far as its head tells.
    pub(super) fn cover(&self, outgoing: &Outgoing) -> bool {
        !outgoing.upgrade && outgoing.fits(self.max_body) && self.methods.contains(&outgoing.method)
    }

    /// Whether an attempt that ended so is worth another.
    pub(super) fn are_for(&self, ended: &Result<Answer, Failure>) -> bool {
        self.on.include(ended.as_ref().map(Answer::status))
    }

    /// How long one attempt may take, when so much is left for all.
    pub(super) fn patience(&self, left: Duration) -> Duration {
        self.per_try_timeout.map_or(left, |one| one.min(left))
    }

    /// The pause before another attempt, after so many: a random part of a time that doubles.
    pub(super) fn pause(&self, attempts: u8) -> Duration {
        let doubled = 1_u32.checked_shl(u32::from(attempts).saturating_sub(1)).unwrap_or(u32::MAX);
        let longest = self.backoff.saturating_mul(doubled).min(self.max_backoff);
        let draw = mix(self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)) >> 32;
        let nanos = longest.as_nanos().saturating_mul(u128::from(draw)) >> 32;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// A first attempt is made.
    pub(super) fn pay(&self) {
        self.budget.pay(self.seconds());
    }

    /// Takes another attempt out of the budget, if it allows one.
    pub(super) fn take(&self) -> bool {
        self.budget.take(self.seconds())
    }

    fn seconds(&self) -> u32 {
        u32::try_from(self.created.elapsed().as_secs()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests;
