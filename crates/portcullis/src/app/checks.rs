//! The parts that `/health` names, and how each is asked.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use gateway::config::UpstreamConfig;
use kernel::edge::HealthCheck;
use storage::{Bus, Kv, Store};

/// A part and its question.
enum Part {
    Database(Store),
    Kv(Kv),
    Bus(Bus),
    Upstream { name: String, addresses: Vec<String> },
}

impl HealthCheck for Part {
    fn name(&self) -> String {
        match self {
            Self::Database(_) => "database".to_owned(),
            Self::Kv(_) => "kv".to_owned(),
            Self::Bus(_) => "bus".to_owned(),
            Self::Upstream { name, .. } => format!("upstream:{name}"),
        }
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            match self {
                Self::Database(store) => store.check().await.map_err(|e| e.to_string()),
                Self::Kv(kv) => kv.check().await.map_err(|e| e.to_string()),
                Self::Bus(bus) => bus.check().await.map_err(|e| e.to_string()),
                Self::Upstream { addresses, .. } => reachable(addresses).await,
            }
        })
    }
}

/// Longest time for one connection: several targets fit into the time that a check has.
const CONNECT: Duration = Duration::from_millis(500);

/// Whether one target at least takes connections. Nothing is sent: what a service does with a request is
/// its own business.
async fn reachable(addresses: &[String]) -> Result<(), String> {
    let mut last = "it has no targets".to_owned();
    for address in addresses {
        match tokio::time::timeout(CONNECT, tokio::net::TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => last = format!("{address}: {error}"),
            Err(_) => last = format!("{address}: no connection within {CONNECT:?}"),
        }
    }
    Err(last)
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
pub(super) fn upstream(name: &str, config: &UpstreamConfig) -> Arc<dyn HealthCheck> {
    let address = |url: &str| {
        let url = url::Url::parse(url).ok()?;
        Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
    };
    let addresses = config.targets.iter().filter_map(|target| address(&target.url)).collect();
    Arc::new(Part::Upstream { name: name.to_owned(), addresses })
}
