//! The memory engine: for one node, or for tests.
//!
//! Keys are spread over shards, each behind its own lock. A question about several limits locks its
//! shards in order, so that questions cannot wait for each other in a circle. What has expired is
//! not seen any more, and is swept away bit by bit by what comes after it: no task, no pause.

mod shelf;
mod slots;

use std::{hash::BuildHasher, hash::RandomState, sync::Arc, time::Duration};

use kernel::{Clock, Decision, Timestamp, rate::State};
use parking_lot::{Mutex, MutexGuard};

use super::{
    KvError,
    limit::{Plan, Planned},
};
use shelf::{Shelf, WhenFull};
use slots::Slots;

const SHARDS: usize = 16;
/// What a sliding window keeps outside of its shelf's slot.
const STATE_WEIGHT: usize = 272;

pub(super) struct Memory {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    /// Locked before any shard, where both are.
    slots: Mutex<Slots>,
}

struct Shard {
    values: Shelf<Vec<u8>>,
    limits: Shelf<State>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Memory {
    pub(super) fn new(budget: usize, clock: Arc<dyn Clock>) -> Self {
        let budget = budget / SHARDS / 2;
        let shard = |_| Mutex::new(Shard { values: Shelf::new(budget), limits: Shelf::new(budget) });
        Self { clock, hasher: RandomState::new(), shards: std::array::from_fn(shard), slots: Mutex::default() }
    }

    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let now = self.clock.now();
        self.shard(key).values.get(key, now).map(|value| value.clone())
    }

    pub(super) fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), KvError> {
        let now = self.clock.now();
        put(&mut self.shard(key), key, value.to_vec(), now, now + ttl)
    }

    pub(super) fn set_if_absent(&self, key: &str, value: &[u8], ttl: Duration) -> Result<bool, KvError> {
        let now = self.clock.now();
        let mut shard = self.shard(key);
        if shard.values.get(key, now).is_some() {
            return Ok(false);
        }
        put(&mut shard, key, value.to_vec(), now, now + ttl).map(|()| true)
    }

    pub(super) fn consume(&self, key: &str) -> Option<Vec<u8>> {
        let now = self.clock.now();
        self.shard(key).values.remove(key, now)
    }

    pub(super) fn increment(&self, key: &str, by: u32, ttl: Duration) -> Result<u64, KvError> {
        let now = self.clock.now();
        let mut shard = self.shard(key);
        let Some(counter) = shard.values.get(key, now) else {
            return put(&mut shard, key, by.to_string().into_bytes(), now, now + ttl).map(|()| u64::from(by));
        };
        let count = std::str::from_utf8(counter)
            .ok()
            .and_then(|digits| digits.parse::<u64>().ok())
            .and_then(|count| count.checked_add(u64::from(by)))
            .filter(|count| i64::try_from(*count).is_ok())
            .ok_or(super::NOT_A_COUNTER)?;
        // Twenty digits at most: not worth weighing again.
        *counter = count.to_string().into_bytes();
        Ok(count)
    }

    pub(super) fn take(&self, plan: &Plan, now: Option<i64>) -> Vec<Decision> {
        self.decide(plan, now.map_or_else(|| self.clock.now(), Timestamp::from_micros), true)
    }

    pub(super) fn enter(&self, plan: &Plan) -> Result<Vec<Decision>, KvError> {
        let now = self.clock.now();
        let mut slots = self.slots.lock();
        let of_slots = slots.look(plan, now)?;
        let free = of_slots.iter().all(|decision| decision.allowed);
        let mut decisions = self.decide(plan, now, free);
        if free && decisions.iter().all(|decision| decision.allowed) {
            slots.enter(plan, now);
        }
        decisions.extend(of_slots);
        Ok(decisions)
    }

    pub(super) fn renew(&self, held: &[(String, &str)], ttl: Duration) -> Result<(), KvError> {
        self.slots.lock().renew(held, self.clock.now() + ttl)
    }

    pub(super) fn leave(&self, held: &[(String, &str)]) {
        self.slots.lock().leave(held);
    }

    /// Takes from all, if `take` and all of them allow.
    fn decide(&self, plan: &Plan, now: Timestamp, take: bool) -> Vec<Decision> {
        let mut shards = self.lock(plan);
        let decisions: Vec<Decision> = plan
            .iter()
            .map(|planned| {
                let Planned { key, rate, algorithm, cost } = planned;
                let limits = &mut shards.of(self.place(key)).limits;
                match limits.get(key, now) {
                    Some(state) => state.peek(*rate, *cost, now.as_micros()),
                    None => State::new(*algorithm).peek(*rate, *cost, now.as_micros()),
                }
            })
            .collect();
        if take && decisions.iter().all(|decision| decision.allowed) {
            for (planned, decision) in plan.iter().zip(&decisions) {
                let limits = &mut shards.of(self.place(&planned.key)).limits;
                commit(limits, planned, now, now + decision.reset_after);
            }
        }
        decisions
    }

    fn place(&self, key: &str) -> usize {
        usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0)
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        self.shards[self.place(key)].lock()
    }

    /// Locks every shard that the plan touches, once, in order.
    fn lock(&self, plan: &Plan) -> Locked<'_> {
        let mut places: Vec<usize> = plan.iter().map(|planned| self.place(&planned.key)).collect();
        places.sort_unstable();
        places.dedup();
        Locked(places.into_iter().map(|place| (place, self.shards[place].lock())).collect())
    }
}

struct Locked<'a>(Vec<(usize, MutexGuard<'a, Shard>)>);

impl Locked<'_> {
    #[expect(clippy::expect_used, reason = "every place of the plan was locked before")]
    fn of(&mut self, place: usize) -> &mut Shard {
        let (_, shard) = self.0.iter_mut().find(|(locked, _)| *locked == place).expect("locked");
        shard
    }
}

fn put(shard: &mut Shard, key: &str, value: Vec<u8>, now: Timestamp, expires: Timestamp) -> Result<(), KvError> {
    let weight = value.len();
    shard.values.put(key, value, weight, now, expires, WhenFull::Refuse).map_err(|shelf::Full| KvError::Full)
}

/// Takes what was allowed. A limit for which there is no room displaces the one that is nearest to
/// having forgotten everything: a flood of new keys displaces itself, not those who are held back.
fn commit(limits: &mut Shelf<State>, planned: &Planned, now: Timestamp, expires: Timestamp) {
    let Planned { key, rate, algorithm, cost } = planned;
    if let Some(state) = limits.get(key, now) {
        state.commit(*rate, *cost, now.as_micros());
        limits.prolong(key, expires);
        return;
    }
    let mut state = State::new(*algorithm);
    state.take(*rate, *cost, now.as_micros());
    // Full even so: the budget is smaller than one entry, and nothing can be remembered.
    let _ = limits.put(key, state, STATE_WEIGHT, now, expires, WhenFull::Displace);
}

#[cfg(test)]
mod tests;
