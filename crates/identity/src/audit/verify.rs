//! Verifying the chain: needs the database and the master key, not the server.
//!
//! What is found: a row that was changed, removed, inserted or moved, a chain that was cut off at its
//! end, and a checkpoint that is not ours. What cannot be found from the database alone: rows and
//! checkpoints cut off together, back to an earlier checkpoint. Against that, keep the head that
//! [`Verified`] reports (or exported checkpoints) elsewhere and compare.
//!
//! Rows that were committed and have no place yet are counted, not judged.

use kernel::{AuditId, TenantId};
use storage::{Store, StoreError, SystemTx, TenantTx, params};

use super::chain::{COLUMNS, Checkpoint, GENESIS, Hash, Notary, Stored, WIDTH, hash_of};
use crate::vault::{Vault, VaultError};

/// Rows that are read at once: memory stays bounded, however long the log.
const PAGE: i64 = 1_000;

/// A chain that is whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Whose.
    pub tenant: TenantId,
    /// Rows in the chain; also the place of the last one.
    pub rows: i64,
    /// The last row's hash. Kept elsewhere, it proves later that nothing before it was touched.
    pub head: [u8; 32],
    /// Rows that wait to be sealed.
    pub waiting: i64,
}

/// The first thing that is wrong with a chain.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Broken {
    /// A row is not what was sealed: changed, or put into another's place.
    #[error("entry {seq} ({id}) of tenant {tenant} is not what was sealed: it was changed, inserted or moved")]
    Altered {
        /// Whose.
        tenant: TenantId,
        /// Its place.
        seq: i64,
        /// Which row.
        id: AuditId,
    },
    /// A place in the middle is empty.
    #[error("entry {seq} of tenant {tenant} is missing: it was removed or moved")]
    Missing {
        /// Whose.
        tenant: TenantId,
        /// The empty place.
        seq: i64,
    },
    /// The chain ends before its last checkpoint.
    #[error(
        "the log of tenant {tenant} ends at entry {found}, but was signed up to entry {signed}: its end was cut off"
    )]
    CutOff {
        /// Whose.
        tenant: TenantId,
        /// The last row there is.
        found: i64,
        /// The last row that was signed.
        signed: i64,
    },
    /// Rows have places that no checkpoint covers.
    #[error(
        "entry {seq} ({id}) of tenant {tenant} is not covered by any checkpoint: it was inserted, or a checkpoint was removed"
    )]
    Unsigned {
        /// Whose.
        tenant: TenantId,
        /// Its place.
        seq: i64,
        /// Which row.
        id: AuditId,
    },
    /// A checkpoint is not ours or not of this chain.
    #[error("the checkpoint at entry {seq} of tenant {tenant} is not genuine, or the log before it was rewritten")]
    Checkpoint {
        /// Whose.
        tenant: TenantId,
        /// Its place.
        seq: i64,
    },
}

/// Why a log could not be verified, or that it is not whole.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not whole.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key of the checkpoints.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Verifies the chains of one tenant or of all, and stops at the first thing that is wrong.
pub async fn verify(store: &Store, vault: &Vault, tenant: Option<TenantId>) -> Result<Vec<Verified>, VerifyError> {
    let notary = Notary::new(vault)?;
    let tenants = match tenant {
        Some(id) => vec![id],
        None => store.system().read(|tx| Box::pin(with_logs(tx))).await?,
    };
    let mut verified = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        verified.push(verify_one(store, &notary, tenant).await?);
    }
    Ok(verified)
}

/// The public key that checkpoints are signed with, in base64.
pub fn checkpoint_key(vault: &Vault) -> Result<String, VaultError> {
    Notary::new(vault).map(|notary| notary.public_key())
}

async fn with_logs(tx: &mut SystemTx) -> Result<Vec<TenantId>, StoreError> {
    // A tenant that was removed with all its rows still has its checkpoints.
    let sql = "SELECT id FROM tenants UNION SELECT tenant_id FROM audit_checkpoints ORDER BY 1";
    tx.query(sql, params![]).await?.iter().map(|row| row.get(0)).collect()
}

/// Where a chain ends, by its rows and by its checkpoints, in one view.
#[derive(Clone, Copy)]
struct End {
    row: i64,
    signed: i64,
    waiting: i64,
}

async fn end(tx: &mut TenantTx) -> Result<End, StoreError> {
    let mut number = async |sql| tx.query_opt(sql, params![]).await?.map_or(Ok(0), |row| row.get::<i64>(0));
    Ok(End {
        row: number("SELECT COALESCE(max(seq), 0) FROM audit_log WHERE tenant_id = $1").await?,
        signed: number("SELECT COALESCE(max(seq), 0) FROM audit_checkpoints WHERE tenant_id = $1").await?,
        waiting: number("SELECT count(*) FROM audit_log WHERE tenant_id = $1 AND seq IS NULL").await?,
    })
}

async fn verify_one(store: &Store, notary: &Notary, tenant: TenantId) -> Result<Verified, VerifyError> {
    let end = store.tenant(tenant).read(|tx| Box::pin(end(tx))).await?;
    let (mut seq, mut hash) = (0, GENESIS);
    // Up to the end as it was when we began: what is sealed meanwhile is for the next time.
    while seq < end.row {
        let to = end.row.min(seq + PAGE);
        let page = store.tenant(tenant).read(move |tx| Box::pin(page(tx, seq, to))).await?;
        let mut checkpoints = page.checkpoints.into_iter().peekable();
        for (found, sealed, row) in page.rows {
            seq += 1;
            if found != seq {
                return Err(Broken::Missing { tenant, seq }.into());
            }
            hash = row.hash(&hash, tenant, seq);
            if hash_of(&sealed) != Some(hash) {
                return Err(Broken::Altered { tenant, seq, id: row.id }.into());
            }
            if let Some(signed) = checkpoints.next_if(|c| c.seq == seq) {
                check(notary, tenant, &signed, &hash)?;
            }
            if seq > end.signed {
                return Err(Broken::Unsigned { tenant, seq, id: row.id }.into());
            }
        }
        if let Some(stray) = checkpoints.next() {
            return Err(Broken::Checkpoint { tenant, seq: stray.seq }.into());
        }
        if seq < to {
            return Err(Broken::Missing { tenant, seq: seq + 1 }.into());
        }
    }
    if end.signed > end.row {
        return Err(Broken::CutOff { tenant, found: end.row, signed: end.signed }.into());
    }
    Ok(Verified { tenant, rows: seq, head: hash, waiting: end.waiting })
}

fn check(notary: &Notary, tenant: TenantId, signed: &Signed, hash: &Hash) -> Result<(), Broken> {
    let checkpoint = Checkpoint { tenant, seq: signed.seq, hash: *hash, at: signed.at };
    let genuine = signed.hash == hash && notary.accepts(&checkpoint, &signed.signature);
    if genuine { Ok(()) } else { Err(Broken::Checkpoint { tenant, seq: signed.seq }) }
}

/// Places `from + 1` to `to`.
struct Page {
    rows: Vec<(i64, Vec<u8>, Stored)>,
    checkpoints: Vec<Signed>,
}

/// A checkpoint as stored.
struct Signed {
    seq: i64,
    hash: Vec<u8>,
    at: kernel::Timestamp,
    signature: Vec<u8>,
}

async fn page(tx: &mut TenantTx, from: i64, to: i64) -> Result<Page, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, seq, hash FROM audit_log WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq"
    );
    let rows = tx.query(&sql, params![from, to]).await?;
    let sql = "SELECT seq, hash, at, signature FROM audit_checkpoints
        WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq";
    let checkpoints = tx.query(sql, params![from, to]).await?;
    Ok(Page {
        rows: rows
            .iter()
            .map(|row| {
                let hash: Option<Vec<u8>> = row.get(WIDTH + 1)?;
                Ok((row.get(WIDTH)?, hash.unwrap_or_default(), Stored::read(row)?))
            })
            .collect::<Result<_, StoreError>>()?,
        checkpoints: checkpoints
            .iter()
            .map(|row| Ok(Signed { seq: row.get(0)?, hash: row.get(1)?, at: row.get(2)?, signature: row.get(3)? }))
            .collect::<Result<_, StoreError>>()?,
    })
}
