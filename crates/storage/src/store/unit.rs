//! A unit of work on its way to an engine and back.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll, Waker},
};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::{
    StoreError, SystemTx, TenantTx,
    tx::{Connection, Scope, Tx},
};

type TenantWork<T, E> = Box<dyn for<'t> FnOnce(&'t mut TenantTx) -> BoxFuture<'t, Result<T, E>> + Send>;
type SystemWork<T, E> = Box<dyn for<'t> FnOnce(&'t mut SystemTx) -> BoxFuture<'t, Result<T, E>> + Send>;

/// What the caller wants done.
pub(crate) enum Work<T, E> {
    Tenant(TenantWork<T, E>),
    System(SystemWork<T, E>),
}

impl<T, E: From<StoreError>> Work<T, E> {
    /// Does the work in the caller's own task, and gives the transaction back.
    pub(crate) async fn perform(self, scope: Scope, tx: Tx) -> (Result<T, E>, Tx) {
        match (self, scope) {
            (Self::Tenant(work), Scope::Tenant(tenant)) => {
                let mut tx = TenantTx::new(tx, tenant);
                let outcome = work(&mut tx).await;
                (outcome, tx.tx)
            }
            (Self::System(work), _) => {
                let mut tx = SystemTx::new(tx);
                let outcome = work(&mut tx).await;
                (outcome, tx.tx)
            }
            (Self::Tenant(_), Scope::System) => {
                (Err(StoreError::Misuse("a unit of work runs once, in its own scope").into()), tx)
            }
        }
    }
}

/// A unit as a database thread sees it: run inside a savepoint, told about the commit afterwards.
pub(crate) trait Job: Send {
    /// Does the work on this connection and gives the connection back. `true`: keep it.
    fn run(&mut self, connection: Box<rusqlite::Connection>) -> (Box<rusqlite::Connection>, bool);
    /// Answers the caller, once it is certain what became of the work.
    fn finish(self: Box<Self>, commit: Result<(), StoreError>);
}

/// A unit of work with its reply channel.
pub(crate) struct Unit<T, E> {
    scope: Scope,
    work: Option<Work<T, E>>,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E> Unit<T, E> {
    pub(crate) fn new(scope: Scope, work: Work<T, E>) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (reply, receiver) = oneshot::channel();
        (Self { scope, work: Some(work), outcome: None, reply }, receiver)
    }
}

impl<T, E> Job for Unit<T, E>
where
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, connection: Box<rusqlite::Connection>) -> (Box<rusqlite::Connection>, bool) {
        let tx = Tx { connection: Connection::Sqlite(connection), failed: None };
        let (outcome, tx) = match (self.work.take(), self.scope) {
            (Some(Work::Tenant(work)), Scope::Tenant(tenant)) => {
                let mut tx = TenantTx::new(tx, tenant);
                (poll_once(|| work(&mut tx)), tx.tx)
            }
            (Some(Work::System(work)), _) => {
                let mut tx = SystemTx::new(tx);
                (poll_once(|| work(&mut tx)), tx.tx)
            }
            _ => (Err(StoreError::Misuse("a unit of work runs once, in its own scope").into()), tx),
        };
        let outcome = settle(outcome, tx.failed);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        match tx.connection {
            Connection::Sqlite(connection) => (connection, keep),
            Connection::Postgres(_) | Connection::Lent => {
                unreachable!("a nested scope gives the connection back before it returns")
            }
        }
    }

    fn finish(self: Box<Self>, commit: Result<(), StoreError>) {
        let outcome = match (self.outcome, commit) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Misuse("a unit of work was never run").into()),
        };
        // The caller may have gone away; the work is done all the same.
        drop(self.reply.send(outcome));
    }
}

/// An error that the unit did not return still fails it.
pub(crate) fn settle<T, E: From<StoreError>>(outcome: Result<T, E>, failed: Option<StoreError>) -> Result<T, E> {
    match (outcome, failed) {
        (Ok(_), Some(error)) => Err(StoreError::Swallowed(error.to_string()).into()),
        (outcome, _) => outcome,
    }
}

/// On a database thread every statement is ready at once, so a unit is polled exactly once.
fn poll_once<'t, T, E: From<StoreError>>(make: impl FnOnce() -> BoxFuture<'t, Result<T, E>>) -> Result<T, E> {
    let polled = catch_unwind(AssertUnwindSafe(|| make().as_mut().poll(&mut Context::from_waker(Waker::noop()))));
    match polled {
        Ok(Poll::Ready(outcome)) => outcome,
        Ok(Poll::Pending) => Err(StoreError::Misuse("a unit of work awaited something other than the database").into()),
        Err(_) => Err(StoreError::Misuse("a unit of work panicked").into()),
    }
}
