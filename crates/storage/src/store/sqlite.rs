//! SQLite: one writer thread with group commit, a few reader threads, a checkpointer.
//!
//! The writer takes units from a bounded queue, runs up to [`BATCH`] of them in one transaction, each
//! in its own savepoint, commits once, and only then answers: one disk flush serves many callers. A
//! failed commit fails every unit of the batch. Readers see the last commit and never wait for the
//! writer (WAL). A full queue answers [`StoreError::Busy`] at once.
//!
//! One `serve` at a time: two would each believe to be the only node, and would not hear of each other's
//! changes. Whoever opens the file exclusively holds a lock on `FILE.lock` for as long as it lives, also
//! if it is killed. Commands open the file beside it; SQLite's own locks keep their writes apart.

mod convert;
mod threads;

use std::{fs::TryLockError, path::PathBuf, sync::Arc, time::Duration};

use crossbeam_channel::{Sender, TrySendError, bounded};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement};

use super::{Access, OpenError, Row, StoreError, StoreOptions, Value, unit::Job};

/// Units that may share one commit.
const BATCH: usize = 128;
/// Units that may wait for the writer, and for the readers.
const QUEUE: usize = 4_096;
/// How long to wait for another process's lock while opening, and later.
const OPEN_PATIENCE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(5);
/// Prepared statements kept for each connection.
const STATEMENTS: usize = 256;

/// An open SQLite file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    writes: Sender<Box<dyn Job>>,
    reads: Sender<Box<dyn Job>>,
    /// Joined when the last handle goes, so that no thread outlives its store.
    _threads: Arc<threads::Threads>,
    /// Released after that.
    _lock: Option<std::fs::File>,
}

impl Sqlite {
    /// Opens or creates the file and starts its threads.
    pub(crate) async fn open(path: PathBuf, options: StoreOptions) -> Result<Self, OpenError> {
        tokio::task::spawn_blocking(move || Self::open_blocking(path, &options))
            .await
            .map_err(|e| OpenError::Store(StoreError::Unavailable(e.to_string())))?
    }

    fn open_blocking(path: PathBuf, options: &StoreOptions) -> Result<Self, OpenError> {
        let file = File { path: path.clone(), durable: options.durable };
        let lock = options.exclusive.then(|| file.lock()).transpose()?;
        create_private(&path).map_err(|e| file.unusable(&e))?;
        let writer = file.connect(false)?;
        let readers = if options.connections == 0 {
            std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 8))
        } else {
            options.connections
        };
        let (writes, write_queue) = bounded(QUEUE);
        let (reads, read_queue) = bounded(QUEUE);
        let mut threads = threads::Threads::default();
        for _ in 0..readers {
            threads.reader(file.connect(true)?, read_queue.clone())?;
        }
        threads.writer(writer, write_queue)?;
        threads.checkpointer(file.connect(false)?)?;
        Ok(Self { writes, reads, _threads: Arc::new(threads), _lock: lock })
    }

    /// Hands a unit to the threads; its reply comes through the unit's own channel.
    pub(crate) fn submit(&self, access: Access, unit: Box<dyn Job>) -> Result<(), StoreError> {
        let queue = match access {
            Access::Write => &self.writes,
            Access::Read => &self.reads,
        };
        queue.try_send(unit).map_err(|e| match e {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Unavailable("the database thread has stopped".into()),
        })
    }
}

/// The database file and how it is opened.
struct File {
    path: PathBuf,
    durable: bool,
}

impl File {
    fn connect(&self, read_only: bool) -> Result<Connection, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX
            | if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        let connection = Connection::open_with_flags(&self.path, flags).map_err(|e| self.error(&e))?;
        let setup = || -> rusqlite::Result<()> {
            connection.busy_timeout(OPEN_PATIENCE)?;
            if !read_only {
                connection.pragma_update(None, "journal_mode", "WAL")?;
            }
            connection.pragma_update(None, "synchronous", if self.durable { "FULL" } else { "OFF" })?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            connection.pragma_update(None, "cache_size", -16_384)?;
            // The checkpointer does this off the commit path.
            connection.pragma_update(None, "wal_autocheckpoint", 0)?;
            // As on PostgreSQL.
            connection.pragma_update(None, "case_sensitive_like", true)?;
            connection.busy_timeout(PATIENCE)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            Ok(())
        };
        setup().map_err(|e| self.error(&e))?;
        Ok(connection)
    }

    /// Keeps out others that want the file for themselves.
    fn lock(&self) -> Result<std::fs::File, OpenError> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let file = private().create(true).truncate(false).open(path).map_err(|e| self.unusable(&e))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: self.name() }),
            Err(TryLockError::Error(error)) => Err(self.unusable(&error)),
        }
    }

    fn error(&self, error: &rusqlite::Error) -> OpenError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked { path: self.name() },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                OpenError::Damaged { path: self.name(), reason: error.to_string() }
            }
            _ => self.unusable(error),
        }
    }

    fn unusable(&self, error: &dyn std::error::Error) -> OpenError {
        OpenError::File { path: self.name(), reason: error.to_string() }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// For files that only their owner may read.
fn private() -> std::fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// Creates the file readable by its owner only, before SQLite would create it with the umask's mode.
/// SQLite gives the WAL and shared-memory files the same mode.
///
/// A file that exists is not touched: closing it would release the locks that other connections of
/// this process hold on it (the trap of POSIX locks).
fn create_private(path: &std::path::Path) -> std::io::Result<()> {
    match private().create_new(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

/// Gives each parameter the value of its number. To SQLite `$3` is a *name*, and names count in the
/// order in which they appear; only here do they mean what they mean to PostgreSQL.
fn bind(statement: &mut Statement<'_>, params: &[Value<'_>]) -> Result<(), StoreError> {
    let mut used = 0;
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = number.and_then(|n| params.get(n.checked_sub(1)?));
        let value = value.ok_or(StoreError::Misuse("a statement names a parameter that it was not given"))?;
        used = used.max(number.unwrap_or_default());
        statement.raw_bind_parameter(index, value).map_err(convert::error)?;
    }
    if used == params.len() {
        Ok(())
    } else {
        Err(StoreError::Misuse("a statement was given more parameters than it names"))
    }
}

/// Runs a statement and returns how many rows it changed.
pub(crate) fn execute(connection: &mut Connection, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(convert::error)?;
    let changed = if statement.column_count() == 0 {
        bind(&mut statement, params)?;
        statement.raw_execute().map_err(convert::error)?
    } else {
        // `RETURNING` without interest in the rows.
        bind(&mut statement, params)?;
        let mut rows = statement.raw_query();
        let mut count = 0;
        while rows.next().map_err(convert::error)?.is_some() {
            count += 1;
        }
        count
    };
    Ok(changed as u64)
}

/// Runs a statement and returns its rows.
pub(crate) fn query(connection: &mut Connection, sql: &str, params: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(convert::error)?;
    let width = statement.column_count();
    bind(&mut statement, params)?;
    let mut rows = statement.raw_query();
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(convert::error)? {
        all.push(convert::row(row, width)?);
    }
    Ok(all)
}
