//! What a request holds until it has ended.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::sync::Notify;

use super::{
    book::Book,
    shared::{LEASE, SharedHold, SharedLimiter},
};

/// Everything that this node holds for its requests and from its database.
#[derive(Debug)]
pub(super) struct Holds {
    pub(super) book: Mutex<Book>,
    leases: Mutex<Leases>,
    /// Something was given back.
    ended: Notify,
    /// Names this process among all that share a limiter.
    node: u64,
    next: AtomicU64,
}

/// Slots in the shared limiter, by request.
#[derive(Debug, Default)]
struct Leases {
    held: HashMap<u64, Lease>,
    ended: Vec<(u64, Box<[String]>)>,
}

#[derive(Debug)]
struct Lease {
    keys: Box<[String]>,
    /// The shared limiter has let the request in: only then is it renewed.
    entered: bool,
}

/// The slots of one request. Dropped, they are given back.
#[derive(Debug)]
pub struct Permit {
    holds: Arc<Holds>,
    slots: Slots,
}

#[derive(Debug)]
enum Slots {
    /// In this node's memory.
    Here(SmallVec<[u128; 2]>),
    /// In the shared limiter, under this number.
    Shared(u64),
}

impl Holds {
    pub(super) fn new(room: usize) -> Self {
        Self {
            book: Mutex::new(Book::new(room)),
            leases: Mutex::default(),
            ended: Notify::new(),
            // Keyed at random for each process: nothing secret, only unlikely to meet.
            node: RandomState::new().build_hasher().finish(),
            next: AtomicU64::new(0),
        }
    }

    /// Slots that were entered in the book.
    pub(super) fn here(self: &Arc<Self>, slots: SmallVec<[u128; 2]>) -> Option<Permit> {
        (!slots.is_empty()).then(|| Permit { holds: self.clone(), slots: Slots::Here(slots) })
    }

    /// Notes slots before the shared limiter is asked for them: whoever stops waiting for its answer gives
    /// back what it may have taken.
    pub(super) fn shared(self: &Arc<Self>, keys: impl IntoIterator<Item = String>) -> Option<(Permit, String)> {
        let keys: Box<[String]> = keys.into_iter().collect();
        if keys.is_empty() {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.leases.lock().held.insert(number, Lease { keys, entered: false });
        Some((Permit { holds: self.clone(), slots: Slots::Shared(number) }, self.holder(number)))
    }

    fn holder(&self, number: u64) -> String {
        format!("{:016x}{number:016x}", self.node)
    }

    fn holds(&self, leases: impl IntoIterator<Item = (u64, Box<[String]>)>) -> Vec<SharedHold> {
        let each = |(number, keys): (u64, Box<[String]>)| {
            let holder = self.holder(number);
            keys.into_iter().map(move |key| SharedHold { key, holder: holder.clone() })
        };
        leases.into_iter().flat_map(each).collect()
    }

    /// Tells the shared limiter what was given back, and renews what is held. Runs until it is dropped.
    /// One task does both, so that what was given back is not renewed afterwards.
    pub(super) async fn keep(&self, shared: &dyn SharedLimiter) {
        let mut renewal = tokio::time::interval(LEASE / 3);
        renewal.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let renew = tokio::select! {
                () = self.ended.notified() => false,
                _ = renewal.tick() => true,
            };
            let ended = mem::take(&mut self.leases.lock().ended);
            if !ended.is_empty() {
                // What cannot be given back is free when its lease ends.
                let _ = shared.leave(self.holds(ended)).await;
            }
            if renew {
                let entered = |(number, lease): (&u64, &Lease)| lease.entered.then(|| (*number, lease.keys.clone()));
                let held: Vec<_> = self.leases.lock().held.iter().filter_map(entered).collect();
                if !held.is_empty()
                    && let Err(error) = shared.renew(self.holds(held)).await
                {
                    tracing::debug!(%error, "running requests could not be renewed");
                }
            }
        }
    }
}

impl Permit {
    /// The shared limiter has let the request in.
    pub(super) fn entered(&self) {
        if let Slots::Shared(number) = &self.slots
            && let Some(lease) = self.holds.leases.lock().held.get_mut(number)
        {
            lease.entered = true;
        }
    }

    /// Nothing was taken after all.
    pub(super) fn forget(mut self) {
        if let Slots::Shared(number) = mem::replace(&mut self.slots, Slots::Here(SmallVec::new())) {
            self.holds.leases.lock().held.remove(&number);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        match &self.slots {
            Slots::Here(slots) if slots.is_empty() => {}
            Slots::Here(slots) => self.holds.book.lock().leave(slots),
            Slots::Shared(number) => {
                let mut leases = self.holds.leases.lock();
                if let Some(lease) = leases.held.remove(number) {
                    leases.ended.push((*number, lease.keys));
                    self.holds.ended.notify_one();
                }
            }
        }
    }
}
