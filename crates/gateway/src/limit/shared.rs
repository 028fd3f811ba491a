//! The ports to what outlives a request or a process: a limiter that all nodes share, and a database of
//! quotas for where there is none.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use kernel::{Algorithm, Decision, Rate, Timestamp};

/// One limit to take from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedTake {
    /// Rule and subject: 49 characters of lower-case hex and one `:`. The subject is hashed with SHA-256,
    /// so that a stored key tells nobody's address or name.
    pub key: String,
    /// The limit.
    pub rate: Rate,
    /// How it counts.
    pub algorithm: Algorithm,
    /// How many units.
    pub cost: u32,
}

/// The shared limiter cannot answer now.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the shared limiter is away: {0}")]
pub struct SharedUnavailable(pub String);

/// Counts for all nodes. Implemented over Redis by the composition root; must answer exactly as
/// [`kernel::rate::State`] does, in a bounded time.
pub trait SharedLimiter: Send + Sync + 'static {
    /// Takes from all limits and enters all slots, or does nothing when one refuses; one decision for each
    /// take, then one for each slot, in order. A decision about a limit that allowed while another refused
    /// says what is left with nothing taken.
    fn take(&self, ask: SharedAsk) -> BoxFuture<'_, Result<Vec<Decision>, SharedUnavailable>>;
    /// Holds slots for another [`LEASE`].
    fn renew(&self, held: Vec<SharedHold>) -> BoxFuture<'_, Result<(), SharedUnavailable>>;
    /// Gives slots back.
    fn leave(&self, held: Vec<SharedHold>) -> BoxFuture<'_, Result<(), SharedUnavailable>>;
}

/// Everything that one request is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SharedAsk {
    /// Rates and quotas.
    pub takes: Vec<SharedTake>,
    /// What may run at once.
    pub slots: Vec<SharedSlot>,
    /// Who holds the slots: unique among all requests of all nodes.
    pub holder: String,
}

/// One limit on how many run at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedSlot {
    /// As a take's.
    pub key: String,
    /// How many.
    pub limit: u32,
}

/// A slot that a request of this node holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedHold {
    /// Which slot.
    pub key: String,
    /// The request.
    pub holder: String,
}

/// How long the slots of a node that died stay taken. A running node renews three times as often.
pub const LEASE: Duration = Duration::from_secs(60);

/// Keeps quotas where no limiter is shared. Units are set aside for a node, which hands them out from
/// memory: so nobody ever gets more than the limit, and a request seldom waits for the database.
pub trait QuotaStore: Send + Sync + 'static {
    /// Sets up to `at_most` units aside, and nothing when there are fewer than `at_least`.
    fn reserve(&self, ask: Reserve) -> BoxFuture<'static, Result<Reserved, SharedUnavailable>>;
    /// Gives back what was not used.
    fn give_back(&self, units: Vec<(QuotaPeriod, u32)>) -> BoxFuture<'static, Result<(), SharedUnavailable>>;
}

/// A quota in one period of the calendar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuotaPeriod {
    /// Rule and subject, as a [`SharedTake`]'s.
    pub key: String,
    /// When it begins.
    pub starts: Timestamp,
    /// When it is over.
    pub ends: Timestamp,
}

/// Units to set aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reserve {
    /// Of which quota.
    pub period: QuotaPeriod,
    /// How many there are in all.
    pub limit: u32,
    /// Fewer are of no use.
    pub at_least: u32,
    /// More are not needed.
    pub at_most: u32,
}

/// Units that were set aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reserved {
    /// This node's now.
    pub granted: u32,
    /// Left for anybody.
    pub rest: u32,
}

/// Where requests are counted.
#[derive(Clone)]
pub enum Backend {
    /// In this process.
    Local,
    /// By all nodes together.
    Shared(Arc<dyn SharedLimiter>),
}

/// How long nobody asks a limiter that was away, but for one request that tries again then.
const PAUSE: Duration = Duration::from_millis(500);

/// Whether the shared limiter is away, so that a dead one costs one request in each pause its waiting.
#[derive(Debug, Default)]
pub(super) struct Absence {
    /// When to try again, in microseconds; 0 while it is there.
    retry_at: AtomicI64,
}

impl Absence {
    /// Whether this request should ask: while the limiter is there everybody, afterwards one for each pause.
    pub(super) fn may_ask(&self, now: Timestamp) -> bool {
        let retry_at = self.retry_at.load(Ordering::Acquire);
        if retry_at == 0 {
            return true;
        }
        let next = (now + PAUSE).as_micros().max(1);
        now.as_micros() >= retry_at
            && self.retry_at.compare_exchange(retry_at, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// It did not answer. Whether that is news.
    pub(super) fn begin(&self, now: Timestamp) -> bool {
        self.retry_at.swap((now + PAUSE).as_micros().max(1), Ordering::AcqRel) == 0
    }

    /// It answered. Whether that is news.
    pub(super) fn end(&self) -> bool {
        self.retry_at.load(Ordering::Acquire) != 0 && self.retry_at.swap(0, Ordering::AcqRel) != 0
    }

    pub(super) fn lasts(&self) -> bool {
        self.retry_at.load(Ordering::Acquire) != 0
    }
}
