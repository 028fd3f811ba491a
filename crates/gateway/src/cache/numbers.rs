//! What a route's cache counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counted since the program started.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) hits: Count,
    pub(crate) stale: Count,
    pub(crate) revalidated: Count,
    pub(crate) misses: Count,
    pub(crate) collapsed: Count,
    pub(crate) bypassed: Count,
    pub(crate) stored: Count,
    pub(crate) bytes: Count,
}

/// One number.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The cache of one route, for metrics.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CacheNumbers {
    /// Requests answered from memory with something fresh.
    pub hits: u64,
    /// Requests answered from memory with something that no longer was.
    pub stale: u64,
    /// Requests for which the service said that what is kept still holds.
    pub revalidated: u64,
    /// Requests for which the service was asked because nothing was kept.
    pub misses: u64,
    /// Requests that waited for the answer to another one.
    pub collapsed: u64,
    /// Requests that are none to be answered from memory.
    pub bypassed: u64,
    /// Answers that were kept.
    pub stored: u64,
    /// Bytes of bodies given from memory.
    pub bytes: u64,
}

impl Numbers {
    pub(crate) fn read(&self) -> CacheNumbers {
        CacheNumbers {
            hits: self.hits.get(),
            stale: self.stale.get(),
            revalidated: self.revalidated.get(),
            misses: self.misses.get(),
            collapsed: self.collapsed.get(),
            bypassed: self.bypassed.get(),
            stored: self.stored.get(),
            bytes: self.bytes.get(),
        }
    }
}
