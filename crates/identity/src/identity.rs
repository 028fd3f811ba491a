//! The identity service, assembled: what the composition root opens, serves and runs.

mod authenticator;
mod background;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use futures_util::future::BoxFuture;
use kernel::{
    Clock, Problem, Random, TenantId,
    edge::{Authenticator, Edge, HealthCheck, RateLimiter},
    gate::GateConfig,
};
use storage::{
    Store, StoreError,
    feed::{Announce, Feed},
    params,
};

use crate::{
    Core, Settings, api,
    assertions::Assertions,
    audit::{Entry, Target},
    branding::{Brandings, Wording},
    keys::{FreshKey, Signers},
    outbox::{self, MailSender, Outbox, SmsSender},
    passwords::{
        Hasher,
        breach::{BreachError, Breaches},
    },
    publish::Publisher,
    settings::DEFAULT_SLUG,
    tenants::{self, NewTenant},
    vault::{Vault, VaultCheckError},
};

/// What identity is made of.
pub struct IdentityParts {
    /// The database, migrated.
    pub store: Store,
    /// What the gateway reads; filled before [`Identity::open`] returns.
    pub edge: Arc<Edge>,
    /// The master key.
    pub vault: Vault,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Judges routes and upstreams, and puts them in force.
    pub gate: Arc<dyn GateConfig>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Limits whose key only identity knows.
    pub limiter: Arc<dyn RateLimiter>,
    /// Sends mail.
    pub mail: Arc<dyn MailSender>,
    /// Sends text messages.
    pub sms: Arc<dyn SmsSender>,
    /// Knows which texts pages have.
    pub wording: Arc<dyn Wording>,
    /// Tells other nodes of changes; `None` when there are none.
    pub announce: Option<Arc<dyn Announce>>,
    /// What the operator decided.
    pub settings: Settings,
}

/// Why identity cannot start. Each is one sentence that says what to do, or a defect.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdentityError {
    /// The master key.
    #[error(transparent)]
    Vault(#[from] VaultCheckError),
    /// The database.
    #[error("cannot read the database: {0}")]
    Store(#[from] StoreError),
    /// Breached passwords.
    #[error(transparent)]
    Breaches(#[from] BreachError),
    /// The default tenant cannot be made.
    #[error("cannot make the default tenant: {0}")]
    FirstStart(Problem),
}

/// The identity service.
#[derive(Clone, Debug)]
pub struct Identity {
    core: Arc<Core>,
    assertions: Arc<Assertions>,
}

impl Identity {
    /// Checks the master key, makes the default tenant if this is the first start, and loads the edge.
    /// Several nodes may do it at once.
    pub async fn open(parts: IdentityParts) -> Result<Self, OpenIdentityError> {
        let IdentityParts {
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
        } = parts;
        let (vault, signers, brandings) = (Arc::new(vault), Arc::<Signers>::default(), Arc::<Brandings>::default());
        vault.check(&store, &*random).await?;
        first_start(&store, &vault, &*clock, &random, &settings).await?;
        let publisher = Publisher {
            store: store.clone(),
            edge: edge.clone(),
            signers: signers.clone(),
            brandings: brandings.clone(),
            vault: vault.clone(),
            gate: gate.clone(),
            clock: clock.clone(),
            settings: settings.clone(),
        };
        let feed = Feed::open(store.clone(), Arc::new(publisher), announce).await?;
        let assertions = Arc::new(Assertions::new(signers.clone(), clock.clone()));
        let outbox = Outbox::new(mail, sms);
        let breaches = Breaches::open(&settings.passwords.breaches)?;
        let core = Core {
            breaches,
            store,
            edge,
            feed,
            gate,
            clock,
            random,
            vault,
            signers,
            hasher,
            brandings,
            wording,
            outbox,
            limiter,
            settings,
        };
        Ok(Self { core: Arc::new(core), assertions })
    }

    /// What slices work with: for commands of the operator and for tests.
    pub const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// This node's place in the change feed. Bus messages [nudge](Feed::nudge) it.
    pub fn feed(&self) -> &Feed {
        &self.core.feed
    }

    /// The service, behind the gate: requests carry a [`kernel::RequestContext`].
    pub fn router(&self) -> Router {
        api::router(self.core.clone())
    }

    /// The description of every call (OpenAPI 3.1).
    pub fn openapi() -> utoipa::openapi::OpenApi {
        api::describe()
    }

    /// Who presents a credential that the edge does not know.
    pub fn authenticator(&self) -> Arc<dyn Authenticator> {
        Arc::new(authenticator::Credentials(self.core.clone()))
    }

    /// What upstreams are told about callers, signed.
    pub const fn assertions(&self) -> &Arc<Assertions> {
        &self.assertions
    }

    /// What runs beside the requests, by name. Each runs until it is dropped, and may be dropped at any
    /// time. Where they do not run, other nodes' changes are not seen and the audit log is not sealed.
    pub fn tasks(&self) -> Vec<(&'static str, BoxFuture<'static, ()>)> {
        background::tasks(&self.core)
    }

    /// How identity is, for `/health`.
    pub fn health(&self) -> Arc<dyn HealthCheck> {
        Arc::new(background::Health(self.core.clone()))
    }

    /// How mail and text messages are, for `/health`.
    pub fn message_health(&self) -> Vec<Arc<dyn HealthCheck>> {
        outbox::checks(&self.core)
    }
}

/// Makes the default tenant with its roles and its key, unless it is there: all in one unit.
async fn first_start(
    store: &Store,
    vault: &Arc<Vault>,
    clock: &dyn Clock,
    random: &Arc<dyn Random>,
    settings: &Settings,
) -> Result<(), OpenIdentityError> {
    let there = store
        .system()
        .read(|tx| {
            Box::pin(async move {
                let sql = "SELECT 1 FROM tenants WHERE slug = $1";
                Ok::<_, StoreError>(tx.query_opt(sql, params![DEFAULT_SLUG]).await?.is_some())
            })
        })
        .await?;
    if there {
        return Ok(());
    }
    let failed = OpenIdentityError::FirstStart;
    let now = clock.now();
    let id = TenantId::new(now, &**random);
    let key = FreshKey::generate(vault, random, id, settings.tokens.algorithm).await.map_err(failed)?;
    let slug = DEFAULT_SLUG.parse().map_err(|_| StoreError::Misuse("the default slug is not a slug"))?;
    let new = NewTenant { id, slug, name: "Default".into(), hosts: Vec::new() };
    let entry = Entry::by_system(tenants::CREATED, Target::new("tenant", id));
    let random = random.clone();
    let made = store
        .system()
        .write(move |tx| Box::pin(async move { tenants::create(tx, new, key, None, entry, now, random).await }))
        .await;
    match made {
        // Another node was faster.
        Err(problem) if problem.kind == tenants::EXISTS => Ok(()),
        made => made.map(drop).map_err(failed),
    }
}
