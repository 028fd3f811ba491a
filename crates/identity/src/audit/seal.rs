//! Sealing: gives every row its place in its tenant's chain, within a second of its commit.
//!
//! Rows are written without a place, because locking the chain's head in every transaction would halve
//! what the database can do. One node seals at a time: the lock is a row that the sealing transaction
//! writes. The head is the last checkpoint, which is written in the same transaction as the rows it
//! covers: rows that somebody removed do not make the chain begin anew, they leave a hole.

use std::sync::Arc;

use kernel::{TenantId, Timestamp};
use storage::{Store, StoreError, SystemTx, TenantTx, params};

use super::chain::{COLUMNS, Checkpoint, GENESIS, Hash, Notary, Stored, hash_of};
use crate::vault::{Vault, VaultError};

/// Why something could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The chain of a tenant cannot go on.
    #[error("the audit log of tenant {0} cannot be sealed: {1}")]
    Chain(TenantId, StoreError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key of the checkpoints.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Rows that one unit seals, so that no login waits behind it for long.
const BATCH: i64 = 256;

/// Seals everything that is committed, and returns how many rows that were. A tenant whose chain cannot
/// go on (somebody touched it) does not stop the others; the first such error is returned.
pub async fn seal(store: &Store, vault: &Vault, now: Timestamp) -> Result<u64, SealError> {
    let notary = Arc::new(Notary::new(vault)?);
    let tenants = store.system().read(|tx| Box::pin(waiting(tx))).await?;
    let (mut sealed, mut failed) = (0, None);
    for tenant in tenants {
        match seal_tenant(store, &notary, tenant, now).await {
            Ok(rows) => sealed += rows,
            Err(error) => drop(failed.get_or_insert(SealError::Chain(tenant, error))),
        }
    }
    failed.map_or(Ok(sealed), Err)
}

async fn seal_tenant(store: &Store, notary: &Arc<Notary>, tenant: TenantId, now: Timestamp) -> Result<u64, StoreError> {
    let mut sealed = 0;
    loop {
        let notary = notary.clone();
        let batch = store.system().write(move |tx| {
            Box::pin(async move {
                lock(tx).await?;
                tx.enter(tenant, move |tx| Box::pin(async move { seal_batch(tx, &notary, now).await })).await
            })
        });
        let batch: u64 = batch.await?;
        sealed += batch;
        if batch < BATCH.unsigned_abs() {
            return Ok(sealed);
        }
    }
}

/// Tenants with rows that have no place yet. Usually few, and an index holds only those rows.
async fn waiting(tx: &mut SystemTx) -> Result<Vec<TenantId>, StoreError> {
    let rows = tx.query("SELECT DISTINCT tenant_id FROM audit_log WHERE seq IS NULL", params![]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Makes other nodes wait until the commit.
async fn lock(tx: &mut SystemTx) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (name, value) VALUES ('audit.sealer', $1)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let nothing: &[u8] = &[];
    tx.execute(sql, params![nothing]).await.map(drop)
}

async fn seal_batch(tx: &mut TenantTx, notary: &Notary, now: Timestamp) -> Result<u64, StoreError> {
    let (mut seq, mut hash) = head(tx).await?;
    let sql = format!("SELECT {COLUMNS} FROM audit_log WHERE tenant_id = $1 AND seq IS NULL ORDER BY at, id LIMIT $2");
    let rows = tx.query(&sql, params![BATCH]).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let tenant = tx.tenant();
    for row in &rows {
        let row = Stored::read(row)?;
        seq += 1;
        hash = row.hash(&hash, tenant, seq);
        let sql = "UPDATE audit_log SET seq = $3, hash = $4 WHERE tenant_id = $1 AND id = $2 AND seq IS NULL";
        if tx.execute(sql, params![row.id, seq, hash]).await? != 1 {
            // Another node has it, in spite of the lock: leave all of it.
            return Err(StoreError::Conflict);
        }
    }
    let checkpoint = Checkpoint { tenant, seq, hash, at: now };
    let sql = "INSERT INTO audit_checkpoints (tenant_id, seq, hash, at, signature) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, params![seq, hash, now, notary.sign(&checkpoint)]).await?;
    Ok(rows.len() as u64)
}

/// The last checkpoint's place and hash.
async fn head(tx: &mut TenantTx) -> Result<(i64, Hash), StoreError> {
    let sql = "SELECT seq, hash FROM audit_checkpoints WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1";
    match tx.query_opt(sql, params![]).await? {
        None => Ok((0, GENESIS)),
        Some(row) => {
            let hash = hash_of(&row.get::<Vec<u8>>(1)?);
            Ok((row.get(0)?, hash.ok_or(StoreError::Decode { column: 1, expected: "a SHA-256 hash" })?))
        }
    }
}
