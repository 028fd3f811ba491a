//! Rates and the limiting algorithms as pure state machines.
//!
//! The machines are here because two places run them: the gateway in memory, and the Redis script,
//! which is tested to answer exactly as they do. Time is microseconds since the epoch. All of them
//! keep one promise: **N requests are allowed, the N+1st is refused**, and in no window of the rate's
//! length are more than N allowed (twice N for the fixed window, across its edge, by definition; the
//! token bucket refills while it is drained, so its promise is N at once and N for every window).

mod calendar;

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use calendar::Period;

/// So many requests in so long a window: `10/minute`, `5/15m`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rate {
    /// How many; at least 1.
    pub limit: u32,
    /// In how long; at least a second.
    pub window: Duration,
}

/// Why a text is not a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a rate: write a count, a slash and a window, such as 10/minute, 100/15m, 5/hour or 1000/day; at most 1000000 a second"
)]
pub struct InvalidRate(String);

impl FromStr for Rate {
    type Err = InvalidRate;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (limit, window) = text.split_once('/')?;
            let limit = limit.trim().parse::<u32>().ok().filter(|n| (1..=1_000_000_000).contains(n))?;
            let window = window.trim();
            let digits = window.bytes().take_while(u8::is_ascii_digit).count();
            let (count, unit) = window.split_at(digits);
            let count =
                if count.is_empty() { 1 } else { count.parse::<u64>().ok().filter(|n| (1..=10_000).contains(n))? };
            let unit = match unit.trim() {
                "s" | "sec" | "second" | "seconds" => 1,
                "m" | "min" | "minute" | "minutes" => 60,
                "h" | "hour" | "hours" => 3_600,
                "d" | "day" | "days" => 86_400,
                _ => return None,
            };
            // Time is counted in microseconds: a faster rate could not be told from none.
            let seconds = count * unit;
            (u64::from(limit) <= seconds * 1_000_000).then_some(Self { limit, window: Duration::from_secs(seconds) })
        };
        parse().ok_or_else(|| InvalidRate(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.window.as_secs() {
            1 => write!(f, "{}/second", self.limit),
            60 => write!(f, "{}/minute", self.limit),
            3_600 => write!(f, "{}/hour", self.limit),
            86_400 => write!(f, "{}/day", self.limit),
            s => write!(f, "{}/{s}s", self.limit),
        }
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// How requests are counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// GCRA: the whole limit at once, then one more each `window / limit`.
    #[default]
    TokenBucket,
    /// Windows aligned to the epoch; all capacity comes back at the edge.
    FixedWindow,
    /// At most the limit in any window of the length; capacity returns in steps of 1/60 window.
    SlidingWindow,
    /// A quota: at most the limit in a day or month of the calendar, UTC. Nobody writes it as an algorithm;
    /// the length of the rate's window says nothing then.
    #[serde(skip)]
    Calendar(Period),
}

/// What a limiter answers about one limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Whether the request may pass this limit.
    pub allowed: bool,
    /// The limit itself.
    pub limit: u32,
    /// How many more would be allowed right now.
    pub remaining: u32,
    /// In how long the whole limit is available again, were nothing more taken.
    pub reset_after: Duration,
    /// When refused: in how long one request is allowed again.
    pub retry_after: Option<Duration>,
}

/// The parts of a sliding window. One more is kept than the window has, so that a request is forgotten
/// only when its whole part lies outside the window: never more than the limit, at any alignment.
///
/// The Redis script (`storage/src/kv/take.lua`) counts in as many: nodes that share a store must agree.
pub const SLOTS: usize = 60;
/// The same, where parts are numbered.
const PARTS: i64 = SLOTS as i64;

/// The state of one limit for one key.
#[derive(Clone, Debug)]
pub enum State {
    /// Theoretical arrival time of GCRA, in microseconds.
    TokenBucket(i64),
    /// Start of the window and requests in it.
    FixedWindow(i64, u32),
    /// Requests by part of the window.
    SlidingWindow(Box<Slots>),
    /// Start of the period and units in it.
    Calendar(Period, i64, u32),
}

/// The ring of a sliding window.
#[derive(Clone, Debug)]
pub struct Slots {
    /// Number (since the epoch) of the newest part.
    newest: i64,
    /// Sum of `counts`.
    total: u32,
    counts: [u32; SLOTS + 1],
}

fn micros(d: Duration) -> i64 {
    i64::try_from(d.as_micros()).unwrap_or(i64::MAX)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(micros.max(0).unsigned_abs())
}

impl State {
    /// A fresh state: nothing taken.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::TokenBucket => Self::TokenBucket(0),
            Algorithm::FixedWindow => Self::FixedWindow(0, 0),
            Algorithm::SlidingWindow => {
                Self::SlidingWindow(Box::new(Slots { newest: 0, total: 0, counts: [0; SLOTS + 1] }))
            }
            Algorithm::Calendar(period) => Self::Calendar(period, 0, 0),
        }
    }

    /// Decides about `cost` units at `now` (microseconds) and takes them if allowed.
    /// A cost above the limit is never allowed.
    pub fn take(&mut self, rate: Rate, cost: u32, now: i64) -> Decision {
        let decision = self.peek(rate, cost, now);
        if decision.allowed {
            self.commit(rate, cost, now);
        }
        decision
    }

    /// Decides without taking; `remaining` is what is left *after* an allowed request, so that taking
    /// and peeking tell the same story.
    pub fn peek(&mut self, rate: Rate, cost: u32, now: i64) -> Decision {
        let window = micros(rate.window);
        let limit = rate.limit;
        match self {
            Self::TokenBucket(tat) => {
                let step = window / i64::from(limit).max(1);
                let start = (*tat).max(now);
                let next = start + step.saturating_mul(i64::from(cost));
                // The bucket holds `limit` steps; using the exact product keeps N exact when the
                // window does not divide evenly.
                let burst = step * i64::from(limit);
                let allowed = next - now <= burst;
                let after = if allowed { next } else { start };
                let remaining = ((burst - (after - now)) / step.max(1)).max(0);
                Decision {
                    allowed,
                    limit,
                    remaining: u32::try_from(remaining).unwrap_or(0),
                    reset_after: duration(after - now),
                    retry_after: (!allowed).then(|| duration(next - now - burst)),
                }
            }
            Self::FixedWindow(start, used) => {
                let current = now - now.rem_euclid(window);
                if *start != current {
                    (*start, *used) = (current, 0);
                }
                let allowed = used.saturating_add(cost) <= limit;
                let after = if allowed { *used + cost } else { *used };
                let left = duration(current + window - now);
                Decision {
                    allowed,
                    limit,
                    remaining: limit.saturating_sub(after),
                    reset_after: left,
                    retry_after: (!allowed).then_some(left),
                }
            }
            Self::Calendar(period, start, used) => {
                let (current, mut end) = period.around(now);
                if *start < current {
                    (*start, *used) = (current, 0);
                } else if *start > current {
                    // A clock that went back keeps counting in the later period.
                    end = period.around(*start).1;
                }
                let allowed = used.saturating_add(cost) <= limit;
                let after = if allowed { *used + cost } else { *used };
                let left = duration(end - now);
                Decision {
                    allowed,
                    limit,
                    remaining: limit.saturating_sub(after),
                    reset_after: left,
                    retry_after: (!allowed).then_some(left),
                }
            }
            Self::SlidingWindow(slots) => {
                let slot = slot_width(window);
                slots.roll(now.div_euclid(slot));
                let allowed = slots.total.saturating_add(cost) <= limit;
                let after = if allowed { slots.total + cost } else { slots.total };
                Decision {
                    allowed,
                    limit,
                    remaining: limit.saturating_sub(after),
                    reset_after: duration(if after == 0 { 0 } else { slots.free_at(u32::MAX, slot, allowed) - now }),
                    retry_after: (!allowed).then(|| {
                        let needed = slots.total.saturating_add(cost).saturating_sub(limit);
                        duration(slots.free_at(needed, slot, false) - now)
                    }),
                }
            }
        }
    }

    /// Takes what [`State::peek`] allowed at the same `now`.
    pub fn commit(&mut self, rate: Rate, cost: u32, now: i64) {
        let window = micros(rate.window);
        match self {
            Self::TokenBucket(tat) => {
                let step = window / i64::from(rate.limit).max(1);
                *tat = (*tat).max(now) + step.saturating_mul(i64::from(cost));
            }
            Self::FixedWindow(_, used) | Self::Calendar(_, _, used) => *used = used.saturating_add(cost),
            Self::SlidingWindow(slots) => {
                let i = index(slots.newest);
                slots.counts[i] = slots.counts[i].saturating_add(cost);
                slots.total = slots.total.saturating_add(cost);
            }
        }
    }

    /// Whether the state says nothing any more at `now`, so that it may be dropped.
    pub fn is_idle(&self, rate: Rate, now: i64) -> bool {
        let window = micros(rate.window);
        match self {
            Self::TokenBucket(tat) => *tat <= now,
            Self::FixedWindow(start, _) => start.saturating_add(window) <= now,
            Self::Calendar(period, start, _) => period.around(*start).1 <= now,
            Self::SlidingWindow(slots) => (slots.newest + PARTS + 1).saturating_mul(slot_width(window)) <= now,
        }
    }
}

/// Width of one part, rounded up so that all of them are never shorter than the window.
const fn slot_width(window: i64) -> i64 {
    (window + PARTS - 1) / PARTS
}

fn index(slot: i64) -> usize {
    usize::try_from(slot.rem_euclid(PARTS + 1)).unwrap_or(0)
}

impl Slots {
    /// Forgets parts that lie outside the window as of part number `now`. A clock that went back
    /// keeps counting in the newest part, which errs on the side of refusing.
    fn roll(&mut self, now: i64) {
        if now - self.newest > PARTS {
            self.counts = [0; SLOTS + 1];
            self.total = 0;
            self.newest = now;
        }
        while self.newest < now {
            self.newest += 1;
            let i = index(self.newest);
            self.total -= self.counts[i];
            self.counts[i] = 0;
        }
    }

    /// When at least `needed` units (or all of them) will have left the window. `newest_used`: count
    /// the newest part as used although nothing is in it yet.
    fn free_at(&self, needed: u32, slot: i64, newest_used: bool) -> i64 {
        // Nothing leaves later than the newest part: no need to look at the others.
        if newest_used {
            return (self.newest + PARTS + 1) * slot;
        }
        let mut freed = 0_u32;
        let mut last = self.newest - PARTS;
        for part in self.newest - PARTS..=self.newest {
            let count = self.counts[index(part)];
            if count > 0 {
                freed = freed.saturating_add(count);
                last = last.max(part);
                if freed >= needed {
                    break;
                }
            }
        }
        (last + PARTS + 1) * slot
    }
}

#[cfg(test)]
mod tests;
