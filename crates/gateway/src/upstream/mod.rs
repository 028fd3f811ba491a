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
//! do no harm when repeated are sent again within a budget ([`retry`]); how many are under way at once can be
//! bounded ([`queue`]). All of that is off unless configured.
//!
//! A target that fails its checks, or the requests of clients, is left out while others are there
//! ([`health`], [`group`]).
//!
//! Deliberately absent: asking the sources that targets are learned from ([`crate::discovery`]).

mod attempts;
mod balance;
mod breaker;
mod connect;
mod deadline;
mod failure;
mod group;
mod health;
mod http1;
mod http2;
mod in_process;
mod latency;
mod learned;
mod numbers;
mod queue;
mod retry;
mod send;
mod sticky;
mod target;
mod tls;
mod trouble;
mod tunnel;
mod warm;
mod window;
mod wish;

pub(crate) use failure::Failure;
pub(crate) use failure::INVALID;
pub use failure::PROBLEMS;
pub(crate) use group::Wish;
pub(crate) use health::watch;
pub(crate) use http1::Http1Body;
pub(crate) use http2::DrivenBody;
pub use in_process::InProcess;
pub use numbers::UpstreamNumbers;
pub(crate) use queue::Place;
pub use queue::Queue;
pub(crate) use send::Outgoing;
pub use sticky::StickyKey;
pub(crate) use trouble::Troubles;
pub(crate) use tunnel::Tunnel;
pub(crate) use wish::Caller;

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use kernel::{
    Clock, Random,
    edge::{HealthCheck, PartState},
};

use self::{
    balance::Balancer,
    breaker::Circuit,
    connect::Connector,
    group::{Group, Heritage},
    health::Ejector,
    learned::{Learned, TargetKind, circuit},
    numbers::Numbers,
    retry::Retries,
    sticky::Sticky,
    target::Target,
    tls::Tls,
    warm::Warming,
    wish::HashKey,
};
use crate::config::{BreakerScope, ConfigProblem, Protocol, UpstreamConfig};

/// Longest time for one connection that is made to see whether it can be: several targets fit into the time
/// that a check has.
const CONNECT: Duration = Duration::from_millis(500);

/// One upstream, ready to be sent to.
pub struct Upstream {
    name: Arc<str>,
    config: UpstreamConfig,
    group: ArcSwap<Group>,
    balancer: Balancer,
    hash_key: Option<HashKey>,
    ejector: Option<Ejector>,
    sticky: Option<Sticky>,
    connector: Connector,
    zone: Option<Arc<str>>,
    clock: Arc<dyn Clock>,
    /// The circuit of all targets together.
    circuit: Option<Circuit>,
    retries: Option<Box<Retries>>,
    queue: Option<Queue>,
    /// The targets that a source has told of, where one is asked.
    learned: Option<Learned>,
    workers: usize,
    numbers: Numbers,
    warming: Warming,
}

/// What upstreams are made with, beside their configuration.
#[derive(Clone, Copy)]
pub(crate) struct Making<'a> {
    /// Data-plane threads.
    pub(crate) workers: usize,
    /// Seeds balances.
    pub(crate) random: &'a dyn Random,
    /// Tells how long targets are left out.
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// Where this gate runs.
    pub(crate) zone: Option<&'a str>,
    /// Makes names of targets for visitors.
    pub(crate) sticky_key: &'a StickyKey,
}

impl Upstream {
    /// Prepares the upstream. The configuration has been validated; a target that still is no URL is left
    /// out. What is known about targets of the one `before` is kept. What can be wrong is in files that the
    /// configuration names.
    pub(crate) fn new(
        name: &str,
        config: &UpstreamConfig,
        making: Making<'_>,
        before: Option<&Self>,
    ) -> Result<Self, ConfigProblem> {
        let Making { workers, random, clock, zone, sticky_key } = making;
        let http2 = config.protocol == Protocol::Http2;
        let tls = Tls::new(name, config.tls.as_ref(), http2).map_err(|error| {
            let hint = "Correct the file, or the setting that names it.";
            ConfigProblem::new(format!("upstreams.{name}.tls"), error.to_string(), hint)
        })?;
        let ejector = config.eject.as_ref().map(Ejector::new);
        let sticky = config.sticky.as_ref().map(|sticky| Sticky::new(sticky, sticky_key, name));
        let learned = config
            .discover
            .as_ref()
            .map(|_| Learned::after(before.filter(|old| old.config.discover == config.discover)));
        let known = learned.as_ref().map(Learned::targets).unwrap_or_default();
        let kind = TargetKind { config, ejector: ejector.as_ref(), sticky: sticky.as_ref(), workers };
        let targets = config.targets.iter().chain(&known).filter_map(|target| kind.make(target));
        let seed = u64::from_le_bytes(kernel::random::bytes(random));
        let old = before.map(|before| before.group.load_full());
        let heritage =
            old.as_deref().map(|group| Heritage { group, checked: config.check.is_some(), ejected: ejector.is_some() });
        Ok(Self {
            name: name.into(),
            group: ArcSwap::from_pointee(Group::new(targets.collect(), config, zone, heritage.as_ref(), clock.now())),
            balancer: Balancer::new(config.balance, config.hash_max_load, seed),
            hash_key: HashKey::new(config),
            ejector,
            sticky,
            connector: Connector::new(config.connect_timeout.get(), tls, http2),
            circuit: circuit(config, BreakerScope::Upstream),
            learned,
            workers,
            retries: config.retries.as_ref().map(|retries| Box::new(Retries::new(retries, seed))),
            queue: config.concurrency.as_ref().map(Queue::new),
            numbers: Numbers::default(),
            warming: Warming::new(workers),
            zone: zone.map(Into::into),
            clock: clock.clone(),
            config: config.clone(),
        })
    }

    /// Whether it would be made the same again.
    pub(crate) fn is_as(&self, config: &UpstreamConfig, zone: Option<&str>) -> bool {
        self.config == *config && self.zone.as_deref() == zone
    }

    /// What it counts about itself.
    pub fn numbers(&self) -> UpstreamNumbers {
        let group = self.group.load();
        let circuits = group.targets().filter_map(|target| target.circuit.as_ref()).chain(&self.circuit);
        let open = circuits.filter(|circuit| circuit.is_open()).count();
        self.numbers.read(group.standing(), open as u64, self.queue.as_ref())
    }

    /// Its targets.
    fn group(&self) -> Arc<Group> {
        self.group.load_full()
    }

    /// The target to ask next: one that was not passed over, and rather none that was asked before or could
    /// not be connected to a moment ago.
    fn next_target(&self, wish: &Wish, asked: &[Arc<str>], passed: &[Arc<Target>]) -> Option<Arc<Target>> {
        let group = self.group.load();
        let now = || self.clock.now();
        let is_passed = |target: &Target| passed.iter().any(|passed| std::ptr::eq(&**passed, target));
        let is_stale = |target: &Target| !target.is_awake() || asked.iter().any(|l| Arc::ptr_eq(l, &target.label));
        group
            .choose(&self.balancer, wish, now, |target| is_passed(target) || is_stale(target))
            .or_else(|| group.choose(&self.balancer, wish, now, is_passed))
    }

    /// A request to the target has ended so.
    fn report(&self, target: &Target, ended: Result<&send::Answer, &Failure>) {
        let Some(ejector) = &self.ejector else { return };
        if !ejector.report(&target.health, ended, || self.clock.now()) {
            return;
        }
        if let Some(until) = self.group.load().eject(ejector, target, self.clock.now()) {
            self.numbers.ejections.add();
            tracing::warn!(upstream = %self.name, target = %target.label, %until, "requests to a target fail: it is left out");
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it was made from.
    pub const fn config(&self) -> &UpstreamConfig {
        &self.config
    }

    /// How long a target may pause within an answer's body.
    pub(crate) fn pause(&self) -> Option<Duration> {
        pause(self.config.body_timeout)
    }

    /// A place among the requests that may be under way, if their number is limited.
    pub(crate) async fn enter(&self) -> Result<Option<Place>, Failure> {
        match &self.queue {
            None => Ok(None),
            Some(queue) => queue.enter().await.map(Some),
        }
    }

    /// A route's fallback has answered in its place.
    pub(crate) fn fell_back(&self) {
        self.numbers.fallbacks.add();
    }

    /// How long a target may take for a response head.
    pub(crate) const fn timeout(&self) -> Duration {
        self.config.timeout.get()
    }

    /// Closes connections of this thread that have waited too long for a request, makes those that are to
    /// be ready, and looks at files that may have changed.
    pub(crate) fn prune(self: &Arc<Self>, worker: usize) {
        for target in self.group.load().targets() {
            target.http1.prune(worker, self.config.idle_timeout.get());
        }
        self.warm(worker);
        if worker == 0 && self.connector.tls.has_files() {
            let this = self.clone();
            // Reading a file blocks, which a data-plane thread must not.
            tokio::task::spawn_blocking(move || this.connector.tls.refresh());
        }
    }

    /// How requests share HTTP/2 connections.
    const fn http2_bounds(&self) -> http2::Bounds {
        http2::Bounds { connections: self.config.max_connections as usize, streams: self.config.max_streams as u32 }
    }
}

/// `body_timeout` as it is used: no time at all means for ever.
pub(crate) fn pause(configured: crate::config::Duration) -> Option<Duration> {
    Some(configured.get()).filter(|pause| !pause.is_zero())
}

impl HealthCheck for Upstream {
    fn name(&self) -> String {
        format!("upstream:{}", self.name)
    }

    /// Healthy while one of its targets is: as its checks say, or else when it can be connected to.
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let group = self.group();
            let mut failures = Vec::new();
            for target in group.targets() {
                let ended = match &self.config.check {
                    Some(_) if !target.health.is_down() => Ok(()),
                    Some(_) => Err(target.health.last_error().unwrap_or_default()),
                    None => self.can_connect(target).await,
                };
                match ended {
                    Ok(()) => return self.source_is_well(),
                    Err(error) => failures.push(format!("{}: {error}", target.label)),
                }
            }
            Err(if failures.is_empty() { "it has no targets".to_owned() } else { failures.join("; ") })
        })
    }

    /// Its targets, where it watches them.
    fn parts(&self) -> Vec<PartState> {
        if self.config.check.is_none() && self.ejector.is_none() {
            return Vec::new();
        }
        let now = self.clock.now();
        let part = |target: &Arc<Target>| {
            let (state, detail) = match target.health.ejected_until(now) {
                _ if target.health.is_down() => ("down", target.health.last_error()),
                Some(until) => ("ejected", Some(format!("requests to it failed; left out until {until}"))),
                None => ("ok", target.health.last_error()),
            };
            PartState { name: target.label.to_string(), state, detail }
        };
        self.group().targets().map(part).collect()
    }
}

impl Upstream {
    /// Whether the target takes connections. Nothing is sent: what a service does with a request is its own
    /// business.
    async fn can_connect(&self, target: &Target) -> Result<(), String> {
        match tokio::time::timeout(CONNECT, self.connector.connect(target)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no connection within {CONNECT:?}")),
        }
    }
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("name", &self.name).field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
