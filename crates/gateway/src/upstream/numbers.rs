//! What an upstream counts about itself, for metrics: a handful of numbers, whatever happens.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{group::Standing, queue::Queue};

/// A number that only goes up.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is counted while the upstream is used.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) circuits_opened: Count,
    pub(crate) circuit_refusals: Count,
    pub(crate) retries: Count,
    pub(crate) retries_denied: Count,
    pub(crate) ejections: Count,
    pub(crate) checks_failed: Count,
    pub(crate) hedges: Count,
    pub(crate) hedges_won: Count,
    pub(crate) fallbacks: Count,
}

/// The numbers of an upstream at one moment. Counters begin anew when its configuration changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UpstreamNumbers {
    /// Targets it has now.
    pub targets: u64,
    /// Targets that are fit to be used now.
    pub targets_available: u64,
    /// 1 while so few are that all are used.
    pub panic: u64,
    /// How often a target was left out because requests to it failed.
    pub ejections: u64,
    /// Checks that a target has failed.
    pub checks_failed: u64,
    /// Circuits that are open now.
    pub circuits_open: u64,
    /// How often a circuit has opened.
    pub circuits_opened: u64,
    /// Requests that an open circuit has refused.
    pub circuit_refusals: u64,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Attempts that the budget did not allow.
    pub retries_denied: u64,
    /// Requests that were sent to a second target beside the first.
    pub hedges: u64,
    /// How often the second was the one to answer.
    pub hedges_won: u64,
    /// Requests that were answered by a route's fallback.
    pub fallbacks: u64,
    /// Requests that hold one of the limited places now.
    pub running: u64,
    /// Requests that wait for a place now.
    pub waiting: u64,
    /// Requests for which there was no place.
    pub saturated: u64,
}

impl Numbers {
    pub(super) fn read(&self, standing: Standing, circuits_open: u64, queue: Option<&Queue>) -> UpstreamNumbers {
        let (running, waiting, saturated) = queue.map_or((0, 0, 0), Queue::numbers);
        UpstreamNumbers {
            targets: standing.targets as u64,
            targets_available: standing.available as u64,
            panic: standing.panic.into(),
            ejections: self.ejections.get(),
            checks_failed: self.checks_failed.get(),
            circuits_open,
            circuits_opened: self.circuits_opened.get(),
            circuit_refusals: self.circuit_refusals.get(),
            retries: self.retries.get(),
            retries_denied: self.retries_denied.get(),
            hedges: self.hedges.get(),
            hedges_won: self.hedges_won.get(),
            fallbacks: self.fallbacks.get(),
            running,
            waiting,
            saturated,
        }
    }
}
