//! What the pipeline and the head guard tell each other about one connection.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Waker},
    time::Duration,
};

use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

use crate::{
    guard::{BadHead, HeadLimits},
    transform::Peer,
};

/// What one connection may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) heads: HeadLimits,
    pub(super) head_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) idle_timeout: Duration,
}

/// One connection, as its requests see it.
pub(crate) struct Connection {
    /// Who is at the other end.
    pub(crate) peer: Peer,
    /// The data-plane thread.
    pub(crate) worker: usize,
    requests: AtomicU64,
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

/// The state that the guard writes and requests read, and the other way round.
#[derive(Default)]
pub(super) struct Shared {
    /// The number, from zero, of the request whose head is bad, and why.
    bad: OnceLock<(u64, BadHead)>,
    /// Requests whose response is not complete.
    active: AtomicU32,
    /// Whether the guard waits for the answer to an upgrade.
    undecided: AtomicBool,
    decision: Mutex<Decision>,
}

#[derive(Default)]
struct Decision {
    granted: Option<bool>,
    waker: Option<Waker>,
}

/// One running request of a connection.
pub(crate) struct Active(Arc<Shared>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connection {
    pub(super) fn new(peer: Peer, worker: usize, shared: Arc<Shared>, tasks: TaskTracker) -> Self {
        Self { peer, worker, requests: AtomicU64::new(0), shared, tasks }
    }

    /// Counts one request until the value is dropped.
    pub(crate) fn enter(&self) -> Active {
        self.shared.active.fetch_add(1, Ordering::Relaxed);
        Active(self.shared.clone())
    }

    /// Takes the next request's number: what was wrong with its head, if anything was.
    pub(crate) fn next_head(&self) -> Option<BadHead> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        self.shared.bad.get().filter(|(bad, _)| number >= *bad).map(|(_, why)| *why)
    }

    /// Whether a bad head has been taken: nothing that follows on this connection can be trusted.
    pub(crate) fn is_spoilt(&self) -> bool {
        self.shared.bad.get().is_some_and(|(bad, _)| self.requests.load(Ordering::Relaxed) > *bad)
    }

    /// The answer grants the upgrade.
    pub(crate) fn upgraded(&self) {
        self.shared.decide(true);
    }

    /// The answer does not grant an upgrade, if one was asked for.
    pub(crate) fn not_upgraded(&self) {
        self.shared.decide(false);
    }

    /// Runs a task that draining waits for.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }
}

impl Shared {
    /// The head of this request is bad.
    pub(super) fn spoil(&self, number: u64, why: BadHead) {
        // The first is final: nothing behind it is read.
        let _ = self.bad.set((number, why));
    }

    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed) > 0
    }

    /// An upgrade was asked for: nothing more is read before it is answered.
    pub(super) fn ask(&self) {
        self.undecided.store(true, Ordering::Release);
    }

    fn decide(&self, granted: bool) {
        if self.undecided.load(Ordering::Acquire) {
            let mut decision = self.decision.lock();
            decision.granted = Some(granted);
            if let Some(waker) = decision.waker.take() {
                waker.wake();
            }
        }
    }

    /// The answer to the upgrade, once; wakes the task when it comes.
    pub(super) fn poll_decision(&self, cx: &Context<'_>) -> Option<bool> {
        let mut decision = self.decision.lock();
        let granted = decision.granted.take();
        match granted {
            Some(_) => self.undecided.store(false, Ordering::Release),
            None => decision.waker = Some(cx.waker().clone()),
        }
        granted
    }
}
