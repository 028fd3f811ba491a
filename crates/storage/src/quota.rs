//! Quotas in the database: for nodes without Redis.
//!
//! A node does not ask for every request. It sets units aside, hands them out from memory, and asks again
//! when they are gone: so nobody is ever given more than the limit, on one node or on many, and a node
//! that crashes takes what it had set aside with it. One that stops gives it back.

use kernel::Timestamp;

use crate::{
    params,
    store::{Store, StoreError},
};

/// A quota in one period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Period {
    /// Which limit, and who is counted; at most 128 bytes.
    pub key: String,
    /// When it begins.
    pub starts: Timestamp,
    /// When it is over, and its row may go.
    pub ends: Timestamp,
}

/// What a node gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reserved {
    /// So many units are this node's now; none when there are not enough.
    pub granted: u32,
    /// So many are left for anybody.
    pub rest: u32,
}

/// Sets up to `at_most` units aside, and nothing when there are fewer than `at_least`.
pub async fn reserve(
    store: &Store,
    period: Period,
    limit: u32,
    at_least: u32,
    at_most: u32,
) -> Result<Reserved, StoreError> {
    store
        .system()
        .write(move |tx| {
            Box::pin(async move {
                // Also locks the row until the commit.
                let sql = "INSERT INTO quotas (key, starts, ends, taken) VALUES ($1, $2, $3, 0)
                    ON CONFLICT (key, starts) DO UPDATE SET taken = quotas.taken RETURNING taken";
                let row = tx.query_opt(sql, params![&period.key, period.starts, period.ends]).await?;
                let taken: i64 = row.ok_or(StoreError::Misuse("an upsert returned no row"))?.get(0)?;
                let left = u32::try_from((i64::from(limit) - taken).max(0)).unwrap_or(limit);
                if left < at_least {
                    return Ok(Reserved { granted: 0, rest: left });
                }
                let granted = left.min(at_most.max(at_least));
                let sql = "UPDATE quotas SET taken = $3 WHERE key = $1 AND starts = $2";
                tx.execute(sql, params![&period.key, period.starts, taken + i64::from(granted)]).await?;
                Ok::<_, StoreError>(Reserved { granted, rest: left - granted })
            })
        })
        .await
}

/// Gives units back that were set aside and not used.
pub async fn give_back(store: &Store, units: Vec<(Period, u32)>) -> Result<(), StoreError> {
    store
        .system()
        .write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE quotas SET taken = CASE WHEN taken > $3 THEN taken - $3 ELSE 0 END
                    WHERE key = $1 AND starts = $2";
                for (period, units) in &units {
                    tx.execute(sql, params![&period.key, period.starts, *units]).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await
}

/// Drops periods that were over before `before`; how many.
pub async fn sweep(store: &Store, before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM quotas WHERE ends < $1";
    store.system().write(move |tx| Box::pin(async move { tx.execute(sql, params![before]).await })).await
}
