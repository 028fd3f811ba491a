//! The limiter that all nodes share, over the key-value store, and quotas over the database.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use gateway::limit::{
    Backend, LEASE, QuotaPeriod, QuotaStore, Reserve, Reserved, SharedAsk, SharedHold, SharedLimiter, SharedUnavailable,
};
use kernel::Decision;
use storage::{
    Kv, KvError, Store,
    kv::{Lease, Slot, Take},
    quota,
};
use tokio::runtime::Handle;

/// Counts in Redis.
struct Shared(Kv);

fn away(error: KvError) -> SharedUnavailable {
    SharedUnavailable(error.to_string())
}

fn pairs(held: &[SharedHold]) -> Vec<(&str, &str)> {
    held.iter().map(|hold| (hold.key.as_str(), hold.holder.as_str())).collect()
}

impl SharedLimiter for Shared {
    fn take(&self, ask: SharedAsk) -> BoxFuture<'_, Result<Vec<Decision>, SharedUnavailable>> {
        Box::pin(async move {
            let takes: Vec<Take<'_>> = ask
                .takes
                .iter()
                .map(|take| Take { key: &take.key, rate: take.rate, algorithm: take.algorithm, cost: take.cost })
                .collect();
            if ask.slots.is_empty() {
                return self.0.take(&takes).await.map_err(away);
            }
            let slots: Vec<Slot<'_>> =
                ask.slots.iter().map(|slot| Slot { key: &slot.key, limit: slot.limit }).collect();
            self.0.enter(&takes, &slots, Lease { holder: &ask.holder, ttl: LEASE }).await.map_err(away)
        })
    }

    fn renew(&self, held: Vec<SharedHold>) -> BoxFuture<'_, Result<(), SharedUnavailable>> {
        Box::pin(async move { self.0.renew(&pairs(&held), LEASE).await.map_err(away) })
    }

    fn leave(&self, held: Vec<SharedHold>) -> BoxFuture<'_, Result<(), SharedUnavailable>> {
        Box::pin(async move { self.0.leave(&pairs(&held)).await.map_err(away) })
    }
}

/// Where requests are counted. In memory the gate's own counters are nearer than the store's.
pub(super) fn backend(kv: &Kv) -> Backend {
    match kv.engine_name() {
        "memory" => Backend::Local,
        _ => Backend::Shared(Arc::new(Shared(kv.clone()))),
    }
}

/// Keeps quotas in the database, on the runtime that its connections belong to.
pub(super) struct Quotas {
    pub store: Store,
    pub runtime: Handle,
}

fn period(period: QuotaPeriod) -> quota::Period {
    let QuotaPeriod { key, starts, ends } = period;
    quota::Period { key, starts, ends }
}

impl Quotas {
    fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, storage::StoreError>> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, SharedUnavailable>> {
        let running = self.runtime.spawn(work);
        Box::pin(async move {
            let done = running.await.map_err(|error| SharedUnavailable(error.to_string()))?;
            done.map_err(|error| SharedUnavailable(error.to_string()))
        })
    }
}

impl QuotaStore for Quotas {
    fn reserve(&self, ask: Reserve) -> BoxFuture<'static, Result<Reserved, SharedUnavailable>> {
        let store = self.store.clone();
        self.run(async move {
            let Reserve { period: of, limit, at_least, at_most } = ask;
            let quota::Reserved { granted, rest } =
                quota::reserve(&store, period(of), limit, at_least, at_most).await?;
            Ok(Reserved { granted, rest })
        })
    }

    fn give_back(&self, units: Vec<(QuotaPeriod, u32)>) -> BoxFuture<'static, Result<(), SharedUnavailable>> {
        let store = self.store.clone();
        let units = units.into_iter().map(|(of, count)| (period(of), count)).collect();
        self.run(async move { quota::give_back(&store, units).await })
    }
}
