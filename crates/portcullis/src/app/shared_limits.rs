//! The limiter that all nodes share, over the key-value store.

use futures_util::future::BoxFuture;
use gateway::limit::{Backend, SharedLimiter, SharedTake, SharedUnavailable};
use kernel::Decision;
use std::sync::Arc;
use storage::{Kv, kv::Take};

/// Counts in Redis.
struct Shared(Kv);

impl SharedLimiter for Shared {
    fn take(&self, takes: Vec<SharedTake>) -> BoxFuture<'_, Result<Vec<Decision>, SharedUnavailable>> {
        Box::pin(async move {
            let asked: Vec<Take<'_>> = takes
                .iter()
                .map(|take| Take { key: &take.key, rate: take.rate, algorithm: take.algorithm, cost: take.cost })
                .collect();
            self.0.take(&asked).await.map_err(|error| SharedUnavailable(error.to_string()))
        })
    }
}

/// Where requests are counted. In memory the gate's own counters are nearer than the store's.
pub(super) fn backend(kv: &Kv) -> Backend {
    match kv.engine_name() {
        "memory" => Backend::Local,
        _ => Backend::Shared(Arc::new(Shared(kv.clone()))),
    }
}
