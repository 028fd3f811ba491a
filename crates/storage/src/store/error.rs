//! What can go wrong with the database.

use std::{borrow::Cow, time::Duration};

use kernel::{Problem, problem::common};

/// Why a unit of work failed. Nothing of it was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Too much work is waiting already.
    #[error("the database queue is full")]
    Busy,
    /// The database cannot be reached, or stopped in the middle.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The commit met a concurrent one; the whole unit may be tried again.
    #[error("the transaction met a concurrent one")]
    Conflict,
    /// A constraint of the schema refused the row. Slices that expect duplicates say `ON CONFLICT`.
    #[error("a constraint refused the row: {0}")]
    Constraint(String),
    /// A statement is wrong: a defect.
    #[error("statement failed: {0}")]
    Statement(String),
    /// A column does not hold what the code expects: a defect, or a damaged database.
    #[error("column {column} cannot be read as {expected}")]
    Decode {
        /// Index in the row.
        column: usize,
        /// The wanted type.
        expected: &'static str,
    },
    /// A unit went on after a failed statement and returned `Ok`: a defect.
    #[error("a unit of work ignored a failed statement: {0}")]
    Swallowed(String),
    /// A unit broke the rules of units: a defect.
    #[error("{0}")]
    Misuse(&'static str),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Busy | StoreError::Unavailable(_) | StoreError::Conflict => {
                Self::new(common::UNAVAILABLE).retry_after(Duration::from_secs(1)).cause(error)
            }
            _ => Self::new(common::INTERNAL).cause(error),
        }
    }
}

/// Why a database could not be opened or migrated. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be used.
    #[error("storage.url cannot be used: {0}")]
    Url(Cow<'static, str>),
    /// The file or its folder cannot be used.
    #[error("cannot open the database {path}: {reason}; check that the folder exists and that you may write there")]
    File {
        /// The file.
        path: String,
        /// From the system.
        reason: String,
    },
    /// Another process holds the file.
    #[error("the database {path} is locked by another process; stop it, or give this one its own --data-dir")]
    Locked {
        /// The file.
        path: String,
    },
    /// The file is no database, or no longer.
    #[error("the database {path} cannot be read: {reason}; restore a backup, or name another file in storage.url")]
    Damaged {
        /// The file.
        path: String,
        /// From the engine.
        reason: String,
    },
    /// The server cannot be reached or refuses us.
    #[error("cannot connect to the database: {0}; check storage.url and that the server runs")]
    Connect(String),
    /// The file of certificate authorities in the URL cannot be used.
    #[error("cannot read sslrootcert {path}: {reason}; it takes a file of PEM certificates")]
    Authorities {
        /// The file.
        path: String,
        /// From the system.
        reason: String,
    },
    /// The role that the program runs as cannot be made or used.
    #[error("cannot use the database role {role}: {reason}; have a superuser run: {remedy}")]
    Role {
        /// Its name.
        role: &'static str,
        /// From the server.
        reason: String,
        /// What to run.
        remedy: String,
    },
    /// The database was written by a newer version.
    #[error("the database has schema version {found}, this program knows {known}; use the newer program")]
    Newer {
        /// In the database.
        found: i64,
        /// Here.
        known: i64,
    },
    /// A migration that ran differs from the one we have.
    #[error(
        "migration {version} in the database differs from this program's; the database was changed by another build"
    )]
    Checksum {
        /// Which.
        version: i64,
    },
    /// A migration failed; nothing of it was kept.
    #[error("migration {version} failed and was rolled back: {reason}")]
    Migration {
        /// Which.
        version: i64,
        /// From the database.
        reason: String,
    },
    /// Something else failed while opening.
    #[error(transparent)]
    Store(#[from] StoreError),
}
