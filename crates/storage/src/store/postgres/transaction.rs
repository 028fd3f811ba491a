//! A unit's transaction.
//!
//! Nothing is sent before the first statement: `BEGIN` and the tenant travel in front of it in the same
//! write. So a unit of *n* statements waits for *n* answers, and a writing one for one more, that of
//! its `COMMIT`. The `COMMIT` of a reading unit has nothing to say and is not waited for; when others
//! wait for the connection, it even travels with the next one's `BEGIN`. A `ROLLBACK` is sent at once
//! and not waited for. (A statement that a connection sees for the first time costs one more.)

use kernel::TenantId;
use tokio::time::timeout;

use super::{connect::STATEMENT_TIMEOUT, pool::Lease};
use crate::store::{Access, Row, StoreError, Value, tx::Scope};

/// A transaction that begins with its first statement.
#[derive(Debug)]
pub(crate) struct Transaction {
    lease: Lease,
    access: Access,
    /// Whose rows the next statement may see.
    scope: Scope,
    /// Whose rows the server shows; `None` before `BEGIN`.
    shown: Option<Scope>,
    /// Between sending a statement and its answer. Still set at the end when a unit dropped the future
    /// of a statement: nobody knows what became of it.
    waiting: bool,
}

impl Transaction {
    pub(super) const fn new(lease: Lease, access: Access, scope: Scope) -> Self {
        Self { lease, access, scope, shown: None, waiting: false }
    }

    /// Whose rows the statements from now on may see. Costs nothing: it travels with the next one.
    pub(crate) const fn set_scope(&mut self, scope: Scope) {
        self.scope = scope;
    }

    pub(crate) async fn query(&mut self, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let prelude = self.prelude();
        self.waiting = true;
        let work = self.lease.session.query(prelude.as_deref(), sql, params);
        let outcome = timeout(STATEMENT_TIMEOUT * 2, work).await;
        self.settled(outcome)
    }

    pub(crate) async fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        let prelude = self.prelude();
        self.waiting = true;
        let work = self.lease.session.execute(prelude.as_deref(), sql, params);
        let outcome = timeout(STATEMENT_TIMEOUT * 2, work).await;
        self.settled(outcome)
    }

    /// The server ends a statement that takes too long. If not even that is heard, it has gone.
    fn settled<T>(
        &mut self,
        outcome: Result<Result<T, StoreError>, tokio::time::error::Elapsed>,
    ) -> Result<T, StoreError> {
        self.waiting = outcome.is_err();
        outcome.unwrap_or_else(|_| Err(StoreError::Unavailable("the server does not answer".into())))
    }

    /// What has to be said before the next statement.
    fn prelude(&mut self) -> Option<String> {
        if self.shown == Some(self.scope) {
            return None;
        }
        let begin = match (self.shown.replace(self.scope), self.access) {
            (Some(_), _) => "",
            // One view for all statements of the unit. Such a transaction never fails at its end.
            (None, Access::Read) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ",
            (None, Access::Write) => "BEGIN READ WRITE; ",
        };
        // An identifier of ours or a star: nothing that could break out of the quotes.
        Some(match self.scope {
            Scope::Tenant(tenant) => format!("{begin}SET LOCAL portcullis.tenant = '{}'", TenantId::uuid(tenant)),
            Scope::System => format!("{begin}SET LOCAL portcullis.tenant = '*'"),
        })
    }

    /// Keeps what the unit did.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        if self.waiting {
            // Dropping the session closes the connection, and the server rolls back.
            return Err(StoreError::Misuse("a unit of work did not wait for one of its statements"));
        }
        match (self.shown, self.access) {
            (None, _) => {}
            (Some(_), Access::Read) => self.lease.session.owe_commit(),
            (Some(_), Access::Write) => {
                let outcome = timeout(STATEMENT_TIMEOUT * 2, self.lease.session.batch("COMMIT")).await;
                let outcome = outcome.map_err(|_| StoreError::Unavailable("the server does not answer".into()))?;
                outcome.map_err(|e| super::convert::error(&e))?;
            }
        }
        self.lease.give_back();
        Ok(())
    }

    /// Forgets what the unit did.
    pub(super) fn roll_back(mut self) {
        if self.waiting {
            return;
        }
        if self.shown.is_some() {
            self.lease.session.send("ROLLBACK");
        }
        self.lease.give_back();
    }
}
