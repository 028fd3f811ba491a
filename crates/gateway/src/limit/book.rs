//! What this node holds in memory besides states: running requests, and units of quotas that the database
//! has set aside for it.
//!
//! One lock, taken before any of the local limiter's: so requests that meet limits of all kinds take all
//! or nothing. Only routes with such limits come here.

use std::{collections::HashMap, time::Duration};

use kernel::{Decision, Timestamp};

use super::{
    local::Decisions,
    shared::{QuotaPeriod, Reserved},
};

/// How long somebody should wait for a slot: nobody knows when one is given back.
pub(super) const SLOT_WAIT: Duration = Duration::from_secs(1);
/// How long the database's word that nothing is left is believed: another node may give units back.
const USED_UP: Duration = Duration::from_secs(1);

/// A limit on running requests, to be entered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Enter {
    pub(super) key: u128,
    pub(super) limit: u32,
}

/// A quota to be taken from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub(super) key: u128,
    pub(super) limit: u32,
    pub(super) cost: u32,
}

#[derive(Debug)]
pub(super) struct Book {
    /// Running requests. What nobody holds has no entry, so there are no more than requests.
    slots: HashMap<u128, u32>,
    quotas: HashMap<u128, Held>,
    /// Most quotas.
    room: usize,
}

/// Units of one quota that are this node's to hand out.
#[derive(Debug)]
struct Held {
    period: QuotaPeriod,
    left: u32,
    /// Left for anybody, when the database last said so.
    rest: u32,
    said: Timestamp,
}

impl Book {
    pub(super) fn new(room: usize) -> Self {
        Self { slots: HashMap::new(), quotas: HashMap::new(), room }
    }

    /// How many units must be set aside before the quota can be decided about; `None` when that is known.
    pub(super) fn lacks(&self, wanted: &Use, now: Timestamp) -> Option<u32> {
        match self.quotas.get(&wanted.key).filter(|held| held.period.ends > now) {
            None => Some(wanted.cost),
            Some(held) if held.left >= wanted.cost => None,
            Some(held) => {
                let short = wanted.cost - held.left;
                (held.rest >= short || held.said + USED_UP <= now).then_some(short)
            }
        }
    }

    /// Units were set aside. What must be given back for want of room is returned.
    pub(super) fn deposit(
        &mut self,
        key: u128,
        period: QuotaPeriod,
        reserved: Reserved,
        now: Timestamp,
    ) -> Option<(QuotaPeriod, u32)> {
        let Reserved { granted, rest } = reserved;
        let mut displaced = None;
        if let Some(held) = self.quotas.get_mut(&key).filter(|held| held.period.starts == period.starts) {
            held.left += granted;
            (held.rest, held.said) = (rest, now);
            return None;
        }
        if self.quotas.len() >= self.room && !self.quotas.contains_key(&key) {
            let any = self.quotas.keys().next().copied();
            let gone = any.and_then(|any| self.quotas.remove(&any));
            displaced = gone.filter(|held| held.left > 0 && held.period.ends > now).map(|h| (h.period, h.left));
        }
        self.quotas.insert(key, Held { period, left: granted, rest, said: now });
        displaced
    }

    /// Decides about slots, quotas and, by `rates`, everything else. `rates` is told whether the others
    /// allow; what is allowed by all is taken.
    pub(super) fn take(
        &mut self,
        slots: &[Enter],
        quotas: &[Use],
        now: Timestamp,
        rates: impl FnOnce(bool) -> Decisions,
    ) -> (Decisions, Decisions, Decisions) {
        let mut of_slots: Decisions = slots.iter().map(|slot| self.look_at_slot(slot)).collect();
        let mut of_quotas: Decisions = quotas.iter().map(|quota| self.look_at_quota(quota, now)).collect();
        let free = of_slots.iter().chain(&of_quotas).all(|decision| decision.allowed);
        let of_rates = rates(free);
        if free && of_rates.iter().all(|decision| decision.allowed) {
            for (slot, decision) in slots.iter().zip(&mut of_slots) {
                *self.slots.entry(slot.key).or_insert(0) += 1;
                decision.remaining -= 1;
            }
            for (quota, decision) in quotas.iter().zip(&mut of_quotas) {
                if let Some(held) = self.quotas.get_mut(&quota.key) {
                    held.left -= quota.cost;
                }
                decision.remaining -= quota.cost;
            }
        }
        (of_slots, of_quotas, of_rates)
    }

    /// `remaining` is what is left with nothing taken.
    fn look_at_slot(&self, slot: &Enter) -> Decision {
        let running = self.slots.get(&slot.key).copied().unwrap_or(0);
        let allowed = running < slot.limit;
        Decision {
            allowed,
            limit: slot.limit,
            remaining: slot.limit.saturating_sub(running),
            reset_after: Duration::ZERO,
            retry_after: (!allowed).then_some(SLOT_WAIT),
        }
    }

    /// `remaining` is what is left with nothing taken.
    fn look_at_quota(&self, quota: &Use, now: Timestamp) -> Decision {
        let held = self.quotas.get(&quota.key).filter(|held| held.period.ends > now);
        let (left, rest) = held.map_or((0, 0), |held| (held.left, held.rest));
        let remaining = left.saturating_add(rest).min(quota.limit);
        let ends_in = held.map_or(SLOT_WAIT, |held| held.period.ends.since(now));
        let allowed = left >= quota.cost;
        // Units that others took while we asked are worth another try.
        let wait = if remaining >= quota.cost { SLOT_WAIT } else { ends_in };
        Decision {
            allowed,
            limit: quota.limit,
            remaining,
            reset_after: ends_in,
            retry_after: (!allowed).then_some(wait),
        }
    }

    /// A request has ended.
    pub(super) fn leave(&mut self, slots: &[u128]) {
        for key in slots {
            if let Some(running) = self.slots.get_mut(key) {
                *running -= 1;
                if *running == 0 {
                    self.slots.remove(key);
                }
            }
        }
    }

    /// Forgets periods that are over.
    pub(super) fn sweep(&mut self, now: Timestamp) -> usize {
        let before = self.quotas.len();
        self.quotas.retain(|_, held| held.period.ends > now);
        before - self.quotas.len()
    }

    /// Takes out what was not used, to be given back.
    pub(super) fn unused(&mut self, now: Timestamp) -> Vec<(QuotaPeriod, u32)> {
        let all = self.quotas.drain().map(|(_, held)| (held.period, held.left));
        all.filter(|(period, left)| *left > 0 && period.ends > now).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.quotas.len() + self.slots.len()
    }
}
