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
    AuthMethod, GrantSet, ManualClock, OsRandom, Principal, Random, Rate, RoleName, Secret, Subject, Timestamp, UserId,
    edge::{Edge, RateLimiter, Tenant},
    jose::Alg,
};
use parking_lot::Mutex;
use storage::{Store, StoreOptions, migrate};

use super::{Inbox, gate::FakeGate};
use crate::{
    Core, Identity, IdentityParts, Settings,
    branding::Wording,
    passwords::{Cost, Hasher},
    settings::PasswordSettings,
    vault::Vault,
};

/// When every test begins.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_800_000_000);

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
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) identity: Identity,
    pub(super) router: Router,
    /// What the database lives in.
    keep: Keep,
}

/// Kept for as long as a database is used.
type Keep = Arc<dyn std::any::Any + Send + Sync>;

/// Settings that make tests quick: the cheapest hash, a key that is made in no time. Fifty strangers at once find a
/// place to be hashed in, beside the places that are kept for those who are known.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.tokens.algorithm = Alg::EdDSA;
    settings.passwords =
        PasswordSettings { memory_kib: 64, iterations: 1, parallelism: 1, threads: 1, queue: 80, ..settings.passwords };
    settings
}

impl TestCore {
    /// Starts one on a new database.
    pub(crate) async fn start() -> Self {
        Self::start_with(settings()).await
    }

    /// Starts one on a new database, with these settings.
    pub(crate) async fn start_with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self::create(url, settings, Arc::new(folder)).await
    }

    /// Starts one on a new PostgreSQL database: for what only concurrent transactions can get wrong.
    pub(crate) async fn start_on_postgres(settings: Settings) -> Self {
        let database = testservers::postgres().await;
        Self::create(database.url(), settings, Arc::new(database)).await
    }

    async fn create(url: String, settings: Settings, keep: Keep) -> Self {
        let options = StoreOptions { durable: false, ..StoreOptions::new(url) };
        let store = Store::open(&options).await.expect("a database");
        migrate::up(&store, START).await.expect("the schema");
        Self::open(store, settings, Arc::new(ManualClock::at(START)), keep).await
    }

    /// Another node on the same database and clock, with its own edge: also what this node would be
    /// after a restart.
    pub(crate) async fn another_node(&self) -> Self {
        let (store, settings) = (self.core.store.clone(), self.core.settings.clone());
        Self::open(store, settings, self.clock.clone(), self.keep.clone()).await
    }

    async fn open(store: Store, settings: Settings, clock: Arc<ManualClock>, keep: Keep) -> Self {
        let limiter = Arc::new(Limiter::default());
        let inbox = Arc::new(Inbox::default());
        let parts = IdentityParts {
            mail: inbox.clone(),
            sms: inbox.clone(),
            ..parts(store, settings, clock.clone(), limiter.clone())
        };
        let identity = Identity::open(parts).await.expect("an identity service");
        Self { core: identity.core().clone(), clock, limiter, inbox, router: identity.router(), identity, keep }
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
            amr: kernel::Amr::NONE,
            impersonator: None,
            expires_at: self.core.now() + Duration::from_secs(900),
        })
    }
}

/// Pages whose texts are called `greeting`, and whatever begins so.
#[derive(Debug)]
struct FakeWording;

impl Wording for FakeWording {
    fn judge(&self, key: &str, _: &str) -> Result<(), String> {
        if key.starts_with("greeting") { Ok(()) } else { Err("no page says this".to_owned()) }
    }
}

/// What tests open an identity service with.
pub(crate) fn parts(store: Store, settings: Settings, clock: Arc<ManualClock>, limiter: Arc<Limiter>) -> IdentityParts {
    let random: Arc<dyn Random> = Arc::new(OsRandom::new());
    let PasswordSettings { memory_kib, iterations, parallelism, threads, queue, .. } = settings.passwords;
    let cost = Cost { memory_kib, iterations, parallelism };
    IdentityParts {
        store,
        edge: Arc::new(Edge::new()),
        vault: Vault::new(Secret::new([7; 32])).expect("a vault"),
        hasher: Hasher::with_cost(cost, threads, queue, random.clone()).expect("a hashing pool"),
        gate: Arc::new(FakeGate::default()),
        clock,
        random,
        limiter,
        mail: Arc::new(Inbox::default()),
        sms: Arc::new(Inbox::default()),
        wording: Arc::new(FakeWording),
        announce: None,
        settings,
    }
}
