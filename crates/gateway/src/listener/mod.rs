//! Listens, and runs the data plane.
//!
//! One thread, one current-thread runtime and one listening socket for each core: the kernel spreads
//! connections (`SO_REUSEPORT`), and a request never changes its thread. [`Gateway::start`] binds before
//! it returns, so that a busy port is an error and not a log line. [`Running::reload`] swaps the routes
//! under running connections; [`Running::drain`] stops accepting, lets requests finish, and cuts what has
//! not finished in time.
//!
//! Before its first request a connection passes the [`door`]: the PROXY protocol of a load balancer and TLS,
//! where they are configured.

mod connection;
mod date;
mod door;
mod http1;
mod http2;
pub(crate) mod proxy_protocol;
mod redirect;
mod socket;
mod socket_over_http2;
mod taking;
mod tls;
mod worker;

pub(crate) use connection::{Active, Connection};
pub use socket::BindError;
pub use tls::TlsError;

use std::{
    io,
    net::SocketAddr,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use arc_swap::ArcSwap;
use kernel::{
    Clock, Random,
    edge::{Edge, HealthCheck},
    gate::Purge,
    principal::Network,
};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use self::{door::Door, redirect::Redirect, tls::Tls, worker::Worker};
use crate::{
    acme::Acme,
    authn::Authn,
    cache::Memory,
    config::{HttpConfig, ProxyProtocolConfig, TlsConfig},
    discovery::Discoverer,
    explain::Explain,
    guard::HeadLimits,
    http1::Bounds,
    limit::Limits,
    pipeline::Gate,
    respond::RequestIds,
    route::RouteTable,
    shed::{Shedder, SheddingNumbers},
    transform::Assertions,
    upstream,
};

/// What a gate is made of.
pub struct GatewayParts {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Data-plane threads: [`workers`].
    pub workers: usize,
    /// Bounds on what clients may do.
    pub http: HttpConfig,
    /// TLS on the public port.
    pub tls: Option<TlsConfig>,
    /// Load balancers in front that speak the PROXY protocol.
    pub proxy_protocol: Option<ProxyProtocolConfig>,
    /// Whose `X-Forwarded-*` is believed.
    pub trusted_proxies: Vec<Network>,
    /// The routes to begin with; built for the same number of workers.
    pub table: RouteTable,
    /// What identity publishes.
    pub edge: Arc<Edge>,
    /// Who is calling?
    pub authn: Arc<Authn>,
    /// How much may they?
    pub limits: Arc<Limits>,
    /// Signs what upstreams are told about callers; [`crate::transform::NoAssertions`] for none.
    pub assertions: Arc<dyn Assertions>,
    /// Says refusals to people; nobody: everybody gets the document.
    pub explainer: Option<Arc<dyn Explain>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Seeds request ids.
    pub random: Arc<dyn Random>,
}

/// How many data-plane threads `server.workers` means: 0 is one a core.
pub fn workers(configured: usize) -> usize {
    match configured {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        some => some,
    }
}

/// Why the gate cannot open.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// TLS cannot be offered.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address that redirects cannot be listened on.
    #[error("cannot listen on {0}: {1}; correct `server.tls.redirect_listen`")]
    Redirect(SocketAddr, io::Error),
    /// Certificates that are ordered cannot be kept.
    #[error("{} cannot be used: {}; correct `server.tls.acme.dir`", .0.display(), .1)]
    Acme(PathBuf, io::Error),
    /// The operating system gives no thread or reactor.
    #[error("a data-plane thread could not be started: {0}")]
    Thread(io::Error),
}

/// The gate.
#[derive(Debug)]
pub enum Gateway {}

impl Gateway {
    /// Binds and begins to serve.
    pub fn start(parts: GatewayParts) -> Result<Running, StartError> {
        let workers = parts.workers.max(1);
        let http = &parts.http;
        let heads = HeadLimits {
            head: http.max_head.to_usize(),
            headers: usize::from(http.max_headers),
            target: http.max_target.to_usize(),
        };
        let bounds = Bounds {
            heads,
            head_timeout: http.head_timeout.get(),
            write_timeout: http.write_timeout.get(),
            idle_timeout: http.idle_timeout.get(),
        };
        let acme = parts.tls.as_ref().and_then(|tls| tls.acme.as_ref());
        let acme = acme.map(|acme| {
            Acme::prepare(acme, parts.clock.clone(), &*parts.random)
                .map_err(|error| StartError::Acme(acme.dir.clone(), error))
        });
        let acme = acme.transpose()?;
        let tls = parts.tls.clone().map(Tls::new).transpose()?.map(Arc::new);
        let sockets = socket::bind(parts.listen, workers)?;
        let address = sockets.address;
        let redirect = parts.tls.as_ref().and_then(|tls| Some((tls.redirect_listen?, tls.redirect_port)));
        let redirect = redirect.map(|(from, port)| {
            Redirect::bind(from, port.unwrap_or(address.port()), acme.clone())
                .map_err(|error| StartError::Redirect(from, error))
        });
        let redirect = redirect.transpose()?;
        let redirect_address = redirect.as_ref().map(|redirect| redirect.address);
        let door = Arc::new(Door { proxy: parts.proxy_protocol, tls });
        let gate = Arc::new(Gate {
            table: ArcSwap::from_pointee(parts.table),
            edge: parts.edge,
            authn: parts.authn,
            limits: parts.limits,
            assertions: parts.assertions,
            explainer: parts.explainer,
            clock: parts.clock,
            ids: RequestIds::new(&*parts.random),
            trusted_proxies: parts.trusted_proxies.into(),
            heads,
            max_body: http.max_body.bytes(),
            changed: Arc::new(Notify::new()),
            discoverer: Discoverer::default(),
            shedder: http
                .shedding
                .as_ref()
                .map(|shedding| Shedder::start(shedding, workers).map_err(StartError::Thread))
                .transpose()?,
            body_timeout: http.body_timeout.get(),
            farewell: CancellationToken::new(),
            cache: Memory::new(http.cache_memory.bytes()),
        });
        let stop = CancellationToken::new();
        let max_connections = usize::try_from(http.max_connections).unwrap_or(usize::MAX).div_ceil(workers);
        let mut threads = Vec::with_capacity(workers);
        let mut redirect = redirect;
        for (index, socket) in sockets.listeners.into_iter().enumerate() {
            let worker = Worker {
                index,
                gate: gate.clone(),
                door: door.clone(),
                bounds,
                max_connections,
                max_streams: http.max_streams,
                drain_timeout: http.drain_timeout.get(),
                stop: stop.clone(),
            };
            threads.push(spawn(worker, socket, redirect.take()).map_err(|error| {
                stop.cancel();
                StartError::Thread(error)
            })?);
        }
        if let Some(acme) = &acme {
            acme.start(stop.clone()).map_err(|error| {
                stop.cancel();
                StartError::Thread(error)
            })?;
        }
        let watched = gate.clone();
        upstream::watch(move || watched.table.load_full(), gate.changed.clone(), stop.clone()).map_err(|error| {
            stop.cancel();
            StartError::Thread(error)
        })?;
        gate.discoverer.follow(gate.table.load().upstreams()).map_err(|error| {
            stop.cancel();
            StartError::Thread(error)
        })?;
        Ok(Running { address, redirect_address, gate, acme, stop, threads })
    }
}

/// Starts a worker's thread, and returns once it serves. Whoever waits for the receiver learns when it has
/// ended.
fn spawn(
    worker: Worker,
    socket: std::net::TcpListener,
    redirect: Option<Redirect>,
) -> io::Result<oneshot::Receiver<()>> {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (ended, end) = oneshot::channel();
    let thread = thread::Builder::new().name(format!("edge-{}", worker.index));
    thread.spawn(move || {
        // The runtime is made where it is dropped: never inside of another one.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(error))),
        };
        let listener = {
            let _reactor = runtime.enter();
            tokio::net::TcpListener::from_std(socket)
        };
        match listener {
            Err(error) => return drop(ready.send(Err(error))),
            Ok(listener) => {
                drop(ready.send(Ok(())));
                // What one thread does for all.
                if let Some(tls) = worker.door.tls.clone().filter(|_| worker.index == 0) {
                    runtime.spawn(tls.watch(worker.stop.clone()));
                }
                if let Some(redirect) = redirect {
                    runtime.spawn(redirect.run(worker.stop.clone()));
                }
                runtime.block_on(worker.run(listener));
            }
        }
        // What has not finished in time is cut here.
        runtime.shutdown_timeout(Duration::from_millis(100));
        // Nobody may be waiting, which is fine.
        let _ = ended.send(());
    })?;
    is_ready.recv().unwrap_or_else(|_| Err(io::Error::other("it stopped at once")))?;
    Ok(end)
}

/// A gate that is open. Dropping it stops the data plane as [`Running::drain`] does, without waiting.
pub struct Running {
    address: SocketAddr,
    redirect_address: Option<SocketAddr>,
    gate: Arc<Gate>,
    acme: Option<Arc<Acme>>,
    stop: CancellationToken,
    threads: Vec<oneshot::Receiver<()>>,
}

impl Running {
    /// Where it listens; tells the port when 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the port listens that redirects to https.
    pub const fn redirect_address(&self) -> Option<SocketAddr> {
        self.redirect_address
    }

    /// How it is with the certificate that is ordered, where one is.
    pub fn certificates(&self) -> Option<Arc<dyn HealthCheck>> {
        self.acme.clone().map(|acme| acme as Arc<dyn HealthCheck>)
    }

    /// The routes in force, to build their successor from.
    pub fn table(&self) -> Arc<RouteTable> {
        self.gate.table.load_full()
    }

    /// A view of the routes in force, for those who watch.
    pub fn view(&self) -> TableView {
        TableView(Arc::downgrade(&self.gate))
    }

    /// Puts other routes and upstreams in force. Requests that are running finish under the old ones; no
    /// connection is dropped. The bounds of `[server.http]` stay as they were at the start.
    pub fn reload(&self, table: RouteTable) {
        self.gate.enforce(table);
    }

    /// Stops accepting, lets running requests finish, and returns when all have, or after the drain
    /// time-out has cut those that had not.
    pub async fn drain(mut self) {
        self.stop.cancel();
        for thread in std::mem::take(&mut self.threads) {
            // A thread that panicked has ended too.
            let _ = thread.await;
        }
    }
}

/// The routes in force, for those who watch. Does not keep the gate alive.
#[derive(Clone)]
pub struct TableView(Weak<Gate>);

impl TableView {
    /// The routes in force; none once the gate is gone.
    pub fn table(&self) -> Option<Arc<RouteTable>> {
        self.0.upgrade().map(|gate| gate.table.load_full())
    }

    /// What is refused because the gate has too much to do; none where it never refuses.
    pub fn shedding(&self) -> Option<SheddingNumbers> {
        self.0.upgrade().and_then(|gate| gate.shedder.as_ref().map(|shedder| shedder.numbers()))
    }

    /// Forgets kept answers.
    pub fn purge(&self, purge: &Purge) {
        if let Some(gate) = self.0.upgrade() {
            gate.cache.purge(purge);
        }
    }

    /// Bytes of kept answers, and how many things they hold.
    pub fn cache_size(&self) -> (u64, u64) {
        self.0.upgrade().map_or((0, 0), |gate| gate.cache.size())
    }

    /// As [`Running::reload`], for whoever decides about routes. Nothing happens once the gate is gone.
    pub fn replace(&self, table: RouteTable) {
        if let Some(gate) = self.0.upgrade() {
            gate.enforce(table);
        }
    }
}

impl std::fmt::Debug for TableView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TableView")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
