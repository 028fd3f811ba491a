//! The memory of all routes, bounded in bytes.
//!
//! Two steps: an *address* slot holds a number and the fields that answers of that address vary by; the
//! answers are under digests that contain the number. Taking the address away therefore forgets all of its
//! answers at once, whoever they were for; their memory is used again by and by.
//!
//! Invariant: what was fetched before something changed (a purge, another request's `POST`) is not kept
//! after it. A fetch remembers the number of its address and how many purges there had been; both must be
//! the same when its answer is put in.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{HeaderMap, HeaderName};
use kernel::{Timestamp, gate::Purge};
use parking_lot::Mutex;
use quick_cache::{
    OptionsBuilder, Weighter,
    sync::{Cache, EntryAction, EntryResult},
};
use tokio_util::sync::CancellationToken;

use super::{
    asked::{Address, Asked},
    freshness::{Audience, Unstorable},
    key::{Key, Parts},
    stored::Stored,
    vary,
};

/// Few, so that each can hold large answers.
const SHARDS: usize = 4;

/// Usual size of what is kept, for a first guess of how many there will be.
const USUAL: u64 = 8 << 10;

/// How long requests for something that is not kept go their own ways, without waiting for each other.
const PASSING: Duration = Duration::from_secs(10);

/// What a slot without a response weighs.
const SMALL: u64 = 1 << 10;

/// What is kept for all routes of this node.
pub(crate) struct Store {
    slots: Cache<Key, Slot, Weight>,
    flights: Mutex<HashMap<Key, CancellationToken>>,
    numbers: AtomicU64,
    purges: AtomicU64,
    /// Bytes that are promised to answers on their way in, and the most that may be.
    filling: AtomicU64,
    most_filling: u64,
    /// Names the cache in records.
    pub(crate) label: Arc<str>,
}

#[derive(Clone)]
enum Slot {
    Address {
        number: u64,
        vary: Arc<[HeaderName]>,
    },
    Kept(Arc<Stored>),
    /// Answers are not kept: until then nobody waits for them.
    Passes(Timestamp),
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Slot> for Weight {
    fn weight(&self, _: &Key, slot: &Slot) -> u64 {
        match slot {
            Slot::Kept(stored) => stored.weight(),
            Slot::Address { .. } | Slot::Passes(_) => SMALL,
        }
    }
}

/// Where the answer to a request is, or would be.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    address: Key,
    number: u64,
    vary: Arc<[HeaderName]>,
    variant: Key,
    known: bool,
    purges: u64,
}

/// What there is.
pub(crate) enum Found {
    Nothing,
    /// Answers like this are not kept.
    Passes,
    Kept(Arc<Stored>),
}

/// Where an answer that has come is to be put.
pub(super) struct Berth {
    address: Key,
    number: u64,
    vary: Arc<[HeaderName]>,
    variant: Key,
    purges: u64,
}

/// Who fetches.
pub(crate) enum Flight {
    /// Whoever asked.
    Lead(Leader),
    /// Somebody else, until this is cancelled.
    Follow(CancellationToken),
}

/// Fetches for others too. Dropping it lets them look again.
pub(crate) struct Leader {
    store: Arc<Store>,
    key: Key,
    landed: CancellationToken,
}

/// Memory that is promised to an answer on its way in.
pub(super) struct Room {
    store: Arc<Store>,
    bytes: u64,
}

impl Store {
    /// An empty one, for so many bytes: three quarters for what is kept, the rest for what comes in.
    pub(super) fn new(memory: u64) -> Self {
        let kept = memory - memory / 4;
        let items = usize::try_from((kept / USUAL).clamp(64, 1 << 20)).unwrap_or(64);
        let options =
            OptionsBuilder::new().shards(SHARDS).estimated_items_capacity(items).weight_capacity(kept).build();
        let slots = match options {
            Ok(options) => Cache::with_options(options, Weight, Default::default(), Default::default()),
            // Everything that is needed has been given.
            Err(_) => Cache::with_weighter(items, kept, Weight),
        };
        Self {
            slots,
            flights: Mutex::default(),
            numbers: AtomicU64::new(0),
            purges: AtomicU64::new(0),
            filling: AtomicU64::new(0),
            most_filling: memory / 4,
            label: "cache".into(),
        }
    }

    /// What there is for a request. `None`: it says more than answers are told apart by.
    pub(crate) fn look(&self, asked: &Asked, headers: &HeaderMap, now: Timestamp) -> Option<(Place, Found)> {
        // Before anything is looked at: what is purged from here on is noticed.
        let purges = self.purges.load(Ordering::Acquire);
        let made = self.slots.get_or_insert_with(&asked.address, || {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(Slot::Address { number, vary: Arc::new([]) })
        });
        let Ok(Slot::Address { number, vary }) = made else { return None };
        let variant = variant(number, asked, &vary, headers)?;
        let known = asked.audience == Audience::Known;
        let place = Place { address: asked.address, number, vary, variant, known, purges };
        let kept = match self.slots.get(&place.variant) {
            Some(Slot::Kept(kept)) if asked.may_see(&kept.head.freshness) => Some(kept),
            _ => None,
        };
        let found = match kept {
            Some(kept) => Found::Kept(kept),
            None => match self.slots.get(&place.aside("passes")) {
                Some(Slot::Passes(until)) if until > now => Found::Passes,
                _ => Found::Nothing,
            },
        };
        Some((place, found))
    }

    /// Fetches for everybody who asks for the same, or waits for whoever does.
    pub(crate) fn lead(self: &Arc<Self>, place: &Place) -> Flight {
        let key = place.aside("flight");
        let mut flights = self.flights.lock();
        match flights.get(&key) {
            Some(landed) => Flight::Follow(landed.clone()),
            None => {
                let landed = CancellationToken::new();
                flights.insert(key, landed.clone());
                Flight::Lead(Leader { store: self.clone(), key, landed })
            }
        }
    }

    /// Answers to such requests are not kept: nobody shall wait for one.
    pub(super) fn pass(&self, place: &Place, now: Timestamp) {
        self.slots.insert(place.aside("passes"), Slot::Passes(now + PASSING));
    }

    /// Where an answer that varies by these fields is to be put.
    pub(super) fn berth(
        &self,
        place: &Place,
        asked: &Asked,
        headers: &HeaderMap,
        response: &HeaderMap,
    ) -> Result<Berth, Unstorable> {
        let names = vary::names(response).ok_or(Unstorable::Vary)?;
        if names.iter().any(|name| vary::is_ours(name, asked.audience)) {
            return Err(Unstorable::Vary);
        }
        let mut all: Vec<HeaderName> = place.vary.to_vec();
        for name in names {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        if all.len() > vary::MAX_NAMES {
            return Err(Unstorable::Vary);
        }
        all.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        let variant = variant(place.number, asked, &all, headers).ok_or(Unstorable::Vary)?;
        Ok(Berth { address: place.address, number: place.number, vary: all.into(), variant, purges: place.purges })
    }

    /// Memory for an answer of so many bytes, if there is any.
    pub(super) fn room(self: &Arc<Self>, bytes: u64) -> Option<Room> {
        let mut room = Room { store: self.clone(), bytes: 0 };
        room.grow(bytes).then_some(room)
    }

    /// Keeps an answer. False: what it says is no longer so.
    pub(super) fn put(&self, berth: &Berth, stored: Arc<Stored>) -> bool {
        let Berth { address, number, vary, variant, purges } = berth;
        let is_current = || self.purges.load(Ordering::Acquire) == *purges;
        let moored = self.slots.entry(address, None, |_, slot| match slot {
            Slot::Address { number: now, vary: known } if now == number && is_current() => {
                known.clone_from(vary);
                EntryAction::Retain(true)
            }
            _ => EntryAction::Retain(false),
        });
        if !matches!(moored, EntryResult::Retained(true)) {
            return false;
        }
        self.slots.insert(*variant, Slot::Kept(stored));
        if !is_current() {
            self.slots.remove(variant);
            return false;
        }
        true
    }

    /// Forgets one answer.
    pub(super) fn forget(&self, place: &Place) {
        self.slots.remove(&place.variant);
    }

    /// Forgets all answers of an address.
    pub(crate) fn change(&self, address: Address) {
        self.slots.remove(&address.0);
    }

    /// Forgets what is meant.
    pub(super) fn purge(&self, purge: &Purge) {
        self.purges.fetch_add(1, Ordering::AcqRel);
        if purge.is_everything() {
            self.slots.clear();
        } else {
            self.slots.retain(|_, slot| !matches!(slot, Slot::Kept(stored) if stored.is_meant(purge)));
        }
    }

    /// How much memory is in use, and how many slots.
    pub(super) fn size(&self) -> (u64, u64) {
        (self.slots.weight() + self.filling.load(Ordering::Relaxed), self.slots.len() as u64)
    }
}

impl Place {
    /// The key of something else about the same answer. Known callers stand apart from strangers, whose
    /// answers are kept under other conditions.
    fn aside(&self, kind: &str) -> Key {
        let mut parts = Parts::of(kind);
        parts.add(self.variant.bytes());
        parts.add(&[u8::from(self.known)]);
        parts.key()
    }
}

impl Room {
    /// Takes so many bytes more, if there are so many.
    pub(super) fn grow(&mut self, bytes: u64) -> bool {
        let Store { filling, most_filling, .. } = &*self.store;
        let taken = filling.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |filling| {
            filling.checked_add(bytes).filter(|filling| filling <= most_filling)
        });
        if taken.is_ok() {
            self.bytes += bytes;
        }
        taken.is_ok()
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.store.flights.lock().remove(&self.key);
        self.landed.cancel();
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.store.filling.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn variant(number: u64, asked: &Asked, vary: &[HeaderName], headers: &HeaderMap) -> Option<Key> {
    let mut parts = Parts::of("variant");
    parts.add(&number.to_le_bytes());
    parts.add(asked.context.bytes());
    vary.iter().all(|name| parts.field(headers, name)).then(|| parts.key())
}
