//! The identity service of this node: its database, its keys, its place in the change feed.
//!
//! `serve` and the commands that work on the data (`admin`, `keys`, `audit`) build the same one, so that
//! a command does what the service would, audit and feed included.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use gateway::transform;
use http::HeaderValue;
use identity::{
    Core, Identity, IdentityParts,
    assertions::Assertions,
    outbox::{MailSender, SmsSender},
    passwords::{Cost, Hasher},
    settings::PasswordSettings,
    vault::Vault,
};
use kernel::{
    Clock, OsRandom, Principal, Problem, Random, Rate, SystemClock,
    edge::{Authenticator, Credential, Edge, RateLimiter, Tenant},
    gate::GateConfig,
};
use storage::{Store, feed::Announce, migrate};
use tokio::runtime::Handle;

use super::{Hold, Missing, StartError, key, live::Live, open_database, senders, settings};
use crate::{config::Config, operator::is_new};

/// What identity is given.
pub(super) struct Ingredients {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub hash_cost: Option<Cost>,
    pub edge: Arc<Edge>,
    pub limiter: Arc<dyn RateLimiter>,
    /// `None`: as configured.
    pub mail: Option<Arc<dyn MailSender>>,
    /// `None`: as configured.
    pub sms: Option<Arc<dyn SmsSender>>,
    pub gate: Arc<dyn GateConfig>,
    pub announce: Option<Arc<dyn Announce>>,
    pub public_url: String,
}

/// The service of this node.
pub(crate) struct Node {
    pub identity: Identity,
    /// Whether the database was made just now.
    pub first_start: bool,
}

/// Brings the schema up to date, sees to the master key, and opens the service.
pub(super) async fn build(config: &Config, ingredients: Ingredients) -> Result<Node, StartError> {
    let Ingredients { store, clock, random, hash_cost, edge, limiter, mail, sms, gate, announce, public_url } =
        ingredients;
    let mail = mail.map_or_else(|| senders::mail(config), Ok)?;
    let sms = sms.map_or_else(|| senders::sms(config), Ok)?;
    let settings = settings::identity(config, public_url);
    migrate::up(&store, clock.now()).await?;
    let first_start = is_new(&store).await?;
    let vault = Vault::new(key::master_key(config, first_start, &*random)?)?;
    let PasswordSettings { memory_kib, iterations, parallelism, threads, queue, .. } = settings.passwords;
    let cost = hash_cost.unwrap_or(Cost { memory_kib, iterations, parallelism });
    let hasher = Hasher::with_cost(cost, threads, queue, random.clone())?;
    let wording = Arc::new(pages::Wordings::default());
    let parts = IdentityParts {
        store,
        edge,
        vault,
        hasher,
        gate,
        clock,
        random,
        limiter,
        mail,
        sms,
        wording,
        announce,
        settings,
    };
    Ok(Node { identity: Identity::open(parts).await?, first_start })
}

/// The service without an edge in front, for a command. Running nodes find what it changes when they
/// next look at the feed.
pub(crate) async fn for_command(config: &Config, missing: Missing) -> Result<Arc<Core>, StartError> {
    let ingredients = Ingredients {
        store: open_database(config, missing, Hold::COMMAND).await?,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom::new()),
        hash_cost: None,
        edge: Arc::new(Edge::new()),
        limiter: Arc::new(NoLimit),
        mail: None,
        sms: None,
        gate: Arc::new(Live::new(config.clone())),
        announce: None,
        public_url: config.public_url(config.server.listen),
    };
    Ok(build(config, ingredients).await?.identity.core().clone())
}

/// The operator is not limited.
struct NoLimit;

impl RateLimiter for NoLimit {
    fn take(&self, _: String, _: Rate) -> BoxFuture<'_, Result<(), Duration>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Resolves credentials for the edge, on the runtime that the database's connections belong to.
pub(super) struct Resolver {
    pub authenticator: Arc<dyn Authenticator>,
    pub runtime: Handle,
}

impl Authenticator for Resolver {
    fn authenticate(&self, credential: Credential) -> BoxFuture<'_, Result<Arc<Principal>, Problem>> {
        let authenticator = self.authenticator.clone();
        let resolved = self.runtime.spawn(async move { authenticator.authenticate(credential).await });
        Box::pin(async move {
            let ended = |error| Problem::new(kernel::problem::common::UNAVAILABLE).cause(error);
            resolved.await.map_err(ended)?
        })
    }
}

/// Tells upstreams about callers, signed by the tenant.
pub(super) struct Signed(pub Arc<Assertions>);

impl transform::Assertions for Signed {
    fn assertion(&self, principal: &Principal, tenant: &Tenant, upstream: &str) -> Option<HeaderValue> {
        self.0.make(principal, tenant, upstream)
    }
}
