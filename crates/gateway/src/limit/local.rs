//! Counting in this process's memory.
//!
//! States live in shards behind plain mutexes, found by a keyed 128-bit hash of rule and subject (the
//! key is random for each process, so nobody can aim for another's counter). Several limits are taken
//! together by locking their shards in ascending order, which cannot deadlock, and looking at all of
//! them before taking from any.
//!
//! **Bounded.** A state that says nothing any more is *idle* and is dropped. Each shard keeps its keys
//! in a heap by the time they become idle; every new key drops up to [`SWEEP_ON_INSERT`] idle ones,
//! the longest idle first, and [`LocalLimiter::sweep`] drops the rest in the background.
//!
//! **At the cap** no active state is ever dropped, for that would reset somebody's limit. New keys
//! then share one counter for each rule and shard: newcomers together get what one of them would have
//! got, nobody gets more than the limit, and known keys notice nothing. A newcomer that gets its own
//! state later starts from a copy of that shared counter, so its earlier requests stay counted.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, hash_map::RandomState},
    hash::{BuildHasher, BuildHasherDefault, Hasher},
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use kernel::{Algorithm, Decision, Rate, Timestamp, rate::State};
use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

use super::subject::Counted;

/// A power of two, so that a few bits of the key choose the shard.
const SHARDS: usize = 128;
/// Idle states dropped for each new key: more than one, so that a shard shrinks while it is used.
const SWEEP_ON_INSERT: usize = 2;
/// Heap entries looked at when a shard is full, before the newcomer is counted together with others.
const SWEEP_WHEN_FULL: usize = 32;
/// Idle states dropped under one lock in the background, so that nobody waits long for it.
const SWEEP_AT_ONCE: usize = 256;

/// Answers, in the order of the questions.
pub(crate) type Decisions = SmallVec<[Decision; 2]>;

/// One limit to take from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take {
    /// Rule and subject: [`LocalLimiter::key`].
    pub(super) key: u128,
    /// The rule, for the counter that newcomers share at the cap.
    pub(super) rule: u64,
    /// The limit.
    pub(super) rate: Rate,
    /// How it counts.
    pub(super) algorithm: Algorithm,
    /// How many units.
    pub(super) cost: u32,
}

impl Take {
    /// One unit for an address, for callers that count on a limiter of their own.
    pub(crate) fn by_address(limiter: &LocalLimiter, address: IpAddr, rate: Rate, algorithm: Algorithm) -> Self {
        Self { key: limiter.key(0, &Counted::Address(address)), rule: 0, rate, algorithm, cost: 1 }
    }
}

/// Limits counted in memory. See the [module](self).
#[derive(Debug)]
pub(crate) struct LocalLimiter {
    shards: Box<[Mutex<Shard>]>,
    /// Two independently keyed hashes make one key.
    keys: (RandomState, RandomState),
    overflows: AtomicU64,
}

#[derive(Debug)]
struct Shard {
    /// Most states of its own.
    room: usize,
    states: HashMap<u128, Entry, BuildHasherDefault<AlreadyHashed>>,
    /// Exactly one item for each state: a time before which it is not idle. Taking does not touch it; an
    /// item that comes up too early is put back with the state's real time.
    due: BinaryHeap<Reverse<(i64, u128)>>,
    /// Counters of newcomers without a state of their own, by rule.
    overflow: HashMap<u64, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    state: State,
    /// From when on the state says nothing, in microseconds.
    idle_at: i64,
}

impl LocalLimiter {
    /// A limiter for about `max_keys` active keys.
    pub(crate) fn new(max_keys: usize) -> Self {
        let room = max_keys.div_ceil(SHARDS).max(1);
        let shard =
            || Mutex::new(Shard { room, states: HashMap::default(), due: BinaryHeap::new(), overflow: HashMap::new() });
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            keys: (RandomState::new(), RandomState::new()),
            overflows: AtomicU64::new(0),
        }
    }

    /// Where a rule counts a subject.
    pub(super) fn key(&self, rule: u64, counted: &Counted<'_>) -> u128 {
        let half = |keys: &RandomState| {
            let mut hasher = keys.build_hasher();
            hasher.write_u64(rule);
            counted.feed(|bytes| hasher.write(bytes));
            hasher.finish()
        };
        u128::from(half(&self.keys.0)) << 64 | u128::from(half(&self.keys.1))
    }

    /// Takes from all limits, or from none when one refuses.
    pub(crate) fn take(&self, takes: &[Take], now: Timestamp) -> Decisions {
        self.decide(takes, now, true)
    }

    /// As [`take`](Self::take) if `may_take`; if not, tells what there is and takes nothing.
    pub(super) fn decide(&self, takes: &[Take], now: Timestamp, may_take: bool) -> Decisions {
        match takes {
            [] => Decisions::new(),
            [one] if may_take => {
                let mut shard = self.shards[shard_of(one.key)].lock();
                let mut decisions = Decisions::new();
                decisions.push(shard.take(one, now.as_micros(), &self.overflows));
                decisions
            }
            many => self.take_many(many, now.as_micros(), may_take),
        }
    }

    fn take_many(&self, takes: &[Take], now: i64, may_take: bool) -> Decisions {
        let mut locked = Locked::new(&self.shards, takes);
        let mut decisions: Decisions = takes.iter().map(|take| locked.shard(take.key).peek(take, now)).collect();
        if may_take && decisions.iter().all(|decision| decision.allowed) {
            for (take, decision) in takes.iter().zip(&decisions) {
                locked.shard(take.key).commit(take, decision, now, &self.overflows);
            }
        } else {
            // Nothing is taken: what is left is what was there, not what would have been left.
            for (decision, take) in decisions.iter_mut().zip(takes).filter(|(decision, _)| decision.allowed) {
                *decision = locked.shard(take.key).peek(&Take { cost: 0, ..*take }, now);
            }
        }
        decisions
    }

    /// What [`LocalLimiter::take`] would answer about one limit, without taking.
    pub(crate) fn peek(&self, take: &Take, now: Timestamp) -> Decision {
        self.shards[shard_of(take.key)].lock().peek(take, now.as_micros())
    }

    /// Drops every idle state. To be called every few seconds; takes each lock only for moments.
    pub(crate) fn sweep(&self, now: Timestamp) -> usize {
        let mut dropped = 0;
        for shard in &self.shards {
            loop {
                let swept = shard.lock().sweep(now.as_micros(), SWEEP_AT_ONCE);
                dropped += swept.dropped;
                if swept.done {
                    break;
                }
            }
        }
        dropped
    }

    /// How many keys are counted now.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().states.len()).sum()
    }

    /// How many requests of newcomers were counted together because the limiter was full.
    pub(crate) fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed)
    }
}

/// The shards that several limits need, locked in ascending order: two callers that need the same ones
/// never wait for each other in a circle.
struct Locked<'a>(SmallVec<[(usize, MutexGuard<'a, Shard>); 8]>);

impl<'a> Locked<'a> {
    fn new(shards: &'a [Mutex<Shard>], takes: &[Take]) -> Self {
        let mut order: SmallVec<[usize; 8]> = takes.iter().map(|take| shard_of(take.key)).collect();
        order.sort_unstable();
        order.dedup();
        Self(order.into_iter().map(|index| (index, shards[index].lock())).collect())
    }

    /// The shard of a key that was given to [`Locked::new`].
    fn shard(&mut self, key: u128) -> &mut Shard {
        let index = shard_of(key);
        let place = self.0.partition_point(|(locked, _)| *locked < index);
        &mut self.0[place].1
    }
}

/// What a partial sweep achieved.
struct Swept {
    dropped: usize,
    /// Nothing idle is left.
    done: bool,
}

impl Shard {
    fn take(&mut self, take: &Take, now: i64, overflows: &AtomicU64) -> Decision {
        if let Some(entry) = self.states.get_mut(&take.key) {
            return entry.take(take, now);
        }
        if self.has_room(now) {
            let mut entry = self.newcomer(take, now);
            let decision = entry.take(take, now);
            // What takes nothing leaves no trace: a refused flood costs no memory.
            if decision.allowed {
                self.due.push(Reverse((entry.idle_at, take.key)));
                self.states.insert(take.key, entry);
            }
            return decision;
        }
        overflows.fetch_add(1, Ordering::Relaxed);
        self.overflow.entry(take.rule).or_insert_with(|| Entry::new(take.algorithm)).take(take, now)
    }

    /// Takes what was decided a moment ago under the same lock.
    fn commit(&mut self, take: &Take, decided: &Decision, now: i64, overflows: &AtomicU64) {
        match self.states.get_mut(&take.key) {
            Some(entry) => entry.commit(take, decided, now),
            None => {
                self.take(take, now, overflows);
            }
        }
    }

    fn peek(&mut self, take: &Take, now: i64) -> Decision {
        let Take { rate, cost, .. } = *take;
        match self.states.get_mut(&take.key) {
            Some(entry) => entry.state.peek(rate, cost, now),
            // With room or without: a newcomer starts from the shared counter.
            None => self.newcomer(take, now).state.peek(rate, cost, now),
        }
    }

    /// The state a newcomer starts from.
    fn newcomer(&self, take: &Take, now: i64) -> Entry {
        match self.overflow.get(&take.rule) {
            Some(shared) if shared.idle_at > now => shared.clone(),
            _ => Entry::new(take.algorithm),
        }
    }

    fn has_room(&mut self, now: i64) -> bool {
        self.sweep(now, SWEEP_ON_INSERT);
        if self.states.len() >= self.room {
            self.sweep(now, SWEEP_WHEN_FULL);
        }
        self.states.len() < self.room
    }

    /// Looks at up to `most` states that may be idle, the longest idle first.
    fn sweep(&mut self, now: i64, most: usize) -> Swept {
        let mut dropped = 0;
        for _ in 0..most {
            match self.due.peek() {
                Some(Reverse((due, _))) if *due <= now => {}
                _ => {
                    self.overflow.retain(|_, shared| shared.idle_at > now);
                    return Swept { dropped, done: true };
                }
            }
            let Some(Reverse((_, key))) = self.due.pop() else { break };
            match self.states.get(&key).map(|entry| entry.idle_at) {
                Some(idle_at) if idle_at > now => self.due.push(Reverse((idle_at, key))),
                _ => dropped += usize::from(self.states.remove(&key).is_some()),
            }
        }
        Swept { dropped, done: false }
    }
}

impl Entry {
    fn new(algorithm: Algorithm) -> Self {
        Self { state: State::new(algorithm), idle_at: i64::MIN }
    }

    fn take(&mut self, take: &Take, now: i64) -> Decision {
        let decision = self.state.peek(take.rate, take.cost, now);
        if decision.allowed {
            self.commit(take, &decision, now);
        }
        decision
    }

    fn commit(&mut self, take: &Take, decided: &Decision, now: i64) {
        self.state.commit(take.rate, take.cost, now);
        // The whole limit is available again: the same as a fresh state.
        let after = i64::try_from(decided.reset_after.as_micros()).unwrap_or(i64::MAX);
        self.idle_at = now.saturating_add(after);
    }
}

/// The upper half of the key chooses the shard, the lower half the place in its map.
fn shard_of(key: u128) -> usize {
    usize::try_from(key >> 64 & (SHARDS as u128 - 1)).unwrap_or(0)
}

/// Keys are hashes already.
#[derive(Default, Debug)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u128(&mut self, key: u128) {
        self.0 = u64::try_from(key & u128::from(u64::MAX)).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests;
