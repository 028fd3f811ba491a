//! PostgreSQL 15 or newer.
//!
//! A unit runs in its caller's task over one connection of the [pool](pool), in a transaction that the
//! [transaction](transaction) module begins, scopes to the tenant and ends with as few round trips as
//! can be. Two roles are at work: whom the URL names owns the schema and migrates it; everything else
//! runs as [`APP_ROLE`](super::dialect::APP_ROLE), which owns nothing, so that row-level security and
//! its [rights](rights) hold.

mod connect;
mod convert;
mod pool;
mod rights;
mod session;
mod tls;
mod transaction;
mod url;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{
    Access, OpenError, StoreError, StoreOptions, SystemTx,
    tx::{Connection, Scope, Tx},
    unit::{Work, settle},
};
pub(crate) use transaction::Transaction;

/// Oldest version that is tested.
const OLDEST: i64 = 150_000;

/// An open PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Arc<pool::Pool>,
    owner: connect::Owner,
}

impl Postgres {
    /// Connects once, to see that it is possible and what is there.
    pub(crate) async fn open(options: &StoreOptions) -> Result<Self, OpenError> {
        let owner = connect::Owner::new(url::parse(&options.url)?)?;
        let mut session = owner.connect().await.map_err(connect_error)?;
        let facts = "SELECT current_schema()::text, current_setting('server_version_num')::bigint, version()";
        let rows = session.query(None, facts, &[]).await?;
        let facts = rows.first().ok_or(StoreError::Misuse("a query returned no row"))?;
        if facts.get::<i64>(1)? < OLDEST {
            let found: String = facts.get(2)?;
            return Err(OpenError::Connect(format!("PostgreSQL 15 or newer is needed, and this is {found}")));
        }
        let schema: Option<String> = facts.get(0)?;
        let schema = schema.ok_or_else(|| OpenError::Connect("the role's search_path names no schema".into()))?;
        let size = if options.connections == 0 { default_size() } else { options.connections };
        let connector = connect::Connector::new(owner.clone(), &schema, options.durable);
        Ok(Self { pool: Arc::new(pool::Pool::new(connector, size)), owner })
    }

    /// Runs a unit here and now.
    pub(crate) async fn run<T, E>(&self, access: Access, scope: Scope, work: Work<T, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        run(Transaction::new(self.pool.lease().await?, access, scope), scope, work).await
    }

    /// Runs a unit as the owner of the schema, on a connection of its own.
    pub(crate) async fn owner<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut SystemTx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let lease = pool::Lease::alone(self.owner.connect().await?);
        let transaction = Transaction::new(lease, Access::Write, Scope::System);
        run(transaction, Scope::System, Work::System(Box::new(work))).await
    }

    /// Lets the program's role do its work on the tables that are there now, and no more.
    pub(crate) async fn after_migrations(&self) -> Result<(), OpenError> {
        rights::grant(&mut self.owner.connect().await.map_err(connect_error)?).await
    }
}

/// A connection failure while opening is about the URL.
fn connect_error(error: StoreError) -> OpenError {
    match error {
        StoreError::Unavailable(reason) => OpenError::Connect(reason),
        other => OpenError::Store(other),
    }
}

/// More connections than this only queue inside the server.
fn default_size() -> usize {
    std::thread::available_parallelism().map_or(8, |cores| (2 * cores.get() + 4).min(32))
}

async fn run<T, E>(transaction: Transaction, scope: Scope, work: Work<T, E>) -> Result<T, E>
where
    E: From<StoreError>,
{
    let tx = Tx { connection: Connection::Postgres(Box::new(transaction)), failed: None };
    let (outcome, tx) = work.perform(scope, tx).await;
    let outcome = settle(outcome, tx.failed);
    let Connection::Postgres(transaction) = tx.connection else {
        return Err(StoreError::Misuse("a nested scope kept the transaction").into());
    };
    match outcome {
        Ok(value) => transaction.commit().await.map(|()| value).map_err(E::from),
        Err(error) => {
            transaction.roll_back();
            Err(error)
        }
    }
}
