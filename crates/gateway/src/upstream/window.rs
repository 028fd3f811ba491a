//! How the last requests went: a sliding window without a lock.
//!
//! The window is ten slices, each one atomic word that holds its number and three counters, so adding a
//! request is one compare-and-swap and a slice never mixes two spans of time. A slice that is full halves
//! its counters: shares stay what they are, and later requests weigh a little more.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many slices make the window.
const SLICES: usize = 10;

/// Bits of each counter; the slice's number has the rest (28: 31 days of the shortest slices, 10 ms).
const BITS: u32 = 12;
const FULL: u64 = (1 << BITS) - 1;
const NUMBER: u64 = (1 << (64 - 3 * BITS)) - 1;

/// How a request went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Outcome {
    /// It was not answered as it should be.
    pub(super) failed: bool,
    /// The answer took too long, whatever it was.
    pub(super) slow: bool,
}

/// How the requests of the window went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sums {
    pub(super) total: u32,
    pub(super) failed: u32,
    pub(super) slow: u32,
}

/// The window. Times are milliseconds after any fixed moment.
#[derive(Debug)]
pub(super) struct Window {
    slices: [AtomicU64; SLICES],
    slice_millis: u64,
}

impl Window {
    /// An empty window of this length.
    pub(super) fn new(millis: u64) -> Self {
        Self { slices: Default::default(), slice_millis: (millis / SLICES as u64).max(1) }
    }

    /// Counts a request that ended now.
    pub(super) fn add(&self, now: u64, outcome: Outcome) {
        let (at, number) = self.slice(now);
        // The closure always gives a word, so this cannot fail.
        let _ =
            self.slices[at].fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| Some(add(word, number, outcome)));
    }

    /// The requests that ended in the window.
    pub(super) fn sums(&self, now: u64) -> Sums {
        let (_, current) = self.slice(now);
        let mut sums = Sums::default();
        for slice in &self.slices {
            let (number, counted) = parts(slice.load(Ordering::Relaxed));
            if (current.wrapping_sub(number) & NUMBER) < SLICES as u64 {
                sums.total += counted.total;
                sums.failed += counted.failed;
                sums.slow += counted.slow;
            }
        }
        sums
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        for slice in &self.slices {
            slice.store(0, Ordering::Relaxed);
        }
    }

    fn slice(&self, now: u64) -> (usize, u64) {
        let number = now / self.slice_millis;
        (usize::try_from(number % SLICES as u64).unwrap_or(0), number & NUMBER)
    }
}

/// The word of a slice with one request more; a slice of an earlier turn begins anew.
fn add(word: u64, number: u64, outcome: Outcome) -> u64 {
    let (of, mut sums) = parts(word);
    if of != number {
        sums = Sums::default();
    } else if u64::from(sums.total) == FULL {
        sums = Sums { total: sums.total / 2, failed: sums.failed / 2, slow: sums.slow / 2 };
    }
    let field = |count: u32, more: bool| u64::from(count) + u64::from(more);
    (number << (3 * BITS))
        | (field(sums.total, true) << (2 * BITS))
        | (field(sums.failed, outcome.failed) << BITS)
        | field(sums.slow, outcome.slow)
}

fn parts(word: u64) -> (u64, Sums) {
    let field = |shift: u32| u32::try_from((word >> shift) & FULL).unwrap_or(0);
    (word >> (3 * BITS), Sums { total: field(2 * BITS), failed: field(BITS), slow: field(0) })
}

#[cfg(test)]
mod tests;
