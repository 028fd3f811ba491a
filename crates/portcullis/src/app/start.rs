//! From a configuration to a running program.
//!
//! The order matters: what others lean on comes first, the public port last, so that nothing is answered
//! before everything can be. Identity and everything that waits for a database live on one runtime; the
//! edge has its own threads.

use std::{net::SocketAddr, num::NonZeroUsize, sync::Arc};

use ::pages as people;
use gateway::{
    Gateway, GatewayParts,
    authn::{self, Authn},
    limit::Limits,
    upstream::{InProcess, StickyKey},
};
use identity::{
    Identity,
    outbox::{MailSender, SmsSender},
    passwords::Cost,
    vault::Purpose,
};
use kernel::{Clock, OsRandom, Random, SystemClock, edge::Edge};
use observe::{
    Observer,
    access::AccessLog,
    health::{Health, Importance, Pace},
    metrics::{Metrics, Sample},
};
use storage::{Bus, Kv, bus::BusOptions, feed::OverBus, kv::KvOptions};
use tokio::{
    net::TcpListener,
    runtime::{Handle, Runtime},
};
use tokio_util::sync::CancellationToken;

use super::{
    Hold, Missing, Running, StartError, background, checks,
    explain::Told,
    identity_node::{self, Ingredients, Node, Resolver, Signed},
    live::Live,
    open_database,
    operations::{self, Operations},
    routes::Services,
    running::{IdentityRuntime, Tables},
    shared_limits::{self, Quotas},
    upstream_metrics,
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
    /// Sends mail instead of what is configured.
    pub mail: Option<Arc<dyn MailSender>>,
    /// Sends text messages instead of what is configured.
    pub sms: Option<Arc<dyn SmsSender>>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom::new()),
            hash_cost: None,
            durable: true,
            mail: None,
            sms: None,
        }
    }
}

/// The program, to be started.
#[derive(Debug)]
pub enum App {}

impl App {
    /// Opens the database (and migrates it), then everything on it, then the ports.
    pub async fn start(config: Config, parts: Parts) -> Result<Running, StartError> {
        let runtime = identity_runtime(&config)?;
        // Connections belong to the runtime that opened them, so all of it happens there.
        let started = runtime.spawn(start(config, parts)).await;
        let runtime = IdentityRuntime(Some(runtime));
        match started {
            Ok(running) => Ok(Running { runtime, ..running? }),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// Identity's runtime: as many threads as configured, or one for each core.
fn identity_runtime(config: &Config) -> Result<Runtime, StartError> {
    let threads = match usize::from(config.server.identity_workers) {
        0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        some => some,
    };
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("identity")
        .enable_all()
        .build()
        .map_err(StartError::Thread)
}

/// Opens the bus that the configuration names.
pub(super) async fn open_bus(config: &Config) -> Result<Bus, StartError> {
    let namespace = config.bus.namespace.clone();
    Ok(Bus::open(&BusOptions { namespace, ..BusOptions::new(config.bus.url.expose().as_str()) }).await?)
}

async fn start(config: Config, parts: Parts) -> Result<Running, StartError> {
    let Parts { clock, random, hash_cost, durable, mail, sms } = parts;
    let runtime = Handle::current();

    // What others lean on.
    let store = open_database(&config, Missing::Create, Hold { durable, exclusive: true }).await?;
    let namespace = config.kv.namespace.clone();
    let kv = KvOptions { namespace, ..KvOptions::new(config.kv.url.expose().as_str()) };
    let kv = Kv::open(&kv, clock.clone()).await?;
    let bus = open_bus(&config).await?;
    let edge = Arc::new(Edge::new());
    let quotas = Arc::new(Quotas { store: store.clone(), runtime: runtime.clone() });
    let limits = Limits::new(shared_limits::backend(&kv), config.limits.clone(), clock.clone()).with_quotas(quotas);
    let limits = Arc::new(limits);

    // Identity, which publishes what was made of routes and upstreams.
    let live = Arc::new(Live::new(config.clone()));
    let wire = OverBus::new(&bus)?;
    let Node { identity, first_start } = identity_node::build(
        &config,
        Ingredients {
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
            hash_cost,
            edge: edge.clone(),
            limiter: limits.clone(),
            mail,
            sms,
            gate: live.clone(),
            announce: Some(wire.announcer()),
            public_url: config.public_url(config.server.listen),
        },
    )
    .await?;
    let core = identity.core().clone();
    let openapi = serde_json::to_vec(&Identity::openapi()).map_err(StartError::Description)?;

    // Those who watch.
    let metrics = Arc::new(Metrics::new());
    let access = access_log(&config)?;
    let observer = Observer::new(metrics.clone(), access.clone());
    let health = Arc::new(Health::new(Pace::default(), clock.clone()));
    health.replace("database", Importance::Vital, vec![checks::database(store.clone()), identity.health()]);
    health.replace("shared", Importance::Useful, vec![checks::kv(kv), checks::bus(bus.clone())]);
    health.replace("messages", Importance::Useful, identity.message_health());
    health.export(&metrics);

    // The gate, and what is behind it.
    let stop = CancellationToken::new();
    let operations = Arc::new(Operations::new(edge.clone(), health.clone(), metrics.clone()));
    let pages = pages::router(Pages { openapi: openapi.into(), catalogue: catalogue::problems() });
    let people = people::Pages::new(core.clone());
    let services = Services {
        identity: InProcess::new("identity", identity.router(), runtime.clone()).into(),
        pages: InProcess::new("pages", pages, runtime.clone()).into(),
        people: InProcess::new("people", people::router(people.clone()), runtime.clone()).into(),
        operations: InProcess::new("operations", operations::router(operations.clone()), runtime.clone()).into(),
    };
    let workers = gateway::workers(config.server.workers.into());
    let sticky_key = StickyKey::new(core.vault.derived(Purpose::StickyTargets)?.expose());
    let tables = Arc::new(Tables {
        services,
        observer,
        workers,
        random: random.clone(),
        clock: clock.clone(),
        sticky_key,
        health: health.clone(),
    });
    let (revision, table) = (live.revision(), live.table(&tables)?);
    health.replace("configuration", Importance::Useful, vec![live.clone()]);
    let resolver = Arc::new(Resolver { authenticator: identity.authenticator(), runtime });
    let authn = Arc::new(Authn::new(edge.clone(), resolver, clock.clone(), authn::Settings::default()));
    gauges(&metrics, &edge, &authn, &limits);

    let ops_addr = operators_door(&config, operations.clone(), &stop).await?;
    background::start(&identity, wire, &limits, &health, &stop);
    background::sweep_quotas(store, clock.clone(), &stop);
    let gate = Gateway::start(GatewayParts {
        explainer: Some(Arc::new(Told(people.clone()))),
        listen: config.server.listen,
        workers,
        http: config.server.http.clone(),
        tls: config.server.tls.clone(),
        proxy_protocol: config.server.proxy_protocol.clone(),
        trusted_proxies: config.server.trusted_proxies.clone(),
        table,
        edge,
        authn,
        limits: limits.clone(),
        assertions: Arc::new(Signed(identity.assertions().clone())),
        clock,
        random,
    })?;
    if let Some(certificates) = gate.certificates() {
        tables.health.replace("certificates", Importance::Useful, vec![certificates]);
    }
    upstream_metrics::export(&metrics, &gate.view());
    live.open(gate.view(), &tables, revision)?;
    Ok(Running {
        gate,
        limits,
        live,
        drain_delay: config.server.drain_delay.get(),
        _tables: tables,
        operations,
        access,
        core,
        first_start,
        ops_addr,
        stop: stop.drop_guard(),
        runtime: IdentityRuntime(None),
    })
}

fn access_log(config: &Config) -> Result<Option<Arc<AccessLog>>, StartError> {
    let log = &config.log;
    if !log.access {
        return Ok(None);
    }
    let opened = match &log.access_file {
        Some(file) => AccessLog::file(log.format.into(), file).map_err(|e| StartError::AccessLog(file.clone(), e)),
        None => AccessLog::stdout(log.format.into()).map_err(StartError::Thread),
    };
    Ok(Some(Arc::new(opened?)))
}

/// Serves the operators' own listener until told to stop.
async fn operators_door(
    config: &Config,
    operations: Arc<Operations>,
    stop: &CancellationToken,
) -> Result<SocketAddr, StartError> {
    let listen = config.server.ops_listen;
    let listener = TcpListener::bind(listen).await.map_err(|e| StartError::OpsListen(listen, e))?;
    let address = listener.local_addr().map_err(|e| StartError::OpsListen(listen, e))?;
    let stopped = stop.clone().cancelled_owned();
    tokio::spawn(async move {
        let served = axum::serve(listener, operations::router(operations)).with_graceful_shutdown(stopped).await;
        if let Err(error) = served {
            tracing::error!(%error, "the operators' listener has stopped");
        }
    });
    Ok(address)
}

/// Numbers that others hold.
fn gauges(metrics: &Metrics, edge: &Arc<Edge>, authn: &Arc<Authn>, limits: &Arc<Limits>) {
    let counted = edge.clone();
    metrics.gauge("revocations", "What has been taken back but might still be presented", move || {
        vec![Sample::new(counted.revocations.len() as u64)]
    });
    let counted = limits.clone();
    metrics.gauge("limiter_keys", "Keys counted in memory by rate limits", move || {
        vec![Sample::new(counted.stats().keys as u64)]
    });
    let counted = limits.clone();
    metrics.gauge("limiter_away", "1 while the shared limiter is away and this node counts alone", move || {
        vec![Sample::new(counted.stats().away.into())]
    });
    let counted = authn.clone();
    metrics.counter("token_cache_hits", "Access tokens that were known already", move || {
        vec![Sample::new(counted.stats().tokens.hits)]
    });
}
