//! What an upstream counts about itself, for metrics: a handful of numbers, whatever happens.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only goes up.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn get(&self) -> u64 {
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
}

/// The numbers of an upstream at one moment. Counters begin anew when its configuration changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UpstreamNumbers {
    /// Targets it has now.
    pub targets: u64,
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
}

impl Numbers {
    pub(super) fn read(&self, targets: u64, circuits_open: u64) -> UpstreamNumbers {
        UpstreamNumbers {
            targets,
            circuits_open,
            circuits_opened: self.circuits_opened.get(),
            circuit_refusals: self.circuit_refusals.get(),
            retries: self.retries.get(),
            retries_denied: self.retries_denied.get(),
        }
    }
}
