//! Learns the targets of upstreams from where they are known: a file, DNS, Consul, Kubernetes.
//!
//! One task for each upstream in force that asks for it, on a thread of its own: nothing here is on the way of a
//! request. A [`Source`] waits for news and gives whole sets; the upstream keeps what it knows of targets
//! that stay (connections, health, circuits). A source that fails changes nothing, is asked again after a
//! pause that doubles, is logged once, and shows in `/health`.
//!
//! Deliberately absent: names as targets, except in a file that the operator writes. What a name leads to could
//! change after it has been judged.

mod consul;
mod dns;
mod file;
mod found;
mod http;
mod kubernetes;

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{runtime::Runtime, task::AbortHandle};

use self::{consul::Consul, dns::Dns, file::File, found::Rules, kubernetes::Kubernetes};
use crate::{
    config::{DiscoverConfig, DiscoverFrom, TargetConfig},
    upstream::Upstream,
};

/// Longest pause after failures.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Where targets are learned from.
enum Source {
    File(File),
    Dns(Box<Dns>),
    Consul(Consul),
    Kubernetes(Kubernetes),
}

impl Source {
    fn new(config: &DiscoverConfig) -> Result<Self, String> {
        let name = config.name.as_deref().unwrap_or_default();
        Ok(match config.from {
            DiscoverFrom::File => Self::File(File::new(config.path.as_deref().unwrap_or_default())),
            DiscoverFrom::Dns => {
                Self::Dns(Box::new(Dns::new(name, Some(config.port.unwrap_or_default()), config.resolver)?))
            }
            DiscoverFrom::Srv => Self::Dns(Box::new(Dns::new(name, None, config.resolver)?)),
            DiscoverFrom::Consul => Self::Consul(Consul::new(config)?),
            DiscoverFrom::Kubernetes => Self::Kubernetes(Kubernetes::new(config)?),
        })
    }

    /// The targets, `None` for those of last time; and how long to wait before asking again.
    async fn next(
        &mut self,
        rules: &Rules,
        interval: Duration,
    ) -> Result<(Option<Vec<TargetConfig>>, Duration), String> {
        let (found, wait) = match self {
            Self::File(file) => return Ok((file.look().await?, interval)),
            Self::Dns(dns) => {
                let (found, ttl) = dns.look().await?;
                (found, ttl.max(interval))
            }
            // These wait themselves; the pause keeps one that answers at once from being asked all the time.
            Self::Consul(consul) => (consul.next().await?, interval),
            Self::Kubernetes(kubernetes) => (kubernetes.next().await?, interval),
        };
        let (targets, left_out) = rules.targets(found);
        if left_out > 0 {
            tracing::debug!(left_out, "found addresses that are not used");
        }
        Ok((Some(targets), wait))
    }
}

/// Runs the sources of the upstreams in force.
#[derive(Default)]
pub(crate) struct Discoverer(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// Started when it is first needed.
    runtime: Option<Runtime>,
    running: Vec<(Weak<Upstream>, AbortHandle)>,
}

impl Discoverer {
    /// These upstreams are in force from now on, and no others.
    pub(crate) fn follow<'a>(&self, upstreams: impl Iterator<Item = &'a Arc<Upstream>>) -> std::io::Result<()> {
        let mut inner = self.0.lock();
        let wanted: Vec<&Arc<Upstream>> = upstreams.filter(|upstream| upstream.config().discover.is_some()).collect();
        inner.running.retain(|(followed, task)| {
            let stays = wanted.iter().any(|upstream| std::ptr::eq(followed.as_ptr(), Arc::as_ptr(upstream)));
            if !stays {
                task.abort();
            }
            stays
        });
        for upstream in wanted {
            let is_followed =
                |(followed, _): &(Weak<Upstream>, _)| std::ptr::eq(followed.as_ptr(), Arc::as_ptr(upstream));
            if inner.running.iter().any(is_followed) {
                continue;
            }
            let runtime = match inner.runtime.take() {
                Some(runtime) => runtime,
                None => tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .max_blocking_threads(2)
                    .thread_name("edge-discovery")
                    .enable_all()
                    .build()?,
            };
            let task = runtime.spawn(follow(Arc::downgrade(upstream)));
            inner.runtime = Some(runtime);
            inner.running.push((Arc::downgrade(upstream), task.abort_handle()));
        }
        Ok(())
    }
}

impl Drop for Inner {
    /// The ordinary drop blocks, and panics within another runtime.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Brings news to one upstream for as long as it lives.
async fn follow(upstream: Weak<Upstream>) {
    let Some(config) = upstream.upgrade().and_then(|upstream| upstream.config().discover.clone()) else { return };
    let rules = Rules { tls: config.tls, networks: config.networks.clone() };
    let interval = config.interval.get();
    let mut source = None;
    let mut pause = interval;
    loop {
        let asked = match source.take().map_or_else(|| Source::new(&config), Ok) {
            Ok(mut made) => {
                let asked = made.next(&rules, interval).await;
                source = Some(made);
                asked
            }
            Err(error) => Err(error),
        };
        let Some(upstream) = upstream.upgrade() else { return };
        let wait = match asked {
            Ok((targets, wait)) => {
                upstream.discovered(targets);
                pause = interval;
                wait
            }
            Err(error) => {
                upstream.discovery_failed(error);
                pause = (pause * 2).min(MAX_PAUSE.max(interval));
                pause
            }
        };
        drop(upstream);
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests;
