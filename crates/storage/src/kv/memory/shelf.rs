//! A bounded map whose entries expire.
//!
//! Every `put` also looks at a few other entries, in turn, and removes what has expired: sweeping costs
//! each caller a little and nobody a pause, and as long as things come in, everything that expired
//! goes out. Bounded in bytes, as estimated; work for each call is bounded too.

use std::{collections::HashMap, sync::Arc};

use kernel::Timestamp;

/// Entries looked at by every `put`.
const SWEEP: usize = 2;
/// Entries looked at when there is no room.
const SEARCH: usize = 8;
/// What an entry costs beyond its key and its value's weight: slot, index, allocations.
const OVERHEAD: usize = 160;

/// What to do for a new entry when there is no room and nothing expired was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WhenFull {
    /// Keep what there is.
    Refuse,
    /// Of the entries looked at, drop the one that would expire first.
    Displace,
}

/// There is no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Full;

pub(super) struct Shelf<T> {
    index: HashMap<Arc<str>, usize>,
    slots: Vec<Slot<T>>,
    /// Where sweeping goes on.
    cursor: usize,
    weight: usize,
    budget: usize,
}

struct Slot<T> {
    key: Arc<str>,
    value: T,
    weight: usize,
    expires: Timestamp,
}

impl<T> Shelf<T> {
    pub(super) fn new(budget: usize) -> Self {
        Self { index: HashMap::new(), slots: Vec::new(), cursor: 0, weight: 0, budget }
    }

    pub(super) fn get(&mut self, key: &str, now: Timestamp) -> Option<&mut T> {
        let slot = *self.index.get(key)?;
        if self.slots[slot].expires <= now {
            self.drop_slot(slot);
            return None;
        }
        Some(&mut self.slots[slot].value)
    }

    pub(super) fn remove(&mut self, key: &str, now: Timestamp) -> Option<T> {
        let slot = self.drop_slot(*self.index.get(key)?);
        (slot.expires > now).then_some(slot.value)
    }

    /// Changes when an entry expires, if it is there.
    pub(super) fn prolong(&mut self, key: &str, expires: Timestamp) {
        if let Some(slot) = self.index.get(key) {
            self.slots[*slot].expires = expires;
        }
    }

    /// Puts a value in, in place of one with the same key. `weight` is what it holds on the heap.
    pub(super) fn put(
        &mut self,
        key: &str,
        value: T,
        weight: usize,
        now: Timestamp,
        expires: Timestamp,
        when_full: WhenFull,
    ) -> Result<(), Full> {
        let weight = weight + key.len() + OVERHEAD;
        self.sweep(SWEEP, now);
        loop {
            let replaced = self.index.get(key).map_or(0, |slot| self.slots[*slot].weight);
            if self.weight - replaced + weight <= self.budget {
                break;
            }
            let made_room = self.sweep(SEARCH, now) || (when_full == WhenFull::Displace && self.displace());
            if !made_room {
                return Err(Full);
            }
        }
        if let Some(slot) = self.index.get(key) {
            self.drop_slot(*slot);
        }
        let key: Arc<str> = key.into();
        self.index.insert(Arc::clone(&key), self.slots.len());
        self.slots.push(Slot { key, value, weight, expires });
        self.weight += weight;
        Ok(())
    }

    /// Looks at the next `count` entries; whether one had expired.
    fn sweep(&mut self, count: usize, now: Timestamp) -> bool {
        let mut found = false;
        for _ in 0..count.min(self.slots.len()) {
            if self.cursor >= self.slots.len() {
                self.cursor = 0;
            }
            // The last entry moves into the place of a dropped one, and is looked at next.
            if self.slots[self.cursor].expires <= now {
                self.drop_slot(self.cursor);
                found = true;
            } else {
                self.cursor += 1;
            }
        }
        found
    }

    /// Drops the one of the last entries looked at that would expire first.
    fn displace(&mut self) -> bool {
        let length = self.slots.len();
        let looked_at = (1..=SEARCH.min(length)).map(|back| (self.cursor + length - back) % length);
        let first = looked_at.min_by_key(|slot| self.slots[*slot].expires);
        first.map(|slot| self.drop_slot(slot)).is_some()
    }

    fn drop_slot(&mut self, slot: usize) -> Slot<T> {
        let dropped = self.slots.swap_remove(slot);
        self.index.remove(&dropped.key);
        if let Some(moved) = self.slots.get(slot) {
            self.index.insert(Arc::clone(&moved.key), slot);
        }
        self.weight -= dropped.weight;
        dropped
    }
}
