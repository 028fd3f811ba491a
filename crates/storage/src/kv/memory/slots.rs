//! Who holds which slots.

use std::collections::HashMap;

use kernel::{Decision, Timestamp};

use super::super::{
    KvError,
    limit::{Plan, SLOT_WAIT},
};

/// Most slots in which somebody is.
const MAX: usize = 100_000;

/// Holders by slot, each with the end of its lease.
#[derive(Default)]
pub(super) struct Slots(HashMap<String, HashMap<String, Timestamp>>);

impl Slots {
    /// Whether there is room in every slot. Fails when so many are in use that one more has no place.
    pub(super) fn look(&mut self, plan: &Plan, now: Timestamp) -> Result<Vec<Decision>, KvError> {
        self.make_room(plan.slots.len(), now)?;
        let look = |slot: &super::super::limit::PlannedSlot| {
            let held = self.0.get_mut(&slot.key).map_or(0, |holders| {
                holders.retain(|_, until| *until > now);
                u32::try_from(holders.len()).unwrap_or(u32::MAX)
            });
            let allowed = held < slot.limit;
            Decision {
                allowed,
                limit: slot.limit,
                remaining: slot.limit.saturating_sub(held).saturating_sub(u32::from(allowed)),
                reset_after: std::time::Duration::ZERO,
                retry_after: (!allowed).then_some(SLOT_WAIT),
            }
        };
        Ok(plan.slots.iter().map(look).collect())
    }

    /// Takes the slots that were looked at a moment ago under the same lock.
    pub(super) fn enter(&mut self, plan: &Plan, now: Timestamp) {
        for slot in &plan.slots {
            self.0.entry(slot.key.clone()).or_default().insert(plan.holder.clone(), now + plan.ttl);
        }
    }

    pub(super) fn renew(&mut self, held: &[(String, &str)], until: Timestamp) -> Result<(), KvError> {
        for (key, holder) in held {
            if !self.0.contains_key(key) && self.0.len() >= MAX {
                return Err(KvError::Full);
            }
            self.0.entry(key.clone()).or_default().insert((*holder).to_owned(), until);
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, held: &[(String, &str)]) {
        for (key, holder) in held {
            if let Some(holders) = self.0.get_mut(key) {
                holders.remove(*holder);
                if holders.is_empty() {
                    self.0.remove(key);
                }
            }
        }
    }

    fn make_room(&mut self, wanted: usize, now: Timestamp) -> Result<(), KvError> {
        if self.0.len() + wanted <= MAX {
            return Ok(());
        }
        self.0.retain(|_, holders| holders.values().any(|until| *until > now));
        if self.0.len() + wanted <= MAX { Ok(()) } else { Err(KvError::Full) }
    }
}
