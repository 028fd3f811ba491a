//! The port to a limiter that all nodes share.

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
    /// Takes from all limits, or from none when one refuses; one decision for each, in order. A decision
    /// about a limit that allowed while another refused says what is left with nothing taken.
    fn take(&self, takes: Vec<SharedTake>) -> BoxFuture<'_, Result<Vec<Decision>, SharedUnavailable>>;
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
