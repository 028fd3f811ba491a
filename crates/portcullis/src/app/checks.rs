//! The parts that `/health` names, and how each is asked. Upstreams answer for themselves.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use kernel::edge::HealthCheck;
use storage::{Bus, Kv, Store};

/// A part and its question.
enum Part {
    Database(Store),
    Kv(Kv),
    Bus(Bus),
}

impl HealthCheck for Part {
    fn name(&self) -> String {
        match self {
            Self::Database(_) => "database".to_owned(),
            Self::Kv(_) => "kv".to_owned(),
            Self::Bus(_) => "bus".to_owned(),
        }
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            match self {
                Self::Database(store) => store.check().await.map_err(|e| e.to_string()),
                Self::Kv(kv) => kv.check().await.map_err(|e| e.to_string()),
                Self::Bus(bus) => bus.check().await.map_err(|e| e.to_string()),
            }
        })
    }
}

pub(super) fn database(store: Store) -> Arc<dyn HealthCheck> {
    Arc::new(Part::Database(store))
}
pub(super) fn kv(kv: Kv) -> Arc<dyn HealthCheck> {
    Arc::new(Part::Kv(kv))
}
pub(super) fn bus(bus: Bus) -> Arc<dyn HealthCheck> {
    Arc::new(Part::Bus(bus))
}
