//! How many requests may be under way at the same time, and who waits their turn.
//!
//! A place is taken before the request is sent and given back with its record: after the last byte of the
//! answer, with the end of a tunnel, or when the client goes away. Whoever waits is served in the order of
//! coming; whoever goes away while waiting makes room at once.
//!
//! Deliberately absent: limits for each caller, which are rate limits' business, and counting across nodes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{failure::Failure, numbers::Count};
use crate::config::ConcurrencyConfig;

/// A place that a request holds while it is under way.
#[derive(Debug)]
pub(crate) struct Place(#[expect(dead_code, reason = "holding it is its use")] OwnedSemaphorePermit);

/// Places, and the queue for them.
#[derive(Debug)]
pub struct Queue {
    config: ConcurrencyConfig,
    places: Arc<Semaphore>,
    waiting: AtomicU32,
    refused: Count,
}

impl Queue {
    pub(crate) fn new(config: &ConcurrencyConfig) -> Self {
        let places = usize::try_from(config.max).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self {
            config: config.clone(),
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicU32::new(0),
            refused: Count::default(),
        }
    }

    /// What it was made from.
    pub(crate) const fn config(&self) -> &ConcurrencyConfig {
        &self.config
    }

    /// Requests that hold a place, that wait, and that were refused so far.
    pub(crate) fn numbers(&self) -> (u64, u64, u64) {
        let max = usize::try_from(self.config.max).unwrap_or(usize::MAX);
        let running = max.saturating_sub(self.places.available_permits());
        (running as u64, self.waiting.load(Ordering::Relaxed).into(), self.refused.get())
    }

    /// A place, at once or after waiting for it.
    pub(crate) async fn enter(&self) -> Result<Place, Failure> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Ok(Place(place));
        }
        // Large, and only for those who wait.
        Box::pin(self.wait()).await.ok_or_else(|| {
            self.refused.add();
            Failure::Saturated(self.config.queue_timeout.get().max(Duration::from_secs(1)))
        })
    }

    async fn wait(&self) -> Option<Place> {
        let _waiting = Waiting::begin(self)?;
        let place = tokio::time::timeout(self.config.queue_timeout.get(), self.places.clone().acquire_owned());
        place.await.ok()?.ok().map(Place)
    }
}

/// One who waits, until dropped.
struct Waiting<'a>(&'a Queue);

impl<'a> Waiting<'a> {
    /// `None` when the queue is full.
    fn begin(queue: &'a Queue) -> Option<Self> {
        let more = |waiting: u32| (waiting < queue.config.queue).then_some(waiting + 1);
        queue.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Self(queue))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
