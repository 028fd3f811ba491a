//! What every database engine must do. Each test runs on all of them.

#![expect(clippy::expect_used, reason = "this crate is test code")]

mod feed;
mod feed_over_bus;
mod migrations;
mod postgres;
mod process;
mod quota;
mod schema;
mod sqlite;
mod units;

use kernel::{OsRandom, SystemClock, TenantId, Timestamp, UserId};
use storage::{Store, StoreError, StoreOptions, TenantTx, migrate, params};

/// A fresh, migrated database and whatever keeps it alive.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) options: StoreOptions,
    pub(crate) server: Server,
}

/// What a database lives in.
pub(crate) enum Server {
    Folder(tempfile::TempDir),
    Postgres(testservers::PgDatabase),
}

impl Database {
    pub(crate) async fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", dir.path().join("test.db").display());
        Self::open(StoreOptions { durable: false, ..StoreOptions::new(url) }, Server::Folder(dir)).await
    }

    pub(crate) async fn postgres() -> Self {
        let database = testservers::postgres().await;
        let options = StoreOptions { durable: false, ..StoreOptions::new(database.url()) };
        Self::open(options, Server::Postgres(database)).await
    }

    async fn open(options: StoreOptions, server: Server) -> Self {
        let store = Store::open(&options).await.expect("open");
        migrate::up(&store, now()).await.expect("migrate");
        Self { store, options, server }
    }

    /// Changes the database behind the store's back, as its owner, and returns how many rows that were.
    pub(crate) async fn as_owner(&self, sql: &str) -> u64 {
        match &self.server {
            Server::Folder(dir) => {
                let connection = rusqlite::Connection::open(dir.path().join("test.db")).expect("open");
                connection.execute(sql, []).expect(sql) as u64
            }
            Server::Postgres(database) => postgres::connect(&database.url()).await.execute(sql, &[]).await.expect(sql),
        }
    }

    /// A tenant to play with.
    pub(crate) async fn tenant(&self, slug: &'static str) -> TenantId {
        let id = TenantId::new(now(), &OsRandom::new());
        let insert = "INSERT INTO tenants (id, slug, name, status, settings, created_at, updated_at)
             VALUES ($1, $2, $2, 'active', $3, $4, $4)";
        self.store
            .system()
            .write(move |tx| {
                Box::pin(async move { tx.execute(insert, params![id, slug, serde_json::json!({}), now()]).await })
            })
            .await
            .expect("insert a tenant");
        id
    }
}

pub(crate) fn now() -> Timestamp {
    kernel::Clock::now(&SystemClock)
}

/// Adds a user; the e-mail address must be new.
pub(crate) async fn add_user(tx: &mut TenantTx, email: &str) -> Result<UserId, StoreError> {
    let id = UserId::new(now(), &OsRandom::new());
    let sql = "INSERT INTO users (tenant_id, id, kind, status, email, attributes, created_at, updated_at)
         VALUES ($1, $2, 'person', 'active', $3, $4, $5, $5)";
    tx.execute(sql, params![id, email, serde_json::json!({"a": [1, null]}), now()]).await?;
    Ok(id)
}

/// How many users the tenant has.
pub(crate) async fn count_users(store: &Store, tenant: TenantId) -> i64 {
    store
        .tenant(tenant)
        .read(|tx| {
            Box::pin(async move {
                let rows = tx.query("SELECT count(*) FROM users WHERE tenant_id = $1", params![]).await?;
                rows[0].get::<i64>(0)
            })
        })
        .await
        .expect("count")
}

/// Makes a test for each engine out of `async fn name(db: &Database)`.
macro_rules! on_every_engine {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(&crate::Database::sqlite().await).await })*
        }
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(&crate::Database::postgres().await).await })*
        }
    };
}
pub(crate) use on_every_engine;
