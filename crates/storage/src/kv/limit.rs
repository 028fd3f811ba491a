//! What is asked of limits: bounded, and named the same way by both engines.

use std::time::Duration;

use kernel::{Algorithm, Rate, rate::Period};

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

/// A limit on how many hold something at once: requests that are running.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// Who is limited in what. The same key with another limit is the same slot: who holds one keeps it.
    pub key: &'a str,
    /// How many may hold it at once.
    pub limit: u32,
}

/// Who asks for slots, and for how long they are theirs unless [renewed](super::Kv::renew).
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// Unique among everybody who holds something; at most 128 bytes.
    pub holder: &'a str,
    /// How long a holder that died keeps its slots.
    pub ttl: Duration,
}

/// A question in bounds.
pub(super) struct Plan {
    takes: Vec<Planned>,
    pub(super) slots: Vec<PlannedSlot>,
    pub(super) holder: String,
    pub(super) ttl: Duration,
}

/// One slot of a question in bounds.
pub(super) struct PlannedSlot {
    pub(super) key: String,
    pub(super) limit: u32,
}

/// How long somebody should wait for a slot: nobody knows when one is given back.
pub(super) const SLOT_WAIT: Duration = Duration::from_secs(1);
const MAX_HOLDER: usize = 128;

/// One limit of a question in bounds.
pub(super) struct Planned {
    /// Names key, rate and algorithm.
    pub(super) key: String,
    pub(super) rate: Rate,
    pub(super) algorithm: Algorithm,
    /// At most one more than the limit: all above means "never", and the arithmetic stays small.
    pub(super) cost: u32,
}

/// What a slot's place is called.
pub(super) fn slot_key(key: &str) -> Result<String, KvError> {
    bounded_key(key)?;
    Ok(format!("c:{key}"))
}

/// Checks who holds, and for how long.
pub(super) fn bounded_lease(lease: &Lease<'_>) -> Result<(), KvError> {
    if lease.holder.is_empty() || lease.holder.len() > MAX_HOLDER {
        return Err(KvError::Invalid("a holder's name has 1 to 128 bytes"));
    }
    if lease.ttl < Duration::from_secs(1) || lease.ttl > Duration::from_hours(24) {
        return Err(KvError::Invalid("a lease lies between a second and a day"));
    }
    Ok(())
}

impl Plan {
    pub(super) fn new(takes: &[Take<'_>]) -> Result<Self, KvError> {
        Self::with_slots(takes, &[], &Lease { holder: "-", ttl: Duration::from_secs(1) })
    }

    pub(super) fn with_slots(takes: &[Take<'_>], slots: &[Slot<'_>], lease: &Lease<'_>) -> Result<Self, KvError> {
        if takes.len() + slots.len() > MAX_TAKES {
            return Err(KvError::Invalid("at most 16 limits can be asked at once"));
        }
        bounded_lease(lease)?;
        let mut held: Vec<PlannedSlot> = Vec::with_capacity(slots.len());
        for slot in slots {
            if !(1..=MAX_LIMIT).contains(&slot.limit) {
                return Err(KvError::Invalid("a limit lies between 1 and 1000000000"));
            }
            let key = slot_key(slot.key)?;
            if held.iter().any(|earlier| earlier.key == key) {
                return Err(KvError::Invalid("a limit can be asked only once in a question"));
            }
            held.push(PlannedSlot { key, limit: slot.limit });
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
        Ok(Self { takes: planned, slots: held, holder: lease.holder.to_owned(), ttl: lease.ttl })
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Planned> {
        self.takes.iter()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.takes.is_empty() && self.slots.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.takes.len() + self.slots.len()
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
        let key = format!("{}{}/{}:{key}", letter(algorithm), rate.limit, rate.window.as_micros());
        Ok(Self { key, rate, algorithm, cost: cost.min(rate.limit + 1) })
    }
}

/// What the script calls an algorithm.
pub(super) const fn letter(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::TokenBucket => "t",
        Algorithm::FixedWindow => "f",
        Algorithm::SlidingWindow => "s",
        Algorithm::Calendar(Period::Day) => "d",
        Algorithm::Calendar(Period::Month) => "m",
    }
}
