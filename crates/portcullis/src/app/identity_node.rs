//! The identity service of this node: its database, its keys, its place in the change feed.
//!
//! `serve` and the commands that work on the data (`admin`, `keys`, `audit`) build the same one, so that
//! a command does what the service would, audit and feed included.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use identity::{
    Core,
    keys::Signers,
    passwords::{Cost, Hasher},
    publish::Publisher,
    settings::PasswordSettings,
    vault::Vault,
};
use kernel::{
    Clock, OsRandom, Principal, Problem, Random, Rate, SystemClock,
    edge::{Authenticator, Credential, Edge, RateLimiter},
};
use storage::{
    Bus, Store,
    feed::{Announce, Feed},
    migrate,
};
use tokio::runtime::Handle;

use super::{Missing, StartError, key, open_database, settings};
use crate::{config::Config, operator::first_start};

/// The topic that says "there is something new in the feed".
pub(super) const FEED_TOPIC: &str = "feed";

/// What identity is given.
pub(super) struct Ingredients {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub hash_cost: Option<Cost>,
    pub edge: Arc<Edge>,
    pub limiter: Arc<dyn RateLimiter>,
    pub bus: Bus,
    pub public_url: String,
}

/// The service of this node.
pub(crate) struct Node {
    pub core: Arc<Core>,
    /// Whether the database was made just now.
    pub first_start: bool,
}

/// Brings the schema up to date, sees to the first start, and builds the service.
pub(super) async fn build(config: &Config, ingredients: Ingredients) -> Result<Node, StartError> {
    let Ingredients { store, clock, random, hash_cost, edge, limiter, bus, public_url } = ingredients;
    let settings = settings::identity(config, public_url);
    migrate::up(&store, clock.now()).await?;
    let first_start = first_start::is_new(&store).await?;
    let vault = Arc::new(Vault::new(key::master_key(config, first_start, &*random)?)?);
    if first_start {
        first_start::prepare(&store, &vault, &random, settings.tokens.algorithm, clock.now()).await?;
    }
    first_start::check_master_key(&store, &vault).await?;

    let signers = Arc::new(Signers::default());
    let publisher = Publisher {
        store: store.clone(),
        edge: edge.clone(),
        signers: signers.clone(),
        vault: vault.clone(),
        clock: clock.clone(),
        settings: settings.clone(),
    };
    let announce: Arc<dyn Announce> = Arc::new(Announcer { bus, runtime: Handle::current() });
    let feed = Feed::open(store.clone(), Arc::new(publisher), Some(announce)).await?;
    let PasswordSettings { memory_kib, iterations, parallelism, threads, queue, .. } = settings.passwords;
    let cost = hash_cost.unwrap_or(Cost { memory_kib, iterations, parallelism });
    let hasher = Hasher::with_cost(cost, threads, queue, random.clone())?;
    let core = Arc::new(Core { store, edge, feed, clock, random, vault, signers, hasher, limiter, settings });
    Ok(Node { core, first_start })
}

/// The service without an edge in front, for a command. What it changes, running nodes hear of through
/// the bus, or at the latest when they look at the feed by themselves.
pub(crate) async fn for_command(config: &Config, missing: Missing) -> Result<Arc<Core>, StartError> {
    let ingredients = Ingredients {
        store: open_database(config, missing, true).await?,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom::new()),
        hash_cost: None,
        edge: Arc::new(Edge::new()),
        limiter: Arc::new(NoLimit),
        bus: super::start::open_bus(config).await?,
        public_url: config.public_url(config.server.listen),
    };
    Ok(build(config, ingredients).await?.core)
}

/// The operator is not limited.
struct NoLimit;

impl RateLimiter for NoLimit {
    fn take(&self, _: String, _: Rate) -> BoxFuture<'_, Result<(), Duration>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Tells other nodes over the bus.
struct Announcer {
    bus: Bus,
    runtime: Handle,
}

impl Announce for Announcer {
    fn announce(&self, seq: i64) {
        let bus = self.bus.clone();
        self.runtime.spawn(async move {
            // A message that is lost costs a moment: nodes look at the feed by themselves too.
            if let Err(error) = bus.publish(FEED_TOPIC, seq.to_string()).await {
                tracing::debug!(%error, "other nodes were not told of a change");
            }
        });
    }
}

/// Resolves credentials for the edge, on the runtime that the database's connections belong to.
pub(super) struct Resolver {
    pub core: Arc<Core>,
    pub runtime: Handle,
}

impl Authenticator for Resolver {
    fn authenticate(&self, credential: Credential) -> BoxFuture<'_, Result<Arc<Principal>, Problem>> {
        let core = self.core.clone();
        let resolved = self.runtime.spawn(async move {
            match credential {
                Credential::ApiKey(key) => identity::api_keys::authenticate(&core, key).await,
                Credential::SessionCookie(cookie) => identity::sessions::authenticate_cookie(&core, cookie).await,
            }
        });
        Box::pin(async move {
            let ended = |error| Problem::new(kernel::problem::common::UNAVAILABLE).cause(error);
            resolved.await.map_err(ended)?
        })
    }
}
