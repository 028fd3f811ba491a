//! How a target is, as far as checks of our own ([`check`]) and the requests of clients ([`eject`]) tell.
//!
//! [`Health`] is a few atomic words beside a target: reading it costs a load or two, and nothing is written
//! while all is well. It does not decide who is used: that is the business of the group, which is told of
//! every change. Times come from the caller's [`kernel::Clock`].

pub(super) mod check;
mod eject;
mod watch;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use kernel::Timestamp;
use parking_lot::Mutex;

pub(super) use self::eject::Ejector;
pub(crate) use self::watch::watch;
use super::window::Window;
use crate::config::CheckConfig;

/// How one target is.
#[derive(Debug)]
pub(super) struct Health {
    /// Checks have found it down.
    down: AtomicBool,
    checks: Mutex<Checks>,
    /// From when until when it is ejected, in microseconds; 0 for never.
    ejected_from: AtomicI64,
    ejected_until: AtomicI64,
    /// How often it has been ejected lately.
    ejections: AtomicU32,
    /// Failed requests in a row.
    streak: AtomicU32,
    window: Option<Window>,
    /// Since when it is back, or new, in microseconds; 0 for always.
    back: AtomicI64,
}

/// How the last checks went.
#[derive(Debug, Default)]
struct Checks {
    /// Whether one was ever passed.
    passed_once: bool,
    /// How many in a row went as the last one did.
    run: u32,
    last: Option<Result<(), String>>,
}

impl Health {
    /// Of a target that nothing is known about.
    pub(super) fn new(eject: Option<&Ejector>) -> Self {
        Self {
            down: AtomicBool::new(false),
            checks: Mutex::default(),
            ejected_from: AtomicI64::new(0),
            ejected_until: AtomicI64::new(0),
            ejections: AtomicU32::new(0),
            streak: AtomicU32::new(0),
            window: eject.and_then(Ejector::window),
            back: AtomicI64::new(0),
        }
    }

    /// Takes over what is known from before a reload, as far as the new rules still care.
    pub(super) fn inherit(&self, old: &Self, checked: bool, ejected: bool) {
        let copy = |to: &AtomicI64, from: &AtomicI64| to.store(from.load(Ordering::Acquire), Ordering::Release);
        copy(&self.back, &old.back);
        if checked {
            self.down.store(old.down.load(Ordering::Acquire), Ordering::Release);
            let old = old.checks.lock();
            *self.checks.lock() = Checks { passed_once: old.passed_once, run: old.run, last: old.last.clone() };
        }
        if ejected {
            copy(&self.ejected_from, &old.ejected_from);
            copy(&self.ejected_until, &old.ejected_until);
            self.ejections.store(old.ejections.load(Ordering::Acquire), Ordering::Release);
            self.streak.store(old.streak.load(Ordering::Acquire), Ordering::Release);
        }
    }

    /// It is new among targets that are not: it starts slowly, where targets do.
    pub(super) fn is_new(&self, now: Timestamp) {
        self.back.store(now.as_micros(), Ordering::Release);
    }

    /// Whether it is fit to be used.
    pub(super) fn is_available(&self, now: Timestamp) -> bool {
        !self.is_down() && self.ejected_until(now).is_none()
    }

    /// Whether checks have found it down.
    pub(super) fn is_down(&self) -> bool {
        self.down.load(Ordering::Acquire)
    }

    /// Until when it is ejected, if it is. A clock that was set back ends the ejection.
    pub(super) fn ejected_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.ejected_until.load(Ordering::Acquire);
        let lasts = until > now.as_micros() && self.ejected_from.load(Ordering::Acquire) <= now.as_micros();
        lasts.then(|| Timestamp::from_micros(until))
    }

    /// Since when it is back or new; `None` for always.
    pub(super) fn back(&self, now: Timestamp) -> Option<Timestamp> {
        let ended = Some(self.ejected_until.load(Ordering::Acquire)).filter(|until| *until <= now.as_micros());
        let back = self.back.load(Ordering::Acquire).max(ended.unwrap_or(0));
        (back > 0).then(|| Timestamp::from_micros(back))
    }

    /// A check went so. Returns whether that changed anything.
    pub(super) fn checked(&self, outcome: Result<(), String>, config: &CheckConfig, now: Timestamp) -> bool {
        let mut checks = self.checks.lock();
        let passed = outcome.is_ok();
        let same = checks.last.as_ref().is_some_and(|last| last.is_ok() == passed);
        checks.run = if same { checks.run.saturating_add(1) } else { 1 };
        checks.last = Some(outcome);
        let enough = match (passed, self.is_down()) {
            (true, true) => checks.run >= config.healthy.into() || !checks.passed_once,
            (false, false) => checks.run >= config.unhealthy.into() || !checks.passed_once,
            _ => false,
        };
        checks.passed_once |= passed;
        if enough {
            if passed {
                self.back.store(now.as_micros(), Ordering::Release);
            }
            self.down.store(!passed, Ordering::Release);
        }
        enough
    }

    /// Why the last check failed, if it did.
    pub(super) fn last_error(&self) -> Option<String> {
        self.checks.lock().last.as_ref().and_then(|last| last.as_ref().err().cloned())
    }
}
