//! The database.
//!
//! A unit of work is one function over a transaction that awaits nothing but the database:
//!
//! ```ignore
//! store.tenant(tenant).write(move |tx| Box::pin(async move {
//!     let used = tx.execute("UPDATE codes SET used_at = $3 WHERE tenant_id = $1 AND hash = $2 AND used_at IS NULL",
//!         params![hash, now]).await?;
//!     if used == 1 { Ok(()) } else { Err(CodeError::Used) }
//! })).await
//! ```
//!
//! Invariants:
//! - **A tenant is part of the type.** Tenant data is reached through [`TenantTx`], which binds its
//!   tenant as `$1` of every statement by itself; a statement that does not mention `$1` is refused.
//!   On PostgreSQL row-level security holds the same line a second time.
//! - `Ok` means committed and durable; `Err` means nothing of the unit was kept. One case nobody can
//!   know: a server that goes away while a commit is on its way to it answers
//!   [`StoreError::Unavailable`], and the unit may have been kept.
//! - An error of a statement cannot be swallowed: a unit that goes on and returns `Ok` still fails.
//! - A unit never sees another's half-done work. SQLite runs many units in one group commit; PostgreSQL
//!   runs each in its caller's task, and forgets it when the caller goes away.

mod error;
mod row;
mod tx;
mod unit;
mod value;

pub mod dialect;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::{path::PathBuf, sync::Arc};

use futures_util::future::BoxFuture;
use kernel::TenantId;

pub use error::{OpenError, StoreError};
pub use row::{FromValue, Row};
pub use tx::{SystemTx, TenantTx};
pub use value::Value;

use tx::Scope;
use unit::Unit;

/// Builds the parameters of a statement: `params![id, name, now]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::store::Value::from($value)),*] };
}

/// How to open a store. What an operator sets comes in the URL; the rest has one right value outside
/// of tests.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// `sqlite://path/to/file.db` or `postgres://user:password@host/database`, with
    /// `?sslmode=disable|prefer|require` and `sslrootcert=FILE`. `require` verifies the certificate.
    pub url: String,
    /// SQLite reader threads, PostgreSQL connections. 0: chosen by the machine.
    pub connections: usize,
    /// Whether a commit waits for the disk. Only tests that do not ask about durability say no.
    pub durable: bool,
    /// Whether another process that also says so is kept out, by a lock file beside the SQLite file.
    /// `serve` says so; commands that run beside it do not. PostgreSQL serves many nodes at once.
    pub exclusive: bool,
}

impl StoreOptions {
    /// The defaults for this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections: 0, durable: true, exclusive: false }
    }
}

/// A database, opened. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Sqlite(Arc<sqlite::Sqlite>),
    Postgres(Arc<postgres::Postgres>),
}

/// What kind of transaction a unit wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Store {
    /// Opens the database that the URL names. Creates a SQLite file that does not exist (mode 0600);
    /// does not migrate: see [`migrate`](crate::migrate).
    pub async fn open(options: &StoreOptions) -> Result<Self, OpenError> {
        let url = options.url.as_str();
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err(OpenError::Url("sqlite:// needs a file path, such as sqlite://data/portcullis.db".into()));
            }
            let engine = sqlite::Sqlite::open(PathBuf::from(path), options.clone()).await?;
            return Ok(Self { engine: Engine::Sqlite(Arc::new(engine)) });
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let engine = postgres::Postgres::open(options).await?;
            return Ok(Self { engine: Engine::Postgres(Arc::new(engine)) });
        }
        Err(OpenError::Url("use sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE".into()))
    }

    /// Data of one tenant.
    pub const fn tenant(&self, tenant: TenantId) -> TenantStore<'_> {
        TenantStore { store: self, tenant }
    }

    /// Data that belongs to no tenant, and the rare work that crosses tenants (publishing, sealing,
    /// sweeping). A request handler has no business here, but for looking up its tenant.
    pub const fn system(&self) -> SystemStore<'_> {
        SystemStore { store: self }
    }

    /// `sqlite` or `postgresql`, for logs and health only.
    pub const fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgresql",
        }
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.system().read(|tx| Box::pin(async move { tx.query("SELECT 1", params![]).await.map(|_| ()) })).await
    }

    /// Runs a unit as the owner of the schema. For migrations only: row-level security does not bind
    /// its role to a tenant.
    pub(crate) async fn owner<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut SystemTx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(_) => self.system().write(work).await,
            Engine::Postgres(engine) => engine.owner(work).await,
        }
    }

    /// What the engine needs to do once the schema is current (PostgreSQL: grants to the role that the
    /// program runs as).
    pub(crate) async fn after_migrations(&self) -> Result<(), OpenError> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(engine) => engine.after_migrations().await,
        }
    }

    async fn run<T, E>(&self, access: Access, scope: Scope, work: unit::Work<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(engine) => {
                let (unit, reply) = Unit::new(scope, work);
                engine.submit(access, Box::new(unit))?;
                reply
                    .await
                    .unwrap_or_else(|_| Err(StoreError::Unavailable("the database thread has stopped".into()).into()))
            }
            Engine::Postgres(engine) => engine.run(access, scope, work).await,
        }
    }
}

/// A [`Store`] narrowed to one tenant.
#[derive(Clone, Copy, Debug)]
pub struct TenantStore<'a> {
    store: &'a Store,
    tenant: TenantId,
}

impl TenantStore<'_> {
    /// Runs a unit that may write. All of it is kept, or nothing.
    pub async fn write<T, E, F>(self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut TenantTx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        self.store.run(Access::Write, Scope::Tenant(self.tenant), unit::Work::Tenant(Box::new(work))).await
    }

    /// Runs a unit that only reads, over one consistent view.
    pub async fn read<T, E, F>(self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut TenantTx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        self.store.run(Access::Read, Scope::Tenant(self.tenant), unit::Work::Tenant(Box::new(work))).await
    }
}

/// A [`Store`] outside of any tenant.
#[derive(Clone, Copy, Debug)]
pub struct SystemStore<'a> {
    store: &'a Store,
}

impl SystemStore<'_> {
    /// Runs a unit that may write. All of it is kept, or nothing.
    pub async fn write<T, E, F>(self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut SystemTx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        self.store.run(Access::Write, Scope::System, unit::Work::System(Box::new(work))).await
    }

    /// Runs a unit that only reads, over one consistent view.
    pub async fn read<T, E, F>(self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut SystemTx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        self.store.run(Access::Read, Scope::System, unit::Work::System(Box::new(work))).await
    }
}
