//! Short-lived state that nodes share: challenges, single-use codes, counters, rate limits.
//!
//! One node keeps it in memory, several keep it in Redis; the choice is made once, from a URL, and
//! nobody asks afterwards. What must survive a restart belongs into the [`Store`](crate::Store).
//!
//! Invariants:
//! - Everything expires, and everything is bounded: keys, values, lifetimes, the memory as a whole.
//! - Every operation is atomic. [`Kv::consume`] gives a value to one caller only; [`Kv::take`] takes
//!   from all of its limits or from none.
//! - Limits answer exactly as [`kernel::rate::State`] does, on every node: on Redis by one script, in
//!   one round trip, by Redis' own clock.
//! - A call while Redis is away fails at once, and works again when Redis is back. No call is repeated
//!   behind the caller's back.
//!
//! Needs Redis 6.2 or newer (or Valkey), one primary; not Redis Cluster. Deliberately absent: lists,
//! sets, scans, and anything else that would turn this into a database.

mod limit;
mod memory;
mod redis;

use std::{sync::Arc, time::Duration};

use kernel::{Clock, Decision, Problem, problem::common};

pub use limit::{Lease, MAX_TAKES, Slot, Take};

use self::{limit::Plan, memory::Memory, redis::Redis};

/// Longest key, in bytes.
pub const MAX_KEY: usize = 512;
/// Longest value, in bytes.
pub const MAX_VALUE: usize = 64 * 1024;
/// Longest lifetime.
pub const MAX_TTL: Duration = Duration::from_hours(24 * 400);

/// How to open a [`Kv`]. What an operator sets comes in the URL; the rest has one right value outside
/// of tests.
#[derive(Clone, Debug)]
pub struct KvOptions {
    /// `memory`, `redis://[user:password@]host[:port][/db]`, or `rediss://…` for TLS with a certificate
    /// that the system trusts.
    pub url: String,
    /// Keys begin with this, so that deployments can share a Redis.
    pub namespace: String,
    /// How long Redis may take to answer.
    pub response_timeout: Duration,
    /// How many bytes the memory engine may hold: half for values, half for limits.
    pub memory: usize,
}

impl KvOptions {
    /// The defaults for this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            namespace: "portcullis".to_owned(),
            response_timeout: Duration::from_millis(250),
            memory: 128 * 1024 * 1024,
        }
    }
}

/// Why an operation was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// Redis is away, too slow, or refuses to work. A write may have happened nevertheless.
    #[error("the key-value store is unavailable: {0}")]
    Unavailable(String),
    /// The memory engine holds as much as it may. What lives is never thrown away for something new:
    /// forgetting a single-use marker would allow its second use.
    #[error("the in-memory key-value store is full; kv.url = \"redis://…\" holds more")]
    Full,
    /// The caller asked for something out of bounds, or the URL cannot be used.
    #[error("{0}")]
    Invalid(&'static str),
}

impl From<KvError> for Problem {
    fn from(error: KvError) -> Self {
        match &error {
            KvError::Unavailable(_) | KvError::Full => {
                Self::new(common::UNAVAILABLE).retry_after(Duration::from_secs(1)).cause(error)
            }
            KvError::Invalid(_) => Self::new(common::INTERNAL).cause(error),
        }
    }
}

/// The key-value store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Kv {
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Memory(Arc<Memory>),
    Redis(Arc<Redis>),
}

impl Kv {
    /// Opens the store that the URL names. Waits a second at most: a Redis that is away now is used as
    /// soon as it comes.
    ///
    /// `clock` is the memory engine's. Redis has its own, the same for all nodes.
    pub async fn open(options: &KvOptions, clock: Arc<dyn Clock>) -> Result<Self, KvError> {
        let engine = if options.url == "memory" {
            Engine::Memory(Arc::new(Memory::new(options.memory, clock)))
        } else {
            Engine::Redis(Arc::new(Redis::open(options).await?))
        };
        Ok(Self { engine })
    }

    /// `memory` or `redis`, for logs and health only.
    pub const fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Memory(_) => "memory",
            Engine::Redis(_) => "redis",
        }
    }

    /// Whether the store answers.
    pub async fn check(&self) -> Result<(), KvError> {
        match &self.engine {
            Engine::Memory(_) => Ok(()),
            Engine::Redis(redis) => redis.check().await,
        }
    }

    /// The value, unless it has expired or never was.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        bounded_key(key)?;
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.get(key)),
            Engine::Redis(redis) => redis.get(key).await,
        }
    }

    /// Keeps the value for `ttl`, in place of any other.
    pub async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), KvError> {
        bounded(key, value, ttl)?;
        match &self.engine {
            Engine::Memory(memory) => memory.set(key, value, ttl),
            Engine::Redis(redis) => redis.set(key, value, ttl).await,
        }
    }

    /// Keeps the value for `ttl` unless there is one: true for one caller only. For markers such as
    /// "this code was used".
    pub async fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, KvError> {
        bounded(key, value, ttl)?;
        match &self.engine {
            Engine::Memory(memory) => memory.set_if_absent(key, value, ttl),
            Engine::Redis(redis) => redis.set_if_absent(key, value, ttl).await,
        }
    }

    /// Removes the value; whether there was one.
    pub async fn delete(&self, key: &str) -> Result<bool, KvError> {
        bounded_key(key)?;
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.consume(key).is_some()),
            Engine::Redis(redis) => redis.delete(key).await,
        }
    }

    /// Removes the value and gives it to this caller alone. For what may be used once.
    pub async fn consume(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        bounded_key(key)?;
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.consume(key)),
            Engine::Redis(redis) => redis.consume(key).await,
        }
    }

    /// Adds to a counter and returns the new count. The counter lives for `ttl` from its first
    /// increment; later ones do not prolong it. [`get`](Self::get) reads it as decimal digits.
    pub async fn increment(&self, key: &str, by: u32, ttl: Duration) -> Result<u64, KvError> {
        bounded(key, &[], ttl)?;
        match &self.engine {
            Engine::Memory(memory) => memory.increment(key, by, ttl),
            Engine::Redis(redis) => redis.increment(key, by, ttl).await,
        }
    }

    /// Decides about several limits at once, as of now. If all allow, the cost is taken from each; if
    /// one refuses, from none, and every decision tells what it would have been. In the order asked.
    pub async fn take(&self, takes: &[Take<'_>]) -> Result<Vec<Decision>, KvError> {
        self.take_as_of(takes, None).await
    }

    /// As [`take`](Self::take), at a given time in microseconds since the epoch. For tests that compare
    /// engines; nodes never use it, because their clocks differ.
    pub async fn take_at(&self, takes: &[Take<'_>], now: i64) -> Result<Vec<Decision>, KvError> {
        if !(0..=limit::MAX_NOW).contains(&now) {
            return Err(KvError::Invalid("the time must lie between 1970 and 2100"));
        }
        self.take_as_of(takes, Some(now)).await
    }

    /// As [`take`](Self::take), with slots on top: all of it is taken, or nothing. Decisions about the
    /// takes come first, then those about the slots. What was taken for slots is the holder's until it
    /// [leaves](Self::leave), or until its lease ends without having been [renewed](Self::renew).
    pub async fn enter(
        &self,
        takes: &[Take<'_>],
        slots: &[Slot<'_>],
        lease: Lease<'_>,
    ) -> Result<Vec<Decision>, KvError> {
        let plan = Plan::with_slots(takes, slots, &lease)?;
        match &self.engine {
            Engine::Memory(memory) => memory.enter(&plan),
            Engine::Redis(redis) => redis.take(&plan, None).await,
        }
    }

    /// Holds slots for longer: each is a slot's key and its holder. For holders that are still there, so
    /// one whose lease has ended, or was lost with Redis' memory, holds again.
    pub async fn renew(&self, held: &[(&str, &str)], ttl: Duration) -> Result<(), KvError> {
        let held = keyed(held, ttl)?;
        match &self.engine {
            Engine::Memory(memory) => memory.renew(&held, ttl),
            Engine::Redis(redis) => redis.renew(&held, ttl).await,
        }
    }

    /// Gives slots back: each is a slot's key and its holder. Twice does no harm.
    pub async fn leave(&self, held: &[(&str, &str)]) -> Result<(), KvError> {
        let held = keyed(held, Duration::from_secs(1))?;
        match &self.engine {
            Engine::Memory(memory) => memory.leave(&held),
            Engine::Redis(redis) => return redis.leave(&held).await,
        }
        Ok(())
    }

    async fn take_as_of(&self, takes: &[Take<'_>], now: Option<i64>) -> Result<Vec<Decision>, KvError> {
        let plan = Plan::new(takes)?;
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.take(&plan, now)),
            Engine::Redis(redis) => redis.take(&plan, now).await,
        }
    }
}

/// An increment met a value that [`Kv::set`] put there, or counted too far.
const NOT_A_COUNTER: KvError = KvError::Invalid("the value is no counter, or its count is too high");

/// Slots by their place, within bounds.
fn keyed<'a>(held: &[(&str, &'a str)], ttl: Duration) -> Result<Vec<(String, &'a str)>, KvError> {
    let one = |(key, holder): &(&str, &'a str)| {
        limit::bounded_lease(&Lease { holder, ttl })?;
        Ok((limit::slot_key(key)?, *holder))
    };
    held.iter().map(one).collect()
}

fn bounded_key(key: &str) -> Result<(), KvError> {
    match key.len() {
        1..=MAX_KEY => Ok(()),
        _ => Err(KvError::Invalid("a key has 1 to 512 bytes")),
    }
}

fn bounded(key: &str, value: &[u8], ttl: Duration) -> Result<(), KvError> {
    bounded_key(key)?;
    if value.len() > MAX_VALUE {
        return Err(KvError::Invalid("a value has at most 64 KiB"));
    }
    if ttl < Duration::from_millis(1) || ttl > MAX_TTL {
        return Err(KvError::Invalid("a lifetime lies between a millisecond and 400 days"));
    }
    Ok(())
}
