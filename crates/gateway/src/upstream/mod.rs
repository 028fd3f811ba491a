//! Where requests go, and how they get there.
//!
//! An [`Upstream`] is a set of targets with a balance, connections kept warm, and time-outs. It is shared
//! by all data-plane threads and survives reloads as long as its configuration stays equal; connections
//! belong to the thread that made them, so no request ever waits for another thread.
//!
//! [`Upstream::send`] is the seam: how a connection is kept and driven is the business of [`http1`] and
//! [`http2`] alone. Failures say who failed ([`Failure`]).
//!
//! A target or an upstream that fails again and again is left alone for a while ([`breaker`]); requests that
//! do no harm when repeated are sent again within a budget ([`retry`]). Both are off unless configured.
//!
//! Deliberately absent: health checks, service discovery.

mod attempts;
mod balance;
mod breaker;
mod connect;
mod failure;
mod http1;
mod http2;
mod in_process;
mod numbers;
mod retry;
mod send;
mod target;
mod trouble;
mod tunnel;
mod window;

pub(crate) use failure::Failure;
pub use failure::PROBLEMS;
pub(crate) use http1::Http1Body;
pub(crate) use http2::DrivenBody;
pub use in_process::InProcess;
pub use numbers::UpstreamNumbers;
pub(crate) use send::Outgoing;
pub(crate) use tunnel::Tunnel;

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use kernel::{Random, edge::HealthCheck};

use self::{balance::Balancer, breaker::Circuit, connect::Connector, numbers::Numbers, retry::Retries, target::Target};
use crate::config::{BreakerScope, Protocol, UpstreamConfig};

/// One upstream, ready to be sent to.
pub struct Upstream {
    name: Arc<str>,
    config: UpstreamConfig,
    targets: Box<[Arc<Target>]>,
    balancer: Balancer,
    connector: Connector,
    /// The circuit of all targets together.
    circuit: Option<Circuit>,
    retries: Option<Box<Retries>>,
    numbers: Numbers,
}

impl Upstream {
    /// Prepares the upstream for so many data-plane threads. The configuration has been validated; a
    /// target that still is no URL is left out.
    pub(crate) fn new(name: &str, config: &UpstreamConfig, workers: usize, random: &dyn Random) -> Self {
        let circuit = |scope| config.breaker.as_ref().filter(|breaker| breaker.per == scope).map(Circuit::new);
        let targets: Box<[Arc<Target>]> = config
            .targets
            .iter()
            .filter_map(|target| Target::new(&target.url, config.protocol, circuit(BreakerScope::Target), workers))
            .map(Arc::new)
            .collect();
        let weights: Vec<u16> = config.targets.iter().map(|target| target.weight).collect();
        let seed = u64::from_le_bytes(kernel::random::bytes(random));
        Self {
            name: name.into(),
            balancer: Balancer::new(config.balance, &weights[..targets.len()], seed),
            targets,
            connector: Connector::new(config.connect_timeout.get(), config.protocol == Protocol::Http2),
            circuit: circuit(BreakerScope::Upstream),
            retries: config.retries.as_ref().map(|retries| Box::new(Retries::new(retries, seed))),
            numbers: Numbers::default(),
            config: config.clone(),
        }
    }

    /// What it counts about itself.
    pub fn numbers(&self) -> UpstreamNumbers {
        let circuits = self.targets.iter().filter_map(|target| target.circuit.as_ref()).chain(&self.circuit);
        let open = circuits.filter(|circuit| circuit.is_open()).count();
        self.numbers.read(self.targets.len() as u64, open as u64)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it was made from.
    pub const fn config(&self) -> &UpstreamConfig {
        &self.config
    }

    /// How long a target may take for a response head.
    pub(crate) const fn timeout(&self) -> Duration {
        self.config.timeout.get()
    }

    /// Closes connections of this thread that have waited too long for a request.
    pub(crate) fn prune(&self, worker: usize) {
        for target in &self.targets {
            target.http1.prune(worker, self.config.idle_timeout.get());
        }
    }
}

impl HealthCheck for Upstream {
    fn name(&self) -> String {
        format!("upstream:{}", self.name)
    }

    /// Healthy while one of its targets can be connected to.
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let mut failures = Vec::new();
            for target in &self.targets {
                match self.connector.connect(target).await {
                    Ok(_) => return Ok(()),
                    Err(error) => failures.push(format!("{}: {error}", target.label)),
                }
            }
            Err(failures.join("; "))
        })
    }
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("name", &self.name).field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
