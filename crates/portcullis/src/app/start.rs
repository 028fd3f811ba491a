//! From a configuration to a running program.
//!
//! The order matters: what others lean on comes first, the public port last, so that nothing is answered
//! before everything can be. Identity and everything that waits for a database live on one runtime; the
//! edge has its own threads.

use std::{net::SocketAddr, num::NonZeroUsize, sync::Arc, sync::atomic::AtomicBool};

use gateway::{Gateway, GatewayParts, authn::{self, Authn}, limit::Limits, transform::NoAssertions, upstream::InProcess};
use identity::passwords::Cost;
use kernel::{Clock, OsRandom, Random, SystemClock, edge::Edge};
use observe::{
    Observer,
    access::AccessLog,
    health::{Health, Importance, Pace},
    metrics::Metrics,
};
use storage::{Bus, Kv, bus::BusOptions, kv::KvOptions};
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_util::sync::CancellationToken;

use super::{
    Running, StartError, background, checks,
    identity_node::{self, Node},
    operations::{self, Operations},
    routes::Services,
    running::Tables,
    shared_limits,
};
use crate::{
    catalogue,
    config::Config,
    pages::{self, Pages},
};

/// What a test replaces. The defaults are the real things.
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// A cost of hashing that the configuration would refuse as too low.
    pub hash_cost: Option<Cost>,
    /// Whether a commit waits for the disk.
    pub durable: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), random: Arc::new(OsRandom::new()), hash_cost: None, durable: true }
    }
}

/// The program, to be started.
#[derive(Debug)]
pub enum App {}

impl App {
    /// Opens the database (and migrates it), then everything on it, then the ports.
    pub async fn start(config: Config, parts: Parts) -> Result<Running, StartError> {
        let runtime = identity_runtime(&config)?;
        let handle = runtime.handle().clone();
        // Connections belong to the runtime that opened them, so all of it happens there.
        let started = handle.spawn(start(config, parts, handle.clone())).await;
        match started.unwrap_or_else(|_| Err(StartError::Panicked)) {
            Ok(running) => Ok(Running { runtime: Some(runtime), ..running }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }
}
