//! One connection, polled by whoever uses it.
//!
//! The driver's connection is a future of its own that others spawn. Here it is polled by the unit's
//! own task, together with the statement that waits for it: no second task to wake on the way out and
//! back (measured: half the context switches, a quarter fewer system calls), and a unit that is dropped
//! takes its connection with it. What follows from that:
//! - An idle connection is polled by nobody. Whether it still lives is asked when it is taken
//!   ([`Session::is_alive`]).
//! - When a unit is dropped, what it had sent may still be on its way: such a session is never used
//!   again (see [`Transaction`](super::Transaction)).

use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::HashMap,
    future::poll_fn,
    mem,
    pin::pin,
    task::{Context, Poll, Waker},
};

use futures_util::{FutureExt as _, TryStreamExt as _, future::join};
use tokio::task::coop::unconstrained;
use tokio_postgres::{Client, Connection, Error, Socket, Statement, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::convert::{self, Bound};
use crate::store::{Row, StoreError, Value};

/// Prepared statements kept for each connection. Statements are of a finite number of shapes; if ever
/// they are not, the server must not run out of memory.
const STATEMENTS: usize = 512;

type Link = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// A connection with its prepared statements.
pub(super) struct Session {
    client: Client,
    /// `None` once the connection has ended. Dropping it ends every wait for an answer.
    link: Option<Box<Link>>,
    statements: HashMap<Box<str>, Statement>,
    /// The `COMMIT` of a reading transaction, not yet said. Should whoever waited go away without
    /// using the session, the server's limit for idle transactions is the last resort.
    owes_commit: bool,
}

impl Session {
    pub(super) fn new(client: Client, link: Link) -> Self {
        Self { client, link: Some(Box::new(link)), statements: HashMap::new(), owes_commit: false }
    }

    /// Runs statements without parameters, separated by semicolons: one round trip.
    pub(super) async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        drive(&mut self.link, self.client.batch_execute(sql)).await
    }

    /// Runs a statement and returns its rows. `prelude` is sent ahead of it in the same write: one
    /// round trip for both, and one more when the statement is new to this connection.
    pub(super) async fn query(
        &mut self,
        prelude: Option<&str>,
        sql: &str,
        params: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepare(sql, params.len()).await?;
        let prelude = self.prelude(prelude);
        let rows = async {
            let rows = self.client.query_raw(&statement, params.iter().map(Bound)).await?;
            rows.map_ok(|row| convert::row(&row)).try_collect::<Vec<_>>().await
        };
        let (begun, rows) = drive(&mut self.link, join(begin(&self.client, prelude.as_deref()), rows)).await;
        begun?;
        rows.map_err(|e| self.failed(&e))?.into_iter().collect()
    }

    /// As [`query`](Self::query), for a statement whose rows are only counted.
    pub(super) async fn execute(
        &mut self,
        prelude: Option<&str>,
        sql: &str,
        params: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let statement = self.prepare(sql, params.len()).await?;
        let prelude = self.prelude(prelude);
        let count = self.client.execute_raw(&statement, params.iter().map(Bound));
        let (begun, count) = drive(&mut self.link, join(begin(&self.client, prelude.as_deref()), count)).await;
        begun?;
        count.map_err(|e| self.failed(&e))
    }

    /// What is owed is paid with the next transaction's `BEGIN`: one message less for both sides.
    fn prelude<'a>(&mut self, prelude: Option<&'a str>) -> Option<Cow<'a, str>> {
        match prelude {
            Some(begin) if mem::take(&mut self.owes_commit) => Some(Cow::Owned(format!("COMMIT; {begin}"))),
            other => other.map(Cow::Borrowed),
        }
    }

    async fn prepare(&mut self, sql: &str, params: usize) -> Result<Statement, StoreError> {
        let statement = match self.statements.get(sql) {
            Some(known) => known.clone(),
            None => {
                let prepared = drive(&mut self.link, self.client.prepare(sql)).await;
                let statement = prepared.map_err(|e| self.failed(&e))?;
                if self.statements.len() >= STATEMENTS {
                    self.statements.clear();
                }
                self.statements.insert(sql.into(), statement.clone());
                statement
            }
        };
        match statement.params().len().cmp(&params) {
            Ordering::Equal => Ok(statement),
            Ordering::Greater => Err(StoreError::Misuse("a statement names a parameter that it was not given")),
            Ordering::Less => Err(StoreError::Misuse("a statement was given more parameters than it names")),
        }
    }

    fn failed(&mut self, error: &Error) -> StoreError {
        if convert::is_stale(error) {
            self.statements.clear();
        }
        convert::error(error)
    }

    /// Ends a reading transaction, when it is convenient.
    pub(super) const fn owe_commit(&mut self) {
        self.owes_commit = true;
    }

    /// Says now what is owed, since nobody is there to use the session next.
    pub(super) fn pay(&mut self) {
        if mem::take(&mut self.owes_commit) {
            self.send("COMMIT");
        }
    }

    /// Sends a statement whose answer nobody needs; the next use of the connection reads past it.
    pub(super) fn send(&mut self, sql: &str) {
        // The first poll hands the message to the connection, whose poll writes it. It is a few bytes,
        // and everything before it was answered: the socket takes it at once.
        drop(self.client.batch_execute(sql).now_or_never());
        self.is_alive();
    }

    /// Writes what is waiting, reads what has arrived, and tells whether the connection has not ended.
    /// One that still owes was in use a moment ago; to write now would be to write twice.
    pub(super) fn is_alive(&mut self) -> bool {
        if self.owes_commit {
            return true;
        }
        let Some(link) = &mut self.link else { return false };
        // Not to be held back by the task's budget: nobody would poll again.
        let polled =
            pin!(unconstrained(poll_fn(|cx| link.poll_unpin(cx)))).poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_ready() {
            self.link = None;
        }
        self.link.is_some()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("open", &self.link.is_some()).finish_non_exhaustive()
    }
}

/// A `BEGIN` that fails is never the statement's fault: the server cannot write (a standby), was told to
/// stop, or is gone.
async fn begin(client: &Client, prelude: Option<&str>) -> Result<(), StoreError> {
    match prelude {
        Some(sql) => client.batch_execute(sql).await.map_err(|e| StoreError::Unavailable(convert::sentence(&e))),
        None => Ok(()),
    }
}

/// Polls the connection together with the work that waits for it.
async fn drive<T>(link: &mut Option<Box<Link>>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|cx| {
        // The work waits for nothing but the connection, so only the connection needs the waker.
        let mut quiet = Context::from_waker(Waker::noop());
        if let Poll::Ready(done) = work.as_mut().poll(&mut quiet) {
            return Poll::Ready(done);
        }
        if link.as_mut().is_some_and(|link| link.poll_unpin(cx).is_ready()) {
            *link = None;
        }
        work.as_mut().poll(&mut quiet)
    })
    .await
}
