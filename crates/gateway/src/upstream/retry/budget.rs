//! How many requests may be repeated: a share of the first ones, and a few more.
//!
//! Every first attempt pays in a share of a retry, every retry takes a whole one out; one a second is paid
//! in by time, so that an upstream with few requests is helped too. What is saved up is bounded. So
//! over any span of time there are at most `SAVED + seconds + share × requests` retries, however many
//! threads ask at once: both are one compare-and-swap on one word.

use std::sync::atomic::{AtomicU64, Ordering};

/// Most retries that are saved up.
const SAVED: u32 = 32;

/// The parts of one retry: shares are hundredths.
const WHOLE: u32 = 100;

/// The budget of one upstream. Times are seconds after any fixed moment.
#[derive(Debug)]
pub(super) struct Budget {
    share: u32,
    /// The last second that was paid in (upper half), and the savings in hundredths.
    word: AtomicU64,
}

impl Budget {
    /// A full budget that grows by this share, in hundredths.
    pub(super) fn new(share: u8) -> Self {
        Self { share: share.into(), word: AtomicU64::new(join(0, SAVED * WHOLE)) }
    }

    /// A first attempt is made.
    pub(super) fn pay(&self, now: u32) {
        self.update(now, |savings| Some(savings + self.share));
    }

    /// Takes a retry out, if there is one.
    pub(super) fn take(&self, now: u32) -> bool {
        self.update(now, |savings| savings.checked_sub(WHOLE))
    }

    fn update(&self, now: u32, change: impl Fn(u32) -> Option<u32>) -> bool {
        let changed = self.word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            let (last, savings) = split(word);
            let last_or_now = last.max(now);
            let seconds = (last_or_now - last).min(SAVED);
            let savings = change((savings + seconds * WHOLE).min(SAVED * WHOLE))?;
            Some(join(last_or_now, savings.min(SAVED * WHOLE)))
        });
        changed.is_ok()
    }
}

fn join(last: u32, savings: u32) -> u64 {
    (u64::from(last) << 32) | u64::from(savings)
}

fn split(word: u64) -> (u32, u32) {
    // Both halves fit by construction.
    (u32::try_from(word >> 32).unwrap_or(u32::MAX), u32::try_from(word & 0xffff_ffff).unwrap_or(u32::MAX))
}
