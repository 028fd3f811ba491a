//! Passive checks: a target whose requests fail is left out for a while.
//!
//! What is decided here is whether a target has failed enough and for how long it would be out. Whether it
//! may be, with so many others out, is the group's to say.

use std::{sync::atomic::Ordering, time::Duration};

use kernel::Timestamp;

use super::Health;
use crate::{
    config::EjectConfig,
    upstream::{
        failure::Failure,
        send::Answer,
        trouble::Troubles,
        window::{Outcome, Window},
    },
};

/// When a target is ejected, and for how long.
#[derive(Debug)]
pub(in crate::upstream) struct Ejector {
    consecutive: u32,
    /// In hundredths; 0 for none.
    error_rate: u32,
    min_requests: u32,
    window: Duration,
    on: Troubles,
    base_time: Duration,
    max_time: Duration,
    max_ejected: usize,
}

impl Ejector {
    pub(in crate::upstream) fn new(config: &EjectConfig) -> Self {
        Self {
            consecutive: config.consecutive.into(),
            error_rate: config.error_rate.hundredths().into(),
            min_requests: config.min_requests.into(),
            window: config.window.get(),
            on: Troubles::new(&config.on),
            base_time: config.base_time.get(),
            max_time: config.max_time.get(),
            max_ejected: config.max_ejected.hundredths().into(),
        }
    }

    pub(super) fn window(&self) -> Option<Window> {
        let millis = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        (self.error_rate > 0).then(|| Window::new(millis))
    }

    /// How many of so many targets may be out at a time.
    pub(in crate::upstream) fn most(&self, targets: usize) -> usize {
        (targets * self.max_ejected / 100).max(1).min(targets.saturating_sub(1))
    }

    /// A request has ended so. Whether the target has failed enough to be ejected.
    pub(in crate::upstream) fn report(
        &self,
        health: &Health,
        ended: Result<&Answer, &Failure>,
        now: impl Fn() -> Timestamp,
    ) -> bool {
        // What never got to the target says nothing about it.
        if ended.is_err_and(|failure| failure.target().is_none()) {
            return false;
        }
        self.count(health, self.on.include(ended.map(Answer::status)), now)
    }

    /// A request has failed or not.
    pub(in crate::upstream) fn count(&self, health: &Health, failed: bool, now: impl Fn() -> Timestamp) -> bool {
        let streak = match failed {
            true => health.streak.fetch_add(1, Ordering::AcqRel) + 1,
            // All is well most of the time: then nothing is written.
            false => {
                if health.streak.load(Ordering::Relaxed) > 0 {
                    health.streak.store(0, Ordering::Release);
                }
                0
            }
        };
        let too_many = health.window.as_ref().is_some_and(|window| {
            let millis = u64::try_from(now().as_millis()).unwrap_or(0);
            window.add(millis, Outcome { failed, slow: false });
            let sums = if failed { window.sums(millis) } else { return false };
            sums.total >= self.min_requests && sums.failed * 100 >= sums.total * self.error_rate
        });
        too_many || (self.consecutive > 0 && streak >= self.consecutive)
    }

    /// Ejects the target. Under the group's lock. Returns until when.
    pub(in crate::upstream) fn eject(&self, health: &Health, now: Timestamp) -> Timestamp {
        let ended = Timestamp::from_micros(health.ejected_until.load(Ordering::Acquire));
        // For each first ejection's time that it was well, one that lies back is forgotten.
        let well = now.since(ended).as_micros() / self.base_time.as_micros().max(1);
        let before = health.ejections.load(Ordering::Acquire);
        let before = before.saturating_sub(u32::try_from(well).unwrap_or(u32::MAX));
        let length = self.base_time.saturating_mul(1 << before.min(20)).min(self.max_time);
        let until = now + length;
        health.ejections.store(before + 1, Ordering::Release);
        health.ejected_from.store(now.as_micros(), Ordering::Release);
        health.ejected_until.store(until.as_micros(), Ordering::Release);
        health.streak.store(0, Ordering::Release);
        if let Some(window) = &health.window {
            window.clear();
        }
        until
    }
}
