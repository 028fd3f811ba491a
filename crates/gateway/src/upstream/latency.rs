//! How long answers take: a percentile of the last few thousand, without a lock.
//!
//! Times are counted in buckets that grow by a fifth each, so the estimate is as exact as that. When enough
//! have been counted, all counts are halved: what was a while ago weighs less and less. Every few answers the
//! percentile is worked out and kept; asking for it is one load.
//!
//! Threads that count at the same time may lose one answer to a halving. Deliberately absent: exactness.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

/// Buckets for each doubling of the time.
const STEPS: u32 = 4;

/// Enough for 4 days, in microseconds.
const BUCKETS: usize = 38 * STEPS as usize;

/// After so many answers the percentile is worked out anew.
const EVERY: u32 = 64;

/// After so many the counts are halved.
const ENOUGH: u32 = 4_096;

/// A percentile of times.
#[derive(Debug)]
pub(super) struct Latency {
    percent: u8,
    buckets: [AtomicU32; BUCKETS],
    counted: AtomicU32,
    /// In microseconds; zero as long as too little is known.
    estimate: AtomicU64,
}

impl Latency {
    /// Nothing is known yet.
    pub(super) fn new(percent: u8) -> Self {
        Self {
            percent,
            buckets: [const { AtomicU32::new(0) }; BUCKETS],
            counted: AtomicU32::new(0),
            estimate: AtomicU64::new(0),
        }
    }

    /// An answer took so long, or at least so long.
    pub(super) fn add(&self, took: Duration) {
        self.buckets[bucket(took)].fetch_add(1, Ordering::Relaxed);
        let counted = self.counted.fetch_add(1, Ordering::Relaxed) + 1;
        if counted.is_multiple_of(EVERY) {
            self.work_out();
        }
        if counted == ENOUGH {
            self.counted.store(ENOUGH / 2, Ordering::Relaxed);
            for bucket in &self.buckets {
                bucket.fetch_sub(bucket.load(Ordering::Relaxed).div_ceil(2), Ordering::Relaxed);
            }
        }
    }

    /// The time that so many of a hundred answers do not exceed, once enough have come.
    pub(super) fn estimate(&self) -> Option<Duration> {
        let micros = self.estimate.load(Ordering::Relaxed);
        (micros > 0).then(|| Duration::from_micros(micros))
    }

    fn work_out(&self) {
        let counts: Vec<u64> = self.buckets.iter().map(|count| count.load(Ordering::Relaxed).into()).collect();
        let wanted = (counts.iter().sum::<u64>() * u64::from(self.percent)).div_ceil(100);
        let mut seen = 0;
        let reached = counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        self.estimate.store(end(reached.unwrap_or(BUCKETS - 1)), Ordering::Relaxed);
    }
}

/// The bucket of a time.
fn bucket(time: Duration) -> usize {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    let doublings = micros.ilog2();
    // Where it lies between this power of two and the next, in quarters.
    let part = if doublings < 2 { 0 } else { (micros >> (doublings - 2)) & 3 };
    (usize::try_from(doublings * STEPS).unwrap_or(0) + usize::try_from(part).unwrap_or(0)).min(BUCKETS - 1)
}

/// The longest time of a bucket, in microseconds.
fn end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let (doublings, part) = (bucket / u64::from(STEPS), bucket % u64::from(STEPS));
    let start = 1_u64 << doublings;
    start + (start * (part + 1)).div_ceil(u64::from(STEPS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Never below the true percentile, and above it by a quarter at most.
        #[test]
        fn it_is_near_the_truth(percent in 50_u8..=99, times in prop::collection::vec(1_u64..100_000_000, 640)) {
            let latency = Latency::new(percent);
            times.iter().for_each(|micros| latency.add(Duration::from_micros(*micros)));
            let mut sorted = times;
            sorted.sort_unstable();
            let truth = sorted[(sorted.len() * usize::from(percent)).div_ceil(100) - 1];
            let told = latency.estimate().expect("enough has come").as_micros();
            prop_assert!(told >= u128::from(truth) && told <= u128::from(truth * 5 / 4 + 2), "{told} for {truth}");
        }
    }

    #[test]
    fn it_says_nothing_before_it_knows_and_follows_what_changes() {
        let latency = Latency::new(95);
        let told = |micros: u64, count: usize| {
            (0..count).for_each(|_| latency.add(Duration::from_micros(micros)));
            latency.estimate().map(|time| time.as_micros())
        };
        assert_eq!(told(1_000, 63), None);
        assert!(told(1_000, 5_000).expect("known") < 1_300);
        assert!(told(50_000, 5_000).expect("known") > 40_000, "it has become slow");
        assert!(told(1_000, 30_000).expect("known") < 1_300, "and fast again");
        assert!(told(u64::MAX, 10_000).is_some(), "whatever the time");
    }

    #[test]
    fn many_threads_count_together() {
        let latency = Latency::new(90);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..10_000).for_each(|_| latency.add(Duration::from_millis(3))));
            }
        });
        let told = latency.estimate().expect("known").as_micros();
        assert!((3_000..3_800).contains(&told), "{told}");
    }
}
