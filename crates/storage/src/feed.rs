//! The change feed: numbered changes, written in the transaction of their cause, followed by every
//! node in order.
//!
//! A message on the bus only says "there is something new"; the truth is the `feed` table and each
//! node's own position in it. So a missed message costs a moment, never a change, and a node that
//! starts loads the whole state first and then follows from the position it had noted before loading.
//!
//! Sequence numbers become visible in order: on PostgreSQL an advisory lock, taken with the first
//! change of a transaction and held to its commit, keeps a later number from overtaking an earlier one.

mod over_bus;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use kernel::{TenantId, Timestamp};
use serde_json::Value as Json;
use tokio::sync::{Mutex, Notify};

use crate::{
    params,
    store::{Store, StoreError, SystemTx, TenantTx},
};

pub use over_bus::OverBus;

/// Most changes that are applied at once.
const CHUNK: i64 = 500;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its place in the order.
    pub seq: i64,
    /// Whose data changed.
    pub tenant: TenantId,
    /// What changed: `sessions.revoked`, `roles.changed`. Known to whoever writes and applies it.
    pub kind: String,
    /// Details.
    pub payload: Json,
}

/// Writes a change in the transaction of its cause. Tell [`Feed::settle`] the number after the commit.
/// Call it last in the unit: on PostgreSQL it holds a lock until the commit.
pub async fn append(tx: &mut TenantTx, kind: &str, payload: &Json, now: Timestamp) -> Result<i64, StoreError> {
    tx.lock_feed().await?;
    let sql = "INSERT INTO feed (tenant_id, kind, payload, at) VALUES ($1, $2, $3, $4) RETURNING seq";
    let row = tx.query_opt(sql, params![kind, payload, now]).await?;
    row.ok_or(StoreError::Misuse("an insert returned no row"))?.get(0)
}

/// Drops changes older than `before`, some at a time, so that nobody waits for long. A node that was away for longer
/// loads everything anew.
pub async fn prune(store: &Store, before: Timestamp) -> Result<u64, StoreError> {
    // The newest row stays, so that the position of the feed is never forgotten.
    let sql = "DELETE FROM feed WHERE seq IN
        (SELECT seq FROM feed WHERE at < $1 AND seq < (SELECT max(seq) FROM feed) ORDER BY seq LIMIT $2)";
    let mut dropped = 0;
    loop {
        let work =
            store.system().write(move |tx| Box::pin(async move { tx.execute(sql, params![before, CHUNK]).await }));
        let chunk: u64 = work.await.map_err(|e: StoreError| e)?;
        dropped += chunk;
        if chunk < CHUNK.unsigned_abs() {
            return Ok(dropped);
        }
    }
}

async fn head(tx: &mut SystemTx) -> Result<i64, StoreError> {
    let row = tx.query_opt("SELECT COALESCE(max(seq), 0) FROM feed", params![]).await?;
    row.map_or(Ok(0), |r| r.get(0))
}

/// The oldest change that is kept; 0 when there is none.
async fn oldest(tx: &mut SystemTx) -> Result<i64, StoreError> {
    let row = tx.query_opt("SELECT COALESCE(min(seq), 0) FROM feed", params![]).await?;
    row.map_or(Ok(0), |r| r.get(0))
}

async fn after(tx: &mut SystemTx, seq: i64) -> Result<Vec<Change>, StoreError> {
    let sql = "SELECT seq, tenant_id, kind, payload FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2";
    let rows = tx.query(sql, params![seq, CHUNK]).await?;
    rows.iter().map(|r| Ok(Change { seq: r.get(0)?, tenant: r.get(1)?, kind: r.get(2)?, payload: r.get(3)? })).collect()
}

/// Takes changes into this node's memory.
pub trait Apply: Send + Sync + 'static {
    /// Loads everything anew: at the start, and when the feed has been pruned past our position.
    fn load(&self) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Takes these changes in, in order. Applying one twice must do no harm.
    fn apply<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// Tells other nodes that there is something new. Losing a call must do no harm.
pub trait Announce: Send + Sync + 'static {
    /// Best effort, must not block.
    fn announce(&self, seq: i64);
}

/// This node's place in the feed.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    apply: Arc<dyn Apply>,
    announce: Option<Arc<dyn Announce>>,
    /// Changes up to here are applied. Written under `following` only.
    applied: AtomicI64,
    following: Mutex<()>,
    wake: Notify,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("applied", &self.position()).finish_non_exhaustive()
    }
}

impl Feed {
    /// Notes the position, then loads everything: nothing falls between the two.
    pub async fn open(
        store: Store,
        apply: Arc<dyn Apply>,
        announce: Option<Arc<dyn Announce>>,
    ) -> Result<Self, StoreError> {
        let position = store.system().read(|tx| Box::pin(head(tx))).await?;
        apply.load().await?;
        let inner = Inner {
            store,
            apply,
            announce,
            applied: AtomicI64::new(position),
            following: Mutex::new(()),
            wake: Notify::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Changes up to this number are in memory.
    pub fn position(&self) -> i64 {
        self.inner.applied.load(Ordering::Acquire)
    }

    /// After a commit that wrote change `seq`: returns when this node has applied it, and tells the
    /// others. Whoever answers "logged out" calls this first, so that the very next request is refused.
    pub async fn settle(&self, seq: i64) -> Result<(), StoreError> {
        if let Some(announce) = &self.inner.announce {
            announce.announce(seq);
        }
        if self.position() < seq { self.catch_up(seq).await } else { Ok(()) }
    }

    /// Applies everything that is committed by now.
    pub async fn catch_up_now(&self) -> Result<(), StoreError> {
        self.catch_up(i64::MAX).await
    }

    /// Something may be new: look soon. For bus messages.
    pub fn nudge(&self) {
        self.inner.wake.notify_one();
    }

    /// Applies everything that is committed, at least up to `wanted` if that was committed.
    async fn catch_up(&self, wanted: i64) -> Result<(), StoreError> {
        let inner = &*self.inner;
        let _one_at_a_time = inner.following.lock().await;
        // Somebody may have done it while we waited for the lock.
        if wanted != i64::MAX && self.position() >= wanted {
            return Ok(());
        }
        loop {
            let from = self.position();
            let (changes, oldest, head) = inner
                .store
                .system()
                .read(move |tx| {
                    Box::pin(async move {
                        Ok::<_, StoreError>((after(tx, from).await?, oldest(tx).await?, head(tx).await?))
                    })
                })
                .await?;
            if head < from || oldest > from + 1 {
                // Restored from an older backup, or pruned past us: our position means nothing any more.
                inner.apply.load().await?;
                inner.applied.store(head, Ordering::Release);
                return Ok(());
            }
            let Some(last) = changes.last() else { return Ok(()) };
            inner.apply.apply(&changes).await?;
            inner.applied.store(last.seq, Ordering::Release);
        }
    }

    /// Follows the feed until the task is dropped: at every nudge, and at least every `poll`, which
    /// covers a bus that is away.
    pub async fn follow(self, poll: Duration) {
        let mut failing = false;
        loop {
            let nudged = tokio::time::timeout(poll, self.inner.wake.notified()).await;
            drop(nudged);
            match self.catch_up(i64::MAX).await {
                Ok(()) if failing => {
                    failing = false;
                    tracing::info!(position = self.position(), "following changes again");
                }
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "cannot follow changes; revocations by other nodes are not seen until it works again");
                }
                Ok(()) | Err(_) => {}
            }
        }
    }
}
