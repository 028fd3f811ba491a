//! One node over a temporary database.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use futures_util::future::BoxFuture;
use kernel::{
    AuthMethod, GrantSet, ManualClock, OsRandom, Principal, Random, Rate, RoleName, Secret, Subject, TenantId,
    Timestamp, UserId,
    edge::{Edge, RateLimiter, Tenant},
    jose::Alg,
};
use parking_lot::Mutex;
use storage::{Store, StoreError, StoreOptions, feed::Feed, migrate, params};

use crate::{
    Core, Settings,
    keys::{FreshKey, Signers, create_for},
    passwords::{Cost, Hasher},
    publish::Publisher,
    roles,
    settings::{DEFAULT_SLUG, PasswordSettings},
    vault::Vault,
};

/// When every test begins.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// What tests seal under.
const MASTER_KEY: [u8; 32] = [7; 32];

/// A limiter that allows or refuses everything, and remembers what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    refusing: AtomicBool,
    asked: Mutex<Vec<String>>,
}

impl Limiter {
    /// Refuses from now on, or allows again.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.refusing.store(refuse, Ordering::SeqCst);
    }
    /// The keys it was asked about, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }
}

impl RateLimiter for Limiter {
    fn take(&self, key: String, _: Rate) -> BoxFuture<'_, Result<(), Duration>> {
        self.asked.lock().push(key);
        let refusing = self.refusing.load(Ordering::SeqCst);
        Box::pin(async move { if refusing { Err(Duration::from_secs(30)) } else { Ok(()) } })
    }
}

/// A whole identity service.
pub(crate) struct TestCore {
    pub(crate) core: Arc<Core>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) limiter: Arc<Limiter>,
    pub(super) router: Router,
    folder: Arc<tempfile::TempDir>,
}

/// Settings that make tests quick: the cheapest hash, a key that is made in no time.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.tokens.algorithm = Alg::EdDSA;
    settings.passwords =
        PasswordSettings { memory_kib: 64, iterations: 1, parallelism: 1, threads: 1, queue: 64, ..settings.passwords };
    settings
}

impl TestCore {
    /// Starts one on a new database.
    pub(crate) async fn start() -> Self {
        Self::start_with(settings()).await
    }

    /// Starts one on a new database, with these settings.
    pub(crate) async fn start_with(settings: Settings) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let options = StoreOptions { durable: false, ..StoreOptions::new(url) };
        let store = Store::open(&options).await.expect("a database");
        migrate::up(&store, START).await.expect("the schema");
        Self::open(store, settings, Arc::new(ManualClock::at(START)), folder, MASTER_KEY).await
    }

    /// Another node on the same database and clock, with its own edge: also what this node would be
    /// after a restart.
    pub(crate) async fn another_node(&self) -> Self {
        Self::with_master_key(MASTER_KEY, self).await
    }

    /// Another node on that node's database, in the hands of somebody with another master key.
    pub(crate) async fn with_master_key(key: [u8; 32], node: &Self) -> Self {
        let (store, settings) = (node.core.store.clone(), node.core.settings.clone());
        Self::open(store, settings, node.clock.clone(), node.folder.clone(), key).await
    }

    async fn open(
        store: Store,
        settings: Settings,
        clock: Arc<ManualClock>,
        folder: Arc<tempfile::TempDir>,
        key: [u8; 32],
    ) -> Self {
        let vault = Arc::new(Vault::new(Secret::new(key)).expect("a vault"));
        let random: Arc<dyn Random> = Arc::new(OsRandom::new());
        first_start(&store, &vault, &random, settings.tokens.algorithm).await;
        let (edge, signers) = (Arc::new(Edge::new()), Arc::new(Signers::default()));
        let publisher = Publisher {
            store: store.clone(),
            edge: edge.clone(),
            signers: signers.clone(),
            vault: vault.clone(),
            clock: clock.clone(),
            settings: settings.clone(),
        };
        let feed = Feed::open(store.clone(), Arc::new(publisher), None).await.expect("the feed");
        let limiter = Arc::new(Limiter::default());
        let PasswordSettings { memory_kib, iterations, parallelism, threads, queue, .. } = settings.passwords;
        let cost = Cost { memory_kib, iterations, parallelism };
        let hasher = Hasher::with_cost(cost, threads, queue, random.clone()).expect("a hashing pool");
        let core = Core {
            store,
            hasher,
            edge,
            feed,
            clock: clock.clone(),
            random,
            vault,
            signers,
            limiter: limiter.clone(),
            settings,
        };
        let core = Arc::new(core);
        let router = crate::api::router(core.clone());
        Self { core, clock, limiter, router, folder }
    }

    /// The default tenant, as the edge knows it.
    pub(crate) fn tenant(&self) -> Arc<Tenant> {
        self.core.edge.tenants.load().default_tenant().expect("a default tenant").clone()
    }

    /// A caller of the default tenant with one role that grants this, at this node's edge only. No such
    /// user is stored: for tests whose subject is not the caller.
    pub(crate) fn caller(&self, grants: &[&str]) -> Arc<Principal> {
        let role: RoleName = "tester".parse().expect("a role name");
        let tenant = self.tenant().id;
        let granted: GrantSet = grants.iter().map(|g| g.parse().expect("a grant")).collect();
        let access = self.core.edge.access.load();
        self.core.edge.access.store(Arc::new(access.with(tenant, HashMap::from([(role.clone(), granted)]))));
        Arc::new(Principal {
            tenant,
            subject: Subject::User(UserId::new(self.core.now(), &*self.core.random)),
            method: AuthMethod::Jwt,
            session: None,
            token: None,
            api_key: None,
            roles: Arc::new([role]),
            narrowed_to: None,
            scope: "".into(),
            networks: Arc::new([]),
            limits: Arc::new([]),
            authenticated_at: self.core.now(),
            expires_at: self.core.now() + Duration::from_secs(900),
        })
    }
}

async fn first_start(store: &Store, vault: &Arc<Vault>, random: &Arc<dyn Random>, alg: Alg) {
    let id = TenantId::new(START, &**random);
    let key = FreshKey::generate(vault, random, id, alg).await.expect("a key");
    store
        .system()
        .write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO tenants (id, slug, name, status, settings, created_at, updated_at)
                    VALUES ($1, $2, 'Default', 'active', $3, $4, $4) ON CONFLICT (slug) DO NOTHING";
                let made = tx.execute(sql, params![id, DEFAULT_SLUG, serde_json::json!({}), START]).await?;
                if made == 1 {
                    tx.enter(id, move |tx| {
                        Box::pin(async move {
                            roles::seed(tx, START, &OsRandom::new()).await?;
                            create_for(tx, &key, START).await
                        })
                    })
                    .await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await
        .expect("the default tenant");
}
