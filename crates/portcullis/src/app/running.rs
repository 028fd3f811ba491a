//! The whole program, started: addresses, reload, shutdown.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gateway::{
    config::{ConfigProblem, GatewayConfig},
    limit::Limits,
    route::{RouteTable, TableParts},
    upstream::StickyKey,
};
use identity::{Core, users::Email};
use kernel::{Clock, Random, Secret, edge::HealthCheck};
use observe::{
    Observer,
    access::AccessLog,
    health::{Health, Importance},
};
use tokio::runtime::Runtime;
use tokio_util::sync::DropGuard;

use super::{
    live::Live,
    operations::Operations,
    routes::{self, BuiltinError, Services},
};
use crate::{
    config::{Config, IdentityLimits},
    operator::admins::{self, AdminError},
};

/// What of a configuration takes effect without a restart.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The routes and upstreams cannot be used. The old ones serve on.
    #[error("{}", join(.0))]
    Routes(Vec<ConfigProblem>),
    /// What was made through the API does not go together with the file. What there was serves on.
    #[error("the configuration file does not go together with revision {0} of what was made through the API:\n{1}")]
    Made(i64, String),
    /// The limits in front of identity cannot be used. The old ones serve on.
    #[error(transparent)]
    Builtin(#[from] BuiltinError),
}

fn join(problems: &[ConfigProblem]) -> String {
    problems.iter().map(|p| format!("{}: {}. {}", p.path, p.message, p.hint)).collect::<Vec<_>>().join("\n")
}

/// Builds route tables from configurations.
pub(super) struct Tables {
    pub services: Services,
    pub observer: Observer,
    pub workers: usize,
    pub random: Arc<dyn Random>,
    pub clock: Arc<dyn Clock>,
    pub sticky_key: StickyKey,
    pub health: Arc<Health>,
}

impl Tables {
    /// The table of a configuration in which nothing is wrong any more. Upstreams that stay keep their
    /// connections.
    pub(super) fn build(
        &self,
        limits: &IdentityLimits,
        config: &GatewayConfig,
        previous: Option<&RouteTable>,
    ) -> Result<RouteTable, ReloadError> {
        let builtin = routes::builtin(&self.services, limits)?;
        let table = RouteTable::assemble(TableParts {
            config,
            builtin,
            recorder: &self.observer,
            workers: self.workers,
            random: &*self.random,
            clock: &self.clock,
            sticky_key: &self.sticky_key,
            previous,
        })
        .map_err(ReloadError::Routes)?;
        let upstreams = table.upstreams().map(|upstream| upstream.clone() as Arc<dyn HealthCheck>).collect();
        self.health.replace("upstreams", Importance::Useful, upstreams);
        Ok(table)
    }
}

/// Identity's runtime. Dropped, it ends in the background: the ordinary drop blocks, and panics within
/// another runtime.
#[derive(Debug)]
pub(super) struct IdentityRuntime(pub Option<Runtime>);

impl IdentityRuntime {
    /// Ends tasks, waiting a little for those that run.
    async fn end(mut self) {
        if let Some(runtime) = self.0.take() {
            // Joining threads blocks, which a caller on a runtime must not. A panic in there ended it too.
            let _ = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(5))).await;
        }
    }
}

impl Drop for IdentityRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The program, started. Dropping it stops at once; [`Running::shutdown`] lets requests finish.
pub struct Running {
    // In the order of their dropping: the door first, what is behind it last.
    pub(super) gate: gateway::Running,
    pub(super) limits: Arc<Limits>,
    pub(super) live: Arc<Live>,
    pub(super) drain_delay: Duration,
    /// What is behind the routes: they are built anew from it as long as the program runs.
    pub(super) _tables: Arc<Tables>,
    pub(super) operations: Arc<Operations>,
    pub(super) access: Option<Arc<AccessLog>>,
    pub(super) core: Arc<Core>,
    pub(super) first_start: bool,
    pub(super) ops_addr: SocketAddr,
    pub(super) stop: DropGuard,
    pub(super) runtime: IdentityRuntime,
}

impl Running {
    /// Where the public port listens.
    pub const fn public_addr(&self) -> SocketAddr {
        self.gate.address()
    }
    /// Where the operators' port listens.
    pub const fn ops_addr(&self) -> SocketAddr {
        self.ops_addr
    }

    /// Whether this start made the database.
    pub const fn is_first_start(&self) -> bool {
        self.first_start
    }
    /// The identity service. For commands that come with the start, and for tests.
    pub const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Makes an administrator, as `portcullis admin create` does.
    pub async fn create_admin(&self, email: Email, password: Secret) -> Result<(), AdminError> {
        admins::create(&self.core, email, password).await
    }

    /// Puts the routes, upstreams and identity limits of this configuration in force, with what was made
    /// through the API on top, all of them or none. Requests that are running finish under the old ones; no connection is dropped.
    pub fn reload(&self, config: &Config) -> Result<(), ReloadError> {
        self.live.reload(config)
    }

    /// Stops: says "not ready" first, stops accepting after `server.drain_delay`, lets requests finish up to the drain time-out,
    /// then ends the parts behind them.
    pub async fn shutdown(self) {
        self.operations.drain();
        tokio::time::sleep(self.drain_delay).await;
        self.gate.drain().await;
        self.limits.close().await;
        drop(self.stop);
        self.runtime.end().await;
        if let Some(access) = &self.access {
            access.shutdown();
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("public", &self.public_addr())
            .field("operations", &self.ops_addr)
            .finish_non_exhaustive()
    }
}
