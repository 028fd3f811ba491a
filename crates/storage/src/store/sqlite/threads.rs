//! The threads of a SQLite store.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rusqlite::Connection;

use super::{BATCH, convert};
use crate::store::{OpenError, StoreError, unit::Job};

/// How often the checkpointer looks whether there is something to move from the WAL into the file.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);
/// Pages in the WAL from which on it is emptied and cut, even if readers must wait a moment: 64 MiB.
const WAL_LIMIT_PAGES: i64 = 16_384;

/// Every thread of one store. Dropping it waits for them; their queues are closed by then.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    handles: Vec<JoinHandle<()>>,
    /// Dropped first: tells the checkpointer to make its last checkpoint.
    stop_checkpointer: Option<Sender<()>>,
    commits: Arc<AtomicU64>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop_checkpointer = None;
        for handle in self.handles.drain(..) {
            // The last handle may have been held by a unit that just ran on one of these very threads.
            if handle.thread().id() != std::thread::current().id() {
                // A thread that panicked has nothing left to wait for.
                drop(handle.join());
            }
        }
    }
}

impl Threads {
    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let handle = std::thread::Builder::new()
            .name(name.into())
            .spawn(work)
            .map_err(|e| OpenError::Store(StoreError::Unavailable(e.to_string())))?;
        self.handles.push(handle);
        Ok(())
    }

    pub(super) fn reader(&mut self, connection: Connection, queue: Receiver<Box<dyn Job>>) -> Result<(), OpenError> {
        self.spawn("sqlite-read", move || {
            let mut connection = Box::new(connection);
            for mut unit in queue {
                let began = run(&connection, "BEGIN DEFERRED");
                if let Err(error) = began {
                    unit.finish(Err(error));
                    continue;
                }
                (connection, _) = unit.run(connection);
                let ended = run(&connection, "COMMIT").or_else(|_| run(&connection, "ROLLBACK"));
                unit.finish(ended);
            }
        })
    }

    pub(super) fn writer(&mut self, connection: Connection, queue: Receiver<Box<dyn Job>>) -> Result<(), OpenError> {
        let commits = self.commits.clone();
        self.spawn("sqlite-write", move || {
            let mut connection = Box::new(connection);
            let mut batch: Vec<Box<dyn Job>> = Vec::with_capacity(BATCH);
            while let Ok(first) = queue.recv() {
                let committed;
                (connection, committed) = write_batch(connection, first, &queue, &mut batch);
                if committed.is_ok() {
                    commits.fetch_add(1, Ordering::Relaxed);
                } else {
                    // Whatever is left of the transaction must not leak into the next batch.
                    drop(run(&connection, "ROLLBACK"));
                }
                for unit in batch.drain(..) {
                    unit.finish(committed.clone());
                }
            }
        })
    }

    /// Moves the WAL into the database file while nobody waits for it.
    pub(super) fn checkpointer(&mut self, connection: Connection) -> Result<(), OpenError> {
        let (stop, stopped) = bounded::<()>(0);
        self.stop_checkpointer = Some(stop);
        let commits = self.commits.clone();
        self.spawn("sqlite-checkpoint", move || {
            let mut seen = 0;
            loop {
                let last = stopped.recv_timeout(CHECKPOINT_EVERY) != Err(RecvTimeoutError::Timeout);
                let now = commits.load(Ordering::Relaxed);
                if now != seen || last {
                    seen = now;
                    checkpoint(&connection, if last { "TRUNCATE" } else { "PASSIVE" });
                }
                if last {
                    return;
                }
            }
        })
    }
}

/// Runs `first` and what else is waiting, in one transaction, and commits it. The units that were
/// run are left in `batch`, to be told the outcome.
fn write_batch(
    mut connection: Box<Connection>,
    first: Box<dyn Job>,
    queue: &Receiver<Box<dyn Job>>,
    batch: &mut Vec<Box<dyn Job>>,
) -> (Box<Connection>, Result<(), StoreError>) {
    let mut next = Some(first);
    let mut state = run(&connection, "BEGIN IMMEDIATE");
    while let Some(mut unit) = next.take() {
        if state.is_ok() {
            (connection, state) = in_savepoint(connection, &mut *unit);
        }
        batch.push(unit);
        if state.is_ok() && batch.len() < BATCH {
            next = queue.try_recv().ok();
        }
    }
    let committed = state.and_then(|()| run(&connection, "COMMIT"));
    (connection, committed)
}

fn in_savepoint(connection: Box<Connection>, unit: &mut dyn Job) -> (Box<Connection>, Result<(), StoreError>) {
    if let Err(error) = run(&connection, "SAVEPOINT unit") {
        return (connection, Err(error));
    }
    let (connection, keep) = unit.run(connection);
    let undone = if keep { Ok(()) } else { run(&connection, "ROLLBACK TO unit") };
    let state = undone.and_then(|()| run(&connection, "RELEASE unit"));
    (connection, state)
}

fn run(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut s| s.execute([])).map(drop).map_err(convert::error)
}

fn checkpoint(connection: &Connection, mode: &str) {
    let ask =
        |mode: &str| connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(1));
    match ask(mode) {
        Ok(pages) if pages > WAL_LIMIT_PAGES => drop(ask("TRUNCATE")),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "could not checkpoint the database; it will be tried again"),
    }
}
