//! What is asked of limits: bounded, and named the same way by both engines.

use std::time::Duration;

use kernel::{Algorithm, Rate};

use super::{KvError, bounded_key};

/// Most limits in one question.
pub const MAX_TAKES: usize = 16;
/// The latest time the arithmetic is exact for, with room: the script computes in doubles, which hold
/// integers up to 2^53, and adds at most two windows of 10 000 days to the time.
pub(super) const MAX_NOW: i64 = 4_102_444_800_000_000;
/// As the longest window that [`Rate`] reads from text.
const MAX_WINDOW: Duration = Duration::from_hours(24 * 10_000);
const MAX_LIMIT: u32 = 1_000_000_000;

/// One limit and what to take from it.
#[derive(Clone, Copy, Debug)]
pub struct Take<'a> {
    /// Who is limited in what: `login:ip:192.0.2.1`.
    pub key: &'a str,
    /// How much in how long. The same key at another rate or by another algorithm is another limit, so
    /// that a changed configuration starts afresh instead of misreading what it finds.
    pub rate: Rate,
    /// How it is counted.
    pub algorithm: Algorithm,
    /// How many units; at least 1. More than the limit is never allowed.
    pub cost: u32,
}

/// A question in bounds.
pub(super) struct Plan(Vec<Planned>);

/// One limit of a question in bounds.
pub(super) struct Planned {
    /// Names key, rate and algorithm.
    pub(super) key: String,
    pub(super) rate: Rate,
    pub(super) algorithm: Algorithm,
    /// At most one more than the limit: all above means "never", and the arithmetic stays small.
    pub(super) cost: u32,
}

impl Plan {
    pub(super) fn new(takes: &[Take<'_>]) -> Result<Self, KvError> {
        if takes.len() > MAX_TAKES {
            return Err(KvError::Invalid("at most 16 limits can be asked at once"));
        }
        let mut planned: Vec<Planned> = Vec::with_capacity(takes.len());
        for take in takes {
            let next = Planned::new(take)?;
            // Asked twice, both questions would see the state before the other.
            if planned.iter().any(|earlier| earlier.key == next.key) {
                return Err(KvError::Invalid("a limit can be asked only once in a question"));
            }
            planned.push(next);
        }
        Ok(Self(planned))
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Planned> {
        self.0.iter()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }
}

impl Planned {
    fn new(take: &Take<'_>) -> Result<Self, KvError> {
        let Take { key, rate, algorithm, cost } = *take;
        bounded_key(key)?;
        if !(1..=MAX_LIMIT).contains(&rate.limit) {
            return Err(KvError::Invalid("a limit lies between 1 and 1000000000"));
        }
        if rate.window < Duration::from_secs(1) || rate.window > MAX_WINDOW {
            return Err(KvError::Invalid("a window lies between a second and 10000 days"));
        }
        if cost == 0 {
            return Err(KvError::Invalid("at least one unit must be taken"));
        }
        let letter = match algorithm {
            Algorithm::TokenBucket => 't',
            Algorithm::FixedWindow => 'f',
            Algorithm::SlidingWindow => 's',
        };
        let key = format!("{letter}{}/{}:{key}", rate.limit, rate.window.as_micros());
        Ok(Self { key, rate, algorithm, cost: cost.min(rate.limit + 1) })
    }
}
