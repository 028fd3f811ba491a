//! The schema: numbered migrations, forward only.
//!
//! Each migration is one file under `migrations/`, written once for both databases, applied in one
//! transaction, and remembered with its checksum. A database that knows more than this program, or a
//! migration that was changed after it ran, is refused: nothing is guessed.

use aws_lc_rs::digest;
use kernel::Timestamp;

use crate::{
    params,
    store::{OpenError, Store, StoreError, SystemTx},
};

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, from 1, rising.
    pub version: i64,
    /// What it is about.
    pub name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal,)*) => {
        /// Every migration, in order.
        pub const MIGRATIONS: &[Migration] = &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../migrations/", $name, ".sql")),
        }),*];
    };
}

migrations! {
    1 "0001_foundation",
    2 "0002_gateway",
    3 "0003_mail",
    4 "0004_mfa",
    5 "0005_devices",
    6 "0006_accounts",
    7 "0007_branding",
    8 "0008_abuse",
    9 "0009_previews",
    10 "0010_standing",
}

impl Migration {
    /// SHA-256 of the text.
    fn checksum(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, self.sql.as_bytes()).as_ref().to_vec()
    }
}

/// A migration and when it was applied, if it was.
#[derive(Clone, Debug)]
pub struct Status {
    /// The migration.
    pub migration: Migration,
    /// When.
    pub applied_at: Option<Timestamp>,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BYTEA NOT NULL, applied_at BIGINT NOT NULL)";

/// What is applied and what is missing. Fails when the database is newer or differs.
pub async fn status(store: &Store) -> Result<Vec<Status>, OpenError> {
    let applied = store.owner(|tx| Box::pin(applied(tx))).await?;
    check(&applied)?;
    Ok(MIGRATIONS
        .iter()
        .map(|migration| Status {
            migration: *migration,
            applied_at: applied.iter().find(|row| row.version == migration.version).map(|row| row.at),
        })
        .collect())
}

/// Applies what is missing and returns how many migrations that were. Safe to call from several nodes
/// at once: the second finds nothing left to do.
pub async fn up(store: &Store, now: Timestamp) -> Result<usize, OpenError> {
    let mut count = 0;
    for status in status(store).await? {
        let migration = status.migration;
        if status.applied_at.is_none() {
            let done = store.owner(move |tx| Box::pin(apply(tx, migration, now))).await;
            let done = done.map_err(|e| OpenError::Migration { version: migration.version, reason: e.to_string() })?;
            count += usize::from(done);
        }
    }
    store.after_migrations().await?;
    Ok(count)
}

struct Applied {
    version: i64,
    checksum: Vec<u8>,
    at: Timestamp,
}

async fn applied(tx: &mut SystemTx) -> Result<Vec<Applied>, StoreError> {
    // `IF NOT EXISTS` does not save two nodes from each other.
    tx.lock_migrations().await?;
    for statement in tx.dialect().statements(&format!("{TABLE};\n")) {
        tx.execute(&statement, params![]).await?;
    }
    let rows =
        tx.query("SELECT version, checksum, applied_at FROM schema_migrations ORDER BY version", params![]).await?;
    rows.iter().map(|r| Ok(Applied { version: r.get(0)?, checksum: r.get(1)?, at: r.get(2)? })).collect()
}

fn check(applied: &[Applied]) -> Result<(), OpenError> {
    let known = MIGRATIONS.last().map_or(0, |m| m.version);
    for row in applied {
        let Some(migration) = MIGRATIONS.iter().find(|m| m.version == row.version) else {
            return Err(OpenError::Newer { found: row.version, known });
        };
        if migration.checksum() != row.checksum {
            return Err(OpenError::Checksum { version: row.version });
        }
    }
    Ok(())
}

async fn apply(tx: &mut SystemTx, migration: Migration, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock_migrations().await?;
    // Another node may have been faster.
    let done = "SELECT 1 FROM schema_migrations WHERE version = $1";
    if tx.query_opt(done, params![migration.version]).await?.is_some() {
        return Ok(false);
    }
    for statement in tx.dialect().statements(migration.sql) {
        tx.execute(&statement, params![]).await?;
    }
    let note = "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
    tx.execute(note, params![migration.version, migration.name, migration.checksum(), now]).await?;
    Ok(true)
}
