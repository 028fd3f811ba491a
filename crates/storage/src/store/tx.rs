//! Transactions as units of work see them.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::{FutureExt as _, future::BoxFuture};
use kernel::TenantId;

use super::{Row, StoreError, Value, dialect::Dialect, postgres, sqlite};

const LENT: &str = "the transaction is in use by a nested scope";

/// Whose data a unit of work may reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    Tenant(TenantId),
    System,
}

/// The engine's side of a running transaction.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(Box<rusqlite::Connection>),
    Postgres(Box<postgres::Transaction>),
    /// Taken out while a nested scope uses it.
    Lent,
}

impl Connection {
    /// Whose rows the database itself lets the statements from now on see, where it can.
    fn set_scope(&mut self, scope: Scope) {
        if let Self::Postgres(transaction) = self {
            transaction.set_scope(scope);
        }
    }
}

/// A running transaction, engine and bookkeeping.
#[derive(Debug)]
pub(crate) struct Tx {
    pub(crate) connection: Connection,
    /// The first statement that failed. Once set, the unit cannot succeed.
    pub(crate) failed: Option<StoreError>,
}

impl Tx {
    async fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.check(params)?;
        let outcome = match (&mut self.connection, &self.failed) {
            (Connection::Sqlite(connection), _) => sqlite::query(connection, sql, params),
            (Connection::Postgres(_), Some(error)) => Err(error.clone()),
            (Connection::Postgres(transaction), None) => transaction.query(sql, params).await,
            (Connection::Lent, _) => Err(StoreError::Misuse(LENT)),
        };
        self.note(outcome)
    }

    async fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        self.check(params)?;
        let outcome = match (&mut self.connection, &self.failed) {
            (Connection::Sqlite(connection), _) => sqlite::execute(connection, sql, params),
            // After an error the server refuses everything; there is no need to ask it.
            (Connection::Postgres(_), Some(error)) => Err(error.clone()),
            (Connection::Postgres(transaction), None) => transaction.execute(sql, params).await,
            (Connection::Lent, _) => Err(StoreError::Misuse(LENT)),
        };
        self.note(outcome)
    }

    fn check(&mut self, params: &[Value<'_>]) -> Result<(), StoreError> {
        if params.iter().all(Value::is_storable) {
            return Ok(());
        }
        self.note(Err(StoreError::Constraint("a text must not contain the character U+0000".into())))
    }

    const fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::Postgres(_) => Dialect::Postgres,
            Connection::Sqlite(_) | Connection::Lent => Dialect::Sqlite,
        }
    }

    /// Serialises transactions that take the same lock, until their commit. SQLite has one writer.
    async fn lock(&mut self, which: Lock) -> Result<(), StoreError> {
        match self.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => {
                self.execute("SELECT pg_advisory_xact_lock($1)", &[Value::Int(which as i64)]).await.map(drop)
            }
        }
    }

    fn note<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &outcome {
            self.failed.get_or_insert_with(|| error.clone());
        }
        outcome
    }
}

/// Advisory locks; the numbers are arbitrary and must never change.
#[derive(Clone, Copy)]
pub(super) enum Lock {
    Migrations = 0x706F_7201,
    Feed = 0x706F_7202,
}

/// A transaction on one tenant's data.
///
/// The tenant is bound as `$1` of every statement; own parameters start at `$2`. So a statement reads
/// `… WHERE tenant_id = $1 AND id = $2`, and forgetting the tenant fails at once.
#[derive(Debug)]
pub struct TenantTx {
    pub(crate) tx: Tx,
    tenant: TenantId,
}

impl TenantTx {
    pub(crate) const fn new(tx: Tx, tenant: TenantId) -> Self {
        Self { tx, tenant }
    }

    /// Whose data this is.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    fn bind<'a>(&mut self, sql: &str, params: &[Value<'a>]) -> Result<Vec<Value<'a>>, StoreError> {
        if !mentions_tenant(sql) {
            let misuse = StoreError::Misuse("a statement on tenant data must mention $1, the tenant");
            return self.tx.note(Err(misuse));
        }
        let mut all = Vec::with_capacity(params.len() + 1);
        all.push(Value::Uuid(self.tenant.uuid()));
        all.extend_from_slice(params);
        Ok(all)
    }

    /// Keeps the numbers of the change feed in the order of commits.
    pub(crate) async fn lock_feed(&mut self) -> Result<(), StoreError> {
        self.tx.lock(Lock::Feed).await
    }

    /// Runs a statement and returns how many rows it changed.
    pub async fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        let params = self.bind(sql, params)?;
        self.tx.execute(sql, &params).await
    }

    /// Runs a statement and returns its rows.
    pub async fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let params = self.bind(sql, params)?;
        self.tx.query(sql, &params).await
    }

    /// Runs a statement and returns its first row, if any.
    pub async fn query_opt(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }
}

/// A transaction outside of any tenant. Rare by design: see [`Store::system`](super::Store::system).
#[derive(Debug)]
pub struct SystemTx {
    pub(crate) tx: Tx,
}

impl SystemTx {
    pub(crate) const fn new(tx: Tx) -> Self {
        Self { tx }
    }

    /// Whose words to use, for migrations only.
    pub(crate) const fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }

    /// Lets one node migrate at a time.
    pub(crate) async fn lock_migrations(&mut self) -> Result<(), StoreError> {
        self.tx.lock(Lock::Migrations).await
    }

    /// Runs a statement and returns how many rows it changed.
    pub async fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        self.tx.execute(sql, params).await
    }

    /// Runs a statement and returns its rows.
    pub async fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.tx.query(sql, params).await
    }

    /// Runs a statement and returns its first row, if any.
    pub async fn query_opt(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Goes on in one tenant's scope within the same transaction: creating a tenant with its first
    /// roles, sealing one tenant's audit rows.
    pub async fn enter<T, E, F>(&mut self, tenant: TenantId, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: for<'t> FnOnce(&'t mut TenantTx) -> BoxFuture<'t, Result<T, E>>,
    {
        let mut connection = std::mem::replace(&mut self.tx.connection, Connection::Lent);
        connection.set_scope(Scope::Tenant(tenant));
        let mut inner = TenantTx::new(Tx { connection, failed: self.tx.failed.take() }, tenant);
        // Even a panic gives the connection back, so that the outer transaction can roll back.
        let outcome = AssertUnwindSafe(work(&mut inner)).catch_unwind().await;
        self.tx = inner.tx;
        self.tx.connection.set_scope(Scope::System);
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// Whether the text names parameter 1 (and not only 10 to 19).
fn mentions_tenant(sql: &str) -> bool {
    sql.match_indices("$1").any(|(at, _)| !sql.as_bytes().get(at + 2).is_some_and(u8::is_ascii_digit))
}
